/*
 * The check's part on the knowledge base: articles decode, no version is missing, and the postings hold for each article exactly its
 * words. The postings are walked once: of each article it is kept how many terms it has and a sum over them, which has to be that of its text.
 */
#include "base/mem.h"
#include "store/check_private.h"
#include "store/kb_private.h"

struct tally {
	uint64_t terms, sum, length;
};

static uint64_t
sum_of(struct str term, uint64_t times)
{
	return (str_hash(term) | 1) * (times * 2 + 1);
}

struct kb_check {
	struct check *c;
	struct tally *v;
	uint64_t last; /* the last number given */
	uint64_t articles, length;
};

static void
check_row(struct kb_check *k, struct str term, struct str row)
{
	struct check *c = k->c;
	struct kb_posting p = {0};
	uint64_t count, n = 0;
	int r;

	if (!varint_get(&row, &count)) {
		check_tell(c, "a row of the knowledge base's words is empty");
		return;
	}
	while ((r = kb_posting_next(&row, p.id, &p)) > 0) {
		n++;
		if (p.id > k->last) {
			check_tell(c,
			    "the knowledge base's words name article %llu, "
			    "which does not exist",
			    (unsigned long long)p.id);
			continue;
		}
		k->v[p.id].terms++;
		k->v[p.id].sum += sum_of(term, p.times);
		k->v[p.id].length = p.length;
	}
	if (r < 0 || n != count)
		check_tell(c, "a row of the knowledge base's words is not in "
			      "its form");
}

static void
check_words(struct kb_check *k)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct check *c = k->c;
	int r;

	for (r = iter_ge(&it, c->t, T_KB_TERM, str_n(NULL, 0));
	     r > 0 && !c->stop; r = iter_next(&it)) {
		check_step(c, "words of the knowledge base");
		if (!kb_term_key(it.key))
			continue; /* a further piece */
		buf_reset(&c->raw);
		if (kv_get(c->t, T_KB_TERM, it.key, 0, &c->raw) > 0)
			check_row(k, it.key, buf_str(&c->raw));
		check_failed(c);
	}
	if (r < 0)
		check_failed(c);
}

static void
check_article(struct kb_check *k, const struct kb *x)
{
	struct check *c = k->c;
	struct tally want = {0};
	struct kb_words w;
	struct kb old;

	for (uint32_t v = 1; v < x->version; v++)
		if (kb_get_version(c->t, &c->a, x->id, v, &old) <= 0) {
			check_failed(c);
			check_tell(c,
			    "version %u of knowledge base article %llu is "
			    "missing",
			    v, (unsigned long long)x->id);
		}
	if (x->state != KB_WITHDRAWN) {
		kb_words_of(&c->a, x->title, x->text, &w);
		k->articles++;
		k->length += w.length;
		want.length = w.n ? w.length : 0;
		want.terms = w.n;
		for (size_t i = 0; i < w.n; i++)
			want.sum += sum_of(w.v[i].term, w.v[i].times);
	}
	if (x->id <= k->last && memcmp(&want, &k->v[x->id], sizeof want) != 0)
		check_tell(c,
		    "the words of knowledge base article %llu are not those "
		    "of its text",
		    (unsigned long long)x->id);
	if (x->id <= k->last)
		k->v[x->id] = (struct tally){0};
}

static void
check_articles(struct kb_check *k)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct check *c = k->c;
	int r;

	for (r = iter_ge(&it, c->t, T_KB, str_n(NULL, 0)); r > 0 && !c->stop;
	     r = iter_next(&it)) {
		struct str key = it.key;
		struct kb x;
		uint64_t id;

		check_step(c, "the knowledge base");
		arena_reset(&c->a);
		if (!key_read_uint(&key, 8, &id) || id == 0) {
			check_tell(c,
			    "an article of the knowledge base has no number");
			continue;
		}
		if (key.n)
			continue;
		if (kb_get(c->t, &c->a, id, &x) > 0) {
			c->out->kb++;
			check_article(k, &x);
		}
		check_failed(c);
	}
	if (r < 0)
		check_failed(c);
}

void
check_knowledge(struct check *c)
{
	struct kb_check k = {.c = c};
	uint64_t articles, length;

	if (c->stop)
		return;
	if (seq_last(c->t, SEQ_KB, &k.last) < 0 || k.last > (1u << 26)) {
		check_failed(c);
		return;
	}
	k.v = mem_new((size_t)(k.last + 1) * sizeof *k.v);
	table_rows(c->t, T_KB_TERM, &c->all);
	check_words(&k);
	table_rows(c->t, T_KB, &c->all);
	check_articles(&k);
	for (uint64_t id = 1; id <= k.last && !c->stop; id++)
		if (k.v[id].terms)
			check_tell(c,
			    "the knowledge base's words name article %llu, "
			    "which does not exist",
			    (unsigned long long)id);
	if (!c->stop && kb_totals(c->t, &articles, &length) >= 0 &&
	    (articles != k.articles || length != k.length))
		check_tell(
		    c, "the articles of the knowledge base are counted wrong");
	check_failed(c);
	mem_free(k.v);
}

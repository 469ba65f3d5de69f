/*
 * A row a term:
 *
 *   "refund" -> 2 articles; 17: 3 times, 120 words; 19 (as +2): once, 80 words
 *
 * The knowledge base is small beside the tickets and changes seldom: an article
 * is put by rewriting the rows of its words, and a search needs no other table.
 */
#include "mail/terms.h"
#include "store/kb_private.h"

#include <math.h>

enum {
	STRETCH = 300, /* bytes; a word counts once in each */
	TITLE_TIMES = 3,
	QUERY_TERMS = 24, /* of a long text: the rarest */
};

/* --- words of an article ----------------------------------------------- */

struct gather {
	struct arena *a;
	struct strs all;
	size_t cap;
};

static void
gather(struct gather *g, struct str text, unsigned times)
{
	AUTO(arena_fini) struct arena tmp = ARENA_INIT;
	struct terms *set = terms_new(&tmp);
	struct strs l;

	terms_add(set, text);
	l = terms_list(set);
	for (size_t i = 0; i < l.n; i++) {
		struct str term = arena_dup(g->a, l.v[i]);

		for (unsigned n = 0; n < times; n++)
			strs_add(g->a, &g->all, term);
	}
}

static int
by_term(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

void
kb_words_of(
    struct arena *a, struct str title, struct str text, struct kb_words *out)
{
	struct gather g = {.a = a};
	struct str rest = text;

	gather(&g, title, TITLE_TIMES);
	while (rest.n) {
		size_t n = MIN(rest.n, (size_t)STRETCH);
		ptrdiff_t end = str_chr(rest, '\n', n);

		n = end < 0 ? rest.n : (size_t)end + 1;
		gather(&g, str_sub(rest, 0, n), 1);
		rest = str_from(rest, n);
	}
	if (g.all.n)
		qsort(g.all.v, g.all.n, sizeof *g.all.v, by_term);
	out->v = arena_array(a, struct kb_word, g.all.n + 1);
	out->n = 0;
	out->length = g.all.n;
	for (size_t i = 0; i < g.all.n; i++) {
		if (out->n && str_eq(out->v[out->n - 1].term, g.all.v[i]))
			out->v[out->n - 1].times++;
		else
			out->v[out->n++] = (struct kb_word){g.all.v[i], 1};
	}
}

/* --- rows -------------------------------------------------------------- */

int
kb_posting_next(struct str *row, uint64_t last, struct kb_posting *out)
{
	uint64_t more;

	if (!row->n)
		return 0;
	if (!varint_get(row, &more) || more == 0 || more > UINT64_MAX - last ||
	    !varint_get(row, &out->times) || !varint_get(row, &out->length))
		return -1;
	out->id = last + more;
	return 1;
}

static void
posting_put(struct buf *b, uint64_t *last, const struct kb_posting *p)
{
	varint_put(b, p->id - *last);
	varint_put(b, p->times);
	varint_put(b, p->length);
	*last = p->id;
}

/* The row with the article's posting replaced by `new`, or taken out (NULL). */
static void
change_row(
    struct txn *t, struct str term, uint64_t id, const struct kb_posting *new)
{
	AUTO(buf_fini) struct buf old = BUF_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	AUTO(buf_fini) struct buf row = BUF_INIT;
	struct kb_posting p = {0};
	uint64_t count = 0, n = 0, last = 0;
	struct str rest;
	int r = kv_get(t, T_KB_TERM, term, 0, &old);

	if (r < 0)
		return;
	rest = buf_str(&old);
	if (r > 0 && !varint_get(&rest, &count)) {
		row_corrupt(t, T_KB_TERM, term);
		return;
	}
	while ((r = kb_posting_next(&rest, p.id, &p)) > 0) {
		if (new &&new->id < p.id) {
			posting_put(&b, &last, new);
			n++;
			new = NULL;
		}
		if (p.id == id)
			continue;
		posting_put(&b, &last, &p);
		n++;
	}
	if (r < 0) {
		row_corrupt(t, T_KB_TERM, term);
		return;
	}
	if (new) {
		posting_put(&b, &last, new);
		n++;
	}
	if (!n) {
		kv_del(t, T_KB_TERM, term);
		return;
	}
	varint_put(&row, n);
	buf_put(&row, buf_str(&b));
	kv_put(t, T_KB_TERM, term, buf_str(&row), ROW_PUT);
}

enum {
	TAG_ARTICLES = 1,
	TAG_LENGTH = 2
};

int
kb_totals(struct txn *t, uint64_t *articles, uint64_t *length)
{
	struct recr r;
	struct str v;
	int found = row_get(t, T_META, S("kb.totals"), &v);

	*articles = *length = 0;
	if (found <= 0)
		return found;
	r = recr_open(v);
	while (recr_next(&r)) {
		if (r.tag == TAG_ARTICLES)
			*articles = field_u64(&r);
		else if (r.tag == TAG_LENGTH)
			*length = field_u64(&r);
	}
	return r.bad ? row_corrupt(t, T_META, S("kb.totals")) : 1;
}

void
kb_words_put(struct txn *t, struct arena *a, uint64_t id,
    const struct kb_words *w, bool there)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	uint64_t articles, length;

	(void)a;
	if (kb_totals(t, &articles, &length) < 0)
		return;
	for (size_t i = 0; i < w->n; i++) {
		struct kb_posting p = {id, w->v[i].times, w->length};

		change_row(t, w->v[i].term, id, there ? &p : NULL);
	}
	if (there) {
		articles++;
		length += w->length;
	} else {
		articles -= articles > 0;
		length -= MIN(length, w->length);
	}
	rec_u64(&b, TAG_ARTICLES, articles);
	rec_u64(&b, TAG_LENGTH, length);
	meta_put(t, S("kb.totals"), buf_str(&b));
}

/* --- search ------------------------------------------------------------ */

struct candidate {
	struct str term;
	uint64_t articles;
};
struct score {
	double score;
	unsigned terms;
};

static int
by_rarity(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->articles != y->articles)
		return x->articles < y->articles ? -1 : 1;
	return str_cmp(x->term, y->term);
}

/* The terms that are known, rarest first; *missing: how many are not. -1. */
static int
choose(struct txn *t, struct arena *a, const struct strs *terms,
    struct candidate **out, size_t *n, size_t *missing)
{
	*out = arena_array(a, struct candidate, terms->n + 1);
	*n = *missing = 0;
	for (size_t i = 0; i < terms->n; i++) {
		struct str term = terms->v[i], v;
		uint64_t count = 0;
		int r =
		    term.n <= TERM_MAX ? row_get(t, T_KB_TERM, term, &v) : 0;

		if (r < 0)
			return -1;
		if (r == 0)
			++*missing;
		else if (!varint_get(&v, &count))
			return row_corrupt(t, T_KB_TERM, term);
		else
			(*out)[(*n)++] = (struct candidate){term, count};
	}
	if (*n)
		qsort(*out, *n, sizeof **out, by_rarity);
	return 0;
}

/* Okapi BM25 with the usual k1 = 1.2, b = 0.75. */
static int
add_term(struct txn *t, const struct candidate *c, double articles,
    double average, struct score *scores, uint64_t max)
{
	AUTO(buf_fini) struct buf row = BUF_INIT;
	struct kb_posting p = {0};
	double df = (double)c->articles;
	double idf = log(1 + (MAX(articles - df, 0.0) + 0.5) / (df + 0.5));
	struct str rest;
	uint64_t count;
	int r = kv_get(t, T_KB_TERM, c->term, 0, &row);

	if (r <= 0)
		return r;
	rest = buf_str(&row);
	if (!varint_get(&rest, &count))
		return row_corrupt(t, T_KB_TERM, c->term);
	while ((r = kb_posting_next(&rest, p.id, &p)) > 0 && p.id <= max) {
		double tf = (double)p.times, len = (double)p.length;

		scores[p.id].score +=
		    idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len / average));
		scores[p.id].terms++;
	}
	return r < 0 ? row_corrupt(t, T_KB_TERM, c->term) : 0;
}

static int
best(const struct score *scores, uint64_t last, unsigned least,
    struct kb_hit *out, size_t max)
{
	size_t n = 0;

	for (uint64_t id = 1; id <= last; id++) {
		const struct score *s = &scores[id];
		size_t at = n;

		if (s->terms < least || s->terms == 0)
			continue;
		while (at > 0 && out[at - 1].score < s->score)
			at--;
		if (at >= max)
			continue;
		n = MIN(n + 1, max);
		memmove(out + at + 1, out + at, (n - at - 1) * sizeof *out);
		out[at] = (struct kb_hit){id, s->score, s->terms};
	}
	return (int)n;
}

int
kb_search(struct txn *t, struct arena *a, const struct strs *terms, bool all,
    struct kb_hit *out, size_t max)
{
	AUTO(arena_fini) struct arena tmp = ARENA_INIT;
	uint64_t articles, length, last = 0;
	struct candidate *c;
	struct score *scores;
	size_t n, missing;

	(void)a;
	if (!max || !terms->n)
		return 0;
	if (kb_totals(t, &articles, &length) < 0 ||
	    choose(t, &tmp, terms, &c, &n, &missing) < 0 ||
	    seq_last(t, SEQ_KB, &last) < 0)
		return -1;
	if (!n || (all && missing) || !length || !articles)
		return 0;
	if (!all)
		n = MIN(n, (size_t)QUERY_TERMS);
	scores = arena_array(&tmp, struct score, last + 1);
	for (size_t i = 0; i < n; i++)
		if (add_term(t, &c[i], (double)articles,
			(double)length / (double)articles, scores, last) < 0)
			return -1;
	return best(scores, last, all ? (unsigned)n : 1, out, max);
}

/*
 * The words go to the index; filters are looked at ticket by ticket, so a
 * filter alone walks the list that the store keeps for it.
 */
#include "desk/search.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/merge.h"
#include "desk/people.h"
#include "desk/purge.h"
#include "mail/terms.h"
#include "store/term.h"

struct search {
	struct txn *t;
	struct arena *a;
	uint32_t statuses;
	struct str queue, assignee, from, tag;
	uint64_t number;
	size_t limit, found;
	uint64_t *merged; /* targets of merges that were looked at */
	size_t nmerged, cap;
	bool (*fn)(void *ctx, const struct ticket *k);
	void *ctx;
	bool failed;
};

static bool
matches(const struct search *s, const struct ticket *k)
{
	if (s->statuses && !(s->statuses & 1u << k->status))
		return false;
	if (s->queue.n && !str_ieq(k->queue, s->queue))
		return false;
	if (s->assignee.n && !str_ieq(k->assignee, s->assignee))
		return false;
	if (s->from.n && !people_takes_part(k, s->from))
		return false;
	if (s->tag.n && !strs_ihas(&k->tags, s->tag))
		return false;
	return true;
}

static bool
offer(struct search *s, const struct ticket *k)
{
	if (!matches(s, k))
		return true;
	s->found++;
	if (!s->fn(s->ctx, k))
		return false;
	return !s->limit || s->found < s->limit;
}

/*
 * What a merged ticket says is said by its target: that is what is found, once,
 * at the place of the first of them. Who asks for status:merged gets the
 * tickets themselves.
 */
static bool
was_found(struct search *s, uint64_t id)
{
	for (size_t i = 0; i < s->nmerged; i++)
		if (s->merged[i] == id)
			return true;
	s->merged =
	    mem_fit(s->merged, &s->cap, s->nmerged + 1, sizeof *s->merged);
	s->merged[s->nmerged++] = id;
	return false;
}

static bool
has_sources(const struct ticket *k)
{
	for (size_t i = 0; i < k->nlinks; i++)
		if (k->links[i].kind == LINK_MERGED_FROM)
			return true;
	return false;
}

static bool
on_word(void *ctx, uint64_t id)
{
	struct search *s = ctx;
	struct ticket k;
	int found;

	arena_reset(s->a);
	found = ticket_get(s->t, s->a, id, &k);
	if (found > 0 && k.merged_into && !(s->statuses & 1u << STATUS_MERGED))
		found = merge_follow(s->t, s->a, id, &k);
	if (found < 0) {
		s->failed = true;
		return false;
	}
	/* Its words are still in the index for a moment. */
	if (found > 0 && purge_is_stub(&k))
		return true;
	if (!found || (has_sources(&k) && was_found(s, k.id)))
		return true;
	return offer(s, &k);
}

static bool
on_number(struct search *s)
{
	struct ticket k;
	int found = ticket_get(s->t, s->a, s->number, &k);

	return found < 0 ? false : !found || offer(s, &k);
}

static bool
on_ticket(void *ctx, const struct ticket *k)
{
	struct search *s = ctx;

	/* Its target is on the list too. */
	if (k->merged_into && !(s->statuses & 1u << STATUS_MERGED))
		return true;
	return offer(s, k);
}

/* Takes a filter word; 1 taken, 0 it is text, -1. */
static int
take_filter(struct search *s, struct str word, struct err *err)
{
	ptrdiff_t colon = str_chr(word, ':', 0);
	struct str name, value;
	enum status st;

	if (word.n > 1 && word.p[0] == '#' &&
	    str_u64(str_from(word, 1), &s->number))
		return 1;
	if (colon <= 0)
		return 0;
	name = str_sub(word, 0, (size_t)colon);
	value = str_from(word, (size_t)colon + 1);
	if (str_ieq(name, S("status"))) {
		if (!status_parse(value, &st))
			return err_set(err, ERR_INVAL, "\"%.*s\" is no status",
			    STR_ARG(value));
		s->statuses |= 1u << st;
	} else if (str_ieq(name, S("queue")))
		s->queue = value;
	else if (str_ieq(name, S("assignee")))
		s->assignee = value;
	else if (str_ieq(name, S("from")))
		s->from = value;
	else if (str_ieq(name, S("tag")))
		s->tag = value;
	else
		return 0;
	return 1;
}

int
search_tickets(struct txn *t, struct arena *a, struct str query, size_t limit,
    bool (*fn)(void *ctx, const struct ticket *k), void *ctx, struct err *err)
{
	AUTO(arena_fini) struct arena each = ARENA_INIT;
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct search s = {
	    .t = t, .a = &each, .limit = limit, .fn = fn, .ctx = ctx};
	struct str rest = query, word;
	struct strs terms;
	int rc;

	while (str_word(&rest, &word)) {
		rc = take_filter(&s, word, err);
		if (rc < 0)
			return -1;
		if (!rc) {
			if (text.n)
				buf_putc(&text, ' ');
			buf_put(&text, word);
		}
	}
	terms = terms_query(a, buf_str(&text));
	if (text.n && !terms.n)
		return 0; /* nothing that could be a word */
	if (s.number && !terms.n) {
		on_number(&s);
		return txn_error(t, err);
	}
	if (terms.n)
		rc = term_search(t, &terms, on_word, &s);
	else {
		struct ticket_filter f = {.statuses = s.statuses,
		    .queue = s.queue,
		    .assignee = s.assignee};

		rc = ticket_each(t, a, &f, on_ticket, &s);
	}
	mem_free(s.merged);
	return rc < 0 || s.failed ? txn_error(t, err) : 0;
}

/* --- made again -------------------------------------------------------- */

static void
add_people(struct terms *set, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		terms_add(set, l->v[i].name);
		terms_add(set, l->v[i].addr);
	}
}

void
index_article(struct txn *t, struct arena *a, uint64_t ticket, uint32_t seq,
    struct term_batch *terms)
{
	struct terms *set;
	struct article r;

	if (article_get(t, a, ticket, seq, &r) <= 0)
		return; /* an error stays with the transaction */
	set = terms_new(a);
	terms_add(set, r.subject);
	add_people(set, &r.from);
	add_people(set, &r.to);
	add_people(set, &r.cc);
	for (size_t i = 0; i < r.attachments.n; i++)
		terms_add(set, r.attachments.v[i].name);
	terms_add(set, r.text);
	term_batch_add_all(terms, terms_list(set), ticket);
}

/*
 * Search: for each term one lane a run, each giving tickets downwards; the terms are intersected by leaping: the ticket
 * that one term reaches is the highest that the others still need to look at. A lane decodes one chunk at a time.
 *
 * A prefix may stand for thousands of terms, so its tickets are gathered in a bitmap first.
 */
#include "store/term_run.h"
#include "base/mem.h"
#include "store/sealed.h"

struct lane {
	uint32_t run;
	struct iter it;
	uint64_t *
	    v; /* ascending, of the current chunk; v[n - 1] is where the lane stands */
	size_t n, cap;
	bool end;
};

struct want {
	struct str
	    form[2]; /* the word, and as it is where mail is kept sealed */
	size_t forms;
	struct lane *lanes;  /* one a run and form */
	unsigned char *bits; /* of a prefix */
	uint64_t max;        /* highest ticket in bits */
};

struct search {
	struct txn *t;
	struct run *runs;
	size_t nruns;
	struct want *wants;
	size_t nwants;
	uint64_t max_ticket;
};

static int
corrupt(struct txn *t, uint32_t run)
{
	return txn_fail(
	    t, ERR_CORRUPT, "run %u of terms: a chunk is not in its form", run);
}

/* Tickets of one entry that are at most max, appended to the lane's. */
static bool
lane_take(struct lane *l, struct str postings, uint64_t max)
{
	uint64_t at = 0, gap;

	while (postings.n) {
		if (!varint_get(&postings, &gap) || gap > KEY_TICKET_MAX - at)
			return false;
		at += gap;
		if (at > max)
			break;
		l->v = mem_fit(l->v, &l->cap, l->n + 1, sizeof *l->v);
		l->v[l->n++] = at;
	}
	return true;
}

/* Fills the lane from the chunk that holds its highest ticket <= max. */
static int
lane_load(struct search *s, struct lane *l, struct str want, uint64_t max)
{
	struct key k = chunk_key(l->run, want, max);
	unsigned char term[TERM_KEY_MAX];
	struct str rest, postings, first;
	size_t term_n = 0;
	uint64_t ticket;
	uint32_t run;
	int r = iter_le(&l->it, s->t, T_TERM, key_str(&k));

	l->n = 0;
	l->end = true;
	if (r <= 0)
		return r;
	if (!chunk_key_read(l->it.key, &run, &first, &ticket))
		return row_corrupt(s->t, T_TERM, l->it.key);
	if (run != l->run)
		return 0;
	rest = l->it.value;
	while ((r = chunk_entry(&rest, term, &term_n, &postings)) > 0) {
		int c = str_cmp(str_n((const char *)term, term_n), want);

		if (c > 0)
			break;
		if (c == 0 && !lane_take(l, postings, max))
			return corrupt(s->t, l->run);
	}
	if (r < 0)
		return corrupt(s->t, l->run);
	l->end = l->n == 0;
	return 1;
}

/* Moves the lane to its highest ticket <= max. */
static int
lane_seek(struct search *s, struct lane *l, struct str want, uint64_t max)
{
	size_t lo = 0, hi = l->n;

	if (l->end || (l->n && l->v[l->n - 1] <= max))
		return 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->v[mid] <= max)
			lo = mid + 1;
		else
			hi = mid;
	}
	l->n = lo;
	return lo ? 0 : lane_load(s, l, want, max);
}

/* The highest ticket <= max that has the term: 1, 0, -1. */
static int
want_seek(struct search *s, struct want *w, uint64_t max, uint64_t *at)
{
	*at = 0;
	if (w->bits) {
		for (uint64_t i = MIN(max, w->max); i > 0; i--) {
			if (w->bits[i / 8] & 1u << i % 8) {
				*at = i;
				return 1;
			}
			if (w->bits[i / 8] == 0)
				i -= i % 8; /* the loop steps below it */
			if (i == 0)
				break;
		}
		return 0;
	}
	for (size_t i = 0; i < s->nruns * w->forms; i++) {
		struct lane *l = &w->lanes[i];

		if (lane_seek(s, l, w->form[i / s->nruns], max) < 0)
			return -1;
		if (!l->end && l->v[l->n - 1] > *at)
			*at = l->v[l->n - 1];
	}
	return *at > 0;
}

/* --- prefixes --- */

static bool
mark(struct want *w, struct str postings, uint64_t limit)
{
	uint64_t at = 0, gap;

	while (postings.n) {
		if (!varint_get(&postings, &gap) || gap > limit - at)
			return false;
		at += gap;
		w->bits[at / 8] |= (unsigned char)(1u << at % 8);
		if (at > w->max)
			w->max = at;
	}
	return true;
}

/* All entries of the chunk whose term begins with the prefix. *past is set behind them. */
static int
gather_chunk(struct search *s, struct want *w, struct str prefix,
    struct iter *it, uint32_t run, bool *past)
{
	unsigned char term[TERM_KEY_MAX];
	struct str rest = it->value, postings;
	size_t term_n = 0;
	int r;

	while ((r = chunk_entry(&rest, term, &term_n, &postings)) > 0) {
		struct str x = str_n((const char *)term, term_n);

		if (str_starts(x, prefix)) {
			if (!mark(w, postings, s->max_ticket))
				return corrupt(s->t, run);
		} else if (str_cmp(x, prefix) > 0) {
			*past = true;
			return 0;
		}
	}
	return r < 0 ? corrupt(s->t, run) : 0;
}

static int
gather_run(struct search *s, struct want *w, struct str prefix, uint32_t run)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct key k = chunk_key(run, prefix, 0);
	struct str first;
	uint64_t ticket;
	uint32_t at;
	bool past = false;
	int r = iter_le(&it, s->t, T_TERM, key_str(&k));

	if (r > 0 && chunk_key_read(it.key, &at, &first, &ticket) && at != run)
		r = 0;
	if (r == 0)
		r = iter_ge(&it, s->t, T_TERM, key_str(&k));
	for (; r > 0 && !past; r = iter_next(&it)) {
		if (!chunk_key_read(it.key, &at, &first, &ticket))
			return row_corrupt(s->t, T_TERM, it.key);
		if (at != run)
			return 0;
		if (gather_chunk(s, w, prefix, &it, run, &past) < 0)
			return -1;
	}
	return r < 0 ? -1 : 0;
}

static int
want_gather(struct search *s, struct want *w)
{
	struct str prefix = str_sub(w->form[0], 0, w->form[0].n - 1);

	if (s->t->store->vault)
		return txn_fail(s->t, ERR_INVAL,
		    "beginnings of words (%.*s) are not found where mail is "
		    "kept sealed: write the whole word, of Chinese, Japanese "
		    "or Korean at least two characters",
		    STR_ARG(w->form[0]));
	if (s->max_ticket > (UINT64_C(1) << 33))
		return txn_fail(s->t, ERR_CORRUPT,
		    "the index of terms holds a ticket number that is too "
		    "high");
	w->bits = mem_new((size_t)(s->max_ticket / 8 + 1));
	for (size_t i = 0; i < s->nruns; i++)
		if (gather_run(s, w, prefix, s->runs[i].id) < 0)
			return -1;
	return 0;
}

/* --- all together --- */

static int
run_search(struct search *s, bool (*fn)(void *ctx, uint64_t ticket), void *ctx)
{
	uint64_t max = KEY_TICKET_MAX, at;
	size_t agreed = 0, i = 0;
	int r;

	while (max > 0) {
		r = want_seek(s, &s->wants[i], max, &at);
		if (r <= 0)
			return r;
		/* The first of a round, or one that has to go further down, sets the ticket the others must meet. */
		agreed = agreed && at == max ? agreed + 1 : 1;
		max = at;
		i = (i + 1) % s->nwants;
		if (agreed < s->nwants)
			continue;
		if (!fn(ctx, at))
			return 0;
		max = at - 1;
		agreed = 0;
	}
	return 0;
}

static bool
seal_form(struct txn *t, struct arena *a, struct want *w)
{
	struct sealed_words words;
	char word[SEALED_WORD];

	if (!sealed_words_init(&words, t))
		return false;
	sealed_word(&words, w->form[0], word);
	sealed_words_fini(&words);
	w->form[w->forms++] = arena_dup(a, str_n(word, sizeof word));
	return true;
}

static int
prepare(struct search *s, struct arena *a, const struct strs *terms)
{
	size_t n, live = 0;

	if (run_list(s->t, a, &s->runs, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (s->runs[i].state == RUN_LIVE) {
			s->runs[live++] = s->runs[i];
			s->max_ticket =
			    MAX(s->max_ticket, s->runs[i].max_ticket);
		}
	s->nruns = live;
	s->nwants = terms->n;
	s->wants = arena_array(a, struct want, terms->n);
	for (size_t i = 0; i < terms->n; i++) {
		struct want *w = &s->wants[i];

		w->form[w->forms++] = terms->v[i];
		if (str_ends(terms->v[i], S("*"))) {
			if (want_gather(s, w) < 0)
				return -1;
			continue;
		}
		if (s->t->store->vault && !seal_form(s->t, a, w))
			return -1;
		w->lanes = arena_array(a, struct lane, w->forms * live + 1);
		for (size_t k = 0; k < w->forms * live; k++)
			w->lanes[k].run = s->runs[k % live].id;
	}
	return 0;
}

int
term_search(struct txn *t, const struct strs *terms,
    bool (*fn)(void *ctx, uint64_t ticket), void *ctx)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct search s = {.t = t};
	int r = 0;

	for (size_t i = 0; i < terms->n; i++)
		if (terms->v[i].n == 0 || terms->v[i].n > TERM_KEY_MAX)
			return 0;
	if (terms->n == 0)
		return 0;
	r = prepare(&s, &a, terms);
	if (r == 0)
		r = run_search(&s, fn, ctx);
	for (size_t i = 0; s.wants && i < s.nwants; i++) {
		mem_free(s.wants[i].bits);
		for (size_t k = 0;
		     s.wants[i].lanes && k < s.nruns * s.wants[i].forms; k++) {
			mem_free(s.wants[i].lanes[k].v);
			iter_end(&s.wants[i].lanes[k].it);
		}
	}
	return r;
}

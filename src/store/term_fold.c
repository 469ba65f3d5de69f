/*
 * Merging runs, a bounded piece a call.
 *
 * A merge's place is a row in meta ("term.merge.LEVEL"): the run that is being built, its inputs, and the last pair
 * written. Searches go on reading the inputs until the new run is whole; then one transaction makes it live and the inputs dead,
 * and later calls delete the dead ones' chunks. Lower levels go first: they are the ones that fill.
 */
#include "store/term_run.h"
#include "base/mem.h"

enum {
	TAG_OUT = 1,
	TAG_INPUT,
	TAG_TERM,
	TAG_TICKET,
	TAG_MAX
};

struct merge {
	unsigned level;
	struct run out;
	struct run inputs[RUN_FANIN];
	size_t ninputs;
	unsigned char term[TERM_KEY_MAX];
	size_t term_n;
	uint64_t ticket;
};

static struct key
merge_key(unsigned level)
{
	struct key k;

	k.n = 0;
	key_bytes(&k, S("term.merge."));
	key_uint(&k, '0' + level, 1);
	return k;
}

static void
merge_put(struct txn *t, const struct merge *m)
{
	struct buf *b = scratch_take(t);
	struct key k = merge_key(m->level);

	rec_u64(b, TAG_OUT, m->out.id);
	for (size_t i = 0; i < m->ninputs; i++)
		rec_u64(b, TAG_INPUT, m->inputs[i].id);
	rec_str(b, TAG_TERM, str_n((const char *)m->term, m->term_n));
	rec_u64(b, TAG_TICKET, m->ticket);
	row_put_scratch(t, T_META, key_str(&k), ROW_PUT);
}

static bool
find_run(const struct run *v, size_t n, uint64_t id, struct run *out)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].id == id) {
			*out = v[i];
			return true;
		}
	return false;
}

/* 1 when a merge of that level is under way. */
static int
merge_get(struct txn *t, unsigned level, const struct run *runs, size_t n,
    struct merge *m)
{
	struct key k = merge_key(level);
	struct recr r;
	struct str v;
	int got = row_get(t, T_META, key_str(&k), &v);

	if (got <= 0)
		return got;
	*m = (struct merge){.level = level};
	r = recr_open(v);
	while (recr_next(&r))
		switch (r.tag) {
		case TAG_OUT:
			if (!find_run(runs, n, field_u64(&r), &m->out))
				r.bad = true;
			break;
		case TAG_INPUT:
			if (m->ninputs == RUN_FANIN ||
			    !find_run(runs, n, field_u64(&r),
				&m->inputs[m->ninputs++]))
				r.bad = true;
			break;
		case TAG_TERM:
			m->term_n = field_str(&r).n;
			if (m->term_n > sizeof m->term)
				return row_corrupt(t, T_META, key_str(&k));
			if (m->term_n)
				memcpy(m->term, r.s.p, m->term_n);
			break;
		case TAG_TICKET:
			m->ticket = field_u64(&r);
			break;
		default:
			break;
		}
	if (r.bad || m->out.state != RUN_BUILDING || m->ninputs == 0)
		return row_corrupt(t, T_META, key_str(&k));
	return 1;
}

static int
merge_begin(struct txn *t, unsigned level, const struct run *runs, size_t n,
    struct merge *m)
{
	unsigned to = MIN(level + 1, (unsigned)RUN_LEVELS - 1);

	*m = (struct merge){.level = level};
	for (size_t i = 0; i < n && m->ninputs < RUN_FANIN; i++)
		if (runs[i].level == level && runs[i].state == RUN_LIVE) {
			m->inputs[m->ninputs++] = runs[i];
			if (runs[i].max_ticket > m->out.max_ticket)
				m->out.max_ticket = runs[i].max_ticket;
		}
	if (m->ninputs < RUN_FANIN)
		return 0;
	m->out.id = run_next_id(t);
	m->out.level = to;
	m->out.state = RUN_BUILDING;
	run_put(t, &m->out, (enum run_state)0);
	merge_put(t, m);
	return t->err.code ? -1 : 1;
}

static void
merge_finish(struct txn *t, struct merge *m)
{
	struct key k = merge_key(m->level);

	m->out.state = RUN_LIVE;
	run_put(t, &m->out, RUN_BUILDING);
	for (size_t i = 0; i < m->ninputs; i++) {
		m->inputs[i].state = RUN_DEAD;
		run_put(t, &m->inputs[i], RUN_LIVE);
	}
	row_del(t, T_META, key_str(&k));
}

/* --- the merge itself --- */

struct source {
	struct run_reader r;
	bool live;
};

/* The smallest term among the sources; a mask of those that stand on it. */
static unsigned
smallest(struct source *s, size_t n, struct str *term)
{
	unsigned mask = 0;

	for (size_t i = 0; i < n; i++) {
		struct str x;
		int c;

		if (!s[i].live)
			continue;
		x = run_reader_term(&s[i].r);
		c = mask ? str_cmp(x, *term) : -1;
		if (c < 0) {
			*term = x;
			mask = 0;
		}
		if (c <= 0)
			mask |= 1u << i;
	}
	return mask;
}

struct merging {
	struct source *s;
	size_t n;
	struct run_writer w;
	unsigned char term[TERM_KEY_MAX];
	size_t term_n;
};

/* Moves a source on: 1 when it is still on this term, 0 when not, -1. */
static int
advance(struct source *s, struct str term)
{
	int got = run_reader_next(&s->r);

	s->live = got > 0;
	if (got <= 0)
		return got;
	/* Within an entry the term is the same; behind it, when the entry was split. */
	return !s->r.entered || str_eq(run_reader_term(&s->r), term);
}

/* The source with the smallest ticket of v[0..n), and the smallest of the others in *next. */
static size_t
lowest(const struct source *s, const size_t *v, size_t n, uint64_t *next)
{
	size_t best = 0;

	*next = UINT64_MAX;
	for (size_t i = 1; i < n; i++) {
		uint64_t x = s[v[i]].r.ticket, y = s[v[best]].r.ticket;

		*next = MIN(*next, MAX(x, y));
		if (x < y)
			best = i;
	}
	return best;
}

/*
 * Writes all pairs of one term that the sources in mask hold, ascending, each once. Runs follow each other in time, and
 * so mostly in ticket numbers: a source is read on until the next one's first ticket.
 */
static int
merge_term(struct merging *g, unsigned mask)
{
	struct str term = str_n((const char *)g->term, g->term_n);
	size_t v[RUN_FANIN], n = 0;
	uint64_t last = 0;

	for (size_t i = 0; i < g->n; i++)
		if (mask & 1u << i)
			v[n++] = i;
	while (n) {
		uint64_t next;
		size_t i = lowest(g->s, v, n, &next);
		struct source *s = &g->s[v[i]];
		int more = 1;

		while (more > 0 && s->r.ticket <= next) {
			if (s->r.ticket < last)
				return txn_fail(g->w.t, ERR_CORRUPT,
				    "run %u of terms is not in order",
				    s->r.run);
			if (s->r.ticket != last)
				run_writer_add(&g->w, term, s->r.ticket);
			last = s->r.ticket;
			more = advance(s, term);
		}
		if (more < 0)
			return -1;
		if (more == 0)
			v[i] = v[--n];
	}
	return 0;
}

static uint64_t
bytes_read(const struct merging *g)
{
	uint64_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->s[i].r.bytes;
	return n;
}

/* Goes on where the merge stopped, for about max_bytes of input. Returns the bytes read. */
static uint64_t
merge_step(struct txn *t, struct merge *m, uint64_t max_bytes)
{
	struct merging *g = mem_new(sizeof *g);
	unsigned mask = 0;
	uint64_t n;
	bool over = false;

	g->n = m->ninputs;
	g->s = mem_new(g->n * sizeof *g->s);
	run_writer_init(&g->w, t, m->out.id, ROW_PUT);
	for (size_t i = 0; i < g->n; i++)
		g->s[i].live =
		    run_reader_open(&g->s[i].r, t, m->inputs[i].id,
			str_n((const char *)m->term, m->term_n), m->ticket) > 0;
	while (t->err.code == ERR_NONE && !over) {
		struct str term = {0};

		mask = smallest(g->s, g->n, &term);
		if (!mask)
			break;
		memcpy(g->term, term.p, term.n);
		g->term_n = term.n;
		if (merge_term(g, mask) < 0)
			break;
		over = bytes_read(g) >= max_bytes;
	}
	run_writer_flush(&g->w);
	if (over) {
		memcpy(m->term, g->term, g->term_n);
		m->term_n = g->term_n;
		m->ticket = KEY_TICKET_MAX;
		merge_put(t, m);
	} else if (t->err.code == ERR_NONE) {
		merge_finish(t, m);
	}
	n = bytes_read(g) + 1;
	for (size_t i = 0; i < g->n; i++)
		run_reader_close(&g->s[i].r);
	mem_free(g->s);
	mem_free(g);
	return n;
}

/* Deletes chunks of a dead run, then its row. Returns the bytes deleted. */
static uint64_t
bury(struct txn *t, const struct run *dead, uint64_t max_bytes)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct key from = chunk_key(dead->id, str_n(NULL, 0), 0);
	uint64_t n = 0, ticket;
	struct str term;
	uint32_t run;
	int r;

	for (r = iter_ge(&it, t, T_TERM, key_str(&from));
	     r > 0 && n < max_bytes; r = iter_next(&it)) {
		struct key k = it.at;

		if (!chunk_key_read(it.key, &run, &term, &ticket)) {
			row_corrupt(t, T_TERM, it.key);
			return n;
		}
		if (run != dead->id)
			break;
		n += it.value.n;
		row_del(t, T_TERM, key_str(&k));
	}
	if (r == 0 || (r > 0 && run != dead->id))
		run_del(t, dead);
	return n + 1;
}

/* One piece of work of a level, if it has any: 0 when not. */
static uint64_t
fold_level(struct txn *t, unsigned level, uint64_t max_bytes)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct run *runs;
	struct merge m;
	size_t n;
	int r;

	if (run_list(t, &a, &runs, &n) < 0)
		return 0;
	r = merge_get(t, level, runs, n, &m);
	if (r == 0)
		r = merge_begin(t, level, runs, n, &m);
	return r > 0 ? merge_step(t, &m, max_bytes) : 0;
}

static uint64_t
bury_one(struct txn *t, uint64_t max_bytes)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct run *runs;
	size_t n;

	if (run_list(t, &a, &runs, &n) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (runs[i].state == RUN_DEAD)
			return bury(t, &runs[i], max_bytes);
	return 0;
}

bool
term_fold_due(struct txn *t)
{
	uint64_t n;

	for (unsigned i = 0; i < RUN_LEVELS; i++)
		if (count_get(t, COUNT_RUNS + i, &n) == 0 && n >= RUN_FANIN)
			return true;
	if (count_get(t, COUNT_MERGES, &n) == 0 && n)
		return true;
	return count_get(t, COUNT_DEAD, &n) == 0 && n;
}

void
term_fold(struct txn *t, size_t max_bytes)
{
	uint64_t left = max_bytes;

	while (left && term_fold_due(t) && t->err.code == ERR_NONE) {
		uint64_t done = bury_one(t, left);

		for (unsigned i = 0; !done && i < RUN_LEVELS; i++)
			done = fold_level(t, i, left);
		if (!done)
			return;
		left -= MIN(left, done);
	}
}

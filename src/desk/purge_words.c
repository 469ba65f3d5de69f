/*
 * The search terms of purged tickets. They lie everywhere in the index, so they
 * are taken out of all of it in one pass for many tickets, chunk by chunk, as
 * timers of DUE_FORGET.
 *
 * Whose they are is a set of bits: "purge.GEN.7" in meta holds those of tickets
 * 7 * 8192 and up. A pass takes out one generation; what is purged meanwhile
 * belongs to the next.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/due.h"
#include "desk/purge.h"
#include "store/term.h"
#include "store/ticket.h"

#define META_GENERATION S("purge.words") /* of what is purged now */
#define META_PLACE \
	S("purge.words.place") /* how far the pass is; empty: none is under way */
#define META_WAITS \
	S("purge.words.waits") /* "1": there is something to do, and a timer for it */
#define WAIT (10 * CLOCK_MINUTE) /* for others of the same night */

enum {
	BITS = 8192, /* of one row */
	ROW = BITS / 8
};

size_t purge_words_chunks = 100;

static struct str
row_name(struct arena *a, uint64_t generation, uint64_t row)
{
	return arena_printf(a, "purge.%llu.%llu",
	    (unsigned long long)(generation & 1), (unsigned long long)row);
}

static int
get_number(struct txn *t, struct arena *a, struct str name, uint64_t *v)
{
	struct str s = {0};
	int r = meta_get(t, a, name, &s);

	*v = 0;
	if (r > 0 && s.n && !str_u64(s, v))
		*v = 0;
	return r;
}

static void
put_number(struct txn *t, struct arena *a, struct str name, uint64_t v)
{
	meta_put(t, name, arena_printf(a, "%llu", (unsigned long long)v));
}

void
purge_words(struct txn *t, struct arena *a, uint64_t ticket, int64_t now)
{
	struct timer m = {.due = now + WAIT, .kind = DUE_FORGET};
	uint64_t generation, waits;
	unsigned char bits[ROW] = {0};
	struct str name, old = {0};

	if (get_number(t, a, META_GENERATION, &generation) < 0 ||
	    get_number(t, a, META_WAITS, &waits) < 0)
		return;
	name = row_name(a, generation, ticket / BITS);
	if (meta_get(t, a, name, &old) > 0 && old.n == ROW)
		memcpy(bits, old.p, ROW);
	bits[ticket % BITS / 8] |= (unsigned char)(1u << ticket % 8);
	meta_put(t, name, str_n((const char *)bits, ROW));
	if (waits)
		return;
	put_number(t, a, META_WAITS, 1);
	timer_put(t, &m);
}

/* --- the pass ---------------------------------------------------------- */

struct gone {
	unsigned char *bits;
	uint64_t n; /* of rows */
};

static bool
is_gone(void *ctx, uint64_t ticket)
{
	const struct gone *g = ctx;

	return ticket / BITS < g->n &&
	       (g->bits[ticket / 8] >> ticket % 8 & 1) != 0;
}

/* A million tickets are 122 rows, and 125 kB. */
static int
load(struct txn *t, struct arena *a, uint64_t generation, struct gone *g)
{
	uint64_t last;

	if (ticket_last(t, &last) < 0)
		return -1;
	g->n = last / BITS + 1;
	g->bits = mem_new((size_t)g->n * ROW);
	for (uint64_t row = 0; row < g->n; row++) {
		struct str v = {0};
		int r = meta_get(t, a, row_name(a, generation, row), &v);

		if (r < 0)
			return -1;
		if (r > 0 && v.n == ROW)
			memcpy(g->bits + row * ROW, v.p, ROW);
	}
	return 0;
}

static int
drop_rows(struct txn *t, struct arena *a, uint64_t generation, uint64_t n)
{
	for (uint64_t row = 0; row < n; row++) {
		struct str name = row_name(a, generation, row), v = {0};
		int r = meta_get(t, a, name, &v);

		if (r < 0)
			return -1;
		if (v.n)
			meta_put(t, name, str_n(NULL, 0));
	}
	return 0;
}

/* Is there anything of this generation? */
static bool
any(const struct gone *g)
{
	for (uint64_t i = 0; i < g->n * ROW; i++)
		if (g->bits[i])
			return true;
	return false;
}

/*
 * The generation that is taken out is the one before the present one; a pass
 * begins by making the present one that.
 */
static int
step(struct txn *t, struct arena *a, struct gone *g, bool *more)
{
	AUTO(buf_fini) struct buf place = BUF_INIT;
	struct str v = {0};
	uint64_t generation;
	int r;

	if (get_number(t, a, META_GENERATION, &generation) < 0 ||
	    meta_get(t, a, META_PLACE, &v) < 0)
		return -1;
	if (!v.n)
		put_number(t, a, META_GENERATION, ++generation);
	else
		buf_put(&place, str_from(v, 1));
	if (load(t, a, generation - 1, g) < 0)
		return -1;
	r = any(g) ? term_forget(t, is_gone, g, &place, purge_words_chunks) : 0;
	if (r < 0)
		return -1;
	*more = r > 0;
	if (r > 0) {
		AUTO(buf_fini) struct buf to = BUF_INIT;

		/* Never empty while it is under way. */
		buf_putc(&to, '+');
		buf_put(&to, buf_str(&place));
		meta_put(t, META_PLACE, buf_str(&to));
		return 0;
	}
	meta_put(t, META_PLACE, str_n(NULL, 0));
	return drop_rows(t, a, generation - 1, g->n);
}

int
due_forget(struct desk *d, struct txn *t, struct arena *a,
    const struct timer *m, int64_t now, struct err *err)
{
	struct timer next = {.due = now, .kind = DUE_FORGET};
	struct gone g = {0}, then = {0};
	bool more = false, again = false;
	uint64_t generation;

	(void)d;
	(void)m;
	if (step(t, a, &g, &more) == 0 && !more &&
	    get_number(t, a, META_GENERATION, &generation) >= 0 &&
	    load(t, a, generation, &then) == 0)
		again = any(&then);
	mem_free(g.bits);
	mem_free(then.bits);
	if (more || again)
		timer_put(t, &next);
	else
		put_number(t, a, META_WAITS, 0);
	return txn_error(t, err);
}

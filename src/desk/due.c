/*
 * What falls due. A handler's work and the end of its timer are one
 * transaction, so that neither a kill nor a clock that jumps makes it happen
 * twice: after a jump ahead all is due at once, after one back nothing is until
 * it is that late again.
 */
#include "desk/due.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/held.h"
#include "desk/notice.h"
#include "desk/outbound.h"
#include "desk/purge.h"
#include "store/grant.h"
#include "store/retain.h"

static const struct {
	const char *name;
	due_fn *run; /* NULL: not run here */
} kinds[] = {
    [DUE_NONE] = {"none", NULL},
    [DUE_SNOOZE] = {"snooze", due_snooze},
    [DUE_RELEASE] = {"release", NULL},
    [DUE_GRANTS] = {"grants", NULL},
    [DUE_DIGEST] = {"digest", due_digest},
    [DUE_SLA] = {"sla", due_sla},
    [DUE_SWEEP] = {"sla-sweep", due_sweep},
    [DUE_WAIT] = {"wait", due_wait},
    [DUE_PURGE] = {"purge", NULL},
    [DUE_FORGET] = {"forget", due_forget},
    [DUE_TIDY] = {"tidy", due_tidy},
    [DUE_ERASE] = {"erase", due_erase},
};

const char *
due_name(enum due_kind k)
{
	return k < ARRAY_LEN(kinds) ? kinds[k].name : "unknown";
}

/* --- timers ------------------------------------------------------------ */

enum {
	LOOK_MAX = 1000, /* overdue timers, for releases among them */
	PURGE_ROWS = 100 /* of purged tickets, in one run */
};

struct gather {
	struct arena *a;
	int64_t now;
	struct timer *v;
	size_t n, max;
	bool releases; /* these, or all others */
	size_t looked;
	uint64_t count;
};

/* Timers come in the order of their time. */
static bool
gather(void *ctx, const struct timer *m)
{
	struct gather *g = ctx;

	/* Where very much is overdue the first ones are run first; what lies
	 * behind them is found when these are gone. */
	if (m->due > g->now || (g->releases && g->looked++ >= LOOK_MAX))
		return false;
	if ((m->kind == DUE_RELEASE) == g->releases) {
		if (g->n == 0 || (g->n >= 4 && (g->n & (g->n - 1)) == 0)) {
			struct timer *v = arena_array(
			    g->a, struct timer, g->n < 4 ? 4 : g->n * 2);

			if (g->n)
				memcpy(v, g->v, g->n * sizeof *v);
			g->v = v;
		}
		g->v[g->n++] = *m;
	}
	return g->n < g->max;
}

int
due_releases(
    struct txn *t, struct arena *a, int64_t now, uint64_t **ids, size_t *n)
{
	struct gather g = {
	    .a = a, .now = now, .max = SIZE_MAX, .releases = true};

	*n = 0;
	*ids = NULL;
	if (timer_each(t, a, gather, &g) < 0)
		return -1;
	*ids = arena_array(a, uint64_t, g.n + 1);
	for (size_t i = 0; i < g.n; i++)
		*n += str_u64(g.v[i].data, &(*ids)[*n]);
	return 0;
}

static bool
first_other(void *ctx, const struct timer *m)
{
	struct gather *g = ctx;

	if (m->kind == DUE_RELEASE)
		return true;
	g->v[0] = *m;
	g->n = 1;
	return false;
}

int
due_first(struct txn *t, struct arena *a, struct timer *out)
{
	struct gather g = {.v = out};

	if (timer_each(t, a, first_other, &g) < 0)
		return -1;
	return g.n > 0;
}

int
due_next(struct txn *t, struct arena *a, int64_t *at)
{
	struct timer m = {.due = INT64_MAX};
	int64_t expiry = INT64_MAX, purge = INT64_MAX;
	uint64_t ticket;
	int r = due_first(t, a, &m);
	int g = r < 0 ? -1 : grant_next_expiry(t, &expiry);
	int p = g < 0 ? -1 : retain_first(t, &purge, &ticket);

	if (p < 0)
		return -1;
	/* A grant holds until its last millisecond is over. */
	if (g)
		expiry++;
	*at = MIN(MIN(m.due, expiry), purge);
	return r || g || p;
}

static bool
count_one(void *ctx, const struct timer *m)
{
	struct gather *g = ctx;

	if (!g->count++)
		g->v[0] = *m;
	return true;
}

int
due_count(struct txn *t, struct arena *a, uint64_t *n, struct timer *first)
{
	struct gather g = {.v = first};

	*first = (struct timer){.due = CLOCK_NONE};
	if (timer_each(t, a, count_one, &g) < 0)
		return -1;
	*n = g.count;
	return 0;
}

int
due_ticket(struct txn *t, struct arena *a, const struct timer *m,
    struct ticket *out, struct err *err)
{
	int found = ticket_get(t, a, m->ticket, out);

	return found < 0 ? txn_error(t, err) : found;
}

void
due_move(struct txn *t, enum due_kind kind, uint64_t ticket, int64_t *was,
    int64_t at)
{
	struct timer m = {.due = *was, .kind = kind, .ticket = ticket};

	if (at == *was)
		return;
	if (*was != CLOCK_NONE)
		timer_del(t, &m);
	*was = m.due = at;
	if (at != CLOCK_NONE)
		timer_put(t, &m);
}

void
due_postpone(struct txn *t, const struct timer *m, int64_t at)
{
	struct timer later = *m;

	timer_del(t, m);
	later.due = at;
	timer_put(t, &later);
}

/* --- grants ------------------------------------------------------------ */

/* An answer that nobody sees again would be one that silently failed. */
static int
give_up(struct desk *d, struct txn *t, struct arena *a, const struct grant *g,
    int64_t now, struct err *err)
{
	struct actor who = {S("system"), S("not confirmed in time")};
	struct notice n = {
	    .kind = NOTICE_FAILED,
	    .who = who,
	    .to = staff_agent(&d->settings->staff, g->agent),
	    .detail = S("your mail waited for #send and was given up: nothing "
			"of it was sent or done"),
	};
	struct waiting w;
	struct ticket k;
	struct err why = ERR_INIT;
	int found = g->ticket ? ticket_get(t, a, g->ticket, &k) : 0;

	if (found < 0)
		return txn_error(t, err);
	if (!found || waiting_decode(a, g->held, &w, &why) < 0)
		return 0;
	if (w.outbox &&
	    outbound_discard(d, t, a, &k, w.outbox, &who, now, &why) < 0) {
		/* Sent or dropped by somebody meanwhile. */
		if (txn_error(t, err) < 0)
			return -1;
		w.outbox = 0;
	}
	if (!w.outbox && !w.commands.n)
		return 0;
	if (!w.outbox)
		event_add(t, &k, EVENT_DISCARDED, &who,
		    arena_printf(a, "the commands of article %u", w.seq), now);
	if (w.quiet) {
		ticket_put(t, &k);
		return txn_error(t, err);
	}
	/* Who wrote it is gone: his colleagues have the customer now. */
	if (!n.to)
		n.detail = arena_printf(a,
		    "a mail of %.*s waited for #send and was given up: nothing "
		    "of it was sent or done",
		    STR_ARG(g->agent));
	if (notice_send(d, t, a, &k, &n, now, NULL, err) < 0)
		return -1;
	ticket_put(t, &k);
	return txn_error(t, err);
}

/* How many; -1. */
static int
run_grants(struct desk *d, struct txn *t, struct arena *a, int64_t now,
    size_t max, struct err *err)
{
	size_t n = 0;

	for (; n < max; n++) {
		struct grant g;
		int r = grant_first(t, a, &g);

		if (r < 0)
			return txn_error(t, err);
		if (!r || g.expires >= now)
			break;
		if (g.purpose == GRANT_CONFIRM && g.used == CLOCK_NONE &&
		    g.held.n && give_up(d, t, a, &g, now, err) < 0)
			return -1;
		grant_del(t, g.nonce);
	}
	return txn_error(t, err) < 0 ? -1 : (int)n;
}

/* --- all of it --------------------------------------------------------- */

int
due_run(struct desk *d, struct txn *t, struct arena *a, int64_t now, size_t max,
    size_t *ran, uint64_t **release, size_t *nrelease, struct err *err)
{
	struct gather g = {.a = a, .now = now, .max = MAX(max, (size_t)1)};
	size_t purged;
	int n;

	*ran = 0;
	if (due_releases(t, a, now, release, nrelease) < 0 ||
	    timer_each(t, a, gather, &g) < 0)
		return txn_error(t, err);
	for (; *ran < g.n; ++*ran) {
		const struct timer *m = &g.v[*ran];

		timer_del(t, m);
		/* One of a newer program's kinds is nothing to wait for. */
		if (m->kind < ARRAY_LEN(kinds) && kinds[m->kind].run &&
		    kinds[m->kind].run(d, t, a, m, now, err) < 0)
			return -1;
		if (txn_error(t, err) < 0)
			return -1;
	}
	n = run_grants(d, t, a, now, g.max - MIN(*ran, g.max), err);
	if (n < 0)
		return -1;
	*ran += (size_t)n;
	if (*ran >= g.max)
		return 0;
	if (purge_run(d, t, a, now, PURGE_ROWS, &purged, err) < 0)
		return -1;
	*ran += purged;
	return 0;
}

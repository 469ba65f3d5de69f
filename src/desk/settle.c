/*
 * A put ticket is noted by the transaction (ticket_touched()), and looked at
 * once when everything else is done. So no code that changes a ticket has to
 * think of clocks, and none can forget them.
 */
#include "desk/settle.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/classify_ticket.h"
#include "desk/due.h"
#include "desk/hook.h"
#include "desk/purge.h"
#include "desk/sla_run.h"
#include "desk/tidy.h"
#include "desk/wait.h"

#define META_PROMISES S("promises")    /* struct settings.promises */
#define META_SWEPT S("promises.swept") /* the last ticket counted anew */

size_t settle_step = 200;

static const struct timer sweep_timer = {.due = 0, .kind = DUE_SWEEP};

static bool
any_promise(const struct settings *s)
{
	return s->npolicies || s->waits || s->retains;
}

static void
settle(struct desk *d, struct txn *t, struct arena *a, uint64_t id, int64_t now)
{
	bool changed = false;
	struct ticket k;

	if (ticket_get(t, a, id, &k) <= 0)
		return;
	sla_update(d, t, a, &k, now, &changed);
	wait_update(d, t, a, &k, now, &changed);
	purge_update(d, t, a, &k, now, &changed);
	if (changed)
		ticket_put(t, &k);
}

static int
settle_promises(struct desk *d, struct txn *t, struct arena *a, int64_t now,
    struct err *err)
{
	uint64_t *ids;
	size_t n;

	if (!any_promise(d->settings))
		return 0;
	n = ticket_touched(t, a, &ids);
	for (size_t i = 0; i < n; i++)
		settle(d, t, a, ids[i], now);
	/* Those it put itself. */
	if (n)
		ticket_touched(t, a, &ids);
	return txn_error(t, err);
}

/* What is told to others and what is learned goes by the history: of clocks,
 * too. */
static int
settle_events(struct desk *d, struct txn *t, struct arena *a, int64_t now,
    struct err *err)
{
	struct event_ref *v;
	size_t n;

	if (!hook_any(d->settings) && !d->settings->nclassified)
		return 0;
	n = event_fresh(t, a, &v);
	if (hook_settle(d, t, a, v, n, now, err) < 0 ||
	    classify_settle(d, t, a, v, n, now, err) < 0)
		return -1;
	return 0;
}

int
desk_settle(struct desk *d, struct txn *t, struct arena *a, int64_t now,
    struct err *err)
{
	if (settle_promises(d, t, a, now, err) < 0)
		return -1;
	return settle_events(d, t, a, now, err);
}

/* --- all of them ------------------------------------------------------- */

static int
get_number(struct txn *t, struct arena *a, struct str name, uint64_t *v)
{
	struct str s;
	int r = meta_get(t, a, name, &s);

	*v = 0;
	if (r > 0 && !str_u64(s, v))
		*v = 0;
	return r;
}

static void
put_number(struct txn *t, struct arena *a, struct str name, uint64_t v)
{
	meta_put(t, name, arena_printf(a, "%llu", (unsigned long long)v));
}

int
desk_promises_differ(const struct settings *s, struct txn *t, struct arena *a)
{
	uint64_t old;

	if (get_number(t, a, META_PROMISES, &old) < 0)
		return -1;
	return old != s->promises;
}

int
desk_promises(struct desk *d, struct txn *t, struct arena *a, bool *sweeps,
    struct err *err)
{
	const struct settings *s = d->settings;
	int r = desk_promises_differ(s, t, a);

	*sweeps = false;
	if (r < 0)
		return txn_error(t, err);
	if (!r)
		return 0;
	put_number(t, a, META_PROMISES, s->promises);
	put_number(t, a, META_SWEPT, 0);
	timer_put(t, &sweep_timer);
	*sweeps = true;
	return txn_error(t, err);
}

/* By number, because that order no change disturbs. Tickets that come
 * meanwhile are counted by the new promises anyway. */
int
due_sweep(struct desk *d, struct txn *t, struct arena *a, const struct timer *m,
    int64_t now, struct err *err)
{
	uint64_t at, last, to;

	(void)m;
	if (get_number(t, a, META_SWEPT, &at) < 0 || ticket_last(t, &last) < 0)
		return txn_error(t, err);
	to = MIN(last, at + settle_step);
	while (at < to) {
		AUTO(arena_fini) struct arena row = ARENA_INIT;

		settle(d, t, &row, ++at, now);
	}
	put_number(t, a, META_SWEPT, at);
	if (at < last)
		timer_put(t, &sweep_timer);
	else
		tidy_begin(d->settings, t, now);
	return txn_error(t, err);
}

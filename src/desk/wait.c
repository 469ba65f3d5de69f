/*
 * The times of waiting of a ticket. When each began is kept with the ticket
 * (extra.wait), because a customer who writes every day must not put the
 * reminder off for ever, and what was done is kept beside it.
 *
 *   us       since when it waits for us; 0: it does not
 *   silent   since when the customer is waited for; 0: he is not
 */
#include "desk/wait.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/change.h"
#include "desk/due.h"
#include "desk/extra.h"
#include "desk/merge.h"
#include "desk/notice.h"
#include "desk/outbound.h"
#include "desk/rules.h"
#include "desk/sla_run.h"

#define RETRY CLOCK_HOUR /* while sub-tickets are open */

struct wait {
	int64_t us, silent; /* 0: not */
	bool reminded;
	int64_t warned; /* when; 0: not */
	int64_t idle;   /* ticket.updated when those above were told; 0 */
	int64_t retry;  /* not resolved before; 0 */
	int64_t timer;  /* CLOCK_NONE */
};

enum {
	TAG_US = 1,
	TAG_SILENT,
	TAG_REMINDED,
	TAG_WARNED,
	TAG_IDLE,
	TAG_RETRY,
	TAG_TIMER
};

enum deed {
	DEED_REMIND,
	DEED_IDLE,
	DEED_WARN,
	DEED_RESOLVE,
	DEED_CLOSE,
	DEED_COUNT
};

/* --- kept with the ticket ---------------------------------------------- */

static void
wait_read(struct str rec, struct wait *w)
{
	struct recr r = recr_open(rec);

	*w = (struct wait){.timer = CLOCK_NONE};
	while (recr_next(&r))
		if (r.is_str)
			continue;
		else if (r.tag == TAG_US)
			w->us = recr_i64(&r);
		else if (r.tag == TAG_SILENT)
			w->silent = recr_i64(&r);
		else if (r.tag == TAG_REMINDED)
			w->reminded = r.u != 0;
		else if (r.tag == TAG_WARNED)
			w->warned = recr_i64(&r);
		else if (r.tag == TAG_IDLE)
			w->idle = recr_i64(&r);
		else if (r.tag == TAG_RETRY)
			w->retry = recr_i64(&r);
		else if (r.tag == TAG_TIMER)
			w->timer = recr_i64(&r);
}

static void
put_time(struct buf *b, uint32_t tag, int64_t t)
{
	if (t)
		rec_i64(b, tag, t);
}

/* True when it differs from what was there. */
static bool
wait_write(
    struct arena *a, struct ticket *k, struct extra *x, const struct wait *w)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	put_time(&b, TAG_US, w->us);
	put_time(&b, TAG_SILENT, w->silent);
	rec_u64_opt(&b, TAG_REMINDED, w->reminded);
	put_time(&b, TAG_WARNED, w->warned);
	put_time(&b, TAG_IDLE, w->idle);
	put_time(&b, TAG_RETRY, w->retry);
	if (w->timer != CLOCK_NONE)
		rec_i64(&b, TAG_TIMER, w->timer);
	if (str_eq(buf_str(&b), x->wait))
		return false;
	x->wait = arena_dup(a, buf_str(&b));
	k->extra = extra_write(a, k->extra, x);
	return true;
}

int64_t
wait_timer(struct arena *a, const struct ticket *k)
{
	struct extra x;
	struct wait w;

	extra_read(a, k->extra, &x);
	wait_read(x.wait, &w);
	return w.timer;
}

/* --- when -------------------------------------------------------------- */

static const struct queue *
queue_of(const struct settings *s, const struct ticket *k)
{
	const struct queue *q = settings_queue(s, k->queue);

	return q ? q : &s->queues[0];
}

static bool
has_times(const struct queue *q)
{
	return q->remind_after || q->escalate_after || q->resolve_after ||
	       q->close_after;
}

static bool
waits_for_us(const struct ticket *k)
{
	return (k->status == STATUS_NEW || k->status == STATUS_OPEN) &&
	       k->customer_wrote != CLOCK_NONE &&
	       (k->agent_wrote == CLOCK_NONE ||
		   k->customer_wrote > k->agent_wrote);
}

/* What began, what is over. */
static void
wait_see(const struct ticket *k, struct wait *w)
{
	bool us = waits_for_us(k), silent = k->status == STATUS_PENDING;
	int64_t since;

	if (!us) {
		w->us = 0;
		w->reminded = false;
	} else if (!w->us)
		w->us = k->customer_wrote;
	if (!silent) {
		w->silent = w->warned = w->retry = 0;
		return;
	}
	since = w->silent ? w->silent : k->updated;
	if (k->agent_wrote != CLOCK_NONE)
		since = MAX(since, k->agent_wrote);
	if (since != w->silent) {
		w->silent = since;
		w->warned = w->retry = 0;
	}
}

/* The next time somebody works. */
static int64_t
working(const struct settings *s, const struct ticket *k, int64_t at)
{
	const struct sla_policy *p = sla_policy_of(s, k);
	int64_t next = p ? calendar_add(p->calendar, at, 0) : at;

	return next == CLOCK_NONE ? at : next;
}

static bool
is_idle(const struct ticket *k, const struct wait *w)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct extra x;

	if (k->status != STATUS_NEW && k->status != STATUS_OPEN &&
	    k->status != STATUS_HOLD)
		return false;
	extra_read(&a, k->extra, &x);
	return !x.snoozed_until && w->idle != k->updated;
}

/* The instants of the five; CLOCK_NONE: never. */
static void
wait_times(const struct settings *s, const struct ticket *k,
    const struct wait *w, int64_t at[DEED_COUNT])
{
	const struct queue *q = queue_of(s, k);
	int64_t warn = MIN(q->warn_before, q->resolve_after);

	for (unsigned i = 0; i < DEED_COUNT; i++)
		at[i] = CLOCK_NONE;
	if (q->remind_after && w->us && !w->reminded)
		at[DEED_REMIND] = working(s, k, w->us + q->remind_after);
	if (q->escalate_after && is_idle(k, w))
		at[DEED_IDLE] = working(s, k, k->updated + q->escalate_after);
	if (q->resolve_after && w->silent && warn && !w->warned)
		at[DEED_WARN] =
		    working(s, k, w->silent + q->resolve_after - warn);
	else if (q->resolve_after && w->silent) {
		/* Who was warned late has his time all the same. */
		at[DEED_RESOLVE] = w->silent + q->resolve_after;
		if (w->warned)
			at[DEED_RESOLVE] =
			    MAX(at[DEED_RESOLVE], w->warned + warn);
		at[DEED_RESOLVE] = MAX(at[DEED_RESOLVE], w->retry);
	}
	if (q->close_after && k->status == STATUS_RESOLVED &&
	    k->resolved != CLOCK_NONE)
		at[DEED_CLOSE] = k->resolved + q->close_after;
}

static enum deed
first_of(const int64_t at[DEED_COUNT])
{
	enum deed best = DEED_COUNT;

	for (unsigned i = 0; i < DEED_COUNT; i++)
		if (at[i] != CLOCK_NONE &&
		    (best == DEED_COUNT || at[i] < at[best]))
			best = (enum deed)i;
	return best;
}

void
wait_update(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    int64_t now, bool *changed)
{
	const struct settings *s = d->settings;
	int64_t at[DEED_COUNT];
	enum deed first = DEED_COUNT;
	struct extra x;
	struct wait w;

	(void)now;
	extra_read(a, k->extra, &x);
	if (!x.wait.n && !has_times(queue_of(s, k)))
		return;
	wait_read(x.wait, &w);
	if (has_times(queue_of(s, k))) {
		wait_see(k, &w);
		wait_times(s, k, &w, at);
		first = first_of(at);
	} else
		w = (struct wait){.timer = w.timer};
	due_move(t, DUE_WAIT, k->id, &w.timer,
	    first == DEED_COUNT ? CLOCK_NONE : at[first]);
	*changed |= wait_write(a, k, &x, &w);
}

/* --- what is done ------------------------------------------------------ */

struct waiting_job {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	struct ticket *k;
	int64_t now;
	struct actor who;
};

static struct str
long_words(struct arena *a, int64_t ms)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	clock_duration(&b, ms);
	return arena_dup(a, buf_str(&b));
}

static int
remind(struct waiting_job *j, int64_t since, struct err *err)
{
	struct str words = long_words(j->a, j->now - since);
	struct notice n = {
	    .kind = NOTICE_REMINDER,
	    .who = j->who,
	    .detail = arena_printf(
		j->a, "waits for an answer for %.*s", STR_ARG(words)),
	};

	event_add(j->t, j->k, EVENT_REMINDED, &j->who, n.detail, j->now);
	return notice_send(j->d, j->t, j->a, j->k, &n, j->now, NULL, err);
}

static int
escalate(struct waiting_job *j, struct err *err)
{
	struct str words = long_words(j->a, j->now - j->k->updated);
	struct notice n = {
	    .kind = NOTICE_REMINDER,
	    .who = j->who,
	    .detail = arena_printf(
		j->a, "nothing has happened for %.*s", STR_ARG(words)),
	};

	n.nlist = sla_people(j->a, j->d->settings, j->k, S("lead"), &n.list);
	event_add(j->t, j->k, EVENT_IDLE, &j->who, n.detail, j->now);
	if (n.nlist &&
	    notice_send(j->d, j->t, j->a, j->k, &n, j->now, NULL, err) < 0)
		return -1;
	return rules_at(j->d, j->t, j->a, j->k, RULE_IDLE, j->now, err);
}

/* A sub-ticket that is open keeps it open. */
static int
resolve(struct waiting_job *j, struct wait *w, struct err *err)
{
	uint64_t *ids;
	size_t n;

	if (merge_open_children(j->t, j->a, j->k, &ids, &n, err) < 0)
		return -1;
	if (n) {
		w->retry = j->now + RETRY;
		return 0;
	}
	return change_status(
	    j->d, j->t, j->a, j->k, STATUS_RESOLVED, &j->who, j->now, err);
}

static int
warn(struct waiting_job *j, const struct queue *q, const struct wait *w,
    struct err *err)
{
	int64_t left = MIN(q->warn_before, q->resolve_after);
	int64_t at = MAX(w->silent + q->resolve_after, j->now + left);

	return outbound_reminder(
	    j->d, j->t, j->a, j->k, at, &j->who, j->now, err);
}

static int
do_deed(struct waiting_job *j, enum deed deed, struct wait *w, struct err *err)
{
	static const char *const names[DEED_COUNT] = {"remind_after",
	    "escalate_after", "warn_before", "resolve_after", "close_after"};
	const struct queue *q = queue_of(j->d->settings, j->k);

	j->who = ACTOR_SYSTEM;
	j->who.cause =
	    arena_printf(j->a, "queue %.*s, %s", STR_ARG(q->name), names[deed]);
	switch (deed) {
	case DEED_REMIND:
		w->reminded = true;
		return remind(j, w->us, err);
	case DEED_IDLE:
		w->idle = j->k->updated;
		return escalate(j, err);
	case DEED_WARN:
		w->warned = j->now;
		return warn(j, q, w, err);
	case DEED_RESOLVE:
		return resolve(j, w, err);
	case DEED_CLOSE:
		return change_status(j->d, j->t, j->a, j->k, STATUS_CLOSED,
		    &j->who, j->now, err);
	case DEED_COUNT:
		break;
	}
	return 0;
}

/* What cannot be done is not tried again and again: it is in the history. */
static int
do_first(struct waiting_job *j, bool *more, struct err *err)
{
	int64_t at[DEED_COUNT];
	struct err why = ERR_INIT;
	enum deed deed;
	struct extra x;
	struct wait w;
	bool failed;

	*more = false;
	extra_read(j->a, j->k->extra, &x);
	wait_read(x.wait, &w);
	wait_see(j->k, &w);
	wait_times(j->d->settings, j->k, &w, at);
	deed = first_of(at);
	if (deed == DEED_COUNT || at[deed] > j->now)
		return 0;
	*more = true;
	failed = do_deed(j, deed, &w, &why) < 0;
	if (txn_error(j->t, err) < 0)
		return -1;
	if (failed) {
		event_add(
		    j->t, j->k, EVENT_REFUSED, &j->who, str_c(why.msg), j->now);
		w.retry = j->now + CLOCK_DAY;
		*more = false;
	}
	extra_read(j->a, j->k->extra, &x);
	wait_write(j->a, j->k, &x, &w);
	return txn_error(j->t, err);
}

int
due_wait(struct desk *d, struct txn *t, struct arena *a, const struct timer *m,
    int64_t now, struct err *err)
{
	struct waiting_job j = {.d = d, .t = t, .a = a, .now = now};
	bool changed = false, more = true;
	struct ticket k;
	struct extra x;
	struct wait w;
	int found = due_ticket(t, a, m, &k, err);

	if (found <= 0)
		return found;
	extra_read(a, k.extra, &x);
	wait_read(x.wait, &w);
	if (w.timer != m->due)
		return 0;
	w.timer = CLOCK_NONE; /* the row is gone */
	wait_write(a, &k, &x, &w);
	j.k = &k;
	for (int i = 0; i < DEED_COUNT && more; i++)
		if (do_first(&j, &more, err) < 0)
			return -1;
	wait_update(d, t, a, &k, now, &changed);
	ticket_put(t, &k);
	return txn_error(t, err);
}

/*
 * A clock has two parts: `used`, summed up to `since`, and what has run since
 * then. To stop it is to sum; to go on is to set `since`. Everything else is
 * when to do which.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/sla.h"

#define X_TARGET_NAME(n, id, name) [n] = name,
static const char *const target_names[] = {SLA_TARGETS(X_TARGET_NAME)};
static const char *const act_names[] = {
    [SLA_DO_NONE] = "", SLA_ACTS(X_TARGET_NAME)};
static const char *const state_names[] = {SLA_STATES(X_TARGET_NAME)};

const char *
sla_target_name(enum sla_target x)
{
	must((unsigned)x < SLA_TARGETS_COUNT);
	return target_names[x];
}

bool
sla_target_parse(struct str s, enum sla_target *out)
{
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++)
		if (str_ieq(s, str_c(target_names[i]))) {
			*out = (enum sla_target)i;
			return true;
		}
	return false;
}

const char *
sla_act_name(enum sla_act x)
{
	must((unsigned)x < SLA_DO_COUNT);
	return act_names[x];
}

const char *
sla_state_name(enum sla_state s)
{
	must((unsigned)s < SLA_STATE_COUNT);
	return state_names[s];
}

/* --- one clock --------------------------------------------------------- */

static bool
is_live(const struct sla_clock *x)
{
	return x->state == SLA_RUNNING || x->state == SLA_PAUSED ||
	       x->state == SLA_BREACHED;
}

static void
set_due(const struct sla_policy *p, struct sla_clock *x)
{
	if (x->since == CLOCK_NONE)
		return;
	/* Once it is over, it was over then. */
	if (x->used >= x->target && x->due != CLOCK_NONE && x->due <= x->since)
		return;
	x->due = x->used >= x->target
		     ? x->since
		     : calendar_add(p->calendar, x->since, x->target - x->used);
}

static void
sum(const struct sla_policy *p, struct sla_clock *x, int64_t now)
{
	if (x->since == CLOCK_NONE)
		return;
	x->used += calendar_between(p->calendar, x->since, now);
	x->since = MAX(x->since, now);
}

static void
start(
    const struct sla_policy *p, struct sla_clock *x, int64_t target, int64_t at)
{
	*x = (struct sla_clock){
	    .state = SLA_RUNNING,
	    .started = at,
	    .target = target,
	    .since = at,
	    .due = CLOCK_NONE,
	    .ended = CLOCK_NONE,
	};
	set_due(p, x);
}

static bool
is_over(const struct sla_clock *x, int64_t at)
{
	return x->due != CLOCK_NONE && at > x->due;
}

/* A target that was away is back: what was reported of it stays reported, but
 * for a breach that is none by the new measure. */
static void
start_again(const struct sla_policy *p, struct sla_clock *x, int64_t target,
    int64_t at, int64_t now)
{
	uint32_t fired = x->fired;

	start(p, x, target, at);
	x->fired =
	    is_over(x, now) ? fired : fired & ~(uint32_t)SLA_FIRED_BREACH;
}

static void
end(const struct sla_policy *p, struct sla_clock *x, int64_t at)
{
	bool late = is_over(x, at);

	sum(p, x, at);
	x->state = late ? SLA_MISSED : SLA_MET;
	x->since = CLOCK_NONE;
	x->ended = at;
}

static void
drop(struct sla_clock *x)
{
	*x = (struct sla_clock){.since = CLOCK_NONE,
	    .due = CLOCK_NONE,
	    .ended = CLOCK_NONE,
	    .fired = x->fired};
}

static void
pause_or_run(
    const struct sla_policy *p, struct sla_clock *x, bool pause, int64_t now)
{
	if (pause && x->since != CLOCK_NONE) {
		bool late = is_over(x, now);

		sum(p, x, now);
		x->since = CLOCK_NONE;
		x->state = late ? SLA_BREACHED : SLA_PAUSED;
		if (!late)
			x->due = CLOCK_NONE;
	} else if (!pause && x->since == CLOCK_NONE) {
		x->since = now;
		set_due(p, x);
	}
	if (x->since != CLOCK_NONE)
		x->state = is_over(x, now) ? SLA_BREACHED : SLA_RUNNING;
}

/* Another target: what was used counts. True when it differs. */
static bool
retarget(const struct sla_policy *p, struct sla_clock *x, int64_t target,
    int64_t now)
{
	int64_t due = x->due, old = x->target;

	sum(p, x, now);
	x->target = target;
	/* A target that is longer again takes a breach back. */
	if (x->used < x->target)
		x->due = CLOCK_NONE;
	set_due(p, x);
	if (x->used < x->target)
		x->fired &= ~(uint32_t)SLA_FIRED_BREACH;
	return old != target || due != x->due;
}

/* --- the three of a ticket --------------------------------------------- */

static void
set_first(
    const struct sla_policy *p, struct sla_clock *x, const struct ticket *k)
{
	if (is_live(x) && k->first_response != CLOCK_NONE)
		end(p, x, k->first_response);
}

static void
set_next(const struct sla_policy *p, struct sla_clock *x,
    const struct ticket *k, int64_t target)
{
	bool asked = k->customer_wrote != CLOCK_NONE &&
		     k->agent_wrote != CLOCK_NONE &&
		     k->customer_wrote > k->agent_wrote;

	if (is_live(x) && k->agent_wrote != CLOCK_NONE &&
	    k->agent_wrote >= x->started)
		end(p, x, k->agent_wrote);
	if (!is_live(x) && asked && k->first_response != CLOCK_NONE && target)
		start(p, x, target, k->customer_wrote);
}

static bool
is_done(enum status s)
{
	return s == STATUS_RESOLVED || s == STATUS_CLOSED;
}

static void
set_resolution(const struct sla_policy *p, struct sla_clock *x,
    const struct ticket *k, int64_t now)
{
	bool was_done = x->state == SLA_MET || x->state == SLA_MISSED;

	if (is_live(x) && is_done(k->status))
		end(p, x, k->resolved == CLOCK_NONE ? now : k->resolved);
	else if (was_done && status_is_active(k->status)) {
		/* Reopened: it goes on where it stopped. */
		x->ended = CLOCK_NONE;
		x->state = SLA_RUNNING;
		x->since = now;
		set_due(p, x);
	}
}

/* Ends what nobody waits for any more: spam, merged, nothing promised. */
static bool
drop_all(struct sla_clocks *c)
{
	bool any = false;

	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++)
		if (is_live(&c->v[i])) {
			drop(&c->v[i]);
			any = true;
		}
	return any;
}

static bool
recount(const struct sla_policy *p, struct sla_clocks *c,
    const struct ticket *k, int64_t now)
{
	const int64_t *target = p->target[k->priority];
	bool known = c->policy.n > 0, changed = false;

	if (known && str_eq(c->policy, p->name) && c->version == p->version &&
	    c->priority == k->priority)
		return false;
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++) {
		struct sla_clock *x = &c->v[i];

		if (is_live(x) && !target[i]) {
			drop(x);
			changed = true;
		} else if (is_live(x))
			changed |= retarget(p, x, target[i], now);
		else if (x->state == SLA_NONE && target[i] && i != SLA_NEXT) {
			start_again(p, x, target[i], k->created, now);
			changed |= known;
		}
	}
	c->policy = p->name;
	c->version = p->version;
	c->priority = k->priority;
	return changed;
}

bool
sla_clocks_set(const struct sla_policy *p, struct sla_clocks *c,
    const struct ticket *k, int64_t now)
{
	bool changed;

	if (!p || k->status == STATUS_SPAM || k->status == STATUS_MERGED) {
		changed = drop_all(c) && !p;
		if (!p)
			c->policy = str_n(NULL, 0);
		return changed;
	}
	changed = recount(p, c, k, now);
	set_first(p, &c->v[SLA_FIRST], k);
	set_next(p, &c->v[SLA_NEXT], k, p->target[k->priority][SLA_NEXT]);
	set_resolution(p, &c->v[SLA_RESOLUTION], k, now);
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++) {
		bool pause =
		    (p->pauses & 1u << i) && (p->pause & 1u << k->status);

		/* Who has resolved it owes no answer. */
		if (is_live(&c->v[i]) && is_done(k->status))
			drop(&c->v[i]);
		if (is_live(&c->v[i]))
			pause_or_run(p, &c->v[i], pause, now);
	}
	return changed;
}

/* --- what falls due ---------------------------------------------------- */

/* The instant at which so much working time will have been used; CLOCK_NONE
 * when the clock stands still before. */
static int64_t
used_at(const struct sla_policy *p, const struct sla_clock *x, int64_t ms)
{
	if (x->since == CLOCK_NONE)
		return CLOCK_NONE;
	return ms <= x->used
		   ? x->since
		   : calendar_add(p->calendar, x->since, ms - x->used);
}

static void
consider(struct sla_due *best, bool *any, enum sla_target target, unsigned bit,
    const struct sla_step *step, int64_t at)
{
	if (at == CLOCK_NONE || (*any && at >= best->at))
		return;
	*best = (struct sla_due){target, bit, step, at};
	*any = true;
}

static void
consider_clock(const struct sla_policy *p, const struct sla_clock *x,
    enum sla_target target, struct sla_due *out, bool *any)
{
	if (p->warn && !(x->fired & (SLA_FIRED_WARN | SLA_FIRED_BREACH)))
		consider(out, any, target, SLA_FIRED_WARN, NULL,
		    used_at(p, x, x->target / 100 * p->warn));
	if (!(x->fired & SLA_FIRED_BREACH))
		consider(out, any, target, SLA_FIRED_BREACH, NULL, x->due);
	for (size_t i = 0; i < p->nsteps; i++) {
		const struct sla_step *s = &p->steps[i];
		unsigned bit = 1u << i;
		int64_t at;

		if ((x->fired & bit) ||
		    (s->targets && !(s->targets & 1u << target)))
			continue;
		if (x->since == CLOCK_NONE)
			at = CLOCK_NONE; /* nobody is pressed while it rests */
		else if (s->percent == 100)
			at = x->due;
		else if (s->percent)
			at = used_at(p, x, x->target / 100 * s->percent);
		else
			at = x->due == CLOCK_NONE
				 ? CLOCK_NONE
				 : calendar_add(p->calendar, x->due, s->after);
		consider(out, any, target, bit, s, at);
	}
}

bool
sla_next(
    const struct sla_policy *p, const struct sla_clocks *c, struct sla_due *out)
{
	bool any = false;

	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++)
		if (is_live(&c->v[i]))
			consider_clock(
			    p, &c->v[i], (enum sla_target)i, out, &any);
	return any;
}

int64_t
sla_left(const struct sla_policy *p, const struct sla_clock *x, int64_t now)
{
	int64_t used = x->used;

	if (!is_live(x))
		return 0;
	if (x->since != CLOCK_NONE)
		used += calendar_between(p->calendar, x->since, now);
	return x->target - used;
}

/* --- records ----------------------------------------------------------- */

enum {
	TAG_POLICY = 1,
	TAG_VERSION,
	TAG_PRIORITY,
	TAG_TIMER,
	TAG_CLOCK = 8, /* + enum sla_target */
	TAG_STATE = 1,
	TAG_STARTED,
	TAG_TARGET,
	TAG_USED,
	TAG_SINCE,
	TAG_DUE,
	TAG_ENDED,
	TAG_FIRED,
};

static void
put_time(struct buf *b, uint32_t tag, int64_t t)
{
	if (t != CLOCK_NONE)
		rec_i64(b, tag, t);
}

void
sla_encode(const struct sla_clocks *c, struct buf *out)
{
	rec_str_opt(out, TAG_POLICY, c->policy);
	rec_u64_opt(out, TAG_VERSION, c->version);
	rec_u64_opt(out, TAG_PRIORITY, c->priority);
	put_time(out, TAG_TIMER, c->timer);
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++) {
		const struct sla_clock *x = &c->v[i];
		size_t at;

		if (x->state == SLA_NONE && !x->fired)
			continue;
		at = rec_begin(out, TAG_CLOCK + i);
		rec_u64(out, TAG_STATE, x->state);
		rec_i64(out, TAG_STARTED, x->started);
		rec_i64(out, TAG_TARGET, x->target);
		rec_i64(out, TAG_USED, x->used);
		put_time(out, TAG_SINCE, x->since);
		put_time(out, TAG_DUE, x->due);
		put_time(out, TAG_ENDED, x->ended);
		rec_u64_opt(out, TAG_FIRED, x->fired);
		rec_end(out, at);
	}
}

static void
read_clock(struct str rec, struct sla_clock *x)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r)) {
		if (r.tag == TAG_STATE && r.u < SLA_STATE_COUNT)
			x->state = (enum sla_state)r.u;
		else if (r.tag == TAG_STARTED)
			x->started = recr_i64(&r);
		else if (r.tag == TAG_TARGET)
			x->target = recr_i64(&r);
		else if (r.tag == TAG_USED)
			x->used = recr_i64(&r);
		else if (r.tag == TAG_SINCE)
			x->since = recr_i64(&r);
		else if (r.tag == TAG_DUE)
			x->due = recr_i64(&r);
		else if (r.tag == TAG_ENDED)
			x->ended = recr_i64(&r);
		else if (r.tag == TAG_FIRED)
			x->fired = (uint32_t)r.u;
	}
	if (r.bad)
		drop(x);
}

bool
sla_decode(struct arena *a, struct str rec, struct sla_clocks *out)
{
	struct recr r = recr_open(arena_dup(a, rec));

	*out = (struct sla_clocks){.timer = CLOCK_NONE};
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++)
		drop(&out->v[i]);
	while (recr_next(&r)) {
		if (r.tag == TAG_POLICY)
			out->policy = r.s;
		else if (r.tag == TAG_VERSION)
			out->version = r.u;
		else if (r.tag == TAG_PRIORITY && r.u < PRIORITY_COUNT)
			out->priority = (enum priority)r.u;
		else if (r.tag == TAG_TIMER)
			out->timer = recr_i64(&r);
		else if (r.tag >= TAG_CLOCK &&
			 r.tag < TAG_CLOCK + SLA_TARGETS_COUNT)
			read_clock(r.s, &out->v[r.tag - TAG_CLOCK]);
	}
	return !r.bad;
}

/*
 * What falls due of a ticket's clocks, and whom it is told. A rung is done as a
 * whole: what one of its steps does to the clocks must not keep the next one
 * from being done.
 */
#include "desk/sla_run_private.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/change.h"
#include "desk/due.h"
#include "desk/hook.h"
#include "desk/notice.h"
#include "desk/rules.h"
#include "desk/view.h"

/* --- whom ---------------------------------------------------------------*/

static size_t
of_rank(const struct settings *s, const struct agent **from, size_t n,
    enum rank at_least, const struct agent **out)
{
	size_t found = 0;

	for (size_t i = 0; i < (from ? n : s->staff.nagents); i++) {
		const struct agent *x = from ? from[i] : &s->staff.agents[i];

		if (x->rank >= at_least)
			out[found++] = x;
	}
	return found;
}

static size_t
leads(struct arena *a, const struct settings *s, const struct ticket *k,
    const struct agent ***out)
{
	const struct agent **list,
	    **v = arena_array(a, const struct agent *, s->staff.nagents + 1);
	size_t n = staff_of_queue(a, s, k->queue, &list), found;

	*out = v;
	found = of_rank(s, list, n, RANK_LEAD, v);
	if (!found)
		found = of_rank(s, NULL, 0, RANK_LEAD, v);
	if (!found) {
		*out = list;
		found = n;
	}
	return found;
}

size_t
sla_people(struct arena *a, const struct settings *s, const struct ticket *k,
    struct str arg, const struct agent ***out)
{
	const struct staff *staff = &s->staff;
	const struct agent *x = NULL, **v;
	const struct team *team = NULL;
	size_t n = 0;

	if (str_ieq(arg, S("lead")))
		return leads(a, s, k, out);
	if (str_ieq(arg, S("assignee"))) {
		x = staff_agent(staff, k->assignee);
		team = x ? NULL : staff_team(staff, k->assignee);
	} else if (!str_ieq(arg, S("team"))) {
		x = staff_agent(staff, arg);
		team = x ? NULL : staff_team(staff, arg);
	}
	if (!x && !team)
		return staff_of_queue(a, s, k->queue, out);
	*out = v = arena_array(a, const struct agent *, staff->nagents + 1);
	if (x)
		v[n++] = x;
	for (size_t i = 0; team && i < staff->nagents; i++)
		if (agent_in_team(&staff->agents[i], team->name))
			v[n++] = &staff->agents[i];
	return n;
}

/* --- what falls due ---------------------------------------------------- */

struct firing {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	struct ticket *k;
	const struct sla_policy *p;
	struct sla_clock clock; /* of what is due */
	struct sla_due due;
	/* All of its rung: what one does to the clocks must not keep the next
	 * one from being done. */
	const struct sla_step *rung[SLA_STEPS_MAX];
	size_t nrung;
	int64_t now;
	struct actor who;
	/* Who was told of this target already, in this transaction. */
	enum sla_target told_of;
	const struct agent **told;
	size_t ntold;
};

/* Once each for a target: a ladder and the breach itself may mean the same. */
static int
notify(struct firing *f, struct str arg, struct str detail, struct err *err)
{
	const struct settings *s = f->d->settings;
	const struct agent **list, **fresh;
	size_t n = sla_people(f->a, s, f->k, arg, &list), nfresh = 0;
	struct notice x = {
	    .kind = NOTICE_SLA,
	    .who = f->who,
	    .detail = detail,
	};

	if (!n)
		return 0;
	if (f->told_of != f->due.target)
		f->ntold = 0;
	f->told_of = f->due.target;
	if (!f->told)
		f->told = arena_array(
		    f->a, const struct agent *, s->staff.nagents + 1);
	fresh = arena_array(f->a, const struct agent *, n);
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t j = 0; j < f->ntold; j++)
			known |= f->told[j] == list[i];
		if (known)
			continue;
		fresh[nfresh++] = list[i];
		if (f->ntold < s->staff.nagents)
			f->told[f->ntold++] = list[i];
	}
	if (!nfresh)
		return 0;
	x.list = fresh;
	x.nlist = nfresh;
	return notice_send(f->d, f->t, f->a, f->k, &x, f->now, NULL, err);
}

static struct str
at_words(const struct firing *f)
{
	const struct sla_step *s = f->due.step;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (s && s->percent)
		buf_printf(&b, "%u%%", s->percent);
	else if (s) {
		buf_putc(&b, '+');
		sla_duration(&b, s->after);
	}
	return arena_dup(f->a, buf_str(&b));
}

/* For the notice: in the site's time. */
static struct str
due_words(const struct firing *f, bool over)
{
	const struct settings *s = f->d->settings;
	struct str when = view_date(f->a, S("en"), s->timezone, f->clock.due);

	if (f->clock.due == CLOCK_NONE)
		return str_c(sla_target_name(f->due.target));
	return arena_printf(f->a, "%s %s %.*s", sla_target_name(f->due.target),
	    over ? "was due" : "is due", STR_ARG(when));
}

static int
fire_itself(struct firing *f, struct err *err)
{
	bool breach = f->due.bit == SLA_FIRED_BREACH;
	bool over = f->clock.due != CLOCK_NONE && f->clock.due <= f->now;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	f->who.cause = f->p->place;
	if (breach)
		buf_puts(&b, sla_target_name(f->due.target));
	else
		buf_printf(&b, "%s: %u%% of ", sla_target_name(f->due.target),
		    f->p->warn);
	if (!breach) {
		sla_duration(&b, f->clock.target);
		buf_puts(&b, " used");
	}
	buf_puts(&b, breach ? " was due " : ", due ");
	clock_rfc3339(&b, f->clock.due);
	event_add(f->t, f->k, breach ? EVENT_SLA_BREACH : EVENT_SLA_WARNING,
	    &f->who, arena_dup(f->a, buf_str(&b)), f->now);
	/* A warning that comes with the breach, or behind it, warns nobody. */
	if ((breach || !over) &&
	    notify(f, S("assignee"), due_words(f, over), err) < 0)
		return -1;
	return rules_at(f->d, f->t, f->a, f->k,
	    breach ? RULE_SLA_BREACH : RULE_SLA_WARNING, f->now, err);
}

static int
raise(struct firing *f, struct str arg, struct err *err)
{
	enum priority p = f->k->priority;

	if (str_ieq(arg, S("raise")))
		p = p < PRIORITY_URGENT ? p + 1 : p;
	else if (!priority_parse(arg, &p) || p < f->k->priority)
		return 0;
	return change_priority(f->d, f->t, f->a, f->k, p, &f->who, f->now, err);
}

/* Posts the ticket's state to a hook; one that is no more is none. */
static int
webhook(struct firing *f, struct str name, struct err *err)
{
	struct value *data = value_object(f->a);
	AUTO(buf_fini) struct buf due = BUF_INIT;
	struct err why = ERR_INIT;

	clock_rfc3339(&due, f->clock.due);
	value_set_str(
	    f->a, data, "target", str_c(sla_target_name(f->due.target)));
	value_set_str(
	    f->a, data, "state", str_c(sla_state_name(f->clock.state)));
	if (due.n)
		value_set_str(
		    f->a, data, "due", arena_dup(f->a, buf_str(&due)));
	if (hook_post(f->d, f->t, f->a, f->k, name, S("escalated"), data,
		&f->who, f->now, &why) < 0)
		return txn_error(f->t, err);
	return 0;
}

static int
carry_out(struct firing *f, struct err *err)
{
	const struct sla_step *s = f->due.step;

	switch (s->act) {
	case SLA_DO_NOTIFY:
		return notify(f, s->arg,
		    due_words(f,
			f->clock.due != CLOCK_NONE && f->clock.due <= f->now),
		    err);
	case SLA_DO_PRIORITY:
		return raise(f, s->arg, err);
	case SLA_DO_ASSIGN:
		return change_assignee(
		    f->d, f->t, f->a, f->k, s->arg, &f->who, f->now, err);
	case SLA_DO_QUEUE:
		return change_queue(
		    f->d, f->t, f->a, f->k, s->arg, &f->who, f->now, err);
	case SLA_DO_TAG:
		return change_tags(
		    f->d, f->t, f->a, f->k, s->arg, &f->who, f->now, err);
	case SLA_DO_WEBHOOK:
		return webhook(f, s->arg, err);
	case SLA_DO_NONE:
	case SLA_DO_COUNT:
		break;
	}
	return 0;
}

/* What cannot be done (an agent who left) is told in the history; only the
 * store's errors go up. */
static int
fire_step(struct firing *f, struct err *err)
{
	const struct sla_step *s = f->due.step;
	struct err why = ERR_INIT;

	f->who.cause = s->place;
	event_add(f->t, f->k, EVENT_ESCALATED, &f->who,
	    arena_printf(f->a, "%s at %.*s: %s %.*s",
		sla_target_name(f->due.target), STR_ARG(at_words(f)),
		sla_act_name(s->act), STR_ARG(s->arg)),
	    f->now);
	if (carry_out(f, &why) == 0)
		return txn_error(f->t, err);
	if (txn_error(f->t, err) < 0)
		return -1;
	event_add(f->t, f->k, EVENT_ESCALATED, &f->who,
	    arena_printf(f->a, "%s could not be done: %s", sla_act_name(s->act),
		why.msg),
	    f->now);
	return txn_error(f->t, err);
}

/* Steps of one block in sla.conf. */
static bool
same_rung(const struct sla_step *a, const struct sla_step *b)
{
	return a->percent == b->percent && a->after == b->after &&
	       a->targets == b->targets && str_eq(a->place, b->place);
}

/* The first thing that is due, noted as done, and what belongs to it. False:
 * there is none. */
static bool
take(struct firing *f)
{
	struct sla_clocks c;
	struct extra x;

	extra_read(f->a, f->k->extra, &x);
	f->p = sla_policy_of(f->d->settings, f->k);
	if (!f->p || !x.sla.n)
		return false;
	sla_decode(f->a, x.sla, &c);
	if (!sla_next(f->p, &c, &f->due) || f->due.at > f->now)
		return false;
	f->clock = c.v[f->due.target];
	f->nrung = 0;
	for (size_t i = 0; f->due.step && i < f->p->nsteps; i++) {
		const struct sla_step *s = &f->p->steps[i];

		if (!same_rung(s, f->due.step) || (f->clock.fired & 1u << i))
			continue;
		c.v[f->due.target].fired |= 1u << i;
		f->rung[f->nrung++] = s;
	}
	c.v[f->due.target].fired |= f->due.bit;
	sla_keep(f->a, f->k, &x, &c);
	return true;
}

static int
fire(struct firing *f, struct err *err)
{
	if (!f->due.step)
		return fire_itself(f, err);
	for (size_t i = 0; i < f->nrung; i++) {
		f->due.step = f->rung[i];
		if (fire_step(f, err) < 0)
			return -1;
	}
	return 0;
}

int
due_sla(struct desk *d, struct txn *t, struct arena *a, const struct timer *m,
    int64_t now, struct err *err)
{
	struct firing f = {.d = d, .t = t, .a = a, .now = now};
	struct sla_clocks c;
	struct ticket k;
	struct extra x;
	bool changed = false;
	int found = due_ticket(t, a, m, &k, err);

	if (found <= 0)
		return found;
	extra_read(a, k.extra, &x);
	sla_decode(a, x.sla, &c);
	if (c.timer != m->due)
		return 0;
	c.timer = CLOCK_NONE; /* the row is gone */
	sla_keep(a, &k, &x, &c);
	f.k = &k;
	f.who = ACTOR_SYSTEM;
	f.told_of = SLA_TARGETS_COUNT;
	/* Each step may change what the next one is counted by. */
	for (int i = 0; i < FIRE_MAX; i++) {
		sla_update(d, t, a, &k, now, &changed);
		if (!take(&f))
			break;
		if (fire(&f, err) < 0)
			return -1;
	}
	sla_update(d, t, a, &k, now, &changed);
	ticket_put(t, &k);
	return txn_error(t, err);
}

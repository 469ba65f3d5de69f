/* Commands that change the ticket itself: whose it is, where, what, and who reads along. */
#include "base/clock.h"
#include "base/must.h"
#include "desk/change.h"
#include "desk/command_deed.h"
#include "desk/extra.h"
#include "desk/outbound.h"
#include "desk/when.h"

/* --- who, where -------------------------------------------------------- */

/* A word of a closed list, in the agent's language. */
static const char *
say(const struct deed *x, const char *word)
{
	return transcript_say(x->r->told, word);
}

static int
assign(struct deed *x, const struct agent *to)
{
	struct command_run *r = x->r;
	struct str old = r->k->assignee, name = to ? to->name : S("");

	if (change_assignee(RUN(x), name, &x->who, r->now, x->err) < 0)
		return -1;
	if (str_eq(old, r->k->assignee))
		YES(x, "nothing changed: the assignee is %.*s",
		    STR_ARG(old.n ? old : S("-")));
	else
		YES(x, "assignee: %.*s, was %.*s",
		    STR_ARG(name.n ? name : S("-")),
		    STR_ARG(old.n ? old : S("-")));
	return 0;
}

int
do_take(struct deed *x)
{
	return assign(x, x->r->agent);
}

static int
move(struct deed *x, const struct queue *q)
{
	struct command_run *r = x->r;
	struct str old = r->k->queue, had = r->k->assignee;

	if (change_move(RUN(x), q->name, &x->who, r->now, x->err) < 0)
		return -1;
	if (str_eq(old, q->name)) {
		YES(x, "nothing changed: it is in queue %.*s already",
		    STR_ARG(old));
		return 0;
	}
	YES(x, "queue: %.*s, was %.*s", STR_ARG(q->name), STR_ARG(old));
	if (!str_eq(had, r->k->assignee))
		YES(x, "assignee: nobody, since %.*s may not work queue %.*s",
		    STR_ARG(had), STR_ARG(q->name));
	return 0;
}

int
do_queue(struct deed *x)
{
	return move(x, settings_queue(x->r->d->settings, x->args));
}

int
do_assign(struct deed *x)
{
	struct command_run *r = x->r;
	const struct settings *s = r->d->settings;
	const struct team *team = staff_team(&s->staff, x->args);
	const struct queue *q;

	if (!team)
		return assign(x, command_nobody(x->args)
				     ? NULL
				     : staff_agent(&s->staff, x->args));
	q = command_team_queue(s, r->k->queue, team);
	if (r->k->assignee.n && assign(x, NULL) < 0)
		return -1;
	return move(x, q);
}

/* --- what it is -------------------------------------------------------- */

/* With an answer, the status is set and told in the same mail. */
static int
set_status(struct deed *x, enum status s)
{
	struct command_run *r = x->r;
	enum status old = r->k->status;

	if (command_force(x->args)) {
		if (change_status_forced(RUN(x), s, &x->who, r->now, x->err) <
		    0)
			return -1;
	} else if (r->status_with_answer) {
		r->status = s;
		r->status_cause = x->who.cause;
	} else if (change_status(RUN(x), s, &x->who, r->now, x->err) < 0)
		return -1;
	if (s == old)
		YES(x, "nothing changed: the status is %s",
		    say(x, status_name(s)));
	else
		YES(x, "status: %s, was %s", say(x, status_name(s)),
		    say(x, status_name(old)));
	/* Nobody is left without a word: what was never answered is told. */
	if (!r->status_with_answer && s != old &&
	    (s == STATUS_RESOLVED || s == STATUS_CLOSED) &&
	    r->k->agent_wrote == CLOCK_NONE &&
	    r->k->customer_wrote != CLOCK_NONE)
		return outbound_status(RUN(x), old, &x->who, r->now, x->err) < 0
			   ? -1
			   : 0;
	return 0;
}

int
do_open(struct deed *x)
{
	return set_status(x, STATUS_OPEN);
}

int
do_pending(struct deed *x)
{
	return set_status(x, STATUS_PENDING);
}

int
do_hold(struct deed *x)
{
	return set_status(x, STATUS_HOLD);
}

int
do_resolve(struct deed *x)
{
	return set_status(x, STATUS_RESOLVED);
}

int
do_close(struct deed *x)
{
	return set_status(x, STATUS_CLOSED);
}

int
do_spam(struct deed *x)
{
	return set_status(x, STATUS_SPAM);
}

int
do_snooze(struct deed *x)
{
	struct command_run *r = x->r;
	int64_t until;

	if (when_parse(
		x->args, r->d->settings->timezone, r->now, &until, x->err) < 0)
		return -1;
	r->snooze = until;
	r->snooze_cause = x->who.cause;
	YES(x, "out of sight until %.*s", STR_ARG(command_time(r, until)));
	return 0;
}

int
do_priority(struct deed *x)
{
	struct command_run *r = x->r;
	enum priority old = r->k->priority, p = old;

	command_priority(x->args, &p);
	if (change_priority(RUN(x), p, &x->who, r->now, x->err) < 0)
		return -1;
	if (p == old)
		YES(x, "nothing changed: the priority is %s",
		    say(x, priority_name(p)));
	else
		YES(x, "priority: %s, was %s", say(x, priority_name(p)),
		    say(x, priority_name(old)));
	return 0;
}

int
do_subject(struct deed *x)
{
	struct command_run *r = x->r;

	if (change_subject(RUN(x), x->c->args, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "subject: %.*s", STR_ARG(r->k->subject));
	return 0;
}

int
do_tag(struct deed *x)
{
	struct command_run *r = x->r;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (change_tags(RUN(x), command_tags(r->a, x->args), &x->who, r->now,
		x->err) < 0)
		return -1;
	for (size_t i = 0; i < r->k->tags.n; i++)
		buf_printf(
		    &b, "%s%.*s", i ? " " : "", STR_ARG(r->k->tags.v[i]));
	YES(x, "tags: %s", b.n ? buf_cstr(&b) : "-");
	return 0;
}

int
do_field(struct deed *x)
{
	struct command_run *r = x->r;
	struct str name, value;

	command_field(x->c->args, &name, &value);
	if (change_field(RUN(x), name, value, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "%.*s: %.*s", STR_ARG(name), STR_ARG(value.n ? value : S("-")));
	return 0;
}

int
do_time(struct deed *x)
{
	struct command_run *r = x->r;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct extra e;
	int64_t ms = 0;

	change_time_parse(x->args, &ms);
	if (change_time(RUN(x), ms, &x->who, r->now, x->err) < 0)
		return -1;
	extra_read(r->a, r->k->extra, &e);
	clock_duration(&b, e.time_spent);
	YES(x, "working time: %s in all", buf_cstr(&b));
	return 0;
}

/* --- people ------------------------------------------------------------ */

int
do_cc(struct deed *x)
{
	struct command_run *r = x->r;
	struct str rest = x->args;
	struct address one;
	bool add = false;

	command_add(&rest, &add);
	if (change_address(r->a, rest, &one, x->err) < 0 ||
	    change_cc(RUN(x), &one, add, &x->who, r->now, x->err) < 0)
		return -1;
	if (add)
		YES(x, "%.*s reads along", STR_ARG(one.addr));
	else
		YES(x, "%.*s reads along no more", STR_ARG(one.addr));
	return 0;
}

int
do_requester(struct deed *x)
{
	struct command_run *r = x->r;
	struct str old = r->k->requester.addr;
	struct address one;

	if (change_address(r->a, x->args, &one, x->err) < 0 ||
	    change_requester(RUN(x), &one, &x->who, r->now, x->err) < 0)
		return -1;
	/* The agent stood in for the customer whom we did not find. */
	if (r->asked &&
	    staff_by_address(&r->d->settings->staff, old) == r->agent) {
		struct address me = {.addr = old};

		if (change_cc(RUN(x), &me, false, &x->who, r->now, x->err) < 0)
			return -1;
	}
	YES(x, "requester: %.*s, was %.*s", STR_ARG(r->k->requester.addr),
	    STR_ARG(old));
	return 0;
}

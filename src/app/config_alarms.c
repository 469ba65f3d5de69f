/*
 *     alarms { to ["ops@example.org"]; unread_after "15m"; expiring ["21d", "7d", "1d"]; }
 *     heartbeat { every "15m"; within "5m"; mailbox "support"; }
 */
#include "app/config_alarms.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/alarm.h"

struct alarm_blocks {
	struct watching v;
	struct block alarms, heartbeat;
	const struct command *at; /* of heartbeat */
};

struct alarm_blocks *
alarm_blocks_new(struct arena *a)
{
	struct alarm_blocks *o = arena_new(a, struct alarm_blocks);

	o->v = (struct watching){
	    .unread_after = 15 * CLOCK_MINUTE,
	    .unreachable_after = 15 * CLOCK_MINUTE,
	    .unsent_after = 4 * CLOCK_HOUR,
	    .disk = 90,
	    .quarantined = 20,
	    .steps = {21 * CLOCK_DAY, 7 * CLOCK_DAY, CLOCK_DAY},
	    .nsteps = 3,
	    .every = 15 * CLOCK_MINUTE,
	    .within = 5 * CLOCK_MINUTE,
	};
	o->alarms = block_of("alarms");
	o->heartbeat = block_of("heartbeat");
	return o;
}

static void
no_name(struct value_reader *r, const struct command *c)
{
	if (c->nargs)
		wrong(r, c->args[0].at, "%.*s has no name: expected '{'",
		    STR_ARG(c->name));
}

void
alarm_blocks_alarms(
    struct value_reader *r, struct alarm_blocks *o, const struct command *c)
{
	no_name(r, c);
	block_read(r, &o->alarms, c, &o->v);
}

void
alarm_blocks_heartbeat(
    struct value_reader *r, struct alarm_blocks *o, const struct command *c)
{
	no_name(r, c);
	o->at = c;
	o->v.heartbeat = true;
	block_read(r, &o->heartbeat, c, &o->v);
}

/* "21d" "7d" "1d", in any order; falling from here on. */
static void
judge_steps(struct value_reader *r, struct alarm_blocks *o)
{
	const struct command *c = block_value(&o->alarms, "expiring");
	struct watching *w = &o->v;

	if (!c)
		return;
	w->nsteps = 0;
	for (size_t i = 0; i < w->expiring.n; i++) {
		struct str x = w->expiring.v[i];
		int64_t ms;
		size_t at;

		if (!clock_parse_duration(x, &ms) || ms <= 0) {
			wrong(r, value_in(c, x),
			    "expiring: found \"%.*s\", expected a duration "
			    "such as \"21d\"",
			    STR_ARG(x));
			continue;
		}
		if (w->nsteps == ARRAY_LEN(w->steps)) {
			wrong(r, value_in(c, x),
			    "expiring: more than %zu values",
			    ARRAY_LEN(w->steps));
			return;
		}
		for (at = w->nsteps; at && w->steps[at - 1] < ms; at--)
			w->steps[at] = w->steps[at - 1];
		w->steps[at] = ms;
		w->nsteps++;
	}
}

static void
judge_alarms(
    struct value_reader *r, struct alarm_blocks *o, const struct config *c)
{
	const struct command *to = block_value(&o->alarms, "to");
	struct watching *w = &o->v;

	if (to && w->to.n == 1 && str_eq(w->to.v[0], S("none"))) {
		w->to.n = 0;
		w->off = true;
	}
	for (size_t i = 0; i < w->to.n; i++) {
		struct address x;

		if (!address_parse_one(r->a, w->to.v[i], &x)) {
			wrong(r, value_in(to, w->to.v[i]),
			    "to: found \"%.*s\", expected an address such as "
			    "\"ops@example.org\", or \"none\"",
			    STR_ARG(w->to.v[i]));
			continue;
		}
		w->to.v[i] = address_key(r->a, x.addr);
		if (settings_is_own(&c->settings, w->to.v[i]))
			wrong(r, value_in(to, w->to.v[i]),
			    "to: %.*s is an address of the desk; alarms go to "
			    "people who look after it",
			    STR_ARG(w->to.v[i]));
	}
	judge_steps(r, o);
}

/* Where a probe goes that is to arrive in that mailbox. */
static void
probe_address(struct value_reader *r, struct alarm_blocks *o,
    const struct config *c, const struct mailbox *m)
{
	struct watching *w = &o->v;

	if (w->probe_to.addr.n)
		return;
	if (address_parse_one(r->a, m->user, &w->probe_to))
		return;
	for (size_t i = 0; i < c->settings.nqueues; i++)
		if (str_eq(m->queue, c->settings.queues[i].name))
			w->probe_to = c->settings.queues[i].address;
	if (!w->probe_to.addr.n)
		w->probe_to = c->settings.queues[0].address;
}

static void
judge_heartbeat(
    struct value_reader *r, struct alarm_blocks *o, const struct config *c)
{
	const struct command *within = block_value(&o->heartbeat, "within");
	const struct mailbox *m = NULL;
	struct watching *w = &o->v;
	struct strs names = {0};

	for (size_t i = 0; i < c->nmailboxes; i++) {
		const struct mailbox *x = &c->mailboxes[i];

		if (x->kind == MAILBOX_SPOOL || x->sent_only ||
		    (x->kind == MAILBOX_IMAP && !x->folders.n))
			continue;
		strs_add(r->a, &names, x->name);
		if (!m &&
		    (!w->probe_mailbox.n || str_eq(x->name, w->probe_mailbox)))
			m = x;
	}
	judge_reference(r, &o->heartbeat, "mailbox", "mailbox that is read",
	    w->probe_mailbox, &names);
	if (within && w->within > w->every)
		wrong(r, value_at(within),
		    "within must not be longer than every");
	w->within = MIN(w->within, w->every);
	if (!m) {
		if (!w->probe_mailbox.n)
			wrong(r, o->at->at,
			    "heartbeat needs a mailbox of kind imap or maildir "
			    "to which its probes come back");
		w->heartbeat = false;
		return;
	}
	w->probe_mailbox = m->name;
	probe_address(r, o, c, m);
}

void
alarm_blocks_finish(
    struct value_reader *r, struct alarm_blocks *o, struct config *c)
{
	struct strs transports = {0};

	for (size_t i = 0; i < c->ntransports; i++)
		strs_add(r->a, &transports, c->transports[i].name);
	judge_reference(r, &o->alarms, "transport", "transport", o->v.transport,
	    &transports);
	judge_reference(r, &o->heartbeat, "transport", "transport",
	    o->v.probe_transport, &transports);
	judge_alarms(r, o, c);
	if (o->v.heartbeat)
		judge_heartbeat(r, o, c);
	c->watch = o->v;
}

#include "app/status.h"
#include "app/expiry.h"
#include "app/json.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/due.h"
#include "desk/health.h"
#include "desk/sla_run.h"
#include "store/outbox.h"
#include "store/retain.h"
#include "store/ticket.h"

#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct report {
	const struct status_sources *s;
	struct txn *t; /* NULL: the store cannot be read */
	struct arena a;
	json_t *o, *list, *problems;
	uint64_t active;  /* tickets, new to hold */
	uint64_t waiting; /* mails */
	int64_t now;
};

static void
put_number(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

/* ms as seconds. */
static void
put_span(json_t *o, const char *key, int64_t ms)
{
	put_number(o, key, (uint64_t)(MAX(ms, (int64_t)0) / CLOCK_SECOND));
}

static void
problem(struct report *r, const char *what, struct str name, struct str words)
{
	struct str s =
	    arena_printf(&r->a, "%s%s%.*s%s%.*s", what, name.n ? " " : "",
		STR_ARG(name), words.n ? ": " : "", STR_ARG(words));

	json_array_append_new(r->problems, json_of(s));
}

/* --- mailboxes and transports ------------------------------------------ */

static void
add_feed(void *ctx, const struct feed_status *s)
{
	struct report *r = ctx;
	json_t *o = json_object();

	json_put_str(o, "name", s->name);
	json_put_str(o, "state", str_c(s->state));
	json_put_time(o, "last_ok", s->last_ok);
	put_span(o, "lag", s->unread_for);
	put_span(o, "expected", s->expected);
	json_put_time(o, "next_try", s->next_try);
	put_number(o, "taken", s->taken);
	put_number(o, "unstored", s->unstored);
	put_span(o, "oldest_unstored", s->unstored_for);
	json_put_str_or_null(o, "error", str_c(s->error));
	json_array_append_new(r->list, o);
	if (s->error[0])
		problem(r, "mailbox", s->name, str_c(s->error));
}

static void
add_sender(void *ctx, const struct sender_status *s)
{
	struct report *r = ctx;
	json_t *o = json_object();

	json_put_str(o, "name", s->name);
	put_number(o, "sent", s->sent);
	put_number(o, "refused", s->refused);
	put_number(o, "deferred", s->deferred);
	json_put_time(o, "last_ok", s->last_ok);
	put_span(o, "failing", s->failing_for);
	json_put_time(o, "next_try", s->next_try);
	json_put_str_or_null(o, "error", str_c(s->error));
	json_array_append_new(r->list, o);
	if (s->error[0])
		problem(r, "transport", s->name, str_c(s->error));
}

static void
put_ways(struct report *r)
{
	json_t *boxes = json_array(), *transports = json_array();

	r->list = boxes;
	if (r->s->feeds)
		feeds_status(r->s->feeds, add_feed, r);
	r->list = transports;
	if (r->s->senders)
		senders_status(r->s->senders, add_sender, r);
	json_object_set_new(r->o, "mailboxes", boxes);
	json_object_set_new(r->o, "transports", transports);
}

/* --- queues and store -------------------------------------------------- */

/* Tickets whose time is noted, and when the first of them is purged. */
static void
put_retention(struct report *r)
{
	json_t *o = json_object();
	uint64_t n = 0, ticket;
	int64_t at = CLOCK_NONE;

	if (r->t && retain_count(r->t, &n) == 0)
		retain_first(r->t, &at, &ticket);
	json_object_set_new(o, "waiting", json_integer((json_int_t)n));
	json_put_time(o, "next", at);
	json_object_set_new(r->o, "purge", o);
}

/* How many wait, and what is next. */
static void
put_timers(struct report *r)
{
	json_t *o = json_object();
	struct timer first = {.due = CLOCK_NONE};
	uint64_t n = 0;

	if (r->t)
		due_count(r->t, &r->a, &n, &first);
	put_number(o, "waiting", n);
	json_put_time(o, "next", first.due);
	json_put_str_or_null(o, "kind",
	    n ? str_c(due_name((enum due_kind)first.kind)) : str_n(NULL, 0));
	json_object_set_new(r->o, "timers", o);
	put_retention(r);
}

static void
put_writer(struct report *r)
{
	uint64_t used = 0, size = 0;
	struct writer_state w;
	struct statvfs fs;

	writer_state(r->s->writer, &w);
	put_number(r->o, "intake", pipeline_depth(r->s->pipeline));
	put_number(r->o, "writer_queue", w.queued);
	put_number(r->o, "commits", w.commits);
	json_object_set_new(r->o, "store_full", json_boolean(w.full));
	store_usage(r->s->store, &used, &size);
	put_number(r->o, "store_used", used);
	put_number(r->o, "store_size", size);
	if (statvfs(r->s->data, &fs) == 0) {
		put_number(
		    r->o, "disk_free", (uint64_t)fs.f_bavail * fs.f_frsize);
		put_number(
		    r->o, "disk_size", (uint64_t)fs.f_blocks * fs.f_frsize);
	}
	if (w.full)
		problem(r, "store", S("full"), S("nothing is taken in"));
}

static void
put_outbox(struct report *r)
{
	json_t *o = json_object();
	int64_t created = CLOCK_NONE;

	for (int st = OUTBOX_QUEUED; st < OUTBOX_STATE_COUNT; st++) {
		uint64_t n = 0;

		outbox_count(r->t, (enum outbox_state)st, &n);
		put_number(o, outbox_state_name((enum outbox_state)st), n);
		if (st == OUTBOX_QUEUED || st == OUTBOX_SENDING)
			r->waiting += n;
	}
	json_object_set_new(r->o, "outbox", o);
	if (health_unsent(r->t, &r->a, &created) <= 0)
		created = CLOCK_NONE;
	json_put_time(r->o, "oldest_unsent", created);
	put_span(r->o, "oldest_unsent_age",
	    created == CLOCK_NONE ? 0 : r->now - created);
}

static void
put_tickets(struct report *r)
{
	json_t *o = json_object();
	uint64_t quarantined = 0;

	for (int st = STATUS_NEW; st < STATUS_COUNT; st++) {
		uint64_t n = 0;

		ticket_count(r->t, (enum status)st, &n);
		put_number(o, status_name((enum status)st), n);
		if (st <= STATUS_HOLD)
			r->active += n;
	}
	json_object_set_new(r->o, "tickets", o);
	quarantine_count(r->t, &quarantined);
	put_number(r->o, "quarantine", quarantined);
}

/* --- service levels ---------------------------------------------------- */

struct clocks {
	const struct settings *settings;
	struct arena a;
	int64_t now;
	uint64_t looked, running, paused, breached, late;
};

static bool
count_clocks(void *ctx, const struct ticket *k)
{
	struct clocks *c = ctx;
	const struct sla_policy *p;
	struct sla_clocks clocks;
	bool late = false;

	c->looked++;
	if (sla_clocks_of(c->settings, &c->a, k, c->now, &clocks, &p))
		for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++) {
			enum sla_state s = clocks.v[i].state;

			c->running += s == SLA_RUNNING;
			c->paused += s == SLA_PAUSED;
			c->breached += s == SLA_BREACHED;
			late |= s == SLA_BREACHED;
		}
	c->late += late;
	arena_reset(&c->a);
	return true;
}

static void
put_sla(struct report *r)
{
	struct clocks c = {.settings = &r->s->config->settings, .now = r->now};
	struct ticket_filter f = {.limit = STATUS_SLA_MAX,
	    .statuses = 1u << STATUS_NEW | 1u << STATUS_OPEN |
			1u << STATUS_PENDING | 1u << STATUS_HOLD};
	json_t *o;

	if (!c.settings->npolicies)
		return;
	ticket_each(r->t, &c.a, &f, count_clocks, &c);
	arena_fini(&c.a);
	o = json_object();
	put_number(o, "running", c.running);
	put_number(o, "paused", c.paused);
	put_number(o, "breached", c.breached);
	put_number(o, "tickets_breached", c.late);
	json_object_set_new(
	    o, "complete", json_boolean(c.looked < STATUS_SLA_MAX));
	json_object_set_new(r->o, "sla", o);
}

/* --- alarms ------------------------------------------------------------ */

static void
put_alarm(struct report *r, const struct alarm *x)
{
	json_t *o = json_object();

	json_put_str(o, "kind", str_c(alarm_name(x->kind)));
	json_put_str_or_null(o, "name", x->name);
	json_put_str(o, "state", str_c(alarm_state_name(x->state)));
	json_put_time(o, "since", x->since);
	json_put_time(o, "told", x->told_at);
	json_put_str_or_null(o, "words", x->words);
	json_array_append_new(r->list, o);
	if (x->state == ALARM_RAISED)
		problem(r,
		    arena_printf(&r->a, "alarm %s", alarm_name(x->kind)).p,
		    x->name, x->words);
}

static void
put_heartbeat(struct report *r, const struct health *h)
{
	json_t *o;

	if (!r->s->config->watch.heartbeat)
		return;
	o = json_object();
	json_put_time(o, "sent", h->probe.number ? h->probe.sent : CLOCK_NONE);
	json_put_time(o, "arrived", h->arrived);
	json_object_set_new(o, "seconds",
	    h->arrived == CLOCK_NONE ? json_null()
				     : json_real((double)h->took / 1000.0));
	json_object_set_new(
	    o, "waiting", json_boolean(h->probe.number && !h->probe.arrived));
	put_number(o, "lost", h->probe.lost);
	json_object_set_new(r->o, "heartbeat", o);
}

static void
put_expiring(struct report *r)
{
	json_t *list = json_array();
	struct expiry *v;
	size_t n = expiry_list(&r->a, r->s->config, &v);

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_put_str(o, "kind", str_c(alarm_name(v[i].kind)));
		json_put_str(o, "name", v[i].name);
		json_put_time(o, "expires", v[i].at);
		json_array_append_new(list, o);
	}
	json_object_set_new(r->o, "expiring", list);
}

static void
put_health(struct report *r)
{
	json_t *alarms = json_array();
	struct health h;
	struct str dir;
	int64_t at;

	r->list = alarms;
	if (health_read(r->t, &r->a, &h, NULL) == 0) {
		for (size_t i = 0; i < h.n; i++)
			if (h.v[i].state != ALARM_QUIET)
				put_alarm(r, &h.v[i]);
		put_heartbeat(r, &h);
		json_put_time(r->o, "alarm_bounced", h.bounced);
		json_put_str_or_null(r->o, "alarm_bounce", h.bounce);
	}
	json_object_set_new(r->o, "alarms", alarms);
	if (health_backup_get(r->t, &r->a, &at, &dir) > 0) {
		json_put_time(r->o, "last_backup", at);
		json_put_str(r->o, "last_backup_to", dir);
	} else
		json_object_set_new(r->o, "last_backup", json_null());
}

/* --- all of it --------------------------------------------------------- */

static void
in_words(const struct report *r, bool running, char *line, size_t n)
{
	size_t bad = json_array_size(r->problems);

	if (!running)
		snprintf(line, n, "ending");
	else if (bad)
		snprintf(line, n, "in trouble%s: %.150s",
		    bad > 1 ? ", among other things" : "",
		    json_string_value(json_array_get(r->problems, 0)));
	else
		snprintf(line, n,
		    "well; %llu tickets open, %llu mails wait to be sent",
		    (unsigned long long)r->active,
		    (unsigned long long)r->waiting);
}

void
status_json(const struct status_sources *s, bool running, struct buf *out,
    char *line, size_t n)
{
	struct report r = {.s = s,
	    .o = json_object(),
	    .problems = json_array(),
	    .now = clock_now()};
	AUTO(txn_abort) struct txn *t = NULL;

	json_object_set_new(r.o, "running", json_boolean(running));
	json_put_str(r.o, "version", S(PACKAGE_VERSION));
	put_number(r.o, "pid", (uint64_t)getpid());
	json_put_time(r.o, "started", s->started);
	json_put_time(r.o, "now", r.now);
	put_ways(&r);
	put_writer(&r);
	if (txn_read(s->store, &t, NULL) == 0) {
		r.t = t;
		put_outbox(&r);
		put_tickets(&r);
		put_sla(&r);
		put_health(&r);
	} else
		problem(&r, "store", S(""), S("it cannot be read"));
	put_timers(&r);
	put_expiring(&r);
	json_object_set_new(r.o, "well",
	    json_boolean(running && json_array_size(r.problems) == 0));
	json_object_set_new(r.o, "problems", r.problems);
	if (line)
		in_words(&r, running, line, n);
	json_line(out, r.o);
	arena_fini(&r.a);
}

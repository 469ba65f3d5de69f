/* calendar: what a calendar of sla.conf comes to, so that an admin can see that it is right. */
#include "app/session.h"
#include "app/json.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/sla_run.h"
#include "desk/when.h"
#include "mail/zone.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#define PAST (5 * 365 * CLOCK_DAY)

enum {
	SPANS = 10,
	HOLIDAYS = 10
};

struct question {
	struct verb_context *c;
	const struct settings *s;
	const struct calendar *k;
	int64_t from, add; /* add 0: not asked */
};

/* "Mon 2026-03-02 09:00 +01:00": on the calendar's wall. */
static struct str
wall(struct arena *a, const struct calendar *k, int64_t t)
{
	static const char *const days[] = {
	    "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	int64_t offset, at, day, year;
	unsigned month, mday, minute;

	if (t == CLOCK_NONE)
		return S("never");
	offset = (int64_t)zone_offset(k->zone, t) * CLOCK_SECOND;
	at = t + offset;
	day = at / CLOCK_DAY - (at % CLOCK_DAY < 0);
	clock_date(day, &year, &month, &mday);
	minute = (unsigned)((at - day * CLOCK_DAY) / CLOCK_MINUTE);
	return arena_printf(a, "%s %04lld-%02u-%02u %02u:%02u",
	    days[((day % 7) + 7) % 7], (long long)year, month, mday,
	    minute / 60, minute % 60);
}

static struct str
date_words(struct arena *a, int32_t day)
{
	int64_t year;
	unsigned month, mday;

	clock_date(day, &year, &month, &mday);
	return arena_printf(
	    a, "%04lld-%02u-%02u", (long long)year, month, mday);
}

/* --- the parts --------------------------------------------------------- */

static void
show_spans(const struct question *q, json_t *o)
{
	json_t *l = json_array();
	int64_t t = q->from, from, to;

	if (!o)
		puts("next working time:");
	for (int i = 0; i < SPANS && calendar_next(q->k, t, &from, &to); i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		AUTO(buf_fini) struct buf b = BUF_INIT;

		from = MAX(from, q->from);
		sla_duration(&b, to - from);
		if (o) {
			json_t *e = json_object();

			json_put_time(e, "from", from);
			json_put_time(e, "to", to);
			json_array_append_new(l, e);
		} else
			printf("  %.*s  to  %.*s  (%s)\n",
			    STR_ARG(wall(&a, q->k, from)),
			    STR_ARG(wall(&a, q->k, to)), buf_cstr(&b));
		t = to;
	}
	if (o)
		json_object_set_new(o, "spans", l);
	else
		json_decref(l);
}

static void
show_holidays(const struct question *q, json_t *o)
{
	int32_t today =
	    (int32_t)((q->from + (int64_t)zone_offset(q->k->zone, q->from) *
				     CLOCK_SECOND) /
		      CLOCK_DAY);
	json_t *l = json_array();
	size_t shown = 0;

	for (size_t i = 0; i < q->k->nholidays && shown < HOLIDAYS; i++) {
		const struct holiday *h = &q->k->holidays[i];
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct str day = date_words(&a, h->day);

		if (h->day < today)
			continue;
		if (o) {
			json_t *e = json_object();

			json_put_str(e, "date", day);
			json_put_str_or_null(e, "name", h->name);
			json_array_append_new(l, e);
		} else
			printf("%s  %.*s  %.*s\n", shown ? "" : "holidays:\n",
			    STR_ARG(day), STR_ARG(h->name));
		shown++;
	}
	if (o)
		json_object_set_new(o, "holidays", l);
	else
		json_decref(l);
}

static void
show_targets(const struct question *q, const struct sla_policy *p,
    enum priority pr, json_t *list)
{
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		AUTO(buf_fini) struct buf b = BUF_INIT;
		int64_t ms = p->target[pr][i], due;

		if (!ms)
			continue;
		due = calendar_add(q->k, q->from, ms);
		sla_duration(&b, ms);
		if (list) {
			json_t *e = json_object();

			json_put_str(e, "sla", p->name);
			json_put_str(e, "priority", str_c(priority_name(pr)));
			json_put_str(e, "target",
			    str_c(sla_target_name((enum sla_target)i)));
			json_object_set_new(
			    e, "seconds", json_integer(ms / CLOCK_SECOND));
			json_put_time(e, "due", due);
			json_array_append_new(list, e);
		} else
			printf("  %-8s %-15s %-8s %.*s\n", priority_name(pr),
			    sla_target_name((enum sla_target)i), buf_cstr(&b),
			    STR_ARG(wall(&a, q->k, due)));
	}
}

static void
show_policies(const struct question *q, json_t *o)
{
	json_t *l = json_array();

	for (size_t i = 0; i < q->s->npolicies; i++) {
		const struct sla_policy *p = &q->s->policies[i];

		if (p->calendar != q->k)
			continue;
		if (!o)
			printf("sla %.*s, for a ticket opened then, due:\n",
			    STR_ARG(p->name));
		for (unsigned pr = PRIORITY_COUNT - 1; pr > PRIORITY_NONE; pr--)
			show_targets(q, p, (enum priority)pr, o ? l : NULL);
	}
	if (o)
		json_object_set_new(o, "due", l);
	else
		json_decref(l);
}

static void
show(const struct question *q)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	json_t *o = q->c->json ? json_object() : NULL;
	bool working = calendar_working(q->k, q->from);

	if (o) {
		json_put_str(o, "calendar", q->k->name);
		json_put_str(o, "timezone", str_c(q->k->zone));
		json_put_time(o, "from", q->from);
		json_object_set_new(o, "working", json_boolean(working));
	} else
		printf("calendar %.*s, %s, from %.*s: %s\n",
		    STR_ARG(q->k->name), q->k->zone,
		    STR_ARG(wall(&a, q->k, q->from)),
		    working ? "working time" : "no working time");
	if (q->add) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		int64_t at = calendar_add(q->k, q->from, q->add);

		sla_duration(&b, q->add);
		if (o)
			json_put_time(o, "added", at);
		else
			printf("%s of working time later: %.*s\n", buf_cstr(&b),
			    STR_ARG(wall(&a, q->k, at)));
	}
	show_spans(q, o);
	show_holidays(q, o);
	show_policies(q, o);
	if (o)
		json_print(o);
}

/* --- the verb ---------------------------------------------------------- */

static int
find(struct question *q, struct str name)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str *names = arena_array(&a, struct str, q->s->ncalendars + 1);
	struct str near;

	q->k = settings_calendar(q->s, name);
	if (q->k)
		return EX_OK;
	if (!q->s->ncalendars)
		return verb_fail(q->c, EX_CONFIG,
		    "there is no calendar: %s/sla.conf names none",
		    q->c->config_dir);
	for (size_t i = 0; i < q->s->ncalendars; i++)
		names[i] = q->s->calendars[i].name;
	near = syntax_nearest(name, names, q->s->ncalendars);
	return verb_fail(q->c, EX_USAGE,
	    "there is no calendar \"%.*s\"%s%.*s%s", STR_ARG(name),
	    near.n ? ": did you mean \"" : "", STR_ARG(near),
	    near.n ? "\"?" : "");
}

/* A name, or all of them when none is given. */
static int
answer(struct question *q, const char *name, const char *from)
{
	struct err err = ERR_INIT;
	int status = name ? find(q, str_c(name)) : EX_OK;

	if (status != EX_OK)
		return status;
	if (!name) {
		for (size_t i = 0; i < q->s->ncalendars; i++) {
			q->k = &q->s->calendars[i];
			show(q);
		}
		return EX_OK;
	}
	/* Days of the past may be looked at, too. */
	if (from && !clock_parse_rfc3339(str_c(from), &q->from) &&
	    when_parse(str_c(from), q->k->zone, q->from, &q->from, &err) < 0 &&
	    when_parse(
		str_c(from), q->k->zone, q->from - PAST, &q->from, NULL) < 0)
		return verb_err(q->c, &err);
	show(q);
	return EX_OK;
}

int
cmd_calendar(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"from", required_argument, NULL, 'f'},
	    {"add", required_argument, NULL, 'a'},
	    {NULL, 0, NULL, 0},
	};
	struct question q = {.c = c, .from = clock_now()};
	const char *from = NULL;
	struct session s;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'f')
			from = optarg;
		else if (opt != 'a' ||
			 !clock_parse_duration(str_c(optarg), &q.add))
			return verb_usage(c);
	}
	if (optind + 1 < argc || (optind == argc && from))
		return verb_usage(c);
	status = session_open(&s, c, SESSION_CONFIG);
	if (status == EX_OK) {
		q.s = &s.config->settings;
		status = answer(&q, optind < argc ? argv[optind] : NULL, from);
	}
	session_close(&s);
	return status;
}

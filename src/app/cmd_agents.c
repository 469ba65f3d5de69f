/* agents: who is there, and what each has; away, back: saying it for somebody. */
#include "app/json.h"
#include "app/session.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/route.h"
#include "desk/when.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

struct deed {
	struct str name, until; /* empty: until he is back */
	bool
	    reroute; /* all that waits for him, not only what nobody has answered */
	/* out */
	struct away away;
	size_t rerouted;
	bool was;
};

static int
find_agent(struct session *s, struct arena *a, struct str name,
    const struct agent **out, struct err *err)
{
	const struct staff *staff = &s->config->settings.staff;
	struct str near;

	*out = staff_agent(staff, name);
	if (*out)
		return 0;
	near = staff_nearest(a, staff, name);
	return err_set(err, ERR_INVAL, "there is no agent %.*s%s%.*s%s",
	    STR_ARG(name), near.n ? "; did you mean " : "", STR_ARG(near),
	    near.n ? "?" : "");
}

static int
do_away(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	const struct settings *settings = &s->config->settings;
	struct deed *d = ctx;
	struct actor who = {session_actor(a), S("helpd agents away")};
	const struct agent *x;

	if (find_agent(s, a, d->name, &x, err) < 0)
		return -1;
	d->away = (struct away){
	    .agent = x->name,
	    .since = now,
	    .until = AWAY_OPEN,
	    .by = who.name,
	};
	if (d->until.n && when_parse(d->until, settings->timezone, now,
			      &d->away.until, err) < 0)
		return -1;
	if (away_set(t, a, &d->away, now, err) < 0)
		return -1;
	d->away.by = str_n(NULL, 0); /* dies with the transaction */
	if (!d->reroute && !settings->reroute)
		return 0;
	return route_away(&s->desk, t, a, x, &d->away, d->reroute, NULL, &who,
	    now, &d->rerouted, err);
}

static int
do_back(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	const struct agent *x;
	int was;

	if (find_agent(s, a, d->name, &x, err) < 0)
		return -1;
	was = away_end(t, a, x->name, now, err);
	d->was = was > 0;
	d->away.agent = x->name;
	return MIN(was, 0);
}

/* --- the list ---------------------------------------------------------- */

struct row {
	const struct agent *agent;
	const struct away *away;
	bool on_duty;
	struct ticket_load load;
};

static json_t *
row_json(const struct row *r)
{
	json_t *o = json_object(), *by = json_object();
	const struct agent *x = r->agent;

	json_put_str(o, "name", x->name);
	json_put_str(o, "full_name", x->full_name);
	json_put_str(o, "role", str_c(rank_name(x->rank)));
	json_put_strs(o, "teams", &x->teams);
	json_object_set_new(o, "there", json_boolean(r->on_duty && !r->away));
	json_object_set_new(o, "on_duty", json_boolean(r->on_duty));
	json_object_set_new(o, "away", json_boolean(r->away != NULL));
	json_put_time(o, "away_since", r->away ? r->away->since : CLOCK_NONE);
	json_put_time(o, "away_until",
	    r->away && r->away->until != AWAY_OPEN ? r->away->until
						   : CLOCK_NONE);
	json_put_str_or_null(o, "away_by", r->away ? r->away->by : S(""));
	json_object_set_new(
	    o, "tickets", json_integer((json_int_t)ticket_load_sum(&r->load)));
	for (unsigned p = PRIORITY_LOW; p < PRIORITY_COUNT; p++)
		json_object_set_new(by, priority_name((enum priority)p),
		    json_integer((json_int_t)r->load.n[p]));
	json_object_set_new(o, "by_priority", by);
	json_object_set_new(
	    o, "load", json_integer((json_int_t)route_load(&r->load)));
	json_object_set_new(o, "capacity",
	    x->capacity ? json_integer((json_int_t)x->capacity) : json_null());
	return o;
}

static struct str
joined(struct arena *a, const struct strs *l)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		buf_printf(&b, "%s%.*s", i ? " " : "", STR_ARG(l->v[i]));
	return l->n ? arena_dup(a, buf_str(&b)) : S("-");
}

static void
put_row(struct table *table, struct arena *a, const struct settings *s,
    const struct row *r)
{
	struct table_row *o = table_row(table);
	const struct agent *x = r->agent;
	struct str until = {0};

	if (r->away)
		until = away_words(a, r->away, s->timezone);
	o->cell[0] = x->name;
	o->cell[1] = joined(a, &x->teams);
	o->cell[2] = r->away ? arena_printf(a, "away%s%.*s", until.n ? " " : "",
				   STR_ARG(until))
		     : r->on_duty ? S("there")
				  : S("off duty");
	o->colour[2] = r->away      ? COLOUR_YELLOW
		       : r->on_duty ? COLOUR_GREEN
				    : COLOUR_DIM;
	o->cell[3] = arena_printf(a, "%u", ticket_load_sum(&r->load));
	o->cell[4] = arena_printf(a, "%u", route_load(&r->load));
	o->cell[5] = x->capacity ? arena_printf(a, "%u", x->capacity) : S("-");
	if (x->capacity && ticket_load_sum(&r->load) >= x->capacity)
		o->colour[3] = COLOUR_RED;
	o->cell[6] = joined(a, &x->skills);
}

static int
print_all(struct session *s, struct verb_context *c, struct txn *t,
    struct arena *a, struct err *err)
{
	static const char *const heads[] = {"AGENT", "TEAMS", "STATE",
	    ">TICKETS", ">LOAD", ">CAPACITY", "SKILLS", NULL};
	const struct settings *settings = &s->config->settings;
	int64_t now = clock_now();
	struct table table;
	struct aways away;

	table_init(&table, a, c->colour, heads);
	if (away_list(t, a, now, &away, err) < 0)
		return -1;
	for (size_t i = 0; i < settings->staff.nagents; i++) {
		struct row r = {.agent = &settings->staff.agents[i]};

		r.away = away_of(&away, r.agent->name);
		r.on_duty = route_on_duty(settings, r.agent, now);
		if (ticket_load(t, r.agent->name, &r.load) < 0)
			return txn_error(t, err);
		if (c->json)
			json_print(row_json(&r));
		else
			put_row(&table, a, settings, &r);
	}
	if (!c->json && settings->staff.nagents)
		table_print(&table);
	else if (!c->json && c->colour)
		puts("no agents (see helpd-agents(5))");
	return 0;
}

static int
list(struct verb_context *c)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct txn *t = NULL;
	struct err err = ERR_INIT;
	struct session s;
	int status = session_open(&s, c, SESSION_STORE);

	if (status == EX_OK && (txn_read(s.store, &t, &err) < 0 ||
				   print_all(&s, c, t, &a, &err) < 0))
		status = verb_err(c, &err);
	txn_abort(&t);
	session_close(&s);
	return status;
}

/* --- saying it --------------------------------------------------------- */

static void
print_away(struct verb_context *c, const struct deed *d, const char *zone)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str until = away_words(&a, &d->away, zone);
	json_t *o;

	if (!c->json) {
		printf("%.*s is away %.*s", STR_ARG(d->away.agent),
		    STR_ARG(until.n ? until : S("until back")));
		if (d->rerouted)
			printf("; %zu ticket%s went to others", d->rerouted,
			    d->rerouted == 1 ? "" : "s");
		putchar('\n');
		return;
	}
	o = json_object();
	json_put_str(o, "name", d->away.agent);
	json_object_set_new(o, "away", json_true());
	json_put_time(o, "away_until",
	    d->away.until == AWAY_OPEN ? CLOCK_NONE : d->away.until);
	json_object_set_new(
	    o, "rerouted", json_integer((json_int_t)d->rerouted));
	json_print(o);
}

static void
print_back(struct verb_context *c, const struct deed *d)
{
	json_t *o;

	if (!c->json) {
		printf("%.*s %s\n", STR_ARG(d->away.agent),
		    d->was ? "is there again" : "was not away");
		return;
	}
	o = json_object();
	json_put_str(o, "name", d->away.agent);
	json_object_set_new(o, "away", json_false());
	json_object_set_new(o, "was_away", json_boolean(d->was));
	json_print(o);
}

static int
change(struct verb_context *c, struct deed *d, bool back)
{
	struct session s;
	int status = session_open(&s, c, SESSION_STORE | SESSION_DESK);

	if (status == EX_OK)
		status = session_write(&s, c, back ? do_back : do_away, d);
	if (status == EX_OK && back)
		print_back(c, d);
	else if (status == EX_OK)
		print_away(c, d, s.config->settings.timezone);
	session_close(&s);
	return status;
}

int
cmd_agents(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"reroute", no_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0},
	};
	AUTO(buf_fini) struct buf until = BUF_INIT;
	struct deed d = {0};
	struct str what;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'r')
			return verb_usage(c);
		d.reroute = true;
	}
	what = optind < argc ? str_c(argv[optind]) : S("list");
	if (str_eq(what, S("list")))
		return optind + 1 < argc || d.reroute ? verb_usage(c) : list(c);
	if (optind + 1 >= argc)
		return verb_usage(c);
	d.name = str_c(argv[optind + 1]);
	if (str_eq(what, S("back")))
		return optind + 2 < argc || d.reroute ? verb_usage(c)
						      : change(c, &d, true);
	if (!str_eq(what, S("away")))
		return verb_usage(c);
	/* agents away anna until 2026-12-24 09:00 */
	for (int i = optind + 2; i < argc; i++)
		if (i > optind + 2 || strcmp(argv[i], "until") != 0)
			buf_printf(&until, "%s%s", until.n ? " " : "", argv[i]);
	d.until = buf_str(&until);
	return change(c, &d, false);
}

/*
 * route: new tickets, their customers' tiers, who is away; and ten thousand tickets through the store, by four threads, over agents who come and go.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "agent_fixture.h"
#include "base/mem.h"
#include "desk/calendar.h"
#include "desk/customers.h"
#include "desk/route.h"
#include "desk/sla.h"
#include "store/check.h"

#define MINUTE CLOCK_MINUTE

static uint64_t seed = 11;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static struct agents *
agents_of(void **state)
{
	return *state;
}

/* A mail of Ann's that belongs to no other. */
static uint64_t
mail_from(struct fixture *f, const char *from, const char *to, int64_t now)
{
	static unsigned n;
	struct mail m = {
	    .from = from,
	    .to = to,
	    .subject = arena_printf(&f->a, "Printer %u", ++n).p,
	    .id = arena_printf(&f->a, "r%u@x.example", n).p,
	    .text = "It burns.",
	};

	return take(f, &m, now).ticket;
}

static uint64_t
new_ticket(struct fixture *f, int64_t now)
{
	return mail_from(f, "Ann <" ANN ">", "support@acme.example", now);
}

static struct str
cause_of(struct fixture *f, uint64_t id, const char *kind)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct ticket k = ticket(f, id);
	struct str out = {0};
	struct event e;

	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	for (uint32_t i = 1; i <= k.events; i++)
		if (event_get(t, &f->a, id, i, &e) == 1 &&
		    str_eq(e.kind, str_c(kind)))
			out = e.cause;
	return out;
}

struct put {
	uint64_t id;
	const char *assignee;
	enum priority priority;
	enum status status;
};

static int
put_ticket(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	const struct put *p = ctx;
	struct ticket k;

	(void)err;
	assert_int_equal(ticket_get(t, &f->a, p->id, &k), 1);
	if (p->assignee)
		k.assignee = str_c(p->assignee);
	if (p->priority)
		k.priority = p->priority;
	if (p->status)
		k.status = p->status;
	ticket_put(t, &k);
	return txn_error(t, err);
}

static void
change(struct fixture *f, struct put p)
{
	with_txn(f, put_ticket, &p);
}

static int
set_away(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	return away_set(t, &f->a, ctx, NOW, err);
}

static void
away(struct fixture *f, const char *name, int64_t until)
{
	struct away w = {
	    .agent = str_c(name), .since = NOW, .until = until, .by = S("x")};

	with_txn(f, set_away, &w);
}

/* --- new tickets ------------------------------------------------------- */

static void
nobody_by_default(void **state)
{
	struct fixture *f = &agents_of(state)->f;
	uint64_t id = new_ticket(f, NOW);

	assert_str(ticket(f, id).assignee, "");
	assert_int_equal(count_events(f, id, "routed"), 0);
	assert_int_equal(count_sent(f, "notice", "anna@acme.example"), 1);
	assert_int_equal(count_sent(f, "notice", "ben@acme.example"), 1);
}

static void
least_loaded(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	uint64_t id;
	struct message *m;

	f->queues[0].assign = STRATEGY_LEAST_LOADED;
	g->agents[0].capacity = 10;
	g->agents[1].capacity = 1;
	g->agents[3].capacity = 1;
	g->agents[4].capacity = 1;
	id = new_ticket(f, NOW);
	assert_str(ticket(f, id).assignee, "anna");
	assert_has(cause_of(f, id, "assignee"),
	    "queue support: assign \"least-loaded\"; least-loaded of 4: anna "
	    "0/10, ben 0/1, lena 0/1, zhou 0/1");
	/* One notice, and nobody else's. */
	assert_int_equal(count_sent(f, "notice", "anna@acme.example"), 1);
	assert_int_equal(count_sent(f, "notice", "ben@acme.example"), 0);
	m = sent(f, "notice", "anna@acme.example");
	assert_has(m->text, "new ticket, yours");
	assert_has(m->text, "least-loaded of 4");
	assert_null(strstr(arena_cstr(&f->a, m->text), "set aside"));
	/* The other queue's. */
	id = mail_from(f, "Ann <" ANN ">", "billing@acme.example", NOW);
	assert_str(ticket(f, id).assignee, "");
	fixture_verify(f);
}

static void
round_robin(void **state)
{
	struct fixture *f = &agents_of(state)->f;
	struct str got[8];

	f->queues[0].assign = STRATEGY_ROUND_ROBIN;
	for (unsigned i = 0; i < 8; i++)
		got[i] = ticket(f, new_ticket(f, NOW + i * MINUTE)).assignee;
	for (unsigned i = 0; i < 8; i++)
		for (unsigned k = i + 1; k < 8; k++)
			assert_int_equal(str_eq(got[i], got[k]), k == i + 4);
	fixture_verify(f);
}

static void
sticky(void **state)
{
	struct fixture *f = &agents_of(state)->f;
	uint64_t id = new_ticket(f, NOW);

	replies(f, "zhou", "notice", "Have you tried water?", NOW + MINUTE);
	assert_str(ticket(f, id).assignee, "zhou");
	f->queues[0].assign = STRATEGY_STICKY;
	/* He has one already, the others none. */
	id = new_ticket(f, NOW + CLOCK_HOUR);
	assert_str(ticket(f, id).assignee, "zhou");
	assert_has(cause_of(f, id, "assignee"), "sticky of 4: zhou 1");
	/* The history is in English; he reads Chinese. */
	assert_has(sent(f, "notice", "zhou@acme.example")->text,
	    "上次的客服，共 4 人：zhou 1、anna 0、ben 0、lena 0");
	assert_false(str_has(
	    sent(f, "notice", "zhou@acme.example")->text, S("sticky of")));
	id = mail_from(
	    f, "Bob <" BOB ">", "support@acme.example", NOW + CLOCK_HOUR);
	assert_str(ticket(f, id).assignee, "anna");
	away(f, "zhou", AWAY_OPEN);
	id = new_ticket(f, NOW + 2 * CLOCK_HOUR);
	assert_false(str_eq(ticket(f, id).assignee, S("zhou")));
	fixture_verify(f);
}

static void
weighted(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	unsigned got = 0;

	f->queues[0].assign = STRATEGY_WEIGHTED;
	g->agents[0].capacity = 300;
	g->agents[1].capacity = g->agents[3].capacity = g->agents[4].capacity =
	    100;
	for (unsigned i = 0; i < 12; i++) {
		uint64_t id = new_ticket(f, NOW + i * MINUTE);

		got += str_eq(ticket(f, id).assignee, S("anna"));
	}
	assert_int_equal(got, 6);
}

/* What is moved there, split off, or a part of another, is new there too. */
static void
moved(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	uint64_t id = new_ticket(f, NOW);

	f->queues[1].assign = STRATEGY_ROUND_ROBIN;
	replies(f, "anna", "notice", "#queue billing", NOW + MINUTE);
	assert_str(ticket(f, id).queue, "billing");
	assert_str(ticket(f, id).assignee, "carla");
	assert_has(cause_of(f, id, "assignee"), "round-robin of 2: carla 0");
	assert_int_equal(count_sent(f, "notice", "carla@acme.example"), 1);
	assert_has(sent(f, "notice", "carla@acme.example")->text, ", yours");
	id = new_ticket(f, NOW + 2 * MINUTE);
	replies(f, "lena", "notice", "#child billing \"Refund\"\n\nPlease.",
	    NOW + 3 * MINUTE);
	/* It is lena's turn, but she wants it from somebody else. */
	assert_str(ticket(f, id + 1).queue, "billing");
	assert_str(ticket(f, id + 1).assignee, "carla");
	assert_has(
	    sent(f, "notice", "carla@acme.example")->text, "a sub-ticket of");
	fixture_verify(f);
}

/* --- who is there ------------------------------------------------------ */

static void
make_office(struct fixture *f, struct calendar *c)
{
	struct err err = ERR_INIT;

	*c = (struct calendar){.name = S("office"), .zone = "Europe/Berlin"};
	for (unsigned d = 0; d < 5; d++) {
		c->week[d][0] = (struct work_span){9 * 60, 17 * 60};
		c->nspans[d] = 1;
	}
	assert_int_equal(calendar_ready(&f->a, c, &err), 0);
	f->settings.calendars = c;
	f->settings.ncalendars = 1;
}

/* Who is not there, in Chinese. */
static void
in_chinese(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	struct calendar office;

	make_office(f, &office);
	f->queues[0].assign = STRATEGY_LEAST_LOADED;
	for (unsigned i = 0; i < 4; i++)
		g->agents[i].hours = S("office");
	away(f, "ben", AWAY_OPEN);
	new_ticket(f, NOW - CLOCK_HOUR / 2);
	assert_has(sent(f, "notice", "zhou@acme.example")->text,
	    "工单最少者，共 1 人：zhou 0；anna 不在班、ben 不在、lena 不在班");
}

static void
hours(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	struct calendar office;
	uint64_t id;

	make_office(f, &office);
	f->queues[0].assign = STRATEGY_LEAST_LOADED;
	for (unsigned i = 0; i < 5; i++)
		g->agents[i].hours = S("office");
	g->agents[1].hours = S("");
	/* 8:30 on a Monday in Berlin: only Ben is there. */
	id = new_ticket(f, NOW - CLOCK_HOUR / 2);
	assert_str(ticket(f, id).assignee, "ben");
	assert_has(cause_of(f, id, "assignee"),
	    "least-loaded of 1: ben 0; anna off duty, lena off duty, zhou off "
	    "duty");
	g->agents[1].hours = S("office");
	id = new_ticket(f, NOW - CLOCK_HOUR / 2);
	assert_str(ticket(f, id).assignee, "");
	assert_has(event_detail(f, id, "routed"),
	    "nobody is free: nobody is there; anna off duty");
	/* The whole team hears of it. */
	assert_int_equal(count_sent(f, "notice", "anna@acme.example"), 1);
	id = new_ticket(f, NOW + MINUTE);
	assert_true(ticket(f, id).assignee.n > 0);
	fixture_verify(f);
}

static void
full(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	uint64_t first[4], id;
	struct message *m;

	f->queues[0].assign = STRATEGY_LEAST_LOADED;
	for (unsigned i = 0; i < 5; i++)
		g->agents[i].capacity = 1;
	for (unsigned i = 0; i < 4; i++)
		first[i] = new_ticket(f, NOW + i * MINUTE);
	id = new_ticket(f, NOW + CLOCK_HOUR);
	assert_str(ticket(f, id).assignee, "");
	assert_has(event_detail(f, id, "routed"),
	    "nobody is free: all have as many as they can: anna 1/1");
	/* Urgent: whose load is least; anna's ticket is low. */
	assert_str(ticket(f, first[0]).assignee, "anna");
	change(f, (struct put){.id = first[0], .priority = PRIORITY_LOW});
	g->f.settings.tiers =
	    &(struct tier){.name = S("vip"), .priority = PRIORITY_URGENT};
	g->f.settings.ntiers = 1;
	{
		struct complaints bad = {0};
		struct customers c;

		customers_parse(&f->a, "customers.csv",
		    S("address,tier\n" BOB ",vip\n"), &c, &bad);
		assert_int_equal(bad.n, 0);
		f->settings.customers = &c;
		id = mail_from(f, "Bob <" BOB ">", "support@acme.example",
		    NOW + 2 * CLOCK_HOUR);
	}
	f->settings.customers = NULL;
	f->settings.ntiers = 0;
	assert_int_equal(ticket(f, id).priority, PRIORITY_URGENT);
	assert_str(ticket(f, id).assignee, "anna");
	assert_has(cause_of(f, id, "assignee"), "beyond capacity");
	assert_has(cause_of(f, id, "priority"), "customers.csv:2: tier vip");
	m = sent(f, "notice", "anna@acme.example");
	assert_has(m->text, "It is urgent, and you have 1 tickets already, of "
			    "1.");
	assert_has(
	    m->text, arena_cstr(&f->a,
			 arena_printf(&f->a, "You may set aside: #%llu Printer",
			     (unsigned long long)first[0])));
	assert_has(m->text, "Customer: Bob <" BOB "> (vip)");
	fixture_verify(f);
}

/* A tier's team gets it, also where the queue assigns nobody. */
static void
tiers(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	struct tier vip[] = {
	    {.name = S("vip"), .team = S("billing")},
	    {.name = S("low"), .priority = PRIORITY_LOW},
	};
	struct complaints bad = {0};
	struct customers c;
	uint64_t id;

	customers_parse(&f->a, "customers.csv",
	    S("language,address,name,tier\nzh_CN,@x.example,Ann X,VIP\n"
	      ",bob@y.example,,low\n"),
	    &c, &bad);
	assert_int_equal(bad.n, 0);
	f->settings.customers = &c;
	f->settings.tiers = vip;
	f->settings.ntiers = 2;
	/* lena alone is of that team and may work the queue. */
	id = mail_from(f, ANN, "support@acme.example", NOW);
	assert_str(ticket(f, id).assignee, "lena");
	assert_str(ticket(f, id).language, "zh_CN");
	assert_str(ticket(f, id).requester.name, "Ann X");
	assert_has(cause_of(f, id, "assignee"), "tier vip: team billing; ");
	id = mail_from(f, BOB, "support@acme.example", NOW);
	assert_str(ticket(f, id).assignee, "");
	assert_int_equal(ticket(f, id).priority, PRIORITY_NORMAL);
	/* Nobody of the team is there: as the queue says. */
	away(f, "lena", AWAY_OPEN);
	id = mail_from(f, ANN, "support@acme.example", NOW);
	assert_str(ticket(f, id).assignee, "");
	assert_has(event_detail(f, id, "routed"), "lena away");
	f->queues[0].assign = STRATEGY_LEAST_LOADED;
	id = mail_from(f, ANN, "support@acme.example", NOW);
	assert_str(ticket(f, id).assignee, "anna");
	fixture_verify(f);
}

/* --- by query ---------------------------------------------------------- */

struct asked {
	uint64_t id;
	struct route_query q;
	struct route_choice c;
	struct err err;
	int rc;
	bool assign;
};

static int
ask(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct asked *x = ctx;
	struct ticket k;
	struct actor who = {S("rule"), S("10.sieve:3")};

	assert_int_equal(ticket_get(t, &f->a, x->id, &k), 1);
	x->rc = x->assign ? route_assign(&f->desk, t, &f->a, &k, &x->q, &who,
				NOW, &x->c, &x->err)
			  : route_choose(&f->desk, t, &f->a, &k, &x->q, NOW,
				&x->c, &x->err);
	ticket_put(t, &k);
	return txn_error(t, err);
}

static struct asked
query(struct fixture *f, uint64_t id, struct route_query q, bool assign)
{
	struct asked x = {.id = id, .q = q, .err = ERR_INIT, .assign = assign};

	with_txn(f, ask, &x);
	return x;
}

static void
queries(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	uint64_t id = new_ticket(f, NOW);
	struct asked x;

	strs_add(&f->a, &g->agents[1].skills, S("printers"));
	x = query(f, id, (struct route_query){.skill = S("Printers")}, false);
	assert_str(x.c.agent->name, "ben");
	x = query(f, id, (struct route_query){.language = S("zh")}, false);
	assert_int_equal(x.c.n, 4); /* who names none reads the site's */
	g->agents[0].languages.n = 0;
	f->settings.languages.n = 1;
	x = query(f, id, (struct route_query){.language = S("zh-TW")}, false);
	assert_str(x.c.agent->name, "zhou");
	assert_int_equal(x.c.n, 1);
	x = query(f, id, (struct route_query){.language = S("z")}, false);
	assert_null(x.c.agent);
	x = query(f, id, (struct route_query){.skill = S("cooking")}, false);
	assert_null(x.c.agent);
	assert_str(x.c.why, "nobody is free: nobody fits");
	x = query(f, id, (struct route_query){.team = S("billing")}, false);
	assert_str(x.c.agent->name, "lena"); /* carla may not work it */
	x = query(f, id, (struct route_query){.agent = S("carla")}, false);
	assert_null(x.c.agent);
	x = query(f, id, (struct route_query){.team = S("nobodies")}, false);
	assert_int_equal(x.rc, -1);
	assert_int_equal(x.err.code, ERR_INVAL);
	x = query(f, id,
	    (struct route_query){.agent = S("zhou"), .except = S("ZHOU")},
	    false);
	assert_null(x.c.agent);
	/* Assigned, with a notice, for good. */
	x = query(f, id, (struct route_query){.skill = S("printers")}, true);
	assert_str(ticket(f, id).assignee, "ben");
	assert_has(cause_of(f, id, "assignee"), "10.sieve:3; least-loaded of "
						"1: ben 0");
	assert_int_equal(count_sent(f, "notice", "ben@acme.example"), 2);
	assert_has(
	    sent(f, "notice", "ben@acme.example")->text, "assigned to you");
	/* Again: it is his already, and weighs nothing against him. */
	x = query(f, id, (struct route_query){.skill = S("printers")}, true);
	assert_int_equal(x.c.tickets, 0);
	assert_int_equal(count_sent(f, "notice", "ben@acme.example"), 2);
	fixture_verify(f);
}

/* --- away -------------------------------------------------------------- */

static struct outcome
writes_alone(struct fixture *f, const char *from, const char *body, int64_t now)
{
	struct written w = {
	    .from = from,
	    .to = "support@acme.example",
	    .subject = "hello",
	    .body = body,
	};

	return writes(f, &w, now);
}

static void
goes_away(void **state)
{
	struct agents *g = agents_of(state);
	struct fixture *f = &g->f;
	uint64_t fresh, answered_one, pending, next;
	struct message *m;

	f->settings.reroute = true;
	fresh = new_ticket(f, NOW);
	answered_one = mail_from(f, BOB, "support@acme.example", NOW);
	pending = new_ticket(f, NOW);
	change(f, (struct put){.id = fresh, .assignee = "anna"});
	change(f,
	    (struct put){
		.id = pending, .assignee = "anna", .status = STATUS_PENDING});
	replies(f, "anna", "notice", "#note\nmine", NOW);
	change(f, (struct put){.id = answered_one, .assignee = "anna"});
	answer(f, answered_one, "Hello Bob", NOW + MINUTE);
	change(f, (struct put){.id = answered_one, .status = STATUS_OPEN});
	writes_alone(f, "Anna <anna@acme.example>", "#away until 2d\n",
	    NOW + CLOCK_HOUR);
	assert_has(told(f, "anna"), "you are away until 2026-01-07");
	assert_has(told(f, "anna"), "tickets of yours that went to others: 1");
	/* To whom it went, and why. */
	assert_str(ticket(f, fresh).assignee, "ben");
	assert_has(cause_of(f, fresh, "assignee"), "anna is away until");
	assert_str(ticket(f, answered_one).assignee, "anna");
	assert_str(ticket(f, pending).assignee, "anna");
	/* Bob writes again: anna hears of it, and the team too. */
	{
		unsigned before = count_sent(f, "notice", "ben@acme.example");
		struct article r = article(f, answered_one, 3);
		struct mail again = {
		    .from = "Bob <" BOB ">",
		    .to = "support@acme.example",
		    .subject = "Re: it",
		    .id = "again@y.example",
		    .in_reply_to = arena_cstr(&f->a, r.message_id),
		    .text = "Still burning.",
		};
		struct outcome o = take(f, &again, NOW + 2 * CLOCK_HOUR);

		assert_int_equal(o.ticket, answered_one);
		assert_int_equal(
		    count_sent(f, "notice", "ben@acme.example"), before + 1);
		m = sent(f, "notice", "ben@acme.example");
		assert_has(m->text, "anna is away until");
		assert_has(m->text, "so the whole team gets this");
		m = sent(f, "notice", "anna@acme.example");
		assert_has(m->text, "the customer wrote again");
	}
	/* Nothing new comes to her meanwhile; all goes with "reroute". */
	f->queues[0].assign = STRATEGY_LEAST_LOADED;
	for (unsigned i = 0; i < 8; i++) {
		next = new_ticket(f, NOW + 3 * CLOCK_HOUR);
		assert_false(str_eq(ticket(f, next).assignee, S("anna")));
	}
	writes_alone(f, "Anna <anna@acme.example>", "#离开 至 2d 转交\n",
	    NOW + 4 * CLOCK_HOUR);
	assert_has(told(f, "anna"), "went to others: 1");
	assert_false(str_eq(ticket(f, answered_one).assignee, S("anna")));
	assert_str(ticket(f, pending).assignee, "anna");
	/* Back, by time and by word. */
	writes_alone(
	    f, "Anna <anna@acme.example>", "#back\n", NOW + 5 * CLOCK_HOUR);
	assert_has(told(f, "anna"), "you are there again");
	writes_alone(
	    f, "Anna <anna@acme.example>", "#back\n", NOW + 5 * CLOCK_HOUR);
	assert_has(told(f, "anna"), "you were not away");
	next = new_ticket(f, NOW + 6 * CLOCK_HOUR);
	assert_str(ticket(f, next).assignee, "anna");
	writes_alone(
	    f, "Anna <anna@acme.example>", "#away 3h\n", NOW + 6 * CLOCK_HOUR);
	next = new_ticket(f, NOW + 10 * CLOCK_HOUR);
	assert_str(ticket(f, next).assignee, "anna");
	/* Understood not, done not. */
	writes_alone(f, "Anna <anna@acme.example>", "#away until yesterday\n",
	    NOW + 11 * CLOCK_HOUR);
	assert_has(told(f, "anna"), "yesterday");
	fixture_verify(f);
}

/* In the answer to a notice: the answer goes out first, and the ticket, which is answered now, stays. */
static void
away_with_answer(void **state)
{
	struct fixture *f = &agents_of(state)->f;
	uint64_t id = new_ticket(f, NOW), other;

	f->settings.reroute = true;
	replies(f, "anna", "notice",
	    "#away until tomorrow\n\nHave you tried water?", NOW + MINUTE);
	assert_has(answered(f, ANN), "Have you tried water?");
	assert_str(ticket(f, id).assignee, "anna");
	other = new_ticket(f, NOW + CLOCK_HOUR);
	/* And with #take, when nobody else is there: back to the queue. */
	for (unsigned i = 1; i < 5; i++)
		away(f, (const char *[]){"", "ben", "carla", "lena", "zhou"}[i],
		    AWAY_OPEN);
	replies(f, "anna", "notice", "#take\n#away\n", NOW + 2 * CLOCK_HOUR);
	assert_str(ticket(f, other).assignee, "");
	assert_has(event_detail(f, other, "routed"),
	    "nobody is free: nobody is there; ben away, lena away, zhou away");
	assert_has(told(f, "anna"), "you are away until you write #back");
	fixture_verify(f);
}

/* --- ten thousand ------------------------------------------------------ */

enum {
	MANY = 10000,
	CREW = 9,
	THREADS = 4,
	BATCH = 25
};

struct crowd {
	struct fixture *f;
	enum strategy strategy;
	unsigned given;
	int64_t now;
	struct agent agents[CREW];
	uint64_t open[MANY];
	size_t who[MANY], nopen;
	double got[CREW], fair[CREW];
};

static bool
is_there(const struct crowd *c, const struct aways *l, size_t i)
{
	return !away_of(l, c->agents[i].name) &&
	       route_on_duty(&c->f->settings, &c->agents[i], c->now);
}

static void
count(struct crowd *c, struct txn *t, const struct aways *l, size_t who)
{
	double load[CREW], sum = 0, capacity = 0;
	bool there[CREW];

	for (size_t i = 0; i < CREW; i++) {
		struct ticket_load x;

		there[i] = is_there(c, l, i);
		assert_true(ticket_load(t, c->agents[i].name, &x) >= 0);
		load[i] = c->strategy == STRATEGY_LEAST_LOADED ? route_load(&x)
							       : i == who;
		if (!there[i])
			continue;
		sum += load[i];
		capacity += c->strategy == STRATEGY_ROUND_ROBIN
				? 1
				: c->agents[i].capacity;
	}
	for (size_t i = 0; i < CREW; i++) {
		if (!there[i])
			continue;
		c->got[i] += load[i];
		c->fair[i] += sum *
			      (c->strategy == STRATEGY_ROUND_ROBIN
				      ? 1
				      : c->agents[i].capacity) /
			      capacity;
	}
}

/* Who is there works; somebody goes away or comes back. */
static void
time_passes(
    struct crowd *c, struct txn *t, struct arena *a, const struct aways *l)
{
	struct err err = ERR_INIT;
	struct ticket k;

	c->now += MINUTE * (1 + below(4));
	for (unsigned tries = 0; tries < 40 && c->nopen > 60; tries++) {
		size_t at = below((unsigned)c->nopen);

		if (!is_there(c, l, c->who[at]))
			continue;
		assert_int_equal(ticket_get(t, a, c->open[at], &k), 1);
		k.status = STATUS_RESOLVED;
		ticket_put(t, &k);
		c->nopen--;
		c->open[at] = c->open[c->nopen];
		c->who[at] = c->who[c->nopen];
		break;
	}
	if (below(60) == 0) {
		struct away w = {.agent = c->agents[below(CREW)].name,
		    .since = c->now,
		    .until = c->now + CLOCK_HOUR * (1 + below(48))};

		assert_int_equal(away_set(t, a, &w, c->now, &err), 0);
	}
}

static void
arrives(struct crowd *c, struct txn *t, struct arena *a)
{
	struct fixture *f = c->f;
	struct route_query q = {.strategy = c->strategy, .quiet = true};
	struct actor who = ACTOR_SYSTEM;
	struct route_choice choice;
	struct err err = ERR_INIT;
	struct aways l;
	struct ticket k = {
	    .subject = S("x"),
	    .status = STATUS_NEW,
	    .priority = (enum priority)(1 + below(3)),
	    .queue = S("support"),
	    .created = c->now,
	    .updated = c->now,
	    .resolved = CLOCK_NONE,
	    .closed = CLOCK_NONE,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = CLOCK_NONE,
	    .agent_wrote = CLOCK_NONE,
	};
	size_t at = CREW;

	assert_int_equal(away_list(t, a, c->now, &l, &err), 0);
	time_passes(c, t, a, &l);
	assert_int_equal(away_list(t, a, c->now, &l, &err), 0);
	ticket_put(t, &k);
	if (route_assign(&f->desk, t, a, &k, &q, &who, c->now, &choice, &err) <
	    0)
		fail_msg("%s", err.msg);
	ticket_put(t, &k);
	if (!choice.agent)
		return;
	for (size_t i = 0; i < CREW; i++)
		if (str_eq(c->agents[i].name, choice.agent->name))
			at = i;
	assert_true(at < CREW);
	assert_true(is_there(c, &l, at));
	assert_true(choice.tickets < c->agents[at].capacity);
	c->open[c->nopen] = k.id;
	c->who[c->nopen++] = at;
	count(c, t, &l, at);
}

/* The writer's lock of the store is what orders them. */
static void *
one_thread(void *ctx)
{
	struct crowd *c = ctx;
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	bool more = true;

	while (more) {
		struct txn *t = NULL;

		assert_int_equal(txn_write(c->f->store, &t, &err), 0);
		for (unsigned i = 0; i < BATCH && more; i++) {
			more = c->given < MANY;
			if (more) {
				c->given++;
				arrives(c, t, &a);
			}
		}
		assert_int_equal(txn_commit(t, &err), 0);
		arena_reset(&a);
	}
	arena_fini(&a);
	return NULL;
}

static void
make_shift(struct fixture *f, struct calendar *c, struct str name,
    uint16_t from, uint16_t to)
{
	struct err err = ERR_INIT;

	*c = (struct calendar){.name = name, .zone = "Europe/Berlin"};
	for (unsigned d = 0; d < 7; d++) {
		c->week[d][0] = (struct work_span){
		    (uint16_t)(from * 60), (uint16_t)(to * 60)};
		c->nspans[d] = 1;
	}
	assert_int_equal(calendar_ready(&f->a, c, &err), 0);
}

static bool
problem(void *ctx, const char *text)
{
	(void)ctx;
	print_error("%s\n", text);
	return true;
}

static void
simulate(struct fixture *f, enum strategy s)
{
	static const unsigned capacity[CREW] = {
	    20, 40, 60, 20, 80, 40, 30, 30, 50};
	struct crowd *c = mem_new(sizeof *c);
	struct calendar shifts[3];
	struct store_counts n;
	struct err err = ERR_INIT;
	pthread_t t[THREADS];

	c->f = f;
	c->strategy = s;
	c->now = NOW;
	make_shift(f, &shifts[0], S("early"), 6, 16);
	make_shift(f, &shifts[1], S("late"), 12, 22);
	make_shift(f, &shifts[2], S("night"), 20, 32);
	f->settings.calendars = shifts;
	f->settings.ncalendars = 3;
	for (size_t i = 0; i < CREW; i++)
		c->agents[i] = (struct agent){
		    .name = arena_printf(&f->a, "a%zu", i),
		    .rank = RANK_AGENT,
		    .capacity = capacity[i],
		    .hours = i % 3 == 0 ? S("") : shifts[i % 4 % 3].name,
		};
	f->settings.staff = (struct staff){c->agents, CREW, NULL, 0};
	f->queues[0].team = S("");
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, one_thread, c), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (size_t i = 0; i < CREW; i++) {
		double share = c->got[i] / c->fair[i];

		print_message("%s: %.*s capacity %u: %.3f of what is fair\n",
		    strategy_name(s), STR_ARG(c->agents[i].name),
		    c->agents[i].capacity, share);
		if (share < 0.9 || share > 1.1)
			fail_msg("not within 10 %%");
	}
	assert_int_equal(
	    store_check(f->store, NULL, problem, NULL, &n, &err), 0);
	assert_int_equal(n.problems, 0);
	assert_int_equal(n.tickets, MANY);
	mem_free(c);
}

static void
many_least_loaded(void **state)
{
	simulate(&agents_of(state)->f, STRATEGY_LEAST_LOADED);
}

static void
many_weighted(void **state)
{
	simulate(&agents_of(state)->f, STRATEGY_WEIGHTED);
}

static void
many_by_turns(void **state)
{
	simulate(&agents_of(state)->f, STRATEGY_ROUND_ROBIN);
}

/* --- how long it takes ------------------------------------------------- */

static int
fifty(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	enum {
		TIMES = 500
	};
	struct agent *staff = mem_new(50 * sizeof *staff);
	struct route_query q = {.strategy = STRATEGY_STICKY};
	struct route_choice c;
	struct ticket k;
	clock_t began;
	double ms;

	assert_int_equal(ticket_get(t, &f->a, *(uint64_t *)ctx, &k), 1);
	for (size_t i = 0; i < 50; i++) {
		staff[i] = (struct agent){
		    .name = arena_printf(&f->a, "agent%zu", i),
		    .rank = RANK_AGENT,
		    .capacity = 20,
		    .hours = S("office"),
		};
		for (size_t n = 0; n < i % 9; n++) {
			struct ticket o = k;

			o.id = 0;
			o.assignee = staff[i].name;
			o.articles = o.events = 0;
			o.nlinks = 0;
			ticket_put(t, &o);
		}
	}
	f->settings.staff = (struct staff){staff, 50, NULL, 0};
	f->queues[0].team = S("");
	began = clock();
	for (unsigned i = 0; i < TIMES; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;

		assert_int_equal(
		    route_choose(&f->desk, t, &a, &k, &q, NOW, &c, err), 0);
	}
	ms = (double)(clock() - began) * 1000 / CLOCKS_PER_SEC / TIMES;
	print_message("50 agents: %.3f ms\n", ms);
	assert_non_null(c.agent);
	assert_true(ms < 1);
	mem_free(staff);
	return txn_error(t, err);
}

static void
fast(void **state)
{
	struct fixture *f = &agents_of(state)->f;
	struct calendar office;
	uint64_t id = new_ticket(f, NOW);

	make_office(f, &office);
	with_txn(f, fifty, &id);
}

/* Tickets without a mail, as made here, are not for verify(). */
static int
just_close(void **state)
{
	fixture_close(*state);
	mem_free(*state);
	return 0;
}

#define LARGE(fn) cmocka_unit_test_setup_teardown(fn, agents_setup, just_close)
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, agents_setup, agents_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nobody_by_default),
	    TEST(least_loaded),
	    TEST(round_robin),
	    TEST(sticky),
	    TEST(weighted),
	    TEST(moved),
	    TEST(hours),
	    TEST(in_chinese),
	    TEST(full),
	    TEST(tiers),
	    TEST(queries),
	    TEST(goes_away),
	    TEST(away_with_answer),
	    LARGE(many_least_loaded),
	    LARGE(many_weighted),
	    LARGE(many_by_turns),
	    LARGE(fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

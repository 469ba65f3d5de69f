/* sla_run, settle: each rung once, whatever restarts, clocks and reloads do; clocks that follow every change; what is told of it. */
#include "agent_fixture.h"
#include "desk/change.h"
#include "desk/due.h"
#include "desk/settle.h"
#include "desk/sla_run.h"
#include "store/timer.h"

#define MIN_ CLOCK_MINUTE
#define HOUR CLOCK_HOUR

/* NOW is a Monday, 9:00 in Berlin. */
static struct calendar office = {
    .name = {"office", 6},
    .zone = "Europe/Berlin",
    .week = {{{540, 1020}}, {{540, 1020}}, {{540, 1020}}, {{540, 1020}},
	{{540, 1020}}},
    .nspans = {1, 1, 1, 1, 1},
};
static struct sla_step ladder[] = {
    {.percent = 100,
	.act = SLA_DO_NOTIFY,
	.arg = {"lead", 4},
	.place = {"sla.conf:20", 11}},
    {.percent = 150,
	.act = SLA_DO_PRIORITY,
	.arg = {"raise", 5},
	.targets = 1u << SLA_RESOLUTION,
	.place = {"sla.conf:21", 11}},
    {.after = HOUR,
	.act = SLA_DO_TAG,
	.arg = {"late", 4},
	.targets = 1u << SLA_FIRST,
	.place = {"sla.conf:22", 11}},
    {.percent = 200,
	.act = SLA_DO_ASSIGN,
	.arg = {"ben", 3},
	.targets = 1u << SLA_FIRST,
	.place = {"sla.conf:23", 11}},
};
static struct sla_policy policies[2];

static int
setup(void **state)
{
	struct fixture *f;
	struct err err = ERR_INIT;

	agents_setup(state);
	f = *state;
	if (calendar_ready(&f->a, &office, &err) < 0)
		fail_msg("%s", err.msg);
	policies[0] = (struct sla_policy){
	    .name = S("standard"),
	    .calendar = &office,
	    .warn = 80,
	    .pause = 1u << STATUS_PENDING,
	    .pauses = 1u << SLA_RESOLUTION,
	    .steps = ladder,
	    .nsteps = ARRAY_LEN(ladder),
	    .place = S("sla.conf:10"),
	    .version = 1,
	};
	policies[0].target[PRIORITY_NORMAL][SLA_FIRST] = 4 * HOUR;
	policies[0].target[PRIORITY_NORMAL][SLA_NEXT] = 8 * HOUR;
	policies[0].target[PRIORITY_NORMAL][SLA_RESOLUTION] = 24 * HOUR;
	policies[0].target[PRIORITY_HIGH][SLA_FIRST] = HOUR;
	policies[0].target[PRIORITY_HIGH][SLA_RESOLUTION] = 8 * HOUR;
	policies[1] = (struct sla_policy){
	    .name = S("gold"),
	    .calendar = calendar_always(),
	    .warn = 50,
	    .place = S("sla.conf:30"),
	    .version = 2,
	};
	policies[1].target[PRIORITY_NORMAL][SLA_FIRST] = HOUR;
	f->settings.policies = policies;
	f->settings.npolicies = 2;
	f->settings.promises = 7;
	f->queues[0].sla = S("standard");
	return 0;
}

/* --- doing ------------------------------------------------------------- */

struct doing {
	uint64_t ticket;
	const char *name, *value;
	bool sweeps;
	uint64_t timers[DUE_COUNT];
};

/* Every minute, as a daemon that never sleeps would. */
static void
minutes(struct fixture *f, int64_t from, int64_t to)
{
	for (int64_t t = from; t <= to; t += MIN_)
		run_due(f, t);
}

static int
run_set(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("helpd set")};
	struct doing *x = ctx;
	struct ticket k;

	if (ticket_get(t, &f->a, x->ticket, &k) != 1)
		return -1;
	if (change_set(&f->desk, t, &f->a, &k, str_c(x->name), str_c(x->value),
		&who, f->now, err) < 0)
		return -1;
	return change_done(t, &k, f->now, err);
}

static void
set(struct fixture *f, const char *name, const char *value, int64_t now)
{
	f->now = now;
	with_txn(f, run_set,
	    &(struct doing){.ticket = 1, .name = name, .value = value});
}

static struct sla_clocks
clocks(struct fixture *f, uint64_t id, int64_t now)
{
	struct ticket k = ticket(f, id);
	const struct sla_policy *p;
	struct sla_clocks c = {0};

	sla_clocks_of(&f->settings, &f->a, &k, now, &c, &p);
	return c;
}

#define assert_state(f, target, now, what) \
	assert_string_equal(               \
	    sla_state_name(clocks((f), 1, (now)).v[target].state), what)

/* --- tests ------------------------------------------------------------- */

static void
test_a_day(void **state)
{
	struct fixture *f = *state;
	int64_t t = NOW;

	take(f, &(struct mail){.from = ANN, .auth = PASS}, t);
	assert_has(event_detail(f, 1, "sla"),
	    "policy standard: first-response due 2026-01-05T12:00:00Z, "
	    "resolution due 2026-01-07T16:00:00Z");
	assert_has(
	    sent(f, "notice", "anna@acme.example")->text, "First answer due: ");
	/* 80 % of 4 h */
	assert_int_equal(next_due(f), t + 192 * MIN_);
	assert_int_equal(run_due(f, t + 192 * MIN_ - 1), 0);
	assert_int_equal(run_due(f, t + 192 * MIN_), 1);
	assert_str(event_detail(f, 1, "sla-warning"),
	    "first-response: 80% of 4h used, due 2026-01-05T12:00:00Z");
	assert_int_equal(count_sent(f, "notice", "anna@acme.example"), 2);
	assert_has(sent(f, "notice", "anna@acme.example")->text,
	    "first-response is due");
	fixture_verify(f);
	assert_int_equal(next_due(f), t + 4 * HOUR);
	assert_int_equal(run_due(f, t + 4 * HOUR), 1);
	assert_str(event_detail(f, 1, "sla-breach"),
	    "first-response was due 2026-01-05T12:00:00Z");
	assert_str(event_detail(f, 1, "escalated"),
	    "first-response at 100%: notify lead");
	/* Lena is of the queue's people, so she was told of the breach. */
	assert_int_equal(count_sent(f, "notice", "lena@acme.example"), 3);
	assert_int_equal(next_due(f), t + 5 * HOUR);
	run_due(f, t + 5 * HOUR);
	assert_str(event_detail(f, 1, "tag"), "+late");
	fixture_verify(f);
	/* 200 % of four hours is the day's end: 17:00 */
	run_due(f, t + 8 * HOUR);
	assert_str(ticket(f, 1).assignee, "ben");
	answer(f, 1, "Yes.", t + 8 * HOUR + MIN_);
	assert_state(f, SLA_FIRST, t + 9 * HOUR, "missed");
	assert_state(f, SLA_RESOLUTION, t + 9 * HOUR, "running");
	minutes(f, t, t + 24 * HOUR);
	assert_int_equal(count_events(f, 1, "sla-breach"), 1);
	assert_int_equal(count_events(f, 1, "sla-warning"), 1);
	assert_int_equal(count_events(f, 1, "escalated"), 3);
	fixture_verify(f);
}

/* The daemon was down, or the clock jumped ahead: all of it, once, in order; the warning is no news then. */
static void
test_late(void **state)
{
	struct fixture *f = *state;
	int64_t t = NOW + 2 * CLOCK_DAY;

	take(f, &(struct mail){.from = ANN}, NOW);
	assert_int_equal(run_due(f, t), 1);
	assert_int_equal(count_events(f, 1, "sla-breach"), 1);
	assert_int_equal(count_events(f, 1, "sla-warning"), 1);
	assert_int_equal(count_events(f, 1, "escalated"), 3);
	assert_int_equal(count_sent(f, "notice", "anna@acme.example"), 2);
	/* Back again, and once more ahead. */
	assert_int_equal(run_due(f, NOW), 0);
	set(f, "tag", "x", NOW + HOUR / 2);
	run_due(f, NOW + HOUR);
	run_due(f, t);
	assert_int_equal(count_events(f, 1, "sla-breach"), 1);
	assert_int_equal(count_events(f, 1, "sla-warning"), 1);
	assert_int_equal(count_events(f, 1, "escalated"), 3);
	fixture_verify(f);
}

static void
test_priority(void **state)
{
	struct fixture *f = *state;

	take(f, &(struct mail){.from = ANN}, NOW);
	set(f, "priority", "high", NOW + HOUR / 2);
	assert_has(event_detail(f, 1, "sla"),
	    "priority normal -> high: first-response due "
	    "2026-01-05T12:00:00Z -> 2026-01-05T09:00:00Z, resolution due ");
	/* Half an hour of one is used: the warning is at 48 minutes. */
	assert_int_equal(next_due(f), NOW + 48 * MIN_);
	run_due(f, NOW + 48 * MIN_);
	assert_int_equal(count_events(f, 1, "sla-warning"), 1);
	/* A longer target again: not warned twice. */
	set(f, "priority", "normal", NOW + 50 * MIN_);
	run_due(f, NOW + 192 * MIN_);
	assert_int_equal(count_events(f, 1, "sla-warning"), 1);
	run_due(f, NOW + 4 * HOUR);
	assert_int_equal(count_events(f, 1, "sla-breach"), 1);
	fixture_verify(f);
}

static void
test_pause_and_reopen(void **state)
{
	struct fixture *f = *state;
	int64_t t = NOW + HOUR;

	take(f, &(struct mail){.from = ANN, .id = "a@x"}, NOW);
	answer(f, 1, "What?", t);
	set_status(f, 1, STATUS_PENDING, t);
	assert_state(f, SLA_RESOLUTION, t, "paused");
	assert_state(f, SLA_FIRST, t, "met");
	assert_int_equal(next_due(f), CLOCK_NONE);
	fixture_verify(f);
	/* Two days later he writes: 23 h are left. */
	t = NOW + 2 * CLOCK_DAY;
	take(f, &(struct mail){.from = ANN, .references = "a@x"}, t);
	assert_int_equal(ticket(f, 1).status, STATUS_OPEN);
	assert_state(f, SLA_RESOLUTION, t, "running");
	assert_state(f, SLA_NEXT, t, "running");
	answer(f, 1, "So.", t + HOUR);
	assert_state(f, SLA_NEXT, t + HOUR, "met");
	set_status(f, 1, STATUS_RESOLVED, t + HOUR);
	assert_state(f, SLA_RESOLUTION, t + HOUR, "met");
	assert_int_equal(next_due(f), CLOCK_NONE);
	/* And again: it goes on where it stopped. */
	take(f, &(struct mail){.from = ANN, .references = "a@x"}, t + 2 * HOUR);
	assert_state(f, SLA_RESOLUTION, t + 2 * HOUR, "running");
	assert_int_equal(
	    clocks(f, 1, t + 2 * HOUR).v[SLA_RESOLUTION].used, 2 * HOUR);
	fixture_verify(f);
	set_status(f, 1, STATUS_SPAM, t + 3 * HOUR);
	assert_int_equal(next_due(f), CLOCK_NONE);
	fixture_verify(f);
}

static void
test_policy(void **state)
{
	struct fixture *f = *state;

	take(f, &(struct mail){.from = ANN}, NOW);
	set(f, "sla", "GOLD", NOW + MIN_);
	assert_has(event_detail(f, 1, "sla"),
	    "policy standard -> gold: first-response due "
	    "2026-01-05T12:00:00Z -> 2026-01-05T09:00:00Z, resolution: no "
	    "target any more");
	assert_int_equal(next_due(f), NOW + HOUR / 2);
	set(f, "sla", "", NOW + 2 * MIN_);
	assert_has(event_detail(f, 1, "sla"), "policy gold -> standard: ");
	set(f, "queue", "billing", NOW + 3 * MIN_);
	assert_has(event_detail(f, 1, "sla"), "policy standard counts no more");
	assert_int_equal(next_due(f), CLOCK_NONE);
	fixture_verify(f);
}

/* --- a reload ---------------------------------------------------------- */

static int
run_promises(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	return desk_promises(
	    &f->desk, t, &f->a, &((struct doing *)ctx)->sweeps, err);
}

static bool
reloaded(struct fixture *f)
{
	struct doing x = {0};

	with_txn(f, run_promises, &x);
	return x.sweeps;
}

static void
test_reload(void **state)
{
	struct fixture *f = *state;
	size_t before = settle_step;
	int64_t t = NOW + HOUR;

	f->settings.npolicies = 0;
	for (int i = 0; i < 10; i++)
		take(f, &(struct mail){.from = ANN}, NOW);
	set_status(f, 3, STATUS_RESOLVED, NOW);
	f->settings.npolicies = 2;
	f->now = t;
	settle_step = 3;
	assert_true(reloaded(f));
	assert_false(reloaded(f));
	for (int i = 0; i < 4; i++)
		assert_int_equal(run_due(f, t), 1);
	assert_int_equal(run_due(f, t), 0);
	assert_int_equal(next_due(f), NOW + 192 * MIN_);
	fixture_verify(f);
	/* Shorter now: all of them, by their own timers. */
	policies[0].target[PRIORITY_NORMAL][SLA_FIRST] = 2 * HOUR;
	policies[0].version = 3;
	f->settings.promises = 8;
	assert_true(reloaded(f));
	while (run_due(f, t))
		;
	assert_has(event_detail(f, 9, "sla"),
	    "policy standard was changed: first-response due "
	    "2026-01-05T12:00:00Z -> 2026-01-05T10:00:00Z");
	assert_int_equal(next_due(f), NOW + 96 * MIN_);
	assert_int_equal(run_due(f, NOW + 96 * MIN_), 9);
	fixture_verify(f);
	/* None any more. */
	f->settings.npolicies = 0;
	f->settings.promises = 0;
	assert_true(reloaded(f));
	while (run_due(f, t))
		;
	assert_int_equal(next_due(f), CLOCK_NONE);
	fixture_verify(f);
	settle_step = before;
}

/* A policy that begins for old tickets tells nobody of what was over then. */
static void
test_old_tickets(void **state)
{
	struct fixture *f = *state;
	int64_t t = NOW + 7 * CLOCK_DAY;

	f->settings.npolicies = 0;
	take(f, &(struct mail){.from = ANN}, NOW);
	f->settings.npolicies = 2;
	set(f, "tag", "x", t);
	assert_has(event_detail(f, 1, "sla"),
	    "policy standard, which began when some of it was over: ");
	minutes(f, t, t + 2 * HOUR);
	assert_int_equal(count_events(f, 1, "sla-breach"), 0);
	assert_int_equal(count_sent(f, "notice", "anna@acme.example"), 1);
	fixture_verify(f);
}

/* What a step cannot do is told, and the next one is done. */
static void
test_cannot(void **state)
{
	struct fixture *f = *state;

	ladder[3].arg = S("carla");
	take(f, &(struct mail){.from = ANN}, NOW);
	run_due(f, NOW + 8 * HOUR);
	assert_str(event_detail(f, 1, "escalated"),
	    "assign could not be done: carla may not work the queue support "
	    "(see agents.conf)");
	ladder[3].arg = S("ben");
	fixture_verify(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, agents_teardown)
	    T(test_a_day),
	    T(test_late),
	    T(test_priority),
	    T(test_pause_and_reopen),
	    T(test_policy),
	    T(test_reload),
	    T(test_old_tickets),
	    T(test_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

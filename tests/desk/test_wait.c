/* wait: reminders, silence, closing, idleness: each once, at its time, and not when something happened. */
#include "agent_fixture.h"
#include "desk/change.h"
#include "desk/due.h"
#include "desk/merge.h"
#include "desk/settle.h"
#include "desk/sla_run.h"
#include "store/timer.h"

#define DAY CLOCK_DAY
#define HOUR CLOCK_HOUR

static int
setup(void **state)
{
	struct fixture *f;

	agents_setup(state);
	f = *state;
	f->settings.waits = true;
	return 0;
}

static void
test_remind(void **state)
{
	struct fixture *f = *state;

	f->queues[0].remind_after = 2 * DAY;
	take(f, &(struct mail){.from = ANN, .id = "a@x"}, NOW);
	assert_int_equal(next_due(f), NOW + 2 * DAY);
	/* He writes again: it waits since he wrote first. */
	take(f, &(struct mail){.from = ANN, .references = "a@x"}, NOW + DAY);
	assert_int_equal(next_due(f), NOW + 2 * DAY);
	assert_int_equal(run_due(f, NOW + 2 * DAY - 1), 0);
	assert_int_equal(run_due(f, NOW + 2 * DAY), 1);
	assert_str(
	    event_detail(f, 1, "reminded"), "waits for an answer for 2d");
	assert_has(
	    sent(f, "notice", "anna@acme.example")->text, "it still waits");
	fixture_verify(f);
	/* Once. */
	assert_int_equal(next_due(f), CLOCK_NONE);
	assert_int_equal(run_due(f, NOW + 9 * DAY), 0);
	answer(f, 1, "Yes.", NOW + 9 * DAY);
	assert_int_equal(next_due(f), CLOCK_NONE);
	take(f, &(struct mail){.from = ANN, .references = "a@x"},
	    NOW + 10 * DAY);
	assert_int_equal(next_due(f), NOW + 12 * DAY);
	set_status(f, 1, STATUS_PENDING, NOW + 11 * DAY);
	assert_int_equal(next_due(f), CLOCK_NONE);
	fixture_verify(f);
}

static void
test_silence(void **state)
{
	struct fixture *f = *state;
	int64_t t = NOW + DAY;

	f->queues[0].resolve_after = 7 * DAY;
	f->queues[0].warn_before = 2 * DAY;
	f->queues[0].close_after = 30 * DAY;
	take(f, &(struct mail){.from = ANN, .id = "a@x"}, NOW);
	assert_int_equal(next_due(f), CLOCK_NONE);
	answer(f, 1, "Which one?", t);
	set_status(f, 1, STATUS_PENDING, t);
	assert_int_equal(next_due(f), t + 5 * DAY);
	assert_int_equal(run_due(f, t + 5 * DAY), 1);
	assert_str(event_detail(f, 1, "silence"), ANN);
	assert_int_equal(count_sent(f, "reminder", ANN), 1);
	assert_has(sent(f, "reminder", ANN)->text, "on January 13, 2026");
	fixture_verify(f);
	/* Late by a day: he has his two days all the same. */
	assert_int_equal(next_due(f), t + 7 * DAY);
	assert_int_equal(run_due(f, t + 7 * DAY), 1);
	assert_int_equal(ticket(f, 1).status, STATUS_RESOLVED);
	assert_str(event_detail(f, 1, "status"), "pending -> resolved");
	assert_int_equal(next_due(f), t + 37 * DAY);
	fixture_verify(f);
	/* A reply reopens; then it is closed at last. */
	take(f, &(struct mail){.from = ANN, .references = "a@x"}, t + 8 * DAY);
	assert_int_equal(ticket(f, 1).status, STATUS_OPEN);
	assert_int_equal(next_due(f), CLOCK_NONE);
	set_status(f, 1, STATUS_RESOLVED, t + 9 * DAY);
	assert_int_equal(run_due(f, t + 39 * DAY - 1), 0);
	assert_int_equal(run_due(f, t + 39 * DAY), 1);
	assert_int_equal(ticket(f, 1).status, STATUS_CLOSED);
	assert_int_equal(count_sent(f, "reminder", ANN), 1);
	assert_int_equal(next_due(f), CLOCK_NONE);
	fixture_verify(f);
}

/* The daemon was down for a month. */
static void
test_late(void **state)
{
	struct fixture *f = *state;

	f->queues[0].resolve_after = 7 * DAY;
	f->queues[0].warn_before = 2 * DAY;
	take(f, &(struct mail){.from = ANN}, NOW);
	answer(f, 1, "Which one?", NOW);
	set_status(f, 1, STATUS_PENDING, NOW);
	assert_int_equal(run_due(f, NOW + 30 * DAY), 1);
	assert_int_equal(count_sent(f, "reminder", ANN), 1);
	assert_int_equal(ticket(f, 1).status, STATUS_PENDING);
	assert_int_equal(next_due(f), NOW + 32 * DAY);
	/* The clock goes back: nothing, and nothing twice. */
	assert_int_equal(run_due(f, NOW + DAY), 0);
	assert_int_equal(run_due(f, NOW + 32 * DAY), 1);
	assert_int_equal(ticket(f, 1).status, STATUS_RESOLVED);
	assert_int_equal(count_sent(f, "reminder", ANN), 1);
	fixture_verify(f);
}

static void
test_answer_in_time(void **state)
{
	struct fixture *f = *state;

	f->queues[0].resolve_after = 7 * DAY;
	f->queues[0].warn_before = 2 * DAY;
	take(f, &(struct mail){.from = ANN, .id = "a@x"}, NOW);
	answer(f, 1, "Which one?", NOW);
	set_status(f, 1, STATUS_PENDING, NOW);
	run_due(f, NOW + 5 * DAY);
	take(
	    f, &(struct mail){.from = ANN, .references = "a@x"}, NOW + 6 * DAY);
	assert_int_equal(ticket(f, 1).status, STATUS_OPEN);
	assert_int_equal(next_due(f), CLOCK_NONE);
	/* Asked again: a silence of its own. */
	answer(f, 1, "And that?", NOW + 8 * DAY);
	set_status(f, 1, STATUS_PENDING, NOW + 8 * DAY);
	assert_int_equal(next_due(f), NOW + 13 * DAY);
	fixture_verify(f);
}

static int
run_child(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("agent:anna"), S("row 9")};
	struct child c = {
	    .queue = S("billing"),
	    .subject = S("Refund"),
	    .text = S("Please refund."),
	};
	struct ticket k, out;

	(void)ctx;
	if (ticket_get(t, &f->a, 1, &k) != 1)
		return -1;
	return merge_child(&f->desk, t, &f->a, &k, &c, &who, f->now, &out, err);
}

/* While a part of it is open it is not resolved. */
static void
test_children(void **state)
{
	struct fixture *f = *state;

	f->queues[0].resolve_after = 7 * DAY;
	take(f, &(struct mail){.from = ANN}, NOW);
	f->now = NOW;
	with_txn(f, run_child, NULL);
	set_status(f, 1, STATUS_PENDING, NOW);
	assert_int_equal(run_due(f, NOW + 7 * DAY), 1);
	assert_int_equal(ticket(f, 1).status, STATUS_PENDING);
	assert_int_equal(next_due(f), NOW + 7 * DAY + HOUR);
	set_status(f, 2, STATUS_RESOLVED, NOW + 7 * DAY + HOUR / 2);
	run_due(f, NOW + 7 * DAY + HOUR);
	assert_int_equal(ticket(f, 1).status, STATUS_RESOLVED);
	fixture_verify(f);
}

static void
test_idle(void **state)
{
	struct fixture *f = *state;

	f->queues[0].escalate_after = 3 * DAY;
	take(f, &(struct mail){.from = ANN}, NOW);
	assert_int_equal(run_due(f, NOW + 3 * DAY), 1);
	assert_str(event_detail(f, 1, "idle"), "nothing has happened for 3d");
	assert_int_equal(count_sent(f, "notice", "lena@acme.example"), 2);
	assert_int_equal(count_sent(f, "notice", "anna@acme.example"), 1);
	assert_int_equal(next_due(f), CLOCK_NONE);
	answer(f, 1, "Yes.", NOW + 4 * DAY);
	assert_int_equal(next_due(f), NOW + 7 * DAY);
	fixture_verify(f);
}

/* Nobody is written to in the night. */
static void
test_working_time(void **state)
{
	static struct calendar office = {
	    .name = {"office", 6},
	    .zone = "Europe/Berlin",
	    .week = {{{540, 1020}}, {{540, 1020}}, {{540, 1020}}, {{540, 1020}},
		{{540, 1020}}},
	    .nspans = {1, 1, 1, 1, 1},
	};
	/* Read once more when the store is verified at the end. */
	static struct sla_policy p;

	p = (struct sla_policy){
	    .name = S("hours"), .calendar = &office, .version = 1};
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	assert_int_equal(calendar_ready(&f->a, &office, &err), 0);
	f->settings.policies = &p;
	f->settings.npolicies = 1;
	f->queues[0].sla = S("hours");
	f->queues[0].remind_after = DAY;
	/* Monday, 20:00: Wednesday, 9:00 */
	take(f, &(struct mail){.from = ANN}, NOW + 11 * HOUR);
	assert_int_equal(next_due(f), NOW + 2 * DAY);
	fixture_verify(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, agents_teardown)
	    T(test_remind),
	    T(test_silence),
	    T(test_late),
	    T(test_answer_in_time),
	    T(test_children),
	    T(test_idle),
	    T(test_working_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

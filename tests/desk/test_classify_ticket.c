/* classify_ticket: what tickets are learned from and guessed by; a model that is damaged stops no mail, is told by the check, and is made good by learning anew. */
#include "fixture.h"
#include "desk/change.h"
#include "desk/classify_ticket.h"
#include "desk/extra.h"
#include "desk/verify.h"

#include <stdio.h>

static struct classified wanted[] = {
    {.name = {"queue", 5}, .suggest = 50},
};

static unsigned number;

static uint64_t
mail(struct fixture *f, const char *text)
{
	static char from[60], id[60];
	struct mail m = {.from = from,
	    .to = "support@acme.example",
	    .subject = "Matter",
	    .id = id,
	    .text = text};

	snprintf(from, sizeof from, "C <c%u@x.example>", ++number);
	snprintf(id, sizeof id, "m%u@x.example", number);
	return take(f, &m, NOW).ticket;
}

struct settling {
	uint64_t id;
	const char *queue, *actor;
	enum status status;
};

static int
settle(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	const struct settling *x = ctx;
	struct actor who = {str_c(x->actor), S("")};
	struct ticket k;

	assert_int_equal(ticket_get(t, &f->a, x->id, &k), 1);
	if (change_queue(
		&f->desk, t, &f->a, &k, str_c(x->queue), &who, NOW, err) < 0 ||
	    change_status(&f->desk, t, &f->a, &k, x->status, &who, NOW, err) <
		0)
		return -1;
	return change_done(t, &k, NOW, err);
}

static void
teach(struct fixture *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct settling x = {.queue = i % 2 ? "billing" : "support",
		    .actor = "cli:anna",
		    .status = STATUS_RESOLVED};

		x.id = mail(f, i % 2 ? "invoice refund payment money\n"
				     : "printer paper toner jam\n");
		with_txn(f, settle, &x);
	}
}

struct count {
	uint32_t n;
};

static int
look(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct count *x = ctx;
	struct strs values;

	(void)err;
	return classify_known(t, &f->a, S("queue"), &x->n, &values) < 0 ? -1
									: 0;
}

static uint32_t
known(struct fixture *f)
{
	struct count x = {0};

	with_txn(f, look, &x);
	return x.n;
}

static void
setup(struct fixture *f, unsigned act)
{
	wanted[0].act = act;
	f->settings.classified = wanted;
	f->settings.nclassified = 1;
}

static void
test_learns(void **state)
{
	struct fixture *f = *state;
	struct settling x = {.queue = "billing", .actor = "system"};
	uint64_t id;

	setup(f, 0);
	teach(f, 40);
	assert_int_equal(known(f), 40);
	id = mail(f, "money refund\n");
	assert_has(event_detail(f, id, "classify"), "queue: billing ");
	assert_str(ticket(f, id).queue, "support");
	/* Time's hand is no person's. */
	x.id = id;
	x.status = STATUS_RESOLVED;
	with_txn(f, settle, &x);
	assert_int_equal(known(f), 40);
	x.actor = "cli:anna";
	x.status = STATUS_CLOSED;
	with_txn(f, settle, &x);
	assert_int_equal(known(f), 41);
	/* The same once more, and a correction: no example more. */
	x.status = STATUS_OPEN;
	with_txn(f, settle, &x);
	x.status = STATUS_RESOLVED;
	x.queue = "support";
	with_txn(f, settle, &x);
	assert_int_equal(known(f), 41);
	{
		struct extra e;

		extra_read(&f->a, ticket(f, id).extra, &e);
		assert_int_equal(e.learned.n, 1);
		assert_str(e.learned.v[0], "queue=support");
	}
}

static void
test_acts(void **state)
{
	struct fixture *f = *state;
	struct settling x = {
	    .queue = "billing", .actor = "cli:anna", .status = STATUS_RESOLVED};
	uint64_t id;

	setup(f, 0);
	teach(f, 40);
	wanted[0].act = 60;
	id = mail(f, "money refund\n");
	assert_str(ticket(f, id).queue, "billing");
	assert_has(event_detail(f, id, "classify"), ", set");
	assert_str(event_detail(f, id, "queue"), "support -> billing");
	/* Its own word is no example, until somebody answers. */
	x.id = id;
	with_txn(f, settle, &x);
	assert_int_equal(known(f), 40);
	x.status = STATUS_OPEN;
	with_txn(f, settle, &x);
	x.status = STATUS_SPAM;
	with_txn(f, settle, &x);
	assert_int_equal(known(f), 40);
}

/* --- damage ------------------------------------------------------------ */

static int
damage(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	(void)f;
	(void)ctx;
	model_put(t, S("queue"), MODEL_HEAD, S("\x07 garbage"));
	model_put(t, S("queue"), 7, S("short"));
	return txn_error(t, err);
}

static void
found(void *ctx, struct str where, struct str what)
{
	(void)where;
	assert_true(str_has(what, S("helpd classify --train")));
	++*(unsigned *)ctx;
}

static int
verify(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	return desk_verify(t, &f->settings, found, NULL, ctx, NULL, err) < 0
		   ? -1
		   : 0;
}

static int
train(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	unsigned *learned = ctx;
	uint64_t last;

	assert_int_equal(classify_forget(t, S("queue")), 0);
	assert_int_equal(ticket_last(t, &last), 0);
	for (uint64_t id = 1; id <= last; id++) {
		bool changed = false;
		struct ticket k;
		int r;

		assert_int_equal(ticket_get(t, &f->a, id, &k), 1);
		r = classify_learn_ticket(
		    t, &f->a, &k, S("queue"), true, &changed, err);
		if (r < 0)
			return -1;
		*learned += (unsigned)r;
	}
	return 0;
}

static void
test_damage(void **state)
{
	struct fixture *f = *state;
	unsigned problems = 0, learned = 0;
	uint64_t id;

	setup(f, 0);
	teach(f, 40);
	wanted[0].act = 60;
	with_txn(f, verify, &problems);
	assert_int_equal(problems, 0);
	with_txn(f, damage, NULL);
	with_txn(f, verify, &problems);
	assert_int_equal(problems, 1);
	id = mail(f, "money refund\n"); /* comes in all the same */
	assert_str(ticket(f, id).queue, "support");
	assert_int_equal(count_events(f, id, "classify"), 0);
	teach(f, 2); /* of nothing: all is lost until it is learned anew */
	with_txn(f, train, &learned);
	assert_int_equal(learned, 42);
	problems = 0;
	with_txn(f, verify, &problems);
	assert_int_equal(problems, 0);
	id = mail(f, "money refund\n");
	assert_str(ticket(f, id).queue, "billing");
}

static void
test_off(void **state)
{
	struct fixture *f = *state;

	f->settings.nclassified = 0;
	teach(f, 4);
	assert_int_equal(known(f), 0);
	assert_int_equal(count_events(f, 1, "classify"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_learns, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(
		test_acts, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(
		test_damage, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(
		test_off, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

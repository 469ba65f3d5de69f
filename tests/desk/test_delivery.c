/* delivery: rows from queued to sent or failed, and what the ticket is told; bounces. */
#include "fixture.h"
#include "base/clock.h"
#include "desk/bounce_match.h"
#include "desk/delivery.h"

#define ANN "ann@x.example"

struct reporting {
	uint64_t id;
	struct delivery v[3];
	size_t n;
	int64_t now;
};

static int
run_claim(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct reporting *r = ctx;

	return delivery_claim(t, &f->a, &r->id, 1, r->now, err);
}

static int
run_result(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct reporting *r = ctx;

	return delivery_result(
	    &f->desk, t, &f->a, r->id, r->v, r->n, r->now, err);
}

static struct outbox
attempt(struct fixture *f, uint64_t id, const char *addr, enum delivered how,
    const char *reply, int64_t now)
{
	struct reporting r = {.id = id, .n = 1, .now = now};

	r.v[0] = (struct delivery){str_c(addr), how, str_c(reply)};
	with_txn(f, run_claim, &r);
	assert_int_equal(r.id, id);
	assert_int_equal(outbox(f, id).state, OUTBOX_SENDING);
	with_txn(f, run_result, &r);
	return outbox(f, id);
}

static uint64_t
answered(struct fixture *f)
{
	uint64_t id =
	    take(f, &(struct mail){.from = ANN, .id = "a1@x"}, NOW).ticket;

	return article(f, id, answer(f, id, "Try this", NOW)).outbox;
}

static void
test_sent(void **state)
{
	struct fixture *f = *state;
	uint64_t id = answered(f);
	struct outbox o = outbox(f, id);

	assert_str(o.kind, "answer");
	assert_str(o.sender, "support@acme.example");
	o = attempt(f, id, ANN, DELIVERED_OK, "250 ok", NOW);
	assert_int_equal(o.state, OUTBOX_SENT);
	assert_int_equal(o.attempts, 1);
	assert_str(o.recipients[0].reply, "250 ok");
}

/* The row after this one, which is its copy. */
static struct outbox
copy_of(struct fixture *f, uint64_t id)
{
	struct outbox o = outbox(f, id), c = outbox(f, id + 1);

	assert_str(c.kind, "copy");
	assert_str(c.transport, "copy:box");
	assert_int_equal(c.ticket, o.ticket);
	assert_int_equal(c.seq, o.seq);
	assert_int_equal(c.blob, o.blob);
	assert_int_equal(c.size, o.size);
	assert_true(str_eq(c.message_id, o.message_id));
	assert_int_equal(c.nrecipients, 1);
	assert_str(c.recipients[0].addr, "box/Sent");
	return c;
}

static void
test_copy(void **state)
{
	struct fixture *f = *state;
	struct settings s = *f->desk.settings;
	struct queue *q = arena_array(&f->a, struct queue, s.nqueues);
	uint64_t id, copy, ticket_id;
	struct outbox c;

	memcpy(q, s.queues, s.nqueues * sizeof *q);
	for (size_t i = 0; i < s.nqueues; i++) {
		q[i].copy = S("copy:box");
		q[i].copy_name = S("box/Sent");
	}
	s.queues = q;
	f->desk.settings = &s;
	id = answered(f);
	ticket_id = outbox(f, id).ticket;
	/* Not before it is sent, and once. */
	attempt(f, id, ANN, DELIVERED_LATER, "451 later", NOW);
	attempt(f, id, ANN, DELIVERED_OK, "250 ok", NOW + CLOCK_HOUR);
	c = copy_of(f, id);
	copy = c.id;
	assert_int_equal(c.created, NOW + CLOCK_HOUR);
	assert_int_equal(c.state, OUTBOX_QUEUED);
	/* No server of mail: its words suspend nobody, reopen nothing. */
	c = attempt(f, copy, "box/Sent", DELIVERED_UNKNOWN, "", NOW);
	assert_int_equal(c.ambiguous, 1);
	assert_int_equal(count_events(f, ticket_id, "ambiguous"), 1);
	c = attempt(f, copy, "box/Sent", DELIVERED_LATER, "550 over quota",
	    NOW + 6 * CLOCK_DAY);
	assert_int_equal(c.state, OUTBOX_FAILED);
	assert_int_equal(count_events(f, ticket_id, "copy-failed"), 1);
	assert_int_equal(count_events(f, ticket_id, "delivery-failed"), 0);
	/* The article has its bytes all the while. */
	assert_int_equal(outbox(f, id).state, OUTBOX_SENT);
	assert_int_equal(article(f, ticket_id, c.seq).blob, c.blob);
}

struct resuming {
	struct delivery_record v[4];
	size_t n, ambiguous;
	bool complete;
};

static int
run_resume(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct resuming *r = ctx;

	return delivery_resume(&f->desk, t, &f->a, r->v, r->n, r->complete, NOW,
	    &r->ambiguous, err);
}

/* Four rows found sending: ended, begun, not begun, and one whose note is of an
 * earlier try. */
static void
test_resume(void **state)
{
	struct fixture *f = *state;
	struct delivery taken = {S(ANN), DELIVERED_OK, S("250 taken")};
	uint64_t id[4];
	uint64_t k =
	    take(f, &(struct mail){.from = ANN, .id = "a1@x"}, NOW).ticket;
	struct resuming r = {.complete = true};

	for (size_t i = 0; i < 4; i++) {
		struct reporting claim = {.now = NOW};

		id[i] = article(f, k, answer(f, k, "Try this", NOW)).outbox;
		claim.id = id[i];
		with_txn(f, run_claim, &claim);
	}
	r.v[0] = (struct delivery_record){id[0], 1, true, &taken, 1};
	r.v[1] = (struct delivery_record){.id = id[1], .attempt = 1};
	r.v[2] = (struct delivery_record){id[3], 7, true, &taken, 1};
	r.n = 3;
	with_txn(f, run_resume, &r);
	assert_int_equal(r.ambiguous, 1);
	assert_int_equal(outbox(f, id[0]).state, OUTBOX_SENT);
	assert_int_equal(outbox(f, id[1]).state, OUTBOX_QUEUED);
	assert_int_equal(outbox(f, id[1]).ambiguous, 1);
	assert_int_equal(outbox(f, id[2]).state, OUTBOX_QUEUED);
	assert_int_equal(outbox(f, id[2]).ambiguous, 0);
	assert_int_equal(outbox(f, id[2]).attempts, 0);
	assert_int_equal(outbox(f, id[3]).state, OUTBOX_QUEUED);
	assert_int_equal(outbox(f, id[3]).ambiguous, 0);
}

/* The machine went down: what the journal does not name may have been sent. */
static void
test_resume_after_reboot(void **state)
{
	struct fixture *f = *state;
	struct resuming r = {.complete = false};
	struct reporting claim = {.id = answered(f), .now = NOW};

	with_txn(f, run_claim, &claim);
	with_txn(f, run_resume, &r);
	assert_int_equal(r.ambiguous, 1);
	assert_int_equal(outbox(f, claim.id).ambiguous, 1);
	assert_int_equal(outbox(f, claim.id).state, OUTBOX_QUEUED);
}

static void
test_backoff(void **state)
{
	static const int64_t minutes[] = {5, 10, 20, 40, 60, 60};
	struct fixture *f = *state;
	uint64_t id = answered(f);
	int64_t now = NOW;
	struct outbox o;

	for (size_t i = 0; i < ARRAY_LEN(minutes); i++) {
		o = attempt(f, id, ANN, DELIVERED_LATER, "451 later", now);
		assert_int_equal(o.state, OUTBOX_QUEUED);
		assert_int_equal(o.next - now, minutes[i] * CLOCK_MINUTE);
		now = o.next;
	}
	o = attempt(
	    f, id, ANN, DELIVERED_LATER, "451 later", NOW + 5 * CLOCK_DAY);
	assert_int_equal(o.state, OUTBOX_FAILED);
	assert_has(event_detail(f, 1, "delivery-failed"), "451 later");
	assert_false(person(f, ANN).suspended);
}

static void
test_refused_reopens(void **state)
{
	struct fixture *f = *state;
	uint64_t id = answered(f);
	struct outbox o;

	set_status(f, 1, STATUS_RESOLVED, NOW);
	o = attempt(
	    f, id, ANN, DELIVERED_REFUSED, "550 5.1.1 no\r\nsuch user", NOW);
	assert_int_equal(o.state, OUTBOX_FAILED);
	assert_has(event_detail(f, 1, "delivery-failed"), "550 5.1.1 no");
	assert_int_equal(ticket(f, 1).status, STATUS_OPEN);
	assert_true(person(f, ANN).suspended);
	/* No automatic mail to it any more. */
	assert_int_equal(
	    take(f, &(struct mail){.from = ANN, .subject = "New"}, NOW).mails,
	    0);
	assert_has(event_detail(f, 2, "not-acknowledged"), "came back");
}

static void
test_policy_refusal_suspends_nobody(void **state)
{
	struct fixture *f = *state;
	uint64_t id = answered(f);

	attempt(
	    f, id, ANN, DELIVERED_REFUSED, "554 5.7.1 looks like spam", NOW);
	assert_false(person(f, ANN).suspended);
	assert_int_equal(count_events(f, 1, "delivery-failed"), 1);
}

static void
test_each_recipient(void **state)
{
	struct fixture *f = *state;
	struct reporting r = {.n = 2, .now = NOW};
	struct outbox o;

	take(f, &(struct mail){.from = ANN, .cc = "bob@y.example"}, NOW);
	r.id = article(f, 1, answer(f, 1, "Hello both", NOW)).outbox;
	r.v[0] = (struct delivery){S(ANN), DELIVERED_OK, S("250 ok")};
	r.v[1] =
	    (struct delivery){S("bob@y.example"), DELIVERED_LATER, S("450 no")};
	with_txn(f, run_claim, &r);
	with_txn(f, run_result, &r);
	o = outbox(f, r.id);
	assert_int_equal(o.state, OUTBOX_QUEUED);
	assert_int_equal(o.recipients[0].state, OUTBOX_SENT);
	assert_int_equal(o.recipients[1].state, OUTBOX_QUEUED);
	o = attempt(f, r.id, "bob@y.example", DELIVERED_OK, "250", o.next);
	assert_int_equal(o.state, OUTBOX_SENT);
	assert_str(o.recipients[0].reply, "250 ok");
}

static void
test_ambiguous(void **state)
{
	struct fixture *f = *state;
	uint64_t id = answered(f);
	struct outbox o = attempt(f, id, ANN, DELIVERED_UNKNOWN, "", NOW);

	assert_int_equal(o.state, OUTBOX_QUEUED);
	assert_int_equal(o.ambiguous, 1);
	assert_int_equal(count_events(f, 1, "ambiguous"), 1);
}

static int
run_recover(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	return delivery_recover(t, &f->a, NOW, ctx, err);
}

static void
test_recover(void **state)
{
	struct fixture *f = *state;
	struct reporting r = {.id = answered(f), .now = NOW};
	uint64_t blob = outbox(f, r.id).blob;
	size_t n;

	with_txn(f, run_claim, &r);
	with_txn(f, run_recover, &n);
	assert_int_equal(n, 1);
	assert_int_equal(outbox(f, r.id).state, OUTBOX_QUEUED);
	assert_int_equal(outbox(f, r.id).ambiguous, 1);
	assert_int_equal(outbox(f, r.id).blob, blob);
	with_txn(f, run_recover, &n);
	assert_int_equal(n, 0);
	/* A claim of a row that is not queued claims nothing. */
	with_txn(f, run_claim, &r);
	with_txn(f, run_claim, &r);
	assert_int_equal(r.id, 0);
}

struct retrying {
	uint64_t id;
	int rc;
	struct err err;
};

static int
run_retry(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct retrying *r = ctx;

	(void)err;
	r->rc = delivery_retry(t, &f->a, r->id, NOW, &r->err);
	return 0;
}

static void
test_retry(void **state)
{
	struct fixture *f = *state;
	struct retrying r = {.id = answered(f)};

	attempt(f, r.id, ANN, DELIVERED_REFUSED, "550 5.1.1 no", NOW);
	with_txn(f, run_retry, &r);
	assert_int_equal(r.rc, -1);
	assert_has(str_c(r.err.msg), "refused for good");
	r = (struct retrying){.id = 4711};
	with_txn(f, run_retry, &r);
	assert_int_equal(r.err.code, ERR_NOENT);
}

/* --- bounces ----------------------------------------------------------- */

static struct bounced
failing(const char *addr, bool hard)
{
	return (struct bounced){
	    .address = str_c(addr),
	    .status = hard ? S("5.1.1") : S("4.2.2"),
	    .smtp_code = hard ? S("550") : S("452"),
	    .hard = hard,
	    .reason = S("no such user here"),
	    .action = hard ? S("failed") : S("delayed"),
	};
}

static struct outcome
bounce(struct fixture *f, struct bounced *x, struct str id)
{
	struct bounce b = {.v = x, .n = 1, .message_id = id};

	return take(f,
	    &(struct mail){.from = "mailer-daemon@y.example",
		.automatic = "Content-Type: multipart/report",
		.subject = "Undelivered Mail",
		.bounce = &b},
	    NOW);
}

static void
test_hard_bounce(void **state)
{
	struct fixture *f = *state;
	uint64_t row = answered(f);
	struct bounced x = failing(ANN, true);
	struct outcome o;
	struct bounce back;
	struct err err = ERR_INIT;

	attempt(f, row, ANN, DELIVERED_OK, "250", NOW);
	set_status(f, 1, STATUS_RESOLVED, NOW);
	o = bounce(f, &x, article(f, 1, 3).message_id);
	assert_int_equal(o.fate, FATE_INTERNAL);
	assert_int_equal(o.ticket, 1);
	assert_int_equal(o.mails, 0);
	assert_int_equal(ticket(f, 1).status, STATUS_OPEN);
	assert_int_equal(outbox(f, row).state, OUTBOX_FAILED);
	assert_has(outbox(f, row).recipients[0].reply, "no such user");
	assert_has(event_detail(f, 1, "bounce"), "hard: " ANN " 550 5.1.1");
	assert_true(person(f, ANN).suspended);
	assert_int_equal(
	    bounce_decode(&f->a, article(f, 1, o.seq).bounce, &back, &err), 0);
	assert_int_equal(back.n, 1);
	assert_str(back.v[0].status, "5.1.1");
	assert_true(back.v[0].hard);
}

static void
test_soft_bounce(void **state)
{
	struct fixture *f = *state;
	struct bounced x = failing(ANN, false);

	answered(f);
	assert_int_equal(
	    bounce(f, &x, article(f, 1, 3).message_id).fate, FATE_INTERNAL);
	assert_has(event_detail(f, 1, "bounce"), "delayed: ");
	assert_false(person(f, ANN).suspended);
}

/* A report about somebody that the mail did not go to is told, not believed. */
static void
test_bounce_of_others(void **state)
{
	struct fixture *f = *state;
	struct bounced x = failing("victim@z.example", true);

	take(f, &(struct mail){.from = ANN, .cc = "bob@y.example"}, NOW);
	answer(f, 1, "Hello both", NOW);
	bounce(f, &x, article(f, 1, 3).message_id);
	assert_false(person(f, "victim@z.example").suspended);
	assert_false(person(f, ANN).suspended);
	assert_int_equal(count_events(f, 1, "bounce"), 1);
}

static void
test_bounce_of_nothing(void **state)
{
	struct fixture *f = *state;
	struct bounced x = failing(ANN, true);
	struct outcome o;

	answered(f);
	o = bounce(f, &x, S("helpd.1.3.1.aaaaaaaaaaaaaaaaaaaaaaaaaaa@acme"));
	assert_true(o.is_new);
	assert_int_equal(o.mails, 0);
	assert_false(person(f, ANN).suspended);
}

static void
test_answer_that_arrives_lifts(void **state)
{
	struct fixture *f = *state;
	uint64_t id = answered(f);

	attempt(f, id, ANN, DELIVERED_REFUSED, "550 5.1.1 no", NOW);
	id = article(f, 1, answer(f, 1, "Again", NOW)).outbox;
	attempt(f, id, ANN, DELIVERED_OK, "250", NOW);
	assert_false(person(f, ANN).suspended);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	    T(test_sent),
	    T(test_copy),
	    T(test_backoff),
	    T(test_refused_reopens),
	    T(test_policy_refusal_suspends_nobody),
	    T(test_each_recipient),
	    T(test_ambiguous),
	    T(test_recover),
	    T(test_resume),
	    T(test_resume_after_reboot),
	    T(test_retry),
	    T(test_hard_bounce),
	    T(test_soft_bounce),
	    T(test_bounce_of_others),
	    T(test_bounce_of_nothing),
	    T(test_answer_that_arrives_lifts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

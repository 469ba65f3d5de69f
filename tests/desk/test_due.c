/* due: snooze, grants that expire, and that each fires once whatever the clock does. */
#include "fixture.h"
#include "desk/change.h"
#include "desk/due.h"
#include "desk/extra.h"
#include "desk/held.h"
#include "desk/outbound.h"
#include "store/grant.h"

#define ANN "ann@x.example"
#define HOUR CLOCK_HOUR

struct doing {
	uint64_t ticket;
	int64_t now, until;
	enum status status;
	int64_t at; /* out: due_next() */
	int next;
	size_t ran, max;
	uint64_t *release;
	size_t nrelease;
	struct grant grant;
	struct err err;
	int rc;
};

static const struct actor ANNA = {{"agent:anna", 10}, {"row 9", 5}};

static int
run_snooze(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;
	struct ticket k;

	if (ticket_get(t, &f->a, x->ticket, &k) != 1)
		return -1;
	x->rc = change_snooze(
	    &f->desk, t, &f->a, &k, x->until, &ANNA, x->now, &x->err);
	return x->rc < 0 ? txn_error(t, err) : change_done(t, &k, x->now, err);
}

static struct doing
snooze(struct fixture *f, uint64_t id, int64_t until, int64_t now)
{
	struct doing x = {.ticket = id, .now = now, .until = until};

	with_txn(f, run_snooze, &x);
	return x;
}

static int
run_turn(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;

	return due_run(&f->desk, t, &f->a, x->now, x->max, &x->ran, &x->release,
	    &x->nrelease, err);
}

static size_t
due(struct fixture *f, int64_t now)
{
	struct doing x = {.now = now, .max = 100};

	with_txn(f, run_turn, &x);
	return x.ran;
}

static int
run_next(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;

	(void)err;
	x->next = due_next(t, &f->a, &x->at);
	return x->next < 0 ? -1 : 0;
}

static int64_t
next(struct fixture *f)
{
	struct doing x = {.at = CLOCK_NONE};

	with_txn(f, run_next, &x);
	return x.next ? x.at : CLOCK_NONE;
}

static int64_t
snoozed_until(struct fixture *f, uint64_t id)
{
	struct extra x;

	extra_read(&f->a, ticket(f, id).extra, &x);
	return x.snoozed_until;
}

static void
test_snooze(void **state)
{
	struct fixture *f = *state;

	take(f, &(struct mail){.from = ANN}, NOW);
	assert_int_equal(next(f), CLOCK_NONE);
	snooze(f, 1, NOW + HOUR, NOW);
	assert_int_equal(ticket(f, 1).status, STATUS_HOLD);
	assert_int_equal(snoozed_until(f, 1), NOW + HOUR);
	assert_int_equal(next(f), NOW + HOUR);
	assert_str(event_detail(f, 1, "snoozed"), "2026-01-05T09:00:00Z");
	fixture_verify(f);
	assert_int_equal(due(f, NOW + HOUR - 1), 0);
	assert_int_equal(due(f, NOW + HOUR), 1);
	assert_int_equal(ticket(f, 1).status, STATUS_NEW);
	assert_str(event_detail(f, 1, "awoke"), "hold -> new");
	assert_int_equal(snoozed_until(f, 1), 0);
	assert_int_equal(next(f), CLOCK_NONE);
	assert_int_equal(due(f, NOW + 100 * HOUR), 0);
	assert_int_equal(count_events(f, 1, "awoke"), 1);
}

/* Later or earlier: only the last word counts, and what it was before the first. */
static void
test_again(void **state)
{
	struct fixture *f = *state;

	take(f, &(struct mail){.from = ANN}, NOW);
	set_status(f, 1, STATUS_PENDING, NOW);
	snooze(f, 1, NOW + 2 * HOUR, NOW);
	snooze(f, 1, NOW + 2 * HOUR, NOW);
	assert_int_equal(count_events(f, 1, "snoozed"), 1);
	snooze(f, 1, NOW + HOUR, NOW);
	assert_int_equal(next(f), NOW + HOUR);
	snooze(f, 1, NOW + 3 * HOUR, NOW);
	assert_int_equal(count_events(f, 1, "snoozed"), 3);
	assert_int_equal(next(f), NOW + 3 * HOUR);
	assert_int_equal(due(f, NOW + 2 * HOUR), 0);
	assert_int_equal(due(f, NOW + 3 * HOUR), 1);
	assert_int_equal(ticket(f, 1).status, STATUS_PENDING);
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;
	struct doing x;

	take(f, &(struct mail){.from = ANN}, NOW);
	x = snooze(f, 1, NOW, NOW);
	assert_int_equal(x.rc, -1);
	assert_has(str_c(x.err.msg), "later");
	set_status(f, 1, STATUS_RESOLVED, NOW);
	x = snooze(f, 1, NOW + HOUR, NOW);
	assert_int_equal(x.rc, -1);
	assert_int_equal(x.err.code, ERR_INVAL);
	assert_int_equal(next(f), CLOCK_NONE);
}

/* Any other status ends it, and the timer goes. */
static void
test_status_ends(void **state)
{
	static const enum status to[] = {
	    STATUS_OPEN, STATUS_PENDING, STATUS_RESOLVED, STATUS_SPAM};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		uint64_t id = take(f, &(struct mail){.from = ANN}, NOW).ticket;

		snooze(f, id, NOW + HOUR, NOW);
		set_status(f, id, to[i], NOW + 1);
		assert_int_equal(next(f), CLOCK_NONE);
		assert_int_equal(snoozed_until(f, id), 0);
		assert_int_equal(due(f, NOW + 2 * HOUR), 0);
		assert_int_equal(ticket(f, id).status, to[i]);
	}
}

/* The customer's mail wakes it; automatic mail and colleagues do not. */
static void
test_mail_wakes(void **state)
{
	static const struct {
		const char *from, *automatic;
		enum status before, after;
	} rows[] = {
	    {ANN, NULL, STATUS_NEW, STATUS_NEW},
	    {ANN, NULL, STATUS_PENDING, STATUS_OPEN},
	    {ANN, NULL, STATUS_OPEN, STATUS_OPEN},
	    {ANN, NULL, STATUS_HOLD, STATUS_OPEN},
	    {ANN, "Auto-Submitted: auto-replied", STATUS_OPEN, STATUS_HOLD},
	    {"anna@acme.example", NULL, STATUS_OPEN, STATUS_HOLD},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char id[20];
		uint64_t n;

		snprintf(id, sizeof id, "a%zu@x", i);
		n = take(f, &(struct mail){.from = ANN, .id = id}, NOW).ticket;
		if (rows[i].before != STATUS_NEW)
			set_status(f, n, rows[i].before, NOW);
		snooze(f, n, NOW + HOUR, NOW);
		take(f,
		    &(struct mail){.from = rows[i].from,
			.automatic = rows[i].automatic,
			.references = id},
		    NOW + 1);
		if (ticket(f, n).status != rows[i].after ||
		    (snoozed_until(f, n) != 0) !=
			(rows[i].after == STATUS_HOLD))
			fail_msg(
			    "row %zu: %s", i, status_name(ticket(f, n).status));
	}
}

/* Ahead by years: all at once, each once. Back: nothing again. */
static void
test_clock_jumps(void **state)
{
	struct fixture *f = *state;
	struct doing x = {.max = 2};
	size_t ran = 0;

	for (int i = 0; i < 5; i++) {
		uint64_t id = take(f, &(struct mail){.from = ANN}, NOW).ticket;

		snooze(f, id, NOW + (i + 1) * CLOCK_DAY, NOW);
	}
	assert_int_equal(due(f, NOW - 1000 * CLOCK_DAY), 0);
	assert_int_equal(next(f), NOW + CLOCK_DAY);
	x.now = NOW + 3650 * CLOCK_DAY;
	for (int i = 0; i < 4; i++) {
		with_txn(f, run_turn, &x);
		assert_true(x.ran <= 2);
		ran += x.ran;
	}
	assert_int_equal(ran, 5);
	assert_int_equal(due(f, NOW), 0);
	assert_int_equal(due(f, NOW + 5000 * CLOCK_DAY), 0);
	for (uint64_t id = 1; id <= 5; id++)
		assert_int_equal(count_events(f, id, "awoke"), 1);
}

static int
run_put(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct timer *m = ctx;

	(void)f;
	timer_put(t, m);
	return txn_error(t, err);
}

static void
test_release(void **state)
{
	struct fixture *f = *state;
	struct timer m = {.due = NOW, .kind = DUE_RELEASE, .data = S("17")};
	struct doing x = {.now = NOW, .max = 100};

	with_txn(f, run_put, &m);
	m.data = S("18");
	with_txn(f, run_put, &m);
	m.data = S("19");
	m.due = NOW + HOUR;
	with_txn(f, run_put, &m);
	assert_int_equal(next(f), CLOCK_NONE);
	with_txn(f, run_turn, &x);
	assert_int_equal(x.ran, 0);
	assert_int_equal(x.nrelease, 2);
	assert_int_equal(x.release[0], 17);
	assert_int_equal(x.release[1], 18);
	/* They stay until the mails are ingested. */
	with_txn(f, run_turn, &x);
	assert_int_equal(x.nrelease, 2);
}

/* One of a kind that this program does not know, or of a ticket that is gone. */
static void
test_strange(void **state)
{
	struct fixture *f = *state;
	struct timer m = {.due = NOW, .kind = 4711, .ticket = 1};

	with_txn(f, run_put, &m);
	m = (struct timer){.due = NOW, .kind = DUE_SNOOZE, .ticket = 99};
	with_txn(f, run_put, &m);
	assert_int_equal(due(f, NOW), 2);
	assert_int_equal(next(f), CLOCK_NONE);
	assert_string_equal(due_name(DUE_SNOOZE), "snooze");
	assert_string_equal(due_name((enum due_kind)4711), "unknown");
}

static int
run_grant(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;

	(void)f;
	grant_put(t, &x->grant);
	return txn_error(t, err);
}

static int
run_grant_get(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;
	struct grant g;

	(void)err;
	x->rc = grant_get(t, &f->a, x->grant.nonce, &g);
	return 0;
}

static void
test_grants(void **state)
{
	struct fixture *f = *state;
	struct waiting w = {.seq = 1,
	    .commands = S("#merge 4"),
	    .why = S("needs confirmation")};
	struct doing x = {.grant = {.ticket = 1,
			      .agent = S("anna"),
			      .purpose = GRANT_CONFIRM,
			      .created = NOW,
			      .expires = NOW + HOUR,
			      .used = CLOCK_NONE,
			      .revoked = CLOCK_NONE,
			      .held = waiting_encode(&f->a, &w)}};
	struct doing y = x;

	take(f, &(struct mail){.from = ANN}, NOW);
	with_txn(f, run_grant, &x);
	y.grant.expires = NOW + 2 * HOUR;
	y.grant.used = NOW; /* done already: nothing is given up */
	with_txn(f, run_grant, &y);
	assert_int_equal(next(f), NOW + HOUR + 1);
	assert_int_equal(due(f, NOW + HOUR), 0);
	assert_int_equal(due(f, NOW + HOUR + 1), 1);
	with_txn(f, run_grant_get, &x);
	assert_int_equal(x.rc, 0);
	with_txn(f, run_grant_get, &y);
	assert_int_equal(y.rc, 1);
	assert_int_equal(count_events(f, 1, "discarded"), 1);
	assert_has(event_detail(f, 1, "discarded"), "article 1");
	assert_int_equal(due(f, NOW + 3 * HOUR), 1);
	assert_int_equal(count_events(f, 1, "discarded"), 1);
	assert_int_equal(next(f), CLOCK_NONE);
}

struct held {
	uint64_t outbox;
	uint32_t seq;
	uint64_t nonce;
};

static int
run_held(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct held *h = ctx;
	struct answer w = {.text = S("Use water."),
	    .author = S("Anna"),
	    .who = ANNA,
	    .hold = S("the customer wrote again")};
	struct waiting x = {.why = S("stale")};
	struct grant g = {.ticket = 1,
	    .agent = S("anna"),
	    .purpose = GRANT_CONFIRM,
	    .created = NOW,
	    .expires = NOW + HOUR,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE};
	struct ticket k;

	if (ticket_get(t, &f->a, 1, &k) != 1 ||
	    outbound_answer(
		&f->desk, t, &f->a, &k, &w, NOW, &h->seq, &h->outbox, err) < 0)
		return -1;
	x.seq = h->seq;
	x.outbox = h->outbox;
	g.held = waiting_encode(&f->a, &x);
	grant_put(t, &g);
	h->nonce = g.nonce;
	ticket_put(t, &k);
	return txn_error(t, err);
}

static int
run_no_row(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct held *h = ctx;
	struct outbox o;

	(void)err;
	assert_int_equal(outbox_get(t, &f->a, h->outbox, &o), 0);
	return 0;
}

/* An answer that nobody confirmed goes, and its article says so. */
static void
test_answer_given_up(void **state)
{
	struct fixture *f = *state;
	struct held h;

	take(f, &(struct mail){.from = ANN}, NOW);
	with_txn(f, run_held, &h);
	assert_int_equal(outbox(f, h.outbox).state, OUTBOX_HELD);
	assert_int_equal(due(f, NOW + HOUR), 0);
	assert_int_equal(due(f, NOW + 2 * HOUR), 1);
	with_txn(f, run_no_row, &h);
	assert_int_equal(article(f, 1, h.seq).outbox, 0);
	assert_has(article(f, 1, h.seq).flag, "given up");
	assert_int_equal(count_events(f, 1, "discarded"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	    T(test_snooze),
	    T(test_again),
	    T(test_refused),
	    T(test_status_ends),
	    T(test_mail_wakes),
	    T(test_clock_jumps),
	    T(test_release),
	    T(test_strange),
	    T(test_grants),
	    T(test_answer_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

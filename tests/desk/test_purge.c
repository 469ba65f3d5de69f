/* purge: what is over for as long as it is kept loses all but a stub, at night, in steps, and nothing that hangs on the stub breaks. */
#include "agent_fixture.h"
#include "desk/change.h"
#include "desk/due.h"
#include "desk/merge.h"
#include "desk/purge.h"
#include "desk/search.h"
#include "desk/settle.h"
#include "desk/tidy.h"
#include "store/retain.h"

#define DAY CLOCK_DAY
#define HOUR CLOCK_HOUR
#define KEEP (30 * DAY)

static int
setup(void **state)
{
	struct fixture *f;

	agents_setup(state);
	f = *state;
	f->settings.retains = true;
	f->queues[0].purge_after = f->queues[1].purge_after = KEEP;
	f->queues[0].spam_purge_after = 10 * DAY;
	return 0;
}

struct doing {
	size_t ran;
	uint64_t *release;
	size_t nrelease;
	int found;
	int64_t at;
	uint64_t id;
	enum outbox_state from, to;
	const char *words;
	unsigned n;
	struct err err;
};

static int
run_turn(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;

	return due_run(&f->desk, t, &f->a, f->now, 100, &x->ran, &x->release,
	    &x->nrelease, err);
}

/* Until nothing more is due; how many turns. */
static unsigned
due(struct fixture *f, int64_t now)
{
	struct doing x = {0};
	unsigned turns = 0;

	f->now = now;
	for (;; turns++) {
		with_txn(f, run_turn, &x);
		if (!x.ran)
			return turns;
		fixture_verify(f);
		assert_true(turns < 1000);
	}
}

static int
run_listed(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;
	int64_t next;

	(void)f;
	x->found = retain_first(t, &x->at, &x->id);
	if (x->found > 0) {
		assert_int_equal(due_next(t, &f->a, &next), 1);
		assert_true(next <= x->at);
	}
	return x->found < 0 ? txn_error(t, err) : 0;
}

/* When the first is purged. */
static int64_t
listed(struct fixture *f)
{
	struct doing x = {0};

	with_txn(f, run_listed, &x);
	return x.found > 0 ? x.at : CLOCK_NONE;
}

/* All that is to be sent is sent, or what was is to be sent again. */
static int
run_rows(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;
	uint64_t last;

	if (outbox_last(t, &last) < 0)
		return txn_error(t, err);
	for (uint64_t id = 1; id <= last; id++) {
		struct outbox o;

		if (outbox_get(t, &f->a, id, &o) != 1 || o.state != x->from)
			continue;
		o.state = x->to;
		for (size_t i = 0; i < o.nrecipients; i++)
			o.recipients[i].state = x->to;
		outbox_put(t, &o);
		x->n++;
		if (x->id)
			break;
	}
	return 0;
}

static void
send_all(struct fixture *f)
{
	struct doing x = {.from = OUTBOX_QUEUED, .to = OUTBOX_SENT};

	with_txn(f, run_rows, &x);
	assert_true(x.n > 0);
}

static bool
count_found(void *ctx, const struct ticket *k)
{
	(void)k;
	++*(unsigned *)ctx;
	return true;
}

static int
run_search(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;

	term_batch_put(t, f->desk.terms);
	return search_tickets(
	    t, &f->a, str_c(x->words), 0, count_found, &x->n, err);
}

static unsigned
finds(struct fixture *f, const char *words)
{
	struct doing x = {.words = words};

	with_txn(f, run_search, &x);
	return x.n;
}

static bool
count_term(void *ctx, uint64_t ticket)
{
	(void)ticket;
	++*(unsigned *)ctx;
	return true;
}

static int
run_term(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;
	struct str word = str_c(x->words);
	struct strs l = {&word, 1};

	(void)f;
	term_batch_put(t, f->desk.terms);
	return term_search(t, &l, count_term, &x->n) < 0 ? txn_error(t, err)
							 : 0;
}

/* In the index itself. */
static unsigned
indexed(struct fixture *f, const char *word)
{
	struct doing x = {.words = word};

	with_txn(f, run_term, &x);
	return x.n;
}

static unsigned
rows_of(struct fixture *f, uint64_t ticket)
{
	struct txn *t = NULL;
	uint64_t id = 0;
	unsigned n = 0;

	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	while (outbox_of_ticket(t, ticket, id, &id) > 0)
		n++;
	txn_abort(&t);
	return n;
}

/* Ann's, with an answer, sent and closed at NOW + a day. */
static int64_t
closed_ticket(struct fixture *f)
{
	take(f,
	    &(struct mail){.from = "Ann Baker <" ANN ">",
		.cc = "zoe@z.example",
		.id = "a@x",
		.subject = "Printer",
		.text = "The quicksilver smokes",
		.content = "first",
		.attachment = true},
	    NOW);
	answer(f, 1, "Pull the plug of the quicksilver", NOW + HOUR);
	send_all(f);
	set_status(f, 1, STATUS_CLOSED, NOW + DAY);
	return purge_night(NOW + DAY + KEEP);
}

static void
check_stub(struct fixture *f, uint64_t id)
{
	struct ticket k = ticket(f, id);

	assert_true(purge_is_stub(&k));
	assert_str(k.subject, "purged");
	assert_int_equal(k.requester.addr.n, 0);
	assert_int_equal(k.nparticipants, 0);
	assert_int_equal(k.nfields, 0);
	for (uint32_t seq = 1; seq <= k.articles; seq++) {
		struct article r = article(f, id, seq);

		assert_str(r.text, "purged");
		assert_str(r.subject, "purged");
		assert_int_equal(r.blob + r.outbox + r.attachments.n, 0);
		assert_int_equal(r.to.n + r.cc.n + r.from.n + r.bounce.n, 0);
		if (r.direction == DIRECTION_IN)
			assert_int_equal(r.author.addr.n, 0);
	}
	assert_int_equal(rows_of(f, id), 0);
	assert_true(count_events(f, id, "purged") > 0);
}

static void
test_time(void **state)
{
	struct fixture *f = *state;
	int64_t at = closed_ticket(f);
	struct outcome o;

	assert_int_equal(at % DAY, 3 * HOUR);
	assert_int_equal(listed(f), at);
	assert_true(rows_of(f, 1) > 1);
	assert_int_equal(due(f, at - 1), 0);
	assert_str(ticket(f, 1).subject, "Printer");
	assert_int_equal(finds(f, "quicksilver"), 1);
	assert_true(person(f, ANN).key.n > 0);

	assert_true(due(f, at) > 0);
	check_stub(f, 1);
	assert_int_equal(ticket(f, 1).status, STATUS_CLOSED);
	assert_int_equal(ticket(f, 1).created, NOW);
	assert_str(event_detail(f, 1, "purged"), "3 articles");
	assert_str(event_detail(f, 1, "status"), "open -> closed");
	assert_str(event_detail(f, 1, "answered"), "purged");
	assert_int_equal(listed(f), CLOCK_NONE);
	assert_int_equal(person(f, ANN).key.n, 0);
	/* Nothing is read again, nothing finds it by its words. */
	o = take(f,
	    &(struct mail){.from = ANN, .id = "b@x", .content = "first"}, at);
	assert_int_equal(o.fate, FATE_DUPLICATE);
	assert_int_equal(finds(f, "quicksilver"), 0);
	assert_int_equal(indexed(f, "quicksilver"), 1);
	assert_true(due(f, at + HOUR) > 0);
	assert_int_equal(indexed(f, "quicksilver"), 0);
	assert_int_equal(finds(f, "quicksilver"), 0);
	fixture_verify(f);
}

/* What comes to it later opens a ticket of its own; what a machine writes is in the stub until its time is over, too. */
static void
test_later(void **state)
{
	struct fixture *f = *state;
	int64_t at = closed_ticket(f), later;
	struct outcome o;

	due(f, at);
	o = take(f,
	    &(struct mail){.from = ANN,
		.references = "a@x",
		.subject = "Re: Printer",
		.text = "It smokes again"},
	    at + DAY);
	assert_true(o.is_new);
	assert_int_equal(o.ticket, 2);
	assert_str(ticket(f, 2).subject, "Printer");
	fixture_verify(f);

	o = take(f,
	    &(struct mail){.from = ANN,
		.references = "a@x",
		.automatic = "Auto-Submitted: auto-replied",
		.text = "I am in velociraptor land"},
	    at + 2 * DAY);
	fixture_verify(f);
	if (o.ticket == 1) {
		later = listed(f);
		assert_int_equal(later, purge_night(at + 2 * DAY + KEEP));
		due(f, later);
		check_stub(f, 1);
		assert_int_equal(count_events(f, 1, "purged"), 2);
	}
}

static int
run_refused(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("test")};
	struct doing *x = ctx;
	struct ticket k;

	if (ticket_get(t, &f->a, 1, &k) != 1)
		return -1;
	x->found = x->n == 0   ? change_status(&f->desk, t, &f->a, &k,
				     STATUS_OPEN, &who, f->now, &x->err)
		   : x->n == 1 ? change_note(&f->desk, t, &f->a, &k, S("x"),
				     &who, S("root"), f->now, NULL, &x->err)
			       : merge_link(&f->desk, t, &f->a, &k, 2, &who,
				     f->now, &x->err);
	return txn_error(t, err);
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;
	int64_t at = closed_ticket(f);

	take(f, &(struct mail){.from = BOB, .id = "c@x"}, at);
	due(f, at);
	for (unsigned i = 0; i < 3; i++) {
		struct doing x = {.n = i};

		with_txn(f, run_refused, &x);
		assert_int_equal(x.found, -1);
		assert_int_equal(x.err.code, ERR_INVAL);
		assert_has(str_c(x.err.msg), "ticket 1 was purged");
	}
}

/* A large one goes in many turns, in each of which all is as it should be. */
static int
run_notes(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("test")};
	struct ticket k;

	(void)ctx;
	if (ticket_get(t, &f->a, 1, &k) != 1)
		return -1;
	for (unsigned i = 0; i < 250; i++)
		if (change_note(&f->desk, t, &f->a, &k,
			arena_printf(&f->a, "stegosaurus %u", i), &who,
			S("root"), f->now, NULL, err) < 0)
			return -1;
	ticket_put(t, &k);
	return 0;
}

static void
test_steps(void **state)
{
	struct fixture *f = *state;
	int64_t at;

	take(f, &(struct mail){.from = ANN, .id = "a@x"}, NOW);
	f->now = NOW + HOUR;
	with_txn(f, run_notes, NULL);
	send_all(f);
	set_status(f, 1, STATUS_CLOSED, NOW + DAY);
	at = listed(f);
	assert_true(due(f, at) > 5);
	check_stub(f, 1);
	assert_int_equal(ticket(f, 1).articles, 252);
	assert_int_equal(count_events(f, 1, "purged"), 1);
	/* Small pieces of the index, too. */
	purge_words_chunks = 1;
	assert_int_equal(indexed(f, "stegosaurus"), 1);
	assert_true(due(f, at + HOUR) > 1);
	assert_int_equal(indexed(f, "stegosaurus"), 0);
	purge_words_chunks = 100;
}

static int
run_tags(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("test")};
	struct doing *x = ctx;
	struct ticket k;

	if (ticket_get(t, &f->a, 1, &k) != 1 ||
	    change_tags(
		&f->desk, t, &f->a, &k, str_c(x->words), &who, f->now, err) < 0)
		return -1;
	return change_done(t, &k, f->now, err);
}

static void
tag(struct fixture *f, const char *changes, int64_t now)
{
	struct doing x = {.words = changes};

	f->now = now;
	with_txn(f, run_tags, &x);
}

static void
test_kept(void **state)
{
	struct fixture *f = *state;
	static struct str hold = {"legal-hold", 10};
	int64_t at;

	f->settings.keep_tags = (struct strs){&hold, 1};
	at = closed_ticket(f);
	assert_int_equal(listed(f), at);
	tag(f, "+legal-hold", NOW + 2 * DAY);
	assert_int_equal(listed(f), CLOCK_NONE);
	due(f, at + 300 * DAY); /* tokens expire */
	assert_str(ticket(f, 1).subject, "Printer");
	fixture_verify(f);
	/* From now on, but not before the coming night. */
	tag(f, "-legal-hold", at + 300 * DAY);
	assert_true(listed(f) > at + 300 * DAY + KEEP - 1);
	due(f, listed(f));
	check_stub(f, 1);
}

static void
test_status(void **state)
{
	struct fixture *f = *state;

	take(f, &(struct mail){.from = ANN, .id = "a@x"}, NOW);
	send_all(f);
	assert_int_equal(listed(f), CLOCK_NONE);
	set_status(f, 1, STATUS_RESOLVED, NOW + DAY);
	assert_int_equal(listed(f), CLOCK_NONE);
	set_status(f, 1, STATUS_SPAM, NOW + DAY);
	assert_int_equal(listed(f), purge_night(NOW + 11 * DAY));
	set_status(f, 1, STATUS_CLOSED, NOW + 2 * DAY);
	assert_int_equal(listed(f), purge_night(NOW + 2 * DAY + KEEP));
	set_status(f, 1, STATUS_OPEN, NOW + 3 * DAY);
	assert_int_equal(listed(f), CLOCK_NONE);
	set_status(f, 1, STATUS_CLOSED, NOW + 4 * DAY);
	/* Another time is configured: the list is made anew as tickets are. */
	f->queues[0].purge_after = 0;
	assert_int_equal(due(f, NOW + 90 * DAY), 1);
	assert_str(ticket(f, 1).subject, "Printer on fire");
	assert_int_equal(listed(f), CLOCK_NONE);
}

static int
run_merge(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("test")};
	struct ticket k, from;

	(void)ctx;
	if (ticket_get(t, &f->a, 1, &k) != 1 ||
	    ticket_get(t, &f->a, 2, &from) != 1)
		return -1;
	return merge_tickets(&f->desk, t, &f->a, &k, &from, &who, f->now, err);
}

static void
test_merged(void **state)
{
	struct fixture *f = *state;

	take(f, &(struct mail){.from = ANN, .id = "a@x"}, NOW);
	take(f, &(struct mail){.from = ANN, .id = "b@x", .text = "pterodactyl"},
	    NOW);
	send_all(f);
	f->now = NOW + HOUR;
	with_txn(f, run_merge, NULL);
	assert_int_equal(listed(f), CLOCK_NONE);
	set_status(f, 1, STATUS_CLOSED, NOW + 50 * DAY);
	assert_str(article(f, 2, 1).text, "pterodactyl");
	due(f, NOW + 50 * DAY + KEEP + DAY);
	check_stub(f, 1);
	check_stub(f, 2);
	assert_int_equal(ticket(f, 2).status, STATUS_MERGED);
	assert_int_equal(person(f, ANN).key.n, 0);
	assert_int_equal(listed(f), CLOCK_NONE);
}

/* A mail that is still tried puts it off to the next night. */
static void
test_sending(void **state)
{
	struct fixture *f = *state;
	struct doing x = {.from = OUTBOX_SENT, .to = OUTBOX_QUEUED, .id = 1};
	int64_t at = closed_ticket(f);

	with_txn(f, run_rows, &x);
	assert_int_equal(x.n, 1);
	due(f, at);
	assert_int_equal(listed(f), at + DAY);
	assert_false(purge_is_stub(&(struct ticket){0}));
	assert_int_equal(count_events(f, 1, "purged"), 0);
	due(f, at + HOUR);
	assert_int_equal(listed(f), at + DAY);
	send_all(f);
	due(f, at + DAY);
	check_stub(f, 1);
}

/* Who has another ticket, or wrote since, stays. */
static void
test_persons(void **state)
{
	struct fixture *f = *state;
	int64_t at;

	take(f, &(struct mail){.from = ANN, .id = "a@x"}, NOW);
	take(f, &(struct mail){.from = BOB, .id = "b@x"}, NOW);
	take(f, &(struct mail){.from = ANN, .id = "c@x"}, NOW);
	send_all(f);
	for (uint64_t id = 1; id <= 2; id++)
		set_status(f, id, STATUS_CLOSED, NOW + DAY);
	at = listed(f);
	due(f, at);
	check_stub(f, 1);
	check_stub(f, 2);
	assert_true(person(f, ANN).key.n > 0);
	assert_int_equal(person(f, BOB).key.n, 0);
	set_status(f, 3, STATUS_CLOSED, at + DAY);
	due(f, at + DAY + KEEP + DAY);
	check_stub(f, 3);
	assert_int_equal(person(f, ANN).key.n, 0);
}

struct sweep {
	bool sweeps;
};

static int
run_promises(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct sweep *x = ctx;

	return desk_promises(&f->desk, t, &f->a, &x->sweeps, err);
}

/* What was over long ago when a time is configured: not before the night. */
static void
test_configured(void **state)
{
	struct fixture *f = *state;
	struct sweep x = {0};
	int64_t now = NOW + 900 * DAY;

	f->settings.retains = false;
	closed_ticket(f);
	assert_int_equal(listed(f), CLOCK_NONE);
	f->settings.retains = true;
	f->settings.promises = 7;
	f->settings.quarantine_after = 20 * DAY;
	take(f, &(struct mail){.from = BOB, .key = "q", .refused = true}, NOW);
	f->now = now;
	with_txn(f, run_promises, &x);
	assert_true(x.sweeps);
	assert_true(due(f, now) > 0);
	assert_int_equal(listed(f), purge_night(now + HOUR));
	assert_str(ticket(f, 1).subject, "Printer");
	due(f, purge_night(now + HOUR));
	check_stub(f, 1);
	/* None of what is configured now: swept away. */
	f->settings.promises = 8;
	f->queues[0].purge_after = 0;
	with_txn(f, run_promises, &x);
	due(f, now + 2 * DAY);
	assert_int_equal(listed(f), CLOCK_NONE);
}

static bool
count_quarantined(void *ctx, const struct quarantined *q)
{
	(void)q;
	++*(unsigned *)ctx;
	return true;
}

static unsigned
quarantined(struct fixture *f)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct txn *t = NULL;
	unsigned n = 0;

	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	assert_int_equal(quarantine_each(t, &a, count_quarantined, &n), 0);
	txn_abort(&t);
	return n;
}

static void
test_quarantine(void **state)
{
	struct fixture *f = *state;
	struct sweep x = {0};
	struct outcome o;

	f->settings.promises = 7;
	f->settings.quarantine_after = 20 * DAY;
	for (unsigned i = 0; i < 45; i++)
		take(f,
		    &(struct mail){.from = BOB,
			.key = arena_cstr(&f->a, arena_printf(&f->a, "q%u", i)),
			.refused = true},
		    NOW);
	take(f, &(struct mail){.from = BOB, .key = "young", .refused = true},
	    NOW + 10 * DAY);
	f->now = NOW + 10 * DAY;
	with_txn(f, run_promises, &x);
	due(f, NOW + 10 * DAY);
	due(f, NOW + 19 * DAY);
	assert_int_equal(quarantined(f), 46);
	due(f, NOW + 21 * DAY);
	assert_int_equal(quarantined(f), 1);
	/* It has its fate: the same message is not read again. */
	o = take(f, &(struct mail){.from = BOB, .key = "q3"}, NOW + 21 * DAY);
	assert_int_equal(o.fate, FATE_REMOVED);
	assert_int_equal(o.ticket, 0);
	due(f, NOW + 32 * DAY);
	assert_int_equal(quarantined(f), 0);
	fixture_verify(f);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, agents_teardown)
	static const struct CMUnitTest tests[] = {
	    TEST(test_time),
	    TEST(test_later),
	    TEST(test_refused),
	    TEST(test_steps),
	    TEST(test_kept),
	    TEST(test_status),
	    TEST(test_merged),
	    TEST(test_sending),
	    TEST(test_persons),
	    TEST(test_configured),
	    TEST(test_quarantine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

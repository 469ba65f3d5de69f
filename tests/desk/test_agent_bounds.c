/* agent_mail: what comes twice is done once; what could go on without end has one; who left hears nothing more. */
#include "agent_fixture.h"
#include "desk/agent_mail.h"
#include "desk/change.h"
#include "desk/due.h"
#include "desk/outbound.h"
#include "store/ledger.h"

static void
again(struct fixture *f, uint64_t id, int64_t now)
{
	take(f,
	    &(struct mail){.from = "Ann <" ANN ">",
		.subject = arena_cstr(
		    &f->a, arena_printf(
			       &f->a, "Re: [Acme #%u] Printer", (unsigned)id)),
		.text = "It is out.\n"},
	    now);
}

/* --- once -------------------------------------------------------------- */

/* Two mailboxes, or somebody who got it and hands it in again: its signature
 * is good, but not all of its fields are signed. */
static void
test_twice(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct written w = {
	    .from = ANNA,
	    .answers = sent(f, "notice", ANNA),
	    .id = "one@acme.example",
	    .body = "#time 15m\n\nUse water.\n",
	};
	struct outcome o;

	writes(f, &w, LATER);
	assert_int_equal(count_sent(f, "answer", ANN), 1);
	assert_int_equal(count_events(f, id, "time"), 1);
	w.headers = "X-Spam-Status: No\n";
	o = writes(f, &w, LATER + CLOCK_MINUTE);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_int_equal(o.ticket, id);
	assert_int_equal(count_sent(f, "answer", ANN), 1);
	assert_int_equal(count_events(f, id, "time"), 1);
	assert_int_equal(count_sent(f, "transcript", ANNA), 1);
	assert_int_equal(article(f, id, o.seq).direction, DIRECTION_NOTE);
	assert_has(article(f, id, o.seq).flag, "again");
	/* Without a Message-ID, its date and words are what it is known by. */
	w.id = "";
	w.headers = NULL;
	w.body = "Use more water.\n";
	writes(f, &w, LATER + 2 * CLOCK_MINUTE);
	w.headers = "X-Spam-Status: No\n";
	writes(f, &w, LATER + 3 * CLOCK_MINUTE);
	assert_int_equal(count_sent(f, "answer", ANN), 2);
}

/* A colleague's mail with the same id is another one. */
static void
test_twice_by_two(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct written w = {
	    .from = ANNA,
	    .answers = sent(f, "notice", ANNA),
	    .id = "one@acme.example",
	    .body = "#time 15m",
	};

	writes(f, &w, LATER);
	w.from = BEN;
	w.answers = sent(f, "notice", BEN);
	writes(f, &w, LATER);
	assert_int_equal(count_events(f, id, "time"), 2);
}

static void
test_forward_twice(void **state)
{
	struct fixture *f = *state;
	struct written w = {
	    .from = ANNA,
	    .to = "support@acme.example",
	    .subject = "Fwd: Lamp",
	    .id = "fwd@acme.example",
	    .body =
		"---------- Forwarded message ---------\n"
		"From: Bob <" BOB ">\nDate: Mon, 5 Jan 2026 08:00:00 +0000\n"
		"Subject: Lamp\nTo: <anna@acme.example>\n\nIt is dark.\n",
	};
	struct outcome o = writes(f, &w, LATER), p;

	w.headers = "X-Loop-Free: yes\n";
	p = writes(f, &w, LATER);
	assert_int_equal(o.ticket, p.ticket);
	assert_false(p.is_new);
}

/* --- without end ------------------------------------------------------- */

/* A machine that answers everything and says so nowhere. */
static void
test_transcripts(void **state)
{
	struct fixture *f = *state;
	unsigned n;

	for (unsigned i = 0; i < 200; i++)
		writes(f,
		    &(struct written){.from = ANNA,
			.to = "support@acme.example",
			.subject = "Re: What became of your mail",
			.body = "#nothing of that kind"},
		    LATER + i * CLOCK_SECOND);
	n = count_sent(f, "transcript", ANNA);
	assert_true(n > 100 && n <= 120);
	/* An hour later there is one again, and it tells of the others. */
	writes(f,
	    &(struct written){.from = ANNA,
		.to = "support@acme.example",
		.subject = "List",
		.body = "#list"},
	    LATER + 2 * CLOCK_HOUR);
	assert_int_equal(count_sent(f, "transcript", ANNA), n + 1);
	assert_has(told(f, "anna"), "80 ");
}

/* What waits for a word that nobody was asked for is given up in time. */
static void
test_untold_waits(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW), *ids;
	struct message *m = sent(f, "notice", ANNA);
	size_t ran, n;
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	f->settings.notices_per_hour = 2;
	for (unsigned i = 0; i < 3; i++)
		writes(f,
		    &(struct written){.from = ANNA,
			.answers = m,
			.auth = "",
			.body = arena_cstr(
			    &f->a, arena_printf(&f->a, "Water %u.\n", i))},
		    LATER);
	assert_int_equal(count_sent(f, "transcript", ANNA), 2);
	assert_int_equal(txn_write(f->store, &t, &err), 0);
	assert_int_equal(due_run(&f->desk, t, &f->a, LATER + 4 * CLOCK_DAY,
			     1000, &ran, &ids, &n, &err),
	    0);
	assert_int_equal(txn_commit(t, &err), 0);
	assert_int_equal(count_events(f, id, "discarded"), 3);
}

/* Who wrote it has left the house: his colleagues are told. */
static void
test_gone(void **state)
{
	struct agents *g = *state;
	struct fixture *f = *state;
	uint64_t *ids;
	size_t ran, n;
	unsigned before;
	struct err err = ERR_INIT;
	struct txn *t = NULL;
	struct written w = {.from = ANNA, .auth = "", .body = "Use water.\n"};

	customer(f, NOW);
	w.answers = sent(f, "notice", ANNA);
	writes(f, &w, LATER);
	before = count_sent(f, "notice", BEN);
	g->agents[0].name = S("another");
	g->agents[0].addresses = (struct strs){0};
	strs_add(&f->a, &g->agents[0].addresses, S("another@acme.example"));
	assert_int_equal(txn_write(f->store, &t, &err), 0);
	assert_int_equal(due_run(&f->desk, t, &f->a, LATER + 4 * CLOCK_DAY,
			     1000, &ran, &ids, &n, &err),
	    0);
	assert_int_equal(txn_commit(t, &err), 0);
	assert_int_equal(count_sent(f, "notice", BEN), before + 1);
	assert_has(sent(f, "notice", BEN)->text, "a mail of anna waited");
	/* Neither his address nor his token is anybody's any more. */
	w.auth = NULL;
	w.body = "Use more.\n";
	assert_int_equal(
	    writes(f, &w, LATER + 4 * CLOCK_DAY).fate, FATE_QUARANTINE);
	assert_int_equal(count_sent(f, "answer", ANN), 0);
}

/* A pasted log is full of "@". */
static void
test_mentions(void **state)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct fixture *f = *state;

	customer(f, NOW);
	buf_puts(&b, "#note\n\n@ben\n");
	for (unsigned i = 0; i < 20000; i++)
		buf_printf(&b, "at @x%u\n", i);
	replies(f, "anna", "notice", buf_cstr(&b), LATER);
	assert_has(told(f, "anna"), "@ben");
	assert_has(told(f, "anna"), "@x0");
	assert_true(told(f, "anna").n < 4000);
}

static void
test_history(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);

	for (unsigned i = 0; i < 400; i++)
		again(f, id, NOW + i);
	replies(f, "anna", "notice", "#history", LATER);
	assert_has(told(f, "anna"), "of 403)");
	assert_true(told(f, "anna").n < 64 << 10);
}

/* --- people ------------------------------------------------------------ */

static void
test_left(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);

	replies(f, "anna", "notice", "#cc add " BOB, LATER);
	replies(f, "anna", "transcript", "#send", LATER);
	assert_int_equal(ticket(f, id).nparticipants, 2);
	/* Row 7: it waits, for Ann and Bob. */
	writes(f,
	    &(struct written){.from = ANNA,
		.answers = sent(f, "notice", ANNA),
		.auth = "",
		.body = "Use water.\n"},
	    LATER);
	assert_int_equal(row_of(f, "answer", BOB)->state, OUTBOX_HELD);
	replies(f, "ben", "notice", "#cc remove " BOB, LATER);
	replies(f, "ben", "transcript", "#send", LATER);
	assert_int_equal(ticket(f, id).nparticipants, 1);
	replies(f, "anna", "transcript", "#send", LATER);
	assert_int_equal(row_of(f, "answer", BOB)->state, OUTBOX_HELD);
	assert_has(told(f, "anna"), BOB);
}

/* The customer wrote while it waited. */
static void
test_stale_again(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);

	writes(f,
	    &(struct written){.from = ANNA,
		.answers = sent(f, "notice", ANNA),
		.auth = "",
		.body = "Use water.\n"},
	    LATER);
	again(f, id, LATER + 1);
	replies(f, "anna", "transcript", "#send", LATER + 2);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_HELD);
	assert_has(told(f, "anna"), "It is out.");
	assert_has(told(f, "anna"), "Use water.");
	replies(f, "anna", "transcript", "#send", LATER + 3);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_QUEUED);
	assert_int_equal(count_sent(f, "answer", ANN), 1);
}

/* Forwarded from his other address, he is out of it when it is known whose it is. */
static void
test_other_address(void **state)
{
	struct agents *g = *state;
	struct fixture *f = *state;
	struct outcome o;

	strs_add(&f->a, &g->agents[0].addresses, S("berg@acme.example"));
	strs_add(&f->a, &f->settings.desk_addresses, S("berg@acme.example"));
	o = writes(f,
	    &(struct written){.from = "berg@acme.example",
		.to = "support@acme.example",
		.subject = "Fwd: Lamp",
		.body = "-------- Forwarded Message --------\n"
			"Subject: Lamp\n"
			"Date: Mon, 5 Jan 2026 09:00:00 +0100\n"
			"From: Bob\n"
			"To: Anna Berg <berg@acme.example>\n"
			"\n"
			"It is dark.\n"},
	    LATER);
	assert_str(ticket(f, o.ticket).requester.addr, "berg@acme.example");
	writes(f,
	    &(struct written){.from = "berg@acme.example",
		.answers = sent(f, "transcript", ANNA),
		.body = "#requester " BOB},
	    LATER);
	assert_str(ticket(f, o.ticket).requester.addr, BOB);
	assert_int_equal(ticket(f, o.ticket).nparticipants, 1);
}

/* --- his own ticket ----------------------------------------------------- */

/* He is whom the answer went to: what he writes back is no answer to nobody. */
static void
test_own_ticket(void **state)
{
	struct fixture *f = *state;
	struct outcome o = writes(f,
			   &(struct written){.from = ANNA,
			       .subject = "Lamp",
			       .body = "It flickers.\n"},
			   NOW),
		       p;
	unsigned notices;

	replies(f, "ben", "notice", "I changed it.\n", LATER);
	assert_str(ticket(f, o.ticket).assignee, "ben");
	notices = count_sent(f, "notice", BEN);
	p = writes(f,
	    &(struct written){.from = ANNA,
		.answers = sent(f, "answer", ANNA),
		.body = "It flickers still.\n"},
	    LATER + 1);
	assert_int_equal(p.ticket, o.ticket);
	assert_int_equal(article(f, o.ticket, p.seq).direction, DIRECTION_IN);
	assert_str(article(f, o.ticket, p.seq).text, "It flickers still.");
	assert_int_equal(count_sent(f, "notice", BEN), notices + 1);
	assert_int_equal(count_sent(f, "transcript", ANNA), 0);
	assert_has(sent(f, "notice", BEN)->text, "It flickers still.");
	/* When it was over, it is open again. */
	replies(f, "ben", "notice", "#resolve\n\nAnother one.\n", LATER + 2);
	assert_int_equal(ticket(f, o.ticket).status, STATUS_RESOLVED);
	writes(f,
	    &(struct written){.from = ANNA,
		.answers = sent(f, "answer", ANNA),
		.body = "And again it does.\n"},
	    LATER + 3);
	assert_int_equal(ticket(f, o.ticket).status, STATUS_OPEN);
	/* With a command on top it is an agent's mail. */
	writes(f,
	    &(struct written){.from = ANNA,
		.answers = sent(f, "answer", ANNA),
		.body = "#note\n\nThe bulb is new.\n"},
	    LATER + 4);
	assert_int_equal(count_events(f, o.ticket, "note"), 1);
	fixture_verify(f);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, agents_setup, agents_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_twice),
	    T(test_twice_by_two),
	    T(test_forward_twice),
	    T(test_transcripts),
	    T(test_untold_waits),
	    T(test_gone),
	    T(test_mentions),
	    T(test_history),
	    T(test_left),
	    T(test_stale_again),
	    T(test_other_address),
	    T(test_own_ticket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

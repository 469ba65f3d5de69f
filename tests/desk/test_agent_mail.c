/* agent_mail: what an agent's mails do, from raw mail to rows. */
#include "agent_fixture.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/rules.h"
#include "store/ledger.h"

static void
test_answer(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct outcome o;
	struct message *m;
	struct ticket k;

	o = replies(f, "anna", "notice", "Use water.\n\nAnna", LATER);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_int_equal(o.ticket, id);
	m = sent(f, "answer", ANN);
	assert_non_null(m);
	assert_has(m->text, "Use water.");
	assert_false(str_has(m->text, S("anna@acme")));
	assert_str(m->from.v[0].addr, "support@acme.example");
	k = ticket(f, id);
	assert_str(k.assignee, "anna");
	assert_int_equal(k.status, STATUS_OPEN);
	assert_int_equal(k.first_response, LATER);
	assert_int_equal(count_events(f, id, "answered"), 1);
	/* No noise for what simply went out. */
	assert_int_equal(count_sent(f, "transcript", ANNA), 0);
	assert_int_equal(article(f, id, o.seq).direction, DIRECTION_NOTE);
	assert_str(article(f, id, o.seq).text, "");
}

static void
test_commands(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct ticket k;

	replies(f, "anna", "notice",
	    "#take\n#tag +refund\n#priority high\n#pending\n\nUse water.\n",
	    LATER);
	k = ticket(f, id);
	assert_str(k.assignee, "anna");
	assert_int_equal(k.status, STATUS_PENDING);
	assert_int_equal(k.priority, PRIORITY_HIGH);
	assert_int_equal(k.tags.n, 1);
	assert_has(answered(f, ANN), "Use water.");
	assert_false(str_has(answered(f, ANN), S("#")));
	assert_has(told(f, "anna"), "priority: high, was normal");
	assert_has(told(f, "anna"), "status: pending, was new");
}

/* All commands of a mail are for the ticket that it answers. */
static void
test_split_and_more(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct ticket k;
	struct outcome o = take(f,
	    &(struct mail){.from = "Ann <" ANN ">",
		.references = "c1@x",
		.text = "And my lamp is dark.\n"},
	    NOW + 1);

	assert_int_equal(o.ticket, id);
	assert_int_equal(o.seq, 3);
	replies(f, "anna", "notice", "#split 3\n#tag +refund\n", LATER);
	assert_has(told(f, "anna"),
	    "article 3 is ticket #2 now; the other commands of this mail are "
	    "for #1");
	k = ticket(f, id);
	assert_true(strs_has(&k.tags, S("refund")));
	assert_int_equal(ticket(f, id + 1).tags.n, 0);
	assert_str(article(f, id + 1, 1).text, "And my lamp is dark.\n");
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct outcome o;

	o = replies(f, "anna", "notice", "#clsoe\n#tag +x\n\nHello\n", LATER);
	assert_int_equal(o.ticket, id);
	assert_int_equal(count_sent(f, "answer", ANN), 0);
	assert_int_equal(ticket(f, id).tags.n, 0);
	assert_has(told(f, "anna"), "did you mean #close?");
	assert_has(told(f, "anna"), "kept as a note");
	assert_int_equal(count_events(f, id, "refused"), 1);
	assert_has(article(f, id, o.seq).text, "Hello");
	assert_has(article(f, id, o.seq).flag, "refused");
}

/* --- every command, done and refused ----------------------------------- */

struct check {
	const char *done, *says, *refused, *why;
};

static const struct check checks[] = {
    {"#take", "assignee: anna", "#take me", "nothing behind it"},
    {"#assign ben", "assignee: ben", "#assign benn", "did you mean ben?"},
    {"#assign nobody", "the assignee is -", "#assign carla",
	"carla may not work queue support"},
    {"#assign @billing", "queue: billing", "#assign", "an agent's, a team's"},
    {"#open", "status: open", "#open it", "nothing behind"},
    {"#pending", "status: pending", "#pending now", "nothing behind"},
    {"#hold", "status: hold", "#holdd", "did you mean #hold?"},
    {"#resolve", "status: resolved", "#resolve maybe", "only \"force\""},
    {"#close", "status: closed", "#close\n#open", "#close sets the status"},
    {"#snooze 2d", "out of sight until 2026-01-0", "#snooze never", ""},
    {"#priority urgent", "priority: urgent", "#priority hihg",
	"did you mean high?"},
    {"#queue billing", "queue: billing, was support", "#queue biling",
	"did you mean billing?"},
    {"#subject New words", "subject: New words", "#subject", "the new subject"},
    {"#tag +refund -spam vip", "tags: refund vip", "#tag +a*b", "is no tag"},
    {"#field order=1234", "order: 1234", "#field order", "name=value"},
    {"#link 2", "linked to #2", "#link 99", "no ticket #99"},
    {"#unlink 2", NULL, "#unlink 2", "not linked"},
    {"#spam", "status: spam", "#spam!", ""},
    {"#time 15m", "working time: 15m in all", "#time soon", "a duration"},
    {"#split", "ticket #", "#split 9", "an article's number"},
    {"#child billing \"Refund\"", "in queue billing: Refund", "#child",
	"a queue, and a subject"},
    {"#history", "created", "#history 99", "no ticket #99"},
    {"#why", "<- ", "#why x", "a ticket's number"},
    {"#list team", "Printer on fire", "#list billing", "may not see queue"},
    {"#help", "#requester ADDRESS", "#hepl", "did you mean #help?"},
    {NULL, NULL, "#send", "counts only in reply"},
    {NULL, NULL, "#resend", "no answer of this ticket has failed"},
    {NULL, NULL, "#undo", "no change of yours"},
    {NULL, NULL, "#macro nosuch", ""},
    {NULL, NULL, "#kb 99", "no article 99"},
    {NULL, NULL, "#kb save", "a title"},
    {NULL, NULL, "#cc maybe bob@y.example", "add or remove"},
    {NULL, NULL, "#requester nobody", "is no address"},
    {NULL, NULL, "#merge 99", "no ticket #99"},
    {"#分配 ben", "assignee: ben", "#分派 ben", "no such command"},
    {"＃标签 ＋退款", "退款", "＃优先级 很高", "low, normal, high"},
    {"#优先级 高", "priority: high", NULL, NULL},
};

static void
test_each(void **state)
{
	struct fixture *f = *state;
	int64_t now = NOW;

	customer(f, now);
	customer(f, now);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		const struct check *c = &checks[i];
		uint64_t id = customer(f, now += CLOCK_MINUTE);
		uint32_t events = ticket(f, id).events;

		if (c->refused) {
			replies(f, "anna", "notice", c->refused, now);
			if (!str_has(
				told(f, "anna"), S("Nothing of this mail")))
				fail_msg("%s: %.*s", c->refused,
				    STR_ARG(told(f, "anna")));
			if (!str_has(told(f, "anna"), str_c(c->why)))
				fail_msg("%s: %.*s", c->refused,
				    STR_ARG(told(f, "anna")));
			/* The article, the refusal, the notice of it. */
			if (ticket(f, id).events > events + 3)
				fail_msg("%s did something", c->refused);
			assert_int_equal(count_events(f, id, "refused"), 1);
		}
		if (!c->done || !c->says)
			continue;
		replies(f, "anna", "notice", c->done, now);
		if (!str_has(told(f, "anna"), str_c(c->says)))
			fail_msg("%s: %.*s", c->done, STR_ARG(told(f, "anna")));
	}
	assert_int_equal(count_sent(f, "answer", ANN), 0);
}

/* Row, article and command stand in the cause of what was done. */
static void
test_cause(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct ticket k;
	struct txn *t = NULL;
	struct err err = ERR_INIT;
	bool found = false;

	replies(f, "anna", "notice", "#priority high", LATER);
	k = ticket(f, id);
	assert_int_equal(txn_read(f->store, &t, &err), 0);
	for (uint32_t i = 1; i <= k.events; i++) {
		struct event e;

		assert_int_equal(event_get(t, &f->a, id, i, &e), 1);
		if (!str_eq(e.kind, S("priority")))
			continue;
		found = true;
		assert_str(e.actor, "agent:anna");
		assert_has(e.cause, "row 9, article ");
		assert_has(e.cause, ", #priority high");
	}
	txn_abort(&t);
	assert_true(found);
}

/* --- notes ------------------------------------------------------------- */

static void
test_note(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	unsigned notices = count_sent(f, "notice", BEN);
	struct outcome o;

	o = replies(f, "anna", "notice",
	    "#note\nAsk @ben and @nobody about it, not x@y.example.", LATER);
	assert_int_equal(count_sent(f, "answer", ANN), 0);
	assert_int_equal(count_sent(f, "notice", BEN), notices + 1);
	assert_int_equal(count_events(f, id, "mention"), 1);
	assert_int_equal(count_events(f, id, "note"), 1);
	assert_has(article(f, id, o.seq).text, "Ask @ben");
	assert_has(told(f, "anna"), "@ben");
	assert_true(ticket(f, id).first_response == CLOCK_NONE);
	/* The whole mail is one, wherever #note stands in the block. */
	replies(f, "anna", "notice", "#priority low\n#note\nquiet", LATER);
	assert_int_equal(count_sent(f, "answer", ANN), 0);
	assert_int_equal(ticket(f, id).priority, PRIORITY_LOW);
}

/* --- what waits -------------------------------------------------------- */

static void
test_stale(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct message *notice = sent(f, "notice", ANNA);
	struct outcome o;
	struct ticket k;

	/* The customer writes again; Anna answers the first notice. */
	take(f,
	    &(struct mail){.from = ANN,
		.subject = "Re: [Acme #1] Printer on fire",
		.text = "Never mind, it is out.\n"},
	    NOW + CLOCK_MINUTE);
	o = writes(f,
	    &(struct written){.from = ANNA,
		.answers = notice,
		.body = "#resolve\n\nUse water.\n"},
	    LATER);
	assert_int_equal(o.ticket, id);
	assert_non_null(row_of(f, "answer", ANN));
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_HELD);
	k = ticket(f, id);
	assert_int_equal(k.status, STATUS_NEW);
	assert_true(k.first_response == CLOCK_NONE);
	assert_has(told(f, "anna"), "something arrived after");
	assert_has(told(f, "anna"), "Never mind, it is out.");
	assert_has(told(f, "anna"), "Use water.");
	assert_int_equal(count_events(f, id, "waits"), 1);
	/* Her word. */
	replies(f, "anna", "transcript", "#send\n", LATER + CLOCK_MINUTE);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_QUEUED);
	assert_int_equal(count_sent(f, "answer", ANN), 1);
	k = ticket(f, id);
	assert_int_equal(k.status, STATUS_RESOLVED);
	assert_int_equal(k.first_response, LATER + CLOCK_MINUTE);
	assert_int_equal(count_events(f, id, "confirmed"), 1);
}

/* Twice, in other places, too late. */
static void
test_send(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct message *notice = sent(f, "notice", ANNA), *asked;

	writes(f,
	    &(struct written){.from = ANNA,
		.answers = notice,
		.no_token = true,
		.subject = "Re: [Acme #1] Printer on fire",
		.body = "Use water.\n"},
	    LATER);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_HELD);
	asked = sent(f, "transcript", ANNA);
	/* A notice's token sends nothing. */
	writes(f,
	    &(struct written){
		.from = ANNA, .answers = notice, .body = "#send\n"},
	    LATER);
	assert_has(told(f, "anna"), "counts only in reply");
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_HELD);
	/* With other words below it is not alone only if they are commands. */
	writes(f,
	    &(struct written){
		.from = ANNA, .answers = asked, .body = "#send\n#close\n"},
	    LATER);
	assert_has(told(f, "anna"), "stands alone");
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_HELD);
	writes(f,
	    &(struct written){
		.from = ANNA, .answers = asked, .body = "#send\n"},
	    LATER);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_QUEUED);
	writes(f,
	    &(struct written){
		.from = ANNA, .answers = asked, .body = "#send\n\n"},
	    LATER + 1);
	assert_has(told(f, "anna"), "done already");
	assert_int_equal(count_sent(f, "answer", ANN), 1);
	assert_int_equal(count_events(f, id, "answered"), 1);
}

static void
test_expired(void **state)
{
	struct fixture *f = *state;
	struct message *notice;

	customer(f, NOW);
	notice = sent(f, "notice", ANNA);
	writes(f,
	    &(struct written){.from = ANNA,
		.answers = notice,
		.no_token = true,
		.subject = "Re: [Acme #1] Printer on fire",
		.body = "Use water.\n"},
	    LATER);
	replies(f, "anna", "transcript", "#send\n", LATER + 4 * CLOCK_DAY);
	assert_has(told(f, "anna"), "came too late");
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_HELD);
}

/* Row 7: a note at once, an answer waits, and #send by row 7 is enough. */
static void
test_weak(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct message *notice = sent(f, "notice", ANNA);
	struct written w = {.from = ANNA, .answers = notice, .auth = ""};

	w.body = "#note\nquiet\n";
	writes(f, &w, LATER);
	assert_int_equal(count_events(f, id, "note"), 1);
	w.body = "#close\n";
	writes(f, &w, LATER);
	assert_int_equal(ticket(f, id).status, STATUS_NEW);
	w.body = "Use water.\n";
	writes(f, &w, LATER);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_HELD);
	w.answers = sent(f, "transcript", ANNA);
	w.body = "#send\n";
	writes(f, &w, LATER);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_QUEUED);
}

/* Row 10 for what cannot be taken back. */
static void
test_strong(void **state)
{
	struct fixture *f = *state;
	uint64_t one = customer(f, NOW), two = customer(f, NOW);

	replies(f, "anna", "notice",
	    arena_cstr(
		&f->a, arena_printf(&f->a, "#merge %u\n", (unsigned)one)),
	    LATER);
	assert_int_equal(ticket(f, two).merged_into, 0);
	assert_has(told(f, "anna"), "needs your confirmation");
	replies(f, "anna", "transcript", "#send", LATER);
	assert_int_equal(ticket(f, two).merged_into, one);
	/* A one-time token confirms nothing but what it was made for. */
	customer(f, LATER);
	replies(f, "anna", "notice", "#cc add bob@y.example", LATER + 1);
	replies(f, "anna", "transcript", "#requester bob@y.example", LATER + 2);
	assert_has(told(f, "anna"), "needs your confirmation");
	assert_str(ticket(f, 3).requester.addr, ANN);
}

/* An answer that waits with the one who is to read it, too. */
static void
test_strong_waits(void **state)
{
	struct fixture *f = *state;

	customer(f, NOW);
	replies(f, "anna", "notice", "#cc add bob@y.example\n\nHello both.\n",
	    LATER);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_HELD);
	assert_int_equal(ticket(f, 1).nparticipants, 1);
	fixture_verify(f);
	replies(f, "anna", "transcript", "#send", LATER + 1);
	assert_int_equal(row_of(f, "answer", BOB)->state, OUTBOX_QUEUED);
	assert_int_equal(ticket(f, 1).nparticipants, 2);
}

/* --- rights ------------------------------------------------------------ */

static void
test_rights(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct outcome o;

	/* Carla has no part in support: her mail opens a ticket of her own. */
	o = writes(f,
	    &(struct written){.from = "carla@acme.example",
		.subject = "Re: [Acme #1] Printer on fire",
		.no_token = true,
		.body = "Use water.\n"},
	    LATER);
	assert_int_not_equal(o.ticket, id);
	assert_int_equal(count_sent(f, "answer", ANN), 0);
	/* Handed over, and Anna can do no more with it. */
	replies(f, "anna", "notice", "#queue billing", LATER);
	assert_has(told(f, "anna"), "queue: billing");
	assert_true(count_sent(f, "notice", "carla@acme.example") > 0);
	replies(f, "anna", "notice", "#close", LATER);
	assert_has(told(f, "anna"), "may not work queue billing");
	replies(f, "anna", "notice", "Use water.", LATER);
	assert_has(told(f, "anna"), "may not answer tickets of this queue");
	assert_int_equal(count_sent(f, "answer", ANN), 0);
}

/* --- undo -------------------------------------------------------------- */

static const char *const undone[] = {"#take", "#assign ben", "#open",
    "#pending", "#hold", "#resolve", "#close", "#snooze 2d", "#priority high",
    "#queue support", "#subject Lamp", "#tag +a -b", "#field order=12",
    "#link 1", "#spam", "#time 15m", "#assign billing"};

static void
test_undo(void **state)
{
	struct fixture *f = *state;
	int64_t now = NOW;

	customer(f, now);
	for (size_t i = 0; i < ARRAY_LEN(undone); i++) {
		uint64_t id = customer(f, now += CLOCK_MINUTE);
		struct ticket was = ticket(f, id), is;
		struct message *notice = sent(f, "notice", "lena@acme.example");
		struct written w = {
		    .from = "lena@acme.example", .answers = notice};
		bool nothing = str_eq(str_c(undone[i]), S("#queue support"));

		w.body = undone[i];
		writes(f, &w, now);
		w.body = "#undo";
		writes(f, &w, now + 1);
		if (nothing) {
			assert_has(told(f, "lena"), "no change of yours");
			continue;
		}
		if (!str_has(told(f, "lena"), S("taken back: ")))
			fail_msg(
			    "%s: %.*s", undone[i], STR_ARG(told(f, "lena")));
		is = ticket(f, id);
		assert_true(
		    is.status == was.status ||
		    (was.status == STATUS_NEW && is.status == STATUS_OPEN));
		assert_int_equal(is.priority, was.priority);
		assert_true(str_eq(is.queue, was.queue));
		assert_true(str_eq(is.assignee, was.assignee));
		assert_true(str_eq(is.subject, was.subject));
		assert_int_equal(is.tags.n, was.tags.n);
		assert_int_equal(is.nlinks, was.nlinks);
		for (size_t j = 0; j < is.nfields; j++)
			assert_int_equal(is.fields[j].value.n, 0);
		/* Once. */
		writes(f, &w, now + 2);
		w.body = "#undo\n";
		assert_true(str_has(told(f, "lena"), S("no change of yours")) ||
			    str_has(told(f, "lena"), S("taken back")));
	}
}

static void
test_undo_changed_since(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct message *notice = sent(f, "notice", BEN);

	replies(f, "anna", "notice", "#priority high", LATER);
	writes(f,
	    &(struct written){
		.from = BEN, .answers = notice, .body = "#priority low"},
	    LATER);
	replies(f, "anna", "notice", "#undo", LATER);
	assert_has(told(f, "anna"), "somebody changed it since");
	assert_int_equal(ticket(f, id).priority, PRIORITY_LOW);
	/* Two steps back. */
	replies(f, "ben", "notice", "#tag +a", LATER);
	replies(f, "ben", "notice", "#undo", LATER);
	assert_int_equal(ticket(f, id).tags.n, 0);
	replies(f, "ben", "notice", "#undo", LATER + 1);
	assert_int_equal(ticket(f, id).priority, PRIORITY_HIGH);
}

/* --- fresh mail -------------------------------------------------------- */

static void
test_alone(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct written w = {
	    .from = ANNA, .subject = "list", .body = "#list team"};
	struct outcome o = writes(f, &w, LATER);

	assert_has(told(f, "anna"), "Printer on fire");
	assert_int_not_equal(o.ticket, id);
	assert_int_equal(ticket(f, o.ticket).status, STATUS_CLOSED);
	/* One ticket keeps them all. */
	w.body = "#history 1";
	assert_int_equal(writes(f, &w, LATER).ticket, o.ticket);
	assert_has(told(f, "anna"), "It burns.");
	w.body = "#close\n";
	assert_int_equal(writes(f, &w, LATER).ticket, o.ticket);
	assert_has(told(f, "anna"), "names no ticket");
	assert_int_equal(ticket(f, id).status, STATUS_NEW);
	w.body = "#lits\n";
	writes(f, &w, LATER);
	assert_has(told(f, "anna"), "did you mean #list?");
}

static void
test_own(void **state)
{
	struct fixture *f = *state;
	struct outcome o = writes(f,
	    &(struct written){.from = "Anna Berg <" ANNA ">",
		.subject = "The lamp in room 2",
		.body = "#priority high\n#tag +house\nIt flickers."},
	    LATER);
	struct ticket k = ticket(f, o.ticket);

	assert_true(o.is_new);
	assert_str(k.requester.addr, ANNA);
	assert_int_equal(k.priority, PRIORITY_HIGH);
	assert_str(article(f, o.ticket, o.seq).text, "It flickers.");
	assert_has(told(f, "anna"), "requested by " ANNA);
	assert_true(count_sent(f, "notice", BEN) > 0);
}

static const char forward[] = "#tag +phone\n"
			      "@ben knows him.\n"
			      "\n"
			      "-------- Forwarded Message --------\n"
			      "Subject: My printer\n"
			      "Date: Mon, 5 Jan 2026 09:00:00 +0100\n"
			      "From: Ann Lee <ann@x.example>\n"
			      "To: Anna Berg <anna@acme.example>\n"
			      "\n"
			      "It burns again.\n";

static void
test_forward(void **state)
{
	struct fixture *f = *state;
	struct outcome o = writes(f,
	    &(struct written){
		.from = ANNA, .subject = "Fwd: My printer", .body = forward},
	    LATER);
	struct ticket k = ticket(f, o.ticket);
	struct article r = article(f, o.ticket, o.seq);

	assert_true(o.is_new);
	assert_str(k.requester.addr, ANN);
	assert_str(k.subject, "My printer");
	assert_int_equal(r.direction, DIRECTION_IN);
	assert_str(r.author.addr, ANN);
	assert_has(r.text, "It burns again.");
	assert_false(str_has(r.text, S("knows him")));
	assert_int_equal(count_events(f, o.ticket, "note"), 1);
	assert_int_equal(k.tags.n, 1);
	/* She is told that it has arrived, and no word of what Anna wrote. */
	assert_int_equal(count_sent(f, "ack", ANN), 1);
	assert_false(str_has(sent(f, "ack", ANN)->text, S("knows him")));
	assert_has(told(f, "anna"), "requested by " ANN);
}

static void
use_rules(struct fixture *f, const char *text)
{
	struct rules_file file = {"rules.d/10.sieve",
	    arena_printf(&f->a,
		"require [\"vnd.helpd\", \"envelope\", \"body\", "
		"\"date\", \"relational\"];\n%s\n",
		text)};
	struct complaints bad = {0};

	rules_free(&f->settings.rules);
	rules_compile(
	    NULL, S("rules.d/"), &file, 1, &f->a, &f->settings.rules, &bad);
	if (!f->settings.rules)
		fail_msg("%.*s", STR_ARG(bad.v[0].msg));
}

/* What she wrote is what rules look at: not who forwarded it, nor what he put
 * above it. */
static void
test_forward_rules(void **state)
{
	static const char *const never[] = {
	    "address \"from\" \"" ANNA "\"",
	    "address \"to\" \"support@acme.example\"",
	    "header :contains \"subject\" \"fwd\"",
	    "body :contains \"knows him\"",
	    "envelope \"from\" \"" ANNA "\"",
	    "exists \"authentication-results\"",
	};
	static const char *const always[] = {
	    "address \"from\" \"" ANN "\"",
	    "address \"to\" \"" ANNA "\"",
	    "header :is \"subject\" \"My printer\"",
	    "date \"date\" \"date\" \"2026-01-05\"",
	    "body :contains \"burns again\"",
	    "event \"new\"",
	};
	struct fixture *f = *state;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct outcome o;
	struct ticket k;

	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		buf_printf(&b, "if %s { tag \"never%zu\"; }\n", never[i], i);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		buf_printf(&b, "if %s { tag \"always%zu\"; }\n", always[i], i);
	buf_puts(&b, "priority \"urgent\"; assign :agent \"zhou\";");
	use_rules(f, buf_cstr(&b));
	o = writes(f,
	    &(struct written){
		.from = ANNA, .subject = "Fwd: My printer", .body = forward},
	    LATER);
	k = ticket(f, o.ticket);
	assert_true(o.is_new);
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (strs_has(&k.tags, arena_printf(&f->a, "never%zu", i)))
			fail_msg("%s", never[i]);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (!strs_has(&k.tags, arena_printf(&f->a, "always%zu", i)))
			fail_msg("not %s", always[i]);
	assert_true(strs_has(&k.tags, S("phone"))); /* Anna's */
	assert_int_equal(k.priority, PRIORITY_URGENT);
	assert_str(k.assignee, "zhou");
	assert_int_equal(count_sent(f, "notice", "zhou@acme.example"), 1);
	assert_int_equal(count_sent(f, "ack", ANN), 1);
	/* The words that an agent writes to the desk are none of theirs. */
	o = writes(f,
	    &(struct written){.from = ANNA,
		.to = "support@acme.example",
		.subject = "My printer",
		.body = "It burns again."},
	    LATER + 1);
	assert_true(o.is_new);
	assert_int_equal(ticket(f, o.ticket).tags.n, 0);
	assert_int_equal(ticket(f, o.ticket).priority, PRIORITY_NORMAL);
	rules_free(&f->settings.rules);
}

/* Rules are first, and the agent's word is the last. What a rule has made
 * impossible is told, and the desk hears of the ticket. */
static void
test_forward_rules_first(void **state)
{
	struct fixture *f = *state;
	struct written w = {.from = ANNA,
	    .subject = "Fwd: My printer",
	    .body = arena_cstr(
		&f->a, arena_printf(
			   &f->a, "#priority low\n#assign ben\n%s", forward))};
	struct outcome o;

	use_rules(f, "priority \"urgent\"; answer \"none\";");
	o = writes(f, &w, LATER);
	assert_int_equal(ticket(f, o.ticket).priority, PRIORITY_LOW);
	assert_str(ticket(f, o.ticket).assignee, "ben");
	assert_int_equal(count_sent(f, "ack", ANN), 0);
	assert_has(event_detail(f, o.ticket, "not-acknowledged"), "rule");
	use_rules(f, "queue \"billing\";");
	o = writes(f, &w, LATER + 1);
	assert_str(ticket(f, o.ticket).queue, "billing");
	assert_str(ticket(f, o.ticket).assignee, "");
	assert_has(told(f, "anna"), "ben may not work the queue billing");
	assert_int_equal(count_sent(f, "notice", "carla@acme.example"), 1);
	/* What a rule discards is told to nobody, and closed. */
	use_rules(f, "discard;");
	w.body = forward;
	o = writes(f, &w, LATER + 2);
	assert_int_equal(ticket(f, o.ticket).status, STATUS_CLOSED);
	assert_int_equal(count_sent(f, "notice", "carla@acme.example"), 1);
	assert_int_equal(count_sent(f, "ack", ANN), 1);
	rules_free(&f->settings.rules);
}

/* Mail that joins is a follow-up: of the customer's, so what waited for him
 * does not any more. */
static void
test_forward_followup(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct outcome o;

	set_status(f, id, STATUS_PENDING, NOW + 1);
	use_rules(f, "if event \"followup\" { tag \"again\"; }\n"
		     "if event \"new\" { tag \"no\"; }");
	o = writes(f,
	    &(struct written){.from = ANNA,
		.subject = "Fwd: [Acme #1] Printer on fire",
		.body = forward},
	    LATER);
	assert_int_equal(o.ticket, id);
	assert_int_equal(ticket(f, id).status, STATUS_OPEN);
	assert_int_equal(ticket(f, id).tags.n, 1);
	assert_str(ticket(f, id).tags.v[0], "again");
	assert_has(sent(f, "notice", BEN)->text, "the customer wrote again");
	rules_free(&f->settings.rules);
}

/* He wrote to Anna about a ticket that is there: his words join it. */
static void
test_forward_joins(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	struct outcome o = writes(f,
	    &(struct written){.from = ANNA,
		.subject = "Fwd: [Acme #1] Printer on fire",
		.body = forward},
	    LATER);

	assert_int_equal(o.ticket, id);
	assert_false(o.is_new);
	assert_int_equal(article(f, id, o.seq).direction, DIRECTION_IN);
	assert_str(article(f, id, o.seq).author.addr, ANN);
	/* It was there before, so its tags are no part of opening it. */
	assert_int_equal(ticket(f, id).tags.n, 0);
	replies(f, "anna", "transcript", "#send", LATER + 1);
	assert_int_equal(ticket(f, id).tags.n, 1);
	/* A stranger's words open a ticket of their own, linked. */
	o = writes(f,
	    &(struct written){.from = ANNA,
		.subject = "Fwd: [Acme #1] Printer on fire",
		.body = "-------- Forwarded Message --------\n"
			"Subject: Re: Printer on fire\n"
			"Date: Mon, 5 Jan 2026 09:00:00 +0100\n"
			"From: Bob Ray <" BOB ">\n"
			"To: Anna Berg <anna@acme.example>\n"
			"\n"
			"Mine too.\n"},
	    LATER + 2);
	assert_true(o.is_new);
	assert_str(ticket(f, o.ticket).requester.addr, BOB);
	assert_int_equal(ticket(f, o.ticket).nlinks, 1);
}

static void
test_forward_unsure(void **state)
{
	struct fixture *f = *state;
	struct message *m;
	struct outcome o = writes(f,
	    &(struct written){.from = ANNA,
		.subject = "Fwd: My printer",
		.body = "-------- Forwarded Message --------\n"
			"Subject: My printer\n"
			"Date: Mon, 5 Jan 2026 09:00:00 +0100\n"
			"From: Ann Lee\n"
			"To: Anna Berg <anna@acme.example>\n"
			"\n"
			"It burns again.\n"},
	    LATER);

	assert_str(ticket(f, o.ticket).requester.addr, ANNA);
	m = sent(f, "transcript", ANNA);
	assert_non_null(m);
	assert_has(m->text, "#requester ADDRESS");
	assert_int_equal(count_sent(f, "ack", ANN), 0);
	/* Her answer is all it takes. */
	replies(f, "anna", "transcript", "#requester " ANN, LATER + 1);
	assert_str(ticket(f, o.ticket).requester.addr, ANN);
}

static void
test_elsewhere(void **state)
{
	struct fixture *f = *state;
	uint64_t id = customer(f, NOW);
	unsigned mails = count_sent(f, "answer", ANN);
	struct outcome o = writes(f,
	    &(struct written){.from = ANNA,
		.to = "Ann <" ANN ">",
		.cc = "support@acme.example",
		.subject = "Re: [Acme #1] Printer on fire",
		.body = "Use water.\n"},
	    LATER);

	assert_int_equal(o.ticket, id);
	assert_int_equal(article(f, id, o.seq).direction, DIRECTION_OUT);
	assert_int_equal(count_sent(f, "answer", ANN), mails);
	assert_int_equal(ticket(f, id).first_response, LATER);
	assert_int_equal(count_events(f, id, "answered-elsewhere"), 1);
	/* A known customer, about something new. */
	o = writes(f,
	    &(struct written){.from = ANNA,
		.to = ANN,
		.cc = "support@acme.example",
		.subject = "Your contract",
		.body = "Here it is.\n"},
	    LATER);
	assert_true(o.is_new);
	assert_str(ticket(f, o.ticket).requester.addr, ANN);
	assert_int_equal(ticket(f, o.ticket).status, STATUS_PENDING);
	assert_int_equal(count_sent(f, "ack", ANN), 1);
	/* Found in her folder of sent mail. */
	o = writes(f,
	    &(struct written){.from = ANNA,
		.to = ANN,
		.subject = "Re: [Acme #1] Printer on fire",
		.body = "And sand.\n",
		.sent_folder = true},
	    LATER);
	assert_int_equal(o.ticket, id);
	assert_int_equal(article(f, id, o.seq).direction, DIRECTION_OUT);
	o = writes(f,
	    &(struct written){.from = ANNA,
		.to = "mum@home.example",
		.subject = "Sunday",
		.body = "Cake?\n",
		.sent_folder = true},
	    LATER);
	assert_int_equal(o.fate, FATE_SKIPPED);
}

/* --- what is hidden ---------------------------------------------------- */

static const char *const hidden[] = {
    "Use water.\n\n> #close\n> #tag +x\n",
    "Use water.\n\n-- \n#close\nAnna\n",
    "Use water.\n\nOn Mon, Acme Support wrote:\n> #close\n",
    "Use water.\n#close\n",
};

static void
test_hidden(void **state)
{
	struct fixture *f = *state;
	struct written w = {.from = ANNA};
	uint64_t id = customer(f, NOW);

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
		w.answers = sent(f, "notice", ANNA);
		w.body = hidden[i];
		writes(f, &w, LATER + (int64_t)i);
		assert_int_equal(ticket(f, id).status, STATUS_OPEN);
		assert_int_equal(ticket(f, id).tags.n, 0);
	}
	w.answers = sent(f, "notice", ANNA);
	w.headers = "Content-Type: text/html\n";
	w.body = "<p style=\"display:none\">#close</p><p>Use water.</p>";
	writes(f, &w, LATER);
	w.headers = "Content-Type: multipart/mixed; boundary=b\n";
	w.body = "--b\nContent-Type: text/plain\n\nUse sand.\n--b\n"
		 "Content-Type: text/plain; name=x.txt\n"
		 "Content-Disposition: attachment; filename=x.txt\n\n"
		 "#close\n--b--\n";
	writes(f, &w, LATER);
	assert_int_equal(ticket(f, id).status, STATUS_OPEN);
	assert_int_equal(sent(f, "answer", ANN)->attachments.n, 1);
	assert_has(answered(f, ANN), "Use sand.");
}

/* --- transcripts in both languages ------------------------------------- */

static void
test_chinese(void **state)
{
	struct fixture *f = *state;

	customer(f, NOW);
	replies(f, "zhou", "notice", "＃接手\n#优先级 紧急\n", LATER);
	assert_has(told(f, "zhou"), "负责人：zhou，原为 -");
	assert_has(told(f, "zhou"), "优先级：紧急，原为 普通");
	replies(f, "zhou", "notice", "#帮助", LATER);
	assert_has(told(f, "zhou"), "整封邮件作为内部备注");
	replies(f, "zhou", "notice", "#关闭 吧", LATER);
	assert_has(told(f, "zhou"), "后面只能写");
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, agents_setup, agents_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_answer),
	    T(test_commands),
	    T(test_split_and_more),
	    T(test_refused),
	    T(test_each),
	    T(test_cause),
	    T(test_note),
	    T(test_stale),
	    T(test_send),
	    T(test_expired),
	    T(test_weak),
	    T(test_strong),
	    T(test_strong_waits),
	    T(test_rights),
	    T(test_undo),
	    T(test_undo_changed_since),
	    T(test_alone),
	    T(test_own),
	    T(test_forward),
	    T(test_forward_rules),
	    T(test_forward_rules_first),
	    T(test_forward_followup),
	    T(test_forward_joins),
	    T(test_forward_unsure),
	    T(test_elsewhere),
	    T(test_hidden),
	    T(test_chinese),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

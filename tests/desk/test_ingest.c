/* ingest: what becomes of a mail, whether it is acknowledged, and that nothing is done twice. */
#include "fixture.h"

static void
test_new_ticket(void **state)
{
	struct fixture *f = *state;
	struct outcome o = take(f,
	    &(struct mail){.from = "Ann <Ann@Example.org>",
		.to = "support@acme.example, bob@example.org",
		.cc = "Carl <carl@example.org>",
		.subject = "Re: [Acme #77] Printer",
		.id = "a1@example.org",
		.language = "en"},
	    NOW);
	struct ticket k = ticket(f, o.ticket);
	struct article in = article(f, o.ticket, 1);
	struct article ack = article(f, o.ticket, 2);
	struct outbox row = outbox(f, ack.outbox);

	assert_int_equal(o.fate, FATE_TICKET);
	assert_true(o.is_new);
	assert_int_equal(o.mails, 1);
	assert_str(k.subject, "Printer");
	assert_int_equal(k.status, STATUS_NEW);
	assert_str(k.queue, "support");
	assert_str(k.requester.addr, "Ann@example.org");
	assert_int_equal(k.nparticipants, 3);
	assert_int_equal(k.participants[1].role, ROLE_TO);
	assert_int_equal(k.participants[2].role, ROLE_CC);
	assert_true(k.acknowledged);
	assert_str(in.evidence, "new");
	assert_int_equal(ack.direction, DIRECTION_OUT);
	assert_str(ack.automatic, "acknowledgement");
	assert_str(row.kind, "ack");
	assert_str(row.sender, "");
	assert_int_equal(row.state, OUTBOX_QUEUED);
	assert_int_equal(row.nrecipients, 1);
	assert_str(row.recipients[0].addr, "Ann@example.org");
	assert_has(row.subject, "[Acme #1]");
	assert_int_equal(count_events(f, 1, "created"), 1);
	assert_int_equal(count_events(f, 1, "acknowledged"), 1);
	assert_int_equal(person(f, "ann@example.org").tickets, 1);
}

/* The bytes that go out, as another mail system sees them. */
static void
test_ack_bytes(void **state)
{
	struct fixture *f = *state;
	struct str m;

	take(f,
	    &(struct mail){.from = "Evil Bargains <x@spam.example>",
		.subject = "Cheap pills",
		.text = "Click here",
		.id = "e1@spam.example"},
	    NOW);
	m = raw(f, 1, 2);
	assert_has(m, "Auto-Submitted: auto-replied");
	assert_has(m, "X-Auto-Response-Suppress: All");
	assert_has(m, "Precedence: bulk");
	assert_has(m, "In-Reply-To: <e1@spam.example>");
	assert_has(m, "support+1.");
	assert_has(m, "Message-ID: <helpd.1.2.");
	/* First contact: nothing that the stranger chose. The words are longer than what a token spells by chance. */
	assert_false(str_ihas(m, S("pills")));
	assert_false(str_ihas(m, S("Click")));
	assert_false(str_ihas(m, S("Bargains")));
}

static void
test_known_gets_his_subject(void **state)
{
	struct fixture *f = *state;

	take(f,
	    &(struct mail){.from = "ann@example.org",
		.subject = "Broken lamp",
		.auth = "mx.acme.example; dmarc=pass header.from=example.org"},
	    NOW);
	assert_has(raw(f, 1, 2), "Broken lamp");
}

static void
test_forged_result_is_not_known(void **state)
{
	struct fixture *f = *state;

	take(f,
	    &(struct mail){.from = "ann@example.org",
		.subject = "Broken lamp",
		.auth = "mx.evil.example; dmarc=pass header.from=example.org"},
	    NOW);
	assert_false(str_has(raw(f, 1, 2), S("Broken lamp")));
}

static void
test_idempotent_by_key(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = "ann@example.org", .key = "k", .content = "c"};
	struct outcome a = take(f, &m, NOW), b;

	m.content = "other";
	b = take(f, &m, NOW);
	assert_int_equal(b.fate, FATE_TICKET);
	assert_int_equal(b.ticket, a.ticket);
	assert_int_equal(b.seq, 1);
	assert_int_equal(b.mails, 0);
	assert_int_equal(ticket(f, 1).articles, 2);
}

static void
test_duplicate_content(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = "ann@example.org", .content = "c"};
	struct outcome b;

	take(f, &m, NOW);
	b = take(f, &m, NOW);
	assert_int_equal(b.fate, FATE_DUPLICATE);
	assert_int_equal(b.ticket, 1);
	assert_int_equal(b.seq, 1);
	assert_int_equal(ticket(f, 1).articles, 2);
	assert_int_equal(count_events(f, 1, "duplicate"), 1);
}

static void
test_equal_id_two_articles(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = "ann@example.org", .id = "same@example.org"};

	take(f, &m, NOW);
	assert_int_equal(take(f, &m, NOW).fate, FATE_TICKET);
	assert_int_equal(ticket(f, 1).articles, 3);
}

static void
test_quarantine_and_retry(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = "ann@example.org",
	    .key = "k",
	    .content = "c",
	    .refused = true};
	struct outcome o = take(f, &m, NOW);

	assert_int_equal(o.fate, FATE_QUARANTINE);
	assert_int_equal(o.ticket, 0);
	assert_true(o.quarantine > 0);
	/* The key comes again, parsed or not: nothing changes by itself. */
	assert_int_equal(take(f, &m, NOW).quarantine, o.quarantine);
	m.refused = false;
	assert_int_equal(take(f, &m, NOW).fate, FATE_QUARANTINE);
	m.retried = o.quarantine + 1;
	assert_int_equal(take(f, &m, NOW).fate, FATE_QUARANTINE);
	m.retried = o.quarantine;
	m.refused = true;
	assert_int_equal(take(f, &m, NOW).quarantine, o.quarantine);
	m.refused = false;
	o = take(f, &m, NOW);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_true(o.ticket > 0);
	assert_int_equal(take(f, &m, NOW).fate, FATE_TICKET);
}

static void
test_oversize(void **state)
{
	struct fixture *f = *state;
	struct outcome o = take(f,
	    &(struct mail){.from = "ann@example.org", .oversize = true}, NOW);

	assert_int_equal(o.fate, FATE_OVERSIZE);
	assert_int_equal(o.mails, 1);
}

/* --- who is not acknowledged ------------------------------------------- */

static const struct {
	const char *name;
	struct mail m;
	const char *why; /* NULL: acknowledged */
} refusals[] = {
    {"plain", {.from = "a@x.example"}, NULL},
    {"automatic", {.from = "a@x.example", .automatic = "Precedence: bulk"},
	"Precedence: bulk"},
    {"spam", {.from = "a@x.example", .spam = true}, "X-Spam-Flag: YES"},
    {"no-reply", {.from = "no-reply@x.example"}, "nobody reads"},
    {"own address", {.from = "billing@acme.example"}, "our own address"},
    {"own address with detail", {.from = "support+9@acme.example"},
	"our own address"},
    {"agent", {.from = "anna@acme.example"}, "the desk itself"},
    {"return path elsewhere",
	{.from = "a@x.example", .return_path = "b@y.example"}, "Return-Path"},
    {"return path, same domain",
	{.from = "a@x.example", .return_path = "b@X.example"}, NULL},
    {"return path, host below",
	{.from = "a@x.example", .return_path = "b@out.x.example"}, NULL},
    {"return path, suffix is no domain",
	{.from = "a@x.example", .return_path = "b@evilx.example"},
	"Return-Path"},
    {"envelope beats return path",
	{.from = "a@x.example",
	    .return_path = "a@x.example",
	    .envelope_sender = "b@y.example"},
	"Return-Path"},
    {"null envelope", {.from = "a@x.example", .envelope_sender = "<>"},
	"null envelope"},
    {"old", {.from = "a@x.example", .date = NOW - 49 * CLOCK_HOUR},
	"older than"},
    {"young enough", {.from = "a@x.example", .date = NOW - 47 * CLOCK_HOUR},
	NULL},
    {"no date", {.from = "a@x.example", .no_date = true}, NULL},
    {"no date in a first reading",
	{.from = "a@x.example", .no_date = true, .begin_old = true},
	"older than"},
    {"dmarc=fail",
	{.from = "a@x.example",
	    .auth = "mx.acme.example; dmarc=fail header.from=x.example"},
	"dmarc=fail"},
    {"dmarc=fail said by a stranger",
	{.from = "a@x.example", .auth = "mx.evil; dmarc=fail"}, NULL},
    {"form", {.from = "web@acme.example", .reply_to = "c@x.example"}, NULL},
    {"form without Reply-To", {.from = "web@acme.example"}, NULL},
    {"a list", {.from = "a@x.example", .automatic = "List-Id", .list = "l@y"},
	"List-Id"},
    {"our own list",
	{.from = "a@x.example",
	    .automatic = "List-Id",
	    .list = "help-list@acme.example",
	    .return_path = "help-list+b@acme.example"},
	NULL},
    {"our own list, but automatic",
	{.from = "a@x.example",
	    .automatic = "Auto-Submitted: auto-replied",
	    .to = "help-list@acme.example"},
	"Auto-Submitted"},
    {"unreadable From", {.from = "nobody at all"}, "no address"},
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct fixture f;
		struct outcome o;
		struct str why;

		fixture_open(&f);
		o = take(&f, &refusals[i].m, NOW);
		why = event_detail(&f, o.ticket, "not-acknowledged");
		if ((refusals[i].why == NULL) != (o.mails == 1))
			fail_msg("%s: %u mails, \"%.*s\"", refusals[i].name,
			    o.mails, STR_ARG(why));
		if (refusals[i].why && !str_has(why, str_c(refusals[i].why)))
			fail_msg(
			    "%s: \"%.*s\"", refusals[i].name, STR_ARG(why));
		fixture_verify(&f);
		fixture_close(&f);
	}
}

static void
test_form(void **state)
{
	struct fixture *f = *state;

	take(f,
	    &(struct mail){.from = "Web <web@acme.example>",
		.reply_to = "carla@x.example",
		.cc = "someone@y.example"},
	    NOW);
	assert_str(ticket(f, 1).requester.addr, "carla@x.example");
	assert_int_equal(ticket(f, 1).nparticipants, 1);
	assert_str(outbox(f, article(f, 1, 2).outbox).recipients[0].addr,
	    "carla@x.example");
}

static void
test_list_that_rewrites_from(void **state)
{
	struct fixture *f = *state;

	take(f,
	    &(struct mail){.from = "'Ann' via Help <help-list@acme.example>",
		.to = "help-list@acme.example",
		.reply_to = "ann@x.example",
		.automatic = "List-Id",
		.list = "help-list@acme.example"},
	    NOW);
	assert_str(ticket(f, 1).requester.addr, "ann@x.example");
	assert_int_equal(ticket(f, 1).nparticipants, 1);
}

/* --- queues ------------------------------------------------------------ */

static const struct {
	const char *name;
	struct mail m;
	const char *queue;
} queue_rows[] = {
    {"to", {.from = "a@x.example", .to = "billing@acme.example"}, "billing"},
    {"to, other case", {.from = "a@x.example", .to = "Billing@ACME.example"},
	"billing"},
    {"detail", {.from = "a@x.example", .to = "billing+z@acme.example"},
	"billing"},
    {"address beats mailbox",
	{.from = "a@x.example",
	    .to = "billing@acme.example",
	    .mailbox_queue = "support"},
	"billing"},
    {"mailbox when no address tells",
	{.from = "a@x.example",
	    .to = "x@y.example",
	    .mailbox_queue = "billing"},
	"billing"},
    {"envelope beats To",
	{.from = "a@x.example",
	    .to = "support@acme.example",
	    .envelope_recipient = "billing@acme.example"},
	"billing"},
    {"Delivered-To of a Bcc",
	{.from = "a@x.example",
	    .to = "x@y.example",
	    .delivered_to = "billing@acme.example"},
	"billing"},
    {"nothing tells", {.from = "a@x.example", .to = "x@y.example"}, "support"},
    {"mailbox names no queue",
	{.from = "a@x.example", .to = "x@y.example", .mailbox_queue = "gone"},
	"support"},
};

static void
test_queues(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(queue_rows); i++) {
		struct outcome o = take(f, &queue_rows[i].m, NOW);

		if (!str_eq(
			ticket(f, o.ticket).queue, str_c(queue_rows[i].queue)))
			fail_msg("%s: %.*s", queue_rows[i].name,
			    STR_ARG(ticket(f, o.ticket).queue));
	}
	assert_has(outbox(f, article(f, 1, 2).outbox).subject, "[Bill #1]");
}

/* --- our own mail ------------------------------------------------------ */

static void
test_own_mail_comes_back(void **state)
{
	struct fixture *f = *state;
	struct str id;
	struct outcome o;

	take(f, &(struct mail){.from = "ann@x.example"}, NOW);
	id = article(f, 1, 2).message_id;
	o = take(f,
	    &(struct mail){.from = "support@acme.example",
		.to = "ann@x.example",
		.id = arena_cstr(&f->a, id)},
	    NOW);
	assert_int_equal(o.fate, FATE_INTERNAL);
	assert_int_equal(o.ticket, 1);
	assert_false(o.is_new);
	assert_int_equal(o.mails, 0);
	assert_int_equal(count_events(f, 1, "own-mail"), 1);
	assert_int_equal(ticket(f, 1).status, STATUS_NEW);
}

/* Everyone who got a mail of ours knows its Message-ID. */
static void
test_our_id_on_a_strangers_mail(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	take(f, &(struct mail){.from = "ann@x.example"}, NOW);
	o = take(f,
	    &(struct mail){.from = "eve@y.example",
		.id = arena_cstr(&f->a, article(f, 1, 2).message_id)},
	    NOW);
	assert_true(o.is_new);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_int_equal(o.mails, 0);
	assert_has(article(f, o.ticket, 1).evidence, "stranger: token");
}

/* Two installations that acknowledge each other fall silent. */
static void
test_facing_each_other(void **state)
{
	struct fixture *f = *state, g;
	struct mail m = {.from = "support@other.example", .id = "m0@other"};
	struct fixture *at[] = {f, &g};
	const char *names[] = {"support@acme.example", "support@other.example"};
	unsigned total = 0;

	fixture_open(&g);
	g.queues[0].address.addr = g.settings.address.addr =
	    S("support@other.example");
	for (int hop = 0; hop < 10; hop++) {
		struct fixture *to = at[hop % 2];
		struct outcome o;

		m.to = names[hop % 2];
		o = take(to, &m, NOW + hop * CLOCK_SECOND);
		total += o.mails;
		if (!o.mails)
			break;
		/* What a mail parser sees in it. */
		m = (struct mail){.from = names[hop % 2],
		    .automatic = "Auto-Submitted: auto-replied",
		    .id = arena_cstr(
			&to->a, article(to, o.ticket, o.seq + 1).message_id)};
	}
	assert_int_equal(total, 1);
	fixture_verify(&g);
	fixture_close(&g);
}

static void
test_many_people(void **state)
{
	struct fixture *f = *state;
	AUTO(buf_fini) struct buf to = BUF_INIT;

	for (int i = 0; i < 500; i++)
		buf_printf(&to, "%suser%d@x.example", i ? ", " : "", i);
	take(
	    f, &(struct mail){.from = "a@x.example", .to = buf_cstr(&to)}, NOW);
	assert_int_equal(ticket(f, 1).nparticipants, 64);
}

static void
test_later_people_are_proposed(void **state)
{
	struct fixture *f = *state;
	struct ticket k;

	take(f, &(struct mail){.from = "a@x.example", .id = "1@x"}, NOW);
	take(f,
	    &(struct mail){.from = "a@x.example",
		.in_reply_to = "1@x",
		.cc = "spy@y.example, a@x.example"},
	    NOW);
	k = ticket(f, 1);
	assert_int_equal(k.nparticipants, 2);
	assert_int_equal(k.participants[1].role, ROLE_PROPOSED);
	/* He reads nothing, and by writing gains nothing. */
	answer(f, 1, "Hello", NOW);
	assert_false(str_has(raw(f, 1, 4), S("spy@y.example")));
	assert_true(take(f,
	    &(struct mail){.from = "spy@y.example", .in_reply_to = "1@x"}, NOW)
			.is_new);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	    T(test_new_ticket),
	    T(test_ack_bytes),
	    T(test_known_gets_his_subject),
	    T(test_forged_result_is_not_known),
	    T(test_idempotent_by_key),
	    T(test_duplicate_content),
	    T(test_equal_id_two_articles),
	    T(test_quarantine_and_retry),
	    T(test_oversize),
	    cmocka_unit_test(test_refusals),
	    T(test_form),
	    T(test_list_that_rewrites_from),
	    T(test_queues),
	    T(test_own_mail_comes_back),
	    T(test_our_id_on_a_strangers_mail),
	    T(test_facing_each_other),
	    T(test_many_people),
	    T(test_later_people_are_proposed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

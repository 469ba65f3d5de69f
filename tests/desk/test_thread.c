/* thread: which ticket gets a mail, by what evidence, and what it does there. */
#include "fixture.h"
#include "desk/family.h"
#include "desk/merge.h"

#define ANN "ann@x.example"
#define BOB "bob@y.example"

/* Ann writes <a1>, is answered; returns the ticket. */
static uint64_t
begin_thread(struct fixture *f)
{
	uint64_t id = take(f,
	    &(struct mail){.from = "Ann <" ANN ">", .id = "a1@x.example"}, NOW)
			  .ticket;

	answer(f, id, "Have you tried water?", NOW + CLOCK_MINUTE);
	return id;
}

static const char *
our_id(struct fixture *f, uint64_t id, uint32_t seq)
{
	return arena_cstr(&f->a, article(f, id, seq).message_id);
}

/* The plus-address of an article of ours. */
static const char *
plus_address(struct fixture *f, uint64_t id, uint32_t seq)
{
	struct str m = raw(f, id, seq);
	ptrdiff_t at = str_find(m, S("support+"), 0);
	ptrdiff_t end =
	    at < 0 ? -1 : str_find(m, S("@acme.example"), (size_t)at);

	assert_true(at >= 0 && end > at);
	return arena_cstr(&f->a, str_sub(m, (size_t)at, (size_t)end + 13));
}

enum expected {
	JOINS,
	LINKED,
	NEW
};

static void
expect(struct fixture *f, const char *name, const struct mail *m,
    enum expected want, uint64_t id, const char *evidence)
{
	struct outcome o = take(f, m, NOW + CLOCK_HOUR);
	struct article r = article(f, o.ticket, o.seq);
	struct ticket k = ticket(f, o.ticket);

	if (want == JOINS && (o.is_new || o.ticket != id))
		fail_msg("%s: did not join (ticket %u, %.*s)", name,
		    (unsigned)o.ticket, STR_ARG(r.evidence));
	if (want != JOINS && !o.is_new)
		fail_msg("%s: joined by %.*s", name, STR_ARG(r.evidence));
	if (want == LINKED) {
		struct ticket other = ticket(f, id);

		if (!ticket_links_to(&k, id) ||
		    !ticket_links_to(&other, o.ticket))
			fail_msg("%s: not linked", name);
	}
	if (want == NEW && k.nlinks)
		fail_msg("%s: linked", name);
	if (evidence && !str_has(r.evidence, str_c(evidence)))
		fail_msg("%s: evidence \"%.*s\"", name, STR_ARG(r.evidence));
}

static void
test_evidence(void **state)
{
	struct fixture *f = *state;
	uint64_t id = begin_thread(f);
	const char *plus = plus_address(f, id, 3), *ours = our_id(f, id, 3);
	AUTO(buf_fini) struct buf upper = BUF_INIT;

	for (const char *p = plus; *p; p++)
		buf_putc(&upper, *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p);
	expect(f, "nothing", &(struct mail){.from = ANN}, NEW, 0, "new");
	expect(f, "token address", &(struct mail){.from = ANN, .to = plus},
	    JOINS, id, "token");
	expect(f, "token address in capitals",
	    &(struct mail){.from = "Ann@X.EXAMPLE", .to = buf_cstr(&upper)},
	    JOINS, id, "token");
	expect(f, "token address of the envelope",
	    &(struct mail){.from = ANN, .envelope_recipient = plus}, JOINS, id,
	    "token");
	expect(f, "token address in Cc",
	    &(struct mail){.from = ANN, .cc = plus}, JOINS, id, "token");
	expect(f, "token address in Delivered-To",
	    &(struct mail){.from = ANN, .delivered_to = plus}, JOINS, id,
	    "token");
	expect(f, "In-Reply-To with a token",
	    &(struct mail){.from = ANN, .in_reply_to = ours}, JOINS, id,
	    "token <helpd.");
	expect(f, "References with a token",
	    &(struct mail){.from = ANN, .references = ours}, JOINS, id,
	    "token <helpd.");
	expect(f, "stored Message-ID",
	    &(struct mail){.from = ANN, .in_reply_to = "a1@x.example"}, JOINS,
	    id, "references <a1@x.example>");
	expect(f, "stored, behind one that is not",
	    &(struct mail){
		.from = ANN, .references = "a1@x.example never@seen"},
	    JOINS, id, "references <a1@x.example>");
	expect(f, "id that was only referred to",
	    &(struct mail){.from = ANN, .in_reply_to = "never@seen"}, JOINS, id,
	    "references <never@seen>");
	expect(f, "subject",
	    &(struct mail){.from = ANN, .subject = "Re: [Acme #1] x"}, JOINS,
	    id, "subject #1");
	expect(f, "subject with an old tag",
	    &(struct mail){.from = ANN, .subject = "AW: [Old Name #1] x"},
	    JOINS, id, "subject #1");
	expect(f, "subject with a tag that was never ours",
	    &(struct mail){.from = ANN, .subject = "[Other #1] x"}, NEW, 0,
	    NULL);
	expect(f, "subject of no ticket",
	    &(struct mail){.from = ANN, .subject = "[Acme #4711] x"}, NEW, 0,
	    NULL);
}

static void
test_strangers(void **state)
{
	struct fixture *f = *state;
	uint64_t id = begin_thread(f);
	const char *plus = plus_address(f, id, 3), *ours = our_id(f, id, 3);
	struct outcome o;

	expect(f, "stranger with our Message-ID",
	    &(struct mail){.from = BOB, .in_reply_to = ours}, LINKED, id,
	    "stranger: token");
	expect(f, "stranger with a stored Message-ID",
	    &(struct mail){.from = BOB, .references = "a1@x.example"}, LINKED,
	    id, "stranger: references");
	expect(f, "stranger with the number",
	    &(struct mail){.from = BOB, .subject = "[Acme #1]"}, LINKED, id,
	    "stranger: subject");
	expect(f, "forged token address",
	    &(struct mail){.from = BOB,
		.to = "support+1.aaaaaaaaaaaaaaaaaaaaaaaaaaa@acme.example"},
	    NEW, 0, NULL);
	expect(f, "forged Message-ID",
	    &(struct mail){.from = ANN,
		.in_reply_to = "helpd.1.3.19b8cfc0000."
			       "aaaaaaaaaaaaaaaaaaaaaaaaaaa@acme.example"},
	    NEW, 0, NULL);
	/* The token of the address was Ann's: Bob's words join, flagged, and
	 * he gets nothing. */
	o = take(f, &(struct mail){.from = BOB, .to = plus}, NOW);
	assert_int_equal(o.ticket, id);
	assert_int_equal(o.mails, 0);
	assert_has(article(f, id, o.seq).flag, "somebody else");
	answer(f, id, "More", NOW);
	assert_false(
	    str_has(raw(f, id, ticket(f, id).articles), S("bob@y.example")));
}

static void
test_conflicts(void **state)
{
	struct fixture *f = *state;
	uint64_t a = begin_thread(f);
	uint64_t b =
	    take(f, &(struct mail){.from = ANN, .id = "b1@x.example"}, NOW)
		.ticket;
	const char *plus = plus_address(f, a, 3);

	assert_int_not_equal(a, b);
	expect(f, "ids of two tickets",
	    &(struct mail){
		.from = ANN, .references = "a1@x.example b1@x.example"},
	    LINKED, a, "conflict");
	/* They are one family from now on: no conflict any more. */
	expect(f, "ids of a family",
	    &(struct mail){
		.from = ANN, .references = "a1@x.example b1@x.example"},
	    JOINS, b, "references <b1@x.example>");
	b = take(f, &(struct mail){.from = ANN, .id = "c1@x.example"}, NOW)
		.ticket;
	expect(f, "token address against an id",
	    &(struct mail){
		.from = ANN, .to = plus, .in_reply_to = "c1@x.example"},
	    LINKED, b, "conflict");
	b = take(f, &(struct mail){.from = ANN, .id = "d1@x.example"}, NOW)
		.ticket;
	expect(f, "id against the subject",
	    &(struct mail){.from = ANN,
		.subject = "[Acme #1]",
		.in_reply_to = "d1@x.example"},
	    LINKED, b, "conflict");
	b = take(f, &(struct mail){.from = ANN, .id = "e1@x.example"}, NOW)
		.ticket;
	expect(f, "id against the number of a ticket of others",
	    &(struct mail){.from = BOB,
		.subject = "[Acme #1]",
		.in_reply_to = "e1@x.example"},
	    LINKED, b, "stranger: references");
}

/* A list's thread: strangers, each in a ticket of his own, and replies to them
 * go where their writer takes part, nearest first. */
static void
test_nearest_of_a_family(void **state)
{
	struct fixture *f = *state;
	uint64_t a = begin_thread(f), b;

	b = take(f,
	    &(struct mail){.from = BOB,
		.to = ANN ", support@acme.example",
		.id = "b1@y.example",
		.in_reply_to = "a1@x.example"},
	    NOW)
		.ticket;
	assert_int_not_equal(a, b);
	expect(f, "requester to the stranger's mail",
	    &(struct mail){.from = ANN,
		.in_reply_to = "b1@y.example",
		.references = "a1@x.example b1@y.example"},
	    JOINS, b, "references <b1@y.example>");
	expect(f, "stranger again",
	    &(struct mail){.from = BOB,
		.in_reply_to = "b1@y.example",
		.references = "a1@x.example b1@y.example"},
	    JOINS, b, "references");
	expect(f, "requester to his own",
	    &(struct mail){.from = ANN, .in_reply_to = "a1@x.example"}, JOINS,
	    a, "references");
}

static void
test_reply_before_original(void **state)
{
	struct fixture *f = *state;
	uint64_t id = take(f,
	    &(struct mail){.from = BOB,
		.to = "support@acme.example, " ANN,
		.id = "r1@y.example",
		.in_reply_to = "o1@x.example"},
	    NOW)
			  .ticket;

	expect(f, "original of one who takes part",
	    &(struct mail){.from = ANN, .id = "o1@x.example"}, JOINS, id,
	    "message-id <o1@x.example>");
	expect(f, "the same id of a stranger",
	    &(struct mail){.from = "z@z.example", .id = "o1@x.example"}, LINKED,
	    id, "stranger: message-id");
}

/* Who names somebody's mail before it arrives takes nothing away from him. */
static void
test_named_beforehand(void **state)
{
	struct fixture *f = *state;
	uint64_t eve = take(f,
	    &(struct mail){
		.from = "eve@z.example", .references = "o1@x.example"},
	    NOW)
			   .ticket;
	uint64_t ann =
	    take(f, &(struct mail){.from = ANN, .id = "o1@x.example"}, NOW)
		.ticket;

	assert_int_not_equal(eve, ann);
	expect(f, "to his own",
	    &(struct mail){.from = ANN, .in_reply_to = "o1@x.example"}, JOINS,
	    ann, "references <o1@x.example>");
	expect(f, "again",
	    &(struct mail){.from = ANN, .references = "o1@x.example"}, JOINS,
	    ann, "references <o1@x.example>");
	expect(f, "others",
	    &(struct mail){.from = BOB, .in_reply_to = "o1@x.example"}, LINKED,
	    eve, "stranger");
}

/* Thousands of addresses with tokens cost no more than a few. */
static void
test_many_tokens(void **state)
{
	struct fixture *f = *state;
	AUTO(buf_fini) struct buf to = BUF_INIT;
	uint64_t id = begin_thread(f);

	for (int i = 0; i < 2000; i++)
		buf_puts(&to,
		    "support+1.aaaaaaaaaaaaaaaaaaaaaaaaaaa@acme.example, ");
	buf_puts(&to, plus_address(f, id, 3));
	expect(f, "many", &(struct mail){.from = ANN, .to = buf_cstr(&to)}, NEW,
	    0, "new");
}

/* --- what it does to the ticket ---------------------------------------- */

static const struct {
	const char *name;
	enum status before;
	int64_t wait;
	struct mail m;
	bool is_new;
	enum status after; /* of the old ticket */
} state_rows[] = {
    {"new stays new", STATUS_NEW, 0, {0}, false, STATUS_NEW},
    {"open", STATUS_OPEN, 0, {0}, false, STATUS_OPEN},
    {"pending opens", STATUS_PENDING, 0, {0}, false, STATUS_OPEN},
    {"pending, automatic", STATUS_PENDING, 0, {.automatic = "OOF"}, false,
	STATUS_PENDING},
    {"hold stays", STATUS_HOLD, 0, {0}, false, STATUS_HOLD},
    {"resolved reopens", STATUS_RESOLVED, 13 * CLOCK_DAY, {0}, false,
	STATUS_OPEN},
    {"resolved too long ago", STATUS_RESOLVED, 15 * CLOCK_DAY, {0}, true,
	STATUS_RESOLVED},
    {"thanks", STATUS_RESOLVED, CLOCK_DAY, {.text = "Thank you!"}, false,
	STATUS_RESOLVED},
    {"thanks with a file", STATUS_RESOLVED, CLOCK_DAY,
	{.text = "Thank you!", .attachment = true}, false, STATUS_OPEN},
    {"thanks, late", STATUS_RESOLVED, 15 * CLOCK_DAY, {.text = "Thanks"}, false,
	STATUS_RESOLVED},
    {"automatic never reopens", STATUS_RESOLVED, CLOCK_DAY,
	{.automatic = "Auto-Submitted: auto-replied"}, false, STATUS_RESOLVED},
    {"closed", STATUS_CLOSED, CLOCK_MINUTE, {0}, true, STATUS_CLOSED},
    {"closed, automatic", STATUS_CLOSED, CLOCK_MINUTE, {.automatic = "OOF"},
	false, STATUS_CLOSED},
    {"spam", STATUS_SPAM, CLOCK_MINUTE, {0}, false, STATUS_SPAM},
};

static void
test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(state_rows); i++) {
		const char *name = state_rows[i].name;
		struct mail m = state_rows[i].m;
		int64_t now = NOW + 2 * CLOCK_HOUR;
		struct fixture f;
		struct outcome o;
		struct ticket k;

		fixture_open(&f);
		take(&f, &(struct mail){.from = ANN, .id = "a1@x"}, NOW);
		if (state_rows[i].before != STATUS_NEW)
			set_status(&f, 1, state_rows[i].before, now);
		m.from = ANN;
		m.in_reply_to = "a1@x";
		o = take(&f, &m, now + state_rows[i].wait);
		k = ticket(&f, 1);
		if (o.is_new != state_rows[i].is_new)
			fail_msg("%s: new is %d", name, o.is_new);
		if (k.status != state_rows[i].after)
			fail_msg("%s: %s", name, status_name(k.status));
		if (o.is_new)
			assert_true(ticket_links_to(&k, o.ticket));
		if (state_rows[i].before == STATUS_RESOLVED &&
		    k.status == STATUS_OPEN) {
			assert_int_equal(k.reopens, 1);
			assert_int_equal(count_events(&f, 1, "reopened"), 1);
			assert_true(k.resolved == CLOCK_NONE);
		}
		fixture_verify(&f);
		fixture_close(&f);
	}
}

static int
run_merge(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	uint64_t *ids = ctx;
	struct actor who = ACTOR_SYSTEM;
	struct ticket k, into;

	if (ticket_get(t, &f->a, ids[0], &k) != 1 ||
	    ticket_get(t, &f->a, ids[1], &into) != 1)
		return -1;
	return merge_tickets(&f->desk, t, &f->a, &into, &k, &who, NOW, err);
}

static void
test_merged(void **state)
{
	struct fixture *f = *state;
	uint64_t a = begin_thread(f), ids[2] = {a, 0};
	const char *plus = plus_address(f, a, 3);

	ids[1] = take(f, &(struct mail){.from = ANN, .id = "m@x"}, NOW).ticket;
	with_txn(f, run_merge, ids);
	expect(f, "id of a merged ticket",
	    &(struct mail){.from = ANN, .in_reply_to = "a1@x.example"}, JOINS,
	    ids[1], "references");
	expect(f, "token of a merged ticket",
	    &(struct mail){.from = ANN, .to = plus}, JOINS, ids[1], "token");
	expect(f, "ids of both",
	    &(struct mail){.from = ANN, .references = "m@x a1@x.example"},
	    JOINS, ids[1], "references");
}

/* An agent's From proves nothing: a stranger like any other. */
static void
test_desk_is_stranger(void **state)
{
	struct fixture *f = *state;
	uint64_t id = begin_thread(f);
	struct outcome o = take(f,
	    &(struct mail){
		.from = "anna@acme.example", .in_reply_to = "a1@x.example"},
	    NOW);

	assert_true(o.is_new);
	assert_int_equal(o.mails, 0);
	assert_has(article(f, o.ticket, o.seq).flag, "proves nothing");
	assert_int_equal(article(f, o.ticket, o.seq).direction, DIRECTION_IN);
	assert_int_equal(ticket(f, o.ticket).links[0].ticket, id);
}

/* A thread with a thousand writers: no row grows without bound, all are one
 * family. */
static void
test_wide_family(void **state)
{
	struct fixture *f = *state;
	uint64_t id = begin_thread(f);

	for (int i = 0; i < 300; i++)
		assert_true(take(f,
		    &(struct mail){.from = arena_cstr(&f->a,
				       arena_printf(&f->a, "u%d@z.example", i)),
			.in_reply_to = "a1@x.example"},
		    NOW)
				.is_new);
	assert_int_equal(ticket(f, id).nlinks, LINKS_MAX);
}

static void
test_mail_without_plus(void **state)
{
	struct fixture *f = *state;
	struct str m;

	f->settings.plus_address = false;
	take(f, &(struct mail){.from = ANN}, NOW);
	m = raw(f, 1, 2);
	assert_false(str_has(m, S("Reply-To:")));
	assert_false(str_has(m, S("support+")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	    T(test_evidence),
	    T(test_strangers),
	    T(test_conflicts),
	    T(test_nearest_of_a_family),
	    T(test_reply_before_original),
	    T(test_named_beforehand),
	    T(test_many_tokens),
	    cmocka_unit_test(test_states),
	    T(test_merged),
	    T(test_desk_is_stranger),
	    T(test_wide_family),
	    T(test_mail_without_plus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

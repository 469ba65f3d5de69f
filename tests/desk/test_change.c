/* change, outbound: what people do, with its event; the answers that leave; search. */
#include "fixture.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/outbound.h"
#include "desk/search.h"
#include "desk/view.h"

#define ANN "ann@x.example"

struct setting {
	const char *name, *value;
	int rc;
	struct err err;
};

static int
run_set(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct setting *s = ctx;
	struct actor who = {S("cli:root"), S("set")};
	struct ticket k;

	if (ticket_get(t, &f->a, 1, &k) != 1)
		return -1;
	s->rc = change_set(&f->desk, t, &f->a, &k, str_c(s->name),
	    str_c(s->value), &who, NOW, &s->err);
	return s->rc < 0 ? txn_error(t, err) : change_done(t, &k, NOW, err);
}

static const struct {
	const char *name, *value, *event, *detail, *bad;
} rows[] = {
    {"status", "Pending", "status", "new -> pending", NULL},
    {"status", "pending", NULL, NULL, NULL},
    {"status", "new", NULL, NULL, "use open"},
    {"status", "merged", NULL, NULL, "by merging"},
    {"status", "dead", NULL, NULL, "no status"},
    {"status", "resolved", "status", "pending -> resolved", NULL},
    {"status", "open", "reopened", "resolved -> open", NULL},
    {"status", "closed", "status", "open -> closed", NULL},
    {"priority", "urgent", "priority", "normal -> urgent", NULL},
    {"priority", "very", NULL, NULL, "no priority"},
    {"queue", "billing", "queue", "support -> billing", NULL},
    {"queue", "biling", NULL, NULL, "did you mean billing?"},
    {"assignee", "anna", "assignee", "none -> anna", NULL},
    {"assignee", "", "assignee", "anna -> none", NULL},
    {"assignee", "a\nb", NULL, NULL, "control character"},
    {"tag", "+Refund,vip", "tag", "+refund +vip", NULL},
    {"tags", "-vip, +refund", "tag", "-vip", NULL},
    {"tag", "two words", NULL, NULL, "no tag"},
    {"subject", "Re: [Acme #1] Lamp", "subject", "Printer on fire -> Lamp",
	NULL},
    {"subject", "a\r\nBcc: x@y", NULL, NULL, "control character"},
    {"subject", "\xff", NULL, NULL, "UTF-8"},
    {"sattus", "open", NULL, NULL, "did you mean status?"},
    {"field.order", "A-17", "field", "order: none -> A-17", NULL},
    {"field.ORDER", "A-17", NULL, NULL, NULL},
    {"field.Order", "A-18", "field", "order: A-17 -> A-18", NULL},
    {"field.order", "", "field", "order: A-18 -> none", NULL},
    {"field.order", "", NULL, NULL, NULL},
    {"field.a b", "x", NULL, NULL, "no name of a field"},
    {"field.", "x", NULL, NULL, "no name of a field"},
    {"field", "order=1", NULL, NULL, "field.order="},
    {"field.x", "a\nb", NULL, NULL, "control character"},
    {"field.order", "B-1", "field", "order: none -> B-1", NULL},
    {"time", "15m", "time", "+15m, 15m in all", NULL},
    {"time", "1h30m", "time", "+1h30m, 1h45m in all", NULL},
    {"time", "-45m", "time", "-45m, 1h in all", NULL},
    {"time", "-2h", NULL, NULL, "only 1h"},
    {"time", "0", NULL, NULL, NULL},
    {"time", "long", NULL, NULL, "no duration"},
    {"cc", "+Bob <bob@y.example>", "participant", "+bob@y.example", NULL},
    {"cc", "bob@y.example", NULL, NULL, NULL},
    {"cc", "-eve@z.example", NULL, NULL, "does not take part"},
    {"cc", "-" ANN, NULL, NULL, "is the requester"},
    {"cc", "+billing+x@acme.example", NULL, NULL, "of the desk itself"},
    {"cc", "+no address", NULL, NULL, "no mail address"},
    {"cc", "Anna@acme.example", NULL, NULL, "an agent's address"},
    {"cc", "+a@x.example\r\nBcc: b@x.example", NULL, NULL, "no mail address"},
    {"requester", "Cy <cy@y.example>", "requester", ANN " -> cy@y.example",
	NULL},
    {"requester", "CY@y.example", NULL, NULL, NULL},
    {"requester", "support@acme.example", NULL, NULL, "of the desk itself"},
    {"cc", "-" ANN, "participant", "-" ANN, NULL},
    {"requester", "bob@y.example", "requester", "cy@y.example -> bob@y.example",
	NULL},
    {"snooze", "soon", NULL, NULL, "is no time"},
    {"snooze", "2d", NULL, NULL, "only one that is worked on"},
};

static void
test_set(void **state)
{
	struct fixture *f = *state;

	take(f, &(struct mail){.from = ANN}, NOW);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct setting s = {rows[i].name, rows[i].value, 0, ERR_INIT};
		uint32_t before = ticket(f, 1).events, after;

		with_txn(f, run_set, &s);
		after = ticket(f, 1).events;
		if ((s.rc < 0) != (rows[i].bad != NULL) ||
		    (rows[i].bad && !strstr(s.err.msg, rows[i].bad)))
			fail_msg("%s=%s: %d %s", rows[i].name, rows[i].value,
			    s.rc, s.err.msg);
		if (after - before != (rows[i].event ? 1u : 0u))
			fail_msg("%s=%s: %u events", rows[i].name,
			    rows[i].value, after - before);
		if (rows[i].event && !str_eq(event_detail(f, 1, rows[i].event),
					 str_c(rows[i].detail)))
			fail_msg("%s=%s: %.*s", rows[i].name, rows[i].value,
			    STR_ARG(event_detail(f, 1, rows[i].event)));
	}
	assert_int_equal(ticket(f, 1).reopens, 1);
	assert_int_equal(ticket(f, 1).tags.n, 1);
	assert_int_equal(ticket(f, 1).nfields, 1);
	assert_int_equal(ticket(f, 1).nparticipants, 2);
	assert_str(ticket(f, 1).requester.addr, "bob@y.example");
	assert_str(ticket(f, 1).requester.name, "Bob");
}

/* Only the admin's names; the nearest is suggested. */
static void
test_fields(void **state)
{
	static const char *const rows_bad[] = {"ordr", "colour"};
	struct fixture *f = *state;
	struct setting s = {"field.ORDER", "1", 0, ERR_INIT};

	take(f, &(struct mail){.from = ANN}, NOW);
	strs_add(&f->a, &f->settings.fields, S("Order"));
	with_txn(f, run_set, &s);
	assert_int_equal(s.rc, 0);
	assert_str(ticket(f, 1).fields[0].name, "Order");
	for (size_t i = 0; i < ARRAY_LEN(rows_bad); i++) {
		s = (struct setting){"", "1", 0, ERR_INIT};
		s.name = arena_cstr(
		    &f->a, arena_printf(&f->a, "field.%s", rows_bad[i]));
		with_txn(f, run_set, &s);
		assert_int_equal(s.rc, -1);
		assert_has(str_c(s.err.msg), "there is no field");
		assert_int_equal(
		    str_has(str_c(s.err.msg), S("did you mean Order?")),
		    i == 0);
	}
}

/* A hundred, and no more; a value of 1,000 bytes, and no longer. */
static void
test_field_limits(void **state)
{
	struct fixture *f = *state;
	char value[1002];

	memset(value, 'x', 1001);
	value[1001] = 0;
	take(f, &(struct mail){.from = ANN}, NOW);
	for (int i = 0; i < 102; i++) {
		char name[30];
		struct setting s = {
		    name, i == 101 ? value : value + 1, 0, ERR_INIT};

		snprintf(name, sizeof name, "field.f%d", i == 101 ? 0 : i);
		with_txn(f, run_set, &s);
		assert_int_equal(s.rc, i < 100 ? 0 : -1);
	}
	assert_int_equal(ticket(f, 1).nfields, 100);
}

/* Somebody proposed becomes one who takes part; who was removed gets no more
 * mail, and the mail that he got is still in order. */
static void
test_cc(void **state)
{
	struct fixture *f = *state;
	struct setting add = {"cc", "dan@y.example", 0, ERR_INIT};
	struct setting cut = {
	    "cc", "-dan@y.example, -bob@y.example", 0, ERR_INIT};

	take(f, &(struct mail){.from = ANN, .cc = "bob@y.example", .id = "a@x"},
	    NOW);
	take(f,
	    &(struct mail){
		.from = ANN, .cc = "dan@y.example", .references = "a@x"},
	    NOW);
	answer(f, 1, "one", NOW);
	assert_str(event_detail(f, 1, "answered"), ANN ", bob@y.example");
	with_txn(f, run_set, &add);
	assert_int_equal(add.rc, 0);
	assert_int_equal(ticket(f, 1).nparticipants, 3);
	answer(f, 1, "two", NOW);
	assert_has(event_detail(f, 1, "answered"), "dan@y.example");
	with_txn(f, run_set, &cut);
	assert_int_equal(cut.rc, 0);
	answer(f, 1, "three", NOW);
	assert_str(event_detail(f, 1, "answered"), ANN);
}

static void
test_assign_to_agents(void **state)
{
	static struct str money[] = {{"money", 5}};
	static struct agent agents[] = {
	    {.name = {"anna", 4}, .rank = RANK_ADMIN},
	    {.name = {"bo", 2}, .teams = {money, 1}, .rank = RANK_AGENT},
	    {.name = {"cleo", 4}, .rank = RANK_AGENT},
	};
	static struct team teams[] = {{.name = {"money", 5}}};
	static const struct {
		const char *name, *set, *bad;
	} cases[] = {
	    {"anna", "anna", NULL},
	    {"@Bo", "bo", NULL},
	    {"cleo", NULL, "cleo may not work the queue billing"},
	    {"ana", NULL, "there is no agent ana; did you mean anna?"},
	    {"zzzz", NULL, "there is no agent zzzz"},
	    {"money", NULL, "money is a team"},
	    {"", "", NULL},
	};
	struct fixture *f = *state;
	struct settings *s = &f->settings;

	take(f, &(struct mail){.from = ANN}, NOW);
	s->staff = (struct staff){agents, 3, teams, 1};
	for (size_t i = 0; i < s->nqueues; i++)
		if (str_eq(s->queues[i].name, S("billing")))
			s->queues[i].team = S("money");
	with_txn(
	    f, run_set, &(struct setting){"queue", "billing", 0, ERR_INIT});
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct setting c = {"assignee", cases[i].name, 0, ERR_INIT};

		with_txn(f, run_set, &c);
		if (cases[i].bad) {
			assert_int_equal(c.rc, -1);
			assert_non_null(strstr(c.err.msg, cases[i].bad));
		} else {
			assert_int_equal(c.rc, 0);
			assert_true(
			    str_eq(ticket(f, 1).assignee, str_c(cases[i].set)));
		}
	}
	assert_true(staff_may_take(s, S("anna"), S("billing")));
	assert_false(staff_may_take(s, S("cleo"), S("billing")));
	assert_true(staff_may_take(s, S("cleo"), S("support")));
	assert_false(staff_may_take(s, S("gone"), S("support")));
}

static void
test_answer(void **state)
{
	struct fixture *f = *state;
	uint32_t seq;
	struct article r;
	struct ticket k;
	struct str m;

	take(f,
	    &(struct mail){.from = "Ann <" ANN ">",
		.cc = "bob@y.example",
		.id = "a2@x",
		.references = "a0@x a1@x"},
	    NOW);
	seq = answer(f, 1, "Use water.\n\nMuch of it.", NOW + 5);
	r = article(f, 1, seq);
	k = ticket(f, 1);
	m = raw(f, 1, seq);
	assert_int_equal(seq, 3);
	assert_int_equal(r.direction, DIRECTION_OUT);
	assert_str(r.automatic, "");
	assert_int_equal(r.nfresh, 1);
	assert_str(str_sub(r.text, r.fresh[0].from, r.fresh[0].to),
	    "Use water.\n\nMuch of it.");
	assert_int_equal(k.status, STATUS_OPEN);
	assert_int_equal(k.first_response, NOW + 5);
	assert_int_equal(count_events(f, 1, "answered"), 1);
	assert_str(event_detail(f, 1, "answered"), ANN ", bob@y.example");
	assert_true(person(f, ANN).answered);
	assert_has(m, "In-Reply-To: <a2@x>");
	assert_has(m, "<a0@x>");
	assert_has(m, "<a1@x>");
	assert_has(m, "[Acme #1] Printer on fire");
	assert_has(m, "bob@y.example");
	assert_false(str_has(m, S("Auto-Submitted")));
	assert_false(str_has(m, S("X-Helpd")));
	assert_false(str_has(m, S("Precedence")));
	/* The next one refers to this one too. */
	m = raw(f, 1, answer(f, 1, "And sand", NOW + 6));
	assert_has(m, "<a2@x>");
	assert_has(m, arena_cstr(&f->a, r.message_id));
	assert_int_equal(ticket(f, 1).first_response, NOW + 5);
}

/* The token of a mail to one is his; of a mail to two nobody's. */
static void
test_reply_to_is_bound(void **state)
{
	struct fixture *f = *state;
	struct str m, token = {0};
	uint64_t id = 0;

	take(f, &(struct mail){.from = ANN}, NOW);
	take(f, &(struct mail){.from = ANN, .cc = "bob@y.example"}, NOW);
	for (uint64_t n = 1; n <= 2; n++) {
		ptrdiff_t at;

		m = raw(f, n, answer(f, n, "x", NOW));
		at = str_find(m, S("support+"), 0);
		assert_true(at > 0);
		m = str_from(m, (size_t)at + 8);
		m = str_sub(m, 0, (size_t)str_chr(m, '@', 0));
		assert_true(token_detail(m, &id, &token));
		assert_int_equal(id, n);
		assert_int_equal(
		    token_verify(f->keys, n, token, S(ANN)), n == 1);
		assert_int_equal(
		    token_verify(f->keys, n, token, S("")), n == 2);
	}
}

static void
test_header_injection(void **state)
{
	struct fixture *f = *state;
	struct str m;

	take(f,
	    &(struct mail){.from = "\"x\r\nBcc: spy@z.example\" <" ANN ">",
		.subject = "a\r\nBcc: spy@z.example",
		.id = "i@x>\r\nBcc:<spy@z.example"},
	    NOW);
	m = raw(f, 1, answer(f, 1, "x", NOW));
	assert_true(str_ifind(m, S("\nBcc:"), 0) < 0);
	assert_true(str_ifind(m, S("\rBcc:"), 0) < 0);
}

struct notifying {
	enum status old;
	int rc;
};

static int
run_notify(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct notifying *n = ctx;
	struct actor who = {S("cli:root"), S("set --notify")};
	struct ticket k;

	if (ticket_get(t, &f->a, 1, &k) != 1)
		return -1;
	n->rc = outbound_status(&f->desk, t, &f->a, &k, n->old, &who, NOW, err);
	return n->rc < 0 ? -1 : change_done(t, &k, NOW, err);
}

static void
test_status_notice(void **state)
{
	struct fixture *f = *state;
	struct notifying n = {.old = STATUS_OPEN};
	struct str m;

	take(f, &(struct mail){.from = ANN, .subject = "Secret"}, NOW);
	set_status(f, 1, STATUS_CLOSED, NOW);
	with_txn(f, run_notify, &n);
	assert_int_equal(n.rc, 1);
	m = raw(f, 1, 3);
	assert_has(m, "Auto-Submitted: auto-generated");
	assert_false(str_has(m, S("Secret")));
	assert_str(outbox(f, article(f, 1, 3).outbox).sender, "");
	assert_int_equal(count_events(f, 1, "notified"), 1);
}

static int
run_note(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("note")};
	struct ticket k;
	uint32_t seq;

	(void)ctx;
	if (ticket_get(t, &f->a, 1, &k) != 1 ||
	    change_note(&f->desk, t, &f->a, &k, S("between us: zebra\n"), &who,
		S("Anna"), NOW, &seq, err) < 0)
		return -1;
	term_batch_put(t, f->desk.terms);
	return change_done(t, &k, NOW, err);
}

static bool
count_found(void *ctx, const struct ticket *k)
{
	(void)k;
	++*(unsigned *)ctx;
	return true;
}

struct searching {
	const char *query;
	unsigned found;
};

static int
run_search(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct searching *s = ctx;

	s->found = 0;
	return search_tickets(
	    t, &f->a, str_c(s->query), 0, count_found, &s->found, err);
}

static void
test_note_and_search(void **state)
{
	static const struct {
		const char *query;
		unsigned want;
	} q[] = {{"zebra", 1}, {"printer", 2}, {"printer zebra", 1},
	    {"status:new printer", 2}, {"status:open printer", 0},
	    {"queue:billing", 1}, {"#2", 1}, {"from:" ANN, 2}, {"zeb*", 1},
	    {"nothing", 0}, {"from:bob@y.example", 0}, {"status:new", 2},
	    {"tag:vip", 0}};
	struct fixture *f = *state;

	take(f, &(struct mail){.from = ANN}, NOW);
	take(f, &(struct mail){.from = ANN, .to = "billing@acme.example"}, NOW);
	with_txn(f, run_note, NULL);
	assert_int_equal(article(f, 1, 3).direction, DIRECTION_NOTE);
	assert_int_equal(article(f, 1, 3).outbox, 0);
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		struct searching s = {.query = q[i].query};

		with_txn(f, run_search, &s);
		if (s.found != q[i].want)
			fail_msg("%s: %u", q[i].query, s.found);
	}
}

static void
test_languages(void **state)
{
	struct fixture *f = *state;

	assert_str(view_language(&f->settings, S("zh-CN")), "zh_CN");
	assert_str(view_language(&f->settings, S("zh_cn")), "zh_CN");
	assert_str(view_language(&f->settings, S("zh-TW")), "zh_CN");
	assert_str(view_language(&f->settings, S("zh")), "zh_CN");
	assert_str(view_language(&f->settings, S("en-GB")), "en");
	assert_str(view_language(&f->settings, S("de")), "en");
	assert_str(view_language(&f->settings, S("")), "en");
}

static void
test_texts(void **state)
{
	struct fixture *f = *state;

	assert_str(view_quote(&f->a, S("a\n> b\n\nc\n")), "> a\n>> b\n> \n> c");
	assert_str(view_html(&f->a, S("a <b>\nc\n\nd & e")),
	    "<p>a &lt;b&gt;<br>\nc</p>\n<p>d &amp; e</p>\n");
}

static void
test_extra(void **state)
{
	struct fixture *f = *state;
	struct strs refs = {0}, none = {0}, chain;
	struct extra x = {.family = 7, .last_in = 3}, y;
	struct str rec;

	for (int i = 0; i < 100; i++)
		strs_add(&f->a, &refs, arena_printf(&f->a, "r%d@x", i));
	chain = extra_chain(&f->a, &refs, &none, S("own@x"));
	assert_int_equal(chain.n, CHAIN_MAX);
	assert_str(chain.v[0], "r0@x");
	assert_str(chain.v[CHAIN_MAX - 2], "r99@x");
	assert_str(chain.v[CHAIN_MAX - 1], "own@x");
	x.chain = chain;
	/* 0x51: tag 40, a string of one byte: somebody else's. */
	rec = extra_write(&f->a, S("\x51\x01z"), &x);
	extra_read(&f->a, rec, &y);
	assert_int_equal(y.family, 7);
	assert_int_equal(y.last_in, 3);
	assert_int_equal(y.chain.n, CHAIN_MAX);
	assert_true(str_ends(rec, S("\x51\x01z")));
	extra_read(&f->a, S("\xff\xff"), &y);
	assert_int_equal(y.family, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	    T(test_set),
	    T(test_assign_to_agents),
	    T(test_fields),
	    T(test_field_limits),
	    T(test_cc),
	    T(test_answer),
	    T(test_reply_to_is_bound),
	    T(test_header_injection),
	    T(test_status_notice),
	    T(test_note_and_search),
	    T(test_languages),
	    T(test_texts),
	    T(test_extra),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

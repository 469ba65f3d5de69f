/* Rules at work on tickets: each test and action of vnd.helpd, priorities,
 * causes, what Sieve's own actions become; and what is told of rules that can
 * do nothing. */
#include "fixture.h"
#include "base/buf.h"
#include "desk/calendar.h"
#include "desk/change.h"
#include "desk/customers.h"
#include "desk/extra.h"
#include "desk/hook.h"
#include "desk/rules.h"
#include "desk/rules_private.h"
#include "desk/sla.h"
#include "desk/template.h"

#define REQ                                                                \
	"require [\"vnd.helpd\", \"variables\", \"regex\", \"vacation\", " \
	"\"fileinto\", \"imap4flags\", \"reject\", \"enotify\", "          \
	"\"duplicate\", \"relational\", \"comparator-i;ascii-numeric\", "  \
	"\"copy\", \"envelope\", \"body\", \"environment\"];\n"

#define ANN "Ann Baker <ann@x.example>"

static struct rules *
compile(struct fixture *f, const char *const *texts, size_t n,
    struct complaints *bad)
{
	static const char *const names[] = {
	    "rules.d/10-a.sieve", "rules.d/20-b.sieve", "rules.d/30-c.sieve"};
	struct rules_file v[3];
	struct rules *r;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct rules_file){
		    names[i], arena_printf(&f->a, REQ "%s\n", texts[i])};
	*bad = (struct complaints){0};
	rules_compile(NULL, S("rules.d/"), v, n, &f->a, &r, bad);
	return r;
}

static void
use(struct fixture *f, const char *a, const char *b)
{
	const char *const texts[] = {a, b};
	struct complaints bad;

	rules_free(&f->settings.rules);
	f->settings.rules = compile(f, texts, b ? 2 : 1, &bad);
	if (!f->settings.rules)
		fail_msg("%.*s", STR_ARG(bad.v[0].msg));
}

static int
setup(void **state)
{
	static struct calendar office;
	struct fixture *f;
	struct err err = ERR_INIT;
	static struct agent agents[2];
	static struct team team = {.name = {"first", 5}};

	fixture_setup(state);
	f = *state;
	agents[0] = (struct agent){.name = S("anna"),
	    .full_name = S("Anna"),
	    .rank = RANK_AGENT,
	    .notices = true};
	agents[1] = agents[0];
	agents[1].name = agents[1].full_name = S("lena");
	agents[1].rank = RANK_LEAD;
	for (size_t i = 0; i < 2; i++) {
		strs_add(&f->a, &agents[i].addresses,
		    arena_printf(
			&f->a, "%.*s@acme.example", STR_ARG(agents[i].name)));
		strs_add(&f->a, &agents[i].teams, S("first"));
		strs_add(&f->a, &agents[i].work, S("*"));
	}
	strs_add(&f->a, &agents[0].skills, S("printers"));
	f->settings.staff = (struct staff){agents, 2, &team, 1};
	f->settings.notices_per_hour = 120;
	f->settings.notice_within = CLOCK_DAY;
	office = (struct calendar){.name = S("office"), .zone = "UTC"};
	for (size_t d = 0; d < 5; d++) {
		office.week[d][0] = (struct work_span){9 * 60, 17 * 60};
		office.nspans[d] = 1;
	}
	assert_int_equal(calendar_ready(&f->a, &office, &err), 0);
	f->settings.calendars = &office;
	f->settings.ncalendars = 1;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	int r;

	rules_free(&f->settings.rules);
	r = fixture_teardown(state);
	return r;
}

static bool
has_tag(struct fixture *f, uint64_t id, const char *tag)
{
	struct ticket k = ticket(f, id);

	return strs_has(&k.tags, str_c(tag));
}

/* The events that rules wrote: "kind|detail|cause", a line each. */
static struct str
ruled(struct fixture *f, uint64_t id)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct ticket k = ticket(f, id);
	struct txn *t = NULL;

	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	for (uint32_t seq = 1; seq <= k.events; seq++) {
		struct event e;

		if (event_get(t, &f->a, id, seq, &e) == 1 &&
		    str_eq(e.actor, S("rule")))
			buf_printf(&b, "%.*s|%.*s|%.*s\n", STR_ARG(e.kind),
			    STR_ARG(e.detail), STR_ARG(e.cause));
	}
	txn_abort(&t);
	return arena_dup(&f->a, buf_str(&b));
}

/* --- actions ----------------------------------------------------------- */

static void
test_changes(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = ANN, .subject = "Order 4711 is late"};
	struct outcome o;
	struct ticket k;

	use(f,
	    "if header :regex \"subject\" \"order ([0-9]+)\" {\n"
	    "  queue \"billing\";\n"
	    "  field \"order\" \"${1}\";\n"
	    "  tag [\"Order\", \"late\"];\n"
	    "  untag \"late\";\n"
	    "  priority \"urgent\";\n"
	    "  note \"by a rule\";\n"
	    "}",
	    "if ticket \"queue\" \"billing\" { tag \"second\"; }");
	o = take(f, &m, NOW);
	k = ticket(f, o.ticket);
	assert_str(k.queue, "billing");
	assert_int_equal(k.priority, PRIORITY_URGENT);
	assert_int_equal(k.nfields, 1);
	assert_str(k.fields[0].value, "4711");
	assert_int_equal(k.tags.n, 2);
	assert_str(ruled(f, o.ticket),
	    "queue|support -> billing|10-a.sieve:3\n"
	    "field|order: none -> 4711|10-a.sieve:4\n"
	    "tag|+order +late|10-a.sieve:5\n"
	    "tag|-late|10-a.sieve:6\n"
	    "priority|normal -> urgent|10-a.sieve:7\n"
	    "note|article 2|10-a.sieve:8\n"
	    "tag|+second|20-b.sieve:2\n");
}

static void
test_priorities(void **state)
{
	static const struct {
		const char *rules;
		enum priority to;
	} rows[] = {
	    {"priority :raise;", PRIORITY_HIGH},
	    {"priority :raise; priority :raise; priority :raise;",
		PRIORITY_URGENT},
	    {"priority :lower;", PRIORITY_LOW},
	    {"priority :lower; priority :lower;", PRIORITY_LOW},
	    {"priority \"HIGH\";", PRIORITY_HIGH},
	    {"escalate;", PRIORITY_HIGH},
	    {"priority \"urgent\"; escalate \"anna\";", PRIORITY_URGENT},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mail m = {.from = ANN};

		use(f, rows[i].rules, NULL);
		assert_int_equal(
		    ticket(f, take(f, &m, NOW).ticket).priority, rows[i].to);
	}
}

static void
test_assign(void **state)
{
	static const struct {
		const char *rules, *who;
	} rows[] = {
	    {"assign :agent \"lena\";", "lena"},
	    {"assign :skill \"printers\";", "anna"},
	    {"assign :agent \"nobody\";", ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mail m = {.from = ANN};
		uint64_t id;

		use(f, rows[i].rules, NULL);
		id = take(f, &m, NOW).ticket;
		assert_str(ticket(f, id).assignee, rows[i].who);
		if (!*rows[i].who)
			assert_has(event_detail(f, id, "rule"), "nobody");
	}
}

/* What a script says is told, and nothing else is kept from happening. */
static void
test_mistakes(void **state)
{
	static const struct {
		const char *rules, *said;
	} rows[] = {
	    {"set \"q\" \"nowhere\"; queue \"${q}\";", "there is no queue"},
	    {"set \"q\" \"a b\"; tag \"${q}\";", "is no tag"},
	    {"set \"q\" \"odd\"; status \"${q}\";", "there is no status"},
	    {"set \"q\" \"odd\"; sla \"${q}\";", "no service level"},
	    {"set \"q\" \"odd\"; webhook \"${q}\";", "no webhook"},
	    {"set \"q\" \"odd\"; answer \"${q}\";", "odd"},
	    {"notify \"https://x.example/\";", "no webhook"},
	    {"redirect \"support@acme.example\";", "own address"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mail m = {.from = ANN};
		uint64_t id;

		use(f, rows[i].rules, "tag \"on\";");
		id = take(f, &m, NOW + (int64_t)i * CLOCK_DAY).ticket;
		assert_has(event_detail(f, id, "rule"), rows[i].said);
		/* A redirect is the end, whether it went or not. */
		assert_int_equal(
		    has_tag(f, id, "on"), i + 1 != ARRAY_LEN(rows));
	}
}

static void
test_nothing_is_lost(void **state)
{
	static const struct {
		const char *rules;
		enum status s;
		const char *tag;
	} rows[] = {
	    {"discard;", STATUS_CLOSED, "discarded"},
	    {"spam;", STATUS_SPAM, "spam"},
	    {"reject \"no\";", STATUS_CLOSED, "rejected"},
	    {"redirect \"a@b.example\";", STATUS_CLOSED, "redirected"},
	    {"redirect :copy \"a@b.example\"; tag \"x\";", STATUS_NEW, "x"},
	    {"discard; keep; tag \"y\";", STATUS_NEW, "y"},
	    {"fileinto :flags [\"$Work\", \"\\\\Flagged\"] \"billing\";",
		STATUS_NEW, "work"},
	    {"addflag \"later\"; keep;", STATUS_NEW, "later"},
	    {"status \"resolved\"; tag \"z\";", STATUS_RESOLVED, "z"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mail m = {.from = ANN, .return_path = "ann@x.example"};
		struct outcome o;

		use(f, rows[i].rules, NULL);
		o = take(f, &m, NOW + (int64_t)i * CLOCK_DAY);
		assert_int_equal(o.fate, FATE_TICKET);
		assert_int_equal(ticket(f, o.ticket).status, rows[i].s);
		assert_true(has_tag(f, o.ticket, rows[i].tag));
		assert_int_equal(count_events(f, o.ticket, "acknowledged"),
		    i == 4 || i == 5 || i > 5);
	}
}

/* --- tests ------------------------------------------------------------- */

static void
test_tests(void **state)
{
	static const struct {
		const char *test;
		bool is;
	} rows[] = {
	    {"event \"new\"", true},
	    {"event [\"followup\", \"status\"]", false},
	    {"ticket \"status\" \"new\"", true},
	    {"ticket \"priority\" \"normal\"", true},
	    {"ticket \"queue\" \"support\"", true},
	    {"ticket \"subject\" \"Printer on fire\"", true},
	    {"ticket \"requester\" \"ann@x.example\"", true},
	    {"ticket :count \"eq\" \"tags\" \"0\"", true},
	    {"ticket :count \"eq\" \"assignee\" \"0\"", true},
	    {"ticket :value \"eq\" :comparator \"i;ascii-numeric\" \"age\" "
	     "\"0\"",
		true},
	    {"ticket :value \"eq\" :comparator \"i;ascii-numeric\" "
	     "\"reopens\" \"0\"",
		true},
	    {"ticket \"order\" \"1\"", false},
	    {"customer \"domain\" \"x.example\"", true},
	    {"customer \"tickets\" \"1\"", true},
	    {"customer \"known\" \"no\"", true},
	    {"customer \"tier\" \"gold\"", false},
	    {"channel \"mail\"", true},
	    {"language \"de\"", true},
	    {"hours \"office\"", false}, /* 08:00 on a Monday */
	    {"load :value \"ge\" :comparator \"i;ascii-numeric\" \"first\" "
	     "\"0\"",
		true},
	    {"load \"nobody\" \"0\"", false},
	    {"body :contains \"burns\"", true},
	    {"envelope \"to\" \"support@acme.example\"", true},
	    {"environment \"name\" \"helpd\"", true},
	    {"address :domain \"from\" \"x.example\"", true},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mail m = {
		    .from =
			arena_cstr(&f->a, arena_printf(&f->a, "ann@x.example")),
		    .language = "de",
		    .envelope_recipient = "support@acme.example",
		};
		uint64_t id;

		/* A customer of his own each time. */
		if (i == 13)
			m.from = "bob@x.example";
		use(f,
		    arena_cstr(
			&f->a, arena_printf(&f->a, "if %s { tag \"yes\"; }",
				   rows[i].test)),
		    NULL);
		id = take(f, &m, NOW).ticket;
		if (has_tag(f, id, "yes") != rows[i].is)
			fail_msg("%s", rows[i].test);
	}
}

static void
test_events(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = ANN, .id = "1@x.example"};
	struct mail again = {.from = ANN, .in_reply_to = "1@x.example"};
	uint64_t id;

	use(f,
	    "if event \"followup\" { tag \"f\"; }\n"
	    "if event \"agent-reply\" { tag \"r\"; }\n"
	    "if allof (event \"status\", ticket \"status\" \"pending\") { "
	    "status \"hold\"; tag \"s\"; }\n"
	    "elsif event \"status\" { tag \"deep\"; status \"open\"; }\n",
	    "priority :raise;");
	id = take(f, &m, NOW).ticket;
	assert_int_equal(ticket(f, id).tags.n, 0);
	assert_int_equal(take(f, &again, NOW + 1000).ticket, id);
	assert_true(has_tag(f, id, "f"));
	answer(f, id, "Hello", NOW + 2000);
	assert_true(has_tag(f, id, "r"));
	set_status(f, id, STATUS_PENDING, NOW + 3000);
	/* The rule's own status is an event once, and then no more. */
	assert_true(has_tag(f, id, "s"));
	assert_int_equal(ticket(f, id).status, STATUS_OPEN);
	/* Rules that say nothing of events are of the opening alone. */
	assert_int_equal(ticket(f, id).priority, PRIORITY_HIGH);
	assert_int_equal(f->desk.ruling, 0);
}

struct at {
	uint64_t id;
	enum rule_event_kind kind;
};

static int
at(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	const struct at *x = ctx;
	struct ticket k;

	assert_int_equal(ticket_get(t, &f->a, x->id, &k), 1);
	if (rules_at(&f->desk, t, &f->a, &k, x->kind, NOW + 5000, err) < 0)
		return -1;
	ticket_put(t, &k);
	return 0;
}

/* Without a mail tests see the customer's newest one. */
static void
test_without_a_mail(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = ANN, .subject = "Server down"};
	uint64_t id;

	use(f,
	    "if allof (event \"sla-breach\", header :contains \"subject\" "
	    "\"down\", address \"from\" \"ann@x.example\", body :contains "
	    "\"burns\") { escalate; tag \"late\"; }\n"
	    "if event \"idle\" { status \"hold\"; }",
	    NULL);
	id = take(f, &m, NOW).ticket;
	with_txn(f, at, &(struct at){id, RULE_SLA_WARNING});
	assert_false(has_tag(f, id, "late"));
	with_txn(f, at, &(struct at){id, RULE_SLA_BREACH});
	assert_true(has_tag(f, id, "late"));
	assert_int_equal(ticket(f, id).priority, PRIORITY_HIGH);
	assert_str(event_detail(f, id, "escalated"), "lead");
	with_txn(f, at, &(struct at){id, RULE_IDLE});
	assert_int_equal(ticket(f, id).status, STATUS_HOLD);
}

/* --- mails ------------------------------------------------------------- */

static void
test_vacation(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = ANN};
	struct mail robot = {.from = "r@y.example",
	    .automatic = "Auto-Submitted: auto-generated"};
	struct mail bob = {.from = "bob@y.example"};
	uint64_t id;

	use(f, "vacation :days 2 \"Gone fishing.\";", NULL);
	id = take(f, &m, NOW).ticket;
	assert_has(article(f, id, 2).text, "Gone fishing.");
	assert_int_equal(count_events(f, id, "acknowledged"), 0);
	id = take(f, &m, NOW + CLOCK_DAY).ticket;
	assert_has(event_detail(f, id, "rule"), "had this answer already");
	assert_int_equal(count_events(f, id, "acknowledged"), 1);
	id = take(f, &m, NOW + 3 * CLOCK_DAY).ticket;
	assert_has(article(f, id, 2).text, "Gone fishing.");
	id = take(f, &robot, NOW).ticket;
	assert_int_equal(ticket(f, id).articles, 1);
	id = take(f, &bob, NOW).ticket;
	assert_int_equal(ticket(f, id).articles, 2);
}

static void
test_duplicate(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = ANN, .subject = "alarm 1"};
	uint64_t id;

	use(f, "if duplicate :header \"subject\" :seconds 60 { discard; }",
	    NULL);
	assert_int_equal(ticket(f, take(f, &m, NOW).ticket).status, STATUS_NEW);
	id = take(f, &m, NOW + 30000).ticket;
	assert_int_equal(ticket(f, id).status, STATUS_CLOSED);
	id = take(f, &m, NOW + 100000).ticket;
	assert_int_equal(ticket(f, id).status, STATUS_NEW);
}

static int
mark_many(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	(void)ctx;
	for (int i = 0; i < 3000; i++)
		if (mark_put(t, &f->a, arena_printf(&f->a, "id %d", i),
			NOW + 1000 * (i % 7 + 1), NOW, err) < 0)
			return -1;
	for (int i = 0; i < 3000; i++) {
		struct str id = arena_printf(&f->a, "id %d", i);

		assert_int_equal(mark_seen(t, &f->a, id, NOW, err), 1);
		assert_int_equal(
		    mark_seen(t, &f->a, id, NOW + 1000 * (i % 7 + 1), err), 0);
	}
	return 0;
}

static void
test_marks(void **state)
{
	with_txn(*state, mark_many, NULL);
}

/* --- what is judged ---------------------------------------------------- */

static void
test_never(void **state)
{
	static const struct {
		const char *rules, *said; /* NULL: nothing */
	} rows[] = {
	    /* what is certain */
	    {"if false { tag \"a\"; }", "2:4: warning: this is never true"},
	    {"if allof (true, not true) { tag \"a\"; }", "never both true"},
	    {"if header \"subject\" \"a \" { tag \"a\"; }",
		"2:21: warning: nothing is ever \"a \""},
	    {"if address :domain \"from\" \"a@b.example\" { tag \"a\"; }",
		"has no \"@\""},
	    {"if allof (event \"new\", event \"status\") { tag \"a\"; }",
		"never both true"},
	    {"if allof (ticket \"queue\" \"a\", ticket \"queue\" \"b\") { tag "
	     "\"a\"; }",
		"never both true"},
	    {"if allof (header \"x\" \"a\", not header :contains \"x\" \"A\") "
	     "{ tag \"a\"; }",
		"never both true"},
	    {"if allof (size :over 5K, size :under 2K) { tag \"a\"; }",
		"never both true"},
	    {"if header \"x\" \"a\" { if not header \"x\" \"a\" { tag \"a\"; } "
	     "}",
		"line 2 says otherwise"},
	    {"if header :contains \"x\" \"a\" { tag \"a\"; }\n"
	     "elsif header \"x\" [\"ba\", \"ca\"] { tag \"b\"; }",
		"3:7: warning: never reached: whenever this is true, line 2 "
		"is"},
	    {"stop;\ntag \"a\";",
		"3:1: warning: never reached: line 2 comes first"},
	    {"if header \"x\" \"a\" { tag \"a\"; stop; }\n"
	     "if allof (header \"x\" \"a\", size :over 1K) { tag \"b\"; }",
		"3:4: warning: never reached: whenever this is true, the rule "
		"at line 2"},
	    {"if anyof (header \"x\" \"a\", header \"x\" \"b\") { stop; }\n"
	     "if header \"x\" \"b\" { tag \"b\"; }",
		"3:4: warning: never reached"},
	    /* what is not */
	    {"if header \"x\" \"a\" { stop; }\nif header \"x\" \"b\" { keep; }",
		NULL},
	    {"if header \"x\" \"a\" { keep; }\nif header \"x\" \"a\" { keep; }",
		NULL},
	    {"if allof (header \"x\" \"a\", header \"x\" \"b\") { keep; }",
		NULL},
	    {"if allof (ticket \"tags\" \"a\", ticket \"tags\" \"b\") { keep; "
	     "}",
		NULL},
	    {"if allof (size :over 2K, size :under 5K) { keep; }", NULL},
	    {"if header [\"x\", \"y\"] \"a\" { stop; }\n"
	     "if header [\"x\", \"z\"] \"a\" { keep; }",
		NULL},
	    {"if header :contains \"x\" \"a\" { stop; }\n"
	     "if header :matches \"x\" \"*a*\" { keep; }",
		NULL},
	    {"if header :comparator \"i;octet\" \"x\" \"a\" { stop; }\n"
	     "if header \"x\" \"a\" { keep; }",
		NULL},
	    {"set \"v\" \"a\"; if header \"x\" \"${v}\" { stop; }\n"
	     "set \"v\" \"b\"; if header \"x\" \"${v}\" { keep; }",
		NULL},
	    {"if duplicate { stop; }\nif duplicate { keep; }", NULL},
	    {"if header :count \"ge\" [\"x\", \"y\"] \"2\" { stop; }\n"
	     "if header :count \"ge\" \"x\" \"2\" { keep; }",
		NULL},
	    {"if header \"x\" \"a\" { if header \"y\" \"b\" { stop; } }\n"
	     "if header \"x\" \"a\" { keep; }",
		NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct complaints bad;
		struct rules *r = compile(f, &rows[i].rules, 1, &bad);

		if (r)
			rules_never(r, &f->a, &bad);
		complaints_print(&b, &bad);
		rules_free(&r);
		if (rows[i].said ? bad.n != 1 || !str_has(buf_str(&b),
						     str_c(rows[i].said))
				 : bad.n != 0)
			fail_msg("%s\n%s\nnot: %s", rows[i].rules, buf_cstr(&b),
			    rows[i].said ? rows[i].said : "nothing");
	}
}

static void
test_never_across(void **state)
{
	static const struct {
		const char *a, *b, *said;
	} rows[] = {
	    {"if header \"x\" \"a\" { stop; }",
		"if header \"x\" \"a\" { keep; }",
		"the rule at rules.d/10-a.sieve:2"},
	    {"stop;", "keep;", "this script is never run"},
	    {"if ticket \"queue\" \"a\" { stop; }",
		"if ticket \"queue\" \"a\" { keep; }", NULL},
	    {"if header \"x\" \"a\" { stop; }",
		"if event \"followup\" { keep; }\n"
		"if header \"x\" \"a\" { keep; }",
		NULL},
	    {"if size :over 1K { if size :over 2K { stop; } keep; }",
		"if size :over 2K { keep; }", NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		const char *const texts[] = {rows[i].a, rows[i].b};
		struct complaints bad;
		struct rules *r = compile(f, texts, 2, &bad);

		assert_non_null(r);
		rules_never(r, &f->a, &bad);
		complaints_print(&b, &bad);
		rules_free(&r);
		if (rows[i].said ? !str_has(buf_str(&b), str_c(rows[i].said))
				 : bad.n != 0)
			fail_msg(
			    "%s | %s\n%s", rows[i].a, rows[i].b, buf_cstr(&b));
	}
}

static void
test_names(void **state)
{
	static const struct {
		const char *rules, *said;
	} rows[] = {
	    {"queue \"biling\";", "error: there is no queue \"biling\": did "
				  "you mean \"billing\"?"},
	    {"fileinto \"Archive\";", "error: there is no queue"},
	    {"assign :agent \"ana\";", "did you mean \"anna\"?"},
	    {"assign :team \"frist\";", "did you mean \"first\"?"},
	    {"tag \"a b\";", "is no tag"},
	    {"status \"new\";", "cannot make a ticket new"},
	    {"sla \"gold\";", "no service level"},
	    {"webhook \"ops\";", "no webhook"},
	    {"escalate \"boss\";", "no agent or team"},
	    {"if hours \"ofice\" { keep; }", "error: there is no calendar"},
	    {"if ticket \"status\" \"opne\" { keep; }",
		"warning: there is no status \"opne\": did you mean "
		"\"open\"?: this is never true"},
	    {"if ticket \"queue\" \"x\" { keep; }", "warning: there is no"},
	    {"if ticket \"assignee\" \"x\" { keep; }", "warning: there is no"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct complaints bad;
		struct rules *r = compile(f, &rows[i].rules, 1, &bad);

		if (r)
			rules_judge(r, &f->settings, &f->a, &bad);
		complaints_print(&b, &bad);
		rules_free(&r);
		if (!str_has(buf_str(&b), str_c(rows[i].said)))
			fail_msg("%s\n%s\nnot: %s", rows[i].rules, buf_cstr(&b),
			    rows[i].said);
	}
}

int
main(void)
{
#define TEST(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_changes),
	    TEST(test_priorities),
	    TEST(test_assign),
	    TEST(test_mistakes),
	    TEST(test_nothing_is_lost),
	    TEST(test_tests),
	    TEST(test_events),
	    TEST(test_without_a_mail),
	    TEST(test_vacation),
	    TEST(test_duplicate),
	    TEST(test_marks),
	    TEST(test_never),
	    TEST(test_never_across),
	    TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

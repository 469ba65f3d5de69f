/* privacy: whose a ticket is, and erasing that is cut off and goes on. */
#include "desk/change.h"
#include "desk/due.h"
#include "desk/privacy.h"
#include "fixture.h"

#define ANN "ann@x.example"
#define BOB "bob@x.example"

static const struct {
	const char *text;
	bool names;
} texts[] = {
    {ANN, true},
    {"from Ann@X.example.", true},
    {"<ann@x.example>", true},
    {"customer:ann@x.example", true},
    {"-ann@x.example", true},
    {"cc=+ann@x.example,bob", true},
    {"jo-ann@x.example", false},
    {"\xe5\x9c\xb0" ANN "\xe6\x98\xaf", true},
    {"joann@x.example", false},
    {"j.ann@x.example", false},
    {"ann@x.example.org", false},
    {"ann@x.example-shop", false},
    {"joann@x.example and ann@x.example", true},
    {"", false},
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (privacy_names(str_c(texts[i].text), S(ANN)) !=
		    texts[i].names)
			fail_msg("%s", texts[i].text);
	assert_false(privacy_names(S("x"), S("")));
}

struct doing {
	struct erasure e;
	int rc;
	bool alone;
	int64_t lease;
};

static int
run_begin(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *d = ctx;

	d->e = (struct erasure){.addr = S(ANN),
	    .key = S(ANN),
	    .name = S("Ann Baker"),
	    .actor = S("cli:root"),
	    .force = d->e.force};
	return erasure_begin(t, &f->a, &d->e, f->now, err);
}

static int
run_pending(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *d = ctx;

	erasure_fini(&d->e);
	d->rc = erasure_pending(t, &f->a, &d->e);
	return d->rc < 0 ? txn_error(t, err) : 0;
}

static int
run_step(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *d = ctx;

	erasure_fini(&d->e);
	if (erasure_pending(t, &f->a, &d->e) != 1)
		return err_set(err, ERR_NOENT, "none is pending");
	d->rc = erasure_step(t, &f->a, &f->settings, &d->e, NULL, d->alone,
	    d->lease, f->now, err);
	return MIN(d->rc, 0);
}

struct turn {
	size_t ran;
	uint64_t *release;
	size_t nrelease;
	int next;
	int64_t at;
};

static int
run_turn(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct turn *x = ctx;

	if (due_run(&f->desk, t, &f->a, f->now, 100, &x->ran, &x->release,
		&x->nrelease, err) < 0)
		return -1;
	x->next = due_next(t, &f->a, &x->at);
	return 0;
}

static int
run_resume(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *d = ctx;

	(void)err;
	d->rc = erasure_resume(t, &f->a, f->now);
	return 0;
}

/* Until it is over; how many steps. */
static unsigned
all_steps(struct fixture *f, struct doing *d)
{
	unsigned n = 0;

	d->alone = true;
	do {
		with_txn(f, run_step, d);
		assert_true(++n < 1000);
	} while (d->rc > 0);
	return n;
}

/* Three tickets: Ann's, Bob's to which Ann wrote as Cc, Bob's. */
static void
furnish(struct fixture *f)
{
	take(f,
	    &(struct mail){.from = "Ann Baker <" ANN ">",
		.id = "<1@x.example>",
		.subject = "Printer",
		.text = "It smokes"},
	    NOW);
	take(f,
	    &(struct mail){.from = "Bob <" BOB ">",
		.cc = ANN,
		.id = "<2@x.example>",
		.subject = "Roof",
		.text = "It leaks, says " ANN},
	    NOW + 1000);
	take(f,
	    &(struct mail){.from = "Ann <" ANN ">",
		.id = "<3@x.example>",
		.references = "<2@x.example>",
		.in_reply_to = "<2@x.example>",
		.subject = "Re: Roof",
		.text = "It does"},
	    NOW + 2000);
	take(f,
	    &(struct mail){.from = "Bob <" BOB ">",
		.id = "<4@x.example>",
		.subject = "Cellar",
		.text = "Dark"},
	    NOW + 3000);
	answer(f, 1, "Pull the plug", NOW + 4000);
}

static bool
is(struct str a, const char *b)
{
	return str_eq(a, str_c(b));
}

static void
check_erased(struct fixture *f)
{
	struct ticket k = ticket(f, 1);
	struct article r = article(f, 1, 1);

	assert_true(is(k.subject, "erased"));
	assert_true(is(k.requester.addr, "erased-1@invalid"));
	assert_int_equal(k.requester.name.n, 0);
	for (uint32_t seq = 1; seq <= k.articles; seq++)
		assert_true(is(article(f, 1, seq).text, "erased"));
	assert_int_equal(r.blob, 0);
	assert_int_equal(r.message_id.n, 0);
	assert_true(is(r.author.addr, "erased-1@invalid"));
	assert_int_equal(count_events(f, 1, "erased"), 1);

	k = ticket(f, 2);
	assert_true(is(k.subject, "Roof"));
	assert_true(is(k.requester.addr, BOB));
	r = article(f, 2, 1);
	assert_true(str_has(r.text, S(ANN))); /* Bob's words */
	assert_true(r.blob != 0);
	assert_true(addresses_has(&r.cc, S("erased-1@invalid")));
	r = article(f, 2, k.articles);
	assert_true(is(r.text, "erased"));
	assert_int_equal(count_events(f, 2, "erased"), 1);

	assert_true(is(ticket(f, 3).subject, "Cellar"));
	assert_int_equal(count_events(f, 3, "erased"), 0);
	assert_int_equal(person(f, ANN).key.n, 0);
	assert_true(person(f, BOB).key.n != 0);
	fixture_verify(f);
}

/* Each step reads where the last one ended, in whatever process. */
static void
test_steps(void **state)
{
	struct fixture *f = *state;
	struct doing d = {.lease = ERASE_LEASE};

	furnish(f);
	with_txn(f, run_pending, &d);
	assert_int_equal(d.rc, 0);
	with_txn(f, run_begin, &d);
	with_txn(f, run_pending, &d);
	assert_int_equal(d.rc, 1);
	assert_true(is(d.e.addr, ANN));
	assert_true(is(d.e.alias, "erased-1@invalid"));
	with_txn(f, run_step, &d);
	with_txn(f, run_pending, &d);
	assert_int_equal(d.e.stage, ERASE_OUTBOX);
	assert_int_equal(d.e.ntickets, 2);
	assert_true(erasure_has(&d.e, 1) && erasure_has(&d.e, 2));
	assert_false(erasure_has(&d.e, 3));
	assert_int_equal(d.e.n.tickets, 2);
	assert_true(all_steps(f, &d) >= 6);
	with_txn(f, run_pending, &d);
	assert_int_equal(d.rc, 0);
	check_erased(f);
	erasure_fini(&d.e);
}

/* Nobody makes the next step: a minute later the daemon does, one a turn. */
static void
test_goes_on(void **state)
{
	struct fixture *f = *state;
	struct doing d = {.lease = ERASE_LEASE};
	struct turn x = {0};
	unsigned turns = 0;

	furnish(f);
	with_txn(f, run_begin, &d);
	with_txn(f, run_step, &d);
	with_txn(f, run_turn, &x);
	assert_int_equal(x.ran, 0);
	assert_int_equal(x.at, f->now + ERASE_LEASE);
	f->now += ERASE_LEASE;
	/* It waits for terms that it has in memory itself. */
	while (turns++ < 100) {
		with_txn(f, run_turn, &x);
		if (!x.ran)
			f->now += CLOCK_SECOND;
		with_txn(f, run_pending, &d);
		if (d.rc == 0)
			break;
	}
	assert_int_equal(d.rc, 0);
	assert_true(turns >= 7);
	check_erased(f);
}

/* At the start of a daemon it is due at once, also when it was told twice. */
static void
test_resumed(void **state)
{
	struct fixture *f = *state;
	struct doing d = {.lease = ERASE_LEASE};
	struct turn x = {0};

	furnish(f);
	with_txn(f, run_resume, &d);
	assert_int_equal(d.rc, 0);
	with_txn(f, run_begin, &d);
	with_txn(f, run_resume, &d);
	with_txn(f, run_resume, &d);
	assert_int_equal(d.rc, 1);
	with_txn(f, run_turn, &x);
	assert_int_equal(x.ran, 1);
	assert_int_equal(x.at, f->now);
	all_steps(f, &d);
	erasure_fini(&d.e);
	with_txn(f, run_turn, &x);
	assert_int_equal(x.ran, 0);
	check_erased(f);
}

static int
run_hold(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("test")};
	struct ticket k;

	(void)ctx;
	if (ticket_get(t, &f->a, 1, &k) != 1 ||
	    change_tags(&f->desk, t, &f->a, &k, S("+legal-hold"), &who, f->now,
		err) < 0)
		return -1;
	return change_done(t, &k, f->now, err);
}

static void
test_kept(void **state)
{
	static struct str hold = {"legal-hold", 10};
	struct fixture *f = *state;
	struct doing d = {.lease = ERASE_LEASE};

	f->settings.keep_tags = (struct strs){&hold, 1};
	furnish(f);
	with_txn(f, run_hold, NULL);
	with_txn(f, run_begin, &d);
	all_steps(f, &d);
	assert_int_equal(d.e.n.kept, 1);
	assert_int_equal(d.e.n.tickets, 1);
	assert_true(is(ticket(f, 1).subject, "Printer"));
	assert_true(is(article(f, 1, 1).text, "It smokes"));
	fixture_verify(f);
	erasure_fini(&d.e);
	d = (struct doing){.lease = ERASE_LEASE, .e.force = true};
	with_txn(f, run_begin, &d);
	all_steps(f, &d);
	assert_int_equal(d.e.n.kept, 0);
	assert_true(is(ticket(f, 1).subject, "erased"));
	erasure_fini(&d.e);
}

/* A ticket of many articles is more than one step; in between all is as it should be. */
static int
run_notes(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("test")};
	struct ticket k;

	(void)ctx;
	if (ticket_get(t, &f->a, 1, &k) != 1)
		return -1;
	for (unsigned i = 0; i < 300; i++)
		if (change_note(&f->desk, t, &f->a, &k, S("a note"), &who,
			S("root"), f->now, NULL, err) < 0)
			return -1;
	ticket_put(t, &k);
	return 0;
}

static void
test_large(void **state)
{
	struct fixture *f = *state;
	struct doing d = {.lease = ERASE_LEASE, .alone = true};

	furnish(f);
	with_txn(f, run_notes, NULL);
	with_txn(f, run_begin, &d);
	with_txn(f, run_step, &d);
	assert_int_equal(d.e.stage, ERASE_TICKETS);
	assert_int_equal(d.e.next, 1);
	assert_int_equal(d.e.row, 200);
	all_steps(f, &d);
	assert_int_equal(d.e.n.articles, 304);
	check_erased(f);
	erasure_fini(&d.e);
}

static const struct {
	const char *raw;
	bool wrote;
} heads[] = {
    {"From: " ANN "\n\nx", true},
    {"Subject: x\r\nfrom:\r\n =?utf-8?q?Ann?= <Ann@X.example>\r\n\r\n", true},
    {"From: bob@x.example\nReply-To: a@b.c, " ANN "\n\n", true},
    {"Return-Path: <" ANN ">\nFrom: x\n\n", true},
    {"From: bob@x.example\nTo: " ANN "\n\nFrom: " ANN "\n", false},
    {"From: joann@x.example\n\n", false},
    {"", false},
    {"\0\0:\n", false},
};

static void
test_wrote(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (privacy_wrote(&a, str_c(heads[i].raw), S(ANN)) !=
		    heads[i].wrote)
			fail_msg("%s", heads[i].raw);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_wrote),
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	    TEST(test_steps),
	    TEST(test_goes_on),
	    TEST(test_resumed),
	    TEST(test_kept),
	    TEST(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* privacy: whose a ticket is, and erasing that is cut off and goes on. */
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
	struct erasure_counts n;
	uint64_t ticket;
	int rc;
};

static int
run_begin(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *d = ctx;

	d->e = (struct erasure){.addr = S(ANN),
	    .key = S(ANN),
	    .name = S("Ann Baker"),
	    .actor = S("cli:root")};
	return erasure_begin(t, &f->a, &d->e, err);
}

static int
run_ticket(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *d = ctx;

	return erasure_ticket(t, &f->a, &f->settings, &d->e, d->ticket, f->now,
	    &d->n, NULL, NULL, err);
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
run_rest(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *d = ctx;
	uint64_t last;

	if (outbox_last(t, &last) < 0 ||
	    erasure_outbox(t, &d->e, 1, last, &d->n, err) < 0 ||
	    erasure_person(t, &f->a, &d->e, err) < 0)
		return -1;
	erasure_end(t);
	return 0;
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

/* Cut off behind each ticket: the note says where to go on, and what was done
 * before may be done again. */
static void
test_goes_on(void **state)
{
	struct fixture *f = *state;
	struct doing d = {.rc = 0};

	furnish(f);
	with_txn(f, run_pending, &d);
	assert_int_equal(d.rc, 0);
	with_txn(f, run_begin, &d);
	for (d.ticket = 1; d.ticket <= 3; d.ticket++) {
		with_txn(f, run_pending, &d);
		assert_int_equal(d.rc, 1);
		assert_true(is(d.e.addr, ANN));
		assert_true(is(d.e.alias, "erased-1@invalid"));
		assert_true(d.e.next <= d.ticket);
		with_txn(f, run_ticket, &d);
		with_txn(f, run_ticket, &d);
	}
	with_txn(f, run_pending, &d);
	assert_int_equal(d.e.ntickets, 2);
	assert_true(erasure_has(&d.e, 1) && erasure_has(&d.e, 2));
	assert_false(erasure_has(&d.e, 3));
	with_txn(f, run_rest, &d);
	with_txn(f, run_pending, &d);
	assert_int_equal(d.rc, 0);
	check_erased(f);
	erasure_fini(&d.e);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test_setup_teardown(
		test_goes_on, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* limits: how much automatic mail leaves, through the store and over restarts; authres: what is believed about a sender. */
#include "fixture.h"
#include "desk/authres.h"
#include "desk/limits.h"

struct taking {
	const char *key, *subject;
	int64_t now;
	struct str reason;
};

static int
run_take(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct taking *x = ctx;

	return limits_take(t, &f->a, &f->settings, str_c(x->key),
	    str_c(x->subject), x->now, &x->reason, err);
}

static struct str
reason(struct fixture *f, const char *key, const char *subject, int64_t now)
{
	struct taking x = {.key = key, .subject = subject, .now = now};

	with_txn(f, run_take, &x);
	return x.reason;
}

static void
test_hour_and_day(void **state)
{
	static const char *const subjects[] = {
	    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"};
	struct fixture *f = *state;
	int64_t now = NOW;

	for (int i = 0; i < 3; i++)
		assert_str(reason(f, "a@x", subjects[i], now++), "");
	assert_has(reason(f, "a@x", "z", now), "an hour to this address");
	assert_str(reason(f, "b@x", "z", now), "");
	/* What is held is not counted: an hour later there is room. */
	now += CLOCK_HOUR;
	for (int i = 3; i < 6; i++)
		assert_str(reason(f, "a@x", subjects[i], now++), "");
	now += CLOCK_HOUR;
	for (int i = 6; i < 9; i++)
		assert_str(reason(f, "a@x", subjects[i], now++), "");
	now += CLOCK_HOUR;
	assert_str(reason(f, "a@x", subjects[9], now++), "");
	assert_has(reason(f, "a@x", "z", now), "a day to this address");
	assert_str(reason(f, "a@x", "z", now + CLOCK_DAY), "");
}

static void
test_repeated_subject(void **state)
{
	struct fixture *f = *state;

	assert_str(reason(f, "a@x", "Same", NOW), "");
	assert_str(reason(f, "a@x", "same ", NOW + 1), "");
	assert_has(reason(f, "a@x", "SAME", NOW + 2), "same subject");
	assert_str(reason(f, "a@x", "other", NOW + 3), "");
	assert_has(
	    reason(f, "a@x", "same", NOW + 20 * CLOCK_HOUR), "same subject");
}

static void
test_breaker(void **state)
{
	struct fixture *f = *state;
	char key[30];

	f->settings.site_per_hour = 20;
	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof key, "u%d@x", i);
		assert_str(reason(f, key, "s", NOW), "");
	}
	assert_has(reason(f, "u@x", "s", NOW), "whole site");
	assert_str(reason(f, "u@x", "s", NOW + CLOCK_HOUR), "");
	/* After weeks of 20 an hour, ten times as much is usual. */
	for (int h = 2; h < 600; h++)
		for (int i = 0; i < 20; i++) {
			snprintf(key, sizeof key, "u%d.%d@x", h, i);
			assert_str(
			    reason(f, key, "s", NOW + h * CLOCK_HOUR), "");
			if (h < 580)
				i += 4; /* five an hour cost less to write */
		}
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof key, "v%d@x", i);
		assert_str(reason(f, key, "s", NOW + 601 * CLOCK_HOUR), "");
	}
}

/* A loop that is stopped hour after hour, for two weeks, finds the same breaker in the end. */
static void
test_breaker_learns_no_loop(void **state)
{
	struct fixture *f = *state;
	char key[30];

	f->settings.site_per_hour = 10;
	for (int h = 0; h < 336; h++)
		for (int i = 0; i < 11; i++) {
			snprintf(key, sizeof key, "u%d.%d@x", h, i);
			if (i < 10)
				assert_str(
				    reason(f, key, "s", NOW + h * CLOCK_HOUR),
				    "");
			else
				assert_has(
				    reason(f, key, "s", NOW + h * CLOCK_HOUR),
				    "whole site");
		}
}

static void
test_clock_jumps(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		assert_str(
		    reason(f, "a@x", i ? i > 1 ? "1" : "2" : "3", NOW), "");
	/* Back: the gate stays shut, for a day at most. */
	assert_has(reason(f, "a@x", "x", NOW - 2 * CLOCK_HOUR), "hour");
	assert_str(reason(f, "a@x", "x", NOW - 400 * CLOCK_DAY), "");
}

static void
test_held_not_dropped(void **state)
{
	struct fixture *f = *state;
	struct outbox o;
	unsigned held = 0;

	for (int i = 0; i < 6; i++) {
		struct outcome x = take(f,
		    &(struct mail){.from = "ann@x.example",
			.subject = i % 2   ? "a"
				   : i % 3 ? "b"
					   : "c"},
		    NOW + i);

		assert_int_equal(x.mails, 1);
		o = outbox(f, article(f, x.ticket, 2).outbox);
		held += o.state == OUTBOX_HELD;
		if (o.state == OUTBOX_HELD)
			assert_has(o.last, "a");
	}
	assert_int_equal(held, 3);
}

/* --- Authentication-Results -------------------------------------------- */

static const struct {
	const char *name, *values[3];
	bool found, contradicting;
	enum auth_result dmarc;
} rows[] = {
    {"none", {NULL}, false, false, AUTH_NONE},
    {"pass", {"mx.acme.example; dmarc=pass header.from=x.example"}, true, false,
	AUTH_PASS},
    {"version and case",
	{"MX.acme.EXAMPLE 1; DMARC=Pass (p=none) header.from=X.example"}, true,
	false, AUTH_PASS},
    {"not ours", {"mx.evil.example; dmarc=pass"}, false, false, AUTH_NONE},
    {"ours below another",
	{"mx.evil.example; dmarc=pass", "mx.acme.example; dmarc=fail"}, true,
	false, AUTH_FAIL},
    {"only the topmost of ours",
	{"mx.acme.example; dmarc=none", "mx.acme.example; dmarc=pass"}, true,
	false, AUTH_OTHER},
    {"another From", {"mx.acme.example; dmarc=pass header.from=y.example"},
	true, false, AUTH_OTHER},
    {"in a comment", {"mx.acme.example; spf=fail (x; dmarc=pass)"}, true, false,
	AUTH_NONE},
    {"in a quoted reason",
	{"mx.acme.example; spf=fail reason=\"; dmarc=pass\""}, true, false,
	AUTH_NONE},
    {"nested comment", {"mx.acme.example; spf=fail (a(b); dmarc=pass)"}, true,
	false, AUTH_NONE},
    {"unclosed comment", {"mx.acme.example; dmarc=pass (oops"}, true, true,
	AUTH_NONE},
    {"contradiction",
	{"mx.acme.example; dmarc=pass; dmarc=fail header.from=x.example"}, true,
	true, AUTH_OTHER},
    {"id with a suffix", {"mx.acme.example.evil; dmarc=pass"}, false, false,
	AUTH_NONE},
    {"id in quotes", {"\"mx.acme.example\"; dmarc=pass"}, true, false,
	AUTH_PASS},
    {"several",
	{"mx.acme.example; spf=pass smtp.mailfrom=a@x.example;"
	 " dkim=pass header.d=x.example; dmarc=pass"},
	true, false, AUTH_PASS},
    {"blanks", {"mx.acme.example;dmarc = pass"}, true, false, AUTH_PASS},
    {"empty", {""}, false, false, AUTH_NONE},
};

static void
test_authres(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strs values = {0};
		struct authres r;

		for (size_t k = 0; k < 3 && rows[i].values[k]; k++)
			strs_add(&f->a, &values, str_c(rows[i].values[k]));
		authres_read(&f->a, &values, &f->settings.trust_authserv,
		    S("ann@x.example"), &r);
		if (r.found != rows[i].found ||
		    r.contradicting != rows[i].contradicting ||
		    r.dmarc != rows[i].dmarc)
			fail_msg("%s: found %d, contradicting %d, dmarc %d",
			    rows[i].name, r.found, r.contradicting, r.dmarc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	    T(test_hour_and_day),
	    T(test_repeated_subject),
	    T(test_breaker),
	    T(test_breaker_learns_no_loop),
	    T(test_clock_jumps),
	    T(test_held_not_dropped),
	    T(test_authres),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

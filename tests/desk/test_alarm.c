/*
 * When an alarm is told, told again, and told to be over: tables of what is seen, minute by minute, and what comes of it.
 */
#include "desk/alarm.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define T0 INT64_C(1790000000000)
#define MIN_ CLOCK_MINUTE

static const int64_t steps[] = {21 * CLOCK_DAY, 7 * CLOCK_DAY, CLOCK_DAY};
static const char *const acts[] = {
    "-", "note", "forget", "begin", "remind", "end", "over"};

/* Seen at a time by the wall (from T0), bad for so long by the clock of a run;
 * bad_for < 0: good. */
struct seen {
	int64_t at, bad_for;
	uint64_t run;
	const char *act;
	int64_t lasted; /* with begin, remind, end */
};

static void
play(const char *name, const struct seen *v, size_t n)
{
	struct alarm x = alarm_of(ALARM_MAILBOX, S("support"));

	for (size_t i = 0; i < n; i++) {
		struct alarm_sign s = {.kind = ALARM_MAILBOX,
		    .name = S("support"),
		    .run = v[i].run,
		    .bad = v[i].bad_for >= 0,
		    .bad_for = MAX(v[i].bad_for, (int64_t)0),
		    .after = 15 * MIN_,
		    .words = S("connection refused")};
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		AUTO(buf_fini) struct buf b = BUF_INIT;
		int64_t lasted;
		uint64_t grown;
		struct alarm back;
		enum alarm_act act = alarm_decide(&x, &s, steps,
		    ARRAY_LEN(steps), T0 + v[i].at, &lasted, &grown);

		if (strcmp(acts[act], v[i].act) != 0)
			fail_msg("%s, line %zu: %s, expected %s", name, i + 1,
			    acts[act], v[i].act);
		if (act >= ALARM_BEGIN && lasted != v[i].lasted)
			fail_msg("%s, line %zu: lasted %lld, expected %lld",
			    name, i + 1, (long long)lasted,
			    (long long)v[i].lasted);
		/* What is written is what is read. */
		alarm_encode(&b, &x);
		assert_true(alarm_decode(&a, buf_str(&b), &back));
		assert_int_equal(back.state, x.state);
		assert_true(back.told_at == x.told_at && back.since == x.since);
		assert_true(str_eq(back.words, x.words));
		if (act == ALARM_FORGET)
			x = alarm_of(ALARM_MAILBOX, S("support"));
	}
}
#define PLAY(name, ...)                                        \
	do {                                                   \
		static const struct seen v_[] = {__VA_ARGS__}; \
		play(name, v_, ARRAY_LEN(v_));                 \
	} while (0)

static void
test_lasting(void **state)
{
	(void)state;
	PLAY("well", {0, -1, 1, "-", 0}, {MIN_, -1, 1, "-", 0});
	PLAY("short trouble", {0, 0, 1, "-", 0}, {MIN_, MIN_, 1, "-", 0},
	    {2 * MIN_, 2 * MIN_, 1, "note", 0}, {3 * MIN_, -1, 1, "forget", 0});
	PLAY("once, and over", {0, 0, 1, "-", 0},
	    {10 * MIN_, 10 * MIN_, 1, "note", 0},
	    {15 * MIN_, 15 * MIN_, 1, "begin", 15 * MIN_},
	    {16 * MIN_, 16 * MIN_, 1, "-", 0},
	    {200 * MIN_, 200 * MIN_, 1, "-", 0}, {230 * MIN_, -1, 1, "end", 0},
	    {231 * MIN_, -1, 1, "forget", 0});
	PLAY("seen late", {0, 60 * MIN_, 1, "begin", 60 * MIN_});
	PLAY("one a day", {0, 15 * MIN_, 1, "begin", 15 * MIN_},
	    {1439 * MIN_, 1454 * MIN_, 1, "-", 0},
	    {1440 * MIN_, 1455 * MIN_, 1, "remind", 1455 * MIN_},
	    {1441 * MIN_, 1456 * MIN_, 1, "-", 0},
	    {2880 * MIN_, 2895 * MIN_, 1, "remind", 2895 * MIN_});
}

static void
test_flapping(void **state)
{
	(void)state;
	PLAY("comes back within the hour",
	    {0, 15 * MIN_, 1, "begin", 15 * MIN_}, {5 * MIN_, -1, 1, "end", 0},
	    {25 * MIN_, 15 * MIN_, 1, "note", 0},
	    {30 * MIN_, 20 * MIN_, 1, "-", 0},
	    /* still there when the hour is over */
	    {60 * MIN_, 50 * MIN_, 1, "begin", 50 * MIN_},
	    {61 * MIN_, -1, 1, "end", 0});
	PLAY("came back and went, untold",
	    {0, 15 * MIN_, 1, "begin", 15 * MIN_}, {5 * MIN_, -1, 1, "end", 0},
	    {25 * MIN_, 15 * MIN_, 1, "note", 0}, {30 * MIN_, -1, 1, "note", 0},
	    {31 * MIN_, -1, 1, "-", 0}, {61 * MIN_, -1, 1, "forget", 0});
}

static void
test_restarts(void **state)
{
	(void)state;
	PLAY("told before, still bad after",
	    {0, 15 * MIN_, 1, "begin", 15 * MIN_},
	    {MIN_, 0, 2, "note", 0}, /* the row is this run's now */
	    {20 * MIN_, 19 * MIN_, 2, "-", 0},
	    {30 * MIN_, -1, 2, "end", 15 * MIN_ + MIN_});
	PLAY("a crash loop still waits no longer", {0, 10 * MIN_, 1, "note", 0},
	    {2 * MIN_, 0, 2, "note", 0}, {3 * MIN_, MIN_, 2, "-", 0},
	    {4 * MIN_, 0, 3, "note", 0}, {5 * MIN_, 0, 4, "begin", 15 * MIN_},
	    {6 * MIN_, 0, 5, "note", 0}, {7 * MIN_, 0, 6, "note", 0});
	PLAY("well again when it starts", {0, 15 * MIN_, 1, "begin", 15 * MIN_},
	    {10 * MIN_, -1, 2, "end", 25 * MIN_});
	PLAY("the same in the row of nobody", {0, 10 * MIN_, 1, "note", 0},
	    {10 * MIN_, -1, 2, "forget", 0});
}

static void
test_clock(void **state)
{
	(void)state;
	PLAY("ahead by a day while well", {0, -1, 1, "-", 0},
	    {1440 * MIN_, -1, 1, "-", 0});
	PLAY("ahead by a day while it waits", {0, 3 * MIN_, 1, "note", 0},
	    {1440 * MIN_, 4 * MIN_, 1, "-", 0},
	    {1451 * MIN_, 15 * MIN_, 1, "begin", 15 * MIN_});
	PLAY("back by a day while it waits", {0, 3 * MIN_, 1, "note", 0},
	    {-1440 * MIN_, 4 * MIN_, 1, "-", 0},
	    {-1429 * MIN_, 15 * MIN_, 1, "begin", 15 * MIN_});
	PLAY("back by a day after it was told: the pause is no longer for it",
	    {0, 15 * MIN_, 1, "begin", 15 * MIN_},
	    {-1440 * MIN_, -1, 1, "end", 0},
	    {-1380 * MIN_, 15 * MIN_, 1, "begin", 15 * MIN_});
	PLAY("back by a day while it lasts: a reminder a day later",
	    {0, 15 * MIN_, 1, "begin", 15 * MIN_},
	    {-1440 * MIN_, 16 * MIN_, 1, "-", 0},
	    {-1 * MIN_, 1455 * MIN_, 1, "-", 0},
	    {0, 1456 * MIN_, 1, "remind", 1456 * MIN_});
	PLAY("back by a day between two runs", {0, 3 * MIN_, 1, "note", 0},
	    {-1440 * MIN_, 0, 2, "note", 0},
	    {-1430 * MIN_, 10 * MIN_, 2, "-", 0},
	    {-1425 * MIN_, 15 * MIN_, 2, "begin", 15 * MIN_});
}

static enum alarm_act
expiring(struct alarm *x, int64_t left, int64_t now)
{
	struct alarm_sign s = {.kind = ALARM_CERTIFICATE,
	    .name = S("mail.acme.example:993"),
	    .expires = left == CLOCK_NONE ? left : now + left};
	int64_t lasted;
	uint64_t grown;

	return alarm_decide(
	    x, &s, steps, ARRAY_LEN(steps), now, &lasted, &grown);
}

static void
test_expiry(void **state)
{
	struct alarm x = alarm_of(ALARM_CERTIFICATE, S("m"));
	int64_t end = T0 + 30 * CLOCK_DAY;
	static const struct {
		int64_t left;
		const char *act;
	} v[] = {
	    {30 * CLOCK_DAY, "-"},
	    {21 * CLOCK_DAY + 1, "-"},
	    {21 * CLOCK_DAY, "begin"},
	    {20 * CLOCK_DAY, "-"},
	    {7 * CLOCK_DAY, "begin"},
	    {6 * CLOCK_DAY, "-"},
	    {CLOCK_DAY - 1, "begin"},
	    {1, "-"},
	    {0, "begin"},
	    {-5 * CLOCK_DAY, "-"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_string_equal(
		    acts[expiring(&x, v[i].left, end - v[i].left)], v[i].act);
	/* Not known yet, after a restart. */
	assert_int_equal(expiring(&x, CLOCK_NONE, end), ALARM_KEEP);
	/* Renewed. */
	assert_int_equal(expiring(&x, 90 * CLOCK_DAY, end), ALARM_FORGET);
	/* First seen with five days to go: told once, not twice. */
	x = alarm_of(ALARM_CERTIFICATE, S("m"));
	assert_int_equal(expiring(&x, 5 * CLOCK_DAY, T0), ALARM_BEGIN);
	assert_int_equal(x.step, 2);
	assert_int_equal(
	    expiring(&x, 4 * CLOCK_DAY, T0 + CLOCK_DAY), ALARM_KEEP);
	/* Replaced by one that is near its end, too. */
	assert_int_equal(
	    expiring(&x, 6 * CLOCK_DAY, T0 + CLOCK_DAY), ALARM_BEGIN);
}

static void
test_over(void **state)
{
	struct alarm x = alarm_of(ALARM_DOWN, S(""));
	struct alarm_sign s = {
	    .kind = ALARM_DOWN, .over = true, .bad_for = 3 * CLOCK_HOUR};
	int64_t lasted;
	uint64_t grown;

	(void)state;
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0, &lasted, &grown), ALARM_OVER);
	assert_true(lasted == 3 * CLOCK_HOUR);
	assert_true(x.since == T0 - 3 * CLOCK_HOUR);
	/* Again within the hour: counted. */
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0 + 20 * MIN_, &lasted, &grown),
	    ALARM_NOTE);
	assert_int_equal(x.missed, 1);
	s.over = false;
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0 + 21 * MIN_, &lasted, &grown),
	    ALARM_KEEP);
	s.over = true;
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0 + 60 * MIN_, &lasted, &grown),
	    ALARM_OVER);
}

static void
test_grown(void **state)
{
	struct alarm x = alarm_of(ALARM_MAILBOX, S("support"));
	struct alarm_sign s = {.kind = ALARM_MAILBOX,
	    .name = S("support"),
	    .run = 1,
	    .bad = true,
	    .bad_for = CLOCK_HOUR,
	    .after = MIN_,
	    .count = 40};
	int64_t lasted;
	uint64_t grown;

	(void)state;
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0, &lasted, &grown), ALARM_BEGIN);
	s.bad = false;
	s.bad_for = 0;
	s.count = 47;
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0 + 1, &lasted, &grown), ALARM_END);
	assert_int_equal(grown, 7);
	/* In another run the count began anew. */
	x.state = ALARM_RAISED;
	x.told = true;
	s.run = 2;
	s.count = 5;
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0 + 2, &lasted, &grown), ALARM_END);
	assert_int_equal(grown, 5);
}

/* A start is no recovery. */
static void
test_unknown(void **state)
{
	struct alarm x = alarm_of(ALARM_MAILBOX, S("support"));
	struct alarm_sign s = {.kind = ALARM_MAILBOX,
	    .run = 1,
	    .bad = true,
	    .bad_for = CLOCK_HOUR,
	    .after = MIN_};
	int64_t lasted;
	uint64_t grown;

	(void)state;
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0, &lasted, &grown), ALARM_BEGIN);
	s = (struct alarm_sign){
	    .kind = ALARM_MAILBOX, .run = 2, .unknown = true};
	assert_int_equal(
	    alarm_decide(&x, &s, steps, 3, T0 + MIN_, &lasted, &grown),
	    ALARM_KEEP);
	assert_int_equal(x.state, ALARM_RAISED);
	assert_int_equal(x.run, 1);
}

static void
test_record(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct alarm x = alarm_of(ALARM_DISK, S("data")), y;

	(void)state;
	x.state = ALARM_RAISED;
	x.words = S("93 % used");
	x.count = 7;
	alarm_encode(&b, &x);
	assert_true(alarm_decode(&a, buf_str(&b), &y));
	assert_true(y.kind == ALARM_DISK && y.told_at == CLOCK_NONE);
	assert_true(str_eq(y.name, x.name) && str_eq(y.words, x.words));
	/* Cut anywhere it is read, or refused; never more. */
	for (size_t i = 0; i < b.n; i++)
		(void)alarm_decode(&a, str_sub(buf_str(&b), 0, i), &y);
	x.kind = 200;
	buf_reset(&b);
	alarm_encode(&b, &x);
	assert_false(alarm_decode(&a, buf_str(&b), &y));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lasting),
	    cmocka_unit_test(test_flapping),
	    cmocka_unit_test(test_restarts),
	    cmocka_unit_test(test_clock),
	    cmocka_unit_test(test_expiry),
	    cmocka_unit_test(test_over),
	    cmocka_unit_test(test_grown),
	    cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * calendar: working time, held against an oracle that looks at every minute. 100,000 random questions about random calendars, in zones with every kind of
 * change of the clock, half of them around such a change; HELPD_CASES sets another number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/must.h"
#include "desk/calendar.h"
#include "mail/zone.h"

static uint64_t state = 88172645463325252u;

static int64_t
below(int64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n > 0 ? (int64_t)(state % (uint64_t)n) : 0;
}

static int64_t
at(const char *s)
{
	int64_t t;

	assert_true(clock_parse_rfc3339(str_c(s), &t));
	return t;
}

static void
add_span(struct calendar *c, unsigned day, unsigned from, unsigned to)
{
	c->week[day][c->nspans[day]++] =
	    (struct work_span){(uint16_t)from, (uint16_t)to};
}

/* --- the oracle -------------------------------------------------------- */

static bool
is_holiday(const struct calendar *c, int64_t day)
{
	for (size_t i = 0; i < c->nholidays; i++)
		if (c->holidays[i].day == day)
			return true;
	return false;
}

static bool
minute_works(const struct calendar *c, int64_t t)
{
	int64_t wall = t + (int64_t)zone_offset(c->zone, t) * CLOCK_SECOND;
	int64_t today = wall / CLOCK_DAY;

	/* A span of yesterday's may reach over midnight. */
	for (int64_t day = today; day >= today - 1; day--) {
		int64_t minute = (wall - day * CLOCK_DAY) / CLOCK_MINUTE;
		unsigned wd = (unsigned)((day + 3) % 7);

		if (is_holiday(c, day))
			continue;
		for (unsigned i = 0; i < c->nspans[wd]; i++)
			if (minute >= c->week[wd][i].from &&
			    minute < c->week[wd][i].to)
				return true;
	}
	return false;
}

static void
random_calendar(struct arena *a, struct calendar *c, int64_t around)
{
	static const char *const zones[] = {"Europe/Berlin", "America/New_York",
	    "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca",
	    "America/Sao_Paulo", "Asia/Kathmandu", "UTC", "Pacific/Apia",
	    "Asia/Tehran", "America/St_Johns", "Asia/Shanghai"};
	struct err err = ERR_INIT;
	bool any = false;

	*c = (struct calendar){
	    .name = S("x"), .zone = zones[below(ARRAY_LEN(zones))]};
	for (unsigned d = 0; d < 7; d++) {
		int64_t n = below(4);

		for (int64_t i = 0; i < n; i++) {
			unsigned from = (unsigned)below(1440);
			unsigned length =
			    1 + (unsigned)below(below(4) ? 400 : 1400);

			add_span(c, d, from, MIN(from + length, 2880u));
			any = true;
		}
	}
	if (!any)
		add_span(c, 2, 540, 1020);
	c->holidays = arena_array(a, struct holiday, 8);
	c->nholidays = (size_t)below(6);
	for (size_t i = 0; i < c->nholidays; i++)
		c->holidays[i].day = (int32_t)(around + below(12));
	assert_int_equal(calendar_ready(a, c, &err), 0);
}

/* Half of the time near a change of the clock, when there is one. */
static int64_t
random_start(const struct calendar *c, int64_t around)
{
	int64_t t = around * CLOCK_DAY + below(10 * 1440) * CLOCK_MINUTE;

	if (below(2))
		return t;
	for (int64_t x = t; x < t + 200 * CLOCK_DAY; x += CLOCK_DAY)
		if (zone_offset(c->zone, x) !=
		    zone_offset(c->zone, x + CLOCK_DAY))
			return x - below(1440) * CLOCK_MINUTE;
	return t;
}

static void
check_add(const struct calendar *c, int64_t from, int64_t ms)
{
	int64_t t = from, left = ms;

	for (; left; t += CLOCK_MINUTE)
		left -= minute_works(c, t) ? CLOCK_MINUTE : 0;
	assert_int_equal(calendar_add(c, from, ms), t);
}

static void
check_next(const struct calendar *c, int64_t t)
{
	int64_t far = 6 * CLOCK_DAY, from = t, to, a, b;

	while (!minute_works(c, from)) {
		from += CLOCK_MINUTE;
		if (from > t + 21 * CLOCK_DAY)
			return; /* holidays all around */
	}
	to = from;
	if (from == t)
		while (from > t - far && minute_works(c, from - CLOCK_MINUTE))
			from -= CLOCK_MINUTE;
	while (to < t + 30 * CLOCK_DAY && minute_works(c, to))
		to += CLOCK_MINUTE;
	assert_true(calendar_next(c, t, &a, &b));
	if (from > t - far)
		assert_int_equal(a, from);
	if (to < t + 30 * CLOCK_DAY)
		assert_int_equal(b, to);
}

static void
test_oracle(void **unused)
{
	const char *env = getenv("HELPD_CASES");
	long cases = env ? strtol(env, NULL, 10) : 100000;

	(void)unused;
	for (long done = 0; done < cases;) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct calendar c;
		int64_t around = clock_days(2010 + below(30),
		    1 + (unsigned)below(12), 1 + (unsigned)below(28));

		random_calendar(&a, &c, around);
		for (int q = 0; q < 100; q++, done++) {
			int64_t from = random_start(&c, around);
			int64_t to = from + below(1440) * CLOCK_MINUTE;
			int64_t sum = 0;

			for (int64_t t = from; t < to; t += CLOCK_MINUTE)
				sum += minute_works(&c, t) ? CLOCK_MINUTE : 0;
			assert_int_equal(calendar_between(&c, from, to), sum);
			assert_int_equal(
			    calendar_working(&c, from), minute_works(&c, from));
			if (sum)
				check_add(&c, from,
				    (1 + below(sum / CLOCK_MINUTE)) *
					CLOCK_MINUTE);
			if (q % 10 == 0)
				check_next(&c, from);
		}
	}
}

/* --- by hand ----------------------------------------------------------- */

static void
office(struct arena *a, struct calendar *c)
{
	struct err err = ERR_INIT;

	*c = (struct calendar){.name = S("office"), .zone = "Europe/Berlin"};
	for (unsigned d = 0; d < 5; d++) {
		add_span(c, d, 9 * 60, 12 * 60 + 30);
		add_span(c, d, 13 * 60 + 30, 18 * 60);
	}
	c->holidays = arena_array(a, struct holiday, 1);
	c->holidays[0].day = (int32_t)clock_days(2026, 12, 25);
	c->nholidays = 1;
	assert_int_equal(calendar_ready(a, c, &err), 0);
}

static void
test_office(void **unused)
{
	static const struct {
		const char *from, *ms, *to;
	} rows[] = {
	    {"2026-11-20T16:00:00Z", "1h", "2026-11-20T17:00:00Z"},
	    {"2026-11-20T16:30:00Z", "1h", "2026-11-23T08:30:00Z"},
	    {"2026-11-20T11:00:00Z", "1h", "2026-11-20T13:00:00Z"},
	    {"2026-12-24T16:30:00Z", "1h", "2026-12-28T08:30:00Z"},
	    /* the clock goes forward in the weekend between */
	    {"2026-03-27T16:30:00Z", "1h", "2026-03-30T07:30:00Z"},
	    {"2026-11-21T10:00:00Z", "0", "2026-11-23T08:00:00Z"},
	    {"2026-11-20T10:00:00Z", "0", "2026-11-20T10:00:00Z"},
	    {"2026-11-20T08:00:00Z", "3h30m", "2026-11-20T11:30:00Z"},
	};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct calendar c;

	(void)unused;
	office(&a, &c);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = 0;

		if (rows[i].ms[0] != '0')
			assert_true(
			    clock_parse_duration(str_c(rows[i].ms), &ms));
		assert_int_equal(
		    calendar_add(&c, at(rows[i].from), ms), at(rows[i].to));
	}
	assert_int_equal(calendar_between(&c, at("2026-11-16T00:00:00Z"),
			     at("2026-11-23T00:00:00Z")),
	    40 * CLOCK_HOUR);
	assert_int_equal(
	    calendar_between(&c, at("2026-11-23T00:00:00Z"), 0), 0);
}

static void
test_edges(void **unused)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct calendar c = {.name = S("x"), .zone = "Mars/Olympus"};
	const struct calendar *always = calendar_always();
	int64_t now = at("2026-11-22T12:00:00Z"), from, to;

	(void)unused;
	assert_int_equal(calendar_ready(&a, &c, &err), -1);
	assert_non_null(strstr(err.msg, "Mars/Olympus"));
	c.zone = "UTC";
	err = ERR_INIT;
	assert_int_equal(calendar_ready(&a, &c, &err), -1);
	assert_non_null(strstr(err.msg, "no working time"));
	assert_int_equal(
	    calendar_add(always, now, 3 * CLOCK_DAY), now + 3 * CLOCK_DAY);
	assert_int_equal(calendar_between(always, now, now + 400 * CLOCK_DAY),
	    400 * CLOCK_DAY);
	/* Work that never comes: every Monday is a holiday for years. */
	add_span(&c, 0, 540, 600);
	c.holidays = arena_array(&a, struct holiday, 400);
	for (int i = 0; i < 400; i++)
		c.holidays[c.nholidays++].day =
		    (int32_t)(clock_days(2026, 11, 23) + 7 * i);
	err = ERR_INIT;
	assert_int_equal(calendar_ready(&a, &c, &err), 0);
	assert_int_equal(calendar_add(&c, now, CLOCK_HOUR), CLOCK_NONE);
	assert_false(calendar_next(&c, now, &from, &to));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_office),
	    cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

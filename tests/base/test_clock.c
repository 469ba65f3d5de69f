#include "base/clock.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
dates(void **state)
{
	static const struct {
		int64_t days, y;
		unsigned m, d;
	} rows[] = {
	    {0, 1970, 1, 1},
	    {-1, 1969, 12, 31},
	    {59, 1970, 3, 1},
	    {11016, 2000, 2, 29},
	    {11017, 2000, 3, 1},
	    {-25509, 1900, 2, 28},
	    {-25508, 1900, 3, 1},
	    {20454, 2026, 1, 1},
	    {-719468, 0, 3, 1},
	    {-719469, 0, 2, 29},
	    {2932896, 9999, 12, 31},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t y;
		unsigned m, d;

		assert_int_equal(
		    clock_days(rows[i].y, rows[i].m, rows[i].d), rows[i].days);
		clock_date(rows[i].days, &y, &m, &d);
		assert_int_equal(y, rows[i].y);
		assert_int_equal(m, rows[i].m);
		assert_int_equal(d, rows[i].d);
	}
	/* There and back over 1,100 years. */
	for (int64_t day = -200000; day < 200000; day++) {
		int64_t y;
		unsigned m, d;

		clock_date(day, &y, &m, &d);
		assert_int_equal(clock_days(y, m, d), day);
	}
}

static void
rfc3339(void **state)
{
	static const struct {
		const char *s;
		bool good;
		int64_t t;
		const char *back; /* NULL: the same */
	} rows[] = {
	    {"1970-01-01T00:00:00Z", true, 0, NULL},
	    {"2026-03-01T09:30:00Z", true, 1772357400000, NULL},
	    {"1969-12-31T23:59:59Z", true, -1000, NULL},
	    {"2026-03-01T09:30:00.25Z", true, 1772357400250,
		"2026-03-01T09:30:00Z"},
	    {"2026-03-01T10:30:00+01:00", true, 1772357400000,
		"2026-03-01T09:30:00Z"},
	    {"2026-03-01t04:00:00-05:30", true, 1772357400000,
		"2026-03-01T09:30:00Z"},
	    {"2026-03-01 09:30:00z", true, 1772357400000,
		"2026-03-01T09:30:00Z"},
	    {"2026-13-01T09:30:00Z", false, 0, NULL},
	    {"2026-00-01T09:30:00Z", false, 0, NULL},
	    {"2026-03-01T24:30:00Z", false, 0, NULL},
	    {"2026-03-01T09:30:00", false, 0, NULL},
	    {"2026-03-01T09:30:00.Z", false, 0, NULL},
	    {"2026-03-01T09:30:00Zx", false, 0, NULL},
	    {"2026-3-01T09:30:00Z", false, 0, NULL},
	    {"2026-03-01", false, 0, NULL},
	    {"", false, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = BUF_INIT;
		int64_t t = 0;

		if (clock_parse_rfc3339(str_c(rows[i].s), &t) != rows[i].good)
			fail_msg("%s", rows[i].s);
		assert_int_equal(t, rows[i].t);
		if (rows[i].good) {
			clock_rfc3339(&b, t);
			assert_string_equal(buf_cstr(&b),
			    rows[i].back ? rows[i].back : rows[i].s);
		}
		buf_fini(&b);
	}
}

static void
none(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	clock_rfc3339(&b, CLOCK_NONE);
	assert_int_equal(b.n, 0);
	buf_fini(&b);
}

static void
durations(void **state)
{
	static const struct {
		const char *s;
		bool good;
		int64_t ms;
		const char *back;
	} rows[] = {
	    {"0", true, 0, "0"},
	    {"30s", true, 30 * CLOCK_SECOND, "30s"},
	    {"15m", true, 15 * CLOCK_MINUTE, "15m"},
	    {"8h", true, 8 * CLOCK_HOUR, "8h"},
	    {"14d", true, 14 * CLOCK_DAY, "14d"},
	    {"1w", true, 7 * CLOCK_DAY, "7d"},
	    {"1h30m", true, 90 * CLOCK_MINUTE, "1h30m"},
	    {"90m", true, 90 * CLOCK_MINUTE, "1h30m"},
	    {"36525d", true, 36525 * CLOCK_DAY, "36525d"},
	    {"36526d", false, 0, NULL},
	    {"999999999w", false, 0, NULL},
	    {"9999999999s", false, 0, NULL},
	    {"", false, 0, NULL},
	    {"5", false, 0, NULL},
	    {"5x", false, 0, NULL},
	    {"5 m", false, 0, NULL},
	    {"-5m", false, 0, NULL},
	    {"m", false, 0, NULL},
	    {"5M", false, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = BUF_INIT;
		int64_t ms = 0;

		if (clock_parse_duration(str_c(rows[i].s), &ms) != rows[i].good)
			fail_msg("%s", rows[i].s);
		assert_int_equal(ms, rows[i].ms);
		if (rows[i].good) {
			clock_duration(&b, ms);
			assert_string_equal(buf_cstr(&b), rows[i].back);
		}
		buf_fini(&b);
	}
}

static void
runs(void **state)
{
	int64_t m = clock_mono();

	(void)state;
	assert_true(clock_now() > INT64_C(1600000000000));
	assert_true(clock_mono() >= m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dates),
	    cmocka_unit_test(rfc3339),
	    cmocka_unit_test(none),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

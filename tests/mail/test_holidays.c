/* holidays: whole days of iCalendar files; those of shared corpora where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/must.h"
#include "mail/holidays.h"

#define EVENT(inside) "BEGIN:VEVENT\nUID:1\n" inside "END:VEVENT\n"
#define CALENDAR(inside) \
	"BEGIN:VCALENDAR\nVERSION:2.0\n" inside "END:VCALENDAR\n"

static const struct {
	const char *what, *ics;
	size_t n, timed;
	int year;
	unsigned month, day; /* the first one */
	const char *name;
} rows[] = {
    {"a day",
	CALENDAR(EVENT("SUMMARY:New Year\nDTSTART;VALUE=DATE:20260101\n")), 1,
	0, 2026, 1, 1, "New Year"},
    {"several days",
	CALENDAR(EVENT("SUMMARY:Xmas\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE="
		       "DATE:20261227\n")),
	3, 0, 2026, 12, 24, "Xmas"},
    {"by duration",
	CALENDAR(
	    EVENT("SUMMARY:Two\nDTSTART;VALUE=DATE:20261224\nDURATION:P2D\n")),
	2, 0, 2026, 12, 24, "Two"},
    {"each year",
	CALENDAR(EVENT("SUMMARY:May\nDTSTART;VALUE=DATE:20200501\nRRULE:FREQ="
		       "YEARLY;COUNT=5\n")),
	5, 0, 2020, 5, 1, "May"},
    {"each year without end",
	CALENDAR(EVENT(
	    "SUMMARY:May\nDTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY\n")),
	80, 0, 2020, 5, 1, "May"},
    {"but one",
	CALENDAR(EVENT("SUMMARY:May\nDTSTART;VALUE=DATE:20200501\nRRULE:FREQ="
		       "YEARLY;COUNT=5\nEXDATE;VALUE=DATE:20210501\n")),
	4, 0, 2020, 5, 1, "May"},
    {"the fourth Thursday",
	CALENDAR(EVENT("SUMMARY:Thanks\nDTSTART;VALUE=DATE:20201126\nRRULE:"
		       "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2\n")),
	2, 0, 2020, 11, 26, "Thanks"},
    {"beside a meeting",
	CALENDAR(EVENT("DTSTART:20260101T100000Z\nDTEND:20260101T110000Z\n")
		EVENT("SUMMARY:A\nDTSTART;VALUE=DATE:20260106\n")),
	1, 1, 2026, 1, 6, "A"},
    {"twice the same",
	CALENDAR(EVENT("SUMMARY:A\nDTSTART;VALUE=DATE:20260106\n")
		EVENT("SUMMARY:A\nDTSTART;VALUE=DATE:20260106\n")),
	1, 0, 2026, 1, 6, "A"},
};

static void
reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct err err = ERR_INIT;
		struct holiday *v;
		size_t n, timed;

		if (holidays_read(
			&a, str_c(rows[i].ics), &v, &n, &timed, &err) < 0)
			fail_msg("%s: %s", rows[i].what, err.msg);
		if (n != rows[i].n || timed != rows[i].timed)
			fail_msg("%s: %zu days, %zu with times", rows[i].what,
			    n, timed);
		assert_int_equal(v[0].day,
		    clock_days(rows[i].year, rows[i].month, rows[i].day));
		assert_true(str_eq(v[0].name, str_c(rows[i].name)));
		for (size_t k = 1; k < n; k++)
			assert_true(v[k - 1].day < v[k].day);
	}
}

static void
refuses(void **state)
{
	static const char *const bad[] = {"", "hello", CALENDAR(""),
	    CALENDAR(EVENT("DTSTART:20260101T100000Z\n")),
	    /* a holiday every day for a century */
	    CALENDAR(EVENT("DTSTART;VALUE=DATE:19900101\nRRULE:FREQ=DAILY\n"))};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct err err = ERR_INIT;
		struct holiday *v;
		size_t n, timed;

		if (holidays_read(&a, str_c(bad[i]), &v, &n, &timed, &err) == 0)
			fail_msg("%s: %zu days", bad[i], n);
		assert_int_equal(err.code, ERR_INVAL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

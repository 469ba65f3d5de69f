/* Dates as mailers write them; every row also cut at each byte against a guard page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../guard_page.h"
#include "mail/date.h"

static const struct {
	const char *what, *date, *is; /* NULL: no date */
} rows[] = {
    {"as it should be", "Sun, 01 Mar 2026 09:30:00 +0100",
	"2026-03-01T08:30:00Z"},
    {"no weekday, no seconds", "1 Mar 2026 09:30 +0100",
	"2026-03-01T08:30:00Z"},
    {"comments in the time (RFC 5322 A.6.3)",
	"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
	"1997-11-21T15:55:06Z"},
    {"numbers only", "17-6-2008 17:10:08", "2008-06-17T17:10:08Z"},
    {"an offset that is none", "Sun, 1 Mar 2026 09:30:00 -9900",
	"2026-03-01T09:30:00Z"},
    {"an offset without end", "Sun, 1 Mar 2026 09:30:00 -1234567890123",
	"2026-03-01T09:30:00Z"},
    {"an offset of three digits", "Sun, 1 Mar 2026 09:30:00 400",
	"2026-03-01T05:30:00Z"},
    {"dots in the time", "Sun 01 Mar 2026 09.30.15 +0100",
	"2026-03-01T08:30:15Z"},
    {"an offset without its sign", "Sun, 1 Mar 2026 09:30:00 0200",
	"2026-03-01T07:30:00Z"},
    {"a year behind the time", "Sun Mar  1 09:30:00 2026",
	"2026-03-01T09:30:00Z"},
    {"zone in a comment too", "Sun, 1 Mar 2026 09:30:00 -0800 (PST)",
	"2026-03-01T17:30:00Z"},
    {"named zone", "Sun, 1 Mar 2026 09:30:00 EST", "2026-03-01T14:30:00Z"},
    {"GMT", "Sun, 1 Mar 2026 09:30:00 GMT", "2026-03-01T09:30:00Z"},
    {"no zone", "Sun, 1 Mar 2026 09:30:00", "2026-03-01T09:30:00Z"},
    {"a zone nobody knows", "Sun, 1 Mar 2026 09:30:00 XYZ",
	"2026-03-01T09:30:00Z"},
    {"minutes unknown", "Sun, 1 Mar 2026 09:30:00 -0000",
	"2026-03-01T09:30:00Z"},
    {"colon in the offset", "Sun, 1 Mar 2026 09:30:00 +05:30",
	"2026-03-01T04:00:00Z"},
    {"two-digit years", "1 Mar 26 09:30:00 GMT", "2026-03-01T09:30:00Z"},
    {"two-digit years of before", "1 Mar 99 09:30:00 GMT",
	"1999-03-01T09:30:00Z"},
    {"three-digit years", "1 Mar 126 09:30:00 GMT", "2026-03-01T09:30:00Z"},
    {"years filled up wrongly", "1 Mar 0102 09:30:00 GMT",
	"2002-03-01T09:30:00Z"},
    {"folded, with comments",
	"Thu,\r\n 13 (x (y))\r\n  Feb\r\n  1969 23:32\r\n -0330 (Newfoundland)",
	"1969-02-14T03:02:00Z"},
    {"asctime", "Sun Mar  1 09:30:00 2026", "2026-03-01T09:30:00Z"},
    {"asctime with a zone", "Sun Mar  1 09:30:00 PST 2026",
	"2026-03-01T17:30:00Z"},
    {"month written out", "1 March 2026 09:30:00 +0000",
	"2026-03-01T09:30:00Z"},
    {"dashes", "01-Mar-2026 09:30:00 +0000", "2026-03-01T09:30:00Z"},
    {"ISO 8601", "2026-03-01T09:30:00+01:00", "2026-03-01T08:30:00Z"},
    {"ISO 8601 with a fraction", "2026-03-01 09:30:00.123Z",
	"2026-03-01T09:30:00Z"},
    {"noon", "1 Mar 2026 12:30:00 PM", "2026-03-01T12:30:00Z"},
    {"afternoon", "1 Mar 2026 03:30:00 PM", "2026-03-01T15:30:00Z"},
    {"a leap second", "31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59Z"},
    {"a leap day", "29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00Z"},
    {"no such day", "32 Mar 2026 09:30:00 +0000", NULL},
    {"no such hour", "1 Mar 2026 25:30:00 +0000", NULL},
    {"no such month", "1 Foo 2026 09:30:00 +0000", NULL},
    {"words", "yesterday", NULL},
    {"nothing", "", NULL},
};

static void
reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = BUF_INIT;
		int64_t t;
		bool ok = date_parse(str_c(rows[i].date), &t);

		clock_rfc3339(&b, t);
		if (ok != (rows[i].is != NULL) ||
		    (ok && strcmp(buf_cstr(&b), rows[i].is) != 0))
			fail_msg("%s: %s", rows[i].what, buf_cstr(&b));
		buf_fini(&b);
	}
}

static void
never_reads_too_far(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t n = 0; n <= strlen(rows[i].date); n++) {
			struct guarded g = guard_page(str_n(rows[i].date, n));
			int64_t t;

			date_parse(g.s, &t);
			guard_page_free(&g);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(never_reads_too_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

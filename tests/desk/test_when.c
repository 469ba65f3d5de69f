/* when: what people write for a time, in a zone, over daylight saving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/must.h"
#include "desk/when.h"

#define BERLIN "Europe/Berlin"

/* Berlin goes ahead on 2026-03-29 at 2:00 and back on 2026-10-25 at 3:00. */
static const struct {
	const char *zone, *now, *said, *want; /* NULL: refused */
} rows[] = {
    /* Monday, 9:00 in Berlin */
    {BERLIN, "2026-01-05T08:00:00Z", "4h", "2026-01-05T12:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "2d", "2026-01-07T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "1h30m", "2026-01-05T09:30:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", " 2 Days ", "2026-01-07T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "90 minutes", "2026-01-05T09:30:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "1w", "2026-01-12T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "5s", "2026-01-05T08:00:05Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "tomorrow", "2026-01-06T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "Tomorrow 14:00", "2026-01-06T13:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "tomorrow at 2pm", "2026-01-06T13:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "monday 9:00", "2026-01-12T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "tue", "2026-01-06T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "until Friday", "2026-01-09T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "next friday 8:30",
	"2026-01-09T07:30:00Z"},
    {BERLIN, "2026-01-07T08:00:00Z", "next week", "2026-01-12T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "18:00", "2026-01-05T17:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "9:00", "2026-01-06T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "12am", "2026-01-05T23:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "2026-12-24", "2026-12-24T08:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "2026-12-24 09:15",
	"2026-12-24T08:15:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "2026-07-01T09:15",
	"2026-07-01T07:15:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "2026-12-24T09:00:00-05:00",
	"2026-12-24T14:00:00Z"},
    {BERLIN, "2026-01-05T08:00:00Z", "2028-02-29", "2028-02-29T08:00:00Z"},
    {"Asia/Shanghai", "2026-01-05T08:00:00Z", "2天", "2026-01-07T08:00:00Z"},
    {"Asia/Shanghai", "2026-01-05T08:00:00Z", "4小时", "2026-01-05T12:00:00Z"},
    {"Asia/Shanghai", "2026-01-05T08:00:00Z", "30分钟", "2026-01-05T08:30:00Z"},
    {"Asia/Shanghai", "2026-01-05T08:00:00Z", "明天 14:00",
	"2026-01-06T06:00:00Z"},
    {"Asia/Shanghai", "2026-01-05T08:00:00Z", "后天", "2026-01-07T01:00:00Z"},
    {"Asia/Shanghai", "2026-01-05T08:00:00Z", "周五", "2026-01-09T01:00:00Z"},
    {"Asia/Shanghai", "2026-01-05T08:00:00Z", "星期日 10点",
	"2026-01-11T02:00:00Z"},
    {"", "2026-01-05T08:00:00Z", "tomorrow", "2026-01-06T09:00:00Z"},
    /* Evening in UTC is the next day in Tokyo: tomorrow is Tokyo's. */
    {"Asia/Tokyo", "2026-01-05T20:00:00Z", "tomorrow", "2026-01-07T00:00:00Z"},

    /* Over the change: the same time on the clock, or so many hours. */
    {BERLIN, "2026-03-28T08:00:00Z", "1d", "2026-03-29T07:00:00Z"},
    {BERLIN, "2026-03-28T08:00:00Z", "24h", "2026-03-29T08:00:00Z"},
    {BERLIN, "2026-10-24T07:00:00Z", "1d", "2026-10-25T08:00:00Z"},
    {BERLIN, "2026-03-28T08:00:00Z", "1d2h", "2026-03-29T09:00:00Z"},
    {BERLIN, "2026-03-28T08:00:00Z", "tomorrow", "2026-03-29T07:00:00Z"},
    /* 2:30 is skipped: the first moment after; 2:30 twice: the first. */
    {BERLIN, "2026-03-28T08:00:00Z", "tomorrow 2:30", "2026-03-29T01:00:00Z"},
    {BERLIN, "2026-03-28T08:00:00Z", "tomorrow 1:59", "2026-03-29T00:59:00Z"},
    {BERLIN, "2026-03-28T08:00:00Z", "tomorrow 3:00", "2026-03-29T01:00:00Z"},
    {BERLIN, "2026-10-24T08:00:00Z", "tomorrow 2:30", "2026-10-25T00:30:00Z"},
    {BERLIN, "2026-10-24T08:00:00Z", "tomorrow 3:00", "2026-10-25T02:00:00Z"},
    /* Half an hour's change, and one at midnight. */
    {"Australia/Lord_Howe", "2026-10-02T20:00:00Z", "2026-10-04 02:15",
	"2026-10-03T15:30:00Z"},
    {"Asia/Beirut", "2026-03-28T08:00:00Z", "tomorrow 0:30",
	"2026-03-28T22:00:00Z"},

    {BERLIN, "2026-01-05T08:00:00Z", "", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "soon", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "today", NULL}, /* 9:00 is now */
    {BERLIN, "2026-01-05T08:00:00Z", "today 8:00", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "0", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "0d", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "-2d", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "2", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "2x", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "2025-12-24", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "2027-02-29", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "2026-13-01", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "2026-12-24 25:00", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "2026-12-24 9", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "monday 9:00 or so", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "month", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "2100-01-01", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "999999w", NULL},
    {BERLIN, "2026-01-05T08:00:00Z", "99999999999999999999d", NULL},
};

static void
test_when(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct err err = ERR_INIT;
		int64_t now, at = 0;
		int r;

		assert_true(clock_parse_rfc3339(str_c(rows[i].now), &now));
		r = when_parse(
		    str_c(rows[i].said), rows[i].zone, now, &at, &err);
		if (r < 0) {
			if (rows[i].want || err.code != ERR_INVAL)
				fail_msg("%s: %s", rows[i].said, err.msg);
			continue;
		}
		clock_rfc3339(&b, at);
		if (!rows[i].want || !str_eq(buf_str(&b), str_c(rows[i].want)))
			fail_msg("%s at %s in %s: %s, not %s", rows[i].said,
			    rows[i].now, rows[i].zone, buf_cstr(&b),
			    rows[i].want ? rows[i].want : "refused");
	}
}

/* Each hour of two years and back again; nothing is lost but what is skipped
 * or comes twice. */
static void
test_instants(void **state)
{
	static const char *const zones[] = {BERLIN, "America/New_York",
	    "Australia/Lord_Howe", "Asia/Shanghai", "UTC", "Africa/Cairo"};
	int64_t begin;

	(void)state;
	assert_true(clock_parse_rfc3339(S("2026-01-01T00:00:00Z"), &begin));
	for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
		int64_t last = 0;

		for (int h = 0; h < 2 * 365 * 24; h++) {
			int64_t wall = begin + h * CLOCK_HOUR;
			int64_t at = when_instant(zones[z], wall);

			assert_true(at >= last);
			assert_true(last == 0 || at - last <= 2 * CLOCK_HOUR);
			last = at;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_when),
	    cmocka_unit_test(test_instants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

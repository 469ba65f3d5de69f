/* Invitations in readable lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/must.h"
#include "mail/calendar.h"

#define EVENT(inside)                                            \
	"BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\n" inside \
	"END:VEVENT\nEND:VCALENDAR\n"

static const struct {
	const char *what, *ics, *text;
} rows[] = {
    {"an invitation",
	EVENT("SUMMARY:Printer visit\nDTSTART;TZID=Europe/Berlin:"
	      "20260301T093000\nDTEND;TZID=Europe/Berlin:20260301T103000\n"
	      "LOCATION:Room 5\nORGANIZER;CN=Anna:mailto:anna@example.com\n"
	      "ATTENDEE:mailto:b@example.com\nATTENDEE:mailto:c@example.com\n"
	      "DESCRIPTION:Bring\\nthe key\n"),
	"Invitation\nWhat: Printer visit\n"
	"When: 2026-03-01 09:30 (Europe/Berlin)\n"
	"Until: 2026-03-01 10:30 (Europe/Berlin)\nWhere: Room 5\n"
	"Organizer: Anna <anna@example.com>\nAttendees: 2\n"
	"Description: Bring\n  the key\n"},
    {"a whole day", EVENT("SUMMARY:Day\nDTSTART;VALUE=DATE:20260301\n"),
	"Invitation\nWhat: Day\nWhen: 2026-03-01\n"},
    {"UTC", EVENT("SUMMARY:x\nDTSTART:20260301T093000Z\n"),
	"Invitation\nWhat: x\nWhen: 2026-03-01 09:30 UTC\n"},
    {"no calendar", "hello", ""},
    {"nothing", "", ""},
};

static void
reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = ARENA_INIT;
		struct str s = calendar_text(&a, str_c(rows[i].ics));

		if (!str_eq(s, str_c(rows[i].text)))
			fail_msg("%s: \"%.*s\"", rows[i].what, STR_ARG(s));
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * holidays: the whole days of an iCalendar file (RFC 5545): what offices and public authorities publish as holidays.
 *
 * For files of the admin's, read in the daemon; calendars that come by mail are mail/calendar.h's.
 */
#ifndef MAIL_HOLIDAYS_H
#define MAIL_HOLIDAYS_H

#include "base/arena.h"
#include "base/err.h"

enum { HOLIDAYS_MAX = 20000 };

struct holiday {
	int32_t day;                  /* days since 1970-01-01, on the wall */
	struct str name;              /* SUMMARY; may be empty */
};
/*
 * VEVENTs of whole days between 1990 and 2100: of one day or several (DTEND, DURATION; 366 at most), recurring ones too (RRULE, RDATE, EXDATE). Events with times of day are
 * no holidays: *timed of them were left out. Sorted, each day once. ERR_INVAL says what is wrong: no iCalendar, too many days, no whole day in it.
 */
int holidays_read(struct arena *a, struct str ics, struct holiday **out, size_t *n, size_t *timed, struct err *err);

#endif

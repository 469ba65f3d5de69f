/*
 * calendar: working time. sla.conf names calendars; service levels, routing and rules ask them.
 *
 *   calendar "office" { timezone "Europe/Berlin"; monday ["09:00-12:30", "13:30-18:00"]; … holidays ["2026-12-25", "de.ics"]; }
 *
 * An instant is working when its date on the wall is no holiday and its time on the wall lies in one of the weekday's spans. So where the clock is
 * turned back, an hour that falls in a span counts twice; where it is put forward, it does not exist. Spans may end at 24:00; one that passes midnight ("22:00-06:00")
 * belongs with its later part to the next day, also where that is a holiday's eve or the holiday itself: the shift goes on to its end.
 *
 * Immutable values of one configuration; pure arithmetic: the zone's transitions are read from ICU once, for 1990 to 2100.
 */
#ifndef DESK_CALENDAR_H
#define DESK_CALENDAR_H

#include "mail/holidays.h"

enum { WORK_SPANS_MAX = 8, CALENDAR_YEARS = 5 /* calendar_add() looks no farther ahead than so many years without working time */ };

struct work_span {
	uint16_t from, to;            /* minutes of the day, [from, to); to may be up to 2880: past midnight */
};
struct calendar {
	struct str name;
	const char *zone;             /* IANA */
	struct work_span week[7][WORK_SPANS_MAX]; /* Monday first; sorted, not overlapping */
	unsigned nspans[7];
	struct holiday *holidays;     /* of all its files and dates; calendar_ready() sorts them */
	size_t nholidays;
	const struct transitions *transitions; /* calendar_ready() */
};
/* Sorts, merges and reads the zone; call once after filling in. ERR_INVAL: a zone that is not known, no working time at all. */
int calendar_ready(struct arena *a, struct calendar *c, struct err *err);
/* Around the clock, in UTC: where no calendar is named. */
const struct calendar *calendar_always(void);

bool calendar_working(const struct calendar *c, int64_t t);
/* Working ms in [from, to); 0 when to is not later. */
int64_t calendar_between(const struct calendar *c, int64_t from, int64_t to);
/* The instant at which ms of working time since `from` are over; CLOCK_NONE when there is none within CALENDAR_YEARS. ms 0: from itself when it is working, else the next start of work. */
int64_t calendar_add(const struct calendar *c, int64_t from, int64_t ms);
/* The working span that holds t or comes next: [*from, *to) as instants. False when there is none within CALENDAR_YEARS. */
bool calendar_next(const struct calendar *c, int64_t t, int64_t *from, int64_t *to);

#endif

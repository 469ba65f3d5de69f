/*
 * when: a point in time as a person writes it, seen from now and the site's time zone.
 *
 *   2d  4h  1h30m  2 days  90 minutes          days and weeks by the calendar: the same time on the clock, over daylight saving
 *   tomorrow  tomorrow 14:00  monday 9:00      a weekday is never today
 *   today 18:00  18:00                         alone: the next time the clock shows it
 *   2026-12-24  2026-12-24 09:00  2026-12-24T09:00:00Z
 *   2天  4小时  明天 14:00  后天  周一 9:00      the same in Chinese
 *
 * Without a time of day: 9:00. A time that the clock skips is the first one after the gap; one that comes twice is the first.
 */
#ifndef DESK_WHEN_H
#define DESK_WHEN_H

#include "base/err.h"
#include "base/str.h"

/* zone: IANA name; NULL or empty: UTC. ERR_INVAL in the person's terms: not understood, not after now, or more than ten years away. */
int when_parse(struct str s, const char *zone, int64_t now, int64_t *at, struct err *err);

/* The instant at which the zone's clock shows `wall` (ms since 1970 as if that clock were UTC): the first one, or the end of the gap that skips it. */
int64_t when_instant(const char *zone, int64_t wall);

#endif

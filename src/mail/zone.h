/*
 * zone: what a clock on the wall shows, by ICU's time zone data.
 *
 * Calendars are kept once opened (a handful of zones a configuration), so that asking costs about a microsecond. Any thread may ask.
 */
#ifndef MAIL_ZONE_H
#define MAIL_ZONE_H

#include "base/buf.h"

/* Seconds east of UTC that hold in the zone (IANA name; NULL, empty or unknown: UTC) at t, in ms since 1970. */
int zone_offset(const char *zone, int64_t t);
/* Is it a zone that ICU knows? */
bool zone_known(const char *zone);
/* Appends the date-time of RFC 5322 §3.3: "Sun, 01 Mar 2026 10:30:00 +0100". */
void zone_rfc5322(struct buf *b, const char *zone, int64_t t);

#endif

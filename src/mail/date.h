/* date: the Date field of a mail (RFC 5322 §3.3, §4.3) to an instant. */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include "base/clock.h"

/*
 * Reads what mailers write: with or without weekday and seconds, two-digit years, named zones, asctime(3)'s order, ISO 8601, "(comments)". Without
 * a zone it is taken as UTC. Years 1900 to 9999; an instant before 1970 is negative. False when it is no date; *t is then CLOCK_NONE.
 */
bool date_parse(struct str s, int64_t *t);

#endif

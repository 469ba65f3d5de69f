/*
 * clock: time as a value.
 *
 * An instant is int64_t milliseconds since 1970-01-01T00:00:00Z, called "now" or by what happened. Only
 * app/ reads the clock; everything below takes now as an argument.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/buf.h"

#define CLOCK_NONE INT64_MIN
#define CLOCK_SECOND INT64_C(1000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)

int64_t clock_now(void);  /* CLOCK_REALTIME */
int64_t clock_mono(void); /* CLOCK_MONOTONIC, for deadlines */

/* Appends RFC 3339 UTC with seconds: 2026-03-01T09:30:00Z. CLOCK_NONE appends nothing. */
void clock_rfc3339(struct buf *b, int64_t t);
/* Accepts RFC 3339 with any offset and optional fraction. */
bool clock_parse_rfc3339(struct str s, int64_t *t);
/* Days since 1970-01-01 of a proleptic Gregorian date, and back. */
int64_t clock_days(int64_t year, unsigned month, unsigned day);
void clock_date(int64_t days, int64_t *year, unsigned *month, unsigned *day);

/* "15m", "8h", "2d", "30s", "1w", "1h30m"; "0". Milliseconds. False on anything else or beyond 100 years. */
bool clock_parse_duration(struct str s, int64_t *ms);
/* The shortest such form, two units at most: "1h30m". */
void clock_duration(struct buf *b, int64_t ms);

#endif

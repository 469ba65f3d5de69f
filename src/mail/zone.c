/*
 * Opening an ICU calendar reads and unpacks zone data, about 30 µs; asking an
 * open one is cheap. A desk has one zone, so a small table under a lock is
 * enough; when it is full the oldest entry makes room.
 */
#include "mail/zone.h"
#include "base/clock.h"
#include "base/mem.h"

#include <pthread.h>
#include <unicode/ucal.h>

enum {
	ZONES = 16,
	ZONE_NAME = 64
};

static struct zone {
	char name[ZONE_NAME];
	UCalendar *calendar;
} zones[ZONES];
static size_t next;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* IANA names are ASCII. */
static size_t
widen(UChar *out, const char *name)
{
	size_t n = 0;

	for (; n < ZONE_NAME - 1 && name[n]; n++)
		out[n] = (UChar)(unsigned char)name[n];
	return n;
}

static UCalendar *
zone_calendar(const char *name)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar wide[ZONE_NAME];
	struct zone *z;
	size_t n;

	for (size_t i = 0; i < ZONES; i++)
		if (zones[i].calendar && strcmp(zones[i].name, name) == 0)
			return zones[i].calendar;
	n = widen(wide, name);
	if (name[n])
		return NULL;
	z = &zones[next++ % ZONES];
	if (z->calendar)
		ucal_close(z->calendar);
	z->calendar =
	    ucal_open(wide, (int32_t)n, "en", UCAL_GREGORIAN, &status);
	if (U_FAILURE(status)) {
		z->calendar = NULL;
		return NULL;
	}
	memcpy(z->name, name, n + 1);
	return z->calendar;
}

int
zone_offset(const char *zone, int64_t t)
{
	UErrorCode status = U_ZERO_ERROR;
	UCalendar *c;
	int64_t ms = 0;

	if (!zone || !zone[0] || strcmp(zone, "UTC") == 0)
		return 0;
	pthread_mutex_lock(&lock);
	c = zone_calendar(zone);
	if (c) {
		ucal_setMillis(c, (UDate)t, &status);
		ms = ucal_get(c, UCAL_ZONE_OFFSET, &status);
		ms += ucal_get(c, UCAL_DST_OFFSET, &status);
	}
	pthread_mutex_unlock(&lock);
	return U_FAILURE(status) ? 0 : (int)(ms / 1000);
}

bool
zone_known(const char *zone)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar wide[ZONE_NAME], canonical[2 * ZONE_NAME];
	size_t n;

	if (!zone || !zone[0])
		return false;
	n = widen(wide, zone);
	ucal_getCanonicalTimeZoneID(
	    wide, (int32_t)n, canonical, 2 * ZONE_NAME, NULL, &status);
	return !zone[n] && U_SUCCESS(status);
}

void
zone_rfc5322(struct buf *b, const char *zone, int64_t t)
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int offset = zone_offset(zone, t);
	int minutes = (offset < 0 ? -offset : offset) / 60;
	int64_t s = t / 1000 - (t % 1000 < 0) + offset, year, date;
	unsigned month, day, rest;

	date = s / 86400 - (s % 86400 < 0);
	rest = (unsigned)(s - date * 86400);
	clock_date(date, &year, &month, &day);
	buf_printf(b, "%.3s, %02u %.3s %04lld %02u:%02u:%02u %c%02d%02d",
	    days + ((date % 7 + 7) % 7) * 3, day, months + (month - 1) * 3,
	    (long long)year, rest / 3600, rest / 60 % 60, rest % 60,
	    offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

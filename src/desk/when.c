/*
 * Everything is reckoned on the clock on the wall (an instant moved by the
 * zone's offset), where a day has 24 hours, and turned into an instant at the
 * end: so that "2d" on the eve of daylight saving is the same time of day.
 */
#include "desk/when.h"
#include "base/clock.h"
#include "base/must.h"
#include "mail/zone.h"

enum {
	HOUR_DEFAULT = 9,
	YEARS_MAX = 10
};

int64_t
when_instant(const char *zone, int64_t wall)
{
	int64_t before, after, early, late, low, high;

	/* At most one change of the offset within two days. */
	before = zone_offset(zone, wall - CLOCK_DAY) * CLOCK_SECOND;
	after = zone_offset(zone, wall + CLOCK_DAY) * CLOCK_SECOND;
	early = wall - MAX(before, after);
	late = wall - MIN(before, after);
	if (early + zone_offset(zone, early) * CLOCK_SECOND == wall)
		return early;
	if (late + zone_offset(zone, late) * CLOCK_SECOND == wall)
		return late;
	/* Skipped: the change lies between the two. */
	low = early;
	high = late;
	while (low + 1 < high) {
		int64_t mid = low + (high - low) / 2;

		if (zone_offset(zone, mid) * CLOCK_SECOND == before)
			low = mid;
		else
			high = mid;
	}
	return high;
}

/* --- pieces ------------------------------------------------------------ */

static bool
take(struct str *s, struct str word)
{
	if (!str_istarts(*s, word))
		return false;
	*s = str_from(*s, word.n);
	return true;
}

/* A word that does not go on behind: "mon" is not in "month". */
static bool
take_word(struct str *s, const char *word)
{
	struct str w = str_c(word);

	if (!str_istarts(*s, w))
		return false;
	if (s->n > w.n && ch_is_alpha(w.p[w.n - 1]) && ch_is_alpha(s->p[w.n]))
		return false;
	*s = str_from(*s, w.n);
	return true;
}

static bool
take_number(struct str *s, size_t digits, int64_t *v)
{
	size_t n = 0;

	*v = 0;
	while (n < s->n && n < digits && ch_is_digit(s->p[n]))
		*v = *v * 10 + (s->p[n++] - '0');
	if (!n || (n < s->n && ch_is_digit(s->p[n])))
		return false;
	*s = str_from(*s, n);
	return true;
}

static const struct {
	const char *name;
	int64_t days, ms;
} units[] = {
    {"weeks", 7, 0},
    {"week", 7, 0},
    {"days", 1, 0},
    {"day", 1, 0},
    {"hours", 0, CLOCK_HOUR},
    {"hour", 0, CLOCK_HOUR},
    {"minutes", 0, CLOCK_MINUTE},
    {"minute", 0, CLOCK_MINUTE},
    {"min", 0, CLOCK_MINUTE},
    {"seconds", 0, CLOCK_SECOND},
    {"second", 0, CLOCK_SECOND},
    {"w", 7, 0},
    {"d", 1, 0},
    {"h", 0, CLOCK_HOUR},
    {"m", 0, CLOCK_MINUTE},
    {"s", 0, CLOCK_SECOND},
    {"个星期", 7, 0},
    {"星期", 7, 0},
    {"周", 7, 0},
    {"天", 1, 0},
    {"日", 1, 0},
    {"个小时", 0, CLOCK_HOUR},
    {"小时", 0, CLOCK_HOUR},
    {"分钟", 0, CLOCK_MINUTE},
    {"分", 0, CLOCK_MINUTE},
    {"秒", 0, CLOCK_SECOND},
};

/* "1h30m", "2 days", "2天": runs to the end. */
static bool
read_duration(struct str s, int64_t *days, int64_t *ms)
{
	*days = *ms = 0;
	if (!s.n)
		return false;
	while (s.n) {
		int64_t v;
		size_t u = 0;

		if (!take_number(&s, 6, &v))
			return false;
		s = str_ltrim(s);
		while (u < ARRAY_LEN(units) && !take(&s, str_c(units[u].name)))
			u++;
		if (u == ARRAY_LEN(units))
			return false;
		*days += v * units[u].days;
		*ms += v * units[u].ms;
		s = str_ltrim(s);
	}
	return *days || *ms;
}

static const struct {
	const char *name;
	int day;
} weekdays[] = {
    {"monday", 0},
    {"tuesday", 1},
    {"wednesday", 2},
    {"thursday", 3},
    {"friday", 4},
    {"saturday", 5},
    {"sunday", 6},
    {"mon", 0},
    {"tue", 1},
    {"wed", 2},
    {"thu", 3},
    {"fri", 4},
    {"sat", 5},
    {"sun", 6},
};
static const struct {
	const char *name;
	int day;
} chinese_days[] = {
    {"一", 0},
    {"二", 1},
    {"三", 2},
    {"四", 3},
    {"五", 4},
    {"六", 5},
    {"日", 6},
    {"天", 6},
};

/* Monday is 0. */
static bool
take_weekday(struct str *s, int *day)
{
	static const char *const week[] = {"星期", "礼拜", "周"};
	struct str rest = *s;

	for (size_t i = 0; i < ARRAY_LEN(weekdays); i++)
		if (take_word(s, weekdays[i].name)) {
			*day = weekdays[i].day;
			return true;
		}
	for (size_t i = 0; i < ARRAY_LEN(week); i++)
		if (take(&rest, str_c(week[i])))
			for (size_t n = 0; n < ARRAY_LEN(chinese_days); n++)
				if (take(&rest, str_c(chinese_days[n].name))) {
					*day = chinese_days[n].day;
					*s = rest;
					return true;
				}
	return false;
}

static bool
take_iso_date(struct str *s, int64_t *day)
{
	struct str rest = *s;
	int64_t y, m, d, year;
	unsigned month, mday;

	if (!take_number(&rest, 4, &y) || !take(&rest, S("-")) ||
	    !take_number(&rest, 2, &m) || !take(&rest, S("-")) ||
	    !take_number(&rest, 2, &d) || y < 1970 || m < 1 || d < 1)
		return false;
	*day = clock_days(y, (unsigned)m, (unsigned)d);
	clock_date(*day, &year, &month, &mday);
	if (year != y || month != (unsigned)m || mday != (unsigned)d)
		return false;
	*s = rest;
	return true;
}

/* The day that is meant, in days since 1970; today is known. */
static bool
take_date(struct str *s, int64_t today, int64_t *day)
{
	static const struct {
		const char *name;
		int days;
	} named[] = {
	    {"today", 0},
	    {"tomorrow", 1},
	    {"今天", 0},
	    {"明天", 1},
	    {"后天", 2},
	};
	int weekday, now = (int)((today + 3) % 7); /* 1970 began on Thursday */

	take_word(s, "until");
	*s = str_ltrim(*s);
	take_word(s, "on");
	*s = str_ltrim(*s);
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (take_word(s, named[i].name)) {
			*day = today + named[i].days;
			return true;
		}
	if (take_word(s, "next")) {
		*s = str_ltrim(*s);
		if (take_word(s, "week")) {
			*day = today + 7 - now;
			return true;
		}
	}
	if (take_weekday(s, &weekday)) {
		*day =
		    today + (weekday > now ? weekday - now : weekday - now + 7);
		return true;
	}
	return take_iso_date(s, day);
}

/* "9:00", "18:30:00", "9am", "9点": to the end. */
static bool
read_time(struct str s, int64_t *ms)
{
	int64_t h, m = 0, sec = 0;

	s = str_trim(s);
	if (take(&s, S("T")))
		s = str_ltrim(s);
	else if (take_word(&s, "at"))
		s = str_ltrim(s);
	if (!take_number(&s, 2, &h))
		return false;
	if (take(&s, S(":")) || take(&s, S("："))) {
		if (!take_number(&s, 2, &m))
			return false;
		if (take(&s, S(":")) && !take_number(&s, 2, &sec))
			return false;
	} else if (take(&s, S("点"))) {
		/* the whole hour */
	} else if (!str_ieq(str_trim(s), S("am")) &&
		   !str_ieq(str_trim(s), S("pm")))
		return false;
	s = str_ltrim(s);
	if ((str_ieq(s, S("am")) || str_ieq(s, S("pm"))) && h >= 1 && h <= 12) {
		h = h % 12 + (ch_lower(s.p[0]) == 'p' ? 12 : 0);
		s.n = 0;
	}
	if (s.n || h > 23 || m > 59 || sec > 59)
		return false;
	*ms = h * CLOCK_HOUR + m * CLOCK_MINUTE + sec * CLOCK_SECOND;
	return true;
}

/* --- all of it --------------------------------------------------------- */

static int64_t
floor_day(int64_t ms)
{
	return ms >= 0 ? ms / CLOCK_DAY : -((CLOCK_DAY - 1 - ms) / CLOCK_DAY);
}

static bool
read_when(struct str s, const char *zone, int64_t now, int64_t *at)
{
	int64_t wall = now + zone_offset(zone, now) * CLOCK_SECOND;
	int64_t today = floor_day(wall), day, days, ms;
	struct str rest = s;

	if (clock_parse_rfc3339(s, at))
		return true;
	if (read_duration(s, &days, &ms)) {
		*at =
		    (days ? when_instant(zone, wall + days * CLOCK_DAY) : now) +
		    ms;
		return true;
	}
	if (take_date(&rest, today, &day)) {
		ms = HOUR_DEFAULT * CLOCK_HOUR;
		if (str_trim(rest).n && !read_time(rest, &ms))
			return false;
		*at = when_instant(zone, day * CLOCK_DAY + ms);
		return true;
	}
	if (!read_time(s, &ms))
		return false;
	*at = when_instant(zone, today * CLOCK_DAY + ms);
	if (*at <= now)
		*at = when_instant(zone, (today + 1) * CLOCK_DAY + ms);
	return true;
}

int
when_parse(
    struct str s, const char *zone, int64_t now, int64_t *at, struct err *err)
{
	s = str_trim(s);
	if (s.n > 100 || !read_when(s, zone, now, at))
		return err_set(err, ERR_INVAL,
		    "\"%.*s\" is no time: write 2d, 4h, tomorrow, monday "
		    "9:00, 2026-12-24 or 2026-12-24 09:00",
		    STR_ARG(str_sub(s, 0, 100)));
	if (*at <= now)
		return err_set(err, ERR_INVAL, "\"%.*s\" is not in the future",
		    STR_ARG(s));
	if (*at > now + YEARS_MAX * 366 * CLOCK_DAY)
		return err_set(err, ERR_INVAL,
		    "\"%.*s\" is more than %d years away", STR_ARG(s),
		    YEARS_MAX);
	return 0;
}

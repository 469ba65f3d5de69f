#include "base/clock.h"

#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Both from the era arithmetic of the civil calendar: 400 years are 146,097 days. */
int64_t
clock_days(int64_t y, unsigned m, unsigned d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (int64_t)(m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

void
clock_date(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

void
clock_rfc3339(struct buf *b, int64_t t)
{
	int64_t s, days, year;
	unsigned month, day;

	if (t == CLOCK_NONE)
		return;
	s = t >= 0 ? t / 1000 : -((-t + 999) / 1000);
	days = s >= 0 ? s / 86400 : -((-s + 86399) / 86400);
	s -= days * 86400;
	clock_date(days, &year, &month, &day);
	buf_printf(b, "%04lld-%02u-%02uT%02d:%02d:%02dZ", (long long)year,
	    month, day, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

static bool
digits(struct str *s, size_t n, unsigned *out)
{
	uint64_t v;

	if (s->n < n || !str_u64(str_sub(*s, 0, n), &v))
		return false;
	*out = (unsigned)v;
	*s = str_from(*s, n);
	return true;
}

static bool
expect(struct str *s, char c)
{
	if (s->n == 0 || ch_lower(s->p[0]) != ch_lower(c))
		return false;
	*s = str_from(*s, 1);
	return true;
}

bool
clock_parse_rfc3339(struct str s, int64_t *t)
{
	unsigned y, mo, d, h, mi, se, oh = 0, om = 0, ms = 0;
	int sign = 0;

	if (!digits(&s, 4, &y) || !expect(&s, '-') || !digits(&s, 2, &mo) ||
	    !expect(&s, '-') || !digits(&s, 2, &d) ||
	    (!expect(&s, 'T') && !expect(&s, ' ')) || !digits(&s, 2, &h) ||
	    !expect(&s, ':') || !digits(&s, 2, &mi) || !expect(&s, ':') ||
	    !digits(&s, 2, &se))
		return false;
	if (expect(&s, '.')) {
		unsigned scale = 100;

		if (s.n == 0 || !ch_is_digit(s.p[0]))
			return false;
		for (; s.n && ch_is_digit(s.p[0]); s = str_from(s, 1)) {
			ms += (unsigned)(s.p[0] - '0') * scale;
			scale /= 10;
		}
	}
	if (!expect(&s, 'Z')) {
		sign = expect(&s, '+') ? 1 : expect(&s, '-') ? -1 : 0;
		if (!sign || !digits(&s, 2, &oh) || !expect(&s, ':') ||
		    !digits(&s, 2, &om))
			return false;
	}
	if (s.n || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 ||
	    se > 60 || oh > 23 || om > 59)
		return false;
	int64_t sec = clock_days(y, mo, d) * 86400 + h * 3600 + mi * 60 + se -
		      sign * (int64_t)(oh * 3600 + om * 60);
	*t = sec * 1000 + ms;
	return true;
}

static const struct {
	char letter;
	int64_t ms;
} units[] = {
    {'w', 7 * CLOCK_DAY},
    {'d', CLOCK_DAY},
    {'h', CLOCK_HOUR},
    {'m', CLOCK_MINUTE},
    {'s', CLOCK_SECOND},
};

bool
clock_parse_duration(struct str s, int64_t *ms)
{
	int64_t total = 0;

	if (str_eq(s, S("0"))) {
		*ms = 0;
		return true;
	}
	if (s.n == 0)
		return false;
	while (s.n) {
		size_t n = 0, u = 0;
		uint64_t v;

		while (n < s.n && ch_is_digit(s.p[n]))
			n++;
		if (n == 0 || n > 9 || n == s.n ||
		    !str_u64(str_sub(s, 0, n), &v))
			return false;
		while (u < 5 && units[u].letter != s.p[n])
			u++;
		if (u == 5)
			return false;
		total += (int64_t)v * units[u].ms;
		if (total > 36525 * CLOCK_DAY)
			return false;
		s = str_from(s, n + 1);
	}
	*ms = total;
	return true;
}

void
clock_duration(struct buf *b, int64_t ms)
{
	int shown = 0;

	if (ms < 0) {
		buf_putc(b, '-');
		ms = -ms;
	}
	if (ms < CLOCK_SECOND) {
		buf_putc(b, '0');
		return;
	}
	for (size_t u = 1; u < 5 && shown < 2; u++) {
		int64_t v = ms / units[u].ms;

		if (v == 0 && shown)
			break;
		if (v == 0)
			continue;
		buf_printf(b, "%lld%c", (long long)v, units[u].letter);
		ms -= v * units[u].ms;
		shown++;
	}
}

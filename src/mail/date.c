/*
 * A date is taken as a bag of tokens, not as a grammar: a word is a weekday, a month, a zone or nothing; a number with colons is the
 * time; a number above 31 is a year; a signed number after the time is the offset. Every form met in the wild fits that,
 * and what is left over is ignored.
 */
#include "mail/date.h"
#include "base/must.h"

struct parts {
	int64_t year;
	unsigned month, day, hour, minute, second;
	int offset; /* minutes east of UTC */
	bool has_year, has_time, has_zone, pm, am;
};

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
    "jul", "aug", "sep", "oct", "nov", "dec"};

static const struct {
	const char *name;
	int minutes;
} zones[] = {
    {"UT", 0},
    {"UTC", 0},
    {"GMT", 0},
    {"Z", 0},
    {"WET", 0},
    {"EST", -300},
    {"EDT", -240},
    {"CST", -360},
    {"CDT", -300},
    {"MST", -420},
    {"MDT", -360},
    {"PST", -480},
    {"PDT", -420},
    {"AKST", -540},
    {"AKDT", -480},
    {"HST", -600},
    {"AST", -240},
    {"ADT", -180},
    {"NST", -210},
    {"NDT", -150},
    {"BST", 60},
    {"IST", 330},
    {"CET", 60},
    {"MET", 60},
    {"MEZ", 60},
    {"CEST", 120},
    {"MEST", 120},
    {"MESZ", 120},
    {"EET", 120},
    {"EEST", 180},
    {"MSK", 180},
    {"MSD", 240},
    {"SAST", 120},
    {"SGT", 480},
    {"HKT", 480},
    {"JST", 540},
    {"KST", 540},
    {"AEST", 600},
    {"AEDT", 660},
    {"ACST", 570},
    {"AWST", 480},
    {"NZST", 720},
    {"NZDT", 780},
    {"BRT", -180},
    {"ART", -180},
    {"WEST", 60},
};

static unsigned
month_of(struct str w)
{
	for (unsigned i = 0; w.n >= 3 && i < 12; i++)
		if (str_istarts(w, str_c(months[i])))
			return i + 1;
	return 0;
}

/* Digits at *i, at most max of them. */
static size_t
digits(struct str s, size_t *i, size_t max, unsigned *v)
{
	size_t n = 0;

	*v = 0;
	while (n < max && *i < s.n && ch_is_digit(s.p[*i])) {
		*v = *v * 10 + (unsigned)(s.p[*i] - '0');
		++*i;
		n++;
	}
	return n;
}

/* "+0530", "-05:00", "+1", "-800" */
static bool
read_offset(struct str s, size_t *i, struct parts *p)
{
	int sign = s.p[*i] == '-' ? -1 : 1;
	size_t at = *i + 1, n, m;
	unsigned h, rest = 0;

	n = digits(s, &at, 4, &h);
	if (!n || (at < s.n && ch_is_digit(s.p[at])))
		return false;
	if (n <= 2 && at < s.n && s.p[at] == ':') {
		at++;
		m = digits(s, &at, 2, &rest);
		if (!m)
			rest = 0;
	} else if (n > 2) {
		rest = h % 100;
		h /= 100;
	}
	/* Nonsense like +9999 is no offset; the instant is then off by hours, not lost. */
	if (h <= 23 && rest < 60) {
		p->offset = sign * (int)(h * 60 + rest);
		p->has_zone = true;
	}
	*i = at;
	return true;
}

static size_t
skip_comment(struct str s, size_t i)
{
	size_t depth = 0;

	for (; i < s.n; i++) {
		if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return i;
}

/* Blanks and comments, which the old syntax allows around the colons of a time (RFC 5322 §4.3). */
static size_t
skip_cfws(struct str s, size_t i)
{
	while (i < s.n && (ch_is_space(s.p[i]) || s.p[i] == '('))
		i = s.p[i] == '(' ? skip_comment(s, i) : i + 1;
	return i;
}

/* sep: ":", or "." for those who write 12.34.56. */
static bool
read_time(struct str s, size_t *i, unsigned hour, char sep, struct parts *p)
{
	size_t at = skip_cfws(s, skip_cfws(s, *i) + 1);
	unsigned v;

	p->hour = hour;
	if (!digits(s, &at, 2, &v))
		return false;
	p->minute = v;
	*i = at;
	at = skip_cfws(s, at);
	if (at < s.n && (s.p[at] == sep || (at == *i && s.p[at] == '.'))) {
		at = skip_cfws(s, at + 1);
		if (digits(s, &at, 2, &v)) {
			p->second = v;
			*i = at;
		}
		if (*i + 1 < s.n && (s.p[*i] == '.' || s.p[*i] == ',') &&
		    ch_is_digit(s.p[*i + 1])) {
			++*i;
			while (*i < s.n && ch_is_digit(s.p[*i]))
				++*i;
		}
	}
	p->has_time = true;
	return true;
}

/* "12.34.56": a time when the day is known by then. */
static bool
is_dotted_time(struct str s, size_t i, const struct parts *p)
{
	return p->day && p->month && p->has_year && i + 5 < s.n &&
	       s.p[i] == '.' && ch_is_digit(s.p[i + 1]) &&
	       ch_is_digit(s.p[i + 2]) && s.p[i + 3] == '.' &&
	       ch_is_digit(s.p[i + 4]) && ch_is_digit(s.p[i + 5]);
}

static void
read_word(struct str w, struct parts *p)
{
	unsigned m = month_of(w);

	if (m && !p->month) {
		p->month = m;
		return;
	}
	if (p->has_time && str_ieq(w, S("pm")))
		p->pm = true;
	if (p->has_time && str_ieq(w, S("am")))
		p->am = true;
	if (p->has_zone || !p->has_time)
		return;
	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (str_ieq(w, str_c(zones[i].name))) {
			p->offset = zones[i].minutes;
			/* "GMT+2" and "UTC -0500" go on. */
			p->has_zone = zones[i].minutes != 0;
			return;
		}
}

/* "-6-2008" behind a day. With slashes it could be the American order: left alone. */
static bool
numeric_month(struct str s, size_t *i, struct parts *p)
{
	size_t at = *i + 1;
	unsigned month, year;

	if (*i >= s.n || (s.p[*i] != '-' && s.p[*i] != '.') ||
	    !digits(s, &at, 2, &month) || at >= s.n || s.p[at] != s.p[*i])
		return false;
	at++;
	if (digits(s, &at, 4, &year) != 4)
		return false;
	p->month = month;
	p->year = year;
	p->has_year = true;
	*i = at;
	return true;
}

/* A number that is no time: a day, a year, or "2026-03-01" and "01-Mar-2026". */
static bool
read_number(struct str s, size_t *i, struct parts *p)
{
	unsigned v;
	size_t n = digits(s, i, 6, &v);

	size_t colon = skip_cfws(s, *i);

	if (colon < s.n && s.p[colon] == ':' && n <= 2)
		return !p->has_time && read_time(s, i, v, ':', p);
	if (n <= 2 && !p->has_time && is_dotted_time(s, *i, p))
		return read_time(s, i, v, '.', p);
	/* "0200": an offset whose sign was lost. */
	if (n >= 3 && n <= 4 && p->has_time && !p->has_zone && p->has_year &&
	    p->day && v <= 1400 && v % 100 < 60) {
		p->offset = (int)(v / 100 * 60 + v % 100);
		p->has_zone = true;
		return true;
	}
	if (n == 4 && *i < s.n && (s.p[*i] == '-' || s.p[*i] == '/') &&
	    !p->has_year && !p->day) {
		char sep = s.p[*i];
		unsigned month, day;
		size_t at = *i + 1;

		if (digits(s, &at, 2, &month) && at < s.n && s.p[at] == sep) {
			at++;
			if (!digits(s, &at, 2, &day))
				return false;
			p->year = v;
			p->has_year = true;
			p->month = month;
			p->day = day;
			*i = at;
			return true;
		}
	}
	if (n <= 2 && !p->day && !p->month && !p->has_year &&
	    numeric_month(s, i, p)) {
		p->day = v;
		return true;
	}
	if (n <= 3 && !p->day && v >= 1 && v <= 31) {
		p->day = v;
	} else if (!p->has_year && n <= 4) {
		/* RFC 5322 §4.3: two digits below 50 are this century, three count from 1900. */
		p->year = n <= 2   ? (v < 50 ? 2000 : 1900) + (int64_t)v
			  : n == 3 ? 1900 + (int64_t)v
				   : (int64_t)v;
		/* 102 for 2002 was a common mistake of that year, with and without filling up. */
		if (n == 4 && v >= 100 && v < 150)
			p->year += 1900;
		p->has_year = true;
	}
	return true;
}

static bool
instant(const struct parts *p, int64_t *t)
{
	static const unsigned char length[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned hour = p->hour;

	if (p->pm && hour < 12)
		hour += 12;
	if (p->am && hour == 12)
		hour = 0;
	if (!p->has_year || p->year < 1900 || p->year > 9999 || !p->month ||
	    p->month > 12 || !p->day || p->day > length[p->month - 1] ||
	    hour > 23 || p->minute > 59 || p->second > 60)
		return false;
	*t = clock_days(p->year, p->month, p->day) * CLOCK_DAY +
	     hour * CLOCK_HOUR + p->minute * CLOCK_MINUTE +
	     (p->second == 60 ? 59 : p->second) * CLOCK_SECOND -
	     p->offset * CLOCK_MINUTE;
	/* The zone may lead out of them. */
	return *t >= clock_days(1900, 1, 1) * CLOCK_DAY &&
	       *t < clock_days(10000, 1, 1) * CLOCK_DAY;
}

bool
date_parse(struct str s, int64_t *t)
{
	struct parts p = {0};
	size_t i = 0;

	*t = CLOCK_NONE;
	s = str_sub(s, 0, 200);
	while (i < s.n) {
		char c = s.p[i];

		if (c == '(') {
			i = skip_comment(s, i);
		} else if (ch_is_digit(c)) {
			if (!read_number(s, &i, &p))
				return false;
		} else if ((c == '+' || c == '-') && p.has_time &&
			   !p.has_zone) {
			if (!read_offset(s, &i, &p))
				i++;
		} else if (ch_is_alpha(c)) {
			size_t from = i;

			while (i < s.n && ch_is_alpha(s.p[i]))
				i++;
			/* The "T" of ISO 8601 is glued to the digits. */
			read_word(str_sub(s, from, i), &p);
		} else {
			i++;
		}
	}
	if (instant(&p, t))
		return true;
	*t = CLOCK_NONE;
	return false;
}

/*
 * Clients write the date of a forward as their user reads dates: the weekday somewhere, the month as a word or a number, the year last or
 * first, the time of twelve or twenty-four hours.
 */
#include "mail/forward_date.h"

#include "base/clock.h"
#include "base/must.h"
#include "mail/date.h"
#include "mail/reply_line.h"

/* How the months begin, folded; the longer before those that begin alike. */
static const struct month {
	const char *words;
	unsigned n;
} months[] = {
    {"jan|janv|gen|ene|янв|sty|led|oca|tam", 1},
    {"feb|fév|fev|févr|фев|lut|úno|şub|hel", 2},
    {"mar|mär|mär|mrt|mars|мар|brez|maa|már", 3},
    {"apr|avr|abr|апр|kwi|dub|nis|huh|ápr", 4},
    {"may|mai|mei|maj|мая|май|mag|kvě|tou|máj", 5},
    {"jun|juin|giu|июн|cze|červn|haz|kes|jún", 6},
    {"jul|juil|lug|июл|lip|červenc|tem|hei|júl", 7},
    {"aug|aoû|ago|авг|sie|srp|ağu|elo", 8},
    {"sep|set|сен|wrz|zář|eyl|syy|szept", 9},
    {"oct|okt|ott|out|окт|paź|říj|eki|lok", 10},
    {"nov|ноя|lis|kas|nóv", 11},
    {"dec|dez|déc|dic|дек|gru|pro|ara|jou", 12},
};

struct number {
	unsigned value;
	size_t from, to, digits;
};

enum {
	NUMBERS_MAX = 16
};

struct reading {
	struct str s;
	struct number v[NUMBERS_MAX];
	size_t n;
	unsigned year, month, day;
	size_t used; /* numbers before this one are of the date */
};

static void
find_numbers(struct reading *r)
{
	for (size_t i = 0; i < r->s.n && r->n < NUMBERS_MAX;) {
		struct number x = {.from = i};

		if (!ch_is_digit(r->s.p[i])) {
			i++;
			continue;
		}
		for (; i < r->s.n && ch_is_digit(r->s.p[i]); i++)
			if (i - x.from < 6)
				x.value =
				    x.value * 10 + (unsigned)(r->s.p[i] - '0');
		x.to = i;
		x.digits = i - x.from;
		r->v[r->n++] = x;
	}
}

static struct str
between(const struct reading *r, size_t i)
{
	return str_sub(
	    r->s, r->v[i].to, i + 1 < r->n ? r->v[i + 1].from : r->s.n);
}

static bool
set_date(
    struct reading *r, unsigned year, unsigned month, unsigned day, size_t used)
{
	if (year < 100)
		year += year < 70 ? 2000 : 1900;
	if (year < 1970 || year > 2200 || !month || month > 12 || !day ||
	    day > 31)
		return false;
	r->year = year;
	r->month = month;
	r->day = day;
	r->used = used;
	return true;
}

/* "2024-03-01", "2024年3月1日", "01.03.2024", "13/3/2024". */
static bool
date_of_numbers(struct reading *r)
{
	static const struct str years[] = {S("\u5e74"), S("\ub144")};

	for (size_t i = 0; i + 2 < r->n; i++) {
		const struct number *x = &r->v[i], *y = x + 1, *z = x + 2;
		struct str a = str_trim(between(r, i));
		struct str b = str_trim(between(r, i + 1));
		bool marks = a.n == 1 && str_eq(a, b) &&
			     (a.p[0] == '.' || a.p[0] == '/' || a.p[0] == '-');

		if (x->digits == 4 &&
		    (marks || str_eq(a, years[0]) || str_eq(a, years[1])))
			return set_date(r, x->value, y->value, z->value, i + 3);
		if (!marks || (z->digits != 4 && z->digits != 2))
			continue;
		if (a.p[0] != '/' || x->value > 12)
			return set_date(r, z->value, y->value, x->value, i + 3);
		if (y->value > 12 || x->value == y->value)
			return set_date(r, z->value, x->value, y->value, i + 3);
		return false;
	}
	return false;
}

static unsigned
month_in(struct str s, size_t *at)
{
	for (size_t i = 0; i < s.n; i++) {
		if (i && (ch_is_alnum(s.p[i - 1]) ||
			     (unsigned char)s.p[i - 1] >= 0x80))
			continue;
		for (size_t m = 0; m < ARRAY_LEN(months); m++) {
			struct str words = str_c(months[m].words), w;

			while (str_cut(&words, '|', &w))
				if (str_starts(str_from(s, i), w)) {
					*at = i;
					return months[m].n;
				}
		}
	}
	return 0;
}

/* "March 1, 2024", "1. März 2024", "1 de março de 2024", weekdays before or behind. */
static bool
date_of_words(struct reading *r)
{
	for (size_t i = 0; i + 1 < r->n; i++) {
		struct str before =
		    i ? between(r, i - 1) : str_sub(r->s, 0, r->v[0].from);
		struct str behind = between(r, i);
		size_t at;
		unsigned m;

		if (r->v[i].digits > 2 || r->v[i + 1].digits != 4)
			continue;
		m = month_in(behind, &at);
		if (!m)
			m = month_in(before, &at);
		if (m)
			return set_date(
			    r, r->v[i + 1].value, m, r->v[i].value, i + 2);
	}
	return false;
}

static bool
has_any(struct str s, const struct str *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_has(s, v[i]))
			return true;
	return false;
}

/* Twelve hours: the mark stands before the time in the East, behind it in the West. */
static unsigned
half_day(struct reading *r, size_t i, unsigned hour)
{
	static const struct str after[] = {S("pm"), S("p.m"), S("p. m"),
	    S("\u4e0b\u5348"), S("\uc624\ud6c4"), S("\u5348\u5f8c"),
	    S("\u665a\u4e0a")};
	static const struct str before[] = {S("am"), S("a.m"), S("a. m"),
	    S("\u4e0a\u5348"), S("\uc624\uc804"), S("\u5348\u524d")};
	struct str head = i ? between(r, i - 1) : S("");
	struct str tail = str_from(r->s, r->v[i + 1].to);

	tail = str_sub(tail, 0, 10);
	if (has_any(head, after, ARRAY_LEN(after)) ||
	    has_any(tail, after, ARRAY_LEN(after)))
		return hour < 12 ? hour + 12 : hour;
	if (hour == 12 && (has_any(head, before, ARRAY_LEN(before)) ||
			      has_any(tail, before, ARRAY_LEN(before))))
		return 0;
	return hour;
}

/* Minutes east of Greenwich: "+0100", "GMT+01:00", behind the time. */
static int
zone(const struct reading *r, size_t i)
{
	for (; i < r->n; i++) {
		const struct number *x = &r->v[i];
		int sign, minutes;

		if (!x->from ||
		    (r->s.p[x->from - 1] != '+' && r->s.p[x->from - 1] != '-'))
			continue;
		sign = r->s.p[x->from - 1] == '-' ? -1 : 1;
		if (x->digits == 4)
			minutes = (int)(x->value / 100 * 60 + x->value % 100);
		else if (x->digits <= 2 && i + 1 < r->n &&
			 str_eq(between(r, i), S(":")))
			minutes = (int)(x->value * 60 + x[1].value % 60);
		else if (x->digits <= 2)
			minutes = (int)x->value * 60;
		else
			continue;
		return minutes <= 15 * 60 ? sign * minutes : 0;
	}
	return 0;
}

int64_t
forward_date(struct str s)
{
	struct folded f = {.n = 0};
	struct reading r = {.n = 0};
	unsigned hour = 0, minute = 0, second = 0;
	int offset = 0;
	int64_t t;

	s = str_sub(str_trim(s), 0, 200);
	reply_fold(&f, s);
	r.s = folded_str(&f);
	find_numbers(&r);
	if (!date_of_numbers(&r) && !date_of_words(&r)) {
		if (r.n >= 3 && str_chr(s, '/', 0) < 0 && date_parse(s, &t))
			return t;
		return CLOCK_NONE;
	}
	for (size_t i = r.used; i + 1 < r.n; i++) {
		struct str mark = str_trim(between(&r, i));

		if (r.v[i].digits > 2 || r.v[i + 1].digits != 2 ||
		    r.v[i].value > 24 || r.v[i + 1].value > 59 ||
		    (!str_eq(mark, S(":")) && !str_eq(mark, S(".")) &&
			!str_eq(mark, S("h"))))
			continue;
		hour = half_day(&r, i, r.v[i].value);
		minute = r.v[i + 1].value;
		if (i + 2 < r.n && r.v[i + 2].digits == 2 &&
		    r.v[i + 2].value < 61 && str_eq(between(&r, i + 1), mark))
			second = r.v[i + 2].value;
		offset = zone(&r, i + 2);
		break;
	}
	return clock_days((int64_t)r.year, r.month, r.day) * CLOCK_DAY +
	       ((int64_t)hour * 3600 + (int64_t)minute * 60 + second -
		   (int64_t)offset * 60) *
		   1000;
}

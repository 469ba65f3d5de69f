#include "base/str.h"

#include <stdlib.h>

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool
ieq_n(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ch_lower(a[i]) != ch_lower(b[i]))
			return false;
	return true;
}

bool
str_ieq(struct str a, struct str b)
{
	return a.n == b.n && ieq_n(a.p, b.p, a.n);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n ? memcmp(a.p, b.p, n) : 0;

	if (r)
		return r;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool
str_is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_space(s.p[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_n(s.p, prefix.n), prefix);
}

bool
str_istarts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && ieq_n(s.p, prefix.p, prefix.n);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       str_eq(str_n(s.p + (s.n - suffix.n), suffix.n), suffix);
}

bool
str_iends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       ieq_n(s.p + (s.n - suffix.n), suffix.p, suffix.n);
}

ptrdiff_t
str_find(struct str s, struct str needle, size_t from)
{
	const char *at;

	if (from > s.n || needle.n > s.n - from)
		return -1;
	if (needle.n == 0)
		return (ptrdiff_t)from;
	at = memmem(s.p + from, s.n - from, needle.p, needle.n);
	return at ? at - s.p : -1;
}

ptrdiff_t
str_ifind(struct str s, struct str needle, size_t from)
{
	char lo, up;

	if (from > s.n || needle.n > s.n - from)
		return -1;
	if (needle.n == 0)
		return (ptrdiff_t)from;
	lo = ch_lower(needle.p[0]);
	up = lo >= 'a' && lo <= 'z' ? (char)(lo - 32) : lo;
	for (size_t i = from; i + needle.n <= s.n; i++)
		if ((s.p[i] == lo || s.p[i] == up) &&
		    ieq_n(s.p + i, needle.p, needle.n))
			return (ptrdiff_t)i;
	return -1;
}

ptrdiff_t
str_chr(struct str s, char c, size_t from)
{
	const char *at;

	if (from >= s.n)
		return -1;
	at = memchr(s.p + from, c, s.n - from);
	return at ? at - s.p : -1;
}

ptrdiff_t
str_rchr(struct str s, char c)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

struct str
str_sub(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return s.p ? str_n(s.p + from, to - from) : s;
}

struct str
str_from(struct str s, size_t from)
{
	return str_sub(s, from, s.n);
}

struct str
str_ltrim(struct str s)
{
	while (s.n && ch_is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	return s;
}

struct str
str_rtrim(struct str s)
{
	while (s.n && ch_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str
str_trim(struct str s)
{
	return str_ltrim(str_rtrim(s));
}

bool
str_cut(struct str *rest, char sep, struct str *part)
{
	ptrdiff_t at;

	if (!rest->p)
		return false;
	at = str_chr(*rest, sep, 0);
	if (at < 0) {
		*part = *rest;
		*rest = (struct str){NULL, 0};
	} else {
		*part = str_sub(*rest, 0, (size_t)at);
		*rest = str_from(*rest, (size_t)at + 1);
	}
	return true;
}

/*
 * Where the line ends, at LF, CR or the end of s. In pieces, so that a text of
 * lone CRs is not searched to its end for an LF at each of them.
 */
static size_t
line_end(struct str s)
{
	size_t at = 0, piece = 256;

	while (at < s.n) {
		size_t end = s.n - at < piece ? s.n : at + piece;
		const char *lf = memchr(s.p + at, '\n', end - at), *cr;

		if (lf)
			end = (size_t)(lf - s.p);
		cr = memchr(s.p + at, '\r', end - at);
		if (cr)
			return (size_t)(cr - s.p);
		if (lf)
			return end;
		at = end;
		piece *= 2;
	}
	return s.n;
}

bool
str_line(struct str *rest, struct str *line)
{
	size_t end, i;

	if (rest->n == 0)
		return false;
	i = end = line_end(*rest);
	*line = str_sub(*rest, 0, end);
	if (i < rest->n && rest->p[i] == '\r')
		i++;
	if (i < rest->n && rest->p[i] == '\n' && i <= end + 1)
		i++;
	*rest = str_from(*rest, i);
	return true;
}

bool
str_word(struct str *rest, struct str *word)
{
	size_t i = 0;

	*rest = str_ltrim(*rest);
	if (rest->n == 0)
		return false;
	while (i < rest->n && !ch_is_space(rest->p[i]))
		i++;
	*word = str_sub(*rest, 0, i);
	*rest = str_from(*rest, i);
	return true;
}

bool
str_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!ch_is_digit(s.p[i]))
			return false;
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

bool
str_i64(struct str s, int64_t *out)
{
	bool neg = s.n && s.p[0] == '-';
	uint64_t v;

	if (!str_u64(neg ? str_from(s, 1) : s, &v) || v > INT64_MAX)
		return false;
	*out = neg ? -(int64_t)v : (int64_t)v;
	return true;
}

unsigned
str_distance(struct str a, struct str b, unsigned max)
{
	enum {
		LIMIT = 64
	};
	unsigned rows[3][LIMIT + 1];
	unsigned *two = rows[0], *one = rows[1], *cur = rows[2];

	if (a.n > LIMIT || b.n > LIMIT)
		return max + 1;
	for (size_t j = 0; j <= b.n; j++)
		one[j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			char x = ch_lower(a.p[i - 1]), y = ch_lower(b.p[j - 1]);
			unsigned d = one[j - 1] + (x != y);

			if (one[j] + 1 < d)
				d = one[j] + 1;
			if (cur[j - 1] + 1 < d)
				d = cur[j - 1] + 1;
			if (i > 1 && j > 1 && x == ch_lower(b.p[j - 2]) &&
			    ch_lower(a.p[i - 2]) == y && two[j - 2] + 1 < d)
				d = two[j - 2] + 1;
			cur[j] = d;
		}
		unsigned *t = two;
		two = one;
		one = cur;
		cur = t;
	}
	return one[b.n] > max ? max + 1 : one[b.n];
}

uint64_t
str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++) {
		h ^= (unsigned char)s.p[i];
		h *= 0x100000001b3u;
	}
	return h ^ (h >> 29);
}

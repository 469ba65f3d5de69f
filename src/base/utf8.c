#include "base/utf8.h"

#include <wchar.h>

size_t
utf8_next(struct str s, uint32_t *c)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n;
	uint32_t v, least;

	if (s.n == 0)
		return 0;
	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	if (p[0] < 0xe0) {
		n = 2;
		v = p[0] & 0x1fu;
		least = 0x80;
	} else if (p[0] < 0xf0) {
		n = 3;
		v = p[0] & 0x0fu;
		least = 0x800;
	} else {
		n = 4;
		v = p[0] & 0x07u;
		least = 0x10000;
	}
	if (s.n < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3fu);
	}
	if (v < least || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	*c = v;
	return n;
}

bool
utf8_valid(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		uint32_t c;
		size_t n;

		/* Eight ASCII bytes at a time. */
		while (s.n - i >= 8) {
			uint64_t w;

			memcpy(&w, s.p + i, 8);
			if (w & 0x8080808080808080u)
				break;
			i += 8;
		}
		if (i == s.n)
			break;
		n = utf8_next(str_from(s, i), &c);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

void
utf8_put(struct buf *b, uint32_t c)
{
	char d[4];
	size_t n;

	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		buf_putc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		n = 2;
		d[0] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		n = 3;
		d[0] = (char)(0xe0 | c >> 12);
		d[1] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		n = 4;
		d[0] = (char)(0xf0 | c >> 18);
		d[1] = (char)(0x80 | (c >> 12 & 0x3f));
		d[2] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	d[n - 1] = (char)(0x80 | (c & 0x3f));
	buf_put(b, str_n(d, n));
}

void
utf8_put_clean(struct buf *b, struct str s)
{
	size_t i = 0, from = 0;

	while (i < s.n) {
		uint32_t c = 0;
		size_t n = utf8_next(str_from(s, i), &c);

		if (n && c) {
			i += n;
			continue;
		}
		buf_put(b, str_sub(s, from, i));
		buf_put(b, S("\xef\xbf\xbd"));
		from = ++i;
	}
	buf_put(b, str_from(s, from));
}

struct str
utf8_clip(struct str s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return str_sub(s, 0, max);
}

static bool
is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
	       (c >= 0x20000 && c <= 0x3fffd);
}

static bool
is_mark(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f) ||
	       (c >= 0xfe20 && c <= 0xfe2f);
}

size_t
utf8_width(struct str s)
{
	size_t width = 0;

	while (s.n) {
		uint32_t c;
		size_t n = utf8_next(s, &c);

		if (n == 0) {
			n = 1;
			c = '?';
		}
		width += is_wide(c) ? 2 : is_mark(c) ? 0 : 1;
		s = str_from(s, n);
	}
	return width;
}

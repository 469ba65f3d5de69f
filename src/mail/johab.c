/*
 * A syllable is one bit of 1 and three fields of five: initial, vowel, final. The fields number the jamo of
 * Unicode's own arithmetic (The Unicode Standard §3.12), with holes. A syllable with a field left blank is a single jamo.
 */
#include "mail/johab.h"
#include "base/utf8.h"

enum {
	NONE = -1,
	FILL = -2
};

static int
initial(unsigned v)
{
	return v == 1 ? FILL : v >= 2 && v <= 20 ? (int)v - 2 : NONE;
}

static int
vowel(unsigned v)
{
	if (v == 2)
		return FILL;
	if (v >= 3 && v <= 7)
		return (int)v - 3;
	if (v >= 10 && v <= 15)
		return (int)v - 5;
	if (v >= 18 && v <= 23)
		return (int)v - 7;
	return v >= 26 && v <= 29 ? (int)v - 9 : NONE;
}

/* 0: no final consonant. */
static int
final(unsigned v)
{
	if (v >= 1 && v <= 17)
		return (int)v - 1;
	return v >= 19 && v <= 29 ? (int)v - 2 : NONE;
}

static bool
hangul(struct buf *b, unsigned code)
{
	/* Compatibility jamo (U+3131 on) of the initials and of the finals. */
	static const unsigned char lone_initial[] = {0, 1, 3, 6, 7, 8, 16, 17,
	    18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29};
	static const unsigned char lone_final[] = {0, 0, 1, 2, 3, 4, 5, 6, 8, 9,
	    10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 25, 26, 27, 28,
	    29};
	int i = initial(code >> 10 & 31), v = vowel(code >> 5 & 31),
	    f = final(code & 31);

	if (i >= 0 && v >= 0 && f >= 0)
		utf8_put(b, 0xac00 + (uint32_t)((i * 21 + v) * 28 + f));
	else if (i >= 0 && v == FILL && f == 0)
		utf8_put(b, 0x3131u + lone_initial[i]);
	else if (i == FILL && v >= 0 && f == 0)
		utf8_put(b, 0x314fu + (uint32_t)v);
	else if (i == FILL && v == FILL && f > 0)
		utf8_put(b, 0x3131u + lone_final[f]);
	else
		return false;
	return true;
}

/* The place in KS X 1001 as EUC-KR, which has the same order. */
static bool
symbol(unsigned lead, unsigned trail, char out[2])
{
	unsigned row, cell;

	if (trail >= 0x31 && trail <= 0x7e)
		cell = trail - 0x31;
	else if (trail >= 0x91 && trail <= 0xfe)
		cell = trail - 0x43;
	else
		return false;
	if (lead >= 0xd9 && lead <= 0xde)
		row = (lead - 0xd9) * 2 + 1;
	else if (lead >= 0xe0 && lead <= 0xf9)
		row = (lead - 0xe0) * 2 + 42;
	else
		return false;
	out[0] = (char)(0xa0 + row + cell / 94);
	out[1] = (char)(0xa1 + cell % 94);
	return true;
}

size_t
johab_decode(struct buf *b, struct str s,
    bool (*ksx)(void *, struct buf *, const char[2]), void *context)
{
	size_t bad = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned c = (unsigned char)s.p[i], d;
		char two[2];

		if (c < 0x80) {
			buf_putc(b, s.p[i]);
			continue;
		}
		d = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
		if ((c >= 0x84 && c <= 0xd3 && hangul(b, c << 8 | d)) ||
		    (symbol(c, d, two) && ksx(context, b, two))) {
			i++;
			continue;
		}
		utf8_put(b, 0xfffd);
		bad++;
		i += d >= 0x80;
	}
	return bad;
}

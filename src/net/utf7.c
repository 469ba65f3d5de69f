/*
 * "Entwürfe" is "Entw&APw-rfe": runs of what is not printable ASCII as UTF-16BE
 * in base64 with ',' for '/', between & and -; "&" itself is "&-".
 */
#include "net/utf7.h"
#include "base/utf8.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

struct bits {
	uint32_t v;
	unsigned n;
};

static void
put_unit(struct buf *out, struct bits *b, uint32_t unit)
{
	b->v = (b->v << 16 | unit) & 0x3fffff;
	b->n += 16;
	while (b->n >= 6) {
		b->n -= 6;
		buf_putc(out, alphabet[b->v >> b->n & 63]);
	}
}

bool
utf7_encode(struct buf *out, struct str name)
{
	bool inside = false;
	struct bits b = {0, 0};

	while (name.n) {
		uint32_t c;
		size_t n = utf8_next(name, &c);

		if (!n || c < 0x20 || c == 0x7f)
			return false;
		name = str_from(name, n);
		if (c < 0x7f && inside) {
			if (b.n)
				buf_putc(out, alphabet[b.v << (6 - b.n) & 63]);
			buf_putc(out, '-');
			b = (struct bits){0, 0};
			inside = false;
		}
		if (c == '&') {
			buf_puts(out, "&-");
		} else if (c < 0x7f) {
			buf_putc(out, (char)c);
		} else {
			if (!inside)
				buf_putc(out, '&');
			inside = true;
			if (c >= 0x10000) {
				put_unit(
				    out, &b, 0xd800 + ((c - 0x10000) >> 10));
				put_unit(out, &b, 0xdc00 + (c & 0x3ff));
			} else {
				put_unit(out, &b, c);
			}
		}
	}
	if (inside) {
		if (b.n)
			buf_putc(out, alphabet[b.v << (6 - b.n) & 63]);
		buf_putc(out, '-');
	}
	return true;
}

/* What stands between & and -, which is not empty. */
static bool
decode_run(struct buf *out, struct str run)
{
	uint32_t v = 0, high = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < run.n; i++) {
		const char *at = run.p[i] ? strchr(alphabet, run.p[i]) : NULL;
		uint32_t unit;

		if (!at)
			return false;
		v = v << 6 | (uint32_t)(at - alphabet);
		bits += 6;
		if (bits < 16)
			continue;
		bits -= 16;
		unit = v >> bits & 0xffff;
		v &= (UINT32_C(1) << bits) - 1;
		if (high && (unit < 0xdc00 || unit > 0xdfff))
			return false;
		if (unit >= 0xd800 && unit <= 0xdbff) {
			high = unit;
			continue;
		}
		if (!high &&
		    ((unit >= 0xdc00 && unit <= 0xdfff) || unit < 0x20))
			return false;
		utf8_put(out,
		    high ? 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00)
			 : unit);
		high = 0;
	}
	return !high && bits < 6 && v == 0;
}

static bool
decode(struct buf *out, struct str name)
{
	while (name.n) {
		ptrdiff_t end;
		char c = name.p[0];

		if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f)
			return false;
		name = str_from(name, 1);
		if (c != '&') {
			buf_putc(out, c);
			continue;
		}
		end = str_chr(name, '-', 0);
		if (end < 0)
			return false;
		if (end == 0)
			buf_putc(out, '&');
		else if (!decode_run(out, str_sub(name, 0, (size_t)end)))
			return false;
		name = str_from(name, (size_t)end + 1);
	}
	return true;
}

bool
utf7_decode(struct buf *out, struct str name)
{
	size_t start = out->n;

	if (decode(out, name))
		return true;
	buf_cut(out, start);
	utf8_put_clean(out, name);
	return false;
}

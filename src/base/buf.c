#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"

#include <stdio.h>

void
buf_fini(struct buf *b)
{
	mem_free(b->p);
	*b = (struct buf){.max = b->max};
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	size_t need;

	if (b->failed)
		return NULL;
	if (__builtin_add_overflow(b->n, n, &need) ||
	    (b->max && need > b->max)) {
		b->failed = true;
		return NULL;
	}
	if (need + 1 > b->cap || !b->p) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap < need + 1)
			cap += cap < (1u << 20) ? cap : cap / 2;
		b->p = mem_grow(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->n;
}

void
buf_commit(struct buf *b, size_t n)
{
	must(b->n + n < b->cap);
	b->n += n;
	b->p[b->n] = '\0';
}

void
buf_put(struct buf *b, struct str s)
{
	char *at = buf_reserve(b, s.n);

	if (!at)
		return;
	if (s.n)
		memcpy(at, s.p, s.n);
	buf_commit(b, s.n);
}

void
buf_putc(struct buf *b, char c)
{
	if (b->n + 1 < b->cap && !b->failed && (!b->max || b->n < b->max)) {
		b->p[b->n++] = c;
		b->p[b->n] = '\0';
		return;
	}
	buf_put(b, str_n(&c, 1));
}

void
buf_puts(struct buf *b, const char *c)
{
	buf_put(b, str_c(c));
}

void
buf_fill(struct buf *b, char c, size_t n)
{
	char *at = buf_reserve(b, n);

	if (!at)
		return;
	memset(at, c, n);
	buf_commit(b, n);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof small, fmt, ap);
	must(n >= 0);
	if ((size_t)n < sizeof small) {
		buf_put(b, str_n(small, (size_t)n));
	} else {
		char *at = buf_reserve(b, (size_t)n);

		if (at) {
			vsnprintf(at, (size_t)n + 1, fmt, again);
			buf_commit(b, (size_t)n);
		}
	}
	va_end(again);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	char d[20];
	size_t i = sizeof d;

	do
		d[--i] = (char)('0' + v % 10);
	while (v /= 10);
	buf_put(b, str_n(d + i, sizeof d - i));
}

void
buf_quoted(struct buf *b, struct str s)
{
	buf_putc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_putc(b, '\\');
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, '"');
}

void
buf_hex(struct buf *b, struct str s)
{
	static const char digit[] = "0123456789abcdef";
	char *at = buf_reserve(b, s.n * 2);

	if (!at)
		return;
	for (size_t i = 0; i < s.n; i++) {
		*at++ = digit[(unsigned char)s.p[i] >> 4];
		*at++ = digit[s.p[i] & 15];
	}
	buf_commit(b, s.n * 2);
}

static void
base64(struct buf *b, struct str s, const char *alphabet, bool pad)
{
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = MIN(s.n - i, (size_t)3);
		uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;
		char out[4];

		if (left > 1)
			v |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
		if (left > 2)
			v |= (unsigned char)s.p[i + 2];
		for (size_t k = 0; k < 4; k++)
			out[k] =
			    k <= left ? alphabet[v >> (18 - 6 * k) & 63] : '=';
		buf_put(b, str_n(out, pad ? 4 : left + 1));
	}
}

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

void
buf_base64(struct buf *b, struct str s)
{
	base64(b, s, ALNUM "+/", true);
}

void
buf_base64url(struct buf *b, struct str s)
{
	base64(b, s, ALNUM "-_", false);
}

const char *
buf_cstr(struct buf *b)
{
	return b->p && b->n ? b->p : "";
}

void
buf_cut(struct buf *b, size_t n)
{
	must(n <= b->n);
	b->n = n;
	if (b->p)
		b->p[n] = '\0';
}

bool
buf_unhex(struct buf *b, struct str s)
{
	if (s.n % 2)
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		int hi = ch_hex(s.p[i]), lo = ch_hex(s.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		buf_putc(b, (char)(hi << 4 | lo));
	}
	return !b->failed;
}

bool
buf_unbase64url(struct buf *b, struct str s)
{
	uint32_t v = 0;
	unsigned bits = 0;

	if (s.n % 4 == 1)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char *at = s.p[i] ? strchr(ALNUM "-_", s.p[i]) : NULL;

		if (!at)
			return false;
		v = v << 6 | (uint32_t)(at - (ALNUM "-_"));
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_putc(b, (char)(v >> bits & 255));
		}
	}
	return (v & ((1u << bits) - 1)) == 0 && !b->failed;
}

/* utf8: well-formed UTF-8 (RFC 3629) and nothing else: no surrogates, no overlong forms, at most U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

/* The first character of s into *c; its length in bytes, or 0 when s is empty or malformed there. */
size_t utf8_next(struct str s, uint32_t *c);
bool utf8_valid(struct str s);
static inline bool
utf8_is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}
/* Appends c (a scalar value; anything else becomes U+FFFD). */
void utf8_put(struct buf *b, uint32_t c);
/* Appends s with each malformed byte as U+FFFD and NUL as U+FFFD. */
void utf8_put_clean(struct buf *b, struct str s);
/* The longest prefix of at most max bytes that does not cut a character. */
struct str utf8_clip(struct str s, size_t max);
/* Columns on a terminal: wide East Asian characters 2, combining marks 0. */
size_t utf8_width(struct str s);

#endif

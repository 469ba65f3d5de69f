/*
 * buf: owned, growing bytes with a maximum and a sticky failure.
 *
 * Append without checking; ask buf_failed() once at the end. After a failure (the maximum reached)
 * nothing more is appended. buf_str() borrows: valid until the next append or buf_fini(). The bytes are
 * always followed by a NUL that is not counted, once something was appended or buf_cstr() called.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap;
	size_t max; /* bytes; 0: no limit */
	bool failed;
};

#define BUF_INIT ((struct buf){0})

static inline struct buf
buf_max(size_t max)
{
	return (struct buf){.max = max};
}
void buf_fini(struct buf *b);
/* Empty again and not failed; keeps the memory. */
void buf_reset(struct buf *b);
/* Makes room for n more bytes and returns where to write them; NULL when that passes the maximum.
 * Follow with buf_commit(). */
char *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);

void buf_put(struct buf *b, struct str s);
void buf_putc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *c);
void buf_fill(struct buf *b, char c, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_u64(struct buf *b, uint64_t v);
/* In double quotes, with a backslash before quotes and backslashes: a quoted string of mail (RFC 5322 §3.2.4) and of our own files. */
void buf_quoted(struct buf *b, struct str s);
/* Lower-case hexadecimal; base64 (RFC 4648 §4), and §5 without padding. */
void buf_hex(struct buf *b, struct str s);
void buf_base64(struct buf *b, struct str s);
void buf_base64url(struct buf *b, struct str s);

static inline struct str
buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}
/* NUL-terminated view, "" when empty. */
const char *buf_cstr(struct buf *b);
static inline bool
buf_failed(const struct buf *b)
{
	return b->failed;
}
/* Cut back to n bytes (n <= b->n). */
void buf_cut(struct buf *b, size_t n);

/* Decoders for what we encode ourselves; false on anything malformed. */
bool buf_unhex(struct buf *b, struct str s);
bool buf_unbase64url(struct buf *b, struct str s);

#endif

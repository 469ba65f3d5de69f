/* charset_names: the labels of charsets, what they mean on the wire, and the converters behind them. For mail/charset.c; the home of ICU's converters. */
#ifndef MAIL_CHARSET_NAMES_H
#define MAIL_CHARSET_NAMES_H

#include "base/arena.h"
#include "base/buf.h"

enum charset_kind { CHARSET_UNKNOWN, CHARSET_ASCII, CHARSET_UTF8, CHARSET_1252, CHARSET_JOHAB, CHARSET_ICU };

enum { CHARSET_LABEL_MAX = 40 };

struct charset_entry; /* a label as it was seen, and what it came to */

/* The label in lower case, without quotes and what follows it; its length. */
size_t charset_canonical(struct str label, char out[CHARSET_LABEL_MAX]);
/* Of a canonical label. Valid until the next call: there are only so many at a time. */
const struct charset_entry *charset_find(const char *label, size_t n);
enum charset_kind charset_kind(const struct charset_entry *e);

/* The bytes as UTF-8, by an entry of kind CHARSET_ICU or CHARSET_JOHAB; *bad: characters that became U+FFFD. */
struct str charset_convert(struct arena *a, const struct charset_entry *e, struct str s, size_t *bad);

/* Writes c, a scalar value, at o; returns behind it. */
char *charset_put_utf8(char *o, uint32_t c);

#endif

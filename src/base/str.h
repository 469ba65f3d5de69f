/*
 * str: a borrowed run of bytes.
 *
 * A struct str is passed and returned by value. It owns nothing: it is valid as long as the bytes it
 * points at, and these need not end in NUL. The empty string is {NULL or anything, 0}.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A list of borrowed strings. */
struct strs {
	struct str *v;
	size_t n;
};

/* A str of a string literal, and of a NUL-terminated C string (NULL: empty). */
#define S(lit) ((struct str){"" lit, sizeof(lit) - 1})
/* For printf("%.*s"). Longer than INT_MAX is cut. */
#define STR_ARG(s) ((int)((s).n > 0x7fffffff ? 0x7fffffff : (s).n)), ((s).n ? (s).p : "")

static inline struct str
str_c(const char *c)
{
	return (struct str){c, c ? strlen(c) : 0};
}

static inline struct str
str_n(const char *p, size_t n)
{
	return (struct str){p, n};
}

/* ASCII classes; unlike <ctype.h> they take any byte and know no locale. */
static inline bool
ch_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool
ch_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}
static inline bool
ch_is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline char
ch_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline bool
ch_is_alpha(char c)
{
	char l = ch_lower(c);
	return l >= 'a' && l <= 'z';
}
static inline bool
ch_is_alnum(char c)
{
	return ch_is_alpha(c) || ch_is_digit(c);
}

/* The value of a hexadecimal digit; -1 when it is none. */
static inline int
ch_hex(char c)
{
	c = ch_lower(c);
	if (ch_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_eq(struct str a, struct str b);
/* Equal when ASCII letters are compared without case. */
bool str_ieq(struct str a, struct str b);
/* <0, 0, >0 by bytes; a prefix sorts first. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);

/* Nothing but ASCII white space. */
bool str_is_blank(struct str s);

/* Offset of the first needle in s at or after from, or -1. The i-form ignores ASCII case. */
ptrdiff_t str_find(struct str s, struct str needle, size_t from);
ptrdiff_t str_ifind(struct str s, struct str needle, size_t from);
ptrdiff_t str_chr(struct str s, char c, size_t from);
ptrdiff_t str_rchr(struct str s, char c);
static inline bool
str_has(struct str s, struct str needle)
{
	return str_find(s, needle, 0) >= 0;
}
static inline bool
str_ihas(struct str s, struct str needle)
{
	return str_ifind(s, needle, 0) >= 0;
}

/* s[from..to), both clamped to the length; str_from to the end. */
struct str str_sub(struct str s, size_t from, size_t to);
struct str str_from(struct str s, size_t from);
/* Without ASCII white space at both ends (left, right). */
struct str str_trim(struct str s);
struct str str_ltrim(struct str s);
struct str str_rtrim(struct str s);

/*
 * Takes from *rest what stands before the first sep and moves *rest behind it. False when *rest was
 * exhausted (p == NULL). "a,,b" gives "a", "", "b"; "" gives one "".
 */
bool str_cut(struct str *rest, char sep, struct str *part);
/* The same for lines: ends at LF, CRLF or a lone CR, which are not in *line. No empty line after the last break. */
bool str_line(struct str *rest, struct str *line);
/* The next run of non-space; false at the end. */
bool str_word(struct str *rest, struct str *word);

/* Decimal digits only, the whole string; false on anything else and on overflow. */
bool str_u64(struct str s, uint64_t *out);
/* Optional minus. */
bool str_i64(struct str s, int64_t *out);

/* Edit distance (optimal string alignment) for "did you mean", ASCII case ignored; never above max + 1. */
unsigned str_distance(struct str a, struct str b, unsigned max);

/* A non-cryptographic 64-bit hash for tables in memory. */
uint64_t str_hash(struct str s);

#endif

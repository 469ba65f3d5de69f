/*
 * uchardet does well on some lines of text in one of the charsets of old. Its weak spots are looked at before: UTF-16 without a mark, the
 * stateful ISO 2022 family, and texts too short to tell anything.
 */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/charset_names.h"

#include <uchardet/uchardet.h>

/* UTF-16 and UTF-32 without a mark: mostly zero bytes on one side. */
static const char *
guess_wide(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = MIN(s.n, (size_t)4096) & ~(size_t)3, zero[4] = {0}, quarter;
	size_t odd = 0, zeros;

	if (s.n >= 4 && !memcmp(p, "\xff\xfe\0\0", 4))
		return "utf-32le";
	if (s.n >= 4 && !memcmp(p, "\0\0\xfe\xff", 4))
		return "utf-32be";
	if (s.n >= 2 && !memcmp(p, "\xff\xfe", 2))
		return "utf-16le";
	if (s.n >= 2 && !memcmp(p, "\xfe\xff", 2))
		return "utf-16be";
	if (n < 8 || !memchr(p, 0, n))
		return NULL;
	for (size_t i = 0; i < n; i++)
		zero[i & 3] += !p[i];
	/* Bytes that plain text has not. */
	for (size_t i = 0; i < n; i++)
		odd += p[i] >= 0x7f || (p[i] && p[i] < '\t') ||
		       (p[i] > '\r' && p[i] < ' ');
	quarter = n / 4;
	if (zero[0] == quarter && zero[1] * 10 >= quarter * 9)
		return "utf-32be";
	if (zero[3] == quarter && zero[2] * 10 >= quarter * 9)
		return "utf-32le";
	/* A zero here and there in plain text is dirt: Latin has one in each pair, other scripts have odd bytes. */
	zeros = zero[0] + zero[1] + zero[2] + zero[3];
	if (zeros * 10 < n * 4 && odd * 8 < n - zeros)
		return NULL;
	/* Spaces and line ends alone give some zeros in any script. */
	if ((zero[0] + zero[2]) * 20 > quarter * 2 && zero[1] + zero[3] == 0)
		return "utf-16be";
	if ((zero[1] + zero[3]) * 20 > quarter * 2 && zero[0] + zero[2] == 0)
		return "utf-16le";
	return NULL;
}

/* The seven-bit charsets that switch by escape sequences; what is left is ASCII. */
static const char *
guess_seven(struct str s)
{
	if (memchr(s.p, 0x1b, s.n)) {
		if (str_has(s, S("\x1b$)C")))
			return "iso-2022-kr";
		if (str_has(s, S("\x1b$)A")) || str_has(s, S("\x1b$)G")))
			return "iso-2022-cn";
		if (str_has(s, S("\x1b$")) || str_has(s, S("\x1b(J")) ||
		    str_has(s, S("\x1b(I")))
			return "iso-2022-jp";
	}
	return NULL;
}

static struct str
guess_by_uchardet(struct str s)
{
	static _Thread_local char name[CHARSET_LABEL_MAX];
	uchardet_t u = uchardet_new();
	size_t n = 0;

	/* The first 64 KiB tell; the rest would only cost. */
	if (uchardet_handle_data(u, s.p, MIN(s.n, (size_t)1 << 16)) == 0) {
		uchardet_data_end(u);
		n = charset_canonical(str_c(uchardet_get_charset(u)), name);
	}
	uchardet_delete(u);
	return str_n(name, n);
}

enum {
	FEW = 4
};

/* How many bytes are not ASCII, counted up to max. */
static size_t
high_bytes(struct str s, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < max; i++)
		n += (unsigned char)s.p[i] >> 7;
	return n;
}

struct str
charset_guess(struct str s)
{
	const char *g = guess_wide(s);
	struct str u;

	if (g)
		return str_c(g);
	if (charset_ascii_run(s, 0) == s.n) {
		g = s.n ? guess_seven(s) : NULL;
		return g ? str_c(g) : S("us-ascii");
	}
	if (charset_is_utf8(s))
		return S("utf-8");
	/* One accent in a subject tells nothing; western is the best bet. */
	if (high_bytes(s, FEW) < FEW)
		return S("windows-1252");
	u = guess_by_uchardet(s);
	if (!u.n || str_eq(u, S("ascii")) || str_eq(u, S("us-ascii")) ||
	    str_eq(u, S("utf-8")))
		return S("windows-1252");
	return u;
}

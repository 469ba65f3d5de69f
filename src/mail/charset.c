/*
 * Three ways, by cost. Nearly all mail is ASCII, UTF-8 or windows-1252 (which is what iso-8859-1 means on the wire, as in the
 * WHATWG encoding standard): done here, with no library. The rest goes through ICU, by converters that stay open. What has no
 * usable label goes to uchardet first, whose weak spots (UTF-16 without a mark, short texts, the stateful ISO 2022) are looked at before.
 */
#include "mail/charset.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/johab.h"

#include <uchardet/uchardet.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/udata.h>

enum kind {
	KIND_UNKNOWN,
	KIND_ASCII,
	KIND_UTF8,
	KIND_1252,
	KIND_JOHAB,
	KIND_ICU
};

/* What a label really means, where ICU knows it not, or otherwise than mail does. After the canonical spelling of canonical(). */
static const struct {
	const char *label, *icu;
} aliases[] = {
    {"gb2312", "gb18030"},
    {"gb_2312-80", "gb18030"},
    {"gbk", "gb18030"},
    {"x-gbk", "gb18030"},
    {"euc-cn", "gb18030"},
    {"euccn", "gb18030"},
    {"cp936", "gb18030"},
    {"ms936", "gb18030"},
    {"936", "gb18030"},
    {"gb-2312", "gb18030"},
    {"chinesesimplified", "gb18030"},
    {"windows-936", "gb18030"},
    {"csgb2312", "gb18030"},
    {"gb18030-2022", "gb18030"},
    {"gb", "gb18030"},
    {"ks_c_5601-1987", "windows-949"},
    {"ks_c_5601", "windows-949"},
    {"ksc5601", "windows-949"},
    {"euc-kr", "windows-949"},
    {"euckr", "windows-949"},
    {"cp949", "windows-949"},
    {"uhc", "windows-949"},
    {"korean", "windows-949"},
    {"ks_c-5601-1987", "windows-949"},
    {"ksc_5601", "windows-949"},
    {"shift_jis", "windows-31j"},
    {"shift-jis", "windows-31j"},
    {"sjis", "windows-31j"},
    {"x-sjis", "windows-31j"},
    {"cp932", "windows-31j"},
    {"ms932", "windows-31j"},
    {"windows-932", "windows-31j"},
    {"ms_kanji", "windows-31j"},
    {"big5", "big5-hkscs"},
    {"big-5", "big5-hkscs"},
    {"x-x-big5", "big5-hkscs"},
    {"cn-big5", "big5-hkscs"},
    {"cp950", "big5-hkscs"},
    {"windows-950", "big5-hkscs"},
    {"iso-8859-9", "windows-1254"},
    {"latin5", "windows-1254"},
    {"iso-8859-11", "windows-874"},
    {"tis-620", "windows-874"},
    {"tis620", "windows-874"},
    {"iso-8859-8-i", "windows-1255"},
    {"iso-8859-8-e", "windows-1255"},
    {"iso-8859-8", "windows-1255"},
    {"visual", "windows-1255"},
    {"logical", "windows-1255"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"x-unicode-2-0-utf-7", "utf-7"},
    {"utf7", "utf-7"},
    {"utf16", "utf-16"},
    {"utf32", "utf-32"},
    {"unicode", "utf-16"},
    {"ucs-2", "utf-16"},
    {"ucs2", "utf-16"},
    {"iso-10646-ucs-2", "utf-16"},
    {"ucs-4", "utf-32"},
    {"utf16le", "utf-16le"},
    {"utf16be", "utf-16be"},
    {"_iso-2022-jp$esc", "iso-2022-jp"},
    {"jis", "iso-2022-jp"},
    {"iso-2022-jp-ms", "iso-2022-jp"},
    {"cp50220", "iso-2022-jp"},
    {"cp50221", "iso-2022-jp"},
    {"cp50222", "iso-2022-jp"},
    {"iso-2022-jp-3", "iso-2022-jp-2"},
    {"hz", "hz-gb-2312"},
    {"iso-2022-jp-2004", "iso-2022-jp-2"},
    {"mac", "macintosh"},
    {"x-mac-roman", "macintosh"},
    {"macroman", "macintosh"},
    {"mac-roman", "macintosh"},
    {"maccyrillic", "x-mac-cyrillic"},
    {"mac-cyrillic", "x-mac-cyrillic"},
    {"koi8", "koi8-r"},
    {"koi", "koi8-r"},
    {"koi8_r", "koi8-r"},
    {"koi8-ru", "koi8-u"},
    {"iso-8859-16", "windows-1250"},
    {"dos-866", "cp866"},
    {"iso-ir-111", "koi8-r"},
    {"win1250", "windows-1250"},
    {"win1251", "windows-1251"},
    {"x-euc-tw", "euc-tw"},
};

static const struct {
	const char *label;
	enum kind kind;
} known[] = {
    {"us-ascii", KIND_ASCII},
    {"ascii", KIND_ASCII},
    {"ansi_x3.4-1968", KIND_ASCII},
    {"7bit", KIND_ASCII},
    {"iso-ir-6", KIND_ASCII},
    {"us", KIND_ASCII},
    {"iso-8859-1-ascii", KIND_ASCII},
    {"usascii", KIND_ASCII},
    {"iso646-us", KIND_ASCII},
    {"cp367", KIND_ASCII},
    {"utf-8", KIND_UTF8},
    {"utf8", KIND_UTF8},
    {"utf_8", KIND_UTF8},
    {"unicode-1-1-utf-8", KIND_UTF8},
    {"x-unicode-2-0-utf-8", KIND_UTF8},
    {"utf-8-sig", KIND_UTF8},
    {"utf8mb4", KIND_UTF8},
    {"unicode-2-0-utf-8", KIND_UTF8},
    {"cp65001", KIND_UTF8},
    {"utf-8n", KIND_UTF8},
    {"x-utf-8", KIND_UTF8},
    {"utf", KIND_UTF8},
    {"iso-8859-1", KIND_1252},
    {"windows-1252", KIND_1252},
    {"latin1", KIND_1252},
    {"latin-1", KIND_1252},
    {"l1", KIND_1252},
    {"cp1252", KIND_1252},
    {"ansi", KIND_1252},
    {"x-ansi", KIND_1252},
    {"iso8859-1", KIND_1252},
    {"iso88591", KIND_1252},
    {"8859-1", KIND_1252},
    {"iso-8859_1", KIND_1252},
    {"iso-ir-100", KIND_1252},
    {"cp819", KIND_1252},
    {"ibm819", KIND_1252},
    {"win1252", KIND_1252},
    {"x-cp1252", KIND_1252},
    {"johab", KIND_JOHAB},
    {"x-johab", KIND_JOHAB},
    {"cp1361", KIND_JOHAB},
    {"ms1361", KIND_JOHAB},
    {"ks_c_5601-1992", KIND_JOHAB},
};

enum {
	LABEL_MAX = 40,
	OPEN_MAX = 40
};

/* A label as it was seen, and what it came to. Each thread has its own: a UConverter keeps state. */
struct entry {
	char label[LABEL_MAX];
	size_t n;
	enum kind kind;
	UConverter *conv;
};
static _Thread_local struct entry cache[OPEN_MAX];
static _Thread_local size_t ncache;

void
charset_init(void)
{
	UErrorCode e = U_ZERO_ERROR;

	udata_setFileAccess(UDATA_NO_FILES, &e);
	ucnv_countAvailable(); /* loads the table of names */
}

/* ---- names ---- */

/* The label in lower case, without quotes and what follows it. */
static size_t
canonical(struct str label, char out[LABEL_MAX])
{
	size_t n = 0;

	label = str_trim(label);
	while (label.n && (label.p[0] == '"' || label.p[0] == '\'' ||
			      label.p[0] == '=' || label.p[0] == '<'))
		label = str_from(label, 1);
	for (size_t i = 0; i < label.n && n < LABEL_MAX - 1; i++) {
		char c = ch_lower(label.p[i]);

		if (!ch_is_alnum(c) && !memchr("-_.:$+(),", c, 9))
			break;
		out[n++] = c;
	}
	while (n && memchr(".,:-_()", out[n - 1], 7))
		n--;
	out[n] = '\0';
	return n;
}

static enum kind
open_icu(const char *name, UConverter **conv)
{
	UErrorCode e = U_ZERO_ERROR;

	/* Ask the table of names first: an unknown one would be looked for on disk. */
	if (!ucnv_countAliases(name, &e) || U_FAILURE(e))
		return KIND_UNKNOWN;
	*conv = ucnv_open(name, &e);
	return U_SUCCESS(e) && *conv ? KIND_ICU : KIND_UNKNOWN;
}

static enum kind
resolve(const char *label, UConverter **conv)
{
	char name[LABEL_MAX + 16];
	size_t skip = 0;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(label, known[i].label))
			return known[i].kind;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (!strcmp(label, aliases[i].label))
			return open_icu(aliases[i].icu, conv);
	if (open_icu(label, conv) == KIND_ICU)
		return KIND_ICU;
	/* "cp-850", "x-windows-1251", "win-1251", "iso8859_5", "cswindows1251" and the like. */
	if (!strncmp(label, "x-", 2))
		skip = 2;
	else if (!strncmp(label, "cs", 2))
		skip = 2;
	if (skip && label[skip])
		return resolve(label + skip, conv);
	for (size_t i = 0; label[i]; i++) {
		const char *digits = label + i;

		if (!ch_is_digit(label[i]))
			continue;
		if (str_starts(str_c(label), S("win")))
			snprintf(name, sizeof name, "windows-%s", digits);
		else if (str_starts(str_c(label), S("iso")) &&
			 str_starts(str_c(digits), S("8859")) && digits[4])
			snprintf(name, sizeof name, "iso-8859-%s",
			    digits + 4 + (ch_is_digit(digits[4]) ? 0 : 1));
		else if (str_starts(str_c(label), S("cp")) ||
			 str_starts(str_c(label), S("ibm")) ||
			 str_starts(str_c(label), S("dos")))
			snprintf(name, sizeof name, "cp%s", digits);
		else
			break;
		if (!strcmp(name, label))
			break;
		for (size_t k = 0; k < ARRAY_LEN(known); k++)
			if (!strcmp(name, known[k].label))
				return known[k].kind;
		return open_icu(name, conv);
	}
	return KIND_UNKNOWN;
}

static struct entry *
look_up(const char *label, size_t n)
{
	struct entry *e;

	for (size_t i = 0; i < ncache; i++)
		if (cache[i].n == n && !memcmp(cache[i].label, label, n))
			return &cache[i];
	if (ncache == OPEN_MAX) {
		/* A mail that invents labels pays for it with the cache; simple, and bounded. */
		for (size_t i = 0; i < ncache; i++)
			if (cache[i].conv)
				ucnv_close(cache[i].conv);
		ncache = 0;
	}
	e = &cache[ncache++];
	*e = (struct entry){.n = n};
	memcpy(e->label, label, n);
	e->kind = n ? resolve(e->label, &e->conv) : KIND_UNKNOWN;
	return e;
}

/* ---- plain bytes ---- */

size_t
charset_ascii_run(struct str s, size_t from)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	size_t i = from;

	for (; i + 32 <= s.n; i += 32) {
		uint64_t w[4];

		memcpy(w, s.p + i, sizeof w);
		if ((w[0] | w[1] | w[2] | w[3]) & high)
			break;
	}
	while (i < s.n && !((unsigned char)s.p[i] & 0x80))
		i++;
	return i - from;
}

/* Where s stops being UTF-8; multi: characters above ASCII before that. */
static size_t
utf8_run(struct str s, size_t from, size_t *multi)
{
	size_t i = from;

	while (i < s.n) {
		uint32_t c;
		size_t n;

		if (!((unsigned char)s.p[i] & 0x80)) {
			i += charset_ascii_run(s, i);
			continue;
		}
		n = utf8_next(str_from(s, i), &c);
		if (!n)
			break;
		i += n;
		++*multi;
	}
	return i;
}

bool
charset_is_utf8(struct str s)
{
	size_t multi = 0;

	return utf8_run(s, 0, &multi) == s.n;
}

struct str
charset_lines(struct arena *a, struct str s)
{
	const char *cr, *p = s.p, *end;
	char *out, *o;

	if (!s.n)
		return s;
	end = p + s.n;
	if (!memchr(s.p, '\r', s.n) && !memchr(s.p, '\0', s.n))
		return s;
	out = o = arena_bytes(a, s.n);
	while (p < end) {
		cr = memchr(p, '\r', (size_t)(end - p));
		for (const char *e = cr ? cr : end; p < e; p++)
			*o++ = *p ? *p : ' ';
		if (!cr)
			break;
		/* CR CR LF, a relay's mistake, is one line end. */
		p = cr + 1;
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			p++;
		if (p < end && *p == '\n')
			p++;
		*o++ = '\n';
	}
	return str_n(out, (size_t)(o - out));
}

static const uint16_t c1[32] = {0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026,
    0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
    0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122,
    0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178};

static char *
put_utf8(char *o, uint32_t c)
{
	if (c < 0x80) {
		*o++ = (char)c;
	} else if (c < 0x800) {
		*o++ = (char)(0xc0 | c >> 6);
		*o++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*o++ = (char)(0xe0 | c >> 12);
		*o++ = (char)(0x80 | (c >> 6 & 63));
		*o++ = (char)(0x80 | (c & 63));
	} else {
		*o++ = (char)(0xf0 | c >> 18);
		*o++ = (char)(0x80 | (c >> 12 & 63));
		*o++ = (char)(0x80 | (c >> 6 & 63));
		*o++ = (char)(0x80 | (c & 63));
	}
	return o;
}

static struct str
from_1252(struct arena *a, struct str s)
{
	size_t high = 0;
	char *out, *o;

	for (size_t i = 0; i < s.n; i++)
		high += (unsigned char)s.p[i] >> 7;
	out = o = arena_bytes(a, s.n + 2 * high);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80)
			*o++ = (char)c;
		else
			o = put_utf8(o, c < 0xa0 ? c1[c - 0x80] : c);
	}
	return str_n(out, (size_t)(o - out));
}

/* ---- ICU ---- */

static void
on_bad(const void *context, UConverterToUnicodeArgs *args, const char *bytes,
    int32_t n, UConverterCallbackReason reason, UErrorCode *e)
{
	static const UChar fffd = 0xfffd;

	(void)bytes;
	(void)n;
	if (reason > UCNV_IRREGULAR)
		return; /* reset, close, clone */
	++*(size_t *)(uintptr_t)context;
	*e = U_ZERO_ERROR;
	ucnv_cbToUWriteUChars(args, &fffd, 1, 0, e);
}

/* Appends UTF-16 to *b as UTF-8; a surrogate at the end waits in *lead for the next run. */
static void
put_utf16(struct buf *b, const UChar *u, size_t n, uint32_t *lead)
{
	char *out = buf_reserve(b, n * 3 + 6), *o = out;

	if (!out)
		return;
	for (size_t i = 0; i < n; i++) {
		uint32_t c = u[i];

		if (*lead && c >= 0xdc00 && c <= 0xdfff) {
			c = 0x10000 + ((*lead - 0xd800) << 10) + (c - 0xdc00);
			*lead = 0;
			o = put_utf8(o, c);
			continue;
		}
		if (*lead) {
			o = put_utf8(o, 0xfffd);
			*lead = 0;
		}
		if (c >= 0xd800 && c <= 0xdbff)
			*lead = c;
		else
			o = put_utf8(
			    o, c >= 0xdc00 && c <= 0xdfff ? 0xfffd : c);
	}
	buf_commit(b, (size_t)(o - out));
}

static struct str
from_icu(struct arena *a, UConverter *conv, struct str s, size_t *bad)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	UChar pivot[2048];
	const char *p = s.n ? s.p : "", *end = p + s.n;
	uint32_t lead = 0;
	UErrorCode e = U_ZERO_ERROR;

	*bad = 0;
	ucnv_reset(conv);
	ucnv_setToUCallBack(conv, on_bad, bad, NULL, NULL, &e);
	do {
		UChar *u = pivot;

		e = U_ZERO_ERROR;
		ucnv_toUnicode(conv, &u, pivot + ARRAY_LEN(pivot), &p, end,
		    NULL, true, &e);
		put_utf16(&b, pivot, (size_t)(u - pivot), &lead);
	} while (e == U_BUFFER_OVERFLOW_ERROR);
	if (lead || U_FAILURE(e)) {
		++*bad;
		utf8_put(&b, 0xfffd);
	}
	return arena_dup(a, buf_str(&b));
}

/*
 * ISO-2022-JP on the wire holds characters of Windows (circled digits, Roman numerals) that the standard does not: the same
 * bytes, read as Shift_JIS, are known to windows-31j. Used when ICU's own reading failed somewhere.
 */
static struct str
jis_to_sjis(struct arena *a, struct str s)
{
	char *out = arena_bytes(a, s.n + 1), *o = out;
	enum {
		ASCII,
		KANA,
		WIDE
	} mode = ASCII;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i], d;

		if (c == 0x1b && s.n - i >= 3) {
			char x = s.p[i + 1], y = s.p[i + 2];

			if (x == '$') {
				mode = WIDE;
				i += y == '(' ? 3 : 2;
				continue;
			}
			if (x == '(') {
				mode = y == 'I' ? KANA : ASCII;
				i += 2;
				continue;
			}
		}
		if (c == '\n' || c == '\r')
			mode = ASCII;
		if (mode == KANA && c > ' ' && c < 0x60) {
			*o++ = (char)(c | 0x80);
			continue;
		}
		if (mode != WIDE || c <= ' ' || c > 0x7e || i + 1 == s.n) {
			*o++ = (char)c;
			continue;
		}
		d = (unsigned char)s.p[++i];
		*o++ = (char)(((c + 1) >> 1) + (c < 0x5f ? 0x70 : 0xb0));
		*o++ = (char)(c & 1 ? d + (d < 0x60 ? 0x1f : 0x20) : d + 0x7e);
	}
	return str_n(out, (size_t)(o - out));
}

static bool
from_ksx(void *context, struct buf *b, const char two[2])
{
	UConverter *conv = context;
	UErrorCode e = U_ZERO_ERROR;
	UChar u[4];
	size_t bad = 0;
	uint32_t lead = 0;
	int32_t n;

	ucnv_setToUCallBack(conv, on_bad, &bad, NULL, NULL, &e);
	n = ucnv_toUChars(conv, u, (int32_t)ARRAY_LEN(u), two, 2, &e);
	if (U_FAILURE(e) || bad || n <= 0)
		return false;
	put_utf16(b, u, (size_t)n, &lead);
	return true;
}

static struct str
from_johab(struct arena *a, struct str s, size_t *bad)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	*bad = johab_decode(&b, s, from_ksx, look_up("windows-949", 11)->conv);
	return arena_dup(a, buf_str(&b));
}

/* ---- guessing ---- */

/* UTF-16 and UTF-32 without a mark: mostly zero bytes on one side. */
static const char *
guess_wide(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = MIN(s.n, (size_t)4096) & ~(size_t)3, zero[4] = {0}, quarter;

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
	quarter = n / 4;
	if (zero[0] == quarter && zero[1] * 10 >= quarter * 9)
		return "utf-32be";
	if (zero[3] == quarter && zero[2] * 10 >= quarter * 9)
		return "utf-32le";
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
	if (str_has(s, S("~{")) && str_has(s, S("~}")))
		return "hz-gb-2312";
	return NULL;
}

static struct str
guess_by_uchardet(struct str s)
{
	static _Thread_local char name[LABEL_MAX];
	uchardet_t u = uchardet_new();
	size_t n = 0;

	/* The first 64 KiB tell; the rest would only cost. */
	if (uchardet_handle_data(u, s.p, MIN(s.n, (size_t)1 << 16)) == 0) {
		uchardet_data_end(u);
		n = canonical(str_c(uchardet_get_charset(u)), name);
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

/* ---- decoding ---- */

static struct str
clean_utf8(struct arena *a, struct str s, size_t *bad)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	size_t i = 0, multi = 0;

	while (i < s.n) {
		size_t to = utf8_run(s, i, &multi);

		buf_put(&b, str_sub(s, i, to));
		if (to < s.n) {
			utf8_put(&b, 0xfffd);
			++*bad;
		}
		i = to + 1;
	}
	return arena_dup(a, buf_str(&b));
}

/* By one charset, with no second thoughts. */
static void
decode_as(struct arena *a, const struct entry *e, struct str s,
    struct charset_text *out)
{
	out->bad = 0;
	switch (e->kind) {
	case KIND_1252:
	case KIND_UNKNOWN:
		out->text = from_1252(a, s);
		break;
	case KIND_ASCII:
	case KIND_UTF8:
		out->text =
		    charset_is_utf8(s) ? s : clean_utf8(a, s, &out->bad);
		break;
	case KIND_JOHAB:
		out->text = from_johab(a, s, &out->bad);
		break;
	case KIND_ICU:
		out->text = from_icu(a, e->conv, s, &out->bad);
		if (out->bad && str_starts(str_c(e->label), S("iso-2022-jp")) &&
		    charset_ascii_run(s, 0) == s.n) {
			struct entry *win = look_up("windows-31j", 11);
			size_t bad;
			struct str t =
			    from_icu(a, win->conv, jis_to_sjis(a, s), &bad);

			if (bad < out->bad) {
				out->text = t;
				out->bad = bad;
			}
		}
		break;
	}
}

static void
decode_guessed(struct arena *a, struct str s, struct charset_text *out)
{
	struct str g = charset_guess(s);

	decode_as(a, look_up(g.p, g.n), s, out);
	out->charset = arena_dup(a, g);
	out->guessed = true;
}

/* Is this UTF-8 but for a few broken characters? Then better some U+FFFD than another charset altogether. */
static bool
mostly_utf8(struct str s)
{
	size_t multi = 0, bad = 0;

	for (size_t i = 0; i < s.n; i++) {
		i = utf8_run(s, i, &multi);
		bad += i < s.n;
	}
	return multi && bad * 8 <= multi;
}

static void
drop_mark(struct str *s)
{
	if (str_starts(*s, S("\xef\xbb\xbf")))
		*s = str_from(*s, 3);
}

void
charset_decode(
    struct arena *a, struct str label, struct str s, struct charset_text *out)
{
	char name[LABEL_MAX];
	size_t n = canonical(label, name);
	const struct entry *e = look_up(name, n);
	bool ascii = charset_ascii_run(s, 0) == s.n;

	*out = (struct charset_text){.unknown = n && e->kind == KIND_UNKNOWN};
	out->charset = e->kind == KIND_UNKNOWN ? (struct str){NULL, 0}
					       : arena_dup(a, str_n(name, n));
	switch (e->kind) {
	case KIND_ASCII:
	case KIND_UNKNOWN:
		if (ascii && !(s.n && memchr(s.p, 0x1b, s.n)) &&
		    !guess_wide(s)) {
			out->text = s;
			if (!out->charset.n)
				out->charset = S("us-ascii");
			break;
		}
		decode_guessed(a, s, out);
		break;
	case KIND_UTF8:
		if (ascii || charset_is_utf8(s)) {
			out->text = s;
		} else if (mostly_utf8(s)) {
			out->text = clean_utf8(a, s, &out->bad);
		} else {
			decode_guessed(a, s, out);
		}
		break;
	case KIND_1252:
		out->text = ascii ? s : from_1252(a, s);
		break;
	case KIND_JOHAB:
	case KIND_ICU:
		decode_as(a, e, s, out);
		if (out->bad) {
			struct charset_text other = *out;

			decode_guessed(a, s, &other);
			/* The label stands unless another charset explains the bytes clearly better. */
			if (other.bad * 4 < out->bad && out->bad > 2 &&
			    !str_eq(other.charset, S("windows-1252")))
				*out = other;
		}
		break;
	}
	drop_mark(&out->text);
}

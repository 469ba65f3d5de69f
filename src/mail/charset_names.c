/*
 * A label is looked up once a thread and stays open: opening one of ICU's converters costs more than converting a mail. What is
 * in the tables below is what senders mean, which is often not what the standard says.
 */
#include "mail/charset_names.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/johab.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/udata.h>

/* What a label really means, where ICU knows it not, or otherwise than mail does. After the canonical spelling of charset_canonical(). */
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
	enum charset_kind kind;
} known[] = {
    {"us-ascii", CHARSET_ASCII},
    {"ascii", CHARSET_ASCII},
    {"ansi_x3.4-1968", CHARSET_ASCII},
    {"7bit", CHARSET_ASCII},
    {"iso-ir-6", CHARSET_ASCII},
    {"us", CHARSET_ASCII},
    {"iso-8859-1-ascii", CHARSET_ASCII},
    {"usascii", CHARSET_ASCII},
    {"iso646-us", CHARSET_ASCII},
    {"cp367", CHARSET_ASCII},
    {"utf-8", CHARSET_UTF8},
    {"utf8", CHARSET_UTF8},
    {"utf_8", CHARSET_UTF8},
    {"unicode-1-1-utf-8", CHARSET_UTF8},
    {"x-unicode-2-0-utf-8", CHARSET_UTF8},
    {"utf-8-sig", CHARSET_UTF8},
    {"utf8mb4", CHARSET_UTF8},
    {"unicode-2-0-utf-8", CHARSET_UTF8},
    {"cp65001", CHARSET_UTF8},
    {"utf-8n", CHARSET_UTF8},
    {"x-utf-8", CHARSET_UTF8},
    {"utf", CHARSET_UTF8},
    {"iso-8859-1", CHARSET_1252},
    {"windows-1252", CHARSET_1252},
    {"latin1", CHARSET_1252},
    {"latin-1", CHARSET_1252},
    {"l1", CHARSET_1252},
    {"cp1252", CHARSET_1252},
    {"ansi", CHARSET_1252},
    {"x-ansi", CHARSET_1252},
    {"iso8859-1", CHARSET_1252},
    {"iso88591", CHARSET_1252},
    {"8859-1", CHARSET_1252},
    {"iso-8859_1", CHARSET_1252},
    {"iso-ir-100", CHARSET_1252},
    {"cp819", CHARSET_1252},
    {"ibm819", CHARSET_1252},
    {"win1252", CHARSET_1252},
    {"x-cp1252", CHARSET_1252},
    {"johab", CHARSET_JOHAB},
    {"x-johab", CHARSET_JOHAB},
    {"cp1361", CHARSET_JOHAB},
    {"ms1361", CHARSET_JOHAB},
    {"ks_c_5601-1992", CHARSET_JOHAB},
};

enum {
	OPEN_MAX = 40
};

/* Each thread has its own: a UConverter keeps state. */
struct charset_entry {
	char label[CHARSET_LABEL_MAX];
	size_t n;
	enum charset_kind kind;
	UConverter *conv;
};
static _Thread_local struct charset_entry cache[OPEN_MAX];
static _Thread_local size_t ncache;

void
charset_init(void)
{
	UErrorCode e = U_ZERO_ERROR;

	udata_setFileAccess(UDATA_NO_FILES, &e);
	ucnv_countAvailable(); /* loads the table of names */
}

/* The label in lower case, without quotes and what follows it. */
size_t
charset_canonical(struct str label, char out[CHARSET_LABEL_MAX])
{
	size_t n = 0;

	label = str_trim(label);
	if (str_istarts(label, S("charset=")))
		label = str_from(label, 8);
	while (label.n && (label.p[0] == '"' || label.p[0] == '\'' ||
			      label.p[0] == '=' || label.p[0] == '<'))
		label = str_from(label, 1);
	for (size_t i = 0; i < label.n && n < CHARSET_LABEL_MAX - 1; i++) {
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

static enum charset_kind
open_icu(const char *name, UConverter **conv)
{
	UErrorCode e = U_ZERO_ERROR;

	/* Ask the table of names first: an unknown one would be looked for on disk. */
	if (!ucnv_countAliases(name, &e) || U_FAILURE(e))
		return CHARSET_UNKNOWN;
	*conv = ucnv_open(name, &e);
	return U_SUCCESS(e) && *conv ? CHARSET_ICU : CHARSET_UNKNOWN;
}

static enum charset_kind
resolve(const char *label, UConverter **conv)
{
	char name[CHARSET_LABEL_MAX + 16];
	size_t skip = 0;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(label, known[i].label))
			return known[i].kind;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (!strcmp(label, aliases[i].label))
			return open_icu(aliases[i].icu, conv);
	if (open_icu(label, conv) == CHARSET_ICU)
		return CHARSET_ICU;
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
			snprintf(name, sizeof name, "windows-%.40s", digits);
		else if (str_starts(str_c(label), S("iso")) &&
			 str_starts(str_c(digits), S("8859")) && digits[4])
			snprintf(name, sizeof name, "iso-8859-%.40s",
			    digits + 4 + (ch_is_digit(digits[4]) ? 0 : 1));
		else if (str_starts(str_c(label), S("cp")) ||
			 str_starts(str_c(label), S("ibm")) ||
			 str_starts(str_c(label), S("dos")))
			snprintf(name, sizeof name, "cp%.40s", digits);
		else
			break;
		if (!strcmp(name, label))
			break;
		for (size_t k = 0; k < ARRAY_LEN(known); k++)
			if (!strcmp(name, known[k].label))
				return known[k].kind;
		return open_icu(name, conv);
	}
	return CHARSET_UNKNOWN;
}

const struct charset_entry *
charset_find(const char *label, size_t n)
{
	struct charset_entry *e;

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
	*e = (struct charset_entry){.n = n};
	memcpy(e->label, label, n);
	e->kind = n ? resolve(e->label, &e->conv) : CHARSET_UNKNOWN;
	return e;
}

enum charset_kind
charset_kind(const struct charset_entry *e)
{
	return e->kind;
}

/* ---- converting ---- */

char *
charset_put_utf8(char *o, uint32_t c)
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
			o = charset_put_utf8(o, c);
			continue;
		}
		if (*lead) {
			o = charset_put_utf8(o, 0xfffd);
			*lead = 0;
		}
		if (c >= 0xd800 && c <= 0xdbff)
			*lead = c;
		else
			o = charset_put_utf8(
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

	*bad = johab_decode(
	    &b, s, from_ksx, charset_find("windows-949", 11)->conv);
	return arena_dup(a, buf_str(&b));
}

struct str
charset_convert(
    struct arena *a, const struct charset_entry *e, struct str s, size_t *bad)
{
	bool jis = str_starts(str_c(e->label), S("iso-2022-jp"));
	struct str text, other;
	size_t other_bad;

	if (e->kind == CHARSET_JOHAB)
		return from_johab(a, s, bad);
	text = from_icu(a, e->conv, s, bad);
	if (!*bad || !jis || charset_ascii_run(s, 0) != s.n)
		return text;
	other = from_icu(a, charset_find("windows-31j", 11)->conv,
	    jis_to_sjis(a, s), &other_bad);
	if (other_bad >= *bad)
		return text;
	*bad = other_bad;
	return other;
}

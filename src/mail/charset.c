/*
 * Three ways, by cost. Nearly all mail is ASCII, UTF-8 or windows-1252 (which is what iso-8859-1 means on the wire, as in the
 * WHATWG encoding standard): done here, with no library. The rest goes through ICU (charset_names.c). What has no usable label is
 * guessed (charset_guess.c).
 */
#include "mail/charset.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/charset_names.h"

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
			o = charset_put_utf8(o, c < 0xa0 ? c1[c - 0x80] : c);
	}
	return str_n(out, (size_t)(o - out));
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
decode_as(struct arena *a, const struct charset_entry *e, struct str s,
    struct charset_text *out)
{
	out->bad = 0;
	switch (charset_kind(e)) {
	case CHARSET_1252:
	case CHARSET_UNKNOWN:
		out->text = from_1252(a, s);
		break;
	case CHARSET_ASCII:
	case CHARSET_UTF8:
		out->text =
		    charset_is_utf8(s) ? s : clean_utf8(a, s, &out->bad);
		break;
	case CHARSET_JOHAB:
	case CHARSET_ICU:
		out->text = charset_convert(a, e, s, &out->bad);
		break;
	}
}

static void
decode_guessed(struct arena *a, struct str s, struct charset_text *out)
{
	struct str g = charset_guess(s);

	decode_as(a, charset_find(g.p, g.n), s, out);
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
	char name[CHARSET_LABEL_MAX];
	size_t n = charset_canonical(label, name);
	const struct charset_entry *e = charset_find(name, n);
	bool ascii = charset_ascii_run(s, 0) == s.n;

	*out = (struct charset_text){
	    .unknown = n && charset_kind(e) == CHARSET_UNKNOWN};
	out->charset = charset_kind(e) == CHARSET_UNKNOWN
			   ? (struct str){NULL, 0}
			   : arena_dup(a, str_n(name, n));
	switch (charset_kind(e)) {
	case CHARSET_ASCII:
	case CHARSET_UNKNOWN:
		if (ascii && !(s.n && (memchr(s.p, 0x1b, s.n) ||
					  memchr(s.p, '\0', s.n)))) {
			out->text = s;
			if (!out->charset.n)
				out->charset = S("us-ascii");
			break;
		}
		decode_guessed(a, s, out);
		break;
	case CHARSET_UTF8:
		if (ascii || charset_is_utf8(s)) {
			out->text = s;
		} else if (mostly_utf8(s)) {
			out->text = clean_utf8(a, s, &out->bad);
		} else {
			decode_guessed(a, s, out);
		}
		break;
	case CHARSET_1252:
		out->text = ascii ? s : from_1252(a, s);
		break;
	case CHARSET_JOHAB:
	case CHARSET_ICU:
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

/*
 * RTF is groups in braces, control words, and text. What is shown is all text but that of "destinations" (fonts, colours, styles,
 * anything marked \*). HTML wrapped in RTF stands in \*\htmltag groups and in the text; what is only for RTF readers is between
 * \htmlrtf and \htmlrtf0.
 */
#include "mail/rtf.h"
#include "mail/charset.h"
#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"

enum {
	DEPTH_MAX = 200,
	OUT_MAX = 4 << 20
};

struct state {
	bool hidden;   /* in a destination that is not shown */
	bool rtf_only; /* \htmlrtf */
	bool tag;      /* in \*\htmltag */
	unsigned skip; /* \ucN: characters that stand for a \u */
};

struct rtf {
	struct arena *arena;
	struct str s, codepage;
	size_t at;
	struct buf out,
	    bytes; /* bytes: \'hh of the codepage, not converted yet */
	struct state stack[DEPTH_MAX];
	size_t depth, too_deep;
	unsigned skipping;
	uint32_t lead;
	bool html, star;
};

static struct state *
now(struct rtf *r)
{
	return &r->stack[r->depth];
}

static bool
shown(struct rtf *r)
{
	const struct state *s = now(r);

	return !r->too_deep && !s->hidden && !(r->html && s->rtf_only);
}

static void
flush(struct rtf *r)
{
	struct charset_text t;

	if (!r->bytes.n)
		return;
	charset_decode(r->arena, r->codepage, buf_str(&r->bytes), &t);
	buf_put(&r->out, t.text);
	buf_reset(&r->bytes);
}

static void
put(struct rtf *r, struct str s)
{
	if (!shown(r))
		return;
	flush(r);
	buf_put(&r->out, s);
}

static void
put_unicode(struct rtf *r, int v)
{
	uint32_t c = (uint32_t)(v & 0xffff);

	if (!shown(r))
		return;
	flush(r);
	if (c >= 0xd800 && c <= 0xdbff) {
		r->lead = c;
		return;
	}
	if (r->lead && c >= 0xdc00 && c <= 0xdfff)
		c = 0x10000 + ((r->lead - 0xd800) << 10) + (c - 0xdc00);
	r->lead = 0;
	if (c)
		utf8_put(&r->out, c);
}

static bool
is_hidden_destination(struct str w)
{
	static const char *const words[] = {"fonttbl", "colortbl", "stylesheet",
	    "info", "pict", "header", "footer", "object", "themedata",
	    "listtable", "listoverridetable", "generator", "fldinst"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(w, str_c(words[i])))
			return true;
	return false;
}

static void
word(struct rtf *r, struct str w, bool has_number, int number)
{
	struct state *s = now(r);

	if (str_eq(w, S("htmltag"))) {
		s->tag = true;
		s->hidden = !r->html;
	} else if (r->star || is_hidden_destination(w)) {
		s->hidden = true;
	} else if (str_eq(w, S("fromhtml"))) {
		r->html = true;
	} else if (str_eq(w, S("htmlrtf"))) {
		s->rtf_only = !has_number || number != 0;
	} else if (str_eq(w, S("par")) || str_eq(w, S("line")) ||
		   str_eq(w, S("row"))) {
		put(r, S("\n"));
	} else if (str_eq(w, S("tab")) || str_eq(w, S("cell"))) {
		put(r, S("\t"));
	} else if (str_eq(w, S("uc"))) {
		s->skip = has_number && number >= 0 && number < 8
			      ? (unsigned)number
			      : 1;
	} else if (str_eq(w, S("u"))) {
		put_unicode(r, number);
		r->skipping = s->skip;
	} else if (str_eq(w, S("bullet"))) {
		put(r, S("\xe2\x80\xa2"));
	} else if (str_eq(w, S("emdash")) || str_eq(w, S("endash"))) {
		put(r, S("\xe2\x80\x93"));
	} else if (str_eq(w, S("lquote")) || str_eq(w, S("rquote"))) {
		put(r, S("'"));
	} else if (str_eq(w, S("ldblquote")) || str_eq(w, S("rdblquote"))) {
		put(r, S("\""));
	}
	r->star = false;
}

/* "\word-12 ", "\'e4", "\{" …; at stands behind the backslash. */
static void
control(struct rtf *r)
{
	struct str s = r->s;
	size_t i = r->at, from = i;
	bool negative, digits = false;
	long number = 0;

	if (i >= s.n)
		return;
	if (!ch_is_alpha(s.p[i])) {
		r->at = i + 1;
		if (s.p[i] == '\'' && i + 2 < s.n) {
			int hi = ch_hex(s.p[i + 1]), lo = ch_hex(s.p[i + 2]);

			r->at = i + 3;
			if (r->skipping)
				r->skipping--;
			else if (hi >= 0 && lo >= 0 && shown(r))
				buf_putc(&r->bytes, (char)(hi << 4 | lo));
		} else if (s.p[i] == '*') {
			r->star = true;
		} else if (s.p[i] == '~') {
			put(r, S("\xc2\xa0"));
		} else if (memchr("{}\\", s.p[i], 3)) {
			put(r, str_sub(s, i, i + 1));
		} else if (s.p[i] == '\n' || s.p[i] == '\r') {
			put(r, S("\n"));
		}
		return;
	}
	while (i < s.n && ch_is_alpha(s.p[i]) && i - from < 32)
		i++;
	from = r->at;
	r->at = i;
	negative = i < s.n && s.p[i] == '-';
	for (i += negative; i < s.n && ch_is_digit(s.p[i]); i++) {
		digits = true;
		if (number < 100000000)
			number = number * 10 + (s.p[i] - '0');
	}
	if (digits || !negative) {
		size_t end = r->at;

		r->at = i + (i < s.n && s.p[i] == ' ');
		word(r, str_sub(s, from, end), digits,
		    (int)(negative ? -number : number));
	}
}

static void
open_group(struct rtf *r)
{
	flush(r);
	if (r->depth + 1 == DEPTH_MAX) {
		r->too_deep++;
		return;
	}
	r->stack[r->depth + 1] = r->stack[r->depth];
	r->depth++;
	now(r)->tag = false;
}

static void
close_group(struct rtf *r)
{
	flush(r);
	r->star = false;
	r->skipping = 0;
	if (r->too_deep)
		r->too_deep--;
	else if (r->depth)
		r->depth--;
}

struct str
rtf_text(struct arena *a, struct str rtf, struct str codepage, bool *html)
{
	struct rtf r = {.arena = a,
	    .s = rtf,
	    .codepage = codepage,
	    .out = buf_max(OUT_MAX)};
	struct str text;

	r.stack[0].skip = 1;
	while (r.at < rtf.n && !buf_failed(&r.out)) {
		char c = rtf.p[r.at++];

		if (c == '{') {
			open_group(&r);
		} else if (c == '}') {
			close_group(&r);
		} else if (c == '\\') {
			control(&r);
		} else if (c != '\r' && c != '\n') {
			if (r.skipping)
				r.skipping--;
			else if ((unsigned char)c >= 0x80 && shown(&r))
				buf_putc(&r.bytes, c);
			else
				put(&r, str_sub(rtf, r.at - 1, r.at));
		}
	}
	flush(&r);
	*html = r.html;
	text = charset_lines(a, arena_dup(a, buf_str(&r.out)));
	buf_fini(&r.out);
	buf_fini(&r.bytes);
	return text;
}

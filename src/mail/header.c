/*
 * Fields are found in one pass over the raw bytes and stay there; a value is copied only when somebody wants it decoded. Real
 * headers are broken in every way: encoded words in the middle of words, split inside a character, with blanks in them; raw 8-bit
 * bytes; lines of junk. Each of these has a rule here, none of them an error.
 */
#include "mail/header.h"
#include "mail/charset.h"
#include "mail/transfer.h"
#include "base/must.h"
#include "base/utf8.h"

enum {
	AHEAD_BYTES = 8000,
	JUNK_MAX = 200 /* lines for which AHEAD_BYTES are looked through */
};

/* ---- fields ---- */

size_t
field_name(struct str line)
{
	size_t n = 0, end;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f &&
	       line.p[n] != ':')
		n++;
	end = n;
	while (n < line.n && ch_is_wsp(line.p[n]))
		n++;
	return end && n < line.n && line.p[n] == ':' ? end : 0;
}

/* Lines one after the other; lone CRs end them too. The next LF is looked for once, however many CRs stand before it. */
struct lines {
	struct str rest;
	const char
	    *lf; /* NULL: not looked for yet; rest's end: there is none */
};

static bool
next_line(struct lines *l, struct str *line)
{
	const char *p = l->rest.p, *end, *cr;
	size_t n;

	if (!l->rest.n)
		return false;
	end = p + l->rest.n;
	if (!l->lf || l->lf < p) {
		l->lf = memchr(p, '\n', l->rest.n);
		if (!l->lf)
			l->lf = end;
	}
	n = (size_t)(l->lf - p);
	cr = memchr(p, '\r', n);
	/* CR CR LF, made by some relays, is one line end. */
	if (cr && (l->lf == end || (cr + 1 != l->lf &&
				       !(cr + 2 == l->lf && cr[1] == '\r')))) {
		*line = str_n(p, (size_t)(cr - p));
		l->rest = str_from(l->rest, line->n + 1);
		return true;
	}
	*line = str_n(p, cr ? (size_t)(cr - p) : n);
	l->rest = str_from(l->rest, l->lf < end ? n + 1 : n);
	return true;
}

/* A field that a header really has, for telling junk in a header from a body that begins without an empty line. */
static bool
is_usual(struct str line)
{
	static const char *const usual[] = {"received", "from", "to", "cc",
	    "subject", "date", "message-id", "mime-version", "return-path",
	    "delivered-to", "reply-to", "sender", "references", "in-reply-to",
	    "dkim-signature", "authentication-results"};
	struct str name = str_sub(line, 0, field_name(line));

	if (str_istarts(name, S("x-")) || str_istarts(name, S("content-")) ||
	    str_istarts(name, S("list-")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (str_ieq(name, str_c(usual[i])))
			return true;
	return false;
}

static void
add_field(struct arena *a, struct fields *f, size_t *cap, struct str line,
    size_t name)
{
	struct raw_field *x;
	size_t colon = name;

	if (f->n == FIELDS_MAX) {
		f->cut = true;
		return;
	}
	if (f->n == *cap) {
		struct raw_field *v;

		*cap = *cap ? *cap * 2 : 32;
		v = arena_array(a, struct raw_field, *cap);
		if (f->n)
			memcpy(v, f->v, f->n * sizeof *v);
		f->v = v;
	}
	while (line.p[colon] != ':')
		colon++;
	x = &f->v[f->n++];
	x->name = str_n(line.p, name);
	x->raw = str_from(line, colon + 1);
}

/*
 * A header whose folds lost their blanks ("Received: from x" / "by y"): nothing of the sender yet, but it comes before the empty line. Only
 * behind a trace field, so that the text of a part without a header is never taken for one.
 */
static bool
sender_follows(const struct fields *f, const struct lines *rest)
{
	struct lines after = {.rest = str_sub(rest->rest, 0, AHEAD_BYTES)};
	struct str line;
	bool trace = false;

	for (size_t i = 0; i < f->n; i++) {
		if (str_ieq(f->v[i].name, S("from")))
			return false;
		trace |= str_ieq(f->v[i].name, S("received"));
	}
	while (trace && next_line(&after, &line) && line.n)
		if (str_istarts(line, S("from:")) && field_name(line))
			return true;
	return false;
}

size_t
fields_scan(struct arena *a, struct str s, struct fields *out)
{
	struct lines rest = {.rest = s}, after;
	struct str line, peek;
	size_t cap = 0, body = 0, n;
	bool last = false;

	*out = (struct fields){0};
	while (next_line(&rest, &line)) {
		body = (size_t)(line.p - s.p);
		if (!line.n)
			return s.n - rest.rest.n;
		/* The very first line has nothing to go on from: blanks before it are a mistake. */
		if (!out->n && !out->junk && field_name(str_ltrim(line)))
			line = str_ltrim(line);
		if (ch_is_wsp(line.p[0])) {
			struct raw_field *x = last ? &out->v[out->n - 1] : NULL;

			/* The value goes on: up to here, folds and all. */
			if (x)
				x->raw.n = (size_t)(line.p + line.n - x->raw.p);
			continue;
		}
		n = field_name(line);
		if (n) {
			add_field(a, out, &cap, line, n);
			last = !out->cut;
			continue;
		}
		last = false;
		if (!out->n && (str_starts(line, S("From ")) ||
				   str_starts(line, S(">From "))))
			continue;
		after = rest;
		do {
			if (!next_line(&after, &peek))
				return body;
		} while (peek.n && ch_is_wsp(peek.p[0]));
		/* ": text" is a field that lost its name. */
		if (!is_usual(peek) && (line.p[0] != ':' || peek.n) &&
		    (out->junk >= JUNK_MAX || !sender_follows(out, &rest)))
			return body;
		out->junk++;
	}
	return s.n;
}

struct str
fields_get(const struct fields *f, struct str name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_ieq(f->v[i].name, name))
			return f->v[i].raw;
	return (struct str){NULL, 0};
}

/* ---- encoded words ---- */

/* "=?charset?Q?text?=" taken apart. */
struct word {
	struct str charset, text;
	char how; /* 'q' or 'b' */
	size_t end;
};

/* Where the text of a word ends is looked for once for all words that share that end: hostile values stay linear. */
struct decoder {
	struct arena *arena;
	struct str raw, charset;
	struct buf out;
	struct buf
	    bytes; /* of neighbouring words in one charset, not yet converted */
	struct str words_charset;
	ptrdiff_t known_end; /* the last "?=" found, and from where */
	size_t known_from;
};

static ptrdiff_t
find_end(struct decoder *d, size_t from)
{
	if (from < d->known_from ||
	    (d->known_end >= 0 && (size_t)d->known_end < from) ||
	    d->known_from == 0) {
		d->known_end = str_find(d->raw, S("?="), from);
		d->known_from = from ? from : 1;
	}
	return d->known_end;
}

static bool
read_word(struct decoder *d, size_t at, struct word *w)
{
	struct str s = d->raw;
	size_t i = at + 2, star;
	ptrdiff_t end;

	while (i < s.n && s.p[i] > ' ' && s.p[i] != '?' && i - at < 80)
		i++;
	if (i + 3 > s.n || s.p[i] != '?' || s.p[i + 2] != '?')
		return false;
	w->charset = str_sub(s, at + 2, i);
	star = (size_t)str_chr(w->charset, '*', 0);
	if (star < w->charset.n) /* RFC 2231 §5: charset*language */
		w->charset.n = star;
	w->how = ch_lower(s.p[i + 1]);
	if (w->how != 'q' && w->how != 'b')
		return false;
	end = find_end(d, i + 3);
	if (end < 0)
		return false;
	w->text = str_sub(s, i + 3, (size_t)end);
	w->end = (size_t)end + 2;
	/* A word that was never closed runs into the next one. */
	return str_find(w->text, S(" =?"), 0) < 0;
}

/* Takes what is gathered of encoded words to the output. */
static void
flush_words(struct decoder *d)
{
	struct charset_text t;

	if (!d->bytes.n)
		return;
	charset_decode(d->arena, d->words_charset, buf_str(&d->bytes), &t);
	buf_put(&d->out, t.text);
	buf_reset(&d->bytes);
}

static void
put_word(struct decoder *d, const struct word *w)
{
	AUTO(buf_fini) struct buf unfolded = BUF_INIT;
	struct str text = w->text;
	char *at;

	if (!str_ieq(w->charset, d->words_charset)) {
		flush_words(d);
		d->words_charset = w->charset;
	}
	if (text.n && memchr(text.p, '\n', text.n)) {
		/* Folded inside the word, by a sender that knew no better. */
		for (size_t i = 0; i < text.n; i++)
			if (!ch_is_space(text.p[i]) ||
			    (text.p[i] == ' ' && i && text.p[i - 1] != '\n'))
				buf_putc(&unfolded, text.p[i]);
		text = buf_str(&unfolded);
	}
	at = buf_reserve(&d->bytes, text.n + 8);
	buf_commit(&d->bytes,
	    w->how == 'q' ? q_decode(text, at) : base64_decode(text, at));
}

/* Text between encoded words. Line breaks go, other control characters become a blank; 8-bit bytes by the charset given or guessed. */
static void
put_plain(struct decoder *d, struct str s)
{
	struct charset_text t = {.text = s};

	if (charset_ascii_run(s, 0) != s.n && !charset_is_utf8(s))
		charset_decode(d->arena, d->charset, s, &t);
	buf_put(&d->out, t.text);
}

/* A line of blanks inside a field is a mailer's mistake: it goes, with the blanks around it. */
static struct str
without_blank_lines(struct str s)
{
	struct str t = str_rtrim(s);
	ptrdiff_t lf = str_chr(s, '\n', t.n);

	return lf >= 0 && str_chr(s, '\n', (size_t)lf + 1) >= 0 ? t : s;
}

static void
decode_words(struct decoder *d)
{
	size_t at = 0, plain = 0;
	bool after_word = false;
	ptrdiff_t next;
	struct word w;

	while ((next = str_find(d->raw, S("=?"), at)) >= 0) {
		struct str between;

		if (!read_word(d, (size_t)next, &w)) {
			at = (size_t)next + 2;
			continue;
		}
		between =
		    without_blank_lines(str_sub(d->raw, plain, (size_t)next));
		if (!after_word || !str_is_blank(between)) {
			flush_words(d);
			put_plain(d, between);
		}
		put_word(d, &w);
		after_word = true;
		plain = at = w.end;
	}
	flush_words(d);
	put_plain(d, str_from(d->raw, plain));
}

/* One line: line breaks vanish before a blank, all other control characters and tabs become blanks. In place; returns the new length. */
static size_t
flatten(char *p, size_t n)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= ' ' && c != 0x7f) {
			p[o++] = p[i];
			continue;
		}
		if ((c == '\r' || c == '\n') &&
		    (i + 1 == n || ch_is_space(p[i + 1])))
			continue;
		p[o++] = ' ';
	}
	return o;
}

struct str
header_decode(struct arena *a, struct str raw, struct str charset)
{
	struct decoder d = {.arena = a, .charset = charset};
	bool plain = true, control = false;
	char *out;
	size_t n;

	raw = str_ltrim(raw);
	if (str_chr(raw, '\n', str_rtrim(raw).n) >= 0)
		raw = str_rtrim(raw);
	if (raw.n > HEADER_VALUE_MAX * 4)
		raw = str_sub(raw, 0, HEADER_VALUE_MAX * 4);
	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = (unsigned char)raw.p[i];

		control |= c < ' ' || c == 0x7f;
		if (c >= 0x80 ||
		    (c == '=' && i + 1 < raw.n && raw.p[i + 1] == '?'))
			plain = false;
	}
	if (plain) {
		out = arena_cstr(a, raw);
		n = control ? flatten(out, raw.n) : raw.n;
		return utf8_clip(str_n(out, n), HEADER_VALUE_MAX);
	}
	d.raw = raw;
	decode_words(&d);
	out = arena_cstr(a, buf_str(&d.out));
	n = flatten(out, d.out.n);
	buf_fini(&d.out);
	buf_fini(&d.bytes);
	return utf8_clip(str_n(out, n), HEADER_VALUE_MAX);
}

struct str
header_text(struct arena *a, struct str raw, struct str charset)
{
	return str_rtrim(header_decode(a, raw, charset));
}

/*
 * A heading in the text is a line that says so, a block of fields, or both:
 *
 *   -------- Forwarded Message --------          Gmail, Thunderbird, Yahoo, K-9, QQ, NetEase, Notes, mutt; "Begin forwarded message:" of Apple
 *   Subject: 	Printer                          a block; may be quoted as a whole (Apple)
 *   Date: 	Fri, 1 Mar 2024 10:00:00 +0100
 *   From: 	Ann Cole <ann@customer.example>
 *   To: 	bob@acme.example
 *
 *   My printer burns.
 *
 * Outlook and Foxmail write the block alone, the same one as above what they reply to; there the subject tells ("FW:", "WG:", "转发：").
 * QQ and K-9 write "Original message" for both. Without such a subject it may be a forward, and is not sure.
 *
 * A sender is sure when his field holds exactly one address: "boss@acme.example" <eve@other.example> names two, and "Anna Smith", as Outlook
 * writes people of its own house, none.
 */
#include "mail/forward_attached.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/forward_date.h"
#include "mail/forward_people.h"
#include "mail/reply_line.h"
#include "mail/subject.h"

enum {
	BLOCK_LINES = 60,
	HEADER_LINES = 200, /* of a header as it travelled */
	GAP_LINES = 3,
	LINE_BYTES = 4000,
	FIELD_BYTES = 48 /* of a line: a field's colon stands in them */
};

/* --- lines --- */

struct lines {
	struct arena *a;
	struct str text;
	size_t at; /* where the line begins that is looked at */
	size_t n;  /* lines taken */
};

/* The line at `at`, and where the next one begins. False at the end. */
static bool
line_at(struct str text, size_t at, struct str *line, size_t *next)
{
	ptrdiff_t lf;

	if (at >= text.n)
		return false;
	lf = str_chr(text, '\n', at);
	*next = lf < 0 ? text.n : (size_t)lf + 1;
	*line = str_sub(text, at, lf < 0 ? text.n : (size_t)lf);
	return true;
}

/* Without quote marks. */
static struct str
bare(struct str line, bool *quoted)
{
	struct str inner;

	if (!reply_is_quoted(line, &inner))
		return line;
	*quoted = true;
	return inner;
}

/* --- a block of fields --- */

struct block {
	struct str value[FIELD_OTHER + 1]; /* the first of each kind */
	bool had[FIELD_OTHER + 1];
	bool long_list; /* a value was cut */
	bool quoted;
	unsigned fields; /* how many kinds */
	size_t end;      /* where the words begin */
};

/* What stands behind the colon, as written. */
static struct str
raw_value(struct str line)
{
	ptrdiff_t colon = str_chr(line, ':', 0);
	ptrdiff_t wide = str_find(line, S("\uff1a"), 0);
	struct str v;

	if (wide >= 0 && (colon < 0 || wide < colon))
		v = str_from(line, (size_t)wide + 3);
	else
		v = str_from(line, (size_t)colon + 1);
	v = str_trim(v);
	/* "*From:* Anna", "**From:** Anna": bold type as text. */
	while (str_starts(v, S("*")) || str_starts(v, S("\u00a0")))
		v = str_from(v, v.p[0] == '*' ? 1 : 2);
	v = str_trim(v);
	/* "|From: | Anna |": a table as text. */
	if (str_starts(v, S("|")))
		v = str_trim(str_from(v, 1));
	if (str_ends(v, S("|")))
		v = str_rtrim(str_sub(v, 0, v.n - 1));
	return v;
}

/* Does a value go on in this line, which is no field? */
static bool
goes_on(struct str value, struct str line)
{
	struct str t = str_trim(line);
	char last;

	if (!t.n)
		return false;
	if (!value.n)
		return true;
	last = value.p[value.n - 1];
	return last == ',' || last == ';' || ch_is_wsp(line.p[0]) ||
	       t.p[0] == '<' || t.p[t.n - 1] == '>' || t.p[t.n - 1] == ';';
}

static void
take_field(
    struct block *b, enum reply_field f, struct str line, struct str **last)
{
	if (b->had[f]) {
		*last = NULL;
		return;
	}
	b->had[f] = true;
	b->fields++;
	b->value[f] = raw_value(line);
	*last = &b->value[f];
}

static void
go_on(struct lines *l, struct block *b, struct str *value, struct str line)
{
	if (value->n + line.n > FORWARD_VALUE_MAX) {
		b->long_list = true;
		return;
	}
	*value = arena_printf(l->a, "%.*s%s%.*s", STR_ARG(*value),
	    value->n ? " " : "", STR_ARG(str_trim(line)));
}

/* "X-Original-To: …": a field of a mail's own header (RFC 5322 §2.2). */
static bool
is_raw_field(struct str line)
{
	size_t n = 0;

	while (n < line.n && (ch_is_alnum(line.p[n]) || line.p[n] == '-'))
		n++;
	return n && n < line.n && line.p[n] == ':';
}

/* Reads the fields from `at` on. raw: it may be a whole header, as mutt shows one to whom it is not told what to leave out. */
static void
read_block(struct lines *l, size_t at, bool raw, struct block *b)
{
	struct str line, *last = NULL;
	size_t next, gap = 0;
	struct folded f;

	*b = (struct block){.end = at};
	for (size_t n = 0; n < (raw ? HEADER_LINES : BLOCK_LINES) &&
			   line_at(l->text, at, &line, &next);
	     n++, at = next) {
		enum reply_field field = FIELD_NONE;
		struct str s = bare(line, &b->quoted), value;

		f.n = 0;
		f.cut = false;
		reply_fold(&f, str_sub(s, 0, LINE_BYTES));
		if (f.n == 0) {
			/* Above the block, and (Outlook, as text) between its lines. */
			if (++gap > 1 && b->fields)
				break;
			if (gap > GAP_LINES || (raw && b->fields))
				break;
			/* The end, unless another field follows. */
			if (b->fields >= 3)
				last = NULL;
			continue;
		}
		if (!f.cut || b->fields)
			field = reply_field_of(folded_str(&f), &value);
		if (field == FIELD_NONE && raw && !last && b->fields &&
		    ch_is_wsp(s.p[0])) {
			b->end = next;
			continue;
		}
		if (field == FIELD_NONE && raw && is_raw_field(s))
			field = FIELD_OTHER;
		if (field == FIELD_NONE) {
			if (!last || gap || !goes_on(*last, s))
				break;
			go_on(l, b, last, s);
			b->end = next;
			continue;
		}
		/* A field below a blank line that was there before begins the words. */
		if (gap && b->fields >= 3 &&
		    (b->had[field] || field == FIELD_OTHER))
			break;
		take_field(b, field, s, &last);
		gap = 0;
		b->end = next;
	}
}

/* Is it the heading of a mail, and not a text with colons? */
static bool
is_heading(const struct block *b, bool said)
{
	if (!b->had[FIELD_FROM])
		return false;
	if (said)
		return b->fields >= 2;
	return b->fields >= 3 && (b->had[FIELD_SENT] || b->had[FIELD_TO]) &&
	       (b->had[FIELD_SUBJECT] ||
		   str_chr(b->value[FIELD_FROM], '@', 0) >= 0);
}

/* --- what kind of heading --- */

enum said {
	SAID_NOTHING,
	SAID_ORIGINAL,
	SAID_FORWARDED,
	SAID_WITH_SENDER
};

/* "----- Forwarded message from Ann <ann@c.example> -----": mutt. The sender. */
static bool
is_mutt(struct str line, struct str *who)
{
	static const struct str begins[] = {S("forwarded message from "),
	    S("weitergeleitete nachricht von "),
	    S("message transf\u00e9r\u00e9 de "), S("mensaje reenviado de "),
	    S("messaggio inoltrato da ")};
	struct str s = str_trim(line);

	while (s.n && (s.p[0] == '-' || s.p[0] == ' '))
		s = str_from(s, 1);
	if (s.n + 3 > str_trim(line).n || !str_ends(s, S("-----")))
		return false;
	while (s.n && (s.p[s.n - 1] == '-' || s.p[s.n - 1] == ' '))
		s.n--;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (str_istarts(s, begins[i])) {
			*who = str_from(s, begins[i].n);
			return true;
		}
	return false;
}

/* Cheap first, lines of text are most of a mail: it begins with dashes of some kind, or ends in a colon of some kind. */
static bool
may_say(struct str t)
{
	unsigned char first;

	if (t.n < 5 || t.n > 300)
		return false;
	first = (unsigned char)t.p[0];
	return memchr("-_=*~#+", first, 7) || first == 0xe2 || first == 0xef ||
	       t.p[t.n - 1] == ':' || str_ends(t, S("\uff1a"));
}

static enum said
says(struct str line, struct str *who)
{
	struct str t = str_trim(line);
	struct folded f = {.n = 0};

	if (!may_say(t))
		return SAID_NOTHING;
	if (is_mutt(line, who))
		return SAID_WITH_SENDER;
	reply_fold(&f, t);
	if (reply_is_forward(t, folded_str(&f)))
		return SAID_FORWARDED;
	return reply_is_original(t, folded_str(&f)) ? SAID_ORIGINAL
						    : SAID_NOTHING;
}

/* --- subjects --- */

/* What its first prefix says; tags in brackets before it do not count, whose they may be. */
static enum subject_prefix
subject_kind(struct str s)
{
	struct strs none = {NULL, 0};
	ptrdiff_t end;

	s = str_trim(s);
	while (str_starts(s, S("[")) && (end = str_chr(s, ']', 0)) > 0)
		s = str_ltrim(str_from(s, (size_t)end + 1));
	/* Most subjects, without going through all languages. */
	if (str_istarts(s, S("re:")))
		return SUBJECT_REPLY;
	if (!s.n || (!memchr(s.p, ':', MIN(s.n, (size_t)FIELD_BYTES)) &&
			!memchr(s.p, 0xef, MIN(s.n, (size_t)FIELD_BYTES))))
		return SUBJECT_PLAIN;
	return subject_prefix(s, &none);
}

/* --- the parts together --- */

/* The words end at the end of the text; mutt says where. */
static size_t
words_end(struct str text, size_t from, bool mutt)
{
	size_t to = text.n;

	if (mutt) {
		ptrdiff_t at =
		    str_find(text, S("\n----- End forwarded message -----"),
			from ? from - 1 : 0);

		if (at >= 0)
			to = (size_t)at;
	}
	while (to > from && ch_is_space(text.p[to - 1]))
		to--;
	return to;
}

struct span
forward_words_from(struct str text, size_t from, bool mutt)
{
	struct str line;
	size_t next;

	while (line_at(text, from, &line, &next)) {
		bool quoted = false;

		if (str_trim(bare(line, &quoted)).n)
			break;
		from = next;
	}
	return (struct span){
	    (uint32_t)from, (uint32_t)MAX(from, words_end(text, from, mutt))};
}

static struct forwarded *
from_block(struct lines *l, const struct block *b, size_t end, bool mutt)
{
	struct forwarded *x = arena_new(l->a, struct forwarded);
	unsigned n = forward_person(l->a, b->value[FIELD_FROM], &x->from);

	forward_people(l->a, b->value[FIELD_TO], &x->to);
	forward_people(l->a, b->value[FIELD_CC], &x->cc);
	x->subject = utf8_clip(
	    arena_dup(l->a, b->value[FIELD_SUBJECT]), MESSAGE_SUBJECT_MAX);
	x->date = forward_date(b->value[FIELD_SENT]);
	x->text = forward_words_from(l->text, end, mutt);
	x->sure = n == 1 && b->fields >= 3 && !b->long_list &&
		  (b->had[FIELD_SENT] || b->had[FIELD_TO]);
	return x;
}

static struct forwarded *
try_block(struct lines *l, size_t at, enum said said,
    enum subject_prefix subject, struct str who)
{
	struct forwarded *x;
	struct block b;

	read_block(l, at, said == SAID_WITH_SENDER, &b);
	if (said == SAID_WITH_SENDER) {
		struct address from;
		unsigned n = forward_person(l->a, who, &from);

		x = from_block(l, &b, b.had[FIELD_FROM] ? b.end : at, true);
		/* Both name him, the same one. */
		if (!b.had[FIELD_FROM]) {
			x->from = from;
			x->sure = n == 1;
		} else if (n != 1 || !address_eq(from.addr, x->from.addr)) {
			x->sure = false;
		}
		return x;
	}
	if (!is_heading(&b, said != SAID_NOTHING))
		return NULL;
	x = from_block(l, &b, b.end, false);
	x->sure &= said == SAID_FORWARDED || subject == SUBJECT_FORWARD;
	return x;
}

/* Could the line be a field at all? Asked of every line of every mail. */
static bool
may_be_field(struct str line)
{
	size_t n = MIN(line.n, (size_t)FIELD_BYTES);
	const char *p = line.p, *end = line.p + n;

	if (n == 0)
		return false;
	if (memchr(p, ':', n))
		return true;
	/* A name of one script has a colon of one. */
	if ((unsigned char)*p < 0x80)
		return false;
	while ((p = memchr(p, 0xef, (size_t)(end - p))) && end - p >= 3)
		if (memcmp(p++, "\uff1a", 3) == 0)
			return true;
	return false;
}

/* Nothing of interest at a glance: most lines of most mails. Never wrong when true. */
static bool
is_dull(struct str line)
{
	unsigned char first, last;

	if (line.n < 3 || line.n > LINE_BYTES)
		return true;
	first = (unsigned char)line.p[0];
	last = (unsigned char)line.p[line.n - 1];
	return (ch_is_alnum((char)first) || first == ' ') && last != ':' &&
	       last != 0x9a && last != '\r' && last != ' ' &&
	       !memchr(line.p, ':', MIN(line.n, (size_t)FIELD_BYTES)) &&
	       (first != ' ' || !memchr(line.p, '-', line.n));
}

static struct forwarded *
in_text(struct arena *a, struct str text, enum subject_prefix subject,
    bool *said_so)
{
	struct lines l = {.a = a, .text = text};
	struct str line, who = S("");
	struct folded f;
	size_t next;

	for (; l.n < FORWARD_SEARCH_LINES && line_at(text, l.at, &line, &next);
	     l.n++, l.at = next) {
		struct forwarded *x = NULL;
		struct str value, s;
		bool quoted = false;
		enum said said;

		if (is_dull(line))
			continue;
		s = bare(line, &quoted);
		/* An answer quotes what it answers, and that may be a forward. */
		if (quoted && subject != SUBJECT_FORWARD)
			continue;
		said = says(s, &who);
		*said_so = said >= SAID_FORWARDED;
		if (said >= SAID_FORWARDED ||
		    (said == SAID_ORIGINAL && subject != SUBJECT_REPLY))
			x = try_block(&l, next, said, subject, who);
		else if (said == SAID_ORIGINAL)
			return NULL;
		if (x) {
			x->heading = (uint32_t)l.at;
			return x;
		}
		if (said != SAID_NOTHING || !may_be_field(s))
			continue;
		f.n = 0;
		f.cut = false;
		reply_fold(&f, s);
		if (reply_field_of(folded_str(&f), &value) == FIELD_NONE)
			continue;
		x = try_block(&l, l.at, SAID_NOTHING, subject, who);
		if (!x)
			continue;
		x->heading = (uint32_t)l.at;
		return subject == SUBJECT_REPLY ? NULL : x;
	}
	return NULL;
}

/* --- both --- */

/* "[ann@c.example: Printer]": mutt's subject for what Ann wrote. */
static struct str
mutts_subject(const struct forwarded *x, struct str s)
{
	s = str_trim(s);
	if (!str_starts(s, S("[")) || !str_ends(s, S("]")))
		return S("");
	s = str_sub(s, 1, s.n - 1);
	if (!x->from.addr.n || !str_istarts(s, x->from.addr))
		return S("");
	s = str_from(s, x->from.addr.n);
	return str_starts(s, S(": ")) ? str_from(s, 2) : S("");
}

struct forwarded *
forward_read(struct arena *a, const struct message *m, size_t own,
    const struct mime *mime)
{
	struct str text = str_sub(m->text, 0, own);
	bool said_so = false;
	struct forwarded *in, *x;

	in = in_text(a, text, subject_kind(m->subject), &said_so);
	x = forward_attached(a, m, own, mime);
	if (in && !in->subject.n)
		in->subject = mutts_subject(in, m->subject);
	if (!in || !x)
		return in ? in : x;
	/* The customer's mail had one attached, or the agent's had and shows the conversation before it: is it the same one? */
	if (address_eq(in->from.addr, x->from.addr) && x->sure)
		return x;
	if (!said_so)
		in = x;
	in->sure = false;
	return in;
}

/* Without one quote mark; the blank behind it goes, too. */
static struct str
unmarked(struct str line)
{
	line = str_from(str_ltrim(line), 1);
	return str_starts(line, S(" ")) ? str_from(line, 1) : line;
}

struct str
forward_words(struct arena *a, const struct message *m)
{
	struct span at = m->forwarded->text;
	struct str all = str_trim(str_sub(m->text, at.from, at.to));
	struct str rest = all, line;
	size_t n = 0;
	char *out;

	while (str_cut(&rest, '\n', &line))
		if (!str_starts(str_ltrim(line), S(">")) && str_trim(line).n)
			return all;
	out = arena_bytes(a, all.n + 1);
	for (rest = all; str_cut(&rest, '\n', &line);) {
		if (n)
			out[n++] = '\n';
		if (str_trim(line).n)
			line = unmarked(line);
		if (line.n)
			memcpy(out + n, line.p, line.n);
		n += line.n;
	}
	return str_trim(str_n(out, n));
}

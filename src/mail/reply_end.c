/*
 * The second pass of reply.c: what stands at the ends of a text without being a part of it. Below: signatures ("-- ", name cards, the
 * footers of lists), "Sent from my phone", disclaimers. Above: the warning of a gateway.
 *
 * Nothing goes that would leave no text, but where a notice of ours is answered: a signature alone is no answer.
 */
#include "mail/reply_split.h"

#include "base/must.h"

enum {
	SIGNATURE_LINES = 15,
	CONTACT_LINES = 8,
	NAME_LINES = 3, /* "Dr. Anna Smith", "ACME" */
};

/* Are there more than max lines of text? */
static bool
more_than(const struct split *s, size_t from, size_t to, size_t max)
{
	size_t n = 0;

	for (size_t i = from; i < to && n <= max; i++)
		n += s->line[i].kind == TEXT;
	return n > max;
}

static bool
text_in(const struct split *s, size_t from, size_t to)
{
	return more_than(s, from, to, 0);
}

/* Looks like a name card: a telephone, an address, a site; short lines. */
static bool
is_contact(const struct split *s, size_t from, size_t to)
{
	bool contact = false;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		struct str l = reply_line_at(s, i);
		size_t digits = 0;

		if (s->line[i].kind != TEXT)
			continue;
		if (l.n > 100 || ++n > CONTACT_LINES)
			return false;
		for (size_t k = 0; k < l.n; k++)
			digits += ch_is_digit(l.p[k]);
		contact |= digits >= 7 || str_has(l, S("@")) ||
			   str_has(l, S("www.")) || str_has(l, S("http"));
	}
	return contact;
}

/*
 * Below a long rule of wide dashes, with a blank line above it, as clients in China set it, or of underscores: a few short lines that
 * are no sentences.
 */
static bool
is_name_card(const struct split *s, size_t rule, size_t to)
{
	struct str mark = str_trim(reply_line_at(s, rule)), colon = S(":");
	bool wide = (unsigned char)mark.p[0] >= 0x80;
	size_t n = 0, max = wide ? CONTACT_LINES : NAME_LINES;

	if (rule == 0 || (wide && s->line[rule - 1].kind != BLANK) ||
	    (!wide && mark.p[0] != '_') || !reply_is_rule(mark, wide ? 8 : 20))
		return false;
	for (size_t i = rule + 1; i < to; i++) {
		struct str l = str_trim(reply_line_at(s, i));

		if (s->line[i].kind != TEXT)
			continue;
		if (l.n > 60 || ++n > max || reply_ends_sentence(l))
			return false;
		/* "Printer: blue" is no name. */
		for (size_t k = 0; !wide && k < l.n; k++)
			if (ch_is_digit(l.p[k]))
				return false;
		if (!wide && str_has(l, colon))
			return false;
	}
	return n > 0;
}

/* Does a signature begin at line i of the block that ends at `to`? */
static bool
signature_at(const struct split *s, size_t i, size_t to)
{
	struct str line = reply_line_at(s, i);
	struct str t = str_trim(line);

	if (str_eq(line, S("-- ")))
		return true;
	if (str_eq(t, S("--")) || str_eq(t, S("__")) ||
	    str_eq(t, S("\u2014")) || str_eq(t, S("\u2013")) ||
	    str_eq(t, S("\u2014\u2014")))
		return !more_than(s, i + 1, to, SIGNATURE_LINES);
	if (!reply_is_rule(t, 3))
		return false;
	for (size_t k = i + 1; k < to && k < i + 4; k++)
		if (str_ihas(reply_line_at(s, k), S("mailing list")))
			return true;
	return is_contact(s, i + 1, to) || is_name_card(s, i, to);
}

/* A block's last paragraph, [from, to): its first line. */
static size_t
paragraph(const struct split *s, size_t from, size_t to)
{
	while (to > from && s->line[to - 1].kind != BLANK)
		to--;
	return to;
}

static bool
is_disclaimer(const struct split *s, size_t from, size_t to)
{
	struct folded f;
	bool begins = false;

	if (s->line[to - 1].to - s->line[from].from < 60)
		return false;
	for (size_t i = from; i < to && i < from + 2; i++) {
		reply_fold_line(s, i, &f);
		begins |= reply_begins_disclaimer(folded_str(&f));
	}
	for (size_t i = from; begins && i < to; i++) {
		reply_fold_line(s, i, &f);
		if (reply_in_disclaimer(folded_str(&f)))
			return true;
	}
	return false;
}

/* Foxmail's signature: the writer's address, well below the text and right above the heading of what is answered. */
static bool
is_lone_address(const struct split *s, size_t from, size_t to)
{
	struct str l = str_trim(reply_line_at(s, to - 1));
	ptrdiff_t at = str_chr(l, '@', 0);

	return s->end < s->n && to >= from + 3 && at > 0 && l.n < 100 &&
	       (size_t)at + 1 < l.n && str_chr(l, ' ', 0) < 0 &&
	       str_chr(l, '/', 0) < 0 && s->line[to - 2].kind == BLANK &&
	       s->line[to - 3].kind == BLANK && text_in(s, from, to - 3);
}

/* From the end of a block: footers of phones, disclaimers, rules. The new end. */
static size_t
drop_tail(struct split *s, size_t from, size_t to)
{
	struct folded f;
	size_t p;

	for (;;) {
		while (to > from && s->line[to - 1].kind == BLANK)
			to--;
		if (to <= from)
			return to;
		reply_fold_line(s, to - 1, &f);
		if (reply_is_footer(folded_str(&f)) ||
		    reply_is_rule(reply_line_at(s, to - 1), 3) ||
		    is_lone_address(s, from, to)) {
			s->line[--to].kind = DROPPED;
			continue;
		}
		p = paragraph(s, from, to);
		if (p <= from || !text_in(s, from, p) ||
		    !is_disclaimer(s, p, to))
			return to;
		reply_mark(s, p, to, DROPPED);
		to = p;
	}
}

/* A disclaimer of several paragraphs: everything from its first on. */
static size_t
drop_disclaimer(struct split *s, size_t from, size_t to)
{
	for (size_t i = from + 1; i < to; i++) {
		size_t end = i;

		if (s->line[i].kind != TEXT || s->line[i - 1].kind == TEXT)
			continue;
		while (end < to && s->line[end].kind == TEXT)
			end++;
		if (end - i <= 30 &&
		    s->line[end - 1].to - s->line[i].from > 150 &&
		    text_in(s, from, i) && is_disclaimer(s, i, end) &&
		    s->line[to - 1].to - s->line[i].from < 6000) {
			reply_mark(s, i, to, DROPPED);
			return i;
		}
		i = end;
	}
	return to;
}

/* "CAUTION: this mail is from outside": put above the text by the gateway it went through. */
void
reply_drop_banner(struct split *s)
{
	size_t i = 0, end, n = 0;
	struct folded f;

	while (i < s->end && (s->line[i].kind == BLANK ||
				 reply_is_rule(reply_line_at(s, i), 3)))
		i++;
	if (i == s->end || s->line[i].kind != TEXT)
		return;
	f.n = 0;
	f.cut = false;
	for (end = i; end < s->end && s->line[end].kind == TEXT; end++) {
		n += s->line[end].to - s->line[end].from;
		if (end < i + 8)
			reply_fold(&f, reply_line_at(s, end));
	}
	if (n <= REPLY_LINE_MAX && end - i <= 8 && text_in(s, end, s->end) &&
	    reply_is_banner(folded_str(&f)))
		reply_mark(s, 0, end, DROPPED);
}

static void
drop_signature(struct split *s, size_t from, size_t to)
{
	to = drop_disclaimer(s, from, to);
	to = drop_tail(s, from, to);
	for (size_t i = from; i < to; i++) {
		if (s->line[i].kind != TEXT || !signature_at(s, i, to))
			continue;
		if (!text_in(s, from, i) && !text_in(s, 0, from) && !s->notice)
			continue;
		reply_mark(s, i, to, DROPPED);
		drop_tail(s, from, i);
		return;
	}
}

void
reply_drop_ends(struct split *s)
{
	size_t i = 0, from;

	while (i < s->end) {
		if (s->line[i].kind != TEXT && s->line[i].kind != BLANK) {
			i++;
			continue;
		}
		for (from = i; i < s->end && (s->line[i].kind == TEXT ||
						 s->line[i].kind == BLANK);
		     i++)
			;
		drop_signature(s, from, i);
	}
}

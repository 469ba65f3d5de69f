/*
 * Three passes over the lines of a mail.
 *
 * The first tells them apart, from the top: text, quoted, blank, the heading of a quote, the header block of Outlook. It
 * stops where the rest is known to be old: at "-----Original Message-----", at a header block, at a heading that no
 * quote marks follow. A forward below a text is kept whole: the writer wants it read.
 *
 * The second (reply_end.c) drops what stands at the end of each run of text: signature, "Sent from my phone", disclaimers.
 *
 * The third decides about quotes. Under the text they go. One quote above the text, with its heading, goes ("bottom
 * posting"), but a short one that goes on below the answer. Several with text between stay: the answers cannot be understood without them. A quote without heading, that the
 * writer made by hand, stays too.
 *
 *   On Monday, Anna wrote:     heading     dropped
 *   > When do you open?        quoted      kept, the next line answers it
 *   At nine.                   text        kept
 *   > And when do you close?   quoted      kept
 *   At five.                   text        kept
 *   -- \nBob                   signature   dropped
 */
#include "mail/reply.h"

#include "base/must.h"
#include "mail/reply_split.h"

enum {
	LINES_MAX = 50000, /* the rest is one long last line */
	TRIES_MAX = 2000,
	HEADING_LINES = 5,
	CARD_LINES = 10,     /* of the writer's card above a heading */
	BLOCK_LINES = 40,    /* of a header block */
	LONG_LINE = 60,      /* bytes: one that may have been wrapped */
	CONTEXT_LINES = 40,  /* of a quote between answers that stays */
	QUESTION_LINES = 10, /* of one above the only answer */
};

static bool
blank_line(struct str line)
{
	struct folded f = {.n = 0};

	if (str_trim(line).n == 0)
		return true;
	if (line.n > 100 || (unsigned char)str_trim(line).p[0] < 0xc2)
		return false;
	reply_fold(&f, line);
	return f.n == 0 && !str_has(line, S("*"));
}

static void
cut_lines(struct arena *a, struct split *s)
{
	size_t n = 1, at = 0;

	for (size_t i = 0; i < s->text.n && n < LINES_MAX; i++)
		n += s->text.p[i] == '\n';
	s->line = arena_array(a, struct line, n);
	while (s->n < n && at < s->text.n) {
		ptrdiff_t lf =
		    s->n + 1 == LINES_MAX ? -1 : str_chr(s->text, '\n', at);
		size_t to = lf < 0 ? s->text.n : (size_t)lf;
		struct line *l = &s->line[s->n++];

		l->from = (uint32_t)at;
		l->to = (uint32_t)to;
		if (l->to > l->from && s->text.p[l->to - 1] == '\r')
			l->to--;
		at = to + 1;
	}
	s->end = s->n;
	s->keep = SIZE_MAX;
}

/* --- the first pass --- */

static bool
text_above(const struct split *s, size_t i)
{
	while (i-- > 0)
		if (s->line[i].kind == TEXT &&
		    !reply_is_rule(reply_line_at(s, i), 3))
			return true;
	return false;
}

static size_t
next_filled(const struct split *s, size_t i)
{
	while (i < s->n && blank_line(reply_line_at(s, i)))
		i++;
	return i;
}

static bool
quote_follows(const struct split *s, size_t i)
{
	struct str inner;

	i = next_filled(s, i);
	return i < s->n &&
	       (reply_is_quoted(reply_line_at(s, i), &inner) ||
		   str_starts(str_ltrim(reply_line_at(s, i)), S("| ")));
}

/* The last field may be a list of addresses that goes on in the next lines. */
static size_t
header_overhang(const struct split *s, size_t end)
{
	for (size_t k = 0; k < 5 && end < s->n; k++, end++) {
		struct str l = str_trim(reply_line_at(s, end));

		if (l.n == 0 || l.n > 200 || str_chr(l, '@', 0) < 0 ||
		    (l.p[l.n - 1] != '>' && l.p[l.n - 1] != ';' &&
			l.p[l.n - 1] != ','))
			break;
	}
	return end;
}

/*
 * A header block at line i: its end, or i when there is none. marked: a rule or "Original Message" stands above, so
 * less is asked of it.
 */
static size_t
header_block(const struct split *s, size_t i, bool marked)
{
	unsigned kinds = 0, fields = 0;
	bool address = false, timed = false;
	size_t end = i, gap = 0, first = i;
	struct folded f;

	for (; i < s->n && i < first + BLOCK_LINES && gap < 3; i++) {
		enum reply_field field;
		struct str value = S("");

		reply_fold_line(s, i, &f);
		if (f.n == 0) {
			if (fields >= 3 || ++gap > 1)
				break;
			continue;
		}
		field = reply_field_of(folded_str(&f), &value);
		if (field == FIELD_NONE) {
			if (fields == 0)
				return first;
			address |= f.p[0] == '<' &&
				   str_chr(folded_str(&f), '@', 0) >= 0;
			gap++;
			continue;
		}
		if (str_chr(value, '@', 0) >= 0)
			address = true;
		if (field == FIELD_SENT && reply_has_time(value))
			timed = true;
		kinds |= 1u << field;
		fields++;
		gap = 0;
		end = i + 1;
	}
	end = header_overhang(s, end);
	fields = (unsigned)__builtin_popcount(kinds);
	if (!(kinds & 1u << FIELD_FROM))
		return first;
	if (marked ? fields >= 2
		   : fields >= 3 &&
			 (kinds & (1u << FIELD_SENT | 1u << FIELD_TO)) &&
			 (kinds & 1u << FIELD_SUBJECT || address) &&
			 (address || timed))
		return end;
	return first;
}

/*
 * The rest is old. With nothing above it, it is a forward of which only the header (up to `end`) goes: the line to go on at.
 */
static size_t
old_from(struct split *s, size_t i, size_t end)
{
	if (text_above(s, i)) {
		s->end = i;
		return s->n;
	}
	reply_mark(s, i, end, DROPPED);
	s->keep = end;
	return s->n;
}

static size_t
forwarded(struct split *s, size_t i)
{
	size_t body = next_filled(s, i + 1);

	if (!text_above(s, i)) {
		reply_mark(s, i, header_block(s, body, true), DROPPED);
		body = header_block(s, body, true);
		reply_mark(s, i, i + 1, DROPPED);
		s->keep = body;
	} else {
		s->keep = i;
	}
	return s->n;
}

/* The line above k, over blanks and the lone '<' that some converters of HTML leave; SIZE_MAX: no text. */
static size_t
line_above(const struct split *s, size_t k, bool blanks)
{
	for (size_t skipped = 0; k > 0 && skipped < 3; k--, skipped++) {
		if (s->line[k - 1].kind == BLANK && blanks)
			continue;
		if (s->line[k - 1].kind != TEXT)
			return SIZE_MAX;
		if (!str_eq(str_trim(reply_line_at(s, k - 1)), S("<")))
			return k - 1;
		blanks = true;
	}
	return SIZE_MAX;
}

/* NetEase draws a card of the writer with bars, above the heading: the line that the card begins at. */
static size_t
over_bars(const struct split *s, size_t from)
{
	size_t top = from;

	for (size_t k = from; k > 0 && from - k < CARD_LINES; k--) {
		struct str l = str_trim(reply_line_at(s, k - 1));

		if (str_eq(l, S("|")) || str_eq(l, S("| |")))
			top = k - 1;
		else if (top == from || l.n > 80)
			break;
	}
	return top;
}

/* A heading was found from line `from` on; where it really begins, when it was wrapped before. */
static size_t
heading_beginning(const struct split *s, size_t from)
{
	size_t k = from;
	struct folded f;

	for (size_t back = 0; back < HEADING_LINES; back++) {
		k = line_above(s, k, false);
		if (k == SIZE_MAX)
			break;
		reply_fold_line(s, k, &f);
		if (reply_begins_heading(folded_str(&f)))
			from = k;
		else if (f.n == 0 || strchr(".!?:", f.p[f.n - 1]))
			break;
	}
	return from;
}

/* A line that ends like a heading: does one end here? Marks it and returns the line to go on at, or i. */
static size_t
heading_ending_at(struct split *s, size_t i)
{
	enum heading h = HEADING_NO;
	struct folded f;
	struct str inner;
	size_t from = i, blanks = 0;
	bool quoted = quote_follows(s, i + 1);

	for (size_t back = 0; back < HEADING_LINES && from + 1 > 0; back++) {
		f.n = 0;
		f.cut = false;
		for (size_t k = from; k <= i; k++) {
			struct str l = reply_line_at(s, k);

			if (k == i && k != from && reply_is_quoted(l, &inner))
				l = inner;
			reply_fold(&f, l);
		}
		h = reply_heading(folded_str(&f));
		if (h == HEADING_SURE || (h == HEADING_IF_QUOTED && quoted))
			break;
		h = HEADING_NO;
		if (from == 0 || s->line[from - 1].kind == QUOTED ||
		    s->line[from - 1].kind == HEADING ||
		    (s->line[from - 1].kind == BLANK &&
			(++blanks > 1 || from < 2)))
			break;
		from--;
		if (s->line[from].kind == BLANK)
			from--;
	}
	if (h == HEADING_NO)
		return i;
	from = heading_beginning(s, from);
	from = over_bars(s, from);
	reply_mark(s, from, i + 1, HEADING);
	while (from > 0 && s->line[from - 1].kind == BLANK)
		from--;
	if (!quoted && from > 0 && text_above(s, from)) {
		s->end = from;
		return s->n;
	}
	return i + 1;
}

/*
 * "Yes please. On Wed, 4 Apr 2012, ann@x.example wrote:": text and heading on one line, as some phones send it. The line ends
 * where the heading begins.
 */
static bool
cut_shared_line(struct split *s, size_t i)
{
	struct str line = reply_line_at(s, i);
	size_t at;

	s->tries++;
	at = reply_heading_within(line);
	if (at == 0 || (i > 0 && s->line[i - 1].kind == HEADING))
		return false;
	s->line[i].to = s->line[i].from + (uint32_t)at;
	if (!quote_follows(s, i + 1))
		s->end = i + 1;
	return true;
}

/* Lines that begin with '|' under a heading are its quote, in some clients. */
static size_t
bar_quote(struct split *s, size_t i)
{
	size_t k = next_filled(s, i);

	while (k < s->n && str_starts(str_ltrim(reply_line_at(s, k)), S("|")))
		s->line[k++].kind = QUOTED;
	return k > i && s->line[k - 1].kind == QUOTED ? k : i;
}

static bool
rule_above(const struct split *s, size_t i)
{
	while (i > 0 && s->line[i - 1].kind == BLANK)
		i--;
	return i > 0 && reply_is_rule(reply_line_at(s, i - 1), 3);
}

/* What one line of text turns out to be; the line to go on at. */
static size_t
look_at_text(struct split *s, size_t i)
{
	struct str line = reply_line_at(s, i), value;
	struct folded f;
	size_t end;

	if (line.n > REPLY_LINE_MAX || s->tries > TRIES_MAX)
		return i + 1;
	reply_fold_line(s, i, &f);
	if (reply_is_cut(line, folded_str(&f)))
		return old_from(s, i, i + 1);
	if (reply_is_forward(line, folded_str(&f)))
		return forwarded(s, i);
	if (reply_is_original(line, folded_str(&f)) ||
	    (str_starts(folded_str(&f), S("previous ")) && rule_above(s, i) &&
		phrases_have(&reply_originals, folded_str(&f)))) {
		end = next_filled(s, i + 1);
		return old_from(s, i,
		    header_block(s, end, true) > end
			? header_block(s, end, true)
			: i + 1);
	}
	if (reply_field_of(folded_str(&f), &value) != FIELD_NONE) {
		s->tries++;
		end = header_block(s, i, rule_above(s, i));
		if (end > i)
			return old_from(s, i, end);
	}
	if (reply_may_end_heading(folded_str(&f)) && cut_shared_line(s, i))
		return s->end == i + 1 ? s->n : i + 1;
	if (reply_may_end_heading(folded_str(&f)) ||
	    (reply_is_short_heading(folded_str(&f)) &&
		quote_follows(s, i + 1))) {
		if (reply_is_short_heading(folded_str(&f))) {
			reply_mark(s, i, i + 1, HEADING);
			return bar_quote(s, i + 1);
		}
		s->tries++;
		end = heading_ending_at(s, i);
		if (end > i && end < s->n)
			return bar_quote(s, end);
		if (end > i)
			return end;
	}
	return i + 1;
}

/* "> wrote:": the end of a heading that was wrapped together with the quote. */
static bool
ends_wrapped_heading(const struct split *s, size_t i, struct str inner)
{
	struct folded f = {.n = 0};

	if (inner.n == 0 || inner.n > 40 || i == 0 ||
	    s->line[i - 1].kind == QUOTED)
		return false;
	reply_fold(&f, inner);
	return reply_may_end_heading(folded_str(&f)) &&
	       phrases_have(&reply_verbs, str_sub(folded_str(&f), 0, f.n - 1));
}

static void
tell_apart(struct split *s)
{
	size_t i = 0;

	while (i < s->end && s->keep == SIZE_MAX) {
		struct str line = reply_line_at(s, i), inner;
		size_t next;

		if (s->line[i].kind != TEXT) {
			i++;
			continue;
		}
		if (blank_line(line)) {
			s->line[i++].kind = BLANK;
			continue;
		}
		if (reply_is_groupwise(line) && text_above(s, i)) {
			s->end = i;
			return;
		}
		if (reply_is_quoted(line, &inner)) {
			next = ends_wrapped_heading(s, i, inner)
				   ? heading_ending_at(s, i)
				   : i;
			if (next == i)
				s->line[i].kind = QUOTED;
			i = next > i ? next : i + 1;
			continue;
		}
		if (reply_begins_notice(s, i)) {
			s->end = i;
			return;
		}
		i = look_at_text(s, i);
	}
}

/* Does a link begin in the line that does not end in it? "View it (http://example.org/a" */
static bool
opens_link(struct str line)
{
	ptrdiff_t at = str_rchr(line, '(');

	if (at < 0 || !str_starts(str_from(line, (size_t)at), S("(http")))
		at = str_rchr(line, '<');
	if (at < 0 || !str_starts(str_from(line, (size_t)at + 1), S("http")))
		return false;
	return str_chr(line, line.p[at] == '(' ? ')' : '>', (size_t)at) < 0;
}

/* A quoted line that some gateway wrapped: its tail has lost the mark. */
static void
mend_wrapped(struct split *s)
{
	for (size_t i = 1; i + 1 < s->end; i++) {
		const struct line *before = &s->line[i - 1];

		if (s->line[i].kind == TEXT && before->kind == QUOTED &&
		    s->line[i + 1].kind == QUOTED &&
		    (opens_link(reply_line_at(s, i - 1)) ||
			(before->to - before->from >= LONG_LINE &&
			    s->line[i].to - s->line[i].from <
				before->to - before->from)))
			s->line[i].kind = QUOTED;
	}
}

/* --- the third pass --- */

/* A run of quoted lines, with the heading and the blank lines around. */
struct quote {
	size_t from, to, lines;
	bool headed;
};

static size_t
next_quote(const struct split *s, size_t i, size_t end, struct quote *q)
{
	*q = (struct quote){.from = i};
	while (i < end && s->line[i].kind == TEXT)
		i++;
	q->from = i;
	for (; i < end && s->line[i].kind != TEXT; i++) {
		q->lines += s->line[i].kind == QUOTED;
		q->headed |= s->line[i].kind == HEADING;
	}
	q->to = i;
	return i;
}

static void
decide_quotes(struct split *s)
{
	size_t last = s->end, quotes = 0, i;
	bool goes_on = false;
	struct quote q;

	while (last > 0 && s->line[last - 1].kind != TEXT)
		last--;
	if (last == 0) {
		/* Nothing but our own notice: nobody answered. */
		if (s->notice)
			reply_mark(s, 0, s->end, DROPPED);
		return;
	}
	/* The quote goes on below the answer, which stands between its lines. */
	if (last < s->end) {
		next_quote(s, last, s->end, &q);
		goes_on = q.lines > 0 && !q.headed;
	}
	reply_mark(s, last, s->end, DROPPED);
	for (i = 0; i < last;) {
		i = next_quote(s, i, last, &q);
		quotes += q.lines > 0;
	}
	for (i = 0; i < last;) {
		i = next_quote(s, i, last, &q);
		if (q.lines && ((quotes == 1 && (q.headed || s->notice) &&
				    !(goes_on && q.lines <= QUESTION_LINES)) ||
				   q.lines > CONTEXT_LINES))
			for (size_t k = q.from; k < q.to; k++)
				if (s->line[k].kind == QUOTED)
					s->line[k].kind = DROPPED;
	}
	for (i = 0; i < last; i++)
		if (s->line[i].kind == HEADING)
			s->line[i].kind = DROPPED;
}

/* --- spans --- */

static void
add_span(
    struct arena *a, struct span **v, size_t *n, uint32_t from, uint32_t to)
{
	struct span *grown;

	if (*n == 0 || (*n & (*n - 1)) == 0) {
		grown = arena_array(a, struct span, *n ? *n * 2 : 1);
		if (*n)
			memcpy(grown, *v, *n * sizeof *grown);
		*v = grown;
	}
	(*v)[(*n)++] = (struct span){from, to};
}

/*
 * Runs of kept lines. A span that another follows takes its line break and the blank lines behind along, so that the
 * spans set one after the other read as written.
 */
static void
collect(struct arena *a, const struct split *s, struct span **v, size_t *n)
{
	size_t end = s->keep == SIZE_MAX ? s->end : s->n, i = 0;

	while (i < end) {
		size_t from, to;

		while (i < end && s->line[i].kind != TEXT &&
		       s->line[i].kind != QUOTED)
			i++;
		from = i;
		for (to = i; i < end && s->line[i].kind <= QUOTED; i++)
			if (s->line[i].kind != BLANK)
				to = i + 1;
		if (from == to)
			continue;
		add_span(a, v, n, s->line[from].from, s->line[to - 1].to);
	}
	for (size_t k = 0; k + 1 < *n; k++)
		while ((*v)[k].to < (*v)[k + 1].from &&
		       ch_is_space(s->text.p[(*v)[k].to]))
			(*v)[k].to++;
}

void
reply_split(
    struct arena *a, struct str text, struct span **fresh, size_t *nfresh)
{
	struct split s = {.text = text};

	*fresh = NULL;
	*nfresh = 0;
	if (text.n > UINT32_MAX - 1 || str_trim(text).n == 0)
		return;
	cut_lines(a, &s);
	s.maybe_notice = reply_maybe_notice(text);
	tell_apart(&s);
	mend_wrapped(&s);
	reply_drop_notices(&s);
	if (s.keep != SIZE_MAX) {
		for (size_t i = 0; i < s.keep; i++)
			if (s.line[i].kind == HEADING)
				s.line[i].kind = TEXT;
		reply_mark(&s, s.keep, s.n, TEXT);
	} else {
		reply_drop_banner(&s);
		reply_drop_ends(&s);
		decide_quotes(&s);
	}
	collect(a, &s, fresh, nfresh);
	if (*nfresh == 0 && !s.notice)
		add_span(a, fresh, nfresh, 0, (uint32_t)text.n);
}

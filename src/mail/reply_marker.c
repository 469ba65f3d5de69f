/*
 * Clients fold lines, turn hyphens into dashes and set text in bold, but "##- … -##" is written by nobody else: what is between
 * is compared, blanks and case aside.
 */
#include "mail/reply_marker.h"

#include "base/must.h"
#include "mail/reply_split.h"

enum {
	MARKER_BYTES = 200,
	MARKER_TRIES = 8, /* places of a line */
	BLOCK_LINES = 8
};

static const struct row {
	struct str language, text[4]; /* by enum marker */
} rows[] = {
#define X_ROW(l, top, words, end)                \
	{{"" l, sizeof(l) - 1},                  \
	    {{"", 0}, {"" top, sizeof(top) - 1}, \
		{"" words, sizeof(words) - 1}, {"" end, sizeof(end) - 1}}},
    REPLY_MARKERS(X_ROW)};

struct str
reply_marker(enum marker m, struct str language)
{
	size_t n = 0;

	while (n < language.n && language.p[n] != '_' && language.p[n] != '-')
		n++;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_ieq(rows[i].language, str_sub(language, 0, n)))
			return rows[i].text[m];
	return rows[0].text[m];
}

/* Do they say the same, blanks and what reply_fold() takes away aside? */
static bool
same(struct str folded, struct str text)
{
	struct folded want;
	size_t i = 0, k = 0;

	want.n = 0;
	want.cut = false;
	reply_fold(&want, text);
	for (;;) {
		while (i < folded.n && folded.p[i] == ' ')
			i++;
		while (k < want.n && want.p[k] == ' ')
			k++;
		if (i == folded.n || k == want.n)
			return i == folded.n && k == want.n;
		if (folded.p[i++] != want.p[k++])
			return false;
	}
}

/* s begins with the first "##". */
static enum marker
marker_at(struct str s)
{
	ptrdiff_t end = str_find(str_sub(s, 0, MARKER_BYTES), S("##"), 2);
	struct folded f;

	if (end < 0)
		return MARKER_NONE;
	f.n = 0;
	f.cut = false;
	reply_fold(&f, str_sub(s, 0, (size_t)end + 2));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int m = MARKER_TOP; m <= MARKER_END; m++)
			if (same(folded_str(&f), rows[i].text[m]))
				return (enum marker)m;
	return MARKER_NONE;
}

enum marker
reply_marker_of(struct str line)
{
	enum marker m = MARKER_NONE;
	ptrdiff_t at = -1;

	for (unsigned tries = 0; tries < MARKER_TRIES && !m; tries++) {
		at = str_find(line, S("##"), (size_t)(at + 1));
		if (at < 0)
			break;
		m = marker_at(str_from(line, (size_t)at));
	}
	return m;
}

/* Two bytes, the first of which is rare. memmem() goes byte by byte for such a needle, and this is asked of all of every mail. */
static bool
has_pair(struct str s, char first, char second)
{
	const char *p = s.p, *end = s.p + s.n;

	while (s.n && (p = memchr(p, first, (size_t)(end - p))) && ++p < end)
		if (*p == second)
			return true;
	return false;
}

bool
reply_maybe_notice(struct str text)
{
	return has_pair(text, '#', '#') ||
	       has_pair(text, REPLY_OURS[0], REPLY_OURS[1]);
}

bool
reply_begins_notice(struct split *s, size_t i)
{
	bool is = s->maybe_notice &&
		  reply_marker_of(reply_line_at(s, i)) != MARKER_NONE;

	s->notice |= is;
	return is;
}

/* A line of a notice's header or footer, by its own mark; no line of the customer's in it begins so. */
static bool
is_ours(struct str line)
{
	struct str inner;

	reply_is_quoted(line, &inner);
	return str_starts(str_ltrim(inner), S(REPLY_OURS));
}

/* Is a line of that kind (or of any, TEXT or not, where kind is DROPPED) one of a notice? */
static bool
has_marker(const struct split *s, size_t from, size_t to, enum kind kind)
{
	for (size_t i = from; i < to; i++) {
		struct str line = reply_line_at(s, i);

		if ((s->line[i].kind == kind || kind == DROPPED) &&
		    (reply_marker_of(line) != MARKER_NONE ||
			(kind != TEXT && is_ours(line))))
			return true;
	}
	return false;
}

/* "> ¦ An internal note of Ben:" right above the words: they are not the customer's. Blank lines say nothing. */
static bool
introduces_others(struct str line, bool before)
{
	struct str inner;

	reply_is_quoted(line, &inner);
	inner = str_trim(inner);
	if (!inner.n)
		return before;
	return str_ends(inner, S(":")) || str_ends(inner, S("\uff1a"));
}

static bool
has_address(struct str line)
{
	return str_chr(line, '@', 0) > 0;
}

static bool
has_colon(struct str line)
{
	struct str head = str_sub(str_trim(line), 0, 60);

	return str_chr(head, ':', 0) > 0 || str_find(head, S("\uff1a"), 0) > 0;
}

/*
 * Right above a notice stands what the client wrote over it, and it may name our address with the token. Nearly always it is known by then
 * (HEADING, or a header block); in a language nobody here knows it shows by its shape: lines with a colon, one with an address.
 */
static void
drop_heading_above(struct split *s, size_t i)
{
	size_t from, addresses = 0;
	struct str last;

	while (i > 0 &&
	       (s->line[i - 1].kind == BLANK || s->line[i - 1].kind == QUOTED))
		i--;
	if (i == 0 || s->line[i - 1].kind != TEXT)
		return;
	last = str_trim(reply_line_at(s, i - 1));
	from = i - 1;
	if (str_ends(last, S(":")) || str_ends(last, S("\uff1a"))) {
		/* "… <support@acme.example> …:", perhaps in two lines. */
		if (!has_address(last) && from > 0 &&
		    s->line[from - 1].kind == TEXT)
			from--;
		if (has_address(reply_line_at(s, from)))
			reply_mark(s, from, i, HEADING);
		return;
	}
	for (from = i; from > 0 && i - from < BLOCK_LINES &&
		       s->line[from - 1].kind == TEXT &&
		       has_colon(reply_line_at(s, from - 1));
	     from--)
		addresses += has_address(reply_line_at(s, from - 1));
	if (i - from >= 3 && addresses)
		reply_mark(s, from, i, HEADING);
}

/* The first line that is known to be of a notice, wherever it stands. */
static size_t
first_of_notice(const struct split *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (reply_marker_of(reply_line_at(s, i)) != MARKER_NONE ||
		    is_ours(reply_line_at(s, i)))
			return i;
	return s->n;
}

/*
 * Once a marker is quoted, what is quoted is dropped unless it is known to be the customer's: agents cut quotes, and the
 * marker that would have begun the header may be gone.
 */
void
reply_drop_notices(struct split *s)
{
	bool words = false, begins = false, others = false;
	size_t i;

	if (!s->maybe_notice)
		return;
	if (s->keep != SIZE_MAX) {
		if (!has_marker(s, s->keep, s->n, TEXT))
			return;
		s->notice = true;
		s->end = s->keep;
		s->keep = SIZE_MAX;
	}
	s->notice |= has_marker(s, 0, s->end, QUOTED) ||
		     has_marker(s, s->end, s->n, DROPPED);
	if (!s->notice)
		return;
	i = first_of_notice(s);
	if (i <= s->end)
		drop_heading_above(s, i);
	for (i = 0; i < s->end; i++) {
		struct str line = reply_line_at(s, i), inner;
		enum marker m;

		if (s->line[i].kind != QUOTED)
			continue;
		m = reply_marker_of(line);
		if (m != MARKER_NONE)
			words = begins = m == MARKER_WORDS && !others;
		else if (is_ours(line))
			words = false;
		reply_is_quoted(line, &inner);
		if (!words || m != MARKER_NONE) {
			s->line[i].kind = DROPPED;
			others = introduces_others(line, others);
		} else if (begins && !str_trim(inner).n) {
			s->line[i].kind = DROPPED;
		} else {
			begins = false;
		}
	}
}

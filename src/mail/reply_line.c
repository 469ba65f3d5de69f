#include "mail/reply_line.h"

#include "base/must.h"

/* --- shapes --- */

bool
reply_is_quoted(struct str line, struct str *inner)
{
	struct str s = str_ltrim(line);
	bool quoted = false;

	for (;;) {
		if (str_starts(s, S(">")))
			s = str_from(s, 1);
		else if (str_starts(s, S("\uff1e")))
			s = str_from(s, 3);
		else
			break;
		quoted = true;
		s = str_ltrim(s);
	}
	*inner = s;
	return quoted;
}

static bool
rule_char(struct str s, size_t i, size_t *n)
{
	const unsigned char *u;

	*n = 1;
	if (s.p[i] == '-' || s.p[i] == '_' || s.p[i] == '=' || s.p[i] == '*' ||
	    s.p[i] == '~' || s.p[i] == '#' || s.p[i] == '+')
		return true;
	*n = 3;
	if (s.n - i < 3)
		return false;
	/* U+2010 to U+2015, U+2500 to U+257f, U+ff3f, U+ff0d. */
	u = (const unsigned char *)s.p + i;
	if (u[0] == 0xe2)
		return (u[1] == 0x80 && u[2] >= 0x90 && u[2] <= 0x95) ||
		       u[1] == 0x94 || u[1] == 0x95;
	return u[0] == 0xef && u[1] == 0xbc && (u[2] == 0xbf || u[2] == 0x8d);
}

bool
reply_is_rule(struct str line, size_t min)
{
	size_t n, count = 0;

	line = str_trim(line);
	for (size_t i = 0; i < line.n; i += n) {
		if (line.p[i] == ' ') {
			n = 1;
			continue;
		}
		if (!rule_char(line, i, &n))
			return false;
		count++;
	}
	return count >= min;
}

/* Between rules: the text inside "---- text ----"; false when no two rule characters stand before it. */
static bool
between_rules(struct str line, struct folded *inner)
{
	size_t n, marks = 0, i = 0;
	struct str s = str_trim(line);

	if (s.n < 5 || ch_is_alnum(s.p[0]))
		return false;
	while (i < s.n && (s.p[i] == ' ' || rule_char(s, i, &n))) {
		marks += s.p[i] != ' ';
		i += s.p[i] == ' ' ? 1 : n;
	}
	if (marks < 2 || i >= s.n || s.n - i > 300)
		return false;
	inner->n = 0;
	inner->cut = false;
	reply_fold(inner, str_from(s, i));
	while (
	    inner->n &&
	    (inner->p[inner->n - 1] == '-' || inner->p[inner->n - 1] == '_' ||
		inner->p[inner->n - 1] == '=' ||
		inner->p[inner->n - 1] == '#' || inner->p[inner->n - 1] == ' '))
		inner->n--;
	return inner->n > 0;
}

bool
reply_is_original(struct str line, struct str folded)
{
	struct folded inner;

	(void)folded;
	return between_rules(line, &inner) &&
	       phrases_have(&reply_originals, folded_str(&inner));
}

bool
reply_is_forward(struct str line, struct str folded)
{
	struct folded inner;
	struct str s;

	if (folded.n && folded.p[folded.n - 1] == ':' &&
	    phrases_have(&reply_begins_forward, folded))
		return true;
	if (!between_rules(line, &inner))
		return false;
	s = folded_str(&inner);
	return phrases_have(&reply_forwards, s) ||
	       str_starts(s, S("forwarded by ")) ||
	       str_starts(s, S("forwarded message from "));
}

bool
reply_is_cut(struct str line, struct str folded)
{
	size_t n;

	line = str_trim(line);
	return line.n > 4 && line.n < 300 && rule_char(line, 0, &n) &&
	       rule_char(line, n, &n) && phrases_in(&reply_cuts, folded);
}

enum reply_field
reply_field_of(struct str folded, struct str *value)
{
	ptrdiff_t colon = str_chr(str_sub(folded, 0, 60), ':', 0);
	struct str name;

	if (colon <= 0)
		return FIELD_NONE;
	name = str_trim(str_sub(folded, 0, (size_t)colon));
	while (name.n && (name.p[0] == '|' || name.p[0] == ' '))
		name = str_from(name, 1);
	if (name.n > 40 || name.n == 0)
		return FIELD_NONE;
	*value = str_trim(str_from(folded, (size_t)colon + 1));
	for (int f = FIELD_FROM; f <= FIELD_OTHER; f++)
		if (phrases_have(&reply_fields[f], name))
			return (enum reply_field)f;
	/* "主 题", "日 期": blanks to make the names equally long. */
	if (name.n <= 12 && name.n >= 7 && (unsigned char)name.p[0] >= 0xe3) {
		char tight[12];
		size_t n = 0;

		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] != ' ')
				tight[n++] = name.p[i];
		for (int f = FIELD_FROM; n < name.n && f <= FIELD_OTHER; f++)
			if (phrases_have(&reply_fields[f], str_n(tight, n)))
				return (enum reply_field)f;
	}
	return FIELD_NONE;
}

/* --- headings: "On … wrote:" --- */

struct signs {
	bool year, time, date, address, lead, digit, colon, dashes;
	bool verb_at_end, verb;
};

/* The digits at i: how many, and what they are worth. */
static size_t
number_at(struct str s, size_t i, unsigned *value)
{
	size_t n = 0;

	*value = 0;
	while (i + n < s.n && n < 6 && ch_is_digit(s.p[i + n])) {
		*value = *value * 10 + (unsigned)(s.p[i + n] - '0');
		n++;
	}
	return n;
}

/* ASCII and, for Arabic, the Eastern digits count. */
static void
find_numbers(struct str s, struct signs *g)
{
	unsigned v, w;

	for (size_t i = 0; i < s.n;) {
		size_t n = number_at(s, i, &v), m;
		char after;

		if (n == 0) {
			if ((unsigned char)s.p[i] == 0xd9 && i + 1 < s.n &&
			    (unsigned char)s.p[i + 1] >= 0xa0 &&
			    (unsigned char)s.p[i + 1] <= 0xa9)
				g->year = g->time = true;
			i++;
			continue;
		}
		after = i + n < s.n ? s.p[i + n] : 0;
		if (n == 4 && v >= 1970 && v < 2200)
			g->year = true;
		if (n <= 2 && v < 25 &&
		    (after == ':' || after == '.' || after == 'h')) {
			m = number_at(s, i + n + 1, &w);
			if (m == 2 && w < 60)
				g->time = true;
		}
		if (after == '.' || after == '/' || after == '-') {
			m = number_at(s, i + n + 1, &w);
			if (m && m <= 2 && i + n + 1 + m < s.n &&
			    s.p[i + n + 1 + m] == after &&
			    number_at(s, i + n + m + 2, &w))
				g->date = true;
		}
		i += n;
	}
	if (str_has(s, S("\u5e74")) || str_has(s, S("\ub144"))) /* 年, 년 */
		g->date = true;
}

bool
reply_has_time(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		unsigned v, w;
		size_t n = number_at(s, i, &v), m, end;

		if ((unsigned char)s.p[i] >= 0xd0)
			return true;
		if (n == 0) {
			i++;
			continue;
		}
		end = i + n;
		m = end < s.n ? number_at(s, end + 1, &w) : 0;
		/* "17:45", "17h45", "17.45"; not "12.03.2026". */
		if (n <= 2 && v < 25 && m == 2 && w < 60 &&
		    (i == 0 || s.p[i - 1] != '.') &&
		    (s.p[end] == ':' || s.p[end] == 'h' ||
			(s.p[end] == '.' &&
			    (end + 3 >= s.n || s.p[end + 3] != '.'))))
			return true;
		i = end;
	}
	return false;
}

static bool
has_address(struct str s)
{
	ptrdiff_t at = -1;

	while ((at = str_chr(s, '@', (size_t)(at + 1))) >= 0) {
		size_t i = (size_t)at;

		if (i > 0 && i + 1 < s.n && !ch_is_space(s.p[i - 1]) &&
		    (ch_is_alnum(s.p[i + 1]) || s.p[i + 1] == '['))
			return true;
	}
	return false;
}

/* Without what may stand behind the verb: colon, dashes, '>' of a wrapped mark. */
static struct str
heading_tail(struct str s, struct signs *g)
{
	for (;;) {
		s = str_rtrim(s);
		if (s.n == 0)
			return s;
		if (s.p[s.n - 1] == ':')
			g->colon = true;
		else if (s.p[s.n - 1] == '-' || s.p[s.n - 1] == '_')
			g->dashes = true;
		else
			return s;
		s.n--;
	}
}

static struct str
heading_head(struct str s)
{
	while (s.n && (s.p[0] == '-' || s.p[0] == '_' || s.p[0] == ' ' ||
			  s.p[0] == '>' || s.p[0] == '"' || s.p[0] == '\''))
		s = str_from(s, 1);
	return s;
}

static void
find_signs(struct str folded, struct signs *g)
{
	struct str s = heading_head(folded), tail;

	*g = (struct signs){.year = false};
	tail = heading_tail(s, g);
	g->verb_at_end = phrases_end(&reply_verbs, tail);
	g->digit = s.n && ch_is_digit(s.p[0]);
	g->lead = phrases_begin(&reply_leads, s) > 0;
	g->address = has_address(s);
	find_numbers(s, g);
	g->verb = g->verb_at_end ||
		  ((g->lead || g->address) && phrases_in(&reply_verbs, tail));
}

bool
reply_may_end_heading(struct str s)
{
	struct signs g = {.year = false};
	struct str tail;

	if (s.n == 0 || s.n > 400)
		return false;
	tail = heading_tail(s, &g);
	if (g.colon)
		return true;
	if (!g.dashes && str_chr(s, '@', 0) < 0)
		return false;
	return phrases_end(&reply_verbs, tail);
}

static bool
ends_in_bracket(struct str s)
{
	struct signs g = {.year = false};
	struct str tail = heading_tail(s, &g);

	return tail.n &&
	       (tail.p[tail.n - 1] == '>' || tail.p[tail.n - 1] == ')');
}

static bool
is_month(struct str s)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (size_t i = 0; i + 3 < sizeof months && s.n > 3; i += 3)
		if (str_starts(s, str_n(months + i, 3)))
			return true;
	return false;
}

/* Lotus Notes: "Anna Smith/ACME wrote on 02/04/2020 05:58:10 PM:", and its like. A name, the verb, then nothing but the time. */
static bool
is_notes_heading(struct str s, const struct signs *g)
{
	static const struct str verbs[] = {S(" wrote on "), S(" schrieb am "),
	    S(" a \u00e9crit le "), S(" escribi\u00f3 el "),
	    S(" ha scritto il "), S(" escreveu em "), S(" schreef op ")};
	static const struct str ends[] = {S(" pm:"), S(" am:"), S(" uhr:")};

	if (!g->time || (!g->date && !g->year) || s.n > 120)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		ptrdiff_t at = str_find(s, verbs[i], 0);
		size_t digit = at < 0 ? 0 : (size_t)at + verbs[i].n;

		if (at <= 0 || at > 50 || digit >= s.n ||
		    !ch_is_digit(s.p[digit]) ||
		    str_chr(str_sub(s, 0, (size_t)at), ',', 0) >= 0)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(ends); k++)
			if (str_ends(s, ends[k]))
				return true;
	}
	return false;
}

bool
reply_is_groupwise(struct str line)
{
	struct folded f = {.n = 0};
	struct signs g;

	line = str_trim(line);
	if (line.n < 20 || line.n > 200 || !str_starts(line, S(">>> ")) ||
	    !str_ends(line, S(" >>>")))
		return false;
	reply_fold(&f, str_sub(line, 4, line.n - 4));
	find_signs(folded_str(&f), &g);
	return g.time && (g.date || g.year);
}

enum heading
reply_heading(struct str folded)
{
	struct signs g;
	bool when;

	if (folded.n < 6 || folded.n > 400)
		return HEADING_NO;
	find_signs(folded, &g);
	when = g.date || g.year || g.time;
	/* Zoho leaves out the colon, but nothing else. */
	if (!g.colon && !(g.dashes && g.verb_at_end))
		return g.verb_at_end && g.address && g.lead && g.time &&
			       (g.year || g.date)
			   ? HEADING_SURE
			   : HEADING_NO;
	if (phrases_begin(&reply_quoting, folded) && g.address)
		return HEADING_SURE;
	if (g.verb_at_end && g.address && (when || str_has(folded, S("<"))))
		return HEADING_SURE;
	if (g.verb_at_end && when && (g.lead || g.digit))
		return HEADING_SURE;
	if (g.verb && g.address && when)
		return HEADING_SURE;
	if (g.verb && g.lead && (g.year || g.date) && g.time)
		return HEADING_SURE;
	/* Gmail in any language, also those whose verb stands elsewhere. */
	if (g.address && (g.year || g.date) && g.time && folded.n < 250 &&
	    str_has(folded, S("@")) && ends_in_bracket(folded))
		return HEADING_SURE;
	/* Tutanota: "4 Feb 2020, 17:58 by anna@x.example:". */
	if ((g.digit || g.lead || is_month(folded)) && g.address && g.time &&
	    (g.year || g.date) && folded.n < 120 &&
	    (str_has(folded, S(" by ")) || str_has(folded, S(" von "))))
		return HEADING_SURE;
	if (is_notes_heading(folded, &g))
		return HEADING_SURE;
	if (g.verb && (when || folded.n < 100))
		return HEADING_IF_QUOTED;
	/* "Anna - ACME, 04.02.2020 17:58:" */
	if (g.time && (g.year || g.date) && folded.n < 100 && !g.digit &&
	    str_has(folded, S(", ")))
		return HEADING_IF_QUOTED;
	if ((g.address || g.digit || g.lead) && (g.year || g.date))
		return HEADING_IF_QUOTED;
	if (phrases_begin(&reply_quoting, folded))
		return HEADING_IF_QUOTED;
	return HEADING_NO;
}

enum {
	WITHIN_TRIES = 4, /* places of a line that are looked at closely */
};

size_t
reply_heading_within(struct str line)
{
	static const struct str leads[] = {S("On "), S("Am "), S("Le "),
	    S("El "), S("Il "), S("Em "), S("Op "), S("Den ")};
	struct folded f;
	unsigned tries = 0;

	for (size_t i = 1; i + 20 < line.n && tries < WITHIN_TRIES; i++) {
		size_t text = i;

		if (line.p[i - 1] != ' ' && line.p[i - 1] != '-')
			continue;
		for (size_t k = 0; k < ARRAY_LEN(leads); k++) {
			if (!str_starts(str_from(line, i), leads[k]))
				continue;
			while (text && (line.p[text - 1] == '-' ||
					   ch_is_space(line.p[text - 1])))
				text--;
			f.n = 0;
			f.cut = false;
			tries++;
			reply_fold(&f, str_from(line, i));
			if (text && line.p[text - 1] != '>' &&
			    reply_heading(folded_str(&f)) == HEADING_SURE)
				return text;
		}
	}
	return 0;
}

bool
reply_ends_sentence(struct str line)
{
	static const struct str ends[] = {S("."), S("!"), S("?"), S(":"),
	    S("\u3002"), S("\uff01"), S("\uff1f"), S("\uff1a")};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(line, ends[i]))
			return true;
	return false;
}

bool
reply_is_banner(struct str s)
{
	static const struct str about[] = {S("outside"), S("extern"), S("link"),
	    S("attachment"), S("unknown"), S("aka.ms"), S("sender"),
	    S("organi"), S("anh"), S("pi\u00e8ces"), S("adjunto"), S("allegat"),
	    S("bijlage"), S("\u5916\u90e8")};
	size_t n = phrases_begin(&reply_banners, s);

	for (size_t i = 0; n && i < ARRAY_LEN(about); i++)
		if (str_find(s, about[i], n) >= 0)
			return true;
	return false;
}

bool
reply_begins_heading(struct str s)
{
	struct signs g;
	char last;

	if (s.n < 6 || s.n > 200)
		return false;
	last = s.p[s.n - 1];
	if (last == '.' || last == '!' || last == '?' || last == ':')
		return false;
	find_signs(s, &g);
	return (g.lead || g.digit) && (g.year || g.date) &&
	       (g.time || g.address || last == ',');
}

bool
reply_is_short_heading(struct str s)
{
	struct signs g;

	if (s.n < 10 || s.n > 200 || s.p[s.n - 1] != '>')
		return false;
	find_signs(s, &g);
	return g.digit && (g.date || g.year) && g.address;
}

/* --- the end of a mail --- */

static size_t
count_words(struct str s)
{
	struct str w;
	size_t n = 0;

	while (str_word(&s, &w))
		n++;
	return n;
}

bool
reply_is_footer(struct str s)
{
	ptrdiff_t url, end;
	bool my;

	/* "<https://…> Virus-free": a picture's link went ahead. */
	while (str_starts(s, S("<http")) && (end = str_chr(s, '>', 0)) > 0)
		s = str_ltrim(str_from(s, (size_t)end + 1));
	url = str_find(s, S("http"), 0);
	while (s.n && (s.p[0] == '(' || s.p[0] == '<' || s.p[0] == '[' ||
			  s.p[0] == '-' || s.p[0] == ' ' || s.p[0] == '_')) {
		s = str_from(s, 1);
		url--;
	}
	if (url > 0)
		s = str_rtrim(str_sub(s, 0, (size_t)url));
	if (s.n < 5 || s.n > 150)
		return false;
	if (phrases_in(&reply_footers_in, s) && count_words(s) <= 12)
		return true;
	if (!str_starts(s, S("get ")) && !phrases_begin(&reply_footers, s)) {
		/* "Get [Outlook for Android]" */
		return false;
	}
	if (str_starts(s, S("get ")))
		return count_words(s) <= 6 &&
		       (str_has(s, S("outlook")) || str_has(s, S("mail")));
	/* "Sent from our warehouse on Monday, it has not arrived" is none. */
	my = str_has(s, S(" my ")) || str_has(s, S(" mein")) ||
	     str_has(s, S(" mon ")) || str_has(s, S(" mi ")) ||
	     str_has(s, S(" meu "));
	if (my)
		return count_words(s) <= 6 ||
		       (count_words(s) <= 14 && phrases_in(&reply_devices, s));
	return count_words(s) <= 8 && !str_has(s, S(" our "));
}

bool
reply_begins_disclaimer(struct str s)
{
	while (s.n && (s.p[0] == '-' || s.p[0] == '_' || s.p[0] == ' ' ||
			  s.p[0] == '"' || s.p[0] == '('))
		s = str_from(s, 1);
	return phrases_begin(&reply_disclaimers, s) > 0;
}

bool
reply_in_disclaimer(struct str s)
{
	return phrases_within(&reply_disclaimers_in, s);
}

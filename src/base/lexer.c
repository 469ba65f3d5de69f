#include "base/lexer.h"
#include "base/buf.h"
#include "base/utf8.h"

struct lexer
lexer_open(
    struct arena *a, const char *file, struct str text, struct complaints *bad)
{
	struct lexer l = {.a = a, .bad = bad, .text = text};

	l.at = (struct place){.file = file, .line = 1, .column = 1};
	return l;
}

/* The byte i places ahead; '\0' behind the end, which no text contains. */
static char
peek(const struct lexer *l, size_t i)
{
	return i < l->text.n - l->pos ? l->text.p[l->pos + i] : '\0';
}

static void
advance(struct lexer *l, size_t n)
{
	for (; n && l->pos < l->text.n; n--) {
		char c = l->text.p[l->pos++];

		if (c == '\n') {
			l->at.line++;
			l->at.column = 1;
		} else if (((unsigned char)c & 0xc0) != 0x80) {
			l->at.column++;
		}
	}
}

/* From the current place to the end of its line, without the line break. */
static struct str
rest_of_line(const struct lexer *l)
{
	struct str rest = str_from(l->text, l->pos), line = {NULL, 0};

	str_line(&rest, &line);
	return line;
}

static void
skip_space(struct lexer *l)
{
	for (;;) {
		if (ch_is_space(peek(l, 0))) {
			advance(l, 1);
		} else if (peek(l, 0) == '#') {
			advance(l, rest_of_line(l).n);
		} else if (peek(l, 0) == '/' && peek(l, 1) == '*') {
			ptrdiff_t end = str_find(l->text, S("*/"), l->pos + 2);

			if (end < 0) {
				complain(l->a, l->bad, l->at,
				    "this comment is never closed: expected "
				    "*/");
				l->cut_short = true;
				advance(l, l->text.n);
				return;
			}
			advance(l, (size_t)end + 2 - l->pos);
		} else {
			return;
		}
	}
}

static bool
is_name_char(char c)
{
	return ch_is_alnum(c) || c == '_';
}

/* May c follow a name or a number at once? */
static bool
ends_word(const struct lexer *l, size_t i)
{
	char c = peek(l, i);

	return c == '\0' || ch_is_space(c) || strchr(";{}()[],\":#=", c) ||
	       (c == '/' && peek(l, i + 1) == '*');
}

static struct str
take(struct lexer *l, size_t n)
{
	struct str s = str_sub(l->text, l->pos, l->pos + n);

	advance(l, n);
	return s;
}

static struct str
unix_lines(struct lexer *l, struct str s)
{
	size_t n = 0;
	char *p;

	if (str_chr(s, '\r', 0) < 0)
		return s;
	p = arena_bytes(l->a, s.n);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r' || i + 1 == s.n || s.p[i + 1] != '\n')
			p[n++] = s.p[i];
	return str_n(p, n);
}

/* RFC 5228 §2.4.2: a backslash makes the next character itself. */
static struct str
unescape(struct lexer *l, struct str s)
{
	size_t n = 0;
	char *p;

	s = unix_lines(l, s);
	if (str_chr(s, '\\', 0) < 0)
		return s;
	p = arena_bytes(l->a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		p[n++] = s.p[i];
	}
	return str_n(p, n);
}

/*
 * The string was not closed where it was meant to be: it ends with its line,
 * without what closes the command there. Everything behind is read as usual.
 */
static void
cut_string(struct lexer *l, struct token *t)
{
	struct str line;

	complain(l->a, l->bad, t->at,
	    "this string is never closed: "
	    "expected \" before the end of the line");
	if (l->bad->n && l->bad->dropped == 0)
		l->bad->v[l->bad->n - 1].whole_line = true;
	advance(l, 1);
	line = str_rtrim(rest_of_line(l));
	while (line.n && strchr(";{})]", line.p[line.n - 1]))
		line = str_rtrim(str_sub(line, 0, line.n - 1));
	t->s = take(l, line.n);
	t->damaged = true;
}

/* Does the first line of this string look like the end of a command? */
static bool
looks_cut(struct str value)
{
	struct str line, rest = value;

	if (str_chr(value, '\n', 0) < 0 || !str_line(&rest, &line))
		return false;
	line = str_rtrim(line);
	return line.n && strchr(";{", line.p[line.n - 1]);
}

static void
quoted(struct lexer *l, struct token *t)
{
	size_t i = 1;
	struct str value;
	char next;

	while (peek(l, i) && peek(l, i) != '"')
		i += peek(l, i) == '\\' && peek(l, i + 1) ? 2 : 1;
	t->kind = TOKEN_STRING;
	if (!peek(l, i)) {
		l->open_string = true;
		cut_string(l, t);
		return;
	}
	value = str_sub(l->text, l->pos + 1, l->pos + i);
	/*
	 * With one quote missing, every string behind turns inside out: the
	 * text of the next follows the closing quote at once. Then it was
	 * this one, if it goes over lines.
	 */
	next = peek(l, i + 1);
	if ((str_chr(value, '\n', 0) >= 0 &&
		(next == '"' || !ends_word(l, i + 1))) ||
	    (l->cut_lines && looks_cut(value))) {
		cut_string(l, t);
		return;
	}
	advance(l, i + 1);
	t->s = unescape(l, value);
}

/* Behind "text:". RFC 5228 §8.1, multi-line. */
static void
multiline(struct lexer *l, struct token *t)
{
	struct str after = str_trim(rest_of_line(l));
	struct str all = str_from(l->text, l->pos), line, rest;
	struct buf b = BUF_INIT;
	bool closed = false;

	t->kind = TOKEN_STRING;
	t->multiline = true;
	if (after.n && after.p[0] != '#') {
		complain(l->a, l->bad, t->at,
		    "found %.*s, expected the end of the line after text:",
		    STR_ARG(utf8_clip(after, 40)));
		t->damaged = true;
	}
	rest = all;
	str_line(&rest, &line);
	while (str_line(&rest, &line)) {
		if (str_eq(line, S("."))) {
			closed = true;
			break;
		}
		if (str_starts(line, S("..")))
			line = str_from(line, 1);
		buf_put(&b, line);
		buf_putc(&b, '\n');
	}
	if (!closed) {
		complain(l->a, l->bad, t->at,
		    "this text is never closed: "
		    "expected a line of \".\"");
		t->damaged = l->cut_short = true;
	}
	advance(l, all.n - rest.n);
	t->s = arena_dup(l->a, buf_str(&b));
	buf_fini(&b);
}

static void
number(struct lexer *l, struct token *t)
{
	size_t digits = 0, i;
	unsigned shift = 0;
	uint64_t v;

	while (ch_is_digit(peek(l, digits)))
		digits++;
	i = digits;
	switch (ch_lower(peek(l, i))) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	default:
		break;
	}
	i += shift ? 1 : 0;
	if (!ends_word(l, i)) {
		while (!ends_word(l, i) || peek(l, i) == ':')
			i++;
		t->kind = TOKEN_WORD;
		t->s = take(l, i);
		return;
	}
	t->kind = TOKEN_NUMBER;
	t->raw = take(l, i);
	if (!str_u64(str_sub(t->raw, 0, digits), &v) ||
	    v > (uint64_t)INT64_MAX >> shift) {
		complain(l->a, l->bad, t->at, "the number %.*s is too large",
		    STR_ARG(utf8_clip(t->raw, 40)));
		t->damaged = true;
		v = 0;
	}
	t->number = v << shift;
}

static const struct {
	struct str open, close;
} other_quotes[] = {
    {{"'", 1}, {"'", 1}}, {{"\xe2\x80\x9c", 3}, {"\xe2\x80\x9d", 3}}, /* “ ” */
    {{"\xe2\x80\x9e", 3}, {"\xe2\x80\x9c", 3}}, /* „ “ */
    {{"\xe2\x80\x9d", 3}, {"\xe2\x80\x9d", 3}}, /* ” ” */
    {{"\xe2\x80\x98", 3}, {"\xe2\x80\x99", 3}}, /* ‘ ’ */
    {{"\xc2\xab", 2}, {"\xc2\xbb", 2}},         /* « » */
};

/* Something that begins like no token: up to the next white space or
 * punctuation, or the other quote. */
static void
word(struct lexer *l, struct token *t)
{
	struct str line = rest_of_line(l);
	size_t i = 0;

	t->kind = TOKEN_WORD;
	for (size_t q = 0; q < sizeof other_quotes / sizeof *other_quotes;
	     q++) {
		struct str open = other_quotes[q].open;
		struct str close = other_quotes[q].close;
		ptrdiff_t end = str_find(line, close, open.n);

		if (str_starts(line, open) && end >= 0) {
			t->s = str_sub(line, open.n, (size_t)end);
			advance(l, (size_t)end + close.n);
			return;
		}
	}
	if (peek(l, 0) == '=' || peek(l, 0) == ':')
		i = 1;
	while (i == 0 || (!ends_word(l, i) && peek(l, 0) != '='))
		i++;
	t->s = take(l, i);
}

static void
name_or_text(struct lexer *l, struct token *t)
{
	size_t i = 0;

	while (is_name_char(peek(l, i)))
		i++;
	/* https://x is a word, but a:is a name and a tag. */
	if (!ends_word(l, i) ||
	    (peek(l, i) == ':' && !is_name_char(peek(l, i + 1)) &&
		!ends_word(l, i + 1))) {
		while (!ends_word(l, i) || peek(l, i) == ':')
			i++;
		t->kind = TOKEN_WORD;
		t->s = take(l, i);
		return;
	}
	t->kind = TOKEN_NAME;
	t->s = take(l, i);
	if (peek(l, 0) == ':' && str_ieq(t->s, S("text")) &&
	    !is_name_char(peek(l, 1))) {
		advance(l, 1);
		multiline(l, t);
	}
}

struct token
lexer_next(struct lexer *l)
{
	struct token t = {0};
	unsigned before = l->at.line;
	size_t start;
	char c;

	skip_space(l);
	t.at = l->at;
	t.first = l->at.line > before || l->pos == 0;
	start = l->pos;
	c = peek(l, 0);
	if (c == '\0') {
		t.kind = TOKEN_END;
		return t;
	}
	if (strchr(";{}()[],", c)) {
		t.kind = TOKEN_PUNCT;
		t.punct = c;
		advance(l, 1);
	} else if (c == '"') {
		quoted(l, &t);
	} else if (ch_is_digit(c)) {
		number(l, &t);
	} else if (c == ':' && (ch_is_alpha(peek(l, 1)) || peek(l, 1) == '_')) {
		size_t i = 1;

		while (is_name_char(peek(l, i)))
			i++;
		t.kind = TOKEN_TAG;
		t.s = str_from(take(l, i), 1);
	} else if (is_name_char(c)) {
		name_or_text(l, &t);
	} else {
		word(l, &t);
	}
	t.raw = str_sub(l->text, start, l->pos);
	return t;
}

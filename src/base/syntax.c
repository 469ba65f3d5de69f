/*
 * The parser, by recursive descent, of
 *
 *   site "Acme" { languages ["en", "de"]; }
 *   if anyof (header :is "X-Spam" "yes", not exists "From") { discard; }
 *
 * An error ends its command: tokens are skipped up to ';', a brace, or a name
 * that begins a line no further right than the command did. A command gets one
 * complaint, whatever follows from it. Some mistakes are only noticed far from
 * where they were made: a missing closing quote, a missing brace. Then the text
 * is read again, this time going by lines and indentation, to find the place.
 */
#include "base/syntax.h"
#include "base/lexer.h"
#include "base/utf8.h"

enum {
	TEXT_MAX = 16 << 20,
	DEPTH_MAX = 32
};

struct parser {
	struct arena *a;
	struct lexer lx;
	struct token tok;
	struct place prev_end; /* behind the token before tok */
	struct complaints bad;
	bool reported;    /* the present command has its complaint */
	bool by_indent;   /* a line that begins further left ends a block */
	bool open_block;  /* the text ended inside a block */
	bool by_brace;    /* lines that begin further right are a block */
	bool closed_none; /* a '}' stood where no block was open */
	unsigned column;  /* of the present command */
};

/* Room for one more in an array of the arena, full at each power of two from 4.
 */
#define PUSH(arena, type, v, n)                                          \
	(*(((n) == 0 || ((n) >= 4 && ((n) & ((n)-1)) == 0)               \
		   ? (void)((v) = grow((arena), (v), (n), sizeof(type))) \
		   : (void)0),                                           \
	    &((type *)(v))[(n)++]))

static void *
grow(struct arena *a, const void *v, size_t n, size_t size)
{
	char *p = arena_alloc_n(a, n < 4 ? 4 : n * 2, size);

	if (n)
		memcpy(p, v, n * size);
	return p;
}

static void
next(struct parser *p)
{
	p->prev_end = p->lx.at;
	p->tok = lexer_next(&p->lx);
	if (p->tok.damaged)
		p->reported = true;
}

static bool
at(const struct parser *p, char punct)
{
	return p->tok.kind == TOKEN_PUNCT && p->tok.punct == punct;
}

static const char *
found(struct parser *p)
{
	struct str raw = utf8_clip(p->tok.raw, 40);
	ptrdiff_t lf = str_chr(raw, '\n', 0);

	if (p->tok.kind == TOKEN_END)
		return "the end of the file";
	if (p->tok.kind == TOKEN_PUNCT)
		return arena_printf(p->a, "'%c'", p->tok.punct).p;
	if (lf >= 0)
		raw = str_sub(raw, 0, (size_t)lf);
	return arena_printf(
	    p->a, "%.*s%s", STR_ARG(raw), raw.n < p->tok.raw.n ? "…" : "")
	    .p;
}

/* One complaint a command. */
#define fault(p, where, ...)                                               \
	do {                                                               \
		if (!(p)->reported)                                        \
			complain((p)->a, &(p)->bad, (where), __VA_ARGS__); \
		(p)->reported = true;                                      \
	} while (0)

static struct node
string_node(const struct parser *p)
{
	return (struct node){.kind = NODE_STRING,
	    .at = p->tok.at,
	    .s = p->tok.s,
	    .raw = p->tok.raw,
	    .multiline = p->tok.multiline,
	    .end = p->lx.at};
}

/* A word without quotes where a value belongs: complained of and taken as a
 * string. */
static void
bare_word(struct parser *p)
{
	if (p->tok.raw.n > p->tok.s.n)
		fault(p, p->tok.at, "found %s, expected a string in \"…\"",
		    found(p));
	else
		fault(p, p->tok.at,
		    "found %s, expected a string: write \"%.*s\"", found(p),
		    STR_ARG(utf8_clip(p->tok.s, 40)));
}

/* Behind an item of a list. False when the list ends here, closed or not. */
static bool
list_goes_on(struct parser *p, struct place open)
{
	if (at(p, ']')) {
		next(p);
		return false;
	}
	if (at(p, ',')) {
		next(p);
		return true;
	}
	if (p->tok.kind == TOKEN_STRING && !p->tok.first) {
		fault(
		    p, p->prev_end, "found %s, expected ',' or ']'", found(p));
		return true;
	}
	fault(p, p->prev_end,
	    "found %s, expected ',' or ']': the list opens at line %u, "
	    "column %u",
	    found(p), open.line, open.column);
	return false;
}

static struct node
list(struct parser *p)
{
	struct node l = {.kind = NODE_LIST, .at = p->tok.at};

	next(p);
	do {
		if (p->tok.kind == TOKEN_NAME || p->tok.kind == TOKEN_WORD ||
		    p->tok.kind == TOKEN_NUMBER) {
			if (p->tok.kind == TOKEN_NUMBER)
				p->tok.s = p->tok.raw;
			bare_word(p);
		} else if (p->tok.kind != TOKEN_STRING) {
			fault(p, p->tok.at, "found %s, expected a string",
			    found(p));
			if (at(p, ']'))
				next(p);
			break;
		}
		PUSH(p->a, struct node, l.items, l.nitems) = string_node(p);
		next(p);
	} while (list_goes_on(p, l.at));
	l.end = p->prev_end;
	return l;
}

struct arguments {
	struct node *v, *tests;
	size_t n, ntests;
	bool test_list;
};

static void arguments(struct parser *p, unsigned depth, struct arguments *out);

static struct node
test(struct parser *p, unsigned depth)
{
	struct node t = {.kind = NODE_TEST, .at = p->tok.at, .s = p->tok.s};
	struct arguments args = {0};

	next(p);
	if (depth >= DEPTH_MAX)
		fault(p, t.at, "tests are nested deeper than %d", DEPTH_MAX);
	else
		arguments(p, depth + 1, &args);
	t.items = args.v;
	t.nitems = args.n;
	t.tests = args.tests;
	t.ntests = args.ntests;
	t.test_list = args.test_list;
	t.end = p->prev_end;
	return t;
}

static void
test_list(struct parser *p, unsigned depth, struct arguments *out)
{
	struct place open = p->tok.at;

	out->test_list = true;
	do {
		next(p);
		if (p->tok.kind != TOKEN_NAME) {
			fault(p, p->tok.at, "found %s, expected a test",
			    found(p));
			break;
		}
		PUSH(p->a, struct node, out->tests, out->ntests) =
		    test(p, depth);
	} while (at(p, ','));
	if (at(p, ')')) {
		next(p);
		return;
	}
	fault(p, p->tok.at,
	    "found %s, expected ',' or ')': the tests open at line %u, column "
	    "%u",
	    found(p), open.line, open.column);
}

/* A block without its '{', by the look of it. */
static bool
further_right(const struct parser *p)
{
	return p->by_brace && p->tok.kind == TOKEN_NAME && p->tok.first &&
	       p->tok.at.column > p->column;
}

static void
arguments(struct parser *p, unsigned depth, struct arguments *out)
{
	for (;;) {
		struct node n = string_node(p);

		switch (p->tok.kind) {
		case TOKEN_NUMBER:
			n.kind = NODE_NUMBER;
			n.number = p->tok.number;
			break;
		case TOKEN_TAG:
			n.kind = NODE_TAG;
			break;
		case TOKEN_STRING:
			break;
		case TOKEN_WORD:
			if (str_eq(p->tok.raw, S("=")) ||
			    str_eq(p->tok.raw, S(":"))) {
				fault(p, p->tok.at,
				    "found %s, expected a value: commands are "
				    "written as name value;",
				    found(p));
				next(p);
				continue;
			}
			bare_word(p);
			break;
		case TOKEN_NAME:
			if (further_right(p))
				return;
			PUSH(p->a, struct node, out->tests, out->ntests) =
			    test(p, depth);
			return;
		case TOKEN_PUNCT:
			if (p->tok.punct == '[') {
				n = list(p);
				PUSH(p->a, struct node, out->v, out->n) = n;
				if (p->reported && p->tok.first)
					return;
				continue;
			}
			if (p->tok.punct == '(')
				test_list(p, depth, out);
			return;
		case TOKEN_END:
			return;
		}
		PUSH(p->a, struct node, out->v, out->n) = n;
		next(p);
	}
}

/* To the end of a command that went wrong. */
static void
skip(struct parser *p)
{
	while (p->tok.kind != TOKEN_END && !at(p, ';') && !at(p, '{') &&
	       !at(p, '}')) {
		if (p->tok.kind == TOKEN_NAME && p->tok.first &&
		    p->tok.at.column <= p->column)
			return;
		next(p);
	}
}

static void commands(struct parser *p, unsigned depth,
    const struct command *opener, struct place brace, struct command **out,
    size_t *n);

/* Blocks too deep to descend into: to the brace that matches. */
static void
skip_block(struct parser *p)
{
	for (size_t open = 1; p->tok.kind != TOKEN_END; next(p)) {
		if (at(p, '{'))
			open++;
		else if (at(p, '}') && --open == 0)
			return;
	}
}

static void
block(struct parser *p, unsigned depth, struct command *c)
{
	struct place brace = p->tok.at;

	c->has_block = true;
	if (at(p, '{'))
		next(p);
	if (depth >= DEPTH_MAX) {
		fault(p, brace, "blocks are nested deeper than %d", DEPTH_MAX);
		skip_block(p);
	} else {
		commands(p, depth + 1, c, brace, &c->block, &c->nblock);
	}
	c->end = p->tok.at;
	if (at(p, '}'))
		next(p);
}

static struct command
command(struct parser *p, unsigned depth)
{
	struct command c = {.at = p->tok.at, .name = p->tok.s};
	struct arguments args = {0};

	p->column = c.at.column;
	p->reported = false;
	if (p->tok.kind == TOKEN_WORD) {
		char *fixed = arena_cstr(p->a, p->tok.s);

		fault(p, c.at,
		    "found %s, expected a name of letters, "
		    "digits and '_'",
		    found(p));
		for (size_t i = 0; fixed[i]; i++)
			if (fixed[i] == '-')
				fixed[i] = '_';
		c.name = str_n(fixed, p->tok.s.n);
	}
	next(p);
	arguments(p, depth, &args);
	c.args = args.v;
	c.nargs = args.n;
	c.tests = args.tests;
	c.ntests = args.ntests;
	c.test_list = args.test_list;
	if (further_right(p)) {
		fault(p, p->prev_end, "found %s, expected '{' after %.*s",
		    found(p), STR_ARG(utf8_clip(c.name, 40)));
		block(p, depth, &c);
		return c;
	}
	if (!at(p, ';') && !at(p, '{')) {
		bool behind =
		    p->tok.first || at(p, '}') || p->tok.kind == TOKEN_END;

		fault(p, behind ? p->prev_end : p->tok.at,
		    "found %s, expected ';' or '{' after %.*s", found(p),
		    STR_ARG(utf8_clip(c.name, 40)));
		skip(p);
	}
	c.end = p->tok.at;
	if (at(p, ';'))
		next(p);
	else if (at(p, '{'))
		block(p, depth, &c);
	return c;
}

/* What stands where a name was expected. False at the end of these commands. */
static bool
begins(struct parser *p, const struct command *opener, struct place brace,
    bool indented)
{
	if (p->tok.kind == TOKEN_NAME || p->tok.kind == TOKEN_WORD) {
		if (opener && indented && p->by_indent && p->tok.first &&
		    p->tok.at.column <= opener->at.column) {
			complain(p->a, &p->bad, brace,
			    "this block of %.*s is never closed: expected "
			    "'}' before line %u",
			    STR_ARG(utf8_clip(opener->name, 40)),
			    p->tok.at.line);
			return false;
		}
		return true;
	}
	if (p->tok.kind == TOKEN_END) {
		if (opener) {
			p->open_block = true;
			if (!p->lx.cut_short)
				complain(p->a, &p->bad, brace,
				    "this block of %.*s is never closed: "
				    "expected '}'",
				    STR_ARG(utf8_clip(opener->name, 40)));
		}
		return false;
	}
	return !(at(p, '}') && opener);
}

static void
commands(struct parser *p, unsigned depth, const struct command *opener,
    struct place brace, struct command **out, size_t *n)
{
	while (begins(p, opener, brace,
	    *n && opener && (*out)[0].at.column > opener->at.column)) {
		if (p->tok.kind == TOKEN_NAME || p->tok.kind == TOKEN_WORD) {
			struct command c = command(p, depth);

			PUSH(p->a, struct command, *out, *n) = c;
			continue;
		}
		p->reported = false;
		if (at(p, '}')) {
			p->closed_none = true;
			complain(p->a, &p->bad, p->tok.at,
			    "found '}', but no block is open here");
		} else if (at(p, ';')) {
			complain(p->a, &p->bad, p->tok.at,
			    "found ';', expected a name%s",
			    *n && (*out)[*n - 1].has_block
				? ": no ';' follows a block"
				: "");
		} else {
			complain(p->a, &p->bad, p->tok.at,
			    "found %s, expected a name", found(p));
			p->reported = true;
			p->column = p->tok.at.column;
			skip(p);
			if (at(p, '{')) {
				next(p);
				skip_block(p);
			}
			if (at(p, '}') && opener)
				continue;
		}
		if (p->tok.kind != TOKEN_NAME && p->tok.kind != TOKEN_END)
			next(p);
	}
}

/* NUL, and what is not UTF-8: the first one is told. False when nothing can be
 * read of this. */
static bool
check_bytes(struct arena *a, struct place place, struct str text,
    struct complaints *bad)
{
	bool clean = true;

	while (text.n) {
		uint32_t c = 0;
		size_t n = utf8_next(text, &c);

		if (n && c == 0) {
			complain(a, bad, place,
			    "found a NUL byte: this is "
			    "not a text file");
			return false;
		}
		if (n == 0 && clean) {
			complain(a, bad, place,
			    "found the byte 0x%02x, expected UTF-8",
			    (unsigned char)text.p[0]);
			clean = false;
		}
		/* As the lexer counts, also where it is malformed. */
		if (((unsigned char)text.p[0] & 0xc0) != 0x80)
			place.column++;
		if (c == '\n') {
			place.line++;
			place.column = 1;
		}
		text = str_from(text, n ? n : 1);
	}
	return true;
}

static struct parser
read_once(struct arena *a, struct place start, struct str text, bool cut_lines,
    bool by_indent, bool by_brace, struct script *out)
{
	struct parser p = {
	    .a = a, .by_indent = by_indent, .by_brace = by_brace};

	p.bad.max = 1000;
	p.lx = lexer_open(a, start.file, text, &p.bad);
	p.lx.cut_lines = cut_lines;
	*out = (struct script){0};
	next(&p);
	commands(&p, 0, NULL, start, &out->commands, &out->n);
	p.lx.bad = NULL;
	return p;
}

/* The same complaint in another list. */
static void
complain_as(struct arena *a, struct complaints *bad, const struct complaint *x)
{
	size_t n = bad->n;

	complain(a, bad, x->at, "%.*s", STR_ARG(x->msg));
	if (bad->n > n)
		bad->v[n].whole_line = x->whole_line;
}

int
syntax_parse(struct arena *a, const char *file, struct str text,
    struct script *out, struct complaints *bad)
{
	struct place start = {arena_cstr(a, str_c(file)), 1, 1};
	bool cut_lines = false, by_indent = false;
	size_t before = bad->errors;
	struct parser p;

	*out = (struct script){0};
	if (text.n > TEXT_MAX) {
		complain(a, bad, start, "larger than %d MiB", TEXT_MAX >> 20);
		return -1;
	}
	if (str_starts(text, S("\xef\xbb\xbf"))) /* a byte order mark */
		text = str_from(text, 3);
	if (!check_bytes(a, start, text, bad))
		return -1;
	text = arena_dup(a, text);
	p = read_once(a, start, text, cut_lines, by_indent, false, out);
	if (p.lx.open_string) {
		cut_lines = true;
		p = read_once(a, start, text, cut_lines, by_indent, false, out);
	}
	if (p.open_block && !p.lx.cut_short) {
		by_indent = true;
		p = read_once(a, start, text, cut_lines, by_indent, false, out);
	}
	if (p.closed_none) {
		struct script other;
		struct parser q = read_once(
		    a, start, text, cut_lines, by_indent, true, &other);

		if (!q.closed_none && q.bad.errors <= p.bad.errors) {
			p = q;
			*out = other;
		}
	}
	for (size_t i = 0; i < p.bad.n; i++)
		complain_as(a, bad, &p.bad.v[i]);
	bad->errors += p.bad.dropped;
	bad->dropped += p.bad.dropped;
	return bad->errors > before ? -1 : 0;
}

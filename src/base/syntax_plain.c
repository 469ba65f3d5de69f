/*
 * Grammars without tests (helpd.conf and its like). The generic grammar allows
 * a test behind the arguments of any command, so that
 *
 *     plus_address yes;                          address "a@example.org"
 *                                                timezone "Europe/Berlin";
 *
 * parses: as a test "yes", and a test "timezone" with an argument. Here is
 * known that neither was meant. And that who writes "\n" thinks of a line
 * break: in a pattern of a rule a backslash may be right, here it never is.
 */
#include "base/syntax.h"
#include "base/utf8.h"

struct plain {
	struct arena *a;
	struct complaints *bad;
	struct command *out;
	size_t n, cap;
};

static void
emit(struct plain *p, struct command c)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 8;
		struct command *v = arena_array(p->a, struct command, cap);

		if (p->n)
			memcpy(v, p->out, p->n * sizeof *v);
		p->out = v;
		p->cap = cap;
	}
	p->out[p->n++] = c;
}

static void
add_args(struct plain *p, struct command *c, const struct node *v, size_t n)
{
	struct node *all = arena_array(p->a, struct node, c->nargs + n);

	if (c->nargs)
		memcpy(all, c->args, c->nargs * sizeof *all);
	if (n)
		memcpy(all + c->nargs, v, n * sizeof *all);
	c->args = all;
	c->nargs += n;
}

static unsigned
characters(struct str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* Behind the name and the arguments. */
static struct place
end_of(const struct command *c)
{
	struct place end = c->at;

	if (c->nargs)
		return c->args[c->nargs - 1].end;
	end.column += characters(c->name);
	return end;
}

/* The test at the end of *c, which is not one. */
static void
resolve(struct plain *p, struct command *c, struct node t)
{
	struct place end = end_of(c);

	if (t.at.line == end.line && (t.nitems == 0 || c->nargs == 0)) {
		struct node word = {
		    .kind = NODE_STRING, .at = t.at, .s = t.s, .raw = t.s};

		complain(p->a, p->bad, t.at,
		    "found %.*s, expected a string: write \"%.*s\"",
		    STR_ARG(utf8_clip(t.s, 40)), STR_ARG(utf8_clip(t.s, 40)));
		word.end = t.at;
		word.end.column += characters(t.s);
		add_args(p, c, &word, 1);
		add_args(p, c, t.items, t.nitems);
		return;
	}
	complain(p->a, p->bad, end, "found %.*s, expected ';' after %.*s",
	    STR_ARG(utf8_clip(t.s, 40)), STR_ARG(utf8_clip(c->name, 40)));
	c->end = end;
	emit(p, *c);
	*c = (struct command){
	    .at = t.at, .name = t.s, .args = t.items, .nargs = t.nitems};
}

static void
plain_commands(struct plain *p, struct command **v, size_t *n)
{
	struct plain in = {.a = p->a, .bad = p->bad};

	for (size_t i = 0; i < *n; i++) {
		struct command whole = (*v)[i], c = whole;
		const struct node *tests = whole.tests;
		bool parens = whole.test_list;

		c.tests = NULL;
		c.ntests = 0;
		c.has_block = c.test_list = false;
		c.block = NULL;
		c.nblock = 0;
		while (tests) {
			struct node t = tests[0];

			if (parens) {
				complain(p->a, p->bad, end_of(&c),
				    "found '(', expected ';' after %.*s",
				    STR_ARG(utf8_clip(c.name, 40)));
				break;
			}
			resolve(&in, &c, t);
			tests = t.tests;
			parens = t.test_list;
		}
		c.end = whole.end;
		c.has_block = whole.has_block;
		c.block = whole.block;
		c.nblock = whole.nblock;
		plain_commands(p, &c.block, &c.nblock);
		emit(&in, c);
	}
	*v = in.out;
	*n = in.n;
}

/* --- backslashes ------------------------------------------------------- */

static struct place
place_in(const struct node *n, size_t at)
{
	struct place p = n->at;
	struct str before = str_sub(n->raw, 0, at);
	ptrdiff_t lf = str_rchr(before, '\n');

	for (size_t i = 0; i < before.n; i++)
		p.line += before.p[i] == '\n';
	p.column = lf < 0 ? p.column + characters(before)
			  : 1 + characters(str_from(before, (size_t)lf + 1));
	return p;
}

/* One a string. */
static void
warn_escape(struct plain *p, const struct node *n)
{
	for (size_t i = 1; !n->multiline && i + 1 < n->raw.n; i++) {
		char c = n->raw.p[i + 1];

		if (n->raw.p[i] != '\\')
			continue;
		if (!ch_is_alnum(c)) {
			i++; /* \" and \\ are what they are for */
			continue;
		}
		if (c == 'n' || c == 'r')
			complain_warning(p->a, p->bad, place_in(n, i),
			    "\\%c in a string is the letter %c, not a line "
			    "break: break the line in the string itself, or "
			    "write text: and the lines below it, up to one "
			    "with a dot alone",
			    c, c);
		else
			complain_warning(p->a, p->bad, place_in(n, i),
			    "\\%c in a string is %s %c%s: write \\\\ for a "
			    "backslash",
			    c, ch_is_digit(c) ? "the digit" : "the letter", c,
			    c == 't' ? ", not a tab" : "");
		return;
	}
}

static void
warn_escapes(struct plain *p, const struct node *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == NODE_STRING)
			warn_escape(p, &v[i]);
		else if (v[i].kind == NODE_LIST)
			warn_escapes(p, v[i].items, v[i].nitems);
}

static void
warn_commands(struct plain *p, const struct command *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		warn_escapes(p, v[i].args, v[i].nargs);
		warn_commands(p, v[i].block, v[i].nblock);
	}
}

int
syntax_plain(struct arena *a, struct script *s, struct complaints *bad)
{
	struct plain p = {.a = a, .bad = bad};
	size_t before = bad->errors;

	plain_commands(&p, &s->commands, &s->n);
	warn_commands(&p, s->commands, s->n);
	return bad->errors > before ? -1 : 0;
}

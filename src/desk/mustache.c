/*
 * A template becomes a tree of nodes. Two rules of the specification shape the
 * code:
 *
 * A tag that stands alone on its line (all but the interpolating ones) takes
 * the whole line with it. So the text before a tag is written only when the end
 * of the tag has been seen.
 *
 * A partial that stands alone indents every line of its own text, but not the
 * lines of values put into it. So text is kept a line a node, and the node that
 * begins a line says so (a line that begins with a tag gets an empty one).
 */
#include "base/must.h"
#include "desk/template.h"

enum {
	NESTING_MAX = 100,
	STEPS_MAX = 1000000,
	DELIMITER_MAX = 16
};

enum node_type {
	TEXT,
	VARIABLE,
	SECTION,
	INVERTED,
	PARTIAL
};

struct mnode {
	struct mnode *next, *children;
	enum node_type type;
	bool raw;        /* VARIABLE: {{{x}}}, {{&x}} */
	bool line;       /* TEXT: begins a line of the template */
	struct str text; /* TEXT: its bytes; else the name */
	struct str
	    indent; /* PARTIAL alone on its line: what stands before it */
};

struct mustache {
	enum mustache_escape escape;
	struct mnode *nodes;
};

/* --- compiling --------------------------------------------------------- */

struct open_section {
	struct mnode *node, **tail; /* where the enclosing list goes on */
	size_t at;
};

struct compiler {
	struct arena *a;
	const char *file;
	struct str src;
	size_t pos;
	struct str open, close;
	struct mnode **tail; /* where the next node goes */
	struct open_section sections[NESTING_MAX];
	size_t depth;
	struct complaints *bad;
	bool failed;
};

struct tag {
	size_t from, to; /* the whole tag */
	char kind;       /* # ^ / > ! = & { or 0 */
	struct str name; /* between, trimmed */
	bool alone;
	size_t line; /* alone: the line's start … */
	size_t next; /* … and what follows it */
};

static struct place
place_of(const struct compiler *c, size_t at)
{
	struct place p = {.file = c->file, .line = 1, .column = 1};

	for (size_t i = 0; i < at && i < c->src.n; i++) {
		if (c->src.p[i] == '\n') {
			p.line++;
			p.column = 1;
		} else if (((unsigned char)c->src.p[i] & 0xc0) != 0x80) {
			p.column++;
		}
	}
	return p;
}

#define COMPLAIN(c, at, ...)                                                  \
	do {                                                                  \
		complain((c)->a, (c)->bad, place_of((c), (at)), __VA_ARGS__); \
		(c)->failed = true;                                           \
	} while (0)

static struct mnode *
node_add(struct compiler *c, enum node_type type, struct str text)
{
	struct mnode *n = arena_new(c->a, struct mnode);

	n->type = type;
	n->text = text;
	*c->tail = n;
	c->tail = &n->next;
	return n;
}

static bool
begins_line(const struct compiler *c, size_t at)
{
	return at == 0 || c->src.p[at - 1] == '\n';
}

/* src[from..to), a line a node. */
static void
text_add(struct compiler *c, size_t from, size_t to)
{
	while (from < to) {
		ptrdiff_t lf = str_chr(str_sub(c->src, 0, to), '\n', from);
		size_t end = lf < 0 ? to : (size_t)lf + 1;
		struct mnode *n = node_add(c, TEXT, str_sub(c->src, from, end));

		n->line = begins_line(c, from);
		from = end;
	}
}

/* Where the text before a tag may end in favour of the tag, and the line end
 * behind it. */
static void
tag_lines(const struct compiler *c, struct tag *t)
{
	size_t i = t->from, k = t->to;

	while (i > c->pos && ch_is_wsp(c->src.p[i - 1]))
		i--;
	while (k < c->src.n && ch_is_wsp(c->src.p[k]))
		k++;
	if (k + 1 < c->src.n && c->src.p[k] == '\r' && c->src.p[k + 1] == '\n')
		k++;
	t->alone = t->kind && t->kind != '&' && t->kind != '{' &&
		   begins_line(c, i) && (k == c->src.n || c->src.p[k] == '\n');
	t->line = i;
	t->next = k < c->src.n ? k + 1 : k;
}

/* The tag that opens at from. False when it never closes. */
static bool
tag_read(struct compiler *c, size_t from, struct tag *t)
{
	AUTO(buf_fini) struct buf close = BUF_INIT;
	size_t at = from + c->open.n;
	ptrdiff_t end;

	*t = (struct tag){.from = from};
	if (at < c->src.n && strchr("#^/>!=&{", c->src.p[at]) && c->src.p[at])
		t->kind = c->src.p[at++];
	if (t->kind == '{' || t->kind == '=')
		buf_putc(&close, t->kind == '{' ? '}' : '=');
	buf_put(&close, c->close);
	end = str_find(c->src, buf_str(&close), at);
	if (end < 0) {
		COMPLAIN(c, from, "the tag is not closed, expected %s",
		    buf_cstr(&close));
		return false;
	}
	t->name = str_trim(str_sub(c->src, at, (size_t)end));
	t->to = (size_t)end + close.n;
	tag_lines(c, t);
	return true;
}

static void
delimiters_set(struct compiler *c, const struct tag *t)
{
	struct str rest = t->name, open, close, more;

	if (!str_word(&rest, &open) || !str_word(&rest, &close) ||
	    str_word(&rest, &more) || str_has(open, S("=")) ||
	    str_has(close, S("=")) || open.n > DELIMITER_MAX ||
	    close.n > DELIMITER_MAX) {
		COMPLAIN(c, t->from,
		    "expected two delimiters without '=', like {{=<%% %%>=}}");
		return;
	}
	c->open = open;
	c->close = close;
}

static void
section_open(struct compiler *c, const struct tag *t)
{
	struct mnode *n =
	    node_add(c, t->kind == '#' ? SECTION : INVERTED, t->name);

	if (c->depth == NESTING_MAX) {
		COMPLAIN(c, t->from, "sections are nested more than %d deep",
		    NESTING_MAX);
		return;
	}
	c->sections[c->depth++] =
	    (struct open_section){.node = n, .tail = c->tail, .at = t->from};
	c->tail = &n->children;
}

static void
section_close(struct compiler *c, const struct tag *t)
{
	struct open_section *s;

	if (c->depth == 0) {
		COMPLAIN(c, t->from, "no section \"%.*s\" is open",
		    STR_ARG(t->name));
		return;
	}
	s = &c->sections[--c->depth];
	if (!str_eq(s->node->text, t->name))
		COMPLAIN(c, t->from,
		    "\"%.*s\" is closed, but the section opened last is "
		    "\"%.*s\"",
		    STR_ARG(t->name), STR_ARG(s->node->text));
	c->tail = s->tail;
}

/* A name, or "." for the innermost value. */
static bool
name_good(struct compiler *c, const struct tag *t)
{
	bool good = t->name.n > 0;

	for (size_t i = 0; i < t->name.n; i++)
		good = good && !ch_is_space(t->name.p[i]);
	if (!good)
		COMPLAIN(c, t->from,
		    t->name.n ? "a name has no blanks in it"
			      : "the tag has no name");
	return good;
}

static void
tag_add(struct compiler *c, const struct tag *t)
{
	struct mnode *n;

	if (t->kind == '!')
		return;
	if (t->kind == '=') {
		delimiters_set(c, t);
		return;
	}
	if (!name_good(c, t))
		return;
	switch (t->kind) {
	case '#':
	case '^':
		section_open(c, t);
		break;
	case '/':
		section_close(c, t);
		break;
	case '>':
		n = node_add(c, PARTIAL, t->name);
		if (t->alone)
			n->indent = str_sub(c->src, t->line, t->from);
		break;
	default:
		n = node_add(c, VARIABLE, t->name);
		n->raw = t->kind != 0;
		break;
	}
}

int
mustache_compile(struct arena *a, const char *file, struct str text,
    enum mustache_escape e, struct mustache **out, struct complaints *bad)
{
	struct mustache *m = arena_new(a, struct mustache);
	struct compiler c = {.a = a,
	    .file = file,
	    .src = text,
	    .open = S("{{"),
	    .close = S("}}"),
	    .tail = &m->nodes,
	    .bad = bad};

	m->escape = e;
	while (c.pos < text.n) {
		ptrdiff_t from = str_find(text, c.open, c.pos);
		struct tag t;

		if (from < 0 || !tag_read(&c, (size_t)from, &t)) {
			text_add(&c, c.pos, text.n);
			break;
		}
		text_add(&c, c.pos, t.alone ? t.line : t.from);
		if (!t.alone && begins_line(&c, t.from))
			node_add(&c, TEXT, (struct str){0})->line = true;
		tag_add(&c, &t);
		c.pos = t.alone ? t.next : t.to;
	}
	while (c.depth) {
		struct open_section *s = &c.sections[--c.depth];

		COMPLAIN(&c, s->at, "the section \"%.*s\" is not closed",
		    STR_ARG(s->node->text));
	}
	*out = m;
	return c.failed ? -1 : 0;
}

/* --- rendering --------------------------------------------------------- */

/* The values in scope, innermost first. */
struct scope {
	const struct value *v;
	const struct scope *outer;
};

struct renderer {
	enum mustache_escape escape;
	mustache_partial *partial;
	void *ctx;
	struct buf *out;
	unsigned depth;
	size_t steps;
	struct err *err;
};

static int render(struct renderer *r, const struct mnode *n,
    const struct scope *scope, struct str indent);

static const struct value *
look_up(const struct scope *scope, struct str name)
{
	const struct value *v = NULL;
	struct str part;

	if (str_eq(name, S(".")))
		return scope->v;
	if (str_starts(name, S("."))) {
		name = str_from(name, 1);
		str_cut(&name, '.', &part);
		v = value_get(scope->v, part);
	} else {
		str_cut(&name, '.', &part);
		for (; scope && !v; scope = scope->outer)
			v = value_get(scope->v, part);
	}
	while (v && name.p && str_cut(&name, '.', &part))
		v = value_get(v, part);
	return v;
}

static bool
is_true(const struct value *v)
{
	if (!v)
		return false;
	switch (v->kind) {
	case VALUE_NULL:
		return false;
	case VALUE_BOOL:
		return v->b;
	case VALUE_NUMBER:
		return v->number != 0;
	case VALUE_STRING:
		return v->s.n > 0;
	case VALUE_LIST:
		return v->n > 0;
	case VALUE_OBJECT:
		break;
	}
	return true;
}

static void
put_html(struct buf *out, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *entity = NULL;

		switch (s.p[i]) {
		case '&':
			entity = "&amp;";
			break;
		case '<':
			entity = "&lt;";
			break;
		case '>':
			entity = "&gt;";
			break;
		case '"':
			entity = "&quot;";
			break;
		case '\'':
			entity = "&#39;";
			break;
		default:
			continue;
		}
		buf_put(out, str_sub(s, from, i));
		buf_puts(out, entity);
		from = i + 1;
	}
	buf_put(out, str_from(s, from));
}

static void
put_variable(
    struct renderer *r, const struct mnode *n, const struct scope *scope)
{
	const struct value *v = look_up(scope, n->text);

	if (v && v->kind == VALUE_STRING && !n->raw &&
	    r->escape == MUSTACHE_HTML)
		put_html(r->out, v->s);
	else
		value_print(r->out, v);
}

static int
render_section(struct renderer *r, const struct mnode *n,
    const struct scope *scope, struct str indent)
{
	const struct value *v = look_up(scope, n->text);
	struct scope inner = {.v = v, .outer = scope};

	if (n->type == INVERTED)
		return is_true(v) ? 0 : render(r, n->children, scope, indent);
	if (!is_true(v))
		return 0;
	if (v->kind != VALUE_LIST)
		return render(r, n->children, &inner, indent);
	for (size_t i = 0; i < v->n; i++) {
		inner.v = &v->items[i];
		if (render(r, n->children, &inner, indent) < 0)
			return -1;
	}
	return 0;
}

static int
render_partial(struct renderer *r, const struct mnode *n,
    const struct scope *scope, struct str indent)
{
	const struct mustache *m =
	    r->partial ? r->partial(r->ctx, n->text) : NULL;
	AUTO(buf_fini) struct buf both = BUF_INIT;

	if (!m)
		return 0;
	if (n->indent.n == 0)
		/* In the middle of a line: only that line is indented. */
		return render(
		    r, m->nodes, scope, n->indent.p ? indent : (struct str){0});
	buf_put(&both, indent);
	buf_put(&both, n->indent);
	return render(r, m->nodes, scope, buf_str(&both));
}

static int
render(struct renderer *r, const struct mnode *n, const struct scope *scope,
    struct str indent)
{
	int rc = 0;

	if (++r->depth > NESTING_MAX)
		rc = err_set(r->err, ERR_PERM,
		    "sections and partials are nested more than %d deep",
		    NESTING_MAX);
	for (; n && rc == 0; n = n->next) {
		if (++r->steps > STEPS_MAX)
			rc = err_set(r->err, ERR_PERM,
			    "the template takes more than %d steps", STEPS_MAX);
		else if (buf_failed(r->out))
			rc = err_set(r->err, ERR_PERM,
			    "the result is larger than %zu bytes", r->out->max);
		else if (n->type == VARIABLE)
			put_variable(r, n, scope);
		else if (n->type == PARTIAL)
			rc = render_partial(r, n, scope, indent);
		else if (n->type != TEXT)
			rc = render_section(r, n, scope, indent);
		else {
			if (n->line)
				buf_put(r->out, indent);
			buf_put(r->out, n->text);
		}
	}
	r->depth--;
	return rc;
}

int
mustache_render(const struct mustache *m, const struct value *data,
    mustache_partial *partial, void *ctx, struct buf *out, struct err *err)
{
	struct renderer r = {.escape = m->escape,
	    .partial = partial,
	    .ctx = ctx,
	    .out = out,
	    .err = err};
	struct scope top = {.v = data};

	if (render(&r, m->nodes, &top, (struct str){0}) < 0)
		return -1;
	if (buf_failed(out))
		return err_set(err, ERR_PERM,
		    "the result is larger than %zu bytes", out->max);
	return 0;
}

/*
 * From the tree of base/syntax.h to nodes that can be run. Each command and
 * each test gets one complaint at most; what is around it is checked all the
 * same, so that one reading of a file tells all that is wrong with it. What can
 * never be reached (behind a failed ihave, after if true) is not checked: it
 * may need extensions that are not here.
 */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

enum {
	NODES_MAX = 200000,
	INCLUDES_MAX = 255,
	INCLUDE_DEPTH_MAX = 10
};

void
sieve_bad(struct sieve_compiler *c, struct place at, const char *fmt, ...)
{
	struct str msg;
	char *text = NULL;
	struct buf b = buf_max(2000);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	msg = buf_str(&b);
	/* The file's name outlives the program: it is in the complaint. */
	text = arena_cstr(c->bad_arena, str_c(at.file));
	at.file = text;
	complain(c->bad_arena, c->bad, at, "%.*s", STR_ARG(msg));
	buf_fini(&b);
}

/* --- nodes ------------------------------------------------------------- */

static bool check_tests(struct sieve_compiler *c, const struct sieve_def *d,
    struct place at, const struct node *tests, size_t ntests, bool list);
static void compile_block(struct sieve_compiler *c, const struct command *v,
    size_t n, struct sieve_node **out, size_t *nout, bool top);
static bool compile_test(
    struct sieve_compiler *c, const struct node *t, struct sieve_node *out);

static bool
check_tests(struct sieve_compiler *c, const struct sieve_def *d,
    struct place at, const struct node *tests, size_t ntests, bool list)
{
	unsigned needs;

	if (d->tests == TESTS_NONE) {
		const struct sieve_def *known = NULL, *w = NULL;

		if (!ntests)
			return true;
		known = sieve_find_in(c, sieve_defs, tests[0].s, &w);
		if (known && known->type != SIEVE_COMMAND)
			sieve_bad(c, tests[0].at,
			    "found the test %.*s, but %s takes no tests",
			    STR_ARG(tests[0].s), d->name);
		else if (!known && sieve_find_tag(c, d, tests[0].s, &needs))
			sieve_bad(c, tests[0].at,
			    "found %.*s, did you mean :%.*s?",
			    STR_ARG(tests[0].s), STR_ARG(tests[0].s));
		else
			sieve_bad(c, at,
			    "found %.*s, expected ';' at the end of %s",
			    STR_ARG(utf8_clip(tests[0].s, 40)), d->name);
		return false;
	}
	if (!ntests) {
		sieve_bad(c, at, "%s expects %s", d->name,
		    d->tests == TESTS_ONE ? "a test" : "tests in parentheses");
		return false;
	}
	if (d->tests == TESTS_ONE && (ntests > 1 || list)) {
		sieve_bad(c, tests[0].at,
		    "%s expects one test: use allof (…) or anyof (…)", d->name);
		return false;
	}
	if (d->tests == TESTS_LIST && !list) {
		sieve_bad(c, tests[0].at,
		    "found a test, %s expects tests in parentheses", d->name);
		return false;
	}
	return true;
}

static void
init_node(struct sieve_node *n, const struct sieve_def *d, struct place at)
{
	*n = (struct sieve_node){
	    .def = d, .at = at, .constant = -1, .comparator = COMPARE_CASEMAP};
	if (d->run == run_true)
		n->constant = 1;
	if (d->run == run_false)
		n->constant = 0;
}

/* The tests inside a node; what they come to when that is known already. */
static bool
compile_tests(struct sieve_compiler *c, struct sieve_node *n,
    const struct node *tests, size_t ntests)
{
	bool ok = true;
	bool any = n->def->run == run_anyof, all = n->def->run == run_allof;
	int constant = all ? 1 : any ? 0 : -1;

	n->tests = arena_array(c->a, struct sieve_node, ntests + 1);
	for (size_t i = 0; i < ntests; i++) {
		struct sieve_node *t = &n->tests[n->ntests];

		if (!compile_test(c, &tests[i], t)) {
			ok = false;
			continue;
		}
		n->ntests++;
		if (any || all) {
			if (t->constant == (any ? 1 : 0)) {
				n->constant = t->constant;
				return ok;
			}
			if (t->constant < 0)
				constant = -1;
		} else if (t->constant >= 0) {
			constant =
			    n->def->run == run_not ? !t->constant : t->constant;
		}
	}
	if (ok)
		n->constant = constant;
	return ok;
}

static bool
check_block(struct sieve_compiler *c, const struct sieve_def *d,
    const struct command *x)
{
	if (!x || (d->block == BLOCK_REQUIRED) == x->has_block)
		return true;
	if (x->has_block)
		sieve_bad(c, x->at, "%s takes no block: expected ';'", d->name);
	else
		sieve_bad(c, x->at, "%s expects a block in { }", d->name);
	return false;
}

/* What a command or test consists of; x: the command. */
struct written {
	const struct node *args, *tests;
	size_t nargs, ntests;
	bool list;
	const struct command *x;
};

static bool
compile_node(
    struct sieve_compiler *c, struct sieve_node *n, const struct written *w)
{
	bool ok = sieve_take_arguments(c, n, w->args, w->nargs);

	if (++c->size > NODES_MAX) {
		if (c->size == NODES_MAX + 1)
			sieve_bad(c, n->at, "more than %d commands and tests",
			    NODES_MAX);
		return false;
	}
	/* Where a ':' is missing, that explains wrong arguments: both are told. */
	if (!check_tests(c, n->def, n->at, w->tests, w->ntests, w->list))
		ok = false;
	ok = ok && check_block(c, n->def, w->x);
	if (ok && n->def->check)
		ok = n->def->check(c, n);
	if (n->def->tests != TESTS_NONE && w->ntests)
		ok = compile_tests(c, n, w->tests, w->ntests) && ok;
	return ok;
}

static bool
compile_test(
    struct sieve_compiler *c, const struct node *t, struct sieve_node *out)
{
	const struct sieve_def *d = sieve_find_def(c, t->at, t->s, true);

	if (!d)
		return false;
	init_node(out, d, t->at);
	return compile_node(c, out,
	    &(struct written){
		t->items, t->tests, t->nitems, t->ntests, t->test_list, NULL});
}

/* Is this branch decided before the script runs? prev: what came before it in the chain. */
static void
decide_branch(struct sieve_node *n, const struct sieve_node *prev)
{
	bool taken = false;

	if (n->def->run != run_if)
		return;
	if (n->def->extra > 0 && prev)
		taken = prev->constant == 1;
	if (n->def->extra == 2)
		n->constant = taken ? 0 : -1;
	if (taken || n->constant == 0)
		n->dead = true;
	/* For the next branch: 1 when one before it is always taken. */
	if (taken)
		n->constant = 1;
}

static bool
compile_command(
    struct sieve_compiler *c, const struct command *x, struct sieve_node *out)
{
	const struct sieve_def *d = sieve_find_def(c, x->at, x->name, false);
	bool ok;

	if (!d)
		return false;
	init_node(out, d, x->at);
	if (d->type == SIEVE_HYBRID)
		out->constant = -2; /* used as a command */
	ok = compile_node(c, out,
	    &(struct written){
		x->args, x->tests, x->nargs, x->ntests, x->test_list, x});
	decide_branch(out, c->prev);
	if (d->block == BLOCK_REQUIRED && x->has_block && !out->dead) {
		unsigned loop = d->run == run_foreverypart;

		if (loop) {
			const struct sieve_value *v =
			    sieve_tagged(out, TAG_NAME);

			c->loop_names[c->loops % ARRAY_LEN(c->loop_names)] =
			    v && v->n ? v->v[0].s : (struct str){NULL, 0};
		}
		c->loops += loop;
		c->nesting++;
		compile_block(
		    c, x->block, x->nblock, &out->block, &out->nblock, false);
		c->nesting--;
		c->loops -= loop;
	}
	return ok;
}

static void
compile_block(struct sieve_compiler *c, const struct command *v, size_t n,
    struct sieve_node **out, size_t *nout, bool top)
{
	const struct sieve_node *outer = c->prev;

	*out = arena_array(c->a, struct sieve_node, n + 1);
	*nout = 0;
	c->prev = NULL;
	for (size_t i = 0; i < n; i++) {
		struct sieve_node *x = &(*out)[*nout];

		if (top && !str_ieq(v[i].name, S("require")))
			c->require_over = true;
		if (compile_command(c, &v[i], x) || x->def) {
			c->prev = x;
			(*nout)++;
		} else {
			/* "elsif" behind an unknown command is told by that. */
			c->prev = NULL;
		}
	}
	c->prev = outer;
}

/* --- scripts ----------------------------------------------------------- */

static bool
compile_scope(struct sieve_compiler *c, struct sieve_scope *sc, struct str text)
{
	struct script script;
	struct complaints bad = {.max = 100};
	size_t before = c->bad->errors;
	struct sieve_scope *outer = c->scope;
	bool over = c->require_over;
	struct strs unknown = c->unknown;

	if (text.n > SIEVE_SCRIPT_MAX) {
		sieve_bad(c, (struct place){sc->file, 1, 1},
		    "the script is larger than %d bytes", SIEVE_SCRIPT_MAX);
		return false;
	}
	syntax_parse(c->a, sc->file, text, &script, &bad);
	for (size_t i = 0; i < bad.n; i++)
		sieve_bad(c, bad.v[i].at, "%.*s", STR_ARG(bad.v[i].msg));
	c->bad->errors += bad.dropped;
	if (bad.errors && c->o->grammar_first)
		return false;
	c->scope = sc;
	c->chain[c->depth++] = sc;
	c->require_over = false;
	c->unknown = (struct strs){NULL, 0};
	compile_block(
	    c, script.commands, script.n, &sc->block, &sc->nblock, true);
	c->unknown = unknown;
	c->require_over = over;
	c->depth--;
	c->scope = outer;
	return c->bad->errors == before;
}

static struct sieve_scope *
new_scope(
    struct sieve_compiler *c, const char *file, struct str name, bool global)
{
	struct sieve_scope *sc = arena_new(c->a, struct sieve_scope);
	struct sieve_scope **at = &c->s->scopes;

	sc->file = arena_cstr(c->a, str_c(file));
	sc->name = arena_dup(c->a, name);
	sc->global = global;
	sc->index = c->s->nscopes++;
	while (*at)
		at = &(*at)->next;
	*at = sc;
	return sc;
}

/* One include command, once all else is right: finds, reads, compiles. */
static bool
resolve(struct sieve_compiler *c, struct sieve_node *n)
{
	struct str name = n->args[0].v[0].s, text = {NULL, 0};
	bool global = sieve_has(n, TAG_GLOBAL);
	const char *file = NULL;
	struct sieve_scope *sc;
	int rc;

	for (unsigned i = 0; i < c->depth; i++)
		if (c->chain[i]->global == global &&
		    str_eq(c->chain[i]->name, name)) {
			sieve_bad(c, n->at,
			    "the script \"%.*s\" includes itself",
			    STR_ARG(name));
			return false;
		}
	for (sc = c->s->scopes; sc; sc = sc->next)
		if (sc->name.n && sc->global == global &&
		    str_eq(sc->name, name)) {
			n->data = sc;
			return !sc->failed;
		}
	if (c->depth >= INCLUDE_DEPTH_MAX || ++c->includes > INCLUDES_MAX) {
		sieve_bad(c, n->at,
		    "scripts are included deeper than %d or more than %d times",
		    INCLUDE_DEPTH_MAX, INCLUDES_MAX);
		return false;
	}
	rc = c->o->include
		 ? c->o->include(c->o->ctx, c->a, global, name, &text, &file)
		 : 0;
	if (rc <= 0) {
		if (rc == 0 && sieve_has(n, TAG_OPTIONAL))
			return true;
		sieve_bad(c, n->at, "the %s script \"%.*s\" %s",
		    global ? "global" : "personal", STR_ARG(name),
		    rc < 0 ? "cannot be read" : "is not there");
		return false;
	}
	sc = new_scope(c, file ? file : arena_cstr(c->a, name), name, global);
	n->data = sc;
	if (!compile_scope(c, sc, text)) {
		sieve_bad(c, n->at, "the included script \"%.*s\" has errors",
		    STR_ARG(name));
		sc->failed = true;
		return false;
	}
	return true;
}

/* All includes of the block, and what they include. */
static void
resolve_block(struct sieve_compiler *c, struct sieve_node *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].def && v[i].def->run == run_include && v[i].nargs) {
			struct sieve_scope *sc;
			size_t before = c->s->nscopes;

			if (!resolve(c, &v[i]))
				continue;
			sc = v[i].data;
			if (sc && c->s->nscopes > before) {
				c->chain[c->depth++] = sc;
				resolve_block(c, sc->block, sc->nblock);
				c->depth--;
			}
		}
		resolve_block(c, v[i].block, v[i].nblock);
	}
}

int
sieve_compile(const struct sieve_options *o, const char *file, struct str text,
    struct arena *bad_arena, struct sieve **out, struct complaints *bad)
{
	static const struct sieve_options none;
	struct sieve *s = mem_new(sizeof *s);
	struct sieve_compiler c = {.s = s,
	    .a = &s->a,
	    .bad_arena = bad_arena,
	    .bad = bad,
	    .o = o ? o : &none};
	size_t before = bad->errors;

	*out = NULL;
	sieve_read_settings(&c);
	s->main = new_scope(&c, file, (struct str){"", 0}, false);
	if (compile_scope(&c, s->main, text)) {
		c.scope = s->main;
		c.chain[c.depth++] = s->main;
		resolve_block(&c, s->main->block, s->main->nblock);
	}
	if (bad->errors > before) {
		sieve_free(&s);
		return -1;
	}
	*out = s;
	return 0;
}

void
sieve_free(struct sieve **s)
{
	if (!*s)
		return;
	for (struct sieve_regex *r = (*s)->regexes; r; r = r->next)
		uregex_close(r->re);
	sieve_spam_free(*s);
	arena_fini(&(*s)->a);
	mem_free(*s);
	*s = NULL;
}

bool
sieve_requires(const struct sieve *s, struct str extension)
{
	enum sieve_ext e = sieve_ext_find(extension);

	return e != EXT_NONE && (s->main->exts >> e & 1);
}

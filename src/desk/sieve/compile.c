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

/* --- settings ---------------------------------------------------------- */

struct str
sieve_setting(const struct sieve_options *o, const char *name)
{
	struct str v = {NULL, 0};

	if (o && o->setting && o->setting(o->ctx, str_c(name), &v))
		return v;
	return (struct str){NULL, 0};
}

bool
sieve_setting_number(
    const struct sieve_options *o, const char *name, uint64_t *out)
{
	struct str v = str_trim(sieve_setting(o, name));
	unsigned shift = 0;

	if (v.n && !ch_is_digit(v.p[v.n - 1])) {
		char c = ch_lower(v.p[v.n - 1]);

		shift = c == 'k' ? 10 : c == 'm' ? 20 : c == 'g' ? 30 : 0;
		v = str_sub(v, 0, v.n - 1);
	}
	if (!v.n || !str_u64(v, out))
		return false;
	*out <<= shift;
	return true;
}

/* "7d", "3600", "2h". */
bool
sieve_setting_seconds(
    const struct sieve_options *o, const char *name, uint64_t *out)
{
	struct str v = str_trim(sieve_setting(o, name));
	uint64_t unit = 1;

	if (v.n && !ch_is_digit(v.p[v.n - 1])) {
		switch (ch_lower(v.p[v.n - 1])) {
		case 'm':
			unit = 60;
			break;
		case 'h':
			unit = 3600;
			break;
		case 'd':
			unit = 86400;
			break;
		case 'w':
			unit = 604800;
			break;
		default:
			break;
		}
		v = str_sub(v, 0, v.n - 1);
	}
	if (!v.n || !str_u64(v, out) || *out > UINT64_C(1) << 40)
		return false;
	*out *= unit;
	return true;
}

/* --- look-ups ---------------------------------------------------------- */

static bool
has_ext(const struct sieve_compiler *c, unsigned e)
{
	return e == EXT_NONE || (c->scope->exts >> e & 1) ||
	       (e == EXT_HELPD && c->o->implicit_helpd);
}

static const struct sieve_def *
find_in(const struct sieve_compiler *c, const struct sieve_def *d,
    struct str name, const struct sieve_def **without)
{
	for (; d && d->name; d++)
		if (str_ieq(str_c(d->name), name)) {
			if (has_ext(c, d->ext))
				return d;
			*without = d;
		}
	return NULL;
}

/* Says what could have been meant, once a name. */
static void
unknown_name(struct sieve_compiler *c, struct place at, struct str name,
    bool is_test, const struct sieve_def *without)
{
	struct str near[128], guess;
	size_t n = 0;
	const char *what = is_test ? "test" : "command";

	if (strs_ihas(&c->unknown, name))
		return;
	strs_add(c->a, &c->unknown, arena_dup(c->a, name));
	if (without) {
		sieve_bad(c, at,
		    "found the %s %.*s, which needs require \"%s\"", what,
		    STR_ARG(name), sieve_extensions()[without->ext - 1]);
		return;
	}
	for (const struct sieve_def *d = sieve_defs; d->name && n < 128; d++)
		if ((d->type == SIEVE_TEST) == is_test)
			near[n++] = str_c(d->name);
	guess = syntax_nearest(name, near, n);
	if (guess.n)
		sieve_bad(c, at, "found the %s %.*s, did you mean %.*s?", what,
		    STR_ARG(utf8_clip(name, 60)), STR_ARG(guess));
	else
		sieve_bad(c, at, "found %.*s, expected the name of a %s",
		    STR_ARG(utf8_clip(name, 60)), what);
}

static const struct sieve_def *
find_def(
    struct sieve_compiler *c, struct place at, struct str name, bool is_test)
{
	const struct sieve_def *without = NULL;
	const struct sieve_def *d = find_in(c, sieve_defs, name, &without);

	if (!d)
		d = find_in(c, c->o->extra, name, &without);
	if (!d) {
		unknown_name(c, at, name, is_test, without);
		return NULL;
	}
	if (d->type == (is_test ? SIEVE_COMMAND : SIEVE_TEST)) {
		sieve_bad(c, at, "found %.*s, which is a %s, expected a %s",
		    STR_ARG(name), is_test ? "command" : "test",
		    is_test ? "test" : "command");
		return NULL;
	}
	return d;
}

static const struct sieve_tag *
find_tag(const struct sieve_compiler *c, const struct sieve_def *d,
    struct str name, unsigned *needs)
{
	*needs = 0;
	for (const struct sieve_tag *t = sieve_tags; t->name; t++)
		if ((t->families & d->families) &&
		    str_ieq(str_c(t->name), name)) {
			if (has_ext(c, t->ext))
				return t;
			*needs = t->ext;
		}
	return NULL;
}

static void
unknown_tag(struct sieve_compiler *c, const struct sieve_def *d,
    struct place at, struct str name, unsigned needs)
{
	struct str near[64], key, guess;
	size_t n = 0;

	key = arena_printf(c->a, "%s:%.*s", d->name, STR_ARG(name));
	if (strs_ihas(&c->unknown, key))
		return;
	strs_add(c->a, &c->unknown, key);
	if (needs) {
		sieve_bad(c, at, "found :%.*s, which needs require \"%s\"",
		    STR_ARG(name), sieve_extensions()[needs - 1]);
		return;
	}
	for (const struct sieve_tag *t = sieve_tags; t->name && n < 64; t++)
		if (t->families & d->families)
			near[n++] = str_c(t->name);
	guess = syntax_nearest(name, near, n);
	if (guess.n)
		sieve_bad(c, at, "found :%.*s, did you mean :%.*s?",
		    STR_ARG(utf8_clip(name, 60)), STR_ARG(guess));
	else
		sieve_bad(c, at, "found :%.*s, which %s does not take",
		    STR_ARG(utf8_clip(name, 60)), d->name);
}

/* --- arguments --------------------------------------------------------- */

static const char *
kind_name(const struct node *n)
{
	switch (n->kind) {
	case NODE_STRING:
		return "a string";
	case NODE_NUMBER:
		return "a number";
	case NODE_TAG:
		return "a tag";
	case NODE_LIST:
		return "a list";
	case NODE_TEST:
		break;
	}
	return "a test";
}

static const char *
wanted_name(enum sieve_arg a)
{
	return a == ARG_STRING ? "a string"
	       : a == ARG_LIST ? "a string or a list of strings"
			       : "a number";
}

static bool
take_value(struct sieve_compiler *c, const struct node *n, enum sieve_arg type,
    bool constant, const char *of, struct sieve_value *out)
{
	const struct node *v = n;
	size_t count = 1;

	*out = (struct sieve_value){.type = type, .at = n->at, .literal = true};
	if (type == ARG_NUMBER
		? n->kind != NODE_NUMBER
		: n->kind != NODE_STRING &&
		      (type != ARG_LIST || n->kind != NODE_LIST)) {
		sieve_bad(c, n->at, "found %s, %s expects %s here",
		    kind_name(n), of, wanted_name(type));
		return false;
	}
	if (type == ARG_NUMBER) {
		out->number = n->number;
		return true;
	}
	if (n->kind == NODE_LIST) {
		v = n->items;
		count = n->nitems;
	}
	out->v = arena_array(c->a, struct sieve_string, count + 1);
	out->n = count;
	for (size_t i = 0; i < count; i++) {
		if (!sieve_string(c, &v[i], constant, &out->v[i]))
			return false;
		if (out->v[i].npieces)
			out->literal = false;
	}
	return true;
}

static bool
take_relation(
    struct sieve_compiler *c, struct sieve_node *n, const struct sieve_value *v)
{
	static const char *const names[] = {"gt", "ge", "lt", "le", "eq", "ne"};
	struct str s;

	if (sieve_literal(v, 0, &s))
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (str_ieq(s, str_c(names[i]))) {
				n->relation = (enum sieve_relation)i;
				return true;
			}
	sieve_bad(c, v->at,
	    "found \"%.*s\", expected \"gt\", \"ge\", \"lt\", \"le\", \"eq\" "
	    "or "
	    "\"ne\"",
	    STR_ARG(utf8_clip(v->v[0].s, 40)));
	return false;
}

static bool
take_comparator(
    struct sieve_compiler *c, struct sieve_node *n, const struct sieve_value *v)
{
	static const struct {
		const char *name;
		enum sieve_comparator is;
		enum sieve_ext ext;
	} known[] = {{"i;octet", COMPARE_OCTET, EXT_NONE},
	    {"i;ascii-casemap", COMPARE_CASEMAP, EXT_NONE},
	    {"i;ascii-numeric", COMPARE_NUMERIC, EXT_NUMERIC},
	    {"i;unicode-casemap", COMPARE_UNICODE, EXT_UNICODE}};
	struct str s;

	if (!sieve_literal(v, 0, &s)) {
		sieve_bad(c, v->at, "a comparator's name holds no variables");
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(s, str_c(known[i].name))) {
			if (!has_ext(c, known[i].ext)) {
				sieve_bad(c, v->at,
				    "found \"%s\", which needs require "
				    "\"comparator-%s\"",
				    known[i].name, known[i].name);
				return false;
			}
			n->comparator = known[i].is;
			return true;
		}
	sieve_bad(c, v->at,
	    "found the comparator \"%.*s\", expected i;octet, i;ascii-casemap, "
	    "i;ascii-numeric or i;unicode-casemap",
	    STR_ARG(utf8_clip(s, 40)));
	return false;
}

static bool
apply_tag(struct sieve_compiler *c, struct sieve_node *n, unsigned id,
    const struct sieve_value *v)
{
	static const uint8_t match[] = {[TAG_IS] = MATCH_IS,
	    [TAG_CONTAINS] = MATCH_CONTAINS,
	    [TAG_MATCHES] = MATCH_MATCHES,
	    [TAG_REGEX] = MATCH_REGEX,
	    [TAG_VALUE] = MATCH_VALUE,
	    [TAG_COUNT] = MATCH_COUNT};
	static const uint8_t part[] = {[TAG_ALL] = PART_ALL,
	    [TAG_LOCALPART] = PART_LOCAL,
	    [TAG_DOMAIN] = PART_DOMAIN,
	    [TAG_USER] = PART_USER,
	    [TAG_DETAIL] = PART_DETAIL};

	if (id <= TAG_COUNT)
		n->match = (enum sieve_match)match[id];
	if (id >= TAG_ALL && id <= TAG_DETAIL)
		n->part = (enum sieve_addr_part)part[id];
	if (id == TAG_VALUE || id == TAG_COUNT)
		return take_relation(c, n, v);
	if (id == TAG_COMPARATOR)
		return take_comparator(c, n, v);
	return true;
}

/* The tags and what belongs to them. *rest: where the positional arguments begin. */
static bool
take_tags(struct sieve_compiler *c, struct sieve_node *n,
    const struct node *args, size_t nargs, size_t *rest)
{
	const struct sieve_def *d = n->def;
	uint32_t groups = 0;
	size_t i = 0;
	unsigned needs;

	for (size_t k = 0; k < nargs; k++)
		if (args[k].kind == NODE_TAG &&
		    !find_tag(c, d, args[k].s, &needs)) {
			unknown_tag(c, d, args[k].at, args[k].s, needs);
			return false;
		}
	n->tagged = arena_array(c->a, struct sieve_tagged, nargs + 1);
	while (i < nargs && args[i].kind == NODE_TAG) {
		const struct sieve_tag *t = find_tag(c, d, args[i].s, &needs);
		struct sieve_tagged *x = &n->tagged[n->ntagged];
		const char *of = arena_printf(c->a, ":%s", t->name).p;

		if (sieve_has(n, t->id) ||
		    (t->group && groups >> t->group & 1)) {
			sieve_bad(c, args[i].at,
			    sieve_has(n, t->id)
				? "found %s a second time"
				: "found %s, but another of its kind stands "
				  "before it: there can be one only",
			    of);
			return false;
		}
		n->tags[t->id / 64] |= UINT64_C(1) << t->id % 64;
		groups |= UINT32_C(1) << t->group;
		*x = (struct sieve_tagged){.id = t->id, .at = args[i].at};
		i++;
		if (t->arg == ARG_NONE) {
			if (!apply_tag(c, n, t->id, NULL))
				return false;
			continue;
		}
		if (i == nargs) {
			sieve_bad(c, args[i - 1].at, "%s expects %s behind it",
			    of, wanted_name((enum sieve_arg)t->arg));
			return false;
		}
		n->ntagged++;
		if (!take_value(c, &args[i], (enum sieve_arg)t->arg,
			t->id == TAG_COMPARATOR, of, &x->value) ||
		    !apply_tag(c, n, t->id, &x->value))
			return false;
		i++;
	}
	*rest = i;
	return true;
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static bool
take_arguments(struct sieve_compiler *c, struct sieve_node *n,
    const struct node *args, size_t nargs)
{
	const struct sieve_def *d = n->def;
	size_t i, least = 0, most = 0, given, skip = 0, optional = 0;
	bool may = false;
	char letters[8];

	for (const char *p = d->args; *p; p++) {
		if (*p == '?') {
			may = true;
			continue;
		}
		letters[most++] = *p;
		/* "?ll": the first may be left out; "s?l": the last. */
		if (may) {
			optional = most - 1;
			may = false;
		} else {
			least++;
		}
	}
	if (!take_tags(c, n, args, nargs, &i))
		return false;
	given = nargs - i;
	for (size_t k = i; k < nargs; k++)
		if (args[k].kind == NODE_TAG) {
			sieve_bad(c, args[k].at,
			    "found :%.*s behind other arguments, expected tags "
			    "first",
			    STR_ARG(args[k].s));
			return false;
		}
	if (given < least || given > most) {
		sieve_bad(c, given > most ? args[i + most].at : n->at,
		    "%s expects %s%zu argument%s, found %zu", d->name,
		    least < most ? "at most " : "", most, plural(most), given);
		return false;
	}
	for (size_t k = 0; k < most; k++) {
		enum sieve_arg type;
		char l = ch_lower(letters[k]);

		if (given < most && k == optional) {
			n->args[k].literal = true;
			skip = 1;
			continue;
		}
		type = l == 's' ? ARG_STRING : l == 'l' ? ARG_LIST : ARG_NUMBER;
		if (!take_value(c, &args[i + k - skip], type, l != letters[k],
			d->name, &n->args[k]))
			return false;
	}
	n->nargs = most;
	return true;
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
		known = find_in(c, sieve_defs, tests[0].s, &w);
		if (known && known->type != SIEVE_COMMAND)
			sieve_bad(c, tests[0].at,
			    "found the test %.*s, but %s takes no tests",
			    STR_ARG(tests[0].s), d->name);
		else if (!known && find_tag(c, d, tests[0].s, &needs))
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
compile_node(struct sieve_compiler *c, struct sieve_node *n,
    const struct node *args, size_t nargs, const struct node *tests,
    size_t ntests, bool list)
{
	bool ok = take_arguments(c, n, args, nargs);

	if (++c->size > NODES_MAX) {
		if (c->size == NODES_MAX + 1)
			sieve_bad(c, n->at, "more than %d commands and tests",
			    NODES_MAX);
		return false;
	}
	if (!check_tests(c, n->def, n->at, tests, ntests, list))
		ok = false;
	if (ok && n->def->check)
		ok = n->def->check(c, n);
	if (n->def->tests != TESTS_NONE && ntests)
		ok = compile_tests(c, n, tests, ntests) && ok;
	return ok;
}

static bool
compile_test(
    struct sieve_compiler *c, const struct node *t, struct sieve_node *out)
{
	const struct sieve_def *d = find_def(c, t->at, t->s, true);

	if (!d)
		return false;
	init_node(out, d, t->at);
	return compile_node(
	    c, out, t->items, t->nitems, t->tests, t->ntests, t->test_list);
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
	const struct sieve_def *d = find_def(c, x->at, x->name, false);
	bool ok;

	if (!d)
		return false;
	init_node(out, d, x->at);
	if (d->type == SIEVE_HYBRID)
		out->constant = -2; /* used as a command */
	ok = compile_node(
	    c, out, x->args, x->nargs, x->tests, x->ntests, x->test_list);
	if (ok && d->block == BLOCK_REQUIRED && !x->has_block) {
		sieve_bad(c, x->at, "%s expects a block in { }", d->name);
		ok = false;
	} else if (ok && d->block == BLOCK_NONE && x->has_block) {
		sieve_bad(c, x->at, "%s takes no block: expected ';'", d->name);
		ok = false;
	}
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

static void
read_settings(struct sieve_compiler *c)
{
	struct sieve *s = c->s;
	uint64_t v;

	s->max_actions = SIEVE_ACTIONS_MAX;
	s->max_redirects = SIEVE_REDIRECTS_MAX;
	s->header_max = 2048;
	s->duplicate_default = 43200;
	s->duplicate_max = 172800;
	s->vacation_min = 86400;
	s->vacation_max = 0;
	s->vacation_default = 604800;
	sieve_setting_number(c->o, "sieve_max_actions", &s->max_actions);
	sieve_setting_number(c->o, "sieve_max_redirects", &s->max_redirects);
	sieve_setting_number(
	    c->o, "sieve_editheader_max_header_size", &s->header_max);
	sieve_setting_seconds(
	    c->o, "sieve_duplicate_default_period", &s->duplicate_default);
	sieve_setting_seconds(
	    c->o, "sieve_duplicate_max_period", &s->duplicate_max);
	if (sieve_setting_seconds(c->o, "sieve_vacation_min_period", &v))
		s->vacation_min = (int64_t)v;
	if (sieve_setting_seconds(c->o, "sieve_vacation_max_period", &v))
		s->vacation_max = (int64_t)v;
	if (sieve_setting_seconds(c->o, "sieve_vacation_default_period", &v))
		s->vacation_default = (int64_t)v;
	s->delimiters = sieve_setting(c->o, "recipient_delimiter");
	if (!s->delimiters.n)
		s->delimiters = sieve_setting(c->o, "sieve_subaddress_sep");
	s->delimiters =
	    arena_dup(c->a, s->delimiters.n ? s->delimiters : S("+"));
	s->protected_fields =
	    arena_dup(c->a, sieve_setting(c->o, "sieve_editheader_protected"));
	s->no_add =
	    arena_dup(c->a, sieve_setting(c->o, "sieve_editheader_forbid_add"));
	s->no_delete = arena_dup(
	    c->a, sieve_setting(c->o, "sieve_editheader_forbid_delete"));
	sieve_spam_read(c);
}

void
sieve_settings_again(struct sieve *s, const struct sieve_options *o)
{
	struct sieve_compiler c = {.s = s, .a = &s->a, .o = o};

	sieve_spam_free(s);
	read_settings(&c);
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
	read_settings(&c);
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

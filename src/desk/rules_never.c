/*
 * Rules that can never do anything. Only what is certain is told, so that a
 * warning is worth reading; what is looked for:
 *
 *   a condition that is never true    false, a key that no value can have, tests
 *                                     of one allof (or around it) that exclude
 *                                     each other, sizes that leave nothing
 *   a branch that is never reached    an earlier one of its chain takes all of it
 *   a command that is never reached   behind stop, return or error
 *   a rule that an earlier one hides  that is true whenever it is, and ends with
 *                                     stop; also in an earlier script
 *
 * One test implies another when it is the same, or asks the same of fewer fields
 * or keys; and by the rules of allof, anyof and not. Tests whose answer may
 * change meanwhile, and all with variables, imply nothing.
 */
#include "base/must.h"
#include "desk/rules_private.h"
#include "desk/sieve/engine.h"

/* A rule that ends with stop. */
struct stopper {
	const struct sieve_node *test; /* NULL: always */
	struct place at;
	size_t script;
	bool sure; /* nothing before it leaves the script alone */
};
struct never {
	const struct rules *r;
	struct arena *a;
	struct complaints *bad;
	struct stopper *stoppers;
	size_t n, cap;
	size_t script;
};

/* --- what a test is ---------------------------------------------------- */

static bool
is_run(const struct sieve_node *n, sieve_fn *run)
{
	return n->def && n->def->run == run;
}

static bool
is_literal(const struct sieve_node *n)
{
	for (size_t i = 0; i < n->nargs; i++)
		if (n->args[i].n && !n->args[i].literal)
			return false;
	for (size_t i = 0; i < n->ntagged; i++)
		if (n->tagged[i].value.n && !n->tagged[i].value.literal)
			return false;
	return true;
}

/* Does it say the same whenever it is asked, of one mail? across: also between
 * two scripts. */
static bool
is_steady(const struct sieve_node *n, bool across)
{
	static sieve_fn *const steady[] = {run_header, run_address,
	    run_envelope, run_exists, run_size, run_body, run_true, run_false};

	if (is_run(n, run_allof) || is_run(n, run_anyof) ||
	    is_run(n, run_not)) {
		for (size_t i = 0; i < n->ntests; i++)
			if (!is_steady(&n->tests[i], across))
				return false;
		return n->ntests > 0;
	}
	if (!is_literal(n) || sieve_has(n, TAG_MIME))
		return false;
	if (is_run(n, run_values))
		return !across || (n->def->extra != SIEVE_TICKET &&
				      n->def->extra != SIEVE_LOAD);
	for (size_t i = 0; i < ARRAY_LEN(steady); i++)
		if (is_run(n, steady[i]))
			return true;
	return false;
}

static bool
asks_ihave(const struct sieve_node *n)
{
	if (is_run(n, run_ihave))
		return true;
	for (size_t i = 0; i < n->ntests; i++)
		if (asks_ihave(&n->tests[i]))
			return true;
	return false;
}

/* --- one implies another ----------------------------------------------- */

static bool
same_text(const struct sieve_node *n, struct str a, struct str b)
{
	return n->comparator == COMPARE_OCTET ? str_eq(a, b) : str_ieq(a, b);
}

static bool
has_key(const struct sieve_node *n, const struct sieve_value *v, struct str s)
{
	for (size_t i = 0; i < v->n; i++)
		if (same_text(n, v->v[i].s, s))
			return true;
	return false;
}

static bool
within(const struct sieve_value *inner, const struct sieve_value *outer)
{
	for (size_t i = 0; i < inner->n; i++) {
		bool found = false;

		for (size_t k = 0; k < outer->n; k++)
			found |= str_ieq(inner->v[i].s, outer->v[k].s);
		if (!found)
			return false;
	}
	return true;
}

/* Whatever matches x's key matches one of y's. */
static bool
key_within(const struct sieve_node *x, struct str key,
    const struct sieve_node *y, const struct sieve_value *keys)
{
	if (y->match == x->match && x->match != MATCH_CONTAINS)
		return has_key(y, keys, key);
	if (y->match != MATCH_CONTAINS ||
	    (x->match != MATCH_IS && x->match != MATCH_CONTAINS))
		return false;
	for (size_t i = 0; i < keys->n; i++)
		if (y->comparator == COMPARE_OCTET
			? str_has(key, keys->v[i].s)
			: str_ihas(key, keys->v[i].s))
			return true;
	return false;
}

/* All but how it matches and with what. */
static bool
same_shape(const struct sieve_node *x, const struct sieve_node *y)
{
	uint64_t mask = UINT64_C(1) << TAG_IS | UINT64_C(1) << TAG_CONTAINS |
			UINT64_C(1) << TAG_MATCHES | UINT64_C(1) << TAG_REGEX |
			UINT64_C(1) << TAG_COMPARATOR;

	if (x->def != y->def || x->nargs != y->nargs ||
	    x->comparator != y->comparator || x->part != y->part ||
	    (x->tags[0] & ~mask) != (y->tags[0] & ~mask) ||
	    x->tags[1] != y->tags[1] || x->relation != y->relation)
		return false;
	for (size_t i = 0; i < x->ntagged; i++) {
		const struct sieve_tagged *t = &x->tagged[i];
		const struct sieve_value *o;

		if (t->id < 64 && (mask >> t->id & 1))
			continue;
		o = sieve_tagged(y, t->id);
		if (!o || o->n != t->value.n || o->number != t->value.number)
			return false;
		for (size_t k = 0; k < o->n; k++)
			if (!str_eq(o->v[k].s, t->value.v[k].s))
				return false;
	}
	return true;
}

static bool
leaf_implies(const struct sieve_node *x, const struct sieve_node *y)
{
	const struct sieve_value *xk, *yk;

	if (!same_shape(x, y))
		return false;
	if (is_run(x, run_size)) {
		bool over = sieve_has(x, TAG_OVER);

		return over ? x->args[0].number >= y->args[0].number
			    : x->args[0].number <= y->args[0].number;
	}
	if (is_run(x, run_exists))
		return within(&y->args[0], &x->args[0]);
	if (x->match >= MATCH_VALUE && x->match != y->match)
		return false;
	if (x->def->extra == SIEVE_HOURS && is_run(x, run_values))
		return x->nargs && within(&x->args[0], &y->args[0]) &&
		       within(&y->args[0], &x->args[0]);
	xk = &x->args[x->nargs - 1];
	yk = &y->args[y->nargs - 1];
	/* Of what is counted no part can be left out. */
	for (size_t i = 0; i + 1 < x->nargs; i++)
		if (!within(&x->args[i], &y->args[i]) ||
		    (x->match == MATCH_COUNT &&
			!within(&y->args[i], &x->args[i])))
			return false;
	for (size_t i = 0; i < xk->n; i++)
		if (!key_within(x, xk->v[i].s, y, yk))
			return false;
	return xk->n > 0;
}

/* Whenever x is true, y is. */
static bool
implies(const struct sieve_node *x, const struct sieve_node *y)
{
	if (is_run(x, run_not) && is_run(y, run_not))
		return x->ntests && y->ntests &&
		       implies(&y->tests[0], &x->tests[0]);
	if (is_run(y, run_true))
		return true;
	if (is_run(x, run_anyof)) {
		for (size_t i = 0; i < x->ntests; i++)
			if (!implies(&x->tests[i], y))
				return false;
		return x->ntests > 0;
	}
	if (is_run(y, run_allof)) {
		for (size_t i = 0; i < y->ntests; i++)
			if (!implies(x, &y->tests[i]))
				return false;
		return y->ntests > 0;
	}
	if (is_run(x, run_allof))
		for (size_t i = 0; i < x->ntests; i++)
			if (implies(&x->tests[i], y))
				return true;
	if (is_run(y, run_anyof))
		for (size_t i = 0; i < y->ntests; i++)
			if (implies(x, &y->tests[i]))
				return true;
	if (x->ntests || y->ntests || !x->nargs || !y->nargs)
		return false;
	return leaf_implies(x, y);
}

/* --- what excludes what ------------------------------------------------ */

/* Has it one value at most? */
static bool
is_single(const struct sieve_node *n)
{
	static const char *const several[] = {"tags"};

	if (!is_run(n, run_values) || n->def->extra == SIEVE_LOAD ||
	    n->def->extra == SIEVE_HOURS || n->match != MATCH_IS)
		return false;
	for (size_t i = 0; n->nargs == 2 && i < ARRAY_LEN(several); i++)
		if (n->args[0].n != 1 ||
		    str_ieq(n->args[0].v[0].s, str_c(several[i])))
			return false;
	return true;
}

static bool
disjoint(const struct sieve_node *x, const struct sieve_node *y)
{
	const struct sieve_value *xk = &x->args[x->nargs - 1];
	const struct sieve_value *yk = &y->args[y->nargs - 1];

	if (!is_single(x) || !is_single(y) || !same_shape(x, y) ||
	    x->comparator == COMPARE_NUMERIC ||
	    x->comparator == COMPARE_UNICODE)
		return false;
	if (x->nargs == 2 && !str_ieq(x->args[0].v[0].s, y->args[0].v[0].s))
		return false;
	for (size_t i = 0; i < xk->n; i++)
		if (has_key(y, yk, xk->v[i].s))
			return false;
	return true;
}

static bool
no_size(const struct sieve_node *x, const struct sieve_node *y)
{
	return is_run(x, run_size) && is_run(y, run_size) &&
	       sieve_has(x, TAG_OVER) && !sieve_has(y, TAG_OVER) &&
	       y->args[0].number <= x->args[0].number + 1;
}

static bool
exclude(const struct sieve_node *x, const struct sieve_node *y)
{
	if (!is_steady(x, false) || !is_steady(y, false))
		return false;
	if (is_run(y, run_not) && y->ntests && implies(x, &y->tests[0]))
		return true;
	if (is_run(x, run_not) && x->ntests && implies(y, &x->tests[0]))
		return true;
	if (is_run(x, run_allof)) {
		for (size_t i = 0; i < x->ntests; i++)
			if (exclude(&x->tests[i], y))
				return true;
		return false;
	}
	if (is_run(y, run_allof))
		return exclude(y, x);
	if (x->ntests || y->ntests || !x->nargs || !y->nargs)
		return false;
	return disjoint(x, y) || no_size(x, y) || no_size(y, x);
}

/* --- what no value is -------------------------------------------------- */

/* Values come without blanks at both ends; a domain holds no "@". Why not, or
 * NULL. */
static const char *
impossible(const struct sieve_node *n, struct str key)
{
	bool address = is_run(n, run_address) || is_run(n, run_envelope);

	if (sieve_has(n, TAG_MIME) ||
	    (n->match != MATCH_IS && n->match != MATCH_CONTAINS) ||
	    n->comparator == COMPARE_NUMERIC)
		return NULL;
	if (address && n->part == PART_DOMAIN && str_chr(key, '@', 0) >= 0)
		return "a domain has no \"@\" in it";
	if (n->match == MATCH_IS && key.n &&
	    (is_run(n, run_header) || address) &&
	    (ch_is_wsp(key.p[0]) || ch_is_wsp(key.p[key.n - 1])))
		return "values have no blanks at their ends";
	return NULL;
}

static void say(struct never *x, struct place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void
say(struct never *x, struct place at, const char *fmt, ...)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	complain_warning(x->a, x->bad, at, "%.*s", STR_ARG(buf_str(&b)));
}

static int
leaf_truth(struct never *x, const struct sieve_node *n)
{
	const struct sieve_value *v;
	size_t bad = 0;

	if (!(is_run(n, run_header) || is_run(n, run_address) ||
		is_run(n, run_envelope)) ||
	    n->nargs < 2 || !is_literal(n))
		return -1;
	v = &n->args[n->nargs - 1];
	for (size_t i = 0; i < v->n; i++) {
		const char *why = impossible(n, v->v[i].s);

		if (!why)
			continue;
		bad++;
		say(x, v->v[i].at, "nothing is ever \"%.*s\": %s",
		    STR_ARG(v->v[i].s), why);
	}
	return v->n && bad == v->n ? 0 : -1;
}

static struct place
excluded_by(const struct sieve_node *n, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (exclude(&n->tests[k], &n->tests[i]))
			return n->tests[k].at;
	return (struct place){0};
}

/* 0 never, 1 always, -1 who knows. Tells of keys and of what excludes. told:
 * the reason was. */
static int
truth(struct never *x, const struct sieve_node *n, bool *told)
{
	bool all = is_run(n, run_allof), any = is_run(n, run_anyof);
	int out = all ? 1 : any ? 0 : -1;

	if (is_run(n, run_true) || is_run(n, run_false))
		return is_run(n, run_true);
	if (is_run(n, run_not) && n->ntests) {
		int t = truth(x, &n->tests[0], told);

		return t < 0 ? -1 : !t;
	}
	if (!all && !any) {
		int t = leaf_truth(x, n);

		*told |= t == 0;
		return t;
	}
	for (size_t i = 0; i < n->ntests; i++) {
		int t = truth(x, &n->tests[i], told);
		struct place by = all ? excluded_by(n, i) : (struct place){0};

		if (by.line) {
			say(x, n->tests[i].at,
			    "this and the test at line %u are never both true",
			    by.line);
			*told = true;
			return 0;
		}
		if (t == (all ? 0 : 1))
			return t;
		if (t < 0)
			out = -1;
	}
	return out;
}

/* --- commands ---------------------------------------------------------- */

/* The conditions that hold around a block, innermost first. */
struct around {
	const struct sieve_node *test;
	const struct around *outer;
};

static bool
ends(const struct sieve_node *n)
{
	return is_run(n, run_stop) || is_run(n, run_return) ||
	       is_run(n, run_error) || is_run(n, run_break);
}

static bool
stops(const struct sieve_node *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_run(&v[i], run_stop))
			return true;
		if (ends(&v[i]))
			return false;
	}
	return false;
}

/* Somewhere in there the script alone may be left. */
static bool
may_leave(const struct sieve_node *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_run(&v[i], run_return) || is_run(&v[i], run_error) ||
		    may_leave(v[i].block, v[i].nblock))
			return true;
	return false;
}

static void
add_stopper(
    struct never *x, const struct sieve_node *test, struct place at, bool sure)
{
	struct stopper *v;

	if (x->n == x->cap) {
		x->cap = x->cap ? x->cap * 2 : 16;
		v = arena_array(x->a, struct stopper, x->cap);
		if (x->n)
			memcpy(v, x->stoppers, x->n * sizeof *v);
		x->stoppers = v;
	}
	x->stoppers[x->n++] = (struct stopper){test, at, x->script, sure};
}

/* The rule that ends everything before this one is looked at; NULL. */
static const struct stopper *
hidden_by(const struct never *x, const struct sieve_node *test)
{
	unsigned events = x->r->v[x->script].events;

	for (size_t i = 0; i < x->n; i++) {
		const struct stopper *s = &x->stoppers[i];
		bool across = s->script != x->script;

		if (across &&
		    (!s->sure || (events & ~x->r->v[s->script].events)))
			continue;
		if (!s->test)
			return s;
		if (is_steady(s->test, across) && is_steady(test, across) &&
		    implies(test, s->test))
			return s;
	}
	return NULL;
}

static void
tell_hidden(struct never *x, struct place at, const struct stopper *s)
{
	if (s->script == x->script)
		say(x, at,
		    "never reached: whenever this is true, the rule at line %u "
		    "has ended with stop",
		    s->at.line);
	else
		say(x, at,
		    "never reached: whenever this is true, the rule at %s:%u "
		    "has ended with stop",
		    s->at.file, s->at.line);
}

/* One if or elsif: false when it was told to be without effect. */
static bool
branch(struct never *x, const struct sieve_node *v, size_t i,
    const struct around *outer, bool top)
{
	const struct sieve_node *test = v[i].ntests ? &v[i].tests[0] : NULL;
	const struct stopper *s;
	bool told = false;

	if (!test || asks_ihave(test))
		return true;
	if (truth(x, test, &told) == 0) {
		if (!told)
			say(x, test->at, "this is never true");
		return false;
	}
	for (const struct around *o = outer; o; o = o->outer)
		if (exclude(o->test, test)) {
			say(x, test->at,
			    "this is never true where it stands: line %u says "
			    "otherwise",
			    o->test->at.line);
			return false;
		}
	for (size_t k = i; k > 0 && v[k].def->extra > 0; k--) {
		const struct sieve_node *e =
		    v[k - 1].ntests ? &v[k - 1].tests[0] : NULL;

		if (e && is_steady(e, false) && is_steady(test, false) &&
		    implies(test, e)) {
			say(x, test->at,
			    "never reached: whenever this is true, line %u is, "
			    "too",
			    e->at.line);
			return false;
		}
	}
	s = top ? hidden_by(x, test) : NULL;
	if (s)
		tell_hidden(x, test->at, s);
	return !s;
}

static void
block(struct never *x, const struct sieve_node *v, size_t n,
    const struct around *outer, bool top)
{
	for (size_t i = 0; i < n; i++) {
		struct around here = {NULL, outer};
		bool chain = is_run(&v[i], run_if);

		if (i > 0 && ends(&v[i - 1])) {
			say(x, v[i].at, "never reached: line %u comes first",
			    v[i - 1].at.line);
			return;
		}
		if (top && is_run(&v[i], run_stop))
			add_stopper(x, NULL, v[i].at, !may_leave(v, i));
		if (!chain) {
			block(x, v[i].block, v[i].nblock, outer, false);
			continue;
		}
		if (!branch(x, v, i, outer, top))
			continue;
		if (v[i].ntests)
			here.test = &v[i].tests[0];
		block(x, v[i].block, v[i].nblock, here.test ? &here : outer,
		    false);
		if (top && v[i].def->extra == 0 && v[i].ntests &&
		    stops(v[i].block, v[i].nblock))
			add_stopper(
			    x, &v[i].tests[0], v[i].at, !may_leave(v, i + 1));
	}
}

static bool
edits(const struct rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (const struct sieve_scope *s = r->v[i].s->scopes; s;
		     s = s->next)
			if (s->exts >> EXT_EDITHEADER & 1)
				return true;
	return false;
}

void
rules_never(const struct rules *r, struct arena *a, struct complaints *bad)
{
	struct never x = {.r = r, .a = a, .bad = bad};

	/* Where the mail changes under way, nothing is certain. */
	if (edits(r))
		return;
	for (x.script = 0; x.script < r->n; x.script++) {
		const struct sieve *s = r->v[x.script].s;
		const struct stopper *by = NULL;

		for (size_t i = 0; i < x.n && !by; i++)
			if (!x.stoppers[i].test && x.stoppers[i].sure &&
			    !(r->v[x.script].events &
				~r->v[x.stoppers[i].script].events))
				by = &x.stoppers[i];
		if (by && s->main->nblock) {
			say(&x, s->main->block[0].at,
			    "this script is never run: %s:%u is stop",
			    by->at.file, by->at.line);
			continue;
		}
		for (const struct sieve_scope *sc = s->scopes; sc;
		     sc = sc->next)
			block(&x, sc->block, sc->nblock, NULL, sc == s->main);
	}
}

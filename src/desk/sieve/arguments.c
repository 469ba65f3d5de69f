/*
 * From the arguments as they are written to those of a node: tags with what
 * belongs to them, then the positional ones. Names that are not known are told
 * with what could have been meant.
 */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

/* --- look-ups ---------------------------------------------------------- */

static bool
has_ext(const struct sieve_compiler *c, unsigned e)
{
	return e == EXT_NONE || (c->scope->exts >> e & 1) ||
	       (e == EXT_HELPD && c->o->implicit_helpd);
}

const struct sieve_def *
sieve_find_in(const struct sieve_compiler *c, const struct sieve_def *d,
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

const struct sieve_def *
sieve_find_def(
    struct sieve_compiler *c, struct place at, struct str name, bool is_test)
{
	const struct sieve_def *without = NULL;
	const struct sieve_def *d =
	    sieve_find_in(c, sieve_defs, name, &without);

	if (!d)
		d = sieve_find_in(c, c->o->extra, name, &without);
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

const struct sieve_tag *
sieve_find_tag(const struct sieve_compiler *c, const struct sieve_def *d,
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
	if (!v)
		return true;
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
		    !sieve_find_tag(c, d, args[k].s, &needs)) {
			unknown_tag(c, d, args[k].at, args[k].s, needs);
			return false;
		}
	n->tagged = arena_array(c->a, struct sieve_tagged, nargs + 1);
	while (i < nargs && args[i].kind == NODE_TAG) {
		const struct sieve_tag *t =
		    sieve_find_tag(c, d, args[i].s, &needs);
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

bool
sieve_take_arguments(struct sieve_compiler *c, struct sieve_node *n,
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

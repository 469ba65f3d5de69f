/* What the commands of table.c ask of their arguments beyond number and type. */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

/* --- actions ----------------------------------------------------------- */

static bool
check_addresses(struct sieve_compiler *c, const struct sieve_value *v)
{
	struct sieve_addr x;
	struct str s;

	for (size_t i = 0; v && i < v->n; i++)
		if (sieve_literal(v, i, &s) && !sieve_address_ok(c->a, s, &x)) {
			sieve_bad(c, v->v[i].at,
			    "found \"%.*s\", expected a mail address",
			    STR_ARG(utf8_clip(s, 60)));
			return false;
		}
	return true;
}

bool
check_redirect(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_addresses(c, &n->args[0]);
}

bool
sieve_mailbox_name_ok(struct str s)
{
	if (!s.n || s.n > 1000)
		return false;
	while (s.n) {
		uint32_t c = 0;
		size_t n = utf8_next(s, &c);

		if (!n || c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
		    c == 0x2029)
			return false;
		s = str_from(s, n);
	}
	return true;
}

bool
check_fileinto(struct sieve_compiler *c, struct sieve_node *n)
{
	struct str s;

	if (sieve_literal(&n->args[0], 0, &s) && !sieve_mailbox_name_ok(s)) {
		sieve_bad(c, n->args[0].at,
		    "a mailbox cannot have this name: expected 1 to 1,000 "
		    "bytes of UTF-8 without control characters");
		return false;
	}
	return true;
}

bool
check_keep(struct sieve_compiler *c, struct sieve_node *n)
{
	(void)c;
	(void)n;
	return true;
}

bool
check_return(struct sieve_compiler *c, struct sieve_node *n)
{
	(void)c;
	(void)n;
	return true;
}

/* --- variables --------------------------------------------------------- */

/* The variable that a name stands for, as one piece. */
static struct sieve_piece *
variable_named(struct sieve_compiler *c, const struct sieve_string *name)
{
	struct node n = {.kind = NODE_STRING, .at = name->at};
	struct sieve_string s;
	struct sieve_piece *p = arena_new(c->a, struct sieve_piece);
	struct str first, rest = name->s;

	if (!str_cut(&rest, '.', &first) || !sieve_name_ok(first)) {
		sieve_bad(c, name->at,
		    "found \"%.*s\", expected the name of a variable",
		    STR_ARG(utf8_clip(name->s, 40)));
		return NULL;
	}
	n.s = arena_printf(c->a, "${%.*s}", STR_ARG(name->s));
	if (!sieve_string(c, &n, false, &s))
		return NULL;
	if (s.npieces != 1 || (s.pieces[0].kind != PIECE_LOCAL &&
				  s.pieces[0].kind != PIECE_GLOBAL)) {
		sieve_bad(c, name->at,
		    "found \"%.*s\", expected the name of a variable",
		    STR_ARG(utf8_clip(name->s, 40)));
		return NULL;
	}
	*p = s.pieces[0];
	return p;
}

bool
check_set(struct sieve_compiler *c, struct sieve_node *n)
{
	n->data = variable_named(c, &n->args[0].v[0]);
	return n->data != NULL;
}

bool
check_extract(struct sieve_compiler *c, struct sieve_node *n)
{
	if (!c->loops) {
		sieve_bad(c, n->at, "extracttext stands in foreverypart only");
		return false;
	}
	if (!(c->scope->exts & sieve_ext_bit(EXT_VARIABLES))) {
		sieve_bad(c, n->at, "extracttext needs require \"variables\"");
		return false;
	}
	return check_set(c, n);
}

bool
check_break(struct sieve_compiler *c, struct sieve_node *n)
{
	const struct sieve_value *v = sieve_tagged(n, TAG_NAME);
	struct str s;

	if (!c->loops) {
		sieve_bad(c, n->at, "break stands in foreverypart only");
		return false;
	}
	if (!v || !sieve_literal(v, 0, &s))
		return true;
	for (unsigned i = 0; i < c->loops; i++)
		if (str_eq(c->loop_names[i % ARRAY_LEN(c->loop_names)], s))
			return true;
	sieve_bad(c, v->at, "no foreverypart around this has the name \"%.*s\"",
	    STR_ARG(utf8_clip(s, 40)));
	return false;
}

bool
check_flags(struct sieve_compiler *c, struct sieve_node *n)
{
	const struct sieve_value *v = &n->args[0];
	struct sieve_piece *p;

	if (v->n) {
		if (!(c->scope->exts & sieve_ext_bit(EXT_VARIABLES))) {
			sieve_bad(c, n->at,
			    "a variable for flags needs require \"variables\"");
			return false;
		}
		p = arena_array(c->a, struct sieve_piece, v->n);
		for (size_t i = 0; i < v->n; i++) {
			struct sieve_piece *one = variable_named(c, &v->v[i]);

			if (!one)
				return false;
			p[i] = *one;
		}
		n->data = p;
	}
	return n->def->run != run_hasflag || check_matched(c, n);
}

/* --- RFC 6609 ---------------------------------------------------------- */

bool
check_include(struct sieve_compiler *c, struct sieve_node *n)
{
	struct str s = n->args[0].v[0].s;
	bool clean = s.n && s.n <= 255 && s.p[0] != '.';

	for (size_t i = 0; i < s.n; i++)
		clean = clean && s.p[i] != '/' && (unsigned char)s.p[i] >= 32;
	if (!clean) {
		sieve_bad(c, n->args[0].at,
		    "found \"%.*s\", expected the name of a script without '/'",
		    STR_ARG(utf8_clip(s, 60)));
		return false;
	}
	return true;
}

bool
check_global(struct sieve_compiler *c, struct sieve_node *n)
{
	if (!(c->scope->exts & sieve_ext_bit(EXT_VARIABLES))) {
		sieve_bad(c, n->at, "global needs require \"variables\"");
		return false;
	}
	for (size_t i = 0; i < n->args[0].n; i++) {
		struct str s = n->args[0].v[i].s;

		if (!sieve_name_ok(s)) {
			sieve_bad(c, n->args[0].v[i].at,
			    "found \"%.*s\", expected the name of a variable",
			    STR_ARG(utf8_clip(s, 40)));
			return false;
		}
		if (strs_ihas(&c->scope->names, s)) {
			sieve_bad(c, n->args[0].v[i].at,
			    "the variable %.*s was used before it became "
			    "global",
			    STR_ARG(s));
			return false;
		}
		if (!strs_ihas(&c->scope->globals, s)) {
			strs_add(c->a, &c->scope->globals, arena_dup(c->a, s));
			/* A slot, even if nothing refers to it. */
			if (!variable_named(c, &n->args[0].v[i]))
				return false;
		}
	}
	return true;
}

/* --- vacation, notify, editheader -------------------------------------- */

bool
check_vacation(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_addresses(c, sieve_tagged(n, TAG_FROM)) &&
	       check_addresses(c, sieve_tagged(n, TAG_ADDRESSES));
}

bool
check_method(struct sieve_compiler *c, struct sieve_node *n)
{
	struct str s, body;
	struct strs to = {NULL, 0};
	struct sieve_field *fields;
	size_t nfields;

	if (!sieve_literal(&n->args[0], 0, &s))
		return true;
	if (str_istarts(s, S("https://")) && s.n > 8)
		return true;
	if (str_istarts(s, S("mailto:"))) {
		if (sieve_mailto(c->a, s, &to, &fields, &nfields, &body))
			return true;
		sieve_bad(c, n->args[0].at,
		    "found \"%.*s\", expected mailto: and addresses (RFC 6068)",
		    STR_ARG(utf8_clip(s, 80)));
		return false;
	}
	sieve_bad(c, n->args[0].at,
	    "found \"%.*s\", expected a method mailto: or https:",
	    STR_ARG(utf8_clip(s, 60)));
	return false;
}

bool
check_notify(struct sieve_compiler *c, struct sieve_node *n)
{
	const struct sieve_value *v = sieve_tagged(n, TAG_IMPORTANCE);
	struct str s;

	if (v && sieve_literal(v, 0, &s) &&
	    !(s.n == 1 && s.p[0] >= '1' && s.p[0] <= '3')) {
		sieve_bad(c, v->at,
		    "found \"%.*s\", expected \"1\", \"2\" or \"3\"",
		    STR_ARG(utf8_clip(s, 40)));
		return false;
	}
	v = sieve_tagged(n, TAG_FROM);
	if (v && sieve_literal(v, 0, &s)) {
		struct sieve_addr *l;

		if (sieve_addresses(c->a, s, &l) != 1 || !l[0].valid) {
			sieve_bad(c, v->at,
			    "found \"%.*s\", expected a mail address",
			    STR_ARG(utf8_clip(s, 60)));
			return false;
		}
	}
	return check_method(c, n);
}

bool
check_editheader(struct sieve_compiler *c, struct sieve_node *n)
{
	bool matched = sieve_has(n, TAG_IS) || sieve_has(n, TAG_CONTAINS) ||
		       sieve_has(n, TAG_MATCHES) || sieve_has(n, TAG_REGEX) ||
		       sieve_has(n, TAG_VALUE) || sieve_has(n, TAG_COUNT) ||
		       sieve_has(n, TAG_COMPARATOR);
	struct str s;

	if (!sieve_check_names(c, n, &n->args[0], false))
		return false;
	if (n->def->extra == 0) {
		if (sieve_literal(&n->args[1], 0, &s) &&
		    (str_chr(s, '\n', 0) >= 0 || str_chr(s, '\r', 0) >= 0)) {
			sieve_bad(c, n->args[1].at,
			    "a header field's value is one line");
			return false;
		}
		if (s.n > c->s->header_max) {
			sieve_bad(c, n->args[1].at,
			    "the header field is longer than %llu bytes",
			    (unsigned long long)c->s->header_max);
			return false;
		}
		return true;
	}
	if (!check_index(c, n))
		return false;
	if (matched && !n->args[1].n) {
		sieve_bad(c, n->at, "deleteheader expects values to match");
		return false;
	}
	return !n->args[1].n || check_matched(c, n);
}

/* --- vnd.helpd --------------------------------------------------------- */

static bool
one_of(struct sieve_compiler *c, const struct sieve_value *v,
    const char *const *list, size_t count)
{
	struct str known[16], s, guess;

	for (size_t i = 0; i < count && i < 16; i++)
		known[i] = str_c(list[i]);
	for (size_t k = 0; v && k < v->n; k++) {
		struct strs l = {known, count};

		if (!sieve_literal(v, k, &s) || strs_ihas(&l, s))
			continue;
		guess = syntax_nearest(s, known, count);
		sieve_bad(c, v->v[k].at, "found \"%.*s\", %s\"%.*s\"%s",
		    STR_ARG(utf8_clip(s, 40)),
		    guess.n ? "did you mean " : "expected one like ",
		    STR_ARG(guess.n ? guess : known[0]), guess.n ? "?" : "");
		return false;
	}
	return true;
}

bool
check_event(struct sieve_compiler *c, struct sieve_node *n)
{
	static const char *const events[] = {"new", "followup", "agent-reply",
	    "status", "sla-warning", "sla-breach", "idle", "csat"};

	return (n->match != MATCH_IS ||
		   one_of(c, &n->args[0], events, ARRAY_LEN(events))) &&
	       check_matched(c, n);
}

bool
check_priority(struct sieve_compiler *c, struct sieve_node *n)
{
	static const char *const known[] = {"low", "normal", "high", "urgent"};
	bool by = sieve_has(n, TAG_RAISE) || sieve_has(n, TAG_LOWERBY);

	if (by == (n->args[0].n > 0)) {
		sieve_bad(c, n->at,
		    "priority expects a priority, or :raise or :lower");
		return false;
	}
	return one_of(c, &n->args[0], known, ARRAY_LEN(known));
}

bool
check_assign(struct sieve_compiler *c, struct sieve_node *n)
{
	static const char *const known[] = {
	    "round-robin", "least-loaded", "sticky", "weighted"};

	return one_of(
	    c, sieve_tagged(n, TAG_STRATEGY), known, ARRAY_LEN(known));
}

/* What the tests of table.c ask of their arguments beyond number and type. */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

/* Visible ASCII but ':' (RFC 5322 §2.2). */
bool
sieve_header_name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 32 || s.p[i] >= 127 || s.p[i] == ':')
			return false;
	return s.n > 0;
}

int
sieve_header_id(struct sieve_compiler *c, struct str name)
{
	struct sieve *s = c->s;

	name = arena_lower(c->a, name);
	for (size_t i = 0; i < s->nheaders; i++)
		if (str_eq(s->headers[i], name))
			return (int)i;
	if (s->nheaders == s->capheaders) {
		size_t cap = s->capheaders ? s->capheaders * 2 : 16;
		struct str *v = arena_array(c->a, struct str, cap);

		if (s->nheaders)
			memcpy(v, s->headers, s->nheaders * sizeof *v);
		s->headers = v;
		s->capheaders = cap;
	}
	s->headers[s->nheaders] = name;
	return (int)s->nheaders++;
}

bool
sieve_check_names(struct sieve_compiler *c, struct sieve_node *n,
    const struct sieve_value *v, bool ids)
{
	if (ids && v->literal)
		n->headers = arena_array(c->a, int, v->n + 1);
	for (size_t i = 0; i < v->n; i++) {
		struct str s;

		if (!sieve_literal(v, i, &s))
			continue;
		if (!sieve_header_name_ok(s)) {
			sieve_bad(c, v->v[i].at,
			    "found \"%.*s\", expected the name of a header "
			    "field",
			    STR_ARG(utf8_clip(s, 40)));
			return false;
		}
		if (n->headers)
			n->headers[i] = sieve_header_id(c, s);
	}
	return true;
}

/* --- require, if ------------------------------------------------------- */

static bool
enable(struct sieve_compiler *c, struct str name)
{
	enum sieve_ext e = sieve_ext_find(name);

	if (e == EXT_NONE || (e == EXT_TESTSUITE && !c->o->extra))
		return false;
	c->scope->exts |= sieve_ext_bit(e);
	c->s->exts |= sieve_ext_bit(e);
	return true;
}

static void
unknown_extension(struct sieve_compiler *c, struct place at, struct str name)
{
	struct str known[EXT_COUNT], guess;
	size_t n = 0;

	for (const char *const *p = sieve_extensions(); *p; p++)
		if (c->o->extra || sieve_ext_find(str_c(*p)) != EXT_TESTSUITE)
			known[n++] = str_c(*p);
	guess = syntax_nearest(name, known, n);
	if (guess.n)
		sieve_bad(c, at,
		    "found the extension \"%.*s\", did you mean \"%.*s\"?",
		    STR_ARG(utf8_clip(name, 60)), STR_ARG(guess));
	else
		sieve_bad(c, at, "the extension \"%.*s\" is not known",
		    STR_ARG(utf8_clip(name, 60)));
}

bool
check_require(struct sieve_compiler *c, struct sieve_node *n)
{
	bool ok = true;

	if (c->require_over || c->nesting) {
		sieve_bad(c, n->at,
		    "require stands at the beginning of the file, before all "
		    "other commands");
		return false;
	}
	for (size_t i = 0; i < n->args[0].n; i++)
		if (!enable(c, n->args[0].v[i].s)) {
			unknown_extension(
			    c, n->args[0].v[i].at, n->args[0].v[i].s);
			ok = false;
		}
	return ok;
}

bool
check_ihave(struct sieve_compiler *c, struct sieve_node *n)
{
	for (size_t i = 0; i < n->args[0].n; i++)
		if (!enable(c, n->args[0].v[i].s))
			n->constant = 0;
	return true;
}

bool
check_chain(struct sieve_compiler *c, struct sieve_node *n)
{
	const struct sieve_node *p = c->prev;

	if (n->def->extra == 0)
		return true;
	if (p && p->def->run == run_if && p->def->extra != 2)
		return true;
	sieve_bad(c, n->at, "found %s, which stands behind an if or elsif only",
	    n->def->name);
	return false;
}

/* --- matching ---------------------------------------------------------- */

bool
check_matched(struct sieve_compiler *c, struct sieve_node *n)
{
	const struct sieve_value *k = &n->args[n->nargs - 1];
	bool sub = n->match == MATCH_CONTAINS || n->match == MATCH_MATCHES;

	if (n->comparator == COMPARE_NUMERIC &&
	    (sub || n->match == MATCH_REGEX)) {
		sieve_bad(c, n->at,
		    "the comparator i;ascii-numeric compares numbers: it "
		    "cannot be used with :contains, :matches or :regex");
		return false;
	}
	if (!k->literal || !k->v)
		return true;
	n->keys = arena_array(c->a, struct sieve_key, k->n + 1);
	for (size_t i = 0; i < k->n; i++) {
		struct err err = ERR_INIT;

		if (!sieve_prepare_key(
			c->s, c->a, n, k->v[i].s, &n->keys[i], &err)) {
			sieve_bad(c, k->v[i].at, "%s", err.msg);
			return false;
		}
	}
	return true;
}

bool
check_index(struct sieve_compiler *c, struct sieve_node *n)
{
	const struct sieve_value *v = sieve_tagged(n, TAG_INDEX);

	if (v && v->number == 0) {
		sieve_bad(c, v->at, "found :index 0, expected 1 or more");
		return false;
	}
	if (!v && sieve_has(n, TAG_LAST)) {
		sieve_bad(c, n->at, ":last needs :index beside it");
		return false;
	}
	return true;
}

bool
check_mime_header(struct sieve_compiler *c, struct sieve_node *n)
{
	bool option = sieve_has(n, TAG_TYPE) || sieve_has(n, TAG_SUBTYPE) ||
		      sieve_has(n, TAG_CONTENTTYPE) ||
		      sieve_has(n, TAG_PARAM) || sieve_has(n, TAG_ANYCHILD);

	if (option && !sieve_has(n, TAG_MIME)) {
		sieve_bad(c, n->at,
		    ":anychild, :type, :subtype, :contenttype and :param need "
		    ":mime beside them");
		return false;
	}
	return true;
}

bool
check_header(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_mime_header(c, n) && check_index(c, n) &&
	       sieve_check_names(c, n, &n->args[0], true) &&
	       check_matched(c, n);
}

bool
check_exists(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_mime_header(c, n) &&
	       sieve_check_names(c, n, &n->args[0], true);
}

/* Fields that hold addresses: RFC 5228 §5.1, RFC 5322, and what is in use. */
static const char *const address_fields[] = {"from", "to", "cc", "bcc",
    "sender", "resent-from", "resent-to", "reply-to", "resent-reply-to",
    "resent-sender", "resent-cc", "resent-bcc", "for-approval", "for-handling",
    "for-comment", "apparently-to", "errors-to", "delivered-to",
    "return-receipt-to", "x-admin", "read-receipt-to", "x-confirm-reading-to",
    "disposition-notification-to", "return-path", "envelope-to",
    "x-envelope-to", "registered-mail-reply-requested-by", "mail-followup-to",
    "mail-reply-to", "abuse-reports-to", "x-complaints-to", "x-report-abuse-to",
    "x-beenthere", "x-original-from", "x-original-to", "x-forwarded-to",
    "x-forwarded-for", "list-post", "author"};

bool
check_address(struct sieve_compiler *c, struct sieve_node *n)
{
	const struct sieve_value *v = &n->args[0];
	struct str known[ARRAY_LEN(address_fields)], s;

	if (!check_mime_header(c, n) || !check_index(c, n) ||
	    !sieve_check_names(c, n, v, true))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(address_fields); i++)
		known[i] = str_c(address_fields[i]);
	for (size_t i = 0; i < v->n; i++) {
		struct strs l = {known, ARRAY_LEN(known)};

		if (sieve_literal(v, i, &s) && !strs_ihas(&l, s)) {
			sieve_bad(c, v->v[i].at,
			    "the field %.*s holds no addresses: use the test "
			    "header",
			    STR_ARG(utf8_clip(s, 40)));
			return false;
		}
	}
	return check_matched(c, n);
}

bool
check_envelope(struct sieve_compiler *c, struct sieve_node *n)
{
	static const char *const parts[] = {"from", "to", "auth", "orig_to"};
	const struct sieve_value *v = &n->args[0];

	for (size_t i = 0; i < v->n; i++) {
		struct str s;
		bool known = false;

		if (!sieve_literal(v, i, &s))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(parts); k++)
			known |= str_ieq(s, str_c(parts[k]));
		if (!known) {
			sieve_bad(c, v->v[i].at,
			    "found \"%.*s\", expected the part \"from\", "
			    "\"to\" or \"auth\" of the envelope",
			    STR_ARG(utf8_clip(s, 40)));
			return false;
		}
	}
	return check_matched(c, n);
}

bool
check_size(struct sieve_compiler *c, struct sieve_node *n)
{
	if (!sieve_has(n, TAG_OVER) && !sieve_has(n, TAG_UNDER)) {
		sieve_bad(c, n->at, "size expects :over or :under");
		return false;
	}
	return true;
}

bool
check_string(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_matched(c, n);
}

/* --- date, body, duplicate, spamtest ----------------------------------- */

static bool
check_zone(struct sieve_compiler *c, const struct sieve_node *n)
{
	const struct sieve_value *v = sieve_tagged(n, TAG_ZONE);
	struct str s;
	bool ok;

	if (!v || !sieve_literal(v, 0, &s))
		return true;
	ok = s.n == 5 && (s.p[0] == '+' || s.p[0] == '-');
	for (size_t i = 1; i < s.n; i++)
		ok = ok && ch_is_digit(s.p[i]);
	if (!ok)
		sieve_bad(c, v->at,
		    "found \"%.*s\", expected a zone as \"+0100\"",
		    STR_ARG(utf8_clip(s, 40)));
	return ok;
}

static bool
check_part(struct sieve_compiler *c, const struct sieve_value *v)
{
	static const char *const parts[] = {"year", "month", "day", "date",
	    "julian", "hour", "minute", "second", "time", "iso8601", "std11",
	    "zone", "weekday"};
	struct str known[ARRAY_LEN(parts)], s, guess;

	if (!sieve_literal(v, 0, &s))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		known[i] = str_c(parts[i]);
		if (str_ieq(s, known[i]))
			return true;
	}
	guess = syntax_nearest(s, known, ARRAY_LEN(parts));
	sieve_bad(c, v->at, "found \"%.*s\", %s%.*s%s",
	    STR_ARG(utf8_clip(s, 40)),
	    guess.n ? "did you mean \"" : "expected a part of a date",
	    STR_ARG(guess), guess.n ? "\"?" : " (\"year\", \"hour\" …)");
	return false;
}

bool
check_date(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_index(c, n) &&
	       sieve_check_names(c, n, &n->args[0], true) && check_zone(c, n) &&
	       check_part(c, &n->args[1]) && check_matched(c, n);
}

bool
check_currentdate(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_zone(c, n) && check_part(c, &n->args[0]) &&
	       check_matched(c, n);
}

bool
check_body(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_matched(c, n);
}

bool
check_duplicate(struct sieve_compiler *c, struct sieve_node *n)
{
	const struct sieve_value *v = sieve_tagged(n, TAG_HEADER);

	return !v || sieve_check_names(c, n, v, false);
}

bool
check_spam(struct sieve_compiler *c, struct sieve_node *n)
{
	return check_matched(c, n);
}

/*
 * Strings of a script: ${hex: 40} and ${unicode: 40} (RFC 5228 §2.4.2.4) are
 * taken when it is compiled, ${name} and ${1} (RFC 5229 §3) become pieces that
 * are put together when it runs.
 */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

enum {
	MATCHED_MAX = 32,
	VARIABLES_MAX = 255,
	NAME_MAX_BYTES = 64,
	EXPANDED_MAX = 4 << 20
};

static bool
enabled(const struct sieve_compiler *c, enum sieve_ext e)
{
	return (c->scope->exts & sieve_ext_bit(e)) != 0;
}

/* --- encoded characters ------------------------------------------------ */

/* The numbers of "${hex: … }" behind the colon; false when it is none and stays as it is. */
static bool
take_encoded(struct sieve_compiler *c, struct place at, struct str *rest,
    bool unicode, struct buf *out, bool *bad)
{
	struct str s = *rest;
	struct buf b = BUF_INIT;
	bool closed = false, any = false;

	while (s.n && !closed) {
		uint64_t v = 0;
		size_t digits = 0;

		while (s.n && ch_is_space(s.p[0]))
			s = str_from(s, 1);
		if (s.n && s.p[0] == '}' && any) {
			s = str_from(s, 1);
			closed = true;
			break;
		}
		while (s.n && ch_hex(s.p[0]) >= 0 && digits < 12) {
			v = v << 4 | (uint64_t)ch_hex(s.p[0]);
			s = str_from(s, 1);
			digits++;
		}
		if (digits == 0 || (!unicode && digits > 2) ||
		    (s.n && !ch_is_space(s.p[0]) && s.p[0] != '}'))
			break;
		any = true;
		if (unicode && (v > 0x10ffff || (v >= 0xd800 && v < 0xe000))) {
			if (!*bad)
				sieve_bad(c, at,
				    "found ${unicode: %llx}, expected a "
				    "character of Unicode (0 to d7ff, e000 to "
				    "10ffff)",
				    (unsigned long long)v);
			*bad = true;
			v = 0xfffd;
		}
		if (unicode)
			utf8_put(&b, (uint32_t)v);
		else
			buf_putc(&b, (char)(unsigned char)v);
	}
	if (closed) {
		buf_put(out, buf_str(&b));
		*rest = s;
	}
	buf_fini(&b);
	return closed;
}

static struct str
decode(struct sieve_compiler *c, struct place at, struct str s, bool *bad)
{
	struct buf out = BUF_INIT;
	struct str all = s;

	if (!str_has(s, S("${")))
		return s;
	while (s.n) {
		struct str rest = {NULL, 0};
		bool unicode = false;

		if (str_istarts(s, S("${hex:")))
			rest = str_from(s, 6);
		else if (str_istarts(s, S("${unicode:"))) {
			rest = str_from(s, 10);
			unicode = true;
		}
		if (rest.p && take_encoded(c, at, &rest, unicode, &out, bad)) {
			s = rest;
			continue;
		}
		buf_putc(&out, s.p[0]);
		s = str_from(s, 1);
	}
	if (!str_eq(buf_str(&out), all))
		all = arena_dup(c->a, buf_str(&out));
	buf_fini(&out);
	return all;
}

/* --- variables --------------------------------------------------------- */

bool
sieve_name_ok(struct str s)
{
	if (!s.n || (!ch_is_alpha(s.p[0]) && s.p[0] != '_'))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_alnum(s.p[i]) && s.p[i] != '_')
			return false;
	return true;
}

static bool
slot_of(struct sieve_compiler *c, struct place at, struct strs *names,
    struct str name, unsigned *slot)
{
	for (size_t i = 0; i < names->n; i++)
		if (str_ieq(names->v[i], name)) {
			*slot = (unsigned)i;
			return true;
		}
	if (names->n >= VARIABLES_MAX) {
		sieve_bad(c, at, "more than %d variables", VARIABLES_MAX);
		return false;
	}
	strs_add(c->a, names, arena_lower(c->a, name));
	*slot = (unsigned)names->n - 1;
	return true;
}

/* What stands between the braces, as a piece. 1: it is one; 0: it is text; -1: complained. */
static int
variable(struct sieve_compiler *c, struct place at, struct str name,
    struct sieve_piece *out)
{
	struct str ns, rest = name;
	uint64_t n;

	if (str_u64(name, &n)) {
		if (n > MATCHED_MAX) {
			sieve_bad(c, at,
			    "found ${%.*s}, but matches are numbered up to %d",
			    STR_ARG(utf8_clip(name, 40)), MATCHED_MAX);
			return -1;
		}
		*out = (struct sieve_piece){
		    .kind = PIECE_MATCH, .slot = (unsigned)n};
		return 1;
	}
	if (!str_cut(&rest, '.', &ns) || !sieve_name_ok(ns))
		return 0;
	if (rest.p) {
		struct str part, more = rest;

		while (str_cut(&more, '.', &part))
			if (!sieve_name_ok(part) &&
			    !(part.n && ch_is_digit(part.p[0])) &&
			    !str_ieq(ns, S("env")))
				return 0;
		if (str_ieq(ns, S("env")) && enabled(c, EXT_ENV)) {
			*out = (struct sieve_piece){
			    .kind = PIECE_ENVIRONMENT, .text = rest};
			return 1;
		}
		if (!str_ieq(ns, S("global")) || !enabled(c, EXT_INCLUDE)) {
			sieve_bad(c, at,
			    "found ${%.*s}: the namespace %.*s is not known%s",
			    STR_ARG(utf8_clip(name, 60)),
			    STR_ARG(utf8_clip(ns, 40)),
			    str_ieq(ns, S("global"))
				? ": require \"include\" first"
				: "");
			return -1;
		}
		if (!sieve_name_ok(rest)) {
			sieve_bad(c, at,
			    "found ${%.*s}, expected one name after global.",
			    STR_ARG(utf8_clip(name, 60)));
			return -1;
		}
		out->kind = PIECE_GLOBAL;
		return slot_of(c, at, &c->s->globals, rest, &out->slot) ? 1
									: -1;
	}
	if (name.n > NAME_MAX_BYTES) {
		sieve_bad(c, at,
		    "the name of a variable is longer than %d "
		    "letters",
		    NAME_MAX_BYTES);
		return -1;
	}
	if (strs_ihas(&c->scope->globals, name)) {
		out->kind = PIECE_GLOBAL;
		return slot_of(c, at, &c->s->globals, name, &out->slot) ? 1
									: -1;
	}
	out->kind = PIECE_LOCAL;
	return slot_of(c, at, &c->scope->names, name, &out->slot) ? 1 : -1;
}

static void
add_piece(struct sieve_compiler *c, struct sieve_string *s, size_t *cap,
    struct sieve_piece p)
{
	if (s->npieces == *cap) {
		size_t n = *cap ? *cap * 2 : 4;
		struct sieve_piece *v =
		    arena_array(c->a, struct sieve_piece, n);

		if (s->npieces)
			memcpy(v, s->pieces, s->npieces * sizeof *v);
		s->pieces = v;
		*cap = n;
	}
	s->pieces[s->npieces++] = p;
}

bool
sieve_string(struct sieve_compiler *c, const struct node *n, bool constant,
    struct sieve_string *out)
{
	bool bad = false;
	size_t cap = 0, from = 0;
	struct str s = n->s;

	*out = (struct sieve_string){.at = n->at};
	if (enabled(c, EXT_ENCODED_CHARACTER))
		s = decode(c, n->at, s, &bad);
	out->s = arena_dup(c->a, s);
	s = out->s;
	if (bad)
		return false;
	if (!enabled(c, EXT_VARIABLES) || constant)
		return true;
	for (size_t i = 0; i + 2 < s.n;) {
		struct sieve_piece p = {.kind = PIECE_TEXT};
		ptrdiff_t end;
		int rc;

		if (s.p[i] != '$' || s.p[i + 1] != '{' ||
		    (end = str_chr(s, '}', i)) < 0) {
			i++;
			continue;
		}
		rc = variable(c, n->at, str_sub(s, i + 2, (size_t)end), &p);
		if (rc < 0)
			return false;
		if (rc == 0) {
			i++;
			continue;
		}
		if (i > from)
			add_piece(c, out, &cap,
			    (struct sieve_piece){.kind = PIECE_TEXT,
				.text = str_sub(s, from, i)});
		add_piece(c, out, &cap, p);
		i = from = (size_t)end + 1;
	}
	if (out->npieces && from < s.n)
		add_piece(c, out, &cap,
		    (struct sieve_piece){
			.kind = PIECE_TEXT, .text = str_from(s, from)});
	return true;
}

/* --- when it runs ------------------------------------------------------ */

struct str
sieve_clip_variable(struct str s)
{
	return utf8_clip(s, SIEVE_VARIABLE_MAX);
}

static struct str
piece_value(const struct sieve_run *r, const struct sieve_piece *p)
{
	switch (p->kind) {
	case PIECE_TEXT:
		return p->text;
	case PIECE_LOCAL:
		return r->locals[p->slot];
	case PIECE_GLOBAL:
		return r->globals[p->slot];
	case PIECE_MATCH:
		return p->slot < r->nmatched ? r->matched[p->slot]
					     : (struct str){"", 0};
	case PIECE_ENVIRONMENT: {
		struct str v;

		if (sieve_environment(r, p->text, &v))
			return v;
		break;
	}
	}
	return (struct str){"", 0};
}

struct str
sieve_expand(struct sieve_run *r, const struct sieve_string *s)
{
	size_t n = 0;
	char *p;

	if (!s->npieces)
		return s->s;
	if (s->npieces == 1)
		return piece_value(r, &s->pieces[0]);
	for (size_t i = 0; i < s->npieces; i++)
		n += piece_value(r, &s->pieces[i]).n;
	r->steps += n / 64;
	if (r->steps > SIEVE_STEPS_MAX || n > EXPANDED_MAX)
		return (struct str){"", 0}; /* the run ends at its next step */
	p = arena_bytes(r->a, n + 1);
	n = 0;
	for (size_t i = 0; i < s->npieces; i++) {
		struct str v = piece_value(r, &s->pieces[i]);

		if (v.n)
			memcpy(p + n, v.p, v.n);
		n += v.n;
	}
	p[n] = '\0';
	return str_n(p, n);
}

struct strs
sieve_expand_list(struct sieve_run *r, const struct sieve_value *v)
{
	struct strs l = {arena_array(r->a, struct str, v->n + 1), 0};

	for (size_t i = 0; i < v->n; i++)
		l.v[l.n++] = sieve_expand(r, &v->v[i]);
	return l;
}

const struct sieve_value *
sieve_tagged(const struct sieve_node *n, enum sieve_tag_id id)
{
	for (size_t i = 0; i < n->ntagged; i++)
		if (n->tagged[i].id == id)
			return &n->tagged[i].value;
	return NULL;
}

struct str
sieve_tag_string(
    struct sieve_run *r, const struct sieve_node *n, enum sieve_tag_id id)
{
	const struct sieve_value *v = sieve_tagged(n, id);

	return v && v->n ? sieve_expand(r, &v->v[0]) : (struct str){"", 0};
}

bool
sieve_literal(const struct sieve_value *v, size_t i, struct str *out)
{
	if (i >= v->n || v->v[i].npieces)
		return false;
	*out = v->v[i].s;
	return true;
}

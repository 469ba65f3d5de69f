/*
 * Addresses as the tests address and envelope take them apart (RFC 5228 §2.7.4,
 * RFC 5322 §3.4): spelling kept, quotes of the local part undone, comments and
 * display names gone, groups opened. mail/address.h reads for people; here an
 * address that is none is to be told from one that is.
 */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

struct reader {
	struct arena *a;
	struct str s;
	size_t at;
};

static char
peek(const struct reader *r)
{
	return r->at < r->s.n ? r->s.p[r->at] : '\0';
}

static void
skip_cfws(struct reader *r)
{
	int depth = 0;

	for (; r->at < r->s.n; r->at++) {
		char c = r->s.p[r->at];

		if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (c == '\\' && depth)
			r->at++;
		else if (!depth && !ch_is_space(c))
			return;
	}
}

static bool
is_atext(char c)
{
	return (unsigned char)c >= 0x80 || ch_is_alnum(c) ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* An atom or a quoted string, unquoted, appended. */
static bool
word(struct reader *r, struct buf *out)
{
	size_t from = r->at;

	if (peek(r) == '"') {
		for (r->at++; r->at < r->s.n && r->s.p[r->at] != '"'; r->at++) {
			if (r->s.p[r->at] == '\\' && r->at + 1 < r->s.n)
				r->at++;
			buf_putc(out, r->s.p[r->at]);
		}
		if (r->at >= r->s.n)
			return false;
		r->at++;
		return true;
	}
	while (is_atext(peek(r)))
		r->at++;
	buf_put(out, str_sub(r->s, from, r->at));
	return r->at > from;
}

static bool
domain(struct reader *r, struct buf *out)
{
	skip_cfws(r);
	if (peek(r) == '[') {
		size_t from = r->at;

		while (r->at < r->s.n && peek(r) != ']')
			r->at++;
		if (r->at == r->s.n)
			return false;
		r->at++;
		buf_put(out, str_sub(r->s, from, r->at));
		skip_cfws(r);
		return true;
	}
	for (;;) {
		size_t from;

		skip_cfws(r);
		from = r->at;
		while (is_atext(peek(r)))
			r->at++;
		if (r->at == from)
			return false;
		buf_put(out, str_sub(r->s, from, r->at));
		skip_cfws(r);
		if (peek(r) != '.')
			return true;
		buf_putc(out, '.');
		r->at++;
	}
}

static bool
needs_quotes(struct str local)
{
	bool dot = true;

	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '.') {
			if (dot)
				return true;
			dot = true;
			continue;
		}
		if (!is_atext(local.p[i]))
			return true;
		dot = false;
	}
	return dot;
}

static struct str
whole(struct arena *a, struct str local, struct str dom)
{
	struct buf b = BUF_INIT;
	struct str out;
	bool quote = needs_quotes(local);

	if (quote)
		buf_putc(&b, '"');
	for (size_t i = 0; i < local.n; i++) {
		if (quote && (local.p[i] == '"' || local.p[i] == '\\'))
			buf_putc(&b, '\\');
		buf_putc(&b, local.p[i]);
	}
	if (quote)
		buf_putc(&b, '"');
	if (dom.n) {
		buf_putc(&b, '@');
		buf_put(&b, dom);
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

/* local-part "@" domain from here. */
static bool
addr_spec(struct reader *r, struct sieve_addr *x)
{
	struct buf l = BUF_INIT, d = BUF_INIT;
	bool ok = true;

	*x = (struct sieve_addr){{"", 0}, {"", 0}, {"", 0}, false};
	for (;;) {
		skip_cfws(r);
		if (!(ok = word(r, &l)))
			break;
		skip_cfws(r);
		if (peek(r) != '.')
			break;
		buf_putc(&l, '.');
		r->at++;
	}
	if (ok && peek(r) == '@') {
		r->at++;
		ok = domain(r, &d);
	} else {
		ok = false;
	}
	if (ok) {
		x->local = arena_dup(r->a, buf_str(&l));
		x->domain = arena_dup(r->a, buf_str(&d));
		x->all = whole(r->a, x->local, x->domain);
		x->valid = true;
	}
	buf_fini(&l);
	buf_fini(&d);
	return ok;
}

/* "<" [route ":"] addr-spec ">"; "<>" is a valid nothing. */
static bool
angle(struct reader *r, struct sieve_addr *x)
{
	size_t route;

	r->at++;
	skip_cfws(r);
	if (peek(r) == '>') {
		r->at++;
		*x = (struct sieve_addr){{"", 0}, {"", 0}, {"", 0}, false};
		return false;
	}
	route = r->at;
	if (peek(r) == '@') {
		while (r->at < r->s.n && peek(r) != ':' && peek(r) != '>')
			r->at++;
		if (peek(r) == ':')
			r->at++;
		else
			r->at = route;
	}
	if (!addr_spec(r, x))
		return false;
	skip_cfws(r);
	if (peek(r) != '>')
		return false;
	r->at++;
	skip_cfws(r);
	return true;
}

static void
skip_entry(struct reader *r)
{
	bool quoted = false;

	for (; r->at < r->s.n; r->at++) {
		char c = r->s.p[r->at];

		if (c == '\\')
			r->at++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ',' || c == ';'))
			return;
	}
}

static void
add(struct arena *a, struct sieve_addr **v, size_t *n, size_t *cap,
    struct sieve_addr x)
{
	if (*n == *cap) {
		size_t c = *cap ? *cap * 2 : 4;
		struct sieve_addr *w = arena_array(a, struct sieve_addr, c);

		if (*n)
			memcpy(w, *v, *n * sizeof *w);
		*v = w;
		*cap = c;
	}
	(*v)[(*n)++] = x;
}

/* One entry of a list; false when it was a group's name, which is passed over. */
static bool
entry(struct reader *r, struct sieve_addr *x)
{
	size_t from = r->at;
	struct buf name = BUF_INIT;

	if (addr_spec(r, x)) {
		skip_cfws(r);
		if (!peek(r) || peek(r) == ',' || peek(r) == ';')
			return true;
	}
	/* A display name, then < or : */
	r->at = from;
	skip_cfws(r);
	while (r->at < r->s.n &&
	       (word(r, &name) || peek(r) == '.' || peek(r) == '@')) {
		if (peek(r) == '.' || peek(r) == '@')
			r->at++;
		skip_cfws(r);
	}
	buf_fini(&name);
	if (peek(r) == ':') {
		r->at++;
		return false;
	}
	if (peek(r) == '<' && angle(r, x)) {
		skip_cfws(r);
		if (!peek(r) || peek(r) == ',' || peek(r) == ';')
			return true;
	}
	skip_entry(r);
	*x = (struct sieve_addr){
	    .all = str_trim(str_sub(r->s, from, r->at)), .valid = false};
	x->local = x->domain = (struct str){"", 0};
	return true;
}

size_t
sieve_addresses(struct arena *a, struct str value, struct sieve_addr **out)
{
	struct reader r = {a, value, 0};
	size_t n = 0, cap = 0;

	*out = NULL;
	while (r.at < r.s.n && n < ADDRESSES_MAX) {
		struct sieve_addr x = {{"", 0}, {"", 0}, {"", 0}, false};

		skip_cfws(&r);
		if (peek(&r) == ',' || peek(&r) == ';') {
			r.at++;
			continue;
		}
		if (r.at >= r.s.n)
			break;
		if (entry(&r, &x))
			add(a, out, &n, &cap, x);
	}
	return n;
}

/* RFC 5228 §2.4.2.3: addr-spec, or phrase "<" addr-spec ">". */
bool
sieve_address_ok(struct arena *a, struct str s, struct sieve_addr *out)
{
	struct reader r = {a, str_trim(s), 0};

	if (!addr_spec(&r, out) || r.at != r.s.n) {
		r.at = 0;
		if (!r.s.n || !entry(&r, out) || r.at != r.s.n)
			return false;
	}
	return out->valid && out->all.n <= ADDRESS_MAX;
}

struct str
sieve_addr_part_of(const struct sieve *s, const struct sieve_addr *x,
    enum sieve_addr_part part, bool *has)
{
	ptrdiff_t sep = -1;

	*has = true;
	if (!x->valid) {
		*has = part == PART_ALL;
		return x->all;
	}
	switch (part) {
	case PART_ALL:
		return x->all;
	case PART_LOCAL:
		return x->local;
	case PART_DOMAIN:
		return x->domain;
	case PART_USER:
	case PART_DETAIL:
		break;
	case PARTS_N:
		return x->all;
	}
	/* RFC 5233 §4: without a separator there is no detail. */
	for (size_t i = 0; i < x->local.n && sep < 0; i++)
		if (str_chr(s->delimiters, x->local.p[i], 0) >= 0)
			sep = (ptrdiff_t)i;
	if (part == PART_USER)
		return sep < 0 ? x->local : str_sub(x->local, 0, (size_t)sep);
	*has = sep >= 0;
	return sep < 0 ? (struct str){"", 0}
		       : str_from(x->local, (size_t)sep + 1);
}

/* --- mailto: (RFC 6068) ------------------------------------------------ */

static bool
percent(struct arena *a, struct str s, struct str *out)
{
	struct buf b = BUF_INIT;
	bool ok = true;

	for (size_t i = 0; i < s.n && ok; i++) {
		struct buf one = BUF_INIT;

		if (s.p[i] != '%') {
			buf_putc(&b, s.p[i]);
			continue;
		}
		ok = i + 2 < s.n && buf_unhex(&one, str_sub(s, i + 1, i + 3));
		buf_put(&b, buf_str(&one));
		buf_fini(&one);
		i += 2;
	}
	*out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return ok && utf8_valid(*out) &&
	       memchr(out->n ? out->p : "", 0, out->n) == NULL;
}

static bool
add_recipients(struct arena *a, struct strs *to, struct str list, bool header)
{
	struct str part;

	if (!list.n)
		return true;
	if (header) {
		struct sieve_addr *v;
		size_t n = sieve_addresses(a, list, &v);

		for (size_t i = 0; i < n; i++) {
			if (!v[i].valid)
				return false;
			strs_add(a, to, v[i].all);
		}
		return true;
	}
	while (str_cut(&list, ',', &part)) {
		struct sieve_addr x;
		struct str s;

		if (!percent(a, part, &s) || !sieve_address_ok(a, s, &x))
			return false;
		strs_add(a, to, x.all);
	}
	return true;
}

bool
sieve_mailto(struct arena *a, struct str uri, struct strs *to,
    struct sieve_field **fields, size_t *nfields, struct str *body)
{
	struct str rest = str_from(uri, 7), list, query = {NULL, 0}, pair;
	ptrdiff_t q = str_chr(rest, '?', 0);

	*fields = arena_array(a, struct sieve_field, 64);
	*nfields = 0;
	*body = (struct str){NULL, 0};
	list = q < 0 ? rest : str_sub(rest, 0, (size_t)q);
	if (q >= 0)
		query = str_from(rest, (size_t)q + 1);
	for (size_t i = 0; i < uri.n; i++)
		if ((unsigned char)uri.p[i] <= 32 ||
		    strchr("<>\"{}|\\^`#", uri.p[i]))
			return false;
	if (!add_recipients(a, to, list, false))
		return false;
	while (query.n && str_cut(&query, '&', &pair)) {
		ptrdiff_t eq = str_chr(pair, '=', 0);
		struct str name, value;

		if (eq <= 0 ||
		    !percent(a, str_sub(pair, 0, (size_t)eq), &name) ||
		    !percent(a, str_from(pair, (size_t)eq + 1), &value) ||
		    !sieve_header_name_ok(name))
			return false;
		if (str_ieq(name, S("body"))) {
			*body = value;
			continue;
		}
		if (str_ieq(name, S("to"))) {
			if (!add_recipients(a, to, value, true))
				return false;
			continue;
		}
		if (str_chr(value, '\n', 0) >= 0 ||
		    str_chr(value, '\r', 0) >= 0)
			return false;
		if (str_ieq(name, S("cc")) || str_ieq(name, S("bcc"))) {
			struct strs check = {NULL, 0};

			if (!add_recipients(a, &check, value, true))
				return false;
		}
		if (*nfields == 64)
			return false;
		(*fields)[(*nfields)++] =
		    (struct sieve_field){.name = name, .value = value};
	}
	return to->n > 0 || *nfields > 0;
}

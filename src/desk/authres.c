/*
 *   mx.acme.example 1; dmarc=pass (p=REJECT) header.from=ann.example;
 *     spf=pass smtp.mailfrom="x@ann.example"; dkim=fail reason="bad; sig" header.d=ann.example
 *
 * Split by hand: a comment or a quoted string may hold anything, also the
 * words that an attacker would like to be read outside.
 */
#include "desk/authres.h"
#include "mail/address.h"

/* The value with comments as blanks; quotes stay. False when one never ends. */
static bool
without_comments(struct arena *a, struct str value, struct str *out)
{
	char *p = arena_bytes(a, value.n + 1);
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		p[i] = depth ? ' ' : c;
		if (c == '\\' && (quoted || depth) && i + 1 < value.n) {
			i++;
			p[i] = depth ? ' ' : value.p[i];
		} else if (!depth && c == '"')
			quoted = !quoted;
		else if (!quoted && c == '(') {
			depth++;
			p[i] = ' ';
		} else if (!quoted && depth && c == ')')
			depth--;
	}
	*out = str_n(p, value.n);
	return !depth && !quoted;
}

/* Takes what stands before the next ';' outside of quotes. */
static bool
next_part(struct str *rest, struct str *part)
{
	bool quoted = false;
	size_t i = 0;

	if (!rest->n)
		return false;
	for (; i < rest->n && (quoted || rest->p[i] != ';'); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (rest->p[i] == '\\' && quoted)
			i++;
	}
	*part = str_trim(str_sub(*rest, 0, i));
	*rest = str_from(*rest, i + 1);
	return true;
}

/* Takes the next name=value of a part; blanks around '=' are allowed. */
static bool
next_pair(struct str *rest, struct str *name, struct str *value)
{
	size_t i = 0;

	*rest = str_ltrim(*rest);
	while (i < rest->n && rest->p[i] != '=' && !ch_is_space(rest->p[i]))
		i++;
	*name = str_sub(*rest, 0, i);
	*rest = str_ltrim(str_from(*rest, i));
	if (!name->n || !rest->n || rest->p[0] != '=')
		return false;
	*rest = str_ltrim(str_from(*rest, 1));
	i = 0;
	if (rest->n && rest->p[0] == '"') {
		for (i = 1; i < rest->n && rest->p[i] != '"'; i++)
			if (rest->p[i] == '\\')
				i++;
		*value = str_sub(*rest, 1, i);
		*rest = str_from(*rest, i + 1);
		return true;
	}
	while (i < rest->n && !ch_is_space(rest->p[i]))
		i++;
	*value = str_sub(*rest, 0, i);
	*rest = str_from(*rest, i);
	return true;
}

static enum auth_result
result_of(struct str s)
{
	if (str_ieq(s, S("pass")))
		return AUTH_PASS;
	if (str_ieq(s, S("fail")) || str_ieq(s, S("softfail")) ||
	    str_ieq(s, S("hardfail")) || str_ieq(s, S("permerror")))
		return AUTH_FAIL;
	return AUTH_OTHER;
}

static void
note(struct authres *r, enum auth_result *slot, enum auth_result v)
{
	if (*slot != AUTH_NONE && *slot != v) {
		r->contradicting = true;
		v = AUTH_OTHER;
	}
	*slot = v;
}

static void
read_method(
    struct arena *a, struct authres *r, struct str part, struct str from_domain)
{
	struct str method, result, name, value, rest = part;
	struct str user = {0}, domain = {0};
	enum auth_result v;
	bool other_from = false;
	ptrdiff_t slash;

	if (!next_pair(&rest, &method, &result))
		return;
	slash = str_chr(method, '/', 0); /* "dkim/1" */
	if (slash > 0)
		method = str_sub(method, 0, (size_t)slash);
	while (next_pair(&rest, &name, &value)) {
		if (str_ieq(name, S("header.from"))) {
			ptrdiff_t at = str_rchr(value, '@');

			value = str_from(value, (size_t)(at + 1));
			other_from |= !str_ieq(value, from_domain);
		} else if (str_ieq(name, S("smtp.auth")))
			user = value;
		else if (str_ieq(name, S("header.d")))
			domain = value;
	}
	v = result_of(result);
	if (str_ieq(method, S("dmarc"))) {
		if (!other_from)
			note(r, &r->dmarc, v);
		else if (v == AUTH_PASS)
			note(r, &r->dmarc, AUTH_OTHER);
	} else if (str_ieq(method, S("spf")))
		note(r, &r->spf, v);
	else if (str_ieq(method, S("auth"))) {
		note(r, &r->auth, v);
		/* Two who logged in are none. */
		if (r->auth_user.n && !str_ieq(r->auth_user, user))
			r->contradicting = true;
		r->auth_user = arena_dup(a, user);
	} else if (str_ieq(method, S("dkim"))) {
		/* Several signatures are usual; one that holds is enough. */
		if (r->dkim != AUTH_PASS)
			r->dkim = v;
		if (v == AUTH_PASS && !r->dkim_domain.n)
			r->dkim_domain = arena_dup(a, domain);
	}
}

void
authres_read(struct arena *a, const struct strs *values,
    const struct strs *trusted, struct str from, struct authres *out)
{
	*out = (struct authres){0};
	if (!trusted->n)
		return;
	for (size_t i = 0; i < values->n; i++) {
		struct str clean, part, id;
		bool whole = without_comments(a, values->v[i], &clean);

		if (!next_part(&clean, &part) || !str_word(&part, &id))
			continue;
		if (id.n > 1 && id.p[0] == '"')
			id = str_sub(id, 1, id.n - 1);
		if (!strs_ihas(trusted, id))
			continue;
		out->found = true;
		if (!whole) { /* cut short: believe nothing of it */
			out->contradicting = true;
			return;
		}
		while (next_part(&clean, &part))
			read_method(a, out, part, address_domain(from));
		return;
	}
}

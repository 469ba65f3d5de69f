/* Servers in helpd.conf: imaps://HOST:PORT and its like. */
#include "app/config_value.h"
#include "base/syntax.h"
#include "net/http.h"

struct scheme {
	const char *name;
	uint16_t port;
	int security; /* TRANSPORT_STARTTLS … */
};

static bool
is_loopback(struct str host)
{
	if (str_ieq(host, S("localhost")) || str_eq(host, S("::1")))
		return true;
	for (size_t i = 0; i < host.n; i++)
		if (!ch_is_digit(host.p[i]) && host.p[i] != '.')
			return false;
	return str_starts(host, S("127."));
}

static bool
host_and_port(struct value_reader *r, const struct setting *s,
    const struct node *n, struct str rest, struct str *host, uint16_t *port)
{
	struct str port_text = {NULL, 0};
	ptrdiff_t colon;
	uint64_t v;

	if (str_chr(rest, '@', 0) >= 0)
		return value_expected(r, s, n,
		    "only the server here: the user and "
		    "the password have settings of their own");
	if (str_ends(rest, S("/")))
		rest = str_sub(rest, 0, rest.n - 1);
	if (str_chr(rest, '/', 0) >= 0)
		return value_expected(r, s, n, "nothing behind the server");
	if (str_starts(rest, S("["))) { /* [::1]:143 */
		ptrdiff_t close = str_chr(rest, ']', 0);

		if (close < 0)
			return value_expected(
			    r, s, n, "']' behind the address");
		*host = str_sub(rest, 1, (size_t)close);
		rest = str_from(rest, (size_t)close + 1);
		for (size_t i = 0; i < host->n; i++)
			if (!strchr("0123456789abcdefABCDEF:.", host->p[i]))
				return value_expected(
				    r, s, n, "an IPv6 address");
		if (host->n < 2)
			return value_expected(r, s, n, "an IPv6 address");
		if (rest.n && rest.p[0] != ':')
			return value_expected(
			    r, s, n, "':' and a port behind ']'");
		if (rest.n)
			port_text = str_from(rest, 1);
		colon = rest.n ? 0 : -1;
	} else {
		colon = str_chr(rest, ':', 0);
		*host = colon < 0 ? rest : str_sub(rest, 0, (size_t)colon);
		if (colon >= 0)
			port_text = str_from(rest, (size_t)colon + 1);
		if (!value_is_domain(*host))
			return value_expected(r, s, n, "the name of a server");
	}
	if (colon >= 0) {
		if (!str_u64(port_text, &v) || v < 1 || v > 65535)
			return value_expected(
			    r, s, n, "a port from 1 to 65535");
		*port = (uint16_t)v;
	}
	return true;
}

static bool
url(struct value_reader *r, const struct setting *s, const struct node *n,
    const struct scheme *schemes, struct str *host, uint16_t *port,
    int *security)
{
	struct strs names = {0};
	struct str v, name_, near;
	ptrdiff_t at;

	if (!value_line(r, s, n, &v))
		return false;
	at = str_find(v, S("://"), 0);
	if (at < 0)
		return value_expected(r, s, n,
		    arena_printf(r->a, "\"%s://%.*s\"", schemes[0].name,
			value_is_domain(v) ? (int)v.n : 4,
			value_is_domain(v) ? v.p : "HOST")
			.p);
	name_ = str_sub(v, 0, (size_t)at);
	for (const struct scheme *x = schemes; x->name; x++) {
		strs_add(r->a, &names, str_c(x->name));
		if (!str_ieq(name_, str_c(x->name)))
			continue;
		*port = x->port;
		*security = x->security;
		if (!host_and_port(
			r, s, n, str_from(v, (size_t)at + 3), host, port))
			return false;
		if (*security == TRANSPORT_PLAINTEXT && !is_loopback(*host))
			return value_expected(r, s, n,
			    arena_printf(r->a,
				"a loopback address: %s sends the password "
				"unencrypted; use %s://, or %s:// with "
				"STARTTLS",
				x->name, schemes[0].name, schemes[1].name)
				.p);
		return true;
	}
	near = syntax_nearest(name_, names.v, names.n);
	if (!near.n)
		near = names.v[0];
	return value_expected(r, s, n,
	    arena_printf(r->a, "%s:// or %s://: did you mean %.*s://?",
		schemes[0].name, schemes[1].name, STR_ARG(near))
		.p);
}

bool
value_imap_url(struct value_reader *r, const struct setting *s,
    const struct node *n, struct mailbox *m)
{
	static const struct scheme schemes[] = {
	    {"imaps", 993, TRANSPORT_IMPLICIT},
	    {"imap", 143, TRANSPORT_STARTTLS},
	    {"imap+plain", 143, TRANSPORT_PLAINTEXT},
	    {NULL, 0, 0},
	};
	int security;

	if (!url(r, s, n, schemes, &m->host, &m->port, &security))
		return false;
	m->implicit_tls = security == TRANSPORT_IMPLICIT;
	m->plaintext = security == TRANSPORT_PLAINTEXT;
	return true;
}

bool
value_url(struct value_reader *r, const struct setting *s, const struct node *n,
    struct str *out)
{
	struct err err = ERR_INIT;

	if (!value_line(r, s, n, out))
		return false;
	if (http_check_url(*out, &err) == 0)
		return true;
	/* A URL may be a secret: it is not repeated. */
	complain(r->a, r->bad, n->at, "%s: %s", s->name, err.msg);
	return false;
}

bool
value_smtp_url(struct value_reader *r, const struct setting *s,
    const struct node *n, struct transport *t)
{
	static const struct scheme schemes[] = {
	    {"submissions", 465, TRANSPORT_IMPLICIT},
	    {"submission", 587, TRANSPORT_STARTTLS},
	    {"smtps", 465, TRANSPORT_IMPLICIT},
	    {"smtp", 25, TRANSPORT_STARTTLS},
	    {"smtp+plain", 25, TRANSPORT_PLAINTEXT},
	    {NULL, 0, 0},
	};
	int security;

	if (!url(r, s, n, schemes, &t->host, &t->port, &security))
		return false;
	t->security = security;
	return true;
}

#include "app/expiry.h"
#include "base/clock.h"
#include "base/must.h"
#include "net/tls_peer.h"

struct gather {
	struct arena *a;
	struct expiry *v;
	size_t n, max;
};

static void
add(struct gather *g, enum alarm_kind kind, struct str name, struct str words,
    int64_t at)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].kind == kind && str_eq(g->v[i].name, name))
			return;
	must(g->n < g->max);
	g->v[g->n++] = (struct expiry){kind, name, words, at};
}

static void
server(struct gather *g, struct str host, unsigned port)
{
	struct str where = arena_printf(g->a, "%.*s:%u", STR_ARG(host), port);
	struct tls_peer p;

	if (tls_peer_get(where.p, &p))
		add(g, ALARM_CERTIFICATE, where,
		    arena_dup(g->a, str_c(p.whose)), p.expires);
	else
		add(g, ALARM_CERTIFICATE, where, S(""), CLOCK_NONE);
}

static void
file(struct gather *g, struct str path)
{
	struct tls_peer p;

	if (path.n && tls_file_expires(path.p, &p, NULL) > 0)
		add(g, ALARM_AUTHORITY, path, arena_dup(g->a, str_c(p.whose)),
		    p.expires);
}

static void
password(
    struct gather *g, const char *what, struct str name, const struct secret *s)
{
	if (s->expires)
		add(g, ALARM_PASSWORD,
		    arena_printf(g->a, "%s %.*s", what, STR_ARG(name)), S(""),
		    s->expires);
}

size_t
expiry_list(struct arena *a, const struct config *c, struct expiry **out)
{
	const struct staff *staff = &c->settings.staff;
	struct gather g = {.a = a,
	    .max = 3 * (c->nmailboxes + c->ntransports) + c->nhooks +
		   staff->nagents};

	g.v = arena_array(a, struct expiry, g.max + 1);
	for (size_t i = 0; i < c->nmailboxes; i++) {
		const struct mailbox *m = &c->mailboxes[i];

		if (m->kind != MAILBOX_IMAP)
			continue;
		if (!m->plaintext)
			server(&g, m->host, m->port);
		file(&g, m->ca_file);
		password(&g, "mailbox", m->name, &m->secret);
	}
	for (size_t i = 0; i < c->ntransports; i++) {
		const struct transport *t = &c->transports[i];

		if (t->kind != TRANSPORT_SMTP)
			continue;
		if (t->security != TRANSPORT_PLAINTEXT)
			server(&g, t->host, t->port);
		file(&g, t->ca_file);
		password(&g, "transport", t->name, &t->secret);
	}
	for (size_t i = 0; i < c->nhooks; i++)
		file(&g, c->hooks[i].ca_file);
	for (size_t i = 0; i < staff->nagents; i++)
		if (staff->agents[i].certificate_expires)
			add(&g, ALARM_SMIME, staff->agents[i].name, S(""),
			    staff->agents[i].certificate_expires);
	*out = g.v;
	return g.n;
}

void
expiry_refresh(struct arena *a, struct expiry *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tls_peer p;

		if (v[i].kind != ALARM_CERTIFICATE ||
		    !tls_peer_get(v[i].name.p, &p) || p.expires == v[i].at)
			continue;
		v[i].at = p.expires;
		v[i].words = arena_dup(a, str_c(p.whose));
	}
}

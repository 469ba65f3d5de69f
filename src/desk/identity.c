/*
 * What the mail shows is gathered first (struct sight); then the rows follow in
 * their order, each a test and what it means. Nothing of what is gathered is
 * more than text that somebody wrote, but for the results of our own mail
 * system, the token's HMAC and the signature.
 */
#include "desk/identity.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/settings.h"
#include "mail/lookalike.h"
#include "mail/subject.h"

const char *
level_name(enum level l)
{
	static const char *const names[] = {
	    "none", "weak", "medium", "good", "strong"};

	must((size_t)l < ARRAY_LEN(names));
	return names[l];
}

struct sight {
	struct arena *a;
	const struct identity_query *q;
	const struct agent *from;  /* whose address is in a From */
	const struct agent *shown; /* whose address a name or a Sender shows */
	struct str shown_why;
	bool live;        /* a token that counts */
	const char *dead; /* why one does not */
	bool forward;
};

/* --- gathering --------------------------------------------------------- */

static const struct agent *
agent_among(const struct staff *s, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct agent *x = staff_by_address(s, l->v[i].addr);

		if (x)
			return x;
	}
	return NULL;
}

static const struct agent *
agent_in_from(struct sight *s)
{
	const struct staff *staff = &s->q->settings->staff;
	const struct message *m = s->q->message;
	const struct agent *x = agent_among(staff, &m->from);
	struct addresses l;

	/* Only the first field is read into m->from. */
	for (size_t i = 0; i < m->nheaders && m->from_fields > 1 && !x; i++) {
		if (!str_ieq(m->headers[i].name, S("From")))
			continue;
		addresses_parse(s->a, m->headers[i].value, &l);
		x = agent_among(staff, &l);
	}
	return x;
}

/* What a From shows, and whether an address of a certain domain can be in it:
 * agents are many, their domains few. */
struct shown {
	const struct address *x;
	struct str name_form; /* empty: the name has no "@" */
	struct str domain;
	bool in_name, in_address;
};

static void
look_at_domain(struct sight *s, struct shown *v, struct str domain)
{
	struct str form;

	if (str_ieq(v->domain, domain))
		return;
	v->domain = domain;
	v->in_address = lookalike_domain(s->a, v->x->addr, domain);
	v->in_name = false;
	if (!v->name_form.n)
		return;
	form = lookalike_form(s->a, domain);
	v->in_name = str_has(v->name_form, form);
}

/* Does this name or address pass itself off as one of the agent's? */
static bool
passes_as(struct sight *s, struct shown *v, const struct agent *g)
{
	for (size_t i = 0; i < g->addresses.n; i++) {
		struct str real = g->addresses.v[i];

		look_at_domain(s, v, address_domain(real));
		if (v->in_name && !address_eq(v->x->addr, real) &&
		    lookalike_shows(s->a, v->name_form, real)) {
			s->shown_why = arena_printf(s->a,
			    "the name in From shows an address of %.*s, and "
			    "From is another",
			    STR_ARG(g->name));
			return true;
		}
		if (v->in_address &&
		    lookalike_address(s->a, v->x->addr, real)) {
			s->shown_why = arena_printf(s->a,
			    "From only looks like an address of %.*s",
			    STR_ARG(g->name));
			return true;
		}
	}
	return false;
}

/* An "@" from any keyboard. */
static bool
has_at(struct str s)
{
	return str_has(s, S("@")) || str_has(s, S("\uff20")) ||
	       str_has(s, S("\ufe6b"));
}

static void
look_at_names(struct sight *s)
{
	const struct staff *staff = &s->q->settings->staff;
	const struct message *m = s->q->message;

	for (size_t i = 0; i < m->from.n && i < 10 && !s->shown; i++) {
		struct shown v = {.x = &m->from.v[i]};

		if (has_at(v.x->name) && !address_eq(v.x->name, v.x->addr))
			v.name_form = lookalike_form(s->a, v.x->name);
		/* His own other address in his name is no trick. */
		for (size_t k = 0; k < staff->nagents && !s->shown; k++)
			if (&staff->agents[k] != s->from &&
			    passes_as(s, &v, &staff->agents[k]))
				s->shown = &staff->agents[k];
	}
	if (s->shown || s->from)
		return;
	s->shown = agent_among(staff, &m->sender);
	if (!s->shown && !m->from.n)
		s->shown = staff_by_address(staff, s->q->writer->from.addr);
	if (s->shown)
		s->shown_why = arena_printf(s->a,
		    "an address of %.*s in Sender or Return-Path, and From is "
		    "not his",
		    STR_ARG(s->shown->name));
}

static bool
is_forward(struct sight *s)
{
	const struct message *m = s->q->message;
	struct strs tags = settings_tags(s->a, s->q->settings);

	switch (subject_prefix(m->subject, &tags)) {
	case SUBJECT_FORWARD:
		return true;
	case SUBJECT_REPLY:
		return false;
	case SUBJECT_PLAIN:
		break;
	}
	return m->forwarded != NULL;
}

static void
look_at_token(struct sight *s)
{
	const struct grant *g = s->q->grant;

	if (!g)
		return;
	if (g->revoked != CLOCK_NONE)
		s->dead = "its token was revoked";
	else if (s->q->now > g->expires)
		s->dead = "its token has expired";
	else if (!s->q->by_address && is_forward(s))
		s->dead = "a forwarded notice: its token does not count";
	else
		s->live = true;
}

/* --- rows -------------------------------------------------------------- */

static bool
is_own_domain(const struct settings *s, struct str domain)
{
	if (str_ieq(address_domain(s->address.addr), domain))
		return true;
	for (size_t i = 0; i < s->nqueues; i++)
		if (str_ieq(address_domain(s->queues[i].address.addr), domain))
			return true;
	for (size_t i = 0; i < s->own_addresses.n; i++)
		if (str_ieq(address_domain(s->own_addresses.v[i]), domain))
			return true;
	return false;
}

static bool
auth_names(const struct sight *s, const struct agent *x)
{
	const struct authres *r = s->q->auth;
	struct str user = r->auth_user;

	if (r->auth != AUTH_PASS || !user.n)
		return false;
	for (size_t i = 0; i < x->addresses.n; i++) {
		struct str addr = x->addresses.v[i];

		if (address_eq(addr, user))
			return true;
		if (str_chr(user, '@', 0) < 0 &&
		    addresses_has(&s->q->message->from, addr) &&
		    str_ieq(address_local(addr), user) &&
		    is_own_domain(s->q->settings, address_domain(addr)))
			return true;
	}
	return false;
}

/* What is wrong with From or the results; p NULL: nothing. */
static struct str
row_1(struct sight *s)
{
	const struct message *m = s->q->message;
	const struct staff *staff = &s->q->settings->staff;

	if (m->from_fields > 1)
		return arena_printf(s->a, "%u From fields", m->from_fields);
	if (!m->from_fields || !m->from.n)
		return S("no From");
	if (m->from.n > 1)
		return arena_printf(s->a, "%zu addresses in From", m->from.n);
	if (!m->from.v[0].addr.n)
		return S("From cannot be read");
	if (s->q->auth->contradicting)
		return S("results of authentication that contradict each "
			 "other");
	for (size_t i = 0; i < staff->nagents && s->from; i++)
		if (&staff->agents[i] != s->from &&
		    auth_names(s, &staff->agents[i]) && !auth_names(s, s->from))
			return arena_printf(s->a,
			    "%.*s logged in to send it, and From is %.*s",
			    STR_ARG(staff->agents[i].name),
			    STR_ARG(s->from->name));
	/* The name of one agent on the address of another. */
	if (s->from && s->shown)
		return s->shown_why;
	return str_n(NULL, 0);
}

static bool
has_certificate(const struct sight *s)
{
	const struct smime *x = s->q->message->smime;

	return x && s->from->has_certificate &&
	       secret_eq(str_n((const char *)x->certificate, SHA256_SIZE),
		   str_n((const char *)s->from->certificate, SHA256_SIZE));
}

/* What keeps a signature from counting; NULL: it does. */
static const char *
signature_fault(const struct sight *s)
{
	const struct smime *x = s->q->message->smime;

	if (!x)
		return "";
	if (!s->from->has_certificate)
		return "signed, and no certificate is pinned";
	if (!has_certificate(s))
		return "signed with another certificate";
	if (!x->whole)
		return "the signature does not cover all of it";
	if (x->signed_at == CLOCK_NONE)
		return "the signature has no time";
	if (x->signed_at < s->q->now - SMIME_FRESH)
		return "the signature is old";
	if (x->signed_at > s->q->now + 10 * CLOCK_MINUTE)
		return "the signature is of the future";
	if (s->q->signature_spent)
		return "the signature was used before";
	return NULL;
}

static void __attribute__((format(printf, 5, 6))) say(struct sight *s,
    struct identity *out, unsigned row, enum level level, const char *fmt, ...)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	const char *fault = s->from ? signature_fault(s) : NULL;
	const char *sep = " (";
	va_list ap;

	out->row = row;
	out->level = level;
	buf_printf(&b, "row %u: ", row);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (s->dead) {
		buf_printf(&b, "%s%s", sep, s->dead);
		sep = "; ";
	}
	if (row > 3 && fault && *fault) {
		buf_printf(&b, "%s%s", sep, fault);
		sep = "; ";
	}
	if (sep[0] == ';')
		buf_putc(&b, ')');
	out->why = arena_dup(s->a, buf_str(&b));
}

/* Rows 5 to 10: one From, an agent's, without contradiction. */
static void
by_results(struct sight *s, struct identity *out)
{
	const struct authres *r = s->q->auth;
	bool proven = r->dmarc == AUTH_PASS || auth_names(s, s->from);
	const char *by = r->dmarc == AUTH_PASS ? "dmarc=pass" : "auth=pass";

	if (r->dmarc == AUTH_FAIL)
		say(s, out, 5, LEVEL_NONE, "dmarc=fail");
	else if (!proven && !out->token &&
		 str_ieq(s->q->confirmed, s->from->name))
		say(s, out, 7, LEVEL_WEAK,
		    "no trusted result, %.*s confirmed that it is his",
		    STR_ARG(s->from->name));
	else if (!proven && !out->token)
		say(s, out, 6, LEVEL_NONE, "no trusted result and no token");
	else if (!proven)
		say(s, out, 7, LEVEL_WEAK, "no trusted result, a valid token");
	else if (!out->token)
		say(s, out, 8, LEVEL_MEDIUM, "%s, no token", by);
	else if (out->confirmed)
		say(s, out, 10, LEVEL_STRONG, "%s and a one-time token", by);
	else
		say(s, out, 9, LEVEL_GOOD, "%s and the token", by);

	if (out->row == 7 && s->q->settings->trust == TRUST_TOKEN) {
		out->as_nine = true;
		out->level = out->confirmed ? LEVEL_STRONG : LEVEL_GOOD;
		out->why = arena_printf(
		    s->a, "%.*s (trust \"token\")", STR_ARG(out->why));
	}
}

static void
decide(struct sight *s, struct identity *out)
{
	const struct identity_query *q = s->q;
	const struct grant *g = q->grant;
	struct str why = row_1(s);

	out->agent = s->from;
	if (why.n) {
		say(s, out, 1, LEVEL_NONE, "%.*s", STR_ARG(why));
		return;
	}
	if (q->message->bounce || q->automatic.n) {
		say(s, out, 2, LEVEL_NONE, "no person wrote it: %.*s",
		    STR_ARG(q->automatic.n ? q->automatic
					   : S("a delivery report")));
		return;
	}
	if (s->live && !(s->from && str_ieq(s->from->name, g->agent))) {
		out->told = staff_agent(&q->settings->staff, g->agent);
		say(s, out, 3, LEVEL_NONE,
		    "a token of %.*s%s, and From is %.*s", STR_ARG(g->agent),
		    out->told ? "" : ", who is gone",
		    STR_ARG(q->message->from.v[0].addr));
		return;
	}
	if (!s->from) {
		out->agent = s->shown;
		say(s, out, 1, LEVEL_NONE, "%.*s", STR_ARG(s->shown_why));
		return;
	}
	out->token = s->live;
	out->confirmed =
	    s->live && g->purpose == GRANT_CONFIRM && g->used == CLOCK_NONE;
	if (!signature_fault(s)) {
		say(s, out, 4, LEVEL_STRONG,
		    "signed with the certificate of %.*s",
		    STR_ARG(s->from->name));
		return;
	}
	by_results(s, out);
}

void
identity_decide(
    struct arena *a, const struct identity_query *q, struct identity *out)
{
	struct sight s = {.a = a, .q = q};

	*out = (struct identity){0};
	look_at_token(&s);
	if (q->settings->staff.nagents) {
		s.from = agent_in_from(&s);
		look_at_names(&s);
	}
	out->concerns = s.from || s.live || s.shown;
	if (out->concerns)
		decide(&s, out);
	else if (s.dead)
		out->why = arena_printf(a,
		    "From is no agent's, and %s (a token of %.*s)", s.dead,
		    STR_ARG(q->grant->agent));
}

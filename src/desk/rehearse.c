/*
 * The history of a ticket says what it was at any time: what came before the
 * event of the mail's article was there before rules ran; what "rule" did
 * behind it, at the same instant, is what they did then.
 */
#include "desk/rehearse.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/extra.h"
#include "desk/forwarded.h"
#include "desk/people.h"
#include "desk/sla_run.h"

struct seen {
	struct str id;
	int64_t until;
	struct seen *next;
};

bool
rehearsal_seen(struct rehearsal *r, struct str id, int64_t now)
{
	const struct seen *x = r->seen[str_hash(id) % ARRAY_LEN(r->seen)];

	while (x && !(str_eq(x->id, id) && x->until > now))
		x = x->next;
	return x != NULL;
}

void
rehearsal_mark(struct rehearsal *r, struct str id, int64_t until)
{
	struct seen **at = &r->seen[str_hash(id) % ARRAY_LEN(r->seen)];
	struct seen *x = arena_new(&r->a, struct seen);

	*x = (struct seen){arena_dup(&r->a, id), until, *at};
	*at = x;
}

/* --- what a ticket was ------------------------------------------------- */

struct state {
	struct str queue, priority, status, assignee, sla, policy;
	struct strs tags, answers;
	struct field *fields;
	size_t nfields;
	bool asked; /* a rule asked for somebody */
	bool acknowledged, refused, by_rule;
};

static bool
is_kind(const struct event *e, enum event_kind k)
{
	return str_eq(e->kind, str_c(event_name(k)));
}

static struct str
behind(struct str detail)
{
	ptrdiff_t at = str_find(detail, S(" -> "), 0);

	return at < 0 ? detail : str_from(detail, (size_t)at + 4);
}

static struct str
or_none(struct str s)
{
	return str_eq(s, S("none")) ? str_n(NULL, 0) : s;
}

static void
take_tags(struct arena *a, struct state *s, struct str detail)
{
	struct str word;

	while (str_word(&detail, &word)) {
		struct str tag = str_from(word, 1);
		struct strs l = {0};

		for (size_t i = 0; i < s->tags.n; i++)
			if (!str_eq(s->tags.v[i], tag))
				strs_add(a, &l, s->tags.v[i]);
		if (word.p[0] == '+')
			strs_add(a, &l, tag);
		s->tags = l;
	}
}

static void
take_field(struct arena *a, struct state *s, struct str detail)
{
	struct str name, old = S("none");
	struct field *v;
	size_t n = 0;

	if (!str_cut(&detail, ':', &name) || !detail.p)
		return;
	detail = str_ltrim(detail);
	v = arena_array(a, struct field, s->nfields + 1);
	for (size_t i = 0; i < s->nfields; i++)
		if (str_ieq(s->fields[i].name, name))
			old = s->fields[i].value;
		else
			v[n++] = s->fields[i];
	old = arena_printf(a, "%.*s -> ", STR_ARG(old));
	detail =
	    str_starts(detail, old) ? str_from(detail, old.n) : behind(detail);
	if (or_none(detail).n)
		v[n++] = (struct field){name, detail};
	s->fields = v;
	s->nfields = n;
}

/* "gold", of "the queue's -> gold". */
static void
take_sla(struct state *s, const struct event *e)
{
	if (!str_eq(e->actor, S("system")))
		s->policy = str_eq(behind(e->detail), S("the queue's"))
				? str_n(NULL, 0)
				: behind(e->detail);
	else
		s->sla = e->detail;
}

static void
take(struct arena *a, struct state *s, const struct event *e)
{
	bool rule = str_eq(e->actor, S("rule"));

	if (is_kind(e, EVENT_CREATED)) {
		s->queue = e->detail;
		s->status = S("new");
		s->priority = S("normal");
	} else if (is_kind(e, EVENT_STATUS) || is_kind(e, EVENT_REOPENED))
		s->status = behind(e->detail);
	else if (is_kind(e, EVENT_PRIORITY))
		s->priority = behind(e->detail);
	else if (is_kind(e, EVENT_QUEUE))
		s->queue = behind(e->detail);
	else if (is_kind(e, EVENT_ASSIGNEE)) {
		s->assignee = or_none(behind(e->detail));
		s->asked |= rule;
	} else if (is_kind(e, EVENT_ROUTED))
		s->asked |= rule;
	else if (is_kind(e, EVENT_TAG))
		take_tags(a, s, e->detail);
	else if (is_kind(e, EVENT_FIELD))
		take_field(a, s, e->detail);
	else if (is_kind(e, EVENT_SLA))
		take_sla(s, e);
	else if (is_kind(e, EVENT_NOTIFIED) && rule) {
		ptrdiff_t held = str_find(e->detail, S(", held: "), 0);

		strs_add(a, &s->answers,
		    held < 0 ? e->detail : str_sub(e->detail, 0, (size_t)held));
	}
}

/* --- the mail in the history ------------------------------------------- */

struct found {
	struct state before, then;
	bool any, is_new;
};

/* A kind of whose events rules, or what follows from them, write. */
static bool
counts(const struct event *e)
{
	return str_eq(e->actor, S("rule")) ||
	       (is_kind(e, EVENT_SLA) && str_eq(e->actor, S("system")));
}

/* Did an agent forward it? */
static bool
is_forwarded(const struct article *r, const struct message *m)
{
	return m->forwarded && m->forwarded->sure &&
	       !address_eq(r->author.addr,
		   m->from.n ? m->from.v[0].addr : str_n(NULL, 0)) &&
	       address_eq(r->author.addr, m->forwarded->from.addr);
}

/* Did rules run when this article was put? */
static bool
is_customers(
    const struct article *r, const struct message *m, const struct event *e)
{
	if (str_starts(e->actor, S("agent:")))
		return is_forwarded(r, m);
	return str_starts(e->actor, S("customer:")) ||
	       str_starts(e->actor, S("desk:")) ||
	       str_eq(e->actor, S("system"));
}

static int
find(struct txn *t, struct arena *a, const struct ticket *k,
    const struct article *r, const struct message *m, struct found *out,
    struct err *err)
{
	struct str mine = arena_printf(a, "article %u", r->seq);
	struct state s = {0};

	*out = (struct found){0};
	for (uint32_t seq = 1; seq <= k->events; seq++) {
		struct event e;
		int f = event_get(t, a, k->id, seq, &e);

		if (f < 0)
			return txn_error(t, err);
		if (!f)
			continue;
		if (!out->any) {
			take(a, &s, &e);
			if (!is_kind(&e, EVENT_ARTICLE) ||
			    !str_eq(e.detail, mine) || !is_customers(r, m, &e))
				continue;
			out->any = true;
			s.answers = (struct strs){0};
			s.sla = str_n(NULL, 0);
			s.asked = false;
			out->before = out->then = s;
			continue;
		}
		if (e.at != r->at || is_kind(&e, EVENT_ARTICLE))
			break;
		if (counts(&e))
			take(a, &out->then, &e);
	}
	out->is_new = r->seq == 1;
	return 0;
}

/* The row as it was. */
static void
put_back(struct arena *a, struct ticket *k, const struct state *s)
{
	struct extra x;

	k->queue = s->queue;
	k->assignee = s->assignee;
	k->tags = s->tags;
	k->fields = s->fields;
	k->nfields = s->nfields;
	k->merged_into = 0;
	k->resolved = k->closed = k->first_response = CLOCK_NONE;
	k->agent_wrote = CLOCK_NONE;
	if (!status_parse(s->status, &k->status))
		k->status = STATUS_NEW;
	if (!priority_parse(s->priority, &k->priority))
		k->priority = PRIORITY_NORMAL;
	extra_read(a, k->extra, &x);
	x.policy = s->policy;
	x.sla = x.wait = str_n(NULL, 0);
	x.snoozed_until = 0;
	k->extra = extra_write(a, str_n(NULL, 0), &x);
}

/* --- comparing --------------------------------------------------------- */

struct comparing {
	struct arena *a;
	struct rehearsed *out;
	struct txn *t;
	const struct ticket *k;
	uint32_t from; /* events behind this one are the rehearsal's */
};

/* Where the last thing of that kind was done now. */
static struct str
cause_of(struct comparing *c, enum event_kind kind)
{
	for (uint32_t seq = c->k->events; seq > c->from; seq--) {
		struct event e;

		if (event_get(c->t, c->a, c->k->id, seq, &e) > 0 &&
		    is_kind(&e, kind) && str_eq(e.actor, S("rule")))
			return e.cause;
	}
	return str_n(NULL, 0);
}

static void
differ(struct comparing *c, const char *what, struct str then, struct str now,
    enum event_kind kind)
{
	struct difference *v;

	if (str_eq(then, now))
		return;
	v = arena_array(c->a, struct difference, c->out->n + 1);
	if (c->out->n)
		memcpy(v, c->out->v, c->out->n * sizeof *v);
	v[c->out->n++] =
	    (struct difference){what, then, now, cause_of(c, kind)};
	c->out->v = v;
}

static int
by_text(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static struct str
joined(struct arena *a, const struct strs *l)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str *v = arena_array(a, struct str, l->n + 1);

	if (l->n)
		memcpy(v, l->v, l->n * sizeof *v);
	qsort(v, l->n, sizeof *v, by_text);
	for (size_t i = 0; i < l->n; i++)
		buf_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(v[i]));
	return arena_dup(a, buf_str(&b));
}

static struct str
fields_of(struct arena *a, const struct state *s)
{
	struct strs l = {0};

	for (size_t i = 0; i < s->nfields; i++)
		strs_add(a, &l,
		    arena_printf(a, "%.*s=%.*s", STR_ARG(s->fields[i].name),
			STR_ARG(s->fields[i].value)));
	return joined(a, &l);
}

static void
compare(struct comparing *c, const struct rehearsal *r,
    const struct state *then, const struct state *now)
{
	differ(c, "queue", then->queue, now->queue, EVENT_QUEUE);
	differ(c, "priority", then->priority, now->priority, EVENT_PRIORITY);
	differ(c, "status", then->status, now->status, EVENT_STATUS);
	differ(c, "tags", joined(c->a, &then->tags), joined(c->a, &now->tags),
	    EVENT_TAG);
	differ(c, "fields", fields_of(c->a, then), fields_of(c->a, now),
	    EVENT_FIELD);
	if (then->asked != (r->assigned.n > 0))
		differ(c, "assignee",
		    then->asked && !then->assignee.n ? S("nobody was there")
						     : then->assignee,
		    r->assigned, EVENT_ROUTED);
	differ(c, "answers", joined(c->a, &then->answers),
	    joined(c->a, &now->answers), EVENT_NOTIFIED);
	differ(c, "sla", then->sla, now->sla, EVENT_SLA);
}

/* --- one mail ---------------------------------------------------------- */

/* What the rules make of it now; the ticket is afterwards what they left. */
static int
run(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct article *r, const struct message *m, const struct found *f,
    struct err *err)
{
	struct intake in = {
	    .channel = k->channel,
	    .size = r->size,
	    .message = m,
	};
	struct writer w;
	struct authres auth;
	struct person p = {0};
	const struct queue *q = settings_queue(d->settings, k->queue);
	struct ack_query ack = {
	    .settings = d->settings,
	    .queue = q ? q : &d->settings->queues[0],
	    .message = m,
	    .writer = &w,
	    .auth = &auth,
	    .automatic = r->automatic,
	    .flag = r->flag,
	    .now = r->at,
	};
	struct rule_event e = {
	    .kind = f->is_new ? RULE_NEW : RULE_FOLLOWUP,
	    .message = m,
	    .in = &in,
	    .ack = &ack,
	    .seq = r->seq,
	    .before = f->is_new ? STATUS_NONE : k->status,
	};
	struct rule_result ruled;
	bool changed = false;

	people_writer(a, d->settings, m, &w);
	if (person_get(t, a, address_key(a, w.address.addr), &p) < 0)
		return txn_error(t, err);
	authres_read(a, &m->authentication_results,
	    &d->settings->trust_authserv, w.from.addr, &auth);
	ack.suspended = p.suspended;
	e.known = p.answered || auth.dmarc == AUTH_PASS;
	if (rules_run(d, t, a, k, &e, r->at, &ruled, err) < 0)
		return -1;
	if (d->settings->npolicies)
		sla_update(d, t, a, k, r->at, &changed);
	return txn_error(t, err);
}

int
rehearse(struct desk *d, struct txn *t, struct arena *a, const struct ticket *k,
    const struct article *r, const struct message *m, struct rehearsed *out,
    struct err *err)
{
	struct ticket was = *k;
	struct comparing c = {
	    .a = a, .out = out, .t = t, .k = &was, .from = k->events};
	struct found f;
	struct state now;

	*out = (struct rehearsed){0};
	if (r->direction != DIRECTION_IN || r->bounce.n || !r->blob)
		return 0;
	if (find(t, a, k, r, m, &f, err) < 0)
		return -1;
	if (!f.any)
		return 0;
	if (is_forwarded(r, m))
		m = forwarded_message(a, m);
	out->ran = true;
	out->event = f.is_new ? "new" : "followup";
	put_back(a, &was, &f.before);
	d->rehearsal->assigned = str_n(NULL, 0);
	if (run(d, t, a, &was, r, m, &f, err) < 0)
		return -1;
	now = f.before;
	for (uint32_t seq = k->events + 1; seq <= was.events; seq++) {
		struct event e;

		if (event_get(t, a, k->id, seq, &e) > 0 && counts(&e))
			take(a, &now, &e);
	}
	compare(&c, d->rehearsal, &f.then, &now);
	return txn_error(t, err);
}

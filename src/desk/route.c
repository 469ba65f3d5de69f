/*
 * Gathering who could take a ticket, and giving it to him.
 *
 * What a strategy remembers is one row a queue and strategy: everybody's last
 * turn and credit. Agents who left are in it until they would be in nobody's
 * way: a few bytes each.
 */
#include "desk/route.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "base/utf8.h"
#include "desk/calendar.h"
#include "desk/customers.h"
#include "desk/notice.h"
#include "desk/people.h"

enum {
	TAG_TURNS = 1, /* given so far */
	TAG_AGENT,
	SUB_NAME = 1,
	SUB_TURN,
	SUB_CREDIT,
	NAMES_TOLD = 6,
	CREDIT_MAX = 1 << 30
};

unsigned
route_weight(enum priority p)
{
	return p > PRIORITY_NONE && p < PRIORITY_COUNT ? 1u << (p - 1) : 2;
}

unsigned
route_load(const struct ticket_load *l)
{
	unsigned n = 0;

	for (unsigned p = PRIORITY_LOW; p < PRIORITY_COUNT; p++)
		n += l->n[p] * route_weight((enum priority)p);
	return n;
}

static bool
in_hours(const struct settings *s, const struct agent *x, int64_t now)
{
	const struct calendar *c =
	    x->hours.n ? settings_calendar(s, x->hours) : NULL;

	return !c || calendar_working(c, now);
}

/* --- what a strategy remembers ----------------------------------------- */

struct memory {
	struct str key;
	uint64_t turns;
	struct candidate *v; /* name, turn, credit */
	size_t n;
};

static void
decode_agent(struct str rec, struct candidate *x)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r))
		if (r.tag == SUB_NAME && r.is_str)
			x->name = r.s;
		else if (r.tag == SUB_TURN && !r.is_str)
			x->turn = r.u;
		else if (r.tag == SUB_CREDIT && !r.is_str)
			x->credit = recr_i64(&r);
}

static int
remember_read(struct txn *t, struct arena *a, struct str queue, enum strategy s,
    struct memory *m, struct err *err)
{
	struct str row = {0};
	struct recr r;
	size_t n = 0;

	*m = (struct memory){
	    .key = arena_printf(a, "route:%s:%.*s",
		s ? strategy_name(s) : "least-loaded", STR_ARG(queue)),
	};
	if (counter_get(t, a, m->key, &row) < 0)
		return txn_error(t, err);
	for (r = recr_open(row); recr_next(&r);)
		n += r.tag == TAG_AGENT;
	m->v = arena_array(a, struct candidate, n + 1);
	for (r = recr_open(row); recr_next(&r);)
		if (r.tag == TAG_TURNS && !r.is_str)
			m->turns = r.u;
		else if (r.tag == TAG_AGENT && r.is_str)
			decode_agent(r.s, &m->v[m->n++]);
	return 0;
}

static const struct candidate *
remember_of(const struct memory *m, struct str name)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->v[i].name, name))
			return &m->v[i];
	return NULL;
}

static void
put_agent(struct buf *b, const struct candidate *x)
{
	size_t at = rec_begin(b, TAG_AGENT);
	int64_t credit = MAX(-CREDIT_MAX, MIN(CREDIT_MAX, x->credit));

	rec_str(b, SUB_NAME, x->name);
	rec_u64(b, SUB_TURN, x->turn);
	if (credit)
		rec_i64(b, SUB_CREDIT, credit);
	rec_end(b, at);
}

/* Who was not asked this time keeps what he had, while he is of the staff. */
static int
remember_write(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *k, struct route_choice *x, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct memory m;

	if (remember_read(t, a, k->queue, x->strategy, &m, err) < 0)
		return -1;
	x->candidates[x->at].turn = ++m.turns;
	rec_u64(&b, TAG_TURNS, m.turns);
	for (size_t i = 0; i < x->n; i++)
		if (x->candidates[i].turn || x->candidates[i].credit)
			put_agent(&b, &x->candidates[i]);
	for (size_t i = 0; i < m.n; i++) {
		bool asked = false;

		for (size_t j = 0; j < x->n && !asked; j++)
			asked = str_eq(x->candidates[j].name, m.v[i].name);
		if (!asked && staff_agent(&d->settings->staff, m.v[i].name))
			put_agent(&b, &m.v[i]);
	}
	counter_put(t, m.key, buf_str(&b));
	return txn_error(t, err);
}

/* --- who could --------------------------------------------------------- */

struct gathering {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	const struct ticket *k;
	const struct route_query *q;
	int64_t now;
	struct aways away;
	struct memory memory;
	struct str last; /* the customer's last agent */
	const struct agent **people;
	const struct agent **who; /* of each candidate */
	struct buf not_there[2];  /* "eva away, kim off duty", and in Chinese */
	size_t nnot;
	struct route_choice *out;
};

static bool
reads_language(const struct settings *s, const struct agent *x, struct str tag)
{
	const struct strs *l = x->languages.n ? &x->languages : &s->languages;
	size_t n = 0;

	/* A desk's languages are those its agents read who name none. */
	while (n < tag.n && ch_is_alnum(tag.p[n]))
		n++;
	for (size_t i = 0; i < l->n; i++)
		if (str_istarts(l->v[i], str_sub(tag, 0, n)) &&
		    (l->v[i].n == n || !ch_is_alnum(l->v[i].p[n])))
			return true;
	return false;
}

static bool
is_asked(const struct gathering *g, const struct agent *x)
{
	const struct route_query *q = g->q;
	const struct settings *s = g->d->settings;

	return (!q->agent.n || str_ieq(x->name, q->agent)) &&
	       (!q->except.n || !str_ieq(x->name, q->except)) &&
	       (!q->team.n || agent_in_team(x, q->team)) &&
	       (!q->skill.n || strs_ihas(&x->skills, q->skill)) &&
	       (!q->language.n || reads_language(s, x, q->language)) &&
	       agent_may(s, x, g->k->queue, RIGHT_WORK);
}

/* zh: why in Chinese. */
static void
tell_not(
    struct gathering *g, const struct agent *x, const char *why, const char *zh)
{
	if (++g->nnot > NAMES_TOLD)
		return;
	buf_printf(&g->not_there[0], "%s%.*s %s", g->nnot > 1 ? ", " : "",
	    STR_ARG(x->name), why);
	buf_printf(&g->not_there[1], "%s%.*s %s", g->nnot > 1 ? "、" : "",
	    STR_ARG(x->name), zh);
}

static int
add(struct gathering *g, const struct agent *x, struct err *err)
{
	struct route_choice *o = g->out;
	struct candidate *c = &o->candidates[o->n];
	const struct candidate *m = remember_of(&g->memory, x->name);
	const struct ticket *k = g->k;
	struct ticket_load load;

	if (away_of(&g->away, x->name)) {
		tell_not(g, x, "away", "不在");
		return 0;
	}
	if (!in_hours(g->d->settings, x, g->now)) {
		tell_not(g, x, "off duty", "不在班");
		return 0;
	}
	if (o->n == CANDIDATES_MAX)
		return 0;
	if (ticket_load(g->t, x->name, &load) < 0)
		return txn_error(g->t, err);
	/* The ticket at hand is no burden that speaks against him. */
	if (str_ieq(k->assignee, x->name) && status_is_active(k->status) &&
	    load.n[k->priority])
		load.n[k->priority]--;
	*c = (struct candidate){
	    .name = x->name,
	    .tickets = ticket_load_sum(&load),
	    .load = route_load(&load),
	    .capacity = x->capacity,
	    .turn = m ? m->turn : 0,
	    .credit = m ? m->credit : 0,
	    .last_agent = g->last.n && str_ieq(g->last, x->name),
	};
	g->who[o->n++] = x;
	return 0;
}

/* The queue's own people; a team or one agent is asked for by name, whoever
 * looks after the queue. */
static size_t
people(struct gathering *g)
{
	const struct settings *s = g->d->settings;
	size_t n = 0;

	if (!g->q->team.n && !g->q->agent.n)
		return staff_of_queue(g->a, s, g->k->queue, &g->people);
	g->people = arena_array(g->a, const struct agent *, s->staff.nagents);
	for (size_t i = 0; i < s->staff.nagents; i++)
		g->people[n++] = &s->staff.agents[i];
	return n;
}

static int
check_query(
    const struct settings *s, const struct route_query *q, struct err *err)
{
	if (q->team.n && !staff_team(&s->staff, q->team))
		return err_set(
		    err, ERR_INVAL, "there is no team %.*s", STR_ARG(q->team));
	if (q->agent.n && !staff_agent(&s->staff, q->agent))
		return err_set(err, ERR_INVAL, "there is no agent %.*s",
		    STR_ARG(q->agent));
	return 0;
}

static int
gather(struct gathering *g, struct err *err)
{
	const struct ticket *k = g->k;
	size_t n = people(g);

	if (away_list(g->t, g->a, g->now, &g->away, err) < 0 ||
	    remember_read(
		g->t, g->a, k->queue, g->out->strategy, &g->memory, err) < 0)
		return -1;
	if (g->q->strategy == STRATEGY_STICKY &&
	    people_last_agent(g->t, g->a, k->requester.addr, &g->last, err) < 0)
		return -1;
	g->out->candidates = arena_array(g->a, struct candidate, n + 1);
	g->who = arena_array(g->a, const struct agent *, n + 1);
	for (size_t i = 0; i < n; i++)
		if (is_asked(g, g->people[i]) && add(g, g->people[i], err) < 0)
			return -1;
	return 0;
}

/* --- in words ---------------------------------------------------------- */

static void
put_share(struct buf *b, const struct candidate *c)
{
	buf_printf(b, "%.*s %u", STR_ARG(c->name), c->tickets);
	if (c->capacity)
		buf_printf(b, "/%u", c->capacity);
}

static const char *
strategy_zh(enum strategy s)
{
	return s == STRATEGY_ROUND_ROBIN ? "轮流分配"
	       : s == STRATEGY_STICKY    ? "上次的客服"
	       : s == STRATEGY_WEIGHTED  ? "按权重"
					 : "工单最少者";
}

/* By which strategy, of how many; or why nobody. */
static void
put_choice(struct gathering *g, const struct pick *p, bool found, bool zh,
    struct buf *b)
{
	const struct route_choice *o = g->out;
	enum strategy by = STRATEGY_NONE;

	if (found) {
		strategy_parse(str_c(p->why), &by);
		if (zh)
			buf_printf(b, "%s，共 %zu 人", strategy_zh(by), o->n);
		else
			buf_printf(b, "%s of %zu", p->why, o->n);
		if (p->beyond)
			buf_puts(b, zh ? "，因紧急而超出上限"
				       : ", beyond capacity because it is "
					 "urgent");
	} else if (zh)
		buf_printf(b, "没有空闲的人：%s",
		    o->n      ? "所有人都已满额"
		    : g->nnot ? "没有人在岗"
			      : "没有合适的人");
	else
		buf_printf(b, "nobody is free: %s",
		    o->n      ? "all have as many as they can"
		    : g->nnot ? "nobody is there"
			      : "nobody fits");
}

static void
put_more(struct buf *b, bool zh, size_t n)
{
	if (zh)
		buf_printf(b, "，另有 %zu 人", n);
	else
		buf_printf(b, ", %zu more", n);
}

/* Who was chosen first, then the others. */
static struct str
words(struct gathering *g, const struct pick *p, bool found, bool zh)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	const char *colon = zh ? "：" : ": ", *comma = zh ? "、" : ", ";
	const struct route_choice *o = g->out;
	size_t told = 0;

	put_choice(g, p, found, zh, &b);
	if (found) {
		buf_puts(&b, colon);
		put_share(&b, &o->candidates[o->at]);
		told++;
	}
	for (size_t i = 0; i < o->n && told < NAMES_TOLD; i++) {
		if (found && i == o->at)
			continue;
		buf_puts(&b, told++ ? comma : colon);
		put_share(&b, &o->candidates[i]);
	}
	if (o->n > told)
		put_more(&b, zh, o->n - told);
	if (g->nnot) {
		buf_puts(&b, zh ? "；" : "; ");
		buf_put(&b, buf_str(&g->not_there[zh]));
		if (g->nnot > NAMES_TOLD)
			put_more(&b, zh, g->nnot - NAMES_TOLD);
	}
	return arena_dup(g->a, buf_str(&b));
}

struct lowest {
	struct arena *a;
	const struct ticket *k;
	struct ticket found;
};

/* Newest change first, so of equals the last one stays. */
static bool
lower(void *ctx, const struct ticket *k)
{
	struct lowest *l = ctx;

	if (k->id != l->k->id && k->priority < l->k->priority &&
	    (!l->found.id || k->priority <= l->found.priority))
		l->found = *k;
	return true;
}

static int
find_aside(struct gathering *g, struct err *err)
{
	struct lowest l = {.a = g->a, .k = g->k};
	/* To set aside what waits for others already is no relief. */
	struct ticket_filter f = {
	    .statuses = 1u << STATUS_NEW | 1u << STATUS_OPEN,
	    .assignee = g->out->agent->name,
	};

	if (ticket_each(g->t, g->a, &f, lower, &l) < 0)
		return txn_error(g->t, err);
	if (!l.found.id)
		return 0;
	g->out->aside = l.found.id;
	g->out->aside_words = arena_printf(g->a, "#%llu %.*s (%s)",
	    (unsigned long long)l.found.id,
	    STR_ARG(utf8_clip(l.found.subject, 60)),
	    priority_name(l.found.priority));
	return 0;
}

int
route_choose(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *k, const struct route_query *q, int64_t now,
    struct route_choice *out, struct err *err)
{
	struct gathering g = {
	    .d = d,
	    .t = t,
	    .a = a,
	    .k = k,
	    .q = q,
	    .now = now,
	    .out = out,
	};
	struct pick p;
	bool found;
	int rc;

	*out = (struct route_choice){
	    .strategy = q->strategy ? q->strategy : STRATEGY_LEAST_LOADED};
	if (check_query(d->settings, q, err) < 0)
		return -1;
	rc = gather(&g, err);
	if (rc == 0) {
		found = route_pick(out->strategy, out->candidates, out->n,
		    route_weight(k->priority), k->priority == PRIORITY_URGENT,
		    &p);
		if (found) {
			out->at = p.at;
			out->agent = g.who[p.at];
			out->beyond = p.beyond;
			out->tickets = out->candidates[p.at].tickets;
			out->capacity = out->candidates[p.at].capacity;
		}
		out->why = words(&g, &p, found, false);
		out->why_zh = words(&g, &p, found, true);
		if (out->beyond)
			rc = find_aside(&g, err);
	}
	buf_fini(&g.not_there[0]);
	buf_fini(&g.not_there[1]);
	return rc;
}

/* --- giving ------------------------------------------------------------ */

static struct str
with_why(struct arena *a, struct str cause, struct str why)
{
	if (!cause.n)
		return why;
	return arena_printf(a, "%.*s; %.*s", STR_ARG(cause), STR_ARG(why));
}

/* The one who caused it needs no mail about it, unless it passes him by. */
static int
tell(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct route_choice *c, const struct actor *who, int64_t now,
    struct err *err)
{
	struct notice n = {
	    .kind = NOTICE_ASSIGNED,
	    .who = *who,
	    .to = c->agent,
	    .detail = c->why,
	    .route = c,
	};

	return notice_send(d, t, a, k, &n, now, NULL, err);
}

int
route_assign(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct route_query *q, const struct actor *who, int64_t now,
    struct route_choice *out, struct err *err)
{
	struct actor because = *who;
	bool same;

	if (route_choose(d, t, a, k, q, now, out, err) < 0)
		return -1;
	because.cause = with_why(a, who->cause, out->why);
	if (!out->agent) {
		because.cause = who->cause;
		event_add(t, k, EVENT_ROUTED, &because, out->why, now);
		return txn_error(t, err);
	}
	same = str_ieq(k->assignee, out->agent->name);
	if (remember_write(d, t, a, k, out, err) < 0 ||
	    change_assignee_quietly(
		d, t, a, k, out->agent->name, &because, now, err) < 0)
		return -1;
	return same || q->quiet ? txn_error(t, err)
				: tell(d, t, a, k, out, who, now, err);
}

int
route_tier(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    int64_t now, struct err *err)
{
	const struct settings *s = d->settings;
	const struct customer *x = customer_find(s, a, k->requester.addr);
	const struct tier *tier = x ? settings_tier(s, x->tier) : NULL;
	struct actor who = ACTOR_SYSTEM;

	if (!x)
		return 0;
	if (x->language.n)
		k->language = x->language;
	if (!k->requester.name.n && x->name.n) {
		k->requester.name = x->name;
		for (size_t i = 0; i < k->nparticipants; i++)
			if (k->participants[i].role == ROLE_REQUESTER)
				k->participants[i].address.name = x->name;
	}
	if (!tier)
		return 0;
	who.cause = arena_printf(a, "%s:%u: tier %.*s", s->customers->file,
	    x->line, STR_ARG(tier->name));
	if (tier->sla.n &&
	    change_sla(d, t, a, k, tier->sla, &who, now, err) < 0)
		return -1;
	return tier->priority > k->priority
		   ? change_priority(d, t, a, k, tier->priority, &who, now, err)
		   : 0;
}

/* except: who is not to have it. What an agent asks for himself is for a
 * colleague. */
static int
find_somebody(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str except, int64_t now, struct route_choice *out, struct err *err)
{
	const struct settings *s = d->settings;
	const struct queue *q = settings_queue(s, k->queue);
	const struct tier *tier = NULL;
	struct route_query query = {
	    .strategy = q ? q->assign : STRATEGY_NONE,
	    .except = except,
	    .quiet = true,
	};
	struct actor who = ACTOR_SYSTEM;

	*out = (struct route_choice){0};
	if (k->assignee.n || !s->staff.nagents || !status_is_active(k->status))
		return 0;
	if (s->ntiers)
		tier = settings_tier(s, customer_tier(s, a, k->requester.addr));
	if (tier && tier->team.n) {
		query.team = tier->team;
		who.cause = arena_printf(a, "tier %.*s: team %.*s",
		    STR_ARG(tier->name), STR_ARG(tier->team));
		if (route_assign(d, t, a, k, &query, &who, now, out, err) < 0)
			return -1;
		if (out->agent)
			return 1;
		query.team = S("");
	}
	if (!query.strategy)
		return query.team.n || (tier && tier->team.n);
	who.cause = arena_printf(a, "queue %.*s: assign \"%s\"",
	    STR_ARG(k->queue), strategy_name(query.strategy));
	return route_assign(d, t, a, k, &query, &who, now, out, err) < 0 ? -1
									 : 1;
}

int
route_new(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    int64_t now, struct route_choice *out, struct err *err)
{
	const struct agent *own =
	    staff_by_address(&d->settings->staff, k->requester.addr);

	return find_somebody(
	    d, t, a, k, own ? own->name : S(""), now, out, err);
}

int
route_tell_new(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct notice *n, int64_t now, struct err *err)
{
	struct str except = {0};
	struct notice to = *n;
	struct route_choice c;

	if (str_starts(n->who.name, S("agent:")))
		except = str_from(n->who.name, 6);
	if (find_somebody(d, t, a, k, except, now, &c, err) < 0)
		return -1;
	if (c.agent) {
		to.route = &c;
		to.detail = with_why(a, n->detail, c.why);
	}
	return notice_send(d, t, a, k, &to, now, NULL, err);
}

bool
route_on_duty(const struct settings *s, const struct agent *x, int64_t now)
{
	return in_hours(s, x, now);
}

/* --- who goes away ----------------------------------------------------- */

struct gone {
	struct arena *a;
	uint64_t *v;
	size_t n, cap;
};

static bool
note_id(void *ctx, const struct ticket *k)
{
	struct gone *g = ctx;

	if (g->n == g->cap) {
		uint64_t *v;

		g->cap = g->cap ? 2 * g->cap : 64;
		v = arena_array(g->a, uint64_t, g->cap);
		for (size_t i = 0; i < g->n; i++)
			v[i] = g->v[i];
		g->v = v;
	}
	g->v[g->n++] = k->id;
	return true;
}

/* Back to those who look after the queue, who are told. */
static int
back_to_queue(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str detail, const struct actor *who, int64_t now, struct err *err)
{
	struct notice n = {.kind = NOTICE_NEW, .who = *who, .detail = detail};

	if (change_assignee_quietly(d, t, a, k, S(""), who, now, err) < 0)
		return -1;
	return notice_send(d, t, a, k, &n, now, NULL, err);
}

static int
give_away(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct agent *x, const struct actor *who, int64_t now,
    struct err *err)
{
	const struct queue *q;
	struct route_query query = {.except = x->name};
	struct route_choice c;

	must(k != NULL);
	q = settings_queue(d->settings, k->queue);
	query.strategy = q ? q->assign : STRATEGY_NONE;
	if (route_assign(d, t, a, k, &query, who, now, &c, err) < 0)
		return -1;
	return c.agent ? 0
		       : back_to_queue(d, t, a, k, who->cause, who, now, err);
}

/* With the memory of one ticket at a time: they may be many. */
static int
one_away(struct desk *d, struct txn *t, uint64_t id, const struct agent *x,
    bool all, struct ticket *held, const struct actor *who, int64_t now,
    struct err *err)
{
	AUTO(arena_fini) struct arena own = ARENA_INIT;
	struct ticket stored, *k = held;

	if (!held || held->id != id) {
		k = &stored;
		if (ticket_get(t, &own, id, k) <= 0)
			return txn_error(t, err);
	}
	if (!str_ieq(k->assignee, x->name) ||
	    (k->status != STATUS_NEW && k->status != STATUS_OPEN) ||
	    (!all && k->agent_wrote != CLOCK_NONE))
		return 0;
	if (k == held) /* what changes in it must live as long as it does */
		return 2;
	if (give_away(d, t, &own, k, x, who, now, err) < 0)
		return -1;
	ticket_put(t, k);
	return txn_error(t, err) < 0 ? -1 : 1;
}

int
route_away(struct desk *d, struct txn *t, struct arena *a,
    const struct agent *x, const struct away *w, bool all, struct ticket *held,
    const struct actor *who, int64_t now, size_t *n, struct err *err)
{
	struct ticket_filter f = {
	    .statuses = 1u << STATUS_NEW | 1u << STATUS_OPEN,
	    .assignee = x->name,
	};
	struct str until = away_words(a, w, d->settings->timezone);
	struct actor because = *who;
	struct gone g = {.a = a};

	*n = 0;
	because.cause = with_why(a, who->cause,
	    arena_printf(a, "%.*s is away%s%.*s", STR_ARG(x->name),
		until.n ? " " : "", STR_ARG(until)));
	if (ticket_each(t, a, &f, note_id, &g) < 0)
		return txn_error(t, err);
	/* One that became his just now is in no list yet. */
	if (held && held->id)
		note_id(&g, held);
	/* The oldest change first: who waits longest. */
	for (size_t i = g.n; i-- > 0;) {
		int r =
		    one_away(d, t, g.v[i], x, all, held, &because, now, err);

		if (r == 2)
			r = give_away(d, t, a, held, x, &because, now, err) < 0
				? -1
				: 1;
		if (r < 0)
			return -1;
		*n += (size_t)r;
	}
	return 0;
}

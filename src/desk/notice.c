/*
 * Whom a notice goes to, and that each is counted.
 *
 * The assignee is told; a ticket of nobody is the business of all who look
 * after its queue. A name that is no agent's (any more), or an agent who may
 * not see the queue, is as nobody: better one notice too many than a customer
 * whom nobody reads.
 */
#include "desk/notice.h"
#include "desk/away.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/notice_private.h"

enum {
	EVENTS_LOOK = 500
};

const char *
notice_name(enum notice_kind k)
{
#define X_NAME_NOTICE(id, name, doc) name,
	static const char *const names[] = {NOTICES(X_NAME_NOTICE)};

	must(k < NOTICE_COUNT);
	return names[k];
}

/* --- to whom ----------------------------------------------------------- */

struct people {
	const struct agent **v;
	size_t n;
};

static bool
is_who(const struct actor *who, const struct agent *x)
{
	return str_starts(who->name, S("agent:")) &&
	       str_ieq(str_from(who->name, 6), x->name);
}

static bool
wants(const struct settings *s, const struct ticket *k, const struct notice *x,
    const struct agent *to)
{
	return to->notices && to->addresses.n && !is_who(&x->who, to) &&
	       !settings_is_own(s, to->addresses.v[0]) &&
	       agent_may(s, to, k->queue, RIGHT_SEE);
}

static void
add(struct people *p, const struct settings *s, const struct ticket *k,
    const struct notice *x, const struct agent *to)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == to)
			return;
	if (wants(s, k, x, to))
		p->v[p->n++] = to;
}

/* A customer must not write to an empty chair: those who are there hear of it
 * too; all, when nobody is. */
static void
add_colleagues(struct people *p, struct arena *a, const struct settings *s,
    const struct ticket *k, const struct notice *x, const struct aways *away)
{
	const struct agent **list;
	size_t n = staff_of_queue(a, s, k->queue, &list), there = p->n;

	for (size_t i = 0; i < n; i++)
		if (!away_of(away, list[i]->name))
			add(p, s, k, x, list[i]);
	for (size_t i = 0; i < n && p->n == there; i++)
		add(p, s, k, x, list[i]);
}

static struct people
people_of(struct arena *a, const struct settings *s, const struct ticket *k,
    const struct notice *x, const struct aways *away)
{
	const struct staff *staff = &s->staff;
	struct people p = {
	    arena_array(a, const struct agent *, staff->nagents + 1), 0};
	const struct agent *to = x->to, **list;
	const struct team *team = NULL;
	size_t n;

	for (size_t i = 0; i < x->nlist; i++)
		add(&p, s, k, x, x->list[i]);
	if (x->nlist)
		return p;
	if (!to && k->assignee.n) {
		to = staff_agent(staff, k->assignee);
		if (to && !agent_may(s, to, k->queue, RIGHT_SEE))
			to = NULL;
		if (!to)
			team = staff_team(staff, k->assignee);
	}
	if (to) {
		add(&p, s, k, x, to);
		if (!x->to && away_of(away, to->name))
			add_colleagues(&p, a, s, k, x, away);
		return p;
	}
	if (team) {
		bool any = false;

		for (size_t i = 0; i < staff->nagents; i++) {
			to = &staff->agents[i];
			if (!agent_in_team(to, team->name))
				continue;
			any |= agent_may(s, to, k->queue, RIGHT_SEE);
			add(&p, s, k, x, to);
		}
		if (any)
			return p;
	}
	n = staff_of_queue(a, s, k->queue, &list);
	for (size_t i = 0; i < n; i++)
		add(&p, s, k, x, list[i]);
	return p;
}

/* --- one of them ------------------------------------------------------- */

/* "Wei Zhang (Acme Support)": who wrote is seen in the list of mails. What
 * looks like an address is no name. */
static struct str
from_name(struct arena *a, const struct notice_body *b)
{
	const struct settings *s = b->settings;
	const struct queue *q = settings_queue(s, b->ticket->queue);
	struct str site = q && q->address.name.n ? q->address.name : s->site;
	struct str name = b->has_shown ? b->shown.author.name : S("");

	name = notice_line(a, name, 60);
	if (!name.n || str_chr(name, '@', 0) >= 0 || str_ieq(name, site))
		return site;
	return arena_printf(a, "%.*s (%.*s)", STR_ARG(name), STR_ARG(site));
}

static int
write_one(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *k, const struct notice_body *b, const struct agent *to,
    int64_t now, struct err *err)
{
	const struct settings *s = d->settings;
	struct str language = notice_language(s, to);
	struct grant g = {
	    .ticket = k->id,
	    .agent = to->name,
	    .purpose = GRANT_NOTICE,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE,
	    .seen = k->articles,
	};
	struct agent_mail_out x = {
	    .kind = "notice",
	    .template = "notice",
	    .to = to,
	    .k = k,
	    .data = notice_values(
		a, b, language, agent_may(s, to, k->queue, RIGHT_WORK)),
	    .grant = &g,
	    .plain = notice_plain(a, b, language),
	    .files = b->carried,
	    .nfiles = b->ncarried,
	};
	struct notice_extra e = {
	    .message_text = b->text,
	    .sort = notice_name(b->notice->kind),
	    .message_from = b->shown.author,
	    .message_date = !b->has_shown                 ? CLOCK_NONE
			    : b->shown.date == CLOCK_NONE ? b->shown.at
							  : b->shown.date,
	    .from_name = from_name(a, b),
	};

	return notice_write(d, t, a, &x, &e, now, NULL, err);
}

int
notice_send(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct notice *x, int64_t now, size_t *n, struct err *err)
{
	AUTO(buf_fini) struct buf told = BUF_INIT;
	const struct settings *s = d->settings;
	struct notice_body body;
	const struct away *gone;
	struct aways away;
	struct people p;
	struct str detail = x->detail;
	size_t written = 0;

	if (n)
		*n = 0;
	if (!s->staff.nagents ||
	    (k->status == STATUS_SPAM && x->kind != NOTICE_MENTION))
		return 0;
	if (away_list(t, a, now, &away, err) < 0)
		return -1;
	p = people_of(a, s, k, x, &away);
	if (!p.n)
		return 0;
	if (notice_body(t, a, s, k, x, &body, err) < 0)
		return -1;
	body.now = now;
	/* In a digest, in whatever language. */
	if (!detail.n && x->moved_from.n)
		detail = arena_printf(a, "%.*s -> %.*s", STR_ARG(x->moved_from),
		    STR_ARG(k->queue));
	gone = x->to || x->nlist ? NULL : away_of(&away, k->assignee);
	body.is_away = gone != NULL;
	body.away_until = gone ? gone->until : CLOCK_NONE;
	for (size_t i = 0; i < p.n; i++) {
		const struct agent *to = p.v[i];
		struct err why = ERR_INIT;
		bool over;

		if (notice_take(
			t, a, s, to, k, x->kind, detail, now, &over, err) < 0)
			return -1;
		buf_printf(&told, "%s%.*s%s", told.n ? ", " : "",
		    STR_ARG(to->name), over ? " (digest)" : "");
		if (over)
			continue;
		if (write_one(d, t, a, k, &body, to, now, &why) == 0)
			written++;
		else if (txn_error(t, err) < 0)
			return -1;
		else
			buf_printf(&told, " (not written: %s)", why.msg);
	}
	event_add(t, k, EVENT_NOTICE, &x->who,
	    arena_printf(a, "%s: %s", notice_name(x->kind), buf_cstr(&told)),
	    now);
	if (n)
		*n = written;
	return txn_error(t, err);
}

struct str
notice_who(const struct settings *s, const struct actor *who)
{
	const struct agent *x = NULL;

	if (str_starts(who->name, S("agent:")))
		x = staff_agent(&s->staff, str_from(who->name, 6));
	return x && x->full_name.n ? x->full_name : who->name;
}

/* --- what did not arrive ----------------------------------------------- */

/* Who wrote the answer that a row sends: the history says, at the time of the
 * article. */
static int
author_of(struct txn *t, struct arena *a, const struct settings *s,
    const struct outbox *row, const struct agent **out, struct err *err)
{
	struct article r;
	struct ticket k;
	struct event e;

	*out = NULL;
	if (ticket_get(t, a, row->ticket, &k) <= 0 ||
	    article_get(t, a, row->ticket, row->seq, &r) <= 0)
		return txn_error(t, err);
	for (uint32_t i = k.events; i > 0 && k.events - i < EVENTS_LOOK; i--) {
		if (event_get(t, a, k.id, i, &e) <= 0)
			return txn_error(t, err);
		if (e.at > r.at || !str_eq(e.kind, S("answered")))
			continue;
		if (e.at == r.at && str_starts(e.actor, S("agent:")))
			*out = staff_agent(&s->staff, str_from(e.actor, 6));
		return 0;
	}
	return 0;
}

int
notice_failed(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct outbox *row, struct str addr, struct str words, bool gone,
    int64_t now, struct err *err)
{
	struct notice x = {
	    .kind = NOTICE_FAILED,
	    .seq = row->ticket == k->id ? row->seq : 0,
	    .who = ACTOR_SYSTEM,
	    .detail =
		arena_printf(a, "%.*s: %.*s", STR_ARG(addr), STR_ARG(words)),
	};
	bool answer = str_eq(row->kind, S("answer"));

	if (!d->settings->staff.nagents || !row->seq || (!answer && !gone))
		return 0;
	if (answer && author_of(t, a, d->settings, row, &x.to, err) < 0)
		return -1;
	if (x.to && !agent_may(d->settings, x.to, k->queue, RIGHT_SEE))
		x.to = NULL;
	return notice_send(d, t, a, k, &x, now, NULL, err);
}

/* --- before ingest ----------------------------------------------------- */

bool
notice_wants_files(const struct settings *s, const struct message *m)
{
	uint64_t size = 0;

	if (!s->staff.nagents || !m->attachments.n)
		return false;
	for (size_t i = 0; i < m->attachments.n; i++)
		size += m->attachments.v[i].size;
	for (size_t i = 0; i < m->from.n; i++)
		if (staff_by_address(&s->staff, m->from.v[i].addr))
			return size <= NOTICE_FILES_MAX;
	return !m->automatic.n && !m->spam &&
	       size <= MIN(s->notice_attachments, (uint64_t)NOTICE_FILES_MAX);
}

#include "desk/people.h"
#include "base/must.h"
#include "base/record.h"
#include "base/utf8.h"

/* The first of a list that can be written to and is not ourselves. */
static const struct address *
first_other(const struct settings *s, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].addr.n && !settings_is_own(s, l->v[i].addr))
			return &l->v[i];
	return NULL;
}

/* A list of ours that sends on: by its List fields, or because it is written
 * to. */
static bool
through_own_list(const struct settings *s, const struct message *m)
{
	if (!s->own_lists.n || !m->is_list)
		return false;
	if (address_among(&s->own_lists, m->list_address))
		return true;
	for (size_t i = 0; i < m->to.n; i++)
		if (address_among(&s->own_lists, m->to.v[i].addr))
			return true;
	for (size_t i = 0; i < m->cc.n; i++)
		if (address_among(&s->own_lists, m->cc.v[i].addr))
			return true;
	return false;
}

void
people_writer(struct arena *a, const struct settings *s,
    const struct message *m, struct writer *out)
{
	const struct address *other = NULL;

	*out = (struct writer){0};
	for (size_t i = 0; i < m->from.n && !out->from.addr.n; i++)
		out->from = m->from.v[i];
	if (!out->from.addr.n && m->sender.n)
		out->from = m->sender.v[0];
	if (!out->from.addr.n && m->return_path.n)
		out->from.addr = m->return_path;
	out->address = out->from;
	out->own_list = through_own_list(s, m);
	out->form = address_among(&s->forms, out->from.addr);

	if (out->form)
		other = first_other(s, &m->reply_to);
	else if (out->own_list && settings_is_own(s, out->from.addr)) {
		/* "Ann via Support <support@acme.example>": lists rewrite
		 * From where the writer's domain forbids passing it on. */
		struct addresses x;

		other = first_other(s, &m->reply_to);
		addresses_parse(a, message_header(m, S("X-Original-From")), &x);
		if (!other)
			other = first_other(s, &x);
	}
	if (other) {
		out->address = *other;
		if (!out->address.name.n && !out->form)
			out->address.name = out->from.name;
	}
	out->own = settings_is_own(s, out->address.addr);
	out->desk = !out->own && settings_is_desk(s, out->address.addr);
}

bool
people_takes_part(const struct ticket *k, struct str addr)
{
	if (!addr.n)
		return false;
	if (address_eq(k->requester.addr, addr))
		return true;
	for (size_t i = 0; i < k->nparticipants; i++)
		if (k->participants[i].role != ROLE_PROPOSED &&
		    address_eq(k->participants[i].address.addr, addr))
			return true;
	return false;
}

static bool
is_named(const struct ticket *k, struct str addr)
{
	for (size_t i = 0; i < k->nparticipants; i++)
		if (address_eq(k->participants[i].address.addr, addr))
			return true;
	return false;
}

/* The list has room for twice PEOPLE_MAX and is made by reserve(). */
static bool
add(const struct settings *s, struct ticket *k, const struct address *x,
    enum role role)
{
	size_t same_kind = 0;

	if (!x->addr.n || settings_is_own(s, x->addr) || is_named(k, x->addr))
		return false;
	for (size_t i = 0; i < k->nparticipants; i++)
		same_kind += (k->participants[i].role == ROLE_PROPOSED) ==
			     (role == ROLE_PROPOSED);
	if (same_kind >= PEOPLE_MAX)
		return false;
	k->participants[k->nparticipants].address = *x;
	k->participants[k->nparticipants++].role = role;
	return true;
}

static void
reserve(struct arena *a, struct ticket *k, size_t more)
{
	size_t room = MIN(k->nparticipants + more, (size_t)2 * PEOPLE_MAX);
	struct participant *v;

	room = MAX(room, k->nparticipants);
	v = arena_array(a, struct participant, room + 1);
	if (k->nparticipants)
		memcpy(v, k->participants, k->nparticipants * sizeof *v);
	k->participants = v;
}

void
people_first(struct arena *a, const struct settings *s, struct ticket *k,
    const struct writer *w, const struct message *m)
{
	k->requester = w->address;
	reserve(a, k, 1 + m->to.n + m->cc.n);
	add(s, k, &w->address, ROLE_REQUESTER);
	/* A form's own To is the desk; whoever else it names did not ask. */
	if (w->form)
		return;
	for (size_t i = 0; i < m->to.n; i++)
		add(s, k, &m->to.v[i], ROLE_TO);
	for (size_t i = 0; i < m->cc.n; i++)
		add(s, k, &m->cc.v[i], ROLE_CC);
}

size_t
people_propose(struct arena *a, const struct settings *s, struct ticket *k,
    const struct message *m)
{
	size_t n = 0;
	bool reserved = false;

	for (int list = 0; list < 2; list++) {
		const struct addresses *l = list ? &m->cc : &m->to;

		for (size_t i = 0; i < l->n; i++) {
			if (!l->v[i].addr.n || is_named(k, l->v[i].addr) ||
			    settings_is_own(s, l->v[i].addr))
				continue;
			if (!reserved)
				reserve(a, k, m->to.n + m->cc.n);
			reserved = true;
			n += add(s, k, &l->v[i], ROLE_PROPOSED);
		}
	}
	return n;
}

static int
get(struct txn *t, struct arena *a, const struct address *x, struct str key,
    int64_t now, struct person *p, struct err *err)
{
	int found = person_get(t, a, key, p);

	if (found < 0)
		return txn_error(t, err);
	if (!found)
		*p = (struct person){
		    .key = key, .addr = x->addr, .first_seen = now};
	return found;
}

int
people_wrote(struct txn *t, struct arena *a, const struct address *x,
    struct str key, struct str language, bool opened, int64_t now,
    struct person *out, struct err *err)
{
	if (get(t, a, x, key, now, out, err) < 0)
		return -1;
	out->addr = x->addr;
	if (x->name.n)
		out->name = utf8_clip(x->name, 200);
	if (language.n)
		out->language = language;
	out->last_seen = MAX(now, out->last_seen);
	out->articles++;
	out->tickets += opened;
	person_put(t, out);
	return 0;
}

/* --- who looked after them: a record in person.extra ------------------- */

enum {
	TAG_LAST_AGENT = 1
};

static struct str
last_agent(struct str extra)
{
	struct recr r = recr_open(extra);

	while (recr_next(&r))
		if (r.tag == TAG_LAST_AGENT && r.is_str)
			return r.s;
	return str_n(NULL, 0);
}

static struct str
with_last_agent(struct arena *a, struct str extra, struct str agent)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct recr r = recr_open(extra);

	rec_str(&b, TAG_LAST_AGENT, agent);
	while (recr_next(&r))
		if (r.tag != TAG_LAST_AGENT)
			rec_copy(&b, &r);
	return arena_dup(a, buf_str(&b));
}

int
people_answered(struct txn *t, struct arena *a, const struct address *x,
    struct str agent, int64_t now, struct err *err)
{
	struct person p;

	if (get(t, a, x, address_key(a, x->addr), now, &p, err) < 0)
		return -1;
	if (p.answered && (!agent.n || str_eq(last_agent(p.extra), agent)))
		return 0;
	if (!p.name.n)
		p.name = utf8_clip(x->name, 200);
	p.answered = true;
	if (agent.n)
		p.extra = with_last_agent(a, p.extra, agent);
	person_put(t, &p);
	return 0;
}

int
people_last_agent(struct txn *t, struct arena *a, struct str addr,
    struct str *agent, struct err *err)
{
	struct person p;
	int found = person_get(t, a, address_key(a, addr), &p);

	*agent = found > 0 ? last_agent(p.extra) : str_n(NULL, 0);
	return found < 0 ? txn_error(t, err) : 0;
}

int
people_suspend(struct txn *t, struct arena *a, struct str addr, struct str why,
    int64_t now, struct err *err)
{
	struct address x = {.addr = addr};
	struct person p;

	if (get(t, a, &x, address_key(a, addr), now, &p, err) < 0)
		return -1;
	if (p.suspended)
		return 0;
	p.suspended = true;
	p.suspended_why = utf8_clip(why, 500);
	person_put(t, &p);
	return 1;
}

int
people_resume(struct txn *t, struct arena *a, struct str addr, struct err *err)
{
	struct person p;
	int found = person_get(t, a, address_key(a, addr), &p);

	if (found < 0)
		return txn_error(t, err);
	if (!found || !p.suspended)
		return 0;
	p.suspended = false;
	p.suspended_why = str_n(NULL, 0);
	person_put(t, &p);
	return 1;
}

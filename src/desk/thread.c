/*
 * Evidence is gathered into a short list of named tickets, in the order of its
 * strength and, among Message-IDs, of nearness: In-Reply-To, then References
 * from its end. Then one table of rules decides.
 *
 *   tokens of recipient addresses name two tickets            conflict
 *   ids (or the subject's number) are all of other families   conflict
 *   a recipient's token                                       join
 *   ids: the nearest ticket in which the writer takes part    join
 *   none of those                                             stranger
 *   the mail's own id was named before                        join or stranger
 *   the subject's number                                      join or stranger
 *
 * Conflicts and strangers open a ticket that is linked to what was named. So
 * does a reply to a closed ticket, or a late one to a resolved ticket.
 */
#include "desk/thread.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/extra.h"
#include "desk/family.h"
#include "desk/merge.h"
#include "desk/people.h"
#include "mail/compose.h"
#include "mail/reply.h"

enum {
	NAMED_MAX = 64, /* tickets one mail may name; more are not looked at */
	TOKENS_MAX = 8  /* addresses with a token that are verified */
};

/* How a ticket was named; several may hold. */
enum {
	BY_RECIPIENT = 1, /* a token in an address it was sent to */
	BY_OTHER = 2,     /* … which was given to another address */
	BY_ID = 4,        /* a Message-ID it names */
	BY_OWN = 8,       /* its own Message-ID, which others named before */
	BY_SUBJECT = 16
};

struct named {
	uint64_t raw; /* as named, before merges */
	struct ticket k;
	unsigned how;
	bool token; /* the evidence is a token */
	struct str evidence;
	uint64_t head; /* of its family */
};

struct search {
	const struct desk *d;
	struct txn *t;
	struct arena *a;
	const struct thread_query *q;
	struct thread *out;
	struct named *v;
	size_t n, cap;
	unsigned tokens;
};

/* --- gathering --------------------------------------------------------- */

static struct named *
by_raw(struct search *s, uint64_t raw)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].raw == raw || s->v[i].k.id == raw)
			return &s->v[i];
	return NULL;
}

/* Finds or adds a ticket. 0 with *out NULL: no such ticket, or too many. */
static int
name_ticket(struct search *s, uint64_t raw, struct named **out)
{
	struct ticket k;
	int found;

	*out = by_raw(s, raw);
	if (*out || s->n == NAMED_MAX)
		return 0;
	found = merge_follow(s->t, s->a, raw, &k);
	if (found <= 0)
		return found;
	*out = by_raw(s, k.id);
	if (*out)
		return 0;
	if (s->n == s->cap) {
		struct named *v;

		s->cap = s->cap ? NAMED_MAX : 4;
		v = arena_array(s->a, struct named, s->cap);
		if (s->n)
			memcpy(v, s->v, s->n * sizeof *v);
		s->v = v;
	}
	*out = &s->v[s->n++];
	**out = (struct named){.raw = raw, .k = k};
	return 0;
}

/* What mails to agents are called, and what they hang on (desk/notice.h): no
 * evidence of anything, and not to be taken by whoever names it first. */
static bool
is_of_agents(struct str id)
{
	uint64_t ticket, nonce;
	struct str token;
	int64_t made;

	return str_istarts(id, S("helpd.desk.")) ||
	       token_grant_id(id, &ticket, &nonce, &token, &made);
}

/* Is the token of that ticket bound to somebody it was written to? */
static bool
bound_to_other(struct search *s, const struct ticket *k, struct str token)
{
	const struct keyring *keys = s->d->keys;

	if (k->requester.addr.n && token_verify(keys, k->id, token,
				       address_key(s->a, k->requester.addr)))
		return true;
	for (size_t i = 0; i < k->nparticipants; i++)
		if (token_verify(keys, k->id, token,
			address_key(s->a, k->participants[i].address.addr)))
			return true;
	return false;
}

static int
look_at_recipient(struct search *s, struct str addr)
{
	ptrdiff_t plus = str_chr(address_local(addr), '+', 0);
	struct str token, key;
	struct named *x;
	struct ticket k, target;
	uint64_t id;
	unsigned how;
	int found;

	if (plus <= 0 ||
	    !token_detail(
		str_from(address_local(addr), (size_t)plus + 1), &id, &token) ||
	    !settings_is_own(s->d->settings, addr))
		return 0;
	/* Each costs a signature for everyone who takes part. */
	if (s->tokens >= TOKENS_MAX)
		return 0;
	s->tokens++;
	/* The ticket as it was when the token was made: before merges. */
	found = ticket_get(s->t, s->a, id, &k);
	if (found <= 0)
		return found;
	target = k;
	if (k.merged_into && merge_follow(s->t, s->a, id, &target) < 0)
		return -1;
	key = address_key(s->a, s->q->writer);
	if (token_verify(s->d->keys, id, token, key) ||
	    (token_verify(s->d->keys, id, token, str_n(NULL, 0)) &&
		(people_takes_part(&k, s->q->writer) ||
		    people_takes_part(&target, s->q->writer))))
		how = BY_RECIPIENT;
	else if (token_verify(s->d->keys, id, token, str_n(NULL, 0)) ||
		 bound_to_other(s, &k, token))
		how = BY_RECIPIENT | BY_OTHER;
	else
		return 0;
	if (name_ticket(s, id, &x) < 0)
		return -1;
	if (!x)
		return 0;
	/* The same token in To and Delivered-To is one. */
	x->how |= how;
	x->token = true;
	if (!x->evidence.n)
		x->evidence = S("token");
	return 0;
}

static int
look_at_recipients(struct search *s)
{
	const struct message *m = s->q->message;
	const struct addresses *lists[] = {&m->delivered_to, &m->to, &m->cc};

	if (look_at_recipient(s, s->q->envelope_recipient) < 0)
		return -1;
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			if (look_at_recipient(s, lists[l]->v[i].addr) < 0)
				return -1;
	return 0;
}

static bool
takes_part(const struct search *s, const struct named *x)
{
	return s->q->desk || people_takes_part(&x->k, s->q->writer);
}

/*
 * The first ticket that names an id keeps it. So somebody whose mail was named
 * by strangers before it arrived would be a stranger to his own thread: his
 * mail is also indexed under id and writer.
 */
struct str
thread_own_key(struct arena *a, struct str id, struct str writer)
{
	return arena_printf(
	    a, "%.*s %.*s", STR_ARG(id), STR_ARG(address_key(a, writer)));
}

static int
look_at_own_copy(struct search *s, struct str id)
{
	struct named *x;
	uint64_t ticket;
	int found =
	    msgid_get(s->t, thread_own_key(s->a, id, s->q->writer), &ticket);

	if (found <= 0)
		return found;
	if (name_ticket(s, ticket, &x) < 0)
		return -1;
	if (!x)
		return 0;
	x->how |= BY_ID;
	if (!x->evidence.n)
		x->evidence =
		    arena_printf(s->a, "references <%.*s>", STR_ARG(id));
	return 0;
}

static int
look_at_id(struct search *s, struct str id, unsigned how)
{
	struct named *x;
	uint64_t ticket;
	uint32_t seq;
	bool token;
	int found = 1;

	if (!id.n || is_of_agents(id))
		return 0;
	token = token_message_id_verify(s->d->keys, id, &ticket, &seq);
	if (!token)
		found = msgid_get(s->t, id, &ticket);
	if (found < 0)
		return -1;
	if (!found) {
		strs_add(s->a, &s->out->unknown, id);
		return 0;
	}
	if (name_ticket(s, ticket, &x) < 0)
		return -1;
	if (!x)
		return 0;
	if (token && how == BY_OWN)
		how = BY_ID; /* a mail of ours that came back */
	x->how |= how;
	if (!x->evidence.n || (token && !x->token)) {
		x->evidence = arena_printf(s->a, "%s <%.*s>",
		    token           ? "token"
		    : how == BY_OWN ? "message-id"
				    : "references",
		    STR_ARG(id));
		x->token = token;
	}
	if (how == BY_ID && !token && !takes_part(s, x))
		return look_at_own_copy(s, id);
	return 0;
}

static int
look_at_ids(struct search *s)
{
	const struct message *m = s->q->message;

	for (size_t i = 0; i < m->in_reply_to.n; i++)
		if (look_at_id(s, m->in_reply_to.v[i], BY_ID) < 0)
			return -1;
	for (size_t i = m->references.n; i-- > 0;) {
		/* Named by In-Reply-To too, as the last one nearly always. */
		if (strs_has(&m->in_reply_to, m->references.v[i]))
			continue;
		if (look_at_id(s, m->references.v[i], BY_ID) < 0)
			return -1;
	}
	return look_at_id(s, m->message_id, BY_OWN);
}

static int
look_at_subject(struct search *s)
{
	struct str subject = s->q->message->subject;
	struct strs tags;
	struct named *x;
	uint64_t id;
	size_t before = s->n;

	if (str_chr(subject, '#', 0) < 0)
		return 0;
	tags = settings_tags(s->a, s->d->settings);
	id = subject_ticket(subject, &tags);
	if (!id)
		return 0;
	if (name_ticket(s, id, &x) < 0)
		return -1;
	if (!x)
		return 0;
	if (!takes_part(s, x)) {
		/* No evidence; beside better one not worth a link. */
		if (before && s->n > before)
			s->n = before;
		if (before)
			return 0;
	}
	x->how |= BY_SUBJECT;
	if (!x->evidence.n)
		x->evidence =
		    arena_printf(s->a, "subject #%llu", (unsigned long long)id);
	return 0;
}

static int
find_heads(struct search *s, struct err *err)
{
	if (s->n == 1) {
		s->v[0].head = s->v[0].k.id; /* alone; which does not matter */
		return 0;
	}
	for (size_t i = 0; i < s->n; i++)
		if (family_head(s->t, s->a, &s->v[i].k, &s->v[i].head, err) < 0)
			return -1;
	return 0;
}

/* --- deciding ---------------------------------------------------------- */

static const struct named *
first(const struct search *s, unsigned how)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].how & how)
			return &s->v[i];
	return NULL;
}

/* Is there evidence of that kind, and none of it for this family? */
static bool
all_elsewhere(const struct search *s, unsigned how, uint64_t head)
{
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		if (!(s->v[i].how & how))
			continue;
		if (s->v[i].head == head)
			return false;
		any = true;
	}
	return any;
}

static bool
is_conflict(const struct search *s)
{
	const struct named *x = first(s, BY_RECIPIENT);
	bool recipient = x != NULL;

	if (!x)
		x = first(s, BY_ID);
	if (!x)
		return false;
	for (size_t i = 0; i < s->n; i++) {
		const struct named *y = &s->v[i];

		if (recipient && (y->how & BY_RECIPIENT) && y != x)
			return true;
		if (!recipient && (y->how & BY_ID) && y->head != x->head)
			return true;
	}
	return all_elsewhere(s, BY_ID, x->head) ||
	       all_elsewhere(s, BY_SUBJECT, x->head);
}

/* The ticket that gets the mail, or NULL when its writer is a stranger to what
 * he names. */
static const struct named *
choose(const struct search *s)
{
	static const unsigned order[] = {BY_ID, BY_OWN, BY_SUBJECT};
	const struct named *x = first(s, BY_RECIPIENT);

	if (x)
		return x;
	for (size_t o = 0; o < ARRAY_LEN(order); o++) {
		for (size_t i = 0; i < s->n; i++)
			if ((s->v[i].how & order[o]) && takes_part(s, &s->v[i]))
				return &s->v[i];
	}
	return NULL;
}

/* One ticket of each family that was named, except that of `joined`. */
static void
gather_links(struct search *s, const struct named *joined)
{
	struct thread *out = s->out;

	for (size_t i = 0; i < s->n; i++) {
		bool seen = joined && s->v[i].head == joined->head;

		for (size_t k = 0; k < i && !seen; k++)
			seen = s->v[k].head == s->v[i].head;
		if (!seen && out->nlinks < THREAD_LINKS_MAX)
			out->links[out->nlinks++] = s->v[i].k.id;
	}
}

static void
open_linked(struct search *s, const struct named *x, const char *why)
{
	struct thread *out = s->out;

	out->verdict = THREAD_LINKED;
	out->evidence =
	    arena_printf(s->a, "%s: %.*s", why, STR_ARG(x->evidence));
	out->links[out->nlinks++] = x->k.id;
	gather_links(s, x);
}

static bool
is_thanks(const struct search *s)
{
	const struct message *m = s->q->message;

	for (size_t i = 0; i < m->attachments.n; i++)
		if (!m->attachments.v[i].is_inline)
			return false;
	return reply_is_thanks(message_new_text(s->a, m));
}

static bool
is_late(const struct search *s, const struct ticket *k)
{
	const struct queue *q = settings_queue(s->d->settings, k->queue);
	int64_t since = k->resolved == CLOCK_NONE ? k->updated : k->resolved;

	if (!q)
		q = &s->d->settings->queues[0];
	return s->q->now - since > q->reopen_within;
}

/* What a mail that belongs to a ticket means in the state it is in. */
static void
join(struct search *s, const struct named *x)
{
	struct thread *out = s->out;
	enum status st = x->k.status;
	bool over = st == STATUS_RESOLVED || st == STATUS_CLOSED;

	/* A machine's answer, or thanks, to what is over: on record, no more. */
	if (over && !s->q->automatic && is_thanks(s))
		out->thanks = true;
	else if (over && !s->q->automatic) {
		if (st == STATUS_CLOSED) {
			open_linked(s, x, "closed");
			return;
		}
		if (is_late(s, &x->k)) {
			open_linked(s, x, "resolved too long ago");
			return;
		}
		out->reopen = true;
	}
	out->verdict = THREAD_JOIN;
	out->ticket = x->k;
	out->evidence = x->evidence;
	if (x->how & BY_OTHER)
		out->flag = S("the address it was sent to was given to "
			      "somebody else");
	gather_links(s, x);
}

int
thread_decide(const struct desk *d, struct txn *t, struct arena *a,
    const struct thread_query *q, struct thread *out, struct err *err)
{
	struct search s = {.d = d, .t = t, .a = a, .q = q, .out = out};
	const struct named *x;

	*out = (struct thread){.verdict = THREAD_NEW, .evidence = S("new")};
	if (look_at_recipients(&s) < 0 || look_at_ids(&s) < 0 ||
	    look_at_subject(&s) < 0)
		return txn_error(t, err);
	if (!s.n)
		return 0;
	if (find_heads(&s, err) < 0)
		return -1;
	if (is_conflict(&s)) {
		open_linked(&s, &s.v[0], "conflict");
		return 0;
	}
	x = choose(&s);
	if (x)
		join(&s, x);
	else
		open_linked(&s, &s.v[0], "stranger");
	return 0;
}

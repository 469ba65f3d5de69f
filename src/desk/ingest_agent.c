/*
 * Mail that bears an agent's name or token, on its way in:
 *
 *   a notice of ours that came back      a note on its ticket
 *   out of a folder of sent mail         an answer sent elsewhere, or skipped
 *   row 1                                the ordinary way, flagged
 *   row 2                                the same; a note when it answers a notice
 *   row 3, by a customer of that ticket  the same; the token is revoked
 *   row 3, 5, 6                          the quarantine
 *   row 4, 7 to 10                       desk/agent_mail.h
 *
 * Nothing here asks what the mail says. That is agent_mail()'s, which is called
 * for the last line alone.
 */
#include "base/clock.h"
#include "base/must.h"
#include "desk/agent_mail.h"
#include "desk/held.h"
#include "desk/ingest_private.h"
#include "desk/merge.h"
#include "desk/notice.h"
#include "desk/outbound.h"
#include "desk/token.h"

static const struct agent *
agent_of_from(const struct job *j)
{
	return staff_by_address(&j->d->settings->staff, j->writer.from.addr);
}

int
ingest_identify(struct job *j, struct err *err)
{
	const struct settings *s = j->d->settings;
	struct identity_query q = {
	    .settings = s,
	    .message = j->m,
	    .writer = &j->writer,
	    .auth = &j->auth,
	    .automatic = j->automatic,
	    .now = j->now,
	};
	const struct agent *x = agent_of_from(j);

	if (j->internal)
		return 0;
	if (proof_find(j->d, j->t, j->a, j->m, j->in->envelope_recipient,
		j->now, &j->proof, err) < 0)
		return -1;
	if (x && j->m->smime &&
	    signature_is_spent(j->t, j->a, x->name, j->m->smime, j->now,
		&q.signature_spent, err) < 0)
		return -1;
	if (j->proof.found)
		q.grant = &j->proof.grant;
	q.by_address = j->proof.by_address;
	if (j->waiting)
		q.confirmed = j->in->confirmed;
	identity_decide(j->a, &q, &j->identity);
	return 0;
}

/* --- what it belongs to ------------------------------------------------ */

static void
join(struct job *j, const struct ticket *k)
{
	j->thread.verdict = THREAD_JOIN;
	j->thread.ticket = *k;
	j->thread.reopen = j->thread.thanks = false;
	j->thread.evidence = arena_printf(
	    j->a, "token of a mail to %.*s", STR_ARG(j->proof.grant.agent));
	j->thread.flag = str_n(NULL, 0);
	j->thread.nlinks = 0;
}

int
ingest_join_proof(struct job *j, struct err *err)
{
	const struct grant *g = &j->proof.grant;
	const struct identity *id = &j->identity;
	bool fresh = j->thread.verdict == THREAD_NEW;
	struct ticket k;
	int found;

	if (!j->proof.found || !g->ticket)
		return 0;
	found = merge_follow(j->t, j->a, g->ticket, &k);
	if (found <= 0)
		return found < 0 ? txn_error(j->t, err) : 0;
	if (j->internal || id->token) {
		join(j, &k);
		return 0;
	}
	if (!fresh)
		return 0;
	/* A dead token of his own still says what he answers. */
	if (id->level >= LEVEL_MEDIUM && str_ieq(id->agent->name, g->agent))
		join(j, &k);
	else if (id->row == 3 &&
		 people_takes_part(&k, j->writer.address.addr)) {
		if (status_is_active(k.status)) {
			join(j, &k);
			return 0;
		}
		j->thread.verdict = THREAD_LINKED;
		j->thread.links[j->thread.nlinks++] = k.id;
	}
	return 0;
}

/* --- held -------------------------------------------------------------- */

/* Of no ticket, and nobody is to be told. */
static int
put_aside(struct job *j, struct str why, struct err *err)
{
	return ingest_quarantine(j, why, err) < 0 ? -1 : 1;
}

static int
hold(struct job *j, struct err *err)
{
	const struct grant *g = j->proof.found ? &j->proof.grant : NULL;

	if (ingest_quarantine(j, j->identity.why, err) < 0)
		return -1;
	if (!j->known_as_held && held_mail(j->d, j->t, j->a, &j->identity, g,
				     j->m, j->out->quarantine, j->now, err) < 0)
		return -1;
	return 1;
}

/*
 * An agent wrote to his customer from his own client, and the customer answers
 * to the address that he saw there. He is no forger, and what he writes is for
 * the desk; the token is known to him, and that is its end.
 */
static int
is_customers(struct job *j, bool *out, struct err *err)
{
	const struct grant *g = &j->proof.grant;
	struct ticket k;
	int found;

	*out = false;
	if (agent_of_from(j) || !g->ticket)
		return 0;
	found = merge_follow(j->t, j->a, g->ticket, &k);
	if (found < 0)
		return txn_error(j->t, err);
	*out = found && people_takes_part(&k, j->writer.address.addr);
	return 0;
}

static int
row_3(struct job *j, struct err *err)
{
	bool customer;

	if (is_customers(j, &customer, err) < 0)
		return -1;
	if (!customer)
		return hold(j, err);
	return held_mail(j->d, j->t, j->a, &j->identity, &j->proof.grant, j->m,
	    0, j->now, err);
}

/* --- an agent's own ---------------------------------------------------- */

static int
take(struct job *j, struct err *err)
{
	struct agent_mail x = {
	    .d = j->d,
	    .t = j->t,
	    .a = j->a,
	    .in = j->in,
	    .m = j->m,
	    .writer = &j->writer,
	    .identity = &j->identity,
	    .grant = j->identity.token ? &j->proof.grant : NULL,
	    .thread = &j->thread,
	    .now = j->now,
	};
	struct agent_result r;

	if ((!j->in->sent_folder && ingest_thread(j, err) < 0) ||
	    ingest_join_proof(j, err) < 0)
		return -1;
	if (ingest_leave(j) < 0)
		return txn_error(j->t, err);
	if (j->identity.row == 4 &&
	    signature_spend(j->t, j->a, j->identity.agent->name, j->m->smime,
		j->now, err) < 0)
		return -1;
	if (agent_mail(&x, &r, err) < 0)
		return -1;
	if (j->in->sent_folder && !r.k.id)
		return ingest_skip(j, err) < 0 ? -1 : 1;
	must(r.k.id > 0 && r.seq > 0);
	j->k = r.k;
	j->out->ticket = r.k.id;
	j->out->seq = r.seq;
	j->out->is_new = r.is_new;
	j->out->mails += r.mails;
	rawhash_put(j->t, j->in->content, r.k.id, r.seq);
	ingest_index(j);
	ingest_fate(j, FATE_TICKET);
	return txn_error(j->t, err) < 0 ? -1 : 1;
}

static int
skip(struct job *j, struct err *err)
{
	return ingest_skip(j, err) < 0 ? -1 : 1;
}

/* --- folders of sent mail ---------------------------------------------- */

static bool
is_to_us(const struct job *j)
{
	const struct addresses *lists[] = {&j->m->to, &j->m->cc, &j->m->bcc};

	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			if (settings_is_own(
				j->d->settings, lists[l]->v[i].addr))
				return true;
	return false;
}

/*
 * One that helpd wrote itself: a copy that it, or the server that it hands its
 * mail to, put there. Some servers give a mail another Message-ID; the token in
 * its Reply-To stays.
 */
static bool
is_made_here(const struct job *j)
{
	const struct addresses *l = &j->m->reply_to;
	struct str token;
	uint64_t id;

	if (j->returned)
		return true;
	for (size_t i = 0; i < l->n; i++) {
		struct str local = address_local(l->v[i].addr);
		ptrdiff_t plus = str_chr(local, '+', 0);

		if (plus > 0 && settings_is_own(j->d->settings, l->v[i].addr) &&
		    token_detail(
			str_from(local, (size_t)plus + 1), &id, &token))
			return true;
	}
	return false;
}

/* The ticket that the mail is of; what is over takes no customer's mail, but
 * what the desk wrote. 1, 0, -1. */
static int
ticket_of_sent(struct job *j, struct ticket *k, struct err *err)
{
	struct thread *th = &j->thread;
	int found;

	if (ingest_thread(j, err) < 0)
		return -1;
	if (th->verdict == THREAD_JOIN) {
		*k = th->ticket;
		return 1;
	}
	if (th->verdict != THREAD_LINKED || th->nlinks != 1 ||
	    str_starts(th->evidence, S("stranger")) ||
	    str_starts(th->evidence, S("conflict")))
		return 0;
	found = merge_follow(j->t, j->a, th->links[0], k);
	return found < 0 ? txn_error(j->t, err) : found;
}

static bool
reaches_customer(const struct job *j, const struct ticket *k)
{
	for (size_t i = 0; i < j->m->to.n; i++)
		if (people_takes_part(k, j->m->to.v[i].addr))
			return true;
	return false;
}

/* Somebody at the desk wrote from the support address itself, in another
 * client than an agent's own. */
static int
desk_elsewhere(struct job *j, struct ticket *k, struct err *err)
{
	const struct settings *s = j->d->settings;
	const struct queue *q =
	    settings_queue_by_address(s, j->writer.from.addr);
	struct agent nobody = {
	    .full_name = j->writer.from.name.n    ? j->writer.from.name
			 : q && q->address.name.n ? q->address.name
						  : s->name,
	};
	struct actor who = {
	    arena_printf(j->a, "desk:%.*s", STR_ARG(j->writer.from.addr)),
	    S("it lies in a folder of sent mail"),
	};

	int again = outbound_find_elsewhere(j->t, j->a, k, j->m, &j->out->seq);

	if (again < 0)
		return txn_error(j->t, err);
	j->out->seq = 0;
	if (again || !reaches_customer(j, k))
		return skip(j, err);
	if (outbound_elsewhere(j->d, j->t, j->a, k, j->in, &nobody, &who,
		j->now, &j->out->seq, err) < 0)
		return -1;
	ticket_put(j->t, k);
	j->k = *k;
	j->out->ticket = k->id;
	rawhash_put(j->t, j->in->content, k->id, j->out->seq);
	ingest_index(j);
	ingest_fate(j, FATE_TICKET);
	return txn_error(j->t, err) < 0 ? -1 : 1;
}

/*
 * A mail that lies in a folder of sent mail was sent by whoever may write
 * there. It can do one thing, be recorded as an answer, and what is addressed
 * to us arrives by itself.
 */
static int
sent_elsewhere(struct job *j, struct err *err)
{
	const struct agent *x = agent_of_from(j);
	struct ticket k;
	int found;

	if (j->m->from.n != 1 || j->m->automatic.n || j->m->bounce ||
	    is_made_here(j) || is_to_us(j) || (!x && !j->writer.own))
		return skip(j, err);
	j->proof.found = false;
	j->identity = (struct identity){0};
	if (x)
		j->identity = (struct identity){
		    .concerns = true,
		    .row = 8,
		    .level = LEVEL_MEDIUM,
		    .agent = x,
		    .why = S("row 8: it lies in a folder of sent mail"),
		};
	found = ticket_of_sent(j, &k, err);
	if (found <= 0)
		return found < 0 ? -1 : skip(j, err);
	return x ? take(j, err) : desk_elsewhere(j, &k, err);
}

static int
by_row(struct job *j, struct err *err)
{
	const struct identity *id = &j->identity;
	const struct grant *g = &j->proof.grant;

	bool customer;

	switch (id->row) {
	case 1:
		return 0;
	case 2:
		/* What a mailbox says to a notice goes where that came from;
		 * a ticket of its own would be told to the same mailbox. */
		if (is_customers(j, &customer, err) < 0)
			return -1;
		j->internal = j->proof.found && !j->writer.own && !customer;
		return j->internal && !g->ticket ? put_aside(j, id->why, err)
						 : 0;
	case 3:
		return row_3(j, err);
	case 5:
	case 6:
		return hold(j, err);
	default:
		break;
	}
	if (!j->in->oversize)
		return take(j, err);
	j->identity.level = LEVEL_NONE;
	j->identity.why = arena_printf(j->a,
	    "%.*s; larger than message_size: none of it was read or done",
	    STR_ARG(id->why));
	return 0;
}

int
ingest_agents(struct job *j, struct err *err)
{
	if (j->in->sent_folder)
		return sent_elsewhere(j, err);
	if (j->internal) {
		if (j->proof.grant.ticket)
			return 0;
		return put_aside(
		    j, S("a mail of ours to an agent, which came back"), err);
	}
	if (!j->identity.concerns)
		return 0;
	if (j->waiting && j->in->released) {
		j->identity.level = LEVEL_NONE;
		j->identity.token = false;
		return 0;
	}
	return by_row(j, err);
}

/* --- telling ----------------------------------------------------------- */

/* What was there before helpd came is not news. */
static bool
is_old(const struct job *j)
{
	int64_t within = j->d->settings->acknowledge_within;

	return j->in->begin_old && j->m->date != CLOCK_NONE && within > 0 &&
	       j->now - j->m->date > within;
}

/* A report that says that mail to an agent does not arrive. */
static bool
is_of_agent(const struct job *j)
{
	const struct bounce *b = j->m->bounce;

	for (size_t i = 0; b && i < b->n; i++)
		if (staff_by_address(&j->d->settings->staff, b->v[i].address))
			return true;
	return false;
}

int
ingest_notify(struct job *j, struct err *err)
{
	const struct identity *id = &j->identity;
	struct notice n = {
	    .kind = j->out->is_new ? NOTICE_NEW : NOTICE_FOLLOWUP,
	    .seq = j->out->seq,
	    .who = j->who,
	    .in = j->in,
	};
	size_t sent = 0;

	if (!j->d->settings->staff.nagents || j->internal || j->returned ||
	    j->writer.own || j->is_report || j->m->spam || is_old(j))
		return 0;
	/* Machines that answer agents' mail must not be told of it. */
	if (id->row == 2 || is_of_agent(j))
		return 0;
	if ((j->automatic.n && !j->out->is_new) || !j->ruled.tell)
		return 0;
	if (j->out->is_new && !j->routed.agent &&
	    route_new(j->d, j->t, j->a, &j->k, j->now, &j->routed, err) < 0)
		return -1;
	if (j->routed.agent) {
		n.route = &j->routed;
		n.detail = j->routed.why;
	}
	if (id->row >= 7 && j->in->oversize) {
		n.kind = NOTICE_FAILED;
		n.to = id->agent;
		n.detail = S("your mail is too large to be read: nothing of it "
			     "was sent or done");
	}
	if (notice_send(j->d, j->t, j->a, &j->k, &n, j->now, &sent, err) < 0)
		return -1;
	j->out->mails += (unsigned)sent;
	return 0;
}

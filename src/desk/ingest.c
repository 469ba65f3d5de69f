/*
 * The order of decisions, each before anything is written:
 *
 *   the source key has a fate          that fate again
 *   the content is an article already  duplicate
 *   the jail refused it                quarantine
 *   it bears an agent's name or token  held, or his (ingest_agent.c); or, flagged,
 *   it is a report on a mail of ours   that ticket, as an internal event
 *   thread_decide()                    a ticket, or a new one, perhaps linked
 *
 * Whatever a mail says about itself decides only where it is filed and whether
 * it is answered. That it is filed is never in question.
 */
#include "desk/ingest.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/ack.h"
#include "desk/change.h"
#include "desk/classify_ticket.h"
#include "desk/due.h"
#include "desk/extra.h"
#include "desk/family.h"
#include "desk/health.h"
#include "desk/ingest_private.h"
#include "desk/limits.h"
#include "desk/merge.h"
#include "desk/outbound.h"
#include "desk/token.h"
#include "mail/compose.h"
#include "store/blob.h"

/* --- the fate ---------------------------------------------------------- */

void
ingest_fate(struct job *j, enum fate fate)
{
	struct ledger_row row = {
	    .fate = fate,
	    .ticket = j->out->ticket,
	    .seq = j->out->seq,
	    .quarantine = j->out->quarantine,
	    .at = j->now,
	};

	memcpy(row.sha256, j->in->sha256, sizeof row.sha256);
	j->out->fate = fate;
	ledger_put(j->t, j->in->source, &row);
}

/* Its writer confirmed it, and it has been read again. */
static void
end_release(struct job *j, const struct quarantined *q)
{
	struct intake in = {0};
	struct timer m = {.kind = DUE_RELEASE};

	if (intake_decode(j->a, q->intake, &in, NULL) < 0 || !in.confirmed.n)
		return;
	m.due = in.confirmed_at;
	m.data = arena_printf(j->a, "%llu", (unsigned long long)q->id);
	timer_del(j->t, &m);
}

int
ingest_leave(struct job *j)
{
	struct quarantined q;
	int found = j->waiting ? quarantine_get(j->t, j->a, j->waiting, &q) : 0;

	if (found <= 0)
		return found;
	if (q.blob)
		blob_del(j->t, q.blob);
	end_release(j, &q);
	quarantine_del(j->t, q.id);
	j->waiting = 0;
	return 0;
}

/* Tried again, and it still cannot be read. */
static void
end_waiting(struct job *j)
{
	struct quarantined q;

	if (quarantine_get(j->t, j->a, j->in->retried, &q) > 0)
		end_release(j, &q);
}

/* Tried again, and it is still not to come in. */
static int
stay(struct job *j, struct str reason, struct err *err)
{
	struct quarantined q;
	int found = quarantine_get(j->t, j->a, j->waiting, &q);

	if (found < 0)
		return txn_error(j->t, err);
	if (found) {
		end_release(j, &q);
		j->known_as_held = str_eq(q.reason, reason);
		q.reason = reason;
		quarantine_put(j->t, &q);
	}
	j->out->quarantine = j->waiting;
	j->out->fate = FATE_QUARANTINE;
	return txn_error(j->t, err);
}

int
ingest_quarantine(struct job *j, struct str reason, struct err *err)
{
	AUTO(buf_fini) struct buf rest = BUF_INIT;
	struct quarantined q = {
	    .key = j->in->source.key,
	    .size = j->in->size,
	    .at = j->now,
	    .reason = reason,
	};

	if (j->waiting)
		return stay(j, reason, err);
	if (source_name(j->t, j->a, j->in->source.source, &q.source) < 0)
		return txn_error(j->t, err);
	memcpy(q.sha256, j->in->sha256, sizeof q.sha256);
	if (j->in->packed.n)
		q.blob = blob_put(j->t, j->in->packed);
	intake_encode(j->in, &rest);
	q.intake = buf_str(&rest);
	j->out->quarantine = quarantine_add(j->t, &q);
	ingest_fate(j, FATE_QUARANTINE);
	return txn_error(j->t, err);
}

int
ingest_skip(struct job *j, struct err *err)
{
	ingest_fate(j, FATE_SKIPPED);
	return txn_error(j->t, err);
}

static int
duplicate(struct job *j, struct err *err)
{
	struct actor who = {S("system"), S("")};
	struct ticket k;
	struct str source;
	int found = ticket_get(j->t, j->a, j->out->ticket, &k);

	if (found < 0 ||
	    source_name(j->t, j->a, j->in->source.source, &source) < 0)
		return txn_error(j->t, err);
	if (found) {
		event_add(j->t, &k, EVENT_DUPLICATE, &who,
		    arena_printf(j->a, "article %u again, from %.*s",
			j->out->seq, STR_ARG(source)),
		    j->now);
		ticket_put(j->t, &k);
	}
	if (ingest_leave(j) < 0)
		return txn_error(j->t, err);
	ingest_fate(j, FATE_DUPLICATE);
	return txn_error(j->t, err);
}

/* --- who and what ------------------------------------------------------ */

/* Is it, by its Message-ID, a mail of ours? Of those to agents the grant goes
 * to *g. */
static int
made_here(struct job *j, struct grant *g)
{
	uint64_t ticket;
	uint32_t seq;

	if (token_message_id_verify(
		j->d->keys, j->m->message_id, &ticket, &seq))
		return 1;
	return proof_of_id(j->d, j->t, j->a, j->m->message_id, g);
}

static int
weigh(struct job *j, struct err *err)
{
	const struct message *m = j->m;
	struct grant g = {0};
	int ours = made_here(j, &g);
	bool token = ours > 0;

	if (ours < 0)
		return txn_error(j->t, err);
	people_writer(j->a, j->d->settings, m, &j->writer);
	authres_read(j->a, &m->authentication_results,
	    &j->d->settings->trust_authserv, j->writer.from.addr, &j->auth);
	/* The id alone is known to everyone who got the mail. */
	j->returned = token && j->writer.own;
	/* A notice that came back: its ticket knows it by the grant alone. */
	if (g.nonce && j->returned) {
		j->proof = (struct proof){.found = true, .grant = g};
		j->internal = true;
	}
	j->automatic = m->automatic;
	if (j->automatic.n && m->is_list && j->writer.own_list)
		j->automatic = str_n(NULL, 0);
	if (token)
		j->automatic = S("a mail of ours");
	else if (j->writer.own && !j->automatic.n)
		j->automatic = S("our own address as sender");
	else if (m->bounce && !j->automatic.n)
		j->automatic = S("delivery report");
	else if (str_eq(j->in->envelope_sender, S("<>")) && !j->automatic.n)
		j->automatic = S("null envelope sender");
	j->who = (struct actor){S("system"), S("")};
	if (j->writer.address.addr.n)
		j->who.name = arena_printf(j->a, "%s:%.*s",
		    j->writer.desk ? "desk" : "customer",
		    STR_ARG(j->writer.address.addr));
	return 0;
}

/* --- tickets ----------------------------------------------------------- */

/* Of a mail that follows on what is over. A stranger learns nothing of that. */
static int
choose_subject(struct job *j, struct str *out, struct err *err)
{
	const struct settings *s = j->d->settings;
	const struct thread *th = &j->thread;
	struct strs tags = settings_tags(j->a, s);
	struct ticket old;
	int found;

	*out = utf8_clip(subject_base(j->a, j->m->subject, &tags), 500);
	if (th->nlinks != 1 || th->flag.n ||
	    str_starts(th->evidence, S("stranger")) ||
	    str_starts(th->evidence, S("conflict")))
		return 0;
	found = ticket_get(j->t, j->a, th->links[0], &old);
	if (found > 0 && people_takes_part(&old, j->writer.address.addr))
		found = merge_subject(
		    j->t, j->a, s, &old, old.articles + 1, j->m->subject, out);
	return found < 0 ? txn_error(j->t, err) : 0;
}

static int
open_ticket(struct job *j, struct err *err)
{
	const struct settings *s = j->d->settings;
	struct str subject;

	j->queue = intake_queue(s, j->in);
	if (choose_subject(j, &subject, err) < 0)
		return -1;
	j->k = (struct ticket){
	    .subject = subject,
	    .status = STATUS_NEW,
	    .priority = PRIORITY_NORMAL,
	    .queue = j->queue->name,
	    .channel = j->in->channel.n ? j->in->channel : S("mail"),
	    .language = j->m->language,
	    .created = j->now,
	    .updated = j->now,
	    .resolved = CLOCK_NONE,
	    .closed = CLOCK_NONE,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = CLOCK_NONE,
	    .agent_wrote = CLOCK_NONE,
	};
	people_first(j->a, s, &j->k, &j->writer, j->m);
	ticket_put(j->t, &j->k); /* gives the number */
	if (txn_error(j->t, err) < 0)
		return -1;
	j->out->is_new = true;
	event_add(j->t, &j->k, EVENT_CREATED, &j->who, j->queue->name, j->now);
	for (size_t i = 0; i < j->thread.nlinks; i++)
		if (family_link(j->t, j->a, &j->k, j->thread.links[i],
			LINK_FOLLOWS, &j->who, j->now, err) < 0)
			return -1;
	return route_tier(j->d, j->t, j->a, &j->k, j->now, err);
}

static void
set_open(struct job *j, enum event_kind kind)
{
	struct str detail =
	    arena_printf(j->a, "%s -> open", status_name(j->k.status));

	j->k.status = STATUS_OPEN;
	j->k.resolved = j->k.closed = CLOCK_NONE;
	event_add(j->t, &j->k, kind, &j->who, detail, j->now);
}

static int
join_ticket(struct job *j, struct err *err)
{
	const struct settings *s = j->d->settings;
	size_t proposed;

	j->k = j->thread.ticket;
	j->k.updated = MAX(j->now, j->k.updated);
	j->queue = settings_queue(s, j->k.queue);
	if (!j->queue)
		j->queue = &s->queues[0];
	for (size_t i = 0; i < j->thread.nlinks; i++)
		if (family_link(j->t, j->a, &j->k, j->thread.links[i],
			LINK_RELATED, &j->who, j->now, err) < 0)
			return -1;
	if (j->thread.reopen) {
		set_open(j, EVENT_REOPENED);
		j->k.reopens++;
		if (merge_child_reopened(
			j->d, j->t, j->a, &j->k, &j->who, j->now, err) < 0)
			return -1;
	} else if (j->thread.thanks)
		event_add(j->t, &j->k, EVENT_THANKS, &j->who, S(""), j->now);
	else if (!j->automatic.n && !j->writer.desk &&
		 !snooze_wake(j->t, j->a, &j->k, true, &j->who, j->now) &&
		 j->k.status == STATUS_PENDING)
		set_open(j, EVENT_STATUS);
	if (j->automatic.n || j->writer.desk)
		return 0;
	proposed = people_propose(j->a, s, &j->k, j->m);
	if (proposed)
		event_add(j->t, &j->k, EVENT_PARTICIPANT, &j->who,
		    arena_printf(j->a, "%zu proposed", proposed), j->now);
	return 0;
}

int
ingest_thread(struct job *j, struct err *err)
{
	struct thread_query q = {
	    .message = j->m,
	    .writer = j->writer.address.addr,
	    .envelope_recipient = j->in->envelope_recipient,
	    .desk = j->writer.own || j->identity.level >= LEVEL_MEDIUM,
	    .automatic = j->automatic.n > 0,
	    .now = j->now,
	};

	return thread_decide(j->d, j->t, j->a, &q, &j->thread, err);
}

static int
find_ticket(struct job *j, struct err *err)
{
	if (ingest_thread(j, err) < 0)
		return -1;
	if (j->m->bounce) {
		int found =
		    bounce_match(j->d, j->t, j->a, j->m, &j->match, err);

		if (found < 0)
			return -1;
		j->is_report = found;
	}
	if (j->is_report) {
		j->thread.verdict = THREAD_JOIN;
		j->thread.ticket = j->match.ticket;
		j->thread.evidence = j->match.evidence;
		j->thread.flag = str_n(NULL, 0);
		j->thread.nlinks = 0;
		j->internal |= j->match.of_notice;
	} else if (ingest_join_proof(j, err) < 0)
		return -1;
	j->who.cause = j->thread.evidence;
	return j->thread.verdict == THREAD_JOIN ? join_ticket(j, err)
						: open_ticket(j, err);
}

/* --- the article ------------------------------------------------------- */

static void
put_article(struct job *j)
{
	const struct message *m = j->m;
	struct article r = {
	    .ticket = j->k.id,
	    .seq = ++j->k.articles,
	    .direction = j->internal ? DIRECTION_NOTE : DIRECTION_IN,
	    .author = j->writer.address,
	    .from = m->from,
	    .to = m->to,
	    .cc = m->cc,
	    .subject = m->subject,
	    .date = m->date,
	    .at = j->now,
	    .message_id = m->message_id,
	    .text = m->text,
	    .fresh = m->fresh,
	    .nfresh = m->nfresh,
	    .attachments = m->attachments,
	    .automatic = j->automatic,
	    .evidence = j->thread.evidence,
	    .flag = j->thread.flag,
	    .language = m->language,
	    .charset = m->charset,
	    .size = j->in->size,
	};

	if (j->identity.why.n)
		r.flag = j->identity.why;
	else if (!r.flag.n && (j->writer.own || j->writer.desk))
		r.flag = S("an address of ours or of an agent in From, which "
			   "proves nothing");
	if (m->bounce)
		r.bounce = bounce_encode(j->a, m->bounce);
	if (j->in->packed.n)
		r.blob = blob_put_for(j->t, j->in->packed, &r);
	memcpy(r.sha256, j->in->sha256, sizeof r.sha256);
	memcpy(r.content, j->in->content, sizeof r.content);
	article_put(j->t, &r);
	rawhash_put(j->t, j->in->content, j->k.id, r.seq);
	j->out->ticket = j->k.id;
	j->out->seq = r.seq;
	event_add(j->t, &j->k, j->returned ? EVENT_OWN : EVENT_ARTICLE, &j->who,
	    arena_printf(j->a, "article %u", r.seq), j->now);
	if (j->identity.why.n) {
		struct actor desk = {
		    S("system"), arena_printf(j->a, "article %u", r.seq)};

		event_add(
		    j->t, &j->k, EVENT_REFUSED, &desk, j->identity.why, j->now);
	}
}

/* What later answers refer to. */
static void
remember(struct job *j)
{
	struct strs chain;
	struct extra x;

	if (j->automatic.n)
		return;
	extra_read(j->a, j->k.extra, &x);
	chain = extra_chain(
	    j->a, &j->m->references, &j->m->in_reply_to, j->m->message_id);
	if (chain.n)
		x.chain = chain;
	if (!j->writer.desk) {
		x.last_in = j->k.articles;
		j->k.customer_wrote = j->now;
	}
	j->k.extra = extra_write(j->a, j->k.extra, &x);
}

void
ingest_index(struct job *j)
{
	const struct strs *unknown = &j->thread.unknown;
	struct str id = j->m->message_id;

	for (size_t i = 0; i < unknown->n; i++)
		msgid_put(j->t, unknown->v[i], j->k.id, false);
	if (id.n && j->out->is_new && !strs_has(unknown, id) &&
	    j->writer.address.addr.n)
		msgid_put(j->t,
		    thread_own_key(j->a, id, j->writer.address.addr), j->k.id,
		    false);
	if (j->d->terms)
		term_batch_add_all(j->d->terms, j->m->terms, j->k.id);
}

static int
count_person(struct job *j, struct err *err)
{
	const struct address *x = &j->writer.address;

	if (!x->addr.n || j->writer.own || j->m->bounce)
		return 0;
	j->key = address_key(j->a, x->addr);
	return people_wrote(j->t, j->a, x, j->key, j->m->language,
	    j->out->is_new, j->now, &j->person, err);
}

static struct ack_query
ack_query(const struct job *j)
{
	return (struct ack_query){
	    .settings = j->d->settings,
	    .queue = j->queue,
	    .message = j->m,
	    .writer = &j->writer,
	    .auth = &j->auth,
	    .automatic = j->automatic,
	    .flag = j->thread.flag.n ? j->thread.flag : j->identity.why,
	    .envelope_sender = j->in->envelope_sender,
	    .begin_old = j->in->begin_old,
	    .suspended = j->person.suspended,
	    .now = j->now,
	};
}

/* DMARC proves From; a form's Reply-To it does not. */
static bool
is_known(const struct job *j)
{
	return j->person.answered ||
	       (j->auth.dmarc == AUTH_PASS &&
		   address_eq(j->writer.address.addr, j->writer.from.addr));
}

/* What the admin's rules make of it. */
static int
apply_rules(struct job *j, struct err *err)
{
	const struct settings *s = j->d->settings;
	struct ack_query q = ack_query(j);
	const struct ticket *was = &j->thread.ticket;
	struct rule_event e = {
	    .kind = j->out->is_new ? RULE_NEW : RULE_FOLLOWUP,
	    .message = j->m,
	    .in = j->in,
	    .ack = &q,
	    .known = is_known(j),
	    .seq = j->out->seq,
	    .before = j->out->is_new ? STATUS_NONE : was->status,
	    .idle_since = j->out->is_new ? 0 : was->updated,
	    .routed = &j->routed,
	};

	j->ruled = (struct rule_result){.acknowledge = true, .tell = true};
	if (!rules_has(s->rules, e.kind) || j->internal || j->returned ||
	    j->writer.own || j->is_report)
		return 0;
	if (rules_run(j->d, j->t, j->a, &j->k, &e, j->now, &j->ruled, err) < 0)
		return -1;
	j->queue = settings_queue(s, j->k.queue);
	if (!j->queue)
		j->queue = &s->queues[0];
	j->out->mails += j->ruled.mails;
	return 0;
}

static int
acknowledge(struct job *j, struct err *err)
{
	struct ack_query q = ack_query(j);
	struct actor who = ACTOR_SYSTEM;
	struct str reason, hold;
	uint32_t before = j->k.articles;

	if (!j->out->is_new || j->k.acknowledged)
		return 0;
	reason = j->ruled.acknowledge ? ack_refused(&q)
				      : S("a rule says so, or has answered");
	if (reason.n) {
		event_add(
		    j->t, &j->k, EVENT_NOT_ACKNOWLEDGED, &who, reason, j->now);
		return 0;
	}
	if (!j->k.language.n)
		j->k.language = j->person.language;
	if (limits_take(j->t, j->a, j->d->settings, j->key, j->k.subject,
		j->now, &hold, err) < 0)
		return -1;
	if (outbound_ack(j->d, j->t, j->a, &j->k, j->m, &j->writer.address,
		is_known(j), hold, j->now, err) < 0)
		return -1;
	j->out->mails += j->k.articles - before;
	return 0;
}

/* What earlier tickets say of a new one. */
static int
classify(struct job *j, struct err *err)
{
	const struct settings *s = j->d->settings;
	unsigned decided = 0;

	if (!s->nclassified || !j->out->is_new || j->automatic.n ||
	    j->internal || j->returned || j->writer.own)
		return 0;
	/* The first queue's address is where mail goes that is for none. */
	if (j->queue != &s->queues[0] || j->ruled.queue)
		decided |= CLASSIFY_QUEUE;
	if (j->ruled.priority)
		decided |= CLASSIFY_PRIORITY;
	if (classify_new(j->d, j->t, j->a, &j->k, message_new_text(j->a, j->m),
		decided, j->now, err) < 0)
		return -1;
	j->queue = settings_queue(s, j->k.queue);
	if (!j->queue)
		j->queue = &s->queues[0];
	return 0;
}

/* The ordinary way: an article of a ticket, old or new. */
static int
file(struct job *j, struct err *err)
{
	if (find_ticket(j, err) < 0)
		return -1;
	if (ingest_leave(j) < 0)
		return txn_error(j->t, err);
	put_article(j);
	remember(j);
	ingest_index(j);
	if (j->m->bounce && j->thread.verdict == THREAD_JOIN &&
	    bounce_apply(j->d, j->t, j->a, &j->k, j->match.outbox, j->m->bounce,
		j->now, err) < 0)
		return -1;
	if (count_person(j, err) < 0 || apply_rules(j, err) < 0 ||
	    classify(j, err) < 0 || acknowledge(j, err) < 0 ||
	    ingest_notify(j, err) < 0)
		return -1;
	ticket_put(j->t, &j->k);
	ingest_fate(j, j->in->oversize ? FATE_OVERSIZE
		       : j->is_report || j->returned || j->internal
			   ? FATE_INTERNAL
			   : FATE_TICKET);
	return txn_error(j->t, err);
}

/* Mail of the house that came back, or what a machine answers to it, is nobody's
 * business. 1: done with. */
static int
take_house(struct job *j, struct err *err)
{
	enum house_verdict verdict;
	struct str reason = {0};

	if (health_mail(
		j->d, j->t, j->a, j->in, j->now, &verdict, &reason, err) < 0)
		return -1;
	if (verdict == HOUSE_NOT)
		return 0;
	if (verdict == HOUSE_KEPT)
		return ingest_quarantine(j, reason, err) < 0 ? -1 : 1;
	if (ingest_leave(j) < 0)
		return txn_error(j->t, err);
	ingest_fate(j, FATE_INTERNAL);
	return txn_error(j->t, err) < 0 ? -1 : 1;
}

static int
take_in(struct job *j, struct err *err)
{
	int done = take_house(j, err);

	if (done)
		return MIN(done, 0);
	if (weigh(j, err) < 0 || ingest_identify(j, err) < 0)
		return -1;
	done = ingest_agents(j, err);
	return done ? MIN(done, 0) : file(j, err);
}

int
ingest(struct desk *d, struct txn *t, struct arena *a, const struct intake *in,
    int64_t now, struct outcome *out, struct err *err)
{
	struct job j = {
	    .d = d, .t = t, .a = a, .in = in, .m = in->message, .now = now};
	struct ledger_row row;
	bool again;
	int found;

	j.out = out;
	*out = (struct outcome){0};
	found = ledger_get(t, in->source, &row);
	if (found < 0)
		return txn_error(t, err);
	again = found && row.fate == FATE_QUARANTINE && in->message &&
		in->retried && in->retried == row.quarantine;
	if (found && !again) {
		if (in->retried && in->retried == row.quarantine)
			end_waiting(&j);
		out->fate = row.fate;
		out->ticket = row.ticket;
		out->seq = row.seq;
		out->quarantine = row.quarantine;
		return txn_error(t, err);
	}
	if (again)
		j.waiting = row.quarantine;
	found = rawhash_get(t, in->content, &out->ticket, &out->seq);
	if (found < 0)
		return txn_error(t, err);
	if (found)
		return duplicate(&j, err);
	out->ticket = out->seq = 0;
	if (in->sent_folder && (!in->message || in->oversize))
		return ingest_skip(&j, err);
	return in->message ? take_in(&j, err)
			   : ingest_quarantine(&j, in->refused, err);
}

/*
 * What is sent to customers, and to whom: acknowledgements, answers of people,
 * notices of a status. How a mail is made is in outgoing.c; what becomes of an
 * answer that waits in outbound_held.c.
 */
#include "desk/outbound.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/limits.h"
#include "desk/outgoing.h"
#include "desk/people.h"
#include "desk/purge.h"
#include "desk/rules.h"

/* What cannot be made into a mail is told in the history; only the store's
 * errors go up. */
static int
not_sent(struct txn *t, struct ticket *k, enum event_kind kind,
    const struct actor *who, const struct err *why, int64_t now,
    struct err *err)
{
	if (txn_error(t, err) < 0)
		return -1;
	event_add(t, k, kind, who, str_c(why->msg), now);
	return 0;
}

int
outbound_ack(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct message *m, const struct address *to, bool known,
    struct str hold, int64_t now, struct err *err)
{
	struct address one = *to;
	struct err why = ERR_INIT;
	struct actor who = ACTOR_SYSTEM;
	struct outgoing o = {
	    .kind = "ack",
	    .name = "ack",
	    .plain = "We have received your message and will answer it.",
	    .automatic = BY_REPLY,
	    .to = {&one, 1},
	    .references =
		extra_chain(a, &m->references, &m->in_reply_to, m->message_id),
	    .hold = hold,
	    .sign = S("acknowledgement"),
	    .view = {.known = known,
		.message_from = *to,
		.message_date = m->date},
	};

	if (!known)
		one.name = str_n(NULL, 0);
	else
		o.view.message_text = message_new_text(a, m);
	outgoing_view(d, &o, k);
	if (outgoing_put(d, t, a, k, &o, now, &why) < 0)
		return not_sent(
		    t, k, EVENT_NOT_ACKNOWLEDGED, &who, &why, now, err);
	k->acknowledged = true;
	event_add(t, k, EVENT_ACKNOWLEDGED, &who,
	    hold.n ? arena_printf(a, "%.*s, held: %.*s", STR_ARG(to->addr),
			 STR_ARG(hold))
		   : to->addr,
	    now);
	return txn_error(t, err);
}

/* The mail that is answered, for quotes. A missing one is no error; an agent's
 * own words, with which he opened the ticket, are not the customer's. */
static int
last_message(const struct settings *s, struct txn *t, struct arena *a,
    const struct ticket *k, struct view *v, struct err *err)
{
	struct message m = {0};
	struct article r;
	struct extra x;
	int found;

	v->message_date = CLOCK_NONE;
	extra_read(a, k->extra, &x);
	if (!x.last_in)
		return 0;
	found = article_get(t, a, k->id, x.last_in, &r);
	if (found < 0)
		return txn_error(t, err);
	if (!found || staff_by_address(&s->staff, r.author.addr))
		return 0;
	m.text = r.text;
	m.fresh = r.fresh;
	m.nfresh = r.nfresh;
	v->message_text = message_new_text(a, &m);
	v->message_from = r.author;
	v->message_date = r.date == CLOCK_NONE ? r.at : r.date;
	return 0;
}

static int
check_answer(const struct ticket *k, const struct answer *w, struct err *err)
{
	if (k->merged_into)
		return err_set(err, ERR_INVAL,
		    "ticket %llu was merged into %llu: answer that one",
		    (unsigned long long)k->id,
		    (unsigned long long)k->merged_into);
	if (purge_check_open(k, err) < 0)
		return -1;
	if (!str_trim(w->text).n)
		return err_set(err, ERR_INVAL, "the answer is empty");
	if (!utf8_valid(w->text))
		return err_set(err, ERR_INVAL, "the answer is not UTF-8");
	return 0;
}

/* The words, and the HTML when it is fit to be sent. */
static void
answer_words(struct desk *d, struct arena *a, const struct ticket *k,
    const struct answer *w, struct outgoing *o)
{
	const struct settings *s = d->settings;

	o->view.answer = str_rtrim(guard_text(a, s, k, w->text));
	if (w->html.n)
		o->view.answer_html = guard_html(a, s, k, w->html);
	o->view.signature = guard_text(a, s, k, w->signature);
	o->view.agent = w->author;
	o->plain = arena_cstr(a, o->view.answer);
}

int
outbound_answer(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, const struct answer *w, int64_t now, uint32_t *seq,
    uint64_t *outbox, struct err *err)
{
	enum status old = k->status, status = w->status;
	struct outgoing o = {
	    .kind = "answer",
	    .name = "reply",
	    .view = {.known = true},
	    .author = w->author,
	    .who = w->who,
	    .files = w->files,
	    .nfiles = w->nfiles,
	    .hold = w->hold,
	};
	struct extra x;

	if (check_answer(k, w, err) < 0)
		return -1;
	answer_words(d, a, k, w, &o);
	if (!o.view.answer.n)
		return err_set(err, ERR_INVAL,
		    "the answer is nothing but parts of a notice");
	if (!status && old == STATUS_NEW)
		status = STATUS_OPEN;
	if (status && !w->hold.n &&
	    change_status(d, t, a, k, status, &w->who, now, err) < 0)
		return -1;
	extra_read(a, k->extra, &x);
	o.references = extra_references(a, &x);
	outgoing_people(a, k, &o);
	outgoing_view(d, &o, k);
	o.view.status_old = old;
	o.view.message_date = CLOCK_NONE;
	if (w->quote && last_message(d->settings, t, a, k, &o.view, err) < 0)
		return -1;
	if (outgoing_put(d, t, a, k, &o, now, err) < 0)
		return -1;
	if (!w->hold.n) {
		if (outgoing_stamp(t, a, k, &o.to, &o.cc, EVENT_ANSWERED,
			&w->who, now, err) < 0)
			return -1;
		outgoing_index(d, a, k->id, o.view.answer);
		if (rules_at(d, t, a, k, RULE_AGENT_REPLY, now, err) < 0)
			return -1;
	}
	if (seq)
		*seq = o.seq;
	if (outbox)
		*outbox = o.outbox;
	return change_done(t, k, now, err);
}

/* An automatic mail about the ticket to its requester: 1 written, perhaps held,
 * 0 not, -1. */
static int
tell_requester(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct outgoing *o, enum event_kind kind, const struct actor *who,
    int64_t now, struct err *err)
{
	struct address one = k->requester;
	struct err why = ERR_INIT;
	struct person p;
	struct extra x;
	struct str key = address_key(a, one.addr);
	int found = one.addr.n ? person_get(t, a, key, &p) : 0;

	if (found < 0)
		return txn_error(t, err);
	if (found && p.suspended) {
		event_add(t, k, kind, who,
		    S("nobody: mail to the requester came back"), now);
		return 0;
	}
	o->to = (struct addresses){&one, one.addr.n ? 1 : 0};
	o->automatic = BY_NOTICE;
	/* Who was never answered may not be who he says. */
	o->view.known = found && p.answered;
	if (one.addr.n && limits_take(t, a, d->settings, key, k->subject, now,
			      &o->hold, err) < 0)
		return -1;
	extra_read(a, k->extra, &x);
	o->references = extra_references(a, &x);
	outgoing_view(d, o, k);
	o->view.message_date = CLOCK_NONE;
	if (outgoing_put(d, t, a, k, o, now, &why) < 0)
		return not_sent(t, k, kind, who, &why, now, err);
	event_add(t, k, kind, who,
	    o->hold.n ? arena_printf(a, "%.*s, held: %.*s", STR_ARG(one.addr),
			    STR_ARG(o->hold))
		      : one.addr,
	    now);
	return txn_error(t, err) < 0 ? -1 : 1;
}

int
outbound_status(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, enum status old, const struct actor *who, int64_t now,
    struct err *err)
{
	bool over = k->status == STATUS_RESOLVED || k->status == STATUS_CLOSED;
	struct outgoing o = {
	    .kind = "status",
	    .name = over ? "closed" : "status",
	    .plain = over ? "Your request was closed."
			  : "The status of your request has changed.",
	    .sign = S("notice of a status"),
	    .view = {.status_old = old},
	};

	return tell_requester(d, t, a, k, &o, EVENT_NOTIFIED, who, now, err);
}

int
outbound_reminder(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, int64_t at, const struct actor *who, int64_t now,
    struct err *err)
{
	struct outgoing o = {
	    .kind = "reminder",
	    .name = "reminder",
	    .plain = "We wait for your answer to your request.",
	    .sign = S("reminder"),
	    .view = {.deadline = at},
	};

	return tell_requester(d, t, a, k, &o, EVENT_SILENCE, who, now, err);
}

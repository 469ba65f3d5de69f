/*
 * Mail of an agent that names no ticket, and what is no answer to a notice:
 *
 *   a customer's mail, forwarded     the customer's ticket; his words the article, the agent's a note
 *   To: a customer, Cc: the desk     an answer that was written elsewhere
 *   only commands                    #list, #history 42, #help: told, and kept in a ticket of the agent's own
 *   anything else                    a ticket that the agent asks for himself
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/agent_mail_private.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/family.h"
#include "desk/limits.h"
#include "desk/merge.h"
#include "desk/notice.h"
#include "desk/people.h"
#include "desk/route.h"
#include "mail/automatic.h"
#include "mail/forward.h"
#include "mail/subject.h"
#include "store/blob.h"

/* --- tickets ----------------------------------------------------------- */

/* Not stored yet, so that what is asked for it can be looked at first. */
void
fresh_draft(
    struct visit *v, const struct address *requester, struct str subject)
{
	struct strs tags = settings_tags(v->a, v->d->settings);
	struct participant *p = arena_new(v->a, struct participant);

	*p = (struct participant){*requester, ROLE_REQUESTER};
	v->out->k = (struct ticket){
	    .subject = utf8_clip(subject_base(v->a, subject, &tags), 500),
	    .status = STATUS_NEW,
	    .priority = PRIORITY_NORMAL,
	    .queue = intake_queue(v->d->settings, v->x->in)->name,
	    .channel = v->x->in->channel.n ? v->x->in->channel : S("mail"),
	    .language = v->m->language,
	    .requester = *requester,
	    .participants = p,
	    .nparticipants = 1,
	    .created = v->x->now,
	    .updated = v->x->now,
	    .resolved = CLOCK_NONE,
	    .closed = CLOCK_NONE,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = CLOCK_NONE,
	    .agent_wrote = CLOCK_NONE,
	};
	v->k = &v->out->k;
}

int
fresh_open(struct visit *v, struct err *err)
{
	ticket_put(v->t, v->k); /* gives the number */
	if (txn_error(v->t, err) < 0)
		return -1;
	v->out->is_new = true;
	v->who.cause = visit_cause(v);
	event_add(v->t, v->k, EVENT_CREATED, &v->who, v->k->queue, v->x->now);
	return route_tier(v->d, v->t, v->a, v->k, v->x->now, err);
}

/* What the mail refers to, where it did not join it. */
static int
link_ticket(struct visit *v, struct err *err)
{
	const struct thread *th = v->x->thread;

	if (!th || th->verdict == THREAD_NEW)
		return 0;
	if (th->verdict == THREAD_JOIN && th->ticket.id != v->k->id)
		return family_link(v->t, v->a, v->k, th->ticket.id,
		    LINK_FOLLOWS, &v->who, v->x->now, err);
	for (size_t i = 0; i < th->nlinks; i++)
		if (th->links[i] != v->k->id &&
		    family_link(v->t, v->a, v->k, th->links[i], LINK_FOLLOWS,
			&v->who, v->x->now, err) < 0)
			return -1;
	return 0;
}

static struct address
me(const struct visit *v)
{
	return (struct address){visit_name(v->agent), v->x->writer->from.addr};
}

int
fresh_count(
    struct visit *v, const struct address *x, struct person *p, struct err *err)
{
	struct str key = address_key(v->a, x->addr);

	return people_wrote(
	    v->t, v->a, x, key, v->m->language, true, v->x->now, p, err);
}

static int
tell_queue(struct visit *v, uint32_t seq, struct err *err)
{
	struct notice n = {
	    .kind = NOTICE_NEW,
	    .seq = seq,
	    .who = v->who,
	    .in = v->x->in,
	};
	struct route_choice c;

	if (route_new(v->d, v->t, v->a, v->k, v->x->now, &c, err) < 0)
		return -1;
	if (c.agent) {
		n.route = &c;
		n.detail = c.why;
	}
	return notice_send(v->d, v->t, v->a, v->k, &n, v->x->now, NULL, err);
}

bool
fresh_is_colleague(const struct visit *v, struct str addr)
{
	return staff_by_address(&v->d->settings->staff, addr) != NULL;
}

/* --- forwards ---------------------------------------------------------- */

bool
fresh_is_forward(const struct visit *v)
{
	const struct forwarded *f = v->m->forwarded;

	if (!f || v->x->identity->level < LEVEL_MEDIUM)
		return false;
	/* One of our own mails is no customer's. */
	if (settings_is_own(v->d->settings, f->from.addr))
		return false;
	/* An answer to a notice may have anything attached. */
	return !v->x->identity->token && !v->x->in->sent_folder;
}

static bool
is_sure(const struct visit *v)
{
	const struct forwarded *f = v->m->forwarded;

	return f->sure && f->from.addr.n &&
	       !fresh_is_colleague(v, f->from.addr);
}

/* What opens a ticket, or joins it, as a mail that came in. */
struct arrival {
	struct address author;
	struct str text, subject, message_id, evidence;
	int64_t date;
};

static void
put_arrival(struct visit *v, const struct arrival *w)
{
	struct address from = w->author;
	struct span whole = {0, (uint32_t)w->text.n};
	struct article r = {
	    .ticket = v->k->id,
	    .seq = ++v->k->articles,
	    .direction = DIRECTION_IN,
	    .author = from,
	    .from = {&from, 1},
	    .to = v->m->to,
	    .subject = w->subject,
	    .date = w->date,
	    .at = v->x->now,
	    .message_id = w->message_id,
	    .text = w->text,
	    .fresh = &whole,
	    .nfresh = w->text.n > 0,
	    .attachments = v->m->attachments,
	    .evidence = w->evidence,
	    .language = v->m->language,
	    .charset = v->m->charset,
	    .size = v->x->in->size,
	};
	struct extra x;

	if (v->x->in->packed.n)
		r.blob = blob_put(v->t, v->x->in->packed);
	memcpy(r.sha256, v->x->in->sha256, sizeof r.sha256);
	memcpy(r.content, v->x->in->content, sizeof r.content);
	article_put(v->t, &r);
	if (w->message_id.n)
		msgid_put(v->t, w->message_id, v->k->id, false);
	if (v->m->message_id.n)
		msgid_put(v->t, v->m->message_id, v->k->id, false);
	v->out->seq = v->source = r.seq;
	event_add(v->t, v->k, EVENT_ARTICLE, &v->who,
	    arena_printf(v->a, "article %u", r.seq), v->x->now);
	extra_read(v->a, v->k->extra, &x);
	x.last_in = r.seq;
	if (w->message_id.n)
		x.chain = extra_chain(v->a, &x.chain, &x.chain, w->message_id);
	v->k->extra = extra_write(v->a, v->k->extra, &x);
	v->k->customer_wrote = v->x->now;
	v->k->updated = MAX(v->x->now, v->k->updated);
}

/* The customer's words, as if he had written here. */
static void
put_forwarded(struct visit *v, bool sure)
{
	const struct forwarded *f = v->m->forwarded;
	struct arrival w = {
	    .author = sure ? f->from : me(v),
	    .text = v->m->text,
	    .subject = f->subject.n ? f->subject : v->m->subject,
	    .message_id = sure ? f->message_id : v->m->message_id,
	    .evidence = arena_printf(v->a, "forwarded by %.*s (%.*s)",
		STR_ARG(v->agent->name), STR_ARG(v->x->identity->why)),
	    .date = f->date,
	};

	if (sure && f->text.to > f->text.from && f->text.to <= w.text.n)
		w.text = forward_words(v->a, v->m);
	put_arrival(v, &w);
}

static void
put_own(struct visit *v)
{
	struct arrival w = {
	    .author = me(v),
	    .text = v->block.n ? v->block.text : v->m->text,
	    .subject = v->m->subject,
	    .message_id = v->m->message_id,
	    .evidence = v->x->identity->why,
	    .date = v->m->date,
	};

	put_arrival(v, &w);
}

/* Nothing of what the agent wrote above is in it. */
static int
acknowledge(struct visit *v, const struct person *p, struct err *err)
{
	const struct settings *s = v->d->settings;
	const struct forwarded *f = v->m->forwarded;
	const struct queue *q = settings_queue(s, v->k->queue);
	struct span span = f->text;
	struct message m = {
	    .subject = f->subject,
	    .text = v->m->text,
	    .fresh = &span,
	    .nfresh = span.to > span.from,
	    .message_id = f->message_id,
	    .date = f->date,
	};
	struct str hold, key = address_key(v->a, f->from.addr);

	if (!q || !q->acknowledge || p->suspended || f->date == CLOCK_NONE ||
	    automatic_address(f->from.addr) ||
	    (s->acknowledge_within &&
		v->x->now - f->date > s->acknowledge_within)) {
		event_add(v->t, v->k, EVENT_NOT_ACKNOWLEDGED, &v->who,
		    S("a forwarded mail that is old, or whose writer gets no "
		      "automatic mail"),
		    v->x->now);
		return 0;
	}
	if (limits_take(
		v->t, v->a, s, key, v->k->subject, v->x->now, &hold, err) < 0)
		return -1;
	v->out->mails++;
	return outbound_ack(v->d, v->t, v->a, v->k, &m, &f->from, p->answered,
	    hold, v->x->now, err);
}

/* What the agent wrote above the forward is for the desk. */
/* What the agent wrote above what he forwards: the customer's words are an article already, and name nobody. */
static struct str
above_forward(struct str text, const struct message *m)
{
	struct str rest = str_from(m->text, m->forwarded->heading), line;
	ptrdiff_t at = -1;

	if (str_line(&rest, &line) && str_trim(line).n)
		at = str_find(text, line, 0);
	return at < 0 ? text : str_trim(str_sub(text, 0, (size_t)at));
}

static int
put_note(struct visit *v, struct err *err)
{
	uint32_t seq;

	v->run.text = above_forward(v->run.text, v->m);
	if (!v->run.text.n)
		return 0;
	if (change_note(v->d, v->t, v->a, v->k, v->run.text, &v->who,
		visit_name(v->agent), v->x->now, &seq, err) < 0)
		return -1;
	return command_mentions(&v->run, v->run.text, seq, err);
}

static void
ask_requester(struct visit *v)
{
	const struct forwarded *f = v->m->forwarded;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (f->from.addr.n)
		buf_printf(&b, "\n#requester %.*s", STR_ARG(f->from.addr));
	for (size_t i = 0; i < f->to.n && i < 5; i++)
		if (!settings_is_own(v->d->settings, f->to.v[i].addr) &&
		    !fresh_is_colleague(v, f->to.v[i].addr))
			buf_printf(
			    &b, "\n#requester %.*s", STR_ARG(f->to.v[i].addr));
	transcript_add(&v->told, TOLD_WAITS, S(""),
	    transcript_say(&v->told,
		"Ticket #%llu was opened in your name, for it is not certain "
		"who wrote the mail that you forwarded. Answer this mail with "
		"#requester ADDRESS on top.%s"),
	    (unsigned long long)v->k->id, b.n ? buf_cstr(&b) : "");
	if (!v->confirm)
		wait_ask_requester(v);
}

/* Looked at before the ticket exists. 1, 0 refused, -1. */
static int
check(struct visit *v, struct err *err)
{
	int n;

	visit_run(v);
	v->run.opens = !v->k->id;
	n = command_check(&v->run, err);
	if (n < 0)
		return -1;
	if (!n)
		return 1;
	v->k = NULL;
	v->out->k = (struct ticket){0};
	return 0;
}

/* Commands on top of what opens a ticket: those that only a confirmation
 * allows wait, the others are done. */
static int
carry_out(struct visit *v, struct err *err)
{
	v->run.who = v->who;
	if (v->run.needs) {
		wait_commands(v);
		return 0;
	}
	return command_carry_out(&v->run, err);
}

int
fresh_forward(struct visit *v, struct err *err)
{
	const struct forwarded *f = v->m->forwarded;
	struct address whose = is_sure(v) ? f->from : me(v);
	struct person p = {0};
	bool sure = is_sure(v);
	int good;

	/* His words join the ticket in which he takes part. */
	if (v->k && !(sure && people_takes_part(v->k, f->from.addr)))
		v->k = NULL;
	if (!v->k)
		fresh_draft(
		    v, &whose, f->subject.n ? f->subject : v->m->subject);
	good = check(v, err);
	if (good <= 0)
		return good < 0 ? -1 : visit_refused(v, err);
	if (!v->k->id && fresh_open(v, err) < 0)
		return -1;
	v->who.cause = visit_cause(v);
	v->run.who = v->who;
	put_forwarded(v, sure);
	if (v->out->is_new && link_ticket(v, err) < 0)
		return -1;
	if (sure && fresh_count(v, &whose, &p, err) < 0)
		return -1;
	if (carry_out(v, err) < 0 || put_note(v, err) < 0 ||
	    command_carry_out_last(&v->run, err) < 0)
		return -1;
	if (sure && v->out->is_new && acknowledge(v, &p, err) < 0)
		return -1;
	if (!sure)
		ask_requester(v);
	else
		transcript_add(&v->told, TOLD_INFO, S(""),
		    transcript_say(
			&v->told, "Ticket #%llu, requested by %.*s."),
		    (unsigned long long)v->k->id, STR_ARG(whose.addr));
	if (tell_queue(v, v->source, err) < 0)
		return -1;
	return visit_end(v, err);
}

/* --- a ticket of his own ----------------------------------------------- */

/* Commands that make sense for a ticket that is only just opened. With others,
 * he thinks of another ticket. */
static bool
opens_with(const struct command_line *c)
{
	if (!c->row)
		return true; /* command_check() says what is wrong with it */
	switch (c->id) {
	case CMD_TAKE_:
	case CMD_ASSIGN_:
	case CMD_PRIORITY_:
	case CMD_QUEUE_:
	case CMD_TAG_:
	case CMD_FIELD_:
	case CMD_SUBJECT_:
	case CMD_CC_:
	case CMD_REQUESTER_:
	case CMD_LINK_:
	case CMD_SNOOZE_:
		return true;
	default:
		return false;
	}
}

static int
own_ticket(struct visit *v, struct err *err)
{
	struct address who = me(v);
	struct person p;
	int good;

	fresh_draft(v, &who, v->m->subject);
	good = check(v, err);
	if (good <= 0)
		return good < 0 ? -1 : visit_refused(v, err);
	if (fresh_open(v, err) < 0)
		return -1;
	v->who.cause = visit_cause(v);
	v->run.who = v->who;
	put_own(v);
	if (link_ticket(v, err) < 0)
		return -1;
	if (fresh_count(v, &who, &p, err) < 0 || carry_out(v, err) < 0 ||
	    command_carry_out_last(&v->run, err) < 0 ||
	    tell_queue(v, v->source, err) < 0)
		return -1;
	if (v->block.n)
		transcript_add(&v->told, TOLD_INFO, S(""),
		    transcript_say(
			&v->told, "Ticket #%llu, requested by %.*s."),
		    (unsigned long long)v->k->id, STR_ARG(who.addr));
	return visit_end(v, err);
}

bool
fresh_is_requester(const struct visit *v)
{
	const struct staff *s = &v->d->settings->staff;

	return v->k && v->x->thread && !v->x->identity->token && !v->block.n &&
	       staff_by_address(s, v->k->requester.addr) == v->agent &&
	       !str_ieq(v->k->assignee, v->agent->name);
}

/* What a customer's mail does to the state of his ticket. */
static int
wake(struct visit *v, struct err *err)
{
	const struct thread *th = v->x->thread;

	if (th->thanks)
		event_add(v->t, v->k, EVENT_THANKS, &v->who, S(""), v->x->now);
	else if (th->reopen ||
		 (!snooze_wake(v->t, v->a, v->k, true, &v->who, v->x->now) &&
		     v->k->status == STATUS_PENDING))
		return change_status(v->d, v->t, v->a, v->k, STATUS_OPEN,
		    &v->who, v->x->now, err);
	return 0;
}

int
fresh_requester(struct visit *v, struct err *err)
{
	struct arrival w = {
	    .author = me(v),
	    .text = str_trim(message_new_text(v->a, v->m)),
	    .subject = v->m->subject,
	    .message_id = v->m->message_id,
	    .evidence = v->x->identity->why,
	    .date = v->m->date,
	};
	struct notice n = {.kind = NOTICE_FOLLOWUP, .in = v->x->in};

	if (v->x->thread->verdict != THREAD_JOIN) {
		v->k = NULL;
		return own_ticket(v, err);
	}
	v->who.cause = visit_cause(v);
	put_arrival(v, &w);
	if (wake(v, err) < 0)
		return -1;
	n.seq = v->source;
	n.who = v->who;
	if (notice_send(v->d, v->t, v->a, v->k, &n, v->x->now, NULL, err) < 0)
		return -1;
	return visit_end(v, err);
}

int
fresh_mail(struct visit *v, struct err *err)
{
	bool opens = true;

	if (fresh_only_asks(v))
		return fresh_alone(v, err);
	for (size_t i = 0; i < v->block.n; i++)
		opens &= opens_with(&v->block.v[i]);
	if (v->block.n && (!opens || !v->block.text.n)) {
		visit_run(v);
		if (command_check(&v->run, err) < 0)
			return -1;
		if (!v->told.refused)
			transcript_add(&v->told, TOLD_REFUSED, S(""), "%s",
			    transcript_say(&v->told,
				"this mail names no ticket; answer a notice "
				"of it"));
		return fresh_log(v, err);
	}
	return own_ticket(v, err);
}

/*
 * Mail of an agent that names no ticket, and what is no answer to a notice:
 *
 *   a customer's mail, forwarded     agent_forward.c
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
#include "desk/notice.h"
#include "desk/people.h"
#include "desk/route.h"
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
int
fresh_link(struct visit *v, struct err *err)
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

struct address
fresh_me(const struct visit *v)
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

int
fresh_tell(struct visit *v, const struct route_choice *routed, struct err *err)
{
	struct notice n = {
	    .kind = v->out->is_new ? NOTICE_NEW : NOTICE_FOLLOWUP,
	    .seq = v->source,
	    .who = v->who,
	    .in = v->x->in,
	};
	struct route_choice c = {0};

	if (routed && routed->agent)
		c = *routed;
	else if (v->out->is_new &&
		 route_new(v->d, v->t, v->a, v->k, v->x->now, &c, err) < 0)
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

void
fresh_put(struct visit *v, const struct arrival *w)
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

static void
put_own(struct visit *v)
{
	struct arrival w = {
	    .author = fresh_me(v),
	    .text = v->block.n ? v->block.text : v->m->text,
	    .subject = v->m->subject,
	    .message_id = v->m->message_id,
	    .evidence = v->x->identity->why,
	    .date = v->m->date,
	};

	fresh_put(v, &w);
}

/* Looked at before the ticket exists. 1, 0 refused, -1. */
int
fresh_check(struct visit *v, struct err *err)
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
int
fresh_carry_out(struct visit *v, struct err *err)
{
	v->run.who = v->who;
	if (v->run.needs) {
		wait_commands(v);
		return 0;
	}
	return command_carry_out(&v->run, err);
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
	struct address who = fresh_me(v);
	struct person p;
	int good;

	fresh_draft(v, &who, v->m->subject);
	good = fresh_check(v, err);
	if (good <= 0)
		return good < 0 ? -1 : visit_refused(v, err);
	if (fresh_open(v, err) < 0)
		return -1;
	v->who.cause = visit_cause(v);
	v->run.who = v->who;
	put_own(v);
	if (fresh_link(v, err) < 0)
		return -1;
	if (fresh_count(v, &who, &p, err) < 0 || fresh_carry_out(v, err) < 0 ||
	    command_carry_out_last(&v->run, err) < 0 ||
	    fresh_tell(v, NULL, err) < 0)
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
	    .author = fresh_me(v),
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
	fresh_put(v, &w);
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

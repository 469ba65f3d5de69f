/*
 * A customer's mail that an agent forwards to the desk: the customer's ticket,
 * his words the article, the agent's a note.
 *
 *   #tag +phone                               the agent's commands, done last: his word counts
 *   He called, too.                           a note
 *   -------- Forwarded Message --------
 *   From: Ann Lee <ann@customer.example>      whose ticket it is
 *   …
 *
 * Rules, the classifier and routing treat it as the mail that she would have
 * sent. Where it is not certain who wrote it, the ticket is the agent's own, and
 * rules leave it alone.
 */
#include "base/clock.h"
#include "base/must.h"
#include "desk/ack.h"
#include "desk/agent_mail_private.h"
#include "desk/change.h"
#include "desk/classify_ticket.h"
#include "desk/forwarded.h"
#include "desk/limits.h"
#include "desk/people.h"
#include "desk/route.h"
#include "desk/rules.h"
#include "mail/forward.h"

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

/* The customer's words, as if he had written here. */
static void
put_forwarded(struct visit *v, bool sure)
{
	const struct forwarded *f = v->m->forwarded;
	struct arrival w = {
	    .author = sure ? f->from : fresh_me(v),
	    .text = v->m->text,
	    .subject = f->subject.n ? f->subject : v->m->subject,
	    .message_id = sure ? f->message_id : v->m->message_id,
	    .evidence = arena_printf(v->a, "forwarded by %.*s (%.*s)",
		STR_ARG(v->agent->name), STR_ARG(v->x->identity->why)),
	    .date = f->date,
	};

	if (sure && f->text.to > f->text.from && f->text.to <= w.text.n)
		w.text = forward_words(v->a, v->m);
	fresh_put(v, &w);
}

/* --- as the mail that the customer would have sent ---------------------- */

struct arrived {
	struct message *m; /* nothing of what the agent wrote is in it */
	struct intake in;
	struct writer writer;
	struct authres auth;
	struct person person;
	struct rule_result ruled;
	struct route_choice routed;
};

static struct ack_query
ack_query(const struct visit *v, const struct arrived *x)
{
	const struct settings *s = v->d->settings;
	const struct queue *q = settings_queue(s, v->k->queue);

	return (struct ack_query){
	    .settings = s,
	    .queue = q ? q : &s->queues[0],
	    .message = x->m,
	    .writer = &x->writer,
	    .auth = &x->auth,
	    .flag = x->m->date == CLOCK_NONE ? S("a forwarded mail that does "
						 "not say when it was written")
					     : str_n(NULL, 0),
	    .begin_old = true, /* however it came: nobody wants to hear late */
	    .suspended = x->person.suspended,
	    .now = v->x->now,
	};
}

static int
apply_rules(struct visit *v, struct arrived *x, enum status before,
    int64_t idle_since, struct err *err)
{
	struct ack_query q = ack_query(v, x);
	struct rule_event e = {
	    .kind = v->out->is_new ? RULE_NEW : RULE_FOLLOWUP,
	    .message = x->m,
	    .in = &x->in,
	    .ack = &q,
	    .known = x->person.answered,
	    .seq = v->source,
	    .before = before,
	    .idle_since = idle_since,
	    .routed = &x->routed,
	};

	if (rules_run(v->d, v->t, v->a, v->k, &e, v->x->now, &x->ruled, err) <
	    0)
		return -1;
	v->out->mails += x->ruled.mails;
	return 0;
}

static int
classify(struct visit *v, const struct arrived *x, struct err *err)
{
	const struct settings *s = v->d->settings;
	unsigned decided = 0;

	if (!s->nclassified || !v->out->is_new)
		return 0;
	if (!str_eq(v->k->queue, s->queues[0].name) || x->ruled.queue)
		decided |= CLASSIFY_QUEUE;
	if (x->ruled.priority)
		decided |= CLASSIFY_PRIORITY;
	return classify_new(
	    v->d, v->t, v->a, v->k, x->m->text, decided, v->x->now, err);
}

/* Rules, and what earlier tickets say, before the agent's commands. */
static int
arrive(struct visit *v, struct arrived *x, enum status before,
    int64_t idle_since, struct err *err)
{
	const struct address *from = &v->m->forwarded->from;

	x->m = forwarded_message(v->a, v->m);
	x->in = forwarded_intake(v->x->in, x->m);
	x->writer = (struct writer){.address = *from, .from = *from};
	x->auth = (struct authres){0};
	if (fresh_count(v, from, &x->person, err) < 0 ||
	    apply_rules(v, x, before, idle_since, err) < 0)
		return -1;
	return classify(v, x, err);
}

static int
acknowledge(struct visit *v, const struct arrived *x, struct err *err)
{
	const struct address *from = &v->m->forwarded->from;
	struct ack_query q = ack_query(v, x);
	struct str hold, key = address_key(v->a, from->addr);
	struct str no = x->ruled.acknowledge
			    ? ack_refused(&q)
			    : S("a rule says so, or has answered");

	if (no.n) {
		event_add(
		    v->t, v->k, EVENT_NOT_ACKNOWLEDGED, &v->who, no, v->x->now);
		return 0;
	}
	if (limits_take(v->t, v->a, v->d->settings, key, v->k->subject,
		v->x->now, &hold, err) < 0)
		return -1;
	v->out->mails++;
	return outbound_ack(v->d, v->t, v->a, v->k, x->m, from,
	    x->person.answered, hold, v->x->now, err);
}

/* What a customer's mail does to the state of the ticket that it joins. */
static int
wake(struct visit *v, struct err *err)
{
	if (snooze_wake(v->t, v->a, v->k, true, &v->who, v->x->now) ||
	    (v->k->status != STATUS_PENDING && v->k->status != STATUS_RESOLVED))
		return 0;
	return change_status(
	    v->d, v->t, v->a, v->k, STATUS_OPEN, &v->who, v->x->now, err);
}

/* --- the agent's words -------------------------------------------------- */

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

/*
 * A rule, say one that chooses another queue, may have made what he asks for
 * impossible since it was looked at: he is told, and the desk hears of the
 * ticket all the same.
 */
static int
obey(struct visit *v, struct err *err)
{
	struct err e = ERR_INIT;

	if (fresh_carry_out(v, &e) == 0 && put_note(v, &e) == 0 &&
	    command_carry_out_last(&v->run, &e) == 0)
		return 0;
	if (txn_error(v->t, err) < 0)
		return -1;
	transcript_add(&v->told, TOLD_REFUSED, S(""), "%.*s",
	    STR_ARG(transcript_err(&v->told, e.msg)));
	return 0;
}

/* Whose it is, is known: as if he had written himself. */
static int
forward_sure(
    struct visit *v, enum status before, int64_t idle_since, struct err *err)
{
	const struct address *from = &v->m->forwarded->from;
	struct arrived x = {0};

	if (arrive(v, &x, before, idle_since, err) < 0 || obey(v, err) < 0 ||
	    (v->out->is_new && acknowledge(v, &x, err) < 0))
		return -1;
	transcript_add(&v->told, TOLD_INFO, S(""),
	    transcript_say(&v->told, "Ticket #%llu, requested by %.*s."),
	    (unsigned long long)v->k->id, STR_ARG(from->addr));
	return x.ruled.tell ? fresh_tell(v, &x.routed, err) : 0;
}

static int
forward_unsure(struct visit *v, struct err *err)
{
	if (obey(v, err) < 0)
		return -1;
	ask_requester(v);
	return fresh_tell(v, NULL, err);
}

int
fresh_forward(struct visit *v, struct err *err)
{
	const struct forwarded *f = v->m->forwarded;
	bool sure = is_sure(v);
	struct address whose = sure ? f->from : fresh_me(v);
	enum status before;
	int64_t idle_since;
	int good;

	/* His words join the ticket in which he takes part. */
	if (v->k && !(sure && people_takes_part(v->k, f->from.addr)))
		v->k = NULL;
	if (!v->k)
		fresh_draft(
		    v, &whose, f->subject.n ? f->subject : v->m->subject);
	good = fresh_check(v, err);
	if (good <= 0)
		return good < 0 ? -1 : visit_refused(v, err);
	before = v->k->id ? v->k->status : STATUS_NONE;
	idle_since = v->k->id ? v->k->updated : 0;
	if (!v->k->id && fresh_open(v, err) < 0)
		return -1;
	v->who.cause = visit_cause(v);
	v->run.who = v->who;
	put_forwarded(v, sure);
	if ((v->out->is_new ? fresh_link(v, err) : wake(v, err)) < 0)
		return -1;
	if ((sure ? forward_sure(v, before, idle_since, err)
		  : forward_unsure(v, err)) < 0)
		return -1;
	return visit_end(v, err);
}

/*
 * What waits for an agent's word, and the word.
 *
 * The answer is composed and held: what goes out is what was shown to him.
 * Commands that put texts into it are done with that; the others are kept as
 * they were written and looked at again when #send comes, for the desk may be
 * another by then.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/agent_mail_private.h"
#include "desk/change.h"
#include "desk/merge.h"
#include "desk/people.h"

#define ASKS_REQUESTER "requester"

enum {
	ASKED_MAX = 3
};

static struct str
waits_for(struct visit *v, bool answer, struct str why)
{
	struct transcript *x = &v->told;
	unsigned row = v->x->identity->row;

	if (str_eq(why, S("stale")))
		return str_c(transcript_say(x,
		    "Nothing was sent or done yet: something arrived after "
		    "what you have answered."));
	if (str_eq(why, S("many answers")))
		return str_c(transcript_say(x,
		    "Nothing was sent or done yet: these are many answers for "
		    "an hour, as if two machines wrote to each other."));
	if (answer && (row == 8 || row == 4))
		return str_c(transcript_say(x,
		    "Nothing was sent or done yet: your mail was no reply to "
		    "a notice."));
	if (row == 7)
		return str_c(transcript_say(x,
		    "Nothing was sent or done yet: your mail system gives no "
		    "proof that it was you."));
	return str_c(transcript_say(
	    x, "Nothing was sent or done yet: this needs your confirmation."));
}

static struct grant *
new_grant(struct visit *v, const struct waiting *w)
{
	struct grant *g = arena_new(v->a, struct grant);

	*g = (struct grant){
	    .ticket = v->k->id,
	    .agent = v->agent->name,
	    .purpose = GRANT_CONFIRM,
	    .created = v->x->now,
	    .expires = v->x->now + v->d->settings->confirm_within,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE,
	    .seen = v->k->articles,
	    .held = waiting_encode(v->a, w),
	};
	return g;
}

void
wait_ask_requester(struct visit *v)
{
	struct waiting w = {.seq = v->source, .why = S(ASKS_REQUESTER)};

	v->confirm = new_grant(v, &w);
}

bool
wait_asks_requester(const struct visit *v)
{
	const struct grant *g = v->x->grant;
	struct err e = ERR_INIT;
	struct waiting w;

	return g && g->purpose == GRANT_CONFIRM && g->used == CLOCK_NONE &&
	       waiting_decode(v->a, g->held, &w, &e) == 0 &&
	       str_eq(w.why, S(ASKS_REQUESTER));
}

static void
tell_waiting(struct visit *v, bool answer)
{
	struct transcript *x = &v->told;
	const struct command_block *b = &v->block;

	for (size_t i = 0; i < b->n; i++)
		transcript_add(x, TOLD_WAITS, b->v[i].line, "%s",
		    transcript_say(x, "waits"));
	if (answer)
		transcript_add(x, TOLD_WAITS, S(""),
		    transcript_say(x, "Your answer waits:\n%.*s"),
		    STR_ARG(v->run.text));
}

/* It goes to those who take part when the commands that wait with it are done, which they are in the same moment. */
static int
write_held(struct visit *v, struct waiting *w, struct err *err)
{
	struct ticket *k = v->k, was = *k;
	int rc;

	command_people_ahead(&v->run, k);
	rc = answer_write(v,
	    arena_printf(v->a, "waits for #send: %.*s", STR_ARG(w->why)),
	    &w->outbox, err);
	k->requester = was.requester;
	k->participants = was.participants;
	k->nparticipants = was.nparticipants;
	return rc;
}

/*
 * A question that is answered by a mail without any command is asked again, and
 * again; a machine in the agent's place would go on for ever. So after some
 * rounds it waits in silence, and for all of them nobody is told in the end
 * either, or that mail would begin it anew.
 */
static void
count_asked(struct visit *v, struct waiting *w)
{
	const struct grant *asks = v->x->grant;
	struct waiting was;
	struct grant g;
	struct err e = ERR_INIT;

	if (!asks || asks->purpose != GRANT_CONFIRM ||
	    asks->used != CLOCK_NONE || v->block.n ||
	    waiting_decode(v->a, asks->held, &was, &e) < 0)
		return;
	was.quiet = true;
	g = *asks;
	g.held = waiting_encode(v->a, &was);
	grant_put(v->t, &g);
	w->asked = was.asked + 1;
	w->quiet = v->told.silent = w->asked >= ASKED_MAX;
}

int
wait_begin(struct visit *v, bool answer, struct str why, struct str missed,
    struct err *err)
{
	struct waiting w = {.why = why};
	struct transcript *x = &v->told;

	v->who.cause = visit_cause(v);
	v->run.who = v->who;
	visit_keep(v, answer ? visit_commands(v) : message_new_text(v->a, v->m),
	    S("waits for the agent's #send"));
	w.seq = v->source;
	count_asked(v, &w);
	transcript_add(
	    x, TOLD_INFO, S(""), "%.*s", STR_ARG(waits_for(v, answer, why)));
	if (missed.n)
		transcript_add(x, TOLD_INFO, S(""), "%.*s", STR_ARG(missed));
	if (command_carry_out_texts(&v->run, &w.commands, err) < 0)
		return -1;
	w.text = v->run.text;
	if (answer && write_held(v, &w, err) < 0)
		return -1;
	if (w.outbox || w.commands.n) {
		tell_waiting(v, w.outbox > 0);
		v->confirm = new_grant(v, &w);
		event_add(v->t, v->k, EVENT_WAITS, &v->who, why, v->x->now);
	}
	v->told.seen = v->k->articles;
	return visit_end(v, err);
}

void
wait_commands(struct visit *v)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct waiting w = {.seq = v->source};

	for (size_t i = 0; i < v->block.n; i++)
		buf_printf(
		    &b, "%s%.*s", i ? "\n" : "", STR_ARG(v->block.v[i].line));
	w.commands = buf_str(&b);
	w.why = arena_printf(
	    v->a, "row %u, needs confirmation", v->x->identity->row);
	if (v->out->is_new)
		transcript_add(&v->told, TOLD_INFO, S(""), "%s",
		    transcript_say(&v->told,
			"The ticket was opened; its commands need your "
			"confirmation."));
	else
		transcript_add(&v->told, TOLD_INFO, S(""), "%s",
		    transcript_say(&v->told,
			"The mail was added to the ticket; its commands need "
			"your confirmation."));
	tell_waiting(v, false);
	v->confirm = new_grant(v, &w);
	v->told.seen = v->k->articles;
	event_add(v->t, v->k, EVENT_WAITS, &v->who, w.why, v->x->now);
}

/* --- #send ------------------------------------------------------------- */

static int
refuse(struct visit *v, const char *english, struct err *err)
{
	transcript_add(&v->told, TOLD_REFUSED, S("#send"), "%s",
	    transcript_say(&v->told, english));
	return visit_refused(v, err);
}

static bool
stands_alone(const struct visit *v)
{
	return v->block.n == 1 && !v->block.too_many;
}

/* "Was this you?" "Yes." */
static int
confirm_mail(struct visit *v, struct grant *g, struct err *err)
{
	struct err e = ERR_INIT;

	if (held_release(v->d, v->t, v->a, g, v->x->now, &e) < 0) {
		if (txn_error(v->t, err) < 0)
			return -1;
		return refuse(v, "that mail does not wait any more", err);
	}
	transcript_add(&v->told, TOLD_DONE, S("#send"), "%s",
	    transcript_say(&v->told, "your mail is read again"));
	return fresh_kept(v, err);
}

/* Who got out of the ticket while it waited is not written to; the mail's
 * bytes name him. 1 somebody is, 0, -1. */
static int
has_left(
    struct visit *v, const struct waiting *w, struct str *who, struct err *err)
{
	struct ticket k = *v->k;
	struct outbox row;
	int found = w->outbox ? outbox_get(v->t, v->a, w->outbox, &row) : 0;

	if (found < 0)
		return txn_error(v->t, err);
	if (!found)
		return 0;
	command_people_ahead(&v->run, &k);
	for (size_t i = 0; i < row.nrecipients; i++)
		if (!people_takes_part(&k, row.recipients[i].addr)) {
			*who = row.recipients[i].addr;
			return 1;
		}
	return 0;
}

/* The commands that waited, looked at as of now. Refused ones leave all as it
 * is. 1, 0 refused, -1. */
static int
check_again(struct visit *v, const struct waiting *w, struct err *err)
{
	struct str who = {0};
	int n, left;

	command_read(v->a, w->commands, &v->block);
	v->block.text = w->text;
	visit_run(v);
	v->run.confirmed = true;
	n = v->block.n ? command_check(&v->run, err) : 0;
	left = n < 0 ? -1 : has_left(v, w, &who, err);
	if (left < 0)
		return -1;
	if (left) {
		transcript_add(&v->told, TOLD_REFUSED, S("#send"),
		    transcript_say(&v->told,
			"%.*s does not take part in the ticket any more; write "
			"your answer again"),
		    STR_ARG(who));
		n++;
	}
	if (!agent_may(v->d->settings, v->agent, v->k->queue,
		w->outbox ? RIGHT_WORK : RIGHT_SEE)) {
		transcript_add(&v->told, TOLD_REFUSED, S("#send"), "%s",
		    transcript_say(&v->told,
			"you may not answer tickets of this queue; #note "
			"adds a note"));
		n++;
	}
	return n == 0;
}

static int
release(struct visit *v, const struct waiting *w, struct err *err)
{
	struct err e = ERR_INIT;

	if (!w->outbox)
		return 0;
	if (visit_take(v, err) < 0)
		return -1;
	if (outbound_release(v->d, v->t, v->a, v->k, w->outbox, &v->who,
		v->x->now, &e) < 0) {
		if (txn_error(v->t, err) < 0)
			return -1;
		transcript_add(&v->told, TOLD_REFUSED, S("#send"), "%.*s",
		    STR_ARG(transcript_err(&v->told, e.msg)));
		return 0;
	}
	v->out->mails++;
	transcript_add(&v->told, TOLD_DONE, S("#send"), "%s",
	    transcript_say(&v->told, "your answer is on its way"));
	return 0;
}

/* Something arrived while it waited: it goes on waiting, for a word that knows
 * of it. */
static int
wait_on(struct visit *v, struct grant *g, const struct waiting *w,
    const struct command_block *own, struct str missed, struct err *err)
{
	struct transcript *x = &v->told;

	g->used = v->x->now;
	grant_put(v->t, g);
	visit_keep(v, own->v[0].line, S("waits for the agent's #send"));
	transcript_add(x, TOLD_INFO, S(""), "%.*s",
	    STR_ARG(waits_for(v, w->outbox > 0, S("stale"))));
	transcript_add(x, TOLD_INFO, S(""), "%.*s", STR_ARG(missed));
	tell_waiting(v, w->outbox > 0);
	v->confirm = new_grant(v, w);
	event_add(v->t, v->k, EVENT_WAITS, &v->who, S("stale"), v->x->now);
	v->told.seen = v->k->articles;
	return visit_end(v, err);
}

static int
do_send(
    struct visit *v, struct grant *g, const struct waiting *w, struct err *err)
{
	struct command_block own = v->block;
	struct str missed = {0};
	int good, news = 0;

	v->who.cause = visit_cause(v);
	good = check_again(v, w, err);
	if (good <= 0)
		return good < 0 ? -1 : visit_refused(v, err);
	if (w->outbox || visit_is_final(&v->block))
		news = answer_missed(v, &missed, err);
	if (news)
		return news < 0 ? -1 : wait_on(v, g, w, &own, missed, err);
	v->who.cause = arena_printf(v->a, "row %u, article %u (#send for %u)",
	    v->x->identity->row, v->k->articles + 1, w->seq);
	v->run.who = v->who;
	g->used = v->x->now;
	grant_put(v->t, g);
	visit_keep(v, own.v[0].line, str_n(NULL, 0));
	event_add(v->t, v->k, EVENT_CONFIRMED, &v->who,
	    arena_printf(v->a, "article %u: %.*s", w->seq, STR_ARG(w->why)),
	    v->x->now);
	/* The answer first: what else is done may close the ticket. */
	if (release(v, w, err) < 0)
		return -1;
	if (command_carry_out(&v->run, err) < 0)
		return -1;
	if (v->block.note &&
	    command_mentions(&v->run, w->text, w->seq, err) < 0)
		return -1;
	if (command_carry_out_last(&v->run, err) < 0)
		return -1;
	return visit_end(v, err);
}

int
wait_end(struct visit *v, struct err *err)
{
	const struct grant *g = v->x->grant;
	struct err e = ERR_INIT;
	struct waiting w;
	struct grant mine;

	if (!g && str_has(v->x->identity->why, S("expired")))
		return refuse(
		    v, "it came too late: what waited was given up", err);
	if (!g ||
	    (g->purpose != GRANT_CONFIRM && g->purpose != GRANT_CHALLENGE))
		return refuse(v,
		    "#send counts only in reply to the mail that asked for it, "
		    "and alone",
		    err);
	if (!stands_alone(v))
		return refuse(v,
		    "#send stands alone; nothing else of this mail was read",
		    err);
	if (g->used != CLOCK_NONE)
		return refuse(v, "that is done already", err);
	mine = *g;
	if (g->purpose == GRANT_CHALLENGE)
		return confirm_mail(v, &mine, err);
	if (waiting_decode(v->a, g->held, &w, &e) < 0 || !v->k ||
	    str_eq(w.why, S(ASKS_REQUESTER)))
		return refuse(v, "nothing waits for it", err);
	return do_send(v, &mine, &w, err);
}

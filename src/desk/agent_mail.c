/*
 * First which ticket, then what is written on top, then whether all of it may
 * be done. Only then is anything done: commands, the answer, what comes last
 * (merging), the transcript.
 *
 * The agent's own mail becomes a note: customers read the answer that is made
 * of it. Of a mail whose words went out only the commands are kept as the
 * note's text, so nobody reads them twice; the raw mail is there whole.
 */
#include "base/clock.h"
#include "base/digest.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/agent_mail_private.h"
#include "desk/change.h"
#include "desk/gate.h"
#include "desk/merge.h"
#include "desk/proof.h"
#include "store/blob.h"

enum {
	ANSWERS_AN_HOUR = 12
};

struct str
visit_name(const struct agent *x)
{
	return x->full_name.n ? x->full_name : x->name;
}

struct str
visit_cause(const struct visit *v)
{
	return arena_printf(v->a, "row %u, article %u", v->x->identity->row,
	    v->k->articles + 1);
}

void
visit_keep(struct visit *v, struct str text, struct str flag)
{
	const struct message *m = v->m;
	const struct intake *in = v->x->in;
	struct span whole = {0, (uint32_t)text.n};
	struct article r = {
	    .ticket = v->k->id,
	    .seq = ++v->k->articles,
	    .direction = DIRECTION_NOTE,
	    .author = {visit_name(v->agent), v->x->writer->from.addr},
	    .from = m->from,
	    .to = m->to,
	    .cc = m->cc,
	    .subject = m->subject,
	    .date = m->date,
	    .at = v->x->now,
	    .message_id = m->message_id,
	    .text = text,
	    .fresh = &whole,
	    .nfresh = text.n > 0,
	    .attachments = m->attachments,
	    .evidence = v->x->identity->why,
	    .flag = flag,
	    .language = m->language,
	    .charset = m->charset,
	    .size = in->size,
	};

	if (in->packed.n)
		r.blob = blob_put(v->t, in->packed);
	memcpy(r.sha256, in->sha256, sizeof r.sha256);
	memcpy(r.content, in->content, sizeof r.content);
	article_put(v->t, &r);
	if (m->message_id.n)
		msgid_put(v->t, m->message_id, v->k->id, false);
	v->source = v->out->seq = r.seq;
	event_add(v->t, v->k, v->block.note ? EVENT_NOTE : EVENT_ARTICLE,
	    &v->who, arena_printf(v->a, "article %u", r.seq), v->x->now);
	v->k->updated = MAX(v->x->now, v->k->updated);
}

void
visit_run(struct visit *v)
{
	v->run = (struct command_run){
	    .d = v->d,
	    .t = v->t,
	    .a = v->a,
	    .k = v->k,
	    .agent = v->agent,
	    .identity = v->x->identity,
	    .who = v->who,
	    .now = v->x->now,
	    .told = &v->told,
	    .block = &v->block,
	    .text = v->block.text,
	};
}

int
visit_end(struct visit *v, struct err *err)
{
	const struct grant *g = v->x->grant;

	if (v->k)
		ticket_put(v->t, v->k);
	if (txn_error(v->t, err) < 0)
		return -1;
	if (!v->told.n)
		return 0;
	if (!v->told.seen && v->k && g && g->ticket == v->k->id)
		v->told.seen = g->seen;
	v->out->mails++;
	return transcript_send(v->d, v->t, &v->told, v->k, v->confirm,
	    v->m->message_id, v->x->now, err);
}

int
visit_refused(struct visit *v, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	const struct transcript *x = &v->told;

	if (!v->k)
		return fresh_log(v, err);
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].kind == TOLD_REFUSED)
			buf_printf(&b, "%s%.*s%s%.*s", b.n ? "; " : "",
			    STR_ARG(x->v[i].command),
			    x->v[i].command.n ? ": " : "",
			    STR_ARG(x->v[i].words));
	v->who.cause = visit_cause(v);
	v->block.note = false;
	visit_keep(v, message_new_text(v->a, v->m),
	    S("refused: nothing of it was done"));
	event_add(v->t, v->k, EVENT_REFUSED, &v->who,
	    utf8_clip(buf_str(&b), 500), v->x->now);
	transcript_add(&v->told, TOLD_REFUSED, S(""), "%s",
	    transcript_say(x, "Nothing of this mail was done, and nothing was "
			      "sent to the customer. It is kept as a note."));
	return visit_end(v, err);
}

/* --- a reply ----------------------------------------------------------- */

bool
visit_is_final(const struct command_block *b)
{
	for (size_t i = 0; i < b->n; i++)
		switch (b->v[i].id) {
		case CMD_RESOLVE_:
		case CMD_CLOSE_:
		case CMD_SPAM_:
		case CMD_MERGE_:
		case CMD_PENDING_:
			return true;
		default:
			break;
		}
	return false;
}

static bool
has_command(const struct command_block *b, enum command_id id)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].row && b->v[i].id == id)
			return true;
	return false;
}

/* Does something of the mail go to the customer? */
static bool
is_answer(const struct visit *v)
{
	const struct command_block *b = &v->block;

	if (b->note || has_command(b, CMD_CHILD_))
		return false;
	if (b->text.n || v->nfiles)
		return true;
	for (size_t i = 0; i < b->n; i++) {
		struct str title;

		if (b->v[i].id == CMD_MACRO_ ||
		    (b->v[i].id == CMD_KB_ &&
			!command_kb_save(v->a, b->v[i].args, &title)))
			return true;
	}
	return false;
}

static void
refuse(struct visit *v, const char *english)
{
	transcript_add(&v->told, TOLD_REFUSED, S(""), "%s",
	    transcript_say(&v->told, english));
}

/* What an answer needs beside the right commands. */
static void
check_answer(struct visit *v)
{
	if (!agent_may(v->d->settings, v->agent, v->k->queue, RIGHT_WORK))
		refuse(v, "you may not answer tickets of this queue; #note "
			  "adds a note");
	else if (!answer_reaches(v))
		refuse(v, "there is nobody to whom an answer could go; #note "
			  "adds a note");
}

static struct str
waits_why(const struct visit *v, bool answer, int missed)
{
	unsigned row = v->x->identity->row;

	if (missed > 0)
		return S("stale");
	/* Signed are the words, not what they answer: without a command in them
	 * they may have been written to anybody. */
	if (answer && (command_level(&v->run) < LEVEL_GOOD ||
			  (row == 4 && !v->x->identity->token && !v->block.n)))
		return arena_printf(v->a, "row %u", row);
	if (v->run.needs)
		return arena_printf(v->a, "row %u, needs confirmation", row);
	return str_n(NULL, 0);
}

/*
 * Two machines that answer each other through the desk, in the agent's place
 * and in the customer's, neither marked: nobody writes so many answers to one
 * ticket in an hour.
 */
static int
too_many(struct visit *v, struct str *why, struct err *err)
{
	struct str key = arena_printf(v->a, "%.*s:%llu",
	    STR_ARG(v->agent->name), (unsigned long long)v->k->id);
	uint64_t untold;
	bool may;

	if (gate_pass(v->t, v->a, "answers", key, ANSWERS_AN_HOUR, v->x->now,
		&may, &untold, err) < 0)
		return -1;
	if (!may)
		*why = S("many answers");
	return 0;
}

/* Words for a note: what stands behind #note, then the text. */
static struct str
note_text(const struct visit *v)
{
	struct str text = v->run.text;

	for (size_t i = v->block.n; i-- > 0;)
		if (v->block.v[i].row && v->block.v[i].id == CMD_NOTE_ &&
		    v->block.v[i].args.n)
			text = arena_printf(v->a, "%.*s%s%.*s",
			    STR_ARG(v->block.v[i].args), text.n ? "\n" : "",
			    STR_ARG(text));
	return text;
}

struct str
visit_commands(const struct visit *v)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < v->block.n; i++)
		buf_printf(
		    &b, "%s%.*s", i ? "\n" : "", STR_ARG(v->block.v[i].line));
	return arena_dup(v->a, buf_str(&b));
}

int
visit_take(struct visit *v, struct err *err)
{
	struct err e = ERR_INIT;

	if (v->k->assignee.n ||
	    !agent_may(v->d->settings, v->agent, v->k->queue, RIGHT_WORK))
		return 0;
	if (change_assignee(v->d, v->t, v->a, v->k, v->agent->name, &v->who,
		v->x->now, &e) < 0)
		return txn_error(v->t, err);
	return 0;
}

/* The customer has the agent's mail itself as well: his address, his commands, and perhaps the notice. */
static void
tell_direct(struct visit *v)
{
	const struct addresses *lists[] = {&v->m->to, &v->m->cc};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t j = 0; j < lists[i]->n; j++) {
			struct str addr = lists[i]->v[j].addr;

			if (addr.n && v->k && people_takes_part(v->k, addr) &&
			    !settings_is_own(v->d->settings, addr) &&
			    !staff_by_address(&v->d->settings->staff, addr))
				transcript_add(&v->told, TOLD_INFO, S(""),
				    transcript_say(&v->told,
					"%.*s got your mail itself, too, with "
					"your address and all that stood in "
					"it: write to the desk alone."),
				    STR_ARG(addr));
		}
}

static int
carry_out(struct visit *v, bool answer, struct err *err)
{
	v->who.cause = visit_cause(v);
	v->run.who = v->who;
	v->run.status_with_answer = answer;
	visit_keep(v, v->block.note ? note_text(v) : visit_commands(v),
	    str_n(NULL, 0));
	if (command_carry_out(&v->run, err) < 0)
		return -1;
	if (answer && !v->run.child_took_text) {
		if (visit_take(v, err) < 0 ||
		    answer_write(v, str_n(NULL, 0), NULL, err) < 0)
			return -1;
		if (v->k->status == STATUS_CLOSED &&
		    v->run.status != STATUS_CLOSED)
			transcript_add(&v->told, TOLD_INFO, S(""), "%s",
			    transcript_say(&v->told,
				"The ticket is closed and stays so; the "
				"customer's reply opens another one."));
	} else if (v->block.note &&
		   command_mentions(&v->run, note_text(v), v->source, err) < 0)
		return -1;
	return command_carry_out_last(&v->run, err);
}

static int
reply(struct visit *v, struct err *err)
{
	struct str missed_words = {0}, why;
	bool answer;
	int n, missed = 0;

	v->who.cause = visit_cause(v);
	visit_run(v);
	v->run.asked =
	    v->x->identity->confirmed && v->x->grant && wait_asks_requester(v);
	n = command_check(&v->run, err);
	if (n < 0)
		return -1;
	/* One that is not at hand refuses the answer, not a note. */
	if (!v->block.note)
		answer_files(v);
	answer = is_answer(v);
	if (answer)
		check_answer(v);
	else if (!v->block.n && !note_text(v).n)
		refuse(v, "there is nothing in this mail: no words above the "
			  "quote, no commands, no files");
	else if (v->block.note && !note_text(v).n && v->block.n == 1)
		refuse(v, "the note is empty");
	tell_direct(v);
	if (v->told.refused)
		return visit_refused(v, err);
	if (answer || visit_is_final(&v->block)) {
		missed = answer_missed(v, &missed_words, err);
		if (missed < 0)
			return -1;
	}
	why = waits_why(v, answer, missed);
	if (answer && !why.n && too_many(v, &why, err) < 0)
		return -1;
	if (why.n)
		return wait_begin(v, answer, why, missed_words, err);
	if (carry_out(v, answer, err) < 0)
		return -1;
	return visit_end(v, err);
}

/* --- which ticket ------------------------------------------------------ */

/* 1 found, 0, -1. A ticket that the agent may not see is none, unless our own
 * notice told him of it. */
static int
follow(struct visit *v, uint64_t id, bool told, struct err *err)
{
	int found = merge_follow(v->t, v->a, id, &v->out->k);

	if (found < 0)
		return txn_error(v->t, err);
	if (!found || (!told && !agent_may(v->d->settings, v->agent,
				    v->out->k.queue, RIGHT_SEE))) {
		v->out->k = (struct ticket){0};
		return 0;
	}
	v->k = &v->out->k;
	return 1;
}

static int
find_ticket(struct visit *v, struct err *err)
{
	const struct grant *g = v->x->grant;
	const struct thread *th = v->x->thread;
	int found = 0;

	if (g && g->ticket && str_ieq(g->agent, v->agent->name))
		found = follow(v, g->ticket, v->x->identity->token, err);
	if (found || !th)
		return MIN(found, 0);
	if (th->verdict == THREAD_JOIN)
		found = follow(v, th->ticket.id, false, err);
	/* What is over takes no customer's mail, but his. */
	else if (th->verdict == THREAD_LINKED && th->nlinks == 1 &&
		 !str_starts(th->evidence, S("stranger")) &&
		 !str_starts(th->evidence, S("conflict")))
		found = follow(v, th->links[0], false, err);
	return MIN(found, 0);
}

static int
dispatch(struct visit *v, struct err *err)
{
	if (find_ticket(v, err) < 0)
		return -1;
	if (fresh_is_elsewhere(v))
		return fresh_elsewhere(v, err);
	/* Written to somebody else: on record, nothing more. What is of no
	 * ticket, or of one that he may not see, is nobody's business here. */
	if (v->x->in->sent_folder) {
		if (!v->k)
			return 0;
		v->block = (struct command_block){0};
		return fresh_kept(v, err);
	}
	if (has_command(&v->block, CMD_SEND_))
		return wait_end(v, err);
	if (fresh_is_forward(v))
		return fresh_forward(v, err);
	if (fresh_is_requester(v))
		return fresh_requester(v, err);
	return v->k ? reply(v, err) : fresh_mail(v, err);
}

/*
 * Something could not be done that had looked as if it could. What was done is
 * done and told; the mail is kept in any case.
 */
static int
rescue(struct visit *v, const struct err *why, struct err *err)
{
	struct err e = ERR_INIT;
	int rc;

	transcript_add(&v->told, TOLD_REFUSED, S(""), "%.*s",
	    STR_ARG(transcript_err(&v->told, why->msg)));
	if (v->k && !v->k->id) {
		v->k = NULL;
		v->out->k = (struct ticket){0};
	}
	rc = v->source ? visit_end(v, &e) : visit_refused(v, &e);
	if (rc < 0 && txn_error(v->t, err) < 0)
		return -1;
	if (!v->out->k.id || !v->out->seq)
		return txn_fail(v->t, e.code ? e.code : why->code,
		    "an agent's mail: %s", why->msg);
	return 0;
}

/* --- once -------------------------------------------------------------- */

/*
 * What a mail is known by when it comes again. Its bytes need not be the same:
 * two mailboxes add different fields to it, and whoever got it may hand it in
 * once more with fields of his, and the signature over the others is still
 * good.
 */
static struct str
once_key(const struct visit *v)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	const struct message *m = v->m;
	unsigned char hash[SHA256_SIZE];

	buf_printf(&b, "agent:%.*s ", STR_ARG(v->agent->name));
	if (m->message_id.n)
		buf_put(&b, m->message_id);
	else {
		sha256(arena_printf(v->a, "%lld %.*s", (long long)m->date,
			   STR_ARG(m->text)),
		    hash);
		buf_hex(&b, str_n((const char *)hash, sizeof hash));
	}
	return arena_dup(v->a, buf_str(&b));
}

/* Kept, where the first one is, and nothing of it is done: 1; 0 it is new; -1. */
static int
came_again(struct visit *v, struct str key, struct err *err)
{
	uint64_t id;
	int found = msgid_get(v->t, key, &id);

	if (found > 0)
		found = merge_follow(v->t, v->a, id, &v->out->k);
	if (found < 0)
		return txn_error(v->t, err);
	if (!found || v->x->in->sent_folder) {
		v->out->k = (struct ticket){0};
		return found;
	}
	v->k = &v->out->k;
	v->who.cause = visit_cause(v);
	v->block.note = false;
	visit_keep(v, visit_commands(v),
	    S("came again: nothing of it was done again"));
	event_add(v->t, v->k, EVENT_DUPLICATE, &v->who,
	    arena_printf(v->a, "article %u, of an agent's mail", v->source),
	    v->x->now);
	ticket_put(v->t, v->k);
	return txn_error(v->t, err) < 0 ? -1 : 1;
}

int
agent_mail(
    const struct agent_mail *x, struct agent_result *out, struct err *err)
{
	struct visit v = {
	    .x = x,
	    .d = x->d,
	    .t = x->t,
	    .a = x->a,
	    .m = x->m,
	    .agent = x->identity->agent,
	    .out = out,
	};
	struct err e = ERR_INIT;
	struct str key;
	int rc;

	*out = (struct agent_result){0};
	if (!v.agent)
		return err_set(err, ERR_INVAL, "the mail is no agent's");
	v.who.name = arena_printf(x->a, "agent:%.*s", STR_ARG(v.agent->name));
	v.who.cause = x->identity->why;
	transcript_init(&v.told, x->a, x->d->settings, v.agent);
	command_read(x->a, proof_words(x->a, x->m), &v.block);
	key = once_key(&v);
	rc = came_again(&v, key, err);
	if (rc)
		return MIN(rc, 0);
	rc = dispatch(&v, &e);
	if (rc < 0)
		rc = txn_error(x->t, err) < 0 ? -1 : rescue(&v, &e, err);
	if (rc == 0 && out->k.id)
		msgid_put(x->t, key, out->k.id, true);
	return rc;
}

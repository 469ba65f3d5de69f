/*
 * Carried out in order, after all of them were found good. What a command says
 * of the answer (its text, the status it sets) is gathered in the run and done
 * by who sends the answer.
 */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/away.h"
#include "desk/change.h"
#include "desk/command_deed.h"
#include "desk/kb.h"

static int
do_nothing(struct deed *x)
{
	(void)x;
	return 0;
}

/* That the mail stays in the house is done with it as a whole; the agent is to
 * know that it was. */
static int
do_note(struct deed *x)
{
	YES(x, "kept as a note; nothing of it goes to the customer");
	return 0;
}

static deed_fn *const deeds[COMMAND_COUNT] = {
    [CMD_NOTE_] = do_note,
    [CMD_TAKE_] = do_take,
    [CMD_ASSIGN_] = do_assign,
    [CMD_OPEN_] = do_open,
    [CMD_PENDING_] = do_pending,
    [CMD_HOLD_] = do_hold,
    [CMD_RESOLVE_] = do_resolve,
    [CMD_CLOSE_] = do_close,
    [CMD_SNOOZE_] = do_snooze,
    [CMD_PRIORITY_] = do_priority,
    [CMD_QUEUE_] = do_queue,
    [CMD_SUBJECT_] = do_subject,
    [CMD_TAG_] = do_tag,
    [CMD_FIELD_] = do_field,
    [CMD_CC_] = do_cc,
    [CMD_REQUESTER_] = do_requester,
    [CMD_MERGE_] = do_merge,
    [CMD_SPLIT_] = do_split,
    [CMD_CHILD_] = do_child,
    [CMD_LINK_] = do_link,
    [CMD_UNLINK_] = do_unlink,
    [CMD_SPAM_] = do_spam,
    [CMD_TIME_] = do_time,
    [CMD_MACRO_] = do_macro,
    [CMD_KB_] = do_kb,
    [CMD_AWAY_] = do_away,
    [CMD_BACK_] = do_back,
    [CMD_HISTORY_] = do_history,
    [CMD_WHY_] = do_why,
    [CMD_LIST_] = do_list,
    [CMD_SEND_] = do_nothing,
    [CMD_RESEND_] = do_resend,
    [CMD_UNDO_] = do_undo,
    [CMD_HELP_] = do_help,
};

/* --- all of them ------------------------------------------------------- */

static void
begin(struct command_run *r, size_t i, struct deed *x, struct err *err)
{
	x->r = r;
	x->c = &r->block->v[i];
	x->args = command_plain(r->a, x->c->args);
	x->who = r->who;
	x->who.cause = arena_printf(r->a, "%.*s, %.*s", STR_ARG(r->who.cause),
	    STR_ARG(utf8_clip(x->c->line, 200)));
	x->err = err;
}

/* A merged ticket takes no changes: that comes last, whatever the order. And
 * the answer in hand is written before its ticket goes to somebody else. */
static bool
is_last(const struct command_line *c)
{
	return c->id == CMD_MERGE_ || c->id == CMD_AWAY_;
}

static int
run_one(struct command_run *r, size_t i, struct err *err)
{
	struct err e = ERR_INIT;
	struct deed x;

	begin(r, i, &x, &e);
	if (deeds[x.c->id](&x) == 0) {
		r->changed |= !(x.c->row->flags & CMD_READS);
		return 0;
	}
	if (txn_error(r->t, err) < 0)
		return -1;
	transcript_add(r->told, TOLD_REFUSED, x.c->line, "%.*s",
	    STR_ARG(transcript_err(r->told, e.msg)));
	return 0;
}

/* What puts a text into the answer. */
static bool
is_text(struct command_run *r, const struct command_line *c)
{
	struct str title;

	return c->id == CMD_MACRO_ ||
	       (c->id == CMD_KB_ && !command_kb_save(r->a, c->args, &title));
}

int
command_carry_out_texts(
    struct command_run *r, struct str *rest, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct transcript *told = r->told;
	struct transcript *none = arena_new(r->a, struct transcript);
	int rc = 0;

	r->text = r->block->text;
	*none = (struct transcript){
	    .a = told->a, .to = told->to, .language = told->language};
	r->told = none;
	for (size_t i = 0; i < r->block->n; i++) {
		const struct command_line *c = &r->block->v[i];

		if (!is_text(r, c))
			buf_printf(
			    &b, "%s%.*s", b.n ? "\n" : "", STR_ARG(c->line));
		else if ((rc = run_one(r, i, err)) < 0)
			break;
	}
	r->told = told;
	*rest = arena_dup(r->a, buf_str(&b));
	return rc;
}

void
command_people_ahead(const struct command_run *r, struct ticket *k)
{
	for (size_t i = 0; i < r->block->n; i++) {
		const struct command_line *c = &r->block->v[i];
		struct str rest = command_plain(r->a, c->args);
		struct err e = ERR_INIT;
		struct address one;
		bool add = false;

		if (c->id != CMD_CC_ && c->id != CMD_REQUESTER_)
			continue;
		if (c->id == CMD_CC_)
			command_add(&rest, &add);
		if (change_address(r->a, rest, &one, &e) == 0)
			change_people_ahead(r->d->settings, r->a, k, &one,
			    c->id == CMD_REQUESTER_ ? PEOPLE_REQUESTER
			    : add                   ? PEOPLE_ADD
						    : PEOPLE_REMOVE);
	}
}

int
command_carry_out(struct command_run *r, struct err *err)
{
	r->text = r->block->text;
	for (size_t i = 0; i < r->block->n; i++)
		if (!is_last(&r->block->v[i]) && run_one(r, i, err) < 0)
			return -1;
	return 0;
}

int
command_carry_out_last(struct command_run *r, struct err *err)
{
	struct err e = ERR_INIT;
	struct actor who = r->who;

	if (r->snooze) {
		who.cause = r->snooze_cause;
		if (change_snooze(r->d, r->t, r->a, r->k, r->snooze, &who,
			r->now, &e) < 0) {
			if (txn_error(r->t, err) < 0)
				return -1;
			transcript_add(r->told, TOLD_REFUSED, S(""), "%.*s",
			    STR_ARG(transcript_err(r->told, e.msg)));
		}
	}
	for (size_t i = 0; i < r->block->n; i++)
		if (is_last(&r->block->v[i]) && run_one(r, i, err) < 0)
			return -1;
	return 0;
}

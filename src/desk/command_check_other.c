/* Looked at first: commands about other tickets, texts, what is only read, what is sent again or taken back. */
#include "base/must.h"
#include "desk/command_check.h"
#include "desk/kb.h"
#include "desk/merge.h"
#include "desk/undo.h"

/* --- other tickets ----------------------------------------------------- */

/* 1 found, and the agent has the right; 0 refused; -1. A ticket that may not be
 * seen is as one that is not there. */
static int
other(struct check *x, enum right right, struct ticket *out)
{
	const struct command_run *r = x->r;
	uint64_t id;
	int found;

	if (!command_number(x->args, &id)) {
		NO(x, "it wants a ticket's number");
		return 0;
	}
	found = ticket_get(r->t, r->a, id, out);
	if (found < 0)
		return txn_error(r->t, x->err);
	if (!found || !agent_may(x->s, r->agent, out->queue, RIGHT_SEE))
		NO(x, "there is no ticket #%llu that you may see",
		    (unsigned long long)id);
	else if (!agent_may(x->s, r->agent, out->queue, right))
		NO(x, "you may not work queue %.*s, where #%llu is",
		    STR_ARG(out->queue), (unsigned long long)id);
	else
		return 1;
	return 0;
}

int
check_merge(struct check *x)
{
	struct err why = ERR_INIT;
	struct ticket o;
	int found = other(x, RIGHT_WORK, &o);

	if (found <= 0)
		return found;
	if (o.id == x->r->k->id)
		NO(x, "that is this ticket itself");
	else if (o.merged_into)
		NO(x, "#%llu was merged into #%llu", (unsigned long long)o.id,
		    (unsigned long long)o.merged_into);
	else if (merge_check(x->s, x->r->t, x->r->a, &o, x->r->k, &why) < 0)
		return check_no_err(x, &why);
	return 0;
}

static const struct link *
link_to(const struct ticket *k, uint64_t other)
{
	for (size_t i = 0; i < k->nlinks; i++)
		if (k->links[i].ticket == other)
			return &k->links[i];
	return NULL;
}

int
check_link(struct check *x)
{
	struct ticket o;
	int found = other(x, RIGHT_SEE, &o);

	if (found <= 0)
		return found;
	if (o.id == x->r->k->id)
		NO(x, "that is this ticket itself");
	return 0;
}

int
check_unlink(struct check *x)
{
	const struct link *l;
	uint64_t id;

	if (!command_number(x->args, &id)) {
		NO(x, "it wants a ticket's number");
		return 0;
	}
	l = link_to(x->r->k, id);
	if (!l)
		NO(x, "#%llu is not linked to this ticket",
		    (unsigned long long)id);
	else if (l->kind == LINK_PARENT || l->kind == LINK_CHILD ||
		 l->kind == LINK_MERGED_FROM)
		NO(x, "#%llu is part of this ticket, not only linked",
		    (unsigned long long)id);
	return 0;
}

int
check_split(struct check *x)
{
	const struct command_run *r = x->r;
	struct article art;
	uint64_t seq;
	int found;

	if (!command_article(r, x->args, &seq)) {
		NO(x, "it wants an article's number, 1 to %u", r->k->articles);
		return 0;
	}
	if (!seq) {
		NO(x, "no customer wrote here: nothing can be split off");
		return 0;
	}
	found = article_get(r->t, r->a, r->k->id, (uint32_t)seq, &art);
	if (found < 0)
		return txn_error(r->t, x->err);
	if (!found || art.direction != DIRECTION_IN)
		NO(x, "article %llu is no mail that came in",
		    (unsigned long long)seq);
	return 0;
}

int
check_child(struct check *x)
{
	struct str rest = x->args, queue = command_word(&rest);

	if (!queue.n)
		NO(x, "it wants a queue, and a subject in quotes");
	else
		check_queue_named(x, queue);
	return 0;
}

/* --- texts ------------------------------------------------------------- */

int
check_macro(struct check *x)
{
	const struct command_run *r = x->r;
	struct err e = ERR_INIT;
	struct str text;

	if (!x->args.n)
		NO(x, "it wants the name of a prepared text");
	else if (macro_render(r->d, r->a, r->k, r->agent, x->args, &text, &e) <
		 0)
		return check_no_err(x, &e);
	return 0;
}

int
check_kb(struct check *x)
{
	const struct command_run *r = x->r;
	struct str title;
	struct kb kb;
	uint64_t id;
	int found;

	if (command_kb_save(r->a, x->c->args, &title)) {
		if (!title.n)
			NO(x, "it wants a title in quotes");
		else if (!str_trim(r->block->text).n)
			NO(x, "there is no text to be kept");
		return 0;
	}
	if (!command_number(x->args, &id)) {
		NO(x, "it wants an article's number, or save and a title");
		return 0;
	}
	found = kb_get(r->t, r->a, id, &kb);
	if (found < 0)
		return txn_error(r->t, x->err);
	if (!found || kb.state == KB_WITHDRAWN)
		NO(x, "the knowledge base has no article %llu",
		    (unsigned long long)id);
	return 0;
}

/* --- reading, the rest ------------------------------------------------- */

int
check_told(struct check *x)
{
	struct ticket o;

	if (!x->args.n && x->r->k) {
		if (!agent_may(x->s, x->r->agent, x->r->k->queue, RIGHT_SEE))
			NO(x, "you may not see queue %.*s",
			    STR_ARG(x->r->k->queue));
		return 0;
	}
	return other(x, RIGHT_SEE, &o) < 0 ? -1 : 0;
}

int
check_list(struct check *x)
{
	const struct queue *q = settings_queue(x->s, x->args);

	if (q && !agent_may(x->s, x->r->agent, q->name, RIGHT_SEE))
		NO(x, "you may not see queue %.*s", STR_ARG(q->name));
	return 0;
}

int
check_send(struct check *x)
{
	NO(x, "#send counts only in reply to the mail that asked for it, and "
	      "alone");
	return 0;
}

int
check_resend(struct check *x)
{
	uint64_t seq;
	struct outbox o;
	int found;

	if (x->args.n && !command_article(x->r, x->args, &seq)) {
		NO(x, "it wants an article's number, 1 to %u",
		    x->r->k->articles);
		return 0;
	}
	found = command_failed_mail(x->r, x->args, &o, x->err);
	if (found == 0)
		NO(x, "no answer of this ticket has failed");
	return found < 0 ? -1 : 0;
}

int
check_undo(struct check *x)
{
	struct command_run *r = x->r;
	enum level least;
	struct str words;
	uint32_t event;
	int found;

	if (r->block->n > 1) {
		NO(x, "#undo stands alone");
		return 0;
	}
	found = undo_find(r->t, r->a, r->k, &r->who, &event, &words, x->err);
	if (found < 0)
		return -1;
	if (found) {
		if (undo_level(r->t, r->a, r->k, event, &least, x->err) < 0)
			return -1;
		check_need(x, least);
	} else if (words.n)
		NO(x,
		    "it cannot be taken back, because somebody changed it "
		    "since: %.*s",
		    STR_ARG(words));
	else
		NO(x, "there is no change of yours that can be taken back");
	return 0;
}

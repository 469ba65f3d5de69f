/* Commands about other tickets and texts; what is sent or done again, or taken back. */
#include "base/must.h"
#include "desk/command_deed.h"
#include "desk/kb.h"
#include "desk/merge.h"
#include "desk/outbound.h"
#include "desk/undo.h"

/* --- other tickets ----------------------------------------------------- */

int
do_merge(struct deed *x)
{
	struct command_run *r = x->r;
	struct ticket into;
	uint64_t id = 0;
	int found;

	command_number(x->args, &id);
	found = ticket_get(r->t, r->a, id, &into);
	if (found <= 0)
		return found < 0 ? txn_error(r->t, x->err)
				 : err_set(x->err, ERR_INVAL,
				       "there is no ticket %llu",
				       (unsigned long long)id);
	if (merge_tickets(
		r->d, r->t, r->a, &into, r->k, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "#%llu is part of #%llu now: %.*s", (unsigned long long)r->k->id,
	    (unsigned long long)into.id, STR_ARG(into.subject));
	return 0;
}

int
do_split(struct deed *x)
{
	struct command_run *r = x->r;
	struct ticket out;
	uint64_t seq = 0;

	command_article(r, x->args, &seq);
	if (merge_split(RUN(x), (uint32_t)seq, &x->who, r->now, &out, x->err) <
	    0)
		return -1;
	/* "#tag +refund" below it: he may have meant the new one. */
	if (r->block->n > 1)
		YES(x,
		    "article %llu is ticket #%llu now; the other commands of "
		    "this mail are for #%llu",
		    (unsigned long long)seq, (unsigned long long)out.id,
		    (unsigned long long)r->k->id);
	else
		YES(x, "article %llu is ticket #%llu now",
		    (unsigned long long)seq, (unsigned long long)out.id);
	return 0;
}

int
do_child(struct deed *x)
{
	struct command_run *r = x->r;
	struct str rest = x->args;
	struct ticket out;
	struct child c = {
	    .requester = {r->agent->full_name, r->agent->addresses.v[0]},
	    .author = r->agent->full_name,
	    .text = r->child_took_text ? str_n(NULL, 0) : str_trim(r->text),
	};

	c.queue = settings_queue(r->d->settings, command_word(&rest))->name;
	rest = str_trim(rest);
	c.subject = str_starts(rest, S("\"")) ? command_word(&rest) : rest;
	if (!c.subject.n)
		c.subject = r->k->subject;
	if (merge_child(RUN(x), &c, &x->who, r->now, &out, x->err) < 0)
		return -1;
	r->child_took_text |= c.text.n > 0;
	YES(x, "sub-ticket #%llu in queue %.*s: %.*s",
	    (unsigned long long)out.id, STR_ARG(out.queue),
	    STR_ARG(out.subject));
	return 0;
}

int
do_link(struct deed *x)
{
	struct command_run *r = x->r;
	uint64_t id = 0;

	command_number(x->args, &id);
	if (merge_link(RUN(x), id, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "linked to #%llu", (unsigned long long)id);
	return 0;
}

int
do_unlink(struct deed *x)
{
	struct command_run *r = x->r;
	uint64_t id = 0;

	command_number(x->args, &id);
	if (merge_unlink(RUN(x), id, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "not linked to #%llu any more", (unsigned long long)id);
	return 0;
}

/* --- texts ------------------------------------------------------------- */

/* Behind what the commands before put in, above what the agent wrote. */
static void
insert(struct command_run *r, struct str text)
{
	struct str own = str_rtrim(r->block->text);
	struct str before = str_sub(r->text, 0, r->inserted);

	text = str_rtrim(text);
	before = before.n ? arena_printf(r->a, "%.*s%.*s\n\n", STR_ARG(before),
				STR_ARG(text))
			  : arena_printf(r->a, "%.*s\n\n", STR_ARG(text));
	r->inserted = before.n;
	r->text = str_rtrim(
	    arena_printf(r->a, "%.*s%.*s", STR_ARG(before), STR_ARG(own)));
	r->inserted = MIN(r->inserted, r->text.n);
}

int
do_macro(struct deed *x)
{
	struct command_run *r = x->r;
	struct str text;

	if (macro_render(r->d, r->a, r->k, r->agent, x->args, &text, x->err) <
	    0)
		return -1;
	insert(r, text);
	event_add(r->t, r->k, EVENT_MACRO, &x->who, x->args, r->now);
	YES(x, "put into the answer");
	return 0;
}

int
do_kb(struct deed *x)
{
	struct command_run *r = x->r;
	struct str title;
	uint64_t id = 0;
	struct kb kb;

	if (command_kb_save(r->a, x->c->args, &title)) {
		if (kb_save(r->d, r->t, r->a, r->k, title, r->text, &x->who,
			r->now, &id, x->err) < 0)
			return -1;
		YES(x, "article %llu of the knowledge base, a draft: %.*s",
		    (unsigned long long)id, STR_ARG(title));
	} else {
		command_number(x->args, &id);
		if (kb_use(r->t, r->a, id, r->k->id, r->now, &kb, x->err) < 0)
			return -1;
		insert(r, kb.text);
		title = kb.title;
		YES(x, "put into the answer: %.*s", STR_ARG(kb.title));
	}
	event_add(r->t, r->k, EVENT_KB, &x->who,
	    arena_printf(
		r->a, "%llu %.*s", (unsigned long long)id, STR_ARG(title)),
	    r->now);
	return 0;
}

/* --- taking back, again ------------------------------------------------ */

int
do_resend(struct deed *x)
{
	struct command_run *r = x->r;
	struct outbox o;
	int found = command_failed_mail(r, x->args, &o, x->err);

	if (found <= 0)
		return found;
	if (outbound_again(r->t, r->a, r->k, o.id, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "article %u is sent again", o.seq);
	return 0;
}

int
do_undo(struct deed *x)
{
	struct command_run *r = x->r;
	struct str words;
	uint32_t event;

	if (undo_find(r->t, r->a, r->k, &x->who, &event, &words, x->err) < 0 ||
	    undo_change(RUN(x), &x->who, event, r->now, x->err) < 0)
		return -1;
	YES(x, "taken back: %.*s", STR_ARG(words));
	return 0;
}

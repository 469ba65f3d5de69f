/*
 * Mail of an agent that asks without a ticket: #list, #history 42, #help. The
 * answer is a transcript; the mail is kept in a ticket of the agent's own, where
 * what was refused lies too.
 */
#include "base/must.h"
#include "desk/agent_mail_private.h"

static struct str
log_key(const struct visit *v)
{
	return arena_printf(v->a, "agent-log:%.*s", STR_ARG(v->agent->name));
}

/* One ticket an agent, closed: nobody waits for anything in it. */
static int
log_ticket(struct visit *v, struct err *err)
{
	struct address who = {visit_name(v->agent), v->agent->addresses.v[0]};
	struct str value;
	uint64_t id = 0;
	int found = meta_get(v->t, v->a, log_key(v), &value);

	if (found > 0 && str_u64(value, &id))
		found = ticket_get(v->t, v->a, id, &v->out->k);
	if (found < 0)
		return txn_error(v->t, err);
	v->k = &v->out->k;
	if (found && id && !v->out->k.merged_into)
		return 0;
	fresh_draft(
	    v, &who, arena_printf(v->a, "Commands of %.*s", STR_ARG(who.name)));
	v->k->status = STATUS_CLOSED;
	v->k->resolved = v->k->closed = v->x->now;
	if (fresh_open(v, err) < 0)
		return -1;
	meta_put(v->t, log_key(v),
	    arena_printf(v->a, "%llu", (unsigned long long)v->k->id));
	return 0;
}

/* The transcript is of no ticket: its answer is a fresh mail again. */
static int
end_log(struct visit *v, struct err *err)
{
	ticket_put(v->t, v->k);
	v->k = NULL;
	return visit_end(v, err);
}

int
fresh_log(struct visit *v, struct err *err)
{
	struct str flag = S("refused: nothing of it was done");

	if (log_ticket(v, err) < 0)
		return -1;
	v->who.cause = visit_cause(v);
	v->block.note = false;
	visit_keep(v, message_new_text(v->a, v->m), flag);
	event_add(v->t, v->k, EVENT_REFUSED, &v->who,
	    v->told.n ? v->told.v[0].words : flag, v->x->now);
	transcript_add(&v->told, TOLD_REFUSED, S(""), "%s",
	    transcript_say(&v->told, "Nothing of this mail was done."));
	return end_log(v, err);
}

int
fresh_kept(struct visit *v, struct err *err)
{
	bool of_ticket = v->k != NULL;

	if (!of_ticket && log_ticket(v, err) < 0)
		return -1;
	v->who.cause = visit_cause(v);
	v->block.note = false;
	visit_keep(v, message_new_text(v->a, v->m), str_n(NULL, 0));
	return of_ticket ? visit_end(v, err) : end_log(v, err);
}

bool
fresh_only_asks(const struct visit *v)
{
	for (size_t i = 0; i < v->block.n; i++)
		if (!v->block.v[i].row ||
		    !(v->block.v[i].row->flags & CMD_ALONE))
			return false;
	return v->block.n > 0;
}

int
fresh_alone(struct visit *v, struct err *err)
{
	int n;

	visit_run(v);
	n = command_check(&v->run, err);
	if (n < 0)
		return -1;
	if (!n && v->run.needs) {
		transcript_add(&v->told, TOLD_REFUSED, S(""), "%s",
		    transcript_say(&v->told,
			"your mail system gives no proof that it was you; "
			"this needs one"));
		n++;
	}
	if (n)
		return fresh_log(v, err);
	if (command_carry_out(&v->run, err) < 0 ||
	    command_carry_out_last(&v->run, err) < 0)
		return -1;
	return fresh_kept(v, err);
}

/*
 * An answer that the agent wrote to the customer himself, in his own client: it
 * is there by a Cc to the desk, or in a folder of sent mail. It is recorded, and
 * nothing in it is a command: the customer has read it.
 */
#include "base/must.h"
#include "desk/agent_mail_private.h"
#include "desk/change.h"
#include "desk/outbound.h"
#include "desk/people.h"

/* The first of To that is neither ourselves nor a colleague. */
static const struct address *
customer_of(const struct visit *v)
{
	const struct addresses *to = &v->m->to;

	for (size_t i = 0; i < to->n; i++)
		if (to->v[i].addr.n && !fresh_is_colleague(v, to->v[i].addr))
			return &to->v[i];
	return NULL;
}

static bool
knows(const struct visit *v, struct str addr)
{
	struct person p;

	return person_get(v->t, v->a, address_key(v->a, addr), &p) == 1 &&
	       (p.tickets || p.answered);
}

/*
 * To a customer, and the desk only reads along. In a folder of sent mail that
 * goes without saying.
 */
bool
fresh_is_elsewhere(struct visit *v)
{
	const struct settings *s = v->d->settings;
	const struct addresses *to = &v->m->to;
	const struct address *who = customer_of(v);

	if (v->x->identity->level < LEVEL_MEDIUM || !who)
		return false;
	for (size_t i = 0; i < to->n; i++)
		if (settings_is_own(s, to->v[i].addr))
			return false;
	if (v->k) {
		for (size_t i = 0; i < to->n; i++)
			if (people_takes_part(v->k, to->v[i].addr))
				return agent_may(
				    s, v->agent, v->k->queue, RIGHT_WORK);
		return false;
	}
	return !v->x->in->sent_folder && !v->m->forwarded &&
	       (knows(v, who->addr) || v->m->in_reply_to.n > 0);
}

/* It came by another way already. What lies in a folder of sent mail stays
 * there; what came in is kept, without its words a second time. */
static int
elsewhere_again(struct visit *v, uint32_t seq, struct err *err)
{
	if (v->x->in->sent_folder) {
		v->out->k = (struct ticket){0};
		return 0;
	}
	v->block.note = false;
	v->who.cause = visit_cause(v);
	visit_keep(v, str_n(NULL, 0),
	    arena_printf(v->a, "article %u, as it came in here", seq));
	return visit_end(v, err);
}

int
fresh_elsewhere(struct visit *v, struct err *err)
{
	const struct address *who = customer_of(v);
	struct person p;
	bool is_new = !v->k;
	uint32_t seq;
	int again =
	    is_new ? 0 : outbound_find_elsewhere(v->t, v->a, v->k, v->m, &seq);

	if (again)
		return again < 0 ? txn_error(v->t, err)
				 : elsewhere_again(v, seq, err);
	if (is_new) {
		fresh_draft(v, who, v->m->subject);
		if (fresh_open(v, err) < 0)
			return -1;
	}
	v->who.cause = visit_cause(v);
	if (visit_take(v, err) < 0)
		return -1;
	if (outbound_elsewhere(v->d, v->t, v->a, v->k, v->x->in, v->agent,
		&v->who, v->x->now, &v->out->seq, err) < 0)
		return -1;
	if (is_new && (fresh_count(v, who, &p, err) < 0 ||
			  change_status(v->d, v->t, v->a, v->k, STATUS_PENDING,
			      &v->who, v->x->now, err) < 0))
		return -1;
	return visit_end(v, err);
}

/*
 * An answer that did not arrive, once more.
 *
 * A row that a server refused for good is never handed to it again: it may mean
 * it, and it may have told others. When an agent says that it should be tried
 * all the same (a mailbox was mended, a block lifted), that is another row with
 * the same bytes, to those of the ticket's people whom the first one did not
 * reach.
 */
#include "base/must.h"
#include "desk/delivery.h"
#include "desk/outgoing.h"
#include "desk/people.h"

static bool
was_refused(const struct outbox *row)
{
	for (size_t i = 0; i < row->nrecipients; i++) {
		const struct recipient *r = &row->recipients[i];

		if (r->state == OUTBOX_FAILED && r->reply.n &&
		    r->reply.p[0] == '5')
			return true;
	}
	return false;
}

static void
choose(struct arena *a, const struct ticket *k, const struct outbox *old,
    struct outbox *out)
{
	out->recipients = arena_array(a, struct recipient, old->nrecipients);
	out->nrecipients = 0;
	for (size_t i = 0; i < old->nrecipients; i++) {
		const struct recipient *r = &old->recipients[i];

		if (r->state == OUTBOX_FAILED && people_takes_part(k, r->addr))
			out->recipients[out->nrecipients++] =
			    (struct recipient){
				.addr = r->addr, .state = OUTBOX_QUEUED};
	}
}

int
outbound_again(struct txn *t, struct arena *a, struct ticket *k,
    uint64_t outbox, const struct actor *who, int64_t now, struct err *err)
{
	struct outbox row, next;
	struct article r;
	int found = outbox_get(t, a, outbox, &row);

	if (found > 0)
		found = article_get(t, a, row.ticket, row.seq, &r);
	if (found < 0)
		return txn_error(t, err);
	if (!found || row.state != OUTBOX_FAILED || r.outbox != outbox)
		return err_set(err, ERR_NOENT, "mail %llu has not failed",
		    (unsigned long long)outbox);
	if (!was_refused(&row)) {
		if (delivery_retry(t, a, outbox, now, err) < 0)
			return -1;
	} else {
		next = row;
		next.id = 0;
		next.state = OUTBOX_QUEUED;
		next.created = next.next = now;
		next.attempts = next.ambiguous = 0;
		next.last = str_n(NULL, 0);
		choose(a, k, &row, &next);
		if (!next.nrecipients)
			return err_set(err, ERR_INVAL,
			    "nobody whom it did not reach takes part in the "
			    "ticket any more");
		outbox_put(t, &next);
		r.outbox = next.id;
		article_put(t, &r);
	}
	event_add(t, k, EVENT_RESENT, who,
	    arena_printf(a, "article %u", row.seq), now);
	return txn_error(t, err);
}

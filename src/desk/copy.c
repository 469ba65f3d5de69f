#include "desk/copy.h"
#include "base/must.h"

#define KIND "copy"

bool
copy_is(const struct outbox *row)
{
	return str_eq(row->kind, S(KIND));
}

static bool
any_copies(const struct settings *s)
{
	for (size_t i = 0; i < s->nqueues; i++)
		if (s->queues[i].copy.n)
			return true;
	return false;
}

int
copy_write(struct desk *d, struct txn *t, struct arena *a,
    const struct outbox *mail, int64_t now, struct err *err)
{
	const struct settings *s = d->settings;
	const struct queue *q;
	struct recipient folder = {.state = OUTBOX_QUEUED};
	struct outbox row;
	struct ticket k;
	int found;

	if (!mail->seq || !mail->ticket || copy_is(mail) || !any_copies(s))
		return 0;
	found = ticket_get(t, a, mail->ticket, &k);
	if (found <= 0)
		return found < 0 ? txn_error(t, err) : 0;
	q = settings_queue(s, k.queue);
	if (!q)
		q = &s->queues[0];
	if (!q->copy.n)
		return 0;
	folder.addr = q->copy_name;
	row = (struct outbox){
	    .ticket = mail->ticket,
	    .seq = mail->seq,
	    .kind = S(KIND),
	    .transport = q->copy,
	    .recipients = &folder,
	    .nrecipients = 1,
	    .message_id = mail->message_id,
	    .subject = mail->subject,
	    .blob = mail->blob,
	    .size = mail->size,
	    .state = OUTBOX_QUEUED,
	    .created = now,
	    .next = now,
	};
	outbox_put(t, &row);
	return txn_error(t, err);
}

void
copy_failed(struct txn *t, struct arena *a, struct ticket *k,
    const struct outbox *row, struct str words, int64_t now)
{
	struct actor who = ACTOR_SYSTEM;

	event_add(t, k, EVENT_COPY_FAILED, &who,
	    arena_printf(a, "article %u, %.*s: %.*s", row->seq,
		STR_ARG(row->recipients[0].addr), STR_ARG(words)),
	    now);
}

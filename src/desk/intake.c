/* What came with a mail besides its words: where it was sent to, and the record
 * of it that is kept while the mail lies in the quarantine. */
#include "base/must.h"
#include "base/record.h"
#include "desk/ingest.h"

enum {
	TAG_QUEUE = 1,
	TAG_CHANNEL = 2,
	TAG_BEGIN_OLD = 3,
	TAG_SENDER = 4,
	TAG_RECIPIENT = 5,
	TAG_OVERSIZE = 6,
	TAG_CONFIRMED = 7,
	TAG_CONFIRMED_AT = 8
};

void
intake_encode(const struct intake *in, struct buf *out)
{
	rec_str_opt(out, TAG_QUEUE, in->mailbox_queue);
	rec_str_opt(out, TAG_CHANNEL, in->channel);
	rec_u64_opt(out, TAG_BEGIN_OLD, in->begin_old);
	rec_str_opt(out, TAG_SENDER, in->envelope_sender);
	rec_str_opt(out, TAG_RECIPIENT, in->envelope_recipient);
	rec_u64_opt(out, TAG_OVERSIZE, in->oversize);
	rec_str_opt(out, TAG_CONFIRMED, in->confirmed);
	if (in->confirmed.n)
		rec_i64(out, TAG_CONFIRMED_AT, in->confirmed_at);
}

int
intake_decode(
    struct arena *a, struct str record, struct intake *in, struct err *err)
{
	struct recr r = recr_open(arena_dup(a, record));

	while (recr_next(&r)) {
		if (r.tag == TAG_QUEUE)
			in->mailbox_queue = r.s;
		else if (r.tag == TAG_CHANNEL)
			in->channel = r.s;
		else if (r.tag == TAG_BEGIN_OLD)
			in->begin_old = r.u != 0;
		else if (r.tag == TAG_SENDER)
			in->envelope_sender = r.s;
		else if (r.tag == TAG_RECIPIENT)
			in->envelope_recipient = r.s;
		else if (r.tag == TAG_OVERSIZE)
			in->oversize = r.u != 0;
		else if (r.tag == TAG_CONFIRMED)
			in->confirmed = r.s;
		else if (r.tag == TAG_CONFIRMED_AT)
			in->confirmed_at = recr_i64(&r);
	}
	if (r.bad)
		return err_set(err, ERR_CORRUPT,
		    "what came with a quarantined mail cannot be read");
	return 0;
}

static const struct queue *
by_addresses(const struct settings *s, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct queue *q =
		    settings_queue_by_address(s, l->v[i].addr);

		if (q)
			return q;
	}
	return NULL;
}

const struct queue *
intake_queue(const struct settings *s, const struct intake *in)
{
	const struct message *m = in->message;
	const struct queue *q = NULL;

	must(m != NULL);
	if (in->envelope_recipient.n)
		q = settings_queue_by_address(s, in->envelope_recipient);
	if (!q)
		q = by_addresses(s, &m->to);
	if (!q)
		q = by_addresses(s, &m->cc);
	if (!q)
		q = by_addresses(s, &m->delivered_to);
	if (!q && in->mailbox_queue.n)
		q = settings_queue(s, in->mailbox_queue);
	return q ? q : &s->queues[0];
}

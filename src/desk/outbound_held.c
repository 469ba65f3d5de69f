/*
 * Answers that wait for an agent's word, and answers that he wrote elsewhere.
 *
 * A held answer is fixed when it is held: article, bytes, Message-ID and
 * recipients stand in the same transaction, so what goes out later is what was
 * shown to him, and a crash in between changes nothing. What an answer does to
 * a ticket (first response, who is known, search, later References) it does
 * when it is let go.
 */
#include "base/clock.h"
#include "base/must.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/outgoing.h"
#include "desk/rules.h"
#include "store/blob.h"

enum {
	LOOK_BACK = 50 /* articles among which the same mail may be */
};

/* The row that waits, and its article. A merged ticket's is where it was. */
static int
get_held(struct txn *t, struct arena *a, uint64_t outbox, struct outbox *row,
    struct article *r, struct err *err)
{
	int found = outbox_get(t, a, outbox, row);

	if (found < 0)
		return txn_error(t, err);
	if (!found || row->state != OUTBOX_HELD || !row->seq ||
	    !str_eq(row->kind, S("answer")))
		return err_set(err, ERR_NOENT,
		    "mail %llu does not wait any more",
		    (unsigned long long)outbox);
	found = article_get(t, a, row->ticket, row->seq, r);
	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return txn_fail(t, ERR_CORRUPT, "mail %llu has no article",
		    (unsigned long long)outbox);
	return 0;
}

static struct str
words_of(struct arena *a, const struct article *r)
{
	struct message m = {
	    .text = r->text, .fresh = r->fresh, .nfresh = r->nfresh};

	return message_new_text(a, &m);
}

int
outbound_release(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, uint64_t outbox, const struct actor *who, int64_t now,
    struct err *err)
{
	struct outbox row;
	struct article r;

	if (get_held(t, a, outbox, &row, &r, err) < 0)
		return -1;
	if (k->status == STATUS_NEW &&
	    change_status(d, t, a, k, STATUS_OPEN, who, now, err) < 0)
		return -1;
	row.state = OUTBOX_QUEUED;
	row.created = row.next = now;
	row.last = str_n(NULL, 0);
	outbox_put(t, &row);
	r.at = now;
	article_put(t, &r);
	outgoing_chain(a, k, row.message_id);
	outgoing_index(d, a, k->id, words_of(a, &r));
	if (outgoing_stamp(
		t, a, k, &r.to, &r.cc, EVENT_ANSWERED, who, now, err) < 0)
		return -1;
	return rules_at(d, t, a, k, RULE_AGENT_REPLY, now, err);
}

int
outbound_discard(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, uint64_t outbox, const struct actor *who, int64_t now,
    struct err *err)
{
	struct outbox row;
	struct article r;

	(void)d;
	if (get_held(t, a, outbox, &row, &r, err) < 0)
		return -1;
	outbox_del(t, outbox);
	r.outbox = 0;
	r.flag = S("was not sent: it was given up while it waited");
	article_put(t, &r);
	k->updated = MAX(now, k->updated);
	event_add(t, k, EVENT_DISCARDED, who,
	    arena_printf(a, "article %u", r.seq), now);
	return txn_error(t, err);
}

/* --- written elsewhere ------------------------------------------------- */

static bool
of_desk(const struct settings *s, struct str addr)
{
	return settings_is_desk(s, addr) || settings_is_own(s, addr);
}

/* Those who got it: neither ourselves nor colleagues. */
static struct addresses
others(struct arena *a, const struct settings *s, const struct addresses *l)
{
	struct addresses out = {arena_array(a, struct address, l->n + 1), 0};

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].addr.n && !of_desk(s, l->v[i].addr))
			out.v[out.n++] = l->v[i];
	return out;
}

int
outbound_elsewhere(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, const struct intake *in, const struct agent *by,
    const struct actor *who, int64_t now, uint32_t *seq, struct err *err)
{
	const struct message *m = in->message;
	const struct queue *q = settings_queue(d->settings, k->queue);
	struct addresses to = others(a, d->settings, &m->to);
	struct addresses cc = others(a, d->settings, &m->cc);
	struct article r = {
	    .ticket = k->id,
	    .seq = ++k->articles,
	    .direction = DIRECTION_OUT,
	    .author = {by->full_name.n ? by->full_name : by->name,
		q ? q->address.addr : d->settings->address.addr},
	    .from = m->from,
	    .to = m->to,
	    .cc = m->cc,
	    .subject = m->subject,
	    .date = m->date,
	    .at = now,
	    .message_id = m->message_id,
	    .text = m->text,
	    .fresh = m->fresh,
	    .nfresh = m->nfresh,
	    .attachments = m->attachments,
	    .evidence = who->cause,
	    .language = m->language,
	    .charset = m->charset,
	    .blob = in->packed.n ? blob_put(t, in->packed) : 0,
	    .size = in->size,
	};
	struct extra x;

	memcpy(r.sha256, in->sha256, sizeof r.sha256);
	memcpy(r.content, in->content, sizeof r.content);
	article_put(t, &r);
	if (m->message_id.n)
		msgid_put(t, m->message_id, k->id, false);
	extra_read(a, k->extra, &x);
	x.chain = extra_chain(a,
	    m->references.n || m->in_reply_to.n ? &m->references : &x.chain,
	    &m->in_reply_to, m->message_id);
	k->extra = extra_write(a, k->extra, &x);
	if (k->status == STATUS_NEW &&
	    change_status(d, t, a, k, STATUS_OPEN, who, now, err) < 0)
		return -1;
	if (outgoing_stamp(t, a, k, &to, &cc, EVENT_ELSEWHERE, who, now, err) <
	    0)
		return -1;
	outgoing_index(d, a, k->id, message_new_text(a, m));
	if (seq)
		*seq = r.seq;
	return change_done(t, k, now, err);
}

int
outbound_find_elsewhere(struct txn *t, struct arena *a, const struct ticket *k,
    const struct message *m, uint32_t *seq)
{
	uint32_t last = k->articles > LOOK_BACK ? k->articles - LOOK_BACK : 0;

	for (uint32_t i = k->articles; m->message_id.n && i > last; i--) {
		struct article r;
		int found = article_get(t, a, k->id, i, &r);

		if (found < 0)
			return -1;
		if (found && r.direction == DIRECTION_OUT && !r.outbox &&
		    str_eq(r.message_id, m->message_id) &&
		    str_eq(r.text, m->text)) {
			*seq = i;
			return 1;
		}
	}
	return 0;
}

#include "desk/bounce_match.h"
#include "base/must.h"
#include "base/record.h"
#include "base/utf8.h"
#include "desk/delivery.h"
#include "desk/merge.h"
#include "desk/people.h"
#include "desk/proof.h"
#include "desk/token.h"
#include "mail/subject.h"

/* --- finding ----------------------------------------------------------- */

/* A mail to an agent: 1, 0, -1. */
static int
from_notice(const struct desk *d, struct txn *t, struct arena *a, struct str id,
    struct bounce_match *out)
{
	struct grant g;
	int found = proof_of_id(d, t, a, id, &g);

	if (found <= 0 || !g.ticket)
		return MIN(found, 0);
	found = merge_follow(t, a, g.ticket, &out->ticket);
	if (found <= 0)
		return found;
	out->origin = g.ticket;
	out->of_notice = true;
	out->evidence =
	    arena_printf(a, "token of a mail to %.*s", STR_ARG(g.agent));
	return 1;
}

static int
from_id(const struct desk *d, struct txn *t, struct arena *a, struct str id,
    struct bounce_match *out)
{
	struct article r;
	int found;

	if (!token_message_id_verify(d->keys, id, &out->origin, &out->seq))
		return from_notice(d, t, a, id, out);
	found = merge_follow(t, a, out->origin, &out->ticket);
	if (found <= 0)
		return found;
	found = article_get(t, a, out->origin, out->seq, &r);
	if (found < 0)
		return -1;
	out->outbox = found && r.direction == DIRECTION_OUT ? r.outbox : 0;
	out->evidence = arena_printf(a, "token <%.*s>", STR_ARG(id));
	return 1;
}

/*
 * Many systems return no more than a subject. Our number in it, and a failed
 * recipient who takes part in that ticket, say where it belongs; anyone could
 * have written both, so no row fails by it and nobody is suspended.
 */
static int
from_subject(const struct desk *d, struct txn *t, struct arena *a,
    const struct bounce *b, struct bounce_match *out)
{
	struct strs tags = settings_tags(a, d->settings);
	uint64_t id = subject_ticket(b->subject, &tags);
	int found = id ? merge_follow(t, a, id, &out->ticket) : 0;

	if (found <= 0)
		return found;
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].address.n &&
		    people_takes_part(&out->ticket, b->v[i].address)) {
			out->origin = id;
			out->evidence = arena_printf(a,
			    "subject #%llu of the mail that came back",
			    (unsigned long long)id);
			return 1;
		}
	return 0;
}

int
bounce_match(const struct desk *d, struct txn *t, struct arena *a,
    const struct message *m, struct bounce_match *out, struct err *err)
{
	const struct strs *lists[] = {&m->in_reply_to, &m->references};
	int found = 0;

	*out = (struct bounce_match){0};
	if (m->bounce && m->bounce->message_id.n)
		found = from_id(d, t, a, m->bounce->message_id, out);
	for (size_t l = 0; l < ARRAY_LEN(lists) && !found; l++)
		for (size_t i = lists[l]->n; i-- > 0 && !found;)
			found = from_id(d, t, a, lists[l]->v[i], out);
	if (!found && m->bounce)
		found = from_subject(d, t, a, m->bounce, out);
	if (!found)
		*out = (struct bounce_match){0};
	return found < 0 ? txn_error(t, err) : found;
}

/* --- applying ---------------------------------------------------------- */

/* The recipient of ours that a report means; forwarding hides it, but one that
 * is the only one it must be. */
static struct recipient *
recipient_of(struct outbox *row, struct str addr)
{
	for (size_t i = 0; i < row->nrecipients; i++)
		if (address_eq(row->recipients[i].addr, addr))
			return &row->recipients[i];
	return row->nrecipients == 1 ? &row->recipients[0] : NULL;
}

static struct str
describe(struct arena *a, const struct bounced *x)
{
	struct str clean = utf8_clip(str_trim(x->reason), 500);

	return arena_printf(a, "%.*s%s%.*s%s%.*s%s%.*s",
	    STR_ARG(x->address.n ? x->address : S("a recipient")),
	    x->smtp_code.n ? " " : "", STR_ARG(x->smtp_code),
	    x->status.n ? " " : "", STR_ARG(x->status), clean.n ? ": " : "",
	    STR_ARG(clean));
}

static bool
is_failure(const struct bounced *x)
{
	return !str_ieq(x->action, S("delayed")) &&
	       !str_ieq(x->action, S("delivered")) &&
	       !str_ieq(x->action, S("relayed")) &&
	       !str_ieq(x->action, S("expanded"));
}

static int
apply_one(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct outbox *row, const struct bounced *x, int64_t now, struct err *err)
{
	struct actor who = ACTOR_SYSTEM;
	struct recipient *r = row ? recipient_of(row, x->address) : NULL;
	struct str words = describe(a, x);

	who.cause = S("bounce");
	event_add(t, k, EVENT_BOUNCE, &who,
	    arena_printf(a, "%s: %.*s",
		!is_failure(x) ? arena_cstr(a, x->action)
		: x->hard      ? "hard"
			       : "soft",
		STR_ARG(words)),
	    now);
	/* A soft one, or about somebody we did not write to: told, no more. */
	if (!r || !x->hard || !is_failure(x))
		return 0;
	if (r->state == OUTBOX_FAILED)
		return 0;
	r->state = OUTBOX_FAILED;
	r->reply = words;
	if (row->state == OUTBOX_SENT)
		row->state = OUTBOX_FAILED;
	row->last = words;
	return delivery_failed(d, t, a, k, row, r->addr, words, true, now, err);
}

int
bounce_apply(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    uint64_t outbox, const struct bounce *b, int64_t now, struct err *err)
{
	struct outbox row;
	int found = outbox ? outbox_get(t, a, outbox, &row) : 0;

	if (found < 0)
		return txn_error(t, err);
	for (size_t i = 0; i < b->n && i < 20; i++)
		if (apply_one(d, t, a, k, found ? &row : NULL, &b->v[i], now,
			err) < 0)
			return -1;
	if (found)
		outbox_put(t, &row);
	return txn_error(t, err);
}

/* --- the record -------------------------------------------------------- */

enum {
	TAG_ONE = 1,
	TAG_MESSAGE_ID = 2,
	TAG_SUBJECT = 3,
	ONE_ADDRESS = 1,
	ONE_STATUS = 2,
	ONE_CODE = 3,
	ONE_HARD = 4,
	ONE_REASON = 5,
	ONE_ACTION = 6
};

struct str
bounce_encode(struct arena *a, const struct bounce *b)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;

	for (size_t i = 0; i < b->n; i++) {
		const struct bounced *x = &b->v[i];
		size_t at = rec_begin(&out, TAG_ONE);

		rec_str_opt(&out, ONE_ADDRESS, x->address);
		rec_str_opt(&out, ONE_STATUS, x->status);
		rec_str_opt(&out, ONE_CODE, x->smtp_code);
		rec_u64_opt(&out, ONE_HARD, x->hard);
		rec_str_opt(&out, ONE_REASON, x->reason);
		rec_str_opt(&out, ONE_ACTION, x->action);
		rec_end(&out, at);
	}
	rec_str_opt(&out, TAG_MESSAGE_ID, b->message_id);
	rec_str_opt(&out, TAG_SUBJECT, b->subject);
	return arena_dup(a, buf_str(&out));
}

static bool
decode_one(struct str rec, struct bounced *x)
{
	struct recr r = recr_open(rec);

	*x = (struct bounced){0};
	while (recr_next(&r)) {
		if (r.tag == ONE_ADDRESS)
			x->address = r.s;
		else if (r.tag == ONE_STATUS)
			x->status = r.s;
		else if (r.tag == ONE_CODE)
			x->smtp_code = r.s;
		else if (r.tag == ONE_HARD)
			x->hard = r.u != 0;
		else if (r.tag == ONE_REASON)
			x->reason = r.s;
		else if (r.tag == ONE_ACTION)
			x->action = r.s;
	}
	return !r.bad;
}

int
bounce_decode(
    struct arena *a, struct str rec, struct bounce *out, struct err *err)
{
	struct recr r = recr_open(rec);
	bool bad = false;
	size_t n = 0;

	*out = (struct bounce){0};
	while (recr_next(&r))
		n += r.tag == TAG_ONE && r.is_str;
	out->v = arena_array(a, struct bounced, n + 1);
	for (r = recr_open(rec); recr_next(&r);) {
		if (r.tag == TAG_ONE && r.is_str)
			bad |= !decode_one(r.s, &out->v[out->n++]);
		else if (r.tag == TAG_MESSAGE_ID)
			out->message_id = r.s;
		else if (r.tag == TAG_SUBJECT)
			out->subject = r.s;
	}
	if (bad || r.bad)
		return err_set(
		    err, ERR_CORRUPT, "a delivery report cannot be read");
	return 0;
}

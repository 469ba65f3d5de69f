#include "desk/delivery.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/copy.h"
#include "desk/hook.h"
#include "desk/merge.h"
#include "desk/notice.h"
#include "desk/people.h"
#include "store/blob.h"

enum {
	REPLY_MAX = 500
};

/* --- claiming ---------------------------------------------------------- */

int
delivery_claim(struct txn *t, struct arena *a, uint64_t *ids, size_t n,
    int64_t now, struct err *err)
{
	(void)now;
	for (size_t i = 0; i < n; i++) {
		struct outbox row;
		int found = outbox_get(t, a, ids[i], &row);

		if (found < 0)
			return txn_error(t, err);
		if (!found || row.state != OUTBOX_QUEUED) {
			ids[i] = 0;
			continue;
		}
		row.state = OUTBOX_SENDING;
		row.attempts++;
		outbox_put(t, &row);
	}
	return txn_error(t, err);
}

int
delivery_unclaim(struct txn *t, struct arena *a, uint64_t id, struct err *err)
{
	struct outbox row;
	int found = outbox_get(t, a, id, &row);

	if (found < 0)
		return txn_error(t, err);
	if (!found || row.state != OUTBOX_SENDING)
		return 0;
	row.state = OUTBOX_QUEUED;
	row.attempts -= row.attempts > 0;
	outbox_put(t, &row);
	return txn_error(t, err);
}

/* The ticket of a row, or what it was merged into, to tell something on it: 1,
 * 0 when it has none. */
static int
ticket_of(struct txn *t, struct arena *a, const struct outbox *row,
    struct ticket *k, struct err *err)
{
	int found = row->ticket ? merge_follow(t, a, row->ticket, k) : 0;

	return found < 0 ? txn_error(t, err) : found;
}

static const char *
word_of(const struct outbox *row)
{
	return copy_is(row) ? "copy" : hook_is(row) ? "webhook" : "mail";
}

static int
tell_ambiguous(struct txn *t, struct arena *a, const struct outbox *row,
    const char *why, int64_t now, struct err *err)
{
	struct actor who = ACTOR_SYSTEM;
	struct ticket k;
	int found = ticket_of(t, a, row, &k, err);

	if (found <= 0)
		return found;
	event_add(t, &k, EVENT_AMBIGUOUS, &who,
	    arena_printf(a, "%s %llu: %s", word_of(row),
		(unsigned long long)row->id, why),
	    now);
	ticket_put(t, &k);
	return txn_error(t, err);
}

struct found_rows {
	uint64_t *ids;
	size_t n, cap;
	struct arena *a;
};

static bool
note_row(void *ctx, const struct outbox *o)
{
	struct found_rows *f = ctx;

	if (f->n == f->cap) {
		uint64_t *v;

		f->cap = f->cap ? 2 * f->cap : 64;
		v = arena_array(f->a, uint64_t, f->cap);
		if (f->n)
			memcpy(v, f->ids, f->n * sizeof *v);
		f->ids = v;
	}
	f->ids[f->n++] = o->id;
	return true;
}

int
delivery_recover(
    struct txn *t, struct arena *a, int64_t now, size_t *n, struct err *err)
{
	struct found_rows f = {.a = a};

	*n = 0;
	if (outbox_each(t, a, OUTBOX_SENDING, note_row, &f) < 0)
		return txn_error(t, err);
	for (size_t i = 0; i < f.n; i++) {
		struct outbox row;
		int found = outbox_get(t, a, f.ids[i], &row);

		if (found < 0)
			return txn_error(t, err);
		if (!found)
			continue;
		row.state = OUTBOX_QUEUED;
		row.ambiguous++;
		row.next = now;
		row.last = S("interrupted while it was handed over");
		outbox_put(t, &row);
		if (tell_ambiguous(t, a, &row,
			"interrupted while it was handed over", now, err) < 0)
			return -1;
		++*n;
	}
	return txn_error(t, err);
}

/* --- results ----------------------------------------------------------- */

static struct str
clean_words(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	utf8_put_clean(&b, str_trim(s));
	for (size_t i = 0; i < b.n; i++)
		if ((unsigned char)b.p[i] < ' ' || b.p[i] == 0x7f)
			b.p[i] = ' ';
	return arena_dup(a, utf8_clip(buf_str(&b), REPLY_MAX));
}

/* "550 5.1.1 …", "550-5.2.1": does it say that nobody is there? Policy,
 * content and full boxes say nothing about the address. */
static bool
says_gone(struct str reply)
{
	struct str rest = str_from(reply, MIN(reply.n, (size_t)4));

	if (!str_starts(reply, S("55")) || rest.n < 5)
		return str_starts(reply, S("550")) ||
		       str_starts(reply, S("551"));
	if (ch_is_digit(rest.p[0]) && rest.p[1] == '.')
		return str_starts(rest, S("5.1.1")) ||
		       str_starts(rest, S("5.1.2")) ||
		       str_starts(rest, S("5.1.6")) ||
		       str_starts(rest, S("5.1.10")) ||
		       str_starts(rest, S("5.2.1"));
	return str_starts(reply, S("550")) || str_starts(reply, S("551"));
}

int
delivery_failed(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, const struct outbox *row, struct str addr,
    struct str words, bool gone, int64_t now, struct err *err)
{
	struct actor who = {S("system"), S("delivery failed")};

	/* Reports name whom they are about. */
	if (str_istarts(words, addr))
		words = str_ltrim(str_from(words, addr.n));
	event_add(t, k, EVENT_DELIVERY_FAILED, &who,
	    arena_printf(a, "%.*s: %.*s", STR_ARG(addr), STR_ARG(words)), now);
	/* What an agent was told is none of the customer's history of mails. */
	if (!row->seq)
		return 0;
	k->updated = MAX(now, k->updated);
	if (gone) {
		int news = people_suspend(t, a, addr, words, now, err);

		if (news < 0)
			return -1;
		if (news)
			event_add(t, k, EVENT_SUSPENDED, &who, addr, now);
	}
	if (k->status == STATUS_RESOLVED && !str_eq(row->kind, S("ack")) &&
	    change_status(d, t, a, k, STATUS_OPEN, &who, now, err) < 0)
		return -1;
	return notice_failed(d, t, a, k, row, addr, words, gone, now, err);
}

static int64_t
backoff(uint32_t attempts)
{
	int64_t wait = 5 * CLOCK_MINUTE;

	for (uint32_t i = 1; i < attempts && wait < CLOCK_HOUR; i++)
		wait *= 2;
	return MIN(wait, CLOCK_HOUR);
}

static const struct delivery *
result_of(const struct delivery *v, size_t n, struct str addr)
{
	for (size_t i = 0; i < n; i++)
		if (address_eq(v[i].addr, addr))
			return &v[i];
	return NULL;
}

struct failing {
	struct str addr, words;
	bool gone;
};

static bool
has_sent(const struct outbox *row)
{
	for (size_t i = 0; i < row->nrecipients; i++)
		if (row->recipients[i].state == OUTBOX_SENT)
			return true;
	return false;
}

/* Applies the results to the row's recipients; fills what failed for good. */
static size_t
apply(struct desk *d, struct arena *a, struct outbox *row,
    const struct delivery *v, size_t n, int64_t now, struct failing *fail,
    bool *ambiguous)
{
	bool over =
	    now - row->created >= (int64_t)d->settings->send_days * CLOCK_DAY;
	size_t nfail = 0;

	for (size_t i = 0; i < row->nrecipients; i++) {
		struct recipient *r = &row->recipients[i];
		const struct delivery *x;

		if (r->state != OUTBOX_QUEUED)
			continue;
		x = result_of(v, n, r->addr);
		if (x && x->reply.n)
			r->reply = clean_words(a, x->reply);
		if (x && x->result == DELIVERED_OK) {
			r->state = OUTBOX_SENT;
			continue;
		}
		if (x && x->result == DELIVERED_UNKNOWN)
			*ambiguous = true;
		if (x && x->result == DELIVERED_REFUSED) {
			r->state = OUTBOX_FAILED;
			fail[nfail++] = (struct failing){
			    r->addr, r->reply, says_gone(r->reply)};
		} else if (over) {
			r->state = OUTBOX_FAILED;
			fail[nfail++] = (struct failing){r->addr,
			    arena_printf(a, "given up after %u days: %.*s",
				d->settings->send_days, STR_ARG(r->reply)),
			    false};
		}
	}
	return nfail;
}

static void
settle(struct outbox *row, int64_t now)
{
	bool failed = false, waiting = false;

	for (size_t i = 0; i < row->nrecipients; i++) {
		failed |= row->recipients[i].state == OUTBOX_FAILED;
		waiting |= row->recipients[i].state == OUTBOX_QUEUED;
		if (row->recipients[i].reply.n)
			row->last = row->recipients[i].reply;
	}
	row->state = waiting  ? OUTBOX_QUEUED
		     : failed ? OUTBOX_FAILED
			      : OUTBOX_SENT;
	if (waiting)
		row->next = now + backoff(row->attempts);
}

int
delivery_result(struct desk *d, struct txn *t, struct arena *a, uint64_t id,
    const struct delivery *v, size_t n, int64_t now, struct err *err)
{
	struct failing *fail;
	struct outbox row;
	struct ticket k;
	bool ambiguous = false, arrived;
	size_t nfail;
	int found = outbox_get(t, a, id, &row);

	if (found < 0)
		return txn_error(t, err);
	if (!found || row.state != OUTBOX_SENDING)
		return 0;
	fail = arena_array(a, struct failing, row.nrecipients + 1);
	arrived = has_sent(&row);
	nfail = apply(d, a, &row, v, n, now, fail, &ambiguous);
	row.ambiguous += ambiguous;
	settle(&row, now);
	/* A notice, with a customer's attachments for each agent, is kept only
	 * until it is there: what it told is in the ticket. */
	if (row.state == OUTBOX_SENT && row.blob && !row.seq) {
		blob_del(t, row.blob);
		row.blob = 0;
	}
	outbox_put(t, &row);
	if (!arrived && has_sent(&row) &&
	    copy_write(d, t, a, &row, now, err) < 0)
		return -1;
	if (ambiguous &&
	    tell_ambiguous(t, a, &row, "handed over, but the answer never came",
		now, err) < 0)
		return -1;
	/* A person's mail arrived: the address is alive again. */
	if (str_eq(row.kind, S("answer")))
		for (size_t i = 0; i < row.nrecipients; i++)
			if (row.recipients[i].state == OUTBOX_SENT &&
			    people_resume(t, a, row.recipients[i].addr, err) <
				0)
				return -1;
	if (!nfail)
		return txn_error(t, err);
	found = ticket_of(t, a, &row, &k, err);
	if (found <= 0)
		return found;
	for (size_t i = 0; i < nfail; i++)
		if (copy_is(&row)) {
			copy_failed(t, a, &k, &row, fail[i].words, now);
		} else if (hook_is(&row)) {
			if (hook_failed(
				d, t, a, &k, &row, fail[i].words, now, err) < 0)
				return -1;
		} else if (delivery_failed(d, t, a, &k, &row, fail[i].addr,
			       fail[i].words, fail[i].gone, now, err) < 0)
			return -1;
	ticket_put(t, &k);
	return txn_error(t, err);
}

/* --- by hand ----------------------------------------------------------- */

static int
get_row(struct txn *t, struct arena *a, uint64_t id, struct outbox *row,
    struct err *err)
{
	int found = outbox_get(t, a, id, row);

	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return err_set(err, ERR_NOENT, "there is no mail %llu",
		    (unsigned long long)id);
	if (row->state == OUTBOX_SENDING)
		return err_set(err, ERR_TEMP,
		    "mail %llu is being sent at the moment",
		    (unsigned long long)id);
	if (row->state == OUTBOX_SENT)
		return err_set(err, ERR_INVAL, "mail %llu was sent already",
		    (unsigned long long)id);
	return 0;
}

int
delivery_retry(
    struct txn *t, struct arena *a, uint64_t id, int64_t now, struct err *err)
{
	struct outbox row;

	if (get_row(t, a, id, &row, err) < 0)
		return -1;
	for (size_t i = 0; i < row.nrecipients; i++) {
		struct recipient *r = &row.recipients[i];

		/* After a 5xx never again: not these bytes to this one. A
		 * webhook's server may have been mended. */
		if (!hook_is(&row) && r->state == OUTBOX_FAILED && r->reply.n &&
		    r->reply.p[0] == '5')
			continue;
		if (r->state != OUTBOX_SENT)
			r->state = OUTBOX_QUEUED;
	}
	row.state = OUTBOX_QUEUED;
	row.next = now;
	row.created = MAX(row.created, now - CLOCK_DAY);
	for (size_t i = 0; i < row.nrecipients; i++)
		if (row.recipients[i].state == OUTBOX_QUEUED) {
			outbox_put(t, &row);
			return txn_error(t, err);
		}
	return err_set(err, ERR_INVAL,
	    "mail %llu was refused for good (%.*s): write a new answer",
	    (unsigned long long)id, STR_ARG(row.last));
}

int
delivery_drop(struct desk *d, struct txn *t, struct arena *a, uint64_t id,
    const struct actor *who, int64_t now, struct err *err)
{
	struct outbox row;
	struct ticket k;
	int found;

	(void)d;
	if (get_row(t, a, id, &row, err) < 0)
		return -1;
	if (row.state == OUTBOX_FAILED)
		return 0;
	for (size_t i = 0; i < row.nrecipients; i++)
		if (row.recipients[i].state == OUTBOX_QUEUED)
			row.recipients[i].state = OUTBOX_FAILED;
	row.state = OUTBOX_FAILED;
	row.last = arena_printf(a, "dropped by %.*s", STR_ARG(who->name));
	outbox_put(t, &row);
	found = ticket_of(t, a, &row, &k, err);
	if (found <= 0)
		return found;
	event_add(t, &k,
	    copy_is(&row)   ? EVENT_COPY_FAILED
	    : hook_is(&row) ? EVENT_HOOK_FAILED
			    : EVENT_DELIVERY_FAILED,
	    who,
	    arena_printf(
		a, "%s %llu: dropped", word_of(&row), (unsigned long long)id),
	    now);
	ticket_put(t, &k);
	return txn_error(t, err);
}

/* --- after a death ----------------------------------------------------- */

static const struct delivery_record *
last_note(const struct delivery_record *v, size_t n, const struct outbox *row)
{
	for (size_t i = n; i-- > 0;)
		if (v[i].id == row->id && v[i].attempt == row->attempts)
			return &v[i];
	return NULL;
}

int
delivery_resume(struct desk *d, struct txn *t, struct arena *a,
    const struct delivery_record *v, size_t n, bool complete, int64_t now,
    size_t *ambiguous, struct err *err)
{
	struct found_rows f = {.a = a};

	if (outbox_each(t, a, OUTBOX_SENDING, note_row, &f) < 0)
		return txn_error(t, err);
	for (size_t i = 0; i < f.n; i++) {
		struct outbox row;
		const struct delivery_record *note;
		int found = outbox_get(t, a, f.ids[i], &row), r = 0;

		if (found < 0)
			return txn_error(t, err);
		if (!found)
			continue;
		note = last_note(v, n, &row);
		if (note && note->ended)
			r = delivery_result(
			    d, t, a, row.id, note->v, note->n, now, err);
		else if (!note && complete)
			r = delivery_unclaim(t, a, row.id, err);
		if (r < 0)
			return -1;
	}
	return delivery_recover(t, a, now, ambiguous, err);
}

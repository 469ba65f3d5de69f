/*
 * The steps of an erasure, and the note of how far it is.
 *
 * The note is a row in meta that every step reads and writes in its own
 * transaction, so whoever runs one, a verb or the daemon, goes on where the last
 * one ended, whatever became of it. It holds the address until the end, which
 * takes it away. A timer of DUE_ERASE is due a while after each step: when nobody
 * makes the next one, the daemon does.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/due.h"
#include "desk/erase_private.h"
#include "desk/search.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/reseal.h"
#include "store/term.h"
#include "store/ticket.h"

#define NOTE S("privacy.erasing")

enum {
	TAG_ADDR = 1,
	TAG_KEY,
	TAG_NAME,
	TAG_ACTOR,
	TAG_ID,
	TAG_NEXT,
	TAG_TICKET,
	TAG_SEALED_WITH,
	TAG_STAGE,
	TAG_ROW,
	TAG_CHANGED,
	TAG_PLACE,
	TAG_DUE,
	TAG_FORCE,
	TAG_COUNT /* in the order of struct erasure_counts */
};
enum {
	ROWS = 200,    /* articles and events in one step */
	LOOKED = 1000, /* tickets that are looked at, rows of the outbox */
	QUARANTINED = 5,
	CHUNKS = 250, /* of the index: 1 MB */
	INDEXED = 20, /* tickets whose words are indexed again */
	SEALED = 50   /* rows that get another key */
};

/* --- the note ---------------------------------------------------------- */

void
erasure_fini(struct erasure *e)
{
	mem_free(e->tickets);
	*e = (struct erasure){0};
}

void
erase_note_ticket(struct erasure *e, uint64_t v)
{
	if (e->ntickets && e->tickets[e->ntickets - 1] >> 1 == v >> 1)
		return;
	e->tickets =
	    mem_fit(e->tickets, &e->cap, e->ntickets + 1, sizeof *e->tickets);
	e->tickets[e->ntickets++] = v;
}

static struct str
alias_of(struct arena *a, uint64_t id)
{
	return arena_printf(a, "erased-%llu@invalid", (unsigned long long)id);
}

static uint64_t *
counts_of(struct erasure *e, size_t *n)
{
	*n = sizeof e->n / sizeof(uint64_t);
	return &e->n.tickets;
}

static void
read_number(struct erasure *e, const struct recr *r, size_t *counted)
{
	size_t n;
	uint64_t *counts = counts_of(e, &n);

	if (r->tag == TAG_ID)
		e->id = r->u;
	else if (r->tag == TAG_NEXT)
		e->next = r->u;
	else if (r->tag == TAG_TICKET)
		erase_note_ticket(e, r->u);
	else if (r->tag == TAG_SEALED_WITH)
		e->sealed_with = r->u;
	else if (r->tag == TAG_STAGE && r->u < ERASE_STAGE_COUNT)
		e->stage = (enum erase_stage)r->u;
	else if (r->tag == TAG_ROW)
		e->row = r->u;
	else if (r->tag == TAG_CHANGED)
		e->changed = r->u != 0;
	else if (r->tag == TAG_FORCE)
		e->force = r->u != 0;
	else if (r->tag == TAG_DUE)
		e->due = recr_i64(r);
	else if (r->tag == TAG_COUNT && *counted < n)
		counts[(*counted)++] = r->u;
}

int
erasure_pending(struct txn *t, struct arena *a, struct erasure *out)
{
	size_t counted = 0;
	struct recr r;
	struct str v;
	int got = meta_get(t, a, NOTE, &v);

	if (got <= 0 || !v.n)
		return got < 0 ? got : 0;
	*out = (struct erasure){.due = CLOCK_NONE};
	r = recr_open(v);
	while (recr_next(&r))
		if (!r.is_str)
			read_number(out, &r, &counted);
		else if (r.tag == TAG_ADDR)
			out->addr = r.s;
		else if (r.tag == TAG_KEY)
			out->key = r.s;
		else if (r.tag == TAG_NAME)
			out->name = r.s;
		else if (r.tag == TAG_ACTOR)
			out->actor = r.s;
		else if (r.tag == TAG_PLACE)
			out->place = r.s;
	if (r.bad || !out->id || !out->addr.n) {
		erasure_fini(out);
		return txn_fail(t, ERR_CORRUPT,
		    "the note of an erasure is not in its form");
	}
	out->alias = alias_of(a, out->id);
	return 1;
}

static void
note(struct txn *t, struct erasure *e)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	size_t n;
	const uint64_t *counts = counts_of(e, &n);

	rec_str(&b, TAG_ADDR, e->addr);
	rec_str(&b, TAG_KEY, e->key);
	rec_str_opt(&b, TAG_NAME, e->name);
	rec_str_opt(&b, TAG_ACTOR, e->actor);
	rec_u64(&b, TAG_ID, e->id);
	rec_u64(&b, TAG_NEXT, e->next);
	rec_u64_opt(&b, TAG_SEALED_WITH, e->sealed_with);
	rec_u64_opt(&b, TAG_STAGE, e->stage);
	rec_u64_opt(&b, TAG_ROW, e->row);
	rec_u64_opt(&b, TAG_CHANGED, e->changed);
	rec_u64_opt(&b, TAG_FORCE, e->force);
	rec_str_opt(&b, TAG_PLACE, e->place);
	if (e->due != CLOCK_NONE)
		rec_i64(&b, TAG_DUE, e->due);
	for (size_t i = 0; i < n; i++)
		rec_u64(&b, TAG_COUNT, counts[i]);
	for (size_t i = 0; i < e->ntickets; i++)
		rec_u64(&b, TAG_TICKET, e->tickets[i]);
	meta_put(t, NOTE, buf_str(&b));
}

/* CLOCK_NONE: none. */
static void
set_timer(struct txn *t, struct erasure *e, int64_t at)
{
	struct timer m = {.due = e->due, .kind = DUE_ERASE};

	if (e->due == at)
		return;
	if (e->due != CLOCK_NONE)
		timer_del(t, &m);
	e->due = m.due = at;
	if (at != CLOCK_NONE)
		timer_put(t, &m);
}

int
erasure_begin(struct txn *t, struct arena *a, struct erasure *e, int64_t now,
    struct err *err)
{
	struct erasure other;
	int got = erasure_pending(t, a, &other);

	if (got < 0)
		return txn_error(t, err);
	if (got > 0) {
		erasure_fini(&other);
		return err_set(err, ERR_TEMP,
		    "another erasure is to be ended first: helpd erase "
		    "--continue");
	}
	e->id = meta_next(t, S("erased"));
	e->alias = alias_of(a, e->id);
	e->next = 1;
	e->due = CLOCK_NONE;
	e->sealed_with = reseal_part(t, e->addr);
	set_timer(t, e, now + ERASE_LEASE);
	note(t, e);
	return txn_error(t, err);
}

int
erasure_resume(struct txn *t, struct arena *a, int64_t now)
{
	struct erasure e;
	int got = erasure_pending(t, a, &e);

	if (got <= 0)
		return got;
	set_timer(t, &e, now);
	note(t, &e);
	erasure_fini(&e);
	return 1;
}

static size_t
place_of(const struct erasure *e, uint64_t ticket)
{
	size_t lo = 0, hi = e->ntickets;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (e->tickets[mid] >> 1 < ticket)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
erasure_has(void *ctx, uint64_t ticket)
{
	const struct erasure *e = ctx;
	size_t at = place_of(e, ticket);

	return at < e->ntickets && e->tickets[at] >> 1 == ticket;
}

bool
erase_is_own(const struct erasure *e, uint64_t ticket)
{
	size_t at = place_of(e, ticket);

	return at < e->ntickets && e->tickets[at] == (ticket << 1 | 1);
}

/* --- stages ------------------------------------------------------------ */

struct run {
	struct txn *t;
	struct arena *a;
	const struct settings *s;
	struct erasure *e;
	const struct erase_tell *tell;
	bool alone;
	int64_t now;
	struct err *err;
};

/* Each: 1 there is more, 0 the stage is over, ERASE_WAIT, -1. */
typedef int stage_fn(struct run *x);

static int
tickets(struct run *x)
{
	struct erasure *e = x->e;
	size_t rows = ROWS;
	uint64_t last;

	if (ticket_last(x->t, &last) < 0)
		return -1;
	for (size_t i = 0; i < LOOKED && rows && e->next <= last; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		int done = erase_ticket(
		    x->t, &a, x->s, e, e->next, &rows, x->tell, x->now);

		if (done < 0 || done == ERASE_WAIT)
			return done;
		if (!done)
			return 1;
		e->next++;
	}
	return e->next <= last;
}

static int
outbox(struct run *x)
{
	struct erasure *e = x->e;
	uint64_t last;
	int rc;

	if (outbox_last(x->t, &last) < 0)
		return -1;
	for (size_t i = 0; i < LOOKED && e->next <= last; i++) {
		rc = erase_row(x->t, x->s, e, e->next);
		if (rc)
			return rc;
		e->next++;
	}
	return e->next <= last;
}

struct found {
	uint64_t from, v[QUARANTINED];
	size_t n;
};

static bool
note_quarantined(void *ctx, const struct quarantined *q)
{
	struct found *f = ctx;

	if (q->id >= f->from)
		f->v[f->n++] = q->id;
	return f->n < QUARANTINED;
}

static int
quarantine(struct run *x)
{
	struct found f = {.from = x->e->next};

	if (quarantine_each(x->t, x->a, note_quarantined, &f) < 0)
		return -1;
	for (size_t i = 0; i < f.n; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;

		if (erase_quarantined(x->t, &a, x->e, f.v[i], x->tell, x->now) <
		    0)
			return -1;
		x->e->next = f.v[i] + 1;
	}
	return f.n == QUARANTINED;
}

static int
person(struct run *x)
{
	return erase_person(x->t, x->a, x->e);
}

struct waits {
	struct erasure *e;
	bool any;
};

static bool
on_unindexed(void *ctx, uint64_t ticket, uint32_t seq)
{
	struct waits *w = ctx;

	(void)seq;
	w->any |= erasure_has(w->e, ticket);
	return !w->any;
}

/* A daemon may have terms of them in memory; it puts them within seconds. */
static int
words(struct run *x)
{
	AUTO(buf_fini) struct buf place = BUF_INIT;
	struct waits w = {.e = x->e};
	int more;

	if (!x->e->ntickets)
		return 0;
	if (!x->alone && !x->e->place.n &&
	    unindexed_each(x->t, on_unindexed, &w) < 0)
		return -1;
	if (w.any)
		return ERASE_WAIT;
	buf_put(&place, x->e->place);
	more = term_forget(x->t, erasure_has, x->e, &place, CHUNKS);
	x->e->place = arena_dup(x->a, buf_str(&place));
	return more;
}

/* What stays of them, or is of others. */
static int
index_again(struct run *x)
{
	struct term_batch *b = term_batch_new();
	struct erasure *e = x->e;
	int rc = 0;

	for (size_t i = 0; i < INDEXED && e->next < e->ntickets; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		uint64_t id = e->tickets[e->next++] >> 1;
		struct ticket k;
		int found = ticket_get(x->t, &a, id, &k);

		for (uint32_t seq = 1; found > 0 && seq <= k.articles; seq++) {
			AUTO(arena_fini) struct arena each = ARENA_INIT;

			index_article(x->t, &each, id, seq, b);
		}
		if (found < 0)
			rc = -1;
	}
	term_batch_put(x->t, b);
	term_batch_free(b);
	if (term_fold_due(x->t))
		term_fold(x->t, 1 << 20);
	return rc < 0 ? -1 : e->next < e->ntickets;
}

/* What is still under his key and is not his gets another one. */
static int
seals(struct run *x)
{
	AUTO(buf_fini) struct buf place = BUF_INIT;
	uint64_t done = 0;
	int more;

	if (!x->e->sealed_with)
		return 0;
	buf_put(&place, x->e->place);
	more = reseal_move(x->t, x->e->sealed_with, &place, SEALED, &done);
	x->e->place = arena_dup(x->a, buf_str(&place));
	return more;
}

static int
key(struct run *x)
{
	return x->e->sealed_with
		   ? reseal_forget(x->t, x->e->sealed_with, x->err)
		   : 0;
}

static stage_fn *const stages[ERASE_STAGE_COUNT] = {
    [ERASE_TICKETS] = tickets,
    [ERASE_OUTBOX] = outbox,
    [ERASE_QUARANTINE] = quarantine,
    [ERASE_PERSON] = person,
    [ERASE_WORDS] = words,
    [ERASE_INDEX] = index_again,
    [ERASE_SEALS] = seals,
    [ERASE_KEY] = key,
};

/* The next stage begins at its first row. */
static void
next_stage(struct erasure *e)
{
	e->stage++;
	e->row = 0;
	e->place = str_n(NULL, 0);
	e->next = e->stage == ERASE_INDEX ? 0 : 1;
}

int
erasure_step(struct txn *t, struct arena *a, const struct settings *s,
    struct erasure *e, const struct erase_tell *tell, bool alone, int64_t lease,
    int64_t now, struct err *err)
{
	struct run x = {.t = t,
	    .a = a,
	    .s = s,
	    .e = e,
	    .tell = tell,
	    .alone = alone,
	    .now = now,
	    .err = err};
	int rc = stages[e->stage](&x);

	if (rc < 0)
		return err && err->code ? -1 : txn_error(t, err);
	if (rc == 0)
		next_stage(e);
	if (e->stage == ERASE_STAGE_COUNT) {
		set_timer(t, e, CLOCK_NONE);
		meta_put(t, NOTE, str_n(NULL, 0));
		return txn_error(t, err);
	}
	set_timer(
	    t, e, now + (rc == ERASE_WAIT ? MAX(lease, CLOCK_SECOND) : lease));
	note(t, e);
	return txn_error(t, err) < 0 ? -1 : rc == ERASE_WAIT ? ERASE_WAIT : 1;
}

int
due_erase(struct desk *d, struct txn *t, struct arena *a, const struct timer *m,
    int64_t now, struct err *err)
{
	struct erasure e;
	int rc, got = erasure_pending(t, a, &e);

	if (got <= 0)
		return got < 0 ? txn_error(t, err) : 0;
	if (e.due != m->due) {
		erasure_fini(&e);
		return 0;
	}
	e.due = CLOCK_NONE; /* the row is gone */
	rc = erasure_step(t, a, d->settings, &e, NULL, false, 0, now, err);
	erasure_fini(&e);
	return MIN(rc, 0);
}

/*
 * What is due, lane by lane (outbox.h). The rows of a lane lie beside each
 * other in the index, by their time; from one to the next it is one look-up,
 * however many rows lie between.
 */
#include "base/must.h"
#include "store/outbox_private.h"

struct place {
	int64_t next;
	uint64_t id;
};

struct lanes {
	struct txn *t;
	const struct outbox_pick *pick;
	uint64_t lane; /* the one that is looked at */
};

/* The first row at or behind a place of a lane. 1: it is queued, and may be of a
 * lane behind; 0, -1. */
static int
lane_row(struct lanes *l, struct iter *it, uint64_t lane, int64_t next,
    struct place *out)
{
	enum outbox_state state;
	struct key from = {0};
	int r;

	key_uint(&from, OUTBOX_QUEUED, 1);
	key_uint(&from, lane, 8);
	key_time(&from, next);
	r = iter_ge(it, l->t, T_OUTBOX_INDEX, key_str(&from));
	if (r <= 0)
		return r;
	if (!outbox_index_read(it->key, &state, &l->lane, &out->next, &out->id))
		return row_corrupt(l->t, T_OUTBOX_INDEX, it->key);
	return state == OUTBOX_QUEUED;
}

/* By one row of it. 1, 0, -1. */
static int
is_wanted(struct lanes *l, uint64_t id)
{
	struct str v, kind, transport;
	struct key k = key_of_u64(id);
	int got;

	if (!l->pick || !l->pick->wanted)
		return 1;
	got = row_get(l->t, T_OUTBOX, key_str(&k), &v);
	if (got < 0)
		return -1;
	if (!got)
		return txn_fail(l->t, ERR_CORRUPT,
		    "outbox row %llu is in an index and does not exist",
		    (unsigned long long)id);
	return outbox_names(v, &kind, &transport)
		   ? l->pick->wanted(l->pick->ctx, kind, transport)
		   : row_corrupt(l->t, T_OUTBOX, key_str(&k));
}

/* The first row of the next lane that is wanted, behind l->lane. 1, 0, -1. */
static int
next_lane(struct lanes *l, struct iter *it, struct place *first)
{
	while (l->lane < UINT64_MAX) {
		int r = lane_row(l, it, l->lane + 1, INT64_MIN, first);

		if (r > 0) {
			r = is_wanted(l, first->id);
			if (!r)
				continue;
		}
		return r;
	}
	return 0;
}

static int
by_place(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->next != b->next)
		return a->next < b->next ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Adds up to max rows of the lane whose first row is *at: how many, -1. */
static int
lane_due(struct lanes *l, struct iter *it, struct place at, int64_t until,
    struct place *out, size_t max)
{
	uint64_t lane = l->lane;
	size_t n = 0;
	int r = 1;

	while (r > 0 && n < max && l->lane == lane && at.next <= until) {
		enum outbox_state state;

		out[n++] = at;
		r = iter_next(it);
		if (r <= 0)
			break;
		if (!outbox_index_read(
			it->key, &state, &l->lane, &at.next, &at.id))
			return row_corrupt(l->t, T_OUTBOX_INDEX, it->key);
		if (state != OUTBOX_QUEUED)
			break;
	}
	l->lane = lane;
	return r < 0 ? -1 : (int)n;
}

int
outbox_due(struct txn *t, const struct outbox_pick *p, int64_t until,
    uint64_t *ids, size_t max)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct place all[2 * OUTBOX_DUE_MAX], first;
	struct lanes l = {.t = t, .pick = p};
	size_t n = 0;
	int r;

	must(max <= OUTBOX_DUE_MAX);
	/* The best of those so far and of one more lane. */
	while ((r = next_lane(&l, &it, &first)) > 0) {
		r = lane_due(&l, &it, first, until, all + n, max);
		if (r < 0)
			return -1;
		qsort(all, n + (size_t)r, sizeof *all, by_place);
		n = MIN(n + (size_t)r, max);
	}
	for (size_t i = 0; i < n; i++)
		ids[i] = all[i].id;
	return r < 0 ? -1 : (int)n;
}

int
outbox_next(struct txn *t, const struct outbox_pick *p, int64_t *at)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct lanes l = {.t = t, .pick = p};
	struct place first;
	bool any = false;
	int r;

	while ((r = next_lane(&l, &it, &first)) > 0) {
		*at = any ? MIN(*at, first.next) : first.next;
		any = true;
	}
	return r < 0 ? -1 : any;
}

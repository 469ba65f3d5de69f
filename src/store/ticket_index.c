/*
 * Each ticket has a row in up to four orders: by status, and by queue, assignee and requester with the status behind.
 *
 *   order(1) hash(8, not for the first) status(1) updated(8) ticket(5)  ->  queue's hash(4) assignee's hash(4)
 *
 * A list picks the narrowest order that its filter names and merges that order's lanes, one a status, from their ends. So
 * the first page costs a few look-ups however many tickets there are. What the key does not say, the value mostly
 * does: rows that do not match are passed over without reading the ticket.
 */
#include "store/ticket_index.h"

enum order {
	BY_STATUS = 1,
	BY_QUEUE,
	BY_ASSIGNEE,
	BY_REQUESTER
};
enum {
	ID_BYTES = 5,
	TAIL = 8 + ID_BYTES
};

uint64_t
ticket_hash(struct str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	if (s.n == 0)
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		h ^= (unsigned char)s.p[i];
		h *= UINT64_C(0x100000001b3);
	}
	return h ? h : 1;
}

static void
lane_prefix(struct key *k, enum order order, uint64_t hash, enum status status)
{
	k->n = 0;
	key_uint(k, order, 1);
	if (order != BY_STATUS)
		key_uint(k, hash, 8);
	key_uint(k, status, 1);
}

static void
lane_tail(struct key *k, int64_t updated, uint64_t id)
{
	key_time(k, updated);
	key_uint(k, id, ID_BYTES);
}

void
ticket_index_rows(const struct ticket_entry *e, struct key keys[TICKET_INDEXES],
    unsigned char value[TICKET_INDEX_VALUE])
{
	const uint64_t hash[] = {0, e->queue, e->assignee, e->requester};
	struct key v;

	for (unsigned i = 0; i < TICKET_INDEXES; i++) {
		keys[i].n = 0;
		if (i && !hash[i])
			continue;
		lane_prefix(
		    &keys[i], (enum order)(BY_STATUS + i), hash[i], e->status);
		lane_tail(&keys[i], e->updated, e->id);
	}
	v.n = 0;
	key_uint(&v, e->queue & UINT32_MAX, 4);
	key_uint(&v, e->assignee & UINT32_MAX, 4);
	memcpy(value, v.b, TICKET_INDEX_VALUE);
}

bool
ticket_index_id(struct str key, uint64_t *id)
{
	size_t head = key.n && key.p[0] == BY_STATUS ? 2 : 10;
	struct str s = key;

	if (key.n != head + TAIL)
		return false;
	s = str_from(s, key.n - ID_BYTES);
	return key_read_uint(&s, ID_BYTES, id);
}

void
ticket_index_change(struct txn *t, const struct ticket_entry *old,
    const struct ticket_entry *now)
{
	struct key was[TICKET_INDEXES], is[TICKET_INDEXES];
	unsigned char was_value[TICKET_INDEX_VALUE],
	    is_value[TICKET_INDEX_VALUE];
	bool same_value = false;

	ticket_index_rows(now, is, is_value);
	if (old) {
		ticket_index_rows(old, was, was_value);
		same_value = memcmp(was_value, is_value, sizeof is_value) == 0;
	}
	for (unsigned i = 0; i < TICKET_INDEXES; i++) {
		bool same_key =
		    old && str_eq(key_str(&was[i]), key_str(&is[i]));

		if (same_key && (same_value || is[i].n == 0))
			continue;
		if (old && !same_key && was[i].n &&
		    !row_del(t, T_TICKET_INDEX, key_str(&was[i])))
			txn_fail(t, ERR_CORRUPT,
			    "ticket %llu: an index row is missing",
			    (unsigned long long)old->id);
		if (is[i].n)
			row_put(t, T_TICKET_INDEX, key_str(&is[i]),
			    str_n((const char *)is_value, sizeof is_value),
			    ROW_PUT);
	}
	if (old && old->status == now->status)
		return;
	if (old)
		count_change(t, COUNT_STATUS + old->status, -1);
	count_change(t, COUNT_STATUS + now->status, 1);
}

int
ticket_count(struct txn *t, enum status s, uint64_t *n)
{
	must(s > STATUS_NONE && s < STATUS_COUNT);
	return count_get(t, COUNT_STATUS + s, n);
}

/* --- lists --- */

struct lane {
	struct iter it;
	struct key prefix;
	bool live;
	int64_t updated;
	uint64_t id;
	uint64_t queue, assignee; /* 32 bits of their hashes */
};

/* Takes over the row the iterator stands on. 1, 0 when the lane is at its end, -1. */
static int
lane_read(struct txn *t, struct lane *l, int r)
{
	struct str k, v;

	l->live = false;
	if (r <= 0)
		return r;
	k = l->it.key;
	v = l->it.value;
	if (!str_starts(k, key_str(&l->prefix)))
		return 0;
	if (k.n != l->prefix.n + TAIL || v.n != TICKET_INDEX_VALUE)
		return row_corrupt(t, T_TICKET_INDEX, k);
	k = str_from(k, l->prefix.n);
	l->live = key_read_time(&k, &l->updated) &&
		  key_read_uint(&k, ID_BYTES, &l->id) &&
		  key_read_uint(&v, 4, &l->queue) &&
		  key_read_uint(&v, 4, &l->assignee);
	return l->live;
}

struct listing {
	struct txn *t;
	struct arena *a;
	const struct ticket_filter *f;
	uint64_t queue, assignee;
	struct lane lanes[STATUS_COUNT];
};

/* Each lane at its newest row, or at the first behind the ticket `after`. */
static int
open_lanes(struct listing *l, const struct ticket_entry *after)
{
	const struct ticket_filter *f = l->f;
	enum order order = BY_STATUS;
	uint64_t hash = 0;
	int r = 0;

	if (f->requester.n) {
		order = BY_REQUESTER;
		hash = ticket_hash(f->requester);
	} else if (f->assignee.n) {
		order = BY_ASSIGNEE;
		hash = l->assignee;
	} else if (f->queue.n) {
		order = BY_QUEUE;
		hash = l->queue;
	}
	for (enum status s = STATUS_NONE + 1; s < STATUS_COUNT; s++) {
		struct lane *lane = &l->lanes[s];
		struct key from;

		if (f->statuses && !(f->statuses & 1u << s))
			continue;
		lane_prefix(&lane->prefix, order, hash, s);
		from = lane->prefix;
		if (after)
			lane_tail(&from, after->updated, after->id);
		else
			lane_tail(&from, INT64_MAX, KEY_TICKET_MAX);
		r = iter_le(&lane->it, l->t, T_TICKET_INDEX, key_str(&from));
		if (r > 0 && after && str_eq(lane->it.key, key_str(&from)))
			r = iter_prev(&lane->it);
		if (lane_read(l->t, lane, r) < 0)
			return -1;
	}
	return 0;
}

static struct lane *
newest(struct listing *l)
{
	struct lane *best = NULL;

	for (size_t i = 0; i < STATUS_COUNT; i++) {
		struct lane *x = &l->lanes[i];

		if (x->live &&
		    (!best || x->updated > best->updated ||
			(x->updated == best->updated && x->id > best->id)))
			best = x;
	}
	return best;
}

static bool
matches(const struct listing *l, const struct ticket *k)
{
	const struct ticket_filter *f = l->f;

	if (f->queue.n && !str_eq(f->queue, k->queue))
		return false;
	if (f->assignee.n && !str_eq(f->assignee, k->assignee))
		return false;
	return f->requester.n == 0 ||
	       str_eq(f->requester, address_key(l->a, k->requester.addr));
}

/* 1 when the ticket is one of the list, 0 when not, -1. */
static int
lane_ticket(struct listing *l, const struct lane *x, struct ticket *k)
{
	int r;

	if (l->queue && x->queue != (l->queue & UINT32_MAX))
		return 0;
	if (l->assignee && x->assignee != (l->assignee & UINT32_MAX))
		return 0;
	r = ticket_get(l->t, l->a, x->id, k);
	if (r == 0)
		return txn_fail(l->t, ERR_CORRUPT,
		    "ticket %llu is in an index and does not exist",
		    (unsigned long long)x->id);
	return r < 0 ? r : matches(l, k);
}

static int
list(struct listing *l, const struct ticket_entry *after,
    bool (*fn)(void *ctx, const struct ticket *k), void *ctx)
{
	struct lane *x;
	size_t given = 0;

	if (open_lanes(l, after) < 0)
		return -1;
	while ((x = newest(l))) {
		struct ticket k;
		int r = lane_ticket(l, x, &k);

		if (r < 0)
			return -1;
		if (r > 0) {
			if (!fn(ctx, &k))
				return 0;
			if (l->f->limit && ++given >= l->f->limit)
				return 0;
		}
		if (lane_read(l->t, x, iter_prev(&x->it)) < 0)
			return -1;
	}
	return txn_error(l->t, NULL);
}

int
ticket_each(struct txn *t, struct arena *a, const struct ticket_filter *f,
    bool (*fn)(void *ctx, const struct ticket *k), void *ctx)
{
	struct listing l = {.t = t, .a = a, .f = f};
	struct ticket_entry after;
	struct str v;
	int r = 0;

	l.queue = ticket_hash(f->queue);
	l.assignee = ticket_hash(f->assignee);
	if (f->after) {
		struct key k = key_of_u64(f->after);

		r = row_get(t, T_TICKET, key_str(&k), &v);
		if (r > 0 && !ticket_row_entry(v, f->after, &after))
			r = row_corrupt(t, T_TICKET, key_str(&k));
		if (r <= 0)
			return r;
	}
	r = list(&l, f->after ? &after : NULL, fn, ctx);
	for (size_t i = 0; i < STATUS_COUNT; i++)
		iter_end(&l.lanes[i].it);
	return r;
}

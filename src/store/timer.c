/* The whole timer is its key, so the first row is the next that falls due: due, kind, ticket, data. */
#include "store/timer.h"
#include "store/txn_private.h"

enum {
	DATA_MAX = 100
};

static struct key
timer_key(const struct timer *m)
{
	struct key k;

	k.n = 0;
	key_time(&k, m->due);
	key_uint(&k, m->kind, 4);
	key_uint(&k, m->ticket, 8);
	must(m->data.n <= DATA_MAX);
	key_bytes(&k, m->data);
	return k;
}

static int
decode(struct txn *t, struct arena *a, struct str key, struct timer *out)
{
	struct str s = key;
	uint64_t kind;

	if (!key_read_time(&s, &out->due) || !key_read_uint(&s, 4, &kind) ||
	    !key_read_uint(&s, 8, &out->ticket))
		return row_corrupt(t, T_TIMER, key);
	out->kind = (uint32_t)kind;
	out->data = arena_dup(a, s);
	return 1;
}

void
timer_put(struct txn *t, const struct timer *m)
{
	struct key k = timer_key(m);

	row_put(t, T_TIMER, key_str(&k), S(""), ROW_PUT);
}

void
timer_del(struct txn *t, const struct timer *m)
{
	struct key k = timer_key(m);

	row_del(t, T_TIMER, key_str(&k));
}

int
timer_has(struct txn *t, const struct timer *m)
{
	struct key k = timer_key(m);
	struct str v;

	return row_get(t, T_TIMER, key_str(&k), &v);
}

int
timer_first(struct txn *t, struct arena *a, struct timer *out)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r = iter_ge(&it, t, T_TIMER, str_n(NULL, 0));

	return r > 0 ? decode(t, a, it.key, out) : r;
}

int
timer_each(struct txn *t, struct arena *a,
    bool (*fn)(void *ctx, const struct timer *m), void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_TIMER, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct timer m;

		if (decode(t, a, it.key, &m) < 0)
			return -1;
		if (!fn(ctx, &m))
			return 0;
	}
	return r;
}

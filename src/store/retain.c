/* The row is its key: at, ticket. */
#include "store/retain.h"
#include "store/txn_private.h"

static struct key
key_of(int64_t at, uint64_t ticket)
{
	struct key k;

	k.n = 0;
	key_time(&k, at);
	key_uint(&k, ticket, 8);
	return k;
}

static int
decode(struct txn *t, struct str key, int64_t *at, uint64_t *ticket)
{
	struct str s = key;

	if (!key_read_time(&s, at) || !key_read_uint(&s, 8, ticket) || s.n)
		return row_corrupt(t, T_RETAIN, key);
	return 1;
}

void
retain_put(struct txn *t, int64_t at, uint64_t ticket)
{
	struct key k = key_of(at, ticket);

	row_put(t, T_RETAIN, key_str(&k), S(""), ROW_PUT);
}

void
retain_del(struct txn *t, int64_t at, uint64_t ticket)
{
	struct key k = key_of(at, ticket);

	row_del(t, T_RETAIN, key_str(&k));
}

int
retain_has(struct txn *t, int64_t at, uint64_t ticket)
{
	struct key k = key_of(at, ticket);
	struct str v;

	return row_get(t, T_RETAIN, key_str(&k), &v);
}

int
retain_first(struct txn *t, int64_t *at, uint64_t *ticket)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r = iter_ge(&it, t, T_RETAIN, str_n(NULL, 0));

	return r > 0 ? decode(t, it.key, at, ticket) : r;
}

int
retain_each(struct txn *t, bool (*fn)(void *ctx, int64_t at, uint64_t ticket),
    void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_RETAIN, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		uint64_t ticket;
		int64_t at;

		if (decode(t, it.key, &at, &ticket) < 0)
			return -1;
		if (!fn(ctx, at, ticket))
			return 0;
	}
	return r;
}

int
retain_count(struct txn *t, uint64_t *n)
{
	return table_rows(t, T_RETAIN, n);
}

#include "store/ledger.h"
#include "store/txn_private.h"

enum {
	TAG_SOURCE = 1,
	TAG_KEY,
	TAG_SHA256,
	TAG_BLOB,
	TAG_SIZE,
	TAG_AT,
	TAG_REASON,
	TAG_INTAKE,
};

static void
put(struct txn *t, const struct quarantined *q, enum row_put how)
{
	struct buf *b = scratch_take(t);
	struct key k = key_of_u64(q->id);

	rec_str_opt(b, TAG_SOURCE, q->source);
	rec_str_opt(b, TAG_KEY, q->key);
	rec_str(b, TAG_SHA256, str_n((const char *)q->sha256, SHA256_SIZE));
	rec_u64_opt(b, TAG_BLOB, q->blob);
	rec_u64_opt(b, TAG_SIZE, q->size);
	rec_i64(b, TAG_AT, q->at);
	rec_str_opt(b, TAG_REASON, q->reason);
	rec_str_opt(b, TAG_INTAKE, q->intake);
	row_put_scratch(t, T_QUARANTINE, key_str(&k), how);
}

uint64_t
quarantine_add(struct txn *t, struct quarantined *q)
{
	q->id = seq_next(t, SEQ_QUARANTINE);
	if (q->id)
		put(t, q, ROW_APPEND);
	return q->id;
}

void
quarantine_put(struct txn *t, const struct quarantined *q)
{
	if (q->id)
		put(t, q, ROW_PUT);
}

static int
decode(struct txn *t, struct arena *a, uint64_t id, struct str value,
    struct quarantined *out)
{
	struct recr r = recr_open(arena_dup(a, value));

	*out = (struct quarantined){.id = id};
	while (recr_next(&r))
		switch (r.tag) {
		case TAG_SOURCE:
			out->source = field_str(&r);
			break;
		case TAG_KEY:
			out->key = field_str(&r);
			break;
		case TAG_SHA256:
			field_hash(&r, out->sha256);
			break;
		case TAG_BLOB:
			out->blob = field_u64(&r);
			break;
		case TAG_SIZE:
			out->size = field_u64(&r);
			break;
		case TAG_AT:
			out->at = field_i64(&r);
			break;
		case TAG_REASON:
			out->reason = field_str(&r);
			break;
		case TAG_INTAKE:
			out->intake = field_str(&r);
			break;
		default:
			break;
		}
	if (r.bad) {
		struct key k = key_of_u64(id);

		return row_corrupt(t, T_QUARANTINE, key_str(&k));
	}
	return 1;
}

int
quarantine_get(
    struct txn *t, struct arena *a, uint64_t id, struct quarantined *out)
{
	struct key k = key_of_u64(id);
	struct str v;
	int r = row_get(t, T_QUARANTINE, key_str(&k), &v);

	return r > 0 ? decode(t, a, id, v, out) : r;
}

void
quarantine_del(struct txn *t, uint64_t id)
{
	struct key k = key_of_u64(id);

	row_del(t, T_QUARANTINE, key_str(&k));
}

int
quarantine_count(struct txn *t, uint64_t *n)
{
	return table_rows(t, T_QUARANTINE, n);
}

int
quarantine_last(struct txn *t, uint64_t *id)
{
	return seq_last(t, SEQ_QUARANTINE, id);
}

int
quarantine_each(struct txn *t, struct arena *a,
    bool (*fn)(void *ctx, const struct quarantined *q), void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_QUARANTINE, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct quarantined q;
		struct str k = it.key;
		uint64_t id;

		if (!key_read_uint(&k, 8, &id) || k.n)
			return row_corrupt(t, T_QUARANTINE, it.key);
		if (decode(t, a, id, it.value, &q) < 0)
			return -1;
		if (!fn(ctx, &q))
			return 0;
	}
	return r;
}

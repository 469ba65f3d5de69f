/* A row's key is the length of the field's name, the name, and the place. */
#include "store/model.h"
#include "store/txn_private.h"

static struct key
place_key(struct str field, uint32_t place)
{
	struct key k;

	must(field.n > 0 && field.n <= MODEL_FIELD_MAX);
	k.n = 0;
	key_uint(&k, field.n, 1);
	key_bytes(&k, field);
	key_uint(&k, place, 4);
	return k;
}

static bool
read_key(struct str key, struct str *field, uint32_t *place)
{
	uint64_t n, p;

	if (!key_read_uint(&key, 1, &n) || n == 0 || n > MODEL_FIELD_MAX ||
	    key.n < n)
		return false;
	*field = str_sub(key, 0, n);
	key = str_from(key, n);
	if (!key_read_uint(&key, 4, &p))
		return false;
	*place = (uint32_t)p;
	/* Further bytes: a later piece of a long value. */
	return true;
}

int
model_get(struct txn *t, struct str field, uint32_t place, struct buf *out)
{
	struct key k = place_key(field, place);

	return kv_get(t, T_MODEL, key_str(&k), 0, out);
}

void
model_put(struct txn *t, struct str field, uint32_t place, struct str value)
{
	struct key k = place_key(field, place);

	kv_put(t, T_MODEL, key_str(&k), value, ROW_PUT);
}

int64_t
model_drop(struct txn *t, struct str field)
{
	struct key from = place_key(field, 0);
	int64_t n = 0;

	for (;;) {
		AUTO(iter_end) struct iter it = ITER_INIT;
		struct str name;
		struct key at;
		uint32_t place;
		int r = iter_ge(&it, t, T_MODEL, key_str(&from));

		if (r < 0)
			return -1;
		if (!r || !read_key(it.key, &name, &place) ||
		    !str_eq(name, field))
			return txn_error(t, NULL) < 0 ? -1 : n;
		at.n = 0;
		key_bytes(&at, it.key);
		row_del(t, T_MODEL, key_str(&at));
		n++;
	}
}

int
model_each(struct txn *t,
    bool (*fn)(void *ctx, struct str field, uint32_t place, struct str value),
    void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	AUTO(buf_fini) struct buf value = BUF_INIT;
	struct key last = {0};
	int r;

	for (r = iter_ge(&it, t, T_MODEL, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct str field;
		struct key k;
		uint32_t place;

		if (!read_key(it.key, &field, &place))
			return row_corrupt(t, T_MODEL, it.key);
		k = place_key(field, place);
		if (last.n && str_eq(key_str(&k), key_str(&last)))
			continue; /* a later piece */
		last = k;
		buf_reset(&value);
		if (kv_get(t, T_MODEL, key_str(&k), 0, &value) < 0)
			return -1;
		read_key(key_str(&last), &field, &place);
		if (!fn(ctx, field, place, buf_str(&value)))
			return 0;
	}
	return r;
}

#include "store/person.h"
#include "store/txn_private.h"

enum {
	TAG_KEY = 1, /* only when it was too long to be the key whole */
	TAG_ADDR,
	TAG_NAME,
	TAG_LANGUAGE,
	TAG_FIRST_SEEN,
	TAG_LAST_SEEN,
	TAG_TICKETS,
	TAG_ARTICLES,
	TAG_ANSWERED,
	TAG_SUSPENDED,
	TAG_SUSPENDED_WHY,
	TAG_EXTRA,
};

static int
decode(struct txn *t, struct arena *a, struct str key, struct str value,
    struct person *p)
{
	struct recr r = recr_open(arena_dup(a, value));

	*p = (struct person){.key = key};
	while (recr_next(&r))
		switch (r.tag) {
		case TAG_KEY:
			p->key = field_str(&r);
			break;
		case TAG_ADDR:
			p->addr = field_str(&r);
			break;
		case TAG_NAME:
			p->name = field_str(&r);
			break;
		case TAG_LANGUAGE:
			p->language = field_str(&r);
			break;
		case TAG_FIRST_SEEN:
			p->first_seen = field_i64(&r);
			break;
		case TAG_LAST_SEEN:
			p->last_seen = field_i64(&r);
			break;
		case TAG_TICKETS:
			p->tickets = field_u32(&r);
			break;
		case TAG_ARTICLES:
			p->articles = field_u32(&r);
			break;
		case TAG_ANSWERED:
			p->answered = field_u64(&r) != 0;
			break;
		case TAG_SUSPENDED:
			p->suspended = field_u64(&r) != 0;
			break;
		case TAG_SUSPENDED_WHY:
			p->suspended_why = field_str(&r);
			break;
		case TAG_EXTRA:
			p->extra = field_str(&r);
			break;
		default:
			break;
		}
	return r.bad ? row_corrupt(t, T_PERSON, key) : 1;
}

int
person_get(struct txn *t, struct arena *a, struct str key, struct person *out)
{
	struct key k = {0};
	struct str v;
	int r;

	key_text(&k, key);
	r = row_get(t, T_PERSON, key_str(&k), &v);
	if (r <= 0)
		return r;
	return decode(t, a, arena_dup(a, key), v, out);
}

void
person_put(struct txn *t, const struct person *p)
{
	struct buf *b = scratch_take(t);
	struct key k = {0};

	if (p->key.n == 0)
		return;
	if (key_text(&k, p->key))
		rec_str(b, TAG_KEY, p->key);
	rec_str_opt(b, TAG_ADDR, p->addr);
	rec_str_opt(b, TAG_NAME, p->name);
	rec_str_opt(b, TAG_LANGUAGE, p->language);
	rec_i64(b, TAG_FIRST_SEEN, p->first_seen);
	rec_i64(b, TAG_LAST_SEEN, p->last_seen);
	rec_u64_opt(b, TAG_TICKETS, p->tickets);
	rec_u64_opt(b, TAG_ARTICLES, p->articles);
	rec_u64_opt(b, TAG_ANSWERED, p->answered);
	rec_u64_opt(b, TAG_SUSPENDED, p->suspended);
	rec_str_opt(b, TAG_SUSPENDED_WHY, p->suspended_why);
	rec_str_opt(b, TAG_EXTRA, p->extra);
	row_put_scratch(t, T_PERSON, key_str(&k), ROW_PUT);
}

void
person_del(struct txn *t, struct str key)
{
	struct key k = {0};

	key_text(&k, key);
	if (k.n)
		row_del(t, T_PERSON, key_str(&k));
}

int
person_each(struct txn *t, struct arena *a,
    bool (*fn)(void *ctx, const struct person *p), void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_PERSON, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct person p;

		if (decode(t, a, arena_dup(a, it.key), it.value, &p) < 0)
			return -1;
		if (!fn(ctx, &p))
			return 0;
	}
	return r;
}

/* --- counters --- */

int
counter_get(struct txn *t, struct arena *a, struct str key, struct str *value)
{
	struct key k = {0};
	struct str v;
	int r;

	key_text(&k, key);
	r = row_get(t, T_COUNTER, key_str(&k), &v);
	if (r > 0)
		*value = arena_dup(a, v);
	return r;
}

void
counter_put(struct txn *t, struct str key, struct str value)
{
	struct key k = {0};

	key_text(&k, key);
	row_put(t, T_COUNTER, key_str(&k), value, ROW_PUT);
}

void
counter_del(struct txn *t, struct str key)
{
	struct key k = {0};

	key_text(&k, key);
	row_del(t, T_COUNTER, key_str(&k));
}

int
counter_sift(struct txn *t,
    bool (*fn)(void *ctx, struct str key, struct str value), void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_COUNTER, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct key k = {0};

		if (!fn(ctx, str_sub(it.key, 0, KEY_TEXT_MAX), it.value))
			continue;
		key_bytes(&k, it.key);
		row_del(t, T_COUNTER, key_str(&k));
	}
	return r;
}

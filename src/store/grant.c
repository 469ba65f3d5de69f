/*
 * A grant may keep a whole mail that waits for its agent's word, so its row
 * goes in pieces: key, key+0001, … The list by expiry has nothing but keys:
 * when, nonce.
 */
#include "store/grant.h"
#include "base/clock.h"
#include "base/digest.h"
#include "store/grant_private.h"

enum {
	TAG_TICKET = 1,
	TAG_AGENT,
	TAG_PURPOSE,
	TAG_CREATED,
	TAG_EXPIRES,
	TAG_USED,
	TAG_REVOKED,
	TAG_WHY,
	TAG_SEEN,
	TAG_QUARANTINE,
	TAG_HELD,
};

#define X_NAME(n, id, name) [n] = name,
static const char *const names[] = {[GRANT_NONE] = "", PURPOSES(X_NAME)};

const char *
purpose_name(enum purpose p)
{
	must(p < GRANT_COUNT);
	return names[p];
}

struct key
grant_expiry_key(int64_t expires, uint64_t nonce)
{
	struct key k;

	k.n = 0;
	key_time(&k, expires);
	key_uint(&k, nonce, 8);
	return k;
}

bool
grant_expiry_read(struct str key, int64_t *expires, uint64_t *nonce)
{
	return key_read_time(&key, expires) && key_read_uint(&key, 8, nonce) &&
	       !key.n;
}

bool
grant_decode(struct str rec, uint64_t nonce, struct grant *out)
{
	struct recr r = recr_open(rec);

	*out = (struct grant){
	    .nonce = nonce,
	    .created = CLOCK_NONE,
	    .expires = CLOCK_NONE,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE,
	};
	while (recr_next(&r))
		switch (r.tag) {
		case TAG_TICKET:
			out->ticket = field_u64(&r);
			break;
		case TAG_AGENT:
			out->agent = field_str(&r);
			break;
		case TAG_PURPOSE:
			out->purpose =
			    (enum purpose)field_enum(&r, GRANT_COUNT);
			break;
		case TAG_CREATED:
			out->created = field_i64(&r);
			break;
		case TAG_EXPIRES:
			out->expires = field_i64(&r);
			break;
		case TAG_USED:
			out->used = field_i64(&r);
			break;
		case TAG_REVOKED:
			out->revoked = field_i64(&r);
			break;
		case TAG_WHY:
			out->why = field_str(&r);
			break;
		case TAG_SEEN:
			out->seen = field_u32(&r);
			break;
		case TAG_QUARANTINE:
			out->quarantine = field_u64(&r);
			break;
		case TAG_HELD:
			out->held = field_str(&r);
			break;
		default:
			break;
		}
	return !r.bad && out->purpose != GRANT_NONE && out->agent.n;
}

static void
encode(struct buf *b, const struct grant *g)
{
	rec_u64_opt(b, TAG_TICKET, g->ticket);
	rec_str(b, TAG_AGENT, g->agent);
	rec_u64(b, TAG_PURPOSE, g->purpose);
	rec_time(b, TAG_CREATED, g->created);
	rec_time(b, TAG_EXPIRES, g->expires);
	rec_time(b, TAG_USED, g->used);
	rec_time(b, TAG_REVOKED, g->revoked);
	rec_str_opt(b, TAG_WHY, g->why);
	rec_u64_opt(b, TAG_SEEN, g->seen);
	rec_u64_opt(b, TAG_QUARANTINE, g->quarantine);
	rec_str_opt(b, TAG_HELD, g->held);
}

/* Random, so that one nonce says nothing of the others. */
static uint64_t
new_nonce(struct txn *t)
{
	for (int i = 0; i < 100; i++) {
		uint64_t n = random_u64() >> (64 - GRANT_NONCE_BITS);
		struct key k = key_of_u64(n);
		struct str v;

		if (n && row_get(t, T_GRANT, key_str(&k), &v) == 0)
			return n;
	}
	txn_fail(t, ERR_TEMP, "no free number for a token was found");
	return 0;
}

static void
leave_expiry(struct txn *t, uint64_t nonce)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct key k = key_of_u64(nonce), x;
	struct grant old;
	struct str v;

	if (kv_dup(t, &a, T_GRANT, key_str(&k), &v) <= 0 ||
	    !grant_decode(v, nonce, &old))
		return;
	x = grant_expiry_key(old.expires, nonce);
	row_del(t, T_GRANT_EXPIRY, key_str(&x));
}

void
grant_put(struct txn *t, struct grant *g)
{
	struct key k, x;
	struct buf *b;

	must(g->purpose > GRANT_NONE && g->purpose < GRANT_COUNT);
	must(g->agent.n > 0);
	if (g->nonce)
		leave_expiry(t, g->nonce);
	else
		g->nonce = new_nonce(t);
	if (!g->nonce || txn_error(t, NULL) < 0)
		return;
	b = scratch_take(t);
	encode(b, g);
	k = key_of_u64(g->nonce);
	kv_put(t, T_GRANT, key_str(&k), buf_str(b), ROW_PUT);
	x = grant_expiry_key(g->expires, g->nonce);
	row_put(t, T_GRANT_EXPIRY, key_str(&x), S(""), ROW_PUT);
}

int
grant_get(struct txn *t, struct arena *a, uint64_t nonce, struct grant *out)
{
	struct key k = key_of_u64(nonce);
	struct str v;
	int r = kv_dup(t, a, T_GRANT, key_str(&k), &v);

	if (r <= 0)
		return r;
	return grant_decode(v, nonce, out)
		   ? 1
		   : row_corrupt(t, T_GRANT, key_str(&k));
}

void
grant_del(struct txn *t, uint64_t nonce)
{
	struct key k = key_of_u64(nonce);

	leave_expiry(t, nonce);
	kv_del(t, T_GRANT, key_str(&k));
}

int
grant_expire(struct txn *t, int64_t before, size_t max)
{
	size_t n = 0;

	for (; n < max; n++) {
		AUTO(iter_end) struct iter it = ITER_INIT;
		int64_t at;
		uint64_t nonce;
		struct key k, x;
		int r = iter_ge(&it, t, T_GRANT_EXPIRY, str_n(NULL, 0));

		if (r < 0)
			return -1;
		if (!r)
			break;
		if (!grant_expiry_read(it.key, &at, &nonce))
			return row_corrupt(t, T_GRANT_EXPIRY, it.key);
		if (at >= before)
			break;
		k = key_of_u64(nonce);
		kv_del(t, T_GRANT, key_str(&k));
		x = grant_expiry_key(at, nonce);
		row_del(t, T_GRANT_EXPIRY, key_str(&x));
	}
	return txn_error(t, NULL) < 0 ? -1 : (int)n;
}

int
grant_next_expiry(struct txn *t, int64_t *at)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r = iter_ge(&it, t, T_GRANT_EXPIRY, str_n(NULL, 0));
	uint64_t nonce;

	if (r > 0 && !grant_expiry_read(it.key, at, &nonce))
		return row_corrupt(t, T_GRANT_EXPIRY, it.key);
	return r;
}

int
grant_first(struct txn *t, struct arena *a, struct grant *out)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r = iter_ge(&it, t, T_GRANT_EXPIRY, str_n(NULL, 0));
	uint64_t nonce;
	int64_t at;

	if (r <= 0)
		return r;
	if (!grant_expiry_read(it.key, &at, &nonce))
		return row_corrupt(t, T_GRANT_EXPIRY, it.key);
	r = grant_get(t, a, nonce, out);
	return r ? r : row_corrupt(t, T_GRANT_EXPIRY, it.key);
}

int
grant_each(struct txn *t, struct arena *a,
    bool (*fn)(void *ctx, const struct grant *g), void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_GRANT, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct str k = it.key;
		struct grant g;
		uint64_t nonce;

		if (!key_read_uint(&k, 8, &nonce))
			return row_corrupt(t, T_GRANT, it.key);
		if (k.n) /* a further piece */
			continue;
		if (grant_get(t, a, nonce, &g) < 0)
			return -1;
		if (!fn(ctx, &g))
			return 0;
	}
	return r;
}

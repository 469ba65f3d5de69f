/* An article's row is its present form; each form before it stays under its number and version. */
#include "store/kb.h"
#include "base/clock.h"
#include "store/kb_private.h"

enum {
	TAG_TITLE = 1,
	TAG_TEXT,
	TAG_LANGUAGE,
	TAG_AUTHOR,
	TAG_STATE,
	TAG_CREATED,
	TAG_UPDATED,
	TAG_TICKET,
	TAG_VERSION,
	TAG_USES,
	TAG_USED,
};

#define X_NAME_KB(n, id, name) [n] = name,
static const char *const names[] = {[KB_NONE] = "", KB_STATES(X_NAME_KB)};

const char *
kb_state_name(enum kb_state s)
{
	must(s < KB_STATE_COUNT);
	return names[s];
}

static void
encode(struct buf *b, const struct kb *x)
{
	rec_str(b, TAG_TITLE, x->title);
	rec_str(b, TAG_TEXT, x->text);
	rec_str_opt(b, TAG_LANGUAGE, x->language);
	rec_str_opt(b, TAG_AUTHOR, x->author);
	rec_u64(b, TAG_STATE, x->state);
	rec_time(b, TAG_CREATED, x->created);
	rec_time(b, TAG_UPDATED, x->updated);
	rec_u64_opt(b, TAG_TICKET, x->ticket);
	rec_u64(b, TAG_VERSION, x->version);
	rec_u64_opt(b, TAG_USES, x->uses);
	rec_time(b, TAG_USED, x->used);
}

bool
kb_decode(struct str rec, struct kb *out)
{
	struct recr r = recr_open(rec);

	*out = (struct kb){
	    .created = CLOCK_NONE, .updated = CLOCK_NONE, .used = CLOCK_NONE};
	while (recr_next(&r))
		switch (r.tag) {
		case TAG_TITLE:
			out->title = field_str(&r);
			break;
		case TAG_TEXT:
			out->text = field_str(&r);
			break;
		case TAG_LANGUAGE:
			out->language = field_str(&r);
			break;
		case TAG_AUTHOR:
			out->author = field_str(&r);
			break;
		case TAG_STATE:
			out->state =
			    (enum kb_state)field_enum(&r, KB_STATE_COUNT);
			break;
		case TAG_CREATED:
			out->created = field_i64(&r);
			break;
		case TAG_UPDATED:
			out->updated = field_i64(&r);
			break;
		case TAG_TICKET:
			out->ticket = field_u64(&r);
			break;
		case TAG_VERSION:
			out->version = field_u32(&r);
			break;
		case TAG_USES:
			out->uses = field_u32(&r);
			break;
		case TAG_USED:
			out->used = field_i64(&r);
			break;
		default:
			break;
		}
	return !r.bad && out->state != KB_NONE && out->version > 0;
}

static struct key
version_key(uint64_t id, uint32_t version)
{
	struct key k;

	k.n = 0;
	key_uint(&k, id, 8);
	key_uint(&k, version, 4);
	return k;
}

static int
get(struct txn *t, struct arena *a, enum table table, const struct key *k,
    uint64_t id, struct kb *out)
{
	struct str v;
	int r = kv_dup(t, a, table, key_str(k), &v);

	if (r <= 0)
		return r;
	if (!kb_decode(v, out))
		return row_corrupt(t, table, key_str(k));
	out->id = id;
	return 1;
}

int
kb_get(struct txn *t, struct arena *a, uint64_t id, struct kb *out)
{
	struct key k = key_of_u64(id);

	return get(t, a, T_KB, &k, id, out);
}

int
kb_get_version(struct txn *t, struct arena *a, uint64_t id, uint32_t version,
    struct kb *out)
{
	struct key k = version_key(id, version);
	int r = kb_get(t, a, id, out);

	if (r <= 0 || out->version == version)
		return r;
	return get(t, a, T_KB_VERSION, &k, id, out);
}

static bool
is_found(const struct kb *x)
{
	return x->state != KB_WITHDRAWN;
}

/* Only what changed is written: a use is counted often. */
static void
put_words(
    struct txn *t, struct arena *a, const struct kb *old, const struct kb *x)
{
	struct kb_words w;

	if (old && is_found(old)) {
		kb_words_of(a, old->title, old->text, &w);
		kb_words_put(t, a, x->id, &w, false);
	}
	if (is_found(x)) {
		kb_words_of(a, x->title, x->text, &w);
		kb_words_put(t, a, x->id, &w, true);
	}
}

void
kb_put(struct txn *t, struct kb *x)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	bool fresh = x->id == 0, text;
	struct kb old = {0};
	struct key k;
	struct buf *b;

	must(x->state > KB_NONE && x->state < KB_STATE_COUNT);
	if (fresh) {
		x->id = seq_next(t, SEQ_KB);
		x->version = 1;
	} else if (kb_get(t, &a, x->id, &old) <= 0) {
		fresh = true;
	}
	if (txn_error(t, NULL) < 0)
		return;
	text =
	    fresh || !str_eq(old.title, x->title) || !str_eq(old.text, x->text);
	if (!fresh && text) {
		x->version = old.version + 1;
		k = version_key(old.id, old.version);
		b = scratch_take(t);
		encode(b, &old);
		kv_put(t, T_KB_VERSION, key_str(&k), buf_str(b), ROW_PUT);
	} else if (!fresh)
		x->version = old.version;
	k = key_of_u64(x->id);
	b = scratch_take(t);
	encode(b, x);
	kv_put(t, T_KB, key_str(&k), buf_str(b), ROW_PUT);
	if (text || is_found(&old) != is_found(x))
		put_words(t, &a, fresh ? NULL : &old, x);
}

int
kb_each(struct txn *t, struct arena *a,
    bool (*fn)(void *ctx, const struct kb *x), void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_KB, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct str k = it.key;
		struct kb x;
		uint64_t id;

		if (!key_read_uint(&k, 8, &id))
			return row_corrupt(t, T_KB, it.key);
		if (k.n) /* a further piece */
			continue;
		if (kb_get(t, a, id, &x) < 0)
			return -1;
		if (!fn(ctx, &x))
			return 0;
	}
	return r;
}

/*
 * Sources, the ledger and folders.
 *
 * The table "source" has three kinds of rows: n + name -> number, i + number -> name, f + number -> the folder's state.
 */
#include "store/ledger.h"
#include "base/clock.h"
#include "store/ledger_private.h"
#include "store/txn_private.h"

enum {
	TAG_FATE = 1,
	TAG_SHA256,
	TAG_TICKET,
	TAG_SEQ,
	TAG_QUARANTINE,
	TAG_AT,
	TAG_KEY, /* the source's key, only when it was too long to be in ours */
};
enum {
	F_UIDVALIDITY = 1,
	F_DONE_BELOW,
	F_BEGUN,
	F_SKIPPED
};

static struct key
name_key(struct str name)
{
	struct key k;

	k.n = 0;
	key_uint(&k, 'n', 1);
	key_text(&k, name);
	return k;
}

static struct key
number_key(char kind, uint32_t source)
{
	struct key k;

	k.n = 0;
	key_uint(&k, (unsigned char)kind, 1);
	key_uint(&k, source, 4);
	return k;
}

uint32_t
source_number(struct txn *t, struct str name)
{
	struct key k = name_key(name), last = number_key('i', UINT32_MAX);
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct buf *b;
	struct str v;
	uint64_t n = 0;
	int r = row_get(t, T_SOURCE, key_str(&k), &v);

	if (r > 0 && (!key_read_uint(&v, 4, &n) || v.n || n == 0))
		row_corrupt(t, T_SOURCE, key_str(&k));
	if (r != 0)
		return r > 0 ? (uint32_t)n : 0;
	if (!t->write)
		return 0;
	r = iter_le(&it, t, T_SOURCE, key_str(&last));
	if (r < 0)
		return 0;
	if (r > 0 && it.key.n == 5 && it.key.p[0] == 'i') {
		v = str_from(it.key, 1);
		key_read_uint(&v, 4, &n);
	}
	n++;
	must(n < UINT32_MAX);
	last = number_key('i', (uint32_t)n);
	row_put(t, T_SOURCE, key_str(&last), name, ROW_PUT);
	b = scratch_take(t);
	buf_put(b, str_from(key_str(&last), 1));
	row_put_scratch(t, T_SOURCE, key_str(&k), ROW_PUT);
	return t->err.code ? 0 : (uint32_t)n;
}

int
source_name(struct txn *t, struct arena *a, uint32_t source, struct str *name)
{
	struct key k = number_key('i', source);
	struct str v;
	int r = row_get(t, T_SOURCE, key_str(&k), &v);

	if (r > 0)
		*name = arena_dup(a, v);
	return r;
}

struct str
source_key_imap(struct arena *a, uint32_t uidvalidity, uint32_t uid)
{
	struct key k;

	/* The eight bytes leave four for a kind, should one be needed: 0. */
	k.n = 0;
	key_uint(&k, 0, 4);
	key_uint(&k, uidvalidity, 4);
	key_uint(&k, uid, 4);
	return arena_dup(a, key_str(&k));
}

/* --- the ledger --- */

static struct key
ledger_key(struct source_key s, bool *cut)
{
	struct key k;

	k.n = 0;
	key_uint(&k, s.source, 4);
	*cut = key_text(&k, s.key);
	return k;
}

bool
ledger_decode(struct str rec, struct ledger_row *out, struct str *long_key)
{
	struct recr r = recr_open(rec);

	*out = (struct ledger_row){0};
	while (recr_next(&r))
		switch (r.tag) {
		case TAG_FATE:
			out->fate = field_enum(&r, FATE_REMOVED + 1);
			break;
		case TAG_SHA256:
			field_hash(&r, out->sha256);
			break;
		case TAG_TICKET:
			out->ticket = field_u64(&r);
			break;
		case TAG_SEQ:
			out->seq = field_u32(&r);
			break;
		case TAG_QUARANTINE:
			out->quarantine = field_u64(&r);
			break;
		case TAG_AT:
			out->at = field_i64(&r);
			break;
		case TAG_KEY:
			*long_key = field_str(&r);
			break;
		default:
			break;
		}
	return !r.bad && out->fate != FATE_NONE;
}

int
ledger_get(struct txn *t, struct source_key s, struct ledger_row *out)
{
	bool cut;
	struct key k = ledger_key(s, &cut);
	struct str v, ignored;
	int r = row_get(t, T_LEDGER, key_str(&k), &v);

	if (r > 0 && !ledger_decode(v, out, &ignored))
		return row_corrupt(t, T_LEDGER, key_str(&k));
	return r;
}

static bool
same_fate(const struct ledger_row *a, const struct ledger_row *b)
{
	return a->fate == b->fate && a->ticket == b->ticket &&
	       a->seq == b->seq && a->quarantine == b->quarantine &&
	       memcmp(a->sha256, b->sha256, SHA256_SIZE) == 0;
}

void
ledger_put(struct txn *t, struct source_key s, const struct ledger_row *row)
{
	bool cut;
	struct key k = ledger_key(s, &cut);
	struct ledger_row old;
	struct buf *b;
	struct str v, ignored;
	int r;

	must(row->fate > FATE_NONE && row->fate <= FATE_REMOVED);
	r = row_get(t, T_LEDGER, key_str(&k), &v);
	if (r > 0 && !ledger_decode(v, &old, &ignored))
		r = row_corrupt(t, T_LEDGER, key_str(&k));
	if (r < 0)
		return;
	if (r > 0 && old.fate != FATE_QUARANTINE && !same_fate(&old, row)) {
		txn_fail(t, ERR_CORRUPT,
		    "source %u: a message that has its fate would get another",
		    s.source);
		return;
	}
	b = scratch_take(t);
	rec_u64(b, TAG_FATE, row->fate);
	rec_str(b, TAG_SHA256, str_n((const char *)row->sha256, SHA256_SIZE));
	rec_u64_opt(b, TAG_TICKET, row->ticket);
	rec_u64_opt(b, TAG_SEQ, row->seq);
	rec_u64_opt(b, TAG_QUARANTINE, row->quarantine);
	rec_i64(b, TAG_AT, row->at);
	if (cut)
		rec_str(b, TAG_KEY, s.key);
	row_put_scratch(t, T_LEDGER, key_str(&k), r > 0 ? ROW_PUT : ROW_APPEND);
}

int
ledger_each(struct txn *t, uint32_t source,
    bool (*fn)(void *ctx, struct source_key k, const struct ledger_row *row),
    void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	AUTO(buf_fini) struct buf copy = BUF_INIT;
	struct key from;
	int r;

	from.n = 0;
	key_uint(&from, source, 4);
	for (r = iter_ge(&it, t, T_LEDGER, key_str(&from)); r > 0;
	     r = iter_next(&it)) {
		struct source_key k;
		struct ledger_row row;
		struct str s, long_key = {0};
		uint64_t n;
		size_t at;

		buf_reset(&copy);
		buf_put(&copy, it.key);
		at = copy.n;
		buf_put(&copy, it.value);
		s = str_sub(buf_str(&copy), 0, at);
		if (!key_read_uint(&s, 4, &n) ||
		    !ledger_decode(
			str_from(buf_str(&copy), at), &row, &long_key))
			return row_corrupt(t, T_LEDGER, it.key);
		if (source && n != source)
			return 0;
		k = (struct source_key){(uint32_t)n, long_key.n ? long_key : s};
		if (!fn(ctx, k, &row))
			return 0;
	}
	return r;
}

/* --- folders --- */

static bool
decode_skipped(struct arena *a, struct str s, struct folder *out)
{
	uint64_t gap, length, at = 0;

	while (s.n) {
		if (!varint_get(&s, &gap) || !varint_get(&s, &length) ||
		    gap > UINT32_MAX || length > UINT32_MAX ||
		    at + gap + length > UINT32_MAX)
			return false;
		out->skipped = vec_more(
		    a, out->skipped, out->nskipped, sizeof *out->skipped);
		at += gap;
		out->skipped[out->nskipped].from = (uint32_t)at;
		at += length;
		out->skipped[out->nskipped++].to = (uint32_t)at;
	}
	return true;
}

int
folder_get(struct txn *t, struct arena *a, uint32_t source, struct folder *out)
{
	struct key k = number_key('f', source);
	struct recr r;
	struct str v;
	int got = kv_dup(t, a, T_SOURCE, key_str(&k), &v);

	if (got <= 0)
		return got;
	*out = (struct folder){0};
	r = recr_open(v);
	while (recr_next(&r))
		switch (r.tag) {
		case F_UIDVALIDITY:
			out->uidvalidity = field_u32(&r);
			break;
		case F_DONE_BELOW:
			out->done_below = field_u32(&r);
			break;
		case F_BEGUN:
			out->begun = field_i64(&r);
			break;
		case F_SKIPPED:
			if (!decode_skipped(a, field_str(&r), out))
				r.bad = true;
			break;
		default:
			break;
		}
	return r.bad ? row_corrupt(t, T_SOURCE, key_str(&k)) : 1;
}

void
folder_put(struct txn *t, uint32_t source, const struct folder *f)
{
	struct key k = number_key('f', source);
	struct buf *b = scratch_take(t);
	uint32_t before = 0;
	size_t at;

	rec_u64_opt(b, F_UIDVALIDITY, f->uidvalidity);
	rec_u64_opt(b, F_DONE_BELOW, f->done_below);
	rec_i64(b, F_BEGUN, f->begun);
	at = rec_begin(b, F_SKIPPED);
	for (size_t i = 0; i < f->nskipped; i++) {
		const struct uid_range *r = &f->skipped[i];

		must(r->from >= before && r->to >= r->from);
		varint_put(b, r->from - before);
		varint_put(b, r->to - r->from);
		before = r->to;
	}
	rec_end(b, at);
	if (buf_failed(b))
		txn_fail(t, ERR_PERM, "a folder's state is too large");
	else
		kv_put(t, T_SOURCE, key_str(&k), buf_str(b), ROW_PUT);
}

/*
 * Rows, values in pieces, and iteration. With store.c and txn.c the only files that know LMDB.
 *
 * Rows go through one cursor a table, opened at first use and kept: messages of a group touch neighbouring pages,
 * and LMDB looks first whether the key lies in the page where the cursor stands. Iterators have cursors of their own.
 */
#include "store/store_private.h"

#include <lmdb.h>
#include <stdio.h>

/* Overflow pages carry a header of 16 bytes: this much data takes exactly one. */
enum {
	PIECE = 4096 - 16
};

static MDB_val
val(struct str s)
{
	return (MDB_val){s.n, (void *)(uintptr_t)s.p};
}

static struct str
unval(MDB_val v)
{
	return str_n(v.mv_data, v.mv_size);
}

static int
fail_mdb(struct txn *t, int rc, enum table table, const char *doing)
{
	char what[64];

	if (t->err.code != ERR_NONE)
		return -1;
	snprintf(what, sizeof what, "%s %s", doing, table_name(table));
	return mdb_fault(t->store, &t->err, rc, what);
}

/* --- rows --- */

/* 1, 0 when the table does not exist (a read-only look at an older store), -1. */
static int
cursor_of(struct txn *t, enum table table, MDB_cursor **c)
{
	int rc;

	if (t->err.code != ERR_NONE)
		return -1;
	if (t->cursor[table]) {
		*c = t->cursor[table];
		return 1;
	}
	if (!t->store->has_table[table]) {
		if (t->write)
			return fail_mdb(t, MDB_NOTFOUND, table, "open");
		return 0;
	}
	rc = mdb_cursor_open(t->mdb, t->store->table[table], c);
	if (rc)
		return fail_mdb(t, rc, table, "open");
	t->cursor[table] = *c;
	return 1;
}

static bool
key_fits(struct str key)
{
	return key.n >= 1 && key.n <= KEY_MAX;
}

int
row_get(struct txn *t, enum table table, struct str key, struct str *value)
{
	MDB_val k = val(key), v;
	MDB_cursor *c;
	int r = cursor_of(t, table, &c);

	*value = str_n(NULL, 0);
	if (r <= 0)
		return r;
	if (!key_fits(key))
		return 0;
	r = mdb_cursor_get(c, &k, &v, MDB_SET);
	if (r == MDB_NOTFOUND)
		return 0;
	if (r)
		return fail_mdb(t, r, table, "read");
	*value = unval(v);
	return 1;
}

bool
row_put(struct txn *t, enum table table, struct str key, struct str value,
    enum row_put how)
{
	MDB_val k = val(key), v = val(value);
	MDB_cursor *c;
	int r;

	must(t->write);
	if (cursor_of(t, table, &c) <= 0)
		return false;
	must(key_fits(key));
	r = mdb_cursor_put(c, &k, &v,
	    how == ROW_APPEND || how == ROW_APPEND_NEW ? MDB_APPEND
	    : how == ROW_NEW                           ? MDB_NOOVERWRITE
						       : 0);
	if (r == MDB_KEYEXIST && how != ROW_NEW) {
		k = val(key);
		v = val(value);
		r = mdb_cursor_put(
		    c, &k, &v, how == ROW_APPEND_NEW ? MDB_NOOVERWRITE : 0);
	}
	if (r == MDB_KEYEXIST)
		return false;
	if (r)
		fail_mdb(t, r, table, "write");
	return r == 0;
}

bool
row_put_scratch(
    struct txn *t, enum table table, struct str key, enum row_put how)
{
	if (buf_failed(&t->scratch)) {
		txn_fail(
		    t, ERR_PERM, "a row of %s is too large", table_name(table));
		return false;
	}
	return row_put(t, table, key, buf_str(&t->scratch), how);
}

bool
row_del(struct txn *t, enum table table, struct str key)
{
	MDB_val k = val(key), v;
	MDB_cursor *c;
	int r;

	must(t->write);
	if (cursor_of(t, table, &c) <= 0 || !key_fits(key))
		return false;
	r = mdb_cursor_get(c, &k, &v, MDB_SET);
	if (r == 0)
		r = mdb_cursor_del(c, 0);
	if (r && r != MDB_NOTFOUND)
		fail_mdb(t, r, table, "delete");
	return r == 0;
}

int
table_rows(struct txn *t, enum table table, uint64_t *n)
{
	MDB_stat st;
	int r;

	*n = 0;
	if (t->err.code != ERR_NONE)
		return -1;
	if (!t->store->has_table[table])
		return 0;
	r = mdb_stat(t->mdb, t->store->table[table], &st);
	if (r)
		return fail_mdb(t, r, table, "count");
	*n = st.ms_entries;
	return 0;
}

/* --- values in pieces --- */

static void
piece_key(struct key *k, size_t base, size_t i)
{
	k->n = base;
	if (i)
		key_uint(k, i, 3);
}

void
kv_put(struct txn *t, enum table table, struct str key, struct str value,
    enum row_put how)
{
	struct key k = {0};
	struct str old;
	size_t i = 0;

	must(key.n <= VALUE_KEY_MAX);
	if (value.n > (size_t)PIECE * ((1u << 24) - 1)) {
		txn_fail(t, ERR_PERM, "a value of %s is too large",
		    table_name(table));
		return;
	}
	key_bytes(&k, key);
	do {
		piece_key(&k, key.n, i++);
		row_put(t, table, key_str(&k), str_sub(value, 0, PIECE), how);
		value = str_from(value, PIECE);
	} while (value.n && t->err.code == ERR_NONE);
	/* Pieces of a longer value before; an append had none. */
	while (how == ROW_PUT && t->err.code == ERR_NONE) {
		piece_key(&k, key.n, i++);
		if (row_get(t, table, key_str(&k), &old) <= 0)
			break;
		row_del(t, table, key_str(&k));
	}
}

bool
kv_copy(struct txn *t, enum table table, struct str from, struct str to)
{
	struct key source = {0}, target = {0};
	char bytes[PIECE]; /* a row borrowed from the map dies with the put */
	struct str piece;

	must(from.n <= VALUE_KEY_MAX && to.n <= VALUE_KEY_MAX);
	key_bytes(&source, from);
	key_bytes(&target, to);
	for (size_t i = 0;; i++) {
		piece_key(&source, from.n, i);
		piece_key(&target, to.n, i);
		if (row_get(t, table, key_str(&source), &piece) <= 0)
			return i > 0 && t->err.code == ERR_NONE;
		must(piece.n <= sizeof bytes);
		if (piece.n)
			memcpy(bytes, piece.p, piece.n);
		row_put(t, table, key_str(&target), str_n(bytes, piece.n),
		    ROW_APPEND);
	}
}

/* Calls for each piece in turn. 1, 0, -1. */
static int
each_piece(struct txn *t, enum table table, struct str key,
    bool (*fn)(void *ctx, struct str piece), void *ctx)
{
	struct key k = {0};
	struct str piece;
	size_t i = 0;
	int r;

	must(key.n <= VALUE_KEY_MAX);
	key_bytes(&k, key);
	for (;;) {
		piece_key(&k, key.n, i);
		r = row_get(t, table, key_str(&k), &piece);
		if (r < 0)
			return -1;
		if (r == 0)
			return i > 0;
		if (!fn(ctx, piece))
			return txn_fail(t, ERR_CORRUPT,
			    "table %s: a value is longer than it may be",
			    table_name(table));
		i++;
		/* A piece that is not full is the last. */
		if (piece.n < PIECE)
			return 1;
	}
}

struct gather {
	struct buf *out;
	size_t start, max;
};

static bool
gather_piece(void *ctx, struct str piece)
{
	struct gather *g = ctx;

	if (g->max && g->out->n - g->start + piece.n > g->max)
		return false;
	buf_put(g->out, piece);
	return !buf_failed(g->out);
}

int
kv_get(struct txn *t, enum table table, struct str key, size_t max,
    struct buf *out)
{
	struct gather g = {out, out->n, max};

	return each_piece(t, table, key, gather_piece, &g);
}

int
kv_dup(struct txn *t, struct arena *a, enum table table, struct str key,
    struct str *out)
{
	struct str first;
	struct buf *b = scratch_take(t);
	struct gather g = {b, 0, 0};
	int r = row_get(t, table, key, &first);

	if (r <= 0)
		return r;
	if (first.n < PIECE) {
		*out = arena_dup(a, first);
		return 1;
	}
	r = each_piece(t, table, key, gather_piece, &g);
	if (r > 0)
		*out = arena_dup(a, buf_str(b));
	return r;
}

bool
kv_del(struct txn *t, enum table table, struct str key)
{
	struct key k = {0};
	size_t i = 0;

	must(key.n <= VALUE_KEY_MAX);
	key_bytes(&k, key);
	for (;; i++) {
		piece_key(&k, key.n, i);
		if (!row_del(t, table, key_str(&k)))
			return i > 0;
	}
}

/* --- iteration --- */

static int
iter_op(struct iter *it, struct str key, MDB_cursor_op op)
{
	MDB_val k = val(key), v;
	int rc = mdb_cursor_get(it->c, &k, &v, op);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc)
		return fail_mdb(it->t, rc, it->table, "read");
	it->key = unval(k);
	it->value = unval(v);
	return 1;
}

/* Only a writer's own changes can move rows under an iterator. */
static int
iter_keep(struct iter *it, int r)
{
	if (r > 0 && it->t->write) {
		it->at.n = 0;
		key_bytes(&it->at, it->key);
	}
	return r;
}

static int
iter_begin(struct iter *it, struct txn *t, enum table table)
{
	int rc;

	if (t->err.code != ERR_NONE)
		return -1;
	if (it->c && (it->t != t || it->table != table))
		iter_end(it);
	it->t = t;
	it->table = table;
	if (it->c)
		return 1;
	if (!t->store->has_table[table])
		return 0;
	rc = mdb_cursor_open(t->mdb, t->store->table[table], &it->c);
	return rc ? fail_mdb(t, rc, table, "open") : 1;
}

int
iter_ge(struct iter *it, struct txn *t, enum table table, struct str key)
{
	int r = iter_begin(it, t, table);

	if (r <= 0)
		return r;
	if (key.n == 0)
		return iter_keep(it, iter_op(it, key, MDB_FIRST));
	return iter_keep(it, iter_op(it, key, MDB_SET_RANGE));
}

int
iter_le(struct iter *it, struct txn *t, enum table table, struct str key)
{
	int r = iter_begin(it, t, table);

	if (r <= 0)
		return r;
	r = iter_op(it, key, MDB_SET_RANGE);
	if (r == 0)
		r = iter_op(it, key, MDB_LAST);
	else if (r > 0 && !str_eq(it->key, key))
		r = iter_op(it, key, MDB_PREV);
	return iter_keep(it, r);
}

int
iter_next(struct iter *it)
{
	int r;

	if (it->t->err.code != ERR_NONE)
		return -1;
	if (!it->t->write)
		return iter_op(it, str_n(NULL, 0), MDB_NEXT);
	r = iter_op(it, key_str(&it->at), MDB_SET_RANGE);
	if (r > 0 && str_eq(it->key, key_str(&it->at)))
		r = iter_op(it, str_n(NULL, 0), MDB_NEXT);
	return iter_keep(it, r);
}

int
iter_prev(struct iter *it)
{
	int r;

	if (it->t->err.code != ERR_NONE)
		return -1;
	if (!it->t->write)
		return iter_op(it, str_n(NULL, 0), MDB_PREV);
	r = iter_op(it, key_str(&it->at), MDB_SET_RANGE);
	if (r == 0)
		r = iter_op(it, str_n(NULL, 0), MDB_LAST);
	else if (r > 0)
		r = iter_op(it, str_n(NULL, 0), MDB_PREV);
	return iter_keep(it, r);
}

void
iter_end(struct iter *it)
{
	if (it->c)
		mdb_cursor_close(it->c);
	it->c = NULL;
}

void *
vec_more(struct arena *a, void *v, size_t n, size_t size)
{
	void *more;

	if (n && (n < 4 || (n & (n - 1))))
		return v;
	more = arena_alloc_n(a, n < 4 ? 4 : n * 2, size);
	if (n)
		memcpy(more, v, n * size);
	return more;
}

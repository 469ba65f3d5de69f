/*
 * A transaction: how it begins and ends, what an error of LMDB's means, and the numbers that are written once at its commit.
 */
#include "store/store_private.h"
#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/statvfs.h>

static const char *const table_names[] = {
#define X_NAME(id, name) name,
    TABLES(X_NAME)};
static const char *const sequence_names[] = {SEQUENCES(X_NAME)};

const char *
table_name(enum table table)
{
	must(table < TABLE_COUNT);
	return table_names[table];
}

/*
 * LMDB reports a write cut short as EIO, which is what a full disk looks like when part of a write still fitted.
 * Nothing that an earlier commit refers to was touched, so a full disk leaves the environment good.
 */
static bool
disk_is_full(const struct store *s)
{
	struct statvfs v;

	return statvfs(s->dir, &v) == 0 &&
	       (uint64_t)v.f_bavail * v.f_frsize < (4u << 20);
}

int
mdb_fault(struct store *s, struct err *err, int rc, const char *doing)
{
	enum err_code code = ERR_TEMP;

	switch (rc) {
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
		code = ERR_SPACE;
		break;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_CURSOR_FULL:
		code = ERR_CORRUPT;
		break;
	case MDB_VERSION_MISMATCH:
		code = ERR_INVAL;
		break;
	case MDB_TXN_FULL:
	case MDB_BAD_VALSIZE:
	case EACCES:
	case EPERM:
	case EROFS:
		code = ERR_PERM;
		break;
	case EIO:
		if (disk_is_full(s)) {
			code = ERR_SPACE;
			break;
		}
		s->broken = true;
		break;
	case MDB_PANIC:
		s->broken = true;
		break;
	default:
		break;
	}
	if (s->broken)
		code = ERR_TEMP;
	if (rc == MDB_MAP_FULL)
		return err_set(err, code,
		    "store %s: %s: its map is full; open it with a larger one",
		    s->dir, doing);
	return err_set(err, code, "store %s: %s: %s", s->dir, doing,
	    code == ERR_SPACE && rc == EIO ? strerror(ENOSPC)
					   : mdb_strerror(rc));
}

/* --- begin and end --- */

static int
begin(struct store *s, bool write, struct txn **out, struct err *err)
{
	struct txn *t;
	int rc;

	if (store_is_broken(s))
		return err_set(err, ERR_TEMP,
		    "store %s: a write failed; it has to be opened again",
		    s->dir);
	if (write && s->read_only)
		return err_set(
		    err, ERR_PERM, "store %s is open for reading only", s->dir);
	t = mem_new(sizeof *t);
	t->store = s;
	t->write = write;
	rc = mdb_txn_begin(s->env, NULL, write ? 0 : MDB_RDONLY, &t->mdb);
	if (rc == MDB_READERS_FULL) {
		int cleared;

		mdb_reader_check(s->env, &cleared);
		rc = mdb_txn_begin(
		    s->env, NULL, write ? 0 : MDB_RDONLY, &t->mdb);
	}
	if (rc) {
		mem_free(t);
		return mdb_fault(s, err, rc, "cannot begin a transaction");
	}
	if (write) {
		/* LMDB's lock is ours now, and so is the spare buffer. */
		t->scratch = s->spare;
		s->spare = BUF_INIT;
		t->seals = s->seals;
	}
	*out = t;
	return 0;
}

int
txn_read(struct store *s, struct txn **out, struct err *err)
{
	return begin(s, false, out, err);
}

/* Who opened the store before it was sealed would add what is in clear. */
static int
refuse_clear(struct txn *t)
{
	struct str v;

	if (row_get(t, T_META, S("vault"), &v) > 0)
		txn_fail(t, ERR_PERM,
		    "the mail in %s is sealed by now: start helpd again",
		    t->store->dir);
	return txn_error(t, NULL);
}

int
txn_write(struct store *s, struct txn **out, struct err *err)
{
	if (begin(s, true, out, err) < 0)
		return -1;
	if (s->vault || !s->opened || refuse_clear(*out) == 0)
		return 0;
	txn_error(*out, err);
	txn_abort(out);
	return -1;
}

/* Before the environment's lock is given back. A buffer that a large row made large is not kept. */
static void
give_back(struct txn *t)
{
	if (t->write && t->scratch.cap <= (1u << 20))
		t->store->spare = t->scratch;
	else
		buf_fini(&t->scratch);
	t->scratch = BUF_INIT;
	arena_fini(&t->tmp);
	mem_free(t->touched);
	mem_free(t->fresh);
	/* A writer's cursors die with its transaction. */
	for (size_t i = 0; !t->write && i < TABLE_COUNT; i++)
		if (t->cursor[i])
			mdb_cursor_close(t->cursor[i]);
}

static void
write_back(struct txn *t)
{
	struct key k;

	for (size_t i = 0; t->seq_changed && i < SEQ_COUNT; i++) {
		k.n = 0;
		key_bytes(&k, S("seq:"));
		key_bytes(&k, str_c(sequence_names[i]));
		if (t->seq[i])
			row_put(t, T_META, key_str(&k),
			    str_n((const char *)&t->seq[i], sizeof t->seq[i]),
			    ROW_PUT);
	}
	if (t->count_changed)
		row_put(t, T_META, S("counts"),
		    str_n((const char *)t->count, sizeof t->count), ROW_PUT);
}

/* A failed write of the meta page makes LMDB refuse everything from then on. */
static void
ask_lmdb(struct store *s)
{
	MDB_txn *probe = NULL;

	if (mdb_txn_begin(s->env, NULL, MDB_RDONLY, &probe) == MDB_PANIC)
		s->broken = true;
	else if (probe)
		mdb_txn_abort(probe);
}

/* New keys are on the disk before anything that was sealed with them. A sync
 * that failed may have lost what was written before, too. */
static void
keep_keys(struct txn *t)
{
	struct store *s = t->store;
	struct err e = ERR_INIT;

	if (!vault_needs_sync(s->vault) || vault_sync(s->vault, &e) == 0)
		return;
	s->broken = e.code != ERR_SPACE;
	txn_fail(t, e.code, "%s", e.msg);
}

int
txn_commit(struct txn *t, struct err *err)
{
	struct store *s = t->store;
	MDB_txn *mdb = t->mdb;
	bool write = t->write;
	int rc;

	if (write && t->err.code == ERR_NONE)
		write_back(t);
	if (write && s->vault && t->err.code == ERR_NONE)
		keep_keys(t);
	if (t->err.code != ERR_NONE) {
		if (err)
			*err = t->err;
		txn_abort(&t);
		return -1;
	}
	give_back(t);
	mem_free(t);
	if (!write) {
		mdb_txn_abort(mdb);
		return 0;
	}
	fault_point("commit-before");
	rc = mdb_txn_commit(mdb);
	if (rc == 0) {
		fault_point("commit-after");
		return 0;
	}
	if (rc == ENOSPC || rc == EDQUOT)
		ask_lmdb(s);
	else if (rc > 0 && rc != EIO && rc != ENOMEM)
		s->broken =
		    true; /* EIO may yet be a full disk: see mdb_fault() */
	return mdb_fault(s, err, rc, "commit");
}

void
txn_abort(struct txn **tp)
{
	struct txn *t = *tp;

	if (!t)
		return;
	*tp = NULL;
	give_back(t);
	mdb_txn_abort(t->mdb);
	mem_free(t);
}

int
txn_error(const struct txn *t, struct err *err)
{
	if (t->err.code == ERR_NONE)
		return 0;
	if (err)
		*err = t->err;
	return -1;
}

int
txn_fail(struct txn *t, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (t->err.code != ERR_NONE)
		return -1;
	t->err.code = code;
	va_start(ap, fmt);
	vsnprintf(t->err.msg, sizeof t->err.msg, fmt, ap);
	va_end(ap);
	return -1;
}

int
row_corrupt(struct txn *t, enum table table, struct str key)
{
	AUTO(buf_fini) struct buf hex = BUF_INIT;

	buf_hex(&hex, str_sub(key, 0, 40));
	return txn_fail(t, ERR_CORRUPT,
	    "store %s: table %s, row %s: not in the form it was written in",
	    t->store->dir, table_name(table), buf_cstr(&hex));
}

/* --- sequences and counts --- */

static bool
seq_load(struct txn *t)
{
	struct key k;
	struct str v;

	for (size_t i = 0; !t->seq_loaded && i < SEQ_COUNT; i++) {
		int r;

		k.n = 0;
		key_bytes(&k, S("seq:"));
		key_bytes(&k, str_c(sequence_names[i]));
		r = row_get(t, T_META, key_str(&k), &v);
		if (r > 0 && v.n != sizeof t->seq[i])
			r = row_corrupt(t, T_META, key_str(&k));
		if (r < 0)
			return false;
		if (r > 0)
			memcpy(&t->seq[i], v.p, sizeof t->seq[i]);
	}
	t->seq_loaded = true;
	return t->err.code == ERR_NONE;
}

uint64_t
seq_next(struct txn *t, enum sequence s)
{
	must(t->write);
	if (!seq_load(t))
		return 0;
	if (t->seq[s] >= KEY_TICKET_MAX) {
		txn_fail(
		    t, ERR_PERM, "no numbers left for %s", sequence_names[s]);
		return 0;
	}
	t->seq_changed = true;
	return ++t->seq[s];
}

int
seq_last(struct txn *t, enum sequence s, uint64_t *v)
{
	if (!seq_load(t))
		return -1;
	*v = t->seq[s];
	return 0;
}

static bool
count_load(struct txn *t)
{
	struct str v;
	int r;

	if (t->count_loaded || t->err.code != ERR_NONE)
		return t->err.code == ERR_NONE;
	r = row_get(t, T_META, S("counts"), &v);
	if (r > 0 && v.n != sizeof t->count)
		r = row_corrupt(t, T_META, S("counts"));
	if (r > 0)
		memcpy(t->count, v.p, sizeof t->count);
	t->count_loaded = r >= 0;
	return t->count_loaded;
}

void
count_change(struct txn *t, unsigned slot, int by)
{
	must(slot < COUNT_SLOTS);
	if (by == 0 || !count_load(t))
		return;
	if (by < 0 && t->count[slot] < (uint64_t)-by) {
		txn_fail(t, ERR_CORRUPT,
		    "store %s: the count in slot %u would fall below zero",
		    t->store->dir, slot);
		return;
	}
	t->count[slot] += (uint64_t)by;
	t->count_changed = true;
}

int
count_get(struct txn *t, unsigned slot, uint64_t *v)
{
	must(slot < COUNT_SLOTS);
	if (!count_load(t))
		return -1;
	*v = t->count[slot];
	return 0;
}

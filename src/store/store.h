/*
 * store: the LMDB environment and its transactions. The only home of <lmdb.h>, together with store/txn.c and store/row.c.
 *
 * Durable: default sync flags, one fsync a commit. One process-wide writer at a time (LMDB's own lock); many readers,
 * who never block it. Values are copied out at the door: nothing that a store function returns points into the map.
 *
 * A transaction keeps its first error: writers return nothing, look-ups 1 found, 0 not, -1 error; txn_commit() (or
 * txn_error()) tells what went wrong. A failed transaction cannot be committed. After an fsync or write error the environment is not
 * to be used again: txn_commit() says ERR_TEMP with store_is_broken() true; close, reopen, re-read.
 * Map full or disk full is ERR_SPACE: nothing of the transaction is stored, the environment stays good.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"

struct store;
struct txn;

struct store_options {
	uint64_t map_size;   /* bytes, sparse; 0: 1 TiB (or what the address space gives) */
	bool read_only;      /* the directory must exist and hold a store */
	bool create;         /* make the directory (0700) and an empty store when there is none */
};

enum { STORE_SCHEMA = 4 };

/* ERR_NOENT when there is none; ERR_INVAL when its schema is newer than this program; older ones are migrated here, unless read only: then what is not there yet is missing. */
int store_open(struct store **out, const char *dir, const struct store_options *o, struct err *err);
void store_close(struct store *s);
bool store_is_broken(const struct store *s);
const char *store_dir(const struct store *s);
/* Clears reader slots of dead processes; returns how many. */
int store_clear_stale(struct store *s, struct err *err);
/* Bytes in use of the map, and the map's size. */
void store_usage(struct store *s, uint64_t *used, uint64_t *size);

/*
 * Mail that is kept sealed (store/vault.h). The store takes the vault over, also when it fails: ERR_INVAL when the store's mail was sealed with keys of
 * another one. seals: what is put from now on is sealed; else only what was sealed already stays so. NULL when there is none.
 */
struct vault;
int store_use_vault(struct store *s, struct vault *v, bool seals, struct err *err);
struct vault *store_vault(const struct store *s);
/* Was mail ever sealed in it? 1, 0, -1. */
int store_is_sealed(struct store *s, struct err *err);

int txn_read(struct store *s, struct txn **out, struct err *err);
int txn_write(struct store *s, struct txn **out, struct err *err);
/* Commits and frees; on failure frees too. For a read transaction: just ends it. */
int txn_commit(struct txn *t, struct err *err);
/* For AUTO(txn_abort) struct txn *t = NULL; sets it to NULL. An uncommitted transaction leaves no trace. */
void txn_abort(struct txn **t);
/* 0 when all is well so far, else -1 with the first error. */
int txn_error(const struct txn *t, struct err *err);
/* Marks the transaction failed (the first time counts): what a caller found contradicting. Returns -1. */
int txn_fail(struct txn *t, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Small named values: keys, the schema, counters. */
int meta_get(struct txn *t, struct arena *a, struct str name, struct str *value);
void meta_put(struct txn *t, struct str name, struct str value);
/* The next number of a sequence, from 1; never given twice. */
uint64_t meta_next(struct txn *t, struct str name);

/* Told from time to time how many bytes are written, and about how many there will be. */
typedef void store_progress(void *ctx, uint64_t done, uint64_t about);

/*
 * A hot, compact copy into a directory that is new or empty: writers go on meanwhile. Mode 0700 and 0600, synced before it returns;
 * after an error the copy is removed. progress may be NULL.
 */
int store_backup(struct store *s, const char *dir, store_progress *progress, void *ctx, struct err *err);
/*
 * Makes `to` a store with what the backup `from` holds. The backup is opened and read through (store_check without contents) first;
 * ERR_CORRUPT when it has problems. ERR_INVAL when `to` holds a store, unless force: then that one is replaced in one rename;
 * ERR_TEMP when it is in use by any process, also with force.
 */
int store_restore(const char *from, const char *to, bool force, store_progress *progress, void *ctx, struct err *err);

#endif

/* The environment, for the files that know LMDB. */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "store/txn_private.h"
#include "store/vault.h"

#include <stdatomic.h>
#include <sys/types.h>

struct store {
	struct MDB_env *env;
	char *dir;
	bool read_only;
	bool opened; /* with its schema up to date */
	_Atomic bool broken;
	struct vault *vault; /* NULL: none */
	_Atomic bool seals;  /* new mail is sealed */
	unsigned table[TABLE_COUNT];
	bool has_table[TABLE_COUNT];
	struct buf spare; /* the write transaction's scratch buffer between transactions; LMDB's write lock guards it */
	dev_t dev;        /* which directory it is, for one opening a process */
	ino_t ino;
	struct store *next_open;
};

/* Fills *err for a code of LMDB's; marks the store broken where nothing may be written any more. Returns -1. */
int mdb_fault(struct store *s, struct err *err, int rc, const char *doing);
/* Whether this process has a store of that directory open. */
bool store_is_open_here(const char *dir);
/* A compact copy into an empty file; ERR_CORRUPT from a compacting copy is tried again without. */
int store_copy_to(struct store *s, int fd, struct err *err);

/*
 * Migrations, oldest first: run inside one write transaction with the schema number they leave behind. A store of schema N opens
 * when each step from N to STORE_SCHEMA is there.
 */
struct migration {
	unsigned from;
	int (*run)(struct txn *t);
};
/* Brings the store up to `schema` by the steps given; for store_open() and its test. */
int store_migrate(struct store *s, const struct migration *steps, size_t n, unsigned schema, struct err *err);

#endif

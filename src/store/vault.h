/*
 * vault: the keys that stored mail is sealed with, one a person, in a file of their own.
 *
 * The file is outside of the LMDB environment, and no backup of the store holds it: wrapped keys that lay in the store would be in every old backup, and
 * forgetting one would kill nothing. It is made of slots of 64 bytes; the number of a slot is the number of its key:
 *
 *   slot 0   "helpd vault 1\n" and two NULs (16), a random name (16), nonce(12) and tag(16) of nothing sealed with the master key, 4 NULs
 *   others   state(1), 3 NULs, nonce(12) | the key, sealed(32) | tag(16)
 *
 * A key is wrapped (base/seal.h) by the master key; what it is bound to is the vault's name and the number. Numbers are never given twice: the file only
 * grows. Forgetting a key overwrites its slot with NULs. A slot that was cut short by a crash is a number that nothing refers to.
 *
 * Several processes use one vault. Who adds or rewraps holds LMDB's write lock; who reads looks at the slot each time, so a key that another process has
 * forgotten is forgotten here at once. The keys in memory are few, in pages that are kept out of core dumps and, where the limits let us,
 * out of swap; they are wiped when the vault is closed. Thread-safe.
 */
#ifndef STORE_VAULT_H
#define STORE_VAULT_H

#include "base/err.h"
#include "base/seal.h"

struct vault;

enum {
	VAULT_COMMON = 1, /* of what belongs to nobody */
	VAULT_WORDS,      /* of the words in the search index */
	VAULT_FIRST,      /* from here on: of persons */
};
enum { VAULT_SLOT = 64, VAULT_NAME = 16 };
enum vault_state {
	VAULT_HELD,
	VAULT_FORGOTTEN, /* for good */
	VAULT_MISSING,   /* this file never had it, or what it has is damaged: an older copy of the vault, or another one */
};

/* A new vault with the keys 1 and 2, mode 0600, on the disk when it returns. ERR_INVAL when the file is there. */
int vault_create(const char *path, const unsigned char master[SEAL_KEY_SIZE], struct err *err);
/* ERR_NOENT; ERR_CORRUPT when it is none; ERR_INVAL when another master key wrapped it, or when others may read it. */
int vault_open(struct vault **out, const char *path, const unsigned char master[SEAL_KEY_SIZE], struct err *err);
void vault_close(struct vault *v);
const char *vault_path(const struct vault *v);
/* Which vault it is; the same for its copies, and after it was wrapped anew. */
void vault_name(const struct vault *v, unsigned char name[VAULT_NAME]);

/*
 * A new key; its number is at least `least` (one more than the last the store knows of: an older copy of the vault must not give a number a second
 * time). Not on the disk before vault_sync(). The caller holds LMDB's write lock. ERR_TEMP when the file at the path is another one by now.
 */
int vault_add(struct vault *v, uint64_t least, uint64_t *id, struct err *err);
bool vault_needs_sync(const struct vault *v);
/* After an error of it nothing may be committed that refers to a new key. */
int vault_sync(struct vault *v, struct err *err);
/* The key into key[]; wipe it afterwards. A file that cannot be read counts as missing it. */
enum vault_state vault_key(struct vault *v, uint64_t id, unsigned char key[SEAL_KEY_SIZE]);
/* The state without the key. */
enum vault_state vault_look(struct vault *v, uint64_t id);
/* For good, on the disk when it returns. No error when it is forgotten already or was never there; ERR_INVAL for the common ones. */
int vault_forget(struct vault *v, uint64_t id, struct err *err);

struct vault_counts {
	uint64_t held, forgotten, missing;
};
int vault_count(struct vault *v, struct vault_counts *out, struct err *err);

/*
 * All keys under another master key, into a file that takes the place of the old one in one rename. Everybody who has the old one open has to open it
 * again: call it with LMDB's write lock, and without a daemon.
 */
int vault_rewrap(struct vault *v, const unsigned char master[SEAL_KEY_SIZE], struct err *err);

#endif

/*
 * The environment: opening, its tables, its schema.
 *
 * LMDB's rules that shape this file: an environment is opened once a process (POSIX locks vanish when any descriptor of the file
 * is closed), never used after fork(), and each table's handle is opened once, alone in a transaction.
 */
#include "store/store_private.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/reseal.h"
#include "store/outbox_private.h"
#include "store/ticket_index.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READERS = 256
};

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct store *open_stores;

/* --- one opening a process --- */

static int
claim(struct store *s, struct err *err)
{
	struct stat st;
	int r = 0;

	if (stat(s->dir, &st) < 0)
		return err_sys(err, ERR_NOENT, "store %s", s->dir);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	pthread_mutex_lock(&open_lock);
	for (struct store *o = open_stores; o; o = o->next_open)
		if (o->dev == s->dev && o->ino == s->ino)
			r = err_set(err, ERR_TEMP,
			    "store %s is open in this process already", s->dir);
	if (r == 0) {
		s->next_open = open_stores;
		open_stores = s;
	}
	pthread_mutex_unlock(&open_lock);
	return r;
}

static void
unclaim(struct store *s)
{
	pthread_mutex_lock(&open_lock);
	for (struct store **at = &open_stores; *at; at = &(*at)->next_open)
		if (*at == s) {
			*at = s->next_open;
			break;
		}
	pthread_mutex_unlock(&open_lock);
}

bool
store_is_open_here(const char *dir)
{
	struct stat st;
	bool found = false;

	if (stat(dir, &st) < 0)
		return false;
	pthread_mutex_lock(&open_lock);
	for (struct store *o = open_stores; o; o = o->next_open)
		found |= o->dev == st.st_dev && o->ino == st.st_ino;
	pthread_mutex_unlock(&open_lock);
	return found;
}

/* --- the environment --- */

static int
env_try(struct store *s, uint64_t size)
{
	MDB_env *env;
	int rc = mdb_env_create(&env);

	if (rc)
		return rc;
	rc = mdb_env_set_mapsize(env, (size_t)size);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env, TABLE_COUNT + 4);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(env, READERS);
	if (rc == 0)
		rc = mdb_env_open(env, s->dir,
		    MDB_NOTLS | (s->read_only ? MDB_RDONLY : 0), 0600);
	if (rc) {
		mdb_env_close(env);
		return rc;
	}
	s->env = env;
	return 0;
}

/* The map is address space only; where that is limited (rlimits, valgrind) a smaller one serves. */
static int
env_open(struct store *s, uint64_t size, struct err *err)
{
	bool fixed = size != 0;
	int rc;

	if (!fixed)
		size = UINT64_C(1) << (sizeof(void *) > 4 ? 40 : 30);
	size &= ~(uint64_t)0xffff;
	do {
		rc = env_try(s, size);
		size /= 4;
	} while (
	    (rc == ENOMEM || rc == EINVAL) && !fixed && size >= (1u << 26));
	if (rc == 0)
		return 0;
	if (rc == ENOENT)
		return err_set(
		    err, ERR_NOENT, "there is no store in %s", s->dir);
	return mdb_fault(s, err, rc, "cannot open");
}

/* Opens the tables that are not open yet; without create those that do not exist stay closed. */
static int
open_tables_in(struct store *s, bool create, struct err *err)
{
	MDB_txn *mdb;
	int rc = mdb_txn_begin(s->env, NULL, create ? 0 : MDB_RDONLY, &mdb);

	if (rc)
		return mdb_fault(s, err, rc, "cannot open the tables");
	for (enum table i = 0; i < TABLE_COUNT && rc == 0; i++) {
		if (s->has_table[i])
			continue;
		rc = mdb_dbi_open(
		    mdb, table_name(i), create ? MDB_CREATE : 0, &s->table[i]);
		s->has_table[i] = rc == 0;
		if (rc == MDB_NOTFOUND && !create)
			rc = 0;
	}
	if (rc == 0 && create)
		fault_point("commit-before");
	if (rc == 0)
		rc = mdb_txn_commit(mdb);
	else
		mdb_txn_abort(mdb);
	if (rc == 0 && create)
		fault_point("commit-after");
	return rc ? mdb_fault(s, err, rc, "cannot open the tables") : 0;
}

/* Only a store that is new, or older than a table, needs the write lock for it: opening must not wait for a writer. */
static int
open_tables(struct store *s, struct err *err)
{
	bool all = true;

	if (open_tables_in(s, false, err) < 0)
		return -1;
	for (enum table i = 0; i < TABLE_COUNT; i++)
		all &= s->has_table[i];
	return all || s->read_only ? 0 : open_tables_in(s, true, err);
}

/* --- schema --- */

static const struct migration migrations[] = {
    {1, ticket_load_migrate},
    {2, outbox_ticket_migrate},
    {3, outbox_lanes_migrate},
};

/* 0 when the store is empty. */
static int
schema_read(struct txn *t, uint64_t *schema)
{
	struct str v;
	int r = row_get(t, T_META, S("schema"), &v);

	*schema = 0;
	if (r < 0)
		return -1;
	if (r > 0 && (!str_u64(v, schema) || *schema == 0))
		return row_corrupt(t, T_META, S("schema"));
	return 0;
}

static void
schema_write(struct txn *t, unsigned schema)
{
	char d[16];
	int n = snprintf(d, sizeof d, "%u", schema);

	must(n > 0 && (size_t)n < sizeof d);
	meta_put(t, S("schema"), str_n(d, (size_t)n));
}

static int
migrate_steps(struct txn *t, uint64_t have, const struct migration *steps,
    size_t n, unsigned schema)
{
	while (have < schema) {
		const struct migration *step = NULL;

		for (size_t i = 0; i < n; i++)
			if (steps[i].run && steps[i].from == have)
				step = &steps[i];
		if (!step)
			return txn_fail(t, ERR_INVAL,
			    "the store in %s has schema %llu, which this "
			    "version can no longer bring up to date",
			    t->store->dir, (unsigned long long)have);
		if (step->run(t) < 0)
			return txn_fail(t, ERR_CORRUPT,
			    "the store in %s could not be migrated",
			    t->store->dir);
		have++;
	}
	schema_write(t, schema);
	return 0;
}

static int
schema_check(struct store *s, uint64_t have, unsigned schema, struct err *err)
{
	if (have > schema)
		return err_set(err, ERR_INVAL,
		    "the store in %s was written by a newer helpd (schema "
		    "%llu; this one knows %u)",
		    s->dir, (unsigned long long)have, schema);
	if (have == 0 && s->read_only)
		return err_set(
		    err, ERR_NOENT, "there is no store in %s", s->dir);
	return 0;
}

/* 1 when the schema is the wanted one, 0 when it has to be brought there, -1. */
static int
schema_is(struct store *s, bool write, struct txn **t, uint64_t *have,
    unsigned schema, struct err *err)
{
	if ((write ? txn_write(s, t, err) : txn_read(s, t, err)) < 0)
		return -1;
	if (schema_read(*t, have) < 0)
		return txn_error(*t, err);
	if (schema_check(s, *have, schema, err) < 0)
		return -1;
	/* An old backup is read as it is: readers miss what is new. */
	return *have == schema || s->read_only;
}

int
store_migrate(struct store *s, const struct migration *steps, size_t n,
    unsigned schema, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct txn *done;
	uint64_t have;
	int r = schema_is(s, false, &t, &have, schema, err);

	if (r != 0)
		return r < 0 ? -1 : 0;
	txn_abort(&t);
	/* Another process may have done it meanwhile. */
	r = schema_is(s, true, &t, &have, schema, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (have == 0)
		schema_write(t, schema);
	else
		migrate_steps(t, have, steps, n, schema);
	done = t;
	t = NULL;
	return txn_commit(done, err);
}

/* --- open and close --- */

static int
prepare_dir(struct store *s, bool create, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const char *file = path_join(&a, s->dir, "data.mdb");
	struct stat st;

	if (stat(file, &st) == 0)
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, ERR_PERM, "store %s", s->dir);
	if (!create)
		return err_set(
		    err, ERR_NOENT, "there is no store in %s", s->dir);
	return dir_make(s->dir, 0700, err);
}

/* LMDB syncs its file, not the directory that names it. The one above may be closed to us: then it was there before. */
static int
sync_dirs(struct store *s, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	if (dir_sync(s->dir, err) < 0)
		return -1;
	dir_sync(path_join(&a, s->dir, ".."), NULL);
	return 0;
}

int
store_open(struct store **out, const char *dir, const struct store_options *o,
    struct err *err)
{
	struct store_options def = {0};
	struct store *s = mem_new(sizeof *s);

	if (!o)
		o = &def;
	s->dir = mem_strdup(dir);
	s->read_only = o->read_only;
	if (prepare_dir(s, o->create && !o->read_only, err) < 0 ||
	    claim(s, err) < 0)
		goto fail;
	if (env_open(s, o->map_size, err) < 0 || open_tables(s, err) < 0 ||
	    store_migrate(
		s, migrations, ARRAY_LEN(migrations), STORE_SCHEMA, err) < 0 ||
	    (o->create && !s->read_only && sync_dirs(s, err) < 0)) {
		store_close(s);
		return -1;
	}
	s->opened = true;
	*out = s;
	return 0;
fail:
	mem_free(s->dir);
	mem_free(s);
	return -1;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	if (s->env)
		mdb_env_close(s->env);
	unclaim(s);
	vault_close(s->vault);
	buf_fini(&s->spare);
	mem_free(s->dir);
	mem_free(s);
}

/* --- the vault --- */

/* 1 when the name in the store is that one, 0 when there is none. */
static int
is_named(struct txn *t, const unsigned char name[VAULT_NAME])
{
	struct str v;
	int r = row_get(t, T_META, S("vault"), &v);

	if (r <= 0)
		return r;
	if (!str_eq(v, str_n((const char *)name, VAULT_NAME)))
		return txn_fail(t, ERR_INVAL,
		    "the mail in %s was sealed with keys of another vault",
		    t->store->dir);
	return 1;
}

/* Its name, and whether there are words in clear in the index, or will be. */
static void
note_vault(struct txn *t, const unsigned char name[VAULT_NAME], bool seals)
{
	uint64_t last = 0;

	/* Another process may have been first. */
	if (is_named(t, name) == 0)
		meta_put(t, S("vault"), str_n((const char *)name, VAULT_NAME));
	else if (seals)
		return;
	if (seq_last(t, SEQ_TICKET, &last) == 0 && (last || !seals))
		reseal_words_note(t, 1);
}

int
store_use_vault(struct store *s, struct vault *v, bool seals, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	unsigned char name[VAULT_NAME];
	struct txn *done;
	uint64_t words;
	int r;

	must(!s->vault);
	s->vault = v;
	vault_name(v, name);
	if (txn_read(s, &t, err) < 0)
		return -1;
	r = is_named(t, name);
	if (r < 0 || reseal_words(t, &words) < 0)
		return txn_error(t, err);
	s->seals = seals;
	if (s->read_only || (r ? seals || words == 1 : !seals))
		return 0;
	txn_abort(&t);
	if (txn_write(s, &t, err) < 0)
		return -1;
	note_vault(t, name, seals);
	done = t;
	t = NULL;
	return txn_commit(done, err);
}

struct vault *
store_vault(const struct store *s)
{
	return s->vault;
}

int
store_is_sealed(struct store *s, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct str v;
	int r;

	if (txn_read(s, &t, err) < 0)
		return -1;
	r = row_get(t, T_META, S("vault"), &v);
	return r < 0 ? txn_error(t, err) : r;
}

bool
store_is_broken(const struct store *s)
{
	return s->broken;
}

const char *
store_dir(const struct store *s)
{
	return s->dir;
}

int
store_clear_stale(struct store *s, struct err *err)
{
	int dead = 0, rc = mdb_reader_check(s->env, &dead);

	return rc ? mdb_fault(s, err, rc, "cannot clear readers") : dead;
}

void
store_usage(struct store *s, uint64_t *used, uint64_t *size)
{
	MDB_envinfo info;
	MDB_stat st;

	*used = *size = 0;
	if (mdb_env_info(s->env, &info) || mdb_env_stat(s->env, &st))
		return;
	*used = ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
	*size = info.me_mapsize;
}

int
store_copy_to(struct store *s, int fd, struct err *err)
{
	int rc = mdb_env_copyfd2(s->env, fd, MDB_CP_COMPACT);

	/* Pages lost by a bug of LMDB make only the compacting copy fail. */
	if (rc == MDB_INCOMPATIBLE || rc == MDB_CORRUPTED) {
		if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
			return err_sys(err, ERR_TEMP, "backup");
		rc = mdb_env_copyfd2(s->env, fd, 0);
	}
	if (rc == ENOSPC || rc == EDQUOT)
		return err_set(
		    err, ERR_SPACE, "no room for the copy: %s", strerror(rc));
	if (rc > 0) /* of the copy's file, not of the store */
		return err_set(
		    err, ERR_TEMP, "cannot write the copy: %s", strerror(rc));
	return rc ? mdb_fault(s, err, rc, "cannot be copied") : 0;
}

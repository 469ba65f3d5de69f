/*
 * loop_lmdb MAILDIR DIR N: the floor under one mail at a time: the raw bytes of
 * up to N mails go into LMDB, each with three keys, one durable commit a mail
 * (the default sync flags). Prints "mails seconds cpu_seconds".
 */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>
#include <openssl/sha.h>

enum {
	FILE_MAX = 32 << 20
};

static void
must(int rc, const char *what)
{
	if (rc != 0)
		errx(EX_SOFTWARE, "%s: %s", what, mdb_strerror(rc));
}

static void
put(MDB_txn *t, MDB_dbi db, const void *k, size_t nk, void *v, size_t nv,
    unsigned flags)
{
	MDB_val key = {nk, (void *)(uintptr_t)k}, value = {nv, v};
	must(mdb_put(t, db, &key, &value, flags), "mdb_put");
}

static double
seconds(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	static unsigned char buf[FILE_MAX];
	MDB_env *env;
	MDB_dbi blob, hash, ledger, msgid;
	MDB_txn *t;
	struct dirent *e;
	uint64_t n = 0, max;

	if (argc != 4)
		errx(EX_USAGE, "usage: loop_lmdb MAILDIR/new DIR N");
	max = strtoull(argv[3], NULL, 10);
	mkdir(argv[2], 0700);
	must(mdb_env_create(&env), "mdb_env_create");
	must(mdb_env_set_maxdbs(env, 8), "mdb_env_set_maxdbs");
	must(mdb_env_set_mapsize(env, (size_t)8 << 30), "mdb_env_set_mapsize");
	must(mdb_env_open(env, argv[2], 0, 0600), "mdb_env_open");
	must(mdb_txn_begin(env, NULL, 0, &t), "mdb_txn_begin");
	must(
	    mdb_dbi_open(t, "blob", MDB_CREATE | MDB_INTEGERKEY, &blob), "dbi");
	must(mdb_dbi_open(t, "hash", MDB_CREATE, &hash), "dbi");
	must(mdb_dbi_open(t, "ledger", MDB_CREATE, &ledger), "dbi");
	must(mdb_dbi_open(t, "msgid", MDB_CREATE, &msgid), "dbi");
	must(mdb_txn_commit(t), "mdb_txn_commit");

	DIR *d = opendir(argv[1]);
	if (d == NULL)
		err(EX_NOINPUT, "%s", argv[1]);
	double wall = seconds(CLOCK_MONOTONIC);
	while (n < max && (e = readdir(d)) != NULL) {
		unsigned char sha[SHA256_DIGEST_LENGTH];
		int fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);
		ssize_t r;

		if (e->d_name[0] == '.' || fd < 0) {
			if (fd >= 0)
				close(fd);
			continue;
		}
		r = read(fd, buf, sizeof(buf));
		close(fd);
		if (r < 0)
			err(EX_IOERR, "%s", e->d_name);
		SHA256(buf, (size_t)r, sha);
		must(mdb_txn_begin(env, NULL, 0, &t), "mdb_txn_begin");
		put(t, blob, &n, sizeof(n), buf, (size_t)r, MDB_APPEND);
		put(t, hash, sha, sizeof(sha), &n, sizeof(n), 0);
		put(t, ledger, e->d_name, strlen(e->d_name), &n, sizeof(n), 0);
		put(t, msgid, sha, 20, &n, sizeof(n), 0);
		must(mdb_txn_commit(t), "mdb_txn_commit");
		n++;
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	closedir(d);
	mdb_env_close(env);
	printf("%llu %.6f %.6f\n", (unsigned long long)n, wall,
	    seconds(CLOCK_PROCESS_CPUTIME_ID));
	return 0;
}

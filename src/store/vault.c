/*
 * The slots are read each time they are used: 64 bytes from the page cache cost
 * a microsecond, and a key that was forgotten elsewhere is not used again.
 */
#include "store/vault.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LIVE = 1,     /* the state of a slot */
	NEVER = 0xff, /* a number that was given by another copy of the vault */
	AT_SEALED = 4,
	AT_NAME = 16,
	AT_CHECK = 32,
	CACHE = 2048, /* keys in memory; a power of two */
};
#define MAGIC "helpd vault 1\n\0"

_Static_assert(
    AT_SEALED + SEAL_KEY_SIZE + SEAL_OVERHEAD == VAULT_SLOT, "a slot");
_Static_assert(sizeof MAGIC == AT_NAME, "the head");

struct cached {
	uint64_t id;
	unsigned char nonce[SEAL_NONCE_SIZE]; /* of the slot it came from */
	unsigned char key[SEAL_KEY_SIZE];
};

/* All of it lies in pages of its own. */
struct vault {
	int fd;
	bool read_only;
	_Atomic bool dirty;
	char *path;
	pthread_mutex_t lock;
	unsigned char master[SEAL_KEY_SIZE];
	unsigned char name[VAULT_NAME];
	struct cached cache[CACHE];
};

/* --- slots ------------------------------------------------------------- */

/* What a wrapped key is bound to. */
struct bound {
	char p[VAULT_NAME + 8];
};

static struct str
bind(struct bound *b, const unsigned char name[VAULT_NAME], uint64_t id)
{
	memcpy(b->p, name, VAULT_NAME);
	for (int i = 0; i < 8; i++)
		b->p[VAULT_NAME + i] = (char)(id >> (8 * (7 - i)));
	return str_n(b->p, sizeof b->p);
}

/* Whole slots alone. 1, 0 behind the end, -1. */
static int
read_slot(int fd, uint64_t id, unsigned char slot[VAULT_SLOT])
{
	ssize_t n;

	if (id > INT64_MAX / VAULT_SLOT)
		return 0;
	do {
		n = pread(fd, slot, VAULT_SLOT, (off_t)(id * VAULT_SLOT));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : n == VAULT_SLOT;
}

static int
write_at(int fd, uint64_t at, const void *p, size_t n, const char *path,
    struct err *err)
{
	const char *from = p;

	while (n) {
		ssize_t w = pwrite(fd, from, n, (off_t)at);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_sys(err, ERR_TEMP, "%s", path);
		from += w;
		at += (uint64_t)w;
		n -= (size_t)w;
	}
	return 0;
}

static void
wrap(const unsigned char master[SEAL_KEY_SIZE],
    const unsigned char name[VAULT_NAME], uint64_t id,
    const unsigned char key[SEAL_KEY_SIZE], unsigned char slot[VAULT_SLOT])
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct bound place;

	/* Room at once: growing would leave a copy of the key behind. */
	buf_reserve(&b, VAULT_SLOT);
	seal(master, bind(&place, name, id),
	    str_n((const char *)key, SEAL_KEY_SIZE), &b);
	memset(slot, 0, VAULT_SLOT);
	slot[0] = LIVE;
	memcpy(slot + AT_SEALED, b.p, b.n);
}

static bool
unwrap(const unsigned char master[SEAL_KEY_SIZE],
    const unsigned char name[VAULT_NAME], uint64_t id,
    const unsigned char slot[VAULT_SLOT], unsigned char key[SEAL_KEY_SIZE])
{
	char sealed[VAULT_SLOT - AT_SEALED];
	struct bound place;
	struct str got;
	bool good;

	memcpy(sealed, slot + AT_SEALED, sizeof sealed);
	good = seal_open(
	    master, bind(&place, name, id), sealed, sizeof sealed, &got);
	if (good)
		memcpy(key, got.p, SEAL_KEY_SIZE);
	secret_wipe(sealed, sizeof sealed);
	return good;
}

static bool
is_zero(const unsigned char slot[VAULT_SLOT])
{
	static const unsigned char zero[VAULT_SLOT];

	return memcmp(slot, zero, sizeof zero) == 0;
}

static enum vault_state
state_of(const unsigned char slot[VAULT_SLOT])
{
	return slot[0] == LIVE ? VAULT_HELD
	       : is_zero(slot) ? VAULT_FORGOTTEN
			       : VAULT_MISSING;
}

/* --- the head ---------------------------------------------------------- */

static void
make_head(const unsigned char master[SEAL_KEY_SIZE],
    const unsigned char name[VAULT_NAME], unsigned char head[VAULT_SLOT])
{
	AUTO(buf_fini) struct buf check = BUF_INIT;
	struct bound place;

	memset(head, 0, VAULT_SLOT);
	memcpy(head, MAGIC, sizeof MAGIC);
	memcpy(head + AT_NAME, name, VAULT_NAME);
	seal(master, bind(&place, name, 0), S(""), &check);
	memcpy(head + AT_CHECK, check.p, check.n);
}

static int
read_head(int fd, const char *path, const unsigned char master[SEAL_KEY_SIZE],
    unsigned char name[VAULT_NAME], struct err *err)
{
	unsigned char head[VAULT_SLOT];
	struct bound place;
	struct str none;
	int r = read_slot(fd, 0, head);

	if (r < 0)
		return err_sys(err, ERR_TEMP, "%s", path);
	if (r == 0 || memcmp(head, MAGIC, sizeof MAGIC) != 0)
		return err_set(err, ERR_CORRUPT,
		    "%s is not a vault of helpd, or of a newer one", path);
	memcpy(name, head + AT_NAME, VAULT_NAME);
	if (!seal_open(master, bind(&place, name, 0), (char *)head + AT_CHECK,
		SEAL_OVERHEAD, &none))
		return err_set(err, ERR_INVAL,
		    "the key file is not the one that %s was locked with",
		    path);
	return 0;
}

/* --- making one -------------------------------------------------------- */

static int
fill(int fd, const char *path, const unsigned char master[SEAL_KEY_SIZE],
    struct err *err)
{
	unsigned char name[VAULT_NAME], key[SEAL_KEY_SIZE];
	unsigned char slot[VAULT_SLOT];
	int r;

	random_bytes(name, sizeof name);
	make_head(master, name, slot);
	r = write_at(fd, 0, slot, sizeof slot, path, err);
	for (uint64_t id = VAULT_COMMON; r == 0 && id < VAULT_FIRST; id++) {
		random_bytes(key, sizeof key);
		wrap(master, name, id, key, slot);
		r = write_at(fd, id * VAULT_SLOT, slot, sizeof slot, path, err);
	}
	secret_wipe(key, sizeof key);
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(err, ERR_TEMP, "%s", path);
	return r;
}

static const char *
parent_of(struct arena *a, const char *path)
{
	ptrdiff_t slash = str_rchr(str_c(path), '/');

	return slash < 0 ? "."
			 : arena_cstr(a, str_sub(str_c(path), 0,
					     slash ? (size_t)slash : 1));
}

/* Made beside its place, so that whoever opens it finds a whole one. */
int
vault_create(const char *path, const unsigned char master[SEAL_KEY_SIZE],
    struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const char *tmp = arena_cstr(
	    &a, arena_printf(&a, "%s.tmp.%ld", path, (long)getpid()));
	AUTO_FD fd = open(
	    tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return err_sys(err, ERR_PERM, "%s", tmp);
	r = fill(fd, tmp, master, err);
	if (r == 0 && link(tmp, path) < 0)
		r = errno == EEXIST
			? err_set(err, ERR_INVAL, "%s is there already", path)
			: err_sys(err, ERR_PERM, "%s", path);
	unlink(tmp);
	return r < 0 ? -1 : dir_sync(parent_of(&a, path), err);
}

/* --- open and close ---------------------------------------------------- */

static int
open_file(const char *path, bool *read_only, struct err *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	*read_only = fd < 0 && (errno == EACCES || errno == EROFS);
	if (*read_only)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(
		    err, errno == ENOENT ? ERR_NOENT : ERR_PERM, "%s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    !(st.st_mode & (S_IRWXG | S_IRWXO)))
		return fd;
	close(fd);
	return err_set(err, ERR_INVAL,
	    "%s has to be a plain file that nobody else may read: chmod 600 %s",
	    path, path);
}

int
vault_open(struct vault **out, const char *path,
    const unsigned char master[SEAL_KEY_SIZE], struct err *err)
{
	struct vault *v;
	bool read_only;
	int fd = open_file(path, &read_only, err);

	if (fd < 0)
		return -1;
	v = mmap(NULL, sizeof *v, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (v == MAP_FAILED)
		mem_out();
	/* Best effort: an unprivileged process may lock a few pages only. */
	madvise(v, sizeof *v, MADV_DONTDUMP);
	if (mlock(v, sizeof *v) < 0)
		errno = 0;
	v->fd = fd;
	v->read_only = read_only;
	v->path = mem_strdup(path);
	memcpy(v->master, master, sizeof v->master);
	must(pthread_mutex_init(&v->lock, NULL) == 0);
	if (read_head(fd, path, master, v->name, err) < 0) {
		vault_close(v);
		return -1;
	}
	*out = v;
	return 0;
}

void
vault_close(struct vault *v)
{
	if (!v)
		return;
	close(v->fd);
	mem_free(v->path);
	pthread_mutex_destroy(&v->lock);
	secret_wipe(v, sizeof *v);
	munmap(v, sizeof *v);
}

const char *
vault_path(const struct vault *v)
{
	return v->path;
}

void
vault_name(const struct vault *v, unsigned char name[VAULT_NAME])
{
	memcpy(name, v->name, VAULT_NAME);
}

/* --- adding ------------------------------------------------------------ */

/* A slot written into a file that was replaced would be lost. */
static int
is_in_place(struct vault *v, struct stat *st, struct err *err)
{
	struct stat there;

	if (v->read_only)
		return err_set(err, ERR_PERM, "%s may not be written", v->path);
	if (fstat(v->fd, st) < 0)
		return err_sys(err, ERR_TEMP, "%s", v->path);
	if (stat(v->path, &there) < 0 || there.st_dev != st->st_dev ||
	    there.st_ino != st->st_ino)
		return err_set(err, ERR_TEMP,
		    "%s was replaced: start helpd again", v->path);
	return 0;
}

/* Numbers that another copy of the vault has given. */
static int
skip_to(struct vault *v, uint64_t from, uint64_t to, struct err *err)
{
	unsigned char slot[VAULT_SLOT];

	memset(slot, NEVER, sizeof slot);
	for (; from < to; from++)
		if (write_at(v->fd, from * VAULT_SLOT, slot, sizeof slot,
			v->path, err) < 0)
			return -1;
	return 0;
}

int
vault_add(struct vault *v, uint64_t least, uint64_t *id, struct err *err)
{
	unsigned char key[SEAL_KEY_SIZE], slot[VAULT_SLOT];
	struct stat st;
	uint64_t next;
	int r;

	if (is_in_place(v, &st, err) < 0)
		return -1;
	next = ((uint64_t)st.st_size + VAULT_SLOT - 1) / VAULT_SLOT;
	must(next >= VAULT_FIRST && least < UINT64_C(1) << 48);
	atomic_store(&v->dirty, true);
	if (next < least && skip_to(v, next, least, err) < 0)
		return -1;
	*id = MAX(next, least);
	random_bytes(key, sizeof key);
	wrap(v->master, v->name, *id, key, slot);
	secret_wipe(key, sizeof key);
	fault_point("vault-add-before");
	r = write_at(v->fd, *id * VAULT_SLOT, slot, sizeof slot, v->path, err);
	fault_point("vault-add-after");
	return r;
}

bool
vault_needs_sync(const struct vault *v)
{
	return atomic_load(&v->dirty);
}

int
vault_sync(struct vault *v, struct err *err)
{
	if (fdatasync(v->fd) < 0)
		return err_sys(err, ERR_TEMP, "%s", v->path);
	atomic_store(&v->dirty, false);
	return 0;
}

/* --- using ------------------------------------------------------------- */

static void
drop(struct cached *c, uint64_t id)
{
	if (c->id == id)
		secret_wipe(c, sizeof *c);
}

enum vault_state
vault_key(struct vault *v, uint64_t id, unsigned char key[SEAL_KEY_SIZE])
{
	struct cached *c = &v->cache[id & (CACHE - 1)];
	unsigned char slot[VAULT_SLOT];
	enum vault_state s;

	if (id < VAULT_COMMON || read_slot(v->fd, id, slot) <= 0)
		return VAULT_MISSING;
	s = state_of(slot);
	pthread_mutex_lock(&v->lock);
	if (s != VAULT_HELD) {
		drop(c, id);
	} else if (c->id == id &&
		   memcmp(c->nonce, slot + AT_SEALED, sizeof c->nonce) == 0) {
		memcpy(key, c->key, SEAL_KEY_SIZE);
	} else if (unwrap(v->master, v->name, id, slot, key)) {
		c->id = id;
		memcpy(c->nonce, slot + AT_SEALED, sizeof c->nonce);
		memcpy(c->key, key, SEAL_KEY_SIZE);
	} else {
		s = VAULT_MISSING;
	}
	pthread_mutex_unlock(&v->lock);
	return s;
}

enum vault_state
vault_look(struct vault *v, uint64_t id)
{
	unsigned char key[SEAL_KEY_SIZE];
	enum vault_state s = vault_key(v, id, key);

	secret_wipe(key, sizeof key);
	return s;
}

int
vault_forget(struct vault *v, uint64_t id, struct err *err)
{
	static const unsigned char zero[VAULT_SLOT];
	unsigned char slot[VAULT_SLOT];
	struct stat st;
	int r;

	if (id < VAULT_FIRST)
		return err_set(err, ERR_INVAL,
		    "key %llu of the vault is everybody's",
		    (unsigned long long)id);
	if (is_in_place(v, &st, err) < 0)
		return -1;
	r = read_slot(v->fd, id, slot);
	if (r < 0)
		return err_sys(err, ERR_TEMP, "%s", v->path);
	if (r == 0)
		return 0;
	fault_point("vault-forget-before");
	if (write_at(v->fd, id * VAULT_SLOT, zero, sizeof zero, v->path, err) <
	    0)
		return -1;
	if (fsync(v->fd) < 0)
		return err_sys(err, ERR_TEMP, "%s", v->path);
	fault_point("vault-forget-after");
	pthread_mutex_lock(&v->lock);
	drop(&v->cache[id & (CACHE - 1)], id);
	pthread_mutex_unlock(&v->lock);
	return 0;
}

int
vault_count(struct vault *v, struct vault_counts *out, struct err *err)
{
	unsigned char slot[VAULT_SLOT];
	int r;

	*out = (struct vault_counts){0};
	for (uint64_t id = VAULT_FIRST; (r = read_slot(v->fd, id, slot)) > 0;
	     id++)
		switch (state_of(slot)) {
		case VAULT_HELD:
			out->held++;
			break;
		case VAULT_FORGOTTEN:
			out->forgotten++;
			break;
		case VAULT_MISSING:
			out->missing++;
			break;
		}
	return r < 0 ? err_sys(err, ERR_TEMP, "%s", v->path) : 0;
}

/* --- another master key ------------------------------------------------ */

/* A slot that is damaged stays one, so that it is told and not given again. */
static void
rewrap_slot(struct vault *v, const unsigned char master[SEAL_KEY_SIZE],
    uint64_t id, unsigned char slot[VAULT_SLOT])
{
	unsigned char key[SEAL_KEY_SIZE];

	if (state_of(slot) != VAULT_HELD)
		return;
	if (unwrap(v->master, v->name, id, slot, key))
		wrap(master, v->name, id, key, slot);
	else
		memset(slot, NEVER, VAULT_SLOT);
	secret_wipe(key, sizeof key);
}

int
vault_rewrap(
    struct vault *v, const unsigned char master[SEAL_KEY_SIZE], struct err *err)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	unsigned char slot[VAULT_SLOT];
	struct stat st;
	int r;

	if (is_in_place(v, &st, err) < 0)
		return -1;
	make_head(master, v->name, slot);
	buf_put(&out, str_n((const char *)slot, sizeof slot));
	for (uint64_t id = VAULT_COMMON; (r = read_slot(v->fd, id, slot)) > 0;
	     id++) {
		rewrap_slot(v, master, id, slot);
		buf_put(&out, str_n((const char *)slot, sizeof slot));
	}
	if (r < 0)
		return err_sys(err, ERR_TEMP, "%s", v->path);
	fault_point("vault-rewrap-before");
	return file_replace(v->path, buf_str(&out), 0600, err);
}

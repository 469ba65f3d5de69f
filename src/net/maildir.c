/*
 * new/1700000000.M1P2.host            delivered, seen by no client
 * cur/1700000000.M1P2.host:2,RS       taken by a client; flags behind ":2,"
 *
 * The name up to ':' is the key and never changes; the place and the flags do,
 * under our feet, whenever a client likes. So a file is opened where it was
 * seen last, and looked for by key when it is not there. Names are bytes, of no
 * encoding.
 */
#include "net/maildir.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/must.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const places[] = {"new", "cur"};

static void
close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* path/sub as a descriptor. */
static int
open_sub(const char *path, const char *sub, struct err *err)
{
	AUTO(buf_fini) struct buf full = BUF_INIT;
	int fd;

	buf_printf(&full, "%s/%s", path, sub);
	fd = open(buf_cstr(&full), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOTDIR)
		return err_set(
		    err, ERR_NOENT, "%s: no directory", buf_cstr(&full));
	if (fd < 0)
		return err_sys(err, ERR_TEMP, "%s", buf_cstr(&full));
	return fd;
}

static struct str
key_of(struct str name)
{
	/* Not the first character: no key is empty, and ":a" stays it as ":a:2,S". */
	ptrdiff_t at = str_chr(name, ':', 1);

	return at > 0 ? str_sub(name, 0, (size_t)at) : name;
}

static bool
is_seen(struct str name)
{
	ptrdiff_t at = str_find(name, S(":2,"), 1);

	return at >= 0 && str_chr(name, 'S', (size_t)at + 3) >= 0;
}

/* The name as bytes, which must be a plain file name. */
static bool
name_ok(struct str name)
{
	return name.n > 0 && name.n <= 255 && name.p[0] != '.' &&
	       !memchr(name.p, '/', name.n) && !memchr(name.p, 0, name.n);
}

/* --- scanning --- */

struct files {
	struct maildir_file *v;
	size_t n, cap;
};

static void
files_fini(struct files *f)
{
	mem_free(f->v);
}

static int
list_sub(struct arena *a, const char *path, const char *sub, struct files *out,
    struct err *err)
{
	int fd = open_sub(path, sub, err);
	AUTO(close_dir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (fd < 0)
		return -1;
	if (!d) {
		close(fd);
		return err_sys(err, ERR_TEMP, "%s/%s", path, sub);
	}
	errno = 0;
	while ((e = readdir(d))) {
		struct str name = str_c(e->d_name);
		struct maildir_file f = {.dir = str_c(sub)};

		errno = 0;
		if (name.p[0] == '.' ||
		    (e->d_type != DT_REG && e->d_type != DT_UNKNOWN))
			continue;
		f.name = arena_dup(a, name);
		f.key = key_of(f.name);
		f.seen = !strcmp(sub, "cur") && is_seen(f.name);
		out->v =
		    mem_fit(out->v, &out->cap, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = f;
	}
	if (errno)
		return err_sys(err, ERR_TEMP, "%s/%s", path, sub);
	return 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct maildir_file *x = a, *y = b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? -1 : 1;
	return str_cmp(x->name, y->name);
}

int
maildir_list(struct arena *a, const char *path, bool all,
    struct maildir_file **out, size_t *n, struct err *err)
{
	AUTO(files_fini) struct files f = {NULL, 0, 0};

	*out = NULL;
	*n = 0;
	for (size_t i = 0; i < (all ? ARRAY_LEN(places) : 1); i++)
		if (list_sub(a, path, places[i], &f, err) < 0)
			return -1;
	if (!f.n)
		return 0;
	*out = arena_array(a, struct maildir_file, f.n);
	memcpy(*out, f.v, f.n * sizeof(*f.v));
	*n = f.n;
	return 0;
}

int
maildir_look(
    const char *path, struct maildir_file *v, size_t *n, struct err *err)
{
	AUTO_FD dir = -1;
	const char *open = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		struct maildir_file *f = &v[kept];
		struct stat st;

		*f = v[i];
		if (open != f->dir.p) {
			close_fd(&dir);
			open = f->dir.p;
			if ((dir = open_sub(path, open, err)) < 0)
				return -1;
		}
		/* Gone since, or nothing to read: not an error. */
		if (fstatat(dir, f->name.p, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		f->mtime = (int64_t)st.st_mtim.tv_sec * CLOCK_SECOND +
			   st.st_mtim.tv_nsec / 1000000;
		f->size = (uint64_t)st.st_size;
		kept++;
	}
	*n = kept;
	if (kept)
		qsort(v, kept, sizeof *v, by_time);
	return 0;
}

int
maildir_scan(struct arena *a, const char *path, struct maildir_file **out,
    size_t *n, struct err *err)
{
	if (maildir_list(a, path, true, out, n, err) < 0)
		return -1;
	return maildir_look(path, *out, n, err);
}

/* --- finding one by its key --- */

struct place {
	int dir; /* descriptor of new/ or cur/ */
	bool in_cur;
	struct buf name;
};

static void
place_fini(struct place *p)
{
	if (p->dir >= 0)
		close(p->dir);
	buf_fini(&p->name);
}

static bool
is_file(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

/* The names a file most often has, before the directory is read through. */
static bool
guess(struct place *p, struct str key)
{
	static const char *const usual[] = {
	    "", ":2,S", ":2,", ":2,RS", ":2,FS", ":2,FRS", ":2,R", ":2,ST"};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		buf_reset(&p->name);
		buf_put(&p->name, key);
		buf_puts(&p->name, usual[i]);
		if (is_file(p->dir, buf_cstr(&p->name)))
			return true;
	}
	return false;
}

static int
search(struct place *p, struct str key, struct err *err)
{
	int fd = openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(close_dir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return err_sys(err, ERR_TEMP, "reading a Maildir");
	}
	while ((e = readdir(d))) {
		struct str name = str_c(e->d_name);

		if (!str_eq(key_of(name), key) || !is_file(p->dir, e->d_name))
			continue;
		buf_reset(&p->name);
		buf_put(&p->name, name);
		return 1;
	}
	return 0;
}

/* 1 found, 0 not, -1. */
static int
locate(const char *path, struct str key, struct place *p, struct err *err)
{
	if (!name_ok(key))
		return 0;
	for (int full = 0; full < 2; full++)
		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			int r;

			if (p->dir >= 0)
				close(p->dir);
			p->dir = open_sub(path, places[i], err);
			if (p->dir < 0)
				return -1;
			p->in_cur = i == 1;
			r = full ? search(p, key, err) : guess(p, key);
			if (r)
				return r;
		}
	return 0;
}

/* --- reading --- */

/* Opens a plain file only: no link is followed, no pipe waited for. */
static int
open_plain(int dir, const char *name)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = ELOOP;
		return -1;
	}
	return fd;
}

/* At most max bytes of what fd holds, however long it is. */
static int
read_head(int fd, size_t max, struct buf *out, struct err *err)
{
	size_t end = out->n + max;

	while (out->n < end) {
		size_t want = MIN(end - out->n, (size_t)65536);
		char *at = buf_reserve(out, want);
		ssize_t n;

		if (!at)
			return err_set(err, ERR_PERM, "too large");
		n = read(fd, at, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, ERR_TEMP, "read");
		if (n == 0)
			break;
		buf_commit(out, (size_t)n);
	}
	return 0;
}

static int
read_at(int dir, const char *name, bool head, size_t max, struct buf *out,
    struct err *err)
{
	AUTO_FD fd = open_plain(dir, name);

	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return 0;
	if (fd < 0)
		return err_sys(err, ERR_TEMP, "%s", name);
	if ((head ? read_head(fd, max, out, err)
		  : fd_read_all(fd, max, out, err)) < 0)
		return err_in(err, "%s", name);
	return 1;
}

static int
read_file(const char *path, const struct maildir_file *f, bool head, size_t max,
    struct buf *out, struct err *err)
{
	AUTO(place_fini) struct place p = {.dir = -1};
	AUTO(buf_fini) struct buf name = BUF_INIT;
	int r;

	/* Twice: a client may rename it between looking and opening. */
	for (int i = 0; i < 3; i++) {
		if (i == 0 && name_ok(f->name)) {
			AUTO_FD dir = open_sub(path,
			    str_eq(f->dir, S("cur")) ? "cur" : "new", err);

			if (dir < 0)
				return -1;
			buf_put(&name, f->name);
			r = read_at(dir, buf_cstr(&name), head, max, out, err);
		} else {
			r = locate(path, f->key, &p, err);
			if (r <= 0)
				return r;
			r = read_at(
			    p.dir, buf_cstr(&p.name), head, max, out, err);
		}
		if (r)
			return r;
	}
	return 0;
}

int
maildir_read(const char *path, const struct maildir_file *f, size_t max,
    struct buf *out, struct err *err)
{
	return read_file(path, f, false, max, out, err);
}

int
maildir_read_head(const char *path, const struct maildir_file *f, size_t max,
    struct buf *out, struct err *err)
{
	return read_file(path, f, true, max, out, err);
}

/* --- after ingest --- */

/* "name:2,FR" and S: flags stay in ASCII order, each once. */
static void
with_seen(struct buf *out, struct str key, struct str name)
{
	ptrdiff_t at = str_find(name, S(":2,"), 1);
	struct str flags = at < 0 ? S("") : str_from(name, (size_t)at + 3);
	bool done = false;

	buf_put(out, key);
	buf_puts(out, ":2,");
	for (size_t i = 0; i < flags.n; i++) {
		if (!done && flags.p[i] >= 'S') {
			if (flags.p[i] != 'S')
				buf_putc(out, 'S');
			done = true;
		}
		buf_putc(out, flags.p[i]);
	}
	if (!done)
		buf_putc(out, 'S');
}

/* Moves it into the cur/ that to is, with the flag S. */
static int
move_seen(const char *path, struct str key, int to, bool same, struct err *err)
{
	for (int tries = 0; tries < 3; tries++) {
		AUTO(place_fini) struct place p = {.dir = -1};
		AUTO(buf_fini) struct buf name = BUF_INIT;
		int r = locate(path, key, &p, err);

		if (r <= 0)
			return r;
		with_seen(&name, key, buf_str(&p.name));
		if (same && p.in_cur &&
		    str_eq(buf_str(&name), buf_str(&p.name)))
			return 1;
		if (renameat(p.dir, buf_cstr(&p.name), to, buf_cstr(&name)) ==
		    0)
			return 1;
		if (errno == EXDEV)
			return err_set(err, ERR_INVAL,
			    "%s: moving needs both Maildirs on one file "
			    "system",
			    path);
		if (errno != ENOENT)
			return err_sys(
			    err, ERR_TEMP, "%s: moving a mail", path);
	}
	return 0;
}

int
maildir_to_cur(const char *path, struct str key, struct err *err)
{
	AUTO_FD cur = open_sub(path, "cur", err);

	if (cur < 0)
		return -1;
	return move_seen(path, key, cur, true, err);
}

static int
make(const char *path, struct err *err)
{
	static const char *const subs[] = {"tmp", "new", "cur"};

	for (size_t i = 0; i < ARRAY_LEN(subs); i++) {
		AUTO(buf_fini) struct buf full = BUF_INIT;

		buf_printf(&full, "%s/%s", path, subs[i]);
		if (access(buf_cstr(&full), F_OK) == 0)
			continue;
		if (dir_make(buf_cstr(&full), 0700, err) < 0)
			return -1;
	}
	return dir_sync(path, err);
}

int
maildir_move(const char *path, struct str key, const char *to, struct err *err)
{
	AUTO_FD cur = -1;

	if (make(to, err) < 0)
		return -1;
	cur = open_sub(to, "cur", err);
	if (cur < 0)
		return -1;
	return move_seen(path, key, cur, false, err);
}

int
maildir_delete(const char *path, struct str key, struct err *err)
{
	for (int tries = 0; tries < 3; tries++) {
		AUTO(place_fini) struct place p = {.dir = -1};
		int r = locate(path, key, &p, err);

		if (r <= 0)
			return r;
		if (unlinkat(p.dir, buf_cstr(&p.name), 0) == 0)
			return 1;
		if (errno != ENOENT)
			return err_sys(
			    err, ERR_TEMP, "%s: deleting a mail", path);
	}
	return 0;
}

int
maildir_sync(const char *path, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		AUTO_FD fd = open_sub(path, places[i], err);

		if (fd < 0)
			return -1;
		if (fsync(fd) < 0)
			return err_sys(
			    err, ERR_TEMP, "%s/%s: fsync", path, places[i]);
	}
	return 0;
}

/* --- delivering --- */

/* Unique on this host for ever, and on others: time, process, count, chance,
 * name (with '/' and ':' as octal, as the Maildir page says). */
static struct str
new_name(struct arena *a)
{
	static _Atomic unsigned count;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	char host[256] = "localhost";
	int64_t now = clock_now();

	(void)gethostname(host, sizeof(host) - 1);
	buf_printf(&b, "%lld.M%03dP%ldQ%uR%08x.",
	    (long long)(now / CLOCK_SECOND), (int)(now % CLOCK_SECOND),
	    (long)getpid(), count++, (unsigned)(random_u64() >> 32));
	for (const char *p = host; *p; p++) {
		if (*p == '/')
			buf_puts(&b, "\\057");
		else if (*p == ':')
			buf_puts(&b, "\\072");
		else
			buf_putc(&b, *p);
	}
	return arena_dup(a, buf_str(&b));
}

static int
write_tmp(int tmp, const char *name, struct str raw, struct err *err)
{
	AUTO_FD fd =
	    openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, ERR_TEMP, "tmp/%s", name);
	if (fd_write_all(fd, raw, err) < 0)
		return err_in(err, "tmp/%s", name);
	if (fsync(fd) < 0)
		return err_sys(err, ERR_TEMP, "tmp/%s: fsync", name);
	return 0;
}

static int
publish(int tmp, int new, const char *name, struct err *err)
{
	int r;

	fault_point("rename-before");
	r = linkat(tmp, name, new, name, 0);

	if (r < 0 && (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK))
		r = renameat(tmp, name, new, name); /* no links there */
	if (r < 0)
		return err_sys(err, ERR_TEMP, "new/%s", name);
	fault_point("rename-after");
	if (fsync(new) < 0)
		return err_sys(err, ERR_TEMP, "new: fsync");
	return 0;
}

int
maildir_deliver(struct arena *a, const char *path, struct str raw,
    struct str *name, struct err *err)
{
	AUTO_FD tmp = open_sub(path, "tmp", NULL);
	AUTO_FD new = open_sub(path, "new", NULL);
	const char *c;
	int r;

	if (tmp < 0 || new < 0) {
		if (make(path, err) < 0)
			return -1;
		close_fd(&tmp);
		close_fd(&new);
		tmp = open_sub(path, "tmp", err);
		new = tmp < 0 ? -1 : open_sub(path, "new", err);
		if (new < 0)
			return -1;
	}
	*name = new_name(a);
	c = name->p; /* followed by a NUL: arena_dup() */
	r = write_tmp(tmp, c, raw, err);
	if (r == 0)
		r = publish(tmp, new, c, err);
	unlinkat(tmp, c, 0);
	return r < 0 ? err_in(err, "%s", path) : 0;
}

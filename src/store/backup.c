/*
 * Hot copies and their way back.
 *
 * LMDB copies on its own and tells nothing meanwhile, so the copy runs in a thread and the caller's thread watches the file grow.
 */
#include "base/fault.h"
#include "base/file.h"
#include "store/check.h"
#include "store/store_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct copying {
	struct store *s;
	int fd, r;
	struct err err;
};

static void *
copy_thread(void *arg)
{
	struct copying *c = arg;

	c->r = store_copy_to(c->s, c->fd, &c->err);
	return NULL;
}

static void
watch(struct copying *c, pthread_t thread, store_progress *progress, void *ctx)
{
	uint64_t used, size;
	struct timespec ts;
	struct stat st;

	store_usage(c->s, &used, &size);
	do {
		if (progress && fstat(c->fd, &st) == 0)
			progress(ctx, (uint64_t)st.st_size, used);
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_nsec += 200000000;
		if (ts.tv_nsec >= 1000000000) {
			ts.tv_nsec -= 1000000000;
			ts.tv_sec++;
		}
	} while (pthread_timedjoin_np(thread, NULL, &ts) != 0);
}

/* Copies s into the file, which is made, and syncs it. */
static int
copy_to_file(struct store *s, const char *file, store_progress *progress,
    void *ctx, struct err *err)
{
	AUTO_FD fd = open(
	    file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct copying c = {.s = s, .fd = fd};
	pthread_t thread;
	struct stat st;

	if (fd < 0)
		return err_sys(err, ERR_PERM, "%s", file);
	if (pthread_create(&thread, NULL, copy_thread, &c) == 0)
		watch(&c, thread, progress, ctx);
	else
		copy_thread(&c);
	fault_point("copied");
	if (c.r == 0 && fsync(fd) < 0)
		c.r = err_sys(&c.err, ERR_TEMP, "%s", file);
	if (c.r == 0 && progress && fstat(fd, &st) == 0)
		progress(ctx, (uint64_t)st.st_size, (uint64_t)st.st_size);
	if (c.r < 0) {
		unlink(file);
		if (err)
			*err = c.err;
	}
	return c.r;
}

#define PART "data.mdb.part"

/* But for what a copy that was cut off has left. */
static int
dir_must_be_empty(const char *dir, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool empty = true;

	if (!d)
		return err_sys(err, ERR_PERM, "%s", dir);
	while (empty && (e = readdir(d)))
		empty = strcmp(e->d_name, ".") == 0 ||
			strcmp(e->d_name, "..") == 0 ||
			strcmp(e->d_name, PART) == 0;
	closedir(d);
	return empty ? 0 : err_set(err, ERR_INVAL, "%s is not empty", dir);
}

int
store_backup(struct store *s, const char *dir, store_progress *progress,
    void *ctx, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const char *part = path_join(&a, dir, PART);

	if (dir_make(dir, 0700, err) < 0 || dir_must_be_empty(dir, err) < 0)
		return -1;
	if (unlink(part) < 0 && errno != ENOENT)
		return err_sys(err, ERR_PERM, "%s", part);
	if (copy_to_file(s, part, progress, ctx, err) < 0)
		return -1;
	/* Half a copy never has a store's name: nobody restores it. */
	fault_point("rename-before");
	if (rename(part, path_join(&a, dir, "data.mdb")) < 0)
		return err_sys(err, ERR_TEMP, "%s", dir);
	fault_point("rename-after");
	return dir_sync(dir, err);
}

/* --- restore --- */

struct first_problem {
	struct err *err;
	const char *dir;
};

static bool
keep_problem(void *ctx, const char *text)
{
	struct first_problem *p = ctx;

	err_set(p->err, ERR_CORRUPT, "the backup in %s is damaged: %s", p->dir,
	    text);
	return false;
}

/*
 * Every opener of an environment holds a shared lock on the first byte of its lock file. Ours, exclusive, keeps them out
 * until *fd is closed; -1 in *fd when there is no lock file.
 */
static int
lock_out(struct arena *a, const char *dir, int *fd, struct err *err)
{
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

	if (store_is_open_here(dir))
		return err_set(err, ERR_TEMP, "the store in %s is in use", dir);
	*fd = open(path_join(a, dir, "lock.mdb"), O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_PERM, "%s/lock.mdb", dir);
	if (fcntl(*fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno == EACCES || errno == EAGAIN)
		return err_set(err, ERR_TEMP, "the store in %s is in use", dir);
	return err_sys(err, ERR_TEMP, "%s/lock.mdb", dir);
}

/* The new file in the old one's place. Reader slots of the old environment mean nothing to the new one. */
static int
swap_in(struct arena *a, const char *to, const char *fresh, int lock_fd,
    struct err *err)
{
	if (lock_fd >= 0 && ftruncate(lock_fd, 0) < 0)
		return err_sys(err, ERR_TEMP, "%s/lock.mdb", to);
	fault_point("rename-before");
	if (rename(fresh, path_join(a, to, "data.mdb")) < 0)
		return err_sys(err, ERR_TEMP, "%s", to);
	fault_point("rename-after");
	return dir_sync(to, err);
}

static int
check_backup(struct store *s, const char *from, struct err *err)
{
	struct store_check_options o = {.skip_content = true};
	struct err found = ERR_INIT;
	struct first_problem p = {&found, from};
	struct store_counts n;

	if (store_check(s, &o, keep_problem, &p, &n, err) < 0)
		return err_in(err, "the backup in %s", from);
	if (found.code == ERR_NONE)
		return 0;
	if (err)
		*err = found;
	return -1;
}

int
store_restore(const char *from, const char *to, bool force,
    store_progress *progress, void *ctx, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO_FD lock_fd = -1;
	struct store_options ro = {.read_only = true};
	const char *fresh = path_join(&a, to, "data.mdb.restored");
	struct store *s;
	int r;

	if (store_open(&s, from, &ro, err) < 0)
		return -1;
	r = check_backup(s, from, err);
	if (r == 0)
		r = dir_make(to, 0700, err);
	if (r == 0 && !force &&
	    access(path_join(&a, to, "data.mdb"), F_OK) == 0)
		r = err_set(err, ERR_INVAL, "there is a store in %s", to);
	if (r == 0)
		r = lock_out(&a, to, &lock_fd, err);
	if (r == 0 && unlink(fresh) < 0 && errno != ENOENT)
		r = err_sys(err, ERR_PERM, "%s", fresh);
	if (r == 0)
		r = copy_to_file(s, fresh, progress, ctx, err);
	store_close(s);
	if (r == 0) {
		r = swap_in(&a, to, fresh, lock_fd, err);
		if (r < 0)
			unlink(fresh);
	}
	return r;
}

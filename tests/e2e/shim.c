/*
 * shim: a library to be preloaded that makes a call on the program's own files fail, or do half of what it was asked, as a dying or full disk does.
 *
 *   SHIM_ROOT=A:B      whose files: below these directories; others are left alone
 *   SHIM_COUNT=FILE    appends a line "NUMBER call path" for each call to FILE
 *   SHIM_FAIL=N        the N-th of them fails
 *   SHIM_HOW=EIO       with this error (EIO, ENOSPC, EDQUOT); SHORT: a write takes half of what it is given, and anything else fails with EIO
 *   SHIM_FOR=M         so do the next M - 1 (default 1: it alone)
 *
 * What is counted: write, pwrite, writev, fsync, fdatasync, ftruncate, mmap of a file, open for writing, rename, link, unlink, close of what was written.
 * A close that fails has closed nevertheless, as on Linux.
 *
 *   SHIM_MALLOC=N      the N-th malloc, calloc or realloc of a process gives nothing, and so does each after it; counted from SHIM_MALLOC_IN on
 *   SHIM_MALLOC_IN=S   in processes of this name only (prctl(2), as ps shows it), counted from the moment they have it
 *   SHIM_MALLOC_ONE=1  the N-th alone
 *
 * Built by the tests: cc -shared -fPIC -o shim.so shim.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic long calls;
static long fail_at, fail_for = 1;
static int how, half, count_fd = -1;
static const char *roots;

__attribute__((constructor)) static void
set_up(void)
{
	const char *at = getenv("SHIM_FAIL"), *n = getenv("SHIM_FOR");
	const char *error = getenv("SHIM_HOW"), *file = getenv("SHIM_COUNT");

	fail_at = at ? strtol(at, NULL, 10) : 0;
	fail_for = n ? strtol(n, NULL, 10) : 1;
	how = EIO;
	if (error && strcmp(error, "ENOSPC") == 0)
		how = ENOSPC;
	else if (error && strcmp(error, "EDQUOT") == 0)
		how = EDQUOT;
	half = error && strcmp(error, "SHORT") == 0;
	/* Before anything shuts us in. Without libc's open, which is ours. */
	if (file)
		count_fd = (int)syscall(SYS_openat, AT_FDCWD, file,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	roots = getenv("SHIM_ROOT");
}

static int
is_ours(const char *path)
{
	const char *r = roots;

	while (r && *r) {
		size_t n = strcspn(r, ":");

		if (n && strncmp(path, r, n) == 0 &&
		    (path[n] == '/' || !path[n]))
			return 1;
		r += n + (r[n] == ':');
	}
	return 0;
}

/* Is it this one's turn? 1: it is to fail. */
static int
turn(const char *call, const char *path)
{
	char line[700];
	long n;
	int len;

	/* Where other processes are told what to do, or nothing is kept. */
	if (strstr(path, "/lock") || strstr(path, " (deleted)"))
		return 0;
	n = atomic_fetch_add(&calls, 1) + 1;
	if (count_fd >= 0) {
		len = snprintf(line, sizeof line, "%ld %s %s\n", n, call, path);
		if (syscall(SYS_write, count_fd, line, len) < 0)
			_exit(99);
	}
	return fail_at && n >= fail_at && n < fail_at + fail_for;
}

static int
path_of(int fd, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	if (n <= 0)
		return 0;
	path[n] = 0;
	return 1;
}

/* The path as the program gave it, from the directory it gave. */
static int
path_at(int dir, const char *name, char *path, size_t size)
{
	size_t n = 0;

	if (name[0] != '/') {
		if (dir == AT_FDCWD || !path_of(dir, path, size - 300))
			return 0;
		n = strlen(path);
		path[n++] = '/';
	}
	snprintf(path + n, size - n, "%s", name);
	return 1;
}

static int
fails_fd(const char *call, int fd)
{
	char path[1000];
	int saved = errno, r;

	if (!roots)
		return 0;
	r = path_of(fd, path, sizeof path) && is_ours(path) && turn(call, path);
	errno = r ? how : saved;
	return r;
}

static int
fails_at(const char *call, int dir, const char *name)
{
	char path[1400];
	int saved = errno, r;

	if (!roots)
		return 0;
	r = path_at(dir, name, path, sizeof path) && is_ours(path) &&
	    turn(call, path);
	errno = r ? how : saved;
	return r;
}

#define REAL(name)                     \
	static __typeof__(name) *real; \
	if (!real)                     \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

#define SYNC(name)                                          \
	int name(int fd)                                    \
	{                                                   \
		REAL(name);                                 \
		return fails_fd(#name, fd) ? -1 : real(fd); \
	}
SYNC(fsync)
SYNC(fdatasync)

ssize_t
write(int fd, const void *p, size_t n)
{
	REAL(write);
	if (!fails_fd("write", fd))
		return real(fd, p, n);
	return half && n > 1 ? real(fd, p, n / 2) : -1;
}

#define PWRITE(name, off)                                           \
	ssize_t name(int fd, const void *p, size_t n, off at)       \
	{                                                           \
		REAL(name);                                         \
		if (!fails_fd("pwrite", fd))                        \
			return real(fd, p, n, at);                  \
		return half && n > 1 ? real(fd, p, n / 2, at) : -1; \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	REAL(writev);
	if (!fails_fd("writev", fd))
		return real(fd, v, n);
	return half && n > 1 ? real(fd, v, n / 2) : -1;
}

#define PWRITEV(name, off)                                          \
	ssize_t name(int fd, const struct iovec *v, int n, off at)  \
	{                                                           \
		REAL(name);                                         \
		if (!fails_fd("pwritev", fd))                       \
			return real(fd, v, n, at);                  \
		return half && n > 1 ? real(fd, v, n / 2, at) : -1; \
	}
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

#define FTRUNCATE(name, off)                                         \
	int name(int fd, off n)                                      \
	{                                                            \
		REAL(name);                                          \
		return fails_fd("ftruncate", fd) ? -1 : real(fd, n); \
	}
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define MMAP(name, off)                                                    \
	void *name(void *p, size_t n, int prot, int flags, int fd, off at) \
	{                                                                  \
		REAL(name);                                                \
		if (fd >= 0 && fails_fd("mmap", fd))                       \
			return MAP_FAILED;                                 \
		return real(p, n, prot, flags, fd, at);                    \
	}
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

int
close(int fd)
{
	REAL(close);
	int flags = roots ? fcntl(fd, F_GETFL) : -1;
	int bad = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY &&
		  fails_fd("close", fd);
	int r = real(fd);

	if (bad)
		errno = how;
	return bad ? -1 : r;
}

#define OPEN(name, named, at, params, dir, file, args) \
	int name params                                \
	{                                              \
		REAL(name);                            \
		va_list list;                          \
		mode_t mode = 0;                       \
                                                       \
		if (flags & (O_CREAT | O_TMPFILE)) {   \
			va_start(list, flags);         \
			mode = va_arg(list, mode_t);   \
			va_end(list);                  \
		}                                      \
		if ((flags & O_ACCMODE) != O_RDONLY && \
		    fails_at("open", dir, file))       \
			return -1;                     \
		return real args;                      \
	}
OPEN(open, 0, 0, (const char *file, int flags, ...), AT_FDCWD, file,
    (file, flags, mode))
OPEN(open64, 0, 0, (const char *file, int flags, ...), AT_FDCWD, file,
    (file, flags, mode))
OPEN(openat, 0, 0, (int dir, const char *file, int flags, ...), dir, file,
    (dir, file, flags, mode))
OPEN(openat64, 0, 0, (int dir, const char *file, int flags, ...), dir, file,
    (dir, file, flags, mode))

int
rename(const char *from, const char *to)
{
	REAL(rename);
	return fails_at("rename", AT_FDCWD, to) ? -1 : real(from, to);
}

int
renameat(int a, const char *from, int b, const char *to)
{
	REAL(renameat);
	return fails_at("rename", b, to) ? -1 : real(a, from, b, to);
}

int
link(const char *from, const char *to)
{
	REAL(link);
	return fails_at("link", AT_FDCWD, to) ? -1 : real(from, to);
}

int
linkat(int a, const char *from, int b, const char *to, int flags)
{
	REAL(linkat);
	return fails_at("link", b, to) ? -1 : real(a, from, b, to, flags);
}

int
unlink(const char *path)
{
	REAL(unlink);
	return fails_at("unlink", AT_FDCWD, path) ? -1 : real(path);
}

int
unlinkat(int dir, const char *path, int flags)
{
	REAL(unlinkat);
	return fails_at("unlink", dir, path) ? -1 : real(dir, path, flags);
}

/* --- memory ------------------------------------------------------------ */

static _Atomic long allocations;
static _Atomic int counting = -1; /* -1: nobody has looked */
static long malloc_at;
static int malloc_one;
static char malloc_in[16];

int
prctl(int option, ...)
{
	REAL(prctl);
	va_list list;
	unsigned long a[4];

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_SET_NAME && malloc_at && *malloc_in)
		counting = strncmp((const char *)a[0], malloc_in, 15) == 0;
	return real(option, a[0], a[1], a[2], a[3]);
}

__attribute__((constructor)) static void
set_up_memory(void)
{
	const char *at = getenv("SHIM_MALLOC"), *in = getenv("SHIM_MALLOC_IN");

	malloc_at = at ? strtol(at, NULL, 10) : 0;
	malloc_one = getenv("SHIM_MALLOC_ONE") != NULL;
	if (in)
		snprintf(malloc_in, sizeof malloc_in, "%s", in);
	counting = malloc_at && !in;
}

static int
no_memory(void)
{
	long n;

	if (counting <= 0)
		return 0;
	n = atomic_fetch_add(&allocations, 1) + 1;
	if (n < malloc_at || (malloc_one && n != malloc_at))
		return 0;
	errno = ENOMEM;
	return 1;
}

/* libc's, or a sanitizer's, which comes after us then. */
void *
malloc(size_t n)
{
	REAL(malloc);
	return no_memory() ? NULL : real(n);
}

void *
calloc(size_t n, size_t size)
{
	REAL(calloc);
	return no_memory() ? NULL : real(n, size);
}

void *
realloc(void *p, size_t n)
{
	REAL(realloc);
	return no_memory() ? NULL : real(p, n);
}

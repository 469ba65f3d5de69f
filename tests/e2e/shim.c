/*
 * shim: a library to be preloaded that fails the N-th fsync or fdatasync of a store, as a dying disk does.
 *
 *   SHIM_FAIL=N   the N-th call of fsync, fdatasync or a pwrite of data.mdb by this process fails with EIO
 *   SHIM_COUNT=F  the number of calls so far is written to the file F
 *
 * Built by the tests: cc -shared -fPIC -o shim.so shim.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic long calls;

static int
is_store(int fd)
{
	char link[64], path[512];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return 0;
	path[n] = 0;
	return strstr(path, "data.mdb") != NULL;
}

static int
fails(int fd)
{
	const char *at = getenv("SHIM_FAIL"), *count = getenv("SHIM_COUNT");
	long n;

	if (!is_store(fd))
		return 0;
	n = atomic_fetch_add(&calls, 1) + 1;
	if (count) {
		FILE *f = fopen(count, "w");

		if (f) {
			fprintf(f, "%ld\n", n);
			fclose(f);
		}
	}
	return at && n == strtol(at, NULL, 10);
}

#define FAIL_OR(name, type, params, args)                          \
	type name params                                           \
	{                                                          \
		static type(*real) params;                         \
		if (!real)                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		if (fails(fd)) {                                   \
			errno = EIO;                               \
			return -1;                                 \
		}                                                  \
		return real args;                                  \
	}

FAIL_OR(fsync, int, (int fd), (fd))
FAIL_OR(fdatasync, int, (int fd), (fd))
FAIL_OR(pwrite, ssize_t, (int fd, const void *p, size_t n, off_t at),
    (fd, p, n, at))
FAIL_OR(pwrite64, ssize_t, (int fd, const void *p, size_t n, off64_t at),
    (fd, p, n, at))

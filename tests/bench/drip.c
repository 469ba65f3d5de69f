/*
 * drip FROM MAILDIR N: mail arriving slowly. Moves one file of the directory
 * FROM into MAILDIR/new, waits until helpd has taken it from there (which it
 * does after the commit), then moves the next. Prints "mails seconds median_ms
 * p99_ms".
 */
#include <sys/inotify.h>

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
	WAIT_MS = 20000
};

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Waits until name has left the watched directory. */
static void
wait_gone(int watch, int dir, const char *name)
{
	double end = now() + WAIT_MS / 1e3;

	while (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		char buf[4096];
		struct pollfd p = {.fd = watch, .events = POLLIN};
		if (poll(&p, 1, 1000) > 0 && read(watch, buf, sizeof(buf)) < 0)
			err(EX_OSERR, "inotify");
		if (now() > end)
			errx(EX_TEMPFAIL, "%s was not taken", name);
	}
}

int
main(int argc, char **argv)
{
	struct dirent *e;
	size_t n = 0, max;

	if (argc != 4)
		errx(EX_USAGE, "usage: drip FROM MAILDIR N");
	max = strtoul(argv[3], NULL, 10);
	double *took = calloc(max + 1, sizeof(*took));
	DIR *from = opendir(argv[1]);
	if (took == NULL || from == NULL || chdir(argv[2]) < 0)
		err(EX_NOINPUT, "%s or %s", argv[1], argv[2]);
	DIR *to = opendir("new");
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (to == NULL ||
	    inotify_add_watch(watch, "new", IN_MOVED_FROM | IN_DELETE) < 0)
		err(EX_NOINPUT, "new");
	double start = now();
	while (n < max && (e = readdir(from)) != NULL) {
		double t = now();
		if (e->d_name[0] == '.')
			continue;
		if (renameat(dirfd(from), e->d_name, dirfd(to), e->d_name) < 0)
			err(EX_IOERR, "%s", e->d_name);
		wait_gone(watch, dirfd(to), e->d_name);
		took[n++] = (now() - t) * 1e3;
	}
	start = now() - start;
	qsort(took, n, sizeof(*took), by_value);
	printf("%zu %.6f %.3f %.3f\n", n, start, n ? took[n / 2] : 0.0,
	    n ? took[n * 99 / 100] : 0.0);
	free(took);
	closedir(from);
	closedir(to);
	return 0;
}

#include "base/file.h"
#include "base/fault.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
fd_read_all(int fd, size_t max, struct buf *out, struct err *err)
{
	size_t start = out->n, want = 0;
	struct stat st;

	/* One more than there is, so that its end is seen in the same room. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
	    (!max || (uint64_t)st.st_size <= max))
		want = (size_t)st.st_size + 1;
	for (;;) {
		size_t had = out->n - start;
		size_t chunk = had < want ? want - had : 65536;
		char *at = buf_reserve(out, chunk);
		ssize_t n;

		if (!at)
			return err_set(err, ERR_PERM, "too large");
		n = read(fd, at, chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, ERR_TEMP, "read");
		if (n == 0)
			return 0;
		buf_commit(out, (size_t)n);
		if (max && out->n - start > max)
			return err_set(err, ERR_PERM,
			    "larger than the limit of %zu bytes", max);
	}
}

int
file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, ERR_TEMP, "%s", path);
	if (fd_read_all(fd, max, out, err) < 0)
		return err_in(err, "%s", path);
	return 0;
}

int
fd_write_all(int fd, struct str s, struct err *err)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, ERR_TEMP, "write");
		s = str_from(s, (size_t)n);
	}
	return 0;
}

static int
sync_parent(const char *path, struct err *err)
{
	AUTO(buf_fini) struct buf dir = BUF_INIT;
	struct str p = str_c(path);
	ptrdiff_t at = str_rchr(p, '/');

	if (at < 0)
		buf_puts(&dir, ".");
	else
		buf_put(&dir, str_sub(p, 0, at ? (size_t)at : 1));
	return dir_sync(buf_cstr(&dir), err);
}

int
file_replace(
    const char *path, struct str content, unsigned mode, struct err *err)
{
	AUTO(buf_fini) struct buf tmp = BUF_INIT;
	int fd, r;

	buf_printf(&tmp, "%s.tmp.%ld", path, (long)getpid());
	fd = open(buf_cstr(&tmp),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    (mode_t)mode);
	if (fd < 0)
		return err_sys(err, ERR_TEMP, "%s", buf_cstr(&tmp));
	r = fd_write_all(fd, content, err);
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(err, ERR_TEMP, "fsync");
	close(fd);
	fault_point("rename-before");
	if (r == 0 && rename(buf_cstr(&tmp), path) < 0)
		r = err_sys(err, ERR_TEMP, "rename");
	fault_point("rename-after");
	if (r < 0) {
		unlink(buf_cstr(&tmp));
		return err_in(err, "%s", path);
	}
	return sync_parent(path, err);
}

int
file_swap(const char *path, struct str content, unsigned mode, struct err *err)
{
	AUTO(buf_fini) struct buf tmp = BUF_INIT;
	AUTO_FD fd = -1;

	buf_printf(&tmp, "%s.tmp.%ld", path, (long)getpid());
	fd = open(buf_cstr(&tmp),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, ERR_TEMP, "%s", buf_cstr(&tmp));
	if (fd_write_all(fd, content, err) == 0 &&
	    (fchmod(fd, (mode_t)mode) == 0 ||
		err_sys(err, ERR_TEMP, "chmod") == 0) &&
	    (rename(buf_cstr(&tmp), path) == 0 ||
		err_sys(err, ERR_TEMP, "rename") == 0))
		return 0;
	unlink(buf_cstr(&tmp));
	return err_in(err, "%s", path);
}

int
dir_make(const char *path, unsigned mode, struct err *err)
{
	AUTO(buf_fini) struct buf part = BUF_INIT;
	struct str rest = str_c(path), name;
	struct stat st;

	if (rest.n && rest.p[0] == '/')
		buf_putc(&part, '/');
	while (str_cut(&rest, '/', &name)) {
		if (name.n == 0)
			continue;
		if (part.n && part.p[part.n - 1] != '/')
			buf_putc(&part, '/');
		buf_put(&part, name);
		if (mkdir(buf_cstr(&part), (mode_t)mode) < 0 &&
		    errno != EEXIST &&
		    (stat(buf_cstr(&part), &st) < 0 || !S_ISDIR(st.st_mode)))
			return err_sys(
			    err, ERR_PERM, "cannot make %s", buf_cstr(&part));
	}
	if (stat(path, &st) < 0)
		return err_sys(err, ERR_PERM, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_PERM, "%s is not a directory", path);
	return 0;
}

int
dir_sync(const char *path, struct err *err)
{
	AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, ERR_TEMP, "cannot sync directory %s", path);
	return 0;
}

char *
path_join(struct arena *a, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return (char *)(uintptr_t)arena_printf(
	    a, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name)
	    .p;
}

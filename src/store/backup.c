#include "base/file.h"
#include "store/store_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static int
dir_is_empty(const char *dir, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool empty = true;

	if (!d)
		return err_sys(err, ERR_PERM, "%s", dir);
	while (empty && (e = readdir(d)))
		empty = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0;
	closedir(d);
	return empty ? 0
		     : err_set(err, ERR_INVAL, "%s is not empty", dir);
}

int
store_backup(struct store *s, const char *dir, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const char *file = path_join(&a, dir, "data.mdb");
	AUTO_FD fd = -1;
	int r;

	if (dir_make(dir, 0700, err) < 0 || dir_is_empty(dir, err) < 0)
		return -1;
	fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, ERR_PERM, "%s", file);
	r = store_copy_to(s, fd, err);
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(err, ERR_TEMP, "%s", file);
	if (r == 0)
		r = dir_sync(dir, err);
	if (r < 0)
		unlink(file);
	return r;
}

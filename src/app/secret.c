/* Secrets are read when they are needed, and wiped as soon as they were used. */
#include "app/config.h"
#include "app/launcher.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SECRET_MAX = 4096,
	COMMAND_MS = 10000
};

/* The line break an editor or echo put behind it. */
static int
finish(struct buf *out, size_t start, struct err *err)
{
	while (out->n > start &&
	       (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
		buf_cut(out, out->n - 1);
	if (out->n == start)
		return err_set(err, ERR_INVAL, "it is empty");
	if (memchr(out->p + start, '\0', out->n - start) ||
	    memchr(out->p + start, '\n', out->n - start))
		return err_set(
		    err, ERR_INVAL, "expected one line with the password");
	return 0;
}

static bool
group_is_ours(gid_t gid)
{
	char mem[1024];
	struct group g, *found = NULL;

	return gid == getegid() ||
	       (getgrnam_r("helpd", &g, mem, sizeof mem, &found) == 0 &&
		   found && found->gr_gid == gid);
}

static int
read_file(const char *path, bool check_mode, struct buf *out, struct err *err)
{
	struct stat st;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ELOOP)
		return err_set(err, ERR_INVAL,
		    "%s is a symbolic link: name "
		    "the file itself",
		    path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, ERR_INVAL, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVAL, "%s is not a plain file", path);
	if (check_mode && (st.st_mode & (S_IRWXO | S_IWGRP)))
		return err_set(err, ERR_INVAL,
		    "%s may be %s by others: chmod 600 %s", path,
		    st.st_mode & S_IROTH ? "read" : "changed", path);
	if (check_mode && (st.st_mode & S_IRGRP) && !group_is_ours(st.st_gid))
		return err_set(err, ERR_INVAL,
		    "%s may be read by a group that is not helpd's: chmod 600 "
		    "%s",
		    path, path);
	if (fd_read_all(fd, SECRET_MAX, out, err) < 0)
		return err_in(err, "%s", path);
	return 0;
}

static int
read_credential(struct str name, struct buf *out, struct err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct arena a = ARENA_INIT;
	int r;

	if (!dir || !*dir)
		return err_set(err, ERR_INVAL,
		    "credential \"%.*s\": the service has none "
		    "(LoadCredential=%.*s:FILE in its unit)",
		    STR_ARG(name), STR_ARG(name));
	/* systemd sees to who may read it. */
	r = read_file(
	    path_join(&a, dir, arena_cstr(&a, name)), false, out, err);
	arena_fini(&a);
	return r;
}

static int
judge(int status, struct err *err)
{
	if (WIFSIGNALED(status))
		return err_set(
		    err, ERR_TEMP, "ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return err_set(err, ERR_INVAL, "could not be started");
	if (WEXITSTATUS(status))
		return err_set(
		    err, ERR_TEMP, "ended with status %d", WEXITSTATUS(status));
	return 0;
}

static int
read_command(struct str line, int64_t deadline, const _Atomic bool *cancel,
    struct buf *out, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct program p = {
	    .argv = program_words(&a, line),
	    .out = out,
	    .out_max = SECRET_MAX,
	    .deadline = MIN(deadline, clock_mono() + COMMAND_MS),
	    .cancel = cancel,
	};

	if (!p.argv[0])
		return err_set(err, ERR_INVAL, "password_command is empty");
	if (program_run(&p, err) < 0 || judge(p.status, err) < 0)
		return err_in(err, "%s", p.argv[0]);
	return 0;
}

int
secret_read(const struct secret *s, struct buf *out, struct err *err)
{
	return secret_read_by(s, INT64_MAX, NULL, out, err);
}

int
secret_read_by(const struct secret *s, int64_t deadline,
    const _Atomic bool *cancel, struct buf *out, struct err *err)
{
	size_t start = out->n;
	struct buf in = BUF_INIT;
	struct arena a = ARENA_INIT;
	int r;

	/* Room at once, more than fd_read_all() asks for: growing would leave
	 * copies behind. */
	buf_reserve(&in, 3 * 65536);
	if (s->file.n)
		r = read_file(arena_cstr(&a, s->file), true, &in, err);
	else if (s->command.n)
		r = read_command(s->command, deadline, cancel, &in, err);
	else if (s->credential.n)
		r = read_credential(s->credential, &in, err);
	else
		r = err_set(err, ERR_NOENT, "there is no password");
	if (r == 0 && (r = finish(&in, 0, err)) < 0) {
		if (s->file.n)
			err_in(err, "%.*s", STR_ARG(s->file));
		else if (s->command.n)
			err_in(err, "password_command");
		else
			err_in(
			    err, "credential \"%.*s\"", STR_ARG(s->credential));
	}
	if (r == 0) {
		buf_put(out, buf_str(&in));
		if (buf_failed(out)) {
			r = err_set(err, ERR_INVAL, "the password is too long");
			secret_wipe(out->p + start, out->n - start);
		}
	}
	if (in.p)
		secret_wipe(in.p, in.cap);
	buf_fini(&in);
	arena_fini(&a);
	return r;
}

/*
 * Secrets are read when they are needed. The daemon runs without execve once it
 * has started, so it reads those that come from commands at start and reload,
 * from the process that still may.
 */
#include "app/config.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SECRET_MAX = 4096,
	COMMAND_MS = 10000,
	ARGS_MAX = 64
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

/* Everything the command prints, until it closes its output or the time is up.
 */
static int
read_output(int fd, int64_t deadline, struct buf *out, struct err *err)
{
	size_t start = out->n;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_mono();
		char *at = buf_reserve(out, SECRET_MAX);
		ssize_t n;

		if (!at || out->n - start > SECRET_MAX)
			return err_set(err, ERR_INVAL,
			    "printed more than %d bytes", SECRET_MAX);
		if (left <= 0)
			return err_set(err, ERR_TEMP, "did not end within %d s",
			    COMMAND_MS / 1000);
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, at, SECRET_MAX);
		if (n < 0 && errno != EINTR)
			return err_sys(err, ERR_TEMP, "read");
		if (n == 0)
			return 0;
		if (n > 0)
			buf_commit(out, (size_t)n);
	}
}

/* Waits until the deadline, then ends it the hard way. */
static int
await(pid_t pid, int64_t deadline, struct err *err)
{
	int status;

	for (;;) {
		pid_t r = waitpid(pid, &status, WNOHANG);

		if (r < 0 && errno != EINTR)
			return err_sys(err, ERR_TEMP, "waitpid");
		if (r == pid)
			break;
		if (clock_mono() >= deadline) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return err_set(err, ERR_TEMP, "did not end within %d s",
			    COMMAND_MS / 1000);
		}
		poll(NULL, 0, 10);
	}
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
spawn(char **argv, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int e;

	sigemptyset(&none);
	sigfillset(&defaults);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawnattr_init(&attr);
	/* A group of its own, so that its children end with it. */
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
					    POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF);
	e = posix_spawn(pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return e;
}

static int
run_command(char **argv, struct buf *out, struct err *err)
{
	int64_t deadline = clock_mono() + COMMAND_MS;
	int pipes[2], r, e;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(err, ERR_TEMP, "pipe");
	e = spawn(argv, pipes[1], &pid);
	close(pipes[1]);
	if (e) {
		close(pipes[0]);
		errno = e;
		return err_sys(err, ERR_INVAL, "cannot be started");
	}
	r = read_output(pipes[0], deadline, out, err);
	close(pipes[0]);
	if (r < 0) {
		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -1;
	}
	return await(pid, deadline, err);
}

static int
read_command(struct str line, struct buf *out, struct err *err)
{
	struct arena a = ARENA_INIT;
	char **argv = arena_array(&a, char *, ARGS_MAX + 1);
	struct str rest = line, word;
	size_t n = 0;
	int r;

	while (n < ARGS_MAX && str_word(&rest, &word))
		argv[n++] = arena_cstr(&a, word);
	if (n == 0)
		r = err_set(err, ERR_INVAL, "password_command is empty");
	else if ((r = run_command(argv, out, err)) < 0)
		err_in(err, "%s", argv[0]);
	arena_fini(&a);
	return r;
}

int
secret_read(const struct secret *s, struct buf *out, struct err *err)
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
		r = read_command(s->command, &in, err);
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

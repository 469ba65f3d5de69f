#include "app/launcher.h"
#include "app/launcher_process.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORDS_MAX = 64,
	RELOAD_MS = 60000, /* it reads as much as the daemon did */
	KILL_MS = 5000,
	/* How often it is looked whether anybody still waits. */
	STEP_MS = 200
};

struct link {
	int fd;
	pid_t pid;
};

static struct link ours = {-1, 0};

static int
open_link(struct link *l, const struct config *c, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, ERR_TEMP, "socket pair");
	l->pid = fork();
	if (l->pid == 0) {
		close(pair[0]);
		launcher_process(pair[1], c);
	}
	close(pair[1]);
	l->fd = pair[0];
	if (l->pid > 0)
		return 0;
	close_fd(&l->fd);
	return err_sys(
	    err, ERR_TEMP, "cannot fork the process that starts programs");
}

/* It ends when its socket does; SIGKILL would leave its programs. */
static void
close_link(struct link *l)
{
	close_fd(&l->fd);
	if (l->pid > 0)
		while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
			;
	l->pid = 0;
}

int
launcher_open(const struct config *c, struct err *err)
{
	must(ours.fd < 0);
	return open_link(&ours, c, err);
}

void
launcher_close(void)
{
	close_link(&ours);
}

int
launcher_pid(void)
{
	return (int)ours.pid;
}

static int
gone(struct err *err)
{
	return err_set(err, ERR_TEMP,
	    "the process that starts programs is gone: helpd has to be "
	    "started again");
}

static int
ask(const struct link *l, char what, const int *fds, size_t n, struct err *err)
{
	struct iovec iov = {&what, 1};
	union {
		char buf[CMSG_SPACE(LAUNCHER_FDS * sizeof(int))];
		struct cmsghdr align;
	} u = {{0}};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = u.buf,
	    .msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	ssize_t r;

	must(h);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(h), fds, n * sizeof(int));
	do
		r = sendmsg(l->fd, &m, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r == 1 ? 0 : gone(err);
}

/* 1 *out is there, 0 not within ms, -1 nobody will answer. */
static int
hear(int fd, int ms, struct launched *out)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int r = poll(&p, 1, ms);

	if (r < 0)
		return errno == EINTR ? 0 : -1;
	if (r == 0)
		return 0;
	return recv(fd, out, sizeof *out, MSG_DONTWAIT) == sizeof *out ? 1 : -1;
}

int
launcher_reload(struct err *err)
{
	struct launched answer;
	int pair[2], r;

	if (ours.fd < 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, ERR_TEMP, "socket pair");
	r = ask(&ours, 'c', &pair[1], 1, err);
	close(pair[1]);
	if (r == 0 && hear(pair[0], RELOAD_MS, &answer) <= 0)
		r = gone(err);
	else if (r == 0 && answer.kind != LAUNCHED_ENDED)
		r = err_set(err, ERR_INVAL,
		    "the process that starts programs found errors in the "
		    "configuration: it keeps its list");
	close(pair[0]);
	return r;
}

char **
program_words(struct arena *a, struct str line)
{
	char **argv = arena_array(a, char *, WORDS_MAX + 1);
	struct str rest = line, word;
	size_t n = 0;

	while (n < WORDS_MAX && str_word(&rest, &word))
		argv[n++] = arena_cstr(a, word);
	argv[n] = NULL;
	return argv;
}

static int
memory_file(const char *name, struct str content, struct err *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, ERR_TEMP, "memory for a program");
	if (fd_write_all(fd, content, err) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		close_fd(&fd);
	return fd;
}

/* The program and what we hold of it. */
struct held {
	struct program *p;
	int status, in, out; /* sockets and pipes to it, -1 */
};

static int
begin(const struct link *l, struct held *h, struct err *err)
{
	AUTO(buf_fini) struct buf words = BUF_INIT;
	AUTO_FD argv = -1;
	int pair[2] = {-1, -1}, pipes[2] = {-1, STDERR_FILENO}, r = -1;

	for (char **w = h->p->argv; *w; w++)
		buf_put(&words, str_n(*w, strlen(*w) + 1));
	argv = memory_file("argv", buf_str(&words), err);
	h->in = argv < 0 ? -1 : memory_file("stdin", h->p->in, err);
	if (h->in < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, ERR_TEMP, "socket pair");
	if (h->p->out && pipe2(pipes, O_CLOEXEC) < 0)
		err_sys(err, ERR_TEMP, "pipe");
	else
		r = ask(
		    l, 'r', (int[]){pair[1], argv, h->in, pipes[1]}, 4, err);
	h->status = pair[0];
	h->out = pipes[0];
	close(pair[1]);
	if (h->out >= 0)
		close(pipes[1]);
	return r;
}

static bool
is_over(const struct program *p)
{
	return clock_mono() >= p->deadline ||
	       (p->cancel && atomic_load(p->cancel));
}

/* Until it is looked again. */
static int
step(const struct program *p)
{
	int64_t left = p->deadline - clock_mono();

	return left < 0 ? 0 : (int)MIN(left, (int64_t)STEP_MS);
}

static int
late(const struct program *p, struct err *err)
{
	return err_set(err, ERR_TEMP,
	    p->cancel && atomic_load(p->cancel)
		? "helpd is ending"
		: "did not end within the time it has");
}

/* All it prints, until it closes its output. */
static int
read_output(struct held *h, struct err *err)
{
	struct program *p = h->p;
	size_t start = p->out ? p->out->n : 0;

	must(p->out || h->out < 0);
	while (h->out >= 0) {
		struct pollfd f = {.fd = h->out, .events = POLLIN};
		char *at = buf_reserve(p->out, p->out_max);
		ssize_t n;

		if (!at || p->out->n - start > p->out_max)
			return err_set(err, ERR_INVAL,
			    "printed more than %zu bytes", p->out_max);
		if (is_over(p))
			return late(p, err);
		if (poll(&f, 1, step(p)) <= 0)
			continue;
		n = read(h->out, at, p->out_max);
		if (n < 0 && errno != EINTR)
			return err_sys(err, ERR_TEMP, "read");
		if (n == 0)
			close_fd(&h->out);
		else if (n > 0)
			buf_commit(p->out, (size_t)n);
	}
	return 0;
}

static int
judge(struct held *h, const struct launched *answer, struct err *err)
{
	switch (answer->kind) {
	case LAUNCHED_ENDED:
		h->p->status = answer->value;
		return 0;
	case LAUNCHED_UNKNOWN:
		return err_set(err, ERR_PERM,
		    "is not what helpd.conf names, and not started");
	default:
		errno = answer->value;
		return err_sys(err, ERR_INVAL, "cannot be started");
	}
}

static int
await(struct held *h, struct err *err)
{
	struct launched answer;
	int r;

	do {
		if (is_over(h->p))
			return late(h->p, err);
		r = hear(h->status, step(h->p), &answer);
	} while (r == 0);
	return r < 0 ? gone(err) : judge(h, &answer, err);
}

/* It, and what it has started in its group; it has ended when this returns. */
static void
end_it(struct held *h)
{
	struct launched answer;

	if (send(h->status, "k", 1, MSG_NOSIGNAL) == 1)
		hear(h->status, KILL_MS, &answer);
}

int
program_run(struct program *p, struct err *err)
{
	struct link once = {-1, 0};
	struct held h = {.p = p, .status = -1, .in = -1, .out = -1};
	off_t at = 0;
	int r;

	p->status = -1;
	p->taken = 0;
	if (ours.fd < 0 && open_link(&once, NULL, err) < 0)
		return -1;
	fault_point("program-before");
	r = begin(ours.fd < 0 ? &once : &ours, &h, err);
	if (r == 0) {
		fault_point("program-begun");
		r = read_output(&h, err);
		if (r == 0)
			r = await(&h, err);
		if (r < 0)
			end_it(&h);
		/* One description for both: its place is ours. */
		at = lseek(h.in, 0, SEEK_CUR);
	}
	fault_point("program-after");
	p->taken = at > 0 ? (size_t)at : 0;
	close_fd(&h.status);
	close_fd(&h.in);
	close_fd(&h.out);
	close_link(&once);
	return r;
}

/*
 * A program that has ended stays a zombie until the daemon has heard of it and
 * closed its socket: so its number, which is that of its process group too, is
 * nobody else's while it may still be killed.
 */
#include "app/launcher_process.h"
#include "app/launcher.h"
#include "base/file.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	RUNNING_MAX = 64
};

struct running {
	pid_t pid;
	int status, pidfd; /* pidfd: -1 when it has ended */
};

struct launcher {
	int fd;
	bool any;
	struct arena arena;
	char *dir;                     /* of the configuration */
	struct strs mailers, commands; /* what may be started */
	struct running running[RUNNING_MAX];
	size_t n;
};

static void
add_secret(struct arena *a, struct strs *to, const struct secret *s)
{
	if (s->command.n)
		strs_add(a, to, arena_dup(a, s->command));
}

static void
take_list(struct launcher *l, const struct config *c)
{
	struct arena *a = &l->arena;

	arena_reset(a);
	l->mailers = l->commands = (struct strs){0};
	l->dir = arena_cstr(a, c->dir);
	for (size_t i = 0; i < c->nmailboxes; i++)
		add_secret(a, &l->commands, &c->mailboxes[i].secret);
	for (size_t i = 0; i < c->nhooks; i++)
		add_secret(a, &l->commands, &c->hooks[i].secret);
	for (size_t i = 0; i < c->ntransports; i++) {
		const struct transport *t = &c->transports[i];

		add_secret(a, &l->commands, &t->secret);
		if (t->kind == TRANSPORT_SENDMAIL)
			strs_add(a, &l->mailers, arena_dup(a, t->path));
	}
}

static void
read_again(struct launcher *l, int status)
{
	struct launched answer = {.kind = LAUNCHED_ENDED};
	struct complaints bad = {0};
	struct config *c = NULL;

	if (l->any || config_load(l->dir, &c, &bad) < 0)
		answer = (struct launched){LAUNCHED_ERRNO, EINVAL};
	else
		take_list(l, c);
	config_free(&c);
	malloc_trim(0);
	send(status, &answer, sizeof answer, MSG_NOSIGNAL);
}

static bool
same_words(char **argv, char **words)
{
	while (*argv && *words && strcmp(*argv, *words) == 0)
		argv++, words++;
	return !*argv && !*words;
}

/* sendmail -i -f SENDER -- …: nobody gets options in. */
static bool
is_mailer(char **argv)
{
	static const char *const want[] = {NULL, "-i", "-f", NULL, "--"};

	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		if (!argv[i] || (want[i] && strcmp(argv[i], want[i]) != 0))
			return false;
	return true;
}

static bool
is_named(const struct launcher *l, char **argv)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	if (l->any)
		return true;
	for (size_t i = 0; i < l->commands.n; i++)
		if (same_words(argv, program_words(&a, l->commands.v[i])))
			return true;
	for (size_t i = 0; i < l->mailers.n; i++)
		if (str_eq(l->mailers.v[i], str_c(argv[0])) && is_mailer(argv))
			return true;
	return false;
}

/* NULL when it makes no sense. */
static char **
read_argv(struct arena *a, int fd)
{
	AUTO(buf_fini) struct buf all = BUF_INIT;
	struct err err = ERR_INIT;
	char **argv, *p;
	size_t n = 0, k = 0;

	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fd_read_all(fd, LAUNCHER_ARGV_MAX, &all, &err) < 0 || !all.n ||
	    all.p[all.n - 1] != '\0')
		return NULL;
	p = arena_alloc(a, all.n);
	memcpy(p, all.p, all.n);
	for (size_t i = 0; i < all.n; i++)
		n += p[i] == '\0';
	argv = arena_array(a, char *, n + 1);
	for (size_t at = 0; at < all.n; at += strlen(p + at) + 1)
		argv[k++] = p + at;
	return argv;
}

static int
spawn(char **argv, int in, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int e;

	sigemptyset(&none);
	sigfillset(&defaults);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
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

/* Takes fds[0] when the program runs. */
static void
start(struct launcher *l, int fds[LAUNCHER_FDS])
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct launched answer = {LAUNCHED_ERRNO, EINVAL};
	char **argv = read_argv(&a, fds[1]);
	struct running *r = &l->running[l->n];
	int e;

	if (!argv) {
		;
	} else if (!is_named(l, argv)) {
		answer.kind = LAUNCHED_UNKNOWN;
	} else if ((e = spawn(argv, fds[2], fds[3], &r->pid)) != 0) {
		answer.value = e;
	} else {
		r->status = fds[0];
		r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
		fds[0] = -1;
		l->n++;
		return;
	}
	send(fds[0], &answer, sizeof answer, MSG_NOSIGNAL);
}

/* What came, with the descriptors (or -1): 0 when nobody is there any more. */
static int
receive(int fd, char *what, int fds[LAUNCHER_FDS])
{
	struct iovec iov = {what, 1};
	union {
		char buf[CMSG_SPACE(LAUNCHER_FDS * sizeof(int))];
		struct cmsghdr align;
	} u;
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = u.buf,
	    .msg_controllen = sizeof u.buf};
	struct cmsghdr *h;
	ssize_t n;

	for (size_t i = 0; i < LAUNCHER_FDS; i++)
		fds[i] = -1;
	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	h = CMSG_FIRSTHDR(&m);
	if (h && h->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(h), h->cmsg_len - CMSG_LEN(0));
	return 1;
}

static void
serve(struct launcher *l)
{
	int fds[LAUNCHER_FDS];
	char what;

	if (!receive(l->fd, &what, fds)) {
		for (size_t i = 0; i < l->n; i++)
			if (l->running[i].pidfd >= 0)
				kill(-l->running[i].pid, SIGKILL);
		_exit(0);
	}
	if (what == 'r' && fds[3] >= 0)
		start(l, fds);
	else if (what == 'c' && fds[0] >= 0)
		read_again(l, fds[0]);
	for (size_t i = 0; i < LAUNCHER_FDS; i++)
		close_fd(&fds[i]);
}

/* The daemon is told; the zombie stays. */
static void
on_end(struct running *r)
{
	struct launched answer = {.kind = LAUNCHED_ENDED};
	siginfo_t si = {0};

	if (waitid(P_PID, (id_t)r->pid, &si, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    !si.si_pid)
		return;
	/* As waitpid(2) has it. */
	answer.value = si.si_code == CLD_EXITED ? (si.si_status & 0xff) << 8
						: si.si_status & 0x7f;
	close_fd(&r->pidfd);
	send(r->status, &answer, sizeof answer, MSG_NOSIGNAL);
}

/* A byte kills it, or what it has left behind in its group; an end of the
 * socket kills what still runs: true then, and it is done with. */
static bool
on_word(struct running *r)
{
	char c;
	ssize_t n = recv(r->status, &c, 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 1 || r->pidfd >= 0)
		kill(-r->pid, SIGKILL);
	if (n == 1)
		return false;
	while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close_fd(&r->pidfd);
	close_fd(&r->status);
	return true;
}

static void
turn(struct launcher *l)
{
	struct pollfd p[1 + 2 * RUNNING_MAX];
	size_t n = l->n;

	p[0] = (struct pollfd){
	    .fd = n < RUNNING_MAX ? l->fd : -1, .events = POLLIN};
	for (size_t i = 0; i < n; i++) {
		p[1 + 2 * i] = (struct pollfd){
		    .fd = l->running[i].pidfd, .events = POLLIN};
		p[2 + 2 * i] = (struct pollfd){
		    .fd = l->running[i].status, .events = POLLIN};
	}
	if (poll(p, 1 + 2 * n, -1) < 0)
		return;
	/* From the end: what is done with is replaced by the last. */
	for (size_t i = n; i-- > 0;) {
		if (p[1 + 2 * i].revents)
			on_end(&l->running[i]);
		if (p[2 + 2 * i].revents && on_word(&l->running[i]))
			l->running[i] = l->running[--l->n];
	}
	if (p[0].revents)
		serve(l);
}

void
launcher_process(int fd, const struct config *c)
{
	static struct launcher l;

	/* No no_new_privs here: Postfix's sendmail needs its setgid postdrop. */
	prctl(PR_SET_NAME, "helpd-launcher");
	if (fd > 3)
		close_range(3, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0u, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	l.fd = fd;
	l.any = !c;
	if (c)
		take_list(&l, c);
	for (;;)
		turn(&l);
}

/*
 * The zygote loads what parsing needs (converters, language models) once; every
 * worker is a fork of it, so starting one costs well under a millisecond and no
 * file is opened after the jail is closed.
 */
#include "app/jail_worker.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DEFAULT_CPU_MS = 1800,
	DEFAULT_IDLE_S = 30,
	/* Private memory of one worker: decoded parts of the largest mail,
	 * twice, and what the libraries take. */
	DATA_LIMIT = 176 << 20,
	STACK_LIMIT = 8 << 20,
	NOBODY = 65534,
};

static void
limit(int what, rlim_t value)
{
	struct rlimit r = {value, value};

	setrlimit((__rlimit_resource_t)what, &r);
}

#ifndef WITH_SANITIZERS
static int
jail_close_door(void)
{
	static const int allowed[] = {SCMP_SYS(read), SCMP_SYS(write),
	    SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(futex),
	    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	    SCMP_SYS(brk), SCMP_SYS(exit), SCMP_SYS(exit_group),
	    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
	    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	    SCMP_SYS(setitimer), SCMP_SYS(getrandom), SCMP_SYS(sched_yield),
	    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
	    SCMP_SYS(restart_syscall), SCMP_SYS(rseq),
	    SCMP_SYS(sched_getaffinity), SCMP_SYS(close)};
	/* What a library may try and must be told no, without dying for it. */
	static const int refused[] = {SCMP_SYS(open), SCMP_SYS(openat),
	    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(stat),
	    SCMP_SYS(newfstatat), SCMP_SYS(readlink), SCMP_SYS(getcwd),
	    SCMP_SYS(fstat), SCMP_SYS(lseek), SCMP_SYS(ioctl),
	    SCMP_SYS(sysinfo), SCMP_SYS(prlimit64), SCMP_SYS(socket)};
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = f ? 0 : -1;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(allowed); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(refused); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
	/* Memory, but never memory to be executed, and only of its own. */
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
		    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r;
}
#endif

/* The CPU time that one item may take; SIGPROF ends the worker. */
static void
arm(unsigned ms)
{
	struct itimerval t = {
	    .it_value = {ms / 1000, (suseconds_t)(ms % 1000) * 1000}};

	setitimer(ITIMER_PROF, &t, NULL);
}

static void
answer(struct jail_slot *s, size_t *used, struct jail_item *it, struct buf *out,
    const struct err *err, int r)
{
	if (r == 0 && !buf_failed(out) && out->n <= s->out_size - *used) {
		memcpy(s->out + *used, out->p ? out->p : "", out->n);
		it->out = *used;
		it->out_n = out->n;
		it->code = ERR_NONE;
		*used += out->n;
		return;
	}
	it->out_n = 0;
	if (r == 0) {
		it->code = ERR_PERM;
		snprintf(it->why, sizeof it->why, "%s",
		    *used ? "batch full" : "its parsed form is too large");
		return;
	}
	it->code = (uint32_t)err->code;
	snprintf(
	    it->why, sizeof it->why, "%.*s", (int)sizeof it->why - 1, err->msg);
}

static void
serve(struct jail_slot *s, const struct jail_options *o)
{
	static struct arena arena;
	struct jail_shared *sh = s->shared;
	size_t used = 0;
	uint32_t n = MIN(sh->n, (uint32_t)JAIL_BATCH), op = sh->op;

	atomic_store(&sh->begun, 1);
	for (uint32_t i = 0; i < n; i++) {
		struct jail_item *it = &sh->item[i];
		struct str raw = str_n(s->in + it->in, it->in_n);
		AUTO(buf_fini) struct buf out = buf_max(s->out_size);
		struct err err = ERR_INIT;
		int r;

		arm(o->cpu_ms ? o->cpu_ms : DEFAULT_CPU_MS);
		if (op == JAIL_PARSE) {
			struct message m = {0};

			r = message_parse(&arena, raw, &o->limits, &m, &err);
			if (r == 0)
				message_encode(&m, &out);
		} else {
			r = message_attachment(&arena, raw, &o->limits,
			    (size_t)sh->index, &out, &err);
		}
		answer(s, &used, it, &out, &err, r);
		arena_reset(&arena);
		atomic_store(&sh->done, i + 1);
	}
	arm(0);
}

static _Noreturn void
worker(int fd, struct jail_slot *s, const struct jail_options *o)
{
	struct timeval idle = {
	    .tv_sec = o->idle_s ? (time_t)o->idle_s : DEFAULT_IDLE_S};

	signal(SIGPROF, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_STACK, STACK_LIMIT);
#ifndef WITH_SANITIZERS
	limit(RLIMIT_DATA, DATA_LIMIT);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_FSIZE, 0);
#endif
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
#ifndef WITH_SANITIZERS
	if (jail_close_door() < 0) {
		static const char msg[] =
		    "error jail cannot close the jail (seccomp): no worker\n";

		if (write(2, msg, sizeof msg - 1) < 0)
			_exit(72);
		_exit(71);
	}
#endif
	for (;;) {
		char c;
		ssize_t n = recv(fd, &c, 1, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			_exit(0);
		serve(s, o);
		if (s->shared->n > 1 || s->shared->item[0].in_n > 1 << 20)
			malloc_trim(1 << 20);
		if (send(fd, &c, 1, MSG_NOSIGNAL) != 1)
			_exit(0);
	}
}

static void
keep_only(const int *keep, size_t n)
{
	int from = 3;

	for (size_t i = 0; i < n; i++) {
		if (keep[i] > from)
			close_range((unsigned)from, (unsigned)keep[i] - 1, 0);
		from = keep[i] + 1;
	}
	close_range((unsigned)from, ~0u, 0);
}

/* The socket and the pidfd of a new worker to the daemon; without them, a plain
 * 'x'. */
static int
pass_fds(int sock, const int fds[2])
{
	bool good = fds[0] >= 0 && fds[1] >= 0;
	char c = good ? 'w' : 'x';
	struct iovec iov = {&c, 1};
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} u = {{0}};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (good) {
		struct cmsghdr *h;

		m.msg_control = u.buf;
		m.msg_controllen = sizeof u.buf;
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(2 * sizeof(int));
		memcpy(CMSG_DATA(h), fds, 2 * sizeof(int));
	}
	return sendmsg(sock, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static void
spawn(struct jail_slot *s, const struct jail_options *o, int fds[2])
{
	int pair[2];
	pid_t pid;

	fds[0] = fds[1] = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_NAME, "helpd-parser");
		keep_only(&pair[1], 1);
		worker(pair[1], s, o);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return;
	}
	fds[0] = pair[0];
	fds[1] = (int)syscall(SYS_pidfd_open, pid, 0);
}

void
jail_zygote(int fd, const struct jail_slot *slots, const struct jail_options *o)
{
	struct err err = ERR_INIT;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_NAME, "helpd-jail");
	keep_only(&fd, 1);
	/* A verb run by root (helpd parse): nobody needs that here. It clears
	 * the death signal, so that comes after it. */
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 ||
				  setuid(NOBODY) < 0))
		_exit(71);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (parse_init(NULL, &err) < 0) {
		fprintf(stderr, "error jail %s\n", err.msg);
		_exit(71);
	}
	malloc_trim(0);
	for (;;) {
		unsigned char slot;
		ssize_t n = read(fd, &slot, 1);
		int fds[2];

		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			_exit(0);
		must(slot < JAIL_SLOTS);
		spawn((struct jail_slot *)(uintptr_t)&slots[slot], o, fds);
		if (pass_fds(fd, fds) < 0)
			_exit(0);
		close_fd(&fds[0]);
		close_fd(&fds[1]);
	}
}

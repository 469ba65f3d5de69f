#include "net/resolve.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	/* Left behind, all together: a resolver that hangs must not fill the
	 * process with threads. */
	WAITING_MAX = 16,
	STEP_MS = 1000
};

struct query {
	_Atomic int holders; /* the caller and the thread: the last frees */
	int done;            /* an eventfd */
	_Atomic bool ready;  /* result and list may be looked at */
	char host[256], service[32];
	struct addrinfo *list;
	int result;
};

static _Atomic int waiting;

static void
let_go(struct query *q)
{
	if (atomic_fetch_sub(&q->holders, 1) > 1)
		return;
	if (q->list)
		freeaddrinfo(q->list);
	close_fd(&q->done);
	mem_free(q);
}

static void *
run(void *arg)
{
	struct query *q = arg;
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	uint64_t one = 1;

	q->result = getaddrinfo(q->host, q->service, &hints, &q->list);
	if (q->result == EAI_NONAME || q->result == EAI_ADDRFAMILY) {
		hints.ai_flags = 0; /* ::1 on a host without IPv6 routes */
		q->result = getaddrinfo(q->host, q->service, &hints, &q->list);
	}
	atomic_store(&q->ready, true);
	while (write(q->done, &one, sizeof one) < 0 && errno == EINTR)
		;
	atomic_fetch_sub(&waiting, 1);
	let_go(q);
	return NULL;
}

static int
begin(struct query *q)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int e;

	if (atomic_fetch_add(&waiting, 1) >= WAITING_MAX) {
		atomic_fetch_sub(&waiting, 1);
		return EAGAIN;
	}
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&thread, &attr, run, q);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (e)
		atomic_fetch_sub(&waiting, 1);
	return e;
}

/* 1 done, 0 the time is over, -1 stopped. */
static int
await(
    const struct query *q, int64_t deadline, int wake, const _Atomic bool *stop)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = q->done, .events = POLLIN},
		    {.fd = wake, .events = POLLIN}};
		int64_t left = deadline - clock_mono();
		int n;

		if (stop && atomic_load(stop))
			return -1;
		n = poll(p, 2, left < 0 ? 0 : (int)MIN(left, STEP_MS));
		if (atomic_load(&q->ready))
			return 1;
		if (left <= 0)
			return 0;
		/* Woken for something else: that is not taken from who waits
		 * for it. */
		if (n > 0)
			wake = -1;
	}
}

int
resolve(const char *host, const char *service, int64_t deadline, int wake,
    const _Atomic bool *stop, struct addrinfo **out, struct err *err)
{
	struct query *q = mem_new(sizeof *q);
	int r, e;

	*out = NULL;
	q->holders = 2;
	snprintf(q->host, sizeof q->host, "%s", host);
	snprintf(q->service, sizeof q->service, "%s", service);
	q->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e = q->done < 0 ? errno : begin(q);
	if (e) {
		q->holders = 1;
		let_go(q);
		return e == EAGAIN ? err_set(err, ERR_TEMP,
					 "cannot find the address of %s: the "
					 "resolver does not answer",
					 host)
				   : err_set(err, ERR_TEMP,
					 "cannot find the address of %s: %s",
					 host, strerror(e));
	}
	r = await(q, deadline, wake, stop);
	if (r == 0)
		err_set(err, ERR_TEMP,
		    "cannot find the address of %s: the resolver did not "
		    "answer in time",
		    host);
	else if (r < 0)
		err_set(err, ERR_TEMP, "interrupted");
	else if (q->result)
		err_set(err, ERR_TEMP, "cannot find the address of %s: %s",
		    host,
		    q->result == EAI_SYSTEM ? "system error"
					    : gai_strerror(q->result));
	else
		*out = q->list;
	if (r > 0)
		q->list = NULL;
	let_go(q);
	return *out ? 0 : -1;
}

#include "net/stream.h"
#include "net/resolve.h"
#include "net/tls.h"
#include "net/tls_peer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* OpenSSL writes with write(2): a peer that is gone must be an error, not a
 * signal, whatever the program forgot. */
static void
no_sigpipe(void)
{
	struct sigaction sa;

	if (sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL) {
		sa.sa_handler = SIG_IGN;
		sigaction(SIGPIPE, &sa, NULL);
	}
}

int
stream_fail(struct stream *s, enum err_code code, const char *fmt, ...)
{
	struct err e = ERR_INIT;
	va_list ap;

	if (s->err.code != ERR_NONE)
		return -1;
	va_start(ap, fmt);
	err_setv(&e, code, fmt, ap);
	va_end(ap);
	s->err = e;
	return -1;
}

/* strerror(3) without its capital, into a message. */
static int
fail_errno(struct stream *s, const char *what, int number)
{
	char text[128];
	const char *t = strerror_r(number, text, sizeof(text));

	return stream_fail(s, ERR_TEMP, "%s %s: %c%s", what, s->peer,
	    ch_lower(*t), *t ? t + 1 : "");
}

int
stream_init_fd(struct stream *s, int fd, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, no_sigpipe);
	*s = (struct stream){.fd = fd, .wake = -1};
	snprintf(s->peer, sizeof(s->peer), "the server");
	s->in = mem_new(STREAM_BUFFER);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake < 0)
		return err_sys(err, ERR_TEMP, "eventfd");
	if (fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, ERR_TEMP, "fcntl");
	return 0;
}

int
stream_init(struct stream *s, struct err *err)
{
	return stream_init_fd(s, -1, err);
}

void
stream_close(struct stream *s)
{
	if (s->ssl) {
		if (s->err.code == ERR_NONE)
			SSL_shutdown(s->ssl); /* says goodbye, waits for none */
		ERR_clear_error();
		SSL_free(s->ssl);
		s->ssl = NULL;
	}
	if (s->fd >= 0)
		close(s->fd);
	if (s->wake >= 0)
		close(s->wake);
	s->fd = s->wake = -1;
	mem_free(s->in);
	s->in = NULL;
	s->in_at = s->in_n = 0;
}

void
stream_begin(struct stream *s, unsigned timeout_s)
{
	s->deadline = clock_mono() + (int64_t)timeout_s * CLOCK_SECOND;
	s->moved = 0;
}

void
stream_excuse(struct stream *s, int64_t ms)
{
	if (ms > 0)
		s->deadline += ms;
}

static int64_t
time_left(const struct stream *s)
{
	return s->deadline + (int64_t)(s->moved * 1000 / STREAM_RATE) -
	       clock_mono();
}

static void
wake_drain(struct stream *s)
{
	uint64_t n;

	while (read(s->wake, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

void
stream_wake(struct stream *s)
{
	uint64_t one = 1;

	atomic_store(&s->woken, true);
	while (write(s->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void
stream_interrupt(struct stream *s)
{
	atomic_store(&s->stop, true);
	stream_wake(s);
}

/*
 * Waits for events on the socket: 1 ready, 0 the time is over, -1 error.
 * stop_on_wake: a stream_wake() ends it too, with 0.
 */
static int
wait_for(struct stream *s, short events, int64_t ms, bool stop_on_wake)
{
	int64_t until = clock_mono() + ms;

	for (;;) {
		struct pollfd p[2] = {
		    {.fd = s->fd, .events = events},
		    {.fd = s->wake, .events = POLLIN},
		};
		int64_t left = until - clock_mono();
		int n;

		if (stop_on_wake && atomic_load(&s->woken))
			return 0;
		if (atomic_load(&s->stop))
			return stream_fail(s, ERR_TEMP, "interrupted");
		if (left < 0)
			left = 0;
		if (left > 3600 * CLOCK_SECOND)
			left = 3600 * CLOCK_SECOND;
		n = poll(p, 2, (int)left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(s, "waiting for", errno);
		if (p[1].revents)
			wake_drain(s);
		if (p[0].revents)
			return 1;
		if (clock_mono() >= until)
			return 0;
	}
}

static int
too_late(struct stream *s)
{
	return stream_fail(s, ERR_TEMP, "%s did not answer in time", s->peer);
}

static int
wait_deadline(struct stream *s, short events)
{
	int64_t left = time_left(s);
	int r = left <= 0 ? 0 : wait_for(s, events, left, false);

	if (r == 0)
		return too_late(s);
	return r < 0 ? -1 : 0;
}

static bool
is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)a)
				 ->sin_addr.s_addr) >>
			   24 ==
		       127;
	return a->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		   &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

/* One address. The error stays in *err, not in the stream: the next address
 * may do. */
static int
connect_one(struct stream *s, const struct addrinfo *ai, int64_t ms)
{
	int one = 1, e = 0;
	socklen_t n = sizeof(e);
	int fd = socket(ai->ai_family,
	    ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);

	if (fd < 0)
		return fail_errno(s, "cannot connect to", errno);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	s->fd = fd;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return 0;
	e = errno;
	if (e == EINPROGRESS) {
		int r = wait_for(s, POLLOUT, ms, false);

		e = ETIMEDOUT;
		if (r > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) < 0)
			e = errno;
		if (r > 0 && e == 0)
			return 0;
	}
	fail_errno(s, "cannot connect to", e);
	close(fd);
	s->fd = -1;
	return -1;
}

static int
connect_any(struct stream *s, const struct addrinfo *list, bool loopback_only)
{
	size_t left = 0;

	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next)
		left++;
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next, left--) {
		if (loopback_only && !is_loopback(ai->ai_addr)) {
			s->err = ERR_INIT;
			stream_fail(s, ERR_PERM,
			    "%s is not this host: without TLS only a "
			    "loopback address is allowed",
			    s->peer);
			continue;
		}
		if (!atomic_load(&s->stop))
			s->err = ERR_INIT;
		if (connect_one(s, ai, time_left(s) / (int64_t)left) == 0)
			return 0;
	}
	return -1;
}

/* A host name of configuration as a C string; false when it can be none. */
static bool
host_ok(struct str host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!ch_is_alnum(host.p[i]) && !memchr("-._:", host.p[i], 4))
			return false;
	return host.n > 0 && host.n <= 253;
}

int
stream_connect(struct stream *s, struct str host, uint16_t port,
    bool loopback_only, unsigned timeout_s, struct err *err)
{
	struct addrinfo *list = NULL;
	char name[256], service[8];
	int r;

	if (!host_ok(host))
		return err_set(
		    err, ERR_INVAL, "\"%.*s\" is no host name", STR_ARG(host));
	snprintf(name, sizeof(name), "%.*s", STR_ARG(host));
	snprintf(service, sizeof(service), "%u", port);
	snprintf(s->peer, sizeof(s->peer), "%s:%u", name, port);
	stream_begin(s, timeout_s);
	if (resolve(name, service, s->deadline, s->wake, &s->stop, &list, err) <
	    0)
		return -1;
	r = connect_any(s, list, loopback_only);
	freeaddrinfo(list);
	if (r < 0 && err)
		*err = s->err;
	return r;
}

int
stream_tls(
    struct stream *s, struct str host, const char *ca_file, struct err *err)
{
	char name[256];

	snprintf(name, sizeof(name), "%.*s", STR_ARG(host));
	if (s->in_n > s->in_at)
		return err_set(err, ERR_PERM,
		    "%s sent something in plain text before TLS began: "
		    "somebody may be tampering with the connection",
		    s->peer);
	s->ssl = tls_client(name, ca_file, err);
	if (!s->ssl)
		return -1;
	if (SSL_set_fd(s->ssl, s->fd) != 1)
		return err_set(err, ERR_TEMP, "TLS: %s", tls_reason());
	for (;;) {
		int r, why;

		ERR_clear_error();
		r = SSL_connect(s->ssl);
		if (r == 1) {
			tls_peer_note(s->peer, s->ssl);
			return 0;
		}
		why = SSL_get_error(s->ssl, r);
		if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
			if (wait_deadline(s, why == SSL_ERROR_WANT_READ
						 ? POLLIN
						 : POLLOUT) == 0)
				continue;
			if (err)
				*err = s->err;
			return err_in(err, "TLS");
		}
		tls_why(s->ssl, name, &s->err);
		if (err)
			*err = s->err;
		return -1;
	}
}

/* One try: bytes read, 0 not now (*events says for what to wait), -1. */
static ssize_t
try_read(struct stream *s, char *to, size_t n, short *events)
{
	ssize_t r;
	int why;

	*events = POLLIN;
	if (!s->ssl) {
		r = recv(s->fd, to, n, 0);
		if (r > 0)
			return r;
		if (r < 0 &&
		    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return 0;
		if (r < 0)
			return fail_errno(s, "reading from", errno);
		return stream_fail(
		    s, ERR_TEMP, "%s closed the connection", s->peer);
	}
	ERR_clear_error();
	r = SSL_read(s->ssl, to, n > 1 << 30 ? 1 << 30 : (int)n);
	if (r > 0)
		return r;
	why = SSL_get_error(s->ssl, (int)r);
	if (why == SSL_ERROR_WANT_WRITE)
		*events = POLLOUT;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return 0;
	if (why == SSL_ERROR_ZERO_RETURN)
		return stream_fail(
		    s, ERR_TEMP, "%s closed the connection", s->peer);
	if (why == SSL_ERROR_SYSCALL && errno)
		return fail_errno(s, "reading from", errno);
	return stream_fail(s, ERR_TEMP,
	    "the TLS connection to %s was cut off (%s)", s->peer, tls_reason());
}

static ssize_t
read_some(struct stream *s, char *to, size_t n)
{
	if (s->err.code != ERR_NONE)
		return -1;
	for (;;) {
		short events;
		ssize_t r = try_read(s, to, n, &events);

		if (r < 0)
			return -1;
		if (r > 0) {
			s->moved += (uint64_t)r;
			/* A peer that never pauses must not hide the end. */
			if (time_left(s) <= 0)
				return too_late(s);
			return r;
		}
		if (wait_deadline(s, events) < 0)
			return -1;
	}
}

int
stream_fill(struct stream *s)
{
	ssize_t r;

	if (s->in_at == s->in_n)
		s->in_at = s->in_n = 0;
	if (s->in_n == STREAM_BUFFER && s->in_at) {
		memmove(s->in, s->in + s->in_at, s->in_n - s->in_at);
		s->in_n -= s->in_at;
		s->in_at = 0;
	}
	if (s->in_n == STREAM_BUFFER)
		return stream_fail(s, ERR_TEMP,
		    "%s sent a line longer than %d bytes", s->peer,
		    STREAM_BUFFER);
	r = read_some(s, s->in + s->in_n, STREAM_BUFFER - s->in_n);
	if (r < 0)
		return -1;
	s->in_n += (size_t)r;
	return 0;
}

ssize_t
stream_read(struct stream *s, char *to, size_t n)
{
	size_t have = s->in_n - s->in_at;

	if (!have && n >= STREAM_BUFFER / 4)
		return read_some(s, to, n);
	if (!have && stream_fill(s) < 0)
		return -1;
	have = MIN(n, s->in_n - s->in_at);
	memcpy(to, s->in + s->in_at, have);
	s->in_at += have;
	return (ssize_t)have;
}

/* As try_read(). */
static ssize_t
try_write(struct stream *s, struct str b, short *events)
{
	ssize_t r;
	int why;

	*events = POLLOUT;
	if (!s->ssl) {
		r = send(s->fd, b.p, b.n, MSG_NOSIGNAL);
		if (r >= 0)
			return r;
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
			return 0;
		return fail_errno(s, "writing to", errno);
	}
	ERR_clear_error();
	r = SSL_write(s->ssl, b.p, b.n > 1 << 30 ? 1 << 30 : (int)b.n);
	if (r > 0)
		return r;
	why = SSL_get_error(s->ssl, (int)r);
	if (why == SSL_ERROR_WANT_READ)
		*events = POLLIN;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return 0;
	if (why == SSL_ERROR_SYSCALL && errno)
		return fail_errno(s, "writing to", errno);
	return stream_fail(s, ERR_TEMP,
	    "the TLS connection to %s was cut off (%s)", s->peer, tls_reason());
}

int
stream_write(struct stream *s, struct str bytes)
{
	if (s->err.code != ERR_NONE)
		return -1;
	while (bytes.n) {
		short events;
		ssize_t r = try_write(s, bytes, &events);

		if (r < 0)
			return -1;
		if (r == 0 && wait_deadline(s, events) < 0)
			return -1;
		s->moved += (uint64_t)r;
		bytes = str_from(bytes, (size_t)r);
	}
	return 0;
}

int
stream_wait(struct stream *s, int64_t ms, bool *woken)
{
	int64_t until = clock_mono() + ms;

	*woken = false;
	if (s->err.code != ERR_NONE)
		return -1;
	/* The socket may be readable for a TLS session ticket alone: only
	 * bytes that came out count. */
	while (s->in_at == s->in_n) {
		short events;
		int64_t left = until - clock_mono();
		ssize_t r;

		s->in_at = s->in_n = 0;
		r = try_read(s, s->in, STREAM_BUFFER, &events);
		if (r < 0)
			return -1;
		s->in_n = (size_t)r;
		if (r > 0)
			break;
		r = left <= 0 ? 0 : wait_for(s, events, left, true);
		if (r > 0)
			continue;
		if (r < 0)
			return -1;
		if (atomic_exchange(&s->woken, false)) {
			*woken = true;
			wake_drain(s);
			return 0;
		}
		if (left <= 0)
			return 0;
	}
	return 1;
}

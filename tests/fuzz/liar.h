/*
 * liar: the other end of every connection that is made, without a network: connect() of this program gives a socket pair. The input is cut at
 * 0x1e; what the nth connection of a run is answered with is the nth part: it is there before anything is asked, and then the connection's
 * end, so nothing waits. Nothing leaves the machine: every address leads here, and names other than numbers lead nowhere.
 */
#ifndef FUZZ_LIAR_H
#define FUZZ_LIAR_H

#include "base/buf.h"
#include "base/must.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LIAR_PARTS = 8
};

static struct {
	struct str part[LIAR_PARTS];
	int fd[LIAR_PARTS];
	size_t parts, used;
} liar;

int connect(int fd, const struct sockaddr *sa, socklen_t n);
int
connect(int fd, const struct sockaddr *sa, socklen_t n)
{
	int pair[2], flags = fcntl(fd, F_GETFL), big = 1 << 20;

	(void)n;
	if ((sa->sa_family != AF_INET && sa->sa_family != AF_INET6 &&
		sa->sa_family != AF_UNIX) ||
	    liar.used == liar.parts ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		errno = ECONNREFUSED;
		return -1;
	}
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	(void)!write(
	    pair[1], liar.part[liar.used].p, liar.part[liar.used].n);
	shutdown(pair[1], SHUT_WR);
	liar.fd[liar.used++] = pair[1];
	dup3(pair[0], fd, O_CLOEXEC);
	close(pair[0]);
	fcntl(fd, F_SETFL, flags);
	return 0;
}

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	struct addrinfo h = hints ? *hints : (struct addrinfo){0};

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	h.ai_flags |= AI_NUMERICHOST;
	return real(host, service, &h, out);
}

static void
liar_begin(struct str in)
{
	liar.parts = liar.used = 0;
	while (liar.parts < LIAR_PARTS &&
	       str_cut(&in, '\x1e', &liar.part[liar.parts]))
		liar.parts++;
}

/* What it was told on all connections; they are closed. */
static void
liar_end(struct buf *heard)
{
	char piece[4096];
	ssize_t n;

	for (size_t i = 0; i < liar.used; i++) {
		while ((n = read(liar.fd[i], piece, sizeof piece)) > 0)
			buf_put(heard, str_n(piece, (size_t)n));
		close(liar.fd[i]);
	}
	liar.used = liar.parts = 0;
}

#endif

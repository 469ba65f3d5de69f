#include "app/control.h"
#include "base/clock.h"
#include "base/must.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int
address_of(const char *path, struct sockaddr_un *un, struct err *err)
{
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof un->sun_path)
		return err_set(err, ERR_INVAL,
		    "%s: the path is too long for a socket; choose a shorter "
		    "data directory",
		    path);
	memcpy(un->sun_path, path, strlen(path) + 1);
	return 0;
}

int
control_listen(const char *path, int *fd, struct err *err)
{
	struct sockaddr_un un;

	if (address_of(path, &un, err) < 0)
		return -1;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return err_sys(err, ERR_TEMP, "socket");
	unlink(path);
	if (bind(*fd, (struct sockaddr *)&un, sizeof un) < 0 ||
	    chmod(path, 0600) < 0 || listen(*fd, 16) < 0) {
		close_fd(fd);
		return err_sys(err, ERR_TEMP, "%s", path);
	}
	return 0;
}

/* A line, until the deadline; 1, 0 closed without one, -1. */
static int
read_line(int fd, size_t max, int64_t deadline, struct buf *out)
{
	while (out->n < max) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_mono();
		char c[512];
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return -1;
		n = recv(fd, c, MIN(sizeof c, max - out->n), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return n == 0 ? 0 : -1;
		buf_put(out, str_n(c, (size_t)n));
		if (memchr(c, '\n', (size_t)n)) {
			buf_cut(out, (size_t)str_chr(buf_str(out), '\n', 0));
			return 1;
		}
	}
	return -1;
}

int
control_accept(int listen_fd, struct buf *cmd)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -1;
	if (read_line(fd, 100, clock_mono() + 1000, cmd) == 1)
		return fd;
	close(fd);
	return -1;
}

void
control_reply(int fd, struct str line)
{
	int64_t deadline = clock_mono() + 1000;

	while (line.n) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		int64_t left = deadline - clock_mono();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		n = send(fd, line.p, line.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break;
		if (n > 0)
			line = str_from(line, (size_t)n);
	}
	close(fd);
}

int
control_ask(const char *path, const char *cmd, unsigned timeout_s,
    struct buf *reply, struct err *err)
{
	struct sockaddr_un un;
	AUTO(buf_fini) struct buf line = BUF_INIT;
	AUTO_FD fd = -1;

	if (address_of(path, &un, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, ERR_TEMP, "socket");
	if (connect(fd, (struct sockaddr *)&un, sizeof un) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return 0;
		return err_sys(err, ERR_PERM, "%s", path);
	}
	buf_printf(&line, "%s\n", cmd);
	if (send(fd, line.p, line.n, MSG_NOSIGNAL) != (ssize_t)line.n)
		return err_sys(err, ERR_TEMP, "%s", path);
	if (read_line(fd, 1 << 20, clock_mono() + (int64_t)timeout_s * 1000,
		reply) != 1)
		return err_set(err, ERR_TEMP,
		    "the daemon did not answer within %u s", timeout_s);
	return 1;
}

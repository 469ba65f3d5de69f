/* carrier: SMTP, a sendmail program, a Maildir; copies into an IMAP folder; webhooks. */
#include "app/copier.h"
#include "app/sender.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/hook.h"
#include "net/http.h"
#include "net/maildir.h"
#include "net/smtp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

struct carrier {
	const struct transport *t;
	struct arena arena;
	struct smtp *smtp;
	struct copier *copier;
	struct http *http;
	struct buf secret; /* of a webhook */
	_Atomic bool cancel; /* nobody waits for a server any more */
};

int
carrier_open(struct carrier **out, const struct transport *t, struct err *err)
{
	struct carrier *c = mem_new(sizeof *c);

	(void)err;
	c->t = t;
	if (t->kind == TRANSPORT_COPY)
		copier_new(&c->copier, t->mailbox);
	*out = c;
	return 0;
}

static int
open_smtp(struct carrier *c, struct err *err)
{
	const struct transport *t = c->t;
	AUTO(buf_fini) struct buf secret = BUF_INIT;
	struct smtp_server server = {
	    .host = t->host,
	    .port = t->port,
	    .security = t->security == TRANSPORT_IMPLICIT    ? SMTP_IMPLICIT
			: t->security == TRANSPORT_PLAINTEXT ? SMTP_PLAINTEXT
							     : SMTP_STARTTLS,
	    .user = t->user,
	    .xoauth2 = t->xoauth2,
	    .helo = t->helo,
	    .timeout_s = (unsigned)(t->timeout / 1000),
	    .cancel = &c->cancel,
	};
	int r;

	if (c->smtp)
		return 0;
	if (t->ca_file.n)
		server.ca_file = arena_cstr(&c->arena, t->ca_file);
	if (t->user.n && secret_read(&t->secret, &secret, err) < 0)
		return -1;
	server.secret = buf_str(&secret);
	r = smtp_new(&server, &c->smtp, err);
	if (secret.p)
		secret_wipe(secret.p, secret.n);
	return r;
}

static void
same_for_all(struct arena *a, struct sent_to *to, size_t n, enum sent result,
    struct str reply)
{
	for (size_t i = 0; i < n; i++) {
		to[i].result = result;
		to[i].reply = arena_dup(a, reply);
	}
}

static int
send_maildir(struct carrier *c, struct arena *a, struct sent_to *to, size_t n,
    struct str bytes, struct err *err)
{
	struct str name;

	if (maildir_deliver(a, arena_cstr(a, c->t->path), bytes, &name, err) <
	    0) {
		same_for_all(a, to, n, SENT_LATER, str_c(err->msg));
		return -1;
	}
	same_for_all(a, to, n, SENT_OK,
	    arena_printf(a, "delivered as %.*s", STR_ARG(name)));
	return 0;
}

/* Writes the mail to the program, LF line ends as it expects them. */
static int
feed_program(struct carrier *c, int fd, struct str bytes, int64_t deadline)
{
	AUTO(buf_fini) struct buf lf = BUF_INIT;
	struct str line, rest = bytes;

	while (str_line(&rest, &line)) {
		buf_put(&lf, line);
		buf_putc(&lf, '\n');
	}
	rest = buf_str(&lf);
	while (rest.n) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		int64_t left = deadline - clock_mono();
		ssize_t w;

		if (left <= 0 || atomic_load(&c->cancel))
			return -1;
		if (poll(&p, 1, (int)MIN(left, CLOCK_SECOND)) <= 0)
			continue;
		w = write(fd, rest.p, rest.n);
		if (w < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (w > 0)
			rest = str_from(rest, (size_t)w);
	}
	return 0;
}

static int
wait_program(struct carrier *c, pid_t pid, int64_t deadline)
{
	int status;

	for (;;) {
		pid_t r = waitpid(pid, &status, WNOHANG);

		if (r == pid)
			break;
		if (r < 0 && errno != EINTR)
			return -1;
		if (clock_mono() >= deadline || atomic_load(&c->cancel)) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		usleep(5000);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
spawn_program(
    struct carrier *c, char **argv, int *fd, pid_t *pid, struct err *err)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none;
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, ERR_TEMP, "pipe");
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, p[0], 0);
	posix_spawnattr_init(&at);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawn(pid, argv[0], &fa, &at, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	close(p[0]);
	if (r) {
		close(p[1]);
		errno = r;
		return err_sys(
		    err, ERR_TEMP, "cannot start %.*s", STR_ARG(c->t->path));
	}
	*fd = p[1];
	fcntl(*fd, F_SETFL, O_NONBLOCK);
	return 0;
}

/*
 * sendmail -i -f SENDER -- RECIPIENT…: it answers for all of them with one exit
 * status (sysexits.h). A program that dies after it had everything may have
 * taken the mail.
 */
static int
send_program(struct carrier *c, struct arena *a, struct str sender,
    struct sent_to *to, size_t n, struct str bytes, struct err *err)
{
	char **argv = arena_array(a, char *, n + 7);
	size_t k = 0;
	int64_t deadline =
	    clock_mono() +
	    (c->t->timeout > 0 ? c->t->timeout : 120 * CLOCK_SECOND);
	int fd = -1, status;
	pid_t pid;
	bool given;

	if (wire_check(bytes, err) < 0) {
		same_for_all(a, to, n, SENT_REFUSED, str_c(err->msg));
		return 0;
	}
	argv[k++] = arena_cstr(a, c->t->path);
	argv[k++] = arena_cstr(a, S("-i"));
	argv[k++] = arena_cstr(a, S("-f"));
	argv[k++] = arena_cstr(a, sender.n ? sender : S("<>"));
	argv[k++] = arena_cstr(a, S("--"));
	for (size_t i = 0; i < n; i++)
		argv[k++] = arena_cstr(a, to[i].addr);
	if (spawn_program(c, argv, &fd, &pid, err) < 0) {
		same_for_all(a, to, n, SENT_LATER, str_c(err->msg));
		return -1;
	}
	given = feed_program(c, fd, bytes, deadline) == 0;
	/* An end of the input would be the end of a mail, whole for all that
	 * the program knows: it must not see one. */
	if (!given)
		kill(pid, SIGKILL);
	close(fd);
	status = wait_program(c, pid, deadline);
	if (status == 0 && given)
		same_for_all(a, to, n, SENT_OK, S("taken"));
	else if (status == EX_TEMPFAIL || !given)
		same_for_all(a, to, n, SENT_LATER,
		    arena_printf(a, "%.*s: exit status %d", STR_ARG(c->t->path),
			status));
	else if (status > 0)
		same_for_all(a, to, n, SENT_REFUSED,
		    arena_printf(a, "%.*s: exit status %d", STR_ARG(c->t->path),
			status));
	else
		same_for_all(a, to, n, SENT_UNKNOWN,
		    arena_printf(
			a, "%.*s ended without a status", STR_ARG(c->t->path)));
	return 0;
}

int
carrier_send(struct carrier *c, struct arena *a, struct str sender,
    struct sent_to *to, size_t n, struct str bytes, struct err *err)
{
	switch (c->t->kind) {
	case TRANSPORT_MAILDIR:
		return send_maildir(c, a, to, n, bytes, err);
	case TRANSPORT_SENDMAIL:
		return send_program(c, a, sender, to, n, bytes, err);
	case TRANSPORT_SMTP:
		if (open_smtp(c, err) < 0) {
			same_for_all(a, to, n, SENT_LATER, str_c(err->msg));
			return -1;
		}
		if (smtp_send(c->smtp, a, sender, to, n, bytes, err) == 0)
			return 0;
		/* The next attempt reads the secret again: it may have been
		 * changed. */
		smtp_free(&c->smtp);
		return -1;
	case TRANSPORT_COPY:
	case TRANSPORT_HOOK:
		break;
	}
	return err_set(err, ERR_INVAL, "no transport for mail");
}

int
carrier_copy(struct carrier *c, struct arena *a, struct str message_id,
    bool again, struct sent_to *to, struct str bytes, struct err *err)
{
	return copier_put(c->copier, a, message_id, again, bytes, to, err);
}

/* --- webhooks ---------------------------------------------------------- */

static void
close_http(struct carrier *c)
{
	http_free(&c->http);
	if (c->secret.p)
		secret_wipe(c->secret.p, c->secret.cap);
	buf_fini(&c->secret);
	c->secret = BUF_INIT;
}

static int
open_http(struct carrier *c, struct err *err)
{
	const struct transport *t = c->t;
	struct http_options o = {
	    .url = t->path,
	    .allow_private = t->allow_private,
	    .timeout_s = (unsigned)((t->timeout + 999) / 1000),
	    .cancel = &c->cancel,
	};

	if (c->http)
		return 0;
	if (t->ca_file.n)
		o.ca_file = arena_cstr(&c->arena, t->ca_file);
	c->secret = buf_max(8192);
	if (secret_is_set(&t->secret) &&
	    secret_read(&t->secret, &c->secret, err) < 0) {
		close_http(c);
		return -1;
	}
	return http_new(&o, &c->http, err);
}

int
carrier_post(struct carrier *c, struct arena *a, const struct outbox *o,
    struct sent_to *to, struct str bytes, struct err *err)
{
	static const enum sent map[] = {
	    [POSTED_OK] = SENT_OK,
	    [POSTED_LATER] = SENT_LATER,
	    [POSTED_REFUSED] = SENT_REFUSED,
	    [POSTED_UNKNOWN] = SENT_UNKNOWN,
	};
	struct http_header v[3];
	size_t n = 0;
	enum posted result;
	struct str reply;

	if (open_http(c, err) < 0) {
		same_for_all(a, to, 1, SENT_LATER, str_c(err->msg));
		return -1;
	}
	v[n++] = (struct http_header){"X-Helpd-Delivery", o->message_id};
	v[n++] = (struct http_header){"X-Helpd-Event", hook_event_of(o)};
	if (c->secret.n)
		v[n++] = (struct http_header){"X-Helpd-Signature",
		    hook_signature(a, buf_str(&c->secret),
			clock_now() / CLOCK_SECOND, bytes)};
	http_post(c->http, a, S("application/json"), v, n, bytes, &result,
	    &reply);
	to->result = map[result];
	to->reply = reply;
	/* No answer at all: nobody is there, for the next one either. */
	if (result == POSTED_LATER && !(reply.n && ch_is_digit(reply.p[0]))) {
		close_http(c);
		return err_set(err, ERR_TEMP, "%.*s", STR_ARG(reply));
	}
	return 0;
}

void
carrier_cancel(struct carrier *c)
{
	atomic_store(&c->cancel, true);
	if (c->copier)
		copier_cancel(c->copier);
}

void
carrier_rest(struct carrier *c)
{
	if (c->copier)
		copier_rest(c->copier);
	close_http(c);
	smtp_free(&c->smtp);
}

void
carrier_close(struct carrier **pc)
{
	if (!*pc)
		return;
	copier_free(&(*pc)->copier);
	close_http(*pc);
	smtp_free(&(*pc)->smtp);
	arena_fini(&(*pc)->arena);
	mem_free(*pc);
	*pc = NULL;
}

/* carrier: SMTP, a sendmail program, a Maildir; copies into an IMAP folder; webhooks. */
#include "app/copier.h"
#include "app/launcher.h"
#include "app/sender.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/hook.h"
#include "net/http.h"
#include "net/maildir.h"
#include "net/smtp.h"

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
	struct buf secret;   /* of a webhook */
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

/* Of a password_command, too. */
static int64_t
by_deadline(const struct transport *t)
{
	return clock_mono() +
	       (t->timeout > 0 ? t->timeout : 120 * CLOCK_SECOND);
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
	if (t->user.n && secret_read_by(&t->secret, by_deadline(t), &c->cancel,
			     &secret, err) < 0)
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

/* LF line ends, as the program expects them. */
static void
put_lines(struct buf *out, struct str bytes)
{
	struct str line, rest = bytes;

	while (str_line(&rest, &line)) {
		buf_put(out, line);
		buf_putc(out, '\n');
	}
}

/* A program that dies after it had everything may have taken the mail. */
static void
judge_program(struct carrier *c, struct arena *a, const struct program *p,
    bool ran, struct sent_to *to, size_t n, const struct err *why)
{
	int status = ran && WIFEXITED(p->status) ? WEXITSTATUS(p->status) : -1;

	if (status == 0)
		same_for_all(a, to, n, SENT_OK, S("taken"));
	else if (status > 0)
		same_for_all(a, to, n,
		    status == EX_TEMPFAIL ? SENT_LATER : SENT_REFUSED,
		    arena_printf(a, "%.*s: exit status %d", STR_ARG(c->t->path),
			status));
	else if (p->taken < p->in.n)
		same_for_all(a, to, n, SENT_LATER,
		    arena_printf(a, "%.*s: %s", STR_ARG(c->t->path),
			ran ? "ended by a signal" : why->msg));
	else
		same_for_all(a, to, n, SENT_UNKNOWN,
		    arena_printf(
			a, "%.*s ended without a status", STR_ARG(c->t->path)));
}

/*
 * sendmail -i -f SENDER -- RECIPIENT…: it answers for all of them with one exit
 * status (sysexits.h). Its input is in memory, whole, before it starts: an end
 * of ours is never the end of half a mail.
 */
static int
send_program(struct carrier *c, struct arena *a, struct str sender,
    struct sent_to *to, size_t n, struct str bytes, struct err *err)
{
	AUTO(buf_fini) struct buf lf = BUF_INIT;
	char **argv = arena_array(a, char *, n + 7);
	size_t k = 0;
	struct program p = {
	    .argv = argv,
	    .deadline = by_deadline(c->t),
	    .cancel = &c->cancel,
	};
	int r;

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
	argv[k] = NULL;
	put_lines(&lf, bytes);
	p.in = buf_str(&lf);
	r = program_run(&p, err);
	/* It was not started: nor will be the next. */
	if (r < 0 && !p.taken &&
	    (err->code == ERR_INVAL || err->code == ERR_PERM)) {
		same_for_all(a, to, n, SENT_LATER,
		    arena_printf(a, "%.*s %s", STR_ARG(c->t->path), err->msg));
		return err_in(err, "%.*s", STR_ARG(c->t->path));
	}
	judge_program(c, a, &p, r == 0, to, n, err);
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
	    secret_read_by(
		&t->secret, by_deadline(t), &c->cancel, &c->secret, err) < 0) {
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
	http_post(
	    c->http, a, S("application/json"), v, n, bytes, &result, &reply);
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

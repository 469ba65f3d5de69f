/*
 * The way in: connect, TLS, capabilities, login; and out. What was said in plain text is forgotten once TLS is up, and nothing
 * secret is sent before.
 */
#include "net/imap_conn.h"
#include "base/digest.h"
#include "base/mem.h"

#include <libetpan/libetpan.h>

enum {
	LOGOUT_S = 3
};

/* --- capabilities --- */

static bool
has(struct imap *i, const char *name)
{
	const struct mailimap_capability_data *data =
	    i->session->imap_connection_info
		? i->session->imap_connection_info->imap_capability
		: NULL;
	struct str want = str_c(name);
	bool auth = str_istarts(want, S("AUTH="));

	/* Of a response without one word there is no list. */
	if (!data || !data->cap_list)
		return false;
	for (clistiter *at = clist_begin(data->cap_list); at;
	     at = clist_next(at)) {
		const struct mailimap_capability *c = clist_content(at);
		bool is_auth = c->cap_type == MAILIMAP_CAPABILITY_AUTH_TYPE;

		if (is_auth == auth &&
		    str_ieq(str_c(is_auth ? c->cap_data.cap_auth_type
					  : c->cap_data.cap_name),
			auth ? str_from(want, 5) : want))
			return true;
	}
	return false;
}

static void
forget_capabilities(struct imap *i)
{
	struct mailimap_connection_info *info =
	    i->session->imap_connection_info;

	if (info && info->imap_capability) {
		mailimap_capability_data_free(info->imap_capability);
		info->imap_capability = NULL;
	}
}

static int
need_capabilities(struct imap *i, struct err *err)
{
	if (i->session->imap_connection_info &&
	    i->session->imap_connection_info->imap_capability)
		return 0;
	buf_reset(&i->command);
	buf_puts(&i->command, "CAPABILITY");
	return imap_simple(i, "CAPABILITY", err);
}

/* --- securing --- */

static int
start_tls(struct imap *i, const struct imap_login *l, struct err *err)
{
	if (need_capabilities(i, err) < 0)
		return -1;
	if (!has(i, "STARTTLS"))
		return err_set(err, ERR_PERM,
		    "%s does not offer STARTTLS: refusing to log in without "
		    "encryption",
		    i->stream.peer);
	buf_reset(&i->command);
	buf_puts(&i->command, "STARTTLS");
	if (imap_simple(i, "STARTTLS", err) < 0)
		return -1;
	if (stream_tls(&i->stream, l->host, l->ca_file, err) < 0)
		return -1;
	/* What was said in plain text may have been anybody's words. */
	forget_capabilities(i);
	return 0;
}

static int
greet(struct imap *i, struct err *err)
{
	guard_begin(&i->guard, 0, GUARD_GREETING, 0, 65536);
	switch (mailimap_connect(i->session, i->wire)) {
	case MAILIMAP_NO_ERROR_AUTHENTICATED:
	case MAILIMAP_NO_ERROR_NON_AUTHENTICATED:
	case MAILIMAP_NO_ERROR:
		return 0;
	default:
		return imap_lost(i, err);
	}
}

static int
secure(struct imap *i, const struct imap_login *l, struct err *err)
{
	if (l->implicit_tls && !l->plaintext_loopback &&
	    stream_tls(&i->stream, l->host, l->ca_file, err) < 0)
		return -1;
	if (greet(i, err) < 0)
		return -1;
	if (l->implicit_tls || l->plaintext_loopback)
		return 0;
	/* RFC 9051 §7.1.4: nothing can start TLS in this state. */
	if (i->guard.preauth)
		return err_set(err, ERR_PERM,
		    "%s greets as if logged in already, which leaves no "
		    "room for STARTTLS: refused",
		    i->stream.peer);
	return start_tls(i, l, err);
}

/* --- logging in --- */

/* A secret that lives in the command buffer does so for one call only. */
static void
wipe(struct buf *b)
{
	if (b->p)
		secret_wipe(b->p, b->cap);
	buf_fini(b);
}

static void
initial_response(struct buf *out, const struct imap_login *l)
{
	AUTO(wipe) struct buf plain = BUF_INIT;

	if (l->auth == IMAP_AUTH_XOAUTH2) {
		buf_puts(&plain, "user=");
		buf_put(&plain, l->user);
		buf_puts(&plain, "\1auth=Bearer ");
		buf_put(&plain, l->secret);
		buf_puts(&plain, "\1\1");
	} else {
		buf_putc(&plain, 0);
		buf_put(&plain, l->user);
		buf_putc(&plain, 0);
		buf_put(&plain, l->secret);
	}
	buf_base64(out, buf_str(&plain));
}

/* After the initial response: a server that refuses an OAuth token explains
 * itself in one more challenge, to be answered by an empty line. */
static int
authenticate_end(struct imap *i, struct err *err)
{
	for (int round = 0; round < 3; round++) {
		int r = guard_continuation(&i->guard, NULL);

		if (r < 0)
			return imap_lost(i, err);
		if (r == 0)
			return imap_answer(i, "login", err);
		if (imap_send_more(i, S("\r\n"), err) < 0)
			return -1;
	}
	stream_fail(&i->stream, ERR_TEMP, "%s keeps asking during the login",
	    i->stream.peer);
	return imap_lost(i, err);
}

static int
authenticate(struct imap *i, const struct imap_login *l, struct err *err)
{
	AUTO(wipe) struct buf response = BUF_INIT;
	bool at_once = has(i, "SASL-IR");

	initial_response(&response, l);
	buf_reset(&i->command);
	buf_printf(&i->command, "AUTHENTICATE %s",
	    l->auth == IMAP_AUTH_XOAUTH2 ? "XOAUTH2" : "PLAIN");
	if (at_once) {
		buf_putc(&i->command, ' ');
		buf_put(&i->command, buf_str(&response));
	}
	if (imap_send(i, 0, 0, 65536, err) < 0)
		return -1;
	if (!at_once) {
		int r = guard_continuation(&i->guard, NULL);

		if (r < 0)
			return imap_lost(i, err);
		if (r == 0)
			return imap_answer(i, "login", err);
		buf_puts(&response, "\r\n");
		if (imap_send_more(i, buf_str(&response), err) < 0)
			return -1;
	}
	return authenticate_end(i, err);
}

/* LOGIN with both as literals: any byte is fine in them. */
static int
login(struct imap *i, const struct imap_login *l, struct err *err)
{
	AUTO(wipe) struct buf next = BUF_INIT;
	int r;

	buf_reset(&i->command);
	buf_printf(&i->command, "LOGIN {%zu}", l->user.n);
	if (imap_send(i, 0, 0, 65536, err) < 0)
		return -1;
	buf_put(&next, l->user);
	buf_printf(&next, " {%zu}\r\n", l->secret.n);
	r = guard_continuation(&i->guard, NULL);
	if (r > 0 && imap_send_more(i, buf_str(&next), err) < 0)
		return -1;
	if (r > 0)
		r = guard_continuation(&i->guard, NULL);
	if (r > 0) {
		buf_reset(&next);
		buf_put(&next, l->secret);
		buf_puts(&next, "\r\n");
		if (imap_send_more(i, buf_str(&next), err) < 0)
			return -1;
	}
	if (r < 0)
		return imap_lost(i, err);
	return imap_answer(i, "login", err);
}

/* A server may quote in its refusal what it was given. */
static bool
tells(struct str text, struct str secret)
{
	return secret.n >= 4 && str_has(text, secret);
}

static int
log_in(struct imap *i, const struct imap_login *l, struct err *err)
{
	struct err why = ERR_INIT;
	int r;

	if (need_capabilities(i, err) < 0)
		return -1;
	if (l->auth == IMAP_AUTH_XOAUTH2 && !has(i, "AUTH=XOAUTH2"))
		return err_set(err, ERR_PERM,
		    "%s does not offer XOAUTH2 as a login", i->stream.peer);
	if (l->auth == IMAP_AUTH_XOAUTH2 || has(i, "AUTH=PLAIN")) {
		r = authenticate(i, l, &why);
	} else if (has(i, "LOGINDISABLED")) {
		return err_set(err, ERR_PERM,
		    "%s offers no login by password (LOGINDISABLED)",
		    i->stream.peer);
	} else {
		r = login(i, l, &why);
	}
	wipe(&i->command);
	i->command = BUF_INIT;
	if (r == 0)
		return 0;
	if (i->stream.err.code != ERR_NONE)
		return imap_lost(i, err);
	if (tells(buf_str(&i->guard.text), l->secret)) {
		buf_reset(&i->guard.text);
		buf_puts(&i->guard.text, "(its words held the secret)");
	}
	return err_set(err, why.code == ERR_TEMP ? ERR_TEMP : ERR_PERM,
	    "%s refused the login of %.*s: %s", i->stream.peer,
	    STR_ARG(l->user),
	    i->guard.text.n ? buf_cstr(&i->guard.text) : "no reason given");
}

static int
set_up(struct imap *i, const struct imap_login *l, struct err *err)
{
	if (secure(i, l, err) < 0)
		return -1;
	if (!i->guard.preauth) {
		if (log_in(i, l, err) < 0)
			return -1;
		/* Unless the answer told them, they may have changed. */
		if (!str_starts(buf_str(&i->guard.code), S("CAPABILITY")))
			forget_capabilities(i);
	}
	if (need_capabilities(i, err) < 0)
		return -1;
	i->has_idle = has(i, "IDLE");
	i->has_move = has(i, "MOVE");
	i->has_uidplus = has(i, "UIDPLUS");
	i->has_condstore = has(i, "CONDSTORE");
	return 0;
}

static bool
login_ok(const struct imap_login *l, struct err *err)
{
	if (!l->user.n || memchr(l->user.p, 0, l->user.n) || !l->secret.n ||
	    memchr(l->secret.p, 0, l->secret.n)) {
		err_set(err, ERR_INVAL, "the user or the password is empty");
		return false;
	}
	/* What would end an XOAUTH2 field early. */
	if (l->auth == IMAP_AUTH_XOAUTH2 &&
	    (str_chr(l->user, 1, 0) >= 0 || str_chr(l->secret, 1, 0) >= 0)) {
		err_set(err, ERR_INVAL, "a control character in the token");
		return false;
	}
	return true;
}

struct imap *
imap_over(int fd, bool greeting, struct err *err)
{
	struct imap *i = mem_new(sizeof(*i));

	i->timeout_s = 1;
	guard_init(&i->guard, &i->stream);
	if (stream_init_fd(&i->stream, fd, err) < 0) {
		imap_close(&i);
		return NULL;
	}
	stream_begin(&i->stream, i->timeout_s);
	imap_attach(i);
	i->has_idle = i->has_move = i->has_uidplus = i->has_condstore = true;
	i->selected = true;
	i->session->imap_stream = i->wire; /* as mailimap_connect() does */
	if (greeting && (greet(i, err) < 0 || need_capabilities(i, err) < 0))
		imap_close(&i);
	return i;
}

int
imap_open(const struct imap_login *l, struct imap **out, struct err *err)
{
	struct imap *i;
	uint16_t port = l->port;

	*out = NULL;
	if (!login_ok(l, err))
		return -1;
	if (!port)
		port = l->implicit_tls ? 993 : 143;
	i = mem_new(sizeof(*i));
	i->timeout_s = l->timeout_s ? l->timeout_s : 60;
	guard_init(&i->guard, &i->stream);
	if (stream_init(&i->stream, err) < 0)
		goto fail;
	if (l->opening)
		l->opening(l->ctx, i);
	if (stream_connect(&i->stream, l->host, port, l->plaintext_loopback,
		i->timeout_s, err) < 0)
		goto fail;
	stream_begin(&i->stream, i->timeout_s);
	imap_attach(i);
	if (set_up(i, l, err) < 0)
		goto fail;
	*out = i;
	return 0;
fail:
	if (l->opening)
		l->opening(l->ctx, NULL);
	/* A BYE may quote it, too. */
	if (err && tells(str_c(err->msg), l->secret))
		err_set(err, err->code,
		    "%s ended the login (its words held the secret)",
		    i->stream.peer);
	if (i->stream.err.code == ERR_NONE)
		stream_fail(&i->stream, ERR_TEMP, "not logged in");
	imap_close(&i);
	return -1;
}

static void
log_out(struct imap *i)
{
	struct err ignored;
	unsigned timeout_s = i->timeout_s;

	atomic_store(&i->stream.stop, false);
	i->timeout_s = LOGOUT_S;
	buf_reset(&i->command);
	buf_puts(&i->command, "LOGOUT");
	(void)imap_command(i, "LOGOUT", GUARD_BYE, 65536, 65536, &ignored);
	i->timeout_s = timeout_s;
}

void
imap_close(struct imap **ip)
{
	struct imap *i = *ip;

	if (!i)
		return;
	*ip = NULL;
	if (i->session && i->stream.err.code == ERR_NONE)
		log_out(i);
	if (i->session) {
		i->session->imap_stream = NULL; /* ours to close */
		mailimap_free(i->session);
	}
	if (i->wire)
		mailstream_close(i->wire);
	stream_close(&i->stream);
	guard_fini(&i->guard);
	wipe(&i->command);
	mem_free(i);
}

void
imap_interrupt(struct imap *i)
{
	stream_interrupt(&i->stream);
}

void
imap_wake(struct imap *i)
{
	stream_wake(&i->stream);
}

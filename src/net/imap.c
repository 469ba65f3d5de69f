/*
 * The session: connecting, securing, logging in; folders, flags, moves,
 * waiting.
 *
 * Commands are put together here as text and sent with libetpan's tag; the
 * answers pass the guard (net/imap_guard.h) into libetpan's parser, which
 * leaves what it found in session->imap_selection_info and imap_response_info.
 */
#include "net/imap_conn.h"
#include "net/utf7.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"

#include <libetpan/libetpan.h>
#include <stdlib.h>

enum {
	WIRE_BUFFER = 32 * 1024,
	IDLE_RENEW_S = 28 * 60, /* RFC 2177: servers may log out at 30 min */
	LOGOUT_S = 3,
};

/* --- libetpan's stream over ours --- */

static ssize_t
low_read(mailstream_low *low, void *to, size_t n)
{
	struct imap *i = low->data;

	return guard_read(&i->guard, to, n);
}

static ssize_t
low_write(mailstream_low *low, const void *from, size_t n)
{
	struct imap *i = low->data;

	if (stream_write(&i->stream, str_n(from, n)) < 0)
		return -1;
	return (ssize_t)n;
}

static int
low_close(mailstream_low *low)
{
	(void)low;
	return 0; /* the stream is struct imap's */
}

static int
low_fd(mailstream_low *low)
{
	struct imap *i = low->data;

	return i->stream.fd;
}

static void
low_free(mailstream_low *low)
{
	free(low);
}

static void
low_cancel(mailstream_low *low)
{
	(void)low;
}

static struct mailstream_cancel *
low_get_cancel(mailstream_low *low)
{
	(void)low;
	return NULL;
}

static mailstream_low_driver driver = {
    .mailstream_read = low_read,
    .mailstream_write = low_write,
    .mailstream_close = low_close,
    .mailstream_get_fd = low_fd,
    .mailstream_free = low_free,
    .mailstream_cancel = low_cancel,
    .mailstream_get_cancel = low_get_cancel,
};

/* --- commands and answers --- */

int
imap_lost(struct imap *i, struct err *err)
{
	if (i->stream.err.code == ERR_NONE)
		stream_fail(&i->stream, ERR_TEMP,
		    "%s sent something that is no IMAP", i->stream.peer);
	if (err)
		*err = i->stream.err;
	return -1;
}

/* The server said NO or BAD. Some codes (RFC 5530) say that it will pass. */
static int
refused(struct imap *i, const char *what, struct err *err)
{
	static const char *const passing[] = {"UNAVAILABLE", "INUSE", "LIMIT",
	    "SERVERBUG", "CORRUPTION", "THROTTLED"};
	const char *code = buf_cstr(&i->guard.code);
	enum err_code kind = ERR_PERM;

	for (size_t k = 0; k < ARRAY_LEN(passing); k++)
		if (str_starts(buf_str(&i->guard.code), str_c(passing[k])))
			kind = ERR_TEMP;
	if (!strcmp(code, "NONEXISTENT") || !strcmp(code, "TRYCREATE"))
		kind = ERR_NOENT;
	return err_set(err, kind, "%s: %s", what,
	    i->guard.text.n ? buf_cstr(&i->guard.text)
			    : "the server refused without a reason");
}

int
imap_send(struct imap *i, unsigned expect, size_t literal_max, uint64_t answer,
    struct err *err)
{
	stream_begin(&i->stream, i->timeout_s);
	if (i->stream.err.code != ERR_NONE ||
	    mailimap_send_current_tag(i->session) != MAILIMAP_NO_ERROR)
		return imap_lost(i, err);
	guard_begin(&i->guard, (unsigned)i->session->imap_tag, expect,
	    literal_max, answer);
	if (mailstream_write(i->wire, i->command.p, i->command.n) < 0 ||
	    mailstream_write(i->wire, "\r\n", 2) < 0 ||
	    mailstream_flush(i->wire) < 0)
		return imap_lost(i, err);
	return 0;
}

int
imap_send_more(struct imap *i, struct str bytes, struct err *err)
{
	if (stream_write(&i->stream, bytes) < 0)
		return imap_lost(i, err);
	return 0;
}

int
imap_answer(struct imap *i, const char *what, struct err *err)
{
	struct mailimap_response *response = NULL;
	int r = MAILIMAP_ERROR_STREAM;

	if (mailimap_read_line(i->session))
		r = mailimap_parse_response(i->session, &response);
	if (r == MAILIMAP_NO_ERROR)
		mailimap_response_free(response);
	if (i->stream.err.code == ERR_NONE && i->guard.tagged == GUARD_BAD)
		return refused(i, what, err);
	if (r != MAILIMAP_NO_ERROR || i->guard.tagged == GUARD_NONE)
		return imap_lost(i, err);
	if (i->guard.tagged != GUARD_OK)
		return refused(i, what, err);
	return 0;
}

int
imap_command(struct imap *i, const char *what, unsigned expect,
    size_t literal_max, uint64_t answer, struct err *err)
{
	if (imap_send(i, expect, literal_max, answer, err) < 0)
		return -1;
	return imap_answer(i, what, err);
}

static int
simple(struct imap *i, const char *what, struct err *err)
{
	return imap_command(i, what, 0, 65536, IMAP_SMALL_ANSWER, err);
}

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

	if (!data)
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
	return simple(i, "CAPABILITY", err);
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
	if (simple(i, "STARTTLS", err) < 0)
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

/* libetpan's session and stream, over ours. */
static void
attach(struct imap *i)
{
	mailstream_low *low;

	i->session = mailimap_new(0, NULL);
	low = mailstream_low_new(i, &driver);
	i->wire = low ? mailstream_new(low, WIRE_BUFFER) : NULL;
	if (!i->session || !i->wire)
		mem_out();
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
	attach(i);
	i->has_idle = i->has_move = i->has_uidplus = i->has_condstore = true;
	i->selected = true;
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
	if (stream_init(&i->stream, err) < 0 ||
	    stream_connect(&i->stream, l->host, port, l->plaintext_loopback,
		i->timeout_s, err) < 0)
		goto fail;
	stream_begin(&i->stream, i->timeout_s);
	attach(i);
	if (set_up(i, l, err) < 0)
		goto fail;
	*out = i;
	return 0;
fail:
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

/* --- folders --- */

int
imap_put_folder(struct buf *out, struct str folder, struct err *err)
{
	AUTO(buf_fini) struct buf name = BUF_INIT;

	if (!folder.n || !utf7_encode(&name, folder))
		return err_set(err, ERR_INVAL, "\"%.*s\" is no folder name",
		    STR_ARG(folder));
	buf_putc(out, '"');
	for (size_t k = 0; k < name.n; k++) {
		if (name.p[k] == '"' || name.p[k] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, name.p[k]);
	}
	buf_putc(out, '"');
	return 0;
}

/* What an error begins with: "folder Entwürfe". */
static const char *
about(struct buf *b, const char *what, struct str folder)
{
	buf_printf(b, "%s %.*s", what, STR_ARG(folder));
	return buf_cstr(b);
}

static bool
any_keyword(const struct mailimap_selection_info *info)
{
	if (!info->sel_perm_flags)
		return false;
	for (clistiter *at = clist_begin(info->sel_perm_flags); at;
	     at = clist_next(at)) {
		const struct mailimap_flag_perm *f = clist_content(at);

		if (f->fl_type == MAILIMAP_FLAG_PERM_ALL)
			return true;
	}
	return false;
}

int
imap_select(struct imap *i, struct str folder, struct imap_mailbox *out,
    struct err *err)
{
	AUTO(buf_fini) struct buf what = BUF_INIT;
	mailimap *s = i->session;

	*out = (struct imap_mailbox){0};
	i->selected = false;
	buf_reset(&i->command);
	buf_puts(&i->command, "SELECT ");
	if (imap_put_folder(&i->command, folder, err) < 0)
		return -1;
	if (i->has_condstore)
		buf_puts(&i->command, " (CONDSTORE)");
	if (s->imap_selection_info)
		mailimap_selection_info_free(s->imap_selection_info);
	s->imap_selection_info = mailimap_selection_info_new();
	if (!s->imap_selection_info)
		mem_out();
	i->guard.exists = 0;
	i->guard.modseq = 0;
	if (simple(i, about(&what, "folder", folder), err) < 0)
		return -1;
	i->guard.news = false;
	out->uidvalidity = s->imap_selection_info->sel_uidvalidity;
	out->uidnext = s->imap_selection_info->sel_uidnext;
	out->exists = i->guard.exists;
	out->modseq = i->guard.modseq;
	out->keywords_allowed = any_keyword(s->imap_selection_info);
	if (!out->uidvalidity)
		return err_set(err, ERR_PERM,
		    "folder %.*s: the server gives no UIDVALIDITY; without it "
		    "no mail can be told from another",
		    STR_ARG(folder));
	i->selected = true;
	i->uidnext = out->uidnext;
	return 0;
}

int
imap_list(
    struct imap *i, struct arena *a, struct strs *folders, struct err *err)
{
	const clist *list;

	*folders = (struct strs){0};
	buf_reset(&i->command);
	buf_puts(&i->command, "LIST \"\" \"*\"");
	if (imap_command(i, "listing the folders", GUARD_LIST, 4096,
		8 * IMAP_SMALL_ANSWER, err) < 0)
		return -1;
	list = i->session->imap_response_info
		   ? i->session->imap_response_info->rsp_mailbox_list
		   : NULL;
	for (clistiter *at = list ? clist_begin(list) : NULL; at;
	     at = clist_next(at)) {
		const struct mailimap_mailbox_list *m = clist_content(at);
		AUTO(buf_fini) struct buf name = BUF_INIT;

		(void)utf7_decode(&name, str_c(m->mb_name));
		strs_add(a, folders, arena_dup(a, buf_str(&name)));
	}
	return 0;
}

/* --- what is done to mails --- */

void
imap_set_of(
    struct buf *out, const uint32_t *uids, size_t n, size_t max, size_t *at)
{
	size_t start = out->n, count = 0;

	while (*at < n && count < max && out->n - start < 7000) {
		size_t end = *at + 1;

		while (end < n && uids[end] == uids[end - 1] + 1 &&
		       count + (end - *at) < max)
			end++;
		if (count)
			buf_putc(out, ',');
		buf_u64(out, uids[*at]);
		if (end - *at > 1) {
			buf_putc(out, ':');
			buf_u64(out, uids[end - 1]);
		}
		count += end - *at;
		*at = end;
	}
}

/* "UID <verb> <set> <rest>" for all uids, in as many commands as it takes. */
static int
uid_command(struct imap *i, const char *verb, const uint32_t *uids, size_t n,
    const char *rest, const char *what, struct err *err)
{
	if (!i->selected)
		return err_set(err, ERR_INVAL, "no folder is selected");
	for (size_t at = 0; at < n;) {
		buf_reset(&i->command);
		buf_printf(&i->command, "UID %s ", verb);
		imap_set_of(&i->command, uids, n, SIZE_MAX, &at);
		buf_puts(&i->command, rest);
		if (imap_command(
			i, what, 0, 65536, 8 * IMAP_SMALL_ANSWER, err) < 0)
			return -1;
	}
	return 0;
}

/* A flag is \Name or an atom. */
static bool
flag_ok(struct str f)
{
	if (str_starts(f, S("\\")))
		f = str_from(f, 1);
	for (size_t k = 0; k < f.n; k++)
		if (!ch_is_alnum(f.p[k]) && !memchr("$-_.+!", f.p[k], 6))
			return false;
	return f.n > 0 && f.n <= 100;
}

int
imap_flag(struct imap *i, const uint32_t *uids, size_t n, struct str flag,
    struct err *err)
{
	AUTO(buf_fini) struct buf rest = BUF_INIT;
	AUTO(buf_fini) struct buf what = BUF_INIT;

	if (!flag_ok(flag))
		return err_set(err, ERR_INVAL, "\"%.*s\" is no flag or keyword",
		    STR_ARG(flag));
	buf_printf(&rest, " +FLAGS.SILENT (%.*s)", STR_ARG(flag));
	return uid_command(i, "STORE", uids, n, buf_cstr(&rest),
	    about(&what, "setting the flag", flag), err);
}

int
imap_delete(struct imap *i, const uint32_t *uids, size_t n, struct err *err)
{
	if (imap_flag(i, uids, n, S("\\Deleted"), err) < 0)
		return -1;
	if (!i->has_uidplus) {
		/* A plain EXPUNGE would take what others marked, too. */
		log_warning("imap",
		    "server=%s has no UIDPLUS: %zu mails stay, marked as "
		    "deleted",
		    i->stream.peer, n);
		return 0;
	}
	return uid_command(i, "EXPUNGE", uids, n, "", "deleting", err);
}

static int
create(struct imap *i, struct str folder, struct err *err)
{
	AUTO(buf_fini) struct buf what = BUF_INIT;

	buf_reset(&i->command);
	buf_puts(&i->command, "CREATE ");
	if (imap_put_folder(&i->command, folder, err) < 0)
		return -1;
	return simple(i, about(&what, "creating the folder", folder), err);
}

int
imap_move(struct imap *i, const uint32_t *uids, size_t n, struct str folder,
    struct err *err)
{
	AUTO(buf_fini) struct buf rest = BUF_INIT;
	AUTO(buf_fini) struct buf what = BUF_INIT;
	const char *verb = i->has_move ? "MOVE" : "COPY";
	struct err first = ERR_INIT;

	buf_putc(&rest, ' ');
	if (imap_put_folder(&rest, folder, err) < 0)
		return -1;
	about(&what, "moving to the folder", folder);
	if (uid_command(i, verb, uids, n, buf_cstr(&rest), buf_cstr(&what),
		&first) < 0) {
		if (first.code != ERR_NOENT) {
			if (err)
				*err = first;
			return -1;
		}
		/* The folder is missing: it is made once. */
		if (create(i, folder, err) < 0 ||
		    uid_command(i, verb, uids, n, buf_cstr(&rest),
			buf_cstr(&what), err) < 0)
			return -1;
	}
	return i->has_move ? 0 : imap_delete(i, uids, n, err);
}

int
imap_append(struct imap *i, struct str folder, struct str raw, bool seen,
    struct err *err)
{
	AUTO(buf_fini) struct buf what = BUF_INIT;
	int r;

	about(&what, "appending to the folder", folder);
	buf_reset(&i->command);
	buf_puts(&i->command, "APPEND ");
	if (imap_put_folder(&i->command, folder, err) < 0)
		return -1;
	buf_printf(&i->command, " %s{%zu}", seen ? "(\\Seen) " : "", raw.n);
	if (imap_send(i, 0, 65536, IMAP_SMALL_ANSWER, err) < 0)
		return -1;
	r = guard_continuation(&i->guard, NULL);
	if (r < 0)
		return imap_lost(i, err);
	if (r > 0 && (imap_send_more(i, raw, err) < 0 ||
			 imap_send_more(i, S("\r\n"), err) < 0))
		return -1;
	return imap_answer(i, buf_cstr(&what), err);
}

/* --- waiting --- */

/* Until news, the time, or a wake-up. 1, 0 time, -1; *woken. */
static int
watch(struct imap *i, int64_t ms, bool *woken, struct err *err)
{
	int64_t until = clock_mono() + ms;

	*woken = false;
	while (!i->guard.news) {
		int64_t left = until - clock_mono();
		int r = stream_wait(&i->stream, left > 0 ? left : 0, woken);

		if (r < 0)
			return imap_lost(i, err);
		if (r == 0)
			return 0;
		/* A line that began must end in time. */
		stream_begin(&i->stream, i->timeout_s);
		if (guard_unasked(&i->guard) < 0)
			return imap_lost(i, err);
		if (i->guard.tagged != GUARD_NONE)
			return 0; /* the server ended the IDLE itself */
	}
	return 1;
}

/* One IDLE, at most ms long. */
static int
idle_once(struct imap *i, int64_t ms, bool *woken, struct err *err)
{
	int r;

	buf_reset(&i->command);
	buf_puts(&i->command, "IDLE");
	if (imap_send(i, 0, 65536, 8 * IMAP_SMALL_ANSWER, err) < 0)
		return -1;
	r = guard_continuation(&i->guard, NULL);
	if (r < 0)
		return imap_lost(i, err);
	if (r == 0)
		return imap_answer(i, "IDLE", err);
	r = watch(i, ms, woken, err);
	if (r < 0)
		return -1;
	atomic_store(&i->stream.stop, false);
	stream_begin(&i->stream, i->timeout_s);
	if (i->guard.tagged == GUARD_NONE &&
	    imap_send_more(i, S("DONE\r\n"), err) < 0)
		return -1;
	if (imap_answer(i, "IDLE", err) < 0)
		return -1;
	return r || i->guard.news;
}

/* Without IDLE: sleep, then NOOP, which tells what happened meanwhile. */
static int
poll_once(struct imap *i, int64_t ms, bool *woken, struct err *err)
{
	int r;

	guard_begin(&i->guard, (unsigned)i->session->imap_tag, 0, 65536,
	    IMAP_SMALL_ANSWER);
	r = watch(i, ms, woken, err);
	if (r)
		return r;
	atomic_store(&i->stream.stop, false);
	buf_reset(&i->command);
	buf_puts(&i->command, "NOOP");
	if (simple(i, "NOOP", err) < 0)
		return -1;
	return i->guard.news;
}

int
imap_idle(struct imap *i, unsigned timeout_s, unsigned poll_s, struct err *err)
{
	int64_t until = clock_mono() + (int64_t)timeout_s * CLOCK_SECOND;
	int64_t step = (i->has_idle ? IDLE_RENEW_S : (int64_t)MAX(poll_s, 1)) *
		       CLOCK_SECOND;
	bool woken = false;
	bool stopped;

	if (!i->selected)
		return err_set(err, ERR_INVAL, "no folder is selected");
	for (;;) {
		int64_t left = until - clock_mono();
		int r;

		if (i->guard.news)
			return 1;
		if (left <= 0)
			return 0;
		/* The flag is cleared on the way out of a wait. */
		r = i->has_idle ? idle_once(i, MIN(left, step), &woken, err)
				: poll_once(i, MIN(left, step), &woken, err);
		stopped = woken;
		if (r)
			return r;
		if (stopped)
			return err_set(err, ERR_TEMP, "interrupted");
	}
}

#include "app/check.h"
#include "app/expiry.h"
#include "app/imap_account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/must.h"
#include "net/http.h"
#include "net/imap.h"
#include "net/maildir.h"
#include "net/smtp.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
bracket(struct str host, bool close)
{
	return str_chr(host, ':', 0) < 0 ? "" : close ? "]" : "[";
}

struct str
mailbox_where(struct arena *a, const struct mailbox *m, struct str data)
{
	if (m->kind == MAILBOX_IMAP)
		return arena_printf(a, "%s://%s%.*s%s:%u",
		    m->implicit_tls ? "imaps"
		    : m->plaintext  ? "imap+plain"
				    : "imap",
		    bracket(m->host, false), STR_ARG(m->host),
		    bracket(m->host, true), m->port);
	if (m->kind == MAILBOX_SPOOL && !m->path.n)
		return arena_printf(a, "%.*s/spool", STR_ARG(data));
	return m->path;
}

struct str
transport_where(struct arena *a, const struct transport *t)
{
	if (t->kind == TRANSPORT_HOOK)
		return http_where(t->path);
	if (t->kind != TRANSPORT_SMTP)
		return t->path;
	return arena_printf(a, "%s://%s%.*s%s:%u",
	    t->security == TRANSPORT_IMPLICIT    ? "submissions"
	    : t->security == TRANSPORT_PLAINTEXT ? "smtp+plain"
	    : t->port == 25                      ? "smtp"
						 : "submission",
	    bracket(t->host, false), STR_ARG(t->host), bracket(t->host, true),
	    t->port);
}

/* --- what needs no connection --- */

static void
check_secret(struct arena *a, const struct config *c, const char *what,
    struct str name, struct place at, const struct secret *s,
    struct complaints *bad)
{
	AUTO(buf_fini) struct buf out = buf_max(8192);
	struct err err = ERR_INIT;
	struct stat st;
	const struct passwd *pw;

	if (!s->file.n)
		return;
	if (stat(s->file.p, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == 0 && !(st.st_mode & S_IRWXO)) {
		complain_warning(a, bad, at,
		    "%s \"%.*s\": %.*s is empty: put "
		    "the password into it",
		    what, STR_ARG(name), STR_ARG(s->file));
		return;
	}
	if (secret_read(s, &out, &err) < 0)
		complain(a, bad, at, "%s \"%.*s\": %s", what, STR_ARG(name),
		    err.msg);
	else if (geteuid() == 0 && st.st_uid == 0 && !(st.st_mode & S_IRGRP) &&
		 (pw = getpwnam(arena_cstr(a, c->user))) && pw->pw_uid != 0)
		complain_warning(a, bad, at,
		    "%s \"%.*s\": %.*s belongs to root, and the daemon will "
		    "be %.*s: chown %.*s %.*s",
		    what, STR_ARG(name), STR_ARG(s->file), STR_ARG(c->user),
		    STR_ARG(c->user), STR_ARG(s->file));
	if (out.p)
		secret_wipe(out.p, out.cap);
}

static void
check_ca(struct arena *a, const char *what, struct str name, struct place at,
    struct str file, struct complaints *bad)
{

	if (file.n && access(file.p, R_OK) < 0)
		complain(a, bad, at, "%s \"%.*s\": ca_file %.*s: %m", what,
		    STR_ARG(name), STR_ARG(file));
}

void
check_files(struct arena *a, const struct config *c, struct complaints *bad)
{
	const struct encryption *e = &c->encryption;

	check_secret(a, c, "encryption", S("key"), e->at, &e->key, bad);
	for (size_t i = 0; i < c->nmailboxes; i++) {
		const struct mailbox *m = &c->mailboxes[i];

		check_secret(a, c, "mailbox", m->name, m->at, &m->secret, bad);
		check_ca(a, "mailbox", m->name, m->at, m->ca_file, bad);
	}
	for (size_t i = 0; i < c->ntransports; i++) {
		const struct transport *t = &c->transports[i];

		check_secret(
		    a, c, "transport", t->name, t->at, &t->secret, bad);
		check_ca(a, "transport", t->name, t->at, t->ca_file, bad);
		if (t->kind == TRANSPORT_SENDMAIL &&
		    access(t->path.p, X_OK) < 0)
			complain(a, bad, t->at, "transport \"%.*s\": %.*s: %m",
			    STR_ARG(t->name), STR_ARG(t->path));
	}
	for (size_t i = 0; i < c->nhooks; i++) {
		const struct transport *t = &c->hooks[i];

		check_secret(a, c, "webhook", t->hook, t->at, &t->secret, bad);
		check_ca(a, "webhook", t->hook, t->at, t->ca_file, bad);
	}
}

/* --- and what does --- */

static const char *
c_path(struct arena *a, struct str s)
{
	return s.n ? arena_cstr(a, s) : NULL;
}

static unsigned
seconds(int64_t ms)
{
	return (unsigned)((ms + CLOCK_SECOND - 1) / CLOCK_SECOND);
}

/* Is it there? Else the one that was probably meant is named. */
static int
imap_folder(struct arena *a, struct imap *imap, struct str f,
    struct imap_mailbox *box, struct err *err)
{
	struct strs there = {0};
	struct str near;

	if (imap_select(imap, f, box, err) == 0)
		return 0;
	if (err->code == ERR_TEMP || imap_list(imap, a, &there, err) < 0)
		return -1;
	near = syntax_nearest(f, there.v, there.n);
	return err_set(err, ERR_INVAL, "there is no folder %.*s%s%.*s%s",
	    STR_ARG(f), near.n ? ": did you mean " : "", STR_ARG(near),
	    near.n ? "?" : "");
}

static int
imap_folders(struct arena *a, struct imap *imap, const struct mailbox *m,
    struct check *k, struct err *err)
{
	struct imap_mailbox box;
	struct strs there = {0};
	size_t n = m->folders.n + m->sent_folders.n;
	uint64_t mails = 0;

	for (size_t i = 0; i < m->folders.n; i++) {
		if (imap_folder(a, imap, m->folders.v[i], &box, err) < 0)
			return -1;
		mails += box.exists;
		if (m->after == AFTER_KEYWORD && !box.keywords_allowed)
			return err_set(err, ERR_INVAL,
			    "folder %.*s takes no keywords: after must be "
			    "something else",
			    STR_ARG(m->folders.v[i]));
	}
	for (size_t i = 0; i < m->sent_folders.n; i++) {
		if (imap_folder(a, imap, m->sent_folders.v[i], &box, err) < 0)
			return err_in(err, "sent_folders");
		mails += box.exists;
	}
	/* The first copy makes it; a name that was mistyped is one, too. */
	if (m->copy.n && imap_folder(a, imap, m->copy, &box, err) < 0)
		return err_in(err, "copy");
	if (m->after == AFTER_MOVE) {
		if (imap_list(imap, a, &there, err) < 0)
			return -1;
		if (!strs_has(&there, m->after_arg))
			return err_set(err, ERR_INVAL,
			    "there is no folder %.*s to move mail to",
			    STR_ARG(m->after_arg));
	}
	k->message = arena_printf(a, "%zu folder%s, %llu mails", n,
	    n == 1 ? "" : "s", (unsigned long long)mails);
	return 0;
}

static int
check_imap(
    struct arena *a, const struct mailbox *m, struct check *k, struct err *err)
{
	struct imap *imap = NULL;
	int r = imap_account_open(m, NULL, NULL, NULL, &imap, err);

	if (r == 0)
		r = imap_folders(a, imap, m, k, err);
	if (imap)
		imap_close(&imap);
	return r;
}

static int
check_maildir(
    struct arena *a, const char *path, struct check *k, struct err *err)
{
	struct maildir_file *files;
	size_t n;

	if (maildir_scan(a, path, &files, &n, err) < 0)
		return err->code == ERR_NOENT
			   ? err_set(
				 err, ERR_NOENT, "there is no Maildir %s", path)
			   : -1;
	for (size_t i = 0; i < 3; i++) {
		static const char *const subs[] = {"new", "cur", "tmp"};
		const char *sub = path_join(a, path, subs[i]);

		if (access(sub, R_OK | W_OK | X_OK) < 0)
			return err_sys(err, ERR_PERM, "%s", sub);
	}
	k->message = arena_printf(a, "%zu mails", n);
	return 0;
}

/* A directory that will be made, or is there and can be written. */
static int
check_dir(struct arena *a, const char *path, struct check *k, struct err *err)
{
	char *parent = arena_cstr(a, str_c(path));
	ptrdiff_t slash = str_rchr(str_c(path), '/');

	if (access(path, R_OK | W_OK | X_OK) == 0) {
		k->message = S("can be written");
		return 0;
	}
	if (access(path, F_OK) == 0)
		return err_sys(err, ERR_PERM, "%s", path);
	if (slash > 0)
		parent[slash] = '\0';
	if (access(parent, W_OK | X_OK) < 0)
		return err_sys(
		    err, ERR_PERM, "%s cannot be made in %s", path, parent);
	k->message = S("not there yet; it will be made");
	return 0;
}

static int
check_smtp(struct arena *a, const struct transport *t, struct check *k,
    struct err *err)
{
	struct buf secret = buf_max(8192);
	struct smtp_server server = {.host = t->host,
	    .port = t->port,
	    .security = t->security == TRANSPORT_IMPLICIT    ? SMTP_IMPLICIT
			: t->security == TRANSPORT_PLAINTEXT ? SMTP_PLAINTEXT
							     : SMTP_STARTTLS,
	    .ca_file = c_path(a, t->ca_file),
	    .user = t->user,
	    .xoauth2 = t->xoauth2,
	    .helo = t->helo,
	    .timeout_s = seconds(t->timeout)};
	struct smtp *smtp = NULL;
	int r = t->user.n ? secret_read(&t->secret, &secret, err) : 0;

	server.secret = buf_str(&secret);
	if (r == 0)
		r = smtp_new(&server, &smtp, err);
	if (r == 0)
		r = smtp_probe(smtp, err);
	if (smtp)
		smtp_free(&smtp);
	if (secret.p)
		secret_wipe(secret.p, secret.cap);
	buf_fini(&secret);
	k->message = t->user.n ? S("logged in") : S("no login");
	return r;
}

/* Chain, host name and an open port; nothing is posted. */
static int
check_hook(struct arena *a, const struct transport *t, struct check *k,
    struct err *err)
{
	AUTO(buf_fini) struct buf secret = buf_max(8192);
	struct http_options o = {.url = t->path,
	    .ca_file = c_path(a, t->ca_file),
	    .timeout_s = seconds(t->timeout)};
	struct http *h = NULL;
	int r = secret_is_set(&t->secret)
		    ? secret_read(&t->secret, &secret, err)
		    : 0;

	k->what = "webhook";
	k->name = t->hook;
	k->where = transport_where(a, t);
	if (r == 0)
		r = http_new(&o, &h, err);
	if (r == 0)
		r = http_probe(h, err);
	http_free(&h);
	if (secret.p)
		secret_wipe(secret.p, secret.cap);
	k->message = S("reached; nothing was posted");
	return r;
}

static int
check_mailbox(struct arena *a, const struct config *c, const struct mailbox *m,
    struct check *k, struct err *err)
{
	k->what = "mailbox";
	k->name = m->name;
	k->where = mailbox_where(a, m, c->data);
	switch (m->kind) {
	case MAILBOX_IMAP:
		return check_imap(a, m, k, err);
	case MAILBOX_MAILDIR:
		return check_maildir(a, arena_cstr(a, m->path), k, err);
	case MAILBOX_SPOOL:
		break;
	}
	if (!m->path.n) { /* made together with the data directory */
		k->message = S("for helpd deliver");
		return 0;
	}
	return check_dir(a, arena_cstr(a, k->where), k, err);
}

static int
check_transport(struct arena *a, const struct transport *t, struct check *k,
    struct err *err)
{
	const char *path = c_path(a, t->path);

	k->what = "transport";
	k->name = t->name;
	k->where = transport_where(a, t);
	switch (t->kind) {
	case TRANSPORT_SMTP:
		return check_smtp(a, t, k, err);
	case TRANSPORT_SENDMAIL:
		if (access(path, X_OK) < 0)
			return err_sys(err, ERR_PERM, "%s", path);
		return 0;
	case TRANSPORT_MAILDIR:
	case TRANSPORT_COPY: /* goes with its mailbox */
	case TRANSPORT_HOOK:
		break;
	}
	if (access(path, F_OK) == 0)
		return check_maildir(a, path, k, err);
	return check_dir(a, path, k, err);
}

static size_t
finish(struct arena *a, struct check *k, int r, const struct err *err,
    check_report *report, void *ctx)
{
	k->good = r == 0;
	if (r < 0)
		k->message = arena_dup(a, str_c(err->msg));
	report(ctx, k);
	return r < 0;
}

/* Certificates of the servers that were met, those in files, passwords. */
static size_t
check_expiring(
    struct arena *a, const struct config *c, check_report *report, void *ctx)
{
	const struct watching *w = &c->watch;
	int64_t now = clock_now(), soon = w->nsteps ? w->steps[0] : 0;
	struct expiry *v;
	size_t n = expiry_list(a, c, &v), failed = 0;

	for (size_t i = 0; i < n; i++) {
		struct check k = {.what = alarm_name(v[i].kind),
		    .where = v[i].name,
		    .good = v[i].at > now};
		AUTO(buf_fini) struct buf day = BUF_INIT;

		if (v[i].at == CLOCK_NONE)
			continue;
		clock_rfc3339(&day, v[i].at);
		buf_cut(&day, 10);
		k.soon = k.good && v[i].at - now <= soon;
		k.message = arena_printf(a, "%s on %s (%s%lld days%s)",
		    k.good ? "expires" : "expired", buf_cstr(&day),
		    k.good ? "in " : "",
		    (long long)((k.good ? v[i].at - now : now - v[i].at) /
				CLOCK_DAY),
		    k.good ? "" : " ago");
		failed += !k.good;
		report(ctx, &k);
	}
	return failed;
}

size_t
check_connect(
    struct arena *a, const struct config *c, check_report *report, void *ctx)
{
	struct check data = {.what = "data", .where = c->data};
	struct err err = ERR_INIT;
	size_t failed =
	    finish(a, &data, check_dir(a, arena_cstr(a, c->data), &data, &err),
		&err, report, ctx);

	for (size_t i = 0; i < c->nmailboxes; i++) {
		struct check k = {0};
		int r = check_mailbox(a, c, &c->mailboxes[i], &k, &err);

		failed += finish(a, &k, r, &err, report, ctx);
	}
	for (size_t i = 0; i < c->ntransports; i++) {
		struct check k = {0};
		int r = check_transport(a, &c->transports[i], &k, &err);

		failed += finish(a, &k, r, &err, report, ctx);
	}
	for (size_t i = 0; i < c->nhooks; i++) {
		struct check k = {0};
		int r = check_hook(a, &c->hooks[i], &k, &err);

		failed += finish(a, &k, r, &err, report, ctx);
	}
	return failed + check_expiring(a, c, report, ctx);
}

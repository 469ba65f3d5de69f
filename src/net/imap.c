/* What is done in a session: folders, flags, moves, waiting. */
#include "net/imap_conn.h"
#include "net/utf7.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"

#include <libetpan/libetpan.h>

enum {
	IDLE_RENEW_S = 28 * 60
}; /* RFC 2177: servers may log out at 30 min */

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
	if (imap_simple(i, about(&what, "folder", folder), err) < 0)
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
	fault_point("delete-marked");
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
	return imap_simple(i, about(&what, "creating the folder", folder), err);
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
	fault_point("move-copied");
	return i->has_move ? 0 : imap_delete(i, uids, n, err);
}

/* One APPEND. The mail is a synchronising literal: it goes only to a server
 * that said it wants it. */
static int
append(struct imap *i, struct str folder, struct str raw, bool seen,
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
	fault_point("copy-given");
	return imap_answer(i, buf_cstr(&what), err);
}

int
imap_append(struct imap *i, struct str folder, struct str raw, bool seen,
    struct err *err)
{
	struct err first = ERR_INIT;

	if (append(i, folder, raw, seen, &first) == 0)
		return 0;
	/* The folder is missing: it is made once. */
	if (first.code == ERR_NOENT && imap_is_good(i))
		return create(i, folder, err) < 0
			   ? -1
			   : append(i, folder, raw, seen, err);
	if (err)
		*err = first;
	return -1;
}

bool
imap_is_good(const struct imap *i)
{
	return i->stream.err.code == ERR_NONE;
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
	if (imap_simple(i, "NOOP", err) < 0)
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

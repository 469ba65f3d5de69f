/* show --raw, --save: mails and attachments, out of the store. */
#include "app/save.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/timeline.h"
#include "store/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	RAW_MAX = 1 << 30
};

int
save_raw(struct verb_context *c, struct txn *t, struct arena *a,
    const struct ticket *k, uint64_t seq)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	struct article r;
	struct err err = ERR_INIT;

	if (seq == 0 || seq > k->articles ||
	    article_get(t, a, k->id, (uint32_t)seq, &r) != 1)
		return verb_fail(c, EX_NOINPUT,
		    "ticket #%llu has no article %llu (it has %u)",
		    (unsigned long long)k->id, (unsigned long long)seq,
		    k->articles);
	if (!r.blob)
		return verb_fail(c, EX_NOINPUT,
		    "article %llu is a note: no mail was ever sent",
		    (unsigned long long)seq);
	if (blob_get(t, r.blob, RAW_MAX, &out) != 1)
		return txn_error(t, &err) < 0 ? verb_err(c, &err)
					      : verb_fail(c, EX_SOFTWARE,
						    "its raw mail is missing");
	fwrite(buf_cstr(&out), 1, out.n, stdout);
	return EX_OK;
}

/* A file name from data: no path, no control characters, no leading dot, at
 * most 120 bytes. */
static struct str
safe_name(struct arena *a, const struct article *r, uint64_t shown, size_t i)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str s = r->attachments.v[i].name;

	if (r->ticket != shown)
		buf_printf(&b, "%llu-", (unsigned long long)r->ticket);
	buf_printf(&b, "%u-%zu-", r->seq, i + 1);
	if (s.n == 0)
		s = S("attachment");
	for (size_t k = 0; k < s.n; k++) {
		char ch = s.p[k];

		buf_putc(&b, ch == '/' || ch == '\\' ||
				     (unsigned char)ch < 0x20 || ch == 0x7f ||
				     ch == ':'
				 ? '_'
				 : ch);
	}
	return arena_dup(a, utf8_clip(buf_str(&b), 120));
}

static int
save_article(struct verb_context *c, struct jail *j, struct txn *t,
    struct arena *a, const struct article *r, uint64_t shown, int dir,
    size_t *saved)
{
	AUTO(buf_fini) struct buf mail = BUF_INIT;
	struct err err = ERR_INIT;

	if (!r->blob || !r->attachments.n)
		return EX_OK;
	if (blob_get(t, r->blob, RAW_MAX, &mail) != 1)
		return verb_fail(
		    c, EX_SOFTWARE, "article %u: no raw mail", r->seq);
	for (size_t i = 0; i < r->attachments.n; i++) {
		AUTO(buf_fini) struct buf out = BUF_INIT;
		struct str name = safe_name(a, r, shown, i);
		AUTO_FD fd = -1;

		if (jail_attachment(j, buf_str(&mail), i, &out, &err) < 0)
			return verb_err(c, &err);
		fd = openat(dir, arena_cstr(a, name),
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return verb_fail(c, EX_CANTCREAT, "%.*s: %s",
			    STR_ARG(name), strerror(errno));
		if (fd_write_all(fd, buf_str(&out), &err) < 0)
			return verb_err(c, &err);
		if (!c->json)
			printf("%.*s (%zu bytes)\n", STR_ARG(name), out.n);
		(*saved)++;
	}
	return EX_OK;
}

int
save_attachments(struct verb_context *c, struct jail *j, struct txn *t,
    struct arena *a, const struct ticket *k, const char *path)
{
	struct err err = ERR_INIT;
	AUTO(timeline_close) struct timeline *l = NULL;
	struct article r;
	AUTO_FD dir = -1;
	size_t saved = 0;
	int status = EX_OK, more = 0;

	if (dir_make(path, 0700, &err) < 0)
		return verb_err(c, &err);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return verb_fail(
		    c, EX_CANTCREAT, "%s: %s", path, strerror(errno));
	if (timeline_open(t, a, k, TIMELINE_ARTICLES, &l, &err) < 0)
		return verb_err(c, &err);
	while (status == EX_OK && (more = timeline_article(l, &r)) > 0)
		status = save_article(c, j, t, a, &r, k->id, dir, &saved);
	if (more < 0)
		return txn_error(t, &err) < 0 ? verb_err(c, &err) : EX_SOFTWARE;
	if (c->json)
		printf("{\"saved\":%zu}\n", saved);
	else if (!saved && status == EX_OK)
		puts("no attachments");
	return status;
}

/*
 * Mails, many a command. libetpan calls back for each message of an answer and
 * frees it then, so one mail at a time is in memory, however many were asked
 * for.
 */
#include "net/imap_conn.h"
#include "base/clock.h"
#include "base/mem.h"

#include <libetpan/libetpan.h>
#include <stdlib.h>

enum {
	BATCH = 100,        /* mails a FETCH: 5 times the rate of one */
	SURVEY_STEP = 2000, /* messages a FETCH of flags and sizes */
	SURVEY_LINE = 512,  /* bytes a message of such an answer */
	LINES = 65536,      /* for what else a server says meanwhile */
};

/* What one FETCH response says about one message. */
struct fetched {
	uint32_t uid;
	uint64_t size;
	bool seen, deleted, has_body;
	int64_t date;
	struct str body; /* libetpan's, for the length of the call */
};

static int64_t
date_value(const struct mailimap_date_time *d)
{
	int64_t t;

	if (!d || d->dt_month < 1 || d->dt_month > 12 || d->dt_day < 1 ||
	    d->dt_day > 31 || d->dt_year <= 1970)
		return CLOCK_NONE;
	t = clock_days(d->dt_year, (unsigned)d->dt_month, (unsigned)d->dt_day) *
	    CLOCK_DAY;
	t += d->dt_hour * CLOCK_HOUR + d->dt_min * CLOCK_MINUTE +
	     d->dt_sec * CLOCK_SECOND;
	/* "+0130" is 130 */
	return t - (d->dt_zone / 100) * CLOCK_HOUR -
	       (d->dt_zone % 100) * CLOCK_MINUTE;
}

static void
take_flags(struct fetched *f, const struct mailimap_msg_att_dynamic *dyn)
{
	if (!dyn || !dyn->att_list)
		return;
	for (clistiter *at = clist_begin(dyn->att_list); at;
	     at = clist_next(at)) {
		const struct mailimap_flag_fetch *flag = clist_content(at);

		if (flag->fl_type != MAILIMAP_FLAG_FETCH_OTHER ||
		    !flag->fl_flag)
			continue;
		if (flag->fl_flag->fl_type == MAILIMAP_FLAG_SEEN)
			f->seen = true;
		if (flag->fl_flag->fl_type == MAILIMAP_FLAG_DELETED)
			f->deleted = true;
	}
}

static void
take_static(struct fetched *f, const struct mailimap_msg_att_static *st)
{
	const struct mailimap_msg_att_body_section *b;

	switch (st->att_type) {
	case MAILIMAP_MSG_ATT_UID:
		f->uid = st->att_data.att_uid;
		break;
	case MAILIMAP_MSG_ATT_RFC822_SIZE:
		f->size = st->att_data.att_rfc822_size;
		break;
	case MAILIMAP_MSG_ATT_INTERNALDATE:
		f->date = date_value(st->att_data.att_internal_date);
		break;
	case MAILIMAP_MSG_ATT_BODY_SECTION:
		b = st->att_data.att_body_section;
		if (b && b->sec_body_part) {
			f->body = str_n(b->sec_body_part, b->sec_length);
			f->has_body = true;
		}
		break;
	default:
		break;
	}
}

static struct fetched
read_att(const struct mailimap_msg_att *att)
{
	struct fetched f = {.date = CLOCK_NONE};

	for (clistiter *at = clist_begin(att->att_list); at;
	     at = clist_next(at)) {
		const struct mailimap_msg_att_item *item = clist_content(at);

		if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC)
			take_static(&f, item->att_data.att_static);
		else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC)
			take_flags(&f, item->att_data.att_dyn);
	}
	return f;
}

/* libetpan wants some progress callback before it uses the other one. */
static void
no_progress(size_t current, size_t maximum, void *ctx)
{
	(void)current;
	(void)maximum;
	(void)ctx;
}

/* i->command as a FETCH, handler called for each message as it arrives. */
static int
fetch_command(struct imap *i, size_t literal_max, uint64_t answer,
    mailimap_msg_att_handler *handler, void *ctx, struct err *err)
{
	int r;

	if (!i->selected)
		return err_set(err, ERR_INVAL, "no folder is selected");
	mailimap_set_progress_callback(i->session, NULL, no_progress, NULL);
	mailimap_set_msg_att_handler(i->session, handler, ctx);
	r = imap_command(i, "fetching", GUARD_FETCH, literal_max, answer, err);
	mailimap_set_msg_att_handler(i->session, NULL, NULL);
	mailimap_set_progress_callback(i->session, NULL, NULL, NULL);
	return r;
}

/* --- survey --- */

struct survey {
	uint32_t from, to;
	struct imap_seen *v;
	size_t n, cap;
};

static void
survey_one(struct mailimap_msg_att *att, void *ctx)
{
	struct survey *s = ctx;
	struct fetched f = read_att(att);

	/* "7:*" names the last message even when its UID is below 7. */
	if (f.uid < s->from || f.uid > s->to)
		return;
	s->v = mem_fit(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct imap_seen){.uid = f.uid,
	    .size = f.size,
	    .seen = f.seen,
	    .deleted = f.deleted,
	    .internal_date = f.date};
}

static int
by_uid(const void *a, const void *b)
{
	const struct imap_seen *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* The UIDs within a range that the SEARCH in i->command finds: a number a
 * message. */
static int
search_found(struct imap *i, uint32_t from, uint32_t to, uint32_t **out,
    size_t *n, struct err *err)
{
	const clist *found;
	size_t cap = 0;

	*out = NULL;
	*n = 0;
	if (imap_command(i, "searching", GUARD_SEARCH, 0,
		16 * IMAP_SMALL_ANSWER, err) < 0)
		return -1;
	found = i->session->imap_response_info
		    ? i->session->imap_response_info->rsp_search_result
		    : NULL;
	for (clistiter *at = found ? clist_begin(found) : NULL; at;
	     at = clist_next(at)) {
		uint32_t uid = *(const uint32_t *)clist_content(at);

		if (uid < from || uid > to)
			continue;
		*out = mem_fit(*out, &cap, *n + 1, sizeof(**out));
		(*out)[(*n)++] = uid;
	}
	return 0;
}

/* All UIDs of the range. */
static int
search_uids(struct imap *i, uint32_t from, uint32_t to, uint32_t **out,
    size_t *n, struct err *err)
{
	buf_reset(&i->command);
	buf_printf(&i->command, "UID SEARCH UID %u:", from);
	if (to == UINT32_MAX)
		buf_puts(&i->command, "*");
	else
		buf_u64(&i->command, to);
	return search_found(i, from, to, out, n, err);
}

int
imap_find(struct imap *i, struct str message_id, bool *there, struct err *err)
{
	uint32_t *uids = NULL;
	size_t n = 0;
	int r;

	*there = false;
	if (!i->selected)
		return err_set(err, ERR_INVAL, "no folder is selected");
	buf_reset(&i->command);
	buf_puts(&i->command, "UID SEARCH HEADER Message-ID \"");
	for (size_t k = 0; k < message_id.n; k++) {
		unsigned char c = (unsigned char)message_id.p[k];

		if (c < ' ' || c >= 0x7f)
			return err_set(err, ERR_INVAL,
			    "\"%.*s\" is no Message-ID", STR_ARG(message_id));
		if (c == '"' || c == '\\')
			buf_putc(&i->command, '\\');
		buf_putc(&i->command, (char)c);
	}
	buf_putc(&i->command, '"');
	r = search_found(i, 1, UINT32_MAX, &uids, &n, err);
	mem_free(uids);
	*there = n > 0;
	return r;
}

static int
compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static const char survey_items[] = " (UID FLAGS RFC822.SIZE INTERNALDATE)";

static int
survey_range(struct imap *i, struct survey *s, struct err *err)
{
	buf_reset(&i->command);
	buf_printf(&i->command, "UID FETCH %u:", s->from);
	if (s->to == UINT32_MAX)
		buf_puts(&i->command, "*");
	else
		buf_u64(&i->command, s->to);
	buf_puts(&i->command, survey_items);
	return fetch_command(i, 0, 4 * IMAP_SMALL_ANSWER, survey_one, s, err);
}

static int
survey_all(struct imap *i, struct survey *s, struct err *err)
{
	uint32_t *uids;
	size_t n, at = 0;
	int r = search_uids(i, s->from, s->to, &uids, &n, err);

	if (r == 0 && n)
		qsort(uids, n, sizeof(*uids), compare_u32);
	while (r == 0 && at < n) {
		buf_reset(&i->command);
		buf_puts(&i->command, "UID FETCH ");
		imap_set_of(&i->command, uids, n, SURVEY_STEP, &at);
		buf_puts(&i->command, survey_items);
		r = fetch_command(i, 0, LINES + SURVEY_STEP * SURVEY_LINE,
		    survey_one, s, err);
	}
	mem_free(uids);
	return r;
}

int
imap_survey(struct imap *i, struct arena *a, uint32_t from, uint32_t to,
    struct imap_seen **out, size_t *n, struct err *err)
{
	struct survey s = {.from = from ? from : 1, .to = to ? to : UINT32_MAX};
	size_t kept = 0;
	bool few;
	int r;

	*out = NULL;
	*n = 0;
	i->guard.news = false;
	/* A few messages cost one command; of many the UIDs are asked for
	 * first, so that no answer gets out of hand. */
	few = i->guard.exists <= SURVEY_STEP ||
	      (s.to != UINT32_MAX && s.to - s.from < SURVEY_STEP) ||
	      (i->uidnext && i->uidnext <= s.from + SURVEY_STEP / 2);
	r = few ? survey_range(i, &s, err) : survey_all(i, &s, err);
	if (r == 0 && s.n) {
		qsort(s.v, s.n, sizeof(*s.v), by_uid);
		*out = arena_array(a, struct imap_seen, s.n);
		for (size_t k = 0; k < s.n; k++)
			if (!kept || (*out)[kept - 1].uid != s.v[k].uid)
				(*out)[kept++] = s.v[k];
		*n = kept;
	}
	mem_free(s.v);
	return r;
}

/* --- whole mails --- */

struct batch {
	struct imap *i;
	const uint32_t *uids; /* of this command, ascending */
	size_t n;
	bool got[BATCH];
	bool larger[BATCH]; /* cut at the limit: fetched in pieces */
	bool stopped;
	imap_fetched *fn;
	void *ctx;
};

static bool
deliver(struct batch *b, uint32_t uid, struct str raw)
{
	int64_t start = clock_mono();
	bool go_on = b->fn(b->ctx, uid, raw);

	/* The time the taker took is not the server's. */
	stream_excuse(&b->i->stream, clock_mono() - start);
	return go_on;
}

static void
batch_one(struct mailimap_msg_att *att, void *ctx)
{
	struct batch *b = ctx;
	struct fetched f = read_att(att);

	if (!f.has_body || b->stopped)
		return;
	for (size_t k = 0; k < b->n; k++) {
		if (b->uids[k] != f.uid)
			continue;
		if (b->got[k])
			return;
		b->got[k] = true;
		/* It is as long as was asked for: there may be more. */
		if (f.body.n >= IMAP_CHUNK)
			b->larger[k] = true;
		else if (!deliver(b, f.uid, f.body))
			b->stopped = true;
		return;
	}
}

static int
fetch_batch(struct batch *b, struct err *err)
{
	struct imap *i = b->i;
	size_t at = 0;

	buf_reset(&i->command);
	buf_puts(&i->command, "UID FETCH ");
	imap_set_of(&i->command, b->uids, b->n, SIZE_MAX, &at);
	must(at == b->n);
	buf_printf(&i->command, " (UID BODY.PEEK[]<0.%d>)", IMAP_CHUNK);
	if (fetch_command(i, IMAP_CHUNK,
		LINES + (uint64_t)b->n * (IMAP_CHUNK + SURVEY_LINE), batch_one,
		b, err) < 0)
		return -1;
	for (size_t k = 0; k < b->n && !b->stopped; k++) {
		AUTO(buf_fini) struct buf whole = buf_max(IMAP_FETCH_MAX);

		if (!b->larger[k])
			continue;
		if (imap_fetch_large(i, b->uids[k], 0, &whole, err) < 0)
			return -1;
		if (!deliver(b, b->uids[k], buf_str(&whole)))
			b->stopped = true;
	}
	return 0;
}

int
imap_fetch(struct imap *i, const uint32_t *uids, size_t n, imap_fetched *fn,
    void *ctx, struct err *err)
{
	for (size_t at = 0; at < n;) {
		struct batch b = {.i = i,
		    .uids = uids + at,
		    .n = MIN(n - at, (size_t)BATCH),
		    .fn = fn,
		    .ctx = ctx};

		if (fetch_batch(&b, err) < 0)
			return -1;
		if (b.stopped)
			return 0;
		at += b.n;
	}
	return 0;
}

/* --- one mail in pieces --- */

struct piece {
	uint32_t uid;
	bool got;
	struct buf *out;
};

static void
piece_one(struct mailimap_msg_att *att, void *ctx)
{
	struct piece *p = ctx;
	struct fetched f = read_att(att);

	if (f.uid != p->uid || !f.has_body || p->got)
		return;
	p->got = true;
	buf_put(p->out, f.body);
}

/* 1 with its bytes appended, 0 no such mail (any more), -1. */
static int
fetch_piece(struct imap *i, uint32_t uid, const char *section, uint64_t offset,
    size_t n, struct buf *out, struct err *err)
{
	struct piece p = {.uid = uid, .out = out};

	buf_reset(&i->command);
	buf_printf(&i->command, "UID FETCH %u (UID BODY.PEEK[%s]<%llu.%zu>)",
	    uid, section, (unsigned long long)offset, n);
	if (fetch_command(i, n, LINES + n, piece_one, &p, err) < 0)
		return -1;
	if (buf_failed(out))
		return err_set(err, ERR_PERM,
		    "mail with UID %u: larger than the limit of %zu bytes", uid,
		    out->max);
	return p.got;
}

int
imap_fetch_large(struct imap *i, uint32_t uid, uint64_t size, struct buf *out,
    struct err *err)
{
	uint64_t have = 0;

	for (;;) {
		size_t before = out->n, want = IMAP_CHUNK;
		size_t got;
		int r;

		/* Servers are known to announce a size somewhat too small:
		 * only a short piece is the end. */
		if (size && have == size)
			want = 4096;
		if (have > UINT32_MAX - want)
			return err_set(err, ERR_PERM,
			    "mail with UID %u: larger than 4 GB", uid);
		r = fetch_piece(i, uid, "", have, want, out, err);
		if (r < 0)
			return -1;
		if (r == 0 && !have)
			return err_set(
			    err, ERR_NOENT, "mail with UID %u is gone", uid);
		got = out->n - before;
		have += got;
		if (got < want)
			break;
	}
	/* Cut off before its announced end: expunged meanwhile. */
	if (size && have < size && have % IMAP_CHUNK == 0)
		return err_set(err, ERR_NOENT, "mail with UID %u is gone", uid);
	return 0;
}

int
imap_fetch_header(
    struct imap *i, uint32_t uid, size_t max, struct buf *out, struct err *err)
{
	int r = fetch_piece(i, uid, "HEADER", 0, max, out, err);

	if (r == 0)
		return err_set(err, ERR_NOENT, "mail with UID %u is gone", uid);
	return r < 0 ? -1 : 0;
}

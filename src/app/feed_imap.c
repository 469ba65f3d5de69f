/*
 * One thread an account: connect, read every folder, wait (IDLE), again.
 *
 * What is new is decided by the ledger and the folder's row, never by a flag:
 * every UID from done_below on that has no fate and is not in the skipped
 * ranges. done_below moves only over UIDs whose fate is committed and whose
 * original is put away, so a crash or a lost connection anywhere is made good
 * by the next reading.
 */
#include "app/feed_private.h"
#include "app/imap_account.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "net/imap.h"

#include <sys/prctl.h>
enum {
	FETCH_UIDS = 100, /* in one FETCH */
	FETCH_BYTES = 2 << 20,
	LARGE = 1 << 20,      /* fetched piece by piece */
	HEAD_BYTES = 1 << 20, /* of an oversize mail */
	IDLE_S = 28 * 60,
	LEDGER_CHUNK = 1000,
};

/* One reading of one folder. */
struct reading {
	struct feed *f;
	struct imap *imap;
	struct arena arena;
	struct str folder;
	uint32_t source;
	uint32_t uidvalidity;
	bool first; /* the first reading of this folder */
	bool sent;  /* a folder of sent mail: nothing in it is ever changed */
	struct folder row;
	struct imap_seen *seen; /* from done_below on */
	size_t nseen;
	enum fate *fates;
	uint32_t got[FETCH_UIDS]; /* of the FETCH in progress */
	size_t ngot;
};

static bool
is_skipped(const struct folder *row, uint32_t uid)
{
	size_t lo = 0, hi = row->nskipped;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (row->skipped[mid].to < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < row->nskipped && row->skipped[lo].from <= uid;
}

/*
 * The ranges not to be read, at the first reading or after the server gave new
 * UIDs. Then, mails of before the first reading that were not to be read then
 * are not to be read now either; all others are known by their content.
 */
static void
choose_skipped(struct reading *r, bool first, uint32_t uidnext, int64_t now)
{
	enum begin begin = mailbox_begin(r->f->mailbox, r->sent);
	struct uid_range *v =
	    arena_array(&r->arena, struct uid_range, r->nseen + 1);
	size_t n = 0;

	r->row.skipped = v;
	r->row.nskipped = 0;
	r->row.done_below = 1;
	r->row.uidvalidity = r->uidvalidity;
	/* A folder that was looked for before it was there: all that is in it
	 * came since. */
	if (first && r->row.begun)
		first = false;
	if (first)
		r->row.begun = now;
	if (begin == BEGIN_NOW && first && uidnext > 1) {
		r->row.done_below = uidnext;
		return;
	}
	for (size_t i = 0; i < r->nseen && begin != BEGIN_ALL; i++) {
		const struct imap_seen *s = &r->seen[i];
		bool old = first || (s->internal_date != CLOCK_NONE &&
					s->internal_date < r->row.begun);

		if (!old || (begin == BEGIN_UNSEEN && !s->seen))
			continue;
		if (n && v[n - 1].to == s->uid - 1)
			v[n - 1].to = s->uid;
		else
			v[n++] = (struct uid_range){s->uid, s->uid};
	}
	r->row.nskipped = n;
}

static int
get_row(struct reading *r, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;

	if (txn_read(r->f->c->store, &t, err) < 0)
		return -1;
	if (folder_get(t, &r->arena, r->source, &r->row) < 0)
		return txn_error(t, err);
	return 0;
}

static int
get_fates(struct reading *r, struct err *err)
{
	r->fates = arena_array(&r->arena, enum fate, r->nseen + 1);
	for (size_t from = 0; from < r->nseen; from += LEDGER_CHUNK) {
		AUTO(txn_abort) struct txn *t = NULL;
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		size_t to = MIN(r->nseen, from + LEDGER_CHUNK);

		if (txn_read(r->f->c->store, &t, err) < 0)
			return -1;
		for (size_t i = from; i < to; i++) {
			struct source_key k = {
			    r->source, source_key_imap(
					   &a, r->uidvalidity, r->seen[i].uid)};
			struct ledger_row row = {0};
			int got = ledger_get(t, k, &row);

			if (got < 0)
				return txn_error(t, err);
			r->fates[i] = got ? row.fate
				      : is_skipped(&r->row, r->seen[i].uid)
					  ? FATE_SKIPPED
					  : FATE_NONE;
		}
	}
	return 0;
}

static int
put_away(struct reading *r, const uint32_t *uids, size_t n, struct err *err)
{
	const struct mailbox *m = r->f->mailbox;

	if (n == 0 || r->sent)
		return 0;
	switch (m->after) {
	case AFTER_MOVE:
		return imap_move(r->imap, uids, n, m->after_arg, err);
	case AFTER_DELETE:
		return imap_delete(r->imap, uids, n, err);
	case AFTER_KEYWORD:
		return imap_flag(r->imap, uids, n, m->after_arg, err);
	case AFTER_SEEN:
	case AFTER_CUR:
		return imap_flag(r->imap, uids, n, S("\\Seen"), err);
	}
	return 0;
}

/* Puts away what is committed. wait: everything that was pushed. */
static int
acknowledge_done(struct reading *r, bool wait, struct err *err)
{
	struct item *list = feed_take(r->f, wait);
	size_t n = 0, cap = 0;
	uint32_t *uids = NULL;
	int result;

	while (list) {
		struct item *next = list->next;

		if (feed_acknowledges(
			list->outcome.fate, r->f->mailbox->after)) {
			uids = mem_fit(uids, &cap, n + 1, sizeof *uids);
			uids[n++] = list->uid;
		}
		item_free(list);
		list = next;
	}
	fault_point("acknowledge-before");
	result = put_away(r, uids, n, err);
	fault_point("acknowledge-after");
	mem_free(uids);
	return result;
}

static struct item *
new_item(struct reading *r, uint32_t uid)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct item *it = item_new((struct source_key){
	    r->source, source_key_imap(&a, r->uidvalidity, uid)});

	it->uid = uid;
	it->queue = r->f->mailbox->queue;
	if (r->f->mailbox->channel.n)
		it->channel = r->f->mailbox->channel;
	it->begin_old = r->first;
	it->sent = r->sent;
	return it;
}

/* Nothing more is to be fetched. */
static bool
enough(struct reading *r)
{
	return feed_stopping(r->f) || feed_is_full(r->f);
}

static bool
fetched(void *ctx, uint32_t uid, struct str raw)
{
	struct reading *r = ctx;
	struct item *it = new_item(r, uid);

	if (r->ngot < FETCH_UIDS)
		r->got[r->ngot++] = uid;
	buf_put(&it->raw, raw);
	feed_push(r->f, it);
	return !enough(r);
}

static int
fetch_alone(struct reading *r, const struct imap_seen *s, bool oversize,
    size_t max, struct err *err)
{
	struct item *it = new_item(r, s->uid);
	int got;

	it->size = oversize ? MAX(s->size, (uint64_t)max + 1) : s->size;
	it->oversize = oversize;
	it->raw.max = oversize ? 0 : max;
	while (!oversize &&
	       !pipeline_reserve(r->f->c->pipeline, it, s->size, 500)) {
		/* It takes memory from nobody but itself. */
		if (acknowledge_done(r, false, err) < 0 || enough(r)) {
			item_free(it);
			return enough(r) ? 0 : -1;
		}
	}
	got = oversize
		  ? imap_fetch_header(r->imap, s->uid,
			MIN(max, (size_t)HEAD_BYTES), &it->raw, err)
		  : imap_fetch_large(r->imap, s->uid, s->size, &it->raw, err);
	if (got < 0 && buf_failed(&it->raw)) {
		/* Larger than the server said. */
		pipeline_release(r->f->c->pipeline, it);
		item_free(it);
		return fetch_alone(r, s, true, max, err);
	}
	if (got < 0) {
		pipeline_release(r->f->c->pipeline, it);
		item_free(it);
		/* Vanished under our feet: nothing to take. */
		return err->code == ERR_NOENT ? 0 : -1;
	}
	/* The server's idea of the size is not the truth. */
	if (!oversize)
		it->size = it->raw.n;
	feed_push(r->f, it);
	return 0;
}

static bool
is_one_of(const uint32_t *uids, size_t n, uint32_t uid)
{
	for (size_t i = 0; i < n; i++)
		if (uids[i] == uid)
			return true;
	return false;
}

/*
 * A mail that was not in the answer has vanished, which is no harm; or the
 * server keeps it back, and then it is not to be passed by for ever.
 */
static int
check_missing(
    struct reading *r, const uint32_t *uids, size_t n, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct imap_seen *left;
	size_t nleft;

	if (r->ngot >= n || enough(r))
		return 0;
	if (imap_survey(r->imap, &a, uids[0], uids[n - 1], &left, &nleft, err) <
	    0)
		return -1;
	for (size_t i = 0; i < nleft; i++) {
		struct err why = ERR_INIT;

		if (!is_one_of(uids, n, left[i].uid) ||
		    is_one_of(r->got, r->ngot, left[i].uid))
			continue;
		err_set(&why, ERR_TEMP,
		    "the server has the mail with UID %u, but does not give it",
		    left[i].uid);
		feed_fail(r->f, left[i].uid, &why);
	}
	return 0;
}

static int
fetch_some(struct reading *r, const uint32_t *uids, size_t n, struct err *err)
{
	r->ngot = 0;
	if (imap_fetch(r->imap, uids, n, fetched, r, err) < 0 ||
	    check_missing(r, uids, n, err) < 0)
		return -1;
	return acknowledge_done(r, false, err);
}

static int
fetch_all(struct reading *r, struct err *err)
{
	size_t max = r->f->c->config->settings.message_size;
	uint32_t uids[FETCH_UIDS];
	size_t n = 0, bytes = 0;

	for (size_t i = 0; i <= r->nseen; i++) {
		const struct imap_seen *s = &r->seen[i];
		bool end = i == r->nseen;
		bool wanted = !end && r->fates[i] == FATE_NONE;
		bool alone = wanted && s->size > LARGE;

		if (!end && !wanted)
			continue;
		if (n && (end || alone || n == FETCH_UIDS ||
			     bytes + s->size > FETCH_BYTES)) {
			if (fetch_some(r, uids, n, err) < 0)
				return -1;
			n = bytes = 0;
		}
		if (enough(r))
			return 0;
		if (end)
			break;
		if (alone) {
			if (fetch_alone(r, s, max && s->size > max, max, err) <
			    0)
				return -1;
		} else {
			uids[n++] = s->uid;
			bytes += s->size;
		}
	}
	return 0;
}

/* What is known already but still lies there as if it were not: a crash or a
 * lost connection came in between. */
static int
put_away_known(struct reading *r, struct err *err)
{
	enum after after = r->f->mailbox->after;
	bool gone = after == AFTER_MOVE || after == AFTER_DELETE;
	uint32_t *uids = arena_array(&r->arena, uint32_t, r->nseen + 1);
	size_t n = 0;

	for (size_t i = 0; i < r->nseen; i++)
		if (feed_acknowledges(r->fates[i], after) &&
		    (gone || after == AFTER_KEYWORD || !r->seen[i].seen))
			uids[n++] = r->seen[i].uid;
	return put_away(r, uids, n, err);
}

static int
get_source(struct reading *r, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str name = arena_printf(
	    &a, "%.*s/%.*s", STR_ARG(r->f->mailbox->name), STR_ARG(r->folder));

	r->source = feed_source(r->f, name, err);
	return r->source ? 0 : -1;
}

static int
begin_folder(struct reading *r, const struct imap_mailbox *mb, struct err *err)
{
	if (get_source(r, err) < 0 || get_row(r, err) < 0)
		return -1;
	r->uidvalidity = mb->uidvalidity;
	if (r->row.uidvalidity == mb->uidvalidity)
		return imap_survey(r->imap, &r->arena,
		    MAX(r->row.done_below, 1u), 0, &r->seen, &r->nseen, err);
	r->first = r->row.uidvalidity == 0;
	if (!r->first)
		log_warning("imap",
		    "mailbox=%.*s folder=%.*s the server has numbered its "
		    "mails anew (UIDVALIDITY %u, was %u): reading it again, "
		    "what is known stays one article",
		    STR_ARG(r->f->mailbox->name), STR_ARG(r->folder),
		    mb->uidvalidity, r->row.uidvalidity);
	if (imap_survey(r->imap, &r->arena, 1, 0, &r->seen, &r->nseen, err) < 0)
		return -1;
	choose_skipped(r, r->first, mb->uidnext, clock_now());
	if (feed_put_folder(r->f, r->source, &r->row, err) < 0)
		return -1;
	/* With begin "now", done_below is behind them all. */
	while (r->nseen && r->seen[0].uid < r->row.done_below) {
		r->seen++;
		r->nseen--;
	}
	return 0;
}

/* Moves done_below over what is finished. */
static int
end_folder(struct reading *r, struct err *err)
{
	uint32_t below = r->row.done_below;
	uint32_t failed;

	pthread_mutex_lock(&r->f->lock);
	failed = r->f->failed_uid;
	pthread_mutex_unlock(&r->f->lock);
	if (r->nseen)
		below = r->seen[r->nseen - 1].uid + 1;
	if (failed && failed < below)
		below = failed;
	if (below <= r->row.done_below)
		return 0;
	r->row.done_below = below;
	return feed_put_folder(r->f, r->source, &r->row, err);
}

/* A folder of sent mail that some client makes with the first mail it sends:
 * from when on it is watched is now. */
static int
await_folder(struct reading *r, struct err *err)
{
	if (get_source(r, err) < 0 || get_row(r, err) < 0)
		return -1;
	if (r->row.uidvalidity || r->row.begun)
		return 0;
	/* Servers' clocks differ, and they count in seconds. */
	r->row.begun = clock_now() - CLOCK_MINUTE;
	return feed_put_folder(r->f, r->source, &r->row, err);
}

static int
read_folder_in(struct reading *r, struct err *err)
{
	struct imap_mailbox mb;
	struct err late = ERR_INIT;
	int result;

	if (imap_select(r->imap, r->folder, &mb, err) < 0) {
		if (r->sent && imap_is_good(r->imap) &&
		    await_folder(r, &late) < 0 && err)
			*err = late;
		return -1;
	}
	if (begin_folder(r, &mb, err) < 0 || get_fates(r, err) < 0)
		return -1;
	feed_state(r->f, "reading");
	pthread_mutex_lock(&r->f->lock);
	r->f->failed_uid = 0;
	pthread_mutex_unlock(&r->f->lock);
	result = put_away_known(r, err);
	if (result == 0)
		result = fetch_all(r, err);
	/* Also after an error: what was fetched is on its way and comes back.
	 */
	if (acknowledge_done(r, true, result == 0 ? err : &late) < 0)
		result = -1;
	if (result == 0 && !enough(r))
		result = end_folder(r, err);
	if (feed_failures(r->f, &late) < 0 && result == 0) {
		if (err)
			*err = late;
		result = -1;
	}
	return result;
}

static int
read_folder(struct feed *f, struct imap *imap, struct str folder, bool sent,
    struct err *err)
{
	struct reading r = {
	    .f = f, .imap = imap, .folder = folder, .sent = sent};
	int result = read_folder_in(&r, err);

	arena_fini(&r.arena);
	if (result < 0)
		err_in(err, "folder %.*s", STR_ARG(folder));
	return result;
}

static void
set_imap(struct feed *f, struct imap *imap)
{
	pthread_mutex_lock(&f->lock);
	f->imap = imap;
	/* Asked before there was anybody to ask. */
	if (imap && f->stop)
		imap_interrupt(imap);
	pthread_mutex_unlock(&f->lock);
}

static void
opening(void *ctx, struct imap *imap)
{
	set_imap(ctx, imap);
}

static int
connect_to(struct feed *f, struct imap **imap, struct err *err)
{
	feed_state(f, "connecting");
	return imap_account_open(f->mailbox, &f->ending, opening, f, imap, err);
}

/* Mail that comes in first, then what was sent. */
static struct str
folder_at(const struct mailbox *m, size_t i)
{
	return i < m->folders.n ? m->folders.v[i]
				: m->sent_folders.v[i - m->folders.n];
}

/*
 * All folders. One of sent mail that is not there, or not to be read, is no
 * reason to let mail wait that comes in: *trouble says so.
 */
static int
read_folders(
    struct feed *f, struct imap *imap, struct err *trouble, struct err *err)
{
	const struct mailbox *m = f->mailbox;

	*trouble = ERR_INIT;
	for (size_t i = 0; i < m->folders.n + m->sent_folders.n; i++) {
		bool sent = i >= m->folders.n;

		if (feed_stopping(f) ||
		    read_folder(f, imap, folder_at(m, i), sent, err) == 0)
			continue;
		if (!sent || !imap_is_good(imap) ||
		    (err->code != ERR_NOENT && err->code != ERR_PERM))
			return -1;
		*trouble = *err;
		*err = ERR_INIT;
	}
	return 0;
}

int64_t
imap_feed_expected(const struct feed *f)
{
	const struct mailbox *m = f->mailbox;

	return m->folders.n + m->sent_folders.n > 1
		   ? MAX(m->poll, 5 * CLOCK_SECOND)
		   : MAX(m->poll, feed_patience(f, IDLE_S * CLOCK_SECOND));
}

/* IDLE watches one folder: with several, the first is waited on and the others
 * are asked at the poll interval. all: each of them is there. */
static int
wait_for_news(struct feed *f, struct imap *imap, bool all, struct err *err)
{
	const struct mailbox *m = f->mailbox;
	unsigned poll_s = (unsigned)MAX(m->poll / 1000, 5);
	unsigned idle_s =
	    (unsigned)(feed_patience(f, IDLE_S * CLOCK_SECOND) / CLOCK_SECOND);
	size_t n = m->folders.n + m->sent_folders.n;
	struct imap_mailbox mb;

	/* The only one is selected, and what it told meanwhile is not lost. */
	if (n == 1 && all)
		return imap_idle(imap, idle_s, poll_s, err);
	for (size_t i = 0; i < n; i++) {
		if (imap_select(imap, folder_at(m, i), &mb, err) == 0)
			return imap_idle(imap, poll_s, poll_s, err);
		if (i < m->folders.n || !imap_is_good(imap))
			return -1;
	}
	/* None of the folders of sent mail is there yet. */
	*err = ERR_INIT;
	feed_sleep(f, poll_s * CLOCK_SECOND);
	return 0;
}

/* As long as the connection is good, or the feed is to end. */
static int
session(struct feed *f, struct imap *imap, struct err *err)
{
	struct err trouble;

	for (;;) {
		if (read_folders(f, imap, &trouble, err) < 0)
			return -1;
		if (trouble.code)
			feed_trouble(f, &trouble);
		else
			feed_ok(f);
		if (f->c->once || feed_stopping(f))
			break;
		if (wait_for_news(f, imap, !trouble.code, err) < 0)
			return -1;
	}
	return 0;
}

void *
imap_feed_thread(void *arg)
{
	struct feed *f = arg;

	prctl(PR_SET_NAME, "helpd-imap");
	do {
		struct imap *imap = NULL;
		struct err err = ERR_INIT;
		int64_t wait = 0;
		int r = connect_to(f, &imap, &err);

		if (r == 0)
			r = session(f, imap, &err);
		set_imap(f, NULL);
		imap_close(&imap);
		if (feed_stopping(f))
			break;
		if (r < 0)
			wait = feed_failed(f, &err);
		if (f->c->once)
			break;
		if (r < 0 && feed_sleep(f, wait))
			break;
	} while (!feed_stopping(f));
	atomic_store(&f->ended, true);
	return NULL;
}

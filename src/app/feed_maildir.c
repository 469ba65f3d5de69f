/*
 * One thread for all Maildirs and spools: local files need no patience. inotify
 * says where something arrived; then new/ alone is looked at, which is short,
 * because what is safe is moved out of it. cur/ is looked at when the thread
 * starts, and again at most every half minute while it changes: what people's
 * clients file there may be new to us too.
 */
#include "app/feed_private.h"
#include "app/spool.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "net/maildir.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	CUR_PAUSE = 30000,
	LARGE_WAIT = 1000,
	LATER_MS = 1000,
	AGAIN_MS = 60000, /* for files that cannot be read */
	RESCAN_MS =
	    60000, /* what inotify does not see: another host's writing, a new Maildir in an old one's place */
	LEDGER_CHUNK = 512,
	SLICE = 64, /* files, before the others are looked at */
	HEAD_BYTES =
	    1 << 20 /* of an oversize mail; the jail takes no more than max */
};

struct box {
	struct feed feed;
	uint32_t source;
	const char *path, *move_to;
	size_t watch_new, watch_cur;
	bool watched_new, watched_cur;
	bool look_new, look_cur;
	int64_t cur_at; /* clock_mono() of the last look at cur/ */
	int64_t
	    rescan; /* clock_mono() when new/ is looked at without a reason */
	int64_t retry; /* clock_mono() when to try again after a failure; 0 */
	int64_t
	    again; /* the same for single files; new ones do not wait for it; 0 */
	bool spool, begun;
	bool later; /* a large mail waits for its turn */
	bool cut;   /* there is more, which waits for its turn */
};

/* Files that cannot be read. */
struct unread {
	size_t n;
	struct err first;
};

struct maildir_feed {
	struct feed_context c;
	struct box *box;
	size_t n;
	struct dirwatch *watch;
	struct box *busy; /* it has much, and the others are served meanwhile */
	struct arena arena;
	int wake; /* eventfd: the wish to end */
	pthread_t thread;
	bool has_thread;
	_Atomic bool ended;
};

static int
put_away(struct box *b, struct str key, enum fate fate, struct err *err)
{
	enum after after = b->spool ? AFTER_DELETE : b->feed.mailbox->after;

	if (b->feed.mailbox->sent_only ||
	    (!b->spool && !feed_acknowledges(fate, after)))
		return 0;
	/* An oversize mail's only whole copy is in the spool: it stays, known
	 * by the ledger. */
	if (b->spool && fate == FATE_OVERSIZE)
		after = AFTER_CUR;
	if (after == AFTER_DELETE)
		return maildir_delete(b->path, key, err) < 0 ? -1 : 0;
	if (after == AFTER_MOVE)
		return maildir_move(b->path, key, b->move_to, err) < 0 ? -1 : 0;
	return maildir_to_cur(b->path, key, err) < 0 ? -1 : 0;
}

static int
acknowledge(struct box *b, struct str key, enum fate fate, struct err *err)
{
	int r;

	fault_point("acknowledge-before");
	r = put_away(b, key, fate, err);
	fault_point("acknowledge-after");
	return r;
}

static void
acknowledge_done(struct box *b, bool wait)
{
	struct item *it = feed_take(&b->feed, wait);

	while (it) {
		struct item *next = it->next;
		struct err err = ERR_INIT;

		if (acknowledge(b, it->key.key, it->outcome.fate, &err) < 0)
			log_warning("feed",
			    "mailbox=%.*s a message is safe, but cannot be put "
			    "away: %s",
			    STR_ARG(b->feed.mailbox->name), err.msg);
		item_free(it);
		it = next;
	}
}

/* The parts of a file on its way: what the spool's line says, or the mail as it
 * is. */
static void
fill(struct box *b, struct item *it)
{
	struct spooled s;

	if (!b->spool)
		return;
	spool_read(&it->own, buf_str(&it->raw), &s);
	it->channel = s.channel;
	it->envelope_recipient = s.recipient;
	it->envelope_sender = s.has_sender && !s.sender.n ? S("<>") : s.sender;
	if (s.raw.n != it->raw.n) {
		size_t n = s.raw.n;

		memmove(it->raw.p, s.raw.p, n);
		buf_cut(&it->raw, n);
	}
}

static int
take_file(struct box *b, const struct maildir_file *file, struct err *err)
{
	size_t max = b->feed.c->config->settings.message_size;
	struct item *it = item_new((struct source_key){b->source, file->key});
	int r;

	it->begin_old = !b->begun;
	it->sent = b->feed.mailbox->sent_only;
	it->queue = b->feed.mailbox->queue;
	if (b->feed.mailbox->channel.n)
		it->channel = b->feed.mailbox->channel;
	if (max && file->size > max) {
		it->oversize = true;
		it->size = file->size;
		r = maildir_read_head(
		    b->path, file, MIN(max, (size_t)HEAD_BYTES), &it->raw, err);
	} else {
		while (!pipeline_reserve(b->feed.c->pipeline, it, file->size,
		    b->later ? 0 : LARGE_WAIT)) {
			/* The others are not to wait for it. */
			if (!b->feed.c->once || feed_stopping(&b->feed)) {
				item_free(it);
				b->later = true;
				return 0;
			}
		}
		r = maildir_read(b->path, file, max, &it->raw, err);
	}
	if (r <= 0) {
		pipeline_release(b->feed.c->pipeline, it);
		item_free(it);
		return r;
	}
	fill(b, it);
	feed_push(&b->feed, it);
	return 1;
}

/* The fates of files [from, to) in one short read transaction. */
static int
look_up(struct box *b, const struct maildir_file *files, size_t from, size_t to,
    enum fate *fates, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;

	if (txn_read(b->feed.c->store, &t, err) < 0)
		return -1;
	for (size_t i = from; i < to; i++) {
		struct ledger_row row = {0};
		int r = ledger_get(
		    t, (struct source_key){b->source, files[i].key}, &row);

		if (r < 0)
			return txn_error(t, err);
		fates[i - from] = r ? row.fate : FATE_NONE;
	}
	return 0;
}

struct skip_job {
	struct job job;
	struct box *b;
	const struct maildir_file *files;
	size_t n;
};

static bool
to_skip(const struct box *b, const struct maildir_file *f)
{
	enum begin begin =
	    mailbox_begin(b->feed.mailbox, b->feed.mailbox->sent_only);

	return begin == BEGIN_NOW || (begin == BEGIN_UNSEEN && f->seen);
}

static int
skip_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct skip_job *s = (struct skip_job *)j;
	struct folder folder = {.begun = now, .uidvalidity = 1};

	(void)d;
	(void)a;
	for (size_t i = 0; i < s->n; i++) {
		struct source_key k = {s->b->source, s->files[i].key};
		struct ledger_row row = {.fate = FATE_SKIPPED, .at = now}, old;

		if (to_skip(s->b, &s->files[i]) && !ledger_get(t, k, &old))
			ledger_put(t, k, &row);
	}
	folder_put(t, s->b->source, &folder);
	return txn_error(t, err);
}

/* The source's number, and, at its first reading, what of it is not to be read.
 */
static int
begin_box(struct box *b, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct folder folder = {0};
	struct skip_job s = {.job.run = skip_run, .b = b};
	struct maildir_file *files;
	int r;

	if (!b->source)
		b->source = feed_source(&b->feed, b->feed.mailbox->name, err);
	if (!b->source)
		return -1;
	if (txn_read(b->feed.c->store, &t, err) < 0)
		return -1;
	r = folder_get(t, &a, b->source, &folder);
	if (r < 0)
		return txn_error(t, err);
	txn_abort(&t);
	b->begun = r == 1 && folder.uidvalidity;
	if (b->begun || b->spool)
		return 0;
	if (maildir_list(&a, b->path, true, &files, &s.n, err) < 0)
		return -1;
	s.files = files;
	return writer_do(b->feed.c->writer, &s.job, err);
}

/* A file that cannot be read, or not be put away, is no reason to leave the
 * others. */
static void
note_unread(struct unread *bad, int r, const struct err *err)
{
	if (r < 0 && bad->n++ == 0)
		bad->first = *err;
}

/* Leaves those in files that the ledger does not know. Others in new/ are safe
 * already, but a crash came before they were put away. */
static int
leave_unknown(struct box *b, struct maildir_file *files, size_t *n,
    struct unread *bad, struct err *err)
{
	enum fate fates[LEDGER_CHUNK];
	size_t left = 0;

	for (size_t from = 0; from < *n; from += LEDGER_CHUNK) {
		size_t to = MIN(*n, from + LEDGER_CHUNK);

		if (look_up(b, files, from, to, fates, err) < 0)
			return -1;
		for (size_t i = from; i < to && !feed_stopping(&b->feed); i++) {
			bool is_new = str_eq(files[i].dir, S("new"));
			enum fate fate = fates[i - from];
			struct err why = ERR_INIT;

			if (fate == FATE_NONE)
				files[left++] = files[i];
			else if (is_new || b->feed.mailbox->after != AFTER_CUR)
				note_unread(bad,
				    acknowledge(b, files[i].key, fate, &why),
				    &why);
		}
	}
	*n = left;
	return 0;
}

static void serve_others(struct maildir_feed *m, struct box *busy);

/* bad: what could not be read of it. */
static int
read_box(struct maildir_feed *m, struct box *b, bool all, struct unread *bad,
    struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct maildir_file *files;
	size_t n;

	if (maildir_list(&a, b->path, all, &files, &n, err) < 0)
		return -1;
	if (n)
		feed_state(&b->feed, "reading");
	if (leave_unknown(b, files, &n, bad, err) < 0 ||
	    maildir_look(b->path, files, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err why = ERR_INIT;

		if (feed_stopping(&b->feed) || feed_is_full(&b->feed))
			return 0;
		note_unread(bad, take_file(b, &files[i], &why), &why);
		if (i % SLICE != SLICE - 1)
			continue;
		acknowledge_done(b, false);
		if (m->busy) {
			b->cut = true;
			return 0;
		}
		serve_others(m, b);
	}
	return 0;
}

static int
watch_one(struct maildir_feed *m, const char *dir, size_t *index, bool *watched,
    struct err *err)
{
	if (*watched)
		return dirwatch_again(m->watch, dir, *index, err);
	if (dirwatch_add(m->watch, dir, index, err) < 0)
		return -1;
	*watched = true;
	return 0;
}

/* Each time: who moves a Maildir away and makes a new one is not told to us
 * otherwise. */
static int
watch_box(struct maildir_feed *m, struct box *b, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	if (m->c.once)
		return 0;
	if (watch_one(m, path_join(&a, b->path, "new"), &b->watch_new,
		&b->watched_new, err) < 0)
		return -1;
	return watch_one(m, path_join(&a, b->path, "cur"), &b->watch_cur,
	    &b->watched_cur, err);
}

int64_t
maildir_feed_expected(void)
{
	return RESCAN_MS;
}

static void
do_box(struct maildir_feed *m, struct box *b)
{
	struct err err = ERR_INIT;
	struct unread bad = {0};
	bool all = b->look_cur;
	int r;

	/* Watch first, then look: what arrives in between is seen twice rather
	 * than never. */
	r = watch_box(m, b, &err);
	if (r == 0 && (!b->source || (!b->begun && !b->cut)))
		r = begin_box(b, &err);
	b->look_new = b->look_cur = b->cut = false;
	b->rescan = clock_mono() + RESCAN_MS;
	if (r == 0)
		r = read_box(m, b, all, &bad, &err);
	acknowledge_done(b, true);
	if (all && !b->cut)
		b->cur_at = clock_mono();
	if (r == 0 && !feed_stopping(&b->feed))
		r = feed_failures(&b->feed, &err);
	if (r < 0) {
		b->retry = clock_mono() + feed_failed(&b->feed, &err);
		b->look_new = b->look_cur = true;
		b->cut = false;
		return;
	}
	b->retry = b->again = 0;
	if (b->cut) {
		b->look_new = true;
		b->look_cur |= all;
		return;
	}
	b->begun = true;
	if (b->later)
		b->again = clock_mono() + LATER_MS;
	b->later = false;
	if (!bad.n) {
		feed_ok(&b->feed);
		return;
	}
	if (bad.n > 1)
		err_in(&bad.first, "%zu files, the first", bad.n);
	feed_trouble(&b->feed, &bad.first);
	if (!b->again)
		b->again = clock_mono() + AGAIN_MS;
}

static void
on_change(void *ctx, size_t index)
{
	struct maildir_feed *m = ctx;

	for (size_t i = 0; i < m->n; i++) {
		struct box *b = &m->box[i];

		if (b->watched_new && index == b->watch_new)
			b->look_new = true;
		if (b->watched_cur && index == b->watch_cur)
			b->look_cur = true;
	}
}

static void
hear_changes(struct maildir_feed *m)
{
	struct err err = ERR_INIT;

	if (dirwatch_read(m->watch, on_change, m, &err) < 0)
		log_error("feed", "%s", err.msg);
}

/*
 * One with thousands of mails is not to make the others wait: between its files
 * each of them that has something is read, a slice at a time, as if it were
 * their turn.
 */
static void
serve_others(struct maildir_feed *m, struct box *busy)
{
	struct pollfd p = {
	    .fd = m->watch ? dirwatch_fd(m->watch) : -1, .events = POLLIN};

	if (poll(&p, 1, 0) > 0)
		hear_changes(m);
	m->busy = busy;
	for (size_t i = 0; i < m->n; i++) {
		struct box *b = &m->box[i];
		int64_t now = clock_mono();
		bool cur = b->look_cur && b->cur_at && !b->cut &&
			   now < b->cur_at + CUR_PAUSE;

		if (b == busy || b->retry > now ||
		    (!b->look_new && (!b->look_cur || cur)))
			continue;
		if (cur)
			b->look_cur = false;
		do_box(m, b);
		b->look_cur |= cur;
	}
	m->busy = NULL;
}

/* Is there one of which a slice was read, and no more? */
static bool
any_is_cut(const struct maildir_feed *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->box[i].cut && !feed_stopping(&m->box[i].feed))
			return true;
	return false;
}

/* Looks at the boxes whose time has come; how long until the next, in ms, or
 * -1. */
static int
do_boxes(struct maildir_feed *m)
{
	int64_t next = -1;

	for (size_t i = 0; i < m->n; i++) {
		struct box *b = &m->box[i];
		int64_t now = clock_mono(), at = -1;
		bool cur = b->look_cur;

		if (cur && !b->retry && b->cur_at && !b->cut &&
		    now < b->cur_at + CUR_PAUSE) {
			at = b->cur_at + CUR_PAUSE;
			b->look_cur = false;
		}
		if (!m->c.once && b->rescan && b->rescan <= now)
			b->look_new = true;
		if (b->again && b->again <= now)
			b->look_new = b->look_cur = true;
		if (b->retry > now)
			at = b->retry;
		else if (b->look_new || b->look_cur)
			do_box(m, b);
		if (b->retry)
			at = b->retry;
		else if (cur && at >= 0)
			b->look_cur = true;
		if (b->again && (at < 0 || b->again < at))
			at = b->again;
		if (!b->retry && (at < 0 || b->rescan < at))
			at = b->rescan;
		if (at >= 0 && (next < 0 || at < next))
			next = at;
	}
	if (any_is_cut(m))
		return 0;
	if (next < 0)
		return -1;
	return (int)MAX(next - clock_mono(), 1);
}

static void *
maildir_thread(void *arg)
{
	struct maildir_feed *m = arg;

	prctl(PR_SET_NAME, "helpd-maildir");
	for (;;) {
		struct pollfd p[2] = {
		    {.fd = m->wake, .events = POLLIN},
		    {.fd = m->watch ? dirwatch_fd(m->watch) : -1,
			.events = POLLIN},
		};
		int wait = do_boxes(m);

		if (m->c.once && wait == 0)
			continue;
		if (m->c.once)
			break;
		if (poll(p, 2, wait) < 0 && errno != EINTR)
			break;
		if (p[0].revents)
			break;
		if (p[1].revents)
			hear_changes(m);
	}
	atomic_store(&m->ended, true);
	return NULL;
}

static void
add_box(struct maildir_feed *m, const struct mailbox *mb)
{
	struct box *b = &m->box[m->n++];

	feed_init(&b->feed, &m->c, mb);
	b->spool = mb->kind == MAILBOX_SPOOL;
	/* The spool of helpd deliver is in the data directory, wherever that is. */
	b->path = b->spool && !mb->path.n ? m->c.spool
					  : arena_cstr(&m->arena, mb->path);
	b->move_to = arena_cstr(&m->arena, mb->after_arg);
	b->look_new = b->look_cur = true;
}

int
maildir_feed_start(
    struct maildir_feed **out, const struct feed_context *c, struct err *err)
{
	struct maildir_feed *m = mem_new(sizeof *m);

	m->c = *c;
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->box = mem_new((c->config->nmailboxes + 1) * sizeof *m->box);
	*out = m;
	if (m->wake < 0)
		return err_sys(err, ERR_TEMP, "eventfd");
	if (!c->once && dirwatch_open(&m->watch, err) < 0)
		return -1;
	for (size_t i = 0; i < c->config->nmailboxes; i++)
		if (c->config->mailboxes[i].kind != MAILBOX_IMAP)
			add_box(m, &c->config->mailboxes[i]);
	if (pthread_create(&m->thread, NULL, maildir_thread, m))
		return err_set(err, ERR_TEMP, "cannot start a thread");
	m->has_thread = true;
	return 0;
}

void
maildir_feed_stop(struct maildir_feed *m)
{
	uint64_t one = 1;

	for (size_t i = 0; i < m->n; i++) {
		struct feed *f = &m->box[i].feed;

		pthread_mutex_lock(&f->lock);
		f->stop = true;
		pthread_cond_broadcast(&f->cond);
		pthread_mutex_unlock(&f->lock);
	}
	if (write(m->wake, &one, sizeof one) < 0)
		log_error("feed", "eventfd cannot be written");
}

bool
maildir_feed_ended(const struct maildir_feed *m)
{
	return !m->has_thread || atomic_load(&m->ended);
}

size_t
maildir_feed_join(struct maildir_feed *m)
{
	size_t failed = 0;

	if (m->has_thread)
		pthread_join(m->thread, NULL);
	m->has_thread = false;
	for (size_t i = 0; i < m->n; i++)
		failed += m->box[i].feed.status.error[0] != '\0' ||
			  m->box[i].feed.failed;
	return failed;
}

void
maildir_feed_free(struct maildir_feed *m)
{
	maildir_feed_join(m);
	for (size_t i = 0; i < m->n; i++)
		feed_fini(&m->box[i].feed);
	dirwatch_close(&m->watch);
	close_fd(&m->wake);
	arena_fini(&m->arena);
	mem_free(m->box);
	mem_free(m);
}

size_t
maildir_feed_count(const struct maildir_feed *m)
{
	return m->n;
}

struct feed *
maildir_feed_at(struct maildir_feed *m, size_t i)
{
	return &m->box[i].feed;
}

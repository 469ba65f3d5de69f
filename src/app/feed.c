#include "app/feed_private.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "net/imap.h"

#include <poll.h>
#include <unistd.h>

enum {
	FIRST_WAIT = 1000,
	LONGEST_WAIT = 300000
};
enum {
	FIRST_WAIT_PERM = 60000,
	LONGEST_WAIT_PERM = 1800000
};
enum {
	GRACE = 4000 /* at an end, for what is under way */
};

struct feeds {
	struct feed_context c;
	struct feed *imap; /* one a mailbox */
	size_t nimap;
	struct maildir_feed *maildirs;
};

void
feed_init(struct feed *f, const struct feed_context *c, const struct mailbox *m)
{
	pthread_condattr_t mono;

	*f = (struct feed){.c = c, .mailbox = m};
	f->done_last = &f->done;
	f->status.name = m->name;
	f->status.state = "starting";
	f->status.last_ok = f->status.next_try = CLOCK_NONE;
	f->status.run = random_u64();
	f->read_at = clock_mono();
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&f->cond, &mono);
	pthread_condattr_destroy(&mono);
}

int64_t
feed_patience(const struct feed *f, int64_t longest)
{
	return MIN(
	    longest, MAX(f->c->config->watch.unread_after / 2, CLOCK_SECOND));
}

/* Somebody looks at the status now. */
static void
tell_change(const struct feed *f)
{
	uint64_t one = 1;

	if (f->c->changed >= 0)
		(void)!write(f->c->changed, &one, sizeof one);
}

void
feed_fini(struct feed *f)
{
	must(f->open == 0);
	while (f->done) {
		struct item *next = f->done->next;

		item_free(f->done);
		f->done = next;
	}
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->cond);
}

void
feed_state(struct feed *f, const char *state)
{
	pthread_mutex_lock(&f->lock);
	f->status.state = state;
	pthread_mutex_unlock(&f->lock);
}

void
feed_ok(struct feed *f)
{
	bool was_failing, first;

	pthread_mutex_lock(&f->lock);
	was_failing = f->status.error[0] != '\0';
	first = f->status.last_ok == CLOCK_NONE;
	f->read_at = clock_mono();
	f->status.state = "waiting";
	f->status.last_ok = clock_now();
	f->status.next_try = CLOCK_NONE;
	f->status.error[0] = '\0';
	f->failures = 0;
	pthread_mutex_unlock(&f->lock);
	if (was_failing)
		log_info("feed", "mailbox=%.*s is read again",
		    STR_ARG(f->mailbox->name));
	if (was_failing || first)
		tell_change(f);
}

int64_t
feed_failed(struct feed *f, const struct err *err)
{
	bool perm = err->code == ERR_PERM || err->code == ERR_INVAL;
	int64_t wait = perm ? FIRST_WAIT_PERM : FIRST_WAIT;
	int64_t longest = perm ? LONGEST_WAIT_PERM : LONGEST_WAIT;

	pthread_mutex_lock(&f->lock);
	for (unsigned i = 0; i < f->failures && wait < longest; i++)
		wait *= 2;
	wait = MIN(wait, longest);
	f->failures++;
	/* Many accounts that failed together are not to come back together. */
	wait =
	    wait * 4 / 5 + (int64_t)(random_u64() % (uint64_t)(wait * 2 / 5));
	f->status.state = "failed";
	f->status.next_try = clock_now() + wait;
	snprintf(f->status.error, sizeof f->status.error, "%.*s",
	    (int)sizeof f->status.error - 1, err->msg);
	pthread_mutex_unlock(&f->lock);
	if (f->c->once)
		log_error("feed", "mailbox=%.*s %s", STR_ARG(f->mailbox->name),
		    err->msg);
	else
		log_line(perm ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "feed",
		    "mailbox=%.*s %s; next try in %lld s",
		    STR_ARG(f->mailbox->name), err->msg,
		    (long long)(wait + 500) / 1000);
	tell_change(f);
	return wait;
}

void
feed_trouble(struct feed *f, const struct err *err)
{
	char text[sizeof f->status.error];
	bool news;

	snprintf(text, sizeof text, "%.*s", (int)sizeof text - 1, err->msg);
	pthread_mutex_lock(&f->lock);
	news = strcmp(text, f->status.error) != 0;
	f->read_at = clock_mono();
	f->status.state = "waiting";
	f->status.last_ok = clock_now();
	f->status.next_try = CLOCK_NONE;
	f->failures = 0;
	memcpy(f->status.error, text, sizeof text);
	pthread_mutex_unlock(&f->lock);
	if (news)
		log_error("feed", "mailbox=%.*s %s", STR_ARG(f->mailbox->name),
		    err->msg);
}

/* The lock is held. */
static void
wait_until(struct feed *f, int64_t until)
{
	struct timespec ts = {.tv_sec = (time_t)(until / 1000),
	    .tv_nsec = (long)(until % 1000) * 1000000};

	pthread_cond_timedwait(&f->cond, &f->lock, &ts);
}

bool
feed_sleep(struct feed *f, int64_t ms)
{
	int64_t until = clock_mono() + ms;
	bool stop;

	pthread_mutex_lock(&f->lock);
	while (!f->stop && clock_mono() < until)
		wait_until(f, until);
	stop = f->stop;
	pthread_mutex_unlock(&f->lock);
	return stop;
}

bool
feed_stopping(struct feed *f)
{
	bool stop;

	pthread_mutex_lock(&f->lock);
	stop = f->stop;
	pthread_mutex_unlock(&f->lock);
	return stop;
}

/* The lock is held. */
static void
note_failure(struct feed *f, uint32_t uid, const struct err *why)
{
	/* Nothing is said of what an end left unread, nor of a full disk, which
	 * the writer tells. */
	if (!f->failed && !f->stop && why->code != ERR_SPACE)
		log_error("feed",
		    "mailbox=%.*s a message could not be stored and stays "
		    "where it is: %s",
		    STR_ARG(f->mailbox->name), why->msg);
	if (!f->failed)
		f->failure = *why;
	f->failed = true;
	if (uid && (!f->failed_uid || uid < f->failed_uid))
		f->failed_uid = uid;
}

void
feed_fail(struct feed *f, uint32_t uid, const struct err *why)
{
	pthread_mutex_lock(&f->lock);
	note_failure(f, uid, why);
	pthread_mutex_unlock(&f->lock);
}

static void
item_done(struct item *it, const struct err *failed)
{
	struct feed *f = it->owner;

	pthread_mutex_lock(&f->lock);
	if (failed) {
		note_failure(f, it->uid, failed);
	} else {
		f->status.taken++;
		it->next = NULL;
		*f->done_last = it;
		f->done_last = &it->next;
	}
	/* In their order: the next one is no older. */
	f->oldest = it->pushed;
	f->open--;
	/* Each waker costs a switch of threads: only when somebody waits for
	 * the last one, or many are done. */
	if (f->open == 0 || failed)
		pthread_cond_broadcast(&f->cond);
	pthread_mutex_unlock(&f->lock);
	if (failed)
		item_free(it);
}

void
feed_push(struct feed *f, struct item *it)
{
	fault_point("received");
	it->owner = f;
	it->done = item_done;
	it->pushed = clock_mono();
	pthread_mutex_lock(&f->lock);
	if (!f->open++)
		f->oldest = it->pushed;
	pthread_mutex_unlock(&f->lock);
	pipeline_push(f->c->pipeline, it);
}

struct item *
feed_take(struct feed *f, bool wait)
{
	struct item *list;

	pthread_mutex_lock(&f->lock);
	while (wait && f->open)
		pthread_cond_wait(&f->cond, &f->lock);
	list = f->done;
	f->done = NULL;
	f->done_last = &f->done;
	pthread_mutex_unlock(&f->lock);
	return list;
}

int
feed_failures(struct feed *f, struct err *err)
{
	bool failed;

	pthread_mutex_lock(&f->lock);
	failed = f->failed;
	f->failed = false;
	if (failed)
		*err = f->failure;
	pthread_mutex_unlock(&f->lock);
	return failed ? err_in(err, "some of it could not be stored and stays "
				    "where it is")
		      : 0;
}

bool
feed_is_full(struct feed *f)
{
	bool full;

	pthread_mutex_lock(&f->lock);
	full = f->failed && f->failure.code == ERR_SPACE;
	pthread_mutex_unlock(&f->lock);
	return full;
}

bool
feed_acknowledges(enum fate fate, enum after after)
{
	switch (fate) {
	case FATE_NONE:
	case FATE_SKIPPED:
		return false;
	case FATE_OVERSIZE:
		/* The original is the only whole copy. */
		return after != AFTER_MOVE && after != AFTER_DELETE;
	case FATE_TICKET:
	case FATE_DUPLICATE:
	case FATE_QUARANTINE:
	case FATE_INTERNAL:
	case FATE_REMOVED:
		return true;
	}
	return false;
}

struct source_job {
	struct job job;
	struct str name;
	uint32_t number;
	const struct folder *folder;
};

static int
source_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct source_job *s = (struct source_job *)j;

	(void)d;
	(void)a;
	(void)now;
	if (s->folder)
		folder_put(t, s->number, s->folder);
	else
		s->number = source_number(t, s->name);
	return txn_error(t, err);
}

uint32_t
feed_source(struct feed *f, struct str name, struct err *err)
{
	struct source_job s = {.job.run = source_run, .name = name};

	return writer_do(f->c->writer, &s.job, err) < 0 ? 0 : s.number;
}

int
feed_put_folder(struct feed *f, uint32_t source, const struct folder *folder,
    struct err *err)
{
	struct source_job s = {
	    .job.run = source_run, .number = source, .folder = folder};

	return writer_do(f->c->writer, &s.job, err);
}

int
feeds_start(struct feeds **out, const struct feed_context *c, struct err *err)
{
	struct feeds *f = mem_new(sizeof *f);

	f->c = *c;
	f->imap = mem_new((c->config->nmailboxes + 1) * sizeof *f->imap);
	*out = f;
	if (maildir_feed_start(&f->maildirs, &f->c, err) < 0)
		goto fail;
	for (size_t i = 0; i < c->config->nmailboxes; i++) {
		const struct mailbox *m = &c->config->mailboxes[i];
		struct feed *x = &f->imap[f->nimap];

		if (m->kind != MAILBOX_IMAP)
			continue;
		feed_init(x, &f->c, m);
		f->nimap++;
		if (pthread_create(&x->thread, NULL, imap_feed_thread, x)) {
			err_set(err, ERR_TEMP, "cannot start a thread");
			goto fail;
		}
		x->has_thread = true;
	}
	return 0;
fail:
	feeds_stop(out);
	return -1;
}

size_t
feeds_wait(struct feeds *f)
{
	size_t failed = f->maildirs ? maildir_feed_join(f->maildirs) : 0;

	for (size_t i = 0; i < f->nimap; i++) {
		struct feed *x = &f->imap[i];

		if (x->has_thread)
			pthread_join(x->thread, NULL);
		x->has_thread = false;
		failed += x->status.error[0] != '\0' || x->failed;
	}
	return failed;
}

bool
feeds_ended(struct feeds *f)
{
	for (size_t i = 0; i < f->nimap; i++)
		if (f->imap[i].has_thread && !atomic_load(&f->imap[i].ended))
			return false;
	return !f->maildirs || maildir_feed_ended(f->maildirs);
}

static void
interrupt_all(struct feeds *f)
{
	for (size_t i = 0; i < f->nimap; i++) {
		struct feed *x = &f->imap[i];

		pthread_mutex_lock(&x->lock);
		if (x->imap)
			imap_interrupt(x->imap);
		pthread_mutex_unlock(&x->lock);
	}
}

/* Whoever waits for news ends at once, whoever works may finish; after a while
 * nobody waits for a server or for a parser any more. */
static void
wait_for_end(struct feeds *f)
{
	int64_t began = clock_mono(), last = began;

	while (!feeds_ended(f)) {
		int64_t now = clock_mono();

		poll(NULL, 0, 10);
		if (now - began < GRACE || now - last < 500)
			continue;
		last = now;
		pipeline_hurry(f->c.pipeline, true);
		interrupt_all(f);
	}
	pipeline_hurry(f->c.pipeline, false);
}

void
feeds_ask(struct feeds *f)
{
	if (f->maildirs)
		maildir_feed_stop(f->maildirs);
	for (size_t i = 0; i < f->nimap; i++) {
		struct feed *x = &f->imap[i];

		pthread_mutex_lock(&x->lock);
		x->stop = true;
		atomic_store(&x->ending, true);
		if (x->imap)
			imap_wake(x->imap);
		pthread_cond_broadcast(&x->cond);
		pthread_mutex_unlock(&x->lock);
	}
}

void
feeds_stop(struct feeds **pf)
{
	struct feeds *f = *pf;

	if (!f)
		return;
	feeds_ask(f);
	wait_for_end(f);
	feeds_wait(f);
	for (size_t i = 0; i < f->nimap; i++)
		feed_fini(&f->imap[i]);
	if (f->maildirs)
		maildir_feed_free(f->maildirs);
	mem_free(f->imap);
	mem_free(f);
	*pf = NULL;
}

void
feeds_status(struct feeds *f,
    void (*fn)(void *ctx, const struct feed_status *s), void *ctx)
{
	size_t n = f->maildirs ? maildir_feed_count(f->maildirs) : 0;

	for (size_t i = 0; i < n + f->nimap; i++) {
		struct feed *x =
		    i < n ? maildir_feed_at(f->maildirs, i) : &f->imap[i - n];
		struct feed_status s;

		pthread_mutex_lock(&x->lock);
		s = x->status;
		s.unread_for = clock_mono() - x->read_at;
		s.unstored = x->open;
		s.unstored_for = x->open ? clock_mono() - x->oldest : 0;
		pthread_mutex_unlock(&x->lock);
		s.expected =
		    i < n ? maildir_feed_expected() : imap_feed_expected(x);
		fn(ctx, &s);
	}
}

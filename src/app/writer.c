#include "app/writer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/search.h"
#include "desk/settle.h"

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	GROUP_WEIGHT = 256, /* messages in one commit */
	GROUP_JOBS = 256,
	/* A group below this leaves its search terms for a later one, so that a
	 * single mail is committed at once. */
	TERMS_NOW = 16,
	TERMS_DELAY_MS = 2000,
	TERMS_RETRY_MS = 60000, /* after they could not be written */
	LINGER_MS = 40,
	FULL_WAIT_S = 5,
	STALE_MS = 10000,
	FOLD_BYTES = 4 << 20,
	NOTES_MAX = 10000,
};

struct writer {
	struct store *store;
	struct desk *desk;
	struct writer_options options;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, idle;
	struct job *first, **last;
	size_t queued; /* not done yet */
	size_t weight; /* of the jobs that wait */
	bool stop, flush;
	bool hurry; /* a full disk is told, not waited for */
	bool full;
	uint64_t commits, jobs;
	int64_t busy_since;
	int64_t terms_due; /* clock_mono() when waiting terms are written; 0:
			      none wait */
	bool
	    terms_lost; /* a transaction failed, or the last process: made again from their articles */
	bool more_notes;  /* more of them than one transaction takes */
	int64_t stale_at; /* clock_mono() of the last look for dead readers */
	struct arena arena;
};

struct notes {
	struct writer *w;
	struct txn *t;
	struct arena a;
	uint64_t (*done)[2];
	size_t n, cap;
};

static bool
note_each(void *ctx, uint64_t ticket, uint32_t seq)
{
	struct notes *l = ctx;

	l->done = mem_fit(l->done, &l->cap, l->n + 1, sizeof *l->done);
	l->done[l->n][0] = ticket;
	l->done[l->n++][1] = seq;
	if (l->w->terms_lost) {
		index_article(l->t, &l->a, ticket, seq, l->w->desk->terms);
		arena_reset(&l->a);
	}
	return l->n < NOTES_MAX;
}

/* What waits in memory, or, when that is lost, what the articles noted as
 * waiting say; and the notes go. */
static int
put_terms(struct writer *w, struct txn *t, struct err *err)
{
	struct notes l = {.w = w, .t = t};
	int r = unindexed_each(t, note_each, &l);

	for (size_t i = 0; i < l.n; i++)
		unindexed_del(t, l.done[i][0], (uint32_t)l.done[i][1]);
	mem_free(l.done);
	arena_fini(&l.a);
	w->more_notes = l.n == NOTES_MAX;
	if (r < 0)
		return txn_error(t, err);
	term_batch_put(t, w->desk->terms);
	if (term_fold_due(t))
		term_fold(t, FOLD_BYTES);
	return txn_error(t, err);
}

/* A verb that was killed while it read would keep every page from then on from
 * being used again. */
static void
clear_stale(struct writer *w)
{
	int64_t now = clock_mono();
	struct err err = ERR_INIT;

	if (now - w->stale_at < STALE_MS)
		return;
	w->stale_at = now;
	if (store_clear_stale(w->store, &err) < 0)
		log_warning("store", "%s", err.msg);
}

/* Runs the jobs in one transaction: 0 committed, -1 with why; *culprit is the
 * job that failed by itself, if one did. */
static int
commit_group(struct writer *w, struct job **group, size_t n, bool terms,
    struct job **culprit, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	int64_t now = clock_now();
	struct txn *done;

	*culprit = NULL;
	clear_stale(w);
	if (txn_write(w->store, &t, err) < 0)
		return -1;
	w->desk->defer_terms = !terms;
	for (size_t i = 0; i < n; i++) {
		if (group[i]->run(group[i], w->desk, t, &w->arena, now, err) <
			0 ||
		    desk_settle(w->desk, t, &w->arena, now, err) < 0 ||
		    txn_error(t, err) < 0) {
			*culprit = group[i];
			return -1;
		}
		arena_reset(&w->arena);
	}
	if (terms && put_terms(w, t, err) < 0)
		return -1;
	done = t;
	t = NULL;
	return txn_commit(done, err);
}

static void
check_broken(struct writer *w, const struct err *err)
{
	if (!store_is_broken(w->store))
		return;
	log_error("store",
	    "%s; ending, so that the next start reads what is "
	    "on the disk",
	    err->msg);
	_exit(EX_IOERR);
}

static void
set_full(struct writer *w, bool full, const struct err *err)
{
	if (full && !w->full)
		log_error("store",
		    "%s: nothing is taken or acknowledged until there is room",
		    err->msg);
	if (!full && w->full)
		log_warning("store", "there is room again, going on");
	pthread_mutex_lock(&w->lock);
	w->full = full;
	pthread_mutex_unlock(&w->lock);
}

/* Waits for room; false when the jobs are to be told instead. */
static bool
wait_for_room(struct writer *w, const struct err *err)
{
	bool stop;

	set_full(w, true, err);
	for (int i = 0; i < FULL_WAIT_S * 10; i++) {
		pthread_mutex_lock(&w->lock);
		stop = w->stop || w->hurry;
		pthread_mutex_unlock(&w->lock);
		if (stop)
			return false;
		usleep(100000);
	}
	return true;
}

static void
tell(struct job *j, const struct err *failed)
{
	j->done(j, failed);
}

/* False when search terms could not be written; each job is told its own fate. */
static bool
do_group(struct writer *w, struct job **group, size_t n, bool terms)
{
	struct err err = ERR_INIT;
	struct job *culprit;

	while (commit_group(w, group, n, terms, &culprit, &err) < 0) {
		arena_reset(&w->arena);
		check_broken(w, &err);
		/* Some of what was gathered belongs to tickets that are not
		 * there now. */
		term_batch_free(w->desk->terms);
		w->desk->terms = term_batch_new();
		w->terms_lost = true;
		if (err.code == ERR_SPACE) {
			if (wait_for_room(w, &err))
				continue;
			for (size_t i = 0; i < n; i++)
				tell(group[i], &err);
			return false;
		}
		if (n == 0) {
			log_error("store", "search terms: %s", err.msg);
			return false;
		}
		/* The others are not to suffer from one, nor the one from the
		 * terms of others: each for itself. */
		if (n > 1 || (terms && !culprit)) {
			for (size_t i = 0; i < n; i++)
				do_group(w, &group[i], 1, false);
			return false;
		}
		log_error("store", "%s", err.msg);
		tell(group[0], &err);
		return false;
	}
	arena_reset(&w->arena);
	if (w->full)
		set_full(w, false, NULL);
	if (terms && !w->more_notes)
		w->terms_lost = false;
	pthread_mutex_lock(&w->lock);
	w->commits++;
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < n; i++)
		tell(group[i], NULL);
	if (n && w->options.committed)
		w->options.committed(w->options.ctx);
	return true;
}

static void
wait_until(struct writer *w, int64_t until)
{
	struct timespec ts = {.tv_sec = (time_t)(until / 1000),
	    .tv_nsec = (long)(until % 1000) * 1000000};

	pthread_cond_timedwait(&w->more, &w->lock, &ts);
}

static void
wait_more(struct writer *w)
{
	if (w->terms_due)
		wait_until(w, w->terms_due);
	else
		pthread_cond_wait(&w->more, &w->lock);
}

/* The lock is held. */
static void
linger(struct writer *w)
{
	int64_t until = clock_mono() + LINGER_MS;

	if (!w->options.coming)
		return;
	while (w->first && w->weight < GROUP_WEIGHT && !w->stop && !w->flush &&
	       w->options.coming(w->options.ctx) > w->weight &&
	       clock_mono() < until)
		wait_until(w, until);
}

static void *
writer_thread(void *arg)
{
	struct writer *w = arg;
	struct job *group[GROUP_JOBS];

	prctl(PR_SET_NAME, "helpd-writer");

	pthread_mutex_lock(&w->lock);
	for (;;) {
		size_t n = 0;
		unsigned weight = 0;
		bool terms, flushed, good;

		while (!w->first && !w->stop && !w->flush &&
		       (!w->terms_due || w->terms_due > clock_mono()))
			wait_more(w);
		linger(w);
		while (w->first && n < GROUP_JOBS &&
		       (n == 0 || weight + w->first->weight <= GROUP_WEIGHT)) {
			group[n] = w->first;
			weight += group[n]->weight;
			w->weight -= group[n]->weight;
			w->first = group[n]->next;
			group[n++]->next = NULL;
		}
		if (!w->first)
			w->last = &w->first;
		flushed = w->flush && !w->first;
		terms = weight >= TERMS_NOW || w->stop || flushed ||
			(w->terms_due && w->terms_due <= clock_mono());
		if (n == 0 && w->stop && !w->terms_due)
			break;
		w->busy_since = clock_mono();
		pthread_mutex_unlock(&w->lock);
		good = do_group(w, group, n, terms);
		pthread_mutex_lock(&w->lock);
		w->queued -= n;
		w->jobs += n;
		w->busy_since = 0;
		if (terms && !w->terms_lost)
			w->terms_due = 0;
		else if (!w->terms_due &&
			 (w->terms_lost || term_batch_count(w->desk->terms)))
			w->terms_due = clock_mono() + TERMS_DELAY_MS;
		/* Terms that cannot be written now wait for a better time: the
		 * articles noted as waiting for them are in the store. */
		if (terms && !good)
			w->terms_due = clock_mono() + TERMS_RETRY_MS;
		if (terms && !good && n == 0 && w->stop)
			break;
		if (flushed && (w->terms_due == 0 || !good) && !w->first)
			w->flush = false;
		pthread_cond_broadcast(&w->idle);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int
writer_open(struct writer **out, struct store *s, struct desk *d,
    const struct writer_options *o, struct err *err)
{
	struct writer *w = mem_new(sizeof *w);
	pthread_condattr_t mono;

	w->store = s;
	w->desk = d;
	w->options = *o;
	w->last = &w->first;
	/* What the last process left unindexed is made good within seconds. */
	w->terms_lost = true;
	w->terms_due = clock_mono() + TERMS_DELAY_MS;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&w->more, &mono);
	pthread_cond_init(&w->idle, NULL);
	pthread_condattr_destroy(&mono);
	if (pthread_create(&w->thread, NULL, writer_thread, w)) {
		mem_free(w);
		return err_set(err, ERR_TEMP, "cannot start a thread");
	}
	*out = w;
	return 0;
}

const struct settings *
writer_settings(const struct writer *w)
{
	return w->desk->settings;
}

void
writer_submit(struct writer *w, struct job *j)
{
	pthread_mutex_lock(&w->lock);
	j->next = NULL;
	*w->last = j;
	w->last = &j->next;
	w->queued++;
	w->weight += j->weight;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

/* A job that somebody waits for: wraps the caller's. */
struct waited {
	struct job job;
	struct job *inner;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
	struct err err;
};

static int
waited_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct waited *x = (struct waited *)j;

	return x->inner->run(x->inner, d, t, a, now, err);
}

static void
waited_done(struct job *j, const struct err *failed)
{
	struct waited *x = (struct waited *)j;

	pthread_mutex_lock(&x->lock);
	x->done = true;
	if (failed)
		x->err = *failed;
	pthread_cond_signal(&x->cond);
	pthread_mutex_unlock(&x->lock);
}

int
writer_do(struct writer *w, struct job *j, struct err *err)
{
	struct waited x = {
	    .job = {.run = waited_run,
		.done = waited_done,
		.weight = j->weight},
	    .inner = j,
	};

	pthread_mutex_init(&x.lock, NULL);
	pthread_cond_init(&x.cond, NULL);
	writer_submit(w, &x.job);
	pthread_mutex_lock(&x.lock);
	while (!x.done)
		pthread_cond_wait(&x.cond, &x.lock);
	pthread_mutex_unlock(&x.lock);
	pthread_mutex_destroy(&x.lock);
	pthread_cond_destroy(&x.cond);
	if (x.err.code == ERR_NONE)
		return 0;
	if (err)
		*err = x.err;
	return -1;
}

void
writer_flush(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->flush = true;
	pthread_cond_signal(&w->more);
	while (w->flush)
		pthread_cond_wait(&w->idle, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

void
writer_close(struct writer **pw)
{
	struct writer *w = *pw;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	arena_fini(&w->arena);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->more);
	pthread_cond_destroy(&w->idle);
	mem_free(w);
	*pw = NULL;
}

void
writer_hurry(struct writer *w, bool hurry)
{
	pthread_mutex_lock(&w->lock);
	w->hurry = hurry;
	pthread_mutex_unlock(&w->lock);
}

void
writer_state(struct writer *w, struct writer_state *out)
{
	pthread_mutex_lock(&w->lock);
	*out = (struct writer_state){
	    .queued = w->queued,
	    .commits = w->commits,
	    .jobs = w->jobs,
	    .full = w->full,
	    .busy_since = w->busy_since,
	};
	pthread_mutex_unlock(&w->lock);
}

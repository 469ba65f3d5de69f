#include "app/timers.h"
#include "app/release.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/due.h"
#include "desk/purge.h"

#include <errno.h>
#include <pthread.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	BATCH = 100, /* timers in one transaction */
	RETRY_MS = 60000,
	POSTPONE_MS = 3600000,
	ROUNDS_MAX = 10000
};

struct timers {
	struct store *store;
	struct writer *writer;
	int fd;
	pthread_mutex_t lock;
	int64_t armed; /* what the descriptor stands at; CLOCK_NONE: nothing */
	bool running;  /* a job is at the writer's */
	/* After a failure one by one; then the one that fails is put off. */
	enum {
		MODE_ALL,
		MODE_ONE,
		MODE_POSTPONE
	} mode;
	int64_t wait_until; /* clock_mono(): not before; 0 */
	uint64_t *given;    /* quarantine ids that are being read again */
	size_t ngiven, cap;
};

/* --- the descriptor ---------------------------------------------------- */

/* The lock is held. A time in the past fires at once. */
static void
arm(struct timers *x, int64_t at)
{
	struct itimerspec when = {0};

	if (at == x->armed)
		return;
	x->armed = at;
	if (at != CLOCK_NONE) {
		/* Zero would be: never. */
		at = MAX(at, clock_now() - CLOCK_SECOND);
		when.it_value.tv_sec = (time_t)(at / CLOCK_SECOND);
		when.it_value.tv_nsec = (long)(at % CLOCK_SECOND) * 1000000;
	}
	if (timerfd_settime(x->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
		&when, NULL) < 0)
		log_error("timers", "timerfd: %s", strerror(errno));
}

static bool
is_given(const struct timers *x, uint64_t id)
{
	for (size_t i = 0; i < x->ngiven; i++)
		if (x->given[i] == id)
			return true;
	return false;
}

/* Those that have no timer any more are done. */
static void
forget_done(struct timers *x, const uint64_t *ids, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < x->ngiven; i++)
		for (size_t k = 0; k < n; k++)
			if (ids[k] == x->given[i]) {
				x->given[kept++] = ids[k];
				break;
			}
	x->ngiven = kept;
}

/* When there is something to do: 1, 0 never, -1. ids: mails to be read again
 * that were not given out. The lock is held. */
static int
next(struct timers *x, struct arena *a, int64_t *at, uint64_t **ids, size_t *n,
    struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	size_t fresh = 0;
	int r;

	if (txn_read(x->store, &t, err) < 0)
		return -1;
	r = due_next(t, a, at);
	if (r < 0 || due_releases(t, a, clock_now(), ids, n) < 0)
		return txn_error(t, err);
	forget_done(x, *ids, *n);
	for (size_t i = 0; i < *n; i++)
		if (!is_given(x, (*ids)[i]))
			(*ids)[fresh++] = (*ids)[i];
	*n = fresh;
	if (fresh) {
		*at = 0;
		return 1;
	}
	return r;
}

static void
look_locked(struct timers *x)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	int64_t at = CLOCK_NONE, wait = x->wait_until - clock_mono();
	uint64_t *ids;
	size_t n;
	int r;

	if (x->running)
		return; /* its end looks */
	r = next(x, &a, &at, &ids, &n, &err);
	if (r < 0) {
		log_warning("timers", "%s", err.msg);
		at = clock_now() + RETRY_MS;
	} else if (r == 0)
		at = CLOCK_NONE;
	else if (x->wait_until && wait > 0)
		at = MAX(at, clock_now() + wait);
	arm(x, at);
}

void
timers_look(struct timers *x)
{
	pthread_mutex_lock(&x->lock);
	look_locked(x);
	pthread_mutex_unlock(&x->lock);
}

int
timers_fd(const struct timers *x)
{
	return x->fd;
}

/* --- the job ----------------------------------------------------------- */

struct due_job {
	struct job job;
	struct timers *x;
	int mode;
	size_t ran; /* out */
};

/* Puts the first timer off that is due. */
static int
put_off(struct txn *t, struct arena *a, int64_t now, struct err *err)
{
	struct timer m;
	int r = due_first(t, a, &m);

	if (r < 0)
		return txn_error(t, err);
	if (!r || m.due > now) {
		/* Nothing else is done that could fail. */
		if (purge_put_off(t, a, now, purge_night(now + POSTPONE_MS)))
			log_error("timers", "a ticket cannot be purged, again "
					    "in the next night");
	} else {
		log_error("timers",
		    "%s of ticket %llu cannot be run, again in an hour",
		    due_name((enum due_kind)m.kind),
		    (unsigned long long)m.ticket);
		due_postpone(t, &m, now + POSTPONE_MS);
	}
	return txn_error(t, err);
}

static int
due_job_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct due_job *b = (struct due_job *)j;
	uint64_t *release;
	size_t n;

	b->ran = 0;
	if (b->mode == MODE_POSTPONE)
		return put_off(t, a, now, err);
	return due_run(d, t, a, now, b->mode == MODE_ONE ? 1 : BATCH, &b->ran,
	    &release, &n, err);
}

static void
due_job_done(struct job *j, const struct err *failed)
{
	struct due_job *b = (struct due_job *)j;
	struct timers *x = b->x;

	pthread_mutex_lock(&x->lock);
	x->running = false;
	x->wait_until = 0;
	if (!failed) {
		/* Back to many at once only when that one is over. */
		x->mode = MODE_ALL;
		if (b->ran)
			log_debug("timers", "ran=%zu", b->ran);
	} else if (failed->code == ERR_SPACE || b->mode == MODE_POSTPONE) {
		x->mode = MODE_ALL;
		x->wait_until = clock_mono() + RETRY_MS;
	} else {
		log_error("timers", "%s", failed->msg);
		x->mode = b->mode == MODE_ALL ? MODE_ONE : MODE_POSTPONE;
		if (b->mode == MODE_ONE)
			x->wait_until = clock_mono() + CLOCK_SECOND;
	}
	x->armed = CLOCK_NONE;
	look_locked(x);
	pthread_mutex_unlock(&x->lock);
	mem_free(b);
}

static struct due_job *
job_new(struct timers *x)
{
	struct due_job *b = mem_new(sizeof *b);

	b->job.run = due_job_run;
	b->job.done = due_job_done;
	b->job.weight = 1;
	b->x = x;
	b->mode = x->mode;
	return b;
}

/* Mails that wait to be read again. True when any was pushed. */
static bool
give_out(struct timers *x, struct pipeline *p, const uint64_t *ids, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct err err = ERR_INIT;

		pthread_mutex_lock(&x->lock);
		x->given =
		    mem_fit(x->given, &x->cap, x->ngiven + 1, sizeof *x->given);
		x->given[x->ngiven++] = ids[i];
		pthread_mutex_unlock(&x->lock);
		if (release_push(x->store, p, ids[i], &err) < 0) {
			log_error("timers", "quarantined mail %llu: %s",
			    (unsigned long long)ids[i], err.msg);
			pthread_mutex_lock(&x->lock);
			x->ngiven--;
			x->wait_until = clock_mono() + RETRY_MS;
			look_locked(x);
			pthread_mutex_unlock(&x->lock);
		} else
			any = true;
	}
	return any;
}

void
timers_run(struct timers *x, struct pipeline *p)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct due_job *b = NULL;
	struct err err = ERR_INIT;
	uint64_t ticks, *ids = NULL;
	size_t n = 0;
	int64_t at;
	int r;

	/* ECANCELED: the clock was set. */
	if (read(x->fd, &ticks, sizeof ticks) < 0 && errno != EAGAIN &&
	    errno != ECANCELED && errno != EINTR)
		log_error("timers", "timerfd: %s", strerror(errno));
	pthread_mutex_lock(&x->lock);
	x->armed = CLOCK_NONE;
	r = x->running ? 0 : next(x, &a, &at, &ids, &n, &err);
	if (r > 0 && at <= clock_now() &&
	    (!x->wait_until || x->wait_until <= clock_mono())) {
		x->running = true;
		b = job_new(x);
	} else if (!x->running)
		look_locked(x);
	pthread_mutex_unlock(&x->lock);
	give_out(x, p, ids, n);
	if (b)
		writer_submit(x->writer, &b->job);
}

int
timers_once(struct timers *x, struct pipeline *p, struct err *err)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct due_job b = {.job = {.run = due_job_run, .weight = 1},
		    .x = x,
		    .mode = MODE_ALL};
		uint64_t *ids;
		size_t n;
		int64_t at;
		int r;

		pthread_mutex_lock(&x->lock);
		r = next(x, &a, &at, &ids, &n, err);
		pthread_mutex_unlock(&x->lock);
		if (r < 0)
			return -1;
		if (r == 0 || at > clock_now())
			return 0;
		if (give_out(x, p, ids, n))
			pipeline_drain(p);
		if (writer_do(x->writer, &b.job, err) < 0)
			return -1;
		if (!b.ran && !n)
			return 0;
	}
	return 0;
}

/* --- open and close ---------------------------------------------------- */

int
timers_open(
    struct timers **out, struct store *s, struct writer *w, struct err *err)
{
	struct timers *x = mem_new(sizeof *x);

	x->store = s;
	x->writer = w;
	x->armed = CLOCK_NONE;
	x->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (x->fd < 0) {
		mem_free(x);
		return err_sys(err, ERR_TEMP, "timerfd");
	}
	pthread_mutex_init(&x->lock, NULL);
	*out = x;
	return 0;
}

void
timers_close(struct timers **px)
{
	struct timers *x = *px;

	if (!x)
		return;
	close(x->fd);
	pthread_mutex_destroy(&x->lock);
	mem_free(x->given);
	mem_free(x);
	*px = NULL;
}

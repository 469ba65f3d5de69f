#include "app/sender.h"
#include "app/journal.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/copy.h"
#include "desk/delivery.h"
#include "desk/hook.h"
#include "net/smtp.h"
#include "store/blob.h"
#include "store/outbox.h"

#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <stdatomic.h>

enum {
	GROUP = 64,      /* claimed in one commit */
	GROUP_MS = 1000, /* the rest of a group that takes longer goes back */
	RECIPIENTS = 200,
	LONGEST_SLEEP = 60000,
	REST_MS = 5000, /* an idle connection is let go after */
	FIRST_WAIT = 5000,
	LONGEST_WAIT = 300000, /* after the server could not be reached */
	STORE_WAIT = 10000,    /* after the store did not take something */
	MESSAGE_MAX = 256 << 20,
	GRACE = 7000, /* at an end, for the mail that is under way */
	/* A row that is due later than any attempt is ever put off was written
	 * when the clock was wrong. */
	FARTHEST = 3 * 3600000,
};

struct claim {
	uint64_t id;
	struct delivery *result;
	size_t n;
	bool tried;
};

/* One commit: what came of the last group, and the claim of the next. */
struct turn {
	struct job job;
	struct sender *s;
	struct journal *journal;
	bool lost; /* a result that is not stored is in the journal alone */
	struct arena arena; /* of the results */
	struct claim before[GROUP];
	size_t nbefore;
	bool claim;          /* take more */
	uint64_t ids[GROUP]; /* out: claimed */
	size_t n;
	bool done;
	struct err err;
};

struct sender {
	struct senders *all;
	const struct sender_context *c;
	const struct transport *t;
	struct carrier *carrier;
	pthread_t thread;
	bool has_thread;
	_Atomic bool ended; /* the thread has nothing more to do */
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool stop, woken;
	int64_t hold_until; /* clock_mono(): the server cannot be reached */
	unsigned failures;
	bool failed;           /* the last attempt did not reach it */
	int64_t failing_since; /* clock_mono(); 0 */
	struct sender_status status;
	struct turn turn[2];
};

struct senders {
	struct sender_context c;
	struct sender *v;
	size_t n;
	_Atomic int64_t asked; /* clock_mono() when they were asked to end; 0 */
};

static bool
is_copier(const struct sender *s)
{
	return s->t->kind == TRANSPORT_COPY;
}

/* Its rows are beside the mail: nobody waits for them, and none may wait for
 * them. */
static bool
is_beside(const struct sender *s)
{
	return s->t->kind == TRANSPORT_COPY || s->t->kind == TRANSPORT_HOOK;
}

/* The kind of transport that a row needs; all of mail are one. */
static enum transport_kind
kind_of(const struct outbox *o)
{
	return copy_is(o)   ? TRANSPORT_COPY
	       : hook_is(o) ? TRANSPORT_HOOK
			    : TRANSPORT_SMTP;
}

static bool
is_mine(const struct sender *s, const struct outbox *o)
{
	const struct config *c = s->c->config;
	enum transport_kind kind = kind_of(o);
	const struct transport *t =
	    kind == TRANSPORT_COPY   ? config_copy(c, o->transport)
	    : kind == TRANSPORT_HOOK ? config_hook(c, o->transport)
				     : config_transport(c, o->transport);

	/* A transport that is no longer configured: its mail goes by the first,
	 * which gives up copies and webhooks. */
	if (!t)
		t = config_transport(s->c->config, S(""));
	return t == s->t;
}

/* Is a lane of the outbox ours? */
static bool
wants(const void *ctx, struct str kind, struct str transport)
{
	struct outbox row = {.kind = kind, .transport = transport};

	return is_mine(ctx, &row);
}

static int
turn_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct turn *x = (struct turn *)j;
	struct outbox_pick mine = {wants, x->s};
	int64_t first = now;
	int due;

	x->n = 0;
	for (size_t i = 0; i < x->nbefore; i++) {
		const struct claim *c = &x->before[i];
		int r = c->tried ? delivery_result(d, t, a, c->id, c->result,
				       c->n, now, err)
				 : delivery_unclaim(t, a, c->id, err);

		if (r < 0)
			return -1;
	}
	if (!x->claim)
		return 0;
	if (outbox_next(t, &mine, &first) < 0)
		return txn_error(t, err);
	if (first <= now + FARTHEST)
		first = now;
	due = outbox_due(t, &mine, first, x->ids, GROUP);
	if (due < 0)
		return txn_error(t, err);
	x->n = (size_t)due;
	return x->n ? delivery_claim(t, a, x->ids, x->n, now, err) : 0;
}

static void
wake(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	s->woken = true;
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

static void
wake_copiers(struct senders *all)
{
	for (size_t i = all->c.config->ntransports; i < all->n; i++)
		if (is_copier(&all->v[i]))
			wake(&all->v[i]);
}

static void
turn_done(struct job *j, const struct err *failed)
{
	struct turn *x = (struct turn *)j;
	struct sender *s = x->s;

	/* What was sent may be due for a copy. As long as it is not done,
	 * all senders are there. */
	if (!failed && x->nbefore && !is_beside(s))
		wake_copiers(s->all);
	pthread_mutex_lock(&s->lock);
	x->done = true;
	x->err = failed ? *failed : ERR_INIT;
	if (failed)
		x->n = 0;
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

static void
turn_submit(struct turn *x, bool claim)
{
	x->claim = claim;
	x->done = false;
	x->job.run = turn_run;
	x->job.done = turn_done;
	x->job.weight = 1;
	writer_submit(x->s->c->writer, &x->job);
}

static void
turn_wait_done(struct turn *x)
{
	pthread_mutex_lock(&x->s->lock);
	while (!x->done)
		pthread_cond_wait(&x->s->cond, &x->s->lock);
	pthread_mutex_unlock(&x->s->lock);
}

/* Nothing is claimed for a while: the store does not take it. */
static void
put_off(struct sender *s, const struct err *err)
{
	/* Of a full disk the writer tells. */
	if (err->code != ERR_SPACE)
		log_error("outbox", "%s", err->msg);
	pthread_mutex_lock(&s->lock);
	s->hold_until = clock_mono() + STORE_WAIT;
	s->failed = true;
	pthread_mutex_unlock(&s->lock);
}

/*
 * Waits for the commit. What came of a mail must not be lost with another's:
 * after a failure each result is tried by itself. One that cannot be stored even
 * so is in the journal, which is then kept for the next start.
 */
static void
turn_wait(struct turn *x)
{
	struct claim before[GROUP];
	size_t n = x->nbefore;

	turn_wait_done(x);
	if (x->err.code) {
		put_off(x->s, &x->err);
		memcpy(before, x->before, sizeof before);
		x->lost |= n == 1 && !x->claim;
		for (size_t i = 0; i < n && (n > 1 || x->claim); i++) {
			x->before[0] = before[i];
			x->nbefore = 1;
			turn_submit(x, false);
			turn_wait_done(x);
			if (!x->err.code)
				continue;
			x->lost = true;
			log_line(x->err.code == ERR_SPACE ? LOG_LEVEL_WARNING
							  : LOG_LEVEL_ERROR,
			    "outbox",
			    "id=%llu its result waits for the next start: %s",
			    (unsigned long long)before[i].id, x->err.msg);
		}
		x->n = 0;
	}
	if (n && !x->lost)
		journal_reset(x->journal);
	x->nbefore = 0;
	arena_reset(&x->arena);
}

/* Row and bytes, copied out. 1, 0 gone, -1. */
static int
get_row(struct sender *s, struct arena *a, uint64_t id, struct outbox *o,
    struct buf *bytes, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	int r;

	if (txn_read(s->c->store, &t, err) < 0)
		return -1;
	r = outbox_get(t, a, id, o);
	if (r == 1)
		r = blob_get(t, o->blob, MESSAGE_MAX, bytes);
	return r < 0 ? txn_error(t, err) : r;
}

static void
count(struct sender *s, const struct sent_to *to, size_t n, uint64_t id)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < n; i++) {
		if (to[i].result == SENT_OK)
			s->status.sent++;
		else if (to[i].result == SENT_REFUSED)
			s->status.refused++;
		else
			s->status.deferred++;
	}
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < n; i++)
		if (to[i].result != SENT_OK)
			log_warning("outbox", "id=%llu to=%.*s %s: %.*s",
			    (unsigned long long)id, STR_ARG(to[i].addr),
			    to[i].result == SENT_REFUSED ? "refused"
			    : to[i].result == SENT_LATER ? "deferred"
							 : "ambiguous",
			    STR_ARG(to[i].reply));
}

/* Somebody looks at the status now. */
static void
tell_change(const struct sender *s)
{
	uint64_t one = 1;

	if (s->c->changed >= 0)
		(void)!write(s->c->changed, &one, sizeof one);
}

static void
unreachable(struct sender *s, const struct err *err)
{
	int64_t wait = FIRST_WAIT;

	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->failures && wait < LONGEST_WAIT; i++)
		wait *= 2;
	wait = MIN(wait, (int64_t)LONGEST_WAIT);
	s->failures++;
	s->failed = true;
	if (!s->failing_since)
		s->failing_since = clock_mono();
	s->hold_until = clock_mono() + wait;
	s->status.next_try = clock_now() + wait;
	snprintf(s->status.error, sizeof s->status.error, "%.*s",
	    (int)sizeof s->status.error - 1, err->msg);
	pthread_mutex_unlock(&s->lock);
	log_warning("outbox", "transport=%.*s %s; next try in %lld s",
	    STR_ARG(s->t->name), err->msg, (long long)wait / 1000);
	tell_change(s);
}

static void
reached(struct sender *s)
{
	bool was_failing;

	pthread_mutex_lock(&s->lock);
	was_failing = s->failing_since != 0;
	s->failing_since = 0;
	s->failures = 0;
	s->failed = false;
	s->status.last_ok = clock_now();
	s->status.next_try = CLOCK_NONE;
	s->status.error[0] = '\0';
	pthread_mutex_unlock(&s->lock);
	if (was_failing)
		tell_change(s);
}

/* No sender's failure, but worth being seen: the folder takes no copies. */
static void
note_beside(struct sender *s, const struct sent_to *to)
{
	pthread_mutex_lock(&s->lock);
	if (to->result != SENT_OK)
		snprintf(s->status.error, sizeof s->status.error, "%.*s",
		    (int)MIN(to->reply.n, sizeof s->status.error - 1),
		    to->reply.p);
	pthread_mutex_unlock(&s->lock);
}

/* 0, and to[] says what became of it; -1. */
static int
hand_over(struct sender *s, struct arena *a, const struct outbox *o,
    struct sent_to *to, size_t n, struct str bytes, struct err *err)
{
	enum transport_kind kind = kind_of(o);

	if (kind == TRANSPORT_COPY && is_copier(s))
		return carrier_copy(s->carrier, a, o->message_id,
		    o->attempts > 1 || o->ambiguous, to, bytes, err);
	if (kind == TRANSPORT_HOOK && s->t->kind == TRANSPORT_HOOK)
		return carrier_post(s->carrier, a, o, to, bytes, err);
	if (kind == TRANSPORT_SMTP && !is_beside(s))
		return carrier_send(
		    s->carrier, a, o->sender, to, n, bytes, err);
	for (size_t i = 0; i < n; i++) {
		to[i].result = SENT_REFUSED;
		to[i].reply = kind == TRANSPORT_HOOK
				  ? S("there is no such webhook any more")
				  : S("copies are put there no more");
	}
	return 0;
}

/* The results of a row's attempt, for the store. */
static void
keep_results(
    struct turn *x, struct claim *c, const struct sent_to *to, size_t n)
{
	static const enum delivered map[] = {
	    [SENT_OK] = DELIVERED_OK,
	    [SENT_LATER] = DELIVERED_LATER,
	    [SENT_REFUSED] = DELIVERED_REFUSED,
	    [SENT_UNKNOWN] = DELIVERED_UNKNOWN,
	};

	c->tried = true;
	c->n = n;
	c->result = arena_array(&x->arena, struct delivery, n + 1);
	for (size_t i = 0; i < n; i++)
		c->result[i] = (struct delivery){
		    .addr = arena_dup(&x->arena, to[i].addr),
		    .result = map[to[i].result],
		    .reply = arena_dup(&x->arena, to[i].reply),
		};
}

/* Tries one row; the claim gets its results. False: the transport is out of
 * order. */
static bool
send_row(struct sender *s, struct turn *x, struct claim *c)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf bytes = BUF_INIT;
	struct outbox o = {0};
	struct sent_to to[RECIPIENTS];
	size_t n = 0;
	struct err err = ERR_INIT;
	int r = get_row(s, &a, c->id, &o, &bytes, &err);

	if (r <= 0) {
		log_error("outbox", "id=%llu cannot be read: %s",
		    (unsigned long long)c->id, r < 0 ? err.msg : "it is gone");
		/* No result for anybody: later, and later still. */
		c->tried = true;
		return true;
	}
	for (size_t i = 0; i < o.nrecipients && n < RECIPIENTS; i++)
		if (o.recipients[i].state == OUTBOX_QUEUED ||
		    o.recipients[i].state == OUTBOX_SENDING)
			to[n++] =
			    (struct sent_to){.addr = o.recipients[i].addr};
	if (n && journal_begin(x->journal, o.id, o.attempts, &err) < 0) {
		/* Sent now, a death could make it two. */
		unreachable(s, &err);
		return false;
	}
	fault_point("send-before");
	r = n ? hand_over(s, &a, &o, to, n, buf_str(&bytes), &err) : 0;
	/* The server's word is known to nobody but us. */
	fault_point("send-after");
	if (r < 0) {
		unreachable(s, &err);
		/* A copy is not waited for: it has its time, too. */
		if (is_beside(s))
			keep_results(x, c, to, n);
		return false;
	}
	reached(s);
	count(s, to, n, c->id);
	if (is_beside(s) && n)
		note_beside(s, to);
	keep_results(x, c, to, n);
	journal_end(x->journal, o.id, o.attempts, c->result, c->n);
	return true;
}

static bool
stopping(struct sender *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

/* Sends what the turn claimed; its results go back with the same turn. */
static bool
send_group(struct sender *s, struct turn *x)
{
	bool good = true;
	size_t n = x->n;
	int64_t until = clock_mono() + GROUP_MS;

	for (size_t i = 0; i < n; i++)
		x->before[i] = (struct claim){.id = x->ids[i]};
	x->nbefore = n;
	x->n = 0;
	/* What was not tried goes back, unharmed. */
	for (size_t i = 0;
	     i < n && good && !stopping(s) && (i == 0 || clock_mono() < until);
	     i++)
		if (x->before[i].id)
			good = send_row(s, x, &x->before[i]);
	/* None of them is due at once again: senders of mail look at what is. */
	for (size_t i = 0; i < n && !good && is_beside(s); i++)
		x->before[i].tried = true;
	/* Rows that were no longer queued when we claimed them. */
	for (size_t i = 0; i < x->nbefore;)
		if (x->before[i].id)
			i++;
		else
			x->before[i] = x->before[--x->nbefore];
	return good;
}

/* Sends until nothing is due. Two turns alternate: while one is sent, the
 * other's results are committed and its next rows claimed. */
static void
send_due(struct sender *s)
{
	bool good = true;
	unsigned i = 0;

	turn_submit(&s->turn[0], true);
	turn_submit(&s->turn[1], true);
	for (;;) {
		struct turn *x = &s->turn[i], *other = &s->turn[1 - i];

		turn_wait(x);
		if (x->n == 0) {
			turn_wait(other);
			if (other->n == 0)
				return;
			i = 1 - i;
			continue;
		}
		if (stopping(s))
			good = false;
		if (good)
			good = send_group(s, x);
		else {
			for (size_t k = 0; k < x->n; k++)
				x->before[k] = (struct claim){.id = x->ids[k]};
			x->nbefore = x->n;
			x->n = 0;
		}
		turn_submit(x, good);
		i = 1 - i;
	}
}

/* How long until our next row is due, 0 now, or -1 when there is none. */
static int64_t
next_due(struct sender *s)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	struct outbox_pick mine = {wants, s};
	int64_t at = -1, left, hold = s->hold_until - clock_mono();

	if (txn_read(s->c->store, &t, &err) < 0)
		return STORE_WAIT;
	if (outbox_next(t, &mine, &at) <= 0)
		return -1;
	left = at - clock_now();
	if (left > FARTHEST)
		left = 0;
	return MAX(MAX(left, hold), (int64_t)0);
}

/* With --once, copies are of what the others send now. */
static void
wait_for_mail(struct sender *s)
{
	const struct senders *all = s->all;
	bool left = true;

	while (left && !stopping(s)) {
		left = false;
		for (size_t i = 0; i < all->c.config->ntransports; i++)
			left |= !atomic_load(&all->v[i].ended);
		if (left)
			poll(NULL, 0, 10);
	}
}

static void *
sender_thread(void *arg)
{
	struct sender *s = arg;
	int64_t idle_since = 0;

	prctl(PR_SET_NAME, "helpd-sender");
	while (!stopping(s)) {
		int64_t due = next_due(s), wait = -1;
		struct timespec ts;

		if (s->c->once && is_copier(s))
			wait_for_mail(s);
		if (due == 0 || (s->c->once && is_copier(s))) {
			send_due(s);
			idle_since = clock_mono();
			if (s->c->once)
				break;
			/* What could not be claimed must not keep us turning. */
			if (next_due(s) == 0)
				wait = CLOCK_SECOND;
			else
				continue;
		} else if (s->c->once) {
			break;
		} else if (due > 0) {
			/* Never long at a stretch: the clock may be set meanwhile. */
			wait = MIN(due, (int64_t)LONGEST_SLEEP);
		}
		pthread_mutex_lock(&s->lock);
		if (wait < 0 || wait > REST_MS)
			wait = idle_since ? REST_MS : wait;
		if (!s->woken && !s->stop) {
			if (wait < 0) {
				pthread_cond_wait(&s->cond, &s->lock);
			} else {
				clock_gettime(CLOCK_MONOTONIC, &ts);
				ts.tv_sec += (time_t)(wait / 1000);
				ts.tv_nsec += (long)(wait % 1000) * 1000000;
				if (ts.tv_nsec >= 1000000000) {
					ts.tv_sec++;
					ts.tv_nsec -= 1000000000;
				}
				pthread_cond_timedwait(&s->cond, &s->lock, &ts);
			}
		}
		s->woken = false;
		pthread_mutex_unlock(&s->lock);
		if (idle_since && clock_mono() - idle_since >= REST_MS) {
			carrier_rest(s->carrier);
			idle_since = 0;
		}
	}
	carrier_rest(s->carrier);
	atomic_store(&s->ended, true);
	return NULL;
}

static void
init_one(struct senders *all, struct sender *s, const struct transport *t)
{
	pthread_condattr_t mono;

	s->all = all;
	s->c = &all->c;
	s->t = t;
	s->status.name = t->name;
	s->status.last_ok = s->status.next_try = CLOCK_NONE;
	s->status.run = random_u64();
	s->turn[0].s = s->turn[1].s = s;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&s->cond, &mono);
	pthread_condattr_destroy(&mono);
}

static int
start_one(struct sender *s, struct err *err)
{
	for (unsigned i = 0; i < 2; i++)
		if (journal_open(&s->turn[i].journal, s->c->journals,
			s->t->name, i, err) < 0)
			return -1;
	if (carrier_open(&s->carrier, s->t, err) < 0)
		return -1;
	if (pthread_create(&s->thread, NULL, sender_thread, s))
		return err_set(err, ERR_TEMP, "cannot start a thread");
	s->has_thread = true;
	return 0;
}

int
senders_start(
    struct senders **out, const struct sender_context *c, struct err *err)
{
	struct senders *s = mem_new(sizeof *s);
	const struct config *f = c->config;
	size_t mail = f->ntransports, hooks = mail + f->ncopies;

	s->c = *c;
	s->n = hooks + f->nhooks;
	s->v = mem_new((s->n + 1) * sizeof *s->v);
	*out = s;
	/* Each may look at all of them as soon as it runs. */
	for (size_t i = 0; i < s->n; i++)
		init_one(s, &s->v[i],
		    i < mail    ? &f->transports[i]
		    : i < hooks ? &f->copies[i - mail]
				: &f->hooks[i - hooks]);
	for (size_t i = 0; i < s->n; i++)
		if (start_one(&s->v[i], err) < 0) {
			senders_stop(out);
			return -1;
		}
	return 0;
}

void
senders_wake(struct senders *s)
{
	for (size_t i = 0; i < s->n; i++)
		wake(&s->v[i]);
}

size_t
senders_wait(struct senders *s)
{
	size_t failed = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].has_thread)
			pthread_join(s->v[i].thread, NULL);
		s->v[i].has_thread = false;
		failed += s->v[i].failed;
	}
	return failed;
}

void
senders_ask(struct senders *s)
{
	int64_t now = clock_mono();

	for (size_t i = 0; i < s->n; i++) {
		pthread_mutex_lock(&s->v[i].lock);
		s->v[i].stop = true;
		pthread_cond_broadcast(&s->v[i].cond);
		pthread_mutex_unlock(&s->v[i].lock);
	}
	if (!s->asked)
		s->asked = now;
}

bool
senders_ended(struct senders *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].has_thread && !atomic_load(&s->v[i].ended))
			return false;
	return true;
}

void
senders_stop(struct senders **ps)
{
	struct senders *s = *ps;

	if (!s)
		return;
	senders_ask(s);
	while (!senders_ended(s) && clock_mono() - s->asked < GRACE)
		poll(NULL, 0, 10);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].carrier)
			carrier_cancel(s->v[i].carrier);
	senders_wait(s);
	for (size_t i = 0; i < s->n; i++) {
		struct sender *x = &s->v[i];

		carrier_close(&x->carrier);
		journal_close(&x->turn[0].journal);
		journal_close(&x->turn[1].journal);
		arena_fini(&x->turn[0].arena);
		arena_fini(&x->turn[1].arena);
		pthread_mutex_destroy(&x->lock);
		pthread_cond_destroy(&x->cond);
	}
	mem_free(s->v);
	mem_free(s);
	*ps = NULL;
}

void
senders_status(struct senders *s,
    void (*fn)(void *ctx, const struct sender_status *s), void *ctx)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sender_status st;

		pthread_mutex_lock(&s->v[i].lock);
		st = s->v[i].status;
		st.failing_for = s->v[i].failing_since
				     ? clock_mono() - s->v[i].failing_since
				     : 0;
		pthread_mutex_unlock(&s->v[i].lock);
		fn(ctx, &st);
	}
}

#include "app/pipeline.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/notice.h"
#include "store/blob.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	BATCH_ITEMS = 64,
	BATCH_BYTES = 1 << 20,
	QUEUE_BYTES =
	    4 << 20, /* what may wait; one mail above it waits alone */
	QUEUE_ITEMS = 512,
	THREADS = 16,
	AHEAD =
	    576, /* parsed but not committed: two groups of the writer, and some */
	/* After a mail this large its memory goes back to the system. */
	LARGE = 4 << 20,
	/* Mails larger than that are read only while all of them together are no
	 * more than this, or one by one. */
	LARGE_TOGETHER = 40 << 20,
	/* Contents of attachments that are held for the writer, all together:
	 * those for notices, which list what they do not carry, and those of
	 * agents' own mail. Of one mail no more than so many. */
	CONTENTS_NOTICE = 16 << 20,
	CONTENTS_AGENT = 24 << 20,
	FILES_MAX = 50,
};

struct row {
	unsigned char sha256[SHA256_SIZE], content[SHA256_SIZE];
	struct buf packed;
	struct str refused;
	struct str *files; /* intake.files */
};

struct batch {
	struct job job;
	struct pipeline *in;
	struct batch *next;
	uint64_t seq;
	size_t n;
	struct item *item[BATCH_ITEMS];
	struct message *message[BATCH_ITEMS];
	struct row row[BATCH_ITEMS];
	struct arena arena;
	size_t contents; /* bytes of files */
	bool large;
	bool unread; /* given back as it came: we are ending */
	bool solo;   /* one at a time, from here: */
	size_t at;
};

struct pipeline {
	struct jail *jail;
	struct writer *writer;
	pthread_mutex_t lock;
	pthread_cond_t more, room, idle;
	pthread_cond_t released; /* CLOCK_MONOTONIC */
	uint64_t
	    reserved; /* bytes of large mails, from before they are read until they are done */
	struct item *first, **last;
	size_t items, bytes;
	_Atomic size_t open; /* pushed, not done */
	uint64_t taken,
	    given; /* batches formed; batches handed to the writer */
	_Atomic size_t contents; /* of all batches */
	size_t uncommitted;
	struct batch *ready; /* parsed out of turn */
	bool stop;
	pthread_t thread[THREADS];
	unsigned threads;
};

struct item *
item_new(struct source_key key)
{
	struct item *it = mem_new(sizeof *it + key.key.n);

	/* In one piece with its key: there are a thousand of them at times. */
	if (key.key.n)
		memcpy(it->key_bytes, key.key.p, key.key.n);
	it->key.source = key.source;
	it->key.key = str_n(it->key_bytes, key.key.n);
	it->channel = S("mail");
	return it;
}

void
item_free(struct item *it)
{
	if (!it)
		return;
	buf_fini(&it->raw);
	arena_fini(&it->own);
	mem_free(it);
}

static void
batch_free(struct batch *b)
{
	bool large = b->large;

	b->in->contents -= b->contents;
	for (size_t i = 0; i < b->n; i++)
		buf_fini(&b->row[i].packed);
	arena_fini(&b->arena);
	mem_free(b);
	if (large)
		malloc_trim(1 << 20);
}

static int
batch_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct batch *b = (struct batch *)j;
	size_t end = b->unread ? 0 : b->solo ? b->at + 1 : b->n;

	for (size_t i = b->solo ? b->at : 0; i < end; i++) {
		struct item *it = b->item[i];
		struct row *r = &b->row[i];
		struct intake in = {
		    .source = it->key,
		    .mailbox_queue = it->queue,
		    .channel = it->channel,
		    .begin_old = it->begin_old,
		    .sent_folder = it->sent,
		    .size = it->size,
		    .packed = buf_str(&r->packed),
		    .message = b->message[i],
		    .refused = r->refused,
		    .files = r->files,
		    .oversize = it->oversize,
		    .envelope_sender = it->envelope_sender,
		    .envelope_recipient = it->envelope_recipient,
		    .retried = it->retried,
		    .confirmed = it->confirmed,
		};

		memcpy(in.sha256, r->sha256, sizeof in.sha256);
		memcpy(in.content, r->content, sizeof in.content);
		it->outcome = (struct outcome){0};
		if (ingest(d, t, a, &in, now, &it->outcome, err) < 0)
			return -1;
		if (d->defer_terms && it->outcome.seq)
			unindexed_put(t, it->outcome.ticket, it->outcome.seq);
		if (txn_error(t, err) < 0)
			return -1;
	}
	return 0;
}

static void
finish(struct batch *b)
{
	struct pipeline *in = b->in;
	size_t n = b->n;

	batch_free(b);
	pthread_mutex_lock(&in->lock);
	in->open -= n;
	in->uncommitted -= n;
	pthread_cond_broadcast(&in->idle);
	pthread_cond_broadcast(&in->more);
	pthread_mutex_unlock(&in->lock);
}

static void
item_done(struct batch *b, size_t i, const struct err *failed)
{
	struct item *it = b->item[i];

	pipeline_release(b->in, it);
	it->done(it, failed);
}

/*
 * A batch that cannot be stored is done mail by mail; a mail that then cannot
 * become an article goes to the quarantine; what not even that can take stays
 * at its source, and the owner is told.
 */
static void
batch_done(struct job *j, const struct err *failed)
{
	struct batch *b = (struct batch *)j;
	struct err ending = ERR_INIT;

	if (b->unread) {
		err_set(&ending, ERR_TEMP, "helpd is ending");
		failed = &ending;
	}
	if (!failed && !b->solo) {
		for (size_t i = 0; i < b->n; i++)
			item_done(b, i, NULL);
		finish(b);
		return;
	}
	if (failed && (b->unread || failed->code == ERR_SPACE)) {
		/* The writer is not to wait for room. */
		for (size_t i = b->at; i < b->n; i++)
			item_done(b, i, failed);
		finish(b);
		return;
	}
	if (!b->solo) {
		b->solo = true;
	} else if (failed && b->message[b->at]) {
		b->message[b->at] = NULL;
		b->row[b->at].refused =
		    arena_dup(&b->arena, str_c(failed->msg));
	} else {
		item_done(b, b->at, failed);
		b->at++;
	}
	if (b->at == b->n)
		finish(b);
	else
		writer_submit(b->in->writer, &b->job);
}

/* Takes what waits, at most a batch of it. The lock is held. */
static struct batch *
take(struct pipeline *in)
{
	struct batch *b = mem_new(sizeof *b);
	size_t bytes = 0;

	b->in = in;
	b->job.run = batch_run;
	b->job.done = batch_done;
	while (in->first && b->n < BATCH_ITEMS &&
	       (b->n == 0 || bytes + in->first->raw.n <= BATCH_BYTES)) {
		struct item *it = in->first;

		in->first = it->next;
		if (!in->first)
			in->last = &in->first;
		it->next = NULL;
		bytes += it->raw.n;
		b->item[b->n++] = it;
	}
	in->items -= b->n;
	in->bytes -= bytes;
	b->large = bytes > LARGE;
	b->seq = in->taken++;
	b->job.weight = (unsigned)b->n;
	pthread_cond_broadcast(&in->room);
	return b;
}

/* Room for a mail's attachments, or they are not fetched: no thread waits for
 * another here, because their mails are committed in order. */
static bool
take_room(struct batch *b, const struct settings *s, const struct message *m)
{
	size_t size = 0, most = CONTENTS_NOTICE;

	for (size_t i = 0; i < m->attachments.n; i++)
		size += m->attachments.v[i].size;
	for (size_t i = 0; i < m->from.n; i++)
		if (staff_by_address(&s->staff, m->from.v[i].addr))
			most = CONTENTS_AGENT;
	if (atomic_fetch_add(&b->in->contents, size) + size > most) {
		b->in->contents -= size;
		return false;
	}
	b->contents += size;
	return true;
}

static void
fetch_files(struct batch *b, size_t i)
{
	const struct settings *s = writer_settings(b->in->writer);
	const struct message *m = b->message[i];
	struct str raw = buf_str(&b->item[i]->raw), *files;
	struct err err = ERR_INIT;

	if (b->item[i]->oversize || !notice_wants_files(s, m) ||
	    !take_room(b, s, m))
		return;
	files = arena_array(&b->arena, struct str, m->attachments.n);
	for (size_t k = 0; k < m->attachments.n && k < FILES_MAX; k++) {
		struct str out;

		if (jail_attachment_dup(
			b->in->jail, &b->arena, raw, k, &out, &err) == 0) {
			if (out.n <= m->attachments.v[k].size)
				files[k] = out.p ? out : S("");
		} else if (jail_hurries(b->in->jail)) {
			b->unread = true;
			return;
		}
	}
	b->row[i].files = files;
}

static void
prepare(struct batch *b, size_t i, const struct jailed *j)
{
	struct item *it = b->item[i];
	struct row *r = &b->row[i];
	struct str raw = buf_str(&it->raw);
	struct err err = ERR_INIT;

	sha256(raw, r->sha256);
	message_content_hash(raw, r->content);
	blob_pack(raw, &r->packed);
	if (!it->size)
		it->size = raw.n;
	if (j->refused)
		r->refused = j->why;
	else {
		b->message[i] = arena_new(&b->arena, struct message);
		if (message_decode(&b->arena, j->record, b->message[i], &err) <
		    0) {
			r->refused = arena_dup(&b->arena, str_c(err.msg));
			b->message[i] = NULL;
		}
	}
	if (b->message[i])
		fetch_files(b, i);
	buf_fini(&it->raw);
}

static void
parse(struct pipeline *in, struct batch *b)
{
	struct jailed *jailed = arena_array(&b->arena, struct jailed, b->n);
	struct err err = ERR_INIT;

	if (jail_hurries(in->jail)) {
		b->unread = true;
		return;
	}
	for (size_t i = 0; i < b->n; i++)
		jailed[i].raw = buf_str(&b->item[i]->raw);
	for (int tries = 0;
	     jail_parse(in->jail, &b->arena, jailed, b->n, &err) < 0; tries++) {
		if (jail_hurries(in->jail)) {
			b->unread = true;
			return;
		}
		log_error("jail", "%s", err.msg);
		/* Without the process that forks parsers nothing goes on: a new
		 * start brings it back, and loses nothing. */
		if (tries == 4)
			_exit(EX_TEMPFAIL);
		sleep(1);
	}
	for (size_t i = 0; i < b->n; i++)
		prepare(b, i, &jailed[i]);
	if (b->large)
		malloc_trim(1 << 20);
}

/* Hands batches to the writer in the order in which they were taken. The lock
 * is held. */
static void
hand_over(struct pipeline *in, struct batch *b)
{
	struct batch **at = &in->ready;

	while (*at && (*at)->seq < b->seq)
		at = &(*at)->next;
	b->next = *at;
	*at = b;
	while (in->ready && in->ready->seq == in->given) {
		struct batch *next = in->ready;

		in->ready = next->next;
		in->given++;
		writer_submit(in->writer, &next->job);
	}
}

static void *
parser_thread(void *arg)
{
	struct pipeline *in = arg;

	prctl(PR_SET_NAME, "helpd-pipeline");
	pthread_mutex_lock(&in->lock);
	for (;;) {
		struct batch *b;

		while (!(in->stop && !in->first) &&
		       (!in->first || in->uncommitted >= AHEAD))
			pthread_cond_wait(&in->more, &in->lock);
		if (!in->first)
			break;
		b = take(in);
		in->uncommitted += b->n;
		pthread_mutex_unlock(&in->lock);
		parse(in, b);
		pthread_mutex_lock(&in->lock);
		hand_over(in, b);
	}
	pthread_mutex_unlock(&in->lock);
	return NULL;
}

int
pipeline_open(struct pipeline **out, struct jail *j, struct writer *w,
    unsigned threads, struct err *err)
{
	struct pipeline *in = mem_new(sizeof *in);
	pthread_condattr_t mono;

	in->jail = j;
	in->writer = w;
	in->last = &in->first;
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->more, NULL);
	pthread_cond_init(&in->room, NULL);
	pthread_cond_init(&in->idle, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&in->released, &mono);
	pthread_condattr_destroy(&mono);
	*out = in;
	for (unsigned i = 0; i < MIN(MAX(threads, 1u), (unsigned)THREADS);
	     i++) {
		if (pthread_create(&in->thread[i], NULL, parser_thread, in)) {
			err_set(err, ERR_TEMP, "cannot start a thread");
			pipeline_close(out);
			return -1;
		}
		in->threads++;
	}
	return 0;
}

bool
pipeline_reserve(
    struct pipeline *in, struct item *it, uint64_t size, int64_t wait_ms)
{
	int64_t until = clock_mono() + wait_ms;
	struct timespec ts = {.tv_sec = (time_t)(until / 1000),
	    .tv_nsec = (long)(until % 1000) * 1000000};
	bool got = true;

	if (size <= LARGE)
		return true;
	pthread_mutex_lock(&in->lock);
	while (in->reserved && in->reserved + size > LARGE_TOGETHER && got)
		if ((got = clock_mono() < until))
			pthread_cond_timedwait(&in->released, &in->lock, &ts);
	if (got) {
		in->reserved += size;
		it->reserved = size;
	}
	pthread_mutex_unlock(&in->lock);
	return got;
}

void
pipeline_release(struct pipeline *in, struct item *it)
{
	if (!it->reserved)
		return;
	pthread_mutex_lock(&in->lock);
	in->reserved -= it->reserved;
	it->reserved = 0;
	pthread_cond_broadcast(&in->released);
	pthread_mutex_unlock(&in->lock);
}

void
pipeline_push(struct pipeline *in, struct item *it)
{
	pthread_mutex_lock(&in->lock);
	while (in->items && (in->bytes + it->raw.n > QUEUE_BYTES ||
				in->items >= QUEUE_ITEMS))
		pthread_cond_wait(&in->room, &in->lock);
	it->next = NULL;
	*in->last = it;
	in->last = &it->next;
	in->items++;
	in->bytes += it->raw.n;
	in->open++;
	pthread_cond_signal(&in->more);
	pthread_mutex_unlock(&in->lock);
}

void
pipeline_drain(struct pipeline *in)
{
	pthread_mutex_lock(&in->lock);
	while (in->open)
		pthread_cond_wait(&in->idle, &in->lock);
	pthread_mutex_unlock(&in->lock);
}

void
pipeline_close(struct pipeline **pin)
{
	struct pipeline *in = *pin;

	if (!in)
		return;
	pthread_mutex_lock(&in->lock);
	in->stop = true;
	pthread_cond_broadcast(&in->more);
	pthread_mutex_unlock(&in->lock);
	for (unsigned i = 0; i < in->threads; i++)
		pthread_join(in->thread[i], NULL);
	pipeline_drain(in);
	pthread_mutex_destroy(&in->lock);
	pthread_cond_destroy(&in->more);
	pthread_cond_destroy(&in->room);
	pthread_cond_destroy(&in->idle);
	pthread_cond_destroy(&in->released);
	mem_free(in);
	*pin = NULL;
}

void
pipeline_hurry(struct pipeline *in, bool hurry)
{
	jail_hurry(in->jail, hurry);
}

struct writer *
pipeline_writer(struct pipeline *in)
{
	return in->writer;
}

size_t
pipeline_depth(struct pipeline *in)
{
	return in->open;
}

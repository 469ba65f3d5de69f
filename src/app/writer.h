/*
 * writer: the one thread that owns every write transaction of the daemon.
 *
 * Jobs are gathered into a group, run in order in one transaction, and committed with one fsync. A job may be run again when the
 * transaction of its group failed because of another: it must change nothing but the transaction and its own outcome.
 * Disk or map full: nothing is told to anyone, the group is tried again every few seconds until there is room.
 * A failed fsync ends the process: what is on the disk is then read again by the next one.
 */
#ifndef APP_WRITER_H
#define APP_WRITER_H

#include "desk/ingest.h"
#include "store/store.h"

struct writer;

struct job {
	struct job *next; /* the writer's */
	int (*run)(struct job *j, struct desk *d, struct txn *t, struct arena *a, int64_t now, struct err *err);
	/* After the commit (failed NULL), or when the job itself cannot be stored; in the writer's thread. May free j. */
	void (*done)(struct job *j, const struct err *failed);
	unsigned weight;  /* messages in it; a group has at most a few hundred */
};

struct writer_options {
	/* Called after a commit, in the writer's thread: rows may be due in the outbox. */
	void (*committed)(void *ctx);
	/*
	 * How many messages are on their way here; may be NULL. While there are more than wait already, a small group waits for
	 * them a few milliseconds: each commit writes the same upper pages of the tables again.
	 */
	size_t (*coming)(void *ctx);
	void *ctx;
};

/* d: the writer's from here on. */
int writer_open(struct writer **out, struct store *s, struct desk *d, const struct writer_options *o, struct err *err);
/* Of the desk's: exchanged by a reload, while nothing is on its way here. */
const struct settings *writer_settings(const struct writer *w);
void writer_submit(struct writer *w, struct job *j);
/* Submits and waits; -1 with the job's error. */
int writer_do(struct writer *w, struct job *j, struct err *err);
/* What is submitted is done, the terms are written, the thread ends. */
void writer_close(struct writer **w);
/* Waits until all that was submitted before is committed and every search term is findable, or cannot be written now. */
void writer_flush(struct writer *w);

/*
 * While it is set, a job is told of a full disk (ERR_SPACE) instead of waiting for room: what is to end, or to be read anew, must not wait
 * for somebody who tidies up.
 */
void writer_hurry(struct writer *w, bool hurry);

struct writer_state {
	size_t queued;
	uint64_t commits, jobs;
	bool full;          /* waits for room on the disk */
	int64_t busy_since; /* clock_mono() when the present group began; 0: idle */
};
void writer_state(struct writer *w, struct writer_state *out);

#endif

/* feed_private: what the kinds of feed share. Private to app/feed*.c. */
#ifndef APP_FEED_PRIVATE_H
#define APP_FEED_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/feed.h"

struct imap;

/* One mailbox's items on their way, its status, and the wish to end. */
struct feed {
	const struct feed_context *c;
	const struct mailbox *mailbox;
	pthread_mutex_t lock;
	pthread_cond_t cond;       /* CLOCK_MONOTONIC; something is done, or stop */
	struct item *done, **done_last; /* committed, to be acknowledged */
	size_t open;               /* pushed, not done */
	bool failed;               /* an item could not be stored since feed_failures() */
	struct err failure;        /* why the first of them could not */
	bool stop;
	_Atomic bool ending;       /* the same, for a command that prints the password */
	unsigned failures;         /* in a row, for the back-off */
	int64_t read_at;           /* clock_mono() of the last good reading, or of the beginning */
	int64_t oldest;            /* clock_mono() when the oldest open item was pushed */
	struct feed_status status;
	struct imap *imap;         /* for imap_interrupt(); under lock */
	pthread_t thread;
	bool has_thread;
	_Atomic bool ended;        /* the thread has nothing more to do */
	uint32_t failed_uid;       /* the lowest UID that was not stored; 0: none */
};

/* How long a feed waits for news at most, in ms: so that a dead connection is noticed before anybody misses what is behind it. */
int64_t feed_patience(const struct feed *f, int64_t longest);
void feed_init(struct feed *f, const struct feed_context *c, const struct mailbox *m);
void feed_fini(struct feed *f);
void feed_state(struct feed *f, const char *state);
void feed_ok(struct feed *f);
/* Logs, notes, and returns how long to wait, in ms: 1 s doubling to 5 min (PERM: from 60 s to 30 min), ± 20 %. */
int64_t feed_failed(struct feed *f, const struct err *err);
/* The mailbox was read, but for something that stays: noted, and logged when it is news. */
void feed_trouble(struct feed *f, const struct err *err);
/* Sleeps; true when the feed is to end. */
bool feed_sleep(struct feed *f, int64_t ms);
bool feed_stopping(struct feed *f);

/* Pushes an item whose done() is the feed's: it comes back in feed_take(). */
void feed_push(struct feed *f, struct item *it);
/* The items committed since the last call, linked by next; wait: until all that was pushed is done. Items that failed are freed and noted. */
struct item *feed_take(struct feed *f, bool wait);
/* Notes that something could not be taken (its UID, or 0); one line in the log for all that fail together. */
void feed_fail(struct feed *f, uint32_t uid, const struct err *why);
/* Could something not be stored since the last call? Then why, in *err, and -1. */
int feed_failures(struct feed *f, struct err *err);
/* There is no room in the store: nothing more is to be pushed. */
bool feed_is_full(struct feed *f);

/* May the original be moved or deleted, or flagged, after that? */
bool feed_acknowledges(enum fate fate, enum after after);

uint32_t feed_source(struct feed *f, struct str name, struct err *err); /* 0: error */
int feed_put_folder(struct feed *f, uint32_t source, const struct folder *folder, struct err *err);

/* The two kinds. */
struct maildir_feed;
int maildir_feed_start(struct maildir_feed **out, const struct feed_context *c, struct err *err);
void maildir_feed_stop(struct maildir_feed *m); /* asks */
bool maildir_feed_ended(const struct maildir_feed *m);
size_t maildir_feed_join(struct maildir_feed *m);
void maildir_feed_free(struct maildir_feed *m);
size_t maildir_feed_count(const struct maildir_feed *m);
struct feed *maildir_feed_at(struct maildir_feed *m, size_t i);

void *imap_feed_thread(void *arg); /* a struct feed */

/* ms between two readings when nothing comes in. */
int64_t maildir_feed_expected(void);
int64_t imap_feed_expected(const struct feed *f);

#endif

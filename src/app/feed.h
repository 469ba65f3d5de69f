/*
 * feed: the threads that watch mailboxes. One an IMAP account, one for all Maildirs and spools together.
 *
 * A feed decides by the ledger what is new, pushes it into the pipeline, and after the commit, and only then, does to the
 * original what the mailbox's `after` says. Errors of one mailbox never touch another: each has its own back-off, with jitter.
 */
#ifndef APP_FEED_H
#define APP_FEED_H

#include "app/config.h"
#include "app/pipeline.h"
#include "app/writer.h"

struct feeds;

struct feed_context {
	struct store *store;
	struct writer *writer;
	struct pipeline *pipeline;
	const struct config *config;
	const char *spool;    /* the spool that `helpd deliver` writes to */
	bool once;            /* one reading of everything, then the threads end */
	int changed;          /* an eventfd that is written to when a mailbox fails or is well again; -1: none */
};

int feeds_start(struct feeds **out, const struct feed_context *c, struct err *err);
/* once: waits until all have read what there was; returns how many mailboxes could not be read. */
size_t feeds_wait(struct feeds *f);
/* Have all threads nothing more to do? */
bool feeds_ended(struct feeds *f);
/* Asks all to end, and does not wait; any thread, until feeds_stop(). */
void feeds_ask(struct feeds *f);
/*
 * The same, and waits: whoever waits for news ends at once, what is under way has a few seconds, then connections are interrupted and what
 * has not been parsed is left where it is. The writer should be in a hurry (writer_hurry()), or a full disk is waited for.
 */
void feeds_stop(struct feeds **f);

/* What is known of one mailbox, for `helpd status`. */
struct feed_status {
	struct str name;
	const char *state;    /* "connecting", "reading", "waiting", "failed" */
	int64_t last_ok;      /* when it was last read without an error; CLOCK_NONE */
	int64_t next_try;     /* after a failure; CLOCK_NONE */
	uint64_t run;         /* another one at each start */
	int64_t unread_for;   /* ms since it was last read without an error, or since the feed began, by a clock that cannot be set */
	int64_t expected;     /* ms between two readings when nothing comes in */
	size_t unstored;      /* messages seen and not stored yet */
	int64_t unstored_for; /* ms since the oldest of them was seen */
	uint64_t taken;       /* messages since the start */
	char error[300];      /* the last failure, "" when the last reading was good */
};
void feeds_status(struct feeds *f, void (*fn)(void *ctx, const struct feed_status *s), void *ctx);

#endif

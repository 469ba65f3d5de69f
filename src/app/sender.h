/*
 * sender: the threads that hand the outbox's rows over, one a transport.
 *
 * Rows are claimed (queued -> sending) in a commit before a byte goes out, some dozens at a time, and the next are claimed while these
 * are being sent. Between the commits app/journal.h notes each begin and end: at a kill one row a transport is in doubt at most, and is then
 * counted as ambiguous and sent again with the same bytes. When the machine goes down it is all that were claimed.
 */
#ifndef APP_SENDER_H
#define APP_SENDER_H

#include "app/config.h"
#include "app/writer.h"
#include "store/outbox.h"

struct senders;

struct sender_context {
	struct store *store;
	struct writer *writer;
	const struct config *config;
	const char *journals; /* directory; journal_start() was called */
	bool once;          /* what is due now, then the threads end */
	int changed;        /* an eventfd that is written to when a transport fails or is well again; -1: none */
};
int senders_start(struct senders **out, const struct sender_context *c, struct err *err);
void senders_wake(struct senders *s); /* rows may be due; any thread */
size_t senders_wait(struct senders *s); /* once: how many transports failed */
bool senders_ended(struct senders *s);
/* Asks all to end, and does not wait; any thread, until senders_stop(). What they are sending may finish. */
void senders_ask(struct senders *s);
/* The same, and waits; after a few seconds the connections are cut: what was given whole is then ambiguous. */
void senders_stop(struct senders **s);

struct sender_status {
	struct str name;
	uint64_t sent, refused, deferred;
	int64_t last_ok, next_try;
	uint64_t run;         /* another one at each start */
	int64_t failing_for;  /* ms since it cannot be reached, by a clock that cannot be set; 0: it can */
	char error[300];
};
void senders_status(struct senders *s, void (*fn)(void *ctx, const struct sender_status *s), void *ctx);

/* One attempt for one row by one transport, without a store: what each kind of transport does. Private to sender*.c. */
struct carrier;
int carrier_open(struct carrier **out, const struct transport *t, struct err *err);
/* Fills to[]; -1 when the transport as a whole cannot be used (everything is to be tried later). */
struct sent_to;
int carrier_send(struct carrier *c, struct arena *a, struct str sender, struct sent_to *to, size_t n, struct str bytes, struct err *err);
/* Of a TRANSPORT_COPY: one mail into its folder. again: it may lie there already. 0: look at *to; -1: the server cannot be used. */
int carrier_copy(struct carrier *c, struct arena *a, struct str message_id, bool again, struct sent_to *to, struct str bytes, struct err *err);
/* Of a TRANSPORT_HOOK: one document, signed now. As carrier_copy(). */
int carrier_post(struct carrier *c, struct arena *a, const struct outbox *o, struct sent_to *to, struct str bytes, struct err *err);
/* Ends what is under way and all that would follow; any thread. */
void carrier_cancel(struct carrier *c);
/* Nothing to send for a while: lets an open connection go. */
void carrier_rest(struct carrier *c);
void carrier_close(struct carrier **c);

#endif

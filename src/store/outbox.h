/*
 * outbox: what is to be sent. A row exists exactly when the transaction that caused it committed; its bytes and
 * Message-ID are fixed then (a blob), only its state changes.
 *
 *   queued -> sending -> sent | queued (4xx, later) | failed (5xx)
 *             sending found at start-up: ambiguous is counted, queued again with the same bytes
 *   held: over a limit, or waiting for a person
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "mail/address.h"
#include "store/store.h"

#define OUTBOX_STATES(X) X(1, QUEUED, "queued") X(2, SENDING, "sending") X(3, SENT, "sent") X(4, FAILED, "failed") X(5, HELD, "held")
#define X_ENUM_OUTBOX(n, id, name) OUTBOX_##id = n,
enum outbox_state { OUTBOX_NONE, OUTBOX_STATES(X_ENUM_OUTBOX) OUTBOX_STATE_COUNT };
const char *outbox_state_name(enum outbox_state s);

struct recipient {
	struct str addr;
	enum outbox_state state;
	struct str reply;       /* the server's last words, "550 5.1.1 no such user" */
};

struct outbox {
	uint64_t id;            /* 0: not stored yet */
	uint64_t ticket;
	uint32_t seq;           /* the article it sends; 0 */
	struct str kind;        /* "ack", "answer", "notice", "status" … */
	struct str transport;   /* name; empty: the default */
	struct str sender;      /* envelope; empty is <> */
	struct recipient *recipients;
	size_t nrecipients;
	struct str message_id;
	struct str subject;     /* for people to read in `helpd outbox` */
	uint64_t blob;          /* the bytes */
	uint64_t size;
	enum outbox_state state;
	int64_t created, next;  /* next attempt */
	uint32_t attempts, ambiguous;
	struct str last;        /* what happened last */
	uint64_t key;           /* of the vault, that subject and bytes are sealed with; 0: outbox_put() sees to it */
	struct str sealed;      /* as of a ticket */
};
/* Gives the id at the first put; keeps the index of what is due. */
void outbox_put(struct txn *t, struct outbox *o);
/* Takes a row away, whatever its state; its bytes stay. Nothing when there is none. */
void outbox_del(struct txn *t, uint64_t id);
/* The highest id given so far; 0: none. 0, -1. */
int outbox_last(struct txn *t, uint64_t *id);
int outbox_get(struct txn *t, struct arena *a, uint64_t id, struct outbox *out);
/* The row of this ticket whose id follows `after` (0: the first): 1, 0 there is none, -1. */
int outbox_of_ticket(struct txn *t, uint64_t ticket, uint64_t after, uint64_t *id);
/*
 * Queued rows wait in lanes, one for each kind and transport, so that a hundred thousand rows of a server that is down cost who sends by another one nothing. Which of
 * them are meant is asked once a lane; wanted NULL: all.
 */
struct outbox_pick {
	bool (*wanted)(const void *ctx, struct str kind, struct str transport);
	const void *ctx;
};
/* The ids of the first `max` (at most OUTBOX_DUE_MAX) queued rows with next <= until, in that order: how many, or -1. Rows that are sending are not among them. */
enum { OUTBOX_DUE_MAX = 256 };
int outbox_due(struct txn *t, const struct outbox_pick *p, int64_t until, uint64_t *ids, size_t max);
/* When the first queued row is due; 0 when none is queued. */
int outbox_next(struct txn *t, const struct outbox_pick *p, int64_t *at);
/* All rows of a state (0: all but sent), oldest first. */
int outbox_each(struct txn *t, struct arena *a, enum outbox_state s, bool (*fn)(void *ctx, const struct outbox *o), void *ctx);
/* How many rows are in a state, from the index. */
int outbox_count(struct txn *t, enum outbox_state s, uint64_t *n);

#endif

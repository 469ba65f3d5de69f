/*
 * delivery: what becomes of outbox rows, as a state machine over rows. The sender (app/) claims, sends without a transaction, and reports.
 *
 *   claim: queued -> sending, committed before a byte goes out
 *   result, for each recipient: taken -> sent; 4xx or never got that far -> queued, 5 min doubling to 1 h, for send_days; 5xx -> failed;
 *           no answer after the data -> ambiguous is counted, queued
 *   recover, at start: what is found sending may have been taken: ambiguous is counted, queued with the same bytes
 *
 * So a server accepts a row for a recipient at most 1 + ambiguous times, and never again after a 5xx.
 */
#ifndef DESK_DELIVERY_H
#define DESK_DELIVERY_H

#include "desk/event.h"
#include "desk/ingest.h"
#include "store/outbox.h"

/* Marks the rows as sending. Those that are no longer queued are set to 0 in ids. */
int delivery_claim(struct txn *t, struct arena *a, uint64_t *ids, size_t n, int64_t now, struct err *err);
/* All rows found sending: *n of them. Call once at start, before anything is sent. */
int delivery_recover(struct txn *t, struct arena *a, int64_t now, size_t *n, struct err *err);

enum delivered { DELIVERED_OK, DELIVERED_LATER, DELIVERED_REFUSED, DELIVERED_UNKNOWN };
struct delivery {
	struct str addr;
	enum delivered result;
	struct str reply;           /* the server's words; cut to 500 bytes and cleaned here */
};
/*
 * The row's recipients that were tried. Failures are told on the ticket, with the server's words; a resolved ticket reopens; an address that does not
 * exist gets no more automatic mail. attempted false: the server was never reached (counts as LATER for all, no event).
 */
int delivery_result(struct desk *d, struct txn *t, struct arena *a, uint64_t id, const struct delivery *v, size_t n, int64_t now, struct err *err);
/*
 * A mail will not reach one of its recipients: told in the history of k, which reopens when it was resolved (unless the mail was an acknowledgement); gone: the
 * address does not exist, so no automatic mail to it. Does not put k or the row.
 */
int delivery_failed(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct outbox *row, struct str addr, struct str words, bool gone,
    int64_t now, struct err *err);
/* What a sender noted of a row outside the store before it died (app/journal.h). */
struct delivery_record {
	uint64_t id;
	uint32_t attempt;           /* of the row: notes of an earlier try count for nothing */
	bool ended;                 /* v is what came of it; else it was begun, and no more is known */
	struct delivery *v;
	size_t n;
};
/*
 * The same as delivery_recover(), knowing more: a row whose end was noted has that result; complete: a row that is not noted at all was not begun,
 * and is queued as if it had never been claimed. Only the others are ambiguous: *ambiguous of them.
 */
int delivery_resume(struct desk *d, struct txn *t, struct arena *a, const struct delivery_record *v, size_t n, bool complete, int64_t now,
    size_t *ambiguous, struct err *err);
/* Claimed, but not one byte was sent (shutdown): back to queued, not ambiguous. */
int delivery_unclaim(struct txn *t, struct arena *a, uint64_t id, struct err *err);

/* `helpd outbox retry|release|drop`: queued rows are due at once, held ones become queued, failed recipients are tried again / the row fails with the words given. */
int delivery_retry(struct txn *t, struct arena *a, uint64_t id, int64_t now, struct err *err);
int delivery_drop(struct desk *d, struct txn *t, struct arena *a, uint64_t id, const struct actor *who, int64_t now, struct err *err);

#endif

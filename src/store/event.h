/* event: rows of the history and the chain over them; private to store/. What the desk uses is in store/ticket.h. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/ticket.h"
#include "store/txn_private.h"

enum { EVENT_DIGEST = 16 };

struct event_row {
	struct event e;
	struct str chain;   /* EVENT_DIGEST octets; empty: of an older program */
	struct str words;   /* of erased words; empty: they are there */
};
/* Borrowed from rec. False when it is not what event_put() writes. */
bool event_decode(struct str rec, uint64_t ticket, uint32_t seq, struct event_row *out);
/* What its chain has to be, behind an event whose chain is `before` (zeros for the first). */
void event_chain(const struct event_row *x, const unsigned char before[EVENT_DIGEST], unsigned char out[EVENT_DIGEST]);

/* The key of a row behind a ticket's last one (seq 0), or of that number. False: too many; the transaction failed. In article.c. */
bool ticket_seq_key(struct txn *t, enum table table, uint64_t ticket, uint32_t seq, struct key *k);

#endif

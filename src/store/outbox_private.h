/* The outbox's index rows, for outbox.c and the check. */
#ifndef STORE_OUTBOX_PRIVATE_H
#define STORE_OUTBOX_PRIVATE_H

#include "store/outbox.h"
#include "store/txn_private.h"

/* False (and an empty key) for states that are not in the index. lanes false: as it was before queued rows had any (schema 3). */
bool outbox_index_key(const struct outbox *o, bool lanes, struct key *k);
/* What an encoded row's lane is made of. False: it cannot be read. */
bool outbox_names(struct str rec, struct str *kind, struct str *transport);
/* Both forms. *lane 0: none. */
bool outbox_index_read(struct str key, enum outbox_state *state, uint64_t *lane, int64_t *next, uint64_t *id);
/* Puts the queued rows of a store without lanes into them. */
int outbox_lanes_migrate(struct txn *t);

/* Rows by their ticket: ticket(8) id(8). */
struct key outbox_ticket_key(uint64_t ticket, uint64_t id);
bool outbox_ticket_read(struct str key, uint64_t *ticket, uint64_t *id);
/* Lists the rows of a store that was made before there was such a list. */
int outbox_ticket_migrate(struct txn *t);

#endif

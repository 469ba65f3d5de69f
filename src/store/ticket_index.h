/* ticket_index: the order in which tickets are listed; private to store/. */
#ifndef STORE_TICKET_INDEX_H
#define STORE_TICKET_INDEX_H

#include "store/ticket.h"
#include "store/txn_private.h"

/* What the indexes know of a ticket. Hashes are 0 for "none"; they may collide, so a listing compares the rows' own values. */
struct ticket_entry {
	uint64_t id;
	enum status status;
	int64_t updated;
	uint64_t queue, assignee, requester;
	struct str requester_addr; /* borrowed from the row */
	enum priority priority;
	struct str assignee_name;  /* likewise */
};

/* Stored in keys: it may never change. FNV-1a, and 1 where that is 0. */
uint64_t ticket_hash(struct str s);
/* Reads it out of an encoded ticket. False when the row is malformed. */
bool ticket_row_entry(struct str rec, uint64_t id, struct ticket_entry *e);
/* The key it is sealed with (store/sealed.h); 0: none. */
uint64_t ticket_row_key(struct str rec);
/* Makes the index rows of `old` (NULL: none yet) those of `now`. */
void ticket_index_change(struct txn *t, const struct ticket_entry *old, const struct ticket_entry *now);

/* The rows themselves, for the check: up to TICKET_INDEXES keys, of which those with n == 0 do not exist. */
enum { TICKET_INDEXES = 4, TICKET_INDEX_VALUE = 8 };
void ticket_index_rows(const struct ticket_entry *e, struct key keys[TICKET_INDEXES], unsigned char value[TICKET_INDEX_VALUE]);
/*
 * Loads (ticket_load.c): makes what `old` counted for its assignee what `now` does. Before anything else is written, for `old` borrows from its row.
 */
void ticket_load_change(struct txn *t, const struct ticket_entry *old, const struct ticket_entry *now);
/* Does it count, and in which row? */
bool ticket_load_counts(const struct ticket_entry *e, struct key *k);
bool ticket_load_read(struct str value, struct ticket_load *out);
/* Counts all tickets of a store that was made before there were loads. */
int ticket_load_migrate(struct txn *t);

/* The ticket an index row is for; false when the key is malformed. */
bool ticket_index_id(struct str key, uint64_t *id);

#endif

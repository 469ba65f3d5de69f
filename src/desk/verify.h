/* verify: the invariants of RELIABILITY §1 as far as rows show them; what the store itself checks (indexes, blobs) is store_check()'s. */
#ifndef DESK_VERIFY_H
#define DESK_VERIFY_H

#include "desk/ingest.h"

struct verify_counts {
	uint64_t tickets, articles, events, sources, outbox, quarantined;
};
/*
 * Calls found for each violation ("ticket 17", "event 4 is missing"); returns how many there were, or -1 when reading failed. Walks everything; progress
 * (may be NULL) is told how many tickets are done.
 */
int64_t desk_verify(struct txn *t, const struct settings *s, void (*found)(void *ctx, struct str where, struct str what), void (*progress)(void *ctx, uint64_t tickets),
    void *ctx, struct verify_counts *counts, struct err *err);

#endif

/*
 * tidy: what lies in the quarantine, and going from there.
 *
 * A mail that goes leaves its fate in the ledger (FATE_REMOVED), so it is not read again where it still lies at its source. With quarantine_after a timer
 * (DUE_TIDY) looks every night, from the oldest on.
 */
#ifndef DESK_TIDY_H
#define DESK_TIDY_H

#include "desk/ingest.h"

/* Row and bytes go, and the timer of one whose writer was asked. */
void quarantine_remove(struct txn *t, struct arena *a, const struct quarantined *q, int64_t now);
/* Where there is a limit and no timer, it is set. */
void tidy_begin(const struct settings *s, struct txn *t, int64_t now);

#endif

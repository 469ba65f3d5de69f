/*
 * settle: what follows from a change, whoever made it: after all that a transaction did, each ticket it put gets its clocks (desk/sla_run.h) and what it waits
 * for (desk/wait.h) brought up to date. The one place for it: the writer calls it after each job, a verb before its commit.
 */
#ifndef DESK_SETTLE_H
#define DESK_SETTLE_H

#include "desk/ingest.h"

/* Costs nothing where no sla.conf and no time of waiting is configured. Calling it again changes nothing. */
int desk_settle(struct desk *d, struct txn *t, struct arena *a, int64_t now, struct err *err);

/*
 * Where other promises are configured than those the tickets were last counted by: a timer (DUE_SWEEP) goes through the tickets in small steps, by their
 * numbers. To be called once a configuration is in use. *sweeps: it will.
 */
int desk_promises(struct desk *d, struct txn *t, struct arena *a, bool *sweeps, struct err *err);
/* Only looks, for a read transaction: 1 they are others, 0, -1. */
int desk_promises_differ(const struct settings *s, struct txn *t, struct arena *a);

/* Lower for tests. */
extern size_t settle_step; /* tickets in one step of the sweep; 200 */

#endif

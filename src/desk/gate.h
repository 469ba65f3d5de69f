/* gate: at most so many an hour of what a stranger or a broken server could have sent without end: alerts, challenges. Kept in the store's counters. */
#ifndef DESK_GATE_H
#define DESK_GATE_H

#include "base/arena.h"
#include "store/store.h"

/*
 * May one more of these go to him now? It is counted when it may. *untold: those that might not, since the last that might. A clock that was set back does not close
 * the gate for more than a day. 0, -1.
 */
int gate_pass(struct txn *t, struct arena *a, const char *what, struct str to, unsigned max, int64_t now, bool *may, uint64_t *untold, struct err *err);
/* The same of another time than an hour, in ms. */
int gate_pass_within(struct txn *t, struct arena *a, const char *what, struct str to, unsigned max, int64_t period, int64_t now, bool *may, uint64_t *untold,
    struct err *err);
/* As if none had gone through. */
void gate_open(struct txn *t, struct arena *a, const char *what, struct str to);

#endif

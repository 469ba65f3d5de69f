/* What the files of merge.h share. */
#ifndef DESK_MERGE_PRIVATE_H
#define DESK_MERGE_PRIVATE_H

#include "desk/family.h"
#include "desk/merge.h"

#define N(id) ((unsigned long long)(id))

/* ERR_INVAL for a ticket that was merged: says into which. */
int merge_check_open(const struct ticket *k, struct err *err);
/* ERR_INVAL when k has as many links as it takes. */
int merge_check_room(const struct ticket *k, size_t more, struct err *err);
/* Is `up` above k, by any number of parents? *steps: how many. 1, 0, -1 (too many tickets above it are ERR_INVAL). */
int merge_is_above(struct txn *t, struct arena *a, const struct ticket *k, uint64_t up, unsigned *steps, struct err *err);

#endif

/* Between purge.c and purge_run.c. */
#ifndef DESK_PURGE_PRIVATE_H
#define DESK_PURGE_PRIVATE_H

#include "desk/purge.h"

/* Where it stands in the list from now on (CLOCK_NONE: it does not). The caller keeps the state. */
void purge_list(struct txn *t, const struct ticket *k, struct purge_state *p, int64_t at);
/* Into k->extra; true when that is another then. */
bool purge_keep_state(struct arena *a, struct ticket *k, const struct purge_state *p);

#endif

/*
 * undo: an agent takes his last change back. Read from the history: an event says "old -> new", and what is so again is the old.
 *
 * Only the changes of the table's CMD_UNDO commands; only the agent's own; only as long as their result still stands: what somebody changed since is not touched.
 */
#ifndef DESK_UNDO_H
#define DESK_UNDO_H

#include "desk/event.h"
#include "desk/identity.h"
#include "desk/ingest.h"

/*
 * The newest reversible change of `who` on k that is not undone yet. *event: its number; *words: what will be so again, "status: open". 1, 0 there is
 * none, or (*words says which) its result stands no more; -1. Changes nothing.
 */
int undo_find(struct txn *t, struct arena *a, const struct ticket *k, const struct actor *who, uint32_t *event, struct str *words, struct err *err);
/* The least level of the command that made that event: taking it back needs it too. LEVEL_NONE when there is none. */
int undo_level(struct txn *t, struct arena *a, const struct ticket *k, uint32_t event, enum level *least, struct err *err);
/* Undoes it, with EVENT_UNDONE ("event 7: status open"). Does not put k. ERR_INVAL when it cannot be, as undo_find() tells. */
int undo_change(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct actor *who, uint32_t event, int64_t now, struct err *err);

#endif

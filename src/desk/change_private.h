/* What the files of change.h share. */
#ifndef DESK_CHANGE_PRIVATE_H
#define DESK_CHANGE_PRIVATE_H

#include "desk/change.h"
#include "desk/when.h"

/* ERR_INVAL for a ticket that was merged. */
int change_check_open(const struct ticket *k, struct err *err);
/* One line of text as a person may give it: UTF-8 of at most max bytes, no control characters. what: "the subject". */
int change_check_line(struct str s, size_t max, const char *what, struct err *err);
/* The event "old -> new"; "none" for what is empty. */
void change_tell(struct txn *t, struct arena *a, struct ticket *k, enum event_kind kind, const struct actor *who, struct str old, struct str new, int64_t now);

#endif

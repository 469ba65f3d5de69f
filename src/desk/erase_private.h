/* Between erase.c (what is done), erase_quarantine.c and erase_run.c (in which order). */
#ifndef DESK_ERASE_PRIVATE_H
#define DESK_ERASE_PRIVATE_H

#include "desk/privacy.h"

void erase_say(const struct erase_tell *tell, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Is the ticket one of his alone? Among those that were changed. */
bool erase_is_own(const struct erasure *e, uint64_t ticket);
void erase_note_ticket(struct erasure *e, uint64_t v);

/* From e->row on, at most *rows articles and events, which are taken off it. 1 it is done, 0 there is more, ERASE_WAIT a mail of it is being sent, -1. */
int erase_ticket(struct txn *t, struct arena *a, const struct settings *s, struct erasure *e, uint64_t ticket, size_t *rows, const struct erase_tell *tell,
    int64_t now);
/* A row of the outbox. 0, ERASE_WAIT, -1. */
int erase_row(struct txn *t, const struct settings *s, struct erasure *e, uint64_t id);
/* The person, what is counted of him, and tokens of his tickets. */
int erase_person(struct txn *t, struct arena *a, struct erasure *e);
/* A mail of the quarantine: his goes; one that names him is told. */
int erase_quarantined(struct txn *t, struct arena *a, struct erasure *e, uint64_t id, const struct erase_tell *tell, int64_t now);

#endif

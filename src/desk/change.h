/*
 * change: what people do to a ticket, each with its event. For the verbs `set`, `note`, `reply`.
 *
 * A ticket is got, changed by any number of these, and put by change_done() (or ticket_put()). Nothing happens, and no event is written, when the
 * value is the same already. ERR_INVAL tells the user's mistake in his terms.
 */
#ifndef DESK_CHANGE_H
#define DESK_CHANGE_H

#include "desk/event.h"
#include "desk/ingest.h"

/* NEW cannot be returned to from elsewhere; MERGED is not a status one sets; a merged ticket is not changed at all. */
int change_status(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, enum status s, const struct actor *who, int64_t now, struct err *err);
int change_priority(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, enum priority p, const struct actor *who, int64_t now, struct err *err);
/* The name of a configured queue. */
int change_queue(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str queue, const struct actor *who, int64_t now, struct err *err);
/* Empty: nobody. At most 100 bytes, no control characters. */
int change_assignee(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str assignee, const struct actor *who, int64_t now, struct err *err);
int change_subject(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str subject, const struct actor *who, int64_t now, struct err *err);
/* "+refund,-spam,vip": a name without sign is added. Names: letters, digits, "-_.:/", lower case is made; at most 50 on a ticket. */
int change_tags(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str changes, const struct actor *who, int64_t now, struct err *err);
/* One "name=value" of `helpd set N name=value`: status, priority, queue, assignee, subject, tag. ERR_INVAL suggests the nearest name. */
int change_set(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str name, struct str value, const struct actor *who, int64_t now, struct err *err);

/* An internal note: an article that is never mailed. Plain text, UTF-8. */
int change_note(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str text, const struct actor *who, struct str author, int64_t now,
    uint32_t *seq, struct err *err);

/* Puts the ticket (each change has set `updated`); -1 with the transaction's error. */
int change_done(struct txn *t, struct ticket *k, int64_t now, struct err *err);

#endif

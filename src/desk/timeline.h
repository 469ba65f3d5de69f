/*
 * timeline: the articles and events of a ticket and of all that were merged into it, in the order of time.
 *
 * Each ticket's own stay in the order of their numbers; between tickets the times decide, and where these are equal the older ticket's come first. One row
 * of each ticket is in memory at a time. A ticket into which nothing was merged is read exactly as it lies in the store.
 */
#ifndef DESK_TIMELINE_H
#define DESK_TIMELINE_H

#include "store/ticket.h"

enum timeline_kind { TIMELINE_ARTICLES, TIMELINE_EVENTS };

struct timeline;
/* Lives in the arena; close frees the rows it holds. */
int timeline_open(struct txn *t, struct arena *a, const struct ticket *k, enum timeline_kind kind, struct timeline **out, struct err *err);
/* The same, of the newest `max` alone, whatever the ticket has grown to. *total: how many there are. */
int timeline_newest(struct txn *t, struct arena *a, const struct ticket *k, enum timeline_kind kind, uint32_t max, struct timeline **out, size_t *total,
    struct err *err);
/* The next one; what it points at lives until the next call. 1, 0 at the end, -1 (the transaction's error). Rows that are missing are passed over. */
int timeline_article(struct timeline *l, struct article *out);
int timeline_event(struct timeline *l, struct event *out);
void timeline_close(struct timeline **l); /* for AUTO; sets it to NULL */

#endif

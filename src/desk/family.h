/*
 * family: tickets that were opened because of each other, and the links that show it.
 *
 * A union-find over tickets: each points towards the oldest of its family. It answers in a few reads whether two tickets are related, which
 * the links alone would not when a thread has hundreds of writers.
 */
#ifndef DESK_FAMILY_H
#define DESK_FAMILY_H

#include "desk/event.h"

enum { LINKS_MAX = 64 };

/* Ticket `id`, which a link names: 0, or -1 when it is not there. */
int family_get(struct txn *t, struct arena *a, uint64_t id, struct ticket *out, struct err *err);

/* The head of a ticket's family. */
int family_head(struct txn *t, struct arena *a, const struct ticket *k, uint64_t *head, struct err *err);

/*
 * Links k to another ticket, on both sides, and makes them one family. k is in memory and put by the caller afterwards; the other side is put here.
 * kind is k's side: LINK_FOLLOWS or LINK_RELATED. A ticket with LINKS_MAX links takes no more: one that follows it gets the link instead, so a
 * thread with thousands of writers is a tree, and no row grows without bound. Nothing happens when they are linked already.
 */
int family_link(struct txn *t, struct arena *a, struct ticket *k, uint64_t other, enum link_kind kind, const struct actor *who, int64_t now, struct err *err);

bool ticket_links_to(const struct ticket *k, uint64_t other);

/* One family from now on. Both are in memory and put by the caller; any other head is put here. */
int family_unite(struct txn *t, struct arena *a, struct ticket *k, struct ticket *o, struct err *err);
/* One side of a link, in memory, without event: adds it unless it is there with that kind; takes those to `other` away (kind 0: of any kind). True when something changed. */
bool ticket_link(struct arena *a, struct ticket *k, uint64_t other, enum link_kind kind);
bool ticket_unlink(struct ticket *k, uint64_t other, enum link_kind kind);
bool ticket_links_as(const struct ticket *k, uint64_t other, enum link_kind kind);

#endif

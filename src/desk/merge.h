/*
 * merge: tickets that become one, two, or parts of each other. Every one of them is on record on all tickets concerned, with who and why.
 *
 * A merged ticket keeps its articles where they are: nothing is copied, nothing renumbered. It points at its target; `show` and the history of the target
 * include it, later mail to it follows the pointer, and its people take part in the target from then on.
 */
#ifndef DESK_MERGE_H
#define DESK_MERGE_H

#include "desk/event.h"
#include "desk/ingest.h"

enum { MERGED_MAX = 100 /* tickets merged into one, all levels together */ };

/* from into k; both are put. ERR_INVAL: the same ticket, one of them merged already (says into which), a parent into its child, MERGED_MAX. The source's requester joins as Cc, its participants too. */
int merge_tickets(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct ticket *from, const struct actor *who, int64_t now, struct err *err);
/* The tickets that were merged into k, at any depth, oldest first. */
int merge_sources(struct txn *t, struct arena *a, const struct ticket *k, uint64_t **ids, size_t *n, struct err *err);

/*
 * A new ticket whose first article is a copy of article seq of k, requested by who wrote that; in the same queue. The original stays, marked in the history.
 * Linked on both sides (LINK_SPLIT). Both are put. ERR_INVAL: no such article, a note, a mail of ours.
 */
int merge_split(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint32_t seq, const struct actor *who, int64_t now, struct ticket *out, struct err *err);

/*
 * A sub-ticket in a queue, requested by `requester` (the agent), with text as its first article (may be empty: then the subject is). Parent and child are put.
 * The child's queue's people get a notice.
 */
struct child {
	struct str queue, subject, text;
	struct address requester;
	struct str author;
};
int merge_child(struct desk *d, struct txn *t, struct arena *a, struct ticket *parent, const struct child *c, const struct actor *who, int64_t now, struct ticket *out,
    struct err *err);
/* The parent (0) and the children of a ticket that are still active. */
uint64_t merge_parent(const struct ticket *k);
int merge_open_children(struct txn *t, struct arena *a, const struct ticket *k, uint64_t **ids, size_t *n, struct err *err);
/* A child was resolved or closed: told on the parent, whose people get a notice; all children over: said too. */
int merge_child_done(struct desk *d, struct txn *t, struct arena *a, const struct ticket *child, const struct actor *who, int64_t now, struct err *err);

/* LINK_RELATED on both sides, and its end. Both are put. ERR_INVAL: itself, no such ticket; unlinking what is not linked, or a parent or merge. */
int merge_link(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint64_t other, const struct actor *who, int64_t now, struct err *err);
int merge_unlink(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint64_t other, const struct actor *who, int64_t now, struct err *err);

#endif

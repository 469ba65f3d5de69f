/*
 * merge: tickets that become one, two, or parts of each other. Every one of them is on record on all tickets concerned, with who and why.
 *
 * A merged ticket keeps its articles where they are: nothing is copied, nothing renumbered. It points at its target; `show` and the history of the target
 * include it (desk/timeline.h), later mail to it follows the pointer, and its people take part in the target from then on. Sub-tickets move: the target is their
 * parent from then on, and the sub-ticket of the source's parent, so links of parents and children never name a merged ticket.
 *
 * merge.c, split.c, child.c, link.c.
 */
#ifndef DESK_MERGE_H
#define DESK_MERGE_H

#include "desk/event.h"
#include "desk/ingest.h"

enum {
	MERGED_MAX = 100,  /* tickets merged into one, all levels together */
	TICKET_LINKS_MAX = 256, /* links of one ticket that people made: further ones are refused */
	CHILD_DEPTH_MAX = 10, /* sub-tickets of sub-tickets */
};

/*
 * from into k; both are put. ERR_INVAL: the same ticket, one of them merged already (says into which) or spam, from is a parent of k, k is one of from's but not its
 * own parent, MERGED_MAX, TICKET_LINKS_MAX, PEOPLE_MAX; a customer's ticket into one
 * that an agent requested, whose own address stands in every answer.
 *
 * k gains: from's requester and participants as Cc (who was only proposed there stays so; agents do not join), tags, fields it has not, its assignee when it has none (and he may work the queue), the higher
 * priority and an open status when somebody waits in from, the earlier first response, the later times of writing. from's own row keeps all it had.
 */
int merge_tickets(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct ticket *from, const struct actor *who, int64_t now, struct err *err);
/* Would it be refused? Writes nothing: for those who decide before they do. */
int merge_check(const struct settings *s, struct txn *t, struct arena *a, const struct ticket *k, const struct ticket *from, struct err *err);
/* The ticket of that number, or the one it was merged into, at last: 1, 0 no such ticket (or a circle), -1 (the transaction's error). Tokens, numbers and ids of old mails name sources. */
int merge_follow(struct txn *t, struct arena *a, uint64_t id, struct ticket *out);
/* The tickets that were merged into k, at any depth, oldest first. Reads only those; nothing when there are none. */
int merge_sources(struct txn *t, struct arena *a, const struct ticket *k, uint64_t **ids, size_t *n, struct err *err);

/*
 * A new ticket whose first article is a copy of article seq of k, requested by who wrote that; in the same queue. The original stays, marked in the history.
 * Linked on both sides (LINK_SPLIT). Both are put. Its queue's people get a notice. ERR_INVAL: no such article, a note, a mail of ours.
 *
 * Of that mail's To and Cc those take part who do in k; others are proposed. A reply to the mail itself (its Message-ID) finds the new ticket from then on, a reply to an
 * answer that of the answer. k may be a merged ticket: so a part of it is got back.
 */
int merge_split(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint32_t seq, const struct actor *who, int64_t now, struct ticket *out, struct err *err);

/*
 * A sub-ticket in a queue, requested by `requester` (the agent), with text as its first article, a note (may be empty: then the subject is). Parent and child are put.
 * The child's queue's people get a notice. ERR_INVAL: no such queue, no subject, a parent that is not active.
 */
struct child {
	struct str queue, subject, text;
	struct address requester;
	struct str author;
};
int merge_child(struct desk *d, struct txn *t, struct arena *a, struct ticket *parent, const struct child *c, const struct actor *who, int64_t now, struct ticket *out,
    struct err *err);
/* The parent (0; the first, where merging gave it several) and the children of a ticket that are still active. */
uint64_t merge_parent(const struct ticket *k);
int merge_open_children(struct txn *t, struct arena *a, const struct ticket *k, uint64_t **ids, size_t *n, struct err *err);
/*
 * A child was resolved or closed: told on its parents, whose people get a notice; all children over: said too. child is in memory and need not be put yet; its
 * parents are put. change_status() calls both; who sets a status by himself (ingest) calls them too.
 */
int merge_child_done(struct desk *d, struct txn *t, struct arena *a, const struct ticket *child, const struct actor *who, int64_t now, struct err *err);
/* It is active again: told on its parents; those of a parent that is resolved or closed get a notice. */
int merge_child_reopened(struct desk *d, struct txn *t, struct arena *a, const struct ticket *child, const struct actor *who, int64_t now, struct err *err);

/* LINK_RELATED on both sides, and its end. Both are put. ERR_INVAL: itself, no such ticket, a merged one; unlinking what is not linked, or a parent or merge. Linked already: nothing. */
int merge_link(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint64_t other, const struct actor *who, int64_t now, struct err *err);
int merge_unlink(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint64_t other, const struct actor *who, int64_t now, struct err *err);

/*
 * What a mail is about that leaves ticket k, or follows on it: its own subject (raw), but that is only what a mail of ours is called when it answers one ("Re: [Acme #3]
 * We have received your message"): then the ticket's. before: the articles below that number are looked at. 0, or -1: the transaction's error.
 */
int merge_subject(struct txn *t, struct arena *a, const struct settings *s, const struct ticket *k, uint32_t before, struct str raw, struct str *out);

#endif

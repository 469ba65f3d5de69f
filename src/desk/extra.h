/*
 * extra: what the desk keeps with a ticket beyond its columns (ticket.extra): a record whose unknown fields survive.
 */
#ifndef DESK_EXTRA_H
#define DESK_EXTRA_H

#include "store/ticket.h"

enum { CHAIN_MAX = 12, THREADS_MAX = 16 };

struct extra {
	uint64_t family;        /* towards the head of its family (desk/family.h); 0: it is the head */
	struct strs chain;      /* Message-IDs for References: the first of the thread, then the newest, the last one answered; at most CHAIN_MAX */
	uint32_t last_in;       /* the newest article that a customer wrote; 0 */
	int64_t time_spent;     /* working time, ms; change_time() */
	int64_t snoozed_until;  /* change_snooze(); 0: it is not */
	unsigned snoozed_from;  /* the enum status it had */
	struct strs threads;    /* of a ticket into which others were merged: Message-IDs of each one's thread, the first and the newest; at most THREADS_MAX */
	struct str sla;         /* its clocks: sla_decode() (desk/sla.h); empty: none */
	struct str policy;      /* whose targets count instead of its queue's: change_sla(); empty */
	struct str wait;        /* what it waits for: desk/wait.c; empty */
	struct str purge;       /* how far it is purged, and when it will be: desk/purge.c; empty */
	struct strs learned;    /* what it was an example of: "queue=billing" (desk/classify_ticket.c) */
};

/* Never fails: what cannot be read is as if it were not there. */
void extra_read(struct arena *a, struct str rec, struct extra *out);
struct str extra_write(struct arena *a, struct str old, const struct extra *x);
/* Only the family, without the rest. */
uint64_t extra_family(struct str rec);

/*
 * The References of an answer: the chain, and of `threads` what is not in it, so that the client of everybody who was merged into the ticket shows it in his
 * thread. The first one stays the first (where there are two), the last one the last.
 */
struct strs extra_references(struct arena *a, const struct extra *x);
/* Notes the threads of two tickets that become one. */
void extra_join(struct arena *a, struct extra *x, const struct extra *from);

/* The chain of a mail: what it refers to, then its own id. */
struct strs extra_chain(struct arena *a, const struct strs *references, const struct strs *in_reply_to, struct str own);

#endif

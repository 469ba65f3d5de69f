/*
 * privacy: what is kept of a person, and taking it away.
 *
 * A person is an address. A ticket is his alone when he is its requester and nobody else takes part; of such a ticket all goes that is not another
 * customer's mail. Of any other ticket his own mails go, and those that went to him alone; where he is named otherwise, his address is
 * replaced in addresses and in the history, but nobody else's words are changed. Articles stay as stubs, so numbers, statistics, the
 * ledger and the hashes (nothing is read again) hold, and the chain of the history too.
 */
#ifndef DESK_PRIVACY_H
#define DESK_PRIVACY_H

#include "desk/event.h"
#include "desk/settings.h"

/* What stands where his words stood; also the flag of such articles. */
#define PRIVACY_ERASED S("erased")

/* His place in a ticket, or in an article of it. */
enum privacy_part {
	PRIVACY_NONE,
	PRIVACY_NAMED,  /* in an address, a text or the history, no more */
	PRIVACY_SHARED, /* ticket: with others. article: to him and to others */
	PRIVACY_OWN,    /* ticket: his alone. article: his words, or written to him alone */
};
/* Is the address in the text, as a whole (not the end of a longer one)? ASCII case is ignored. */
bool privacy_names(struct str text, struct str addr);
enum privacy_part privacy_of_ticket(const struct settings *s, const struct ticket *k, struct str addr);
/* of: the ticket's part. */
enum privacy_part privacy_of_article(const struct settings *s, const struct article *r, struct str addr, enum privacy_part of);
/* Were its words taken away, by erasing or by purging? */
bool privacy_is_gone(const struct article *r);
bool privacy_of_event(const struct event *e, struct str addr);

struct erasure {
	struct str addr, key, name; /* whose */
	struct str actor;           /* "cli:root" */
	uint64_t id;                /* he is erased-ID@invalid from now on */
	struct str alias;
	uint64_t next;              /* the first ticket that was not looked at */
	uint64_t *tickets;          /* those that were changed, ascending; bit 0: his alone, the rest: the number */
	size_t ntickets, cap;       /* on the heap: erasure_fini() */
	uint64_t sealed_with;       /* his key of the vault, to be forgotten at the end (store/reseal.h); 0: none */
};
struct erasure_counts {
	uint64_t tickets, articles, events, mails /* in the outbox that were dropped */;
	uint64_t quoted;            /* articles of others that name him */
};
void erasure_fini(struct erasure *e);

/* The erasure that was begun and not ended: 1, 0, -1. Its strings live in the arena. */
int erasure_pending(struct txn *t, struct arena *a, struct erasure *out);
/* Notes that one begins: addr, key, name and actor are given, the rest is made. ERR_TEMP: another one is under way. */
int erasure_begin(struct txn *t, struct arena *a, struct erasure *e, struct err *err);
/*
 * One ticket, in a transaction of its own, with the note how far it came. ERR_TEMP when a mail to him is being sent at this moment. tell: of articles of
 * others that name him; may be NULL.
 */
int erasure_ticket(struct txn *t, struct arena *a, const struct settings *s, struct erasure *e, uint64_t ticket, int64_t now, struct erasure_counts *n,
    void (*tell)(void *ctx, uint64_t ticket, uint32_t seq), void *ctx, struct err *err);
/* Outbox rows from..to: of notices of his tickets what waits is dropped, what was sent loses subject and address. */
int erasure_outbox(struct txn *t, struct erasure *e, uint64_t from, uint64_t to, struct erasure_counts *n, struct err *err);
/* The person, limits, and grants of his tickets. */
int erasure_person(struct txn *t, struct arena *a, struct erasure *e, struct err *err);
/* Terms: is a ticket among those that were changed? For term_forget(); ctx is the erasure. */
bool erasure_has(void *ctx, uint64_t ticket);
/* It has ended: the note of it goes. */
void erasure_end(struct txn *t);

#endif

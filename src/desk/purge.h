/*
 * purge: how long tickets are kept. What has been over for as long as its queue's purge_after says loses its mails, texts, subject, people and fields; a stub stays:
 * number, times, status, queue, assignee, tags, links and counts, each article's place and digests, and the history without words, so that statistics, the ledger
 * (nothing is read again), the chain of the history and links from other tickets hold.
 *
 *   closed   purge_after since it was closed, or since anything came to it afterwards
 *   spam     spam_purge_after (else purge_after) since anything happened to it
 *   merged   together with the ticket it was merged into
 *
 * Others are not purged; a ticket with one of keep_tags never is. It is done in the night that follows (03:00 UTC), in small steps, from a list by time
 * (store/retain.h). A mail that is being sent, or tried again, puts it off by a day. Persons of whom no ticket is left and who did nothing since go with it. The
 * search terms go in a pass of their own soon afterwards; until then nothing finds a purged ticket by its words.
 */
#ifndef DESK_PURGE_H
#define DESK_PURGE_H

#include "desk/ingest.h"
#include "store/ticket.h"

/* What stands where the words stood; also the flag of such articles. */
#define PURGE_MARK S("purged")

/* Brings the list to what the ticket says; *changed: the caller puts k. Called by desk_settle(). */
void purge_update(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, int64_t now, bool *changed);

struct purge_state {
	int64_t at;           /* when it stands in the list; CLOCK_NONE: it does not */
	int64_t purged;       /* when it was; CLOCK_NONE */
	uint32_t articles, events; /* how many of them are without words, from the first on */
};
void purge_state(struct str extra, struct purge_state *out); /* of ticket.extra */
/* Is only its stub left? */
bool purge_is_stub(const struct ticket *k);
/* ERR_INVAL when it is: nothing is changed or written in it any more. */
int purge_check_open(const struct ticket *k, struct err *err);
/* The one of keep_tags that it has; empty: none. A merged ticket is kept by the tags of what it was merged into: *kept of that one. */
struct str purge_kept(const struct settings *s, const struct ticket *k);
int purge_kept_family(struct txn *t, struct arena *a, const struct settings *s, const struct ticket *k, struct str *kept);
/* When what is so now would be purged; CLOCK_NONE: never. Without the tags. */
int64_t purge_when(const struct settings *s, const struct ticket *k);

/* Purges what is due, about `rows` articles, events and rows of the outbox of it; *ran of them. 0, -1. */
int purge_run(struct desk *d, struct txn *t, struct arena *a, int64_t now, size_t rows, size_t *ran, struct err *err);
/* The first of the list cannot be purged now: it is put off. True when it was due. */
bool purge_put_off(struct txn *t, struct arena *a, int64_t now, int64_t until);

/* The ticket's search terms are to go: DUE_FORGET will. purge_words.c. */
void purge_words(struct txn *t, struct arena *a, uint64_t ticket, int64_t now);

/* The first night (03:00 UTC) at or behind this instant. */
int64_t purge_night(int64_t at);

/* Lower for tests. */
extern size_t purge_words_chunks; /* chunks of the index in one step of forgetting */

#endif

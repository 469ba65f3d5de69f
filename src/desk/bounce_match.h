/*
 * bounce_match: which mail of ours a delivery report is about, and what follows from it.
 *
 * A report on a mail to an agent is matched too, while its token's row is there: to the ticket it was about, and to no row.
 *
 * Matched by our token in the Message-ID that it quotes or names; else to a ticket only, without a row, by our number in the subject that came back, where a
 * failed recipient takes part in that ticket. What it says is believed only of the addresses that this mail was sent to.
 */
#ifndef DESK_BOUNCE_MATCH_H
#define DESK_BOUNCE_MATCH_H

#include "desk/event.h"
#include "desk/ingest.h"

struct bounce_match {
	struct ticket ticket;   /* merges followed */
	uint64_t origin;        /* the ticket the mail was sent for */
	uint32_t seq;           /* and its article there */
	uint64_t outbox;        /* its row; 0 when it is not there any more */
	struct str evidence;    /* for the article */
	bool of_notice;         /* the mail was one to an agent: seq and outbox are 0 */
};
/* 1, 0, -1. */
int bounce_match(const struct desk *d, struct txn *t, struct arena *a, const struct message *m, struct bounce_match *out, struct err *err);

/*
 * Writes what the report says into the history of k, and into the row (0: none): a hard failure of one of its recipients fails it there, suspends automatic
 * mail to that address, and reopens a resolved ticket (unless the mail was an acknowledgement). Does not put k.
 */
int bounce_apply(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint64_t outbox, const struct bounce *b, int64_t now, struct err *err);

/* article.bounce: the report as a record, and back. */
struct str bounce_encode(struct arena *a, const struct bounce *b);
int bounce_decode(struct arena *a, struct str rec, struct bounce *out, struct err *err);

#endif

/*
 * agent_mail: an agent's mail, from identity to what was done.
 *
 *   row 1, 2             not here: an ordinary article, flagged, or an internal event
 *   row 3, 5, 6          held in the quarantine under its row; alert, challenge, revocation (desk/held.h)
 *   a reply to a notice  commands · stale guard · answer or note · transcript
 *   #send                what waited
 *   a fresh mail         commands without a ticket (#list mine), a forward that opens a customer's ticket, an answer sent elsewhere, or a ticket of his own
 *
 * Everything is decided before anything is done: one unknown or refused command refuses the whole mail, and nothing goes to the customer. The mail itself is
 * always kept as an article: as an answer's source, a note, or, refused, as a note that says so.
 */
#ifndef DESK_AGENT_MAIL_H
#define DESK_AGENT_MAIL_H

#include "desk/identity.h"
#include "desk/thread.h"

struct agent_mail {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	const struct intake *in;
	const struct message *m;
	const struct writer *writer;
	const struct identity *identity; /* level above NONE */
	const struct grant *grant;       /* the token's; NULL */
	const struct thread *thread;     /* for mail without a token: what it seems to belong to */
	int64_t now;
};

/* What became of it; ingest() writes ledger, hash and search terms by it. */
struct agent_result {
	struct ticket k;                 /* the ticket that holds the article; put by agent_mail() already. id 0: the mail is from a folder of
	                                  * sent mail and belongs to no ticket: FATE_SKIPPED */
	uint32_t seq;                    /* the article that keeps the agent's mail */
	bool is_new;
	unsigned mails;                  /* outbox rows written */
};
int agent_mail(const struct agent_mail *x, struct agent_result *out, struct err *err);

#endif

/*
 * held: mail in an agent's name without the proof, and what waits for an agent's word.
 *
 * Rows 3, 5 and 6 of desk/identity.h: the mail goes to the quarantine with its row as the reason, whole, acted on by nobody. Row 3 revokes the token and tells its agent;
 * row 5 alerts the agent whose name was used; row 6 asks him, at most once an hour, "was this you?": his #send with the one-time token of that mail has it read again,
 * as row 7 would.
 */
#ifndef DESK_HELD_H
#define DESK_HELD_H

#include "desk/identity.h"

/* After the mail was put into the quarantine under id. Alerts, challenges, revokes; counts against the hour. */
int held_mail(struct desk *d, struct txn *t, struct arena *a, const struct identity *who, const struct grant *g, const struct message *m, uint64_t quarantine, int64_t now,
    struct err *err);
/* A CHALLENGE was answered with #send: the mail is due to be read again, in that agent's name (timer RELEASE). ERR_NOENT when it is no more there. */
int held_release(struct desk *d, struct txn *t, struct arena *a, struct grant *g, int64_t now, struct err *err);

/* What waits behind a grant of purpose CONFIRM. */
struct waiting {
	uint32_t seq;            /* the article that keeps the agent's mail */
	uint64_t outbox;         /* the answer, composed and held; 0 */
	struct str commands;     /* the lines to be carried out, as written; may be empty */
	struct str text;         /* the text below them */
	struct str why;          /* stale, row 7, row 8, needs confirmation: for the history */
	unsigned asked;          /* how many questions before this one were answered by a mail without a command: a machine's, at last */
	bool quiet;              /* such a mail has come: nobody is told when it is given up */
};
struct str waiting_encode(struct arena *a, const struct waiting *w);
int waiting_decode(struct arena *a, struct str rec, struct waiting *out, struct err *err);

#endif

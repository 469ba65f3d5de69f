/*
 * rehearse: rules tried on a mail that is in the store already (helpd replay): what they would do now, against what rules did then.
 *
 * The ticket is put together again from its history as it was when the mail had come in and no rule had run; then the rules of desk.settings run over it, in a write
 * transaction that the caller aborts. Nothing is sent, and what duplicate and vacation remember, and how much was answered, is kept in struct rehearsal instead of
 * the store. Only `new` and `followup` are rehearsed. Who gets a ticket by a strategy depends on who was there: only whether, and by what team or skill, is compared.
 */
#ifndef DESK_REHEARSE_H
#define DESK_REHEARSE_H

#include "desk/rules.h"

struct rehearsal {
	struct arena a;                /* as long as the rehearsal */
	struct seen *seen[1024];
	struct str assigned;           /* of the run at hand: what `assign` asked for; empty */
};
bool rehearsal_seen(struct rehearsal *r, struct str id, int64_t now);
void rehearsal_mark(struct rehearsal *r, struct str id, int64_t until);

struct difference {
	const char *what;              /* "queue", "tags", "answers", "sla" … */
	struct str then, now;          /* empty: nothing */
	struct str cause;              /* the rule's file:line now; empty where none does it any more, or it is not a rule */
};
struct rehearsed {
	bool ran;                      /* it was a customer's mail, and rules run at it */
	const char *event;             /* "new", "followup" */
	struct difference *v;
	size_t n;
};
/* k, r: as they are in the store; m: r's mail. All in the arena. d->rehearsal is set. -1: the store's error. */
int rehearse(struct desk *d, struct txn *t, struct arena *a, const struct ticket *k, const struct article *r, const struct message *m, struct rehearsed *out, struct err *err);

#endif

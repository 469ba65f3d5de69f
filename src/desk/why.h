/*
 * why: what made a ticket what it is: for its status, priority, queue, assignee, service level, each tag and each field that it has, the event that set it last; and how it
 * began; and, where tickets are kept for a time, when it will be purged or was. For `helpd why` and #why, which show the whole history behind it.
 */
#ifndef DESK_WHY_H
#define DESK_WHY_H

#include "desk/event.h"

struct reason {
	struct str what;    /* "ticket", "status", "tag", "field order" … */
	struct str value;
	struct event event; /* its strings live in the arena; seq 0: since the ticket was opened, or nothing that happened but what is configured (cause) */
};
/* In the arena; how many, or -1 with the store's error. */
int ticket_why(struct txn *t, struct arena *a, const struct ticket *k, struct reason **out, struct err *err);

#endif

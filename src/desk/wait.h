/*
 * wait: what a ticket's mere waiting leads to, by the times of its queue:
 *
 *   remind_after    it waits for us, without an answer: its agents are reminded, once for each time it waits
 *   escalate_after  nothing at all happened to it: those above are told (EVENT_IDLE), once until something does
 *   resolve_after   it waits for the customer, who is silent: he is warned (template "reminder", warn_before), then it is resolved
 *   close_after     it was resolved: it is closed
 *
 * What writes to people does so in working time, where the queue's service level has a calendar. A ticket with open sub-tickets is not resolved before they are.
 * One timer a ticket (DUE_WAIT), at the first of these; what was done is kept with the ticket.
 */
#ifndef DESK_WAIT_H
#define DESK_WAIT_H

#include "desk/ingest.h"
#include "store/ticket.h"

/* Brings the timer to what the ticket says; *changed: the caller puts k. Called by desk_settle(). */
void wait_update(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, int64_t now, bool *changed);

/* When its timer is set for; CLOCK_NONE: there is none. */
int64_t wait_timer(struct arena *a, const struct ticket *k);

#endif

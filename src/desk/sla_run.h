/*
 * sla_run: the half of service levels that writes rows; desk/sla.h is the arithmetic.
 *
 * A ticket has one timer (DUE_SLA), at the first thing that is not done yet: a warning, a breach, a step of the ladder. Each is done once: what
 * was done is in the clock, put in the transaction that does it.
 */
#ifndef DESK_SLA_RUN_H
#define DESK_SLA_RUN_H

#include "desk/ingest.h"
#include "desk/sla.h"

/* Whose targets count for a ticket: its own (change_sla()), else its queue's; NULL: nothing is promised. */
const struct sla_policy *sla_policy_of(const struct settings *s, const struct ticket *k);

/* The clocks as they stand at now, whether the row says so already or not. False: nothing was ever promised. *p may be NULL: no more. */
bool sla_clocks_of(const struct settings *s, struct arena *a, const struct ticket *k, int64_t now, struct sla_clocks *out, const struct sla_policy **p);

/*
 * Brings a ticket's clocks and its timer to what it says; the history tells what is promised and why that changed. *changed: the caller puts k. Called by
 * desk_settle() for every ticket that was put; nothing else needs to.
 */
void sla_update(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, int64_t now, bool *changed);

/* "first-response due 2026-03-02T09:15:00Z": of a clock that counts. */
void sla_words(struct buf *b, enum sla_target target, const struct sla_clock *x);
/* Working time, which has no days: "24h", "1h30m", "15m"; below a minute "20s". */
void sla_duration(struct buf *b, int64_t ms);
/* Does this clock count at present: running, paused, or running too late? */
bool sla_is_live(const struct sla_clock *x);

/*
 * Whom a step notifies: "assignee", "team" (who looks after the queue), "lead" (the leads of these, else any lead, else admins), an agent, or a team by name.
 * An assignee who is none: as "team". In the arena. How many.
 */
size_t sla_people(struct arena *a, const struct settings *s, const struct ticket *k, struct str arg, const struct agent ***out);

#endif

/*
 * due: what falls due, by kind. Timers are rows (store/timer.h) ordered by time; the daemon sleeps until the first.
 *
 * A timer is removed in the transaction that does what it is for, so each fires once, whatever the clock or a kill does. A handler must bear being
 * late by any time, and find that there is nothing to do any more.
 */
#ifndef DESK_DUE_H
#define DESK_DUE_H

#include "desk/ingest.h"
#include "store/ticket.h"
#include "store/timer.h"

/* Numbers are stored: never renumber. */
#define DUES(X) \
	X(1, SNOOZE, "snooze")     /* a snoozed ticket wakes */ \
	X(2, RELEASE, "release")   /* a mail in the quarantine is to be read again, because its writer confirmed it; data: its id, in decimal */ \
	X(3, GRANTS, "grants")     /* no row: the list of grants by expiry (store/grant.h) counts as its timer */ \
	X(4, DIGEST, "digest")     /* notices over the limit go out as one mail; data: the agent's name */ \
	X(5, SLA, "sla")           /* a warning, a breach, a step of the ladder: the first of a ticket's clocks (desk/sla_run.h) */ \
	X(6, SWEEP, "sla-sweep")   /* what is promised was changed: the next tickets are counted anew; one row, at 0 */ \
	X(7, WAIT, "wait")         /* reminder, warning, resolving, closing: the first of a ticket (desk/wait.h) */ \
	X(8, PURGE, "purge")       /* no row: the list of tickets by when they are purged (store/retain.h) counts as its timer (desk/purge.h) */ \
	X(9, FORGET, "forget")     /* search terms of purged tickets go: one step of a pass (desk/purge_words.c) */ \
	X(10, TIDY, "tidy")        /* what lay in the quarantine for too long goes (desk/tidy.h); every night */ \
	X(11, ERASE, "erase")      /* an erasure that whoever began it did not end goes on (desk/privacy.h); one row */
#define X_ENUM_DUE(n, id, name) DUE_##id = n,
enum due_kind { DUE_NONE, DUES(X_ENUM_DUE) DUE_COUNT };
const char *due_name(enum due_kind k);

/* Done for one timer; the row is removed already. Only the store's errors go up. */
typedef int due_fn(struct desk *d, struct txn *t, struct arena *a, const struct timer *m, int64_t now, struct err *err);

/*
 * Runs what is due, at most `max` of them: first the timers, then the grants that expired. What waited behind an expired one (an answer, commands) is given up, and
 * its agent is told; then tickets whose time is over are purged, a bounded part of them. *ran of them; *release: the quarantine ids that wait to be read again (RELEASE is not run here: the
 * daemon parses the mail and ingests it as retried, which removes the timer), in the arena. 0, -1.
 */
int due_run(struct desk *d, struct txn *t, struct arena *a, int64_t now, size_t max, size_t *ran, uint64_t **release, size_t *nrelease, struct err *err);
/* When the daemon has to look again: 1, 0 nothing waits, -1. Timers of RELEASE are not counted: due_releases(). */
int due_next(struct txn *t, struct arena *a, int64_t *at);
/* The quarantine ids of all RELEASE timers that are due. In the arena. 0, -1. */
int due_releases(struct txn *t, struct arena *a, int64_t now, uint64_t **ids, size_t *n);
/* A timer whose handler cannot be run now: again at `at`. */
void due_postpone(struct txn *t, const struct timer *m, int64_t at);
/* The ticket of a timer, for its handler: 1; 0: it is gone; -1. */
int due_ticket(struct txn *t, struct arena *a, const struct timer *m, struct ticket *out, struct err *err);
/* The one timer of its kind that a ticket has, from *was to `at` (CLOCK_NONE: there is none), which *was is afterwards. */
void due_move(struct txn *t, enum due_kind kind, uint64_t ticket, int64_t *was, int64_t at);
/* The first timer that due_run() would run: 1, 0, -1. */
int due_first(struct txn *t, struct arena *a, struct timer *out);
/* How many timers wait (those of grants and of the list of tickets to be purged are not counted), and the first: for `helpd status`. */
int due_count(struct txn *t, struct arena *a, uint64_t *n, struct timer *first);

/* The handlers, each with its noun: snooze.c, grant expiry here, notice.c. */
due_fn due_snooze, due_digest, due_sla, due_sweep, due_wait, due_forget, due_tidy, due_erase;

#endif

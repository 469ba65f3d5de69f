/*
 * limits: how much automatic mail may leave (RELIABILITY §4). Counters live in the store, so they hold across restarts.
 *
 *   one address: auto_per_hour and auto_per_day; from the second on none with a subject it already had that day
 *   the site: 10 times the usual rate, never below site_per_hour. An hour that reached it does not make more usual.
 */
#ifndef DESK_LIMITS_H
#define DESK_LIMITS_H

#include "desk/settings.h"
#include "store/person.h"

/*
 * May another automatic mail go to this address now? An empty reason: yes, and it is counted. Else the reason for which the row is to be held; what is held is not
 * counted. subject: of the ticket, without its number. key: address_key().
 */
int limits_take(struct txn *t, struct arena *a, const struct settings *s, struct str key, struct str subject, int64_t now, struct str *reason, struct err *err);

/* Has the site sent so much automatic mail this hour that no more goes out? *count of it. 0, -1. */
int limits_breaker(struct txn *t, struct arena *a, const struct settings *s, int64_t now, bool *open, uint64_t *count, struct err *err);

#endif

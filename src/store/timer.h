/* timer: all that falls due, ordered by time. The daemon sleeps until the first. */
#ifndef STORE_TIMER_H
#define STORE_TIMER_H

#include "store/store.h"

struct timer {
	int64_t due;
	uint32_t kind;     /* desk/'s vocabulary */
	uint64_t ticket;   /* 0: of the desk */
	struct str data;   /* tells two timers of a kind and ticket apart; at most 100 bytes */
};
void timer_put(struct txn *t, const struct timer *m);
void timer_del(struct txn *t, const struct timer *m);
/* Is it there? 1, 0, -1. */
int timer_has(struct txn *t, const struct timer *m);
/* The first by time: 1, 0 when there is none. */
int timer_first(struct txn *t, struct arena *a, struct timer *out);
int timer_each(struct txn *t, struct arena *a, bool (*fn)(void *ctx, const struct timer *m), void *ctx);

#endif

/*
 * retain: how long tickets are kept: the list of those that are to be purged, by when.
 *
 * One row a ticket. It is a list of its own and no timers (store/timer.h), because there are as many as closed tickets, and nothing that falls due may have to
 * wait behind them. The ticket says itself when it stands here (desk/purge.h).
 */
#ifndef STORE_RETAIN_H
#define STORE_RETAIN_H

#include "store/store.h"

void retain_put(struct txn *t, int64_t at, uint64_t ticket);
void retain_del(struct txn *t, int64_t at, uint64_t ticket);
/* 1, 0, -1. */
int retain_has(struct txn *t, int64_t at, uint64_t ticket);
/* The first by time: 1, 0 there is none, -1. */
int retain_first(struct txn *t, int64_t *at, uint64_t *ticket);
int retain_each(struct txn *t, bool (*fn)(void *ctx, int64_t at, uint64_t ticket), void *ctx);
/* How many there are, without reading them. 0, -1. */
int retain_count(struct txn *t, uint64_t *n);

#endif

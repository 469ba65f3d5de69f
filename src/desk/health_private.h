/* health: what health*.c and heartbeat.c share. */
#ifndef DESK_HEALTH_PRIVATE_H
#define DESK_HEALTH_PRIVATE_H

#include "desk/health.h"

void health_write(struct txn *t, const struct health *h);

/* health_mail.c: to each who is told; how many. Only the store's errors go up. */
int alarm_mail(struct desk *d, struct txn *t, struct arena *a, const struct health_look *x, const struct health_told *told, uint64_t grown, int64_t now, size_t *mails,
    struct err *err);

/* heartbeat.c: how long the newest probe has been on its way, ms. */
int64_t probe_age(const struct probe *p, const struct health_look *x, int64_t now);
/* The sign of a probe that does not come back. */
void heartbeat_sign(const struct health *h, const struct health_look *x, int64_t now, struct alarm_sign *out);
/* Takes away what is over, sends the next: 1 something was or, dry, is to be done; 0; -1. */
int heartbeat_look(struct desk *d, struct txn *t, struct arena *a, struct health *h, const struct health_look *x, bool dry, int64_t now, struct err *err);

#endif

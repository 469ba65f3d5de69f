/* What sla_run.c and sla_fire.c share. */
#ifndef DESK_SLA_RUN_PRIVATE_H
#define DESK_SLA_RUN_PRIVATE_H

#include "desk/extra.h"
#include "desk/sla_run.h"

enum { FIRE_MAX = 200 /* steps in one go; more than a ladder of three has */ };

/* The clocks into the ticket; true when they are others than before. */
bool sla_keep(struct arena *a, struct ticket *k, struct extra *x, const struct sla_clocks *c);

#endif

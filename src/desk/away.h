/*
 * away: which agents are not there, and until when they said so. One row of the store holds them all, since few are away at a time and routing asks for
 * everybody at once. That somebody is back is a matter of time: nothing has to fire.
 */
#ifndef DESK_AWAY_H
#define DESK_AWAY_H

#include "base/arena.h"
#include "base/err.h"

struct txn;

#define AWAY_OPEN INT64_MAX     /* until he says that he is back */

struct away {
	struct str agent;       /* agent.name */
	int64_t since, until;   /* AWAY_OPEN */
	struct str by;          /* who said so: "agent:anna", "cli:root" */
};
struct aways {
	struct away *v;
	size_t n;
};

/* Those who are away at `now`; in the arena. */
int away_list(struct txn *t, struct arena *a, int64_t now, struct aways *out, struct err *err);
/* NULL: he is there. ASCII case ignored. */
const struct away *away_of(const struct aways *l, struct str agent);
/* One of them, by itself: 1, 0 he is there, -1. */
int away_get(struct txn *t, struct arena *a, struct str agent, int64_t now, struct away *out);

/* In place of what was said before; whose time is over is forgotten. */
int away_set(struct txn *t, struct arena *a, const struct away *x, int64_t now, struct err *err);
/* 1 he was away, 0 he was not, -1. */
int away_end(struct txn *t, struct arena *a, struct str agent, int64_t now, struct err *err);

/* "until 2026-12-24 09:00" on the site's clock, or "" when it is open. */
struct str away_words(struct arena *a, const struct away *x, const char *zone);

#endif

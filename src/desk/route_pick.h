/*
 * route_pick: which of several agents gets a ticket. A decision over values; desk/route.h gathers them and acts.
 */
#ifndef DESK_ROUTE_PICK_H
#define DESK_ROUTE_PICK_H

#include "base/arena.h"

#define STRATEGIES(X) X(1, ROUND_ROBIN, "round-robin") X(2, LEAST_LOADED, "least-loaded") X(3, STICKY, "sticky") X(4, WEIGHTED, "weighted")
#define X_ENUM_STRATEGY(n, id, name) STRATEGY_##id = n,
enum strategy { STRATEGY_NONE, STRATEGIES(X_ENUM_STRATEGY) STRATEGY_COUNT };
const char *strategy_name(enum strategy s);
bool strategy_parse(struct str s, enum strategy *out); /* ASCII case ignored */

/* Who could take it. Load: his open tickets, each by its priority (low 1, normal 2, high 4, urgent 8). */
struct candidate {
	struct str name;
	unsigned tickets;             /* open ones */
	unsigned load;
	unsigned capacity;            /* tickets at a time; 0: no limit */
	uint64_t turn;                /* of the strategy's memory: when he got the last one of this queue, as a growing number; 0: never */
	int64_t credit;               /* weighted: what he is owed; changed by route_pick() */
	bool last_agent;              /* the customer's last one */
};
enum { CANDIDATES_MAX = 1000 };

struct pick {
	size_t at;                    /* of the candidates */
	bool beyond;                  /* he is at his capacity already: an urgent ticket only */
	const char *why;              /* "least-loaded", "round-robin", "weighted", "sticky": what decided */
};
/*
 * load: of the ticket itself. Of those below their capacity, by the strategy:
 *   round-robin   who waits longest for his turn
 *   least-loaded  the least load, half of this ticket's included, for his capacity (without one: as if it were 20); equal: who waits longest
 *   sticky        the customer's last agent; else least-loaded
 *   weighted      in proportion to capacity, evenly spread (smooth weighted round-robin): over n tickets everybody's share is right to within one
 * Nobody below capacity: urgent gives the one with the least load for his capacity, beyond set; else false.
 */
bool route_pick(enum strategy s, struct candidate *v, size_t n, unsigned load, bool urgent, struct pick *out);

#endif

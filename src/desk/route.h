/*
 * route: who gets a ticket. Gathers who could take it, lets desk/route_pick.h decide, and acts.
 *
 * A candidate may work the ticket's queue, is inside his working hours (`hours` in agents.conf; without: always), is not away, and is of the team, has the skill, reads
 * the language that are asked for. Without a team: those who look after the queue. His load is counted by the store (ticket_load()); what a strategy remembers
 * (turns, credits) is kept by queue and strategy. All in the one write transaction of the change: who comes next sees what was given before.
 *
 * Nobody: the ticket stays, or goes back, to those who look after the queue, and the history says why.
 */
#ifndef DESK_ROUTE_H
#define DESK_ROUTE_H

#include "desk/away.h"
#include "desk/change.h"
#include "desk/route_pick.h"

struct tier;

/* All may be empty. */
struct route_query {
	struct str agent;         /* only this one: is he there, has he room */
	struct str team, skill, language;
	enum strategy strategy;   /* NONE: least-loaded */
	struct str except;        /* not this agent: who has it now */
	bool quiet;               /* route_assign(): the caller tells who was chosen, with choice.why and choice.aside */
};

struct route_choice {
	const struct agent *agent; /* NULL: nobody */
	bool beyond;              /* he is at his capacity already: an urgent ticket only */
	uint64_t aside;           /* then: the ticket he may set aside, his lowest, of those the one touched longest ago; 0: none is lower */
	struct str aside_words;   /* "#17 Printer on fire (low)" */
	unsigned tickets, capacity; /* his, before this one */
	struct str why;           /* "least-loaded of 3: anna 4/10, ben 6/10; eva away": one line */
	struct str why_zh;        /* the same in Chinese, for notices; the history has why */

	/* route_assign()'s */
	struct candidate *candidates;
	size_t n, at;
	enum strategy strategy;
};

/* Changes nothing. -1 only for the store's errors. ERR_INVAL: there is no such agent or team. */
int route_choose(struct desk *d, struct txn *t, struct arena *a, const struct ticket *k, const struct route_query *q, int64_t now, struct route_choice *out, struct err *err);

/*
 * And gives it to him: change_assignee(), whose event's cause is that of `who` and why; the strategy's memory; a notice. Nobody: EVENT_ROUTED, nothing else.
 * The caller puts k.
 */
int route_assign(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct route_query *q, const struct actor *who, int64_t now,
    struct route_choice *out, struct err *err);

/*
 * What a new ticket's queue (`assign`) and its customer's tier (`team`) say, when it has no assignee yet. Quiet: who is chosen is told by the notice of the new
 * ticket. 1 it was tried, out tells; 0: neither says anything, or there are no agents; -1.
 */
int route_new(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, int64_t now, struct route_choice *out, struct err *err);
/*
 * The same for a ticket that is new in its queue by somebody's doing (moved there, split off, a sub-ticket), who does not get it himself; then the notice n of it
 * goes to who was chosen, else to those who look after the queue.
 */
struct notice;
int route_tell_new(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct notice *n, int64_t now,
    struct err *err);
/* A new ticket of a customer with a tier: priority, name, language. Before anything is decided by them. */
int route_tier(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, int64_t now, struct err *err);

/*
 * An agent's tickets that wait for us (new, open) get somebody else, by their queue's strategy, or nobody, when nobody is there. all: also those that he has answered.
 * held: a ticket that the caller has in hand: it is changed there, not put; NULL. *n: how many were given away.
 */
int route_away(struct desk *d, struct txn *t, struct arena *a, const struct agent *x, const struct away *w, bool all, struct ticket *held, const struct actor *who,
    int64_t now, size_t *n, struct err *err);

/* Is it inside his working hours? Whether he is away says desk/away.h. */
bool route_on_duty(const struct settings *s, const struct agent *x, int64_t now);
/* One ticket's weight: low 1, normal 2, high 4, urgent 8; and of all that somebody has. */
unsigned route_weight(enum priority p);
unsigned route_load(const struct ticket_load *l);

#endif

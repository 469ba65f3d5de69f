/*
 * agent: who works at the desk, in which teams, and with which right to which queue. app/config.h reads it from /etc/helpd/agents.conf.
 *
 * Values of one configuration, immutable, in its arena. Names of agents and teams are one name space: "#assign anna", "#assign first-line", "@anna".
 */
#ifndef DESK_AGENT_H
#define DESK_AGENT_H

#include "base/arena.h"
#include "base/digest.h"
#include "mail/address.h"

struct settings;
struct queue;

enum rank { RANK_AGENT = 1, RANK_LEAD, RANK_ADMIN };
const char *rank_name(enum rank r); /* agent, lead, admin: `role` in agents.conf */

struct agent {
	struct str name;         /* "anna": lower case letters, digits, "-_."; at most 40. What ticket.assignee holds */
	struct str full_name;    /* "Anna Berg": what customers read under an answer; the name when none is given */
	struct strs addresses;   /* lower case, at least one; mail to the agent goes to the first */
	struct strs teams;
	enum rank rank;
	struct strs languages;   /* the first is that of his notices and transcripts; the site's first when empty */
	struct strs skills;
	unsigned capacity;       /* open tickets at a time; 0: no limit */
	struct str hours;        /* a calendar of sla.conf; empty: always there */
	struct str signature;    /* under his answers; the queue's when empty */
	struct strs see, work;   /* queues beyond those of his teams; "*": all */
	bool notices;            /* default true */
	bool has_certificate;
	unsigned char certificate[SHA256_SIZE]; /* of the DER form of the pinned S/MIME certificate */
	int64_t certificate_expires; /* 0: not known */
};

struct team {
	struct str name;
	struct str full_name;
	struct strs see, work;   /* queues, beside those that name the team in helpd.conf */
};

struct staff {
	struct agent *agents;
	size_t nagents;
	struct team *teams;
	size_t nteams;
};

/* ASCII case ignored; a leading "@" is not part of a name. NULL when there is none. */
const struct agent *staff_agent(const struct staff *s, struct str name);
const struct team *staff_team(const struct staff *s, struct str name);
/* Whose address this is (address_eq); NULL. */
const struct agent *staff_by_address(const struct staff *s, struct str addr);
bool agent_in_team(const struct agent *x, struct str team);
/* The nearest name of an agent or team, for "did you mean"; empty when none is near. */
struct str staff_nearest(struct arena *a, const struct staff *s, struct str name);

/*
 * SEE: read the ticket, its history, get notices of it. WORK: all that changes it; includes SEE.
 * An admin may everything; a lead may see everything. Else: the queue's team is his; the queue is among his (or his teams') `see` or `work`; or
 * the queue has no team (nor has it one that agents.conf does not know). A queue that is not configured any more: as the first one.
 */
enum right { RIGHT_SEE = 1, RIGHT_WORK };
bool agent_may(const struct settings *s, const struct agent *x, struct str queue, enum right r);

/* The agents who look after a queue: its team's members; without a team, or one without members, all who may work it. In the order of agents.conf. How many; *out in the arena. */
size_t staff_of_queue(struct arena *a, const struct settings *s, struct str queue, const struct agent ***out);

/* May a ticket of this queue have this assignee? An agent who may work it; while there are no agents, anybody. */
bool staff_may_take(const struct settings *s, struct str name, struct str queue);

#endif

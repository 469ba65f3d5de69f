/*
 * sla: service levels: what was promised, and the clocks that run against it.
 *
 * A policy (sla.conf) has, for each priority, up to three targets in working time of its calendar:
 *
 *   first-response   from the opening until somebody answers
 *   next-response    from the customer's first word after an answer until the next answer
 *   resolution       from the opening until the ticket is resolved; stands still in the policy's `pause` statuses
 *
 * Each is a clock, kept with the ticket (ticket.extra). This half is arithmetic over values: what a clock shows at an instant and what falls due when. The other half
 * (sla_update(), due_sla()) writes rows: events, timers, what the ladder does.
 *
 * The working time a clock has used is summed at each change, by the calendar of then; what comes after a change of priority, policy or calendar is counted by the new one.
 */
#ifndef DESK_SLA_H
#define DESK_SLA_H

#include "desk/calendar.h"
#include "store/ticket.h"

#define SLA_TARGETS(X) X(0, FIRST, "first-response") X(1, NEXT, "next-response") X(2, RESOLUTION, "resolution")
#define X_ENUM_SLA(n, id, name) SLA_##id = n,
enum sla_target { SLA_TARGETS(X_ENUM_SLA) SLA_TARGETS_COUNT };
const char *sla_target_name(enum sla_target x);
bool sla_target_parse(struct str s, enum sla_target *out);

/* What a step of the ladder does. */
#define SLA_ACTS(X) X(1, NOTIFY, "notify") X(2, PRIORITY, "priority") X(3, ASSIGN, "assign") X(4, QUEUE, "queue") X(5, TAG, "tag") X(6, WEBHOOK, "webhook")
#define X_ENUM_SLA_ACT(n, id, name) SLA_DO_##id = n,
enum sla_act { SLA_DO_NONE, SLA_ACTS(X_ENUM_SLA_ACT) SLA_DO_COUNT };
const char *sla_act_name(enum sla_act x);

enum { SLA_STEPS_MAX = 24 };

/* One rung: at a share of the target (80: a warning, 100: the breach, 150 …), or so much working time after the breach. */
struct sla_step {
	unsigned percent;             /* 0: `after` counts */
	int64_t after;                /* ms of working time after the breach */
	enum sla_act act;
	struct str arg;               /* notify: assignee, team, lead, an agent, a team; priority: a name or "raise"; assign, queue, tag, webhook: its name */
	unsigned targets;             /* bits 1 << enum sla_target; 0: all */
	struct str place;             /* "sla.conf:31", for the history; says nothing about what it does */
};
struct sla_policy {
	struct str name;
	const struct calendar *calendar;
	int64_t target[PRIORITY_COUNT][SLA_TARGETS_COUNT]; /* ms of working time; 0: none */
	unsigned warn;                /* percent of the target at which the warning falls; 0: none; default 80 */
	unsigned pause;               /* bits 1 << enum status in which the clocks of `pauses` stand still; default pending */
	unsigned pauses;              /* bits 1 << enum sla_target; default resolution */
	struct sla_step *steps;
	size_t nsteps;
	struct str place;             /* "sla.conf:12" */
	uint64_t version;             /* differs when anything of the above, or the calendar, does */
};

#define SLA_STATES(X) X(0, NONE, "none") X(1, RUNNING, "running") X(2, PAUSED, "paused") X(3, BREACHED, "breached") X(4, MET, "met") X(5, MISSED, "missed")
#define X_ENUM_SLA_STATE(n, id, name) SLA_##id = n,
enum sla_state { SLA_STATES(X_ENUM_SLA_STATE) SLA_STATE_COUNT };
const char *sla_state_name(enum sla_state s);

struct sla_clock {
	enum sla_state state;         /* breached: runs on, too late; missed: ended too late */
	int64_t started;
	int64_t target;               /* ms of working time */
	int64_t used;                 /* ms of working time until `since` */
	int64_t since;                /* counted from here on; CLOCK_NONE while it stands still or is over */
	int64_t due;                  /* CLOCK_NONE while paused and in time */
	int64_t ended;                /* met, missed: when; CLOCK_NONE */
	uint32_t fired;               /* bit n: step n of the ladder; SLA_FIRED_WARN, SLA_FIRED_BREACH. Kept while the target is away (none) */
};
enum { SLA_FIRED_WARN = 1 << 30, SLA_FIRED_BREACH = 1 << 29 };

struct sla_clocks {
	struct str policy;            /* whose targets these are; empty: nothing is promised */
	uint64_t version;
	enum priority priority;
	int64_t timer;                /* when its timer is set for; CLOCK_NONE */
	struct sla_clock v[SLA_TARGETS_COUNT];
};

/*
 * Brings the clocks to what the ticket says at `now`: starts, pauses, meets, ends, counts anew under another policy or priority. p NULL: nothing is promised any more, running
 * clocks end as none. Calling it again changes nothing. Returns whether a target or its due time changed for another reason than the passing of time
 * (policy, priority, calendar): worth an event.
 */
bool sla_clocks_set(const struct sla_policy *p, struct sla_clocks *c, const struct ticket *k, int64_t now);

/* What falls due for a clock. */
struct sla_due {
	enum sla_target target;
	unsigned bit;                 /* of sla_clock.fired */
	const struct sla_step *step;  /* NULL: the warning or the breach itself */
	int64_t at;
};
/* The first thing not fired yet of all clocks; false when there is none. After firing, set the bit in the clock. In order: warning before breach before steps, at equal times. */
bool sla_next(const struct sla_policy *p, const struct sla_clocks *c, struct sla_due *out);

/* Working time left until due: negative when it is over. Of a clock that is neither running, paused nor breached: 0. */
int64_t sla_left(const struct sla_policy *p, const struct sla_clock *x, int64_t now);

void sla_encode(const struct sla_clocks *c, struct buf *out);
bool sla_decode(struct arena *a, struct str rec, struct sla_clocks *out);

#endif

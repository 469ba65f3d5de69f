/*
 * health: the rows behind alarms and heartbeat, one value in the store; and the mails they make, in the transaction that records why.
 *
 * Mails of the house (alarms, probes) belong to no ticket. Their Message-ID is signed (token_house_id()); what comes back to them by a machine opens no ticket.
 */
#ifndef DESK_HEALTH_H
#define DESK_HEALTH_H

#include "desk/alarm.h"
#include "desk/ingest.h"

/* The newest probe. */
struct probe {
	uint64_t number;        /* 0: none was ever sent */
	int64_t sent;           /* by the clock on the wall */
	int64_t mono;           /* and by the one of the run that sent it */
	uint64_t run;
	uint64_t outbox;        /* its row; 0: it is not there any more */
	bool arrived;
	unsigned lost;          /* in a row before it, none of which came back in time */
	int64_t lost_since;     /* when the first of those was sent */
	struct str words;       /* what a server said of one of them that came back as a bounce */
};

struct health {
	struct alarm *v;
	size_t n;
	int64_t alive;          /* helpd was at work then; CLOCK_NONE: never */
	struct probe probe;
	int64_t arrived;        /* when the last probe came back that did; CLOCK_NONE */
	int64_t took;           /* ms it had needed */
	int64_t mark;           /* when the hour began in which what comes into the quarantine is counted; CLOCK_NONE */
	uint64_t mark_id;       /* the highest id in it then */
	int64_t bounced;        /* when an alarm could not be delivered; CLOCK_NONE */
	struct str bounce;      /* to whom, and what the server said */
};
/* Nothing was ever stored: all zero, times CLOCK_NONE. 0, -1. */
int health_read(struct txn *t, struct arena *a, struct health *out, struct err *err);

/* What one look does, and with what. */
struct health_look {
	const struct alarm_sign *signs; /* of all that is watched; rows of what is not among them go. UNSENT, QUARANTINE, BREAKER, HEARTBEAT are made here */
	size_t nsigns;
	uint64_t run;           /* of this process */
	int64_t mono, up;       /* its clock that cannot be set, and ms since it began */
	const int64_t *steps;   /* alarm_decide() */
	size_t nsteps;
	struct strs to;         /* empty: the admins */
	bool off;               /* nobody gets mail */
	struct str transport;   /* by which alarms leave; empty: the default */
	struct str host;        /* this machine's name, for the mail */
	int64_t unsent_after;
	unsigned quarantined;
	int64_t alive_every;    /* ms between two notes that helpd is at work */
	bool heartbeat;
	int64_t every, within;
	struct str probe_transport;
	struct address probe_to;
	/* out, in the arena: what was decided, for the log */
	struct health_told {
		enum alarm_act act;
		struct alarm alarm;
		int64_t lasted;
		size_t mails;
	} *told;
	size_t ntold;
};
/* dry: only whether there is something to do; t may be a read transaction then, told stays empty. 1, 0 nothing, -1. */
int health_look(struct desk *d, struct txn *t, struct arena *a, struct health_look *x, bool dry, int64_t now, struct err *err);

/*
 * Before a mail is weighed: is it one of the house that came back? HOUSE_IGNORED: a probe, or an alarm that was sent to the desk itself; recorded, and no
 * more is to be done. HOUSE_KEPT: a machine answers an alarm; it belongs into the quarantine, *reason says why. A forged one, or one by a person, is HOUSE_NOT.
 */
enum house_verdict { HOUSE_NOT, HOUSE_IGNORED, HOUSE_KEPT };
int health_mail(struct desk *d, struct txn *t, struct arena *a, const struct intake *in, int64_t now, enum house_verdict *out, struct str *reason, struct err *err);

/* When the oldest mail was made that waits for somebody to take it; copies, webhooks and probes do not count. 1, 0 none waits, -1. */
int health_unsent(struct txn *t, struct arena *a, int64_t *created);

/* When the store was last copied by `helpd backup`, and where to: 1, 0 never, -1. */
int health_backup_get(struct txn *t, struct arena *a, int64_t *at, struct str *dir);
void health_backup_put(struct txn *t, int64_t at, struct str dir);

#endif

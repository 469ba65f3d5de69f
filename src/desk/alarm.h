/*
 * alarm: when an admin is told that something is wrong, told again, and told that it is over. A decision over values: the row of an alarm, what is seen
 * now, the time. Rows and mails: desk/health.h; what is seen: app/watch.h.
 *
 * What lasts (a mailbox is not read) has to be bad for `after` without a break before it is told. Then one mail, one a day as long as it lasts, and one when it is
 * over, if it was told. Of one alarm no two begin within an hour: what comes back earlier is told when that hour is over, if it is still there.
 * What expires (a certificate) is told once at each of its steps. What was noticed only afterwards (helpd was not running) is told once.
 *
 * Time: how long something is bad is counted by a clock that cannot be set, within a run; only what an earlier run had seen is taken from the rows, by the
 * clock on the wall. So no jump of that clock raises an alarm or ends one.
 */
#ifndef DESK_ALARM_H
#define DESK_ALARM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"

/* Numbers are stored: never renumber. The names are those of the templates ({{#alarm.is_mailbox}}) and of `helpd status`. */
#define ALARMS(X) \
	X(1, MAILBOX, "mailbox")         /* has not been read without an error for unread_after */ \
	X(2, TRANSPORT, "transport")     /* cannot be reached since unreachable_after */ \
	X(3, UNSENT, "unsent")           /* a mail waits longer than unsent_after */ \
	X(4, DISK, "disk")               /* disk or map is nearly full */ \
	X(5, FULL, "full")               /* it was full: nothing was taken */ \
	X(6, QUARANTINE, "quarantine")   /* many mails came into it within an hour */ \
	X(7, BREAKER, "breaker")         /* more automatic mail than the site may send */ \
	X(8, HEARTBEAT, "heartbeat")     /* a probe has not come back */ \
	X(9, CERTIFICATE, "certificate") /* of a server expires */ \
	X(10, SMIME, "smime")            /* an agent's certificate expires */ \
	X(11, AUTHORITY, "authority")    /* one in a ca_file expires */ \
	X(12, PASSWORD, "password")      /* expires, by password_expires */ \
	X(13, DOWN, "down")              /* helpd was not running */
#define X_ENUM_ALARM(n, id, name) ALARM_##id = n,
enum alarm_kind { ALARM_NONE, ALARMS(X_ENUM_ALARM) ALARM_COUNT };
const char *alarm_name(enum alarm_kind k);
/* CERTIFICATE, SMIME, AUTHORITY, PASSWORD. */
bool alarm_expires(enum alarm_kind k);

enum {
	ALARM_PAUSE = 3600000,     /* ms between two mails that begin the same alarm */
	ALARM_REMINDER = 86400000, /* ms between two that say it lasts */
	ALARM_STEPS_MAX = 8,
	ALARM_WORDS_MAX = 300,     /* bytes of words kept */
};

/* What is seen now of one thing. */
struct alarm_sign {
	enum alarm_kind kind;
	struct str name;        /* which: "support", "mail.acme.example:993"; may be empty */
	uint64_t run;           /* tells the runs apart in which bad_for counts from 0 */
	bool unknown;           /* nothing was seen yet: nothing changes */
	bool bad;
	bool over;              /* it lasted bad_for and is over already: told once. bad is false */
	int64_t bad_for;        /* ms that this run has seen it bad without a break */
	int64_t after;          /* ms that it has to be bad before it is told */
	int64_t expires;        /* of what expires; bad, bad_for, after do not count then */
	struct str words;       /* what the server said, or such; without secrets */
	uint64_t count;         /* grows within a run: mails taken. What it has grown by since the alarm is told at its end */
};

enum alarm_state { ALARM_QUIET, ALARM_WAITING, ALARM_RAISED };
const char *alarm_state_name(enum alarm_state s); /* quiet, waiting, raised */

/* The row. */
struct alarm {
	enum alarm_kind kind;
	struct str name;
	enum alarm_state state;
	bool told;              /* RAISED, and a mail said so */
	uint64_t run;
	int64_t carried;        /* ms it had been bad before this run */
	int64_t since;          /* by the clock on the wall, as reckoned when the row was written */
	int64_t told_at;        /* the last mail that began it or reminded; CLOCK_NONE */
	unsigned mails;         /* of this time */
	unsigned missed;        /* beginnings that the pause swallowed; who writes the next mail says so, and sets it to 0 */
	int64_t expires;
	unsigned step;          /* how many of the steps were told */
	struct str words;
	uint64_t count, count_run;
};

enum alarm_act {
	ALARM_KEEP,             /* nothing is to be written */
	ALARM_NOTE,             /* the row is to be written, nobody told */
	ALARM_FORGET,           /* the row goes */
	ALARM_BEGIN, ALARM_REMIND, ALARM_END, ALARM_OVER, /* written, and a mail */
};

static inline struct alarm
alarm_of(enum alarm_kind kind, struct str name)
{
	return (struct alarm){.kind = kind, .name = name, .told_at = CLOCK_NONE};
}
/*
 * Brings *x (alarm_of(), when there is no row) to what *s says at now. An expiry of CLOCK_NONE is not known yet: nothing changes. steps: how long before it expires something is told, falling, n of
 * them; that it has expired is one more step. *lasted: ms, for END and OVER, and how long it is bad by now. *grown: by how much count grew since it became bad.
 */
enum alarm_act alarm_decide(struct alarm *x, const struct alarm_sign *s, const int64_t *steps, size_t n, int64_t now, int64_t *lasted, uint64_t *grown);

/* One row as a record, and back: false for a malformed one or a kind of a newer program. */
void alarm_encode(struct buf *b, const struct alarm *x);
bool alarm_decode(struct arena *a, struct str rec, struct alarm *out);

#endif

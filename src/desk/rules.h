/*
 * rules: the admin's Sieve scripts (rules.d, in name order) at work on tickets. helpd-rules(5) is their manual.
 *
 * A set is compiled when the configuration is read, and lies in the settings. It runs at events, with the mail where there is one; without, with the customer's newest one, as
 * far as it is kept with the ticket. A script runs at `new`, and at those events that its `event` tests name (at all, where such a test names none in so many words).
 *
 * What a script wants done is done when it has ended, in order, and before the next script runs: each with an event whose actor is "rule" and whose cause is the script's
 * file:line. What cannot be done is told in the history (EVENT_RULE) and keeps nothing else from happening. What rules do causes no further run of
 * rules, except that a status they set is an event, once.
 */
#ifndef DESK_RULES_H
#define DESK_RULES_H

#include "desk/ack.h"
#include "desk/event.h"
#include "desk/ingest.h"
#include "desk/sieve.h"

struct route_choice; /* desk/route.h */
struct rules; /* one run at a time: the expressions have scratch memory */

#define RULE_EVENTS(X) \
	X(0, NEW, "new") X(1, FOLLOWUP, "followup") X(2, AGENT_REPLY, "agent-reply") X(3, STATUS, "status") \
	X(4, SLA_WARNING, "sla-warning") X(5, SLA_BREACH, "sla-breach") X(6, IDLE, "idle") X(7, CSAT, "csat")
#define X_ENUM_RULE_EVENT(n, id, name) RULE_##id = n,
enum rule_event_kind { RULE_EVENTS(X_ENUM_RULE_EVENT) RULE_EVENT_COUNT };
const char *rule_event_name(enum rule_event_kind k);

/* --- reading ------------------------------------------------------------ */

struct rules_file {
	const char *path;             /* as errors show it */
	struct str text;
};
/*
 * Compiles all files; complaints of every one of them go to *bad (in bad_arena). dir: what stands before the names in causes; with a '/' at its end. *out is to be freed,
 * and NULL when there was any error or no file. include: the included scripts (struct sieve_options).
 */
int rules_compile(const struct sieve_options *o, struct str dir, const struct rules_file *v, size_t n, struct arena *bad_arena, struct rules **out, struct complaints *bad);
void rules_free(struct rules **r);
size_t rules_count(const struct rules *r); /* scripts */
/* Has it a script that runs at this event? Cheap; r may be NULL. */
bool rules_has(const struct rules *r, enum rule_event_kind k);

/*
 * What the scripts say against what there is (rules_judge.c): names of queues, agents, teams, calendars, policies and fields that are not there are errors in actions, and
 * warnings in tests, which they make false; and what can never happen: rules_never() of rules_never.c. Templates when t is given.
 */
void rules_judge(const struct rules *r, const struct settings *s, struct arena *a, struct complaints *bad);
void rules_judge_templates(const struct rules *r, const struct templates *t, struct arena *a, struct complaints *bad);
/* Warnings of rules that can never match, and of those that an earlier one hides. */
void rules_never(const struct rules *r, struct arena *a, struct complaints *bad);

/* --- running ------------------------------------------------------------ */

struct rule_event {
	enum rule_event_kind kind;
	const struct message *message; /* NULL: none */
	const struct intake *in;       /* the same mail's; NULL */
	const struct ack_query *ack;   /* what is known of its writer; NULL: then only the requester's address is looked at */
	bool known;                    /* the writer is who he says: automatic answers may repeat his words */
	uint32_t seq;                  /* the article; 0 */
	enum status before;            /* the ticket's status before this mail; NONE: as it is */
	struct route_choice *routed;   /* whom rules chose, for the caller's notice, who tells him; NULL: he is told at once */
	int64_t idle_since;            /* when something happened last before this; 0: k->updated */
};
struct rule_result {
	bool acknowledge;              /* false after discard, redirect, reject, spam, and an answer of the rules' own */
	bool tell;                     /* agents are to be told of the mail: not of what was discarded or spam */
	bool queue, priority;          /* a rule decided that, if only that it stays */
	unsigned mails;
};
/* Changes *k, and does not put it. Only the store's errors go up. out may be NULL. */
int rules_run(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct rule_event *e, int64_t now, struct rule_result *out, struct err *err);
/* The same for an event that is not a mail's: status, agent-reply, sla-warning, sla-breach, idle, csat. */
int rules_at(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, enum rule_event_kind kind, int64_t now, struct err *err);

#endif

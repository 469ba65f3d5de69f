/* rules_private: what the files of the rules share. */
#ifndef DESK_RULES_PRIVATE_H
#define DESK_RULES_PRIVATE_H

#include "desk/rules.h"
#include "store/person.h"

struct rule_script {
	struct sieve *s;
	unsigned events;               /* bits 1 << enum rule_event_kind */
};
struct rules {
	struct arena a;
	struct rule_script *v;
	size_t n;
	unsigned events;               /* of any */
	struct str dir;
};

/* One run of the set over a ticket. */
struct rule_run {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	struct ticket *k;
	const struct rule_event *e;
	int64_t now;
	struct rule_result *out;
	const struct rules *r;
	struct sieve_mail mail;
	bool person_known;             /* person was looked for */
	struct person person;          /* the requester's; key empty: none */
	bool kept, gone;               /* in the script at hand: something keeps the ticket, something cancels that */
	const char *gone_tag;
	struct actor gone_who;
};

/* "10-billing.sieve:12" as the actor of what is done there. */
struct actor rule_actor(const struct rule_run *x, struct place at);
/* What was not done, or has no event of its own. */
void rule_tell(struct rule_run *x, const struct actor *who, struct str detail);
const struct person *rule_person(struct rule_run *x);

/* rules_values.c: what scripts may ask. */
void rule_context(struct rule_run *x, struct sieve_context *out);
/* rules_act.c: does all of it; -1 with the store's error. */
int rule_act(struct rule_run *x, const struct sieve_result *r);

/* rules_mail.c */
int rule_answer(struct rule_run *x, const struct sieve_action *c);
int rule_vacation(struct rule_run *x, const struct sieve_action *c);
int rule_reject(struct rule_run *x, const struct sieve_action *c);
int rule_redirect(struct rule_run *x, const struct sieve_action *c);
int rule_notify(struct rule_run *x, const struct sieve_action *c);
int rule_escalate(struct rule_run *x, const struct sieve_action *c);
int rule_webhook(struct rule_run *x, const struct sieve_action *c, struct str name);

/*
 * rules_mark.c: what was seen, until when: the memory of duplicate and vacation. Rows of the store (counters) that forget what is over when they are written
 * again, so there are never more than a fixed number of them.
 */
int mark_seen(struct txn *t, struct arena *a, struct str id, int64_t now, struct err *err); /* 1, 0, -1 */
int mark_put(struct txn *t, struct arena *a, struct str id, int64_t until, int64_t now, struct err *err);
/* The same for a run; while rules are only tried, what is seen stays in memory. */
int rule_seen(struct rule_run *x, struct str id);
int rule_mark(struct rule_run *x, struct str id, int64_t seconds);

#endif

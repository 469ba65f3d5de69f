/* ingest: what ingest.c and ingest_agent.c share: one mail on its way in. */
#ifndef DESK_INGEST_PRIVATE_H
#define DESK_INGEST_PRIVATE_H

#include "desk/bounce_match.h"
#include "desk/event.h"
#include "desk/identity.h"
#include "desk/people.h"
#include "desk/proof.h"
#include "desk/route.h"
#include "desk/rules.h"
#include "desk/thread.h"

struct job {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	const struct intake *in;
	const struct message *m;
	int64_t now;
	struct outcome *out;
	struct writer writer;
	struct authres auth;
	struct str automatic;  /* the sign that counts here; empty */
	bool returned;         /* a mail of ours */
	bool internal;         /* between helpd and its agents: a note on its ticket, which nobody is told of */
	struct proof proof;
	struct identity identity;
	uint64_t waiting;      /* its place in the quarantine; 0 */
	bool known_as_held;    /* it lay there for the same reason: everyone was told */
	struct person person;
	struct str key;        /* of the writer's address */
	bool is_report;        /* a report on a mail of ours: match is filled */
	struct bounce_match match;
	struct thread thread;
	const struct queue *queue;
	struct ticket k;
	struct actor who;
	struct route_choice routed; /* a new ticket: who got it */
	struct rule_result ruled;   /* what rules said, before anybody is told */
};

/* --- ingest.c --- */

void ingest_fate(struct job *j, enum fate fate);
/* The mail as it is, under a reason; one that lies there already stays. */
int ingest_quarantine(struct job *j, struct str reason, struct err *err);
/* Nothing of it is kept but that it was seen: out of a folder of sent mail. */
int ingest_skip(struct job *j, struct err *err);
/* It has left the quarantine, when it was there. */
int ingest_leave(struct job *j);
/* Ids and words of an article that was put under out->ticket. */
void ingest_index(struct job *j);
/* To which ticket the mail belongs, with what is known of its writer. */
int ingest_thread(struct job *j, struct err *err);

/* --- ingest_agent.c --- */

/* Whose it is: fills proof and identity. */
int ingest_identify(struct job *j, struct err *err);
/*
 * What is no customer's mail: held, an agent's own, or out of his folder of sent mail. 1: done with, the fate is set; 0: it goes the ordinary way, with
 * what was found out in j->thread, j->internal; -1.
 */
int ingest_agents(struct job *j, struct err *err);
/* The evidence beside that of thread_decide(): the ticket of a token. After ingest_thread(). */
int ingest_join_proof(struct job *j, struct err *err);
/* Agents are told of a customer's mail; a new ticket gets somebody before, where its queue says so. */
int ingest_notify(struct job *j, struct err *err);

#endif

/* agent_mail: what its files share: one mail of an agent on its way to what it asks for. */
#ifndef DESK_AGENT_MAIL_PRIVATE_H
#define DESK_AGENT_MAIL_PRIVATE_H

#include "desk/agent_mail.h"
#include "desk/command_private.h"
#include "desk/event.h"
#include "desk/held.h"
#include "desk/outbound.h"
#include "desk/people.h"

struct route_choice; /* desk/route.h */

struct visit {
	const struct agent_mail *x;
	struct desk *d;
	struct txn *t;
	struct arena *a;
	const struct message *m;
	const struct agent *agent;
	struct agent_result *out;
	struct ticket *k;              /* &out->k; NULL: the mail names none */
	struct command_block block;
	struct transcript told;
	struct command_run run;
	struct actor who;              /* "agent:anna", "row 9, article 5" */
	uint32_t source;               /* the article that keeps the mail; 0: not put yet */
	struct grant *confirm;         /* what waits; NULL */
	struct compose_attachment *files; /* to be sent on with the answer */
	size_t nfiles;
};

/* "row 9, article 5": the article that is put next. */
struct str visit_cause(const struct visit *v);
/* The mail itself, as an article of v->k that is never sent: its text, and what is odd about it. Counts, indexes by Message-ID. */
void visit_keep(struct visit *v, struct str text, struct str flag);
/* Readies v->run for v->k (NULL: none) and the block. */
void visit_run(struct visit *v);
/* Who answers a ticket that nobody has, has it: unless he may not work its queue any more. */
int visit_take(struct visit *v, struct err *err);
/* Puts the ticket and sends the transcript, if there is anything to tell. */
int visit_end(struct visit *v, struct err *err);
/* Nothing was done: says so in the ticket's history, keeps the mail. */
int visit_refused(struct visit *v, struct err *err);
/* Does it end something, so that what may go wrong only later would go wrong unseen? */
bool visit_is_final(const struct command_block *b);
/* The lines of commands as written: all that is kept as the text of a mail whose words are an answer. */
struct str visit_commands(const struct visit *v);
/* The name under his answers. */
struct str visit_name(const struct agent *x);

/* agent_answer.c: the files to be sent on. One that is not at hand is told, as refused. */
void answer_files(struct visit *v);
/* The text of v->run as an answer to the customer. hold: why it waits; empty. An answer that cannot be made is told, and *outbox is 0. outbox may be NULL. */
int answer_write(struct visit *v, struct str hold, uint64_t *outbox, struct err *err);
/* Whoever would get it: false when there is nobody. */
bool answer_reaches(const struct visit *v);
/* What the agent had not seen when he wrote (articles of v->k), told as lines of the transcript; how many, -1. */
int answer_missed(struct visit *v, struct str *words, struct err *err);

/* agent_wait.c: the mail waits for #send; and #send. */
int wait_begin(struct visit *v, bool answer, struct str why, struct str missed, struct err *err);
/* Only its commands wait: the ticket that they are for was opened. */
void wait_commands(struct visit *v);
int wait_end(struct visit *v, struct err *err);
/* Is this mail the answer to our question whose ticket it is? */
bool wait_asks_requester(const struct visit *v);
/* A one-time token with which the agent may say whose ticket v->k is. */
void wait_ask_requester(struct visit *v);

/* agent_elsewhere.c: answers written elsewhere. */
bool fresh_is_elsewhere(struct visit *v);
int fresh_elsewhere(struct visit *v, struct err *err);
/* agent_forward.c: a customer's mail that he forwards. */
bool fresh_is_forward(const struct visit *v);
int fresh_forward(struct visit *v, struct err *err);
/* agent_fresh.c: mail that names no ticket. */
int fresh_mail(struct visit *v, struct err *err);
/* He asked for the ticket himself, a colleague answered, and he writes back: as a customer does. */
bool fresh_is_requester(const struct visit *v);
int fresh_requester(struct visit *v, struct err *err);
/* A ticket in memory, of the queue that the mail was sent to; in the store, with its number; its requester counted. */
void fresh_draft(struct visit *v, const struct address *requester, struct str subject);
int fresh_open(struct visit *v, struct err *err);
int fresh_count(struct visit *v, const struct address *x, struct person *p, struct err *err);
bool fresh_is_colleague(const struct visit *v, struct str addr);
/* The agent, as who writes. */
struct address fresh_me(const struct visit *v);
/* What opens a ticket, or joins it, as a mail that came in. */
struct arrival {
	struct address author;
	struct str text, subject, message_id, evidence;
	int64_t date;
};
/* As the next article of v->k, which is v->source then. */
void fresh_put(struct visit *v, const struct arrival *w);
/* What the mail refers to, where it did not join it. */
int fresh_link(struct visit *v, struct err *err);
/* His commands, looked at before the ticket exists: 1, 0 refused, -1; and carried out, but for those that only a confirmation allows, which wait. */
int fresh_check(struct visit *v, struct err *err);
int fresh_carry_out(struct visit *v, struct err *err);
/* Who gets it, if nobody has it: routed, whom a rule chose (NULL, or with no agent: none); and the notice of the new ticket. */
int fresh_tell(struct visit *v, const struct route_choice *routed, struct err *err);
/* agent_log.c: only commands that need no ticket? They are answered. */
bool fresh_only_asks(const struct visit *v);
int fresh_alone(struct visit *v, struct err *err);
/* Kept as a note of v->k, or of the agent's own log; nothing else is done. */
int fresh_kept(struct visit *v, struct err *err);
/* The ticket that keeps what an agent asks for without a ticket. */
int fresh_log(struct visit *v, struct err *err);

#endif

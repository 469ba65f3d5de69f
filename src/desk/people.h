/*
 * people: who writes, who takes part, who is counted.
 */
#ifndef DESK_PEOPLE_H
#define DESK_PEOPLE_H

#include "desk/ingest.h"
#include "desk/event.h"
#include "store/person.h"

enum { PEOPLE_MAX = 64 /* who take part; as many again proposed */ };

/* Whose words a mail is. */
struct writer {
	struct address address;     /* From; of a form or of a list that rewrites From: Reply-To. addr may be empty */
	struct address from;        /* what From says, whoever's words they are */
	bool form;                  /* came from a configured form sender */
	bool own;                   /* one of our own addresses, and no form's or list's */
	bool desk;                  /* one of the desk's addresses */
	bool own_list;              /* came through one of own_lists: its list signs do not count */
};
void people_writer(struct arena *a, const struct settings *s, const struct message *m, struct writer *out);

/* One of the ticket's requester, To and Cc (of its first mail); somebody merely proposed is not. */
bool people_takes_part(const struct ticket *k, struct str addr);
/* The requester and, of the first mail, To and Cc without our own addresses. */
void people_first(struct arena *a, const struct settings *s, struct ticket *k, const struct writer *w, const struct message *m);
/* A later mail's To and Cc: those who are new are proposed to the agent. How many. */
size_t people_propose(struct arena *a, const struct settings *s, struct ticket *k, const struct message *m);

/* Counts a mail (and a ticket) of this address, makes the row at first sight; *out is the row as it is now. key: of the address. */
int people_wrote(struct txn *t, struct arena *a, const struct address *x, struct str key, struct str language, bool opened, int64_t now, struct person *out, struct err *err);
/* Somebody at the desk wrote to this address: it is known from now on. agent: his name, to be the customer's last agent; empty: no agent in particular. */
int people_answered(struct txn *t, struct arena *a, const struct address *x, struct str agent, int64_t now, struct err *err);
/* Which agent answered this address last; empty: none that is known. */
int people_last_agent(struct txn *t, struct arena *a, struct str addr, struct str *agent, struct err *err);
/* A hard bounce: no automatic mail to it until somebody's mail arrives there again. 1 when it is news. */
int people_suspend(struct txn *t, struct arena *a, struct str addr, struct str why, int64_t now, struct err *err);
int people_resume(struct txn *t, struct arena *a, struct str addr, struct err *err);

#endif

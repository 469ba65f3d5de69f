/*
 * thread: to which ticket a mail belongs, and by what evidence. Decides; writes nothing.
 *
 * Strongest first: a token in the recipient address; Message-IDs named by In-Reply-To and References (our own with a token, or stored ones: every
 * id ever named is indexed, seen or not); the subject's number, which counts only from someone who takes part.
 *
 * Tickets that were opened because of each other form a family (they are linked; see desk/family.h). Ids of one family do not conflict: the nearest
 * named ticket in which the writer takes part gets the mail. Ids of several families do, and open a ticket linked to all of them. So the
 * families are exactly what the headers alone say, in whatever order the mails arrive, while a ticket holds only what its own people wrote.
 */
#ifndef DESK_THREAD_H
#define DESK_THREAD_H

#include "desk/ingest.h"
#include "desk/token.h"
#include "store/ticket.h"

enum verdict {
	THREAD_NEW,     /* nothing names a ticket */
	THREAD_JOIN,    /* .ticket gets the article */
	THREAD_LINKED,  /* a new ticket, linked to .links */
};

struct thread_query {
	const struct message *message;
	struct str writer;          /* whose words these are: From, or a form's Reply-To */
	struct str envelope_recipient;
	bool desk;                  /* the writer is one of the desk's addresses, or our own */
	bool automatic;
	int64_t now;
};

enum { THREAD_LINKS_MAX = 16 };

struct thread {
	enum verdict verdict;
	struct ticket ticket;       /* JOIN: as stored, merges followed */
	bool reopen;                /* JOIN: a resolved ticket becomes open */
	bool thanks;                /* JOIN: would reopen, were it more than thanks */
	struct str evidence;        /* for the article: "token", "token <id>", "references <id>", "subject #17", "new", "stranger: references <id>" … */
	struct str flag;            /* why to distrust it; its writer gets no mail then */
	uint64_t links[THREAD_LINKS_MAX]; /* one ticket of each further family; JOIN and LINKED */
	size_t nlinks;
	struct strs unknown;        /* Message-IDs named (the mail's own too) that no ticket holds yet: to be indexed under where it lands */
};

int thread_decide(const struct desk *d, struct txn *t, struct arena *a, const struct thread_query *q, struct thread *out, struct err *err);

/* The key under which a mail's own id is indexed once more when another ticket holds it already: only its writer finds it there. */
struct str thread_own_key(struct arena *a, struct str id, struct str writer);

#endif

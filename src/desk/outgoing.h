/*
 * outgoing: one way out for all mails to customers: rendered, composed, stored. What differs between an acknowledgement, an answer and
 * the notice of a status is in struct outgoing. Private to outbound*.c.
 */
#ifndef DESK_OUTGOING_H
#define DESK_OUTGOING_H

#include "desk/outbound.h"
#include "desk/view.h"

struct outgoing {
	const char *kind;  /* of the outbox row */
	const char *name;  /* of the template */
	const char *plain; /* when no template can be rendered; NULL: an error */
	enum { BY_PERSON, BY_REPLY, BY_NOTICE } automatic;
	struct addresses to, cc;
	struct addresses hidden; /* agents who take part in a customer's ticket: they get the mail, and their own addresses stand nowhere in it */
	const struct queue *queue;
	struct view view;
	struct strs references; /* the last one is what is answered */
	struct str subject;     /* instead of the template's; empty */
	struct str hold;        /* why the row waits; empty */
	struct str sign;        /* the article's `automatic` */
	struct str author;
	struct actor who;
	const struct compose_attachment *files;
	size_t nfiles;
	uint32_t seq;    /* out */
	uint64_t outbox; /* out */
};

/* Queue, ticket and language of the view. */
void outgoing_view(struct desk *d, struct outgoing *o, const struct ticket *k);
/* To: the requester; Cc: who else takes part. */
void outgoing_people(struct arena *a, const struct ticket *k, struct outgoing *o);
/*
 * Writes article, bytes and row, and counts the article. ERR_INVAL, ERR_PERM: the mail cannot be made, and nothing was written. Whatever an answer
 * says of the desk's inside (outbound_guard.c) is out of it then.
 */
int outgoing_put(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct outgoing *o, int64_t now, struct err *err);

/* The mail becomes what later mails refer to. */
void outgoing_chain(struct arena *a, struct ticket *k, struct str message_id);
void outgoing_index(struct desk *d, struct arena *a, uint64_t ticket, struct str text);
/* "a@x, b@y" */
struct str outgoing_names(struct arena *a, const struct addresses *to, const struct addresses *cc);
/* What a person's answer does to a ticket, from when it is on its way: first response, who is known, the history. */
int outgoing_stamp(struct txn *t, struct arena *a, struct ticket *k, const struct addresses *to, const struct addresses *cc, enum event_kind kind,
    const struct actor *who, int64_t now, struct err *err);

/*
 * What is of the desk alone and may stand in an agent's words: addresses of agents (unless one takes part in this ticket) become the queue's; lines of a notice that
 * are quoted, its tokens and its address go. outbound_guard.c.
 */
struct str guard_text(struct arena *a, const struct settings *s, const struct ticket *k, struct str text);
/* The same for HTML; empty when lines of a notice are in it: then it is made of the text. */
struct str guard_html(struct arena *a, const struct settings *s, const struct ticket *k, struct str html);

#endif

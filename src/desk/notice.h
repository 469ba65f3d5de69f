/*
 * notice: what helpd writes to agents. An ordinary mail from the queue's address that can be read and answered in any client; it is no article of the ticket, only
 * an outbox row (kind "notice", "transcript", "challenge", "alert") and an event.
 *
 * Each goes to one agent, with a token of its own (store/grant.h) in Reply-To and Message-ID: the answer to it is the agent's answer to the customer. All mails of a ticket to
 * an agent hang on one made-up reference, so every client shows them as one conversation.
 *
 * To whom: the assignee, and while he is away (desk/away.h) also those who look after the queue; without one, these. Never to who caused it, never to somebody who may not see the queue, never
 * to an agent with `notices "no"` (transcripts, challenges and alerts do go there).
 *
 * At most settings.notices_per_hour (120) notices to one agent; the rest is gathered in one digest, due when the hour is over; none is dropped.
 */
#ifndef DESK_NOTICE_H
#define DESK_NOTICE_H

#include "desk/agent.h"
#include "desk/event.h"
#include "desk/ingest.h"
#include "store/grant.h"
#include "store/outbox.h"

#define NOTICES(X) \
	X(NEW, "new", "a new ticket") \
	X(FOLLOWUP, "followup", "the customer wrote again") \
	X(ASSIGNED, "assigned", "a ticket was assigned to the agent") \
	X(TAKEN, "taken", "a ticket of the agent's was assigned to somebody else") \
	X(MENTION, "mention", "@agent in a note") \
	X(FAILED, "failed", "an answer will not arrive, or came back") \
	X(STATUS, "status", "a ticket of the agent's changed by somebody else's hand, or by time") \
	X(AWOKE, "awoke", "a snoozed ticket is back") \
	X(CHILD, "child", "a sub-ticket was resolved") \
	X(SLA, "sla", "a target is near or missed") \
	X(REMINDER, "reminder", "a ticket waits")
#define X_ENUM_NOTICE(id, name, doc) NOTICE_##id,
struct route_choice; /* desk/route.h */
enum notice_kind { NOTICES(X_ENUM_NOTICE) NOTICE_COUNT };
const char *notice_name(enum notice_kind k);

struct notice {
	enum notice_kind kind;
	uint32_t seq;                 /* the article it shows; 0: the newest of the customer's */
	struct actor who;             /* who caused it: an agent among the recipients is left out when this is "agent:NAME" */
	const struct agent *to;       /* only this one (mention, assigned); NULL: assignee, else the queue's people */
	const struct agent **list;    /* or these, nlist of them */
	size_t nlist;
	struct str detail;            /* one line for the header: "assigned to you by Ben", the server's words … */
	struct str moved_from;        /* NEW: it is new to this queue, and was in that one; empty */
	const struct route_choice *route; /* how it came to its assignee; beyond his capacity: the notice says which ticket he may set aside. NULL */
	const struct intake *in;      /* its attachments' contents are carried along (intake.files); NULL: they are listed */
};
/*
 * Begins each line of a notice that is helpd's own, between the markers of mail/reply_marker.h; no line of the customer's begins so, for it is changed
 * there. What of them is left in an answer is taken out (outbound_guard.c).
 */
#define NOTICE_BAR "\xc2\xa6" /* ¦ */

/* Writes the mails; an agent over his limit gets a line in the digest. Adds one event; the caller puts k. Only the store's errors go up. How many mails: *n (may be NULL). */
int notice_send(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct notice *x, int64_t now, size_t *n, struct err *err);

/* How an actor is called in a notice: an agent's full name; else the name as it is ("cli:root", "rule"). */
struct str notice_who(const struct settings *s, const struct actor *who);
/*
 * A mail of ours will not reach addr (row), words: the server's. To who wrote that answer, else to whom notices of k go. Of an acknowledgement or such only when
 * gone: the address does not exist. Nothing for mails to agents themselves.
 */
int notice_failed(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct outbox *row, struct str addr, struct str words, bool gone, int64_t now,
    struct err *err);

/*
 * One mail to one agent by a template of that name, whatever the limits: transcript, challenge, alert. data: further values beside those of view.h
 * (agent, ticket when k is given, queue, site). g: NULL: no token, and Reply-To is the plain address; else it is put here (nonce, created, expires are set when 0).
 * plain: the words when no template can be rendered. k may be NULL; it is not put, its event is the caller's.
 */
struct agent_mail_out {
	const char *kind;             /* of the outbox row */
	const char *template;
	const struct agent *to;
	const struct ticket *k;
	struct str subject;           /* when the template has none */
	struct value *data;
	struct grant *grant;
	struct str in_reply_to;       /* the agent's mail that is answered; may be empty */
	struct str plain;
	const struct compose_attachment *files;
	size_t nfiles;
};
int notice_mail(struct desk *d, struct txn *t, struct arena *a, const struct agent_mail_out *x, int64_t now, uint64_t *outbox, struct err *err);

/*
 * Before ingest(), in a parser thread: should the contents of this mail's attachments be fetched from the jail into intake.files? True for mail from an agent's
 * address (up to NOTICE_FILES_MAX), and, when there are agents to be notified, for others whose attachments are at most settings.notice_attachments in all.
 */
enum { NOTICE_FILES_MAX = 20 << 20 /* bytes in all: what an answer can carry within the memory that there is */ };
bool notice_wants_files(const struct settings *s, const struct message *m);

#endif

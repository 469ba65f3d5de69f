/*
 * identity: is this mail from an agent, and what may it do? One decision over values; reads and writes nothing.
 *
 * The table applies only where From, or a token in the mail, is an agent's. First match wins:
 *
 *    1  not exactly one From, unparsable, contradicting results         none    stored as untrusted
 *    2  bounce, or Auto-Submitted other than "no"                       none    an internal event
 *    3  valid token, but From is not that agent                         none    held; the agent is told, the token revoked
 *    4  S/MIME signature by the agent's pinned certificate, fresh       strong  everything the agent may
 *    5  dmarc=fail                                                      none    held; alert
 *    6  no trusted result, no token                                     none    held; at most one challenge an hour
 *    7  no trusted result, valid token                                  weak    internal note; an answer waits for #send
 *    8  dmarc=pass (or a trusted auth=pass naming him), no token        medium  new ticket, note, take, list; an answer waits for #send
 *    9  the same and the matching token                                 good    answer, status, assign, tag, queue, priority
 *   10  9 and a one-time confirmation                                   strong  merge, change requester or Cc, bulk, erase, export
 *
 * Row 1 is also: a display name or a Sender that shows an agent's address beside a From of somebody else, a From that only looks like an agent's
 * (mail/lookalike.h), and a trusted auth=pass that names another agent than From. Row 2 is any sign that no person wrote it (RELIABILITY §4).
 * A token counts that has not expired and was not revoked, and, where it stands only in a Message-ID, whose mail is no forward.
 *
 * auth=pass names an agent when smtp.auth is one of his addresses, or, without an "@", the local part of his address in From, and that is in
 * one of our own domains: a login of our own mail system says nothing of people elsewhere.
 *
 * Row 4 proves the words, not what they answer: agent_mail.c lets an answer without a command in it, and without a token, wait for #send.
 *
 * `trust "token"` lets row 7 act as row 9. The right to the ticket's queue (desk/agent.h) is asked afterwards, by who acts.
 */
#ifndef DESK_IDENTITY_H
#define DESK_IDENTITY_H

#include "desk/agent.h"
#include "desk/authres.h"
#include "desk/people.h"
#include "store/grant.h"

enum level { LEVEL_NONE, LEVEL_WEAK, LEVEL_MEDIUM, LEVEL_GOOD, LEVEL_STRONG };
const char *level_name(enum level l);

struct identity_query {
	const struct settings *settings;
	const struct message *message;
	const struct writer *writer;
	const struct authres *auth;
	struct str automatic;        /* as ingest() weighed it; empty */
	const struct grant *grant;   /* whose token verified, of the ticket it names; NULL. Expired, used and revoked ones too: judged here */
	bool by_address;             /* the token stood in a recipient's address, not only in a Message-ID */
	bool signature_spent;        /* this S/MIME signature was accepted before */
	struct str confirmed;        /* agent.name: he was asked whether this mail is his, and said so (desk/held.h); what would be row 6 is row 7 */
	int64_t now;
};

struct identity {
	bool concerns;               /* false: neither From nor token is an agent's; then only `why` may be set: a dead token was there */
	unsigned row;                /* 1 to 10 */
	enum level level;
	const struct agent *agent;   /* whose right it is; of rows that hold: whose name was used; NULL when From is no agent's */
	const struct agent *told;    /* row 3: the token's */
	bool token;                  /* a valid, unexpired, unrevoked token of this agent is there */
	bool confirmed;              /* … and it is a one-time one, unused: CONFIRM */
	bool as_nine;                /* row 7 under trust "token" */
	struct str why;              /* "row 6: no trusted result and no token": for history, quarantine and `helpd why` */
};

enum { SMIME_FRESH = 48 * 60 * 60 * 1000 /* ms: older signatures are no proof; so are those from more than 10 minutes ahead */ };

void identity_decide(struct arena *a, const struct identity_query *q, struct identity *out);

/* What the row lets the agent do. Commands name the least level they need (desk/command.h). */
static inline bool
identity_may(const struct identity *i, enum level least)
{
	return i->level >= least;
}

#endif

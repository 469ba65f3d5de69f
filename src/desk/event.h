/*
 * event: the vocabulary of the audit history, and writing it.
 *
 * One table yields enum, names and documentation (helpd-json(7)). Names are stored: never rename one, only add.
 */
#ifndef DESK_EVENT_H
#define DESK_EVENT_H

#include "store/ticket.h"

#define EVENTS(X) \
	X(CREATED, "created", "the ticket was opened; cause: the evidence that did not join it to another") \
	X(ARTICLE, "article", "a mail, an answer or a note was added; cause: the evidence") \
	X(DUPLICATE, "duplicate", "the content of an article arrived again; nothing was added") \
	X(OWN, "own-mail", "a mail of ours came back") \
	X(STATUS, "status", "old -> new") \
	X(REOPENED, "reopened", "a resolved ticket is open again") \
	X(THANKS, "thanks", "a bare thank-you, which reopens nothing") \
	X(PRIORITY, "priority", "old -> new") \
	X(QUEUE, "queue", "old -> new") \
	X(ASSIGNEE, "assignee", "old -> new") \
	X(SUBJECT, "subject", "old -> new") \
	X(ROUTED, "routed", "somebody was looked for to have the ticket, and nobody was free; detail: why") \
	X(TAG, "tag", "+added -removed") \
	X(LINK, "link", "another ticket: follows #17, followed-by #18, related #19") \
	X(PARTICIPANT, "participant", "somebody takes part, or was proposed") \
	X(ACKNOWLEDGED, "acknowledged", "an acknowledgement was written; detail: to whom, and held when it waits") \
	X(NOT_ACKNOWLEDGED, "not-acknowledged", "detail: why not") \
	X(ANSWERED, "answered", "an answer was written; detail: to whom") \
	X(NOTIFIED, "notified", "a notice of a change was written; detail: to whom") \
	X(NOTE, "note", "an internal note was added") \
	X(RETRIED, "retried", "somebody had a mail tried again or released it") \
	X(DELIVERY_FAILED, "delivery-failed", "a mail will not arrive; detail: recipient and the server's words") \
	X(COPY_FAILED, "copy-failed", "an answer was sent, but is not in the folder of sent mail; detail: article, folder and the server's words") \
	X(HOOK_FAILED, "webhook-failed", "a webhook was not told of something; detail: webhook, event and the server's words") \
	X(CLASSIFY, "classify", "what was learned of earlier tickets suggests; detail: field, value and probability") \
	X(AMBIGUOUS, "ambiguous", "a mail was handed over without an answer; it is sent again with the same bytes") \
	X(BOUNCE, "bounce", "a delivery report for a mail of this ticket; detail: recipient, status, reason") \
	X(SUSPENDED, "suspended", "automatic mail to an address stops after a hard bounce") \
	X(HELD, "held", "a mail in an agent's name without the proof was put aside; detail: the row") \
	X(CHALLENGED, "challenged", "an agent was asked whether a mail is his") \
	X(REVOKED, "revoked", "a token counts no more; detail: whose and why") \
	X(CONFIRMED, "confirmed", "an agent's #send: what waited is done") \
	X(WAITS, "waits", "an agent's answer or command waits for his #send; detail: why") \
	X(DISCARDED, "discarded", "what waited was given up") \
	X(REFUSED, "refused", "an agent's mail was not carried out; detail: why") \
	X(NOTICE, "notice", "agents were written to: new, followup, assigned, mention …; detail: to whom") \
	X(ELSEWHERE, "answered-elsewhere", "an agent answered the customer directly") \
	X(MENTION, "mention", "an agent was named in a note") \
	X(FIELD, "field", "name: old -> new") \
	X(TIME, "time", "working time was added; detail: how much, and the sum") \
	X(REQUESTER, "requester", "old -> new") \
	X(SNOOZED, "snoozed", "until when") \
	X(AWOKE, "awoke", "a snoozed ticket is back") \
	X(MERGED, "merged", "into #17, or #17 into this one") \
	X(SPLIT, "split", "article 3 to #17, or from #16 article 3") \
	X(CHILD, "child", "a sub-ticket: opened, resolved, reopened") \
	X(UNLINK, "unlink", "another ticket") \
	X(MACRO, "macro", "a prepared text was put into an answer") \
	X(KB, "kb", "an article of the knowledge base was used or made") \
	X(RESENT, "resent", "an answer that failed is sent again") \
	X(SLA, "sla", "what is promised: which targets are due when, and why that changed; cause: the policy's file:line") \
	X(SLA_WARNING, "sla-warning", "so much of a target's time is used; detail: target, when it is due") \
	X(SLA_BREACH, "sla-breach", "a target was missed; detail: target, when it was due") \
	X(ESCALATED, "escalated", "a step of the ladder; detail: target, at what, what was done; cause: its file:line") \
	X(REMINDED, "reminded", "a ticket waits for us; detail: how long") \
	X(SILENCE, "silence", "the customer was told that the ticket will be resolved; detail: to whom, when") \
	X(IDLE, "idle", "nothing happened for so long; detail: how long") \
	X(RULE, "rule", "what a rule had to say: an action that could not be done, an answer that was not sent, an error; cause: its file:line") \
	X(UNDONE, "undone", "an agent took his change back; detail: the event's number and what is so again") \
	X(ERASED, "erased", "a person was erased (helpd erase); detail: his number from then on") \
	X(PURGED, "purged", "the ticket was kept for as long as purge_after says, and only its stub is left; cause: queue and setting")

#define X_ENUM_EVENT(id, name, doc) EVENT_##id,
enum event_kind { EVENTS(X_ENUM_EVENT) EVENT_COUNT };

const char *event_name(enum event_kind k);
const char *event_doc(enum event_kind k);

/* Who did it, and what made him: "cli:root", "customer:ann@example.org", "system"; a rule's file:line, a command. */
struct actor {
	struct str name;
	struct str cause;
};
#define ACTOR_SYSTEM ((struct actor){.name = {"system", 6}})

/* Appends to the ticket's history and counts it in k->events; the caller puts k. */
void event_add(struct txn *t, struct ticket *k, enum event_kind kind, const struct actor *who, struct str detail, int64_t now);

#endif

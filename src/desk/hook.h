/*
 * hook: what happens, told to other programs: a small JSON document posted to a URL of helpd.conf (webhook "ops" { url … }).
 *
 * A post is a row of the outbox, of kind "webhook", with its bytes, written in the transaction that caused it; its transport is "webhook:NAME". Claim, journal, retries, what is
 * ambiguous and `helpd outbox` are those of mail. The document has an id that stays the same over all tries: a receiver that has seen it ignores it. What becomes of a post
 * changes nothing of the ticket but its history.
 *
 * The signature (app/carrier.c) is made when it is sent:
 *
 *   X-Helpd-Delivery: ID
 *   X-Helpd-Event: new
 *   X-Helpd-Signature: t=1772357400,v1=HEX    HMAC-SHA-256 with the secret over "1772357400.BODY"
 */
#ifndef DESK_HOOK_H
#define DESK_HOOK_H

#include "desk/event.h"
#include "desk/ingest.h"
#include "store/outbox.h"

/* What a webhook's `events` may name: at these it is posted to without any rule. Names are documented in helpd.conf(5). */
#define HOOK_EVENTS(X) \
	X(NEW, "new", "a ticket was opened") \
	X(FOLLOWUP, "followup", "the customer wrote again") \
	X(AGENT_REPLY, "agent-reply", "an answer to the customer was written") \
	X(NOTE, "note", "an internal note was added") \
	X(STATUS, "status", "the status changed") \
	X(PRIORITY, "priority", "the priority changed") \
	X(QUEUE, "queue", "the queue changed") \
	X(ASSIGNEE, "assignee", "the assignee changed") \
	X(SLA_WARNING, "sla-warning", "so much of a target's time is used") \
	X(SLA_BREACH, "sla-breach", "a target was missed") \
	X(ESCALATED, "escalated", "a step of the ladder was taken") \
	X(IDLE, "idle", "nothing happened for long") \
	X(MERGED, "merged", "a ticket was merged into another") \
	X(DELIVERY_FAILED, "delivery-failed", "a mail will not arrive")
#define X_ENUM_HOOK(id, name, doc) HOOK_##id,
enum hook_event { HOOK_EVENTS(X_ENUM_HOOK) HOOK_EVENT_COUNT };
const char *hook_event_name(enum hook_event e);
const char *hook_event_doc(enum hook_event e);

enum {
	HOOK_TEXT_MAX = 10000, /* bytes of an article's new text that are posted */
	HOOK_BODY_MAX = 256 << 10,
};

bool hook_is(const struct outbox *row);
/* "ops" of a row. */
struct str hook_name(const struct outbox *row);
/* "new": what its event was; X-Helpd-Event. */
struct str hook_event_of(const struct outbox *row);

/*
 * Writes the row: the document is made here and now. k was put (it has a number); it is not put here, and nothing is added to its history. event: what happened, a word of
 * letters, digits and "-", such as one of HOOK_EVENTS or "rule". data: an object or a string of the caller's, under "data"; may be NULL. seq: the article that
 * it is about, 0: none. who: actor and cause. ERR_INVAL when there is no webhook of that name; else only the store's errors.
 */
int hook_post_article(struct desk *d, struct txn *t, struct arena *a, const struct ticket *k, struct str name, struct str event, uint32_t seq, const struct value *data,
    const struct actor *who, int64_t now, struct err *err);
/* The same, about the ticket's newest article of the customer's. */
int hook_post(struct desk *d, struct txn *t, struct arena *a, const struct ticket *k, struct str name, struct str event, const struct value *data,
    const struct actor *who, int64_t now, struct err *err);
/*
 * The webhook whose URL this is; NULL. For `notify "https://…"` of a rule (RFC 5435): a rule can post to the URLs that helpd.conf names and to no others, for what a rule
 * makes of a mail's words must not choose whom the desk talks to.
 */
const struct hook *hook_by_url(const struct settings *s, struct str url);

/*
 * Posts what happened in this transaction to the webhooks that have its event among theirs. After everything else that the transaction does (desk/settle.h). Costs nothing
 * where there is none.
 */
int hook_settle(struct desk *d, struct txn *t, struct arena *a, const struct event_ref *v, size_t n, int64_t now, struct err *err);
/* Does settings name any event of any webhook? */
bool hook_any(const struct settings *s);

/* It was refused or given up: told in the history of k, and to admins, once an hour and webhook. Does not put k. */
int hook_failed(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct outbox *row, struct str words, int64_t now, struct err *err);

/* The document, without a store: for tests. article may be NULL. */
struct hook_document {
	struct str id, event, site;
	int64_t at;
	const struct ticket *ticket;
	const struct article *article;
	bool text;              /* with subject and text; else without the words of anybody */
	const struct value *data;
	struct actor who;
};
void hook_document(struct arena *a, const struct hook_document *x, struct buf *out);

/* t=…,v1=… of a body at that second. */
struct str hook_signature(struct arena *a, struct str secret, int64_t seconds, struct str body);

#endif

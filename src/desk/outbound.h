/*
 * outbound: mails of ours. Rendered, composed and stored (article, bytes, outbox row, Message-ID) in the transaction that causes them; what is
 * sent later is fixed here.
 *
 * To whom: the requester and those who take part by the ticket's first mail (or by an agent's word). Never an own address, never someone merely proposed.
 */
#ifndef DESK_OUTBOUND_H
#define DESK_OUTBOUND_H

#include "desk/event.h"
#include "desk/ingest.h"
#include "mail/compose.h"
#include "store/outbox.h"

/*
 * The acknowledgement of article seq (of message m) to one address. Whether it may be sent was decided before (desk/limits.h). hold: when not empty, the row
 * is held and says why. known: an address neither known nor verified gets fixed words only. Sets k->acknowledged, adds the event.
 * When no template can be rendered, plain words take its place: silence is worse.
 */
int outbound_ack(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct message *m, const struct address *to, bool known,
    struct str hold, int64_t now, struct err *err);

struct answer {
	struct str text;            /* UTF-8, LF; what was written, without signature or quote */
	struct str author;          /* the agent's name, for the template; may be empty */
	struct actor who;           /* for the history */
	enum status status;         /* to be set with it, told in the same mail; STATUS_NONE: a new ticket becomes open, others stay */
	bool quote;                 /* quote what is answered */
	struct str html;            /* the same words as HTML that is safe to send; empty: made of text */
	struct str signature;       /* the agent's; empty: the queue's */
	const struct compose_attachment *files;
	size_t nfiles;
	struct str hold;            /* not empty: the mail waits for outbound_release() and this says why. No status is set then, nothing is stamped */
};
/*
 * An answer of a person to the ticket's people, from the queue's address. Puts the ticket. ERR_INVAL when it has nobody to write to, when it was
 * merged, or when the text is empty. seq, outbox: the article and the row; either may be NULL.
 */
int outbound_answer(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct answer *w, int64_t now, uint32_t *seq, uint64_t *outbox,
    struct err *err);

/*
 * A held answer goes out: its row is queued, the article's event written, first response and the people stamped as if it had been written now. Puts nothing: the
 * caller puts k. ERR_NOENT when the row is gone or no longer held.
 */
int outbound_release(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint64_t outbox, const struct actor *who, int64_t now, struct err *err);
/*
 * An answer that failed is sent once more, to those whom it did not reach and who still take part. Refused for good (5xx): by a new row with the same bytes, which the
 * article names from then on. Puts nothing: the caller puts k. ERR_NOENT: it has not failed; ERR_INVAL: nobody is left.
 */
int outbound_again(struct txn *t, struct arena *a, struct ticket *k, uint64_t outbox, const struct actor *who, int64_t now, struct err *err);
/* It is given up: the row goes, the article stays and says so. */
int outbound_discard(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, uint64_t outbox, const struct actor *who, int64_t now, struct err *err);
/* An answer that was written elsewhere, by an agent's own mail to the customer: an article of direction out, without a row. Stamps like an answer. in: the mail. */
int outbound_elsewhere(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct intake *in, const struct agent *by, const struct actor *who, int64_t now,
    uint32_t *seq, struct err *err);
/* Is this mail recorded so already? It may come by two ways, with other headers in front: Message-ID and words are the same. 1 with *seq, 0, -1. */
int outbound_find_elsewhere(struct txn *t, struct arena *a, const struct ticket *k, const struct message *m, uint32_t *seq);

/*
 * Tells the requester that the status changed: template "closed" for resolved and closed, else "status". Automatic mail: limits apply, and an
 * address that is suspended gets none. Does not put the ticket. 1 written (perhaps held), 0 not (the event says why), -1.
 */
int outbound_status(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, enum status old, const struct actor *who, int64_t now, struct err *err);

/*
 * Tells the requester that his ticket will be resolved at `at` unless he writes: template "reminder". Automatic mail as outbound_status() writes. Does not put the
 * ticket. 1, 0, -1.
 */
int outbound_reminder(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, int64_t at, const struct actor *who, int64_t now, struct err *err);

/* What stands before the subject of every mail of a ticket. */
struct str outbound_label(struct arena *a, const struct settings *s, const struct ticket *k); /* "[Acme #1042]" */

#endif

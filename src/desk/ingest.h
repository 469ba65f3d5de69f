/*
 * ingest: one message becomes part of a ticket, in one transaction.
 *
 *   ledger fate · identity · loop class · thread · rules · timers · outbox rows
 *
 * All that can be computed beforehand (hashes, compression, parsing) is in struct intake, so the writer only decides and writes.
 */
#ifndef DESK_INGEST_H
#define DESK_INGEST_H

#include "desk/settings.h"
#include "desk/template.h"
#include "mail/message.h"
#include "store/ledger.h"
#include "store/term.h"

struct keyring; /* desk/token.h */

/* What the desk needs at hand; the writer owns it. */
struct desk {
	const struct settings *settings;
	struct templates *templates;
	const struct keyring *keys;
	struct term_batch *terms;       /* gathers search terms; the caller puts it once a commit */
	unsigned ruling;                /* rules are at work: how deep (desk/rules.h) */
	struct rehearsal *rehearsal;    /* they are only tried (desk/rehearse.h); NULL: they are not */
	bool defer_terms;               /* this commit leaves them for a later one: the caller notes the articles (unindexed_put) */
};

struct intake {
	struct source_key source;
	struct str mailbox_queue;       /* the queue configured for the mailbox; may be empty */
	struct str channel;             /* "mail", or what `helpd deliver --channel` said */
	bool begin_old;                 /* of a folder's first reading: acknowledged only by acknowledge_within */

	uint64_t size;                  /* bytes of the raw mail */
	unsigned char sha256[SHA256_SIZE];  /* of the raw mail */
	unsigned char content[SHA256_SIZE]; /* message_content_hash() */
	struct str packed;              /* blob_pack() of the raw mail; for an oversize stub: of what was fetched of it */
	const struct message *message;  /* NULL: refused by the jail → quarantine */
	struct str refused;             /* why */
	bool oversize;                  /* message was made from its header only; the original stays at the source */

	uint64_t retried;               /* a quarantined mail that is tried again: its id. The key's fate may then change from FATE_QUARANTINE, and
	                                 * the row goes when the mail becomes an article; 0 otherwise */
	struct str envelope_sender;     /* when the source knows it (spool); else empty, and Return-Path counts */
	struct str envelope_recipient;  /* the same; else Delivered-To and its like count */

	const struct str *files;        /* the contents of message->attachments, in their order; p NULL: not fetched. NULL: none was (notice_wants_files()) */
	bool sent_folder;               /* from a folder of sent mail: what an agent wrote elsewhere; a mail that belongs to no ticket is skipped (FATE_SKIPPED) */
	struct str confirmed;           /* a retried mail whose writer was challenged and said it is his: agent.name; acts as row 7. Kept with the mail in the quarantine */
	int64_t confirmed_at;           /* when: its timer RELEASE is due then; goes when the mail was read again */
	bool released;                  /* a retried mail that an admin lets in: an ordinary article, whoever's name it bears */
};

struct outcome {
	enum fate fate;
	uint64_t ticket;
	uint32_t seq;
	bool is_new;                    /* a new ticket was opened */
	unsigned mails;                 /* outbox rows written */
	uint64_t quarantine;
};

/*
 * Idempotent by the source key: a key that has a fate gives that fate again and changes nothing. Only the store can fail here
 * (the transaction then is failed): anything about the mail itself is a decision, not an error.
 */
int ingest(struct desk *d, struct txn *t, struct arena *a, const struct intake *in, int64_t now, struct outcome *out, struct err *err);

/* The queue of a ticket that the mail opens: the address that it was sent to says more than the mailbox it was found in; else the first. message is there. */
const struct queue *intake_queue(const struct settings *s, const struct intake *in);

/*
 * What came with a mail besides its bytes and hashes, as a record: kept with a quarantined mail, so that it can be ingested after all. To release one: decode,
 * fill in the rest, parse, and ingest() under the same source key; its fate then changes from quarantine.
 */
void intake_encode(const struct intake *in, struct buf *out);
int intake_decode(struct arena *a, struct str record, struct intake *in, struct err *err);

#endif

/*
 * ledger: what became of each message at its source. One source key, one fate.
 *
 * A source is a mailbox's folder, a Maildir or a spool, known by name and numbered once. The key within it
 * is, for IMAP, UIDVALIDITY and UID; for a Maildir, the file's name before ':'; for the spool, the file's name.
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "base/digest.h"
#include "store/store.h"

enum fate {
	FATE_NONE = 0,
	FATE_TICKET,      /* became an article */
	FATE_DUPLICATE,   /* the same content is an article already */
	FATE_QUARANTINE,  /* could not be parsed; kept whole */
	FATE_OVERSIZE,    /* too large; a stub is in the ticket, the original stayed where it was */
	FATE_SKIPPED,     /* was there before the first reading, and `begin` says not to read it; ticket 0 */
	FATE_INTERNAL,    /* a bounce or a mail of our own: recorded on its ticket, no article of a person */
	FATE_REMOVED,     /* was in the quarantine and was taken away there: too old, or of a person who was erased; ticket 0 */
};

struct source_key {
	uint32_t source;
	struct str key;
};

struct ledger_row {
	enum fate fate;
	unsigned char sha256[SHA256_SIZE]; /* of the raw bytes as fetched */
	uint64_t ticket;      /* 0 for quarantine */
	uint32_t seq;
	uint64_t quarantine;  /* id, or 0 */
	int64_t at;
};

/* The number of a source by its name ("support/INBOX"); made at first use in a write transaction; 0 in a read one when not known. */
uint32_t source_number(struct txn *t, struct str name);
int source_name(struct txn *t, struct arena *a, uint32_t source, struct str *name);
/* 12 bytes into the arena: UIDVALIDITY and UID, big-endian, so that keys sort by UID. */
struct str source_key_imap(struct arena *a, uint32_t uidvalidity, uint32_t uid);

int ledger_get(struct txn *t, struct source_key s, struct ledger_row *out);
/* Writing a second, different fate for a key fails the transaction (ERR_CORRUPT), except from FATE_QUARANTINE. */
void ledger_put(struct txn *t, struct source_key s, const struct ledger_row *row);
/* Calls fn for each row of a source (0: of all) until it returns false. */
int ledger_each(struct txn *t, uint32_t source, bool (*fn)(void *ctx, struct source_key k, const struct ledger_row *row), void *ctx);

/* How far an IMAP folder has been read. */
struct uid_range {
	uint32_t from, to; /* inclusive */
};
struct folder {
	uint32_t uidvalidity; /* 0: never read */
	uint32_t done_below;  /* every UID below it has a fate or was skipped */
	int64_t begun;        /* when its first reading began */
	struct uid_range *skipped; /* not to be read (begin "unseen", "now"), ascending */
	size_t nskipped;
};
int folder_get(struct txn *t, struct arena *a, uint32_t source, struct folder *out);
void folder_put(struct txn *t, uint32_t source, const struct folder *f);

/* The content's identity (message_content_hash) to the article that holds it. */
int rawhash_get(struct txn *t, const unsigned char hash[SHA256_SIZE], uint64_t *ticket, uint32_t *seq);
void rawhash_put(struct txn *t, const unsigned char hash[SHA256_SIZE], uint64_t ticket, uint32_t seq);

/* Mails that could not be parsed. */
struct quarantined {
	uint64_t id;
	struct str source;  /* its name */
	struct str key;
	unsigned char sha256[SHA256_SIZE];
	uint64_t blob;
	uint64_t size;
	int64_t at;
	struct str reason;
	struct str intake;  /* a record of what else came with it (queue, envelope …); desk's */
};
uint64_t quarantine_add(struct txn *t, struct quarantined *q); /* sets id */
/* A row that is there, changed. */
void quarantine_put(struct txn *t, const struct quarantined *q);
int quarantine_get(struct txn *t, struct arena *a, uint64_t id, struct quarantined *out);
void quarantine_del(struct txn *t, uint64_t id);
/* How many there are, without reading them; and the highest id given so far, 0: none. 0, -1. */
int quarantine_count(struct txn *t, uint64_t *n);
int quarantine_last(struct txn *t, uint64_t *id);
int quarantine_each(struct txn *t, struct arena *a, bool (*fn)(void *ctx, const struct quarantined *q), void *ctx);

#endif

/*
 * token: what proves that a mail answers one of ours.
 *
 * HMAC-SHA-256, 128 bits kept, base32 (RFC 4648 §6, lower case, no padding, so it survives mail systems that fold case), over purpose,
 * key, ticket and what else it binds. Two forms:
 *
 *   support+1042.KTTTTTTTTTTTTTTTTTTTTTTTTTT@acme.example       in Reply-To; K names the key. 27 octets of token
 *   helpd.1042.7.mq3k2x1c.KTTTTTTTTTTTTTTTTTTTTTTTTTT@acme.example   a Message-ID: ticket, article, time
 *
 * Both verify by themselves, without a row in the store. Neither gives a right: desk/thread.h says what they are evidence of.
 *
 * Mail to an agent carries the same two with a nonce instead, which finds a row (store/grant.h):
 *
 *   support+1042.nonce123.KTTTTTTTTTTTTTTTTTTTTTTTTTT@acme.example          helpd.1042.anonce123.mq3k2x1c.KTT…@acme.example
 *
 * The HMAC is over ticket, agent, purpose, expiry and nonce of the row. desk/identity.h says what they allow.
 */
#ifndef DESK_TOKEN_H
#define DESK_TOKEN_H

#include "store/grant.h"

/* The site's keys: the newest signs, all verify. Immutable once loaded; no secret is ever printed. */
struct keyring;
/* Reads the keys of the store; makes the first one when there is none, which needs a write transaction. */
int keyring_load(struct txn *t, int64_t now, struct keyring **out, struct err *err);
void keyring_free(struct keyring *k); /* wipes; NULL is fine */
/* The keys, oldest first: how many; when that at i was made, and its number. */
size_t keyring_count(const struct keyring *k);
int64_t keyring_made(const struct keyring *k, size_t i, uint64_t *id);
/* Adds a key that signs from now on (load again afterwards). The oldest of more than 8 goes. */
int keyring_rotate(struct txn *t, int64_t now, struct err *err);

enum { TOKEN_CHARS = 27, KEYRING_MAX = 8 };

/*
 * The queue's address with "+ticket.token" before the @. bound: the address key of the only recipient, or empty. Returns addr unchanged when
 * that would pass 64 octets of local part (RFC 5321 §4.5.3.1.1).
 */
struct str token_address(struct arena *a, const struct keyring *k, struct str addr, uint64_t ticket, struct str bound);
/* The detail of an address, "1042.TOKEN": does it look like one of ours? Nothing is verified yet. */
bool token_detail(struct str detail, uint64_t *ticket, struct str *token);
bool token_verify(const struct keyring *k, uint64_t ticket, struct str token, struct str bound);

/* A Message-ID without <>, for article seq of a ticket, made at `now`. */
struct str token_message_id(struct arena *a, const struct keyring *k, uint64_t ticket, uint32_t seq, int64_t now, struct str domain);
/* True when id is one that token_message_id() made with one of the keys. */
bool token_message_id_verify(const struct keyring *k, struct str id, uint64_t *ticket, uint32_t *seq);

enum { NONCE_CHARS = 8 /* 40 bits of base32 */ };

/* The address to answer to; addr unchanged when the local part would pass 64 octets. */
struct str token_grant_address(struct arena *a, const struct keyring *k, struct str addr, const struct grant *g);
/* A Message-ID without <>. */
struct str token_grant_message_id(struct arena *a, const struct keyring *k, const struct grant *g, int64_t now, struct str domain);
/* Does a detail ("1042.nonce123.TOKEN") or a Message-ID look like one of an agent's? Nothing is verified yet. */
bool token_grant_detail(struct str detail, uint64_t *ticket, uint64_t *nonce, struct str *token);
bool token_grant_id(struct str id, uint64_t *ticket, uint64_t *nonce, struct str *token, int64_t *made);
/* made: of the Message-ID, CLOCK_NONE for an address. Constant-time. Says nothing of expiry, use or revocation. */
bool token_grant_verify(const struct keyring *k, const struct grant *g, struct str token, int64_t made);

/*
 * Mail of the house itself, which belongs to no ticket: an alarm, a probe. "helpd.probe.17.mq3k2x1c.KTTT…@acme.example": its number and time.
 */
enum house_mail { HOUSE_NONE, HOUSE_ALARM, HOUSE_PROBE };
struct str token_house_id(struct arena *a, const struct keyring *k, enum house_mail kind, uint64_t number, int64_t now, struct str domain);
/* Of one that token_house_id() made with one of the keys; else HOUSE_NONE. */
enum house_mail token_house_verify(const struct keyring *k, struct str id, uint64_t *number);

#endif

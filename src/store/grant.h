/*
 * grant: what a mail to an agent allows who answers it. The row behind a token (desk/token.h).
 *
 * A row is found by its nonce, which stands in the address or Message-ID; the HMAC over the row's values proves that we sent it. The row says what the token
 * cannot: whether it was used or revoked, what the agent had seen when he got it, and what waits for his word.
 */
#ifndef STORE_GRANT_H
#define STORE_GRANT_H

#include "store/store.h"

/* Numbers are stored: never renumber. */
#define PURPOSES(X) \
	X(1, NOTICE, "notice")      /* answer the notice it came with; any number of times until it expires */ \
	X(2, CONFIRM, "confirm")    /* #send what waits; once */ \
	X(3, CHALLENGE, "challenge") /* "was this you?"; once */
#define X_ENUM_GRANT(n, id, name) GRANT_##id = n,
enum purpose { GRANT_NONE, PURPOSES(X_ENUM_GRANT) GRANT_COUNT };
const char *purpose_name(enum purpose p);

struct grant {
	uint64_t nonce;       /* 40 bits, random, never 0 */
	uint64_t ticket;      /* 0: of none */
	struct str agent;     /* agent.name */
	enum purpose purpose;
	int64_t created, expires;
	int64_t used;         /* CONFIRM, CHALLENGE: when; CLOCK_NONE */
	int64_t revoked;      /* CLOCK_NONE */
	struct str why;       /* revoked: because of what */
	uint32_t seen;        /* the newest article the agent was shown */
	uint64_t quarantine;  /* CHALLENGE: the mail that waits */
	struct str held;      /* CONFIRM: what waits, a record of desk/held.h */
};
enum { GRANT_NONCE_BITS = 40 };

/* A nonce of 0 gets a new one. Keeps a list by expiry. */
void grant_put(struct txn *t, struct grant *g);
int grant_get(struct txn *t, struct arena *a, uint64_t nonce, struct grant *out);
void grant_del(struct txn *t, uint64_t nonce);
/* Removes at most `max` that expired before; returns how many, -1. */
int grant_expire(struct txn *t, int64_t before, size_t max);
/* The one that expires first: 1, 0 none, -1. */
int grant_first(struct txn *t, struct arena *a, struct grant *out);
/* When the first one expires: 1, 0 none, -1. */
int grant_next_expiry(struct txn *t, int64_t *at);
int grant_each(struct txn *t, struct arena *a, bool (*fn)(void *ctx, const struct grant *g), void *ctx);

#endif

/* person: everyone who ever wrote or was written to, by address key; and counters that outlive a restart. */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include "store/store.h"

struct person {
	struct str key;        /* address_key() */
	struct str addr, name; /* as last seen */
	struct str language;
	int64_t first_seen, last_seen;
	uint32_t tickets;      /* opened */
	uint32_t articles;
	bool answered;         /* an agent has written to this address: it is known */
	bool suspended;        /* a hard bounce: no automatic mail */
	struct str suspended_why;
	struct str extra;
};
/* An empty key is nobody: never found, never stored. */
int person_get(struct txn *t, struct arena *a, struct str key, struct person *out);
void person_put(struct txn *t, const struct person *p);
void person_del(struct txn *t, struct str key);
/* The row lives in the arena; fn may reset it, nothing else of the scan is there. Likewise for every _each of store/. */
int person_each(struct txn *t, struct arena *a, bool (*fn)(void *ctx, const struct person *p), void *ctx);

/* Small rows for limits: "ack:ann@example.org" → bytes (desk/limits.c knows what they mean). */
int counter_get(struct txn *t, struct arena *a, struct str key, struct str *value);
void counter_put(struct txn *t, struct str key, struct str value);
void counter_del(struct txn *t, struct str key);
/* Deletes those for which fn says so (of a long key it sees the first 400 bytes). 0, -1. */
int counter_sift(struct txn *t, bool (*fn)(void *ctx, struct str key, struct str value), void *ctx);

#endif

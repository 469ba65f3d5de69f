/* What the parts of the check share. */
#ifndef STORE_CHECK_PRIVATE_H
#define STORE_CHECK_PRIVATE_H

#include "store/check.h"
#include "store/outbox.h"
#include "store/ticket.h"
#include "store/txn_private.h"

struct check_bits {
	unsigned char *v;
	uint64_t max;
};

struct check {
	const struct store_check_options *o;
	bool (*problem)(void *ctx, const char *text);
	void *ctx;
	struct store_counts *out;
	size_t max;
	struct txn *t;
	struct arena a;          /* of the row at hand */
	struct buf raw;
	bool stop;
	struct err broken;       /* why it could not go on */
	const char *what;        /* progress */
	uint64_t done, all;
	uint64_t schema;         /* of an old backup that is read as it is: less than STORE_SCHEMA */
	struct check_bits tickets, owned;
	uint64_t *stubs;         /* ticket and seq of mails that were too large */
	size_t nstubs, stubs_cap;
	uint64_t statuses[STATUS_COUNT], states[OUTBOX_STATE_COUNT];
	uint64_t index_rows, due_rows, grant_rows, ticket_rows;
	struct sha256 *history;  /* of all chains, in order */
	int64_t history_until;
	struct counted *loads;
	size_t nloads, loads_cap;
};

/* False when the check is to stop. */
bool check_tell(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool check_failed(struct check *c);
void check_step(struct check *c, const char *what);
bool check_bits_has(const struct check_bits *b, uint64_t i);
void check_bits_set(struct check_bits *b, uint64_t i);
/* Goes through a table: fn for each row. */
void check_walk(struct check *c, enum table table, const char *what, void (*fn)(struct check *c, struct str key, struct str value));
/* Known once check_tickets() has begun. */
bool check_has_ticket(struct check *c, uint64_t id);
bool check_has_article(struct check *c, uint64_t ticket, uint64_t seq);

/* Tells of words whose key is neither there nor forgotten. */
void check_sealed(struct check *c, uint64_t key, struct str sealed, const char *whose, uint64_t number);

struct ticket_entry;
void check_load_count(struct check *c, const struct ticket_entry *e);

/* The parts, in this order. */
void check_tickets(struct check *c);
void check_loads(struct check *c); /* by the end of it */
void check_mail(struct check *c);
void check_grants(struct check *c);
void check_terms(struct check *c);
void check_knowledge(struct check *c);

#endif

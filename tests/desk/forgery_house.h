/*
 * forgery_house: a desk with agents, tickets of three customers and live tokens, and mails given by their bytes. @NAME@ in a mail
 * stands for a token, see make_marks().
 */
#ifndef TESTS_DESK_FORGERY_HOUSE_H
#define TESTS_DESK_FORGERY_HOUSE_H

#include "fixture.h"
#include "store/grant.h"

enum { TICKETS = 3, MARKS_MAX = 24 };

struct mark {
	const char *name;
	struct str value;
};

struct house {
	struct fixture f;
	struct mark marks[MARKS_MAX];
	size_t nmarks;
	uint64_t nonce_of_anna;
	/* before the mail */
	struct ticket before[TICKETS];
	uint64_t outbox; /* the last row */
};

/* The top of the source. */
const char *source_dir(void);
void house_open(struct house *h);
/* Both checks of the store must find nothing. */
void house_close(struct house *h);
struct str fill_in(struct house *h, struct str text);

struct incoming {
	struct str raw;
	uint64_t retried;
	struct str confirmed, envelope_recipient;
	bool released, sent_folder, oversize;
	const char *key;     /* of the source; NULL: a new one */
	struct smime *smime; /* as if the jail had found it */
};
struct outcome ingest_raw(struct house *h, const struct incoming *x, int64_t now);

#endif

/*
 * fixture: a store in a temporary directory, a desk "Acme" over it, and mails given by their fields.
 *
 * Queues: support@acme.example (default) and billing@acme.example with the tag "Bill". Every ingest is a transaction of its own.
 */
#ifndef TESTS_DESK_FIXTURE_H
#define TESTS_DESK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/must.h"
#include "desk/event.h"
#include "desk/ingest.h"
#include "desk/token.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/ticket.h"

#define NOW INT64_C(1767600000000) /* 2026-01-05T08:00:00Z */

struct fixture {
	char dir[64];
	struct store *store;
	struct settings settings;
	struct queue queues[2];
	struct keyring *keys;
	struct desk desk;
	struct arena a;
	uint32_t source;
	unsigned keys_given, mails;
	int64_t now; /* of what is done; the last one said. with_txn() settles by it */
};
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
/* cmocka's setup and teardown: *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* verify() must find nothing. */
void fixture_verify(struct fixture *f);

/* Lists are separated by blanks (ids) or commas (addresses). */
struct mail {
	const char *from, *to, *cc, *reply_to, *delivered_to, *return_path;
	const char *subject, *id, *in_reply_to, *references, *text;
	const char *automatic, *auth, *list; /* list: its address; the sign is one of a list only */
	const char *key;                     /* of the source; NULL: a new one */
	const char *content;                 /* what is hashed; NULL: something new */
	const char *envelope_sender, *envelope_recipient, *mailbox_queue, *language;
	struct bounce *bounce;
	uint64_t retried;
	int64_t date;                        /* 0: now */
	bool spam, no_date, begin_old, refused, oversize, attachment;
};
struct outcome take(struct fixture *f, const struct mail *m, int64_t now);
struct message *make_message(struct arena *a, const struct mail *m, int64_t now);

struct ticket ticket(struct fixture *f, uint64_t id);
struct article article(struct fixture *f, uint64_t id, uint32_t seq);
struct person person(struct fixture *f, const char *addr); /* key empty: none */
struct outbox outbox(struct fixture *f, uint64_t id);
/* The details of the last event of that kind, or p NULL. */
struct str event_detail(struct fixture *f, uint64_t id, const char *kind);
unsigned count_events(struct fixture *f, uint64_t id, const char *kind);
/* The raw bytes of an article. */
struct str raw(struct fixture *f, uint64_t id, uint32_t seq);
void set_status(struct fixture *f, uint64_t id, enum status s, int64_t now);
/* An agent's answer; its article. */
uint32_t answer(struct fixture *f, uint64_t id, const char *text, int64_t now);

/* Runs fn in a write transaction and commits. */
void with_txn(struct fixture *f, int (*fn)(struct fixture *f, struct txn *t, void *ctx, struct err *err), void *ctx);
/* What is due by then, done; how many. And when the next of it is (CLOCK_NONE: nothing waits). */
size_t run_due(struct fixture *f, int64_t now);
int64_t next_due(struct fixture *f);

#define assert_str(s, lit) \
	do { \
		struct str s_ = (s); \
		if (!str_eq(s_, str_c(lit))) \
			fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(s_), lit); \
	} while (0)
#define assert_has(s, lit) \
	do { \
		struct str s_ = (s); \
		if (!str_has(s_, str_c(lit))) \
			fail_msg("\"%.*s\" has no \"%s\"", STR_ARG(s_), lit); \
	} while (0)

#endif

/*
 * privacy: what is kept of a person, and taking it away.
 *
 * A person is an address. A ticket is his alone when he is its requester and nobody else takes part; of such a ticket all goes that is not another
 * customer's mail. Of any other ticket his own mails go, and those that went to him alone; where he is named otherwise, his address is
 * replaced in addresses and in the history, but nobody else's words are changed. Articles stay as stubs, so numbers, statistics, the
 * ledger and the hashes (nothing is read again) hold, and the chain of the history too.
 */
#ifndef DESK_PRIVACY_H
#define DESK_PRIVACY_H

#include "desk/event.h"
#include "desk/settings.h"

/* What stands where his words stood; also the flag of such articles. */
#define PRIVACY_ERASED S("erased")

/* His place in a ticket, or in an article of it. */
enum privacy_part {
	PRIVACY_NONE,
	PRIVACY_NAMED,  /* in an address, a text or the history, no more */
	PRIVACY_SHARED, /* ticket: with others. article: to him and to others */
	PRIVACY_OWN,    /* ticket: his alone. article: his words, or written to him alone */
};
/* Is the address in the text, as a whole (not the end of a longer one)? ASCII case is ignored. */
bool privacy_names(struct str text, struct str addr);
enum privacy_part privacy_of_ticket(const struct settings *s, const struct ticket *k, struct str addr);
/* of: the ticket's part. */
enum privacy_part privacy_of_article(const struct settings *s, const struct article *r, struct str addr, enum privacy_part of);
/* Were its words taken away, by erasing or by purging? */
bool privacy_is_gone(const struct article *r);
bool privacy_of_event(const struct event *e, struct str addr);

/* Did he write it, by the fields of its head (From, Sender, Reply-To …)? Reads nothing but these: also for what no parser took. erase_quarantine.c. */
bool privacy_wrote(struct arena *a, struct str raw, struct str addr);

/*
 * Erasing, in steps (erase_run.c): tickets, the outbox, the quarantine, the person, the search terms, and his key where mail is sealed. Each is a
 * transaction of its own that leaves a note how far it came, so any process goes on where another ended. When nobody made a step for ERASE_LEASE, the daemon does.
 */
enum erase_stage { ERASE_TICKETS, ERASE_OUTBOX, ERASE_QUARANTINE, ERASE_PERSON, ERASE_WORDS, ERASE_INDEX, ERASE_SEALS, ERASE_KEY, ERASE_STAGE_COUNT };
struct erasure_counts { /* uint64_t only: erase_run.c keeps them in this order; add at the end */
	uint64_t tickets, articles, events, mails /* in the outbox that were dropped */;
	uint64_t quoted;            /* articles of others that name him */
	uint64_t removed, quarantined; /* from the quarantine; left there, of others that name him */
	uint64_t kept;              /* tickets of his with one of keep_tags, left as they are */
};
struct erasure {
	struct str addr, key, name; /* whose */
	struct str actor;           /* "cli:root" */
	bool force;                 /* keep_tags keep nothing */
	uint64_t id;                /* he is erased-ID@invalid from now on */
	struct str alias;
	enum erase_stage stage;
	uint64_t next;              /* the ticket, row … of the stage that is next */
	uint64_t row;               /* how many of that ticket's articles and events are done */
	bool changed;               /* anything of it was */
	struct str place;           /* in the index of terms, in what is sealed */
	int64_t due;                /* when the daemon goes on */
	uint64_t *tickets;          /* those that were changed, ascending; bit 0: his alone, the rest: the number */
	size_t ntickets, cap;       /* on the heap: erasure_fini() */
	uint64_t sealed_with;       /* his key of the vault, to be forgotten at the end (store/reseal.h); 0: none */
	struct erasure_counts n;
};
#define ERASE_LEASE INT64_C(60000) /* ms */
enum { ERASE_WAIT = 2 };
void erasure_fini(struct erasure *e);

/* The erasure that was begun and not ended: 1, 0, -1. Its strings live in the arena. */
int erasure_pending(struct txn *t, struct arena *a, struct erasure *out);
/* Notes that one begins: addr, key, name, actor and force are given, the rest is made. ERR_TEMP: another one is under way. */
int erasure_begin(struct txn *t, struct arena *a, struct erasure *e, int64_t now, struct err *err);
/* The daemon is to go on with what was cut off, at once: 1, 0 there is nothing, -1. */
int erasure_resume(struct txn *t, struct arena *a, int64_t now);

/* A line for whoever watches; tell and say may be NULL. */
struct erase_tell {
	void (*say)(void *ctx, const char *line);
	void *ctx;
};
/*
 * One step: 1 there are more, ERASE_WAIT the next one has to wait a second (a mail is being sent; the daemon has terms of his in memory), 0 all is done and the note gone,
 * -1. e: as erasure_pending() gave it in this transaction. alone: no daemon runs. lease: ms from now the daemon goes on.
 */
int erasure_step(struct txn *t, struct arena *a, const struct settings *s, struct erasure *e, const struct erase_tell *tell, bool alone, int64_t lease, int64_t now,
    struct err *err);
/* Is a ticket among those that were changed? ctx is the erasure. */
bool erasure_has(void *ctx, uint64_t ticket);

#endif

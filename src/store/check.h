/*
 * check: every invariant that the store alone can show (`helpd verify`).
 *
 * Reads in one read transaction, so the daemon may go on. Memory does not grow with the store: tables are walked in key order, and what
 * one table says is looked up in the others.
 *
 * What is checked: each ledger row points at an article, a quarantined mail or a ticket; each content hash at the article that holds that
 * content; an article's and a quarantined mail's blob is there, unpacks, and has the row's length and SHA-256; a ticket has exactly the articles and
 * events it counts, from 1 without gaps, the events in an unbroken chain; Message-IDs, links, timers and outbox rows name tickets that exist; secondary indexes, counts and loads equal
 * what the rows give, both ways; outbox rows have their blob; no blob is without an owner; the runs of terms are ordered, counted,
 * and name tickets that exist; each token's row names a ticket that exists and an article that it has, and stands once in the list by expiry, where nothing
 * else stands; sequences are not behind the rows; every row decodes.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/digest.h"
#include "store/store.h"

struct store_check_options {
	bool skip_content;   /* do not unpack and hash the mails (much faster) */
	size_t max_problems; /* stop after so many; 0: 1000 */
	/* Called now and then with what is being read, rows done and rows in all of that table; may be NULL. */
	void (*progress)(void *ctx, const char *what, uint64_t done, uint64_t all);
	void *progress_ctx;
	int64_t history_until; /* the digest of the history takes events before this time; 0: all */
};

struct store_counts {
	uint64_t tickets, articles, events, ledger, hashes, message_ids, persons, timers, outbox, quarantined, blobs, grants;
	uint64_t raw_bytes;    /* of the mails, unpacked (0 when skipped) */
	uint64_t term_runs, postings;
	uint64_t kb;           /* articles of the knowledge base */
	uint64_t problems;
	/*
	 * SHA-256 over the chains of all events before history_until, ticket by ticket: the same as long as nothing of that history was changed. Kept
	 * elsewhere, it shows later what an intruder with the whole store in his hands did.
	 */
	unsigned char history[SHA256_SIZE];
};

/*
 * Tells each problem, in words for an admin, until problem() returns false or there are too many. Returns 0 when the store could be
 * read to the end (also with problems: see out->problems), -1 when not (ERR_TEMP; ERR_CORRUPT when LMDB's own pages are damaged).
 */
int store_check(struct store *s, const struct store_check_options *o, bool (*problem)(void *ctx, const char *text), void *ctx,
    struct store_counts *out, struct err *err);

#endif

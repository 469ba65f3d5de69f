/*
 * term: full-text search. Terms (mail/terms.h makes them) to the numbers of the tickets that hold them.
 *
 * One postings blob a commit: a term_batch gathers the terms of all messages of a transaction in memory and is written as one
 * sorted run; sixteen runs are later merged into one of the next level, and so on. A search reads all runs there are, so what is
 * committed is found at once. See store/term_run.h for the format.
 */
#ifndef STORE_TERM_H
#define STORE_TERM_H

#include "base/buf.h"
#include "store/store.h"

struct term_batch;
struct term_batch *term_batch_new(void);
void term_batch_free(struct term_batch *b);
void term_batch_add(struct term_batch *b, struct str term, uint64_t ticket);
/* The same for many, which costs less a term. */
void term_batch_add_all(struct term_batch *b, struct strs terms, uint64_t ticket);
size_t term_batch_count(const struct term_batch *b); /* postings in it; about 60 bytes of memory each at worst, 16 in a large batch */
/*
 * Writes what is gathered as one run and empties the batch; nothing when it is empty. The batch is emptied even when the transaction
 * fails or is given up later: articles whose terms may be lost that way are kept in `unindexed` until their terms are committed.
 */
void term_batch_put(struct txn *t, struct term_batch *b);
/* Merges runs where there are sixteen of a level; call in a write transaction, best after each term_batch_put(). Reads about max_bytes
 * of postings at most (at least one chunk), and goes on from there at the next call, also after a restart. Needs less than 1 MiB of memory. */
void term_fold(struct txn *t, size_t max_bytes);
bool term_fold_due(struct txn *t);

/*
 * Takes all that is known of some tickets out of the index, at most so many chunks (4 KiB) a call; *place, empty at first, says where
 * it is. What is not to be forgotten is indexed again afterwards, by the caller. 1 there is more to do, 0 done, -1.
 */
int term_forget(struct txn *t, bool (*gone)(void *ctx, uint64_t ticket), void *ctx, struct buf *place, size_t chunks);

/* The same of all words that are there in clear, where others are sealed (store/reseal.h). */
int term_forget_clear(struct txn *t, struct buf *place, size_t chunks);

/*
 * Articles whose terms are not in the index yet. A commit of a single mail need not pay for a run of its own: it notes the article
 * here, in the same transaction, and leaves the terms in memory; a later transaction puts the terms of many and deletes their notes.
 * After a crash the daemon finds the notes at its start and makes the terms again from the articles. An article whose terms are put in
 * its own transaction needs no note.
 */
void unindexed_put(struct txn *t, uint64_t ticket, uint32_t seq);
void unindexed_del(struct txn *t, uint64_t ticket, uint32_t seq);
/* Calls fn for each in ascending order until it returns false; fn may delete them. */
int unindexed_each(struct txn *t, bool (*fn)(void *ctx, uint64_t ticket, uint32_t seq), void *ctx);

/*
 * Tickets that hold all of the terms, descending by number, each once; stops when fn returns false. A term ending in '*' matches by
 * prefix; ERR_INVAL for such a one where mail is kept sealed (store/vault.h). No terms, or a term longer than 255 bytes, find nothing. Costs a look-up a run and term for each ticket that is tried.
 */
int term_search(struct txn *t, const struct strs *terms, bool (*fn)(void *ctx, uint64_t ticket), void *ctx);

#endif

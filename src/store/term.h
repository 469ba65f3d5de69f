/*
 * term: full-text search. Terms (mail/terms.h makes them) to the numbers of the tickets that hold them.
 *
 * One postings blob a commit: a term_batch gathers the terms of all messages of a transaction in memory and is written as one
 * value; many blobs are later folded into postings by term. A search reads both.
 */
#ifndef STORE_TERM_H
#define STORE_TERM_H

#include "store/store.h"

struct term_batch;
struct term_batch *term_batch_new(void);
void term_batch_free(struct term_batch *b);
void term_batch_add(struct term_batch *b, struct str term, uint64_t ticket);
size_t term_batch_count(const struct term_batch *b); /* postings in it */
/* Writes what is gathered as one blob and empties the batch; nothing when it is empty. The batch is emptied only in memory: keep the
 * messages' place (see index_mark) so that a crash before the commit is made good. */
void term_batch_put(struct txn *t, struct term_batch *b);
/* Folds the blobs into postings by term when there are more than a few; call now and then in a write transaction. max_bytes bounds the work. */
void term_fold(struct txn *t, size_t max_bytes);
bool term_fold_due(struct txn *t);

/*
 * Tickets that hold all of the terms, descending by number. A term ending in '*' matches by prefix.
 * stops when fn returns false.
 */
int term_search(struct txn *t, const struct strs *terms, bool (*fn)(void *ctx, uint64_t ticket), void *ctx);

#endif

/*
 * reseal: going through all that is kept sealed (store/vault.h): to seal what was stored before there was a vault, to count, and to part a person from his key.
 *
 * All of it in small transactions while others read and write; what was cut off begins again and finds less to do.
 */
#ifndef STORE_RESEAL_H
#define STORE_RESEAL_H

#include "base/buf.h"
#include "store/store.h"

/*
 * Seals what is in clear: tickets, articles, outbox rows, raw mails. About `rows` rows of it a call, each with its mail. *place, empty at first,
 * says where it is; *done counts what was sealed. 1 there is more to look at, 0 done, -1. Pages of LMDB that become free hold old bytes until they are used again;
 * a backup has none of them.
 */
int reseal_plain(struct txn *t, struct buf *place, size_t rows, uint64_t *done);

/*
 * Forgetting a person's key, so that nothing lives on that should not, and nothing dies that should:
 *
 *   1  reseal_part() takes the address from its key: what comes from now on gets a new one. Note the number in the same transaction.
 *   2  reseal_move() gives what is still sealed with that key, and was not erased, to the common one: run it to its end and commit
 *   3  vault_forget(), inside a write transaction, which keeps others from wrapping the vault anew meanwhile
 *
 * Each may be done again after a crash.
 */
/* The third, in a write transaction. Nothing where there is no vault. */
int reseal_forget(struct txn *t, uint64_t key, struct err *err);
uint64_t reseal_part(struct txn *t, struct str addr); /* 0: it has none, or an error */
int reseal_move(struct txn *t, uint64_t key, struct buf *place, size_t rows, uint64_t *done);

/*
 * The words of the search index: from which ticket on they are yet to be sealed; 0: nothing is to be done. The caller indexes it and those behind it again
 * (desk/search.h), notes how far it came, and in the end, behind the last ticket, takes away what is in clear (term_forget_clear()) and notes 0.
 */
int reseal_words(struct txn *t, uint64_t *next);
void reseal_words_note(struct txn *t, uint64_t next);

struct reseal_counts {
	uint64_t sealed, plain; /* tickets, articles and outbox rows */
	uint64_t mails_sealed, mails_plain;
};
int reseal_count(struct txn *t, struct reseal_counts *out);

#endif

/*
 * sealed: parts of rows and stored mail that are kept sealed, and whose key it is. Private to store/.
 *
 * Whose key, so that what is erased with a person is what his key opens:
 *   ticket        its requester's
 *   article       a mail that came in: its author's; what is automatic, a note, or an answer to several: the ticket's; an answer to one person alone: his
 *   outbox row    its article's, else its ticket's
 *   the rest      the common one: quarantine, mail without a sender, addresses below "invalid"
 *
 * Which key a person has is a row of the table person.key, not in his own: people who never wrote have one too, and erasing takes it away first, so that
 * what comes from then on gets a new key and outlives the old one.
 *
 * A row names its key in clear and once; it is never changed for another one but by sealed_move(). What cannot be opened is no error: of a forgotten key
 * the row says "erased", of one that is missing "sealed", and keeps its sealed bytes when it is put again.
 */
#ifndef STORE_SEALED_H
#define STORE_SEALED_H

#include "store/store_private.h"
#include "store/ticket.h"

/* What stands where words stood. */
#define SEALED_ERASED S("erased")
#define SEALED_CLOSED S("(sealed with a key that is not here)")

/* Is what is put from now on to be sealed? */
static inline bool
sealed_new(const struct txn *t)
{
	return t->seals;
}
/* The key of this address, made when there is none that lives. 0 only when the transaction failed. */
uint64_t sealed_person(struct txn *t, struct str addr);
uint64_t sealed_of_ticket(struct txn *t, uint64_t ticket);
uint64_t sealed_of_article(struct txn *t, const struct article *r);

/*
 * What is encoded between the two is sealed, as one field of the record:
 *     size_t at = sealed_begin(b, TAG); …; sealed_end(t, b, at, key, 'a', row key);
 */
size_t sealed_begin(struct buf *b, uint32_t tag);
void sealed_end(struct txn *t, struct buf *b, size_t at, uint64_t key, char kind, const struct key *row);
/* The same of bytes that are no field: what stands in the buffer from `at` on, with room for the nonce in front. */
void sealed_bytes(struct txn *t, struct buf *b, size_t at, uint64_t key, char kind, const struct key *row);
/*
 * Opens such a field where it stands, in bytes that are the caller's own: with SEALED_OPEN, *plain is in its place. SEALED_DAMAGED: the row is corrupt, which
 * the caller says; its bytes are spoilt.
 */
enum sealed_result { SEALED_OPEN, SEALED_FORGOTTEN, SEALED_MISSING, SEALED_DAMAGED };
enum sealed_result sealed_open(struct txn *t, struct str sealed, uint64_t key, char kind, const struct key *row, struct str *plain);

/* The key an encoded row is sealed with, 0: none; of an article its first piece is enough. ticket_row_key() likewise. */
uint64_t article_row_key(struct str first);
uint64_t outbox_row_key(struct str rec);
uint64_t blob_row_key(struct str row);

/* --- the words of the search index: HMAC-SHA-256, 72 bits kept, behind a byte that no word begins with; no byte is 0 --- */
enum { SEALED_WORD = 10, SEALED_WORD_MARK = 1 };
struct sealed_words {
	unsigned char key[SEAL_KEY_SIZE];
};
/* False when the transaction failed: there is no key. */
bool sealed_words_init(struct sealed_words *w, struct txn *t);
void sealed_word(const struct sealed_words *w, struct str word, char out[SEALED_WORD]);
void sealed_words_fini(struct sealed_words *w);

/* --- stored mail --- */
/* Seals a blob with this key that is plain or was sealed with another; nothing when it cannot be opened. */
void blob_claim(struct txn *t, uint64_t id, uint64_t key);
/* The key it is sealed with; 0: plain, or there is none. */
uint64_t blob_key(struct txn *t, uint64_t id);

#endif

/*
 * blob: raw mail, compressed with zstd, in chunks that fill LMDB pages without a remainder.
 *
 * blob_pack() needs no transaction, so the reader threads compress, not the writer.
 *
 * A row is a zstd frame, or, where mail is kept sealed (store/vault.h), "SEAL", the number of the key(8), and the frame sealed. It is sealed by blob_put()
 * with the common key, or at once with the right one by blob_put_as(); article_put() and outbox_put() see to it that in the end it is the key of the row that
 * names it, so that no caller can forget it.
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "base/buf.h"
#include "store/store.h"

/* Compressed form of raw, with its length; appended to *out. */
void blob_pack(struct str raw, struct buf *out);
/* Back; refuses to grow above max bytes. */
int blob_unpack(struct str packed, size_t max, struct buf *out, struct err *err);

/* Stores a packed blob under the next number, which it returns. Numbers ascend, so pages fill in order. */
uint64_t blob_put(struct txn *t, struct str packed);
/* The same for this key; 0: as blob_put(). Where nothing is sealed the key says nothing. */
uint64_t blob_put_as(struct txn *t, struct str packed, uint64_t key);
/* The same for an article that is about to be put: with its key, which it gets here. */
struct article;
uint64_t blob_put_for(struct txn *t, struct str packed, struct article *r);
/* Appends the raw bytes: 1, 0 there is none, or none any more (blob_is_erased()), -1; ERR_PERM when the key is missing. */
int blob_get(struct txn *t, uint64_t id, size_t max, struct buf *raw);
/* The same bytes once more under a number of their own, which it returns, without unpacking them and in little memory. *size: of the raw bytes. 0: no such blob, or an error. */
/* The row is there, and the key it was sealed with was forgotten. */
bool blob_is_erased(struct txn *t, uint64_t id);
uint64_t blob_copy(struct txn *t, uint64_t id, uint64_t *size);
void blob_del(struct txn *t, uint64_t id);

#endif

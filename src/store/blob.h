/*
 * blob: raw mail, compressed with zstd, in chunks that fill LMDB pages without a remainder.
 *
 * blob_pack() needs no transaction, so the reader threads compress, not the writer.
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
/* Appends the raw bytes: 1, 0, -1. */
int blob_get(struct txn *t, uint64_t id, size_t max, struct buf *raw);
/* The same bytes once more under a number of their own, which it returns, without unpacking them and in little memory. *size: of the raw bytes. 0: no such blob, or an error. */
uint64_t blob_copy(struct txn *t, uint64_t id, uint64_t *size);
void blob_del(struct txn *t, uint64_t id);

#endif

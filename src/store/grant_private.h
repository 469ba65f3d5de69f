/* For the check and the fuzzers: a grant's row and its place in the list by expiry, from bytes. */
#ifndef STORE_GRANT_PRIVATE_H
#define STORE_GRANT_PRIVATE_H

#include "store/grant.h"
#include "store/txn_private.h"

/* rec is borrowed. False when it is not what grant_put() writes. */
bool grant_decode(struct str rec, uint64_t nonce, struct grant *out);
struct key grant_expiry_key(int64_t expires, uint64_t nonce);
bool grant_expiry_read(struct str key, int64_t *expires, uint64_t *nonce);

#endif

/* digest: SHA-256, HMAC-SHA-256 and random bytes, by OpenSSL. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/str.h"

enum { SHA256_SIZE = 32 };

void sha256(struct str s, unsigned char out[SHA256_SIZE]);

/* In pieces. sha256_done() may be called once and frees. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, struct str s);
void sha256_done(struct sha256 *h, unsigned char out[SHA256_SIZE]);

void hmac_sha256(struct str key, struct str s, unsigned char out[SHA256_SIZE]);
/* Equal lengths and bytes, in time that depends on the length alone. */
bool secret_eq(struct str a, struct str b);
/* Overwrites what the compiler would otherwise leave. */
void secret_wipe(void *p, size_t n);
/* From the system's generator; ends the process when that fails. */
void random_bytes(void *p, size_t n);
uint64_t random_u64(void);

#endif

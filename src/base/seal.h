/*
 * seal: bytes that only the holder of a key can read, and nobody can change unseen: AES-256-GCM (NIST SP 800-38D), by OpenSSL.
 *
 * What is sealed is  nonce(12) | ciphertext | tag(16),  SEAL_OVERHEAD bytes more than the plain text. The nonce is random, so one key may seal
 * 2^32 times before two nonces are likely (2^-32) to be the same. `aad` is not stored: it says where the bytes belong (a row, a slot), so that they open
 * nowhere else.
 *
 * Thread-safe. OpenSSL that cannot do AES-256-GCM ends the process (must()).
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include "base/buf.h"

enum { SEAL_KEY_SIZE = 32, SEAL_NONCE_SIZE = 12, SEAL_TAG_SIZE = 16, SEAL_OVERHEAD = SEAL_NONCE_SIZE + SEAL_TAG_SIZE };

/* Appended to *out. */
void seal(const unsigned char key[SEAL_KEY_SIZE], struct str aad, struct str plain, struct buf *out);
/*
 * What stands in the buffer from `at` on is sealed where it stands: the first SEAL_NONCE_SIZE bytes of it are room for the nonce, the tag is appended. For
 * what is encoded in place. A buffer that failed is left alone.
 */
void seal_buf(const unsigned char key[SEAL_KEY_SIZE], struct str aad, struct buf *b, size_t at);
/*
 * Opens n bytes where they stand; *plain is a part of them. False: too short, another key, another aad, or changed; then the bytes are
 * of no more use.
 */
bool seal_open(const unsigned char key[SEAL_KEY_SIZE], struct str aad, char *sealed, size_t n, struct str *plain);

#endif

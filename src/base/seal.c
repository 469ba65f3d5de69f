#include "base/seal.h"
#include "base/digest.h"
#include "base/must.h"

#include <openssl/evp.h>
#include <stdatomic.h>

enum {
	PIECE_MAX = 1 << 30 /* OpenSSL counts in int */
};

/* Fetched once: a look-up in the provider costs more than sealing a line. */
static const EVP_CIPHER *
cipher(void)
{
	static _Atomic(EVP_CIPHER *) fetched;
	EVP_CIPHER *now = atomic_load(&fetched);

	if (!now) {
		EVP_CIPHER *f = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);

		must(f != NULL);
		if (atomic_compare_exchange_strong(&fetched, &now, f))
			return f;
		EVP_CIPHER_free(f);
	}
	return now;
}

static EVP_CIPHER_CTX *
begin(const unsigned char *key, const unsigned char *nonce, struct str aad,
    int encrypt)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	must(c &&
	     EVP_CipherInit_ex2(c, cipher(), key, nonce, encrypt, NULL) == 1);
	must(aad.n < PIECE_MAX);
	if (aad.n)
		must(EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)aad.p,
			 (int)aad.n) == 1);
	return c;
}

/* GCM is a stream: what goes in comes out, in place. */
static void
run(EVP_CIPHER_CTX *c, unsigned char *p, size_t n)
{
	while (n) {
		int part = (int)MIN(n, (size_t)PIECE_MAX), out;

		must(EVP_CipherUpdate(c, p, &out, p, part) == 1 && out == part);
		p += part;
		n -= (size_t)part;
	}
}

void
seal_buf(const unsigned char key[SEAL_KEY_SIZE], struct str aad, struct buf *b,
    size_t at)
{
	unsigned char nonce[SEAL_NONCE_SIZE], *p;
	EVP_CIPHER_CTX *c;
	size_t n;
	int none;

	if (buf_failed(b) || !buf_reserve(b, SEAL_TAG_SIZE))
		return;
	must(at + SEAL_NONCE_SIZE <= b->n);
	p = (unsigned char *)b->p + at;
	n = b->n - at - SEAL_NONCE_SIZE;
	random_bytes(nonce, sizeof nonce);
	memcpy(p, nonce, sizeof nonce);
	c = begin(key, nonce, aad, 1);
	run(c, p + SEAL_NONCE_SIZE, n);
	must(EVP_CipherFinal_ex(c, p + SEAL_NONCE_SIZE + n, &none) == 1);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE,
		 p + SEAL_NONCE_SIZE + n) == 1);
	EVP_CIPHER_CTX_free(c);
	buf_commit(b, SEAL_TAG_SIZE);
}

void
seal(const unsigned char key[SEAL_KEY_SIZE], struct str aad, struct str plain,
    struct buf *out)
{
	size_t at = out->n;

	buf_fill(out, 0, SEAL_NONCE_SIZE);
	buf_put(out, plain);
	seal_buf(key, aad, out, at);
}

bool
seal_open(const unsigned char key[SEAL_KEY_SIZE], struct str aad, char *sealed,
    size_t n, struct str *plain)
{
	unsigned char *p = (unsigned char *)sealed, last[SEAL_TAG_SIZE];
	EVP_CIPHER_CTX *c;
	bool good;
	int none;

	*plain = str_n(NULL, 0);
	if (n < SEAL_OVERHEAD)
		return false;
	n -= SEAL_OVERHEAD;
	c = begin(key, p, aad, 0);
	run(c, p + SEAL_NONCE_SIZE, n);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE,
		 p + SEAL_NONCE_SIZE + n) == 1);
	good = EVP_CipherFinal_ex(c, last, &none) == 1;
	EVP_CIPHER_CTX_free(c);
	if (good)
		*plain = str_n(sealed + SEAL_NONCE_SIZE, n);
	else
		secret_wipe(p + SEAL_NONCE_SIZE, n);
	return good;
}

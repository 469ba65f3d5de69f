#include "base/digest.h"
#include "base/must.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

/* Fetched once: EVP_sha256() looks the provider up at every init. */
static const EVP_MD *
md(void)
{
	static _Atomic(EVP_MD *) fetched;
	EVP_MD *now = atomic_load(&fetched);

	if (!now) {
		EVP_MD *f = EVP_MD_fetch(NULL, "SHA256", NULL);

		must(f != NULL);
		if (atomic_compare_exchange_strong(&fetched, &now, f))
			return f;
		EVP_MD_free(f);
	}
	return now;
}

void
sha256(struct str s, unsigned char out[SHA256_SIZE])
{
	must(EVP_Digest(s.n ? s.p : "", s.n, out, NULL, md(), NULL) == 1);
}

struct sha256 *
sha256_new(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx && EVP_DigestInit_ex(ctx, md(), NULL) == 1);
	return (struct sha256 *)ctx;
}

void
sha256_add(struct sha256 *h, struct str s)
{
	if (s.n)
		must(EVP_DigestUpdate((EVP_MD_CTX *)h, s.p, s.n) == 1);
}

void
sha256_done(struct sha256 *h, unsigned char out[SHA256_SIZE])
{
	must(EVP_DigestFinal_ex((EVP_MD_CTX *)h, out, NULL) == 1);
	EVP_MD_CTX_free((EVP_MD_CTX *)h);
}

void
hmac_sha256(struct str key, struct str s, unsigned char out[SHA256_SIZE])
{
	unsigned n = 0;

	must(key.n < 0x7fffffff &&
	     HMAC(EVP_sha256(), key.p, (int)key.n,
		 (const unsigned char *)(s.n ? s.p : ""), s.n, out, &n) &&
	     n == SHA256_SIZE);
}

bool
secret_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void
secret_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

void
random_bytes(void *p, size_t n)
{
	must(n < 0x7fffffff && RAND_bytes(p, (int)n) == 1);
}

uint64_t
random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof v);
	return v;
}

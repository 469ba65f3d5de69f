#include "net/tls_peer.h"
#include "base/clock.h"
#include "base/must.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tls_peer peers[TLS_PEERS_MAX];
static size_t npeers;

static bool
expiry_of(X509 *cert, int64_t *at)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm))
		return false;
	*at = (clock_days(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1,
		   (unsigned)tm.tm_mday) *
		      24 * 3600 +
		  tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) *
	      CLOCK_SECOND;
	return true;
}

/* Takes it when it expires before what is there; first: nothing is. */
static void
consider(struct tls_peer *p, X509 *cert, bool first)
{
	char name[sizeof p->whose];
	int64_t at;

	if (!expiry_of(cert, &at) || (!first && at >= p->expires))
		return;
	p->expires = at;
	if (X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		NID_commonName, name, sizeof name) <= 0)
		name[0] = '\0';
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	memcpy(p->whose, name, sizeof name);
}

/* The lock is held. */
static struct tls_peer *
find(const char *where, bool make)
{
	struct tls_peer *p;

	for (size_t i = 0; i < npeers; i++)
		if (strcmp(peers[i].where, where) == 0)
			return &peers[i];
	if (!make || npeers == TLS_PEERS_MAX)
		return NULL;
	p = &peers[npeers++];
	*p = (struct tls_peer){0};
	snprintf(p->where, sizeof p->where, "%s", where);
	return p;
}

static void
keep(const char *where, const struct tls_peer *new)
{
	struct tls_peer *p;

	if (!new->expires)
		return;
	pthread_mutex_lock(&lock);
	p = find(where, true);
	if (p) {
		p->expires = new->expires;
		memcpy(p->whose, new->whose, sizeof p->whose);
	}
	pthread_mutex_unlock(&lock);
}

void
tls_peer_note(const char *where, struct ssl_st *ssl)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	struct tls_peer p = {0};

	for (int i = 0; chain && i < sk_X509_num(chain); i++)
		consider(&p, sk_X509_value(chain, i), i == 0);
	keep(where, &p);
}

void
tls_peer_note_pem(const char *where, struct str pem, bool first)
{
	BIO *bio =
	    pem.n < INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	struct tls_peer p = {0};

	if (cert) {
		if (!first && !tls_peer_get(where, &p))
			first = true;
		consider(&p, cert, first);
		keep(where, &p);
	}
	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
}

bool
tls_peer_get(const char *where, struct tls_peer *out)
{
	const struct tls_peer *p;

	pthread_mutex_lock(&lock);
	p = find(where, false);
	if (p)
		*out = *p;
	pthread_mutex_unlock(&lock);
	return p != NULL;
}

int
tls_file_expires(const char *path, struct tls_peer *out, struct err *err)
{
	BIO *bio = BIO_new_file(path, "r");
	size_t n = 0;

	*out = (struct tls_peer){0};
	if (!bio) {
		ERR_clear_error();
		return err_set(err, ERR_INVAL, "%s cannot be read", path);
	}
	while (n <= TLS_FILE_MAX) {
		X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!cert)
			break;
		consider(out, cert, n++ == 0);
		X509_free(cert);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (!n)
		return err_set(
		    err, ERR_INVAL, "%s holds no certificate (PEM)", path);
	return n <= TLS_FILE_MAX;
}

/* For the tests of S/MIME: certificates and signed mails, made on the fly. */
#ifndef TESTS_SMIME_MAIL_H
#define TESTS_SMIME_MAIL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/must.h"

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

struct identity_of {
	EVP_PKEY *key;
	X509 *cert;
	unsigned char fingerprint[SHA256_SIZE];
};

/* A certificate by itself over key, valid for days from now (negative: it has ended). */
static inline void
certify(struct identity_of *x, const char *name, long serial, int days)
{
	X509_NAME *n;

	x->cert = X509_new();
	X509_set_version(x->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x->cert), serial);
	X509_gmtime_adj(X509_getm_notBefore(x->cert), -86400L * 400);
	X509_gmtime_adj(X509_getm_notAfter(x->cert), 86400L * days);
	n = X509_get_subject_name(x->cert);
	X509_NAME_add_entry_by_txt(
	    n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x->cert, n);
	X509_set_pubkey(x->cert, x->key);
	must(X509_sign(x->cert, x->key,
		 EVP_PKEY_get_base_id(x->key) == EVP_PKEY_ED25519
		     ? NULL
		     : EVP_sha256()) > 0);
	must(X509_digest(x->cert, EVP_sha256(), x->fingerprint, NULL));
}

/* kind: "EC" (P-256), "RSA" (2048) or "ED25519". */
static inline void
identity_make(struct identity_of *x, const char *kind, const char *name)
{
	x->key = strcmp(kind, "EC") == 0    ? EVP_EC_gen("P-256")
		 : strcmp(kind, "RSA") == 0 ? EVP_RSA_gen(2048)
					    : EVP_PKEY_Q_keygen(NULL, NULL, kind);
	must(x->key != NULL);
	certify(x, name, 1, 100);
}

static inline void
identity_free(struct identity_of *x)
{
	EVP_PKEY_free(x->key);
	X509_free(x->cert);
}

static inline struct str
cms_der(struct arena *a, CMS_ContentInfo *cms)
{
	unsigned char *der = NULL;
	int n = i2d_CMS_ContentInfo(cms, &der);
	struct str out;

	must(n > 0);
	out = arena_dup(a, str_n((const char *)der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

/* content with CRLF line ends. flags: CMS_DETACHED, CMS_NOCERTS, CMS_NOATTR … */
static inline CMS_ContentInfo *
cms_sign(const struct identity_of *x, struct str content, unsigned flags)
{
	BIO *in = BIO_new_mem_buf(content.p, (int)content.n);
	CMS_ContentInfo *cms =
	    CMS_sign(x->cert, x->key, NULL, in, flags | CMS_BINARY);

	must(cms != NULL);
	BIO_free(in);
	return cms;
}

static inline struct str
sign_der(struct arena *a, const struct identity_of *x, struct str content,
    unsigned flags)
{
	CMS_ContentInfo *cms = cms_sign(x, content, flags);
	struct str der = cms_der(a, cms);

	CMS_ContentInfo_free(cms);
	return der;
}

/* Lines of 76 that end in eol. */
static inline struct str
base64_lines(struct arena *a, struct str s, const char *eol)
{
	unsigned char *line = OPENSSL_malloc(s.n * 4 / 3 + 8);
	int n = EVP_EncodeBlock(line, (const unsigned char *)s.p, (int)s.n);
	struct buf b = BUF_INIT;
	struct str out;

	for (int at = 0; at < n; at += 76)
		buf_printf(&b, "%.*s%s", MIN(76, n - at), line + at, eol);
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	OPENSSL_free(line);
	return out;
}

#define SMIME_HEAD "From: Anna <anna@acme.example>\r\nSubject: signed\r\nDate: Mon, 5 Jan 2026 08:00:00 +0000\r\nMessage-ID: <s@x>\r\nMIME-Version: 1.0\r\n"

/* The lines of multipart/signed around content and its signature; extra: a third part, whole; NULL: none. */
static inline struct str
signed_mail(struct arena *a, struct str content, struct str der, const char *extra)
{
	return arena_printf(a,
	    SMIME_HEAD "Content-Type: multipart/signed; micalg=sha-256; boundary=\"=b\";\r\n"
		       " protocol=\"application/pkcs7-signature\"\r\n\r\nThis is an S/MIME signed message\r\n\r\n"
		       "--=b\r\n%.*s\r\n--=b\r\n"
		       "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n"
		       "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n%.*s\r\n%s--=b--\r\n",
	    STR_ARG(content), STR_ARG(base64_lines(a, der, "\r\n")), extra ? extra : "");
}

static inline struct str
opaque_mail(struct arena *a, struct str der)
{
	return arena_printf(a,
	    SMIME_HEAD "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"\r\n"
		       "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n%.*s",
	    STR_ARG(base64_lines(a, der, "\r\n")));
}

#endif

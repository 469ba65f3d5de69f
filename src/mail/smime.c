/*
 * CMS_verify() would do most of this, but it hashes the content once for each algorithm that the mail lists, takes any number of signers
 * and any digest, and wants the content in memory with CRLF line ends. So its steps are taken here one by one, over a source that makes
 * the line ends as it is read.
 */
#include "mail/smime.h"
#include "base/clock.h"
#include "base/must.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

void
smime_init(void)
{
	/* Without openssl.cnf: nothing there may change what counts as right. */
	must(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
				     OPENSSL_INIT_ADD_ALL_CIPHERS |
				     OPENSSL_INIT_ADD_ALL_DIGESTS |
				     OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
		 NULL) == 1);
}

/* ---- the signed bytes ---- */

struct source {
	struct str rest;
	bool crlf; /* a lone LF is read as CRLF */
	bool cr;   /* the last byte given was a CR */
};

/* Up to the next line end that has to be put right, and that one when there is room. */
static size_t
copy_line(struct source *s, char *out, size_t n)
{
	size_t len = MIN(n, s->rest.n);
	const char *lf = memchr(s->rest.p, '\n', len);

	if (lf == s->rest.p && !s->cr) {
		*out = '\r';
		s->cr = true;
		return 1;
	}
	if (lf)
		len = MAX((size_t)(lf - s->rest.p), (size_t)1);
	memcpy(out, s->rest.p, len);
	s->cr = out[len - 1] == '\r';
	s->rest = str_from(s->rest, len);
	return len;
}

static int
source_read(BIO *b, char *out, size_t n, size_t *done)
{
	struct source *s = BIO_get_data(b);

	*done = 0;
	if (!s->crlf) {
		*done = MIN(n, s->rest.n);
		if (*done)
			memcpy(out, s->rest.p, *done);
		s->rest = str_from(s->rest, *done);
	}
	while (s->crlf && s->rest.n && *done < n)
		*done += copy_line(s, out + *done, n - *done);
	return *done > 0;
}

static long
source_ctrl(BIO *b, int cmd, long number, void *p)
{
	(void)b;
	(void)number;
	(void)p;
	return cmd == BIO_CTRL_FLUSH;
}

/* A digest over a source; read to its end. NULL when OpenSSL has no memory for it. */
static BIO *
digest_of(struct source *s, const EVP_MD *md)
{
	static BIO_METHOD *method;
	BIO *from, *to;
	char buf[16384];

	if (!method) {
		method = BIO_meth_new(
		    BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "str");
		must(method && BIO_meth_set_read_ex(method, source_read) &&
		     BIO_meth_set_ctrl(method, source_ctrl));
	}
	from = BIO_new(method);
	to = BIO_new(BIO_f_md());
	must(from && to && BIO_set_md(to, md));
	BIO_set_data(from, s);
	BIO_set_init(from, 1);
	BIO_push(to, from);
	while (BIO_read(to, buf, sizeof buf) > 0)
		;
	return to;
}

/* ---- the signature ---- */

/* Milliseconds; CLOCK_NONE for a time that no mail of today has. */
static int64_t
signing_time(CMS_SignerInfo *si)
{
	static const int types[] = {V_ASN1_UTCTIME, V_ASN1_GENERALIZEDTIME};
	struct tm tm;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		/* -3: there must be one only, of one value. */
		const ASN1_TIME *t = CMS_signed_get0_data_by_OBJ(
		    si, OBJ_nid2obj(NID_pkcs9_signingTime), -3, types[i]);

		if (!t || !ASN1_TIME_to_tm(t, &tm) || tm.tm_year < 70 ||
		    tm.tm_year > 8000)
			continue;
		return clock_days(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1,
			   (unsigned)tm.tm_mday) *
			   CLOCK_DAY +
		       (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) *
			   INT64_C(1000);
	}
	return CLOCK_NONE;
}

/*
 * What makes this signature another one than that: the signed attributes (the digest of the content and the time among them) and who
 * signed. Not the signature's own bytes: of an ECDSA signature anybody can make a second one that is as right.
 */
static void
fingerprint(CMS_SignerInfo *si, struct smime *out)
{
	struct sha256 *h = sha256_new();

	sha256_add(h, str_n((const char *)out->certificate, SHA256_SIZE));
	for (int i = 0; i < CMS_signed_get_attr_count(si); i++) {
		unsigned char *der = NULL;
		int n = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &der);

		if (n > 0)
			sha256_add(h, str_n((const char *)der, (size_t)n));
		OPENSSL_free(der);
	}
	sha256_done(h, out->digest);
}

static const EVP_MD *
digest_by(const X509_ALGOR *alg)
{
	const ASN1_OBJECT *oid;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	switch (OBJ_obj2nid(oid)) {
	case NID_sha256:
		return EVP_sha256();
	case NID_sha384:
		return EVP_sha384();
	case NID_sha512:
		return EVP_sha512();
	}
	return NULL;
}

static bool
key_will_do(const EVP_PKEY *key)
{
	int kind = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	/* OpenSSL 3.0 does EdDSA everywhere but in CMS. */
	return kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS ||
	       kind == EVP_PKEY_EC;
}

/* The only signer, with his certificate found inside. */
static CMS_SignerInfo *
only_signer(CMS_ContentInfo *cms, const char **why)
{
	STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(cms);
	STACK_OF(X509) * certs;
	int n;

	if (sk_CMS_SignerInfo_num(all) != 1) {
		*why = sk_CMS_SignerInfo_num(all) > 1 ? "more than one signer"
						      : "nobody signed";
		return NULL;
	}
	certs = CMS_get1_certs(cms);
	n = certs ? sk_X509_num(certs) : 0;
	sk_X509_pop_free(certs, X509_free);
	if (n > SMIME_CERTIFICATES_MAX) {
		*why = "too many certificates";
		return NULL;
	}
	if (n < 1 || CMS_set1_signers_certs(cms, NULL, 0) != 1) {
		*why = "the signer's certificate is not inside";
		return NULL;
	}
	return sk_CMS_SignerInfo_value(all, 0);
}

static bool
verify(CMS_ContentInfo *cms, struct source *content, struct smime *out,
    const char **why)
{
	CMS_SignerInfo *si = only_signer(cms, why);
	X509_ALGOR *alg;
	EVP_PKEY *key;
	X509 *cert;
	const EVP_MD *md;
	BIO *bio;
	bool good;

	if (!si)
		return false;
	CMS_SignerInfo_get0_algs(si, &key, &cert, &alg, NULL);
	md = digest_by(alg);
	if (!md || !key_will_do(key)) {
		*why = "an algorithm that is not taken any more, or not yet";
		return false;
	}
	/* Without them the attributes of one mail could be shown as the content of another. */
	if (CMS_signed_get_attr_count(si) < 1) {
		*why = "no signed attributes";
		return false;
	}
	if (!X509_digest(cert, EVP_sha256(), out->certificate, NULL)) {
		*why = "its certificate cannot be read";
		return false;
	}
	if (CMS_SignerInfo_verify(si) != 1) {
		*why = "it is not of its certificate's key";
		return false;
	}
	bio = digest_of(content, md);
	good = CMS_SignerInfo_verify_content(si, bio) == 1;
	BIO_free_all(bio);
	if (!good) {
		*why = "the content was changed";
		return false;
	}
	out->signed_at = signing_time(si);
	fingerprint(si, out);
	return true;
}

/* ---- how large it is, beside its content ---- */

/*
 * OpenSSL reads every certificate there is, key and all, before one can count them: eight megabytes of them take seconds. So the
 * content is measured first (X.690 §8.1, definite lengths and others), and what is left must be no more than a signature has.
 */
enum {
	BER_DEPTH = 16
};

/* The identifier and length at the beginning of *s, taken off; false when they are cut short. indefinite: up to two zero bytes. */
static bool
ber_head(struct str *s, size_t *length, bool *indefinite)
{
	const unsigned char *p = (const unsigned char *)s->p;
	size_t i = 1, n;

	/* Higher tag numbers are of no use in CMS. */
	if (s->n < 2 || (p[0] & 0x1f) == 0x1f)
		return false;
	n = p[i++];
	*indefinite = n == 0x80;
	*length = n < 0x80 ? n : 0;
	if (n > 0x84)
		return false;
	for (n = n > 0x80 ? n - 0x80 : 0; n; n--) {
		if (i == s->n)
			return false;
		*length = *length << 8 | p[i++];
	}
	*s = str_from(*s, i);
	return *length <= s->n;
}

/* Takes one element off. */
static bool
ber_skip(struct str *s, unsigned depth)
{
	size_t length;
	bool indefinite;

	if (depth > BER_DEPTH || !ber_head(s, &length, &indefinite))
		return false;
	*s = str_from(*s, length);
	if (!indefinite)
		return true;
	while (s->n >= 2 && (s->p[0] || s->p[1]))
		if (!ber_skip(s, depth + 1))
			return false;
	if (s->n < 2)
		return false;
	*s = str_from(*s, 2);
	return true;
}

/* ContentInfo { type, [0] SignedData { version, algorithms, content, … } }: the bytes without those of the content. */
static bool
beside_content(struct str der, size_t *out)
{
	struct str s = der, content;
	size_t length;
	bool indefinite;

	if (!ber_head(&s, &length, &indefinite) || !ber_skip(&s, 0) ||
	    !ber_head(&s, &length, &indefinite) ||
	    !ber_head(&s, &length, &indefinite) || !ber_skip(&s, 0) ||
	    !ber_skip(&s, 0))
		return false;
	content = s;
	if (!ber_skip(&s, 0))
		return false;
	*out = der.n - (content.n - s.n);
	return true;
}

/* Signed data with a MIME entity as its content, and nothing behind it; NULL. */
static CMS_ContentInfo *
read_der(struct str der, size_t max, const char **why)
{
	const unsigned char *p = (const unsigned char *)der.p;
	size_t beside = 0;
	CMS_ContentInfo *cms;

	if (der.n > max) {
		*why = "it is too large";
		return NULL;
	}
	if (!beside_content(der, &beside)) {
		*why = "it cannot be read";
		return NULL;
	}
	if (beside > SMIME_SIGNATURE_MAX) {
		*why = "it is too large";
		return NULL;
	}
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
	if (!cms) {
		*why = "it cannot be read";
		return NULL;
	}
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed ||
	    OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data) {
		*why = "it is no signed mail";
		CMS_ContentInfo_free(cms);
		return NULL;
	}
	return cms;
}

bool
smime_detached(
    struct str content, struct str der, struct smime *out, const char **why)
{
	struct source source = {.rest = content, .crlf = true};
	CMS_ContentInfo *cms = read_der(der, SMIME_SIGNATURE_MAX, why);
	ASN1_OCTET_STRING **inside;
	bool good = false;

	*out = (struct smime){.signed_at = CLOCK_NONE};
	if (cms) {
		inside = CMS_get0_content(cms);
		if (inside && *inside)
			*why = "it holds a content of its own";
		else
			good = verify(cms, &source, out, why);
	}
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return good;
}

bool
smime_opaque(struct arena *a, struct str der, struct str *content,
    struct smime *out, const char **why)
{
	struct source source = {.crlf = false};
	CMS_ContentInfo *cms = read_der(der, SMIME_OPAQUE_MAX, why);
	ASN1_OCTET_STRING **inside;
	bool good = false;

	*out = (struct smime){.signed_at = CLOCK_NONE};
	*content = (struct str){NULL, 0};
	if (cms) {
		inside = CMS_get0_content(cms);
		if (inside && *inside)
			*content = arena_dup(a,
			    str_n((const char *)ASN1_STRING_get0_data(*inside),
				(size_t)ASN1_STRING_length(*inside)));
		source.rest = *content;
		if (!content->n)
			*why = "there is nothing inside";
		else
			good = verify(cms, &source, out, why);
	}
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return good;
}

/* ---- a pinned certificate ---- */

/* A file that wants a password is not asked for one. */
static int
no_password(char *buf, int n, int writing, void *p)
{
	(void)buf;
	(void)n;
	(void)writing;
	(void)p;
	return -1;
}

int
smime_certificate(
    struct str pem, unsigned char sha256[SHA256_SIZE], struct err *err)
{
	BIO *bio = pem.n && pem.n <= INT32_MAX
		       ? BIO_new_mem_buf(pem.p, (int)pem.n)
		       : NULL;
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
	bool good = x && X509_digest(x, EVP_sha256(), sha256, NULL) == 1;
	bool will_do = good && key_will_do(X509_get0_pubkey(x));

	X509_free(x);
	BIO_free(bio);
	ERR_clear_error();
	if (!good)
		return err_set(err, ERR_INVAL,
		    "there is no certificate in PEM form in it "
		    "(-----BEGIN CERTIFICATE-----)");
	if (!will_do)
		return err_set(err, ERR_INVAL,
		    "the certificate's key is of a kind that is not taken: "
		    "RSA or an elliptic curve");
	return 0;
}

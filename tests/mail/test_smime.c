/* S/MIME signatures: right ones, and everything that must not count as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/record.h"
#include "mail/parse.h"
#include "mail/smime.h"
#include "smime_mail.h"

#include <time.h>

static struct identity_of anna, bo, rsa, ed;

static int
setup(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	must(parse_init(NULL, &err) == 0);
	identity_make(&anna, "EC", "Anna");
	identity_make(&bo, "EC", "Bo");
	identity_make(&rsa, "RSA", "Rosa");
	identity_make(&ed, "ED25519", "Ed");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	identity_free(&anna);
	identity_free(&bo);
	identity_free(&rsa);
	identity_free(&ed);
	return 0;
}

#define TEXT_PART "Content-Type: text/plain; charset=utf-8\r\n\r\n"
#define BODY TEXT_PART "#close\r\n\r\nDone.\r\n\r\nAnna"

/* Parsed, through the record and back, with or without CR. */
static struct message
parse(struct arena *a, struct str raw, bool lf)
{
	struct buf rec = BUF_INIT, b = BUF_INIT;
	struct message m, back;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < raw.n; i++)
		if (!lf || raw.p[i] != '\r')
			buf_putc(&b, raw.p[i]);
	assert_int_equal(
	    message_parse(a, arena_dup(a, buf_str(&b)), NULL, &m, &err), 0);
	message_encode(&m, &rec);
	assert_int_equal(
	    message_decode(a, arena_dup(a, buf_str(&rec)), &back, &err), 0);
	assert_int_equal(m.smime != NULL, back.smime != NULL);
	if (m.smime)
		assert_memory_equal(m.smime, back.smime, sizeof *m.smime);
	buf_fini(&rec);
	buf_fini(&b);
	return back;
}

static bool
warned(const struct message *m, const char *what)
{
	for (size_t i = 0; i < m->warnings.n; i++)
		if (str_has(m->warnings.v[i], str_c(what)))
			return true;
	return false;
}

static void
assert_signed_by(const struct message *m, const struct identity_of *x)
{
	for (size_t i = 0; !m->smime && i < m->warnings.n; i++)
		print_error("%.*s\n", STR_ARG(m->warnings.v[i]));
	assert_non_null(m->smime);
	assert_memory_equal(m->smime->certificate, x->fingerprint, SHA256_SIZE);
	assert_true(m->smime->signed_at > (time(NULL) - 600) * INT64_C(1000));
	assert_true(m->smime->signed_at <= time(NULL) * INT64_C(1000));
}

static void
good(void **state)
{
	const struct identity_of *all[] = {&anna, &rsa};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (int lf = 0; lf < 2; lf++) {
			struct str der =
			    sign_der(&a, all[i], S(BODY), CMS_DETACHED);
			struct message m =
			    parse(&a, signed_mail(&a, S(BODY), der, NULL), lf);

			assert_signed_by(&m, all[i]);
			assert_true(m.smime->whole);
			assert_true(str_starts(m.text, S("#close\n\nDone.")));
			assert_false(warned(&m, "S/MIME"));
			/* The same as opaque signed-data. */
			der = sign_der(&a, all[i], S(BODY), 0);
			m = parse(&a, opaque_mail(&a, der), lf);
			assert_signed_by(&m, all[i]);
			assert_true(m.smime->whole);
			assert_true(str_starts(str_trim(m.text), S("#close")));
			assert_int_equal(m.attachments.n, 0);
			assert_false(warned(&m, "S/MIME"));
		}
	arena_fini(&a);
}

/* Line ends of every kind, at every place of the 16 KiB in which they are read. */
static void
line_ends(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf crlf = BUF_INIT, lf = BUF_INIT;

	(void)state;
	for (size_t pad = 16370; pad < 16400; pad++) {
		struct smime x;
		const char *why = "";
		struct str der;

		buf_reset(&crlf);
		buf_fill(&crlf, 'x', pad);
		buf_puts(&crlf, "\r\n\r\na\r\n\rb\r\r\n\r\n");
		buf_reset(&lf);
		buf_fill(&lf, 'x', pad);
		buf_puts(&lf, "\n\na\n\rb\r\r\n\n");
		der = sign_der(&a, &anna, buf_str(&crlf), CMS_DETACHED);
		assert_true(smime_detached(buf_str(&crlf), der, &x, &why));
		assert_true(smime_detached(buf_str(&lf), der, &x, &why));
		buf_puts(&lf, "\n");
		assert_false(smime_detached(buf_str(&lf), der, &x, &why));
	}
	buf_fini(&crlf);
	buf_fini(&lf);
	arena_fini(&a);
}

/* Each byte of what is signed, and each of the signature. */
static void
one_byte(void **state)
{
	struct arena a = ARENA_INIT;
	struct str content = S(BODY);
	struct str der = sign_der(&a, &anna, content, CMS_DETACHED);
	size_t right = 0;
	struct smime first;
	const char *no;

	(void)state;
	assert_true(smime_detached(content, der, &first, &no));
	for (size_t i = 0; i < content.n + der.n; i++) {
		char *c = arena_cstr(&a, content);
		char *d = arena_cstr(&a, der);
		struct smime x;
		const char *why = NULL;

		if (i < content.n)
			c[i] ^= 1;
		else
			d[i - content.n] ^= 1;
		if (smime_detached(
			str_n(c, content.n), str_n(d, der.n), &x, &why)) {
			/* A byte that nothing depends on: then it is another certificate (its name, its own signature), or the same
			 * signature as before. */
			right++;
			assert_true(i >= content.n);
			assert_true(
			    memcmp(x.certificate, anna.fingerprint,
				SHA256_SIZE) != 0 ||
			    memcmp(x.digest, first.digest, SHA256_SIZE) == 0);
		} else {
			assert_non_null(why);
		}
	}
	print_message("%zu of %zu changed bytes changed nothing\n", right,
	    content.n + der.n);
	arena_fini(&a);
}

static void
not_right(void **state)
{
	struct arena a = ARENA_INIT;
	struct str content = S(BODY);
	struct identity_of twin = {0};
	struct message m;
	CMS_ContentInfo *cms;
	BIO *bio;

	(void)state;
	/* Another text in its place. */
	m = parse(&a,
	    signed_mail(&a, S(TEXT_PART "#close\r\n\r\nDone!\r\n\r\nAnna"),
		sign_der(&a, &anna, content, CMS_DETACHED), NULL),
	    false);
	assert_null(m.smime);
	assert_true(warned(&m, "the content was changed"));
	assert_true(str_has(m.text, S("Done!")));

	/* Bo signs, and puts a certificate of Anna's in, made to look like his. */
	EVP_PKEY_up_ref(anna.key);
	twin.key = anna.key;
	certify(&twin, "Bo", 1, 100);
	cms = cms_sign(&bo, content, CMS_DETACHED | CMS_NOCERTS);
	assert_int_equal(CMS_add1_cert(cms, twin.cert), 1);
	m = parse(&a, signed_mail(&a, content, cms_der(&a, cms), NULL), false);
	assert_null(m.smime);
	assert_true(warned(&m, "not of its certificate's key"));
	CMS_ContentInfo_free(cms);
	identity_free(&twin);

	/* No certificate; no attributes; two signers; content of its own. */
	m = parse(&a,
	    signed_mail(&a, content,
		sign_der(&a, &anna, content, CMS_DETACHED | CMS_NOCERTS), NULL),
	    false);
	assert_null(m.smime);
	assert_true(warned(&m, "certificate is not inside"));
	m = parse(&a,
	    signed_mail(&a, content,
		sign_der(&a, &anna, content, CMS_DETACHED | CMS_NOATTR), NULL),
	    false);
	assert_null(m.smime);
	assert_true(warned(&m, "no signed attributes"));
	m = parse(&a,
	    signed_mail(&a, content, sign_der(&a, &anna, content, 0), NULL),
	    false);
	assert_null(m.smime);
	assert_true(warned(&m, "a content of its own"));
	bio = BIO_new_mem_buf(content.p, (int)content.n);
	cms = CMS_sign(anna.cert, anna.key, NULL, bio,
	    CMS_DETACHED | CMS_BINARY | CMS_PARTIAL);
	assert_non_null(CMS_add1_signer(cms, bo.cert, bo.key, NULL, 0));
	assert_int_equal(
	    CMS_final(cms, bio, NULL, CMS_DETACHED | CMS_BINARY), 1);
	m = parse(&a, signed_mail(&a, content, cms_der(&a, cms), NULL), false);
	assert_null(m.smime);
	assert_true(warned(&m, "more than one signer"));
	CMS_ContentInfo_free(cms);
	BIO_free(bio);

	/* SHA-1. */
	bio = BIO_new_mem_buf(content.p, (int)content.n);
	cms = CMS_sign(
	    NULL, NULL, NULL, NULL, CMS_DETACHED | CMS_BINARY | CMS_PARTIAL);
	assert_non_null(CMS_add1_signer(cms, rsa.cert, rsa.key, EVP_sha1(), 0));
	assert_int_equal(
	    CMS_final(cms, bio, NULL, CMS_DETACHED | CMS_BINARY), 1);
	m = parse(&a, signed_mail(&a, content, cms_der(&a, cms), NULL), false);
	assert_null(m.smime);
	assert_true(warned(&m, "not taken any more"));
	CMS_ContentInfo_free(cms);
	BIO_free(bio);

	/* Nonsense, and another kind of signature altogether. */
	m = parse(&a, signed_mail(&a, content, S("nonsense"), NULL), false);
	assert_null(m.smime);
	assert_true(warned(&m, "cannot be read"));
	m = parse(&a,
	    S("Content-Type: multipart/signed; "
	      "protocol=\"application/pgp-signature\"; "
	      "boundary=b\n\n--b\n\nx\n--b\n"
	      "Content-Type: application/pgp-signature\n\nx\n--b--\n"),
	    false);
	assert_null(m.smime);
	assert_true(warned(&m, "OpenPGP signatures are not checked"));
	arena_fini(&a);
}

/* A certificate that has ended signs as well as any: it is pinned, or it is not. */
static void
expired(void **state)
{
	struct arena a = ARENA_INIT;
	struct identity_of old = {.key = EVP_EC_gen("P-384")};
	struct message m;

	(void)state;
	certify(&old, "Old", 7, -10);
	m = parse(&a,
	    signed_mail(
		&a, S(BODY), sign_der(&a, &old, S(BODY), CMS_DETACHED), NULL),
	    true);
	assert_signed_by(&m, &old);
	identity_free(&old);
	arena_fini(&a);
}

static void
when(void **state)
{
	struct arena a = ARENA_INIT;
	struct str content = S(BODY);
	BIO *bio = BIO_new_mem_buf(content.p, (int)content.n);
	CMS_ContentInfo *cms = CMS_sign(
	    NULL, NULL, NULL, NULL, CMS_DETACHED | CMS_BINARY | CMS_PARTIAL);
	CMS_SignerInfo *si = CMS_add1_signer(cms, anna.cert, anna.key, NULL, 0);
	ASN1_TIME *t = ASN1_TIME_set(NULL, 1000000000);
	struct message m;

	(void)state;
	assert_non_null(si);
	assert_int_equal(CMS_signed_add1_attr_by_NID(
			     si, NID_pkcs9_signingTime, t->type, t, -1),
	    1);
	assert_int_equal(
	    CMS_final(cms, bio, NULL, CMS_DETACHED | CMS_BINARY), 1);
	m = parse(&a, signed_mail(&a, content, cms_der(&a, cms), NULL), false);
	assert_non_null(m.smime);
	assert_int_equal(m.smime->signed_at, INT64_C(1000000000000));
	ASN1_TIME_free(t);
	CMS_ContentInfo_free(cms);
	BIO_free(bio);
	arena_fini(&a);
}

/* Of (r, s) anybody can make (r, n - s), which is as right: it must not pass for another signature. */
static void
the_same_twice(void **state)
{
	struct arena a = ARENA_INIT;
	struct str content = S(BODY);
	CMS_ContentInfo *cms = cms_sign(&anna, content, CMS_DETACHED);
	struct str der = cms_der(&a, cms), other, wrapped;
	ASN1_OCTET_STRING *sig = CMS_SignerInfo_get0_signature(
	    sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0));
	const unsigned char *p = ASN1_STRING_get0_data(sig);
	ECDSA_SIG *rs = d2i_ECDSA_SIG(NULL, &p, ASN1_STRING_length(sig));
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *s = BN_new();
	unsigned char *out = NULL;
	int n;
	struct smime x, y;
	const char *why;

	(void)state;
	BN_sub(s, EC_GROUP_get0_order(group), ECDSA_SIG_get0_s(rs));
	ECDSA_SIG_set0(rs, BN_dup(ECDSA_SIG_get0_r(rs)), s);
	n = i2d_ECDSA_SIG(rs, &out);
	ASN1_OCTET_STRING_set(sig, out, n);
	other = cms_der(&a, cms);
	assert_false(str_eq(der, other));
	assert_true(smime_detached(content, der, &x, &why));
	assert_true(smime_detached(content, other, &y, &why));
	assert_memory_equal(x.digest, y.digest, SHA256_SIZE);
	/* And of other words another one. */
	wrapped = S(TEXT_PART "#take");
	assert_true(smime_detached(
	    wrapped, sign_der(&a, &anna, wrapped, CMS_DETACHED), &y, &why));
	assert_memory_not_equal(x.digest, y.digest, SHA256_SIZE);
	OPENSSL_free(out);
	ECDSA_SIG_free(rs);
	EC_GROUP_free(group);
	CMS_ContentInfo_free(cms);
	arena_fini(&a);
}

/* Right, but something is read that is not under it. */
static void
not_whole(void **state)
{
	struct arena a = ARENA_INIT;
	struct str content = S(BODY);
	struct str der = sign_der(&a, &anna, content, CMS_DETACHED);
	struct message m;

	(void)state;
	m = parse(&a,
	    signed_mail(&a, content, der, "--=b\r\n" TEXT_PART "#spam\r\n"),
	    false);
	assert_signed_by(&m, &anna);
	assert_false(m.smime->whole);
	assert_true(str_has(m.text, S("#spam")));
	/* A list's footer. */
	m = parse(&a,
	    arena_printf(&a,
		SMIME_HEAD "Content-Type: multipart/mixed; "
			   "boundary=o\r\n\r\n--o\r\n%.*s\r\n--o\r\n" TEXT_PART
			   "footer\r\n--o--\r\n",
		STR_ARG(str_from(
		    signed_mail(&a, content, der, NULL), strlen(SMIME_HEAD)))),
	    false);
	assert_signed_by(&m, &anna);
	assert_false(m.smime->whole);
	/* Something unsigned before it. */
	m = parse(&a,
	    arena_printf(&a,
		SMIME_HEAD "Content-Type: multipart/mixed; "
			   "boundary=o\r\n\r\n--o\r\n" TEXT_PART
			   "#spam\r\n--o\r\n%.*s\r\n--o--\r\n",
		STR_ARG(
		    str_from(opaque_mail(&a, sign_der(&a, &anna, content, 0)),
			strlen(SMIME_HEAD)))),
	    false);
	assert_signed_by(&m, &anna);
	assert_false(m.smime->whole);
	assert_true(str_has(m.text, S("#spam")) && str_has(m.text, S("Done.")));
	/* A signed mail that somebody forwards as a file says nothing about him. */
	m = parse(&a,
	    arena_printf(&a,
		SMIME_HEAD "Content-Type: multipart/mixed; "
			   "boundary=o\r\n\r\n--o\r\n\r\nsee "
			   "below\r\n--o\r\nContent-Type: "
			   "message/rfc822\r\n\r\n%.*s\r\n--o--\r\n",
		STR_ARG(signed_mail(&a, content, der, NULL))),
	    false);
	assert_null(m.smime);
	arena_fini(&a);
}

#define HTML_AND_FILE                                                     \
	"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"        \
	"Content-Type: multipart/alternative; boundary=n\r\n\r\n"         \
	"--n\r\n" TEXT_PART "Grüße\r\n--n\r\nContent-Type: text/html; " \
	"charset=utf-8\r\n\r\n<p>Grüße</p>\r\n--n--\r\n"                \
	"--m\r\nContent-Type: application/pdf; "                          \
	"name=a.pdf\r\nContent-Transfer-Encoding: "                       \
	"base64\r\n\r\nJVBERi0=\r\n--m--\r\n"

static void
inside(void **state)
{
	struct arena a = ARENA_INIT;
	struct str content = S(HTML_AND_FILE);
	struct str der = sign_der(&a, &anna, content, 0), mail;
	struct buf file = BUF_INIT;
	struct err err = ERR_INIT;
	struct message m, d;
	char *bad;

	(void)state;
	mail = opaque_mail(&a, der);
	m = parse(&a, mail, false);
	assert_signed_by(&m, &anna);
	assert_true(m.smime->whole);
	d = parse(&a,
	    signed_mail(
		&a, content, sign_der(&a, &anna, content, CMS_DETACHED), NULL),
	    true);
	assert_signed_by(&d, &anna);
	assert_true(d.smime->whole);
	assert_true(str_eq(m.text, d.text) && str_eq(m.html, d.html));
	assert_true(str_has(m.html, S("<p>Grüße</p>")));
	assert_int_equal(m.attachments.n, 1);
	assert_int_equal(d.attachments.n, 2); /* and the signature */
	assert_true(str_eq(m.attachments.v[0].name, S("a.pdf")));
	assert_int_equal(message_attachment(&a, mail, NULL, 0, &file, &err), 0);
	assert_string_equal(buf_cstr(&file), "%PDF-");
	/* It is read all the same when the signature is not right, and nobody has signed it. */
	bad = arena_cstr(&a, der);
	bad[(size_t)str_find(der, S("<p>"), 0) + 1] ^= 1;
	m = parse(&a, opaque_mail(&a, str_n(bad, der.n)), false);
	assert_null(m.smime);
	assert_true(str_has(m.text, S("Grüße")));
	assert_true(warned(&m, "the content was changed"));
	/* Signed within signed: the outer one counts. */
	content = arena_printf(&a,
	    "Content-Type: application/pkcs7-mime; "
	    "smime-type=signed-data\r\nContent-Transfer-Encoding: "
	    "base64\r\n\r\n%.*s",
	    STR_ARG(base64_lines(&a, der, "\r\n")));
	m = parse(&a, opaque_mail(&a, sign_der(&a, &bo, content, 0)), false);
	assert_signed_by(&m, &bo);
	assert_true(m.smime->whole);
	assert_true(str_has(m.text, S("Grüße")));
	m = parse(&a,
	    signed_mail(
		&a, content, sign_der(&a, &bo, content, CMS_DETACHED), NULL),
	    false);
	assert_signed_by(&m, &bo);
	assert_true(m.smime->whole);
	/* Enveloped data stays shut. */
	m = parse(&a,
	    S("Content-Type: application/pkcs7-mime; "
	      "smime-type=enveloped-data; name=smime.p7m\n\nMIIB\n"),
	    false);
	assert_null(m.smime);
	assert_true(warned(&m, "is not opened"));
	buf_fini(&file);
	arena_fini(&a);
}

/* The daemon believes a worker nothing: half of a signature is none. */
static void
hostile_records(void **state)
{
	static const char sum[SHA256_SIZE + 1] =
	    "0123456789abcdef0123456789abcdef";
	static const struct {
		size_t certificate, digest;
		int64_t at;
		uint64_t whole;
		bool good;
	} rows[] = {
	    {32, 32, 5000, 1, true},
	    {32, 32, CLOCK_NONE, 0, true},
	    {31, 32, 5000, 1, false},
	    {32, 33, 5000, 1, false},
	    {32, 0, 5000, 1, false},
	    {0, 32, 5000, 1, false},
	    {32, 32, INT64_MAX, 1, false},
	    {32, 32, 5000, 2, false},
	};
	struct arena a = ARENA_INIT;
	struct buf rec = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		bool twice = i >= ARRAY_LEN(rows);
		struct message m;
		struct err err = ERR_INIT;

		buf_reset(&rec);
		for (int k = 0; k <= twice; k++) {
			size_t r = i % ARRAY_LEN(rows);
			size_t at = rec_begin(&rec, 70);

			rec_str_opt(&rec, 1, str_n(sum, rows[r].certificate));
			rec_str_opt(&rec, 2, str_n(sum, rows[r].digest));
			if (rows[r].at != CLOCK_NONE)
				rec_i64(&rec, 3, rows[r].at);
			rec_u64_opt(&rec, 4, rows[r].whole);
			rec_end(&rec, at);
		}
		if (twice || !rows[i].good) {
			assert_int_equal(
			    message_decode(&a, buf_str(&rec), &m, &err), -1);
			assert_int_equal(err.code, ERR_CORRUPT);
			continue;
		}
		assert_int_equal(
		    message_decode(&a, buf_str(&rec), &m, &err), 0);
		assert_int_equal(m.smime->signed_at, rows[i].at);
		assert_int_equal(m.smime->whole, rows[i].whole);
	}
	buf_fini(&rec);
	arena_fini(&a);
}

static void
limits(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf big = BUF_INIT;
	struct str content;
	struct smime x;
	const char *why;
	CMS_ContentInfo *cms;
	struct message m;

	(void)state;
	/* 20 MB with lone LFs, signed with CRLF. */
	buf_puts(&big, TEXT_PART);
	while (big.n < 20 << 20)
		buf_puts(&big, "a line of text that somebody has written\r\n");
	content = str_sub(buf_str(&big), 0, big.n - 2);
	m = parse(&a,
	    signed_mail(
		&a, content, sign_der(&a, &anna, content, CMS_DETACHED), NULL),
	    true);
	assert_signed_by(&m, &anna);
	/* As one blob it is too much. */
	assert_false(smime_opaque(
	    &a, sign_der(&a, &anna, content, 0), &content, &x, &why));
	assert_string_equal(why, "it is too large");
	/* Five megabytes are not, streamed or in one. */
	content = str_sub(buf_str(&big), 0, (5 << 20) - 2);
	for (unsigned i = 0; i < 2; i++) {
		BIO *in = BIO_new_mem_buf(content.p, (int)content.n);
		BIO *out = BIO_new(BIO_s_mem());
		unsigned f = CMS_BINARY | (i ? CMS_STREAM : 0);
		struct str inside;
		char *p;
		long n;

		cms = CMS_sign(anna.cert, anna.key, NULL, in, f);
		assert_int_equal(i2d_CMS_bio_stream(out, cms, in, (int)f), 1);
		n = BIO_get_mem_data(out, &p);
		assert_true(
		    smime_opaque(&a, str_n(p, (size_t)n), &inside, &x, &why));
		assert_true(str_eq(inside, content));
		CMS_ContentInfo_free(cms);
		BIO_free(in);
		BIO_free(out);
	}
	/* A signature of nothing but certificates. */
	cms = cms_sign(&anna, S(BODY), CMS_DETACHED);
	for (int i = 0; i < 30; i++) {
		struct identity_of extra = {.key = bo.key};

		EVP_PKEY_up_ref(bo.key);
		certify(&extra, "Extra", i + 2, 10);
		assert_int_equal(CMS_add1_cert(cms, extra.cert), 1);
		identity_free(&extra);
	}
	assert_false(smime_detached(S(BODY), cms_der(&a, cms), &x, &why));
	assert_string_equal(why, "too many certificates");
	for (int i = 0; i < 1500; i++) {
		struct identity_of extra = {.key = bo.key};

		EVP_PKEY_up_ref(bo.key);
		certify(&extra, "Extra", i + 100, 10);
		assert_int_equal(CMS_add0_cert(cms, extra.cert), 1);
		EVP_PKEY_free(extra.key);
	}
	assert_false(smime_opaque(&a, cms_der(&a, cms), &content, &x, &why));
	assert_string_equal(why, "it is too large");
	CMS_ContentInfo_free(cms);
	buf_fini(&big);
	arena_fini(&a);
}

static void
certificate_file(void **state)
{
	struct arena a = ARENA_INIT;
	BIO *bio = BIO_new(BIO_s_mem()), *of_ed = BIO_new(BIO_s_mem());
	unsigned char sum[SHA256_SIZE];
	struct err err = ERR_INIT;
	char *p;
	long n;
	struct str pem;

	(void)state;
	BIO_puts(bio, "Anna's, of 2026\n");
	PEM_write_bio_X509(bio, anna.cert);
	PEM_write_bio_X509(bio, bo.cert);
	PEM_write_bio_X509(of_ed, ed.cert);
	n = BIO_get_mem_data(of_ed, &p);
	assert_int_equal(smime_certificate(str_n(p, (size_t)n), sum, &err), -1);
	assert_non_null(strstr(err.msg, "of a kind that is not taken"));
	n = BIO_get_mem_data(bio, &p);
	pem = str_n(p, (size_t)n);
	assert_int_equal(smime_certificate(pem, sum, &err), 0);
	assert_memory_equal(sum, anna.fingerprint, SHA256_SIZE);
	assert_int_equal(smime_certificate(S("nothing"), sum, &err), -1);
	assert_non_null(strstr(err.msg, "PEM"));
	assert_int_equal(smime_certificate(S(""), sum, &err), -1);
	assert_int_equal(
	    smime_certificate(str_sub(pem, 0, pem.n / 4), sum, &err), -1);
	BIO_free(bio);
	BIO_free(of_ed);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good),
	    cmocka_unit_test(line_ends),
	    cmocka_unit_test(one_byte),
	    cmocka_unit_test(not_right),
	    cmocka_unit_test(expired),
	    cmocka_unit_test(when),
	    cmocka_unit_test(the_same_twice),
	    cmocka_unit_test(not_whole),
	    cmocka_unit_test(inside),
	    cmocka_unit_test(hostile_records),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(certificate_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/*
 * What an admin reads when a handshake fails is most of this file: which
 * certificate, whose it is, and what to do. The decision itself is OpenSSL's:
 * chain, dates and name are verified inside the handshake, so no byte of ours
 * follows a certificate that failed.
 */
#include "net/tls.h"
#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static bool
is_address(const char *host)
{
	unsigned char a[16];

	return inet_pton(AF_INET, host, a) == 1 ||
	       inet_pton(AF_INET6, host, a) == 1;
}

const char *
tls_reason(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *s = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return s ? s : "";
}

static int
set_name(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, host);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct ssl_st *
tls_client(const char *host, const char *ca_file, struct err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = NULL;

	if (!ctx)
		goto out;
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_default_verify_paths(ctx) != 1)
		goto out;
	if (ca_file && SSL_CTX_load_verify_file(ctx, ca_file) != 1) {
		err_set(err, ERR_INVAL,
		    "ca_file %s: cannot be read as PEM certificates (%s)",
		    ca_file, tls_reason());
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_RELEASE_BUFFERS);
	ssl = SSL_new(ctx);
	if (ssl && !set_name(ssl, host)) {
		SSL_free(ssl);
		ssl = NULL;
	}
out:
	SSL_CTX_free(ctx);
	if (!ssl)
		err_set(err, ERR_TEMP, "TLS: %s", tls_reason());
	return ssl;
}

/* The DNS names of a certificate, else its common name: whom it is for. */
static void
names_of(struct buf *out, X509 *cert)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int n = names ? sk_GENERAL_NAME_num(names) : 0;
	char cn[128];

	for (int i = 0; i < n && out->n < 200; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);

		if (g->type != GEN_DNS)
			continue;
		if (out->n)
			buf_puts(out, ", ");
		utf8_put_clean(out,
		    str_n((const char *)ASN1_STRING_get0_data(g->d.dNSName),
			(size_t)ASN1_STRING_length(g->d.dNSName)));
	}
	GENERAL_NAMES_free(names);
	if (!out->n && X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
			   NID_commonName, cn, sizeof(cn)) > 0)
		utf8_put_clean(out, str_c(cn));
	if (!out->n)
		buf_puts(out, "somebody else");
}

static void
date_of(struct buf *out, const ASN1_TIME *t)
{
	struct tm tm;

	if (t && ASN1_TIME_to_tm(t, &tm))
		buf_printf(out, "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
	else
		buf_puts(out, "an unknown date");
}

static void
clean_controls(struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if ((unsigned char)b->p[i] < 0x20 || b->p[i] == 0x7f)
			b->p[i] = '?';
}

static int
why_certificate(long verify, X509 *cert, const char *host, struct err *err)
{
	AUTO(buf_fini) struct buf what = BUF_INIT;

	switch (verify) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		names_of(&what, cert);
		clean_controls(&what);
		return err_set(err, ERR_PERM, "the certificate of %s is for %s",
		    host, buf_cstr(&what));
	case X509_V_ERR_CERT_HAS_EXPIRED:
		date_of(&what, X509_get0_notAfter(cert));
		return err_set(err, ERR_PERM,
		    "the certificate of %s expired on %s", host,
		    buf_cstr(&what));
	case X509_V_ERR_CERT_NOT_YET_VALID:
		date_of(&what, X509_get0_notBefore(cert));
		return err_set(err, ERR_PERM,
		    "the certificate of %s is valid only from %s (is the "
		    "clock right?)",
		    host, buf_cstr(&what));
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return err_set(err, ERR_PERM,
		    "the certificate of %s is signed by nobody this host "
		    "trusts (%s); if that is right, name its authority "
		    "with ca_file",
		    host, X509_verify_cert_error_string(verify));
	default:
		return err_set(err, ERR_PERM,
		    "the certificate of %s was refused: %s", host,
		    X509_verify_cert_error_string(verify));
	}
}

int
tls_why(struct ssl_st *ssl, const char *host, struct err *err)
{
	long verify = SSL_get_verify_result(ssl);
	/* A chain that failed is not "the peer's certificate" yet: the leaf
	 * is taken from the chain sent. */
	X509 *cert = SSL_get0_peer_certificate(ssl);
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	const char *reason;

	if (!cert && chain && sk_X509_num(chain) > 0)
		cert = sk_X509_value(chain, 0);
	if (verify != X509_V_OK && cert) {
		ERR_clear_error();
		return why_certificate(verify, cert, host, err);
	}
	reason = tls_reason();
	if (verify != X509_V_OK)
		return err_set(err, ERR_PERM,
		    "the certificate of %s was refused: %s", host,
		    X509_verify_cert_error_string(verify));
	return err_set(err, ERR_TEMP, "TLS with %s failed: %s", host,
	    *reason ? reason : "the connection was closed");
}

/*
 * tls: the client side of TLS by OpenSSL: TLS 1.2 or later, SNI, the chain verified against the system's certificates (and a
 * file more), the host name against the certificate (RFC 6125; an address against its IP names). Errors in an admin's terms.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/err.h"
#include "base/str.h"

struct ssl_st;

/* A handle ready for its handshake as a client of host, without a socket yet. ERR_INVAL when ca_file cannot be read. */
struct ssl_st *tls_client(const char *host, const char *ca_file, struct err *err);
/* After a failed handshake: why. ERR_PERM for anything about the certificate, else ERR_TEMP. Always -1. */
int tls_why(struct ssl_st *ssl, const char *host, struct err *err);
/* The reason of the newest OpenSSL error, "" when there is none; empties the error queue. */
const char *tls_reason(void);

#endif

/*
 * tls_peer: when certificates expire: those of the servers that were spoken to, noted at each handshake, and those in files. Of a chain it is the first of its
 * certificates that does. Kept in memory, for this process; thread-safe.
 */
#ifndef NET_TLS_PEER_H
#define NET_TLS_PEER_H

#include "base/err.h"
#include "base/str.h"

struct ssl_st;

enum { TLS_PEERS_MAX = 200, TLS_FILE_MAX = 5 };

struct tls_peer {
	char where[300];        /* "mail.acme.example:993" */
	char whose[130];        /* the subject's common name of the one that expires first */
	int64_t expires;        /* ms since 1970 */
};

/* After a good handshake. */
void tls_peer_note(const char *where, struct ssl_st *ssl);
/* The same from PEM, where another library did it; once for each certificate. first: it begins a chain. */
void tls_peer_note_pem(const char *where, struct str pem, bool first);
/* The newest that is known of this server: true, or false when there was no handshake yet. */
bool tls_peer_get(const char *where, struct tls_peer *out);

/*
 * The first to expire of the certificates (PEM) in a file: 1; 0 when it holds more than TLS_FILE_MAX, which makes it a collection of authorities that nobody uses all
 * of; -1 when it cannot be read, or holds none.
 */
int tls_file_expires(const char *path, struct tls_peer *out, struct err *err);

#endif

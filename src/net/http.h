/*
 * http: posting a small body to a URL through libcurl: webhooks. The home of <curl/curl.h> with net/smtp.c.
 *
 * TLS 1.2 or later, chain and host name verified; plain http only to this machine. No proxy from the environment, no cookies, no authentication that a server could ask for.
 * A redirect is followed only when it says that the post is to be repeated (307, 308), three times at most, never from https to http, and never to an
 * address of a private network (RFC 6890) unless that is allowed: an answer must not choose whom inside the house we write to. What the address is, is asked of the
 * socket, not of the name.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"

enum { HTTP_REPLY_MAX = 500, HTTP_URL_MAX = 2000, HTTP_REDIRECTS = 3 };

struct http;
struct http_options {
	struct str url;
	const char *ca_file;      /* NULL: the system's */
	bool allow_private;       /* redirects into private networks */
	unsigned timeout_s;       /* 0: 30 */
	const _Atomic bool *cancel; /* as in net/smtp.h */
};
/* ERR_INVAL: what is wrong with the URL. */
int http_new(const struct http_options *o, struct http **out, struct err *err);
void http_free(struct http **h);
/* Is it an absolute https URL, or http to this machine? For the configuration. */
int http_check_url(struct str url, struct err *err);

/* "https://host:port" of such a URL, without what follows, which may be a secret. */
struct str http_where(struct str url);
/* Connects, with TLS verified as for a post, and hangs up. */
int http_probe(struct http *h, struct err *err);

enum posted { POSTED_OK, POSTED_LATER /* 408, 425, 429, 5xx, or never got that far */, POSTED_REFUSED /* other answers */, POSTED_UNKNOWN /* sent, no answer */ };
struct http_header {
	const char *name;
	struct str value;         /* ERR_INVAL when it has a control character in it */
};
/*
 * type: of the body. reply: "200 OK: first words of the body", one line, clean UTF-8, in the arena. Always fills both.
 */
void http_post(struct http *h, struct arena *a, struct str type, const struct http_header *v, size_t n, struct str body, enum posted *result, struct str *reply);

/* Is this an address that the internet does not route, or this machine: RFC 6890, and IPv4 inside of IPv6 too. */
bool http_is_private(const struct sockaddr *sa);

#endif

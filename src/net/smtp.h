/*
 * smtp: handing over one mail at a time through libcurl, over a connection that is reused. The home of <curl/curl.h> with net/http.c.
 *
 * Bytes are what mail/compose.h made: CRLF, clean; they are checked again here (no bare CR or LF, no NUL, lines at most 998) and
 * refused with ERR_PERM rather than sent. The envelope can never hold CR, LF, NUL, or angle brackets.
 */
#ifndef NET_SMTP_H
#define NET_SMTP_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/buf.h"

enum smtp_security { SMTP_STARTTLS /* required */, SMTP_IMPLICIT, SMTP_PLAINTEXT /* loopback addresses only */ };

struct smtp_server {
	struct str host;
	uint16_t port;            /* 0: 587 submission, 465 implicit, 25 smtp */
	enum smtp_security security;
	const char *ca_file;      /* NULL: the system's */
	struct str user, secret;  /* empty user: no authentication */
	bool xoauth2;
	struct str helo;          /* our name in EHLO; empty: the host's */
	unsigned timeout_s;       /* of one mail, plus what its size needs; 0: 120 */
	/* Set by any thread: what is under way fails within a second or so, and so does all after it. NULL: nobody will. Must outlive the struct smtp. */
	const _Atomic bool *cancel;
};

struct smtp;
int smtp_new(const struct smtp_server *server, struct smtp **out, struct err *err);
void smtp_free(struct smtp **s);
/* Connects and logs in without sending a mail (helpd check --connect). */
int smtp_probe(struct smtp *s, struct err *err);

enum sent { SENT_OK, SENT_LATER /* 4xx, or never got that far */, SENT_REFUSED /* 5xx */, SENT_UNKNOWN /* the data was given, the answer never came */ };
struct sent_to {
	struct str addr;          /* in */
	enum sent result;
	struct str reply;         /* the server's last words for this recipient, one line, clean UTF-8; in the arena */
};
/*
 * Sends to every recipient of to[], fills their results. Returns 0 when an attempt was made (look at the results), -1 when the server could not be reached
 * or refused the login (all results SENT_LATER then). After SENT_UNKNOWN the mail may have been taken: record it as ambiguous.
 */
int smtp_send(struct smtp *s, struct arena *a, struct str sender, struct sent_to *to, size_t n, struct str bytes, struct err *err);

/* Checks what both sides of the wire must never see; used by the other transports too. */
int wire_check(struct str bytes, struct err *err);

#endif

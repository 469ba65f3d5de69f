/*
 * authres: what our own mail system found out about the sender (Authentication-Results, RFC 8601).
 *
 * Counted only under a configured authserv-id, and of those only the topmost field. dmarc must be about the From domain where it says which
 * (header.from). Two results of one method that contradict each other are none.
 */
#ifndef DESK_AUTHRES_H
#define DESK_AUTHRES_H

#include "base/arena.h"

enum auth_result { AUTH_NONE, AUTH_PASS, AUTH_FAIL, AUTH_OTHER /* temperror, neutral, policy, "none" … */ };

struct authres {
	bool found;                 /* a trusted field was there */
	bool contradicting;
	enum auth_result dmarc, spf, dkim, auth;
	struct str auth_user;       /* smtp.auth */
	struct str dkim_domain;     /* header.d of a dkim=pass */
};

/* values: Authentication-Results, topmost first; from: the addr of From. Strings live in the arena. */
void authres_read(struct arena *a, const struct strs *values, const struct strs *trusted, struct str from, struct authres *out);

#endif

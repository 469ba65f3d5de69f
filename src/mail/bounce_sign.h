/* bounce_sign: is a mail a delivery report at all? Signs that a person who forwards one does not give. */
#ifndef MAIL_BOUNCE_SIGN_H
#define MAIL_BOUNCE_SIGN_H

#include "mail/bounce.h"

/* The value of the first field of that name, or an empty str. */
struct str bounce_field(const struct message *m, struct str name);
/* multipart/report of that kind (RFC 6522)? */
bool bounce_is_report(const struct bounce_source *s, const char *kind);
/* Amazon's JSON, as SNS mails it, bare ("raw delivery") or as a string within an envelope of JSON: bare. Empty when it is none. */
struct str bounce_notification(struct arena *a, const struct message *m);
/* A disposition notification by which a mail was refused (Sieve's reject, RFC 5429), not one that says that it was read. */
bool bounce_is_rejection(const struct bounce_source *s);
/* The delivery-status part of a report that came as the "original": scanners wrap reports so. Empty when there is none. */
struct str bounce_within(const struct bounce_source *s);
/* By sender, subject and text. */
bool bounce_looks_like_one(const struct bounce_source *s);

#endif

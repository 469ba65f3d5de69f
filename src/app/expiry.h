/* expiry: what of a configuration expires, and when: certificates of servers as far as they were met, those in files, passwords. */
#ifndef APP_EXPIRY_H
#define APP_EXPIRY_H

#include "app/config.h"
#include "desk/alarm.h"

struct expiry {
	enum alarm_kind kind;   /* one of those of alarm_expires() */
	struct str name;        /* "mail.acme.example:993", "anna", "/etc/helpd/ca.pem", "mailbox support" */
	struct str words;       /* whose certificate; may be empty */
	int64_t at;             /* CLOCK_NONE: not known yet */
};
/* In the arena; each name of a kind once. Files are read. How many. */
size_t expiry_list(struct arena *a, const struct config *c, struct expiry **out);
/* What was learned of servers since. */
void expiry_refresh(struct arena *a, struct expiry *v, size_t n);

#endif

/*
 * bounce_text: delivery failures written for people, as most systems wrote them before RFC 3464 and many still do.
 */
#ifndef MAIL_BOUNCE_TEXT_H
#define MAIL_BOUNCE_TEXT_H

#include "base/arena.h"

enum { BOUNCE_RECIPIENTS_MAX = 500, BOUNCE_NOTICE_MAX = 64 << 10 };

struct notice_recipient {
	struct str address;
	struct str words;    /* its line, and what follows it up to the next recipient */
};
struct notice {
	struct str text;     /* what the system says, without the mail it returns; at most BOUNCE_NOTICE_MAX bytes */
	struct str original; /* the mail it returns below, or its header; may be empty */
	struct notice_recipient *v;
	size_t n;
};

/*
 * Reads text. The failed recipients are what stands at the start of a line, else what is named after "to", "recipient" and such, else any
 * address; never one of `own` (where the bounce was sent to, who sent it) while there is another, and never a postmaster.
 * A bare name where the recipients are announced is one at `domain`, the one that sent the notice; it may be empty.
 */
void notice_read(struct arena *a, struct str text, const struct strs *own, struct str domain, struct notice *out);
/* Does a subject, or the text, say in one of the common languages that something was not delivered? */
bool notice_subject(struct str subject);
bool notice_text(struct str text);
/* Does it say that the system goes on trying? */
bool notice_delayed(struct str text);

#endif

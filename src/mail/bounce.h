/*
 * bounce: delivery reports, standard (RFC 3464, 3462, 6522) and not. Which recipient failed, how, for which of our mails.
 */
#ifndef MAIL_BOUNCE_H
#define MAIL_BOUNCE_H

#include "mail/message.h"

struct bounce_source {
	const struct message *message;  /* headers, from, subject, text are filled */
	struct str content_type;        /* of the top level, with parameters */
	struct str report;              /* body of the message/delivery-status part (or global-, feedback-report); may be empty */
	struct str report_type;         /* its type */
	struct str original;            /* message/rfc822 or text/rfc822-headers that came back, raw; may be empty */
};
/*
 * NULL when it is no bounce. Lives in the arena. A recipient's address is the one that was written to (Original-Recipient, RFC 3464
 * §2.3.1) where the report says it, not what it was forwarded or expanded to.
 */
struct bounce *bounce_detect(struct arena *a, const struct bounce_source *s);

#endif

/*
 * forwarded: the mail that a customer would have sent, out of the one in which an agent forwards it: for rules, classifier and acknowledgement.
 *
 * Its header is what the forward says of the original: From, To, Cc, Subject, Date, and Message-ID of an attached mail. Its text is the original words; nothing is
 * in it of what the agent wrote, of his envelope and of his header. Attachments are those of the forward.
 */
#ifndef DESK_FORWARDED_H
#define DESK_FORWARDED_H

#include "desk/ingest.h"

/* m->forwarded is not NULL, and sure. In the arena, or of m. */
struct message *forwarded_message(struct arena *a, const struct message *m);
/* The intake of such a mail: queue, channel and recipient as of the forward; without its raw bytes. */
struct intake forwarded_intake(const struct intake *in, const struct message *m);

#endif

/*
 * compose: a mail of ours, from values to the bytes that go out (RFC 5322, 2045-2047, 2231, 6532 never needed).
 *
 * Wire-clean by construction: CRLF line ends, no bare CR or LF, no NUL, no line of the body above 998 octets (above 78 where
 * it can be helped), header values that can never gain a line, 7-bit unless 8bit was asked for.
 */
#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include "mail/message.h"
#include "mail/subject.h"

struct compose_attachment {
	struct str name, type;       /* type: "application/octet-stream" when empty */
	struct str content;          /* bytes */
	struct str content_id;       /* without <>; makes it inline in multipart/related, where there is HTML */
};

struct compose {
	struct address from;
	struct addresses reply_to, to, cc;
	struct str subject;          /* UTF-8 */
	struct str message_id;       /* without <> */
	struct str in_reply_to;      /* without <>; may be empty */
	struct strs references;      /* oldest first; in_reply_to is put last where it is not. Cut to keep the field below 998 octets: first and newest are kept;
	                              * ids that cannot stand in a header (white space, not ASCII) are left out */
	int64_t date;
	const char *timezone;        /* IANA name for the Date field's offset; NULL: UTC */
	struct str text;             /* UTF-8, LF; required */
	struct str html;             /* UTF-8; empty: text/plain only */
	const struct compose_attachment *attachments;
	size_t nattachments;
	bool automatic_reply;        /* Auto-Submitted: auto-replied, X-Auto-Response-Suppress: All, Precedence: bulk */
	bool automatic_notice;       /* the same with auto-generated */
	const struct header *extra;  /* further fields, for instance X-Helpd-Ticket */
	size_t nextra;
	struct str boundary_seed;    /* makes the MIME boundaries (empty: the Message-ID does); the same input gives the same bytes */
};

/*
 * Appends the whole mail. ERR_INVAL when a value cannot be sent (no recipient, no Message-ID, an address with a line break, an
 * extra field that is one of ours or Bcc), or out->max is reached; *out is as before then.
 */
int compose_message(const struct compose *c, struct buf *out, struct err *err);

#endif

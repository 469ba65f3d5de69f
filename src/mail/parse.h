/*
 * parse: a raw mail to a struct message.
 *
 * The only entry to everything that reads attacker-shaped bytes; runs in a jailed worker (app/jail.h), because
 * libetpan and libxml2 have died on crafted input before and may again.
 */
#ifndef MAIL_PARSE_H
#define MAIL_PARSE_H

#include "mail/message.h"

/* Cheap limits, checked before any library sees a byte. Zero means the default beside it. */
struct parse_limits {
	size_t message_bytes;  /* 50 MiB */
	size_t header_bytes;   /* 1 MiB for the header of the mail or of any part */
	unsigned nesting;      /* 100 levels of multipart and message/rfc822 */
	unsigned parts;        /* 10,000 */
};

/*
 * Once a process, before the first parse and before the jail closes: opens ICU converters, loads language models, libxml2.
 * The directory of libexttextcat's models may be NULL for the one found by configure.
 */
int parse_init(const char *language_models, struct err *err);

/*
 * Reads raw (LF, CRLF or CR line ends; a leading mbox "From " line is skipped). ERR_PERM when a limit is
 * passed: the mail is to be quarantined. Anything odd but readable is a warning, not an error.
 */
int message_parse(struct arena *a, struct str raw, const struct parse_limits *limits, struct message *out, struct err *err);

/*
 * The decoded bytes of the attachment `index` (from 0, in the order of message.attachments), appended to *out.
 * ERR_NOENT when there is none.
 */
int message_attachment(struct arena *a, struct str raw, const struct parse_limits *limits, size_t index, struct buf *out, struct err *err);

#endif

/*
 * transfer: Content-Transfer-Encodings undone (RFC 2045 §6; uuencode by custom). The bytes come out exactly as they went in at the
 * sender's: no line end is changed, so sizes and digests of attachments are those of the file.
 *
 * Nothing here fails: what is not encoded properly is passed through or skipped, as every mail client does.
 */
#ifndef MAIL_TRANSFER_H
#define MAIL_TRANSFER_H

#include "base/buf.h"

enum transfer {
	TRANSFER_IDENTITY, /* 7bit, 8bit, binary, and everything unknown */
	TRANSFER_BASE64,
	TRANSFER_QP,
	TRANSFER_UU,
};

/* The value of a Content-Transfer-Encoding field, with all the spellings that occur ("base-64", "quoted-printable;", "QUOTED_PRINTABLE"). */
enum transfer transfer_parse(struct str value);

/* Room that transfer_decode() needs at out for n bytes of input. */
size_t transfer_room(enum transfer t, size_t n);
/* Decodes into out (at least transfer_room() bytes); returns how many it wrote. */
size_t transfer_decode(enum transfer t, struct str in, char *out);

size_t base64_decode(struct str in, char *out);
size_t qp_decode(struct str in, char *out);
/* Of RFC 2047 §4.2: "_" is a space, and there are no line ends. */
size_t q_decode(struct str in, char *out);

/*
 * One "begin 644 name … end" block of a text, from offset `from` on; [from, to) is the block with both of its marker
 * lines, data the encoded lines between, name as written. False when there is none.
 */
struct uu_block {
	size_t from, to;
	struct str data, name;
};
bool uu_find(struct str text, size_t from, struct uu_block *out);

#endif

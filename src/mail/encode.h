/*
 * encode: values as they stand in a mail of ours: header fields (RFC 5322, 2047, 2231) and bodies (RFC 2045).
 *
 * Whatever goes in, what comes out is ASCII, CRLF, without NUL or other controls, folded at 76 columns where it can be
 * folded and below 998 always. A value read back by a MIME reader is the value that went in, once white space at its
 * ends is gone and each control character and malformed byte has become a space or U+FFFD.
 */
#ifndef MAIL_ENCODE_H
#define MAIL_ENCODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "mail/address.h"

/* A field being written: field_begin(), then any of the others, then field_end(). */
struct field {
	struct buf *out;
	size_t line; /* where the current line begins in out */
	bool empty;  /* nothing yet after the colon */
};
void field_begin(struct field *f, struct buf *out, struct str name);
void field_end(struct field *f);
/* Unstructured text, with encoded words where needed. */
void field_text(struct field *f, struct str value);
/* A token that must not be folded inside; the caller vouches for its characters. */
void field_token(struct field *f, struct str token);
/* One mailbox and what stands behind it ("," or nothing). The address must be address_sendable(). */
void field_mailbox(struct field *f, const struct address *x, const char *after);
/* ; key="value", or key*=UTF-8''value, in pieces (key*0*=) when it is long (RFC 2231). */
void field_param(struct field *f, const char *key, struct str value);
/* ; key="=?UTF-8?B?…?=": what RFC 2047 forbids and old Outlooks read. ASCII values as they are. */
void field_param_2047(struct field *f, const char *key, struct str value);

/* The whole field in one go. */
void encode_field(struct buf *out, struct str name, struct str value);

/* May it stand in a header and an envelope? ASCII, local@domain, no white space or control outside quotes, at most ADDRESS_MAX. */
bool address_sendable(struct str addr);
/* Printable ASCII without white space and angle brackets, at most 900 bytes: something that can be put between < and >. */
bool message_id_sendable(struct str id);

/* Text with LF line ends, well-formed UTF-8 without NUL, and a line end at its end; s itself where it is so already. */
struct str encode_clean_text(struct arena *a, struct str s);

enum encoding { ENCODING_7BIT, ENCODING_QP, ENCODING_BASE64 };
const char *encoding_name(enum encoding e);
/*
 * What suits a clean text: 7bit when it is ASCII in lines of at most 78 that no mail system will touch, else the shorter of the
 * other two. It is never 7bit when a line begins with "--" and avoid (a boundary; may be empty).
 */
enum encoding encode_choose(struct str text, struct str avoid);
void encode_text(struct buf *out, struct str text, enum encoding e);
/* Bytes in base64, lines of 76. */
void encode_bytes(struct buf *out, struct str bytes);

#endif

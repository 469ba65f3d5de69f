/*
 * mime: the tree of parts of a mail (RFC 2045, 2046), as offsets into the raw bytes.
 *
 * Finds what is plainly there, whatever the header says: a missing last boundary, a boundary that is not announced or is announced
 * otherwise, parts without a blank line after their header, a multipart that is encoded as a whole. What S/MIME signed-data holds is a part below it.
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "mail/guard.h"
#include "mail/header.h"
#include "mail/transfer.h"

enum part_kind { PART_LEAF, PART_MULTIPART, PART_MESSAGE };

struct part {
	enum part_kind kind;
	const struct part *parent;   /* NULL at the top */
	struct str number;           /* IMAP section number: "1", "2.1"; empty for the top when it is a multipart */
	unsigned depth;              /* 0 at the top */
	bool embedded;               /* inside a message/rfc822 */
	struct fields fields;
	struct str raw;              /* header and body as they stood: what a signature is over */
	struct str body;             /* still encoded; without the line end that belongs to the boundary */
	struct str type;             /* "text/plain", lower case; the default where the header says nothing usable */
	bool type_given;
	struct params type_params;   /* of Content-Type */
	struct params disposition;   /* value "attachment", "inline", or empty */
	enum transfer transfer;
	struct str content_id;       /* without <> */
	size_t next;                 /* index of the first part behind this one and its children */
};

struct mime {
	struct part **v;             /* a part before its children */
	size_t n;
	struct strs *warnings;       /* what was odd is added here */
	struct arena *arena;
	struct guard *guard;
	struct smime *smime;         /* of the first S/MIME signed-data that was opened (mail/smime.h), when it is right; NULL */
	unsigned opened;             /* how many were */
};

/* The tree of raw (see fields_scan() for its beginning). ERR_PERM when a limit is passed. */
int mime_parse(struct arena *a, struct str raw, struct guard *g, struct strs *warnings, struct mime *out);

/* The decoded bytes of a leaf; the part's own bytes when nothing is encoded, else in the arena. */
struct str part_content(struct arena *a, const struct part *p);
/* The same, appended. */
void part_decode(const struct part *p, struct buf *out);
/* The filename of the disposition, or the name of the type; may be empty. */
struct str part_name(const struct part *p);
bool part_is_attachment(const struct part *p);

#endif

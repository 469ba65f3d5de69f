/* guard: the cheap limits on a mail, checked while its structure is found, before anything is decoded or given to a library. */
#ifndef MAIL_GUARD_H
#define MAIL_GUARD_H

#include "base/err.h"
#include "base/str.h"
#include "mail/parse.h"

/* What is left of the limits while a mail is read. */
struct guard {
	struct parse_limits limits; /* defaults filled in */
	unsigned parts;
	uint64_t work;              /* bytes that may still be scanned: nested structure is scanned once a level */
	struct err *err;
};

/* ERR_PERM when the mail as a whole is too large. limits may be NULL: the defaults. */
int guard_open(struct guard *g, struct str raw, const struct parse_limits *limits, struct err *err);
/* One more part, so deep, with so long a header, whose body is about to be scanned. -1 with the error set when that is too much. */
int guard_part(struct guard *g, unsigned depth, size_t header_bytes);
int guard_scan(struct guard *g, size_t bytes);

#endif

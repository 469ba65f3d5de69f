/*
 * address: mailboxes and lists of them (RFC 5322 §3.4, with the obsolete and the merely common forms).
 *
 * An addr is the addr-spec as text, with the domain in lower case, local part as written, and without
 * comments or quotes that are not needed; internationalised addresses (RFC 6532) stay UTF-8.
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include "base/arena.h"
#include "base/buf.h"

struct address {
	struct str name; /* display name, decoded, without quotes; may be empty */
	struct str addr; /* local@domain; empty when it could not be read */
};

struct addresses {
	struct address *v;
	size_t n;
};

enum { ADDRESS_MAX = 320, ADDRESSES_MAX = 2000 };

/*
 * Reads an address list: groups are flattened, route and comments dropped ("a@b (Name)" gives the name),
 * RFC 2047 words in display names decoded. Unreadable entries are kept with an empty addr and their text
 * as name. Returns the number of unreadable ones; never fails. At most ADDRESSES_MAX are kept.
 */
size_t addresses_parse(struct arena *a, struct str value, struct addresses *out);
/* One addr-spec, from configuration or a command line: exactly local@domain, at most ADDRESS_MAX bytes. */
bool address_parse_one(struct arena *a, struct str s, struct address *out);

struct str address_local(struct str addr);
struct str address_domain(struct str addr);
/* Equal as mailboxes: the domain without case, the local part without ASCII case too (everyone does). */
bool address_eq(struct str a, struct str b);
/* Is addr one of them? */
bool address_among(const struct strs *l, struct str addr);
bool addresses_has(const struct addresses *l, struct str addr);
/* The key under which a person is stored: whole address in lower case (ICU fold for non-ASCII). */
struct str address_key(struct arena *a, struct str addr);
/* Splits "local+detail@domain" (RFC 5233): false when there is no +. */
bool address_detail(struct arena *a, struct str addr, struct str *base, struct str *detail);

/* For a header: Name <addr>, quoted or RFC 2047-encoded as needed; CR, LF, NUL can never get in. */
void address_format(struct buf *b, const struct address *x);
void addresses_format(struct buf *b, const struct addresses *l); /* ", " between, not folded */

#endif

/*
 * header: header fields as they come, and the text in them (RFC 5322 §2.2, RFC 2047, RFC 2231), read as tolerantly as the common clients do.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include "base/arena.h"
#include "base/buf.h"

struct raw_field {
	struct str name; /* without the colon and blanks before it */
	struct str raw;  /* what follows the colon, folds included, without the last line end */
};
struct fields {
	struct raw_field *v;
	size_t n;
	size_t junk;     /* lines that are no field and were passed over */
	bool cut;        /* there were more than FIELDS_MAX; the rest is left out */
};

enum { FIELDS_MAX = 10000, HEADER_VALUE_MAX = 16 << 10 };

/*
 * Reads the header block at the start of s: LF, CRLF or lone CR line ends, mbox "From " lines at the top passed over. The block ends at
 * an empty line or, when that was forgotten, at the first line that can be no field. Returns the offset of the body; fields borrow from s.
 */
size_t fields_scan(struct arena *a, struct str s, struct fields *out);
/* The raw value of the first field of that name (ASCII case ignored); p is NULL when there is none. */
struct str fields_get(const struct fields *f, struct str name);
/* Could this line be a field ("Name: …")? Then the length of the name, else 0. */
size_t field_name(struct str line);

/*
 * Unfolded, encoded words decoded, one line of UTF-8 without control characters. Blanks at the start are gone, those at the end stay.
 * charset: for raw 8-bit bytes that are not UTF-8; may be empty (guessed). Always a copy in the arena.
 */
struct str header_decode(struct arena *a, struct str raw, struct str charset);
/* The same without blanks at the end. */
struct str header_text(struct arena *a, struct str raw, struct str charset);

/* "value; name=value; …" as of Content-Type and Content-Disposition. */
struct param {
	struct str name;  /* lower case, without RFC 2231's marks */
	struct str value; /* decoded */
};
struct params {
	struct str value; /* lower case, without blanks and comments */
	struct param *v;
	size_t n;
};
void params_parse(struct arena *a, struct str raw, struct params *out);
/* Empty when absent. */
struct str params_get(const struct params *p, struct str name);

#endif

/*
 * record: tagged fields, for rows of the store and for what crosses the jail's pipe.
 *
 * A record is a run of fields: varint(tag << 1 | kind), then for kind 0 a varint (LEB128), for kind 1 a varint length
 * and that many bytes. Tags are 1 to 2^28 and keep their meaning for ever; a reader skips tags it does
 * not know, so an old row opens in a new program and the other way round. A tag may repeat (lists).
 * Signed numbers are zigzag-coded.
 *
 * Readers treat the bytes as hostile: recr_next() returns false at the end and at the first malformed
 * field, and then bad is set; check it once after the loop.
 */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include "base/buf.h"

void rec_u64(struct buf *b, uint32_t tag, uint64_t v);
void rec_i64(struct buf *b, uint32_t tag, int64_t v);
void rec_str(struct buf *b, uint32_t tag, struct str s);
/* Left out when zero, false or empty: absence reads as that. */
void rec_u64_opt(struct buf *b, uint32_t tag, uint64_t v);
void rec_str_opt(struct buf *b, uint32_t tag, struct str s);
void rec_strs(struct buf *b, uint32_t tag, const struct strs *l); /* one field each */

/* A nested record: size_t at = rec_begin(b, tag); …; rec_end(b, at); */
size_t rec_begin(struct buf *b, uint32_t tag);
void rec_end(struct buf *b, size_t at);

struct recr {
	struct str rest;
	bool bad;
	/* the current field */
	uint32_t tag;
	bool is_str;
	uint64_t u;   /* kind 0 */
	struct str s; /* kind 1; borrowed from the record */
};

static inline struct recr
recr_open(struct str rec)
{
	return (struct recr){.rest = rec};
}
bool recr_next(struct recr *r);
static inline int64_t
recr_i64(const struct recr *r)
{
	return (int64_t)(r->u >> 1) ^ -(int64_t)(r->u & 1);
}

/* The current field of another record, as it is: so that who writes a record anew keeps what he does not know. */
void rec_copy(struct buf *b, const struct recr *r);

/* Raw varints, for postings and keys. The reader returns false when cut short or above 64 bits. */
void varint_put(struct buf *b, uint64_t v);
bool varint_get(struct str *s, uint64_t *v);

#endif

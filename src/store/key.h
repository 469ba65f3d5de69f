/*
 * key: bytes that sort the way their numbers do.
 *
 * Keys are built of big-endian unsigned numbers (signed times with the sign bit turned over) and of text,
 * which comes last. LMDB takes keys of 1 to 511 bytes; longer text keeps its first bytes and ends in its
 * SHA-256, so it stays unique and the row has to hold the whole text itself.
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "base/digest.h"
#include "base/must.h"
#include "base/str.h"

enum { KEY_MAX = 511, KEY_TEXT_MAX = 400 };

struct key {
	size_t n;
	unsigned char b[KEY_MAX];
};

static inline struct str
key_str(const struct key *k)
{
	return str_n((const char *)k->b, k->n);
}
static inline void
key_uint(struct key *k, uint64_t v, unsigned bytes)
{
	must(k->n + bytes <= sizeof k->b);
	for (unsigned i = 0; i < bytes; i++)
		k->b[k->n++] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
}
/* A time: negative ones sort before positive ones. */
static inline void
key_time(struct key *k, int64_t v)
{
	key_uint(k, (uint64_t)v ^ (UINT64_C(1) << 63), 8);
}
static inline void
key_bytes(struct key *k, struct str s)
{
	must(s.n <= sizeof k->b - k->n);
	if (s.n)
		memcpy(k->b + k->n, s.p, s.n);
	k->n += s.n;
}
/* True when the text was too long to be there whole. */
static inline bool
key_text(struct key *k, struct str s)
{
	unsigned char hash[SHA256_SIZE];

	if (s.n <= KEY_TEXT_MAX) {
		key_bytes(k, s);
		return false;
	}
	sha256(s, hash);
	key_bytes(k, str_sub(s, 0, KEY_TEXT_MAX));
	key_bytes(k, str_n((const char *)hash, sizeof hash));
	return true;
}
/* The number of the first bytes of s, which is cut by them; false when s is too short. */
static inline bool
key_read_uint(struct str *s, unsigned bytes, uint64_t *v)
{
	uint64_t out = 0;

	if (s->n < bytes)
		return false;
	for (unsigned i = 0; i < bytes; i++)
		out = out << 8 | (unsigned char)s->p[i];
	s->p += bytes;
	s->n -= bytes;
	*v = out;
	return true;
}
static inline bool
key_read_time(struct str *s, int64_t *v)
{
	uint64_t u;

	if (!key_read_uint(s, 8, &u))
		return false;
	*v = (int64_t)(u ^ (UINT64_C(1) << 63));
	return true;
}

/* Ticket and sequence number in eight bytes: 40 bits and 24 bits. */
enum { KEY_TICKET_BITS = 40, KEY_SEQ_BITS = 24 };
#define KEY_TICKET_MAX ((UINT64_C(1) << KEY_TICKET_BITS) - 1)
#define KEY_SEQ_MAX ((1u << KEY_SEQ_BITS) - 1)

static inline struct key
key_of_ticket_seq(uint64_t ticket, uint32_t seq)
{
	struct key k;

	k.n = 0;
	key_uint(&k, ticket << KEY_SEQ_BITS | seq, 8);
	return k;
}
/* The sequence number in such a key. */
static inline uint32_t
key_ticket_seq_of(const struct key *k)
{
	must(k->n >= 8);
	return (uint32_t)k->b[5] << 16 | (uint32_t)k->b[6] << 8 | k->b[7];
}
static inline struct key
key_of_u64(uint64_t v)
{
	struct key k;

	k.n = 0;
	key_uint(&k, v, 8);
	return k;
}

#endif

/*
 * Message-IDs and content hashes.
 *
 * A Message-ID may be longer than a key and is often half as long as a row would be, so the key is the first half
 * of its SHA-256: 128 bits, for which nobody finds a second id that meets a given one, and the row needs no copy of
 * the id. Two ids that a sender makes meet each other (2^64 attempts) join that sender's own two mails.
 */
#include "store/ledger.h"
#include "store/ticket.h"
#include "store/txn_private.h"

enum {
	ID_HASH = 16
};

static struct key
msgid_key(struct str id)
{
	unsigned char hash[SHA256_SIZE];
	struct key k;

	sha256(id, hash);
	k.n = 0;
	key_bytes(&k, str_n((const char *)hash, ID_HASH));
	return k;
}

int
msgid_get(struct txn *t, struct str id, uint64_t *ticket)
{
	struct key k;
	struct str v;
	int r;

	if (id.n == 0)
		return 0;
	k = msgid_key(id);
	r = row_get(t, T_MSGID, key_str(&k), &v);
	if (r > 0 && (!varint_get(&v, ticket) || v.n))
		return row_corrupt(t, T_MSGID, key_str(&k));
	return r;
}

void
msgid_put(struct txn *t, struct str id, uint64_t ticket, bool replace)
{
	struct buf *b = scratch_take(t);
	struct key k;

	if (id.n == 0)
		return;
	k = msgid_key(id);
	varint_put(b, ticket);
	row_put_scratch(t, T_MSGID, key_str(&k), replace ? ROW_PUT : ROW_NEW);
}

int
rawhash_get(struct txn *t, const unsigned char hash[SHA256_SIZE],
    uint64_t *ticket, uint32_t *seq)
{
	struct str k = str_n((const char *)hash, SHA256_SIZE), v;
	uint64_t n;
	int r = row_get(t, T_RAWHASH, k, &v);

	if (r <= 0)
		return r;
	if (!varint_get(&v, ticket) || !varint_get(&v, &n) || v.n ||
	    n > UINT32_MAX)
		return row_corrupt(t, T_RAWHASH, k);
	*seq = (uint32_t)n;
	return 1;
}

void
rawhash_put(struct txn *t, const unsigned char hash[SHA256_SIZE],
    uint64_t ticket, uint32_t seq)
{
	struct buf *b = scratch_take(t);

	varint_put(b, ticket);
	varint_put(b, seq);
	row_put_scratch(
	    t, T_RAWHASH, str_n((const char *)hash, SHA256_SIZE), ROW_PUT);
}

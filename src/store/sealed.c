#include "store/sealed.h"
#include "base/digest.h"
#include "base/seal.h"
#include "store/reseal.h"
#include "store/ticket_index.h"

/* --- whose ------------------------------------------------------------- */

/* Beside the row of persons, whatever becomes of that. */
static struct key
person_key(struct txn *t, struct str addr)
{
	struct key k = {0};

	arena_reset(&t->tmp);
	key_text(&k, address_key(&t->tmp, addr));
	return k;
}

static bool
is_nobody(struct str addr)
{
	return !addr.n || str_iends(addr, S("@invalid")) ||
	       str_iends(addr, S(".invalid"));
}

static uint64_t
new_key(struct txn *t, const struct key *k)
{
	struct key v = {0};
	struct str last = {NULL, 0};
	struct err e = ERR_INIT;
	uint64_t id = 0;

	if (row_get(t, T_META, S("vault.last"), &last) < 0)
		return 0;
	if (last.n && !key_read_uint(&last, 8, &id)) {
		row_corrupt(t, T_META, S("vault.last"));
		return 0;
	}
	if (vault_add(t->store->vault, id + 1, &id, &e) < 0) {
		txn_fail(t, e.code, "%s", e.msg);
		return 0;
	}
	key_uint(&v, id, 8);
	row_put(t, T_META, S("vault.last"), key_str(&v), ROW_PUT);
	row_put(t, T_PERSON_KEY, key_str(k), key_str(&v), ROW_PUT);
	return id;
}

uint64_t
sealed_person(struct txn *t, struct str addr)
{
	struct key k;
	struct str v;
	uint64_t id;
	int r;

	if (is_nobody(addr))
		return VAULT_COMMON;
	k = person_key(t, addr);
	if (!k.n)
		return VAULT_COMMON;
	r = row_get(t, T_PERSON_KEY, key_str(&k), &v);
	if (r < 0)
		return 0;
	if (r > 0 && (!key_read_uint(&v, 8, &id) || v.n)) {
		row_corrupt(t, T_PERSON_KEY, key_str(&k));
		return 0;
	}
	/* Forgotten: the store is one that was restored. */
	if (r > 0 && vault_look(t->store->vault, id) == VAULT_HELD)
		return id;
	return new_key(t, &k);
}

uint64_t
reseal_part(struct txn *t, struct str addr)
{
	struct key k;
	struct str v;
	uint64_t id;

	if (is_nobody(addr))
		return 0;
	k = person_key(t, addr);
	if (!k.n || row_get(t, T_PERSON_KEY, key_str(&k), &v) <= 0)
		return 0;
	if (!key_read_uint(&v, 8, &id) || v.n) {
		row_corrupt(t, T_PERSON_KEY, key_str(&k));
		return 0;
	}
	row_del(t, T_PERSON_KEY, key_str(&k));
	return id;
}

uint64_t
sealed_of_ticket(struct txn *t, uint64_t ticket)
{
	struct key k = key_of_u64(ticket);
	struct str v;
	uint64_t id = 0;

	if (ticket && row_get(t, T_TICKET, key_str(&k), &v) > 0)
		id = ticket_row_key(v);
	/* Of a store that was restored, or one that was plain. */
	return id && vault_look(t->store->vault, id) == VAULT_HELD
		   ? id
		   : VAULT_COMMON;
}

uint64_t
sealed_of_article(struct txn *t, const struct article *r)
{
	if (r->direction == DIRECTION_IN && !r->automatic.n && r->author.addr.n)
		return sealed_person(t, r->author.addr);
	if (r->direction == DIRECTION_OUT && r->to.n + r->cc.n == 1)
		return sealed_person(
		    t, r->to.n ? r->to.v[0].addr : r->cc.v[0].addr);
	return sealed_of_ticket(t, r->ticket);
}

/* --- fields ------------------------------------------------------------ */

struct bound {
	char p[1 + KEY_MAX];
};

static struct str
bind(struct bound *b, char kind, const struct key *row)
{
	b->p[0] = kind;
	memcpy(b->p + 1, row->b, row->n);
	return str_n(b->p, 1 + row->n);
}

size_t
sealed_begin(struct buf *b, uint32_t tag)
{
	size_t at = rec_begin(b, tag);

	buf_fill(b, 0, SEAL_NONCE_SIZE);
	return at;
}

void
sealed_bytes(struct txn *t, struct buf *b, size_t at, uint64_t key, char kind,
    const struct key *row)
{
	unsigned char bytes[SEAL_KEY_SIZE];
	struct bound place;

	/* Never in clear for want of a key. */
	if (vault_key(t->store->vault, key, bytes) != VAULT_HELD) {
		txn_fail(t, ERR_TEMP, "the vault has no key %llu",
		    (unsigned long long)key);
		return;
	}
	if (!buf_failed(b))
		seal_buf(bytes, bind(&place, kind, row), b, at);
	secret_wipe(bytes, sizeof bytes);
}

void
sealed_end(struct txn *t, struct buf *b, size_t at, uint64_t key, char kind,
    const struct key *row)
{
	sealed_bytes(t, b, at, key, kind, row);
	rec_end(b, at);
}

enum sealed_result
sealed_open(struct txn *t, struct str sealed, uint64_t key, char kind,
    const struct key *row, struct str *plain)
{
	unsigned char bytes[SEAL_KEY_SIZE];
	struct bound place;
	bool good;

	*plain = str_n(NULL, 0);
	if (!t->store->vault)
		return SEALED_MISSING;
	switch (vault_key(t->store->vault, key, bytes)) {
	case VAULT_FORGOTTEN:
		return SEALED_FORGOTTEN;
	case VAULT_MISSING:
		return SEALED_MISSING;
	case VAULT_HELD:
		break;
	}
	good = seal_open(bytes, bind(&place, kind, row),
	    (char *)(uintptr_t)sealed.p, sealed.n, plain);
	secret_wipe(bytes, sizeof bytes);
	return good ? SEALED_OPEN : SEALED_DAMAGED;
}

/* --- words ------------------------------------------------------------- */

bool
sealed_words_init(struct sealed_words *w, struct txn *t)
{
	if (vault_key(t->store->vault, VAULT_WORDS, w->key) == VAULT_HELD)
		return true;
	txn_fail(
	    t, ERR_TEMP, "the vault has no key for the words of the index");
	return false;
}

void
sealed_word(
    const struct sealed_words *w, struct str word, char out[SEALED_WORD])
{
	unsigned char mac[SHA256_SIZE];

	hmac_sha256(str_n((const char *)w->key, sizeof w->key), word, mac);
	out[0] = SEALED_WORD_MARK;
	for (size_t i = 1; i < SEALED_WORD; i++)
		out[i] = (char)(mac[i] ? mac[i] : 1);
}

void
sealed_words_fini(struct sealed_words *w)
{
	secret_wipe(w, sizeof *w);
}

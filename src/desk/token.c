/*
 * The text of a token is one character that names the key and 26 of base32.
 * 128 bits are beyond guessing even for one who may try for ever; what a
 * token can do leaks anyway (quotes, forwards), so it never opens anything by
 * itself.
 *
 * What is signed is a fixed layout, with the bound address last, so no two
 * inputs have the same bytes.
 */
#include "desk/token.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/record.h"
#include "mail/address.h"

enum {
	KEY_BYTES = 32,
	KEYS_MAX = KEYRING_MAX,
	MAC_BYTES = 16,
	LOCAL_MAX = 64,
	PURPOSE_ADDRESS = 1,
	PURPOSE_MESSAGE_ID = 2,
	PURPOSE_GRANT_ADDRESS = 3,
	PURPOSE_GRANT_ID = 4,
	PURPOSE_HOUSE = 5
};

struct key {
	uint64_t id;
	int64_t created;
	unsigned char secret[KEY_BYTES];
};

struct keyring {
	struct key keys[KEYS_MAX]; /* oldest first; the last one signs */
	size_t n;
};

static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

/* --- keys -------------------------------------------------------------- */

enum {
	TAG_KEY = 1,
	TAG_ID = 1,
	TAG_CREATED = 2,
	TAG_SECRET = 3
};

static bool
read_key(struct str rec, struct key *out)
{
	struct recr r = recr_open(rec);
	bool secret = false;

	*out = (struct key){0};
	while (recr_next(&r)) {
		if (r.tag == TAG_ID && !r.is_str)
			out->id = r.u;
		else if (r.tag == TAG_CREATED && !r.is_str)
			out->created = recr_i64(&r);
		else if (r.tag == TAG_SECRET && r.s.n == KEY_BYTES) {
			memcpy(out->secret, r.s.p, KEY_BYTES);
			secret = true;
		}
	}
	return !r.bad && secret;
}

static int
read_ring(struct txn *t, struct keyring *k, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str value;
	struct recr r;
	int found;

	k->n = 0;
	found = meta_get(t, &a, S("keys"), &value);
	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return 0;
	r = recr_open(value);
	while (recr_next(&r)) {
		if (r.tag != TAG_KEY)
			continue;
		if (k->n == KEYS_MAX || !read_key(r.s, &k->keys[k->n]))
			return err_set(
			    err, ERR_CORRUPT, "the site's keys cannot be read");
		k->n++;
	}
	secret_wipe((char *)(uintptr_t)value.p, value.n);
	if (r.bad)
		return err_set(
		    err, ERR_CORRUPT, "the site's keys cannot be read");
	return 0;
}

static void
write_ring(struct txn *t, const struct keyring *k)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < k->n; i++) {
		const struct key *x = &k->keys[i];
		size_t at = rec_begin(&b, TAG_KEY);

		rec_u64(&b, TAG_ID, x->id);
		rec_i64(&b, TAG_CREATED, x->created);
		rec_str(
		    &b, TAG_SECRET, str_n((const char *)x->secret, KEY_BYTES));
		rec_end(&b, at);
	}
	meta_put(t, S("keys"), buf_str(&b));
	secret_wipe(b.p, b.n);
	buf_fini(&b);
}

static void
add_key(struct keyring *k, int64_t now)
{
	uint64_t id = k->n ? k->keys[k->n - 1].id + 1 : 1;

	if (k->n == KEYS_MAX) {
		memmove(
		    k->keys, k->keys + 1, sizeof k->keys[0] * (KEYS_MAX - 1));
		k->n--;
	}
	k->keys[k->n].id = id;
	k->keys[k->n].created = now;
	random_bytes(k->keys[k->n].secret, KEY_BYTES);
	k->n++;
}

int
keyring_load(struct txn *t, int64_t now, struct keyring **out, struct err *err)
{
	struct keyring *k = mem_new(sizeof *k);

	*out = NULL;
	if (read_ring(t, k, err) < 0) {
		keyring_free(k);
		return -1;
	}
	if (!k->n) {
		add_key(k, now);
		write_ring(t, k);
		if (txn_error(t, err) < 0) {
			keyring_free(k);
			return -1;
		}
	}
	*out = k;
	return 0;
}

void
keyring_free(struct keyring *k)
{
	if (k)
		secret_wipe(k, sizeof *k);
	mem_free(k);
}

size_t
keyring_count(const struct keyring *k)
{
	return k->n;
}

int64_t
keyring_made(const struct keyring *k, size_t i, uint64_t *id)
{
	must(i < k->n);
	*id = k->keys[i].id;
	return k->keys[i].created;
}

int
keyring_rotate(struct txn *t, int64_t now, struct err *err)
{
	struct keyring k = {0};
	int rc = read_ring(t, &k, err);

	if (!rc) {
		add_key(&k, now);
		write_ring(t, &k);
		rc = txn_error(t, err);
	}
	secret_wipe(&k, sizeof k);
	return rc;
}

/* --- signing ----------------------------------------------------------- */

struct claim {
	unsigned char purpose;
	uint64_t ticket;
	uint32_t seq;
	uint64_t time;
	struct str bound;
};

static char *
put_be(char *p, uint64_t v, unsigned bytes)
{
	while (bytes--)
		*p++ = (char)(v >> (8 * bytes));
	return p;
}

static void
sign(const struct key *key, const struct claim *c, char out[TOKEN_CHARS])
{
	char fixed[1 + 8 + 8 + 4 + 8 + ADDRESS_MAX];
	unsigned char mac[SHA256_SIZE];
	struct str bound = str_sub(c->bound, 0, ADDRESS_MAX);
	char *p = fixed;
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t n = 0;

	*p++ = (char)c->purpose;
	p = put_be(p, key->id, 8);
	p = put_be(p, c->ticket, 8);
	p = put_be(p, c->seq, 4);
	p = put_be(p, c->time, 8);
	if (bound.n)
		memcpy(p, bound.p, bound.n);
	p += bound.n;
	hmac_sha256(str_n((const char *)key->secret, KEY_BYTES),
	    str_n(fixed, (size_t)(p - fixed)), mac);

	out[n++] = digits[key->id % 32];
	for (size_t i = 0; i < MAC_BYTES; i++) {
		acc = acc << 8 | mac[i];
		for (bits += 8; bits >= 5; bits -= 5)
			out[n++] = digits[acc >> (bits - 5) & 31];
	}
	out[n++] = digits[acc << (5 - bits) & 31];
	must(n == TOKEN_CHARS);
}

static bool
verify(const struct keyring *k, const struct claim *c, struct str token)
{
	char got[TOKEN_CHARS], want[TOKEN_CHARS];

	if (token.n != TOKEN_CHARS)
		return false;
	for (size_t i = 0; i < TOKEN_CHARS; i++)
		got[i] = ch_lower(token.p[i]);
	for (size_t i = k->n; i-- > 0;) {
		if (digits[k->keys[i].id % 32] != got[0])
			continue;
		sign(&k->keys[i], c, want);
		if (secret_eq(str_n(got, sizeof got), str_n(want, sizeof want)))
			return true;
	}
	return false;
}

/* --- addresses --------------------------------------------------------- */

struct str
token_address(struct arena *a, const struct keyring *k, struct str addr,
    uint64_t ticket, struct str bound)
{
	struct claim c = {.purpose = PURPOSE_ADDRESS, .ticket = ticket};
	struct str local = address_local(addr), out;
	char token[TOKEN_CHARS];

	must(k->n > 0);
	c.bound = bound;
	sign(&k->keys[k->n - 1], &c, token);
	out = arena_printf(a, "%.*s+%llu.%.*s@%.*s", STR_ARG(local),
	    (unsigned long long)ticket, TOKEN_CHARS, token,
	    STR_ARG(address_domain(addr)));
	if (address_local(out).n > LOCAL_MAX)
		return addr;
	return out;
}

static bool
looks_like_token(struct str s)
{
	if (s.n != TOKEN_CHARS)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_alpha(s.p[i]) && !(s.p[i] >= '2' && s.p[i] <= '7'))
			return false;
	return true;
}

bool
token_detail(struct str detail, uint64_t *ticket, struct str *token)
{
	ptrdiff_t dot = str_chr(detail, '.', 0);

	if (dot <= 0 || dot > 19)
		return false;
	*token = str_from(detail, (size_t)dot + 1);
	return looks_like_token(*token) &&
	       str_u64(str_sub(detail, 0, (size_t)dot), ticket) && *ticket > 0;
}

bool
token_verify(const struct keyring *k, uint64_t ticket, struct str token,
    struct str bound)
{
	struct claim c = {.purpose = PURPOSE_ADDRESS, .ticket = ticket};

	c.bound = bound;
	return verify(k, &c, token);
}

/* --- Message-IDs ------------------------------------------------------- */

struct str
token_message_id(struct arena *a, const struct keyring *k, uint64_t ticket,
    uint32_t seq, int64_t now, struct str domain)
{
	struct claim c = {
	    .purpose = PURPOSE_MESSAGE_ID,
	    .ticket = ticket,
	    .seq = seq,
	    .time = (uint64_t)now & INT64_MAX,
	};
	char token[TOKEN_CHARS];

	must(k->n > 0);
	sign(&k->keys[k->n - 1], &c, token);
	return arena_printf(a, "helpd.%llu.%u.%llx.%.*s@%.*s",
	    (unsigned long long)ticket, seq, (unsigned long long)c.time,
	    TOKEN_CHARS, token, STR_ARG(domain));
}

static bool
read_hex(struct str s, uint64_t *out)
{
	*out = 0;
	if (!s.n || s.n > 15)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int v = ch_hex(s.p[i]);

		if (v < 0)
			return false;
		*out = *out << 4 | (uint64_t)v;
	}
	return true;
}

bool
token_message_id_verify(
    const struct keyring *k, struct str id, uint64_t *ticket, uint32_t *seq)
{
	struct claim c = {.purpose = PURPOSE_MESSAGE_ID};
	struct str rest, part, token;
	uint64_t n;

	if (!str_istarts(id, S("helpd.")))
		return false;
	rest = address_local(id);
	rest = str_from(rest, 6);
	if (!str_cut(&rest, '.', &part) || !str_u64(part, &c.ticket) ||
	    !str_cut(&rest, '.', &part) || !str_u64(part, &n) ||
	    n > UINT32_MAX || !str_cut(&rest, '.', &part) ||
	    !read_hex(part, &c.time) || !str_cut(&rest, '.', &token))
		return false;
	c.seq = (uint32_t)n;
	if (!looks_like_token(token) || !verify(k, &c, token))
		return false;
	*ticket = c.ticket;
	*seq = c.seq;
	return true;
}

/* --- mail to agents ---------------------------------------------------- */

/* The nonce as text, most significant bits first. */
static void
nonce_text(uint64_t nonce, char out[NONCE_CHARS])
{
	for (unsigned i = 0; i < NONCE_CHARS; i++)
		out[i] = digits[nonce >> (5 * (NONCE_CHARS - 1 - i)) & 31];
}

static bool
read_nonce(struct str s, uint64_t *out)
{
	*out = 0;
	if (s.n != NONCE_CHARS)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = ch_lower(s.p[i]);

		if (c >= 'a' && c <= 'z')
			*out = *out << 5 | (uint64_t)(c - 'a');
		else if (c >= '2' && c <= '7')
			*out = *out << 5 | (uint64_t)(c - '2' + 26);
		else
			return false;
	}
	return *out != 0;
}

/* What only the row knows goes where the other tokens have the address they
 * are bound to: nonce, expiry, agent. */
static struct claim
grant_claim(const struct grant *g, int64_t made, char bound[ADDRESS_MAX])
{
	struct claim c = {
	    .purpose =
		made == CLOCK_NONE ? PURPOSE_GRANT_ADDRESS : PURPOSE_GRANT_ID,
	    .ticket = g->ticket,
	    .seq = (uint32_t)g->purpose,
	    .time = made == CLOCK_NONE ? 0 : (uint64_t)made & INT64_MAX,
	};
	struct str agent = str_sub(g->agent, 0, ADDRESS_MAX - 16);
	char *p = put_be(bound, g->nonce, 8);

	p = put_be(p, (uint64_t)g->expires, 8);
	if (agent.n)
		memcpy(p, agent.p, agent.n);
	c.bound = str_n(bound, 16 + agent.n);
	return c;
}

struct str
token_grant_address(struct arena *a, const struct keyring *k, struct str addr,
    const struct grant *g)
{
	char bound[ADDRESS_MAX], nonce[NONCE_CHARS], token[TOKEN_CHARS];
	struct claim c = grant_claim(g, CLOCK_NONE, bound);
	struct str out;

	must(k->n > 0);
	must(g->nonce > 0);
	sign(&k->keys[k->n - 1], &c, token);
	nonce_text(g->nonce, nonce);
	out = arena_printf(a, "%.*s+%llu.%.*s.%.*s@%.*s",
	    STR_ARG(address_local(addr)), (unsigned long long)g->ticket,
	    NONCE_CHARS, nonce, TOKEN_CHARS, token,
	    STR_ARG(address_domain(addr)));
	return address_local(out).n > LOCAL_MAX ? addr : out;
}

struct str
token_grant_message_id(struct arena *a, const struct keyring *k,
    const struct grant *g, int64_t now, struct str domain)
{
	char bound[ADDRESS_MAX], nonce[NONCE_CHARS], token[TOKEN_CHARS];
	struct claim c = grant_claim(g, now & INT64_MAX, bound);

	must(k->n > 0);
	must(g->nonce > 0);
	sign(&k->keys[k->n - 1], &c, token);
	nonce_text(g->nonce, nonce);
	return arena_printf(a, "helpd.%llu.a%.*s.%llx.%.*s@%.*s",
	    (unsigned long long)g->ticket, NONCE_CHARS, nonce,
	    (unsigned long long)c.time, TOKEN_CHARS, token, STR_ARG(domain));
}

bool
token_grant_detail(
    struct str detail, uint64_t *ticket, uint64_t *nonce, struct str *token)
{
	struct str rest = detail, part;

	if (!str_cut(&rest, '.', &part) || part.n > 19 ||
	    !str_u64(part, ticket) || !str_cut(&rest, '.', &part) ||
	    !read_nonce(part, nonce))
		return false;
	*token = rest;
	return looks_like_token(*token);
}

bool
token_grant_id(struct str id, uint64_t *ticket, uint64_t *nonce,
    struct str *token, int64_t *made)
{
	struct str rest, part;
	uint64_t time;

	if (!str_istarts(id, S("helpd.")))
		return false;
	rest = str_from(address_local(id), 6);
	if (!str_cut(&rest, '.', &part) || part.n > 19 ||
	    !str_u64(part, ticket) || !str_cut(&rest, '.', &part) || !part.n ||
	    ch_lower(part.p[0]) != 'a' ||
	    !read_nonce(str_from(part, 1), nonce) ||
	    !str_cut(&rest, '.', &part) || !read_hex(part, &time))
		return false;
	*made = (int64_t)time;
	*token = rest;
	return looks_like_token(*token);
}

bool
token_grant_verify(const struct keyring *k, const struct grant *g,
    struct str token, int64_t made)
{
	char bound[ADDRESS_MAX];
	struct claim c = grant_claim(g, made, bound);

	return verify(k, &c, token);
}

/* --- mail of the house ------------------------------------------------- */

static const char *const house_words[] = {"", "alarm", "probe"};

struct str
token_house_id(struct arena *a, const struct keyring *k, enum house_mail kind,
    uint64_t number, int64_t now, struct str domain)
{
	struct claim c = {
	    .purpose = PURPOSE_HOUSE,
	    .ticket = number,
	    .seq = (uint32_t)kind,
	    .time = (uint64_t)now & INT64_MAX,
	};
	char token[TOKEN_CHARS];

	must(k->n > 0 && kind > HOUSE_NONE && kind <= HOUSE_PROBE);
	sign(&k->keys[k->n - 1], &c, token);
	return arena_printf(a, "helpd.%s.%llu.%llx.%.*s@%.*s",
	    house_words[kind], (unsigned long long)number,
	    (unsigned long long)c.time, TOKEN_CHARS, token, STR_ARG(domain));
}

enum house_mail
token_house_verify(const struct keyring *k, struct str id, uint64_t *number)
{
	struct claim c = {.purpose = PURPOSE_HOUSE};
	struct str rest, part, token;

	if (!str_istarts(id, S("helpd.")))
		return HOUSE_NONE;
	rest = str_from(address_local(id), 6);
	if (!str_cut(&rest, '.', &part))
		return HOUSE_NONE;
	for (c.seq = HOUSE_ALARM; c.seq <= HOUSE_PROBE; c.seq++)
		if (str_ieq(part, str_c(house_words[c.seq])))
			break;
	if (c.seq > HOUSE_PROBE || !str_cut(&rest, '.', &part) ||
	    !str_u64(part, &c.ticket) || !str_cut(&rest, '.', &part) ||
	    !read_hex(part, &c.time) || !str_cut(&rest, '.', &token) ||
	    !looks_like_token(token) || !verify(k, &c, token))
		return HOUSE_NONE;
	*number = c.ticket;
	return (enum house_mail)c.seq;
}

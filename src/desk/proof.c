/*
 * A token is looked up by its nonce, so each costs one row and one HMAC; a mail
 * full of made-up ones costs eight of them.
 *
 * The signatures of an agent are one counter: 16 bytes of digest and the time
 * until which it is to be remembered, each.
 */
#include "desk/proof.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/identity.h"
#include "desk/token.h"
#include "store/person.h"

enum {
	DIGEST_KEPT = 16,
	TAG_DIGEST = 1,
	TAG_UNTIL = 2
};

/* --- tokens ------------------------------------------------------------ */

struct hunt {
	const struct desk *d;
	struct txn *t;
	struct arena *a;
	int64_t now;
	struct proof *out;
	unsigned tried;
};

static int
get(const struct desk *d, struct txn *t, struct arena *a, uint64_t ticket,
    uint64_t nonce, struct str token, int64_t made, struct grant *out)
{
	int found = grant_get(t, a, nonce, out);

	if (found <= 0)
		return found;
	return out->ticket == ticket &&
	       token_grant_verify(d->keys, out, token, made);
}

int
proof_of_id(const struct desk *d, struct txn *t, struct arena *a, struct str id,
    struct grant *out)
{
	uint64_t ticket, nonce;
	struct str token;
	int64_t made;

	if (!token_grant_id(id, &ticket, &nonce, &token, &made))
		return 0;
	return get(d, t, a, ticket, nonce, token, made, out);
}

/* True when the search is over. */
static bool
keep(struct hunt *h, const struct grant *g, bool by_address)
{
	bool live = g->revoked == CLOCK_NONE && h->now <= g->expires;

	if (!h->out->found || live) {
		h->out->found = true;
		h->out->grant = *g;
		h->out->by_address = by_address;
	}
	return live;
}

/* 1 the search is over, 0, -1. */
static int
try_address(struct hunt *h, struct str addr)
{
	ptrdiff_t plus = str_chr(address_local(addr), '+', 0);
	uint64_t ticket, nonce;
	struct str token;
	struct grant g;
	int r;

	if (plus <= 0 ||
	    !token_grant_detail(str_from(address_local(addr), (size_t)plus + 1),
		&ticket, &nonce, &token) ||
	    !settings_is_own(h->d->settings, addr))
		return 0;
	if (h->tried++ >= PROOF_TOKENS_MAX)
		return 1;
	r = get(h->d, h->t, h->a, ticket, nonce, token, CLOCK_NONE, &g);
	return r > 0 ? keep(h, &g, true) : r;
}

static int
try_addresses(struct hunt *h, const struct addresses *l)
{
	int r = 0;

	for (size_t i = 0; i < l->n && !r; i++)
		r = try_address(h, l->v[i].addr);
	return r;
}

static int
try_id(struct hunt *h, struct str id)
{
	uint64_t ticket, nonce;
	struct str token;
	struct grant g;
	int64_t made;
	int r;

	if (!token_grant_id(id, &ticket, &nonce, &token, &made))
		return 0;
	if (h->tried++ >= PROOF_TOKENS_MAX)
		return 1;
	r = get(h->d, h->t, h->a, ticket, nonce, token, made, &g);
	return r > 0 ? keep(h, &g, false) : r;
}

int
proof_find(const struct desk *d, struct txn *t, struct arena *a,
    const struct message *m, struct str envelope_recipient, int64_t now,
    struct proof *out, struct err *err)
{
	struct hunt h = {.d = d, .t = t, .a = a, .now = now, .out = out};
	int r;

	*out = (struct proof){0};
	r = try_address(&h, envelope_recipient);
	if (!r)
		r = try_addresses(&h, &m->to);
	if (!r)
		r = try_addresses(&h, &m->cc);
	if (!r)
		r = try_addresses(&h, &m->delivered_to);
	for (size_t i = 0; i < m->in_reply_to.n && !r; i++)
		r = try_id(&h, m->in_reply_to.v[i]);
	for (size_t i = m->references.n; i-- > 0 && !r;)
		r = try_id(&h, m->references.v[i]);
	return r < 0 ? txn_error(t, err) : 0;
}

/* --- words ------------------------------------------------------------- */

/* Where the first word stands that is taken as new; false: there is none. */
static bool
first_word(const struct message *m, uint32_t *at)
{
	for (size_t i = 0; i < m->nfresh; i++)
		for (*at = m->fresh[i].from; *at < m->fresh[i].to; ++*at)
			if (!ch_is_space(m->text.p[*at]))
				return true;
	return false;
}

/* "Von: Ann", "发件人：Ann", "*From:* Ann". */
static bool
is_field(struct str line)
{
	ptrdiff_t colon = str_chr(line, ':', 0);
	ptrdiff_t wide = str_find(line, S("\uff1a"), 0);
	ptrdiff_t space = str_chr(line, ' ', 0);

	if (colon < 0 || (wide >= 0 && wide < colon))
		colon = wide;
	return colon > 0 && colon < 40 && (space < 0 || space + 2 > colon);
}

/*
 * Was the heading of another mail taken away above it? With nothing on top of
 * that, what stands below is taken as new, and is somebody else's. Quoted lines
 * are no heading: he writes below them.
 */
static bool
is_below_heading(struct str above)
{
	struct str line;
	unsigned fields = 0;
	bool dashes = false;

	while (str_line(&above, &line)) {
		line = str_ltrim(line);
		if (line.n && line.p[0] == '>') {
			fields = 0;
			dashes = false;
		}
		fields += is_field(line);
		dashes |= str_starts(line, S("---"));
	}
	return dashes || fields >= 2;
}

static bool
is_all_quoted(struct str text)
{
	struct str line;

	while (str_line(&text, &line)) {
		line = str_ltrim(line);
		if (line.n && line.p[0] != '>')
			return false;
	}
	return true;
}

struct str
proof_words(struct arena *a, const struct message *m)
{
	struct str text = message_new_text(a, m), rest = text, line = {0};
	uint32_t at;

	if (!first_word(m, &at) || is_all_quoted(text) ||
	    is_below_heading(str_sub(m->text, 0, at)) ||
	    (m->forwarded && m->forwarded->text.to > at &&
		m->forwarded->text.from <= at))
		return str_n(NULL, 0);
	while (str_line(&rest, &line) && !str_trim(line).n)
		;
	if (str_eq(str_rtrim(line), S("--")))
		return str_n(NULL, 0);
	return text;
}

/* --- signatures -------------------------------------------------------- */

struct spent {
	unsigned char digest[DIGEST_KEPT];
	int64_t until;
};

static struct str
counter_name(struct arena *a, struct str agent)
{
	return arena_printf(a, "smime:%.*s", STR_ARG(agent));
}

/* Those that are still to be remembered. */
static int
read_spent(struct txn *t, struct arena *a, struct str agent, int64_t now,
    struct spent **out, size_t *n)
{
	struct str rec = {0};
	struct recr r;
	struct spent x = {0};
	int found = counter_get(t, a, counter_name(a, agent), &rec);

	*n = 0;
	*out = arena_array(a, struct spent, SIGNATURES_MAX + 1);
	if (found < 0)
		return -1;
	r = recr_open(rec);
	while (recr_next(&r)) {
		if (r.tag == TAG_DIGEST && r.is_str && r.s.n == DIGEST_KEPT)
			memcpy(x.digest, r.s.p, DIGEST_KEPT);
		else if (r.tag == TAG_UNTIL && !r.is_str &&
			 *n < SIGNATURES_MAX) {
			x.until = recr_i64(&r);
			if (x.until >= now)
				(*out)[(*n)++] = x;
		}
	}
	return 0;
}

int
signature_is_spent(struct txn *t, struct arena *a, struct str agent,
    const struct smime *x, int64_t now, bool *spent, struct err *err)
{
	struct spent *v;
	size_t n;

	if (read_spent(t, a, agent, now, &v, &n) < 0)
		return txn_error(t, err);
	*spent = n >= SIGNATURES_MAX;
	for (size_t i = 0; i < n; i++)
		*spent |= memcmp(v[i].digest, x->digest, DIGEST_KEPT) == 0;
	return 0;
}

int
signature_spend(struct txn *t, struct arena *a, struct str agent,
    const struct smime *x, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct spent *v;
	size_t n;

	if (read_spent(t, a, agent, now, &v, &n) < 0)
		return txn_error(t, err);
	memcpy(v[n].digest, x->digest, DIGEST_KEPT);
	v[n++].until = x->signed_at + SMIME_FRESH;
	for (size_t i = 0; i < n; i++) {
		rec_str(&b, TAG_DIGEST,
		    str_n((const char *)v[i].digest, DIGEST_KEPT));
		rec_i64(&b, TAG_UNTIL, v[i].until);
	}
	counter_put(t, counter_name(a, agent), buf_str(&b));
	return txn_error(t, err);
}

/*
 * The history of a ticket is a chain: each event carries a digest over the one
 * before and itself, so none can be changed, taken out or put between without
 * all that follow being made anew.
 *
 *   digest(n) = SHA-256(digest(n-1) ticket seq time kind words(n)), 16 octets of it
 *   words(n)  = SHA-256(actor detail cause), the same
 *
 * The words have a digest of their own so that they can be erased (a person's
 * right) while the chain still holds. Events of an older program have none:
 * the chain begins behind them.
 */
#include "store/event.h"
#include "base/digest.h"
#include "base/mem.h"

enum {
	EVENT_AT = 1,
	EVENT_KIND,
	EVENT_ACTOR,
	EVENT_DETAIL,
	EVENT_CAUSE,
	EVENT_CHAIN,
	EVENT_WORDS, /* of words that were erased */
};

/* --- digests ----------------------------------------------------------- */

static void
put_number(struct buf *b, uint64_t v)
{
	char x[8];

	for (int i = 0; i < 8; i++)
		x[i] = (char)(v >> (8 * (7 - i)));
	buf_put(b, str_n(x, sizeof x));
}

static void
put_words(struct buf *b, struct str s)
{
	put_number(b, s.n);
	buf_put(b, s);
}

static void
digest(const struct buf *b, unsigned char out[EVENT_DIGEST])
{
	unsigned char whole[SHA256_SIZE];

	sha256(buf_str(b), whole);
	memcpy(out, whole, EVENT_DIGEST);
}

static void
digest_words(
    struct buf *b, const struct event *e, unsigned char out[EVENT_DIGEST])
{
	buf_reset(b);
	put_words(b, e->actor);
	put_words(b, e->detail);
	put_words(b, e->cause);
	digest(b, out);
}

static void
digest_event(struct buf *b, const struct event *e,
    const unsigned char before[EVENT_DIGEST],
    const unsigned char words[EVENT_DIGEST], unsigned char out[EVENT_DIGEST])
{
	buf_reset(b);
	buf_put(b, str_n((const char *)before, EVENT_DIGEST));
	put_number(b, e->ticket);
	put_number(b, e->seq);
	put_number(b, (uint64_t)e->at);
	put_words(b, e->kind);
	buf_put(b, str_n((const char *)words, EVENT_DIGEST));
	digest(b, out);
}

/* --- rows -------------------------------------------------------------- */

bool
event_decode(
    struct str rec, uint64_t ticket, uint32_t seq, struct event_row *out)
{
	struct recr r = recr_open(rec);

	*out = (struct event_row){.e = {.ticket = ticket, .seq = seq}};
	while (recr_next(&r))
		switch (r.tag) {
		case EVENT_AT:
			out->e.at = field_i64(&r);
			break;
		case EVENT_KIND:
			out->e.kind = field_str(&r);
			break;
		case EVENT_ACTOR:
			out->e.actor = field_str(&r);
			break;
		case EVENT_DETAIL:
			out->e.detail = field_str(&r);
			break;
		case EVENT_CAUSE:
			out->e.cause = field_str(&r);
			break;
		case EVENT_CHAIN:
			out->chain = field_str(&r);
			break;
		case EVENT_WORDS:
			out->words = field_str(&r);
			break;
		default:
			break;
		}
	return !r.bad && (!out->chain.n || out->chain.n == EVENT_DIGEST) &&
	       (!out->words.n || out->words.n == EVENT_DIGEST);
}

static void
encode(struct buf *b, const struct event *e, struct str chain, struct str words)
{
	rec_i64(b, EVENT_AT, e->at);
	rec_str_opt(b, EVENT_KIND, e->kind);
	rec_str_opt(b, EVENT_ACTOR, e->actor);
	rec_str_opt(b, EVENT_DETAIL, e->detail);
	rec_str_opt(b, EVENT_CAUSE, e->cause);
	rec_str_opt(b, EVENT_CHAIN, chain);
	rec_str_opt(b, EVENT_WORDS, words);
}

static int
get_row(struct txn *t, uint64_t ticket, uint32_t seq, struct event_row *out)
{
	struct key k = key_of_ticket_seq(ticket, seq);
	struct str v;
	int got = row_get(t, T_EVENT, key_str(&k), &v);

	if (got <= 0)
		return got;
	return event_decode(v, ticket, seq, out)
		   ? 1
		   : row_corrupt(t, T_EVENT, key_str(&k));
}

void
event_chain(const struct event_row *x, const unsigned char before[EVENT_DIGEST],
    unsigned char out[EVENT_DIGEST])
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	unsigned char words[EVENT_DIGEST];

	if (x->words.n)
		memcpy(words, x->words.p, EVENT_DIGEST);
	else
		digest_words(&b, &x->e, words);
	digest_event(&b, &x->e, before, words, out);
}

void
event_put(struct txn *t, const struct event *given)
{
	unsigned char before[EVENT_DIGEST] = {0}, chain[EVENT_DIGEST];
	struct event_row row = {.e = *given}, last;
	struct key k;

	if (!ticket_seq_key(t, T_EVENT, given->ticket, given->seq, &k))
		return;
	row.e.seq = key_ticket_seq_of(&k);
	if (row.e.seq > 1) {
		int got = get_row(t, row.e.ticket, row.e.seq - 1, &last);

		if (got < 0)
			return;
		if (got && last.chain.n)
			memcpy(before, last.chain.p, EVENT_DIGEST);
	}
	event_chain(&row, before, chain);
	encode(scratch_take(t), &row.e,
	    str_n((const char *)chain, EVENT_DIGEST), str_n(NULL, 0));
	if (!row_put_scratch(t, T_EVENT, key_str(&k), ROW_APPEND_NEW))
		txn_fail(t, ERR_CORRUPT,
		    "event %u of ticket %llu is there already", row.e.seq,
		    (unsigned long long)row.e.ticket);
	t->fresh =
	    mem_fit(t->fresh, &t->fresh_cap, t->nfresh + 1, sizeof *t->fresh);
	t->fresh[t->nfresh++] = (struct event_ref){row.e.ticket, row.e.seq};
}

int
event_erase(struct txn *t, struct arena *a, uint64_t ticket, uint32_t seq,
    struct str actor, struct str detail, struct str cause)
{
	unsigned char words[EVENT_DIGEST];
	struct key k = key_of_ticket_seq(ticket, seq);
	struct event_row x;
	struct buf *b;
	int got = get_row(t, ticket, seq, &x);

	if (got <= 0)
		return got;
	x.chain = arena_dup(a, x.chain);
	x.e.kind = arena_dup(a, x.e.kind);
	b = scratch_take(t);
	if (x.words.n)
		memcpy(words, x.words.p, EVENT_DIGEST);
	else
		digest_words(b, &x.e, words);
	x.e.actor = actor;
	x.e.detail = detail;
	x.e.cause = cause;
	b = scratch_take(t);
	encode(b, &x.e, x.chain,
	    x.chain.n ? str_n((const char *)words, EVENT_DIGEST)
		      : str_n(NULL, 0));
	row_put_scratch(t, T_EVENT, key_str(&k), ROW_PUT);
	return txn_error(t, NULL) < 0 ? -1 : 1;
}

size_t
event_fresh(struct txn *t, struct arena *a, struct event_ref **out)
{
	size_t n = t->nfresh;

	*out = arena_array(a, struct event_ref, n + 1);
	if (n)
		memcpy(*out, t->fresh, n * sizeof **out);
	t->nfresh = 0;
	return n;
}

int
event_get(struct txn *t, struct arena *a, uint64_t ticket, uint32_t seq,
    struct event *out)
{
	struct event_row x;
	int got;

	if (ticket > KEY_TICKET_MAX || seq > KEY_SEQ_MAX)
		return 0;
	got = get_row(t, ticket, seq, &x);
	if (got <= 0)
		return got;
	*out = x.e;
	out->kind = arena_dup(a, x.e.kind);
	out->actor = arena_dup(a, x.e.actor);
	out->detail = arena_dup(a, x.e.detail);
	out->cause = arena_dup(a, x.e.cause);
	return 1;
}

/* The rows behind the tokens of mail to agents, and their list by expiry. */
#include "base/clock.h"
#include "store/check_private.h"
#include "store/grant_private.h"

static void
check_values(struct check *c, const struct grant *g)
{
	unsigned long long n = g->nonce;

	if (g->nonce >> GRANT_NONCE_BITS || !g->nonce)
		check_tell(c, "token %llx has no proper number", n);
	if (g->ticket && !check_has_ticket(c, g->ticket))
		check_tell(c,
		    "token %llx is of ticket %llu, which does not exist", n,
		    (unsigned long long)g->ticket);
	else if (g->ticket && g->seen &&
		 !check_has_article(c, g->ticket, g->seen))
		check_tell(c,
		    "token %llx was given with article %u of ticket %llu, "
		    "which does not exist",
		    n, g->seen, (unsigned long long)g->ticket);
	if (g->created == CLOCK_NONE || g->expires == CLOCK_NONE)
		check_tell(c, "token %llx has no time", n);
	if (g->purpose == GRANT_CHALLENGE && !g->quarantine)
		check_tell(c, "token %llx asks about no mail", n);
	if (g->purpose == GRANT_NOTICE && g->used != CLOCK_NONE)
		check_tell(c, "token %llx is of a notice and used up", n);
}

static void
check_row(struct check *c, struct str key, struct str value)
{
	struct str k = key, v;
	struct key own, listed;
	struct grant g;
	uint64_t nonce;

	(void)value;
	if (!key_read_uint(&k, 8, &nonce) || (k.n && k.n != 3)) {
		check_tell(c, "a row of tokens has no proper key");
		return;
	}
	own = key_of_u64(nonce);
	if (k.n) {
		/* A further piece; the first one has it read. */
		if (row_get(c->t, T_GRANT, key_str(&own), &v) == 0)
			check_tell(c, "a piece of token %llx is left over",
			    (unsigned long long)nonce);
		return;
	}
	c->out->grants++;
	if (kv_dup(c->t, &c->a, T_GRANT, key_str(&own), &v) <= 0 ||
	    !grant_decode(v, nonce, &g)) {
		check_failed(c);
		check_tell(c, "token %llx is not in its form",
		    (unsigned long long)nonce);
		return;
	}
	check_values(c, &g);
	listed = grant_expiry_key(g.expires, nonce);
	if (row_get(c->t, T_GRANT_EXPIRY, key_str(&listed), &v) == 1)
		c->grant_rows++;
	else
		check_tell(c, "token %llx is not in the list by expiry",
		    (unsigned long long)nonce);
}

static void
check_listed(struct check *c, struct str key, struct str value)
{
	struct grant g;
	uint64_t nonce;
	int64_t at;

	(void)value;
	if (!grant_expiry_read(key, &at, &nonce))
		check_tell(c, "a row of the list of tokens is not in its form");
	else if (grant_get(c->t, &c->a, nonce, &g) <= 0) {
		check_failed(c);
		check_tell(c, "the list of tokens has %llx, which is not there",
		    (unsigned long long)nonce);
	} else if (g.expires != at)
		check_tell(c, "token %llx is in the list at a wrong time",
		    (unsigned long long)nonce);
}

void
check_grants(struct check *c)
{
	uint64_t n;

	check_walk(c, T_GRANT, "tokens", check_row);
	if (c->stop)
		return;
	table_rows(c->t, T_GRANT_EXPIRY, &n);
	if (n != c->grant_rows)
		check_walk(c, T_GRANT_EXPIRY, "list of tokens", check_listed);
}

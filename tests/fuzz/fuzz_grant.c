/*
 * What stands for an agent: tokens in addresses and Message-IDs, the rows behind them, what waits for a word, look-alikes of an address, and the decision itself. The
 * first byte chooses; for the decision each line is a field of the mail.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/held.h"
#include "desk/identity.h"
#include "desk/ingest.h"
#include "desk/proof.h"
#include "desk/token.h"
#include "mail/lookalike.h"
#include "store/grant_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str addrs[] = {{"anna@acme.example", 17}};
static struct agent agents[] = {
    {.name = {"anna", 4}, .addresses = {addrs, 1}, .rank = RANK_AGENT}};
static struct str trusted[] = {{"mx", 2}};
static struct queue queues[] = {
    {.name = {"q", 1}, .address = {{0}, {"support@acme.example", 20}}}};
static const struct settings settings = {
    .site = {"Acme", 4},
    .address = {{0}, {"support@acme.example", 20}},
    .trust_authserv = {trusted, 1},
    .queues = queues,
    .nqueues = 1,
    .staff = {.agents = agents, .nagents = 1},
};

static void
tokens(struct str text)
{
	uint64_t ticket, nonce;
	struct str token;
	int64_t made;

	if (token_grant_detail(text, &ticket, &nonce, &token))
		must(nonce && nonce >> GRANT_NONCE_BITS == 0 &&
		     token.n == TOKEN_CHARS);
	if (token_grant_id(text, &ticket, &nonce, &token, &made))
		must(nonce && token.n == TOKEN_CHARS && made >= 0);
}

static void
records(struct arena *a, struct str text)
{
	struct intake in = {0};
	struct waiting w;
	struct grant g;

	if (grant_decode(text, 17, &g))
		must(g.purpose > GRANT_NONE && g.purpose < GRANT_COUNT &&
		     g.agent.n);
	if (waiting_decode(a, text, &w, NULL) == 0) {
		struct waiting again;

		must(waiting_decode(a, waiting_encode(a, &w), &again, NULL) ==
		     0);
		must(again.seq == w.seq && str_eq(again.text, w.text));
	}
	intake_decode(a, text, &in, NULL);
}

/* From, Sender, subject, results, the token: nobody without results and token gets anywhere. */
static void
decide(struct arena *a, struct str text)
{
	struct message m = {0};
	struct authres auth;
	struct writer w;
	struct grant g = {.nonce = 1,
	    .ticket = 1,
	    .agent = S("anna"),
	    .purpose = GRANT_NOTICE,
	    .expires = 10,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE};
	struct identity_query q = {.settings = &settings,
	    .message = &m,
	    .writer = &w,
	    .auth = &auth,
	    .now = 5};
	struct identity id;
	struct strs results = {0};
	struct str line;

	if (!str_line(&text, &line))
		return;
	addresses_parse(a, line, &m.from);
	m.from_fields = 1;
	if (str_line(&text, &line))
		addresses_parse(a, line, &m.sender);
	if (str_line(&text, &line) && utf8_valid(line))
		m.subject = line;
	if (str_line(&text, &line))
		strs_add(a, &results, line);
	if (str_line(&text, &line) && line.n) {
		q.grant = &g;
		q.by_address = line.n > 1;
	}
	people_writer(a, &settings, &m, &w);
	authres_read(a, &results, &settings.trust_authserv, w.from.addr, &auth);
	identity_decide(a, &q, &id);
	must(id.row <= 10);
	must(id.concerns == (id.row > 0));
	if (id.level == LEVEL_NONE)
		return;
	must(m.from.n == 1 && address_eq(m.from.v[0].addr, addrs[0]));
	must(id.agent == &agents[0]);
	must(q.grant || auth.found);
	must(id.level <= LEVEL_MEDIUM || (q.grant && auth.found));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str text = {(const char *)data + 1, size - 1};

	if (!size || size > 8192)
		return 0;
	switch (data[0] % 4) {
	case 0:
		tokens(text);
		break;
	case 1:
		records(&a, text);
		break;
	case 2:
		lookalike_address(&a, text, addrs[0]);
		lookalike_shows(&a, lookalike_form(&a, text), addrs[0]);
		break;
	default:
		decide(&a, text);
		break;
	}
	arena_fini(&a);
	return 0;
}

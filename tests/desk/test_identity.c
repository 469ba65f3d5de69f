/* The table of who somebody is, row by row and trick by trick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/must.h"
#include "desk/identity.h"
#include "desk/settings.h"

#define NOW INT64_C(1767600000000)
#define MX "mx.acme.example; "
#define PASS MX "dmarc=pass header.from=acme.example"
#define FAIL MX "dmarc=fail header.from=acme.example"
#define ANNA "Anna Berg <anna@acme.example>"
#define BEN "ben@acme.example"
#define EVE "eve@evil.example"

/* How a token is, and where. */
enum {
	NO,
	TOKEN = 1,
	IN_ID = 2,
	OLD = 4,
	REVOKED = 8,
	BENS = 16,
	CONFIRM = 32,
	USED = 64,
	GONES = 128
};
/* How a signature is. */
enum {
	SIGNED = 1,
	OTHERS = 2,
	PART = 4,
	STALE = 8,
	FUTURE = 16,
	TIMELESS = 32,
	SPENT = 64
};

struct row {
	const char *what, *from, *auth;
	unsigned token, smime;
	const char *subject, *sender, *automatic, *second_from, *confirmed;
	bool bounce, forwarded, trust;
	/* expected */
	unsigned row; /* 0: it concerns no agent */
	enum level level;
	const char *why; /* in it */
};

static const struct row rows[] = {
    {"a customer", EVE, PASS, .row = 0},
    {"nobody known, no results", EVE, NULL, .row = 0},
    /* row 1 */
    {"two From fields", ANNA, PASS, TOKEN, .second_from = EVE, .row = 1,
	.why = "2 From fields"},
    {"an agent in the second From", EVE, PASS, .second_from = ANNA, .row = 1,
	.why = "2 From fields"},
    {"two addresses", ANNA ", " EVE, PASS, TOKEN, .row = 1,
	.why = "2 addresses"},
    {"two addresses, the agent behind", EVE ", " ANNA, PASS, .row = 1},
    {"two addresses of one agent", ANNA ", berg@acme.example", PASS, .row = 1},
    {"an agent in a group", "all: " ANNA ", " EVE ";", PASS, .row = 1},
    {"a From that cannot be read, and Sender", "anna at acme", PASS,
	.sender = ANNA, .row = 1, .why = "cannot be read"},
    {"no From, and Sender", "", PASS, .sender = ANNA, .row = 1,
	.why = "no From"},
    {"a From that cannot be read, and a token", "<>", PASS, TOKEN, .row = 1},
    {"results that contradict", ANNA, MX "dmarc=pass; dmarc=fail", TOKEN,
	.row = 1, .why = "contradict"},
    {"two who logged in", ANNA,
	MX "auth=pass smtp.auth=anna; auth=pass smtp.auth=eve", .row = 1,
	.why = "contradict"},
    {"a colleague logged in", ANNA,
	MX "auth=pass smtp.auth=ben@acme.example; dmarc=pass", TOKEN, .row = 1,
	.why = "ben logged in"},
    {"an agent's address as the name", "\"anna@acme.example\" <" EVE ">", PASS,
	.row = 1, .why = "the name in From"},
    {"the same inside of words", "\"Anna (anna@acme.example)\" <" EVE ">", PASS,
	.row = 1},
    {"the same as an encoded word",
	"=?utf-8?q?anna=40acme=2Eexample?= <" EVE ">", PASS, .row = 1},
    {"the same with a wide at",
	"=?utf-8?b?YW5uYe+8oGFjbWUuZXhhbXBsZQ==?= <" EVE ">", PASS, .row = 1},
    {"the same with invisible characters",
	"=?utf-8?q?anna=E2=80=8B@acme=2Eexample?= <" EVE ">", PASS, .row = 1},
    {"a comment as the name", EVE " (anna@acme.example)", PASS, .row = 1},
    {"one agent's name on another", "\"ben@acme.example\" <anna@acme.example>",
	PASS, TOKEN, .row = 1},
    {"his own other address as his name",
	"\"berg@acme.example\" <anna@acme.example>", PASS, TOKEN, .row = 9,
	.level = LEVEL_GOOD},
    {"part of a longer address as the name",
	"\"joanna@acme.example\" <" EVE ">", PASS, .row = 0},
    {"a Cyrillic a", "\xd0\xb0nna@acme.example", PASS, .row = 1,
	.why = "only looks like"},
    {"a wide letter", "\xef\xbd\x81nna@acme.example", PASS, .row = 1,
	.why = "only looks like"},
    {"rn for m", "anna@acrne.example", PASS, .row = 1,
	.why = "only looks like"},
    {"one for l", "pau1@acme.example", PASS, .row = 1,
	.why = "only looks like"},
    {"another domain", "anna@acme.example.evil.example", PASS, .row = 0},
    {"a near one that does not look alike", "anne@acme.example", PASS,
	.row = 0},
    {"an agent as Sender", EVE, PASS, .sender = ANNA, .row = 1,
	.why = "Sender"},
    {"a customer as Sender", ANNA, PASS, TOKEN, .sender = EVE, .row = 9,
	.level = LEVEL_GOOD},
    /* row 2 */
    {"a vacation answer with everything", ANNA, PASS, TOKEN | CONFIRM,
	.automatic = "Auto-Submitted: auto-replied", .row = 2,
	.why = "auto-replied"},
    {"a signed one", ANNA, PASS, 0, SIGNED, .automatic = "Precedence: bulk",
	.row = 2},
    {"a bounce", "mailer-daemon@acme.example", NULL, TOKEN, .bounce = true,
	.row = 2},
    {"a bounce in his name", ANNA, PASS, .bounce = true, .row = 2},
    {"a customer's vacation answer", EVE, PASS,
	.automatic = "Auto-Submitted: auto-replied"},
    /* row 3 */
    {"a stranger with a token", EVE, PASS, TOKEN, .row = 3,
	.why = "a token of anna, and From is eve@evil.example"},
    {"a stranger with one in an id", EVE, PASS, TOKEN | IN_ID, .row = 3},
    {"a stranger with a one-time one", EVE, PASS, TOKEN | CONFIRM, .row = 3},
    {"a colleague with a token", ANNA, PASS, TOKEN | BENS, .row = 3,
	.why = "a token of ben"},
    {"a signed colleague with a token", ANNA, PASS, TOKEN | BENS, SIGNED,
	.row = 3},
    {"a token of somebody who left", ANNA, PASS, TOKEN | GONES, .row = 3,
	.why = "who is gone"},
    {"the same from a stranger", EVE, PASS, TOKEN | GONES, .row = 3},
    {"a look-alike with a token", "\xd0\xb0nna@acme.example", PASS, TOKEN,
	.row = 3},
    {"a name of his with a token", "\"anna@acme.example\" <" EVE ">", PASS,
	TOKEN, .row = 3},
    {"a stranger with an old one", EVE, PASS, TOKEN | OLD,
	.why = "has expired"},
    {"a stranger with a revoked one", EVE, PASS, TOKEN | REVOKED,
	.why = "was revoked"},
    {"a stranger who forwards a notice", EVE, PASS, TOKEN | IN_ID,
	.subject = "Fwd: x", .why = "forwarded"},
    {"a stranger who forwards to the address", EVE, PASS, TOKEN,
	.subject = "Fwd: x", .row = 3},
    /* row 4 */
    {"signed", ANNA, NULL, 0, SIGNED, .row = 4, .level = LEVEL_STRONG},
    {"signed, though dmarc fails", ANNA, FAIL, TOKEN, SIGNED, .row = 4,
	.level = LEVEL_STRONG},
    {"signed by another", ANNA, PASS, TOKEN, SIGNED | OTHERS, .row = 9,
	.level = LEVEL_GOOD, .why = "another certificate"},
    {"signed by another alone", ANNA, NULL, 0, SIGNED | OTHERS, .row = 6,
	.why = "another certificate"},
    {"signed in part", ANNA, NULL, 0, SIGNED | PART, .row = 6,
	.why = "cover all"},
    {"signed long ago", ANNA, NULL, 0, SIGNED | STALE, .row = 6,
	.why = "is old"},
    {"signed tomorrow", ANNA, NULL, 0, SIGNED | FUTURE, .row = 6,
	.why = "of the future"},
    {"signed at no time", ANNA, NULL, 0, SIGNED | TIMELESS, .row = 6,
	.why = "no time"},
    {"signed and used", ANNA, PASS, 0, SIGNED | SPENT, .row = 8,
	.level = LEVEL_MEDIUM, .why = "used before"},
    {"an agent without a certificate", BEN, NULL, 0, SIGNED, .row = 6,
	.why = "no certificate is pinned"},
    {"the certificate on a stranger's mail", EVE, NULL, 0, SIGNED, .row = 0},
    {"two From fields, signed", ANNA, NULL, 0, SIGNED, .second_from = EVE,
	.row = 1},
    /* row 5 */
    {"dmarc=fail", ANNA, FAIL, .row = 5, .why = "dmarc=fail"},
    {"dmarc=fail with a token", ANNA, FAIL, TOKEN, .row = 5},
    {"dmarc=fail where tokens are trusted", ANNA, FAIL, TOKEN, .trust = true,
	.row = 5},
    {"dmarc=fail, and he logged in", ANNA,
	MX "dmarc=fail; auth=pass smtp.auth=anna", TOKEN, .row = 5},
    {"dmarc=fail, confirmed", ANNA, FAIL, .confirmed = "anna", .row = 5},
    /* row 6 */
    {"nothing", ANNA, NULL, .row = 6},
    {"nothing where tokens are trusted", ANNA, NULL, .trust = true, .row = 6},
    {"nothing, another address of his", "berg@acme.example", NULL, .row = 6},
    {"nothing, in capitals", "ANNA@ACME.EXAMPLE", NULL, .row = 6},
    {"results of somebody else", ANNA, "mx.evil.example; dmarc=pass", .row = 6},
    {"results that say neither", ANNA,
	MX "dmarc=none; spf=pass; dkim=pass header.d=acme.example", .row = 6},
    {"results about another domain", ANNA,
	MX "dmarc=pass header.from=evil.example", .row = 6},
    {"results about two domains", ANNA,
	MX "dmarc=pass header.from=evil.example header.from=acme.example",
	.row = 6},
    {"in a comment", ANNA,
	MX "(dmarc=pass header.from=acme.example) dmarc=none", .row = 6},
    {"in a nested comment", ANNA, MX "spf=none (x (y) ; dmarc=pass ) ",
	.row = 6},
    {"in a quoted string", ANNA, MX "spf=pass smtp.mailfrom=\"x; dmarc=pass\"",
	.row = 6},
    {"a comment without end", ANNA, MX "dmarc=pass (", .row = 1},
    {"an old token", ANNA, NULL, TOKEN | OLD, .row = 6, .why = "has expired"},
    {"a revoked token", ANNA, NULL, TOKEN | REVOKED, .row = 6,
	.why = "was revoked"},
    {"confirmed by somebody else", ANNA, NULL, .confirmed = "ben", .row = 6},
    {"an eavesdropper logged in", ANNA, MX "auth=pass smtp.auth=eve", .row = 6},
    {"a login on a foreign address", "anna@home.example",
	MX "auth=pass smtp.auth=anna", .row = 6},
    {"a login that failed", ANNA, MX "auth=fail smtp.auth=anna", .row = 6},
    {"a login of nobody", ANNA, MX "auth=pass", .row = 6},
    /* row 7 */
    {"a token", ANNA, NULL, TOKEN, .row = 7, .level = LEVEL_WEAK},
    {"a one-time one", ANNA, NULL, TOKEN | CONFIRM, .row = 7,
	.level = LEVEL_WEAK},
    {"a token in an id", ANNA, NULL, TOKEN | IN_ID,
	.subject = "Re: [Acme #7] x", .row = 7, .level = LEVEL_WEAK},
    {"a token where they are trusted", ANNA, NULL, TOKEN, .trust = true,
	.row = 7, .level = LEVEL_GOOD},
    {"a one-time one there", ANNA, NULL, TOKEN | CONFIRM, .trust = true,
	.row = 7, .level = LEVEL_STRONG},
    {"confirmed", ANNA, NULL, .confirmed = "anna", .row = 7,
	.level = LEVEL_WEAK},
    /* row 8 */
    {"dmarc=pass", ANNA, PASS, .row = 8, .level = LEVEL_MEDIUM},
    {"dmarc=pass where tokens are trusted", ANNA, PASS, .trust = true, .row = 8,
	.level = LEVEL_MEDIUM},
    {"he logged in", ANNA,
	MX "dmarc=none; auth=pass smtp.auth=anna@acme.example", .row = 8,
	.level = LEVEL_MEDIUM, .why = "auth=pass"},
    {"he logged in by his other address", ANNA,
	MX "auth=pass smtp.auth=berg@acme.example", .row = 8,
	.level = LEVEL_MEDIUM},
    {"he logged in by his name", ANNA, MX "auth=pass smtp.auth=Anna", .row = 8,
	.level = LEVEL_MEDIUM},
    {"dmarc=pass, an old token", ANNA, PASS, TOKEN | OLD, .row = 8,
	.level = LEVEL_MEDIUM, .why = "has expired"},
    {"dmarc=pass, a revoked token", ANNA, PASS, TOKEN | REVOKED, .row = 8,
	.level = LEVEL_MEDIUM, .why = "was revoked"},
    {"a forwarded notice", ANNA, PASS, TOKEN | IN_ID,
	.subject = "Fwd: [Acme #7] x", .row = 8, .level = LEVEL_MEDIUM,
	.why = "forwarded notice"},
    {"the same in German", ANNA, PASS, TOKEN | IN_ID,
	.subject = "WG: [Acme #7] x", .row = 8, .level = LEVEL_MEDIUM},
    {"the same in French", ANNA, PASS, TOKEN | IN_ID, .subject = "Tr : x",
	.row = 8, .level = LEVEL_MEDIUM},
    {"the same in Chinese", ANNA, PASS, TOKEN | IN_ID,
	.subject = "\xe8\xbd\xac\xe5\x8f\x91\xef\xbc\x9ax", .row = 8,
	.level = LEVEL_MEDIUM},
    {"the same without a word", ANNA, PASS, TOKEN | IN_ID, .subject = "x",
	.forwarded = true, .row = 8, .level = LEVEL_MEDIUM},
    {"a forwarded notice without results", ANNA, NULL, TOKEN | IN_ID,
	.subject = "Fwd: x", .row = 6, .why = "forwarded notice"},
    /* row 9 */
    {"dmarc=pass and the token", ANNA, PASS, TOKEN, .row = 9,
	.level = LEVEL_GOOD},
    {"the same in an id", ANNA, PASS, TOKEN | IN_ID, .subject = "Re: Fwd: x",
	.row = 9, .level = LEVEL_GOOD},
    {"a reply with a forward below", ANNA, PASS, TOKEN | IN_ID,
	.subject = "AW: x", .forwarded = true, .row = 9, .level = LEVEL_GOOD},
    {"a forward to the address itself", ANNA, PASS, TOKEN, .subject = "Fwd: x",
	.row = 9, .level = LEVEL_GOOD},
    {"he logged in, and the token", ANNA, MX "auth=pass smtp.auth=anna", TOKEN,
	.row = 9, .level = LEVEL_GOOD},
    {"another address of his", "berg@acme.example", PASS, TOKEN, .row = 9,
	.level = LEVEL_GOOD},
    {"a one-time one that was used", ANNA, PASS, TOKEN | CONFIRM | USED,
	.row = 9, .level = LEVEL_GOOD},
    /* row 10 */
    {"dmarc=pass and a one-time one", ANNA, PASS, TOKEN | CONFIRM, .row = 10,
	.level = LEVEL_STRONG},
};

static struct str addresses_of_anna[] = {{"anna@acme.example", 17},
    {"berg@acme.example", 17}, {"anna@home.example", 17}};
static struct str addresses_of_ben[] = {{"ben@acme.example", 16}};
static struct str addresses_of_paul[] = {{"paul@acme.example", 17}};
static struct agent agents[] = {
    {.name = {"anna", 4},
	.addresses = {addresses_of_anna, 3},
	.rank = RANK_AGENT,
	.has_certificate = true},
    {.name = {"ben", 3}, .addresses = {addresses_of_ben, 1}, .rank = RANK_LEAD},
    {.name = {"paul", 4},
	.addresses = {addresses_of_paul, 1},
	.rank = RANK_AGENT},
};
static struct str own[] = {{"support@acme.example", 20}};
static struct str tags[] = {{"mx.acme.example", 15}};
static struct queue queues[] = {
    {.name = {"support", 7}, .address = {{0}, {"support@acme.example", 20}}}};
static struct settings settings = {
    .site = {"Acme", 4},
    .address = {{0}, {"support@acme.example", 20}},
    .own_addresses = {own, 1},
    .trust_authserv = {tags, 1},
    .queues = queues,
    .nqueues = 1,
    .staff = {.agents = agents, .nagents = 3},
};

static void
decide(struct arena *a, const struct row *r, struct identity *out)
{
	struct message m = {.from_fields = r->from && *r->from ? 1 : 0,
	    .subject = str_c(r->subject)};
	struct header fields[2];
	struct forwarded forward = {.sure = true};
	struct bounce bounce = {0};
	struct smime signature = {
	    .whole = !(r->smime & PART), .signed_at = NOW - CLOCK_HOUR};
	struct grant g = {.nonce = 17,
	    .ticket = 7,
	    .agent = S("anna"),
	    .purpose = GRANT_NOTICE,
	    .expires = NOW + 1,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE};
	struct strs results = {0};
	struct authres auth;
	struct writer w;
	struct identity_query q = {.settings = &settings,
	    .message = &m,
	    .writer = &w,
	    .auth = &auth,
	    .by_address = !(r->token & IN_ID),
	    .now = NOW};

	addresses_parse(a, str_c(r->from), &m.from);
	addresses_parse(a, str_c(r->sender), &m.sender);
	fields[0] = (struct header){S("From"), str_c(r->from)};
	fields[1] = (struct header){S("FROM"), str_c(r->second_from)};
	m.headers = fields;
	m.nheaders = r->second_from ? 2 : 1;
	m.from_fields += r->second_from != NULL;
	m.forwarded = r->forwarded ? &forward : NULL;
	m.bounce = r->bounce ? &bounce : NULL;
	if (r->smime & OTHERS)
		signature.certificate[0] = 1;
	if (r->smime & STALE)
		signature.signed_at = NOW - 49 * CLOCK_HOUR;
	if (r->smime & FUTURE)
		signature.signed_at = NOW + CLOCK_HOUR;
	if (r->smime & TIMELESS)
		signature.signed_at = CLOCK_NONE;
	m.smime = r->smime ? &signature : NULL;
	q.signature_spent = r->smime & SPENT;
	if (r->token & BENS)
		g.agent = S("ben");
	if (r->token & GONES)
		g.agent = S("gone");
	if (r->token & OLD)
		g.expires = NOW - 1;
	if (r->token & REVOKED)
		g.revoked = NOW - 1;
	if (r->token & CONFIRM)
		g.purpose = GRANT_CONFIRM;
	if (r->token & USED)
		g.used = NOW - 1;
	q.grant = r->token ? &g : NULL;
	q.automatic = str_c(r->automatic);
	q.confirmed = str_c(r->confirmed);
	settings.trust = r->trust ? TRUST_TOKEN : TRUST_DMARC;
	if (r->auth)
		strs_add(a, &results, str_c(r->auth));
	people_writer(a, &settings, &m, &w);
	authres_read(a, &results, &settings.trust_authserv, w.from.addr, &auth);
	identity_decide(a, &q, out);
}

static void
test_rows(void **state)
{
	struct arena a = ARENA_INIT;
	unsigned seen = 0, bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct identity id;
		struct str begin;

		decide(&a, r, &id);
		begin = arena_printf(&a, "row %u: ", r->row);
		if (id.row != r->row || id.level != r->level ||
		    id.concerns != (r->row > 0) ||
		    (r->row && !str_starts(id.why, begin)) ||
		    (r->why && !str_has(id.why, str_c(r->why))) ||
		    (id.level > LEVEL_NONE && !id.agent) ||
		    (!r->row && !r->why && id.why.n)) {
			print_error("%s: row %u, level %s, \"%.*s\"\n", r->what,
			    id.row, level_name(id.level), STR_ARG(id.why));
			bad++;
		}
		seen |= 1u << id.row;
		arena_reset(&a);
	}
	assert_int_equal(bad, 0);
	assert_int_equal(seen, 0x7ff); /* each row, and none */
	arena_fini(&a);
}

/* Flags beside the row. */
static void
test_flags(void **state)
{
	struct arena a = ARENA_INIT;
	struct identity id;

	(void)state;
	decide(&a,
	    &(struct row){.from = ANNA, .auth = PASS, .token = TOKEN | CONFIRM},
	    &id);
	assert_true(id.token && id.confirmed && !id.as_nine);
	decide(&a,
	    &(struct row){
		.from = ANNA, .auth = PASS, .token = TOKEN | CONFIRM | USED},
	    &id);
	assert_true(id.token && !id.confirmed);
	decide(&a, &(struct row){.from = ANNA, .token = TOKEN, .trust = true},
	    &id);
	assert_true(id.as_nine && id.row == 7);
	decide(&a,
	    &(struct row){.from = ANNA, .token = TOKEN | OLD, .auth = PASS},
	    &id);
	assert_true(!id.token);
	decide(
	    &a, &(struct row){.from = BEN, .token = TOKEN, .auth = PASS}, &id);
	assert_ptr_equal(id.told, &agents[0]);
	assert_ptr_equal(id.agent, &agents[1]);
	decide(&a,
	    &(struct row){.from = EVE, .token = TOKEN | GONES, .auth = PASS},
	    &id);
	assert_true(!id.told && !id.agent);
	decide(&a,
	    &(struct row){
		.from = ANNA, .smime = SIGNED, .token = TOKEN | CONFIRM},
	    &id);
	assert_true(id.row == 4 && id.token && id.confirmed);
	decide(&a, &(struct row){.from = ANNA, .confirmed = "anna"}, &id);
	assert_true(id.row == 7 && !id.token && !id.confirmed);
	arena_fini(&a);
}

/* Whatever stands in the trusted field above counts, whatever stands below. */
static void
test_topmost(void **state)
{
	static struct str values[] = {{0}, {0}};
	struct arena a = ARENA_INIT;
	struct strs l = {values, 2};
	struct authres r;

	(void)state;
	values[0] = S(MX "dmarc=none");
	values[1] = S(PASS);
	authres_read(
	    &a, &l, &settings.trust_authserv, S("anna@acme.example"), &r);
	assert_int_equal(r.dmarc, AUTH_OTHER);
	values[0] = S("mx.evil.example; dmarc=fail");
	authres_read(
	    &a, &l, &settings.trust_authserv, S("anna@acme.example"), &r);
	assert_int_equal(r.dmarc, AUTH_PASS);
	values[0] = S("mx.acme.example.evil.example; dmarc=fail");
	authres_read(
	    &a, &l, &settings.trust_authserv, S("anna@acme.example"), &r);
	assert_int_equal(r.dmarc, AUTH_PASS);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_flags),
	    cmocka_unit_test(test_topmost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

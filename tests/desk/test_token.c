/* token: what signs, what verifies, what does not. */
#include "fixture.h"
#include "mail/address.h"

static struct keyring *
load(struct fixture *f, bool rotate)
{
	struct err err = ERR_INIT;
	struct keyring *k = NULL;
	struct txn *t = NULL;

	assert_int_equal(txn_write(f->store, &t, &err), 0);
	if (rotate)
		assert_int_equal(keyring_rotate(t, NOW, &err), 0);
	assert_int_equal(keyring_load(t, NOW, &k, &err), 0);
	assert_int_equal(txn_commit(t, &err), 0);
	return k;
}

static bool
split(struct str addr, uint64_t *ticket, struct str *token)
{
	struct str local = address_local(addr);

	return token_detail(
	    str_from(local, (size_t)str_chr(local, '+', 0) + 1), ticket, token);
}

static void
test_address(void **state)
{
	struct fixture *f = *state;
	struct str ann = S("ann@x.example"), none = {0}, token;
	uint64_t id;
	struct str x =
	    token_address(&f->a, f->keys, S("support@acme.example"), 1042, ann);
	char *p = arena_cstr(&f->a, x);

	assert_true(str_starts(x, S("support+1042.")));
	assert_true(str_ends(x, S("@acme.example")));
	assert_true(split(x, &id, &token));
	assert_int_equal(id, 1042);
	assert_int_equal(token.n, TOKEN_CHARS);
	assert_true(token_verify(f->keys, id, token, ann));
	assert_false(token_verify(f->keys, id, token, none));
	assert_false(token_verify(f->keys, id, token, S("bob@x.example")));
	assert_false(token_verify(f->keys, id + 1, token, ann));
	for (char *c = p; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 32);
	assert_true(split(str_c(p), &id, &token));
	assert_true(token_verify(f->keys, id, token, ann));
	/* Every single character counts. */
	for (size_t i = 0; i < token.n; i++) {
		char bent[TOKEN_CHARS];

		memcpy(bent, token.p, sizeof bent);
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		assert_false(
		    token_verify(f->keys, id, str_n(bent, sizeof bent), ann));
	}
}

static void
test_local_part_too_long(void **state)
{
	struct fixture *f = *state;
	struct str x = S("a.very.long.name.of.a.support.desk@acme.example");

	assert_true(str_eq(
	    token_address(&f->a, f->keys, x, UINT64_C(1) << 40, S("")), x));
}

static void
test_detail(void **state)
{
	static const char *const bad[] = {"", "1042", "1042.", "1042.short",
	    ".aaaaaaaaaaaaaaaaaaaaaaaaaaa", "x.aaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "0.aaaaaaaaaaaaaaaaaaaaaaaaaaa", "1.aaaaaaaaaaaaaaaaaaaaaaaaaa1",
	    "1.aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "99999999999999999999.aaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct str token;
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (token_detail(str_c(bad[i]), &id, &token))
			fail_msg("%s", bad[i]);
	assert_true(
	    token_detail(S("1.aaaaaaaaaaaaaaaaaaaaaaaaaaa"), &id, &token));
}

static void
test_message_id(void **state)
{
	struct fixture *f = *state;
	struct str id =
	    token_message_id(&f->a, f->keys, 1042, 7, NOW, S("acme.example"));
	uint64_t ticket;
	uint32_t seq;

	assert_true(token_message_id_verify(f->keys, id, &ticket, &seq));
	assert_int_equal(ticket, 1042);
	assert_int_equal(seq, 7);
	assert_true(str_ends(id, S("@acme.example")));
	/* Another time, another id: a restored store never gives one twice. */
	assert_false(str_eq(id, token_message_id(&f->a, f->keys, 1042, 7,
				    NOW + 1, S("acme.example"))));
	for (size_t i = 6; i < (size_t)str_chr(id, '@', 0); i++) {
		char *bent = arena_cstr(&f->a, id);

		bent[i] = bent[i] == '3' ? '4' : '3';
		assert_false(token_message_id_verify(
		    f->keys, str_n(bent, id.n), &ticket, &seq));
	}
	assert_false(
	    token_message_id_verify(f->keys, S("helpd.@x"), &ticket, &seq));
	assert_false(token_message_id_verify(f->keys, S(""), &ticket, &seq));
}

/* A token of the one purpose is none of the other. */
static void
test_purposes(void **state)
{
	struct fixture *f = *state;
	struct str x =
	    token_address(&f->a, f->keys, S("s@acme.example"), 1, S(""));
	struct str token, id;
	uint64_t ticket;
	uint32_t seq;

	assert_true(split(x, &ticket, &token));
	id = arena_printf(
	    &f->a, "helpd.1.0.0.%.*s@acme.example", STR_ARG(token));
	assert_false(token_message_id_verify(f->keys, id, &ticket, &seq));
}

static void
test_rotation(void **state)
{
	struct fixture *f = *state;
	struct str x =
	    token_address(&f->a, f->keys, S("s@acme.example"), 1, S(""));
	struct keyring *same = load(f, false), *next = load(f, true);
	struct str y =
	    token_address(&f->a, next, S("s@acme.example"), 1, S(""));
	struct str token;
	uint64_t ticket;

	assert_true(split(x, &ticket, &token));
	assert_true(token_verify(same, 1, token, S("")));
	assert_true(token_verify(next, 1, token, S("")));
	assert_false(str_eq(x, y));
	assert_true(split(y, &ticket, &token));
	assert_false(token_verify(same, 1, token, S("")));
	/* Eight more, and the first is gone. */
	keyring_free(next);
	for (int i = 0; i < 8; i++)
		keyring_free(load(f, true));
	next = load(f, false);
	assert_true(split(x, &ticket, &token));
	assert_false(token_verify(next, 1, token, S("")));
	keyring_free(next);
	keyring_free(same);
}

/* --- mail to agents --- */

static struct grant
grant(void)
{
	return (struct grant){
	    .nonce = UINT64_C(0x123456789a),
	    .ticket = 1042,
	    .agent = S("anna"),
	    .purpose = GRANT_NOTICE,
	    .created = NOW,
	    .expires = NOW + CLOCK_DAY,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE,
	};
}

static bool
split_grant(
    struct str addr, uint64_t *ticket, uint64_t *nonce, struct str *token)
{
	struct str local = address_local(addr);

	return token_grant_detail(
	    str_from(local, (size_t)str_chr(local, '+', 0) + 1), ticket, nonce,
	    token);
}

/* Each value of the row is bound. */
static void
expect_bound(struct fixture *f, struct str token, int64_t made)
{
	struct grant g = grant();

	assert_true(token_grant_verify(f->keys, &g, token, made));
	g.used = g.revoked = 1; /* what the row says later is not */
	assert_true(token_grant_verify(f->keys, &g, token, made));
	g.nonce++;
	assert_false(token_grant_verify(f->keys, &g, token, made));
	g = grant();
	g.ticket++;
	assert_false(token_grant_verify(f->keys, &g, token, made));
	g = grant();
	g.agent = S("ann");
	assert_false(token_grant_verify(f->keys, &g, token, made));
	g = grant();
	g.purpose = GRANT_CONFIRM;
	assert_false(token_grant_verify(f->keys, &g, token, made));
	g = grant();
	g.expires++;
	assert_false(token_grant_verify(f->keys, &g, token, made));
}

static void
test_grant_address(void **state)
{
	struct fixture *f = *state;
	struct grant g = grant();
	struct str x, token;
	uint64_t ticket, nonce;
	char *p;

	x = token_grant_address(&f->a, f->keys, S("support@acme.example"), &g);
	assert_true(str_starts(x, S("support+1042.")));
	assert_true(address_local(x).n <= 64);
	p = arena_cstr(&f->a, x);
	for (int fold = 0; fold < 2; fold++) {
		assert_true(split_grant(str_c(p), &ticket, &nonce, &token));
		assert_int_equal(ticket, 1042);
		assert_true(nonce == g.nonce);
		expect_bound(f, token, CLOCK_NONE);
		assert_false(token_grant_verify(f->keys, &g, token, NOW));
		/* Neither form is taken for the other. */
		assert_false(split(str_c(p), &ticket, &token));
		for (char *c = p; *c; c++)
			if (*c >= 'a' && *c <= 'z')
				*c = (char)(*c - 32);
	}
	g.ticket = 0;
	x = token_grant_address(&f->a, f->keys, S("s@acme.example"), &g);
	assert_true(split_grant(x, &ticket, &nonce, &token));
	assert_int_equal(ticket, 0);
	/* 64 octets of local part fit, 65 do not. */
	for (size_t n = 1; n < 60; n++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct str y;

		buf_fill(&b, 'a', n);
		buf_puts(&b, "@acme.example");
		y = token_grant_address(&f->a, f->keys, buf_str(&b), &g);
		assert_true(address_local(y).n <= 64);
		assert_int_equal(str_eq(y, buf_str(&b)), n + 39 > 64);
	}
}

static void
test_grant_id(void **state)
{
	struct fixture *f = *state;
	struct grant g = grant();
	struct str id =
	    token_grant_message_id(&f->a, f->keys, &g, NOW, S("acme.example"));
	uint64_t ticket, nonce;
	struct str token;
	uint32_t seq;
	int64_t made;

	assert_true(token_grant_id(id, &ticket, &nonce, &token, &made));
	assert_int_equal(ticket, 1042);
	assert_true(nonce == g.nonce);
	assert_true(made == NOW);
	expect_bound(f, token, made);
	assert_false(token_grant_verify(f->keys, &g, token, CLOCK_NONE));
	assert_false(token_grant_verify(f->keys, &g, token, made + 1));
	assert_false(token_message_id_verify(f->keys, id, &ticket, &seq));
	id = token_message_id(&f->a, f->keys, 1042, 7, NOW, S("acme.example"));
	assert_false(token_grant_id(id, &ticket, &nonce, &token, &made));
}

static void
test_grant_rotation(void **state)
{
	struct fixture *f = *state;
	struct keyring *next = load(f, true);
	struct grant g = grant();
	struct str token;
	uint64_t ticket, nonce;

	assert_true(split_grant(
	    token_grant_address(&f->a, f->keys, S("s@acme.example"), &g),
	    &ticket, &nonce, &token));
	assert_true(token_grant_verify(next, &g, token, CLOCK_NONE));
	assert_true(split_grant(
	    token_grant_address(&f->a, next, S("s@acme.example"), &g), &ticket,
	    &nonce, &token));
	assert_false(token_grant_verify(f->keys, &g, token, CLOCK_NONE));
	keyring_free(next);
}

static void
test_grant_text(void **state)
{
#define T26 "abcdefghijklmnopqrstuvwxyz"
	static const char *const no[] = {"", "1", "1.", "1.abcdefgh",
	    "1.abcdefgh.", "1.abcdefgh.b" T26 "2", "1.abcdefgh." T26,
	    "1.aaaaaaaa.b" T26, "1.abcdefg1.b" T26, "1.abcdefg.b" T26,
	    "x.abcdefgh.b" T26, "-1.abcdefgh.b" T26, "1.abcdefgh.1" T26,
	    "99999999999999999999.abcdefgh.b" T26, "1.abcdefgh.b" T26 ".x"};
	uint64_t ticket, nonce;
	struct str token;
	int64_t made;

	(void)state;
	assert_true(
	    token_grant_detail(S("1.abcdefgh.b" T26), &ticket, &nonce, &token));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (token_grant_detail(str_c(no[i]), &ticket, &nonce, &token))
			fail_msg("\"%s\" looks like a token", no[i]);
	assert_true(token_grant_id(S("helpd.1.aabcdefgh.0.b" T26 "@x"), &ticket,
	    &nonce, &token, &made));
	assert_false(token_grant_id(S("helpd.1.babcdefgh.0.b" T26 "@x"),
	    &ticket, &nonce, &token, &made));
	assert_false(token_grant_id(
	    S("helpd.desk.17@x"), &ticket, &nonce, &token, &made));
	assert_false(token_grant_id(S("helpd.1.aabcdefgh.zz.b" T26 "@x"),
	    &ticket, &nonce, &token, &made));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	    T(test_address),
	    T(test_local_part_too_long),
	    T(test_detail),
	    T(test_message_id),
	    T(test_purposes),
	    T(test_rotation),
	    T(test_grant_address),
	    T(test_grant_id),
	    T(test_grant_rotation),
	    T(test_grant_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Rows of tokens: put, changed, found, expired; and what the check says when they do not fit. */
#include "base/clock.h"
#include "box.h"
#include "furnish.h"
#include "store/grant.h"

#define HOUR (INT64_C(3600) * 1000)

static struct grant
make(const char *agent, enum purpose p, int64_t expires)
{
	return (struct grant){
	    .agent = str_c(agent),
	    .purpose = p,
	    .created = 0,
	    .expires = expires,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE,
	};
}

static void
test_there_and_back(void **state)
{
	struct box *b = *state;
	struct txn *t = box_write(b);
	struct grant g = make("anna", GRANT_CHALLENGE, HOUR), x;
	struct buf big = BUF_INIT;
	int64_t at;

	assert_int_equal(grant_next_expiry(t, &at), 0);
	buf_fill(&big, 'x', 50000);
	g.held = buf_str(&big);
	g.why = S("because");
	g.seen = 7;
	g.quarantine = 9;
	grant_put(t, &g);
	assert_true(g.nonce > 0);
	assert_true(g.nonce >> GRANT_NONCE_BITS == 0);
	assert_int_equal(grant_get(t, &b->a, g.nonce, &x), 1);
	assert_true(str_eq(x.agent, S("anna")));
	assert_true(str_eq(x.held, buf_str(&big)));
	assert_true(str_eq(x.why, S("because")));
	assert_int_equal(x.seen, 7);
	assert_int_equal(x.quarantine, 9);
	assert_true(x.used == CLOCK_NONE && x.revoked == CLOCK_NONE);
	assert_int_equal(x.expires, HOUR);
	/* Shorter now: its further pieces go. */
	x.held = S("y");
	x.expires = 2 * HOUR;
	x.used = 5;
	grant_put(t, &x);
	assert_int_equal(x.nonce, g.nonce);
	assert_int_equal(grant_get(t, &b->a, g.nonce, &x), 1);
	assert_true(str_eq(x.held, S("y")));
	assert_int_equal(x.used, 5);
	assert_int_equal(grant_next_expiry(t, &at), 1);
	assert_int_equal(at, 2 * HOUR);
	assert_int_equal(grant_get(t, &b->a, g.nonce + 1, &x), 0);
	grant_del(t, g.nonce);
	assert_int_equal(grant_get(t, &b->a, g.nonce, &x), 0);
	assert_int_equal(grant_next_expiry(t, &at), 0);
	assert_int_equal(txn_commit(t, NULL), 0);
	buf_fini(&big);
}

static bool
count_one(void *ctx, const struct grant *g)
{
	size_t *n = ctx;

	assert_true(g->agent.n > 0);
	++*n;
	return true;
}

static void
test_expiry(void **state)
{
	struct box *b = *state;
	struct txn *t = box_write(b);
	struct buf big = BUF_INIT;
	size_t n = 0;
	int64_t at;

	buf_fill(&big, 'x', 10000);
	for (int i = 10; i > 0; i--) {
		struct grant g = make("ben", GRANT_NOTICE, i * HOUR);

		g.held = buf_str(&big);
		grant_put(t, &g);
	}
	assert_int_equal(grant_each(t, &b->a, count_one, &n), 0);
	assert_int_equal(n, 10);
	assert_int_equal(grant_expire(t, HOUR, 100), 0);
	assert_int_equal(grant_expire(t, 4 * HOUR, 2), 2);
	assert_int_equal(grant_expire(t, 4 * HOUR, 100), 1);
	assert_int_equal(grant_next_expiry(t, &at), 1);
	assert_int_equal(at, 4 * HOUR);
	n = 0;
	assert_int_equal(grant_each(t, &b->a, count_one, &n), 0);
	assert_int_equal(n, 7);
	assert_int_equal(txn_commit(t, NULL), 0);
	buf_fini(&big);
}

/* --- the check --- */

static uint64_t last;

static void
one(struct txn *t, struct grant g)
{
	grant_put(t, &g);
	last = g.nonce;
}
static void
fine(struct txn *t)
{
	struct grant g = make("anna", GRANT_NOTICE, HOUR);

	g.ticket = 1;
	g.seen = 1;
	one(t, g);
}
static void
no_ticket(struct txn *t)
{
	struct grant g = make("anna", GRANT_NOTICE, HOUR);

	g.ticket = 4711;
	one(t, g);
}
static void
no_article(struct txn *t)
{
	struct grant g = make("anna", GRANT_NOTICE, HOUR);

	g.ticket = 1;
	g.seen = 4711;
	one(t, g);
}
static void
no_time(struct txn *t)
{
	one(t, make("anna", GRANT_NOTICE, CLOCK_NONE));
}
static void
no_mail(struct txn *t)
{
	one(t, make("anna", GRANT_CHALLENGE, HOUR));
}
static void
used_notice(struct txn *t)
{
	struct grant g = make("anna", GRANT_NOTICE, HOUR);

	g.used = 3;
	one(t, g);
}
static void
not_listed(struct txn *t)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct key k = {0};

	fine(t);
	assert_int_equal(iter_ge(&it, t, T_GRANT_EXPIRY, str_n(NULL, 0)), 1);
	key_bytes(&k, it.key);
	assert_true(row_del(t, T_GRANT_EXPIRY, key_str(&k)));
}
static void
listed_twice(struct txn *t)
{
	struct key k = {0};

	fine(t);
	key_time(&k, 5);
	key_uint(&k, last, 8);
	row_put(t, T_GRANT_EXPIRY, key_str(&k), S(""), ROW_PUT);
}
static void
listed_alone(struct txn *t)
{
	struct key k = {0};

	key_time(&k, 5);
	key_uint(&k, 17, 8);
	row_put(t, T_GRANT_EXPIRY, key_str(&k), S(""), ROW_PUT);
}
static void
torn(struct txn *t)
{
	struct key k;

	fine(t);
	k = key_of_u64(last);
	row_put(t, T_GRANT, key_str(&k), S("\xff\xff"), ROW_PUT);
}
static void
left_over(struct txn *t)
{
	struct key k = key_of_u64(99);

	key_uint(&k, 1, 3);
	row_put(t, T_GRANT, key_str(&k), S("x"), ROW_PUT);
}
static void
bad_key(struct txn *t)
{
	row_put(t, T_GRANT, S("abc"), S("x"), ROW_PUT);
}

static const struct damage {
	void (*make)(struct txn *t);
	const char *said; /* NULL: nothing */
} damages[] = {
    {fine, NULL},
    {no_ticket, "of ticket 4711, which does not exist"},
    {no_article, "given with article 4711"},
    {no_time, "has no time"},
    {no_mail, "asks about no mail"},
    {used_notice, "of a notice and used up"},
    {not_listed, "is not in the list by expiry"},
    {listed_twice, "in the list at a wrong time"},
    {listed_alone, "which is not there"},
    {torn, "is not in its form"},
    {left_over, "is left over"},
    {bad_key, "no proper key"},
};

struct said {
	const char *want;
	unsigned found, others;
};

static bool
hear(void *ctx, const char *text)
{
	struct said *s = ctx;

	if (s->want && strstr(text, s->want))
		s->found++;
	else
		s->others++;
	return true;
}

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct said s = {.want = damages[i].said};
		struct store_counts counts;
		struct box b;
		struct txn *t;

		box_init(&b);
		furnish(b.s);
		t = box_write(&b);
		damages[i].make(t);
		assert_int_equal(txn_commit(t, NULL), 0);
		assert_int_equal(
		    store_check(b.s, NULL, hear, &s, &counts, NULL), 0);
		if (!s.found == !!s.want || (!s.want && s.others))
			fail_msg("damage %zu: \"%s\" was said %u times", i,
			    s.want ? s.want : "", s.found);
		box_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_there_and_back, box_setup, box_teardown),
	    cmocka_unit_test_setup_teardown(
		test_expiry, box_setup, box_teardown),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

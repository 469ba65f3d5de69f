/* learner: learns what can be told apart, says how sure it is, survives being written down, and bears any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/must.h"
#include "desk/learner.h"

/* Rows as records in memory: what a store would keep. */
static struct buf kept[LEARNER_PLACES];

static bool
get(void *ctx, struct arena *a, uint32_t place, struct learner_row *out)
{
	(void)ctx;
	return kept[place].n &&
	       learner_row_decode(a, buf_str(&kept[place]), out);
}

static void
put(void *ctx, uint32_t place, const struct learner_row *row)
{
	(void)ctx;
	buf_reset(&kept[place]);
	learner_row_encode(row, &kept[place]);
}

static const struct learner_io io = {NULL, get, put};

static int
forget(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEARNER_PLACES; i++)
		buf_fini(&kept[i]);
	return 0;
}

static const char *const words[3][6] = {
    {"printer", "paper", "toner", "jam", "tray", "ink"},
    {"invoice", "payment", "refund", "money", "bill", "tax"},
    {"登录", "密码", "账号", "验证码", "口令", "锁定"},
};
static const char *const classes[] = {"hardware", "billing", "access"};

static uint64_t seed = 7;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* A text of that class; now and then a word of another. */
static struct str
text_of(struct arena *a, unsigned class)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (int i = 0; i < 6; i++)
		buf_printf(&b, "%s please ",
		    words[below(8) ? class : below(3)][below(6)]);
	return arena_dup(a, buf_str(&b));
}

static void
test_learns(void **unused)
{
	AUTO(arena_fini) struct arena keep = ARENA_INIT;
	struct learner_head h = {0};
	unsigned right = 0;

	(void)unused;
	learner_init(&keep, &h);
	for (unsigned i = 0; i < 300; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct learner_guess g[5];
		unsigned class = below(3);

		if (i == 15)
			assert_int_equal(
			    learner_guess(&a, &h, &io, S("paper"), g, 5), 0);
		assert_true(learner_learn(&a, &h, &io, text_of(&a, class),
		    str_c(classes[class]), true));
		/* The head goes through its record each time. */
		learner_head_encode(&h, &b);
		arena_fini(&keep);
		keep = ARENA_INIT;
		assert_true(learner_head_decode(&keep, buf_str(&b), &h));
	}
	for (unsigned i = 0; i < 100; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct learner_guess g[5];
		unsigned class = below(3);
		double sum = 0;

		assert_int_equal(
		    learner_guess(&a, &h, &io, text_of(&a, class), g, 5), 3);
		for (int k = 0; k < 3; k++) {
			assert_true(
			    g[k].probability >= 0 && g[k].probability <= 1);
			assert_true(!k || g[k - 1].raw >= g[k].raw);
			sum += g[k].probability;
		}
		assert_true(sum > 0.99 && sum < 1.01);
		right += str_eq(h.classes.v[g[0].class], str_c(classes[class]));
	}
	assert_true(right >= 95);
	assert_int_equal(h.examples, 300);
}

static void
test_bounds(void **unused)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf big = BUF_INIT;
	struct learner_head h = {0};
	struct learner_guess g[2];

	(void)unused;
	learner_init(&a, &h);
	for (int i = 0; i < LEARNER_CLASSES; i++)
		assert_true(learner_learn(&a, &h, &io, S("x y"),
		    arena_printf(&a, "class %d", i), true));
	assert_false(
	    learner_learn(&a, &h, &io, S("x"), S("one too many"), true));
	assert_false(learner_learn(&a, &h, &io, S("x"), S(""), true));
	for (int i = 0; i < 200000; i++)
		buf_printf(&big, "w%d ", i);
	assert_true(
	    learner_learn(&a, &h, &io, buf_str(&big), S("class 1"), true));
	assert_int_equal(learner_guess(&a, &h, &io, buf_str(&big), g, 2), 2);
	assert_int_equal(learner_guess(&a, &h, &io, S(""), g, 2), 2);
}

static void
test_bad_records(void **unused)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct learner_row row;
	struct learner_head h = {0};
	struct str good;

	(void)unused;
	assert_false(learner_row_decode(&a, S(""), &row));
	assert_false(learner_row_decode(&a, S("1234567"), &row));
	assert_false(learner_row_decode(&a, S("12345678123"), &row));
	learner_init(&a, &h);
	learner_learn(&a, &h, &io, S("a b c"), S("x"), true);
	learner_learn(&a, &h, &io, S("d e f"), S("y"), true);
	learner_head_encode(&h, &b);
	good = arena_dup(&a, buf_str(&b));
	for (size_t i = 0; i < good.n; i++) {
		char *bytes = arena_cstr(&a, good);

		assert_true(i == 0 ||
			    !learner_head_decode(&a, str_sub(good, 0, i), &h) ||
			    h.classes.n < 2);
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] = (char)(bytes[i] ^ (1 << bit));
			(void)learner_head_decode(&a, str_n(bytes, good.n), &h);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_learns, forget),
	    cmocka_unit_test_teardown(test_bounds, forget),
	    cmocka_unit_test_teardown(test_bad_records, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

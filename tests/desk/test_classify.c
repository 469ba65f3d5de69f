/* classify: what is learned in a store is known there afterwards; and real tickets, against two baselines, where shared corpora are. */
#include "fixture.h"
#include "base/file.h"
#include "desk/classify.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const words[2][4] = {
    {"printer paper", "toner empty", "paper jam", "ink on paper"},
    {"invoice wrong", "refund please", "payment failed", "money back"}};
static const char *const values[] = {"hardware", "billing"};

static int
run_learn(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	(void)ctx;
	for (unsigned i = 0; i < 60; i++)
		if (classify_learn(t, &f->a, S("queue"),
			str_c(words[i % 2][i / 2 % 4]), str_c(values[i % 2]),
			false) != 1)
			return txn_error(t, err);
	return 0;
}

static int
run_guess(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct guess g[GUESSES_MAX];
	struct strs known;
	uint32_t n;

	(void)ctx;
	(void)err;
	assert_int_equal(
	    classify_guess(t, &f->a, S("queue"), S("my paper is empty"), g), 2);
	assert_true(str_eq(g[0].value, S("hardware")));
	assert_true(g[0].probability > 0.7);
	assert_int_equal(
	    classify_guess(t, &f->a, S("queue"), S("refund my money"), g), 2);
	assert_true(str_eq(g[0].value, S("billing")));
	assert_int_equal(
	    classify_guess(t, &f->a, S("priority"), S("refund"), g), 0);
	assert_int_equal(classify_known(t, &f->a, S("queue"), &n, &known), 1);
	assert_int_equal(n, 60);
	assert_int_equal(known.n, 2);
	return 0;
}

static bool
count_row(void *ctx, struct str field, uint32_t place, struct str value)
{
	(void)field;
	(void)place;
	(void)value;
	++*(unsigned *)ctx;
	return true;
}

static int
run_forget(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct guess g[GUESSES_MAX];
	unsigned rows = 0;

	(void)ctx;
	classify_learn(t, &f->a, S("queues"), S("x"), S("y"), false);
	assert_int_equal(model_each(t, count_row, &rows), 0);
	assert_true(rows > 10);
	assert_int_equal(classify_forget(t, S("queue")), 0);
	assert_int_equal(
	    classify_guess(t, &f->a, S("queue"), S("refund"), g), 0);
	rows = 0;
	assert_int_equal(model_each(t, count_row, &rows), 0);
	assert_int_equal(rows, 2); /* of the other field */
	return txn_error(t, err);
}

static void
test_store(void **state)
{
	struct fixture *f = *state;

	with_txn(f, run_learn, NULL);
	with_txn(f, run_guess, NULL);
	with_txn(f, run_forget, NULL);
}

/* --- real tickets ------------------------------------------------------ */

/* A CSV of two columns, the first perhaps quoted. */
static struct example *
read_csv(struct arena *a, const char *name, size_t *n)
{
	const char *dir = getenv("HELPD_CORPORA");
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct err err = ERR_INIT;
	struct example *v = arena_array(a, struct example, 20000);
	struct str rest, line;

	*n = 0;
	if (file_read(arena_cstr(a,
			  arena_printf(a, "%s/tickets/%s",
			      dir ? dir : SRCDIR "/../shared/corpora", name)),
		16 << 20, &raw, &err) < 0)
		return NULL;
	rest = arena_dup(a, buf_str(&raw));
	str_cut(&rest, '\n', &line);
	while (str_cut(&rest, '\n', &line) && *n < 20000) {
		ptrdiff_t at = -1;

		for (size_t i = 0; i < line.n; i++)
			if (line.p[i] == ',')
				at = (ptrdiff_t)i;
		if (at > 0)
			v[(*n)++] =
			    (struct example){str_sub(line, 0, (size_t)at),
				str_trim(str_from(line, (size_t)at + 1))};
	}
	return v;
}

static void
evaluate(const char *name, double least, double over)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct evaluation e;
	size_t n;
	struct example *v = read_csv(&a, name, &n);

	if (!v) {
		printf("SKIP: no shared corpora (%s)\n", name);
		skip();
	}
	if (classify_evaluate(v, n, 10, &e, &err) < 0)
		fail_msg("%s", err.msg);
	printf("%s: %zu examples of %zu values: %.1f %% right (majority %.1f, "
	       "keywords %.1f), calibration error %.1f %%; above 0.9 it acts "
	       "on %.0f %%, %.1f %% of them rightly\n",
	    name, e.n, e.classes, 100 * e.accuracy, 100 * e.majority,
	    100 * e.keyword, 100 * e.calibration,
	    100.0 * (double)e.acted[8] / (double)e.n,
	    100.0 * (double)e.acted_right[8] / (double)e.acted[8]);
	assert_true(e.accuracy >= least);
	assert_true(e.accuracy >= e.keyword + over);
	assert_true(e.accuracy >= e.majority + over);
	assert_true(e.calibration < 0.05);
	assert_true((double)e.acted_right[8] >= 0.9 * (double)e.acted[8]);
}

static void
test_it_topics(void **state)
{
	(void)state;
	evaluate("it-topics.csv", 0.75, 0.1);
}

static void
test_banking(void **state)
{
	(void)state;
	evaluate("banking77-train.csv", 0.85, 0.1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_store, fixture_setup, fixture_teardown),
	    cmocka_unit_test(test_it_topics),
	    cmocka_unit_test(test_banking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

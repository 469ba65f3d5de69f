/* The knowledge base's rows against a model: random puts, searched and checked; and what the check says when they do not fit. */
#include "base/clock.h"
#include "box.h"
#include "mail/terms.h"
#include "store/kb_private.h"

#include <math.h>

enum {
	ARTICLES = 40,
	ROUNDS = 60,
	WORDS = 25
};

static uint32_t seed = 7;

static uint32_t
dice(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static struct str
random_text(struct arena *a, unsigned max)
{
	struct buf b = BUF_INIT;
	struct str s;
	unsigned n = 1 + dice(max);

	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "%sword%c%c", i ? i % 9 ? " " : "\n" : "",
		    (char)('a' + dice(WORDS)), (char)('a' + dice(2)));
	s = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

static bool
complain_about(void *ctx, const char *text)
{
	(void)ctx;
	print_error("%s\n", text);
	return true;
}

static void
check_clean(struct box *b)
{
	struct store_counts n;
	struct err e = ERR_INIT;

	assert_int_equal(
	    store_check(b->s, NULL, complain_about, NULL, &n, &e), 0);
	assert_int_equal(n.problems, 0);
}

static bool
holds(struct arena *a, const struct kb *x, struct str word)
{
	struct kb_words w;

	kb_words_of(a, x->title, x->text, &w);
	for (size_t i = 0; i < w.n; i++)
		if (str_eq(w.v[i].term, word))
			return true;
	return false;
}

static void
search_all(struct box *b, struct txn *t, const struct kb *model, size_t n)
{
	for (unsigned i = 0; i < WORDS; i++) {
		struct str word = arena_printf(&b->a, "word%ca", 'a' + (char)i);
		struct strs terms = {&word, 1};
		struct kb_hit hits[ARTICLES];
		size_t want = 0;
		int got = kb_search(t, &b->a, &terms, true, hits, ARTICLES);

		for (size_t k = 0; k < n; k++)
			want += model[k].state != KB_WITHDRAWN &&
				holds(&b->a, &model[k], word);
		assert_int_equal(got, want);
		for (int k = 1; k < got; k++)
			assert_true(hits[k - 1].score >= hits[k].score);
	}
}

static void
test_model(void **state)
{
	struct box *b = *state;
	struct kb model[ARTICLES] = {0};
	size_t n = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct txn *t = box_write(b);

		for (int i = 0; i < 5; i++) {
			size_t at = n < ARTICLES && dice(2)
					? n++
					: dice((uint32_t)MAX(n, (size_t)1));
			struct kb *x = &model[at];
			struct kb got;

			n = MAX(n, at + 1);
			if (!x->id || dice(2)) {
				x->title = random_text(&b->a, 4);
				x->text =
				    random_text(&b->a, dice(10) ? 40 : 2000);
			}
			x->state = (enum kb_state)(1 + dice(3));
			x->used = dice(2) ? CLOCK_NONE : (int64_t)dice(1000);
			x->uses = dice(5);
			kb_put(t, x);
			assert_int_equal(x->id, at + 1);
			assert_int_equal(kb_get(t, &b->a, x->id, &got), 1);
			assert_true(str_eq(got.text, x->text));
			assert_int_equal(got.version, x->version);
			assert_int_equal(got.state, x->state);
			assert_true(got.used == x->used);
		}
		if (round % 10 == 9)
			search_all(b, t, model, n);
		assert_int_equal(txn_commit(t, NULL), 0);
		check_clean(b);
	}
}

/* The words of a row of one's own: the score is what BM25 says. */
static void
test_score(void **state)
{
	struct box *b = *state;
	struct txn *t = box_write(b);
	struct str word = S("lamp");
	struct strs terms = {&word, 1};
	struct kb x = {.title = S("lamp"),
	    .text = S("green"),
	    .state = KB_DRAFT,
	    .used = CLOCK_NONE};
	struct kb y = {.title = S("door"),
	    .text = S("lamp red blue"),
	    .state = KB_DRAFT,
	    .used = CLOCK_NONE};
	struct kb_hit hits[2];
	double idf = log(1 + 0.5 / 2.5), tf = 3, len = 4, average = 5;

	kb_put(t, &x);
	kb_put(t, &y);
	assert_int_equal(kb_search(t, &b->a, &terms, false, hits, 2), 2);
	assert_int_equal(hits[0].id, 1);
	assert_true(
	    fabs(hits[0].score -
		 idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len / average))) <
	    1e-9);
	assert_int_equal(kb_search(t, &b->a, &terms, false, hits, 1), 1);
	assert_int_equal(kb_search(t, &b->a, &terms, false, hits, 0), 0);
	assert_int_equal(txn_commit(t, NULL), 0);
}

/* --- the check --- */

static void
fine(struct txn *t)
{
	(void)t;
}
static void
no_word(struct txn *t)
{
	kv_del(t, T_KB_TERM, S("lamp"));
}
static void
strange_word(struct txn *t)
{
	kv_put(t, T_KB_TERM, S("tree"), S("\x01\x01\x01\x01"), ROW_PUT);
}
static void
no_article(struct txn *t)
{
	kv_put(t, T_KB_TERM, S("tree"), S("\x01\x63\x01\x01"), ROW_PUT);
}
static void
torn_word(struct txn *t)
{
	kv_put(t, T_KB_TERM, S("tree"), S("\x02\x01\x01\xff"), ROW_PUT);
}
static void
torn(struct txn *t)
{
	struct key k = key_of_u64(1);

	kv_put(t, T_KB, key_str(&k), S("\xff\xff"), ROW_PUT);
}
static void
no_version(struct txn *t)
{
	struct key k = key_of_u64(1);

	key_uint(&k, 1, 4);
	assert_true(kv_del(t, T_KB_VERSION, key_str(&k)));
}
static void
wrong_totals(struct txn *t)
{
	meta_put(t, S("kb.totals"), S(""));
}
static void
never_given(struct txn *t)
{
	struct key one = key_of_u64(1), nine = key_of_u64(9);
	struct str row;

	assert_int_equal(row_get(t, T_KB, key_str(&one), &row), 1);
	row_put(t, T_KB, key_str(&nine), row, ROW_PUT);
}

static const struct {
	void (*make)(struct txn *t);
	const char *said; /* NULL: nothing */
} damages[] = {
    {fine, NULL},
    {no_word, "are not those of its text"},
    {strange_word, "are not those of its text"},
    {no_article, "article 99, which does not exist"},
    {torn_word, "is not in its form"},
    {torn, "not in the form it was written in"},
    {no_version, "version 1 of knowledge base article 1 is missing"},
    {wrong_totals, "are counted wrong"},
    {never_given, "has number 9"},
};

struct said {
	const char *want;
	unsigned found, all;
};

static bool
hear(void *ctx, const char *text)
{
	struct said *s = ctx;

	s->all++;
	if (s->want && strstr(text, s->want))
		s->found++;
	else
		s->want = s->want ? s->want : text;
	return true;
}

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct kb x = {.title = S("lamp"),
		    .text = S("green"),
		    .state = KB_DRAFT,
		    .used = CLOCK_NONE};
		struct said s = {.want = damages[i].said};
		struct store_counts n;
		struct box b;
		struct txn *t;

		box_init(&b);
		t = box_write(&b);
		kb_put(t, &x);
		x.text = S("red");
		kb_put(t, &x);
		damages[i].make(t);
		assert_int_equal(txn_commit(t, NULL), 0);
		assert_int_equal(store_check(b.s, NULL, hear, &s, &n, NULL), 0);
		if (damages[i].said ? !s.found : s.all)
			fail_msg("damage %zu: %s", i, s.want);
		box_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_model, box_setup, box_teardown),
	    cmocka_unit_test_setup_teardown(
		test_score, box_setup, box_teardown),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "store/term.h"
#include "box.h"
#include "store/ticket.h"

enum {
	TICKETS = 400,
	WORDS = 60
};

struct hits {
	uint64_t v[100000];
	size_t n, max;
};

static bool
hit(void *ctx, uint64_t ticket)
{
	struct hits *h = ctx;

	assert_true(h->n < ARRAY_LEN(h->v));
	if (h->n)
		assert_true(ticket < h->v[h->n - 1]);
	h->v[h->n++] = ticket;
	return !h->max || h->n < h->max;
}

static struct hits hits;

static size_t
search(struct box *b, size_t max, size_t n, ...)
{
	struct str v[8];
	struct strs q = {v, n};
	struct txn *t = box_read(b);
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		v[i] = str_c(va_arg(ap, const char *));
	va_end(ap);
	hits = (struct hits){.max = max};
	assert_int_equal(term_search(t, &q, hit, &hits), 0);
	box_commit(t);
	return hits.n;
}

static void
put_tickets(struct box *b, size_t n)
{
	struct txn *t = box_write(b);

	for (size_t i = 0; i < n; i++) {
		struct ticket k = {.status = STATUS_NEW,
		    .subject = S("x"),
		    .updated = (int64_t)i};

		ticket_put(t, &k);
	}
	box_commit(t);
}

static void
finds_what_was_put(void **state)
{
	struct term_batch *batch = term_batch_new();
	struct box b;
	struct txn *t;

	(void)state;
	box_init(&b);
	put_tickets(&b, 10);
	term_batch_add(batch, S("printer"), 3);
	term_batch_add(batch, S("printer"), 3);
	term_batch_add(batch, S("fire"), 3);
	term_batch_add(batch, S("printer"), 7);
	term_batch_add(batch, S("print"), 2);
	term_batch_add(batch, S(""), 2);
	assert_int_equal(term_batch_count(batch), 4);
	t = box_write(&b);
	term_batch_put(t, batch);
	assert_int_equal(term_batch_count(batch), 0);
	term_batch_put(t, batch);
	box_commit(t);
	assert_int_equal(search(&b, 0, 1, "printer"), 2);
	assert_int_equal(hits.v[0], 7);
	assert_int_equal(hits.v[1], 3);
	assert_int_equal(search(&b, 0, 2, "printer", "fire"), 1);
	assert_int_equal(search(&b, 0, 2, "fire", "fire"), 1);
	assert_int_equal(search(&b, 0, 1, "print*"), 3);
	assert_int_equal(search(&b, 0, 2, "print*", "fire"), 1);
	assert_int_equal(search(&b, 0, 1, "*"), 3);
	assert_int_equal(search(&b, 1, 1, "print*"), 1);
	assert_int_equal(search(&b, 0, 1, "printers"), 0);
	assert_int_equal(search(&b, 0, 1, "a"), 0);
	assert_int_equal(search(&b, 0, 1, "zzz"), 0);
	assert_int_equal(search(&b, 0, 1, "zzz*"), 0);
	assert_int_equal(search(&b, 0, 0), 0);
	/* An older ticket's later mail. */
	term_batch_add(batch, S("fire"), 1);
	term_batch_add(batch, S("printer"), 1);
	term_batch_add(batch, S("printer"), 3);
	t = box_write(&b);
	term_batch_put(t, batch);
	box_commit(t);
	assert_int_equal(search(&b, 0, 1, "printer"), 3);
	assert_int_equal(search(&b, 0, 2, "printer", "fire"), 2);
	box_check(&b);
	term_batch_free(batch);
	box_fini(&b);
}

static bool model[WORDS][TICKETS + 1];

static const char *
word(unsigned i)
{
	static char w[16];
	struct buf b = BUF_INIT;

	buf_printf(&b, "w%c%u", 'a' + (int)(i % 5), i);
	memcpy(w, buf_cstr(&b), b.n + 1);
	buf_fini(&b);
	return w;
}

static void
compare_with_model(struct box *b)
{
	for (unsigned i = 0; i < WORDS; i++) {
		unsigned j = (i * 7 + 3) % WORDS;
		char one[16], two[16], prefix[4] = {'w', 'a', '*', 0};
		size_t n = 0;

		memcpy(one, word(i), sizeof one);
		memcpy(two, word(j), sizeof two);
		search(b, 0, 1, one);
		for (unsigned k = TICKETS; k > 0; k--)
			if (model[i][k]) {
				assert_true(n < hits.n);
				assert_int_equal(hits.v[n++], k);
			}
		assert_int_equal(n, hits.n);
		n = 0;
		search(b, 0, 2, one, two);
		for (unsigned k = TICKETS; k > 0; k--)
			if (model[i][k] && model[j][k])
				assert_int_equal(hits.v[n++], k);
		assert_int_equal(n, hits.n);
		n = 0;
		search(b, 0, 2, prefix, two);
		for (unsigned k = TICKETS; k > 0; k--) {
			bool any = false;

			for (unsigned w = 0; w < WORDS; w += 5)
				any |= model[w][k];
			if (any && model[j][k])
				assert_int_equal(hits.v[n++], k);
		}
		assert_int_equal(n, hits.n);
	}
}

static bool
is_gone(void *ctx, uint64_t ticket)
{
	return ticket % 7 == *(const unsigned *)ctx;
}

/* Some tickets are forgotten, in pieces, while runs are folded. */
static void
forget(struct box *b, unsigned rest)
{
	AUTO(buf_fini) struct buf place = BUF_INIT;
	int more = 1;

	while (more > 0) {
		struct txn *t = box_write(b);

		more = term_forget(t, is_gone, &rest, &place, 3);
		assert_true(more >= 0);
		term_fold(t, 500);
		box_commit(t);
	}
	for (unsigned w = 0; w < WORDS; w++)
		for (unsigned k = rest; k <= TICKETS; k += 7)
			model[w][k] = false;
}

/* Hundreds of runs, folded in pieces of every size, also across reopening. */
static void
folding_changes_no_answer(void **state)
{
	struct term_batch *batch = term_batch_new();
	struct box b;
	unsigned r = 12345;

	(void)state;
	box_init(&b);
	put_tickets(&b, TICKETS);
	for (unsigned round = 0; round < 600; round++) {
		struct txn *t = box_write(&b);

		for (unsigned i = 0; i < 30; i++) {
			unsigned w, k;

			r = r * 1103515245 + 12345;
			w = (r >> 16) % WORDS;
			r = r * 1103515245 + 12345;
			k = (r >> 16) % MIN(round + 2, (unsigned)TICKETS) + 1;
			w = w * k % WORDS;
			model[w][k] = true;
			term_batch_add(batch, str_c(word(w)), k);
		}
		term_batch_put(t, batch);
		if (round % 3 == 0)
			term_fold(t, (r >> 20) % 700 + 1);
		box_commit(t);
		if (round % 100 == 50) {
			forget(&b, round / 100);
			compare_with_model(&b);
			box_check(&b);
		}
		if (round % 100 == 77) {
			compare_with_model(&b);
			box_check(&b);
			store_close(b.s);
			box_open(&b);
		}
	}
	compare_with_model(&b);
	for (;;) {
		struct txn *t = box_write(&b);
		bool due = term_fold_due(t);

		term_fold(t, 1u << 20);
		box_commit(t);
		if (!due)
			break;
	}
	compare_with_model(&b);
	assert_true(box_check(&b).term_runs < 48);
	term_batch_free(batch);
	box_fini(&b);
}

/* One word in 50,000 tickets: many chunks of one term. */
static void
long_lists(void **state)
{
	struct term_batch *batch = term_batch_new();
	struct box b;

	(void)state;
	box_init(&b);
	put_tickets(&b, 50000);
	for (uint64_t part = 0; part < 20; part++) {
		struct txn *t = box_write(&b);

		for (uint64_t k = 1 + part; k <= 50000; k += 20) {
			term_batch_add(batch, S("the"), k);
			if (k % 1000 == 0)
				term_batch_add(batch, S("rare"), k);
			term_batch_add(batch, S("theatre"), k / 2 + 1);
		}
		term_batch_put(t, batch);
		term_fold(t, 3000);
		box_commit(t);
	}
	for (unsigned round = 0; round < 2; round++) {
		struct txn *t;

		assert_int_equal(search(&b, 0, 1, "the"), 50000);
		assert_int_equal(search(&b, 0, 2, "the", "rare"), 50);
		assert_int_equal(search(&b, 0, 2, "rare", "the"), 50);
		assert_int_equal(search(&b, 5, 2, "rare", "the*"), 5);
		assert_int_equal(hits.v[4], 46000);
		assert_int_equal(search(&b, 0, 1, "theatre"), 25001);
		t = box_write(&b);
		term_fold(t, 1u << 30);
		box_commit(t);
	}
	box_check(&b);
	term_batch_free(batch);
	box_fini(&b);
}

static bool
count_unindexed(void *ctx, uint64_t ticket, uint32_t seq)
{
	struct txn **t = ctx;

	assert_int_equal(seq, ticket % 3 + 1);
	unindexed_del(*t, ticket, seq);
	return true;
}

static bool
never(void *ctx, uint64_t ticket, uint32_t seq)
{
	(void)ctx;
	(void)ticket;
	(void)seq;
	fail_msg("a note is left");
	return true;
}

static void
notes_of_articles(void **state)
{
	struct box b;
	struct txn *t;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	for (uint64_t i = 200; i > 0; i--)
		unindexed_put(t, i, (uint32_t)(i % 3 + 1));
	assert_int_equal(unindexed_each(t, count_unindexed, &t), 0);
	assert_int_equal(unindexed_each(t, never, NULL), 0);
	box_commit(t);
	box_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_was_put),
	    cmocka_unit_test(folding_changes_no_answer),
	    cmocka_unit_test(long_lists),
	    cmocka_unit_test(notes_of_articles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

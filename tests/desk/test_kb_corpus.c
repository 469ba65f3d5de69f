/* kb_suggest: customers' real questions, an article for each kind of them made of a few, where shared corpora are. */
#include "fixture.h"
#include "base/file.h"
#include "desk/kb.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	KINDS = 77,
	LEARN = 10, /* questions in an article */
	ASK = 15
};

struct kind {
	struct str name;
	struct str asked[LEARN + ASK];
	size_t n;
	uint64_t article;
};

struct corpus {
	struct kind kinds[KINDS];
	size_t n;
	unsigned asked, first, three, none;
};

static bool
read_csv(struct arena *a, struct corpus *c)
{
	const char *dir = getenv("HELPD_CORPORA");
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct str rest, line;

	if (file_read(
		arena_cstr(a, arena_printf(a, "%s/tickets/banking77-train.csv",
				  dir ? dir : SRCDIR "/../shared/corpora")),
		16 << 20, &raw, NULL) < 0)
		return false;
	rest = arena_dup(a, buf_str(&raw));
	str_cut(&rest, '\n', &line);
	while (str_cut(&rest, '\n', &line)) {
		ptrdiff_t at = str_rchr(line, ',');
		struct str name;
		size_t k = 0;

		if (at < 0)
			continue;
		name = str_trim(str_from(line, (size_t)at + 1));
		while (k < c->n && !str_eq(c->kinds[k].name, name))
			k++;
		if (k == KINDS)
			continue;
		if (k == c->n)
			c->kinds[c->n++].name = name;
		if (c->kinds[k].n < LEARN + ASK)
			c->kinds[k].asked[c->kinds[k].n++] =
			    str_sub(line, 0, (size_t)at);
	}
	return c->n > 0;
}

static int
run_add(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	static const struct actor who = {{"agent:anna", 10}, {"row 9", 5}};
	struct corpus *c = ctx;

	for (size_t i = 0; i < c->n; i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct kb x = {.title = c->kinds[i].name};

		for (size_t k = 0; k < LEARN; k++) {
			buf_put(&b, c->kinds[i].asked[k]);
			buf_putc(&b, '\n');
		}
		if (kb_put_text(&f->desk, t, &f->a, &x, buf_str(&b), &who, NOW,
			err) < 0)
			return -1;
		c->kinds[i].article = x.id;
	}
	return 0;
}

static int
run_ask(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct corpus *c = ctx;

	(void)err;
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = LEARN; k < c->kinds[i].n; k++) {
			struct kb out[3];
			size_t n =
			    kb_suggest(t, &f->a, c->kinds[i].asked[k], out, 3);

			c->asked++;
			c->none += n == 0;
			for (size_t j = 0; j < n; j++)
				if (out[j].id == c->kinds[i].article) {
					c->first += j == 0;
					c->three++;
				}
		}
	return 0;
}

static void
test_questions(void **state)
{
	struct fixture *f = *state;
	struct corpus *c = arena_new(&f->a, struct corpus);

	if (!read_csv(&f->a, c)) {
		printf("SKIP: no shared corpora\n");
		skip();
	}
	with_txn(f, run_add, c);
	with_txn(f, run_ask, c);
	printf("%u questions of %zu kinds: the right article first %.1f %%, "
	       "among three %.1f %%, none suggested %.1f %%\n",
	    c->asked, c->n, 100.0 * c->first / c->asked,
	    100.0 * c->three / c->asked, 100.0 * c->none / c->asked);
	assert_true(c->first * 100 >= c->asked * 50);
	assert_true(c->three * 100 >= c->asked * 70);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_questions, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

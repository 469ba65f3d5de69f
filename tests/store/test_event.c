/* event: the chain of the history shows whatever is done to it; and erasing a person's words leaves it whole. */
#include "box.h"
#include "store/event.h"

enum {
	EVENTS = 6
};

static void
write_history(struct box *b)
{
	struct txn *t = box_write(b);
	struct ticket k[2] = {{.subject = S("a"),
				  .status = STATUS_OPEN,
				  .queue = S("q"),
				  .priority = PRIORITY_NORMAL},
	    {.subject = S("b"),
		.status = STATUS_OPEN,
		.queue = S("q"),
		.priority = PRIORITY_NORMAL}};

	for (int i = 0; i < 2; i++) {
		ticket_put(t, &k[i]);
		for (uint32_t n = 1; n <= EVENTS; n++)
			event_put(t, &(struct event){
					 .ticket = k[i].id,
					 .seq = n,
					 .at = 1000 * n,
					 .kind = S("status"),
					 .actor = S("agent:anna"),
					 .detail = n % 2 ? S("new -> open")
							 : S("open -> new"),
					 .cause = S("row 9"),
				     });
		k[i].events = EVENTS;
		ticket_put(t, &k[i]);
	}
	box_commit(t);
}

static bool
keep_last(void *ctx, const char *text)
{
	snprintf(ctx, 200, "%s", text);
	return true;
}

static unsigned
problems(struct box *b, char last[200], unsigned char digest[SHA256_SIZE],
    int64_t until)
{
	struct store_check_options o = {.history_until = until};
	struct store_counts n;
	struct err err = ERR_INIT;

	last[0] = 0;
	assert_int_equal(store_check(b->s, &o, keep_last, last, &n, &err), 0);
	if (digest)
		memcpy(digest, n.history, SHA256_SIZE);
	return (unsigned)n.problems;
}

/* Rows as an intruder writes them: the words changed, the digest left or taken
 * away. */
static void
rewrite(struct box *b, uint64_t ticket, uint32_t seq, struct str detail,
    bool with_chain)
{
	struct txn *t = box_write(b);
	struct key k = key_of_ticket_seq(ticket, seq);
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct event_row x;
	struct buf *row;
	struct str v;

	assert_int_equal(row_get(t, T_EVENT, key_str(&k), &v), 1);
	assert_true(event_decode(arena_dup(&a, v), ticket, seq, &x));
	row = scratch_take(t);
	rec_i64(row, 1, x.e.at);
	rec_str(row, 2, x.e.kind);
	rec_str(row, 3, x.e.actor);
	rec_str(row, 4, detail.n ? detail : x.e.detail);
	rec_str(row, 5, x.e.cause);
	if (with_chain)
		rec_str(row, 6, x.chain);
	row_put_scratch(t, T_EVENT, key_str(&k), ROW_PUT);
	box_commit(t);
}

static void
changes_show(void **state)
{
	struct box b;
	char last[200];

	(void)state;
	box_init(&b);
	write_history(&b);
	assert_int_equal(problems(&b, last, NULL, 0), 0);
	rewrite(&b, 2, 3, S("new -> closed"), true);
	assert_int_equal(problems(&b, last, NULL, 0), 1);
	assert_non_null(strstr(last, "ticket 2: its history was changed at "
				     "event 3"));
	rewrite(&b, 2, 3, S("new -> open"), true);
	assert_int_equal(problems(&b, last, NULL, 0), 0);
	/* The digest taken away in the middle. */
	rewrite(&b, 1, 4, S(""), false);
	assert_int_equal(problems(&b, last, NULL, 0), 1);
	box_fini(&b);
}

static void
swapped_rows_show(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct key k2 = key_of_ticket_seq(1, 2), k3 = key_of_ticket_seq(1, 3);
	struct str v2, v3;
	struct txn *t;
	struct box b;
	char last[200];

	(void)state;
	box_init(&b);
	write_history(&b);
	t = box_write(&b);
	assert_int_equal(row_get(t, T_EVENT, key_str(&k2), &v2), 1);
	v2 = arena_dup(&a, v2);
	assert_int_equal(row_get(t, T_EVENT, key_str(&k3), &v3), 1);
	v3 = arena_dup(&a, v3);
	row_put(t, T_EVENT, key_str(&k2), v3, ROW_PUT);
	row_put(t, T_EVENT, key_str(&k3), v2, ROW_PUT);
	box_commit(t);
	assert_int_equal(problems(&b, last, NULL, 0), 1);
	box_fini(&b);
}

/* A history that an older program began: the chain begins behind it. */
static void
older_rows_are_fine(void **state)
{
	struct txn *t;
	struct box b;
	char last[200];

	(void)state;
	box_init(&b);
	write_history(&b);
	/* As if all but what follows had been written without. */
	for (uint32_t i = 1; i <= EVENTS; i++)
		rewrite(&b, 1, i, S(""), false);
	assert_int_equal(problems(&b, last, NULL, 0), 0);
	t = box_write(&b);
	event_put(
	    t, &(struct event){.ticket = 1, .seq = EVENTS + 1, .kind = S("x")});
	{
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct ticket k;

		assert_int_equal(ticket_get(t, &a, 1, &k), 1);
		k.events++;
		ticket_put(t, &k);
	}
	box_commit(t);
	assert_int_equal(problems(&b, last, NULL, 0), 0);
	box_fini(&b);
}

static void
erased_words_leave_the_chain(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	unsigned char before[SHA256_SIZE], after[SHA256_SIZE];
	struct event e;
	struct txn *t;
	struct box b;
	char last[200];

	(void)state;
	box_init(&b);
	write_history(&b);
	assert_int_equal(problems(&b, last, before, 0), 0);
	for (int twice = 0; twice < 2; twice++) {
		t = box_write(&b);
		assert_int_equal(event_erase(t, &a, 1, 2, S("customer:erased"),
				     S("erased"), S("")),
		    1);
		assert_int_equal(
		    event_erase(t, &a, 1, 99, S(""), S(""), S("")), 0);
		box_commit(t);
		assert_int_equal(problems(&b, last, after, 0), 0);
		assert_memory_equal(before, after, SHA256_SIZE);
	}
	t = box_write(&b);
	assert_int_equal(event_get(t, &a, 1, 2, &e), 1);
	assert_true(str_eq(e.detail, S("erased")));
	assert_true(str_eq(e.kind, S("status")));
	txn_abort(&t);
	/* What is chained behind it can still not be changed. */
	rewrite(&b, 1, 3, S("x"), true);
	assert_int_equal(problems(&b, last, NULL, 0), 1);
	box_fini(&b);
}

static void
the_digest_tells(void **state)
{
	unsigned char all[SHA256_SIZE], early[SHA256_SIZE], later[SHA256_SIZE];
	struct txn *t;
	struct box b;
	char last[200];

	(void)state;
	box_init(&b);
	write_history(&b);
	problems(&b, last, all, 0);
	problems(&b, last, early, 3500);
	assert_memory_not_equal(all, early, SHA256_SIZE);
	t = box_write(&b);
	event_put(t,
	    &(struct event){
		.ticket = 1, .seq = EVENTS + 1, .at = 99999, .kind = S("x")});
	box_commit(t);
	problems(&b, last, later, 3500);
	assert_memory_equal(early, later, SHA256_SIZE);
	box_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes_show),
	    cmocka_unit_test(swapped_rows_show),
	    cmocka_unit_test(older_rows_are_fine),
	    cmocka_unit_test(erased_words_leave_the_chain),
	    cmocka_unit_test(the_digest_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

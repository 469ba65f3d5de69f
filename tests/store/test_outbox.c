/* outbox: its lanes: who sends by one transport finds his rows, in their order, whatever lies in the lanes of others; and stores that had none. */
#include "box.h"
#include "older.h"
#include "store/blob.h"
#include "store/outbox.h"
#include "store/outbox_private.h"

struct asked {
	const char *transport; /* NULL: all */
	unsigned times;
};

static bool
wanted(const void *ctx, struct str kind, struct str transport)
{
	struct asked *x = *(struct asked *const *)ctx;

	(void)kind;
	x->times++;
	return !x->transport || str_eq(transport, str_c(x->transport));
}

static uint64_t
put(struct txn *t, const char *kind, const char *transport, int64_t next,
    enum outbox_state state)
{
	struct outbox o = {
	    .kind = str_c(kind),
	    .transport = str_c(transport),
	    .message_id = S("a@x"),
	    .size = 4,
	    .state = state,
	    .next = next,
	};

	AUTO(buf_fini) struct buf packed = BUF_INIT;

	blob_pack(S("mail"), &packed);
	o.blob = blob_put(t, buf_str(&packed));
	outbox_put(t, &o);
	return o.id;
}

/* The ids that are due, as text. */
static const char *
due(struct box *b, const char *transport, int64_t until, size_t max)
{
	struct asked x = {transport, 0}, *at = &x;
	struct outbox_pick pick = {wanted, &at};
	AUTO(buf_fini) struct buf out = BUF_INIT;
	struct txn *t = box_read(b);
	uint64_t ids[OUTBOX_DUE_MAX];
	int n = outbox_due(t, &pick, until, ids, max);

	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		buf_printf(
		    &out, "%s%llu", i ? " " : "", (unsigned long long)ids[i]);
	box_commit(t);
	return arena_cstr(&b->a, buf_str(&out));
}

static int64_t
next(struct box *b, const char *transport)
{
	struct asked x = {transport, 0}, *at = &x;
	struct outbox_pick pick = {wanted, &at};
	struct txn *t = box_read(b);
	int64_t when = -1;
	int r = outbox_next(t, &pick, &when);

	assert_true(r >= 0);
	box_commit(t);
	return r ? when : -1;
}

static void
test_lanes(void **state)
{
	struct box *b = *state;
	struct txn *t = box_read(b);
	struct outbox o;
	int64_t at;

	assert_int_equal(outbox_next(t, NULL, &at), 0);
	box_commit(t);
	t = box_write(b);
	put(t, "answer", "main", 30, OUTBOX_QUEUED);  /* 1 */
	put(t, "notice", "main", 10, OUTBOX_QUEUED);  /* 2 */
	put(t, "webhook", "ops", 5, OUTBOX_QUEUED);   /* 3 */
	put(t, "answer", "other", 20, OUTBOX_QUEUED); /* 4 */
	put(t, "answer", "main", 20, OUTBOX_QUEUED);  /* 5 */
	put(t, "answer", "main", 1, OUTBOX_HELD);
	put(t, "answer", "main", 1, OUTBOX_SENDING);
	put(t, "answer", "main", 1, OUTBOX_SENT);
	put(t, "ack", "main", INT64_MIN, OUTBOX_QUEUED); /* 9 */
	put(t, "ack", "main", 41, OUTBOX_QUEUED);        /* 10 */
	box_commit(t);
	assert_string_equal(due(b, "main", 40, 64), "9 2 5 1");
	assert_string_equal(due(b, "main", 20, 64), "9 2 5");
	assert_string_equal(due(b, "main", 40, 2), "9 2");
	assert_string_equal(due(b, "ops", 40, 64), "3");
	assert_string_equal(due(b, "ops", 4, 64), "");
	assert_string_equal(due(b, "none", 40, 64), "");
	assert_string_equal(due(b, NULL, 40, 64), "9 3 2 4 5 1");
	assert_int_equal(next(b, "main"), INT64_MIN);
	assert_int_equal(next(b, "other"), 20);
	assert_int_equal(next(b, "none"), -1);
	/* A row leaves its lane with its state, and when it is moved to another
	 * transport. */
	t = box_write(b);
	assert_int_equal(outbox_get(t, &b->a, 9, &o), 1);
	o.state = OUTBOX_SENDING;
	outbox_put(t, &o);
	assert_int_equal(outbox_get(t, &b->a, 2, &o), 1);
	o.transport = S("other");
	outbox_put(t, &o);
	outbox_del(t, 1);
	box_commit(t);
	assert_string_equal(due(b, "main", 50, 64), "5 10");
	assert_string_equal(due(b, "other", 50, 64), "2 4");
	assert_int_equal(next(b, "main"), 20);
}

/* A server that is down: its rows cost nobody else anything. */
static void
test_dead_transport(void **state)
{
	enum {
		DEAD = 3000
	};
	struct box *b = *state;
	struct asked x = {"main", 0}, *at = &x;
	struct outbox_pick pick = {wanted, &at};
	struct txn *t = box_write(b);
	uint64_t ids[64], last;
	int64_t when;

	for (int i = 0; i < DEAD; i++)
		put(t, i % 2 ? "webhook" : "answer", "dead", i, OUTBOX_QUEUED);
	last = put(t, "answer", "main", DEAD + 1, OUTBOX_QUEUED);
	box_commit(t);
	t = box_read(b);
	assert_int_equal(outbox_due(t, &pick, DEAD * 2, ids, 64), 1);
	assert_int_equal(ids[0], last);
	/* Once a lane, not once a row. */
	assert_int_equal(x.times, 3);
	assert_int_equal(outbox_next(t, &pick, &when), 1);
	assert_int_equal(when, DEAD + 1);
	assert_int_equal(x.times, 6);
	/* Both its lanes together, in their order. */
	x.transport = "dead";
	assert_int_equal(outbox_due(t, &pick, DEAD * 2, ids, 64), 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(ids[i], i + 1);
	box_commit(t);
}

struct heard {
	unsigned n;
	char first[200];
};

static bool
hear(void *ctx, const char *what)
{
	struct heard *h = ctx;

	if (!h->n++)
		snprintf(h->first, sizeof h->first, "%.190s", what);
	return true;
}

static void
check(struct box *b, const char *want)
{
	struct heard h = {0};
	struct store_counts counts;
	struct err err = ERR_INIT;

	if (store_check(b->s, NULL, hear, &h, &counts, &err) < 0)
		fail_msg("%s", err.msg);
	if (want ? !strstr(h.first, want) : h.n > 0)
		fail_msg("\"%s\", not \"%s\"", h.first, want ? want : "");
}

static void
test_migrate(void **state)
{
	struct box *b = *state;
	struct txn *t = box_write(b);

	for (unsigned i = 0; i < 40; i++)
		put(t, i % 3 ? "answer" : "notice", i % 2 ? "main" : "other",
		    40 - i, (enum outbox_state)(1 + i % 5));
	without_lanes(t, &b->a, 40);
	box_commit(t);
	/* A newer store would be told that. */
	check(b, "not in the list");
	t = box_write(b);
	meta_put(t, S("schema"), S("3"));
	box_commit(t);
	check(b, NULL);
	store_close(b->s);
	box_open(b);
	check(b, NULL);
	t = box_read(b);
	assert_int_equal(row_get(t, T_META, S("schema"), &(struct str){0}), 1);
	box_commit(t);
	/* Those with i % 5 == 0: 1, 6, 11 … 36, each due at 41 - id. */
	assert_string_equal(due(b, "other", 100, 64), "31 21 11 1");
	assert_string_equal(due(b, "main", 100, 64), "36 26 16 6");
	assert_int_equal(next(b, NULL), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_lanes, box_setup, box_teardown),
	    cmocka_unit_test_setup_teardown(
		test_dead_transport, box_setup, box_teardown),
	    cmocka_unit_test_setup_teardown(
		test_migrate, box_setup, box_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The check finds each damage; copies are whole and come back. */
#include "box.h"
#include "furnish.h"

#include <sys/stat.h>

/* --- one damage each --- */

static void
del_first(struct txn *t, enum table table)
{
	struct iter it = ITER_INIT;
	struct key k = {0};

	assert_int_equal(iter_ge(&it, t, table, str_n(NULL, 0)), 1);
	key_bytes(&k, it.key);
	iter_end(&it);
	assert_true(row_del(t, table, key_str(&k)));
}

static void
no_article(struct txn *t)
{
	del_first(t, T_ARTICLE);
}
static void
no_event(struct txn *t)
{
	del_first(t, T_EVENT);
}
static void
no_blob(struct txn *t)
{
	blob_del(t, 1);
}
static void
no_blob_of_outbox(struct txn *t)
{
	blob_del(t, 2);
}
static void
no_blob_of_quarantine(struct txn *t)
{
	blob_del(t, 7);
}
static void
orphan(struct txn *t)
{
	blob_put(t, S("x"));
}
static void
other_blob(struct txn *t)
{
	AUTO(buf_fini) struct buf p = BUF_INIT;
	struct key k = key_of_u64(1);

	blob_pack(S("From: a@x.org\r\n\r\nHullo\r\n"), &p);
	row_put(t, T_BLOB, key_str(&k), buf_str(&p), ROW_PUT);
}
static void
torn_blob(struct txn *t)
{
	struct key k = key_of_u64(3);

	row_put(t, T_BLOB, key_str(&k), S("(torn)"), ROW_PUT);
}
static void
no_index(struct txn *t)
{
	del_first(t, T_TICKET_INDEX);
}
static void
stray_index(struct txn *t)
{
	struct ticket_entry e = {
	    .id = 1, .status = STATUS_CLOSED, .updated = 3};
	struct key keys[TICKET_INDEXES];
	unsigned char v[TICKET_INDEX_VALUE];

	ticket_index_rows(&e, keys, v);
	row_put(
	    t, T_TICKET_INDEX, key_str(&keys[0]), str_n((char *)v, 8), ROW_PUT);
}
static void
wrong_index(struct txn *t)
{
	struct iter it = ITER_INIT;
	struct key k = {0};

	assert_int_equal(iter_ge(&it, t, T_TICKET_INDEX, str_n(NULL, 0)), 1);
	key_bytes(&k, it.key);
	iter_end(&it);
	row_put(t, T_TICKET_INDEX, key_str(&k), S("12345678"), ROW_PUT);
}
static void
wrong_count(struct txn *t)
{
	count_change(t, COUNT_STATUS + STATUS_OPEN, 1);
}
static void
wrong_outbox_count(struct txn *t)
{
	count_change(t, COUNT_OUTBOX + OUTBOX_QUEUED, -1);
}
static void
no_due(struct txn *t)
{
	del_first(t, T_OUTBOX_INDEX);
}
static void
stray_due(struct txn *t)
{
	struct key k = {0};

	key_uint(&k, OUTBOX_HELD, 1);
	key_time(&k, 0);
	key_uint(&k, 1, 8);
	row_put(t, T_OUTBOX_INDEX, key_str(&k), S(""), ROW_PUT);
}
static void
no_ticket(struct txn *t)
{
	struct key k = key_of_u64(2);

	row_del(t, T_TICKET, key_str(&k));
}
static void
hash_of_other(struct txn *t)
{
	unsigned char h[SHA256_SIZE] = {1};

	rawhash_put(t, h, 2, 1);
}
static void
hash_of_none(struct txn *t)
{
	unsigned char h[SHA256_SIZE] = {9};

	rawhash_put(t, h, 2, 7);
}
static void
msgid_of_none(struct txn *t)
{
	msgid_put(t, S("z"), 17, false);
}
static void
timer_of_none(struct txn *t)
{
	timer_put(t, &(struct timer){1, 1, 99, S("")});
}
static void
ledger_of_none(struct txn *t)
{
	ledger_put(t, (struct source_key){1, S("zz")},
	    &(struct ledger_row){
		.fate = FATE_DUPLICATE, .ticket = 1, .seq = 2});
}
static void
ledger_of_no_source(struct txn *t)
{
	ledger_put(t, (struct source_key){7, S("zz")},
	    &(struct ledger_row){.fate = FATE_TICKET, .ticket = 1, .seq = 1});
}
static void
no_quarantine(struct txn *t)
{
	AUTO(buf_fini) struct buf p = BUF_INIT;

	quarantine_del(t, 1);
	blob_del(t, 7);
}
static void
term_of_none(struct txn *t)
{
	struct term_batch *b = term_batch_new();

	term_batch_add(b, S("ghost"), 55);
	term_batch_put(t, b);
	term_batch_free(b);
}
static void
torn_terms(struct txn *t)
{
	struct key k = chunk_key(1, S("hello"), 1);

	row_put(t, T_TERM, key_str(&k), S("\0\x05hello\x01"), ROW_PUT);
}
static void
stray_terms(struct txn *t)
{
	struct key k = chunk_key(9, S("a"), 1);

	row_put(t, T_TERM, key_str(&k), str_n("\0\1a\1\0", 5), ROW_PUT);
}
static void
old_sequence(struct txn *t)
{
	seq_next(t, SEQ_TICKET);
	t->seq[SEQ_TICKET] = 1;
}
static void
unindexed_of_none(struct txn *t)
{
	unindexed_put(t, 1, 9);
}
static void
torn_ticket(struct txn *t)
{
	struct key k = key_of_u64(1);

	row_put(t, T_TICKET, key_str(&k), S("\xff\xff"), ROW_PUT);
}
static void
torn_person(struct txn *t)
{
	row_put(t, T_PERSON, S("a@x.org"), S("\xff\xff"), ROW_PUT);
}

static const struct {
	void (*damage)(struct txn *t);
	const char *told;
} damages[] = {
    {no_article, "counts 1 in article, there are 0"},
    {no_article, "which does not exist"},
    {no_event, "in event"},
    {no_blob, "its mail is missing"},
    {no_blob_of_outbox, "outbox row 1: its mail is missing"},
    {no_blob_of_quarantine, "quarantined mail 1: its mail is missing"},
    {orphan, "belongs to nothing"},
    {other_blob, "SHA-256"},
    {torn_blob, "not a zstd frame"},
    {no_index, "missing in the list"},
    {stray_index, "where it does not belong"},
    {wrong_index, "says something else"},
    {wrong_count, "counted as open"},
    {wrong_outbox_count, "counted as queued"},
    {no_due, "not in the list"},
    {stray_due, "where it does not belong"},
    {no_ticket, "ticket 2"},
    {hash_of_other, "does not have the content"},
    {hash_of_none, "names an article"},
    {msgid_of_none, "ticket 17"},
    {timer_of_none, "ticket 99"},
    {ledger_of_none, "article 2 of ticket 1"},
    {ledger_of_no_source, "source 7"},
    {no_quarantine, "in quarantine"},
    {term_of_none, "ticket 55"},
    {torn_terms, "run 1"},
    {stray_terms, "run 9"},
    {old_sequence, "never given"},
    {unindexed_of_none, "to be indexed"},
    {torn_ticket, "not in the form"},
    {torn_person, "table person"},
};

static void
finds_each_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		AUTO(buf_fini) struct buf all = BUF_INIT;
		struct err e = ERR_INIT;
		struct store_counts n;
		struct box b;
		struct txn *t;

		box_init(&b);
		furnish(b.s);
		n = box_check(&b);
		assert_int_equal(n.tickets, 2);
		assert_int_equal(n.articles, 3);
		assert_int_equal(n.postings, 4);
		assert_int_equal(n.blobs, 7);
		t = box_write(&b);
		damages[i].damage(t);
		box_commit(t);
		assert_int_equal(
		    store_check(b.s, NULL, box_print_problem, &all, &n, &e), 0);
		if (!str_has(buf_str(&all), str_c(damages[i].told)))
			fail_msg("%zu: %s not in:\n%s", i, damages[i].told,
			    buf_cstr(&all));
		/* It stops when it is told to. */
		assert_int_equal(
		    store_check(b.s,
			&(struct store_check_options){.max_problems = 1},
			box_print_problem, &all, &n, &e),
		    0);
		assert_int_equal(n.problems, 1);
		box_fini(&b);
	}
}

/* --- copies --- */

static void
saw(void *ctx, uint64_t done, uint64_t about)
{
	uint64_t *last = ctx;

	assert_true(done <= about || about == 0);
	*last = done;
}

static void
copies_come_back(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	uint64_t done = 0;
	const char *copy, *back, *file;
	struct stat st;
	struct box b, c = {0};
	struct txn *t;

	(void)state;
	box_init(&b);
	furnish(b.s);
	copy = path_join(&a, b.dir, "copy");
	back = path_join(&a, b.dir, "back");
	file = path_join(&a, copy, "data.mdb");
	t = box_write(&b); /* a writer at work does not matter */
	assert_int_equal(store_backup(b.s, copy, saw, &done, &e), 0);
	txn_abort(&t);
	assert_true(done > 4096);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(store_backup(b.s, copy, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVAL);

	assert_int_equal(store_restore(copy, back, false, saw, &done, &e), 0);
	assert_int_equal(store_restore(copy, back, false, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVAL);
	assert_int_equal(store_restore(copy, b.dir, true, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	snprintf(c.dir, sizeof c.dir, "%s", back);
	box_open(&c);
	assert_int_equal(box_check(&c).articles, 3);
	t = box_write(&c);
	no_event(t);
	box_commit(t);
	store_close(c.s);
	/* Over the changed one, and the damage is gone. */
	assert_int_equal(store_restore(copy, back, true, NULL, NULL, &e), 0);
	box_open(&c);
	box_check(&c);
	store_close(c.s);
	/* A damaged backup is refused. */
	snprintf(c.dir, sizeof c.dir, "%s", copy);
	box_open(&c);
	t = box_write(&c);
	no_event(t);
	box_commit(t);
	store_close(c.s);
	assert_int_equal(store_restore(copy, back, true, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "in event"));
	box_remove(back);
	box_remove(copy);
	arena_fini(&c.a);
	box_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_each_damage),
	    cmocka_unit_test(copies_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

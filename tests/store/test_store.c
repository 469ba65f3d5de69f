#include "box.h"
#include "store/blob.h"
#include "store/person.h"
#include "store/store_private.h"
#include "store/ticket.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void
expect(int r, const struct err *e, enum err_code code, const char *words)
{
	assert_int_equal(r, -1);
	assert_int_equal(e->code, code);
	if (!strstr(e->msg, words))
		fail_msg("%s", e->msg);
}

static void
opens_only_what_is_there(void **state)
{
	struct err e = ERR_INIT;
	struct store *s;
	struct box b;
	struct stat st;
	char file[200];

	(void)state;
	expect(store_open(&s, "/nonexistent/x", NULL, &e), &e, ERR_NOENT,
	    "no store");
	box_init(&b);
	assert_int_equal(stat(b.dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	for (size_t i = 0; i < 2; i++) {
		snprintf(file, sizeof file, "%s/%s", b.dir,
		    i ? "lock.mdb" : "data.mdb");
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	expect(store_open(&s, b.dir, NULL, &e), &e, ERR_TEMP, "already");
	store_close(b.s);
	/* An empty directory is no store, and looking does not make it one. */
	box_remove(b.dir);
	assert_int_equal(mkdir(b.dir, 0700), 0);
	expect(store_open(&s, b.dir, NULL, &e), &e, ERR_NOENT, "no store");
	expect(store_open(
		   &s, b.dir, &(struct store_options){.read_only = true}, &e),
	    &e, ERR_NOENT, "no store");
	/* A file that is none of LMDB's. */
	snprintf(file, sizeof file, "%s/data.mdb", b.dir);
	assert_int_equal(file_replace(file,
			     S("this is not a store at all, it "
			       "is some text"),
			     0600, &e),
	    0);
	assert_int_equal(store_open(&s, b.dir, NULL, &e), -1);
	unlink(file);
	box_open(&b);
	box_fini(&b);
}

static void
reading_only(void **state)
{
	struct err e = ERR_INIT;
	struct box b;
	struct txn *t;
	struct str v;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	meta_put(t, S("site"), S("acme"));
	box_commit(t);
	store_close(b.s);
	box_open_with(&b, &(struct store_options){.read_only = true});
	expect(txn_write(b.s, &t, &e), &e, ERR_PERM, "reading only");
	t = box_read(&b);
	assert_int_equal(meta_get(t, &b.a, S("site"), &v), 1);
	box_commit(t);
	/* The value is ours: it outlives the transaction. */
	assert_true(str_eq(v, S("acme")));
	box_fini(&b);
}

static void
first_error_sticks(void **state)
{
	struct err e = ERR_INIT;
	struct box b;
	struct txn *t;
	struct str v;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	meta_put(t, S("a"), S("1"));
	assert_int_equal(txn_error(t, &e), 0);
	assert_int_equal(txn_fail(t, ERR_CORRUPT, "first %d", 1), -1);
	assert_int_equal(txn_fail(t, ERR_TEMP, "second"), -1);
	assert_int_equal(meta_get(t, &b.a, S("a"), &v), -1);
	meta_put(t, S("b"), S("2"));
	assert_int_equal(meta_next(t, S("n")), 0);
	assert_int_equal(txn_error(t, &e), -1);
	expect(txn_commit(t, &e), &e, ERR_CORRUPT, "first 1");
	t = box_read(&b);
	assert_int_equal(meta_get(t, &b.a, S("a"), &v), 0);
	box_commit(t);
	assert_false(store_is_broken(b.s));
	/* An aborted one leaves nothing, not even the number it took. */
	t = box_write(&b);
	assert_int_equal(meta_next(t, S("n")), 1);
	txn_abort(&t);
	assert_null(t);
	txn_abort(&t);
	t = box_write(&b);
	assert_int_equal(meta_next(t, S("n")), 1);
	assert_int_equal(meta_next(t, S("n")), 2);
	box_commit(t);
	box_fini(&b);
}

/* --- schema --- */

static int
step_one(struct txn *t)
{
	meta_put(t, S("migrated"), S("once"));
	return 0;
}

static int
step_two(struct txn *t)
{
	struct str v;

	/* Runs behind step one, in the same transaction. */
	if (row_get(t, T_META, S("migrated"), &v) != 1)
		return -1;
	meta_put(t, S("migrated"), S("twice"));
	return 0;
}

static int
step_fails(struct txn *t)
{
	meta_put(t, S("half"), S("done"));
	return -1;
}

enum {
	LAST = STORE_SCHEMA + 2
};

static bool
is_number(struct str s, uint64_t want)
{
	uint64_t n;

	return str_u64(s, &n) && n == want;
}

static void
schemas(void **state)
{
	const struct migration steps[] = {
	    {STORE_SCHEMA + 1, step_two}, {STORE_SCHEMA, step_one}};
	const struct migration bad[] = {{LAST, step_fails}};
	struct err e = ERR_INIT;
	struct store *s;
	struct box b;
	struct txn *t;
	struct str v;

	(void)state;
	box_init(&b);
	t = box_read(&b);
	assert_int_equal(meta_get(t, &b.a, S("schema"), &v), 1);
	assert_true(is_number(v, STORE_SCHEMA));
	box_commit(t);
	assert_int_equal(store_migrate(b.s, steps, 2, LAST, &e), 0);
	t = box_read(&b);
	assert_int_equal(meta_get(t, &b.a, S("migrated"), &v), 1);
	assert_true(str_eq(v, S("twice")));
	assert_int_equal(meta_get(t, &b.a, S("schema"), &v), 1);
	assert_true(is_number(v, LAST));
	box_commit(t);
	/* Now it is newer than what store_open() knows. */
	store_close(b.s);
	b.s = NULL;
	expect(store_open(&s, b.dir, NULL, &e), &e, ERR_INVAL, "newer");
	box_remove(b.dir);
	assert_int_equal(mkdir(b.dir, 0700), 0);
	box_open(&b);
	assert_int_equal(store_migrate(b.s, steps, 2, LAST, &e), 0);
	/* A step that fails, and one that is missing, leave it as it was. */
	expect(store_migrate(b.s, bad, 1, LAST + 1, &e), &e, ERR_CORRUPT,
	    "migrated");
	expect(store_migrate(b.s, steps, 2, LAST + 1, &e), &e, ERR_INVAL,
	    "no longer");
	expect(
	    store_migrate(b.s, steps, 2, LAST - 1, &e), &e, ERR_INVAL, "newer");
	t = box_read(&b);
	assert_int_equal(meta_get(t, &b.a, S("half"), &v), 0);
	assert_int_equal(meta_get(t, &b.a, S("schema"), &v), 1);
	assert_true(is_number(v, LAST));
	box_commit(t);
	box_fini(&b);
}

/* --- no room --- */

static int
fill(struct box *b, size_t n, struct err *e)
{
	struct txn *t = box_write(b);
	char raw[4000];

	for (size_t i = 0; i < n; i++) {
		random_bytes(raw, sizeof raw);
		blob_put(t, str_n(raw, sizeof raw));
	}
	return txn_commit(t, e);
}

static void
map_full(void **state)
{
	struct err e = ERR_INIT;
	uint64_t used, size;
	struct box b;
	struct txn *t;
	struct str v;
	unsigned stored = 0;

	(void)state;
	box_init(&b);
	store_close(b.s);
	box_open_with(&b, &(struct store_options){.map_size = 2 << 20});
	t = box_write(&b);
	meta_put(t, S("kept"), S("yes"));
	box_commit(t);
	while (fill(&b, 20, &e) == 0)
		stored += 20;
	expect(-1, &e, ERR_SPACE, "full");
	assert_in_range(stored, 100, 500);
	assert_false(store_is_broken(b.s));
	/* Again, and everything from before is there. */
	expect(fill(&b, 100, &e), &e, ERR_SPACE, "full");
	t = box_read(&b);
	assert_int_equal(meta_get(t, &b.a, S("kept"), &v), 1);
	box_commit(t);
	store_usage(b.s, &used, &size);
	assert_int_equal(size, 2 << 20);
	assert_in_range(used, 1 << 20, 2 << 20);
	/* More room: it goes on. */
	store_close(b.s);
	box_open(&b);
	assert_int_equal(fill(&b, 500, &e), 0);
	t = box_read(&b);
	assert_int_equal(table_rows(t, T_BLOB, &used), 0);
	assert_int_equal(used, stored + 500);
	box_commit(t);
	box_fini(&b);
}

/* A write that the system refuses for another reason than a full disk: nobody may go on with that environment. */
static void
write_fails(void **state)
{
	struct rlimit old, tight;
	struct err e = ERR_INIT;
	struct box b;
	struct txn *t;
	struct str v;
	void (*handler)(int);
	int r;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	meta_put(t, S("kept"), S("yes"));
	box_commit(t);
	assert_int_equal(fill(&b, 20, &e), 0);
	handler = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = 256 * 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	r = fill(&b, 200, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, handler);
	expect(r, &e, ERR_TEMP, "commit");
	assert_true(store_is_broken(b.s));
	expect(txn_write(b.s, &t, &e), &e, ERR_TEMP, "opened again");
	expect(txn_read(b.s, &t, &e), &e, ERR_TEMP, "opened again");
	store_close(b.s);
	box_open(&b);
	t = box_read(&b);
	assert_int_equal(meta_get(t, &b.a, S("kept"), &v), 1);
	box_commit(t);
	assert_int_equal(fill(&b, 20, &e), 0);
	box_fini(&b);
}

/* 40 sub-transactions that delete and add: the file must not grow with them. */
static void
space_is_reused(void **state)
{
	uint64_t first = 0, used, size;
	struct err e = ERR_INIT;
	struct box b;

	(void)state;
	box_init(&b);
	for (uint64_t round = 0; round < 40; round++) {
		struct txn *t;

		assert_int_equal(fill(&b, 50, &e), 0);
		t = box_write(&b);
		for (uint64_t i = 1; i <= 50; i++)
			blob_del(t, round * 50 + i);
		box_commit(t);
		store_usage(b.s, &used, &size);
		if (round == 5)
			first = used;
	}
	assert_in_range(used, 1, first * 3 / 2);
	box_fini(&b);
}

static void
blobs(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 2000, 2100, 4079, 4080, 4081, 8160, 100000, 3000000};
	struct box b;
	struct err e = ERR_INIT;

	(void)state;
	box_init(&b);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		AUTO(buf_fini) struct buf raw = BUF_INIT;
		AUTO(buf_fini) struct buf packed = BUF_INIT;
		AUTO(buf_fini) struct buf back = BUF_INIT;
		struct txn *t = box_write(&b);
		uint64_t id;

		/* Once as text, once as what does not compress. */
		buf_fill(&raw, 'x', sizes[i]);
		if (i % 2 && raw.n)
			random_bytes(raw.p, raw.n);
		blob_pack(buf_str(&raw), &packed);
		id = blob_put(t, buf_str(&packed));
		assert_int_equal(id, i + 1);
		assert_int_equal(blob_get(t, id, raw.n, &back), 1);
		assert_true(str_eq(buf_str(&back), buf_str(&raw)));
		box_commit(t);
		t = box_read(&b);
		buf_reset(&back);
		assert_int_equal(blob_get(t, id, raw.n, &back), 1);
		assert_true(str_eq(buf_str(&back), buf_str(&raw)));
		assert_int_equal(blob_get(t, id + 1, 1 << 20, &back), 0);
		if (raw.n) {
			assert_int_equal(blob_get(t, id, raw.n - 1, &back), -1);
			txn_error(t, &e);
			assert_int_equal(e.code, ERR_PERM);
		}
		txn_abort(&t);
		/* Every cut and every flipped bit is refused or harmless. */
		for (size_t cut = 0; cut < packed.n && cut < 40; cut++) {
			buf_reset(&back);
			assert_int_equal(
			    blob_unpack(str_sub(buf_str(&packed), 0, cut),
				1 << 20, &back, &e),
			    -1);
		}
	}
	box_fini(&b);
}

static void
one_more_reader(void **state)
{
	enum {
		N = 257
	};
	struct txn *v[N] = {0};
	struct err e = ERR_INIT;
	struct box b;
	int n = 0;

	(void)state;
	box_init(&b);
	while (n < N && txn_read(b.s, &v[n], &e) == 0)
		n++;
	assert_int_equal(n, 256);
	assert_int_equal(e.code, ERR_TEMP);
	while (n > 0)
		txn_abort(&v[--n]);
	box_commit(box_read(&b));
	assert_int_equal(store_clear_stale(b.s, &e), 0);
	box_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens_only_what_is_there),
	    cmocka_unit_test(reading_only),
	    cmocka_unit_test(first_error_sticks),
	    cmocka_unit_test(schemas),
	    cmocka_unit_test(map_full),
	    cmocka_unit_test(write_fails),
	    cmocka_unit_test(space_is_reused),
	    cmocka_unit_test(blobs),
	    cmocka_unit_test(one_more_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

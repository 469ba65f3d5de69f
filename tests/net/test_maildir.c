#include "net/maildir.h"
#include "base/file.h"
#include "base/must.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct arena arena;
static char dir[] = "/tmp/helpd-maildir.XXXXXX";

static const char *
at(const char *rest)
{
	return path_join(&arena, dir, rest);
}

static void
put(const char *name, const char *text, int64_t time_s)
{
	struct timespec t[2] = {{.tv_sec = time_s}, {.tv_sec = time_s}};

	assert_int_equal(file_replace(at(name), str_c(text), 0600, NULL), 0);
	assert_int_equal(utimensat(AT_FDCWD, at(name), t, 0), 0);
}

static bool
there(const char *name)
{
	return access(at(name), F_OK) == 0;
}

static int
fresh(void **state)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "/tmp/helpd-maildir.XXXXXX");
	memcpy(dir, buf_cstr(&b), sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	return dir_make(at("new"), 0700, NULL) |
	       dir_make(at("cur"), 0700, NULL) |
	       dir_make(at("tmp"), 0700, NULL);
}

static void
empty(const char *sub)
{
	struct maildir_file *f;
	size_t n;

	(void)sub;
	if (maildir_scan(&arena, dir, &f, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		maildir_delete(dir, f[i].key, NULL);
}

static int
gone(void **state)
{
	static const char *const rest[] = {"new/.hidden", "new/link",
	    "cur/link", "new/pipe", "new/sub", "new", "cur", "tmp", "target",
	    "other/new", "other/cur", "other/tmp", "other"};

	(void)state;
	empty("new");
	for (size_t i = 0; i < ARRAY_LEN(rest); i++)
		(void)remove(at(rest[i]));
	(void)rmdir(dir);
	arena_fini(&arena);
	return 0;
}

static void
scans_in_order_of_time(void **state)
{
	struct maildir_file *f;
	size_t n;
	struct err err = ERR_INIT;

	(void)state;
	put("new/b", "1", 300);
	put("cur/a:2,RS", "22", 100);
	put("cur/z:2,F", "333", 200);
	put("new/c", "4", 300);
	put("new/.hidden", "x", 1);
	put("target", "x", 1);
	assert_int_equal(symlink(at("target"), at("new/link")), 0);
	assert_int_equal(mkfifo(at("new/pipe"), 0600), 0);
	assert_int_equal(mkdir(at("new/sub"), 0700), 0);
	assert_int_equal(maildir_scan(&arena, dir, &f, &n, &err), 0);
	assert_int_equal(n, 4);
	assert_true(str_eq(f[0].key, S("a")) && f[0].seen &&
		    str_eq(f[0].dir, S("cur")) && f[0].size == 2 &&
		    f[0].mtime == 100000);
	assert_true(str_eq(f[1].name, S("z:2,F")) && !f[1].seen);
	assert_true(str_eq(f[2].key, S("b")) && !f[2].seen);
	assert_true(str_eq(f[3].key, S("c")));
	assert_int_equal(maildir_scan(&arena, at("new"), &f, &n, &err), -1);
	assert_int_equal(err.code, ERR_NOENT);
}

static void
looks_at_what_is_left(void **state)
{
	struct maildir_file *f;
	size_t n;

	(void)state;
	put("new/b", "1", 300);
	put("new/gone", "1", 300);
	put("new/a", "22", 400);
	put("cur/c:2,S", "333", 100);
	assert_int_equal(maildir_list(&arena, dir, false, &f, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_int_equal(maildir_list(&arena, dir, true, &f, &n, NULL), 0);
	assert_int_equal(n, 4);
	assert_int_equal(unlink(at("new/gone")), 0);
	assert_int_equal(maildir_look(dir, f, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_true(str_eq(f[0].key, S("c")) && f[0].seen && f[0].size == 3);
	assert_true(str_eq(f[1].key, S("b")) && f[1].mtime == 300000);
	assert_true(str_eq(f[2].key, S("a")) && f[2].size == 2);
	n = 0;
	assert_int_equal(maildir_look(dir, NULL, &n, NULL), 0);
	assert_int_equal(n, 0);
}

static void
reads_where_it_went(void **state)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct maildir_file *f;
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	put("new/a", "hello", 100);
	assert_int_equal(maildir_scan(&arena, dir, &f, &n, NULL), 0);
	assert_int_equal(maildir_read(dir, f, 100, &b, NULL), 1);
	assert_string_equal(buf_cstr(&b), "hello");
	buf_reset(&b);
	assert_int_equal(maildir_read(dir, f, 4, &b, &err), -1);
	assert_int_equal(err.code, ERR_PERM);
	/* a client took it, with flags nobody would guess */
	assert_int_equal(rename(at("new/a"), at("cur/a:2,DPT")), 0);
	buf_reset(&b);
	assert_int_equal(maildir_read(dir, f, 100, &b, NULL), 1);
	assert_string_equal(buf_cstr(&b), "hello");
	assert_int_equal(unlink(at("cur/a:2,DPT")), 0);
	assert_int_equal(maildir_read(dir, f, 100, &b, NULL), 0);
	/* a link in its place is not followed */
	put("target", "secret", 1);
	assert_int_equal(symlink(at("target"), at("new/a")), 0);
	assert_int_equal(maildir_read(dir, f, 100, &b, NULL), 0);
	unlink(at("new/a"));
}

static void
moves_to_cur(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
	    {"new/a", "cur/a:2,S"},
	    {"new/a:2,", "cur/a:2,S"},
	    {"cur/a:2,S", "cur/a:2,S"},
	    {"cur/a", "cur/a:2,S"},
	    {"cur/a:2,FR", "cur/a:2,FRS"},
	    {"cur/a:2,FT", "cur/a:2,FST"},
	    {"cur/a:2,DPRST", "cur/a:2,DPRST"},
	    {"new/a:1,x", "cur/a:2,S"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put(rows[i].before, "x", 5);
		assert_int_equal(maildir_to_cur(dir, S("a"), NULL), 1);
		assert_true(there(rows[i].after));
		assert_int_equal(maildir_delete(dir, S("a"), NULL), 1);
		assert_false(there(rows[i].after));
		assert_int_equal(maildir_to_cur(dir, S("a"), NULL), 0);
		assert_int_equal(maildir_delete(dir, S("a"), NULL), 0);
	}
	assert_int_equal(maildir_sync(dir, NULL), 0);
}

/* Of names that begin with what usually ends a key. */
static void
a_key_stays(void **state)
{
	static const char *const names[] = {
	    ":", ":a", "::2,", ":2,x", ":,:2,t"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct maildir_file *before, *after;
		size_t n;

		put(path_join(&arena, "new", names[i]), "x", 5);
		assert_int_equal(
		    maildir_scan(&arena, dir, &before, &n, NULL), 0);
		assert_int_equal(n, 1);
		assert_int_equal(maildir_to_cur(dir, before->key, NULL), 1);
		assert_int_equal(
		    maildir_scan(&arena, dir, &after, &n, NULL), 0);
		assert_int_equal(n, 1);
		assert_true(after->seen && str_eq(before->key, after->key));
		assert_int_equal(maildir_delete(dir, after->key, NULL), 1);
	}
}

static void
a_key_is_never_a_path(void **state)
{
	static const char *const keys[] = {
	    "../target", "..", ".", "", "a/../../target", "/etc/passwd"};

	(void)state;
	put("target", "x", 1);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_int_equal(maildir_delete(dir, str_c(keys[i]), NULL), 0);
		assert_int_equal(maildir_to_cur(dir, str_c(keys[i]), NULL), 0);
	}
	assert_true(there("target"));
}

static void
moves_to_another(void **state)
{
	(void)state;
	put("new/\xff\xfe odd \"name\"", "x", 5);
	assert_int_equal(
	    maildir_move(dir, S("\xff\xfe odd \"name\""), at("other"), NULL),
	    1);
	assert_true(there("other/cur/\xff\xfe odd \"name\":2,S"));
	assert_int_equal(
	    maildir_move(dir, S("\xff\xfe odd \"name\""), at("other"), NULL),
	    0);
	maildir_delete(at("other"), S("\xff\xfe odd \"name\""), NULL);
}

static void
delivers(void **state)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct maildir_file *f;
	struct str one, two;
	size_t n;

	(void)state;
	assert_int_equal(
	    maildir_deliver(&arena, at("other"), S("hi\r\n"), &one, NULL), 0);
	assert_int_equal(
	    maildir_deliver(&arena, at("other"), S("ho\r\n"), &two, NULL), 0);
	assert_false(str_eq(one, two));
	assert_int_equal(maildir_scan(&arena, at("other"), &f, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(maildir_read(at("other"), f, 0, &b, NULL), 1);
	/* nothing stays in tmp/ */
	assert_int_equal(rmdir(at("other/tmp")), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    maildir_delete(at("other"), f[i].key, NULL), 1);
}

static void
count(void *ctx, size_t index)
{
	((int *)ctx)[index]++;
}

static void
watches(void **state)
{
	struct dirwatch *w;
	int seen[2] = {0, 0};
	size_t a, b;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(dirwatch_open(&w, &err), 0);
	assert_int_equal(dirwatch_add(w, at("new"), &a, &err), 0);
	assert_int_equal(dirwatch_add(w, at("cur"), &b, &err), 0);
	assert_int_equal(dirwatch_add(w, at("missing"), &b, &err), -1);
	assert_int_equal(dirwatch_read(w, count, seen, &err), 0);
	assert_int_equal(seen[0] + seen[1], 0);
	put("new/a", "x", 1);
	put("new/b", "x", 1);
	struct pollfd p = {.fd = dirwatch_fd(w), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_int_equal(dirwatch_read(w, count, seen, &err), 0);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 0);
	dirwatch_close(&w);
	assert_null(w);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, gone)
	const struct CMUnitTest tests[] = {
	    T(scans_in_order_of_time),
	    T(looks_at_what_is_left),
	    T(reads_where_it_went),
	    T(moves_to_cur),
	    T(a_key_stays),
	    T(a_key_is_never_a_path),
	    T(moves_to_another),
	    T(delivers),
	    T(watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

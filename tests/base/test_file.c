#include "base/file.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct arena a;

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/helpd-file-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_fini(&a);
	return rmdir(dir);
}

static void
whole_files(void **state)
{
	char *path = path_join(&a, dir, "f");
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT, big = BUF_INIT;
	struct stat st;

	(void)state;
	assert_int_equal(file_read(path, 0, &b, &err), -1);
	assert_int_equal(err.code, ERR_NOENT);
	assert_int_equal(file_replace(path, S("one"), 0640, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(file_replace(path, S("two!"), 0600, &err), 0);
	buf_puts(&b, "<");
	assert_int_equal(file_read(path, 4, &b, &err), 0);
	assert_string_equal(buf_cstr(&b), "<two!");
	buf_reset(&b);
	assert_int_equal(file_read(path, 3, &b, &err), -1);
	assert_int_equal(err.code, ERR_PERM);
	buf_fill(&big, 'x', 300000);
	assert_int_equal(file_replace(path, buf_str(&big), 0600, &err), 0);
	buf_reset(&b);
	assert_int_equal(file_read(path, 0, &b, &err), 0);
	assert_true(str_eq(buf_str(&b), buf_str(&big)));
	buf_fini(&b);
	buf_fini(&big);
	assert_int_equal(unlink(path), 0);
}

/* A replacement that fails leaves the old file, and nothing beside it (teardown
 * would not get rid of the directory). */
static void
fails_whole(void **state)
{
	char *path = path_join(&a, dir, "none/f");
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(file_replace(path, S("x"), 0600, &err), -1);
	assert_int_equal(err.code, ERR_NOENT);
	/* A directory is in the way of the rename. */
	path = path_join(&a, dir, "d");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_replace(path, S("x"), 0600, &err), -1);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(file_read(dir, 0, &b, &err), -1);
	buf_fini(&b);
}

static void
pipes(void **state)
{
	struct err err = ERR_INIT;
	struct buf b = buf_max(10);
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(fd_write_all(p[1], S("hello"), &err), 0);
	close(p[1]);
	assert_int_equal(fd_read_all(p[0], 5, &b, &err), -1);
	buf_fini(&b);
	b = BUF_INIT;
	close(p[0]);
	assert_int_equal(fd_read_all(p[0], 0, &b, &err), -1);
	buf_fini(&b);
	assert_int_equal(fd_write_all(-1, S("x"), &err), -1);
}

static void
directories(void **state)
{
	struct err err = ERR_INIT;
	char *deep = path_join(&a, dir, "x/y//z"), *file;
	struct stat st;

	(void)state;
	assert_int_equal(dir_make(deep, 0700, &err), 0);
	assert_int_equal(dir_make(deep, 0700, &err), 0);
	assert_true(stat(deep, &st) == 0 && S_ISDIR(st.st_mode));
	assert_int_equal(dir_sync(deep, &err), 0);
	file = path_join(&a, deep, "f");
	assert_int_equal(file_replace(file, S(""), 0600, &err), 0);
	assert_int_equal(dir_make(file, 0700, &err), -1);
	assert_int_equal(dir_make(path_join(&a, file, "g"), 0700, &err), -1);
	assert_int_equal(dir_sync(file, &err), -1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(deep), 0);
	assert_int_equal(rmdir(path_join(&a, dir, "x/y")), 0);
	assert_int_equal(rmdir(path_join(&a, dir, "x")), 0);
	assert_string_equal(path_join(&a, "a", "b"), "a/b");
	assert_string_equal(path_join(&a, "a/", "b"), "a/b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_files),
	    cmocka_unit_test(fails_whole),
	    cmocka_unit_test(pipes),
	    cmocka_unit_test(directories),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

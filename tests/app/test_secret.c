#include "app/config.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char path[100];

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/helpd-secret-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/pw", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void
put(struct str content, unsigned mode)
{
	struct err err = ERR_INIT;

	assert_int_equal(file_replace(path, content, 0600, &err), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
from_a_file(void **state)
{
	static const struct {
		const char *name;
		struct str content;
		unsigned mode;
		const char *secret; /* NULL: refused, saying */
		const char *why;
	} rows[] = {
	    {"plain", {"hunter2", 7}, 0600, "hunter2", NULL},
	    {"a line break", {"hunter2\n", 8}, 0600, "hunter2", NULL},
	    {"CRLF", {"hunter2\r\n", 9}, 0400, "hunter2", NULL},
	    {"spaces belong to it", {" a b \n", 6}, 0600, " a b ", NULL},
	    {"the daemon's group", {"x", 1}, 0640, "x", NULL},
	    {"all may read", {"x", 1}, 0604, NULL, "chmod 600"},
	    {"all may write", {"x", 1}, 0602, NULL, "chmod 600"},
	    {"the group may write", {"x", 1}, 0620, NULL, "chmod 600"},
	    {"nothing", {"", 0}, 0600, NULL, "it is empty"},
	    {"only a line break", {"\n", 1}, 0600, NULL, "it is empty"},
	    {"two lines", {"a\nb\n", 4}, 0600, NULL, "one line"},
	    {"a NUL", {"a\0b", 3}, 0600, NULL, "one line"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct secret s = {.file = str_c(path)};
		struct buf out = BUF_INIT;
		struct err err = ERR_INIT;
		int r;

		put(rows[i].content, rows[i].mode);
		buf_puts(&out, "<");
		r = secret_read(&s, &out, &err);
		assert_int_equal(r, rows[i].secret ? 0 : -1);
		assert_string_equal(
		    buf_cstr(&out) + 1, rows[i].secret ? rows[i].secret : "");
		if (rows[i].why && !strstr(err.msg, rows[i].why))
			fail_msg("%s: %s", rows[i].name, err.msg);
		/* No secret in an error. */
		assert_null(strstr(err.msg, "hunter"));
		buf_fini(&out);
	}
}

static void
not_a_plain_file(void **state)
{
	struct secret s = {.file = str_c(path)};
	struct buf out = BUF_INIT, big = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	unlink(path);
	assert_int_equal(secret_read(&s, &out, &err), -1);
	assert_int_equal(err.code, ERR_NOENT);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(secret_read(&s, &out, &err), -1);
	assert_non_null(strstr(err.msg, "symbolic link"));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(secret_read(&s, &out, &err), -1);
	assert_non_null(strstr(err.msg, "not a plain file"));
	unlink(path);
	buf_fill(&big, 'x', 4097);
	put(buf_str(&big), 0600);
	assert_int_equal(secret_read(&s, &out, &err), -1);
	s = (struct secret){0};
	assert_int_equal(secret_read(&s, &out, &err), -1);
	assert_int_equal(err.code, ERR_NOENT);
	assert_int_equal(out.n, 0);
	buf_fini(&big);
	buf_fini(&out);
}

static void
from_a_command(void **state)
{
	static const struct {
		const char *command, *secret, *why;
	} rows[] = {
	    {"/bin/echo hunter2", "hunter2", NULL},
	    {"  /bin/echo   a  b ", "a b", NULL},
	    {"/bin/echo $HOME;x", "$HOME;x", NULL}, /* no shell */
	    {"/bin/false", NULL, "status 1"},
	    {"/bin/true", NULL, "empty"},
	    {"/nonexistent/program x", NULL, "/nonexistent/program"},
	    {"/usr/bin/yes", NULL, "more than 4096 bytes"},
	    {"/usr/bin/printf a\\nb", NULL, "one line"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct secret s = {.command = str_c(rows[i].command)};
		struct buf out = BUF_INIT;
		struct err err = ERR_INIT;
		int r = secret_read(&s, &out, &err);

		if (rows[i].secret && r < 0)
			fail_msg("%s: %s", rows[i].command, err.msg);
		assert_int_equal(r, rows[i].secret ? 0 : -1);
		assert_string_equal(
		    buf_cstr(&out), rows[i].secret ? rows[i].secret : "");
		if (rows[i].why && !strstr(err.msg, rows[i].why))
			fail_msg("%s: %s", rows[i].command, err.msg);
		buf_fini(&out);
	}
}

/* A command that hangs is ended, with what it started. */
static void
a_command_that_hangs(void **state)
{
	struct secret s = {.command = S("/bin/sleep 60")};
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	int64_t begin = clock_mono(), took;

	(void)state;
	if (!getenv("HELPD_LONG")) {
		print_message("takes ten seconds: only with HELPD_LONG\n");
		skip();
	}
	assert_int_equal(secret_read(&s, &out, &err), -1);
	took = clock_mono() - begin;
	assert_int_equal(err.code, ERR_TEMP);
	assert_true(took >= 9500 && took < 15000);
	buf_fini(&out);
}

static void
from_a_credential(void **state)
{
	struct secret s = {.credential = S("pw")};
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(secret_read(&s, &out, &err), -1);
	assert_non_null(strstr(err.msg, "LoadCredential"));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	put(S("hunter2\n"), 0440);
	assert_int_equal(secret_read(&s, &out, &err), 0);
	assert_string_equal(buf_cstr(&out), "hunter2");
	unsetenv("CREDENTIALS_DIRECTORY");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_a_file),
	    cmocka_unit_test(not_a_plain_file),
	    cmocka_unit_test(from_a_command),
	    cmocka_unit_test(a_command_that_hangs),
	    cmocka_unit_test(from_a_credential),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* The spool's file format: what is put is read back; what is not ours is a plain mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/spool.h"
#include "base/file.h"
#include "base/must.h"
#include "net/maildir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
assert_str(struct str got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.n ? got.p : "", want, got.n);
}

static void
round_trip(void **state)
{
	char dir[] = "/tmp/helpd-spool-XXXXXX";
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct spooled in = {.channel = S("web"),
	    .has_sender = true,
	    .sender = S("ann@example.org"),
	    .recipient = S("support+x@example.net"),
	    .raw = S("Subject: x\n\nbody\n")};
	struct spooled out;
	struct maildir_file *files;
	struct stat st;
	size_t n = 0;
	struct buf content = BUF_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	char *path = path_join(&a, dir, "spool");
	assert_int_equal(spool_make(path, &err), 0);
	assert_int_equal(stat(path_join(&a, path, "new"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 03730);
	assert_int_equal(spool_put(&a, path, &in, &err), 0);
	assert_int_equal(maildir_scan(&a, path, &files, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(maildir_read(path, &files[0], 0, &content, &err), 1);
	spool_read(&a, buf_str(&content), &out);
	assert_str(out.channel, "web");
	assert_true(out.has_sender);
	assert_str(out.sender, "ann@example.org");
	assert_str(out.recipient, "support+x@example.net");
	assert_str(out.raw, "Subject: x\n\nbody\n");
	buf_fini(&content);
	arena_fini(&a);
}

static void
not_ours(void **state)
{
	static const char *const rows[] = {
	    "",
	    "Subject: x\n\nbody",
	    "HELPD1 ",
	    "HELPD1 !!!\nSubject: x\n\n",
	    "HELPD1",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = ARENA_INIT;
		struct spooled out;

		spool_read(&a, str_c(rows[i]), &out);
		assert_str(out.raw, rows[i]);
		assert_str(out.channel, "mail");
		assert_false(out.has_sender);
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

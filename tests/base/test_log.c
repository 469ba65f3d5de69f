#include "base/log.h"
#include "base/file.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <unistd.h>

/* What comes out on standard error. */
static void
captured(
    struct buf *out, enum log_level level, const char *sub, const char *text)
{
	int p[2], saved = dup(2);
	struct err err = ERR_INIT;

	assert_int_equal(pipe(p), 0);
	assert_int_equal(dup2(p[1], 2), 2);
	close(p[1]);
	log_line(level, sub, "%s", text);
	assert_int_equal(dup2(saved, 2), 2);
	close(saved);
	buf_reset(out);
	assert_int_equal(fd_read_all(p[0], 0, out, &err), 0);
	close(p[0]);
}

static void
writes_lines(void **state)
{
	static const struct {
		enum log_level level;
		const char *text, *line;
	} rows[] = {
	    {LOG_LEVEL_ERROR, "x=1 it broke", "error imap x=1 it broke\n"},
	    {LOG_LEVEL_WARNING, "a", "warning imap a\n"},
	    {LOG_LEVEL_INFO, "größe", "info imap größe\n"},
	    {LOG_LEVEL_DEBUG, "quiet", ""},
	    {LOG_LEVEL_INFO, "two\nlines\r\t\x1b[0m\x7f",
		"info imap two\\x0alines\\x0d\\x09\\x1b[0m\\x7f\n"},
	    {LOG_LEVEL_INFO, "\xff\xc2\x85\xe2\x80\xa8",
		"info imap \\xff\\xc2\\x85\\xe2\\x80\\xa8\n"},
	    {LOG_LEVEL_INFO, "", "info imap \n"},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		captured(&out, rows[i].level, "imap", rows[i].text);
		assert_string_equal(buf_cstr(&out), rows[i].line);
	}
	buf_fini(&out);
}

static void
levels(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(log_get_level(), LOG_LEVEL_INFO);
	log_set_level(LOG_LEVEL_DEBUG);
	captured(&out, LOG_LEVEL_DEBUG, "a", "b");
	assert_string_equal(buf_cstr(&out), "debug a b\n");
	log_set_level(LOG_LEVEL_ERROR);
	captured(&out, LOG_LEVEL_WARNING, "a", "b");
	assert_string_equal(buf_cstr(&out), "");
	log_set_level(LOG_LEVEL_INFO);
	buf_fini(&out);
}

static void
to_the_journal(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	log_set_journal(true);
	captured(&out, LOG_LEVEL_WARNING, "a", "b");
	log_set_journal(false);
	assert_string_equal(buf_cstr(&out), "<4>warning a b\n");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_lines),
	    cmocka_unit_test(levels),
	    cmocka_unit_test(to_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

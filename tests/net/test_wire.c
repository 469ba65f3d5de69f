#include "net/smtp.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
clean_mail_passes(void **state)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(wire_check(S("a: b\r\n\r\nc\r\n"), NULL), 0);
	assert_int_equal(wire_check(S("\r\n"), NULL), 0);
	assert_int_equal(wire_check(S("\xff\x80\r\n"), NULL), 0);
	buf_fill(&b, 'x', 998);
	buf_puts(&b, "\r\n");
	assert_int_equal(wire_check(buf_str(&b), NULL), 0);
}

static void
everything_else_is_told(void **state)
{
	static const struct {
		struct str mail;
		const char *want;
	} rows[] = {
	    {{"", 0}, "the mail is empty"},
	    {{"a\nb\r\n", 5}, "line 1 of the mail ends in LF without CR"},
	    {{"a\r\nb\rc\r\n", 8}, "line 2 of the mail holds a CR without LF"},
	    {{"a\r\nb\r", 5}, "line 2 of the mail holds a CR without LF"},
	    {{"a\r\r\n", 4}, "line 1 of the mail holds a CR without LF"},
	    {{"\0\r\n", 3}, "line 1 of the mail holds a NUL"},
	    {{"a\r\nb", 4}, "the last line of the mail does not end"},
	};
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(wire_check(rows[i].mail, &err), -1);
		assert_int_equal(err.code, ERR_PERM);
		assert_string_equal(err.msg, rows[i].want);
	}
	buf_fill(&b, 'x', 999);
	buf_puts(&b, "\r\n");
	assert_int_equal(wire_check(buf_str(&b), &err), -1);
	assert_string_equal(
	    err.msg, "line 1 of the mail is longer than 998 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_mail_passes),
	    cmocka_unit_test(everything_else_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

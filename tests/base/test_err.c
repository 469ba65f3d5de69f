#include "base/err.h"
#include "base/utf8.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
static void
says(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&e, ERR_TEMP, "no answer from %s", "x"), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_string_equal(e.msg, "no answer from x");
	assert_int_equal(err_in(&e, "mailbox %d", 7), -1);
	assert_string_equal(e.msg, "mailbox 7: no answer from x");
	assert_int_equal(e.code, ERR_TEMP);
	/* Whoever does not care passes NULL. */
	assert_int_equal(err_set(NULL, ERR_PERM, "x"), -1);
	assert_int_equal(err_sys(NULL, ERR_PERM, "x"), -1);
	assert_int_equal(err_in(NULL, "x"), -1);
}

static void
of_the_system(void **state)
{
	static const struct {
		int no;
		enum err_code in, out;
	} rows[] = {
	    {EIO, ERR_TEMP, ERR_TEMP},
	    {ENOSPC, ERR_PERM, ERR_SPACE},
	    {EDQUOT, ERR_TEMP, ERR_SPACE},
	    {ENOENT, ERR_TEMP, ERR_NOENT},
	    {ENOENT, ERR_PERM, ERR_PERM},
	    {EACCES, ERR_INVAL, ERR_INVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		char want[200];

		errno = rows[i].no;
		err_sys(&e, rows[i].in, "%s", "/x");
		assert_int_equal(errno, rows[i].no);
		assert_int_equal(e.code, rows[i].out);
		snprintf(want, sizeof want, "/x: %s", strerror(rows[i].no));
		assert_string_equal(e.msg, want);
	}
}

static void
cuts_what_is_too_long(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, ERR_TEMP, "%0*d", 2000, 1);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	err_in(&e, "%0*d", 2000, 1);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	errno = EIO;
	err_sys(&e, ERR_TEMP, "%0*d", 2000, 1);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
}

static void
cuts_between_characters(void **state)
{
	static const char *const letters[] = {
	    "\xc3\xa9", "\xe7\x8e\x8b", "\xf0\x9f\x98\x80"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		for (size_t before = 480; before < 500; before++) {
			size_t width = strlen(letters[i]);
			struct err e = ERR_INIT;
			char fill[500];

			memset(fill, 'x', before);
			fill[before] = 0;
			err_set(&e, ERR_TEMP, "%s%s%s%s%s%s%s%s%s%s%s", fill,
			    letters[i], letters[i], letters[i], letters[i],
			    letters[i], letters[i], letters[i], letters[i],
			    letters[i], letters[i]);
			assert_true(utf8_valid(str_c(e.msg)));
			assert_true(strlen(e.msg) + width >= sizeof e.msg);
		}
}

/* sysexits.h, which mail servers go by. */
static void
exits(void **state)
{
	static const struct {
		enum err_code code;
		const char *name;
		int status;
	} rows[] = {
	    {ERR_NONE, "none", 0},
	    {ERR_TEMP, "temporary", 75},
	    {ERR_PERM, "permanent", 69},
	    {ERR_INVAL, "invalid", 65},
	    {ERR_NOENT, "not-found", 66},
	    {ERR_CORRUPT, "corrupt", 70},
	    {ERR_SPACE, "no-space", 75},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_string_equal(err_name(rows[i].code), rows[i].name);
		assert_int_equal(err_exit(rows[i].code), rows[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says),
	    cmocka_unit_test(of_the_system),
	    cmocka_unit_test(cuts_what_is_too_long),
	    cmocka_unit_test(cuts_between_characters),
	    cmocka_unit_test(exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "net/imap_conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
folds_runs(void **state)
{
	static const uint32_t uids[] = {1, 2, 3, 5, 7, 8, 4294967295u};
	AUTO(buf_fini) struct buf b = BUF_INIT;
	size_t at = 0;

	(void)state;
	imap_set_of(&b, uids, ARRAY_LEN(uids), SIZE_MAX, &at);
	assert_string_equal(buf_cstr(&b), "1:3,5,7:8,4294967295");
	assert_int_equal(at, ARRAY_LEN(uids));
	buf_reset(&b);
	at = 0;
	imap_set_of(&b, uids, ARRAY_LEN(uids), 2, &at);
	assert_string_equal(buf_cstr(&b), "1:2");
	imap_set_of(&b, uids, ARRAY_LEN(uids), 2, &at);
	assert_string_equal(buf_cstr(&b), "1:23,5");
}

static void
stays_within_a_line(void **state)
{
	enum {
		N = 5000
	};
	uint32_t *uids = test_calloc(N, sizeof(*uids));
	size_t at = 0, commands = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		uids[i] = 4000000000u + 2 * i;
	while (at < N) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		size_t before = at;

		imap_set_of(&b, uids, N, SIZE_MAX, &at);
		assert_true(at > before);
		assert_true(b.n < 7100);
		commands++;
	}
	assert_int_equal(commands, 8);
	test_free(uids);
}

static void
quotes_folders(void **state)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(imap_put_folder(&b, S("a\"b\\c ü"), &err), 0);
	assert_string_equal(buf_cstr(&b), "\"a\\\"b\\\\c &APw-\"");
	assert_int_equal(imap_put_folder(&b, S(""), &err), -1);
	assert_int_equal(imap_put_folder(&b, S("a\r\nb"), &err), -1);
	assert_int_equal(err.code, ERR_INVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(folds_runs),
	    cmocka_unit_test(stays_within_a_line),
	    cmocka_unit_test(quotes_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

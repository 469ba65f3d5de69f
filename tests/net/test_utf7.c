#include "net/utf7.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct {
	const char *utf8, *utf7;
} pairs[] = {
    {"INBOX", "INBOX"},
    {"Entwürfe", "Entw&APw-rfe"},
    {"A&B", "A&-B"},
    {"&", "&-"},
    {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, /* RFC */
    {"完了", "&W4xOhg-"},
    {"é", "&AOk-"},
    {"éé", "&AOkA6Q-"},
    {"ééé", "&AOkA6QDp-"},
    {"x\xf0\x9f\x93\xa7y", "x&2D3c5w-y"},
};

static void
encodes_and_decodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;

		assert_true(utf7_encode(&b, str_c(pairs[i].utf8)));
		assert_string_equal(buf_cstr(&b), pairs[i].utf7);
		buf_reset(&b);
		assert_true(utf7_decode(&b, str_c(pairs[i].utf7)));
		assert_string_equal(buf_cstr(&b), pairs[i].utf8);
	}
}

static void
refuses(void **state)
{
	static const char *const names[] = {
	    "a\nb", "a\r", "\x01", "a\x7f", "\xff", "\xc3", "\xed\xa0\x80"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;

		assert_false(utf7_encode(&b, str_c(names[i])));
	}
}

static void
malformed_comes_through_cleaned(void **state)
{
	/* raw UTF-8, no end, no base64, lone surrogate, odd bits, control */
	static const char *const names[] = {
	    "Größe", "a&APw", "a&!!-", "&2D0-", "&AP-", "&AAo-", "&APx-"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;

		assert_false(utf7_decode(&b, str_c(names[i])));
		assert_string_equal(buf_cstr(&b), names[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encodes_and_decodes),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(malformed_comes_through_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

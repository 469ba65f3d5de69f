#include "base/buf.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
appends(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(buf_str(&b).n, 0);
	buf_put(&b, S("ab"));
	buf_putc(&b, 'c');
	buf_puts(&b, "de");
	buf_fill(&b, '-', 3);
	buf_u64(&b, UINT64_MAX);
	buf_u64(&b, 0);
	buf_printf(&b, "[%d %s]", -7, "x");
	assert_string_equal(
	    buf_cstr(&b), "abcde---184467440737095516150[-7 x]");
	buf_cut(&b, 2);
	assert_string_equal(buf_cstr(&b), "ab");
	buf_reset(&b);
	assert_string_equal(buf_cstr(&b), "");
	buf_fini(&b);
}

static void
grows(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	assert_int_equal(b.n, 100000);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.p[i], 'a' + (int)(i % 26));
	/* Longer than the space vprintf tries first. */
	buf_reset(&b);
	buf_printf(&b, "%0*d", 1000, 5);
	assert_int_equal(b.n, 1000);
	assert_int_equal(b.p[999], '5');
	assert_int_equal(b.p[1000], '\0');
	buf_fini(&b);
}

/* A failure sticks: nothing more goes in, not even what would fit. */
static void
fails_once_and_for_all(void **state)
{
	struct buf b = buf_max(4);

	(void)state;
	buf_put(&b, S("abc"));
	assert_false(buf_failed(&b));
	buf_put(&b, S("de"));
	assert_true(buf_failed(&b));
	buf_putc(&b, 'd');
	buf_puts(&b, "");
	assert_string_equal(buf_cstr(&b), "abc");
	assert_null(buf_reserve(&b, 0));
	buf_reset(&b);
	assert_false(buf_failed(&b));
	for (int i = 0; i < 5; i++)
		buf_putc(&b, 'x');
	assert_true(buf_failed(&b));
	assert_int_equal(b.n, 4);
	buf_fini(&b);
	assert_int_equal(b.max, 4);
}

/* RFC 4648 §10. */
static void
encodes(void **state)
{
	static const struct {
		const char *in, *base64, *url, *hex;
	} rows[] = {
	    {"", "", "", ""},
	    {"f", "Zg==", "Zg", "66"},
	    {"fo", "Zm8=", "Zm8", "666f"},
	    {"foo", "Zm9v", "Zm9v", "666f6f"},
	    {"foob", "Zm9vYg==", "Zm9vYg", "666f6f62"},
	    {"fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
	    {"foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
	    {"\xfb\xff\xfe", "+//+", "-__-", "fbfffe"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in = str_c(rows[i].in);
		struct buf b = BUF_INIT;

		buf_base64(&b, in);
		assert_string_equal(buf_cstr(&b), rows[i].base64);
		buf_reset(&b);
		buf_base64url(&b, in);
		assert_string_equal(buf_cstr(&b), rows[i].url);
		buf_reset(&b);
		buf_hex(&b, in);
		assert_string_equal(buf_cstr(&b), rows[i].hex);
		buf_reset(&b);
		assert_true(buf_unbase64url(&b, str_c(rows[i].url)));
		assert_string_equal(buf_cstr(&b), rows[i].in);
		buf_reset(&b);
		assert_true(buf_unhex(&b, str_c(rows[i].hex)));
		assert_string_equal(buf_cstr(&b), rows[i].in);
		buf_fini(&b);
	}
}

static void
refuses(void **state)
{
	static const char *const base64[] = {
	    "Z", "Zh", "Zg==", "Zm9", "Zm+v", "Zm 9", "Zm9vY"};
	static const char *const hex[] = {"6", "6g", "0x", " 6", "666"};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(base64); i++)
		assert_false(buf_unbase64url(&b, str_c(base64[i])));
	assert_false(buf_unbase64url(&b, str_n("Zm\0v", 4)));
	for (size_t i = 0; i < ARRAY_LEN(hex); i++)
		assert_false(buf_unhex(&b, str_c(hex[i])));
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(appends),
	    cmocka_unit_test(grows),
	    cmocka_unit_test(fails_once_and_for_all),
	    cmocka_unit_test(encodes),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

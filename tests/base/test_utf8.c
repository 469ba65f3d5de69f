#include "base/utf8.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
every_scalar(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint32_t back = 0;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		buf_reset(&b);
		utf8_put(&b, c);
		assert_int_equal(utf8_next(buf_str(&b), &back), b.n);
		assert_int_equal(back, c);
		assert_true(utf8_valid(buf_str(&b)));
		/* Cut short it is nothing. */
		for (size_t n = 1; n < b.n; n++)
			assert_int_equal(
			    utf8_next(str_sub(buf_str(&b), 0, n), &back), 0);
	}
	buf_reset(&b);
	utf8_put(&b, 0xd800);
	utf8_put(&b, 0x110000);
	assert_string_equal(buf_cstr(&b), "\xef\xbf\xbd\xef\xbf\xbd");
	buf_fini(&b);
}

/* From Kuhn's stress test and the Unicode Standard's table 3-7. */
static void
malformed(void **state)
{
	static const struct {
		const char *bad, *clean;
	} rows[] = {
	    {"\x80", "?"},
	    {"\xbf", "?"},
	    {"\xc0\xaf", "??"}, /* overlong */
	    {"\xc1\xbf", "??"},
	    {"\xe0\x80\xaf", "???"},
	    {"\xe0\x9f\xbf", "???"},
	    {"\xf0\x80\x80\xaf", "????"},
	    {"\xf0\x8f\xbf\xbf", "????"},
	    {"\xed\xa0\x80", "???"}, /* a surrogate */
	    {"\xed\xbf\xbf", "???"},
	    {"\xf4\x90\x80\x80", "????"}, /* above U+10FFFF */
	    {"\xf8\x88\x80\x80\x80", "?????"},
	    {"\xfe", "?"},
	    {"\xff", "?"},
	    {"a\xe4"
	     "b",
		"a?b"}, /* Latin-1 */
	    {"\xe2\x82"
	     "b",
		"??b"},
	    {"12345678\xe9"
	     "1234567",
		"12345678?1234567"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str s = str_c(rows[i].bad);
		struct buf got = BUF_INIT, want = BUF_INIT;

		assert_false(utf8_valid(s));
		for (const char *p = rows[i].clean; *p; p++)
			if (*p == '?')
				buf_puts(&want, "\xef\xbf\xbd");
			else
				buf_putc(&want, *p);
		utf8_put_clean(&got, s);
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		buf_fini(&got);
		buf_fini(&want);
	}
}

static void
clean(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_true(utf8_valid(S("")));
	assert_true(utf8_valid(S("12345678 größe 漢字 😀 12345678")));
	utf8_put_clean(&b, str_n("a\0ä", 4));
	assert_string_equal(buf_cstr(&b), "a\xef\xbf\xbdä");
	buf_fini(&b);
	assert_true(utf8_is_ascii(S("az~\x7f")));
	assert_false(utf8_is_ascii(S("ä")));
}

static void
clips(void **state)
{
	static const struct {
		const char *s;
		size_t max, n;
	} rows[] = {
	    {"abc", 5, 3},
	    {"abc", 3, 3},
	    {"abc", 2, 2},
	    {"abc", 0, 0},
	    {"äö", 3, 2},
	    {"äö", 2, 2},
	    {"äö", 1, 0},
	    {"漢字", 5, 3},
	    {"😀", 3, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    utf8_clip(str_c(rows[i].s), rows[i].max).n, rows[i].n);
}

static void
widths(void **state)
{
	static const struct {
		const char *s;
		size_t width;
	} rows[] = {
	    {"", 0},
	    {"abc", 3},
	    {"größe", 5},
	    {"漢字", 4},
	    {"한", 2},
	    {"e\xcc\x81", 1},
	    {"😀", 2},
	    {"\xff", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(utf8_width(str_c(rows[i].s)), rows[i].width);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_scalar),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(clean),
	    cmocka_unit_test(clips),
	    cmocka_unit_test(widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

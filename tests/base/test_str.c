#include "base/str.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
compares(void **state)
{
	static const struct {
		const char *a, *b;
		int cmp;
		bool eq, ieq, starts, ends, istarts, iends;
	} rows[] = {
	    {"", "", 0, true, true, true, true, true, true},
	    {"a", "", 1, false, false, true, true, true, true},
	    {"", "a", -1, false, false, false, false, false, false},
	    {"abc", "abd", -1, false, false, false, false, false, false},
	    {"abc", "ab", 1, false, false, true, false, true, false},
	    {"abc", "BC", 1, false, false, false, false, false, true},
	    {"ABC", "abc", -1, false, true, false, false, true, true},
	    {"\xc3\x84", "\xc3\xa4", -1, false, false, false, false, false,
		false},
	    {"\x80", "a", 1, false, false, false, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str a = str_c(rows[i].a), b = str_c(rows[i].b);
		int c = str_cmp(a, b);

		assert_int_equal((c > 0) - (c < 0), rows[i].cmp);
		assert_int_equal(str_eq(a, b), rows[i].eq);
		assert_int_equal(str_ieq(a, b), rows[i].ieq);
		assert_int_equal(str_starts(a, b), rows[i].starts);
		assert_int_equal(str_ends(a, b), rows[i].ends);
		assert_int_equal(str_istarts(a, b), rows[i].istarts);
		assert_int_equal(str_iends(a, b), rows[i].iends);
	}
	assert_true(str_eq(str_n(NULL, 0), S("")));
	assert_int_equal(str_c(NULL).n, 0);
}

static void
finds(void **state)
{
	static const struct {
		const char *s, *needle;
		size_t from;
		ptrdiff_t find, ifind;
	} rows[] = {
	    {"hello", "l", 0, 2, 2}, {"hello", "l", 3, 3, 3},
	    {"hello", "l", 4, -1, -1}, {"hello", "", 5, 5, 5},
	    {"hello", "", 6, -1, -1}, {"hello", "LO", 0, -1, 3},
	    {"HELLO", "lo", 0, -1, 3}, {"aab", "ab", 0, 1, 1},
	    {"", "a", 0, -1, -1}, {"ab", "abc", 0, -1, -1},
	    {"a[b", "[B", 0, -1, 1},
	    {"a{b", "[b", 0, -1, -1}, /* 0x7b - 32 is no other case */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str s = str_c(rows[i].s), n = str_c(rows[i].needle);

		assert_int_equal(str_find(s, n, rows[i].from), rows[i].find);
		assert_int_equal(str_ifind(s, n, rows[i].from), rows[i].ifind);
	}
	assert_int_equal(str_chr(S("a.b.c"), '.', 0), 1);
	assert_int_equal(str_chr(S("a.b.c"), '.', 2), 3);
	assert_int_equal(str_chr(S("a.b.c"), '.', 9), -1);
	assert_int_equal(str_rchr(S("a.b.c"), '.'), 3);
	assert_int_equal(str_rchr(S(""), '.'), -1);
}

static void
cuts(void **state)
{
	static const struct {
		const char *s, *parts;
	} rows[] = {
	    {"a,,b", "a||b|"},
	    {"", "|"},
	    {",", "||"},
	    {"abc", "abc|"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str rest = str_c(rows[i].s), part;
		char out[32] = "";
		size_t n = 0;

		while (str_cut(&rest, ',', &part)) {
			memcpy(out + n, part.p, part.n);
			n += part.n;
			out[n++] = '|';
		}
		out[n] = '\0';
		assert_string_equal(out, rows[i].parts);
	}
	assert_true(str_eq(str_sub(S("abc"), 1, 9), S("bc")));
	assert_true(str_eq(str_sub(S("abc"), 2, 1), S("")));
	assert_true(str_eq(str_from(S("abc"), 7), S("")));
	assert_true(str_eq(str_trim(S(" \t\r\n x y \v\f")), S("x y")));
	assert_true(str_eq(str_trim(S("  ")), S("")));
}

static void
lines(void **state)
{
	static const struct {
		const char *s, *lines;
	} rows[] = {
	    {"", ""},
	    {"a", "a|"},
	    {"a\n", "a|"},
	    {"a\r\nb\rc\nd", "a|b|c|d|"},
	    {"\n\n", "||"},
	    {"a\r\r\nb", "a||b|"},
	    {"a\n\rb", "a||b|"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str rest = str_c(rows[i].s), line;
		char out[32] = "";
		size_t n = 0;

		while (str_line(&rest, &line)) {
			memcpy(out + n, line.p, line.n);
			n += line.n;
			out[n++] = '|';
		}
		out[n] = '\0';
		assert_string_equal(out, rows[i].lines);
	}
}

static void
words(void **state)
{
	struct str rest = S("  one\ttwo \n"), w;

	(void)state;
	assert_true(str_word(&rest, &w));
	assert_true(str_eq(w, S("one")));
	assert_true(str_word(&rest, &w));
	assert_true(str_eq(w, S("two")));
	assert_false(str_word(&rest, &w));
}

static void
numbers(void **state)
{
	static const struct {
		const char *s;
		bool u, i;
		uint64_t uv;
		int64_t iv;
	} rows[] = {
	    {"0", true, true, 0, 0},
	    {"007", true, true, 7, 7},
	    {"18446744073709551615", true, false, UINT64_MAX, 0},
	    {"18446744073709551616", false, false, 0, 0},
	    {"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
	    {"-9223372036854775807", false, true, 0, -INT64_MAX},
	    {"-1", false, true, 0, -1},
	    {"", false, false, 0, 0},
	    {"-", false, false, 0, 0},
	    {"+1", false, false, 0, 0},
	    {" 1", false, false, 0, 0},
	    {"1x", false, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t u = 0;
		int64_t v = 0;

		assert_int_equal(str_u64(str_c(rows[i].s), &u), rows[i].u);
		assert_int_equal(u, rows[i].uv);
		assert_int_equal(str_i64(str_c(rows[i].s), &v), rows[i].i);
		assert_int_equal(v, rows[i].iv);
	}
}

static void
distances(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned max, is;
	} rows[] = {
	    {"", "", 3, 0},
	    {"abc", "abc", 3, 0},
	    {"abc", "ABC", 3, 0},
	    {"abc", "acb", 3, 1},
	    {"abc", "ab", 3, 1},
	    {"abc", "abcd", 3, 1},
	    {"kitten", "sitting", 3, 3},
	    {"kitten", "sitting", 2, 3},
	    {"", "abcd", 2, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(str_distance(str_c(rows[i].a),
				     str_c(rows[i].b), rows[i].max),
		    rows[i].is);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compares),
	    cmocka_unit_test(finds),
	    cmocka_unit_test(cuts),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(words),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(distances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

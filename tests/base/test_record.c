#include "base/record.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
varints(void **state)
{
	static const uint64_t rows[] = {0, 1, 127, 128, 16383, 16384,
	    UINT64_C(1) << 32, INT64_MAX, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = BUF_INIT;
		struct str s;
		uint64_t v = 0;

		varint_put(&b, rows[i]);
		s = buf_str(&b);
		assert_true(varint_get(&s, &v));
		assert_int_equal(v, rows[i]);
		assert_int_equal(s.n, 0);
		/* Cut short anywhere it is none. */
		for (size_t n = 0; n < b.n; n++) {
			s = str_sub(buf_str(&b), 0, n);
			assert_false(varint_get(&s, &v));
		}
		buf_fini(&b);
	}
}

static void
varints_too_long(void **state)
{
	struct str s = S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
	uint64_t v;

	(void)state;
	assert_false(varint_get(&s, &v));
	s = S("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
	assert_false(varint_get(&s, &v));
}

static void
fields(void **state)
{
	static const int64_t signs[] = {0, 1, -1, INT64_MAX, INT64_MIN};
	struct buf b = BUF_INIT;
	struct str list[] = {{"x", 1}, {"", 0}};
	struct strs l = {list, 2};
	struct recr r;
	size_t at;

	(void)state;
	rec_u64(&b, 1, 42);
	rec_str(&b, 2, S("hello"));
	rec_u64_opt(&b, 3, 0);
	rec_str_opt(&b, 4, S(""));
	rec_strs(&b, 5, &l);
	at = rec_begin(&b, (1u << 28) - 1);
	rec_u64(&b, 1, UINT64_MAX);
	rec_end(&b, at);
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		rec_i64(&b, 7, signs[i]);

	r = recr_open(buf_str(&b));
	assert_true(recr_next(&r) && r.tag == 1 && !r.is_str && r.u == 42);
	assert_true(
	    recr_next(&r) && r.tag == 2 && r.is_str && str_eq(r.s, S("hello")));
	assert_true(recr_next(&r) && r.tag == 5 && str_eq(r.s, S("x")));
	assert_true(recr_next(&r) && r.tag == 5 && r.is_str && r.s.n == 0);
	assert_true(recr_next(&r) && r.tag == (1u << 28) - 1);
	{
		struct recr in = recr_open(r.s);

		assert_true(recr_next(&in) && in.u == UINT64_MAX);
		assert_false(recr_next(&in));
		assert_false(in.bad);
	}
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		assert_true(
		    recr_next(&r) && r.tag == 7 && recr_i64(&r) == signs[i]);
	assert_false(recr_next(&r));
	assert_false(r.bad);
	buf_fini(&b);
}

static void
malformed(void **state)
{
	static const struct {
		const char *name;
		struct str s;
	} rows[] = {
	    {"tag zero", {"\x00\x01", 2}},
	    {"tag zero, a string", {"\x01\x00", 2}},
	    {"tag too large", {"\x80\x80\x80\x80\x02\x01", 6}},
	    {"no value", {"\x02", 1}},
	    {"no length", {"\x03", 1}},
	    {"string cut short", {"\x03\x05"
				  "abcd",
				     6}},
	    {"length of 2^64 - 1",
		{"\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 12}},
	    {"varint without end", {"\x02\xff\xff", 3}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct recr r = recr_open(rows[i].s);

		if (recr_next(&r) || !r.bad)
			fail_msg("%s was read", rows[i].name);
		assert_false(recr_next(&r));
	}
}

static void
a_full_buffer_fails(void **state)
{
	struct buf b = buf_max(8);
	size_t at = rec_begin(&b, 1);

	(void)state;
	rec_str(&b, 2, S("more than fits"));
	rec_end(&b, at);
	assert_true(buf_failed(&b));
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(varints),
	    cmocka_unit_test(varints_too_long),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(a_full_buffer_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

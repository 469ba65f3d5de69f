#include "base/arena.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
zeroed_and_aligned(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t n = 0; n < 3000; n += 7) {
		char *bytes = arena_bytes(&a, n % 5 + 1);
		char *p = arena_alloc(&a, n);

		memset(bytes, 'x', n % 5 + 1);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 'y', n);
	}
	arena_fini(&a);
	arena_fini(&a);
}

/* What was given out stays, over any number of later allocations. */
static void
keeps(void **state)
{
	struct arena a = ARENA_INIT;
	struct str first = arena_dup(&a, S("first"));
	struct str all[2000];

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		all[i] = arena_printf(&a, "%zu:%0*d", i, (int)(i % 300), 0);
	assert_string_equal(first.p, "first");
	for (size_t i = 0; i < 2000; i++) {
		struct str rest = all[i], n;
		uint64_t v = 0;

		assert_true(str_cut(&rest, ':', &n) && str_u64(n, &v));
		assert_int_equal(v, i);
		assert_int_equal(all[i].p[all[i].n], '\0');
	}
	arena_fini(&a);
}

/* A loop over messages does not go to malloc each time. */
static void
reset_keeps_a_block(void **state)
{
	struct arena a = ARENA_INIT;
	void *block;

	(void)state;
	arena_reset(&a);
	arena_alloc(&a, 3000);
	block = a.block;
	for (int i = 0; i < 100; i++) {
		char *p;

		arena_reset(&a);
		p = arena_alloc(&a, 3000);
		for (size_t k = 0; k < 3000; k++)
			assert_int_equal(p[k], 0);
		memset(p, 'z', 3000);
		assert_ptr_equal(a.block, block);
	}
	/* A giant is not kept. */
	arena_alloc(&a, 10 << 20);
	arena_reset(&a);
	assert_null(a.block);
	arena_fini(&a);
}

static void
strings(void **state)
{
	struct arena a = ARENA_INIT;
	struct str s = arena_dup(&a, str_n("a\0b", 3));

	(void)state;
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 4);
	assert_string_equal(arena_cstr(&a, str_n(NULL, 0)), "");
	assert_string_equal(
	    arena_lower(&a, S("MiXed \xc3\x84")).p, "mixed \xc3\x84");
	arena_fini(&a);
}

static void
lists(void **state)
{
	struct arena a = ARENA_INIT;
	struct strs l = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		strs_add(&a, &l, arena_printf(&a, "N%d", i));
	assert_int_equal(l.n, 1000);
	for (int i = 0; i < 1000; i++) {
		char want[16];

		snprintf(want, sizeof want, "N%d", i);
		assert_string_equal(l.v[i].p, want);
	}
	assert_true(strs_has(&l, S("N999")));
	assert_false(strs_has(&l, S("n999")));
	assert_true(strs_ihas(&l, S("n999")));
	assert_false(strs_ihas(&l, S("n1000")));
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zeroed_and_aligned),
	    cmocka_unit_test(keeps),
	    cmocka_unit_test(reset_keeps_a_block),
	    cmocka_unit_test(strings),
	    cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

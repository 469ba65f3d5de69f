/* route_pick: who gets a ticket; and ten thousand of them, whose spread is even. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/must.h"
#include "desk/route_pick.h"

static uint64_t seed = 4;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

#define MAN(n, tickets_, load_, capacity_, turn_)                     \
	{                                                             \
		.name = S(n), .tickets = (tickets_), .load = (load_), \
		.capacity = (capacity_), .turn = (turn_)              \
	}

static void
test_choices(void **state)
{
	struct candidate v[] = {
	    MAN("anna", 3, 6, 10, 5),
	    MAN("ben", 1, 8, 10, 3),
	    MAN("eva", 2, 6, 20, 9),
	    MAN("kim", 5, 5, 5, 1),
	};
	struct pick p;

	(void)state;
	assert_true(route_pick(STRATEGY_LEAST_LOADED, v, 4, 2, false, &p));
	assert_int_equal(p.at, 2); /* 6/20 is least */
	assert_true(route_pick(STRATEGY_ROUND_ROBIN, v, 4, 2, false, &p));
	assert_int_equal(p.at, 1); /* kim is full */
	v[0].last_agent = true;
	assert_true(route_pick(STRATEGY_STICKY, v, 4, 2, false, &p));
	assert_int_equal(p.at, 0);
	assert_string_equal(p.why, "sticky");
	v[0].last_agent = false;
	v[3].last_agent = true; /* full: somebody else */
	assert_true(route_pick(STRATEGY_STICKY, v, 4, 2, false, &p));
	assert_int_equal(p.at, 2);
	assert_string_equal(p.why, "least-loaded");
	assert_true(route_pick(STRATEGY_NONE, v, 4, 2, false, &p));
	assert_int_equal(p.at, 2);
	/* All are full: only what is urgent gets through. */
	for (size_t i = 0; i < 4; i++)
		v[i].tickets = v[i].capacity;
	for (int s = STRATEGY_NONE; s < STRATEGY_COUNT; s++) {
		assert_false(route_pick((enum strategy)s, v, 4, 2, false, &p));
		assert_true(route_pick((enum strategy)s, v, 4, 2, true, &p));
		assert_true(p.beyond);
		assert_int_equal(p.at, 2);
	}
	assert_false(route_pick(STRATEGY_LEAST_LOADED, v, 0, 2, true, &p));
}

/*
 * Tickets come, and are finished in random order; agents differ in capacity. What each has on
 * the desk, on average, is held against capacity: nobody is more than a tenth
 * off (weighted, least-loaded: by capacity; round-robin: equal).
 */
static void
simulate(enum strategy s, const unsigned capacity[], size_t n, bool busy)
{
	enum {
		TICKETS = 10000
	};
	struct candidate v[16];
	static struct {
		size_t who;
		unsigned load;
	} open[TICKETS];
	uint64_t got[16] = {0}, all = 0;
	unsigned given = 0;
	size_t nopen = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		v[i] = (struct candidate){.capacity = capacity[i]};
		sum += capacity[i];
	}
	while (given < TICKETS) {
		unsigned load = 1u << below(4);
		struct pick p;
		size_t want = busy ? sum * 9 / 10 : sum / 3;

		while (nopen > want || (nopen && below(3) == 0)) {
			size_t at = below((unsigned)nopen);

			v[open[at].who].tickets--;
			v[open[at].who].load -= open[at].load;
			open[at] = open[--nopen];
		}
		if (!route_pick(s, v, n, load, false, &p))
			continue;
		v[p.at].turn = ++given;
		v[p.at].tickets++;
		v[p.at].load += load;
		open[nopen].who = p.at;
		open[nopen++].load = load;
		for (size_t i = 0; i < n; i++) {
			got[i] += v[i].load;
			all += v[i].load;
		}
	}
	for (size_t i = 0; i < n; i++) {
		double fair = s == STRATEGY_ROUND_ROBIN
				  ? (double)all / (double)n
				  : (double)all * capacity[i] / (double)sum;

		if ((double)got[i] < fair * 0.9 || (double)got[i] > fair * 1.1)
			fail_msg("%s: agent %zu of capacity %u got %llu, fair "
				 "were %.0f",
			    strategy_name(s), i, capacity[i],
			    (unsigned long long)got[i], fair);
	}
}

static void
test_spread(void **state)
{
	static const unsigned equal[] = {20, 20, 20, 20, 20, 20, 20};
	static const unsigned unequal[] = {10, 20, 40, 10, 30};

	(void)state;
	for (int s = STRATEGY_ROUND_ROBIN; s < STRATEGY_COUNT; s++) {
		simulate((enum strategy)s, equal, ARRAY_LEN(equal), false);
		simulate((enum strategy)s, equal, ARRAY_LEN(equal), true);
		if (s == STRATEGY_ROUND_ROBIN)
			continue; /* by turns; capacity only bounds */
		simulate((enum strategy)s, unequal, ARRAY_LEN(unequal), false);
		simulate((enum strategy)s, unequal, ARRAY_LEN(unequal), true);
	}
}

/* Over any stretch of tickets everybody's share is right to within one. */
static void
test_smooth(void **state)
{
	struct candidate v[] = {
	    {.capacity = 5}, {.capacity = 1}, {.capacity = 1}};
	unsigned got[3] = {0};

	(void)state;
	for (unsigned i = 1; i <= 700; i++) {
		struct pick p;

		assert_true(route_pick(STRATEGY_WEIGHTED, v, 3, 1, false, &p));
		got[p.at]++;
		for (size_t k = 0; k < 3; k++)
			assert_true(got[k] * 7 <= i * v[k].capacity + 7 &&
				    got[k] * 7 + 7 >= i * v[k].capacity);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_choices),
	    cmocka_unit_test(test_spread),
	    cmocka_unit_test(test_smooth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

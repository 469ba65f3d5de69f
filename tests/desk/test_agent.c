/* Who may what, in a house of three queues. */
#include "base/mem.h"
#include "base/must.h"
#include "desk/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct str first[] = {{"first", 5}}, money[] = {{"money", 5}};
static struct str anna_at[] = {
    {"anna@acme.example", 17}, {"a@home.example", 14}};
static struct str billing[] = {{"billing", 7}}, all[] = {{"*", 1}};

static struct agent agents[] = {
    {.name = {"anna", 4},
	.addresses = {anna_at, 2},
	.teams = {first, 1},
	.rank = RANK_AGENT},
    {.name = {"bo", 2}, .teams = {money, 1}, .rank = RANK_AGENT},
    {.name = {"carl", 4}, .rank = RANK_LEAD},
    {.name = {"dora", 4}, .rank = RANK_ADMIN},
    {.name = {"emil", 4},
	.rank = RANK_AGENT,
	.see = {billing, 1},
	.work = {all, 1}},
    {.name = {"fritz", 5}, .rank = RANK_AGENT, .see = {all, 1}},
    {.name = {"gerd", 4}, .rank = RANK_AGENT},
};
/* The first line reads along in billing. */
static struct team teams[] = {
    {.name = {"first", 5}, .see = {billing, 1}},
    {.name = {"money", 5}},
    {.name = {"empty", 5}},
};
static struct queue queues[] = {
    {.name = {"support", 7}, .team = {"first", 5}},
    {.name = {"billing", 7}, .team = {"money", 5}},
    {.name = {"open", 4}},
    {.name = {"lonely", 6}, .team = {"empty", 5}},
    {.name = {"gone", 4}, .team = {"unheard-of", 10}},
};
static const struct settings house = {.queues = queues,
    .nqueues = ARRAY_LEN(queues),
    .staff = {agents, ARRAY_LEN(agents), teams, ARRAY_LEN(teams)}};

/* For each agent: see and work as "sw", "s-" or "--". */
static const struct {
	const char *queue;
	const char *may[ARRAY_LEN(agents)];
} rows[] = {
    /*           anna  bo    carl  dora  emil  fritz gerd */
    {"support", {"sw", "--", "s-", "sw", "sw", "s-", "--"}},
    {"Support", {"sw", "--", "s-", "sw", "sw", "s-", "--"}},
    {"billing", {"s-", "sw", "s-", "sw", "sw", "s-", "--"}},
    {"open", {"sw", "sw", "sw", "sw", "sw", "sw", "sw"}},
    {"lonely", {"--", "--", "s-", "sw", "sw", "s-", "--"}},
    {"gone", {"sw", "sw", "sw", "sw", "sw", "sw", "sw"}},
    /* not configured any more: as the first */
    {"no-more", {"sw", "--", "s-", "sw", "sw", "s-", "--"}},
    {"", {"sw", "--", "s-", "sw", "sw", "s-", "--"}},
};

static void
rights(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t k = 0; k < ARRAY_LEN(agents); k++) {
			struct str q = str_c(rows[i].queue);
			bool see = agent_may(&house, &agents[k], q, RIGHT_SEE);
			bool work =
			    agent_may(&house, &agents[k], q, RIGHT_WORK);

			if (see != (rows[i].may[k][0] == 's') ||
			    work != (rows[i].may[k][1] == 'w'))
				fail_msg("%s in %s: %d %d", agents[k].name.p,
				    rows[i].queue, see, work);
		}
}

static void
who_looks_after(void **state)
{
	struct arena a = ARENA_INIT;
	const struct agent **who;

	(void)state;
	assert_int_equal(staff_of_queue(&a, &house, S("support"), &who), 1);
	assert_ptr_equal(who[0], &agents[0]);
	assert_int_equal(staff_of_queue(&a, &house, S("open"), &who), 7);
	/* A team without members, and one that is not there: all who may work it. */
	assert_int_equal(staff_of_queue(&a, &house, S("lonely"), &who), 2);
	assert_ptr_equal(who[0], &agents[3]);
	assert_int_equal(staff_of_queue(&a, &house, S("gone"), &who), 7);
	arena_fini(&a);
}

static void
names(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	assert_ptr_equal(staff_agent(&house.staff, S("anna")), &agents[0]);
	assert_ptr_equal(staff_agent(&house.staff, S("@Anna")), &agents[0]);
	assert_null(staff_agent(&house.staff, S("ann")));
	assert_null(staff_agent(&house.staff, S("")));
	assert_null(staff_agent(&house.staff, S("first")));
	assert_ptr_equal(staff_team(&house.staff, S("FIRST")), &teams[0]);
	assert_null(staff_team(&house.staff, S("anna")));
	assert_ptr_equal(
	    staff_by_address(&house.staff, S("A@HOME.example")), &agents[0]);
	assert_null(staff_by_address(&house.staff, S("b@home.example")));
	assert_null(staff_by_address(&house.staff, S("")));
	assert_true(
	    str_eq(staff_nearest(&a, &house.staff, S("@ana")), S("anna")));
	assert_true(
	    str_eq(staff_nearest(&a, &house.staff, S("mony")), S("money")));
	assert_int_equal(staff_nearest(&a, &house.staff, S("zzzzzz")).n, 0);
	assert_true(agent_in_team(&agents[0], S("First")));
	assert_false(agent_in_team(&agents[0], S("")));
	assert_string_equal(rank_name(RANK_LEAD), "lead");
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rights),
	    cmocka_unit_test(who_looks_after),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

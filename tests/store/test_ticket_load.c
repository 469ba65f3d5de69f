/* ticket_load: counts kept in step, counted again by the check, and made for a store that is older than they are. */
#include "box.h"
#include "base/clock.h"
#include "store/store_private.h"
#include "store/ticket.h"

static uint64_t seed = 7;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static const char *const people[] = {"anna", "Ben", "ben", "eva", ""};

static struct ticket
some_ticket(void)
{
	return (struct ticket){
	    .status = (enum status)(1 + below(STATUS_COUNT - 1)),
	    .priority = (enum priority)(1 + below(PRIORITY_COUNT - 1)),
	    .queue = S("support"),
	    .assignee = str_c(people[below(ARRAY_LEN(people))]),
	    .resolved = CLOCK_NONE,
	    .closed = CLOCK_NONE,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = CLOCK_NONE,
	    .agent_wrote = CLOCK_NONE,
	};
}

static uint32_t
load_of(struct box *b, const char *name, enum priority p)
{
	AUTO(txn_abort) struct txn *t = box_read(b);
	struct ticket_load l;

	assert_true(ticket_load(t, str_c(name), &l) >= 0);
	return l.n[p];
}

static void
simple(void **state)
{
	struct box b;
	struct txn *t;
	struct ticket k = some_ticket();

	(void)state;
	box_init(&b);
	k.status = STATUS_OPEN;
	k.priority = PRIORITY_HIGH;
	k.assignee = S("Anna");
	t = box_write(&b);
	ticket_put(t, &k);
	box_commit(t);
	assert_int_equal(load_of(&b, "anna", PRIORITY_HIGH), 1);
	assert_int_equal(load_of(&b, "anna", PRIORITY_LOW), 0);
	assert_int_equal(load_of(&b, "ben", PRIORITY_HIGH), 0);
	t = box_write(&b);
	k.priority = PRIORITY_URGENT;
	ticket_put(t, &k);
	k.assignee = S("ben");
	ticket_put(t, &k);
	box_commit(t);
	assert_int_equal(load_of(&b, "anna", PRIORITY_HIGH), 0);
	assert_int_equal(load_of(&b, "ben", PRIORITY_URGENT), 1);
	t = box_write(&b);
	k.status = STATUS_RESOLVED;
	ticket_put(t, &k);
	box_commit(t);
	assert_int_equal(load_of(&b, "ben", PRIORITY_URGENT), 0);
	box_fini(&b);
}

/* After any changes the counts are those of the tickets. */
static void
in_step(void **state)
{
	char text[300];
	struct box b;
	struct txn *t;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	for (unsigned i = 0; i < 3000; i++) {
		struct ticket k = some_ticket();

		k.id = i < 400 ? 0 : 1 + below(400);
		k.updated = i;
		ticket_put(t, &k);
		if (i % 500 == 499) {
			box_commit(t);
			if (box_problems(&b, text))
				fail_msg("%s", text);
			t = box_write(&b);
		}
	}
	box_commit(t);
	box_fini(&b);
}

static void
told(void **state)
{
	char text[300];
	struct box b;
	struct txn *t;
	struct ticket k = some_ticket();

	(void)state;
	box_init(&b);
	k.status = STATUS_OPEN;
	k.priority = PRIORITY_LOW;
	k.assignee = S("anna");
	t = box_write(&b);
	ticket_put(t, &k);
	row_put(t, T_TICKET_LOAD, S("anna"),
	    str_n("\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0", 16), ROW_PUT);
	row_put(t, T_TICKET_LOAD, S("ben"),
	    str_n("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16), ROW_PUT);
	box_commit(t);
	assert_int_equal(box_problems(&b, text), 2);
	assert_non_null(strstr(text, "ben has 1 active tickets of priority "
				     "urgent by the load, there are 0"));
	t = box_write(&b);
	row_del(t, T_TICKET_LOAD, S("anna"));
	row_del(t, T_TICKET_LOAD, S("ben"));
	box_commit(t);
	assert_int_equal(box_problems(&b, text), 1);
	assert_non_null(strstr(text, "anna has 1 active tickets and no load"));
	t = box_write(&b);
	row_put(t, T_TICKET_LOAD, S("anna"), S("short"), ROW_PUT);
	box_commit(t);
	assert_true(box_problems(&b, text) >= 1);
	box_fini(&b);
}

/* A store of schema 1 is counted when it is opened; read only, it is read as it is. */
static void
older(void **state)
{
	char text[300];
	struct box b;
	struct txn *t;
	AUTO(iter_end) struct iter it = ITER_INIT;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	for (unsigned i = 0; i < 300; i++) {
		struct ticket k = some_ticket();

		ticket_put(t, &k);
	}
	while (iter_ge(&it, t, T_TICKET_LOAD, str_n(NULL, 0)) > 0) {
		struct str k = arena_dup(&b.a, it.key);

		iter_end(&it);
		row_del(t, T_TICKET_LOAD, k);
	}
	meta_put(t, S("schema"), S("1"));
	iter_end(&it);
	box_commit(t);
	store_close(b.s);
	box_open_with(&b, &(struct store_options){.read_only = true});
	if (box_problems(&b, text))
		fail_msg("%s", text);
	assert_int_equal(load_of(&b, "anna", PRIORITY_LOW), 0);
	store_close(b.s);
	box_open(&b);
	if (box_problems(&b, text))
		fail_msg("%s", text);
	assert_true(load_of(&b, "anna", PRIORITY_LOW) > 0);
	box_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(simple),
	    cmocka_unit_test(in_step),
	    cmocka_unit_test(told),
	    cmocka_unit_test(older),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

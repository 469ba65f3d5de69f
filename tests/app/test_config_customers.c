/* tiers and customers.csv in the configuration: what is read, and what must agree with what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_file.h"
#include "desk/customers.h"

static struct config_file file;

#define BASE                                                    \
	"site \"Acme\" { address \"support@acme.example\"; }\n" \
	"mailbox \"in\" { maildir \"/in\"; }\n"                 \
	"transport \"out\" { maildir \"/o\"; }\n"
#define STAFF                                                    \
	"agent \"anna\" { address \"anna@acme.example\"; teams " \
	"[\"seniors\"]; }\nteam \"seniors\" { }\n"

struct row {
	const char *conf, *agents, *customers, *told;
};

static void
load(const struct row *r, struct config **c, struct buf *told)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct complaints bad;

	config_file_agents(&file, str_c(r->agents ? r->agents : ""));
	config_file_sla(&file, S(CONFIG_SLA));
	config_file_customers(&file, str_c(r->customers ? r->customers : ""));
	buf_puts(&b, BASE);
	buf_puts(&b, r->conf);
	config_file_load(&file, buf_str(&b), c, &bad, told);
}

static void
test_good(void **state)
{
	const struct row r = {
	    "",
	    STAFF,
	    "address,tier\nann@x.example,VIP\n@y.example,\n",
	    NULL,
	};
	const struct row full = {
	    "tier \"vip\" { priority \"high\"; team \"seniors\"; sla "
	    "\"standard\"; }\n"
	    "queue \"support\" { assign \"Sticky\"; }\n"
	    "queue \"other\" { assign \"none\"; }\nqueue \"third\" { }\n",
	    STAFF, r.customers, NULL};
	AUTO(buf_fini) struct buf told = BUF_INIT;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const struct settings *s;
	struct config *c;

	(void)state;
	load(&r, &c, &told);
	assert_null(strstr(buf_cstr(&told), "tier"));
	assert_int_equal(c->settings.customers->n, 2);
	assert_true(c->settings.reroute);
	assert_int_equal(c->settings.queues[0].assign, STRATEGY_NONE);
	config_free(&c);
	load(&full, &c, &told);
	assert_null(strstr(buf_cstr(&told), "error"));
	s = &c->settings;
	assert_int_equal(s->ntiers, 1);
	assert_ptr_equal(
	    settings_tier(s, customer_tier(s, &a, S("Ann@x.example"))),
	    &s->tiers[0]);
	assert_int_equal(s->tiers[0].priority, PRIORITY_HIGH);
	assert_true(str_eq(s->tiers[0].team, S("seniors")));
	assert_true(str_eq(s->tiers[0].sla, S("standard")));
	assert_int_equal(s->queues[0].assign, STRATEGY_STICKY);
	assert_int_equal(s->queues[1].assign, STRATEGY_NONE);
	assert_int_equal(s->queues[2].assign, STRATEGY_NONE);
	config_free(&c);
}

static void
test_wrong(void **state)
{
	static const struct row rows[] = {
	    {"tier \"vip\" { team \"seniors\"; }", STAFF, NULL,
		"helpd.conf:4:1: warning: there is no customers.csv, so nobody "
		"is of a tier\n"},
	    {"tier \"vip\" { }", STAFF, "address,tier\na@x.example,vop\n",
		"customers.csv:2:1: warning: helpd.conf has no tier \"vop\": "
		"did you mean \"vip\"?\n"},
	    {"tier \"vip\" { team \"senior\"; }", STAFF, "address\n",
		"helpd.conf:4:19: error: there is no team \"senior\": did you "
		"mean \"seniors\"?\n"},
	    {"tier \"vip\" { sla \"gold\"; }", STAFF, "address\n",
		"helpd.conf:4:18: error: there is no sla \"gold\"\n"},
	    {"tier \"vip\" { }\ntier \"vip\" { }", STAFF, "address\n",
		"helpd.conf:5:6: error: there is a tier \"vip\" already\n"},
	    {"tier \"vip\" { priority \"hihg\"; }", STAFF, "address\n",
		"helpd.conf:4:23: error: priority: found \"hihg\", expected "},
	    {"queue \"a\" { assign \"robin\"; }", STAFF, NULL,
		"helpd.conf:4:20: error: assign: found \"robin\", expected "},
	    {"", STAFF, "tier\n",
		"customers.csv:1:1: error: the first line names the columns, "
		"and there is no address"},
	    {"", STAFF, "address\nx\n",
		"customers.csv:2:1: error: found \"x\", expected an address "
		"or @domain\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_fini) struct buf told = BUF_INIT;
		struct config *c;

		load(&rows[i], &c, &told);
		if (!strstr(buf_cstr(&told), rows[i].told))
			fail_msg("told: %s\nwant: %s", buf_cstr(&told),
			    rows[i].told);
		config_free(&c);
	}
}

static int
open_file(void **state)
{
	(void)state;
	config_file_open(&file);
	return 0;
}

static int
close_file(void **state)
{
	(void)state;
	config_file_close(&file);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, open_file, close_file);
}

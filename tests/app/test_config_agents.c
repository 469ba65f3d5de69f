/* agents.conf: what is read, what is wrong with it and where, and what must agree with helpd.conf. */
#include "config_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct config_file file;

static int
setup(void **state)
{
	(void)state;
	config_file_open(&file);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_file_close(&file);
	return 0;
}

#define HOUSE(site, support)                                          \
	"site \"Acme\" { address \"support@acme.example\"; " site     \
	" own_addresses \"info@acme.example\"; own_lists "            \
	"\"list@acme.example\"; }\n" CONFIG_BOX CONFIG_WAY            \
	"queue \"support\" { " support " }\n"                         \
	"queue \"billing\" { address \"billing@acme.example\"; team " \
	"\"money\"; }\n"
static const char house[] =
    HOUSE("trust_authserv \"mx.acme.example\";", "team \"first-line\";");

#define assert_str(s, lit) assert_true(str_eq((s), S(lit)))

static const char whole[] =
    "agent \"anna\" { name \"Anna Berg\"; address [\"Anna@Acme.example\", "
    "\"a@home.example\"];\n"
    "  teams [\"first-line\"]; role \"lead\"; languages [\"de\", \"zh_CN\"];\n"
    "  skills [\"VPN\", \"printers\"]; capacity 12; hours \"office\";\n"
    "  signature text:\nAnna\nAcme\n.\n;\n"
    "  see \"*\"; work [\"billing\"]; notices \"no\"; }\n"
    "agent \"bo\" { address \"bo@acme.example\"; }\n"
    "agent \"x.y-z_1\" { address \"eva@acme.example\"; role \"ADMIN\"; teams "
    "\"money\"; }\n"
    "team \"first-line\" { name \"First line\"; members [\"bo\", \"anna\"]; "
    "see \"billing\"; }\n"
    "team \"money\" { work [\"support\"]; }\n";

static void
all_of_it(void **state)
{
	struct buf told = BUF_INIT;
	struct config *c;
	struct complaints bad;
	const struct settings *s;
	const struct agent *g;

	(void)state;
	config_file_agents(&file, str_c(whole));
	config_file_sla(&file, S(CONFIG_SLA));
	assert_int_equal(
	    config_file_load(&file, str_c(house), &c, &bad, &told), 0);
	assert_string_equal(buf_cstr(&told), "");
	s = &c->settings;
	assert_int_equal(s->staff.nagents, 3);
	assert_int_equal(s->staff.nteams, 2);
	g = &s->staff.agents[0];
	assert_str(g->name, "anna");
	assert_str(g->full_name, "Anna Berg");
	assert_int_equal(g->addresses.n, 2);
	assert_str(g->addresses.v[0], "anna@acme.example");
	assert_int_equal(g->teams.n, 1);
	assert_int_equal(g->rank, RANK_LEAD);
	assert_int_equal(g->languages.n, 2);
	assert_str(g->skills.v[0], "vpn");
	assert_int_equal(g->capacity, 12);
	assert_str(g->hours, "office");
	assert_str(g->signature, "Anna\nAcme\n");
	assert_str(g->see.v[0], "*");
	assert_str(g->work.v[0], "billing");
	assert_false(g->notices);
	assert_false(g->has_certificate);
	g = &s->staff.agents[1];
	assert_str(g->full_name, "bo");
	assert_int_equal(g->rank, RANK_AGENT);
	assert_true(g->notices);
	assert_int_equal(g->capacity, 0);
	assert_str(g->teams.v[0], "first-line"); /* by the team's members */
	assert_int_equal(s->staff.agents[2].rank, RANK_ADMIN);
	assert_str(s->staff.teams[0].full_name, "First line");
	assert_str(s->staff.teams[0].see.v[0], "billing");
	assert_str(s->staff.teams[1].full_name, "money");
	assert_int_equal(s->desk_addresses.n, 4);
	assert_str(s->desk_addresses.v[1], "a@home.example");
	assert_int_equal(s->notices_per_hour, 120);
	assert_int_equal(s->notice_attachments, 5 << 20);
	config_free(&c);

	/* It may go again. */
	config_file_agents(&file, S(""));
	assert_int_equal(
	    config_file_load(&file, str_c(house), &c, &bad, &told), 0);
	assert_string_equal(buf_cstr(&told), "");
	assert_int_equal(c->settings.staff.nagents, 0);
	assert_int_equal(c->settings.desk_addresses.n, 0);
	config_free(&c);
	buf_fini(&told);
}

/* Two teams, one agent each, so that nothing else is wrong; the row's text is line 3. */
#define STAFF                                                               \
	"team \"first-line\" { members \"bo\"; } team \"money\" { members " \
	"\"bo\"; }\n"                                                       \
	"agent \"bo\" { address \"bo@acme.example\"; }\n"

static const struct {
	const char *text, *told;
} rows[] = {
    {"agent \"Anna\" { address \"a@a.example\"; }",
	"agents.conf:3:7: error: agent: found \"Anna\", expected a name of "
	"small letters and digits, with '.', '_' and '-' inside, such as "
	"\"anna\"\n"},
    {"agent \"an na\" { address \"a@a.example\"; }",
	"agents.conf:3:7: error: agent: found \"an na\", expected a name of"},
    {"agent \"-a\" { address \"a@a.example\"; }",
	"agents.conf:3:7: error: agent: found \"-a\""},
    {"agent \"a.\" { address \"a@a.example\"; }",
	"agents.conf:3:7: error: agent: found \"a.\""},
    {"agent \"安娜\" { address \"a@a.example\"; }",
	"agents.conf:3:7: error: agent: found \"安娜\""},
    {"agent \"\" { address \"a@a.example\"; }",
	"agents.conf:3:7: error: agent: found \"\", expected something between "
	"the quotes\n"},
    {"agent \"nobody\" { address \"a@a.example\"; }",
	"agents.conf:3:7: error: agent: found \"nobody\", expected a name that "
	"is no word of the commands\n"},
    {"agent \"a1234567890123456789012345678901234567890\" { address "
     "\"a@a.example\"; }",
	"expected a name of at most 40 bytes\n"},
    {"agent { address \"a@a.example\"; }",
	"agents.conf:3:1: error: agent needs a name: expected agent \"NAME\" { "
	"… }\n"},
    {"agent \"a\" { }",
	"agents.conf:3:1: error: agent needs address \"anna@example.org\";\n"},
    {"agent \"a\" { adress \"a@a.example\"; }",
	"agents.conf:3:13: error: adress is not known in agent: did you mean "
	"address?\n"},
    {"agent \"a\" { address \"nonsense\"; }",
	"agents.conf:3:21: error: address: found \"nonsense\", expected an "
	"address such as support@example.org\n"},
    {"agent \"a\" { address \"BO@acme.example\"; }",
	"agents.conf:3:21: error: address: bo@acme.example is that of agent "
	"\"bo\" at line 2 already\n"},
    {"agent \"a\" { address [\"a@a.example\", \"bo@acme.example\"]; }",
	"agents.conf:3:37: error: address: bo@acme.example is that of"},
    {"agent \"a\" { address \"support@acme.example\"; }",
	"agents.conf:3:21: error: address: support@acme.example is an address "
	"of the desk itself: an agent needs one of his own\n"},
    {"agent \"a\" { address \"Billing+x@acme.example\"; }",
	"agents.conf:3:21: error: address: billing+x@acme.example is an "
	"address of the desk"},
    {"agent \"a\" { address \"info@acme.example\"; }",
	"is an address of the desk"},
    {"agent \"a\" { address \"list@acme.example\"; }",
	"is an address of the desk"},
    {"agent \"bo\" { address \"a@a.example\"; }",
	"agents.conf:3:7: error: there is an agent \"bo\" already\n"},
    {"team \"money\" { members \"bo\"; }",
	"agents.conf:3:6: error: there is a team \"money\" already\n"},
    {"team \"bo\" { members \"bo\"; }",
	"agents.conf:3:6: error: the team \"bo\" has the name of the agent at "
	"line 2: one of them needs another\n"},
    {"agent \"a\" { address \"a@a.example\"; teams \"first-lin\"; }",
	"agents.conf:3:42: error: there is no team \"first-lin\": did you mean "
	"\"first-line\"?\n"},
    {"agent \"a\" { address \"a@a.example\"; teams [\"money\", \"zzz\"]; }",
	"agents.conf:3:52: error: there is no team \"zzz\"\n"},
    {"agent \"a\" { address \"a@a.example\"; see \"suport\"; }",
	"agents.conf:3:40: error: there is no queue \"suport\": did you mean "
	"\"support\"?\n"},
    {"agent \"a\" { address \"a@a.example\"; work [\"*\", \"x\"]; }",
	"agents.conf:3:47: error: there is no queue \"x\"\n"},
    {"team \"t\" { members \"boo\"; }",
	"agents.conf:3:20: error: there is no agent \"boo\": did you mean "
	"\"bo\"?\n"},
    {"team \"t\" { members \"bo\"; see \"bill\"; }",
	"agents.conf:3:30: error: there is no queue \"bill\""},
    {"team \"t\" { }",
	"agents.conf:3:6: warning: team \"t\" has no members: all who may work "
	"its queues are told of their tickets\n"},
    {"agent \"a\" { address \"a@a.example\"; role \"boss\"; }",
	"agents.conf:3:41: error: role: found \"boss\", expected \"agent\", "
	"\"lead\" or \"admin\"\n"},
    {"agent \"a\" { address \"a@a.example\"; certificate \"none.pem\"; }",
	"agents.conf:3:48: error: certificate: "},
    {"agent \"a\" { address \"a@a.example\"; certificate \"helpd.conf\"; }",
	"agents.conf:3:48: error: certificate: "},
    {"agent \"a\" { address \"a@a.example\"; queue \"support\"; }",
	"agents.conf:3:36: error: queue is not known in agent: it belongs into "
	"helpd.conf\n"},
    {"agent \"a\" { address \"a@a.example\"; members \"bo\"; }",
	"agents.conf:3:36: error: members is not known in agent: it belongs "
	"into team\n"},
    {"queue \"x\" { }", "agents.conf:3:1: error: queue is not known in "
			"agents.conf: it belongs into helpd.conf\n"},
    {"signature \"x\";", "agents.conf:3:1: error: signature is not known in "
			 "agents.conf: it belongs into agent\n"},
    {"agnet \"a\" { }", "agents.conf:3:1: error: agnet is not known in "
			"agents.conf: did you mean agent?\n"},
    {"banana { }", "agents.conf:3:1: error: banana is not known in "
		   "agents.conf: expected agent or team\n"},
    {"agent \"a\" { address \"a@a.example\"; notices \"maybe\"; }",
	"agents.conf:3:44: error: notices: found \"maybe\", expected \"yes\" "
	"or \"no\"\n"},
    {"agent \"a\" { address \"a@a.example\" }",
	"agents.conf:3:34: error: found '}'"},
};

static void
complaints(void **state)
{
	struct buf told = BUF_INIT, b = BUF_INIT;
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *c;
		struct complaints bad;

		buf_reset(&b);
		buf_printf(&b, "%s%s\n", STAFF, rows[i].text);
		config_file_agents(&file, buf_str(&b));
		config_file_load(&file, str_c(house), &c, &bad, &told);
		if (!strstr(buf_cstr(&told), rows[i].told) || bad.n != 1)
			print_error("%s\nexpected: %s\nfound: %s", rows[i].text,
			    rows[i].told, buf_cstr(&told));
		else
			good++;
		config_free(&c);
	}
	assert_int_equal(good, ARRAY_LEN(rows));
	config_file_agents(&file, S(""));
	buf_fini(&told);
	buf_fini(&b);
}

static void
told_of(const char *conf, const char *agents, const char *expected)
{
	struct buf told = BUF_INIT;
	struct config *c;
	struct complaints bad;

	config_file_agents(&file, str_c(agents));
	config_file_load(&file, str_c(conf), &c, &bad, &told);
	assert_string_equal(buf_cstr(&told), expected);
	config_free(&c);
	config_file_agents(&file, S(""));
	buf_fini(&told);
}

#define BO "agent \"bo\" { address \"bo@acme.example\"; }\n"
#define TRUST_WARNING                                                         \
	"helpd.conf:1:1: warning: nothing tells an agent's mail from a "      \
	"forged one, so every answer of an agent waits until he confirms it " \
	"with "                                                               \
	"#send; set trust_authserv to the name that your mail server writes " \
	"into Authentication-Results, or, where it writes none, trust "       \
	"\"token\";\n"

static void
with_helpd_conf(void **state)
{
	(void)state;
	/* A queue's team must be one, where there are teams at all. */
	told_of(HOUSE("trust \"token\";", "team \"first-lin\";"), STAFF,
	    "helpd.conf:4:24: error: there is no team \"first-lin\": did you "
	    "mean \"first-line\"?\n");
	told_of(HOUSE("trust \"token\";", "team \"first-lin\";"), "", "");
	told_of(HOUSE("trust \"token\";", "team \"x\";"), BO,
	    "helpd.conf:4:24: warning: agents.conf has no team \"x\": every "
	    "agent may work this queue\n"
	    "helpd.conf:5:56: warning: agents.conf has no team \"money\": "
	    "every agent may work this queue\n");
	/* Nothing shows who an agent is. */
	told_of(HOUSE("", "team \"first-line\";"), STAFF, TRUST_WARNING);
	told_of(HOUSE("", "team \"first-line\";"),
	    "team \"first-line\" { } team \"money\" { }\n",
	    "agents.conf:1:6: warning: team \"first-line\" has no members: all "
	    "who may work its queues are told of their tickets\n"
	    "agents.conf:1:28: warning: team \"money\" has no members: all who "
	    "may work its queues are told of their tickets\n");
	told_of(HOUSE("trust \"token\";", "team \"first-line\";"), STAFF, "");
	told_of(HOUSE("trust \"dmarc\"; trust_authserv \"mx\";",
		    "team \"first-line\";"),
	    STAFF, "");
	/* Only comments: nobody. */
	told_of(HOUSE("", "team \"first-line\";"), "# nothing\n", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_of_it),
	    cmocka_unit_test(complaints),
	    cmocka_unit_test(with_helpd_conf),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

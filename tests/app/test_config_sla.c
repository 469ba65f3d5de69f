/* sla.conf: what is read, what is wrong with it and where, and what must agree with the other files. */
#include "config_file.h"
#include "base/clock.h"
#include "desk/sla.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct config_file file;

static const char house[] = CONFIG_SITE CONFIG_BOX CONFIG_WAY
    "queue \"support\" { sla \"standard\"; }\nqueue \"billing\" { }\n";
static const char staff[] =
    "agent \"anna\" { address \"anna@x.example\"; hours \"office\"; "
    "certificate \"c\"; }\nteam \"first\" { members \"anna\"; }\n";

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

static int
load(const char *sla, const char *agents, struct config **c, struct buf *told)
{
	struct complaints bad;

	config_file_sla(&file, str_c(sla));
	config_file_agents(&file, str_c(agents));
	return config_file_load(&file, str_c(house), c, &bad, told);
}

static void
all_of_it(void **state)
{
	static const char text[] =
	    "calendar \"office\" {\n"
	    "    timezone \"Europe/Berlin\";\n"
	    "    weekdays [\"9:00-12:30\", \"13:30-18:00\"];\n"
	    "    friday \"none\";\n"
	    "    saturday \"22:00-06:00\";\n"
	    "    holidays [\"2026-12-25 Christmas\", \"days.ics\"];\n"
	    "}\n"
	    "sla \"standard\" {\n"
	    "    calendar \"office\";\n"
	    "    warn \"70%\";\n"
	    "    pause [\"pending\", \"hold\"];\n"
	    "    pauses [\"resolution\", \"next-response\"];\n"
	    "    urgent { first_response \"15m\"; resolution \"2h\"; }\n"
	    "    low { next_response \"2d\"; }\n"
	    "    escalate \"100%\" { notify [\"lead\", \"anna\"]; }\n"
	    "    escalate \"+30m\" { priority \"raise\"; tag \"late\";\n"
	    "        targets \"resolution\"; }\n"
	    "}\n";
	static const char ics[] =
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
	    "UID:1\r\nDTSTAMP:20260101T000000Z\r\n"
	    "DTSTART;VALUE=DATE:20260501\r\nSUMMARY:May Day\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n";
	struct buf told = BUF_INIT;
	struct err err = ERR_INIT;
	char path[100];
	struct config *c;
	const struct sla_policy *p;
	const struct calendar *k;

	(void)state;
	snprintf(path, sizeof path, "%s/days.ics", file.dir);
	assert_int_equal(file_replace(path, str_c(ics), 0600, &err), 0);
	if (load(text, "agent \"anna\" { address \"a@b.example\"; }", &c,
		&told) < 0)
		fail_msg("%s", buf_cstr(&told));
	unlink(path);
	k = settings_calendar(&c->settings, S("office"));
	assert_int_equal(k->nspans[0], 2);
	assert_int_equal(k->week[0][1].to, 18 * 60);
	assert_int_equal(k->nspans[4], 0);
	assert_int_equal(k->week[5][0].to, 30 * 60);
	assert_int_equal(k->nspans[6], 0);
	assert_int_equal(k->nholidays, 2);
	assert_true(str_eq(k->holidays[0].name, S("May Day")));
	assert_true(str_eq(k->holidays[1].name, S("Christmas")));
	p = settings_policy(&c->settings, S("standard"));
	assert_ptr_equal(p->calendar, k);
	assert_int_equal(p->warn, 70);
	assert_int_equal(p->pause, 1u << STATUS_PENDING | 1u << STATUS_HOLD);
	assert_int_equal(p->pauses, 1u << SLA_RESOLUTION | 1u << SLA_NEXT);
	assert_int_equal(
	    p->target[PRIORITY_URGENT][SLA_FIRST], 15 * CLOCK_MINUTE);
	assert_int_equal(p->target[PRIORITY_LOW][SLA_NEXT], 2 * CLOCK_DAY);
	assert_int_equal(p->target[PRIORITY_HIGH][SLA_RESOLUTION], 0);
	assert_int_equal(p->nsteps, 4);
	assert_int_equal(p->steps[0].percent, 100);
	assert_true(str_eq(p->steps[1].arg, S("anna")));
	assert_int_equal(p->steps[2].after, 30 * CLOCK_MINUTE);
	assert_int_equal(p->steps[2].act, SLA_DO_PRIORITY);
	assert_int_equal(p->steps[3].targets, 1u << SLA_RESOLUTION);
	assert_true(str_eq(p->steps[3].place, S("sla.conf:16")));
	assert_true(c->settings.promises != 0);
	config_free(&c);
	buf_fini(&told);
}

#define OFFICE "calendar \"office\" { weekdays \"9:00-17:00\"; }\n"
#define LEVEL "sla \"standard\" { low { resolution \"8h\"; } "

static const struct {
	const char *text, *said;
} wrongs[] = {
    {OFFICE LEVEL "calendar \"ofice\"; }",
	"sla.conf:2:52: error: there is no calendar \"ofice\": did you mean "
	"\"office\"?\n"},
    {OFFICE LEVEL "escalate \"100%\" { notify \"ana\"; } }",
	"sla.conf:2:68: error: there is no agent or team \"ana\": did you "
	"mean \"anna\"?\n"},
    {OFFICE LEVEL "escalate \"100%\" { assign \"first\"; } }",
	"error: there is no agent \"first\""},
    {OFFICE LEVEL "escalate \"100%\" { queue \"biling\"; } }",
	"error: there is no queue \"biling\": did you mean \"billing\"?\n"},
    {OFFICE LEVEL "escalate \"100\" { tag \"x\"; } }",
	"error: escalate: found \"100\", expected a share of the target such "
	"as \"100%\", or how long after it such as \"+30m\"\n"},
    {OFFICE LEVEL "escalate \"100%\" { } }",
	"error: escalate does nothing: expected notify, priority, "},
    {OFFICE LEVEL "escalate { tag \"x\"; } }", "error: escalate needs when"},
    {OFFICE LEVEL "escalate \"100%\" { tga \"x\"; } }",
	"error: tga is not known in escalate: did you mean tag?\n"},
    {OFFICE LEVEL "warn \"120%\"; }",
	"error: warn: found \"120%\", expected a share"},
    {OFFICE LEVEL "pause \"resolved\"; }",
	"error: pause: found \"resolved\", expected \"pending\""},
    {OFFICE LEVEL "pauses \"resoluton\"; }",
	"error: pauses: found \"resoluton\", expected \"first-response\", "
	"\"next-response\" or \"resolution\": did you mean \"resolution\"?\n"},
    {OFFICE LEVEL "low { } }", "error: low is there twice: first at line 2\n"},
    {OFFICE LEVEL "urgnet { } }",
	"error: urgnet is not known in sla: did you mean urgent?\n"},
    {OFFICE LEVEL "high { resolution \"8\"; } }", "error: resolution: found"},
    {OFFICE LEVEL "high { resolutin \"8h\"; } }",
	"error: resolutin is not known in high: did you mean resolution?\n"},
    {OFFICE LEVEL "}\n" LEVEL "}",
	"sla.conf:3:5: error: there is a sla \"standard\" already\n"},
    {OFFICE OFFICE LEVEL "}",
	"sla.conf:2:10: error: there is a calendar \"office\" already\n"},
    {"calendar \"office\" { weekdays \"9-17\"; }\n" LEVEL "}",
	"sla.conf:1:30: error: weekdays: found \"9-17\", expected hours such "
	"as \"09:00-12:30\", or \"none\" alone\n"},
    {"calendar \"office\" { monday \"9:00-25:00\"; }\n" LEVEL "}",
	"error: monday: found \"9:00-25:00\""},
    {"calendar \"office\" { }\n" LEVEL "}",
	"error: calendar office has no working time at all\n"},
    {"calendar \"office\" { weekdays \"9:00-17:00\"; holidays "
     "\"2026-02-30\"; }\n" LEVEL "}",
	"error: holidays: found \"2026-02-30\", expected a date such as "
	"\"2026-12-25\", or the name of an .ics file\n"},
    {"calendar \"office\" { weekdays \"9:00-17:00\"; holidays "
     "\"no.ics\"; }\n" LEVEL "}",
	"no.ics: No such file"},
    {"calendar \"office\" { weekdays \"9:00-17:00\"; timezone "
     "\"Europe/Berln\"; }\n" LEVEL "}",
	"did you mean \"Europe/Berlin\"?"},
    {OFFICE "sla \"gold\" { low { resolution \"8h\"; } }",
	"helpd.conf:4:23: error: there is no sla \"standard\"\n"},
    {"calendar \"ofice\" { weekdays \"9:00-17:00\"; }\n" LEVEL "}",
	"agents.conf:1:48: error: there is no calendar \"office\": did you "
	"mean \"ofice\"?\n"},
    {OFFICE "sla \"standard\" { }",
	"sla.conf:2:5: warning: sla \"standard\" promises nothing: expected "
	"urgent"},
    {OFFICE LEVEL "} mailbox \"x\" { }",
	"error: mailbox is not known in sla.conf: it belongs into "
	"helpd.conf\n"},
    {OFFICE LEVEL "first_response \"2h\"; }",
	"error: first_response is not known in sla: it belongs into "
	"priority\n"},
    {"", "helpd.conf:4:23: warning: there is no sla.conf: nothing is "
	 "promised in this queue"},
};

static void
wrong(void **state)
{
	struct buf told = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		struct config *c;

		load(wrongs[i].text, staff, &c, &told);
		if (!strstr(buf_cstr(&told), wrongs[i].said))
			fail_msg("%s\n--- said\n%s--- not\n%s", wrongs[i].text,
			    buf_cstr(&told), wrongs[i].said);
		config_free(&c);
	}
	buf_fini(&told);
}

static uint64_t
version(const char *text, uint64_t *promises)
{
	struct buf told = BUF_INIT;
	struct config *c;
	uint64_t v;

	load(text, "", &c, &told);
	if (c->settings.npolicies != 1)
		fail_msg("%s", buf_cstr(&told));
	v = c->settings.policies[0].version;
	*promises = c->settings.promises;
	config_free(&c);
	buf_fini(&told);
	return v;
}

/* Equal for what means the same; another when anything counts differently. */
static void
versions(void **state)
{
	static const char *const same[] = {
	    OFFICE LEVEL "calendar \"office\"; }",
	    "# a comment\n" OFFICE LEVEL "warn \"80%\"; calendar \"office\"; }",
	};
	static const char *const others[] = {
	    OFFICE LEVEL "}",
	    OFFICE LEVEL "warn \"81%\"; calendar \"office\"; }",
	    OFFICE LEVEL "high { resolution \"1h\"; } calendar \"office\"; }",
	    OFFICE LEVEL "pause \"none\"; calendar \"office\"; }",
	    OFFICE LEVEL "escalate \"100%\" { tag \"x\"; } calendar "
			 "\"office\"; }",
	    "calendar \"office\" { weekdays \"9:00-17:01\"; }\n" LEVEL
	    "calendar \"office\"; }",
	    "calendar \"office\" { weekdays \"9:00-17:00\"; holidays "
	    "\"2026-12-25\"; }\n" LEVEL "calendar \"office\"; }",
	    "calendar \"office\" { weekdays \"9:00-17:00\"; timezone "
	    "\"Asia/Tokyo\"; }\n" LEVEL "calendar \"office\"; }",
	};
	uint64_t first, p, q;

	(void)state;
	first = version(same[0], &p);
	assert_true(version(same[1], &q) == first && p == q);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (version(others[i], &q) == first || p == q)
			fail_msg("the same version: %s", others[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_of_it),
	    cmocka_unit_test(wrong),
	    cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

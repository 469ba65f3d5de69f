/*
 * The table of settings against what is made of it: parser, sample, manual.
 *
 * test_config_table --sample prints etc/helpd.conf.sample, --sample-agents etc/agents.conf.sample, --sample-sla etc/sla.conf.sample; run these after the table has changed.
 */
#include "app/config_table.h"
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

static void
sample(struct buf *out)
{
	static struct str languages[] = {{"en", 2}, {"zh_CN", 5}};
	const struct answers x = {.data = S("/var/lib/helpd"),
	    .site = S("Acme"),
	    .address = S("support@example.org"),
	    .timezone = S("Europe/Berlin"),
	    .languages = {languages, 2},
	    .imap = S("imaps://mail.example.org"),
	    .imap_user = S("support@example.org"),
	    .imap_password_file = S("secret/support"),
	    .smtp = S("submission://smtp.example.org"),
	    .smtp_user = S("support@example.org"),
	    .smtp_password_file = S("secret/smtp")};

	config_write(out, &x);
}

static void
sample_agents(struct buf *out)
{
	static struct str name[] = {{"anna", 4}};
	static struct str address[] = {{"anna@example.org", 16}};
	const struct answers x = {
	    .agents = {name, 1}, .agent_addresses = {address, 1}};

	config_write_agents(out, &x);
}

static void
sample_sla(struct buf *out)
{
	const struct answers x = {.timezone = S("Europe/Berlin")};

	config_write_sla(out, &x);
}

static void
source_file(const char *name, struct buf *out)
{
	const char *dir = getenv("srcdir");
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;

	if (file_read(path_join(&a, dir ? dir : ".", name), 0, out, &err) < 0)
		fail_msg("%s", err.msg);
	arena_fini(&a);
}

static void
the_sample_is_the_tables(void **state)
{
	struct buf there = BUF_INIT, made = BUF_INIT;

	(void)state;
	source_file("etc/helpd.conf.sample", &there);
	sample(&made);
	assert_string_equal(buf_cstr(&there), buf_cstr(&made));
	buf_reset(&there);
	buf_reset(&made);
	source_file("etc/agents.conf.sample", &there);
	sample_agents(&made);
	assert_string_equal(buf_cstr(&there), buf_cstr(&made));
	buf_reset(&there);
	buf_reset(&made);
	source_file("etc/sla.conf.sample", &there);
	sample_sla(&made);
	assert_string_equal(buf_cstr(&there), buf_cstr(&made));
	buf_fini(&there);
	buf_fini(&made);
}

static void
the_sample_is_read(void **state)
{
	struct buf b = BUF_INIT, told = BUF_INIT, agents = BUF_INIT;
	struct buf sla = BUF_INIT;
	struct config *c;
	struct complaints bad;

	(void)state;
	sample(&b);
	sample_sla(&sla);
	config_file_sla(&file, buf_str(&sla));
	config_file_load(&file, buf_str(&b), &c, &bad, &told);
	assert_string_equal(buf_cstr(&told), "");
	config_free(&c);
	/* With agents it says that nothing tells their mail from a forged one. */
	sample_agents(&agents);
	config_file_agents(&file, buf_str(&agents));
	assert_int_equal(
	    config_file_load(&file, buf_str(&b), &c, &bad, &told), 0);
	assert_int_equal(bad.n, 1);
	assert_non_null(strstr(buf_cstr(&told), "trust_authserv"));
	assert_int_equal(c->settings.staff.nagents, 1);
	assert_int_equal(c->settings.npolicies, 1);
	config_free(&c);
	config_file_agents(&file, S(""));
	config_file_sla(&file, S(""));
	buf_fini(&sla);
	buf_fini(&agents);
	buf_fini(&b);
	buf_fini(&told);
}

/* Whatever an admin takes the '#' away from is a setting that is read. */
static void
every_line_of_the_sample_counts(void **state)
{
	struct buf b = BUF_INIT;
	struct str rest, line;
	size_t settings = 0, blocks = 0;

	(void)state;
	sample(&b);
	sample_agents(&b);
	rest = buf_str(&b);
	while (str_line(&rest, &line)) {
		struct str t = str_trim(line);

		if (t.n < 2 || t.p[0] != '#' || !ch_is_alpha(t.p[1]))
			continue;
		t = str_from(t, 1);
		if (str_ends(t, S("{")))
			blocks++;
		else
			settings++;
		for (size_t i = 0; i <= settings_count; i++) {
			assert_true(i < settings_count);
			if (str_starts(t, str_c(settings_table[i].name)))
				break;
		}
	}
	assert_true(settings > 30);
	assert_int_equal(blocks, 10);
	buf_fini(&b);
}

/* The example of a row, or its default, in a file that is otherwise right. */
static void
write_row(struct buf *out, const struct setting *s)
{
	const char *v = s->example ? s->example : s->fallback;
	bool number = s->type == SETTING_COUNT || s->type == SETTING_SIZE;

	buf_printf(out, "%s %s%s%s; ", s->name, number ? "" : "\"", v,
	    number ? "" : "\"");
}

/* What a row needs beside it: the kind it goes with, and a login. */
static void
write_company(struct buf *out, const struct setting *s)
{
	bool way = strcmp(s->block, "transport") == 0;
	bool maildir = !way && s->kinds == 1u << MAILBOX_MAILDIR;
	bool secret = strcmp(s->name, "password_file") == 0 ||
		      strcmp(s->name, "password_command") == 0 ||
		      str_starts(str_c(s->name), S("oauth2_")) ||
		      strcmp(s->name, "credential") == 0;

	if (strcmp(s->block, "site") == 0 && strcmp(s->name, "address") != 0)
		buf_puts(out, "address \"a@b.example\"; ");
	if (strcmp(s->name, "warn_before") == 0)
		buf_puts(out, "resolve_after \"7d\"; ");
	if (strcmp(s->block, "queue") == 0 &&
	    strcmp(s->name, "purge_after") == 0)
		buf_puts(out, "close_after \"7d\"; ");
	if (strcmp(s->block, "encryption") == 0 && !secret &&
	    !str_starts(str_c(s->name), S("key_")))
		buf_puts(out, "credential \"c\"; ");
	if (strcmp(s->block, "webhook") == 0) {
		if (strcmp(s->name, "url") != 0)
			buf_puts(out, "url \"https://x.example/\"; ");
		if (!secret && !str_starts(str_c(s->name), S("secret_")))
			buf_puts(out, "credential \"c\"; ");
	}
	if (!way && strcmp(s->block, "mailbox") != 0)
		return;
	if (!s->kind)
		buf_puts(out, way       ? "smtp \"smtps://x.example\"; "
			      : maildir ? "maildir \"/n\"; "
					: "imap \"imaps://x.example\"; ");
	if (maildir)
		return;
	if ((!s->kind || strcmp(s->name, "imap") == 0) &&
	    strcmp(s->name, "user") != 0)
		buf_puts(out, "user \"u\"; ");
	if ((!s->kind || strcmp(s->name, "imap") == 0) && !secret)
		buf_puts(out, "credential \"c\"; ");
}

/* A row of agents.conf, in files that are otherwise right. */
static void
agents_row(const struct setting *s)
{
	static const char house[] =
	    "site \"Acme\" { address \"support@acme.example\"; trust "
	    "\"token\"; }\n"
	    "queue \"support\" { }\nqueue \"billing\" { }\n" CONFIG_BOX
		CONFIG_WAY;
	bool agent = strcmp(s->block, "agent") == 0;
	bool members = strcmp(s->name, "members") == 0;
	bool teams = strcmp(s->name, "teams") == 0;
	bool hours = strcmp(s->name, "hours") == 0;
	struct buf b = BUF_INIT, told = BUF_INIT;
	struct config *c;
	struct complaints bad;

	buf_printf(&b, "%s \"%s\" { ", s->block, agent ? "bob" : "second");
	if (agent && strcmp(s->name, "address") != 0)
		buf_puts(&b, "address \"b@b.example\"; ");
	write_row(&b, s);
	buf_puts(&b, "}\nagent \"carl\" { address \"c@b.example\"; ");
	if (!agent && !members)
		buf_puts(&b, "teams \"second\"; ");
	buf_puts(&b, "}\n");
	if (members)
		buf_puts(&b, "agent \"anna\" { address \"a@b.example\"; }\n");
	if (teams)
		buf_puts(&b, "team \"first-line\" { }\n");
	config_file_agents(&file, buf_str(&b));
	config_file_sla(&file, hours ? S(CONFIG_SLA) : S(""));
	config_file_load(&file, str_c(house), &c, &bad, &told);
	/* Whatever a certificate's path is, there is none. */
	if (strcmp(s->name, "certificate") == 0) {
		assert_non_null(
		    strstr(buf_cstr(&told), "certificates/anna.pem"));
	} else {
		if (bad.n)
			print_error("%s", buf_cstr(&b));
		assert_string_equal(buf_cstr(&told), "");
	}
	config_free(&c);
	config_file_agents(&file, S(""));
	buf_fini(&b);
	buf_fini(&told);
}

/* The same of sla.conf. */
static void
sla_row(const struct setting *s)
{
	static const char house[] = CONFIG_SITE CONFIG_BOX CONFIG_WAY
	    "webhook \"ops\" { url \"https://x.example/\"; "
	    "credential \"c\"; }\n";
	bool calendar = strcmp(s->block, "calendar") == 0;
	bool priority = strcmp(s->block, "priority") == 0;
	bool escalate = strcmp(s->block, "escalate") == 0;
	struct buf b = BUF_INIT, told = BUF_INIT;
	struct config *c;
	struct complaints bad;

	buf_puts(&b, "calendar \"office\" { saturday \"9:00-17:00\"; }\n");
	buf_printf(&b, "%s \"x\" { ", calendar ? "calendar" : "sla");
	if (calendar && strcmp(s->name, "weekdays") != 0)
		buf_puts(&b, "weekdays \"09:00-17:00\"; ");
	if (!calendar && !priority)
		buf_puts(&b, "high { resolution \"8h\"; } ");
	if (priority)
		buf_puts(&b, "normal { ");
	if (escalate)
		buf_puts(&b, "escalate \"100%\" { ");
	if (escalate && strcmp(s->name, "targets") == 0)
		buf_puts(&b, "notify \"lead\"; ");
	write_row(&b, s);
	buf_puts(&b, priority || escalate ? "} }\n" : "}\n");
	config_file_agents(
	    &file, S("agent \"anna\" { address \"a@b.example\"; }\n"));
	config_file_sla(&file, buf_str(&b));
	config_file_load(&file, str_c(house), &c, &bad, &told);
	if (bad.errors)
		print_error("%s%s", buf_cstr(&b), buf_cstr(&told));
	assert_int_equal(bad.errors, 0);
	config_free(&c);
	config_file_agents(&file, S(""));
	config_file_sla(&file, S(""));
	buf_fini(&b);
	buf_fini(&told);
}

static void
every_row_is_read(void **state)
{
	struct buf b = BUF_INIT, told = BUF_INIT;
	char templates[100];

	(void)state;
	snprintf(templates, sizeof templates, "%s/templates", file.dir);
	assert_int_equal(mkdir(templates, 0700), 0);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings_table[i];
		struct config *c;
		struct complaints bad;
		bool site = strcmp(s->block, "site") == 0;

		assert_non_null(s->about);
		if (s->type == SETTING_BLOCK)
			continue;
		assert_true(s->example || s->fallback);
		if (strcmp(setting_file(s->block), "agents.conf") == 0) {
			agents_row(s);
			continue;
		}
		if (strcmp(setting_file(s->block), "sla.conf") == 0) {
			sla_row(s);
			continue;
		}
		config_file_sla(
		    &file, strcmp(s->name, "sla") == 0 ? S(CONFIG_SLA) : S(""));
		config_file_customers(&file, strcmp(s->block, "tier") == 0
						 ? S("address,tier\n")
						 : S(""));
		buf_reset(&b);
		if (*s->block)
			buf_printf(&b, "%s %s { ", s->block,
			    strcmp(s->block, "limits") == 0 ||
				    strcmp(s->block, "alarms") == 0 ||
				    strcmp(s->block, "heartbeat") == 0 ||
				    strcmp(s->block, "encryption") == 0
				? ""
			    : site                           ? "\"Acme\""
			    : strcmp(s->block, "queue") == 0 ? "\"support\""
							     : "\"default\"");
		write_company(&b, s);
		write_row(&b, s);
		buf_puts(&b, *s->block ? "}\n" : "\n");
		buf_puts(&b, CONFIG_BOX);
		if (strcmp(s->block, "heartbeat") == 0)
			buf_puts(
			    &b, "mailbox \"support\" { maildir \"/n\"; }\n");
		if (strcmp(s->block, "transport") != 0)
			buf_puts(
			    &b, "transport \"default\" { maildir \"/o\"; }\n");
		if (strcmp(s->block, "queue") != 0)
			buf_puts(
			    &b, "queue \"support\" { close_after \"7d\"; }\n");
		if (!site)
			buf_puts(&b, CONFIG_SITE);
		config_file_load(&file, buf_str(&b), &c, &bad, &told);
		if (bad.n)
			print_error("%s", buf_cstr(&b));
		assert_string_equal(buf_cstr(&told), "");
		config_free(&c);
	}
	assert_int_equal(rmdir(templates), 0);
	buf_fini(&b);
	buf_fini(&told);
}

/* A page has an item for each setting of its file, under its block, and none that is not there. */
static void
manual_has_each(const char *path, const char *of)
{
	struct buf page = BUF_INIT;
	struct str rest, line, block = S("");
	bool seen[256] = {false};

	assert_true(settings_count <= ARRAY_LEN(seen));
	source_file(path, &page);
	rest = buf_str(&page);
	while (str_line(&rest, &line)) {
		struct str words = line, w, name;
		bool found = false;

		/* .Ss Settings of a mailbox */
		if (str_starts(line, S(".Ss "))) {
			ptrdiff_t at = str_rchr(line, ' ');

			block = str_from(line, (size_t)at + 1);
			if (str_eq(block, S("level")))
				block = str_c(setting_top(of));
			continue;
		}
		if (!str_starts(line, S(".It Ic ")))
			continue;
		str_word(&words, &w);
		str_word(&words, &w);
		str_word(&words, &name);
		for (size_t i = 0; i < settings_count; i++)
			if (str_eq(name, str_c(settings_table[i].name)) &&
			    str_eq(block, str_c(settings_table[i].block)))
				found = seen[i] = true;
		if (!found)
			fail_msg("%s: %.*s is no setting of %.*s", path,
			    STR_ARG(name), STR_ARG(block));
	}
	for (size_t i = 0; i < settings_count; i++)
		if (!seen[i] &&
		    strcmp(setting_file(settings_table[i].block), of) == 0)
			fail_msg("%s lacks %s of %s", path,
			    settings_table[i].name, settings_table[i].block);
	buf_fini(&page);
}

static void
the_manual_has_each(void **state)
{
	(void)state;
	manual_has_each("man/helpd.conf.5", "helpd.conf");
	manual_has_each("man/helpd-agents.5", "agents.conf");
	manual_has_each("man/helpd-sla.5", "sla.conf");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_sample_is_the_tables),
	    cmocka_unit_test(the_sample_is_read),
	    cmocka_unit_test(every_line_of_the_sample_counts),
	    cmocka_unit_test(every_row_is_read),
	    cmocka_unit_test(the_manual_has_each),
	};

	if (argc == 2 && str_starts(str_c(argv[1]), S("--sample"))) {
		struct buf b = BUF_INIT;

		if (strcmp(argv[1], "--sample") == 0)
			sample(&b);
		else if (strcmp(argv[1], "--sample-sla") == 0)
			sample_sla(&b);
		else
			sample_agents(&b);
		fputs(buf_cstr(&b), stdout);
		buf_fini(&b);
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}

/*
 * The table of settings against what is made of it: parser, sample, manual.
 *
 * test_config_table --sample prints etc/helpd.conf.sample; run that after the table has changed.
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
	buf_fini(&there);
	buf_fini(&made);
}

static void
the_sample_is_read(void **state)
{
	struct buf b = BUF_INIT, told = BUF_INIT;
	struct config *c;
	struct complaints bad;

	(void)state;
	sample(&b);
	config_file_load(&file, buf_str(&b), &c, &bad, &told);
	assert_string_equal(buf_cstr(&told), "");
	config_free(&c);
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
	assert_int_equal(blocks, 4);
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
	bool secret = str_starts(str_c(s->name), S("password_")) ||
		      str_starts(str_c(s->name), S("oauth2_")) ||
		      strcmp(s->name, "credential") == 0;

	if (strcmp(s->block, "site") == 0 && strcmp(s->name, "address") != 0)
		buf_puts(out, "address \"a@b.example\"; ");
	if (!way && strcmp(s->block, "mailbox") != 0)
		return;
	if (!s->kind)
		buf_puts(out, way ? "smtp \"smtps://x.example\"; "
				  : "imap \"imaps://x.example\"; ");
	if ((!s->kind || strcmp(s->name, "imap") == 0) &&
	    strcmp(s->name, "user") != 0)
		buf_puts(out, "user \"u\"; ");
	if ((!s->kind || strcmp(s->name, "imap") == 0) && !secret)
		buf_puts(out, "credential \"c\"; ");
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
		buf_reset(&b);
		if (*s->block)
			buf_printf(&b, "%s %s { ", s->block,
			    strcmp(s->block, "limits") == 0  ? ""
			    : site                           ? "\"Acme\""
			    : strcmp(s->block, "queue") == 0 ? "\"support\""
							     : "\"default\"");
		write_company(&b, s);
		write_row(&b, s);
		buf_puts(&b, *s->block ? "}\n" : "\n");
		buf_puts(&b, CONFIG_BOX);
		if (strcmp(s->block, "transport") != 0)
			buf_puts(
			    &b, "transport \"default\" { maildir \"/o\"; }\n");
		if (strcmp(s->block, "queue") != 0)
			buf_puts(&b, "queue \"support\" { }\n");
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

/* helpd.conf(5) has an item for each setting, under its block, and none that is not there. */
static void
the_manual_has_each(void **state)
{
	struct buf page = BUF_INIT;
	struct str rest, line, block = S("");
	bool seen[128] = {false};

	(void)state;
	assert_true(settings_count <= ARRAY_LEN(seen));
	source_file("man/helpd.conf.5", &page);
	rest = buf_str(&page);
	while (str_line(&rest, &line)) {
		struct str words = line, w, name;
		bool found = false;

		/* .Ss Settings of a mailbox */
		if (str_starts(line, S(".Ss "))) {
			ptrdiff_t at = str_rchr(line, ' ');

			block = str_from(line, (size_t)at + 1);
			if (str_eq(block, S("level")))
				block = S("");
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
			fail_msg("helpd.conf(5): %.*s is no setting of %.*s",
			    STR_ARG(name), STR_ARG(block));
	}
	for (size_t i = 0; i < settings_count; i++)
		if (!seen[i])
			fail_msg("helpd.conf(5) lacks %s of %s",
			    settings_table[i].name, settings_table[i].block);
	buf_fini(&page);
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

	if (argc == 2 && strcmp(argv[1], "--sample") == 0) {
		struct buf b = BUF_INIT;

		sample(&b);
		fputs(buf_cstr(&b), stdout);
		buf_fini(&b);
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}

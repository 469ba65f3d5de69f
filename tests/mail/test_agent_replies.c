/*
 * Agents' replies to a notice, as the clients of the world write them: tests/mail/agent_replies. The commands, the words of the answer, and whether
 * these can be had as HTML. Nothing of the notice's own header and footer may be in either.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/must.h"
#include "mail/answer_html.h"
#include "mail/command_line.h"
#include "mail/parse.h"

static unsigned failures;

static void __attribute__((format(printf, 2, 3)))
wrong(const char *path, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	print_message("%s: %s\n", path, buf_cstr(&b));
	buf_fini(&b);
	failures++;
}

static struct str
contents(struct arena *a, struct str path)
{
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	struct str s;

	if (file_read(arena_cstr(a, path), 0, &b, &err) < 0)
		fail_msg("%s", err.msg);
	s = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

/* Lines trimmed, blank ones left out, quoted or not: Outlook has one behind every line. */
static struct str
tidy(struct arena *a, struct str s)
{
	struct buf b = BUF_INIT;
	struct str line, out;

	while (str_line(&s, &line)) {
		line = command_line_trim(line);
		if (line.n == 0 || str_eq(line, S(">")))
			continue;
		buf_put(&b, line);
		buf_putc(&b, '\n');
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

/* What no customer may see. */
static void
leaks(const char *path, struct str s)
{
	static const struct str secrets[] = {S("\u00a6"), S("##-"),
	    S("mzxw6ytb"), S("carla@customer"), S("li@customer"),
	    S("karla@customer"), S("anna@acme.example"),
	    S("support@acme.example")};

	for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
		if (str_has(s, secrets[i]))
			wrong(path, "\"%.*s\" is in it: %.*s",
			    STR_ARG(secrets[i]), STR_ARG(s));
}

static void
check_html(
    const char *path, const struct message *m, struct str answer, bool wanted)
{
	bool has = m->answer_html.n > 0;

	leaks(path, m->answer_html);
	leaks(path, m->answer_text);
	if (has != wanted)
		wrong(path, "%s HTML: %.*s", has ? "has" : "no",
		    STR_ARG(m->answer_html));
	if (has && !answer_html_says(m->answer_text, answer))
		wrong(path, "the HTML says: %.*s", STR_ARG(m->answer_text));
}

static void
check(const char *path)
{
	struct arena a = ARENA_INIT;
	struct str mail = str_c(path), want, line, rest, text, got;
	struct err err = ERR_INIT;
	struct message m;
	bool html = false;

	want = contents(&a, arena_printf(&a, "%.*s.expected",
				STR_ARG(str_sub(mail, 0, mail.n - 4))));
	if (message_parse(&a, contents(&a, mail), NULL, &m, &err) < 0)
		fail_msg("%s: %s", path, err.msg);
	text = message_new_text(&a, &m);
	while (str_cut(&want, '\n', &line) && line.n) {
		if (str_starts(line, S("html: ")))
			html = str_ends(line, S("yes"));
		else if (!command_line_next(&text, NULL, &rest))
			wrong(
			    path, "a command is missing: %.*s", STR_ARG(line));
		else if (!str_eq(rest, str_from(line, 9)))
			wrong(path, "another command: %.*s", STR_ARG(rest));
	}
	if (command_line_next(&text, NULL, &rest))
		wrong(path, "a command too many: %.*s", STR_ARG(rest));
	got = tidy(&a, text);
	if (!str_eq(got, tidy(&a, want)))
		wrong(path, "answer:\n%.*s--- not:\n%.*s---", STR_ARG(got),
		    STR_ARG(tidy(&a, want)));
	leaks(path, text);
	check_html(path, &m, text, html);
	arena_fini(&a);
}

static void
test_replies(void **state)
{
	struct arena a = ARENA_INIT;
	const char *src = getenv("srcdir");
	glob_t g;

	(void)state;
	assert_int_equal(glob(path_join(&a, src ? src : ".",
				  "tests/mail/agent_replies/*.eml"),
			     0, NULL, &g),
	    0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		check(g.gl_pathv[i]);
	print_message("%zu replies, %u things wrong\n", g.gl_pathc, failures);
	assert_true(g.gl_pathc >= 50);
	assert_int_equal(failures, 0);
	globfree(&g);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replies),
	};
	struct err err = ERR_INIT;

	if (parse_init(NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

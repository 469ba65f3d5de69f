/*
 * mail/reply over real mails with the newest text that a reader would keep. Needs the corpora beside the source tree
 * (HELPD_CORPORA names another place); says that it skips where they are not.
 *
 * One pair differs for a reason: talon-iphone keeps "Sent from my iPhone", which the other pairs, and we, take for a footer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "mail/parse.h"
#include "mail/reply.h"

enum {
	PAIRS_BAR = 36,
	DISCOURSE_BAR = 17
};

static const char *
corpora(struct arena *a)
{
	const char *dir = getenv("HELPD_CORPORA"), *src = getenv("srcdir");

	return dir ? dir : path_join(a, src ? src : ".", "../shared/corpora");
}

/* Without white space, and without '*' where bare. */
static struct str
squeezed(struct arena *a, struct str s, bool bare)
{
	char *p = arena_bytes(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_space(s.p[i]) && !(bare && s.p[i] == '*'))
			p[n++] = s.p[i];
	return str_n(p, n);
}

static struct str
new_text_of_mail(struct arena *a, struct str raw)
{
	struct message m;
	struct err err = ERR_INIT;

	if (message_parse(a, raw, NULL, &m, &err) < 0)
		fail_msg("%s", err.msg);
	return message_new_text(a, &m);
}

static struct str
new_text_of_text(struct arena *a, struct str raw)
{
	struct message m = {.date = CLOCK_NONE};
	struct buf b = BUF_INIT;
	struct str line;

	while (str_line(&raw, &line)) {
		buf_put(&b, line);
		buf_putc(&b, '\n');
	}
	m.text = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	reply_split(a, m.text, &m.fresh, &m.nfresh);
	return message_new_text(a, &m);
}

static struct str
contents(struct arena *a, const char *path)
{
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	struct str s;

	if (file_read(path, 0, &b, &err) < 0)
		fail_msg("%s", err.msg);
	s = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

static void
test_pairs(void **state)
{
	struct arena a = ARENA_INIT;
	const char *pattern = path_join(&a, corpora(&a), "reply/pairs/*.in.*");
	glob_t g;
	size_t equal = 0;

	(void)state;
	if (glob(pattern, 0, NULL, &g) != 0) {
		print_message("SKIP: no %s\n", pattern);
		arena_fini(&a);
		skip();
		return;
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct str path = str_c(g.gl_pathv[i]), raw, got, want;
		ptrdiff_t in = str_find(path, S(".in."), 0);

		raw = contents(&a, g.gl_pathv[i]);
		want = contents(&a, arena_printf(&a, "%.*s.expected.txt",
					STR_ARG(str_sub(path, 0, (size_t)in)))
					.p);
		got = str_ends(path, S(".eml")) ? new_text_of_mail(&a, raw)
						: new_text_of_text(&a, raw);
		if (str_eq(squeezed(&a, got, false), squeezed(&a, want, false)))
			equal++;
		else
			print_message("differs: %s\n", g.gl_pathv[i]);
	}
	print_message("reply/pairs: %zu of %zu equal, at least %d wanted\n",
	    equal, g.gl_pathc, PAIRS_BAR);
	globfree(&g);
	assert_true(equal >= PAIRS_BAR);
	arena_fini(&a);
}

static bool
discourse_equal(
    struct arena *a, const char *dir, const char *file, struct str want)
{
	struct str got =
	    new_text_of_mail(a, contents(a, path_join(a, dir, file)));

	if (str_eq(squeezed(a, got, true), squeezed(a, want, true)))
		return true;
	print_message("differs: %s: \"%.*s\"\n", file, STR_ARG(got));
	return false;
}

static void
test_discourse(void **state)
{
	struct arena a = ARENA_INIT;
	const char *dir = path_join(&a, corpora(&a), "reply/discourse");
	FILE *f = fopen(path_join(&a, dir, "expected.jsonl"), "r");
	char *line = NULL;
	size_t cap = 0, equal = 0, n = 0;

	(void)state;
	if (!f) {
		print_message("SKIP: no %s\n", dir);
		arena_fini(&a);
		skip();
		return;
	}
	while (getline(&line, &cap, f) > 0) {
		json_t *o = json_loads(line, 0, NULL);
		const char *file =
		    json_string_value(json_object_get(o, "file"));
		struct str want = str_c(json_string_value(
		    json_object_get(o, "expected_post_text")));

		assert_non_null(file);
		/* What is elided there; the HTML answer of a mail that has a text, too. */
		if (!str_has(want, S("<details")) &&
		    !str_has(want, S("**html**"))) {
			n++;
			equal += discourse_equal(&a, dir, file, want);
		}
		json_decref(o);
	}
	free(line);
	fclose(f);
	print_message("reply/discourse: %zu of %zu equal, at least %d wanted\n",
	    equal, n, DISCOURSE_BAR);
	assert_true(equal >= DISCOURSE_BAR);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pairs),
	    cmocka_unit_test(test_discourse),
	};
	struct err err = ERR_INIT;

	if (parse_init(NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The set of template files: looking up by language, queue and directory; and the installed ones with every state of their keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/must.h"
#include "desk/template.h"

struct house {
	struct arena a;
	char root[64];
	struct strs dirs;
	struct templates *t;
	struct complaints bad;
};

static void
put(struct house *h, const char *name, const char *content)
{
	char *path = path_join(&h->a, h->root, name);
	char *dir = arena_cstr(&h->a, str_c(path));

	*strrchr(dir, '/') = '\0';
	assert_int_equal(dir_make(dir, 0700, NULL), 0);
	assert_int_equal(file_replace(path, str_c(content), 0600, NULL), 0);
}

static void
open_house(struct house *h)
{
	*h = (struct house){.root = "/tmp/helpd-templates-XXXXXX"};
	assert_non_null(mkdtemp(h->root));
	strs_add(&h->a, &h->dirs, str_c(path_join(&h->a, h->root, "admin")));
	strs_add(
	    &h->a, &h->dirs, str_c(path_join(&h->a, h->root, "installed")));
}

static void
remove_tree(struct house *h, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *path = path_join(&h->a, h->root, names[i]);

		if (unlink(path) != 0)
			rmdir(path);
	}
	rmdir(h->root);
	arena_fini(&h->a);
}

static void
expect(struct house *h, const char *lang, const char *queue, const char *name,
    const char *subject, const char *text, const char *html)
{
	struct value *v = value_object(&h->a);
	struct rendered r;
	struct err err = ERR_INIT;

	value_set_str(&h->a, v, "x", S("<1>\r\nBcc: y"));
	assert_int_equal(templates_render(h->t, &h->a, str_c(lang),
			     str_c(queue), name, v, &r, &err),
	    0);
	assert_string_equal(arena_cstr(&h->a, r.subject), subject);
	assert_string_equal(arena_cstr(&h->a, r.text), text);
	assert_string_equal(arena_cstr(&h->a, r.html), html);
}

static void
looking_up(void **state)
{
	static const char *const names[] = {"installed/en/ack.mustache",
	    "installed/en/ack.html.mustache", "installed/en/foot.mustache",
	    "installed/zh_CN/ack.mustache", "installed/en/note.mustache",
	    "admin/en/ack.mustache", "admin/en/vip/ack.mustache",
	    "admin/en/vip", "admin/en", "admin", "installed/en",
	    "installed/zh_CN", "installed"};
	struct house h;
	struct value *v;
	struct rendered r;
	struct err err = ERR_INIT;

	(void)state;
	open_house(&h);
	put(&h, names[0], "Subject: old {{x}}\n\nold {{x}}\n");
	put(&h, names[1], "<b>{{x}}</b>{{>foot}}");
	put(&h, names[2], "foot {{x}}\n");
	put(&h, names[3], "Subject: 中 {{x}}\n\n中 {{>foot}}");
	put(&h, names[4], "note\n");
	assert_int_equal(
	    templates_load(&h.a, &h.dirs, S("en"), &h.t, &h.bad), 0);
	expect(&h, "en", "", "ack", "old <1> Bcc: y", "old <1>\r\nBcc: y\n",
	    "<b>&lt;1&gt;\r\nBcc: y</b>foot &lt;1&gt;\r\nBcc: y\n");
	/* a partial from the default language; no HTML of another one */
	expect(&h, "zh-CN", "", "ack", "中 <1> Bcc: y",
	    "中 foot <1>\r\nBcc: y\n", "");
	expect(&h, "zh", "", "ack", "中 <1> Bcc: y", "中 foot <1>\r\nBcc: y\n",
	    "");
	expect(&h, "de", "", "note", "", "note\n", "");
	assert_int_equal(templates_languages(h.t)->n, 2);

	/* the admin's wording goes before, and the old HTML is not sent beside it */
	put(&h, names[5], "Subject: new\n\nnew\n");
	put(&h, names[6], "vip {{>foot}}");
	assert_int_equal(
	    templates_load(&h.a, &h.dirs, S("en"), &h.t, &h.bad), 0);
	expect(&h, "en_GB", "", "ack", "new", "new\n", "");
	expect(&h, "en", "vip", "ack", "", "vip foot <1>\r\nBcc: y\n", "");

	v = value_object(&h.a);
	assert_int_equal(
	    templates_render(h.t, &h.a, S("en"), S(""), "none", v, &r, &err),
	    -1);
	assert_int_equal(err.code, ERR_NOENT);
	remove_tree(&h, names, ARRAY_LEN(names));
}

static void
faults(void **state)
{
	static const char *const names[] = {
	    "admin/en/a.mustache", "admin/en/b.mustache", "admin/en", "admin"};
	struct house h;

	(void)state;
	open_house(&h);
	put(&h, names[0], "Subject: {{#x}}\n\nfine\n{{y");
	put(&h, names[1], "\xff");
	assert_int_equal(
	    templates_load(&h.a, &h.dirs, S("en"), &h.t, &h.bad), -1);
	assert_int_equal(h.bad.n, 3);
	assert_int_equal(h.bad.v[0].at.line, 1);
	assert_int_equal(h.bad.v[1].at.line, 4);
	assert_true(str_ends(str_c(h.bad.v[1].at.file), S("en/a.mustache")));
	assert_true(str_ends(str_c(h.bad.v[2].at.file), S("en/b.mustache")));
	remove_tree(&h, names, ARRAY_LEN(names));
}

/* Every template and language there is, in every state: something is said, in whole, with nothing left unfilled. */
static void
installed(void **state)
{
	static const char *const names[] = {"ack", "reply", "status", "closed"};
	static const char *const states[] = {
	    "is_open", "is_pending", "is_hold", "is_resolved", "is_closed"};
	static const char *const langs[] = {"en", "zh_CN"};
	const char *src = getenv("srcdir") ? getenv("srcdir") : ".";
	struct arena a = ARENA_INIT;
	struct strs dirs = {0};
	struct templates *t;
	struct complaints bad = {0};

	(void)state;
	strs_add(&a, &dirs, str_c(path_join(&a, src, "templates")));
	assert_int_equal(templates_load(&a, &dirs, S("en"), &t, &bad), 0);
	if (templates_languages(t)->n == 0)
		skip();
	for (size_t i = 0; i < 4 * 2 * 5; i++) {
		struct value *v = value_sample(&a), *status;
		const char *lang = langs[i % 2], *name = names[i / 2 % 4];
		struct rendered r;

		status = value_set(&a, v, "status", *value_object(&a));
		for (size_t k = 0; k < 5; k++)
			value_set_bool(&a, status, states[k], k == i / 8);
		assert_int_equal(templates_render(t, &a, str_c(lang), S(""),
				     name, v, &r, NULL),
		    0);
		assert_true(
		    str_eq(r.subject, S("[Acme #1042] Printer on fire")));
		assert_true(r.text.n > 60 && r.html.n > 200);
		assert_false(str_has(r.text, S("{{")));
		assert_false(str_has(r.text, S("\n\n\n")));
		assert_true(str_has(r.html, S("</html>")));
		if (strcmp(name, "reply") != 0)
			assert_true(str_has(r.text, S("Acme #1042")));
	}
	arena_fini(&a);
}

/* Mails to agents: the sample fills every key. */
static void
installed_for_agents(void **state)
{
	static const char *const names[] = {
	    "notice", "transcript", "digest", "webhook"};
	static const char *const langs[] = {"en", "zh_CN"};
	const char *src = getenv("srcdir") ? getenv("srcdir") : ".";
	struct arena a = ARENA_INIT;
	struct strs dirs = {0};
	struct templates *t;
	struct complaints bad = {0};

	(void)state;
	strs_add(&a, &dirs, str_c(path_join(&a, src, "templates")));
	assert_int_equal(templates_load(&a, &dirs, S("en"), &t, &bad), 0);
	for (size_t i = 0; i < 2 * ARRAY_LEN(names); i++) {
		struct rendered r;

		assert_int_equal(
		    templates_render(t, &a, str_c(langs[i % 2]), S(""),
			names[i / 2], value_sample(&a), &r, NULL),
		    0);
		assert_true(r.subject.n > 0);
		assert_true(r.text.n > 60);
		assert_false(str_has(r.text, S("{{")));
		assert_false(str_has(r.text, S("\n\n\n")));
		assert_int_equal(i / 2 == 0, r.html.n > 0);
	}
	arena_fini(&a);
}

/* To a stranger nothing of what the stranger wrote goes back. */
static void
strangers(void **state)
{
	const char *src = getenv("srcdir") ? getenv("srcdir") : ".";
	struct arena a = ARENA_INIT;
	struct strs dirs = {0};
	struct templates *t;
	struct complaints bad = {0};
	static const char *const langs[] = {"en", "zh_CN"};

	(void)state;
	strs_add(&a, &dirs, str_c(path_join(&a, src, "templates")));
	assert_int_equal(templates_load(&a, &dirs, S("en"), &t, &bad), 0);
	if (templates_languages(t)->n == 0)
		skip();
	for (size_t i = 0; i < 2; i++) {
		struct value *v = value_sample(&a);
		struct rendered r;

		value_set_bool(&a, v, "known", false);
		assert_int_equal(templates_render(t, &a, str_c(langs[i]), S(""),
				     "ack", v, &r, NULL),
		    0);
		assert_true(str_starts(r.subject, S("[Acme #1042] ")));
		for (size_t k = 0; k < 3; k++) {
			struct str s = k == 0   ? r.subject
				       : k == 1 ? r.text
						: r.html;

			assert_false(str_has(s, S("fire")));
			assert_false(str_has(s, S("Wei")));
			assert_false(str_has(s, S("help!")));
		}
	}
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(looking_up),
	    cmocka_unit_test(faults),
	    cmocka_unit_test(installed),
	    cmocka_unit_test(installed_for_agents),
	    cmocka_unit_test(strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

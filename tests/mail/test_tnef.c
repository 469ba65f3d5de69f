/* winmail.dat built here, whole and cut at every byte; RTF; the corpus of samples with their lists of files, when it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>

#include "../guard_page.h"
#include "base/file.h"
#include "mail/charset.h"
#include "mail/rtf.h"
#include "mail/tnef.h"

static void
put_number(struct buf *b, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_putc(b, (char)(v >> (8 * i) & 255));
}

static void
put_attribute(struct buf *b, int level, uint32_t id, struct str data)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < data.n; i++)
		sum += (unsigned char)data.p[i];
	put_number(b, (uint32_t)level, 1);
	put_number(b, id, 4);
	put_number(b, (uint32_t)data.n, 4);
	buf_put(b, data);
	put_number(b, sum & 0xffff, 2);
}

static void
put_property(struct buf *b, uint32_t tag, struct str value)
{
	put_number(b, tag, 4);
	put_number(b, 1, 4);
	put_number(b, (uint32_t)value.n, 4);
	buf_put(b, value);
	buf_fill(b, '\0', (4 - value.n % 4) % 4);
}

static void
build(struct buf *b)
{
	struct buf props = BUF_INIT;

	buf_puts(b, "\x78\x9f\x3e\x22");
	put_number(b, 1, 2);
	put_attribute(b, 1, 0x00069007, S("\344\4\0\0\0\0\0\0"));
	/* A subject above the hundred bytes that libytnef allows. */
	buf_fill(&props, 's', 150);
	put_attribute(b, 1, 0x00018004, buf_str(&props));
	put_attribute(b, 1, 0x0002800c, S("Gr\374\337e\0"));
	buf_reset(&props);
	put_attribute(b, 2, 0x00069002, S("\1\0\377\377\377\377\0\0\0\0"));
	put_attribute(b, 2, 0x00018010, S("SHORT.TXT\0"));
	put_attribute(b, 2, 0x0006800f, S("hello"));
	put_number(&props, 2, 4);
	put_property(
	    &props, 0x3707001f, S("l\0\344\0n\0g\0e\0r\0.\0t\0x\0t\0\0\0"));
	put_property(&props, 0x370e001e, S("Text/Plain\0"));
	put_attribute(b, 2, 0x00069005, buf_str(&props));
	put_attribute(b, 2, 0x00069002, S("\1\0\377\377\377\377\0\0\0\0"));
	put_attribute(b, 2, 0x00018010, S("two.bin\0"));
	put_attribute(b, 2, 0x0006800f, S("\0\1\2"));
	buf_fini(&props);
}

static void
reads(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct tnef t;

	(void)state;
	build(&b);
	assert_true(tnef_is(buf_str(&b)));
	tnef_read(&a, buf_str(&b), &t);
	assert_false(t.damaged);
	assert_int_equal(t.n, 2);
	assert_true(str_eq(t.v[0].name, S("l\303\244nger.txt")));
	assert_true(str_eq(t.v[0].type, S("text/plain")));
	assert_true(str_eq(t.v[0].content, S("hello")));
	assert_true(str_eq(t.v[1].name, S("two.bin")));
	assert_true(str_eq(t.v[1].content, S("\0\1\2")));
	assert_true(str_eq(t.text, S("Gr\303\274\303\237e")));
	buf_fini(&b);
	arena_fini(&a);
}

static void
cut(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	build(&b);
	for (size_t n = 0; n <= b.n; n++) {
		struct guarded g = guard_page(str_n(b.p, n));
		struct arena a = ARENA_INIT;
		struct tnef t;

		tnef_read(&a, g.s, &t);
		assert_true(t.n <= 2);
		arena_fini(&a);
		guard_page_free(&g);
	}
	buf_fini(&b);
}

static const struct {
	const char *what, *rtf, *text;
	bool html;
} rtfs[] = {
    {"words", "{\\rtf1\\ansi Hello\\par bye}", "Hello\nbye", false},
    {"escapes", "{\\rtf1 \\'e4\\u8364?\\{\\}}", "\303\244\342\202\254{}",
	false},
    {"hidden", "{\\rtf1{\\fonttbl{\\f0 Arial;}}{\\*\\x y}ok}", "ok", false},
    {"HTML inside",
	"{\\rtf1\\fromhtml1{\\*\\htmltag <p>}hi\\htmlrtf \\par\\htmlrtf0 "
	"{\\*\\htmltag </p>}}",
	"<p>hi</p>", true},
    {"not closed", "{\\rtf1 a{b", "ab", false},
    {"nothing", "", "", false},
};

static void
rtf(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rtfs); i++) {
		struct arena a = ARENA_INIT;
		bool html;
		struct str s =
		    rtf_text(&a, str_c(rtfs[i].rtf), S("windows-1252"), &html);

		if (!str_eq(s, str_c(rtfs[i].text)) || html != rtfs[i].html)
			fail_msg("%s: \"%.*s\"", rtfs[i].what, STR_ARG(s));
		arena_fini(&a);
	}
}

/*
 * The lists name the body that the other program writes as a file too; that is our text. "Untitled_Attachment" is its name for a file without
 * one, ours is empty.
 */
static void
one_sample(struct arena *a, const char *path, struct str list)
{
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	struct str rest = list, name;
	struct tnef t;

	assert_int_equal(file_read(path, 0, &b, &err), 0);
	tnef_read(a, buf_str(&b), &t);
	while (str_line(&rest, &name)) {
		bool found = false;

		name = str_trim(name);
		for (size_t i = 0; i < t.n; i++)
			found |= str_eq(t.v[i].name, name) ||
				 (!t.v[i].name.n &&
				     str_istarts(name, S("untitled")));
		if (str_ends(name, S("-body.rtf")) ||
		    str_ends(name, S("-body.html")) ||
		    str_ends(name, S("-body.txt")))
			found = t.text.n || t.html.n;
		if (name.n && !found)
			fail_msg("%s: no %.*s", path, STR_ARG(name));
	}
	buf_fini(&b);
}

static void
samples(void **state)
{
	struct arena a = ARENA_INIT;
	const char *root = getenv("HELPD_CORPORA"), *src = getenv("srcdir");
	const char *dir = path_join(&a,
	    root ? root : path_join(&a, src ? src : ".", "../shared/corpora"),
	    "tnef/tests/files/datafiles");
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned n = 0;

	(void)state;
	if (!d) {
		print_message("SKIP: no %s\n", dir);
		arena_fini(&a);
		skip();
	}
	while ((e = readdir(d))) {
		struct str name = str_c(e->d_name);
		struct buf list = BUF_INIT;
		struct err err = ERR_INIT;
		const char *path;

		if (!str_ends(name, S(".list")))
			continue;
		assert_int_equal(
		    file_read(path_join(&a, dir, e->d_name), 0, &list, &err),
		    0);
		path = arena_printf(&a, "%s/%.*s.tnef", dir,
		    STR_ARG(str_sub(name, 0, name.n - 5)))
			   .p;
		one_sample(&a, path, buf_str(&list));
		buf_fini(&list);
		n++;
	}
	closedir(d);
	arena_fini(&a);
	print_message("%u samples\n", n);
	assert_true(n > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(cut),
	    cmocka_unit_test(rtf),
	    cmocka_unit_test(samples),
	};

	charset_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "base/syntax.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- the tree as text: name "s" 5 :tag ["a"] (test "x") { … } --- */

static void show_commands(struct buf *b, const struct command *c, size_t n);

static void
show_string(struct buf *b, struct str s)
{
	buf_putc(b, '"');
	buf_put(b, s);
	buf_putc(b, '"');
}

static void show_tests(
    struct buf *b, const struct node *t, size_t n, bool list);

static void
show_node(struct buf *b, const struct node *n)
{
	switch (n->kind) {
	case NODE_STRING:
		show_string(b, n->s);
		break;
	case NODE_NUMBER:
		buf_u64(b, n->number);
		break;
	case NODE_TAG:
		buf_putc(b, ':');
		buf_put(b, n->s);
		break;
	case NODE_LIST:
		buf_putc(b, '[');
		for (size_t i = 0; i < n->nitems; i++) {
			if (i)
				buf_putc(b, ',');
			show_string(b, n->items[i].s);
		}
		buf_putc(b, ']');
		break;
	case NODE_TEST:
		buf_put(b, n->s);
		for (size_t i = 0; i < n->nitems; i++) {
			buf_putc(b, ' ');
			show_node(b, &n->items[i]);
		}
		show_tests(b, n->tests, n->ntests, n->test_list);
		break;
	}
}

static void
show_tests(struct buf *b, const struct node *t, size_t n, bool list)
{
	if (!n)
		return;
	buf_puts(b, list ? " (" : " ");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(b, ", ");
		show_node(b, &t[i]);
	}
	if (list)
		buf_putc(b, ')');
}

static void
show_commands(struct buf *b, const struct command *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_putc(b, ' ');
		buf_put(b, c[i].name);
		for (size_t k = 0; k < c[i].nargs; k++) {
			buf_putc(b, ' ');
			show_node(b, &c[i].args[k]);
		}
		show_tests(b, c[i].tests, c[i].ntests, c[i].test_list);
		if (c[i].has_block) {
			buf_puts(b, " {");
			show_commands(b, c[i].block, c[i].nblock);
			buf_putc(b, '}');
		} else {
			buf_putc(b, ';');
		}
	}
}

struct row {
	const char *name, *text, *tree, *complaints;
};

/* The text ends at a page that may not be touched: no byte behind it is read.
 */
static struct str
guarded(struct str s, void **map, size_t *size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n = (s.n + page - 1) / page * page;
	char *p = mmap(NULL, n + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + n, page, PROT_NONE), 0);
	if (s.n)
		memcpy(p + n - s.n, s.p, s.n);
	*map = p;
	*size = n + page;
	return str_n(p + n - s.n, s.n);
}

static void
check_row(const struct row *r, bool plain)
{
	struct arena a = ARENA_INIT;
	struct buf tree = BUF_INIT, told = BUF_INIT;
	struct complaints bad = {0};
	struct script s;
	void *map;
	size_t size;
	struct str text = guarded(str_c(r->text), &map, &size);
	int ret = syntax_parse(&a, "f", text, &s, &bad);

	/* What was read must not point into the text. */
	munmap(map, size);
	if (plain && syntax_plain(&a, &s, &bad) < 0)
		ret = -1;
	complaints_sort(&bad);
	show_commands(&tree, s.commands, s.n);
	complaints_print(&told, &bad);
	if (strcmp(buf_cstr(&tree), r->tree) != 0)
		print_error("%s: the tree\n", r->name);
	assert_string_equal(buf_cstr(&tree), r->tree);
	if (strcmp(buf_cstr(&told), r->complaints) != 0)
		print_error("%s: the complaints\n", r->name);
	assert_string_equal(buf_cstr(&told), r->complaints);
	assert_int_equal(ret, bad.errors ? -1 : 0);
	buf_fini(&told);
	buf_fini(&tree);
	arena_fini(&a);
}

static const struct row good[] = {
    {"nothing", "", "", ""},
    {"white space and comments alone", " \t\r\n# a ; {\n/* \" { */ # end", "",
	""},
    {"a byte order mark", "\xef\xbb\xbfkeep;", "keep;", ""},
    {"a command", "keep;", "keep;", ""},
    {"names", "_a1 ; B_2;", "_a1; B_2;", ""},
    {"a string", "a \"x y\";", "a \"x y\";", ""},
    {"an empty string", "a \"\";", "a \"\";", ""},
    {"escapes: a backslash makes the next character itself",
	"a \"\\\"q\\\" \\\\ \\n\";", "a \"\"q\" \\ n\";", ""},
    {"a string over lines", "a \"x\r\ny\nz\";", "a \"x\ny\nz\";", ""},
    {"comment signs in a string", "a \"# /* */\";", "a \"# /* */\";", ""},
    {"numbers", "a 0 1 12k 3K 4m 5M 6g 7G;",
	"a 0 1 12288 3072 4194304 5242880 6442450944 7516192768;", ""},
    {"the largest number", "a 9223372036854775807;", "a 9223372036854775807;",
	""},
    {"tags", "a :is :Contains_2;", "a :is :Contains_2;", ""},
    {"lists", "a [\"x\"] [ \"y\" , \"z\" ];", "a [\"x\"] [\"y\",\"z\"];", ""},
    {"no white space at all", "a:is[\"x\"]\"y\";b{c;}",
	"a :is [\"x\"] \"y\"; b {c;}", ""},
    {"comments separate", "a/**/b/* ; */;", "a b;", ""},
    {"comments do not nest", "/* /* */a;", "a;", ""},
    {"an odd comment", "/***/a;/**//*/ */b;", "a; b;", ""},
    {"blocks", "a { b { } c \"x\" { d; } } e {}", "a {b {} c \"x\" {d;}} e {}",
	""},
    {"a test", "if header :is \"a\" \"b\" { keep; }",
	"if header :is \"a\" \"b\" {keep;}", ""},
    {"tests in tests",
	"if anyof (not exists [\"a\",\"b\"], allof(true,false)) { stop; }",
	"if anyof (not exists [\"a\",\"b\"], allof (true, false)) {stop;}", ""},
    {"arguments before a test list", "a 1 :x (b, c);", "a 1 :x (b, c);", ""},
    {"text", "a text:\nx\ny\n.\n;", "a \"x\ny\n\";", ""},
    {"text with CRLF, a comment, in capitals", "a TEXT: \t# why\r\nx\r\n.\r\n;",
	"a \"x\n\";", ""},
    {"text: dots", "a text:\n..x\n.y\n...\n. \n.\n;", "a \".x\n.y\n..\n. \n\";",
	""},
    {"text: nothing", "a text:\n.\n;", "a \"\";", ""},
    {"text: a quote in it", "a text:\n\"; } # /*\n.\n;", "a \"\"; } # /*\n\";",
	""},
    {"texts in a list", "a [text:\nx\n.\n, \"y\"];", "a [\"x\n\",\"y\"];", ""},
    {"not every text: is one", "a text :is;", "a text :is;", ""},
    {"a tag behind a name text", "a text:is;", "a text :is;", ""},
    {"UTF-8", "a \"größe 漢字\";", "a \"größe 漢字\";", ""},
};

static const struct row bad_rows[] = {
    {"no quote at the end of a line",
	"site {\n  a \"x@y;\n  b \"z\";\n  c \"\";\n}\nd \"e\";\n",
	"site {a \"x@y\"; b \"z\"; c \"\";} d \"e\";",
	"f:2:5: error: this string is never closed: expected \" before the end "
	"of the line\n"},
    {"no quote, seen at the end only", "site {\n  a \"x@y;\n  c \"\";\n}\n",
	"site {a \"x@y\"; c \"\";}",
	"f:2:5: error: this string is never closed: expected \" before the end "
	"of the line\n"},
    {"no quote before a brace", "m \"x {\n  a \"y\";\n}\nb;",
	"m \"x\" {a \"y\";} b;",
	"f:1:3: error: this string is never closed: expected \" before the end "
	"of the line\n"},
    {"no quote at the end of the file", "a;\nb \"x", "a; b \"x\";",
	"f:2:3: error: this string is never closed: expected \" before the end "
	"of the line\n"},
    {"no brace, seen by the indent", "a {\n  x;\n\nb {\n  y;\n}\nc;\n",
	"a {x;} b {y;} c;",
	"f:1:3: error: this block of a is never closed: expected '}' before "
	"line 4\n"},
    {"no brace, and no indent to go by", "a {\nx;\nb {\ny;\n}\n",
	"a {x; b {y;}}",
	"f:1:3: error: this block of a is never closed: expected '}'\n"},
    {"a brace too many", "a { b; } }\nc;", "a {b;} c;",
	"f:1:10: error: found '}', but no block is open here\n"},
    {"a semicolon behind a block", "a { b; };\nc;", "a {b;} c;",
	"f:1:9: error: found ';', expected a name: no ';' follows a block\n"},
    {"no semicolon before a brace", "a { b \"x\"\n}\nc;", "a {b \"x\";} c;",
	"f:1:10: error: found '}', expected ';' or '{' after b\n"},
    {"no semicolon at the end", "a \"x\"", "a \"x\";",
	"f:1:6: error: found the end of the file, expected ';' or '{' after "
	"a\n"},
    {"no bracket at the end of a line",
	"m {\n  a [\"x\", \"y\"\n  b \"z\";\n}\n",
	"m {a [\"x\",\"y\"]; b \"z\";}",
	"f:2:14: error: found b, expected ',' or ']': the list opens at line "
	"2, "
	"column 5\n"},
    {"no bracket before a semicolon", "a [\"x\";\nb;", "a [\"x\"]; b;",
	"f:1:7: error: found ';', expected ',' or ']': the list opens at line "
	"1, column 3\n"},
    {"no comma in a list", "a [\"x\" \"y\"];", "a [\"x\",\"y\"];",
	"f:1:7: error: found \"y\", expected ',' or ']'\n"},
    {"an empty list", "a [];\nb;", "a []; b;",
	"f:1:4: error: found ']', expected a string\n"},
    {"a comma too many", "a [\"x\",];\nb;", "a [\"x\"]; b;",
	"f:1:8: error: found ']', expected a string\n"},
    {"words in a list", "a [x, 5];", "a [\"x\",\"5\"];",
	"f:1:4: error: found x, expected a string: write \"x\"\n"},
    {"a word that is no token", "a me@example.org;\nb 14d;",
	"a \"me@example.org\"; b \"14d\";",
	"f:1:3: error: found me@example.org, expected a string: write "
	"\"me@example.org\"\n"
	"f:2:3: error: found 14d, expected a string: write \"14d\"\n"},
    {"a path, an address, an URL",
	"a /etc/x;\nb 10.0.0.1;\nc imaps://x.example:993;",
	"a \"/etc/x\"; b \"10.0.0.1\"; c \"imaps://x.example:993\";",
	"f:1:3: error: found /etc/x, expected a string: write \"/etc/x\"\n"
	"f:2:3: error: found 10.0.0.1, expected a string: write "
	"\"10.0.0.1\"\n"
	"f:3:3: error: found imaps://x.example:993, expected a string: write "
	"\"imaps://x.example:993\"\n"},
    {"other quotes", "a 'x y';\nb “z”;", "a \"x y\"; b \"z\";",
	"f:1:3: error: found 'x y', expected a string in \"…\"\n"
	"f:2:3: error: found “z”, expected a string in \"…\"\n"},
    {"an equals sign, a colon", "a = \"x\";\nb: \"y\";", "a \"x\"; b \"y\";",
	"f:1:3: error: found =, expected a value: commands are written as name "
	"value;\n"
	"f:2:2: error: found :, expected a value: commands are written as name "
	"value;\n"},
    {"a hyphen in a name", "a-b \"x\";", "a_b \"x\";",
	"f:1:1: error: found a-b, expected a name of letters, digits and "
	"'_'\n"},
    {"a number too large", "a 9223372036854775808;\nb 9007199254740992k;",
	"a 0; b 0;",
	"f:1:3: error: the number 9223372036854775808 is too large\n"
	"f:2:3: error: the number 9007199254740992k is too large\n"},
    {"a comment that never ends", "a {\n b; /* c;\n}", "a {b;}",
	"f:2:5: error: this comment is never closed: expected */\n"},
    {"a text that never ends", "a {\n b text:\nc;\n}", "a {b \"c;\n}\n\";}",
	"f:2:4: error: this text is never closed: expected a line of \".\"\n"},
    {"words behind text:", "a text: x\ny\n.\n;", "a \"y\n\";",
	"f:1:3: error: found x, expected the end of the line after text:\n"},
    {"a string where a name belongs", "\"x\" a { b; }\nc;", "c;",
	"f:1:1: error: found \"x\", expected a name\n"},
    {"no parenthesis", "if anyof (a, b {\n  c;\n}\nd;",
	"if anyof (a, b) {c;} d;",
	"f:1:16: error: found '{', expected ',' or ')': the tests open at line "
	"1, column 10\n"},
    {"a string among tests", "if anyof (\"a\", b) { c; }\nd;",
	"if anyof {c;} d;", /* the rest of the list is skipped */
	"f:1:11: error: found \"a\", expected a test\n"},
    {"columns count characters", "a \"größe\" 漢 ;", "a \"größe\" \"漢\";",
	"f:1:11: error: found 漢, expected a string: write \"漢\"\n"},
    {"what is not UTF-8", "a \"\xff\";\nb \"\xc3\";", "a \"\xff\"; b \"\xc3\";",
	"f:1:4: error: found the byte 0xff, expected UTF-8\n"},
    {"control characters in a message", "a \x01\x1b[31m;",
	"a \"\x01\x1b\" [\"31m\"];",
	"f:1:3: error: found \\x01\\x1b, expected a string: write "
	"\"\\x01\\x1b\"\n"},
    {"one complaint a command", "a ) ( ] ^ 5x;\nb;", "a; b;",
	"f:1:3: error: found ')', expected ';' or '{' after a\n"},
    {"after an error, a name at the left begins anew",
	"a \"x\" ) \"y\"\nb \"z\";", "a \"x\"; b \"z\";",
	"f:1:7: error: found ')', expected ';' or '{' after a\n"},
};

static const struct row plain_rows[] = {
    {"no semicolon: the next command", "a \"x\"\nb \"y\"\nc 5;\nd;",
	"a \"x\"; b \"y\"; c 5; d;",
	"f:1:6: error: found b, expected ';' after a\n"
	"f:2:6: error: found c, expected ';' after b\n"},
    {"no semicolon: the next block", "a \"x\"\nb \"y\" { c; }",
	"a \"x\"; b \"y\" {c;}",
	"f:1:6: error: found b, expected ';' after a\n"},
    {"no quotes", "a yes;\nb one two;", "a \"yes\"; b \"one\" \"two\";",
	"f:1:3: error: found yes, expected a string: write \"yes\"\n"
	"f:2:3: error: found one, expected a string: write \"one\"\n"
	"f:2:7: error: found two, expected a string: write \"two\"\n"},
    {"no quotes and no semicolon", "a yes\nb \"x\";", "a \"yes\"; b \"x\";",
	"f:1:3: error: found yes, expected a string: write \"yes\"\n"
	"f:1:6: error: found b, expected ';' after a\n"},
    {"two on a line", "a \"x\" b \"y\";", "a \"x\"; b \"y\";",
	"f:1:6: error: found b, expected ';' after a\n"},
    {"inside a block", "m {\n  a yes;\n}", "m {a \"yes\";}",
	"f:2:5: error: found yes, expected a string: write \"yes\"\n"},
    {"parentheses", "a \"x\" (b, c);\nd;", "a \"x\"; d;",
	"f:1:6: error: found '(', expected ';' after a\n"},
    {"line breaks that are none",
	"a \"x\\ny\";\nb {\n  c [\"\\\"\", \"u\nv\\nw\\tx\"];\n}",
	"a \"xny\"; b {c [\"\"\",\"u\nvnwtx\"];}",
	"f:1:5: warning: \\n in a string "
	"is the letter n, not a line break: break the line in the "
	"string itself, or write text: and the lines below it, up to one "
	"with a dot alone\n"
	"f:4:2: warning: \\n in a string "
	"is the letter n, not a line break: break the line in the "
	"string itself, or write text: and the lines below it, up to one "
	"with a dot alone\n"},
    {"other backslashes",
	"a \"C:\\dir\"; b \"\\1\"; c \"a\\tb\"; d \"\\\\n \\\" \\-\";",
	"a \"C:dir\"; b \"1\"; c \"atb\"; d \"\\n \" -\";",
	"f:1:6: warning: \\d in a string is the letter d: write \\\\ for a "
	"backslash\n"
	"f:1:16: warning: \\1 in a string is the digit 1: write \\\\ for a "
	"backslash\n"
	"f:1:25: warning: \\t in a string is the letter t, not a tab: write "
	"\\\\ for a backslash\n"},
    {"text: has none", "a text:\n\\n\n.\n;", "a \"\\n\n\";", ""},
};

static void
reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		check_row(&good[i], false);
}

static void
complains(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++)
		check_row(&bad_rows[i], false);
}

static void
without_tests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(plain_rows); i++)
		check_row(&plain_rows[i], true);
}

/* Every prefix and every suffix of every row: no crash, and places inside the
 * text. */
static void
cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good) + ARRAY_LEN(bad_rows); i++) {
		const char *t = i < ARRAY_LEN(good)
				    ? good[i].text
				    : bad_rows[i - ARRAY_LEN(good)].text;
		struct str whole = str_c(t);

		for (size_t k = 0; k <= 2 * whole.n; k++) {
			struct arena a = ARENA_INIT;
			struct complaints bad = {0};
			struct script s;
			struct str part = k <= whole.n
					      ? str_sub(whole, 0, k)
					      : str_from(whole, k - whole.n);
			unsigned lines = 1;

			for (size_t j = 0; j < part.n; j++)
				lines += part.p[j] == '\n';
			syntax_parse(&a, "f", part, &s, &bad);
			syntax_plain(&a, &s, &bad);
			for (size_t j = 0; j < bad.n; j++) {
				assert_in_range(bad.v[j].at.line, 1, lines);
				assert_true(bad.v[j].at.column >= 1);
			}
			arena_fini(&a);
		}
	}
}

static size_t
errors_of(struct str text)
{
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct script s;

	syntax_parse(&a, "f", text, &s, &bad);
	arena_fini(&a);
	return bad.errors;
}

static void
nesting(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int open = 31; open <= 33; open++) {
		buf_reset(&b);
		for (int i = 0; i < open; i++)
			buf_puts(&b, "a { ");
		buf_fill(&b, '}', (size_t)open);
		buf_puts(&b, " b;");
		assert_int_equal(errors_of(buf_str(&b)), open > 32);
	}
	buf_reset(&b);
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "a {");
	assert_true(errors_of(buf_str(&b)) >= 1);
	buf_reset(&b);
	buf_puts(&b, "if ");
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "not (");
	assert_true(errors_of(buf_str(&b)) >= 1);
	buf_fini(&b);
}

static void
limits(void **state)
{
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct buf b = BUF_INIT, out = BUF_INIT;
	struct script s;

	(void)state;
	buf_fill(&b, ' ', (16 << 20) + 1);
	assert_int_equal(errors_of(buf_str(&b)), 1);
	assert_int_equal(errors_of(str_sub(buf_str(&b), 0, 16 << 20)), 0);
	assert_int_equal(errors_of(str_n("a;\0b;", 5)), 1);
	/* A thousand errors: a hundred told, all counted. */
	buf_reset(&b);
	for (int i = 0; i < 1500; i++)
		buf_puts(&b, "a 5x;\n");
	assert_int_equal(syntax_parse(&a, "f", buf_str(&b), &s, &bad), -1);
	assert_int_equal(bad.n, 100);
	assert_int_equal(bad.errors, 1500);
	assert_int_equal(s.n, 1500);
	complaints_print(&out, &bad);
	assert_true(str_ends(buf_str(&out), S("\nand 1400 more\n")));
	buf_fini(&out);
	buf_fini(&b);
	arena_fini(&a);
}

static void
places(void **state)
{
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct script s;
	const struct command *c;

	(void)state;
	assert_int_equal(syntax_parse(&a, "dir/f.conf",
			     S("\n  a \"é\"  :t {\n\tb;\n  }"), &s, &bad),
	    0);
	c = &s.commands[0];
	assert_string_equal(c->at.file, "dir/f.conf");
	assert_int_equal(c->at.line, 2);
	assert_int_equal(c->at.column, 3);
	assert_int_equal(c->args[0].at.column, 5);
	assert_int_equal(c->args[0].end.column, 8);
	assert_int_equal(c->args[1].at.column, 10);
	assert_int_equal(c->block[0].at.line, 3);
	assert_int_equal(c->block[0].at.column, 2);
	assert_int_equal(c->end.line, 4);
	assert_int_equal(c->end.column, 3);
	assert_true(str_eq(c->args[0].raw, S("\"é\"")));
	arena_fini(&a);
}

static void
nearest(void **state)
{
	static const struct str names[] = {{"address", 7}, {"data", 4},
	    {"timezone", 8}, {"user", 4}, {"tag", 3}};
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"adress", "address"},
	    {"addres", "address"},
	    {"dta", "data"},
	    {"timzeone", "timezone"},
	    {"TimeZone", "timezone"},
	    {"usr", "user"},
	    {"tga", "tag"},
	    {"x", ""},
	    {"banana", ""},
	    {"", ""},
	    {"zone", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str got =
		    syntax_nearest(str_c(rows[i].in), names, ARRAY_LEN(names));

		if (!str_eq(got, str_c(rows[i].out)))
			fail_msg("%s: %.*s", rows[i].in, STR_ARG(got));
	}
}

static void
sorted(void **state)
{
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct buf out = BUF_INIT;

	(void)state;
	complain(&a, &bad, (struct place){"b", 3, 1}, "1");
	complain(&a, &bad, (struct place){"a", 9, 1}, "2");
	complain_warning(&a, &bad, (struct place){"b", 1, 7}, "3");
	complain(&a, &bad, (struct place){"b", 1, 7}, "4");
	complain(&a, &bad, (struct place){"a", 2, 1}, "5");
	complain(&a, &bad, (struct place){"b", 1, 2}, "%s", "6");
	complaints_sort(&bad);
	complaints_print(&out, &bad);
	assert_string_equal(buf_cstr(&out),
	    "b:1:2: error: 6\nb:1:7: warning: 3\nb:1:7: error: 4\n"
	    "b:3:1: error: 1\na:2:1: error: 5\na:9:1: error: 2\n");
	assert_int_equal(bad.errors, 5);
	buf_fini(&out);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(complains),
	    cmocka_unit_test(without_tests),
	    cmocka_unit_test(cut_anywhere),
	    cmocka_unit_test(nesting),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(places),
	    cmocka_unit_test(nearest),
	    cmocka_unit_test(sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

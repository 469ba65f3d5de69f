/* The rules of the public Mustache specification, each with rows of our own, and our bounds beyond it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/must.h"
#include "desk/template.h"

/* One partial a row is enough, called "p"; it may call itself. */
struct row {
	const char *rule, *template, *partial, *expected;
	enum mustache_escape escape;
};

static const struct row rows[] = {
    /* comments */
    {"comment inline", "12{{! gone }}34", NULL, "1234", MUSTACHE_HTML},
    {"comment of lines", "a\n{{!\nmore\n}}\nb", NULL, "a\nb", MUSTACHE_HTML},
    {"comment alone", "a\n  {{! x }}\nb\n", NULL, "a\nb\n", MUSTACHE_HTML},
    {"comment alone, CRLF", "|\r\n{{! x }}\r\n|", NULL, "|\r\n|",
	MUSTACHE_HTML},
    {"comment first without line before", "  {{! x }}\n!", NULL, "!",
	MUSTACHE_HTML},
    {"comment last without line end", "!\n  {{! x }}", NULL, "!\n",
	MUSTACHE_HTML},
    {"comment with text before", "  12 {{! 34 }}\n", NULL, "  12 \n",
	MUSTACHE_HTML},
    {"comment is no variable", "({{! text }}|{{!text}})", NULL, "(|)",
	MUSTACHE_HTML},

    /* interpolation */
    {"nothing to do", "Hello {you}!\n", NULL, "Hello {you}!\n", MUSTACHE_HTML},
    {"a string", "[{{text}}]", NULL, "[words]", MUSTACHE_HTML},
    {"escaped", "{{markup}}", NULL, "&lt;&amp;&gt;&quot;&#39;", MUSTACHE_HTML},
    {"not escaped by {", "{{{markup}}}", NULL, "<&>\"'", MUSTACHE_HTML},
    {"not escaped by &", "{{&markup}}", NULL, "<&>\"'", MUSTACHE_HTML},
    {"plain text is not escaped", "{{markup}}", NULL, "<&>\"'", MUSTACHE_TEXT},
    {"whole number", "{{n}} {{{n}}} {{&n}}", NULL, "85 85 85", MUSTACHE_HTML},
    {"decimal", "{{x}} {{{x}}}", NULL, "1.21 1.21", MUSTACHE_HTML},
    {"true", "{{yes}}", NULL, "true", MUSTACHE_HTML},
    {"null", "({{nothing}}{{&nothing}})", NULL, "()", MUSTACHE_HTML},
    {"a miss", "({{no}}{{{no}}}{{&no}})", NULL, "()", MUSTACHE_HTML},
    {"dotted", "{{a.b.name}} {{{a.b.name}}}", NULL, "deep deep", MUSTACHE_HTML},
    {"dotted, broken", "({{a.no.name}})", NULL, "()", MUSTACHE_HTML},
    {"dotted goes on in what was found", "({{a.b.text}})", NULL, "()",
	MUSTACHE_HTML},
    {"dotted, first part by scope", "{{#a}}{{b.name}}{{/a}}", NULL, "deep",
	MUSTACHE_HTML},
    {"dotted, inner hides outer", "({{#a}}{{text}}{{hide.text}}{{/a}})", NULL,
	"(words)", MUSTACHE_HTML},
    {"leading dot stays inside", "({{#a}}{{.text}}{{.b.name}}{{/a}})", NULL,
	"(deep)", MUSTACHE_HTML},
    {"blanks about the tag stay", "| {{text}} |", NULL, "| words |",
	MUSTACHE_HTML},
    {"alone on a line", "  {{text}}\n  {{{text}}}\n", NULL,
	"  words\n  words\n", MUSTACHE_HTML},
    {"blanks in the tag", "{{ text }}{{{ text }}}{{& text }}", NULL,
	"wordswordswords", MUSTACHE_HTML},

    /* sections */
    {"true section", "({{#yes}}in{{/yes}})", NULL, "(in)", MUSTACHE_HTML},
    {"false section", "({{#off}}in{{/off}})", NULL, "()", MUSTACHE_HTML},
    {"null section", "({{#nothing}}in{{/nothing}})", NULL, "()", MUSTACHE_HTML},
    {"empty string is false", "({{#blank}}in{{/blank}})", NULL, "()",
	MUSTACHE_HTML},
    {"missing section", "({{#no}}in{{/no}})", NULL, "()", MUSTACHE_HTML},
    {"object", "{{#a}}{{b.name}}-{{text}}{{/a}}", NULL, "deep-words",
	MUSTACHE_HTML},
    {"list of objects", "{{#people}}{{name}};{{/people}}", NULL, "Ann;Bo;",
	MUSTACHE_HTML},
    {"list of nothing", "({{#none}}in{{/none}})", NULL, "()", MUSTACHE_HTML},
    {"string is no list", "{{#text}}in{{/text}}", NULL, "in", MUSTACHE_HTML},
    {"value of the section", "{{#text}}{{.}} is {{text}}{{/text}}", NULL,
	"words is words", MUSTACHE_HTML},
    {"implicit iterator", "{{#list}}({{.}}){{/list}}", NULL, "(1)(2.5)(<)",
	MUSTACHE_TEXT},
    {"implicit iterator escapes", "{{#list}}({{.}}{{{.}}}){{/list}}", NULL,
	"(11)(2.52.5)(&lt;<)", MUSTACHE_HTML},
    {"list of lists", "{{#lists}}({{#.}}{{.}}{{/.}}){{/lists}}", NULL,
	"(12)(ab)", MUSTACHE_HTML},
    {"the same one twice", "{{#yes}}1{{/yes}} {{text}} {{#yes}}2{{/yes}}", NULL,
	"1 words 2", MUSTACHE_HTML},
    {"nested in itself", "{{#yes}}A{{#yes}}B{{/yes}}C{{/yes}}", NULL, "ABC",
	MUSTACHE_HTML},
    {"nested and false", "|{{#off}}A{{#off}}B{{/off}}C{{/off}}|", NULL, "||",
	MUSTACHE_HTML},
    {"dotted section", "{{#a.b.name}}in{{/a.b.name}}{{#a.c.d}}x{{/a.c.d}}",
	NULL, "in", MUSTACHE_HTML},
    {"blanks inside stay", " | {{#yes}} {{! x }}\n {{/yes}} | \n", NULL,
	" |  \n  | \n", MUSTACHE_HTML},
    {"two in a line are not alone", " {{#yes}}Y{{/yes}}\n {{#yes}}{{/yes}}\n",
	NULL, " Y\n \n", MUSTACHE_HTML},
    {"alone", "<\n{{#yes}}\n|\n  {{/yes}}\t\n>\n", NULL, "<\n|\n>\n",
	MUSTACHE_HTML},
    {"alone, CRLF", "|\r\n{{#yes}}\r\n{{/yes}}\r\n|", NULL, "|\r\n|",
	MUSTACHE_HTML},
    {"alone, first", "  {{#yes}}\n#{{/yes}}\n/", NULL, "#\n/", MUSTACHE_HTML},
    {"alone, last", "#{{#yes}}\n/\n  {{/yes}}", NULL, "#\n/\n", MUSTACHE_HTML},
    {"blanks in section tags", "{{# yes }}={{/ yes }}", NULL, "=",
	MUSTACHE_HTML},

    /* inverted */
    {"inverted false", "({{^off}}in{{/off}})", NULL, "(in)", MUSTACHE_HTML},
    {"inverted true", "({{^yes}}in{{/yes}})", NULL, "()", MUSTACHE_HTML},
    {"inverted null", "({{^nothing}}in{{/nothing}})", NULL, "(in)",
	MUSTACHE_HTML},
    {"inverted list", "({{^list}}in{{/list}})", NULL, "()", MUSTACHE_HTML},
    {"inverted empty", "({{^none}}in{{/none}}{{^blank}}+{{/blank}})", NULL,
	"(in+)", MUSTACHE_HTML},
    {"inverted miss", "({{^no.no}}in{{/no.no}})", NULL, "(in)", MUSTACHE_HTML},
    {"inverted alone", "a\n {{^off}}\nb\n {{/off}}\nc", NULL, "a\nb\nc",
	MUSTACHE_HTML},

    /* partials */
    {"partial", "({{>p}})", "from p", "(from p)", MUSTACHE_HTML},
    {"no such partial", "({{>q}})", NULL, "()", MUSTACHE_HTML},
    {"partial in scope", "{{#a}}{{>p}}{{/a}}", "{{b.name}}", "deep",
	MUSTACHE_HTML},
    {"partial of partials", "{{#tree}}{{>p}}{{/tree}}",
	"{{v}}<{{#kids}}{{>p}}{{/kids}}>", "X<Y<>>", MUSTACHE_HTML},
    {"blanks about a partial", "| {{>p}} |", "\t|\t", "| \t|\t |",
	MUSTACHE_HTML},
    {"partial within a line is not indented", "  {{text}}  {{> p}}\n", ">\n>",
	"  words  >\n>\n", MUSTACHE_HTML},
    {"partial alone, CRLF", "|\r\n{{>p}}\r\n|", ">", "|\r\n>|", MUSTACHE_HTML},
    {"partial alone, first", "  {{>p}}\n>", ">\n>", "  >\n  >>", MUSTACHE_HTML},
    {"partial alone, last", ">\n  {{>p}}", ">\n>", ">\n  >\n  >",
	MUSTACHE_HTML},
    {"indents its lines, not its values", "/\n {{>p}}\n/\n",
	"|\n{{{lines}}}\n|\n", "/\n |\n <\n->\n |\n/\n", MUSTACHE_HTML},
    {"indents the line of a tag", "  {{>p}}\n",
	"{{#yes}}\nx\n{{/yes}}\n{{text}}\n{{#off}}{{/off}}.\n",
	"  x\n  words\n  .\n", MUSTACHE_HTML},
    {"blanks in a partial tag", "|{{> p }}|", "[]", "|[]|", MUSTACHE_HTML},

    /* delimiters */
    {"other delimiters", "{{=<% %>=}}(<%text%>)", NULL, "(words)",
	MUSTACHE_HTML},
    {"special characters", "({{=[ ]=}}[text])", NULL, "(words)", MUSTACHE_HTML},
    {"within a section",
	"{{#yes}}{{text}}|data|{{/yes}}{{= | | =}}|#yes|{{x}}|text||/yes|",
	NULL, "words|data|{{x}}words", MUSTACHE_HTML},
    {"not inherited by a partial", "{{>p}} {{= | | =}} |>p|", ".{{text}}.",
	".words.  .words.", MUSTACHE_HTML},
    {"nor out of one", "{{>p}} .{{text}}.", "{{= | | =}}|text|",
	"words .words.", MUSTACHE_HTML},
    {"delimiters alone", "a\n  {{=@ @=}}\nb\n", NULL, "a\nb\n", MUSTACHE_HTML},
    {"delimiters alone, CRLF", "|\r\n{{= @ @ =}}\r\n|", NULL, "|\r\n|",
	MUSTACHE_HTML},
    {"delimiters within a line", "| {{=@ @=}} |", NULL, "|  |", MUSTACHE_HTML},
    {"blanks in delimiters", "|{{= @   @ =}}|", NULL, "||", MUSTACHE_HTML},
};

static struct value
text_value(const char *s)
{
	return (struct value){.kind = VALUE_STRING, .s = str_c(s)};
}

static struct value
number(double x)
{
	return (struct value){.kind = VALUE_NUMBER, .number = x};
}

static struct value
pair(struct arena *a, struct value x, struct value y)
{
	struct value *l = value_list(a);

	value_add(a, l, x);
	value_add(a, l, y);
	return *l;
}

static struct value
object1(struct arena *a, const char *key, struct value v)
{
	struct value *o = value_object(a);

	value_set(a, o, key, v);
	return *o;
}

static struct value *
example(struct arena *a)
{
	struct value *root = value_object(a), *list, *kid, *tree, b;

	value_set_str(a, root, "text", S("words"));
	value_set_str(a, root, "markup", S("<&>\"'"));
	value_set_str(a, root, "lines", S("<\n->"));
	value_set_str(a, root, "blank", S(""));
	value_set_num(a, root, "n", 85);
	value_set_num(a, root, "x", 1.210);
	value_set_bool(a, root, "yes", true);
	value_set_bool(a, root, "off", false);
	value_set(a, root, "nothing", (struct value){.kind = VALUE_NULL});
	value_set(a, root, "none", *value_list(a));
	b = object1(a, "name", text_value("deep"));
	value_set(a, root, "a", object1(a, "b", b));
	value_set(a, root, "hide", object1(a, "x", number(1)));
	list = value_list(a);
	value_add(a, list, number(1));
	value_add(a, list, number(2.50));
	value_add(a, list, text_value("<"));
	value_set(a, root, "list", *list);
	value_set(a, root, "people",
	    pair(a, object1(a, "name", text_value("Ann")),
		object1(a, "name", text_value("Bo"))));
	value_set(a, root, "lists",
	    pair(a, pair(a, number(1), number(2)),
		pair(a, text_value("a"), text_value("b"))));
	kid = value_object(a);
	value_set_str(a, kid, "v", S("Y"));
	value_set(a, kid, "kids", *value_list(a));
	tree = value_object(a);
	value_set_str(a, tree, "v", S("X"));
	list = value_list(a);
	value_add(a, list, *kid);
	value_set(a, tree, "kids", *list);
	value_set(a, root, "tree", *tree);
	return root;
}

static const struct mustache *
only_p(void *ctx, struct str name)
{
	return str_eq(name, S("p")) ? ctx : NULL;
}

static void
specification(void **state)
{
	struct arena a = ARENA_INIT;
	struct value *data = example(&a);
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct complaints bad = {0};
		struct mustache *m, *p = NULL;
		struct err err = ERR_INIT;
		struct buf out = BUF_INIT;

		assert_int_equal(mustache_compile(&a, "row", str_c(r->template),
				     r->escape, &m, &bad),
		    0);
		if (r->partial)
			assert_int_equal(
			    mustache_compile(&a, "p", str_c(r->partial),
				r->escape, &p, &bad),
			    0);
		assert_int_equal(
		    mustache_render(m, data, only_p, p, &out, &err), 0);
		if (!str_eq(buf_str(&out), str_c(r->expected))) {
			print_error("%s: \"%s\" instead of \"%s\"\n", r->rule,
			    buf_cstr(&out), r->expected);
			failed++;
		}
		buf_fini(&out);
	}
	arena_fini(&a);
	assert_int_equal(failed, 0);
}

struct fault {
	const char *template;
	unsigned line, column;
	const char *message;
};

static const struct fault faults[] = {
    {"a\nb {{x", 2, 3, "the tag is not closed, expected }}"},
    {"{{{x}} ", 1, 1, "the tag is not closed, expected }}}"},
    {"\xc3\xa4{{#x}}", 1, 2, "the section \"x\" is not closed"},
    {"{{/x}}", 1, 1, "no section \"x\" is open"},
    {"{{#x}}\n{{/y}}", 2, 1,
	"\"y\" is closed, but the section opened last is \"x\""},
    {"{{}}", 1, 1, "the tag has no name"},
    {"{{a b}}", 1, 1, "a name has no blanks in it"},
    {"{{=<% =}}", 1, 1,
	"expected two delimiters without '=', like {{=<% %>=}}"},
};

static void
complaints_name_the_place(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct complaints bad = {0};
		struct mustache *m;

		assert_int_equal(
		    mustache_compile(&a, "f", str_c(faults[i].template),
			MUSTACHE_TEXT, &m, &bad),
		    -1);
		assert_true(bad.n > 0);
		assert_int_equal(bad.v[0].at.line, faults[i].line);
		assert_int_equal(bad.v[0].at.column, faults[i].column);
		assert_string_equal(
		    arena_cstr(&a, bad.v[0].msg), faults[i].message);
	}
	arena_fini(&a);
}

static int
render_with(struct arena *a, const char *template, const char *p,
    struct buf *out, struct err *err)
{
	struct complaints bad = {0};
	struct mustache *m, *partial;

	mustache_compile(a, "t", str_c(template), MUSTACHE_TEXT, &m, &bad);
	mustache_compile(a, "p", str_c(p), MUSTACHE_TEXT, &partial, &bad);
	return mustache_render(m, example(a), only_p, partial, out, err);
}

static void
bounds(void **state)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct buf out = buf_max(100);

	(void)state;
	/* for ever, twice for ever without a byte, and too much */
	assert_int_equal(render_with(&a, "{{>p}}", "x{{>p}}", &out, &err), -1);
	assert_int_equal(err.code, ERR_PERM);
	buf_reset(&out);
	assert_int_equal(
	    render_with(&a, "{{>p}}", "{{>p}}{{>p}}", &out, &err), -1);
	assert_int_equal(err.code, ERR_PERM);
	buf_reset(&out);
	assert_int_equal(render_with(&a, "{{>p}}{{>p}}",
			     "123456789 123456789 123456789 123456789 "
			     "123456789 123456789 ",
			     &out, &err),
	    -1);
	assert_int_equal(err.code, ERR_PERM);
	buf_fini(&out);
	arena_fini(&a);
}

static void
numbers(void **state)
{
	static const struct {
		double x;
		const char *text;
	} table[] = {{0, "0"}, {-0.0, "0"}, {-7, "-7"}, {1.10, "1.1"},
	    {0.1 + 0.2, "0.30000000000000004"},
	    {9007199254740991, "9007199254740991"}, {1e21, "1e+21"},
	    {2.5e-7, "2.5e-07"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct value v = number(table[i].x);
		struct buf out = BUF_INIT;

		value_print(&out, &v);
		assert_string_equal(buf_cstr(&out), table[i].text);
		buf_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(specification),
	    cmocka_unit_test(complaints_name_the_place),
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

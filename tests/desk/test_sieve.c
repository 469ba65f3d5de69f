/*
 * desk/sieve.h as the daemon uses it: complaints with their places, results with what caused them, a parsed mail, the bounds. The
 * language itself is tested by the .svtest files in tests/sieve.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/must.h"
#include "desk/sieve/engine.h"
#include "mail/charset.h"

/* --- complaints -------------------------------------------------------- */

static const struct {
	const char *script;
	unsigned line, column;
	const char *message; /* a part of it */
} wrong[] = {
    {"keep\n  :flags \"x\";", 2, 3, "needs require \"imap4flags\""},
    {"fileinto \"x\";", 1, 1, "needs require \"fileinto\""},
    {"require \"fileinto\";\nif heder \"a\" \"b\" { keep; }", 2, 4,
	"did you mean header?"},
    {"if header :contians \"a\" \"b\" { keep; }", 1, 11,
	"did you mean :contains?"},
    {"if header \"a\" { keep; }", 1, 4, "expects 2 arguments, found 1"},
    {"redirect [\"a@b.example\"];", 1, 10, "expects a string here"},
    {"redirect \"nobody\";", 1, 10, "expected a mail address"},
    {"require [\"vnd.helpd\"];\npriority \"hihg\";", 2, 10,
	"did you mean \"high\"?"},
    {"require [\"vnd.helpd\"];\nif event \"followups\" { stop; }", 2, 10,
	"did you mean \"followup\"?"},
    {"require [\"regex\"];\nif header :regex \"a\" \"(b\" { stop; }", 2, 22,
	"expected a regular expression"},
    {"require [\"date\"];\nif currentdate \"hours\" \"1\" { stop; }", 2, 16,
	"did you mean \"hour\"?"},
    {"else { keep; }", 1, 1, "behind an if or elsif"},
    {"keep; require \"body\";", 1, 7, "before all other commands"},
    {"require [\"variables\"];\nset \"a\" \"${unknown.b}\";", 2, 9,
	"namespace unknown is not known"},
    {"require [\"variables\"];\nset \"a\" \"${33}\";", 2, 9, "up to 32"},
    {"require \"encoded-character\";\nredirect \"${unicode: d800}\";", 2, 10,
	"expected a character of Unicode"},
    {"require [\"enotify\"];\nnotify \"xmpp:a@b.example\";", 2, 8,
	"expected a method mailto: or https:"},
    {"require \"vnd.dovecot.testsuite\";", 1, 9, "is not known"},
    {"if not { keep; }", 1, 4, "expects a test"},
    {"include \"x\";", 1, 1, "needs require \"include\""},
    {"require \"include\";\ninclude \"x\";", 2, 1, "is not there"},
};

static void
complaints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct arena a = ARENA_INIT;
		struct complaints bad = {0};
		struct sieve *s = NULL;

		if (sieve_compile(NULL, "rules.sieve", str_c(wrong[i].script),
			&a, &s, &bad) == 0)
			fail_msg("compiled: %s", wrong[i].script);
		assert_null(s);
		if (bad.n != 1 || bad.v[0].at.line != wrong[i].line ||
		    bad.v[0].at.column != wrong[i].column ||
		    !str_has(bad.v[0].msg, str_c(wrong[i].message)))
			fail_msg("%s\n%zu: %u:%u: %.*s", wrong[i].script, bad.n,
			    bad.v[0].at.line, bad.v[0].at.column,
			    STR_ARG(bad.v[0].msg));
		assert_string_equal(bad.v[0].at.file, "rules.sieve");
		arena_fini(&a);
	}
}

/* --- runs -------------------------------------------------------------- */

static struct sieve *
compiled(struct arena *a, const char *script)
{
	struct sieve_options o = {.implicit_helpd = true};
	struct complaints bad = {0};
	struct sieve *s = NULL;

	if (sieve_compile(&o, "10-a.sieve", str_c(script), a, &s, &bad) < 0)
		fail_msg("%s: %u: %.*s", script, bad.v[0].at.line,
		    STR_ARG(bad.v[0].msg));
	return s;
}

static struct message mail;

static void
make_mail(void)
{
	static struct header h[] = {
	    {{"From", 4}, {"A B <a.b@big.example>", 21}},
	    {{"Subject", 7}, {"Order 4711, again", 17}},
	    {{"Errors-To", 9}, {"c@d.example, \"x\" <e@f.example>", 30}}};
	static struct address from = {{"A B", 3}, {"a.b@big.example", 15}};

	static struct attachment at[2];

	at[0].name = S("a \"b\".exe");
	at[0].type = S("application/octet-stream");
	at[1].type = S("image/png");
	mail = (struct message){.headers = h,
	    .attachments = {at, 2},
	    .nheaders = ARRAY_LEN(h),
	    .from = {&from, 1},
	    .text = {"Hello, where is my order?\n", 26},
	    .html = {"<p>Hello</p>", 12}};
}

static int
run(struct arena *a, struct sieve *s, struct sieve_result *out)
{
	static struct sieve_mail view;
	static struct sieve_context c;

	make_mail();
	sieve_mail_of_message(a, &mail, 1234, &view);
	c = (struct sieve_context){.mail = &view, .now = 1772357415000};
	return sieve_run(s, &c, a, out);
}

static const struct {
	const char *script;
	const char *actions; /* kind@line and name, joined by blanks */
} runs[] = {
    {"", "keep@0"},
    {"discard;", "discard@1"},
    {"discard;\nkeep;", "discard@1 keep@2"},
    {"if address :domain \"from\" \"BIG.example\" {\n queue \"billing\"; }",
	"queue@2=billing keep@0"},
    {"if address :localpart \"errors-to\" \"e\" { spam; }", "spam@1 keep@0"},
    {"require [\"regex\", \"variables\"];\nif header :regex \"subject\" "
     "\"order "
     "([0-9]+)\" { field \"n\" \"${1}\"; }",
	"field@2=n:4711 keep@0"},
    {"require \"body\";\nif body :contains \"MY ORDER\" { tag \"o\"; }\nif "
     "body "
     ":content \"text/html\" :contains \"<P>\" { tag \"h\"; }",
	"tag@2=o tag@3=h keep@0"},
    {"require [\"foreverypart\", \"mime\"];\nforeverypart { if header :mime "
     ":param "
     "\"filename\" :matches \"content-disposition\" \"*.exe\" { tag \"exe\"; } "
     "}\nif "
     "header :mime :anychild :type \"content-type\" \"image\" { tag \"i\"; }",
	"tag@2=exe tag@3=i keep@0"},
    {"if size :over 1233 { sla \"x\"; }\nif size :over 1234 { sla \"y\"; }",
	"sla@1=x keep@0"},
    {"tag \"a\"; stop; tag \"b\";", "tag@1=a keep@0"},
    {"assign :agent \"anna\";\npriority :raise;\nescalate;",
	"assign@1=:anna priority@2 escalate@3 keep@0"},
    {"require \"date\";\nif currentdate :zone \"+0000\" \"date\" "
     "\"2026-03-01\" { tag \"d\"; }",
	"tag@2=d keep@0"},
};

static void
results(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
		struct arena a = ARENA_INIT;
		struct sieve *s = compiled(&a, runs[i].script);
		struct sieve_result r;
		AUTO(buf_fini) struct buf b = BUF_INIT;

		assert_int_equal(run(&a, s, &r), 0);
		for (size_t k = 0; k < r.nactions; k++) {
			const struct sieve_action *x = &r.actions[k];

			buf_printf(&b, "%s%s@%u", k ? " " : "",
			    sieve_action_name(x->kind), x->at.line);
			if (x->at.line)
				assert_string_equal(x->at.file, "10-a.sieve");
			if (x->name.n || x->value.n)
				buf_printf(&b, "=%.*s%s%.*s", STR_ARG(x->name),
				    x->value.n ? ":" : "", STR_ARG(x->value));
		}
		assert_string_equal(buf_cstr(&b), runs[i].actions);
		sieve_free(&s);
		arena_fini(&a);
	}
}

static void
stopped(void **state)
{
	struct arena a = ARENA_INIT;
	struct sieve *s = compiled(&a, "if true { stop; }");
	struct sieve_result r;

	(void)state;
	assert_int_equal(run(&a, s, &r), 0);
	assert_true(r.stopped && r.keep && r.implicit);
	sieve_free(&s);
	arena_fini(&a);
}

/* --- bounds ------------------------------------------------------------ */

/* Text that makes a pattern try everything. */
static void
bounds(void **state)
{
	static const char *const bodies[] = {
	    "if header :regex \"subject\" \"^(a|aa|a?a)*(a|a)*b$\" { keep; }",
	    "if header :matches \"subject\" \"*a*a*a*a*a*a*a*a*a*a*b\" { keep; "
	    "}",
	    "if body :matches \"*a*a*a*a*a*a*a*a*a?a?a?a?a?a?a?a?a?a?b\" { "
	    "keep; "
	    "}"};
	struct buf subject = BUF_INIT, text = BUF_INIT;

	(void)state;
	buf_fill(&subject, 'a', 16000);
	buf_fill(&text, 'a', 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct arena a = ARENA_INIT;
		struct sieve *s;
		struct sieve_result r;
		struct sieve_field f = {
		    S("Subject"), buf_str(&subject), {NULL, 0}};
		struct sieve_mail m = {.fields = &f, .nfields = 1};
		struct sieve_context c = {.mail = &m};
		AUTO(buf_fini) struct buf b = BUF_INIT;

		strs_add(&a, &m.texts, buf_str(&text));
		buf_puts(&b, "require [\"regex\", \"body\"];\n");
		for (int k = 0; k < 50; k++)
			buf_puts(&b, bodies[i]);
		s = compiled(&a, buf_cstr(&b));
		sieve_run(s, &c, &a, &r);
		/* By error or by the end: the mail is kept. */
		assert_true(r.keep);
		sieve_free(&s);
		arena_fini(&a);
	}
	buf_fini(&subject);
	buf_fini(&text);
}

static void
memory(void **state)
{
	struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct sieve *s;
	struct sieve_result r;

	(void)state;
	buf_puts(&b, "require \"variables\";\nset \"a\" \"0123456789\";\n");
	for (int i = 0; i < 4; i++)
		buf_puts(
		    &b, "set \"a\" \"${a}${a}${a}${a}${a}${a}${a}${a}\";\n");
	for (int i = 0; i < 2000; i++) {
		buf_puts(&b, "set \"b\" \"");
		for (int k = 0; k < 100; k++)
			buf_puts(&b, "${a}");
		buf_puts(&b, "\";\n");
	}
	s = compiled(&a, buf_cstr(&b));
	assert_int_equal(run(&a, s, &r), -1);
	assert_true(r.nerrors == 1 && str_has(r.errors[0].msg, S("too long")));
	assert_true(r.keep && r.implicit && r.nactions == 1);
	sieve_free(&s);
	arena_fini(&a);
}

static void
limits(void **state)
{
	struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct sieve *s = NULL;
	struct sieve_result r;
	struct complaints bad = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		buf_printf(&b, "redirect \"a%d@b.example\";\n", i);
	s = compiled(&a, buf_cstr(&b));
	assert_int_equal(run(&a, s, &r), -1);
	assert_int_equal(r.errors[0].at.line, 5);
	assert_true(str_has(r.errors[0].msg, S("more than 4 redirects")));
	sieve_free(&s);
	buf_reset(&b);
	buf_fill(&b, '#', SIEVE_SCRIPT_MAX + 1);
	assert_int_equal(
	    sieve_compile(NULL, "x", buf_str(&b), &a, &s, &bad), -1);
	assert_true(str_has(bad.v[0].msg, S("larger than")));
	arena_fini(&a);
}

/* --- addresses --------------------------------------------------------- */

static const struct {
	const char *value, *all, *local,
	    *domain; /* of the first; all: in order */
} lists[] = {
    {"a@b.example", "a@b.example", "a", "b.example"},
    {"A B <a@B.example>, c@d.example", "a@B.example|c@d.example", "a",
	"B.example"},
    {"\"B, A\" <a@b.example>", "a@b.example", "a", "b.example"},
    {"(c) a (d) @ (e) b.example (f)", "a@b.example", "a", "b.example"},
    {"\"q u\"@b.example", "\"q u\"@b.example", "q u", "b.example"},
    {"\"plain\"@b.example", "plain@b.example", "plain", "b.example"},
    {"g: a@b.example, <c@d.example>; e@f.example",
	"a@b.example|c@d.example|e@f.example", "a", "b.example"},
    {"undisclosed-recipients:;", "", "", ""},
    {"<@x.example,@y.example:a@b.example>", "a@b.example", "a", "b.example"},
    {"a@[127.0.0.1]", "a@[127.0.0.1]", "a", "[127.0.0.1]"},
    {"J. Doe <a@b.example>", "a@b.example", "a", "b.example"},
    {"not an address, a@b.example", "not an address|a@b.example", "", ""},
    {"<>", "<>", "", ""},
    {"a@", "a@", "", ""},
};

static void
addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct arena a = ARENA_INIT;
		struct sieve_addr *v;
		size_t n = sieve_addresses(&a, str_c(lists[i].value), &v);
		AUTO(buf_fini) struct buf b = BUF_INIT;

		for (size_t k = 0; k < n; k++) {
			if (k)
				buf_putc(&b, '|');
			buf_put(&b, v[k].all);
		}
		assert_string_equal(buf_cstr(&b), lists[i].all);
		if (n) {
			assert_true(str_eq(v[0].local, str_c(lists[i].local)));
			assert_true(
			    str_eq(v[0].domain, str_c(lists[i].domain)));
		}
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(complaints),
	    cmocka_unit_test(results), cmocka_unit_test(stopped),
	    cmocka_unit_test(bounds), cmocka_unit_test(memory),
	    cmocka_unit_test(limits), cmocka_unit_test(addresses)};

	charset_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

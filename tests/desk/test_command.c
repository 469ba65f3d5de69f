/* command: what is read as a command and what is text; the table, its man page and its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/command_private.h"
#include "desk/transcript_words.h"

#include <glob.h>

static void
put(struct buf *b, const struct command_block *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct command_line *c = &x->v[i];

		if (c->row)
			buf_puts(b, c->row->name);
		else
			buf_printf(b, "?%.*s", STR_ARG(c->near));
		if (c->args.n)
			buf_printf(b, "(%.*s)", STR_ARG(c->args));
		buf_putc(b, ' ');
	}
	buf_printf(b, "| %.*s", STR_ARG(x->text));
}

static const struct {
	const char *text, *block;
} rows[] = {
    {"", "| "},
    {"Hello", "| Hello"},
    {"#take", "take | "},
    {"\n\n  #take  \n", "take | "},
    {"#take\nHello\n#close\n", "take | Hello\n#close"},
    {"#TAKE\n#Close\n\nHello\n\nAnna\n", "take close | Hello\n\nAnna"},
    {"#take\n\n#close\n\nHello", "take close | Hello"},
    {"#1042 is done", "| #1042 is done"},
    {"# heading\n#take", "| # heading\n#take"},
    {"## heading", "| ## heading"},
    {"#", "| #"},
    {"#closee", "?close | "},
    {"#take\n#xyzzyplugh", "take ? | "},
    {"#tag +a -b", "tag(+a -b) | "},
    {"#tag: +a", "tag(+a) | "},
    {"#tag+a", "tag(+a) | "},
    {"\xef\xbc\x83tag\xe3\x80\x80+a", "tag(+a) | "},
    {"\xc2\xa0#take\xc2\xa0", "take | "},
    {"\xe2\x80\x8b#take", "take | "},
    {"#备注\n内部", "note | 内部"},
    {"＃分配 anna", "assign(anna) | "},
    {"#分配anna", "assign(anna) | "},
    {"#优先级：高", "priority(高) | "},
    {"#关闭了", "?关闭 | "},
    {"#note quick word\nmore", "note(quick word) | more"},
    {"#field order=12 34", "field(order=12 34) | "},
    {"#close\r\nHello\r\n", "close | Hello"},
    {"#take\n    indented", "take |     indented"},
    {"> #close\nHello", "| > #close\nHello"},
    {"Hello #close", "| Hello #close"},
};

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct command_block x;

		command_read(&a, str_c(rows[i].text), &x);
		put(&b, &x);
		if (!str_eq(buf_str(&b), str_c(rows[i].block)))
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].text,
			    buf_cstr(&b), rows[i].block);
	}
}

static void
test_many(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct command_block x;

	(void)state;
	for (int i = 0; i < COMMANDS_MAX; i++)
		buf_puts(&b, "#take\n");
	command_read(&a, buf_str(&b), &x);
	assert_false(x.too_many);
	assert_int_equal(x.n, COMMANDS_MAX);
	buf_puts(&b, "#take\ntext");
	command_read(&a, buf_str(&b), &x);
	assert_true(x.too_many);
	assert_int_equal(x.n, COMMANDS_MAX);
	assert_true(str_eq(x.text, S("text")));
}

/* Each name once, in both languages; nearest to itself. */
static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_row *r = &command_table[i];

		assert_true(
		    r->name[0] && r->zh[0] && r->help_en[0] && r->help_zh[0]);
		assert_true(r->level > LEVEL_NONE);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(r->name, command_table[j].name);
			assert_string_not_equal(r->zh, command_table[j].zh);
		}
	}
}

static void
test_help(void **state)
{
	static const char *const languages[] = {"en", "zh_CN"};

	(void)state;
	for (size_t l = 0; l < ARRAY_LEN(languages); l++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct transcript x = {
		    .a = &a, .language = str_c(languages[l])};
		struct str text = command_help(&a, &x), line;

		for (size_t i = 0; i < COMMAND_COUNT; i++) {
			const struct command_row *r = &command_table[i];

			assert_true(str_has(text, str_c(l ? r->zh : r->name)));
		}
		while (str_line(&text, &line))
			if (utf8_width(line) > 78)
				fail_msg("too wide: %.*s", STR_ARG(line));
	}
}

/* --- arguments --------------------------------------------------------- */

static void
test_plain(void **state)
{
	static const struct {
		const char *in, *out;
	} forms[] = {
	    {"a  b", "a b"},
	    {"＋ｒｅｆｕｎｄ　－ｓｐａｍ", "+refund -spam"},
	    {"“Refund”", "\"Refund\""},
	    {"「退款」", "\"退款\""},
	    {"–spam", "-spam"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct str s = command_plain(&a, str_c(forms[i].in));

		if (!str_eq(s, str_c(forms[i].out)))
			fail_msg("%s: %.*s", forms[i].in, STR_ARG(s));
	}
}

static void
test_arguments(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str s = S("billing \"Two words\" x"), name, value;
	uint64_t n = 0;
	bool plus;

	(void)state;
	assert_true(str_eq(command_word(&s), S("billing")));
	assert_true(str_eq(command_word(&s), S("Two words")));
	assert_true(str_eq(command_word(&s), S("x")));
	assert_int_equal(command_word(&s).n, 0);
	assert_true(command_number(S("#17"), &n) && n == 17);
	assert_true(command_number(S("[Acme #18]"), &n) && n == 18);
	assert_false(command_number(S("0"), &n));
	assert_false(command_number(S(""), &n));
	assert_false(command_number(S("17x"), &n));
	assert_true(str_eq(command_tags(&a, S("+a -b, c")), S("+a,-b,+c")));
	assert_true(str_eq(command_tags(&a, S("- a")), S("-a")));
	assert_true(command_field(S("order = 12"), &name, &value));
	assert_true(str_eq(name, S("order")) && str_eq(value, S("12")));
	assert_true(command_field(S("order="), &name, &value) && !value.n);
	assert_false(command_field(S("=12"), &name, &value));
	s = S("remove a@x");
	assert_true(command_add(&s, &plus) && !plus && str_eq(s, S("a@x")));
	s = S("+a@x");
	assert_true(command_add(&s, &plus) && plus && str_eq(s, S("a@x")));
	assert_true(command_kb_save(&a, S("save “My title”"), &s));
	assert_true(str_eq(s, S("My title")));
	assert_false(command_kb_save(&a, S("12"), &s));
}

/* --- the man page ------------------------------------------------------ */

static struct str
read_whole(struct arena *a, const char *path)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	if (file_read(path, 10 << 20, &b, &err) < 0)
		fail_msg("%s", err.msg);
	return arena_dup(a, buf_str(&b));
}

/* As roff writes it: "-" and the dollar of quotes escaped, one line. */
static struct str
as_roff(struct arena *a, const char *words)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (const char *p = words; *p; p++) {
		if (*p == '"')
			buf_puts(&b, "\\(dq");
		else if (*p == '-')
			buf_puts(&b, "\\-");
		else
			buf_putc(&b, p == words && *p >= 'a' && *p <= 'z'
					 ? (char)(*p - 32)
					 : *p);
	}
	return arena_dup(a, buf_str(&b));
}

static struct str
one_line(struct arena *a, struct str s)
{
	struct str x = arena_dup(a, s);
	char *p = arena_cstr(a, s);

	for (size_t i = 0; i < x.n; i++)
		if (p[i] == '\n')
			p[i] = ' ';
	return str_n(p, x.n);
}

static void
test_man(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str page =
	    one_line(&a, read_whole(&a, SRCDIR "/man/helpd-commands.7"));

	(void)state;
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		const struct command_row *r = &command_table[i];
		struct str rest = str_c(r->zh), head;
		uint32_t c;
		size_t n;

		buf_printf(&b, ".It Cm #%s", r->name);
		if (r->args[0]) {
			/* Only the help begins with a capital. */
			head = as_roff(&a, r->args);
			buf_printf(&b, " Ar %c%.*s", r->args[0],
			    STR_ARG(str_from(head, 1)));
			if (r->args[0] == '"' || r->args[0] == '-')
				fail_msg("%s", r->args);
		}
		buf_printf(&b, " %.*s. .Pq ", STR_ARG(as_roff(&a, r->help_en)));
		while ((n = utf8_next(rest, &c)) > 0) {
			buf_printf(&b, "\\[u%04X]", c);
			rest = str_from(rest, n);
		}
		buf_printf(&b, "; %s", level_name(r->level));
		if (r->flags & CMD_UNDO)
			buf_puts(&b, ", undo");
		if (r->flags & CMD_ALONE)
			buf_puts(&b, ", alone");
		buf_puts(&b, " .");
		if (!str_has(page, buf_str(&b)))
			fail_msg("helpd-commands(7) lacks: %s", buf_cstr(&b));
	}
}

/* --- words ------------------------------------------------------------- */

/* The conversions of a format, "%.*s %u". */
static void
conversions(const char *s, struct buf *b)
{
	for (; *s; s++) {
		if (*s != '%')
			continue;
		do
			buf_putc(b, *s);
		while (*s && !strchr("sducxzl%", *++s) && *s);
		for (; *s == 'l' || *s == 'z'; s++)
			buf_putc(b, *s);
		buf_putc(b, *s);
		buf_putc(b, ' ');
		if (!*s)
			break;
	}
}

static void
test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < transcript_nwords; i++) {
		AUTO(buf_fini) struct buf en = BUF_INIT;
		AUTO(buf_fini) struct buf zh = BUF_INIT;
		const struct transcript_words *w = &transcript_words[i];

		conversions(w->en, &en);
		conversions(w->zh, &zh);
		if (!str_eq(buf_str(&en), buf_str(&zh)))
			fail_msg("%s / %s", w->en, w->zh);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(w->en, transcript_words[j].en);
	}
}

/* The string literal at s, and those that stand right behind it. */
static bool
literal(struct str s, struct buf *out)
{
	bool any = false;

	for (;;) {
		s = str_ltrim(s);
		if (!str_starts(s, S("\"")))
			return any;
		any = true;
		for (s = str_from(s, 1); s.n && s.p[0] != '"';
		     s = str_from(s, 1)) {
			if (s.p[0] == '\\' && s.n > 1) {
				s = str_from(s, 1);
				buf_putc(out, s.p[0] == 'n' ? '\n' : s.p[0]);
			} else
				buf_putc(out, s.p[0]);
		}
		s = str_from(s, 1);
	}
}

/* What is said by these files, each sentence that has a Chinese form or not. */
static void
look_for(struct str text, struct str call, const char *file)
{
	for (ptrdiff_t at = 0; (at = str_find(text, call, (size_t)at)) >= 0;
	     at++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		bool found = false;

		if (!literal(str_from(text, (size_t)at + call.n), &b) ||
		    str_eq(buf_str(&b), S("%s")))
			continue;
		for (size_t i = 0; i < transcript_nwords && !found; i++)
			found =
			    str_eq(buf_str(&b), str_c(transcript_words[i].en));
		if (!found)
			fail_msg(
			    "%s: \"%s\" has no Chinese", file, buf_cstr(&b));
	}
}

static void
test_all_said(void **state)
{
	static const char *const calls[] = {"transcript_say(x,", "&v->told,",
	    "SAY(r,", "SAY(x->r,", "NO(x,", "YES(x,", "REFUSE(r, x.c,",
	    "refuse(v,"};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	glob_t g;

	(void)state;
	assert_int_equal(glob(SRCDIR "/src/desk/command*.c", 0, NULL, &g), 0);
	assert_int_equal(
	    glob(SRCDIR "/src/desk/agent_*.c", GLOB_APPEND, NULL, &g), 0);
	assert_int_equal(
	    glob(SRCDIR "/src/desk/transcript.c", GLOB_APPEND, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		for (size_t j = 0; j < ARRAY_LEN(calls); j++)
			look_for(read_whole(&a, g.gl_pathv[i]), str_c(calls[j]),
			    g.gl_pathv[i]);
	globfree(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_help),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_arguments),
	    cmocka_unit_test(test_man),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_all_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

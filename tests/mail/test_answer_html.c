/* mail/answer_html: what is new in an HTML mail as HTML, and when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"
#include "mail/answer_html.h"
#include "mail/command_line.h"
#include "mail/parse.h"
#include "mail/reply_marker.h"

#define QUOTE                                                                  \
	"<div class=\"gmail_quote\"><div class=\"gmail_attr\">On Fri, Mar 1, " \
	"2024 at 10:00 AM Acme &lt;s@acme.example&gt; wrote:<br></div>"        \
	"<blockquote class=\"gmail_quote\">old</blockquote></div>"

/* clang-format off */
static const struct {
	const char *name, *html, *safe; /* NULL: none */
} cases[] = {
	{"whole", "<p>Hello <b>you</b></p>", "<p>Hello <b>you</b></p>"},
	{"quote goes", "<div>Yes.<br></div><br>" QUOTE, "<div>Yes.</div>"},
	{"no shells", "<div><div><span>Yes</span></div><div><b> </b></div></div>" QUOTE, "<div><div><span>Yes</span></div></div>"},
	{"blank lines inside stay", "<div>a</div><div><br></div><div>b</div>" QUOTE, "<div>a</div><div><br></div><div>b</div>"},
	{"commands go", "<div>#close</div><div>\xef\xbc\x83tag +a</div><div><br></div><div>Yes</div>" QUOTE, "<div>Yes</div>"},
	{"commands in paragraphs", "<p>#close</p>\n<p>#tag +a</p>\n<p>Yes</p>", "<p>Yes</p>"},
	{"a heading is no command", "<p>#1 left</p>", "<p>#1 left</p>"},
	{"commands only", "<p>#close</p>" QUOTE, NULL},
	{"nothing", QUOTE, NULL},
	{"Word", "<p class=\"MsoNormal\">a</p><p class=\"MsoNormal\">&nbsp;</p><p class=\"MsoNormal\">b</p>", "<div>a</div><div>\xc2\xa0</div><div>b</div>"},
	{"signature", "<div>Yes</div><div class=\"gmail_signature\">Ann<br>ACME</div>", "<div>Yes</div>"},
	{"footer", "<div>Yes</div><br><div>Sent from my iPhone</div>", "<div>Yes</div>"},
	{"list", "<ul><li>a</li><li>b</li></ul>" QUOTE, "<ul><li>a</li><li>b</li></ul>"},
	{"ordered", "<ol start=3><li>a</li></ol>", "<ol start=\"3\"><li>a</li></ol>"},
	{"table", "<table><tr><td>a</td><td>b</td></tr></table>", "<table><tr><td>a</td><td>b</td></tr></table>"},
	{"link", "<p>see <a href=\"https://a.example/x\">this</a></p>", "<p>see <a href=\"https://a.example/x\" rel=\"noopener noreferrer nofollow\">this</a></p>"},
	{"script", "<p onclick=\"x()\">a<script>b</script><style>c</style></p>", "<p>a</p>"},
	{"javascript", "<p><a href=\"javascript:x()\">a</a></p>", "<p><a>a</a></p>"},
	{"hidden", "<p>a<span style=\"display:none\">b</span></p>", "<p>a</p>"},
	{"hidden by class", "<style>.p{display:none}</style><p>a<span class=\"p\">b</span></p>", "<p>a</p>"},
	{"tiny", "<p>a<span style=\"font-size:0\">b</span></p>", "<p>a</p>"},
	{"picture", "<p>a</p><p><img src=\"cid:x@y\" alt=\"i.png\" width=\"3\" height=\"4\"></p><p>b</p>", "<p>a</p><p><img src=\"cid:x@y\" width=\"3\" height=\"4\"></p><p>b</p>"},
	{"picture first", "<p><img src=\"cid:x@y\"></p><p>b</p>", "<p><img src=\"cid:x@y\"></p><p>b</p>"},
	{"picture last", "<p>a</p><p><img src=\"cid:x@y\"></p>" QUOTE, "<p>a</p><p><img src=\"cid:x@y\"></p>"},
	{"picture behind commands", "<p>#close</p><p><img src=\"cid:x@y\"></p><p>b</p>", "<p><img src=\"cid:x@y\"></p><p>b</p>"},
	{"picture from elsewhere", "<p>a <img src=\"https://t.example/x.png\" alt=\":-)\"> b<img src=\"https://t.example/t.gif\"></p>", "<p>a :-) b</p>"},
	{"picture of the quote", "<p>a</p><blockquote>b<img src=\"cid:x@y\"></blockquote>", "<p>a</p>"},
	{"between quotes", "<blockquote>a</blockquote><p>b</p><blockquote>c</blockquote><p>d</p>", NULL},
	{"bottom", QUOTE "<p>Yes</p>", "<p>Yes</p>"},
	{"new and old in one", "<p>Yes. On Fri, 1 Mar 2024 at 10:00, Acme &lt;s@acme.example&gt; wrote:</p><blockquote>old</blockquote>", NULL},
	{"plain under a wrong label", "a\nb\n", NULL},
	{"pre", "<pre>#close\nYes\nAnn\n-- \nACME</pre>", "<pre>Yes\nAnn\n</pre>"},
	{"entities", "<p>a &lt;b&gt; &amp; \"c\"</p>", "<p>a &lt;b&gt; &amp; &quot;c&quot;</p>"},
	{"right to left", "<p class=\"MsoNormal\" dir=\"RTL\">\xd7\xa9</p>", "<div dir=\"RTL\">\xd7\xa9</div>"},
	{"unclosed", "<div><b>a", "<div><b>a</b></div>"},
	{"empty", "", NULL},
	{"rule inside", "<p>a</p><hr><p>And that was that.</p>", "<p>a</p><hr><p>And that was that.</p>"},
	{"notice", "<div>a</div><div>##- Please write your answer above this line -##</div><div>\xc2\xa6 secret</div>", "<div>a</div>"},
	{"notice in bold", "<div>a</div><div><b>##-&nbsp;Please write your answer above this line</b> -##</div><div>secret</div>", "<div>a</div>"},
	{"notice only", "<div>##- Please write your answer above this line -##</div><div>secret</div>", NULL},
};
/* clang-format on */

static void
test_cases(void **state)
{
	unsigned failures = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena a = ARENA_INIT;
		struct str safe, text, html = str_c(cases[i].html);
		struct str want = str_c(cases[i].safe);
		bool has = answer_html_make(&a, html, &safe, &text);

		if (has != (cases[i].safe != NULL) ||
		    !str_eq(str_sub(safe, 0, want.n), want) ||
		    safe.n != want.n) {
			print_message(
			    "%s: \"%.*s\"\n", cases[i].name, STR_ARG(safe));
			failures++;
		}
		if (!has && (safe.n || text.n))
			failures++;
		arena_fini(&a);
	}
	assert_int_equal(failures, 0);
}

static void
test_says(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
	    {"a b\nc", "a  b c\n", true},
	    {"- one\n- two", "   * one\n   * two\n", true},
	    {"- one", "  \u00b7 one", true},
	    {"this is bold", "this is *bold*", true},
	    {"see this <https://a.example/>", "see this\n<https://a.example/>",
		true},
	    {"a\n\nb", "a\n\n[image: image.png]\n\nb", true},
	    {"a b", "a [cid:image001.png@01D] b", true},
	    {"a\u00a0b", "a b", true},
	    {"a", "b", false},
	    {"a", "a b", false},
	    {"", "", false},
	    {"a", "", false},
	    {"5-3", "53", false},
	    {"a", "a [cid:", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (answer_html_says(str_c(pairs[i].a), str_c(pairs[i].b)) !=
		    pairs[i].same)
			fail_msg("%s / %s", pairs[i].a, pairs[i].b);
}

static void
test_command_lines(void **state)
{
	static const struct {
		const char *line, *rest; /* NULL: no command */
	} lines[] = {
	    {"#close", "close"},
	    {"  #tag +a  ", "tag +a"},
	    {"\u00a0#close\u00a0", "close"},
	    {"\ufeff#close", "close"},
	    {"\u3000\uff03close", "close"},
	    {"\ufe5fclose", "close"},
	    {"#\u5173\u95ed", "\u5173\u95ed"},
	    {"# close", NULL},
	    {"#1042", NULL},
	    {"##close", NULL},
	    {"#", NULL},
	    {"", NULL},
	    {"close", NULL},
	    {">#close", NULL},
	    {"#\u00fcber", NULL},
	};
	struct str text = S("\n\n#a\n \u00a0\n#b\r\n\n  Text\n#c\n"), line,
		   rest;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		rest = S("");
		if (command_line_is(str_c(lines[i].line), &rest) !=
			(lines[i].rest != NULL) ||
		    !str_eq(rest, str_c(lines[i].rest)))
			fail_msg(
			    "\"%s\": \"%.*s\"", lines[i].line, STR_ARG(rest));
	}
	assert_true(command_line_next(&text, &line, &rest));
	assert_true(str_eq(line, S("#a")) && str_eq(rest, S("a")));
	assert_true(command_line_next(&text, NULL, &rest));
	assert_true(str_eq(rest, S("b")));
	assert_false(command_line_next(&text, NULL, NULL));
	assert_true(str_eq(text, S("  Text\n#c\n")));
}

static void
test_markers(void **state)
{
	static const char *const languages[] = {
	    "en", "zh_CN", "zh-TW", "de", "de-AT", "fr", "es", "xx", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		for (int m = MARKER_TOP; m <= MARKER_END; m++) {
			struct arena a = ARENA_INIT;
			struct str s =
			    reply_marker((enum marker)m, str_c(languages[i]));
			struct str line = arena_printf(
			    &a, "> >  *%.*s* <http://x.example>", STR_ARG(s));

			assert_true(s.n > 0);
			assert_int_equal(reply_marker_of(s), m);
			assert_int_equal(reply_marker_of(line), m);
			arena_fini(&a);
		}
	assert_int_equal(reply_marker_of(S("")), MARKER_NONE);
	assert_int_equal(reply_marker_of(S("## Message ##")), MARKER_NONE);
	assert_int_equal(reply_marker_of(S("####")), MARKER_NONE);
}

#define MAIL(to, ids, subject)                                          \
	"From: Anna <anna@acme.example>\nTo: " to "\nSubject: " subject \
	"\n" ids                                                        \
	"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" \
	"<p>#close</p><p>Yes, <b>now</b>.</p>"

/* Only mail that answers a notice pays for it; what was made comes through the record. */
static void
test_mails(void **state)
{
	static const struct {
		const char *raw;
		bool has;
	} mails[] = {
	    {MAIL("s@acme.example",
		 "In-Reply-To: "
		 "<helpd.7.amzxw6ytb.mq3k2x1c.kaa@acme.example>\n",
		 "Re: x"),
		true},
	    {MAIL("s@acme.example",
		 "In-Reply-To: <helpd.7.3.mq3k2x1c.kaa@acme.example>\n",
		 "Re: x"),
		false},
	    {MAIL("s+7.mzxw6ytb.kaa@acme.example", "", "x"), true},
	    {MAIL("s+7.kaa@acme.example", "", "x"), false},
	    {MAIL("s@acme.example", "", "Re: [Acme #7] x"), true},
	    {MAIL("s@acme.example", "", "Re: x"), false},
	    {MAIL("s+7.mzxw6ytb.kaa@acme.example",
		 "Auto-Submitted: auto-replied\n", "x"),
		false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT;
		struct message m, again;
		struct err err = ERR_INIT;

		assert_int_equal(
		    message_parse(&a, str_c(mails[i].raw), NULL, &m, &err), 0);
		message_encode(&m, &b);
		assert_int_equal(
		    message_decode(&a, buf_str(&b), &again, &err), 0);
		assert_true(str_eq(again.answer_html,
		    mails[i].has ? S("<p>Yes, <b>now</b>.</p>") : S("")));
		assert_true(str_eq(again.answer_text,
		    mails[i].has ? S("Yes, now.\n") : S("")));
		buf_fini(&b);
		arena_fini(&a);
	}
}

static void
test_large(void **state)
{
	static const char *const parts[] = {"<p>#a</p>", "<div>a<br>", "a\n",
	    "<img src=\"cid:a\" alt=\"b\">", "<blockquote>a</blockquote><p>b",
	    "<b></b>", "##- ", "<pre>\n\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT;
		struct str safe, text;
		int64_t began = clock_mono();

		while (b.n < ANSWER_HTML_MAX - 100)
			buf_puts(&b, parts[i]);
		answer_html_make(&a, buf_str(&b), &safe, &text);
		if (clock_mono() - began > 2000)
			fail_msg("%s takes %d ms", parts[i],
			    (int)(clock_mono() - began));
		buf_fini(&b);
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_says),
	    cmocka_unit_test(test_command_lines),
	    cmocka_unit_test(test_markers),
	    cmocka_unit_test(test_mails),
	    cmocka_unit_test(test_large),
	};
	struct err err = ERR_INIT;

	if (parse_init(NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

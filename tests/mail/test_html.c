/* mail/html: HTML as text, and HTML made harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "base/buf.h"
#include "base/must.h"
#include "mail/html.h"

/* clang-format off */
static const struct {
	const char *name, *html, *text;
} texts[] = {
	{"empty", "", ""},
	{"plain", "just text", "just text\n"},
	{"entities", "a &lt;b&gt; &amp; &eacute; &#8364; &nbsp; c", "a <b> & é € c\n"},
	{"paragraphs", "<p>one</p><p>two</p>", "one\n\ntwo\n"},
	{"divs", "<div>a</div><div><br></div><div>b<br></div>c", "a\n\nb\nc\n"},
	{"many breaks", "a<br><br><br><br>b", "a\n\nb\n"},
	{"outlook", "<p class=MsoNormal>a<o:p></o:p></p><p class=MsoNormal>b</p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>c</p>",
	    "a\nb\n\nc\n"},
	{"heading", "<h1>Title</h1>text", "Title\n\ntext\n"},
	{"list", "x<ul><li>a<li>b<ol><li>c</li><li>d</ol></ul>y", "x\n\n- a\n- b\n  1. c\n  2. d\n\ny\n"},
	{"table", "<table><tr><th>Name</th><th>Price</th></tr><tr><td> Ink </td><td>9</td></tr></table>", "Name\tPrice\nInk\t9\n"},
	{"link", "See <a href=\"http://a.example/x\">the page</a>.", "See the page <http://a.example/x>.\n"},
	{"link itself", "<a href=\"http://a.example/\">a.example</a> <a href='https://www.b.example'>https://www.b.example/</a>",
	    "a.example https://www.b.example/\n"},
	{"mailto", "<a href=\"mailto:a@b.example?subject=x\">a@b.example</a>", "a@b.example\n"},
	{"script link", "<a href=\"javascript:x()\">y</a>", "y\n"},
	{"empty link", "a<a href='http://x.example'></a>b", "ab\n"},
	{"image", "a<img src=x alt='a cat'>b <img src=y>c", "a a cat b c\n"},
	{"pre", "<pre>a\n  b\n\nc</pre>d", "a\n  b\n\nc\n\nd\n"},
	{"hidden", "a<div style='display: none'>x<p>y</div><span style='font-size:0px'>z<b style='font-size:12px'>k</b></span>b<style>q{}</style><script>r</script>",
	    "a\nkb\n"},
	{"head", "<html><head><title>t</title></head><body>x</body></html>", "x\n"},
	{"comment", "a<!-- x <b> -->b<!--[if mso]>no<![endif]-->c", "abc\n"},
	{"zero width", "a&zwnj;&nbsp;\xe2\x80\x8b&nbsp;b", "a\xe2\x80\x8c b\n"},
	{"blockquote", "new<blockquote type=cite><div>old</div><blockquote>older</blockquote></blockquote>end",
	    "new\n> old\n> > older\nend\n"},
	{"gmail", "<div dir=ltr>New</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">On 1 Jan 2024 Anna &lt;<a href=\"mailto:a@b.example\">a@b.example</a>&gt; wrote:<br></div><blockquote class=\"gmail_quote\"><div>Old</div></blockquote></div>",
	    "New\n\nOn 1 Jan 2024 Anna <a@b.example> wrote:\n> Old\n"},
	{"gmx", "New<div name=\"quote\"><div>Von: x</div>Old</div>", "New\n> Von: x\n> Old\n"},
	{"yahoo", "New<div class=\"yahoo_quoted\">On x wrote:<div>Old</div></div>", "New\n> On x wrote:\n> Old\n"},
	{"outlook header", "<p>New</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>From:</b> Anna<br><b>Sent:</b> Monday<br></p></div>",
	    "New\n\nFrom: Anna\nSent: Monday\n"},
	{"table of paragraphs", "<table><tr><td><p>a</p></td><td><p class=MsoNormal>b</p></td></tr><tr><td><div>c</div></td><td>d</td></tr></table>", "a\tb\nc\td\n"},
	{"list of paragraphs", "<ul><li><p>a</p></li><li><p>b</p></li><li></li><li>c</li></ul>", "- a\n- b\n-\n- c\n"},
	{"owa", "New<hr><div id=divRplyFwdMsg><b>From:</b> Anna</div>", "New\n________________________________\nFrom: Anna\n"},
	{"signature", "Text<div class=\"gmail_signature\">Anna</div>", "Text\n--\nAnna\n"},
	{"plain text under the label", "Ann &amp; Bob\n\nsecond line\nthird\n", "Ann & Bob\n\nsecond line\nthird\n"},
	{"hidden by attribute", "<div hidden>pre</div><p>x</p>", "x\n"},
	{"hidden by opacity", "<div style=\"opacity:0\">pre</div><p style=\"opacity:0.5\">x</p>", "x\n"},
	{"hidden by class", "<style><!-- /* a */ .off, td.gone { display : none !important } @media print { .p { display:none } } .p b{display:none} --></style>"
	    "<p class=\"x off\">pre</p><table><tr><td class=gone>pre</td></tr></table><p class=p>x <b>y</b></p>", "x y\n"},
	{"conditions", "<p><![if !supportLists]>-<!\n[endif]> one</p><!--[if mso]><p>mso</p><![endif]--><! [endif]><p>two</p><!--[if !mso]><!--><p>three</p><!--<![endif]-->",
	    "- one\n\ntwo\n\nthree\n"},
	{"spacer", "a<img src=p.gif width=600 height=1 alt=pixel><img width=1 height=1 alt=track>b<img alt=photo>", "ab photo\n"},
	{"details", "<details><summary>More</summary>text</details>", "More\ntext\n"},
	{"broken", "<p>a<b>b<i>c</p>d</b></table></div>e", "abc\n\nde\n"},
	{"unclosed", "a<b", "a\n"},
	{"japanese", "<p>日本語<br>テスト</p>", "日本語\nテスト\n"},
};
/* clang-format on */

static void
test_text(void **state)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct str got;

		assert_int_equal(
		    html_to_text(&a, str_c(texts[i].html), &got, &err), 0);
		if (!str_eq(got, str_c(texts[i].text))) {
			print_error(
			    "%s: got \"%.*s\"\n", texts[i].name, STR_ARG(got));
			failed++;
		}
		arena_reset(&a);
	}
	assert_int_equal(failed, 0);
	arena_fini(&a);
}

/* The classical vectors. Nothing that runs, fetches or covers may come out. */
/* clang-format off */
static const char *const attacks[] = {
	"<script>alert(1)</script>",
	"<SCRIPT SRC=http://e.example/x.js></SCRIPT>",
	"<scr<script>ipt>alert(1)</script>",
	"<img src=x onerror=alert(1)>",
	"<img src=\"javascript:alert(1)\">",
	"<IMG SRC=JaVaScRiPt:alert(1)>",
	"<img src=http://e.example/pixel.gif>",
	"<img src=\"//e.example/pixel.gif\">",
	"<img srcset=\"http://e.example/p 1x\" src=\"data:image/png;base64,AA\">",
	"<a href=\"javascript:alert(1)\">x</a>",
	"<a href=\"java\tscript:alert(1)\">x</a>",
	"<a href=\"java&#10;script:alert(1)\">x</a>",
	"<a href=\"&#x6a;avascript:alert(1)\">x</a>",
	"<a href=\" &#14; javascript:alert(1)\">x</a>",
	"<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
	"<a href=\"vbscript:x\">x</a>",
	"<a href=x style=\"background:url(http://e.example)\" onmouseover=alert(1)>x</a>",
	"<svg onload=alert(1)><script>alert(1)</script></svg>",
	"<svg><a xlink:href=\"javascript:alert(1)\">x</a></svg>",
	"<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
	"<iframe src=\"http://e.example\"></iframe>",
	"<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
	"<object data=x></object><embed src=x><applet code=x></applet>",
	"<form action=http://e.example><input name=p type=password><button formaction=javascript:x>y</button></form>",
	"<style>@import url(http://e.example);</style><link rel=stylesheet href=http://e.example>",
	"<div style=\"position:fixed;background:url('javascript:alert(1)')\">x</div>",
	"<body background=http://e.example onload=alert(1)>",
	"<table background=\"http://e.example\"><td background=http://e.example>x</table>",
	"<meta http-equiv=refresh content=\"0;url=http://e.example\"><base href=http://e.example>",
	"<video src=http://e.example poster=x><source src=http://e.example></video><audio src=http://e.example>",
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
	"<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
	"<img alt=\"`><script>alert(1)</script>\">",
	"<p title='\"><script>alert(1)</script>'>x</p>",
	"<<script>alert(1);//<</script>",
	"<a href=\"https://x.example\" onclick=\"alert(1)\" target=_self ping=http://e.example>x</a>",
	"<textarea><script>alert(1)</script></textarea><template><script>alert(1)</script></template>",
	"<xml><i><b>&lt;script&gt;</b></i></xml><?xml version=1?><x:script xmlns:x=x>alert(1)</x:script>",
	"<details open ontoggle=alert(1)>x</details><marquee onstart=alert(1)>x</marquee>",
	"<img src=\"cid:a\" onload=alert(1) style=x>",
};
/* clang-format on */

/* Without the values of title and alt, which may say anything. */
static struct str
without_words(struct arena *a, struct str s)
{
	static const struct str names[] = {S(" title=\""), S(" alt=\"")};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ptrdiff_t at, end;

		while ((at = str_find(s, names[i], 0)) >= 0) {
			end = str_chr(s, '"', (size_t)at + names[i].n);
			assert_true(end > 0);
			s = arena_printf(a, "%.*s%.*s",
			    STR_ARG(str_sub(s, 0, (size_t)at)),
			    STR_ARG(str_from(s, (size_t)end + 1)));
		}
	}
	return s;
}

static void
test_sanitise(void **state)
{
	static const char *const bad[] = {"<script", "onerror",
	    "onload=", "onclick", "onmouse", "style=", "<style", "<svg",
	    "<math", "<iframe", "<object", "<embed", "<form", "<input", "<link",
	    "<meta", "<base", "<video", "<audio", "src=\"http", "src=\"//",
	    "src=\"data", "href=\"java", "href=\"data", "href=\"vb",
	    "background=", "srcset", "poster", "<x:", "ping=", "<?", "<!"};
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		struct str safe;

		assert_int_equal(
		    html_sanitise(&a, str_c(attacks[i]), &safe, &err), 0);
		safe = without_words(&a, safe);
		for (size_t k = 0; k < ARRAY_LEN(bad); k++)
			if (str_ihas(safe, str_c(bad[k])))
				fail_msg(
				    "%s gave %.*s", attacks[i], STR_ARG(safe));
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void
test_sanitise_keeps(void **state)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct str safe;

	(void)state;
	assert_int_equal(html_sanitise(&a,
			     S("<P CLASS=x>Hi &lt;<b>you</B><br><a "
			       "href='https://a.example/?x=1&amp;y'>l</a><img "
			       "src=cid:1 width=10>"),
			     &safe, &err),
	    0);
	assert_string_equal(arena_cstr(&a, safe),
	    "<p>Hi &lt;<b>you</b><br>"
	    "<a href=\"https://a.example/?x=1&amp;y\" rel=\"noopener "
	    "noreferrer nofollow\">l</a>"
	    "<img src=\"cid:1\" width=\"10\"></p>");
	arena_fini(&a);
}

static struct str
repeat(struct buf *b, const char *head, const char *unit, size_t n,
    const char *tail)
{
	buf_reset(b);
	buf_puts(b, head);
	while (n--)
		buf_puts(b, unit);
	buf_puts(b, tail);
	return buf_str(b);
}

/* Shapes that cost libxml2 the square of their size are refused before it sees them, or are harmless. */
static void
test_caps(void **state)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT;
	struct str out;
	clock_t start = clock();

	(void)state;
	repeat(&b, "<p ", "a=b ", 100000, ">x");
	assert_int_equal(html_to_text(&a, buf_str(&b), &out, &err), -1);
	assert_int_equal(err.code, ERR_PERM);
	repeat(&b, "x", "<div>", 200000, "y");
	assert_int_equal(html_to_text(&a, buf_str(&b), &out, &err), -1);
	assert_int_equal(html_sanitise(&a, buf_str(&b), &out, &err), -1);
	assert_string_equal(
	    arena_cstr(&a, html_bare_text(&a, buf_str(&b))), "x y");
	repeat(&b, "x", "<div>", 60000, "y");
	assert_int_equal(html_to_text(&a, buf_str(&b), &out, &err), -1);
	repeat(&b, "", "<b>", 400, "");
	repeat(&b, buf_cstr(&b), "</i>", 0, "");
	assert_int_equal(html_to_text(&a, buf_str(&b), &out, &err), 0);
	repeat(&b, "", "<blockquote>a", 450, "");
	assert_int_equal(html_to_text(&a, buf_str(&b), &out, &err), 0);
	repeat(&b, "<p>", "<!--", 200000, "");
	html_to_text(&a, buf_str(&b), &out, &err);
	repeat(&b, "", "<", 500000, "");
	html_to_text(&a, buf_str(&b), &out, &err);
	repeat(&b, "", "&#x;&am", 200000, "");
	html_to_text(&a, buf_str(&b), &out, &err);
	repeat(&b, "", "<p \"", 30000, "");
	html_to_text(&a, buf_str(&b), &out, &err);
	repeat(&b, "<script>", "</scrip", 100000, "");
	html_to_text(&a, buf_str(&b), &out, &err);
	repeat(&b, "<a href='", "x", 1000000, "'>l</a>");
	html_to_text(&a, buf_str(&b), &out, &err);
	/* 20 s of CPU under sanitizers on a slow machine would still be a fault. */
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
	buf_fini(&b);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_sanitise),
	    cmocka_unit_test(test_sanitise_keeps),
	    cmocka_unit_test(test_caps),
	};

	html_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Fields, encoded words and parameters, proper and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../guard_page.h"
#include "mail/header.h"

static const struct {
	const char *what, *raw, *is;
} words[] = {
    {"plain", " Hello", "Hello"},
    {"folded", "Hello\r\n world", "Hello world"},
    {"folded by a tab", "Hello\n\tworld", "Hello world"},
    {"Q", "=?utf-8?q?caf=C3=A9_x?=", "caf\303\251 x"},
    {"B", "=?UTF-8?B?w6Q=?=", "\303\244"},
    {"language", "=?iso-8859-1*de?Q?=E4?=", "\303\244"},
    {"two words", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
    {"two folded words", "=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"},
    {"split between bytes", "=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "\303\244"},
    {"text around", "Re: =?utf-8?q?=C3=A4?= now", "Re: \303\244 now"},
    {"inside a word", "foo=?utf-8?q?bar?=baz", "foobarbaz"},
    {"blanks in a word", "=?utf-8?q?a b?=", "a b"},
    {"no padding", "=?utf-8?B?w6Q?=", "\303\244"},
    {"folded in the middle", "=?utf-8?B?w6\r\n Q=?=", "\303\244"},
    {"no such charset", "=?x-none?Q?a?=", "a"},
    {"never closed", "=?utf-8?q?a", "=?utf-8?q?a"},
    {"closed by the next one", "=?utf-8?q?a =?utf-8?q?b?=", "=?utf-8?q?a b"},
    {"not one", "a =? b ?=", "a =? b ?="},
    {"empty",
	"=?utf-8?q?"
	"?=",
	""},
    {"Japanese",
	"=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "\343\201\223\343\202\223"},
    {"Chinese", "=?gb2312?B?xOO6ww==?=", "\344\275\240\345\245\275"},
    {"raw UTF-8", "\303\244", "\303\244"},
    {"raw 8-bit by the given charset", "\344", "\303\244"},
    {"control characters", "a\001b\177c", "a b c"},
    {"a line break from a word", "=?utf-8?q?a=0D=0ABcc:_b?=", "a Bcc: b"},
    {"blank lines inside", "TEST\r\n \r\n\t=?utf-8?q?x?=", "TESTx"},
    {"blank lines at the end", "TEST\r\n ", "TEST"},
};

static void
decodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct arena a = ARENA_INIT;
		struct str s =
		    header_decode(&a, str_c(words[i].raw), S("iso-8859-1"));

		if (!str_eq(s, str_c(words[i].is)))
			fail_msg("%s: \"%.*s\"", words[i].what, STR_ARG(s));
		arena_fini(&a);
	}
}

static const struct {
	const char *what, *raw, *value, *name, *is;
} params[] = {
    {"plain", "text/plain; charset=utf-8", "text/plain", "charset", "utf-8"},
    {"quoted", "text/plain; charset=\"utf-8\"", "text/plain", "charset",
	"utf-8"},
    {"case and blanks", "Text / Plain ;CHARSET = utf-8", "text/plain",
	"charset", "utf-8"},
    {"a comment", "text/plain (x); charset=utf-8 (y)", "text/plain", "charset",
	"utf-8 (y)"},
    {"no semicolon", "text/plain charset=utf-8", "text/plain", "charset",
	"utf-8"},
    {"no semicolon between", "a/b; x=1 charset=utf-8", "a/b", "charset",
	"utf-8"},
    {"a quote at the end only", "attachment; filename=a.txt\"", "attachment",
	"filename", "a.txt"},
    {"RFC 2231 without the star", "attachment; filename=\"UTF-8''%C3%A4.txt\"",
	"attachment", "filename", "\303\244.txt"},
    {"no RFC 2231 at all", "attachment; filename=\"utf-8's 5% and 'x'.txt\"",
	"attachment", "filename", "utf-8's 5% and 'x'.txt"},
    {"blanks without quotes", "attachment; filename=This is a test.txt",
	"attachment", "filename", "This is a test.txt"},
    {"quotes in quotes", "attachment; filename=\"a \"b\" c.txt\"", "attachment",
	"filename", "a \"b\" c.txt"},
    {"backslashes of a path", "attachment; filename=\"C:\\temp\\x.txt\"",
	"attachment", "filename", "C:\\temp\\x.txt"},
    {"a quote left open", "attachment; filename=\"x.txt", "attachment",
	"filename", "x.txt"},
    {"a semicolon in quotes", "a/b; name=\"x;y.txt\"; z=1", "a/b", "name",
	"x;y.txt"},
    {"RFC 2231", "a/b; name*=utf-8'en'%E2%82%AC.txt", "a/b", "name",
	"\342\202\254.txt"},
    {"in pieces", "a/b; name*0=\"long\"; name*1=\"er.txt\"", "a/b", "name",
	"longer.txt"},
    {"in pieces, out of order", "a/b; name*1=\"b\"; name*0=\"a\"", "a/b",
	"name", "ab"},
    {"pieces, a character split",
	"a/b; name*0*=utf-8''%E2%82; name*1*=%AC; name*2=\".txt\"", "a/b",
	"name", "\342\202\254.txt"},
    {"both forms", "a/b; name=x; name*=utf-8''y", "a/b", "name", "y"},
    {"RFC 2047 in it", "a/b; name=\"=?utf-8?q?=E2=82=AC=2Etxt?=\"", "a/b",
	"name", "\342\202\254.txt"},
    {"raw UTF-8", "a/b; name=\"\342\202\254.txt\"", "a/b", "name",
	"\342\202\254.txt"},
    {"folded", "a/b;\r\n\tname=\"x.txt\"", "a/b", "name", "x.txt"},
    {"no value", "; charset=utf-8", "", "charset", "utf-8"},
    {"nothing", "", "", "charset", ""},
};

static void
parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		struct arena a = ARENA_INIT;
		struct params p;
		struct str s;

		params_parse(&a, str_c(params[i].raw), &p);
		s = params_get(&p, str_c(params[i].name));
		if (!str_eq(p.value, str_c(params[i].value)) ||
		    !str_eq(s, str_c(params[i].is)))
			fail_msg("%s: \"%.*s\" \"%.*s\"", params[i].what,
			    STR_ARG(p.value), STR_ARG(s));
		arena_fini(&a);
	}
}

static const struct {
	const char *what, *raw, *names, *body;
} blocks[] = {
    {"LF", "A: 1\nB: 2\n\nbody", "A,B", "body"},
    {"CRLF", "A: 1\r\nB: 2\r\n\r\nbody", "A,B", "body"},
    {"CR", "A: 1\rB: 2\r\rbody\n", "A,B", "body\n"},
    {"CRCRLF", "A: 1\r\r\nB: 2\r\r\n\r\r\nbody", "A,B", "body"},
    {"continued", "A: 1\n 2\nB: 3\n\n", "A,B", ""},
    {"blanks before the colon", "A : 1\n\nx", "A", "x"},
    {"mbox", "From a@b Sun Mar  1 09:30:00 2026\nA: 1\n\nx", "A", "x"},
    {"no fields", "\nbody", "", "body"},
    {"nothing", "", "", ""},
    {"no empty line", "A: 1\nThis is text.\n\nMore: x\n", "A",
	"This is text.\n\nMore: x\n"},
    {"junk between fields", "A: 1\njunk here\nSubject: 2\n\nx", "A,Subject",
	"x"},
    {"no body", "A: 1", "A", ""},
};

static void
fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT;
		struct str raw = str_c(blocks[i].raw);
		struct fields f;
		size_t at = fields_scan(&a, raw, &f);

		for (size_t k = 0; k < f.n; k++) {
			buf_puts(&b, k ? "," : "");
			buf_put(&b, f.v[k].name);
		}
		if (strcmp(buf_cstr(&b), blocks[i].names) != 0 ||
		    !str_eq(str_from(raw, at), str_c(blocks[i].body)))
			fail_msg("%s: %s, \"%.*s\"", blocks[i].what,
			    buf_cstr(&b), STR_ARG(str_from(raw, at)));
		buf_fini(&b);
		arena_fini(&a);
	}
}

static void
cut_everywhere(const char *raw)
{
	for (size_t n = 0; n <= strlen(raw); n++) {
		struct guarded g = guard_page(str_n(raw, n));
		struct arena a = ARENA_INIT;
		struct params p;
		struct fields f;

		fields_scan(&a, g.s, &f);
		header_decode(&a, g.s, S("utf-8"));
		params_parse(&a, g.s, &p);
		arena_fini(&a);
		guard_page_free(&g);
	}
}

static void
never_reads_too_far(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		cut_everywhere(words[i].raw);
	for (size_t i = 0; i < ARRAY_LEN(params); i++)
		cut_everywhere(params[i].raw);
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		cut_everywhere(blocks[i].raw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decodes),
	    cmocka_unit_test(parameters),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(never_reads_too_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

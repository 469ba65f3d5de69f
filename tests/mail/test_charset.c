/* Charsets: every spelling, wrong labels, missing ones; and the corpus of texts, each wrapped into a mail, when it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/parse.h"

static const struct {
	const char *what, *label, *bytes, *is,
	    *charset; /* charset NULL: not looked at */
} rows[] = {
    {"ASCII", "us-ascii", "abc", "abc", "us-ascii"},
    {"no label", "", "abc", "abc", "us-ascii"},
    {"UTF-8", "UTF-8", "\303\244", "\303\244", "utf-8"},
    {"a mark", "utf-8", "\357\273\277a", "a", "utf-8"},
    {"Latin 1 is windows-1252", "ISO-8859-1", "\200\344",
	"\342\202\254\303\244", "iso-8859-1"},
    {"quoted label", "\"utf-8\"", "\303\244", "\303\244", "utf-8"},
    {"label with more behind", "utf-8; format=flowed", "\303\244", "\303\244",
	"utf-8"},
    {"underscore", "utf_8", "\303\244", "\303\244", NULL},
    {"cp-850", "cp-850", "\204", "\303\244", NULL},
    {"win-1251", "win-1251", "\344", "\320\264", NULL},
    {"x-windows-1251", "x-windows-1251", "\344", "\320\264", NULL},
    {"iso8859_5", "iso8859_5", "\324", "\320\264", NULL},
    {"koi8r", "koi8-r", "\304", "\320\264", NULL},
    {"GB 2312 is GB 18030", "gb2312", "\304\343\272\303",
	"\344\275\240\345\245\275", NULL},
    {"KS C 5601 is windows-949", "ks_c_5601-1987", "\260\241\201\101",
	"\352\260\200\352\260\202", NULL},
    {"Shift_JIS", "shift_jis", "\202\261", "\343\201\223", NULL},
    {"ISO-2022-JP", "iso-2022-jp", "\033$B$3\033(B", "\343\201\223", NULL},
    {"ISO-2022-JP with a circled digit of Windows", "iso-2022-jp",
	"\033$B-!\033(B", "\342\221\240", NULL},
    {"EUC-JP", "euc-jp", "\244\263", "\343\201\223", NULL},
    {"Big5", "big5", "\247\101", "\344\275\240", NULL},
    {"EUC-TW", "euc-tw", "\304\343", NULL, NULL},
    {"Johab", "johab", "\210\141", "\352\260\200", NULL},
    {"UTF-7", "unicode-1-1-utf-7", "Hi +AGE-", "Hi a", NULL},
    {"UTF-16 with a mark", "utf-16", "\376\377\0a", "a", NULL},
    {"labelled UTF-8, is not", "utf-8", "caf\351", "caf\303\251",
	"windows-1252"},
    {"labelled ASCII, is UTF-8", "us-ascii", "\303\244\303\266",
	"\303\244\303\266", "utf-8"},
    {"no such charset", "x-foo", "\303\244", "\303\244", "utf-8"},
    {"no label, Japanese", "", "\033$B$3$s\033(B", "\343\201\223\343\202\223",
	"iso-2022-jp"},
    {"a broken character", "utf-8",
	"\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244\377",
	"\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244"
	"\357\277\275",
	"utf-8"},
};

static void
decodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = ARENA_INIT;
		struct str bytes = str_c(rows[i].bytes);
		struct charset_text t;

		if (!strcmp(rows[i].what, "UTF-16 with a mark"))
			bytes.n = 4;
		charset_decode(&a, str_c(rows[i].label), bytes, &t);
		if ((rows[i].is && !str_eq(t.text, str_c(rows[i].is))) ||
		    !utf8_valid(t.text) || !t.charset.n ||
		    (rows[i].charset &&
			!str_eq(t.charset, str_c(rows[i].charset))))
			fail_msg("%s: \"%.*s\" %.*s", rows[i].what,
			    STR_ARG(t.text), STR_ARG(t.charset));
		arena_fini(&a);
	}
}

/* Dirt in plain text is no UTF-16; a script that has few spaces is. */
static void
zeros(void **state)
{
	(void)state;
	assert_true(
	    str_eq(charset_guess(S("He\0llo and so on\0")), S("us-ascii")));
	assert_true(str_eq(
	    charset_guess(S("H\0i\0 \0y\0o\0u\0!\0\n\0")), S("utf-16le")));
	assert_true(
	    str_eq(charset_guess(S("\4\37\4\40\4\30\4\22\0 \4\37\4\40\0\n")),
		S("utf-16be")));
}

static void
lines(void **state)
{
	struct arena a = ARENA_INIT;
	struct str s = S("a\r\nb\rc\nd\r\r\ne\0f");

	(void)state;
	assert_true(str_eq(charset_lines(&a, s), S("a\nb\nc\nd\ne f")));
	arena_fini(&a);
}

/* ---- the corpus: DIR/ENCODING[-LANGUAGE]/FILE ---- */

struct tally {
	unsigned n, clean, same;
};

static struct str
as_mail(struct arena *a, struct str label, struct str text)
{
	struct buf b = BUF_INIT;
	struct str s;

	buf_puts(&b, "From: a@example.com\nContent-Type: text/plain");
	if (label.n)
		buf_printf(&b, "; charset=\"%.*s\"", STR_ARG(label));
	buf_puts(&b, "\nContent-Transfer-Encoding: base64\n\n");
	for (size_t i = 0; i < text.n; i += 57) {
		buf_base64(&b, str_sub(text, i, i + 57));
		buf_putc(&b, '\n');
	}
	s = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

/* "iso-8859-2-czech": the label is what stands before a word of letters only. */
static struct str
label_of(struct str folder)
{
	static const char *const languages[] = {"-croatian", "-czech",
	    "-hungarian", "-polish", "-slovak", "-slovene", "-bulgarian",
	    "-russian", "-arabic", "-greek", "-turkish", "-romanian",
	    "-hebrew"};

	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (str_ends(folder, str_c(languages[i])))
			return str_sub(
			    folder, 0, folder.n - strlen(languages[i]));
	return folder;
}

static void
one_text(const char *path, struct str label, struct tally *t)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	struct message with, without;

	assert_int_equal(file_read(path, 0, &b, &err), 0);
	assert_int_equal(message_parse(&a, as_mail(&a, label, buf_str(&b)),
			     NULL, &with, &err),
	    0);
	assert_int_equal(message_parse(&a, as_mail(&a, S(""), buf_str(&b)),
			     NULL, &without, &err),
	    0);
	t->n++;
	t->clean += with.text.n && !str_has(with.text, S("\357\277\275"));
	t->same += str_eq(with.text, without.text);
	buf_fini(&b);
	arena_fini(&a);
}

static void
corpus(void **state)
{
	struct arena a = ARENA_INIT;
	struct tally t = {0};
	const char *root = getenv("HELPD_CORPORA");
	const char *top =
	    path_join(&a, root ? root : "../shared/corpora", "charset");
	DIR *d = opendir(top), *in;
	struct dirent *e, *f;

	(void)state;
	if (!d && !root) {
		const char *src = getenv("srcdir");

		top =
		    path_join(&a, src ? src : ".", "../shared/corpora/charset");
		d = opendir(top);
	}
	if (!d) {
		print_message("SKIP: no %s\n", top);
		arena_fini(&a);
		skip();
	}
	while ((e = readdir(d))) {
		const char *folder = path_join(&a, top, e->d_name);

		if (e->d_name[0] == '.' || !(in = opendir(folder)))
			continue;
		while ((f = readdir(in)))
			if (f->d_name[0] != '.')
				one_text(path_join(&a, folder, f->d_name),
				    label_of(str_c(e->d_name)), &t);
		closedir(in);
	}
	closedir(d);
	arena_fini(&a);
	print_message("%u texts: %u decode by their label, %u without it\n",
	    t.n, t.clean, t.same);
	assert_true(t.n > 400);
	assert_true(t.clean * 100 >= t.n * 97);
	assert_true(t.same * 100 >= t.n * 85);
}

static int
init(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	return parse_init(NULL, &err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decodes),
	    cmocka_unit_test(zeros),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(corpus),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}

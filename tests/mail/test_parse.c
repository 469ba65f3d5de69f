/* Whole mails: what a reader gets of each, and that no mail costs too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/parse.h"

#define HEAD "From: Anna <anna@example.com>\nMIME-Version: 1.0\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=b\n\n"
#define ALT HEAD "Content-Type: multipart/alternative; boundary=b\n\n"

/* attachments: "name type size[ inline] part" each, "|" between. */
static const struct {
	const char *what, *mail, *text, *html, *attachments;
} rows[] = {
    {"plain", HEAD "\nhello\n", "hello\n", "", ""},
    {"CRLF", "From: a@example.com\r\n\r\nhello\r\nyou\r\n", "hello\nyou\n", "",
	""},
    {"CR", "From: a@example.com\r\rhello\r", "hello\n", "", ""},
    {"empty lines before the header", "\n\n" HEAD "\nhello\n", "hello\n", "",
	""},
    {"folds without their blanks",
	"Received: from a\nby b with SMTP\nid 1\n:x\ny\nFrom: a@example.com\n"
	"Content-Type: text/html\n\n<p>hello</p>\n",
	"hello", "<p>hello</p>\n", ""},
    {"text without an empty line", "Received: from a\nhello\nyou\n\nFrom: x\n",
	"hello\nyou\n\nFrom: x\n", "", ""},
    {"only a named text, encoded",
	"From: a@example.com\nContent-Type: multipart/mixed; "
	"boundary=b\n\n--b\n"
	"Content-Type: text/plain; name=a.txt\nContent-Transfer-Encoding: "
	"base64\n\naGVsbG8=\n--b\nContent-Type: image/png\n"
	"Content-Transfer-Encoding: base64\n\nQUJDREVGRw==\n--b--\n",
	"hello", "", "a.txt text/plain 5 1| image/png 7 2"},
    {"an empty header", "\nhello\nSubject: no\n", "hello\nSubject: no\n", "",
	""},
    {"a name in the disposition",
	MIXED "--b\nContent-Disposition: attachment; name=a.txt\n\nx\n--b--\n",
	"", "", "a.txt text/plain 1 1"},
    {"a BOM before it", "\357\273\277" HEAD "\nhello\n", "hello\n", "", ""},
    {"HTML only", HEAD "Content-Type: text/html\n\n<p>hello</p>", "hello",
	"<p>hello</p>", ""},
    {"alternative",
	ALT "--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html</p>\n"
	    "--b--\n",
	"plain", "<p>html</p>", ""},
    {"alternative, the plain one blank",
	ALT "--b\n\n \n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n",
	"html", "<p>html</p>", ""},
    {"HTML, then a footer in plain",
	MIXED "--b\nContent-Type: text/html\n\n<p>hello</p>\n--b\n\nfooter\n"
	      "--b--\n",
	"hello\nfooter", "<p>hello</p>", ""},
    {"two texts", MIXED "--b\n\none\n--b\n\ntwo\n--b--\n", "one\ntwo", "", ""},
    {"an attachment",
	MIXED "--b\n\nhello\n--b\nContent-Type: image/png; name=\"a.png\"\n"
	      "Content-Transfer-Encoding: base64\n\nAAEC\n--b--\n",
	"hello", "", "a.png image/png 3 2"},
    {"text as an attachment",
	MIXED "--b\n\nhello\n--b\nContent-Disposition: attachment; "
	      "filename=x.txt\n\nabc\n--b--\n",
	"hello", "", "x.txt text/plain 3 2"},
    {"text with a name, and nothing else",
	MIXED "--b\nContent-Type: text/plain; name=x.txt\n\nabc\n--b--\n",
	"abc", "", "x.txt text/plain 3 1"},
    {"an image of the HTML",
	HEAD "Content-Type: multipart/related; boundary=b\n\n--b\n"
	     "Content-Type: text/html\n\n<img src=\"cid:i@x\">hi\n--b\n"
	     "Content-Type: image/png\nContent-ID: <i@x>\n\nAAEC\n--b--\n",
	"hi", "<img src=\"cid:i@x\">hi", " image/png 4 inline 2"},
    {"a mail inside",
	MIXED "--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n"
	      "Subject: x\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n"
	      "inner\n--c\nContent-Type: a/b; name=f\n\nx\n--c--\n--b--\n",
	"see below\ninner", "", " message/rfc822 103 2|f a/b 1 2.2"},
    {"nothing but a mail inside",
	HEAD "Content-Type: message/rfc822\n\nSubject: x\n\ninner\n", "inner\n",
	"", " message/rfc822 18 1"},
    {"uuencode", HEAD "\nbefore\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\nafter\n",
	"before\nafter\n", "", "a.txt application/octet-stream 5 1/1"},
    {"format=flowed",
	HEAD "Content-Type: text/plain; format=flowed\n\none \ntwo\n",
	"one two\n", "", ""},
    {"an invitation alone",
	HEAD "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n"
	     "SUMMARY:Meet\nEND:VEVENT\nEND:VCALENDAR\n",
	"What: Meet\n", "", " text/calendar 67 1"},
    {"labelled base64, is not",
	HEAD "Content-Transfer-Encoding: base64\n\nThis is no base64, is it?\n",
	"This is no base64, is it?\n", "", ""},
    {"a name in RFC 2231",
	MIXED "--b\n\nhi\n--b\nContent-Type: a/b; "
	      "name*=utf-8''%E2%82%AC.txt\n\nx\n--b--\n",
	"hi", "", "\342\202\254.txt a/b 1 2"},
    {"an empty mail", "", "", "", ""},
};

static void
list(struct buf *b, const struct attachments *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct attachment *x = &l->v[i];

		buf_printf(b, "%s%.*s %.*s %llu%s %.*s", i ? "|" : "",
		    STR_ARG(x->name), STR_ARG(x->type),
		    (unsigned long long)x->size, x->is_inline ? " inline" : "",
		    STR_ARG(x->part));
	}
}

static void
reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT;
		struct err err = ERR_INIT;
		struct message m;

		assert_int_equal(
		    message_parse(&a, str_c(rows[i].mail), NULL, &m, &err), 0);
		list(&b, &m.attachments);
		/* Blank lines at the end are html.c's business. */
		if (!str_eq(
			str_rtrim(m.text), str_rtrim(str_c(rows[i].text))) ||
		    !str_eq(m.html, str_c(rows[i].html)) ||
		    strcmp(buf_cstr(&b), rows[i].attachments) != 0)
			fail_msg("%s: \"%.*s\" \"%.*s\" %s", rows[i].what,
			    STR_ARG(m.text), STR_ARG(m.html), buf_cstr(&b));
		buf_fini(&b);
		arena_fini(&a);
	}
}

/* A comma in the sender's name without quotes. */
static void
sender(void **state)
{
	static const struct {
		const char *from, *name, *addr;
	} froms[] = {
	    {"Doe, John <j@example.com>", "Doe, John", "j@example.com"},
	    {"\"Lamps \" <>, \"Ltd\" <l@example.com>", "Lamps, Ltd",
		"l@example.com"},
	    {"Doe, j@example.com", "Doe", "j@example.com"},
	    {"J <j@example.com>, Doe", "J", "j@example.com"},
	    {"Doe, John", "Doe", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(froms); i++) {
		struct arena a = ARENA_INIT;
		struct err err = ERR_INIT;
		struct message m;
		struct str mail =
		    arena_printf(&a, "From: %s\n\nx\n", froms[i].from);

		assert_int_equal(message_parse(&a, mail, NULL, &m, &err), 0);
		assert_true(m.from.n > 0);
		if (!str_eq(m.from.v[0].name, str_c(froms[i].name)) ||
		    !str_eq(m.from.v[0].addr, str_c(froms[i].addr)))
			fail_msg("%s: %.*s <%.*s>", froms[i].from,
			    STR_ARG(m.from.v[0].name),
			    STR_ARG(m.from.v[0].addr));
		arena_fini(&a);
	}
}

static void
header(void **state)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct message m;

	(void)state;
	assert_int_equal(
	    message_parse(&a,
		S("Return-Path: <>\r\nDelivered-To: d@example.com\r\n"
		  "X-Original-To: o@example.com\r\n"
		  "Authentication-Results: mx.example; dmarc=pass\r\n"
		  "From: =?utf-8?q?J=C3=B6rg?= <J@Example.COM>\r\n"
		  "To: a@example.com\r\nTo: b@example.com\r\n"
		  "Cc: c@example.com\r\nReply-To: r@example.com\r\n"
		  "Subject: =?utf-8?q?caf=C3=A9?=\r\n"
		  "Date: Sun, 01 Mar 2026 09:30:00 +0000\r\n"
		  "Message-ID: <m @example.com>\r\n"
		  "In-Reply-To: Your mail of Monday <i@example.com>\r\n"
		  "References: <1@x>\r\n <2@x>\r\n\t<3@x>\r\n"
		  "X-Spam-Flag: YES\r\n\r\nhi\r\n"),
		NULL, &m, &err),
	    0);
	assert_true(m.has_return_path && !m.return_path.n);
	assert_int_equal(m.delivered_to.n, 2);
	assert_int_equal(m.authentication_results.n, 1);
	assert_int_equal(m.from_fields, 1);
	assert_true(str_eq(m.from.v[0].name, S("J\303\266rg")));
	assert_true(str_eq(m.from.v[0].addr, S("J@example.com")));
	assert_int_equal(m.to.n, 2);
	assert_true(str_eq(m.subject, S("caf\303\251")));
	assert_int_equal(m.date, 1772357400 * CLOCK_SECOND);
	assert_true(str_eq(m.message_id, S("m@example.com")));
	assert_int_equal(m.in_reply_to.n, 1);
	assert_true(str_eq(m.in_reply_to.v[0], S("i@example.com")));
	assert_int_equal(m.references.n, 3);
	assert_true(m.spam);
	assert_int_equal(m.warnings.n, 0);
	assert_true(str_eq(message_header(&m, S("to")), S("a@example.com")));
	arena_fini(&a);
}

/* The first and the newest of a long thread. */
static void
references(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	struct message m;

	(void)state;
	buf_puts(&b, "References:");
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "\n <%d@x>", i);
	buf_puts(&b, "\n\nhi\n");
	assert_int_equal(message_parse(&a, buf_str(&b), NULL, &m, &err), 0);
	assert_int_equal(m.references.n, MESSAGE_IDS_MAX);
	assert_true(str_eq(m.references.v[0], S("0@x")));
	assert_true(str_eq(m.references.v[1], S("4001@x")));
	assert_true(str_eq(m.references.v[MESSAGE_IDS_MAX - 1], S("4999@x")));
	buf_fini(&b);
	arena_fini(&a);
}

static void
attachments(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	struct str mail =
	    S(MIXED "--b\n\nhi\n--b\nContent-Type: a/b; name=x\n"
		    "Content-Transfer-Encoding: base64\n\naGVsbG8=\n--b\n"
		    "Content-Type: a/b; name=y\n\nworld\n--b--\n");

	(void)state;
	assert_int_equal(message_attachment(&a, mail, NULL, 0, &b, &err), 0);
	assert_string_equal(buf_cstr(&b), "hello");
	assert_int_equal(message_attachment(&a, mail, NULL, 1, &b, &err), 0);
	assert_string_equal(buf_cstr(&b), "helloworld");
	assert_int_equal(message_attachment(&a, mail, NULL, 2, &b, &err), -1);
	assert_int_equal(err.code, ERR_NOENT);
	buf_fini(&b);
	arena_fini(&a);
}

/* ---- hostile mail: within two seconds, even under the sanitizers ---- */

struct hostile {
	const char *what, *before, *again;
	size_t times;
};
static const struct hostile hostile[] = {
    {"brackets", "To: ", "<", 900000},
    {"parentheses", "To: ", "(", 900000},
    {"quotes", "To: ", "\"a", 450000},
    {"colons", "To: x@y", ":", 900000},
    {"addresses in a row", "To: ", "a@b.c ", 150000},
    {"encoded words never closed", "Subject: ", "=?utf-8?Q?", 90000},
    {"encoded words", "Subject: ", "=?utf-8?Q?=C3=A4?= x ", 40000},
    {"fields", "", "X:\n", 300000},
    {"lone CRs", "", "X: a\r", 200000},
    {"parameters", "Content-Type: a/b", "; x*1*=%41", 90000},
    {"quoted parameters", "Content-Type: a/b;", " a=\"\\\"", 90000},
    {"dashes", "Content-Type: multipart/mixed; boundary=b\n\n", "-\n", 900000},
    {"boundaries", "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n",
	9990},
    {"begin lines", "From: a\n\n", "begin 644 a\nM", 90000},
    {"uuencoded files", "From: a\n\n", "begin 644 a\n#86)C\n`\nend\n", 40000},
    {"quoted lines", "Content-Type: text/plain; format=flowed\n\n", "> ",
	900000},
    {"escapes", "Content-Type: text/plain; charset=iso-2022-jp\n\n", "\033$B",
	600000},
    {"bad UTF-8", "Content-Type: text/plain; charset=utf-8\n\n", "\303\244\377",
	600000},
    {"tags", "Content-Type: text/html\n\n", "<b>", 600000},
    {"events", "Content-Type: text/calendar\n\n", "BEGIN:VEVENT\n", 60000},
    {"spaces", "Subject: x", "\n ", 400000},
    {"mails in mails", "", "Content-Type: message/rfc822\n\n", 95},
};

static void
bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT, rec = BUF_INIT;
		struct err err = ERR_INIT;
		struct message m, back;
		clock_t from = clock();
		double took;

		buf_puts(&b, hostile[i].before);
		for (size_t k = 0; k < hostile[i].times; k++)
			buf_puts(&b, hostile[i].again);
		if (message_parse(&a, buf_str(&b), NULL, &m, &err) == 0) {
			message_encode(&m, &rec);
			if (message_decode(&a, buf_str(&rec), &back, &err))
				fail_msg("%s: %s", hostile[i].what, err.msg);
		} else {
			assert_int_equal(err.code, ERR_PERM);
		}
		took = (double)(clock() - from) / CLOCKS_PER_SEC;
		if (took > 2)
			fail_msg("%s: %.1f s", hostile[i].what, took);
		buf_fini(&b);
		buf_fini(&rec);
		arena_fini(&a);
	}
}

/* ---- everything there is in the corpora, taken as mail ---- */

static unsigned seen, refused;

static void
try(struct arena *paths, const char *path)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT, rec = BUF_INIT;
	struct err err = ERR_INIT;
	struct message m, back;
	struct dirent *e;
	DIR *d = opendir(path);

	if (d) {
		while ((e = readdir(d)))
			if (e->d_name[0] != '.')
				try(paths, path_join(paths, path, e->d_name));
		closedir(d);
		return;
	}
	assert_int_equal(file_read(path, 0, &b, &err), 0);
	seen++;
	if (message_parse(&a, buf_str(&b), NULL, &m, &err)) {
		refused++;
	} else {
		message_encode(&m, &rec);
		if (message_decode(&a, buf_str(&rec), &back, &err))
			fail_msg("%s: %s", path, err.msg);
	}
	buf_fini(&b);
	buf_fini(&rec);
	arena_fini(&a);
}

static void
everything(void **state)
{
	struct arena a = ARENA_INIT;
	const char *root = getenv("HELPD_CORPORA"), *src = getenv("srcdir");
	struct stat st;

	(void)state;
	if (!root)
		root = path_join(&a, src ? src : ".", "../shared/corpora");
	if (stat(root, &st)) {
		print_message("SKIP: no %s\n", root);
		arena_fini(&a);
		skip();
	}
	try(&a, root);
	print_message("%u files, %u refused\n", seen, refused);
	assert_true(refused * 500 < seen);
	arena_fini(&a);
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
	    cmocka_unit_test(reads),
	    cmocka_unit_test(sender),
	    cmocka_unit_test(header),
	    cmocka_unit_test(references),
	    cmocka_unit_test(attachments),
	    cmocka_unit_test(bounded),
	    cmocka_unit_test(everything),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}

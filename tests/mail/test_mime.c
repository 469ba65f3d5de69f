/*
 * The tree of parts, limits, transfer encodings. Where a mail is proper, libetpan must see the same leaves with the same bytes: the corpus
 * of ordinary mail is compared with it, when it is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <libetpan/mailmime.h>
#include <libetpan/mmapstring.h>
#include <stdlib.h>

#undef MIN
#undef MAX

#include "base/file.h"
#include "base/must.h"
#include "mail/charset.h"
#include "mail/mime.h"

#define MULTI "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct {
	const char *what, *mail, *tree; /* "number type(body)" a part */
} rows[] = {
    {"one part", "Content-Type: text/html\n\nhi\n", "1 text/html(hi\n)"},
    {"no header at all", "\nhi\n", "1 text/plain(hi\n)"},
    {"two parts", MULTI "--b\n\none\n--b\n\ntwo\n--b--\n",
	" multipart/mixed 1 text/plain(one) 2 text/plain(two)"},
    {"preamble and epilogue", MULTI "pre\n--b\n\none\n--b--\nepi\n",
	" multipart/mixed 1 text/plain(one)"},
    {"CRLF",
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n"
	"--b--\r\n",
	" multipart/mixed 1 text/plain(one)"},
    {"blanks behind the boundary", MULTI "--b \n\none\n--b\t\n\ntwo\n--b-- \n",
	" multipart/mixed 1 text/plain(one) 2 text/plain(two)"},
    {"a longer boundary is another's", MULTI "--b\n\none\n--bb\n--b--\n",
	" multipart/mixed 1 text/plain(one\n--bb)"},
    {"no last boundary", MULTI "--b\n\none\n",
	" multipart/mixed "
	"1 text/plain(one)"},
    {"an empty part", MULTI "--b\n--b\n\ntwo\n--b--\n",
	" multipart/mixed 1 text/plain() 2 text/plain(two)"},
    {"no empty line", MULTI "--b\none\n--b--\n",
	" multipart/mixed "
	"1 text/plain(one)"},
    {"nested",
	MULTI "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\n"
	      "one\n--c\nContent-Type: text/html\n\ntwo\n--c--\n--b\n\nthree\n"
	      "--b--\n",
	" multipart/mixed 1 multipart/alternative 1.1 text/plain(one) "
	"1.2 text/html(two) 2 text/plain(three)"},
    {"the same boundary inside",
	MULTI "--b\nContent-Type: multipart/alternative; boundary=\"b\"\n\n--b"
	      "\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n\n--b\n\n"
	      "three\n--b--\n",
	" multipart/mixed 1 multipart/alternative 1.1 text/plain(one) "
	"1.2 text/html(two) 2 text/plain(three)"},
    {"the same boundary inside, closed once",
	MULTI "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n"
	      "--b--\n",
	" multipart/mixed 1 multipart/mixed 1.1 text/plain(one)"},
    {"nearly the same boundary",
	MULTI "--b\nContent-Type: multipart/mixed; boundary=b2\n\n--b2\n\none"
	      "\n--b2--\n--b\n\ntwo\n--b--\n",
	" multipart/mixed 1 multipart/mixed 1.1 text/plain(one) "
	"2 text/plain(two)"},
    {"the inner one not closed",
	MULTI "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n"
	      "--b\n\ntwo\n--b--\n",
	" multipart/mixed 1 multipart/mixed 1.1 text/plain(one) "
	"2 text/plain(two)"},
    {"boundary not announced",
	"Content-Type: multipart/mixed\n\n--x\nContent-Type: text/plain\n\none"
	"\n--x--\n",
	" multipart/mixed 1 text/plain(one)"},
    {"another boundary announced",
	MULTI "--x\nContent-Type: text/plain\n\none\n--x--\n",
	" multipart/mixed 1 text/plain(one)"},
    {"a quote in the boundary",
	"Content-Type: multipart/mixed; boundary=\"a\\\"b\"\n\n--a\"b\n\none\n"
	"--a\"b--\n",
	" multipart/mixed 1 text/plain(one)"},
    {"a multipart without parts", MULTI "just text\n",
	"1 text/plain(just text\n)"},
    {"a multipart in base64",
	"Content-Type: multipart/mixed; boundary=b\n"
	"Content-Transfer-Encoding: base64\n\nLS1iCgpvbmUKLS1iLS0K\n",
	" multipart/mixed 1 text/plain(one)"},
    {"a digest",
	"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\n"
	"one\n--b--\n",
	" multipart/digest 1 message/rfc822(Subject: x\n\none) "
	"1.1 text/plain(one)"},
    {"a mail inside",
	MULTI "--b\n\none\n--b\nContent-Type: message/rfc822\n\n" MULTI
	      "--c\n\ntwo\n--c--\n--b--\n",
	NULL},
    {"a type without sense", "Content-Type: text\n\nhi\n",
	"1 text/plain(hi\n)"},
    {"a type without parameters' start",
	"Content-Type: text/html, charset=utf-8\n\nhi\n", "1 text/html(hi\n)"},
};

static void
show(struct buf *b, const struct mime *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct part *p = m->v[i];

		buf_printf(b, "%s%.*s %.*s", i ? " " : "", STR_ARG(p->number),
		    STR_ARG(p->type));
		if (p->kind != PART_MULTIPART)
			buf_printf(b, "(%.*s)", STR_ARG(p->body));
	}
}

static int
parse(struct arena *a, struct str raw, const struct parse_limits *limits,
    struct mime *m, struct err *err)
{
	static struct guard g;
	struct strs *warnings = arena_new(a, struct strs);

	return guard_open(&g, raw, limits, err)
		   ? -1
		   : mime_parse(a, raw, &g, warnings, m);
}

static void
trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT;
		struct err err = ERR_INIT;
		struct mime m;

		assert_int_equal(
		    parse(&a, str_c(rows[i].mail), NULL, &m, &err), 0);
		show(&b, &m);
		if (rows[i].tree && strcmp(buf_cstr(&b), rows[i].tree) != 0)
			fail_msg("%s: %s", rows[i].what, buf_cstr(&b));
		buf_fini(&b);
		arena_fini(&a);
	}
}

/* ---- limits ---- */

static void
refuses(struct buf *mail, const struct parse_limits *limits, const char *why)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct mime m;

	assert_int_equal(parse(&a, buf_str(mail), limits, &m, &err), -1);
	assert_int_equal(err.code, ERR_PERM);
	if (!strstr(err.msg, why))
		fail_msg("%s", err.msg);
	buf_fini(mail);
	arena_fini(&a);
}

static void
limits(void **state)
{
	static const struct parse_limits small = {.message_bytes = 1000};
	struct buf b = BUF_INIT;

	(void)state;
	buf_fill(&b, 'x', 1001);
	refuses(&b, &small, "1001 bytes");
	for (int i = 0; i < 102; i++)
		buf_printf(&b,
		    "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
		    i);
	refuses(&b, NULL, "nested");
	for (int i = 0; i < 102; i++)
		buf_puts(&b, "Content-Type: message/rfc822\n\n");
	buf_puts(&b, "x");
	refuses(&b, NULL, "nested");
	buf_puts(&b, MULTI);
	for (int i = 0; i < 10001; i++)
		buf_puts(&b, "--b\n\nx\n");
	refuses(&b, NULL, "parts");
	buf_puts(&b, "X: ");
	buf_fill(&b, 'x', 1 << 20);
	buf_puts(&b, "\n\nhi");
	refuses(&b, NULL, "header");
	/* Many levels around much content: each level is scanned again. */
	for (int i = 0; i < 99; i++)
		buf_printf(&b,
		    "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
		    i);
	buf_putc(&b, '\n');
	buf_fill(&b, 'x', 8 << 20);
	refuses(&b, NULL, "content");
}

/* ---- transfer encodings ---- */

static const struct {
	const char *what;
	enum transfer how;
	const char *in, *out;
} encodings[] = {
    {"base64", TRANSFER_BASE64, "aGVsbG8=", "hello"},
    {"base64 in lines", TRANSFER_BASE64, "aGVs\r\nbG8=\r\n", "hello"},
    {"base64 without padding", TRANSFER_BASE64, "aGVsbG8", "hello"},
    {"base64 with junk", TRANSFER_BASE64, "aG*Vs-bG8=", "hello"},
    {"base64 joined", TRANSFER_BASE64, "aGVsbG8=\naGVsbG8=\n", "hellohello"},
    {"base64 and a footer", TRANSFER_BASE64,
	"aGVsbG8=\n_____________\nA list\n", "hello"},
    {"base64 of nothing", TRANSFER_BASE64, "", ""},
    {"quoted-printable", TRANSFER_QP, "a=3Db=\nc\n", "a=bc\n"},
    {"lower case digits", TRANSFER_QP, "=c3=a4", "\303\244"},
    {"line ends stay", TRANSFER_QP, "a\r\nb\nc", "a\r\nb\nc"},
    {"a soft break with blanks", TRANSFER_QP, "a= \t\r\nb", "ab"},
    {"blanks at the end of a line", TRANSFER_QP, "a  \nb", "a\nb"},
    {"no hex", TRANSFER_QP, "a=ZZ=", "a=ZZ"},
    {"uuencode", TRANSFER_UU, "begin 644 x\n%:&5L;&\\\n`\nend\n", "hello"},
    {"identity", TRANSFER_IDENTITY, "a=3D", "a=3D"},
};

static void
transfers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(encodings); i++) {
		struct str in = str_c(encodings[i].in);
		size_t room = transfer_room(encodings[i].how, in.n);
		char *out = malloc(room);
		struct str s;

		assert_non_null(out);
		s = str_n(out, transfer_decode(encodings[i].how, in, out));
		if (!str_eq(s, str_c(encodings[i].out)))
			fail_msg("%s: \"%.*s\"", encodings[i].what, STR_ARG(s));
		free(out);
	}
}

/* ---- libetpan ---- */

struct compared {
	unsigned mails, different;
};

static void
leaves_of_etpan(struct mailmime *m, struct buf *out)
{
	struct mailmime_data *d;
	clistiter *c;
	char *bytes;
	size_t n, at = 0;

	switch (m->mm_type) {
	case MAILMIME_SINGLE:
		d = m->mm_data.mm_single;
		if (!d || mailmime_part_parse(d->dt_data.dt_text.dt_data,
			      d->dt_data.dt_text.dt_length, &at, d->dt_encoding,
			      &bytes, &n))
			return;
		buf_put(out, str_n(bytes, n));
		buf_puts(out, "\n====\n");
		mmap_string_unref(bytes);
		break;
	case MAILMIME_MULTIPLE:
		for (c = clist_begin(m->mm_data.mm_multipart.mm_mp_list); c;
		     c = clist_next(c))
			leaves_of_etpan(clist_content(c), out);
		break;
	case MAILMIME_MESSAGE:
		if (m->mm_data.mm_message.mm_msg_mime)
			leaves_of_etpan(m->mm_data.mm_message.mm_msg_mime, out);
		break;
	}
}

/* Line ends and blanks at line ends aside: libetpan changes those of quoted-printable. */
static struct str
squeezed(struct arena *a, struct str s)
{
	char *out = arena_bytes(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_space(s.p[i]))
			out[n++] = s.p[i];
	return str_n(out, n);
}

static void
compare(const char *path, struct compared *c)
{
	struct arena a = ARENA_INIT;
	struct buf raw = BUF_INIT, ours = BUF_INIT, theirs = BUF_INIT;
	struct err err = ERR_INIT;
	struct mailmime *tree;
	struct mime m;
	size_t at = 0;

	assert_int_equal(file_read(path, 0, &raw, &err), 0);
	assert_int_equal(parse(&a, buf_str(&raw), NULL, &m, &err), 0);
	if (mailmime_parse(raw.p, raw.n, &at, &tree) == MAILIMF_NO_ERROR) {
		leaves_of_etpan(tree, &theirs);
		mailmime_free(tree);
	}
	for (size_t i = 0; i < m.n; i++)
		if (m.v[i]->kind == PART_LEAF) {
			buf_put(&ours, part_content(&a, m.v[i]));
			buf_puts(&ours, "\n====\n");
		}
	c->mails++;
	c->different += !str_eq(
	    squeezed(&a, buf_str(&ours)), squeezed(&a, buf_str(&theirs)));
	buf_fini(&raw);
	buf_fini(&ours);
	buf_fini(&theirs);
	arena_fini(&a);
}

/* Proper mail of a development list. What differs there is libetpan's: empty parts, boundaries it does not find. */
static void
like_libetpan(void **state)
{
	struct arena a = ARENA_INIT;
	struct compared c = {0};
	const char *root = getenv("HELPD_CORPORA"), *src = getenv("srcdir");
	const char *dir = path_join(&a,
	    root ? root : path_join(&a, src ? src : ".", "../shared/corpora"),
	    "thread/list");
	DIR *d = opendir(dir);
	struct dirent *e;

	(void)state;
	if (!d) {
		print_message("SKIP: no %s\n", dir);
		arena_fini(&a);
		skip();
	}
	while ((e = readdir(d)))
		if (str_ends(str_c(e->d_name), S(".eml")))
			compare(path_join(&a, dir, e->d_name), &c);
	closedir(d);
	arena_fini(&a);
	print_message("%u mails, %u seen otherwise than by libetpan\n", c.mails,
	    c.different);
	assert_true(c.different * 100 <= c.mails);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trees),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(transfers),
	    cmocka_unit_test(like_libetpan),
	};

	charset_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

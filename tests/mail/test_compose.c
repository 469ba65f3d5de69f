/*
 * What goes out is clean on the wire whatever goes in, and says what was meant. tests/mail/compose_read.py reads what the
 * rows here make with another program's parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/must.h"
#include "mail/compose.h"
#include "mail/encode.h"
#include "mail/parse.h"
#include "mail/zone.h"

static struct address wei = {{"Wei Zhang", 9}, {"wei@customer.example", 20}};

static struct compose
plain(void)
{
	return (struct compose){
	    .from = {S("Acme Support"), S("support@acme.example")},
	    .to = {&wei, 1},
	    .subject = S("[Acme #1042] Printer on fire"),
	    .message_id = S("1042.token@acme.example"),
	    .date = INT64_C(1772357400000), /* 2026-03-01T09:30:00Z */
	    .timezone = "Europe/Berlin",
	    .text = S("Hello\n\nit burns.\n")};
}

/* No bare CR, bare LF or NUL; lines of at most 998; nothing above ASCII. */
static void
assert_clean(struct str s)
{
	size_t line = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		assert_true((unsigned char)c < 0x80);
		assert_int_not_equal(c, '\0');
		if (c == '\r')
			assert_true(i + 1 < s.n && s.p[i + 1] == '\n');
		if (c == '\n') {
			assert_true(i > 0 && s.p[i - 1] == '\r');
			line = i + 1;
		}
		assert_true(i + 1 - line <= 998 + 2);
	}
	assert_true(str_ends(s, S("\r\n")));
}

static struct str
header_of(struct str mail)
{
	return str_sub(mail, 0, (size_t)str_find(mail, S("\r\n\r\n"), 0) + 2);
}

/* The names of the fields, in order, each followed by a blank. */
static void
field_names(struct str mail, struct buf *names)
{
	struct str rest = header_of(mail), line;

	while (rest.n && str_line(&rest, &line))
		if (line.n && !ch_is_wsp(line.p[0])) {
			buf_put(names,
			    str_sub(line, 0, (size_t)str_chr(line, ':', 0)));
			buf_putc(names, ' ');
		}
}

static void
whole(void **state)
{
	struct compose c = plain();
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(compose_message(&c, &out, NULL), 0);
	assert_string_equal(buf_cstr(&out),
	    "Date: Sun, 01 Mar 2026 10:30:00 +0100\r\n"
	    "From: Acme Support <support@acme.example>\r\n"
	    "To: Wei Zhang <wei@customer.example>\r\n"
	    "Subject: [Acme #1042] Printer on fire\r\n"
	    "Message-ID: <1042.token@acme.example>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Hello\r\n"
	    "\r\n"
	    "it burns.\r\n");
	buf_fini(&out);
}

static void
automatic(void **state)
{
	struct compose c = plain();
	struct buf out = BUF_INIT;

	(void)state;
	c.automatic_reply = true;
	assert_int_equal(compose_message(&c, &out, NULL), 0);
	assert_true(
	    str_has(buf_str(&out), S("\r\nAuto-Submitted: auto-replied\r\n"
				     "X-Auto-Response-Suppress: All\r\n"
				     "Precedence: bulk\r\n")));
	buf_fini(&out);
}

/* Each hostile value in each place, and still the fields that were asked for, no more. */
static void
injection(void **state)
{
	static const char hostile[] =
	    "x\r\nBcc: "
	    "all@evil.example\r\n\r\nbody\n.\r\n\0=?utf-8?q?=0d=0aBcc?="
	    "\xff\xe2\x80\xa8y\x1b[0m";
	const struct str evil = str_n(hostile, sizeof hostile - 1);
	struct address to[] = {{evil, S("a@b.example")}, wei};
	const struct compose_attachment files[] = {
	    {.name = evil, .type = evil, .content = evil, .content_id = evil},
	    {.name = S("../../etc/\"passwd\""),
		.type = S("message/rfc822"),
		.content = S("From: x\n")}};
	const struct header extra = {S("X-Helpd-Ticket"), evil};
	struct str ids[] = {evil, S("a b@c"), S("good@x")};
	struct compose c = plain();
	struct buf out = BUF_INIT, names = BUF_INIT;

	(void)state;
	c.from.name = c.subject = c.text = c.html = c.in_reply_to = evil;
	c.to = (struct addresses){to, 2};
	c.references = (struct strs){ids, 3};
	c.attachments = files;
	c.nattachments = 2;
	c.extra = &extra;
	c.nextra = 1;
	c.boundary_seed = evil;
	assert_int_equal(compose_message(&c, &out, NULL), 0);
	assert_clean(buf_str(&out));
	field_names(buf_str(&out), &names);
	assert_string_equal(buf_cstr(&names),
	    "Date From To Subject Message-ID References X-Helpd-Ticket "
	    "MIME-Version Content-Type ");
	assert_true(str_has(buf_str(&out), S("\r\nReferences: <good@x>\r\n")));
	assert_false(str_ihas(buf_str(&out), S("\nBcc:")));
	buf_fini(&names);
	buf_fini(&out);
}

static void
refusals(void **state)
{
	static const char *const addresses[] = {"", "a", "a@", "@b", "a b@c.d",
	    "a@b c", "a@b\r\nBcc: x@y", "a@b>", "a@b,c@d", "a@b.c\n", "ä@b.c",
	    "a@ä.c", "\"a\nb\"@c.d", "\"a@c.d"};
	static const char *const fields[] = {"Bcc", "to", "Subject", "", "a b",
	    "X-A:", "X-A\r\nBcc", "X-\xc3\xa4"};
	struct address bad = {0};
	struct header extra = {.value = S("x")};
	struct compose c = plain();
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	buf_puts(&out, "before");
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		bad.addr = str_c(addresses[i]);
		c = plain();
		c.cc = (struct addresses){&bad, 1};
		assert_int_equal(compose_message(&c, &out, &err), -1);
		assert_int_equal(err.code, ERR_INVAL);
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		extra.name = str_c(fields[i]);
		c = plain();
		c.extra = &extra;
		c.nextra = 1;
		assert_int_equal(compose_message(&c, &out, &err), -1);
		assert_int_equal(err.code, ERR_INVAL);
	}
	c = plain();
	c.to.n = 0;
	assert_int_equal(compose_message(&c, &out, &err), -1);
	c = plain();
	c.message_id = S("a b");
	assert_int_equal(compose_message(&c, &out, &err), -1);
	c = plain();
	out.max = 100;
	assert_int_equal(compose_message(&c, &out, &err), -1);
	assert_string_equal(buf_cstr(&out), "before");
	buf_fini(&out);
}

struct subject {
	const char *subject, *field;
};

static const struct subject subjects[] = {
    {"", "Subject:\r\n"},
    {"  plain  ", "Subject: plain\r\n"},
    {"Drücker brennt", "Subject: =?UTF-8?Q?Dr=C3=BCcker?= brennt\r\n"},
    {"[Acme #1042] 打印机着火了", "Subject: [Acme #1042] "
				  "=?UTF-8?B?5omT5Y2w5py6552A54Gr5LqG?=\r\n"},
    {"a  b", "Subject: =?UTF-8?Q?a__b?=\r\n"},
    {"=?x", "Subject: =?UTF-8?B?PT94?=\r\n"},
    {"tab\there", "Subject: tab here\r\n"},
    {"a long subject that goes on and on until it has to be folded somewhere "
     "near here",
	"Subject: a long subject that goes on and on until it has to be "
	"folded\r\n somewhere near here\r\n"},
    {"ä and then some more words in the middle, and ö",
	"Subject: "
	"=?UTF-8?Q?=C3=A4_and_then_some_more_words_in_the_middle=2C_and_?=\r\n"
	" =?UTF-8?Q?=C3=B6?=\r\n"},
};

static void
subject_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		struct buf out = BUF_INIT;

		encode_field(&out, S("Subject"), str_c(subjects[i].subject));
		assert_string_equal(buf_cstr(&out), subjects[i].field);
		buf_fini(&out);
	}
}

static void
references_are_cut(void **state)
{
	struct arena a = ARENA_INIT;
	struct strs ids = {0};
	struct compose c = plain();
	struct buf out = BUF_INIT;
	struct str field;
	size_t from, to;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		strs_add(&a, &ids, arena_printf(&a, "id-%u@host.example", i));
	c.references = ids;
	c.in_reply_to = S("last@host.example");
	assert_int_equal(compose_message(&c, &out, NULL), 0);
	assert_clean(buf_str(&out));
	from = (size_t)str_find(buf_str(&out), S("References:"), 0);
	to = (size_t)str_find(buf_str(&out), S("MIME-Version"), from);
	field = str_sub(buf_str(&out), from, to);
	assert_true(field.n < 998);
	assert_true(str_starts(field, S("References: <id-0@host.example>")));
	assert_true(
	    str_ends(field,
		S("<id-199@host.example>\r\n <last@host.example>\r\n")) ||
	    str_ends(
		field, S("<id-199@host.example> <last@host.example>\r\n")));
	assert_true(
	    str_has(buf_str(&out), S("In-Reply-To: <last@host.example>\r\n")));
	buf_fini(&out);
	arena_fini(&a);
}

struct encoding_row {
	const char *text;
	enum encoding e;
};

static void
encodings(void **state)
{
	static const struct encoding_row rows[] = {
	    {"plain\n", ENCODING_7BIT},
	    {"From here on\n", ENCODING_QP},
	    {"caf\xc3\xa9 and more text\n", ENCODING_QP},
	    {"\xe6\x89\x93\xe5\x8d\xb0\n", ENCODING_BASE64},
	    {"--=_seed.1\n", ENCODING_QP},
	    {"\x1b[0m\n", ENCODING_QP},
	    {"0123456789012345678901234567890123456789012345678901234567890123"
	     "456789012345\n",
		ENCODING_7BIT},
	    {"0123456789012345678901234567890123456789012345678901234567890123"
	     "4567890123456789\n",
		ENCODING_QP},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    encode_choose(str_c(rows[i].text), S("=_seed")), rows[i].e);
	encode_text(&out, S("From a=b \n.\n\xc3\xa9\n\n"), ENCODING_QP);
	assert_string_equal(
	    buf_cstr(&out), "=46rom a=3Db=20\r\n=2E\r\n=C3=A9\r\n\r\n");
	buf_fini(&out);
}

static void
zones(void **state)
{
	static const struct {
		const char *zone;
		int64_t t;
		const char *text;
	} rows[] = {
	    {NULL, 0, "Thu, 01 Jan 1970 00:00:00 +0000"},
	    {"Europe/Berlin", INT64_C(1782000000000),
		"Sun, 21 Jun 2026 02:00:00 +0200"},
	    {"Asia/Kolkata", INT64_C(1772357400000),
		"Sun, 01 Mar 2026 15:00:00 +0530"},
	    {"America/St_Johns", INT64_C(1772357400000),
		"Sun, 01 Mar 2026 06:00:00 -0330"},
	    {"UTC", -1, "Wed, 31 Dec 1969 23:59:59 +0000"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = BUF_INIT;

		zone_rfc5322(&out, rows[i].zone, rows[i].t);
		assert_string_equal(buf_cstr(&out), rows[i].text);
		buf_fini(&out);
	}
	assert_true(zone_known("Asia/Shanghai"));
	assert_false(zone_known("Mars/Base"));
}

/* What we write, we read. */
static void
read_back(void **state)
{
	static const char *const texts[] = {"plain\n",
	    "Grüße, mit = und \"Zeichen\"\n\nFrom hier\n.\n", "打印机着火了\n"};
	static const char *const names[] = {
	    "Wei Zhang", "Müller, Jürgen", "张伟 (客户)"};
	struct arena a = ARENA_INIT;

	(void)state;
	assert_int_equal(parse_init(NULL, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		struct address to = {str_c(names[i]), S("a@b.example")};
		struct compose_attachment file = {
		    str_c(names[2 - i]), S("image/png"), S("\0\r\n"), {0}};
		struct str ids[] = {S("one@x"), S("two@x")};
		struct compose c = plain();
		struct buf out = BUF_INIT;
		struct message m;

		c.to = (struct addresses){&to, 1};
		c.subject = str_c(names[i]);
		c.text = str_c(texts[i]);
		c.html = i ? S("<p>x</p>") : (struct str){0};
		c.attachments = &file;
		c.nattachments = 1;
		c.references = (struct strs){ids, 2};
		c.in_reply_to = S("three@x");
		assert_int_equal(compose_message(&c, &out, NULL), 0);
		assert_int_equal(
		    message_parse(&a, buf_str(&out), NULL, &m, NULL), 0);
		assert_int_equal(m.warnings.n, 0);
		assert_true(str_eq(m.subject, c.subject));
		assert_true(str_eq(m.message_id, c.message_id));
		assert_true(m.date == c.date);
		assert_true(str_eq(m.to.v[0].name, to.name));
		assert_true(str_eq(m.to.v[0].addr, to.addr));
		assert_int_equal(m.references.n, 3);
		assert_true(str_eq(m.references.v[2], S("three@x")));
		assert_true(str_eq(str_trim(m.text), str_trim(c.text)));
		assert_int_equal(m.attachments.n, 1);
		assert_true(str_eq(m.attachments.v[0].name, file.name));
		assert_int_equal(m.attachments.v[0].size, 3);
		assert_int_equal(m.automatic.n, 0);
		buf_fini(&out);
	}
	arena_fini(&a);
}

/* With --write DIR: mails for another program to read, beside the values that are in them. */
static int
write_mail(const char *dir, unsigned k, const struct compose *c)
{
	char path[300];
	struct buf out = BUF_INIT;
	FILE *f;

	if (compose_message(c, &out, NULL) < 0)
		return 1;
	snprintf(path, sizeof path, "%s/%u.eml", dir, k);
	f = fopen(path, "wb");
	if (!f)
		return 1;
	fwrite(out.p, 1, out.n, f);
	fclose(f);
	buf_fini(&out);
	return 0;
}

static int
write_mails(const char *dir)
{
	static const char *const texts[] = {"plain\nlines\n",
	    "Grüße aus Köln\n\nmit = und Leerzeichen am Ende \n.\nFrom hier\n",
	    "打印机着火了，请尽快处理。\n谢谢！\n",
	    "tab\tand\n\n\nblank lines\n"};
	static const char *const names[] = {"report.pdf",
	    "Übersicht Q3 2026.xlsx",
	    "季度报告（最终版）非常非常长的文件名称用来测试分段编码是否正确."
	    "docx",
	    "quote\"back\\slash; semi=colon.txt"};
	static const char *const people[] = {
	    "Wei Zhang", "Müller, Jürgen", "张伟", "O'Neil \"Bob\" (Sales)"};
	struct compose c;

	for (unsigned i = 0; i < 16; i++) {
		unsigned k = i % 4, m = i / 4;
		struct address to[] = {{str_c(people[k]), S("a@b.example")},
		    {str_c(people[(k + 1) % 4]), S("c@d.example")}};
		struct compose_attachment files[] = {
		    {str_c(names[k]), S("application/pdf"),
			S("\0\1\2bytes\r\n\n"), {0}},
		    {S("logo.png"), S("image/png"), S("PNG"), S("logo@x")}};

		c = plain();
		c.to = (struct addresses){to, 2};
		c.subject = str_c(texts[k]);
		c.text = str_c(texts[k]);
		if (m & 1)
			c.html = S("<p>Grüße <img src=\"cid:logo@x\"></p>");
		if (m & 2) {
			c.attachments = files;
			c.nattachments = 2;
		}
		if (write_mail(dir, i, &c))
			return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole),
	    cmocka_unit_test(automatic),
	    cmocka_unit_test(injection),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(subject_fields),
	    cmocka_unit_test(references_are_cut),
	    cmocka_unit_test(encodings),
	    cmocka_unit_test(zones),
	    cmocka_unit_test(read_back),
	};

	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_mails(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

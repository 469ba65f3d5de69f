/* The record of a message: all of it goes through, and nothing else does. The content hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "mail/message.h"

static void
fill(struct message *m)
{
	static struct address people[] = {
	    {{"Anna", 4}, {"anna@example.com", 16}}, {{"", 0}, {"b@x.y", 5}}};
	static struct str ids[] = {{"1@x", 3}, {"2@x", 3}};
	static struct span fresh[] = {{0, 5}, {6, 11}};
	static struct attachment files[] = {{.name = {"a.txt", 5},
	    .type = {"text/plain", 10},
	    .content_id = {"c@x", 3},
	    .size = 1234567890123,
	    .sha256 = {1, 2, 3},
	    .is_inline = true,
	    .part = {"2.1", 3}}};
	static struct header headers[] = {{{"X-A", 3}, {"v", 1}}};
	static struct bounced failed[] = {{.address = {"b@x.y", 5},
	    .status = {"5.1.1", 5},
	    .smtp_code = {"550", 3},
	    .hard = true,
	    .reason = {"no such user", 12},
	    .action = {"failed", 6}}};
	static struct bounce bounce = {failed, 1, {"1@x", 3}, {"hi", 2}};

	*m = (struct message){
	    .from = {people, 1},
	    .sender = {people, 2},
	    .reply_to = {people, 1},
	    .to = {people, 2},
	    .cc = {people + 1, 1},
	    .bcc = {people, 1},
	    .delivered_to = {people + 1, 1},
	    .from_fields = 1,
	    .has_return_path = true,
	    .return_path = {"r@x", 3},
	    .subject = {"caf\303\251", 5},
	    .message_id = {"3@x", 3},
	    .in_reply_to = {ids, 1},
	    .references = {ids, 2},
	    .date = -1000,
	    .authentication_results = {ids, 1},
	    .text = {"hello\nworld", 11},
	    .fresh = fresh,
	    .nfresh = 2,
	    .html = {"<p>", 3},
	    .attachments = {files, 1},
	    .charset = {"utf-8", 5},
	    .language = {"en", 2},
	    .automatic = {"List-Id: x", 10},
	    .is_list = true,
	    .list_address = {"l@x", 3},
	    .spam = true,
	    .bounce = &bounce,
	    .headers = headers,
	    .nheaders = 1,
	    .terms = {ids, 2},
	    .warnings = {ids, 1},
	};
}

static void
goes_through(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf one = BUF_INIT, two = BUF_INIT;
	struct err err = ERR_INIT;
	struct message m, back;

	(void)state;
	fill(&m);
	message_encode(&m, &one);
	assert_int_equal(message_decode(&a, buf_str(&one), &back, &err), 0);
	message_encode(&back, &two);
	assert_true(str_eq(buf_str(&one), buf_str(&two)));
	assert_int_equal(back.date, -1000);
	assert_int_equal(back.attachments.v[0].size, 1234567890123);
	assert_memory_equal(back.attachments.v[0].sha256,
	    m.attachments.v[0].sha256, SHA256_SIZE);
	assert_true(str_eq(back.bounce->v[0].reason, S("no such user")));
	assert_true(str_eq(message_new_text(&a, &back), S("hello\nworld")));
	assert_true(str_eq(message_header(&back, S("x-a")), S("v")));
	buf_fini(&one);
	buf_fini(&two);
	arena_fini(&a);
}

static void
nothing_is_nothing(void **state)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct message m;

	(void)state;
	assert_int_equal(message_decode(&a, S(""), &m, &err), 0);
	assert_true(m.date == CLOCK_NONE && !m.bounce && !m.text.n);
	assert_int_equal(message_new_text(&a, &m).n, 0);
	arena_fini(&a);
}

/* Each damage to a good record is refused, or leaves one that keeps the promises: the encoder's must() would end the test. */
static void
damaged(void **state)
{
	struct buf rec = BUF_INIT;
	struct message m;

	(void)state;
	fill(&m);
	message_encode(&m, &rec);
	for (size_t i = 0; i < rec.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct arena a = ARENA_INIT;
			struct buf again = BUF_INIT;
			struct err err = ERR_INIT;
			struct message back;

			rec.p[i] = (char)(rec.p[i] ^ (1 << bit));
			if (message_decode(&a, buf_str(&rec), &back, &err)) {
				assert_int_equal(err.code, ERR_CORRUPT);
			} else {
				message_encode(&back, &again);
				message_new_text(&a, &back);
			}
			rec.p[i] = (char)(rec.p[i] ^ (1 << bit));
			buf_fini(&again);
			arena_fini(&a);
		}
	buf_fini(&rec);
}

static void
refuse(struct buf *rec, const char *what)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct message m;

	if (message_decode(&a, buf_str(rec), &m, &err) == 0)
		fail_msg("%s was taken", what);
	buf_reset(rec);
	arena_fini(&a);
}

static void
refused(void **state)
{
	struct buf b = BUF_INIT;
	size_t at;

	(void)state;
	rec_str(&b, 11, S("a\0b"));
	refuse(&b, "NUL");
	rec_str(&b, 11, S("\377"));
	refuse(&b, "not UTF-8");
	rec_u64(&b, 11, 5);
	refuse(&b, "a number for a string");
	buf_fill(&b, 'x', 0);
	at = rec_begin(&b, 11);
	buf_fill(&b, 'x', MESSAGE_SUBJECT_MAX + 1);
	rec_end(&b, at);
	refuse(&b, "a long subject");
	rec_str(&b, 17, S("abc"));
	rec_str(&b, 18, S("\0\4"));
	refuse(&b, "a span behind the text");
	rec_str(&b, 17, S("\303\244"));
	rec_str(&b, 18, S("\1\1"));
	refuse(&b, "a span inside a character");
	rec_str(&b, 29, S("\5abc"));
	refuse(&b, "a term cut short");
	rec_str(&b, 29, S("\1\xc3\1\xa9"));
	refuse(&b, "a character cut by terms");
	rec_str(&b, 29, S("\2a\xc3"));
	refuse(&b, "half a character at the end of a term");
	rec_str(&b, 29, S("\3a\0b"));
	refuse(&b, "NUL in a term");
	rec_str(&b, 29, S("\0\1a"));
	refuse(&b, "an empty term");
	rec_u64(&b, 26, 2);
	refuse(&b, "half true");
	for (int i = 0; i < MESSAGE_HEADERS_MAX + 1; i++)
		rec_str(&b, 28, S(""));
	refuse(&b, "too many headers");
	buf_fini(&b);
}

static const struct {
	const char *what, *one, *two;
	bool same;
} hashes[] = {
    {"line ends", "A: 1\nB: 2\n\nx\ny\n", "A: 1\r\nB: 2\r\n\r\nx\r\ny\r\n",
	true},
    {"what servers add",
	"Return-Path: <a>\nReceived: by x\n\tfor y\nDelivered-To: z\n"
	"X-Original-To: z\nAuthentication-Results: mx; none\nARC-Seal: x\n y\n"
	"A: 1\n\nx\n",
	"A: 1\n\nx\n", true},
    {"their case", "RECEIVED: x\nA: 1\n\nx\n", "A: 1\n\nx\n", true},
    {"mbox", "From a@b Sun Mar 1\nA: 1\n\nx\n", "A: 1\n\nx\n", true},
    {"the same names in the body", "A: 1\n\nReceived: x\n", "A: 1\n\n", false},
    {"another field", "A: 1\nX-Y: z\n\nx\n", "A: 1\n\nx\n", false},
    {"a continued field", "A: 1\n 2\n\nx\n", "A: 1\n\nx\n", false},
    {"another body", "A: 1\n\nx\n", "A: 1\n\ny\n", false},
    {"nothing", "", "", true},
};

static void
content_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		unsigned char one[SHA256_SIZE], two[SHA256_SIZE];

		message_content_hash(str_c(hashes[i].one), one);
		message_content_hash(str_c(hashes[i].two), two);
		if (!memcmp(one, two, SHA256_SIZE) != hashes[i].same)
			fail_msg("%s", hashes[i].what);
	}
}

/* The digest is that of the bytes with CRLF, however long the lines are. */
static void
content_hash_of_much(void **state)
{
	struct buf lf = BUF_INIT, crlf = BUF_INIT;
	unsigned char one[SHA256_SIZE], two[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		size_t n = i * i % 40000 / (i % 7 + 1);

		buf_fill(&lf, 'x', n);
		buf_putc(&lf, '\n');
		buf_fill(&crlf, 'x', n);
		buf_puts(&crlf, "\r\n");
	}
	message_content_hash(buf_str(&lf), one);
	sha256(buf_str(&crlf), two);
	assert_memory_equal(one, two, SHA256_SIZE);
	message_content_hash(buf_str(&crlf), one);
	assert_memory_equal(one, two, SHA256_SIZE);
	buf_fini(&lf);
	buf_fini(&crlf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(goes_through),
	    cmocka_unit_test(nothing_is_nothing),
	    cmocka_unit_test(damaged),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(content_hash),
	    cmocka_unit_test(content_hash_of_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

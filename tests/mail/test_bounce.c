/* Notices of the common systems in words of our own; then the corpus, when it is there, against its expectations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/file.h"
#include "base/must.h"
#include "mail/bounce.h"
#include "mail/bounce_reason.h"
#include "mail/parse.h"

struct row {
	const char *what, *subject, *text, *address, *status, *code;
	bool hard;
};

static const struct row rows[] = {
    {"qmail", "failure notice",
	"Hi. This is the qmail-send program at mx.x.example.\n"
	"I'm afraid I wasn't able to deliver your message to the following "
	"addresses.\n\n<bob@y.example>:\n"
	"Sorry, no mailbox here by that name. (#5.1.1)\n\n"
	"--- Below this line is a copy of the message.\n\n"
	"Return-Path: <ann@x.example>\nMessage-ID: <m@x.example>\n"
	"Subject: hi\nTo: other@z.example\n\nbody\n",
	"bob@y.example", "5.1.1", "", true},
    {"exim", "Mail delivery failed: returning message to sender",
	"This message was created automatically by mail delivery software.\n\n"
	"A message that you sent could not be delivered to one or more of "
	"its\nrecipients. The following address(es) failed:\n\n"
	"  bob@y.example\n"
	"    SMTP error from remote mail server after RCPT TO:<bob@y.example>:"
	"\n    host mx.y.example [192.0.2.1]: 452 4.2.2 Mailbox full\n\n"
	"------ This is a copy of the message, including all the headers. "
	"------\n\nMessage-ID: <m@x.example>\nSubject: hi\n\n",
	"bob@y.example", "4.2.2", "452", false},
    {"postfix", "Undelivered Mail Returned to Sender",
	"This is the mail system at host mx.x.example.\n\n"
	"I'm sorry to have to inform you that your message could not\n"
	"be delivered to one or more recipients.\n\n"
	"<bob@y.example>: host mx.y.example[192.0.2.7] said: 550 5.7.1 Message "
	"rejected\n    as spam (in reply to end of DATA command)\n\n"
	"Message-ID: <m@x.example>\nSubject: hi\n",
	"bob@y.example", "5.7.1", "550", false},
    {"sendmail", "Returned mail: see transcript for details",
	"The original message was received at Mon, 2 Mar 2026 10:00:00 +0100\n"
	"from a.x.example [192.0.2.3]\n\n"
	"   ----- The following addresses had permanent fatal errors -----\n"
	"<bob@y.example>\n    (reason: 550 5.1.1 <bob@y.example>... User "
	"unknown)\n\n   ----- Transcript of session follows -----\n"
	"... while talking to mx.y.example.:\n>>> RCPT To:<bob@y.example>\n"
	"<<< 550 5.1.1 <bob@y.example>... User unknown\n",
	"bob@y.example", "5.1.1", "550", true},
    {"Exchange", "Undeliverable: hi",
	"Your message\n\n  To: bob@y.example\n  Subject: hi\n\n"
	"did not reach the following recipient(s):\n\n"
	"bob@y.example on Mon, 2 Mar 2026 10:00:00 +0100\n"
	"    The e-mail address could not be found.\n    #5.1.1\n",
	"bob@y.example", "5.1.1", "", true},
    {"host", "Delivery Status Notification (Failure)",
	"Delivery to the following recipient failed permanently:\n\n"
	"     bob@nowhere.example\n\nTechnical details of permanent failure:\n"
	"DNS Error: Domain name not found\n\n"
	"----- Original message -----\n\nMessage-ID: <m@x.example>\n",
	"bob@nowhere.example", "5.1.2", "", true},
    {"delay", "Warning: message 1abc delayed 24 hours",
	"This message has not yet been delivered to:\n\n  bob@y.example\n\n"
	"Delivery attempts will continue to be made. Connection timed out\n",
	"bob@y.example", "4.4.7", "", false},
    {"X.400", "Undeliverable: hi",
	"Your message\n\n  To: list@z.example\n  Subject: hi\n\n"
	"did not reach the following recipient(s):\n\n"
	"c=US;a= ;p=ORG;dda:SMTP=bob@y.example; on Fri, 6 Mar 2026 17:12:28 "
	"+0100\n    The recipient name is not recognized\n",
	"bob@y.example", "5.1.1", "", true},
    {"bare name", "Mail Delivery Problem",
	"Your mail to the following recipients could not be delivered because "
	"they are not accepting mail from ann@x.example:\n\tbob77\n",
	"bob77@x.example", "5.7.1", "", false},
    {"undisclosed", "Mail delivery failed: returning message to sender",
	"The following address(es) failed:\n\n  an undisclosed address\n"
	"    (generated from bob@y.example)\n    user unknown\n",
	"bob@y.example", "5.1.1", "", true},
    {"wide colon", "系统退信",
	"退信通知\n主题：x\n收件人：bob@y.example\n"
	"退信原因：收件人邮件地址（bob@y.example）不存在，邮件无法送达。\n",
	"bob@y.example", "5.1.1", "", true},
    {"ko", "배달되지 않음: x",
	"다음 받는 사람 또는 그룹에게 배달하지 못했습니다.\n\nbob@y.example\n"
	"입력한 전자 메일 주소를 찾을 수 없습니다.\n",
	"bob@y.example", "5.1.1", "", true},
    {"tr", "Teslim edilemedi: x",
	"Şu alıcılara teslim edilemedi:\n\nbob@y.example\nGirdiğiniz e-posta "
	"adresi bulunamadı.\n",
	"bob@y.example", "5.1.1", "", true},
    {"reason below", "Undeliverable",
	"Your mail could not be delivered to:\n\nbob@y.example\n\nReason: 550 "
	"User not found\n",
	"bob@y.example", "5.1.1", "550", true},
    {"contradicted", "failure notice",
	"Unable to deliver.\n\n<bob@y.example>:\n550 5.2.1 "
	"<bob@y.example>... User unknown\n",
	"bob@y.example", "5.2.1", "550", false},
    {"not contradicted", "failure notice",
	"Unable to deliver.\n\n<bob@y.example>:\n192.0.2.9 does not like "
	"recipient.\nRemote host said: 550 5.2.1 <bob@y.example>... User "
	"unknown\nGiving up on 192.0.2.9.\n",
	"bob@y.example", "5.2.1", "550", true},
    {"nobody answers", "Mail delivery failed: returning message to sender",
	"The following address(es) failed:\n\n  bob@y.example\n    The mail "
	"server could not deliver mail to bob@y.example.  The account or\n    "
	"domain may not exist, they may be blacklisted, or missing the\n    "
	"proper dns entries.\n",
	"bob@y.example", "5.1.2", "", true},
    {"sender's domain", "Mail delivery failed: returning message to sender",
	"The following address(es) failed:\n\n  bob@y.example\n    host "
	"mx.y.example [192.0.2.9]\n    SMTP error from remote mail server "
	"after MAIL FROM:<ann@x.example>:\n    550 5.1.7 No such domain "
	"x.example\n",
	"bob@y.example", "5.1.7", "550", false},
    {"said at the end", "Returned mail: Service unavailable",
	"   ----- The following addresses had permanent fatal errors -----\n"
	"<bob@y.example>\n\n   ----- Transcript of session follows -----\n"
	"mail.local: unknown user: bob\n554 <bob@y.example>... Service "
	"unavailable\n",
	"bob@y.example", "5.1.1", "554", true},
    {"SNS", "AWS Notification Message",
	"{\n  \"Type\" : \"Notification\",\n  \"TopicArn\" : \"x\",\n  "
	"\"Message\" : \"{\\\"notificationType\\\":\\\"Bounce\\\",\\\"bounce"
	"\\\":{\\\"bouncedRecipients\\\":[{\\\"emailAddress\\\":\\\"bob@y."
	"example\\\",\\\"status\\\":\\\"5.1.1\\\",\\\"diagnosticCode\\\":"
	"\\\"smtp; 550 5.1.1 user unknown\\\"}]}}\"\n}\n",
	"bob@y.example", "5.1.1", "550", true},
    {"plain 550", "failure notice",
	"Unable to deliver.\n\n<bob@y.example>:\n192.0.2.9 does not like "
	"recipient.\nRemote host said: 550 bob@y.example... No such user\n"
	"Giving up on 192.0.2.9.\n",
	"bob@y.example", "5.1.1", "550", true},
};

static void
notices(void **state)
{
	struct arena a = ARENA_INIT;
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct address from = {
		    S("Mail Delivery System"), S("MAILER-DAEMON@x.example")};
		struct address to = {{0}, S("ann@x.example")};
		struct message m = {.from = {&from, 1},
		    .to = {&to, 1},
		    .subject = str_c(r->subject),
		    .text = str_c(r->text)};
		struct bounce_source s = {
		    .message = &m, .content_type = S("text/plain")};
		struct bounce *b = bounce_detect(&a, &s);

		if (b && b->n == 1 &&
		    str_eq(b->v[0].address, str_c(r->address)) &&
		    str_eq(b->v[0].status, str_c(r->status)) &&
		    str_eq(b->v[0].smtp_code, str_c(r->code)) &&
		    b->v[0].hard == r->hard && b->v[0].reason.n)
			continue;
		failed++;
		print_error("%s: %zu recipients", r->what, b ? b->n : 0);
		for (size_t k = 0; b && k < b->n; k++)
			print_error(", <%.*s> %.*s %.*s %s \"%.*s\"",
			    STR_ARG(b->v[k].address), STR_ARG(b->v[k].status),
			    STR_ARG(b->v[k].smtp_code),
			    b->v[k].hard ? "hard" : "soft",
			    STR_ARG(b->v[k].reason));
		print_error("\n");
	}
	arena_fini(&a);
	assert_int_equal(failed, 0);
}

/* Each line of a transcript that has a code is about its own address, and what is said to one's DATA is not said to another's RCPT. */
static void
transcript(void **state)
{
	static const char text[] =
	    "   ----- Transcript of session follows -----\n"
	    "While talking to z.example:\n>>> DATA\n<<< 550 redundant\n"
	    "554 <eve@z.example>... Remote protocol error\n"
	    "550 w.example (smtp)... 550 Host unknown\n"
	    "554 <joe@w.example>... 550 Host unknown\n"
	    "While talking to y.example:\n>>> RCPT To:<bob@y.example>\n"
	    "<<< 550 Requested User Mailbox not found. No such user here.\n"
	    "550 <bob@y.example>... User unknown\n";
	static const bool hard[] = {false, true, true};
	struct arena a = ARENA_INIT;
	struct address from = {{0}, S("MAILER-DAEMON@x.example")};
	struct message m = {.from = {&from, 1},
	    .subject = S("Returned mail: User unknown"),
	    .text = str_c(text)};
	struct bounce_source s = {
	    .message = &m, .content_type = S("text/plain")};
	struct bounce *b = bounce_detect(&a, &s);

	(void)state;
	assert_non_null(b);
	assert_int_equal(b->n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(b->v[i].hard, hard[i]);
	arena_fini(&a);
}

static void
report(void **state)
{
	static const char text[] =
	    "Reporting-MTA: dns; mx.x.example\n\n"
	    "Final-Recipient: rfc822; bob@y.example\n"
	    "Action: failed\n"
	    "Status: 5.0.0 (permanent failure)\n"
	    "Diagnostic-Code: smtp; 550-5.1.1 The email\n"
	    " account does not exist\n\n"
	    "Original-Recipient: rfc822;eve@y.example\n"
	    "Final-recipient: rfc822;eve@z.example\n"
	    "Action: Delayed\nStatus: 4.2.2\n\n";
	struct arena a = ARENA_INIT;
	struct message m = {.subject = S("Undelivered")};
	struct bounce_source s = {.message = &m,
	    .content_type = S("multipart/report; report-type=delivery-status"),
	    .report = str_c(text),
	    .report_type = S("message/delivery-status"),
	    .original = S("Message-ID: <1.x@acme.example>\r\nSubject: "
			  "=?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\n")};
	struct bounce *b = bounce_detect(&a, &s);

	(void)state;
	assert_non_null(b);
	assert_int_equal(b->n, 2);
	assert_true(str_eq(b->message_id, S("1.x@acme.example")));
	assert_true(str_eq(b->subject, S("grüße")));
	assert_true(str_eq(b->v[0].address, S("bob@y.example")));
	assert_true(str_eq(b->v[0].status, S("5.1.1")));
	assert_true(str_eq(b->v[0].smtp_code, S("550")));
	assert_true(b->v[0].hard);
	assert_true(str_eq(b->v[1].address, S("eve@y.example")));
	assert_true(str_eq(b->v[1].action, S("delayed")));
	assert_false(b->v[1].hard);
	arena_fini(&a);
}

static void
no_bounces(void **state)
{
	struct address ann = {S("Ann"), S("ann@x.example")};
	struct message m = {.from = {&ann, 1},
	    .subject = S("Fwd: Undelivered Mail Returned to Sender"),
	    .text =
		S("Could you look at this?\n<bob@y.example>: user unknown\n")};
	struct bounce_source s = {
	    .message = &m, .content_type = S("text/plain")};
	struct arena a = ARENA_INIT;

	(void)state;
	assert_null(bounce_detect(&a, &s));
	s.content_type =
	    S("multipart/report; report-type=disposition-notification");
	assert_null(bounce_detect(&a, &s));
	arena_fini(&a);
}

/* From addresses that say nothing: the mail opens as notices do, and names whom it is about. */
static void
odd_senders(void **state)
{
	static const struct {
		const char *subject, *text;
		bool bounce;
	} table[] = {
	    {"Delivery failure notification",
		"Your message with Subject: hello\ncould not be delivered to "
		"the following recipients:\n\nbob@y.example\n",
		true},
	    {"Returned Mail - Error During Delivery",
		"------ Failed Recipients ------\n\n<bob@y.example>: Requested "
		"action not taken: mailbox unavailable. [SMTP Error Code "
		"550]\n",
		true},
	    {"RE: Your invoice : non remis (delivery failed)",
		"*****\nVotre message n'a pas pu etre delivre a\n"
		"bob@y.example\n*****\n",
		true},
	    {"Delivery failed",
		"The parcel could not be delivered to my flat in the third "
		"floor, the courier says. What now?\nAnn\n",
		false},
	    {"Fwd: Delivery failure notification",
		"Your message could not be delivered to the following "
		"recipients:\n\nbob@y.example\n",
		false},
	    {"Undelivered Mail Returned to Sender",
		"Hi,\nwhen I write to bob I get this:\n> could not be "
		"delivered to <bob@y.example>\n",
		false},
	};
	struct address ann = {S("Ann"), S("ann@x.example")};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct message m = {.from = {&ann, 1},
		    .subject = str_c(table[i].subject),
		    .text = str_c(table[i].text)};
		struct bounce_source s = {
		    .message = &m, .content_type = S("text/plain")};
		struct bounce *b = bounce_detect(&a, &s);

		if ((b != NULL) != table[i].bounce)
			print_error("%s\n", table[i].subject);
		assert_true((b != NULL) == table[i].bounce);
		if (b) {
			assert_int_equal(b->n, 1);
			assert_true(
			    str_eq(b->v[0].address, S("bob@y.example")));
		}
	}
	arena_fini(&a);
}

/* Refused by the recipient's own rules: a disposition notification, but not one of reading. */
static void
rejection(void **state)
{
	struct message m = {.subject = S("Automatically rejected mail"),
	    .text = S("Your message to <bob@y.example> was automatically "
		      "rejected:\nQuota exceeded\n")};
	struct bounce_source s = {.message = &m,
	    .content_type =
		S("multipart/report; report-type=disposition-notification"),
	    .report_type = S("message/disposition-notification"),
	    .report = S("Final-Recipient: rfc822; bob@y.example\n"
			"Disposition: automatic-action/MDN-sent-automatically; "
			"deleted\n")};
	struct arena a = ARENA_INIT;
	struct bounce *b = bounce_detect(&a, &s);

	(void)state;
	assert_non_null(b);
	assert_true(str_eq(b->v[0].address, S("bob@y.example")));
	m.subject = S("Read: hello");
	m.text = S("Your message was deleted without being read.\n");
	assert_null(bounce_detect(&a, &s));
	arena_fini(&a);
}

/* A scanner put the report into a mail of its own. */
static void
wrapped(void **state)
{
	struct address from = {{0}, S("postmaster@x.example")};
	struct message m = {.from = {&from, 1},
	    .subject = S("Delivery Status Notification (Failure)"),
	    .text = S("This e-mail is confidential.\n")};
	struct bounce_source s = {.message = &m,
	    .content_type = S("multipart/mixed"),
	    .original = S("From: postmaster@x.example\n"
			  "Content-Type: multipart/report; "
			  "report-type=delivery-status;\n\tboundary=\"b\"\n\n"
			  "--b\nContent-Type: text/plain\n\nfailed\n\n"
			  "--b\nContent-Type: message/delivery-status\n\n"
			  "Reporting-MTA: dns;x.example\n\n"
			  "Final-Recipient: rfc822;bob@y.example\n"
			  "Action: failed\nStatus: 5.1.1\n\n--b--\n")};
	struct arena a = ARENA_INIT;
	struct bounce *b = bounce_detect(&a, &s);

	(void)state;
	assert_non_null(b);
	assert_int_equal(b->n, 1);
	assert_true(str_eq(b->v[0].address, S("bob@y.example")));
	assert_true(b->v[0].hard);
	arena_fini(&a);
}

/* Complaints that hide who complains: the mail that comes back says it. */
static void
complaints(void **state)
{
	static const struct {
		const char *original, *address;
	} table[] = {
	    {"X-HmXmrOriginalRecipient: bob@y.example\nTo: b@y.example\n\n",
		"bob@y.example"},
	    {"To: Bob <bob@y.example>\nSubject: hi\n\n", "bob@y.example"},
	    {"List-Id: <l.x.example>\nTo: l@x.example\n\n", ""},
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct message m = {.subject = S("complaint")};
		struct bounce_source s = {.message = &m,
		    .content_type =
			S("multipart/report; report-type=feedback-report"),
		    .report_type = S("message/feedback-report"),
		    .report = S("Feedback-Type: abuse\nVersion: 1\n\n"),
		    .original = str_c(table[i].original)};
		struct bounce *b = bounce_detect(&a, &s);

		assert_non_null(b);
		assert_int_equal(b->n, 1);
		assert_false(b->v[0].hard);
		assert_true(str_eq(b->v[0].address, str_c(table[i].address)));
	}
	arena_fini(&a);
}

static void
statuses(void **state)
{
	static const struct {
		const char *text, *status, *code;
	} table[] = {
	    {"550 5.1.1 User unknown", "5.1.1", "550"},
	    {"said: 550-5.7.26 x", "5.7.26", "550"},
	    {"host 5.1.1.2 said no", "", ""},
	    {"version 5.5.1x", "", ""},
	    {"(#5.2.2)", "5.2.2", ""},
	    {"5.0.0 then 552 5.2.2 full", "5.2.2", "552"},
	    {"at 10:45:50 421 4.4.2", "4.4.2", "421"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_true(str_eq(
		    status_find(str_c(table[i].text)), str_c(table[i].status)));
		assert_true(str_eq(
		    code_find(str_c(table[i].text)), str_c(table[i].code)));
	}
}

/* --- the corpus -------------------------------------------------------- */

struct tally {
	unsigned mails, counted, rows, hard, statused, status;
};

static struct bounce *
parse_file(struct arena *a, const char *path)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct message m = {0};

	if (file_read(path, 0, &raw, NULL) < 0 ||
	    message_parse(a, arena_dup(a, buf_str(&raw)), NULL, &m, NULL) < 0)
		return NULL;
	return m.bounce;
}

/* One mail's rows: file, number, status, code, reason, hard. */
static void
tally_mail(struct tally *t, const struct bounce *b, struct str *lines, size_t n)
{
	t->mails++;
	t->counted += b && b->n == n;
	for (size_t i = 0; i < n; i++) {
		const struct bounced *x = b && i < b->n ? &b->v[i] : NULL;
		struct str rest = lines[i], f[6] = {0};

		for (size_t k = 0; k < 6 && str_cut(&rest, '\t', &f[k]); k++)
			;
		t->rows++;
		t->hard += x && x->hard == str_eq(f[5], S("true"));
		if (!f[2].n || str_has(f[2], S(".0.9")))
			continue;
		t->statused++;
		t->status += x && str_eq(x->status, f[2]);
	}
}

static void
corpus(void **state)
{
	const char *root = getenv("HELPD_CORPORA");
	struct arena a = ARENA_INIT, all = ARENA_INIT;
	struct tally t = {0};
	struct buf tsv = BUF_INIT;
	struct strs group = {0};
	struct str rest, line, file = {0};
	const char *dir;

	(void)state;
	if (!root)
		root =
		    path_join(&all, getenv("srcdir") ? getenv("srcdir") : ".",
			"../shared/corpora");
	dir = path_join(&all, root, "bounce/sisimai");
	if (file_read(path_join(&all, dir, "expected.tsv"), 0, &tsv, NULL) <
	    0) {
		print_message("SKIP: no corpus at %s\n", dir);
		arena_fini(&all);
		skip();
	}
	assert_int_equal(parse_init(NULL, NULL), 0);
	rest = buf_str(&tsv);
	for (bool more = true; more;) {
		struct str name = {0};

		more = rest.n && str_line(&rest, &line);
		if (more && str_starts(line, S("#")))
			continue;
		if (more)
			name = str_sub(line, 0, (size_t)str_chr(line, '\t', 0));
		if (group.n && !str_eq(name, file)) {
			char *path = path_join(&a, dir, arena_cstr(&a, file));

			tally_mail(&t, parse_file(&a, path), group.v, group.n);
			group = (struct strs){0};
			arena_reset(&a);
		}
		file = name;
		strs_add(&all, &group, line);
	}
	print_message("recipients %u of %u mails, hard or soft %u of %u, "
		      "status %u of %u\n",
	    t.counted, t.mails, t.hard, t.rows, t.status, t.statused);
	buf_fini(&tsv);
	arena_fini(&a);
	arena_fini(&all);
	assert_true(t.counted * 100 >= t.mails * 95);
	assert_true(t.hard * 100 >= t.rows * 94);
	assert_true(t.status * 100 >= t.statused * 90);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(notices),
	    cmocka_unit_test(transcript),
	    cmocka_unit_test(report),
	    cmocka_unit_test(no_bounces),
	    cmocka_unit_test(odd_senders),
	    cmocka_unit_test(rejection),
	    cmocka_unit_test(wrapped),
	    cmocka_unit_test(complaints),
	    cmocka_unit_test(statuses),
	    cmocka_unit_test(corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* mail/forward: the forwards of the clients of the world, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/must.h"
#include "mail/forward.h"
#include "mail/forward_date.h"
#include "mail/parse.h"

#define WORDS "Hello,\n\nmy printer burns.\nAnn"

/* clang-format off */
static const struct {
	const char *name, *subject, *text;
	const char *from, *person;     /* NULL: none is found */
	bool sure;
	const char *about;             /* the subject in it */
	const char *date;              /* RFC 3339, or NULL */
} cases[] = {
	{"gmail", "Fwd: Printer", "please see below\n\n---------- Forwarded message ---------\nFrom: Ann Cole <ann@customer.example>\nDate: Fri, Mar 1, 2024 at 10:00 AM\nSubject: Printer\nTo: <bob@acme.example>\n\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T10:00:00Z"},
	{"gmail, stars", "Fwd: Printer", "---------- Forwarded message ---------\nFrom: *Ann Cole* <ann@customer.example>\nDate: Fri, Mar 1, 2024 at 10:00 AM\nSubject: Printer\nTo: <bob@acme.example>\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T10:00:00Z"},
	{"gmail, three lines of sender", "Fwd: Printer", "---------- Forwarded message ---------\nFrom: Ann Cole with a very long name indeed\n<ann@customer.example>\nDate: Fri, Mar 1, 2024 at 10:00 AM\nSubject: Printer\nTo: <bob@acme.example>\n\n" WORDS "\n", "ann@customer.example", "Ann Cole with a very long name indeed", true, "Printer", NULL},
	{"gmail de", "Fwd: Drucker", "---------- Forwarded message ---------\nVon: Ann Cole <ann@customer.example>\nDate: Fr., 1. März 2024 um 10:00 Uhr\nSubject: Drucker\nTo: <bob@acme.example>\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Drucker", "2024-03-01T10:00:00Z"},
	{"gmail fr", "Fwd: Imprimante", "---------- Forwarded message ---------\nDe : Ann Cole <ann@customer.example>\nDate: ven. 1 mars 2024 à 10:00\nSubject: Imprimante\nTo: <bob@acme.example>\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Imprimante", "2024-03-01T10:00:00Z"},
	{"gmail zh", "Fwd: 打印机", "---------- Forwarded message ---------\n发件人： 安 <ann@customer.example>\nDate: 2024年3月1日周五 上午10:00\nSubject: 打印机\nTo: <bob@acme.example>\n\n" WORDS "\n", "ann@customer.example", "安", true, "打印机", "2024-03-01T10:00:00Z"},
	{"thunderbird", "Fwd: Printer", "FYI\n\n-------- Forwarded Message --------\nSubject: \tPrinter\nDate: \tFri, 1 Mar 2024 10:00:00 +0100\nFrom: \tAnn Cole <ann@customer.example>\nReply-To: \tann@customer.example\nTo: \tbob@acme.example\n\n\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T09:00:00Z"},
	{"thunderbird de", "Fwd: Drucker", "-------- Weitergeleitete Nachricht --------\nBetreff: \tDrucker\nDatum: \tFri, 1 Mar 2024 10:00:00 +0100\nVon: \tAnn Cole <ann@customer.example>\nAn: \tbob@acme.example\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Drucker", "2024-03-01T09:00:00Z"},
	{"thunderbird sv", "Fwd: Skrivare", "-------- Vidarebefordrat meddelande --------\nÄmne: \tSkrivare\nDatum: \tFri, 1 Mar 2024 10:00:00 +0100\nFrån: \tAnn Cole <ann@customer.example>\nTill: \tbob@acme.example\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Skrivare", NULL},
	{"apple, quoted", "Fwd: Printer", "Can you take this?\n\n> Begin forwarded message:\n> \n> From: Ann Cole <ann@customer.example>\n> Subject: Printer\n> Date: 1 March 2024 at 10:00:00 CET\n> To: bob@acme.example\n> \n> " "Hello,\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T10:00:00Z"},
	{"apple", "Fwd: Printer", "Begin forwarded message:\n\n> From: Ann Cole <ann@customer.example>\n> Subject: Printer\n> Date: March 1, 2024 at 10:00:00 AM GMT+1\n> To: \"bob@acme.example\" <bob@acme.example>, Carl <carl@acme.example>\n> \n> Hello\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T09:00:00Z"},
	{"apple de", "Fwd: Drucker", "Anfang der weitergeleiteten Nachricht:\n\nVon: Ann Cole <ann@customer.example>\nBetreff: Drucker\nDatum: 1. März 2024 um 10:00:00 MEZ\nAn: bob@acme.example\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Drucker", NULL},
	{"apple fr", "TR : Imprimante", "Début du message transféré :\n\nDe: Ann Cole <ann@customer.example>\nObjet: Imprimante\nDate: 1 mars 2024 à 10:00:00 UTC+1\nÀ: bob@acme.example\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Imprimante", "2024-03-01T09:00:00Z"},
	{"outlook", "FW: Printer", "Please handle.\n\nFrom: Ann Cole <ann@customer.example>\nSent: Friday, March 1, 2024 2:05 PM\nTo: Bob <bob@acme.example>\nCc: Carl <carl@acme.example>\nSubject: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T14:05:00Z"},
	{"outlook, mailto", "FW: Printer", "From: Ann Cole [mailto:ann@customer.example]\nSent: Friday, March 1, 2024 10:00 AM\nTo: Bob\nSubject: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T10:00:00Z"},
	{"outlook, doubled", "FW: Printer", "From: Ann Cole <ann@customer.example<mailto:ann@customer.example>>\nSent: Friday, March 1, 2024 10:00 AM\nTo: Bob <bob@acme.example<mailto:bob@acme.example>>\nSubject: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T10:00:00Z"},
	{"outlook, bold", "FW: Printer", "*From:* Ann Cole <ann@customer.example>\n*Sent:* Friday, March 1, 2024 10:00 AM\n*To:* Bob\n*Subject:* Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T10:00:00Z"},
	{"outlook, rule", "Fw: Printer", "Get Outlook for Android\n________________________________\nFrom: Ann Cole <ann@customer.example>\nSent: Friday, March 1, 2024 10:00:00 AM\nTo: Bob <bob@acme.example>\nSubject: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T10:00:00Z"},
	{"outlook, lines apart", "FW: Printer", "From: Ann Cole <ann@customer.example>\n\nSent: Friday, March 1, 2024 10:00 AM\n\nTo: Bob <bob@acme.example>\n\nSubject: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T10:00:00Z"},
	{"outlook de", "WG: Drucker", "Von: Cole, Ann <ann@customer.example>\nGesendet: Freitag, 1. März 2024 10:00\nAn: Bob <bob@acme.example>\nBetreff: Drucker\n\n" WORDS "\n", "ann@customer.example", "Cole, Ann", true, "Drucker", "2024-03-01T10:00:00Z"},
	{"outlook fr", "TR: Imprimante", "De : Ann Cole <ann@customer.example>\nEnvoyé : vendredi 1 mars 2024 10:00\nÀ : Bob\nObjet : Imprimante\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Imprimante", "2024-03-01T10:00:00Z"},
	{"outlook es", "RV: Impresora", "De: Ann Cole <ann@customer.example>\nEnviado el: viernes, 1 de marzo de 2024 10:00\nPara: Bob\nAsunto: Impresora\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Impresora", "2024-03-01T10:00:00Z"},
	{"outlook it", "I: Stampante", "Da: Ann Cole <ann@customer.example>\nInviato: venerdì 1 marzo 2024 10:00\nA: Bob\nOggetto: Stampante\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Stampante", "2024-03-01T10:00:00Z"},
	{"outlook pt", "ENC: Impressora", "De: Ann Cole <ann@customer.example>\nEnviada em: sexta-feira, 1 de março de 2024 10:00\nPara: Bob\nAssunto: Impressora\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Impressora", "2024-03-01T10:00:00Z"},
	{"outlook nl", "FW: Printer", "Van: Ann Cole <ann@customer.example>\nVerzonden: vrijdag 1 maart 2024 10:00\nAan: Bob\nOnderwerp: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", NULL},
	{"outlook pl", "PD: Drukarka", "Od: Ann Cole <ann@customer.example>\nWysłano: piątek, 1 marca 2024 10:00\nDo: Bob\nTemat: Drukarka\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Drukarka", "2024-03-01T10:00:00Z"},
	{"outlook ru", "FW: Принтер", "От: Анна <ann@customer.example>\nОтправлено: 1 марта 2024 г. 10:00\nКому: Bob\nТема: Принтер\n\n" WORDS "\n", "ann@customer.example", "Анна", true, "Принтер", "2024-03-01T10:00:00Z"},
	{"outlook sv", "VB: Skrivare", "Från: Ann Cole <ann@customer.example>\nSkickat: den 1 mars 2024 10:00\nTill: Bob\nÄmne: Skrivare\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Skrivare", "2024-03-01T10:00:00Z"},
	{"outlook zh", "转发: 打印机", "发件人: 安 <ann@customer.example>\n发送时间: 2024年3月1日 14:05\n收件人: Bob\n主题: 打印机\n\n" WORDS "\n", "ann@customer.example", "安", true, "打印机", "2024-03-01T14:05:00Z"},
	{"outlook ja", "FW: プリンタ", "差出人: 安 <ann@customer.example>\n送信日時: 2024年3月1日 10:00\n宛先: Bob\n件名: プリンタ\n\n" WORDS "\n", "ann@customer.example", "安", true, "プリンタ", "2024-03-01T10:00:00Z"},
	{"qq", "转发：打印机", "请处理\n\n\n------------------&nbsp;\n------------------ 原始邮件 ------------------\n发件人: \"安\" <ann@customer.example>;\n发送时间: 2024年3月1日(星期五) 下午2:05\n收件人: \"bob\"<bob@acme.example>;\n主题: 打印机\n\n" WORDS "\n", "ann@customer.example", "安", true, "打印机", "2024-03-01T14:05:00Z"},
	{"qq, another heading", "Fw: 打印机", "------------------ 转发邮件 ------------------\n发件人：安<ann@customer.example>\n发送时间：2024年3月1日 14:05\n收件人：bob\n主题：打印机\n\n" WORDS "\n", "ann@customer.example", "安", true, "打印机", "2024-03-01T14:05:00Z"},
	{"foxmail", "Fw: 打印机", "\n\n\n \n发件人： ann@customer.example\n发送时间： 2024-03-01 14:05\n收件人： bob\n主题： 打印机\n" WORDS "\n", "ann@customer.example", "", true, "打印机", "2024-03-01T14:05:00Z"},
	{"netease", "Fw:打印机", "\n\n-------- 转发邮件信息 --------\n发件人：\"安\" <ann@customer.example>\n发送日期：2024-03-01 14:05:10\n收件人：bob@acme.example\n主题：打印机\n" WORDS "\n", "ann@customer.example", "安", true, "打印机", "2024-03-01T14:05:10Z"},
	{"yahoo", "Fw: Printer", "\n\n   ----- Forwarded Message ----- From: Ann\n ----- Forwarded Message -----\nFrom: Ann Cole <ann@customer.example>\nTo: bob@acme.example <bob@acme.example>\nSent: Friday, March 1, 2024 at 10:00:00 AM GMT+1\nSubject: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T09:00:00Z"},
	{"k-9", "Fwd: Printer", "-------- Original Message --------\nFrom: Ann Cole <ann@customer.example>\nSent: March 1, 2024 10:00:00 AM GMT+01:00\nTo: bob@acme.example\nSubject: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T09:00:00Z"},
	{"notes", "Fw: Printer", "\n----- Forwarded by Bob Smith/ACME on 03/01/2024 10:00 AM -----\n\nFrom:        Ann Cole <ann@customer.example>\nTo:        bob@acme.example\nDate:        03/13/2024 10:00 AM\nSubject:        Printer\n\n\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-13T10:00:00Z"},
	{"notes, of the house", "Fw: Printer", "----- Forwarded by Bob Smith/ACME on 03/01/2024 10:00 AM -----\n\nFrom:        Ann Cole/ACME\nTo:        Bob Smith/ACME@ACME\nDate:        03/13/2024 10:00 AM\nSubject:        Printer\n\n" WORDS "\n", "", "Ann Cole/ACME", false, "Printer", NULL},
	{"mutt", "Fwd: Printer", "----- Forwarded message from Ann Cole <ann@customer.example> -----\n\nDate: Fri, 1 Mar 2024 10:00:00 +0100\nFrom: Ann Cole <ann@customer.example>\nTo: bob@acme.example\nSubject: Printer\n\n" WORDS "\n\n----- End forwarded message -----\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T09:00:00Z"},
	{"mutt, no header", "[ann@customer.example: Printer]", "take it\n----- Forwarded message from Ann Cole <ann@customer.example> -----\n\n" WORDS "\n\n----- End forwarded message -----\n", "ann@customer.example", "Ann Cole", true, "Printer", NULL},
	{"mutt, the whole header", "[ann@customer.example: Printer]", "#take\n@bob knows her.\n\n----- Forwarded message from Ann Cole <ann@customer.example> -----\n\nReturn-Path: <ann@customer.example>\nX-Original-To: bob@acme.example\nDelivered-To: bob@acme.example\nReceived: from customer.example (localhost [127.0.0.1]) by mx.acme.example (Postfix) with SMTP id 2A8A5A76331 for\n\t<bob@acme.example>; Fri, 1 Mar 2024 10:00:01 +0100 (CET)\nDate: Fri, 1 Mar 2024 10:00:00 +0100\nFrom: Ann Cole <ann@customer.example>\nTo: bob@acme.example\nSubject: Printer\nMessage-ID: <1@customer.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\nContent-Disposition: inline\n\n" WORDS "\n\n----- End forwarded message -----\n", "ann@customer.example", "Ann Cole", true, "Printer", "2024-03-01T09:00:00Z"},
	{"mutt, two names", "Fwd: x", "----- Forwarded message from Ann Cole <ann@customer.example> -----\n\nDate: Fri, 1 Mar 2024 10:00:00 +0100\nFrom: Eve <eve@other.example>\nTo: bob@acme.example\nSubject: Printer\n\n" WORDS "\n", "eve@other.example", "Eve", false, "Printer", NULL},
	/* the outermost */
	{"nested", "Fwd: Fwd: Printer", "---------- Forwarded message ---------\nFrom: Ann Cole <ann@customer.example>\nDate: Fri, Mar 1, 2024 at 10:00 AM\nSubject: Fwd: Printer\nTo: <bob@acme.example>\n\nsee\n\n---------- Forwarded message ---------\nFrom: Deep <deep@other.example>\nDate: Fri, Mar 1, 2024 at 9:00 AM\nSubject: Printer\nTo: <ann@customer.example>\n\nold\n", "ann@customer.example", "Ann Cole", true, "Fwd: Printer", NULL},
	/* not sure */
	{"two addresses", "FW: x", "From: boss@acme.example <eve@other.example>\nSent: Friday, March 1, 2024 10:00 AM\nTo: Bob\nSubject: x\n\n" WORDS "\n", "boss@acme.example", "", false, "x", NULL},
	{"no address", "FW: x", "From: Ann Cole\nSent: Friday, March 1, 2024 10:00 AM\nTo: Bob\nSubject: x\n\n" WORDS "\n", "", "Ann Cole", false, "x", NULL},
	{"another subject", "Printer of Ann", "From: Ann Cole <ann@customer.example>\nSent: Friday, March 1, 2024 10:00 AM\nTo: Bob\nSubject: Printer\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", false, "Printer", NULL},
	{"two fields", "Fwd: x", "---------- Forwarded message ---------\nFrom: Ann Cole <ann@customer.example>\nSubject: x\n\n" WORDS "\n", "ann@customer.example", "Ann Cole", false, "x", NULL},
	/* none */
	{"a reply", "RE: Printer", "Yes.\n\nFrom: Ann Cole <ann@customer.example>\nSent: Friday, March 1, 2024 10:00 AM\nTo: Bob\nSubject: Printer\n\n" WORDS "\n", NULL, NULL, false, NULL, NULL},
	{"a reply of qq", "回复：打印机", "好\n\n------------------ 原始邮件 ------------------\n发件人: \"安\" <ann@customer.example>;\n发送时间: 2024年3月1日(星期五) 下午2:05\n收件人: \"bob\"<bob@acme.example>;\n主题: 打印机\n\n旧\n", NULL, NULL, false, NULL, NULL},
	{"quoted in a reply", "Re: Fwd: x", "Yes.\n\n> ---------- Forwarded message ---------\n> From: Ann Cole <ann@customer.example>\n> Date: Fri, Mar 1, 2024 at 10:00 AM\n> Subject: x\n> To: <bob@acme.example>\n> \n> old\n", NULL, NULL, false, NULL, NULL},
	{"words", "Fwd: trip", "From: Berlin\nTo: Paris\nTwo persons please.\n", NULL, NULL, false, NULL, NULL},
	{"plain", "Hello", WORDS, NULL, NULL, false, NULL, NULL},
	{"empty", "", "", NULL, NULL, false, NULL, NULL},
};
/* clang-format on */

static unsigned failures;

/* All of a table, not only its first failure. */
static void __attribute__((format(printf, 1, 2))) wrong(const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	print_message("%s\n", buf_cstr(&b));
	buf_fini(&b);
	failures++;
}

static void
test_cases(void **state)
{
	(void)state;
	failures = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena a = ARENA_INIT;
		struct message m = {.date = CLOCK_NONE,
		    .subject = str_c(cases[i].subject),
		    .text = str_c(cases[i].text)};
		struct forwarded *x = forward_read(&a, &m, m.text.n, NULL);
		struct str words;
		struct buf date = BUF_INIT;

		if (!cases[i].from) {
			if (x)
				wrong("%s: found %.*s", cases[i].name,
				    STR_ARG(x->from.addr));
			arena_fini(&a);
			continue;
		}
		if (!x)
			wrong("%s: nothing found", cases[i].name);
		else {
			if (!str_eq(x->from.addr, str_c(cases[i].from)) ||
			    !str_eq(x->from.name, str_c(cases[i].person)) ||
			    x->sure != cases[i].sure ||
			    !str_eq(x->subject, str_c(cases[i].about)))
				wrong("%s: \"%.*s\" <%.*s> sure %d \"%.*s\"",
				    cases[i].name, STR_ARG(x->from.name),
				    STR_ARG(x->from.addr), x->sure,
				    STR_ARG(x->subject));
			words = str_sub(m.text, x->text.from, x->text.to);
			if (!str_starts(words, S("Hello")) &&
			    !str_starts(words, S("> Hello")) &&
			    !str_starts(words, S("see\n")))
				wrong("%s: words \"%.*s\"", cases[i].name,
				    STR_ARG(words));
			if (str_starts(words, S("Hello,\n\n")) &&
			    !str_eq(words, S(WORDS)))
				wrong("%s: words \"%.*s\"", cases[i].name,
				    STR_ARG(words));
			if (cases[i].date) {
				if (x->date != CLOCK_NONE)
					clock_rfc3339(&date, x->date);
				if (!str_eq(
					buf_str(&date), str_c(cases[i].date)))
					wrong("%s: date %s", cases[i].name,
					    buf_cstr(&date));
			}
		}
		buf_fini(&date);
		arena_fini(&a);
	}
	assert_int_equal(failures, 0);
}

static void
test_people(void **state)
{
	struct arena a = ARENA_INIT;
	struct message m = {.date = CLOCK_NONE,
	    .subject = S("FW: x"),
	    .text = S(
		"From: Ann <ann@customer.example>\nSent: Friday, March 1, 2024 "
		"10:00 AM\nTo: Smith, Bob <bob@acme.example>; Carl; "
		"Dora <dora@acme.example<mailto:dora@acme.example>>;\n "
		"Emil <emil@acme.example>\nCc: f@acme.example, Gus "
		"<g@acme.example>\nSubject: x\n\nHello\n")};
	struct forwarded *x = forward_read(&a, &m, m.text.n, NULL);

	(void)state;
	assert_non_null(x);
	assert_int_equal(x->to.n, 4);
	assert_true(str_eq(x->to.v[0].name, S("Smith, Bob")));
	assert_true(str_eq(x->to.v[0].addr, S("bob@acme.example")));
	assert_true(str_eq(x->to.v[1].name, S("Carl")));
	assert_int_equal(x->to.v[1].addr.n, 0);
	assert_true(str_eq(x->to.v[2].addr, S("dora@acme.example")));
	assert_true(str_eq(x->to.v[3].addr, S("emil@acme.example")));
	assert_int_equal(x->cc.n, 2);
	assert_true(str_eq(x->cc.v[1].addr, S("g@acme.example")));
	arena_fini(&a);
}

static void
test_words(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
	    {"Hello\n> quoted\n", "Hello\n> quoted"},
	    {"> Hello\n> \n> > quoted\n>\n>Ann\n", "Hello\n\n> quoted\n\nAnn"},
	    {"", ""},
	    {">", ""},
	    {"\n> a\n\n> b\n", "a\n\nb"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = ARENA_INIT;
		struct forwarded x = {.date = CLOCK_NONE};
		struct message m = {.forwarded = &x};

		m.text = str_c(rows[i].text);
		x.text.to = (uint32_t)m.text.n;
		if (!str_eq(forward_words(&a, &m), str_c(rows[i].words)))
			fail_msg(
			    "%zu: \"%.*s\"", i, STR_ARG(forward_words(&a, &m)));
		arena_fini(&a);
	}
}

/* --- whole mails --- */

static struct forwarded *
of_mail(struct arena *a, const char *raw, struct message *m)
{
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	if (message_parse(a, str_c(raw), NULL, m, &err) < 0)
		fail_msg("%s", err.msg);
	/* Through the record: what the daemon sees. */
	message_encode(m, &b);
	if (message_decode(a, arena_dup(a, buf_str(&b)), m, &err) < 0)
		fail_msg("%s", err.msg);
	buf_fini(&b);
	return m->forwarded;
}

#define INNER                                                             \
	"From: =?utf-8?q?Ann_C=C3=B6le?= <ann@customer.example>\n"        \
	"To: Bob <bob@acme.example>\nSubject: =?utf-8?q?Dr=C3=BCcker?=\n" \
	"Date: Fri, 1 Mar 2024 10:00:00 +0100\n"                          \
	"Message-ID: <inner.1@customer.example>\n\n" WORDS "\n"
#define OUTER(text, disposition)                                   \
	"From: Bob <bob@acme.example>\nTo: support@acme.example\n" \
	"Subject: Fwd: x\nMIME-Version: 1.0\n"                     \
	"Content-Type: multipart/mixed; boundary=b\n\n--b\n"       \
	"Content-Type: text/plain\n\n" text "\n--b\n"              \
	"Content-Type: message/rfc822\n" disposition "\n" INNER "\n--b--\n"

static void
test_attached(void **state)
{
	struct arena a = ARENA_INIT;
	struct message m;
	struct forwarded *x = of_mail(&a,
	    OUTER("please take it", "Content-Disposition: attachment\n"), &m);

	(void)state;
	assert_non_null(x);
	assert_true(x->attached && x->sure);
	assert_true(str_eq(x->from.name, S("Ann C\u00f6le")));
	assert_true(str_eq(x->from.addr, S("ann@customer.example")));
	assert_true(str_eq(x->subject, S("Dr\u00fccker")));
	assert_true(str_eq(x->message_id, S("inner.1@customer.example")));
	assert_int_equal(x->date, INT64_C(1709283600000));
	assert_int_equal(x->to.n, 1);
	assert_true(
	    str_eq(str_sub(m.text, x->text.from, x->text.to), S(WORDS)));
	x = of_mail(&a, OUTER("", ""), &m);
	assert_non_null(x);
	assert_true(x->attached && x->sure);
	assert_true(
	    str_eq(str_sub(m.text, x->text.from, x->text.to), S(WORDS)));
	arena_fini(&a);
}

/* The customer's mail, forwarded in the text, had a mail attached; two mails attached; a bounce; a redirected mail. */
static void
test_attached_doubts(void **state)
{
	struct arena a = ARENA_INIT;
	struct message m;
	struct forwarded *x = of_mail(&a,
	    OUTER("---------- Forwarded message ---------\n"
		  "From: Eve <eve@other.example>\n"
		  "Date: Fri, Mar 1, 2024 at 10:00 AM\nSubject: x\n"
		  "To: <bob@acme.example>\n\nHello",
		""),
	    &m);

	(void)state;
	assert_non_null(x);
	assert_true(!x->attached && !x->sure);
	assert_true(str_eq(x->from.addr, S("eve@other.example")));

	x = of_mail(&a,
	    "From: Bob <bob@acme.example>\nSubject: two\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	    "Content-Type: message/rfc822\n\n" INNER "\n--b\n"
	    "Content-Type: message/rfc822\n\n" INNER "\n--b--\n",
	    &m);
	assert_non_null(x);
	assert_true(x->attached && !x->sure);

	x = of_mail(&a,
	    "From: mailer-daemon@acme.example\nSubject: failed\n"
	    "MIME-Version: 1.0\nContent-Type: multipart/report; "
	    "report-type=delivery-status; boundary=b\n\n--b\n\nfailed\n--b\n"
	    "Content-Type: message/delivery-status\n\n"
	    "Reporting-MTA: dns; a.example\n\n"
	    "Final-Recipient: rfc822; x@b.example\nAction: failed\n"
	    "Status: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\n" INNER
	    "\n--b--\n",
	    &m);
	assert_null(x);

	x = of_mail(&a,
	    "Resent-From: Bob <bob@acme.example>\n"
	    "Resent-To: support@acme.example\nResent-Date: Fri, 1 Mar 2024 "
	    "11:00:00 +0100\n" INNER,
	    &m);
	assert_null(x);
	assert_int_equal(m.from.n, 1);
	assert_true(str_eq(m.from.v[0].addr, S("ann@customer.example")));
	assert_int_equal(m.from_fields, 1);
	arena_fini(&a);
}

#define HTML(subject, html)                                        \
	"From: Bob <bob@acme.example>\nTo: support@acme.example\n" \
	"Subject: " subject "\nMIME-Version: 1.0\n"                \
	"Content-Type: text/html; charset=utf-8\n\n" html

/* Forwards that are HTML and nothing else. */
static void
test_html(void **state)
{
	static const struct {
		const char *name, *raw;
	} mails[] = {
	    {"gmail",
		HTML("Fwd: Printer",
		    "<div dir=\"ltr\"><br><br><div class=\"gmail_quote\"><div "
		    "dir=\"ltr\" class=\"gmail_attr\">---------- Forwarded "
		    "message ---------<br>From: <strong "
		    "class=\"gmail_sendername\" dir=\"auto\">Ann Cole</strong> "
		    "<span dir=\"auto\">&lt;<a "
		    "href=\"mailto:ann@customer.example\">ann@customer.example"
		    "</a>&gt;</span><br>Date: Fri, Mar 1, 2024 at 10:00\u202f"
		    "AM<br>Subject: Printer<br>To:  &lt;<a "
		    "href=\"mailto:bob@acme.example\">bob@acme.example</a>&gt;"
		    "<br></div><br><br><div dir=\"ltr\">Hello</div></div>"
		    "</div>")},
	    {"outlook",
		HTML("FW: Printer",
		    "<div class=WordSection1><p class=MsoNormal>see "
		    "below<o:p></o:p></p><div><div "
		    "style='border:none;border-top:solid #E1E1E1 1.0pt'><p "
		    "class=MsoNormal><b>From:</b> Ann Cole "
		    "&lt;ann@customer.example&gt; <br><b>Sent:</b> Friday, "
		    "March "
		    "1, 2024 10:00 AM<br><b>To:</b> Bob "
		    "&lt;bob@acme.example&gt;<br><b>Subject:</b> "
		    "Printer<o:p></o:p></p></div></div><p "
		    "class=MsoNormal>&nbsp;</p><p class=MsoNormal>Hello</p>"
		    "</div>")},
	    {"outlook web",
		HTML("Fw: Printer",
		    "<div><br></div><hr><div id=\"divRplyFwdMsg\" "
		    "dir=\"ltr\"><font><b>From:</b> Ann Cole &lt;<a "
		    "href=\"mailto:ann@customer.example\">ann@customer.example"
		    "</a>&gt;<br><b>Sent:</b> Friday, March 1, 2024 10:00 "
		    "AM<br><b>To:</b> Bob<br><b>Subject:</b> "
		    "Printer</font><div>&nbsp;</div></div><div>Hello</div>")},
	    {"thunderbird",
		HTML("Fwd: Printer",
		    "<p><br></p><div class=\"moz-forward-container\"><br><br>"
		    "-------- Forwarded Message --------<table "
		    "class=\"moz-email-headers-table\"><tbody><tr><th "
		    "align=\"RIGHT\">Subject: </th><td>Printer</td></tr><tr>"
		    "<th>Date: </th><td>Fri, 1 Mar 2024 10:00:00 +0000</td>"
		    "</tr><tr><th>From: </th><td>Ann Cole <a "
		    "class=\"moz-txt-link-rfc2396E\" "
		    "href=\"mailto:ann@customer.example\">&lt;ann@customer."
		    "example&gt;</a></td></tr><tr><th>To: </th><td><a "
		    "href=\"mailto:bob@acme.example\">bob@acme.example</a>"
		    "</td></tr></tbody></table><br><br>Hello</div>")},
	    {"apple",
		HTML("Fwd: Printer",
		    "<div><br><div><br><blockquote type=\"cite\"><div>Begin "
		    "forwarded message:</div><br><div><span><b>From: "
		    "</b></span>"
		    "<span>Ann Cole &lt;<a "
		    "href=\"mailto:ann@customer.example\">ann@customer.example"
		    "</a>&gt;<br></span></div><div><span><b>Subject: "
		    "</b></span><span><b>Printer</b><br></span></div><div>"
		    "<span><b>Date: </b></span><span>1 March 2024 at 10:00:00 "
		    "GMT<br></span></div><div><span><b>To: </b></span><span>"
		    "bob@acme.example<br></span></div><br><div><div>Hello</div>"
		    "</div></blockquote></div></div>")},
	    {"qq",
		HTML("\u8f6c\u53d1\uff1aPrinter",
		    "<div><br></div><div style=\"font:Verdana normal "
		    "14px;color:#000;\"><div>------------------&nbsp;\u539f"
		    "\u59cb\u90ae\u4ef6&nbsp;------------------</div><div>"
		    "<div><b>\u53d1\u4ef6\u4eba:</b>&nbsp;\"Ann Cole\"&lt;ann@"
		    "customer.example&gt;;</"
		    "div><div><b>\u53d1\u9001\u65f6\u95f4"
		    ":</b>&nbsp;2024\u5e743\u67081\u65e5(\u661f\u671f\u4e94) "
		    "\u4e0a\u534810:00</div><div><b>\u6536\u4ef6\u4eba:</"
		    "b>&nbsp;"
		    "\"bob\"&lt;bob@acme.example&gt;;</"
		    "div><div><b>\u4e3b\u9898:"
		    "</b>&nbsp;Printer</div></div><div>&nbsp;</div>Hello</"
		    "div>")},
	};

	(void)state;
	failures = 0;
	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		struct arena a = ARENA_INIT;
		struct message m;
		struct forwarded *x = of_mail(&a, mails[i].raw, &m);
		struct str words;

		if (!x) {
			wrong("%s: nothing in %.*s", mails[i].name,
			    STR_ARG(m.text));
			arena_fini(&a);
			continue;
		}
		words = str_sub(m.text, x->text.from, x->text.to);
		if (!x->sure ||
		    !str_eq(x->from.addr, S("ann@customer.example")) ||
		    !str_eq(x->from.name, S("Ann Cole")) ||
		    !str_eq(x->subject, S("Printer")) ||
		    x->date != INT64_C(1709287200000) || x->to.n != 1 ||
		    !(str_eq(words, S("Hello")) || str_eq(words, S("> Hello"))))
			wrong("%s: \"%.*s\" <%.*s> \"%.*s\" to %zu sure %d "
			      "date %lld: %.*s",
			    mails[i].name, STR_ARG(x->from.name),
			    STR_ARG(x->from.addr), STR_ARG(x->subject), x->to.n,
			    x->sure, (long long)x->date, STR_ARG(m.text));
		arena_fini(&a);
	}
	assert_int_equal(failures, 0);
}

static void
test_dates(void **state)
{
	static const struct {
		const char *text, *date;
	} dates[] = {
	    {"Fri, 1 Mar 2024 10:00:00 +0100", "2024-03-01T09:00:00Z"},
	    {"01/03/2024 10:00", NULL},
	    {"13/03/2024 10:00", "2024-03-13T10:00:00Z"},
	    {"03/13/2024 02:15:10 PM", "2024-03-13T14:15:10Z"},
	    {"3/3/2024 12:15 AM", "2024-03-03T00:15:00Z"},
	    {"01.03.24 10:00", "2024-03-01T10:00:00Z"},
	    {"2024-03-01 10:00:05", "2024-03-01T10:00:05Z"},
	    {"2024-03-01T10:00:05Z", "2024-03-01T10:00:05Z"},
	    {"2024\u5e743\u67081\u65e5 \u661f\u671f\u4e94 \u4e0b\u53482:05",
		"2024-03-01T14:05:00Z"},
	    {"2024\ub144 3\uc6d4 1\uc77c \uae08\uc694\uc77c \uc624\ud6c4 2:05",
		"2024-03-01T14:05:00Z"},
	    {"fre. 1. mars 2024 kl. 10.05", "2024-03-01T10:05:00Z"},
	    {"Mar 5, 2024, 10:05", "2024-03-05T10:05:00Z"},
	    {"martes, 5 de abril de 2024 10:05", "2024-04-05T10:05:00Z"},
	    {"yesterday", NULL},
	    {"", NULL},
	    {"99/99/9999", NULL},
	};

	(void)state;
	failures = 0;
	for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
		int64_t t = forward_date(str_c(dates[i].text));
		struct buf b = BUF_INIT;

		if (t != CLOCK_NONE)
			clock_rfc3339(&b, t);
		if (!str_eq(buf_str(&b), str_c(dates[i].date)))
			wrong("%s: %s", dates[i].text, buf_cstr(&b));
		buf_fini(&b);
	}
	assert_int_equal(failures, 0);
}

/* Headings without end: the time stays linear. */
static void
test_large(void **state)
{
	static const char *const parts[] = {"From: a\n", "From:\n\n",
	    "-----Original Message-----\n", "Begin forwarded message:\n",
	    "> From: a@b.example\n> To: c\n", "@", "a@b,",
	    "---------- Forwarded message ---------\nFrom: a@b.example\nTo: "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT;
		struct message m = {.date = CLOCK_NONE, .subject = S("Fwd:")};
		int64_t began = clock_mono();

		while (b.n < 1 << 20)
			buf_puts(&b, parts[i]);
		m.text = buf_str(&b);
		forward_read(&a, &m, m.text.n, NULL);
		assert_true(clock_mono() - began < 2000);
		buf_fini(&b);
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_people),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_attached),
	    cmocka_unit_test(test_attached_doubts),
	    cmocka_unit_test(test_html),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_large),
	};
	struct err err = ERR_INIT;

	if (parse_init(NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

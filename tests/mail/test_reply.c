/* mail/reply: what was newly written, over the clients and languages of the world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/must.h"
#include "mail/reply.h"

static struct str
split(struct arena *a, struct str text)
{
	struct span *v;
	size_t n;
	struct str all = S("");

	reply_split(a, text, &v, &n);
	for (size_t i = 0; i < n; i++) {
		assert_true(v[i].from <= v[i].to && v[i].to <= text.n);
		if (i)
			assert_true(v[i - 1].to <= v[i].from);
		all = arena_printf(a, "%.*s%.*s", STR_ARG(all),
		    STR_ARG(str_sub(text, v[i].from, v[i].to)));
	}
	return str_trim(all);
}

/* clang-format off */
static const struct {
	const char *name, *text, *fresh;
} cases[] = {
	{"plain", "Hello\n\nmy printer burns.\n", "Hello\n\nmy printer burns."},
	{"blank", " \n\n", ""},
	/* headings */
	{"gmail en", "Answer\n\nOn Fri, Mar 1, 2024 at 10:00 AM Anna <a@b.example> wrote:\n\n> old\n", "Answer"},
	{"gmail en broken", "Answer\n\nOn Fri, Mar 1, 2024 at 10:00 AM Anna Long Name <\na@b.example> wrote:\n\n> old\n", "Answer"},
	{"apple en", "Answer\n\n> On 1 Mar 2024, at 10:00, Anna <a@b.example> wrote:\n> \n> old\n", "Answer"},
	{"thunderbird en", "Answer\n\nOn 01/03/2024 10:00, Anna wrote:\n> old\n", "Answer"},
	{"gmail de", "Antwort\n\nAm Fr., 1. März 2024 um 10:00 Uhr schrieb Anna <a@b.example>:\n\n> alt\n", "Antwort"},
	{"thunderbird de", "Antwort\n\nAm 01.03.24 um 10:00 schrieb Anna:\n> alt\n", "Antwort"},
	{"gmail fr", "Réponse\n\nLe ven. 1 mars 2024 à 10:00, Anna <a@b.example> a écrit :\n\n> vieux\n", "Réponse"},
	{"gmail es", "Respuesta\n\nEl vie, 1 mar 2024 a las 10:00, Anna (<a@b.example>) escribió:\n\n> viejo\n", "Respuesta"},
	{"gmail it", "Risposta\n\nIl giorno ven 1 mar 2024 alle ore 10:00 Anna <a@b.example> ha scritto:\n\n> vecchio\n", "Risposta"},
	{"gmail pt", "Resposta\n\nEm sex., 1 de mar. de 2024 às 10:00, Anna <a@b.example> escreveu:\n\n> velho\n", "Resposta"},
	{"gmail nl", "Antwoord\n\nOp vr 1 mrt 2024 om 10:00 schreef Anna <a@b.example>:\n\n> oud\n", "Antwoord"},
	{"gmail sv", "Svar\n\nDen fre 1 mars 2024 kl 10:00 skrev Anna <a@b.example>:\n\n> gammalt\n", "Svar"},
	{"gmail da", "Svar\n\nDen fre. 1. mar. 2024 kl. 10.00 skrev Anna <a@b.example>:\n\n> gammelt\n", "Svar"},
	{"gmail no", "Svar\n\nfre. 1. mars 2024 kl. 10:00 skrev Anna <a@b.example>:\n\n> gammelt\n", "Svar"},
	{"gmail fi", "Vastaus\n\npe 1. maalisk. 2024 klo 10.00 Anna (a@b.example) kirjoitti:\n\n> vanha\n", "Vastaus"},
	{"gmail pl", "Odpowiedź\n\npt., 1 mar 2024 o 10:00 Anna <a@b.example> napisał(a):\n\n> stare\n", "Odpowiedź"},
	{"thunderbird pl", "Odpowiedź\n\nW dniu 1.03.2024 o 10:00, Anna pisze:\n> stare\n", "Odpowiedź"},
	{"gmail cs", "Odpověď\n\npá 1. 3. 2024 v 10:00 odesílatel Anna <a@b.example> napsal:\n\n> staré\n", "Odpověď"},
	{"gmail sk", "Odpoveď\n\npi 1. 3. 2024 o 10:00 Anna <a@b.example> napísal(a):\n\n> staré\n", "Odpoveď"},
	{"gmail hu", "Válasz\n\nAnna <a@b.example> ezt írta (időpont: 2024. márc. 1., P, 10:00):\n\n> régi\n", "Válasz"},
	{"gmail ro", "Răspuns\n\nÎn vin., 1 mar. 2024 la 10:00, Anna <a@b.example> a scris:\n\n> vechi\n", "Răspuns"},
	{"gmail tr", "Yanıt\n\nAnna <a@b.example>, 1 Mar 2024 Cum, 10:00 tarihinde şunu yazdı:\n\n> eski\n", "Yanıt"},
	{"gmail id", "Jawaban\n\nPada tanggal Jum, 1 Mar 2024 pukul 10.00 Anna <a@b.example> menulis:\n\n> lama\n", "Jawaban"},
	{"gmail vi", "Trả lời\n\nVào Th 6, 1 thg 3, 2024 vào lúc 10:00 Anna <a@b.example> đã viết:\n\n> cũ\n", "Trả lời"},
	{"gmail ru", "Ответ\n\nпт, 1 мар. 2024 г. в 10:00, Anna <a@b.example>:\n\n> старое\n", "Ответ"},
	{"thunderbird ru", "Ответ\n\n01.03.2024 10:00, Anna пишет:\n> старое\n", "Ответ"},
	{"mail.ru", "Ответ\n\nПятница, 1 марта 2024, 10:00 +03:00 от Anna <a@b.example>:\n\n> старое\n", "Ответ"},
	{"gmail uk", "Відповідь\n\nпт, 1 бер. 2024 р. о 10:00 Anna <a@b.example> пише:\n\n> старе\n", "Відповідь"},
	{"gmail bg", "Отговор\n\nНа пт, 1.03.2024 г. в 10:00 Anna <a@b.example> написа:\n\n> старо\n", "Отговор"},
	{"gmail el", "Απάντηση\n\nΣτις Παρ 1 Μαρ 2024 στις 10:00 π.μ., ο/η Anna <a@b.example> έγραψε:\n\n> παλιό\n", "Απάντηση"},
	{"gmail he", "תשובה\n\n\u202bבתאריך יום ו׳, 1 במרץ 2024 ב-10:00 מאת \u202aAnna\u202c\u200f <\u202aa@b.example\u202c\u200f>:\u202c\n\n> ישן\n", "תשובה"},
	{"gmail ar", "جواب\n\nفي الجمعة، ١ مارس ٢٠٢٤ في ١٠:٠٠ ص تمت كتابة ما يلي بواسطة Anna <a@b.example>:\n\n> قديم\n", "جواب"},
	{"gmail th", "คำตอบ\n\nในวันที่ ศ. 1 มี.ค. 2024 เวลา 10:00 Anna <a@b.example> เขียนว่า:\n\n> เก่า\n", "คำตอบ"},
	{"gmail zh", "回答\n\nAnna <a@b.example> 于2024年3月1日周五 10:00写道：\n\n> 旧\n", "回答"},
	{"apple zh", "回答\n\n> 在 2024年3月1日，上午10:00，Anna <a@b.example> 写道：\n> \n> 旧\n", "回答"},
	{"163", "回答\n\n\n\n在 2024-03-01 10:00:00，\"Anna\" <a@b.example> 写道：\n\n旧的内容\n", "回答"},
	{"163 en", "Answer\n\n\nAt 2024-03-01 10:00:00, \"Anna\" <a@b.example> wrote:\n\n>old\n", "Answer"},
	{"gmail zh-TW", "回答\n\nAnna <a@b.example> 於 2024年3月1日 週五 上午10:00寫道：\n\n> 舊\n", "回答"},
	{"gmail ja", "返事\n\n2024年3月1日(金) 10:00 Anna <a@b.example>:\n\n> 古い\n", "返事"},
	{"thunderbird ja", "返事\n\nOn 2024/03/01 10:00, Anna wrote:\n> 古い\n", "返事"},
	{"gmail ko", "답변\n\n2024년 3월 1일 (금) 오전 10:00, Anna <a@b.example>님이 작성:\n\n> 오래된\n", "답변"},
	{"zoho", "Answer\n\n---- On Fri, 01 Mar 2024 10:00:00 +0100 Anna <a@b.example> wrote ----\n\nold\n", "Answer"},
	{"horde", "Answer\n\nZitat von Anna <a@b.example>:\n\n> old\n", "Answer"},
	{"name only", "Answer\n\nAnna Smith wrote:\n> old\n", "Answer"},
	{"three lines", "Answer\n\nOn Fri, Mar 1, 2024 at 10:00 AM, Anna\nVery Long Name via Support <\na@b.example> wrote:\n> old\n", "Answer"},
	{"unquoted", "Answer\n\nOn Fri, Mar 1, 2024 at 10:00 AM Anna <a@b.example> wrote:\n\nold without marks\n", "Answer"},
	/* no heading */
	{"wrote is a word", "In my mail of 1 March I wrote:\nthe printer burns.\nIt still does.", "In my mail of 1 March I wrote:\nthe printer burns.\nIt still does."},
	{"log line", "The log:\n2024-03-01 10:00:03 admin@db01 restart:\nfailed\nHelp!", "The log:\n2024-03-01 10:00:03 admin@db01 restart:\nfailed\nHelp!"},
	{"travel", "From: Berlin\nTo: Paris\nDate: 3 May\nTwo persons please.", "From: Berlin\nTo: Paris\nDate: 3 May\nTwo persons please."},
	{"table", "| a | b |\n| 1 | 2 |\nSee above.", "| a | b |\n| 1 | 2 |\nSee above."},
	{"rule in text", "First\n-----\nSecond is long and goes on\nand on.", "First\n-----\nSecond is long and goes on\nand on."},
	/* header blocks */
	{"outlook en", "Answer\n\nFrom: Anna <a@b.example>\nSent: Friday, March 1, 2024 10:00 AM\nTo: Bob\nSubject: RE: x\n\nold\n", "Answer"},
	{"outlook rule", "Answer\n________________________________\nFrom: Anna <a@b.example>\nSent: Friday, March 1, 2024 10:00 AM\nTo: Bob\nSubject: RE: x\n\nold\n", "Answer"},
	{"outlook bold", "Answer\n\n*From:* Anna <a@b.example>\n*Sent:* Friday\n*To:* Bob\n*Subject:* RE: x\n\nold\n", "Answer"},
	{"outlook de", "Antwort\n\nVon: Anna <a@b.example>\nGesendet: Freitag, 1. März 2024 10:00\nAn: Bob\nBetreff: AW: x\n\nalt\n", "Antwort"},
	{"outlook fr", "Réponse\n\nDe : Anna <a@b.example>\nEnvoyé : vendredi 1 mars 2024 10:00\nÀ : Bob\nObjet : RE: x\n\nvieux\n", "Réponse"},
	{"outlook es", "Respuesta\n\nDe: Anna <a@b.example>\nEnviado el: viernes, 1 de marzo de 2024 10:00\nPara: Bob\nAsunto: RE: x\n\nviejo\n", "Respuesta"},
	{"outlook it", "Risposta\n\nDa: Anna <a@b.example>\nInviato: venerdì 1 marzo 2024 10:00\nA: Bob\nOggetto: R: x\n\nvecchio\n", "Risposta"},
	{"outlook pt", "Resposta\n\nDe: Anna <a@b.example>\nEnviada em: sexta-feira, 1 de março de 2024 10:00\nPara: Bob\nAssunto: RES: x\n\nvelho\n", "Resposta"},
	{"outlook nl", "Antwoord\n\nVan: Anna <a@b.example>\nVerzonden: vrijdag 1 maart 2024 10:00\nAan: Bob\nOnderwerp: RE: x\n\noud\n", "Antwoord"},
	{"outlook pl", "Odpowiedź\n\nOd: Anna <a@b.example>\nWysłano: piątek, 1 marca 2024 10:00\nDo: Bob\nTemat: RE: x\n\nstare\n", "Odpowiedź"},
	{"outlook ru", "Ответ\n\nОт: Anna <a@b.example>\nОтправлено: 1 марта 2024 г. 10:00\nКому: Bob\nТема: RE: x\n\nстарое\n", "Ответ"},
	{"outlook cs", "Odpověď\n\nOd: Anna <a@b.example>\nOdesláno: pátek 1. března 2024 10:00\nKomu: Bob\nPředmět: RE: x\n\nstaré\n", "Odpověď"},
	{"outlook tr", "Yanıt\n\nKimden: Anna <a@b.example>\nGönderildi: 1 Mart 2024 Cuma 10:00\nKime: Bob\nKonu: RE: x\n\neski\n", "Yanıt"},
	{"outlook zh", "回答\n\n发件人: Anna <a@b.example>\n发送时间: 2024年3月1日 10:00\n收件人: Bob\n主题: 答复: x\n\n旧\n", "回答"},
	{"foxmail", "回答\n\n发件人： Anna\n发送时间： 2024-03-01 10:00\n收件人： Bob\n主题： Re: x\n\n旧\n", "回答"},
	{"outlook zh-TW", "回答\n\n寄件者: Anna <a@b.example>\n寄件日期: 2024年3月1日 10:00\n收件者: Bob\n主旨: RE: x\n\n舊\n", "回答"},
	{"outlook ja", "返事\n\n差出人: Anna <a@b.example>\n送信日時: 2024年3月1日 10:00\n宛先: Bob\n件名: RE: x\n\n古い\n", "返事"},
	{"outlook ko", "답변\n\n보낸 사람: Anna <a@b.example>\n보낸 날짜: 2024년 3월 1일 10:00\n받는 사람: Bob\n제목: RE: x\n\n오래된\n", "답변"},
	{"outlook he", "תשובה\n\nמאת: Anna <a@b.example>\nנשלח: 1 מרץ 2024\nאל: Bob\nנושא: RE: x\n\nישן\n", "תשובה"},
	{"tabs", "Answer\n\nFrom:\tAnna <a@b.example>\nTo:\tBob\nDate:\t01.03.2024 10:00\nSubject:\tRe: x\n\nold\n", "Answer"},
	/* markers */
	{"original", "Answer\n\n-----Original Message-----\nFrom: Anna\nold\n", "Answer"},
	{"original de", "Antwort\n\n-----Ursprüngliche Nachricht-----\nVon: Anna\nalt\n", "Antwort"},
	{"original zh", "回答\n\n------------------ 原始邮件 ------------------\n发件人: \"Anna\";\n旧\n", "回答"},
	{"qq", "Answer\n\n------------------&nbsp;Original&nbsp;------------------\n", "Answer\n\n------------------&nbsp;Original&nbsp;------------------"},
	{"qq en", "Answer\n\n\n------------------ Original ------------------\nFrom: \"Anna\"<a@b.example>;\nDate: Fri, Mar 1, 2024\n\nold\n", "Answer"},
	{"proton", "Answer\n\n------- Original Message -------\nOn Friday, March 1st, 2024 at 10:00, Anna <a@b.example> wrote:\n\n> old\n", "Answer"},
	{"samsung", "Answer\n\n-------- Original message --------\nFrom: Anna <a@b.example>\nDate: 01/03/2024 10:00 (GMT+01:00)\nTo: bob\nSubject: x\n\nold\n", "Answer"},
	{"cut line", "Answer\n\n## Please reply above this line ##\n\nold\n", "Answer"},
	{"cut line zh", "回答\n\n##- 请在此行上方回复 -##\n旧\n", "回答"},
	/* forwards */
	{"forward with text", "Please see below.\n\n---------- Forwarded message ---------\nFrom: Anna <a@b.example>\nSubject: x\n\nbody\n> quoted\n",
	    "Please see below.\n\n---------- Forwarded message ---------\nFrom: Anna <a@b.example>\nSubject: x\n\nbody\n> quoted"},
	{"forward apple", "FYI\n\nBegin forwarded message:\n\nFrom: Anna\nbody\n", "FYI\n\nBegin forwarded message:\n\nFrom: Anna\nbody"},
	{"bare forward", "-------- Weitergeleitete Nachricht --------\nBetreff: x\nDatum: 1.3.2024\nVon: Anna\nAn: Bob\n\nbody\n", "body"},
	{"bare forward of outlook", "From: Anna <a@b.example>\nSent: Monday\nTo: Bob <b@b.example>,\n<c@b.example>\nSubject: x\n\nbody\n\n____\nFrom: Carl\nSent: Sunday\nTo: Anna\nSubject: x\n\nfirst\n",
	    "body\n\n____\nFrom: Carl\nSent: Sunday\nTo: Anna\nSubject: x\n\nfirst"},
	/* quotes and answers */
	{"bottom", "On Fri, Mar 1, 2024 at 10:00 AM Anna <a@b.example> wrote:\n> old\n> older\n\nAnswer\n", "Answer"},
	{"greeting, quote, answer", "Hi Anna,\n\nOn Fri, Mar 1, 2024 at 10:00 AM Anna <a@b.example> wrote:\n> old\n\nAnswer\n", "Hi Anna,\n\nAnswer"},
	{"interleaved", "On Fri, Mar 1, 2024 at 10:00 AM Anna <a@b.example> wrote:\n> When?\n\nAt nine.\n\n> Where?\n\nHere.\n\n> bye\n",
	    "> When?\n\nAt nine.\n\n> Where?\n\nHere."},
	{"quote by hand", "> you said this\n\nIt is wrong.", "> you said this\n\nIt is wrong."},
	{"only quoted", "> nothing else\n", "> nothing else"},
	{"wrapped quote", "Hi,\n\nOn Fri, Mar 1, 2024 Anna <a@b.example> wrote:\n> a long line of a quote that some gateway broke in the middle of a\nsentence\n> and so on\n", "Hi,"},
	/* the end */
	{"signature", "Text\n\n-- \nAnna\nACME\n", "Text"},
	{"signature above quote", "Text\n--\nAnna\n\nOn Fri, Mar 1, 2024 at 10:00 AM Bob <a@b.example> wrote:\n> old\n", "Text"},
	{"name card", "Text\n\n-----------\nAnna Smith\nACME Ltd\nTel. +44 20 1234567\n", "Text"},
	{"iphone", "Text\n\nSent from my iPhone\n", "Text"},
	{"iphone de", "Text\n\nVon meinem iPhone gesendet\n", "Text"},
	{"iphone zh", "文字\n\n发自我的iPhone\n", "文字"},
	{"iphone ja", "文\n\niPhoneから送信\n", "文"},
	{"iphone ko", "글\n\n나의 iPhone에서 보냄\n", "글"},
	{"iphone ru", "Текст\n\nОтправлено с iPhone\n", "Текст"},
	{"iphone fr", "Texte\n\nEnvoyé de mon iPhone\n", "Texte"},
	{"android es", "Texto\n\nEnviado desde mi Samsung Galaxy\n", "Texto"},
	{"outlook ios", "Text\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n", "Text"},
	{"outlook ios de", "Text\n\nOutlook für iOS beziehen\n", "Text"},
	{"sent, but no footer", "Sent from our warehouse on Monday but it has not arrived\n", "Sent from our warehouse on Monday but it has not arrived"},
	{"closing stays", "Text\n\nBest regards,\nAnna", "Text\n\nBest regards,\nAnna"},
	{"disclaimer", "Text\n\nThis e-mail is confidential and only for the intended recipient. If you are not the intended recipient, delete it.\n", "Text"},
	{"disclaimer de", "Text\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, löschen Sie sie bitte.\n", "Text"},
	{"disclaimer alone", "This e-mail is confidential and only for the intended recipient, so what now?\n", "This e-mail is confidential and only for the intended recipient, so what now?"},
	{"zoho without colon", "Text\n\nOn Fri, 01 Mar 2024 08:14:43 -0200 Anna <a@b.example> wrote\n\nold\n", "Text"},
	{"proton", "Text\n\n\u2010\u2010\u2010\u2010 Original Message \u2010\u2010\u2010\u2010\nOn Friday, March 1, 2024 5:58 PM, Anna <a@b.example> wrote:\n\n> old\n", "Text"},
	{"notes", "Text\n\nAnna Smith/ACME wrote on 02/04/2020 05:58:10 PM:\n\nold\n", "Text"},
	{"groupwise", "Text\n\n>>> Anna Smith 2/4/2020 5:58 PM >>>\n\nold\n", "Text"},
	{"tutanota", "Text\n\n4 Feb 2020, 17:58 by anna@b.example:\n\nold\n", "Text"},
	{"name and time", "Text\n\nAnna - ACME, 04.02.2020 17:58:\n> old\n", "Text"},
	{"zimbra fr", "Text\n\n----- Mail original -----\nDe: \"Anna\" <a@b.example>\nÀ: Bob\nEnvoyé: Mardi 4 Février 2020 17:58:10\nObjet: x\n\nold\n", "Text"},
	{"address on the next line", "Text\n\nFrom: Anna\n<a@b.example>\nDate: Tuesday\nTo: Bob\nSubject: x\n\nold\n", "Text"},
	{"netease card", "Text\n\n| |\nAnna\n|\n|\na@b.example\n|\n在2020年2月4日 17:58，Anna<a@b.example> 写道：\n> old\n", "Text"},
	{"a colleague said", "Text:\nAnna wrote on 02/04/2020 that\nall is well.\n", "Text:\nAnna wrote on 02/04/2020 that\nall is well."},
	{"heading on the line of the text", "Text On Fri, Mar 1, 2024 at 10:00 AM, anna@b.example wrote:\n> old\n", "Text"},
	{"heading after dashes", "Two - words--- On Fri, Mar 1, 2024 at 10:00 AM, anna@b.example wrote:\nold\n", "Two - words"},
	{"answer within a quote", "On Fri, Mar 1, 2024 Anna <a@b.example> wrote:\n> When?\nAt nine.\n> Thanks, Anna\n", "> When?\nAt nine."},
	{"wrapped link in a quote", "Hi,\n\nOn Fri, Mar 1, 2024 Anna <a@b.example> wrote:\n> See it (https://desk.example/action\n_nonce=12)\n> now\n", "Hi,"},
	{"no header: towns", "My order:\nFrom: Berlin\nTo: Paris\nDate: 12.03.2026\nSubject: return\n\nThanks.", "My order:\nFrom: Berlin\nTo: Paris\nDate: 12.03.2026\nSubject: return\n\nThanks."},
	{"name card zh", "文字。\n\n——————————————\n\n王小明\n活动协调人\n", "文字。"},
	{"name card below underscores", "Text.\nGruß Anna\n_____________________________\n\nDr. Anna Smith\nACME\n\nSent via mobile device\n_____________________________\n", "Text.\nGruß Anna"},
	{"form below underscores", "Text.\n_____________________________\n\nPrinter: blue\nQuantity: two\n", "Text.\n_____________________________\n\nPrinter: blue\nQuantity: two"},
	{"sections of a text", "Eins.\n\n——————————————\n\nEs geht nicht.\n", "Eins.\n\n——————————————\n\nEs geht nicht."},
	{"banner", "CAUTION: This email originated from outside of the organization. Do not click links.\n\nText\n", "Text"},
	{"no banner", "Caution: the device gets hot.\n\nText\n", "Caution: the device gets hot.\n\nText"},
	{"scanner's footer", "Text\n\n<https://scan.example/a> Virus-free.scan.example <https://scan.example/b>\n", "Text"},
	{"sent from a desk", "Text\n\nSent from my desk, is much easier than my mobile phone.", "Text\n\nSent from my desk, is much easier than my mobile phone."},
	{"sent from a phone, long", "Text\n\nSent from my iPhone, please excuse any typos and my brevity", "Text"},
	{"list footer", "Text\n\n_______________________________________________\nUsers mailing list\nhttps://lists.example/users\n", "Text"},
};
/* clang-format on */

static void
test_cases(void **state)
{
	struct arena a = ARENA_INIT;
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str got = split(&a, str_c(cases[i].text));

		if (!str_eq(got, str_c(cases[i].fresh))) {
			print_error(
			    "%s: got \"%.*s\"\n", cases[i].name, STR_ARG(got));
			failed++;
		}
		arena_reset(&a);
	}
	assert_int_equal(failed, 0);
	arena_fini(&a);
}

/* clang-format off */
static const struct {
	const char *text;
	bool thanks;
} thanks[] = {
	{"Thanks, that works!", true},
	{"Thank you!", true},
	{"Thx", true},
	{"Hi Tom, thanks for your help!", true},
	{"Hi Tom,\nthank you so much for your quick response, it works now.\n\nBest regards,\nAnna Smith\nACME Ltd", true},
	{"Thanks Anna!", true},
	{"Danke, hat geklappt", true},
	{"Vielen Dank für die schnelle Hilfe!", true},
	{"Merci beaucoup, ça marche.", true},
	{"Gracias, ya funciona", true},
	{"Obrigado!", true},
	{"Grazie mille", true},
	{"Dziękuję bardzo!", true},
	{"Спасибо, всё работает!", true},
	{"谢谢", true},
	{"谢谢您的帮助！", true},
	{"问题解决了，谢谢！", true},
	{"ありがとうございました。", true},
	{"解決しました。ありがとうございます。", true},
	{"감사합니다", true},
	{"شكرا", true},
	{"תודה רבה!", true},
	{"", false},
	{"ok", false},
	{"Thanks, but it still fails", false},
	{"Thank you, when will it ship?", false},
	{"Merci mais ça ne marche pas", false},
	{"Danke, aber es geht nicht", false},
	{"谢谢，但是还是不行", false},
	{"谢谢，请问什么时候发货", false},
	{"ありがとうございます。しかし、まだ動きません", false},
	{"Спасибо, но не работает", false},
	{"Thanks, please also change my address", false},
	{"Thanks. The printer is broken again", false},
	{"Thank you. Our order number is 12345", false},
	{"I want my money back", false},
};
/* clang-format on */

static void
test_thanks(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(thanks); i++)
		if (reply_is_thanks(str_c(thanks[i].text)) !=
		    thanks[i].thanks) {
			print_error("%s\n", thanks[i].text);
			failed++;
		}
	assert_int_equal(failed, 0);
}

/* Every text, cut at every byte, at the end of a page that nobody may read beyond. */
static void
test_guard_page(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct arena a = ARENA_INIT;

	(void)state;
	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = strlen(cases[i].text);

		for (size_t k = 0; k <= n; k++) {
			char *at = p + page - k;

			if (k)
				memcpy(at, cases[i].text, k);
			split(&a, str_n(at, k));
			reply_is_thanks(str_n(at, k));
			arena_reset(&a);
		}
	}
	arena_fini(&a);
	munmap(p, 2 * page);
}

/* Hostile shapes: the work must stay near linear. A quadratic one would take minutes here. */
static void
test_large(void **state)
{
	static const char *const units[] = {"a:\n", "\n", "> a\n",
	    "From: a@b\n", "On 1 Jan 2024 a@b wrote:\n", "--\n", "<\n",
	    "x wrote:\n\n", ">", ":", "1 Jan 2024,\n", "---- \n"};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		struct buf b = BUF_INIT;
		struct span *v;
		size_t n;

		while (b.n < 500000)
			buf_puts(&b, units[u]);
		reply_split(&a, buf_str(&b), &v, &n);
		assert_true(n <= 1000000);
		arena_reset(&a);
		buf_fini(&b);
	}
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_thanks),
	    cmocka_unit_test(test_guard_page),
	    cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

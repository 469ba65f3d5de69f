/*
 * A sign too many costs one acknowledgement; a sign too few may start a loop.
 * So every field that some system sets on what it writes by itself counts, and
 * none is weighed against another: the first that tells is named.
 *
 * The signs of a mailing list come last. They alone can be waived: a support
 * address may be a list.
 */
#include "mail/automatic.h"
#include "base/must.h"
#include "base/utf8.h"

enum {
	RECEIVED_MAX = 50,
	SIGN_MAX = 200
};

/* Without the comment or parameter behind the first token: "auto-replied
 * (vacation)". */
static struct str
first_token(struct str value)
{
	size_t n = 0;

	value = str_trim(value);
	while (n < value.n && !ch_is_space(value.p[n]) && value.p[n] != ';' &&
	       value.p[n] != '(' && value.p[n] != ',')
		n++;
	return str_sub(value, 0, n);
}

static bool
is_no(struct str value)
{
	struct str t = first_token(value);

	return str_ieq(t, S("no")) || str_ieq(t, S("false")) ||
	       str_eq(t, S("0"));
}

/* Does a list (commas or blanks between) have one of the words? */
static bool
has_word(struct str value, const char *const *words, size_t n)
{
	while (value.n) {
		size_t k = 0;
		struct str word;

		while (k < value.n && !ch_is_space(value.p[k]) &&
		       value.p[k] != ',' && value.p[k] != ';')
			k++;
		word = str_sub(value, 0, k);
		value = str_from(value, k + 1);
		for (size_t i = 0; i < n; i++)
			if (str_ieq(word, str_c(words[i])))
				return true;
	}
	return false;
}

/* --- addresses --------------------------------------------------------- */

/* The next run of letters, digits and non-ASCII bytes. */
static bool
next_token(struct str *rest, struct str *token)
{
	size_t n = 0;

	while (rest->n && !ch_is_alnum(rest->p[0]) &&
	       (unsigned char)rest->p[0] < 0x80)
		*rest = str_from(*rest, 1);
	while (n < rest->n &&
	       (ch_is_alnum(rest->p[n]) || (unsigned char)rest->p[n] >= 0x80))
		n++;
	*token = str_sub(*rest, 0, n);
	*rest = str_from(*rest, n);
	return n > 0;
}

/*
 * "no-reply" in the languages of the senders, as the words run together:
 * no.reply, NoReply, no_reply-17, ticket-noreply. The word must begin where a
 * word begins, so that juno.reply stays a person.
 */
static bool
is_no_reply(struct str local)
{
	static const char *const words[] = {"noreply", "noreplies",
	    "donotreply", "dontreply", "notreply", "noresponse", "noresponder",
	    "noresponda", "naoresponda", "naoresponder", "nepasrepondre",
	    "norispondere", "nonrispondere", "keineantwort", "nichtantworten",
	    "bittenichtantworten", "nietantwoorden", "svarainte", "ikkesvar",
	    "autoreply", "autoresponse", "autoresponder", "automailer",
	    "automatedreply", "devnull"};
	struct str tokens[16], rest = local;
	size_t n = 0;

	while (n < ARRAY_LEN(tokens) && next_token(&rest, &tokens[n]))
		n++;
	for (size_t i = 0; i < n; i++) {
		char run[64];
		size_t len = 0;

		for (size_t k = i; k < n; k++) {
			if (len + tokens[k].n >= sizeof run)
				break;
			memcpy(run + len, tokens[k].p, tokens[k].n);
			len += tokens[k].n;
			for (size_t w = 0; w < ARRAY_LEN(words); w++) {
				struct str s = str_n(run, len);

				if (!str_istarts(s, str_c(words[w])))
					continue;
				s = str_from(s, strlen(words[w]));
				if (!s.n || ch_is_digit(s.p[0]) || k > i)
					return true;
			}
		}
	}
	return false;
}

/* The address of a list's software, which also stands behind what people write
 * to a list. */
static bool
is_list_software(struct str local)
{
	return str_istarts(local, S("owner-")) ||
	       str_iends(local, S("-owner")) ||
	       str_iends(local, S("-request")) ||
	       str_iends(local, S("-bounces")) ||
	       str_iends(local, S("-bounce")) ||
	       str_ihas(local, S("-bounces+")) ||
	       str_ihas(local, S("+bounces")) ||
	       str_istarts(local, S("bounce-")) ||
	       str_istarts(local, S("bounce+")) ||
	       str_istarts(local, S("bounces-")) ||
	       str_istarts(local, S("bounces+")) ||
	       str_ieq(local, S("bounces")) || str_ieq(local, S("bounce"));
}

static bool
is_daemon(struct str local)
{
	static const char *const words[] = {"mailer-daemon", "mailerdaemon",
	    "mailer_daemon", "mail-daemon", "mail_daemon", "maildaemon",
	    "postmaster", "mdaemon", "mailer.daemon"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct str word = str_c(words[i]);

		if (str_istarts(local, word) &&
		    (local.n == word.n || !ch_is_alnum(local.p[word.n])))
			return true;
	}
	return false;
}

/* Up to the last '@'; bounces also come from a bare MAILER-DAEMON. */
static struct str
local_of(struct str addr)
{
	ptrdiff_t at = str_rchr(addr, '@');

	return at < 0 ? addr : str_sub(addr, 0, (size_t)at);
}

bool
automatic_address(struct str addr)
{
	struct str local = local_of(str_trim(addr));

	return is_daemon(local) || is_list_software(local) ||
	       is_no_reply(local);
}

/* --- fields ------------------------------------------------------------ */

enum sign {
	SIGN_NONE,
	SIGN_LIST,
	SIGN_MACHINE
};

static enum sign
precedence_sign(struct str value)
{
	struct str t = first_token(value);

	if (str_ieq(t, S("junk")) || str_ieq(t, S("auto_reply")) ||
	    str_ieq(t, S("auto-reply")))
		return SIGN_MACHINE;
	return str_ieq(t, S("list")) || str_ieq(t, S("bulk")) ? SIGN_LIST
							      : SIGN_NONE;
}

static enum sign
header_sign(struct str name, struct str value)
{
	/* Set by autoresponders and by servers that write mail themselves;
	 * there is no other use for them. */
	static const char *const marks[] = {"X-Autoreply", "X-Auto-Reply",
	    "X-Autorespond", "X-Autoresponder", "X-Auto-Responder",
	    "X-Autoresponse", "X-AutoReply-From", "X-Mail-Autoreply",
	    "X-Autogenerated", "X-FC-Machinegenerated", "X-Loop",
	    "X-MS-Exchange-Inbox-Rules-Loop", "X-Failed-Recipients",
	    "X-POST-MessageClass", "X-Auto-Reply-From",
	    "X-MS-Exchange-Generated-Message-Source", "X-Cron-Env",
	    "X-RT-Loop-Prevention", "X-OTRS-Loop", "X-OTOBO-Loop",
	    "X-Vacation"};
	/* Of list software that is older than RFC 2369: fml, Mailman, Sympa, Smartlist. */
	static const char *const lists[] = {"X-BeenThere", "X-Mailman-Version",
	    "X-Mailing-List", "X-MLServer", "X-ML-Name", "X-Sympa-To"};
	static const char *const quiet[] = {"All", "OOF", "AutoReply"};
	struct str t;

	if (str_ieq(name, S("Auto-Submitted"))) {
		t = first_token(value);
		return t.n && !str_ieq(t, S("no")) ? SIGN_MACHINE : SIGN_NONE;
	}
	if (str_ieq(name, S("X-Auto-Response-Suppress")))
		return has_word(value, quiet, ARRAY_LEN(quiet)) ? SIGN_MACHINE
								: SIGN_NONE;
	if (str_ieq(name, S("Precedence")) || str_ieq(name, S("X-Precedence")))
		return precedence_sign(value);
	if (str_istarts(name, S("List-")) || str_ieq(name, S("Mailing-List")))
		return SIGN_LIST;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (str_ieq(name, str_c(lists[i])))
			return SIGN_LIST;
	if (str_ieq(name, S("Delivered-To")))
		return str_ieq(local_of(first_token(value)), S("autoresponder"))
			   ? SIGN_MACHINE
			   : SIGN_NONE;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (str_ieq(name, str_c(marks[i])))
			return is_no(value) ? SIGN_NONE : SIGN_MACHINE;
	return SIGN_NONE;
}

static struct str
sign_of(struct arena *a, struct str name, struct str value)
{
	return arena_printf(a, "%.*s: %.*s", STR_ARG(utf8_clip(name, 80)),
	    STR_ARG(utf8_clip(first_token(value), SIGN_MAX)));
}

/* "<mailto:list@x>" of List-Post, "list x@y; contact …" of Mailing-List, "Name
 * <list.x>" of List-Id. */
static struct str
list_name(struct arena *a, const struct message *m)
{
	static const char *const fields[] = {
	    "List-Post", "Mailing-List", "List-Id"};

	for (size_t f = 0; f < ARRAY_LEN(fields); f++)
		for (size_t i = 0; i < m->nheaders; i++) {
			struct str v = m->headers[i].value, s;
			ptrdiff_t at;

			if (!str_ieq(m->headers[i].name, str_c(fields[f])))
				continue;
			if (f == 0) {
				at = str_ifind(v, S("mailto:"), 0);
				s = str_from(v, at < 0 ? v.n : (size_t)at + 7);
			} else if (f == 1) {
				at = str_istarts(v, S("list ")) ? 5 : -1;
				s = str_from(v, at < 0 ? v.n : (size_t)at);
			} else {
				at = str_rchr(v, '<');
				s = str_from(v, at < 0 ? 0 : (size_t)at + 1);
			}
			at = 0;
			while ((size_t)at < s.n && !ch_is_space(s.p[at]) &&
			       !strchr(">;?,", s.p[at]))
				at++;
			s = str_sub(s, 0, (size_t)at);
			if (s.n)
				return arena_lower(a, s);
		}
	return (struct str){0};
}

/* --- the whole --------------------------------------------------------- */

static struct str
report_sign(struct arena *a, const struct message *m, struct str content_type)
{
	struct str type = first_token(content_type);

	if (str_ieq(type, S("multipart/report")) ||
	    str_istarts(type, S("message/delivery-status")) ||
	    str_istarts(type, S("message/disposition-notification")))
		return arena_printf(a, "Content-Type: %.*s", STR_ARG(type));
	for (size_t i = 0; i < m->attachments.n; i++)
		if (str_ieq(
			m->attachments.v[i].type, S("message/delivery-status")))
			return S("message/delivery-status part");
	return m->bounce ? S("delivery report") : (struct str){0};
}

static struct str
address_sign(struct arena *a, const struct message *m)
{
	const struct addresses *lists[] = {&m->from, &m->sender};

	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; i < lists[l]->n; i++) {
			struct str addr = lists[l]->v[i].addr;
			struct str name = lists[l]->v[i].name;

			/* A bare MAILER-DAEMON is read as a name. */
			if (!addr.n && is_daemon(name))
				addr = name;
			/* Sender: names the list on what members write. */
			if (l == 1 && is_list_software(local_of(addr)))
				continue;
			if (addr.n && automatic_address(addr))
				return arena_printf(a, "%s: %.*s",
				    l ? "Sender" : "From", STR_ARG(addr));
		}
	return (struct str){0};
}

/* Behind the words of an absence: a colon, a bracket, the subject that is answered, or nothing. */
static bool
ends_mark(struct str rest)
{
	static const struct str next[] = {S("re:"), S("aw:"), S("sv:"), S("r:"),
	    S("autoreply"), S("auto-reply"), S("auto reply"), S("message"),
	    S("notification"), S("reply"), S("response"), S("notice")};
	struct str s = str_ltrim(rest);

	if (!s.n || strchr(":]-(|", s.p[0]) || str_starts(s, S("\uff1a")) ||
	    str_starts(s, S("\u2013")) || str_starts(s, S("\uff09")) ||
	    str_starts(s, S("\u3011")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(next); i++)
		if (str_istarts(s, next[i]))
			return ends_mark(str_from(s, next[i].n)) ||
			       str_ends(next[i], S(":"));
	return false;
}

/*
 * What mail clients put before the subject of an answer that they wrote themselves. Some of them set no field at all. "Re:" before it is
 * a person's answer to such.
 */
static struct str
subject_sign(struct arena *a, struct str subject)
{
	static const struct str marks[] = {S("automatic reply"),
	    S("automatic response"), S("automated reply"),
	    S("automated response"), S("auto-reply"), S("auto reply"),
	    S("autoreply"), S("auto response"), S("auto-response"),
	    S("autoresponse"), S("autoresponder"), S("auto:"),
	    S("out of office"), S("out of the office"), S("out-of-office"),
	    S("ooo:"), S("vacation reply"), S("vacation message"),
	    S("away from office"), S("on vacation"), S("absence reply"),
	    S("automatische antwort"), S("abwesenheitsnotiz"),
	    S("abwesenheitsbenachrichtigung"), S("abwesenheitsassistent"),
	    S("abwesenheitsmeldung"), S("abwesenheit"), S("abwesend"),
	    S("automatische antwoord"), S("automatisch antwoord"),
	    S("afwezigheidsbericht"), S("afwezig"),
	    S("r\u00e9ponse automatique"), S("message automatique"),
	    S("message d'absence"), S("absence du bureau"),
	    S("absent(e) du bureau"), S("notification d'absence"),
	    S("respuesta autom\u00e1tica"), S("fuera de la oficina"),
	    S("fuera de oficina"), S("ausente"), S("risposta automatica"),
	    S("fuori sede"), S("fuori ufficio"), S("assenza dall'ufficio"),
	    S("resposta autom\u00e1tica"), S("aus\u00eancia tempor\u00e1ria"),
	    S("fora do escrit\u00f3rio"), S("automatiskt svar"), S("autosvar"),
	    S("automatisk svar"), S("fr\u00e5nvaro"), S("fravær"),
	    S("ikke til stede"), S("automaattinen vastaus"),
	    S("poissaoloviesti"), S("poissa"), S("odpowied\u017a automatyczna"),
	    S("automatyczna odpowied\u017a"), S("autoodpowied\u017a"),
	    S("nieobecno\u015b\u0107"), S("automatick\u00e1 odpov\u011b\u010f"),
	    S("automatick\u00e1 odpove\u010f"), S("automatikus v\u00e1lasz"),
	    S("r\u0103spuns automat"), S("automatski odgovor"),
	    S("samodejni odgovor"), S("otomatik yan\u0131t"),
	    S("balasan otomatis"), S("Автоответ"), S("автоответ"),
	    S("Автоматический ответ"), S("Автоматическое уведомление"),
	    S("Автоматична відповідь"), S("Автоматичен отговор"),
	    S("Αυτόματη απάντηση"), S("תשובה אוטומטית"), S("رد تلقائي"),
	    S("自动回复"), S("自動回覆"), S("自動答覆"), S("外出通知"),
	    S("自動応答"), S("自動返信"), S("不在通知"), S("자동 회신"),
	    S("자동 응답"), S("부재중")};
	struct str s = str_trim(subject);

	if (s.n && s.p[0] == '[')
		s = str_from(s, 1);
	if (str_starts(s, S("\u3010")) || str_starts(s, S("\uff08")))
		s = str_from(s, 3);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		struct str mark = marks[i];

		if (str_istarts(s, mark) && (mark.p[mark.n - 1] == ':' ||
						ends_mark(str_from(s, mark.n))))
			return arena_printf(a, "Subject: %.*s", STR_ARG(mark));
	}
	return (struct str){0};
}

void
automatic_detect(struct arena *a, struct message *m, struct str content_type)
{
	struct str machine = {0}, list = {0};
	struct str local = local_of(m->return_path);
	size_t received = 0;

	m->is_list = false;
	if (m->has_return_path && !m->return_path.n)
		machine = S("Return-Path: <>");
	else if (is_daemon(local) || is_no_reply(local))
		machine = arena_printf(
		    a, "Return-Path: %.*s", STR_ARG(m->return_path));
	else if (is_list_software(local))
		list = arena_printf(
		    a, "Return-Path: %.*s", STR_ARG(m->return_path));
	for (size_t i = 0; i < m->nheaders; i++) {
		const struct header *h = &m->headers[i];
		enum sign sign = header_sign(h->name, h->value);

		received += str_ieq(h->name, S("Received"));
		if (sign == SIGN_MACHINE && !machine.n)
			machine = sign_of(a, h->name, h->value);
		if (sign == SIGN_LIST && !list.n)
			list = sign_of(a, h->name, h->value);
	}
	if (!machine.n)
		machine = report_sign(a, m, content_type);
	if (!machine.n)
		machine = address_sign(a, m);
	if (!machine.n)
		machine = subject_sign(a, m->subject);
	if (!machine.n && received > RECEIVED_MAX)
		machine = arena_printf(a, "%zu Received fields", received);
	if (!list.n && is_list_software(local))
		list = arena_printf(
		    a, "Return-Path: %.*s", STR_ARG(m->return_path));
	m->list_address = list_name(a, m);
	m->automatic = machine.n ? machine : list;
	m->is_list = !machine.n && list.n;
}

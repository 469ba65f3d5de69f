#include "mail/bounce_text.h"
#include "base/must.h"
#include "mail/address.h"
#include "mail/automatic.h"

/* How far back of an address words still belong to it; how far into a text a notice may go. */
enum {
	BEFORE_MAX = 120,
	SEARCH_MAX = 256 << 10
};

/* --- phrases ----------------------------------------------------------- */

static bool
has_any(struct str s, const char *const *phrases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ihas(s, str_c(phrases[i])))
			return true;
	return false;
}

bool
notice_subject(struct str subject)
{
	static const char *const phrases[] = {"undeliver", "delivery status",
	    "delivery fail", "delivery error", "delivery problem",
	    "delivery report", "delivery notif", "delivery delayed",
	    "failure notice", "failure delivery", "failed mail",
	    "failed delivery", "returned mail", "returned to sender",
	    "returning message", "mail delivery", "mail failure", "mail failed",
	    "mail system error", "mail error", "error mail", "message delayed",
	    "not delivered", "could not be delivered", "couldn't be delivered",
	    "could not send message", "unable to deliver", "non-deliver",
	    "nondeliver", "non deliver", "warning: message",
	    "warning: could not", "user unknown", "message undeliver",
	    "mail rejected", "email rejected", "message rejected",
	    "rejected mail", "bounced mail", "bounce message", "undelivered",
	    "unzustellbar", "nicht zustellbar", "zustellung fehlgeschlagen",
	    "zustellfehler", "non remis", "non distribu", "chec de la remise",
	    "chec de remise", "impossible de remettre", "no se puede entregar",
	    "no se ha podido entregar", "no entregado", "devuelto",
	    "mancata consegna", "non recapitabile", "onbestelbaar",
	    "niet bezorgd", "o entregue", "falha na entrega",
	    "kunde inte levereras", "olevererbar", "kan ikke leveres",
	    "ikke leveret", "niedostarczon", "nie dostarczon", "е доставлен",
	    "едоставлен", "退信", "投递失败", "无法投递", "無法傳遞",
	    "未能送达", "配信不能", "配信できません", "送信できません",
	    "エラーメール", "メールエラー", "배달 실패", "전송 실패",
	    "배달되지", "teslim edilemedi", "teslim edilemeyen",
	    "nedoručitelné", "nedoručiteľné", "nie można dostarczyć",
	    "nelevererad", "levererades inte", "toimittamaton",
	    "kézbesíthetetlen", "nelivrat", "ne može se isporučiti", "未传递",
	    "无法送达", "未傳遞的主旨", "无法投递",
	    "automatically rejected mail", "non-livraison",
	    "notifica di stato del recapito", "delivery incomplete"};

	return has_any(subject, phrases, ARRAY_LEN(phrases));
}

bool
notice_text(struct str text)
{
	static const char *const phrases[] = {"not be delivered",
	    "couldn't be delivered", "wasn't delivered", "not delivered",
	    "able to deliver", "unable to deliver", "could not deliver",
	    "not deliver", "undeliverable", "undelivered", "did not reach",
	    "delivery to the following", "delivery failed", "delivery failure",
	    "failed to deliver", "failed to reach", "fatal errors",
	    "delivery errors", "delivery problems", "permanent error",
	    "permanent failure", "returned to you", "returned to sender",
	    "was rejected", "has been rejected", "been rejected",
	    "non-delivery", "could not be sent", "unknown user", "user unknown",
	    "cannot be delivered", "can't be delivered", "have failed",
	    "has failed", "delivery error", "error delivering",
	    "transcript of session", "valid recipients", "no such user",
	    "over quota", "mail delivery", "automatically rejected",
	    "has been returned because", "a valid user here",
	    "not a valid user", "배달하지 못했습니다", "teslim edilemedi",
	    "nie można dostarczyć", "non riuscito", "de la remise",
	    "na entrega", "is mislukt", "nicht zugestellt", "pas pu",
	    "no se pudo entregar", "е может быть доставлен", "е доставлен",
	    "无法", "退回", "配信できません", "送信できません"};

	return has_any(str_sub(text, 0, 8 << 10), phrases, ARRAY_LEN(phrases));
}

bool
notice_delayed(struct str text)
{
	static const char *const phrases[] = {"will be retried",
	    "will continue to", "will keep trying", "still trying",
	    "do not need to resend", "this is a warning message only",
	    "delivery attempts will continue", "no action is required",
	    "has not yet been delivered", "have not yet been delivered",
	    "has been delayed", "will try again", "will retry"};

	return has_any(str_sub(text, 0, 8 << 10), phrases, ARRAY_LEN(phrases));
}

/* --- where the returned mail begins ------------------------------------ */

/* A rule ("--- …", "***", "====") that says what comes below it; plain headings
 * that say so. */
static bool
is_rule(struct str line)
{
	static const char *const below[] = {"copy of the message",
	    "copy of your message", "copy of the original", "copy of the mail",
	    "copy of your mail", "original message", "unsent message",
	    "message follows", "message header", "message head", "mail header",
	    "returned message", "message below", "headers of",
	    "undelivered message", "message is attached",
	    "message text follows", "returned mail follows", "mail follows",
	    "original mail", "message body", "message returned",
	    "returned mail", "lines of the message", "source mail",
	    "первоначальное", "原邮件", "原始邮件"};
	static const char *const plain[] = {"original message follows",
	    "original message headers",
	    "original message:", "original message header",
	    "message header follows", "message headers follow",
	    "message headers:", "header of the original",
	    "headers from message", "the original message follows",
	    "the original message is", "unsent message follows",
	    "included is a copy of the message", "the message header",
	    "below is a copy of the original", "returned message follows",
	    "your message follows", "your original message",
	    "the headers of the", "received header", "content of original",
	    "old message:"};

	line = str_trim(line);
	if (!line.n || line.n > 160)
		return false;
	if (strchr("-*=_#|", line.p[0]))
		return has_any(line, below, ARRAY_LEN(below));
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (str_istarts(line, str_c(plain[i])))
			return true;
	return false;
}

/* The first field of a mail's header, at the left margin. */
static bool
is_first_field(struct str line)
{
	return str_istarts(line, S("Received: from ")) ||
	       str_istarts(line, S("Received: by ")) ||
	       str_istarts(line, S("Received: (")) ||
	       str_istarts(line, S("Return-Path: ")) ||
	       str_istarts(line, S("DKIM-Signature: "));
}

static void
split_original(struct str text, struct notice *out)
{
	struct str rest = str_sub(text, 0, SEARCH_MAX), line;
	bool first = true;

	out->text = text;
	while (rest.n && str_cut(&rest, '\n', &line)) {
		size_t at = (size_t)(line.p - text.p);

		if (!first && is_rule(line)) {
			out->original = str_ltrim(
			    str_from(text, (size_t)(rest.p - text.p)));
		} else if (is_first_field(line)) {
			out->original = str_from(text, at);
		} else {
			first = first && !str_trim(line).n;
			continue;
		}
		out->text = str_sub(text, 0, at);
		break;
	}
	out->text = str_sub(out->text, 0, BOUNCE_NOTICE_MAX);
}

/* --- addresses --------------------------------------------------------- */

static bool
is_local_char(char c)
{
	return ch_is_alnum(c) || (unsigned char)c >= 0x80 ||
	       (c && strchr("!#$%&*+-/=?^_`{|}~.'", c));
}

static bool
is_domain_char(char c)
{
	return ch_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/* Does one of the wide colons, brackets and commas of East Asia end at `end`? */
static bool
is_wide_mark(struct str line, size_t end)
{
	struct str c = end < 3 ? S("") : str_sub(line, end - 3, end);

	return str_starts(c, S("\xe3\x80")) || str_starts(c, S("\xef\xbc"));
}

/* The address about the '@' at offset at. */
static struct str
address_around(struct str line, size_t at)
{
	size_t from = at, to = at + 1;

	while (from && is_local_char(line.p[from - 1]) &&
	       !is_wide_mark(line, from))
		from--;
	while (to < line.n && is_domain_char(line.p[to]))
		to++;
	while (from < at && strchr("'=-.", line.p[from]))
		from++;
	/* An X.400 address that holds one: "dda:SMTP=x@y". */
	if (str_istarts(str_sub(line, from, at), S("smtp=")))
		from += 5;
	while (to > at + 1 && strchr(".-_", line.p[to - 1]))
		to--;
	if (from == at || to - at < 4 || to - from > ADDRESS_MAX ||
	    str_chr(str_sub(line, at, to), '.', 0) < 0 ||
	    str_has(str_sub(line, from, at), S("...")))
		return (struct str){0};
	return str_sub(line, from, to);
}

/* The next address of the line at or after *pos. */
static struct str
address_next(struct str line, size_t *pos)
{
	ptrdiff_t at;

	while ((at = str_chr(line, '@', *pos)) >= 0) {
		struct str x = address_around(line, (size_t)at);

		*pos = (size_t)at + 1;
		if (x.n)
			return x;
	}
	return (struct str){0};
}

enum tier {
	TIER_LEADING,
	TIER_NAMED,
	TIER_ANY,
	TIER_NONE
};

/* A label, as in "Recipient: <x@y>": letters up to a colon. */
static size_t
label_length(struct str line)
{
	size_t n = 0;

	while (n < line.n && n < 48 &&
	       (ch_is_alpha(line.p[n]) || strchr(" -_'()/[]", line.p[n]) ||
		   (unsigned char)line.p[n] >= 0x80))
		n++;
	return n > 0 && n < line.n && line.p[n] == ':' ? n : 0;
}

/* What names an address that is none of the recipients. */
static bool
is_other(struct str before)
{
	static const char *const others[] = {"from", "sender", "reply",
	    "message-id", "messageid", "message id", "subject", "contact",
	    "mail from", "helo", "postmaster", "envelope", "date", " id ",
	    "mailto:", "references", "cc:", "http", "arrived",
	    "original message", "forwarded"};

	return has_any(before, others, ARRAY_LEN(others));
}

static bool
names_recipient(struct str before)
{
	static const char *const names[] = {"recipient", "rcpt", "to:", "to <",
	    " to ", "user", "address", "account", "mailbox", "for <", "for ",
	    "deliver", "an:", "empf", "destinat", "收件", "宛先", "受信"};

	return str_ieq(str_trim(before), S("to")) ||
	       has_any(before, names, ARRAY_LEN(names));
}

static enum tier
tier_of(struct str line, struct str address)
{
	size_t at = (size_t)(address.p - line.p), i = 0;
	struct str before =
	    str_sub(line, at > BEFORE_MAX ? at - BEFORE_MAX : 0, at);
	size_t label;

	while (i < at && (ch_is_space(line.p[i]) ||
			     strchr("<>*-(\"'[|:+.0123456789", line.p[i])))
		i++;
	if (i == at)
		return TIER_LEADING;
	/* A bullet of any script. */
	if (at - i <= 4 && (unsigned char)line.p[i] >= 0x80)
		return TIER_LEADING;
	label = label_length(str_from(line, i));
	/* Exim's "(generated from x@y)": the address that was written to. */
	if (str_ends(str_rtrim(before), S("generated from")))
		return TIER_NAMED;
	if (is_other(before))
		return TIER_NONE;
	if (label && names_recipient(before) &&
	    !str_istarts(str_trim(before), S("to")) &&
	    str_trim(str_sub(line, i + label + 1, at)).n <= 8)
		return TIER_LEADING;
	/* "Name <address>" with nothing else. */
	if (at && line.p[at - 1] == '<' && before.n < 60 &&
	    str_trim(str_from(line, at + address.n + 1)).n <= 1 &&
	    !str_has(before, S(":")) && names_recipient(before) == false)
		return TIER_NAMED;
	return names_recipient(before) ? TIER_NAMED : TIER_ANY;
}

static bool
is_excluded(struct str address, const struct strs *own)
{
	struct str local = address_local(address);

	if (str_istarts(local, S("postmaster")) ||
	    str_istarts(local, S("mailer-daemon")) ||
	    str_istarts(local, S("abuse")) ||
	    str_istarts(local, S("helpdesk")) || str_ieq(local, S("support")))
		return true;
	for (size_t i = 0; i < own->n; i++)
		if (address_eq(own->v[i], address))
			return true;
	return false;
}

struct gather {
	struct arena *a;
	struct notice *out;
	size_t cap;
};

static bool
gather(struct gather *g, struct str address, size_t at)
{
	struct notice *n = g->out;

	for (size_t i = 0; i < n->n; i++)
		if (address_eq(n->v[i].address, address))
			return false;
	if (n->n == BOUNCE_RECIPIENTS_MAX)
		return false;
	if (n->n == g->cap) {
		struct notice_recipient *v;

		g->cap = g->cap ? 2 * g->cap : 8;
		v = arena_array(g->a, struct notice_recipient, g->cap);
		if (n->n)
			memcpy(v, n->v, n->n * sizeof *v);
		n->v = v;
	}
	n->v[n->n++] = (struct notice_recipient){
	    .address = address, .words = str_from(n->text, at)};
	return true;
}

/*
 * What stands below the line that announces the failed ones. Above it old Exchange and Sun tell of the mail itself, to whom it was
 * addressed too; the whole text where no line does.
 */
static struct str
below_announcement(struct str text)
{
	static const char *const announcements[] = {"following recipient(s)",
	    "following recipients", "following addresses",
	    "following address(es)", "following recipient", "folgende empf",
	    "destinataires suivants", "siguientes destinatarios",
	    "seguenti destinatari"};
	struct str rest = text, line;

	while (rest.n && str_cut(&rest, '\n', &line)) {
		line = str_rtrim(line);
		if (line.n && line.p[line.n - 1] == ':' &&
		    has_any(line, announcements, ARRAY_LEN(announcements)))
			return rest;
	}
	return text;
}

/* All addresses of one tier. Only the first of a line, but for lists of nothing
 * else. */
static void
gather_tier(
    struct gather *g, struct str text, enum tier tier, const struct strs *own)
{
	struct str rest = text, line;

	while (rest.n && str_cut(&rest, '\n', &line)) {
		size_t at = (size_t)(line.p - g->out->text.p), pos = 0;
		struct str x = address_next(line, &pos);
		enum tier t;

		if (!x.n)
			continue;
		t = tier_of(line, x);
		/* "user (x@y)", "to a@b and …": look at each. */
		while (x.n && t > tier) {
			x = address_next(line, &pos);
			t = x.n ? tier_of(line, x) : TIER_NONE;
		}
		if (!x.n || is_excluded(x, own))
			continue;
		gather(g, x, at);
	}
}

/* Below an announcement, a name alone on its line: a mailbox of the host that wrote the notice. */
static void
gather_bare(struct gather *g, struct str text, struct str domain)
{
	struct str line, address;

	while (domain.n && text.n && str_cut(&text, '\n', &line)) {
		struct str name = str_trim(line);
		size_t at = (size_t)(line.p - g->out->text.p), i = 0;

		while (i < name.n && is_local_char(name.p[i]))
			i++;
		if (!name.n)
			continue;
		if (i < name.n || name.n < 3 || name.n > 64 ||
		    !ch_is_alnum(name.p[0]))
			break;
		address = arena_printf(
		    g->a, "%.*s@%.*s", STR_ARG(name), STR_ARG(domain));
		gather(g, address, at);
	}
}

void
notice_read(struct arena *a, struct str text, const struct strs *own,
    struct str domain, struct notice *out)
{
	const struct strs none = {0};
	struct gather g = {.a = a, .out = out};
	struct str below;

	*out = (struct notice){0};
	split_original(text, out);
	below = below_announcement(out->text);
	for (enum tier t = TIER_LEADING; t < TIER_NONE && !out->n; t++)
		gather_tier(&g, below, t, own);
	for (enum tier t = TIER_LEADING; t < TIER_NONE && !out->n; t++)
		gather_tier(&g, out->text, t, own);
	for (enum tier t = TIER_LEADING; t < TIER_ANY && !out->n; t++)
		gather_tier(&g, out->text, t, &none);
	if (!out->n && below.p != out->text.p)
		gather_bare(&g, below, domain);
	/* Each one's words end where the next one's begin. */
	for (size_t i = 0; i + 1 < out->n; i++)
		out->v[i].words.n =
		    (size_t)(out->v[i + 1].words.p - out->v[i].words.p);
}

#include "mail/bounce_sign.h"
#include "base/buf.h"
#include "base/must.h"
#include "mail/automatic.h"
#include "mail/bounce_text.h"

static bool
is_daemon_name(struct str name)
{
	return str_ihas(name, S("mail delivery")) ||
	       str_ihas(name, S("mailer-daemon")) ||
	       str_ihas(name, S("mailer daemon")) ||
	       str_ihas(name, S("delivery subsystem")) ||
	       str_ihas(name, S("delivery system")) ||
	       str_ieq(name, S("system administrator")) ||
	       str_ihas(name, S("postmaster"));
}

static bool
is_daemon_address(struct str addr)
{
	struct str local = str_rchr(addr, '@') < 0
			       ? addr
			       : str_sub(addr, 0, (size_t)str_rchr(addr, '@'));

	return str_ihas(local, S("mailer-daemon")) ||
	       str_ihas(local, S("mailerdaemon")) ||
	       str_ihas(local, S("mailer_daemon")) ||
	       str_istarts(local, S("postmaster")) ||
	       str_istarts(local, S("post_master")) ||
	       str_ihas(local, S("maildelivery")) ||
	       str_ihas(local, S("mail-daemon")) ||
	       str_ihas(local, S("microsoftexchange")) ||
	       str_ihas(local, S("system administrator")) ||
	       str_ieq(local, S("mdaemon"));
}

static bool
from_daemon(const struct message *m)
{
	for (size_t i = 0; i < m->from.n; i++)
		if (is_daemon_address(m->from.v[i].addr) ||
		    is_daemon_name(m->from.v[i].name))
			return true;
	return m->has_return_path && !m->return_path.n;
}

struct str
bounce_field(const struct message *m, struct str name)
{
	for (size_t i = 0; i < m->nheaders; i++)
		if (str_ieq(m->headers[i].name, name))
			return m->headers[i].value;
	return (struct str){0};
}

bool
bounce_is_report(const struct bounce_source *s, const char *kind)
{
	return str_istarts(s->content_type, S("multipart/report")) &&
	       str_ihas(s->content_type, str_c(kind));
}

static bool
is_notification(struct str json)
{
	struct str text = str_ltrim(str_sub(json, 0, 200));

	return str_starts(text, S("{")) &&
	       (str_has(text, S("\"notificationType\":\"Bounce\"")) ||
		   str_has(text, S("\"notificationType\":\"Complaint\"")) ||
		   str_has(text, S("\"notificationType\":\"Delivery\"")));
}

/* A JSON string's text from behind its opening quote. What is not ASCII says nothing here. */
static struct str
unescape(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < s.n && s.p[i] != '"'; i++) {
		if (s.p[i] == '\\' && ++i < s.n && ch_is_alpha(s.p[i]))
			buf_putc(&b, ' ');
		else if (i < s.n)
			buf_putc(&b, s.p[i]);
	}
	return arena_dup(a, buf_str(&b));
}

struct str
bounce_notification(struct arena *a, const struct message *m)
{
	struct str text = str_ltrim(m->text), head = str_sub(text, 0, 2000);
	ptrdiff_t at;

	if (is_notification(text))
		return text;
	if (!str_starts(text, S("{")) || !str_has(head, S("\"TopicArn\"")))
		return (struct str){0};
	at = str_find(head, S("\"Message\""), 0);
	at = at < 0 ? -1 : str_chr(head, '{', (size_t)at);
	if (at < 1 || head.p[at - 1] != '"')
		return (struct str){0};
	text = unescape(a, str_from(text, (size_t)at));
	return is_notification(text) ? text : (struct str){0};
}

bool
bounce_is_rejection(const struct bounce_source *s)
{
	const struct message *m = s->message;

	return str_ihas(s->report, S("; deleted")) &&
	       (str_ihas(bounce_field(m, S("Auto-Submitted")), S("rejected")) ||
		   str_ihas(m->subject, S("rejected"))) &&
	       str_ihas(str_sub(m->text, 0, 2000), S("rejected"));
}

struct str
bounce_within(const struct bounce_source *s)
{
	struct str x = s->original, line, head;
	ptrdiff_t at, end;

	at = str_find(x, S("\n\n"), 0);
	end = str_find(x, S("\n\r\n"), 0);
	if (at < 0 || (end >= 0 && end < at))
		at = end;
	head = str_sub(x, 0, at < 0 ? 0 : (size_t)at);
	if (!str_ihas(head, S("multipart/report")) ||
	    !str_ihas(head, S("delivery-status")))
		return (struct str){0};
	x = str_from(x, (size_t)at);
	at = str_ifind(x, S("content-type: message/delivery-status"), 0);
	if (at < 0)
		return (struct str){0};
	x = str_from(x, (size_t)at);
	while (x.n && str_cut(&x, '\n', &line) && str_trim(line).n)
		;
	end = str_find(x, S("\n--"), 0);
	return str_sub(x, 0, end < 0 ? x.n : (size_t)end + 1);
}

/*
 * The first words of a notice, and the mail address that it is about within the next lines: a parcel that "could not be delivered to"
 * a street is none.
 */
static bool
opens_like_notice(struct str text)
{
	static const char *const openings[] = {"failed recipient",
	    "non-delivery report", "not be delivered to",
	    "not deliver message to", "not deliver your message to",
	    "not be delivered because", "n'a pas pu",
	    "not delivered to the following", "delivery to the following",
	    "not reach the following", "konnte nicht zugestellt",
	    "no se pudo entregar", "non è stato recapitato", "not deliver to"};
	struct str line;
	size_t lines = 0;
	bool said = false;

	text = str_sub(text, 0, 4 << 10);
	while (text.n && lines < 8 && str_cut(&text, '\n', &line)) {
		line = str_trim(line);
		lines += line.n > 0;
		/* Greetings, and what is forwarded or quoted, are a person's. */
		if (line.n && (line.p[0] == '>' || line.p[line.n - 1] == ','))
			return false;
		for (size_t i = 0; i < ARRAY_LEN(openings) && lines < 5; i++)
			said |= str_ihas(line, str_c(openings[i]));
		if (said && str_chr(line, '@', 0) > 0)
			return true;
	}
	return false;
}

static bool
is_forward(struct str subject)
{
	static const struct str marks[] = {S("fw:"), S("fwd:"), S("wg:"),
	    S("tr:"), S("rv:"), S("enc:"), S("vs:"), S("转发"), S("轉寄")};

	subject = str_trim(subject);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (str_istarts(subject, marks[i]))
			return true;
	return false;
}

/* Sent by a machine, and it says so in subject or text; or an odd sender, and
 * all the rest of it. */
bool
bounce_looks_like_one(const struct bounce_source *s)
{
	const struct message *m = s->message;
	bool subject;

	/* The text is read last, and seldom: nearly all mail is no bounce. */
	if (bounce_is_report(s, "delivery-status"))
		return true;
	subject = notice_subject(m->subject);
	if (from_daemon(m))
		return subject || notice_text(m->text);
	/* Spam comes with a daemon's envelope too. */
	if (m->has_return_path && is_daemon_address(m->return_path))
		return subject || (s->original.n && notice_text(m->text));
	if (subject && !is_forward(m->subject) && opens_like_notice(m->text))
		return true;
	return subject &&
	       (s->original.n || !m->from.n || !m->from.v[0].addr.n ||
		   automatic_address(m->from.v[0].addr) ||
		   bounce_field(m, S("Auto-Submitted")).n) &&
	       notice_text(m->text);
}

#include "mail/bounce_sign.h"
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
	       str_ihas(local, S("maildelivery")) ||
	       str_ihas(local, S("mail-daemon")) ||
	       str_ihas(local, S("microsoftexchange")) ||
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

bool
bounce_is_notification(const struct message *m)
{
	struct str text = str_ltrim(str_sub(m->text, 0, 200));

	return str_starts(text, S("{")) &&
	       (str_has(text, S("\"notificationType\":\"Bounce\"")) ||
		   str_has(text, S("\"notificationType\":\"Complaint\"")) ||
		   str_has(text, S("\"notificationType\":\"Delivery\"")));
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
	return subject &&
	       (s->original.n || !m->from.n || !m->from.v[0].addr.n ||
		   automatic_address(m->from.v[0].addr) ||
		   bounce_field(m, S("Auto-Submitted")).n) &&
	       notice_text(m->text);
}

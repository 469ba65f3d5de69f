/* What the actions of a result come to in a test: mails in mailboxes and in an outgoing queue, both in memory. */
#include "app/svtest.h"
#include "base/clock.h"
#include "mail/header.h"

void
svtest_error(struct svtest *t, struct str msg)
{
	strs_add(&t->a, &t->errors, arena_dup(&t->a, msg));
}

/* --- the mail under test ----------------------------------------------- */

static struct str
field(const struct sieve_mail *m, const char *name)
{
	for (size_t i = 0; i < m->nfields; i++)
		if (str_ieq(m->fields[i].name, str_c(name)))
			return m->fields[i].raw.n ? m->fields[i].raw
						  : m->fields[i].value;
	return (struct str){NULL, 0};
}

static bool
address_in(struct svtest *t, const char *name, struct str *out)
{
	struct sieve_addr *v;
	struct str s = field(&t->mail, name);

	if (!s.n || !sieve_addresses(&t->a, s, &v) || !v[0].valid)
		return false;
	*out = v[0].all;
	return true;
}

void
svtest_set_mail(struct svtest *t, struct str raw, const struct strs *flags)
{
	struct err err = ERR_INIT;
	struct sieve_context *c = &t->context;

	t->raw = arena_dup(&t->a, raw);
	if (sieve_mail_of_raw(&t->a, t->raw, &t->mail, &err) < 0)
		svtest_error(t, str_c(err.msg));
	if (flags)
		t->mail.flags = *flags;
	/* The envelope that such a mail would have come with. */
	if (!address_in(t, "return-path", &c->from) &&
	    !address_in(t, "sender", &c->from) &&
	    !address_in(t, "from", &c->from))
		c->from = S("sender@example.com");
	if (!address_in(t, "envelope-to", &c->to) &&
	    !address_in(t, "to", &c->to))
		c->to = S("recipient@example.com");
	c->orig_to = c->to;
	c->auth = (struct str){NULL, 0};
	c->mail = &t->mail;
}

/* --- mailboxes --------------------------------------------------------- */

struct svbox *
svtest_box(struct svtest *t, struct str name, bool create)
{
	struct svbox *b;
	bool inbox = str_ieq(name, S("INBOX"));

	for (b = t->boxes; b; b = b->next)
		if (str_eq(b->name, name) || (inbox && str_ieq(b->name, name)))
			return b;
	if (!create && !inbox)
		return NULL;
	b = arena_new(&t->a, struct svbox);
	b->name = arena_dup(&t->a, name);
	b->next = t->boxes;
	t->boxes = b;
	return b;
}

static void
append(struct svmail **list, struct svmail *m)
{
	while (*list)
		list = &(*list)->next;
	*list = m;
}

/* The mail as bytes: as it came, or with its header as edited. */
static struct str
raw_of(struct svtest *t, const struct sieve_mail *m)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct fields f;

	if (!m || m == &t->mail)
		return t->raw;
	for (size_t i = 0; i < m->nfields; i++) {
		struct str v =
		    m->fields[i].raw.n ? m->fields[i].raw : m->fields[i].value;

		buf_printf(
		    &b, "%.*s: %.*s\n", STR_ARG(m->fields[i].name), STR_ARG(v));
	}
	buf_putc(&b, '\n');
	buf_put(&b, str_from(t->raw, fields_scan(&t->a, t->raw, &f)));
	return arena_dup(&t->a, buf_str(&b));
}

static void
deliver(struct svtest *t, struct svbox *box, const struct sieve_action *x)
{
	struct svmail *m = arena_new(&t->a, struct svmail);

	m->raw = raw_of(t, x->mail);
	m->flags = x->flags;
	append(&box->mails, m);
}

static void
send_to(struct svtest *t, struct str from, struct str to, struct str raw)
{
	struct svmail *m = arena_new(&t->a, struct svmail);

	m->raw = raw;
	m->from = arena_dup(&t->a, from);
	m->to = arena_dup(&t->a, to);
	append(&t->sent, m);
}

/* --- mails that actions make ------------------------------------------- */

static struct str
one_line(struct svtest *t, struct str s)
{
	char *p = arena_cstr(&t->a, s);

	for (size_t i = 0; i < s.n; i++)
		if (p[i] == '\r' || p[i] == '\n')
			p[i] = ' ';
	return str_n(p, s.n);
}

static struct str
setting(struct svtest *t, const char *name)
{
	return sieve_setting(&t->options, name);
}

static void
begin_mail(struct svtest *t, struct buf *b, const char *id)
{
	buf_printf(b, "X-Sieve: helpd\nMessage-ID: <%s-%p@example.com>\n", id,
	    (const void *)b);
	buf_puts(b, "Date: Thu, 01 Jan 2026 00:00:00 +0000\n");
	(void)t;
}

static void
in_reply(struct svtest *t, struct buf *b)
{
	struct str id = field(&t->mail, "message-id");
	struct str refs = field(&t->mail, "references");

	if (!id.n)
		return;
	buf_printf(b, "In-Reply-To: %.*s\n", STR_ARG(id));
	buf_printf(b, "References: %.*s%s%.*s\n", STR_ARG(refs),
	    refs.n ? " " : "", STR_ARG(id));
}

/* Whom a setting names as the sender on the envelope; the null sender stays one. */
static struct str
envelope_from(struct svtest *t, const char *name, struct str otherwise)
{
	struct str how = str_trim(setting(t, name));
	struct str user = setting(t, "sieve_user_email");
	struct sieve_addr addr;

	if (!t->context.from.n || str_eq(how, S("<>")))
		return S("");
	if (str_ieq(how, S("sender")))
		return t->context.from;
	if (str_ieq(how, S("recipient")))
		return t->context.to;
	if (str_ieq(how, S("orig_recipient")))
		return t->context.orig_to;
	if (str_ieq(how, S("postmaster")))
		return S("postmaster@example.com");
	if (str_ieq(how, S("user_email")))
		return user.n ? user : t->context.to;
	if (str_starts(how, S("<")) && sieve_address_ok(&t->a, how, &addr))
		return addr.all;
	return otherwise;
}

static bool
has_list_field(const struct sieve_mail *m)
{
	static const char *const names[] = {"list-id", "list-owner",
	    "list-subscribe", "list-post", "list-unsubscribe", "list-help",
	    "list-archive"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (field(m, names[i]).p)
			return true;
	return false;
}

/* RFC 3834 §2, RFC 5230 §4.6: what is never answered. */
static bool
answerable(struct svtest *t)
{
	struct str from = t->context.from,
		   s = field(&t->mail, "auto-submitted");
	struct str local = address_local(from), word;

	if (!from.n || has_list_field(&t->mail))
		return false;
	if (s.n && !str_istarts(s, S("no")))
		return false;
	s = field(&t->mail, "precedence");
	if (str_ieq(s, S("bulk")) || str_ieq(s, S("junk")) ||
	    str_ieq(s, S("list")))
		return false;
	s = field(&t->mail, "x-auto-response-suppress");
	while (s.n && str_cut(&s, ',', &word)) {
		word = str_trim(word);
		if (str_ieq(word, S("all")) || str_ieq(word, S("oof")))
			return false;
	}
	return !(
	    str_ieq(local, S("mailer-daemon")) ||
	    str_ieq(local, S("listserv")) || str_ieq(local, S("majordomo")) ||
	    str_istarts(local, S("owner-")) ||
	    str_iends(local, S("-request")) || str_iends(local, S("-owner")));
}

/* Which of my addresses the mail was written to; empty: none. */
static struct str
addressed_as(struct svtest *t, const struct sieve_action *x)
{
	static const char *const names[] = {
	    "to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"};
	struct strs mine = {NULL, 0};
	struct sieve_addr one;
	struct str user = setting(t, "sieve_user_email");

	strs_add(&t->a, &mine, t->context.to);
	if (str_ieq(
		setting(t, "sieve_vacation_use_original_recipient"), S("yes")))
		strs_add(&t->a, &mine, t->context.orig_to);
	if (user.n)
		strs_add(&t->a, &mine, user);
	for (size_t i = 0; i < x->list.n; i++)
		if (sieve_address_ok(&t->a, x->list.v[i], &one))
			strs_add(&t->a, &mine, one.all);
	if (str_ieq(
		setting(t, "sieve_vacation_dont_check_recipient"), S("yes")))
		return mine.v[0];
	for (size_t i = 0; i < t->mail.nfields; i++)
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			struct sieve_addr *v;
			size_t n;

			if (!str_ieq(t->mail.fields[i].name, str_c(names[k])))
				continue;
			n = sieve_addresses(&t->a,
			    t->mail.fields[i].raw.n ? t->mail.fields[i].raw
						    : t->mail.fields[i].value,
			    &v);
			for (size_t j = 0; j < n; j++)
				if (strs_ihas(&mine, v[j].all))
					return v[j].all;
		}
	return (struct str){NULL, 0};
}

static bool
from_myself(struct svtest *t, const struct sieve_action *x)
{
	return str_ieq(t->context.from, t->context.to) ||
	       strs_ihas(&x->list, t->context.from) ||
	       str_ieq(t->context.from, setting(t, "sieve_user_email"));
}

static void
file_copy(struct svtest *t, const struct sieve_action *x, struct str raw)
{
	struct svbox *box;
	struct svmail *m;

	if (!x->fcc.n)
		return;
	box = svtest_box(t, x->fcc, x->create);
	if (!box)
		box = svtest_box(t, S("INBOX"), true);
	m = arena_new(&t->a, struct svmail);
	m->raw = raw;
	m->flags = x->flags;
	append(&box->mails, m);
}

static void
vacation(struct svtest *t, const struct sieve_action *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str me, subject = field(&t->mail, "subject"), envelope = S("");

	if (!answerable(t) || from_myself(t, x))
		return;
	me = addressed_as(t, x);
	if (!me.n)
		return;
	begin_mail(t, &b, "vacation");
	buf_printf(
	    &b, "From: %.*s\n", STR_ARG(one_line(t, x->from.n ? x->from : me)));
	buf_printf(&b, "To: <%.*s>\n", STR_ARG(t->context.from));
	if (x->subject.n)
		buf_printf(
		    &b, "Subject: %.*s\n", STR_ARG(one_line(t, x->subject)));
	else if (subject.n)
		buf_printf(&b, "Subject: Auto: %.*s\n", STR_ARG(subject));
	else
		buf_puts(&b, "Subject: Automated reply\n");
	in_reply(t, &b);
	buf_puts(&b, "Auto-Submitted: auto-replied (vacation)\n"
		     "Precedence: bulk\nX-Auto-Response-Suppress: All\n"
		     "MIME-Version: 1.0\n");
	if (!x->flag)
		buf_puts(&b, "Content-Type: text/plain; charset=utf-8\n"
			     "Content-Transfer-Encoding: 8bit\n\n");
	buf_put(&b, x->value);
	if (!str_ends(x->value, S("\n")))
		buf_putc(&b, '\n');
	if (str_ieq(setting(t, "sieve_vacation_send_from_recipient"), S("yes")))
		envelope = t->context.to;
	subject = arena_dup(&t->a, buf_str(&b));
	send_to(t, envelope, t->context.from, subject);
	file_copy(t, x, subject);
}

static void
reject(struct svtest *t, const struct sieve_action *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (!t->context.from.n)
		return;
	begin_mail(t, &b, "reject");
	buf_printf(&b,
	    "From: Mail Delivery Subsystem <postmaster@example.com>\n"
	    "To: <%.*s>\nSubject: Automatically rejected mail\n"
	    "Auto-Submitted: auto-replied (rejected)\nPrecedence: bulk\n",
	    STR_ARG(t->context.from));
	in_reply(t, &b);
	buf_printf(&b,
	    "MIME-Version: 1.0\nContent-Type: multipart/report; "
	    "report-type=disposition-notification; boundary=\"=_rejected\"\n\n"
	    "This is a MIME-encapsulated message\n\n--=_rejected\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Disposition: inline\n"
	    "Content-Transfer-Encoding: 8bit\n\n"
	    "Your message to <%.*s> was automatically rejected:\n%.*s\n\n"
	    "--=_rejected\nContent-Type: message/disposition-notification\n\n"
	    "Reporting-UA: example.com; helpd\n"
	    "Final-Recipient: rfc822; %.*s\n"
	    "Disposition: automatic-action/MDN-sent-automatically; deleted\n\n"
	    "--=_rejected\nContent-Type: message/rfc822\n\n",
	    STR_ARG(t->context.to), STR_ARG(x->name), STR_ARG(t->context.to));
	buf_put(&b, raw_of(t, x->mail));
	buf_puts(&b, "\n--=_rejected--\n");
	send_to(t, S(""), t->context.from, arena_dup(&t->a, buf_str(&b)));
}

static void
add_list(struct svtest *t, struct strs *to, struct str value)
{
	struct sieve_addr *v;
	size_t n = sieve_addresses(&t->a, value, &v);

	for (size_t i = 0; i < n; i++)
		if (v[i].valid)
			strs_add(&t->a, to, v[i].all);
}

/* RFC 5436 §2.7: what the notification decides itself is not for the URI. */
static bool
may_be_set(struct str name)
{
	static const char *const fixed[] = {"from", "to", "bcc", "sender",
	    "date", "message-id", "auto-submitted", "received", "return-path",
	    "in-reply-to", "references", "mime-version", "reply-to",
	    "importance", "x-priority", "x-sieve"};

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		if (str_ieq(name, str_c(fixed[i])))
			return false;
	return !str_istarts(name, S("resent-")) &&
	       !str_istarts(name, S("content-"));
}

/* RFC 5436. */
static void
notify(struct svtest *t, const struct sieve_action *x, struct strs *told)
{
	static const char *const levels[] = {"Importance: High\nX-Priority: 1 "
					     "(Highest)\n",
	    "Importance: Normal\nX-Priority: 3 (Normal)\n",
	    "Importance: Low\nX-Priority: 5 (Lowest)\n"};
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct strs to = {NULL, 0};
	struct sieve_field *f;
	size_t n, visible;
	struct str body, subject = field(&t->mail, "subject"),
			 given = {NULL, 0};
	struct str automatic = field(&t->mail, "auto-submitted");
	struct str me = x->from.n ? x->from : t->context.to,
		   addr = t->context.to;
	struct sieve_addr *v;
	size_t level = x->importance.n ? (size_t)(x->importance.p[0] - '1') : 1;

	if (!str_istarts(x->name, S("mailto:")) ||
	    !sieve_mailto(&t->a, x->name, &to, &f, &n, &body) ||
	    (automatic.n && !str_istarts(automatic, S("no"))))
		return;
	visible = to.n;
	begin_mail(t, &b, "notify");
	buf_printf(&b, "From: %.*s\n", STR_ARG(one_line(t, me)));
	for (size_t i = 0; i < visible; i++)
		buf_printf(&b, "%s<%.*s>%s",
		    i ? ", " : "To: ", STR_ARG(to.v[i]),
		    i + 1 == visible ? "\n" : "");
	for (size_t i = 0; i < n; i++) {
		bool cc = str_ieq(f[i].name, S("cc"));

		if (str_ieq(f[i].name, S("subject"))) {
			given = f[i].value;
			continue;
		}
		if (cc || str_ieq(f[i].name, S("bcc")))
			add_list(t, &to, f[i].value);
		if (cc)
			buf_printf(&b, "Cc: %.*s\n", STR_ARG(f[i].value));
		else if (may_be_set(f[i].name))
			buf_printf(&b, "%.*s: %.*s\n", STR_ARG(f[i].name),
			    STR_ARG(f[i].value));
	}
	if (x->flag)
		subject = one_line(t, x->value);
	else if (given.n)
		subject = given;
	else
		subject =
		    arena_printf(&t->a, "Notification: %.*s", STR_ARG(subject));
	buf_printf(&b, "Subject: %.*s\n", STR_ARG(subject));
	buf_puts(&b, levels[MIN(level, 2U)]);
	buf_puts(&b, "Auto-Submitted: auto-notified\nMIME-Version: 1.0\n"
		     "Content-Type: text/plain; charset=utf-8\n"
		     "Content-Transfer-Encoding: 8bit\n\n");
	buf_put(&b, body.p ? body : S("Notification of new message.\n"));
	if (!str_ends(buf_str(&b), S("\n")))
		buf_putc(&b, '\n');
	if (x->from.n && sieve_addresses(&t->a, x->from, &v) && v[0].valid)
		addr = v[0].all;
	addr = envelope_from(t, "sieve_notify_mailto_envelope_from", addr);
	body = arena_dup(&t->a, buf_str(&b));
	file_copy(t, x, body);
	/* One notification a recipient is enough. */
	for (size_t i = 0; i < to.n; i++) {
		if (strs_ihas(told, to.v[i]))
			continue;
		strs_add(&t->a, told, to.v[i]);
		send_to(t, addr, to.v[i], body);
	}
}

static void
redirect(struct svtest *t, const struct sieve_action *x)
{
	send_to(t,
	    envelope_from(t, "sieve_redirect_envelope_from", t->context.from),
	    x->name, raw_of(t, x->mail));
}

static bool
store(struct svtest *t, const struct sieve_action *x)
{
	struct svbox *box = svtest_box(t, x->name, x->create);

	if (!box) {
		svtest_error(
		    t, arena_printf(&t->a, "the mailbox \"%.*s\" is not there",
			   STR_ARG(x->name)));
		box = svtest_box(t, S("INBOX"), true);
		deliver(t, box, x);
		return false;
	}
	deliver(t, box, x);
	return true;
}

bool
svtest_execute(struct svtest *t)
{
	bool ok = true, kept = t->keep_cancelled;
	struct strs told = {NULL, 0};

	for (size_t i = 0; i < t->result.nactions; i++) {
		const struct sieve_action *x = &t->result.actions[i];

		switch (x->kind) {
		case SIEVE_KEEP:
			kept = true;
			deliver(t, svtest_box(t, S("INBOX"), true), x);
			break;
		case SIEVE_STORE:
			ok = store(t, x) && ok;
			break;
		case SIEVE_REDIRECT:
			redirect(t, x);
			break;
		case SIEVE_REJECT:
		case SIEVE_EREJECT:
			reject(t, x);
			break;
		case SIEVE_VACATION:
			vacation(t, x);
			break;
		case SIEVE_NOTIFY:
			notify(t, x, &told);
			break;
		case SIEVE_MARK: {
			struct svpair *p = arena_new(&t->a, struct svpair);

			p->name = x->name;
			p->next = t->seen;
			t->seen = p;
			break;
		}
		default:
			break;
		}
	}
	if (!kept) {
		struct sieve_action x = {.kind = SIEVE_KEEP,
		    .mail = t->result.mail ? t->result.mail : &t->mail,
		    .flags = t->result_flags,
		    .has_flags = t->has_result_flags};

		deliver(t, svtest_box(t, S("INBOX"), true), &x);
	}
	return ok;
}

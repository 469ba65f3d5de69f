/*
 * Three kinds of evidence, in this order: the machine-readable report (RFC
 * 3464), the field that Exim and others add (X-Failed-Recipients), and what the
 * text says. Whatever names the recipient, the reason is looked for in the
 * server's own words first.
 */
#include "mail/bounce.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/bounce_reason.h"
#include "mail/bounce_sign.h"
#include "mail/bounce_text.h"
#include "mail/bounce_words.h"
#include "mail/header.h"

enum {
	WORDS_MAX = 4096
};

struct detector {
	struct arena *a;
	const struct bounce_source *s;
	struct notice notice;
	struct bounce *out;
	size_t cap;
	bool delayed;
};

/* --- one recipient ----------------------------------------------------- */

static bool
begins_with_code(struct str line)
{
	return line.n > 3 && (line.p[0] == '4' || line.p[0] == '5') &&
	       ch_is_digit(line.p[1]) && ch_is_digit(line.p[2]) &&
	       line.p[3] == ' ';
}

/* The lines of the notice that name the address, or follow one that does, and
 * hold a reply code. */
static struct str
words_about(struct detector *d, struct str address)
{
	AUTO(buf_fini) struct buf b = buf_max(WORDS_MAX);
	struct str rest = d->notice.text, line;
	bool near = false, said = false, coded = false;

	if (!address.n)
		return (struct str){0};
	while (rest.n && str_cut(&rest, '\n', &line)) {
		bool names = str_ihas(line, address);

		near = near && str_chr(line, '@', 0) < 0 && str_trim(line).n;
		/* In a transcript each line that begins with a code is a statement of its own. */
		near = near && !(coded && begins_with_code(line));
		coded = names ? begins_with_code(line) : coded && near;
		/* What is broken over two lines: the code, then the words. */
		if ((names || near) && (code_find(line).n || said)) {
			buf_put(&b, str_trim(line));
			buf_putc(&b, '\n');
			said = !said;
		} else {
			said = false;
		}
		near = names || (near && said);
	}
	return arena_dup(d->a, buf_str(&b));
}

struct evidence {
	struct str address, status, code, action;
	struct str words[6]; /* the server's first */
	size_t n;
	bool report;      /* words[0] is the Diagnostic-Code */
	bool bad_mailbox; /* the reporting system says that RCPT was refused */
	size_t special;   /* how many words are about this recipient alone */
};

static void
evidence_add(struct evidence *e, struct str words)
{
	words = bounce_without_advice(words);
	if (words.n && e->n < ARRAY_LEN(e->words))
		e->words[e->n++] = utf8_clip(words, WORDS_MAX);
}

static enum bounce_reason
judge(const struct evidence *e)
{
	enum bounce_reason r = REASON_NONE;

	for (size_t i = 0; i < e->n && r == REASON_NONE; i++) {
		/* The numbers say more than what the whole text says. */
		if (i == e->special)
			r = reason_by_status(e->status, e->code);
		if (r == REASON_NONE)
			r = reason_by_words(e->words[i]);
		/* What programs print at their end whatever it was. */
		if (r == REASON_SYSTEM && i + 1 < e->n &&
		    str_ihas(e->words[i], S("service unavailable")) &&
		    reason_is_plain(e->words[i + 1]))
			r = REASON_NONE;
	}
	return r != REASON_NONE ? r : reason_by_status(e->status, e->code);
}

/* What the text says about the address: its own lines, what stands below it,
 * the whole. */
static void
evidence_text(struct detector *d, struct evidence *e)
{
	evidence_add(e, words_about(d, e->address));
	e->special = e->n;
	for (size_t i = 0; i < d->notice.n; i++)
		if (address_eq(d->notice.v[i].address, e->address)) {
			struct str words = d->notice.v[i].words;
			struct str first = bounce_paragraph(words);

			if (first.n > e->address.n + 8)
				evidence_add(e, first);
			e->special = e->n;
			if (words.n > first.n)
				evidence_add(e, words);
			break;
		}
	evidence_add(e, d->notice.text);
	evidence_add(e, d->s->message->subject);
}

/* In a transcript: a refusal that follows DATA, or a line that says which command was refused. */
static bool
transcript_after_data(struct str text)
{
	struct str line;
	bool data = false;

	while (text.n && str_cut(&text, '\n', &line)) {
		line = str_trim(line);
		if (str_eq(line, S("DATA")))
			return true;
		if (data && str_starts(line, S("<<< ")))
			return str_starts(line, S("<<< 55"));
		data = str_starts(line, S(">>> DATA"));
	}
	return false;
}

/* What a server said to the RCPT of this very address is not undone by what was said to the DATA of another. */
static bool
transcript_rcpt(struct str text, struct str address)
{
	struct str line;

	while (address.n && text.n && str_cut(&text, '\n', &line)) {
		line = str_trim(line);
		if (str_istarts(line, S(">>> RCPT")) && str_ihas(line, address))
			return true;
	}
	return false;
}

/*
 * "User unknown" said only after the whole mail was heard is what filters say, and phone companies to whom a subscriber shut the
 * door; a server that means it adds 5.1.1.
 */
static bool
after_data(const struct detector *d, const struct evidence *e)
{
	struct str words = e->n ? e->words[0] : d->notice.text;

	if (str_eq(e->status, S("5.1.1")) || str_eq(e->status, S("5.5.0")) ||
	    transcript_rcpt(d->notice.text, e->address))
		return false;
	return str_ihas(words, S("reply to end of DATA")) ||
	       str_ihas(d->notice.text, S("reply to end of DATA")) ||
	       str_ihas(words, S("after end of data")) ||
	       transcript_after_data(d->notice.text);
}

static bool
is_vague(struct str status)
{
	return !status.n || str_ends(status, S(".0.0"));
}

/*
 * RFC 3463's subject is about something else than the address: the mailbox's state (2), the mail system (3), security (7). Words that
 * contradict it are those of a filter.
 */
static bool
is_contradicted(struct str status)
{
	return status.n > 2 && !str_ends(status, S(".0.0")) &&
	       (status.p[2] == '2' || status.p[2] == '3' || status.p[2] == '7');
}

/* Was it the recipient that the server refused, as far as the mail says? */
static bool
is_sure(const struct detector *d, const struct evidence *e)
{
	if (e->n && str_ihas(e->words[0], S("delivery error: dd")))
		return true; /* Yahoo, which looks at the recipient last */
	if (after_data(d, e))
		return false;
	/* qmail's words for a refused RCPT. */
	if (e->bad_mailbox ||
	    str_ihas(d->notice.text, S("does not like recipient")))
		return true;
	if (str_ihas(d->notice.text, S("RCPT")) ||
	    (e->n && str_ihas(e->words[0], S("RCPT"))))
		return true;
	if (is_contradicted(e->status) && str_eq(e->code, S("550")))
		return false;
	/* Where one only failed, all that is said is said of it. */
	for (size_t i = 0;
	     i < (d->notice.n == 1 && !e->report ? e->n : e->special); i++)
		if (reason_is_plain(e->words[i]))
			return true;
	/* A bare 550 with such words may be meant for the mail; only prose of the reporting system says what it means. */
	return !is_vague(e->status) || !e->code.n;
}

static void
conclude(struct detector *d, struct evidence *e)
{
	struct bounced *b;
	enum bounce_reason r;

	/* A server's own status beats the one that the reporting system made of
	 * it, unless it says nothing. */
	for (size_t i = 0; i < e->n; i++) {
		struct str s = status_find(e->words[i]);

		if (s.n && s.p[0] != '2' &&
		    ((is_vague(e->status) && (!is_vague(s) || !e->status.n)) ||
			(i == 0 && e->report && !is_vague(s))))
			e->status = s;
		if (!e->code.n)
			e->code = code_find(e->words[i]);
	}
	r = judge(e);
	/* It may name a domain, or somebody, who does not exist: the sender. */
	if ((r == REASON_USER || r == REASON_HOST) &&
	    (str_eq(e->status, S("5.1.7")) || str_eq(e->status, S("5.1.8"))))
		r = REASON_SENDER;
	/* Not resting but gone: the numbers know. */
	if (r == REASON_SUSPENDED && str_eq(e->status, S("5.1.1")))
		r = REASON_USER;
	if (r == REASON_USER && str_eq(e->code, S("551")))
		r = REASON_MOVED;
	if (r == REASON_USER && !is_sure(d, e))
		r = REASON_FILTERED;
	if (d->out->n == d->cap) {
		struct bounced *v;

		if (d->cap == BOUNCE_RECIPIENTS_MAX)
			return;
		d->cap = d->cap ? MIN(2 * d->cap, BOUNCE_RECIPIENTS_MAX) : 4;
		v = arena_array(d->a, struct bounced, d->cap);
		if (d->out->n)
			memcpy(v, d->out->v, d->out->n * sizeof *v);
		d->out->v = v;
	}
	b = &d->out->v[d->out->n++];
	b->address = e->address;
	b->action = e->action.n  ? e->action
		    : d->delayed ? S("delayed")
				 : S("failed");
	b->status =
	    e->status.n
		? e->status
		: reason_status(r, d->delayed || str_starts(e->code, S("4")));
	b->smtp_code = e->code;
	b->hard = reason_is_hard(r) && str_eq(b->action, S("failed"));
	b->reason =
	    e->n ? bounce_one_line(d->a, bounce_server_words(e->words[0]))
		 : (struct str){0};
	if (!b->reason.n)
		b->reason = reason_name(r);
}

/* --- reports (RFC 3464 §2.3) ------------------------------------------- */

static struct str
report_field(struct detector *d, const struct fields *f, const char *name)
{
	return str_trim(
	    header_text(d->a, fields_get(f, str_c(name)), (struct str){0}));
}

static struct str
after_semicolon(struct str s)
{
	ptrdiff_t at = str_chr(s, ';', 0);

	return at < 0 || at > 20 ? s : str_trim(str_from(s, (size_t)at + 1));
}

static struct str
lower_word(struct arena *a, struct str s)
{
	struct str word = {0};

	str_word(&s, &word);
	return arena_lower(a, word);
}

static void
report_group(struct detector *d, const struct fields *f)
{
	struct evidence e = {0};
	struct str original = report_field(d, f, "Original-Recipient");
	struct str final = report_field(d, f, "Final-Recipient");
	struct str status = report_field(d, f, "Status"), word = {0};

	if (!original.n && !final.n)
		final = report_field(d, f, "X-Actual-Recipient");
	if (!original.n && !final.n)
		return;
	/* The one that was written to; behind it aliases and hosts of their own. */
	e.address = bounce_plain_address(d->a, original);
	if (!e.address.n)
		e.address = bounce_plain_address(d->a, final);
	e.action = lower_word(d->a, report_field(d, f, "Action"));
	str_word(&status, &word);
	if (status_valid(word))
		e.status = word;
	evidence_add(
	    &e, after_semicolon(report_field(d, f, "Diagnostic-Code")));
	e.report = e.n > 0;
	e.bad_mailbox = str_ieq(
	    report_field(d, f, "X-PowerMTA-BounceCategory"), S("bad-mailbox"));
	evidence_text(d, &e);
	conclude(d, &e);
}

/* Whom a returned mail was for, when that was one. A mail of a list was refused by one who reads it, whom nobody names. */
static struct str
only_recipient(struct arena *a, const struct fields *original)
{
	struct addresses to = {0};

	if (fields_get(original, S("List-Id")).n)
		return (struct str){0};
	addresses_parse(a, fields_get(original, S("To")), &to);
	return to.n == 1 ? to.v[0].addr : (struct str){0};
}

static void
complained(struct bounced *b)
{
	b->hard = false;
	b->status = (struct str){0};
	b->reason = reason_name(REASON_FEEDBACK);
}

/* A complaint about a mail of ours (RFC 5965), not a failure. */
static void
report_feedback(struct detector *d, const struct fields *original)
{
	struct fields f = {0};
	struct evidence e = {.action = S("failed")};
	size_t before = d->out->n;

	fields_scan(d->a, d->s->report, &f);
	for (size_t i = 0; i < f.n; i++) {
		if (!str_ieq(f.v[i].name, S("Original-Rcpt-To")) &&
		    !str_ieq(f.v[i].name, S("Removal-Recipient")))
			continue;
		e.address = bounce_plain_address(d->a, f.v[i].raw);
		conclude(d, &e);
	}
	if (d->out->n == before) {
		e.address = bounce_plain_address(
		    d->a, fields_get(original, S("X-HmXmrOriginalRecipient")));
		if (!e.address.n)
			e.address = only_recipient(d->a, original);
		conclude(d, &e);
	}
	for (size_t i = before; i < d->out->n; i++)
		complained(&d->out->v[i]);
}

/* Groups of fields with blank lines between; the first is about the report. */
static void
report_read(struct detector *d, const struct fields *original)
{
	struct str rest = d->s->report;

	if (str_ihas(d->s->report_type, S("feedback"))) {
		report_feedback(d, original);
		return;
	}
	while (rest.n && d->out->n < BOUNCE_RECIPIENTS_MAX) {
		struct fields f = {0};
		size_t at;

		rest = str_ltrim(rest);
		at = fields_scan(d->a, rest, &f);
		if (at == 0)
			break;
		rest = str_from(rest, at);
		report_group(d, &f);
	}
}

/* --- the rest ---------------------------------------------------------- */

static void
failed_recipients_read(struct detector *d)
{
	struct str rest = bounce_field(d->s->message, S("X-Failed-Recipients"));
	struct str part;

	while (rest.n && d->out->n < BOUNCE_RECIPIENTS_MAX &&
	       str_cut(&rest, ',', &part)) {
		struct evidence e = {
		    .address = bounce_plain_address(d->a, part)};

		if (!e.address.n)
			continue;
		evidence_text(d, &e);
		conclude(d, &e);
	}
}

/* Amazon's SNS mails its notices as JSON: {"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress": …. */
static void
notification_read(struct detector *d, struct str s)
{
	size_t at = 0, next = 0;
	struct str type = bounce_json_string(s, "\"notificationType\"", 0, &at);
	bool complaint = str_eq(type, S("Complaint"));

	if (str_eq(type, S("Delivery"))) {
		struct evidence e = {.action = S("delivered")};

		at = (size_t)MAX(str_find(s, S("\"delivery\""), 0), 0);
		at = (size_t)MAX(str_find(s, S("\"recipients\""), at), 0);
		at = (size_t)MAX(str_chr(s, '[', at), 0);
		e.address = bounce_plain_address(
		    d->a, bounce_json_string(s, "[", at, &next));
		evidence_add(
		    &e, bounce_json_string(s, "\"smtpResponse\"", at, &next));
		e.status = status_find(e.words[0]);
		e.code = str_sub(e.words[0], 0, 3);
		conclude(d, &e);
		return;
	}
	at = 0;
	for (;;) {
		struct evidence e = {.report = true};
		struct str address =
		    bounce_json_string(s, "\"emailAddress\"", at, &at);
		struct str one = str_from(s, at);
		ptrdiff_t end = str_chr(one, '}', 0);

		if (!address.n)
			break;
		one = str_sub(one, 0, end < 0 ? 0 : (size_t)end);
		e.address = bounce_plain_address(d->a, address);
		e.status = bounce_json_string(one, "\"status\"", 0, &next);
		if (!status_valid(e.status))
			e.status = (struct str){0};
		evidence_add(&e, after_semicolon(bounce_json_string(
				     one, "\"diagnosticCode\"", 0, &next)));
		e.special = e.n;
		conclude(d, &e);
		if (complaint)
			complained(&d->out->v[d->out->n - 1]);
		if (d->out->n == BOUNCE_RECIPIENTS_MAX)
			break;
	}
}

static void
text_read(struct detector *d)
{
	for (size_t i = 0; i < d->notice.n; i++) {
		struct evidence e = {
		    .address = arena_dup(d->a, d->notice.v[i].address)};

		evidence_text(d, &e);
		conclude(d, &e);
	}
}

/* Nobody is named: whom the returned mail was sent to, if that is one; else an
 * unnamed recipient. */
static void
original_read(struct detector *d, const struct fields *original)
{
	struct evidence e = {.address = only_recipient(d->a, original)};

	evidence_text(d, &e);
	conclude(d, &e);
}

static struct str
id_of(struct arena *a, struct str raw)
{
	ptrdiff_t open = str_chr(raw, '<', 0), end;

	end = open < 0 ? -1 : str_chr(raw, '>', (size_t)open);
	if (end < 0)
		return (struct str){0};
	return arena_dup(a, str_sub(raw, (size_t)open + 1, (size_t)end));
}

/* Whose addresses are in the notice without having failed. */
static void
own_addresses(struct detector *d, struct strs *own)
{
	const struct message *m = d->s->message;

	for (size_t i = 0; i < m->to.n; i++)
		strs_add(d->a, own, m->to.v[i].addr);
	for (size_t i = 0; i < m->from.n; i++)
		strs_add(d->a, own, m->from.v[i].addr);
}

static struct str
from_domain(const struct message *m)
{
	struct str from = m->from.n ? m->from.v[0].addr : (struct str){0};

	return str_from(from, (size_t)(str_rchr(from, '@') + 1));
}

struct bounce *
bounce_detect(struct arena *a, const struct bounce_source *s)
{
	struct detector d = {.a = a, .s = s};
	struct fields original = {0};
	struct strs own = {0};
	struct bounce_source inner;
	struct str wrapped, notification;
	bool named, complaint;

	if ((bounce_is_report(s, "disposition-notification") ||
		str_ihas(s->report_type, S("disposition-notification"))) &&
	    !bounce_is_rejection(s))
		return NULL;
	named = bounce_field(s->message, S("X-Failed-Recipients")).n > 0;
	complaint = !s->report.n && s->original.n &&
		    str_istarts(str_trim(s->message->subject),
			S("complaint about message from"));
	notification = bounce_notification(a, s->message);
	if (!s->report.n && !named && !complaint && !notification.n &&
	    !bounce_looks_like_one(s))
		return NULL;
	wrapped = bounce_within(s);
	if (wrapped.n && !s->report.n) {
		inner = *s;
		inner.report = wrapped;
		d.s = s = &inner;
	}
	d.out = arena_new(a, struct bounce);
	own_addresses(&d, &own);
	notice_read(
	    a, s->message->text, &own, from_domain(s->message), &d.notice);
	d.delayed = notice_delayed(d.notice.text);
	fields_scan(
	    a, s->original.n ? s->original : d.notice.original, &original);
	if (complaint)
		report_feedback(&d, &original);
	else if (s->report.n)
		report_read(&d, &original);
	else if (notification.n)
		notification_read(&d, notification);
	if (!d.out->n && named)
		failed_recipients_read(&d);
	if (!d.out->n)
		text_read(&d);
	if (!d.out->n)
		original_read(&d, &original);
	d.out->message_id = id_of(a, fields_get(&original, S("Message-ID")));
	d.out->subject = header_text(
	    a, fields_get(&original, S("Subject")), (struct str){0});
	return d.out;
}

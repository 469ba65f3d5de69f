/*
 * Mails to agents: who gets them, what they look like when they are read, what is left of them in an answer; the hour's limit and the digest.
 *
 * HELPD_GOLDEN=write writes the golden files anew.
 */
#include "base/file.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/delivery.h"
#include "desk/extra.h"
#include "desk/notice.h"
#include "desk/outbound.h"
#include "desk/outgoing.h"
#include "desk/token.h"
#include "fixture.h"
#include "mail/parse.h"
#include "mail/reply.h"
#include "mail/reply_marker.h"
#include "store/blob.h"

#include <stdlib.h>

static struct agent agents[6];
static struct team teams[2];

static struct strs
one(struct fixture *f, const char *s)
{
	struct strs l = {0};

	strs_add(&f->a, &l, str_c(s));
	return l;
}

static void
add_agent(struct fixture *f, size_t i, const char *name, const char *full,
    const char *team, const char *language)
{
	agents[i] = (struct agent){
	    .name = str_c(name),
	    .full_name = str_c(full),
	    .addresses =
		one(f, arena_printf(&f->a, "%s@private.example", name).p),
	    .rank = RANK_AGENT,
	    .languages = one(f, language),
	    .notices = true,
	};
	if (*team)
		agents[i].teams = one(f, team);
	strs_add(&f->a, &f->settings.desk_addresses, agents[i].addresses.v[0]);
}

static void
load_templates(struct fixture *f)
{
	struct complaints bad = {0};
	struct strs dirs = {0};

	strs_add(&f->a, &dirs, S(SRCDIR "/templates"));
	assert_int_equal(
	    templates_load(&f->a, &dirs, S("en"), &f->desk.templates, &bad), 0);
}

static int
setup(void **state)
{
	struct settings *s;
	struct fixture *f;

	fixture_setup(state);
	f = *state;
	s = &f->settings;
	s->desk_addresses = (struct strs){0};
	add_agent(f, 0, "anna", "Anna Berg", "first-line", "en");
	add_agent(f, 1, "ben", "Ben Li", "first-line", "zh_CN");
	add_agent(f, 2, "cara", "Cara Roth", "money", "en");
	add_agent(f, 3, "dora", "Dora", "first-line", "en");
	agents[3].notices = false;
	add_agent(f, 4, "eva", "Eva Lead", "", "en");
	agents[4].rank = RANK_LEAD;
	teams[0] = (struct team){.name = S("first-line")};
	teams[1] = (struct team){.name = S("money")};
	s->staff = (struct staff){agents, 5, teams, 2};
	f->queues[0].team = S("first-line");
	f->queues[1].team = S("money");
	s->notices_per_hour = 120;
	s->notice_attachments = 5 << 20;
	s->notice_within = 90 * CLOCK_DAY;
	s->confirm_within = 3 * CLOCK_DAY;
	load_templates(f);
	return 0;
}

/* --- looking ----------------------------------------------------------- */

struct found {
	struct fixture *f;
	struct outbox v[400];
	size_t n;
	const char *kind;
};

static bool
keep(void *ctx, const struct outbox *o)
{
	struct found *l = ctx;

	if (str_eq(o->kind, str_c(l->kind)) && l->n < ARRAY_LEN(l->v))
		l->v[l->n++] = *o;
	return true;
}

/* The waiting mails of a kind, oldest first. */
static struct found *
rows(struct fixture *f, const char *kind)
{
	struct found *l = arena_new(&f->a, struct found);
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	l->kind = kind;
	assert_int_equal(txn_read(f->store, &t, &err), 0);
	assert_int_equal(outbox_each(t, &f->a, OUTBOX_NONE, keep, l), 0);
	assert_int_equal(txn_commit(t, &err), 0);
	return l;
}

static const struct outbox *
row_to(const struct found *l, const char *addr)
{
	const struct outbox *o = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i].recipients[0].addr, str_c(addr)))
			o = &l->v[i];
	return o;
}

static struct str
bytes_of(struct fixture *f, uint64_t blob)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	assert_int_equal(txn_read(f->store, &t, &err), 0);
	assert_int_equal(blob_get(t, blob, 64 << 20, &b), 1);
	assert_int_equal(txn_commit(t, &err), 0);
	return arena_dup(&f->a, buf_str(&b));
}

static struct message
read_mail(struct fixture *f, struct str raw)
{
	struct err err = ERR_INIT;
	struct message m = {0};

	if (message_parse(&f->a, raw, NULL, &m, &err) < 0)
		fail_msg("%s", err.msg);
	return m;
}

static struct message
notice_to(struct fixture *f, const char *addr)
{
	const struct outbox *o = row_to(rows(f, "notice"), addr);

	if (!o)
		fail_msg("no notice to %s", addr);
	return read_mail(f, bytes_of(f, o->blob));
}

static void
assert_without(struct str s, const char *what)
{
	if (str_ihas(s, str_c(what)))
		fail_msg("\"%.*s\" has \"%s\"", STR_ARG(s), what);
}

/* Nothing of the desk's inside: in the bytes, and when it is read. */
static void
assert_no_leak(struct fixture *f, struct str raw)
{
	struct message m = read_mail(f, raw);
	struct str all = arena_printf(&f->a, "%.*s\n%.*s\n%.*s", STR_ARG(raw),
	    STR_ARG(m.text), STR_ARG(m.html));

	assert_without(all, "@private.example");
	assert_without(all, NOTICE_BAR);
	assert_without(all, "##-");
	assert_without(all, "X-Helpd");
	assert_without(all, "internal note");
	assert_without(all, "Assigned to:");
}

static void
golden(struct str text, const char *name)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	char path[300];

	snprintf(path, sizeof path, SRCDIR "/tests/desk/golden/%s", name);
	if (getenv("HELPD_GOLDEN")) {
		assert_int_equal(file_replace(path, text, 0644, NULL), 0);
		return;
	}
	assert_int_equal(file_read(path, 1 << 20, &b, NULL), 0);
	if (!str_eq(buf_str(&b), text))
		fail_msg("%s:\n%.*s\n--- is not ---\n%.*s", path,
		    STR_ARG(buf_str(&b)), STR_ARG(text));
}

static const struct mail wei = {
    .from = "Wei Zhang <wei@customer.example>",
    .id = "a@customer.example",
    .text = "The printer on the 2nd floor is on fire.\n"
	    "#close\n"
	    "\xc2\xa6 Status: closed\n"
	    "##- End of message -##\n"
	    "-- \n"
	    "Wei\n",
};

/* --- to whom ----------------------------------------------------------- */

static void
test_people(void **state)
{
	struct fixture *f = *state;
	struct outcome out = take(f, &wei, NOW);
	struct found *l = rows(f, "notice");

	assert_int_equal(l->n, 2);
	assert_non_null(row_to(l, "anna@private.example"));
	assert_non_null(row_to(l, "ben@private.example"));
	assert_str(event_detail(f, out.ticket, "notice"), "new: anna, ben");
	assert_int_equal(out.mails, 3);
	assert_int_equal(l->v[0].seq, 0);
	assert_int_equal(l->v[0].sender.n, 0);
}

static int
assign_ben(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("agent:anna"), S("row 9")};
	struct ticket k;

	if (ticket_get(t, &f->a, *(uint64_t *)ctx, &k) != 1)
		return -1;
	if (change_assignee(
		&f->desk, t, &f->a, &k, S("ben"), &who, NOW + 1000, err) < 0)
		return -1;
	return change_done(t, &k, NOW, err);
}

static int
take_ben(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("agent:ben"), S("row 9")};
	struct ticket k;

	if (ticket_get(t, &f->a, *(uint64_t *)ctx, &k) != 1)
		return -1;
	if (change_assignee(
		&f->desk, t, &f->a, &k, S("ben"), &who, NOW + 1000, err) < 0)
		return -1;
	return change_done(t, &k, NOW, err);
}

static void
test_assigned(void **state)
{
	struct fixture *f = *state;
	struct outcome out = take(f, &wei, NOW);
	struct mail more = {.from = wei.from,
	    .in_reply_to = "a@customer.example",
	    .text = "Hello?\n"};

	with_txn(f, assign_ben, &out.ticket);
	assert_int_equal(rows(f, "notice")->n, 3);
	assert_str(event_detail(f, out.ticket, "notice"), "assigned: ben");
	take(f, &more, NOW + 2000);
	assert_int_equal(rows(f, "notice")->n, 4);
	assert_str(event_detail(f, out.ticket, "notice"), "followup: ben");
	/* Somebody else ends it: ben is told; ends it himself: not. */
	set_status(f, out.ticket, STATUS_RESOLVED, NOW + 3000);
	assert_str(event_detail(f, out.ticket, "notice"), "status: ben");
	assert_int_equal(rows(f, "notice")->n, 5);
}

static void
test_himself(void **state)
{
	struct fixture *f = *state;
	struct outcome out = take(f, &wei, NOW);

	with_txn(f, take_ben, &out.ticket);
	assert_int_equal(rows(f, "notice")->n, 2);
}

static void
test_nobody(void **state)
{
	struct fixture *f = *state;
	struct mail spam = wei, returned = wei;

	spam.spam = true;
	take(f, &spam, NOW);
	assert_int_equal(rows(f, "notice")->n, 0);
	f->settings.staff.nagents = 0;
	returned.id = "b@customer.example";
	take(f, &returned, NOW);
	assert_int_equal(rows(f, "notice")->n, 0);
}

/* --- what it looks like ------------------------------------------------ */

static void
test_golden(void **state)
{
	struct fixture *f = *state;
	struct mail more = {.from = "Wei Zhang <wei@customer.example>",
	    .in_reply_to = "a@customer.example",
	    .text = "It burns still.\n\n@charset {\n  #id { color: red }\n}\n",
	    .attachment = true};
	struct message m;

	take(f, &wei, NOW);
	m = notice_to(f, "anna@private.example");
	golden(m.text, "notice-new.en.txt");
	golden(m.html, "notice-new.en.html");
	m = notice_to(f, "ben@private.example");
	golden(m.text, "notice-new.zh_CN.txt");
	take(f, &more, NOW + CLOCK_HOUR);
	m = notice_to(f, "anna@private.example");
	golden(m.text, "notice-followup.en.txt");
	m = notice_to(f, "ben@private.example");
	golden(m.text, "notice-followup.zh_CN.txt");
	golden(m.html, "notice-followup.zh_CN.html");
}

static struct str
fresh(struct fixture *f, struct str text)
{
	struct message m = {.text = text};

	reply_split(&f->a, text, &m.fresh, &m.nfresh);
	return message_new_text(&f->a, &m);
}

static struct str
quoted(struct fixture *f, struct str text)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str line;

	while (str_line(&text, &line))
		buf_printf(&b, "> %.*s\n", STR_ARG(line));
	return arena_dup(&f->a, buf_str(&b));
}

#define HEADING                                                          \
	"On Mon, 5 Jan 2026 at 09:00, Wei Zhang (Acme Support) "         \
	"<support+1.aaaaaaaa.kaaaaaaaaaaaaaaaaaaaaaaaaaa@acme.example> " \
	"wrote:\n"

static int
mention(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("agent:ben"), S("row 9")};
	struct notice n = {
	    .kind = NOTICE_MENTION, .who = who, .to = &agents[0]};
	struct ticket k;

	if (ticket_get(t, &f->a, *(uint64_t *)ctx, &k) != 1 ||
	    change_note(&f->desk, t, &f->a, &k,
		S("@anna he is a difficult one.\n#close it?"), &who,
		S("Ben Li"), NOW + 1000, &n.seq, err) < 0 ||
	    notice_send(&f->desk, t, &f->a, &k, &n, NOW + 1000, NULL, err) < 0)
		return -1;
	ticket_put(t, &k);
	return 0;
}

/* A note is shown, and nothing of it can become a part of an answer. */
static void
test_mention(void **state)
{
	struct fixture *f = *state;
	uint64_t id = take(f, &wei, NOW).ticket;
	struct str text;
	struct message m;

	with_txn(f, mention, &id);
	m = notice_to(f, "anna@private.example");
	golden(m.text, "notice-mention.en.txt");
	/* Between the lines, where quotes are kept for the sake of words. */
	text = arena_printf(&f->a, HEADING "%.*s\nWell.\n\n> More?\n\nNo.\n",
	    STR_ARG(quoted(f, m.text)));
	assert_without(fresh(f, text), "difficult");
	with_txn(f, assign_ben, &id);
	m = notice_to(f, "ben@private.example");
	golden(m.text, "notice-assigned.zh_CN.txt");
}

static void
test_header(void **state)
{
	struct fixture *f = *state;
	struct message anna, ben;
	uint64_t ticket, nonce;
	struct str token, base, detail;
	struct grant g;
	struct txn *t = NULL;
	struct err err = ERR_INIT;
	int64_t made;
	struct outcome out = take(f, &wei, NOW);

	anna = notice_to(f, "anna@private.example");
	ben = notice_to(f, "ben@private.example");
	assert_str(anna.subject, "[Acme #1] Printer on fire");
	assert_str(anna.from.v[0].addr, "support@acme.example");
	assert_str(anna.from.v[0].name, "Wei Zhang (Acme Support)");
	assert_str(anna.to.v[0].addr, "anna@private.example");
	assert_int_equal(anna.to.n + anna.cc.n, 1);
	assert_true(anna.automatic.n > 0);
	/* One conversation for both, a token for each. */
	assert_true(str_eq(anna.references.v[0], ben.references.v[0]));
	assert_true(str_eq(anna.in_reply_to.v[0], anna.references.v[0]));
	assert_false(str_eq(anna.message_id, ben.message_id));
	assert_true(
	    address_detail(&f->a, anna.reply_to.v[0].addr, &base, &detail));
	assert_str(base, "support@acme.example");
	assert_true(token_grant_detail(detail, &ticket, &nonce, &token));
	assert_int_equal(ticket, out.ticket);
	assert_int_equal(txn_read(f->store, &t, &err), 0);
	assert_int_equal(grant_get(t, &f->a, nonce, &g), 1);
	assert_int_equal(txn_commit(t, &err), 0);
	assert_str(g.agent, "anna");
	assert_int_equal(g.purpose, GRANT_NOTICE);
	assert_int_equal(g.expires, NOW + 90 * CLOCK_DAY);
	assert_int_equal(g.seen, 2);
	assert_true(token_grant_verify(f->keys, &g, token, CLOCK_NONE));
	assert_true(
	    token_grant_id(anna.message_id, &ticket, &nonce, &token, &made));
	assert_true(token_grant_verify(f->keys, &g, token, made));
}

/* --- what comes back --------------------------------------------------- */

static void
test_quoted(void **state)
{
	struct fixture *f = *state;
	struct message m;
	struct str q, text;

	take(f, &wei, NOW);
	for (int i = 0; i < 2; i++) {
		m = notice_to(
		    f, i ? "ben@private.example" : "anna@private.example");
		q = quoted(f, m.text);
		text = arena_printf(
		    &f->a, "On its way.\n\n" HEADING "%.*s", STR_ARG(q));
		assert_str(fresh(f, text), "On its way.");
		text = arena_printf(
		    &f->a, HEADING "%.*s\nOn its way.\n", STR_ARG(q));
		assert_str(fresh(f, text), "On its way.");
		/* Neither heading nor marks. */
		text =
		    arena_printf(&f->a, "On its way.\n\n%.*s", STR_ARG(m.text));
		assert_str(fresh(f, text), "On its way.");
		/* Nothing but the notice: no answer. */
		assert_int_equal(fresh(f, m.text).n, 0);
	}
}

static struct str
inner_html(struct str html)
{
	ptrdiff_t from = str_find(html, S("<body"), 0);
	ptrdiff_t to = str_find(html, S("</body>"), 0);

	assert_true(from >= 0 && to > from);
	from = str_chr(html, '>', (size_t)from);
	return str_sub(html, (size_t)from + 1, (size_t)to);
}

static struct message
html_mail(struct fixture *f, struct str html)
{
	return read_mail(
	    f, arena_printf(&f->a,
		   "From: anna@private.example\r\nTo: support@acme.example\r\n"
		   "Subject: Re: x\r\nMIME-Version: 1.0\r\n"
		   "Content-Type: text/html; charset=utf-8\r\n\r\n"
		   "<html><body>%.*s</body></html>\r\n",
		   STR_ARG(html)));
}

/* Gmail's quote, Outlook's, and one that is cut off somewhere. */
static void
test_quoted_html(void **state)
{
	static const char *const shapes[] = {
	    "<div dir=\"ltr\">On its <b>way</b>.</div><br><div "
	    "class=\"gmail_quote\"><div class=\"gmail_attr\">On Mon, Jan 5, "
	    "2026 at 9:00 AM Wei Zhang (Acme Support) &lt;<a "
	    "href=\"mailto:support@acme.example\">support@acme.example</"
	    "a>&gt; wrote:<br></div><blockquote>%.*s</blockquote></div>",
	    "<p>On its <b>way</b>.</p><div style=\"border:none;border-top:"
	    "solid #E1E1E1 1.0pt\"><p><b>From:</b> Wei Zhang (Acme Support) "
	    "&lt;support@acme.example&gt;<br><b>Sent:</b> Monday, January 5, "
	    "2026 9:00 AM<br><b>To:</b> Anna Berg<br><b>Subject:</b> [Acme "
	    "#1] Printer on fire</p></div>%.*s",
	    "<div>On its <b>way</b>.</div><div>%.*s</div>",
	};
	struct fixture *f = *state;

	take(f, &wei, NOW);
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct message m = notice_to(
		    f, i % 2 ? "ben@private.example" : "anna@private.example");
		struct str body = inner_html(m.html);
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct str before = str_c(shapes[i]), after;
		ptrdiff_t at = str_find(before, S("%.*s"), 0);

		after = str_from(before, (size_t)at + 4);
		buf_put(&b, str_sub(before, 0, (size_t)at));
		buf_put(&b, body);
		buf_put(&b, after);
		m = html_mail(f, buf_str(&b));
		assert_str(message_new_text(&f->a, &m), "On its way.");
		assert_without(m.answer_html, NOTICE_BAR);
		assert_without(m.answer_html, "##");
		assert_without(m.answer_html, "printer");
	}
}

/* Whatever is quoted, and however badly: what is ours does not get through. */
static void
test_guard(void **state)
{
	struct fixture *f = *state;
	struct outcome out = take(f, &wei, NOW);
	struct message m = notice_to(f, "anna@private.example");
	struct ticket k = ticket(f, out.ticket);
	struct str text = arena_printf(&f->a,
	    "Yes.\n" HEADING "%.*s\nAnd no.\n\nAnna\nanna@private.example, "
	    "joanna@private.example\n",
	    STR_ARG(quoted(f, m.text)));
	struct str got = guard_text(&f->a, &f->settings, &k, text);

	assert_without(got, NOTICE_BAR);
	assert_without(got, "##-");
	assert_without(got, "kaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_without(got, "\nanna@");
	assert_has(got, "\nsupport@acme.example, joanna@private.example\n");
	assert_has(got, "<support@acme.example> wrote");
	assert_has(got, "> The printer on the 2nd floor");
	assert_str(guard_html(&f->a, &f->settings, &k,
		       S("<a href=\"mailto:ANNA@private.example\">me</a>")),
	    "<a href=\"mailto:support@acme.example\">me</a>");
	assert_int_equal(guard_html(&f->a, &f->settings, &k,
			     S("<p>\xc2\xa6 Customer: Wei</p>"))
			     .n,
	    0);
	assert_str(
	    guard_html(&f->a, &f->settings, &k, S("<p>\xc2\xa7 1 is fine</p>")),
	    "<p>\xc2\xa7 1 is fine</p>");
	/* A table drawn by hand is the agent's business. */
	text = S("\xc2\xa6 a \xc2\xa6 b\nSee?");
	assert_true(str_eq(guard_text(&f->a, &f->settings, &k, text), text));
}

/* --- the hour ---------------------------------------------------------- */

static void
test_digest(void **state)
{
	struct fixture *f = *state;
	int64_t later = NOW + CLOCK_HOUR + 60 * CLOCK_SECOND;
	struct message m;
	struct mail x = wei;
	struct found *l;

	f->settings.notices_per_hour = 3;
	for (int i = 0; i < 8; i++) {
		x.id = arena_printf(&f->a, "m%d@customer.example", i).p;
		x.subject = arena_printf(&f->a, "Fire %d", i).p;
		take(f, &x, NOW + i * 1000);
	}
	assert_int_equal(rows(f, "notice")->n, 6);
	assert_str(
	    event_detail(f, 8, "notice"), "new: anna (digest), ben (digest)");
	run_due(f, NOW + CLOCK_MINUTE);
	assert_int_equal(rows(f, "digest")->n, 0);
	run_due(f, later);
	l = rows(f, "digest");
	assert_int_equal(l->n, 2);
	m = read_mail(f, bytes_of(f, row_to(l, "anna@private.example")->blob));
	golden(m.text, "digest.en.txt");
	assert_str(m.subject, "Acme: further notices (5)");
	m = read_mail(f, bytes_of(f, row_to(l, "ben@private.example")->blob));
	golden(m.text, "digest.zh_CN.txt");
	/* Once. And then there is room again. */
	run_due(f, later + CLOCK_DAY);
	assert_int_equal(rows(f, "digest")->n, 2);
	x.id = "last@customer.example";
	take(f, &x, later);
	assert_int_equal(rows(f, "notice")->n, 8);
}

static void
test_digest_many(void **state)
{
	struct fixture *f = *state;
	struct mail x = wei;
	struct message m;

	f->settings.notices_per_hour = 0;
	f->settings.staff.nagents = 1;
	for (int i = 0; i < 1010; i++) {
		x.id = arena_printf(&f->a, "m%d@customer.example", i).p;
		take(f, &x, NOW + i);
	}
	assert_int_equal(rows(f, "notice")->n, 0);
	run_due(f, NOW + CLOCK_DAY);
	m = read_mail(f, bytes_of(f, rows(f, "digest")->v[0].blob));
	assert_str(m.subject, "Acme: further notices (1010)");
	assert_has(m.text, "and 10 more");
}

/* --- what did not arrive ----------------------------------------------- */

static int
answer_as_anna(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct answer w = {
	    .text = S("Please press the red button."),
	    .author = S("Anna Berg"),
	    .who = {S("agent:anna"), S("row 9")},
	};
	struct ticket k;

	if (ticket_get(t, &f->a, *(uint64_t *)ctx, &k) != 1)
		return -1;
	return outbound_answer(
	    &f->desk, t, &f->a, &k, &w, NOW + 1000, NULL, NULL, err);
}

static int
fail_row(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct outbox *o = ctx;
	struct delivery v = {o->recipients[0].addr, DELIVERED_REFUSED,
	    S("550 5.1.1 nobody here")};

	if (delivery_claim(t, &f->a, &o->id, 1, NOW + 2000, err) < 0)
		return -1;
	return delivery_result(
	    &f->desk, t, &f->a, o->id, &v, 1, NOW + 3000, err);
}

static void
test_failed(void **state)
{
	struct fixture *f = *state;
	struct outcome out = take(f, &wei, NOW);
	struct message m;

	with_txn(f, answer_as_anna, &out.ticket);
	with_txn(f, fail_row, &rows(f, "answer")->v[0]);
	assert_str(event_detail(f, out.ticket, "notice"), "failed: anna");
	m = notice_to(f, "anna@private.example");
	assert_has(m.text, "550 5.1.1 nobody here");
	assert_has(m.text, "Please press the red button.");
	/* A notice that fails makes no further one, and reopens nothing. */
	set_status(f, out.ticket, STATUS_RESOLVED, NOW + 4000);
	with_txn(f, fail_row,
	    (void *)(uintptr_t)row_to(
		rows(f, "notice"), "ben@private.example"));
	assert_int_equal(ticket(f, out.ticket).status, STATUS_RESOLVED);
	assert_int_equal(rows(f, "notice")->n, 3);
}

static int
send_row(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct outbox *o = ctx;
	struct delivery v = {o->recipients[0].addr, DELIVERED_OK, S("250 ok")};

	if (delivery_claim(t, &f->a, &o->id, 1, NOW + 2000, err) < 0)
		return -1;
	return delivery_result(
	    &f->desk, t, &f->a, o->id, &v, 1, NOW + 3000, err);
}

static void
test_bytes_go(void **state)
{
	struct fixture *f = *state;
	struct outbox o;

	take(f, &wei, NOW);
	o = rows(f, "notice")->v[0];
	with_txn(f, send_row, &o);
	assert_int_equal(outbox(f, o.id).state, OUTBOX_SENT);
	assert_int_equal(outbox(f, o.id).blob, 0);
}

/* --- answers ----------------------------------------------------------- */

struct held_answer {
	uint64_t ticket, outbox;
	struct str hold;
	uint32_t seq;
};

static int
answer_all(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	static const char png[] = "\x89PNG not much of one";
	struct compose_attachment files[] = {
	    {S("plan.pdf"), S("application/pdf"), S("%PDF-1.4 x"), S("")},
	    {S("logo.png"), S("image/png"), {png, sizeof png - 1}, S("logo@x")},
	};
	struct held_answer *h = ctx;
	struct answer w = {
	    .text = S("Please press the *red* button."),
	    .html = S("<p>Please press the <b>red</b> button. "
		      "<img src=\"cid:logo@x\"></p>"),
	    .signature = S("Anna Berg\nfirst line, anna@private.example"),
	    .author = S("Anna Berg"),
	    .who = {S("agent:anna"), S("row 9")},
	    .status = STATUS_PENDING,
	    .files = files,
	    .nfiles = 2,
	    .hold = h->hold,
	};
	struct ticket k;

	if (ticket_get(t, &f->a, h->ticket, &k) != 1)
		return -1;
	return outbound_answer(
	    &f->desk, t, &f->a, &k, &w, NOW + 1000, &h->seq, &h->outbox, err);
}

static void
test_answer(void **state)
{
	struct fixture *f = *state;
	struct held_answer h = {.ticket = take(f, &wei, NOW).ticket};
	struct message m;
	struct str raw;

	with_txn(f, answer_all, &h);
	raw = bytes_of(f, outbox(f, h.outbox).blob);
	assert_no_leak(f, raw);
	m = read_mail(f, raw);
	assert_has(m.text, "Please press the *red* button.");
	assert_has(m.text, "first line, support@acme.example");
	assert_has(m.html, "<b>red</b>");
	assert_int_equal(m.attachments.n, 2);
	assert_has(raw, "Content-ID: <logo@x>");
	assert_false(m.automatic.n);
	assert_int_equal(ticket(f, h.ticket).status, STATUS_PENDING);
	assert_int_equal(article(f, h.ticket, h.seq).attachments.n, 2);
}

static int
release(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("agent:anna"), S("row 9")};
	struct held_answer *h = ctx;
	struct ticket k;

	if (ticket_get(t, &f->a, h->ticket, &k) != 1)
		return -1;
	if (outbound_release(&f->desk, t, &f->a, &k, h->outbox, &who,
		NOW + CLOCK_HOUR, err) < 0)
		return -1;
	ticket_put(t, &k);
	return 0;
}

static int
discard(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("agent:anna"), S("row 9")};
	struct held_answer *h = ctx;
	struct ticket k;

	if (ticket_get(t, &f->a, h->ticket, &k) != 1)
		return -1;
	if (outbound_discard(&f->desk, t, &f->a, &k, h->outbox, &who,
		NOW + CLOCK_HOUR, err) < 0)
		return -1;
	ticket_put(t, &k);
	return 0;
}

static int
release_again(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct err why = ERR_INIT;

	(void)err;
	assert_int_equal(release(f, t, ctx, &why), -1);
	assert_int_equal(why.code, ERR_NOENT);
	return 0;
}

static void
test_held(void **state)
{
	struct fixture *f = *state;
	struct held_answer h = {.ticket = take(f, &wei, NOW).ticket,
	    .hold = S("somebody else answered")};
	struct str before;
	struct ticket k;

	with_txn(f, answer_all, &h);
	k = ticket(f, h.ticket);
	assert_int_equal(outbox(f, h.outbox).state, OUTBOX_HELD);
	assert_int_equal(k.status, STATUS_NEW);
	assert_int_equal(k.first_response, CLOCK_NONE);
	assert_int_equal(k.agent_wrote, CLOCK_NONE);
	assert_int_equal(count_events(f, h.ticket, "answered"), 0);
	assert_false(person(f, "wei@customer.example").answered);
	before = bytes_of(f, outbox(f, h.outbox).blob);
	with_txn(f, release, &h);
	k = ticket(f, h.ticket);
	assert_int_equal(outbox(f, h.outbox).state, OUTBOX_QUEUED);
	assert_int_equal(k.status, STATUS_OPEN);
	assert_int_equal(k.first_response, NOW + CLOCK_HOUR);
	assert_int_equal(count_events(f, h.ticket, "answered"), 1);
	assert_true(person(f, "wei@customer.example").answered);
	assert_true(str_eq(before, bytes_of(f, outbox(f, h.outbox).blob)));
	with_txn(f, release_again, &h);
}

static void
test_discarded(void **state)
{
	struct fixture *f = *state;
	struct held_answer h = {.ticket = take(f, &wei, NOW).ticket,
	    .hold = S("somebody else answered")};
	struct article r;

	with_txn(f, answer_all, &h);
	with_txn(f, discard, &h);
	r = article(f, h.ticket, h.seq);
	assert_int_equal(r.outbox, 0);
	assert_has(r.flag, "not sent");
	assert_true(r.blob > 0);
	assert_int_equal(rows(f, "answer")->n, 0);
	assert_int_equal(count_events(f, h.ticket, "discarded"), 1);
	with_txn(f, release_again, &h);
}

static int
elsewhere(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct mail x = {.from = "Anna Berg <anna@private.example>",
	    .to = "wei@customer.example, ben@private.example",
	    .cc = "support@acme.example",
	    .id = "direct@private.example",
	    .in_reply_to = "a@customer.example",
	    .text = "I was there: it is out.\n"};
	struct actor who = {S("agent:anna"), S("row 8")};
	struct intake in = {.size = 7, .channel = S("mail")};
	struct held_answer *h = ctx;
	struct ticket k;

	blob_pack(S("content"), &packed);
	in.packed = buf_str(&packed);
	sha256(S("content"), in.sha256);
	sha256(S("content"), in.content);
	in.message = make_message(&f->a, &x, NOW);
	if (ticket_get(t, &f->a, h->ticket, &k) != 1)
		return -1;
	return outbound_elsewhere(&f->desk, t, &f->a, &k, &in, &agents[0], &who,
	    NOW + CLOCK_HOUR, &h->seq, err);
}

static void
test_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct held_answer h = {.ticket = take(f, &wei, NOW).ticket};
	struct mail reply = {.from = wei.from,
	    .in_reply_to = "direct@private.example",
	    .text = "Thank you, all is well, but now it smells.\n"};
	struct article r;
	struct ticket k;

	with_txn(f, elsewhere, &h);
	k = ticket(f, h.ticket);
	r = article(f, h.ticket, h.seq);
	assert_int_equal(r.direction, DIRECTION_OUT);
	assert_int_equal(r.outbox, 0);
	assert_str(r.author.addr, "support@acme.example");
	assert_int_equal(k.first_response, NOW + CLOCK_HOUR);
	assert_int_equal(k.status, STATUS_OPEN);
	assert_str(event_detail(f, h.ticket, "answered-elsewhere"),
	    "wei@customer.example");
	assert_false(person(f, "ben@private.example").answered);
	assert_int_equal(
	    take(f, &reply, NOW + 2 * CLOCK_HOUR).ticket, h.ticket);
}

static int
add_cc(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct ticket k;
	struct participant *v = arena_array(&f->a, struct participant, 4);

	(void)err;
	if (ticket_get(t, &f->a, *(uint64_t *)ctx, &k) != 1)
		return -1;
	memcpy(v, k.participants, k.nparticipants * sizeof *v);
	v[k.nparticipants++] =
	    (struct participant){{S(""), S("ben@private.example")}, ROLE_CC};
	k.participants = v;
	ticket_put(t, &k);
	return 0;
}

/* Agents who take part get the mail; their addresses are not in it. */
static void
test_colleagues(void **state)
{
	struct fixture *f = *state;
	struct mail x = wei;
	uint64_t id;
	struct message m;

	x.cc = "Anna <anna@private.example>";
	id = take(f, &x, NOW).ticket;
	with_txn(f, add_cc, &id);
	answer(f, id, "On its way.", NOW + 1000);
	assert_int_equal(rows(f, "answer")->v[0].nrecipients, 3);
	m = read_mail(f, bytes_of(f, rows(f, "answer")->v[0].blob));
	assert_int_equal(m.to.n, 1);
	assert_int_equal(m.cc.n, 0);
	assert_no_leak(f, bytes_of(f, rows(f, "answer")->v[0].blob));
}

/* Every mail to a customer in a ticket's life, with agents about. */
static void
test_no_leak(void **state)
{
	static const char *const kinds[] = {"ack", "answer", "status"};
	struct fixture *f = *state;
	struct held_answer h = {.ticket = take(f, &wei, NOW).ticket};

	with_txn(f, assign_ben, &h.ticket);
	with_txn(f, answer_all, &h);
	answer(f, h.ticket,
	    "Yes.\n> ##- Message -##\n> \xc2\xa6 Assigned to: anna\n> Fire\n"
	    "Out.\n",
	    NOW + 5000);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct found *l = rows(f, kinds[i]);

		for (size_t n = 0; n < l->n; n++) {
			struct str raw = bytes_of(f, l->v[n].blob);

			if (i == 1)
				assert_no_leak(f, raw);
			assert_without(raw, "@private.example");
			assert_str(
			    l->v[n].recipients[0].addr, "wei@customer.example");
		}
	}
}

/* --- before ingest ----------------------------------------------------- */

static void
test_wants(void **state)
{
	struct fixture *f = *state;
	struct mail x = wei;
	struct message *m;

	m = make_message(&f->a, &x, NOW);
	assert_false(notice_wants_files(&f->settings, m));
	x.attachment = true;
	m = make_message(&f->a, &x, NOW);
	m->attachments.v[0].size = 5 << 20;
	assert_true(notice_wants_files(&f->settings, m));
	m->attachments.v[0].size++;
	assert_false(notice_wants_files(&f->settings, m));
	x.from = "Anna <anna@private.example>";
	m = make_message(&f->a, &x, NOW);
	m->attachments.v[0].size = 12 << 20;
	assert_true(notice_wants_files(&f->settings, m));
	f->settings.staff.nagents = 0;
	assert_false(notice_wants_files(&f->settings, m));
}

static void
test_carried(void **state)
{
	struct fixture *f = *state;
	struct notice_files {
		struct intake in;
		struct message *m;
		struct str content[1];
	} x = {.in = {.size = 3}};
	struct mail with = wei;
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	AUTO(buf_fini) struct buf file = BUF_INIT;
	struct err err = ERR_INIT;
	struct outcome out;
	struct txn *t = NULL;
	struct message m;
	struct str raw;

	with.attachment = true;
	x.m = make_message(&f->a, &with, NOW);
	x.m->attachments.v[0].size = 9;
	x.m->attachments.v[0].type = S("message/rfc822");
	x.content[0] = S("the bytes");
	x.in.message = x.m;
	x.in.files = x.content;
	x.in.source = (struct source_key){f->source, S("carried")};
	x.in.channel = S("mail");
	blob_pack(S("raw"), &packed);
	x.in.packed = buf_str(&packed);
	sha256(S("raw"), x.in.sha256);
	sha256(S("raw"), x.in.content);
	assert_int_equal(txn_write(f->store, &t, &err), 0);
	assert_int_equal(ingest(&f->desk, t, &f->a, &x.in, NOW, &out, &err), 0);
	assert_int_equal(txn_commit(t, &err), 0);
	raw = bytes_of(
	    f, row_to(rows(f, "notice"), "anna@private.example")->blob);
	m = read_mail(f, raw);
	assert_int_equal(m.attachments.n, 1);
	assert_str(m.attachments.v[0].name, "scan.pdf");
	assert_str(m.attachments.v[0].type, "application/octet-stream");
	assert_int_equal(
	    message_attachment(&f->a, raw, NULL, 0, &file, &err), 0);
	assert_str(buf_str(&file), "the bytes");
	assert_has(m.text, "Attached to this mail: 1");
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_people),
	    T(test_assigned),
	    T(test_himself),
	    T(test_nobody),
	    T(test_golden),
	    T(test_mention),
	    T(test_header),
	    T(test_quoted),
	    T(test_quoted_html),
	    T(test_guard),
	    T(test_digest),
	    T(test_digest_many),
	    T(test_failed),
	    T(test_bytes_go),
	    T(test_answer),
	    T(test_held),
	    T(test_discarded),
	    T(test_elsewhere),
	    T(test_colleagues),
	    T(test_no_leak),
	    T(test_wants),
	    T(test_carried),
	};
	struct err err = ERR_INIT;

	if (parse_init(NULL, &err) < 0)
		fail_msg("%s", err.msg);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

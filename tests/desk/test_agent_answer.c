/*
 * What of an agent's mail reaches the customer, and what the agent is told: files, HTML, prepared texts; transcripts against golden files.
 * HELPD_GOLDEN=write writes the golden files anew.
 */
#include "agent_fixture.h"
#include "base/file.h"
#include "desk/change.h"
#include "desk/delivery.h"
#include "desk/kb.h"
#include "store/kb.h"

#include <stdlib.h>

static uint64_t
ask(struct fixture *f, const char *subject, int64_t now)
{
	return take(f,
	    &(struct mail){.from = "Ann Lee <" ANN ">",
		.subject = subject,
		.text = "It burns.\n\nAnn\n",
		.id = arena_cstr(
		    &f->a, arena_printf(&f->a, "c%u@x", ++f->mails))},
	    now)
	    .ticket;
}

static const struct attachment *
file_named(const struct message *m, const char *name)
{
	for (size_t i = 0; i < m->attachments.n; i++)
		if (str_eq(m->attachments.v[i].name, str_c(name)))
			return &m->attachments.v[i];
	return NULL;
}

/* --- files, HTML ------------------------------------------------------- */

static const char mixed[] =
    "--m\nContent-Type: text/plain\n\nSee the plan.\n--m\n"
    "Content-Type: application/pdf; name=plan.pdf\n"
    "Content-Disposition: attachment; filename=plan.pdf\n\n%%PDF plan\n--m\n"
    "Content-Type: application/pgp-signature; name=signature.asc\n\nxx\n--m\n"
    "Content-Type: text/x-vcard; name=anna.vcf\n"
    "Content-Disposition: attachment; filename=anna.vcf\n\nBEGIN:VCARD\n"
    "--m--\n";

static void
test_files(void **state)
{
	struct fixture *f = *state;
	uint64_t id = ask(f, "Plan", NOW);
	struct written w = {.from = ANNA,
	    .headers = "Content-Type: multipart/mixed; boundary=m\n",
	    .body = mixed};
	struct message *m;

	w.answers = sent(f, "notice", ANNA);
	writes(f, &w, LATER);
	m = sent(f, "answer", ANN);
	assert_non_null(m);
	assert_has(m->text, "See the plan.");
	assert_non_null(file_named(m, "plan.pdf"));
	assert_non_null(file_named(m, "anna.vcf"));
	assert_null(file_named(m, "signature.asc"));
	assert_int_equal(article(f, id, 1).direction, DIRECTION_IN);
	/* A file and not a word: the file is the answer. */
	w.answers = sent(f, "notice", ANNA);
	w.body = "--m\nContent-Type: text/plain\n\n\n--m\n"
		 "Content-Type: application/pdf; name=b.pdf\n"
		 "Content-Disposition: attachment; filename=b.pdf\n\n%PDF b\n"
		 "--m--\n";
	writes(f, &w, LATER + 1);
	assert_non_null(file_named(sent(f, "answer", ANN), "b.pdf"));
}

/* What the customer sent does not go back to him. */
static void
test_files_come_back(void **state)
{
	struct fixture *f = *state;
	struct written w = {.from = "Ann Lee <" ANN ">",
	    .to = "support@acme.example",
	    .subject = "Picture",
	    .auth = "",
	    .headers = "Content-Type: multipart/mixed; boundary=m\n",
	    .body = "--m\nContent-Type: text/plain\n\nSee.\n--m\n"
		    "Content-Type: image/png; name=a.png\n"
		    "Content-Disposition: attachment; filename=a.png\n\nPNG\n"
		    "--m--\n"};

	writes(f, &w, NOW);
	w.from = ANNA;
	w.auth = NULL;
	w.to = w.subject = NULL;
	w.answers = sent(f, "notice", ANNA);
	w.body = "--m\nContent-Type: text/plain\n\nI have seen it.\n--m\n"
		 "Content-Type: image/png; name=image001.png\n"
		 "Content-Disposition: attachment; filename=image001.png\n\n"
		 "PNG\n--m--\n";
	writes(f, &w, LATER);
	assert_has(answered(f, ANN), "I have seen it.");
	assert_int_equal(sent(f, "answer", ANN)->attachments.n, 0);
}

static void
test_html(void **state)
{
	struct fixture *f = *state;
	struct written w = {.from = ANNA,
	    .headers = "Content-Type: text/html; charset=utf-8\n",
	    .body = "<html><body><p>#take</p><p>Use <b>water</b>.</p>"
		    "<script>alert(1)</script></body></html>"};
	struct message *m;

	ask(f, "Lamp", NOW);
	w.answers = sent(f, "notice", ANNA);
	writes(f, &w, LATER);
	m = sent(f, "answer", ANN);
	assert_non_null(m);
	assert_has(m->text, "Use water.");
	assert_has(m->html, "<b>water</b>");
	assert_false(str_has(m->html, S("script")));
	assert_false(str_has(m->html, S("#take")));
	/* With a text put in, the HTML says less than the text: not used. */
	w.answers = sent(f, "notice", ANNA);
	w.body = "<p>#macro refund</p><p>Use <b>sand</b>.</p>";
	writes(f, &w, LATER + 1);
	m = sent(f, "answer", ANN);
	assert_has(m->text, "Use sand.");
	assert_false(str_has(m->html, S("<b>sand</b>")));
}

/* --- prepared texts ---------------------------------------------------- */

static int
put_article(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct kb x = {.title = S("Paper jam"),
	    .text = S("Open the lid."),
	    .language = S("en"),
	    .author = S("agent:lena"),
	    .state = KB_PUBLISHED,
	    .created = NOW,
	    .updated = NOW,
	    .used = CLOCK_NONE};

	(void)ctx;
	kb_put(t, &x);
	(void)f;
	return txn_error(t, err);
}

static void
test_texts(void **state)
{
	struct fixture *f = *state;
	uint64_t id = ask(f, "Jam", NOW);
	struct str text;

	with_txn(f, put_article, NULL);
	replies(
	    f, "anna", "notice", "#kb 1\n#macro refund\n\nSee you.\n", LATER);
	text = answered(f, ANN);
	assert_has(text, "Open the lid.");
	assert_has(text, "See you.");
	assert_true(str_find(text, S("Open the lid."), 0) <
		    str_find(text, S("See you."), 0));
	assert_int_equal(count_events(f, id, "kb"), 1);
	assert_int_equal(count_events(f, id, "macro"), 1);
	/* And an answer kept: a draft, and it goes out as well. */
	replies(f, "anna", "notice",
	    "#kb save \"How to dry paper\"\n\nPut it into the sun.\n",
	    LATER + 1);
	assert_has(told(f, "anna"), "a draft: How to dry paper");
	assert_has(answered(f, ANN), "Put it into the sun.");
	/* The text alone is an answer. */
	replies(f, "anna", "notice", "#kb 1", LATER + 2);
	assert_int_equal(count_sent(f, "answer", ANN), 3);
	assert_has(answered(f, ANN), "Open the lid.");
}

/* What waits has its texts already. */
static void
test_texts_wait(void **state)
{
	struct fixture *f = *state;
	uint64_t id = ask(f, "Jam", NOW);
	struct message *notice = sent(f, "notice", ANNA);

	with_txn(f, put_article, NULL);
	take(f,
	    &(struct mail){.from = ANN,
		.subject = "Re: [Acme #1] Jam",
		.text = "More of it.\n"},
	    NOW + 1);
	writes(f,
	    &(struct written){.from = ANNA,
		.answers = notice,
		.body = "#kb 1\n#close\n\nSee you.\n"},
	    LATER);
	assert_has(told(f, "anna"), "Open the lid.");
	replies(f, "anna", "transcript", "#send", LATER + 1);
	assert_int_equal(count_sent(f, "answer", ANN), 1);
	assert_has(answered(f, ANN), "Open the lid.");
	assert_has(answered(f, ANN), "See you.");
	assert_int_equal(ticket(f, id).status, STATUS_CLOSED);
}

/* --- again ------------------------------------------------------------- */

static int
fail_it(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	uint64_t *id = ctx;
	struct delivery v = {S(ANN), DELIVERED_LATER, S("450 try later")};
	int64_t late = LATER + 6 * CLOCK_DAY;

	if (delivery_claim(t, &f->a, id, 1, late, err) < 0)
		return -1;
	return delivery_result(&f->desk, t, &f->a, *id, &v, 1, late, err);
}

static void
test_resend(void **state)
{
	struct fixture *f = *state;
	uint64_t id = ask(f, "Jam", NOW), row;

	replies(f, "anna", "notice", "Use water.", LATER);
	row = row_of(f, "answer", ANN)->id;
	with_txn(f, fail_it, &row);
	assert_int_equal(outbox(f, row).state, OUTBOX_FAILED);
	replies(f, "anna", "notice", "#resend", LATER + 7 * CLOCK_DAY);
	assert_has(told(f, "anna"), "is sent again");
	assert_int_equal(outbox(f, row).state, OUTBOX_QUEUED);
	assert_int_equal(count_events(f, id, "resent"), 1);
	assert_int_equal(count_sent(f, "answer", ANN), 1);
}

static int
refuse_it(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	uint64_t *id = ctx;
	struct delivery v[] = {
	    {S(ANN), DELIVERED_REFUSED, S("550 5.7.1 blocked")},
	    {S(BOB), DELIVERED_OK, S("250 ok")},
	};

	if (delivery_claim(t, &f->a, id, 1, LATER, err) < 0)
		return -1;
	return delivery_result(&f->desk, t, &f->a, *id, v, 2, LATER, err);
}

/* After a 5xx: the same bytes, another row, and only to those who lack it. */
static void
test_resend_refused(void **state)
{
	struct fixture *f = *state;
	struct outbox old, new;
	uint64_t row, id = take(f,
			  &(struct mail){.from = ANN,
			      .to = "support@acme.example",
			      .cc = BOB,
			      .text = "It burns.\n"},
			  NOW)
			       .ticket;

	replies(f, "anna", "notice", "Use water.", LATER);
	row = row_of(f, "answer", ANN)->id;
	with_txn(f, refuse_it, &row);
	assert_int_equal(outbox(f, row).state, OUTBOX_FAILED);
	replies(f, "anna", "notice", "#resend", LATER + CLOCK_HOUR);
	assert_has(told(f, "anna"), "is sent again");
	old = outbox(f, row);
	new = *row_of(f, "answer", ANN);
	assert_int_not_equal(new.id, row);
	assert_int_equal(old.state, OUTBOX_FAILED);
	assert_int_equal(new.state, OUTBOX_QUEUED);
	assert_int_equal(new.nrecipients, 1);
	assert_int_equal(new.blob, old.blob);
	assert_true(str_eq(new.message_id, old.message_id));
	assert_int_equal(article(f, id, new.seq).outbox, new.id);
	fixture_verify(f);
	/* It is on its way: there is nothing to send again. */
	replies(f, "anna", "notice", "#resend", LATER + 2 * CLOCK_HOUR);
	assert_has(told(f, "anna"), "no answer of this ticket has failed");
}

/* --- people ------------------------------------------------------------ */

/* Who takes part gets it; colleagues and ourselves do not. */
static void
test_people(void **state)
{
	struct fixture *f = *state;
	struct message *m;

	take(f,
	    &(struct mail){.from = ANN,
		.to = "support@acme.example, ben@acme.example",
		.cc = BOB,
		.text = "It burns.\n"},
	    NOW);
	replies(f, "anna", "notice", "Use water.", LATER);
	m = sent(f, "answer", ANN);
	assert_non_null(m);
	assert_true(addresses_has(&m->cc, S(BOB)));
	assert_false(addresses_has(&m->to, S("ben@acme.example")) ||
		     addresses_has(&m->cc, S("ben@acme.example")));
	/* Cc comes and goes by a confirmed word. */
	replies(f, "anna", "notice", "#cc remove " BOB, LATER + 1);
	replies(f, "anna", "transcript", "#send", LATER + 2);
	assert_has(told(f, "anna"), "reads along no more");
	replies(f, "anna", "notice", "And sand.", LATER + 3);
	assert_int_equal(count_sent(f, "answer", BOB), 1);
	/* Taking it back needs no less than doing it. */
	replies(f, "anna", "transcript", "#undo", LATER + 4);
	assert_has(told(f, "anna"), "needs your confirmation");
	replies(f, "anna", "transcript", "#send", LATER + 4);
	assert_has(told(f, "anna"), "taken back");
	replies(f, "anna", "notice", "And foam.", LATER + 5);
	assert_int_equal(count_sent(f, "answer", BOB), 2);
}

/* An agent's own ticket: a colleague's answer goes to him, his own to nobody.
 */
static void
test_own_ticket(void **state)
{
	struct fixture *f = *state;
	struct outcome o = writes(f,
	    &(struct written){
		.from = ANNA, .subject = "Lamp", .body = "It flickers.\n"},
	    NOW);

	replies(f, "ben", "notice", "I changed it.", LATER);
	assert_has(answered(f, ANNA), "I changed it.");
	assert_int_equal(ticket(f, o.ticket).status, STATUS_OPEN);
}

/* --- children ---------------------------------------------------------- */

static void
test_child(void **state)
{
	struct fixture *f = *state;
	uint64_t id = ask(f, "Refund", NOW);
	struct ticket k;

	replies(f, "anna", "notice",
	    "#child billing \"Pay 12 EUR\"\n\nOrder 1234, please.\n", LATER);
	assert_int_equal(count_sent(f, "answer", ANN), 0);
	assert_has(told(f, "anna"), "in queue billing: Pay 12 EUR");
	k = ticket(f, id + 1);
	assert_str(k.subject, "Pay 12 EUR");
	assert_str(k.queue, "billing");
	replies(f, "lena", "notice", "#history", LATER);
	/* The parent stays open while the child is, unless forced. */
	writes(f,
	    &(struct written){.from = ANNA,
		.answers = sent(f, "transcript", ANNA),
		.body = "#resolve"},
	    LATER);
	assert_has(told(f, "anna"), "still open: #2");
	writes(f,
	    &(struct written){.from = ANNA,
		.answers = sent(f, "transcript", ANNA),
		.body = "#resolve force"},
	    LATER);
	assert_int_equal(ticket(f, id).status, STATUS_RESOLVED);
	/* Nobody had answered her: she is told. */
	assert_int_equal(count_sent(f, "status", ANN), 1);
}

/* --- trust ------------------------------------------------------------- */

static void
test_trust_token(void **state)
{
	struct fixture *f = *state;
	uint64_t id = ask(f, "Lamp", NOW);
	struct written w = {.from = ANNA, .auth = "", .body = "Use water.\n"};

	f->settings.trust = TRUST_TOKEN;
	w.answers = sent(f, "notice", ANNA);
	writes(f, &w, LATER);
	assert_int_equal(row_of(f, "answer", ANN)->state, OUTBOX_QUEUED);
	assert_int_equal(ticket(f, id).first_response, LATER);
}

/* --- golden ------------------------------------------------------------ */

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

static const struct {
	const char *name, *body;
	bool stale;
} goldens[] = {
    {"done",
	"#take\n#priority high\n#tag +refund\n#field order=1234\n#time 15m\n"
	"#queue billing\n#pending\n\nUse water.\n",
	false},
    {"refused",
	"#clsoe\n#assign carla\n#queue biling\n#tag a*b\n#merge 99\n#take me\n"
	"\nUse water.\n",
	false},
    {"waits", "#close\n\nUse water.\n", true},
    {"confirm", "#requester bob@y.example", false},
    {"history", "#history\n#why", false},
    {"help", "#help", false},
};

static void
test_golden(void **state)
{
	static const struct {
		const char *agent, *language;
	} readers[] = {{"anna", "en"}, {"zhou", "zh_CN"}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(goldens); i++)
		for (size_t l = 0; l < ARRAY_LEN(readers); l++) {
			const char *addr = arena_cstr(
			    &f->a, arena_printf(&f->a, "%s@acme.example",
				       readers[l].agent));
			char name[100];
			struct message *notice;
			uint64_t id = ask(f, "Printer on fire", NOW);

			notice = sent(f, "notice", addr);
			if (goldens[i].stale)
				take(f,
				    &(struct mail){.from = "Ann Lee <" ANN ">",
					.subject = arena_cstr(
					    &f->a, arena_printf(&f->a,
						       "Re: [Acme #%u] Printer",
						       (unsigned)id)),
					.text = "It is out.\n"},
				    NOW + CLOCK_MINUTE);
			writes(f,
			    &(struct written){.from = addr,
				.answers = notice,
				.body = goldens[i].body},
			    LATER);
			snprintf(name, sizeof name, "transcript-%s.%s.txt",
			    goldens[i].name, readers[l].language);
			golden(sent(f, "transcript", addr)->text, name);
		}
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, agents_setup, agents_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_files),
	    T(test_files_come_back),
	    T(test_html),
	    T(test_texts),
	    T(test_texts_wait),
	    T(test_resend),
	    T(test_resend_refused),
	    T(test_people),
	    T(test_own_ticket),
	    T(test_child),
	    T(test_trust_token),
	    T(test_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

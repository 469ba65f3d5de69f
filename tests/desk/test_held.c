/* Right mails act; what is held is asked about, alerted, revoked, and let in again. The house is that of the forged mails. */
#include "desk/due.h"
#include "desk/held.h"
#include "desk/identity.h"
#include "forgery_house.h"
#include "mail/parse.h"
#include "store/blob.h"

#define PASS                                                   \
	"Authentication-Results: mx.acme.example; dmarc=pass " \
	"header.from=acme.example\n"
#define ANNA "From: Anna Berg <anna@acme.example>\n"
#define HEAD                                     \
	"Date: Mon, 5 Jan 2026 07:58:00 +0000\n" \
	"Subject: Re: [Acme #1] Printer on fire\n"

static struct outcome
send(struct house *h, const char *head, const char *id, const char *text)
{
	struct str raw = arena_printf(&h->f.a,
	    "%s" HEAD "Message-ID: <%s@own.example>\n\n%s\n", head, id, text);

	return ingest_raw(h, &(struct incoming){.raw = fill_in(h, raw)}, NOW);
}

/* Rows of the outbox since the house was opened. */
struct seek {
	struct house *h;
	const char *kind;
	struct outbox last;
	unsigned n;
};

static bool
one_row(void *ctx, const struct outbox *o)
{
	struct seek *s = ctx;

	if (o->id > s->h->outbox && str_eq(o->kind, str_c(s->kind))) {
		s->n++;
		s->last = *o;
	}
	return true;
}

static unsigned
mails(struct house *h, const char *kind, struct outbox *last)
{
	struct seek s = {.h = h, .kind = kind};
	struct txn *t = NULL;

	assert_int_equal(txn_read(h->f.store, &t, NULL), 0);
	for (int st = OUTBOX_QUEUED; st < OUTBOX_STATE_COUNT; st++)
		assert_int_equal(
		    outbox_each(t, &h->f.a, (enum outbox_state)st, one_row, &s),
		    0);
	txn_abort(&t);
	if (last)
		*last = s.last;
	return s.n;
}

static struct str
bytes_of(struct house *h, const struct outbox *o)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct txn *t = NULL;

	assert_int_equal(txn_read(h->f.store, &t, NULL), 0);
	assert_int_equal(blob_get(t, o->blob, 1 << 20, &b), 1);
	txn_abort(&t);
	return arena_dup(&h->f.a, buf_str(&b));
}

static bool
one_quarantined(void *ctx, const struct quarantined *q)
{
	struct quarantined *last = ctx;

	*last = *q;
	return true;
}

/* The last one; id 0: none. */
static struct quarantined
quarantined(struct house *h)
{
	struct quarantined last = {0};
	struct txn *t = NULL;

	assert_int_equal(txn_read(h->f.store, &t, NULL), 0);
	assert_int_equal(
	    quarantine_each(t, &h->f.a, one_quarantined, &last), 0);
	txn_abort(&t);
	return last;
}

static struct grant
get_grant(struct house *h, uint64_t nonce)
{
	struct grant g;
	struct txn *t = NULL;

	assert_int_equal(txn_read(h->f.store, &t, NULL), 0);
	assert_int_equal(grant_get(t, &h->f.a, nonce, &g), 1);
	txn_abort(&t);
	return g;
}

static bool
one_challenge(void *ctx, const struct grant *g)
{
	struct grant *last = ctx;

	if (g->purpose == GRANT_CHALLENGE && g->quarantine != 999)
		*last = *g;
	return true;
}

static struct grant
challenge_of(struct house *h)
{
	struct grant last = {0};
	struct txn *t = NULL;

	assert_int_equal(txn_read(h->f.store, &t, NULL), 0);
	assert_int_equal(grant_each(t, &h->f.a, one_challenge, &last), 0);
	txn_abort(&t);
	return last;
}

/* --- right mails ------------------------------------------------------- */

static void
test_commands_act(void **state)
{
	struct house *h = *state;
	struct outcome o =
	    send(h, PASS ANNA "To: @ANNA@\n", "take", "#take\n#priority high");

	assert_int_equal(o.fate, FATE_TICKET);
	assert_int_equal(o.ticket, 1);
	assert_str(ticket(&h->f, 1).assignee, "anna");
	assert_int_equal(ticket(&h->f, 1).priority, PRIORITY_HIGH);
	assert_has(event_detail(&h->f, 1, "priority"), "high");
	assert_int_equal(mails(h, "challenge", NULL), 0);
	assert_int_equal(mails(h, "alert", NULL), 0);
}

static void
test_answer_leaves(void **state)
{
	struct house *h = *state;
	struct outbox o;

	send(h, PASS ANNA "To: @ANNA@\n", "answer", "Turn it off.");
	assert_int_equal(mails(h, "answer", &o), 1);
	assert_int_equal(o.state, OUTBOX_QUEUED);
	assert_str(o.recipients[0].addr, "ann@x.example");
	assert_false(str_has(bytes_of(h, &o), S("anna@acme.example")));
}

static void
test_login_and_id(void **state)
{
	struct house *h = *state;

	send(h,
	    "Authentication-Results: mx.acme.example; auth=pass "
	    "smtp.auth=anna\n" ANNA "To: support@acme.example\n"
	    "In-Reply-To: <@ANNA_ID@>\n",
	    "login", "#take");
	assert_str(ticket(&h->f, 1).assignee, "anna");
}

static void
test_weak(void **state)
{
	struct house *h = *state;
	struct outbox o;

	send(h, ANNA "To: @ANNA@\n", "weak", "Turn it off.");
	assert_int_equal(mails(h, "answer", &o), 1);
	assert_int_equal(o.state, OUTBOX_HELD);
	h->f.settings.trust = TRUST_TOKEN;
	send(h, ANNA "To: @ANNA@\n", "weak2", "#take");
	assert_str(ticket(&h->f, 1).assignee, "anna");
}

/* He signs what he writes to others, too; whoever got such a mail may hand it in
 * here. What it answers is not signed. */
static void
test_signed_elsewhere(void **state)
{
	struct house *h = *state;
	struct agent *anna = &h->f.settings.staff.agents[0];
	struct smime x = {.signed_at = NOW - CLOCK_HOUR, .whole = true};
	struct str raw = S(ANNA HEAD "Message-ID: <s3@own.example>\n"
				     "To: support@acme.example\n\n"
				     "Go ahead with the refund.\n");
	unsigned answered = count_events(&h->f, 1, "answered");

	anna->has_certificate = true;
	x.digest[0] = 9;
	ingest_raw(
	    h, &(struct incoming){.raw = fill_in(h, raw), .smime = &x}, NOW);
	anna->has_certificate = false;
	assert_int_equal(count_events(&h->f, 1, "waits"), 1);
	assert_int_equal(count_events(&h->f, 1, "answered"), answered);
}

static void
test_signed_once(void **state)
{
	struct house *h = *state;
	struct agent *anna = &h->f.settings.staff.agents[0];
	struct smime x = {.signed_at = NOW - CLOCK_HOUR, .whole = true};
	struct str raw = S(ANNA HEAD
	    "Message-ID: <s1@own.example>\n"
	    "To: support@acme.example\nIn-Reply-To: <@ANNA_ID@>\n\n#take\n");
	struct str again = S(ANNA HEAD
	    "Message-ID: <s2@own.example>\n"
	    "To: support@acme.example\nReferences: <b1@y.example>\n\n#take\n");
	struct outcome o;

	anna->has_certificate = true;
	x.digest[0] = 7;
	ingest_raw(
	    h, &(struct incoming){.raw = fill_in(h, raw), .smime = &x}, NOW);
	assert_str(ticket(&h->f, 1).assignee, "anna");
	/* The same signature on another mail. */
	o = ingest_raw(
	    h, &(struct incoming){.raw = fill_in(h, again), .smime = &x}, NOW);
	anna->has_certificate = false;
	assert_int_equal(o.fate, FATE_QUARANTINE);
	assert_has(quarantined(h).reason, "used before");
	assert_str(ticket(&h->f, 2).assignee, "");
}

/* The same bytes, by another way: an article again, and nothing done twice. */
static void
test_replayed(void **state)
{
	struct house *h = *state;
	struct str raw = fill_in(h,
	    S(PASS ANNA HEAD
		"Message-ID: <r@own.example>\nTo: @ANNA@\n\nTurn it off.\n"));
	struct outcome o;

	ingest_raw(h, &(struct incoming){.raw = raw}, NOW);
	o = ingest_raw(h, &(struct incoming){.raw = raw}, NOW);
	assert_int_equal(o.fate, FATE_DUPLICATE);
	assert_int_equal(mails(h, "answer", NULL), 1);
}

static void
test_too_large(void **state)
{
	struct house *h = *state;
	struct str raw = fill_in(
	    h, S(PASS ANNA HEAD
		   "Message-ID: <l@own.example>\nTo: @ANNA@\n\n#close\n"));
	struct outcome o = ingest_raw(
	    h, &(struct incoming){.raw = raw, .oversize = true}, NOW);

	assert_int_equal(o.fate, FATE_OVERSIZE);
	assert_int_equal(o.ticket, 1);
	assert_int_equal(ticket(&h->f, 1).status, STATUS_OPEN);
	assert_has(article(&h->f, 1, o.seq).flag, "larger than message_size");
	assert_int_equal(mails(h, "notice", NULL), 1);
}

/* --- challenge --------------------------------------------------------- */

static void
test_challenge(void **state)
{
	struct house *h = *state;
	struct outcome o =
	    send(h, ANNA "To: support@acme.example\n", "c1", "#note\nmine");
	struct quarantined q = quarantined(h);
	struct grant g;
	struct outbox mail;
	struct timer m;
	struct txn *t = NULL;
	struct intake in = {0};
	struct str raw;

	assert_int_equal(o.fate, FATE_QUARANTINE);
	assert_has(q.reason, "row 6: no trusted result and no token");
	assert_int_equal(mails(h, "challenge", &mail), 1);
	assert_str(mail.recipients[0].addr, "anna@acme.example");
	assert_has(bytes_of(h, &mail), "> #note");
	/* One an hour, and the next says how many there were. */
	for (int i = 0; i < 3; i++)
		send(h, ANNA "To: support@acme.example\n",
		    i == 0   ? "c2"
		    : i == 1 ? "c3"
			     : "c4",
		    "#close");
	assert_int_equal(mails(h, "challenge", NULL), 1);
	g = challenge_of(h);
	assert_int_equal(g.quarantine, q.id);

	/* He says that it is his. */
	assert_int_equal(txn_write(h->f.store, &t, NULL), 0);
	assert_int_equal(
	    held_release(&h->f.desk, t, &h->f.a, &g, NOW, NULL), 0);
	assert_int_equal(timer_first(t, &h->f.a, &m), 1);
	assert_int_equal(m.kind, DUE_RELEASE);
	assert_int_equal(txn_commit(t, NULL), 0);
	assert_true(get_grant(h, g.nonce).used == NOW);
	assert_int_equal(txn_read(h->f.store, &t, NULL), 0);
	assert_int_equal(quarantine_get(t, &h->f.a, q.id, &q), 1);
	txn_abort(&t);
	assert_int_equal(intake_decode(&h->f.a, q.intake, &in, NULL), 0);
	assert_str(in.confirmed, "anna");
	raw =
	    fill_in(h, S(ANNA "To: support@acme.example\n" HEAD
			      "Message-ID: <c1@own.example>\n\n#note\nmine\n"));
	o = ingest_raw(h,
	    &(struct incoming){.raw = raw,
		.retried = q.id,
		.confirmed = in.confirmed,
		.key = arena_cstr(&h->f.a, q.key)},
	    NOW);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_has(article(&h->f, o.ticket, o.seq).evidence, "row 7");
	/* Its timer is gone, and so is its place. */
	assert_int_equal(txn_read(h->f.store, &t, NULL), 0);
	assert_int_equal(timer_first(t, &h->f.a, &m), 0);
	assert_int_equal(quarantine_get(t, &h->f.a, q.id, &q), 0);
	txn_abort(&t);
}

static void
test_challenge_again(void **state)
{
	struct house *h = *state;
	struct outbox mail;
	struct str raw;

	for (int i = 0; i < 3; i++)
		send(h, ANNA "To: support@acme.example\n",
		    i == 0   ? "d1"
		    : i == 1 ? "d2"
			     : "d3",
		    "#close");
	raw = S(ANNA "To: support@acme.example\nSubject: x\n\n#close\n");
	ingest_raw(h, &(struct incoming){.raw = raw}, NOW + CLOCK_HOUR);
	assert_int_equal(mails(h, "challenge", &mail), 2);
	assert_has(bytes_of(h, &mail), "Before it 2 more arrived");
}

/* Tried again without a word of his: nothing is let in, nobody asked twice. */
static void
test_retried(void **state)
{
	struct house *h = *state;
	struct str raw =
	    S(ANNA "To: support@acme.example\nSubject: x\n\n#close\n");
	struct outcome o =
	    ingest_raw(h, &(struct incoming){.raw = raw, .key = "k"}, NOW);
	uint64_t id = o.quarantine;
	struct incoming again = {.raw = raw, .key = "k", .retried = id};

	o = ingest_raw(h, &again, NOW + 2 * CLOCK_HOUR);
	assert_int_equal(o.fate, FATE_QUARANTINE);
	assert_int_equal(o.quarantine, id);
	assert_int_equal(quarantined(h).id, id);
	assert_int_equal(mails(h, "challenge", NULL), 1);
	/* Somebody else's word for it. */
	again.confirmed = S("ben");
	o = ingest_raw(h, &again, NOW);
	assert_int_equal(o.fate, FATE_QUARANTINE);
	/* A word for a mail that is not held counts for nothing. */
	o = ingest_raw(h,
	    &(struct incoming){.raw = S(ANNA "Subject: y\n\n#close\n"),
		.confirmed = S("anna")},
	    NOW);
	assert_int_equal(o.fate, FATE_QUARANTINE);
	/* The admin lets it in: an article like any other. */
	again.confirmed = str_n(NULL, 0);
	again.released = true;
	o = ingest_raw(h, &again, NOW);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_true(o.is_new);
	assert_has(article(&h->f, o.ticket, 1).flag, "row 6");
	assert_int_equal(ticket(&h->f, o.ticket).status, STATUS_NEW);
	assert_int_equal(mails(h, "ack", NULL), 0);
}

/* --- revocation and alerts --------------------------------------------- */

static void
test_revoked(void **state)
{
	struct house *h = *state;
	struct outbox mail;

	send(h, "From: eve@evil.example\nTo: @ANNA@\n", "e1", "#close");
	assert_true(get_grant(h, h->nonce_of_anna).revoked == NOW);
	assert_int_equal(mails(h, "alert", &mail), 1);
	assert_str(mail.recipients[0].addr, "anna@acme.example");
	assert_int_equal(count_events(&h->f, 1, "revoked"), 1);
	assert_int_equal(count_events(&h->f, 1, "held"), 1);
	/* From now on it is worth nothing, in her hands too. */
	send(h, PASS ANNA "To: @ANNA@\n", "e2", "#close");
	assert_int_equal(ticket(&h->f, 1).status, STATUS_OPEN);
	/* And whoever has it is a stranger. */
	assert_true(
	    send(h, "From: eve@evil.example\nTo: @ANNA@\n", "e3", "x").is_new);
	assert_int_equal(mails(h, "alert", NULL), 1);
}

static void
test_customer_with_token(void **state)
{
	struct house *h = *state;
	struct outcome o;

	o = send(h, "From: ann@x.example\nTo: @ANNA@\n", "a1", "It is smoking");
	assert_int_equal(o.fate, FATE_TICKET);
	assert_int_equal(o.ticket, 1);
	assert_int_equal(article(&h->f, 1, o.seq).direction, DIRECTION_IN);
	assert_has(article(&h->f, 1, o.seq).flag, "row 3");
	assert_true(get_grant(h, h->nonce_of_anna).revoked == NOW);
	assert_int_equal(mails(h, "alert", NULL), 1);
	assert_int_equal(quarantined(h).id, 0);
	/* The token is dead, and she still writes there: as ever. */
	o = send(h, "From: ann@x.example\nTo: @ANNA@\n", "a2", "and louder");
	assert_int_equal(o.ticket, 1);
	assert_int_equal(mails(h, "alert", NULL), 1);
}

static void
test_alerts_are_few(void **state)
{
	struct house *h = *state;

	for (unsigned i = 0; i < 20; i++)
		ingest_raw(h,
		    &(struct incoming){
			.raw = arena_printf(&h->f.a,
			    "Authentication-Results: mx.acme.example; "
			    "dmarc=fail\n" ANNA "Subject: %u\n\n#close\n",
			    i)},
		    NOW);
	assert_int_equal(mails(h, "alert", NULL), 6);
}

/* --- what helpd wrote itself ------------------------------------------- */

static void
test_notice_comes_back(void **state)
{
	struct house *h = *state;
	struct str raw = fill_in(
	    h, S("From: support@acme.example\nTo: anna@acme.example\n"
		 "Message-ID: <@ANNA_ID@>\nSubject: [Acme #1] x\n\n#close\n"));
	struct outcome o = ingest_raw(h, &(struct incoming){.raw = raw}, NOW);

	assert_int_equal(o.fate, FATE_INTERNAL);
	assert_int_equal(o.ticket, 1);
	assert_int_equal(article(&h->f, 1, o.seq).direction, DIRECTION_NOTE);
	assert_int_equal(o.mails, 0);
	/* Its id on a mail of somebody else hides nothing. */
	o = ingest_raw(h,
	    &(struct incoming){
		.raw = fill_in(
		    h, S("From: eve@evil.example\nTo: support@acme.example\n"
			 "Message-ID: <@ANNA_ID@>\nSubject: x\n\nhello\n"))},
	    NOW);
	assert_true(o.is_new);
	assert_int_equal(article(&h->f, o.ticket, 1).direction, DIRECTION_IN);
}

static void
test_sent_folder(void **state)
{
	struct house *h = *state;
	struct str to_us = S(ANNA "To: support@acme.example\n"
				  "In-Reply-To: <a1@x.example>\n\n#close\n");
	struct str alien =
	    S(ANNA "To: mum@home.example\nSubject: hello\n\n#close\n");
	struct str answer = S(ANNA "To: ann@x.example\nSubject: Re: Printer\n"
				   "In-Reply-To: <a1@x.example>\n\nTry now.\n");
	struct outcome o = ingest_raw(
	    h, &(struct incoming){.raw = to_us, .sent_folder = true}, NOW);

	assert_int_equal(o.fate, FATE_SKIPPED);
	o = ingest_raw(
	    h, &(struct incoming){.raw = alien, .sent_folder = true}, NOW);
	assert_int_equal(o.fate, FATE_SKIPPED);
	o = ingest_raw(
	    h, &(struct incoming){.raw = answer, .sent_folder = true}, NOW);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_int_equal(o.ticket, 1);
	assert_int_equal(count_events(&h->f, 1, "answered-elsewhere"), 1);
	assert_int_equal(mails(h, "answer", NULL), 0);
	assert_int_equal(ticket(&h->f, 1).status, STATUS_OPEN);
}

/* The same mail once more in a folder, and by a hidden copy to us. */
static void
test_sent_twice(void **state)
{
	static const char words[] =
	    ANNA "To: ann@x.example\nMessage-ID: <e1@desk.example>\n"
		 "Subject: Re: Printer\n"
		 "In-Reply-To: <a1@x.example>\n\nTry now.\n";
	struct house *h = *state;
	struct buf b = BUF_INIT;
	struct outcome o = ingest_raw(h,
	    &(struct incoming){.raw = str_c(words), .sent_folder = true}, NOW);
	uint32_t seq = o.seq;

	assert_int_equal(o.fate, FATE_TICKET);
	buf_printf(&b, "DKIM-Signature: v=1; a=rsa-sha256\n%s", words);
	o = ingest_raw(h,
	    &(struct incoming){.raw = buf_str(&b), .sent_folder = true}, NOW);
	assert_int_equal(o.fate, FATE_SKIPPED);
	assert_int_equal(o.ticket, 0);
	buf_reset(&b);
	buf_printf(&b,
	    "Authentication-Results: mx.acme.example; dmarc=pass "
	    "header.from=acme.example\nDKIM-Signature: v=1\n%s",
	    words);
	o = ingest_raw(h, &(struct incoming){.raw = buf_str(&b)}, NOW);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_int_equal(o.ticket, 1);
	assert_int_equal(article(&h->f, 1, o.seq).direction, DIRECTION_NOTE);
	assert_int_equal(article(&h->f, 1, o.seq).text.n, 0);
	assert_int_equal(article(&h->f, 1, seq).direction, DIRECTION_OUT);
	assert_int_equal(count_events(&h->f, 1, "answered-elsewhere"), 1);
	buf_fini(&b);
}

/* From the support address itself; what helpd sent; what cannot be read. */
static void
test_sent_by_the_desk(void **state)
{
	static const char from_us[] =
	    "From: Acme <support@acme.example>\nTo: ann@x.example\n"
	    "Subject: Re: Printer\nIn-Reply-To: <a1@x.example>\n";
	struct house *h = *state;
	struct buf b = BUF_INIT;
	struct outcome o;

	buf_printf(&b, "%s\nWe look at it.\n", from_us);
	o = ingest_raw(h,
	    &(struct incoming){.raw = buf_str(&b), .sent_folder = true}, NOW);
	assert_int_equal(o.fate, FATE_TICKET);
	assert_int_equal(o.ticket, 1);
	assert_int_equal(o.mails, 0);
	assert_int_equal(article(&h->f, 1, o.seq).direction, DIRECTION_OUT);
	assert_int_equal(count_events(&h->f, 1, "answered-elsewhere"), 1);
	/* With a token of ours in Reply-To it is ours, whatever its id. */
	buf_reset(&b);
	buf_printf(&b,
	    "Reply-To: support+1.bpsm4zwy45hwcervpecm53lzgym@acme.example\n"
	    "%s\nFrom helpd.\n",
	    from_us);
	o = ingest_raw(h,
	    &(struct incoming){.raw = buf_str(&b), .sent_folder = true}, NOW);
	assert_int_equal(o.fate, FATE_SKIPPED);
	/* To nobody of the ticket. */
	buf_reset(&b);
	buf_printf(&b, "From: support@acme.example\nTo: other@x.example\n"
		       "In-Reply-To: <a1@x.example>\n\nHello.\n");
	o = ingest_raw(h,
	    &(struct incoming){.raw = buf_str(&b), .sent_folder = true}, NOW);
	assert_int_equal(o.fate, FATE_SKIPPED);
	assert_int_equal(count_events(&h->f, 1, "answered-elsewhere"), 1);
	buf_fini(&b);
}

static void
test_waiting(void **state)
{
	struct arena a = ARENA_INIT;
	struct waiting w = {7, 9, S("#merge 2"), S("text\nmore"), S("row 9"), 2,
			   true},
		       x;
	struct str rec = waiting_encode(&a, &w);

	(void)state;
	assert_int_equal(waiting_decode(&a, rec, &x, NULL), 0);
	assert_int_equal(x.seq, 7);
	assert_int_equal(x.outbox, 9);
	assert_str(x.commands, "#merge 2");
	assert_str(x.text, "text\nmore");
	assert_str(x.why, "row 9");
	assert_int_equal(x.asked, 2);
	assert_true(x.quiet);
	assert_int_equal(waiting_decode(&a, S(""), &x, NULL), 0);
	assert_int_equal(waiting_decode(&a, S("\xff"), &x, NULL), -1);
	for (size_t n = 1; n < rec.n; n++)
		waiting_decode(&a, str_sub(rec, 0, n), &x, NULL);
	arena_fini(&a);
}

static int
setup(void **state)
{
	static struct house h;

	house_open(&h);
	*state = &h;
	return 0;
}

static int
teardown(void **state)
{
	house_close(*state);
	return 0;
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_commands_act),
	    T(test_answer_leaves),
	    T(test_login_and_id),
	    T(test_weak),
	    T(test_signed_elsewhere),
	    T(test_signed_once),
	    T(test_replayed),
	    T(test_too_large),
	    T(test_challenge),
	    T(test_challenge_again),
	    T(test_retried),
	    T(test_revoked),
	    T(test_customer_with_token),
	    T(test_alerts_are_few),
	    T(test_notice_comes_back),
	    T(test_sent_folder),
	    T(test_sent_twice),
	    T(test_sent_by_the_desk),
	    cmocka_unit_test(test_waiting),
	};

	if (parse_init(NULL, NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

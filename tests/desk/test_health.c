/* Alarms as rows and mails; probes that come back, are lost, forged, sent twice; and what machines answer to mail of the house. */
#include "desk/health.h"
#include "fixture.h"
#include "store/blob.h"

#define TO "ops@noc.example"

static struct str ops[] = {{TO, sizeof TO - 1}};
static const int64_t steps[] = {7 * CLOCK_DAY};

struct looked {
	struct health_look x;
	int64_t now;
	bool dry;
	int r;
	struct str told; /* "begin mailbox support 1; …" */
};

static const char *const acts[] = {
    "keep", "note", "forget", "begin", "remind", "end", "over"};

static int
run_look(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct looked *l = ctx;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	l->r = health_look(&f->desk, t, &f->a, &l->x, l->dry, l->now, err);
	for (size_t i = 0; i < l->x.ntold; i++)
		buf_printf(&b, "%s%s %s %.*s %zu", i ? "; " : "",
		    acts[l->x.told[i].act], alarm_name(l->x.told[i].alarm.kind),
		    STR_ARG(l->x.told[i].alarm.name), l->x.told[i].mails);
	l->told = arena_dup(&f->a, buf_str(&b));
	return l->r < 0 ? -1 : 0;
}

/* What was told at minute m, with these signs. */
static struct str
look(struct fixture *f, const struct alarm_sign *s, size_t n, int64_t minute,
    bool heartbeat)
{
	struct looked l = {.now = NOW + minute * CLOCK_MINUTE, .dry = true};

	l.x = (struct health_look){.signs = s,
	    .nsigns = n,
	    .run = 1,
	    .mono = minute * CLOCK_MINUTE,
	    .up = minute * CLOCK_MINUTE,
	    .steps = steps,
	    .nsteps = 1,
	    .to = {ops, 1},
	    .host = S("desk1"),
	    .unsent_after = CLOCK_HOUR,
	    .quarantined = 5,
	    .alive_every = CLOCK_DAY,
	    .heartbeat = heartbeat,
	    .every = 15 * CLOCK_MINUTE,
	    .within = 5 * CLOCK_MINUTE,
	    .probe_to = f->settings.address};
	f->now = l.now;
	with_txn(f, run_look, &l);
	assert_int_equal(l.x.ntold, 0);
	if (!l.r)
		return S("-");
	l.dry = false;
	with_txn(f, run_look, &l);
	assert_int_equal(l.r, 1);
	return l.told;
}

static struct alarm_sign
mailbox(int64_t bad_for)
{
	return (struct alarm_sign){.kind = ALARM_MAILBOX,
	    .name = S("support"),
	    .run = 1,
	    .bad = bad_for > 0,
	    .bad_for = bad_for * CLOCK_MINUTE,
	    .after = 15 * CLOCK_MINUTE,
	    .words = S("connection refused")};
}

static int
read_health(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	return health_read(t, &f->a, ctx, err);
}

static struct health
health(struct fixture *f)
{
	struct health h;

	with_txn(f, read_health, &h);
	return h;
}

static int
last_row(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	uint64_t id;

	(void)f;
	if (outbox_last(t, &id) < 0)
		return txn_error(t, err);
	*(uint64_t *)ctx = id;
	return 0;
}

static struct outbox
newest(struct fixture *f)
{
	uint64_t id;

	with_txn(f, last_row, &id);
	return outbox(f, id);
}

static int
all_sent(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct outbox o;
	uint64_t last = 0;

	(void)ctx;
	outbox_last(t, &last);
	for (uint64_t i = 1; i <= last; i++)
		if (outbox_get(t, &f->a, i, &o) > 0) {
			o.state = OUTBOX_SENT;
			for (size_t k = 0; k < o.nrecipients; k++)
				o.recipients[k].state = OUTBOX_SENT;
			outbox_put(t, &o);
		}
	return txn_error(t, err);
}

static void
test_told(void **state)
{
	struct fixture *f = *state;
	struct alarm_sign s = mailbox(15);
	struct outbox o;
	uint64_t number;

	assert_str(look(f, NULL, 0, 0, false), "");
	assert_str(look(f, NULL, 0, 0, false), "-");
	assert_str(look(f, &s, 1, 15, false), "begin mailbox support 1");
	o = newest(f);
	assert_str(o.kind, "alarm");
	assert_int_equal(o.ticket, 0);
	assert_int_equal(o.sender.n, 0);
	assert_str(o.recipients[0].addr, TO);
	assert_int_equal(
	    token_house_verify(f->keys, o.message_id, &number), HOUSE_ALARM);
	assert_str(look(f, &s, 1, 16, false), "-");
	s = mailbox(0);
	assert_str(look(f, &s, 1, 20, false), "end mailbox support 1");
	assert_str(look(f, &s, 1, 21, false), "-");
	/* The row goes when the pause is over, and with the mailbox. */
	with_txn(f, all_sent, NULL);
	assert_int_equal(health(f).n, 1);
	assert_str(look(f, &s, 1, 80, false), "");
	assert_int_equal(health(f).n, 0);
	s = mailbox(15);
	assert_str(look(f, &s, 1, 100, false), "begin mailbox support 1");
	assert_str(look(f, NULL, 0, 101, false), "");
	assert_int_equal(health(f).n, 0);
	fixture_verify(f);
}

static void
test_admins(void **state)
{
	struct fixture *f = *state;
	struct str one[] = {S("eva@acme.example")},
		   two[] = {S("ben@acme.example")};
	struct agent agents[] = {
	    {.name = S("eva"), .addresses = {one, 1}, .rank = RANK_ADMIN},
	    {.name = S("ben"), .addresses = {two, 1}, .rank = RANK_AGENT},
	};
	struct alarm_sign s = mailbox(15);
	struct looked l = {.now = NOW};

	f->settings.staff = (struct staff){.agents = agents, .nagents = 2};
	l.x = (struct health_look){.signs = &s,
	    .nsigns = 1,
	    .quarantined = 5,
	    .unsent_after = CLOCK_HOUR};
	with_txn(f, run_look, &l);
	assert_str(l.told, "begin mailbox support 1");
	assert_str(newest(f).recipients[0].addr, "eva@acme.example");
	f->settings.staff = (struct staff){0};
}

static void
test_unsent_and_quarantine(void **state)
{
	struct fixture *f = *state;
	struct alarm_sign s = mailbox(15);
	uint64_t row;

	look(f, &s, 1, 0, false); /* a mail that waits */
	row = newest(f).id;
	s = mailbox(0);
	assert_str(look(f, &s, 1, 1, false), "end mailbox support 1");
	assert_str(look(f, &s, 1, 59, false), "-");
	/* Its own mail waits, too, and does not add another alarm. */
	assert_str(look(f, &s, 1, 60, false), "begin unsent  1");
	assert_str(look(f, &s, 1, 61, false), "-");
	assert_true(newest(f).id > row);
	with_txn(f, all_sent, NULL);
	assert_str(look(f, &s, 1, 65, false), "end unsent  1");
	for (int i = 0; i < 5; i++)
		take(f, &(struct mail){.refused = true},
		    NOW + 70 * CLOCK_MINUTE);
	assert_str(look(f, &s, 1, 71, false), "begin quarantine  1");
	assert_str(look(f, &s, 1, 72, false), "-");
	/* Another hour: no mail says so. */
	with_txn(f, all_sent, NULL);
	assert_str(look(f, &s, 1, 150, false), "end quarantine  0");
	fixture_verify(f);
}

/* The newest probe as it comes back. */
static struct mail
probe_mail(struct fixture *f, struct outbox o)
{
	struct health h = health(f);

	return (struct mail){.from = "support@acme.example",
	    .to = "support@acme.example",
	    .subject = "helpd probe",
	    .id = arena_cstr(&f->a, o.message_id),
	    .automatic = "Auto-Submitted: auto-generated",
	    .text = arena_printf(&f->a,
		"This is probe %llu of helpd.\n\nFooter of a list.\n",
		(unsigned long long)h.probe.number)
			.p};
}

static void
test_probe(void **state)
{
	struct fixture *f = *state;
	struct outbox o;
	struct outcome out;
	struct mail m, other;

	assert_str(look(f, NULL, 0, 0, true), "");
	o = newest(f);
	assert_str(o.kind, "probe");
	assert_str(o.recipients[0].addr, "support@acme.example");
	with_txn(f, all_sent, NULL);
	assert_str(look(f, NULL, 0, 3, true), "-");
	m = probe_mail(f, o);

	/* By somebody else, without its words, or with another token: mail. */
	other = m;
	other.from = "ann@customer.example";
	assert_int_equal(take(f, &other, NOW).fate, FATE_TICKET);
	other = m;
	other.text = "My printer burns.\n";
	assert_true(take(f, &other, NOW).ticket > 0);
	other = m;
	other.id =
	    arena_printf(&f->a, "helpd.probe.%llu.19b8d1f2a00.%s@acme.example",
		(unsigned long long)health(f).probe.number,
		"babcdefghijklmnopqrstuvwxyz")
		.p;
	assert_true(take(f, &other, NOW).ticket > 0);
	assert_false(health(f).probe.arrived);

	out = take(f, &m, NOW + 4 * CLOCK_MINUTE);
	assert_int_equal(out.fate, FATE_INTERNAL);
	assert_int_equal(out.ticket, 0);
	assert_true(health(f).probe.arrived);
	assert_true(health(f).took == 4 * CLOCK_MINUTE);
	/* The same words again, later. */
	out = take(f, &m, NOW + 9 * CLOCK_MINUTE);
	assert_int_equal(out.fate, FATE_INTERNAL);
	assert_true(health(f).took == 4 * CLOCK_MINUTE);
	/* What is over leaves no row and no bytes. */
	assert_str(look(f, NULL, 0, 10, true), "");
	assert_int_equal(health(f).probe.outbox, 0);
	assert_str(look(f, NULL, 0, 14, true), "-");
	assert_str(look(f, NULL, 0, 15, true), "");
	assert_true(newest(f).id > o.id);
	/* The old one does not answer for the new one. */
	out = take(f, &m, NOW + 16 * CLOCK_MINUTE);
	assert_false(health(f).probe.arrived);
	fixture_verify(f);
}

static void
test_probe_lost(void **state)
{
	struct fixture *f = *state;
	struct mail m;

	look(f, NULL, 0, 0, true);
	/* It cannot even leave: no second one. */
	assert_str(look(f, NULL, 0, 6, true), "begin heartbeat  1");
	assert_str(look(f, NULL, 0, 20, true), "-");
	with_txn(f, all_sent, NULL);
	look(f, NULL, 0, 21, true);
	assert_int_equal(health(f).probe.lost, 1);
	assert_str(look(f, NULL, 0, 22, true), "-");
	m = probe_mail(f, newest(f));
	assert_int_equal(
	    take(f, &m, NOW + 23 * CLOCK_MINUTE).fate, FATE_INTERNAL);
	with_txn(f, all_sent, NULL);
	assert_str(look(f, NULL, 0, 24, true), "end heartbeat  1");
	/* Switched off, nothing is missing. */
	look(f, NULL, 0, 40, true);
	assert_str(look(f, NULL, 0, 50, false), "-");
	fixture_verify(f);
}

static void
test_answers_of_machines(void **state)
{
	struct fixture *f = *state;
	struct alarm_sign s = mailbox(15);
	struct str id;
	struct outcome out;
	struct bounced to = {.address = S(TO),
	    .hard = true,
	    .reason = S("no such user"),
	    .action = S("failed")};
	struct bounce b = {.v = &to, .n = 1};

	look(f, &s, 1, 15, false);
	id = newest(f).message_id;
	b.message_id = id;
	out = take(f,
	    &(struct mail){.from = "mailer-daemon@noc.example",
		.automatic = "multipart/report",
		.bounce = &b},
	    NOW);
	assert_int_equal(out.fate, FATE_QUARANTINE);
	assert_has(health(f).bounce, "no such user");
	out = take(f,
	    &(struct mail){.from = TO,
		.automatic = "Auto-Submitted: auto-replied",
		.in_reply_to = arena_cstr(&f->a, id)},
	    NOW);
	assert_int_equal(out.fate, FATE_QUARANTINE);
	assert_int_equal(out.ticket, 0);
	/* It comes back to the desk itself. */
	out = take(f,
	    &(struct mail){.from = "support@acme.example",
		.automatic = "Auto-Submitted: auto-generated",
		.id = arena_cstr(&f->a, id)},
	    NOW);
	assert_int_equal(out.fate, FATE_QUARANTINE);
	/* A person answers: an ordinary mail. */
	out = take(f,
	    &(struct mail){.from = TO,
		.text = "I am on it.\n",
		.in_reply_to = arena_cstr(&f->a, id)},
	    NOW);
	assert_int_equal(out.fate, FATE_TICKET);
	fixture_verify(f);
}

static int
put_backup(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct str dir;
	int64_t at;

	(void)f;
	(void)ctx;
	assert_int_equal(health_backup_get(t, &f->a, &at, &dir), 0);
	health_backup_put(t, NOW, S("/srv/copy"));
	assert_int_equal(health_backup_get(t, &f->a, &at, &dir), 1);
	assert_true(at == NOW);
	assert_str(dir, "/srv/copy");
	return txn_error(t, err);
}

static void
test_backup(void **state)
{
	with_txn(*state, put_backup, NULL);
}

#define T(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_told),
	    T(test_admins),
	    T(test_unsent_and_quarantine),
	    T(test_probe),
	    T(test_probe_lost),
	    T(test_answers_of_machines),
	    T(test_backup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

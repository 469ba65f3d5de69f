/*
 * Mails in an agent's name or with an agent's token, from their bytes to what became of them: tests/desk/forgery/, one file a mail, and
 * expected.tsv. Each meets a house of its own with tickets, people and live tokens. Asserted of every one: no command was done, nothing goes to
 * a customer, all of it is stored, and the row that refused it is named. The right mails at the end do act.
 *
 * @NAME@ in a mail stands for a token, see make_marks().
 */
#include "fixture.h"
#include "base/file.h"
#include "desk/due.h"
#include "desk/held.h"
#include "desk/identity.h"
#include "desk/proof.h"
#include "desk/verify.h"
#include "mail/parse.h"
#include "store/blob.h"
#include "store/check.h"
#include "store/grant.h"

#include <stdio.h>

#define SUPPORT S("support@acme.example")
#define DOMAIN S("acme.example")

static struct str addresses_of_anna[] = {{"anna@acme.example", 17},
    {"berg@acme.example", 17}, {"anna@home.example", 17}};
static struct str addresses_of_ben[] = {{"ben@acme.example", 16}};
static struct agent agents[] = {
    {.name = {"anna", 4},
	.full_name = {"Anna Berg", 9},
	.addresses = {addresses_of_anna, 3},
	.rank = RANK_AGENT,
	.notices = true},
    {.name = {"ben", 3},
	.addresses = {addresses_of_ben, 1},
	.rank = RANK_LEAD,
	.notices = true},
};

enum {
	TICKETS = 3,
	MARKS_MAX = 24
};

struct mark {
	const char *name;
	struct str value;
};

struct house {
	struct fixture f;
	struct mark marks[MARKS_MAX];
	size_t nmarks;
	uint64_t nonce_of_anna, held;
	/* before the mail */
	struct ticket before[TICKETS];
	uint64_t outbox;
};

static const char *
source_dir(void)
{
	return getenv("srcdir") ? getenv("srcdir") : SRCDIR;
}

/* --- the house --------------------------------------------------------- */

static void
mark(struct house *h, const char *name, struct str value)
{
	assert_true(h->nmarks < MARKS_MAX);
	h->marks[h->nmarks++] = (struct mark){name, value};
}

static struct grant
put_grant(struct txn *t, const char *agent, enum purpose p, uint64_t ticket)
{
	struct grant g = {
	    .ticket = ticket,
	    .agent = str_c(agent),
	    .purpose = p,
	    .created = NOW - CLOCK_HOUR,
	    .expires = NOW + CLOCK_DAY,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE,
	    .seen = ticket ? 1 : 0,
	    .quarantine = p == GRANT_CHALLENGE ? 999 : 0,
	};

	grant_put(t, &g);
	return g;
}

static struct str
address(struct house *h, const struct grant *g)
{
	return token_grant_address(&h->f.a, h->f.keys, SUPPORT, g);
}

static struct str
id_of(struct house *h, const struct grant *g, int64_t at)
{
	return token_grant_message_id(&h->f.a, h->f.keys, g, at, DOMAIN);
}

/* The n-th part between dots of the detail, out of another address. */
static struct str
with_part(struct house *h, struct str addr, int part, struct str value)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str rest = address_local(addr), one;

	for (int i = 0; str_cut(&rest, '.', &one); i++) {
		if (i)
			buf_putc(&b, '.');
		buf_put(&b, i == part ? value : one);
	}
	buf_printf(&b, "@%.*s", STR_ARG(address_domain(addr)));
	return arena_dup(&h->f.a, buf_str(&b));
}

static void
make_damaged(struct house *h, const struct grant *anna, const struct grant *ben)
{
	struct str x = address(h, anna), id = id_of(h, anna, NOW - CLOCK_HOUR);
	char *p = arena_cstr(&h->f.a, x), *at = strchr(p, '@');
	struct str rest, nonce;

	at[-1] = at[-1] == 'a' ? 'b' : 'a';
	/* The last character has two bits that count for nothing. */
	at[-5] = at[-5] == 'a' ? 'b' : 'a';
	mark(h, "TAMPERED", str_c(p));
	mark(h, "OTHER_TICKET", with_part(h, x, 0, S("support+2")));
	rest = address_local(address(h, ben));
	str_cut(&rest, '.', &nonce);
	str_cut(&rest, '.', &nonce);
	mark(h, "OTHER_NONCE", with_part(h, x, 1, nonce));
	mark(h, "OTHER_TIME_ID", with_part(h, id, 3, S("19b8d3c0001")));
	mark(h, "FOREIGN",
	    arena_printf(
		&h->f.a, "%.*s@evil.example", STR_ARG(address_local(x))));
	p = arena_cstr(&h->f.a, x);
	for (char *c = p; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 32);
	mark(h, "ANNA_UPPER", str_c(p));
}

static int
make_marks(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct house *h = ctx;
	struct grant anna = put_grant(t, "anna", GRANT_NOTICE, 1), g;
	struct grant ben = put_grant(t, "ben", GRANT_NOTICE, 1);

	h->nonce_of_anna = anna.nonce;
	mark(h, "ANNA", address(h, &anna));
	mark(h, "ANNA_ID", id_of(h, &anna, NOW - CLOCK_HOUR));
	mark(h, "BEN", address(h, &ben));
	mark(h, "BEN_ID", id_of(h, &ben, NOW - CLOCK_HOUR));
	make_damaged(h, &anna, &ben);
	g = put_grant(t, "anna", GRANT_CONFIRM, 1);
	mark(h, "CONFIRM", address(h, &g));
	g = put_grant(t, "anna", GRANT_CHALLENGE, 0);
	mark(h, "CHALLENGE", address(h, &g));
	g = put_grant(t, "gone", GRANT_NOTICE, 1);
	mark(h, "GONE", address(h, &g));
	g = put_grant(t, "anna", GRANT_NOTICE, 1);
	g.expires = NOW - 1;
	grant_put(t, &g);
	mark(h, "OLD", address(h, &g));
	g = put_grant(t, "anna", GRANT_NOTICE, 1);
	mark(h, "REVOKED", address(h, &g));
	g.revoked = NOW - 1;
	grant_put(t, &g);
	g = put_grant(t, "anna", GRANT_CONFIRM, 1);
	mark(h, "USED", address(h, &g));
	g.used = NOW - 1;
	grant_put(t, &g);
	mark(h, "CUSTOMER",
	    token_address(&f->a, f->keys, SUPPORT, 1, S("ann@x.example")));
	return txn_error(t, err);
}

static bool
count_rows(void *ctx, const struct outbox *o)
{
	uint64_t *last = ctx;

	*last = MAX(*last, o->id);
	return true;
}

static void
look_before(struct house *h)
{
	struct arena rows = ARENA_INIT;
	struct txn *t = NULL;

	for (uint64_t i = 0; i < TICKETS; i++)
		h->before[i] = ticket(&h->f, i + 1);
	assert_int_equal(txn_read(h->f.store, &t, NULL), 0);
	for (int s = OUTBOX_QUEUED; s < OUTBOX_STATE_COUNT; s++)
		outbox_each(
		    t, &rows, (enum outbox_state)s, count_rows, &h->outbox);
	txn_abort(&t);
	arena_fini(&rows);
}

static void
house_open(struct house *h)
{
	struct fixture *f = &h->f;
	struct complaints bad = {0};
	struct strs dirs = {0};

	*h = (struct house){0};
	fixture_open(f);
	f->settings.staff = (struct staff){.agents = agents, .nagents = 2};
	f->settings.notices_per_hour = 120;
	f->settings.notice_within = 90 * CLOCK_DAY;
	f->settings.confirm_within = 3 * CLOCK_DAY;
	f->settings.desk_addresses = (struct strs){0};
	for (size_t i = 0; i < ARRAY_LEN(agents); i++)
		for (size_t k = 0; k < agents[i].addresses.n; k++)
			strs_add(&f->a, &f->settings.desk_addresses,
			    agents[i].addresses.v[k]);
	strs_add(
	    &f->a, &dirs, arena_printf(&f->a, "%s/templates", source_dir()));
	if (templates_load(&f->a, &dirs, S("en"), &f->desk.templates, &bad) < 0)
		fail_msg("templates: %s", bad.n ? bad.v[0].msg.p : "");
	take(f,
	    &(struct mail){.from = "Ann <ann@x.example>", .id = "a1@x.example"},
	    NOW - CLOCK_DAY);
	answer(f, 1, "Which printer?", NOW - CLOCK_DAY);
	take(f,
	    &(struct mail){.from = "Bob <bob@y.example>",
		.subject = "Refund",
		.id = "b1@y.example"},
	    NOW - CLOCK_DAY);
	take(f,
	    &(struct mail){.from = "Cid <cid@z.example>",
		.subject = "Done",
		.id = "c1@z.example"},
	    NOW - CLOCK_DAY);
	set_status(f, 3, STATUS_RESOLVED, NOW - CLOCK_DAY);
	with_txn(f, make_marks, h);
	look_before(h);
}

static bool
print_one(void *ctx, const char *text)
{
	(void)ctx;
	print_error("verify: %s\n", text);
	return true;
}

static void
house_close(struct house *h)
{
	struct store_counts n;

	fixture_verify(&h->f);
	assert_int_equal(
	    store_check(h->f.store, NULL, print_one, NULL, &n, NULL), 0);
	/* CHALLENGE's mail was never there. */
	assert_int_equal(n.problems, 0);
	fixture_close(&h->f);
}

/* --- a mail ------------------------------------------------------------ */

static struct str
fill_in(struct house *h, struct str text)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	while (text.n) {
		bool done = false;

		for (size_t i = 0; i < h->nmarks && !done; i++) {
			struct str name =
			    arena_printf(&h->f.a, "@%s@", h->marks[i].name);

			if (!str_starts(text, name))
				continue;
			buf_put(&b, h->marks[i].value);
			text = str_from(text, name.n);
			done = true;
		}
		if (done)
			continue;
		buf_putc(&b, text.p[0]);
		text = str_from(text, 1);
	}
	return arena_dup(&h->f.a, buf_str(&b));
}

struct incoming {
	struct str raw;
	uint64_t retried;
	struct str confirmed, envelope_recipient;
	bool released;
	const char *key;
	struct smime *smime;
};

static struct outcome
ingest_raw(struct house *h, const struct incoming *x, int64_t now)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct fixture *f = &h->f;
	struct intake in = {
	    .source = {f->source,
		x->key ? str_c(x->key)
		       : arena_printf(&f->a, "raw %u", ++f->keys_given)},
	    .channel = S("mail"),
	    .size = x->raw.n,
	    .retried = x->retried,
	    .confirmed = x->confirmed,
	    .released = x->released,
	    .envelope_recipient = x->envelope_recipient,
	};
	struct err err = ERR_INIT;
	struct outcome out;
	struct message m;
	struct txn *t = NULL;

	if (message_parse(&f->a, x->raw, NULL, &m, &err) < 0)
		fail_msg("%s", err.msg);
	if (x->smime)
		m.smime = x->smime;
	in.message = &m;
	sha256(x->raw, in.sha256);
	message_content_hash(x->raw, in.content);
	blob_pack(x->raw, &packed);
	in.packed = buf_str(&packed);
	assert_int_equal(txn_write(f->store, &t, &err), 0);
	if (ingest(&f->desk, t, &f->a, &in, now, &out, &err) < 0)
		fail_msg("%s", err.msg);
	term_batch_put(t, f->desk.terms);
	if (txn_commit(t, &err) < 0)
		fail_msg("%s", err.msg);
	return out;
}

/* --- what became of it ------------------------------------------------- */

struct sight {
	struct house *h;
	struct buf said; /* all that was written down since */
	unsigned bad;
	const char *name;
};

static void __attribute__((format(printf, 2, 3)))
wrong(struct sight *s, const char *fmt, ...)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	print_error("%s: %s\n", s->name, buf_cstr(&b));
	s->bad++;
}

static bool
look_at_row(void *ctx, const struct outbox *o)
{
	struct sight *s = ctx;

	if (o->id <= s->h->outbox || o->state == OUTBOX_HELD)
		return true;
	for (size_t i = 0; i < o->nrecipients; i++)
		if (!staff_by_address(
			&s->h->f.settings.staff, o->recipients[i].addr))
			wrong(s, "a mail (%.*s) to %.*s", STR_ARG(o->kind),
			    STR_ARG(o->recipients[i].addr));
	return true;
}

static void
look_at_ticket(struct sight *s, struct txn *t, const struct ticket *k)
{
	struct arena *a = &s->h->f.a;
	uint32_t from = k->id <= TICKETS ? s->h->before[k->id - 1].events : 0;
	uint32_t old = k->id <= TICKETS ? s->h->before[k->id - 1].articles : 0;
	struct article r;
	struct event e;

	for (uint32_t seq = from + 1; seq <= k->events; seq++) {
		assert_int_equal(event_get(t, a, k->id, seq, &e), 1);
		buf_put(&s->said, e.detail);
		buf_putc(&s->said, '\n');
		buf_put(&s->said, e.cause);
		buf_putc(&s->said, '\n');
	}
	for (uint32_t seq = old + 1; seq <= k->articles; seq++) {
		assert_int_equal(article_get(t, a, k->id, seq, &r), 1);
		buf_put(&s->said, r.evidence);
		buf_putc(&s->said, '\n');
		buf_put(&s->said, r.flag);
		buf_putc(&s->said, '\n');
		if (r.direction == DIRECTION_OUT && r.outbox) {
			struct outbox o;

			if (outbox_get(t, a, r.outbox, &o) == 1 &&
			    o.state != OUTBOX_HELD)
				wrong(s, "an answer");
		}
	}
}

static void
compare(struct sight *s, const struct ticket *was, const struct ticket *k)
{
	if (was->status != k->status || was->priority != k->priority ||
	    was->merged_into != k->merged_into || was->tags.n != k->tags.n ||
	    !str_eq(was->queue, k->queue) ||
	    !str_eq(was->assignee, k->assignee) ||
	    !str_eq(was->subject, k->subject))
		wrong(s, "ticket %u was changed", (unsigned)k->id);
}

static void
look(struct sight *s)
{
	struct arena rows = ARENA_INIT, *a = &s->h->f.a;
	struct txn *t = NULL;
	struct ticket k;

	assert_int_equal(txn_read(s->h->f.store, &t, NULL), 0);
	for (int st = OUTBOX_QUEUED; st < OUTBOX_STATE_COUNT; st++)
		assert_int_equal(outbox_each(t, &rows, (enum outbox_state)st,
				     look_at_row, s),
		    0);
	for (uint64_t id = 1; ticket_get(t, a, id, &k) == 1; id++) {
		look_at_ticket(s, t, &k);
		if (id <= TICKETS)
			compare(s, &s->h->before[id - 1], &k);
		else if (k.assignee.n || k.tags.n || k.status != STATUS_NEW ||
			 k.priority != PRIORITY_NORMAL)
			wrong(s, "the new ticket was worked on");
	}
	txn_abort(&t);
	arena_fini(&rows);
}

/* Every byte of it is kept. */
static void
look_at_bytes(struct sight *s, const struct outcome *o, struct str raw_mail)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct arena *a = &s->h->f.a;
	struct quarantined q;
	struct article r;
	struct txn *t = NULL;
	uint64_t blob = 0;

	assert_int_equal(txn_read(s->h->f.store, &t, NULL), 0);
	if (o->fate == FATE_QUARANTINE &&
	    quarantine_get(t, a, o->quarantine, &q) == 1) {
		blob = q.blob;
		buf_put(&s->said, q.reason);
		buf_putc(&s->said, '\n');
	} else if (o->seq && article_get(t, a, o->ticket, o->seq, &r) == 1)
		blob = r.blob;
	if (!blob || blob_get(t, blob, 1 << 20, &b) != 1 ||
	    !str_eq(buf_str(&b), raw_mail))
		wrong(s, "it is not stored as it came");
	txn_abort(&t);
}

static const char *
place_of(const struct outcome *o)
{
	switch (o->fate) {
	case FATE_TICKET:
		return "ticket";
	case FATE_QUARANTINE:
		return "quarantine";
	case FATE_INTERNAL:
		return "internal";
	default:
		return "elsewhere";
	}
}

static struct str
read_mail(struct house *h, struct str name)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	const char *path = arena_cstr(
	    &h->f.a, arena_printf(&h->f.a, "%s/tests/desk/forgery/%.*s.eml",
			 source_dir(), STR_ARG(name)));

	if (file_read(path, 1 << 20, &b, &err) < 0)
		fail_msg("%s", err.msg);
	return fill_in(h, buf_str(&b));
}

/* How many things were wrong. */
static unsigned
one_mail(struct str name, struct str said, struct str place)
{
	struct house h;
	struct sight s = {.h = &h};
	struct outcome o;
	struct str mail;

	house_open(&h);
	s.name = arena_cstr(&h.f.a, name);
	mail = read_mail(&h, name);
	o = ingest_raw(&h, &(struct incoming){.raw = mail}, NOW);
	if (!str_eq(place, str_c(place_of(&o))))
		wrong(&s, "it is in %s", place_of(&o));
	look_at_bytes(&s, &o, mail);
	look(&s);
	if (!str_eq(said, S("-")) && !str_eq(said, S("nothing")) &&
	    !str_has(buf_str(&s.said), said))
		wrong(&s, "\"%.*s\" is not said, but: %s", STR_ARG(said),
		    buf_cstr(&s.said));
	buf_fini(&s.said);
	house_close(&h);
	return s.bad;
}

static void
test_forged(void **state)
{
	AUTO(buf_fini) struct buf list = BUF_INIT;
	char path[1000];
	const char *only = getenv("FORGERY");
	struct str rest, line;
	unsigned n = 0, bad = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/desk/forgery/expected.tsv",
	    source_dir());
	assert_int_equal(file_read(path, 1 << 20, &list, NULL), 0);
	rest = buf_str(&list);
	while (str_line(&rest, &line)) {
		struct str name, said, place;

		if (!line.n || line.p[0] == '#')
			continue;
		assert_true(str_cut(&line, '\t', &name));
		assert_true(str_cut(&line, '\t', &said));
		assert_true(str_cut(&line, '\t', &place));
		if (only && !str_eq(name, str_c(only)))
			continue;
		n++;
		bad += one_mail(name, said, place) > 0;
	}
	print_message("%u mails\n", n);
	assert_int_equal(bad, 0);
	assert_true(only || n >= 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forged),
	};

	if (parse_init(NULL, NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

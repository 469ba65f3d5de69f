#include "forgery_house.h"
#include "desk/agent.h"
#include "mail/parse.h"
#include "store/blob.h"
#include "store/check.h"

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

const char *
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
	    .seen = ticket ? 3 : 0,
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

void
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

void
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

struct str
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

struct outcome
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
	    .sent_folder = x->sent_folder,
	    .oversize = x->oversize,
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

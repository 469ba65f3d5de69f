#include "fixture.h"
#include "desk/due.h"
#include "base/mem.h"
#include "desk/settle.h"
#include "desk/change.h"
#include "desk/outbound.h"
#include "desk/verify.h"
#include "store/blob.h"

#include <ftw.h>
#include <unistd.h>

static void
must_ok(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

static struct txn *
begin(struct fixture *f)
{
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	must_ok(txn_write(f->store, &t, &err), &err);
	return t;
}

static struct txn *
begin_read(struct fixture *f)
{
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	must_ok(txn_read(f->store, &t, &err), &err);
	return t;
}

static void
commit(struct txn *t)
{
	struct err err = ERR_INIT;

	must_ok(txn_commit(t, &err), &err);
}

/* What follows from what was done, as the writer does it. */
static void
settle(struct fixture *f, struct txn *t)
{
	struct err err = ERR_INIT;

	if (f->now)
		must_ok(desk_settle(&f->desk, t, &f->a, f->now, &err), &err);
}

static struct strs
list_of(struct arena *a, const char *const *v, size_t n)
{
	struct strs out = {0};

	for (size_t i = 0; i < n; i++)
		strs_add(a, &out, str_c(v[i]));
	return out;
}

static void
make_settings(struct fixture *f)
{
	static const char *const languages[] = {"en", "zh_CN"};
	static const char *const own[] = {
	    "support@acme.example", "billing@acme.example"};
	static const char *const forms[] = {"web@acme.example"};
	static const char *const lists[] = {"help-list@acme.example"};
	static const char *const trusted[] = {"mx.acme.example"};
	static const char *const agents[] = {"anna@acme.example"};
	struct settings *s = &f->settings;

	*s = (struct settings){
	    .site = S("Acme"),
	    .address = {S("Acme Support"), S("support@acme.example")},
	    .domain = S("acme.example"),
	    .timezone = "Europe/Berlin",
	    .languages = list_of(&f->a, languages, 2),
	    .plus_address = true,
	    .own_addresses = list_of(&f->a, own, 2),
	    .own_lists = list_of(&f->a, lists, 1),
	    .forms = list_of(&f->a, forms, 1),
	    .trust_authserv = list_of(&f->a, trusted, 1),
	    .acknowledge_within = 48 * CLOCK_HOUR,
	    .auto_per_hour = 3,
	    .auto_per_day = 10,
	    .site_per_hour = 1000,
	    .message_size = 50 << 20,
	    .send_days = 5,
	    .queues = f->queues,
	    .nqueues = 2,
	    .desk_addresses = list_of(&f->a, agents, 1),
	};
	strs_add(&f->a, &s->old_tags, S("Old Name"));
	f->queues[0] = (struct queue){
	    .name = S("support"),
	    .address = {S("Acme Support"), S("support@acme.example")},
	    .reopen_within = 14 * CLOCK_DAY,
	    .acknowledge = true,
	};
	f->queues[1] = (struct queue){
	    .name = S("billing"),
	    .address = {S(""), S("billing@acme.example")},
	    .tag = S("Bill"),
	    .reopen_within = 14 * CLOCK_DAY,
	    .acknowledge = true,
	};
}

void
fixture_open(struct fixture *f)
{
	struct store_options o = {.map_size = 1 << 30, .create = true};
	struct err err = ERR_INIT;
	struct txn *t;

	*f = (struct fixture){.a = ARENA_INIT};
	snprintf(f->dir, sizeof f->dir, "/tmp/helpd-desk-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	must_ok(store_open(&f->store, f->dir, &o, &err), &err);
	make_settings(f);
	t = begin(f);
	must_ok(keyring_load(t, NOW, &f->keys, &err), &err);
	f->source = source_number(t, S("support/INBOX"));
	commit(t);
	f->desk = (struct desk){.settings = &f->settings,
	    .keys = f->keys,
	    .terms = term_batch_new()};
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)st;
	(void)kind;
	(void)w;
	return remove(path);
}

void
fixture_close(struct fixture *f)
{
	term_batch_free(f->desk.terms);
	keyring_free(f->keys);
	store_close(f->store);
	arena_fini(&f->a);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
fixture_setup(void **state)
{
	struct fixture *f = mem_new(sizeof *f);

	fixture_open(f);
	*state = f;
	return 0;
}

int
fixture_teardown(void **state)
{
	fixture_verify(*state);
	fixture_close(*state);
	mem_free(*state);
	return 0;
}

static void
print_problem(void *ctx, struct str where, struct str what)
{
	(void)ctx;
	print_error("verify: %.*s: %.*s\n", STR_ARG(where), STR_ARG(what));
}

void
fixture_verify(struct fixture *f)
{
	struct txn *t = begin_read(f);
	struct verify_counts counts;
	struct err err = ERR_INIT;
	int64_t n = desk_verify(
	    t, &f->settings, print_problem, NULL, NULL, &counts, &err);

	if (n < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(n, 0);
	commit(t);
}

/* --- mails ------------------------------------------------------------- */

static struct str
dup_c(struct arena *a, const char *s)
{
	return arena_dup(a, str_c(s));
}

static struct strs
words(struct arena *a, const char *s)
{
	struct str rest = str_c(s), word;
	struct strs out = {0};

	while (str_word(&rest, &word))
		strs_add(a, &out, arena_dup(a, word));
	return out;
}

struct message *
make_message(struct arena *a, const struct mail *x, int64_t now)
{
	struct message *m = arena_new(a, struct message);

	addresses_parse(a, dup_c(a, x->from), &m->from);
	addresses_parse(
	    a, dup_c(a, x->to ? x->to : "support@acme.example"), &m->to);
	addresses_parse(a, dup_c(a, x->cc), &m->cc);
	addresses_parse(a, dup_c(a, x->reply_to), &m->reply_to);
	addresses_parse(a, dup_c(a, x->delivered_to), &m->delivered_to);
	m->from_fields = 1;
	m->has_return_path = x->return_path != NULL;
	m->return_path = dup_c(a, x->return_path);
	m->subject = dup_c(a, x->subject ? x->subject : "Printer on fire");
	m->message_id = dup_c(a, x->id);
	m->in_reply_to = words(a, x->in_reply_to);
	m->references = words(a, x->references);
	m->date = x->no_date ? CLOCK_NONE : x->date ? x->date : now;
	if (x->auth)
		strs_add(a, &m->authentication_results, dup_c(a, x->auth));
	m->text = dup_c(a, x->text ? x->text : "It burns.\n");
	m->fresh = arena_new(a, struct span);
	m->fresh->to = (uint32_t)m->text.n;
	m->nfresh = 1;
	m->charset = S("utf-8");
	m->language = dup_c(a, x->language);
	m->automatic = dup_c(a, x->automatic);
	m->is_list = x->list != NULL;
	m->list_address = dup_c(a, x->list);
	m->spam = x->spam;
	m->bounce = x->bounce;
	if (x->attachment) {
		m->attachments.v = arena_new(a, struct attachment);
		m->attachments.v->name = S("scan.pdf");
		m->attachments.n = 1;
	}
	strs_add(a, &m->terms, S("printer"));
	m->headers = arena_array(a, struct header, 3);
	m->headers[m->nheaders++] =
	    (struct header){S("From"), dup_c(a, x->from)};
	m->headers[m->nheaders++] = (struct header){
	    S("To"), dup_c(a, x->to ? x->to : "support@acme.example")};
	m->headers[m->nheaders++] = (struct header){S("Subject"), m->subject};
	return m;
}

struct outcome
take(struct fixture *f, const struct mail *x, int64_t now)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct err err = ERR_INIT;
	struct outcome out;
	struct txn *t = begin(f);
	struct str content = x->content
				 ? str_c(x->content)
				 : arena_printf(&f->a, "mail %u", ++f->mails);
	struct intake in = {
	    .source = {f->source,
		x->key ? str_c(x->key)
		       : arena_printf(&f->a, "key %u", ++f->keys_given)},
	    .mailbox_queue = str_c(x->mailbox_queue),
	    .channel = S("mail"),
	    .begin_old = x->begin_old,
	    .size = content.n,
	    .refused = x->refused ? S("too deep") : S(""),
	    .oversize = x->oversize,
	    .retried = x->retried,
	    .envelope_sender = str_c(x->envelope_sender),
	    .envelope_recipient = str_c(x->envelope_recipient),
	};

	if (!x->refused)
		in.message = make_message(&f->a, x, now);
	sha256(content, in.sha256);
	sha256(content, in.content);
	blob_pack(content, &packed);
	in.packed = buf_str(&packed);
	must_ok(ingest(&f->desk, t, &f->a, &in, now, &out, &err), &err);
	f->now = now;
	settle(f, t);
	term_batch_put(t, f->desk.terms);
	commit(t);
	return out;
}

/* --- looking ----------------------------------------------------------- */

struct ticket
ticket(struct fixture *f, uint64_t id)
{
	struct txn *t = begin_read(f);
	struct ticket k;

	if (ticket_get(t, &f->a, id, &k) != 1)
		fail_msg("no ticket %u", (unsigned)id);
	commit(t);
	return k;
}

struct article
article(struct fixture *f, uint64_t id, uint32_t seq)
{
	struct txn *t = begin_read(f);
	struct article r;

	if (article_get(t, &f->a, id, seq, &r) != 1)
		fail_msg("no article %u of ticket %u", seq, (unsigned)id);
	commit(t);
	return r;
}

struct person
person(struct fixture *f, const char *addr)
{
	struct txn *t = begin_read(f);
	struct person p;

	if (person_get(t, &f->a, str_c(addr), &p) != 1)
		p = (struct person){0};
	commit(t);
	return p;
}

struct outbox
outbox(struct fixture *f, uint64_t id)
{
	struct txn *t = begin_read(f);
	struct outbox o;

	if (outbox_get(t, &f->a, id, &o) != 1)
		fail_msg("no mail %u", (unsigned)id);
	commit(t);
	return o;
}

static unsigned
events(struct fixture *f, uint64_t id, const char *kind, struct str *detail)
{
	struct ticket k = ticket(f, id);
	struct txn *t = begin_read(f);
	unsigned n = 0;

	*detail = str_n(NULL, 0);
	for (uint32_t seq = 1; seq <= k.events; seq++) {
		struct event e;

		if (event_get(t, &f->a, id, seq, &e) != 1)
			fail_msg("no event %u of ticket %u", seq, (unsigned)id);
		if (!str_eq(e.kind, str_c(kind)))
			continue;
		n++;
		*detail = e.detail;
	}
	commit(t);
	return n;
}

struct str
event_detail(struct fixture *f, uint64_t id, const char *kind)
{
	struct str detail;

	events(f, id, kind, &detail);
	return detail;
}

unsigned
count_events(struct fixture *f, uint64_t id, const char *kind)
{
	struct str detail;

	return events(f, id, kind, &detail);
}

struct str
raw(struct fixture *f, uint64_t id, uint32_t seq)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct article r = article(f, id, seq);
	struct txn *t = begin_read(f);

	assert_int_equal(blob_get(t, r.blob, 1 << 20, &b), 1);
	commit(t);
	return arena_dup(&f->a, buf_str(&b));
}

void
with_txn(struct fixture *f,
    int (*fn)(struct fixture *f, struct txn *t, void *ctx, struct err *err),
    void *ctx)
{
	struct err err = ERR_INIT;
	struct txn *t = begin(f);

	must_ok(fn(f, t, ctx, &err), &err);
	settle(f, t);
	commit(t);
}

struct status_change {
	uint64_t id;
	enum status s;
	int64_t now;
};

static int
run_status(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct status_change *c = ctx;
	struct actor who = {S("cli:root"), S("set")};
	struct ticket k;

	if (ticket_get(t, &f->a, c->id, &k) != 1)
		return -1;
	if (change_status(&f->desk, t, &f->a, &k, c->s, &who, c->now, err) < 0)
		return -1;
	return change_done(t, &k, c->now, err);
}

void
set_status(struct fixture *f, uint64_t id, enum status s, int64_t now)
{
	f->now = now;
	with_txn(f, run_status, &(struct status_change){id, s, now});
}

struct answering {
	uint64_t id;
	const char *text;
	int64_t now;
	uint32_t seq;
};

static int
run_answer(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct answering *w = ctx;
	struct answer x = {
	    .text = str_c(w->text),
	    .author = S("Anna"),
	    .who = {S("cli:anna"), S("reply")},
	};
	struct ticket k;

	if (ticket_get(t, &f->a, w->id, &k) != 1)
		return -1;
	return outbound_answer(
	    &f->desk, t, &f->a, &k, &x, w->now, &w->seq, NULL, err);
}

uint32_t
answer(struct fixture *f, uint64_t id, const char *text, int64_t now)
{
	struct answering w = {id, text, now, 0};

	f->now = now;
	with_txn(f, run_answer, &w);
	return w.seq;
}

struct due_run {
	size_t ran, nrelease;
	uint64_t *release;
	int64_t at;
};

static int
do_due(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct due_run *x = ctx;

	return due_run(&f->desk, t, &f->a, f->now, 100, &x->ran, &x->release,
	    &x->nrelease, err);
}

size_t
run_due(struct fixture *f, int64_t now)
{
	struct due_run x = {0};

	f->now = now;
	with_txn(f, do_due, &x);
	return x.ran;
}

static int
do_next(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct due_run *x = ctx;
	struct timer m;
	int found = due_first(t, &f->a, &m);

	x->at = found > 0 ? m.due : CLOCK_NONE;
	return found < 0 ? txn_error(t, err) : 0;
}

int64_t
next_due(struct fixture *f)
{
	struct due_run x = {0};

	with_txn(f, do_next, &x);
	return x.at;
}

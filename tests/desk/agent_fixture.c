#include "agent_fixture.h"
#include "base/mem.h"
#include "desk/settings.h"
#include "mail/parse.h"
#include "store/blob.h"

static struct strs
list1(struct arena *a, const char *x)
{
	struct strs l = {0};

	strs_add(a, &l, str_c(x));
	return l;
}

static void
make_agent(struct agents *g, size_t i, const char *name, const char *full,
    const char *team, enum rank rank, const char *language)
{
	struct fixture *f = &g->f;
	struct arena *a = &f->a;
	struct str addr = arena_printf(a, "%s@acme.example", name);

	g->agents[i] = (struct agent){
	    .name = str_c(name),
	    .full_name = str_c(full),
	    .teams = list1(a, team),
	    .rank = rank,
	    .notices = true,
	    .signature = arena_printf(a, "%s, Acme", full),
	};
	strs_add(a, &g->agents[i].addresses, addr);
	strs_add(a, &f->settings.desk_addresses, addr);
	if (language)
		g->agents[i].languages = list1(a, language);
}

int
agents_setup(void **state)
{
	struct agents *g = mem_new(sizeof *g);
	struct fixture *f = &g->f;
	struct settings *s = &f->settings;
	struct strs dirs;
	struct err err = ERR_INIT;

	fixture_open(f);
	s->desk_addresses = (struct strs){0};
	make_agent(g, 0, "anna", "Anna Berg", "first-line", RANK_AGENT, NULL);
	make_agent(g, 1, "ben", "Ben Cole", "first-line", RANK_AGENT, NULL);
	make_agent(g, 2, "carla", "Carla Dow", "billing", RANK_AGENT, NULL);
	make_agent(g, 3, "lena", "Lena Eck", "first-line", RANK_LEAD, NULL);
	strs_add(&f->a, &g->agents[3].teams, S("billing"));
	make_agent(g, 4, "zhou", "Zhou Wei", "first-line", RANK_AGENT, "zh_CN");
	g->teams[0] = (struct team){.name = S("first-line")};
	g->teams[1] = (struct team){.name = S("billing")};
	s->staff = (struct staff){g->agents, 5, g->teams, 2};
	f->queues[0].team = S("first-line");
	f->queues[1].team = S("billing");
	s->notices_per_hour = 120;
	s->notice_attachments = 5 << 20;
	s->notice_within = 90 * CLOCK_DAY;
	s->confirm_within = 3 * CLOCK_DAY;
	dirs = list1(&f->a, SRCDIR "/templates");
	if (templates_load(&f->a, &dirs, S("en"), &f->desk.templates, &g->bad) <
	    0)
		fail_msg("templates do not compile");
	if (parse_init(NULL, &err) < 0)
		fail_msg("%s", err.msg);
	*state = g;
	return 0;
}

int
agents_teardown(void **state)
{
	return fixture_teardown(state);
}

/* --- what was sent ----------------------------------------------------- */

struct finding {
	struct fixture *f;
	struct str kind, to;
	uint64_t last;
	unsigned n;
};

static bool
look(void *ctx, const struct outbox *o)
{
	struct finding *x = ctx;

	if (!str_eq(o->kind, x->kind))
		return true;
	for (size_t i = 0; i < o->nrecipients; i++)
		if (address_eq(o->recipients[i].addr, x->to)) {
			x->n++;
			x->last = MAX(x->last, o->id);
			return true;
		}
	return true;
}

static struct finding
find(struct fixture *f, const char *kind, const char *to)
{
	struct finding x = {f, str_c(kind), str_c(to), 0, 0};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	assert_int_equal(txn_read(f->store, &t, &err), 0);
	for (enum outbox_state s = OUTBOX_QUEUED; s < OUTBOX_STATE_COUNT; s++)
		outbox_each(t, &a, s, look, &x);
	txn_abort(&t);
	return x;
}

unsigned
count_sent(struct fixture *f, const char *kind, const char *to)
{
	return find(f, kind, to).n;
}

struct outbox *
row_of(struct fixture *f, const char *kind, const char *to)
{
	struct finding x = find(f, kind, to);
	struct outbox *o;

	if (!x.last)
		return NULL;
	o = arena_new(&f->a, struct outbox);
	*o = outbox(f, x.last);
	return o;
}

struct message *
sent(struct fixture *f, const char *kind, const char *to)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct outbox *o = row_of(f, kind, to);
	struct message *m;
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	if (!o)
		return NULL;
	assert_int_equal(txn_read(f->store, &t, &err), 0);
	assert_int_equal(blob_get(t, o->blob, 10 << 20, &b), 1);
	txn_abort(&t);
	m = arena_new(&f->a, struct message);
	if (message_parse(&f->a, arena_dup(&f->a, buf_str(&b)), NULL, m, &err) <
	    0)
		fail_msg("%s", err.msg);
	return m;
}

/* --- what agents write ------------------------------------------------- */

static struct str
compose(struct fixture *f, const struct written *w, int64_t now)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	const struct message *x = w->answers;
	int64_t y;
	unsigned m, d;

	if (!w->auth)
		buf_puts(&b, "Authentication-Results: " PASS "\n");
	else if (*w->auth)
		buf_printf(&b, "Authentication-Results: %s\n", w->auth);
	buf_printf(&b, "From: %s\n", w->from);
	if (w->to)
		buf_printf(&b, "To: %s\n", w->to);
	else if (x && !w->no_token)
		buf_printf(&b, "To: <%.*s>\n",
		    STR_ARG(x->reply_to.n ? x->reply_to.v[0].addr
					  : x->from.v[0].addr));
	else
		buf_puts(&b, "To: support@acme.example\n");
	if (w->cc)
		buf_printf(&b, "Cc: %s\n", w->cc);
	if (w->subject)
		buf_printf(&b, "Subject: %s\n", w->subject);
	else if (x)
		buf_printf(&b, "Subject: Re: %.*s\n", STR_ARG(x->subject));
	clock_date(now / CLOCK_DAY, &y, &m, &d);
	buf_printf(&b, "Date: %u Jan %lld 10:00:00 +0000\n", d, (long long)y);
	if (w->id && *w->id)
		buf_printf(&b, "Message-ID: <%s>\n", w->id);
	else if (!w->id)
		buf_printf(
		    &b, "Message-ID: <own%u@acme.example>\n", ++f->mails);
	if (x && !w->no_token)
		buf_printf(&b, "In-Reply-To: <%.*s>\nReferences: <%.*s>\n",
		    STR_ARG(x->message_id), STR_ARG(x->message_id));
	if (w->headers)
		buf_puts(&b, w->headers);
	if (!w->headers || !strstr(w->headers, "Content-Type"))
		buf_puts(&b, "Content-Type: text/plain; charset=utf-8\n"
			     "Content-Transfer-Encoding: 8bit\n");
	buf_printf(&b, "MIME-Version: 1.0\n\n%s\n", w->body);
	return arena_dup(&f->a, buf_str(&b));
}

struct outcome
writes(struct fixture *f, const struct written *w, int64_t now)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct str raw = compose(f, w, now);
	struct message *m = arena_new(&f->a, struct message);
	struct str *files;
	struct err err = ERR_INIT;
	struct outcome out;
	struct txn *t = NULL;
	struct intake in = {
	    .source = {f->source,
		arena_printf(&f->a, "key %u", ++f->keys_given)},
	    .channel = S("mail"),
	    .size = raw.n,
	    .sent_folder = w->sent_folder,
	    .message = m,
	};

	if (message_parse(&f->a, raw, NULL, m, &err) < 0)
		fail_msg("%s", err.msg);
	files = arena_array(&f->a, struct str, m->attachments.n + 1);
	for (size_t i = 0; i < m->attachments.n; i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;

		if (message_attachment(&f->a, raw, NULL, i, &b, &err) < 0)
			fail_msg("%s", err.msg);
		files[i] = arena_dup(&f->a, buf_str(&b));
	}
	in.files = files;
	sha256(raw, in.sha256);
	message_content_hash(raw, in.content);
	blob_pack(raw, &packed);
	in.packed = buf_str(&packed);
	assert_int_equal(txn_write(f->store, &t, &err), 0);
	if (ingest(&f->desk, t, &f->a, &in, now, &out, &err) < 0)
		fail_msg("%s", err.msg);
	term_batch_put(t, f->desk.terms);
	if (txn_commit(t, &err) < 0)
		fail_msg("%s", err.msg);
	return out;
}

struct outcome
replies(struct fixture *f, const char *agent, const char *kind,
    const char *body, int64_t now)
{
	const char *addr =
	    arena_cstr(&f->a, arena_printf(&f->a, "%s@acme.example", agent));
	struct message *x = sent(f, kind, addr);

	if (!x)
		fail_msg("%s got no %s", agent, kind);
	return writes(f,
	    &(struct written){.from = addr, .answers = x, .body = body}, now);
}

struct str
told(struct fixture *f, const char *agent)
{
	const char *addr =
	    arena_cstr(&f->a, arena_printf(&f->a, "%s@acme.example", agent));
	struct message *x = sent(f, "transcript", addr);

	return x ? x->text : str_n(NULL, 0);
}

struct str
answered(struct fixture *f, const char *customer)
{
	struct message *x = sent(f, "answer", customer);

	return x ? x->text : str_n(NULL, 0);
}

uint64_t
customer(struct fixture *f, int64_t now)
{
	return take(f,
	    &(struct mail){.from = "Ann <" ANN ">",
		.subject = "Printer on fire",
		.text = "It burns.\n",
		.id = arena_cstr(
		    &f->a, arena_printf(&f->a, "c%u@x", ++f->mails))},
	    now)
	    .ticket;
}

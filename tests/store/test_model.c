/*
 * Thousands of random operations on the store and on plain arrays beside it; at every commit they agree, after an aborted
 * transaction the arrays go back too, and the check finds nothing at the end.
 */
#include "box.h"
#include "base/clock.h"
#include "store/blob.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/term.h"
#include "store/ticket.h"
#include "store/timer.h"

enum {
	MAX_TICKETS = 120,
	MAX_OUT = 200,
	MAX_TIMERS = 60,
	PEOPLE = 9
};

struct model_ticket {
	enum status status;
	unsigned queue, assignee, requester;
	int64_t updated;
	uint32_t articles, events;
	size_t text[40]; /* length of each article's text */
	uint32_t text_seed[40];
};
struct model_out {
	enum outbox_state state;
	int64_t next;
};
struct model {
	size_t ntickets, nout, ntimers;
	struct model_ticket ticket[MAX_TICKETS + 1];
	struct model_out out[MAX_OUT + 1];
	struct timer timer[MAX_TIMERS];
};

struct seen {
	uint64_t id[MAX_TICKETS + MAX_OUT];
	int64_t at[MAX_TICKETS + MAX_OUT];
	size_t n;
};

static struct model now, saved;
static unsigned rng = 99;

static unsigned
rnd(unsigned n)
{
	rng = rng * 1664525 + 1013904223;
	return (rng >> 8) % n;
}

static const char *const queues[] = {"", "support", "billing", "sales"};
static const char *const agents[] = {"", "anna", "bert"};

static struct str
person(struct arena *a, unsigned i)
{
	return i ? arena_printf(a, "p%u@example.org", i) : S("");
}

static struct str
text_of(struct arena *a, size_t n, uint32_t s)
{
	char *p = arena_bytes(a, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + (s + i * i) % 26);
	return str_n(p, n);
}

static void
put_ticket(struct txn *t, struct arena *a, uint64_t id)
{
	const struct model_ticket *m = &now.ticket[id];
	struct participant part = {
	    {S("Name"), person(a, m->requester)}, ROLE_REQUESTER};
	struct link link = {1, LINK_RELATED};
	struct field field = {S("order"), S("17")};
	struct str tag = S("refund");
	struct ticket k = {.id = id,
	    .subject = arena_printf(a, "subject %llu", (unsigned long long)id),
	    .status = m->status,
	    .priority = PRIORITY_HIGH,
	    .queue = str_c(queues[m->queue]),
	    .assignee = str_c(agents[m->assignee]),
	    .requester = part.address,
	    .participants = &part,
	    .nparticipants = m->requester ? 1 : 0,
	    .created = 5,
	    .updated = m->updated,
	    .resolved = CLOCK_NONE,
	    .closed = 77,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = -4,
	    .agent_wrote = CLOCK_NONE,
	    .tags = {&tag, 1},
	    .fields = &field,
	    .nfields = 1,
	    .links = &link,
	    .nlinks = 1,
	    .articles = m->articles,
	    .events = m->events};

	ticket_put(t, &k);
}

static void
new_ticket(struct txn *t, struct arena *a)
{
	struct ticket k = {.status = STATUS_NEW};
	struct model_ticket *m;

	if (now.ntickets == MAX_TICKETS)
		return;
	m = &now.ticket[++now.ntickets];
	*m = (struct model_ticket){.status = STATUS_NEW,
	    .queue = rnd(4),
	    .requester = rnd(PEOPLE),
	    .updated = (int64_t)rnd(50)};
	ticket_put(t, &k);
	assert_int_equal(k.id, now.ntickets);
	put_ticket(t, a, k.id);
}

static void
change_ticket(struct txn *t, struct arena *a)
{
	uint64_t id = 1 + rnd((unsigned)now.ntickets);
	struct model_ticket *m = &now.ticket[id];

	if (rnd(2))
		m->status = (enum status)(1 + rnd(STATUS_COUNT - 1));
	if (rnd(3) == 0)
		m->queue = rnd(4);
	if (rnd(3) == 0)
		m->assignee = rnd(3);
	if (rnd(5) == 0)
		m->requester = rnd(PEOPLE);
	if (rnd(2))
		m->updated = (int64_t)rnd(60) - 5;
	put_ticket(t, a, id);
}

static void
add_article(struct txn *t, struct arena *a)
{
	static const size_t sizes[] = {
	    0, 10, 1900, 2100, 4000, 4080, 4090, 9000, 50000};
	uint64_t id = 1 + rnd((unsigned)now.ntickets);
	struct model_ticket *m = &now.ticket[id];
	size_t n = sizes[rnd(ARRAY_LEN(sizes))] + rnd(3);
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct article r = {.ticket = id,
	    .direction = DIRECTION_IN,
	    .date = CLOCK_NONE,
	    .at = 3};
	struct event e = {.ticket = id, .kind = S("article"), .at = -9};

	if (m->articles == 40)
		return;
	m->text[m->articles] = n;
	m->text_seed[m->articles] = rng;
	r.text = text_of(a, n, rng);
	r.seq = ++m->articles;
	blob_pack(r.text, &packed);
	r.blob = blob_put(t, buf_str(&packed));
	r.size = n;
	sha256(r.text, r.sha256);
	memcpy(&r.content, &id, sizeof id);
	r.content[31] = (unsigned char)r.seq;
	if (rnd(8) == 0) /* once more, shorter before */
		article_put(t, &(struct article){.ticket = id,
				   .seq = r.seq,
				   .direction = DIRECTION_NOTE,
				   .text = text_of(a, rnd(20000), 1)});
	article_put(t, &r);
	rawhash_put(t, r.content, id, r.seq);
	e.seq = ++m->events;
	event_put(t, &e);
	put_ticket(t, a, id);
}

static void
change_outbox(struct txn *t, struct arena *a)
{
	struct recipient to = {S("x@example.org"), OUTBOX_QUEUED, S("250 ok")};
	struct outbox o = {.ticket = 1 + rnd((unsigned)now.ntickets),
	    .recipients = &to,
	    .nrecipients = 1,
	    .kind = rnd(2) ? S("ack") : S("answer"),
	    .transport = rnd(2) ? S("main") : S(""),
	    .state = (enum outbox_state)(1 + rnd(OUTBOX_STATE_COUNT - 1)),
	    .next = (int64_t)rnd(40)};
	AUTO(buf_fini) struct buf packed = BUF_INIT;

	(void)a;
	blob_pack(S("mail"), &packed);
	if (now.nout < MAX_OUT && (now.nout < 5 || rnd(3) == 0)) {
		o.blob = blob_put(t, buf_str(&packed));
		outbox_put(t, &o);
		assert_int_equal(o.id, ++now.nout);
	} else {
		struct outbox old;
		enum outbox_state state = o.state;
		int64_t next = o.next;

		assert_int_equal(
		    outbox_get(t, a, 1 + rnd((unsigned)now.nout), &old), 1);
		o = old;
		o.state = state;
		o.next = next;
		outbox_put(t, &o);
	}
	now.out[o.id] = (struct model_out){o.state, o.next};
}

static void
change_timer(struct txn *t, struct arena *a)
{
	static const char *const data[] = {"", "a", "snooze"};

	(void)a;
	if (now.ntimers < MAX_TIMERS && rnd(2)) {
		struct timer m = {(int64_t)rnd(1000) - 100, rnd(4),
		    1 + rnd((unsigned)now.ntickets), str_c(data[rnd(3)])};

		timer_put(t, &m);
		for (size_t i = 0; i < now.ntimers; i++)
			if (now.timer[i].due == m.due &&
			    now.timer[i].kind == m.kind &&
			    now.timer[i].ticket == m.ticket &&
			    str_eq(now.timer[i].data, m.data))
				return;
		now.timer[now.ntimers++] = m;
	} else if (now.ntimers) {
		size_t i = rnd((unsigned)now.ntimers);

		timer_del(t, &now.timer[i]);
		now.timer[i] = now.timer[--now.ntimers];
	}
}

static bool
see_timer(void *ctx, const struct timer *m)
{
	struct seen *s = ctx;

	if (s->n)
		assert_true(m->due >= s->at[s->n - 1]);
	s->at[s->n++] = m->due;
	return true;
}

/* --- comparing --- */

static bool
see_ticket(void *ctx, const struct ticket *k)
{
	struct seen *s = ctx;
	const struct model_ticket *m = &now.ticket[k->id];

	assert_int_equal(k->status, m->status);
	assert_int_equal(k->updated, m->updated);
	assert_true(str_eq(k->queue, str_c(queues[m->queue])));
	if (s->n)
		assert_true(
		    k->updated < s->at[s->n - 1] ||
		    (k->updated == s->at[s->n - 1] && k->id < s->id[s->n - 1]));
	s->id[s->n] = k->id;
	s->at[s->n++] = k->updated;
	return true;
}

static void
compare_lists(struct txn *t, struct arena *a)
{
	for (unsigned i = 0; i < 40; i++) {
		unsigned q = rnd(4), g = rnd(3), p = rnd(PEOPLE);
		struct ticket_filter f = {.statuses = rnd(2) ? rnd(512) : 0,
		    .queue = str_c(queues[q]),
		    .assignee = str_c(agents[g]),
		    .requester = person(a, rnd(2) ? p : 0)};
		struct seen all = {.n = 0}, part = {.n = 0};
		size_t want = 0;

		f.statuses &= ~1u;
		assert_int_equal(ticket_each(t, a, &f, see_ticket, &all), 0);
		for (size_t id = 1; id <= now.ntickets; id++) {
			const struct model_ticket *m = &now.ticket[id];

			want += (!f.statuses || f.statuses & 1u << m->status) &&
				(!q || m->queue == q) &&
				(!g || m->assignee == g) &&
				(!f.requester.n || m->requester == p);
		}
		assert_int_equal(all.n, want);
		if (all.n < 3)
			continue;
		f.after = all.id[1];
		f.limit = 2;
		assert_int_equal(ticket_each(t, a, &f, see_ticket, &part), 0);
		assert_int_equal(part.n, MIN(all.n - 2, (size_t)2));
		assert_int_equal(part.id[0], all.id[2]);
	}
}

static bool
see_any(void *ctx, const struct outbox *o)
{
	struct seen *s = ctx;

	assert_int_equal(o->state, now.out[o->id].state);
	if (s->n)
		assert_true(o->id > s->id[s->n - 1]);
	s->id[s->n++] = o->id;
	return true;
}

static void
compare_outbox(struct txn *t, struct arena *a)
{
	size_t due = 0, states[OUTBOX_STATE_COUNT] = {0};
	int64_t first = INT64_MAX, got;
	struct seen s = {.n = 0};
	uint64_t ids[MAX_OUT];
	int found;

	for (size_t i = 1; i <= now.nout; i++) {
		const struct model_out *o = &now.out[i];

		states[o->state]++;
		due += o->state == OUTBOX_QUEUED && o->next <= 20;
		if (o->state == OUTBOX_QUEUED)
			first = MIN(first, o->next);
	}
	found = outbox_due(t, NULL, 20, ids, MAX_OUT);
	assert_int_equal(found, due);
	for (int i = 0; i < found; i++) {
		assert_int_equal(now.out[ids[i]].state, OUTBOX_QUEUED);
		if (i)
			assert_true(
			    now.out[ids[i]].next >= now.out[ids[i - 1]].next);
	}
	assert_int_equal(outbox_next(t, NULL, &got), states[OUTBOX_QUEUED] > 0);
	if (states[OUTBOX_QUEUED])
		assert_int_equal(got, first);
	for (enum outbox_state x = 0; x < OUTBOX_STATE_COUNT; x++) {
		uint64_t n = 0;

		s.n = 0;
		assert_int_equal(outbox_each(t, a, x, see_any, &s), 0);
		assert_int_equal(
		    s.n, x ? states[x] : now.nout - states[OUTBOX_SENT]);
		if (x) {
			assert_int_equal(outbox_count(t, x, &n), 0);
			assert_int_equal(n, states[x]);
		}
	}
}

static void
compare_rows(struct txn *t, struct arena *a)
{
	struct seen timers = {.n = 0};
	struct timer first;
	uint64_t n, counted = 0;

	for (uint64_t id = 1; id <= now.ntickets; id++) {
		const struct model_ticket *m = &now.ticket[id];
		struct ticket k;

		arena_reset(a);
		assert_int_equal(ticket_get(t, a, id, &k), 1);
		assert_int_equal(k.status, m->status);
		assert_int_equal(k.resolved, CLOCK_NONE);
		assert_int_equal(k.articles, m->articles);
		if (m->requester || m->articles)
			assert_int_equal(k.tags.n, 1);
		for (uint32_t q = 1; q <= m->articles; q++) {
			struct article r;
			struct event e;

			assert_int_equal(article_get(t, a, id, q, &r), 1);
			assert_true(str_eq(r.text,
			    text_of(a, m->text[q - 1], m->text_seed[q - 1])));
			assert_int_equal(r.date, CLOCK_NONE);
			assert_int_equal(event_get(t, a, id, q, &e), 1);
			assert_int_equal(e.at, -9);
		}
	}
	for (enum status s = 1; s < STATUS_COUNT; s++) {
		assert_int_equal(ticket_count(t, s, &n), 0);
		counted += n;
	}
	assert_int_equal(counted, now.ntickets);
	assert_int_equal(timer_first(t, a, &first), now.ntimers > 0);
	for (size_t i = 0; i < now.ntimers; i++)
		assert_true(first.due <= now.timer[i].due);
	assert_int_equal(timer_each(t, a, see_timer, &timers), 0);
	assert_int_equal(timers.n, now.ntimers);
}

static void
random_operations(void **state)
{
	struct box b;

	(void)state;
	box_init(&b);
	for (unsigned round = 0; round < 300; round++) {
		struct txn *t = box_write(&b);

		saved = now;
		if (!now.ntickets)
			new_ticket(t, &b.a);
		for (unsigned i = rnd(30); i > 0; i--) {
			arena_reset(&b.a);
			switch (rnd(6)) {
			case 0:
				new_ticket(t, &b.a);
				break;
			case 1:
				add_article(t, &b.a);
				break;
			case 2:
				change_outbox(t, &b.a);
				break;
			case 3:
				change_timer(t, &b.a);
				break;
			default:
				change_ticket(t, &b.a);
				break;
			}
		}
		if (round % 10 == 3)
			compare_lists(t, &b.a);
		if (rnd(4) == 0) {
			txn_abort(&t);
			now = saved;
		} else {
			box_commit(t);
		}
		if (round % 10)
			continue;
		t = box_read(&b);
		compare_rows(t, &b.a);
		compare_lists(t, &b.a);
		compare_outbox(t, &b.a);
		box_commit(t);
		if (round % 100 == 0) {
			box_check(&b);
			store_close(b.s);
			box_open(&b);
		}
	}
	box_check(&b);
	box_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

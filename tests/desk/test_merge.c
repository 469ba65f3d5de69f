/* merge, split, child, link: what is refused, what each leaves on both tickets, and where mail goes afterwards. */
#include "fixture.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/family.h"
#include "desk/merge.h"
#include "desk/outbound.h"
#include "desk/people.h"
#include "desk/search.h"
#include "desk/timeline.h"
#include "store/blob.h"
#include "store/check.h"

#define ANN "ann@x.example"
#define BOB "bob@y.example"
#define CARL "carl@z.example"

/* --- doing ------------------------------------------------------------- */

enum deed {
	MERGE,
	SPLIT,
	CHILD,
	LINK,
	UNLINK
};

struct doing {
	enum deed deed;
	uint64_t k, other; /* MERGE: other into k */
	uint32_t seq;
	struct child child;
	int64_t now;
	int rc;
	struct err err;
	uint64_t made;
};

static const struct actor anna = {{"agent:anna", 10}, {"row 10", 6}};

static int
run_deed(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct doing *x = ctx;
	struct desk *d = &f->desk;
	struct arena *a = &f->a;
	struct ticket k, from, out = {0};
	uint32_t events;

	if (ticket_get(t, a, x->k, &k) != 1 ||
	    (x->deed == MERGE && ticket_get(t, a, x->other, &from) != 1))
		return err_set(err, ERR_NOENT, "the test names no ticket");
	events = k.events;
	if (x->other == x->k)
		from = k;
	if (x->deed == MERGE)
		x->rc =
		    merge_tickets(d, t, a, &k, &from, &anna, x->now, &x->err);
	else if (x->deed == SPLIT)
		x->rc = merge_split(
		    d, t, a, &k, x->seq, &anna, x->now, &out, &x->err);
	else if (x->deed == CHILD)
		x->rc = merge_child(
		    d, t, a, &k, &x->child, &anna, x->now, &out, &x->err);
	else if (x->deed == LINK)
		x->rc =
		    merge_link(d, t, a, &k, x->other, &anna, x->now, &x->err);
	else
		x->rc =
		    merge_unlink(d, t, a, &k, x->other, &anna, x->now, &x->err);
	x->made = out.id;
	/* A refusal has written nothing: the transaction is still good. */
	if (x->rc < 0 && k.events != events)
		return err_set(err, ERR_PERM, "a refusal left an event");
	term_batch_put(t, d->terms);
	return txn_error(t, err);
}

static struct doing
try_deed(struct fixture *f, struct doing x)
{
	if (!x.now)
		x.now = NOW + CLOCK_DAY;
	with_txn(f, run_deed, &x);
	return x;
}

static uint64_t
must_do(struct fixture *f, struct doing x)
{
	x = try_deed(f, x);
	if (x.rc < 0)
		fail_msg("%s", x.err.msg);
	fixture_verify(f);
	return x.made;
}

static void
must_refuse(
    struct fixture *f, const char *name, struct doing x, const char *words)
{
	x = try_deed(f, x);
	if (x.rc == 0)
		fail_msg("%s: done", name);
	if (x.err.code != ERR_INVAL || !strstr(x.err.msg, words))
		fail_msg("%s: %s (%s)", name, x.err.msg, err_name(x.err.code));
	fixture_verify(f);
}

static uint64_t
opens(struct fixture *f, const char *from, const char *id)
{
	struct outcome o = take(f, &(struct mail){.from = from, .id = id}, NOW);

	assert_true(o.is_new);
	return o.ticket;
}

static uint64_t
opens_child(struct fixture *f, uint64_t k)
{
	return must_do(
	    f, (struct doing){.deed = CHILD,
		   .k = k,
		   .child = {.queue = S("billing"), .subject = S("Refund")}});
}

static void
merges(struct fixture *f, uint64_t from, uint64_t into)
{
	must_do(f, (struct doing){.deed = MERGE, .k = into, .other = from});
}

static enum role
role_of(const struct ticket *k, const char *addr)
{
	for (size_t i = 0; i < k->nparticipants; i++)
		if (address_eq(k->participants[i].address.addr, str_c(addr)))
			return k->participants[i].role;
	return 0;
}

static const char *
our_id(struct fixture *f, uint64_t id, uint32_t seq)
{
	return arena_cstr(&f->a, article(f, id, seq).message_id);
}

static const char *
plus_address(struct fixture *f, uint64_t id, uint32_t seq)
{
	struct str m = raw(f, id, seq);
	ptrdiff_t at = str_find(m, S("support+"), 0);
	ptrdiff_t end =
	    at < 0 ? -1 : str_find(m, S("@acme.example"), (size_t)at);

	assert_true(at >= 0 && end > at);
	return arena_cstr(&f->a, str_sub(m, (size_t)at, (size_t)end + 13));
}

/* --- merging ----------------------------------------------------------- */

static void
test_merge(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, "Ann <" ANN ">", "a1@x.example");
	uint64_t two = take(f,
	    &(struct mail){.from = "Bob <" BOB ">",
		.cc = "Carl <" CARL ">, support@acme.example",
		.id = "b1@y.example"},
	    NOW + CLOCK_MINUTE)
			   .ticket;
	uint32_t articles = ticket(f, two).articles;
	struct ticket k, from;
	uint64_t n;
	struct txn *t = NULL;

	answer(f, two, "Soon.", NOW + CLOCK_HOUR);
	merges(f, two, one);
	k = ticket(f, one);
	from = ticket(f, two);
	assert_int_equal(from.status, STATUS_MERGED);
	assert_int_equal(from.merged_into, one);
	assert_int_equal(from.articles, articles + 1);
	assert_int_equal(k.first_response, NOW + CLOCK_HOUR);
	assert_int_equal(k.customer_wrote, NOW + CLOCK_MINUTE);
	assert_int_equal(k.agent_wrote, NOW + CLOCK_HOUR);
	assert_int_equal(role_of(&k, ANN), ROLE_REQUESTER);
	assert_int_equal(role_of(&k, BOB), ROLE_CC);
	assert_int_equal(role_of(&k, CARL), ROLE_CC);
	assert_true(ticket_links_as(&k, two, LINK_MERGED_FROM));
	assert_str(event_detail(f, one, "merged"), "#2 into this one");
	assert_str(event_detail(f, two, "merged"), "into #1");
	assert_str(event_detail(f, one, "participant"),
	    "bob@y.example, carl@z.example of #2");
	/* Nothing went out for it, nobody was answered. */
	assert_int_equal(count_events(f, one, "notified"), 0);
	/* What lists and counts show. */
	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	ticket_count(t, STATUS_MERGED, &n);
	assert_int_equal(n, 1);
	txn_abort(&t);
}

/* A mail, and where it must land. */
static void
lands(struct fixture *f, const char *name, const struct mail *m, uint64_t id,
    bool joins)
{
	struct outcome o = take(f, m, NOW + 2 * CLOCK_DAY);
	struct article r = article(f, o.ticket, o.seq);

	if (joins == o.is_new || (joins && o.ticket != id))
		fail_msg("%s: ticket %u, new %d: %.*s", name,
		    (unsigned)o.ticket, o.is_new, STR_ARG(r.evidence));
	if (!joins) {
		struct ticket k = ticket(f, o.ticket);

		if (!ticket_links_to(&k, id))
			fail_msg("%s: not linked", name);
	}
	fixture_verify(f);
}

static void
test_thread(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example"), two, three, four;
	const char *plus, *to_bob, *ack, *late;
	struct ticket k;

	two = opens(f, BOB, "b1@y.example");
	three = opens(f, CARL, "c1@z.example");
	answer(f, two, "Soon.", NOW + CLOCK_HOUR); /* bound to Bob */
	plus = plus_address(f, two, 3);
	to_bob = our_id(f, two, 3);
	ack = our_id(f, three, 2);
	late = our_id(f, one, 2);
	merges(f, three, two);
	merges(f, two, one);

	lands(f, "token of Bob's Reply-To",
	    &(struct mail){.from = BOB, .to = plus}, one, true);
	assert_str(article(f, one, ticket(f, one).articles).flag, "");
	lands(f, "the same from Ann", &(struct mail){.from = ANN, .to = plus},
	    one, true);
	assert_has(article(f, one, ticket(f, one).articles).flag, "given to");
	lands(f, "token in a Message-ID",
	    &(struct mail){.from = BOB, .in_reply_to = to_bob}, one, true);
	lands(f, "token in a Message-ID, merged twice",
	    &(struct mail){.from = CARL, .in_reply_to = ack}, one, true);
	lands(f, "Carl's own id",
	    &(struct mail){.from = CARL, .references = "c1@z.example"}, one,
	    true);
	lands(f, "the number of the source",
	    &(struct mail){
		.from = CARL, .subject = "Re: [Acme #3] Printer on fire"},
	    one, true);
	lands(f, "ids of two merged tickets do not conflict",
	    &(struct mail){.from = CARL,
		.in_reply_to = ack,
		.references = "a1@x.example b1@y.example"},
	    one, true);
	lands(f, "Bob answers what Ann got",
	    &(struct mail){.from = BOB, .in_reply_to = late}, one, true);
	lands(f, "a stranger who knows an id of the source",
	    &(struct mail){
		.from = "eve@w.example", .in_reply_to = "c1@z.example"},
	    one, false);
	lands(f, "a stranger who names the source's number",
	    &(struct mail){.from = "eve@w.example",
		.references = "b1@y.example",
		.subject = "[Acme #2] x"},
	    one, false);
	/* Over and late, as with any ticket. */
	set_status(f, one, STATUS_CLOSED, NOW + CLOCK_DAY);
	k = ticket(f, one);
	lands(f, "to a merged ticket whose target is closed",
	    &(struct mail){.from = BOB,
		.in_reply_to = to_bob,
		.text = "Still broken, please look again.\n"},
	    one, false);
	/* A chain that is as long as may be. */
	four = opens(f, ANN, "a9@x.example");
	merges(f, one, four);
	lands(f, "three merges on",
	    &(struct mail){.from = CARL, .in_reply_to = ack}, four, true);
	assert_int_equal(ticket(f, one).articles, k.articles);
}

static void
test_chain(void **state)
{
	struct fixture *f = *state;
	uint64_t first = opens(f, ANN, "a0@x.example"), last = first, id = 0;
	uint64_t *ids;
	struct ticket k;
	struct txn *t = NULL;
	size_t n;

	/* Each merged into the next one: a pointer MERGED_MAX long. */
	for (int i = 0; i < MERGED_MAX; i++) {
		struct doing x = {.deed = MERGE, .other = last};

		id = opens(f, ANN,
		    arena_cstr(&f->a, arena_printf(&f->a, "m%d@x.example", i)));
		x.k = id;
		x = try_deed(f, x);
		if (x.rc < 0)
			fail_msg("%d: %s", i, x.err.msg);
		last = id;
	}
	fixture_verify(f);
	lands(f, "through all of them",
	    &(struct mail){.from = ANN, .in_reply_to = "a0@x.example"}, last,
	    true);
	must_refuse(f, "one more",
	    (struct doing){.deed = MERGE,
		.k = opens(f, ANN, "o@x.example"),
		.other = last},
	    "more than 100");
	must_refuse(f, "one more, flat",
	    (struct doing){.deed = MERGE,
		.k = last,
		.other = opens(f, ANN, "p@x.example")},
	    "more than 100");
	k = ticket(f, last);
	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	assert_int_equal(merge_sources(t, &f->a, &k, &ids, &n, NULL), 0);
	assert_int_equal(n, MERGED_MAX);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ids[i], first + i);
	txn_abort(&t);
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example");
	uint64_t two = opens(f, BOB, "b1@y.example");
	uint64_t spam = opens(f, CARL, "c1@z.example");
	uint64_t gone = opens(f, BOB, "b2@y.example");
	uint64_t below = opens_child(f, one), deep = opens_child(f, below);

	set_status(f, spam, STATUS_SPAM, NOW);
	merges(f, gone, two);
	const struct {
		const char *name;
		struct doing x;
		const char *words;
	} rows[] = {
	    {"into itself", {.deed = MERGE, .k = one, .other = one},
		"into itself"},
	    {"merged already", {.deed = MERGE, .k = one, .other = gone},
		"ticket 4 was merged into 2 already"},
	    {"into a merged one", {.deed = MERGE, .k = gone, .other = one},
		"ticket 4 was merged into 2 already"},
	    {"the other way round", {.deed = MERGE, .k = two, .other = gone},
		"already"},
	    {"spam", {.deed = MERGE, .k = one, .other = spam}, "is spam"},
	    {"into spam", {.deed = MERGE, .k = spam, .other = one}, "is spam"},
	    {"a parent into its child",
		{.deed = MERGE, .k = below, .other = one},
		"ticket 5 is a sub-ticket of 1"},
	    {"a grandparent", {.deed = MERGE, .k = deep, .other = one},
		"ticket 6 is a sub-ticket"},
	    {"a grandchild past its parent",
		{.deed = MERGE, .k = one, .other = deep}, "merge 5 first"},
	    {"split: no such article", {.deed = SPLIT, .k = one, .seq = 9},
		"no article 9"},
	    {"split: article 0", {.deed = SPLIT, .k = one, .seq = 0},
		"no article 0"},
	    {"split: of ours", {.deed = SPLIT, .k = one, .seq = 2},
		"a mail of ours"},
	    {"split: a note", {.deed = SPLIT, .k = below, .seq = 1},
		"is a note"},
	    {"child: no such queue",
		{.deed = CHILD,
		    .k = one,
		    .child = {.queue = S("biling"), .subject = S("x")}},
		"did you mean billing?"},
	    {"child: no subject",
		{.deed = CHILD,
		    .k = one,
		    .child = {.queue = S("billing"), .subject = S("  ")}},
		"subject is empty"},
	    {"child: only a tag",
		{.deed = CHILD,
		    .k = one,
		    .child = {.queue = S("billing"),
			.subject = S("Re: [Acme #1]")}},
		"subject is empty"},
	    {"child: a line more",
		{.deed = CHILD,
		    .k = one,
		    .child = {.queue = S("billing"), .subject = S("x\ty")}},
		"control"},
	    {"child: not UTF-8",
		{.deed = CHILD,
		    .k = one,
		    .child = {.queue = S("billing"),
			.subject = S("x"),
			.text = S("\xff")}},
		"UTF-8"},
	    {"child of a merged one",
		{.deed = CHILD,
		    .k = gone,
		    .child = {.queue = S("billing"), .subject = S("x")}},
		"was merged into 2"},
	    {"child of spam",
		{.deed = CHILD,
		    .k = spam,
		    .child = {.queue = S("billing"), .subject = S("x")}},
		"is spam: open it"},
	    {"link to itself", {.deed = LINK, .k = one, .other = one},
		"not linked to itself"},
	    {"link to nothing", {.deed = LINK, .k = one, .other = 999},
		"no ticket #999"},
	    {"link of a merged one", {.deed = LINK, .k = gone, .other = one},
		"was merged into 2"},
	    {"link to a merged one", {.deed = LINK, .k = one, .other = gone},
		"was merged into 2"},
	    {"unlink what is not", {.deed = UNLINK, .k = one, .other = two},
		"not linked"},
	    {"unlink a child", {.deed = UNLINK, .k = one, .other = below},
		"sub-ticket"},
	    {"unlink a parent", {.deed = UNLINK, .k = below, .other = one},
		"sub-ticket"},
	    {"unlink a merge", {.deed = UNLINK, .k = two, .other = gone},
		"are merged"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		must_refuse(f, rows[i].name, rows[i].x, rows[i].words);
}

static void
test_people_max(void **state)
{
	struct fixture *f = *state;
	AUTO(buf_fini) struct buf a = BUF_INIT, b = BUF_INIT;
	struct ticket k;
	uint64_t one, two;

	for (int i = 0; i < 40; i++) {
		buf_printf(&a, "%sa%d@x.example", i ? ", " : "", i);
		buf_printf(&b, "%sb%d@y.example", i ? ", " : "", i);
	}
	one = take(f, &(struct mail){.from = ANN, .cc = buf_cstr(&a)}, NOW)
		  .ticket;
	two = take(f, &(struct mail){.from = BOB, .cc = buf_cstr(&b)}, NOW)
		  .ticket;
	must_refuse(f, "too many people",
	    (struct doing){.deed = MERGE, .k = one, .other = two},
	    "more than 64 people");
	/* The same ones on both sides count once. */
	two = take(f, &(struct mail){.from = BOB, .cc = buf_cstr(&a)}, NOW)
		  .ticket;
	merges(f, two, one);
	k = ticket(f, one);
	assert_int_equal(k.nparticipants, 42);
}

/* What the target takes over, and how its state answers to the source's. */
static void
test_state(void **state)
{
	static const struct {
		enum status k, from, want;
	} rows[] = {
	    {STATUS_NEW, STATUS_NEW, STATUS_NEW},
	    {STATUS_OPEN, STATUS_NEW, STATUS_OPEN},
	    {STATUS_PENDING, STATUS_NEW, STATUS_OPEN},
	    {STATUS_PENDING, STATUS_OPEN, STATUS_OPEN},
	    {STATUS_PENDING, STATUS_PENDING, STATUS_PENDING},
	    {STATUS_PENDING, STATUS_RESOLVED, STATUS_PENDING},
	    {STATUS_HOLD, STATUS_OPEN, STATUS_HOLD},
	    {STATUS_RESOLVED, STATUS_NEW, STATUS_OPEN},
	    {STATUS_RESOLVED, STATUS_PENDING, STATUS_OPEN},
	    {STATUS_CLOSED, STATUS_OPEN, STATUS_OPEN},
	    {STATUS_CLOSED, STATUS_CLOSED, STATUS_CLOSED},
	    {STATUS_OPEN, STATUS_CLOSED, STATUS_OPEN},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t k = opens(f, ANN, NULL), from = opens(f, BOB, NULL);

		if (rows[i].k != STATUS_NEW)
			set_status(f, k, rows[i].k, NOW);
		if (rows[i].from != STATUS_NEW)
			set_status(f, from, rows[i].from, NOW);
		merges(f, from, k);
		if (ticket(f, k).status != rows[i].want)
			fail_msg("%s and %s: %s", status_name(rows[i].k),
			    status_name(rows[i].from),
			    status_name(ticket(f, k).status));
	}
}

struct decked {
	uint64_t id;
	const char *name, *value;
};

static int
run_set(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct decked *x = ctx;
	struct ticket k;

	if (ticket_get(t, &f->a, x->id, &k) != 1 ||
	    change_set(&f->desk, t, &f->a, &k, str_c(x->name), str_c(x->value),
		&anna, NOW, err) < 0)
		return -1;
	return change_done(t, &k, NOW, err);
}

static void
set(struct fixture *f, uint64_t id, const char *name, const char *value)
{
	with_txn(f, run_set, &(struct decked){id, name, value});
}

static void
test_gains(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example");
	uint64_t two = opens(f, BOB, "b1@y.example");
	struct ticket k;

	set(f, one, "tag", "vip,refund");
	set(f, two, "tag", "refund,double");
	set(f, one, "field.order", "17");
	set(f, two, "field.order", "18");
	set(f, two, "field.invoice", "99");
	set(f, two, "priority", "urgent");
	set(f, two, "assignee", "ben");
	merges(f, two, one);
	k = ticket(f, one);
	assert_int_equal(k.tags.n, 3);
	assert_true(strs_has(&k.tags, S("double")));
	assert_int_equal(k.nfields, 2);
	assert_str(k.fields[0].value, "17");
	assert_str(k.fields[1].value, "99");
	assert_int_equal(k.priority, PRIORITY_URGENT);
	assert_str(k.assignee, "ben");
	assert_str(event_detail(f, one, "tag"), "+double");
	assert_str(event_detail(f, one, "priority"), "normal -> urgent");
	assert_str(event_detail(f, one, "assignee"), "none -> ben");
	assert_str(event_detail(f, one, "field"), "invoice: none -> 99");
	/* The source's row still says what it was. */
	assert_int_equal(ticket(f, two).tags.n, 2);
	assert_str(ticket(f, two).fields[0].value, "18");
}

/* An answer reaches both, and names what the client of each has. */
static void
test_answer(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, "Ann <" ANN ">", "a1@x.example");
	uint64_t two = opens(f, "Bob <" BOB ">", "b1@y.example");
	uint64_t three = opens(f, "Carl <" CARL ">", "c1@z.example");
	struct outbox o;
	struct str m, references;
	uint32_t seq;
	ptrdiff_t at, end;

	take(f,
	    &(struct mail){.from = BOB,
		.id = "b2@y.example",
		.in_reply_to = "b1@y.example",
		.references = "b1@y.example"},
	    NOW + CLOCK_HOUR);
	merges(f, three, two);
	merges(f, two, one);
	seq = answer(f, one, "All of it is fixed.", NOW + 2 * CLOCK_DAY);
	o = outbox(f, article(f, one, seq).outbox);
	assert_int_equal(o.nrecipients, 3);
	assert_str(o.recipients[0].addr, ANN);
	assert_str(o.recipients[1].addr, BOB);
	assert_str(o.recipients[2].addr, CARL);
	m = raw(f, one, seq);
	at = str_find(m, S("\r\nReferences:"), 0);
	assert_true(at > 0);
	for (end = at + 2; (end = str_find(m, S("\r\n"), (size_t)end)) > 0 &&
			   ch_is_wsp(m.p[end + 2]);
	     end += 2)
		;
	references = str_sub(m, (size_t)at, (size_t)end);
	assert_has(references, "<a1@x.example>");
	assert_has(references, "<b1@y.example>");
	assert_has(references, "<b2@y.example>");
	assert_has(references, "<c1@z.example>");
	/* Bob wrote last: that is what is answered. */
	assert_true(str_ends(references, S("<b2@y.example>")));
	assert_has(m, "In-Reply-To: <b2@y.example>");
	/* An answer to a merged ticket is refused; its words are not lost on
	 * the wrong people. */
	{
		struct answer w = {.text = S("x"), .who = anna};
		struct ticket k = ticket(f, two);
		struct err err = ERR_INIT;

		assert_int_equal(outbound_answer(&f->desk, NULL, &f->a, &k, &w,
				     NOW, NULL, NULL, &err),
		    -1);
		assert_non_null(strstr(err.msg, "was merged into 1"));
	}
	/* Ann's answer starts a chain of its own; Bob's thread is named all
	 * the same. */
	take(f,
	    &(struct mail){.from = ANN,
		.id = "a2@x.example",
		.in_reply_to = "a1@x.example"},
	    NOW + 3 * CLOCK_DAY);
	seq = answer(f, one, "Once more.", NOW + 4 * CLOCK_DAY);
	m = raw(f, one, seq);
	assert_has(m, "<b2@y.example>");
	assert_has(m, "In-Reply-To: <a2@x.example>");
}

/* An agent's own address is not for customers: he does not join by a merge, and
 * customers do not join him. */
static void
test_agent_hidden(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example"), two, three;
	struct child child = {.queue = S("support"),
	    .subject = S("Refund"),
	    .requester = {S("Anna"), S("anna@acme.example")}};
	struct ticket k;
	uint32_t seq;

	two =
	    must_do(f, (struct doing){.deed = CHILD, .k = one, .child = child});
	three =
	    must_do(f, (struct doing){.deed = CHILD, .k = one, .child = child});
	seq = answer(f, two, "Done.", NOW);
	assert_has(raw(f, two, seq), "anna@acme.example");
	must_refuse(f, "a customer into a colleague's",
	    (struct doing){.deed = MERGE,
		.k = two,
		.other = opens(f, BOB, "b1@y.example")},
	    "is a colleague's and");
	merges(f, three, two); /* among colleagues */
	merges(f, two, one);
	k = ticket(f, one);
	assert_int_equal(k.nparticipants, 1);
	seq = answer(f, one, "All is done.", NOW);
	assert_false(str_has(raw(f, one, seq), S("anna@")));
	assert_int_equal(outbox(f, article(f, one, seq).outbox).nrecipients, 1);
}

/* --- the timeline ------------------------------------------------------ */

static void
test_timeline(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example"), two;
	struct ticket k;
	struct txn *t = NULL;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct timeline *l;
	struct article r;
	struct event e;
	AUTO(buf_fini) struct buf seen = BUF_INIT;
	int64_t last = 0;
	unsigned n = 0;

	two = take(f, &(struct mail){.from = BOB, .id = "b1@y.example"},
	    NOW + CLOCK_MINUTE)
		  .ticket;
	take(f, &(struct mail){.from = ANN, .in_reply_to = "a1@x.example"},
	    NOW + CLOCK_HOUR);
	take(f, &(struct mail){.from = BOB, .in_reply_to = "b1@y.example"},
	    NOW + 2 * CLOCK_HOUR);
	merges(f, two, one);
	take(f, &(struct mail){.from = BOB, .in_reply_to = "b1@y.example"},
	    NOW + 2 * CLOCK_DAY);
	k = ticket(f, one);
	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	assert_int_equal(
	    timeline_open(t, &a, &k, TIMELINE_ARTICLES, &l, NULL), 0);
	while (timeline_article(l, &r) > 0)
		buf_printf(&seen, "%u/%u ", (unsigned)r.ticket, r.seq);
	timeline_close(&l);
	assert_string_equal(buf_cstr(&seen), "1/1 1/2 2/1 2/2 1/3 2/3 1/4 ");
	assert_int_equal(
	    timeline_open(t, &a, &k, TIMELINE_EVENTS, &l, NULL), 0);
	while (timeline_event(l, &e) > 0) {
		assert_true(e.at >= last);
		last = e.at;
		n++;
	}
	timeline_close(&l);
	timeline_close(&l);
	txn_abort(&t);
	assert_int_equal(n, k.events + ticket(f, two).events);
}

/* --- splitting --------------------------------------------------------- */

static void
check_store(struct fixture *f)
{
	struct store_check_options o = {0};
	struct store_counts counts;

	assert_int_equal(
	    store_check(f->store, &o, NULL, NULL, &counts, NULL), 0);
	assert_int_equal(counts.problems, 0);
}

static void
test_split(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, "Ann <" ANN ">", "a1@x.example"), made;
	struct outcome o = take(f,
	    &(struct mail){.from = "Ann <" ANN ">",
		.cc = BOB ", " CARL,
		.subject = "Re: [Acme #1] And an invoice",
		.id = "a2@x.example",
		.in_reply_to = "a1@x.example",
		.text = "I also need an invoice.\n",
		.attachment = true,
		.language = "de"},
	    NOW + CLOCK_HOUR);
	struct ticket k, out;
	struct article r, copy;

	assert_int_equal(o.ticket, one);
	set(f, one, "cc", "+" BOB);
	made =
	    must_do(f, (struct doing){.deed = SPLIT, .k = one, .seq = o.seq});
	check_store(f);
	k = ticket(f, one);
	out = ticket(f, made);
	r = article(f, one, o.seq);
	copy = article(f, made, 1);
	assert_str(out.subject, "And an invoice");
	assert_str(out.requester.addr, ANN);
	assert_str(out.queue, "support");
	assert_str(out.language, "de");
	assert_int_equal(out.status, STATUS_NEW);
	assert_int_equal(out.articles, 1);
	/* Who read along reads along; a header alone adds no reader. */
	assert_int_equal(role_of(&out, BOB), ROLE_CC);
	assert_int_equal(role_of(&out, CARL), ROLE_PROPOSED);
	assert_true(ticket_links_as(&k, made, LINK_SPLIT));
	assert_true(ticket_links_as(&out, one, LINK_SPLIT));
	assert_str(event_detail(f, one, "split"), "article 3 to #2");
	assert_str(event_detail(f, made, "split"), "from #1 article 3");
	assert_int_not_equal(copy.blob, r.blob);
	assert_true(str_eq(raw(f, made, 1), raw(f, one, o.seq)));
	assert_str(copy.text, "I also need an invoice.\n");
	assert_int_equal(copy.attachments.n, 1);
	assert_int_equal(copy.date, r.date);
	assert_str(copy.evidence, "split from #1 article 3");

	lands(f, "a reply to that mail",
	    &(struct mail){.from = ANN,
		.in_reply_to = "a2@x.example",
		.references = "a1@x.example a2@x.example"},
	    made, true);
	lands(f, "a reply to the first one",
	    &(struct mail){.from = ANN, .in_reply_to = "a1@x.example"}, one,
	    true);
	lands(f, "from who does not take part in the new one",
	    &(struct mail){.from = CARL, .in_reply_to = "a2@x.example"}, made,
	    false);
	answer(f, made, "Here it is.", NOW + 3 * CLOCK_DAY);
	lands(f, "a reply to its answer",
	    &(struct mail){.from = BOB,
		.in_reply_to = our_id(f, made, ticket(f, made).articles)},
	    made, true);
	/* The mail once more is a duplicate of the original. */
	assert_int_equal(article(f, one, 3).seq, 3);
}

static void
test_split_more(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example"), two, made;
	struct outcome o;

	/* Of a merged ticket: what was put together by mistake. */
	two = opens(f, BOB, "b1@y.example");
	merges(f, two, one);
	made = must_do(f, (struct doing){.deed = SPLIT, .k = two, .seq = 1});
	assert_str(ticket(f, made).requester.addr, BOB);
	lands(f, "Bob's thread goes on there",
	    &(struct mail){.from = BOB, .in_reply_to = "b1@y.example"}, made,
	    true);
	/* A stub of a mail that was too large, and one without an id. */
	o = take(f, &(struct mail){.from = CARL, .oversize = true}, NOW);
	must_do(f, (struct doing){.deed = SPLIT, .k = o.ticket, .seq = o.seq});
	check_store(f);
	/* The same mail twice is two tickets; the id names the last one. */
	two = must_do(f, (struct doing){.deed = SPLIT, .k = one, .seq = 1});
	made = must_do(f, (struct doing){.deed = SPLIT, .k = one, .seq = 1});
	lands(f, "to the mail that was split twice",
	    &(struct mail){.from = ANN, .in_reply_to = "a1@x.example"}, two,
	    true);
	assert_int_not_equal(made, two);
}

/* The content offered again is the original's. */
static void
test_split_duplicate(void **state)
{
	struct fixture *f = *state;
	struct outcome o = take(f,
	    &(struct mail){.from = ANN, .id = "a1@x.example", .content = "c"},
	    NOW);
	uint64_t one = o.ticket;

	must_do(f, (struct doing){.deed = SPLIT, .k = one, .seq = 1});
	o = take(f,
	    &(struct mail){.from = ANN, .id = "a1@x.example", .content = "c"},
	    NOW);
	assert_int_equal(o.fate, FATE_DUPLICATE);
	assert_int_equal(o.ticket, one);
}

/* --- sub-tickets ------------------------------------------------------- */

static int
run_force(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	uint64_t *id = ctx;
	struct ticket k;

	if (ticket_get(t, &f->a, *id, &k) != 1 ||
	    change_status_forced(
		&f->desk, t, &f->a, &k, STATUS_RESOLVED, &anna, NOW, err) < 0)
		return -1;
	return change_done(t, &k, NOW, err);
}

static int
run_refused(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	uint64_t *id = ctx;
	struct ticket k;
	struct err why = ERR_INIT;
	uint32_t events;

	if (ticket_get(t, &f->a, *id, &k) != 1)
		return -1;
	events = k.events;
	assert_int_equal(change_status(&f->desk, t, &f->a, &k, STATUS_RESOLVED,
			     &anna, NOW, &why),
	    -1);
	assert_int_equal(why.code, ERR_INVAL);
	assert_string_equal(why.msg, "ticket 1 has open sub-tickets: #2, #3");
	assert_int_equal(k.events, events);
	return txn_error(t, err);
}

static void
test_child(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example"), two, three;
	struct ticket k, c;

	two =
	    must_do(f, (struct doing){.deed = CHILD,
			   .k = one,
			   .child = {.queue = S("Billing"),
			       .subject = S("Re: Refund 17"),
			       .text = S("Please pay back 17 EUR.\n"),
			       .requester = {S("Anna"), S("anna@acme.example")},
			       .author = S("Anna")}});
	c = ticket(f, two);
	k = ticket(f, one);
	assert_str(c.subject, "Refund 17");
	assert_str(c.queue, "billing");
	assert_str(c.requester.addr, "anna@acme.example");
	assert_int_equal(merge_parent(&c), one);
	assert_int_equal(merge_parent(&k), 0);
	assert_int_equal(article(f, two, 1).direction, DIRECTION_NOTE);
	assert_str(article(f, two, 1).text, "Please pay back 17 EUR.");
	assert_str(
	    event_detail(f, one, "child"), "opened #2 in billing: Refund 17");
	assert_str(event_detail(f, two, "child"), "of #1");
	three = opens_child(f, one);
	assert_str(article(f, three, 1).text, "Refund");
	assert_int_equal(ticket(f, three).nparticipants, 0);
	with_txn(f, run_refused, &one);

	set_status(f, two, STATUS_RESOLVED, NOW);
	assert_str(event_detail(f, one, "child"), "#2 resolved");
	set_status(f, three, STATUS_CLOSED, NOW);
	assert_str(event_detail(f, one, "child"),
	    "#3 closed; no sub-ticket is open any more");
	set_status(f, one, STATUS_RESOLVED, NOW);
	set_status(f, two, STATUS_OPEN, NOW);
	assert_str(event_detail(f, one, "child"), "#2 reopened");
	assert_int_equal(ticket(f, one).status, STATUS_RESOLVED);
	/* From resolved to closed the child was over already. */
	set_status(f, two, STATUS_RESOLVED, NOW);
	set_status(f, two, STATUS_CLOSED, NOW);
	assert_str(event_detail(f, one, "child"),
	    "#2 resolved; no sub-ticket is open any more");

	set_status(f, two, STATUS_OPEN, NOW);
	set_status(f, one, STATUS_OPEN, NOW);
	with_txn(f, run_force, &one);
	assert_int_equal(ticket(f, one).status, STATUS_RESOLVED);
	assert_str(event_detail(f, one, "child"), "still open: #2");
}

/* A customer's reply reopens a child: its parent hears of it. */
static void
test_child_mail(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example"), two;
	uint32_t seq;

	two = must_do(f, (struct doing){.deed = CHILD,
			     .k = one,
			     .child = {.queue = S("support"),
				 .subject = S("Refund"),
				 .requester = {S("Bob"), S(BOB)}}});
	seq = answer(f, two, "Done.", NOW);
	set_status(f, two, STATUS_RESOLVED, NOW);
	take(f,
	    &(struct mail){.from = BOB,
		.in_reply_to = our_id(f, two, seq),
		.text = "No, it is not done at all, look again.\n"},
	    NOW + CLOCK_HOUR);
	assert_int_equal(ticket(f, two).status, STATUS_OPEN);
	assert_str(event_detail(f, one, "child"), "#2 reopened");
}

static void
test_child_merge(void **state)
{
	struct fixture *f = *state;
	uint64_t p = opens(f, ANN, NULL), q = opens(f, BOB, NULL);
	uint64_t c = opens_child(f, p), g = opens_child(f, c);
	uint64_t own = opens_child(f, q);
	struct ticket k;
	uint64_t *ids;
	size_t n;
	struct txn *t = NULL;

	/* The source's child becomes the target's. */
	merges(f, p, q);
	k = ticket(f, q);
	assert_true(ticket_links_as(&k, c, LINK_CHILD));
	assert_true(ticket_links_as(&k, own, LINK_CHILD));
	k = ticket(f, c);
	assert_int_equal(merge_parent(&k), q);
	k = ticket(f, p);
	assert_int_equal(k.nlinks, 0);
	assert_str(event_detail(f, c, "child"), "of #2 now, was of #1");
	/* A child into its parent: its own children are the parent's. */
	merges(f, c, q);
	k = ticket(f, q);
	assert_false(ticket_links_as(&k, c, LINK_CHILD));
	assert_true(ticket_links_as(&k, g, LINK_CHILD));
	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	assert_int_equal(merge_open_children(t, &f->a, &k, &ids, &n, NULL), 0);
	assert_int_equal(n, 2);
	txn_abort(&t);
	/* A child merged into a ticket beside: the parent waits for that. */
	p = opens(f, CARL, NULL);
	merges(f, g, p);
	k = ticket(f, q);
	assert_true(ticket_links_as(&k, p, LINK_CHILD));
	k = ticket(f, p);
	assert_int_equal(merge_parent(&k), q);
	set_status(f, own, STATUS_RESOLVED, NOW);
	set_status(f, p, STATUS_RESOLVED, NOW);
	assert_str(event_detail(f, q, "child"),
	    "#6 resolved; no sub-ticket is open any more");
}

static void
test_depth(void **state)
{
	struct fixture *f = *state;
	uint64_t id = opens(f, ANN, NULL);

	for (int i = 0; i < CHILD_DEPTH_MAX; i++)
		id = opens_child(f, id);
	must_refuse(f, "deeper",
	    (struct doing){.deed = CHILD,
		.k = id,
		.child = {.queue = S("billing"), .subject = S("x")}},
	    "one below the other");
}

/* --- links ------------------------------------------------------------- */

static void
test_links(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example");
	uint64_t two = opens(f, BOB, "b1@y.example");
	struct ticket k;

	must_do(f, (struct doing){.deed = LINK, .k = one, .other = two});
	k = ticket(f, two);
	assert_true(ticket_links_as(&k, one, LINK_RELATED));
	assert_str(event_detail(f, one, "link"), "related #2");
	must_do(
	    f, (struct doing){
		   .deed = LINK, .k = two, .other = one}); /* there already */
	assert_int_equal(count_events(f, two, "link"), 1);
	must_do(f, (struct doing){.deed = UNLINK, .k = two, .other = one});
	assert_int_equal(ticket(f, one).nlinks, 0);
	assert_int_equal(ticket(f, two).nlinks, 0);
	assert_str(event_detail(f, one, "unlink"), "#2");
	assert_str(event_detail(f, two, "unlink"), "#1");
	must_do(f, (struct doing){.deed = LINK, .k = two, .other = one});
	/* Linked and then merged: only the merge stays when the link goes. */
	merges(f, two, one);
	must_do(f, (struct doing){.deed = UNLINK, .k = one, .other = two});
	k = ticket(f, one);
	assert_int_equal(k.nlinks, 1);
	must_refuse(f, "the merge",
	    (struct doing){.deed = UNLINK, .k = one, .other = two}, "merged");
}

/* --- mail of ours that is under way ------------------------------------- */

static void
test_bounce(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example");
	uint64_t two = opens(f, BOB, "b1@y.example");
	uint32_t seq = answer(f, two, "Here.", NOW);
	struct bounced b = {.address = S(BOB),
	    .status = S("5.1.1"),
	    .hard = true,
	    .reason = S("no such user"),
	    .action = S("failed")};
	struct bounce bounce = {&b, 1, str_c(our_id(f, two, seq)), S("")};
	struct outcome o;

	merges(f, two, one);
	set_status(f, one, STATUS_RESOLVED, NOW);
	o = take(f,
	    &(struct mail){.from = "MAILER-DAEMON@y.example",
		.automatic = "null Return-Path",
		.bounce = &bounce},
	    NOW + CLOCK_HOUR);
	assert_int_equal(o.ticket, one);
	assert_int_equal(o.fate, FATE_INTERNAL);
	/* The target reopens, the row that failed is the source's. */
	assert_int_equal(ticket(f, one).status, STATUS_OPEN);
	assert_int_equal(
	    outbox(f, article(f, two, seq).outbox).recipients[0].state,
	    OUTBOX_FAILED);
}

/* --- notices ----------------------------------------------------------- */

struct told {
	struct buf *b;
	uint64_t after;
};

static bool
note_mail(void *ctx, const struct outbox *o)
{
	struct told *x = ctx;

	if (str_eq(o->kind, S("notice")) && o->id > x->after)
		buf_printf(x->b, "#%llu %.*s ", (unsigned long long)o->ticket,
		    STR_ARG(str_sub(o->recipients[0].addr, 0, 4)));
	return true;
}

/* The notices written since the last call: the ticket, and to whom. */
static void
told(struct fixture *f, const char *name, const char *want)
{
	static uint64_t last;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct told x = {&b, want ? last : UINT64_MAX};
	struct txn *t = NULL;
	uint64_t n = 1;
	struct outbox o;

	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	assert_int_equal(outbox_each(t, &a, OUTBOX_QUEUED, note_mail, &x), 0);
	while (outbox_get(t, &a, n, &o) == 1)
		n++;
	txn_abort(&t);
	last = n - 1;
	if (want && strcmp(buf_cstr(&b), want) != 0)
		fail_msg("%s: \"%s\"", name, buf_cstr(&b));
}

static void
test_notices(void **state)
{
	static struct str first[] = {{"first", 5}}, money[] = {{"money", 5}};
	static struct str mails[] = {{"anna@acme.example", 17},
	    {"ben@acme.example", 16}, {"cleo@acme.example", 17},
	    {"dora@acme.example", 17}};
	static struct agent agents[] = {
	    {.name = {"anna", 4}, .teams = {first, 1}, .rank = RANK_AGENT},
	    {.name = {"ben", 3}, .teams = {first, 1}, .rank = RANK_AGENT},
	    {.name = {"cleo", 4}, .teams = {money, 1}, .rank = RANK_AGENT},
	    {.name = {"dora", 4}, .teams = {money, 1}, .rank = RANK_AGENT},
	};
	static struct team teams[] = {
	    {.name = {"first", 5}}, {.name = {"money", 5}}};
	struct fixture *f = *state;
	struct settings *s = &f->settings;
	uint64_t one, two, child, made;

	for (size_t i = 0; i < ARRAY_LEN(agents); i++) {
		agents[i].addresses = (struct strs){&mails[i], 1};
		agents[i].notices = true;
	}
	one = opens(f, ANN, "a1@x.example");
	two = opens(f, BOB, "b1@y.example");
	s->staff = (struct staff){agents, 4, teams, 2};
	s->queues[0].team = S("first");
	s->queues[1].team = S("money");
	s->notices_per_hour = 120;
	s->notice_within = 90 * CLOCK_DAY;
	told(f, "", NULL);

	/* Anna does all this, so she is told nothing. */
	child = opens_child(f, one);
	told(f, "a child: its queue's people", "#3 cleo #3 dora ");
	set_status(f, child, STATUS_RESOLVED, NOW);
	told(f, "a child done: the parent's people", "#1 anna #1 ben@ ");
	set(f, one, "assignee", "anna");
	told(f, "she takes it", "");
	set_status(f, child, STATUS_OPEN, NOW);
	told(f, "reopened under an open parent", "");
	set_status(f, child, STATUS_RESOLVED, NOW);
	told(f, "done again: the parent's assignee", "#1 anna ");
	set(f, one, "status", "resolved");
	set_status(f, child, STATUS_OPEN, NOW);
	told(f, "reopened under a resolved one", "#1 anna ");
	made = must_do(f, (struct doing){.deed = SPLIT, .k = one, .seq = 1});
	assert_int_equal(made, 4);
	told(f, "split: the queue's people", "#4 ben@ ");

	set(f, two, "assignee", "ben");
	told(f, "assigned", "#2 ben@ ");
	set(f, one, "status", "open");
	merges(f, two, one);
	told(f, "who had the source", "#1 ben@ ");
	assert_str(ticket(f, one).assignee, "anna");
	/* Who may not work the target's queue does not get it. */
	set(f, child, "assignee", "cleo");
	told(f, "assigned", "#3 cleo ");
	merges(f, child, made);
	assert_str(ticket(f, made).assignee, "");
}

/* --- search ------------------------------------------------------------ */

static bool
note(void *ctx, const struct ticket *k)
{
	buf_printf(ctx, "%llu ", (unsigned long long)k->id);
	return true;
}

static void
finds(struct fixture *f, const char *query, const char *want)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	assert_int_equal(txn_read(f->store, &t, NULL), 0);
	if (search_tickets(t, &a, str_c(query), 0, note, &b, &err) < 0)
		fail_msg("%s: %s", query, err.msg);
	txn_abort(&t);
	if (strcmp(buf_cstr(&b), want) != 0)
		fail_msg("%s: finds \"%s\"", query, buf_cstr(&b));
}

static void
test_search(void **state)
{
	struct fixture *f = *state;
	uint64_t one = opens(f, ANN, "a1@x.example");
	uint64_t two = opens(f, BOB, "b1@y.example");
	uint64_t three = opens(f, CARL, "c1@z.example");

	finds(f, "printer", "3 2 1 ");
	merges(f, three, one); /* an old target: found at the source's place */
	finds(f, "printer", "1 2 ");
	merges(f, one, two);
	finds(f, "printer", "2 ");
	finds(f, "printer status:merged", "3 1 ");
	finds(f, "printer status:new", "2 ");
	finds(f, "from:carl@z.example", "2 ");
	finds(f, "#3", "3 ");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_merge),
	    TEST(test_thread),
	    TEST(test_chain),
	    TEST(test_refused),
	    TEST(test_people_max),
	    TEST(test_state),
	    TEST(test_gains),
	    TEST(test_answer),
	    TEST(test_agent_hidden),
	    TEST(test_timeline),
	    TEST(test_split),
	    TEST(test_split_more),
	    TEST(test_split_duplicate),
	    TEST(test_child),
	    TEST(test_child_mail),
	    TEST(test_child_merge),
	    TEST(test_depth),
	    TEST(test_links),
	    TEST(test_bounce),
	    TEST(test_notices),
	    TEST(test_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

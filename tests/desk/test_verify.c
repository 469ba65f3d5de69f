/* verify: each violation is found, and nothing else. */
#include "fixture.h"
#include "desk/verify.h"
#include "store/blob.h"

#define ANN "ann@x.example"

struct damage {
	const char *name;
	void (*hurt)(struct fixture *f, struct txn *t);
	const char *found;
};

static struct ticket
get(struct fixture *f, struct txn *t, uint64_t id)
{
	struct ticket k;

	assert_int_equal(ticket_get(t, &f->a, id, &k), 1);
	return k;
}

static struct outbox
first_mail(struct fixture *f, struct txn *t)
{
	struct outbox o;

	assert_int_equal(outbox_get(t, &f->a, 1, &o), 1);
	return o;
}

static void
no_hurt(struct fixture *f, struct txn *t)
{
	(void)f;
	(void)t;
}

static void
lose_event(struct fixture *f, struct txn *t)
{
	struct ticket k = get(f, t, 1);

	k.events++;
	ticket_put(t, &k);
}

static void
lose_article(struct fixture *f, struct txn *t)
{
	struct ticket k = get(f, t, 1);

	k.articles++;
	ticket_put(t, &k);
}

static void
one_sided_link(struct fixture *f, struct txn *t)
{
	struct ticket k = get(f, t, 1);
	struct link l = {2, LINK_RELATED};

	k.links = &l;
	k.nlinks = 1;
	ticket_put(t, &k);
}

static void
link_to_nothing(struct fixture *f, struct txn *t)
{
	struct ticket k = get(f, t, 1);
	struct link l = {99, LINK_RELATED};

	k.links = &l;
	k.nlinks = 1;
	ticket_put(t, &k);
}

static void
merge_in_a_circle(struct fixture *f, struct txn *t)
{
	for (uint64_t id = 1; id <= 2; id++) {
		struct ticket k = get(f, t, id);

		k.status = STATUS_MERGED;
		k.merged_into = 3 - id;
		ticket_put(t, &k);
	}
}

static void
merged_by_name_only(struct fixture *f, struct txn *t)
{
	struct ticket k = get(f, t, 1);

	k.status = STATUS_MERGED;
	ticket_put(t, &k);
}

static void
link_as(struct fixture *f, struct txn *t, uint64_t id, struct link l)
{
	struct ticket k = get(f, t, id);
	struct link v[8];

	must(k.nlinks < ARRAY_LEN(v));
	if (k.nlinks)
		memcpy(v, k.links, k.nlinks * sizeof *v);
	v[k.nlinks++] = l;
	k.links = v;
	ticket_put(t, &k);
}

static void
merged_and_not_known(struct fixture *f, struct txn *t)
{
	struct ticket k = get(f, t, 1);

	k.status = STATUS_MERGED;
	k.merged_into = 2;
	ticket_put(t, &k);
}

static void
known_and_not_merged(struct fixture *f, struct txn *t)
{
	link_as(f, t, 1, (struct link){2, LINK_MERGED_FROM});
	link_as(f, t, 2, (struct link){1, LINK_RELATED});
}

static void
parent_without_child(struct fixture *f, struct txn *t)
{
	link_as(f, t, 1, (struct link){2, LINK_PARENT});
	link_as(f, t, 2, (struct link){1, LINK_RELATED});
}

static void
merged_parent(struct fixture *f, struct txn *t)
{
	merged_and_not_known(f, t);
	link_as(f, t, 2, (struct link){1, LINK_MERGED_FROM});
	link_as(f, t, 1, (struct link){2, LINK_CHILD});
	link_as(f, t, 2, (struct link){1, LINK_PARENT});
}

static void
parents_in_a_circle(struct fixture *f, struct txn *t)
{
	for (uint64_t id = 1; id <= 2; id++) {
		link_as(f, t, id, (struct link){3 - id, LINK_CHILD});
		link_as(f, t, id, (struct link){3 - id, LINK_PARENT});
	}
}

static void
copy_as(struct fixture *f, struct txn *t, const char *evidence, bool own)
{
	struct ticket k = get(f, t, 2);
	struct article r;
	uint64_t size;

	assert_int_equal(article_get(t, &f->a, 1, 1, &r), 1);
	r.ticket = 2;
	r.seq = ++k.articles;
	r.evidence = str_c(evidence);
	if (own)
		r.blob = blob_copy(t, r.blob, &size);
	article_put(t, &r);
	ticket_put(t, &k);
}

static void
good_copy(struct fixture *f, struct txn *t)
{
	copy_as(f, t, "split from #1 article 1", true);
}

static void
shared_copy(struct fixture *f, struct txn *t)
{
	copy_as(f, t, "split from #1 article 1", false);
}

static void
copy_of_another(struct fixture *f, struct txn *t)
{
	copy_as(f, t, "split from #2 article 1", true);
}

static void
copy_of_none(struct fixture *f, struct txn *t)
{
	copy_as(f, t, "split from #1 article 9", true);
}

static void
copy_of_words(struct fixture *f, struct txn *t)
{
	copy_as(f, t, "split from #1", true);
}

static void
mail_to_a_stranger(struct fixture *f, struct txn *t)
{
	struct outbox o = first_mail(f, t);

	o.recipients[0].addr = S("spy@z.example");
	outbox_put(t, &o);
}

static void
mail_to_ourselves(struct fixture *f, struct txn *t)
{
	struct outbox o = first_mail(f, t);

	o.recipients[0].addr = S("billing+x@acme.example");
	outbox_put(t, &o);
}

static void
two_acknowledgements(struct fixture *f, struct txn *t)
{
	struct outbox o = first_mail(f, t);
	struct ticket k = get(f, t, 1);
	struct article r;

	assert_int_equal(article_get(t, &f->a, 1, 2, &r), 1);
	o.id = 0;
	o.seq = r.seq = ++k.articles;
	outbox_put(t, &o);
	r.outbox = o.id;
	article_put(t, &r);
	ticket_put(t, &k);
}

static void
other_bytes(struct fixture *f, struct txn *t)
{
	struct outbox o = first_mail(f, t);

	o.blob++;
	outbox_put(t, &o);
}

static void
same_person_twice(struct fixture *f, struct txn *t)
{
	struct ticket k = get(f, t, 1);
	struct participant p[2] = {k.participants[0], k.participants[0]};

	k.participants = p;
	k.nparticipants = 2;
	ticket_put(t, &k);
}

static void
sent_to_some(struct fixture *f, struct txn *t)
{
	struct outbox o = first_mail(f, t);

	o.state = OUTBOX_SENT;
	outbox_put(t, &o);
}

static void
fate_without_article(struct fixture *f, struct txn *t)
{
	struct ledger_row row = {.fate = FATE_TICKET, .ticket = 1, .seq = 77};

	ledger_put(t, (struct source_key){f->source, S("odd")}, &row);
}

static const struct damage rows[] = {
    {"nothing", no_hurt, NULL},
    {"event", lose_event, "event 4 is missing"},
    {"article", lose_article, "article 3 is missing"},
    {"one-sided link", one_sided_link, "does not link back"},
    {"link to nothing", link_to_nothing, "which is not there"},
    {"circle", merge_in_a_circle, "in a circle"},
    {"merged into nothing", merged_by_name_only, "contradict"},
    {"merged, not known", merged_and_not_known, "does not know of it"},
    {"known, not merged", known_and_not_merged, "and is not"},
    {"parent", parent_without_child, "does not link back"},
    {"merged parent", merged_parent, "still parent or sub-ticket"},
    {"parents", parents_in_a_circle, "a sub-ticket of itself"},
    {"copy", good_copy, NULL},
    {"shared copy", shared_copy, "no bytes of its own"},
    {"copy of another", copy_of_another, "a copy of another mail"},
    {"copy of none", copy_of_none, "a copy of none"},
    {"copy of words", copy_of_words, "does not say"},
    {"stranger", mail_to_a_stranger, "does not take part"},
    {"ourselves", mail_to_ourselves, "our own"},
    {"two acknowledgements", two_acknowledgements, "2 acknowledgements"},
    {"bytes", other_bytes, "other bytes"},
    {"twice", same_person_twice, "takes part twice"},
    {"sent to some", sent_to_some, "not to every recipient"},
    {"fate", fate_without_article, "article 77 is not there"},
};

struct seen {
	const char *want;
	bool hit;
};

static void
note(void *ctx, struct str where, struct str what)
{
	struct seen *s = ctx;

	(void)where;
	s->hit |= s->want && str_has(what, str_c(s->want));
}

static int
run_damage(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	const struct damage *d = ctx;

	d->hurt(f, t);
	return txn_error(t, err);
}

static void
test_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct seen s = {.want = rows[i].found};
		struct err err = ERR_INIT;
		struct txn *t = NULL;
		struct damage d = rows[i];
		struct fixture f;
		int64_t n;

		fixture_open(&f);
		take(&f, &(struct mail){.from = ANN}, NOW);
		take(&f, &(struct mail){.from = "bob@y.example"}, NOW);
		with_txn(&f, run_damage, &d);
		assert_int_equal(txn_read(f.store, &t, &err), 0);
		n = desk_verify(t, &f.settings, note, NULL, &s, NULL, &err);
		if (n < 0)
			fail_msg("%s: %s", rows[i].name, err.msg);
		if ((n > 0) != (rows[i].found != NULL) ||
		    (rows[i].found && !s.hit))
			fail_msg("%s: %d found", rows[i].name, (int)n);
		assert_int_equal(txn_commit(t, &err), 0);
		fixture_close(&f);
	}
}

/* A ticket that has thousands of articles takes the next one as quickly. The rows that a mail changes are what it costs. */
static void
test_long_ticket(void **state)
{
	struct fixture *f = *state;
	struct ticket early, late;

	take(f, &(struct mail){.from = ANN, .id = "m0@x"}, NOW);
	for (int i = 1; i <= 400; i++) {
		take(f,
		    &(struct mail){.from = ANN,
			.id =
			    arena_cstr(&f->a, arena_printf(&f->a, "m%d@x", i)),
			.cc = arena_cstr(
			    &f->a, arena_printf(&f->a, "c%d@y.example", i)),
			.in_reply_to = arena_cstr(
			    &f->a, arena_printf(&f->a, "m%d@x", i - 1))},
		    NOW);
		if (i == 100)
			early = ticket(f, 1);
	}
	late = ticket(f, 1);
	assert_int_equal(late.articles, 402);
	assert_int_equal(early.nparticipants, late.nparticipants);
	assert_true(late.extra.n <= early.extra.n + 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test_setup_teardown(
		test_long_ticket, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

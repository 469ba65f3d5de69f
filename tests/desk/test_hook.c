/* hook: the document and its signature; rows at subscribed events and at no others, in the causing transaction; what a refusal does. */
#include "fixture.h"
#include "desk/change.h"
#include "desk/delivery.h"
#include "desk/hook.h"
#include "store/blob.h"

#include <math.h>

static void
json(const struct value *v, const char *want)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	value_json(&b, v);
	assert_string_equal(buf_cstr(&b), want);
}

static void
test_json(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct value *o = value_object(&a), *l = value_list(&a), *deep;

	(void)state;
	value_set_str(&a, o, "s", S("a\"b\\c\n\t\r\x01\xe2\x98\x83"));
	value_set_str(&a, o, "bad", S("\xff\xc3"));
	value_set_num(&a, o, "n", 1042);
	value_set_num(&a, o, "x", 0.5);
	value_set_num(&a, o, "no", HUGE_VAL);
	value_set_bool(&a, o, "b", true);
	value_set(&a, o, "null", (struct value){.kind = VALUE_NULL});
	value_add(&a, l, (struct value){.kind = VALUE_NUMBER, .number = -3});
	value_add(&a, l, *value_object(&a));
	value_set(&a, o, "l", *l);
	value_set(&a, o, "q\"", *value_list(&a));
	json(o, "{\"s\":\"a\\\"b\\\\c\\n\\t\\u000d\\u0001\xe2\x98\x83\","
		"\"bad\":\"\xef\xbf\xbd\xef\xbf\xbd\",\"n\":1042,\"x\":0.5,"
		"\"no\":null,\"b\":true,\"null\":null,\"l\":[-3,{}],"
		"\"q\\\"\":[]}");
	deep = value_list(&a);
	for (unsigned i = 0; i < 200; i++) {
		struct value *outer = value_list(&a);

		value_add(&a, outer, *deep);
		deep = outer;
	}
	{
		AUTO(buf_fini) struct buf b = BUF_INIT;

		value_json(&b, deep);
		assert_int_equal(b.n, 104); /* 50 deep, and null */
	}
}

static void
test_signature(void **state)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str s = hook_signature(&a, S("key"), 1772357400, S("{\"a\":1}"));

	(void)state;
	assert_true(str_eq(s, S("t=1772357400,v1="
				"6eea74d40ed87e49823d694ee2202cd4eca5ae0bcfbc6e"
				"253c98795824992533")));
}

/* --- rows -------------------------------------------------------------- */

static struct hook hooks[] = {
    {.name = {"ops", 3}, .url = {"https://x.example/", 18}, .text = true},
    {.name = {"mute", 4}, .url = {"https://y.example/", 18}},
};

struct seen {
	struct fixture *f;
	struct txn *t;
	unsigned n;
	uint64_t id;
	struct buf bodies;
};

static bool
see(void *ctx, const struct outbox *o)
{
	struct seen *x = ctx;

	if (!hook_is(o))
		return true;
	x->n++;
	x->id = o->id;
	assert_int_equal(blob_get(x->t, o->blob, 1 << 20, &x->bodies), 1);
	assert_int_equal(o->nrecipients, 1);
	assert_true(str_eq(o->recipients[0].addr, o->transport));
	assert_true(hook_event_of(o).n > 0);
	return true;
}

static int
look(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct seen *x = ctx;

	(void)err;
	x->f = f;
	x->t = t;
	return outbox_each(t, &f->a, OUTBOX_QUEUED, see, x);
}

static unsigned
rows(struct fixture *f, const char *with)
{
	struct seen x = {0};

	with_txn(f, look, &x);
	if (with)
		assert_true(str_has(buf_str(&x.bodies), str_c(with)));
	buf_fini(&x.bodies);
	return x.n;
}

static void
test_events(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = "Ann <ann@x.example>",
	    .to = "support@acme.example",
	    .subject = "Lamp",
	    .id = "a1@x.example",
	    .text = "It is \"dark\".\n"};

	f->settings.hooks = hooks;
	f->settings.nhooks = 2;
	hooks[0].events = hooks[1].events = 0;
	take(f, &m, NOW);
	assert_int_equal(rows(f, NULL), 0);
	hooks[0].events = 1u << HOOK_NEW | 1u << HOOK_FOLLOWUP;
	m.id = "a2@x.example";
	m.from = "Bob <bob@y.example>";
	take(f, &m, NOW);
	assert_int_equal(rows(f, "It is \\\"dark\\\"."), 1);
	assert_int_equal(rows(f, "\"event\":\"new\""), 1);
	assert_int_equal(rows(f, "\"address\":\"bob@y.example\""), 1);
	hooks[1].events = 1u << HOOK_NEW;
	hooks[0].events = 0;
	m.id = "a3@x.example";
	m.from = "Cid <cid@z.example>";
	m.text = "Secret words.\n";
	take(f, &m, NOW);
	assert_int_equal(rows(f, "cid@z.example"), 2);
	{
		struct seen x = {0};

		with_txn(f, look, &x);
		assert_false(str_has(buf_str(&x.bodies), S("Secret words")));
		buf_fini(&x.bodies);
	}
}

static int
post(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("rule"), S("10.sieve:3")};
	struct err none = ERR_INIT;
	struct ticket k;

	(void)ctx;
	assert_int_equal(ticket_get(t, &f->a, 1, &k), 1);
	assert_int_equal(hook_post(&f->desk, t, &f->a, &k, S("nobody"),
			     S("rule"), NULL, &who, NOW, &none),
	    -1);
	assert_int_equal(none.code, ERR_INVAL);
	/* A header's value is never made of what comes from elsewhere. */
	return hook_post(&f->desk, t, &f->a, &k, S("ops"),
	    S("a b\r\nX-Evil: 1"), NULL, &who, NOW, err);
}

static int
refuse(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	const uint64_t *id = ctx;
	uint64_t ids[] = {*id};
	struct delivery v = {
	    S("webhook:ops"), DELIVERED_REFUSED, S("410: Gone")};
	struct outbox row;
	struct ticket k;

	assert_int_equal(delivery_claim(t, &f->a, ids, 1, NOW, err), 0);
	assert_int_equal(
	    delivery_result(&f->desk, t, &f->a, *id, &v, 1, NOW, err), 0);
	assert_int_equal(outbox_get(t, &f->a, *id, &row), 1);
	assert_int_equal(row.state, OUTBOX_FAILED);
	assert_int_equal(ticket_get(t, &f->a, 1, &k), 1);
	assert_int_equal(k.status, STATUS_RESOLVED);
	/* Mended: this document may be given again, whatever was said. */
	return delivery_retry(t, &f->a, *id, NOW, err);
}

static int
resolve(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:root"), S("")};
	struct ticket k;

	(void)ctx;
	assert_int_equal(ticket_get(t, &f->a, 1, &k), 1);
	if (change_status(
		&f->desk, t, &f->a, &k, STATUS_RESOLVED, &who, NOW, err) < 0)
		return -1;
	return change_done(t, &k, NOW, err);
}

static void
test_posts(void **state)
{
	struct fixture *f = *state;
	struct mail m = {.from = "Ann <ann@x.example>",
	    .to = "support@acme.example",
	    .subject = "Lamp",
	    .id = "a1@x.example",
	    .text = "Dark.\n"};
	struct seen x = {0};

	f->settings.hooks = hooks;
	f->settings.nhooks = 2;
	hooks[0].events = hooks[1].events = 0;
	take(f, &m, NOW);
	with_txn(f, resolve, NULL);
	with_txn(f, post, NULL);
	assert_int_equal(rows(f, "\"event\":\"a-b--X-Evil--1\""), 1);
	assert_int_equal(rows(f, "\"cause\":\"10.sieve:3\""), 1);
	with_txn(f, look, &x);
	buf_fini(&x.bodies);
	with_txn(f, refuse, &x.id);
	assert_int_equal(rows(f, NULL), 1);
	assert_true(
	    hook_by_url(&f->settings, S("https://y.example/")) == &hooks[1]);
	assert_null(hook_by_url(&f->settings, S("https://y.example/x")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_signature),
	    cmocka_unit_test_setup_teardown(
		test_events, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(
		test_posts, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

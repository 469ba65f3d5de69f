/* kb: what is taken out of an answer, versions, words and suggestions; macros. */
#include "fixture.h"
#include "base/file.h"
#include "desk/agent.h"
#include "desk/kb.h"
#include "desk/kb_clean.h"
#include "mail/terms.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANN "ann@x.example"

static const struct actor ANNA = {{"agent:anna", 10}, {"row 9", 5}};

struct deed {
	int (*fn)(struct fixture *f, struct txn *t, struct deed *d);
	struct kb x, found[20];
	const char *title, *text;
	uint64_t id;
	uint32_t version;
	int n;
	size_t max;
	struct err err;
};

static int
run(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct deed *d = ctx;

	d->n = d->fn(f, t, d);
	return txn_error(t, err);
}

static int
put(struct fixture *f, struct txn *t, struct deed *d)
{
	if (d->title)
		d->x.title = str_c(d->title);
	return kb_put_text(
	    &f->desk, t, &f->a, &d->x, str_c(d->text), &ANNA, NOW, &d->err);
}

static int
get(struct fixture *f, struct txn *t, struct deed *d)
{
	return d->version ? kb_get_version(t, &f->a, d->id, d->version, &d->x)
			  : kb_get(t, &f->a, d->id, &d->x);
}

static int
use(struct fixture *f, struct txn *t, struct deed *d)
{
	return kb_use(t, &f->a, d->id, 1, NOW + 5, &d->x, &d->err);
}

static int
suggest(struct fixture *f, struct txn *t, struct deed *d)
{
	return (int)kb_suggest(
	    t, &f->a, str_c(d->text), d->found, d->max ? d->max : 3);
}

static int
find(struct fixture *f, struct txn *t, struct deed *d)
{
	return kb_find(t, &f->a, str_c(d->text), d->found, 20, &d->err);
}

static int
save(struct fixture *f, struct txn *t, struct deed *d)
{
	struct ticket k;

	if (ticket_get(t, &f->a, 1, &k) != 1)
		return -1;
	return kb_save(&f->desk, t, &f->a, &k, str_c(d->title), str_c(d->text),
	    &ANNA, NOW, &d->id, &d->err);
}

static uint64_t
add(struct fixture *f, const char *title, const char *text)
{
	struct deed d = {.fn = put, .title = title, .text = text};

	with_txn(f, run, &d);
	if (d.n < 0)
		fail_msg("%s", d.err.msg);
	return d.x.id;
}

/* --- cleaning ---------------------------------------------------------- */

static const struct {
	const char *in, *out;
} clean[] = {
    {"Dear Ms Berg, hello Ann.", "Dear Ms [name], hello [name]."},
    {"Dear Ann Berg,\n", "Dear [name],\n"},
    {"ann berg and ANN BERG", "[name] and [name]"},
    {"Annual costs, Bergamot, annex", "Annual costs, Bergamot, annex"},
    {"Write to ann@x.example or <eve@z.example>.",
	"Write to [address] or <[address]>."},
    {"Write to support@acme.example.", "Write to support@acme.example."},
    {"Your order A-77 is on its way", "Your order [order] is on its way"},
    {"See #1042 and [Acme #7].", "See [number] and [Acme [number]]."},
    {"Call +49 30 123-456 78 now", "Call [number] now"},
    {"Code 12345, port 8080, 2026-03-01, 1.2.3",
	"Code [number], port 8080, 2026-03-01, 1.2.3"},
    {"Press 3 times, wait 10 minutes", "Press 3 times, wait 10 minutes"},
    {"尊敬的王小明：您好", "尊敬的[name]：您好"},
    {"", ""},
    {"a @ b, @anna, x@", "a @ b, @anna, x@"},
};

static void
test_clean(void **state)
{
	struct fixture *f = *state;
	struct participant people[] = {
	    {{S("Ann Berg"), S(ANN)}, ROLE_REQUESTER},
	    {{S("王小明"), S("wang@y.example")}, ROLE_CC},
	    {{S("Press Team"), S("press@y.example")}, ROLE_PROPOSED},
	};
	struct field fields[] = {{S("order"), S("A-77")}, {S("n"), S("3")}};
	struct ticket k = {.id = 1042,
	    .requester = people[0].address,
	    .participants = people,
	    .nparticipants = 3,
	    .fields = fields,
	    .nfields = 2};

	for (size_t i = 0; i < ARRAY_LEN(clean); i++)
		assert_str(
		    kb_clean(&f->a, &f->settings, &k, str_c(clean[i].in)),
		    clean[i].out);
}

static void
test_save(void **state)
{
	struct fixture *f = *state;
	struct deed d = {.fn = save,
	    .title = " Cold printers ",
	    .text = "Hello Ann,\r\nuse water. \r\n\r\n"};
	struct deed g = {.fn = get};

	take(f, &(struct mail){.from = "Ann <" ANN ">", .language = "en"}, NOW);
	with_txn(f, run, &d);
	assert_int_equal(d.n, 0);
	g.id = d.id;
	with_txn(f, run, &g);
	assert_int_equal(g.n, 1);
	assert_str(g.x.title, "Cold printers");
	assert_str(g.x.text, "Hello [name],\nuse water.");
	assert_str(g.x.author, "agent:anna");
	assert_str(g.x.language, "en");
	assert_int_equal(g.x.state, KB_DRAFT);
	assert_int_equal(g.x.ticket, 1);
	assert_int_equal(g.x.version, 1);
	assert_int_equal(g.x.created, NOW);
	d.title = "";
	with_txn(f, run, &d);
	assert_int_equal(d.n, -1);
	assert_has(str_c(d.err.msg), "no title");
	d.title = "x";
	d.text = " \n ";
	with_txn(f, run, &d);
	assert_has(str_c(d.err.msg), "empty");
	d.text = "\xff";
	with_txn(f, run, &d);
	assert_has(str_c(d.err.msg), "UTF-8");
}

/* --- versions ---------------------------------------------------------- */

static void
test_versions(void **state)
{
	struct fixture *f = *state;
	struct deed g = {.fn = get, .id = add(f, "One", "first words")};
	struct deed p = {.fn = put}, u = {.fn = use, .id = g.id};

	with_txn(f, run, &g);
	p.x = g.x;
	p.text = "second words";
	with_txn(f, run, &p);
	assert_int_equal(p.x.version, 2);
	p.x.state = KB_PUBLISHED; /* the same text: no new version */
	with_txn(f, run, &p);
	assert_int_equal(p.x.version, 2);
	p.title = "Two";
	with_txn(f, run, &p);
	assert_int_equal(p.x.version, 3);
	with_txn(f, run, &u);
	assert_int_equal(u.n, 0);
	assert_int_equal(u.x.uses, 1);
	assert_int_equal(u.x.version, 3);
	for (g.version = 1; g.version <= 4; g.version++) {
		with_txn(f, run, &g);
		assert_int_equal(g.n, g.version <= 3);
		if (!g.n)
			break;
		assert_int_equal(g.x.id, u.id);
		assert_int_equal(g.x.version, g.version);
		assert_str(g.x.title, g.version == 3 ? "Two" : "One");
		assert_str(
		    g.x.text, g.version == 1 ? "first words" : "second words");
	}
	u.id = 99;
	with_txn(f, run, &u);
	assert_int_equal(u.err.code, ERR_NOENT);
}

/* --- words ------------------------------------------------------------- */

static int
found_ids(struct fixture *f, const char *text,
    int (*how)(struct fixture *, struct txn *, struct deed *), uint64_t *first)
{
	struct deed d = {.fn = how, .text = text};

	with_txn(f, run, &d);
	*first = d.n > 0 ? d.found[0].id : 0;
	return d.n;
}

static void
test_words(void **state)
{
	struct fixture *f = *state;
	uint64_t first, a, b, c;
	struct deed p = {.fn = put}, g = {.fn = get};

	a = add(f, "Refunds",
	    "A refund takes five working days.\n"
	    "It goes to the card that paid.");
	b = add(f, "Printer on fire", "Use water. Then call us.\n");
	c = add(f, "退款", "退款需要五个工作日。");
	assert_int_equal(found_ids(f, "refund", find, &first), 1);
	assert_int_equal(first, a);
	assert_int_equal(found_ids(f, "refund card", find, &first), 1);
	assert_int_equal(found_ids(f, "refund water", find, &first), 0);
	assert_int_equal(found_ids(f, "退款", find, &first), 1);
	assert_int_equal(first, c);
	assert_int_equal(found_ids(f, "nothing", find, &first), 0);
	assert_int_equal(found_ids(f, "Hello, my printer is on fire, what now?",
			     suggest, &first),
	    1);
	assert_int_equal(first, b);
	assert_int_equal(
	    found_ids(f, "When will my refund be on my card?", suggest, &first),
	    1);
	assert_int_equal(first, a);
	assert_int_equal(found_ids(f, "请问退款需要多久", suggest, &first), 1);
	assert_int_equal(first, c);
	assert_int_equal(
	    found_ids(f, "Hello, thanks for this and that", suggest, &first),
	    0);
	assert_int_equal(found_ids(f, "", suggest, &first), 0);
	/* Changed: other words. Withdrawn: none. Back again. */
	g.id = b;
	with_txn(f, run, &g);
	p.x = g.x;
	p.text = "Use sand, much sand.";
	with_txn(f, run, &p);
	assert_int_equal(found_ids(f, "water", find, &first), 0);
	assert_int_equal(found_ids(f, "sand", find, &first), 1);
	p.x.state = KB_WITHDRAWN;
	with_txn(f, run, &p);
	assert_int_equal(found_ids(f, "sand", find, &first), 0);
	p.x.state = KB_PUBLISHED;
	with_txn(f, run, &p);
	assert_int_equal(found_ids(f, "sand", find, &first), 1);
}

/* Of two that fit alike, the one that is used. */
static void
test_used_first(void **state)
{
	struct fixture *f = *state;
	uint64_t first, a, b;
	struct deed u = {.fn = use};

	a = add(f, "Lamp", "The green lamp blinks twice.");
	b = add(f, "Lamp", "The green lamp blinks twice.");
	found_ids(f, "green lamp blinks", suggest, &first);
	assert_int_equal(first, a);
	u.id = b;
	with_txn(f, run, &u);
	found_ids(f, "green lamp blinks", suggest, &first);
	assert_int_equal(first, b);
}

/* --- many -------------------------------------------------------------- */

static uint32_t seed = 1;

static uint32_t
dice(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Words as they are: a few common ones, many rare ones. */
static void
make_text(struct buf *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++) {
		uint32_t r = dice(1000) + 1, w = dice(20000000 / (r * r) + 20);

		buf_printf(b, "w%u%s", w, i % 12 == 11 ? "\n" : " ");
	}
}

struct many {
	unsigned n;
};

static int
add_many(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct many *m = ctx;

	for (unsigned i = 0; i < m->n; i++) {
		AUTO(buf_fini) struct buf title = BUF_INIT;
		AUTO(buf_fini) struct buf text = BUF_INIT;
		struct kb x = {0};

		make_text(&title, 5);
		buf_cut(&title, title.n - 1);
		make_text(&text, 120);
		x.title = buf_str(&title);
		if (kb_put_text(&f->desk, t, &f->a, &x, buf_str(&text), &ANNA,
			NOW, err) < 0)
			return -1;
	}
	return 0;
}

static void
test_many(void **state)
{
	struct fixture *f = *state;
	AUTO(buf_fini) struct buf text = BUF_INIT;
	const char *env = getenv("HELPD_KB_ARTICLES");
	struct many m = {300};
	struct deed d = {.fn = suggest, .max = 3};
	uint64_t n;
	int64_t begin;

	if (env && str_u64(str_c(env), &n))
		m.n = (unsigned)n;
	with_txn(f, add_many, &m);
	make_text(&text, 600);
	d.text = buf_cstr(&text);
	with_txn(f, run, &d);
	begin = clock_mono();
	for (int i = 0; i < 100; i++)
		with_txn(f, run, &d);
	if (env)
		print_message("%u articles: %.2f ms a suggestion of %d\n", m.n,
		    (double)(clock_mono() - begin) / 100, d.n);
	assert_true(d.n > 0);
}

/* --- macros ------------------------------------------------------------ */

static void
write_file(const char *dir, const char *name, const char *text)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	char *path = path_join(&a, dir, name);
	char *up = arena_cstr(
	    &a, str_sub(str_c(path), 0, (size_t)str_rchr(str_c(path), '/')));

	assert_int_equal(dir_make(up, 0700, &err), 0);
	assert_int_equal(file_replace(path, str_c(text), 0600, &err), 0);
}

static void
test_macros(void **state)
{
	struct fixture *f = *state;
	struct strs dirs = {0}, names;
	struct complaints bad = {0};
	struct agent anna = {.name = S("anna"), .full_name = S("Anna Berg")};
	struct ticket k;
	struct err err = ERR_INIT;
	struct str text;
	char dir[100];

	snprintf(dir, sizeof dir, "%s/templates", f->dir);
	write_file(dir, "en/macro/refund.mustache",
	    "Dear {{customer.name}},\nyour refund for #{{ticket.id}} is on "
	    "its way. {{agent.name}}\n");
	write_file(dir, "zh_CN/macro/refund.mustache", "退款 {{ticket.id}}\n");
	write_file(dir, "en/macro/empty.mustache", "\n");
	write_file(dir, "en/ack.mustache", "no macro\n");
	strs_add(&f->a, &dirs, str_c(dir));
	assert_int_equal(
	    templates_load(&f->a, &dirs, S("en"), &f->desk.templates, &bad), 0);
	names = templates_macros(f->desk.templates, &f->a);
	assert_int_equal(names.n, 2);
	assert_str(names.v[1], "refund");
	take(f, &(struct mail){.from = "Ann <" ANN ">"}, NOW);
	k = ticket(f, 1);
	assert_int_equal(
	    macro_render(&f->desk, &f->a, &k, &anna, S("Refund "), &text, &err),
	    0);
	assert_str(
	    text, "Dear Ann,\nyour refund for #1 is on its way. Anna Berg");
	k.language = S("zh-CN");
	assert_int_equal(
	    macro_render(&f->desk, &f->a, &k, &anna, S("refund"), &text, &err),
	    0);
	assert_str(text, "退款 1");
	assert_int_equal(
	    macro_render(&f->desk, &f->a, &k, NULL, S("refnd"), &text, &err),
	    -1);
	assert_int_equal(err.code, ERR_NOENT);
	assert_has(str_c(err.msg), "did you mean refund?");
	assert_int_equal(
	    macro_render(&f->desk, &f->a, &k, NULL, S("ack"), &text, &err), -1);
	assert_int_equal(err.code, ERR_NOENT);
	assert_int_equal(
	    macro_render(&f->desk, &f->a, &k, NULL, S("empty"), &text, &err),
	    -1);
	assert_int_equal(err.code, ERR_INVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	    T(test_clean),
	    T(test_save),
	    T(test_versions),
	    T(test_words),
	    T(test_used_first),
	    T(test_many),
	    T(test_macros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Threads of real mail: 3,000 mails of a list (corpora/thread/list), in order and shuffled, against what their headers alone say; the same for the mails of
 * a generator, when HELPD_BENCH_MAIL names its output (Maildir/new and manifest.tsv).
 *
 * Tickets that are linked count as one thread. A ticket never holds mails of two threads.
 */
#include "fixture.h"
#include "base/file.h"
#include "base/mem.h"
#include "mail/parse.h"
#include "store/blob.h"

#include <unistd.h>

struct one {
	struct str path;
	uint64_t truth;
	uint64_t ticket;
};

struct set {
	struct arena a;
	struct one *v;
	size_t n;
};

static int
read_text(struct arena *a, const char *path, struct str *out)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	if (file_read(path, 0, &b, &err) < 0)
		return -1;
	*out = arena_dup(a, buf_str(&b));
	return 0;
}

static struct str
column(struct str line, unsigned n)
{
	struct str part = {0};

	while (str_cut(&line, '\t', &part) && n)
		n--;
	return part;
}

/* Columns from 0: of the file's name and of the thread. */
static bool
load(struct set *s, const char *dir, const char *table, const char *mails,
    unsigned file, unsigned thread)
{
	struct str text, line;
	size_t cap = 0;

	*s = (struct set){.a = ARENA_INIT};
	if (read_text(&s->a, path_join(&s->a, dir, table), &text) < 0)
		return false;
	while (str_line(&text, &line)) {
		struct one *x;

		if (!line.n || line.p[0] == '#')
			continue;
		s->v = mem_fit(s->v, &cap, s->n + 1, sizeof *s->v);
		x = &s->v[s->n++];
		*x = (struct one){0};
		x->path = arena_printf(&s->a, "%s/%s%.*s", dir, mails,
		    STR_ARG(column(line, file)));
		if (!str_u64(column(line, thread), &x->truth))
			fail_msg("odd line: %.*s", STR_ARG(line));
	}
	return true;
}

static void
unload(struct set *s)
{
	mem_free(s->v);
	arena_fini(&s->a);
}

/* --- running ----------------------------------------------------------- */

static void
take_one(
    struct fixture *f, struct txn *t, struct arena *a, struct one *x, size_t i)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct err err = ERR_INIT;
	struct message m;
	struct outcome out;
	struct intake in = {.source = {f->source, arena_printf(a, "%zu", i)},
	    .channel = S("mail"),
	    .message = &m};

	if (file_read(arena_cstr(a, x->path), 0, &raw, &err) < 0 ||
	    message_parse(a, buf_str(&raw), NULL, &m, &err) < 0)
		fail_msg("%.*s: %s", STR_ARG(x->path), err.msg);
	in.size = raw.n;
	sha256(buf_str(&raw), in.sha256);
	message_content_hash(buf_str(&raw), in.content);
	if (ingest(&f->desk, t, a, &in, NOW, &out, &err) < 0)
		fail_msg("%.*s: %s", STR_ARG(x->path), err.msg);
	x->ticket = out.ticket;
}

static void
take_all(struct fixture *f, struct set *s, const size_t *order)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct txn *t = NULL;

	for (size_t i = 0; i < s->n; i++) {
		if (!t && txn_write(f->store, &t, &err) < 0)
			fail_msg("%s", err.msg);
		take_one(f, t, &a, &s->v[order[i]], i);
		arena_reset(&a);
		if (i % 200 == 199 || i + 1 == s->n) {
			term_batch_put(t, f->desk.terms);
			if (txn_commit(t, &err) < 0)
				fail_msg("%s", err.msg);
			t = NULL;
		}
	}
}

/* --- comparing --------------------------------------------------------- */

static uint64_t
root(uint64_t *up, uint64_t x)
{
	while (up[x] != x)
		x = up[x] = up[up[x]];
	return x;
}

static int
by_truth(const void *x, const void *y)
{
	const struct one *a = x, *b = y;

	if (a->truth != b->truth)
		return a->truth < b->truth ? -1 : 1;
	return a->ticket < b->ticket ? -1 : a->ticket > b->ticket;
}

static int
by_ticket(const void *x, const void *y)
{
	const struct one *a = x, *b = y;

	if (a->ticket != b->ticket)
		return a->ticket < b->ticket ? -1 : 1;
	return a->truth < b->truth ? -1 : a->truth > b->truth;
}

static double
pairs(double n)
{
	return n * (n - 1) / 2;
}

struct score {
	size_t threads, tickets, mixed;
	double f1;
};

/* Pairs of mails that are in one thread by the links, by the headers, by
 * both. */
static struct score
compare(struct fixture *f, const struct set *s)
{
	struct one *v = mem_new(s->n * sizeof *v);
	uint64_t max = 0, *up;
	double both = 0, found = 0, truth = 0;
	struct score out = {0};

	memcpy(v, s->v, s->n * sizeof *v);
	qsort(v, s->n, sizeof *v, by_ticket);
	for (size_t i = 0; i < s->n; i++) {
		max = MAX(max, v[i].ticket);
		if (i && v[i].ticket == v[i - 1].ticket)
			out.mixed += v[i].truth != v[i - 1].truth;
		else
			out.tickets++;
	}
	up = mem_new((size_t)(max + 1) * sizeof *up);
	for (uint64_t id = 0; id <= max; id++)
		up[id] = id;
	for (uint64_t id = 1; id <= max; id++) {
		struct ticket k = ticket(f, id);

		for (size_t i = 0; i < k.nlinks; i++)
			up[root(up, k.links[i].ticket)] = root(up, id);
	}
	for (size_t i = 0; i < s->n; i++)
		v[i].ticket = root(up, v[i].ticket);
	for (int pass = 0; pass < 2; pass++) {
		double run = 0, same = 0;

		qsort(v, s->n, sizeof *v, pass ? by_truth : by_ticket);
		for (size_t i = 0; i <= s->n; i++) {
			bool end = i == s->n || !i;
			bool next =
			    end || (pass ? v[i].truth != v[i - 1].truth
					 : v[i].ticket != v[i - 1].ticket);
			bool both_next = next || v[i].truth != v[i - 1].truth;

			if (both_next) {
				if (!pass)
					both += pairs(same);
				same = 0;
			}
			if (next) {
				*(pass ? &truth : &found) += pairs(run);
				out.threads += !pass && i < s->n;
				run = 0;
			}
			run++;
			same++;
		}
	}
	out.f1 = 2 * both / (found + truth);
	mem_free(up);
	mem_free(v);
	return out;
}

static void
run(struct set *s, const char *name, uint64_t seed, size_t want_threads)
{
	size_t *order = mem_new(s->n * sizeof *order);
	struct fixture f;
	struct score got;

	fixture_open(&f);
	f.settings.site_per_hour = 1000000;
	for (size_t i = 0; i < s->n; i++)
		order[i] = i;
	for (size_t i = s->n; seed && i > 1; i--) {
		size_t k, x;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		k = (size_t)(seed >> 33) % i;
		x = order[i - 1];
		order[i - 1] = order[k];
		order[k] = x;
	}
	take_all(&f, s, order);
	got = compare(&f, s);
	print_message("%s, %s: %zu mails, %zu tickets, %zu threads by links, "
		      "F1 %.5f\n",
	    name, seed ? "shuffled" : "in order", s->n, got.tickets,
	    got.threads, got.f1);
	assert_int_equal(got.mixed, 0);
	assert_true(got.f1 >= 0.99);
	if (want_threads)
		assert_int_equal(got.threads, want_threads);
	fixture_verify(&f);
	fixture_close(&f);
	mem_free(order);
}

static void
start(void)
{
	struct err err = ERR_INIT;

	if (parse_init(NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static void
test_list(void **state)
{
	const char *corpora = getenv("HELPD_CORPORA");
	const char *srcdir = getenv("srcdir");
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct set s;

	(void)state;
	if (!corpora)
		corpora = path_join(
		    &a, srcdir ? srcdir : SRCDIR, "../shared/corpora");
	if (!load(&s, path_join(&a, corpora, "thread/list"), "threads.tsv", "",
		0, 2)) {
		print_message("SKIP: no thread/list in %s\n", corpora);
		skip();
	}
	start();
	run(&s, "thread/list", 0, 0);
	run(&s, "thread/list", 1, 0);
	run(&s, "thread/list", 4711, 0);
	unload(&s);
}

static void
test_generated(void **state)
{
	const char *dir = getenv("HELPD_BENCH_MAIL");
	uint64_t threads = 0;
	struct set s;

	(void)state;
	if (!dir || !load(&s, dir, "manifest.tsv", "Maildir/new/", 1, 3)) {
		print_message("SKIP: HELPD_BENCH_MAIL names no such mails\n");
		skip();
	}
	start();
	for (size_t i = 0; i < s.n; i++)
		threads = MAX(threads, s.v[i].truth + 1);
	run(&s, "generated", 0, (size_t)threads);
	run(&s, "generated", 1, (size_t)threads);
	unload(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_generated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

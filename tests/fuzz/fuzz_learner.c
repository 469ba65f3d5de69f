/* Rows of a model as damage may leave them: what is read can be guessed with, learned on and written again; csv records end. */
#include "app/csv.h"
#include "base/must.h"
#include "desk/learner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str rows;

/* Every place has the same row, if it is one. */
static bool
get(void *ctx, struct arena *a, uint32_t place, struct learner_row *out)
{
	(void)ctx;
	(void)place;
	return learner_row_decode(a, rows, out);
}

static void
put(void *ctx, uint32_t place, const struct learner_row *row)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct learner_row again;

	(void)ctx;
	must(place < LEARNER_PLACES);
	learner_row_encode(row, &b);
	must(learner_row_decode(&a, buf_str(&b), &again));
	must(again.n == row->n);
}

static void
read_csv(struct str s)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	size_t before = s.n;
	struct strs v;

	while (csv_record(&a, &s, &v)) {
		must(v.n > 0 && s.n < before);
		before = s.n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str s = str_n((const char *)data, size), head;
	struct learner_io io = {NULL, get, put};
	struct learner_guess g[5];
	struct learner_head h, again;
	size_t cut, n;

	read_csv(s);
	if (size < 2)
		return 0;
	/* The first two bytes say where the head ends and the row begins. */
	cut = MIN((size_t)data[0] | (size_t)data[1] << 8, size - 2);
	head = str_sub(s, 2, 2 + cut);
	rows = str_from(s, 2 + cut);
	if (!learner_head_decode(&a, head, &h))
		h = (struct learner_head){0};
	learner_init(&a, &h);
	n = learner_guess(&a, &h, &io, S("the printer is on fire"), g, 5);
	must(n <= 5 && n <= h.classes.n);
	for (size_t i = 0; i < n; i++) {
		must(g[i].class < h.classes.n);
		must(g[i].probability >= 0 && g[i].probability <= 1);
	}
	learner_learn(&a, &h, &io, S("the printer is on fire"), S("x"), true);
	learner_head_encode(&h, &b);
	must(learner_head_decode(&a, buf_str(&b), &again));
	must(again.classes.n == h.classes.n);
	return 0;
}

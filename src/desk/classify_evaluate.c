/*
 * Cross-validation over examples in memory. The order is shuffled with a fixed
 * seed, so the same examples give the same figures.
 */
#include "base/mem.h"
#include "base/must.h"
#include "desk/classify.h"
#include "mail/terms.h"

#include <math.h>
#include <stdlib.h>

enum {
	MIN_EXAMPLES = 40,
	KEYWORDS = 10,
	KEYWORD_MIN = 3 /* examples a telling word was in */
};

/* --- rows in memory ---------------------------------------------------- */

struct memory {
	struct learner_row *rows; /* LEARNER_PLACES of them */
	uint16_t *room;           /* of each row's weights */
	struct arena a;
};

static bool
get_row(void *ctx, struct arena *a, uint32_t place, struct learner_row *out)
{
	const struct memory *m = ctx;
	const struct learner_row *r = &m->rows[place];

	*out = *r;
	if (!r->df)
		return false;
	out->v = arena_array(a, struct learner_weight, (size_t)r->n + 1);
	if (r->n)
		memcpy(out->v, r->v, r->n * sizeof *out->v);
	return true;
}

static void
put_row(void *ctx, uint32_t place, const struct learner_row *row)
{
	struct memory *m = ctx;
	struct learner_row *r = &m->rows[place];
	struct learner_weight *v = r->v;

	if (row->n > m->room[place]) {
		m->room[place] = (uint16_t)(row->n + row->n / 2 + 2);
		v = arena_array(&m->a, struct learner_weight, m->room[place]);
	}
	if (row->n)
		memcpy(v, row->v, row->n * sizeof *v);
	*r = *row;
	r->v = v;
}

static void
memory_fini(struct memory *m)
{
	arena_fini(&m->a);
	mem_free(m->rows);
	mem_free(m->room);
}

/* --- the baseline of telling words ------------------------------------- */

struct word {
	struct str word;
	uint32_t n, *by; /* by class */
};
struct telling {
	struct str word;
	size_t class;
};

static int
by_word(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return str_cmp(x->word, y->word);
}

struct pair {
	struct str word;
	size_t class;
};

static int
by_pair(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = str_cmp(x->word, y->word);

	return c ? c : (x->class > y->class) - (x->class < y->class);
}

static int
by_telling(const void *a, const void *b)
{
	const struct telling *x = a, *y = b;

	return str_cmp(x->word, y->word);
}

/* For each class its words with the largest share of all their uses there. */
static struct telling *
telling_words(struct arena *a, const struct example *v, const size_t *class,
    const size_t *order, size_t n, size_t classes, unsigned fold,
    unsigned folds, size_t *nout)
{
	size_t cap = 1024, npairs = 0, nwords = 0;
	struct pair *pairs = arena_array(a, struct pair, cap);
	struct word *words;
	struct telling *out =
	    arena_array(a, struct telling, classes * KEYWORDS + 1);

	for (size_t i = 0; i < n; i++) {
		struct terms *set;
		struct strs l;

		if (i % folds == fold)
			continue;
		set = terms_new(a);
		terms_add(set, v[order[i]].text);
		l = terms_list(set);
		for (size_t k = 0; k < l.n; k++) {
			if (npairs == cap) {
				struct pair *more =
				    arena_array(a, struct pair, cap * 2);

				memcpy(more, pairs, cap * sizeof *more);
				pairs = more;
				cap *= 2;
			}
			pairs[npairs++] =
			    (struct pair){l.v[k], class[order[i]]};
		}
	}
	qsort(pairs, npairs, sizeof *pairs, by_pair);
	words = arena_array(a, struct word, npairs + 1);
	for (size_t i = 0; i < npairs; i++) {
		if (!nwords || !str_eq(words[nwords - 1].word, pairs[i].word)) {
			words[nwords].word = pairs[i].word;
			words[nwords++].by = arena_array(a, uint32_t, classes);
		}
		words[nwords - 1].n++;
		words[nwords - 1].by[pairs[i].class]++;
	}
	*nout = 0;
	for (size_t c = 0; c < classes; c++)
		for (unsigned k = 0; k < KEYWORDS; k++) {
			size_t best = nwords;
			double top = 0;

			for (size_t i = 0; i < nwords; i++) {
				double share =
				    (double)words[i].by[c] / (double)words[i].n;
				/* Often used there, and nearly only there. */
				double score =
				    share * log(1.0 + words[i].by[c]);

				if (words[i].by[c] >= KEYWORD_MIN &&
				    score > top) {
					top = score;
					best = i;
				}
			}
			if (best == nwords)
				break;
			out[(*nout)++] = (struct telling){words[best].word, c};
			words[best].by[c] = 0;
		}
	qsort(out, *nout, sizeof *out, by_telling);
	return out;
}

static size_t
keyword_guess(struct arena *a, const struct telling *words, size_t nwords,
    size_t classes, size_t majority, struct str text)
{
	unsigned *hits = arena_array(a, unsigned, classes + 1);
	struct terms *set = terms_new(a);
	struct strs l;
	size_t best = majority;

	terms_add(set, text);
	l = terms_list(set);
	for (size_t i = 0; i < l.n; i++) {
		struct telling key = {.word = l.v[i]};
		const struct telling *x =
		    bsearch(&key, words, nwords, sizeof key, by_telling);

		if (!x)
			continue;
		while (x > words && str_eq(x[-1].word, l.v[i]))
			x--;
		for (; x < words + nwords && str_eq(x->word, l.v[i]); x++)
			hits[x->class]++;
	}
	for (size_t c = 0; c < classes; c++)
		if (hits[c] > hits[best])
			best = c;
	return best;
}

/* --- the folds --------------------------------------------------------- */

struct trial {
	const struct example *v;
	size_t n, classes, majority;
	size_t *class, *order;
	unsigned folds;
	struct strs names;
	struct evaluation *out;
	size_t right, keyword_right;
};

static void
count(struct trial *x, const struct learner_guess *g, bool right)
{
	struct evaluation *e = x->out;
	int b = MIN((int)(g->probability * EVALUATE_BINS), EVALUATE_BINS - 1);

	x->right += right;
	e->bin[b]++;
	e->said[b] += g->probability;
	e->was[b] += right;
	for (int i = 0; i < EVALUATE_BINS; i++)
		if (g->probability >= 0.5 + 0.05 * i) {
			e->acted[i]++;
			e->acted_right[i] += right;
		}
}

static void
one_fold(struct trial *x, unsigned fold)
{
	AUTO(arena_fini) struct arena keep = ARENA_INIT;
	struct memory m = {.a = ARENA_INIT};
	struct learner_io io = {&m, get_row, put_row};
	struct learner_head h = {0};
	struct telling *words;
	size_t nwords;

	m.rows = mem_new(LEARNER_PLACES * sizeof *m.rows);
	m.room = mem_new(LEARNER_PLACES * sizeof *m.room);
	learner_init(&keep, &h);
	/* All names at once: they must outlive the arena of an example. */
	for (size_t i = 0; i < x->names.n; i++)
		h.classes.v[h.classes.n++] = x->names.v[i];
	for (size_t i = 0; i < x->n; i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		const struct example *e = &x->v[x->order[i]];

		if (i % x->folds != fold)
			learner_learn(&a, &h, &io, e->text, e->value, true);
	}
	words = telling_words(&keep, x->v, x->class, x->order, x->n, x->classes,
	    fold, x->folds, &nwords);
	for (size_t i = fold; i < x->n; i += x->folds) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		const struct example *e = &x->v[x->order[i]];
		size_t class = x->class[x->order[i]];
		struct learner_guess g;

		x->keyword_right += keyword_guess(&a, words, nwords, x->classes,
					x->majority, e->text) == class;
		if (learner_guess(&a, &h, &io, e->text, &g, 1))
			count(x, &g, g.class == class);
	}
	memory_fini(&m);
}

static int
number_classes(struct arena *a, struct trial *x, struct err *err)
{
	struct word *sorted = arena_array(a, struct word, x->n);
	uint32_t *counts;

	x->class = arena_array(a, size_t, x->n);
	x->order = arena_array(a, size_t, x->n);
	for (size_t i = 0; i < x->n; i++)
		sorted[i].word = x->v[i].value;
	qsort(sorted, x->n, sizeof *sorted, by_word);
	for (size_t i = 0; i < x->n; i++)
		if (!i || !str_eq(sorted[i].word, sorted[i - 1].word))
			strs_add(a, &x->names, sorted[i].word);
	x->classes = x->names.n;
	if (x->n < MIN_EXAMPLES || x->classes < 2 ||
	    x->classes > LEARNER_CLASSES)
		return err_set(err, ERR_INVAL,
		    "%zu examples of %zu values: at least %d of two are "
		    "needed, and at most %d values",
		    x->n, x->classes, MIN_EXAMPLES, LEARNER_CLASSES);
	counts = arena_array(a, uint32_t, x->classes);
	for (size_t i = 0; i < x->n; i++) {
		size_t lo = 0, hi = x->classes;

		while (hi - lo > 1) {
			size_t mid = (lo + hi) / 2;

			if (str_cmp(x->names.v[mid], x->v[i].value) <= 0)
				lo = mid;
			else
				hi = mid;
		}
		x->class[i] = lo;
		if (++counts[lo] > counts[x->majority])
			x->majority = lo;
	}
	x->out->majority = (double)counts[x->majority] / (double)x->n;
	return 0;
}

static void
shuffle(size_t *order, size_t n)
{
	uint64_t seed = 20261122;

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k, swap;

		seed = seed * UINT64_C(6364136223846793005) +
		       UINT64_C(1442695040888963407);
		k = (size_t)(seed >> 33) % i;
		swap = order[i - 1];
		order[i - 1] = order[k];
		order[k] = swap;
	}
}

int
classify_evaluate(const struct example *v, size_t n, unsigned folds,
    struct evaluation *out, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct trial x = {.v = v, .n = n, .folds = folds, .out = out};

	*out = (struct evaluation){.n = n};
	if (folds < 2 || folds > 20)
		return err_set(err, ERR_INVAL, "2 to 20 folds");
	if (number_classes(&a, &x, err) < 0)
		return -1;
	out->classes = x.classes;
	shuffle(x.order, n);
	for (unsigned f = 0; f < folds; f++)
		one_fold(&x, f);
	out->accuracy = (double)x.right / (double)n;
	out->keyword = (double)x.keyword_right / (double)n;
	for (int i = 0; i < EVALUATE_BINS; i++) {
		if (!out->bin[i])
			continue;
		out->said[i] /= (double)out->bin[i];
		out->was[i] /= (double)out->bin[i];
		out->calibration += fabs(out->said[i] - out->was[i]) *
				    (double)out->bin[i] / (double)n;
	}
	return 0;
}

/*
 * An example moves the weights of its own places only, so learning and guessing
 * cost some hundred rows whatever was learned before.
 *
 * Confidence is the softmax of the best class. After few examples it means
 * little, and after many it is still too modest or too bold by some tenths; so
 * it is only the coordinate at which the past is looked up: of the guesses that
 * were so confident, how many were right.
 */
#include "desk/learner.h"
#include "base/must.h"
#include "base/record.h"
#include "mail/terms.h"

#include <math.h>
#include <stdlib.h>

enum {
	MIN_EXAMPLES = 20,
	WORDS_MAX = LEARNER_FEATURES / 2,
	FADE = 400, /* guesses after which the older half counts half */
	/* Before anything was tried a bin counts as so many guesses, right as
	 * often as they were confident. */
	PRIOR = 8
};
static const double RATE = 4.0, SMOOTH = 0.3, NEGLIGIBLE = 1e-4;

struct feature {
	uint32_t place;
	double x;
	struct learner_row row;
};
struct features {
	struct feature *v;
	size_t n;
};

/* --- the features of a text -------------------------------------------- */

static uint32_t
place_of(struct str a, struct str b)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < a.n; i++)
		h = (h ^ (unsigned char)a.p[i]) * UINT64_C(1099511628211);
	if (b.n)
		h = (h ^ ' ') * UINT64_C(1099511628211);
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ (unsigned char)b.p[i]) * UINT64_C(1099511628211);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 29;
	return (uint32_t)(h % LEARNER_PLACES);
}

static int
by_place(const void *a, const void *b)
{
	const struct feature *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

/* Each place once, with its row; lengths are one, so long texts weigh no more
 * than short ones. */
static struct features
features_of(struct arena *a, const struct learner_head *h,
    const struct learner_io *io, struct str text)
{
	struct strs words = terms_words(a, text, WORDS_MAX);
	struct features f = {
	    arena_array(a, struct feature, 2 * words.n + 1), 0};
	double norm = 0;
	size_t kept = 0;

	for (size_t i = 0; i < words.n; i++) {
		f.v[f.n++].place = place_of(words.v[i], str_n(NULL, 0));
		if (i)
			f.v[f.n++].place = place_of(words.v[i - 1], words.v[i]);
	}
	if (f.n)
		qsort(f.v, f.n, sizeof *f.v, by_place);
	for (size_t i = 0; i < f.n; i++)
		if (!kept || f.v[kept - 1].place != f.v[i].place)
			f.v[kept++].place = f.v[i].place;
	f.n = kept;
	for (size_t i = 0; i < f.n; i++) {
		struct feature *x = &f.v[i];

		if (!io->get(io->ctx, a, x->place, &x->row))
			x->row = (struct learner_row){0};
		x->x = log(1 + (h->examples + 1.0) / (x->row.df + 1.0));
		norm += x->x * x->x;
	}
	norm = norm > 0 ? sqrt(norm) : 1;
	for (size_t i = 0; i < f.n; i++)
		f.v[i].x /= norm;
	return f;
}

/* The probability of each class, in the arena. */
static double *
softmax(struct arena *a, const struct learner_head *h, const struct features *f)
{
	size_t n = h->classes.n;
	double *p = arena_array(a, double, n + 1);
	double top = -1e300, sum = 0;

	for (size_t i = 0; i < n; i++)
		p[i] = (double)h->bias[i];
	for (size_t i = 0; i < f->n; i++)
		for (unsigned k = 0; k < f->v[i].row.n; k++) {
			const struct learner_weight *w = &f->v[i].row.v[k];

			if (w->class < n)
				p[w->class] += (double)w->w * f->v[i].x;
		}
	for (size_t i = 0; i < n; i++)
		top = MAX(top, p[i]);
	for (size_t i = 0; i < n; i++)
		sum += p[i] = exp(p[i] - top);
	for (size_t i = 0; i < n; i++)
		p[i] /= sum;
	return p;
}

/* --- guessing ---------------------------------------------------------- */

static unsigned
bin_of(double p)
{
	int b = (int)(p * LEARNER_BINS);

	return (unsigned)MIN(MAX(b, 0), LEARNER_BINS - 1);
}

static double
calibrated(const struct learner_head *h, double p)
{
	unsigned b = bin_of(p);

	return ((double)h->right[b] + PRIOR * p) /
	       ((double)h->tried[b] + PRIOR);
}

static size_t
rank(const struct learner_head *h, const double *p, struct learner_guess *out,
    size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < h->classes.n; i++) {
		size_t at = n < max ? n++ : max - 1;

		if (at == max - 1 && n == max && i >= max &&
		    out[at].raw >= p[i])
			continue;
		while (at && out[at - 1].raw < p[i]) {
			out[at] = out[at - 1];
			at--;
		}
		out[at].class = (uint16_t)i;
		out[at].raw = p[i];
	}
	/* Only the first place was ever tried: the others share what is left. */
	for (size_t i = 0; i < n; i++)
		out[i].probability = i ? out[i].raw /
					     MAX(1 - out[0].raw, 1e-9) *
					     (1 - out[0].probability)
				       : calibrated(h, out[0].raw);
	return n;
}

size_t
learner_guess(struct arena *a, const struct learner_head *h,
    const struct learner_io *io, struct str text, struct learner_guess *out,
    size_t max)
{
	struct features f;

	if (!max || h->classes.n < 2 || h->examples < MIN_EXAMPLES)
		return 0;
	f = features_of(a, h, io, text);
	return rank(h, softmax(a, h, &f), out, max);
}

/* --- learning ---------------------------------------------------------- */

void
learner_init(struct arena *a, struct learner_head *h)
{
	struct str *names = arena_array(a, struct str, LEARNER_CLASSES);
	uint32_t *counts = arena_array(a, uint32_t, LEARNER_CLASSES);
	float *bias = arena_array(a, float, LEARNER_CLASSES);
	float *bias_g = arena_array(a, float, LEARNER_CLASSES);

	for (size_t i = 0; i < LEARNER_CLASSES; i++) {
		counts[i] = i < h->classes.n ? h->counts[i] : 0;
		bias[i] = i < h->classes.n ? h->bias[i] : 0;
		bias_g[i] = i < h->classes.n ? h->bias_g[i] : 0;
		if (i < h->classes.n)
			names[i] = h->classes.v[i];
	}
	h->classes.v = names;
	h->counts = counts;
	h->bias = bias;
	h->bias_g = bias_g;
}

/* The number of a class, a new one when there is room; -1. */
static int
class_of(struct arena *a, struct learner_head *h, struct str value)
{
	for (size_t i = 0; i < h->classes.n; i++)
		if (str_eq(h->classes.v[i], value))
			return (int)i;
	if (h->classes.n == LEARNER_CLASSES || !value.n ||
	    value.n > LEARNER_VALUE)
		return -1;
	h->classes.v[h->classes.n] = arena_dup(a, value);
	return (int)h->classes.n++;
}

static void
move(struct arena *a, struct learner_row *r, uint16_t class, double by)
{
	struct learner_weight *v;
	unsigned at = 0;

	while (at < r->n && r->v[at].class < class)
		at++;
	if (at < r->n && r->v[at].class == class) {
		r->v[at].w += (float)by;
		return;
	}
	v = arena_array(a, struct learner_weight, (size_t)r->n + 1);
	if (at)
		memcpy(v, r->v, at * sizeof *v);
	if (at < r->n)
		memcpy(v + at + 1, r->v + at, (r->n - at) * sizeof *v);
	v[at] = (struct learner_weight){class, (float)by};
	r->v = v;
	r->n++;
}

static void
count_guess(struct learner_head *h, const double *p, unsigned class)
{
	unsigned best = 0, b;

	for (unsigned i = 1; i < h->classes.n; i++)
		if (p[i] > p[best])
			best = i;
	b = bin_of(p[best]);
	h->tried[b] += 1;
	h->right[b] += best == class;
	if (h->tried[b] > FADE) {
		h->tried[b] /= 2;
		h->right[b] /= 2;
	}
}

bool
learner_learn(struct arena *a, struct learner_head *h,
    const struct learner_io *io, struct str text, struct str value,
    bool measure)
{
	struct features f = features_of(a, h, io, text);
	size_t before = h->classes.n;
	int class = class_of(a, h, value);
	double *p;

	if (class < 0)
		return false;
	p = softmax(a, h, &f);
	if (measure && before > 1 && h->examples >= MIN_EXAMPLES)
		count_guess(h, p, (unsigned)class);
	for (size_t i = 0; i < f.n; i++) {
		struct feature *x = &f.v[i];
		double rate;

		x->row.df += measure;
		x->row.g += (float)(x->x * x->x);
		rate = RATE / (sqrt((double)x->row.g) + SMOOTH) * x->x;
		for (unsigned k = 0; k < h->classes.n; k++) {
			double off = p[k] - (k == (unsigned)class);

			if (fabs(off) > NEGLIGIBLE)
				move(a, &x->row, (uint16_t)k, -rate * off);
		}
		io->put(io->ctx, x->place, &x->row);
	}
	for (unsigned k = 0; k < h->classes.n; k++) {
		double off = p[k] - (k == (unsigned)class);

		h->bias_g[k] += (float)(off * off);
		h->bias[k] -=
		    (float)(0.1 * off / (sqrt((double)h->bias_g[k]) + SMOOTH));
	}
	h->examples += measure;
	h->counts[class] += measure;
	return true;
}

/* --- records ----------------------------------------------------------- */

static void
put_bits(struct buf *b, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_putc(b, (char)(v >> (8 * i)));
}

static void
put_float(struct buf *b, float x)
{
	uint32_t v;

	memcpy(&v, &x, sizeof v);
	put_bits(b, v, 4);
}

static uint32_t
get_bits(const char *p, unsigned bytes)
{
	uint32_t v = 0;

	must(p != NULL);
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint32_t)(unsigned char)p[i] << (8 * i);
	return v;
}

/* What is no number, or beyond all reason, is 0. */
static float
get_float(const char *p)
{
	uint32_t v = get_bits(p, 4);
	float x;

	memcpy(&x, &v, sizeof x);
	return isfinite(x) && fabsf(x) < 1e6f ? x : 0;
}

void
learner_row_encode(const struct learner_row *r, struct buf *out)
{
	put_bits(out, r->df, 4);
	put_float(out, r->g);
	for (unsigned i = 0; i < r->n; i++) {
		put_bits(out, r->v[i].class, 2);
		put_float(out, r->v[i].w);
	}
}

bool
learner_row_decode(struct arena *a, struct str rec, struct learner_row *out)
{
	size_t n = rec.n < 8 ? 0 : (rec.n - 8) / 6;

	*out = (struct learner_row){0};
	if (rec.n < 8 || (rec.n - 8) % 6 || n > LEARNER_CLASSES)
		return false;
	out->df = get_bits(rec.p, 4);
	out->g = get_float(rec.p + 4);
	if (out->g < 0)
		return false;
	out->v = arena_array(a, struct learner_weight, n + 1);
	for (size_t i = 0; i < n; i++) {
		const char *p = rec.p + 8 + 6 * i;

		out->v[i].class = (uint16_t)get_bits(p, 2);
		out->v[i].w = get_float(p + 2);
		if (out->v[i].class >= LEARNER_CLASSES ||
		    (i && out->v[i].class <= out->v[i - 1].class))
			return false;
	}
	out->n = (uint16_t)n;
	return true;
}

enum {
	TAG_EXAMPLES = 1,
	TAG_CLASS,
	TAG_NUMBERS, /* count, bias, bias_g of each class */
	TAG_BINS,
};

void
learner_head_encode(const struct learner_head *h, struct buf *out)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	rec_u64(out, TAG_EXAMPLES, h->examples);
	rec_strs(out, TAG_CLASS, &h->classes);
	for (size_t i = 0; i < h->classes.n; i++) {
		put_bits(&b, h->counts[i], 4);
		put_float(&b, h->bias[i]);
		put_float(&b, h->bias_g[i]);
	}
	rec_str(out, TAG_NUMBERS, buf_str(&b));
	buf_reset(&b);
	for (size_t i = 0; i < LEARNER_BINS; i++) {
		put_float(&b, h->tried[i]);
		put_float(&b, h->right[i]);
	}
	rec_str(out, TAG_BINS, buf_str(&b));
}

bool
learner_head_decode(struct arena *a, struct str rec, struct learner_head *out)
{
	struct recr r = recr_open(arena_dup(a, rec));
	struct str numbers = {0}, bins = {0};
	size_t n;

	*out = (struct learner_head){0};
	while (recr_next(&r)) {
		if (r.tag == TAG_EXAMPLES)
			out->examples = (uint32_t)MIN(r.u, UINT32_MAX);
		else if (r.tag == TAG_CLASS && r.s.n <= LEARNER_VALUE)
			strs_add(a, &out->classes, r.s);
		else if (r.tag == TAG_NUMBERS)
			numbers = r.s;
		else if (r.tag == TAG_BINS)
			bins = r.s;
	}
	n = out->classes.n;
	if (r.bad || n > LEARNER_CLASSES || numbers.n != n * 12 ||
	    bins.n != LEARNER_BINS * 8)
		return false;
	out->counts = arena_array(a, uint32_t, n + 1);
	out->bias = arena_array(a, float, n + 1);
	out->bias_g = arena_array(a, float, n + 1);
	for (size_t i = 0; i < n; i++) {
		out->counts[i] = get_bits(numbers.p + 12 * i, 4);
		out->bias[i] = get_float(numbers.p + 12 * i + 4);
		out->bias_g[i] = fabsf(get_float(numbers.p + 12 * i + 8));
	}
	for (size_t i = 0; i < LEARNER_BINS; i++) {
		float tried = get_float(bins.p + 8 * i);
		float right = get_float(bins.p + 8 * i + 4);

		if (tried < 0 || right < 0 || right > tried)
			return false;
		out->tried[i] = tried;
		out->right[i] = right;
	}
	learner_init(a, out);
	return true;
}

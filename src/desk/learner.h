/*
 * learner: logistic regression that learns one example at a time, over rows that somebody keeps.
 *
 * A text becomes its words and pairs of neighbours, each hashed into one of 2^18 places: so a model has a size that no text can make it pass. Weights are
 * those of multinomial logistic regression, moved by AdaGrad; words that stand everywhere count less (idf). What it says of itself is measured: before an
 * example is learned it is guessed, and how often a guess of such confidence was right makes the probability that is given out.
 *
 * Plain arithmetic over values; two machines that learn the same examples in the same order agree.
 */
#ifndef DESK_LEARNER_H
#define DESK_LEARNER_H

#include "base/arena.h"
#include "base/buf.h"

enum {
	LEARNER_PLACES = 1 << 18,
	LEARNER_CLASSES = 500,  /* values of a field; further ones are not learned */
	LEARNER_FEATURES = 600, /* of a text: the first ones count */
	LEARNER_BINS = 20,
	LEARNER_VALUE = 100,    /* bytes of a class's name */
};

struct learner_weight {
	uint16_t class;
	float w;
};
/* One place. */
struct learner_row {
	uint32_t df;            /* examples that had it */
	float g;                /* AdaGrad's sum */
	struct learner_weight *v; /* sorted by class; what is missing is 0 */
	uint16_t n;
};
struct learner_head {
	uint32_t examples;
	struct strs classes;    /* the place is the number */
	uint32_t *counts;       /* of examples, beside them */
	float *bias, *bias_g;
	/* Guesses made before learning, by the confidence they came with; old ones fade. */
	float tried[LEARNER_BINS], right[LEARNER_BINS];
};

/* Where the rows are. get: false: there is none (out is then empty). What they return lives in the arena. */
struct learner_io {
	void *ctx;
	bool (*get)(void *ctx, struct arena *a, uint32_t place, struct learner_row *out);
	void (*put)(void *ctx, uint32_t place, const struct learner_row *row);
};

struct learner_guess {
	uint16_t class;
	double raw, probability;
};

/* An empty head has room for its classes after this. */
void learner_init(struct arena *a, struct learner_head *h);
/* The best first, at most max; how many. None while it knows less than two classes or has fewer than 20 examples. */
size_t learner_guess(struct arena *a, const struct learner_head *h, const struct learner_io *io, struct str text, struct learner_guess *out, size_t max);
/* One example. measure: whether it counts for the calibration (false when it was learned before). False when there are too many classes, or the name is too long. */
bool learner_learn(struct arena *a, struct learner_head *h, const struct learner_io *io, struct str text, struct str value, bool measure);

/* As records; and back. False when the bytes are not what was written. */
void learner_row_encode(const struct learner_row *r, struct buf *out);
bool learner_row_decode(struct arena *a, struct str rec, struct learner_row *out);
void learner_head_encode(const struct learner_head *h, struct buf *out);
bool learner_head_decode(struct arena *a, struct str rec, struct learner_head *out);

#endif

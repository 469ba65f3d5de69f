/*
 * classify: a learned guess of a ticket's queue, priority or any of its fields, from the desk's own history.
 *
 * One model a field (desk/learner.h), its rows in LMDB, moved by each ticket that a person settled; nothing is ever learned from what the model itself did. The
 * probability is measured: of the guesses said to be right nine times in ten, nine in ten were.
 *
 * It suggests; it acts only above a threshold that the admin set, and never against a rule or a person.
 */
#ifndef DESK_CLASSIFY_H
#define DESK_CLASSIFY_H

#include "desk/learner.h"
#include "store/model.h"

enum { GUESSES_MAX = 5 };

struct guess {
	struct str value;
	double probability;           /* 0 to 1 */
};
/* The best first; how many, 0 when it has learned too little; -1 with the transaction's error. field: at most MODEL_FIELD_MAX bytes. */
int classify_guess(struct txn *t, struct arena *a, struct str field, struct str text, struct guess out[GUESSES_MAX]);
/* One settled example. seen: it was learned before with another value: it then counts neither for the calibration nor as an example. 1, 0 when there are too many values, -1. */
int classify_learn(struct txn *t, struct arena *a, struct str field, struct str text, struct str value, bool seen);
/* How many examples a field's model knows, and of which values; -1. */
int classify_known(struct txn *t, struct arena *a, struct str field, uint32_t *examples, struct strs *values);
int classify_forget(struct txn *t, struct str field);
/* Can this row of a model be read? For checks. */
bool classify_row_good(struct arena *a, uint32_t place, struct str value);

/* --- without a store ---------------------------------------------------- */

struct example {
	struct str text, value;
};
enum { EVALUATE_BINS = 10 };
struct evaluation {
	size_t n, classes;
	double accuracy;
	double majority;              /* baseline: always the most frequent value */
	double keyword;               /* baseline: the value whose most telling words (ten of each, by their share in it) the text has most of */
	double calibration;           /* expected calibration error: |said - was|, over ten bins, weighted */
	double said[EVALUATE_BINS], was[EVALUATE_BINS];
	size_t bin[EVALUATE_BINS];
	/* Acting above a threshold of 0.50, 0.55 … 0.95: how many it would do, and how many of those rightly. */
	size_t acted[EVALUATE_BINS], acted_right[EVALUATE_BINS];
};
/* Cross-validation: each of `folds` (2 to 20) parts is guessed by what was learned of the others. ERR_INVAL: fewer than 40 examples, or one class. */
int classify_evaluate(const struct example *v, size_t n, unsigned folds, struct evaluation *out, struct err *err);

#endif

/* The learner's rows in the store; and its head, read and written whole, beside them. */
#include "desk/classify.h"
#include "base/must.h"

struct in_store {
	struct txn *t;
	struct str field;
};

static bool
get_row(void *ctx, struct arena *a, uint32_t place, struct learner_row *out)
{
	const struct in_store *x = ctx;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	/* A row that cannot be read is one that was never learned. */
	return model_get(x->t, x->field, place, &b) > 0 &&
	       learner_row_decode(a, buf_str(&b), out);
}

static void
put_row(void *ctx, uint32_t place, const struct learner_row *row)
{
	const struct in_store *x = ctx;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	learner_row_encode(row, &b);
	model_put(x->t, x->field, place, buf_str(&b));
}

/*
 * 1, 0, -1; UNREADABLE: what was learned is lost. No mail may have to wait for
 * that: nothing is guessed or learned, store check tells it, and helpd classify
 * --train learns it again.
 */
enum {
	UNREADABLE = 2
};

static int
get_head(
    struct txn *t, struct arena *a, struct str field, struct learner_head *h)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	int found = model_get(t, field, MODEL_HEAD, &b);

	*h = (struct learner_head){0};
	if (found < 0)
		return -1;
	if (found && !learner_head_decode(a, buf_str(&b), h)) {
		*h = (struct learner_head){0};
		found = UNREADABLE;
	}
	learner_init(a, h);
	return found;
}

int
classify_guess(struct txn *t, struct arena *a, struct str field,
    struct str text, struct guess out[GUESSES_MAX])
{
	struct in_store x = {t, field};
	struct learner_io io = {&x, get_row, put_row};
	struct learner_guess v[GUESSES_MAX];
	struct learner_head h;
	size_t n;
	int found = get_head(t, a, field, &h);

	if (found <= 0 || found == UNREADABLE)
		return MIN(found, 0);
	n = learner_guess(a, &h, &io, text, v, GUESSES_MAX);
	for (size_t i = 0; i < n; i++)
		out[i] =
		    (struct guess){h.classes.v[v[i].class], v[i].probability};
	return (int)n;
}

int
classify_learn(struct txn *t, struct arena *a, struct str field,
    struct str text, struct str value, bool seen)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct in_store x = {t, field};
	struct learner_io io = {&x, get_row, put_row};
	struct learner_head h;
	int found = get_head(t, a, field, &h);

	if (found < 0 || found == UNREADABLE)
		return MIN(found, 0);
	if (!learner_learn(a, &h, &io, text, value, !seen))
		return 0;
	learner_head_encode(&h, &b);
	model_put(t, field, MODEL_HEAD, buf_str(&b));
	return txn_error(t, NULL) < 0 ? -1 : 1;
}

int
classify_known(struct txn *t, struct arena *a, struct str field,
    uint32_t *examples, struct strs *values)
{
	struct learner_head h;
	int found = get_head(t, a, field, &h);

	*examples = h.examples;
	*values = h.classes;
	return MIN(found, 1);
}

bool
classify_row_good(struct arena *a, uint32_t place, struct str value)
{
	struct learner_head h;
	struct learner_row r;

	if (place == MODEL_HEAD)
		return learner_head_decode(a, value, &h);
	return place < LEARNER_PLACES && learner_row_decode(a, value, &r);
}

int
classify_forget(struct txn *t, struct str field)
{
	return model_drop(t, field) < 0 ? -1 : 0;
}

/*
 * Loads are compared as fractions, cross-multiplied: no rounding, so who is
 * equal is equal, and then the longest wait decides. That alone keeps the
 * spread even when nobody has any load yet.
 */
#include "desk/route_pick.h"
#include "base/must.h"

enum {
	USUAL_CAPACITY = 20
};

#define X_STRATEGY_NAME(n, id, name) [n] = name,
static const char *const names[] = {
    [STRATEGY_NONE] = "", STRATEGIES(X_STRATEGY_NAME)};

const char *
strategy_name(enum strategy s)
{
	must((unsigned)s < STRATEGY_COUNT);
	return names[s];
}

bool
strategy_parse(struct str s, enum strategy *out)
{
	for (int i = STRATEGY_NONE + 1; i < STRATEGY_COUNT; i++)
		if (str_ieq(s, str_c(names[i]))) {
			*out = (enum strategy)i;
			return true;
		}
	return false;
}

static uint64_t
weight(const struct candidate *x)
{
	return x->capacity ? x->capacity : USUAL_CAPACITY;
}

static bool
has_room(const struct candidate *x)
{
	return !x->capacity || x->tickets < x->capacity;
}

/* Is a to be chosen before b? As if half of the ticket were there already:
 * without it small desks get too much, with all of it too little. */
static bool
lighter(const struct candidate *a, const struct candidate *b, unsigned load)
{
	uint64_t x = (2 * (uint64_t)a->load + load) * weight(b);
	uint64_t y = (2 * (uint64_t)b->load + load) * weight(a);

	return x != y ? x < y : a->turn < b->turn;
}

static bool
least_loaded(const struct candidate *v, size_t n, unsigned load, bool any_room,
    struct pick *out)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (!any_room && !has_room(&v[i]))
			continue;
		if (!found || lighter(&v[i], &v[out->at], load))
			out->at = i;
		found = true;
	}
	out->why = names[STRATEGY_LEAST_LOADED];
	return found;
}

static bool
longest_wait(const struct candidate *v, size_t n, struct pick *out)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (!has_room(&v[i]))
			continue;
		if (!found || v[i].turn < v[out->at].turn)
			out->at = i;
		found = true;
	}
	out->why = names[STRATEGY_ROUND_ROBIN];
	return found;
}

/* Each is owed his weight a round; who is owed most gets it and pays for all. */
static bool
weighted(struct candidate *v, size_t n, struct pick *out)
{
	int64_t total = 0;
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (!has_room(&v[i]))
			continue;
		v[i].credit += (int64_t)weight(&v[i]);
		total += (int64_t)weight(&v[i]);
		if (!found || v[i].credit > v[out->at].credit)
			out->at = i;
		found = true;
	}
	if (found)
		v[out->at].credit -= total;
	out->why = names[STRATEGY_WEIGHTED];
	return found;
}

static bool
last_agent(const struct candidate *v, size_t n, struct pick *out)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].last_agent && has_room(&v[i])) {
			out->at = i;
			out->why = names[STRATEGY_STICKY];
			return true;
		}
	return false;
}

bool
route_pick(enum strategy s, struct candidate *v, size_t n, unsigned load,
    bool urgent, struct pick *out)
{
	bool found = false;

	*out = (struct pick){.why = ""};
	must(n <= CANDIDATES_MAX);
	if (s == STRATEGY_ROUND_ROBIN)
		found = longest_wait(v, n, out);
	else if (s == STRATEGY_WEIGHTED)
		found = weighted(v, n, out);
	else if (s == STRATEGY_STICKY)
		found = last_agent(v, n, out);
	if (!found && s != STRATEGY_ROUND_ROBIN && s != STRATEGY_WEIGHTED)
		found = least_loaded(v, n, load, false, out);
	if (found || !urgent || !n)
		return found;
	out->beyond = true;
	return least_loaded(v, n, load, true, out);
}

#include "desk/timeline.h"
#include "base/must.h"
#include "desk/merge.h"

/* One ticket, and its next row. */
struct lane {
	uint64_t ticket;
	uint32_t seq, last; /* of the row at hand, and of the last one */
	bool have;
	struct arena a; /* of the row */
	struct article article;
	struct event event;
};

struct timeline {
	struct txn *t;
	enum timeline_kind kind;
	struct lane *v;
	size_t n;
	struct lane
	    *given; /* whose row the caller has: moves on at the next call */
};

static struct lane
lane_of(const struct ticket *k, enum timeline_kind kind, uint32_t max)
{
	uint32_t last = kind == TIMELINE_ARTICLES ? k->articles : k->events;

	return (struct lane){
	    .ticket = k->id,
	    .seq = last > max ? last - max : 0,
	    .last = last,
	};
}

/* Reads on to the next row that is there. */
static int
step(struct timeline *l, struct lane *x)
{
	x->have = false;
	while (!x->have && x->seq < x->last) {
		int found;

		arena_reset(&x->a);
		x->seq++;
		if (l->kind == TIMELINE_ARTICLES)
			found = article_get(
			    l->t, &x->a, x->ticket, x->seq, &x->article);
		else
			found = event_get(
			    l->t, &x->a, x->ticket, x->seq, &x->event);
		if (found < 0)
			return -1;
		x->have = found;
	}
	return 0;
}

static int64_t
time_of(const struct timeline *l, const struct lane *x)
{
	return l->kind == TIMELINE_ARTICLES ? x->article.at : x->event.at;
}

static int
open_lanes(struct txn *t, struct arena *a, const struct ticket *k,
    enum timeline_kind kind, uint32_t max, struct timeline **out,
    struct err *err)
{
	struct timeline *l = arena_new(a, struct timeline);
	uint64_t *ids;
	size_t n;

	*out = NULL;
	if (merge_sources(t, a, k, &ids, &n, err) < 0)
		return -1;
	*l = (struct timeline){
	    .t = t, .kind = kind, .v = arena_array(a, struct lane, n + 1)};
	l->v[l->n++] = lane_of(k, kind, max);
	for (size_t i = 0; i < n; i++) {
		AUTO(arena_fini) struct arena row = ARENA_INIT;
		struct ticket from;
		int found = ticket_get(t, &row, ids[i], &from);

		if (found < 0)
			return txn_error(t, err);
		if (found)
			l->v[l->n++] = lane_of(&from, kind, max);
	}
	*out = l;
	return 0;
}

static int
first_rows(struct timeline *l, struct err *err)
{
	for (size_t i = 0; i < l->n; i++)
		if (step(l, &l->v[i]) < 0)
			return txn_error(l->t, err);
	return 0;
}

int
timeline_open(struct txn *t, struct arena *a, const struct ticket *k,
    enum timeline_kind kind, struct timeline **out, struct err *err)
{
	if (open_lanes(t, a, k, kind, UINT32_MAX, out, err) < 0)
		return -1;
	return first_rows(*out, err);
}

static int next(struct timeline *l);

/* The newest of all are among the newest of each: those are read, and what is
 * too old is passed over. */
int
timeline_newest(struct txn *t, struct arena *a, const struct ticket *k,
    enum timeline_kind kind, uint32_t max, struct timeline **out, size_t *total,
    struct err *err)
{
	size_t there = 0;

	*total = 0;
	if (open_lanes(t, a, k, kind, max, out, err) < 0)
		return -1;
	must(*out);
	for (size_t i = 0; i < (*out)->n; i++) {
		there += (*out)->v[i].last - (*out)->v[i].seq;
		*total += (*out)->v[i].last;
	}
	if (first_rows(*out, err) < 0)
		return -1;
	for (; there > max; there--)
		if (next(*out) < 0)
			return txn_error(t, err);
	return 0;
}

/* 1, 0, -1; the lane whose row is next is l->given. */
static int
next(struct timeline *l)
{
	if (l->given && step(l, l->given) < 0)
		return -1;
	l->given = NULL;
	for (size_t i = 0; i < l->n; i++) {
		struct lane *x = &l->v[i];

		if (!x->have)
			continue;
		if (!l->given || time_of(l, x) < time_of(l, l->given) ||
		    (time_of(l, x) == time_of(l, l->given) &&
			x->ticket < l->given->ticket))
			l->given = x;
	}
	return l->given != NULL;
}

int
timeline_article(struct timeline *l, struct article *out)
{
	int r = next(l);

	must(l->kind == TIMELINE_ARTICLES);
	if (r > 0)
		*out = l->given->article;
	return r;
}

int
timeline_event(struct timeline *l, struct event *out)
{
	int r = next(l);

	must(l->kind == TIMELINE_EVENTS);
	if (r > 0)
		*out = l->given->event;
	return r;
}

void
timeline_close(struct timeline **l)
{
	if (!*l)
		return;
	for (size_t i = 0; i < (*l)->n; i++)
		arena_fini(&(*l)->v[i].a);
	*l = NULL;
}

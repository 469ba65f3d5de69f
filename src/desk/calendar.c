/*
 * The zone becomes a list of stretches with one offset each. Within a stretch
 * the wall's time is the instant plus a constant, so the days' spans are plain
 * intervals; the walk below yields them in order, and everything else sums or
 * looks at what it yields.
 *
 *   stretch   |------ +1 h ------|------ +2 h ------|
 *   spans        ##  ##   ##  ##    ##  ##   ##  ##
 */
#include "desk/calendar.h"
#include "base/clock.h"
#include "base/must.h"
#include "mail/zone.h"

#include <stdlib.h>

enum {
	MINUTE = 60 * 1000,
	YEAR_FIRST = 1990,
	YEAR_LAST = 2100,
	STEP_DAYS = 5, /* no zone changes twice within so few */
	DAY_MINUTES = 24 * 60
};

struct stretch {
	int64_t from; /* an instant */
	int64_t offset;
};
struct transitions {
	struct stretch *v; /* the first holds from ever, the last for ever */
	size_t n;
};

/* --- making one -------------------------------------------------------- */

static int64_t
offset_at(const char *zone, int64_t t)
{
	return (int64_t)zone_offset(zone, t) * CLOCK_SECOND;
}

/* The second in (from, to] from which on the offset is another. */
static int64_t
find_change(const char *zone, int64_t from, int64_t to)
{
	int64_t old = offset_at(zone, from);

	while (to - from > CLOCK_SECOND) {
		int64_t mid = from + (to - from) / 2;

		mid -= mid % CLOCK_SECOND;
		if (offset_at(zone, mid) == old)
			from = mid;
		else
			to = mid;
	}
	return to;
}

static const struct transitions *
read_zone(struct arena *a, const char *zone)
{
	int64_t t = clock_days(YEAR_FIRST, 1, 1) * CLOCK_DAY;
	int64_t end = clock_days(YEAR_LAST, 1, 1) * CLOCK_DAY;
	struct transitions *x = arena_array(a, struct transitions, 1);
	size_t cap = 16;

	x->v = arena_array(a, struct stretch, cap);
	x->v[0] = (struct stretch){t, offset_at(zone, t)};
	x->n = 1;
	while (t < end) {
		int64_t next = t + STEP_DAYS * CLOCK_DAY;

		if (offset_at(zone, next) == x->v[x->n - 1].offset) {
			t = next;
			continue;
		}
		t = find_change(zone, t, next);
		if (x->n == cap) {
			struct stretch *v =
			    arena_array(a, struct stretch, 2 * cap);

			memcpy(v, x->v, cap * sizeof *v);
			x->v = v;
			cap *= 2;
		}
		x->v[x->n++] = (struct stretch){t, offset_at(zone, t)};
	}
	return x;
}

static int
by_from(const void *a, const void *b)
{
	const struct work_span *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static int
by_day(const void *a, const void *b)
{
	const struct holiday *x = a, *y = b;

	return (x->day > y->day) - (x->day < y->day);
}

static void
tidy_day(struct work_span *v, unsigned *n)
{
	unsigned kept = 0;

	qsort(v, *n, sizeof *v, by_from);
	for (unsigned i = 0; i < *n; i++) {
		must(v[i].to <= 2 * DAY_MINUTES);
		if (v[i].to <= v[i].from)
			continue;
		if (kept && v[i].from <= v[kept - 1].to)
			v[kept - 1].to = MAX(v[kept - 1].to, v[i].to);
		else
			v[kept++] = v[i];
	}
	*n = kept;
}

int
calendar_ready(struct arena *a, struct calendar *c, struct err *err)
{
	unsigned spans = 0;
	size_t kept = 0;

	if (!c->zone)
		c->zone = "UTC";
	if (!zone_known(c->zone))
		return err_set(err, ERR_INVAL,
		    "calendar %.*s: there is no time zone %s", STR_ARG(c->name),
		    c->zone);
	for (unsigned d = 0; d < 7; d++) {
		must(c->nspans[d] <= WORK_SPANS_MAX);
		tidy_day(c->week[d], &c->nspans[d]);
		spans += c->nspans[d];
	}
	if (!spans)
		return err_set(err, ERR_INVAL,
		    "calendar %.*s has no working time at all",
		    STR_ARG(c->name));
	if (c->nholidays)
		qsort(c->holidays, c->nholidays, sizeof c->holidays[0], by_day);
	for (size_t i = 0; i < c->nholidays; i++)
		if (!kept || c->holidays[kept - 1].day != c->holidays[i].day)
			c->holidays[kept++] = c->holidays[i];
	c->nholidays = kept;
	c->transitions = read_zone(a, c->zone);
	return 0;
}

const struct calendar *
calendar_always(void)
{
	static struct stretch utc[1];
	static const struct transitions one = {utc, 1};
	static const struct calendar always = {
	    .name = {"always", 6},
	    .zone = "UTC",
	    .week = {{{0, DAY_MINUTES}}, {{0, DAY_MINUTES}}, {{0, DAY_MINUTES}},
		{{0, DAY_MINUTES}}, {{0, DAY_MINUTES}}, {{0, DAY_MINUTES}},
		{{0, DAY_MINUTES}}},
	    .nspans = {1, 1, 1, 1, 1, 1, 1},
	    .transitions = &one,
	};

	return &always;
}

/* --- walking ----------------------------------------------------------- */

struct walk {
	const struct calendar *c;
	size_t at;        /* the stretch */
	int64_t from, to; /* what is left of it */
	int64_t day;      /* on the wall */
	unsigned span;    /* the next of that day */
	int64_t end;      /* nothing after it is looked at */
};

static bool
is_holiday(const struct calendar *c, int64_t day)
{
	size_t lo = 0, hi = c->nholidays;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->holidays[mid].day < day)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->nholidays && c->holidays[lo].day == day;
}

static int64_t
floor_day(int64_t t)
{
	int64_t d = t / CLOCK_DAY;

	return t % CLOCK_DAY < 0 ? d - 1 : d;
}

static unsigned
weekday(int64_t day)
{
	int64_t w = (day + 3) % 7; /* 1970-01-01 was a Thursday */

	return (unsigned)(w < 0 ? w + 7 : w);
}

/* Enters stretch w->at at `from`. */
static void
enter(struct walk *w, int64_t from)
{
	const struct transitions *x = w->c->transitions;

	w->from = from;
	w->to = w->at + 1 < x->n ? MIN(x->v[w->at + 1].from, w->end) : w->end;
	/* A span of the day before may reach over midnight. */
	w->day = floor_day(from + x->v[w->at].offset) - 1;
	w->span = 0;
}

static struct walk
walk_from(const struct calendar *c, int64_t from, int64_t end)
{
	const struct transitions *x = c->transitions;
	struct walk w = {.c = c, .end = end};
	size_t lo = 0, hi = x->n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->v[mid].from <= from)
			lo = mid;
		else
			hi = mid;
	}
	w.at = lo;
	enter(&w, from);
	return w;
}

/* The next piece of working time, in order, not overlapping; pieces may touch. */
static bool
walk_piece(struct walk *w, int64_t *from, int64_t *to)
{
	const struct transitions *x = w->c->transitions;

	for (;;) {
		int64_t offset = x->v[w->at].offset;
		int64_t midnight = w->day * CLOCK_DAY - offset;
		unsigned wd = weekday(w->day);

		if (midnight >= w->to) {
			if (w->to >= w->end || w->at + 1 == x->n)
				return false;
			w->at++;
			enter(w, x->v[w->at].from);
			continue;
		}
		if (w->span == w->c->nspans[wd] ||
		    (w->span == 0 && is_holiday(w->c, w->day))) {
			w->day++;
			w->span = 0;
			continue;
		}
		*from = midnight + w->c->week[wd][w->span].from * MINUTE;
		*to = midnight + w->c->week[wd][w->span].to * MINUTE;
		w->span++;
		*from = MAX(*from, w->from);
		*to = MIN(*to, w->to);
		if (*from >= *to)
			continue;
		w->from = *to; /* what overlaps is counted once */
		return true;
	}
}

static int64_t
horizon(int64_t t)
{
	return t + CALENDAR_YEARS * 366 * CLOCK_DAY;
}

/* --- questions --------------------------------------------------------- */

bool
calendar_working(const struct calendar *c, int64_t t)
{
	struct walk w = walk_from(c, t, t + 1);
	int64_t from, to;

	return walk_piece(&w, &from, &to);
}

int64_t
calendar_between(const struct calendar *c, int64_t from, int64_t to)
{
	struct walk w = walk_from(c, from, to);
	int64_t sum = 0, a, b;

	if (to <= from)
		return 0;
	while (walk_piece(&w, &a, &b))
		sum += b - a;
	return sum;
}

int64_t
calendar_add(const struct calendar *c, int64_t from, int64_t ms)
{
	ms = MAX(ms, 0);
	/* The horizon is for time without work: it moves on with the work. */
	for (;;) {
		struct walk w = walk_from(c, from, horizon(from));
		bool any = false;
		int64_t a, b;

		while (walk_piece(&w, &a, &b)) {
			if (b - a > ms || (b - a == ms && ms))
				return a + ms;
			ms -= b - a;
			from = b;
			any = true;
		}
		if (!any)
			return CLOCK_NONE;
	}
}

bool
calendar_next(const struct calendar *c, int64_t t, int64_t *from, int64_t *to)
{
	struct walk w = walk_from(c, t, horizon(t));
	int64_t a, b, start = t, end = t;
	struct walk back;
	bool run = false;

	if (!walk_piece(&w, from, to))
		return false;
	while (walk_piece(&w, &a, &b) && a == *to)
		*to = b;
	if (*from > t)
		return true;
	/* It may have begun before: no farther back than a week. */
	back = walk_from(c, t - 7 * CLOCK_DAY, t);
	while (walk_piece(&back, &a, &b)) {
		if (!run || a != end)
			start = a;
		end = b;
		run = true;
	}
	if (run && end == t)
		*from = start;
	return true;
}

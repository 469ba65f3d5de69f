/*
 * Holidays from iCalendar files, by libical: what is a whole day there is a
 * holiday here.
 */
#include "mail/holidays.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"

#include <libical/ical.h>
#include <stdlib.h>

enum {
	ICS_MAX = 4 << 20,
	EVENT_DAYS_MAX = 366,
	DEPTH_MAX = 4,
	YEAR_FIRST = 1990,
	YEAR_LAST = 2100
};

struct reading {
	struct arena *a;
	struct holiday *v;
	size_t n, cap, timed;
	struct str name;
	unsigned length; /* days of the event */
	bool full;
};

static void
add_day(struct reading *r, int64_t day)
{
	if (r->n == HOLIDAYS_MAX) {
		r->full = true;
		return;
	}
	if (r->n == r->cap) {
		struct holiday *v;

		r->cap = r->cap ? 2 * r->cap : 64;
		v = arena_array(r->a, struct holiday, r->cap);
		if (r->n)
			memcpy(v, r->v, r->n * sizeof *v);
		r->v = v;
	}
	r->v[r->n++] = (struct holiday){(int32_t)day, r->name};
}

static int64_t
day_of(struct icaltimetype t)
{
	return clock_days(t.year, (unsigned)t.month, (unsigned)t.day);
}

static void
one_recurrence(icalcomponent *comp, struct icaltime_span *span, void *ctx)
{
	struct reading *r = ctx;
	int64_t day = (int64_t)span->start / (CLOCK_DAY / CLOCK_SECOND);

	(void)comp;
	for (unsigned i = 0; i < r->length && !r->full; i++)
		add_day(r, day + i);
}

/* How many days it takes; 0: it is no event of whole days. */
static unsigned
length_of(icalcomponent *event)
{
	struct icaltimetype from = icalcomponent_get_dtstart(event);
	struct icaltimetype to = icalcomponent_get_dtend(event);
	int64_t n;

	if (icaltime_is_null_time(from) || !icaltime_is_valid_time(from) ||
	    !from.is_date)
		return 0;
	if (icaltime_is_null_time(to) || !icaltime_is_valid_time(to))
		return 1;
	n = day_of(to) - day_of(from);
	return n < 1 ? 1 : (unsigned)MIN(n, EVENT_DAYS_MAX);
}

static void
read_event(struct reading *r, icalcomponent *event)
{
	const char *name = icalcomponent_get_summary(event);
	struct icaltimetype from = icaltime_null_time(), to;

	r->length = length_of(event);
	if (!r->length) {
		r->timed++;
		return;
	}
	r->name = str_n(NULL, 0);
	if (name && utf8_valid(str_c(name)))
		r->name = arena_dup(r->a, utf8_clip(str_c(name), 200));
	from.year = YEAR_FIRST;
	from.month = from.day = 1;
	from.is_date = 1;
	to = from;
	to.year = YEAR_LAST;
	icalcomponent_foreach_recurrence(event, from, to, one_recurrence, r);
}

static void
read_all(struct reading *r, icalcomponent *top, unsigned depth)
{
	icalcomponent *x;

	if (icalcomponent_isa(top) == ICAL_VEVENT_COMPONENT) {
		read_event(r, top);
		return;
	}
	for (x = icalcomponent_get_first_component(top, ICAL_ANY_COMPONENT);
	     x && depth < DEPTH_MAX;
	     x = icalcomponent_get_next_component(top, ICAL_ANY_COMPONENT))
		read_all(r, x, depth + 1);
}

static int
by_day(const void *a, const void *b)
{
	const struct holiday *x = a, *y = b;

	return (x->day > y->day) - (x->day < y->day);
}

int
holidays_read(struct arena *a, struct str ics, struct holiday **out, size_t *n,
    size_t *timed, struct err *err)
{
	struct reading r = {.a = a};
	icalcomponent *top;
	size_t kept = 0;

	*out = NULL;
	*n = *timed = 0;
	if (ics.n > ICS_MAX)
		return err_set(err, ERR_INVAL,
		    "the calendar is larger than %d MiB", ICS_MAX >> 20);
	icalerror_set_errors_are_fatal(0);
	top = icalparser_parse_string(arena_cstr(a, ics));
	if (!top)
		return err_set(
		    err, ERR_INVAL, "this is no iCalendar file (RFC 5545)");
	read_all(&r, top, 0);
	icalcomponent_free(top);
	if (r.full)
		return err_set(err, ERR_INVAL,
		    "the calendar has more than %d holidays", HOLIDAYS_MAX);
	if (!r.n)
		return err_set(err, ERR_INVAL,
		    "the calendar has no event that takes whole days: none "
		    "of it is a holiday");
	qsort(r.v, r.n, sizeof *r.v, by_day);
	for (size_t i = 0; i < r.n; i++)
		if (!kept || r.v[kept - 1].day != r.v[i].day)
			r.v[kept++] = r.v[i];
	*out = r.v;
	*n = kept;
	*timed = r.timed;
	return 0;
}

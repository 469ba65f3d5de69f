/*
 * A calendar of sla.conf: hours of each day, and holidays from dates and .ics
 * files.
 *
 *     calendar "office" { weekdays ["09:00-12:30", "13:30-18:00"]; holidays ["2026-12-25", "holidays/de.ics"]; }
 */
#include "app/config_block.h"
#include "app/config_sla.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/calendar.h"

#define WEEKDAYS 5

static const char *const day_names[7] = {"monday", "tuesday", "wednesday",
    "thursday", "friday", "saturday", "sunday"};

struct calendar_block {
	struct calendar_values v;
	struct calendar c;
	struct block b;
};

/* --- times of the day -------------------------------------------------- */

/* A day without hours says so: the grammar has no empty list. */
static bool
is_none(const struct strs *l)
{
	return l->n == 1 && str_ieq(l->v[0], S("none"));
}

/* "9:00", "09:00", "24:00": minutes. */
static bool
read_time(struct str s, unsigned *out)
{
	uint64_t h, m;
	ptrdiff_t colon = str_chr(s, ':', 0);

	if (colon < 1 || colon > 2 || s.n - (size_t)colon != 3 ||
	    !str_u64(str_sub(s, 0, (size_t)colon), &h) ||
	    !str_u64(str_from(s, (size_t)colon + 1), &m))
		return false;
	*out = (unsigned)(h * 60 + m);
	return m < 60 && *out <= 24 * 60;
}

static bool
read_span(struct str s, struct work_span *out)
{
	ptrdiff_t dash = str_chr(s, '-', 0);
	unsigned from, to;

	if (dash < 0 ||
	    !read_time(str_trim(str_sub(s, 0, (size_t)dash)), &from) ||
	    !read_time(str_trim(str_from(s, (size_t)dash + 1)), &to) ||
	    from >= 24 * 60 || from == to)
		return false;
	if (to < from) /* into the next day */
		to += 24 * 60;
	*out = (struct work_span){(uint16_t)from, (uint16_t)to};
	return true;
}

static void
read_spans(struct calendar_block *x, const char *name, unsigned day)
{
	const struct command *c = block_value(&x->b, name);
	const struct strs *l =
	    !strcmp(name, "weekdays") ? &x->v.weekdays : &x->v.day[day];

	for (size_t i = 0; c && i < l->n; i++) {
		struct work_span span;

		if (!read_span(l->v[i], &span))
			continue; /* told by judge_spans() */
		if (x->c.nspans[day] < WORK_SPANS_MAX)
			x->c.week[day][x->c.nspans[day]++] = span;
	}
}

static void
judge_spans(struct value_reader *r, const struct calendar_block *x,
    const char *name, const struct strs *l)
{
	const struct command *c = block_value(&x->b, name);
	struct work_span span;

	for (size_t i = 0; c && !is_none(l) && i < l->n; i++)
		if (!read_span(l->v[i], &span))
			wrong(r, value_in(c, l->v[i]),
			    "%s: found \"%.*s\", expected hours such as "
			    "\"09:00-12:30\", or \"none\" alone",
			    name, STR_ARG(utf8_clip(l->v[i], 40)));
	if (c && l->n > WORK_SPANS_MAX)
		wrong(r, value_at(c), "%s: more than %d spans", name,
		    WORK_SPANS_MAX);
}

/* --- holidays ---------------------------------------------------------- */

/* "2026-12-25", "2026-12-25 Christmas Day". */
static bool
read_date(struct str s, struct holiday *out)
{
	uint64_t y, m, d;
	int64_t days, year;
	unsigned month, day;

	if (s.n < 10 || s.p[4] != '-' || s.p[7] != '-' ||
	    (s.n > 10 && s.p[10] != ' ') || !str_u64(str_sub(s, 0, 4), &y) ||
	    !str_u64(str_sub(s, 5, 7), &m) || !str_u64(str_sub(s, 8, 10), &d) ||
	    m < 1 || m > 12 || d < 1 || d > 31 || y < 1990 || y > 2100)
		return false;
	days = clock_days((int64_t)y, (unsigned)m, (unsigned)d);
	clock_date(days, &year, &month, &day);
	*out = (struct holiday){(int32_t)days, str_trim(str_from(s, 10))};
	return day == d;
}

static void
add_holidays(struct value_reader *r, struct calendar *c,
    const struct holiday *v, size_t n)
{
	struct holiday *all =
	    arena_array(r->a, struct holiday, c->nholidays + n + 1);

	if (c->nholidays)
		memcpy(all, c->holidays, c->nholidays * sizeof *all);
	if (n)
		memcpy(all + c->nholidays, v, n * sizeof *all);
	c->holidays = all;
	c->nholidays += n;
}

static void
read_file(struct value_reader *r, struct calendar_block *x, struct str name,
    struct place at)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	struct holiday *v;
	size_t n, timed;
	const char *path = arena_cstr(r->a, name);

	if (*path != '/')
		path = path_join(r->a, r->dir, path);
	if (file_read(path, 16 << 20, &text, &err) < 0) {
		wrong(r, at, "holidays: %s", err.msg);
		return;
	}
	if (holidays_read(r->a, buf_str(&text), &v, &n, &timed, &err) < 0) {
		wrong(r, at, "holidays: %s: %s", path, err.msg);
		return;
	}
	if (timed)
		complain_warning(r->a, r->bad, at,
		    "holidays: %s: %zu of its events have times of day: they "
		    "are no holidays",
		    path, timed);
	add_holidays(r, &x->c, v, n);
}

static void
read_holidays(struct value_reader *r, struct calendar_block *x)
{
	const struct command *c = block_value(&x->b, "holidays");
	const struct strs *l = &x->v.holidays;

	for (size_t i = 0; c && i < l->n; i++) {
		struct place at = value_in(c, l->v[i]);
		struct holiday one;

		if (read_date(l->v[i], &one))
			add_holidays(r, &x->c, &one, 1);
		else if (l->v[i].n && ch_is_digit(l->v[i].p[0]) &&
			 !str_iends(l->v[i], S(".ics")))
			wrong(r, at,
			    "holidays: found \"%.*s\", expected a date such "
			    "as \"2026-12-25\", or the name of an .ics file",
			    STR_ARG(utf8_clip(l->v[i], 40)));
		else
			read_file(r, x, l->v[i], at);
	}
}

/* --- calendars --------------------------------------------------------- */

void
calendar_read(struct value_reader *r, const struct command *c, const char *zone,
    struct strs *names, struct calendar *out)
{
	struct calendar_block x = {.v.zone = zone};
	struct err err = ERR_INIT;
	size_t errors = r->bad->errors;

	x.b = block_of("calendar");
	x.c.name = block_name(r, c, SETTING_NAME);
	block_read(r, &x.b, c, &x.v);
	block_judge(r, &x.b, c);
	x.c.zone = x.v.zone;
	judge_spans(r, &x, "weekdays", &x.v.weekdays);
	for (unsigned d = 0; d < 7; d++) {
		bool own = block_set(&x.b, day_names[d]) != NULL;

		judge_spans(r, &x, day_names[d], &x.v.day[d]);
		if (own || d < WEEKDAYS)
			read_spans(&x, own ? day_names[d] : "weekdays", d);
	}
	read_holidays(r, &x);
	judge_name(r, c, x.c.name, names);
	if (calendar_ready(r->a, &x.c, &err) < 0) {
		if (r->bad->errors == errors)
			wrong(r, c->at, "%s", err.msg);
		/* For what is judged behind it. */
		x.c = *calendar_always();
	}
	*out = x.c;
}

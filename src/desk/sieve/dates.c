/*
 * The tests date and currentdate (RFC 5260). Date fields are read as strictly
 * as the grammar of RFC 5322 says about the zone, which the parts are shown in
 * with :originalzone.
 */
#include "base/clock.h"
#include "desk/sieve/engine.h"
#include "mail/date.h"
#include "mail/zone.h"

static const char *const days[] = {
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* "+0130" to minutes. */
static bool
read_zone(struct str s, int *minutes)
{
	int v;

	if (s.n != 5 || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	for (size_t i = 1; i < 5; i++)
		if (!ch_is_digit(s.p[i]))
			return false;
	v = (s.p[1] - '0') * 600 + (s.p[2] - '0') * 60 + (s.p[3] - '0') * 10 +
	    (s.p[4] - '0');
	*minutes = s.p[0] == '-' ? -v : v;
	return true;
}

/* The zone that a Date field names, in minutes. */
static int
written_zone(struct str s)
{
	static const struct {
		const char *name;
		int hours;
	} named[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
	    {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
	struct str w, last = {NULL, 0};
	int minutes = 0;

	while (str_word(&s, &w)) {
		if (w.p[0] == '(')
			break;
		last = w;
	}
	if (read_zone(last, &minutes))
		return minutes;
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (str_ieq(last, str_c(named[i].name)))
			return named[i].hours * 60;
	return 0;
}

static struct str
part_of(struct sieve_run *r, struct str part, int64_t t, int zone)
{
	int64_t local = t / 1000 - (t % 1000 < 0) + (int64_t)zone * 60;
	int64_t day = local / 86400 - (local % 86400 < 0), year;
	int64_t in_day = local - day * 86400;
	unsigned month, mday;
	int h = (int)(in_day / 3600), m = (int)(in_day / 60 % 60),
	    sec = (int)(in_day % 60);
	int weekday = (int)(((day + 4) % 7 + 7) % 7);
	int az = zone < 0 ? -zone : zone;
	char sign = zone < 0 ? '-' : '+';

	clock_date(day, &year, &month, &mday);
	if (str_ieq(part, S("year")))
		return arena_printf(r->a, "%04lld", (long long)year);
	if (str_ieq(part, S("month")))
		return arena_printf(r->a, "%02u", month);
	if (str_ieq(part, S("day")))
		return arena_printf(r->a, "%02u", mday);
	if (str_ieq(part, S("date")))
		return arena_printf(
		    r->a, "%04lld-%02u-%02u", (long long)year, month, mday);
	if (str_ieq(part, S("julian")))
		return arena_printf(r->a, "%lld", (long long)day + 40587);
	if (str_ieq(part, S("hour")))
		return arena_printf(r->a, "%02d", h);
	if (str_ieq(part, S("minute")))
		return arena_printf(r->a, "%02d", m);
	if (str_ieq(part, S("second")))
		return arena_printf(r->a, "%02d", sec);
	if (str_ieq(part, S("time")))
		return arena_printf(r->a, "%02d:%02d:%02d", h, m, sec);
	if (str_ieq(part, S("zone")))
		return arena_printf(r->a, "%c%02d%02d", sign, az / 60, az % 60);
	if (str_ieq(part, S("weekday")))
		return arena_printf(r->a, "%d", weekday);
	if (str_ieq(part, S("iso8601")))
		return arena_printf(r->a,
		    "%04lld-%02u-%02uT%02d:%02d:%02d%c%02d:%02d",
		    (long long)year, month, mday, h, m, sec, sign, az / 60,
		    az % 60);
	if (str_ieq(part, S("std11")))
		return arena_printf(r->a,
		    "%s, %02u %s %04lld %02d:%02d:%02d %c%02d%02d",
		    days[weekday], mday, months[month - 1], (long long)year, h,
		    m, sec, sign, az / 60, az % 60);
	return (struct str){NULL, 0};
}

static int
zone_for(struct sieve_run *r, const struct sieve_node *n, int64_t t)
{
	int minutes = zone_offset(r->c->timezone, t) / 60;

	if (sieve_has(n, TAG_ZONE))
		read_zone(sieve_tag_string(r, n, TAG_ZONE), &minutes);
	return minutes;
}

int
run_date(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_texts fields, out;
	struct strs l = {NULL, 0};
	struct sieve_value name = n->args[0];
	struct str part = sieve_expand(r, &n->args[1].v[0]);

	fields = sieve_header_values(r, n, &name);
	for (size_t i = 0; i < fields.n; i++) {
		struct str s = fields.v[i].s, v;
		ptrdiff_t semi = str_rchr(s, ';');
		int64_t t;
		int zone;

		/* Received: the date stands behind the last ';'. */
		if (semi >= 0)
			s = str_trim(str_from(s, (size_t)semi + 1));
		if (!date_parse(s, &t))
			continue;
		zone = sieve_has(n, TAG_ORIGINALZONE) ? written_zone(s)
						      : zone_for(r, n, t);
		v = part_of(r, part, t, zone);
		if (v.p)
			strs_add(r->a, &l, v);
		/* RFC 5260 §4: one field; without :index the first. */
		break;
	}
	out = sieve_texts_of(r, &l);
	return sieve_match_texts(r, n, out, NULL);
}

int
run_currentdate(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs l = {NULL, 0};
	struct str v = part_of(r, sieve_expand(r, &n->args[0].v[0]), r->c->now,
	    zone_for(r, n, r->c->now));

	if (v.p)
		strs_add(r->a, &l, v);
	return sieve_match_texts(r, n, sieve_texts_of(r, &l), NULL);
}

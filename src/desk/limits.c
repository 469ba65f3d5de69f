/*
 * An address's counter holds the last automatic mails to it, at most as many as
 * the day allows: time and subject of each. The site's counter holds the
 * running hour and a slow average of the hours before.
 *
 * A clock that was set back leaves rows of the future. They count as now, so
 * that a jump does not open the gate, but only for a day, so that it does not
 * close it for ever.
 */
#include "desk/limits.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"

enum {
	KEPT_MAX = 64,
	TAG_AT = 1,
	TAG_SUBJECT = 2,
	TAG_HOUR = 1,
	TAG_COUNT = 2,
	TAG_USUAL = 3, /* thousandths of a mail an hour */
	BREAKER = 10,
	HOURS = 168 /* a week: what "usual" looks back on */
};

struct taken {
	int64_t at;
	uint64_t subject;
};

static size_t
read_taken(struct str rec, int64_t now, struct taken out[KEPT_MAX])
{
	struct recr r = recr_open(rec);
	size_t n = 0;
	int64_t at = 0;

	while (recr_next(&r)) {
		if (r.tag == TAG_AT && !r.is_str)
			at = recr_i64(&r);
		else if (r.tag == TAG_SUBJECT && !r.is_str && n < KEPT_MAX &&
			 at > now - CLOCK_DAY && at < now + CLOCK_DAY)
			out[n++] = (struct taken){at, r.u};
	}
	return n;
}

static void
write_taken(struct txn *t, struct str name, const struct taken *v, size_t n)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		rec_i64(&b, TAG_AT, v[i].at);
		rec_u64(&b, TAG_SUBJECT, v[i].subject);
	}
	counter_put(t, name, buf_str(&b));
}

static uint64_t
subject_hash(struct arena *a, struct str subject)
{
	/* 32 bits tell ten subjects apart; the number stays small. */
	return str_hash(arena_lower(a, str_trim(subject))) & UINT32_MAX;
}

static struct str
address_reason(const struct settings *s, const struct taken *v, size_t n,
    uint64_t subject, int64_t now)
{
	size_t hour = 0;
	bool repeated = false;

	for (size_t i = 0; i < n; i++) {
		if (v[i].at > now - CLOCK_HOUR)
			hour++;
		if (v[i].subject == subject)
			repeated = true;
	}
	if (hour >= s->auto_per_hour)
		return S("over the limit of automatic mails an hour to this "
			 "address");
	if (n >= MIN(s->auto_per_day, KEPT_MAX))
		return S("over the limit of automatic mails a day to this "
			 "address");
	if (n >= 2 && repeated)
		return S("the same subject again, after two automatic mails "
			 "to this address");
	return str_n(NULL, 0);
}

struct site {
	int64_t hour;
	uint64_t count, usual;
};

static void
read_site(struct str rec, struct site *out)
{
	struct recr r = recr_open(rec);

	*out = (struct site){0};
	while (recr_next(&r)) {
		if (r.tag == TAG_HOUR && !r.is_str)
			out->hour = recr_i64(&r);
		else if (r.tag == TAG_COUNT && !r.is_str)
			out->count = r.u;
		else if (r.tag == TAG_USUAL && !r.is_str)
			out->usual = r.u;
	}
}

static uint64_t
allowed(const struct settings *s, const struct site *x)
{
	return MAX((uint64_t)s->site_per_hour, x->usual * BREAKER / 1000);
}

/*
 * Closes the hours that have passed: each moves the average by a part of
 * itself; one that reached the breaker counts for what is usual at most, for a
 * loop must not widen its own way. A clock set back stays in the hour it had reached,
 * for a day.
 */
static void
pass_hours(const struct settings *s, struct site *x, int64_t hour)
{
	uint64_t most = allowed(s, x);
	uint64_t count = x->count >= most ? most / BREAKER : x->count;

	if (hour <= x->hour && hour > x->hour - 24)
		return;
	if (x->hour && hour > x->hour) {
		int64_t idle = MIN(hour - x->hour - 1, HOURS * 4);

		x->usual = x->usual - x->usual / HOURS + count * 1000 / HOURS;
		while (idle-- > 0)
			x->usual -= x->usual / HOURS;
	}
	x->hour = hour;
	x->count = 0;
}

static void
write_site(struct txn *t, const struct site *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	rec_i64(&b, TAG_HOUR, x->hour);
	rec_u64(&b, TAG_COUNT, x->count);
	rec_u64(&b, TAG_USUAL, x->usual);
	counter_put(t, S("site"), buf_str(&b));
}

int
limits_take(struct txn *t, struct arena *a, const struct settings *s,
    struct str key, struct str subject, int64_t now, struct str *reason,
    struct err *err)
{
	struct str name = arena_printf(a, "auto:%.*s", STR_ARG(key)), rec = {0};
	struct taken v[KEPT_MAX];
	struct site site;
	uint64_t hash = subject_hash(a, subject);
	size_t n;

	if (counter_get(t, a, name, &rec) < 0)
		return txn_error(t, err);
	n = read_taken(rec, now, v);
	*reason = address_reason(s, v, n, hash, now);
	if (reason->n)
		return 0;

	rec = str_n(NULL, 0);
	if (counter_get(t, a, S("site"), &rec) < 0)
		return txn_error(t, err);
	read_site(rec, &site);
	pass_hours(s, &site, now / CLOCK_HOUR);
	if (site.count >= allowed(s, &site)) {
		*reason = S("over the limit of automatic mails an hour of the "
			    "whole site");
		return 0;
	}
	site.count++;
	write_site(t, &site);
	if (n == KEPT_MAX)
		memmove(v, v + 1, --n * sizeof v[0]);
	v[n++] = (struct taken){now, hash};
	write_taken(t, name, v, n);
	return 0;
}

int
limits_breaker(struct txn *t, struct arena *a, const struct settings *s,
    int64_t now, bool *open, uint64_t *count, struct err *err)
{
	struct str rec = {0};
	struct site site;

	if (counter_get(t, a, S("site"), &rec) < 0)
		return txn_error(t, err);
	read_site(rec, &site);
	pass_hours(s, &site, now / CLOCK_HOUR);
	*count = site.count;
	*open = site.count >= allowed(s, &site);
	return 0;
}

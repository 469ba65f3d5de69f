/*
 * A record in the counters: one nested record an agent. Who is back by time is
 * dropped by the next writing.
 */
#include "desk/away.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "mail/zone.h"
#include "store/person.h"

enum {
	TAG_AWAY = 1,
	SUB_AGENT = 1,
	SUB_SINCE,
	SUB_UNTIL,
	SUB_BY
};
#define ROW S("away")

static struct away
decode(struct str rec)
{
	struct recr r = recr_open(rec);
	struct away x = {.since = CLOCK_NONE, .until = CLOCK_NONE};

	while (recr_next(&r))
		if (r.tag == SUB_AGENT && r.is_str)
			x.agent = r.s;
		else if (r.tag == SUB_SINCE && !r.is_str)
			x.since = recr_i64(&r);
		else if (r.tag == SUB_UNTIL && !r.is_str)
			x.until = recr_i64(&r);
		else if (r.tag == SUB_BY && r.is_str)
			x.by = r.s;
	return x;
}

static int
read_all(struct txn *t, struct arena *a, int64_t now, struct aways *out)
{
	struct str row = {0};
	struct recr r, n;
	size_t cap = 0;
	int found = counter_get(t, a, ROW, &row);

	*out = (struct aways){0};
	if (found <= 0)
		return found;
	for (n = recr_open(row); recr_next(&n);)
		cap++;
	out->v = arena_array(a, struct away, cap + 1);
	for (r = recr_open(row); recr_next(&r);) {
		struct away x;

		if (r.tag != TAG_AWAY || !r.is_str)
			continue;
		x = decode(r.s);
		if (x.agent.n && x.until > now)
			out->v[out->n++] = x;
	}
	return 0;
}

int
away_list(struct txn *t, struct arena *a, int64_t now, struct aways *out,
    struct err *err)
{
	return read_all(t, a, now, out) < 0 ? txn_error(t, err) : 0;
}

const struct away *
away_of(const struct aways *l, struct str agent)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_ieq(l->v[i].agent, agent))
			return &l->v[i];
	return NULL;
}

int
away_get(struct txn *t, struct arena *a, struct str agent, int64_t now,
    struct away *out)
{
	const struct away *x;
	struct aways l;

	if (read_all(t, a, now, &l) < 0)
		return -1;
	x = away_of(&l, agent);
	if (x)
		*out = *x;
	return x != NULL;
}

static void
write_all(struct txn *t, const struct aways *l)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < l->n; i++) {
		size_t at = rec_begin(&b, TAG_AWAY);

		rec_str(&b, SUB_AGENT, l->v[i].agent);
		rec_i64(&b, SUB_SINCE, l->v[i].since);
		rec_i64(&b, SUB_UNTIL, l->v[i].until);
		rec_str_opt(&b, SUB_BY, l->v[i].by);
		rec_end(&b, at);
	}
	if (l->n)
		counter_put(t, ROW, buf_str(&b));
	else
		counter_del(t, ROW);
}

static bool
take_out(struct aways *l, struct str agent)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!str_ieq(l->v[i].agent, agent))
			l->v[n++] = l->v[i];
	if (n == l->n)
		return false;
	l->n = n;
	return true;
}

int
away_set(struct txn *t, struct arena *a, const struct away *x, int64_t now,
    struct err *err)
{
	struct aways l;

	must(x->agent.n > 0);
	if (read_all(t, a, now, &l) < 0)
		return txn_error(t, err);
	if (!l.v)
		l.v = arena_array(a, struct away, 1);
	take_out(&l, x->agent);
	l.v[l.n++] = *x; /* read_all() leaves room for one more */
	write_all(t, &l);
	return txn_error(t, err);
}

int
away_end(struct txn *t, struct arena *a, struct str agent, int64_t now,
    struct err *err)
{
	struct aways l;
	bool was;

	if (read_all(t, a, now, &l) < 0)
		return txn_error(t, err);
	was = take_out(&l, agent);
	if (was)
		write_all(t, &l);
	return txn_error(t, err) < 0 ? -1 : was;
}

struct str
away_words(struct arena *a, const struct away *x, const char *zone)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str s;

	if (x->until == AWAY_OPEN)
		return S("");
	clock_rfc3339(
	    &b, x->until + (int64_t)zone_offset(zone, x->until) * CLOCK_SECOND);
	s = buf_str(&b);
	return arena_printf(a, "until %.*s %.*s", STR_ARG(str_sub(s, 0, 10)),
	    STR_ARG(str_sub(s, 11, 16)));
}

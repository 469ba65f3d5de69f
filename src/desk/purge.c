/*
 * When a ticket is to be purged, and the list of those that are.
 *
 * What was done is kept with the ticket (extra.purge), as numbers of articles
 * and events, from the first on: what comes to a stub later, a late bounce, is
 * purged by the same rule.
 */
#include "desk/purge.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/extra.h"
#include "desk/merge.h"
#include "desk/purge_private.h"
#include "store/retain.h"

#define NIGHT (3 * CLOCK_HOUR)

enum {
	TAG_AT = 1,
	TAG_PURGED,
	TAG_ARTICLES,
	TAG_EVENTS
};

/* --- kept with the ticket ---------------------------------------------- */

static void
read_state(struct str rec, struct purge_state *out)
{
	struct recr r = recr_open(rec);

	*out = (struct purge_state){.at = CLOCK_NONE, .purged = CLOCK_NONE};
	while (recr_next(&r))
		if (r.is_str)
			continue;
		else if (r.tag == TAG_AT)
			out->at = recr_i64(&r);
		else if (r.tag == TAG_PURGED)
			out->purged = recr_i64(&r);
		else if (r.tag == TAG_ARTICLES)
			out->articles = (uint32_t)r.u;
		else if (r.tag == TAG_EVENTS)
			out->events = (uint32_t)r.u;
}

void
purge_state(struct str extra, struct purge_state *out)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct extra x;

	extra_read(&a, extra, &x);
	read_state(x.purge, out);
}

bool
purge_keep_state(struct arena *a, struct ticket *k, const struct purge_state *p)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct extra x;

	if (p->at != CLOCK_NONE)
		rec_i64(&b, TAG_AT, p->at);
	if (p->purged != CLOCK_NONE)
		rec_i64(&b, TAG_PURGED, p->purged);
	rec_u64_opt(&b, TAG_ARTICLES, p->articles);
	rec_u64_opt(&b, TAG_EVENTS, p->events);
	extra_read(a, k->extra, &x);
	if (str_eq(buf_str(&b), x.purge))
		return false;
	x.purge = arena_dup(a, buf_str(&b));
	k->extra = extra_write(a, k->extra, &x);
	return true;
}

bool
purge_is_stub(const struct ticket *k)
{
	struct purge_state p;

	purge_state(k->extra, &p);
	return p.purged != CLOCK_NONE;
}

int
purge_check_open(const struct ticket *k, struct err *err)
{
	if (!purge_is_stub(k))
		return 0;
	return err_set(err, ERR_INVAL,
	    "ticket %llu was purged: it was over for as long as tickets are "
	    "kept, and nothing but its number and its times is left",
	    (unsigned long long)k->id);
}

/* --- when -------------------------------------------------------------- */

int64_t
purge_night(int64_t at)
{
	int64_t days = (at - NIGHT) / CLOCK_DAY;

	if (days * CLOCK_DAY + NIGHT < at)
		days++;
	return days * CLOCK_DAY + NIGHT;
}

struct str
purge_kept(const struct settings *s, const struct ticket *k)
{
	for (size_t i = 0; i < k->tags.n; i++)
		if (strs_ihas(&s->keep_tags, k->tags.v[i]))
			return k->tags.v[i];
	return str_n(NULL, 0);
}

int
purge_kept_family(struct txn *t, struct arena *a, const struct settings *s,
    const struct ticket *k, struct str *kept)
{
	struct ticket last;
	int found;

	*kept = purge_kept(s, k);
	if (kept->n || !k->merged_into || !s->keep_tags.n)
		return 0;
	found = merge_follow(t, a, k->merged_into, &last);
	if (found > 0)
		*kept = purge_kept(s, &last);
	return MIN(found, 0);
}

static const struct queue *
queue_of(const struct settings *s, const struct ticket *k)
{
	const struct queue *q = settings_queue(s, k->queue);

	return q ? q : &s->queues[0];
}

int64_t
purge_when(const struct settings *s, const struct ticket *k)
{
	const struct queue *q = queue_of(s, k);
	int64_t since = k->updated, after = q->purge_after;

	if (k->status == STATUS_CLOSED && k->closed != CLOCK_NONE)
		since = MAX(since, k->closed);
	else if (k->status == STATUS_SPAM && q->spam_purge_after)
		after = q->spam_purge_after;
	else if (k->status != STATUS_SPAM && k->status != STATUS_CLOSED)
		return CLOCK_NONE;
	return after ? purge_night(since + after) : CLOCK_NONE;
}

/* --- the list ---------------------------------------------------------- */

void
purge_list(
    struct txn *t, const struct ticket *k, struct purge_state *p, int64_t at)
{
	if (p->at == at)
		return;
	if (p->at != CLOCK_NONE)
		retain_del(t, p->at, k->id);
	if (at != CLOCK_NONE)
		retain_put(t, at, k->id);
	p->at = at;
}

/* Not before the coming night: who configures a time that is too short by
 * mistake has until then. What is listed already for a time that will do, or was
 * put off, stays there. */
static int64_t
listed_at(int64_t want, int64_t is, int64_t now)
{
	int64_t soonest = purge_night(now + CLOCK_HOUR);

	if (want == CLOCK_NONE)
		return CLOCK_NONE;
	if (is != CLOCK_NONE && is >= want && is <= soonest)
		return is;
	return MAX(want, soonest);
}

void
purge_update(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    int64_t now, bool *changed)
{
	struct purge_state p;
	int64_t at;

	purge_state(k->extra, &p);
	/* By the ticket into which it was merged. */
	if (k->status == STATUS_MERGED && p.at != CLOCK_NONE)
		return;
	at = purge_kept(d->settings, k).n ? CLOCK_NONE
					  : purge_when(d->settings, k);
	if (p.purged != CLOCK_NONE && p.articles >= k->articles &&
	    p.events >= k->events)
		at = CLOCK_NONE;
	purge_list(t, k, &p, listed_at(at, p.at, now));
	*changed |= purge_keep_state(a, k, &p);
}

bool
purge_put_off(struct txn *t, struct arena *a, int64_t now, int64_t until)
{
	struct purge_state p;
	struct ticket k;
	uint64_t id;
	int64_t at;

	if (retain_first(t, &at, &id) <= 0 || at > now)
		return false;
	if (ticket_get(t, a, id, &k) <= 0) {
		retain_del(t, at, id);
		return true;
	}
	purge_state(k.extra, &p);
	if (p.at != at)
		retain_del(t, at, id);
	purge_list(t, &k, &p, until);
	purge_keep_state(a, &k, &p);
	ticket_put(t, &k);
	return true;
}

#include "desk/tidy.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/due.h"
#include "desk/purge.h"
#include "store/blob.h"

enum {
	STEP = 20 /* mails, which may be large, in one transaction */
};

void
quarantine_remove(
    struct txn *t, struct arena *a, const struct quarantined *q, int64_t now)
{
	struct intake in = {0};
	struct source_key key = {source_number(t, q->source), q->key};
	struct ledger_row row = {.fate = FATE_REMOVED, .at = now}, old;

	if (intake_decode(a, q->intake, &in, NULL) == 0 && in.confirmed.n) {
		struct timer m = {.due = in.confirmed_at,
		    .kind = DUE_RELEASE,
		    .data = arena_printf(a, "%llu", (unsigned long long)q->id)};

		timer_del(t, &m);
	}
	memcpy(row.sha256, q->sha256, sizeof row.sha256);
	if (key.source && ledger_get(t, key, &old) > 0 &&
	    old.fate == FATE_QUARANTINE && old.quarantine == q->id)
		ledger_put(t, key, &row);
	if (q->blob)
		blob_del(t, q->blob);
	quarantine_del(t, q->id);
}

void
tidy_begin(const struct settings *s, struct txn *t, int64_t now)
{
	/* All of one night are the same row. */
	struct timer m = {.due = purge_night(now), .kind = DUE_TIDY};

	if (s->quarantine_after)
		timer_put(t, &m);
}

struct old {
	int64_t before;
	uint64_t v[STEP];
	size_t n;
};

static bool
note_old(void *ctx, const struct quarantined *q)
{
	struct old *l = ctx;

	if (q->at > l->before)
		return false;
	l->v[l->n++] = q->id;
	return l->n < STEP;
}

int
due_tidy(struct desk *d, struct txn *t, struct arena *a, const struct timer *m,
    int64_t now, struct err *err)
{
	struct old l = {.before = now - d->settings->quarantine_after};
	struct timer again = {.due = now, .kind = DUE_TIDY};

	(void)m;
	if (!d->settings->quarantine_after)
		return 0;
	if (quarantine_each(t, a, note_old, &l) < 0)
		return txn_error(t, err);
	for (size_t i = 0; i < l.n; i++) {
		struct quarantined q;

		if (quarantine_get(t, a, l.v[i], &q) > 0)
			quarantine_remove(t, a, &q, now);
	}
	if (l.n == STEP)
		timer_put(t, &again);
	else
		tidy_begin(d->settings, t, now + CLOCK_HOUR);
	return txn_error(t, err);
}

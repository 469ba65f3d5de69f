#include "desk/gate.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "store/person.h"

enum {
	TAG_SINCE = 1,
	TAG_SENT,
	TAG_UNTOLD
};

struct gate {
	int64_t since;
	uint64_t sent, untold;
};

int
gate_pass(struct txn *t, struct arena *a, const char *what, struct str to,
    unsigned max, int64_t now, bool *may, uint64_t *untold, struct err *err)
{
	return gate_pass_within(
	    t, a, what, to, max, CLOCK_HOUR, now, may, untold, err);
}

void
gate_open(struct txn *t, struct arena *a, const char *what, struct str to)
{
	counter_put(t, arena_printf(a, "%s:%.*s", what, STR_ARG(to)), S(""));
}

int
gate_pass_within(struct txn *t, struct arena *a, const char *what,
    struct str to, unsigned max, int64_t period, int64_t now, bool *may,
    uint64_t *untold, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str name = arena_printf(a, "%s:%.*s", what, STR_ARG(to));
	struct str rec = {0};
	struct gate x = {.since = CLOCK_NONE};
	struct recr r;

	if (counter_get(t, a, name, &rec) < 0)
		return txn_error(t, err);
	r = recr_open(rec);
	while (recr_next(&r)) {
		if (r.tag == TAG_SINCE && !r.is_str)
			x.since = recr_i64(&r);
		else if (r.tag == TAG_SENT && !r.is_str)
			x.sent = r.u;
		else if (r.tag == TAG_UNTOLD && !r.is_str)
			x.untold = r.u;
	}
	if (x.since == CLOCK_NONE || x.since <= now - period ||
	    x.since > now + CLOCK_DAY)
		x = (struct gate){.since = now, .untold = x.untold};
	*may = x.sent < max;
	*untold = x.untold;
	x.untold = *may ? 0 : x.untold + 1;
	x.sent += *may;
	rec_i64(&b, TAG_SINCE, x.since);
	rec_u64(&b, TAG_SENT, x.sent);
	rec_u64_opt(&b, TAG_UNTOLD, x.untold);
	counter_put(t, name, buf_str(&b));
	return txn_error(t, err);
}

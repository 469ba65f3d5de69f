/*
 * Out of sight until a time. The ticket keeps what it was (extra), the timer
 * only says when to look: one that comes before the ticket's time is an old
 * one, and nothing happens.
 */
#include "base/clock.h"
#include "base/must.h"
#include "desk/change_private.h"
#include "desk/due.h"
#include "desk/extra.h"
#include "desk/notice.h"

static struct timer
timer_of(const struct ticket *k, int64_t until)
{
	return (struct timer){
	    .due = until, .kind = DUE_SNOOZE, .ticket = k->id};
}

static void
forget(struct txn *t, struct arena *a, struct ticket *k, struct extra *x)
{
	struct timer m = timer_of(k, x->snoozed_until);

	timer_del(t, &m);
	x->snoozed_until = 0;
	x->snoozed_from = 0;
	k->extra = extra_write(a, k->extra, x);
}

void
snooze_cancel(struct txn *t, struct arena *a, struct ticket *k)
{
	struct extra x;

	extra_read(a, k->extra, &x);
	if (x.snoozed_until)
		forget(t, a, k, &x);
}

bool
snooze_wake(struct txn *t, struct arena *a, struct ticket *k, bool customer,
    const struct actor *who, int64_t now)
{
	enum status old = k->status, to;
	struct extra x;

	extra_read(a, k->extra, &x);
	if (!x.snoozed_until)
		return false;
	to = (enum status)x.snoozed_from;
	forget(t, a, k, &x);
	if (old != STATUS_HOLD || !status_is_active(to))
		return false;
	if (customer && to != STATUS_NEW)
		to = STATUS_OPEN;
	k->status = to;
	k->updated = MAX(now, k->updated);
	change_tell(t, a, k, EVENT_AWOKE, who, str_c(status_name(old)),
	    str_c(status_name(to)), now);
	return true;
}

int
change_snooze(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    int64_t until, const struct actor *who, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	enum status from;
	struct extra x;
	struct timer m;

	if (change_check_open(k, err) < 0)
		return -1;
	if (until <= now)
		return err_set(
		    err, ERR_INVAL, "a ticket is snoozed until a later time");
	if (!status_is_active(k->status))
		return err_set(err, ERR_INVAL,
		    "ticket %llu is %s: only one that is worked on can be "
		    "snoozed",
		    (unsigned long long)k->id, status_name(k->status));
	extra_read(a, k->extra, &x);
	if (x.snoozed_until == until)
		return 0;
	from = x.snoozed_until ? (enum status)x.snoozed_from : k->status;
	if (x.snoozed_until)
		forget(t, a, k, &x);
	if (change_status(d, t, a, k, STATUS_HOLD, who, now, err) < 0)
		return -1;
	extra_read(a, k->extra, &x);
	x.snoozed_until = until;
	x.snoozed_from = from;
	k->extra = extra_write(a, k->extra, &x);
	k->updated = now;
	m = timer_of(k, until);
	timer_put(t, &m);
	clock_rfc3339(&b, until);
	event_add(t, k, EVENT_SNOOZED, who, arena_dup(a, buf_str(&b)), now);
	return 0;
}

int
due_snooze(struct desk *d, struct txn *t, struct arena *a,
    const struct timer *m, int64_t now, struct err *err)
{
	struct actor who = {S("system"), S("snooze")};
	struct notice n = {.kind = NOTICE_AWOKE, .who = who};
	struct ticket k;
	struct extra x;
	int found = due_ticket(t, a, m, &k, err);

	if (found <= 0)
		return found;
	extra_read(a, k.extra, &x);
	if (!x.snoozed_until || x.snoozed_until > m->due)
		return 0;
	if (snooze_wake(t, a, &k, false, &who, now) &&
	    notice_send(d, t, a, &k, &n, now, NULL, err) < 0)
		return -1;
	ticket_put(t, &k);
	return txn_error(t, err);
}

/* Which queue a ticket is in, and who hears of it. */
#include "base/must.h"
#include "base/syntax.h"
#include "desk/change_private.h"
#include "desk/notice.h"
#include "desk/route.h"

int
change_queue(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str queue, const struct actor *who, int64_t now, struct err *err)
{
	const struct settings *s = d->settings;
	const struct queue *q = settings_queue(s, queue);
	struct str old = k->queue;

	if (!q) {
		struct str *names = arena_array(a, struct str, s->nqueues + 1);
		struct str near;

		for (size_t i = 0; i < s->nqueues; i++)
			names[i] = s->queues[i].name;
		near = syntax_nearest(queue, names, s->nqueues);
		return err_set(err, ERR_INVAL, "there is no queue %.*s%s%.*s%s",
		    STR_ARG(queue), near.n ? "; did you mean " : "",
		    STR_ARG(near), near.n ? "?" : "");
	}
	if (str_eq(q->name, old))
		return 0;
	if (change_check_open(k, err) < 0)
		return -1;
	k->queue = q->name;
	k->updated = now;
	change_tell(t, a, k, EVENT_QUEUE, who, old, q->name, now);
	return 0;
}

/* Who may not work there cannot keep it. */
static int
free_it(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct actor *who, int64_t now, struct err *err)
{
	const struct settings *s = d->settings;
	const struct agent *has = staff_agent(&s->staff, k->assignee);

	if (!k->assignee.n || !s->staff.nagents ||
	    (has && agent_may(s, has, k->queue, RIGHT_WORK)))
		return 0;
	return change_assignee(d, t, a, k, S(""), who, now, err);
}

int
change_move(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str queue, const struct actor *who, int64_t now, struct err *err)
{
	struct notice n = {
	    .kind = NOTICE_NEW,
	    .who = *who,
	    .moved_from = k->queue,
	};

	if (change_queue(d, t, a, k, queue, who, now, err) < 0)
		return -1;
	if (str_eq(n.moved_from, k->queue))
		return 0;
	if (free_it(d, t, a, k, who, now, err) < 0)
		return -1;
	return route_tell_new(d, t, a, k, &n, now, err);
}

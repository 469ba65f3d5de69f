/*
 * Clocks and ladder of a ticket, as rows.
 *
 * A timer says only when to look. What is done then is decided by the clocks:
 * all that is due by now and not done yet, in its order, each noted as done in
 * the transaction that does it. So a timer that comes late (the daemon was
 * down, the clock jumped ahead) does everything once, and one that finds
 * nothing to do is harmless.
 */
#include "desk/sla_run_private.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/change.h"
#include "desk/change_private.h"
#include "desk/due.h"
#include "desk/extra.h"

/* --- which ------------------------------------------------------------- */

static const struct sla_policy *
policy_of(const struct settings *s, const struct ticket *k, struct str own)
{
	const struct sla_policy *p = own.n ? settings_policy(s, own) : NULL;
	const struct queue *q;

	if (p || !s->npolicies)
		return p;
	q = settings_queue(s, k->queue);
	return q && q->sla.n ? settings_policy(s, q->sla) : NULL;
}

const struct sla_policy *
sla_policy_of(const struct settings *s, const struct ticket *k)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct extra x;

	extra_read(&a, k->extra, &x);
	return policy_of(s, k, x.policy);
}

bool
sla_is_live(const struct sla_clock *x)
{
	return x->state == SLA_RUNNING || x->state == SLA_PAUSED ||
	       x->state == SLA_BREACHED;
}

bool
sla_clocks_of(const struct settings *s, struct arena *a, const struct ticket *k,
    int64_t now, struct sla_clocks *out, const struct sla_policy **p)
{
	struct extra x;

	extra_read(a, k->extra, &x);
	*p = policy_of(s, k, x.policy);
	sla_decode(a, x.sla, out);
	if (!*p && !x.sla.n)
		return false;
	sla_clocks_set(*p, out, k, now);
	return true;
}

/* --- in words ---------------------------------------------------------- */

void
sla_words(struct buf *b, enum sla_target target, const struct sla_clock *x)
{
	buf_puts(b, sla_target_name(target));
	if (x->state == SLA_PAUSED) {
		buf_puts(b, " paused");
		return;
	}
	buf_puts(b, " due ");
	clock_rfc3339(b, x->due);
}

void
sla_duration(struct buf *b, int64_t ms)
{
	int64_t h = ms / CLOCK_HOUR, m = ms % CLOCK_HOUR / CLOCK_MINUTE;

	if (h)
		buf_printf(b, "%lldh", (long long)h);
	if (m)
		buf_printf(b, "%lldm", (long long)m);
	if (!h && !m)
		buf_printf(b, "%llds", (long long)(ms / CLOCK_SECOND));
}

/* "normal -> urgent" or such: why the clocks were counted anew. */
static void
put_reason(
    struct buf *b, const struct sla_clocks *old, const struct sla_clocks *c)
{
	if (!str_eq(old->policy, c->policy))
		buf_printf(b, "policy %.*s -> %.*s", STR_ARG(old->policy),
		    STR_ARG(c->policy));
	else if (old->priority != c->priority)
		buf_printf(b, "priority %s -> %s", priority_name(old->priority),
		    priority_name(c->priority));
	else
		buf_printf(b, "policy %.*s was changed", STR_ARG(c->policy));
}

/* What a clock came to: "resolution due … -> …". */
static void
put_difference(struct buf *b, enum sla_target target,
    const struct sla_clock *old, const struct sla_clock *x)
{
	bool was = sla_is_live(old), is = sla_is_live(x);

	if (!was && !is)
		return;
	if (was && is && old->due == x->due && old->target == x->target)
		return;
	buf_puts(b, b->n ? ", " : "");
	if (!is) {
		buf_printf(
		    b, "%s: no target any more", sla_target_name(target));
		return;
	}
	if (was && old->due != CLOCK_NONE && x->due != CLOCK_NONE) {
		buf_printf(b, "%s due ", sla_target_name(target));
		clock_rfc3339(b, old->due);
		buf_puts(b, " -> ");
		clock_rfc3339(b, x->due);
		return;
	}
	sla_words(b, target, x);
	if (x->state == SLA_PAUSED) {
		buf_puts(b, ", target ");
		sla_duration(b, x->target);
	}
}

static void
tell(struct txn *t, struct arena *a, struct ticket *k,
    const struct sla_policy *p, const struct sla_clocks *old,
    const struct sla_clocks *c, size_t missed, int64_t now)
{
	AUTO(buf_fini) struct buf what = BUF_INIT;
	AUTO(buf_fini) struct buf why = BUF_INIT;
	struct actor who = ACTOR_SYSTEM;
	bool first = !old->policy.n;

	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++)
		put_difference(&what, (enum sla_target)i, &old->v[i], &c->v[i]);
	if (!p)
		buf_printf(
		    &why, "policy %.*s counts no more", STR_ARG(old->policy));
	else if (first)
		buf_printf(&why, "policy %.*s", STR_ARG(p->name));
	else
		put_reason(&why, old, c);
	if (missed)
		buf_puts(&why, ", which began when some of it was over");
	if (!what.n && (first || !p))
		return;
	if (p)
		who.cause = p->place;
	event_add(t, k, EVENT_SLA, &who,
	    arena_printf(a, "%s%s%s", buf_cstr(&why), what.n ? ": " : "",
		buf_cstr(&what)),
	    now);
}

/* --- bringing up to date ----------------------------------------------- */

/* The clocks into the ticket; true when they are others than before. */
bool
sla_keep(struct arena *a, struct ticket *k, struct extra *x,
    const struct sla_clocks *c)
{
	AUTO(buf_fini) struct buf rec = BUF_INIT;

	sla_encode(c, &rec);
	if (str_eq(buf_str(&rec), x->sla))
		return false;
	x->sla = arena_dup(a, buf_str(&rec));
	k->extra = extra_write(a, k->extra, x);
	return true;
}

/* A policy that begins for an old ticket finds times that are long over: nobody
 * is to hear of hundreds of them at once. How many. */
static size_t
forgive(const struct sla_policy *p, struct sla_clocks *c, int64_t now)
{
	struct sla_due due;
	size_t n = 0;

	while (n < FIRE_MAX && sla_next(p, c, &due) && due.at < now) {
		c->v[due.target].fired |= due.bit;
		n++;
	}
	return n;
}

void
sla_update(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    int64_t now, bool *changed)
{
	struct sla_clocks c, old;
	const struct sla_policy *p;
	struct sla_due due;
	struct extra x;
	size_t missed = 0;
	bool anew, first;

	extra_read(a, k->extra, &x);
	p = policy_of(d->settings, k, x.policy);
	if (!p && !x.sla.n)
		return;
	sla_decode(a, x.sla, &c);
	old = c;
	anew = sla_clocks_set(p, &c, k, now);
	first = p && c.policy.n && !old.policy.n;
	if (first)
		missed = forgive(p, &c, now);
	due_move(t, DUE_SLA, k->id, &c.timer,
	    p && sla_next(p, &c, &due) ? due.at : CLOCK_NONE);
	if (anew || first)
		tell(t, a, k, p, &old, &c, missed, now);
	*changed |= sla_keep(a, k, &x, &c);
}

/* --- another policy ---------------------------------------------------- */

int
change_sla(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str policy, const struct actor *who, int64_t now, struct err *err)
{
	const struct settings *s = d->settings;
	const struct sla_policy *p;
	struct extra x;

	policy = str_trim(policy);
	p = settings_policy(s, policy);
	if (policy.n && !p) {
		struct str *names = arena_array(a, struct str, s->npolicies);
		struct str near;

		for (size_t i = 0; i < s->npolicies; i++)
			names[i] = s->policies[i].name;
		near = syntax_nearest(policy, names, s->npolicies);
		return err_set(err, ERR_INVAL,
		    "there is no service level %.*s%s%.*s%s",
		    STR_ARG(str_sub(policy, 0, 100)),
		    near.n ? "; did you mean " : "", STR_ARG(near),
		    near.n ? "?" : "");
	}
	if (change_check_open(k, err) < 0)
		return -1;
	extra_read(a, k->extra, &x);
	if (str_eq(x.policy, p ? p->name : S("")))
		return 0;
	change_tell(t, a, k, EVENT_SLA, who,
	    x.policy.n ? x.policy : S("the queue's"),
	    p ? p->name : S("the queue's"), now);
	x.policy = p ? p->name : str_n(NULL, 0);
	k->extra = extra_write(a, k->extra, &x);
	k->updated = now;
	return 0;
}

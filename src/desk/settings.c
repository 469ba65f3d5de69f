/*
 * An address is ours whatever detail it carries: support+1042.TOKEN@ and
 * support@ are one mailbox. Local parts are compared without case, as
 * everybody's mail system does.
 */
#include "desk/settings.h"
#include "desk/sla.h"

/* The address without +detail, as its two parts. */
static void
base_of(struct str addr, struct str *local, struct str *domain)
{
	ptrdiff_t plus;

	*local = address_local(addr);
	*domain = address_domain(addr);
	plus = str_chr(*local, '+', 0);
	if (plus > 0)
		*local = str_sub(*local, 0, (size_t)plus);
}

static bool
same_base(struct str local, struct str domain, struct str addr)
{
	struct str l, d;

	/* Few are equal in length, so most cost no comparison. */
	if (addr.n < domain.n + 2)
		return false;
	base_of(addr, &l, &d);
	return l.n == local.n && d.n == domain.n && str_ieq(d, domain) &&
	       str_ieq(l, local);
}

const struct queue *
settings_queue(const struct settings *s, struct str name)
{
	for (size_t i = 0; i < s->nqueues; i++)
		if (str_ieq(s->queues[i].name, name))
			return &s->queues[i];
	return NULL;
}

const struct calendar *
settings_calendar(const struct settings *s, struct str name)
{
	for (size_t i = 0; i < s->ncalendars; i++)
		if (str_ieq(s->calendars[i].name, name))
			return &s->calendars[i];
	return NULL;
}

const struct sla_policy *
settings_policy(const struct settings *s, struct str name)
{
	for (size_t i = 0; i < s->npolicies; i++)
		if (str_ieq(s->policies[i].name, name))
			return &s->policies[i];
	return NULL;
}

const struct queue *
settings_queue_by_address(const struct settings *s, struct str addr)
{
	struct str local, domain;

	base_of(addr, &local, &domain);
	if (!local.n || !domain.n)
		return NULL;
	for (size_t i = 0; i < s->nqueues; i++)
		if (same_base(local, domain, s->queues[i].address.addr))
			return &s->queues[i];
	return NULL;
}

static bool
any_base(const struct strs *l, struct str local, struct str domain)
{
	for (size_t i = 0; i < l->n; i++)
		if (same_base(local, domain, l->v[i]))
			return true;
	return false;
}

bool
settings_is_own(const struct settings *s, struct str addr)
{
	struct str local, domain;

	base_of(addr, &local, &domain);
	if (!local.n || !domain.n)
		return false;
	return any_base(&s->own_addresses, local, domain) ||
	       same_base(local, domain, s->address.addr) ||
	       settings_queue_by_address(s, addr) != NULL ||
	       any_base(&s->own_lists, local, domain);
}

bool
settings_is_desk(const struct settings *s, struct str addr)
{
	return address_among(&s->desk_addresses, addr);
}

struct str
settings_tag(const struct settings *s, const struct queue *q)
{
	return q && q->tag.n ? q->tag : s->site;
}

struct strs
settings_tags(struct arena *a, const struct settings *s)
{
	struct strs out = {0};

	strs_add(a, &out, s->site);
	for (size_t i = 0; i < s->nqueues; i++)
		if (s->queues[i].tag.n && !strs_ihas(&out, s->queues[i].tag))
			strs_add(a, &out, s->queues[i].tag);
	for (size_t i = 0; i < s->old_tags.n; i++)
		if (!strs_ihas(&out, s->old_tags.v[i]))
			strs_add(a, &out, s->old_tags.v[i]);
	return out;
}

/* The check's part on loads: what each assignee has, counted again. */
#include "base/mem.h"
#include "store/check_private.h"
#include "store/ticket_index.h"

struct counted {
	struct key key;
	struct ticket_load load;
};

static struct counted *
find(struct check *c, const struct key *k)
{
	struct counted *x;

	/* As many as there are assignees: people, so few. */
	for (size_t i = 0; i < c->nloads; i++)
		if (str_eq(key_str(&c->loads[i].key), key_str(k)))
			return &c->loads[i];
	c->loads =
	    mem_fit(c->loads, &c->loads_cap, c->nloads + 1, sizeof *c->loads);
	x = &c->loads[c->nloads++];
	*x = (struct counted){.key = *k};
	return x;
}

void
check_load_count(struct check *c, const struct ticket_entry *e)
{
	struct key k;

	if (ticket_load_counts(e, &k))
		find(c, &k)->load.n[e->priority]++;
}

static void
check_row(struct check *c, struct str key, struct str value)
{
	struct ticket_load l;
	struct counted *x;
	struct key k = {0};

	if (key.n > sizeof k.b || !ticket_load_read(value, &l)) {
		check_tell(c, "a row of loads is not in its form");
		return;
	}
	key_bytes(&k, key);
	x = find(c, &k);
	for (unsigned p = PRIORITY_LOW; p < PRIORITY_COUNT; p++)
		if (l.n[p] != x->load.n[p])
			check_tell(c,
			    "%.*s has %u active tickets of priority %s by "
			    "the load, there are %u",
			    STR_ARG(key), l.n[p],
			    priority_name((enum priority)p), x->load.n[p]);
	x->load = (struct ticket_load){0};
}

void
check_loads(struct check *c)
{
	/* An old backup that is read as it is has none yet. */
	if (c->schema >= 2)
		check_walk(c, T_TICKET_LOAD, "loads", check_row);
	for (size_t i = 0; i < c->nloads && c->schema >= 2 && !c->stop; i++)
		if (ticket_load_sum(&c->loads[i].load))
			check_tell(c, "%.*s has %u active tickets and no load",
			    STR_ARG(key_str(&c->loads[i].key)),
			    ticket_load_sum(&c->loads[i].load));
	mem_free(c->loads);
	c->loads = NULL;
	c->nloads = c->loads_cap = 0;
}

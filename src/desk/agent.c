/*
 * Few people work at one desk, so every search here goes over the whole list.
 */
#include "desk/agent.h"
#include "base/must.h"
#include "base/syntax.h"
#include "desk/settings.h"

const char *
rank_name(enum rank r)
{
	switch (r) {
	case RANK_AGENT:
		return "agent";
	case RANK_LEAD:
		return "lead";
	case RANK_ADMIN:
		return "admin";
	}
	must(!"a rank");
	return "";
}

static struct str
bare(struct str name)
{
	return str_starts(name, S("@")) ? str_from(name, 1) : name;
}

const struct agent *
staff_agent(const struct staff *s, struct str name)
{
	name = bare(name);
	for (size_t i = 0; i < s->nagents; i++)
		if (str_ieq(s->agents[i].name, name))
			return &s->agents[i];
	return NULL;
}

const struct team *
staff_team(const struct staff *s, struct str name)
{
	name = bare(name);
	for (size_t i = 0; i < s->nteams; i++)
		if (str_ieq(s->teams[i].name, name))
			return &s->teams[i];
	return NULL;
}

const struct agent *
staff_by_address(const struct staff *s, struct str addr)
{
	for (size_t i = 0; i < s->nagents; i++)
		for (size_t k = 0; k < s->agents[i].addresses.n; k++)
			if (address_eq(s->agents[i].addresses.v[k], addr))
				return &s->agents[i];
	return NULL;
}

bool
agent_in_team(const struct agent *x, struct str team)
{
	return team.n && strs_ihas(&x->teams, team);
}

struct str
staff_nearest(struct arena *a, const struct staff *s, struct str name)
{
	struct str *names = arena_array(a, struct str, s->nagents + s->nteams);
	size_t n = 0;

	for (size_t i = 0; i < s->nagents; i++)
		names[n++] = s->agents[i].name;
	for (size_t i = 0; i < s->nteams; i++)
		names[n++] = s->teams[i].name;
	return syntax_nearest(bare(name), names, n);
}

static bool
names_queue(const struct strs *l, struct str queue)
{
	return strs_has(l, S("*")) || strs_ihas(l, queue);
}

static bool
team_may(const struct team *m, struct str queue, enum right r)
{
	return names_queue(&m->work, queue) ||
	       (r == RIGHT_SEE && names_queue(&m->see, queue));
}

/* The team that looks after a queue. One that agents.conf does not know has nobody in it, and a queue that nobody may work would be a trap: as if there were
 * none. */
static const struct team *
team_of(const struct settings *s, struct str queue)
{
	const struct queue *q = settings_queue(s, queue);

	if (!q && s->nqueues)
		q = &s->queues[0];
	return q && q->team.n ? staff_team(&s->staff, q->team) : NULL;
}

bool
agent_may(const struct settings *s, const struct agent *x, struct str queue,
    enum right r)
{
	const struct queue *q = settings_queue(s, queue);
	const struct team *team;

	if (!q && s->nqueues)
		queue = s->queues[0].name;
	if (x->rank == RANK_ADMIN || (x->rank == RANK_LEAD && r == RIGHT_SEE))
		return true;
	team = team_of(s, queue);
	if (!team || agent_in_team(x, team->name))
		return true;
	if (names_queue(&x->work, queue) ||
	    (r == RIGHT_SEE && names_queue(&x->see, queue)))
		return true;
	for (size_t i = 0; i < s->staff.nteams; i++)
		if (agent_in_team(x, s->staff.teams[i].name) &&
		    team_may(&s->staff.teams[i], queue, r))
			return true;
	return false;
}

bool
staff_may_take(const struct settings *s, struct str name, struct str queue)
{
	const struct agent *x = staff_agent(&s->staff, name);

	return !s->staff.nagents || (x && agent_may(s, x, queue, RIGHT_WORK));
}

size_t
staff_of_queue(struct arena *a, const struct settings *s, struct str queue,
    const struct agent ***out)
{
	const struct staff *f = &s->staff;
	const struct team *team = team_of(s, queue);
	size_t n = 0;

	*out = arena_array(a, const struct agent *, f->nagents);
	for (size_t i = 0; i < f->nagents && team; i++)
		if (agent_in_team(&f->agents[i], team->name))
			(*out)[n++] = &f->agents[i];
	/* A team without members: somebody has to hear of it. */
	for (size_t i = 0, none = n == 0; i < f->nagents && none; i++)
		if (agent_may(s, &f->agents[i], queue, RIGHT_WORK))
			(*out)[n++] = &f->agents[i];
	return n;
}

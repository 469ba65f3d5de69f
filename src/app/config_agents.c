/*
 * agents.conf: who works at the desk.
 *
 *     agent "anna" { name "Anna Berg"; address "anna@acme.example"; teams ["first-line"]; }
 *     team "first-line" { see ["billing"]; }
 *
 * It is read after helpd.conf, whose queues and addresses it must agree with.
 */
#include "app/config_block.h"
#include "base/file.h"
#include "base/must.h"
#include "mail/smime.h"
#include "net/tls_peer.h"

struct agent_block {
	struct agent_values v;
	struct block b;
	const struct command *at;
};
struct team_block {
	struct team_values v;
	struct block b;
	const struct command *at;
};

struct staff_reading {
	struct value_reader *r;
	struct settings *s;
	struct block top;
	struct agent_block **agents;
	size_t nagents;
	struct team_block **teams;
	size_t nteams;
	const struct strs *calendars; /* NULL: there is no sla.conf */
	struct strs agent_names, team_names, queues;
};

static void
read_agent(struct staff_reading *f, const struct command *c)
{
	struct agent_block *x = arena_new(f->r->a, struct agent_block);

	x->b = block_of("agent");
	x->at = c;
	x->v.agent.notices = true;
	x->v.agent.name = block_name(f->r, c, SETTING_HANDLE);
	block_read(f->r, &x->b, c, &x->v);
	block_judge(f->r, &x->b, c);
	x->v.agent.rank = (enum rank)(x->v.role + RANK_AGENT);
	if (!x->v.agent.full_name.n)
		x->v.agent.full_name = x->v.agent.name;
	ADD(f->r->a, f->agents, f->nagents, x);
}

static void
read_team(struct staff_reading *f, const struct command *c)
{
	struct team_block *x = arena_new(f->r->a, struct team_block);

	x->b = block_of("team");
	x->at = c;
	x->v.team.name = block_name(f->r, c, SETTING_HANDLE);
	block_read(f->r, &x->b, c, &x->v);
	block_judge(f->r, &x->b, c);
	if (!x->v.team.full_name.n)
		x->v.team.full_name = x->v.team.name;
	ADD(f->r->a, f->teams, f->nteams, x);
}

static void
read_block(struct staff_reading *f, const struct command *c)
{
	size_t at;
	const struct setting *s = block_row(f->r, &f->top, c, &at);

	if (!s || !block_room(f->r, &f->top, c))
		return;
	f->top.set[at] = c;
	if (strcmp(s->name, "agent") == 0)
		read_agent(f, c);
	else
		read_team(f, c);
}

/* Agents and teams are one name space: "#assign first-line" must mean one of them. */
static void
judge_clash(struct staff_reading *f, const struct team_block *x)
{
	struct str name = x->v.team.name;

	for (size_t i = 0; name.n && i < f->nagents; i++)
		if (str_eq(f->agents[i]->v.agent.name, name))
			wrong(f->r, value_at(x->at),
			    "the team \"%.*s\" has the name of the agent at "
			    "line %u: one of them needs another",
			    STR_ARG(name), f->agents[i]->at->at.line);
}

/* An address of two agents would make the one write in the name of the other; one of the desk's own would make the desk write to itself. */
static void
judge_addresses(struct staff_reading *f, size_t i)
{
	const struct agent_block *x = f->agents[i];
	const struct command *c = block_set(&x->b, "address");

	for (size_t k = 0; c && k < x->v.agent.addresses.n; k++) {
		struct str addr = x->v.agent.addresses.v[k];

		if (settings_is_own(f->s, addr))
			wrong(f->r, value_in(c, addr),
			    "address: %.*s is an address of the desk itself: "
			    "an agent needs one of his own",
			    STR_ARG(addr));
		for (size_t j = 0; j < i; j++)
			if (strs_has(&f->agents[j]->v.agent.addresses, addr))
				wrong(f->r, value_in(c, addr),
				    "address: %.*s is that of agent \"%.*s\" "
				    "at line %u already",
				    STR_ARG(addr),
				    STR_ARG(f->agents[j]->v.agent.name),
				    f->agents[j]->at->at.line);
	}
}

static void
read_certificate(struct staff_reading *f, size_t i)
{
	struct agent_block *x = f->agents[i];
	struct agent *g = &x->v.agent;
	const struct command *c = block_value(&x->b, "certificate");
	struct tls_peer expiry;
	AUTO(buf_fini) struct buf pem = BUF_INIT;
	struct err err = ERR_INIT;

	if (!c)
		return;
	if (file_read(x->v.certificate.p, CONFIG_MAX, &pem, &err) < 0) {
		wrong(f->r, value_at(c), "certificate: %s", err.msg);
		return;
	}
	if (smime_certificate(buf_str(&pem), g->certificate, &err) < 0) {
		wrong(f->r, value_at(c), "certificate: %.*s: %s",
		    STR_ARG(x->v.certificate), err.msg);
		return;
	}
	g->has_certificate = true;
	if (tls_file_expires(x->v.certificate.p, &expiry, NULL) > 0)
		g->certificate_expires = expiry.expires;
	for (size_t j = 0; j < i; j++)
		if (f->agents[j]->v.agent.has_certificate &&
		    memcmp(f->agents[j]->v.agent.certificate, g->certificate,
			SHA256_SIZE) == 0)
			wrong(f->r, value_at(c),
			    "certificate: agent \"%.*s\" at line %u has the "
			    "same: whoever signs with it could be either",
			    STR_ARG(f->agents[j]->v.agent.name),
			    f->agents[j]->at->at.line);
}

static void
judge_agent(struct staff_reading *f, size_t i)
{
	struct agent_block *x = f->agents[i];
	struct agent *g = &x->v.agent;

	judge_name(f->r, x->at, g->name, &f->agent_names);
	judge_addresses(f, i);
	judge_references(
	    f->r, &x->b, "teams", "team", &g->teams, &f->team_names);
	judge_references(f->r, &x->b, "see", "queue", &g->see, &f->queues);
	judge_references(f->r, &x->b, "work", "queue", &g->work, &f->queues);
	read_certificate(f, i);
	if (f->calendars)
		judge_reference(
		    f->r, &x->b, "hours", "calendar", g->hours, f->calendars);
	else if (block_value(&x->b, "hours"))
		complain_warning(f->r->a, f->r->bad,
		    value_at(block_value(&x->b, "hours")),
		    "there is no sla.conf, and so no calendar \"%.*s\": the "
		    "agent is always there",
		    STR_ARG(g->hours));
}

/* Members named by the team are as good as teams named by the agent. */
static void
judge_team(struct staff_reading *f, struct team_block *x)
{
	struct team *m = &x->v.team;
	bool any = false;

	judge_clash(f, x);
	judge_references(
	    f->r, &x->b, "members", "agent", &x->v.members, &f->agent_names);
	judge_references(f->r, &x->b, "see", "queue", &m->see, &f->queues);
	judge_references(f->r, &x->b, "work", "queue", &m->work, &f->queues);
	for (size_t i = 0; i < f->nagents; i++) {
		struct agent *g = &f->agents[i]->v.agent;

		if (strs_has(&x->v.members, g->name) &&
		    !strs_has(&g->teams, m->name))
			strs_add(f->r->a, &g->teams, m->name);
		any |= strs_has(&g->teams, m->name);
	}
	if (!any && m->name.n && !block_set(&x->b, "members"))
		complain_warning(f->r->a, f->r->bad, value_at(x->at),
		    "team \"%.*s\" has no members: all who may work its queues "
		    "are told of their tickets",
		    STR_ARG(m->name));
}

static void
judge(struct staff_reading *f)
{
	strs_add(f->r->a, &f->queues, S("*"));
	for (size_t i = 0; i < f->s->nqueues; i++)
		strs_add(f->r->a, &f->queues, f->s->queues[i].name);
	for (size_t i = 0; i < f->nteams; i++)
		judge_name(f->r, f->teams[i]->at, f->teams[i]->v.team.name,
		    &f->team_names);
	for (size_t i = 0; i < f->nagents; i++)
		judge_agent(f, i);
	for (size_t i = 0; i < f->nteams; i++)
		judge_team(f, f->teams[i]);
}

static void
gather(struct staff_reading *f)
{
	struct staff *out = &f->s->staff;
	struct arena *a = f->r->a;

	out->agents = arena_array(a, struct agent, f->nagents);
	for (size_t i = 0; i < f->nagents; i++) {
		const struct agent *g = &f->agents[i]->v.agent;

		out->agents[out->nagents++] = *g;
		for (size_t k = 0; k < g->addresses.n; k++)
			strs_add(a, &f->s->desk_addresses, g->addresses.v[k]);
	}
	out->teams = arena_array(a, struct team, f->nteams);
	for (size_t i = 0; i < f->nteams; i++)
		out->teams[out->nteams++] = f->teams[i]->v.team;
}

void
agents_read(struct value_reader *r, const char *path, struct settings *s,
    const struct strs *calendars, struct strs *teams)
{
	struct staff_reading f = {.r = r, .s = s, .calendars = calendars};
	struct script script;
	bool there;

	if (!block_file(r, path, &script, &there))
		return;
	f.top = block_of("agents.conf");
	for (size_t i = 0; i < script.n; i++)
		read_block(&f, &script.commands[i]);
	judge(&f);
	gather(&f);
	*teams = f.team_names;
}

/*
 *     tier "vip" { priority "high"; team "senior"; sla "gold"; }
 *
 * and who is of it: customers.csv (desk/customers.h).
 */
#include "app/config_customers.h"
#include "base/file.h"
#include "base/must.h"
#include "desk/sla.h"

struct tier_block {
	struct tier t;
	struct block b;
	const struct command *at;
};

void
tier_read(struct value_reader *r, struct tiers *f, const struct command *c)
{
	struct tier_block *x = arena_new(r->a, struct tier_block);

	x->b = block_of("tier");
	x->at = c;
	x->t.name = block_name(r, c, SETTING_NAME);
	block_read(r, &x->b, c, &x->t);
	block_judge(r, &x->b, c);
	ADD(r->a, f->v, f->n, x);
}

static void
judge_tiers(struct value_reader *r, struct tiers *f, struct settings *s)
{
	struct strs teams = {0}, policies = {0};

	for (size_t i = 0; i < s->staff.nteams; i++)
		strs_add(r->a, &teams, s->staff.teams[i].name);
	for (size_t i = 0; i < s->npolicies; i++)
		strs_add(r->a, &policies, s->policies[i].name);
	s->tiers = arena_array(r->a, struct tier, f->n + 1);
	for (size_t i = 0; i < f->n; i++) {
		struct tier_block *x = f->v[i];

		judge_name(r, x->at, x->t.name, &f->names);
		/* Where there are no teams, helpd.conf is ahead of agents.conf. */
		if (teams.n)
			judge_reference(
			    r, &x->b, "team", "team", x->t.team, &teams);
		judge_reference(r, &x->b, "sla", "sla", x->t.sla, &policies);
		s->tiers[s->ntiers++] = x->t;
	}
}

/* A tier without a block does nothing; where there are blocks, it is likely
 * misspelt. Each is told once. */
static void
judge_customers(struct value_reader *r, const struct tiers *f,
    const struct settings *s, const struct customers *c)
{
	struct strs told = {0};
	struct str last = {0};

	for (size_t i = 0; i < c->n && f->n; i++) {
		struct str name = c->v[i].tier, near;
		struct place at = {c->file, c->v[i].line, 1};

		if (!name.n || str_eq(name, last) || settings_tier(s, name) ||
		    strs_ihas(&told, name))
			continue;
		last = name;
		strs_add(r->a, &told, name);
		near = syntax_nearest(name, f->names.v, f->names.n);
		complain_warning(r->a, r->bad, at,
		    "helpd.conf has no tier \"%.*s\"%s%.*s%s", STR_ARG(name),
		    near.n ? ": did you mean \"" : "", STR_ARG(near),
		    near.n ? "\"?" : "");
		if (told.n == 20)
			return;
	}
}

void
customers_read(struct value_reader *r, const char *path, struct tiers *f,
    struct settings *s)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct place top = {path, 1, 1};
	struct customers *c;
	struct err err = ERR_INIT;

	judge_tiers(r, f, s);
	if (file_read(path, CUSTOMERS_FILE_MAX, &text, &err) < 0) {
		if (err.code != ERR_NOENT)
			wrong(r, top, "cannot be read: %s", err.msg);
		else if (f->n)
			complain_warning(r->a, r->bad, f->v[0]->at->at,
			    "there is no customers.csv, so nobody is of a "
			    "tier");
		return;
	}
	c = arena_new(r->a, struct customers);
	customers_parse(r->a, path, arena_dup(r->a, buf_str(&text)), c, r->bad);
	judge_customers(r, f, s, c);
	s->customers = c;
}

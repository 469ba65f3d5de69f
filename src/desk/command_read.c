/* Commands that only read, and who is away. */
#include "base/must.h"
#include "desk/away.h"
#include "desk/command_deed.h"
#include "desk/route.h"
#include "desk/when.h"

/* --- being there ------------------------------------------------------- */

int
do_away(struct deed *x)
{
	struct command_run *r = x->r;
	const struct settings *s = r->d->settings;
	struct away w = {
	    .agent = r->agent->name,
	    .since = r->now,
	    .until = AWAY_OPEN,
	    .by = x->who.name,
	};
	bool all;
	struct str when = command_away(x->args, &all);
	size_t n = 0;

	if (when.n &&
	    when_parse(when, s->timezone, r->now, &w.until, x->err) < 0)
		return -1;
	if (away_set(r->t, r->a, &w, r->now, x->err) < 0)
		return -1;
	if ((all || s->reroute) &&
	    route_away(r->d, r->t, r->a, r->agent, &w, all, r->k, &x->who,
		r->now, &n, x->err) < 0)
		return -1;
	if (w.until == AWAY_OPEN)
		YES(x, "you are away until you write #back");
	else
		YES(x, "you are away until %.*s",
		    STR_ARG(command_time(r, w.until)));
	if (n)
		YES(x, "tickets of yours that went to others: %zu", n);
	return 0;
}

int
do_back(struct deed *x)
{
	struct command_run *r = x->r;
	int was = away_end(r->t, r->a, r->agent->name, r->now, x->err);

	if (was < 0)
		return -1;
	if (was)
		YES(x, "you are there again");
	else
		YES(x, "nothing changed: you were not away");
	return 0;
}

/* --- reading ----------------------------------------------------------- */

static void
info(struct deed *x, struct str words)
{
	transcript_add(
	    x->r->told, TOLD_INFO, x->c->line, "%.*s", STR_ARG(words));
}

static int
told_ticket(struct deed *x, struct ticket *out)
{
	struct command_run *r = x->r;
	uint64_t id;
	int found;

	if (!x->args.n || !command_number(x->args, &id)) {
		*out = *r->k;
		return 1;
	}
	found = ticket_get(r->t, r->a, id, out);
	return found < 0 ? txn_error(r->t, x->err) : found;
}

int
do_history(struct deed *x)
{
	struct ticket k;
	struct str words = {0};
	int found = told_ticket(x, &k);

	if (found <= 0)
		return found;
	if (command_tell_history(x->r, &k, &words, x->err) < 0)
		return -1;
	info(x, words);
	return 0;
}

int
do_why(struct deed *x)
{
	struct ticket k;
	struct str words = {0};
	int found = told_ticket(x, &k);

	if (found <= 0)
		return found;
	if (command_tell_why(x->r, &k, &words, x->err) < 0)
		return -1;
	info(x, words);
	return 0;
}

int
do_list(struct deed *x)
{
	struct str words = {0};

	if (command_tell_list(x->r, x->args, &words, x->err) < 0)
		return -1;
	info(x, words);
	return 0;
}

int
do_help(struct deed *x)
{
	info(x, command_help(x->r->a, x->r->told));
	return 0;
}

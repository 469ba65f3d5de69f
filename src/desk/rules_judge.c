/*
 * Names that scripts use, against what is configured. Only what is written out
 * is judged: a name with variables in it is known when the script runs.
 */
#include "desk/rules_private.h"
#include "base/must.h"
#include "desk/calendar.h"
#include "desk/hook.h"
#include "desk/sieve/engine.h"
#include "desk/sla.h"

struct judging {
	const struct rules *r;
	const struct settings *s;
	const struct templates *t; /* only these, when it is given */
	struct arena *a;
	struct complaints *bad;
	struct strs queues, people, agents, teams, calendars, policies, hooks;
};

/* Says that there is no such thing, and what was probably meant. */
static void
missing(struct judging *j, struct place at, bool error, const char *what,
    struct str name, const struct strs *known, const char *so)
{
	struct str near = syntax_nearest(name, known->v, known->n);
	struct str msg = arena_printf(j->a, "there is no %s \"%.*s\"%s%.*s%s%s",
	    what, STR_ARG(name), near.n ? ": did you mean \"" : "",
	    STR_ARG(near), near.n ? "\"?" : "", so);

	if (error)
		complain(j->a, j->bad, at, "%.*s", STR_ARG(msg));
	else
		complain_warning(j->a, j->bad, at, "%.*s", STR_ARG(msg));
}

static void
judge_value(struct judging *j, const struct sieve_value *v, bool error,
    const char *what, const struct strs *known, const char *so)
{
	struct str s;

	for (size_t i = 0; v && i < v->n; i++)
		if (sieve_literal(v, i, &s) && !strs_ihas(known, s))
			missing(j, v->v[i].at, error, what, s, known, so);
}

/* --- actions ----------------------------------------------------------- */

static void
judge_tags(struct judging *j, const struct sieve_value *v)
{
	struct str s;

	for (size_t i = 0; i < v->n; i++) {
		bool good;

		if (!sieve_literal(v, i, &s))
			continue;
		good = s.n > 0 && s.n <= 50;
		for (size_t k = 0; k < s.n && good; k++)
			good = ch_is_alnum(s.p[k]) ||
			       (unsigned char)s.p[k] >= 0x80 ||
			       str_chr(S("-_.:/"), s.p[k], 0) >= 0;
		if (!good)
			complain(j->a, j->bad, v->v[i].at,
			    "\"%.*s\" is no tag: letters, digits and -_.:/, at "
			    "most 50 bytes",
			    STR_ARG(s));
	}
}

static void
judge_status(struct judging *j, const struct sieve_value *v)
{
	struct str s;
	enum status st;

	if (!sieve_literal(v, 0, &s))
		return;
	if (!status_parse(s, &st))
		complain(j->a, j->bad, v->v[0].at,
		    "there is no status \"%.*s\": expected open, pending, "
		    "hold, resolved, closed or spam",
		    STR_ARG(s));
	else if (st == STATUS_NEW || st == STATUS_MERGED)
		complain(j->a, j->bad, v->v[0].at,
		    "a rule cannot make a ticket %.*s", STR_ARG(s));
}

static void
judge_desk_action(struct judging *j, const struct sieve_node *n)
{
	static const char *const whom[] = {"lead", "team", "assignee"};
	const struct settings *s = j->s;
	struct strs people = {0};

	switch ((enum sieve_action_kind)n->def->extra) {
	case SIEVE_QUEUE:
		judge_value(j, &n->args[0], true, "queue", &j->queues, "");
		break;
	case SIEVE_TAG:
	case SIEVE_UNTAG:
		judge_tags(j, &n->args[0]);
		break;
	case SIEVE_FIELD:
		if (s->fields.n)
			judge_value(
			    j, &n->args[0], true, "field", &s->fields, "");
		break;
	case SIEVE_SLA:
		judge_value(
		    j, &n->args[0], true, "service level", &j->policies, "");
		break;
	case SIEVE_STATUS:
		judge_status(j, &n->args[0]);
		break;
	case SIEVE_WEBHOOK:
		judge_value(j, &n->args[0], true, "webhook", &j->hooks, "");
		break;
	case SIEVE_ESCALATE:
		for (size_t i = 0; i < ARRAY_LEN(whom); i++)
			strs_add(j->a, &people, str_c(whom[i]));
		for (size_t i = 0; i < j->people.n; i++)
			strs_add(j->a, &people, j->people.v[i]);
		if (n->args[0].n)
			judge_value(
			    j, &n->args[0], true, "agent or team", &people, "");
		break;
	default:
		break;
	}
}

static void
judge_assign(struct judging *j, const struct sieve_node *n)
{
	judge_value(
	    j, sieve_tagged(n, TAG_AGENT), true, "agent", &j->agents, "");
	judge_value(j, sieve_tagged(n, TAG_TEAM), true, "team", &j->teams, "");
	if (!n->ntagged)
		return;
	if (!j->s->staff.nagents)
		complain_warning(j->a, j->bad, n->at,
		    "assign does nothing: there are no agents (agents.conf)");
}

static void
judge_command(struct judging *j, const struct sieve_node *n)
{
	struct str s;

	if (n->def->run == run_desk_action)
		judge_desk_action(j, n);
	else if (n->def->run == run_assign)
		judge_assign(j, n);
	else if (n->def->run == run_notify &&
		 sieve_literal(&n->args[0], 0, &s) &&
		 str_istarts(s, S("https://")) && !hook_by_url(j->s, s))
		complain(j->a, j->bad, n->args[0].v[0].at,
		    "no webhook of helpd.conf has this URL");
	else if (n->def->run == run_fileinto && !sieve_has(n, TAG_COPY))
		judge_value(j, &n->args[0], true, "queue", &j->queues,
		    " (fileinto moves a ticket to the queue of that name)");
}

/* --- tests ------------------------------------------------------------- */

#define NEVER ": this is never true"

static void
judge_ticket(struct judging *j, const struct sieve_node *n)
{
	static const char *const status[] = {
#define X_STATUS(n, id, name) name,
	    STATUSES(X_STATUS)};
	static const char *const priority[] = {
#define X_PRIORITY(n, id, name) name,
	    PRIORITIES(X_PRIORITY)};
	struct strs known = {0};
	struct str field;

	if (!sieve_literal(&n->args[0], 0, &field) || n->match != MATCH_IS)
		return;
	if (str_ieq(field, S("status"))) {
		for (size_t i = 0; i < ARRAY_LEN(status); i++)
			strs_add(j->a, &known, str_c(status[i]));
		judge_value(j, &n->args[1], false, "status", &known, NEVER);
	} else if (str_ieq(field, S("priority"))) {
		for (size_t i = 0; i < ARRAY_LEN(priority); i++)
			strs_add(j->a, &known, str_c(priority[i]));
		judge_value(j, &n->args[1], false, "priority", &known, NEVER);
	} else if (str_ieq(field, S("queue"))) {
		judge_value(j, &n->args[1], false, "queue", &j->queues, NEVER);
	} else if (str_ieq(field, S("assignee")) && j->agents.n) {
		judge_value(j, &n->args[1], false, "agent", &j->agents, NEVER);
	} else if (str_ieq(field, S("sla"))) {
		judge_value(j, &n->args[1], false, "service level",
		    &j->policies, NEVER);
	}
}

static void
judge_test(struct judging *j, const struct sieve_node *n)
{
	if (n->def->run != run_values)
		return;
	if (n->def->extra == SIEVE_TICKET)
		judge_ticket(j, n);
	else if (n->def->extra == SIEVE_HOURS)
		judge_value(
		    j, &n->args[0], true, "calendar", &j->calendars, "");
	else if (n->def->extra == SIEVE_LOAD)
		judge_value(j, &n->args[0], true, "team", &j->teams, "");
}

/* --- all of it --------------------------------------------------------- */

static void
judge_answer(struct judging *j, const struct sieve_node *n)
{
	struct str s;

	if (n->def->run != run_desk_action || n->def->extra != SIEVE_ANSWER ||
	    !sieve_literal(&n->args[0], 0, &s) || str_ieq(s, S("none")) ||
	    templates_has(j->t, arena_cstr(j->a, s)))
		return;
	complain(j->a, j->bad, n->args[0].v[0].at,
	    "there is no template \"%.*s\" (templates/LANG/%.*s.mustache)",
	    STR_ARG(s), STR_ARG(s));
}

static void
walk(struct judging *j, const struct sieve_node *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!v[i].def)
			continue;
		if (j->t)
			judge_answer(j, &v[i]);
		else if (v[i].def->type == SIEVE_COMMAND)
			judge_command(j, &v[i]);
		else
			judge_test(j, &v[i]);
		walk(j, v[i].tests, v[i].ntests);
		walk(j, v[i].block, v[i].nblock);
	}
}

static void
walk_all(struct judging *j)
{
	for (size_t i = 0; i < j->r->n; i++)
		for (const struct sieve_scope *x = j->r->v[i].s->scopes; x;
		     x = x->next)
			walk(j, x->block, x->nblock);
}

void
rules_judge(const struct rules *r, const struct settings *s, struct arena *a,
    struct complaints *bad)
{
	struct judging j = {.r = r, .s = s, .a = a, .bad = bad};

	if (!r)
		return;
	for (size_t i = 0; i < s->nqueues; i++)
		strs_add(a, &j.queues, s->queues[i].name);
	for (size_t i = 0; i < s->staff.nagents; i++) {
		strs_add(a, &j.agents, s->staff.agents[i].name);
		strs_add(a, &j.people, s->staff.agents[i].name);
	}
	for (size_t i = 0; i < s->staff.nteams; i++) {
		strs_add(a, &j.teams, s->staff.teams[i].name);
		strs_add(a, &j.people, s->staff.teams[i].name);
	}
	for (size_t i = 0; i < s->ncalendars; i++)
		strs_add(a, &j.calendars, s->calendars[i].name);
	for (size_t i = 0; i < s->npolicies; i++)
		strs_add(a, &j.policies, s->policies[i].name);
	for (size_t i = 0; i < s->nhooks; i++) {
		strs_add(a, &j.hooks, s->hooks[i].name);
		strs_add(a, &j.hooks, s->hooks[i].url);
	}
	walk_all(&j);
	rules_never(r, a, bad);
}

void
rules_judge_templates(const struct rules *r, const struct templates *t,
    struct arena *a, struct complaints *bad)
{
	struct judging j = {.r = r, .t = t, .a = a, .bad = bad};

	must(t != NULL);
	if (r)
		walk_all(&j);
}

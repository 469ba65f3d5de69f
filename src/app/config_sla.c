/*
 * sla.conf: calendars, and what is promised by them.
 *
 *     calendar "office" { weekdays ["09:00-12:30", "13:30-18:00"]; holidays ["2026-12-25", "holidays/de.ics"]; }
 *     sla "standard" {
 *         calendar "office";
 *         urgent { first_response "15m"; resolution "2h"; }
 *         escalate "150%" { notify "lead"; priority "raise"; }
 *     }
 *
 * Read between helpd.conf and agents.conf, which names calendars; what it says of agents is judged when these are known.
 */
#include "app/config_block.h"
#include "app/config_sla.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/calendar.h"
#include "desk/sla.h"

struct escalate_block {
	struct escalate_values v;
	struct block b;
	const struct command *at;
	unsigned percent;
	int64_t after;
	bool failed;
	unsigned targets;
};
struct sla_block {
	struct sla_values v;
	struct sla_policy p;
	struct block b;
	const struct command *at;
	struct escalate_block **ladder;
	size_t nladder;
};

struct sla_file {
	struct value_reader *r;
	struct settings *s;
	const char *path;
	struct block top;
	struct calendar *calendars;
	size_t ncalendars;
	struct sla_block **policies;
	size_t npolicies;
	struct strs calendar_names, policy_names;
	bool there;
};

/* "sla.conf:31" */
static struct str
place_words(struct arena *a, const struct command *c)
{
	return arena_printf(a, "sla.conf:%u", c->at.line);
}

/* --- policies ---------------------------------------------------------- */

static bool
read_targets(struct sla_file *f, const struct block *b, const char *name,
    const struct strs *l, unsigned *out)
{
	const struct command *c = block_value(b, name);
	struct str names[SLA_TARGETS_COUNT], near;

	*out = 0;
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++)
		names[i] = str_c(sla_target_name((enum sla_target)i));
	for (size_t i = 0; c && i < l->n; i++) {
		enum sla_target t;

		if (sla_target_parse(l->v[i], &t)) {
			*out |= 1u << t;
			continue;
		}
		near = syntax_nearest(l->v[i], names, SLA_TARGETS_COUNT);
		wrong(f->r, value_in(c, l->v[i]),
		    "%s: found \"%.*s\", expected \"first-response\", "
		    "\"next-response\" or \"resolution\"%s%.*s%s",
		    name, STR_ARG(utf8_clip(l->v[i], 40)),
		    near.n ? ": did you mean \"" : "", STR_ARG(near),
		    near.n ? "\"?" : "");
		return false;
	}
	return c != NULL;
}

static void
read_pause(struct sla_file *f, struct sla_block *x)
{
	const struct command *c = block_value(&x->b, "pause");
	const struct strs *l = &x->v.pause;
	unsigned targets;

	x->p.pause = 1u << STATUS_PENDING;
	x->p.pauses = 1u << SLA_RESOLUTION;
	if (read_targets(f, &x->b, "pauses", &x->v.pauses, &targets))
		x->p.pauses = targets;
	if (!c)
		return;
	x->p.pause = 0;
	for (size_t i = 0; i < l->n; i++) {
		enum status s;

		if (status_parse(l->v[i], &s) && s > STATUS_NEW &&
		    status_is_active(s))
			x->p.pause |= 1u << s;
		else if (!str_ieq(l->v[i], S("none")))
			wrong(f->r, value_in(c, l->v[i]),
			    "pause: found \"%.*s\", expected \"pending\", "
			    "\"hold\", \"open\" or \"none\"",
			    STR_ARG(utf8_clip(l->v[i], 40)));
	}
}

/* "80%" */
static bool
read_percent(struct str s, unsigned most, unsigned *out)
{
	uint64_t v;

	if (!str_ends(s, S("%")) || !str_u64(str_sub(s, 0, s.n - 1), &v) ||
	    v > most)
		return false;
	*out = (unsigned)v;
	return true;
}

static void
read_warn(struct sla_file *f, struct sla_block *x)
{
	const struct command *c = block_value(&x->b, "warn");

	x->p.warn = 80;
	if (!c)
		return;
	if (str_ieq(x->v.warn, S("no")) || str_ieq(x->v.warn, S("none")))
		x->p.warn = 0;
	else if (!read_percent(x->v.warn, 99, &x->p.warn))
		wrong(f->r, value_at(c),
		    "warn: found \"%.*s\", expected a share of the target "
		    "below 100, such as \"80%%\", or \"no\"",
		    STR_ARG(utf8_clip(x->v.warn, 40)));
}

static void
read_priority(struct sla_file *f, struct sla_block *x, enum priority p,
    const struct command *c)
{
	struct target_values v = {0};
	struct block b = block_of("priority");
	int64_t *t = x->p.target[p];

	b.type = priority_name(p);
	if (c->nargs)
		wrong(f->r, c->args[0].at, "%s has no name: expected '{'",
		    b.type);
	block_read(f->r, &b, c, &v);
	t[SLA_FIRST] = v.first_response;
	t[SLA_NEXT] = v.next_response;
	t[SLA_RESOLUTION] = v.resolution;
}

/* "100%", "+30m": the place of a rung. */
static void
read_rung(struct sla_file *f, struct escalate_block *e, const struct command *c)
{
	struct str s = c->nargs && c->args[0].kind == NODE_STRING
			   ? str_trim(c->args[0].s)
			   : S("");

	e->failed = true;
	if (c->nargs != 1 || c->args[0].kind != NODE_STRING) {
		wrong(f->r, c->nargs ? c->args[0].at : c->at,
		    "escalate needs when: expected escalate \"100%%\" { … } "
		    "or escalate \"+30m\" { … }");
		return;
	}
	if (str_starts(s, S("+")) &&
	    clock_parse_duration(str_from(s, 1), &e->after) && e->after > 0 &&
	    e->after <= 365 * CLOCK_DAY)
		e->failed = false;
	else if (read_percent(s, 1000, &e->percent) && e->percent > 0)
		e->failed = false;
	else
		wrong(f->r, c->args[0].at,
		    "escalate: found \"%.*s\", expected a share of the target "
		    "such as \"100%%\", or how long after it such as \"+30m\"",
		    STR_ARG(utf8_clip(s, 40)));
}

static void
read_escalate(struct sla_file *f, struct sla_block *x, const struct command *c)
{
	struct escalate_block *e = arena_new(f->r->a, struct escalate_block);
	size_t set = 0;

	e->b = block_of("escalate");
	e->at = c;
	read_rung(f, e, c);
	block_read(f->r, &e->b, c, &e->v);
	read_targets(f, &e->b, "targets", &e->v.targets, &e->targets);
	for (size_t i = 0; i < e->b.nrows; i++)
		set += e->b.set[i] || e->b.meant[i];
	set -= block_set(&e->b, "targets") != NULL;
	if (!set && c->has_block)
		wrong(f->r, c->at,
		    "escalate does nothing: expected notify, priority, "
		    "assign, queue, tag or webhook");
	ADD(f->r->a, x->ladder, x->nladder, e);
}

static void
read_policy(struct sla_file *f, const struct command *c)
{
	struct sla_block *x = arena_new(f->r->a, struct sla_block);
	enum priority p;

	x->b = block_of("sla");
	x->at = c;
	x->p.name = block_name(f->r, c, SETTING_NAME);
	x->p.place = place_words(f->r->a, c);
	ADD(f->r->a, f->policies, f->npolicies, x);
	judge_name(f->r, c, x->p.name, &f->policy_names);
	if (!c->has_block) {
		wrong(f->r, c->end, "sla: expected '{' and its settings");
		return;
	}
	for (size_t i = 0; i < c->nblock; i++) {
		const struct command *b = &c->block[i];
		size_t at;
		const struct setting *s = block_row(f->r, &x->b, b, &at);

		if (!s)
			continue;
		x->b.set[at] = b;
		if (s->type != SETTING_BLOCK)
			x->b.failed[at] = !setting_read(f->r, s, b, &x->v);
		else if (priority_parse(str_c(s->name), &p))
			read_priority(f, x, p, b);
		else
			read_escalate(f, x, b);
	}
	read_pause(f, x);
	read_warn(f, x);
}

/* --- the file ---------------------------------------------------------- */

static void
add_calendar(struct sla_file *f, const struct command *c)
{
	struct calendar x;

	calendar_read(f->r, c, f->s->timezone, &f->calendar_names, &x);
	ADD(f->r->a, f->calendars, f->ncalendars, x);
}

static void
read_block(struct sla_file *f, const struct command *c)
{
	size_t at;
	const struct setting *s = block_row(f->r, &f->top, c, &at);

	if (!s || !block_room(f->r, &f->top, c))
		return;
	f->top.set[at] = c;
	if (strcmp(s->name, "calendar") == 0)
		add_calendar(f, c);
	else
		read_policy(f, c);
}

struct sla_file *
sla_read(struct value_reader *r, const char *path, struct settings *s)
{
	struct sla_file *f = arena_new(r->a, struct sla_file);
	struct script script;

	f->r = r;
	f->s = s;
	f->path = path;
	if (!block_file(r, path, &script, &f->there))
		return f;
	f->top = block_of("sla.conf");
	for (size_t i = 0; i < script.n; i++)
		read_block(f, &script.commands[i]);
	s->calendars = arena_array(r->a, struct calendar, f->ncalendars + 1);
	for (size_t i = 0; i < f->ncalendars; i++)
		s->calendars[s->ncalendars++] = f->calendars[i];
	return f;
}

bool
sla_there(const struct sla_file *f)
{
	return f->there;
}

const struct strs *
sla_calendars(const struct sla_file *f)
{
	return &f->calendar_names;
}

const struct strs *
sla_policies(const struct sla_file *f)
{
	return &f->policy_names;
}

/* --- what must agree --------------------------------------------------- */

static struct strs
people(const struct settings *s, struct arena *a, bool all)
{
	struct strs out = {0};

	if (all) {
		strs_add(a, &out, S("assignee"));
		strs_add(a, &out, S("team"));
		strs_add(a, &out, S("lead"));
		for (size_t i = 0; i < s->staff.nteams; i++)
			strs_add(a, &out, s->staff.teams[i].name);
	}
	for (size_t i = 0; i < s->staff.nagents; i++)
		strs_add(a, &out, s->staff.agents[i].name);
	return out;
}

static void
judge_escalate(struct sla_file *f, const struct escalate_block *e)
{
	const struct settings *s = f->s;
	struct arena *a = f->r->a;
	struct strs all = people(s, a, true), agents = people(s, a, false);
	struct strs queues = {0}, hooks = {0};

	for (size_t i = 0; i < s->nqueues; i++)
		strs_add(a, &queues, s->queues[i].name);
	judge_references(
	    f->r, &e->b, "notify", "agent or team", &e->v.notify, &all);
	judge_reference(f->r, &e->b, "assign", "agent", e->v.assign, &agents);
	judge_reference(f->r, &e->b, "queue", "queue", e->v.queue, &queues);
	for (size_t i = 0; i < s->nhooks; i++)
		strs_add(a, &hooks, s->hooks[i].name);
	judge_references(
	    f->r, &e->b, "webhook", "webhook", &e->v.webhook, &hooks);
}

static void
add_step(struct sla_file *f, struct sla_block *x,
    const struct escalate_block *e, enum sla_act act, struct str arg,
    bool *too_many)
{
	struct sla_policy *p = &x->p;

	if (!arg.n || e->failed)
		return;
	if (p->nsteps == SLA_STEPS_MAX) {
		if (!*too_many)
			wrong(f->r, e->at->at,
			    "escalate: more than %d steps in one sla",
			    SLA_STEPS_MAX);
		*too_many = true;
		return;
	}
	p->steps[p->nsteps++] = (struct sla_step){
	    .percent = e->percent,
	    .after = e->after,
	    .act = act,
	    .arg = arg,
	    .targets = e->targets,
	    .place = place_words(f->r->a, e->at),
	};
}

/* Each action is a step of its own, so that one that cannot be done does not
 * stop the next. */
static void
make_steps(struct sla_file *f, struct sla_block *x)
{
	static const char *const priorities[] = {
	    "", "raise", "low", "normal", "high", "urgent"};
	bool too_many = false;

	x->p.steps = arena_array(f->r->a, struct sla_step, SLA_STEPS_MAX);
	for (size_t i = 0; i < x->nladder; i++) {
		const struct escalate_block *e = x->ladder[i];

		judge_escalate(f, e);
		add_step(f, x, e, SLA_DO_QUEUE, e->v.queue, &too_many);
		add_step(f, x, e, SLA_DO_PRIORITY,
		    block_value(&e->b, "priority")
			? str_c(priorities[e->v.priority + 1])
			: S(""),
		    &too_many);
		add_step(f, x, e, SLA_DO_ASSIGN, e->v.assign, &too_many);
		for (size_t k = 0; k < e->v.tag.n; k++)
			add_step(f, x, e, SLA_DO_TAG, e->v.tag.v[k], &too_many);
		for (size_t k = 0; k < e->v.notify.n; k++)
			add_step(f, x, e, SLA_DO_NOTIFY, e->v.notify.v[k],
			    &too_many);
		for (size_t k = 0; k < e->v.webhook.n; k++)
			add_step(f, x, e, SLA_DO_WEBHOOK, e->v.webhook.v[k],
			    &too_many);
	}
}

static void
judge_policy(struct sla_file *f, struct sla_block *x)
{
	static const char *const of[] = {"", "low", "normal", "high", "urgent"};
	bool any = false;

	judge_reference(f->r, &x->b, "calendar", "calendar", x->v.calendar,
	    &f->calendar_names);
	x->p.calendar = settings_calendar(f->s, x->v.calendar);
	if (!x->p.calendar)
		x->p.calendar = calendar_always();
	for (unsigned p = PRIORITY_LOW; p < PRIORITY_COUNT; p++)
		any |= block_set(&x->b, of[p]) != NULL;
	for (size_t i = 0; i < x->b.nrows; i++)
		any |= x->b.meant[i];
	if (!any && x->at->has_block)
		complain_warning(f->r->a, f->r->bad, value_at(x->at),
		    "sla \"%.*s\" promises nothing: expected urgent { … }, "
		    "high { … }, normal { … } or low { … }",
		    STR_ARG(x->p.name));
	make_steps(f, x);
}

/* --- versions ---------------------------------------------------------- */

static void
hash_calendar(struct buf *b, const struct calendar *c)
{
	buf_printf(b, "%s\n", c->zone);
	for (unsigned d = 0; d < 7; d++) {
		for (unsigned i = 0; i < c->nspans[d]; i++)
			buf_printf(
			    b, "%u-%u ", c->week[d][i].from, c->week[d][i].to);
		buf_putc(b, '\n');
	}
	for (size_t i = 0; i < c->nholidays; i++)
		buf_printf(b, "%d ", (int)c->holidays[i].day);
	buf_putc(b, '\n');
}

static uint64_t
number_of(struct buf *b)
{
	unsigned char h[SHA256_SIZE];
	uint64_t v;

	sha256(buf_str(b), h);
	memcpy(&v, h, sizeof v);
	return v ? v : 1;
}

static uint64_t
version_of(const struct sla_policy *p)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	hash_calendar(&b, p->calendar);
	for (unsigned i = 0; i < PRIORITY_COUNT; i++)
		for (unsigned t = 0; t < SLA_TARGETS_COUNT; t++)
			buf_printf(&b, "%lld ", (long long)p->target[i][t]);
	buf_printf(&b, "%u %u %u\n", p->warn, p->pause, p->pauses);
	for (size_t i = 0; i < p->nsteps; i++) {
		const struct sla_step *s = &p->steps[i];

		buf_printf(&b, "%u %lld %d %u %.*s\n", s->percent,
		    (long long)s->after, (int)s->act, s->targets,
		    STR_ARG(s->arg));
	}
	return number_of(&b);
}

/* Everything that tickets are counted by. */
static uint64_t
promises_of(const struct settings *s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (!s->npolicies && !s->waits && !s->retains)
		return 0;
	for (size_t i = 0; i < s->npolicies; i++)
		buf_printf(&b, "%.*s %llu\n", STR_ARG(s->policies[i].name),
		    (unsigned long long)s->policies[i].version);
	for (size_t i = 0; i < s->nqueues; i++) {
		const struct queue *q = &s->queues[i];

		buf_printf(&b, "%.*s %.*s %lld %lld %lld %lld %lld\n",
		    STR_ARG(q->name), STR_ARG(q->sla),
		    (long long)q->remind_after, (long long)q->escalate_after,
		    (long long)q->resolve_after, (long long)q->warn_before,
		    (long long)q->close_after);
		if (s->retains)
			buf_printf(&b, "%lld %lld\n", (long long)q->purge_after,
			    (long long)q->spam_purge_after);
	}
	if (s->retains)
		buf_printf(&b, "%lld\n", (long long)s->quarantine_after);
	for (size_t i = 0; s->retains && i < s->keep_tags.n; i++)
		buf_printf(&b, "%.*s\n", STR_ARG(s->keep_tags.v[i]));
	return number_of(&b);
}

void
sla_judge(struct sla_file *f)
{
	struct settings *s = f->s;

	s->policies = arena_array(f->r->a, struct sla_policy, f->npolicies + 1);
	for (size_t i = 0; i < f->npolicies; i++) {
		struct sla_block *x = f->policies[i];

		judge_policy(f, x);
		x->p.version = version_of(&x->p);
		s->policies[s->npolicies++] = x->p;
	}
	for (size_t i = 0; i < s->nqueues; i++) {
		const struct queue *q = &s->queues[i];

		s->waits |= q->remind_after || q->escalate_after ||
			    q->resolve_after || q->close_after;
	}
	s->promises = promises_of(s);
}

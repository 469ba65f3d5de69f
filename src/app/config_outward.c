/*
 *     webhook "ops" { url "https://ops.example.org/helpd"; secret_file "secret/ops"; events ["new"]; }
 *     classify "queue" { suggest "50%"; act "90%"; }
 */
#include "app/config_outward.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/hook.h"
#include "store/model.h"

struct webhook_block {
	struct webhook_values v;
	struct block b;
	const struct command *at;
};
struct classify_block {
	struct classified v;
	struct block b;
	const struct command *at;
};

struct outward {
	struct webhook_block **hooks;
	size_t nhooks;
	struct classify_block **classify;
	size_t nclassify;
};

struct outward *
outward_new(struct arena *a)
{
	return arena_new(a, struct outward);
}

void
outward_webhook(
    struct value_reader *r, struct outward *o, const struct command *c)
{
	struct webhook_block *x = arena_new(r->a, struct webhook_block);

	x->b = block_of("webhook");
	x->at = c;
	x->v.text = true;
	x->v.t = (struct transport){
	    .at = c->at, .kind = TRANSPORT_HOOK, .timeout = 30 * CLOCK_SECOND};
	x->v.t.hook = block_name(r, c, SETTING_NAME);
	block_read(r, &x->b, c, &x->v);
	block_judge(r, &x->b, c);
	ADD(r->a, o->hooks, o->nhooks, x);
}

void
outward_classify(
    struct value_reader *r, struct outward *o, const struct command *c)
{
	struct classify_block *x = arena_new(r->a, struct classify_block);

	x->b = block_of("classify");
	x->at = c;
	x->v.suggest = 50;
	x->v.name = block_name(r, c, SETTING_LABEL);
	block_read(r, &x->b, c, &x->v);
	block_judge(r, &x->b, c);
	ADD(r->a, o->classify, o->nclassify, x);
}

/* At most one way to a secret. */
static void
judge_secret(struct value_reader *r, const struct webhook_block *x)
{
	static const char *const ways[] = {
	    "secret_file", "secret_command", "credential"};
	const struct command *first = NULL;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		const struct command *c = block_set(&x->b, ways[i]);

		if (!c)
			continue;
		if (first)
			wrong(r, c->at,
			    "one secret is enough: %.*s stands at line %u",
			    STR_ARG(first->name), first->at.line);
		else
			first = c;
	}
	if (!first && x->at->has_block)
		complain_warning(r->a, r->bad, x->at->at,
		    "webhook \"%.*s\" has no secret_file, so what is posted is "
		    "not signed, and who receives it cannot tell it from "
		    "anybody's",
		    STR_ARG(x->v.t.hook));
}

static unsigned
judge_events(struct value_reader *r, const struct webhook_block *x)
{
	struct strs known = {0};
	unsigned bits = 0;

	for (unsigned i = 0; i < HOOK_EVENT_COUNT; i++) {
		struct str name = str_c(hook_event_name((enum hook_event)i));

		strs_add(r->a, &known, name);
		if (strs_has(&x->v.events, name))
			bits |= 1u << i;
	}
	judge_references(r, &x->b, "events", "event", &x->v.events, &known);
	return bits;
}

static void
finish_hooks(struct value_reader *r, struct outward *o, struct config *c)
{
	struct settings *s = &c->settings;
	struct strs names = {0};

	c->hooks = arena_array(r->a, struct transport, o->nhooks + 1);
	s->hooks = arena_array(r->a, struct hook, o->nhooks + 1);
	for (size_t i = 0; i < o->nhooks; i++) {
		struct webhook_block *x = o->hooks[i];

		judge_name(r, x->at, x->v.t.hook, &names);
		judge_secret(r, x);
		x->v.t.name =
		    arena_printf(r->a, "webhook:%.*s", STR_ARG(x->v.t.hook));
		c->hooks[c->nhooks++] = x->v.t;
		s->hooks[s->nhooks++] = (struct hook){.name = x->v.t.hook,
		    .url = x->v.t.path,
		    .events = judge_events(r, x),
		    .text = x->v.text};
	}
}

static void
finish_classify(struct value_reader *r, struct outward *o, struct config *c)
{
	struct settings *s = &c->settings;
	struct strs names = {0}, known = {0};

	strs_add(r->a, &known, S("queue"));
	strs_add(r->a, &known, S("priority"));
	for (size_t i = 0; i < s->fields.n; i++)
		strs_add(r->a, &known, s->fields.v[i]);
	s->classified = arena_array(r->a, struct classified, o->nclassify + 1);
	for (size_t i = 0; i < o->nclassify; i++) {
		struct classify_block *x = o->classify[i];
		const struct command *act = block_value(&x->b, "act");
		struct str name = x->v.name, near;

		judge_name(r, x->at, name, &names);
		if (!name.n)
			continue;
		if (name.n > MODEL_FIELD_MAX)
			wrong(r, value_at(x->at),
			    "classify: a name has at "
			    "most %d bytes",
			    MODEL_FIELD_MAX);
		else if (s->fields.n && !strs_has(&known, name)) {
			near = syntax_nearest(name, known.v, known.n);
			wrong(r, value_at(x->at),
			    "classify: there is no field \"%.*s\"%s%.*s%s",
			    STR_ARG(name), near.n ? ": did you mean \"" : "",
			    STR_ARG(near), near.n ? "\"?" : "");
		}
		if (act && x->v.act < x->v.suggest)
			wrong(r, value_at(act),
			    "act: expected no less than suggest, which is "
			    "\"%u%%\"",
			    x->v.suggest);
		s->classified[s->nclassified++] = x->v;
	}
}

void
outward_finish(struct value_reader *r, struct outward *o, struct config *c)
{
	finish_hooks(r, o, c);
	finish_classify(r, o, c);
}

/*
 * A set of scripts, compiled; and a run of it over one ticket.
 *
 *   10-vip.sieve       if address :domain "from" "big.example" { queue "vip"; }
 *   20-orders.sieve    if event ["new", "followup"] { … }
 *
 * At a follow-up only the second is looked at: a rule that says nothing of
 * events means the mail that opens a ticket, or every answer of the customer
 * would raise its priority again.
 */
#include "desk/rules_private.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/extra.h"
#include "desk/sieve/engine.h"

static const char *const event_names[RULE_EVENT_COUNT] = {
#define X_NAME(n, id, name) [n] = name,
    RULE_EVENTS(X_NAME)};

const char *
rule_event_name(enum rule_event_kind k)
{
	return k < RULE_EVENT_COUNT ? event_names[k] : "unknown";
}

/* --- at which events a script runs ------------------------------------- */

enum {
	ALL_EVENTS = (1 << RULE_EVENT_COUNT) - 1
};

static unsigned
events_named(const struct sieve_node *n)
{
	unsigned out = 0;

	if (n->match != MATCH_IS || !n->args[0].literal)
		return ALL_EVENTS;
	for (size_t i = 0; i < n->args[0].n; i++)
		for (unsigned k = 0; k < RULE_EVENT_COUNT; k++)
			if (str_ieq(n->args[0].v[i].s, str_c(event_names[k])))
				out |= 1u << k;
	return out;
}

static unsigned
events_of(const struct sieve_node *v, size_t n, bool negated)
{
	unsigned out = 0;

	for (size_t i = 0; i < n; i++) {
		const struct sieve_node *x = &v[i];

		if (x->def && x->def->run == run_values &&
		    x->def->extra == SIEVE_EVENT)
			out |= negated ? ALL_EVENTS : events_named(x);
		/* "else" behind a test of events is at all the others. */
		if (x->def && x->def->run == run_if && x->def->extra > 0 &&
		    i > 0 && events_of(v[i - 1].tests, v[i - 1].ntests, false))
			out |= ALL_EVENTS;
		out |= events_of(x->tests, x->ntests,
		    negated || (x->def && x->def->run == run_not));
		out |= events_of(x->block, x->nblock, false);
	}
	return out;
}

static unsigned
events_of_script(const struct sieve *s)
{
	unsigned out = 1u << RULE_NEW;

	for (const struct sieve_scope *x = s->scopes; x; x = x->next)
		out |= events_of(x->block, x->nblock, false);
	return out;
}

/* --- compiling --------------------------------------------------------- */

int
rules_compile(const struct sieve_options *o, struct str dir,
    const struct rules_file *v, size_t n, struct arena *bad_arena,
    struct rules **out, struct complaints *bad)
{
	size_t before = bad->errors;
	struct rules *r;

	*out = NULL;
	if (!n)
		return 0;
	r = mem_new(sizeof *r);
	r->dir = arena_dup(&r->a, dir);
	r->v = arena_array(&r->a, struct rule_script, n);
	for (size_t i = 0; i < n; i++) {
		struct rule_script *x = &r->v[r->n];

		if (sieve_compile(
			o, v[i].path, v[i].text, bad_arena, &x->s, bad) < 0)
			continue;
		x->events = events_of_script(x->s);
		r->events |= x->events;
		r->n++;
	}
	if (bad->errors > before) {
		rules_free(&r);
		return -1;
	}
	*out = r;
	return 0;
}

void
rules_free(struct rules **pr)
{
	struct rules *r = *pr;
	struct arena a;

	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		sieve_free(&r->v[i].s);
	a = r->a;
	arena_fini(&a);
	mem_free(r);
	*pr = NULL;
}

size_t
rules_count(const struct rules *r)
{
	return r ? r->n : 0;
}

bool
rules_has(const struct rules *r, enum rule_event_kind k)
{
	return r && (r->events >> k & 1);
}

/* --- running ----------------------------------------------------------- */

struct actor
rule_actor(const struct rule_run *x, struct place at)
{
	struct str file = str_c(at.file);

	if (str_starts(file, x->r->dir))
		file = str_from(file, x->r->dir.n);
	return (struct actor){
	    .name = S("rule"),
	    .cause = at.line
			 ? arena_printf(x->a, "%.*s:%u", STR_ARG(file), at.line)
			 : file,
	};
}

void
rule_tell(struct rule_run *x, const struct actor *who, struct str detail)
{
	event_add(x->t, x->k, EVENT_RULE, who, detail, x->now);
}

static void
tell_errors(
    struct rule_run *x, const char *what, const struct sieve_error *v, size_t n)
{
	for (size_t i = 0; i < n && i < 5; i++) {
		struct actor who = rule_actor(x, v[i].at);

		rule_tell(x, &who,
		    arena_printf(x->a, "%s: %.*s", what, STR_ARG(v[i].msg)));
	}
}

static void
field(struct sieve_mail *m, const char *name, struct str value)
{
	if (!value.n)
		return;
	m->fields[m->nfields++] =
	    (struct sieve_field){.name = str_c(name), .value = value};
}

static struct str
people_of(struct arena *a, const struct addresses *l)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	addresses_format(&b, l);
	return arena_dup(a, buf_str(&b));
}

/* What is kept of the customer's newest mail. */
static int
mail_of_ticket(struct rule_run *x, struct err *err)
{
	struct sieve_mail *m = &x->mail;
	struct article r;
	struct extra extra;
	int found;

	*m = (struct sieve_mail){
	    .fields = arena_array(x->a, struct sieve_field, 8)};
	extra_read(x->a, x->k->extra, &extra);
	if (!extra.last_in) {
		field(m, "From",
		    people_of(x->a, &(struct addresses){&x->k->requester, 1}));
		field(m, "Subject", x->k->subject);
		return 0;
	}
	found = article_get(x->t, x->a, x->k->id, extra.last_in, &r);
	if (found <= 0)
		return found < 0 ? txn_error(x->t, err) : 0;
	field(m, "From", people_of(x->a, &r.from));
	field(m, "To", people_of(x->a, &r.to));
	field(m, "Cc", people_of(x->a, &r.cc));
	field(m, "Subject", r.subject);
	field(m, "Message-ID",
	    r.message_id.n ? arena_printf(x->a, "<%.*s>", STR_ARG(r.message_id))
			   : r.message_id);
	strs_add(x->a, &m->texts, r.text);
	m->size = r.size;
	return 0;
}

/* 1: go on with the next script, 0: not, -1. */
static int
one_script(struct rule_run *x, struct sieve *s, struct err *err)
{
	struct sieve_context c = {0};
	struct sieve_result r = {0};

	rule_context(x, &c);
	if (sieve_run(s, &c, x->a, &r) < 0) {
		tell_errors(
		    x, "the script ended with an error", r.errors, r.nerrors);
		return txn_error(x->t, err) < 0 ? -1 : 1;
	}
	tell_errors(x, "warning", r.warnings, r.nwarnings);
	if (rule_act(x, &r) < 0 || txn_error(x->t, err) < 0)
		return txn_error(x->t, err) < 0 ? -1 : 1;
	return !r.stopped && !x->gone;
}

int
rules_run(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct rule_event *e, int64_t now, struct rule_result *out,
    struct err *err)
{
	struct rule_result ignored;
	const struct rules *r = d->settings->rules;
	struct rule_run x = {.d = d,
	    .t = t,
	    .a = a,
	    .k = k,
	    .e = e,
	    .now = now,
	    .out = out ? out : &ignored,
	    .r = r};
	uint32_t before = k->articles;
	int more = 1;

	*x.out = (struct rule_result){.acknowledge = true, .tell = true};
	if (!rules_has(r, e->kind) || k->merged_into)
		return 0;
	if (d->ruling > (e->kind == RULE_STATUS ? 1u : 0u))
		return 0;
	d->ruling++;
	if (e->message)
		sieve_mail_of_message(
		    a, e->message, e->in ? e->in->size : 0, &x.mail);
	else if (mail_of_ticket(&x, err) < 0)
		more = -1;
	for (size_t i = 0; i < r->n && more > 0; i++)
		if (r->v[i].events >> e->kind & 1)
			more = one_script(&x, r->v[i].s, err);
	d->ruling--;
	x.out->mails = k->articles - before;
	return MIN(more, 0);
}

int
rules_at(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    enum rule_event_kind kind, int64_t now, struct err *err)
{
	struct rule_event e = {.kind = kind};

	return rules_run(d, t, a, k, &e, now, NULL, err);
}

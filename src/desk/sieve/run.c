/*
 * Running: the tree is walked. A test answers 1 or 0, a command says how it
 * goes on; -1 ends the run with an error, after which only the implicit keep is
 * left (RFC 5228 §2.10.6). Actions are collected; what contradicts (a rejected
 * mail is not kept) is an error of the script.
 */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

static void __attribute__((format(printf, 5, 0)))
add_message(struct sieve_run *r, struct sieve_error **v, size_t *n,
    struct place at, const char *fmt, va_list ap)
{
	struct buf b = buf_max(2000);
	struct sieve_error *w;

	buf_vprintf(&b, fmt, ap);
	if (*n < 100) {
		w = arena_array(r->a, struct sieve_error, *n + 1);
		if (*n)
			memcpy(w, *v, *n * sizeof *w);
		w[*n] = (struct sieve_error){at, arena_dup(r->a, buf_str(&b))};
		*v = w;
		(*n)++;
	}
	buf_fini(&b);
}

int
sieve_fail(struct sieve_run *r, struct place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_message(r, &r->result->errors, &r->result->nerrors, at, fmt, ap);
	va_end(ap);
	return -1;
}

void
sieve_warn(struct sieve_run *r, struct place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_message(
	    r, &r->result->warnings, &r->result->nwarnings, at, fmt, ap);
	va_end(ap);
}

static int
step(struct sieve_run *r, const struct sieve_node *n)
{
	if (++r->steps + r->work / SIEVE_WORK > SIEVE_STEPS_MAX)
		return sieve_fail(r, n->at, "the script takes too long");
	return 0;
}

int
sieve_exec_test(struct sieve_run *r, const struct sieve_node *n)
{
	if (step(r, n) < 0)
		return -1;
	return n->def->run(r, n);
}

int
sieve_exec_block(struct sieve_run *r, const struct sieve_node *v, size_t n)
{
	bool taken = false;

	for (size_t i = 0; i < n; i++) {
		const struct sieve_node *x = &v[i];
		int rc;

		if (x->def->run == run_if) {
			if (x->def->extra == 0)
				taken = false;
			if (taken || x->dead)
				continue;
			if (step(r, x) < 0)
				return -1;
			rc = x->ntests ? sieve_exec_test(r, &x->tests[0]) : 1;
			if (rc < 0)
				return -1;
			if (!rc)
				continue;
			taken = true;
			rc = sieve_exec_block(r, x->block, x->nblock);
		} else {
			if (step(r, x) < 0)
				return -1;
			rc = x->def->run(r, x);
		}
		if (rc != RUN_OK)
			return rc;
	}
	return RUN_OK;
}

/* --- results ----------------------------------------------------------- */

static const char *const kinds[] = {[SIEVE_KEEP] = "keep",
    [SIEVE_STORE] = "store",
    [SIEVE_DISCARD] = "discard",
    [SIEVE_REDIRECT] = "redirect",
    [SIEVE_REJECT] = "reject",
    [SIEVE_EREJECT] = "ereject",
    [SIEVE_VACATION] = "vacation",
    [SIEVE_NOTIFY] = "notify",
    [SIEVE_MARK] = "mark",
    [SIEVE_QUEUE] = "queue",
    [SIEVE_PRIORITY] = "priority",
    [SIEVE_TAG] = "tag",
    [SIEVE_UNTAG] = "untag",
    [SIEVE_FIELD] = "field",
    [SIEVE_ASSIGN] = "assign",
    [SIEVE_SLA] = "sla",
    [SIEVE_STATUS] = "status",
    [SIEVE_NOTE] = "note",
    [SIEVE_ANSWER] = "answer",
    [SIEVE_ESCALATE] = "escalate",
    [SIEVE_WEBHOOK] = "webhook",
    [SIEVE_SPAM] = "spam"};

const char *
sieve_action_name(enum sieve_action_kind kind)
{
	return kinds[kind];
}

static bool
delivers(enum sieve_action_kind k)
{
	return k == SIEVE_KEEP || k == SIEVE_STORE || k == SIEVE_REDIRECT;
}

static bool
rejects(enum sieve_action_kind k)
{
	return k == SIEVE_REJECT || k == SIEVE_EREJECT;
}

static bool
inbox(struct str s)
{
	return str_ieq(s, S("INBOX"));
}

/* The one already there that makes the new one superfluous, and what of the new one it takes over. */
static bool
merge(struct sieve_run *r, const struct sieve_action *x)
{
	for (size_t i = 0; i < r->result->nactions; i++) {
		struct sieve_action *o = &r->result->actions[i];
		bool store =
		    (o->kind == SIEVE_KEEP || o->kind == SIEVE_STORE) &&
		    (x->kind == SIEVE_KEEP || x->kind == SIEVE_STORE);

		if (store) {
			struct str a =
			    o->kind == SIEVE_KEEP ? S("INBOX") : o->name;
			struct str b =
			    x->kind == SIEVE_KEEP ? S("INBOX") : x->name;

			if (!str_eq(a, b) && !(inbox(a) && inbox(b)))
				continue;
			/* The later one's flags hold (RFC 5232 §2.1 leaves it open). */
			if (x->has_flags) {
				o->flags = x->flags;
				o->has_flags = true;
			}
			return true;
		}
		if (o->kind != x->kind)
			continue;
		if (x->kind == SIEVE_DISCARD)
			return true;
		if (x->kind == SIEVE_REDIRECT && str_ieq(o->name, x->name))
			return true;
	}
	return false;
}

static int
conflict(struct sieve_run *r, const struct sieve_action *x)
{
	for (size_t i = 0; i < r->result->nactions; i++) {
		const struct sieve_action *o = &r->result->actions[i];

		if (x->kind == SIEVE_VACATION && o->kind == SIEVE_VACATION)
			return sieve_fail(r, x->at,
			    "vacation was already carried out at line %u",
			    o->at.line);
		if (rejects(x->kind) && rejects(o->kind))
			return sieve_fail(r, x->at,
			    "the mail was already rejected at line %u",
			    o->at.line);
		if ((rejects(x->kind) &&
			(delivers(o->kind) || o->kind == SIEVE_VACATION)) ||
		    (rejects(o->kind) &&
			(delivers(x->kind) || x->kind == SIEVE_VACATION)))
			return sieve_fail(r, x->at,
			    "%s contradicts %s at line %u: what is rejected is "
			    "neither delivered nor answered",
			    kinds[x->kind], kinds[o->kind], o->at.line);
	}
	return 0;
}

static int
limits(struct sieve_run *r, const struct sieve_action *x)
{
	uint64_t same = 0, all = 0;

	for (size_t i = 0; i < r->result->nactions; i++) {
		same += r->result->actions[i].kind == x->kind;
		all += r->result->actions[i].kind != SIEVE_MARK;
	}
	if (r->s->max_actions && all + 1 > r->s->max_actions &&
	    x->kind < SIEVE_QUEUE)
		return sieve_fail(r, x->at, "more than %llu actions",
		    (unsigned long long)r->s->max_actions);
	if (x->kind == SIEVE_REDIRECT && r->s->max_redirects == 0)
		return sieve_fail(r, x->at, "redirect is not allowed here");
	if (x->kind == SIEVE_REDIRECT && same + 1 > r->s->max_redirects)
		return sieve_fail(r, x->at, "more than %llu redirects",
		    (unsigned long long)r->s->max_redirects);
	return 0;
}

int
sieve_result_add(struct sieve_run *r, const struct sieve_action *x)
{
	struct sieve_result *o = r->result;

	if (merge(r, x))
		return 0;
	if (conflict(r, x) < 0 || limits(r, x) < 0)
		return -1;
	if (o->nactions == o->cap) {
		size_t cap = o->cap ? o->cap * 2 : 8;
		struct sieve_action *v =
		    arena_array(r->a, struct sieve_action, cap);

		if (o->nactions)
			memcpy(v, o->actions, o->nactions * sizeof *v);
		o->actions = v;
		o->cap = cap;
	}
	o->actions[o->nactions++] = *x;
	return 0;
}

/* A blank action of this command. */
struct sieve_action *
sieve_act(struct sieve_run *r, const struct sieve_node *n,
    enum sieve_action_kind kind)
{
	struct sieve_action *x = arena_new(r->a, struct sieve_action);

	x->kind = kind;
	x->at = n->at;
	x->mail = r->mail;
	return x;
}

/* --- a run ------------------------------------------------------------- */

void
sieve_begin(struct sieve_run *r, struct sieve *s, const struct sieve_context *c,
    struct arena *a, struct sieve_result *out)
{
	*r = (struct sieve_run){
	    .s = s, .c = c, .a = a, .result = out, .mail = c->mail};
	r->scope = s->main;
	r->locals = arena_array(a, struct str, s->main->names.n + 1);
	r->globals = arena_array(a, struct str, s->globals.n + 1);
	r->headers = arena_alloc_n(a, s->nheaders + 1, sizeof *r->headers);
	r->parts =
	    arena_alloc_n(a, (s->nheaders + 1) * PARTS_N, sizeof *r->parts);
	r->once = arena_array(a, bool, s->nscopes + 1);
}

void
sieve_finish(struct sieve_run *r)
{
	struct sieve_result *o = r->result;

	o->mail = r->mail;
	o->steps = r->steps + r->work / SIEVE_WORK;
	for (size_t i = 0; i < o->nactions; i++)
		if (o->actions[i].kind == SIEVE_KEEP)
			o->keep = true;
	if (r->keep_cancelled || o->keep)
		return;
	for (size_t i = 0; i < o->nactions; i++)
		if (o->actions[i].kind == SIEVE_STORE &&
		    inbox(o->actions[i].name)) {
			o->keep = true;
			return;
		}
	struct sieve_action x = {.kind = SIEVE_KEEP, .mail = r->mail};

	sieve_flags_for(r, NULL, &x);
	if (sieve_result_add(r, &x) == 0)
		o->keep = o->implicit = true;
}

int
sieve_run(struct sieve *s, const struct sieve_context *c, struct arena *a,
    struct sieve_result *out)
{
	struct sieve_run r;
	int rc;

	*out = (struct sieve_result){0};
	sieve_begin(&r, s, c, a, out);
	rc = sieve_exec_block(&r, s->main->block, s->main->nblock);
	if (rc < 0) {
		struct sieve_action keep = {
		    .kind = SIEVE_KEEP, .mail = c->mail};

		out->actions = arena_array(a, struct sieve_action, 1);
		out->actions[0] = keep;
		out->nactions = out->cap = 1;
		out->keep = out->implicit = true;
		out->mail = c->mail;
		out->steps = r.steps + r.work / SIEVE_WORK;
		return -1;
	}
	out->stopped = rc == RUN_STOP;
	sieve_finish(&r);
	return 0;
}

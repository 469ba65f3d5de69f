/* classify: what was learned of earlier tickets says of one; learning anew, and how good it is. */
#include "app/csv.h"
#include "app/json.h"
#include "app/session.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/must.h"
#include "base/syntax.h"
#include "base/utf8.h"
#include "desk/classify_ticket.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

enum {
	CHUNK = 100,          /* tickets of one transaction */
	EXAMPLES_MAX = 50000, /* the newest, of an evaluation */
	CSV_MAX = 256 << 20,
	FOLDS = 5,
};

struct options {
	const char *csv, *field, *forget;
	int64_t since; /* ms before now; 0: all */
	bool train, evaluate;
};

/* --- one ticket -------------------------------------------------------- */

static void
print_guesses(struct verb_context *c, uint64_t id, struct str field,
    struct str now, const struct guess *g, size_t n, struct table *table,
    struct arena *a)
{
	json_t *o, *v;

	if (!c->json) {
		for (size_t i = 0; i < n; i++) {
			struct table_row *r = table_row(table);

			r->cell[0] = i ? S("") : field;
			r->cell[1] = g[i].value;
			r->cell[2] =
			    arena_printf(a, "%.0f %%", g[i].probability * 100);
			r->cell[3] =
			    str_eq(now, g[i].value) ? S("as it is") : S("");
			r->colour[1] = i ? COLOUR_NONE : COLOUR_BOLD;
		}
		return;
	}
	o = json_object();
	v = json_array();
	json_object_set_new(o, "ticket", json_integer((json_int_t)id));
	json_put_str(o, "field", field);
	json_put_str_or_null(o, "value", now);
	for (size_t i = 0; i < n; i++) {
		json_t *x = json_object();

		json_put_str(x, "value", g[i].value);
		json_object_set_new(
		    x, "probability", json_real(g[i].probability));
		json_array_append_new(v, x);
	}
	json_object_set_new(o, "guesses", v);
	json_print(o);
}

static int
one_ticket(struct verb_context *c, struct session *s, uint64_t id)
{
	static const char *const heads[] = {
	    "FIELD", "GUESS", ">PROBABILITY", "", NULL};
	const struct settings *set = &s->config->settings;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	struct table table;
	struct ticket k;
	size_t all = 0;

	table_init(&table, &a, c->colour, heads);
	if (txn_read(s->store, &t, &err) < 0 ||
	    session_ticket(t, &a, id, &k, &err) < 0)
		return verb_err(c, &err);
	for (size_t i = 0; i < set->nclassified; i++) {
		struct str field = set->classified[i].name;
		struct guess g[GUESSES_MAX];
		int n = classify_of(t, &a, &k, field, g, &err);

		if (n < 0)
			return verb_err(c, &err);
		all += (size_t)n;
		print_guesses(c, id, field, classify_value(&k, field), g,
		    (size_t)n, &table, &a);
	}
	if (!c->json && all)
		table_print(&table);
	else if (!c->json)
		puts("too little was learned so far");
	return EX_OK;
}

/* --- training ---------------------------------------------------------- */

struct training {
	const struct options *o;
	uint64_t at, last, learned, forgotten;
	bool begun;
};

static int
train_step(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	const struct settings *set = &s->config->settings;
	struct training *x = ctx;
	uint64_t to;

	(void)a;
	if (!x->begun) {
		for (size_t i = 0; i < set->nclassified; i++)
			if (classify_forget(t, set->classified[i].name) < 0)
				return txn_error(t, err);
		x->begun = true;
		return ticket_last(t, &x->last) < 0 ? txn_error(t, err) : 0;
	}
	to = MIN(x->last, x->at + CHUNK);
	while (x->at < to) {
		AUTO(arena_fini) struct arena row = ARENA_INIT;
		bool changed = false;
		int learned = 0;
		struct ticket k;
		int found = ticket_get(t, &row, ++x->at, &k);

		if (found < 0)
			return txn_error(t, err);
		if (!found || (x->o->since && k.created < now - x->o->since))
			continue;
		for (size_t i = 0; i < set->nclassified; i++) {
			int r = classify_learn_ticket(t, &row, &k,
			    set->classified[i].name, true, &changed, err);

			if (r < 0)
				return -1;
			learned |= r;
		}
		x->learned += (uint64_t)learned;
		if (changed)
			ticket_put(t, &k);
	}
	return txn_error(t, err);
}

static int
train(struct verb_context *c, struct session *s, const struct options *o)
{
	struct training x = {.o = o};
	int status;

	do {
		status = session_write(s, c, train_step, &x);
		progress("classify: tickets", x.at);
	} while (status == EX_OK && x.at < x.last);
	progress_end();
	if (status != EX_OK)
		return status;
	if (c->json) {
		json_t *j = json_object();

		json_object_set_new(
		    j, "tickets", json_integer((json_int_t)x.last));
		json_object_set_new(
		    j, "learned", json_integer((json_int_t)x.learned));
		json_print(j);
	} else {
		printf("learned from %llu of %llu tickets\n",
		    (unsigned long long)x.learned, (unsigned long long)x.last);
	}
	return EX_OK;
}

static int
forget(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	const struct options *o = ctx;

	(void)s;
	(void)a;
	(void)now;
	classify_forget(t, str_c(o->forget));
	return txn_error(t, err);
}

/* --- evaluating -------------------------------------------------------- */

struct examples {
	struct arena a;
	struct example *v;
	size_t n, cap;
};

static void
add_example(struct examples *x, struct str text, struct str value)
{
	if (x->n == x->cap) {
		size_t cap = x->cap ? 2 * x->cap : 256;
		struct example *v = arena_array(&x->a, struct example, cap);

		if (x->n)
			memcpy(v, x->v, x->n * sizeof *v);
		x->v = v;
		x->cap = cap;
	}
	x->v[x->n++] =
	    (struct example){arena_dup(&x->a, text), arena_dup(&x->a, value)};
}

static int
of_history(struct session *s, const struct options *o, struct str field,
    struct examples *x, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	int64_t now = clock_now();
	uint64_t id;

	if (txn_read(s->store, &t, err) < 0 || ticket_last(t, &id) < 0)
		return t ? txn_error(t, err) : -1;
	for (; id && x->n < EXAMPLES_MAX; id--) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct ticket k;
		struct str text;
		bool settled;
		int found = ticket_get(t, &a, id, &k);

		if (found < 0)
			return txn_error(t, err);
		if (!found)
			continue;
		if (o->since && k.created < now - o->since)
			break;
		if (classify_settled(t, &a, &k, field, &settled, err) < 0 ||
		    (settled && classify_text(t, &a, &k, &text, err) < 0))
			return -1;
		if (settled && text.n)
			add_example(x, text, classify_value(&k, field));
	}
	return 0;
}

static int
of_csv(const char *path, struct examples *x, struct err *err)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct str rest;
	struct strs v;

	if (file_read(path, CSV_MAX, &raw, err) < 0)
		return err_in(err, "%s", path);
	rest = buf_str(&raw);
	if (!csv_record(&x->a, &rest, &v) || v.n < 2)
		return err_set(err, ERR_INVAL,
		    "%s:1: expected a heading of two columns: text,label",
		    path);
	while (csv_record(&x->a, &rest, &v))
		if (v.n >= 2 && str_trim(v.v[v.n - 1]).n)
			add_example(x, utf8_clip(v.v[0], CLASSIFY_TEXT_MAX),
			    str_trim(v.v[v.n - 1]));
	return 0;
}

static void
print_json(struct str field, const struct evaluation *e)
{
	json_t *o = json_object(), *bins = json_array(), *acts = json_array();

	json_put_str(o, "field", field);
	json_object_set_new(o, "examples", json_integer((json_int_t)e->n));
	json_object_set_new(o, "values", json_integer((json_int_t)e->classes));
	json_object_set_new(o, "accuracy", json_real(e->accuracy));
	json_object_set_new(o, "majority", json_real(e->majority));
	json_object_set_new(o, "keyword", json_real(e->keyword));
	json_object_set_new(o, "calibration_error", json_real(e->calibration));
	for (int i = 0; i < EVALUATE_BINS; i++) {
		json_t *b = json_object(), *t = json_object();

		json_object_set_new(b, "said", json_real(e->said[i]));
		json_object_set_new(b, "was", json_real(e->was[i]));
		json_object_set_new(
		    b, "guesses", json_integer((json_int_t)e->bin[i]));
		json_array_append_new(bins, b);
		json_object_set_new(
		    t, "threshold", json_real((50 + 5 * i) / 100.0));
		json_object_set_new(
		    t, "acted", json_integer((json_int_t)e->acted[i]));
		json_object_set_new(
		    t, "right", json_integer((json_int_t)e->acted_right[i]));
		json_array_append_new(acts, t);
	}
	json_object_set_new(o, "calibration", bins);
	json_object_set_new(o, "act", acts);
	json_print(o);
}

static void
print_words(
    struct verb_context *c, struct str field, const struct evaluation *e)
{
	static const char *const said[] = {">SAID", ">WAS", ">GUESSES", NULL};
	static const char *const acts[] = {
	    ">ACT AT", ">DONE", ">OF ALL", ">RIGHT", NULL};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct table x, y;

	printf("%.*s: %zu examples of %zu values, each guessed by what was "
	       "learned of the others (%d parts)\n\n"
	       "  right                  %5.1f %%\n"
	       "  always the most usual  %5.1f %%\n"
	       "  telling words          %5.1f %%\n"
	       "  calibration error      %5.1f %%\n\n",
	    STR_ARG(field), e->n, e->classes, FOLDS, e->accuracy * 100,
	    e->majority * 100, e->keyword * 100, e->calibration * 100);
	table_init(&x, &a, c->colour, said);
	table_init(&y, &a, c->colour, acts);
	for (int i = 0; i < EVALUATE_BINS; i++) {
		struct table_row *r;
		double n = (double)e->acted[i];

		if (e->bin[i]) {
			r = table_row(&x);
			r->cell[0] =
			    arena_printf(&a, "%.1f %%", e->said[i] * 100);
			r->cell[1] =
			    arena_printf(&a, "%.1f %%", e->was[i] * 100);
			r->cell[2] = arena_printf(&a, "%zu", e->bin[i]);
		}
		r = table_row(&y);
		r->cell[0] = arena_printf(&a, "%d %%", 50 + 5 * i);
		r->cell[1] = arena_printf(&a, "%zu", e->acted[i]);
		r->cell[2] =
		    arena_printf(&a, "%.1f %%", n / (double)e->n * 100);
		r->cell[3] = n > 0 ? arena_printf(&a, "%.1f %%",
					 (double)e->acted_right[i] / n * 100)
				   : S("-");
	}
	table_print(&x);
	putchar('\n');
	table_print(&y);
}

static int
evaluate_one(struct verb_context *c, struct session *s, const struct options *o,
    struct str field)
{
	struct examples x = {.a = ARENA_INIT};
	struct evaluation e;
	struct err err = ERR_INIT;
	int r = o->csv ? of_csv(o->csv, &x, &err)
		       : of_history(s, o, field, &x, &err);

	if (r == 0)
		r = classify_evaluate(x.v, x.n, FOLDS, &e, &err);
	arena_fini(&x.a);
	if (r < 0)
		return err.code == ERR_INVAL
			   ? verb_fail(c, EX_DATAERR, "%.*s: %s",
				 STR_ARG(field), err.msg)
			   : verb_err(c, &err);
	if (c->json)
		print_json(field, &e);
	else
		print_words(c, field, &e);
	return EX_OK;
}

static int
evaluate(struct verb_context *c, struct session *s, const struct options *o)
{
	const struct settings *set = s ? &s->config->settings : NULL;
	int status = EX_OK;

	if (o->csv || o->field)
		return evaluate_one(
		    c, s, o, str_c(o->field ? o->field : "label"));
	for (size_t i = 0; i < set->nclassified; i++) {
		int r = evaluate_one(c, s, o, set->classified[i].name);

		if (r != EX_OK)
			status = r;
		if (!c->json && i + 1 < set->nclassified)
			putchar('\n');
	}
	return status;
}

/* --- the verb ---------------------------------------------------------- */

/* Durations, and years besides. */
static bool
parse_since(struct str s, int64_t *ms)
{
	uint64_t years;

	if (str_ends(s, S("y")) && str_u64(str_sub(s, 0, s.n - 1), &years) &&
	    years >= 1 && years <= 100) {
		*ms = (int64_t)years * 365 * CLOCK_DAY;
		return true;
	}
	return clock_parse_duration(s, ms) && *ms > 0;
}

static int
work(struct verb_context *c, struct session *s, const struct options *o,
    uint64_t id)
{
	const struct settings *set = &s->config->settings;

	if (o->forget) {
		if (!*o->forget || strlen(o->forget) > MODEL_FIELD_MAX)
			return verb_fail(c, EX_USAGE, "no field is called so");
		return session_write(s, c, forget, (void *)o);
	}
	if (!set->nclassified && !o->field)
		return verb_fail(c, EX_CONFIG,
		    "helpd.conf has no classify \"FIELD\" { … }, so nothing "
		    "is learned or guessed");
	if (o->train)
		return train(c, s, o);
	return o->evaluate ? evaluate(c, s, o) : one_ticket(c, s, id);
}

int
cmd_classify(struct verb_context *c, int argc, char **argv)
{
	static const struct option longs[] = {{"train", no_argument, NULL, 't'},
	    {"evaluate", no_argument, NULL, 'e'},
	    {"forget", required_argument, NULL, 'f'},
	    {"since", required_argument, NULL, 's'},
	    {"csv", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	struct options o = {0};
	struct session s;
	uint64_t id = 0;
	int opt, status, left;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (opt == 't')
			o.train = true;
		else if (opt == 'e')
			o.evaluate = true;
		else if (opt == 'f')
			o.forget = optarg;
		else if (opt == 'c')
			o.csv = optarg;
		else if (opt != 's' || !parse_since(str_c(optarg), &o.since))
			return verb_usage(c);
	left = argc - optind;
	if (o.train + o.evaluate + (o.forget != NULL) > 1 ||
	    (o.csv && !o.evaluate) || left > 1)
		return verb_usage(c);
	if (o.evaluate && left)
		o.field = argv[optind];
	else if (o.train || o.forget || o.evaluate
		     ? left != 0
		     : !left || !verb_ticket(argv[optind], &id))
		return verb_usage(c);
	if (o.csv) /* needs no desk at all */
		return evaluate(c, NULL, &o);
	status = session_open(&s, c,
	    SESSION_CONFIG | SESSION_STORE |
		(o.train || o.forget ? SESSION_DESK : 0));
	if (status == EX_OK)
		status = work(c, &s, &o, id);
	session_close(&s);
	return status;
}

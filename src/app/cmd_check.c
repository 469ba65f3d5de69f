/* helpd check: everything that is wrong with the configuration in one go; with
 * --connect also with the servers. */
#include "app/check.h"
#include "app/config_rules.h"
#include "app/verb.h"
#include "base/file.h"
#include "base/must.h"
#include "desk/customers.h"
#include "desk/template.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static json_t *
text(struct str s)
{
	json_t *t = json_stringn(s.n ? s.p : "", s.n);

	return t ? t : json_string("(not UTF-8)");
}

static void
print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

static void
complaints_json(const struct complaints *bad)
{
	for (size_t i = 0; i < bad->n; i++) {
		const struct complaint *x = &bad->v[i];
		json_t *o = json_object();

		json_object_set_new(o, "file", text(str_c(x->at.file)));
		json_object_set_new(o, "line", json_integer(x->at.line));
		json_object_set_new(o, "column", json_integer(x->at.column));
		json_object_set_new(
		    o, "level", json_string(x->warning ? "warning" : "error"));
		json_object_set_new(o, "message", text(x->msg));
		print_json(o);
	}
}

static void
report(void *ctx, const struct check *k)
{
	const struct verb_context *c = ctx;

	if (c->json) {
		json_t *o = json_object();

		json_object_set_new(o, "check", json_string(k->what));
		json_object_set_new(o, "name", text(k->name));
		json_object_set_new(o, "where", text(k->where));
		json_object_set_new(o, "ok", json_boolean(k->good));
		json_object_set_new(o, "soon", json_boolean(k->soon));
		json_object_set_new(o, "message", text(k->message));
		print_json(o);
		return;
	}
	printf("%s%s%.*s %.*s: %s%s%s%s%.*s%s\n", k->what, k->name.n ? " " : "",
	    STR_ARG(k->name), STR_ARG(k->where),
	    !c->colour ? ""
	    : k->soon  ? "\033[33m"
	    : k->good  ? "\033[32m"
		       : "\033[31m",
	    k->soon   ? "warning"
	    : k->good ? "ok"
		      : "failed",
	    c->colour ? "\033[0m" : "",
	    k->message.n ? (k->good ? " (" : ": ") : "", STR_ARG(k->message),
	    k->message.n && k->good ? ")" : "");
	fflush(stdout);
}

static void
add_named(json_t *list, struct str name, const char *key, struct str value)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", text(name));
	json_object_set_new(o, key, text(value));
	json_array_append_new(list, o);
}

/* Names of the queues an agent has this right to. */
static json_t *
queues_json(const struct settings *s, const struct agent *x, enum right r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nqueues; i++)
		if (agent_may(s, x, s->queues[i].name, r))
			json_array_append_new(list, text(s->queues[i].name));
	return list;
}

static json_t *
agents_json(const struct settings *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->staff.nagents; i++) {
		const struct agent *x = &s->staff.agents[i];
		json_t *o = json_object(), *teams = json_array();

		for (size_t k = 0; k < x->teams.n; k++)
			json_array_append_new(teams, text(x->teams.v[k]));
		json_object_set_new(o, "name", text(x->name));
		json_object_set_new(o, "address", text(x->addresses.v[0]));
		json_object_set_new(o, "role", json_string(rank_name(x->rank)));
		json_object_set_new(o, "teams", teams);
		json_object_set_new(o, "see", queues_json(s, x, RIGHT_SEE));
		json_object_set_new(o, "work", queues_json(s, x, RIGHT_WORK));
		json_object_set_new(
		    o, "certificate", json_boolean(x->has_certificate));
		json_array_append_new(list, o);
	}
	return list;
}

static size_t
of_tier(const struct settings *s, const struct tier *t)
{
	size_t n = 0;

	for (size_t i = 0; s->customers && i < s->customers->n; i++)
		n += str_ieq(s->customers->v[i].tier, t->name);
	return n;
}

static json_t *
tiers_json(const struct settings *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->ntiers; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "name", text(s->tiers[i].name));
		json_object_set_new(o, "customers",
		    json_integer((json_int_t)of_tier(s, &s->tiers[i])));
		json_array_append_new(list, o);
	}
	return list;
}

static void
summary_json(struct arena *a, const struct config *c,
    const struct complaints *bad, size_t failed)
{
	json_t *o = json_object(), *m = json_array(), *t = json_array();
	json_t *q = json_array();

	for (size_t i = 0; i < c->nmailboxes; i++)
		add_named(m, c->mailboxes[i].name, "where",
		    mailbox_where(a, &c->mailboxes[i], c->data));
	for (size_t i = 0; i < c->ntransports; i++)
		add_named(t, c->transports[i].name, "where",
		    transport_where(a, &c->transports[i]));
	for (size_t i = 0; i < c->settings.nqueues; i++)
		add_named(q, c->settings.queues[i].name, "address",
		    c->settings.queues[i].address.addr);
	json_object_set_new(
	    o, "ok", json_boolean(bad->errors == 0 && failed == 0));
	json_object_set_new(o, "errors", json_integer((json_int_t)bad->errors));
	json_object_set_new(o, "failed", json_integer((json_int_t)failed));
	json_object_set_new(o, "dir", text(c->dir));
	json_object_set_new(o, "data", text(c->data));
	json_object_set_new(o, "site", text(c->settings.site));
	json_object_set_new(o, "mailboxes", m);
	json_object_set_new(o, "transports", t);
	json_object_set_new(o, "queues", q);
	json_object_set_new(o, "rules",
	    json_integer((json_int_t)rules_count(c->settings.rules)));
	json_object_set_new(o, "agents",
	    bad->errors ? json_array() : agents_json(&c->settings));
	json_object_set_new(o, "tiers", tiers_json(&c->settings));
	print_json(o);
}

/* "anna@acme.example, works support, billing, reads sales" */
static void
print_agent(const struct settings *s, const struct agent *x)
{
	const char *comma = "works ";

	printf("  agent     %.*s: %.*s (%s)", STR_ARG(x->name),
	    STR_ARG(x->addresses.v[0]), rank_name(x->rank));
	for (size_t i = 0; i < s->nqueues; i++)
		if (agent_may(s, x, s->queues[i].name, RIGHT_WORK)) {
			printf(", %s%.*s", comma, STR_ARG(s->queues[i].name));
			comma = "";
		}
	comma = "reads ";
	for (size_t i = 0; i < s->nqueues; i++)
		if (agent_may(s, x, s->queues[i].name, RIGHT_SEE) &&
		    !agent_may(s, x, s->queues[i].name, RIGHT_WORK)) {
			printf(", %s%.*s", comma, STR_ARG(s->queues[i].name));
			comma = "";
		}
	putchar('\n');
}

static void
summary(struct arena *a, const struct config *c)
{
	const struct settings *s = &c->settings;

	printf("%.*s: site %.*s <%.*s>, zone %s, data in %.*s\n",
	    STR_ARG(c->dir), STR_ARG(s->name), STR_ARG(s->address.addr),
	    s->timezone, STR_ARG(c->data));
	for (size_t i = 0; i < c->nmailboxes; i++) {
		struct str w = mailbox_where(a, &c->mailboxes[i], c->data);

		printf("  mailbox   %.*s: %.*s\n",
		    STR_ARG(c->mailboxes[i].name), STR_ARG(w));
	}
	for (size_t i = 0; i < c->ntransports; i++) {
		struct str w = transport_where(a, &c->transports[i]);

		printf("  transport %.*s: %.*s\n",
		    STR_ARG(c->transports[i].name), STR_ARG(w));
	}
	for (size_t i = 0; i < s->nqueues; i++)
		printf("  queue     %.*s: %.*s\n", STR_ARG(s->queues[i].name),
		    STR_ARG(s->queues[i].address.addr));
	for (size_t i = 0; i < s->staff.nagents; i++)
		print_agent(s, &s->staff.agents[i]);
	for (size_t i = 0; i < s->ntiers; i++)
		printf("  tier      %.*s: %zu customers\n",
		    STR_ARG(s->tiers[i].name), of_tier(s, &s->tiers[i]));
	if (s->customers && !s->ntiers)
		printf("  customers %zu\n", s->customers->n);
	if (rules_count(s->rules))
		printf("  rules     %zu scripts in rules.d\n",
		    rules_count(s->rules));
}

static void
load_templates(struct config *c, struct complaints *bad)
{
	struct templates *t = NULL;
	struct str language =
	    c->settings.languages.n ? c->settings.languages.v[0] : S("en");

	const struct strs *dirs = &c->settings.template_dirs;
	struct place at = {dirs->v[dirs->n - 1].p, 0, 0};

	if (access(at.file, R_OK) < 0)
		complain_warning(&c->arena, bad, at,
		    "the installed templates are not there: %m");
	if (templates_load(
		&c->arena, &c->settings.template_dirs, language, &t, bad) == 0)
		rules_judge_templates(c->settings.rules, t, &c->arena, bad);
	if (!bad->errors)
		rules_test(
		    &c->arena, path_join(&c->arena, c->dir.p, "rules.d"), bad);
}

static int
check(struct verb_context *v, struct config *c, struct complaints *bad,
    bool connect)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	size_t failed = 0;

	if (v->data_dir)
		c->data = str_c(v->data_dir);
	load_templates(c, bad);
	if (!bad->errors)
		check_files(&c->arena, c, bad);
	if (v->json)
		complaints_json(bad);
	else
		complaints_print(&out, bad);
	fputs(buf_cstr(&out), stderr);
	if (connect && !bad->errors)
		failed = check_connect(&c->arena, c, report, v);
	if (v->json)
		summary_json(&c->arena, c, bad, failed);
	else if (!bad->errors && !connect)
		summary(&c->arena, c);
	if (connect && bad->errors && !v->json)
		fputs("the configuration is wrong: no server was tried\n",
		    stderr);
	if (bad->errors)
		return EX_CONFIG;
	if (!v->json && !failed)
		printf("%sall is well\n", connect ? "" : "no errors: ");
	return failed ? EX_UNAVAILABLE : 0;
}

int
cmd_check(struct verb_context *v, int argc, char **argv)
{
	static const struct option flags[] = {
	    {"connect", no_argument, NULL, 'C'},
	    {NULL, 0, NULL, 0},
	};
	struct complaints bad = {0};
	struct config *c = NULL;
	bool connect = false;
	int f, r;

	optind = 0;
	while ((f = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		if (f != 'C')
			return verb_usage(v);
		connect = true;
	}
	if (optind != argc)
		return verb_usage(v);
	config_load(v->config_dir, &c, &bad);
	r = check(v, c, &bad, connect);
	config_free(&c);
	return r;
}

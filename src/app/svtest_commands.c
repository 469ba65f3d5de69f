/*
 * The commands of vnd.dovecot.testsuite, as further rows of the engine's table.
 * A test script is a Sieve script that runs in the engine itself; what it does
 * to the mail, the envelope and the settings happens in a struct svtest.
 */
#include "app/svtest.h"
#include "base/clock.h"
#include "base/utf8.h"

/* --- test, test_fail, test_set ----------------------------------------- */

static int
run_test(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct sieve_result *o = r->result;
	size_t before = o->nerrors;
	int rc;

	t->name = sieve_expand(r, &n->args[0].v[0]);
	t->failed = false;
	t->seen = NULL;
	r->steps = r->work = 0; /* the bounds are a test's */
	rc = sieve_exec_block(r, n->block, n->nblock);
	if (rc < 0) {
		for (size_t i = before; i < o->nerrors; i++)
			printf("# %s:%u: %.*s\n", o->errors[i].at.file,
			    o->errors[i].at.line, STR_ARG(o->errors[i].msg));
		t->failed = true;
	}
	svtest_outcome(t, !t->failed);
	t->name = (struct str){"", 0};
	return rc == RUN_FAILED || rc < 0 ? RUN_OK : rc;
}

static int
run_test_fail(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	int rc = svtest_failed(r, n, sieve_expand(r, &n->args[0].v[0]));

	if (!t->name.n) { /* outside a test */
		svtest_outcome(t, false);
		return RUN_STOP;
	}
	return rc;
}

static void
set_pair(
    struct svtest *t, struct svpair **list, struct str name, struct str value)
{
	struct svpair *p;

	for (p = *list; p; p = p->next)
		if (str_eq(p->name, name)) {
			p->value = arena_dup(&t->a, value);
			return;
		}
	p = arena_new(&t->a, struct svpair);
	p->name = arena_dup(&t->a, name);
	p->value = arena_dup(&t->a, value);
	p->next = *list;
	*list = p;
}

static bool
get_pair(const struct svpair *p, struct str name, struct str *value)
{
	for (; p; p = p->next)
		if (str_ieq(p->name, name) && p->value.p) {
			*value = p->value;
			return true;
		}
	return false;
}

void
svtest_mail_changed(struct sieve_run *r, struct svtest *t)
{
	r->mail = &t->mail;
	r->flags_read = false;
	r->flags = (struct strs){NULL, 0};
	sieve_mail_changed(r);
}

static struct str
envelope(struct svtest *t, struct str s)
{
	struct sieve_addr x;

	s = str_trim(s);
	if (!s.n || str_eq(s, S("<>")))
		return S("");
	return sieve_address_ok(&t->a, s, &x) ? x.all : arena_dup(&t->a, s);
}

static int
run_test_set(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct str name = n->args[0].v[0].s;
	struct str value = sieve_expand(r, &n->args[1].v[0]);
	struct sieve_context *c = &t->context;

	if (str_ieq(name, S("message"))) {
		svtest_set_mail(t, value, NULL);
		svtest_mail_changed(r, t);
	} else if (str_ieq(name, S("envelope.from"))) {
		c->from = envelope(t, value);
	} else if (str_ieq(name, S("envelope.to"))) {
		c->to = c->orig_to = envelope(t, value);
	} else if (str_ieq(name, S("envelope.orig_to"))) {
		c->orig_to = envelope(t, value);
	} else if (str_ieq(name, S("envelope.auth"))) {
		c->auth = arena_dup(&t->a, value);
	} else if (str_ieq(name, S("now"))) {
		if (!clock_parse_rfc3339(value, &c->now))
			return svtest_failed(
			    r, n, S("now expects 2026-03-01T09:30:00Z"));
	} else {
		set_pair(t, &t->values, name, value);
	}
	return RUN_OK;
}

static bool
check_test(struct sieve_compiler *c, struct sieve_node *n)
{
	if (!c->nesting)
		return true;
	sieve_bad(c, n->at, "found a test inside a block");
	return false;
}

static bool
check_test_set(struct sieve_compiler *c, struct sieve_node *n)
{
	static const char *const known[] = {"message", "envelope.from",
	    "envelope.to", "envelope.orig_to", "envelope.auth", "now", "event",
	    "channel", "language"};
	static const char *const spaces[] = {
	    "ticket.", "customer.", "hours.", "load.", "env."};
	struct str s = n->args[0].v[0].s;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_ieq(s, str_c(known[i])))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(spaces); i++)
		if (str_istarts(s, str_c(spaces[i])))
			return true;
	sieve_bad(c, n->args[0].at,
	    "found \"%.*s\", expected \"message\", \"envelope.from\", "
	    "\"envelope.to\", \"ticket.NAME\" …",
	    STR_ARG(utf8_clip(s, 40)));
	return false;
}

/* --- compiling --------------------------------------------------------- */

static int
include(void *ctx, struct arena *a, bool global, struct str name,
    struct str *text, const char **file)
{
	struct svtest *t = ctx;
	struct str dir = sieve_setting(
	    &t->options, global ? "sieve_global_dir" : "sieve_dir");
	const char *path;

	if (!dir.n)
		dir = arena_printf(a, "%.*sincluded%s", STR_ARG(t->dir),
		    global ? "-global" : "");
	path = arena_printf(a, "%.*s/%.*s%s", STR_ARG(dir), STR_ARG(name),
	    str_ends(name, S(".sieve")) ? "" : ".sieve")
		   .p;
	*file = path;
	return svtest_read(a, path, text);
}

static bool
get_setting(void *ctx, struct str name, struct str *value)
{
	struct svtest *t = ctx;

	return get_pair(t->settings, name, value);
}

static void
add_errors(struct svtest *t, const struct complaints *bad)
{
	for (size_t i = 0; i < bad->n; i++)
		if (!bad->v[i].warning)
			svtest_error(t, bad->v[i].msg);
}

/* The script beside the test's file; NULL with the errors noted. */
static struct sieve *
compile(struct svtest *t, struct str name)
{
	struct complaints bad = {.max = 1000};
	struct sieve *s = NULL;
	struct svbinary *b;
	struct str text;
	const char *path =
	    arena_printf(&t->a, "%.*s%.*s", STR_ARG(t->dir), STR_ARG(name)).p;
	int rc = svtest_read(&t->a, path, &text);

	if (rc <= 0) {
		svtest_error(t, arena_printf(&t->a, "%s %s", path,
				    rc ? "cannot be read" : "is not there"));
		return NULL;
	}
	if (sieve_compile(&t->options, path, text, &t->a, &s, &bad) < 0) {
		add_errors(t, &bad);
		/* The suite counts the compiler's own last word too. */
		svtest_error(t, arena_printf(&t->a, "%.*s: validation failed",
				    STR_ARG(name)));
		return NULL;
	}
	b = arena_new(&t->a, struct svbinary);
	b->s = s;
	b->next = t->binaries;
	t->binaries = b;
	return s;
}

static int
run_script_compile(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct sieve *s;

	t->errors = (struct strs){NULL, 0};
	s = compile(t, sieve_expand(r, &n->args[0].v[0]));
	if (s)
		t->subject = s;
	return s != NULL;
}

static int
run_binary(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct str name = sieve_expand(r, &n->args[0].v[0]);

	for (struct svbinary *b = t->binaries; b; b = b->next) {
		if (n->def->extra && str_eq(b->name, name)) {
			t->subject = b->s;
			return RUN_OK;
		}
		if (!n->def->extra && b->s == t->subject) {
			b->name = arena_dup(&t->a, name);
			return RUN_OK;
		}
	}
	return sieve_fail(r, n->at, "there is no compiled script%s",
	    n->def->extra ? " of that name" : "");
}

/* --- running ----------------------------------------------------------- */

static void
reset_result(struct svtest *t, struct sieve_run *r)
{
	struct sieve_error *v = t->result.errors;
	size_t n = t->result.nerrors;

	t->result = (struct sieve_result){.errors = v, .nerrors = n};
	t->keep_cancelled = t->has_result_flags = false;
	t->result_flags = (struct strs){NULL, 0};
	if (r)
		r->keep_cancelled = false;
}

static bool
run_subject(struct svtest *t, struct sieve_run *r, struct sieve *s, bool *stop)
{
	struct sieve_context c = t->context;
	struct sieve_run q;
	int rc;

	c.mail = r->mail;
	t->result.nerrors = 0;
	sieve_begin(&q, s, &c, &t->a, &t->result);
	q.test = t;
	q.keep_cancelled = t->keep_cancelled;
	rc = sieve_exec_block(&q, s->main->block, s->main->nblock);
	for (size_t i = 0; i < t->result.nerrors; i++)
		svtest_error(t, t->result.errors[i].msg);
	t->result.nerrors = 0;
	if (rc == RUN_FAILED)
		return true; /* of a script that tests itself */
	if (rc < 0) {
		/* Only the implicit keep is left. */
		t->result.nactions = 0;
		t->keep_cancelled = false;
		return false;
	}
	t->keep_cancelled = q.keep_cancelled;
	t->result.mail = q.mail;
	t->result_flags = q.flags;
	t->has_result_flags = q.flags_read;
	if (stop)
		*stop = rc == RUN_STOP;
	return true;
}

static int
run_script_run(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);

	if (!t->subject)
		return sieve_fail(r, n->at, "no script was compiled");
	if (!sieve_has(n, TAG_APPEND))
		reset_result(t, r);
	t->errors = (struct strs){NULL, 0};
	return run_subject(t, r, t->subject, NULL);
}

/* One after the other, as long as the mail is still kept (implicitly or by keep). */
static int
run_multiscript(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct strs l = sieve_expand_list(r, &n->args[0]);
	bool ok = true, stop = false;

	t->errors = (struct strs){NULL, 0};
	for (size_t i = 0; i < l.n && ok && !stop; i++) {
		struct sieve *s = compile(t, l.v[i]);

		reset_result(t, r);
		ok = s && run_subject(t, r, s, NULL);
		stop = t->keep_cancelled;
		for (size_t k = 0; k < t->result.nactions && ok; k++)
			if (t->result.actions[k].kind == SIEVE_KEEP) {
				/* The next script decides. */
				stop = false;
				if (i + 1 < l.n)
					t->result.actions[k].kind = SIEVE_MARK;
			}
		if (i + 1 < l.n && !stop && ok) {
			t->keep_cancelled = true;
			ok = svtest_execute(t);
			t->keep_cancelled = false;
		} else if (ok) {
			ok = svtest_execute(t);
		}
	}
	return ok;
}

static int
run_result_execute(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);

	(void)n;
	t->errors = (struct strs){NULL, 0};
	t->keep_cancelled |= r->keep_cancelled;
	return svtest_execute(t);
}

static int
run_result_reset(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);

	(void)n;
	reset_result(t, r);
	t->sent = NULL;
	return RUN_OK;
}

/* --- surroundings ------------------------------------------------------ */

static int
run_mailbox_create(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct str name = sieve_expand(r, &n->args[0].v[0]);

	if (!n->def->extra) {
		svtest_box(t, name, true);
		return RUN_OK;
	}
	for (struct svbox **b = &t->boxes; *b; b = &(*b)->next)
		if (str_eq((*b)->name, name)) {
			*b = (*b)->next;
			break;
		}
	return RUN_OK;
}

static int
run_config(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct str name, value = {NULL, 0};

	switch (n->def->extra) {
	case 0:
		name = sieve_expand(r, &n->args[0].v[0]);
		value = sieve_expand(r, &n->args[1].v[0]);
		set_pair(t, &t->settings, name, value);
		break;
	case 1:
		name = sieve_expand(r, &n->args[0].v[0]);
		for (struct svpair *p = t->settings; p; p = p->next)
			if (str_eq(p->name, name))
				p->value = value;
		break;
	default:
		sieve_settings_again(r->s, &t->options);
	}
	return RUN_OK;
}

static struct str
metadata_key(struct arena *a, struct str mailbox, struct str name)
{
	return arena_printf(a, "%.*s\n%.*s", STR_ARG(mailbox), STR_ARG(name));
}

static int
run_metadata_set(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct str box = sieve_tag_string(r, n, TAG_FOLDER);
	struct str name = sieve_expand(r, &n->args[0].v[0]);

	set_pair(t, &t->metadata, metadata_key(&t->a, box, name),
	    sieve_expand(r, &n->args[1].v[0]));
	return RUN_OK;
}

static bool
get_metadata(void *ctx, struct str mailbox, struct str name, struct str *value)
{
	struct svtest *t = ctx;

	return get_pair(t->metadata, metadata_key(&t->a, mailbox, name), value);
}

static bool
get_environment(void *ctx, struct str name, struct str *value)
{
	struct svtest *t = ctx;

	if (get_pair(t->values, arena_printf(&t->a, "env.%.*s", STR_ARG(name)),
		value))
		return true;
	if (str_ieq(name, S("location")))
		*value = S("MS");
	else if (str_ieq(name, S("phase")))
		*value = S("post");
	else if (str_ieq(name, S("domain")))
		*value = S("example.com");
	else if (str_ieq(name, S("host")))
		*value = S("host.example.com");
	else
		return false;
	return true;
}

static bool
get_values(void *ctx, struct arena *a, enum sieve_kind kind, struct str name,
    struct strs *out)
{
	static const char *const spaces[] = {"event", "ticket.", "customer.",
	    "channel", "language", "hours.", "load."};
	struct svtest *t = ctx;
	struct str value, line;

	if (!get_pair(t->values,
		arena_printf(a, "%s%.*s", spaces[kind], STR_ARG(name)), &value))
		return false;
	while (str_line(&value, &line))
		strs_add(a, out, line);
	return true;
}

static bool
seen_before(void *ctx, struct str id)
{
	struct svtest *t = ctx;

	for (const struct svpair *p = t->seen; p; p = p->next)
		if (str_eq(p->name, id))
			return true;
	return false;
}

static bool
mailbox_exists(void *ctx, struct str name)
{
	return svtest_box(ctx, name, false) != NULL;
}

/* --- the table --------------------------------------------------------- */

#define MATCHED (F_MATCH | F_COMPARATOR | F_NTH)
#define ROW(name, type, args, tags, check, run, extra)                         \
	{                                                                      \
		name, EXT_TESTSUITE, type, args, TESTS_NONE, BLOCK_NONE, tags, \
		    check, run, extra                                          \
	}
#define CMD SIEVE_COMMAND
#define TST SIEVE_TEST

const struct sieve_def svtest_defs[] = {
    {"test", EXT_TESTSUITE, SIEVE_COMMAND, "s", TESTS_NONE, BLOCK_REQUIRED, 0,
	check_test, run_test, 0},
    ROW("test_fail", CMD, "s", 0, NULL, run_test_fail, 0),
    ROW("test_set", CMD, "Ss", 0, check_test_set, run_test_set, 0),
    ROW("test_script_compile", TST, "s", 0, NULL, run_script_compile, 0),
    ROW("test_script_run", TST, "", F_APPEND, NULL, run_script_run, 0),
    ROW("test_multiscript", TST, "l", 0, NULL, run_multiscript, 0),
    ROW("test_error", TST, "l", MATCHED, check_matched, svtest_run_test_error,
	0),
    ROW("test_result_action", TST, "l", MATCHED, check_matched,
	svtest_run_result_action, 0),
    ROW("test_result", TST, "l", MATCHED, check_matched,
	svtest_run_result_action, 1),
    ROW("test_result_execute", TST, "", 0, NULL, run_result_execute, 0),
    ROW("test_result_reset", CMD, "", 0, NULL, run_result_reset, 0),
    ROW("test_result_print", CMD, "", 0, NULL, svtest_run_result_print, 0),
    ROW("test_message", SIEVE_HYBRID, "n", F_MESSAGE, svtest_check_test_message,
	svtest_run_test_message, 0),
    ROW("test_message_print", CMD, "", 0, NULL, svtest_run_message_print, 0),
    ROW("test_mailbox_create", CMD, "s", 0, NULL, run_mailbox_create, 0),
    ROW("test_mailbox_delete", CMD, "s", 0, NULL, run_mailbox_create, 1),
    ROW("test_config_set", CMD, "ss", 0, NULL, run_config, 0),
    ROW("test_config_unset", CMD, "s", 0, NULL, run_config, 1),
    ROW("test_config_reload", CMD, "", F_EXTENSION, NULL, run_config, 2),
    ROW("test_binary_save", CMD, "s", 0, NULL, run_binary, 0),
    ROW("test_binary_load", CMD, "s", 0, NULL, run_binary, 1),
    ROW("test_imap_metadata_set", CMD, "ss", F_MAILBOX, NULL, run_metadata_set,
	0),
    {NULL, 0, 0, NULL, 0, 0, 0, NULL, NULL, 0}};

void
svtest_wire(struct svtest *t)
{
	t->options = (struct sieve_options){
	    .include = include, .setting = get_setting, .extra = svtest_defs};
	t->options.grammar_first = true;
	t->options.ctx = t;
	t->context = (struct sieve_context){.now = clock_now(),
	    .ctx = t,
	    .environment = get_environment,
	    .values = get_values,
	    .duplicate = seen_before,
	    .mailbox_exists = mailbox_exists,
	    .metadata = get_metadata};
}

/*
 * The commands of vnd.dovecot.testsuite, as further rows of the engine's table.
 * A test script is a Sieve script that runs in the engine itself; what it does
 * to the mail, the envelope and the settings happens in a struct svtest.
 */
#include "app/svtest.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"

enum {
	RUN_FAILED = 100
}; /* leaves the test's block */

static struct svtest *
test_of(struct sieve_run *r)
{
	return r->test;
}

/* --- TAP --------------------------------------------------------------- */

static void
put_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		/* '#' would begin a directive, and a line is a line. */
		if (c == '#')
			fputs("\\#", stdout);
		else
			putchar((unsigned char)c < 32 ? ' ' : c);
	}
}

static void
outcome(struct svtest *t, bool ok)
{
	printf("%sok %u - %s: ", ok ? "" : "not ", ++*t->count, t->file);
	put_line(t->name);
	putchar('\n');
	t->tests++;
	t->failures += !ok;
}

static void
comment(struct str s)
{
	struct str line;

	while (str_line(&s, &line)) {
		fputs("#   ", stdout);
		fwrite(line.p, 1, line.n, stdout);
		putchar('\n');
	}
}

static int
test_failed(struct sieve_run *r, const struct sieve_node *n, struct str why)
{
	struct svtest *t = test_of(r);

	t->failed = true;
	printf("# %s:%u: ", n->at.file, n->at.line);
	put_line(why);
	putchar('\n');
	for (size_t i = 0; i < t->errors.n; i++)
		comment(t->errors.v[i]);
	return RUN_FAILED;
}

/* --- test, test_fail, test_set ----------------------------------------- */

static int
run_test(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = test_of(r);
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
	outcome(t, !t->failed);
	t->name = (struct str){"", 0};
	return rc == RUN_FAILED || rc < 0 ? RUN_OK : rc;
}

static int
run_test_fail(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = test_of(r);
	int rc = test_failed(r, n, sieve_expand(r, &n->args[0].v[0]));

	if (!t->name.n) { /* outside a test */
		outcome(t, false);
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

static void
mail_changed(struct sieve_run *r, struct svtest *t)
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
	struct svtest *t = test_of(r);
	struct str name = n->args[0].v[0].s;
	struct str value = sieve_expand(r, &n->args[1].v[0]);
	struct sieve_context *c = &t->context;

	if (str_ieq(name, S("message"))) {
		svtest_set_mail(t, value, NULL);
		mail_changed(r, t);
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
			return test_failed(
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
read_script(struct arena *a, const char *path, struct str *text)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	if (file_read(path, SIEVE_SCRIPT_MAX + 1, &b, &err) < 0)
		return err.code == ERR_NOENT ? 0 : -1;
	*text = arena_dup(a, buf_str(&b));
	return 1;
}

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
	return read_script(a, path, text);
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
	int rc = read_script(&t->a, path, &text);

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
	struct svtest *t = test_of(r);
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
	struct svtest *t = test_of(r);
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
	struct svtest *t = test_of(r);

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
	struct svtest *t = test_of(r);
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
	struct svtest *t = test_of(r);

	(void)n;
	t->errors = (struct strs){NULL, 0};
	t->keep_cancelled |= r->keep_cancelled;
	return svtest_execute(t);
}

static int
run_result_reset(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = test_of(r);

	(void)n;
	reset_result(t, r);
	t->sent = NULL;
	return RUN_OK;
}

/* --- looking ----------------------------------------------------------- */

static int
match_list(struct sieve_run *r, const struct sieve_node *n, struct strs l)
{
	struct sieve_node copy = *n;
	const struct sieve_value *at = sieve_tagged(n, TAG_INDEX);
	struct strs one = {NULL, 0};

	if (!sieve_has(n, TAG_COMPARATOR))
		copy.comparator = COMPARE_OCTET;
	if (at) {
		if (at->number >= 1 && at->number <= l.n)
			strs_add(r->a, &one, l.v[at->number - 1]);
		l = one;
	}
	return sieve_match_texts(r, &copy, sieve_texts_of(r, &l), NULL);
}

static int
run_test_error(struct sieve_run *r, const struct sieve_node *n)
{
	return match_list(r, n, test_of(r)->errors);
}

static struct str
described(struct arena *a, const struct sieve_action *x, bool whole)
{
	struct buf b = BUF_INIT;
	struct str out;

	buf_puts(&b, sieve_action_name(x->kind));
	if (x->kind == SIEVE_EREJECT && !whole) {
		buf_reset(&b);
		buf_puts(&b, "reject");
	}
	if (whole) {
		if (x->kind == SIEVE_PRIORITY && (x->flag || x->lower))
			buf_puts(&b, x->flag ? " :raise" : " :lower");
		if (x->name.n) {
			buf_putc(&b, ' ');
			buf_put(&b, x->name);
		}
		if (x->value.n) {
			buf_putc(&b, ' ');
			buf_put(&b, x->value);
		}
		if (x->team.n)
			buf_printf(&b, " team %.*s", STR_ARG(x->team));
		if (x->skill.n)
			buf_printf(&b, " skill %.*s", STR_ARG(x->skill));
		if (x->strategy.n)
			buf_printf(&b, " strategy %.*s", STR_ARG(x->strategy));
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

static int
run_result_action(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = test_of(r);
	struct strs l = {NULL, 0};

	for (size_t i = 0; i < t->result.nactions; i++) {
		const struct sieve_action *x = &t->result.actions[i];

		if (x->kind == SIEVE_MARK || x->at.line == 0)
			continue;
		strs_add(r->a, &l, described(r->a, x, n->def->extra));
	}
	return match_list(r, n, l);
}

static int
run_result_print(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = test_of(r);

	(void)n;
	for (size_t i = 0; i < t->result.nactions; i++) {
		const struct sieve_action *x = &t->result.actions[i];

		printf("# %s:%u: ", x->at.file ? x->at.file : "", x->at.line);
		put_line(described(r->a, x, true));
		putchar('\n');
	}
	return RUN_OK;
}

static int
run_test_message(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = test_of(r);
	const struct svmail *m = t->sent;
	uint64_t i = n->args[0].number;
	struct strs flags = {NULL, 0};

	if (sieve_has(n, TAG_FOLDER)) {
		const struct svbox *b =
		    svtest_box(t, sieve_tag_string(r, n, TAG_FOLDER), false);

		m = b ? b->mails : NULL;
	}
	for (; m && i; i--)
		m = m->next;
	if (m) {
		flags = m->flags;
		svtest_set_mail(t, m->raw, &flags);
		if (sieve_has(n, TAG_SMTP)) {
			t->context.from = m->from;
			t->context.to = t->context.orig_to = m->to;
		}
		mail_changed(r, t);
	}
	/* As a command it fails the test where there is no such mail. */
	if (n->def->type == SIEVE_HYBRID && n->constant == -2)
		return m ? RUN_OK : test_failed(r, n, S("no such message"));
	return m != NULL;
}

static bool
check_test_message(struct sieve_compiler *c, struct sieve_node *n)
{
	if (sieve_has(n, TAG_SMTP) || sieve_has(n, TAG_FOLDER))
		return true;
	sieve_bad(c, n->at, "test_message expects :smtp or :folder");
	return false;
}

static int
run_message_print(struct sieve_run *r, const struct sieve_node *n)
{
	(void)n;
	comment(test_of(r)->raw);
	return RUN_OK;
}

/* --- surroundings ------------------------------------------------------ */

static int
run_mailbox_create(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = test_of(r);
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
	struct svtest *t = test_of(r);
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
	struct svtest *t = test_of(r);
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

static const struct sieve_def defs[] = {
    {"test", EXT_TESTSUITE, SIEVE_COMMAND, "s", TESTS_NONE, BLOCK_REQUIRED, 0,
	check_test, run_test, 0},
    ROW("test_fail", CMD, "s", 0, NULL, run_test_fail, 0),
    ROW("test_set", CMD, "Ss", 0, check_test_set, run_test_set, 0),
    ROW("test_script_compile", TST, "s", 0, NULL, run_script_compile, 0),
    ROW("test_script_run", TST, "", F_APPEND, NULL, run_script_run, 0),
    ROW("test_multiscript", TST, "l", 0, NULL, run_multiscript, 0),
    ROW("test_error", TST, "l", MATCHED, check_matched, run_test_error, 0),
    ROW("test_result_action", TST, "l", MATCHED, check_matched,
	run_result_action, 0),
    ROW("test_result", TST, "l", MATCHED, check_matched, run_result_action, 1),
    ROW("test_result_execute", TST, "", 0, NULL, run_result_execute, 0),
    ROW("test_result_reset", CMD, "", 0, NULL, run_result_reset, 0),
    ROW("test_result_print", CMD, "", 0, NULL, run_result_print, 0),
    ROW("test_message", SIEVE_HYBRID, "n", F_MESSAGE, check_test_message,
	run_test_message, 0),
    ROW("test_message_print", CMD, "", 0, NULL, run_message_print, 0),
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

/* --- a file ------------------------------------------------------------ */

static void
skipped(struct svtest *t, struct str why)
{
	printf("not ok %u - %s: skipped\n", ++*t->count, t->file);
	comment(why);
	t->failures++;
}

static void
run_file(struct svtest *t, struct sieve *s)
{
	struct sieve_run r;
	unsigned before;
	int rc;

	sieve_begin(&r, s, &t->context, &t->a, &t->result);
	r.test = t;
	before = *t->count;
	rc = sieve_exec_block(&r, s->main->block, s->main->nblock);
	if (rc < 0) {
		struct sieve_error *e = t->result.errors;

		for (size_t i = 0; i < t->result.nerrors; i++)
			printf("# %s:%u: %.*s\n", e[i].at.file, e[i].at.line,
			    STR_ARG(e[i].msg));
		t->name = S("outside a test");
		outcome(t, false);
	} else if (*t->count == before) {
		t->name = S("the file holds no test");
		outcome(t, false);
	}
}

unsigned
svtest_file(const char *file, unsigned *count)
{
	struct svtest t = {.file = file, .count = count, .name = {"", 0}};
	struct complaints bad = {0};
	struct sieve *s = NULL;
	struct str text;
	ptrdiff_t slash = str_rchr(str_c(file), '/');
	int rc = read_script(&t.a, file, &text);

	if (slash >= 0)
		t.dir = str_n(file, (size_t)slash + 1);
	t.options = (struct sieve_options){
	    .include = include, .setting = get_setting, .extra = defs};
	t.options.grammar_first = true;
	t.options.ctx = &t;
	t.context = (struct sieve_context){.now = clock_now(),
	    .ctx = &t,
	    .environment = get_environment,
	    .values = get_values,
	    .duplicate = seen_before,
	    .mailbox_exists = mailbox_exists,
	    .metadata = get_metadata};
	svtest_set_mail(&t,
	    S("From: sender@example.com\nTo: recipient@example.org\n"
	      "Subject: Frop!\n\nFriep!\n"),
	    NULL);
	if (rc <= 0) {
		skipped(&t, rc ? S("the file cannot be read")
			       : S("the file is not there"));
	} else if (sieve_compile(&t.options, file, text, &t.a, &s, &bad) < 0) {
		AUTO(buf_fini) struct buf b = BUF_INIT;

		complaints_print(&b, &bad);
		skipped(&t, buf_str(&b));
	} else {
		run_file(&t, s);
	}
	sieve_free(&s);
	for (struct svbinary *b = t.binaries; b; b = b->next)
		sieve_free(&b->s);
	arena_fini(&t.a);
	return t.failures;
}

/* A test script as a whole: read, compiled, run, and TAP printed of it. Its commands are in app/svtest_commands.c and app/svtest_look.c. */
#include "app/svtest.h"
#include "base/file.h"

struct svtest *
svtest_of(struct sieve_run *r)
{
	return r->test;
}

void
svtest_put(struct str s)
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

void
svtest_outcome(struct svtest *t, bool ok)
{
	printf("%sok %u - %s: ", ok ? "" : "not ", ++*t->count, t->file);
	svtest_put(t->name);
	putchar('\n');
	t->tests++;
	t->failures += !ok;
}

void
svtest_comment(struct str s)
{
	struct str line;

	while (str_line(&s, &line)) {
		fputs("#   ", stdout);
		fwrite(line.p, 1, line.n, stdout);
		putchar('\n');
	}
}

int
svtest_failed(struct sieve_run *r, const struct sieve_node *n, struct str why)
{
	struct svtest *t = svtest_of(r);

	t->failed = true;
	printf("# %s:%u: ", n->at.file, n->at.line);
	svtest_put(why);
	putchar('\n');
	for (size_t i = 0; i < t->errors.n; i++)
		svtest_comment(t->errors.v[i]);
	return RUN_FAILED;
}

/* --- a file ------------------------------------------------------------ */

int
svtest_read(struct arena *a, const char *path, struct str *text)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	if (file_read(path, SIEVE_SCRIPT_MAX + 1, &b, &err) < 0)
		return err.code == ERR_NOENT ? 0 : -1;
	*text = arena_dup(a, buf_str(&b));
	return 1;
}

static void
skipped(struct svtest *t, struct str why)
{
	printf("not ok %u - %s: skipped\n", ++*t->count, t->file);
	svtest_comment(why);
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
		svtest_outcome(t, false);
	} else if (*t->count == before) {
		t->name = S("the file holds no test");
		svtest_outcome(t, false);
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
	int rc = svtest_read(&t.a, file, &text);

	if (slash >= 0)
		t.dir = str_n(file, (size_t)slash + 1);
	svtest_wire(&t);
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

/*
 * rules.d, from files to a compiled set. Included scripts (RFC 6609) of both
 * kinds lie in rules.d/include; their names are names, not paths.
 */
#include "app/config_rules.h"
#include "app/svtest.h"
#include "base/file.h"
#include "base/must.h"
#include "mail/parse.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct including {
	const char *dir;
};

static bool
is_name(struct str name)
{
	bool good = name.n > 0 && name.n <= 200 && name.p[0] != '.';

	for (size_t i = 0; i < name.n && good; i++)
		good = (unsigned char)name.p[i] > ' ' && name.p[i] != '/' &&
		       name.p[i] != 0x7f;
	return good;
}

static int
include(void *ctx, struct arena *a, bool global, struct str name,
    struct str *text, const char **file)
{
	const struct including *in = ctx;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	(void)global;
	if (!is_name(name))
		return 0;
	*file = path_join(a, in->dir,
	    arena_cstr(a, arena_printf(a, "include/%.*s%s", STR_ARG(name),
			      str_ends(name, S(".sieve")) ? "" : ".sieve")));
	if (file_read(*file, SIEVE_SCRIPT_MAX + 1, &b, &err) < 0)
		return err.code == ERR_NOENT ? 0 : -1;
	*text = arena_dup(a, buf_str(&b));
	return 1;
}

static int
by_name(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* Names that end so, sorted. -1: the directory is there, but cannot be read. */
static int
list_dir(struct arena *a, const char *dir, struct str ending, struct strs *out)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	*out = (struct strs){0};
	if (!d)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	while ((e = readdir(d))) {
		struct str name = str_c(e->d_name);

		if (name.n > ending.n && name.p[0] != '.' &&
		    str_ends(name, ending))
			strs_add(a, out, arena_dup(a, name));
	}
	closedir(d);
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	return 0;
}

/* They outlive the programs, whose file names they bear. */
static void
keep_names(struct arena *a, struct complaints *bad, size_t from)
{
	for (size_t i = from; i < bad->n; i++)
		bad->v[i].at.file = arena_cstr(a, str_c(bad->v[i].at.file));
}

int
rules_read(struct arena *a, const char *dir, const struct settings *s,
    struct rules **out, struct complaints *bad)
{
	struct including in = {dir};
	struct sieve_options o = {.include = include, .ctx = &in};
	struct rules_file *files;
	struct strs names;
	size_t before = bad->errors, first = bad->n, n = 0;

	*out = NULL;
	if (list_dir(a, dir, S(".sieve"), &names) < 0) {
		complain(
		    a, bad, (struct place){dir, 1, 1}, "cannot be read: %m");
		return -1;
	}
	if (names.n > RULES_FILES_MAX) {
		complain(a, bad, (struct place){dir, 1, 1},
		    "more than %d scripts", RULES_FILES_MAX);
		return -1;
	}
	files = arena_array(a, struct rules_file, names.n + 1);
	for (size_t i = 0; i < names.n; i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct rules_file *f = &files[n];
		struct err err = ERR_INIT;

		f->path = path_join(a, dir, arena_cstr(a, names.v[i]));
		if (file_read(f->path, SIEVE_SCRIPT_MAX + 1, &b, &err) < 0) {
			complain(a, bad, (struct place){f->path, 1, 1},
			    "cannot be read: %s", err.msg);
			continue;
		}
		f->text = arena_dup(a, buf_str(&b));
		n++;
	}
	if (rules_compile(
		&o, arena_printf(a, "%s/", dir), files, n, a, out, bad) == 0)
		rules_judge(*out, s, a, bad);
	keep_names(a, bad, first);
	if (bad->errors > before)
		rules_free(out);
	return bad->errors > before ? -1 : 0;
}

/* --- tests ------------------------------------------------------------- */

/* What a test file prints, instead of standard output. */
static bool
capture(const char *file, struct buf *out, unsigned *failures)
{
	unsigned count = 0;
	int saved, fd = memfd_create("svtest", MFD_CLOEXEC);

	if (fd < 0)
		return false;
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	if (saved < 0 || dup2(fd, STDOUT_FILENO) < 0) {
		close(fd);
		return false;
	}
	*failures = svtest_file(file, &count);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	lseek(fd, 0, SEEK_SET);
	fd_read_all(fd, 1 << 20, out, NULL);
	close(fd);
	return true;
}

/* "# FILE:LINE: why", as a failing test says it. */
static bool
complaint_of(struct arena *a, struct str line, struct complaints *bad)
{
	ptrdiff_t at;
	uint64_t n;
	struct str file, number;

	if (!str_starts(line, S("# ")))
		return false;
	line = str_from(line, 2);
	at = str_find(line, S(".svtest:"), 0);
	if (at < 0)
		return false;
	file = str_sub(line, 0, (size_t)at + 7);
	line = str_from(line, (size_t)at + 8);
	if (!str_cut(&line, ':', &number) || !str_u64(number, &n) || !n ||
	    n > 1000000)
		return false;
	complain(a, bad, (struct place){arena_cstr(a, file), (unsigned)n, 1},
	    "the test fails: %.*s", STR_ARG(str_trim(line)));
	return true;
}

static void
test_file(struct arena *a, const char *path, struct complaints *bad)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	struct place top = {path, 1, 1};
	struct str rest, line, last = {0};
	unsigned failures = 0;
	size_t before = bad->errors;

	if (!capture(path, &out, &failures) || !failures)
		return;
	rest = buf_str(&out);
	while (str_line(&rest, &line)) {
		complaint_of(a, line, bad);
		if (str_starts(line, S("not ok")))
			last = line;
		else if (last.n && str_starts(line, S("#   ")) &&
			 bad->errors == before)
			complain(a, bad, top, "%.*s",
			    STR_ARG(str_trim(str_from(line, 1))));
	}
	if (bad->errors == before)
		complain(a, bad, top, "%.*s", STR_ARG(last));
}

size_t
rules_test(struct arena *a, const char *dir, struct complaints *bad)
{
	const char *tests = path_join(a, dir, "tests");
	struct strs names;
	struct err err = ERR_INIT;

	if (list_dir(a, tests, S(".svtest"), &names) < 0 || !names.n ||
	    parse_init(NULL, &err) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++)
		test_file(
		    a, path_join(a, tests, arena_cstr(a, names.v[i])), bad);
	return names.n;
}

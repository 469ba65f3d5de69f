/*
 * A thousand damaged configurations: characters, words and lines of a good one deleted, doubled, swapped and replaced. None crashes;
 * every complaint has a place inside the file; the undamaged one still loads. The damage is the same in every run.
 */
#include "config_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct config_file file;
static struct buf original, original_agents, original_sla;

static int
setup(void **state)
{
	const char *dir = getenv("srcdir");
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	int r;

	(void)state;
	config_file_open(&file);
	dir = dir ? dir : ".";
	r = file_read(
	    path_join(&a, dir, "etc/helpd.conf.sample"), 0, &original, &err);
	if (r == 0)
		r = file_read(path_join(&a, dir, "etc/agents.conf.sample"), 0,
		    &original_agents, &err);
	if (r == 0)
		r = file_read(path_join(&a, dir, "etc/sla.conf.sample"), 0,
		    &original_sla, &err);
	arena_fini(&a);
	buf_puts(&original_sla,
	    "calendar \"shifts\" {\n"
	    "    monday [\"22:00-06:00\", \"12:00-13:00\"];\n"
	    "    friday \"none\";\n"
	    "    sunday \"0:00-24:00\";\n"
	    "    holidays [\"2026-12-25 Christmas\", \"2027-01-01\"];\n"
	    "}\n"
	    "sla \"gold\" {\n"
	    "    calendar \"shifts\";\n"
	    "    warn \"no\";\n"
	    "    pause [\"pending\", \"hold\"];\n"
	    "    pauses [\"next-response\", \"resolution\"];\n"
	    "    low { resolution \"2d\"; }\n"
	    "    escalate \"150%\" { priority \"raise\"; tag [\"late\"]; }\n"
	    "    escalate \"+30m\" { notify [\"team\"]; queue \"support\"; }\n"
	    "}\n");
	config_file_sla(&file, buf_str(&original_sla));
	/* Nobody's sample, but all of it. */
	buf_puts(&original_agents,
	    "agent \"bo\" {\n"
	    "    address [\"bo@x.example\", \"b@y.example\"];\n"
	    "    name \"Bo Ek\";\n"
	    "    teams [\"first\", \"second\"];\n"
	    "    role \"lead\";\n"
	    "    languages [\"de\", \"en\"];\n"
	    "    skills [\"vpn\"];\n"
	    "    capacity 7;\n"
	    "    hours \"office\";\n"
	    "    see [\"*\"];\n"
	    "    work \"support\";\n"
	    "    notices \"no\";\n"
	    "    signature text:\nBo\n.\n;\n"
	    "}\n"
	    "team \"first\" {\n"
	    "    name \"First\";\n"
	    "    members [\"anna\", \"bo\"];\n"
	    "}\n"
	    "team \"second\" { see \"support\"; work [\"support\"]; }\n");
	return r;
}

static int
teardown(void **state)
{
	(void)state;
	config_file_close(&file);
	buf_fini(&original);
	buf_fini(&original_agents);
	buf_fini(&original_sla);
	return 0;
}

/* splitmix64: https://prng.di.unimi.it/splitmix64.c */
static uint64_t seed = 1;

static size_t
below(size_t n)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (size_t)((z ^ (z >> 31)) % n);
}

/* Only what counts: most of the sample is comment. */
static size_t
somewhere(struct str s)
{
	for (int tries = 0; tries < 50; tries++) {
		size_t at = below(s.n);
		size_t line = at;

		while (line && s.p[line - 1] != '\n')
			line--;
		while (line < s.n && s.p[line] == ' ')
			line++;
		if (line < s.n && s.p[line] != '#')
			return at;
	}
	return below(s.n);
}

static void
damage(struct buf *out, struct str s)
{
	static const char signs[] = "\"\\{}[]();:,#/*=\n \x80\xff\x01";
	static const char *const words[] = {"site", "mailbox \"x\" {", "}",
	    "\"", "text:\n", "/*", "*/", "[\"a\", ", ":tag", "14d", "999999G",
	    "imap \"imap+plain://x\";", "user", "\"\"", "not (", "—"};
	size_t at = somewhere(s), n = 1 + below(12), to = somewhere(s);
	struct str part = str_sub(s, at, at + n);

	buf_reset(out);
	buf_put(out, str_sub(s, 0, at));
	switch (below(6)) {
	case 0: /* gone */
		break;
	case 1: /* twice */
		buf_put(out, part);
		buf_put(out, part);
		break;
	case 2: /* a sign instead */
		buf_putc(out, signs[below(sizeof signs - 1)]);
		break;
	case 3: /* a sign between */
		buf_putc(out, signs[below(sizeof signs - 1)]);
		buf_put(out, part);
		break;
	case 4: /* a word between */
		buf_puts(out, words[below(ARRAY_LEN(words))]);
		buf_put(out, part);
		break;
	default: /* something from elsewhere */
		buf_put(out, str_sub(s, to, to + n));
		break;
	}
	buf_put(out, str_from(s, at + n));
}

/* Inside the file: the column at most one behind the last character of its line. */
static void
check_place(struct str text, const struct complaint *x)
{
	struct str rest = text, line = {NULL, 0};
	size_t columns = 1;

	assert_true(x->at.line >= 1 && x->at.column >= 1);
	assert_true(x->msg.n > 0);
	for (unsigned i = 0; i < x->at.line; i++) {
		ptrdiff_t lf = str_chr(rest, '\n', 0);

		if (!rest.n && i + 1 == x->at.line)
			break; /* the empty line behind the last break */
		assert_true(rest.n > 0);
		line = lf < 0 ? rest : str_sub(rest, 0, (size_t)lf);
		rest = lf < 0 ? S("") : str_from(rest, (size_t)lf + 1);
		columns = 1;
	}
	for (size_t i = 0; i < line.n; i++)
		columns += ((unsigned char)line.p[i] & 0xc0) != 0x80;
	assert_in_range(x->at.column, 1, columns + 1);
}

/* The file of that name damaged, the others as they are. */
static void
load_damaged(const char *name, struct str text, struct config **c,
    struct complaints *bad, struct buf *told)
{
	bool main_one = strcmp(name, "helpd.conf") == 0;

	if (strcmp(name, "agents.conf") == 0)
		config_file_agents(&file, text);
	else if (strcmp(name, "sla.conf") == 0)
		config_file_sla(&file, text);
	config_file_load(
	    &file, main_one ? text : buf_str(&original), c, bad, told);
}

static struct str
text_of(const char *path, const char *name, struct str damaged)
{
	if (str_ends(str_c(path), str_c(name)))
		return damaged;
	return str_ends(str_c(path), S("sla.conf")) ? buf_str(&original_sla)
	       : str_ends(str_c(path), S("agents.conf"))
		   ? buf_str(&original_agents)
		   : buf_str(&original);
}

static void
a_thousand_of(struct str whole, const char *name, size_t *wrong)
{
	struct buf one = BUF_INIT, two = BUF_INIT, told = BUF_INIT;
	size_t most = 0;

	*wrong = 0;
	for (int i = 0; i < 1000; i++) {
		struct config *c;
		struct complaints bad;

		damage(&one, whole);
		for (size_t k = below(4); k > 0; k--) {
			damage(&two, buf_str(&one));
			buf_reset(&one);
			buf_put(&one, buf_str(&two));
		}
		load_damaged(name, buf_str(&one), &c, &bad, &told);
		for (size_t k = 0; k < bad.n; k++)
			check_place(
			    text_of(bad.v[k].at.file, name, buf_str(&one)),
			    &bad.v[k]);
		*wrong += bad.errors > 0;
		most = MAX(most, bad.errors);
		config_free(&c);
	}
	print_message(
	    "%zu of 1000 were wrong, with at most %zu errors\n", *wrong, most);
	config_file_agents(&file, S(""));
	config_file_sla(&file, buf_str(&original_sla));
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&told);
}

static void
a_thousand(void **state)
{
	size_t wrong;

	(void)state;
	a_thousand_of(buf_str(&original), "helpd.conf", &wrong);
	assert_true(wrong > 600);
	a_thousand_of(buf_str(&original_agents), "agents.conf", &wrong);
	assert_true(wrong > 500);
	a_thousand_of(buf_str(&original_sla), "sla.conf", &wrong);
	assert_true(wrong > 500);
}

/* One missing sign is one mistake: nobody should have to read ten complaints about it. */
static void
one_sign_gone_of(struct str whole, const char *name, size_t one_in)
{
	struct buf one = BUF_INIT, told = BUF_INIT;
	size_t tried = 0, many = 0;

	for (size_t i = 0; i < whole.n; i++) {
		struct config *c;
		struct complaints bad;
		size_t line = i;

		while (line && whole.p[line - 1] != '\n')
			line--;
		if (!strchr("\"{};[]", whole.p[i]) ||
		    memchr(whole.p + line, '#', i - line))
			continue;
		buf_reset(&one);
		buf_put(&one, str_sub(whole, 0, i));
		buf_put(&one, str_from(whole, i + 1));
		load_damaged(name, buf_str(&one), &c, &bad, &told);
		tried++;
		assert_true(bad.errors >= 1);
		if (bad.errors > 3) {
			many++;
			print_message("without the '%c' at byte %zu:\n%s",
			    whole.p[i], i, buf_cstr(&told));
		}
		config_free(&c);
	}
	print_message("%zu signs, %zu of them missing led to more than three "
		      "complaints\n",
	    tried, many);
	assert_true(tried > 50);
	assert_true(many <= tried / one_in);
	config_file_agents(&file, S(""));
	config_file_sla(&file, buf_str(&original_sla));
	buf_fini(&one);
	buf_fini(&told);
}

static void
one_sign_gone(void **state)
{
	(void)state;
	one_sign_gone_of(buf_str(&original), "helpd.conf", 20);
	one_sign_gone_of(buf_str(&original_agents), "agents.conf", 20);
	/* Only here are there blocks within blocks on one line, where a brace
	 * that is missing misleads about all that follows. */
	one_sign_gone_of(buf_str(&original_sla), "sla.conf", 15);
}

static void
the_original_still_loads(void **state)
{
	struct buf told = BUF_INIT;
	struct config *c;
	struct complaints bad;

	(void)state;
	assert_int_equal(
	    config_file_load(&file, buf_str(&original), &c, &bad, &told), 0);
	assert_string_equal(buf_cstr(&told), "");
	config_free(&c);
	config_file_agents(&file, buf_str(&original_agents));
	if (config_file_load(&file, buf_str(&original), &c, &bad, &told) < 0)
		fail_msg("%s", buf_cstr(&told));
	assert_int_equal(bad.n, 1); /* that nothing shows who an agent is */
	assert_int_equal(c->settings.staff.nagents, 2);
	assert_int_equal(c->settings.staff.nteams, 2);
	config_free(&c);
	config_file_agents(&file, S(""));
	buf_fini(&told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_thousand),
	    cmocka_unit_test(one_sign_gone),
	    cmocka_unit_test(the_original_still_loads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* main: the options before and around the verb, then the verb. */
#include "app/verb.h"
#include "base/log.h"
#include "base/must.h"
#include "base/syntax.h"
#include "desk/command.h"

#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#ifndef DEFAULT_CONFIG_DIR
#define DEFAULT_CONFIG_DIR "/etc/helpd"
#endif

static int
print_usage(FILE *to)
{
	size_t width = 0;

	fprintf(to,
	    "usage: helpd [-c DIR] [-d DIR] [-v] VERB [--json] …\n\n"
	    "  -c DIR   the configuration (default %s)\n"
	    "  -d DIR   the data (default: what the configuration says)\n"
	    "  -v       say more; twice: for debugging\n\n",
	    DEFAULT_CONFIG_DIR);
	for (const struct verb *v = verbs; v->name; v++)
		width = MAX(width, strlen(v->name));
	for (const struct verb *v = verbs; v->name; v++)
		fprintf(to, "  %-*s  %s\n", (int)width, v->name, v->summary);
	fprintf(to, "\nhelpd help VERB tells a verb's arguments; "
		    "man helpd tells the rest.\n");
	return to == stdout ? EX_OK : EX_USAGE;
}

/* What agents write on top of mails, in the language of the terminal. */
static int
print_commands(void)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const char *lang = getenv("LC_ALL");
	struct transcript x = {.a = &a};
	struct str text;

	if (!lang || !*lang)
		lang = getenv("LC_MESSAGES");
	if (!lang || !*lang)
		lang = getenv("LANG");
	x.language = str_c(lang ? lang : "en");
	text = command_help(&a, &x);
	fwrite(text.p, 1, text.n, stdout);
	return EX_OK;
}

int
cmd_help(struct verb_context *c, int argc, char **argv)
{
	if (argc < 2)
		return print_usage(stdout);
	if (strcmp(argv[1], "commands") == 0)
		return print_commands();
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, argv[1]) == 0) {
			printf("helpd %s %s\n    %s\n", v->name, v->usage,
			    v->summary);
			return EX_OK;
		}
	return verb_fail(c, EX_USAGE, "no verb is called \"%s\"", argv[1]);
}

int
cmd_version(struct verb_context *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (c->json)
		puts("{\"version\": \"" PACKAGE_VERSION "\"}");
	else
		puts("helpd " PACKAGE_VERSION);
	return EX_OK;
}

static int
unknown(const char *name)
{
	struct str names[64], near;
	size_t n = 0;

	for (const struct verb *v = verbs; v->name; v++)
		names[n++] = str_c(v->name);
	near = syntax_nearest(str_c(name), names, n);
	fprintf(stderr, "helpd: no verb is called \"%s\"", name);
	if (near.n)
		fprintf(stderr, "; did you mean \"%.*s\"?", STR_ARG(near));
	fputs("\nhelpd help lists them.\n", stderr);
	return EX_USAGE;
}

/* --json and -v anywhere; "--" ends that. Returns the new argc. */
static int
take_common(struct verb_context *c, int argc, char **argv)
{
	int n = 1;
	bool plain = false;

	for (int i = 1; i < argc; i++) {
		if (!plain && strcmp(argv[i], "--json") == 0) {
			c->json = true;
			continue;
		}
		if (!plain && strcmp(argv[i], "--") == 0)
			plain = true;
		argv[n++] = argv[i];
	}
	argv[n] = NULL;
	return n;
}

int
main(int argc, char **argv)
{
	const char *env = getenv("HELPD_CONFIG");
	struct verb_context c = {
	    .config_dir = env && *env ? env : DEFAULT_CONFIG_DIR};
	int opt;

	setlocale(LC_CTYPE, "C.UTF-8");
	/* Threads share two arenas: memory given back by one serves the others.
	 */
	mallopt(M_ARENA_MAX, 2);
	/*
	 * Fixed: glibc would raise both with the first large mail that is freed, and then keep tens of megabytes that
	 * nobody uses.
	 */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
	c.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	while ((opt = getopt(argc, argv, "+c:d:vVh")) != -1) {
		switch (opt) {
		case 'c':
			c.config_dir = optarg;
			break;
		case 'd':
			c.data_dir = optarg;
			break;
		case 'v':
			c.verbose++;
			break;
		case 'V':
			return cmd_version(&c, 1, argv);
		case 'h':
			return print_usage(stdout);
		default:
			return print_usage(stderr);
		}
	}
	if (c.verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	argc -= optind;
	argv += optind;
	if (argc < 1)
		return print_usage(stderr);
	c.name = argv[0];
	if (strcmp(argv[0], "--help") == 0)
		return print_usage(stdout);
	if (strcmp(argv[0], "--version") == 0)
		return cmd_version(&c, 1, argv);
	argc = take_common(&c, argc, argv);
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, argv[0]) == 0) {
			int status;

			optind = 0;
			status = v->run(&c, argc, argv);
			if (fflush(stdout) != 0 || ferror(stdout))
				return status ? status : EX_IOERR;
			return status;
		}
	return unknown(argv[0]);
}

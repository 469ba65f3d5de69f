/*
 * helpd sieve-test FILE…: runs test scripts for rules and prints TAP. Needs no configuration and no store: a test brings its own mail and
 * settings (helpd-rules(5), TESTING).
 */
#include "app/svtest.h"
#include "app/verb.h"
#include "mail/parse.h"

#include <sysexits.h>

int
cmd_sieve_test(struct verb_context *c, int argc, char **argv)
{
	struct err err = ERR_INIT;
	unsigned count = 0, failures = 0, bad_files = 0;

	if (argc < 2 || argv[1][0] == '-')
		return verb_usage(c);
	if (parse_init(NULL, &err) < 0)
		return verb_err(c, &err);
	puts("TAP version 13");
	for (int i = 1; i < argc; i++) {
		unsigned n;

		printf("# %s\n", argv[i]);
		n = svtest_file(argv[i], &count);
		failures += n;
		bad_files += n > 0;
		fflush(stdout);
	}
	printf("1..%u\n", count);
	printf("# %u of %u tests failed, %u of %d files\n", failures, count,
	    bad_files, argc - 1);
	if (fflush(stdout) != 0)
		return verb_fail(c, EX_IOERR, "cannot write the result");
	return failures ? EX_DATAERR : EX_OK;
}

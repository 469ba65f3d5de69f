#include "app/daemon.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

int
cmd_run(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"once", no_argument, NULL, 'o'},
	    {"no-sandbox", no_argument, NULL, 'n'},
	    {NULL, 0, NULL, 0},
	};
	struct daemon_options o = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'o')
			o.once = true;
		else if (opt == 'n')
			o.no_sandbox = true;
		else
			return verb_usage(c);
	}
	if (optind != argc)
		return verb_usage(c);
	return daemon_run(c, &o);
}

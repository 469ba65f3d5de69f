/* Posts standard input to a URL; for tests/e2e. http_tool [--private] [--ca FILE] [--timeout S] URL [NAME=VALUE…] */
#include "base/file.h"
#include "base/must.h"
#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	static const char *const results[] = {
	    "ok", "later", "refused", "unknown"};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf body = BUF_INIT;
	struct http_options o = {0};
	struct http_header v[20];
	struct err err = ERR_INIT;
	enum posted result;
	struct str reply;
	struct http *h;
	size_t n = 0;
	char piece[4096];
	ssize_t got;
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--private") == 0)
			o.allow_private = true;
		else if (strcmp(argv[i], "--ca") == 0 && i + 1 < argc)
			o.ca_file = argv[++i];
		else if (strcmp(argv[i], "--timeout") == 0 && i + 1 < argc)
			o.timeout_s = (unsigned)strtoul(argv[++i], NULL, 10);
	}
	if (i == argc)
		return 64;
	o.url = str_c(argv[i++]);
	for (; i < argc && n < ARRAY_LEN(v); i++, n++) {
		char *eq = strchr(argv[i], '=');

		if (!eq)
			return 64;
		*eq = 0;
		v[n] = (struct http_header){argv[i], str_c(eq + 1)};
	}
	while ((got = read(0, piece, sizeof piece)) > 0)
		buf_put(&body, str_n(piece, (size_t)got));
	if (http_new(&o, &h, &err) < 0) {
		printf("invalid %s\n", err.msg);
		return 1;
	}
	/* Twice: the second goes over what the first left open. */
	for (int k = 0; k < 2; k++) {
		http_post(h, &a, S("application/json"), v, n, buf_str(&body),
		    &result, &reply);
		printf("%s %.*s\n", results[result], STR_ARG(reply));
	}
	http_free(&h);
	return 0;
}

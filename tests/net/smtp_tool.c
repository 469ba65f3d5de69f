/*
 * Hands mails to an SMTP server, for the end-to-end tests: one line a recipient
 * and mail, "ADDRESS ok|later|refused|unknown REPLY". Errors go to standard
 * error as "code: message", exit status 1.
 */
#include "net/smtp.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
usage(void)
{
	fprintf(stderr,
	    "smtp_tool starttls|implicit|plain HOST PORT CA|- USER|- TIMEOUT "
	    "COUNT probe|FILE SENDER RECIPIENT…\n(the secret in $SECRET)\n");
	return 64;
}

static int
number(const char *s)
{
	int64_t v = 0;

	if (!str_i64(str_c(s), &v))
		exit(64);
	return (int)v;
}

static int
send_one(struct smtp *s, char **v, size_t n, struct str bytes, bool quiet,
    struct err *err)
{
	static const char *const names[] = {
	    "ok", "later", "refused", "unknown"};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct sent_to *to = arena_array(&a, struct sent_to, n + 1);
	int r;

	for (size_t i = 0; i < n; i++)
		to[i].addr = str_c(v[i + 1]);
	r = smtp_send(s, &a, str_c(v[0]), to, n, bytes, err);
	for (size_t i = 0; i < n && !quiet; i++)
		printf("%s %s %.*s\n", v[i + 1], names[to[i].result],
		    STR_ARG(to[i].reply));
	return r;
}

static int
run(struct smtp *s, int count, char **v, size_t n, struct err *err)
{
	AUTO(buf_fini) struct buf mail = BUF_INIT;
	int64_t start;
	int r = 0;

	if (strcmp(v[0], "probe") == 0)
		return smtp_probe(s, err);
	if (n < 2)
		return usage();
	if (file_read(v[0], 0, &mail, err) < 0)
		return -1;
	start = clock_mono();
	for (int i = 0; i < count && r == 0; i++) {
		r = send_one(s, v + 1, n - 2, buf_str(&mail), count > 10, err);
		if (getenv("PAUSE") && i + 1 < count) {
			fflush(stdout);
			(void)getchar();
		}
	}
	if (r == 0 && count > 10) {
		double t = (double)(clock_mono() - start) / 1000;

		printf("sent %d mails, %.3f s, %.0f mails/s\n", count, t,
		    count / (t > 0 ? t : 0.001));
	}
	return r;
}

int
main(int argc, char **argv)
{
	struct smtp_server server = {0};
	struct smtp *s = NULL;
	struct err err = ERR_INIT;
	int r;

	if (argc < 9)
		return usage();
	server.security = strcmp(argv[1], "plain") == 0      ? SMTP_PLAINTEXT
			  : strcmp(argv[1], "implicit") == 0 ? SMTP_IMPLICIT
							     : SMTP_STARTTLS;
	server.host = str_c(argv[2]);
	server.port = (uint16_t)number(argv[3]);
	server.ca_file = strcmp(argv[4], "-") != 0 ? argv[4] : NULL;
	if (strcmp(argv[5], "-") != 0)
		server.user = str_c(argv[5]);
	server.secret = str_c(getenv("SECRET"));
	server.xoauth2 = getenv("XOAUTH2") != NULL;
	server.helo = S("helpd.example");
	server.timeout_s = (unsigned)number(argv[6]);
	r = smtp_new(&server, &s, &err);
	if (r == 0)
		r = run(s, number(argv[7]), argv + 8, (size_t)argc - 8, &err);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", err_name(err.code), err.msg);
	smtp_free(&s);
	return r != 0;
}

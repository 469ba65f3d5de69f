/*
 * loop_smtp URL FILE N: the floor under sending: libcurl hands the same mail N
 * times to one recipient over one reused connection and does nothing else.
 * Prints "mails seconds cpu_seconds".
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <curl/curl.h>

struct source {
	const char *p;
	size_t n;
};

static size_t
feed(char *to, size_t size, size_t count, void *ctx)
{
	struct source *s = ctx;
	size_t n = size * count < s->n ? size * count : s->n;

	memcpy(to, s->p, n);
	s->p += n;
	s->n -= n;
	return n;
}

static double
seconds(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	static char mail[1 << 20];

	if (argc != 4)
		errx(EX_USAGE, "usage: loop_smtp URL FILE N");
	FILE *f = fopen(argv[2], "rb");
	if (f == NULL)
		err(EX_NOINPUT, "%s", argv[2]);
	size_t n = fread(mail, 1, sizeof(mail), f);
	fclose(f);
	unsigned long count = strtoul(argv[3], NULL, 10);

	curl_global_init(CURL_GLOBAL_DEFAULT);
	CURL *c = curl_easy_init();
	struct curl_slist *to = curl_slist_append(NULL, "<to@example.net>");
	if (c == NULL || to == NULL)
		errx(EX_SOFTWARE, "curl");
	curl_easy_setopt(c, CURLOPT_URL, argv[1]);
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, "<from@example.net>");
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, feed);
	curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)n);

	double wall = seconds(CLOCK_MONOTONIC);
	for (unsigned long i = 0; i < count; i++) {
		struct source s = {mail, n};
		curl_easy_setopt(c, CURLOPT_READDATA, &s);
		CURLcode rc = curl_easy_perform(c);
		if (rc != CURLE_OK)
			errx(EX_UNAVAILABLE, "%s", curl_easy_strerror(rc));
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	printf(
	    "%lu %.6f %.6f\n", count, wall, seconds(CLOCK_PROCESS_CPUTIME_ID));
	curl_easy_cleanup(c);
	curl_slist_free_all(to);
	curl_global_cleanup();
	return 0;
}

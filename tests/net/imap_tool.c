/*
 * One IMAP session by hand, for the end-to-end tests: connects as the options
 * say, then does what the arguments say, one line of output a result. Errors go
 * to standard error as "code: message", exit status 1.
 */
#include "net/imap.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/must.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct imap *imap;
static struct imap_seen *seen;
static size_t nseen;
static struct arena arena;

static int
number(const char *s)
{
	int64_t v = 0;

	if (!s || !str_i64(str_c(s), &v))
		exit(64);
	return (int)v;
}

static bool
print_mail(void *ctx, uint32_t uid, struct str raw)
{
	unsigned char hash[SHA256_SIZE];
	AUTO(buf_fini) struct buf b = BUF_INIT;

	(void)ctx;
	sha256(raw, hash);
	buf_hex(&b, str_n((const char *)hash, sizeof(hash)));
	printf("mail %u %zu %s\n", uid, raw.n, buf_cstr(&b));
	return true;
}

static bool
count_mail(void *ctx, uint32_t uid, struct str raw)
{
	uint64_t *sum = ctx;

	(void)uid;
	sum[0]++;
	sum[1] += raw.n;
	return true;
}

static bool
stop_mail(void *ctx, uint32_t uid, struct str raw)
{
	int *left = ctx;

	printf("mail %u %zu\n", uid, raw.n);
	return --*left > 0;
}

static uint32_t *
uids(void)
{
	uint32_t *v = calloc(nseen + 1, sizeof(*v));

	if (!v)
		abort();
	for (size_t i = 0; i < nseen; i++)
		v[i] = seen[i].uid;
	return v;
}

static void *
wake_later(void *ctx)
{
	usleep(500 * 1000);
	if (ctx)
		imap_wake(imap);
	else
		imap_interrupt(imap);
	return NULL;
}

static int
do_fetch(const char *how, struct err *err)
{
	uint32_t *v = uids();
	int r, left = 3;
	uint64_t sum[2] = {0, 0};
	int64_t start = clock_mono();

	if (!strcmp(how, "fetch"))
		r = imap_fetch(imap, v, nseen, print_mail, NULL, err);
	else if (!strcmp(how, "fetch3"))
		r = imap_fetch(imap, v, nseen, stop_mail, &left, err);
	else
		r = imap_fetch(imap, v, nseen, count_mail, sum, err);
	if (!strcmp(how, "count")) {
		double s = (double)(clock_mono() - start) / 1000;

		printf("fetched %llu mails, %llu bytes, %.3f s, %.0f mails/s\n",
		    (unsigned long long)sum[0], (unsigned long long)sum[1], s,
		    (double)sum[0] / (s > 0 ? s : 0.001));
	}
	free(v);
	return r;
}

static int
do_large(uint32_t uid, struct err *err)
{
	AUTO(buf_fini) struct buf b = buf_max(256 << 20);

	if (imap_fetch_large(imap, uid, 0, &b, err) < 0)
		return -1;
	print_mail(NULL, uid, buf_str(&b));
	return 0;
}

static int
do_header(uint32_t uid, struct err *err)
{
	AUTO(buf_fini) struct buf b = buf_max(1 << 20);

	if (imap_fetch_header(imap, uid, 65536, &b, err) < 0)
		return -1;
	printf("%s", buf_cstr(&b));
	return 0;
}

static int
do_append(const char *folder, const char *file, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (file_read(file, 0, &b, err) < 0)
		return -1;
	return imap_append(imap, str_c(folder), buf_str(&b), true, err);
}

static int
do_idle(const char *how, int seconds, struct err *err)
{
	pthread_t t;
	int r;

	if (strcmp(how, "idle") != 0)
		pthread_create(&t, NULL, wake_later,
		    strcmp(how, "wake") == 0 ? imap : NULL);
	r = imap_idle(imap, (unsigned)seconds, 1, err);
	if (strcmp(how, "idle") != 0)
		pthread_join(t, NULL);
	printf("idle %d %s\n", r, r < 0 && err ? err->msg : "");
	return strcmp(how, "idle") != 0 || r >= 0 ? 0 : -1;
}

static int
do_select(const char *folder, struct err *err)
{
	struct imap_mailbox m;

	if (imap_select(imap, str_c(folder), &m, err) < 0)
		return -1;
	printf("selected uidvalidity=%u uidnext=%u exists=%u modseq=%s "
	       "keywords=%d\n",
	    m.uidvalidity, m.uidnext, m.exists, m.modseq ? "yes" : "no",
	    m.keywords_allowed);
	return 0;
}

static int
do_survey(uint32_t from, bool quiet, struct err *err)
{
	if (imap_survey(imap, &arena, from, 0, &seen, &nseen, err) < 0)
		return -1;
	printf("survey %zu\n", nseen);
	for (size_t i = 0; i < nseen && !quiet; i++)
		printf("%u size=%llu seen=%d deleted=%d date=%lld\n",
		    seen[i].uid, (unsigned long long)seen[i].size, seen[i].seen,
		    seen[i].deleted, (long long)seen[i].internal_date);
	return 0;
}

static int
do_list(struct err *err)
{
	struct strs l;

	if (imap_list(imap, &arena, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++)
		printf("folder %.*s\n", STR_ARG(l.v[i]));
	return 0;
}

/* One verb with its arguments; how many were used, or -1. */
static int
verb(char **v, struct err *err)
{
	uint32_t *all;
	int r;

	if (!strcmp(v[0], "select"))
		return do_select(v[1], err) < 0 ? -1 : 2;
	if (!strcmp(v[0], "list"))
		return do_list(err) < 0 ? -1 : 1;
	if (!strcmp(v[0], "survey") || !strcmp(v[0], "all"))
		return do_survey((uint32_t)number(v[1]), *v[0] == 'a', err) < 0
			   ? -1
			   : 2;
	if (!strcmp(v[0], "fetch") || !strcmp(v[0], "fetch3") ||
	    !strcmp(v[0], "count"))
		return do_fetch(v[0], err) < 0 ? -1 : 1;
	if (!strcmp(v[0], "large"))
		return do_large((uint32_t)number(v[1]), err) < 0 ? -1 : 2;
	if (!strcmp(v[0], "header"))
		return do_header((uint32_t)number(v[1]), err) < 0 ? -1 : 2;
	if (!strcmp(v[0], "append"))
		return do_append(v[1], v[2], err) < 0 ? -1 : 3;
	if (!strcmp(v[0], "idle") || !strcmp(v[0], "wake") ||
	    !strcmp(v[0], "interrupt"))
		return do_idle(v[0], number(v[1]), err) < 0 ? -1 : 2;
	if (!strcmp(v[0], "sleep")) {
		sleep((unsigned)number(v[1]));
		return 2;
	}
	all = uids();
	if (!strcmp(v[0], "flag"))
		r = imap_flag(imap, all, nseen, str_c(v[1]), err) < 0 ? -1 : 2;
	else if (!strcmp(v[0], "move"))
		r = imap_move(imap, all, nseen, str_c(v[1]), err) < 0 ? -1 : 2;
	else if (!strcmp(v[0], "delete"))
		r = imap_delete(imap, all, nseen, err) < 0 ? -1 : 1;
	else
		r = err_set(err, ERR_INVAL, "unknown verb %s", v[0]);
	free(all);
	return r;
}

static int
usage(void)
{
	fprintf(stderr,
	    "imap_tool imaps|imap|plain HOST PORT CA|- USER TIMEOUT VERB …\n"
	    "(the secret in $SECRET; $XOAUTH2 set: an OAuth2 token)\n");
	return 64;
}

int
main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct imap_login l = {0};
	int i = 7, r;

	if (argc < 7)
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	l.implicit_tls = strcmp(argv[1], "imaps") == 0;
	l.plaintext_loopback = strcmp(argv[1], "plain") == 0;
	l.host = str_c(argv[2]);
	l.port = (uint16_t)number(argv[3]);
	l.ca_file = strcmp(argv[4], "-") != 0 ? argv[4] : NULL;
	l.user = str_c(argv[5]);
	l.secret = str_c(getenv("SECRET"));
	l.auth = getenv("XOAUTH2") ? IMAP_AUTH_XOAUTH2 : IMAP_AUTH_PASSWORD;
	l.timeout_s = (unsigned)number(argv[6]);
	r = imap_open(&l, &imap, &err);
	if (r == 0)
		printf("open\n");
	while (r >= 0 && i < argc) {
		r = verb(argv + i, &err);
		if (r > 0)
			i += r;
	}
	if (r < 0)
		fprintf(stderr, "%s: %s\n", err_name(err.code), err.msg);
	imap_close(&imap);
	arena_fini(&arena);
	return r < 0;
}

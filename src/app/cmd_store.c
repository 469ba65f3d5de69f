/* verify, backup, restore: the store as a whole. */
#include "app/journal.h"
#include "app/json.h"
#include "app/session.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/must.h"
#include "desk/health.h"
#include "desk/verify.h"
#include "store/check.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

struct findings {
	struct verb_context *c;
	json_t *list;
	uint64_t n;
};

static bool
on_problem(void *ctx, const char *text)
{
	struct findings *f = ctx;

	f->n++;
	progress_end();
	if (f->c->json)
		json_array_append_new(f->list, json_of(str_c(text)));
	else
		printf("%s\n", text);
	return true;
}

static void
on_violation(void *ctx, struct str where, struct str what)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	buf_printf(&b, "%.*s: %.*s", STR_ARG(where), STR_ARG(what));
	on_problem(ctx, buf_cstr(&b));
}

static void
on_rows(void *ctx, const char *what, uint64_t done, uint64_t all)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	(void)ctx;
	buf_printf(&b, "%s, of %llu:", what, (unsigned long long)all);
	progress(buf_cstr(&b), done);
}

static void
on_tickets(void *ctx, uint64_t n)
{
	(void)ctx;
	progress("tickets:", n);
}

static void
print_verified(
    const struct findings *f, const struct store_counts *n, int64_t until)
{
	AUTO(buf_fini) struct buf digest = BUF_INIT;
	AUTO(buf_fini) struct buf time = BUF_INIT;
	json_t *o, *counts, *history;

	buf_hex(&digest, str_n((const char *)n->history, SHA256_SIZE));
	clock_rfc3339(&time, until);

	if (!f->c->json) {
		printf("%llu tickets, %llu articles, %llu events, %llu "
		       "messages in the ledger, %llu in quarantine, "
		       "%llu mails (%.1f MB) read through: ",
		    (unsigned long long)n->tickets,
		    (unsigned long long)n->articles,
		    (unsigned long long)n->events,
		    (unsigned long long)n->ledger,
		    (unsigned long long)n->quarantined,
		    (unsigned long long)n->blobs, (double)n->raw_bytes / 1e6);
		if (f->n)
			printf("%llu PROBLEMS\n", (unsigned long long)f->n);
		else
			puts("clean");
		printf("history before %s: %s\n", buf_cstr(&time),
		    buf_cstr(&digest));
		return;
	}
	o = json_object();
	counts = json_object();
	json_object_set_new(o, "clean", json_boolean(f->n == 0));
	json_object_set(o, "problems", f->list);
#define COUNT(name) \
	json_object_set_new(counts, #name, json_integer((json_int_t)n->name))
	COUNT(tickets);
	COUNT(articles);
	COUNT(events);
	COUNT(ledger);
	COUNT(hashes);
	COUNT(message_ids);
	COUNT(persons);
	COUNT(timers);
	COUNT(outbox);
	COUNT(quarantined);
	COUNT(blobs);
	COUNT(grants);
	COUNT(raw_bytes);
#undef COUNT
	json_object_set_new(o, "counts", counts);
	history = json_object();
	json_put_str(history, "before", buf_str(&time));
	json_put_str(history, "digest", buf_str(&digest));
	json_object_set_new(o, "history", history);
	json_print(o);
}

static int
verify(struct verb_context *c, struct session *s, int64_t until)
{
	struct findings f = {.c = c, .list = json_array()};
	struct store_check_options o = {
	    .progress = on_rows, .history_until = until};
	struct store_counts counts = {0};
	struct verify_counts desk = {0};
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	int status = EX_OK;

	if (store_check(s->store, &o, on_problem, &f, &counts, &err) < 0 ||
	    txn_read(s->store, &t, &err) < 0 ||
	    desk_verify(t, &s->config->settings, on_violation, on_tickets, &f,
		&desk, &err) < 0)
		status = verb_err(c, &err);
	progress_end();
	if (status == EX_OK) {
		print_verified(&f, &counts, until);
		status = f.n ? EX_DATAERR : EX_OK;
	}
	json_decref(f.list);
	return status;
}

int
cmd_verify(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"before", required_argument, NULL, 'b'},
	    {NULL, 0, NULL, 0},
	};
	/* Whole seconds: what is printed can be asked for again. */
	int64_t until = clock_now() / CLOCK_SECOND * CLOCK_SECOND;
	struct session s;
	int status, opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (opt != 'b' || !clock_parse_rfc3339(str_c(optarg), &until))
			return verb_usage(c);
	if (optind != argc)
		return verb_usage(c);
	status = session_open(&s, c, SESSION_STORE);
	if (status == EX_OK)
		status = verify(c, &s, until);
	session_close(&s);
	return status;
}

static void
on_bytes(void *ctx, uint64_t done, uint64_t about)
{
	on_rows(ctx, "bytes", done, about);
}

/* For helpd status. A copy that is made is good, whether this can be written or
 * not. */
static void
note_backup(struct session *s, const char *dir)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	char cwd[PATH_MAX];
	struct txn *done;

	if (*dir != '/' && getcwd(cwd, sizeof cwd))
		dir = path_join(&a, cwd, dir);
	if (txn_write(s->store, &t, NULL) < 0)
		return;
	health_backup_put(t, clock_now(), str_c(dir));
	done = t;
	t = NULL;
	txn_commit(done, NULL);
}

int
cmd_backup(struct verb_context *c, int argc, char **argv)
{
	struct session s;
	struct err err = ERR_INIT;
	bool sealed;
	int status;

	if (argc != 2)
		return verb_usage(c);
	status = session_open(&s, c, SESSION_STORE);
	if (status == EX_OK &&
	    store_backup(s.store, argv[1], on_bytes, NULL, &err) < 0)
		status = verb_err(c, &err);
	progress_end();
	if (status == EX_OK)
		note_backup(&s, argv[1]);
	sealed = status == EX_OK && store_vault(s.store);
	session_close(&s);
	if (status == EX_OK && c->json)
		puts("{\"ok\":true}");
	else if (status == EX_OK)
		printf("the store is copied to %s%s\n", argv[1],
		    sealed ? "; the keys its mail is sealed with are not in "
			     "it: helpd-vault(7) says how to copy the vault"
			   : "");
	return status;
}

int
cmd_restore(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"force", no_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0},
	};
	struct session s;
	struct err err = ERR_INIT;
	bool force = false;
	AUTO_FD lock = -1;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'f')
			return verb_usage(c);
		force = true;
	}
	if (optind + 1 != argc)
		return verb_usage(c);
	status = session_open(&s, c, SESSION_CONFIG);
	if (status == EX_OK)
		status = session_own(&s, c);
	if (status == EX_OK && dir_make(s.data, 0710, &err) < 0)
		status = verb_err(c, &err);
	if (status == EX_OK) {
		lock = open(session_path(&s, "lock"),
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
			status = verb_fail(c, EX_TEMPFAIL,
			    "a daemon runs on %s: stop it first (helpd stop)",
			    s.data);
	}
	/* What was known of rows being sent was of the store that goes. */
	if (status == EX_OK)
		journal_distrust(session_path(&s, "sending"));
	if (status == EX_OK &&
	    store_restore(argv[optind], session_path(&s, "store"), force,
		on_bytes, NULL, &err) < 0)
		status = err.code == ERR_INVAL && !force
			     ? verb_fail(c, EX_DATAERR,
				   "%s; --force replaces it", err.msg)
			     : verb_err(c, &err);
	progress_end();
	if (status == EX_OK && c->json)
		puts("{\"ok\":true}");
	else if (status == EX_OK)
		printf("%s is in place; helpd run goes on from there\n",
		    argv[optind]);
	session_close(&s);
	return status;
}

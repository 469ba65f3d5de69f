/*
 * export: all that is kept of a person, in a directory of its own.
 *
 *   person.json    what is known of the address
 *   tickets.jsonl  the tickets he takes part in, as `list --json` has them
 *   articles.jsonl what he wrote and what was written to him, as in `show`
 *   events.jsonl   what the history says with his address
 *   quarantine.jsonl  mails in the quarantine that he wrote, or that name him
 *   mails.mbox     his mails as they came and went (mboxrd)
 *
 * Ticket by ticket, each in a short transaction: one mail is in memory.
 */
#include "app/session.h"
#include "app/table.h"
#include "app/ticket_json.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/privacy.h"
#include "store/blob.h"
#include "store/ledger.h"
#include "store/person.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
	RAW_MAX = 1 << 30
};

enum file {
	FILE_PERSON,
	FILE_TICKETS,
	FILE_ARTICLES,
	FILE_EVENTS,
	FILE_QUARANTINE,
	FILE_MAILS,
	FILE_COUNT
};
static const char *const names[FILE_COUNT] = {"person.json", "tickets.jsonl",
    "articles.jsonl", "events.jsonl", "quarantine.jsonl", "mails.mbox"};

struct export
{
	struct verb_context *c;
	struct session *s;
	struct str addr;
	FILE *f[FILE_COUNT];
	uint64_t n[FILE_COUNT];
};

static void
put(struct export *x, enum file f, json_t *o)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	json_line(&b, o);
	fwrite(buf_cstr(&b), 1, b.n, x->f[f]);
	x->n[f]++;
}

/* RFC 4155, with the quoting of mboxrd: a line that looks like one of the
 * separators, quoted or not, is quoted once more. */
static void
put_mail(struct export *x, int64_t when_stored, struct str raw)
{
	FILE *f = x->f[FILE_MAILS];
	time_t at = (time_t)(when_stored / CLOCK_SECOND);
	char when[40] = "Thu Jan  1 00:00:00 1970";
	struct str line;
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof when, "%a %b %e %H:%M:%S %Y", &tm);
	fprintf(f, "From MAILER-DAEMON %s\n", when);
	while (str_line(&raw, &line)) {
		size_t quotes = 0;

		while (quotes < line.n && line.p[quotes] == '>')
			quotes++;
		if (str_starts(str_from(line, quotes), S("From ")))
			fputc('>', f);
		if (line.n)
			fwrite(line.p, 1, line.n, f);
		fputc('\n', f);
	}
	fputc('\n', f);
	x->n[FILE_MAILS]++;
}

static int
export_article(struct export *x, struct txn *t, const struct ticket *k,
    uint32_t seq, enum privacy_part of)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	const struct settings *s = &x->s->config->settings;
	struct article r;
	int found = article_get(t, &a, k->id, seq, &r);

	if (found <= 0 ||
	    privacy_of_article(s, &r, x->addr, of) < PRIVACY_SHARED)
		return MIN(found, 0);
	put(x, FILE_ARTICLES, article_json(t, &a, &r, 0));
	if (!r.blob)
		return 0;
	found = blob_get(t, r.blob, RAW_MAX, &raw);
	if (found > 0)
		put_mail(x, r.at, buf_str(&raw));
	return MIN(found, 0);
}

static int
export_ticket(struct export *x, struct txn *t, struct arena *a, uint64_t id)
{
	const struct settings *s = &x->s->config->settings;
	enum privacy_part of;
	struct ticket k;
	struct event e;
	int found = ticket_get(t, a, id, &k);

	if (found <= 0)
		return found;
	of = privacy_of_ticket(s, &k, x->addr);
	if (of)
		put(x, FILE_TICKETS, ticket_json(s, &k));
	for (uint32_t seq = 1; seq <= k.articles; seq++)
		if (export_article(x, t, &k, seq, of) < 0)
			return -1;
	for (uint32_t seq = 1; seq <= k.events; seq++) {
		AUTO(arena_fini) struct arena each = ARENA_INIT;

		found = event_get(t, &each, id, seq, &e);
		if (found < 0)
			return -1;
		if (found && privacy_of_event(&e, x->addr))
			put(x, FILE_EVENTS, event_json(&e, 0));
	}
	return 0;
}

static int
export_person(struct export *x, struct txn *t, struct arena *a)
{
	struct person p;
	int found = person_get(t, a, address_key(a, x->addr), &p);
	json_t *o;

	if (found <= 0)
		return found;
	o = json_object();
	json_put_str(o, "address", p.addr);
	json_put_str(o, "name", p.name);
	json_put_str_or_null(o, "language", p.language);
	json_put_time(o, "first_seen", p.first_seen);
	json_put_time(o, "last_seen", p.last_seen);
	json_object_set_new(o, "tickets", json_integer(p.tickets));
	json_object_set_new(o, "articles", json_integer(p.articles));
	json_object_set_new(o, "suspended", json_boolean(p.suspended));
	json_put_str_or_null(o, "suspended_why", p.suspended_why);
	put(x, FILE_PERSON, o);
	return 0;
}

/* What no parser took, or bears an agent's name: by its head, and the words as
 * they stand in it. */
static int
export_quarantined(struct export *x, struct txn *t, uint64_t id)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct quarantined q;
	json_t *o;
	bool wrote;
	int found = quarantine_get(t, &a, id, &q);

	if (found > 0 && q.blob)
		found = blob_get(t, q.blob, RAW_MAX, &raw);
	if (found <= 0)
		return found;
	wrote = privacy_wrote(&a, buf_str(&raw), x->addr);
	if (!wrote && !privacy_names(buf_str(&raw), x->addr))
		return 0;
	o = json_object();
	json_object_set_new(o, "id", json_integer((json_int_t)q.id));
	json_put_str(o, "source", q.source);
	json_put_str(o, "reason", q.reason);
	json_put_time(o, "time", q.at);
	json_object_set_new(o, "size", json_integer((json_int_t)q.size));
	json_object_set_new(o, "wrote", json_boolean(wrote));
	put(x, FILE_QUARANTINE, o);
	if (wrote)
		put_mail(x, q.at, buf_str(&raw));
	return 0;
}

struct ids {
	struct arena a;
	uint64_t *v;
	size_t n, cap;
};

static bool
note_id(void *ctx, const struct quarantined *q)
{
	struct ids *l = ctx;

	l->v = mem_fit(l->v, &l->cap, l->n + 1, sizeof *l->v);
	l->v[l->n++] = q->id;
	arena_reset(&l->a);
	return true;
}

static int
export_quarantine(struct export *x, struct err *err)
{
	struct ids l = {.a = ARENA_INIT};
	int rc = 0;

	for (size_t i = 0; i <= l.n && rc == 0; i++) {
		AUTO(txn_abort) struct txn *t = NULL;

		if (txn_read(x->s->store, &t, err) < 0)
			rc = -1;
		else if (i == 0 ? quarantine_each(t, &l.a, note_id, &l) < 0
				: export_quarantined(x, t, l.v[i - 1]) < 0)
			rc = txn_error(t, err);
	}
	mem_free(l.v);
	arena_fini(&l.a);
	return rc;
}

/* Ticket 0 is the person. 1: there are more. */
static int
step(struct export *x, uint64_t id, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	uint64_t last = 0;
	int rc;

	if (txn_read(x->s->store, &t, err) < 0)
		return -1;
	rc = id ? export_ticket(x, t, &a, id) : export_person(x, t, &a);
	if (rc < 0 || ticket_last(t, &last) < 0)
		return txn_error(t, err);
	return id < last;
}

static int
open_files(struct export *x, const char *dir)
{
	AUTO_FD at = -1;

	if (mkdir(dir, 0700) < 0)
		return verb_fail(
		    x->c, EX_CANTCREAT, "%s: %s", dir, strerror(errno));
	at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	for (int i = 0; i < FILE_COUNT; i++) {
		int fd = openat(at, names[i],
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

		x->f[i] = fd < 0 ? NULL : fdopen(fd, "w");
		if (!x->f[i])
			return verb_fail(x->c, EX_CANTCREAT, "%s/%s: %s", dir,
			    names[i], strerror(errno));
	}
	return EX_OK;
}

/* What was not written is told, not believed. */
static int
close_files(struct export *x, const char *dir)
{
	int status = EX_OK;

	for (int i = 0; i < FILE_COUNT; i++) {
		bool bad;

		if (!x->f[i])
			continue;
		bad = fflush(x->f[i]) != 0 || ferror(x->f[i]) ||
		      fsync(fileno(x->f[i])) < 0;
		if ((fclose(x->f[i]) != 0 || bad) && status == EX_OK)
			status = verb_fail(x->c, EX_IOERR, "%s/%s: %s", dir,
			    names[i], strerror(errno));
	}
	return status;
}

static void
print_done(const struct export *x, const char *dir)
{
	json_t *o;

	if (!x->c->json) {
		printf("%s: %llu tickets, %llu articles, %llu mails, %llu "
		       "events\n",
		    dir, (unsigned long long)x->n[FILE_TICKETS],
		    (unsigned long long)x->n[FILE_ARTICLES],
		    (unsigned long long)x->n[FILE_MAILS],
		    (unsigned long long)x->n[FILE_EVENTS]);
		return;
	}
	o = json_object();
	json_put_str(o, "directory", str_c(dir));
	json_object_set_new(o, "known", json_boolean(x->n[FILE_PERSON] != 0));
#define COUNT(key, file) \
	json_object_set_new(o, key, json_integer((json_int_t)x->n[file]))
	COUNT("tickets", FILE_TICKETS);
	COUNT("articles", FILE_ARTICLES);
	COUNT("mails", FILE_MAILS);
	COUNT("events", FILE_EVENTS);
	COUNT("quarantined", FILE_QUARANTINE);
#undef COUNT
	json_print(o);
}

int
cmd_export(struct verb_context *c, int argc, char **argv)
{
	const char *dir = argc == 3 ? argv[2] : "helpd-export";
	struct export x = {.c = c};
	struct session s;
	struct err err = ERR_INIT;
	int status, closed, more = 1;

	if (argc < 2 || argc > 3 || !strchr(argv[1], '@'))
		return verb_usage(c);
	x.s = &s;
	x.addr = str_c(argv[1]);
	status = session_open(&s, c, SESSION_STORE);
	if (status == EX_OK)
		status = open_files(&x, dir);
	for (uint64_t id = 0; status == EX_OK && more > 0; id++) {
		more = step(&x, id, &err);
		if (more < 0)
			status = verb_err(c, &err);
		if (id % 1000 == 0)
			progress("tickets:", id);
	}
	progress_end();
	if (status == EX_OK && export_quarantine(&x, &err) < 0)
		status = verb_err(c, &err);
	closed = close_files(&x, dir);
	if (status == EX_OK)
		status = closed;
	if (status == EX_OK)
		print_done(&x, dir);
	session_close(&s);
	return status;
}

/*
 * erase: takes a person out of the store (desk/privacy.h).
 *
 * First what will be done is counted and told. Then tickets, one transaction
 * each; the outbox; the person; the terms of the tickets, in pieces, and those
 * of what stays of them again. What was cut off is ended by the next
 * `helpd erase --continue`.
 */
#include "app/control.h"
#include "app/sealing.h"
#include "app/session.h"
#include "app/table.h"
#include "app/json.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/privacy.h"
#include "desk/search.h"
#include "store/kb.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/term.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	CHUNKS = 1000, /* a transaction: 4 MB of terms */
	ROWS = 1000,   /* outbox rows a transaction */
	WAIT_S = 60,   /* for terms that the daemon still has in memory */
};

struct erase {
	struct verb_context *c;
	struct session *s;
	struct arena a; /* of the person */
	struct erasure e;
	struct erasure_counts n;
	uint64_t kb, quarantined;
};

/* --- what will be done ------------------------------------------------- */

static int
count_ticket(
    struct erase *x, struct txn *t, struct arena *a, const struct ticket *k)
{
	const struct settings *s = &x->s->config->settings;
	enum privacy_part of = privacy_of_ticket(s, k, x->e.addr);
	bool some = of != PRIVACY_NONE;

	for (uint32_t seq = 1; seq <= k->articles; seq++) {
		AUTO(arena_fini) struct arena each = ARENA_INIT;
		enum privacy_part part;
		struct article r;
		int found = article_get(t, &each, k->id, seq, &r);

		if (found < 0)
			return -1;
		part = found ? privacy_of_article(s, &r, x->e.addr, of)
			     : PRIVACY_NONE;
		x->n.articles += part == PRIVACY_OWN;
		x->n.quoted += part == PRIVACY_SHARED || part == PRIVACY_NAMED;
		some |= part >= PRIVACY_SHARED;
	}
	(void)a;
	x->n.tickets += some;
	return 0;
}

static bool
on_kb(void *ctx, const struct kb *k)
{
	struct erase *x = ctx;

	x->kb += privacy_names(k->text, x->e.addr) ||
		 privacy_names(k->title, x->e.addr);
	return true;
}

static bool
on_quarantined(void *ctx, const struct quarantined *q)
{
	struct erase *x = ctx;

	(void)q;
	x->quarantined++;
	return true;
}

static int
plan(struct erase *x, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	uint64_t last = 0;

	for (uint64_t id = 1; id == 1 || id <= last; id++) {
		AUTO(txn_abort) struct txn *t = NULL;
		struct ticket k;
		int found;

		arena_reset(&a);
		if (txn_read(x->s->store, &t, err) < 0)
			return -1;
		if (id == 1 &&
		    (ticket_last(t, &last) < 0 ||
			kb_each(t, &a, on_kb, x) < 0 ||
			quarantine_each(t, &a, on_quarantined, x) < 0))
			return txn_error(t, err);
		found = ticket_get(t, &a, id, &k);
		if (found < 0 || (found && count_ticket(x, t, &a, &k) < 0))
			return txn_error(t, err);
		if (id % 1000 == 0)
			progress("tickets:", id);
	}
	progress_end();
	return 0;
}

static bool
confirmed(struct erase *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	char line[16];

	buf_puts(&b, "helpd: ");
	paint(&b, false, COLOUR_NONE, x->e.addr);
	buf_printf(&b,
	    ": %llu mails and notes in %llu tickets will be erased for "
	    "good.\n",
	    (unsigned long long)x->n.articles,
	    (unsigned long long)x->n.tickets);
	if (x->n.quoted)
		buf_printf(&b,
		    "%llu mails of others name the address; their words stay "
		    "as they are.\n",
		    (unsigned long long)x->n.quoted);
	fprintf(stderr, "%sGo on? [y/N] ", buf_cstr(&b));
	return fgets(line, sizeof line, stdin) &&
	       (line[0] == 'y' || line[0] == 'Y');
}

/* --- steps ------------------------------------------------------------- */

typedef int step_fn(struct erase *x, struct txn *t, struct arena *a,
    uint64_t at, int64_t now, struct err *err);

/* One transaction. What fn returns, or -1. */
static int
step(struct erase *x, step_fn *fn, uint64_t at, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct txn *done;
	int rc;

	if (txn_write(x->s->store, &t, err) < 0)
		return -1;
	rc = fn(x, t, &a, at, clock_now(), err);
	if (rc < 0)
		return err->code ? -1 : txn_error(t, err);
	done = t;
	t = NULL;
	return txn_commit(done, err) < 0 ? -1 : rc;
}

static int
begin(struct erase *x, struct txn *t, struct arena *a, uint64_t at, int64_t now,
    struct err *err)
{
	struct person p;
	int found = person_get(t, &x->a, x->e.key, &p);

	(void)a;
	(void)at;
	(void)now;
	if (found < 0)
		return -1;
	if (found)
		x->e.name = p.name;
	return erasure_begin(t, &x->a, &x->e, err);
}

static void
on_quoted(void *ctx, uint64_t ticket, uint32_t seq)
{
	struct erase *x = ctx;

	progress_end();
	if (!x->c->json)
		printf("#%llu article %u is of others and names the address: "
		       "its words stay\n",
		    (unsigned long long)ticket, seq);
}

static int
one_ticket(struct erase *x, struct txn *t, struct arena *a, uint64_t at,
    int64_t now, struct err *err)
{
	return erasure_ticket(t, a, &x->s->config->settings, &x->e, at, now,
	    &x->n, on_quoted, x, err);
}

static int
some_rows(struct erase *x, struct txn *t, struct arena *a, uint64_t at,
    int64_t now, struct err *err)
{
	uint64_t last = 0;

	(void)a;
	(void)now;
	if (outbox_last(t, &last) < 0 ||
	    erasure_outbox(t, &x->e, at, MIN(last, at + ROWS - 1), &x->n, err) <
		0)
		return -1;
	return last >= at + ROWS;
}

static int
the_person(struct erase *x, struct txn *t, struct arena *a, uint64_t at,
    int64_t now, struct err *err)
{
	(void)at;
	(void)now;
	return erasure_person(t, a, &x->e, err);
}

static int
the_end(struct erase *x, struct txn *t, struct arena *a, uint64_t at,
    int64_t now, struct err *err)
{
	(void)x;
	(void)a;
	(void)at;
	(void)now;
	erasure_end(t);
	return txn_error(t, err);
}

/* --- words ------------------------------------------------------------- */

struct forget {
	struct erase *x;
	struct buf place;
	bool waits;
};

static bool
on_unindexed(void *ctx, uint64_t ticket, uint32_t seq)
{
	struct forget *f = ctx;

	(void)seq;
	f->waits |= erasure_has(&f->x->e, ticket);
	return !f->waits;
}

/* A daemon that runs may have terms of them in memory; it puts them within
 * seconds. Without one they are made of what is in the store by then. */
static int
await_daemon(struct erase *x, struct err *err)
{
	for (int i = 0; i < WAIT_S; i++) {
		AUTO(txn_abort) struct txn *t = NULL;
		AUTO(buf_fini) struct buf reply = BUF_INIT;
		struct forget f = {.x = x};

		if (txn_read(x->s->store, &t, err) < 0)
			return -1;
		if (unindexed_each(t, on_unindexed, &f) < 0)
			return txn_error(t, err);
		txn_abort(&t);
		if (!f.waits || control_ask(session_path(x->s, "helpd.sock"),
				    "wake", 2, &reply, NULL) <= 0)
			return 0;
		sleep(1);
	}
	return err_set(
	    err, ERR_TEMP, "the daemon has not put its search terms yet");
}

static int
index_again(struct erase *x, struct txn *t, struct arena *a, uint64_t at,
    int64_t now, struct err *err)
{
	struct term_batch *b = term_batch_new();
	uint64_t id = x->e.tickets[at] >> 1;
	struct ticket k;
	int found = ticket_get(t, a, id, &k);

	(void)now;
	for (uint32_t seq = 1; found > 0 && seq <= k.articles; seq++) {
		AUTO(arena_fini) struct arena each = ARENA_INIT;

		index_article(t, &each, id, seq, b);
	}
	term_batch_put(t, b);
	term_batch_free(b);
	if (term_fold_due(t))
		term_fold(t, 1 << 20);
	return txn_error(t, err);
}

static int
forget_words(struct erase *x, struct err *err)
{
	AUTO(buf_fini) struct buf place = BUF_INIT;
	int more = x->e.ntickets > 0;

	if (more && await_daemon(x, err) < 0)
		return -1;
	while (more > 0) {
		AUTO(txn_abort) struct txn *t = NULL;
		struct txn *done;

		if (txn_write(x->s->store, &t, err) < 0)
			return -1;
		more = term_forget(t, erasure_has, &x->e, &place, CHUNKS);
		if (more < 0)
			return txn_error(t, err);
		done = t;
		t = NULL;
		if (txn_commit(done, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < x->e.ntickets; i++)
		if (step(x, index_again, i, err) < 0)
			return -1;
	return 0;
}

/* --- all of it --------------------------------------------------------- */

static int
carry_out(struct erase *x, struct err *err)
{
	uint64_t last = 0;
	int more = 1;

	{
		AUTO(txn_abort) struct txn *t = NULL;

		if (txn_read(x->s->store, &t, err) < 0)
			return -1;
		if (ticket_last(t, &last) < 0)
			return txn_error(t, err);
	}
	for (uint64_t id = x->e.next; id <= last; id++) {
		if (step(x, one_ticket, id, err) < 0)
			return -1;
		if (id % 1000 == 0)
			progress("tickets:", id);
	}
	for (uint64_t id = 1; more > 0; id += ROWS)
		more = step(x, some_rows, id, err);
	if (more < 0 || step(x, the_person, 0, err) < 0)
		return -1;
	if (forget_words(x, err) < 0 ||
	    sealing_forget(x->s->store, x->e.sealed_with, err) < 0)
		return -1;
	return step(x, the_end, 0, err);
}

static void
print_done(const struct erase *x)
{
	json_t *o;

	if (!x->c->json) {
		printf("%.*s: %llu mails and notes in %llu tickets, %llu lines "
		       "of history, %llu mails that waited\n",
		    STR_ARG(x->e.alias), (unsigned long long)x->n.articles,
		    (unsigned long long)x->n.tickets,
		    (unsigned long long)x->n.events,
		    (unsigned long long)x->n.mails);
		if (x->kb)
			printf("%llu articles of the knowledge base name the "
			       "address: helpd kb edit\n",
			    (unsigned long long)x->kb);
		if (x->quarantined)
			printf("%llu mails in quarantine were not looked "
			       "into: helpd quarantine\n",
			    (unsigned long long)x->quarantined);
		puts(x->e.sealed_with
			 ? "the key is forgotten: no backup shows the sealed "
			   "mail without a copy of the vault; logs and the "
			   "mailboxes themselves still hold what they held"
			 : "backups, logs and the mailboxes themselves still "
			   "hold what they held");
		return;
	}
	o = json_object();
	json_put_str(o, "erased", x->e.alias);
	json_object_set_new(
	    o, "key_forgotten", json_boolean(x->e.sealed_with != 0));
#define COUNT(key, v) json_object_set_new(o, key, json_integer((json_int_t)(v)))
	COUNT("tickets", x->n.tickets);
	COUNT("articles", x->n.articles);
	COUNT("events", x->n.events);
	COUNT("dropped", x->n.mails);
	COUNT("quoted", x->n.quoted);
	COUNT("kb", x->kb);
	COUNT("quarantined", x->quarantined);
#undef COUNT
	json_print(o);
}

/* 1: there is one to go on with. */
static int
pending(struct erase *x, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	int got;

	if (txn_read(x->s->store, &t, err) < 0)
		return -1;
	got = erasure_pending(t, &x->a, &x->e);
	return got < 0 ? txn_error(t, err) : got;
}

static int
start(struct erase *x, const char *addr, bool yes, struct err *err)
{
	const struct settings *s = &x->s->config->settings;

	x->e.addr = arena_dup(&x->a, str_c(addr));
	x->e.key = address_key(&x->a, x->e.addr);
	x->e.actor = session_actor(&x->a);
	if (settings_is_own(s, x->e.addr) ||
	    staff_by_address(&s->staff, x->e.addr))
		return err_set(err, ERR_INVAL,
		    "%s is an address of the desk, not of a customer", addr);
	if (plan(x, err) < 0)
		return -1;
	if (!yes && !isatty(STDIN_FILENO))
		return err_set(err, ERR_INVAL,
		    "%llu mails and notes in %llu tickets would be erased: "
		    "--yes does it",
		    (unsigned long long)x->n.articles,
		    (unsigned long long)x->n.tickets);
	if (!yes && !confirmed(x))
		return err_set(err, ERR_INVAL, "nothing was done");
	x->n = (struct erasure_counts){0};
	return step(x, begin, 0, err);
}

int
cmd_erase(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"yes", no_argument, NULL, 'y'},
	    {"continue", no_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0},
	};
	struct erase x = {.c = c};
	struct session s;
	struct err err = ERR_INIT;
	bool yes = false, go_on = false;
	int status, opt, rc;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'y' && opt != 'c')
			return verb_usage(c);
		yes |= opt == 'y';
		go_on |= opt == 'c';
	}
	if (optind + !go_on != argc || (!go_on && !strchr(argv[optind], '@')))
		return verb_usage(c);
	x.s = &s;
	status = session_open(&s, c, SESSION_STORE);
	if (status == EX_OK) {
		rc = go_on ? pending(&x, &err)
			   : start(&x, argv[optind], yes, &err);
		if (go_on && rc == 0)
			status =
			    verb_fail(c, EX_NOINPUT, "no erasure is under way");
		else if (rc < 0)
			status = verb_err(c, &err);
		else if (carry_out(&x, &err) < 0)
			status = verb_fail(c, err_exit(err.code),
			    "%s; helpd erase --continue goes on from there",
			    err.msg);
		else
			print_done(&x);
	}
	progress_end();
	erasure_fini(&x.e);
	arena_fini(&x.a);
	session_close(&s);
	return status;
}

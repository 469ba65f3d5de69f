/*
 * erase: takes a person out of the store (desk/privacy.h).
 *
 * First what will be done is counted and told. Then step by step, each a
 * transaction: the same steps that the daemon makes when this ends before them
 * (desk/erase_run.c). Last it is told what is kept outside of the store.
 */
#include "app/control.h"
#include "app/spool.h"
#include "app/session.h"
#include "app/table.h"
#include "app/json.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/must.h"
#include "desk/customers.h"
#include "desk/privacy.h"
#include "desk/purge.h"
#include "store/kb.h"
#include "store/person.h"

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	WAIT_S = 60, /* for a mail that is being sent, and for terms that the
			daemon still has in memory */
	FLAG_YES = 1,
	FLAG_CONTINUE = 2,
	FLAG_FORCE = 4
};

struct erase {
	struct verb_context *c;
	struct session *s;
	struct arena a; /* of the person */
	struct erasure e;
	struct erasure_counts n; /* of what will be done */
	uint64_t kb, spooled;
	bool customers, alone;
	struct txn *t; /* of a plan */
};

/* --- what will be done ------------------------------------------------- */

static int
count_ticket(
    struct erase *x, struct txn *t, struct arena *a, const struct ticket *k)
{
	const struct settings *s = &x->s->config->settings;
	enum privacy_part of = privacy_of_ticket(s, k, x->e.addr);
	bool some = of != PRIVACY_NONE;
	struct str kept = {0};

	if (!x->e.force && purge_kept_family(t, a, s, k, &kept) < 0)
		return -1;
	if (kept.n) {
		x->n.kept += some;
		return 0;
	}

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
	x->n.tickets += some;
	return 0;
}

/* Whatever version of it. */
static bool
on_kb(void *ctx, const struct kb *k)
{
	struct erase *x = ctx;
	bool names = false;

	for (uint32_t v = 1; v <= k->version && !names; v++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct kb old = *k;

		if (v < k->version &&
		    kb_get_version(x->t, &a, k->id, v, &old) <= 0)
			continue;
		names = privacy_names(old.text, x->e.addr) ||
			privacy_names(old.title, x->e.addr);
	}
	x->kb += names;
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
		x->t = t;
		if (id == 1 &&
		    (ticket_last(t, &last) < 0 || kb_each(t, &a, on_kb, x) < 0))
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
	if (x->n.kept)
		buf_printf(&b,
		    "%llu tickets are kept by their tags and stay as they are "
		    "(--force).\n",
		    (unsigned long long)x->n.kept);
	fprintf(stderr, "%sGo on? [y/N] ", buf_cstr(&b));
	return fgets(line, sizeof line, stdin) &&
	       (line[0] == 'y' || line[0] == 'Y');
}

/* --- steps ------------------------------------------------------------- */

static void
say(void *ctx, const char *line)
{
	struct erase *x = ctx;

	progress_end();
	if (!x->c->json)
		puts(line);
}

static bool
daemon_runs(struct erase *x)
{
	AUTO(buf_fini) struct buf reply = BUF_INIT;

	return control_ask(session_path(x->s, "helpd.sock"), "wake", 2, &reply,
		   NULL) > 0;
}

static int
begin(struct erase *x, struct txn *t, struct err *err)
{
	struct person p;
	int found = person_get(t, &x->a, x->e.key, &p);

	if (found < 0)
		return txn_error(t, err);
	if (found)
		x->e.name = p.name;
	return erasure_begin(t, &x->a, &x->e, clock_now(), err);
}

/* The next step of what is noted; 1 more, ERASE_WAIT, 0 done, -1. The daemon
 * may have taken over meanwhile, and ended it. */
static int
step(struct erase *x, struct txn *t, struct arena *a, struct err *err)
{
	const struct erase_tell tell = {say, x};
	const struct settings *s = &x->s->config->settings;
	struct erasure e;
	int rc, got = erasure_pending(t, a, &e);

	if (got <= 0)
		return got < 0 ? txn_error(t, err) : 0;
	rc = erasure_step(
	    t, a, s, &e, &tell, x->alone, ERASE_LEASE, clock_now(), err);
	x->e.n = e.n;
	x->e.stage = e.stage;
	x->e.next = e.next;
	erasure_fini(&e);
	return rc;
}

/* One transaction; what it says is said once it is committed, or again. */
static int
make_step(struct erase *x, bool first, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct txn *done;
	int rc;

	if (txn_write(x->s->store, &t, err) < 0)
		return -1;
	rc = first ? begin(x, t, err) : step(x, t, &a, err);
	if (rc < 0)
		return -1;
	done = t;
	t = NULL;
	fault_point("erase-step-before");
	if (txn_commit(done, err) < 0)
		return -1;
	fault_point("erase-step-after");
	return rc;
}

static int
carry_out(struct erase *x, struct err *err)
{
	int rc, waited = 0;

	do {
		x->alone = !daemon_runs(x);
		rc = make_step(x, false, err);
		if (x->e.stage == ERASE_TICKETS)
			progress("tickets:", x->e.next);
		if (rc == ERASE_WAIT && ++waited > WAIT_S)
			return err_set(err, ERR_TEMP,
			    "a mail is being sent, or the daemon has not put "
			    "its search terms yet");
		if (rc == ERASE_WAIT)
			sleep(1);
		else
			waited = 0;
	} while (rc > 0);
	return rc;
}

/* --- what is kept outside of the store --------------------------------- */

enum {
	SPOOLED_MAX = 64 << 20
};

/* Mails that `helpd deliver` took and the daemon has not: they will be new
 * tickets. */
static void
look_at_spool(struct erase *x)
{
	const char *dir = session_path(x->s, "spool/new");
	DIR *d = opendir(dir);
	struct dirent *f;

	while (d && (f = readdir(d))) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct spooled s;

		if (f->d_name[0] == '.' ||
		    file_read(path_join(&a, dir, f->d_name), SPOOLED_MAX, &b,
			NULL) < 0)
			continue;
		spool_read(&a, buf_str(&b), &s);
		x->spooled += address_eq(s.sender, x->e.addr) ||
			      privacy_wrote(&a, s.raw, x->e.addr);
	}
	if (d)
		closedir(d);
}

static void
look_elsewhere(struct erase *x)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const struct settings *s = &x->s->config->settings;

	look_at_spool(x);
	x->customers =
	    s->customers && customers_find(s->customers, &a, x->e.addr) != NULL;
}

/* --- all of it --------------------------------------------------------- */

static void
print_count(uint64_t n, const char *one, const char *many)
{
	if (n)
		printf("%llu %s\n", (unsigned long long)n, n == 1 ? one : many);
}

static void
print_left(const struct erase *x)
{
	print_count(x->e.n.removed, "mail of the quarantine was removed",
	    "mails of the quarantine were removed");
	print_count(x->e.n.quarantined,
	    "mail in the quarantine is of others and names the address: helpd "
	    "quarantine",
	    "mails in the quarantine are of others and name the address: helpd "
	    "quarantine");
	print_count(x->e.n.kept,
	    "ticket is kept by its tag and was left as it was: --force erases "
	    "it",
	    "tickets are kept by their tags and were left as they were: "
	    "--force erases them");
	print_count(x->kb,
	    "article of the knowledge base names the address: helpd kb edit",
	    "articles of the knowledge base name the address: helpd kb edit");
	print_count(x->spooled,
	    "mail of the address waits in the spool and will be a new ticket: "
	    "erase again",
	    "mails of the address wait in the spool and will be new tickets: "
	    "erase again");
	if (x->customers)
		puts("customers.csv names the address: take it out there");
	puts(x->e.sealed_with
		 ? "the key is forgotten: no backup shows the sealed mail "
		   "without a copy of the vault; logs and the mailboxes "
		   "themselves still hold what they held"
		 : "backups, logs and the mailboxes themselves still hold what "
		   "they held");
}

static void
print_done(const struct erase *x)
{
	const struct erasure_counts *n = &x->e.n;
	json_t *o;

	if (!x->c->json) {
		printf("%.*s: %llu mails and notes in %llu tickets, %llu lines "
		       "of history, %llu mails that waited\n",
		    STR_ARG(x->e.alias), (unsigned long long)n->articles,
		    (unsigned long long)n->tickets,
		    (unsigned long long)n->events,
		    (unsigned long long)n->mails);
		print_left(x);
		return;
	}
	o = json_object();
	json_put_str(o, "erased", x->e.alias);
	json_object_set_new(
	    o, "key_forgotten", json_boolean(x->e.sealed_with != 0));
#define COUNT(key, v) json_object_set_new(o, key, json_integer((json_int_t)(v)))
	COUNT("tickets", n->tickets);
	COUNT("articles", n->articles);
	COUNT("events", n->events);
	COUNT("dropped", n->mails);
	COUNT("quoted", n->quoted);
	COUNT("kept", n->kept);
	COUNT("removed", n->removed);
	COUNT("quarantined", n->quarantined);
	COUNT("kb", x->kb);
	COUNT("spooled", x->spooled);
#undef COUNT
	json_object_set_new(o, "customers", json_boolean(x->customers));
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
start(struct erase *x, const char *addr, int flags, struct err *err)
{
	const struct settings *s = &x->s->config->settings;
	bool yes = flags & FLAG_YES;

	x->e.force = (flags & FLAG_FORCE) != 0;
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
	return make_step(x, true, err);
}

static int
run(struct erase *x, const char *addr, int flags)
{
	struct err err = ERR_INIT;
	bool go_on = flags & FLAG_CONTINUE;
	int rc = go_on ? pending(x, &err) : start(x, addr, flags, &err);

	if (go_on && rc == 0)
		return verb_fail(x->c, EX_NOINPUT, "no erasure is under way");
	if (rc < 0)
		return verb_err(x->c, &err);
	if (carry_out(x, &err) < 0)
		return verb_fail(x->c, err_exit(err.code),
		    "%s; helpd erase --continue goes on from there, or the "
		    "daemon within a minute",
		    err.msg);
	progress_end();
	look_elsewhere(x);
	print_done(x);
	return EX_OK;
}

int
cmd_erase(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"yes", no_argument, NULL, 'y'},
	    {"continue", no_argument, NULL, 'c'},
	    {"force", no_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0},
	};
	struct erase x = {.c = c};
	struct session s;
	int flags = 0, status, opt;
	bool go_on;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'y' && opt != 'c' && opt != 'f')
			return verb_usage(c);
		flags |= opt == 'y'   ? FLAG_YES
			 : opt == 'c' ? FLAG_CONTINUE
				      : FLAG_FORCE;
	}
	go_on = flags & FLAG_CONTINUE;
	if (optind + !go_on != argc || (!go_on && !strchr(argv[optind], '@')) ||
	    (go_on && (flags & FLAG_FORCE)))
		return verb_usage(c);
	x.s = &s;
	status = session_open(&s, c, SESSION_STORE);
	if (status == EX_OK)
		status = run(&x, go_on ? NULL : argv[optind], flags);
	progress_end();
	erasure_fini(&x.e);
	arena_fini(&x.a);
	session_close(&s);
	return status;
}

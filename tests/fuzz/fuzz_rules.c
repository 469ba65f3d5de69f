/*
 * Rules over mails and tickets: what stands before a line "--" is a script, what comes behind it a mail (a minimal one, where there is
 * none). The script is compiled and judged; the mail comes in twice, once as a follow-up, and the ticket changes its status, all in a transaction that
 * is aborted. Whatever a script says, a mail is stored, and a run ends.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/must.h"
#include "desk/change.h"
#include "desk/ingest.h"
#include "desk/rules.h"
#include "desk/token.h"
#include "mail/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1767600000000)
static char dir[] = "/tmp/helpd-fuzz-rules-XXXXXX";
static struct store *store;
static struct arena all;
static struct settings settings;
static struct queue queues[2];
static struct keyring *keys;
static struct agent anna;
static struct team first;
static uint32_t source;

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)st;
	(void)kind;
	(void)w;
	return remove(path);
}

static void
clean(void)
{
	store_close(store);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
init(void)
{
	struct store_options o = {.map_size = 64 << 20, .create = true};
	struct txn *t = NULL;

	must(mkdtemp(dir) != NULL);
	must(store_open(&store, dir, &o, NULL) == 0);
	must(parse_init(NULL, NULL) == 0);
	must(txn_write(store, &t, NULL) == 0);
	must(keyring_load(t, NOW, &keys, NULL) == 0);
	source = source_number(t, S("fuzz"));
	must(txn_commit(t, NULL) == 0);
	queues[0] = (struct queue){.name = S("support"),
	    .address = {S("Acme"), S("support@acme.example")},
	    .reopen_within = 14 * CLOCK_DAY,
	    .acknowledge = true};
	queues[1] = queues[0];
	queues[1].name = S("billing");
	queues[1].address.addr = S("billing@acme.example");
	strs_add(&all, &settings.languages, S("en"));
	strs_add(&all, &settings.own_addresses, S("support@acme.example"));
	anna = (struct agent){.name = S("anna"),
	    .full_name = S("Anna"),
	    .rank = RANK_LEAD,
	    .notices = true};
	strs_add(&all, &anna.addresses, S("anna@acme.example"));
	strs_add(&all, &anna.teams, S("first"));
	strs_add(&all, &anna.work, S("*"));
	first.name = S("first");
	settings.site = S("Acme");
	settings.address = queues[0].address;
	settings.domain = S("acme.example");
	settings.timezone = "UTC";
	settings.plus_address = true;
	settings.auto_per_hour = 3;
	settings.auto_per_day = 10;
	settings.site_per_hour = 1000;
	settings.message_size = 1 << 20;
	settings.notices_per_hour = 120;
	settings.notice_within = CLOCK_DAY;
	settings.queues = queues;
	settings.nqueues = 2;
	settings.staff = (struct staff){&anna, 1, &first, 1};
	atexit(clean);
}

static void
come_in(struct desk *d, struct txn *t, struct arena *a, struct message *m,
    const char *key, struct outcome *out)
{
	struct intake in = {
	    .source = {source, str_c(key)},
	    .channel = S("mail"),
	    .size = 1000,
	    .message = m,
	};
	struct err err = ERR_INIT;

	sha256(str_c(key), in.sha256);
	sha256(str_c(key), in.content);
	if (ingest(d, t, a, &in, NOW, out, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		abort();
	}
}

/* The mail, as new, as a follow-up; and what else happens to its ticket. */
static void
work(struct desk *d, struct txn *t, struct arena *a, struct message *m)
{
	struct actor who = {S("cli:fuzz"), S("")};
	struct outcome out;
	struct ticket k;
	struct err err = ERR_INIT;

	come_in(d, t, a, m, "one", &out);
	if (!out.ticket)
		return;
	must(ticket_get(t, a, out.ticket, &k) == 1);
	if (change_status(d, t, a, &k, STATUS_PENDING, &who, NOW + 1, &err) ==
	    0)
		must(change_done(t, &k, NOW + 1, &err) == 0);
	must(rules_at(d, t, a, &k, RULE_SLA_BREACH, NOW + 2, &err) == 0);
	must(rules_at(d, t, a, &k, RULE_IDLE, NOW + 3, &err) == 0);
	ticket_put(t, &k);
	strs_add(a, &m->in_reply_to, m->message_id);
	come_in(d, t, a, m, "two", &out);
	must(txn_error(t, &err) == 0);
	must(d->ruling == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size}, mail;
	struct rules_file file = {.path = "rules.d/1.sieve"};
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct message m = {0};
	struct rules *r = NULL;
	ptrdiff_t at;

	if (size > 16384)
		return 0;
	if (!store)
		init();
	at = str_find(text, S("\n--\n"), 0);
	file.text = at < 0 ? text : str_sub(text, 0, (size_t)at + 1);
	mail = at < 0
		   ? S("From: a@b.example\nTo: support@acme.example\n"
		       "Message-ID: <1@b.example>\nSubject: Order 4711\n\nx\n")
		   : str_from(text, (size_t)at + 4);
	if (rules_compile(NULL, S("rules.d/"), &file, 1, &a, &r, &bad) == 0 &&
	    r && message_parse(&a, mail, NULL, &m, NULL) == 0) {
		struct desk d = {.settings = &settings,
		    .keys = keys,
		    .terms = term_batch_new()};
		struct txn *t = NULL;

		rules_judge(r, &settings, &a, &bad);
		settings.rules = r;
		must(txn_write(store, &t, NULL) == 0);
		work(&d, t, &a, &m);
		txn_abort(&t);
		term_batch_free(d.terms);
		settings.rules = NULL;
	}
	rules_free(&r);
	arena_fini(&a);
	return 0;
}

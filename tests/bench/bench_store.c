/*
 * bench_store: what the store costs a message, beside a bare LMDB loop in the same run.
 *
 *   bench_store [--messages N] [--group N] [--dir DIR]     10,000 messages at 1, 10 and 100 a commit
 *   bench_store --large [--tickets N] [--dir DIR]          1,000,000 tickets of five articles, then the latencies
 *
 * A message here is what ingest writes: ledger, content hash, Message-IDs, person, ticket with its indexes, article, events, the
 * packed mail, an outbox row with its own packed mail, two counters, and about 150 search terms.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/must.h"
#include "store/blob.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/term.h"
#include "store/ticket.h"
#include "store/timer.h"

#include <dirent.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t seed = 88172645463325252u;

static uint64_t
rnd(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static double
wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
die(const struct err *e)
{
	fprintf(stderr, "bench_store: %s\n", e->msg);
	exit(1);
}

static struct store *
open_new(const char *dir)
{
	struct err e;
	struct store *s;
	struct store_options o = {.create = true};

	if (store_open(&s, dir, &o, &e) < 0)
		die(&e);
	return s;
}

/* --- the shape of a message --- */

struct shape {
	size_t packed, text, ack; /* bytes */
	unsigned terms;
	bool outbox;
};

struct words {
	struct str v[20000];
};

static struct words *
make_words(struct arena *a)
{
	struct words *w = arena_new(a, struct words);

	for (size_t i = 0; i < ARRAY_LEN(w->v); i++)
		w->v[i] = arena_printf(a, "%c%llxw%zu", 'a' + (int)rnd(26),
		    (unsigned long long)rnd(4096), i);
	return w;
}

/* Few words are frequent, most are rare. */
static struct str
word(const struct words *w)
{
	uint64_t n = rnd(ARRAY_LEN(w->v) - 1) + 1;

	return w->v[rnd(rnd(n) + 1)];
}

static struct str
noise(struct arena *a, size_t n)
{
	char *p = arena_bytes(a, n + 8);

	for (size_t i = 0; i < n; i += 8) {
		uint64_t v = rnd(UINT64_MAX);

		memcpy(p + i, &v, 8);
	}
	return str_n(p, n);
}

struct message_times {
	double terms;
};

static void
message_ids(struct txn *t, struct arena *a, uint64_t i, struct ticket *k)
{
	uint64_t found;

	for (unsigned n = 0; n < 3; n++) {
		struct str id =
		    arena_printf(a, "CAF%llx.%u.%llu@mail%llu.example.org",
			(unsigned long long)(i * 2654435761u), n,
			(unsigned long long)i, (unsigned long long)(i % 97));

		if (msgid_get(t, id, &found) == 0)
			msgid_put(t, id, k->id, false);
	}
}

static void
write_outbox(struct txn *t, struct arena *a, const struct shape *s,
    struct ticket *k, int64_t now)
{
	struct recipient to = {k->requester.addr, OUTBOX_QUEUED, {0}};
	struct outbox o = {.ticket = k->id,
	    .kind = S("ack"),
	    .recipients = &to,
	    .nrecipients = 1,
	    .message_id = arena_printf(a, "helpd.%llu.%llx@desk.example",
		(unsigned long long)k->id, (unsigned long long)rnd(UINT64_MAX)),
	    .subject = k->subject,
	    .state = OUTBOX_QUEUED,
	    .created = now,
	    .next = now};

	o.blob = blob_put(t, noise(a, s->ack));
	o.size = s->ack * 2;
	outbox_put(t, &o);
	msgid_put(t, o.message_id, k->id, false);
}

static void
write_message(struct txn *t, struct arena *a, const struct shape *s,
    const struct words *w, struct term_batch *terms, uint64_t i,
    uint64_t *tickets, uint32_t source)
{
	struct source_key sk = {source,
	    arena_printf(a, "17%08llu.M%lluP77.host", (unsigned long long)i,
		(unsigned long long)rnd(1000000))};
	struct ledger_row row = {.fate = FATE_TICKET, .at = (int64_t)i};
	uint64_t customer = rnd(4600);
	struct str who = arena_printf(a, "customer%llu@example%llu.org",
	    (unsigned long long)customer, (unsigned long long)customer % 50);
	int64_t now = 1700000000000 + (int64_t)i * 1000;
	unsigned char content[SHA256_SIZE];
	struct person p = {0};
	struct ticket k = {0};
	struct article r;
	struct str counter, ckey;
	uint64_t found;
	uint32_t found_seq;
	struct participant part;
	struct ledger_row have;
	bool follow = *tickets && rnd(100) < 55;

	must(ledger_get(t, sk, &have) == 0);
	random_bytes(content, sizeof content);
	must(rawhash_get(t, content, &found, &found_seq) == 0);
	if (person_get(t, a, who, &p) == 0)
		p = (struct person){.key = who, .addr = who, .first_seen = now};
	p.last_seen = now;
	p.articles++;
	person_put(t, &p);
	if (!follow ||
	    ticket_get(t, a, *tickets - rnd(MIN(*tickets, 500u)), &k) <= 0) {
		part = (struct participant){
		    {S("A Customer"), who}, ROLE_REQUESTER};
		k = (struct ticket){.subject = S("The printer is on fire "
						 "and nobody came"),
		    .status = STATUS_NEW,
		    .priority = PRIORITY_NORMAL,
		    .queue = S("support"),
		    .channel = S("mail"),
		    .language = S("en"),
		    .requester = part.address,
		    .participants = &part,
		    .nparticipants = 1,
		    .created = now,
		    .updated = now,
		    .resolved = CLOCK_NONE,
		    .closed = CLOCK_NONE,
		    .first_response = CLOCK_NONE,
		    .customer_wrote = now,
		    .agent_wrote = CLOCK_NONE,
		    .acknowledged = true};
		ticket_put(t, &k);
		follow = false;
	}
	message_ids(t, a, i, &k);
	r = (struct article){.ticket = k.id,
	    .seq = ++k.articles,
	    .direction = DIRECTION_IN,
	    .author = {S("A Customer"), who},
	    .from = {&(struct address){S("A Customer"), who}, 1},
	    .to = {&(struct address){{0}, S("support@acme.example")}, 1},
	    .subject = k.subject,
	    .date = now,
	    .at = now,
	    .message_id = sk.key,
	    .text = noise(a, s->text),
	    .evidence = S("references"),
	    .size = s->packed * 2};
	memcpy(r.content, content, sizeof content);
	memcpy(r.sha256, content, sizeof content);
	r.blob = blob_put(t, noise(a, s->packed));
	article_put(t, &r);
	rawhash_put(t, content, k.id, r.seq);
	for (unsigned n = 0; n < 2; n++) {
		struct event e = {k.id, ++k.events, now, S("article"),
		    arena_printf(a, "customer:%.*s", STR_ARG(who)), S("in"),
		    S("references")};

		event_put(t, &e);
	}
	ckey = arena_printf(a, "ack:%.*s", STR_ARG(who));
	counter_get(t, a, ckey, &counter);
	counter_put(t, ckey, noise(a, 24));
	if (s->outbox && !follow)
		write_outbox(t, a, s, &k, now);
	k.updated = now;
	k.customer_wrote = now;
	ticket_put(t, &k);
	if (k.id > *tickets)
		*tickets = k.id;
	row.ticket = k.id;
	row.seq = r.seq;
	memcpy(row.sha256, content, sizeof content);
	ledger_put(t, sk, &row);
	for (unsigned n = 0; n < s->terms; n++)
		term_batch_add(terms, word(w), k.id);
}

struct run_result {
	double cpu, wall, noise;
	uint64_t written; /* bytes */
};

/* What this process handed to the kernel to write. */
static uint64_t
written(void)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	ptrdiff_t at;
	struct str rest, line;
	uint64_t n = 0;

	if (file_read("/proc/self/io", 0, &b, NULL) < 0)
		return 0;
	at = str_find(buf_str(&b), S("wchar: "), 0);
	rest = str_from(buf_str(&b), at < 0 ? b.n : (size_t)at + 7);
	if (str_line(&rest, &line))
		str_u64(line, &n);
	return n;
}

static void
run_store(struct store *s, const struct shape *shape, unsigned messages,
    unsigned group, struct run_result *out)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(arena_fini) struct arena keep = ARENA_INIT;
	struct words *w = make_words(&keep);
	struct term_batch *terms = term_batch_new();
	uint64_t tickets = 0;
	double c0, w0;
	size_t len = 0;
	struct err e;

	seed = 88172645463325252u;
	c0 = cpu();
	for (unsigned i = 0; i < messages; i++) {
		arena_reset(&a);
		noise(&a, shape->packed + shape->text + shape->ack / 2);
		for (unsigned n = 0; n < shape->terms; n++)
			len += word(w).n;
	}
	must(len > 0);
	out->noise = cpu() - c0;
	out->written = written();
	c0 = cpu();
	w0 = wall();
	for (unsigned i = 0; i < messages;) {
		struct txn *t;
		uint32_t source;

		if (txn_write(s, &t, &e) < 0)
			die(&e);
		source = source_number(t, S("drop"));
		for (unsigned g = 0; g < group && i < messages; g++, i++) {
			arena_reset(&a);
			write_message(
			    t, &a, shape, w, terms, i, &tickets, source);
		}
		if (term_batch_count(terms) > 10000 || i >= messages)
			term_batch_put(t, terms);
		term_fold(t, 1u << 20);
		if (txn_commit(t, &e) < 0)
			die(&e);
	}
	out->cpu = cpu() - c0 - out->noise;
	out->wall = wall() - w0;
	out->written = written() - out->written;
	term_batch_free(terms);
}

/* --- the bare loop: raw mail and three keys --- */

static void
check(int rc)
{
	if (rc) {
		fprintf(stderr, "bench_store: %s\n", mdb_strerror(rc));
		exit(1);
	}
}

static void
run_bare(const char *dir, const struct shape *shape, unsigned messages,
    unsigned group, struct run_result *out)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi raw, keys;
	double c0, w0;

	check(mdb_env_create(&env));
	check(mdb_env_set_mapsize(env, (size_t)1 << 33));
	check(mdb_env_set_maxdbs(env, 2));
	check(mdb_env_open(env, dir, 0, 0600));
	check(mdb_txn_begin(env, NULL, 0, &txn));
	check(mdb_dbi_open(txn, "raw", MDB_CREATE, &raw));
	check(mdb_dbi_open(txn, "keys", MDB_CREATE, &keys));
	check(mdb_txn_commit(txn));
	c0 = cpu();
	for (unsigned i = 0; i < messages; i++) {
		arena_reset(&a);
		noise(&a, shape->packed);
	}
	out->noise = cpu() - c0;
	out->written = written();
	c0 = cpu();
	w0 = wall();
	for (unsigned i = 0; i < messages;) {
		check(mdb_txn_begin(env, NULL, 0, &txn));
		for (unsigned g = 0; g < group && i < messages; g++, i++) {
			uint64_t id = __builtin_bswap64(i);
			MDB_val k = {8, &id}, v;
			unsigned char hash[32];
			struct str body;

			arena_reset(&a);
			body = noise(&a, shape->packed);
			v = (MDB_val){body.n, (void *)(uintptr_t)body.p};
			check(mdb_put(txn, raw, &k, &v, 0));
			for (unsigned n = 0; n < 3; n++) {
				random_bytes(hash, sizeof hash);
				k = (MDB_val){32, hash};
				v = (MDB_val){8, &id};
				check(mdb_put(txn, keys, &k, &v, 0));
			}
		}
		check(mdb_txn_commit(txn));
	}
	out->cpu = cpu() - c0 - out->noise;
	out->wall = wall() - w0;
	out->written = written() - out->written;
	mdb_env_close(env);
}

/* --- rows of the table --- */

static void
remove_dir(const char *dir)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	unlink(path_join(&a, dir, "data.mdb"));
	unlink(path_join(&a, dir, "lock.mdb"));
	rmdir(dir);
}

static void
compare(const char *base, unsigned messages, unsigned group)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	char *one = path_join(&a, base, "store"),
	     *two = path_join(&a, base, "bare");
	struct shape shape = {6000, 1800, 1500, 150, true};
	struct run_result r = {0}, bare = {0};
	struct store *s = open_new(one);
	uint64_t used, size;
	struct err e;

	run_store(s, &shape, messages, group, &r);
	store_usage(s, &used, &size);
	store_close(s);
	if (dir_make(two, 0700, &e) < 0)
		die(&e);
	run_bare(two, &shape, messages, group, &bare);
	printf("%4u a commit: store %6.1f us cpu %7.1f us wall, bare %6.1f us "
	       "cpu %7.1f us wall; wall rate %.2f of bare; %.1f KB a message "
	       "kept, %.1f written (%.1f)\n",
	    group, r.cpu * 1e6 / messages, r.wall * 1e6 / messages,
	    bare.cpu * 1e6 / messages, bare.wall * 1e6 / messages,
	    bare.wall / r.wall, (double)used / messages / 1024,
	    (double)r.written / messages / 1024,
	    (double)bare.written / messages / 1024);
	remove_dir(one);
	remove_dir(two);
}

/* --- one million tickets --- */

static bool
stop_at_50(void *ctx, const struct ticket *k)
{
	unsigned *n = ctx;

	(void)k;
	return ++*n < 50;
}

static bool
count_hits(void *ctx, uint64_t ticket)
{
	unsigned *n = ctx;

	(void)ticket;
	return ++*n < 50;
}

static double
time_list(struct store *s, const struct ticket_filter *f)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	double w0 = wall();
	unsigned rounds = 200;
	struct err e;

	for (unsigned i = 0; i < rounds; i++) {
		struct txn *t;
		unsigned n = 0;

		arena_reset(&a);
		if (txn_read(s, &t, &e) < 0 ||
		    ticket_each(t, &a, f, stop_at_50, &n) < 0)
			die(&e);
		txn_commit(t, NULL);
	}
	return (wall() - w0) * 1e6 / rounds;
}

static double
time_show(struct store *s, uint64_t tickets)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	double w0 = wall();
	unsigned rounds = 2000;
	struct err e;

	for (unsigned i = 0; i < rounds; i++) {
		uint64_t id = 1 + rnd(tickets);
		struct txn *t;
		struct ticket k;
		struct article r;
		struct event ev;

		arena_reset(&a);
		if (txn_read(s, &t, &e) < 0 || ticket_get(t, &a, id, &k) < 0)
			die(&e);
		for (uint32_t q = 1; q <= k.articles; q++)
			article_get(t, &a, id, q, &r);
		for (uint32_t q = 1; q <= k.events; q++)
			event_get(t, &a, id, q, &ev);
		txn_commit(t, NULL);
	}
	return (wall() - w0) * 1e6 / rounds;
}

static double
time_search(struct store *s, const struct words *w, bool rare)
{
	double w0 = wall();
	unsigned rounds = 200;
	struct err e;

	for (unsigned i = 0; i < rounds; i++) {
		struct str two[2] = {
		    rare ? w->v[ARRAY_LEN(w->v) - 1 - i] : w->v[i % 20],
		    w->v[i % 7 + 20]};
		struct strs q = {two, rare ? 1 : 2};
		struct txn *t;
		unsigned n = 0;

		if (txn_read(s, &t, &e) < 0 ||
		    term_search(t, &q, count_hits, &n) < 0)
			die(&e);
		txn_commit(t, NULL);
	}
	return (wall() - w0) * 1e6 / rounds;
}

static void
large_step(struct store **sp, const char *dir, unsigned *written, unsigned upto,
    uint64_t *tickets, const struct words *w)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct shape shape = {500, 500, 500, 40, false};
	struct term_batch *terms = term_batch_new();
	struct store *s = *sp;
	struct ticket_filter active = {
	    .statuses = 1u << STATUS_NEW | 1u << STATUS_OPEN |
			1u << STATUS_PENDING | 1u << STATUS_HOLD,
	    .limit = 50};
	struct ticket_filter narrow = {.queue = S("support"),
	    .requester = S("customer77@example27.org"),
	    .limit = 50};
	double w0 = wall(), c0 = cpu(), one;
	unsigned begin = *written;
	uint64_t used, size;
	struct err e;

	while (*written < upto) {
		struct txn *t;

		if (txn_write(s, &t, &e) < 0)
			die(&e);
		for (unsigned g = 0; g < 10000 && *written < upto; g++) {
			arena_reset(&a);
			write_message(
			    t, &a, &shape, w, terms, (*written)++, tickets, 1);
		}
		term_batch_put(t, terms);
		term_fold(t, 64u << 20);
		if (txn_commit(t, &e) < 0)
			die(&e);
	}
	printf("%u messages, %llu tickets: written at %.1f us cpu, %.1f us "
	       "wall\n",
	    upto, (unsigned long long)*tickets,
	    (cpu() - c0) * 1e6 / (upto - begin),
	    (wall() - w0) * 1e6 / (upto - begin));
	store_close(s);
	w0 = wall();
	s = *sp = open_new(dir);
	printf("  open %.1f ms\n", (wall() - w0) * 1e3);
	time_show(s, *tickets);
	printf("  show %.1f us", time_show(s, *tickets));
	printf(", list active %.1f us", time_list(s, &active));
	printf(", list of a requester %.1f us", time_list(s, &narrow));
	printf(", search rare %.1f us", time_search(s, w, true));
	printf(", search two words %.1f us\n", time_search(s, w, false));
	shape.packed = 6000;
	c0 = cpu();
	w0 = wall();
	for (unsigned i = 0; i < 200; i++) {
		struct txn *t;

		if (txn_write(s, &t, &e) < 0)
			die(&e);
		arena_reset(&a);
		write_message(
		    t, &a, &shape, w, terms, (*written)++, tickets, 1);
		if (txn_commit(t, &e) < 0)
			die(&e);
	}
	one = (wall() - w0) * 1e6 / 200;
	store_usage(s, &used, &size);
	printf("  one message a commit: %.1f us cpu, %.1f us wall; %.2f GB\n",
	    (cpu() - c0) * 1e6 / 200, one, (double)used / (1u << 30));
	term_batch_free(terms);
}

static void
large(const char *base, unsigned tickets)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	char *dir = path_join(&a, base, "large");
	struct words *w = make_words(&a);
	struct store *s = open_new(dir);
	unsigned written = 0;
	uint64_t made = 0;

	large_step(&s, dir, &written, 22000, &made, w);
	if (tickets > 10000)
		large_step(&s, dir, &written, tickets * 5, &made, w);
	store_close(s);
	remove_dir(dir);
}

int
main(int argc, char **argv)
{
	char template[] = "/var/tmp/bench_store.XXXXXX";
	const char *base = NULL;
	unsigned messages = 10000, tickets = 1000000, group = 0;
	bool do_large = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--large") == 0)
			do_large = true;
		else if (i + 1 == argc)
			return 64;
		else if (strcmp(argv[i], "--messages") == 0)
			messages = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--tickets") == 0)
			tickets = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--group") == 0)
			group = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--dir") == 0)
			base = argv[++i];
		else
			return 64;
	}
	if (!base)
		base = mkdtemp(template);
	must(base != NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (do_large)
		large(base, tickets);
	else if (group)
		compare(base, messages, group);
	else
		for (unsigned g = 1; g <= 100; g *= 10)
			compare(
			    base, g == 1 ? MIN(messages, 2000u) : messages, g);
	rmdir(base);
	return 0;
}

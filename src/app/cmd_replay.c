/*
 * helpd replay: the rules as they are on disk now, over mail that is stored:
 * which tickets would have come out differently. Each mail is parsed again in
 * the jail and tried in a write transaction that is aborted, so that nothing
 * stays and a running daemon waits a moment at most.
 */
#include "app/config_rules.h"
#include "app/jail.h"
#include "app/json.h"
#include "app/session.h"
#include "app/table.h"
#include "app/verb.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/rehearse.h"
#include "store/blob.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum {
	RAW_MAX = 64 << 20
};

struct stored {
	int64_t at;
	uint64_t ticket;
	uint32_t seq;
};
struct kind_count {
	const char *what;
	size_t n;
};
struct replay {
	struct verb_context *c;
	struct session *s;
	struct jail *jail;
	struct rehearsal rehearsal;
	int64_t since;
	struct stored *v;
	size_t n, cap;
	size_t mails, unread, tickets;
	struct kind_count by[16];
	struct arena scan;
	struct txn *t;
	uint64_t *changed;
	size_t nchanged, capchanged;
};

/* --- which mails ------------------------------------------------------- */

static bool
note_ticket(void *ctx, const struct ticket *k)
{
	struct replay *p = ctx;
	uint64_t id = k->id;
	uint32_t articles = k->articles;
	bool any = false;

	if (k->updated < p->since)
		return true;
	for (uint32_t seq = 1; seq <= articles; seq++) {
		struct article r;

		arena_reset(&p->scan);
		if (article_get(p->t, &p->scan, id, seq, &r) <= 0 ||
		    r.direction != DIRECTION_IN || r.at < p->since || !r.blob)
			continue;
		p->v = mem_fit(p->v, &p->cap, p->n + 1, sizeof *p->v);
		p->v[p->n++] = (struct stored){r.at, id, seq};
		any = true;
	}
	p->tickets += any;
	return true;
}

static int
by_time(const void *x, const void *y)
{
	const struct stored *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->ticket != b->ticket)
		return a->ticket < b->ticket ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int
gather(struct replay *p, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct ticket_filter all = {0};

	if (txn_read(p->s->store, &t, err) < 0)
		return -1;
	p->t = t;
	if (ticket_each(t, &a, &all, note_ticket, p) < 0)
		return txn_error(t, err);
	p->t = NULL;
	if (p->n)
		qsort(p->v, p->n, sizeof *p->v, by_time);
	return 0;
}

/* --- printing ---------------------------------------------------------- */

static void
count(struct replay *p, const char *what)
{
	for (size_t i = 0; i < ARRAY_LEN(p->by); i++)
		if (!p->by[i].what || strcmp(p->by[i].what, what) == 0) {
			p->by[i].what = what;
			p->by[i].n++;
			return;
		}
}

static void
count_ticket(struct replay *p, uint64_t id)
{
	for (size_t i = 0; i < p->nchanged; i++)
		if (p->changed[i] == id)
			return;
	p->changed = mem_fit(
	    p->changed, &p->capchanged, p->nchanged + 1, sizeof *p->changed);
	p->changed[p->nchanged++] = id;
}

static void
print_json(const struct ticket *k, uint32_t seq, const struct rehearsed *x)
{
	json_t *o = json_object(), *l = json_array();

	json_object_set_new(o, "ticket", json_integer((json_int_t)k->id));
	json_put_str(o, "subject", k->subject);
	json_object_set_new(o, "article", json_integer(seq));
	json_object_set_new(o, "event", json_string(x->event));
	for (size_t i = 0; i < x->n; i++) {
		json_t *d = json_object();

		json_object_set_new(d, "what", json_string(x->v[i].what));
		json_put_str_or_null(d, "then", x->v[i].then);
		json_put_str_or_null(d, "now", x->v[i].now);
		json_put_str_or_null(d, "cause", x->v[i].cause);
		json_array_append_new(l, d);
	}
	json_object_set_new(o, "changes", l);
	json_print(o);
}

static void
print_text(struct replay *p, struct arena *a, const struct ticket *k,
    uint32_t seq, const struct rehearsed *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	paint(&b, p->c->colour, COLOUR_BOLD,
	    arena_printf(a, "#%llu %.*s", (unsigned long long)k->id,
		STR_ARG(k->subject)));
	buf_printf(&b, "  (article %u, %s)\n", seq, x->event);
	for (size_t i = 0; i < x->n; i++) {
		const struct difference *d = &x->v[i];

		buf_printf(&b, "    %-9s ", d->what);
		paint(&b, p->c->colour, COLOUR_RED,
		    d->then.n ? d->then : S("none"));
		buf_puts(&b, " -> ");
		paint(&b, p->c->colour, COLOUR_GREEN,
		    d->now.n ? d->now : S("none"));
		if (d->cause.n) {
			buf_puts(&b, "  ");
			paint(&b, p->c->colour, COLOUR_DIM, d->cause);
		}
		buf_putc(&b, '\n');
	}
	fputs(buf_cstr(&b), stdout);
}

static void
print_summary(struct replay *p)
{
	const char *comma = " (";

	if (p->c->json) {
		json_t *o = json_object(), *by = json_object();

		json_object_set_new(o, "summary", json_true());
		json_object_set_new(
		    o, "mails", json_integer((json_int_t)p->mails));
		json_object_set_new(
		    o, "unread", json_integer((json_int_t)p->unread));
		json_object_set_new(
		    o, "tickets", json_integer((json_int_t)p->tickets));
		json_object_set_new(
		    o, "different", json_integer((json_int_t)p->nchanged));
		for (size_t i = 0; i < ARRAY_LEN(p->by) && p->by[i].what; i++)
			json_object_set_new(by, p->by[i].what,
			    json_integer((json_int_t)p->by[i].n));
		json_object_set_new(o, "by", by);
		json_print(o);
		return;
	}
	printf("%zu mails of %zu tickets: %zu ticket%s would come out "
	       "differently",
	    p->mails, p->tickets, p->nchanged, p->nchanged == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_LEN(p->by) && p->by[i].what; i++) {
		printf("%s%s %zu", comma, p->by[i].what, p->by[i].n);
		comma = ", ";
	}
	puts(p->by[0].what ? ")" : "");
	if (p->unread)
		printf("%zu mails could not be read again\n", p->unread);
}

/* --- one mail ---------------------------------------------------------- */

/* 1, 0 it cannot be read, -1. */
static int
fetch(struct replay *p, struct arena *a, const struct stored *x,
    struct ticket *k, struct article *r, struct message *m, struct err *err)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct jailed one = {0};
	int found;

	if (txn_read(p->s->store, &t, err) < 0)
		return -1;
	found = ticket_get(t, a, x->ticket, k);
	if (found > 0)
		found = article_get(t, a, x->ticket, x->seq, r);
	if (found > 0)
		found = blob_get(t, r->blob, RAW_MAX, &raw);
	if (found <= 0)
		return txn_error(t, err);
	txn_abort(&t);
	one.raw = buf_str(&raw);
	if (jail_parse(p->jail, a, &one, 1, err) < 0)
		return -1;
	return one.record.n && message_decode(a, one.record, m, NULL) == 0;
}

static int
replay_one(
    struct replay *p, struct arena *a, const struct stored *x, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct rehearsed out;
	struct ticket k;
	struct article r;
	struct message m;
	int found = fetch(p, a, x, &k, &r, &m, err);

	if (found <= 0) {
		p->unread += found == 0;
		return found;
	}
	if (txn_write(p->s->store, &t, err) < 0 ||
	    rehearse(&p->s->desk, t, a, &k, &r, &m, &out, err) < 0)
		return -1;
	txn_abort(&t);
	p->mails += out.ran;
	if (!out.n)
		return 0;
	count_ticket(p, k.id);
	for (size_t i = 0; i < out.n; i++)
		count(p, out.v[i].what);
	if (p->c->json)
		print_json(&k, r.seq, &out);
	else
		print_text(p, a, &k, r.seq, &out);
	return 0;
}

static int
replay(struct replay *p)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;

	if (gather(p, &err) < 0)
		return verb_err(p->c, &err);
	p->s->desk.rehearsal = &p->rehearsal;
	for (size_t i = 0; i < p->n; i++) {
		arena_reset(&a);
		if (replay_one(p, &a, &p->v[i], &err) < 0)
			return verb_err(p->c, &err);
		/* What a rehearsal writes is not the desk's. */
		term_batch_free(p->s->desk.terms);
		p->s->desk.terms = term_batch_new();
	}
	print_summary(p);
	return EX_OK;
}

/* --- the verb ---------------------------------------------------------- */

/* "30d", "12h", "2w", "90m". */
static bool
parse_since(struct str s, int64_t *ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'m', CLOCK_MINUTE}, {'h', CLOCK_HOUR}, {'d', CLOCK_DAY},
	    {'w', 7 * CLOCK_DAY}};
	uint64_t n;

	if (s.n < 2 || !str_u64(str_sub(s, 0, s.n - 1), &n) || n > 1000000)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (s.p[s.n - 1] == units[i].unit) {
			*ms = (int64_t)n * units[i].ms;
			return true;
		}
	return false;
}

/* Other rules than those of the configuration directory. */
static int
other_rules(struct verb_context *c, struct session *s, const char *dir)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct complaints bad = {0};
	struct settings *set = &s->config->settings;
	struct rules *r = NULL;
	int rc = rules_read(&s->arena, dir, set, &r, &bad);

	if (rc == 0)
		rules_judge_templates(r, s->templates, &s->arena, &bad);
	complaints_print(&b, &bad);
	fputs(buf_cstr(&b), stderr);
	if (bad.errors) {
		rules_free(&r);
		return verb_fail(
		    c, EX_CONFIG, "the rules in %s have errors", dir);
	}
	rules_free(&set->rules);
	set->rules = r;
	return EX_OK;
}

int
cmd_replay(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"since", required_argument, NULL, 's'},
	    {"rules", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0},
	};
	struct session s;
	struct replay p = {.c = c, .s = &s, .since = INT64_MIN};
	struct jail_options jo = {.workers = 1};
	struct err err = ERR_INIT;
	const char *dir = NULL;
	int64_t ago;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r') {
			dir = optarg;
		} else if (opt == 's') {
			if (!parse_since(str_c(optarg), &ago))
				return verb_fail(c, EX_USAGE,
				    "--since wants a time like 12h, 30d or 8w");
			p.since = clock_now() - ago;
		} else {
			return verb_usage(c);
		}
	}
	if (optind != argc)
		return verb_usage(c);
	/* The jail's process is forked before the store is mapped. */
	if (jail_open(&p.jail, &jo, &err) < 0)
		return verb_err(c, &err);
	status = session_open(&s, c, SESSION_STORE | SESSION_DESK);
	if (status == EX_OK && dir)
		status = other_rules(c, &s, dir);
	if (status == EX_OK)
		status = replay(&p);
	session_close(&s);
	jail_close(&p.jail);
	mem_free(p.v);
	mem_free(p.changed);
	arena_fini(&p.scan);
	arena_fini(&p.rehearsal.a);
	return status;
}

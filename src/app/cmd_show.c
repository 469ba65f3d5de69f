/* show, why: one ticket. */
#include "app/save.h"
#include "app/session.h"
#include "app/table.h"
#include "app/ticket_json.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/customers.h"
#include "desk/classify_ticket.h"
#include "desk/extra.h"
#include "desk/purge.h"
#include "desk/merge.h"
#include "desk/sla_run.h"
#include "desk/timeline.h"
#include "desk/why.h"
#include "store/outbox.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

static void
print_people(struct verb_context *c, struct arena *a, const struct settings *s,
    const struct ticket *k, struct buf *b)
{
	struct str tier = customer_tier(s, a, k->requester.addr);

	if (tier.n) {
		buf_puts(b, "  tier       ");
		paint(b, c->colour, COLOUR_BOLD, tier);
		buf_putc(b, '\n');
	}
	for (size_t i = 0; i < k->nparticipants; i++) {
		const struct participant *p = &k->participants[i];

		buf_printf(b, "  %-10s ", role_name(p->role));
		if (p->address.name.n) {
			paint(b, c->colour, COLOUR_NONE, p->address.name);
			buf_puts(b, " ");
		}
		buf_puts(b, "<");
		paint(b, c->colour, COLOUR_NONE, p->address.addr);
		buf_puts(b, ">\n");
	}
}

/* What was guessed and is not so: "queue billing, 84 %". */
static void
print_suggestions(struct verb_context *c, struct txn *t, struct arena *a,
    const struct ticket *k, struct buf *b)
{
	struct suggestion *v;
	struct err err = ERR_INIT;
	size_t n;
	bool any = false;

	if (classify_suggestions(t, a, k, &v, &n, &err) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (str_eq(classify_value(k, v[i].field), v[i].value))
			continue;
		buf_puts(b, any ? "             " : "  suggested  ");
		paint(b, c->colour, COLOUR_NONE, v[i].field);
		buf_puts(b, " ");
		paint(b, c->colour, COLOUR_BOLD, v[i].value);
		buf_printf(b, ", %.0f %%\n", v[i].probability * 100);
		any = true;
	}
}

/* Fields, and what is kept beside the columns. */
static void
print_extra(struct verb_context *c, struct arena *a, const struct ticket *k,
    struct buf *b)
{
	struct extra x;

	for (size_t i = 0; i < k->nfields; i++) {
		buf_puts(b, i ? "             " : "  fields     ");
		paint(b, c->colour, COLOUR_NONE, k->fields[i].name);
		buf_puts(b, "=");
		paint(b, c->colour, COLOUR_NONE, k->fields[i].value);
		buf_putc(b, '\n');
	}
	extra_read(a, k->extra, &x);
	if (x.snoozed_until)
		buf_printf(b, "  snoozed    until %.*s\n",
		    STR_ARG(time_text(a, x.snoozed_until)));
	if (x.time_spent) {
		buf_puts(b, "  time       ");
		clock_duration(b, x.time_spent);
		buf_putc(b, '\n');
	}
}

/* "purged 2026-03-03 03:00", "in the night of …", "never (legal-hold)" */
static void
print_retention(struct verb_context *c, struct txn *t, struct arena *a,
    const struct settings *s, const struct ticket *k, struct buf *b)
{
	struct purge_state p;
	struct str kept = {0};

	purge_state(k->extra, &p);
	if (purge_kept_family(t, a, s, k, &kept) < 0)
		return;
	if (p.purged != CLOCK_NONE)
		buf_printf(
		    b, "  purged     %.*s\n", STR_ARG(time_text(a, p.purged)));
	if (kept.n) {
		buf_puts(b, "  kept       by its tag ");
		paint(b, c->colour, COLOUR_NONE, kept);
		buf_putc(b, '\n');
	} else if (p.at != CLOCK_NONE)
		buf_printf(b, "  kept       until %.*s, then purged\n",
		    STR_ARG(time_text(a, p.at)));
}

/* "resolution due 2026-03-02 15:00, 1h30m left" */
static void
print_sla(struct verb_context *c, struct arena *a, const struct settings *s,
    const struct ticket *k, struct buf *b)
{
	const struct sla_policy *p;
	struct sla_clocks x;
	int64_t now = clock_now();
	bool any = false;

	if (!sla_clocks_of(s, a, k, now, &x, &p))
		return;
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++) {
		const struct sla_clock *v = &x.v[i];
		AUTO(buf_fini) struct buf line = BUF_INIT;
		int64_t left;

		if (v->state == SLA_NONE)
			continue;
		buf_printf(&line, "%s %s", sla_target_name((enum sla_target)i),
		    sla_state_name(v->state));
		if (v->due != CLOCK_NONE)
			buf_printf(
			    &line, ", due %.*s", STR_ARG(time_text(a, v->due)));
		if (p && sla_is_live(v)) {
			left = sla_left(p, v, now);
			buf_puts(&line, ", ");
			sla_duration(&line, left < 0 ? -left : left);
			buf_puts(&line, left < 0 ? " too late" : " left");
		}
		buf_puts(b, any ? "             " : "  sla        ");
		paint(b, c->colour, COLOUR_NONE, buf_str(&line));
		buf_putc(b, '\n');
		any = true;
	}
}

/* Into which ticket it was merged, and where that one is now. */
static void
print_target(
    struct txn *t, struct arena *a, const struct ticket *k, struct buf *b)
{
	struct ticket last;

	if (!k->merged_into)
		return;
	buf_printf(b, " into #%llu", (unsigned long long)k->merged_into);
	if (merge_follow(t, a, k->merged_into, &last) > 0 &&
	    last.id != k->merged_into)
		buf_printf(b, ", which is part of #%llu now",
		    (unsigned long long)last.id);
}

static void
print_links(struct verb_context *c, struct txn *t, struct arena *a,
    const struct ticket *k, struct buf *b)
{
	struct ticket o;

	for (size_t i = 0; i < k->nlinks; i++) {
		buf_printf(b, "  %-10s #%llu", link_name(k->links[i].kind),
		    (unsigned long long)k->links[i].ticket);
		if (ticket_get(t, a, k->links[i].ticket, &o) == 1) {
			struct str word = str_c(status_name(o.status));

			buf_puts(b, " ");
			paint(b, c->colour, colour_of_status(word), word);
			buf_puts(b, "  ");
			paint(b, c->colour, COLOUR_DIM, o.subject);
		}
		buf_putc(b, '\n');
	}
}

static void
print_head(struct verb_context *c, struct txn *t, struct arena *a,
    const struct settings *s, const struct ticket *k, struct buf *b)
{
	paint(b, c->colour, COLOUR_BOLD,
	    arena_printf(a, "#%llu %.*s", (unsigned long long)k->id,
		STR_ARG(k->subject)));
	buf_puts(b, "\n  status     ");
	paint(b, c->colour, colour_of_status(str_c(status_name(k->status))),
	    str_c(status_name(k->status)));
	print_target(t, a, k, b);
	buf_puts(b, "\n  priority   ");
	paint(b, c->colour,
	    colour_of_priority(str_c(priority_name(k->priority))),
	    str_c(priority_name(k->priority)));
	buf_puts(b, "\n  queue      ");
	paint(b, c->colour, COLOUR_NONE, k->queue);
	buf_puts(b, "\n  assignee   ");
	paint(b, c->colour, COLOUR_NONE, k->assignee.n ? k->assignee : S("-"));
	buf_printf(b, "\n  created    %.*s\n  changed    %.*s\n",
	    STR_ARG(time_text(a, k->created)),
	    STR_ARG(time_text(a, k->updated)));
	if (k->tags.n) {
		buf_puts(b, "  tags       ");
		for (size_t i = 0; i < k->tags.n; i++) {
			paint(b, c->colour, COLOUR_NONE, k->tags.v[i]);
			buf_putc(b, i + 1 < k->tags.n ? ' ' : '\n');
		}
	}
	print_sla(c, a, s, k, b);
	print_extra(c, a, k, b);
	print_retention(c, t, a, s, k, b);
	print_suggestions(c, t, a, k, b);
	print_links(c, t, a, k, b);
	print_people(c, a, s, k, b);
}

static void
print_delivery(struct verb_context *c, struct txn *t, struct arena *a,
    uint64_t id, struct buf *b)
{
	struct outbox o = {0};

	if (!id || outbox_get(t, a, id, &o) != 1)
		return;
	for (size_t i = 0; i < o.nrecipients; i++) {
		const struct recipient *r = &o.recipients[i];
		/* What is held is the row, whatever its recipients wait for. */
		enum outbox_state st =
		    o.state == OUTBOX_HELD ? o.state : r->state;
		struct str words = st == OUTBOX_HELD ? o.last : r->reply;

		buf_puts(b, "    -> ");
		paint(b, c->colour, COLOUR_NONE, r->addr);
		buf_puts(b, ": ");
		paint(b, c->colour,
		    st == OUTBOX_FAILED ? COLOUR_RED
		    : st == OUTBOX_HELD ? COLOUR_YELLOW
					: COLOUR_DIM,
		    str_c(outbox_state_name(st)));
		if (words.n) {
			buf_puts(b, " (");
			paint(b, c->colour, COLOUR_DIM, words);
			buf_puts(b, ")");
		}
		buf_putc(b, '\n');
	}
}

static void
print_text(struct verb_context *c, const struct article *r, struct buf *b)
{
	struct str rest = r->text, line;
	size_t at = 0, span = 0;

	if (r->text.n == 0)
		return;
	buf_putc(b, '\n');
	while (str_line(&rest, &line)) {
		/* What is quoted or a signature is dimmed. */
		while (span < r->nfresh && r->fresh[span].to <= at)
			span++;
		bool fresh =
		    r->nfresh == 0 ||
		    (span < r->nfresh && r->fresh[span].from <= at + line.n);

		buf_puts(b, "    ");
		paint(b, c->colour, fresh ? COLOUR_NONE : COLOUR_DIM, line);
		buf_putc(b, '\n');
		at = (size_t)(rest.p ? rest.p - r->text.p
				     : (ptrdiff_t)r->text.n);
	}
}

static void
print_article(struct verb_context *c, struct txn *t, struct arena *a,
    const struct article *r, uint64_t shown, struct buf *b)
{
	static const char *const arrow[] = {"", "<-", "->", "--"};
	struct str from = {0};

	/* As it is given to show --raw: the merged ticket, and its number there. */
	if (r->ticket != shown)
		from =
		    arena_printf(a, " of #%llu", (unsigned long long)r->ticket);

	buf_putc(b, '\n');
	paint(b, c->colour, COLOUR_BOLD,
	    arena_printf(a, "%s %u%.*s  %.*s  %.*s <%.*s>", arrow[r->direction],
		r->seq, STR_ARG(from), STR_ARG(time_text(a, r->at)),
		STR_ARG(r->author.name), STR_ARG(r->author.addr)));
	if (r->automatic.n) {
		buf_puts(b, "  ");
		paint(b, c->colour, COLOUR_DIM,
		    arena_printf(a, "automatic: %.*s", STR_ARG(r->automatic)));
	}
	if (r->flag.n) {
		buf_puts(b, "  ");
		paint(b, c->colour, COLOUR_RED, r->flag);
	}
	buf_putc(b, '\n');
	for (size_t i = 0; i < r->attachments.n; i++) {
		const struct attachment *x = &r->attachments.v[i];

		paint(b, c->colour, COLOUR_DIM,
		    arena_printf(a, "    [%zu] %.*s (%.*s, %llu bytes)", i + 1,
			STR_ARG(x->name), STR_ARG(x->type),
			(unsigned long long)x->size));
		buf_putc(b, '\n');
	}
	print_delivery(c, t, a, r->outbox, b);
	print_text(c, r, b);
}

static void
print_event(struct verb_context *c, struct arena *a, const struct event *e,
    uint64_t shown, bool cause, struct buf *b)
{
	paint(b, c->colour, COLOUR_DIM, time_text(a, e->at));
	buf_puts(b, "  ");
	if (e->ticket != shown)
		buf_printf(b, "#%llu ", (unsigned long long)e->ticket);
	paint(b, c->colour, COLOUR_BOLD, e->kind);
	buf_fill(b, ' ', e->kind.n < 16 ? 16 - e->kind.n : 1);
	paint(b, c->colour, COLOUR_NONE, e->detail);
	buf_puts(b, "  ");
	paint(b, c->colour, COLOUR_DIM, e->actor);
	buf_putc(b, '\n');
	if (cause && e->cause.n) {
		buf_puts(b, "                      because  ");
		paint(b, c->colour, COLOUR_NONE, e->cause);
		buf_putc(b, '\n');
	}
}

static int
show_articles(struct verb_context *c, struct txn *t, const struct ticket *k,
    struct buf *b, struct err *err)
{
	AUTO(arena_fini) struct arena all = ARENA_INIT, each = ARENA_INIT;
	AUTO(timeline_close) struct timeline *l = NULL;
	struct article r;
	int more;

	if (timeline_open(t, &all, k, TIMELINE_ARTICLES, &l, err) < 0)
		return -1;
	while ((more = timeline_article(l, &r)) > 0) {
		arena_reset(&each);
		print_article(c, t, &each, &r, k->id, b);
	}
	return more < 0 ? txn_error(t, err) : 0;
}

static int
show_events(struct verb_context *c, struct txn *t, const struct ticket *k,
    bool why, struct buf *b, struct err *err)
{
	AUTO(arena_fini) struct arena all = ARENA_INIT, each = ARENA_INIT;
	AUTO(timeline_close) struct timeline *l = NULL;
	struct event e;
	int more;

	if (timeline_open(t, &all, k, TIMELINE_EVENTS, &l, err) < 0)
		return -1;
	while ((more = timeline_event(l, &e)) > 0) {
		arena_reset(&each);
		if (c->json)
			json_print(event_json(&e, k->id));
		else
			print_event(c, &each, &e, k->id, why, b);
	}
	return more < 0 ? txn_error(t, err) : 0;
}

/* "queue      billing  <- 10-orders.sieve:3 (rule)" */
static int
show_reasons(struct verb_context *c, struct txn *t, struct arena *a,
    const struct ticket *k, struct buf *b, struct err *err)
{
	struct reason *v;
	int n = ticket_why(t, a, k, &v, err);

	for (int i = 0; i < n; i++) {
		const struct event *e = &v[i].event;
		struct str cause = e->cause.n ? e->cause : e->kind;

		if (c->json) {
			json_t *o = json_object();

			json_put_str(o, "what", v[i].what);
			json_put_str(o, "value", v[i].value);
			json_put_str(o, "actor", e->actor);
			json_put_str_or_null(o, "cause", e->cause);
			json_object_set_new(o, "event", json_integer(e->seq));
			json_print(o);
			continue;
		}
		paint(b, c->colour, COLOUR_BOLD, v[i].what);
		buf_fill(b, ' ', v[i].what.n < 10 ? 10 - v[i].what.n : 1);
		paint(b, c->colour, COLOUR_NONE, v[i].value);
		buf_puts(b, "  <- ");
		paint(b, c->colour, COLOUR_NONE, cause);
		paint(b, c->colour, COLOUR_DIM,
		    arena_printf(a, " (%.*s)", STR_ARG(e->actor)));
		buf_putc(b, '\n');
	}
	return MIN(n, 0);
}

static int
show(struct verb_context *c, struct session *s, struct txn *t, struct arena *a,
    const struct ticket *k, bool reasons)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	if (c->json && !reasons) {
		json_t *o = NULL;

		if (ticket_json_whole(t, a, &s->config->settings, k, &o, &err) <
		    0)
			return verb_err(c, &err);
		json_print(o);
		return EX_OK;
	}
	if (!c->json)
		print_head(c, t, a, &s->config->settings, k, &b);
	if (!reasons && show_articles(c, t, k, &b, &err) < 0)
		return verb_err(c, &err);
	buf_putc(&b, '\n');
	if (reasons) {
		if (show_reasons(c, t, a, k, &b, &err) < 0)
			return verb_err(c, &err);
		buf_putc(&b, '\n');
	}
	if (show_events(c, t, k, reasons, &b, &err) < 0)
		return verb_err(c, &err);
	if (!c->json)
		fwrite(buf_cstr(&b), 1, b.n, stdout);
	return txn_error(t, &err) < 0 ? verb_err(c, &err) : EX_OK;
}

struct wish {
	uint64_t ticket, raw;
	const char *save;
	bool why;
};

static int
do_show(struct verb_context *c, const struct wish *w)
{
	struct session s;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct jail *jail = NULL;
	struct jail_options jo = {.workers = 1};
	struct txn *t = NULL;
	struct ticket k;
	struct err err = ERR_INIT;
	int status;

	/* The jail's process is forked before the store is mapped. */
	if (w->save && jail_open(&jail, &jo, &err) < 0)
		return verb_err(c, &err);
	status = session_open(&s, c, SESSION_STORE);
	if (status == EX_OK) {
		if (txn_read(s.store, &t, &err) < 0 ||
		    session_ticket(t, &a, w->ticket, &k, &err) < 0) {
			status = verb_err(c, &err);
		} else if (w->raw) {
			status = save_raw(c, t, &a, &k, w->raw);
		} else if (w->save) {
			status = save_attachments(c, jail, t, &a, &k, w->save);
		} else {
			status = show(c, &s, t, &a, &k, w->why);
		}
		txn_abort(&t);
	}
	session_close(&s);
	jail_close(&jail);
	return status;
}

int
cmd_show(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"raw", required_argument, NULL, 'r'},
	    {"save", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	struct wish w = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r' && str_u64(str_c(optarg), &w.raw) && w.raw)
			continue;
		if (opt != 's')
			return verb_usage(c);
		w.save = optarg;
	}
	if (optind + 1 != argc || !verb_ticket(argv[optind], &w.ticket))
		return verb_usage(c);
	return do_show(c, &w);
}

int
cmd_why(struct verb_context *c, int argc, char **argv)
{
	struct wish w = {.why = true};

	if (argc != 2 || !verb_ticket(argv[1], &w.ticket))
		return verb_usage(c);
	return do_show(c, &w);
}

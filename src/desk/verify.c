/*
 * Everything is walked once, ticket by ticket, with reads that the tables
 * answer directly; nothing is kept but a few counters, so a store of any size
 * is checked in little memory.
 */
#include "desk/verify.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/classify.h"
#include "desk/due.h"
#include "desk/event.h"
#include "desk/extra.h"
#include "desk/family.h"
#include "desk/merge.h"
#include "desk/people.h"
#include "desk/privacy.h"
#include "desk/purge.h"
#include "desk/settle.h"
#include "desk/sla_run.h"
#include "desk/wait.h"
#include "store/outbox.h"
#include "store/retain.h"

struct check {
	struct txn *t;
	const struct settings *s;
	struct arena a;    /* of one ticket at a time */
	struct arena rows; /* of one row at a time of a table that is walked */
	void (*found)(void *ctx, struct str where, struct str what);
	void (*progress)(void *ctx, uint64_t tickets);
	void *ctx;
	struct verify_counts *counts;
	int64_t problems;
	uint64_t timers[DUE_COUNT];  /* that tickets know of, by kind */
	uint64_t rows_of[DUE_COUNT]; /* that are there */
	uint64_t retained;           /* tickets that are to be purged */
	bool swept; /* all tickets are counted by the present configuration */
	bool failed;
};

static void __attribute__((format(printf, 3, 4)))
report(struct check *c, struct str where, const char *fmt, ...)
{
	va_list ap;
	char what[300];

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	c->problems++;
	if (c->found)
		c->found(c->ctx, where, str_c(what));
}

#define TICKET(id) ((unsigned long long)(id))

static bool
get(struct check *c, uint64_t id, struct ticket *k)
{
	int r = ticket_get(c->t, &c->a, id, k);

	if (r < 0)
		c->failed = true;
	return r > 0;
}

/* --- a ticket ---------------------------------------------------------- */

/* The other side of a link; 0: any will do. */
static enum link_kind
other_side(enum link_kind kind)
{
	switch (kind) {
	case LINK_PARENT:
		return LINK_CHILD;
	case LINK_CHILD:
		return LINK_PARENT;
	case LINK_SPLIT:
		return LINK_SPLIT;
	case LINK_RELATED:
	case LINK_FOLLOWS:
	case LINK_FOLLOWED_BY:
	case LINK_MERGED_FROM:
		break;
	}
	return 0;
}

static void
check_link(struct check *c, const struct ticket *k, const struct link *l,
    const struct ticket *o, struct str where)
{
	enum link_kind back = other_side(l->kind);
	bool kin = l->kind == LINK_PARENT || l->kind == LINK_CHILD;

	if (l->kind == LINK_MERGED_FROM) {
		if (o->merged_into != k->id)
			report(c, where,
			    "%llu is said to be merged into it, and is not",
			    TICKET(o->id));
	} else if (back ? !ticket_links_as(o, k->id, back)
			: !ticket_links_to(o, k->id))
		report(c, where, "%llu does not link back", TICKET(o->id));
	if (kin && k->merged_into)
		report(c, where,
		    "was merged, and is still parent or sub-ticket of %llu",
		    TICKET(o->id));
}

static void
check_links(struct check *c, const struct ticket *k, struct str where)
{
	for (size_t i = 0; i < k->nlinks && !c->failed; i++) {
		struct ticket o;

		if (k->links[i].ticket == k->id)
			report(c, where, "is linked to itself");
		else if (get(c, k->links[i].ticket, &o))
			check_link(c, k, &k->links[i], &o, where);
		else if (!c->failed)
			report(c, where,
			    "is linked to %llu, which is not there",
			    TICKET(k->links[i].ticket));
	}
}

static void
check_merges(struct check *c, const struct ticket *k, struct str where)
{
	uint64_t at = k->merged_into;

	if ((k->status == STATUS_MERGED) != (k->merged_into != 0))
		report(c, where, "status and merged-into contradict");
	for (int steps = 0; at && !c->failed; steps++) {
		struct ticket o;

		if (at == k->id || steps > MERGED_MAX) {
			report(c, where, "was merged in a circle");
			return;
		}
		if (!get(c, at, &o)) {
			report(c, where,
			    "was merged into %llu, which is not there",
			    TICKET(at));
			return;
		}
		if (steps == 0 && !ticket_links_as(&o, k->id, LINK_MERGED_FROM))
			report(c, where,
			    "was merged into %llu, which does not know of it",
			    TICKET(at));
		at = o.merged_into;
	}
}

/* Only once for each circle would be nicer; a ticket above itself is rare
 * enough. The first parents are followed: merging checks all. */
static void
check_parents(struct check *c, const struct ticket *k, struct str where)
{
	uint64_t at = merge_parent(k);

	for (int steps = 0; at && !c->failed; steps++) {
		struct ticket p;

		if (at == k->id) {
			report(c, where, "is a sub-ticket of itself");
			return;
		}
		if (steps > 1000 || !get(c, at, &p))
			return; /* told where the link is checked */
		at = merge_parent(&p);
	}
}

static void
check_family(struct check *c, const struct ticket *k, struct str where)
{
	uint64_t up = extra_family(k->extra);
	struct ticket o;

	if (up && up >= k->id)
		report(c, where, "points to a younger head of its family");
	else if (up && !get(c, up, &o))
		report(c, where, "the head of its family is not there");
}

/* Who sleeps has somebody to wake him. */
static void
check_snooze(struct check *c, const struct ticket *k, struct str where)
{
	struct timer m = {.kind = DUE_SNOOZE, .ticket = k->id};
	struct extra x;
	int found;

	extra_read(&c->a, k->extra, &x);
	if (!x.snoozed_until)
		return;
	m.due = x.snoozed_until;
	found = timer_has(c->t, &m);
	if (found < 0)
		c->failed = true;
	else if (!found)
		report(c, where, "is snoozed, and no timer wakes it");
	if (k->status != STATUS_HOLD)
		report(c, where, "is snoozed, and its status is %s",
		    status_name(k->status));
}

static void
check_timer(struct check *c, const struct ticket *k, struct str where,
    enum due_kind kind, int64_t at)
{
	struct timer m = {.due = at, .kind = kind, .ticket = k->id};
	int found;

	if (at == CLOCK_NONE)
		return;
	c->timers[kind]++;
	found = timer_has(c->t, &m);
	if (found < 0)
		c->failed = true;
	else if (!found)
		report(c, where, "its %s timer is not there", due_name(kind));
}

/* What is promised has somebody who looks when it falls due. */
static void
check_promises(struct check *c, const struct ticket *k, struct str where)
{
	const struct sla_policy *p;
	struct sla_clocks x;
	struct sla_due due;
	struct extra e;

	extra_read(&c->a, k->extra, &e);
	sla_decode(&c->a, e.sla, &x);
	check_timer(c, k, where, DUE_SLA, x.timer);
	check_timer(c, k, where, DUE_WAIT, wait_timer(&c->a, k));
	p = c->s ? sla_policy_of(c->s, k) : NULL;
	/* Of another version: the sweep comes to it. */
	if (!p || !str_eq(x.policy, p->name) || x.version != p->version ||
	    x.priority != k->priority)
		return;
	if (sla_next(p, &x, &due) && x.timer != due.at)
		report(c, where,
		    "something of its service level falls due, "
		    "and no timer is set for it");
}

/* Where it stands in the list of those to be purged, and whether it should. */
static void
check_retained(struct check *c, const struct ticket *k, struct str where)
{
	struct purge_state p;
	struct str kept;
	int found;

	purge_state(k->extra, &p);
	if (p.at != CLOCK_NONE) {
		c->retained++;
		found = retain_has(c->t, p.at, k->id);
		if (found < 0)
			c->failed = true;
		else if (!found)
			report(c, where,
			    "is not in the list of those to be purged");
		return;
	}
	if (!c->s || !c->swept || p.purged != CLOCK_NONE)
		return;
	if (purge_kept_family(c->t, &c->a, c->s, k, &kept) < 0)
		c->failed = true;
	else if (!kept.n && purge_when(c->s, k) != CLOCK_NONE)
		report(c, where, "is to be purged, and not in the list for it");
}

static void
check_people(struct check *c, const struct ticket *k, struct str where)
{
	for (size_t i = 0; i < k->nparticipants; i++) {
		struct str x = k->participants[i].address.addr;

		for (size_t n = 0; n < i; n++)
			if (address_eq(k->participants[n].address.addr, x))
				report(c, where, "%.*s takes part twice",
				    STR_ARG(x));
	}
}

/* What an agent did by mail says by which right (desk/identity.h). */
static void
check_authority(struct check *c, const struct event *e, struct str where)
{
	if (str_starts(e->actor, S("agent:")) && !str_has(e->cause, S("row ")))
		report(c, where,
		    "event %u (%.*s) is an agent's and names no row that "
		    "allowed it",
		    e->seq, STR_ARG(e->kind));
}

static void
check_events(struct check *c, const struct ticket *k, struct str where)
{
	struct event e;
	int r;

	for (uint32_t seq = 1; seq <= k->events && !c->failed; seq++) {
		r = event_get(c->t, &c->a, k->id, seq, &e);
		if (r < 0)
			c->failed = true;
		else if (!r)
			report(c, where, "event %u is missing", seq);
		else {
			c->counts->events++;
			check_authority(c, &e, where);
		}
	}
	r = c->failed ? 0 : event_get(c->t, &c->a, k->id, k->events + 1, &e);
	if (r < 0)
		c->failed = true;
	else if (r)
		report(c, where, "has more events than it counts");
}

/* Who takes part no more was a reader until the event that says so. */
static bool
was_removed(
    struct check *c, const struct ticket *k, struct str addr, int64_t since)
{
	for (uint32_t seq = k->events; seq > 0 && !c->failed; seq--) {
		struct event e;
		int r = event_get(c->t, &c->a, k->id, seq, &e);

		if (r < 0)
			c->failed = true;
		if (r <= 0 || e.at < since)
			continue;
		if (str_eq(e.kind, str_c(event_name(EVENT_PARTICIPANT))) &&
		    str_starts(e.detail, S("-")) &&
		    address_eq(str_from(e.detail, 1), addr))
			return true;
	}
	return false;
}

/* What a rule of the admin's sends to others says so in the history. */
static bool
was_ruled(struct check *c, const struct ticket *k, const struct outbox *o,
    struct str addr)
{
	struct str said =
	    arena_printf(&c->a, "%.*s: %.*s", STR_ARG(o->kind), STR_ARG(addr));

	if (!str_eq(o->kind, S("redirect")) && !str_eq(o->kind, S("notify")))
		return false;
	for (uint32_t seq = k->events; seq > 0 && !c->failed; seq--) {
		struct event e;
		int r = event_get(c->t, &c->a, k->id, seq, &e);

		if (r < 0)
			c->failed = true;
		if (r > 0 && e.at == o->created && str_eq(e.actor, S("rule")) &&
		    (str_eq(e.detail, said) ||
			str_starts(e.detail,
			    arena_printf(&c->a, "%.*s, held", STR_ARG(said)))))
			return true;
	}
	return false;
}

/* Was this address a reader when the mail was written? Everyone who takes part
 * is; and whoever wrote to the ticket may have been acknowledged. */
static bool
may_read(struct check *c, const struct ticket *k, const struct outbox *o,
    struct str addr)
{
	if (people_takes_part(k, addr))
		return true;
	if (str_eq(o->kind, S("ack")) && o->nrecipients == 1 &&
	    address_eq(k->requester.addr, addr))
		return true;
	return was_removed(c, k, addr, o->created) || was_ruled(c, k, o, addr);
}

static void
check_outgoing(struct check *c, const struct ticket *k, const struct article *r,
    struct str where, unsigned *acks)
{
	struct outbox o;
	int found = outbox_get(c->t, &c->a, r->outbox, &o);

	if (found < 0) {
		c->failed = true;
		return;
	}
	if (!found) {
		report(c, where, "article %u: mail %llu is not in the outbox",
		    r->seq, TICKET(r->outbox));
		return;
	}
	*acks += str_eq(o.kind, S("ack"));
	if (o.ticket != k->id || o.seq != r->seq)
		report(c, where, "article %u: mail %llu is of another ticket",
		    r->seq, TICKET(o.id));
	if (!str_eq(o.message_id, r->message_id) || o.blob != r->blob)
		report(c, where,
		    "article %u: mail %llu has other bytes or another "
		    "Message-ID",
		    r->seq, TICKET(o.id));
	for (size_t i = 0; i < o.nrecipients; i++) {
		struct str x = o.recipients[i].addr;

		if (c->s && settings_is_own(c->s, x))
			report(c, where, "mail %llu goes to our own %.*s",
			    TICKET(o.id), STR_ARG(x));
		/* What waits goes to nobody yet: "#cc add" waits with it. */
		else if (o.state != OUTBOX_HELD && !may_read(c, k, &o, x))
			report(c, where,
			    "mail %llu goes to %.*s, who does not take part",
			    TICKET(o.id), STR_ARG(x));
	}
}

/* A copy says of what: "split from #17 article 3". It has bytes of its own,
 * which are the same. */
static void
check_copy(struct check *c, const struct article *r, struct str where)
{
	static const unsigned char none[SHA256_SIZE];
	struct str rest = r->evidence, id, seq;
	struct article o;
	uint64_t ticket, n;
	int found;

	if (!str_starts(rest, S("split from #")))
		return;
	rest = str_from(rest, sizeof "split from #" - 1);
	if (!str_word(&rest, &id) || !str_word(&rest, &seq) ||
	    !str_word(&rest, &seq) || !str_u64(id, &ticket) ||
	    !str_u64(seq, &n) || n > UINT32_MAX) {
		report(c, where, "article %u does not say of what it is a copy",
		    r->seq);
		return;
	}
	found = article_get(c->t, &c->a, ticket, (uint32_t)n, &o);
	if (found < 0)
		c->failed = true;
	else if (!found)
		report(c, where, "article %u is a copy of none", r->seq);
	else if (!privacy_is_gone(&o) && !privacy_is_gone(r) &&
		 ((o.blob != 0) != (r->blob != 0) ||
		     (r->blob && o.blob == r->blob)))
		report(c, where, "article %u has no bytes of its own", r->seq);
	else if (memcmp(o.content, r->content, SHA256_SIZE) != 0 ||
		 (memcmp(r->sha256, none, SHA256_SIZE) != 0 &&
		     memcmp(o.sha256, r->sha256, SHA256_SIZE) != 0))
		report(
		    c, where, "article %u is a copy of another mail", r->seq);
}

static void
check_articles(struct check *c, const struct ticket *k, struct str where)
{
	unsigned acks = 0;

	for (uint32_t seq = 1; seq <= k->articles && !c->failed; seq++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct article r;
		uint64_t ticket;
		uint32_t at;
		int found = article_get(c->t, &a, k->id, seq, &r);

		if (found < 0)
			c->failed = true;
		if (found == 0)
			report(c, where, "article %u is missing", seq);
		if (found <= 0)
			continue;
		c->counts->articles++;
		if (r.direction == DIRECTION_OUT && r.outbox)
			check_outgoing(c, k, &r, where, &acks);
		if (r.direction == DIRECTION_OUT && !r.blob &&
		    !privacy_is_gone(&r))
			report(c, where, "article %u has no bytes", seq);
		if (r.direction != DIRECTION_IN)
			continue;
		check_copy(c, &r, where);
		found = rawhash_get(c->t, r.content, &ticket, &at);
		if (found < 0)
			c->failed = true;
		else if (!found)
			report(c, where,
			    "article %u is not known by its content", seq);
	}
	if (acks > 1)
		report(c, where, "%u acknowledgements", acks);
	if (acks && !k->acknowledged)
		report(c, where, "an acknowledgement that it does not know of");
}

struct list {
	uint64_t *ids;
	size_t n, cap;
	struct arena *a;
};

static bool
note_ticket(void *ctx, const struct ticket *k)
{
	struct list *l = ctx;

	if (l->n == l->cap) {
		uint64_t *v;

		l->cap = l->cap ? 2 * l->cap : 1024;
		v = arena_array(l->a, uint64_t, l->cap);
		if (l->n)
			memcpy(v, l->ids, l->n * sizeof *v);
		l->ids = v;
	}
	l->ids[l->n++] = k->id;
	return true;
}

/* The numbers of all tickets, a page at a time: the rows are not kept. */
static int
list_all(struct txn *t, struct list *l)
{
	AUTO(arena_fini) struct arena page = ARENA_INIT;
	struct ticket_filter f = {.limit = 1000};
	size_t before;

	do {
		before = l->n;
		arena_reset(&page);
		if (ticket_each(t, &page, &f, note_ticket, l) < 0)
			return -1;
		if (l->n)
			f.after = l->ids[l->n - 1];
	} while (l->n > before);
	return 0;
}

static void
check_ticket(struct check *c, uint64_t id)
{
	char where[40];
	struct ticket k;
	struct str w;

	arena_reset(&c->a);
	snprintf(where, sizeof where, "ticket %llu", TICKET(id));
	w = str_c(where);
	if (!get(c, id, &k)) {
		report(c, w, "is listed but not there");
		return;
	}
	c->counts->tickets++;
	if (!k.articles)
		report(c, w, "has no article");
	check_links(c, &k, w);
	check_merges(c, &k, w);
	check_parents(c, &k, w);
	check_family(c, &k, w);
	check_people(c, &k, w);
	check_snooze(c, &k, w);
	check_promises(c, &k, w);
	check_retained(c, &k, w);
	check_events(c, &k, w);
	check_articles(c, &k, w);
}

/* --- the ledger, the outbox, the quarantine ---------------------------- */

static bool
check_fate(void *ctx, struct source_key key, const struct ledger_row *row)
{
	struct check *c = ctx;
	struct quarantined q;
	struct article r;
	char where[60];
	struct str w;
	int found = 1;

	arena_reset(&c->a);
	c->counts->sources++;
	snprintf(where, sizeof where, "source %u, a key of %zu bytes",
	    key.source, key.key.n);
	w = str_c(where);
	if (row->fate == FATE_QUARANTINE) {
		found = quarantine_get(c->t, &c->a, row->quarantine, &q);
		if (!found)
			report(c, w, "quarantined mail %llu is not there",
			    TICKET(row->quarantine));
	} else if (row->fate == FATE_INTERNAL && !row->ticket) {
		/* Mail of the house (desk/health.h): on no ticket. */
	} else if (row->fate == FATE_SKIPPED || row->fate == FATE_REMOVED) {
		if (row->ticket)
			report(c, w, "is in no ticket, but has ticket %llu",
			    TICKET(row->ticket));
	} else {
		found = article_get(c->t, &c->a, row->ticket, row->seq, &r);
		if (!found)
			report(c, w, "ticket %llu, article %u is not there",
			    TICKET(row->ticket), row->seq);
		else if (found > 0 && row->fate != FATE_DUPLICATE &&
			 memcmp(r.sha256, row->sha256, SHA256_SIZE) != 0)
			report(c, w, "ticket %llu, article %u is another mail",
			    TICKET(row->ticket), row->seq);
	}
	if (found < 0)
		c->failed = true;
	return !c->failed;
}

static bool
count_row(void *ctx, const struct outbox *o)
{
	struct check *c = ctx;
	char where[40];

	c->counts->outbox++;
	snprintf(where, sizeof where, "mail %llu", TICKET(o->id));
	if (!o->nrecipients)
		report(c, str_c(where), "has no recipient");
	for (size_t i = 0; i < o->nrecipients; i++)
		if (o->state == OUTBOX_SENT &&
		    o->recipients[i].state != OUTBOX_SENT)
			report(c, str_c(where),
			    "is sent, but not to every recipient");
	arena_reset(&c->rows);
	return true;
}

static bool
count_quarantined(void *ctx, const struct quarantined *q)
{
	struct check *c = ctx;

	(void)q;
	c->counts->quarantined++;
	arena_reset(&c->rows);
	return true;
}

static bool
count_timer(void *ctx, const struct timer *m)
{
	struct check *c = ctx;

	if (m->kind < DUE_COUNT)
		c->rows_of[m->kind]++;
	return true;
}

/* Each that is there is the one of its ticket. */
static int
check_timers(struct check *c)
{
	static const enum due_kind kinds[] = {DUE_SLA, DUE_WAIT};
	uint64_t rows;

	if (timer_each(c->t, &c->rows, count_timer, c) < 0)
		return -1;
	arena_reset(&c->rows);
	if (retain_count(c->t, &rows) < 0)
		return -1;
	if (rows > c->retained)
		report(c, S("times of tickets"),
		    "%llu to be purged are not told by a ticket",
		    TICKET(rows - c->retained));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (c->rows_of[kinds[i]] > c->timers[kinds[i]])
			report(c, S("timers"),
			    "%llu of kind %s belong to no ticket",
			    TICKET(c->rows_of[kinds[i]] - c->timers[kinds[i]]),
			    due_name(kinds[i]));
	return 0;
}

struct models {
	struct check *c;
	uint64_t bad;
	char field[MODEL_FIELD_MAX + 1]; /* of the first */
};

static bool
check_model(void *ctx, struct str field, uint32_t place, struct str value)
{
	struct models *m = ctx;

	arena_reset(&m->c->rows);
	if (classify_row_good(&m->c->rows, place, value))
		return true;
	if (!m->bad++)
		snprintf(m->field, sizeof m->field, "%.*s", STR_ARG(field));
	return true;
}

/* All of a model is lost with one of its rows, and all is learned again. */
static int
check_models(struct check *c)
{
	struct models m = {.c = c};

	if (model_each(c->t, check_model, &m) < 0)
		return -1;
	if (m.bad)
		report(c, S("what was learned"),
		    "%llu rows cannot be read, the first of %s (helpd classify "
		    "--train learns it again)",
		    TICKET(m.bad), m.field);
	return 0;
}

static int
check_erasure(struct check *c)
{
	struct erasure e;
	int got = erasure_pending(c->t, &c->rows, &e);

	if (got > 0) {
		report(c, S("erasures"),
		    "one was begun and has not ended "
		    "(helpd erase --continue ends it)");
		erasure_fini(&e);
	}
	arena_reset(&c->rows);
	return MIN(got, 0);
}

static int
check_tables(struct check *c)
{
	if (check_erasure(c) < 0)
		return -1;
	if (check_models(c) < 0)
		return -1;
	if (check_timers(c) < 0)
		return -1;
	if (ledger_each(c->t, 0, check_fate, c) < 0)
		return -1;
	for (int s = OUTBOX_QUEUED; s < OUTBOX_STATE_COUNT; s++) {
		if (outbox_each(
			c->t, &c->rows, (enum outbox_state)s, count_row, c) < 0)
			return -1;
	}
	return quarantine_each(c->t, &c->rows, count_quarantined, c);
}

int64_t
desk_verify(struct txn *t, const struct settings *s,
    void (*found)(void *ctx, struct str where, struct str what),
    void (*progress)(void *ctx, uint64_t tickets), void *ctx,
    struct verify_counts *counts, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct list l = {.a = &a};
	struct verify_counts none;
	struct check c = {.t = t,
	    .s = s,
	    .found = found,
	    .progress = progress,
	    .ctx = ctx,
	    .counts = counts ? counts : &none};

	*c.counts = (struct verify_counts){0};
	if (list_all(t, &l) < 0)
		return txn_error(t, err);
	c.swept = s && desk_promises_differ(s, t, &a) == 0 &&
		  timer_has(t, &(struct timer){.kind = DUE_SWEEP}) == 0;
	for (size_t i = 0; i < l.n && !c.failed; i++) {
		check_ticket(&c, l.ids[i]);
		if (progress && c.counts->tickets % 1000 == 0)
			progress(ctx, c.counts->tickets);
	}
	if (!c.failed && check_tables(&c) < 0)
		c.failed = true;
	arena_fini(&c.a);
	arena_fini(&c.rows);
	return c.failed ? txn_error(t, err) : c.problems;
}

/*
 * Purging, in steps: articles, then events, then what is left of the outbox,
 * then the ticket itself. How far it came is kept with the ticket, so a large one
 * is many small transactions, and a kill costs the last of them.
 */
#include "base/clock.h"
#include "base/must.h"
#include "desk/event.h"
#include "desk/extra.h"
#include "desk/merge.h"
#include "desk/privacy_private.h"
#include "desk/purge_private.h"
#include "store/blob.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/reseal.h"
#include "store/retain.h"

struct work {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	struct ticket k;
	struct purge_state p;
	size_t left; /* rows that may be written yet */
	bool put_off;
	int64_t now;
	struct err *err;
};

static bool
take(struct work *w)
{
	if (!w->left)
		return false;
	w->left--;
	return true;
}

/* --- people ------------------------------------------------------------ */

struct others {
	uint64_t but;
	bool any;
};

static bool
on_other(void *ctx, const struct ticket *k)
{
	struct others *o = ctx;

	o->any |= k->id != o->but;
	return !o->any;
}

/* The last time anything came to it. */
static int64_t
last_time(const struct ticket *k)
{
	int64_t at = MAX(k->updated, k->created);

	return k->closed == CLOCK_NONE ? at : MAX(at, k->closed);
}

/* A person of the ticket, of whom no other is left and who did nothing since. */
static int
forget_person(struct work *w, struct str addr)
{
	const struct settings *s = w->d->settings;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str key = address_key(&a, addr);
	struct ticket_filter f = {.requester = key, .limit = 2};
	struct others o = {.but = w->k.id};
	struct person p;
	int found;

	if (!addr.n || settings_is_own(s, addr) ||
	    staff_by_address(&s->staff, addr))
		return 0;
	found = person_get(w->t, &a, key, &p);
	if (found <= 0 || p.last_seen > last_time(&w->k))
		return MIN(found, 0);
	if (ticket_each(w->t, &a, &f, on_other, &o) < 0)
		return -1;
	if (!o.any) {
		/* The key itself stays in the vault: nothing says whose it
		 * was. */
		reseal_part(w->t, addr);
		person_forget(w->t, &a, key);
	}
	return 0;
}

/* --- articles and the outbox ------------------------------------------- */

/* Takes a row away with its bytes, unless they are its article's. */
static int
drop_row(struct work *w, uint64_t id)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct outbox o;
	int found = outbox_get(w->t, &a, id, &o);

	if (found <= 0)
		return found;
	if (o.state == OUTBOX_SENDING || o.state == OUTBOX_QUEUED) {
		w->put_off = true;
		return 0;
	}
	if (o.blob && !o.seq)
		blob_del(w->t, o.blob);
	outbox_del(w->t, id);
	return 0;
}

static bool
is_desks(const struct work *w, const struct address *x)
{
	const struct settings *s = w->d->settings;

	return !x->addr.n || settings_is_own(s, x->addr) ||
	       staff_by_address(&s->staff, x->addr);
}

static int
purge_article(struct work *w, uint32_t seq)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct article r;
	int found = article_get(w->t, &a, w->k.id, seq, &r);

	if (found <= 0 || str_eq(r.flag, PURGE_MARK))
		return MIN(found, 0);
	if (r.outbox && drop_row(w, r.outbox) < 0)
		return -1;
	if (w->put_off)
		return 0;
	if (r.direction == DIRECTION_IN && forget_person(w, r.author.addr) < 0)
		return -1;
	if (r.blob)
		blob_del(w->t, r.blob);
	r.blob = r.size = r.outbox = 0;
	article_strip(&a, &r, PURGE_MARK);
	/* Which agent wrote is part of what is counted. */
	if (r.direction == DIRECTION_IN || !is_desks(w, &r.author))
		r.author = (struct address){0};
	r.from = r.to = r.cc = (struct addresses){0};
	article_put(w->t, &r);
	return 0;
}

/* 1: all are done. */
static int
articles(struct work *w)
{
	while (w->p.articles < w->k.articles) {
		if (!take(w))
			return 0;
		if (purge_article(w, w->p.articles + 1) < 0)
			return -1;
		if (w->put_off)
			return 0;
		w->p.articles++;
	}
	return 1;
}

/* Notices and posts of webhooks; they have no article. */
static int
rows(struct work *w)
{
	uint64_t id = 0;
	int more;

	while ((more = outbox_of_ticket(w->t, w->k.id, id, &id)) > 0) {
		if (!take(w))
			return 0;
		if (drop_row(w, id) < 0)
			return -1;
		if (w->put_off)
			return 0;
	}
	return more < 0 ? -1 : 1;
}

/* --- the history ------------------------------------------------------- */

/* Kinds whose detail is of the desk's words alone. */
static bool
is_plain(struct str kind)
{
	static const enum event_kind kinds[] = {EVENT_ARTICLE, EVENT_STATUS,
	    EVENT_REOPENED, EVENT_THANKS, EVENT_PRIORITY, EVENT_QUEUE,
	    EVENT_ASSIGNEE, EVENT_TAG, EVENT_LINK, EVENT_UNLINK, EVENT_NOTE,
	    EVENT_TIME, EVENT_SNOOZED, EVENT_AWOKE, EVENT_MERGED, EVENT_SPLIT,
	    EVENT_SLA, EVENT_SLA_WARNING, EVENT_SLA_BREACH, EVENT_ESCALATED,
	    EVENT_REMINDED, EVENT_IDLE, EVENT_ERASED, EVENT_PURGED};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(kind, str_c(event_name(kinds[i]))))
			return true;
	return false;
}

/* Without words that hold an address or a Message-ID. */
static struct str
without_addresses(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str rest = s, word;

	if (str_chr(s, '@', 0) < 0 && str_chr(s, '<', 0) < 0)
		return s;
	while (str_word(&rest, &word)) {
		bool keep =
		    str_chr(word, '@', 0) < 0 && str_chr(word, '<', 0) < 0;

		if (b.n)
			buf_putc(&b, ' ');
		buf_put(&b, keep ? word : PURGE_MARK);
	}
	return arena_dup(a, buf_str(&b));
}

static struct str
actor_of(struct arena *a, struct str actor)
{
	if (str_starts(actor, S("customer:")))
		return S("customer");
	return without_addresses(a, actor);
}

static int
purge_event(struct work *w, uint32_t seq)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str actor, detail, cause;
	struct event e;
	int found = event_get(w->t, &a, w->k.id, seq, &e);

	if (found <= 0)
		return found;
	actor = actor_of(&a, e.actor);
	cause = without_addresses(&a, cause_without_command(e.cause));
	detail = !e.detail.n        ? e.detail
		 : is_plain(e.kind) ? without_addresses(&a, e.detail)
				    : PURGE_MARK;
	if (str_eq(actor, e.actor) && str_eq(cause, e.cause) &&
	    str_eq(detail, e.detail))
		return 0;
	return event_erase(w->t, &a, w->k.id, seq, actor, detail, cause);
}

static int
events(struct work *w)
{
	while (w->p.events < w->k.events) {
		if (!take(w))
			return 0;
		if (purge_event(w, w->p.events + 1) < 0)
			return -1;
		w->p.events++;
	}
	return 1;
}

/* --- the ticket -------------------------------------------------------- */

static int
purge_head(struct work *w)
{
	struct ticket *k = &w->k;
	struct extra x;

	if (forget_person(w, k->requester.addr) < 0)
		return -1;
	for (size_t i = 0; i < k->nparticipants; i++)
		if (forget_person(w, k->participants[i].address.addr) < 0)
			return -1;
	k->subject = PURGE_MARK;
	k->requester = (struct address){0};
	k->participants = NULL;
	k->nparticipants = 0;
	k->fields = NULL;
	k->nfields = 0;
	extra_read(w->a, k->extra, &x);
	x.chain = x.threads = (struct strs){0};
	x.last_in = 0;
	k->extra = extra_write(w->a, k->extra, &x);
	counter_del(w->t,
	    arena_printf(w->a, "answered:%llu", (unsigned long long)k->id));
	return 0;
}

/* What was merged into it goes now, too. */
static int
list_sources(struct work *w)
{
	uint64_t *ids;
	size_t n;

	if (merge_sources(w->t, w->a, &w->k, &ids, &n, w->err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct purge_state p;
		struct ticket k;
		int found = ticket_get(w->t, w->a, ids[i], &k);

		if (found < 0)
			return -1;
		if (!found)
			continue;
		purge_state(k.extra, &p);
		if (p.purged != CLOCK_NONE)
			continue;
		purge_list(w->t, &k, &p, w->now);
		if (purge_keep_state(w->a, &k, &p))
			ticket_put(w->t, &k);
	}
	return 0;
}

static int
finish(struct work *w)
{
	struct actor who = ACTOR_SYSTEM;

	who.cause = arena_printf(w->a, "queue %.*s, %s", STR_ARG(w->k.queue),
	    w->k.status == STATUS_SPAM ? "spam_purge_after" : "purge_after");
	if (purge_head(w) < 0 || list_sources(w) < 0)
		return -1;
	event_add(w->t, &w->k, EVENT_PURGED, &who,
	    arena_printf(w->a, "%u articles", w->k.articles), w->now);
	w->p.events = w->k.events;
	w->p.purged = w->now;
	purge_words(w->t, w->a, w->k.id, w->now);
	purge_list(w->t, &w->k, &w->p, CLOCK_NONE);
	return 0;
}

/* Is it still to be purged? 1, 0, -1. */
static int
is_due(struct work *w)
{
	struct ticket target;
	struct str kept;
	int found;

	if (purge_kept_family(w->t, w->a, w->d->settings, &w->k, &kept) < 0)
		return -1;
	if (kept.n)
		return 0;
	if (w->k.status != STATUS_MERGED)
		return purge_when(w->d->settings, &w->k) <= w->now &&
		       purge_when(w->d->settings, &w->k) != CLOCK_NONE;
	found = merge_follow(w->t, w->a, w->k.merged_into, &target);
	return found <= 0 ? found : purge_is_stub(&target);
}

static int
purge_parts(struct work *w)
{
	int done = articles(w);

	if (done > 0)
		done = rows(w);
	if (done > 0)
		done = events(w);
	return done > 0 ? finish(w) : done;
}

/* One ticket, as far as the rows reach. */
static int
purge_ticket(struct work *w, uint64_t id, int64_t at)
{
	int due, found = ticket_get(w->t, w->a, id, &w->k);

	if (found < 0)
		return -1;
	if (found)
		purge_state(w->k.extra, &w->p);
	if (!found || w->p.at != at) {
		retain_del(w->t, at, id);
		return 0;
	}
	due = is_due(w);
	if (due < 0)
		return -1;
	if (!due)
		purge_list(w->t, &w->k, &w->p, CLOCK_NONE);
	else if (purge_parts(w) < 0)
		return -1;
	else if (w->put_off)
		purge_list(
		    w->t, &w->k, &w->p, purge_night(w->now + CLOCK_HOUR));
	purge_keep_state(w->a, &w->k, &w->p);
	ticket_put(w->t, &w->k);
	return 0;
}

int
purge_run(struct desk *d, struct txn *t, struct arena *a, int64_t now,
    size_t rows, size_t *ran, struct err *err)
{
	struct work w = {.left = rows};

	for (*ran = 0; w.left; ++*ran) {
		AUTO(arena_fini) struct arena each = ARENA_INIT;
		uint64_t id;
		int64_t at;
		int found = retain_first(t, &at, &id);

		if (found < 0)
			return txn_error(t, err);
		if (!found || at > now)
			break;
		w = (struct work){.d = d,
		    .t = t,
		    .a = &each,
		    .left = w.left - 1,
		    .now = now,
		    .err = err};
		if (purge_ticket(&w, id, at) < 0)
			return err && err->code ? -1 : txn_error(t, err);
	}
	(void)a;
	return txn_error(t, err);
}

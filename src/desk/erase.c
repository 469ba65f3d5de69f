/*
 * Erasing a person: what is done to each ticket, article, event and row. In
 * which order, and how it goes on after a crash, is in erase_run.c: all of it
 * may be done twice.
 */
#include "base/clock.h"
#include "base/must.h"
#include "desk/erase_private.h"
#include "desk/event.h"
#include "desk/extra.h"
#include "desk/held.h"
#include "desk/privacy_private.h"
#include "desk/purge.h"
#include "store/blob.h"
#include "store/grant.h"
#include "store/outbox.h"
#include "store/person.h"

enum {
	NAME_MIN = 5 /* shorter names are words */
};

/* --- words ------------------------------------------------------------- */

/* Every whole `what` of the text is `with` afterwards. */
static struct str
replace(struct arena *a, struct str s, struct str what, struct str with)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	ptrdiff_t at;

	if (!what.n || str_ifind(s, what, 0) < 0)
		return s;
	while ((at = str_ifind(s, what, 0)) >= 0) {
		size_t end = (size_t)at + what.n;
		/* Of somebody whose address only ends like this one? */
		size_t from = at > 1 ? (size_t)at - 2 : 0;
		size_t to = MIN(end + 2, s.n);
		bool whole = privacy_names(str_sub(s, from, to), what);

		buf_put(&b, str_sub(s, 0, (size_t)at));
		buf_put(&b, whole ? with : str_sub(s, (size_t)at, end));
		s = str_from(s, end);
	}
	buf_put(&b, s);
	return arena_dup(a, buf_str(&b));
}

struct deed {
	struct txn *t;
	struct arena *a;
	const struct settings *s;
	struct erasure *e;
	const struct erase_tell *tell;
	enum privacy_part part; /* in the ticket */
	struct str subject;     /* which it had; empty: it is not his */
	bool changed;
};

static struct str
clean(const struct deed *d, struct str s)
{
	s = replace(d->a, s, d->e->addr, d->e->alias);
	if (d->e->name.n >= NAME_MIN)
		s = replace(d->a, s, d->e->name, PRIVACY_ERASED);
	if (d->part != PRIVACY_OWN)
		return s;
	if (d->subject.n)
		s = replace(d->a, s, d->subject, PRIVACY_ERASED);
	return text_without_ids(d->a, s);
}

static bool
clean_address(const struct deed *d, struct address *x)
{
	if (!address_eq(x->addr, d->e->addr))
		return false;
	x->addr = d->e->alias;
	x->name = str_n(NULL, 0);
	return true;
}

static bool
clean_addresses(const struct deed *d, struct addresses *l)
{
	bool changed = false;

	for (size_t i = 0; i < l->n; i++)
		changed |= clean_address(d, &l->v[i]);
	return changed;
}

/* --- mails ------------------------------------------------------------- */

/*
 * The outbox row of an article that goes (own), or of which he is a recipient.
 * What waits for him alone is dropped; a row that stays has other bytes.
 */
static int
erase_sending(struct deed *d, struct article *r, bool own)
{
	struct outbox o;
	size_t n = 0;
	int found = r->outbox ? outbox_get(d->t, d->a, r->outbox, &o) : 0;

	if (found <= 0)
		return found;
	if (own && o.state != OUTBOX_SENT) {
		outbox_del(d->t, o.id);
		r->outbox = 0;
		d->e->n.mails++;
		return 0;
	}
	for (size_t i = 0; i < o.nrecipients; i++) {
		struct recipient x = o.recipients[i];

		if (address_eq(x.addr, d->e->addr)) {
			if (!own && o.state != OUTBOX_SENT && o.nrecipients > 1)
				continue; /* it goes to the others only */
			x.addr = d->e->alias;
		}
		x.reply = clean(d, x.reply);
		o.recipients[n++] = x;
	}
	o.nrecipients = n;
	o.last = clean(d, o.last);
	o.subject = own ? PRIVACY_ERASED : clean(d, o.subject);
	if (own) {
		o.blob = r->blob;
		o.size = r->size;
	}
	outbox_put(d->t, &o);
	return 0;
}

/* All of an article that is his. */
static int
erase_article(struct deed *d, struct article *r)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;

	if (r->blob)
		blob_del(d->t, r->blob);
	r->blob = r->size = 0;
	/* A mail that was sent is in the outbox with its bytes. */
	if (r->outbox && r->direction == DIRECTION_OUT) {
		struct str raw = S("Subject: erased\r\n\r\nerased\r\n");

		blob_pack(raw, &packed);
		r->blob = blob_put(d->t, buf_str(&packed));
		r->size = raw.n;
		memset(r->sha256, 0, sizeof r->sha256);
	}
	if (erase_sending(d, r, true) < 0)
		return -1;
	if (!r->outbox && r->blob) {
		blob_del(d->t, r->blob);
		r->blob = r->size = 0;
	}
	clean_address(d, &r->author);
	clean_addresses(d, &r->from);
	clean_addresses(d, &r->to);
	clean_addresses(d, &r->cc);
	article_strip(d->a, r, PRIVACY_ERASED);
	article_put(d->t, r);
	d->e->n.articles++;
	return 0;
}

static int
visit_article(struct deed *d, const struct ticket *k, uint32_t seq)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct arena *outer = d->a;
	struct article r;
	enum privacy_part part;
	int rc = 0, found = article_get(d->t, &a, k->id, seq, &r);

	if (found <= 0)
		return found;
	d->a = &a;
	part = str_eq(r.flag, PRIVACY_ERASED)
		   ? PRIVACY_NONE
		   : privacy_of_article(d->s, &r, d->e->addr, d->part);
	if (part == PRIVACY_OWN) {
		d->changed = true;
		rc = erase_article(d, &r);
	} else if (part == PRIVACY_SHARED) {
		d->changed = true;
		clean_addresses(d, &r.to);
		clean_addresses(d, &r.cc);
		rc = erase_sending(d, &r, false);
		article_put(d->t, &r);
	}
	if (part == PRIVACY_SHARED || part == PRIVACY_NAMED) {
		d->e->n.quoted++;
		erase_say(d->tell,
		    "#%llu article %u is of others and names "
		    "the address: its words stay",
		    (unsigned long long)k->id, seq);
	}
	d->a = outer;
	return rc;
}

/* --- the history ------------------------------------------------------- */

/* Kinds whose detail is somebody's words. */
static bool
is_words(struct str kind)
{
	static const enum event_kind kinds[] = {EVENT_SUBJECT, EVENT_BOUNCE,
	    EVENT_DELIVERY_FAILED, EVENT_FIELD, EVENT_CHILD, EVENT_REFUSED,
	    EVENT_SUSPENDED, EVENT_CLASSIFY};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_eq(kind, str_c(event_name(kinds[i]))))
			return true;
	return false;
}

static int
visit_event(struct deed *d, const struct ticket *k, uint32_t seq)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct arena *outer = d->a;
	struct str actor, detail, cause;
	struct event e;
	int found = event_get(d->t, &a, k->id, seq, &e);

	if (found <= 0)
		return found;
	d->a = &a;
	actor = clean(d, e.actor);
	cause = clean(d,
	    d->part == PRIVACY_OWN ? cause_without_command(e.cause) : e.cause);
	detail = d->part == PRIVACY_OWN && is_words(e.kind)
		     ? PRIVACY_ERASED
		     : clean(d, e.detail);
	d->a = outer;
	if (str_eq(actor, e.actor) && str_eq(cause, e.cause) &&
	    str_eq(detail, e.detail))
		return 0;
	d->changed = true;
	d->e->n.events++;
	return event_erase(d->t, &a, k->id, seq, actor, detail, cause);
}

/* --- the ticket -------------------------------------------------------- */

void
erase_say(const struct erase_tell *tell, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	if (!tell || !tell->say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	tell->say(tell->ctx, line);
}

static void
erase_head(struct deed *d, struct ticket *k)
{
	struct extra x;

	clean_address(d, &k->requester);
	for (size_t i = 0; i < k->nparticipants; i++)
		clean_address(d, &k->participants[i].address);
	if (d->part != PRIVACY_OWN) {
		k->subject = clean(d, k->subject);
		for (size_t i = 0; i < k->nfields; i++)
			k->fields[i].value = clean(d, k->fields[i].value);
		return;
	}
	k->subject = PRIVACY_ERASED;
	for (size_t i = 0; i < k->nfields; i++)
		k->fields[i].value = PRIVACY_ERASED;
	extra_read(d->a, k->extra, &x);
	x.chain = x.threads = (struct strs){0};
	k->extra = extra_write(d->a, k->extra, &x);
}

static bool
names_fields(const struct ticket *k, struct str addr)
{
	for (size_t i = 0; i < k->nfields; i++)
		if (privacy_names(k->fields[i].value, addr))
			return true;
	return false;
}

/* Is one of its mails on its way at this moment? 1, 0, -1. */
static int
is_sending(struct txn *t, uint64_t ticket)
{
	uint64_t id = 0;
	int more;

	while ((more = outbox_of_ticket(t, ticket, id, &id)) > 0) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct outbox o;
		int found = outbox_get(t, &a, id, &o);

		if (found < 0)
			return -1;
		if (found && o.state == OUTBOX_SENDING)
			return 1;
	}
	return more;
}

static void
end_ticket(struct deed *d, struct ticket *k, int64_t now)
{
	struct actor who = {.name = d->e->actor};
	bool requester = address_eq(k->requester.addr, d->e->addr);

	erase_head(d, k);
	if (requester && d->part == PRIVACY_SHARED)
		k->subject = PRIVACY_ERASED;
	event_add(d->t, k, EVENT_ERASED, &who,
	    arena_printf(d->a, "erased-%llu", (unsigned long long)d->e->id),
	    now);
	ticket_put(d->t, k);
	d->e->n.tickets++;
	erase_note_ticket(d->e, k->id << 1 | (d->part == PRIVACY_OWN));
}

/* Articles, then events, from where it was left. */
static int
visit_ticket(struct deed *d, struct ticket *k, size_t *rows, int64_t now)
{
	uint64_t all = (uint64_t)k->articles + k->events;

	d->part = privacy_of_ticket(d->s, k, d->e->addr);
	/* Nobody else chose it. */
	if (d->part == PRIVACY_OWN)
		d->subject = k->subject;
	d->changed = d->e->changed || d->part != PRIVACY_NONE ||
		     names_fields(k, d->e->addr);
	for (; d->e->row < all; d->e->row++) {
		uint64_t at = d->e->row;

		if (!*rows)
			break;
		--*rows;
		if (at < k->articles
			? visit_article(d, k, (uint32_t)at + 1) < 0
			: visit_event(d, k, (uint32_t)(at - k->articles) + 1) <
			      0)
			return -1;
	}
	d->e->changed = d->changed;
	if (d->e->row < all)
		return 0;
	if (d->changed)
		end_ticket(d, k, now);
	d->e->row = 0;
	d->e->changed = false;
	return 1;
}

int
erase_ticket(struct txn *t, struct arena *a, const struct settings *s,
    struct erasure *e, uint64_t ticket, size_t *rows,
    const struct erase_tell *tell, int64_t now)
{
	struct deed d = {.t = t, .a = a, .s = s, .e = e, .tell = tell};
	struct ticket k;
	struct str kept = {0};
	int sending, found = ticket_get(t, a, ticket, &k);

	if (found <= 0)
		return found < 0 ? -1 : 1;
	if (!e->force && purge_kept_family(t, a, s, &k, &kept) < 0)
		return -1;
	if (kept.n) {
		if (privacy_of_ticket(s, &k, e->addr) == PRIVACY_NONE)
			return 1;
		e->n.kept++;
		erase_say(tell,
		    "#%llu is kept (%.*s): nothing of it was erased; --force "
		    "does",
		    (unsigned long long)ticket, STR_ARG(kept));
		return 1;
	}
	if (e->row == 0) {
		sending = is_sending(t, ticket);
		if (sending)
			return sending < 0 ? -1 : ERASE_WAIT;
	}
	return visit_ticket(&d, &k, rows, now);
}

/* --- what is kept elsewhere -------------------------------------------- */

/* Of a ticket that is kept, and was left as it was? 1, 0, -1. */
static int
is_kept(struct deed *d, uint64_t ticket)
{
	struct str kept = {0};
	struct ticket k;
	int found;

	if (d->e->force || !ticket || erasure_has(d->e, ticket))
		return 0;
	found = ticket_get(d->t, d->a, ticket, &k);
	if (found > 0 && purge_kept_family(d->t, d->a, d->s, &k, &kept) < 0)
		return -1;
	return found < 0 ? -1 : kept.n > 0;
}

static void
drop_row(struct deed *d, struct outbox *o)
{
	if (o->blob)
		blob_del(d->t, o->blob);
	outbox_del(d->t, o->id);
	d->e->n.mails++;
}

/* Beside the row of an article there are others that name its bytes: copies of
 * it, and tries that failed. Of an article that was erased they have none. */
static int
is_left_over(struct deed *d, const struct outbox *o)
{
	struct article r;
	int found;

	if (!o->seq || !o->blob)
		return 0;
	found = article_get(d->t, d->a, o->ticket, o->seq, &r);
	return found < 0 ? -1 : found && r.blob != o->blob;
}

static int
visit_row(struct deed *d, struct outbox *o)
{
	bool own = erase_is_own(d->e, o->ticket), his = false;
	bool changed = o->ticket && erasure_has(d->e, o->ticket);
	int kept, left = is_left_over(d, o);

	if (left < 0)
		return -1;
	if (left && o->state == OUTBOX_SENDING)
		return ERASE_WAIT;
	if (left) {
		outbox_del(d->t, o->id);
		return 0;
	}
	for (size_t i = 0; i < o->nrecipients; i++)
		his |= address_eq(o->recipients[i].addr, d->e->addr);
	if (!own && !his && !changed)
		return 0;
	kept = is_kept(d, o->ticket);
	if (kept)
		return MIN(kept, 0);
	if (o->state == OUTBOX_SENDING)
		return ERASE_WAIT;
	d->part = own ? PRIVACY_OWN : PRIVACY_SHARED;
	/* What waits and is no article goes to agents or webhooks, with his
	 * words. */
	if (!o->seq && o->state != OUTBOX_SENT) {
		drop_row(d, o);
		return 0;
	}
	if (!own && !his)
		return 0;
	/* What an article sends was seen to with it. */
	for (size_t i = 0; i < o->nrecipients; i++) {
		struct recipient *x = &o->recipients[i];

		if (address_eq(x->addr, d->e->addr))
			x->addr = d->e->alias;
		x->reply = clean(d, x->reply);
	}
	o->last = clean(d, o->last);
	if (own)
		o->subject = PRIVACY_ERASED;
	if (!o->seq && o->blob) {
		blob_del(d->t, o->blob);
		o->blob = o->size = 0;
	}
	outbox_put(d->t, o);
	return 0;
}

int
erase_row(
    struct txn *t, const struct settings *s, struct erasure *e, uint64_t id)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct deed d = {.t = t, .a = &a, .s = s, .e = e};
	struct outbox o;
	int found = outbox_get(t, &a, id, &o);

	return found > 0 ? visit_row(&d, &o) : found;
}

/* "auto:ann@…": what is counted of him; and what waits for an agent's digest
 * and is of one of his tickets, or names him. */
static bool
counts_him(void *ctx, struct str key, struct str value)
{
	const struct erasure *e = ctx;

	return privacy_names(key, e->key) || privacy_names(key, e->addr) ||
	       privacy_names(value, e->addr);
}

struct nonces {
	struct txn *t;
	const struct erasure *e;
	uint64_t v[64];
	size_t n;
};

/* Does what waits behind it belong to an answer that is gone, or name him? */
static bool
holds_him(struct nonces *l, const struct grant *g)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct waiting w;
	struct outbox o;

	if (!g->held.n || !erasure_has((void *)(uintptr_t)l->e, g->ticket))
		return false;
	if (waiting_decode(&a, g->held, &w, NULL) < 0)
		return false;
	return privacy_names(w.text, l->e->addr) ||
	       privacy_names(w.commands, l->e->addr) ||
	       (w.outbox && outbox_get(l->t, &a, w.outbox, &o) == 0);
}

static bool
note_grant(void *ctx, const struct grant *g)
{
	struct nonces *l = ctx;

	if (erase_is_own(l->e, g->ticket) || holds_him(l, g))
		l->v[l->n++] = g->nonce;
	return l->n < sizeof l->v / sizeof *l->v;
}

int
erase_person(struct txn *t, struct arena *a, struct erasure *e)
{
	struct nonces l = {.t = t, .e = e};

	do {
		l.n = 0;
		if (grant_each(t, a, note_grant, &l) < 0)
			return -1;
		for (size_t i = 0; i < l.n; i++)
			grant_del(t, l.v[i]);
	} while (l.n);
	if (counter_sift(t, counts_him, e) < 0)
		return -1;
	person_forget(t, a, e->key);
	return 0;
}

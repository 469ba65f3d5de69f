/*
 * Erasing a person, ticket by ticket.
 *
 * How far it came is a row in meta, written with each ticket, so what a crash
 * cuts off goes on from there; every step may be done twice. It holds the
 * address until the end, which takes the row away.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/extra.h"
#include "desk/privacy_private.h"
#include "store/blob.h"
#include "store/grant.h"
#include "store/outbox.h"
#include "store/person.h"

#define NOTE S("privacy.erasing")

enum {
	TAG_ADDR = 1,
	TAG_KEY,
	TAG_NAME,
	TAG_ACTOR,
	TAG_ID,
	TAG_NEXT,
	TAG_TICKET,
};
enum {
	NAME_MIN = 5 /* shorter names are words */
};

/* --- the note ---------------------------------------------------------- */

void
erasure_fini(struct erasure *e)
{
	mem_free(e->tickets);
	*e = (struct erasure){0};
}

static void
add_ticket(struct erasure *e, uint64_t v)
{
	if (e->ntickets && e->tickets[e->ntickets - 1] >> 1 == v >> 1)
		return;
	e->tickets =
	    mem_fit(e->tickets, &e->cap, e->ntickets + 1, sizeof *e->tickets);
	e->tickets[e->ntickets++] = v;
}

static struct str
alias_of(struct arena *a, uint64_t id)
{
	return arena_printf(a, "erased-%llu@invalid", (unsigned long long)id);
}

int
erasure_pending(struct txn *t, struct arena *a, struct erasure *out)
{
	struct recr r;
	struct str v;
	int got = meta_get(t, a, NOTE, &v);

	if (got <= 0 || !v.n)
		return got < 0 ? got : 0;
	*out = (struct erasure){0};
	r = recr_open(v);
	while (recr_next(&r))
		if (r.is_str && r.tag == TAG_ADDR)
			out->addr = r.s;
		else if (r.is_str && r.tag == TAG_KEY)
			out->key = r.s;
		else if (r.is_str && r.tag == TAG_NAME)
			out->name = r.s;
		else if (r.is_str && r.tag == TAG_ACTOR)
			out->actor = r.s;
		else if (!r.is_str && r.tag == TAG_ID)
			out->id = r.u;
		else if (!r.is_str && r.tag == TAG_NEXT)
			out->next = r.u;
		else if (!r.is_str && r.tag == TAG_TICKET)
			add_ticket(out, r.u);
	if (r.bad || !out->id || !out->addr.n) {
		erasure_fini(out);
		return txn_fail(t, ERR_CORRUPT,
		    "the note of an erasure is not in its form");
	}
	out->alias = alias_of(a, out->id);
	return 1;
}

static void
note(struct txn *t, const struct erasure *e)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	rec_str(&b, TAG_ADDR, e->addr);
	rec_str(&b, TAG_KEY, e->key);
	rec_str_opt(&b, TAG_NAME, e->name);
	rec_str_opt(&b, TAG_ACTOR, e->actor);
	rec_u64(&b, TAG_ID, e->id);
	rec_u64(&b, TAG_NEXT, e->next);
	for (size_t i = 0; i < e->ntickets; i++)
		rec_u64(&b, TAG_TICKET, e->tickets[i]);
	meta_put(t, NOTE, buf_str(&b));
}

int
erasure_begin(
    struct txn *t, struct arena *a, struct erasure *e, struct err *err)
{
	struct erasure other;
	int got = erasure_pending(t, a, &other);

	if (got > 0) {
		erasure_fini(&other);
		return err_set(
		    err, ERR_TEMP, "another erasure is to be ended first");
	}
	e->id = meta_next(t, S("erased"));
	e->alias = alias_of(a, e->id);
	e->next = 1;
	note(t, e);
	return txn_error(t, err);
}

void
erasure_end(struct txn *t)
{
	meta_put(t, NOTE, str_n(NULL, 0));
}

bool
erasure_has(void *ctx, uint64_t ticket)
{
	const struct erasure *e = ctx;
	size_t lo = 0, hi = e->ntickets;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (e->tickets[mid] >> 1 < ticket)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < e->ntickets && e->tickets[lo] >> 1 == ticket;
}

/* Is the ticket one of his alone? */
static bool
is_own(const struct erasure *e, uint64_t ticket)
{
	for (size_t i = 0; i < e->ntickets; i++)
		if (e->tickets[i] == (ticket << 1 | 1))
			return true;
	return false;
}

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
	struct erasure_counts *n;
	enum privacy_part part; /* in the ticket */
	struct str subject;     /* which it had; empty: it is not his */
	bool changed;
	struct err *err;
	void (*tell)(void *ctx, uint64_t ticket, uint32_t seq);
	void *ctx;
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
	if (o.state == OUTBOX_SENDING)
		return err_set(d->err, ERR_TEMP,
		    "mail %llu is being sent at this moment",
		    (unsigned long long)o.id);
	if (own && o.state != OUTBOX_SENT) {
		outbox_del(d->t, o.id);
		r->outbox = 0;
		d->n->mails++;
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
	d->n->articles++;
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
		d->n->quoted++;
		if (d->tell)
			d->tell(d->ctx, k->id, seq);
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
	cause = clean(d, d->part == PRIVACY_OWN ? cause_without_command(e.cause)
					: e.cause);
	detail = d->part == PRIVACY_OWN && is_words(e.kind)
		     ? PRIVACY_ERASED
		     : clean(d, e.detail);
	d->a = outer;
	if (str_eq(actor, e.actor) && str_eq(cause, e.cause) &&
	    str_eq(detail, e.detail))
		return 0;
	d->changed = true;
	d->n->events++;
	return event_erase(d->t, &a, k->id, seq, actor, detail, cause);
}

/* --- the ticket -------------------------------------------------------- */

static void
erase_head(struct deed *d, struct ticket *k)
{
	struct extra x;

	clean_address(d, &k->requester);
	for (size_t i = 0; i < k->nparticipants; i++)
		clean_address(d, &k->participants[i].address);
	if (d->part != PRIVACY_OWN) {
		k->subject = clean(d, k->subject);
		return;
	}
	k->subject = PRIVACY_ERASED;
	for (size_t i = 0; i < k->nfields; i++)
		k->fields[i].value = PRIVACY_ERASED;
	extra_read(d->a, k->extra, &x);
	x.chain = x.threads = (struct strs){0};
	k->extra = extra_write(d->a, k->extra, &x);
}

static int
visit_ticket(struct deed *d, struct ticket *k, int64_t now)
{
	struct actor who = {.name = d->e->actor};
	uint32_t events = k->events;
	bool requester = address_eq(k->requester.addr, d->e->addr);

	d->part = privacy_of_ticket(d->s, k, d->e->addr);
	if (d->part == PRIVACY_OWN)
		d->subject = k->subject;
	/* Nobody else chose it. */
	d->changed = d->part != PRIVACY_NONE;
	for (uint32_t seq = 1; seq <= k->articles; seq++)
		if (visit_article(d, k, seq) < 0)
			return -1;
	for (uint32_t seq = 1; seq <= events; seq++)
		if (visit_event(d, k, seq) < 0)
			return -1;
	if (!d->changed)
		return 0;
	erase_head(d, k);
	if (requester && d->part == PRIVACY_SHARED)
		k->subject = PRIVACY_ERASED;
	event_add(d->t, k, EVENT_ERASED, &who,
	    arena_printf(d->a, "erased-%llu", (unsigned long long)d->e->id),
	    now);
	ticket_put(d->t, k);
	d->n->tickets++;
	add_ticket(d->e, k->id << 1 | (d->part == PRIVACY_OWN));
	return 0;
}

int
erasure_ticket(struct txn *t, struct arena *a, const struct settings *s,
    struct erasure *e, uint64_t ticket, int64_t now, struct erasure_counts *n,
    void (*tell)(void *ctx, uint64_t ticket, uint32_t seq), void *ctx,
    struct err *err)
{
	struct deed d = {.t = t,
	    .a = a,
	    .s = s,
	    .e = e,
	    .n = n,
	    .tell = tell,
	    .ctx = ctx,
	    .err = err};
	struct ticket k;
	int found = ticket_get(t, a, ticket, &k);

	if (found > 0 && visit_ticket(&d, &k, now) < 0)
		return err->code ? -1 : txn_error(t, err);
	e->next = ticket + 1;
	/* Of the others it need not be known: they are looked at again. */
	if (d.changed || ticket % 1024 == 0)
		note(t, e);
	return txn_error(t, err);
}

/* --- what is kept elsewhere -------------------------------------------- */

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
erase_left_over(struct deed *d, struct outbox *o)
{
	if (o->state == OUTBOX_SENDING)
		return err_set(d->err, ERR_TEMP,
		    "mail %llu is being sent at this moment",
		    (unsigned long long)o->id);
	outbox_del(d->t, o->id);
	return 0;
}

static int
visit_row(struct deed *d, struct outbox *o)
{
	bool own = is_own(d->e, o->ticket), his = false;
	int left = is_left_over(d, o);

	if (left)
		return left < 0 ? -1 : erase_left_over(d, o);
	for (size_t i = 0; i < o->nrecipients; i++)
		his |= address_eq(o->recipients[i].addr, d->e->addr);
	if (!own && !his)
		return 0;
	if (o->state == OUTBOX_SENDING)
		return err_set(d->err, ERR_TEMP,
		    "mail %llu is being sent at this moment",
		    (unsigned long long)o->id);
	d->part = own ? PRIVACY_OWN : PRIVACY_SHARED;
	if (!o->seq && o->state != OUTBOX_SENT) {
		if (o->blob)
			blob_del(d->t, o->blob);
		outbox_del(d->t, o->id);
		d->n->mails++;
		return 0;
	}
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
erasure_outbox(struct txn *t, struct erasure *e, uint64_t from, uint64_t to,
    struct erasure_counts *n, struct err *err)
{
	for (uint64_t id = from; id <= to; id++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct deed d = {.t = t, .a = &a, .e = e, .n = n, .err = err};
		struct outbox o;
		int found = outbox_get(t, &a, id, &o);

		if (found < 0)
			return txn_error(t, err);
		if (found && visit_row(&d, &o) < 0)
			return -1;
	}
	return txn_error(t, err);
}

static bool
counts_him(void *ctx, struct str key)
{
	const struct erasure *e = ctx;

	return privacy_names(key, e->key) || privacy_names(key, e->addr);
}

struct nonces {
	const struct erasure *e;
	uint64_t v[64];
	size_t n;
};

static bool
note_grant(void *ctx, const struct grant *g)
{
	struct nonces *l = ctx;

	if (is_own(l->e, g->ticket))
		l->v[l->n++] = g->nonce;
	return l->n < sizeof l->v / sizeof *l->v;
}

int
erasure_person(
    struct txn *t, struct arena *a, struct erasure *e, struct err *err)
{
	struct nonces l = {.e = e};

	do {
		l.n = 0;
		if (grant_each(t, a, note_grant, &l) < 0)
			return txn_error(t, err);
		for (size_t i = 0; i < l.n; i++)
			grant_del(t, l.v[i]);
	} while (l.n);
	counter_sift(t, counts_him, e);
	person_forget(t, a, e->key);
	return txn_error(t, err);
}

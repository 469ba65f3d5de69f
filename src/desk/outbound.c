/*
 * One way out for all mails: rendered, composed, stored. What differs between
 * an acknowledgement, an answer and a notice is in struct outgoing.
 *
 * References are those of the mail that is answered, kept with the ticket
 * (extra.chain), so that any client, in whatever order it got the mails, shows
 * one thread. Automatic mail does not become part of the chain.
 */
#include "desk/outbound.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/limits.h"
#include "desk/people.h"
#include "desk/token.h"
#include "desk/view.h"
#include "mail/compose.h"
#include "mail/terms.h"
#include "store/blob.h"

struct outgoing {
	const char *kind; /* of the outbox row */
	const char *name; /* of the template */
	const char
	    *plain; /* when no template can be rendered; NULL: an error */
	enum {
		BY_PERSON,
		BY_REPLY,
		BY_NOTICE
	} automatic;
	struct addresses to, cc;
	const struct queue *queue;
	struct view view;
	struct strs references; /* the last one is what is answered */
	struct str hold;        /* why the row waits; empty */
	struct str sign;        /* the article's `automatic` */
	struct str author;
	struct actor who;
	uint32_t seq;    /* out */
	uint64_t outbox; /* out */
};

static const struct queue *
queue_of(const struct settings *s, const struct ticket *k)
{
	const struct queue *q = settings_queue(s, k->queue);

	return q ? q : &s->queues[0];
}

struct str
outbound_label(
    struct arena *a, const struct settings *s, const struct ticket *k)
{
	return arena_printf(a, "[%.*s #%llu]",
	    STR_ARG(settings_tag(s, queue_of(s, k))),
	    (unsigned long long)k->id);
}

/* --- words ------------------------------------------------------------- */

static int
render(struct desk *d, struct arena *a, const struct ticket *k,
    const struct outgoing *o, struct rendered *out, struct err *err)
{
	struct err why = ERR_INIT;
	const struct view *v = &o->view;
	struct str label = outbound_label(a, d->settings, k);
	struct str subject;

	*out = (struct rendered){0};
	if (!d->templates)
		err_set(&why, ERR_NOENT, "there are no templates");
	else if (templates_render(d->templates, a, v->language,
		     o->queue->templates, o->name, view_make(a, v), out,
		     &why) == 0 &&
		 out->text.n)
		goto rendered;
	if (!o->plain)
		return err_set(err, ERR_PERM, "template %s: %s", o->name,
		    why.code ? why.msg : "it gives no text");
	*out = (struct rendered){0};
	out->text = arena_printf(a, "%s\n\n-- \n%.*s %.*s\n", o->plain,
	    STR_ARG(d->settings->site), STR_ARG(label));
rendered:
	subject = str_trim(out->subject);
	if (!subject.n && v->known)
		subject = k->subject;
	/* The number belongs in every subject, whatever the template says. */
	if (!str_has(subject, label))
		subject = arena_printf(a, "%.*s%s%.*s", STR_ARG(label),
		    subject.n ? " " : "", STR_ARG(subject));
	out->subject = utf8_clip(subject, 500);
	return 0;
}

/* --- bytes ------------------------------------------------------------- */

static struct str
reply_address(struct desk *d, struct arena *a, const struct ticket *k,
    const struct outgoing *o)
{
	struct str own = o->queue->address.addr, bound = {0};

	if (!d->settings->plus_address)
		return own;
	if (o->to.n + o->cc.n == 1)
		bound = address_key(a, o->to.v[0].addr);
	return token_address(a, d->keys, own, k->id, bound);
}

static int
compose(struct desk *d, struct arena *a, const struct ticket *k,
    const struct outgoing *o, const struct rendered *r, struct str message_id,
    int64_t now, struct buf *out, struct err *err)
{
	struct address reply = {.addr = reply_address(d, a, k, o)};
	struct header mark = {S("X-Helpd-Ticket"),
	    arena_printf(a, "%.*s %llu", STR_ARG(d->settings->site),
		(unsigned long long)k->id)};
	struct compose c = {
	    .from = o->queue->address,
	    .to = o->to,
	    .cc = o->cc,
	    .subject = r->subject,
	    .message_id = message_id,
	    .references = o->references,
	    .date = now,
	    .timezone = d->settings->timezone,
	    .text = r->text,
	    .html = r->html,
	    .automatic_reply = o->automatic == BY_REPLY,
	    .automatic_notice = o->automatic == BY_NOTICE,
	    .boundary_seed = message_id,
	};

	if (!c.from.name.n)
		c.from.name = d->settings->site;
	if (!str_eq(reply.addr, c.from.addr)) {
		reply.name = c.from.name;
		c.reply_to = (struct addresses){&reply, 1};
	}
	if (o->references.n)
		c.in_reply_to = o->references.v[o->references.n - 1];
	/* The mark says "automatic" to other installations: not on answers. */
	if (o->automatic != BY_PERSON) {
		c.extra = &mark;
		c.nextra = 1;
	}
	return compose_message(&c, out, err);
}

static struct addresses
reachable(struct arena *a, const struct settings *s, const struct addresses *l)
{
	struct addresses out = {arena_array(a, struct address, l->n + 1), 0};

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].addr.n && !settings_is_own(s, l->v[i].addr) &&
		    !addresses_has(&out, l->v[i].addr))
			out.v[out.n++] = l->v[i];
	return out;
}

/* --- rows -------------------------------------------------------------- */

static uint64_t
put_row(struct txn *t, struct arena *a, const struct ticket *k,
    const struct outgoing *o, const struct rendered *r, struct str id,
    uint64_t blob, uint64_t size, int64_t now)
{
	struct outbox row = {
	    .ticket = k->id,
	    .seq = k->articles,
	    .kind = str_c(o->kind),
	    .transport = o->queue->transport,
	    .message_id = id,
	    .subject = r->subject,
	    .blob = blob,
	    .size = size,
	    .state = o->hold.n ? OUTBOX_HELD : OUTBOX_QUEUED,
	    .created = now,
	    .next = now,
	    .last = o->hold,
	};

	if (o->automatic == BY_PERSON)
		row.sender = o->queue->address.addr;
	row.recipients = arena_array(a, struct recipient, o->to.n + o->cc.n);
	for (size_t i = 0; i < o->to.n + o->cc.n; i++) {
		const struct address *x =
		    i < o->to.n ? &o->to.v[i] : &o->cc.v[i - o->to.n];

		row.recipients[row.nrecipients++] =
		    (struct recipient){.addr = x->addr, .state = OUTBOX_QUEUED};
	}
	outbox_put(t, &row);
	return row.id;
}

static void
put_article(struct txn *t, struct arena *a, const struct ticket *k,
    const struct outgoing *o, const struct rendered *r, struct str id,
    struct str raw, uint64_t blob, int64_t now)
{
	struct span fresh = {0, (uint32_t)r->text.n};
	struct address from = o->queue->address;
	struct article x = {
	    .ticket = k->id,
	    .seq = k->articles,
	    .direction = DIRECTION_OUT,
	    .author = {o->author, o->queue->address.addr},
	    .from = {&from, 1},
	    .to = o->to,
	    .cc = o->cc,
	    .subject = r->subject,
	    .date = now,
	    .at = now,
	    .message_id = id,
	    .text = r->text,
	    .fresh = &fresh,
	    .nfresh = 1,
	    .automatic = o->sign,
	    .language = o->view.language,
	    .charset = S("utf-8"),
	    .blob = blob,
	    .size = raw.n,
	    .outbox = o->outbox,
	};
	ptrdiff_t at = -1;

	if (o->view.answer.n)
		at = str_find(r->text, o->view.answer, 0);
	if (at >= 0)
		fresh = (struct span){
		    (uint32_t)at, (uint32_t)((size_t)at + o->view.answer.n)};
	if (!x.author.name.n)
		x.author.name = from.name.n ? from.name : str_n(NULL, 0);
	sha256(raw, x.sha256);
	(void)a;
	article_put(t, &x);
}

/* Writes article, bytes and row, and counts the article. ERR_INVAL, ERR_PERM:
 * the mail cannot be made, and nothing was written. */
static int
put(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct outgoing *o, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct rendered r;
	struct str id;
	uint64_t blob;

	o->to = reachable(a, d->settings, &o->to);
	o->cc = reachable(a, d->settings, &o->cc);
	if (!o->to.n && o->cc.n) {
		o->to = o->cc;
		o->cc.n = 0;
	}
	if (!o->to.n)
		return err_set(err, ERR_INVAL,
		    "ticket %llu has nobody to write to",
		    (unsigned long long)k->id);
	id = token_message_id(a, d->keys, k->id, k->articles + 1, now,
	    d->settings->domain.n ? d->settings->domain
				  : address_domain(o->queue->address.addr));
	if (render(d, a, k, o, &r, err) < 0 ||
	    compose(d, a, k, o, &r, id, now, &raw, err) < 0)
		return -1;
	k->articles++;
	blob_pack(buf_str(&raw), &packed);
	blob = blob_put(t, buf_str(&packed));
	o->seq = k->articles;
	o->outbox = put_row(t, a, k, o, &r, id, blob, raw.n, now);
	put_article(t, a, k, o, &r, id, buf_str(&raw), blob, now);
	msgid_put(t, id, k->id, true);
	if (o->automatic == BY_PERSON) {
		struct extra x;

		extra_read(a, k->extra, &x);
		x.chain = extra_chain(a, &x.chain, &x.chain, id);
		k->extra = extra_write(a, k->extra, &x);
	}
	return txn_error(t, err);
}

/* --- what is sent ------------------------------------------------------ */

static const struct view *
fill_view(struct desk *d, struct outgoing *o, const struct ticket *k)
{
	o->queue = queue_of(d->settings, k);
	o->view.settings = d->settings;
	o->view.ticket = k;
	o->view.queue = o->queue;
	o->view.language = view_language(d->settings, k->language);
	if (!o->view.message_date)
		o->view.message_date = CLOCK_NONE;
	return &o->view;
}

/* What cannot be made into a mail is told in the history; only the store's
 * errors go up. */
static int
not_sent(struct txn *t, struct ticket *k, enum event_kind kind,
    const struct actor *who, const struct err *why, int64_t now,
    struct err *err)
{
	if (txn_error(t, err) < 0)
		return -1;
	event_add(t, k, kind, who, str_c(why->msg), now);
	return 0;
}

int
outbound_ack(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct message *m, const struct address *to, bool known,
    struct str hold, int64_t now, struct err *err)
{
	struct address one = *to;
	struct err why = ERR_INIT;
	struct actor who = ACTOR_SYSTEM;
	struct outgoing o = {
	    .kind = "ack",
	    .name = "ack",
	    .plain = "We have received your message and will answer it.",
	    .automatic = BY_REPLY,
	    .to = {&one, 1},
	    .references =
		extra_chain(a, &m->references, &m->in_reply_to, m->message_id),
	    .hold = hold,
	    .sign = S("acknowledgement"),
	    .view = {.known = known,
		.message_from = *to,
		.message_date = m->date},
	};

	if (!known)
		one.name = str_n(NULL, 0);
	else
		o.view.message_text = message_new_text(a, m);
	fill_view(d, &o, k);
	if (put(d, t, a, k, &o, now, &why) < 0)
		return not_sent(
		    t, k, EVENT_NOT_ACKNOWLEDGED, &who, &why, now, err);
	k->acknowledged = true;
	event_add(t, k, EVENT_ACKNOWLEDGED, &who,
	    hold.n ? arena_printf(a, "%.*s, held: %.*s", STR_ARG(to->addr),
			 STR_ARG(hold))
		   : to->addr,
	    now);
	return txn_error(t, err);
}

/* The requester first, then who else takes part. */
static void
ticket_people(struct arena *a, const struct ticket *k, struct outgoing *o)
{
	o->to.v = arena_array(a, struct address, 1);
	o->cc.v = arena_array(a, struct address, k->nparticipants + 1);
	if (k->requester.addr.n)
		o->to.v[o->to.n++] = k->requester;
	for (size_t i = 0; i < k->nparticipants; i++)
		if (k->participants[i].role != ROLE_PROPOSED &&
		    !address_eq(
			k->participants[i].address.addr, k->requester.addr))
			o->cc.v[o->cc.n++] = k->participants[i].address;
}

/* The mail that is answered, for quotes. A missing one is no error. */
static int
last_message(struct txn *t, struct arena *a, const struct ticket *k,
    struct view *v, struct err *err)
{
	struct message m = {0};
	struct article r;
	struct extra x;
	int found;

	v->message_date = CLOCK_NONE;
	extra_read(a, k->extra, &x);
	if (!x.last_in)
		return 0;
	found = article_get(t, a, k->id, x.last_in, &r);
	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return 0;
	m.text = r.text;
	m.fresh = r.fresh;
	m.nfresh = r.nfresh;
	v->message_text = message_new_text(a, &m);
	v->message_from = r.author;
	v->message_date = r.date == CLOCK_NONE ? r.at : r.date;
	return 0;
}

static void
index_text(struct desk *d, struct arena *a, uint64_t ticket, struct str text)
{
	struct terms *set = terms_new(a);
	struct strs l;

	if (!d->terms)
		return;
	terms_add(set, text);
	l = terms_list(set);
	for (size_t i = 0; i < l.n; i++)
		term_batch_add(d->terms, l.v[i], ticket);
}

static struct str
name_all(struct arena *a, const struct outgoing *o)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < o->to.n + o->cc.n; i++) {
		if (i)
			buf_puts(&b, ", ");
		buf_put(&b,
		    i < o->to.n ? o->to.v[i].addr : o->cc.v[i - o->to.n].addr);
	}
	return arena_dup(a, buf_str(&b));
}

static int
check_answer(const struct ticket *k, const struct answer *w, struct err *err)
{
	if (k->merged_into)
		return err_set(err, ERR_INVAL,
		    "ticket %llu was merged into %llu: answer that one",
		    (unsigned long long)k->id,
		    (unsigned long long)k->merged_into);
	if (!str_trim(w->text).n)
		return err_set(err, ERR_INVAL, "the answer is empty");
	if (!utf8_valid(w->text))
		return err_set(err, ERR_INVAL, "the answer is not UTF-8");
	return 0;
}

int
outbound_answer(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, const struct answer *w, int64_t now, uint32_t *seq,
    uint64_t *outbox, struct err *err)
{
	enum status old = k->status, status = w->status;
	struct outgoing o = {
	    .kind = "answer",
	    .name = "reply",
	    .view = {.known = true, .answer = str_rtrim(w->text)},
	    .author = w->author,
	    .who = w->who,
	};
	struct extra x;

	if (check_answer(k, w, err) < 0)
		return -1;
	if (!status && old == STATUS_NEW)
		status = STATUS_OPEN;
	if (status && change_status(d, t, a, k, status, &w->who, now, err) < 0)
		return -1;
	extra_read(a, k->extra, &x);
	o.references = x.chain;
	ticket_people(a, k, &o);
	fill_view(d, &o, k);
	o.view.agent = w->author;
	o.view.status_old = old;
	o.view.message_date = CLOCK_NONE;
	if (w->quote && last_message(t, a, k, &o.view, err) < 0)
		return -1;
	o.plain = arena_cstr(a, o.view.answer);
	if (put(d, t, a, k, &o, now, err) < 0)
		return -1;
	for (size_t i = 0; i < o.to.n + o.cc.n; i++)
		if (people_answered(t, a,
			i < o.to.n ? &o.to.v[i] : &o.cc.v[i - o.to.n], now,
			err) < 0)
			return -1;
	if (k->first_response == CLOCK_NONE)
		k->first_response = now;
	k->agent_wrote = k->updated = now;
	event_add(t, k, EVENT_ANSWERED, &w->who, name_all(a, &o), now);
	index_text(d, a, k->id, o.view.answer);
	if (seq)
		*seq = o.seq;
	if (outbox)
		*outbox = o.outbox;
	return change_done(t, k, now, err);
}

int
outbound_status(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, enum status old, const struct actor *who, int64_t now,
    struct err *err)
{
	bool over = k->status == STATUS_RESOLVED || k->status == STATUS_CLOSED;
	struct address one = k->requester;
	struct err why = ERR_INIT;
	struct person p;
	struct extra x;
	struct str key = address_key(a, one.addr);
	struct outgoing o = {
	    .kind = "status",
	    .name = over ? "closed" : "status",
	    .plain = over ? "Your request was closed."
			  : "The status of your request has changed.",
	    .automatic = BY_NOTICE,
	    .to = {&one, one.addr.n ? 1 : 0},
	    .sign = S("notice of a status"),
	    .view = {.known = true, .status_old = old},
	};
	int found = one.addr.n ? person_get(t, a, key, &p) : 0;

	if (found < 0)
		return txn_error(t, err);
	if (found && p.suspended) {
		event_add(t, k, EVENT_NOTIFIED, who,
		    S("nobody: mail to the requester came back"), now);
		return 0;
	}
	/* Who was never answered may not be who he says. */
	o.view.known = found && p.answered;
	if (one.addr.n && limits_take(t, a, d->settings, key, k->subject, now,
			      &o.hold, err) < 0)
		return -1;
	extra_read(a, k->extra, &x);
	o.references = x.chain;
	fill_view(d, &o, k);
	o.view.message_date = CLOCK_NONE;
	if (put(d, t, a, k, &o, now, &why) < 0)
		return not_sent(t, k, EVENT_NOTIFIED, who, &why, now, err);
	event_add(t, k, EVENT_NOTIFIED, who,
	    o.hold.n ? arena_printf(a, "%.*s, held: %.*s", STR_ARG(one.addr),
			   STR_ARG(o.hold))
		     : one.addr,
	    now);
	return txn_error(t, err) < 0 ? -1 : 1;
}

int
outbound_release(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, uint64_t outbox, const struct actor *who, int64_t now,
    struct err *err)
{
	(void)d;
	(void)t;
	(void)a;
	(void)k;
	(void)outbox;
	(void)who;
	(void)now;
	return err_set(err, ERR_PERM, "held answers are not released yet");
}

int
outbound_discard(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, uint64_t outbox, const struct actor *who, int64_t now,
    struct err *err)
{
	(void)d;
	(void)t;
	(void)a;
	(void)k;
	(void)outbox;
	(void)who;
	(void)now;
	return err_set(err, ERR_PERM, "held answers are not discarded yet");
}

int
outbound_elsewhere(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, const struct intake *in, const struct agent *by,
    const struct actor *who, int64_t now, uint32_t *seq, struct err *err)
{
	(void)d;
	(void)t;
	(void)a;
	(void)k;
	(void)in;
	(void)by;
	(void)who;
	(void)now;
	(void)seq;
	return err_set(
	    err, ERR_PERM, "answers written elsewhere are not recorded yet");
}

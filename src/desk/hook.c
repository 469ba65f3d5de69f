#include "desk/hook.h"
#include "base/digest.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/extra.h"
#include "desk/gate.h"
#include "desk/notice.h"
#include "store/blob.h"

#define KIND "webhook"
#define TRANSPORT "webhook:"

enum {
	ALERTS_AN_HOUR = 1,
	EVENT_WORD = 40,
};

#define X_NAME_HOOK(id, name, doc) name,
#define X_DOC_HOOK(id, name, doc) doc,
static const char *const names[] = {HOOK_EVENTS(X_NAME_HOOK)};
static const char *const docs[] = {HOOK_EVENTS(X_DOC_HOOK)};

const char *
hook_event_name(enum hook_event e)
{
	must((unsigned)e < HOOK_EVENT_COUNT);
	return names[e];
}

const char *
hook_event_doc(enum hook_event e)
{
	must((unsigned)e < HOOK_EVENT_COUNT);
	return docs[e];
}

/* --- rows -------------------------------------------------------------- */

bool
hook_is(const struct outbox *row)
{
	return str_eq(row->kind, S(KIND));
}

struct str
hook_name(const struct outbox *row)
{
	return str_starts(row->transport, S(TRANSPORT))
		   ? str_from(row->transport, strlen(TRANSPORT))
		   : row->transport;
}

struct str
hook_event_of(const struct outbox *row)
{
	struct str rest = row->subject, word = {0};

	str_word(&rest, &word);
	return word;
}

const struct hook *
hook_by_url(const struct settings *s, struct str url)
{
	for (size_t i = 0; i < s->nhooks; i++)
		if (str_eq(s->hooks[i].url, url))
			return &s->hooks[i];
	return NULL;
}

static const struct hook *
hook_by_name(const struct settings *s, struct str name)
{
	for (size_t i = 0; i < s->nhooks; i++)
		if (str_ieq(s->hooks[i].name, name))
			return &s->hooks[i];
	return NULL;
}

bool
hook_any(const struct settings *s)
{
	for (size_t i = 0; i < s->nhooks; i++)
		if (s->hooks[i].events)
			return true;
	return false;
}

/* --- posting ----------------------------------------------------------- */

static struct str
new_id(struct arena *a)
{
	AUTO(buf_fini) struct buf hex = BUF_INIT;
	unsigned char x[16];

	random_bytes(x, sizeof x);
	buf_hex(&hex, str_n((const char *)x, sizeof x));
	return arena_dup(a, buf_str(&hex));
}

/* A header's value, and the first word of the row's subject. */
static struct str
event_word(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < s.n && b.n < EVENT_WORD; i++)
		buf_putc(
		    &b, ch_is_alnum(s.p[i]) || s.p[i] == '-' ? s.p[i] : '-');
	return b.n ? arena_dup(a, buf_str(&b)) : S("event");
}

static int
put_row(struct txn *t, struct arena *a, const struct ticket *k,
    const struct hook *h, const struct hook_document *x, struct str body,
    struct err *err)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct recipient to = {.state = OUTBOX_QUEUED};
	struct outbox row = {
	    .ticket = k->id,
	    .kind = S(KIND),
	    .recipients = &to,
	    .nrecipients = 1,
	    .message_id = x->id,
	    .size = body.n,
	    .state = OUTBOX_QUEUED,
	    .created = x->at,
	    .next = x->at,
	};

	row.transport = to.addr =
	    arena_printf(a, TRANSPORT "%.*s", STR_ARG(h->name));
	row.subject = arena_printf(
	    a, "%.*s #%llu", STR_ARG(x->event), (unsigned long long)k->id);
	blob_pack(body, &packed);
	row.blob = blob_put(t, buf_str(&packed));
	outbox_put(t, &row);
	return txn_error(t, err);
}

int
hook_post_article(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *k, struct str name, struct str event, uint32_t seq,
    const struct value *data, const struct actor *who, int64_t now,
    struct err *err)
{
	AUTO(buf_fini) struct buf body = BUF_INIT;
	const struct settings *s = d->settings;
	const struct hook *h = hook_by_name(s, name);
	struct article r;
	struct hook_document x = {
	    .event = event_word(a, event),
	    .site = s->site,
	    .at = now,
	    .ticket = k,
	    .data = data,
	    .who = *who,
	};
	int found = 0;

	if (!h)
		return err_set(
		    err, ERR_INVAL, "there is no webhook %.*s", STR_ARG(name));
	must(k->id);
	if (seq)
		found = article_get(t, a, k->id, seq, &r);
	if (found < 0)
		return txn_error(t, err);
	x.id = new_id(a);
	x.text = h->text;
	x.article = found ? &r : NULL;
	hook_document(a, &x, &body);
	/* Fields, tags and the caller's data are bounded, but not together. */
	if (body.n > HOOK_BODY_MAX) {
		buf_reset(&body);
		x.data = NULL;
		x.article = NULL;
		hook_document(a, &x, &body);
	}
	return put_row(t, a, k, h, &x, buf_str(&body), err);
}

int
hook_post(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *k, struct str name, struct str event,
    const struct value *data, const struct actor *who, int64_t now,
    struct err *err)
{
	struct extra x;

	extra_read(a, k->extra, &x);
	return hook_post_article(
	    d, t, a, k, name, event, x.last_in, data, who, now, err);
}

/* --- what happened ----------------------------------------------------- */

/* Of kinds of events; articles are looked at below. */
static const struct {
	enum event_kind kind;
	enum hook_event event;
} kinds[] = {
    {EVENT_CREATED, HOOK_NEW},
    {EVENT_ANSWERED, HOOK_AGENT_REPLY},
    {EVENT_NOTE, HOOK_NOTE},
    {EVENT_STATUS, HOOK_STATUS},
    {EVENT_REOPENED, HOOK_STATUS},
    {EVENT_PRIORITY, HOOK_PRIORITY},
    {EVENT_QUEUE, HOOK_QUEUE},
    {EVENT_ASSIGNEE, HOOK_ASSIGNEE},
    {EVENT_SLA_WARNING, HOOK_SLA_WARNING},
    {EVENT_SLA_BREACH, HOOK_SLA_BREACH},
    {EVENT_ESCALATED, HOOK_ESCALATED},
    {EVENT_IDLE, HOOK_IDLE},
    {EVENT_MERGED, HOOK_MERGED},
    {EVENT_DELIVERY_FAILED, HOOK_DELIVERY_FAILED},
};

struct settling {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	const struct event_ref *v;
	size_t n;
	int64_t now;
};

static bool
was_created(const struct settling *x, uint64_t ticket)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].ticket == ticket && x->v[i].seq == 1)
			return true;
	return false;
}

/* "article 3" of an event's detail; 0. */
static uint32_t
article_of(const struct event *e)
{
	struct str s = e->detail;
	size_t n = 0;
	uint64_t seq;

	if (!str_starts(s, S("article ")))
		return 0;
	s = str_from(s, 8);
	while (n < s.n && ch_is_digit(s.p[n]))
		n++;
	return str_u64(str_sub(s, 0, n), &seq) && seq <= UINT32_MAX
		   ? (uint32_t)seq
		   : 0;
}

/* The webhook event that an event of the history is; HOOK_EVENT_COUNT: none.
 * *seq: the article that it is about. */
static enum hook_event
event_of(const struct settling *x, const struct ticket *k,
    const struct event *e, uint32_t *seq)
{
	struct article r;

	*seq = article_of(e);
	if (str_eq(e->kind, str_c(event_name(EVENT_ARTICLE)))) {
		if (!*seq || was_created(x, k->id) ||
		    article_get(x->t, x->a, k->id, *seq, &r) <= 0)
			return HOOK_EVENT_COUNT;
		return r.direction == DIRECTION_IN     ? HOOK_FOLLOWUP
		       : r.direction == DIRECTION_NOTE ? HOOK_NOTE
						       : HOOK_EVENT_COUNT;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(e->kind, str_c(event_name(kinds[i].kind)))) {
			if (kinds[i].event == HOOK_NEW)
				*seq = k->articles ? 1 : 0;
			if (kinds[i].event == HOOK_AGENT_REPLY)
				*seq = k->articles;
			return kinds[i].event;
		}
	return HOOK_EVENT_COUNT;
}

static int
post_event(const struct settling *x, const struct ticket *k,
    const struct event *e, struct err *err)
{
	const struct settings *s = x->d->settings;
	struct actor who = {e->actor, e->cause};
	struct value *data;
	uint32_t seq;
	enum hook_event what = event_of(x, k, e, &seq);

	if (what == HOOK_EVENT_COUNT)
		return 0;
	data = value_object(x->a);
	value_set_str(x->a, data, "detail", e->detail);
	for (size_t i = 0; i < s->nhooks; i++)
		if (s->hooks[i].events & 1u << what &&
		    hook_post_article(x->d, x->t, x->a, k, s->hooks[i].name,
			str_c(names[what]), seq, data, &who, x->now, err) < 0)
			return -1;
	return 0;
}

int
hook_settle(struct desk *d, struct txn *t, struct arena *a,
    const struct event_ref *v, size_t n, int64_t now, struct err *err)
{
	struct settling x = {d, t, a, v, n, now};
	struct ticket k = {0};

	if (!hook_any(d->settings))
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct event e;

		if (k.id != v[i].ticket &&
		    ticket_get(t, a, v[i].ticket, &k) <= 0)
			return txn_error(t, err);
		if (event_get(t, a, v[i].ticket, v[i].seq, &e) <= 0)
			return txn_error(t, err);
		if (post_event(&x, &k, &e, err) < 0)
			return -1;
	}
	return txn_error(t, err);
}

/* --- what became of it ------------------------------------------------- */

static int
alert(struct desk *d, struct txn *t, struct arena *a, const struct agent *to,
    const struct outbox *row, struct str words, int64_t now, struct err *err)
{
	struct value *root = value_object(a), *o = value_object(a);
	struct str name = hook_name(row);
	uint64_t untold;
	bool may;
	struct agent_mail_out out = {
	    .kind = "alert",
	    .template = "webhook",
	    .to = to,
	    .data = root,
	    .subject = arena_printf(
		a, "The webhook %.*s refuses what it is told", STR_ARG(name)),
	};

	if (gate_pass(t, a, "webhook",
		arena_printf(a, "%.*s:%.*s", STR_ARG(name), STR_ARG(to->name)),
		ALERTS_AN_HOUR, now, &may, &untold, err) < 0)
		return -1;
	if (!may)
		return 0;
	value_set_str(a, o, "name", name);
	value_set_str(a, o, "event", hook_event_of(row));
	value_set_str(a, o, "words", words);
	value_set_num(a, o, "ticket", (double)row->ticket);
	value_set_num(a, o, "more", (double)untold);
	value_set(a, root, "webhook", *o);
	out.plain = arena_printf(a,
	    "The webhook %.*s was not told of ticket %llu: %.*s\n",
	    STR_ARG(name), (unsigned long long)row->ticket, STR_ARG(words));
	if (notice_mail(d, t, a, &out, now, NULL, NULL) == 0)
		return 0;
	return txn_error(t, err);
}

int
hook_failed(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct outbox *row, struct str words, int64_t now, struct err *err)
{
	const struct staff *staff = &d->settings->staff;
	struct actor who = ACTOR_SYSTEM;

	event_add(t, k, EVENT_HOOK_FAILED, &who,
	    arena_printf(a, "%.*s, %.*s: %.*s", STR_ARG(hook_name(row)),
		STR_ARG(hook_event_of(row)), STR_ARG(words)),
	    now);
	for (size_t i = 0; i < staff->nagents; i++)
		if (staff->agents[i].rank == RANK_ADMIN &&
		    alert(d, t, a, &staff->agents[i], row, words, now, err) < 0)
			return -1;
	return txn_error(t, err);
}

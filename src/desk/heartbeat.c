/*
 * A probe is an ordinary mail of helpd's that has to come back through the
 * mailbox. Its Message-ID is signed, so nobody else can make one; only the
 * newest counts, and once, so that a copy of one says nothing. Whatever else a
 * mail with such a Message-ID holds, it is no probe without the words of one:
 * then it is an ordinary mail.
 */
#include "base/must.h"
#include "desk/health_private.h"
#include "desk/token.h"
#include "mail/compose.h"
#include "store/blob.h"
#include "store/outbox.h"

/* --- out --------------------------------------------------------------- */

static struct str
probe_words(struct arena *a, uint64_t number)
{
	return arena_printf(
	    a, "This is probe %llu of helpd.", (unsigned long long)number);
}

static int
compose(struct desk *d, struct arena *a, const struct health_look *x,
    uint64_t number, struct str id, int64_t now, struct buf *out,
    struct err *err)
{
	const struct settings *s = d->settings;
	struct address to = x->probe_to;
	const struct header mark = {S("X-Helpd-Notice"), S("probe")};
	struct compose c = {
	    .from = s->address,
	    .to = {&to, 1},
	    .subject =
		arena_printf(a, "helpd probe %llu", (unsigned long long)number),
	    .message_id = id,
	    .date = now,
	    .timezone = s->timezone,
	    .text = arena_printf(a,
		"%.*s\n\n"
		"It shows that mail from here arrives, and that it is read. "
		"Nobody needs to\nanswer it.\n",
		STR_ARG(probe_words(a, number))),
	    .automatic_notice = true,
	    .extra = &mark,
	    .nextra = 1,
	    .boundary_seed = id,
	};

	return compose_message(&c, out, err);
}

static int
send(struct desk *d, struct txn *t, struct arena *a, struct probe *p,
    const struct health_look *x, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	const struct settings *s = d->settings;
	uint64_t number = meta_next(t, S("house"));
	struct str domain =
	    s->domain.n ? s->domain : address_domain(s->address.addr);
	struct str id =
	    token_house_id(a, d->keys, HOUSE_PROBE, number, now, domain);
	struct recipient to = {
	    .addr = x->probe_to.addr, .state = OUTBOX_QUEUED};
	struct outbox row = {
	    .kind = S("probe"),
	    .transport = x->probe_transport,
	    .recipients = &to,
	    .nrecipients = 1,
	    .message_id = id,
	    .subject = S("probe"),
	    .state = OUTBOX_QUEUED,
	    .created = now,
	    .next = now,
	};

	if (compose(d, a, x, number, id, now, &raw, err) < 0)
		return -1;
	row.size = raw.n;
	blob_pack(buf_str(&raw), &packed);
	row.blob = blob_put(t, buf_str(&packed));
	outbox_put(t, &row);
	p->number = number;
	p->sent = now;
	p->mono = x->mono;
	p->run = x->run;
	p->outbox = row.id;
	p->arrived = false;
	return txn_error(t, err);
}

/* --- missing ----------------------------------------------------------- */

int64_t
probe_age(const struct probe *p, const struct health_look *x, int64_t now)
{
	return MAX(
	    p->run == x->run ? x->mono - p->mono : now - p->sent, (int64_t)0);
}

void
heartbeat_sign(const struct health *h, const struct health_look *x, int64_t now,
    struct alarm_sign *out)
{
	const struct probe *p = &h->probe;
	int64_t age = probe_age(p, x, now);
	bool missing;

	/* While helpd was down nobody read what had come back. */
	if (p->run != x->run)
		age = MIN(age, x->up);
	missing = p->number && !p->arrived && age > x->within;
	*out = (struct alarm_sign){.kind = ALARM_HEARTBEAT, .run = x->run};
	if (!x->heartbeat || (!missing && !p->lost))
		return;
	out->bad = true;
	out->bad_for = p->lost ? MAX(now - p->lost_since, age) : age;
	out->words = p->words;
}

/* --- the turn of things ------------------------------------------------ */

/* 1: it waits to be sent, or is being sent; 0: that is over; -1. *there: the
 * row is still there. */
static int
on_its_way(struct txn *t, struct arena *a, const struct probe *p, bool *there,
    struct outbox *row)
{
	int found = p->outbox ? outbox_get(t, a, p->outbox, row) : 0;

	*there = found > 0;
	if (found <= 0)
		return found;
	return row->state == OUTBOX_QUEUED || row->state == OUTBOX_SENDING;
}

static void
take_away(struct txn *t, struct probe *p, const struct outbox *row)
{
	outbox_del(t, row->id);
	if (row->blob)
		blob_del(t, row->blob);
	p->outbox = 0;
}

int
heartbeat_look(struct desk *d, struct txn *t, struct arena *a, struct health *h,
    const struct health_look *x, bool dry, int64_t now, struct err *err)
{
	struct probe *p = &h->probe;
	struct outbox row;
	bool there, changed = false, due;
	int busy = on_its_way(t, a, p, &there, &row);

	if (busy < 0)
		return txn_error(t, err);
	due = x->heartbeat &&
	      (!p->number || probe_age(p, x, now) >= x->every || p->sent > now);
	if (!busy && there && (p->arrived || due || !x->heartbeat)) {
		if (dry)
			return 1;
		take_away(t, p, &row);
		changed = true;
	}
	/* A second one behind one that cannot leave tells nothing new. */
	if (!due || busy)
		return changed;
	if (dry)
		return 1;
	if (p->number && !p->arrived) {
		if (!p->lost++)
			p->lost_since = p->sent;
	} else
		p->lost = 0;
	return send(d, t, a, p, x, now, err) < 0 ? -1 : 1;
}

/* --- in ---------------------------------------------------------------- */

static bool
is_from_us(const struct desk *d, const struct message *m)
{
	return m->from.n == 1 && m->automatic.n &&
	       settings_is_own(d->settings, m->from.v[0].addr);
}

static int
arrived(struct txn *t, struct arena *a, uint64_t number, int64_t now,
    struct err *err)
{
	struct health h;

	if (health_read(t, a, &h, err) < 0)
		return -1;
	if (number != h.probe.number || h.probe.arrived)
		return 0;
	h.probe.arrived = true;
	h.probe.lost = 0;
	h.probe.words = str_n(NULL, 0);
	h.arrived = now;
	h.took = MAX(now - h.probe.sent, (int64_t)0);
	health_write(t, &h);
	return txn_error(t, err);
}

/* What of ours a machine answers, by the ids it names. */
static enum house_mail
answered(const struct desk *d, const struct message *m, uint64_t *number)
{
	const struct strs *lists[] = {&m->in_reply_to, &m->references};
	enum house_mail kind = HOUSE_NONE;

	if (!m->bounce && !m->automatic.n)
		return HOUSE_NONE;
	if (m->bounce)
		kind =
		    token_house_verify(d->keys, m->bounce->message_id, number);
	for (size_t l = 0; l < ARRAY_LEN(lists) && !kind; l++)
		for (size_t i = lists[l]->n; i-- > 0 && !kind;)
			kind =
			    token_house_verify(d->keys, lists[l]->v[i], number);
	return kind;
}

static struct str
bounce_words(struct arena *a, const struct message *m)
{
	const struct bounced *b =
	    m->bounce && m->bounce->n ? &m->bounce->v[0] : NULL;

	if (!b)
		return m->automatic;
	return arena_printf(a, "%.*s%s%.*s",
	    STR_ARG(str_sub(b->address, 0, 100)), b->address.n ? ": " : "",
	    STR_ARG(str_sub(b->reason, 0, 150)));
}

static int
answered_note(struct txn *t, struct arena *a, const struct message *m,
    enum house_mail kind, uint64_t number, int64_t now, struct err *err)
{
	struct health h;

	if (health_read(t, a, &h, err) < 0)
		return -1;
	if (kind == HOUSE_PROBE && number == h.probe.number) {
		h.probe.words = bounce_words(a, m);
	} else if (kind == HOUSE_ALARM && m->bounce) {
		h.bounced = now;
		h.bounce = bounce_words(a, m);
	} else
		return 0;
	health_write(t, &h);
	return txn_error(t, err);
}

int
health_mail(struct desk *d, struct txn *t, struct arena *a,
    const struct intake *in, int64_t now, enum house_verdict *out,
    struct str *reason, struct err *err)
{
	const struct message *m = in->message;
	uint64_t number = 0;
	enum house_mail kind =
	    token_house_verify(d->keys, m->message_id, &number);

	*out = HOUSE_NOT;
	if (in->released || in->sent_folder)
		return 0;
	if (kind == HOUSE_PROBE && is_from_us(d, m) &&
	    str_has(m->text, probe_words(a, number))) {
		*out = HOUSE_IGNORED;
		return arrived(t, a, number, now, err);
	}
	if (kind == HOUSE_ALARM && is_from_us(d, m)) {
		*out = HOUSE_KEPT;
		*reason = S("an alarm of helpd itself, which came back");
		return 0;
	}
	kind = answered(d, m, &number);
	if (kind == HOUSE_NONE)
		return 0;
	*out = kind == HOUSE_PROBE ? HOUSE_IGNORED : HOUSE_KEPT;
	*reason = S("an automatic answer to an alarm of helpd itself");
	return answered_note(t, a, m, kind, number, now, err);
}

/*
 * Mails that rules send. All are automatic mail (RELIABILITY §4): nothing is
 * answered that was automatic itself, or whose writer would not be
 * acknowledged; answers count against the limits of their address; what is over
 * a limit is held.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/hook.h"
#include "desk/limits.h"
#include "desk/notice.h"
#include "desk/outgoing.h"
#include "desk/rehearse.h"
#include "desk/rules_private.h"
#include "desk/sla_run.h"
#include "mail/automatic.h"
#include "store/blob.h"

enum {
	REDIRECT_MAX = 20 << 20, /* bytes of a mail that is carried along */
	PER_HOUR_MAX = 100000
};

/* --- may it be answered? ----------------------------------------------- */

/* Empty: yes. */
static struct str
refused(struct rule_run *x)
{
	const struct settings *s = x->d->settings;
	struct str addr = x->k->requester.addr;

	if (x->e->ack) {
		struct ack_query q = *x->e->ack;
		struct queue any = *q.queue;

		/* That is about acknowledgements. */
		any.acknowledge = true;
		q.queue = &any;
		return ack_refused(&q);
	}
	if (x->e->message && x->e->message->automatic.n)
		return x->e->message->automatic;
	if (!addr.n)
		return S("no address to write to");
	if (settings_is_own(s, addr) || staff_by_address(&s->staff, addr))
		return S("the writer is the desk itself");
	if (automatic_address(addr))
		return S("nobody reads mail to this address");
	if (rule_person(x)->suspended)
		return S("mail to this address came back");
	return str_n(NULL, 0);
}

static struct address
writer_of(const struct rule_run *x)
{
	return x->e->ack ? x->e->ack->writer->address : x->k->requester;
}

/* --- one mail ---------------------------------------------------------- */

static int
tell_not(struct rule_run *x, const struct sieve_action *c, struct str why)
{
	struct actor who = rule_actor(x, c->at);

	if (txn_error(x->t, NULL) < 0)
		return -1;
	rule_tell(x, &who,
	    arena_printf(x->a, "%s: not sent: %.*s", sieve_action_name(c->kind),
		STR_ARG(why)));
	return 0;
}

/* 1 written (perhaps held), 0 not: told; -1. */
static int
write_mail(struct rule_run *x, const struct sieve_action *c, struct outgoing *o)
{
	struct actor who = rule_actor(x, c->at);
	struct err why = ERR_INIT;
	struct extra extra;
	const struct message *m = x->e->message;

	extra_read(x->a, x->k->extra, &extra);
	o->references = m ? extra_chain(x->a, &m->references, &m->in_reply_to,
				m->message_id)
			  : extra_references(x->a, &extra);
	outgoing_view(x->d, o, x->k);
	if (outgoing_put(x->d, x->t, x->a, x->k, o, x->now, &why) < 0)
		return tell_not(x, c, arena_dup(x->a, str_c(why.msg)));
	event_add(x->t, x->k, EVENT_NOTIFIED, &who,
	    arena_printf(x->a, "%s: %.*s%s%.*s", o->kind,
		STR_ARG(outgoing_names(x->a, &o->to, &o->cc)),
		o->hold.n ? ", held: " : "", STR_ARG(o->hold)),
	    x->now);
	return txn_error(x->t, NULL) < 0 ? -1 : 1;
}

/* An answer to the customer. The same as write_mail(). */
static int
answer_mail(
    struct rule_run *x, const struct sieve_action *c, struct outgoing *o)
{
	struct str no = refused(x);
	struct address *one = arena_new(x->a, struct address);
	bool known;

	if (no.n)
		return tell_not(x, c, no);
	*one = writer_of(x);
	known = x->e->ack ? x->e->known : rule_person(x)->answered;
	if (!known)
		one->name = str_n(NULL, 0);
	o->to = (struct addresses){one, 1};
	o->automatic = BY_REPLY;
	o->sign = S("answer of a rule");
	o->view.known = known;
	o->view.message_from = *one;
	o->view.message_date = x->e->message ? x->e->message->date : CLOCK_NONE;
	if (known && x->e->message)
		o->view.message_text = message_new_text(x->a, x->e->message);
	if (!x->d->rehearsal && limits_take(x->t, x->a, x->d->settings,
				    address_key(x->a, one->addr), x->k->subject,
				    x->now, &o->hold, NULL) < 0)
		return -1;
	return write_mail(x, c, o);
}

/* --- answer ------------------------------------------------------------ */

/* Once a ticket for each template. 1: it was there already. */
static int
answered_before(struct rule_run *x, struct str name)
{
	struct str row =
	    arena_printf(x->a, "answered:%llu", (unsigned long long)x->k->id);
	struct str rec = {0}, rest, word;
	struct str id =
	    arena_printf(x->a, "%.*s:%.*s", STR_ARG(row), STR_ARG(name));

	if (x->d->rehearsal) {
		if (rehearsal_seen(x->d->rehearsal, id, x->now))
			return 1;
		rehearsal_mark(x->d->rehearsal, id, INT64_MAX);
		return 0;
	}
	if (counter_get(x->t, x->a, row, &rec) < 0)
		return -1;
	rest = rec;
	while (str_line(&rest, &word))
		if (str_eq(word, name))
			return 1;
	if (rec.n < 4000)
		counter_put(x->t, row,
		    arena_printf(
			x->a, "%.*s%.*s\n", STR_ARG(rec), STR_ARG(name)));
	return 0;
}

int
rule_answer(struct rule_run *x, const struct sieve_action *c)
{
	struct outgoing o = {
	    .kind = "rule",
	    .name = arena_cstr(x->a, c->name),
	};
	struct str no;
	int r;

	if (str_ieq(c->name, S("none"))) {
		x->out->acknowledge = false;
		return 0;
	}
	no = refused(x);
	if (no.n)
		return tell_not(x, c, no);
	r = answered_before(x, c->name);
	if (r)
		return r < 0 ? -1
			     : tell_not(x, c,
				   arena_printf(x->a,
				       "%.*s was sent for this ticket before",
				       STR_ARG(c->name)));
	r = answer_mail(x, c, &o);
	if (r > 0)
		x->out->acknowledge = false;
	return MIN(r, 0);
}

/* --- vacation, reject -------------------------------------------------- */

/* RFC 5230 §4.5: only mail that names us, or one of :addresses. */
static bool
names_us(const struct rule_run *x, const struct sieve_action *c)
{
	const struct settings *s = x->d->settings;
	const struct message *m = x->e->message;
	const struct addresses *lists[2];

	if (!m)
		return true;
	lists[0] = &m->to;
	lists[1] = &m->cc;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			if (settings_is_own(s, lists[k]->v[i].addr) ||
			    strs_ihas(&c->list, lists[k]->v[i].addr))
				return true;
	return x->e->in && x->e->in->envelope_recipient.n &&
	       settings_is_own(s, x->e->in->envelope_recipient);
}

/* With :mime the text begins with a header of its own, which is ours to make. */
static struct str
without_header(struct str s)
{
	struct str line;

	while (str_line(&s, &line))
		if (!line.n)
			break;
	return s;
}

int
rule_vacation(struct rule_run *x, const struct sieve_action *c)
{
	struct str text = c->flag ? without_header(c->value) : c->value;
	struct outgoing o = {
	    .kind = "vacation",
	    .name = "vacation",
	    .plain = arena_cstr(x->a, str_trim(text)),
	    .subject = c->subject,
	    .view = {.answer = str_trim(text)},
	};
	struct str id = arena_printf(x->a, "vacation:%.*s:%.*s",
	    STR_ARG(address_key(x->a, writer_of(x).addr)), STR_ARG(c->handle));
	struct str no = refused(x);
	int r;

	if (!no.n && !names_us(x, c))
		no = S("none of our addresses is in To or Cc");
	if (no.n)
		return tell_not(x, c, no);
	if (c->number > 0) {
		r = rule_seen(x, id);
		if (r < 0)
			return -1;
		if (r)
			return tell_not(
			    x, c, S("the writer had this answer already"));
	}
	r = answer_mail(x, c, &o);
	if (r <= 0)
		return r;
	x->out->acknowledge = false;
	if (c->number <= 0)
		return 0;
	return rule_mark(x, id, c->number);
}

int
rule_reject(struct rule_run *x, const struct sieve_action *c)
{
	struct outgoing o = {
	    .kind = "reject",
	    .name = "reject",
	    .plain = arena_cstr(x->a, str_trim(c->name)),
	    .view = {.answer = str_trim(c->name)},
	};

	return MIN(answer_mail(x, c, &o), 0);
}

/* --- to others --------------------------------------------------------- */

/* How many mails of rules an address got within the hour. Over: why. */
static int
hourly(struct rule_run *x, struct str addr, struct str *hold)
{
	enum {
		TAG_HOUR = 1,
		TAG_COUNT = 2
	};
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str row =
	    arena_printf(x->a, "rules:%.*s", STR_ARG(address_key(x->a, addr)));
	struct str rec = {0};
	struct recr r;
	int64_t hour = x->now / CLOCK_HOUR, had = 0;
	uint64_t n = 0;

	if (x->d->rehearsal)
		return 0;
	if (counter_get(x->t, x->a, row, &rec) < 0)
		return -1;
	r = recr_open(rec);
	while (recr_next(&r)) {
		if (r.tag == TAG_HOUR && !r.is_str)
			had = recr_i64(&r);
		else if (r.tag == TAG_COUNT && !r.is_str)
			n = MIN(r.u, PER_HOUR_MAX);
	}
	/* A clock set back stays in the hour it had reached, for a day. */
	if (had < hour || had > hour + 24)
		n = 0;
	else
		hour = had;
	if (n >= x->d->settings->notices_per_hour) {
		*hold = S("over the limit of mails of rules an hour to this "
			  "address");
		return 0;
	}
	rec_i64(&b, TAG_HOUR, hour);
	rec_u64(&b, TAG_COUNT, n + 1);
	counter_put(x->t, row, buf_str(&b));
	return txn_error(x->t, NULL);
}

/* A machine's mail may not make another machine write, or there are two that do. */
static struct str
not_passed_on(const struct rule_run *x)
{
	const struct message *m = x->e->message;

	if (!m)
		return str_n(NULL, 0);
	if (m->bounce)
		return S("a delivery report");
	if (x->e->ack && x->e->ack->writer->own)
		return S("our own address as sender");
	if (x->e->ack && x->e->ack->automatic.n && !m->is_list)
		return x->e->ack->automatic;
	return str_n(NULL, 0);
}

static int
to_other(struct rule_run *x, const struct sieve_action *c, struct str addr,
    struct outgoing *o)
{
	struct address *one = arena_new(x->a, struct address);
	struct str no = not_passed_on(x);
	struct err why = ERR_INIT;

	if (no.n)
		return tell_not(x, c, no);
	if (change_address(x->a, addr, one, &why) < 0)
		return tell_not(x, c, arena_dup(x->a, str_c(why.msg)));
	if (settings_is_own(x->d->settings, one->addr))
		return tell_not(x, c,
		    arena_printf(x->a, "%.*s is the desk's own address",
			STR_ARG(one->addr)));
	o->to = (struct addresses){one, 1};
	o->automatic = BY_NOTICE;
	o->sign = S("mail of a rule");
	o->view.known = true;
	o->view.message_date = CLOCK_NONE;
	if (hourly(x, one->addr, &o->hold) < 0)
		return -1;
	return write_mail(x, c, o);
}

static struct str
heading(struct rule_run *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	const struct message *m = x->e->message;
	const struct address *from = &x->k->requester;

	buf_puts(&b, "From: ");
	address_format(&b, m && m->from.n ? &m->from.v[0] : from);
	buf_printf(
	    &b, "\nSubject: %.*s\n", STR_ARG(m ? m->subject : x->k->subject));
	return arena_dup(x->a, buf_str(&b));
}

/* The mail as it came, as a file; none where it is not at hand or too large. */
static bool
original(struct rule_run *x, struct buf *raw, struct compose_attachment *out)
{
	const struct intake *in = x->e->in;

	if (!in || !in->packed.n || in->oversize || in->size > REDIRECT_MAX ||
	    blob_unpack(in->packed, REDIRECT_MAX, raw, NULL) < 0)
		return false;
	*out = (struct compose_attachment){
	    .name = S("original.eml"),
	    .type = S("application/octet-stream"),
	    .content = buf_str(raw),
	};
	return true;
}

int
rule_redirect(struct rule_run *x, const struct sieve_action *c)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct compose_attachment file;
	const struct message *m = x->e->message;
	struct outgoing o = {.kind = "redirect", .name = "redirect"};

	o.plain = arena_cstr(x->a,
	    arena_printf(x->a, "%.*s\n%.*s", STR_ARG(heading(x)),
		STR_ARG(
		    utf8_clip(m ? str_trim(m->text) : str_n("", 0), 100000))));
	o.view.message_text = m ? m->text : str_n(NULL, 0);
	o.subject = arena_printf(x->a, "Fwd: %.*s", STR_ARG(x->k->subject));
	if (original(x, &raw, &file)) {
		o.files = &file;
		o.nfiles = 1;
	}
	return MIN(to_other(x, c, c->name, &o), 0);
}

int
rule_notify(struct rule_run *x, const struct sieve_action *c)
{
	struct str to = str_from(c->name, 7), subject = {0};
	struct outgoing o = {.kind = "notify", .name = "notify"};
	ptrdiff_t q;

	if (str_istarts(c->name, S("https://"))) {
		const struct hook *h = hook_by_url(x->d->settings, c->name);

		return h ? rule_webhook(x, c, h->name)
			 : tell_not(x, c,
			       S("no webhook of helpd.conf has this URL"));
	}
	q = str_chr(to, '?', 0);
	if (q >= 0)
		to = str_sub(to, 0, (size_t)q);
	if (c->value.n)
		subject = utf8_clip(c->value, 200);
	else
		subject = arena_printf(
		    x->a, "%.*s", STR_ARG(utf8_clip(x->k->subject, 200)));
	o.subject = subject;
	o.plain = arena_cstr(
	    x->a, arena_printf(x->a, "%.*s%s%.*s", STR_ARG(str_trim(c->value)),
		      c->value.n ? "\n\n" : "", STR_ARG(heading(x))));
	return MIN(to_other(x, c, to, &o), 0);
}

/* --- to the desk ------------------------------------------------------- */

int
rule_escalate(struct rule_run *x, const struct sieve_action *c)
{
	struct actor who = rule_actor(x, c->at);
	struct str whom = c->name.n ? c->name : S("lead");
	struct notice n = {.kind = NOTICE_SLA, .who = who};
	struct err why = ERR_INIT;
	size_t sent = 0;

	if (x->k->priority < PRIORITY_URGENT &&
	    change_priority(x->d, x->t, x->a, x->k,
		(enum priority)(x->k->priority + 1), &who, x->now, &why) < 0)
		return tell_not(x, c, arena_dup(x->a, str_c(why.msg)));
	event_add(x->t, x->k, EVENT_ESCALATED, &who, whom, x->now);
	if (x->d->rehearsal)
		return txn_error(x->t, NULL);
	n.nlist = sla_people(x->a, x->d->settings, x->k, whom, &n.list);
	n.detail =
	    arena_printf(x->a, "escalated by a rule: %.*s", STR_ARG(who.cause));
	if (n.nlist &&
	    notice_send(x->d, x->t, x->a, x->k, &n, x->now, &sent, NULL) < 0)
		return -1;
	return txn_error(x->t, NULL);
}

int
rule_webhook(struct rule_run *x, const struct sieve_action *c, struct str name)
{
	struct actor who = rule_actor(x, c->at);
	struct value *data = value_object(x->a);
	struct err why = ERR_INIT;

	value_set_str(x->a, data, "rule", who.cause);
	value_set_str(x->a, data, "at", str_c(rule_event_name(x->e->kind)));
	if (c->value.n)
		value_set_str(x->a, data, "message", c->value);
	if (hook_post(x->d, x->t, x->a, x->k, name, S("rule"), data, &who,
		x->now, &why) < 0)
		return tell_not(x, c, arena_dup(x->a, str_c(why.msg)));
	event_add(x->t, x->k, EVENT_NOTIFIED, &who,
	    arena_printf(x->a, "webhook: %.*s", STR_ARG(name)), x->now);
	return txn_error(x->t, NULL);
}

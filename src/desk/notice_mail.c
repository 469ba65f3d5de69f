/*
 * A mail to one agent: rendered, composed, its token made, its row written.
 *
 * The token's row is put before the mail is composed, for it gives the nonce;
 * both stand or fall with the transaction. The bytes are a blob of the outbox
 * row alone: what agents are told is no article.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/notice_private.h"
#include "desk/token.h"
#include "mail/reply_marker.h"
#include "store/blob.h"

struct str
notice_language(const struct settings *s, const struct agent *x)
{
	return view_language(s, x->languages.n ? x->languages.v[0] : S(""));
}

static const struct queue *
queue_of(const struct settings *s, const struct ticket *k)
{
	const struct queue *q = k ? settings_queue(s, k->queue) : NULL;

	return q ? q : &s->queues[0];
}

static struct str
domain_of(const struct settings *s, const struct queue *q)
{
	return s->domain.n ? s->domain : address_domain(q->address.addr);
}

/* --- words ------------------------------------------------------------- */

static void
add_agent(struct arena *a, const struct agent *to, struct value *root)
{
	struct value *o =
	    value_set(a, root, "agent", (struct value){.kind = VALUE_OBJECT});

	value_set_str(a, o, "name", to->full_name.n ? to->full_name : to->name);
	value_set_str(a, o, "login", to->name);
	value_set_str(a, o, "signature", to->signature);
}

static struct value *
all_values(struct desk *d, struct arena *a, const struct agent_mail_out *x,
    const struct notice_extra *e, struct str language)
{
	struct view v = {
	    .settings = d->settings,
	    .ticket = x->k,
	    .queue = queue_of(d->settings, x->k),
	    .known = true,
	    .language = language,
	    .message_date = CLOCK_NONE,
	};
	struct value *root;

	if (e) {
		v.message_text = e->message_text;
		v.message_from = e->message_from;
		v.message_date = e->message_date;
	}
	if (x->k)
		root = view_make(a, &v);
	else {
		root = value_object(a);
		struct value *q;

		value_set_str(a, root, "site", d->settings->site);
		value_set_bool(a, root, "known", true);
		q = value_set(
		    a, root, "queue", (struct value){.kind = VALUE_OBJECT});
		value_set_str(a, q, "address", v.queue->address.addr);
	}
	value_set_str(a, root, "marker", reply_marker(MARKER_TOP, language));
	value_set_str(
	    a, root, "marker_words", reply_marker(MARKER_WORDS, language));
	value_set_str(
	    a, root, "marker_end", reply_marker(MARKER_END, language));
	add_agent(a, x->to, root);
	for (size_t i = 0; x->data && i < x->data->n; i++)
		value_set(a, root, arena_cstr(a, x->data->keys[i]),
		    x->data->items[i]);
	return root;
}

static void
render(struct desk *d, struct arena *a, const struct agent_mail_out *x,
    const struct notice_extra *e, struct rendered *out)
{
	struct str language = notice_language(d->settings, x->to), subject;

	*out = (struct rendered){0};
	if (!d->templates ||
	    templates_render(d->templates, a, language,
		queue_of(d->settings, x->k)->templates, x->template,
		all_values(d, a, x, e, language), out, NULL) < 0 ||
	    !out->text.n) {
		*out = (struct rendered){0};
		out->text = x->plain.n ? x->plain : S("\n");
	}
	subject = str_trim(out->subject.n ? out->subject : x->subject);
	if (x->k) {
		struct str label = outbound_label(a, d->settings, x->k);

		if (!subject.n)
			subject = x->k->subject;
		if (!str_has(subject, label))
			subject = arena_printf(a, "%.*s%s%.*s", STR_ARG(label),
			    subject.n ? " " : "", STR_ARG(subject));
	} else if (!subject.n)
		subject = d->settings->site;
	out->subject = utf8_clip(subject, 500);
}

/* --- the token --------------------------------------------------------- */

static void
put_grant(struct txn *t, const struct settings *s,
    const struct agent_mail_out *x, int64_t now)
{
	struct grant *g = x->grant;

	if (!g->ticket && x->k)
		g->ticket = x->k->id;
	if (!g->agent.n)
		g->agent = x->to->name;
	if (!g->created)
		g->created = now;
	if (!g->expires)
		g->expires =
		    now + (g->purpose == GRANT_NOTICE ? s->notice_within
						      : s->confirm_within);
	/* A row that has just been made was neither used nor revoked. */
	if (!g->nonce) {
		g->used = CLOCK_NONE;
		g->revoked = CLOCK_NONE;
	}
	grant_put(t, g);
}

/* All mails of a ticket to agents name this one, which was never sent: so every
 * client shows them together, whichever of them it has. */
static struct str
thread_id(struct arena *a, uint64_t ticket, struct str domain)
{
	return arena_printf(a, "helpd.desk.%llu@%.*s",
	    (unsigned long long)ticket, STR_ARG(domain));
}

/* --- bytes ------------------------------------------------------------- */

static int
compose(struct desk *d, struct arena *a, const struct agent_mail_out *x,
    const struct notice_extra *e, const struct rendered *r, struct str id,
    int64_t now, struct buf *out, struct err *err)
{
	const struct settings *s = d->settings;
	const struct queue *q = queue_of(s, x->k);
	struct address to = {
	    x->to->full_name.n ? x->to->full_name : x->to->name,
	    x->to->addresses.v[0]};
	struct address reply = q->address;
	struct header marks[] = {{S("X-Helpd-Ticket"), s->site},
	    {S("X-Helpd-Notice"), str_c(e ? e->sort : x->kind)}};
	struct compose c = {
	    .from = q->address,
	    .to = {&to, 1},
	    .subject = r->subject,
	    .message_id = id,
	    .in_reply_to = x->in_reply_to,
	    .date = now,
	    .timezone = s->timezone,
	    .text = r->text,
	    .html = r->html,
	    .attachments = x->files,
	    .nattachments = x->nfiles,
	    .automatic_notice = true,
	    .extra = marks,
	    .nextra = ARRAY_LEN(marks),
	    .boundary_seed = id,
	};

	if (!c.from.name.n)
		c.from.name = s->site;
	if (e && e->from_name.n)
		c.from.name = e->from_name;
	if (x->grant && s->plus_address)
		reply.addr =
		    token_grant_address(a, d->keys, q->address.addr, x->grant);
	if (!str_eq(reply.addr, q->address.addr)) {
		reply.name = c.from.name;
		c.reply_to = (struct addresses){&reply, 1};
	}
	if (x->k) {
		strs_add(
		    a, &c.references, thread_id(a, x->k->id, domain_of(s, q)));
		if (!c.in_reply_to.n)
			c.in_reply_to = c.references.v[0];
		marks[0].value = arena_printf(a, "%.*s %llu", STR_ARG(s->site),
		    (unsigned long long)x->k->id);
	}
	if (x->in_reply_to.n)
		strs_add(a, &c.references, x->in_reply_to);
	return compose_message(&c, out, err);
}

static uint64_t
put_row(struct txn *t, const struct settings *s, const struct agent_mail_out *x,
    const struct notice_extra *e, const struct rendered *r, struct str id,
    struct str raw, int64_t now)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct recipient to = {
	    .addr = x->to->addresses.v[0], .state = OUTBOX_QUEUED};
	struct outbox row = {
	    .ticket = x->k ? x->k->id : 0,
	    .kind = str_c(x->kind),
	    .transport = e && e->transport.n ? e->transport
					     : queue_of(s, x->k)->transport,
	    .recipients = &to,
	    .nrecipients = 1,
	    .message_id = id,
	    .subject = r->subject,
	    .size = raw.n,
	    .state = OUTBOX_QUEUED,
	    .created = now,
	    .next = now,
	};

	blob_pack(raw, &packed);
	row.blob = blob_put(t, buf_str(&packed));
	outbox_put(t, &row);
	return row.id;
}

int
notice_write(struct desk *d, struct txn *t, struct arena *a,
    const struct agent_mail_out *x, const struct notice_extra *e, int64_t now,
    uint64_t *outbox, struct err *err)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	const struct settings *s = d->settings;
	struct str domain = domain_of(s, queue_of(s, x->k)), id;
	struct rendered r;
	uint64_t row;

	if (outbox)
		*outbox = 0;
	if (!x->to->addresses.n)
		return err_set(err, ERR_INVAL, "agent %.*s has no address",
		    STR_ARG(x->to->name));
	if (x->grant) {
		put_grant(t, s, x, now);
		if (txn_error(t, err) < 0)
			return -1;
		id = token_grant_message_id(a, d->keys, x->grant, now, domain);
	} else if (e && e->message_id.n)
		id = e->message_id;
	else
		id = arena_printf(a, "helpd.%016llx@%.*s",
		    (unsigned long long)random_u64(), STR_ARG(domain));
	render(d, a, x, e, &r);
	if (compose(d, a, x, e, &r, id, now, &raw, err) < 0) {
		if (x->grant)
			grant_del(t, x->grant->nonce);
		return -1;
	}
	row = put_row(t, s, x, e, &r, id, buf_str(&raw), now);
	if (outbox)
		*outbox = row;
	return txn_error(t, err);
}

int
notice_mail(struct desk *d, struct txn *t, struct arena *a,
    const struct agent_mail_out *x, int64_t now, uint64_t *outbox,
    struct err *err)
{
	return notice_write(d, t, a, x, NULL, now, outbox, err);
}

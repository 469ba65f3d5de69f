/*
 * One way out for all mails: rendered, composed, stored.
 *
 * References are those of the mail that is answered, kept with the ticket
 * (extra.chain), so that any client, in whatever order it got the mails, shows
 * one thread. Automatic mail does not become part of the chain, nor does an
 * answer that still waits for somebody's word.
 */
#include "desk/outgoing.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/people.h"
#include "desk/token.h"
#include "mail/terms.h"
#include "store/blob.h"

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
	subject = str_trim(o->subject.n ? o->subject : out->subject);
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
	    .attachments = o->files,
	    .nattachments = o->nfiles,
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

static void
move_agents(const struct settings *s, struct addresses *l, struct addresses *to)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (settings_is_desk(s, l->v[i].addr))
			to->v[to->n++] = l->v[i];
		else
			l->v[n++] = l->v[i];
	l->n = n;
}

/* Where a customer reads along, an agent's own address is nobody's business:
 * it may have come by a merge, or as the requester of a sub-ticket. */
static void
hide_agents(struct arena *a, const struct settings *s, struct outgoing *o)
{
	size_t n = o->to.n + o->cc.n, agents = 0;

	for (size_t i = 0; i < n; i++)
		agents += settings_is_desk(s,
		    i < o->to.n ? o->to.v[i].addr : o->cc.v[i - o->to.n].addr);
	if (!agents || agents == n)
		return;
	o->hidden.v = arena_array(a, struct address, agents);
	move_agents(s, &o->to, &o->hidden);
	move_agents(s, &o->cc, &o->hidden);
}

/* --- rows -------------------------------------------------------------- */

static void
add_recipients(struct outbox *row, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++)
		row->recipients[row->nrecipients++] = (struct recipient){
		    .addr = l->v[i].addr, .state = OUTBOX_QUEUED};
}

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
	row.recipients =
	    arena_array(a, struct recipient, o->to.n + o->cc.n + o->hidden.n);
	add_recipients(&row, &o->to);
	add_recipients(&row, &o->cc);
	add_recipients(&row, &o->hidden);
	outbox_put(t, &row);
	return row.id;
}

/* What show and the history say of them; their bytes are in the mail. */
static struct attachments
attachments_of(struct arena *a, const struct outgoing *o)
{
	struct attachments l = {
	    arena_array(a, struct attachment, o->nfiles + 1), o->nfiles};

	for (size_t i = 0; i < o->nfiles; i++) {
		const struct compose_attachment *x = &o->files[i];

		l.v[i] = (struct attachment){
		    .name = x->name,
		    .type = x->type.n ? x->type : S("application/octet-stream"),
		    .content_id = x->content_id,
		    .size = x->content.n,
		    .is_inline = x->content_id.n > 0,
		};
		sha256(x->content, l.v[i].sha256);
	}
	return l;
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
	    .attachments = attachments_of(a, o),
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
	article_put(t, &x);
}

int
outgoing_put(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct outgoing *o, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct rendered r;
	struct str id;
	uint64_t blob;

	o->to = reachable(a, d->settings, &o->to);
	o->cc = reachable(a, d->settings, &o->cc);
	hide_agents(a, d->settings, o);
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
	if (o->automatic == BY_PERSON && !o->hold.n)
		outgoing_chain(a, k, id);
	return txn_error(t, err);
}

/* --- what several of them do ------------------------------------------- */

void
outgoing_view(struct desk *d, struct outgoing *o, const struct ticket *k)
{
	o->queue = queue_of(d->settings, k);
	o->view.settings = d->settings;
	o->view.ticket = k;
	o->view.queue = o->queue;
	o->view.language = view_language(d->settings, k->language);
	if (!o->view.message_date)
		o->view.message_date = CLOCK_NONE;
}

void
outgoing_people(struct arena *a, const struct ticket *k, struct outgoing *o)
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

void
outgoing_chain(struct arena *a, struct ticket *k, struct str message_id)
{
	struct extra x;

	extra_read(a, k->extra, &x);
	x.chain = extra_chain(a, &x.chain, &x.chain, message_id);
	k->extra = extra_write(a, k->extra, &x);
}

void
outgoing_index(
    struct desk *d, struct arena *a, uint64_t ticket, struct str text)
{
	struct terms *set;

	if (!d->terms)
		return;
	set = terms_new(a);
	terms_add(set, text);
	term_batch_add_all(d->terms, terms_list(set), ticket);
}

struct str
outgoing_names(
    struct arena *a, const struct addresses *to, const struct addresses *cc)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < to->n + cc->n; i++) {
		if (i)
			buf_puts(&b, ", ");
		buf_put(&b, i < to->n ? to->v[i].addr : cc->v[i - to->n].addr);
	}
	return arena_dup(a, buf_str(&b));
}

int
outgoing_stamp(struct txn *t, struct arena *a, struct ticket *k,
    const struct addresses *to, const struct addresses *cc,
    enum event_kind kind, const struct actor *who, int64_t now, struct err *err)
{
	struct str agent = {0};

	if (str_starts(who->name, S("agent:")))
		agent = str_from(who->name, 6);
	for (size_t i = 0; i < to->n + cc->n; i++)
		if (people_answered(t, a,
			i < to->n ? &to->v[i] : &cc->v[i - to->n], agent, now,
			err) < 0)
			return -1;
	if (k->first_response == CLOCK_NONE)
		k->first_response = now;
	k->agent_wrote = k->updated = now;
	event_add(t, k, kind, who, outgoing_names(a, to, cc), now);
	return txn_error(t, err);
}

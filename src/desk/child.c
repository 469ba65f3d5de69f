/*
 * Sub-tickets: work that others do for a ticket. The parent is not over while
 * one of them is active, unless somebody says so (change_status_forced()).
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/syntax.h"
#include "base/utf8.h"
#include "desk/merge_private.h"
#include "desk/notice.h"
#include "desk/people.h"
#include "desk/route.h"
#include "desk/search.h"
#include "mail/compose.h"

enum {
	SUBJECT_MAX = 500
};

/* --- making one -------------------------------------------------------- */

static const struct queue *
find_queue(
    struct arena *a, const struct settings *s, struct str name, struct err *err)
{
	const struct queue *q = settings_queue(s, name);
	struct str *names, near;

	if (q)
		return q;
	names = arena_array(a, struct str, s->nqueues + 1);
	for (size_t i = 0; i < s->nqueues; i++)
		names[i] = s->queues[i].name;
	near = syntax_nearest(name, names, s->nqueues);
	err_set(err, ERR_INVAL, "there is no queue %.*s%s%.*s%s", STR_ARG(name),
	    near.n ? "; did you mean " : "", STR_ARG(near), near.n ? "?" : "");
	return NULL;
}

static int
check_words(const struct child *c, struct str subject, struct err *err)
{
	if (!subject.n)
		return err_set(
		    err, ERR_INVAL, "the sub-ticket's subject is empty");
	if (!utf8_valid(c->subject) || !utf8_valid(c->text))
		return err_set(
		    err, ERR_INVAL, "the sub-ticket's text is not UTF-8");
	for (size_t i = 0; i < c->subject.n; i++)
		if ((unsigned char)c->subject.p[i] < ' ' ||
		    c->subject.p[i] == 0x7f)
			return err_set(err, ERR_INVAL,
			    "the sub-ticket's subject has a control "
			    "character in it");
	if (subject.n > SUBJECT_MAX)
		return err_set(err, ERR_INVAL,
		    "the sub-ticket's subject is longer than %d bytes",
		    SUBJECT_MAX);
	if (c->text.n > MESSAGE_TEXT_MAX)
		return err_set(err, ERR_INVAL,
		    "the sub-ticket's text is larger than %d MiB",
		    MESSAGE_TEXT_MAX >> 20);
	return 0;
}

/* How many tickets are above k; on the longest way of the first parents. */
static int
check_depth(
    struct txn *t, struct arena *a, const struct ticket *k, struct err *err)
{
	struct ticket row = *k;
	uint64_t up;

	for (int depth = 1; (up = merge_parent(&row)) != 0; depth++) {
		if (depth >= CHILD_DEPTH_MAX)
			return err_set(err, ERR_INVAL,
			    "%d sub-tickets are one below the other already",
			    CHILD_DEPTH_MAX);
		if (family_get(t, a, up, &row, err) < 0)
			return -1;
	}
	return 0;
}

static int
check_parent(
    struct txn *t, struct arena *a, const struct ticket *k, struct err *err)
{
	if (merge_check_open(k, err) < 0)
		return -1;
	if (!status_is_active(k->status))
		return err_set(err, ERR_INVAL,
		    "ticket %llu is %s: open it before it gets a sub-ticket",
		    N(k->id), status_name(k->status));
	if (merge_check_room(k, 1, err) < 0)
		return -1;
	return check_depth(t, a, k, err);
}

static void
put_text(struct desk *d, struct txn *t, struct arena *a, struct ticket *out,
    const struct child *c, const struct actor *who, int64_t now)
{
	struct str text = str_rtrim(c->text);
	struct span whole;
	struct article r;

	if (!text.n)
		text = out->subject;
	whole = (struct span){0, (uint32_t)text.n};
	r = (struct article){
	    .ticket = out->id,
	    .seq = ++out->articles,
	    .direction = DIRECTION_NOTE,
	    .author = {c->author.n ? c->author : who->name, c->requester.addr},
	    .subject = out->subject,
	    .date = now,
	    .at = now,
	    .text = text,
	    .fresh = &whole,
	    .nfresh = 1,
	};
	article_put(t, &r);
	if (d->terms)
		index_article(t, a, out->id, r.seq, d->terms);
}

static void
fill(struct arena *a, const struct settings *s, const struct ticket *parent,
    const struct child *c, const struct queue *q, struct str subject,
    int64_t now, struct ticket *out)
{
	*out = (struct ticket){
	    .subject = subject,
	    .status = STATUS_NEW,
	    .priority = parent->priority,
	    .queue = q->name,
	    .channel = S("child"),
	    .language = parent->language,
	    .created = now,
	    .updated = now,
	    .resolved = CLOCK_NONE,
	    .closed = CLOCK_NONE,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = CLOCK_NONE,
	    .agent_wrote = CLOCK_NONE,
	};
	if (!c->requester.addr.n || settings_is_own(s, c->requester.addr))
		return;
	out->requester = c->requester;
	out->participants = arena_new(a, struct participant);
	out->participants[0] =
	    (struct participant){c->requester, ROLE_REQUESTER};
	out->nparticipants = 1;
}

int
merge_child(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *parent, const struct child *c, const struct actor *who,
    int64_t now, struct ticket *out, struct err *err)
{
	const struct settings *s = d->settings;
	struct strs tags = settings_tags(a, s);
	struct str subject = str_trim(c->subject);
	const struct queue *q;
	struct notice x = {.kind = NOTICE_NEW, .seq = 1, .who = *who};

	if (utf8_valid(subject))
		subject = subject_base(a, subject, &tags);
	if (check_parent(t, a, parent, err) < 0 ||
	    check_words(c, subject, err) < 0)
		return -1;
	q = find_queue(a, s, c->queue, err);
	if (!q)
		return -1;
	fill(a, s, parent, c, q, subject, now, out);
	ticket_put(t, out); /* gives the number */
	if (txn_error(t, err) < 0)
		return -1;
	event_add(t, out, EVENT_CREATED, who, q->name, now);
	event_add(t, out, EVENT_CHILD, who,
	    arena_printf(a, "of #%llu", N(parent->id)), now);
	event_add(t, parent, EVENT_CHILD, who,
	    arena_printf(a, "opened #%llu in %.*s: %.*s", N(out->id),
		STR_ARG(q->name), STR_ARG(subject)),
	    now);
	put_text(d, t, a, out, c, who, now);
	if (family_unite(t, a, parent, out, err) < 0)
		return -1;
	ticket_link(a, parent, out->id, LINK_CHILD);
	ticket_link(a, out, parent->id, LINK_PARENT);
	parent->updated = MAX(parent->updated, now);
	x.detail = arena_printf(a, "a sub-ticket of #%llu: %.*s", N(parent->id),
	    STR_ARG(parent->subject));
	if (route_tell_new(d, t, a, out, &x, now, err) < 0)
		return -1;
	ticket_put(t, out);
	ticket_put(t, parent);
	return txn_error(t, err);
}

/* --- its life ---------------------------------------------------------- */

uint64_t
merge_parent(const struct ticket *k)
{
	for (size_t i = 0; i < k->nlinks; i++)
		if (k->links[i].kind == LINK_PARENT)
			return k->links[i].ticket;
	return 0;
}

int
merge_open_children(struct txn *t, struct arena *a, const struct ticket *k,
    uint64_t **ids, size_t *n, struct err *err)
{
	*ids = NULL;
	*n = 0;
	for (size_t i = 0; i < k->nlinks; i++) {
		AUTO(arena_fini) struct arena row = ARENA_INIT;
		struct ticket c;

		if (k->links[i].kind != LINK_CHILD)
			continue;
		if (family_get(t, &row, k->links[i].ticket, &c, err) < 0)
			return -1;
		if (!status_is_active(c.status))
			continue;
		if (!*ids)
			*ids = arena_array(a, uint64_t, k->nlinks);
		(*ids)[(*n)++] = c.id;
	}
	return 0;
}

/* Tells one parent; the child's own row may not be put yet. */
static int
tell_parent(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *child, uint64_t id, bool done, const struct actor *who,
    int64_t now, struct err *err)
{
	struct ticket p;
	struct str words;
	uint64_t *open;
	size_t n, others = 0;
	struct notice x = {.kind = NOTICE_CHILD, .who = *who};

	if (family_get(t, a, id, &p, err) < 0 ||
	    merge_open_children(t, a, &p, &open, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		others += open[i] != child->id;
	words = arena_printf(a, "#%llu %s%s", N(child->id),
	    done ? status_name(child->status) : "reopened",
	    done && !others ? "; no sub-ticket is open any more" : "");
	event_add(t, &p, EVENT_CHILD, who, words, now);
	p.updated = MAX(p.updated, now);
	x.detail = arena_printf(
	    a, "%.*s: %.*s", STR_ARG(words), STR_ARG(child->subject));
	/* That work goes on is news only to those who think it is over. */
	if ((done || !status_is_active(p.status)) &&
	    notice_send(d, t, a, &p, &x, now, NULL, err) < 0)
		return -1;
	ticket_put(t, &p);
	return txn_error(t, err);
}

static int
tell_parents(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *child, bool done, const struct actor *who, int64_t now,
    struct err *err)
{
	for (size_t i = 0; i < child->nlinks; i++)
		if (child->links[i].kind == LINK_PARENT &&
		    tell_parent(d, t, a, child, child->links[i].ticket, done,
			who, now, err) < 0)
			return -1;
	return 0;
}

int
merge_child_done(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *child, const struct actor *who, int64_t now,
    struct err *err)
{
	return tell_parents(d, t, a, child, true, who, now, err);
}

int
merge_child_reopened(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *child, const struct actor *who, int64_t now,
    struct err *err)
{
	return tell_parents(d, t, a, child, false, who, now, err);
}

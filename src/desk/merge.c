/*
 * What a merge changes, on the two rows and on those of the tickets above and
 * below the source:
 *
 *   source   status merged, merged_into; its parents and children are taken off
 *   target   a link merged-from, the source's people, parents and children …
 *
 * The pointer is all that later look-ups need, and the link all that showing
 * the target needs: neither ever looks for the other side.
 */
#include "desk/merge_private.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/notice.h"
#include "desk/people.h"
#include "desk/purge.h"

enum {
	ABOVE_MAX = 1000, /* tickets above one that are looked at */
	TAGS_MAX = 50
};

/* --- checks ------------------------------------------------------------ */

int
merge_check_open(const struct ticket *k, struct err *err)
{
	if (k->merged_into)
		return err_set(err, ERR_INVAL,
		    "ticket %llu was merged into %llu already", N(k->id),
		    N(k->merged_into));
	return purge_check_open(k, err);
}

int
merge_check_room(const struct ticket *k, size_t more, struct err *err)
{
	if (k->nlinks + more > TICKET_LINKS_MAX)
		return err_set(err, ERR_INVAL,
		    "ticket %llu would have more than %d links", N(k->id),
		    TICKET_LINKS_MAX);
	return 0;
}

int
merge_is_above(struct txn *t, struct arena *a, const struct ticket *k,
    uint64_t up, unsigned *steps, struct err *err)
{
	uint64_t *seen = arena_array(a, uint64_t, ABOVE_MAX);
	size_t n = 0, level = 0;
	const struct ticket *at = k;
	struct ticket row;

	for (size_t done = 0, end = 0;; done++) {
		if (done == end) { /* all of this level are read */
			level++;
			end = n;
		}
		for (size_t i = 0; i < at->nlinks; i++) {
			uint64_t id = at->links[i].ticket;
			size_t s = 0;

			if (at->links[i].kind != LINK_PARENT)
				continue;
			if (id == up) {
				*steps = (unsigned)level;
				return 1;
			}
			while (s < n && seen[s] != id)
				s++;
			if (s == n && n == ABOVE_MAX)
				return err_set(err, ERR_INVAL,
				    "more than %d tickets are above %llu",
				    ABOVE_MAX, N(k->id));
			if (s == n)
				seen[n++] = id;
		}
		if (done == n)
			return 0;
		if (family_get(t, a, seen[done], &row, err) < 0)
			return -1;
		at = &row;
	}
}

static int
check_circle(struct txn *t, struct arena *a, const struct ticket *k,
    const struct ticket *from, struct err *err)
{
	unsigned steps;
	int above = merge_is_above(t, a, k, from->id, &steps, err);

	if (above < 0)
		return -1;
	if (above)
		return err_set(err, ERR_INVAL,
		    "ticket %llu is a sub-ticket of %llu: merge it the other "
		    "way round",
		    N(k->id), N(from->id));
	for (size_t i = 0; i < from->nlinks; i++) {
		struct ticket p;

		if (from->links[i].kind != LINK_PARENT ||
		    from->links[i].ticket == k->id)
			continue;
		if (family_get(t, a, from->links[i].ticket, &p, err) < 0)
			return -1;
		above = merge_is_above(t, a, &p, k->id, &steps, err);
		if (above < 0)
			return -1;
		if (above)
			return err_set(err, ERR_INVAL,
			    "ticket %llu is a sub-ticket of %llu, which is "
			    "one of %llu: merge %llu first",
			    N(from->id), N(p.id), N(k->id), N(p.id));
	}
	return 0;
}

static int
check_people(const struct ticket *k, const struct ticket *from, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < k->nparticipants; i++)
		n += k->participants[i].role != ROLE_PROPOSED;
	for (size_t i = 0; i < from->nparticipants; i++)
		n += from->participants[i].role != ROLE_PROPOSED &&
		     !people_takes_part(k, from->participants[i].address.addr);
	if (n > PEOPLE_MAX)
		return err_set(err, ERR_INVAL,
		    "%llu and %llu together have more than %d people", N(k->id),
		    N(from->id), PEOPLE_MAX);
	return 0;
}

/* Answers go to the target's requester, so everybody in it reads his address.
 */
static int
check_inside(const struct settings *s, const struct ticket *k,
    const struct ticket *from, struct err *err)
{
	if (settings_is_desk(s, k->requester.addr) && from->requester.addr.n &&
	    !settings_is_desk(s, from->requester.addr))
		return err_set(err, ERR_INVAL,
		    "ticket %llu is a colleague's and %llu a customer's: merge "
		    "them the other way round",
		    N(k->id), N(from->id));
	return 0;
}

static int
check_spam(const struct ticket *k, struct err *err)
{
	if (k->status == STATUS_SPAM)
		return err_set(err, ERR_INVAL,
		    "ticket %llu is spam; set it open before it is merged",
		    N(k->id));
	return 0;
}

int
merge_check(const struct settings *s, struct txn *t, struct arena *a,
    const struct ticket *k, const struct ticket *from, struct err *err)
{
	uint64_t *ids;
	size_t mine, theirs;

	if (k->id == from->id)
		return err_set(err, ERR_INVAL,
		    "ticket %llu is not merged into itself", N(k->id));
	if (merge_check_open(from, err) < 0 || merge_check_open(k, err) < 0 ||
	    check_spam(from, err) < 0 || check_spam(k, err) < 0 ||
	    merge_sources(t, a, k, &ids, &mine, err) < 0 ||
	    merge_sources(t, a, from, &ids, &theirs, err) < 0)
		return -1;
	if (mine + theirs + 1 > MERGED_MAX)
		return err_set(err, ERR_INVAL,
		    "more than %d tickets would be merged into %llu",
		    MERGED_MAX, N(k->id));
	if (merge_check_room(k, 1 + from->nlinks, err) < 0 ||
	    check_people(k, from, err) < 0 || check_inside(s, k, from, err) < 0)
		return -1;
	return check_circle(t, a, k, from, err);
}

/* --- what the target gains --------------------------------------------- */

static struct participant *
find_person(struct ticket *k, struct str addr)
{
	for (size_t i = 0; i < k->nparticipants; i++)
		if (address_eq(k->participants[i].address.addr, addr))
			return &k->participants[i];
	return NULL;
}

/* *joined: their addresses, for the history. An agent who took part in the
 * source, a sub-ticket of his for instance, does not join: his own address is
 * not for the target's customer to read. */
static void
join_people(struct arena *a, const struct settings *s, struct ticket *k,
    const struct ticket *from, struct buf *joined)
{
	size_t room = k->nparticipants + from->nparticipants + 2;
	struct participant *v = arena_array(a, struct participant, room);
	bool inside = settings_is_desk(s, k->requester.addr);
	size_t proposed = 0;

	if (k->nparticipants)
		memcpy(v, k->participants, k->nparticipants * sizeof *v);
	k->participants = v;
	for (size_t i = 0; i < k->nparticipants; i++)
		proposed += v[i].role == ROLE_PROPOSED;
	for (size_t i = 0; i <= from->nparticipants; i++) {
		/* The requester is one of them, but for old rows. */
		struct participant x =
		    i < from->nparticipants
			? from->participants[i]
			: (struct participant){from->requester, ROLE_CC};
		struct participant *old = find_person(k, x.address.addr);

		if (!x.address.addr.n || settings_is_own(s, x.address.addr) ||
		    (!inside && settings_is_desk(s, x.address.addr)) ||
		    (old && (old->role != ROLE_PROPOSED ||
				x.role == ROLE_PROPOSED)))
			continue;
		if (x.role == ROLE_PROPOSED && ++proposed > PEOPLE_MAX)
			continue;
		if (x.role != ROLE_PROPOSED) {
			x.role = ROLE_CC;
			buf_printf(joined, "%s%.*s", joined->n ? ", " : "",
			    STR_ARG(x.address.addr));
		}
		if (old)
			*old = x;
		else
			v[k->nparticipants++] = x;
	}
}

static struct str
join_tags(struct arena *a, struct ticket *k, const struct ticket *from)
{
	AUTO(buf_fini) struct buf added = BUF_INIT;
	struct strs all = {0};

	for (size_t i = 0; i < k->tags.n; i++)
		strs_add(a, &all, k->tags.v[i]);
	for (size_t i = 0; i < from->tags.n && all.n < TAGS_MAX; i++) {
		if (strs_has(&all, from->tags.v[i]))
			continue;
		strs_add(a, &all, from->tags.v[i]);
		buf_printf(&added, "%s+%.*s", added.n ? " " : "",
		    STR_ARG(from->tags.v[i]));
	}
	k->tags = all;
	return arena_dup(a, buf_str(&added));
}

static void
join_fields(struct txn *t, struct arena *a, struct ticket *k,
    const struct ticket *from, const struct actor *who, int64_t now)
{
	struct field *v =
	    arena_array(a, struct field, k->nfields + from->nfields + 1);

	if (k->nfields)
		memcpy(v, k->fields, k->nfields * sizeof *v);
	k->fields = v;
	for (size_t i = 0; i < from->nfields; i++) {
		const struct field *f = &from->fields[i];
		size_t n = 0;

		while (n < k->nfields && !str_ieq(v[n].name, f->name))
			n++;
		if (n < k->nfields)
			continue;
		v[k->nfields++] = *f;
		event_add(t, k, EVENT_FIELD, who,
		    arena_printf(a, "%.*s: none -> %.*s", STR_ARG(f->name),
			STR_ARG(f->value)),
		    now);
	}
}

/* The mail to be answered next is the newest of both; of the other thread, an
 * answer names what is needed (extra_references()). */
static void
join_chain(struct arena *a, struct ticket *k, const struct ticket *from)
{
	struct extra mine, theirs;

	extra_read(a, k->extra, &mine);
	extra_read(a, from->extra, &theirs);
	extra_join(a, &mine, &theirs);
	if (!mine.chain.n)
		mine.chain = theirs.chain;
	else if (theirs.chain.n && from->customer_wrote > k->customer_wrote)
		mine.chain = extra_chain(a, &mine.chain, &mine.chain,
		    theirs.chain.v[theirs.chain.n - 1]);
	k->extra = extra_write(a, k->extra, &mine);
}

static void
join_times(struct ticket *k, const struct ticket *from)
{
	if (from->first_response != CLOCK_NONE &&
	    (k->first_response == CLOCK_NONE ||
		from->first_response < k->first_response))
		k->first_response = from->first_response;
	k->customer_wrote = MAX(k->customer_wrote, from->customer_wrote);
	k->agent_wrote = MAX(k->agent_wrote, from->agent_wrote);
}

/* Somebody waits in the source: nothing of that may be hidden by what the
 * target says. */
static int
join_state(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct ticket *from, const struct actor *who, int64_t now,
    struct err *err)
{
	bool waits = from->status == STATUS_NEW || from->status == STATUS_OPEN;

	if (status_is_active(from->status) && from->priority > k->priority &&
	    change_priority(d, t, a, k, from->priority, who, now, err) < 0)
		return -1;
	if (!k->assignee.n && from->assignee.n &&
	    staff_may_take(d->settings, from->assignee, k->queue) &&
	    change_assignee(d, t, a, k, from->assignee, who, now, err) < 0)
		return -1;
	if (waits && snooze_wake(t, a, k, true, who, now))
		return 0;
	if ((status_is_active(from->status) && !status_is_active(k->status)) ||
	    (waits && k->status == STATUS_PENDING))
		return change_status(d, t, a, k, STATUS_OPEN, who, now, err);
	return 0;
}

/* The other side of each link of the source to a parent or child. */
static int
move_kin(struct txn *t, struct arena *a, struct ticket *k, struct ticket *from,
    const struct actor *who, int64_t now, struct err *err)
{
	struct link *kin = arena_array(a, struct link, from->nlinks + 1);
	size_t n = 0;

	for (size_t i = 0; i < from->nlinks; i++)
		if (from->links[i].kind == LINK_PARENT ||
		    from->links[i].kind == LINK_CHILD)
			kin[n++] = from->links[i];
	for (size_t i = 0; i < n; i++) {
		enum link_kind back =
		    kin[i].kind == LINK_PARENT ? LINK_CHILD : LINK_PARENT;
		struct ticket o;

		ticket_unlink(from, kin[i].ticket, kin[i].kind);
		if (kin[i].ticket == k->id) {
			ticket_unlink(k, from->id, back);
			continue;
		}
		if (family_get(t, a, kin[i].ticket, &o, err) < 0)
			return -1;
		ticket_unlink(&o, from->id, back);
		ticket_link(a, &o, k->id, back);
		ticket_link(a, k, o.id, kin[i].kind);
		event_add(t, &o, EVENT_CHILD, who,
		    back == LINK_CHILD
			? arena_printf(a, "#%llu is part of #%llu now",
			      N(from->id), N(k->id))
			: arena_printf(a, "of #%llu now, was of #%llu",
			      N(k->id), N(from->id)),
		    now);
		ticket_put(t, &o);
	}
	return 0;
}

/* Who had the source in his hands is told where it went. */
static int
tell_assignee(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct ticket *from, const struct actor *who, int64_t now,
    struct err *err)
{
	struct notice x = {
	    .kind = NOTICE_STATUS,
	    .who = *who,
	    .to = staff_agent(&d->settings->staff, from->assignee),
	    .detail = arena_printf(a, "#%llu was merged into it", N(from->id)),
	};

	if (!x.to || str_ieq(from->assignee, k->assignee))
		return 0;
	return notice_send(d, t, a, k, &x, now, NULL, err);
}

/* --- merging ----------------------------------------------------------- */

int
merge_tickets(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct ticket *from, const struct actor *who, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf joined = BUF_INIT;
	struct str tags;

	if (merge_check(d->settings, t, a, k, from, err) < 0)
		return -1;
	event_add(t, k, EVENT_MERGED, who,
	    arena_printf(a, "#%llu into this one", N(from->id)), now);
	event_add(t, from, EVENT_MERGED, who,
	    arena_printf(a, "into #%llu", N(k->id)), now);
	join_people(a, d->settings, k, from, &joined);
	if (joined.n)
		event_add(t, k, EVENT_PARTICIPANT, who,
		    arena_printf(a, "%.*s of #%llu", STR_ARG(buf_str(&joined)),
			N(from->id)),
		    now);
	tags = join_tags(a, k, from);
	if (tags.n)
		event_add(t, k, EVENT_TAG, who, tags, now);
	join_fields(t, a, k, from, who, now);
	if (join_state(d, t, a, k, from, who, now, err) < 0)
		return -1;
	join_chain(a, k, from);
	join_times(k, from);
	if (move_kin(t, a, k, from, who, now, err) < 0 ||
	    family_unite(t, a, k, from, err) < 0)
		return -1;
	ticket_link(a, k, from->id, LINK_MERGED_FROM);
	snooze_cancel(t, a, from);
	from->merged_into = k->id;
	from->status = STATUS_MERGED;
	k->updated = MAX(k->updated, now);
	from->updated = MAX(from->updated, now);
	if (tell_assignee(d, t, a, k, from, who, now, err) < 0)
		return -1;
	ticket_put(t, from);
	ticket_put(t, k);
	return txn_error(t, err);
}

int
merge_follow(struct txn *t, struct arena *a, uint64_t id, struct ticket *out)
{
	for (int i = 0; i <= MERGED_MAX; i++) {
		int found = ticket_get(t, a, id, out);

		if (found <= 0 || !out->merged_into)
			return found;
		id = out->merged_into;
	}
	return 0; /* a circle, which verify tells: mail must find its way */
}

static int
by_number(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

static bool
add_sources(const struct ticket *k, uint64_t *v, size_t *n)
{
	for (size_t i = 0; i < k->nlinks; i++) {
		if (k->links[i].kind != LINK_MERGED_FROM)
			continue;
		if (*n == MERGED_MAX)
			return false;
		v[(*n)++] = k->links[i].ticket;
	}
	return true;
}

int
merge_sources(struct txn *t, struct arena *a, const struct ticket *k,
    uint64_t **ids, size_t *n, struct err *err)
{
	bool any = false;

	*ids = NULL;
	*n = 0;
	for (size_t i = 0; i < k->nlinks && !any; i++)
		any = k->links[i].kind == LINK_MERGED_FROM;
	if (!any)
		return 0;
	*ids = arena_array(a, uint64_t, MERGED_MAX);
	add_sources(k, *ids, n);
	for (size_t i = 0; i < *n; i++) {
		AUTO(arena_fini) struct arena row = ARENA_INIT;
		struct ticket from;

		if (family_get(t, &row, (*ids)[i], &from, err) < 0)
			return -1;
		if (!add_sources(&from, *ids, n))
			break;
	}
	qsort(*ids, *n, sizeof **ids, by_number);
	return 0;
}

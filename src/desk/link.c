/* Links that people make and take away: two tickets that have to do with each
 * other. */
#include "base/must.h"
#include "desk/merge_private.h"

static int
get_other(struct txn *t, struct arena *a, uint64_t id, struct ticket *o,
    struct err *err)
{
	int found = ticket_get(t, a, id, o);

	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return err_set(
		    err, ERR_INVAL, "there is no ticket #%llu", N(id));
	return 0;
}

static int
put_both(struct txn *t, struct ticket *k, struct ticket *o, int64_t now,
    struct err *err)
{
	k->updated = MAX(k->updated, now);
	o->updated = MAX(o->updated, now);
	ticket_put(t, o);
	ticket_put(t, k);
	return txn_error(t, err);
}

int
merge_link(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    uint64_t other, const struct actor *who, int64_t now, struct err *err)
{
	struct ticket o;

	(void)d;
	if (other == k->id)
		return err_set(err, ERR_INVAL,
		    "ticket %llu is not linked to itself", N(k->id));
	if (merge_check_open(k, err) < 0 ||
	    get_other(t, a, other, &o, err) < 0 ||
	    merge_check_open(&o, err) < 0)
		return -1;
	if (ticket_links_to(k, other))
		return 0;
	if (merge_check_room(k, 1, err) < 0 ||
	    merge_check_room(&o, 1, err) < 0 ||
	    family_unite(t, a, k, &o, err) < 0)
		return -1;
	ticket_link(a, k, o.id, LINK_RELATED);
	ticket_link(a, &o, k->id, LINK_RELATED);
	event_add(t, k, EVENT_LINK, who,
	    arena_printf(a, "related #%llu", N(o.id)), now);
	event_add(t, &o, EVENT_LINK, who,
	    arena_printf(a, "related #%llu", N(k->id)), now);
	return put_both(t, k, &o, now, err);
}

int
merge_unlink(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    uint64_t other, const struct actor *who, int64_t now, struct err *err)
{
	static const enum link_kind loose[] = {
	    LINK_RELATED, LINK_FOLLOWS, LINK_FOLLOWED_BY, LINK_SPLIT};
	struct ticket o;
	bool found = false;

	(void)d;
	if (!ticket_links_to(k, other))
		return err_set(err, ERR_INVAL,
		    "ticket %llu is not linked to %llu", N(k->id), N(other));
	if (family_get(t, a, other, &o, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(loose); i++) {
		found |= ticket_unlink(k, o.id, loose[i]);
		ticket_unlink(&o, k->id, loose[i]);
	}
	if (!found)
		return err_set(err, ERR_INVAL,
		    "%llu and %llu are %s: that link stays", N(k->id), N(other),
		    ticket_links_as(k, other, LINK_MERGED_FROM)
			? "merged"
			: "a ticket and its sub-ticket");
	event_add(
	    t, k, EVENT_UNLINK, who, arena_printf(a, "#%llu", N(o.id)), now);
	event_add(
	    t, &o, EVENT_UNLINK, who, arena_printf(a, "#%llu", N(k->id)), now);
	return put_both(t, k, &o, now, err);
}

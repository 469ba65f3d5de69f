#include "desk/family.h"
#include "base/must.h"
#include "desk/extra.h"

int
family_get(struct txn *t, struct arena *a, uint64_t id, struct ticket *out,
    struct err *err)
{
	int found = ticket_get(t, a, id, out);

	if (found < 0)
		return txn_error(t, err);
	if (!found) {
		txn_fail(t, ERR_CORRUPT,
		    "ticket %llu is linked to but not there",
		    (unsigned long long)id);
		return txn_error(t, err);
	}
	return 0;
}

int
family_head(struct txn *t, struct arena *a, const struct ticket *k,
    uint64_t *head, struct err *err)
{
	uint64_t at = k->id, next = extra_family(k->extra);

	while (next) { /* each step goes to an older ticket */
		struct ticket up;

		if (next >= at) {
			txn_fail(t, ERR_CORRUPT,
			    "the family of ticket %llu runs in a circle",
			    (unsigned long long)k->id);
			return txn_error(t, err);
		}
		at = next;
		if (family_get(t, a, at, &up, err) < 0)
			return -1;
		next = extra_family(up.extra);
	}
	*head = at;
	return 0;
}

bool
ticket_links_to(const struct ticket *k, uint64_t other)
{
	for (size_t i = 0; i < k->nlinks; i++)
		if (k->links[i].ticket == other)
			return true;
	return false;
}

static void
add_link(struct arena *a, struct ticket *k, uint64_t other, enum link_kind kind)
{
	struct link *v = arena_array(a, struct link, k->nlinks + 1);

	if (k->nlinks)
		memcpy(v, k->links, k->nlinks * sizeof *v);
	v[k->nlinks++] = (struct link){.ticket = other, .kind = kind};
	k->links = v;
}

bool
ticket_links_as(const struct ticket *k, uint64_t other, enum link_kind kind)
{
	for (size_t i = 0; i < k->nlinks; i++)
		if (k->links[i].ticket == other && k->links[i].kind == kind)
			return true;
	return false;
}

bool
ticket_link(
    struct arena *a, struct ticket *k, uint64_t other, enum link_kind kind)
{
	if (ticket_links_as(k, other, kind))
		return false;
	add_link(a, k, other, kind);
	return true;
}

bool
ticket_unlink(struct ticket *k, uint64_t other, enum link_kind kind)
{
	size_t n = 0;
	bool found;

	for (size_t i = 0; i < k->nlinks; i++)
		if (k->links[i].ticket != other ||
		    (kind && k->links[i].kind != kind))
			k->links[n++] = k->links[i];
	found = n < k->nlinks;
	k->nlinks = n;
	return found;
}

static void
set_family(struct arena *a, struct ticket *k, uint64_t head)
{
	struct extra x;

	extra_read(a, k->extra, &x);
	x.family = head;
	k->extra = extra_write(a, k->extra, &x);
}

/* A follower of k with room, spread by the number of who asks, so that the
 * tree stays flat. */
static int
find_room(struct txn *t, struct arena *a, struct ticket *k, uint64_t seed,
    uint64_t not_this, struct err *err)
{
	while (k->nlinks >= LINKS_MAX) {
		uint64_t children[LINKS_MAX], next;
		size_t n = 0;

		for (size_t i = 0; i < k->nlinks && n < LINKS_MAX; i++)
			if (k->links[i].kind == LINK_FOLLOWED_BY &&
			    k->links[i].ticket > k->id &&
			    k->links[i].ticket != not_this)
				children[n++] = k->links[i].ticket;
		if (!n)
			return 0; /* nobody below: one more here */
		next = children[seed % n];
		seed = seed / n + 7;
		if (family_get(t, a, next, k, err) < 0)
			return -1;
	}
	return 0;
}

static void
tell(struct txn *t, struct arena *a, struct ticket *k, uint64_t other,
    enum link_kind kind, const struct actor *who, int64_t now)
{
	const char *word = kind == LINK_FOLLOWS       ? "follows"
			   : kind == LINK_FOLLOWED_BY ? "followed-by"
						      : "related";

	event_add(t, k, EVENT_LINK, who,
	    arena_printf(a, "%s #%llu", word, (unsigned long long)other), now);
}

/* Makes the younger head point to the older one. Both tickets in memory are
 * changed there, any other head in the store. */
int
family_unite(struct txn *t, struct arena *a, struct ticket *k, struct ticket *o,
    struct err *err)
{
	uint64_t kh, oh, old, young;
	struct ticket up;

	if (family_head(t, a, k, &kh, err) < 0 ||
	    family_head(t, a, o, &oh, err) < 0)
		return -1;
	old = MIN(kh, oh);
	young = MAX(kh, oh);
	if (k->id != old)
		set_family(a, k, old);
	if (o->id != old)
		set_family(a, o, old);
	if (old == young || young == k->id || young == o->id)
		return 0;
	if (family_get(t, a, young, &up, err) < 0)
		return -1;
	set_family(a, &up, old);
	ticket_put(t, &up);
	return 0;
}

int
family_link(struct txn *t, struct arena *a, struct ticket *k, uint64_t other,
    enum link_kind kind, const struct actor *who, int64_t now, struct err *err)
{
	struct ticket o;
	enum link_kind back =
	    kind == LINK_FOLLOWS ? LINK_FOLLOWED_BY : LINK_RELATED;

	must(k->id != 0);
	if (other == k->id || ticket_links_to(k, other))
		return 0;
	if (family_get(t, a, other, &o, err) < 0 ||
	    find_room(t, a, &o, k->id, k->id, err) < 0)
		return -1;
	if (o.id == k->id || ticket_links_to(k, o.id))
		return 0;
	if (family_unite(t, a, k, &o, err) < 0)
		return -1;
	add_link(a, k, o.id, kind);
	add_link(a, &o, k->id, back);
	tell(t, a, k, o.id, kind, who, now);
	tell(t, a, &o, k->id, back, who, now);
	ticket_put(t, &o);
	return 0;
}

/* Who reads along, and whose ticket it is: only by a person's word. */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/change_private.h"
#include "desk/people.h"

int
change_address(
    struct arena *a, struct str s, struct address *out, struct err *err)
{
	struct addresses l;

	s = str_trim(s);
	if (!str_has(s, S("<")) && address_parse_one(a, s, out))
		return 0;
	if (s.n && s.n <= 1000 && utf8_valid(s) && str_has(s, S("<")) &&
	    addresses_parse(a, s, &l) == 0 && l.n == 1 && l.v[0].addr.n) {
		struct str name = l.v[0].name;

		if (address_parse_one(a, l.v[0].addr, out)) {
			out->name = utf8_clip(name, 200);
			return 0;
		}
	}
	return err_set(err, ERR_INVAL, "\"%.*s\" is no mail address",
	    STR_ARG(utf8_clip(s, 100)));
}

static int
check_address(
    const struct settings *s, const struct address *x, struct err *err)
{
	if (!x->addr.n)
		return err_set(err, ERR_INVAL, "the address is empty");
	if (settings_is_own(s, x->addr))
		return err_set(err, ERR_INVAL,
		    "%.*s is an address of the desk itself", STR_ARG(x->addr));
	return 0;
}

/* Everyone who takes part reads the others' addresses. */
static int
check_reader(const struct settings *s, const struct address *x, struct err *err)
{
	if (settings_is_desk(s, x->addr))
		return err_set(err, ERR_INVAL,
		    "%.*s is an agent's address, which customers "
		    "would read: name the agent in a note instead",
		    STR_ARG(x->addr));
	return check_address(s, x, err);
}

static struct participant *
find(struct ticket *k, struct str addr)
{
	for (size_t i = 0; i < k->nparticipants; i++)
		if (address_eq(k->participants[i].address.addr, addr))
			return &k->participants[i];
	return NULL;
}

/* Sets the role of who is there, or adds him. */
static int
take_part(struct arena *a, struct ticket *k, const struct address *x,
    enum role role, struct err *err)
{
	struct participant *p = find(k, x->addr), *v;
	size_t real = 0;

	for (size_t i = 0; i < k->nparticipants; i++)
		real += k->participants[i].role != ROLE_PROPOSED;
	if ((!p || p->role == ROLE_PROPOSED) && real >= PEOPLE_MAX)
		return err_set(err, ERR_INVAL,
		    "at most %d people take part in a ticket", PEOPLE_MAX);
	v = arena_array(a, struct participant, k->nparticipants + 1);
	if (k->nparticipants)
		memcpy(v, k->participants, k->nparticipants * sizeof *v);
	k->participants = v;
	p = find(k, x->addr);
	if (!p) {
		p = &v[k->nparticipants++];
		p->address.addr = arena_dup(a, x->addr);
	}
	if (x->name.n)
		p->address.name = arena_dup(a, x->name);
	p->role = role;
	return 0;
}

/* 1 changed, 0 was so, -1. */
static int
set_cc(const struct settings *s, struct arena *a, struct ticket *k,
    const struct address *x, bool add, struct err *err)
{
	struct participant *p = find(k, x->addr);

	if (change_check_open(k, err) < 0)
		return -1;
	if (add) {
		if (check_reader(s, x, err) < 0)
			return -1;
		if ((p && p->role != ROLE_PROPOSED) ||
		    address_eq(k->requester.addr, x->addr))
			return 0;
		return take_part(a, k, x, ROLE_CC, err) < 0 ? -1 : 1;
	}
	if (address_eq(k->requester.addr, x->addr))
		return err_set(err, ERR_INVAL,
		    "%.*s is the requester: give the ticket another "
		    "one first",
		    STR_ARG(x->addr));
	if (!p)
		return err_set(err, ERR_INVAL,
		    "%.*s does not take part in ticket %llu",
		    STR_ARG(utf8_clip(x->addr, 100)),
		    (unsigned long long)k->id);
	memmove(p, p + 1,
	    (size_t)(k->participants + k->nparticipants - p - 1) * sizeof *p);
	k->nparticipants--;
	return 1;
}

int
change_cc(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct address *x, bool add, const struct actor *who, int64_t now,
    struct err *err)
{
	int changed = set_cc(d->settings, a, k, x, add, err);

	if (changed <= 0)
		return changed;
	k->updated = now;
	event_add(t, k, EVENT_PARTICIPANT, who,
	    arena_printf(a, "%c%.*s", add ? '+' : '-', STR_ARG(x->addr)), now);
	return 0;
}

static int
set_requester(const struct settings *s, struct arena *a, struct ticket *k,
    const struct address *x, struct err *err)
{
	struct address old = k->requester;
	struct participant *p;

	if (change_check_open(k, err) < 0 || check_address(s, x, err) < 0)
		return -1;
	if (address_eq(old.addr, x->addr))
		return 0;
	if (take_part(a, k, x, ROLE_REQUESTER, err) < 0)
		return -1;
	p = find(k, old.addr);
	if (p)
		p->role = ROLE_CC;
	p = find(k, x->addr);
	must(p != NULL); /* take_part() has put him there */
	k->requester = p->address;
	return 1;
}

int
change_requester(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, const struct address *x, const struct actor *who,
    int64_t now, struct err *err)
{
	struct address old = k->requester;
	int changed = set_requester(d->settings, a, k, x, err);

	if (changed <= 0)
		return changed;
	k->updated = now;
	change_tell(t, a, k, EVENT_REQUESTER, who, old.addr, x->addr, now);
	return 0;
}

void
change_people_ahead(const struct settings *s, struct arena *a, struct ticket *k,
    const struct address *x, enum people_change how)
{
	struct err e = ERR_INIT;
	struct participant *v =
	    arena_array(a, struct participant, k->nparticipants + 1);

	if (k->nparticipants)
		memcpy(v, k->participants, k->nparticipants * sizeof *v);
	k->participants = v;
	if (how == PEOPLE_REQUESTER)
		set_requester(s, a, k, x, &e);
	else
		set_cc(s, a, k, x, how == PEOPLE_ADD, &e);
}

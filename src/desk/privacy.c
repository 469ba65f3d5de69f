/* Who is meant, and how far a ticket is his. */
#include "desk/privacy.h"
#include "desk/people.h"

/* A letter goes on with an address; a mark only where a letter follows it on
 * its far side: not the full stop of a sentence, nor the "-" of "-ann@…". */
static bool
goes_on(struct str s, size_t at, bool before)
{
	char c = s.p[at];

	if (ch_is_alnum(c))
		return true;
	if (!strchr(".-_+", c) || !c)
		return false;
	if (before)
		return at > 0 && ch_is_alnum(s.p[at - 1]);
	return at + 1 < s.n && ch_is_alnum(s.p[at + 1]);
}

bool
privacy_names(struct str text, struct str addr)
{
	ptrdiff_t at = 0;

	if (!addr.n)
		return false;
	while ((at = str_ifind(text, addr, (size_t)at)) >= 0) {
		size_t i = (size_t)at, end = i + addr.n;

		if ((i == 0 || !goes_on(text, i - 1, true)) &&
		    (end == text.n || !goes_on(text, end, false)))
			return true;
		at++;
	}
	return false;
}

enum privacy_part
privacy_of_ticket(
    const struct settings *s, const struct ticket *k, struct str addr)
{
	bool in = address_eq(k->requester.addr, addr), others = false;

	if (!in && k->requester.addr.n)
		others = true;
	for (size_t i = 0; i < k->nparticipants; i++) {
		const struct participant *p = &k->participants[i];

		if (address_eq(p->address.addr, addr))
			in = true;
		else if (p->role != ROLE_PROPOSED &&
			 !(s && settings_is_own(s, p->address.addr)))
			others = true;
	}
	return !in ? PRIVACY_NONE : others ? PRIVACY_SHARED : PRIVACY_OWN;
}

static bool
only(const struct settings *s, const struct addresses *l, struct str addr)
{
	for (size_t i = 0; i < l->n; i++)
		if (!address_eq(l->v[i].addr, addr) &&
		    !(s && settings_is_own(s, l->v[i].addr)))
			return false;
	return true;
}

enum privacy_part
privacy_of_article(const struct settings *s, const struct article *r,
    struct str addr, enum privacy_part of)
{
	bool wrote =
	    address_eq(r->author.addr, addr) || addresses_has(&r->from, addr);
	bool got = addresses_has(&r->to, addr) || addresses_has(&r->cc, addr);

	if (wrote || (of == PRIVACY_OWN && r->direction != DIRECTION_IN))
		return PRIVACY_OWN;
	if (got && r->direction == DIRECTION_OUT)
		return only(s, &r->to, addr) && only(s, &r->cc, addr)
			   ? PRIVACY_OWN
			   : PRIVACY_SHARED;
	if (got)
		return PRIVACY_SHARED;
	return privacy_names(r->text, addr) || privacy_names(r->subject, addr)
		   ? PRIVACY_NAMED
		   : PRIVACY_NONE;
}

bool
privacy_of_event(const struct event *e, struct str addr)
{
	return privacy_names(e->actor, addr) ||
	       privacy_names(e->detail, addr) || privacy_names(e->cause, addr);
}

/* Who is meant, and how far a ticket is his. */
#include "desk/people.h"
#include "desk/privacy_private.h"
#include "base/must.h"
#include "desk/purge.h"
#include "store/person.h"

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
privacy_is_gone(const struct article *r)
{
	return str_eq(r->flag, PRIVACY_ERASED) || str_eq(r->flag, PURGE_MARK);
}

bool
privacy_of_event(const struct event *e, struct str addr)
{
	return privacy_names(e->actor, addr) ||
	       privacy_names(e->detail, addr) || privacy_names(e->cause, addr);
}

/* --- what takes words away --------------------------------------------- */

struct str
text_without_ids(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	ptrdiff_t at, end;

	if (str_chr(s, '<', 0) < 0)
		return s;
	while ((at = str_chr(s, '<', 0)) >= 0 &&
	       (end = str_chr(s, '>', (size_t)at)) >= 0) {
		struct str in = str_sub(s, (size_t)at + 1, (size_t)end);

		buf_put(&b, str_sub(s, 0, (size_t)at + 1));
		buf_put(&b, str_chr(in, '@', 0) >= 0 ? PRIVACY_ERASED : in);
		buf_putc(&b, '>');
		s = str_from(s, (size_t)end + 1);
	}
	buf_put(&b, s);
	return arena_dup(a, buf_str(&b));
}

struct str
cause_without_command(struct str s)
{
	ptrdiff_t at = str_starts(s, S("row ")) ? str_find(s, S(", #"), 0) : -1;

	return at < 0 ? s : str_sub(s, 0, (size_t)at);
}

void
article_strip(struct arena *a, struct article *r, struct str word)
{
	if (r->direction == DIRECTION_IN)
		r->message_id = str_n(NULL, 0);
	r->subject = r->text = r->flag = word;
	r->evidence = text_without_ids(a, r->evidence);
	r->bounce = str_n(NULL, 0);
	r->fresh = NULL;
	r->nfresh = 0;
	r->attachments = (struct attachments){0};
}

void
person_forget(struct txn *t, struct arena *a, struct str key)
{
	static const char *const counters[] = {"auto", "rules"};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		counter_del(
		    t, arena_printf(a, "%s:%.*s", counters[i], STR_ARG(key)));
	person_del(t, key);
}

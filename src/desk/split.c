/*
 * A ticket made of one mail of another.
 *
 * The mail is there twice then, each with bytes of its own; the content's hash stays
 * with the original, so the same mail offered once more is a duplicate of that.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/extra.h"
#include "desk/merge_private.h"
#include "desk/notice.h"
#include "desk/people.h"
#include "desk/route.h"
#include "desk/search.h"
#include "desk/thread.h"
#include "mail/compose.h"
#include "store/blob.h"

enum {
	LOOK_BACK = 50 /* articles, for the mail of ours that is answered */
};

static int
check_article(struct txn *t, struct arena *a, const struct settings *s,
    const struct ticket *k, uint32_t seq, struct article *r, struct err *err)
{
	int found =
	    seq && seq <= k->articles ? article_get(t, a, k->id, seq, r) : 0;

	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return err_set(err, ERR_INVAL,
		    "ticket %llu has no article %u (it has %u)", N(k->id), seq,
		    k->articles);
	if (r->direction == DIRECTION_NOTE)
		return err_set(err, ERR_INVAL,
		    "article %u is a note: only a mail becomes a ticket", seq);
	if (r->direction == DIRECTION_OUT || settings_is_own(s, r->author.addr))
		return err_set(err, ERR_INVAL,
		    "article %u is a mail of ours: only one from somebody "
		    "else becomes a ticket",
		    seq);
	return 0;
}

static void
add_person(struct ticket *k, const struct address *x, enum role role)
{
	for (size_t i = 0; i < k->nparticipants; i++)
		if (address_eq(k->participants[i].address.addr, x->addr))
			return;
	if (k->nparticipants < PEOPLE_MAX)
		k->participants[k->nparticipants++] =
		    (struct participant){*x, role};
}

/* An agent's word makes a ticket of the mail; its header adds no reader who
 * was none before. */
static void
set_people(struct arena *a, const struct settings *s, const struct ticket *k,
    const struct article *r, struct ticket *out)
{
	const struct addresses *lists[] = {&r->to, &r->cc};

	out->requester = r->author;
	out->participants = arena_array(a, struct participant, PEOPLE_MAX);
	if (r->author.addr.n)
		add_person(out, &r->author, ROLE_REQUESTER);
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; i < lists[l]->n; i++) {
			const struct address *x = &lists[l]->v[i];

			if (x->addr.n && !settings_is_own(s, x->addr))
				add_person(out, x,
				    !people_takes_part(k, x->addr)
					? ROLE_PROPOSED
				    : l ? ROLE_CC
					: ROLE_TO);
		}
}

int
merge_subject(struct txn *t, struct arena *a, const struct settings *s,
    const struct ticket *k, uint32_t before, struct str raw, struct str *out)
{
	struct strs tags = settings_tags(a, s);
	struct str subject = utf8_clip(subject_base(a, raw, &tags), 500);

	*out = subject.n ? subject : k->subject;
	for (uint32_t i = before; i > 1 && before - i < LOOK_BACK;) {
		struct article x;
		int found = article_get(t, a, k->id, --i, &x);

		if (found < 0)
			return -1;
		if (found && x.direction == DIRECTION_OUT && x.automatic.n &&
		    str_ieq(subject_base(a, x.subject, &tags), subject))
			*out = k->subject;
	}
	return 0;
}

static void
fill(struct arena *a, const struct settings *s, const struct ticket *k,
    const struct article *r, struct str subject, int64_t now,
    struct ticket *out)
{
	struct extra x = {.last_in = 1};

	if (r->message_id.n)
		x.chain = extra_chain(
		    a, &(struct strs){0}, &(struct strs){0}, r->message_id);
	*out = (struct ticket){
	    .subject = subject,
	    .status = STATUS_NEW,
	    .priority = k->priority,
	    .queue = k->queue,
	    .channel = k->channel,
	    .language = r->language.n ? r->language : k->language,
	    .created = now,
	    .updated = now,
	    .resolved = CLOCK_NONE,
	    .closed = CLOCK_NONE,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = r->at,
	    .agent_wrote = CLOCK_NONE,
	    .extra = extra_write(a, str_n(NULL, 0), &x),
	};
	set_people(a, s, k, r, out);
}

static int
copy_article(struct desk *d, struct txn *t, struct arena *a,
    const struct article *r, struct ticket *out, struct err *err)
{
	struct article copy = *r;
	uint64_t size = 0;

	copy.ticket = out->id;
	copy.seq = ++out->articles;
	copy.outbox = 0;
	copy.evidence = arena_printf(
	    a, "split from #%llu article %u", N(r->ticket), r->seq);
	if (r->blob) {
		copy.blob = blob_copy(t, r->blob, &size);
		if (!copy.blob && txn_error(t, err) == 0)
			txn_fail(t, ERR_CORRUPT,
			    "ticket %llu, article %u: its mail is missing",
			    N(r->ticket), r->seq);
		if (!copy.blob)
			return txn_error(t, err);
	}
	/* Of a mail that was too large only a stub is kept; what the original
	 * says of the whole is not true of a copy that no source stands for. */
	if (r->blob && size != r->size) {
		copy.size = size;
		memset(copy.sha256, 0, sizeof copy.sha256);
	}
	article_put(t, &copy);
	if (d->terms)
		index_article(t, a, out->id, copy.seq, d->terms);
	return txn_error(t, err);
}

/* What found the old ticket by this mail's id finds the new one. Who holds the
 * id otherwise keeps it. */
static int
move_id(struct txn *t, struct arena *a, const struct ticket *k,
    const struct article *r, uint64_t to, struct err *err)
{
	struct str ids[2] = {r->message_id, {NULL, 0}};

	if (!r->message_id.n)
		return 0;
	if (r->author.addr.n)
		ids[1] = thread_own_key(a, r->message_id, r->author.addr);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		uint64_t holder;
		int found = msgid_get(t, ids[i], &holder);

		if (found < 0)
			return txn_error(t, err);
		if (found && holder == k->id)
			msgid_put(t, ids[i], to, true);
	}
	return 0;
}

static int
tell_queue(struct desk *d, struct txn *t, struct arena *a, struct ticket *out,
    const struct ticket *k, const struct actor *who, int64_t now,
    struct err *err)
{
	struct notice x = {
	    .kind = NOTICE_NEW,
	    .seq = 1,
	    .who = *who,
	    .detail = arena_printf(a, "split from #%llu", N(k->id)),
	};

	return route_tell_new(d, t, a, out, &x, now, err);
}

int
merge_split(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    uint32_t seq, const struct actor *who, int64_t now, struct ticket *out,
    struct err *err)
{
	struct str subject;
	struct article r;

	if (check_article(t, a, d->settings, k, seq, &r, err) < 0 ||
	    merge_check_room(k, 1, err) < 0)
		return -1;
	if (merge_subject(t, a, d->settings, k, r.seq, r.subject, &subject) < 0)
		return txn_error(t, err);
	fill(a, d->settings, k, &r, subject, now, out);
	ticket_put(t, out); /* gives the number */
	if (txn_error(t, err) < 0)
		return -1;
	event_add(t, out, EVENT_CREATED, who, out->queue, now);
	event_add(t, out, EVENT_SPLIT, who,
	    arena_printf(a, "from #%llu article %u", N(k->id), seq), now);
	event_add(t, k, EVENT_SPLIT, who,
	    arena_printf(a, "article %u to #%llu", seq, N(out->id)), now);
	if (copy_article(d, t, a, &r, out, err) < 0 ||
	    move_id(t, a, k, &r, out->id, err) < 0 ||
	    family_unite(t, a, k, out, err) < 0)
		return -1;
	ticket_link(a, k, out->id, LINK_SPLIT);
	ticket_link(a, out, k->id, LINK_SPLIT);
	k->updated = MAX(k->updated, now);
	if (tell_queue(d, t, a, out, k, who, now, err) < 0)
		return -1;
	ticket_put(t, out);
	ticket_put(t, k);
	return txn_error(t, err);
}

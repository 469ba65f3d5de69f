/*
 * The history is all there is to go by. What one command did has one cause
 * ("row 9, article 5, #assign billing"), so its events are taken back
 * together, the newest first. What an undo did has the cause of its "undone".
 */
#include "desk/undo.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/change.h"
#include "desk/command.h"
#include "desk/extra.h"
#include "desk/merge.h"

enum {
	GROUP_MAX = 16
};

struct group {
	struct event v[GROUP_MAX]; /* newest first */
	size_t n;
};

/* The command that an event's cause ends with; NULL. */
static const struct command_row *
command_of(struct arena *a, struct str cause)
{
	struct command_block b;
	ptrdiff_t at = str_find(cause, S(", #"), 0);

	if (at < 0)
		at = str_find(cause, S(", \xef\xbc\x83"), 0);
	if (at < 0)
		return NULL;
	command_read(a, str_from(cause, (size_t)at + 2), &b);
	return b.n == 1 ? b.v[0].row : NULL;
}

static bool
is_reversible(struct arena *a, struct str cause)
{
	const struct command_row *r = command_of(a, cause);

	return r && (r->flags & CMD_UNDO);
}

static bool
is_change(struct str kind)
{
	static const enum event_kind kinds[] = {EVENT_STATUS, EVENT_REOPENED,
	    EVENT_PRIORITY, EVENT_QUEUE, EVENT_ASSIGNEE, EVENT_SUBJECT,
	    EVENT_TAG, EVENT_LINK, EVENT_UNLINK, EVENT_PARTICIPANT, EVENT_FIELD,
	    EVENT_TIME, EVENT_REQUESTER, EVENT_SNOOZED};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(kind, str_c(event_name(kinds[i]))))
			return true;
	return false;
}

static bool
is_kind(const struct event *e, enum event_kind k)
{
	return str_eq(e->kind, str_c(event_name(k)));
}

/* Causes that are over: of undoing, and of what was undone. */
static int
note_undone(
    struct txn *t, struct arena *a, const struct event *e, struct strs *over)
{
	struct str rest = e->detail, number;
	struct event old;
	uint64_t seq;
	int found;

	strs_add(a, over, e->cause);
	if (!str_starts(rest, S("event ")))
		return 0;
	rest = str_from(rest, 6);
	if (!str_cut(&rest, ':', &number) || !str_u64(number, &seq) ||
	    seq > e->seq)
		return 0;
	found = event_get(t, a, e->ticket, (uint32_t)seq, &old);
	if (found == 1)
		strs_add(a, over, old.cause);
	return found < 0 ? -1 : 0;
}

static int
find_group(struct txn *t, struct arena *a, const struct ticket *k,
    const struct actor *who, struct group *g)
{
	struct strs over = {0};

	g->n = 0;
	for (uint32_t i = k->events; i > 0; i--) {
		struct event e;
		int found = event_get(t, a, k->id, i, &e);

		if (found < 0)
			return -1;
		if (!found || !str_eq(e.actor, who->name))
			continue;
		if (is_kind(&e, EVENT_UNDONE)) {
			if (note_undone(t, a, &e, &over) < 0)
				return -1;
		} else if (!is_change(e.kind))
			continue;
		else if (g->n ? str_eq(e.cause, g->v[0].cause)
			      : !strs_has(&over, e.cause) &&
				    is_reversible(a, e.cause)) {
			if (g->n < GROUP_MAX)
				g->v[g->n++] = e;
		}
	}
	return 0;
}

/* --- does its result still stand? -------------------------------------- */

/* "old -> new" where new is what it must be: the old one, empty for "none". */
static bool
old_of(struct str detail, struct str now, struct str *old)
{
	size_t n;

	if (!now.n)
		now = S("none");
	if (!str_ends(detail, now))
		return false;
	n = detail.n - now.n;
	if (n < 4 || !str_eq(str_sub(detail, n - 4, n), S(" -> ")))
		return false;
	*old = str_sub(detail, 0, n - 4);
	if (str_eq(*old, S("none")))
		*old = str_n(NULL, 0);
	return true;
}

static struct str
field_value(const struct ticket *k, struct str name)
{
	for (size_t i = 0; i < k->nfields; i++)
		if (str_ieq(k->fields[i].name, name))
			return k->fields[i].value;
	return str_n(NULL, 0);
}

static bool
is_snooze(const struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (is_kind(&g->v[i], EVENT_SNOOZED))
			return true;
	return false;
}

static bool
tags_stand(const struct ticket *k, struct str detail)
{
	struct str word;

	while (str_word(&detail, &word))
		if (strs_has(&k->tags, str_from(word, 1)) != (word.p[0] == '+'))
			return false;
	return true;
}

static bool
takes_part(const struct ticket *k, struct str addr)
{
	for (size_t i = 0; i < k->nparticipants; i++)
		if (address_eq(k->participants[i].address.addr, addr))
			return k->participants[i].role != ROLE_PROPOSED;
	return false;
}

static uint64_t
number_of(struct str detail)
{
	ptrdiff_t at = str_rchr(detail, '#');
	uint64_t id = 0;

	if (at < 0 || !str_u64(str_from(detail, (size_t)at + 1), &id))
		return 0;
	return id;
}

static bool
linked(const struct ticket *k, uint64_t other)
{
	for (size_t i = 0; i < k->nlinks; i++)
		if (k->links[i].ticket == other)
			return true;
	return false;
}

/* What will be so again, as "name" and "value"; false when somebody changed it
 * since. */
static bool
stands(struct arena *a, const struct ticket *k, const struct event *e,
    struct str *name, struct str *value)
{
	struct str rest = e->detail, part;
	struct extra x;

	*name = e->kind;
	*value = str_n(NULL, 0);
	if (is_kind(e, EVENT_STATUS) || is_kind(e, EVENT_REOPENED)) {
		*name = S("status");
		return old_of(e->detail, str_c(status_name(k->status)), value);
	}
	if (is_kind(e, EVENT_PRIORITY))
		return old_of(
		    e->detail, str_c(priority_name(k->priority)), value);
	if (is_kind(e, EVENT_QUEUE))
		return old_of(e->detail, k->queue, value);
	if (is_kind(e, EVENT_ASSIGNEE))
		return old_of(e->detail, k->assignee, value);
	if (is_kind(e, EVENT_SUBJECT))
		return old_of(e->detail, k->subject, value);
	if (is_kind(e, EVENT_REQUESTER))
		return old_of(e->detail, k->requester.addr, value);
	if (is_kind(e, EVENT_TAG)) {
		*value = e->detail;
		return tags_stand(k, e->detail);
	}
	if (is_kind(e, EVENT_FIELD)) {
		str_cut(&rest, ':', &part);
		*name = part;
		return old_of(str_ltrim(rest), field_value(k, part), value);
	}
	if (is_kind(e, EVENT_PARTICIPANT)) {
		*value = e->detail;
		return e->detail.n > 1 &&
		       takes_part(k, str_from(e->detail, 1)) ==
			   (e->detail.p[0] == '+');
	}
	if (is_kind(e, EVENT_LINK) || is_kind(e, EVENT_UNLINK)) {
		*value = e->detail;
		return number_of(e->detail) &&
		       linked(k, number_of(e->detail)) ==
			   is_kind(e, EVENT_LINK);
	}
	extra_read(a, k->extra, &x);
	if (is_kind(e, EVENT_SNOOZED))
		return x.snoozed_until > 0 && k->status == STATUS_HOLD;
	str_cut(&rest, ',', &part);
	*value = part;
	return is_kind(e, EVENT_TIME);
}

static struct str
words_of(struct arena *a, struct str name, struct str value)
{
	return value.n ? arena_printf(
			     a, "%.*s: %.*s", STR_ARG(name), STR_ARG(value))
		       : name;
}

/* Snoozing sets the status too; waking takes both back. */
static bool
is_covered(const struct group *g, const struct event *e)
{
	return is_snooze(g) && is_kind(e, EVENT_STATUS);
}

int
undo_find(struct txn *t, struct arena *a, const struct ticket *k,
    const struct actor *who, uint32_t *event, struct str *words,
    struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str name, value;
	struct group g;
	bool stand = true;

	*event = 0;
	*words = str_n(NULL, 0);
	if (find_group(t, a, k, who, &g) < 0)
		return txn_error(t, err);
	if (!g.n)
		return 0;
	for (size_t i = 0; i < g.n; i++) {
		if (is_covered(&g, &g.v[i]))
			continue;
		if (!stands(a, k, &g.v[i], &name, &value)) {
			stand = false;
			value = g.v[i].detail;
		}
		buf_printf(&b, "%s%.*s", b.n ? ", " : "",
		    STR_ARG(words_of(a, name, value)));
	}
	*event = g.v[0].seq;
	*words = arena_dup(a, buf_str(&b));
	return stand;
}

int
undo_level(struct txn *t, struct arena *a, const struct ticket *k,
    uint32_t event, enum level *least, struct err *err)
{
	const struct command_row *r;
	struct event e;
	int found = event_get(t, a, k->id, event, &e);

	*least = LEVEL_NONE;
	if (found < 0)
		return txn_error(t, err);
	r = found ? command_of(a, e.cause) : NULL;
	if (r)
		*least = r->level;
	return 0;
}

/* --- taking it back ---------------------------------------------------- */

struct undo {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	struct ticket *k;
	const struct actor *who;
	int64_t now;
};

static int
undo_status(const struct undo *u, struct str old, struct err *err)
{
	enum status s;

	if (!status_parse(old, &s))
		return err_set(
		    err, ERR_INVAL, "there is no status %.*s", STR_ARG(old));
	/* Something was done with it: it is not new any more. */
	if (s == STATUS_NEW)
		s = STATUS_OPEN;
	return change_status(u->d, u->t, u->a, u->k, s, u->who, u->now, err);
}

static int
undo_tags(const struct undo *u, struct str detail, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str word;

	while (str_word(&detail, &word))
		buf_printf(&b, "%s%c%.*s", b.n ? "," : "",
		    word.p[0] == '+' ? '-' : '+', STR_ARG(str_from(word, 1)));
	return change_tags(
	    u->d, u->t, u->a, u->k, buf_str(&b), u->who, u->now, err);
}

static int
undo_people(const struct undo *u, struct str detail, struct err *err)
{
	struct address x = {.addr = str_from(detail, 1)};

	must(detail.n > 1); /* stands() */
	return change_cc(u->d, u->t, u->a, u->k, &x, detail.p[0] == '-', u->who,
	    u->now, err);
}

/* Who was put in reads along no more: that was the mistake. */
static int
undo_requester(const struct undo *u, struct str old, struct err *err)
{
	struct address was = u->k->requester, x = {.addr = old};

	for (size_t i = 0; i < u->k->nparticipants; i++)
		if (address_eq(u->k->participants[i].address.addr, old))
			x = u->k->participants[i].address;
	if (change_requester(u->d, u->t, u->a, u->k, &x, u->who, u->now, err) <
	    0)
		return -1;
	return change_cc(
	    u->d, u->t, u->a, u->k, &was, false, u->who, u->now, err);
}

static int
undo_time(const struct undo *u, struct str added, struct err *err)
{
	int64_t ms;

	if (!change_time_parse(added, &ms))
		return err_set(
		    err, ERR_INVAL, "\"%.*s\" is no duration", STR_ARG(added));
	return change_time(u->d, u->t, u->a, u->k, -ms, u->who, u->now, err);
}

static int
undo_one(const struct undo *u, const struct event *e, struct err *err)
{
	struct str name, v;
	enum priority p = u->k->priority;

	if (!stands(u->a, u->k, e, &name, &v))
		return err_set(err, ERR_INVAL, "it was changed since: %.*s",
		    STR_ARG(e->detail));
	if (str_eq(name, S("status")))
		return undo_status(u, v, err);
	if (is_kind(e, EVENT_PRIORITY)) {
		priority_parse(v, &p);
		return change_priority(
		    u->d, u->t, u->a, u->k, p, u->who, u->now, err);
	}
	if (is_kind(e, EVENT_QUEUE))
		return change_queue(
		    u->d, u->t, u->a, u->k, v, u->who, u->now, err);
	if (is_kind(e, EVENT_ASSIGNEE))
		return change_assignee(
		    u->d, u->t, u->a, u->k, v, u->who, u->now, err);
	if (is_kind(e, EVENT_SUBJECT))
		return change_subject(
		    u->d, u->t, u->a, u->k, v, u->who, u->now, err);
	if (is_kind(e, EVENT_TAG))
		return undo_tags(u, v, err);
	if (is_kind(e, EVENT_FIELD))
		return change_field(
		    u->d, u->t, u->a, u->k, name, v, u->who, u->now, err);
	if (is_kind(e, EVENT_PARTICIPANT))
		return undo_people(u, v, err);
	if (is_kind(e, EVENT_REQUESTER))
		return undo_requester(u, v, err);
	if (is_kind(e, EVENT_LINK))
		return merge_unlink(u->d, u->t, u->a, u->k,
		    number_of(e->detail), u->who, u->now, err);
	if (is_kind(e, EVENT_UNLINK))
		return merge_link(u->d, u->t, u->a, u->k, number_of(e->detail),
		    u->who, u->now, err);
	if (is_kind(e, EVENT_SNOOZED)) {
		snooze_wake(u->t, u->a, u->k, false, u->who, u->now);
		return 0;
	}
	return undo_time(u, v, err);
}

int
undo_change(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct actor *who, uint32_t event, int64_t now, struct err *err)
{
	struct undo u = {d, t, a, k, who, now};
	struct str words;
	uint32_t seq;
	struct group g;
	int found = undo_find(t, a, k, who, &seq, &words, err);

	if (found < 0 || find_group(t, a, k, who, &g) < 0)
		return found < 0 ? -1 : txn_error(t, err);
	if (!found || seq != event)
		return err_set(err, ERR_INVAL,
		    seq ? "it was changed since: %.*s"
			: "there is no change to be taken back%.*s",
		    STR_ARG(words));
	for (size_t i = 0; i < g.n; i++)
		if (!is_covered(&g, &g.v[i]) && undo_one(&u, &g.v[i], err) < 0)
			return -1;
	event_add(t, k, EVENT_UNDONE, who,
	    arena_printf(a, "event %u: %.*s", seq, STR_ARG(words)), now);
	k->updated = now;
	return txn_error(t, err);
}

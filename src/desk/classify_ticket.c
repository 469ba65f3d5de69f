/*
 * What is told of a guess stands in the ticket's history, and nowhere else:
 *
 *     classify  queue: billing 84 %
 *     classify  priority: high 93 %, set
 *
 * What was learned of a ticket stands in ticket.extra: "queue=billing" for each
 * field, so that it is an example once, and that a later correction can be told
 * from a new example.
 */
#include "desk/classify_ticket.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/extra.h"
#include "desk/merge.h"
#include "desk/purge.h"

enum {
	HISTORY_MAX = 1000, /* events that are looked at */
};

static const struct str actor_name = {"classify", 8};

/* --- what a ticket says ------------------------------------------------ */

struct str
classify_value(const struct ticket *k, struct str field)
{
	if (str_eq(field, S("queue")))
		return k->queue;
	if (str_eq(field, S("priority")))
		return str_c(priority_name(k->priority));
	for (size_t i = 0; i < k->nfields; i++)
		if (str_ieq(k->fields[i].name, field))
			return k->fields[i].value;
	return str_n(NULL, 0);
}

static struct str
join(struct arena *a, struct str subject, struct str text)
{
	return utf8_clip(
	    arena_printf(a, "%.*s\n%.*s", STR_ARG(subject), STR_ARG(text)),
	    CLASSIFY_TEXT_MAX);
}

int
classify_text(struct txn *t, struct arena *a, const struct ticket *k,
    struct str *text, struct err *err)
{
	struct article r;
	struct message m = {0};
	int found = article_get(t, a, k->id, 1, &r);

	*text = str_n(NULL, 0);
	if (found < 0)
		return txn_error(t, err);
	if (!found || r.direction != DIRECTION_IN || r.automatic.n)
		return 0;
	m.text = r.text;
	m.fresh = r.fresh;
	m.nfresh = r.nfresh;
	*text = join(a, k->subject, message_new_text(a, &m));
	return 0;
}

/* Where in the history a field's values stand. */
static enum event_kind
kind_of(struct str field)
{
	return str_eq(field, S("queue"))      ? EVENT_QUEUE
	       : str_eq(field, S("priority")) ? EVENT_PRIORITY
					      : EVENT_FIELD;
}

static bool
is_kind(const struct event *e, enum event_kind kind)
{
	return str_eq(e->kind, str_c(event_name(kind)));
}

/* Does this event change the field? Of fields the detail says "name: old ->
 * new". */
static bool
sets(const struct event *e, struct str field)
{
	enum event_kind kind = kind_of(field);
	ptrdiff_t colon;

	if (!is_kind(e, kind))
		return false;
	if (kind != EVENT_FIELD)
		return true;
	colon = str_find(e->detail, S(": "), 0);
	return colon >= 0 &&
	       str_ieq(str_sub(e->detail, 0, (size_t)colon), field);
}

static bool
is_person(struct str actor)
{
	return str_starts(actor, S("agent:")) || str_starts(actor, S("cli:"));
}

/* --- a new ticket ------------------------------------------------------ */

static bool
was_set(
    struct txn *t, struct arena *a, const struct ticket *k, struct str field)
{
	uint32_t n = MIN(k->events, (uint32_t)HISTORY_MAX);
	struct event e;

	for (uint32_t i = 1; i <= n; i++)
		if (event_get(t, a, k->id, i, &e) > 0 && sets(&e, field))
			return true;
	return false;
}

static bool
is_decided(struct txn *t, struct arena *a, const struct ticket *k,
    struct str field, unsigned decided)
{
	enum event_kind kind = kind_of(field);

	if (kind == EVENT_QUEUE && decided & CLASSIFY_QUEUE)
		return true;
	if (kind == EVENT_PRIORITY && decided & CLASSIFY_PRIORITY)
		return true;
	if (kind == EVENT_FIELD && classify_value(k, field).n)
		return true;
	return was_set(t, a, k, field);
}

/* May it be said at all? What was learned may be a queue of former days. */
static bool
is_possible(const struct settings *s, struct str field, struct str value)
{
	enum priority p;

	if (kind_of(field) == EVENT_QUEUE)
		return settings_queue(s, value) != NULL;
	if (kind_of(field) == EVENT_PRIORITY)
		return priority_parse(value, &p);
	return true;
}

/* False when the ticket does not take the value; then nothing happened. */
static bool
act(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str field, const struct guess *g, int64_t now)
{
	struct actor who = {actor_name,
	    arena_printf(a, "learned: %.0f %%", g->probability * 100)};
	struct err err = ERR_INIT;
	enum priority p;

	switch (kind_of(field)) {
	case EVENT_QUEUE:
		return change_queue(d, t, a, k, g->value, &who, now, &err) == 0;
	case EVENT_PRIORITY:
		return priority_parse(g->value, &p) &&
		       change_priority(d, t, a, k, p, &who, now, &err) == 0;
	default:
		return change_field(
			   d, t, a, k, field, g->value, &who, now, &err) == 0;
	}
}

static int
guess_one(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct classified *c, struct str text, unsigned decided, int64_t now,
    struct err *err)
{
	struct actor who = {.name = actor_name};
	struct guess g[GUESSES_MAX];
	double percent;
	bool acts;
	int n = classify_guess(t, a, c->name, text, g);

	if (n < 0)
		return txn_error(t, err);
	percent = n ? g[0].probability * 100 : 0;
	if (!n || percent < c->suggest ||
	    !is_possible(d->settings, c->name, g[0].value) ||
	    str_eq(classify_value(k, c->name), g[0].value) ||
	    is_decided(t, a, k, c->name, decided))
		return 0;
	acts = c->act && percent >= c->act;
	event_add(t, k, EVENT_CLASSIFY, &who,
	    arena_printf(a, "%.*s: %.*s %.0f %%%s", STR_ARG(c->name),
		STR_ARG(g[0].value), percent, acts ? ", set" : ""),
	    now);
	if (acts)
		act(d, t, a, k, c->name, &g[0], now);
	return txn_error(t, err);
}

static bool
is_worth(const struct ticket *k)
{
	return k->status != STATUS_SPAM && k->status != STATUS_MERGED &&
	       !k->merged_into && !merge_parent(k) && !purge_is_stub(k);
}

int
classify_new(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str text, unsigned decided, int64_t now, struct err *err)
{
	const struct settings *s = d->settings;

	if (!s->nclassified || !is_worth(k))
		return 0;
	text = join(a, k->subject, text);
	for (size_t i = 0; i < s->nclassified; i++)
		if (guess_one(d, t, a, k, &s->classified[i], text, decided, now,
			err) < 0)
			return -1;
	return 0;
}

/* --- what was suggested ------------------------------------------------ */

/* "queue: billing 84 %, set" */
static bool
read_suggestion(struct str s, struct suggestion *out)
{
	ptrdiff_t colon = str_find(s, S(": "), 0), blank;
	uint64_t percent;

	out->acted = str_ends(s, S(" %, set"));
	if (!out->acted && !str_ends(s, S(" %")))
		return false;
	s = str_sub(s, 0, s.n - (out->acted ? 7 : 2));
	blank = str_rchr(s, ' ');
	if (colon <= 0 || blank < colon + 2 ||
	    !str_u64(str_from(s, (size_t)blank + 1), &percent) || percent > 100)
		return false;
	out->field = str_sub(s, 0, (size_t)colon);
	out->value = str_sub(s, (size_t)colon + 2, (size_t)blank);
	out->probability = (double)percent / 100;
	return true;
}

int
classify_suggestions(struct txn *t, struct arena *a, const struct ticket *k,
    struct suggestion **out, size_t *n, struct err *err)
{
	enum {
		SHOWN = 20
	};
	uint32_t last = MIN(k->events, (uint32_t)HISTORY_MAX);

	*out = arena_array(a, struct suggestion, SHOWN);
	*n = 0;
	for (uint32_t i = 1; i <= last && *n < SHOWN; i++) {
		struct suggestion x;
		struct event e;
		size_t at = 0;
		int found = event_get(t, a, k->id, i, &e);

		if (found < 0)
			return txn_error(t, err);
		if (!found || !is_kind(&e, EVENT_CLASSIFY) ||
		    !read_suggestion(e.detail, &x))
			continue;
		while (at < *n && !str_eq((*out)[at].field, x.field))
			at++;
		(*out)[at] = x;
		*n += at == *n;
	}
	return 0;
}

int
classify_of(struct txn *t, struct arena *a, const struct ticket *k,
    struct str field, struct guess out[GUESSES_MAX], struct err *err)
{
	struct str text;
	int n;

	if (classify_text(t, a, k, &text, err) < 0)
		return -1;
	n = text.n ? classify_guess(t, a, field, text, out) : 0;
	return n < 0 ? txn_error(t, err) : n;
}

/* --- learning ---------------------------------------------------------- */

/*
 * Did a person say so? Nobody has to have said anything: what was left as it
 * was is an answer too. But what the model set counts only when somebody wrote
 * to the customer after it, and left it.
 */
static int
is_standing(struct txn *t, struct arena *a, const struct ticket *k,
    struct str field, bool *standing, struct err *err)
{
	bool answered = false;
	uint32_t least = k->events > HISTORY_MAX ? k->events - HISTORY_MAX : 0;
	AUTO(arena_fini) struct arena tmp = ARENA_INIT;

	(void)a;
	*standing = true;
	for (uint32_t i = k->events; i > least; i--) {
		struct event e;
		int found;

		arena_reset(&tmp);
		found = event_get(t, &tmp, k->id, i, &e);
		if (found < 0)
			return txn_error(t, err);
		if (!found)
			continue;
		answered |= is_kind(&e, EVENT_ANSWERED) && is_person(e.actor);
		if (sets(&e, field)) {
			*standing = answered || !str_eq(e.actor, actor_name);
			return 0;
		}
	}
	return 0;
}

int
classify_settled(struct txn *t, struct arena *a, const struct ticket *k,
    struct str field, bool *settled, struct err *err)
{
	*settled =
	    (k->status == STATUS_RESOLVED || k->status == STATUS_CLOSED) &&
	    is_worth(k) && classify_value(k, field).n;
	return *settled ? is_standing(t, a, k, field, settled, err) : 0;
}

/* The note of a field: "queue=billing"; NULL. */
static struct str *
find_note(const struct strs *notes, struct str field)
{
	for (size_t i = 0; i < notes->n; i++)
		if (notes->v[i].n > field.n && str_starts(notes->v[i], field) &&
		    notes->v[i].p[field.n] == '=')
			return &notes->v[i];
	return NULL;
}

int
classify_learn_ticket(struct txn *t, struct arena *a, struct ticket *k,
    struct str field, bool again, bool *changed, struct err *err)
{
	struct str value = classify_value(k, field), note, text, *old;
	struct extra x;
	bool settled;
	int r;

	if (classify_settled(t, a, k, field, &settled, err) < 0)
		return -1;
	if (!settled)
		return 0;
	extra_read(a, k->extra, &x);
	note = arena_printf(a, "%.*s=%.*s", STR_ARG(field), STR_ARG(value));
	old = find_note(&x.learned, field);
	if (old && str_eq(*old, note) && !again)
		return 0;
	if (classify_text(t, a, k, &text, err) < 0)
		return -1;
	if (!text.n)
		return 0;
	r = classify_learn(t, a, field, text, value, old && !again);
	if (r < 0)
		return txn_error(t, err);
	if (!r)
		return 0;
	if (old && str_eq(*old, note))
		return 1;
	if (old)
		*old = note;
	else
		strs_add(a, &x.learned, note);
	k->extra = extra_write(a, k->extra, &x);
	*changed = true;
	return 1;
}

/* Does an event bring a ticket to its end by a person's hand, or correct it
 * there? */
static bool
ends(const struct event *e)
{
	if (is_kind(e, EVENT_THANKS))
		return true;
	if (!is_person(e->actor))
		return false;
	if (is_kind(e, EVENT_STATUS))
		return str_ends(e->detail, S("-> resolved")) ||
		       str_ends(e->detail, S("-> closed"));
	return is_kind(e, EVENT_QUEUE) || is_kind(e, EVENT_PRIORITY) ||
	       is_kind(e, EVENT_FIELD);
}

static int
learn_all(struct desk *d, struct txn *t, uint64_t id, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const struct settings *s = d->settings;
	bool changed = false;
	struct ticket k;
	int found = ticket_get(t, &a, id, &k);

	if (found <= 0)
		return found < 0 ? txn_error(t, err) : 0;
	for (size_t i = 0; i < s->nclassified; i++)
		if (classify_learn_ticket(t, &a, &k, s->classified[i].name,
			false, &changed, err) < 0)
			return -1;
	if (changed)
		ticket_put(t, &k);
	return txn_error(t, err);
}

int
classify_settle(struct desk *d, struct txn *t, struct arena *a,
    const struct event_ref *v, size_t n, int64_t now, struct err *err)
{
	uint64_t last = 0;

	(void)now;
	if (!d->settings->nclassified)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct event e;

		if (v[i].ticket == last)
			continue;
		if (event_get(t, a, v[i].ticket, v[i].seq, &e) <= 0)
			return txn_error(t, err);
		if (!ends(&e))
			continue;
		last = v[i].ticket;
		if (learn_all(d, t, last, err) < 0)
			return -1;
	}
	return txn_error(t, err);
}

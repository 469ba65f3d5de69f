/*
 * The history is read once; of each thing the last event that set it is kept.
 * What no event set has been so from the beginning: its reason is the opening,
 * with the evidence that did not join it to another ticket.
 */
#include "desk/why.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/extra.h"
#include "desk/purge.h"

enum {
	REASONS_MAX = 160 /* 100 fields, 50 tags, and the rest */
};

struct reasons {
	struct arena *a;
	struct reason *v;
	int n;
};

static void
add(struct reasons *r, struct str what, struct str value)
{
	if (value.n && r->n < REASONS_MAX)
		r->v[r->n++] = (struct reason){.what = what, .value = value};
}

static void
present(struct reasons *r, const struct ticket *k)
{
	struct extra x;

	extra_read(r->a, k->extra, &x);
	add(r, S("status"), str_c(status_name(k->status)));
	add(r, S("priority"), str_c(priority_name(k->priority)));
	add(r, S("queue"), k->queue);
	add(r, S("assignee"), k->assignee);
	add(r, S("sla"), x.policy);
	for (size_t i = 0; i < k->tags.n; i++)
		add(r, S("tag"), k->tags.v[i]);
	for (size_t i = 0; i < k->nfields; i++)
		add(r,
		    arena_printf(
			r->a, "field %.*s", STR_ARG(k->fields[i].name)),
		    k->fields[i].value);
}

static bool
is_kind(const struct event *e, enum event_kind k)
{
	return str_eq(e->kind, str_c(event_name(k)));
}

/* Did this event set that thing? */
static bool
sets(struct arena *a, const struct event *e, const struct reason *r)
{
	struct str word, rest = e->detail;

	if (str_eq(r->what, S("tag"))) {
		struct str plus = arena_printf(a, "+%.*s", STR_ARG(r->value));

		while (is_kind(e, EVENT_TAG) && str_word(&rest, &word))
			if (str_eq(word, plus))
				return true;
		return false;
	}
	if (str_starts(r->what, S("field ")))
		return is_kind(e, EVENT_FIELD) &&
		       str_starts(e->detail,
			   arena_printf(
			       a, "%.*s: ", STR_ARG(str_from(r->what, 6))));
	if (str_eq(r->what, S("status")))
		return is_kind(e, EVENT_STATUS) || is_kind(e, EVENT_REOPENED) ||
		       is_kind(e, EVENT_SNOOZED) || is_kind(e, EVENT_AWOKE) ||
		       is_kind(e, EVENT_MERGED);
	if (str_eq(r->what, S("sla")))
		return is_kind(e, EVENT_SLA) && !str_eq(e->actor, S("system"));
	return str_eq(e->kind, r->what);
}

/* It will be purged, or was. */
static void
retention(struct reasons *r, const struct ticket *k)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct purge_state p;
	int n = r->n;

	purge_state(k->extra, &p);
	clock_rfc3339(&b, p.purged != CLOCK_NONE ? p.purged : p.at);
	if (p.purged != CLOCK_NONE) {
		add(r, S("purged"), arena_dup(r->a, buf_str(&b)));
		return;
	}
	add(r, S("purge"), arena_dup(r->a, buf_str(&b)));
	if (r->n > n)
		r->v[n].event = (struct event){.actor = S("system"),
		    .cause =
			k->status == STATUS_MERGED
			    ? arena_printf(r->a, "merged into #%llu",
				  (unsigned long long)k->merged_into)
			    : arena_printf(r->a, "queue %.*s, %s",
				  STR_ARG(k->queue),
				  k->status == STATUS_SPAM ? "spam_purge_after"
							   : "purge_after")};
}

int
ticket_why(struct txn *t, struct arena *a, const struct ticket *k,
    struct reason **out, struct err *err)
{
	struct reasons r = {
	    .a = a, .v = arena_array(a, struct reason, REASONS_MAX)};
	struct event first = {0};

	present(&r, k);
	retention(&r, k);
	for (uint32_t seq = 1; seq <= k->events; seq++) {
		struct event e;
		int found = event_get(t, a, k->id, seq, &e);

		if (found < 0)
			return txn_error(t, err);
		if (!found)
			continue;
		/* What the first mail's evidence was stands at its article. */
		if (is_kind(&e, EVENT_CREATED) ||
		    (is_kind(&e, EVENT_ARTICLE) && !first.cause.n &&
			first.seq + 2 >= seq))
			first = e;
		for (int i = 0; i < r.n; i++)
			if (sets(a, &e, &r.v[i]))
				r.v[i].event = e;
	}
	for (int i = 0; i < r.n; i++)
		if (!r.v[i].event.seq && !r.v[i].event.cause.n)
			r.v[i].event = first;
	*out = r.v;
	return r.n;
}

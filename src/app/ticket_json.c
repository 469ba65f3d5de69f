#include "app/ticket_json.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/merge.h"
#include "desk/timeline.h"
#include "desk/customers.h"
#include "desk/classify_ticket.h"
#include "desk/extra.h"
#include "desk/purge.h"
#include "desk/sla_run.h"
#include "store/outbox.h"

static void
put_int(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

const char *
role_name(enum role r)
{
	switch (r) {
	case ROLE_REQUESTER:
		return "requester";
	case ROLE_TO:
		return "to";
	case ROLE_CC:
		return "cc";
	case ROLE_PROPOSED:
		return "proposed";
	}
	return "";
}

const char *
link_name(enum link_kind k)
{
	switch (k) {
	case LINK_RELATED:
		return "related";
	case LINK_FOLLOWS:
		return "follows";
	case LINK_FOLLOWED_BY:
		return "followed-by";
	case LINK_PARENT:
		return "parent";
	case LINK_CHILD:
		return "child";
	case LINK_MERGED_FROM:
		return "merged-from";
	case LINK_SPLIT:
		return "split";
	}
	return "";
}

json_t *
ticket_json(const struct settings *s, const struct ticket *k)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	json_t *o = json_object(), *links = json_array();

	put_int(o, "id", k->id);
	json_put_str(o, "subject", k->subject);
	json_put_str(o, "status", str_c(status_name(k->status)));
	json_put_str(o, "priority", str_c(priority_name(k->priority)));
	json_put_str(o, "queue", k->queue);
	json_put_str_or_null(o, "assignee", k->assignee);
	json_object_set_new(o, "requester", json_of_address(&k->requester));
	json_put_str_or_null(
	    o, "customer_tier", customer_tier(s, &a, k->requester.addr));
	json_put_time(o, "created", k->created);
	json_put_time(o, "updated", k->updated);
	json_put_strs(o, "tags", &k->tags);
	json_put_str(o, "channel", k->channel);
	json_put_str_or_null(o, "language", k->language);
	for (size_t i = 0; i < k->nlinks; i++)
		json_array_append_new(
		    links, json_integer((json_int_t)k->links[i].ticket));
	json_object_set_new(o, "links", links);
	return o;
}

static json_t *
delivery_json(struct txn *t, struct arena *a, uint64_t id)
{
	struct outbox o = {0};
	json_t *v, *j;

	if (!id || outbox_get(t, a, id, &o) != 1)
		return json_null();
	j = json_object();
	v = json_array();
	put_int(j, "outbox", o.id);
	json_put_str(j, "state", str_c(outbox_state_name(o.state)));
	put_int(j, "attempts", o.attempts);
	put_int(j, "ambiguous", o.ambiguous);
	json_put_time(
	    j, "next", o.state == OUTBOX_QUEUED ? o.next : CLOCK_NONE);
	for (size_t i = 0; i < o.nrecipients; i++) {
		json_t *r = json_object();

		json_put_str(r, "address", o.recipients[i].addr);
		json_put_str(r, "state",
		    str_c(outbox_state_name(o.recipients[i].state)));
		json_put_str_or_null(r, "reply", o.recipients[i].reply);
		json_array_append_new(v, r);
	}
	json_object_set_new(j, "recipients", v);
	return j;
}

static json_t *
attachments_json(const struct attachments *l)
{
	json_t *v = json_array();

	for (size_t i = 0; i < l->n; i++) {
		AUTO(buf_fini) struct buf hex = BUF_INIT;
		json_t *o = json_object();

		buf_hex(&hex, str_n((const char *)l->v[i].sha256, SHA256_SIZE));
		json_put_str(o, "name", l->v[i].name);
		json_put_str(o, "type", l->v[i].type);
		put_int(o, "size", l->v[i].size);
		json_put_str(o, "sha256", buf_str(&hex));
		json_object_set_new(
		    o, "inline", json_boolean(l->v[i].is_inline));
		json_array_append_new(v, o);
	}
	return v;
}

static struct str
new_text(struct arena *a, const struct article *r)
{
	struct message m = {
	    .text = r->text, .fresh = r->fresh, .nfresh = r->nfresh};

	return message_new_text(a, &m);
}

json_t *
article_json(
    struct txn *t, struct arena *a, const struct article *r, uint64_t shown)
{
	json_t *o = json_object();

	if (r->ticket != shown)
		put_int(o, "ticket", r->ticket);
	put_int(o, "seq", r->seq);
	json_put_str(o, "direction", str_c(direction_name(r->direction)));
	json_object_set_new(o, "author", json_of_address(&r->author));
	json_object_set_new(o, "from", json_of_addresses(&r->from));
	json_object_set_new(o, "to", json_of_addresses(&r->to));
	json_object_set_new(o, "cc", json_of_addresses(&r->cc));
	json_put_str(o, "subject", r->subject);
	json_put_time(o, "date", r->date);
	json_put_time(o, "time", r->at);
	json_put_str_or_null(o, "message_id", r->message_id);
	json_put_str(o, "text", r->text);
	json_put_str(o, "new_text", new_text(a, r));
	json_object_set_new(
	    o, "attachments", attachments_json(&r->attachments));
	json_put_str_or_null(o, "automatic", r->automatic);
	json_put_str_or_null(o, "evidence", r->evidence);
	json_put_str_or_null(o, "flag", r->flag);
	put_int(o, "size", r->size);
	json_object_set_new(o, "delivery", delivery_json(t, a, r->outbox));
	return o;
}

json_t *
event_json(const struct event *e, uint64_t shown)
{
	json_t *o = json_object();

	if (e->ticket != shown)
		put_int(o, "ticket", e->ticket);
	put_int(o, "seq", e->seq);
	json_put_time(o, "time", e->at);
	json_put_str(o, "kind", e->kind);
	json_put_str(o, "actor", e->actor);
	json_put_str(o, "detail", e->detail);
	json_put_str_or_null(o, "cause", e->cause);
	return o;
}

/* The other end of a link, with what one wants to know of it at once. */
static json_t *
relation_json(struct txn *t, struct arena *a, uint64_t id, const char *kind)
{
	json_t *o = json_object();
	struct ticket k;

	put_int(o, "id", id);
	if (kind)
		json_put_str(o, "kind", str_c(kind));
	if (ticket_get(t, a, id, &k) == 1) {
		json_put_str(o, "status", str_c(status_name(k.status)));
		json_put_str(o, "subject", k.subject);
	}
	return o;
}

static int
add_family(json_t *o, struct txn *t, struct arena *a, const struct ticket *k,
    struct err *err)
{
	json_t *children = json_array(), *relations = json_array();
	json_t *sources = json_array();
	uint64_t parent = merge_parent(k), *ids;
	size_t n;
	int rc = merge_sources(t, a, k, &ids, &n, err);

	for (size_t i = 0; i < k->nlinks; i++) {
		uint64_t id = k->links[i].ticket;

		json_array_append_new(relations,
		    relation_json(t, a, id, link_name(k->links[i].kind)));
		if (k->links[i].kind == LINK_CHILD)
			json_array_append_new(
			    children, relation_json(t, a, id, NULL));
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		json_array_append_new(
		    sources, json_integer((json_int_t)ids[i]));
	json_object_set_new(o, "parent",
	    parent ? json_integer((json_int_t)parent) : json_null());
	json_object_set_new(o, "children", children);
	json_object_set_new(o, "relations", relations);
	json_object_set_new(o, "merged_into",
	    k->merged_into ? json_integer((json_int_t)k->merged_into)
			   : json_null());
	json_object_set_new(o, "merged_from", sources);
	return rc;
}

static int
add_suggestions(json_t *o, struct txn *t, struct arena *a,
    const struct ticket *k, struct err *err)
{
	json_t *l = json_array();
	struct suggestion *v;
	size_t n;
	int r = classify_suggestions(t, a, k, &v, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		json_t *x = json_object();

		json_put_str(x, "field", v[i].field);
		json_put_str(x, "value", v[i].value);
		json_object_set_new(
		    x, "probability", json_real(v[i].probability));
		json_object_set_new(x, "set", json_boolean(v[i].acted));
		json_array_append_new(l, x);
	}
	json_object_set_new(o, "suggestions", l);
	return r;
}

static int
add_articles(json_t *o, struct txn *t, struct arena *a, const struct ticket *k,
    struct err *err)
{
	AUTO(timeline_close) struct timeline *l = NULL;
	json_t *v = json_array();
	struct article r;
	int more;

	json_object_set_new(o, "articles", v);
	if (timeline_open(t, a, k, TIMELINE_ARTICLES, &l, err) < 0)
		return -1;
	while ((more = timeline_article(l, &r)) > 0)
		json_array_append_new(v, article_json(t, a, &r, k->id));
	return more < 0 ? txn_error(t, err) : 0;
}

static int
add_events(json_t *o, struct txn *t, struct arena *a, const struct ticket *k,
    struct err *err)
{
	AUTO(timeline_close) struct timeline *l = NULL;
	json_t *v = json_array();
	struct event e;
	int more;

	json_object_set_new(o, "events", v);
	if (timeline_open(t, a, k, TIMELINE_EVENTS, &l, err) < 0)
		return -1;
	while ((more = timeline_event(l, &e)) > 0)
		json_array_append_new(v, event_json(&e, k->id));
	return more < 0 ? txn_error(t, err) : 0;
}

/* The clocks that were ever started, as they stand. */
static json_t *
sla_json(struct arena *a, const struct settings *s, const struct ticket *k)
{
	json_t *v = json_array();
	const struct sla_policy *p;
	struct sla_clocks c;
	int64_t now = clock_now();

	if (!sla_clocks_of(s, a, k, now, &c, &p))
		return v;
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++) {
		const struct sla_clock *x = &c.v[i];
		json_t *o;

		if (x->state == SLA_NONE)
			continue;
		o = json_object();
		json_put_str(
		    o, "target", str_c(sla_target_name((enum sla_target)i)));
		json_put_time(o, "due", x->due);
		json_put_str(o, "state", str_c(sla_state_name(x->state)));
		json_put_str_or_null(o, "policy", c.policy);
		put_int(o, "seconds", (uint64_t)(x->target / CLOCK_SECOND));
		json_object_set_new(o, "left",
		    p && sla_is_live(x)
			? json_integer(sla_left(p, x, now) / CLOCK_SECOND)
			: json_null());
		json_put_time(o, "started", x->started);
		json_put_time(o, "ended", x->ended);
		json_array_append_new(v, o);
	}
	return v;
}

/* When it is purged, or was, or what keeps it. */
static int
add_retention(json_t *o, struct txn *t, struct arena *a,
    const struct settings *s, const struct ticket *k)
{
	struct purge_state p;
	struct str kept = {0};

	purge_state(k->extra, &p);
	if (purge_kept_family(t, a, s, k, &kept) < 0)
		return -1;
	json_put_time(o, "purge_at", p.at);
	json_put_time(o, "purged", p.purged);
	json_put_str_or_null(o, "kept_by", kept);
	return 0;
}

int
ticket_json_whole(struct txn *t, struct arena *a, const struct settings *s,
    const struct ticket *k, json_t **out, struct err *err)
{
	json_t *o = ticket_json(s, k), *people = json_array();
	json_t *fields = json_object();
	struct extra x;

	for (size_t i = 0; i < k->nparticipants; i++) {
		json_t *p = json_of_address(&k->participants[i].address);

		json_put_str(
		    p, "role", str_c(role_name(k->participants[i].role)));
		json_array_append_new(people, p);
	}
	for (size_t i = 0; i < k->nfields; i++) {
		AUTO(arena_fini) struct arena tmp = ARENA_INIT;

		json_put_str(fields, arena_cstr(&tmp, k->fields[i].name),
		    k->fields[i].value);
	}
	json_object_set_new(o, "participants", people);
	json_object_set_new(o, "fields", fields);
	json_object_set_new(o, "sla", sla_json(a, s, k));
	extra_read(a, k->extra, &x);
	put_int(o, "time_spent", (uint64_t)(x.time_spent / CLOCK_SECOND));
	json_put_time(
	    o, "snoozed_until", x.snoozed_until ? x.snoozed_until : CLOCK_NONE);
	json_put_time(o, "first_response", k->first_response);
	json_put_time(o, "resolved", k->resolved);
	json_object_set_new(o, "csat", json_null());
	if (add_retention(o, t, a, s, k) < 0) {
		json_decref(o);
		return txn_error(t, err);
	}
	if (add_suggestions(o, t, a, k, err) < 0 ||
	    add_articles(o, t, a, k, err) < 0 ||
	    add_events(o, t, a, k, err) < 0 ||
	    add_family(o, t, a, k, err) < 0 || txn_error(t, err) < 0) {
		json_decref(o);
		return -1;
	}
	*out = o;
	return 0;
}

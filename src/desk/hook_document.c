/*
 * The document that is posted:
 *
 *   {"id":"…","event":"followup","time":"2026-03-01T09:30:00Z","site":"Acme",
 *    "ticket":{"id":1042,"subject":"…","status":"open", … as helpd list --json},
 *    "article":{"seq":3,"direction":"in", …}, "actor":"customer:ann@x.example",
 *    "cause":"…","data":{…}}
 */
#include "base/clock.h"
#include "base/digest.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/hook.h"

static void
set_or_null(struct arena *a, struct value *o, const char *key, struct str s)
{
	if (s.n)
		value_set_str(a, o, key, s);
	else
		value_set(a, o, key, (struct value){.kind = VALUE_NULL});
}

static void
set_time(struct arena *a, struct value *o, const char *key, int64_t at)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	clock_rfc3339(&b, at);
	set_or_null(a, o, key, arena_dup(a, buf_str(&b)));
}

static struct value
address_value(struct arena *a, const struct address *x)
{
	struct value *o = value_object(a);

	value_set_str(a, o, "name", x->name);
	value_set_str(a, o, "address", x->addr);
	return *o;
}

static struct value
addresses_value(struct arena *a, const struct addresses *l)
{
	struct value *v = value_list(a);

	for (size_t i = 0; i < l->n; i++)
		value_add(a, v, address_value(a, &l->v[i]));
	return *v;
}

static struct value
ticket_value(struct arena *a, const struct ticket *k, bool words)
{
	struct value *o = value_object(a), *tags = value_list(a);
	struct value *links = value_list(a), *fields = value_object(a);

	value_set_num(a, o, "id", (double)k->id);
	set_or_null(a, o, "subject", words ? k->subject : str_n(NULL, 0));
	value_set_str(a, o, "status", str_c(status_name(k->status)));
	value_set_str(a, o, "priority", str_c(priority_name(k->priority)));
	value_set_str(a, o, "queue", k->queue);
	set_or_null(a, o, "assignee", k->assignee);
	value_set(a, o, "requester", address_value(a, &k->requester));
	set_time(a, o, "created", k->created);
	set_time(a, o, "updated", k->updated);
	for (size_t i = 0; i < k->tags.n; i++)
		value_add(a, tags,
		    (struct value){.kind = VALUE_STRING, .s = k->tags.v[i]});
	value_set(a, o, "tags", *tags);
	value_set_str(a, o, "channel", k->channel);
	set_or_null(a, o, "language", k->language);
	for (size_t i = 0; i < k->nlinks; i++)
		value_add(a, links,
		    (struct value){.kind = VALUE_NUMBER,
			.number = (double)k->links[i].ticket});
	value_set(a, o, "links", *links);
	for (size_t i = 0; i < k->nfields; i++)
		value_set_str(a, fields, arena_cstr(a, k->fields[i].name),
		    k->fields[i].value);
	value_set(a, o, "fields", *fields);
	return *o;
}

static struct value
article_value(struct arena *a, const struct article *r, bool words)
{
	struct value *o = value_object(a);
	struct message m = {
	    .text = r->text, .fresh = r->fresh, .nfresh = r->nfresh};
	struct str text;

	value_set_num(a, o, "seq", r->seq);
	value_set_str(a, o, "direction", str_c(direction_name(r->direction)));
	value_set(a, o, "author", address_value(a, &r->author));
	value_set(a, o, "to", addresses_value(a, &r->to));
	value_set(a, o, "cc", addresses_value(a, &r->cc));
	set_time(a, o, "time", r->at);
	set_or_null(a, o, "message_id", r->message_id);
	value_set_num(a, o, "attachments", (double)r->attachments.n);
	set_or_null(a, o, "automatic", r->automatic);
	if (!words)
		return *o;
	text = message_new_text(a, &m);
	value_set_str(a, o, "subject", r->subject);
	value_set_str(a, o, "new_text", utf8_clip(text, HOOK_TEXT_MAX));
	value_set_bool(a, o, "cut", text.n > HOOK_TEXT_MAX);
	return *o;
}

void
hook_document(struct arena *a, const struct hook_document *x, struct buf *out)
{
	struct value *o = value_object(a);

	value_set_str(a, o, "id", x->id);
	value_set_str(a, o, "event", x->event);
	set_time(a, o, "time", x->at);
	value_set_str(a, o, "site", x->site);
	value_set(a, o, "ticket", ticket_value(a, x->ticket, x->text));
	value_set(a, o, "article",
	    x->article ? article_value(a, x->article, x->text)
		       : (struct value){.kind = VALUE_NULL});
	set_or_null(a, o, "actor", x->who.name);
	set_or_null(a, o, "cause", x->who.cause);
	if (x->data)
		value_set(a, o, "data", *x->data);
	value_json(out, o);
}

struct str
hook_signature(
    struct arena *a, struct str secret, int64_t seconds, struct str body)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	AUTO(buf_fini) struct buf hex = BUF_INIT;
	unsigned char mac[SHA256_SIZE];

	buf_printf(&text, "%lld.", (long long)seconds);
	buf_put(&text, body);
	hmac_sha256(secret, buf_str(&text), mac);
	buf_hex(&hex, str_n((const char *)mac, sizeof mac));
	return arena_printf(
	    a, "t=%lld,v1=%.*s", (long long)seconds, STR_ARG(buf_str(&hex)));
}

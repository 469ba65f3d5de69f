#include "app/message_json.h"
#include "app/json.h"
#include "base/must.h"
#include "mail/forward.h"

json_t *
attachments_json(const struct attachments *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct attachment *x = &l->v[i];
		AUTO(buf_fini) struct buf hex = BUF_INIT;
		json_t *o = json_object();

		json_put_str(o, "name", x->name);
		json_put_str(o, "type", x->type);
		json_object_set_new(
		    o, "size", json_integer((json_int_t)x->size));
		buf_hex(&hex, str_n((const char *)x->sha256, SHA256_SIZE));
		json_put_str(o, "sha256", buf_str(&hex));
		json_object_set_new(o, "inline", json_boolean(x->is_inline));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
bounce_json(const struct bounce *b)
{
	json_t *o, *list;

	if (!b)
		return json_null();
	o = json_object();
	list = json_array();
	for (size_t i = 0; i < b->n; i++) {
		const struct bounced *x = &b->v[i];
		json_t *r = json_object();

		json_put_str_or_null(r, "address", x->address);
		json_put_str_or_null(r, "status", x->status);
		json_put_str_or_null(r, "smtp_code", x->smtp_code);
		json_put_str(r, "kind", x->hard ? S("hard") : S("soft"));
		json_put_str_or_null(r, "reason", x->reason);
		json_array_append_new(list, r);
	}
	json_object_set_new(o, "recipients", list);
	return o;
}

static json_t *
forwarded_json(const struct forwarded *x, struct str words)
{
	struct addresses from;
	json_t *o;

	if (!x)
		return json_null();
	o = json_object();
	from = (struct addresses){(struct address *)(uintptr_t)&x->from,
	    x->from.addr.n > 0 || x->from.name.n > 0};
	json_object_set_new(o, "from", json_of_addresses(&from));
	json_object_set_new(o, "to", json_of_addresses(&x->to));
	json_object_set_new(o, "cc", json_of_addresses(&x->cc));
	json_put_str(o, "subject", x->subject);
	json_put_time(o, "date", x->date);
	json_put_str_or_null(o, "message_id", x->message_id);
	json_put_str(o, "text", words);
	json_object_set_new(o, "attached", json_boolean(x->attached));
	json_object_set_new(o, "sure", json_boolean(x->sure));
	return o;
}

static json_t *
smime_json(const struct smime *x)
{
	AUTO(buf_fini) struct buf hex = BUF_INIT;
	json_t *o;

	if (!x)
		return json_null();
	o = json_object();
	buf_hex(&hex, str_n((const char *)x->certificate, SHA256_SIZE));
	json_put_str(o, "certificate", buf_str(&hex));
	json_put_time(o, "signed_at", x->signed_at);
	json_object_set_new(o, "whole", json_boolean(x->whole));
	return o;
}

json_t *
message_json(const struct message *m, const char *file)
{
	struct arena a = ARENA_INIT;
	json_t *o = json_object();

	if (file)
		json_put_str(o, "file", str_c(file));
	json_object_set_new(o, "from", json_of_addresses(&m->from));
	json_object_set_new(o, "to", json_of_addresses(&m->to));
	json_object_set_new(o, "cc", json_of_addresses(&m->cc));
	json_object_set_new(o, "reply_to", json_of_addresses(&m->reply_to));
	json_put_str(o, "subject", m->subject);
	json_put_time(o, "date", m->date);
	json_put_str_or_null(o, "message_id", m->message_id);
	json_put_strs(o, "in_reply_to", &m->in_reply_to);
	json_put_strs(o, "references", &m->references);
	json_put_str(o, "text", m->text);
	json_put_str(o, "new_text", message_new_text(&a, m));
	json_put_str(o, "html", m->html);
	json_object_set_new(
	    o, "attachments", attachments_json(&m->attachments));
	json_put_str_or_null(o, "language", m->language);
	json_put_str_or_null(o, "charset", m->charset);
	json_put_str_or_null(o, "automatic", m->automatic);
	json_object_set_new(o, "bounce", bounce_json(m->bounce));
	json_object_set_new(o, "forwarded",
	    forwarded_json(
		m->forwarded, m->forwarded ? forward_words(&a, m) : S("")));
	json_object_set_new(o, "smime", smime_json(m->smime));
	json_put_strs(o, "warnings", &m->warnings);
	arena_fini(&a);
	return o;
}

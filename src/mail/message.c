/*
 * The record of a message: what crosses the jail's pipe for every mail, so it is flat and cheap to write.
 */
#include "mail/message.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "mail/message_record.h"

/* ---- writing ---- */

static void
put_addresses(struct buf *b, uint32_t tag, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t at = rec_begin(b, tag);

		rec_str_opt(b, TAG_NAME, l->v[i].name);
		rec_str_opt(b, TAG_ADDR, l->v[i].addr);
		rec_end(b, at);
	}
}

static void
put_attachments(struct buf *b, const struct attachments *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct attachment *x = &l->v[i];
		size_t at = rec_begin(b, TAG_ATTACHMENT);

		rec_str_opt(b, TAG_ATT_NAME, x->name);
		rec_str_opt(b, TAG_ATT_TYPE, x->type);
		rec_str_opt(b, TAG_ATT_ID, x->content_id);
		rec_u64_opt(b, TAG_ATT_SIZE, x->size);
		rec_str(b, TAG_ATT_SHA256,
		    str_n((const char *)x->sha256, SHA256_SIZE));
		rec_u64_opt(b, TAG_ATT_INLINE, x->is_inline);
		rec_str_opt(b, TAG_ATT_PART, x->part);
		rec_end(b, at);
	}
}

static void
put_bounce(struct buf *b, const struct bounce *x)
{
	size_t at = rec_begin(b, TAG_BOUNCE);

	for (size_t i = 0; i < x->n; i++) {
		const struct bounced *r = &x->v[i];
		size_t in = rec_begin(b, TAG_BOUNCED);

		rec_str_opt(b, TAG_B_ADDRESS, r->address);
		rec_str_opt(b, TAG_B_STATUS, r->status);
		rec_str_opt(b, TAG_B_CODE, r->smtp_code);
		rec_u64_opt(b, TAG_B_HARD, r->hard);
		rec_str_opt(b, TAG_B_REASON, r->reason);
		rec_str_opt(b, TAG_B_ACTION, r->action);
		rec_end(b, in);
	}
	rec_str_opt(b, TAG_BOUNCE_ID, x->message_id);
	rec_str_opt(b, TAG_BOUNCE_SUBJECT, x->subject);
	rec_end(b, at);
}

static void
put_forwarded(struct buf *b, const struct forwarded *x)
{
	size_t at = rec_begin(b, TAG_FORWARDED);
	struct addresses from = {(struct address *)(uintptr_t)&x->from, 1};

	put_addresses(b, TAG_F_FROM, &from);
	put_addresses(b, TAG_F_TO, &x->to);
	put_addresses(b, TAG_F_CC, &x->cc);
	rec_str_opt(b, TAG_F_SUBJECT, x->subject);
	if (x->date != CLOCK_NONE)
		rec_i64(b, TAG_F_DATE, x->date);
	rec_str_opt(b, TAG_F_MESSAGE_ID, x->message_id);
	rec_u64_opt(b, TAG_F_TEXT_FROM, x->text.from);
	rec_u64_opt(b, TAG_F_TEXT_TO, x->text.to);
	rec_u64_opt(b, TAG_F_ATTACHED, x->attached);
	rec_u64_opt(b, TAG_F_SURE, x->sure);
	rec_u64_opt(b, TAG_F_HEADING, x->heading);
	rec_end(b, at);
}

static void
put_smime(struct buf *b, const struct smime *x)
{
	size_t at = rec_begin(b, TAG_SMIME);

	rec_str(b, TAG_S_CERTIFICATE,
	    str_n((const char *)x->certificate, SHA256_SIZE));
	rec_str(b, TAG_S_DIGEST, str_n((const char *)x->digest, SHA256_SIZE));
	if (x->signed_at != CLOCK_NONE)
		rec_i64(b, TAG_S_AT, x->signed_at);
	rec_u64_opt(b, TAG_S_WHOLE, x->whole);
	rec_end(b, at);
}

/* Pairs of varints: the gap before a span and its length. */
static void
put_fresh(struct buf *b, const struct message *m)
{
	size_t at;
	uint32_t last = 0;

	if (!m->nfresh)
		return;
	at = rec_begin(b, TAG_FRESH);
	for (size_t i = 0; i < m->nfresh; i++) {
		varint_put(b, m->fresh[i].from - last);
		varint_put(b, m->fresh[i].to - m->fresh[i].from);
		last = m->fresh[i].to;
	}
	rec_end(b, at);
}

/* There are hundreds: a byte of length and the bytes, all in one field. */
static void
put_terms(struct buf *b, const struct strs *l)
{
	size_t at, bytes = 0;
	char *p;

	if (!l->n)
		return;
	at = rec_begin(b, TAG_TERMS);
	for (size_t i = 0; i < l->n; i++)
		bytes += 1 + l->v[i].n;
	p = buf_reserve(b, bytes);
	if (!p)
		return;
	for (size_t i = 0; i < l->n; i++) {
		must(l->v[i].n > 0 && l->v[i].n <= RECORD_TERM_MAX);
		*p++ = (char)l->v[i].n;
		memcpy(p, l->v[i].p, l->v[i].n);
		p += l->v[i].n;
	}
	buf_commit(b, bytes);
	rec_end(b, at);
}

void
message_encode(const struct message *m, struct buf *out)
{
	put_addresses(out, TAG_FROM, &m->from);
	put_addresses(out, TAG_SENDER, &m->sender);
	put_addresses(out, TAG_REPLY_TO, &m->reply_to);
	put_addresses(out, TAG_TO, &m->to);
	put_addresses(out, TAG_CC, &m->cc);
	put_addresses(out, TAG_BCC, &m->bcc);
	put_addresses(out, TAG_DELIVERED_TO, &m->delivered_to);
	rec_u64_opt(out, TAG_FROM_FIELDS, m->from_fields);
	rec_u64_opt(out, TAG_HAS_RETURN_PATH, m->has_return_path);
	rec_str_opt(out, TAG_RETURN_PATH, m->return_path);
	rec_str_opt(out, TAG_SUBJECT, m->subject);
	rec_str_opt(out, TAG_MESSAGE_ID, m->message_id);
	rec_strs(out, TAG_IN_REPLY_TO, &m->in_reply_to);
	rec_strs(out, TAG_REFERENCES, &m->references);
	if (m->date != CLOCK_NONE)
		rec_i64(out, TAG_DATE, m->date);
	rec_strs(out, TAG_AUTH_RESULTS, &m->authentication_results);
	rec_str_opt(out, TAG_TEXT, m->text);
	put_fresh(out, m);
	rec_str_opt(out, TAG_HTML, m->html);
	rec_str_opt(out, TAG_ANSWER_HTML, m->answer_html);
	rec_str_opt(out, TAG_ANSWER_TEXT, m->answer_text);
	if (m->forwarded)
		put_forwarded(out, m->forwarded);
	if (m->smime)
		put_smime(out, m->smime);
	put_attachments(out, &m->attachments);
	rec_str_opt(out, TAG_CHARSET, m->charset);
	rec_str_opt(out, TAG_LANGUAGE, m->language);
	rec_str_opt(out, TAG_AUTOMATIC, m->automatic);
	rec_u64_opt(out, TAG_IS_LIST, m->is_list);
	rec_str_opt(out, TAG_LIST_ADDRESS, m->list_address);
	rec_u64_opt(out, TAG_SPAM, m->spam);
	if (m->bounce)
		put_bounce(out, m->bounce);
	for (size_t i = 0; i < m->nheaders; i++) {
		size_t at = rec_begin(out, TAG_HEADER);

		rec_str_opt(out, TAG_NAME, m->headers[i].name);
		rec_str_opt(out, TAG_VALUE, m->headers[i].value);
		rec_end(out, at);
	}
	put_terms(out, &m->terms);
	rec_strs(out, TAG_WARNING, &m->warnings);
}

/* ---- asking ---- */

struct str
message_new_text(struct arena *a, const struct message *m)
{
	size_t n = 0, o = 0;
	char *out;

	if (m->nfresh == 1)
		return str_trim(
		    str_sub(m->text, m->fresh[0].from, m->fresh[0].to));
	for (size_t i = 0; i < m->nfresh; i++)
		n += m->fresh[i].to - m->fresh[i].from + 1;
	out = arena_bytes(a, n + 1);
	for (size_t i = 0; i < m->nfresh; i++) {
		struct str s =
		    str_sub(m->text, m->fresh[i].from, m->fresh[i].to);

		if (o && out[o - 1] != '\n')
			out[o++] = '\n';
		if (s.n)
			memcpy(out + o, s.p, s.n);
		o += s.n;
	}
	return str_trim(str_n(out, o));
}

struct str
message_header(const struct message *m, struct str name)
{
	for (size_t i = 0; i < m->nheaders; i++)
		if (str_ieq(m->headers[i].name, name))
			return m->headers[i].value;
	return (struct str){NULL, 0};
}

/*
 * The record of a message: what crosses the jail's pipe for every mail, so it is flat and cheap to write, and what the daemon
 * reads from a process that hostile bytes have been in, so the reader believes nothing: every string is checked to be UTF-8 without
 * NUL, every list and number against its limit, every span against the text.
 */
#include "mail/message.h"
#include "mail/charset.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"

/* Tags are for ever; a number is never used again for something else. */
enum {
	TAG_FROM = 1,
	TAG_SENDER,
	TAG_REPLY_TO,
	TAG_TO,
	TAG_CC,
	TAG_BCC,
	TAG_DELIVERED_TO,
	TAG_FROM_FIELDS,
	TAG_HAS_RETURN_PATH,
	TAG_RETURN_PATH,
	TAG_SUBJECT,
	TAG_MESSAGE_ID,
	TAG_IN_REPLY_TO,
	TAG_REFERENCES,
	TAG_DATE,
	TAG_AUTH_RESULTS,
	TAG_TEXT,
	TAG_FRESH,
	TAG_HTML,
	TAG_ATTACHMENT,
	TAG_CHARSET,
	TAG_LANGUAGE,
	TAG_AUTOMATIC,
	TAG_IS_LIST,
	TAG_LIST_ADDRESS,
	TAG_SPAM,
	TAG_BOUNCE,
	TAG_HEADER,
	TAG_TERMS,
	TAG_WARNING,
};
/* Inside an address, a header, an attachment, a bounce, a recipient of a bounce. */
enum {
	TAG_NAME = 1,
	TAG_ADDR
};
enum {
	TAG_VALUE = 2
};
enum {
	TAG_ATT_NAME = 1,
	TAG_ATT_TYPE,
	TAG_ATT_ID,
	TAG_ATT_SIZE,
	TAG_ATT_SHA256,
	TAG_ATT_INLINE,
	TAG_ATT_PART
};
enum {
	TAG_BOUNCED = 1,
	TAG_BOUNCE_ID,
	TAG_BOUNCE_SUBJECT
};
enum {
	TAG_B_ADDRESS = 1,
	TAG_B_STATUS,
	TAG_B_CODE,
	TAG_B_HARD,
	TAG_B_REASON,
	TAG_B_ACTION
};

enum {
	VALUE_MAX = 16 << 10,
	SHORT_MAX = 4096, /* names, types, reasons */
	BOUNCED_MAX = 2000,
	AUTH_RESULTS_MAX = 10,
	WARNINGS_MAX = 100,
	REPLY_IDS_MAX = 1000,
	DECODE_TERMS_MAX = 5000,
	DECODE_TERM_MAX = 64,
};

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
		must(l->v[i].n > 0 && l->v[i].n <= DECODE_TERM_MAX);
		*p++ = (char)l->v[i].n;
		memcpy(p, l->v[i].p, l->v[i].n);
		p += l->v[i].n;
	}
	buf_commit(b, bytes);
	rec_end(b, at);
}

void
message_encode(const struct message *m, struct buf *b)
{
	put_addresses(b, TAG_FROM, &m->from);
	put_addresses(b, TAG_SENDER, &m->sender);
	put_addresses(b, TAG_REPLY_TO, &m->reply_to);
	put_addresses(b, TAG_TO, &m->to);
	put_addresses(b, TAG_CC, &m->cc);
	put_addresses(b, TAG_BCC, &m->bcc);
	put_addresses(b, TAG_DELIVERED_TO, &m->delivered_to);
	rec_u64_opt(b, TAG_FROM_FIELDS, m->from_fields);
	rec_u64_opt(b, TAG_HAS_RETURN_PATH, m->has_return_path);
	rec_str_opt(b, TAG_RETURN_PATH, m->return_path);
	rec_str_opt(b, TAG_SUBJECT, m->subject);
	rec_str_opt(b, TAG_MESSAGE_ID, m->message_id);
	rec_strs(b, TAG_IN_REPLY_TO, &m->in_reply_to);
	rec_strs(b, TAG_REFERENCES, &m->references);
	if (m->date != CLOCK_NONE)
		rec_i64(b, TAG_DATE, m->date);
	rec_strs(b, TAG_AUTH_RESULTS, &m->authentication_results);
	rec_str_opt(b, TAG_TEXT, m->text);
	put_fresh(b, m);
	rec_str_opt(b, TAG_HTML, m->html);
	put_attachments(b, &m->attachments);
	rec_str_opt(b, TAG_CHARSET, m->charset);
	rec_str_opt(b, TAG_LANGUAGE, m->language);
	rec_str_opt(b, TAG_AUTOMATIC, m->automatic);
	rec_u64_opt(b, TAG_IS_LIST, m->is_list);
	rec_str_opt(b, TAG_LIST_ADDRESS, m->list_address);
	rec_u64_opt(b, TAG_SPAM, m->spam);
	if (m->bounce)
		put_bounce(b, m->bounce);
	for (size_t i = 0; i < m->nheaders; i++) {
		size_t at = rec_begin(b, TAG_HEADER);

		rec_str_opt(b, TAG_NAME, m->headers[i].name);
		rec_str_opt(b, TAG_VALUE, m->headers[i].value);
		rec_end(b, at);
	}
	put_terms(b, &m->terms);
	rec_strs(b, TAG_WARNING, &m->warnings);
}

/* ---- reading ---- */

static bool
good(struct str s, size_t max)
{
	return s.n <= max && charset_is_utf8(s) &&
	       !(s.n && memchr(s.p, '\0', s.n));
}

static bool
get(const struct recr *r, struct str *out, size_t max)
{
	*out = r->s;
	return r->is_str && good(r->s, max);
}

static bool
get_flag(const struct recr *r, bool *out)
{
	*out = r->u == 1;
	return !r->is_str && r->u <= 1;
}

static bool
get_list(struct arena *a, const struct recr *r, struct strs *l, size_t most,
    size_t max)
{
	if (!r->is_str || l->n >= most || !good(r->s, max))
		return false;
	strs_add(a, l, r->s);
	return true;
}

/* Room for one more element of an array that doubles in the arena. */
static void *
grow(struct arena *a, void *v, size_t n, size_t size)
{
	void *bigger;

	if (n && (n & (n - 1)))
		return v;
	bigger = arena_alloc_n(a, n ? n * 2 : 1, size);
	if (n)
		memcpy(bigger, v, n * size);
	return bigger;
}

static bool
get_address(struct arena *a, const struct recr *outer, struct addresses *l)
{
	struct recr r = recr_open(outer->s);
	struct address x = {0};

	if (!outer->is_str || l->n >= ADDRESSES_MAX)
		return false;
	while (recr_next(&r)) {
		if (r.tag == TAG_NAME && !get(&r, &x.name, SHORT_MAX))
			return false;
		if (r.tag == TAG_ADDR && !get(&r, &x.addr, ADDRESS_MAX))
			return false;
	}
	l->v = grow(a, l->v, l->n, sizeof x);
	l->v[l->n++] = x;
	return !r.bad;
}

static bool
get_header(struct arena *a, const struct recr *outer, struct message *m)
{
	struct recr r = recr_open(outer->s);
	struct header x = {0};

	if (!outer->is_str || m->nheaders >= MESSAGE_HEADERS_MAX)
		return false;
	while (recr_next(&r)) {
		if (r.tag == TAG_NAME && !get(&r, &x.name, SHORT_MAX))
			return false;
		if (r.tag == TAG_VALUE && !get(&r, &x.value, VALUE_MAX))
			return false;
	}
	m->headers = grow(a, m->headers, m->nheaders, sizeof x);
	m->headers[m->nheaders++] = x;
	return !r.bad;
}

static bool
get_attachment(struct arena *a, const struct recr *outer, struct attachments *l)
{
	struct recr r = recr_open(outer->s);
	struct attachment x = {0};
	bool ok = outer->is_str && l->n < MESSAGE_ATTACHMENTS_MAX;

	while (ok && recr_next(&r)) {
		switch (r.tag) {
		case TAG_ATT_NAME:
			ok = get(&r, &x.name, SHORT_MAX);
			break;
		case TAG_ATT_TYPE:
			ok = get(&r, &x.type, SHORT_MAX);
			break;
		case TAG_ATT_ID:
			ok = get(&r, &x.content_id, SHORT_MAX);
			break;
		case TAG_ATT_SIZE:
			ok = !r.is_str && r.u <= INT64_MAX;
			x.size = r.u;
			break;
		case TAG_ATT_SHA256:
			ok = r.is_str && r.s.n == SHA256_SIZE;
			if (ok)
				memcpy(x.sha256, r.s.p, SHA256_SIZE);
			break;
		case TAG_ATT_INLINE:
			ok = get_flag(&r, &x.is_inline);
			break;
		case TAG_ATT_PART:
			ok = get(&r, &x.part, SHORT_MAX);
			break;
		}
	}
	if (!ok || r.bad)
		return false;
	l->v = grow(a, l->v, l->n, sizeof x);
	l->v[l->n++] = x;
	return true;
}

static bool
get_bounced(struct arena *a, const struct recr *outer, struct bounce *b)
{
	struct recr r = recr_open(outer->s);
	struct bounced x = {0};
	bool ok = outer->is_str && b->n < BOUNCED_MAX;

	while (ok && recr_next(&r)) {
		switch (r.tag) {
		case TAG_B_ADDRESS:
			ok = get(&r, &x.address, SHORT_MAX);
			break;
		case TAG_B_STATUS:
			ok = get(&r, &x.status, SHORT_MAX);
			break;
		case TAG_B_CODE:
			ok = get(&r, &x.smtp_code, SHORT_MAX);
			break;
		case TAG_B_HARD:
			ok = get_flag(&r, &x.hard);
			break;
		case TAG_B_REASON:
			ok = get(&r, &x.reason, VALUE_MAX);
			break;
		case TAG_B_ACTION:
			ok = get(&r, &x.action, SHORT_MAX);
			break;
		}
	}
	if (!ok || r.bad)
		return false;
	b->v = grow(a, b->v, b->n, sizeof x);
	b->v[b->n++] = x;
	return true;
}

static bool
get_bounce(struct arena *a, const struct recr *outer, struct message *m)
{
	struct recr r = recr_open(outer->s);
	struct bounce *b = arena_new(a, struct bounce);
	bool ok = outer->is_str && !m->bounce;

	while (ok && recr_next(&r)) {
		if (r.tag == TAG_BOUNCED)
			ok = get_bounced(a, &r, b);
		else if (r.tag == TAG_BOUNCE_ID)
			ok = get(&r, &b->message_id, SHORT_MAX);
		else if (r.tag == TAG_BOUNCE_SUBJECT)
			ok = get(&r, &b->subject, VALUE_MAX);
	}
	m->bounce = b;
	return ok && !r.bad;
}

/* Checked against the text when all is read: the order of fields is not relied on. */
static bool
get_fresh(struct arena *a, const struct recr *r, struct message *m)
{
	struct str s = r->s;
	uint64_t at = 0, gap, length;

	if (!r->is_str || m->nfresh)
		return false;
	while (s.n) {
		if (!varint_get(&s, &gap) || !varint_get(&s, &length) ||
		    gap > UINT32_MAX || length > UINT32_MAX ||
		    at + gap + length > UINT32_MAX)
			return false;
		m->fresh = grow(a, m->fresh, m->nfresh, sizeof *m->fresh);
		m->fresh[m->nfresh++] = (struct span){
		    (uint32_t)(at + gap), (uint32_t)(at + gap + length)};
		at += gap + length;
	}
	return true;
}

static bool
fresh_fits(const struct message *m)
{
	for (size_t i = 0; i < m->nfresh; i++) {
		uint32_t from = m->fresh[i].from, to = m->fresh[i].to;

		/* Neither end inside a character. */
		if (to > m->text.n ||
		    (from < m->text.n &&
			((unsigned char)m->text.p[from] & 0xc0) == 0x80) ||
		    (to < m->text.n &&
			((unsigned char)m->text.p[to] & 0xc0) == 0x80))
			return false;
	}
	return true;
}

static bool
get_terms(struct arena *a, const struct recr *r, struct strs *l)
{
	struct str s = r->s;
	size_t n = 0;

	if (!r->is_str || l->n)
		return false;
	for (size_t i = 0; i < s.n; n++) {
		size_t len = (unsigned char)s.p[i];

		if (!len || len > DECODE_TERM_MAX || len > s.n - i - 1)
			return false;
		i += 1 + len;
	}
	if (n > DECODE_TERMS_MAX)
		return false;
	l->v = arena_array(a, struct str, n);
	for (size_t i = 0; i < s.n;) {
		struct str t = str_sub(s, i + 1, i + 1 + (unsigned char)s.p[i]);

		if (!good(t, DECODE_TERM_MAX))
			return false;
		l->v[l->n++] = t;
		i += 1 + t.n;
	}
	return true;
}

static bool
get_people(struct arena *a, const struct recr *r, struct message *m)
{
	switch (r->tag) {
	case TAG_FROM:
		return get_address(a, r, &m->from);
	case TAG_SENDER:
		return get_address(a, r, &m->sender);
	case TAG_REPLY_TO:
		return get_address(a, r, &m->reply_to);
	case TAG_TO:
		return get_address(a, r, &m->to);
	case TAG_CC:
		return get_address(a, r, &m->cc);
	case TAG_BCC:
		return get_address(a, r, &m->bcc);
	case TAG_DELIVERED_TO:
		return get_address(a, r, &m->delivered_to);
	case TAG_FROM_FIELDS:
		m->from_fields = (unsigned)r->u;
		return !r->is_str && r->u <= UINT32_MAX;
	case TAG_HAS_RETURN_PATH:
		return get_flag(r, &m->has_return_path);
	case TAG_RETURN_PATH:
		return get(r, &m->return_path, SHORT_MAX);
	}
	return true;
}

static bool
get_field(struct arena *a, const struct recr *r, struct message *m)
{
	switch (r->tag) {
	case TAG_SUBJECT:
		return get(r, &m->subject, MESSAGE_SUBJECT_MAX);
	case TAG_MESSAGE_ID:
		return get(r, &m->message_id, SHORT_MAX);
	case TAG_IN_REPLY_TO:
		return get_list(
		    a, r, &m->in_reply_to, REPLY_IDS_MAX, SHORT_MAX);
	case TAG_REFERENCES:
		return get_list(
		    a, r, &m->references, MESSAGE_IDS_MAX, SHORT_MAX);
	case TAG_DATE:
		m->date = recr_i64(r);
		return !r->is_str && m->date > -71 * 366 * CLOCK_DAY &&
		       m->date < 8031 * 366 * CLOCK_DAY;
	case TAG_AUTH_RESULTS:
		return get_list(a, r, &m->authentication_results,
		    AUTH_RESULTS_MAX, VALUE_MAX);
	case TAG_TEXT:
		return get(r, &m->text, MESSAGE_TEXT_MAX);
	case TAG_FRESH:
		return get_fresh(a, r, m);
	case TAG_HTML:
		return get(r, &m->html, MESSAGE_TEXT_MAX);
	case TAG_ATTACHMENT:
		return get_attachment(a, r, &m->attachments);
	case TAG_CHARSET:
		return get(r, &m->charset, SHORT_MAX);
	case TAG_LANGUAGE:
		return get(r, &m->language, SHORT_MAX);
	case TAG_AUTOMATIC:
		return get(r, &m->automatic, VALUE_MAX);
	case TAG_IS_LIST:
		return get_flag(r, &m->is_list);
	case TAG_LIST_ADDRESS:
		return get(r, &m->list_address, SHORT_MAX);
	case TAG_SPAM:
		return get_flag(r, &m->spam);
	case TAG_BOUNCE:
		return get_bounce(a, r, m);
	case TAG_HEADER:
		return get_header(a, r, m);
	case TAG_TERMS:
		return get_terms(a, r, &m->terms);
	case TAG_WARNING:
		return get_list(a, r, &m->warnings, WARNINGS_MAX, SHORT_MAX);
	}
	return get_people(a, r, m);
}

int
message_decode(
    struct arena *a, struct str rec, struct message *out, struct err *err)
{
	struct recr r = recr_open(arena_dup(a, rec));

	*out = (struct message){.date = CLOCK_NONE};
	while (recr_next(&r))
		if (!get_field(a, &r, out))
			return err_set(err, ERR_CORRUPT,
			    "field %u of a parsed mail is not as it must be",
			    r.tag);
	if (r.bad || !fresh_fits(out))
		return err_set(
		    err, ERR_CORRUPT, "the record of a parsed mail is damaged");
	return 0;
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

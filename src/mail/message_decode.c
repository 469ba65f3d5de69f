/*
 * What the daemon reads from a process that hostile bytes have been in, so the reader believes nothing: every string is checked to be
 * UTF-8 without NUL, every list and number against its limit, every span against the text.
 */
#include "mail/message.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "mail/charset.h"
#include "mail/message_record.h"

enum {
	VALUE_MAX = 16 << 10,
	SHORT_MAX = 4096, /* names, types, reasons */
	BOUNCED_MAX = 2000,
	AUTH_RESULTS_MAX = 10,
	WARNINGS_MAX = 100,
	REPLY_IDS_MAX = 1000,
};

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

static bool
get_offset(const struct recr *r, uint32_t *out)
{
	*out = (uint32_t)r->u;
	return !r->is_str && r->u <= MESSAGE_TEXT_MAX;
}

static bool
get_date(const struct recr *r, int64_t *out)
{
	*out = recr_i64(r);
	return !r->is_str && *out > -71 * 366 * CLOCK_DAY &&
	       *out < 8031 * 366 * CLOCK_DAY;
}

static bool
get_forwarded_field(struct arena *a, const struct recr *r, struct forwarded *x)
{
	struct addresses from = {0};

	switch (r->tag) {
	case TAG_F_FROM:
		if (!get_address(a, r, &from))
			return false;
		x->from = from.v[0];
		return true;
	case TAG_F_TO:
		return get_address(a, r, &x->to);
	case TAG_F_CC:
		return get_address(a, r, &x->cc);
	case TAG_F_SUBJECT:
		return get(r, &x->subject, MESSAGE_SUBJECT_MAX);
	case TAG_F_DATE:
		return get_date(r, &x->date);
	case TAG_F_MESSAGE_ID:
		return get(r, &x->message_id, SHORT_MAX);
	case TAG_F_TEXT_FROM:
		return get_offset(r, &x->text.from);
	case TAG_F_TEXT_TO:
		return get_offset(r, &x->text.to);
	case TAG_F_ATTACHED:
		return get_flag(r, &x->attached);
	case TAG_F_SURE:
		return get_flag(r, &x->sure);
	case TAG_F_HEADING:
		return get_offset(r, &x->heading);
	}
	return true;
}

static bool
get_forwarded(struct arena *a, const struct recr *outer, struct message *m)
{
	struct recr r = recr_open(outer->s);
	struct forwarded *x = arena_new(a, struct forwarded);

	if (!outer->is_str || m->forwarded)
		return false;
	x->date = CLOCK_NONE;
	while (recr_next(&r))
		if (!get_forwarded_field(a, &r, x))
			return false;
	m->forwarded = x;
	return !r.bad;
}

static bool
get_sha256(const struct recr *r, unsigned char out[SHA256_SIZE], bool *seen)
{
	if (!r->is_str || r->s.n != SHA256_SIZE || *seen)
		return false;
	memcpy(out, r->s.p, SHA256_SIZE);
	*seen = true;
	return true;
}

static bool
get_smime(struct arena *a, const struct recr *outer, struct message *m)
{
	struct recr r = recr_open(outer->s);
	struct smime *x = arena_new(a, struct smime);
	bool certificate = false, digest = false, ok = true;

	if (!outer->is_str || m->smime)
		return false;
	x->signed_at = CLOCK_NONE;
	while (ok && recr_next(&r)) {
		if (r.tag == TAG_S_CERTIFICATE)
			ok = get_sha256(&r, x->certificate, &certificate);
		else if (r.tag == TAG_S_DIGEST)
			ok = get_sha256(&r, x->digest, &digest);
		else if (r.tag == TAG_S_AT)
			ok = get_date(&r, &x->signed_at);
		else if (r.tag == TAG_S_WHOLE)
			ok = get_flag(&r, &x->whole);
	}
	m->smime = x;
	return ok && certificate && digest && !r.bad;
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

/* Inside the text, and neither end inside a character. */
static bool
span_fits(struct str text, struct span x)
{
	return x.from <= x.to && x.to <= text.n &&
	       (x.from == text.n ||
		   ((unsigned char)text.p[x.from] & 0xc0) != 0x80) &&
	       (x.to == text.n || ((unsigned char)text.p[x.to] & 0xc0) != 0x80);
}

static bool
spans_fit(const struct message *m)
{
	for (size_t i = 0; i < m->nfresh; i++)
		if (!span_fits(m->text, m->fresh[i]))
			return false;
	return !m->forwarded ||
	       (span_fits(m->text, m->forwarded->text) &&
		   span_fits(m->text, (struct span){m->forwarded->heading,
					  (uint32_t)m->text.n}));
}

/*
 * Looked at as one text: with lengths that are ASCII and not 0, all of it is good exactly when each term is, and a length that
 * cuts a character finds no length behind it.
 */
static bool
get_terms(struct arena *a, const struct recr *r, struct strs *l)
{
	struct str s = r->s;
	size_t n = 0;

	_Static_assert(RECORD_TERM_MAX < 0x80, "lengths are ASCII");
	if (!r->is_str || l->n || !good(s, SIZE_MAX))
		return false;
	for (size_t i = 0; i < s.n; n++) {
		size_t len = (unsigned char)s.p[i];

		if (!len || len > RECORD_TERM_MAX || len > s.n - i - 1)
			return false;
		i += 1 + len;
	}
	if (n > RECORD_TERMS_MAX)
		return false;
	l->v = arena_array(a, struct str, n);
	for (size_t i = 0; i < s.n;) {
		struct str t = str_n(s.p + i + 1, (unsigned char)s.p[i]);

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
		return get_date(r, &m->date);
	case TAG_AUTH_RESULTS:
		return get_list(a, r, &m->authentication_results,
		    AUTH_RESULTS_MAX, VALUE_MAX);
	case TAG_TEXT:
		return get(r, &m->text, MESSAGE_TEXT_MAX);
	case TAG_FRESH:
		return get_fresh(a, r, m);
	case TAG_HTML:
		return get(r, &m->html, MESSAGE_TEXT_MAX);
	case TAG_ANSWER_HTML:
		return get(r, &m->answer_html, MESSAGE_TEXT_MAX);
	case TAG_ANSWER_TEXT:
		return get(r, &m->answer_text, MESSAGE_TEXT_MAX);
	case TAG_FORWARDED:
		return get_forwarded(a, r, m);
	case TAG_SMIME:
		return get_smime(a, r, m);
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
	struct recr r = recr_open(rec);

	*out = (struct message){.date = CLOCK_NONE};
	while (recr_next(&r))
		if (!get_field(a, &r, out))
			return err_set(err, ERR_CORRUPT,
			    "field %u of a parsed mail is not as it must be",
			    r.tag);
	if (r.bad || !spans_fit(out))
		return err_set(
		    err, ERR_CORRUPT, "the record of a parsed mail is damaged");
	return 0;
}

/* Articles and events of a ticket, keyed (ticket, seq), so that what is read together lies together. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/blob.h"
#include "store/event.h"
#include "store/sealed.h"

enum {
	TAG_DIRECTION = 1,
	TAG_AUTHOR, /* addresses are records: name, addr */
	TAG_FROM,
	TAG_TO,
	TAG_CC,
	TAG_SUBJECT,
	TAG_DATE,
	TAG_AT,
	TAG_MESSAGE_ID,
	TAG_TEXT,
	TAG_FRESH, /* pairs of varints */
	TAG_ATTACHMENT,
	TAG_AUTOMATIC,
	TAG_EVIDENCE,
	TAG_FLAG,
	TAG_LANGUAGE,
	TAG_CHARSET,
	TAG_BOUNCE,
	TAG_BLOB,
	TAG_SIZE,
	TAG_SHA256,
	TAG_CONTENT,
	TAG_OUTBOX,
	TAG_KEY, /* what words says is then in TAG_SEALED instead */
	TAG_SEALED,
};
enum {
	ATT_NAME = 1,
	ATT_TYPE,
	ATT_CONTENT_ID,
	ATT_SIZE,
	ATT_SHA256,
	ATT_INLINE,
	ATT_PART,
};
const char *
direction_name(enum direction d)
{
	switch (d) {
	case DIRECTION_IN:
		return "in";
	case DIRECTION_OUT:
		return "out";
	case DIRECTION_NOTE:
		return "note";
	}
	return "none";
}

/* --- to bytes --- */

static void
encode_address(struct buf *b, uint32_t tag, const struct address *x)
{
	size_t at;

	if (x->name.n == 0 && x->addr.n == 0)
		return;
	at = rec_begin(b, tag);
	rec_str_opt(b, 1, x->name);
	rec_str_opt(b, 2, x->addr);
	rec_end(b, at);
}

static void
encode_addresses(struct buf *b, uint32_t tag, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++)
		encode_address(b, tag, &l->v[i]);
}

static void
encode_attachment(struct buf *b, const struct attachment *x)
{
	size_t at = rec_begin(b, TAG_ATTACHMENT);

	rec_str_opt(b, ATT_NAME, x->name);
	rec_str_opt(b, ATT_TYPE, x->type);
	rec_str_opt(b, ATT_CONTENT_ID, x->content_id);
	rec_u64_opt(b, ATT_SIZE, x->size);
	rec_str(
	    b, ATT_SHA256, str_n((const char *)x->sha256, sizeof x->sha256));
	rec_u64_opt(b, ATT_INLINE, x->is_inline);
	rec_str_opt(b, ATT_PART, x->part);
	rec_end(b, at);
}

static void
encode_fresh(struct buf *b, const struct article *r)
{
	size_t at;

	if (r->nfresh == 0)
		return;
	at = rec_begin(b, TAG_FRESH);
	for (size_t i = 0; i < r->nfresh; i++) {
		varint_put(b, r->fresh[i].from);
		varint_put(b, r->fresh[i].to);
	}
	rec_end(b, at);
}

static bool
is_zero(const unsigned char hash[SHA256_SIZE])
{
	static const unsigned char zero[SHA256_SIZE];

	return memcmp(hash, zero, sizeof zero) == 0;
}

/* What people wrote, and who. */
static void
encode_words(struct buf *b, const struct article *r)
{
	encode_address(b, TAG_AUTHOR, &r->author);
	encode_addresses(b, TAG_FROM, &r->from);
	encode_addresses(b, TAG_TO, &r->to);
	encode_addresses(b, TAG_CC, &r->cc);
	rec_str_opt(b, TAG_SUBJECT, r->subject);
	rec_str_opt(b, TAG_TEXT, r->text);
	encode_fresh(b, r);
	for (size_t i = 0; i < r->attachments.n; i++)
		encode_attachment(b, &r->attachments.v[i]);
	rec_str_opt(b, TAG_BOUNCE, r->bounce);
}

static void
encode(struct buf *b, const struct article *r, uint64_t key)
{
	rec_u64_opt(
	    b, TAG_KEY, key); /* the first field: see article_row_key() */
	rec_u64(b, TAG_DIRECTION, r->direction);
	rec_time(b, TAG_DATE, r->date);
	rec_i64(b, TAG_AT, r->at);
	rec_str_opt(b, TAG_MESSAGE_ID, r->message_id);
	rec_str_opt(b, TAG_AUTOMATIC, r->automatic);
	rec_str_opt(b, TAG_EVIDENCE, r->evidence);
	rec_str_opt(b, TAG_FLAG, r->flag);
	rec_str_opt(b, TAG_LANGUAGE, r->language);
	rec_str_opt(b, TAG_CHARSET, r->charset);
	rec_u64_opt(b, TAG_BLOB, r->blob);
	rec_u64_opt(b, TAG_SIZE, r->size);
	if (!is_zero(r->sha256))
		rec_str(
		    b, TAG_SHA256, str_n((const char *)r->sha256, SHA256_SIZE));
	if (!is_zero(r->content))
		rec_str(b, TAG_CONTENT,
		    str_n((const char *)r->content, SHA256_SIZE));
	rec_u64_opt(b, TAG_OUTBOX, r->outbox);
}

/* --- and back --- */

static void
decode_address(struct recr *r, struct address *x)
{
	struct recr in = recr_open(field_str(r));

	*x = (struct address){0};
	while (recr_next(&in))
		if (in.tag == 1)
			x->name = field_str(&in);
		else if (in.tag == 2)
			x->addr = field_str(&in);
	r->bad |= in.bad;
}

static void
decode_addresses(struct arena *a, struct recr *r, struct addresses *l)
{
	l->v = vec_more(a, l->v, l->n, sizeof *l->v);
	decode_address(r, &l->v[l->n++]);
}

static void
decode_attachment(struct arena *a, struct recr *r, struct attachments *l)
{
	struct recr in = recr_open(field_str(r));
	struct attachment *x;

	l->v = vec_more(a, l->v, l->n, sizeof *l->v);
	x = &l->v[l->n++];
	*x = (struct attachment){0};
	while (recr_next(&in))
		switch (in.tag) {
		case ATT_NAME:
			x->name = field_str(&in);
			break;
		case ATT_TYPE:
			x->type = field_str(&in);
			break;
		case ATT_CONTENT_ID:
			x->content_id = field_str(&in);
			break;
		case ATT_SIZE:
			x->size = field_u64(&in);
			break;
		case ATT_SHA256:
			field_hash(&in, x->sha256);
			break;
		case ATT_INLINE:
			x->is_inline = field_u64(&in) != 0;
			break;
		case ATT_PART:
			x->part = field_str(&in);
			break;
		default:
			break;
		}
	r->bad |= in.bad;
}

/* Checked against the text at the end: it may come later. */
static void
decode_fresh(struct arena *a, struct recr *r, struct article *out)
{
	struct str s = field_str(r);
	uint64_t from, to;

	while (s.n && !r->bad) {
		if (!varint_get(&s, &from) || !varint_get(&s, &to) ||
		    from > to || to > UINT32_MAX) {
			r->bad = true;
			return;
		}
		out->fresh =
		    vec_more(a, out->fresh, out->nfresh, sizeof *out->fresh);
		out->fresh[out->nfresh++] =
		    (struct span){(uint32_t)from, (uint32_t)to};
	}
}

static void
decode_rest(struct recr *r, struct article *out)
{
	switch (r->tag) {
	case TAG_AUTOMATIC:
		out->automatic = field_str(r);
		break;
	case TAG_EVIDENCE:
		out->evidence = field_str(r);
		break;
	case TAG_FLAG:
		out->flag = field_str(r);
		break;
	case TAG_LANGUAGE:
		out->language = field_str(r);
		break;
	case TAG_CHARSET:
		out->charset = field_str(r);
		break;
	case TAG_BOUNCE:
		out->bounce = field_str(r);
		break;
	case TAG_BLOB:
		out->blob = field_u64(r);
		break;
	case TAG_SIZE:
		out->size = field_u64(r);
		break;
	case TAG_SHA256:
		field_hash(r, out->sha256);
		break;
	case TAG_CONTENT:
		field_hash(r, out->content);
		break;
	case TAG_OUTBOX:
		out->outbox = field_u64(r);
		break;
	case TAG_KEY:
		out->key = field_u64(r);
		break;
	case TAG_SEALED:
		out->sealed = field_str(r);
		break;
	default:
		break;
	}
}

static bool
decode_fields(struct arena *a, struct str rec, struct article *out)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r))
		switch (r.tag) {
		case TAG_DIRECTION:
			out->direction = field_enum(&r, DIRECTION_NOTE + 1);
			break;
		case TAG_AUTHOR:
			decode_address(&r, &out->author);
			break;
		case TAG_FROM:
			decode_addresses(a, &r, &out->from);
			break;
		case TAG_TO:
			decode_addresses(a, &r, &out->to);
			break;
		case TAG_CC:
			decode_addresses(a, &r, &out->cc);
			break;
		case TAG_SUBJECT:
			out->subject = field_str(&r);
			break;
		case TAG_DATE:
			out->date = field_i64(&r);
			break;
		case TAG_AT:
			out->at = field_i64(&r);
			break;
		case TAG_MESSAGE_ID:
			out->message_id = field_str(&r);
			break;
		case TAG_TEXT:
			out->text = field_str(&r);
			break;
		case TAG_FRESH:
			decode_fresh(a, &r, out);
			break;
		case TAG_ATTACHMENT:
			decode_attachment(a, &r, &out->attachments);
			break;
		default:
			decode_rest(&r, out);
			break;
		}
	return !r.bad;
}

/* Its words, where they are sealed; or what stands for them. */
static bool
decode_sealed(
    struct txn *t, struct arena *a, const struct key *row, struct article *out)
{
	struct str sealed = out->sealed, plain;

	switch (sealed_open(t, sealed, out->key, 'a', row, &plain)) {
	case SEALED_OPEN:
		out->sealed = str_n(NULL, 0);
		/* One that opened into another would name no key. */
		return decode_fields(a, plain, out) && !out->sealed.n;
	case SEALED_FORGOTTEN:
		out->sealed = str_n(NULL, 0);
		out->key = 0;
		out->subject = out->text = SEALED_ERASED;
		if (!out->flag.n)
			out->flag = SEALED_ERASED;
		return true;
	case SEALED_MISSING:
		out->subject = out->text = SEALED_CLOSED;
		return true;
	case SEALED_DAMAGED:
		break;
	}
	return false;
}

static bool
decode(struct txn *t, struct arena *a, struct str rec, const struct key *row,
    struct article *out)
{
	if (!decode_fields(a, rec, out) || !out->direction)
		return false;
	if (out->sealed.n && !decode_sealed(t, a, row, out))
		return false;
	for (size_t i = 0; i < out->nfresh; i++)
		if (out->fresh[i].to > out->text.n)
			return false;
	return true;
}

int
article_get(struct txn *t, struct arena *a, uint64_t ticket, uint32_t seq,
    struct article *out)
{
	struct key k;
	struct str rec;
	int r;

	if (ticket > KEY_TICKET_MAX || seq > KEY_SEQ_MAX)
		return 0;
	k = key_of_ticket_seq(ticket, seq);
	r = kv_dup(t, a, T_ARTICLE, key_str(&k), &rec);
	if (r <= 0)
		return r;
	*out =
	    (struct article){.ticket = ticket, .seq = seq, .date = CLOCK_NONE};
	if (!decode(t, a, rec, &k, out))
		return row_corrupt(t, T_ARTICLE, key_str(&k));
	return 1;
}

uint64_t
article_row_key(struct str first)
{
	struct recr r = recr_open(first);

	return recr_next(&r) && r.tag == TAG_KEY && !r.is_str ? r.u : 0;
}

/* Behind the last row of the ticket. */
static uint32_t
next_seq(struct txn *t, enum table table, uint64_t ticket)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct key last = key_of_ticket_seq(ticket, KEY_SEQ_MAX);
	uint64_t at;
	struct str k;

	key_uint(&last, UINT32_MAX, 4); /* behind the pieces of the last */
	if (iter_le(&it, t, table, key_str(&last)) <= 0)
		return 1;
	k = it.key;
	if (!key_read_uint(&k, 8, &at) || at >> KEY_SEQ_BITS != ticket)
		return 1;
	return (uint32_t)(at & KEY_SEQ_MAX) + 1;
}

bool
ticket_seq_key(struct txn *t, enum table table, uint64_t ticket, uint32_t seq,
    struct key *k)
{
	must(ticket > 0 && ticket <= KEY_TICKET_MAX);
	if (seq == 0)
		seq = next_seq(t, table, ticket);
	if (seq > KEY_SEQ_MAX) {
		txn_fail(t, ERR_PERM, "ticket %llu has too many rows in %s",
		    (unsigned long long)ticket, table_name(table));
		return false;
	}
	*k = key_of_ticket_seq(ticket, seq);
	return true;
}

/* Words in clear, or sealed, or as they were found. */
static void
put_words(struct txn *t, struct buf *b, const struct article *r,
    const struct key *row, uint64_t key)
{
	size_t at;

	if (!key) {
		encode_words(b, r);
		return;
	}
	if (r->sealed.n) {
		rec_str(b, TAG_SEALED, r->sealed);
		return;
	}
	at = sealed_begin(b, TAG_SEALED);
	encode_words(b, r);
	sealed_end(t, b, at, key, 'a', row);
}

void
article_put(struct txn *t, const struct article *r)
{
	uint64_t key = r->key;
	struct buf *b;
	struct key k;
	struct str old;
	int there;

	must(r->direction >= DIRECTION_IN && r->direction <= DIRECTION_NOTE);
	if (!ticket_seq_key(t, T_ARTICLE, r->ticket, r->seq, &k))
		return;
	there = row_get(t, T_ARTICLE, key_str(&k), &old);
	if (there < 0)
		return;
	if (!key && sealed_new(t))
		key = sealed_of_article(t, r);
	if (key && r->blob)
		blob_claim(t, r->blob, key);
	b = scratch_take(t);
	encode(b, r, key);
	put_words(t, b, r, &k, key);
	if (buf_failed(b))
		txn_fail(t, ERR_PERM, "an article is too large");
	else
		kv_put(t, T_ARTICLE, key_str(&k), buf_str(b),
		    there ? ROW_PUT : ROW_APPEND);
}

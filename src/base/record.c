#include "base/record.h"
#include "base/must.h"

void
varint_put(struct buf *b, uint64_t v)
{
	char d[10];
	size_t n = 0;

	while (v >= 0x80) {
		d[n++] = (char)(v | 0x80);
		v >>= 7;
	}
	d[n++] = (char)v;
	buf_put(b, str_n(d, n));
}

bool
varint_get(struct str *s, uint64_t *v)
{
	uint64_t out = 0;

	for (unsigned i = 0; i < s->n && i < 10; i++) {
		uint64_t d = (unsigned char)s->p[i];

		if (i == 9 && d > 1)
			return false;
		out |= (d & 0x7f) << (7 * i);
		if (d < 0x80) {
			s->p += i + 1;
			s->n -= i + 1;
			*v = out;
			return true;
		}
	}
	return false;
}

static void
put_tag(struct buf *b, uint32_t tag, unsigned kind)
{
	must(tag > 0 && tag < (1u << 28));
	varint_put(b, (uint64_t)tag << 1 | kind);
}

void
rec_u64(struct buf *b, uint32_t tag, uint64_t v)
{
	put_tag(b, tag, 0);
	varint_put(b, v);
}

void
rec_i64(struct buf *b, uint32_t tag, int64_t v)
{
	rec_u64(b, tag, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

void
rec_str(struct buf *b, uint32_t tag, struct str s)
{
	put_tag(b, tag, 1);
	varint_put(b, s.n);
	buf_put(b, s);
}

void
rec_u64_opt(struct buf *b, uint32_t tag, uint64_t v)
{
	if (v)
		rec_u64(b, tag, v);
}

void
rec_str_opt(struct buf *b, uint32_t tag, struct str s)
{
	if (s.n)
		rec_str(b, tag, s);
}

void
rec_strs(struct buf *b, uint32_t tag, const struct strs *l)
{
	for (size_t i = 0; i < l->n; i++)
		rec_str(b, tag, l->v[i]);
}

void
rec_copy(struct buf *b, const struct recr *r)
{
	if (r->is_str)
		rec_str(b, r->tag, r->s);
	else
		rec_u64(b, r->tag, r->u);
}

/* The length is not known yet: four bytes are kept for it, as a varint that is longer than it need be. */
enum {
	LENGTH_BYTES = 4
};

size_t
rec_begin(struct buf *b, uint32_t tag)
{
	put_tag(b, tag, 1);
	buf_fill(b, '\0', LENGTH_BYTES);
	return b->n;
}

void
rec_end(struct buf *b, size_t at)
{
	size_t n;

	if (b->failed)
		return;
	must(at <= b->n);
	n = b->n - at;
	if (n >= (1u << (7 * LENGTH_BYTES))) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		b->p[at - LENGTH_BYTES + i] =
		    (char)((n >> (7 * i) & 0x7f) |
			   (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}

bool
recr_next(struct recr *r)
{
	uint64_t head;

	if (r->bad || r->rest.n == 0)
		return false;
	if (!varint_get(&r->rest, &head) || head >> 1 == 0 ||
	    head >> 1 >= (1u << 28) || !varint_get(&r->rest, &r->u))
		goto bad;
	r->tag = (uint32_t)(head >> 1);
	r->is_str = head & 1;
	r->s = str_n(NULL, 0);
	if (r->is_str) {
		if (r->u > r->rest.n)
			goto bad;
		r->s = str_sub(r->rest, 0, (size_t)r->u);
		r->rest = str_from(r->rest, (size_t)r->u);
		r->u = 0;
	}
	return true;
bad:
	r->bad = true;
	return false;
}

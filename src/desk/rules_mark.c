/*
 * A mark is 64 bits of the id's digest and the second it ends. All marks whose
 * digests begin with the same 12 bits share a row, so the rows are 4,096 at
 * most; each holds the newest MARKS_MAX of those that are not over.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/rehearse.h"
#include "desk/rules_private.h"

enum {
	MARKS_MAX = 512,
	TAG_ID = 1,
	TAG_UNTIL = 2
};

struct mark {
	uint64_t id;
	int64_t until;
};
struct marks {
	struct str row;
	uint64_t id; /* the one that is asked for */
	struct mark v[MARKS_MAX];
	size_t n;
};

static int
read_marks(struct txn *t, struct arena *a, struct str id, int64_t now,
    struct marks *out, struct err *err)
{
	unsigned char h[SHA256_SIZE];
	struct str rec = {0};
	struct recr r;
	uint64_t at = 0;

	sha256(id, h);
	out->id = 0;
	for (size_t i = 0; i < 8; i++)
		out->id = out->id << 8 | h[i];
	out->row = arena_printf(a, "mark:%03x", (unsigned)(out->id >> 52));
	out->n = 0;
	if (counter_get(t, a, out->row, &rec) < 0)
		return txn_error(t, err);
	r = recr_open(rec);
	while (recr_next(&r)) {
		if (r.tag == TAG_ID && !r.is_str)
			at = r.u;
		else if (r.tag == TAG_UNTIL && !r.is_str &&
			 out->n < MARKS_MAX && recr_i64(&r) > now)
			out->v[out->n++] = (struct mark){at, recr_i64(&r)};
	}
	return 0;
}

int
mark_seen(
    struct txn *t, struct arena *a, struct str id, int64_t now, struct err *err)
{
	struct marks *m = arena_new(a, struct marks);

	if (read_marks(t, a, id, now, m, err) < 0)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].id == m->id)
			return 1;
	return 0;
}

int
mark_put(struct txn *t, struct arena *a, struct str id, int64_t until,
    int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct marks *m = arena_new(a, struct marks);
	size_t from;

	if (read_marks(t, a, id, now, m, err) < 0)
		return -1;
	from = m->n == MARKS_MAX ? 1 : 0;
	for (size_t i = from; i < m->n; i++)
		if (m->v[i].id != m->id) {
			rec_u64(&b, TAG_ID, m->v[i].id);
			rec_i64(&b, TAG_UNTIL, m->v[i].until);
		}
	rec_u64(&b, TAG_ID, m->id);
	rec_i64(&b, TAG_UNTIL, until);
	counter_put(t, m->row, buf_str(&b));
	return txn_error(t, err);
}

int
rule_seen(struct rule_run *x, struct str id)
{
	if (x->d->rehearsal)
		return rehearsal_seen(x->d->rehearsal, id, x->now);
	return mark_seen(x->t, x->a, id, x->now, NULL);
}

int
rule_mark(struct rule_run *x, struct str id, int64_t seconds)
{
	int64_t until = x->now + MIN(seconds, INT64_C(3153600000)) * 1000;

	if (x->d->rehearsal) {
		rehearsal_mark(x->d->rehearsal, id, until);
		return 0;
	}
	return mark_put(x->t, x->a, id, until, x->now, NULL);
}

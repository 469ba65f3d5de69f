#include "desk/extra.h"
#include "base/must.h"
#include "base/record.h"

enum {
	TAG_FAMILY = 1,
	TAG_CHAIN = 2,
	TAG_LAST_IN = 3,
	TAG_TIME_SPENT = 4,
	TAG_SNOOZED_UNTIL = 5,
	TAG_SNOOZED_FROM = 6,
	TAG_THREAD = 7,
	TAG_SLA = 8,
	TAG_POLICY = 9,
	TAG_WAIT = 10,
	TAG_LEARNED = 11,
	TAG_PURGE = 12,
	TAG_LAST = TAG_PURGE
};

void
extra_read(struct arena *a, struct str rec, struct extra *out)
{
	struct recr r = recr_open(rec);

	*out = (struct extra){0};
	while (recr_next(&r)) {
		if (r.tag == TAG_FAMILY && !r.is_str)
			out->family = r.u;
		else if (r.tag == TAG_CHAIN && r.is_str)
			strs_add(a, &out->chain, r.s);
		else if (r.tag == TAG_LAST_IN && !r.is_str)
			out->last_in = (uint32_t)r.u;
		else if (r.tag == TAG_TIME_SPENT && !r.is_str)
			out->time_spent = recr_i64(&r);
		else if (r.tag == TAG_SNOOZED_UNTIL && !r.is_str)
			out->snoozed_until = recr_i64(&r);
		else if (r.tag == TAG_SNOOZED_FROM && !r.is_str)
			out->snoozed_from = (unsigned)r.u;
		else if (r.tag == TAG_THREAD && r.is_str)
			strs_add(a, &out->threads, r.s);
		else if (r.tag == TAG_SLA && r.is_str)
			out->sla = r.s;
		else if (r.tag == TAG_POLICY && r.is_str)
			out->policy = r.s;
		else if (r.tag == TAG_WAIT && r.is_str)
			out->wait = r.s;
		else if (r.tag == TAG_LEARNED && r.is_str)
			strs_add(a, &out->learned, r.s);
		else if (r.tag == TAG_PURGE && r.is_str)
			out->purge = r.s;
	}
}

uint64_t
extra_family(struct str rec)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r))
		if (r.tag == TAG_FAMILY && !r.is_str)
			return r.u;
	return 0;
}

struct str
extra_write(struct arena *a, struct str old, const struct extra *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct recr r = recr_open(old);

	rec_u64_opt(&b, TAG_FAMILY, x->family);
	rec_strs(&b, TAG_CHAIN, &x->chain);
	rec_u64_opt(&b, TAG_LAST_IN, x->last_in);
	if (x->time_spent)
		rec_i64(&b, TAG_TIME_SPENT, x->time_spent);
	if (x->snoozed_until)
		rec_i64(&b, TAG_SNOOZED_UNTIL, x->snoozed_until);
	rec_u64_opt(&b, TAG_SNOOZED_FROM, x->snoozed_from);
	rec_strs(&b, TAG_THREAD, &x->threads);
	rec_str_opt(&b, TAG_SLA, x->sla);
	rec_str_opt(&b, TAG_POLICY, x->policy);
	rec_str_opt(&b, TAG_WAIT, x->wait);
	rec_strs(&b, TAG_LEARNED, &x->learned);
	rec_str_opt(&b, TAG_PURGE, x->purge);
	while (recr_next(&r))
		if (r.tag > TAG_LAST)
			rec_copy(&b, &r);
	return arena_dup(a, buf_str(&b));
}

struct strs
extra_references(struct arena *a, const struct extra *x)
{
	size_t at = x->chain.n > 1 ? 1 : 0;
	struct strs out = {0};

	for (size_t i = 0; i < at; i++)
		strs_add(a, &out, x->chain.v[i]);
	for (size_t i = 0; i < x->threads.n; i++)
		if (!strs_has(&x->chain, x->threads.v[i]))
			strs_add(a, &out, x->threads.v[i]);
	for (size_t i = at; i < x->chain.n; i++)
		strs_add(a, &out, x->chain.v[i]);
	return out;
}

static void
note_thread(struct arena *a, struct strs *all, const struct extra *x)
{
	for (size_t i = 0; i < x->threads.n; i++)
		if (!strs_has(all, x->threads.v[i]))
			strs_add(a, all, x->threads.v[i]);
	if (x->chain.n && !strs_has(all, x->chain.v[0]))
		strs_add(a, all, x->chain.v[0]);
	if (x->chain.n > 1 && !strs_has(all, x->chain.v[x->chain.n - 1]))
		strs_add(a, all, x->chain.v[x->chain.n - 1]);
}

void
extra_join(struct arena *a, struct extra *x, const struct extra *from)
{
	struct strs all = {0}, out = {0};

	note_thread(a, &all, x);
	note_thread(a, &all, from);
	/* Of too many, the target's first and the newest. */
	for (size_t i = 0; i < all.n; i++)
		if (i < 2 || i + THREADS_MAX - 2 >= all.n)
			strs_add(a, &out, all.v[i]);
	x->threads = out;
}

/* A client that cannot find an id looks for the next: the first names the
 * thread, the newest ones what is likely still there. Very long ids are
 * nobody's. */
struct strs
extra_chain(struct arena *a, const struct strs *references,
    const struct strs *in_reply_to, struct str own)
{
	const struct strs *from = references->n ? references : in_reply_to;
	struct strs all = {0}, out = {0};

	for (size_t i = 0; i < from->n; i++)
		if (from->v[i].n && from->v[i].n <= 250 &&
		    (i == 0 || i + CHAIN_MAX >= from->n))
			strs_add(a, &all, from->v[i]);
	if (own.n && own.n <= 250 && !(all.n && str_eq(all.v[all.n - 1], own)))
		strs_add(a, &all, own);
	for (size_t i = 0; i < all.n; i++)
		if (i == 0 || i + CHAIN_MAX - 1 >= all.n)
			strs_add(a, &out, all.v[i]);
	return out;
}

/*
 * Taking tickets out of the term index.
 *
 * Chunk by chunk and in place: a chunk without some of its pairs is a chunk
 * still, and a term without tickets is gone. One pass forwards suffices, also
 * while runs are merged: a merge writes into a run of a higher number than
 * those it reads, which lies behind them in the table.
 */
#include "base/buf.h"
#include "store/sealed.h"
#include "store/term_run.h"

struct pass {
	struct txn *t;
	bool (*gone)(void *ctx, uint64_t ticket);
	void *ctx;
	bool clear;     /* words in clear, whatever their tickets, instead */
	struct key key; /* of the chunk */
	unsigned char chunk[CHUNK_MAX];
	size_t n;
};

static bool
is_sealed(const unsigned char *term, size_t n)
{
	return n == SEALED_WORD && term[0] == SEALED_WORD_MARK;
}

/* Calls the writer (NULL: none) with what stays. 1: some go, 0: none, -1. */
static int
sift(struct pass *p, struct run_writer *w)
{
	struct str rest = str_n((const char *)p->chunk, p->n), postings;
	unsigned char term[TERM_KEY_MAX];
	size_t term_n = 0;
	int more, some = 0;

	while ((more = chunk_entry(&rest, term, &term_n, &postings)) > 0) {
		uint64_t ticket = 0, gap;

		while (postings.n) {
			if (!varint_get(&postings, &gap) || gap == 0 ||
			    gap > KEY_TICKET_MAX - ticket)
				return -1;
			ticket += gap;
			if (p->clear ? !is_sealed(term, term_n)
				     : p->gone(p->ctx, ticket))
				some = 1;
			else if (w)
				run_writer_add(w,
				    str_n((const char *)term, term_n), ticket);
		}
	}
	return more < 0 ? -1 : some;
}

/* A chunk that was written anew. */
static int
rewrite(struct pass *p)
{
	struct run_writer w;
	struct str term;
	uint64_t ticket;
	uint32_t run;
	int some = sift(p, NULL);

	if (some < 0 || !chunk_key_read(key_str(&p->key), &run, &term, &ticket))
		return row_corrupt(p->t, T_TERM, key_str(&p->key));
	if (!some)
		return 0;
	row_del(p->t, T_TERM, key_str(&p->key));
	run_writer_init(&w, p->t, run, ROW_PUT);
	sift(p, &w);
	run_writer_flush(&w);
	return txn_error(p->t, NULL);
}

static int
forget(struct pass *p, struct buf *place, size_t chunks)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct txn *t = p->t;
	int r;

	for (r = iter_ge(&it, t, T_TERM, buf_str(place)); r > 0;
	     r = iter_next(&it)) {
		if (chunks-- == 0)
			return 1;
		if (it.value.n > CHUNK_MAX)
			return row_corrupt(t, T_TERM, it.key);
		p->key.n = 0;
		key_bytes(&p->key, it.key);
		memcpy(p->chunk, it.value.p, it.value.n);
		p->n = it.value.n;
		/* Behind it. */
		buf_reset(place);
		buf_put(place, it.key);
		buf_putc(place, '\0');
		if (rewrite(p) < 0)
			return -1;
	}
	return r;
}

int
term_forget(struct txn *t, bool (*gone)(void *ctx, uint64_t ticket), void *ctx,
    struct buf *place, size_t chunks)
{
	struct pass p = {.t = t, .gone = gone, .ctx = ctx};

	return forget(&p, place, chunks);
}

int
term_forget_clear(struct txn *t, struct buf *place, size_t chunks)
{
	struct pass p = {.t = t, .clear = true};

	return forget(&p, place, chunks);
}

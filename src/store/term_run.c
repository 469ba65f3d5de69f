#include "store/term_run.h"

enum {
	TAG_LEVEL = 1,
	TAG_STATE,
	TAG_MAX_TICKET
};
enum {
	TICKET_BYTES = 5
};

/* --- the directory of runs --- */

static struct key
run_key(uint32_t id)
{
	struct key k;

	k.n = 0;
	key_uint(&k, id, 4);
	return k;
}

uint32_t
run_next_id(struct txn *t)
{
	uint64_t id = seq_next(t, SEQ_TERM_RUN);

	if (id > UINT32_MAX) {
		txn_fail(t, ERR_PERM, "no numbers left for runs of terms");
		return 0;
	}
	return (uint32_t)id;
}

static void
count(struct txn *t, const struct run *r, enum run_state s, int by)
{
	if (s == RUN_LIVE)
		count_change(t, COUNT_RUNS + r->level, by);
	else if (s == RUN_BUILDING)
		count_change(t, COUNT_MERGES, by);
	else if (s == RUN_DEAD)
		count_change(t, COUNT_DEAD, by);
}

void
run_put(struct txn *t, const struct run *r, enum run_state was)
{
	struct buf *b = scratch_take(t);
	struct key k = run_key(r->id);

	must(r->level < RUN_LEVELS);
	rec_u64(b, TAG_LEVEL, r->level);
	rec_u64(b, TAG_STATE, r->state);
	rec_u64(b, TAG_MAX_TICKET, r->max_ticket);
	row_put_scratch(t, T_TERM_RUN, key_str(&k), ROW_PUT);
	if (was == r->state)
		return;
	count(t, r, was, -1);
	count(t, r, r->state, 1);
}

void
run_del(struct txn *t, const struct run *r)
{
	struct key k = run_key(r->id);

	if (row_del(t, T_TERM_RUN, key_str(&k)))
		count(t, r, r->state, -1);
}

static bool
run_decode(struct str key, struct str value, struct run *r)
{
	struct recr in = recr_open(value);
	uint64_t id;

	if (!key_read_uint(&key, 4, &id) || key.n)
		return false;
	*r = (struct run){.id = (uint32_t)id};
	while (recr_next(&in))
		switch (in.tag) {
		case TAG_LEVEL:
			r->level = field_u32(&in);
			break;
		case TAG_STATE:
			r->state = field_enum(&in, RUN_DEAD + 1);
			break;
		case TAG_MAX_TICKET:
			r->max_ticket = field_u64(&in);
			break;
		default:
			break;
		}
	return !in.bad && r->state && r->level < RUN_LEVELS &&
	       r->max_ticket <= KEY_TICKET_MAX;
}

int
run_list(struct txn *t, struct arena *a, struct run **v, size_t *n)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	*v = NULL;
	*n = 0;
	for (r = iter_ge(&it, t, T_TERM_RUN, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		*v = vec_more(a, *v, *n, sizeof **v);
		if (!run_decode(it.key, it.value, &(*v)[*n]))
			return row_corrupt(t, T_TERM_RUN, it.key);
		++*n;
	}
	return r;
}

/* --- chunks --- */

struct key
chunk_key(uint32_t run, struct str term, uint64_t ticket)
{
	struct key k;

	k.n = 0;
	key_uint(&k, run, 4);
	key_bytes(&k, term);
	key_uint(&k, 0, 1);
	key_uint(&k, ticket, TICKET_BYTES);
	return k;
}

bool
chunk_key_read(
    struct str key, uint32_t *run, struct str *term, uint64_t *ticket)
{
	struct str s = key;
	uint64_t v;

	if (!key_read_uint(&s, 4, &v) || s.n < 1 + TICKET_BYTES ||
	    s.n > TERM_KEY_MAX + 1 + TICKET_BYTES)
		return false;
	*run = (uint32_t)v;
	*term = str_sub(s, 0, s.n - 1 - TICKET_BYTES);
	s = str_from(s, term->n);
	if (s.p[0])
		return false;
	s = str_from(s, 1);
	return key_read_uint(&s, TICKET_BYTES, ticket);
}

int
chunk_entry(struct str *rest, unsigned char term[TERM_KEY_MAX], size_t *term_n,
    struct str *postings)
{
	uint64_t shared, more;
	ptrdiff_t end;

	if (rest->n == 0)
		return 0;
	if (!varint_get(rest, &shared) || !varint_get(rest, &more) ||
	    shared > *term_n || more > rest->n || shared + more > TERM_KEY_MAX)
		return -1;
	memcpy(term + shared, rest->p, (size_t)more);
	*term_n = (size_t)(shared + more);
	*rest = str_from(*rest, (size_t)more);
	end = str_chr(*rest, '\0', 0);
	if (end <= 0)
		return -1;
	*postings = str_sub(*rest, 0, (size_t)end);
	*rest = str_from(*rest, (size_t)end + 1);
	return 1;
}

/* --- writing --- */

void
run_writer_init(
    struct run_writer *w, struct txn *t, uint32_t run, enum row_put how)
{
	w->t = t;
	w->run = run;
	w->how = how;
	w->max_ticket = 0;
	w->postings = 0;
	w->n = 0;
	w->term_n = 0;
	w->last = 0;
	w->open = false;
}

static inline void
put_varint(struct run_writer *w, uint64_t v)
{
	while (v >= 0x80) {
		w->chunk[w->n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	w->chunk[w->n++] = (unsigned char)v;
}

void
run_writer_flush(struct run_writer *w)
{
	if (w->open)
		w->chunk[w->n++] = 0;
	w->open = false;
	if (w->n)
		row_put(w->t, T_TERM, key_str(&w->key),
		    str_n((const char *)w->chunk, w->n), w->how);
	w->n = 0;
	w->term_n = 0;
}

static void
begin_entry(struct run_writer *w, struct str term, uint64_t ticket)
{
	size_t shared = 0;

	/* Two lengths, the term, a ticket, the end and the end before. */
	if (w->n + 2 + 2 + term.n + 10 + 2 > CHUNK_MAX)
		run_writer_flush(w);
	if (w->open)
		w->chunk[w->n++] = 0;
	if (w->n == 0)
		w->key = chunk_key(w->run, term, ticket);
	while (shared < term.n && shared < w->term_n &&
	       w->term[shared] == (unsigned char)term.p[shared])
		shared++;
	put_varint(w, shared);
	put_varint(w, term.n - shared);
	memcpy(w->chunk + w->n, term.p + shared, term.n - shared);
	w->n += term.n - shared;
	memcpy(w->term + shared, term.p + shared, term.n - shared);
	w->term_n = term.n;
	put_varint(w, ticket);
	w->open = true;
}

void
run_writer_add(struct run_writer *w, struct str term, uint64_t ticket)
{
	must(ticket > 0 && term.n > 0 && term.n <= TERM_KEY_MAX);
	w->postings++;
	if (ticket > w->max_ticket)
		w->max_ticket = ticket;
	if (w->open && w->term_n == term.n &&
	    memcmp(w->term, term.p, term.n) == 0) {
		must(ticket > w->last);
		if (w->n + 10 + 1 <= CHUNK_MAX) {
			put_varint(w, ticket - w->last);
			w->last = ticket;
			return;
		}
		run_writer_flush(w);
	}
	begin_entry(w, term, ticket);
	w->last = ticket;
}

/* --- reading --- */

static int
reader_corrupt(struct run_reader *r)
{
	return txn_fail(r->t, ERR_CORRUPT,
	    "run %u of terms: a chunk is not in its form", r->run);
}

/* Copies the iterator's chunk: what is read here is written elsewhere in the same transaction. */
static int
take_chunk(struct run_reader *r, int found)
{
	uint32_t run;
	struct str term;
	uint64_t ticket;

	if (found <= 0)
		return found;
	if (!chunk_key_read(r->it.key, &run, &term, &ticket) ||
	    r->it.value.n > CHUNK_MAX)
		return reader_corrupt(r);
	if (run != r->run)
		return 0;
	memcpy(r->chunk, r->it.value.p, r->it.value.n);
	r->rest = str_n((const char *)r->chunk, r->it.value.n);
	r->bytes += r->it.value.n;
	r->term_n = 0;
	r->in_entry = false;
	return 1;
}

/* The head of the next entry, in this chunk or the next. */
static int
enter(struct run_reader *r)
{
	uint64_t shared, more;

	while (r->rest.n == 0) {
		int got = take_chunk(r, iter_next(&r->it));

		if (got <= 0)
			return got;
	}
	if (!varint_get(&r->rest, &shared) || !varint_get(&r->rest, &more) ||
	    shared > r->term_n || more > r->rest.n ||
	    shared + more > TERM_KEY_MAX || shared + more == 0)
		return reader_corrupt(r);
	memcpy(r->term + shared, r->rest.p, (size_t)more);
	r->term_n = (size_t)(shared + more);
	r->rest = str_from(r->rest, (size_t)more);
	if (!varint_get(&r->rest, &r->ticket) || r->ticket == 0 ||
	    r->ticket > KEY_TICKET_MAX)
		return reader_corrupt(r);
	r->in_entry = true;
	r->entered = true;
	return 1;
}

int
run_reader_next(struct run_reader *r)
{
	uint64_t gap;

	if (!r->in_entry)
		return enter(r);
	if (!varint_get(&r->rest, &gap) || gap > KEY_TICKET_MAX - r->ticket)
		return reader_corrupt(r);
	if (gap) {
		r->ticket += gap;
		r->entered = false;
		return 1;
	}
	r->in_entry = false;
	return enter(r);
}

int
run_reader_open(struct run_reader *r, struct txn *t, uint32_t run,
    struct str term, uint64_t ticket)
{
	struct key k = chunk_key(run, term, ticket);
	int got;

	r->t = t;
	r->it = ITER_INIT;
	r->run = run;
	r->bytes = 0;
	r->rest = str_n(NULL, 0);
	got = iter_le(&r->it, t, T_TERM, key_str(&k));
	if (got > 0)
		got = take_chunk(r, got);
	if (got == 0)
		got = take_chunk(r, iter_ge(&r->it, t, T_TERM, key_str(&k)));
	if (got > 0)
		got = enter(r);
	while (got > 0) {
		int c = str_cmp(run_reader_term(r), term);

		if (c > 0 || (c == 0 && r->ticket > ticket))
			break;
		got = run_reader_next(r);
	}
	return got;
}

void
run_reader_close(struct run_reader *r)
{
	iter_end(&r->it);
}

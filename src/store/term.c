/*
 * Gathering terms in memory and writing them as one sorted run.
 *
 * Budget: about 150 terms a message, 100 messages a commit. So adding is one hash and one array slot, and the sort compares the
 * first eight bytes of terms as numbers.
 */
#include "store/term.h"
#include "base/mem.h"
#include "store/term_run.h"

struct batch_term {
	uint64_t head; /* first eight bytes, big-endian */
	uint64_t hash;
	size_t at; /* in text */
	uint32_t n;
	uint32_t count;  /* postings */
	uint32_t ticket; /* the last one added, its index + 1 */
};

struct posting {
	uint32_t term, ticket; /* indexes */
};

struct term_batch {
	struct batch_term *terms;
	size_t nterms, terms_cap;
	uint32_t *table;  /* index + 1; open addressing */
	size_t table_cap; /* a power of two */
	struct buf text;
	uint64_t *tickets;
	size_t ntickets, tickets_cap;
	struct posting *postings;
	size_t npostings, postings_cap;
};

struct term_batch *
term_batch_new(void)
{
	return mem_new(sizeof(struct term_batch));
}

void
term_batch_free(struct term_batch *b)
{
	if (!b)
		return;
	mem_free(b->terms);
	mem_free(b->table);
	mem_free(b->tickets);
	mem_free(b->postings);
	buf_fini(&b->text);
	mem_free(b);
}

/* The memory is kept for the next batch unless this one was unusually large. */
static void
empty(struct term_batch *b)
{
	if (b->postings_cap > (1u << 18)) {
		mem_free(b->terms);
		mem_free(b->table);
		mem_free(b->tickets);
		mem_free(b->postings);
		buf_fini(&b->text);
		*b = (struct term_batch){0};
		return;
	}
	b->nterms = b->ntickets = b->npostings = 0;
	buf_reset(&b->text);
	if (b->table)
		memset(b->table, 0, b->table_cap * sizeof *b->table);
}

size_t
term_batch_count(const struct term_batch *b)
{
	return b->npostings;
}

static uint64_t
head_of(struct str s)
{
	uint64_t h = 0;

	for (size_t i = 0; i < 8; i++)
		h = h << 8 | (i < s.n ? (unsigned char)s.p[i] : 0);
	return h;
}

static void
table_grow(struct term_batch *b)
{
	size_t cap = b->table_cap ? b->table_cap * 2 : 4096;

	mem_free(b->table);
	b->table = mem_new(cap * sizeof *b->table);
	b->table_cap = cap;
	for (size_t i = 0; i < b->nterms; i++) {
		size_t at = b->terms[i].hash & (cap - 1);

		while (b->table[at])
			at = (at + 1) & (cap - 1);
		b->table[at] = (uint32_t)i + 1;
	}
}

static uint32_t
term_index(struct term_batch *b, struct str term)
{
	uint64_t hash = str_hash(term);
	struct batch_term *x;
	size_t at;

	if (b->nterms * 2 >= b->table_cap)
		table_grow(b);
	for (at = hash & (b->table_cap - 1); b->table[at];
	     at = (at + 1) & (b->table_cap - 1)) {
		x = &b->terms[b->table[at] - 1];
		if (x->hash == hash && x->n == term.n &&
		    memcmp(b->text.p + x->at, term.p, term.n) == 0)
			return b->table[at] - 1;
	}
	b->terms =
	    mem_fit(b->terms, &b->terms_cap, b->nterms + 1, sizeof *b->terms);
	x = &b->terms[b->nterms];
	*x = (struct batch_term){
	    head_of(term), hash, b->text.n, (uint32_t)term.n, 0, 0};
	buf_put(&b->text, term);
	b->table[at] = (uint32_t)++b->nterms;
	return (uint32_t)b->nterms - 1;
}

void
term_batch_add(struct term_batch *b, struct str term, uint64_t ticket)
{
	uint32_t i;

	must(ticket > 0 && ticket <= KEY_TICKET_MAX);
	if (term.n == 0 || term.n > TERM_KEY_MAX ||
	    memchr(term.p, '\0', term.n))
		return;
	must(b->npostings < UINT32_MAX);
	if (b->ntickets == 0 || b->tickets[b->ntickets - 1] != ticket) {
		b->tickets = mem_fit(b->tickets, &b->tickets_cap,
		    b->ntickets + 1, sizeof *b->tickets);
		b->tickets[b->ntickets++] = ticket;
	}
	i = term_index(b, term);
	if (b->terms[i].ticket == b->ntickets)
		return;
	b->terms[i].ticket = (uint32_t)b->ntickets;
	b->terms[i].count++;
	b->postings = mem_fit(b->postings, &b->postings_cap, b->npostings + 1,
	    sizeof *b->postings);
	b->postings[b->npostings++] =
	    (struct posting){i, (uint32_t)b->ntickets - 1};
}

/* --- sorting --- */

struct order {
	uint64_t head;
	uint32_t term;
};

static bool
before(const struct term_batch *b, const struct order *x, const struct order *y)
{
	const struct batch_term *p, *q;

	if (x->head != y->head)
		return x->head < y->head;
	p = &b->terms[x->term];
	q = &b->terms[y->term];
	return str_cmp(str_n(b->text.p + p->at, p->n),
		   str_n(b->text.p + q->at, q->n)) < 0;
}

/* Merge sort, bottom up; v and spare have n elements, the result is returned in one of them. */
static struct order *
sort(const struct term_batch *b, struct order *v, struct order *spare, size_t n)
{
	for (size_t width = 1; width < n; width *= 2) {
		struct order *swap;

		for (size_t lo = 0; lo < n; lo += 2 * width) {
			size_t mid = MIN(lo + width, n);
			size_t hi = MIN(lo + 2 * width, n);
			size_t i = lo, j = mid, k = lo;

			while (i < mid && j < hi)
				spare[k++] =
				    before(b, &v[j], &v[i]) ? v[j++] : v[i++];
			while (i < mid)
				spare[k++] = v[i++];
			while (j < hi)
				spare[k++] = v[j++];
		}
		swap = v;
		v = spare;
		spare = swap;
	}
	return v;
}

static int
by_number(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

static void
write_term(struct run_writer *w, struct str term, uint64_t *v, size_t n)
{
	bool ascending = true;

	for (size_t i = 1; i < n && ascending; i++)
		ascending = v[i] > v[i - 1];
	if (!ascending)
		qsort(v, n, sizeof *v, by_number);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || v[i] != v[i - 1])
			run_writer_add(w, term, v[i]);
}

/* Postings grouped by term, each group in the order of adding: tickets of term i are out[first[i] .. first[i + 1]). */
static void
group(const struct term_batch *b, size_t *first, uint64_t *out)
{
	size_t at = 0;

	for (size_t i = 0; i < b->nterms; i++) {
		first[i] = at;
		at += b->terms[i].count;
	}
	for (size_t i = 0; i < b->npostings; i++)
		out[first[b->postings[i].term]++] =
		    b->tickets[b->postings[i].ticket];
	/* Each first has moved to its end, which is the next one's start. */
	for (size_t i = b->nterms; i > 0; i--)
		first[i] = first[i - 1];
	first[0] = 0;
}

static void
write_run(struct txn *t, const struct term_batch *b, uint32_t id)
{
	size_t *first = mem_new((b->nterms + 1) * sizeof *first);
	uint64_t *tickets = mem_new(b->npostings * sizeof *tickets);
	struct order *two = mem_new(2 * b->nterms * sizeof *two), *sorted;
	struct run_writer w;

	group(b, first, tickets);
	for (size_t i = 0; i < b->nterms; i++)
		two[i] = (struct order){b->terms[i].head, (uint32_t)i};
	sorted = sort(b, two, two + b->nterms, b->nterms);
	run_writer_init(&w, t, id, ROW_APPEND);
	for (size_t i = 0; i < b->nterms; i++) {
		uint32_t k = sorted[i].term;
		const struct batch_term *x = &b->terms[k];

		write_term(&w, str_n(b->text.p + x->at, x->n),
		    tickets + first[k], first[k + 1] - first[k]);
	}
	run_writer_flush(&w);
	run_put(
	    t, &(struct run){id, 0, RUN_LIVE, w.max_ticket}, (enum run_state)0);
	mem_free(first);
	mem_free(tickets);
	mem_free(two);
}

void
term_batch_put(struct txn *t, struct term_batch *b)
{
	uint32_t id;

	if (b->npostings) {
		id = run_next_id(t);
		if (id)
			write_run(t, b, id);
	}
	empty(b);
}

/* --- articles whose terms are still to come --- */

void
unindexed_put(struct txn *t, uint64_t ticket, uint32_t seq)
{
	struct key k = key_of_ticket_seq(ticket, seq);

	row_put(t, T_UNINDEXED, key_str(&k), S(""), ROW_APPEND);
}

void
unindexed_del(struct txn *t, uint64_t ticket, uint32_t seq)
{
	struct key k = key_of_ticket_seq(ticket, seq);

	row_del(t, T_UNINDEXED, key_str(&k));
}

int
unindexed_each(struct txn *t,
    bool (*fn)(void *ctx, uint64_t ticket, uint32_t seq), void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_UNINDEXED, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct str k = it.key;
		uint64_t v;

		if (!key_read_uint(&k, 8, &v) || k.n)
			return row_corrupt(t, T_UNINDEXED, it.key);
		if (!fn(ctx, v >> KEY_SEQ_BITS, (uint32_t)(v & KEY_SEQ_MAX)))
			return 0;
	}
	return r;
}

/*
 * Gathering terms in memory and writing them as one sorted run.
 *
 * Budget: about 330 terms a message, 256 messages a commit, a quarter of the postings with a term of its own. That is more than
 * the nearest caches hold, so what is looked at for each posting is small, and is asked for some terms ahead. Postings of a message
 * lie together: with the messages in the order of their tickets, the tickets of each term come out in order, too. Terms are sorted
 * by their first eight bytes as numbers.
 */
#include "store/term.h"
#include "base/mem.h"
#include "store/sealed.h"
#include "store/term_run.h"

enum {
	AHEAD = 16
};

struct slot {
	uint32_t hash, term; /* index + 1; 0: free */
};

struct batch_term {
	uint32_t at;     /* in text */
	uint32_t count;  /* postings */
	uint32_t ticket; /* the last one added, its index + 1 */
	uint16_t n;
};

struct batch_ticket {
	uint64_t id;
	size_t first, end; /* its postings */
};

struct term_batch {
	struct batch_term *terms;
	size_t nterms, terms_cap;
	struct slot *table; /* open addressing */
	size_t table_cap;   /* a power of two */
	struct buf text;
	struct batch_ticket *tickets; /* the same again later is another one */
	size_t ntickets, tickets_cap;
	uint32_t *postings; /* terms, by index */
	size_t npostings, postings_cap;
};

struct term_batch *
term_batch_new(void)
{
	return mem_new(sizeof(struct term_batch));
}

static void
release(struct term_batch *b)
{
	mem_free(b->terms);
	mem_free(b->table);
	mem_free(b->tickets);
	mem_free(b->postings);
	buf_fini(&b->text);
}

void
term_batch_free(struct term_batch *b)
{
	if (!b)
		return;
	release(b);
	mem_free(b);
}

/* The memory is kept for the next batch unless this one was unusually large. */
static void
empty(struct term_batch *b)
{
	if (b->postings_cap > (1u << 18)) {
		release(b);
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

static void
table_grow(struct term_batch *b)
{
	size_t cap = b->table_cap ? b->table_cap * 2 : 4096;
	struct slot *table = mem_new(cap * sizeof *table);

	for (size_t i = 0; i < b->table_cap; i++) {
		size_t at = b->table[i].hash & (cap - 1);

		if (!b->table[i].term)
			continue;
		while (table[at].term)
			at = (at + 1) & (cap - 1);
		table[at] = b->table[i];
	}
	mem_free(b->table);
	b->table = table;
	b->table_cap = cap;
}

static uint32_t
term_index(struct term_batch *b, struct str term, uint32_t hash)
{
	struct batch_term *x;
	struct slot *s;
	size_t at;

	for (at = hash & (b->table_cap - 1); b->table[at].term;
	     at = (at + 1) & (b->table_cap - 1)) {
		s = &b->table[at];
		x = &b->terms[s->term - 1];
		if (s->hash == hash && x->n == term.n &&
		    memcmp(b->text.p + x->at, term.p, term.n) == 0)
			return s->term - 1;
	}
	b->terms =
	    mem_fit(b->terms, &b->terms_cap, b->nterms + 1, sizeof *b->terms);
	must(b->text.n <= UINT32_MAX - TERM_KEY_MAX);
	b->terms[b->nterms] = (struct batch_term){
	    .at = (uint32_t)b->text.n, .n = (uint16_t)term.n};
	buf_put(&b->text, term);
	b->table[at] = (struct slot){hash, (uint32_t)++b->nterms};
	return (uint32_t)b->nterms - 1;
}

/* There is room in the table. */
static void
add(struct term_batch *b, struct str term, uint32_t hash)
{
	uint32_t i;

	if (term.n == 0 || term.n > TERM_KEY_MAX ||
	    memchr(term.p, '\0', term.n))
		return;
	must(b->npostings < UINT32_MAX && b->nterms < UINT32_MAX);
	i = term_index(b, term, hash);
	if (b->terms[i].ticket == b->ntickets)
		return;
	b->terms[i].ticket = (uint32_t)b->ntickets;
	b->terms[i].count++;
	b->postings = mem_fit(b->postings, &b->postings_cap, b->npostings + 1,
	    sizeof *b->postings);
	b->postings[b->npostings++] = i;
	b->tickets[b->ntickets - 1].end = b->npostings;
}

void
term_batch_add_all(struct term_batch *b, struct strs terms, uint64_t ticket)
{
	const struct str *v = terms.v;
	uint32_t hash[AHEAD];

	must(ticket > 0 && ticket <= KEY_TICKET_MAX);
	if (b->ntickets == 0 || b->tickets[b->ntickets - 1].id != ticket) {
		b->tickets = mem_fit(b->tickets, &b->tickets_cap,
		    b->ntickets + 1, sizeof *b->tickets);
		b->tickets[b->ntickets++] =
		    (struct batch_ticket){ticket, b->npostings, b->npostings};
	}
	for (size_t n = terms.n, k; n; v += k, n -= k) {
		k = MIN(n, (size_t)AHEAD);
		if ((b->nterms + AHEAD) * 2 >= b->table_cap)
			table_grow(b);
		for (size_t i = 0; i < k; i++) {
			hash[i] = (uint32_t)str_hash(v[i]);
			__builtin_prefetch(
			    &b->table[hash[i] & (b->table_cap - 1)]);
		}
		for (size_t i = 0; i < k; i++) {
			const struct slot *s =
			    &b->table[hash[i] & (b->table_cap - 1)];

			if (s->term)
				__builtin_prefetch(&b->terms[s->term - 1]);
		}
		for (size_t i = 0; i < k; i++)
			add(b, v[i], hash[i]);
	}
}

void
term_batch_add(struct term_batch *b, struct str term, uint64_t ticket)
{
	term_batch_add_all(b, (struct strs){&term, 1}, ticket);
}

/* --- sorting --- */

struct order {
	uint64_t head; /* first eight bytes, big-endian */
	uint32_t term;
};

static uint64_t
head_of(const char *p, size_t n)
{
	uint64_t h = 0;

	for (size_t i = 0; i < 8; i++)
		h = h << 8 | (i < n ? (unsigned char)p[i] : 0);
	return h;
}

/* By head, from the last byte to the first; the result is in v. */
static void
sort_heads(struct order *v, struct order *spare, size_t n)
{
	uint32_t place[8][256] = {{0}};

	for (size_t i = 0; i < n; i++)
		for (size_t byte = 0; byte < 8; byte++)
			place[byte][v[i].head >> 8 * byte & 0xff]++;
	for (size_t byte = 0; byte < 8; byte++) {
		struct order *swap;
		uint32_t at = 0;

		for (size_t k = 0; k < 256; k++) {
			uint32_t count = place[byte][k];

			place[byte][k] = at;
			at += count;
		}
		for (size_t i = 0; i < n; i++)
			spare[place[byte][v[i].head >> 8 * byte & 0xff]++] =
			    v[i];
		swap = v;
		v = spare;
		spare = swap;
	}
}

static bool
before(const struct term_batch *b, const struct order *x, const struct order *y)
{
	const struct batch_term *p = &b->terms[x->term];
	const struct batch_term *q = &b->terms[y->term];

	return str_cmp(str_n(b->text.p + p->at, p->n),
		   str_n(b->text.p + q->at, q->n)) < 0;
}

/* Terms with equal heads: merge sort, bottom up; the result is in v. */
static void
sort_tails(
    const struct term_batch *b, struct order *v, struct order *spare, size_t n)
{
	struct order *from = v, *to = spare;

	for (size_t width = 1; width < n; width *= 2) {
		struct order *swap;

		for (size_t lo = 0; lo < n; lo += 2 * width) {
			size_t mid = MIN(lo + width, n);
			size_t hi = MIN(lo + 2 * width, n);
			size_t i = lo, j = mid, k = lo;

			while (i < mid && j < hi)
				to[k++] = before(b, &from[j], &from[i])
					      ? from[j++]
					      : from[i++];
			while (i < mid)
				to[k++] = from[i++];
			while (j < hi)
				to[k++] = from[j++];
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * sizeof *v);
}

static void
sort(const struct term_batch *b, struct order *v, struct order *spare)
{
	size_t n = b->nterms, from, to;

	must(b->text.p || !n);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct order){
		    head_of(b->text.p + b->terms[i].at, b->terms[i].n),
		    (uint32_t)i};
	sort_heads(v, spare, n);
	for (from = 0; from < n; from = to) {
		for (to = from + 1; to < n && v[to].head == v[from].head;)
			to++;
		sort_tails(b, v + from, spare, to - from);
	}
}

static int
by_id(const void *x, const void *y)
{
	const struct batch_ticket *p = x, *q = y;

	return p->id < q->id ? -1 : p->id > q->id;
}

/* Postings grouped by term, each group in ascending order: tickets of term i are out[first[i] .. first[i + 1]). */
static void
group(struct term_batch *b, size_t *first, uint64_t *out)
{
	size_t at = 0;

	for (size_t i = 0; i < b->nterms; i++) {
		first[i] = at;
		at += b->terms[i].count;
	}
	qsort(b->tickets, b->ntickets, sizeof *b->tickets, by_id);
	for (size_t i = 0; i < b->ntickets; i++)
		for (size_t k = b->tickets[i].first; k < b->tickets[i].end; k++)
			out[first[b->postings[k]]++] = b->tickets[i].id;
	/* Each first has moved to its end, which is the next one's start. */
	for (size_t i = b->nterms; i > 0; i--)
		first[i] = first[i - 1];
	first[0] = 0;
}

/*
 * Where mail is kept sealed a word is in the index as what nobody can make of
 * it without the key. Two words that become the same one (about once in 10^15
 * batches) would be one too many for a run.
 */
static bool
seal_words(struct txn *t, struct term_batch *b)
{
	struct buf text = BUF_INIT;
	struct sealed_words words;

	if (!sealed_words_init(&words, t))
		return false;
	for (size_t i = 0; i < b->nterms; i++) {
		struct batch_term *x = &b->terms[i];
		char word[SEALED_WORD];
		size_t at = text.n;

		sealed_word(&words, str_n(b->text.p + x->at, x->n), word);
		buf_put(&text, str_n(word, sizeof word));
		x->at = (uint32_t)at;
		x->n = sizeof word;
	}
	sealed_words_fini(&words);
	buf_fini(&b->text);
	b->text = text;
	return true;
}

static void
write_run(struct txn *t, struct term_batch *b, uint32_t id)
{
	size_t *first = mem_new((b->nterms + 1) * sizeof *first);
	uint64_t *tickets = mem_new(b->npostings * sizeof *tickets);
	struct order *sorted = mem_new(2 * b->nterms * sizeof *sorted);
	struct run_writer w;

	group(b, first, tickets);
	sort(b, sorted, sorted + b->nterms);
	run_writer_init(&w, t, id, ROW_APPEND);
	for (size_t i = 0; i < b->nterms; i++) {
		uint32_t k = sorted[i].term;
		const struct batch_term *x = &b->terms[k];

		if (i && sorted[i].head == sorted[i - 1].head &&
		    !before(b, &sorted[i - 1], &sorted[i]))
			continue;
		for (size_t p = first[k]; p < first[k + 1]; p++)
			if (p == first[k] || tickets[p] != tickets[p - 1])
				run_writer_add(&w,
				    str_n(b->text.p + x->at, x->n), tickets[p]);
	}
	run_writer_flush(&w);
	run_put(
	    t, &(struct run){id, 0, RUN_LIVE, w.max_ticket}, (enum run_state)0);
	mem_free(first);
	mem_free(tickets);
	mem_free(sorted);
}

void
term_batch_put(struct txn *t, struct term_batch *b)
{
	uint32_t id;

	if (b->npostings && (!sealed_new(t) || seal_words(t, b))) {
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

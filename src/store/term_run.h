/*
 * term_run: sorted runs of postings, private to the term index.
 *
 * A run holds (term, ticket) pairs in ascending order, cut into chunks of at most one LMDB page, each readable by itself:
 *
 *   table "term":      run(4) first term, 0, first ticket(5)  ->  chunk
 *   chunk:             entries; an entry is: bytes shared with the term before, bytes that follow, those bytes,
 *                      the first ticket, then the distances to the next ones, and 0. All numbers are varints, so a 0 byte after the
 *                      term is only ever the end of an entry: memchr() skips the entries one does not want.
 *   table "term.run":  run(4)  ->  level, state, largest ticket
 *
 * Every commit writes one run of level 0. Sixteen runs of a level are merged into one of the next, so there are never many
 * (16 a level, six levels for five million messages), each pair is rewritten once a level, and a look-up is one search a run.
 */
#ifndef STORE_TERM_RUN_H
#define STORE_TERM_RUN_H

#include "store/term.h"
#include "store/txn_private.h"

enum {
	RUN_FANIN = 16,      /* runs that are merged into one */
	RUN_LEVELS = 8,      /* the last one is merged into itself */
	CHUNK_MAX = 4096 - 16,
	TERM_KEY_MAX = 255,  /* bytes of a term; longer ones are not indexed */
};
enum run_state { RUN_LIVE = 1, RUN_BUILDING, RUN_DEAD };
/* Slots of the counts: live runs a level, then merges under way, then dead runs. */
enum { COUNT_RUNS = 22, COUNT_MERGES = COUNT_RUNS + RUN_LEVELS, COUNT_DEAD };

struct run {
	uint32_t id;
	unsigned level;
	enum run_state state;
	uint64_t max_ticket;
};

uint32_t run_next_id(struct txn *t);
/* Stores the row and keeps the counts; `was` is the state before (0: new). */
void run_put(struct txn *t, const struct run *r, enum run_state was);
void run_del(struct txn *t, const struct run *r);
/* All runs into an arena array. */
int run_list(struct txn *t, struct arena *a, struct run **v, size_t *n);

struct key chunk_key(uint32_t run, struct str term, uint64_t ticket);
/* False when the key is not one. */
bool chunk_key_read(struct str key, uint32_t *run, struct str *term, uint64_t *ticket);

/* --- writing a run: pairs in ascending order --- */
struct run_writer {
	struct txn *t;
	uint32_t run;
	enum row_put how;
	uint64_t max_ticket, postings;
	struct key key;      /* of the chunk being filled */
	size_t n;
	unsigned char chunk[CHUNK_MAX];
	unsigned char term[TERM_KEY_MAX];
	size_t term_n;
	uint64_t last;
	bool open;           /* an entry is open */
};
void run_writer_init(struct run_writer *w, struct txn *t, uint32_t run, enum row_put how);
/* A ticket not above the last one of the same term is an error of ours. */
void run_writer_add(struct run_writer *w, struct str term, uint64_t ticket);
void run_writer_flush(struct run_writer *w);

/* --- reading one, forwards --- */
struct run_reader {
	struct txn *t;
	struct iter it;
	uint32_t run;
	struct str rest;     /* of the chunk, in `chunk` */
	unsigned char chunk[CHUNK_MAX];
	unsigned char term[TERM_KEY_MAX];
	size_t term_n;
	uint64_t ticket;
	bool in_entry;
	bool entered;        /* the last step began an entry */
	uint64_t bytes;      /* read so far */
};
/* At the first pair behind (term, ticket); with an empty term at the first of all. 1, 0 at the end, -1. */
int run_reader_open(struct run_reader *r, struct txn *t, uint32_t run, struct str term, uint64_t ticket);
int run_reader_next(struct run_reader *r);
void run_reader_close(struct run_reader *r);
static inline struct str
run_reader_term(const struct run_reader *r)
{
	return str_n((const char *)r->term, r->term_n);
}

/* --- entries of a chunk --- */
/* The next entry's term into term[]; *postings is what follows, without the final 0. 1, 0 at the chunk's end, -1 malformed. */
int chunk_entry(struct str *rest, unsigned char term[TERM_KEY_MAX], size_t *term_n, struct str *postings);

#endif

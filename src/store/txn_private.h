/*
 * What the tables share and nobody above store/ sees: tables, rows, iteration, sequences and counts.
 *
 * All of it keeps the transaction's first error: after one, writers do nothing and look-ups return -1.
 */
#ifndef STORE_TXN_PRIVATE_H
#define STORE_TXN_PRIVATE_H

#include "base/buf.h"
#include "base/must.h"
#include "base/record.h"
#include "store/key.h"
#include "store/store.h"

#define TABLES(X) \
	X(META, "meta") X(COUNTER, "counter") X(SOURCE, "source") X(LEDGER, "ledger") X(RAWHASH, "rawhash") X(MSGID, "msgid") \
	X(TICKET, "ticket") X(TICKET_INDEX, "ticket.index") X(TICKET_LOAD, "ticket.load") X(ARTICLE, "article") X(EVENT, "event") X(BLOB, "blob") \
	X(PERSON, "person") X(TIMER, "timer") X(OUTBOX, "outbox") X(OUTBOX_INDEX, "outbox.index") X(OUTBOX_TICKET, "outbox.ticket") X(QUARANTINE, "quarantine") \
	X(TERM, "term") X(TERM_RUN, "term.run") X(UNINDEXED, "unindexed") \
	X(KB, "kb") X(KB_VERSION, "kb.version") X(KB_TERM, "kb.term") X(MODEL, "model") \
	X(GRANT, "grant") X(GRANT_EXPIRY, "grant.expiry") X(PERSON_KEY, "person.key") X(RETAIN, "retain")
#define X_ENUM_TABLE(id, name) T_##id,
enum table { TABLES(X_ENUM_TABLE) TABLE_COUNT };
const char *table_name(enum table table);

/* Sequences that a transaction keeps in memory and writes back once, at its commit. */
#define SEQUENCES(X) X(TICKET, "ticket") X(BLOB, "blob") X(OUTBOX, "outbox") X(QUARANTINE, "quarantine") X(TERM_RUN, "term.run") X(KB, "kb")
#define X_ENUM_SEQUENCE(id, name) SEQ_##id,
enum sequence { SEQUENCES(X_ENUM_SEQUENCE) SEQ_COUNT };

/* Numbers kept beside the rows they count, likewise: one slot for each status, then one for each state of the outbox. */
enum { COUNT_STATUS = 0, COUNT_OUTBOX = 16, COUNT_SLOTS = 32 };

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

struct txn {
	struct store *store;
	struct MDB_txn *mdb;
	bool write;
	bool seals; /* what is put is sealed: store/sealed.h */
	struct err err;
	struct MDB_cursor *cursor[TABLE_COUNT]; /* opened at first use */
	uint64_t seq[SEQ_COUNT];
	uint64_t count[COUNT_SLOTS];
	bool seq_loaded, seq_changed;
	bool count_loaded, count_changed;
	struct arena tmp;   /* for what a table's put needs for a moment; reset by it */
	uint64_t *touched;  /* tickets that were put: ticket_touched() */
	size_t ntouched, touched_cap;
	struct event_ref *fresh; /* events that were put: event_fresh() */
	size_t nfresh, fresh_cap;
	struct buf scratch; /* where rows are encoded; taken and given back by scratch_take() */
};

/* --- rows; values borrowed from the map until the next write --- */
int row_get(struct txn *t, enum table table, struct str key, struct str *value);
enum row_put {
	ROW_PUT,    /* new or replaced */
	ROW_APPEND, /* likely behind all others: fills pages to the brim; an ordinary put when it is not */
	ROW_NEW,    /* only when there is none yet */
	ROW_APPEND_NEW, /* both */
};
/* False when nothing was written (ROW_NEW and it exists, or an error). */
bool row_put(struct txn *t, enum table table, struct str key, struct str value, enum row_put how);
/* False when there was none. */
bool row_del(struct txn *t, enum table table, struct str key);
int table_rows(struct txn *t, enum table table, uint64_t *n);

/* The transaction's scratch buffer, emptied. Rows are encoded one at a time. */
static inline struct buf *
scratch_take(struct txn *t)
{
	buf_reset(&t->scratch);
	return &t->scratch;
}
/* Stores what is in the scratch buffer; a buffer that failed fails the transaction. */
bool row_put_scratch(struct txn *t, enum table table, struct str key, enum row_put how);

/*
 * Values of any size, in pieces that fill LMDB's pages: key, key+0001, key+0002 … (a 24-bit number). A single overflow page
 * a piece, because LMDB searches its free list for runs of pages, and a large store has none.
 */
void kv_put(struct txn *t, enum table table, struct str key, struct str value, enum row_put how);
/* The whole value, at most max bytes (0: no limit), appended: 1, 0, -1. */
int kv_get(struct txn *t, enum table table, struct str key, size_t max, struct buf *out);
/* The same copied into the arena. */
int kv_dup(struct txn *t, struct arena *a, enum table table, struct str key, struct str *out);
bool kv_del(struct txn *t, enum table table, struct str key);
/* A value once more under a key that has none, piece by piece, so in no memory worth speaking of. False when there is no such value, or on an error. */
bool kv_copy(struct txn *t, enum table table, struct str from, struct str to);
enum { VALUE_KEY_MAX = 64 }; /* bytes of key, at most */

/*
 * Iteration over a table. In a write transaction the caller may put and delete between steps, in this table too:
 * each step searches again from the last key.
 */
struct iter {
	struct txn *t;
	enum table table;
	struct MDB_cursor *c;
	struct str key, value; /* borrowed; valid until the next step or write */
	struct key at;
};
/* At the first row >= key, the last row <= key. 1, 0, -1. */
int iter_ge(struct iter *it, struct txn *t, enum table table, struct str key);
int iter_le(struct iter *it, struct txn *t, enum table table, struct str key);
int iter_next(struct iter *it);
int iter_prev(struct iter *it);
void iter_end(struct iter *it);
#define ITER_INIT ((struct iter){0})

/* --- sequences and counts --- */
uint64_t seq_next(struct txn *t, enum sequence s);
/* The last one given. */
int seq_last(struct txn *t, enum sequence s, uint64_t *v);
void count_change(struct txn *t, unsigned slot, int by);
int count_get(struct txn *t, unsigned slot, uint64_t *v);

/* --- reading records --- */
/* Fails the transaction: the row of this key contradicts its table's form. Returns -1. */
int row_corrupt(struct txn *t, enum table table, struct str key);
/* A field's value; a field of the other kind makes the record bad. */
static inline struct str
field_str(struct recr *r)
{
	if (!r->is_str)
		r->bad = true;
	return r->s;
}
static inline uint64_t
field_u64(struct recr *r)
{
	if (r->is_str)
		r->bad = true;
	return r->u;
}
static inline uint32_t
field_u32(struct recr *r)
{
	if (r->is_str || r->u > UINT32_MAX)
		r->bad = true;
	return (uint32_t)r->u;
}
static inline int64_t
field_i64(struct recr *r)
{
	if (r->is_str)
		r->bad = true;
	return recr_i64(r);
}
static inline bool
field_hash(struct recr *r, unsigned char out[SHA256_SIZE])
{
	if (!r->is_str || r->s.n != SHA256_SIZE) {
		r->bad = true;
		return false;
	}
	memcpy(out, r->s.p, SHA256_SIZE);
	return true;
}
/* An enum whose values are 1 to count - 1. */
static inline unsigned
field_enum(struct recr *r, unsigned count)
{
	if (r->is_str || r->u == 0 || r->u >= count) {
		r->bad = true;
		return 0;
	}
	return (unsigned)r->u;
}
/* Written only when the time is set. */
static inline void
rec_time(struct buf *b, uint32_t tag, int64_t v)
{
	if (v != INT64_MIN)
		rec_i64(b, tag, v);
}
/* v[0..n) with room for one more element; the array lives in the arena. */
void *vec_more(struct arena *a, void *v, size_t n, size_t size);

#endif

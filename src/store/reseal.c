#include "store/reseal.h"
#include "store/blob.h"
#include "store/outbox.h"
#include "store/sealed.h"
#include "store/ticket_index.h"

/* Tickets first: what is of a ticket asks it for its key. */
static const enum table order[] = {T_TICKET, T_ARTICLE, T_OUTBOX, T_BLOB};
enum {
	TABLES_N = sizeof order / sizeof *order
};

/* A row's key, or of a piece behind the first of a row: no row. */
static bool
row_key_of(enum table table, struct str key, struct str value, uint64_t *id,
    uint64_t *of)
{
	if (!key_read_uint(&key, 8, id) || key.n)
		return false;
	switch (table) {
	case T_TICKET:
		*of = ticket_row_key(value);
		break;
	case T_ARTICLE:
		*of = article_row_key(value);
		break;
	case T_OUTBOX:
		*of = outbox_row_key(value);
		break;
	default:
		*of = blob_row_key(value);
		break;
	}
	return true;
}

/* --- one row ----------------------------------------------------------- */

struct deed {
	struct txn *t;
	uint64_t from, to; /* keys; from 0: what is in clear, to its own */
};

static void
put_ticket(struct deed *d, struct arena *a, uint64_t id)
{
	struct ticket k;

	if (ticket_get(d->t, a, id, &k) <= 0 || k.sealed.n)
		return;
	if (d->to)
		k.key = d->to;
	ticket_put(d->t, &k);
}

static void
put_article(struct deed *d, struct arena *a, uint64_t id)
{
	struct article r;

	if (article_get(d->t, a, id >> KEY_SEQ_BITS,
		(uint32_t)(id & KEY_SEQ_MAX), &r) <= 0 ||
	    r.sealed.n)
		return;
	if (d->to)
		r.key = d->to;
	article_put(d->t, &r);
}

static void
put_row(struct deed *d, struct arena *a, uint64_t id)
{
	struct outbox o;

	if (outbox_get(d->t, a, id, &o) <= 0 || o.sealed.n)
		return;
	if (d->to)
		o.key = d->to;
	outbox_put(d->t, &o);
}

static void
put(struct deed *d, enum table table, uint64_t id)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	switch (table) {
	case T_TICKET:
		put_ticket(d, &a, id);
		break;
	case T_ARTICLE:
		put_article(d, &a, id);
		break;
	case T_OUTBOX:
		put_row(d, &a, id);
		break;
	default:
		/* Of quarantined mail, and of nothing else by now. */
		blob_claim(d->t, id, d->to ? d->to : VAULT_COMMON);
		break;
	}
}

/* --- all of them ------------------------------------------------------- */

/* place: the table's number in `order`, and the key to go on from. */
static void
keep(struct buf *place, size_t table, struct str key)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	buf_putc(&b, (char)table);
	buf_put(&b, key);
	buf_reset(place);
	buf_put(place, buf_str(&b));
}

/* As many rows of one table as there is room for: 1 at its end, 0, -1. */
static int
walk(struct deed *d, size_t table, struct str from, struct buf *place,
    size_t *rows, uint64_t *done)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	size_t looked = 0;
	uint64_t id, of;
	int r;

	for (r = iter_ge(&it, d->t, order[table], from); r > 0;
	     r = iter_next(&it)) {
		/* What is only looked at costs little, but not nothing. */
		if (*rows == 0 || ++looked > 100000) {
			keep(place, table, it.key);
			return 0;
		}
		if (!row_key_of(order[table], it.key, it.value, &id, &of) ||
		    of != d->from)
			continue;
		put(d, order[table], id);
		--*rows;
		++*done;
		if (d->t->err.code != ERR_NONE)
			return -1;
	}
	return r < 0 ? -1 : 1;
}

static int
go_through(struct deed *d, struct buf *place, size_t rows, uint64_t *done)
{
	AUTO(buf_fini) struct buf at = BUF_INIT;
	size_t table = place->n ? (unsigned char)place->p[0] : 0;

	buf_put(&at, str_from(buf_str(place), 1));
	must(table < TABLES_N);
	for (; table < TABLES_N; table++) {
		int r = walk(d, table, buf_str(&at), place, &rows, done);

		if (r <= 0)
			return r < 0 ? -1 : 1;
		buf_reset(&at);
	}
	return 0;
}

int
reseal_plain(struct txn *t, struct buf *place, size_t rows, uint64_t *done)
{
	struct deed d = {t, 0, 0};

	must(sealed_new(t));
	return go_through(&d, place, rows, done);
}

int
reseal_move(
    struct txn *t, uint64_t key, struct buf *place, size_t rows, uint64_t *done)
{
	struct deed d = {t, key, VAULT_COMMON};

	must(key >= VAULT_FIRST);
	/* Nothing of it can be opened, nor has to be kept. */
	if (!t->store->vault || vault_look(t->store->vault, key) != VAULT_HELD)
		return 0;
	return go_through(&d, place, rows, done);
}

int
reseal_forget(struct txn *t, uint64_t key, struct err *err)
{
	return t->store->vault ? vault_forget(t->store->vault, key, err) : 0;
}

int
reseal_words(struct txn *t, uint64_t *next)
{
	struct str v;
	int r = row_get(t, T_META, S("vault.words"), &v);

	*next = 0;
	if (r > 0 && v.n && (!key_read_uint(&v, 8, next) || v.n))
		return row_corrupt(t, T_META, S("vault.words"));
	return MIN(r, 0);
}

void
reseal_words_note(struct txn *t, uint64_t next)
{
	struct key v = {0};

	if (next)
		key_uint(&v, next, 8);
	meta_put(t, S("vault.words"), key_str(&v));
}

int
reseal_count(struct txn *t, struct reseal_counts *out)
{
	*out = (struct reseal_counts){0};
	for (size_t i = 0; i < TABLES_N; i++) {
		AUTO(iter_end) struct iter it = ITER_INIT;
		uint64_t id, of;
		int r;

		for (r = iter_ge(&it, t, order[i], str_n(NULL, 0)); r > 0;
		     r = iter_next(&it)) {
			if (!row_key_of(order[i], it.key, it.value, &id, &of))
				continue;
			if (order[i] == T_BLOB)
				*(of ? &out->mails_sealed
				     : &out->mails_plain) += 1;
			else
				*(of ? &out->sealed : &out->plain) += 1;
		}
		if (r < 0)
			return -1;
	}
	return 0;
}

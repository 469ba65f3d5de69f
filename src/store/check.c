/*
 * The check walks each table once in key order and looks up what its rows name. Two bitmaps stay in memory: which tickets
 * exist (for the many postings) and which blobs have an owner; a bit each.
 *
 * A row that does not decode fails its transaction; here that is one more problem, and the walk goes on.
 */
#include "store/check.h"
#include "base/mem.h"
#include "store/check_private.h"

#include <stdio.h>

/* --- telling --- */

bool
check_tell(struct check *c, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	if (c->stop)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->out->problems++;
	if (!c->problem(c->ctx, text) || c->out->problems >= c->max)
		c->stop = true;
	return !c->stop;
}

/* What a failed look-up said becomes a problem, and the transaction good again: it only reads. */
bool
check_failed(struct check *c)
{
	struct err e;

	if (txn_error(c->t, &e) == 0)
		return false;
	c->t->err = ERR_INIT;
	if (e.code == ERR_TEMP) {
		c->broken = e;
		c->stop = true;
	} else {
		check_tell(c, "%s", e.msg);
	}
	return true;
}

void
check_step(struct check *c, const char *what)
{
	if (what != c->what) {
		c->what = what;
		c->done = 0;
	}
	c->done++;
	if (c->o->progress && (c->done & 1023) == 1)
		c->o->progress(c->o->progress_ctx, what, c->done - 1, c->all);
}

/* --- bits --- */

void
check_bits_set(struct check_bits *b, uint64_t i)
{
	if (i <= b->max)
		b->v[i / 8] |= (unsigned char)(1u << i % 8);
}

bool
check_bits_has(const struct check_bits *b, uint64_t i)
{
	return i <= b->max && b->v[i / 8] & 1u << i % 8;
}

static void
bits_init(struct check *c, struct check_bits *b, enum sequence seq)
{
	uint64_t last = 0;

	if (seq_last(c->t, seq, &last) < 0 || last > (UINT64_C(1) << 33)) {
		check_failed(c);
		last = 0;
	}
	b->max = last;
	b->v = mem_new((size_t)(last / 8 + 1));
}

void
check_walk(struct check *c, enum table table, const char *what,
    void (*fn)(struct check *c, struct str key, struct str value))
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	if (c->stop)
		return;
	table_rows(c->t, table, &c->all);
	for (r = iter_ge(&it, c->t, table, str_n(NULL, 0)); r > 0 && !c->stop;
	     r = iter_next(&it)) {
		check_step(c, what);
		arena_reset(&c->a);
		fn(c, it.key, it.value);
	}
	if (r < 0)
		check_failed(c);
}

bool
check_has_ticket(struct check *c, uint64_t id)
{
	return check_bits_has(&c->tickets, id);
}

bool
check_has_article(struct check *c, uint64_t ticket, uint64_t seq)
{
	struct str v;
	struct key k;

	if (ticket == 0 || ticket > KEY_TICKET_MAX || seq == 0 ||
	    seq > KEY_SEQ_MAX)
		return false;
	k = key_of_ticket_seq(ticket, (uint32_t)seq);
	return row_get(c->t, T_ARTICLE, key_str(&k), &v) > 0;
}

/* --- sequences --- */

static void
check_sequence(struct check *c, enum table table, enum sequence seq)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct key last = {0};
	uint64_t given, id;
	struct str k;

	key_uint(&last, UINT64_MAX, 8);
	if (seq_last(c->t, seq, &given) < 0 ||
	    iter_le(&it, c->t, table, key_str(&last)) <= 0) {
		check_failed(c);
		return;
	}
	k = it.key;
	if (key_read_uint(&k, 8, &id) && id > given)
		check_tell(c,
		    "%s has number %llu, and the last one given is "
		    "%llu",
		    table_name(table), (unsigned long long)id,
		    (unsigned long long)given);
}

static void
read_schema(struct check *c)
{
	struct str v;

	if (row_get(c->t, T_META, S("schema"), &v) <= 0 ||
	    !str_u64(v, &c->schema))
		check_failed(c);
}

static void
check_all(struct check *c)
{
	read_schema(c);
	check_sequence(c, T_TICKET, SEQ_TICKET);
	check_sequence(c, T_BLOB, SEQ_BLOB);
	check_sequence(c, T_OUTBOX, SEQ_OUTBOX);
	check_sequence(c, T_QUARANTINE, SEQ_QUARANTINE);
	check_sequence(c, T_KB, SEQ_KB);
	bits_init(c, &c->tickets, SEQ_TICKET);
	bits_init(c, &c->owned, SEQ_BLOB);
	check_tickets(c);
	check_mail(c);
	check_grants(c);
	if (!c->stop)
		check_terms(c);
	if (!c->stop)
		check_knowledge(c);
}

int
store_check(struct store *s, const struct store_check_options *o,
    bool (*problem)(void *ctx, const char *text), void *ctx,
    struct store_counts *out, struct err *err)
{
	struct store_check_options def = {0};
	struct check c = {.o = o ? o : &def,
	    .problem = problem,
	    .ctx = ctx,
	    .out = out,
	    .max = o && o->max_problems ? o->max_problems : 1000};

	*out = (struct store_counts){0};
	if (txn_read(s, &c.t, err) < 0)
		return -1;
	c.history = sha256_new();
	c.history_until = c.o->history_until ? c.o->history_until : INT64_MAX;
	check_all(&c);
	sha256_done(c.history, out->history);
	arena_fini(&c.a);
	buf_fini(&c.raw);
	mem_free(c.tickets.v);
	mem_free(c.owned.v);
	mem_free(c.stubs);
	txn_abort(&c.t);
	if (c.broken.code == ERR_NONE)
		return 0;
	if (err)
		*err = c.broken;
	return -1;
}

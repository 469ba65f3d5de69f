/*
 * The check walks each table once in key order and looks up what its rows name. Two bitmaps stay in memory: which tickets
 * exist (for the many postings) and which blobs have an owner; a bit each.
 *
 * A row that does not decode fails its transaction; here that is one more problem, and the walk goes on.
 */
#include "store/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/blob.h"
#include "store/check_private.h"
#include "store/ledger_private.h"
#include "store/outbox_private.h"
#include "store/person.h"
#include "store/ticket_index.h"
#include "store/timer.h"

#include <stdio.h>

enum { MAIL_MAX = 1 << 30 }; /* no stored mail is as large as this */

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
		c->o->progress(
		    c->o->progress_ctx, what, c->done - 1, c->all);
}

/* --- bits --- */

static void
bits_set(struct check_bits *b, uint64_t i)
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

/* Goes through a table: fn for each row. */
static void
walk(struct check *c, enum table table, const char *what,
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

static bool
ticket_exists(struct check *c, uint64_t id)
{
	return check_bits_has(&c->tickets, id);
}

static bool
article_exists(struct check *c, uint64_t ticket, uint64_t seq)
{
	struct str v;
	struct key k;

	if (ticket == 0 || ticket > KEY_TICKET_MAX || seq == 0 ||
	    seq > KEY_SEQ_MAX)
		return false;
	k = key_of_ticket_seq(ticket, (uint32_t)seq);
	return row_get(c->t, T_ARTICLE, key_str(&k), &v) > 0;
}

/* --- tickets --- */

static void
check_index_rows(struct check *c, struct str value, uint64_t id)
{
	unsigned char want[TICKET_INDEX_VALUE];
	struct key keys[TICKET_INDEXES];
	struct ticket_entry e;

	if (!ticket_row_entry(value, id, &e))
		return;
	ticket_index_rows(&e, keys, want);
	for (size_t i = 0; i < TICKET_INDEXES; i++) {
		struct str v;

		if (keys[i].n == 0)
			continue;
		c->index_rows++;
		if (row_get(c->t, T_TICKET_INDEX, key_str(&keys[i]), &v) <= 0)
			check_tell(c,
			    "ticket %llu is missing in the list of its %s",
			    (unsigned long long)id,
			    (const char *[]){"status", "queue", "assignee",
				"requester"}[i]);
		else if (!str_eq(v, str_n((char *)want, sizeof want)))
			check_tell(c,
			    "ticket %llu: an index row says something else",
			    (unsigned long long)id);
	}
}

/* Rows of a ticket in a table keyed (ticket, seq) are 1 to n. */
static void
check_series(struct check *c, enum table table, uint64_t id, uint32_t n)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct key from = key_of_ticket_seq(id, 0);
	uint32_t want = 1;
	int r;

	for (r = iter_ge(&it, c->t, table, key_str(&from)); r > 0;
	    r = iter_next(&it)) {
		struct str k = it.key;
		uint64_t v;

		if (!key_read_uint(&k, 8, &v) || v >> KEY_SEQ_BITS != id)
			break;
		if (k.n) /* a further piece of the row before */
			continue;
		if ((v & KEY_SEQ_MAX) != want) {
			check_tell(c, "ticket %llu: %s %u is missing",
			    (unsigned long long)id, table_name(table), want);
			return;
		}
		want++;
	}
	if (r < 0)
		check_failed(c);
	else if (want - 1 != n)
		check_tell(c, "ticket %llu counts %u in %s, there are %u",
		    (unsigned long long)id, n, table_name(table), want - 1);
}

static void
check_ticket(struct check *c, struct str key, struct str value)
{
	struct str s = key;
	struct ticket k;
	uint64_t id;

	if (!key_read_uint(&s, 8, &id) || s.n || id == 0 ||
	    id > c->tickets.max) {
		check_tell(c, "a ticket has a number that was never given");
		return;
	}
	c->out->tickets++;
	if (ticket_get(c->t, &c->a, id, &k) <= 0) {
		check_failed(c);
		return;
	}
	c->statuses[k.status]++;
	check_index_rows(c, value, id);
	check_series(c, T_ARTICLE, id, k.articles);
	check_series(c, T_EVENT, id, k.events);
	for (size_t i = 0; i < k.nlinks; i++)
		if (!ticket_exists(c, k.links[i].ticket))
			check_tell(c,
			    "ticket %llu is linked to ticket %llu, which "
			    "does not exist",
			    (unsigned long long)id,
			    (unsigned long long)k.links[i].ticket);
	if (k.merged_into && !ticket_exists(c, k.merged_into))
		check_tell(c, "ticket %llu is merged into one that does not "
			      "exist",
		    (unsigned long long)id);
}

static void
note_ticket(struct check *c, struct str key, struct str value)
{
	uint64_t id;

	(void)value;
	if (key_read_uint(&key, 8, &id))
		bits_set(&c->tickets, id);
}

/* Only when the numbers of rows differ: which ones are too many. */
static void
check_index_row(struct check *c, struct str key, struct str value)
{
	struct key keys[TICKET_INDEXES], k;
	unsigned char v[TICKET_INDEX_VALUE];
	struct ticket_entry e;
	struct str row;
	uint64_t id;

	(void)value;
	if (!ticket_index_id(key, &id)) {
		check_tell(c, "an index row of tickets is not in its form");
		return;
	}
	k = key_of_u64(id);
	if (row_get(c->t, T_TICKET, key_str(&k), &row) > 0 &&
	    ticket_row_entry(row, id, &e)) {
		ticket_index_rows(&e, keys, v);
		for (size_t i = 0; i < TICKET_INDEXES; i++)
			if (str_eq(key, key_str(&keys[i])))
				return;
	}
	check_failed(c);
	check_tell(c, "ticket %llu is in a list where it does not belong",
	    (unsigned long long)id);
}

static void
check_tickets(struct check *c)
{
	uint64_t n;

	walk(c, T_TICKET, "tickets", note_ticket);
	walk(c, T_TICKET, "tickets and their indexes", check_ticket);
	if (c->stop)
		return;
	table_rows(c->t, T_TICKET_INDEX, &n);
	if (n != c->index_rows)
		walk(c, T_TICKET_INDEX, "ticket indexes", check_index_row);
	for (enum status s = STATUS_NONE + 1; s < STATUS_COUNT; s++)
		if (ticket_count(c->t, s, &n) == 0 && n != c->statuses[s])
			check_tell(c, "%llu tickets are counted as %s, there "
				      "are %llu",
			    (unsigned long long)n, status_name(s),
			    (unsigned long long)c->statuses[s]);
	check_failed(c);
}

/* --- stored mail --- */

/* The blob is there and, where asked, holds what the row says. A zero hash says nothing. */
static void
check_blob(struct check *c, uint64_t blob, uint64_t size,
    const unsigned char hash[SHA256_SIZE], const char *whose,
    unsigned long long number)
{
	static const unsigned char zero[SHA256_SIZE];
	unsigned char got[SHA256_SIZE];
	struct key k = key_of_u64(blob);
	struct str v;
	int r;

	bits_set(&c->owned, blob);
	if (c->o->skip_content) {
		if (row_get(c->t, T_BLOB, key_str(&k), &v) == 0)
			check_tell(c, "%s %llu: its mail is missing", whose,
			    number);
		return;
	}
	buf_reset(&c->raw);
	r = blob_get(c->t, blob, MAIL_MAX, &c->raw);
	if (r == 0)
		check_tell(c, "%s %llu: its mail is missing", whose, number);
	if (r < 0)
		check_failed(c);
	if (r <= 0)
		return;
	c->out->raw_bytes += c->raw.n;
	if (size && c->raw.n != size)
		check_tell(c, "%s %llu: its mail has %zu bytes, not %llu",
		    whose, number, c->raw.n, (unsigned long long)size);
	if (!hash || memcmp(hash, zero, sizeof zero) == 0)
		return;
	sha256(buf_str(&c->raw), got);
	if (memcmp(got, hash, sizeof got) != 0)
		check_tell(c, "%s %llu: its mail is not the one that was "
			      "stored (SHA-256)",
		    whose, number);
}

/* Of a mail that was too large, less is kept than the row says. */
static bool
is_stub(const struct check *c, uint64_t ticket_seq)
{
	for (size_t i = 0; i < c->nstubs; i++)
		if (c->stubs[i] == ticket_seq)
			return true;
	return false;
}

static void
check_article(struct check *c, struct str key, struct str value)
{
	struct article r;
	struct str s = key;
	uint64_t v;
	bool stub;

	(void)value;
	if (!key_read_uint(&s, 8, &v) || (s.n && s.n != 3)) {
		check_tell(c, "a row of articles has no proper key");
		return;
	}
	if (s.n)
		return;
	c->out->articles++;
	if (!ticket_exists(c, v >> KEY_SEQ_BITS)) {
		check_tell(c, "an article belongs to ticket %llu, which does "
			      "not exist",
		    (unsigned long long)(v >> KEY_SEQ_BITS));
		return;
	}
	if (article_get(c->t, &c->a, v >> KEY_SEQ_BITS,
		(uint32_t)(v & KEY_SEQ_MAX), &r) <= 0) {
		check_failed(c);
		return;
	}
	stub = is_stub(c, v);
	if (r.blob)
		check_blob(c, r.blob, stub ? 0 : r.size,
		    stub ? NULL : r.sha256, "an article of ticket", r.ticket);
	if (r.outbox) {
		struct key k = key_of_u64(r.outbox);
		struct str o;

		if (row_get(c->t, T_OUTBOX, key_str(&k), &o) <= 0)
			check_tell(c,
			    "ticket %llu: article %u names outbox row %llu, "
			    "which does not exist",
			    (unsigned long long)r.ticket, r.seq,
			    (unsigned long long)r.outbox);
	}
}

static void
check_event(struct check *c, struct str key, struct str value)
{
	struct str s = key;
	struct event e;
	uint64_t v;

	(void)value;
	c->out->events++;
	if (!key_read_uint(&s, 8, &v) || s.n ||
	    !ticket_exists(c, v >> KEY_SEQ_BITS))
		check_tell(c, "an event belongs to no ticket");
	else if (event_get(c->t, &c->a, v >> KEY_SEQ_BITS,
		     (uint32_t)(v & KEY_SEQ_MAX), &e) <= 0)
		check_failed(c);
}

static bool
check_quarantined(void *ctx, const struct quarantined *q)
{
	struct check *c = ctx;

	check_step(c, "quarantine");
	c->out->quarantined++;
	if (q->blob)
		check_blob(c, q->blob, 0, q->sha256, "quarantined mail", q->id);
	return !c->stop;
}

static void
check_owner(struct check *c, struct str key, struct str value)
{
	struct str s = key;
	uint64_t id;

	(void)value;
	if (!key_read_uint(&s, 8, &id) || (s.n && s.n != 3)) {
		check_tell(c, "a row of stored mail has no proper key");
		return;
	}
	if (s.n)
		return;
	c->out->blobs++;
	if (!check_bits_has(&c->owned, id))
		check_tell(c, "stored mail %llu belongs to nothing",
		    (unsigned long long)id);
}

/* --- the ledger and what finds a ticket --- */

static void
check_ledger_row(struct check *c, struct str key, struct str value)
{
	struct quarantined q;
	struct ledger_row row;
	struct str long_key, name;
	uint64_t source;

	c->out->ledger++;
	if (!key_read_uint(&key, 4, &source) ||
	    !ledger_decode(value, &row, &long_key)) {
		check_tell(c, "a row of the ledger is not in its form");
		return;
	}
	if (source_name(c->t, &c->a, (uint32_t)source, &name) <= 0)
		check_tell(c, "a row of the ledger has source %llu, which has "
			      "no name",
		    (unsigned long long)source);
	if (row.fate == FATE_QUARANTINE) {
		if (quarantine_get(c->t, &c->a, row.quarantine, &q) == 0)
			check_tell(c,
			    "a message of source %llu is said to be in "
			    "quarantine (%llu) and is not",
			    (unsigned long long)source,
			    (unsigned long long)row.quarantine);
		check_failed(c);
		return;
	}
	if (row.fate == FATE_OVERSIZE && row.ticket) {
		c->stubs = mem_fit(c->stubs, &c->stubs_cap, c->nstubs + 1,
		    sizeof *c->stubs);
		c->stubs[c->nstubs++] = row.ticket << KEY_SEQ_BITS | row.seq;
	}
	/* What was recorded on no ticket (a bounce of nothing we know) has none. */
	if (row.fate == FATE_INTERNAL && row.ticket == 0)
		return;
	if (!ticket_exists(c, row.ticket) ||
	    (row.seq && !article_exists(c, row.ticket, row.seq)) ||
	    (!row.seq && row.fate != FATE_INTERNAL))
		check_tell(c,
		    "a message of source %llu is said to be article %u of "
		    "ticket %llu, which does not exist",
		    (unsigned long long)source, row.seq,
		    (unsigned long long)row.ticket);
}

static void
check_hash(struct check *c, struct str key, struct str value)
{
	unsigned char hash[SHA256_SIZE];
	struct article r;
	uint64_t ticket;
	uint32_t seq;

	(void)value;
	c->out->hashes++;
	if (key.n != SHA256_SIZE) {
		check_tell(c, "a content hash is not in its form");
		return;
	}
	memcpy(hash, key.p, sizeof hash);
	if (rawhash_get(c->t, hash, &ticket, &seq) <= 0 ||
	    article_get(c->t, &c->a, ticket, seq, &r) <= 0) {
		if (!check_failed(c))
			check_tell(c, "a content hash names an article that "
				      "does not exist");
	} else if (memcmp(r.content, hash, sizeof hash) != 0) {
		check_tell(c,
		    "ticket %llu: article %u does not have the content its "
		    "hash was stored for",
		    (unsigned long long)ticket, seq);
	}
}

static void
check_message_id(struct check *c, struct str key, struct str value)
{
	uint64_t ticket;

	c->out->message_ids++;
	if (key.n != 16 || !varint_get(&value, &ticket) || value.n)
		check_tell(c, "a row of Message-IDs is not in its form");
	else if (!ticket_exists(c, ticket))
		check_tell(c, "a Message-ID names ticket %llu, which does not "
			      "exist",
		    (unsigned long long)ticket);
}

static bool
check_person(void *ctx, const struct person *p)
{
	struct check *c = ctx;

	check_step(c, "people");
	arena_reset(&c->a);
	c->out->persons++;
	(void)p;
	return !c->stop;
}

static bool
check_timer(void *ctx, const struct timer *m)
{
	struct check *c = ctx;

	check_step(c, "timers");
	arena_reset(&c->a);
	c->out->timers++;
	if (m->ticket && !ticket_exists(c, m->ticket))
		check_tell(c, "a timer is for ticket %llu, which does not exist",
		    (unsigned long long)m->ticket);
	return !c->stop;
}

static void
check_source(struct check *c, struct str key, struct str value)
{
	struct str s = key;
	struct folder f;
	uint64_t n;
	char kind;

	if (s.n == 0) {
		check_tell(c, "a row of sources is not in its form");
		return;
	}
	kind = s.p[0];
	s = str_from(s, 1);
	if (kind == 'i' && key_read_uint(&s, 4, &n) && s.n == 0) {
		if (source_number(c->t, arena_dup(&c->a, value)) != n)
			check_tell(c, "source %llu is not found by its name",
			    (unsigned long long)n);
	} else if (kind == 'f' && key_read_uint(&s, 4, &n)) {
		if (s.n == 0 && folder_get(c->t, &c->a, (uint32_t)n, &f) < 0)
			check_failed(c);
	} else if (kind != 'n') {
		check_tell(c, "a row of sources is not in its form");
	}
}

static void
check_unindexed(struct check *c, struct str key, struct str value)
{
	uint64_t v;

	(void)value;
	if (!key_read_uint(&key, 8, &v) || key.n ||
	    !article_exists(c, v >> KEY_SEQ_BITS, v & KEY_SEQ_MAX))
		check_tell(c, "an article that is to be indexed does not exist");
}

/* --- the outbox --- */

static void
check_outbox_row(struct check *c, struct str key, struct str value)
{
	struct str s = key, v;
	struct outbox o;
	struct key k;
	uint64_t id;

	(void)value;
	c->out->outbox++;
	if (!key_read_uint(&s, 8, &id) || s.n ||
	    outbox_get(c->t, &c->a, id, &o) <= 0) {
		if (!check_failed(c))
			check_tell(c, "a row of the outbox has no proper key");
		return;
	}
	c->states[o.state]++;
	if (o.ticket && !ticket_exists(c, o.ticket))
		check_tell(c, "outbox row %llu is of ticket %llu, which does "
			      "not exist",
		    (unsigned long long)id, (unsigned long long)o.ticket);
	if (o.ticket && o.seq && !article_exists(c, o.ticket, o.seq))
		check_tell(c, "outbox row %llu sends an article that does not "
			      "exist",
		    (unsigned long long)id);
	if (o.blob)
		check_blob(c, o.blob, o.size, NULL, "outbox row", id);
	else
		check_tell(c, "outbox row %llu has no mail",
		    (unsigned long long)id);
	if (!outbox_index_key(o.state, o.next, id, &k))
		return;
	c->due_rows++;
	if (row_get(c->t, T_OUTBOX_INDEX, key_str(&k), &v) <= 0)
		check_tell(c, "outbox row %llu is %s and not in the list of "
			      "those",
		    (unsigned long long)id, outbox_state_name(o.state));
}

static void
check_due(struct check *c, struct str key, struct str value)
{
	enum outbox_state state;
	struct outbox o;
	struct key k;
	int64_t next;
	uint64_t id;

	(void)value;
	if (!outbox_index_read(key, &state, &next, &id)) {
		check_tell(c, "an index row of the outbox is not in its form");
		return;
	}
	if (outbox_get(c->t, &c->a, id, &o) > 0 &&
	    outbox_index_key(o.state, o.next, id, &k) &&
	    str_eq(key, key_str(&k)))
		return;
	check_failed(c);
	check_tell(c, "outbox row %llu is in a list where it does not belong",
	    (unsigned long long)id);
}

static void
check_outbox(struct check *c)
{
	uint64_t n;

	walk(c, T_OUTBOX, "outbox", check_outbox_row);
	if (c->stop)
		return;
	table_rows(c->t, T_OUTBOX_INDEX, &n);
	if (n != c->due_rows)
		walk(c, T_OUTBOX_INDEX, "outbox index", check_due);
	for (enum outbox_state s = OUTBOX_NONE + 1; s < OUTBOX_STATE_COUNT; s++)
		if (outbox_count(c->t, s, &n) == 0 && n != c->states[s])
			check_tell(c, "%llu outbox rows are counted as %s, "
				      "there are %llu",
			    (unsigned long long)n, outbox_state_name(s),
			    (unsigned long long)c->states[s]);
	check_failed(c);
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
		check_tell(c, "%s has number %llu, and the last one given is "
			      "%llu",
		    table_name(table), (unsigned long long)id,
		    (unsigned long long)given);
}

static void
check_all(struct check *c)
{
	check_sequence(c, T_TICKET, SEQ_TICKET);
	check_sequence(c, T_BLOB, SEQ_BLOB);
	check_sequence(c, T_OUTBOX, SEQ_OUTBOX);
	check_sequence(c, T_QUARANTINE, SEQ_QUARANTINE);
	bits_init(c, &c->tickets, SEQ_TICKET);
	bits_init(c, &c->owned, SEQ_BLOB);
	check_tickets(c);
	walk(c, T_SOURCE, "sources", check_source);
	walk(c, T_LEDGER, "ledger", check_ledger_row);
	walk(c, T_ARTICLE, "articles", check_article);
	walk(c, T_EVENT, "events", check_event);
	walk(c, T_RAWHASH, "content hashes", check_hash);
	walk(c, T_MSGID, "Message-IDs", check_message_id);
	walk(c, T_UNINDEXED, "articles to index", check_unindexed);
	check_outbox(c);
	if (!c->stop &&
	    (person_each(c->t, &c->a, check_person, c) < 0 ||
		timer_each(c->t, &c->a, check_timer, c) < 0 ||
		quarantine_each(c->t, &c->a, check_quarantined, c) < 0))
		check_failed(c);
	walk(c, T_BLOB, "stored mail", check_owner);
	if (!c->stop)
		check_terms(c);
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
	check_all(&c);
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

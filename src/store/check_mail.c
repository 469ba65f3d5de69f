/* The check's part on mail: what is stored, the ledger, what finds a ticket, and the outbox. */
#include "base/mem.h"
#include "store/blob.h"
#include "store/check_private.h"
#include "store/ledger_private.h"
#include "store/outbox_private.h"
#include "store/person.h"
#include "store/retain.h"
#include "store/store_private.h"
#include "store/timer.h"

enum {
	MAIL_MAX = 1 << 30
}; /* no stored mail is as large as this */

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

	check_bits_set(&c->owned, blob);
	if (c->o->skip_content) {
		if (row_get(c->t, T_BLOB, key_str(&k), &v) == 0)
			check_tell(
			    c, "%s %llu: its mail is missing", whose, number);
		return;
	}
	buf_reset(&c->raw);
	r = blob_get(c->t, blob, MAIL_MAX, &c->raw);
	if (r == 0 && !blob_is_erased(c->t, blob))
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
		check_tell(c,
		    "%s %llu: its mail is not the one that was "
		    "stored (SHA-256)",
		    whose, number);
}

/* Words that could not be opened. Where there is no vault nobody expects it. */
void
check_sealed(struct check *c, uint64_t key, struct str sealed,
    const char *whose, uint64_t number)
{
	if (sealed.n && c->t->store->vault)
		check_tell(c,
		    "%s %llu: it is sealed with key %llu, which the vault does "
		    "not have",
		    whose, (unsigned long long)number, (unsigned long long)key);
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
	if (!check_has_ticket(c, v >> KEY_SEQ_BITS)) {
		check_tell(c,
		    "an article belongs to ticket %llu, which does "
		    "not exist",
		    (unsigned long long)(v >> KEY_SEQ_BITS));
		return;
	}
	if (article_get(c->t, &c->a, v >> KEY_SEQ_BITS,
		(uint32_t)(v & KEY_SEQ_MAX), &r) <= 0) {
		check_failed(c);
		return;
	}
	check_sealed(c, r.key, r.sealed, "an article of ticket", r.ticket);
	stub = is_stub(c, v);
	if (r.blob)
		check_blob(c, r.blob, stub ? 0 : r.size, stub ? NULL : r.sha256,
		    "an article of ticket", r.ticket);
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
	    !check_has_ticket(c, v >> KEY_SEQ_BITS))
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
		check_tell(c,
		    "a row of the ledger has source %llu, which has "
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
		c->stubs = mem_fit(
		    c->stubs, &c->stubs_cap, c->nstubs + 1, sizeof *c->stubs);
		c->stubs[c->nstubs++] = row.ticket << KEY_SEQ_BITS | row.seq;
	}
	/* What was recorded on no ticket (a bounce of nothing we know) has none; nor has what was not to be read. */
	if (row.ticket == 0 &&
	    (row.fate == FATE_INTERNAL || row.fate == FATE_SKIPPED ||
		row.fate == FATE_REMOVED))
		return;
	if (!check_has_ticket(c, row.ticket) ||
	    (row.seq && !check_has_article(c, row.ticket, row.seq)) ||
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
	else if (!check_has_ticket(c, ticket))
		check_tell(c,
		    "a Message-ID names ticket %llu, which does not "
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
	if (m->ticket && !check_has_ticket(c, m->ticket))
		check_tell(c,
		    "a timer is for ticket %llu, which does not exist",
		    (unsigned long long)m->ticket);
	return !c->stop;
}

static bool
check_retained(void *ctx, int64_t at, uint64_t ticket)
{
	struct check *c = ctx;

	(void)at;
	check_step(c, "times of tickets");
	if (!check_has_ticket(c, ticket))
		check_tell(c, "ticket %llu is to be purged, and does not exist",
		    (unsigned long long)ticket);
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

/* A key's number, and one that was given. */
static void
check_person_key(struct check *c, struct str key, struct str value)
{
	struct str last;
	uint64_t id, max = 0;

	(void)key;
	if (row_get(c->t, T_META, S("vault.last"), &last) > 0)
		key_read_uint(&last, 8, &max);
	if (!key_read_uint(&value, 8, &id) || value.n || id < VAULT_FIRST ||
	    id > max)
		check_tell(
		    c, "a person's key has a number that was never given");
}

static void
check_unindexed(struct check *c, struct str key, struct str value)
{
	uint64_t v;

	(void)value;
	if (!key_read_uint(&key, 8, &v) || key.n ||
	    !check_has_article(c, v >> KEY_SEQ_BITS, v & KEY_SEQ_MAX))
		check_tell(
		    c, "an article that is to be indexed does not exist");
}

/* --- the outbox --- */

/* In the list of its ticket's? */
static void
check_row_listed(struct check *c, const struct outbox *o)
{
	struct key k = outbox_ticket_key(o->ticket, o->id);
	struct str v;

	/* An old backup that is read as it is has no such list. */
	if (!o->ticket || c->schema < 3)
		return;
	c->ticket_rows++;
	if (row_get(c->t, T_OUTBOX_TICKET, key_str(&k), &v) == 0)
		check_tell(c,
		    "outbox row %llu is not in the list of ticket %llu",
		    (unsigned long long)o->id, (unsigned long long)o->ticket);
}

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
	check_sealed(c, o.key, o.sealed, "outbox row", id);
	check_row_listed(c, &o);
	if (o.ticket && !check_has_ticket(c, o.ticket))
		check_tell(c,
		    "outbox row %llu is of ticket %llu, which does "
		    "not exist",
		    (unsigned long long)id, (unsigned long long)o.ticket);
	if (o.ticket && o.seq && !check_has_article(c, o.ticket, o.seq))
		check_tell(c,
		    "outbox row %llu sends an article that does not "
		    "exist",
		    (unsigned long long)id);
	if (o.blob)
		check_blob(c, o.blob, o.size, NULL, "outbox row", id);
	else if (o.state != OUTBOX_SENT ||
		 o.seq) /* the bytes of notices go once they are sent */
		check_tell(
		    c, "outbox row %llu has no mail", (unsigned long long)id);
	if (!outbox_index_key(&o, c->schema >= 4, &k))
		return;
	c->due_rows++;
	if (row_get(c->t, T_OUTBOX_INDEX, key_str(&k), &v) <= 0)
		check_tell(c,
		    "outbox row %llu is %s and not in the list of "
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
	uint64_t id, lane;

	(void)value;
	if (!outbox_index_read(key, &state, &lane, &next, &id)) {
		check_tell(c, "an index row of the outbox is not in its form");
		return;
	}
	if (outbox_get(c->t, &c->a, id, &o) > 0 &&
	    outbox_index_key(&o, c->schema >= 4, &k) &&
	    str_eq(key, key_str(&k)))
		return;
	check_failed(c);
	check_tell(c, "outbox row %llu is in a list where it does not belong",
	    (unsigned long long)id);
}

static void
check_of_ticket(struct check *c, struct str key, struct str value)
{
	uint64_t ticket, id;
	struct outbox o;

	(void)value;
	if (!outbox_ticket_read(key, &ticket, &id)) {
		check_tell(c, "a row of the outbox's list by tickets is not in "
			      "its form");
		return;
	}
	if (outbox_get(c->t, &c->a, id, &o) > 0 && o.ticket == ticket)
		return;
	check_failed(c);
	check_tell(c,
	    "outbox row %llu is in the list of ticket %llu, whose it is not",
	    (unsigned long long)id, (unsigned long long)ticket);
}

static void
check_outbox(struct check *c)
{
	uint64_t n;

	check_walk(c, T_OUTBOX, "outbox", check_outbox_row);
	if (c->stop)
		return;
	table_rows(c->t, T_OUTBOX_TICKET, &n);
	if (n != c->ticket_rows && c->schema >= 3)
		check_walk(
		    c, T_OUTBOX_TICKET, "outbox by ticket", check_of_ticket);
	table_rows(c->t, T_OUTBOX_INDEX, &n);
	if (n != c->due_rows)
		check_walk(c, T_OUTBOX_INDEX, "outbox index", check_due);
	for (enum outbox_state s = OUTBOX_NONE + 1; s < OUTBOX_STATE_COUNT; s++)
		if (outbox_count(c->t, s, &n) == 0 && n != c->states[s])
			check_tell(c,
			    "%llu outbox rows are counted as %s, "
			    "there are %llu",
			    (unsigned long long)n, outbox_state_name(s),
			    (unsigned long long)c->states[s]);
	check_failed(c);
}

/* Rows that are decoded by the table's own loop: that ends at the first one that is not in its form. */
static void
check_others(struct check *c)
{
	table_rows(c->t, T_PERSON, &c->all);
	if (person_each(c->t, &c->a, check_person, c) < 0)
		check_failed(c);
	table_rows(c->t, T_TIMER, &c->all);
	if (timer_each(c->t, &c->a, check_timer, c) < 0)
		check_failed(c);
	table_rows(c->t, T_RETAIN, &c->all);
	if (retain_each(c->t, check_retained, c) < 0)
		check_failed(c);
	table_rows(c->t, T_QUARANTINE, &c->all);
	if (quarantine_each(c->t, &c->a, check_quarantined, c) < 0)
		check_failed(c);
}

void
check_mail(struct check *c)
{
	check_walk(c, T_SOURCE, "sources", check_source);
	check_walk(c, T_LEDGER, "ledger", check_ledger_row);
	check_walk(c, T_ARTICLE, "articles", check_article);
	check_walk(c, T_EVENT, "events", check_event);
	check_walk(c, T_RAWHASH, "content hashes", check_hash);
	check_walk(c, T_MSGID, "Message-IDs", check_message_id);
	check_walk(c, T_PERSON_KEY, "keys of people", check_person_key);
	check_walk(c, T_UNINDEXED, "articles to index", check_unindexed);
	check_outbox(c);
	if (!c->stop)
		check_others(c);
	check_walk(c, T_BLOB, "stored mail", check_owner);
}

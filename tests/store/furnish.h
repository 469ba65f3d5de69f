/* A small store with something in every table, and one call that reads all of it through the doors of store/. */
#ifndef TESTS_STORE_FURNISH_H
#define TESTS_STORE_FURNISH_H

#include "base/clock.h"
#include "base/must.h"
#include "store/blob.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/term.h"
#include "store/term_run.h"
#include "store/ticket.h"
#include "store/ticket_index.h"
#include "store/timer.h"
#include "store/txn_private.h"

/* Two tickets, three articles, something in every table. */
static inline void
furnish(struct store *s)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct txn *t = NULL;
	struct term_batch *terms = term_batch_new();
	struct recipient to = {S("a@x.org"), OUTBOX_QUEUED, {0}};
	uint32_t source;
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct str raw = S("From: a@x.org\r\n\r\nHello\r\n");
	struct quarantined q = {
	    .source = S("support/INBOX"), .key = S("k"), .reason = S("odd")};

	must(txn_write(s, &t, NULL) == 0);
	source = source_number(t, S("support/INBOX"));
	blob_pack(raw, &packed);
	for (uint32_t i = 1; i <= 3; i++) {
		struct ticket k = {.status = STATUS_OPEN,
		    .queue = S("support"),
		    .assignee = S("anna"),
		    .requester = {S("A"), S("a@x.org")},
		    .updated = i};
		struct article r = {.direction = DIRECTION_IN,
		    .date = CLOCK_NONE,
		    .text = S("Hello"),
		    .size = raw.n};
		struct ledger_row row = {.fate = FATE_TICKET};
		struct outbox o = {.recipients = &to,
		    .nrecipients = 1,
		    .state = OUTBOX_QUEUED,
		    .next = i,
		    .kind = S("ack")};
		struct event e = {.kind = S("created")};

		if (i == 3)
			must(ticket_get(t, &a, 2, &k) == 1);
		else
			ticket_put(t, &k);
		r.ticket = row.ticket = o.ticket = e.ticket = k.id;
		r.seq = row.seq = e.seq = ++k.articles;
		k.events++;
		event_put(t, &e);
		r.blob = blob_put(t, buf_str(&packed));
		sha256(raw, r.sha256);
		r.content[0] = (unsigned char)i;
		article_put(t, &r);
		ticket_put(t, &k);
		rawhash_put(t, r.content, k.id, r.seq);
		msgid_put(t, arena_printf(&a, "%u@x.org", i), k.id, false);
		o.blob = blob_put(t, buf_str(&packed));
		outbox_put(t, &o);
		ledger_put(t,
		    (struct source_key){
			source, source_key_imap(&a, 1, i)},
		    &row);
		timer_put(t, &(struct timer){i, 1, k.id, S("")});
		term_batch_add(terms, S("hello"), k.id);
		term_batch_add(terms, S("world"), k.id);
		unindexed_put(t, k.id, r.seq);
	}
	person_put(t, &(struct person){.key = S("a@x.org")});
	q.blob = blob_put(t, buf_str(&packed));
	sha256(raw, q.sha256);
	quarantine_add(t, &q);
	ledger_put(t,
	    (struct source_key){source, source_key_imap(&a, 1, 9)},
	    &(struct ledger_row){.fate = FATE_QUARANTINE, .quarantine = q.id});
	folder_put(t, source,
	    &(struct folder){.uidvalidity = 1, .done_below = 10});
	term_batch_put(t, terms);
	term_batch_free(terms);
	must(txn_commit(t, NULL) == 0);
}

/* --- reading everything, whatever the rows hold; every answer is as good as another, but none may crash --- */

static inline bool
any_ticket(void *ctx, const struct ticket *k)
{
	(void)k;
	return ++*(unsigned *)ctx < 20;
}
static inline bool
any_outbox(void *ctx, const struct outbox *o)
{
	(void)o;
	return ++*(unsigned *)ctx < 20;
}
static inline bool
any_person(void *ctx, const struct person *p)
{
	(void)p;
	return ++*(unsigned *)ctx < 20;
}
static inline bool
any_timer(void *ctx, const struct timer *m)
{
	(void)m;
	return ++*(unsigned *)ctx < 20;
}
static inline bool
any_quarantined(void *ctx, const struct quarantined *q)
{
	(void)q;
	return ++*(unsigned *)ctx < 20;
}
static inline bool
any_ledger(void *ctx, struct source_key k, const struct ledger_row *row)
{
	(void)k;
	(void)row;
	return ++*(unsigned *)ctx < 20;
}
static inline bool
any_hit(void *ctx, uint64_t ticket)
{
	(void)ticket;
	return ++*(unsigned *)ctx < 20;
}
static inline bool
any_article(void *ctx, uint64_t ticket, uint32_t seq)
{
	(void)ticket;
	(void)seq;
	return ++*(unsigned *)ctx < 20;
}

/* A failed look-up fails the transaction; the next one is to be tried all the same. */
#define TRY(call) ((call), t->err = ERR_INIT)

static inline void
read_rows(struct txn *t, struct arena *a)
{
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	unsigned char hash[SHA256_SIZE] = {1};
	struct quarantined q;
	struct ledger_row row;
	struct article r;
	struct outbox o;
	struct ticket k;
	struct folder f;
	struct person p;
	struct event e;
	struct timer m;
	struct str s;
	uint64_t n;
	uint32_t seq;
	int64_t at;

	for (uint64_t i = 1; i <= 3; i++) {
		TRY(ticket_get(t, a, i, &k));
		TRY(article_get(t, a, i, 1, &r));
		TRY(event_get(t, a, i, 1, &e));
		TRY(outbox_get(t, a, i, &o));
		TRY(blob_get(t, i, 1 << 20, &raw));
	}
	TRY(quarantine_get(t, a, 1, &q));
	TRY(person_get(t, a, S("a@x.org"), &p));
	TRY(ledger_get(t, (struct source_key){1, source_key_imap(a, 1, 1)},
	    &row));
	TRY(folder_get(t, a, 1, &f));
	TRY(source_name(t, a, 1, &s));
	TRY(source_number(t, S("support/INBOX")));
	TRY(source_number(t, S("another")));
	TRY(msgid_get(t, S("1@x.org"), &n));
	TRY(rawhash_get(t, hash, &n, &seq));
	TRY(timer_first(t, a, &m));
	TRY(outbox_next(t, NULL, &at));
	TRY(outbox_count(t, OUTBOX_QUEUED, &n));
	TRY(ticket_count(t, STATUS_OPEN, &n));
}

static inline void
read_lists(struct txn *t, struct arena *a)
{
	struct ticket_filter f[] = {{0}, {.queue = S("support")},
	    {.assignee = S("anna"), .queue = S("support")},
	    {.requester = S("a@x.org"), .statuses = 12}, {.after = 2}};
	struct str words[] = {S("hello"), S("wor*"), S("world")};
	struct strs q = {words, 1};
	uint64_t ids[8];
	unsigned n;

	for (size_t i = 0; i < ARRAY_LEN(f); i++)
		TRY(ticket_each(t, a, &f[i], any_ticket, (n = 0, &n)));
	for (enum outbox_state s = 0; s < OUTBOX_STATE_COUNT; s++)
		TRY(outbox_each(t, a, s, any_outbox, (n = 0, &n)));
	TRY(outbox_due(t, NULL, 5, ids, ARRAY_LEN(ids)));
	TRY(person_each(t, a, any_person, (n = 0, &n)));
	TRY(timer_each(t, a, any_timer, (n = 0, &n)));
	TRY(quarantine_each(t, a, any_quarantined, (n = 0, &n)));
	TRY(ledger_each(t, 0, any_ledger, (n = 0, &n)));
	TRY(unindexed_each(t, any_article, (n = 0, &n)));
	for (q.n = 1; q.n <= 3; q.n++)
		TRY(term_search(t, &q, any_hit, (n = 0, &n)));
	q.v++;
	q.n = 1;
	TRY(term_search(t, &q, any_hit, (n = 0, &n)));
}

/* Puts that read what was there before. */
static inline void
write_rows(struct txn *t, struct arena *a)
{
	struct outbox o = {.id = 1, .state = OUTBOX_HELD};
	struct ticket k = {.id = 1, .status = STATUS_CLOSED};
	unsigned n = 0;

	TRY(ticket_put(t, &k));
	TRY(outbox_put(t, &o));
	TRY(ledger_put(t, (struct source_key){1, source_key_imap(a, 1, 1)},
	    &(struct ledger_row){.fate = FATE_INTERNAL}));
	TRY(event_put(t, &(struct event){.ticket = 1}));
	for (unsigned i = 0; i < RUN_FANIN; i++) {
		struct term_batch *b = term_batch_new();

		term_batch_add(b, S("hello"), 1 + i);
		TRY(term_batch_put(t, b));
		term_batch_free(b);
	}
	TRY(term_fold(t, 1 << 16));
	TRY(term_fold(t, 1 << 16));
	(void)n;
}

#endif

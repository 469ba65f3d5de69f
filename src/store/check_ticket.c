/* The check's part on tickets: rows, series of articles and events, the secondary indexes and counts. */
#include "store/check_private.h"
#include "store/event.h"
#include "store/ticket_index.h"

static void
check_index_rows(struct check *c, struct str value, uint64_t id)
{
	unsigned char want[TICKET_INDEX_VALUE];
	struct key keys[TICKET_INDEXES];
	struct ticket_entry e;

	if (!ticket_row_entry(value, id, &e))
		return;
	check_load_count(c, &e);
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
			    (const char *[]){
				"status", "queue", "assignee", "requester"}[i]);
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

/* The chain of a ticket's history; what an older program wrote stands before its beginning. */
static void
check_history(struct check *c, uint64_t id, uint32_t n)
{
	unsigned char before[EVENT_DIGEST] = {0}, want[EVENT_DIGEST];
	bool begun = false;

	for (uint32_t seq = 1; seq <= n && seq <= KEY_SEQ_MAX; seq++) {
		struct key k = key_of_ticket_seq(id, seq);
		struct event_row x;
		struct str v;

		if (row_get(c->t, T_EVENT, key_str(&k), &v) <= 0 ||
		    !event_decode(v, id, seq, &x)) {
			if (!check_failed(c))
				check_tell(c,
				    "ticket %llu: event %u cannot be read",
				    (unsigned long long)id, seq);
			return;
		}
		if (!x.chain.n && !begun)
			continue;
		begun = true;
		event_chain(&x, before, want);
		if (!x.chain.n || memcmp(want, x.chain.p, EVENT_DIGEST) != 0) {
			check_tell(c,
			    "ticket %llu: its history was changed at event %u, "
			    "or before it",
			    (unsigned long long)id, seq);
			return;
		}
		memcpy(before, want, EVENT_DIGEST);
		if (c->history && x.e.at < c->history_until)
			sha256_add(c->history, x.chain);
	}
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
	check_sealed(c, k.key, k.sealed, "ticket", id);
	check_index_rows(c, value, id);
	check_series(c, T_ARTICLE, id, k.articles);
	check_series(c, T_EVENT, id, k.events);
	check_history(c, id, k.events);
	for (size_t i = 0; i < k.nlinks; i++)
		if (!check_has_ticket(c, k.links[i].ticket))
			check_tell(c,
			    "ticket %llu is linked to ticket %llu, which "
			    "does not exist",
			    (unsigned long long)id,
			    (unsigned long long)k.links[i].ticket);
	if (k.merged_into && !check_has_ticket(c, k.merged_into))
		check_tell(c,
		    "ticket %llu is merged into one that does not "
		    "exist",
		    (unsigned long long)id);
}

static void
note_ticket(struct check *c, struct str key, struct str value)
{
	uint64_t id;

	(void)value;
	if (key_read_uint(&key, 8, &id))
		check_bits_set(&c->tickets, id);
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

void
check_tickets(struct check *c)
{
	uint64_t n;

	check_walk(c, T_TICKET, "tickets", note_ticket);
	check_walk(c, T_TICKET, "tickets and their indexes", check_ticket);
	check_loads(c);
	if (c->stop)
		return;
	table_rows(c->t, T_TICKET_INDEX, &n);
	if (n != c->index_rows)
		check_walk(
		    c, T_TICKET_INDEX, "ticket indexes", check_index_row);
	for (enum status s = STATUS_NONE + 1; s < STATUS_COUNT; s++)
		if (ticket_count(c->t, s, &n) == 0 && n != c->statuses[s])
			check_tell(c,
			    "%llu tickets are counted as %s, there "
			    "are %llu",
			    (unsigned long long)n, status_name(s),
			    (unsigned long long)c->statuses[s]);
	check_failed(c);
}

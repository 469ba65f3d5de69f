/*
 * How many tickets each assignee has: a row for each name, kept by ticket_put()
 * beside the indexes, so that asking who has room is one look-up an agent.
 *
 *   assignee in lower case  ->  active tickets low(4) normal(4) high(4) urgent(4)
 *
 * A name without any has no row.
 */
#include "store/ticket_index.h"

enum {
	CELL = 4,
	VALUE = CELL * (PRIORITY_COUNT - 1)
};

static struct key
key_of(struct str assignee)
{
	struct key k = {0};

	key_text(&k, assignee);
	for (size_t i = 0; i < k.n && i < KEY_TEXT_MAX; i++)
		k.b[i] = (unsigned char)ch_lower((char)k.b[i]);
	return k;
}

bool
ticket_load_read(struct str value, struct ticket_load *out)
{
	uint64_t v;

	*out = (struct ticket_load){0};
	if (value.n != VALUE)
		return false;
	for (unsigned p = PRIORITY_LOW; p < PRIORITY_COUNT; p++) {
		if (!key_read_uint(&value, CELL, &v))
			return false;
		out->n[p] = (uint32_t)v;
	}
	return true;
}

int
ticket_load(struct txn *t, struct str assignee, struct ticket_load *out)
{
	struct key k = key_of(assignee);
	struct str v;
	int r;

	*out = (struct ticket_load){0};
	if (!assignee.n)
		return 0;
	r = row_get(t, T_TICKET_LOAD, key_str(&k), &v);
	if (r > 0 && !ticket_load_read(v, out))
		r = row_corrupt(t, T_TICKET_LOAD, key_str(&k));
	return r;
}

uint32_t
ticket_load_sum(const struct ticket_load *l)
{
	uint32_t n = 0;

	for (unsigned p = PRIORITY_LOW; p < PRIORITY_COUNT; p++)
		n += l->n[p];
	return n;
}

static void
add(struct txn *t, const struct key *k, enum priority p, bool more)
{
	struct key out = {0};
	struct ticket_load l = {0};
	struct str v;
	int r = row_get(t, T_TICKET_LOAD, key_str(k), &v);

	if (r > 0 && !ticket_load_read(v, &l))
		r = row_corrupt(t, T_TICKET_LOAD, key_str(k));
	if (r < 0)
		return;
	/* A count that is wrong is for the check to tell; mail goes on. */
	if (more)
		l.n[p]++;
	else if (l.n[p])
		l.n[p]--;
	if (!ticket_load_sum(&l)) {
		if (r > 0)
			row_del(t, T_TICKET_LOAD, key_str(k));
		return;
	}
	for (unsigned i = PRIORITY_LOW; i < PRIORITY_COUNT; i++)
		key_uint(&out, l.n[i], CELL);
	row_put(t, T_TICKET_LOAD, key_str(k), key_str(&out), ROW_PUT);
}

bool
ticket_load_counts(const struct ticket_entry *e, struct key *k)
{
	if (!e || !status_is_active(e->status) || !e->assignee_name.n ||
	    e->priority <= PRIORITY_NONE || e->priority >= PRIORITY_COUNT)
		return false;
	*k = key_of(e->assignee_name);
	return true;
}

void
ticket_load_change(struct txn *t, const struct ticket_entry *old,
    const struct ticket_entry *now)
{
	struct key was, is;
	bool had = ticket_load_counts(old, &was);
	bool has = ticket_load_counts(now, &is);
	enum priority p = had && old ? old->priority : PRIORITY_NONE;

	if (had && has && p == now->priority &&
	    str_eq(key_str(&was), key_str(&is)))
		return;
	/* The keys are copies: what `old` borrows is gone with the write. */
	if (had)
		add(t, &was, p, false);
	if (has)
		add(t, &is, now->priority, true);
}

int
ticket_load_migrate(struct txn *t)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct ticket_entry e;
	uint64_t id;
	int r;

	for (r = iter_ge(&it, t, T_TICKET, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct str k = it.key;

		if (!key_read_uint(&k, 8, &id) ||
		    !ticket_row_entry(it.value, id, &e))
			return row_corrupt(t, T_TICKET, it.key);
		ticket_load_change(t, NULL, &e);
	}
	return r;
}

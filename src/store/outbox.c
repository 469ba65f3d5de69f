/*
 * Rows by id, and one index: queued(1) lane(8) next(8) id(8), and state(1) 0(8) id(8) for the rest. A lane is a hash over kind and transport. Sent rows are
 * not in it at all: they are the many. Who asks for all rows of a ticket has a list of their own: ticket(8) id(8).
 */
#include "store/outbox.h"
#include "base/mem.h"
#include "store/outbox_private.h"
#include "store/sealed.h"

enum {
	TAG_STATE = 1,
	TAG_NEXT,
	TAG_TICKET,
	TAG_SEQ,
	TAG_KIND,
	TAG_TRANSPORT,
	TAG_SENDER,
	TAG_RECIPIENT,
	TAG_MESSAGE_ID,
	TAG_SUBJECT,
	TAG_BLOB,
	TAG_SIZE,
	TAG_CREATED,
	TAG_ATTEMPTS,
	TAG_AMBIGUOUS,
	TAG_LAST,
	TAG_KEY, /* the subject is then in TAG_SEALED */
	TAG_SEALED,
};
enum {
	R_ADDR = 1,
	R_STATE,
	R_REPLY
};

static const char *const state_names[OUTBOX_STATE_COUNT] = {
#define X_NAME(n, id, name) [OUTBOX_##id] = name,
    OUTBOX_STATES(X_NAME)
#undef X_NAME
};

const char *
outbox_state_name(enum outbox_state s)
{
	return s > OUTBOX_NONE && s < OUTBOX_STATE_COUNT ? state_names[s]
							 : "none";
}

/* What the lists say of an encoded row. */
struct listed {
	enum outbox_state state;
	uint64_t lane; /* 0: none, of an old index */
	int64_t next;
	uint64_t ticket;
};

/* FNV-1a over both names; never 0. The names are the admin's and ours. */
static uint64_t
lane_of(struct str kind, struct str transport)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < kind.n; i++)
		h = (h ^ (unsigned char)kind.p[i]) * UINT64_C(0x100000001b3);
	h *= UINT64_C(0x100000001b3); /* a NUL between them */
	for (size_t i = 0; i < transport.n; i++)
		h = (h ^ (unsigned char)transport.p[i]) *
		    UINT64_C(0x100000001b3);
	return h ? h : 1;
}

/* False (and an empty key) for states that are not in the index. */
static bool
index_key(const struct listed *x, uint64_t id, struct key *k)
{
	k->n = 0;
	if (x->state == OUTBOX_NONE || x->state == OUTBOX_SENT)
		return false;
	key_uint(k, x->state, 1);
	if (x->state == OUTBOX_QUEUED && x->lane)
		key_uint(k, x->lane, 8);
	key_time(k, x->state == OUTBOX_QUEUED ? x->next : 0);
	key_uint(k, id, 8);
	return true;
}

bool
outbox_index_key(const struct outbox *o, bool lanes, struct key *k)
{
	struct listed x = {.state = o->state, .next = o->next};

	if (lanes)
		x.lane = lane_of(o->kind, o->transport);
	return index_key(&x, o->id, k);
}

struct key
outbox_ticket_key(uint64_t ticket, uint64_t id)
{
	struct key k;

	k.n = 0;
	key_uint(&k, ticket, 8);
	key_uint(&k, id, 8);
	return k;
}

bool
outbox_ticket_read(struct str key, uint64_t *ticket, uint64_t *id)
{
	return key_read_uint(&key, 8, ticket) && key_read_uint(&key, 8, id) &&
	       key.n == 0;
}

static void
encode(struct buf *b, const struct outbox *o)
{
	rec_u64(b, TAG_STATE, o->state);
	rec_i64(b, TAG_NEXT, o->next);
	rec_u64_opt(b, TAG_TICKET, o->ticket);
	rec_u64_opt(b, TAG_SEQ, o->seq);
	rec_str_opt(b, TAG_KIND, o->kind);
	rec_str_opt(b, TAG_TRANSPORT, o->transport);
	rec_str_opt(b, TAG_SENDER, o->sender);
	for (size_t i = 0; i < o->nrecipients; i++) {
		size_t at = rec_begin(b, TAG_RECIPIENT);

		rec_str_opt(b, R_ADDR, o->recipients[i].addr);
		rec_u64_opt(b, R_STATE, o->recipients[i].state);
		rec_str_opt(b, R_REPLY, o->recipients[i].reply);
		rec_end(b, at);
	}
	rec_str_opt(b, TAG_MESSAGE_ID, o->message_id);
	rec_u64_opt(b, TAG_BLOB, o->blob);
	rec_u64_opt(b, TAG_SIZE, o->size);
	rec_i64(b, TAG_CREATED, o->created);
	rec_u64_opt(b, TAG_ATTEMPTS, o->attempts);
	rec_u64_opt(b, TAG_AMBIGUOUS, o->ambiguous);
	rec_str_opt(b, TAG_LAST, o->last);
}

uint64_t
outbox_row_key(struct str rec)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r))
		if (r.tag == TAG_KEY && !r.is_str)
			return r.u;
	return 0;
}

/* The subject in clear, or sealed, or as it was found. */
static void
put_words(
    struct txn *t, struct buf *b, const struct outbox *o, const struct key *row)
{
	size_t at;

	if (!o->key) {
		rec_str_opt(b, TAG_SUBJECT, o->subject);
		return;
	}
	rec_u64(b, TAG_KEY, o->key);
	if (o->sealed.n) {
		rec_str(b, TAG_SEALED, o->sealed);
		return;
	}
	at = sealed_begin(b, TAG_SEALED);
	rec_str_opt(b, TAG_SUBJECT, o->subject);
	sealed_end(t, b, at, o->key, 'o', row);
}

/* The bytes of an article are the article's. */
static void
choose_key(struct txn *t, struct outbox *o)
{
	if (!o->key)
		o->key = sealed_of_ticket(t, o->ticket);
	if (!o->seq && o->blob)
		blob_claim(t, o->blob, o->key);
}

static bool
decode_recipient(struct arena *a, struct str rec, struct outbox *o)
{
	struct recr r = recr_open(rec);
	struct recipient *x;

	o->recipients =
	    vec_more(a, o->recipients, o->nrecipients, sizeof *o->recipients);
	x = &o->recipients[o->nrecipients++];
	*x = (struct recipient){0};
	while (recr_next(&r))
		switch (r.tag) {
		case R_ADDR:
			x->addr = field_str(&r);
			break;
		case R_STATE:
			x->state = field_enum(&r, OUTBOX_STATE_COUNT);
			break;
		case R_REPLY:
			x->reply = field_str(&r);
			break;
		default:
			break;
		}
	return !r.bad;
}

static void
decode_rest(struct recr *r, struct outbox *o)
{
	switch (r->tag) {
	case TAG_MESSAGE_ID:
		o->message_id = field_str(r);
		break;
	case TAG_SUBJECT:
		o->subject = field_str(r);
		break;
	case TAG_BLOB:
		o->blob = field_u64(r);
		break;
	case TAG_SIZE:
		o->size = field_u64(r);
		break;
	case TAG_CREATED:
		o->created = field_i64(r);
		break;
	case TAG_ATTEMPTS:
		o->attempts = field_u32(r);
		break;
	case TAG_AMBIGUOUS:
		o->ambiguous = field_u32(r);
		break;
	case TAG_LAST:
		o->last = field_str(r);
		break;
	case TAG_KEY:
		o->key = field_u64(r);
		break;
	case TAG_SEALED:
		o->sealed = field_str(r);
		break;
	default:
		break;
	}
}

static bool
decode_fields(struct arena *a, struct str rec, struct outbox *o)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r))
		switch (r.tag) {
		case TAG_STATE:
			o->state = field_enum(&r, OUTBOX_STATE_COUNT);
			break;
		case TAG_NEXT:
			o->next = field_i64(&r);
			break;
		case TAG_TICKET:
			o->ticket = field_u64(&r);
			break;
		case TAG_SEQ:
			o->seq = field_u32(&r);
			break;
		case TAG_KIND:
			o->kind = field_str(&r);
			break;
		case TAG_TRANSPORT:
			o->transport = field_str(&r);
			break;
		case TAG_SENDER:
			o->sender = field_str(&r);
			break;
		case TAG_RECIPIENT:
			if (!decode_recipient(a, field_str(&r), o))
				r.bad = true;
			break;
		default:
			decode_rest(&r, o);
			break;
		}
	return !r.bad && o->state != OUTBOX_NONE;
}

/* The subject alone: what is sealed says nothing of the rest. */
static bool
decode_sealed(struct txn *t, struct outbox *o)
{
	struct str sealed = o->sealed, plain;
	struct key row = key_of_u64(o->id);
	struct recr r;

	switch (sealed_open(t, sealed, o->key, 'o', &row, &plain)) {
	case SEALED_OPEN:
		o->sealed = str_n(NULL, 0);
		r = recr_open(plain);
		while (recr_next(&r))
			if (r.tag == TAG_SUBJECT)
				o->subject = field_str(&r);
		return !r.bad;
	case SEALED_FORGOTTEN:
		o->sealed = str_n(NULL, 0);
		o->key = 0;
		o->subject = SEALED_ERASED;
		return true;
	case SEALED_MISSING:
		o->subject = SEALED_CLOSED;
		return true;
	case SEALED_DAMAGED:
		break;
	}
	return false;
}

static bool
decode(struct txn *t, struct arena *a, struct str rec, uint64_t id,
    struct outbox *o)
{
	*o = (struct outbox){.id = id};
	return decode_fields(a, rec, o) &&
	       (!o->sealed.n || decode_sealed(t, o));
}

bool
outbox_names(struct str rec, struct str *kind, struct str *transport)
{
	struct recr r = recr_open(rec);

	*kind = *transport = str_n(NULL, 0);
	while (recr_next(&r))
		if (r.tag == TAG_KIND)
			*kind = field_str(&r);
		else if (r.tag == TAG_TRANSPORT)
			*transport = field_str(&r);
	return !r.bad;
}

static bool
peek(struct str rec, struct listed *x)
{
	struct str kind, transport;
	struct recr r = recr_open(rec);

	*x = (struct listed){.state = OUTBOX_NONE};
	if (!outbox_names(rec, &kind, &transport))
		return false;
	while (recr_next(&r))
		if (r.tag == TAG_STATE)
			x->state = field_enum(&r, OUTBOX_STATE_COUNT);
		else if (r.tag == TAG_NEXT)
			x->next = field_i64(&r);
		else if (r.tag == TAG_TICKET)
			x->ticket = field_u64(&r);
	x->lane = lane_of(kind, transport);
	return !r.bad && x->state != OUTBOX_NONE;
}

/* A row's ticket, which never changes, has it in its list. */
static void
list_ticket(struct txn *t, uint64_t ticket, uint64_t id, bool there)
{
	struct key k = outbox_ticket_key(ticket, id);

	if (ticket && there)
		row_put(t, T_OUTBOX_TICKET, key_str(&k), S(""), ROW_PUT);
	else if (ticket)
		row_del(t, T_OUTBOX_TICKET, key_str(&k));
}

void
outbox_put(struct txn *t, struct outbox *o)
{
	struct key key, was = {0}, is = {0};
	struct listed old = {.state = OUTBOX_NONE};
	struct buf *b;
	struct str v;
	bool there = false, listed;

	must(o->state > OUTBOX_NONE && o->state < OUTBOX_STATE_COUNT);
	if (sealed_new(t))
		choose_key(t, o);
	if (o->id) {
		key = key_of_u64(o->id);
		there = row_get(t, T_OUTBOX, key_str(&key), &v) > 0;
		if (there && !peek(v, &old))
			row_corrupt(t, T_OUTBOX, key_str(&key));
	} else {
		o->id = seq_next(t, SEQ_OUTBOX);
		key = key_of_u64(o->id);
	}
	if (t->err.code)
		return;
	b = scratch_take(t);
	encode(b, o);
	put_words(t, b, o, &key);
	row_put_scratch(
	    t, T_OUTBOX, key_str(&key), there ? ROW_PUT : ROW_APPEND);

	if (there)
		index_key(&old, o->id, &was);
	if (!there || old.ticket != o->ticket) {
		list_ticket(t, old.ticket, o->id, false);
		list_ticket(t, o->ticket, o->id, true);
	}
	listed = outbox_index_key(o, true, &is);
	if (!str_eq(key_str(&was), key_str(&is))) {
		if (was.n)
			row_del(t, T_OUTBOX_INDEX, key_str(&was));
		if (listed)
			row_put(
			    t, T_OUTBOX_INDEX, key_str(&is), S(""), ROW_PUT);
	}
	if (old.state == o->state)
		return;
	if (there)
		count_change(t, COUNT_OUTBOX + old.state, -1);
	count_change(t, COUNT_OUTBOX + o->state, 1);
}

void
outbox_del(struct txn *t, uint64_t id)
{
	struct key key = key_of_u64(id), listed;
	struct listed x;
	struct str v;

	if (row_get(t, T_OUTBOX, key_str(&key), &v) <= 0)
		return;
	if (!peek(v, &x)) {
		row_corrupt(t, T_OUTBOX, key_str(&key));
		return;
	}
	if (index_key(&x, id, &listed))
		row_del(t, T_OUTBOX_INDEX, key_str(&listed));
	list_ticket(t, x.ticket, id, false);
	row_del(t, T_OUTBOX, key_str(&key));
	count_change(t, COUNT_OUTBOX + x.state, -1);
}

int
outbox_get(struct txn *t, struct arena *a, uint64_t id, struct outbox *out)
{
	struct key k = key_of_u64(id);
	struct str v;
	int r = row_get(t, T_OUTBOX, key_str(&k), &v);

	if (r > 0 && !decode(t, a, arena_dup(a, v), id, out))
		return row_corrupt(t, T_OUTBOX, key_str(&k));
	return r;
}

bool
outbox_index_read(struct str key, enum outbox_state *state, uint64_t *lane,
    int64_t *next, uint64_t *id)
{
	uint64_t s;

	*lane = 0;
	if (!key_read_uint(&key, 1, &s) || s == 0 || s >= OUTBOX_STATE_COUNT ||
	    (s == OUTBOX_QUEUED && key.n == 24 &&
		!key_read_uint(&key, 8, lane)) ||
	    !key_read_time(&key, next) || !key_read_uint(&key, 8, id) || key.n)
		return false;
	*state = (enum outbox_state)s;
	return true;
}

/* The first index row of a state or behind it. */
static int
state_start(struct iter *it, struct txn *t, enum outbox_state s)
{
	struct key from = {0};

	key_uint(&from, s, 1);
	return iter_ge(it, t, T_OUTBOX_INDEX, key_str(&from));
}

/* 1: the row of this id in *o. A missing one contradicts the index. */
static int
must_get(struct txn *t, struct arena *a, uint64_t id, struct outbox *o)
{
	int r = outbox_get(t, a, id, o);

	if (r == 0)
		return txn_fail(t, ERR_CORRUPT,
		    "outbox row %llu is in an index and does not exist",
		    (unsigned long long)id);
	return r;
}

static int
each_sent(struct txn *t, struct arena *a,
    bool (*fn)(void *ctx, const struct outbox *o), void *ctx)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_OUTBOX, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct str k = it.key;
		struct listed x;
		struct outbox o;
		uint64_t id;

		if (!key_read_uint(&k, 8, &id) || k.n || !peek(it.value, &x))
			return row_corrupt(t, T_OUTBOX, it.key);
		if (x.state != OUTBOX_SENT)
			continue;
		if (!decode(t, a, arena_dup(a, it.value), id, &o))
			return row_corrupt(t, T_OUTBOX, it.key);
		if (!fn(ctx, &o))
			return 0;
	}
	return r;
}

static int
by_number(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

/* The ids of the index's rows of a state (0: of all), eight bytes each. */
static int
ids_of(struct txn *t, enum outbox_state s, struct buf *ids)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r = s ? state_start(&it, t, s)
		  : iter_ge(&it, t, T_OUTBOX_INDEX, str_n(NULL, 0));

	for (; r > 0; r = iter_next(&it)) {
		enum outbox_state state;
		uint64_t id, lane;
		int64_t next;

		if (!outbox_index_read(it.key, &state, &lane, &next, &id))
			return row_corrupt(t, T_OUTBOX_INDEX, it.key);
		if (s && state != s)
			break;
		buf_put(ids, str_n((const char *)&id, sizeof id));
	}
	if (ids->n)
		qsort(ids->p, ids->n / sizeof(uint64_t), sizeof(uint64_t),
		    by_number);
	return r < 0 ? -1 : 0;
}

int
outbox_each(struct txn *t, struct arena *a, enum outbox_state s,
    bool (*fn)(void *ctx, const struct outbox *o), void *ctx)
{
	AUTO(buf_fini) struct buf ids = BUF_INIT;

	if (s == OUTBOX_SENT)
		return each_sent(t, a, fn, ctx);
	if (ids_of(t, s, &ids) < 0)
		return -1;
	for (size_t i = 0; i < ids.n; i += sizeof(uint64_t)) {
		struct outbox o;
		uint64_t id;

		memcpy(&id, ids.p + i, sizeof id);
		if (must_get(t, a, id, &o) < 0)
			return -1;
		if (!fn(ctx, &o))
			return 0;
	}
	return 0;
}

int
outbox_count(struct txn *t, enum outbox_state s, uint64_t *n)
{
	must(s > OUTBOX_NONE && s < OUTBOX_STATE_COUNT);
	return count_get(t, COUNT_OUTBOX + s, n);
}

int
outbox_last(struct txn *t, uint64_t *id)
{
	return seq_last(t, SEQ_OUTBOX, id);
}

int
outbox_of_ticket(struct txn *t, uint64_t ticket, uint64_t after, uint64_t *id)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	struct key from = outbox_ticket_key(ticket, after + 1);
	int r = iter_ge(&it, t, T_OUTBOX_TICKET, key_str(&from));
	uint64_t of;

	if (r <= 0)
		return r;
	if (!outbox_ticket_read(it.key, &of, id))
		return row_corrupt(t, T_OUTBOX_TICKET, it.key);
	return of == ticket;
}

int
outbox_ticket_migrate(struct txn *t)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	int r;

	for (r = iter_ge(&it, t, T_OUTBOX, str_n(NULL, 0)); r > 0;
	     r = iter_next(&it)) {
		struct str k = it.key;
		struct listed x;
		uint64_t id;

		if (!key_read_uint(&k, 8, &id) || k.n || !peek(it.value, &x))
			return row_corrupt(t, T_OUTBOX, it.key);
		list_ticket(t, x.ticket, id, true);
	}
	return r;
}

int
outbox_lanes_migrate(struct txn *t)
{
	AUTO(buf_fini) struct buf ids = BUF_INIT;

	if (ids_of(t, OUTBOX_QUEUED, &ids) < 0)
		return -1;
	for (size_t i = 0; i < ids.n; i += sizeof(uint64_t)) {
		struct key row, k;
		struct listed x, old;
		struct str v;
		uint64_t id;

		memcpy(&id, ids.p + i, sizeof id);
		row = key_of_u64(id);
		if (row_get(t, T_OUTBOX, key_str(&row), &v) <= 0 ||
		    !peek(v, &x))
			return row_corrupt(t, T_OUTBOX, key_str(&row));
		old = x;
		old.lane = 0;
		index_key(&old, id, &k);
		row_del(t, T_OUTBOX_INDEX, key_str(&k));
		index_key(&x, id, &k);
		row_put(t, T_OUTBOX_INDEX, key_str(&k), S(""), ROW_PUT);
	}
	return t->err.code ? -1 : 0;
}

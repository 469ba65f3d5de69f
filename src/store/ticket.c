/*
 * The ticket's row. What the secondary indexes are made of comes first (status, updated, queue, assignee and
 * the hash of the requester's key), so that ticket_put() can tell cheaply what changed.
 */
#include "store/ticket.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/sealed.h"
#include "store/ticket_index.h"
#include "store/txn_private.h"

enum {
	TAG_STATUS = 1,
	TAG_UPDATED,
	TAG_QUEUE,
	TAG_ASSIGNEE,
	TAG_REQUESTER_HASH,
	TAG_REQUESTER_ADDR,
	TAG_REQUESTER_NAME,
	TAG_PRIORITY,
	TAG_SUBJECT,
	TAG_CHANNEL,
	TAG_LANGUAGE,
	TAG_PARTICIPANT, /* a record: name, addr, role */
	TAG_CREATED,
	TAG_RESOLVED,
	TAG_CLOSED,
	TAG_FIRST_RESPONSE,
	TAG_CUSTOMER_WROTE,
	TAG_AGENT_WROTE,
	TAG_TAG,
	TAG_FIELD, /* a record: name, value */
	TAG_LINK,  /* a record: ticket, kind */
	TAG_MERGED_INTO,
	TAG_ARTICLES,
	TAG_EVENTS,
	TAG_REOPENS,
	TAG_ACKNOWLEDGED,
	TAG_EXTRA,
	TAG_KEY, /* subject and fields are then in TAG_SEALED */
	TAG_SEALED,
};
enum {
	SUB_A = 1,
	SUB_B,
	SUB_C
};

static const char *const status_names[STATUS_COUNT] = {
#define X_NAME(n, id, name) [STATUS_##id] = name,
    STATUSES(X_NAME)
#undef X_NAME
};
static const char *const priority_names[PRIORITY_COUNT] = {
#define X_NAME(n, id, name) [PRIORITY_##id] = name,
    PRIORITIES(X_NAME)
#undef X_NAME
};

const char *
status_name(enum status s)
{
	return s > STATUS_NONE && s < STATUS_COUNT ? status_names[s] : "none";
}

const char *
priority_name(enum priority p)
{
	return p > PRIORITY_NONE && p < PRIORITY_COUNT ? priority_names[p]
						       : "none";
}

bool
status_parse(struct str s, enum status *out)
{
	for (enum status i = STATUS_NONE + 1; i < STATUS_COUNT; i++)
		if (str_ieq(s, str_c(status_names[i]))) {
			*out = i;
			return true;
		}
	return false;
}

bool
priority_parse(struct str s, enum priority *out)
{
	for (enum priority i = PRIORITY_NONE + 1; i < PRIORITY_COUNT; i++)
		if (str_ieq(s, str_c(priority_names[i]))) {
			*out = i;
			return true;
		}
	return false;
}

/* --- to bytes --- */

static void
encode_lists(struct buf *b, const struct ticket *k)
{
	size_t at;

	for (size_t i = 0; i < k->nparticipants; i++) {
		const struct participant *p = &k->participants[i];

		at = rec_begin(b, TAG_PARTICIPANT);
		rec_str_opt(b, SUB_A, p->address.name);
		rec_str_opt(b, SUB_B, p->address.addr);
		rec_u64(b, SUB_C, p->role);
		rec_end(b, at);
	}
	rec_strs(b, TAG_TAG, &k->tags);
	for (size_t i = 0; i < k->nlinks; i++) {
		at = rec_begin(b, TAG_LINK);
		rec_u64(b, SUB_A, k->links[i].ticket);
		rec_u64(b, SUB_B, k->links[i].kind);
		rec_end(b, at);
	}
}

static void
encode_words(struct buf *b, const struct ticket *k)
{
	rec_str_opt(b, TAG_SUBJECT, k->subject);
	for (size_t i = 0; i < k->nfields; i++) {
		size_t at = rec_begin(b, TAG_FIELD);

		rec_str(b, SUB_A, k->fields[i].name);
		rec_str_opt(b, SUB_B, k->fields[i].value);
		rec_end(b, at);
	}
}

static void
encode(struct buf *b, const struct ticket *k, uint64_t requester)
{
	rec_u64(b, TAG_STATUS, k->status);
	rec_i64(b, TAG_UPDATED, k->updated);
	rec_str_opt(b, TAG_QUEUE, k->queue);
	rec_str_opt(b, TAG_ASSIGNEE, k->assignee);
	rec_u64_opt(b, TAG_REQUESTER_HASH, requester);
	rec_str_opt(b, TAG_REQUESTER_ADDR, k->requester.addr);
	rec_str_opt(b, TAG_REQUESTER_NAME, k->requester.name);
	rec_u64_opt(b, TAG_PRIORITY, k->priority);
	rec_str_opt(b, TAG_CHANNEL, k->channel);
	rec_str_opt(b, TAG_LANGUAGE, k->language);
	rec_i64(b, TAG_CREATED, k->created);
	rec_time(b, TAG_RESOLVED, k->resolved);
	rec_time(b, TAG_CLOSED, k->closed);
	rec_time(b, TAG_FIRST_RESPONSE, k->first_response);
	rec_time(b, TAG_CUSTOMER_WROTE, k->customer_wrote);
	rec_time(b, TAG_AGENT_WROTE, k->agent_wrote);
	encode_lists(b, k);
	rec_u64_opt(b, TAG_MERGED_INTO, k->merged_into);
	rec_u64_opt(b, TAG_ARTICLES, k->articles);
	rec_u64_opt(b, TAG_EVENTS, k->events);
	rec_u64_opt(b, TAG_REOPENS, k->reopens);
	rec_u64_opt(b, TAG_ACKNOWLEDGED, k->acknowledged);
	rec_str_opt(b, TAG_EXTRA, k->extra);
}

/* --- and back --- */

static bool
decode_participant(struct arena *a, struct str rec, struct ticket *k)
{
	struct recr r = recr_open(rec);
	struct participant *p;

	k->participants = vec_more(
	    a, k->participants, k->nparticipants, sizeof *k->participants);
	p = &k->participants[k->nparticipants++];
	*p = (struct participant){.role = ROLE_TO};
	while (recr_next(&r))
		switch (r.tag) {
		case SUB_A:
			p->address.name = field_str(&r);
			break;
		case SUB_B:
			p->address.addr = field_str(&r);
			break;
		case SUB_C:
			p->role = field_enum(&r, ROLE_PROPOSED + 1);
			break;
		default:
			break;
		}
	return !r.bad;
}

static bool
decode_field(struct arena *a, struct str rec, struct ticket *k)
{
	struct recr r = recr_open(rec);
	struct field *f;

	k->fields = vec_more(a, k->fields, k->nfields, sizeof *k->fields);
	f = &k->fields[k->nfields++];
	*f = (struct field){0};
	while (recr_next(&r))
		if (r.tag == SUB_A)
			f->name = field_str(&r);
		else if (r.tag == SUB_B)
			f->value = field_str(&r);
	return !r.bad;
}

static bool
decode_link(struct arena *a, struct str rec, struct ticket *k)
{
	struct recr r = recr_open(rec);
	struct link *l;

	k->links = vec_more(a, k->links, k->nlinks, sizeof *k->links);
	l = &k->links[k->nlinks++];
	*l = (struct link){.kind = LINK_RELATED};
	while (recr_next(&r))
		if (r.tag == SUB_A)
			l->ticket = field_u64(&r);
		else if (r.tag == SUB_B)
			l->kind = field_enum(&r, LINK_SPLIT + 1);
	return !r.bad;
}

static void
decode_list(struct arena *a, struct recr *r, struct ticket *k)
{
	struct str s = field_str(r);

	if (r->bad)
		return;
	if (r->tag == TAG_TAG)
		strs_add(a, &k->tags, s);
	else if (r->tag == TAG_PARTICIPANT)
		r->bad = !decode_participant(a, s, k);
	else if (r->tag == TAG_FIELD)
		r->bad = !decode_field(a, s, k);
	else
		r->bad = !decode_link(a, s, k);
}

static void
decode_rest(struct recr *r, struct ticket *k)
{
	switch (r->tag) {
	case TAG_CREATED:
		k->created = field_i64(r);
		break;
	case TAG_RESOLVED:
		k->resolved = field_i64(r);
		break;
	case TAG_CLOSED:
		k->closed = field_i64(r);
		break;
	case TAG_FIRST_RESPONSE:
		k->first_response = field_i64(r);
		break;
	case TAG_CUSTOMER_WROTE:
		k->customer_wrote = field_i64(r);
		break;
	case TAG_AGENT_WROTE:
		k->agent_wrote = field_i64(r);
		break;
	case TAG_MERGED_INTO:
		k->merged_into = field_u64(r);
		break;
	case TAG_ARTICLES:
		k->articles = field_u32(r);
		break;
	case TAG_EVENTS:
		k->events = field_u32(r);
		break;
	case TAG_REOPENS:
		k->reopens = field_u32(r);
		break;
	case TAG_ACKNOWLEDGED:
		k->acknowledged = field_u64(r) != 0;
		break;
	case TAG_EXTRA:
		k->extra = field_str(r);
		break;
	case TAG_KEY:
		k->key = field_u64(r);
		break;
	case TAG_SEALED:
		k->sealed = field_str(r);
		break;
	default:
		break;
	}
}

static bool
decode_fields(struct arena *a, struct str rec, struct ticket *k)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r))
		switch (r.tag) {
		case TAG_STATUS:
			k->status = field_enum(&r, STATUS_COUNT);
			break;
		case TAG_UPDATED:
			k->updated = field_i64(&r);
			break;
		case TAG_QUEUE:
			k->queue = field_str(&r);
			break;
		case TAG_ASSIGNEE:
			k->assignee = field_str(&r);
			break;
		case TAG_REQUESTER_ADDR:
			k->requester.addr = field_str(&r);
			break;
		case TAG_REQUESTER_NAME:
			k->requester.name = field_str(&r);
			break;
		case TAG_PRIORITY:
			k->priority = field_enum(&r, PRIORITY_COUNT);
			break;
		case TAG_SUBJECT:
			k->subject = field_str(&r);
			break;
		case TAG_CHANNEL:
			k->channel = field_str(&r);
			break;
		case TAG_LANGUAGE:
			k->language = field_str(&r);
			break;
		case TAG_PARTICIPANT:
		case TAG_TAG:
		case TAG_FIELD:
		case TAG_LINK:
			decode_list(a, &r, k);
			break;
		default:
			decode_rest(&r, k);
			break;
		}
	return !r.bad;
}

/* As of an article. */
static bool
decode_sealed(
    struct txn *t, struct arena *a, const struct key *row, struct ticket *k)
{
	struct str sealed = k->sealed, plain;

	switch (sealed_open(t, sealed, k->key, 't', row, &plain)) {
	case SEALED_OPEN:
		k->sealed = str_n(NULL, 0);
		return decode_fields(a, plain, k) && !k->sealed.n;
	case SEALED_FORGOTTEN:
		k->sealed = str_n(NULL, 0);
		k->key = 0;
		k->subject = SEALED_ERASED;
		return true;
	case SEALED_MISSING:
		k->subject = SEALED_CLOSED;
		return true;
	case SEALED_DAMAGED:
		break;
	}
	return false;
}

static bool
decode(struct txn *t, struct arena *a, struct str rec, const struct key *row,
    uint64_t id, struct ticket *k)
{
	*k = (struct ticket){.id = id,
	    .resolved = CLOCK_NONE,
	    .closed = CLOCK_NONE,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = CLOCK_NONE,
	    .agent_wrote = CLOCK_NONE};
	return decode_fields(a, rec, k) &&
	       (!k->sealed.n || decode_sealed(t, a, row, k)) &&
	       k->status != STATUS_NONE;
}

uint64_t
ticket_row_key(struct str rec)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r))
		if (r.tag == TAG_KEY && !r.is_str)
			return r.u;
	return 0;
}

bool
ticket_row_entry(struct str rec, uint64_t id, struct ticket_entry *e)
{
	struct recr r = recr_open(rec);

	*e = (struct ticket_entry){.id = id};
	while (recr_next(&r))
		switch (r.tag) {
		case TAG_STATUS:
			e->status = field_enum(&r, STATUS_COUNT);
			break;
		case TAG_UPDATED:
			e->updated = field_i64(&r);
			break;
		case TAG_QUEUE:
			e->queue = ticket_hash(field_str(&r));
			break;
		case TAG_ASSIGNEE:
			e->assignee_name = field_str(&r);
			e->assignee = ticket_hash(e->assignee_name);
			break;
		case TAG_PRIORITY:
			e->priority = field_enum(&r, PRIORITY_COUNT);
			break;
		case TAG_REQUESTER_HASH:
			e->requester = field_u64(&r);
			break;
		case TAG_REQUESTER_ADDR:
			e->requester_addr = field_str(&r);
			break;
		default:
			break;
		}
	return !r.bad && e->status != STATUS_NONE;
}

int
ticket_get(struct txn *t, struct arena *a, uint64_t id, struct ticket *out)
{
	struct key k = key_of_u64(id);
	struct str v;
	int r = row_get(t, T_TICKET, key_str(&k), &v);

	if (r <= 0)
		return r;
	if (!decode(t, a, arena_dup(a, v), &k, id, out))
		return row_corrupt(t, T_TICKET, key_str(&k));
	return 1;
}

static uint64_t
requester_hash(struct txn *t, struct str addr)
{
	uint64_t h;

	if (addr.n == 0)
		return 0;
	arena_reset(&t->tmp);
	h = ticket_hash(address_key(&t->tmp, addr));
	return h;
}

/* --- what was put ------------------------------------------------------ */

static void
touch(struct txn *t, uint64_t id)
{
	/* Most are put again at once. */
	if (t->ntouched && t->touched[t->ntouched - 1] == id)
		return;
	t->touched = mem_fit(
	    t->touched, &t->touched_cap, t->ntouched + 1, sizeof *t->touched);
	t->touched[t->ntouched++] = id;
}

static int
compare_ids(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

size_t
ticket_touched(struct txn *t, struct arena *a, uint64_t **ids)
{
	size_t n = 0;

	*ids = NULL;
	if (!t->ntouched)
		return 0;
	*ids = arena_array(a, uint64_t, t->ntouched);
	memcpy(*ids, t->touched, t->ntouched * sizeof **ids);
	if (t->ntouched > 1)
		qsort(*ids, t->ntouched, sizeof **ids, compare_ids);
	for (size_t i = 0; i < t->ntouched; i++)
		if (!n || (*ids)[n - 1] != (*ids)[i])
			(*ids)[n++] = (*ids)[i];
	t->ntouched = 0;
	return n;
}

int
ticket_last(struct txn *t, uint64_t *id)
{
	return seq_last(t, SEQ_TICKET, id);
}

/* Subject and fields in clear, or sealed, or as they were found. */
static void
put_words(
    struct txn *t, struct buf *b, const struct ticket *k, const struct key *row)
{
	size_t at;

	if (!k->key) {
		encode_words(b, k);
		return;
	}
	rec_u64(b, TAG_KEY, k->key);
	if (k->sealed.n) {
		rec_str(b, TAG_SEALED, k->sealed);
		return;
	}
	at = sealed_begin(b, TAG_SEALED);
	encode_words(b, k);
	sealed_end(t, b, at, k->key, 't', row);
}

/* Before anything is borrowed: it may write. Another requester, another key. */
static void
choose_key(struct txn *t, struct ticket *k)
{
	struct ticket_entry old = {0};
	struct key key = key_of_u64(k->id);
	struct str v;

	if (k->sealed.n)
		return;
	if (k->key && k->id && row_get(t, T_TICKET, key_str(&key), &v) > 0 &&
	    ticket_row_entry(v, k->id, &old) &&
	    str_eq(old.requester_addr, k->requester.addr))
		return;
	k->key = sealed_person(t, k->requester.addr);
}

void
ticket_put(struct txn *t, struct ticket *k)
{
	struct ticket_entry old = {0}, now;
	struct buf *b;
	struct key key;
	struct str v;
	int r = 0;

	must(k->status > STATUS_NONE && k->status < STATUS_COUNT);
	if (sealed_new(t))
		choose_key(t, k);
	if (k->id == 0) {
		k->id = seq_next(t, SEQ_TICKET);
		if (k->id == 0)
			return;
		key = key_of_u64(k->id);
	} else {
		key = key_of_u64(k->id);
		r = row_get(t, T_TICKET, key_str(&key), &v);
		if (r > 0 && !ticket_row_entry(v, k->id, &old))
			r = row_corrupt(t, T_TICKET, key_str(&key));
		if (r < 0)
			return;
	}
	now = (struct ticket_entry){.id = k->id,
	    .status = k->status,
	    .updated = k->updated,
	    .queue = ticket_hash(k->queue),
	    .assignee = ticket_hash(k->assignee),
	    .priority = k->priority,
	    .assignee_name = k->assignee};
	if (r > 0 && str_eq(old.requester_addr, k->requester.addr))
		now.requester = old.requester;
	else
		now.requester = requester_hash(t, k->requester.addr);
	ticket_load_change(t, r > 0 ? &old : NULL, &now);
	b = scratch_take(t);
	encode(b, k, now.requester);
	put_words(t, b, k, &key);
	row_put_scratch(
	    t, T_TICKET, key_str(&key), r > 0 ? ROW_PUT : ROW_APPEND);
	ticket_index_change(t, r > 0 ? &old : NULL, &now);
	touch(t, k->id);
}

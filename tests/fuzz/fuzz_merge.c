/*
 * Tickets merged, split, linked, given sub-tickets, resolved and reopened in any order: three bytes an operation. Each refusal leaves the
 * transaction good, and at the end every invariant holds, and no ticket is above itself.
 */
#include "base/must.h"
#include "desk/change.h"
#include "desk/merge_private.h"
#include "desk/timeline.h"
#include "desk/verify.h"
#include "store/blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	TICKETS = 8,
	OPS_MAX = 100
};

static struct store *store;
static char dir[] = "/tmp/helpd-fuzz-merge.XXXXXX";
static struct queue queue = {
    .name = {"support", 7}, .address = {.addr = {"support@acme.example", 20}}};
static struct settings settings = {
    .site = {"Acme", 4}, .queues = &queue, .nqueues = 1};
static struct desk desk = {.settings = &settings};
static const struct actor who = {{"agent:anna", 10}, {"row 10", 6}};

static void
close_store(void)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	store_close(store);
	unlink(arena_printf(&a, "%s/data.mdb", dir).p);
	unlink(arena_printf(&a, "%s/lock.mdb", dir).p);
	rmdir(dir);
}

/* A ticket with a mail, and one who reads along with the next ticket's. */
static void
furnish_ticket(struct txn *t, struct arena *a, unsigned i)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct participant p[2] = {
	    {{S(""), arena_printf(a, "c%u@x.example", i)}, ROLE_REQUESTER},
	    {{S(""), arena_printf(a, "c%u@x.example", (i + 1) % 4)},
		i % 3 ? ROLE_PROPOSED : ROLE_CC},
	};
	struct ticket k = {
	    .subject = S("x"),
	    .status = (enum status)(STATUS_NEW + i % STATUS_SPAM),
	    .priority = (enum priority)(PRIORITY_LOW + i % 4),
	    .queue = queue.name,
	    .channel = S("mail"),
	    .requester = p[0].address,
	    .participants = p,
	    .nparticipants = i < 4 && i != 3 ? 2 : 1,
	    .created = i,
	    .updated = i,
	    .resolved = INT64_MIN,
	    .closed = INT64_MIN,
	    .first_response = i % 2 ? (int64_t)i : INT64_MIN,
	    .customer_wrote = i,
	    .agent_wrote = INT64_MIN,
	};
	struct str bytes = arena_printf(a, "mail %u", i);
	struct article r = {
	    .seq = 1,
	    .direction = DIRECTION_IN,
	    .author = p[0].address,
	    .at = i,
	    .message_id = arena_printf(a, "%u@x.example", i),
	    .text = S("x"),
	    .size = bytes.n,
	};

	ticket_put(t, &k);
	event_add(t, &k, EVENT_CREATED, &who, S(""), i);
	blob_pack(bytes, &packed);
	r.ticket = k.id;
	r.blob = blob_put(t, buf_str(&packed));
	sha256(bytes, r.sha256);
	sha256(bytes, r.content);
	article_put(t, &r);
	rawhash_put(t, r.content, k.id, 1);
	msgid_put(t, r.message_id, k.id, false);
	k.articles = 1;
	ticket_put(t, &k);
}

static void
open_store(void)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct store_options o = {.create = true, .map_size = 1 << 28};
	struct txn *t = NULL;

	must(mkdtemp(dir) != NULL);
	must(store_open(&store, dir, &o, NULL) == 0);
	atexit(close_store);
	must(txn_write(store, &t, NULL) == 0);
	for (unsigned i = 0; i < TICKETS; i++)
		furnish_ticket(t, &a, i);
	must(txn_commit(t, NULL) == 0);
}

/* Splits and sub-tickets make more tickets than there were. */
static void
one_op(struct txn *t, struct arena *a, const uint8_t op[3], uint64_t *last,
    int64_t now)
{
	uint64_t x = 1 + op[1] % *last, y = 1 + op[2] % *last;
	struct child c = {.queue = queue.name, .subject = S("task")};
	struct ticket k, o, made = {0};
	struct err err = ERR_INIT;
	int rc = 0;

	if (ticket_get(t, a, x, &k) != 1 || ticket_get(t, a, y, &o) != 1)
		return;
	switch (op[0] % 8) {
	case 0:
	case 1:
		rc = merge_tickets(&desk, t, a, &k, &o, &who, now, &err);
		break;
	case 2:
		rc = merge_split(
		    &desk, t, a, &k, op[2] % 4, &who, now, &made, &err);
		break;
	case 3:
		rc = merge_child(&desk, t, a, &k, &c, &who, now, &made, &err);
		break;
	case 4:
		rc = merge_link(&desk, t, a, &k, y, &who, now, &err);
		break;
	case 5:
		rc = merge_unlink(&desk, t, a, &k, y, &who, now, &err);
		break;
	case 6:
		rc = change_status(&desk, t, a, &k,
		    (enum status)(op[2] % STATUS_COUNT), &who, now, &err);
		break;
	default:
		rc = change_status_forced(&desk, t, a, &k,
		    (enum status)(op[2] % STATUS_COUNT), &who, now, &err);
		break;
	}
	must(txn_error(t, NULL) == 0);
	must(rc == 0 || err.code == ERR_INVAL);
	if (rc == 0 && op[0] % 8 >= 6)
		ticket_put(t, &k);
	if (made.id && rc == 0)
		*last = made.id;
}

static void
print_problem(void *ctx, struct str where, struct str what)
{
	(void)ctx;
	fprintf(stderr, "%.*s: %.*s\n", STR_ARG(where), STR_ARG(what));
}

static void
check_one(struct txn *t, struct arena *a, uint64_t id)
{
	struct timeline *l = NULL;
	struct ticket k, end;
	struct article r;
	unsigned steps;
	size_t n = 0;

	must(ticket_get(t, a, id, &k) == 1);
	must(merge_follow(t, a, id, &end) == 1 && !end.merged_into);
	must(merge_is_above(t, a, &k, id, &steps, NULL) == 0);
	must(timeline_open(t, a, &k, TIMELINE_ARTICLES, &l, NULL) == 0);
	while (timeline_article(l, &r) > 0)
		n++;
	must(n >= k.articles);
	timeline_close(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct verify_counts counts;
	uint64_t last = TICKETS;
	struct txn *t = NULL;

	if (!store)
		open_store();
	must(txn_write(store, &t, NULL) == 0);
	for (size_t i = 0; i + 3 <= size && i < (size_t)3 * OPS_MAX; i += 3)
		one_op(t, &a, data + i, &last, (int64_t)(1000 + i));
	for (uint64_t id = 1; id <= last; id++)
		check_one(t, &a, id);
	must(desk_verify(
		 t, &settings, print_problem, NULL, NULL, &counts, NULL) == 0);
	txn_abort(&t);
	return 0;
}

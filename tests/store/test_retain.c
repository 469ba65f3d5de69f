/* retain: the list by time. outbox: rows by their ticket, in a new store and in one that had no such list. */
#include "box.h"
#include "furnish.h"
#include "older.h"
#include "store/check.h"
#include "store/outbox_private.h"
#include "store/retain.h"

static bool
count_rows(void *ctx, int64_t at, uint64_t ticket)
{
	uint64_t *n = ctx;

	assert_true(ticket > 0 && at >= -5);
	return ++*n < 3;
}

static void
ordered(void **state)
{
	struct box b;
	struct txn *t;
	uint64_t ticket, n = 0;
	int64_t at;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	assert_int_equal(retain_first(t, &at, &ticket), 0);
	retain_put(t, 70, 2);
	retain_put(t, -5, 9);
	retain_put(t, 70, 1);
	retain_put(t, 70, 1);
	assert_int_equal(retain_count(t, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(retain_first(t, &at, &ticket), 1);
	assert_int_equal(at, -5);
	assert_int_equal(ticket, 9);
	assert_int_equal(retain_has(t, 70, 9), 0);
	retain_del(t, -5, 9);
	retain_del(t, -5, 9);
	assert_int_equal(retain_first(t, &at, &ticket), 1);
	assert_int_equal(ticket, 1);
	assert_int_equal(retain_has(t, 70, 2), 1);
	n = 0;
	assert_int_equal(retain_each(t, count_rows, &n), 0);
	assert_int_equal(n, 2);
	box_commit(t);
	box_fini(&b);
}

static struct outbox
row_of(uint64_t ticket)
{
	static struct recipient to = {S("a@x.org"), OUTBOX_SENT, {0}};

	return (struct outbox){.ticket = ticket,
	    .recipients = &to,
	    .nrecipients = 1,
	    .state = OUTBOX_SENT,
	    .kind = S("notice")};
}

/* The rows of a ticket, as "1 4 ". */
static const char *
rows_of(struct txn *t, uint64_t ticket)
{
	static char text[100];
	size_t n = 0;
	uint64_t id = 0;

	text[0] = 0;
	while (outbox_of_ticket(t, ticket, id, &id) > 0)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, "%llu ", (unsigned long long)id);
	return text;
}

static void
by_ticket(void **state)
{
	char text[300];
	struct box b;
	struct txn *t;
	struct outbox o;
	struct key k;

	(void)state;
	box_init(&b);
	furnish(b.s); /* rows 1 to 3, of tickets 1, 2, 2 */
	t = box_write(&b);
	assert_string_equal(rows_of(t, 1), "1 ");
	assert_string_equal(rows_of(t, 2), "2 3 ");
	assert_string_equal(rows_of(t, 3), "");
	o = row_of(1);
	outbox_put(t, &o);
	o = row_of(0);
	outbox_put(t, &o);
	outbox_put(t, &o);
	assert_string_equal(rows_of(t, 1), "1 4 ");
	assert_string_equal(rows_of(t, 0), "");
	assert_int_equal(outbox_get(t, &b.a, 4, &o), 1);
	o.state = OUTBOX_FAILED;
	outbox_put(t, &o);
	assert_string_equal(rows_of(t, 1), "1 4 ");
	outbox_del(t, 4);
	outbox_del(t, 5);
	assert_string_equal(rows_of(t, 1), "1 ");
	box_commit(t);
	if (box_problems(&b, text))
		fail_msg("%s", text);

	/* One that is missing, one that is too many. */
	t = box_write(&b);
	k = outbox_ticket_key(2, 3);
	row_del(t, T_OUTBOX_TICKET, key_str(&k));
	box_commit(t);
	assert_int_equal(box_problems(&b, text), 1);
	assert_string_equal(
	    text, "outbox row 3 is not in the list of ticket 2");
	t = box_write(&b);
	row_put(t, T_OUTBOX_TICKET, key_str(&k), S(""), ROW_PUT);
	k = outbox_ticket_key(1, 3);
	row_put(t, T_OUTBOX_TICKET, key_str(&k), S(""), ROW_PUT);
	retain_put(t, 5, 77);
	box_commit(t);
	assert_int_equal(box_problems(&b, text), 2);
	assert_string_equal(
	    text, "ticket 77 is to be purged, and does not exist");
	box_fini(&b);
}

/* A store of schema 2 gets its list when it is opened; read only, it is read as it is. */
static void
older(void **state)
{
	char text[300];
	struct box b;
	struct txn *t;
	uint64_t id = 0;

	(void)state;
	box_init(&b);
	furnish(b.s);
	t = box_write(&b);
	for (uint64_t ticket = 1; ticket <= 2; ticket++)
		for (id = 0; outbox_of_ticket(t, ticket, id, &id) > 0;) {
			struct key k = outbox_ticket_key(ticket, id);

			row_del(t, T_OUTBOX_TICKET, key_str(&k));
		}
	without_lanes(t, &b.a, 10);
	meta_put(t, S("schema"), S("2"));
	box_commit(t);
	store_close(b.s);
	box_open_with(&b, &(struct store_options){.read_only = true});
	if (box_problems(&b, text))
		fail_msg("%s", text);
	store_close(b.s);
	box_open(&b);
	if (box_problems(&b, text))
		fail_msg("%s", text);
	t = box_write(&b);
	assert_string_equal(rows_of(t, 2), "2 3 ");
	box_commit(t);
	box_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ordered),
	    cmocka_unit_test(by_ticket),
	    cmocka_unit_test(older),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

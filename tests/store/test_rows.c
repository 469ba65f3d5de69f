#include "box.h"
#include "furnish.h"

/* --- what each table promises --- */

static void
fates(void **state)
{
	struct ledger_row row = {.fate = FATE_QUARANTINE, .quarantine = 4}, got;
	struct source_key k;
	struct err e = ERR_INIT;
	struct box b;
	struct txn *t;
	AUTO(buf_fini) struct buf longname = BUF_INIT;
	struct str name;

	(void)state;
	box_init(&b);
	t = box_read(&b);
	assert_int_equal(source_number(t, S("drop")), 0);
	box_commit(t);
	t = box_write(&b);
	assert_int_equal(source_number(t, S("drop")), 1);
	assert_int_equal(source_number(t, S("support/INBOX")), 2);
	assert_int_equal(source_number(t, S("drop")), 1);
	assert_int_equal(source_name(t, &b.a, 2, &name), 1);
	assert_true(str_eq(name, S("support/INBOX")));
	assert_int_equal(source_name(t, &b.a, 3, &name), 0);
	/* Keys longer than LMDB takes, equal in their first 600 bytes. */
	buf_fill(&longname, 'k', 600);
	buf_putc(&longname, '1');
	k = (struct source_key){1, buf_str(&longname)};
	assert_int_equal(ledger_get(t, k, &got), 0);
	ledger_put(t, k, &row);
	assert_int_equal(ledger_get(t, k, &got), 1);
	assert_int_equal(got.quarantine, 4);
	longname.p[600] = '2';
	assert_int_equal(ledger_get(t, k, &got), 0);
	longname.p[600] = '1';
	/* Out of quarantine, and then for good. */
	row = (struct ledger_row){.fate = FATE_TICKET, .ticket = 1, .seq = 1};
	ledger_put(t, k, &row);
	ledger_put(t, k, &row);
	assert_int_equal(txn_error(t, &e), 0);
	row.seq = 2;
	ledger_put(t, k, &row);
	assert_int_equal(txn_commit(t, &e), -1);
	assert_int_equal(e.code, ERR_CORRUPT);
	box_fini(&b);
}

struct keys {
	struct buf all;
	unsigned n;
};

static bool
take_key(void *ctx, struct source_key k, const struct ledger_row *row)
{
	struct keys *keys = ctx;

	assert_int_equal(row->fate, FATE_TICKET);
	buf_printf(&keys->all, "%u:", k.source);
	if (k.key.n > 20)
		buf_u64(&keys->all, k.key.n);
	else
		buf_put(&keys->all, k.key);
	buf_putc(&keys->all, ' ');
	return ++keys->n < 100;
}

static void
ledger_in_order(void **state)
{
	struct ledger_row row = {.fate = FATE_TICKET, .ticket = 1, .seq = 1};
	AUTO(buf_fini) struct buf longname = BUF_INIT;
	struct keys keys = {.all = BUF_INIT};
	struct box b;
	struct txn *t;

	(void)state;
	box_init(&b);
	buf_fill(&longname, 'z', 700);
	t = box_write(&b);
	ledger_put(t, (struct source_key){2, S("b")}, &row);
	ledger_put(t, (struct source_key){1, S("c")}, &row);
	ledger_put(t, (struct source_key){1, buf_str(&longname)}, &row);
	ledger_put(t, (struct source_key){1, S("a")}, &row);
	assert_int_equal(ledger_each(t, 1, take_key, &keys), 0);
	buf_putc(&keys.all, '|');
	assert_int_equal(ledger_each(t, 0, take_key, &keys), 0);
	assert_string_equal(
	    buf_cstr(&keys.all), "1:a 1:c 1:700 |1:a 1:c 1:700 2:b ");
	box_commit(t);
	buf_fini(&keys.all);
	box_fini(&b);
}

static void
folders(void **state)
{
	struct uid_range r[] = {{1, 5}, {7, 7}, {9, UINT32_MAX - 1}};
	struct folder f = {9, 17, -3, r, 3}, got;
	struct uid_range *many;
	struct box b;
	struct txn *t;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	assert_int_equal(folder_get(t, &b.a, 3, &got), 0);
	folder_put(t, 3, &f);
	assert_int_equal(folder_get(t, &b.a, 3, &got), 1);
	assert_int_equal(got.uidvalidity, 9);
	assert_int_equal(got.begun, -3);
	assert_int_equal(got.nskipped, 3);
	assert_memory_equal(got.skipped, r, sizeof r);
	many = arena_array(&b.a, struct uid_range, 20000);
	for (uint32_t i = 0; i < 20000; i++)
		many[i] = (struct uid_range){i * 3 + 1, i * 3 + 2};
	f.skipped = many;
	f.nskipped = 20000;
	folder_put(t, 3, &f);
	assert_int_equal(folder_get(t, &b.a, 3, &got), 1);
	assert_int_equal(got.nskipped, 20000);
	assert_memory_equal(got.skipped, many, 20000 * sizeof *many);
	f.nskipped = 1;
	folder_put(t, 3, &f);
	assert_int_equal(folder_get(t, &b.a, 3, &got), 1);
	assert_int_equal(got.nskipped, 1);
	box_commit(t);
	box_fini(&b);
}

static void
message_ids(void **state)
{
	AUTO(buf_fini) struct buf id = BUF_INIT;
	struct box b;
	struct txn *t;
	uint64_t k;

	(void)state;
	box_init(&b);
	buf_fill(&id, 'i', 900);
	t = box_write(&b);
	msgid_put(t, buf_str(&id), 3, false);
	msgid_put(t, buf_str(&id), 4, false);
	assert_int_equal(msgid_get(t, buf_str(&id), &k), 1);
	assert_int_equal(k, 3);
	msgid_put(t, buf_str(&id), 4, true);
	assert_int_equal(msgid_get(t, buf_str(&id), &k), 1);
	assert_int_equal(k, 4);
	id.p[899] = 'j';
	assert_int_equal(msgid_get(t, buf_str(&id), &k), 0);
	/* No id is nobody's. */
	msgid_put(t, S(""), 4, true);
	assert_int_equal(msgid_get(t, S(""), &k), 0);
	box_commit(t);
	box_fini(&b);
}

static void
people_and_counters(void **state)
{
	AUTO(buf_fini) struct buf key = BUF_INIT;
	struct person p = {.addr = S("A@x"),
	    .first_seen = -1,
	    .last_seen = 7,
	    .tickets = 3,
	    .answered = true,
	    .suspended_why = S("550")};
	struct person got;
	struct box b;
	struct txn *t;
	struct str v;

	(void)state;
	box_init(&b);
	buf_fill(&key, 'p', 640);
	t = box_write(&b);
	person_put(t, &p);
	assert_int_equal(person_get(t, &b.a, S(""), &got), 0);
	p.key = buf_str(&key);
	person_put(t, &p);
	counter_put(t, buf_str(&key), S("12"));
	counter_put(t, S("b"), S(""));
	box_commit(t);
	t = box_read(&b);
	assert_int_equal(person_get(t, &b.a, buf_str(&key), &got), 1);
	assert_int_equal(counter_get(t, &b.a, buf_str(&key), &v), 1);
	assert_true(str_eq(v, S("12")));
	assert_int_equal(counter_get(t, &b.a, S("b"), &v), 1);
	assert_int_equal(counter_get(t, &b.a, S("c"), &v), 0);
	box_commit(t);
	/* Ours after the transaction. */
	assert_true(str_eq(got.key, buf_str(&key)));
	assert_true(str_eq(got.addr, S("A@x")));
	assert_int_equal(got.first_seen, -1);
	assert_int_equal(got.tickets, 3);
	assert_true(got.answered);
	assert_false(got.suspended);
	t = box_write(&b);
	counter_del(t, S("b"));
	counter_del(t, S("b"));
	assert_int_equal(counter_get(t, &b.a, S("b"), &v), 0);
	box_commit(t);
	box_fini(&b);
}

static void
whole_article(void **state)
{
	struct address who = {S("Ann"), S("ann@x.org")},
		       two[] = {
			   {S(""), S("b@x.org")}, {S("unreadable"), S("")}};
	struct span fresh[] = {{0, 5}, {6, 11}};
	struct attachment att = {S("r.pdf"), S("application/pdf"), S("cid"), 99,
	    {1, 2, 3}, true, S("2.1")};
	struct article r = {.ticket = 1,
	    .seq = 1,
	    .direction = DIRECTION_OUT,
	    .author = who,
	    .from = {&who, 1},
	    .to = {two, 2},
	    .subject = S("subject"),
	    .date = -5,
	    .at = 6,
	    .message_id = S("id"),
	    .text = S("hello world"),
	    .fresh = fresh,
	    .nfresh = 2,
	    .attachments = {&att, 1},
	    .evidence = S("new"),
	    .flag = S("odd"),
	    .bounce = S("b"),
	    .blob = 7,
	    .size = 8,
	    .sha256 = {9},
	    .content = {10},
	    .outbox = 11};
	struct article got;
	struct box b;
	struct txn *t;

	(void)state;
	box_init(&b);
	t = box_write(&b);
	article_put(t, &r);
	r.seq = 0; /* the next */
	article_put(t, &r);
	assert_int_equal(article_get(t, &b.a, 1, 3, &got), 0);
	assert_int_equal(article_get(t, &b.a, 1, 2, &got), 1);
	box_commit(t);
	assert_int_equal(got.seq, 2);
	assert_int_equal(got.direction, DIRECTION_OUT);
	assert_true(str_eq(got.author.name, S("Ann")));
	assert_int_equal(got.to.n, 2);
	assert_true(str_eq(got.to.v[1].name, S("unreadable")));
	assert_int_equal(got.cc.n, 0);
	assert_int_equal(got.date, -5);
	assert_int_equal(got.nfresh, 2);
	assert_int_equal(got.fresh[1].to, 11);
	assert_true(str_eq(got.attachments.v[0].part, S("2.1")));
	assert_true(got.attachments.v[0].is_inline);
	assert_memory_equal(got.attachments.v[0].sha256, att.sha256, 32);
	assert_memory_equal(got.sha256, r.sha256, 32);
	assert_int_equal(got.outbox, 11);
	/* The history cannot be rewritten. */
	t = box_write(&b);
	event_put(t, &(struct event){.ticket = 1, .seq = 1, .kind = S("a")});
	event_put(t, &(struct event){.ticket = 1, .kind = S("b")});
	assert_int_equal(txn_error(t, NULL), 0);
	event_put(t, &(struct event){.ticket = 1, .seq = 2, .kind = S("c")});
	assert_int_equal(txn_error(t, NULL), -1);
	txn_abort(&t);
	box_fini(&b);
}

/* --- rows of another version, and damaged ones --- */

static void
unknown_tags_are_skipped(void **state)
{
	static const enum table records[] = {T_TICKET, T_ARTICLE, T_EVENT,
	    T_PERSON, T_OUTBOX, T_LEDGER, T_QUARANTINE, T_TERM_RUN};
	struct box b;
	struct txn *t;
	struct ticket k;
	struct article r;

	(void)state;
	box_init(&b);
	furnish(b.s);
	t = box_write(&b);
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		AUTO(iter_end) struct iter it = ITER_INIT;
		int got;

		for (got = iter_ge(&it, t, records[i], str_n(NULL, 0)); got > 0;
		     got = iter_next(&it)) {
			AUTO(buf_fini) struct buf v = BUF_INIT;
			struct key key = it.at;

			rec_str(&v, 9999, S("of a later version"));
			rec_u64(&v, 9998, 5);
			buf_put(&v, it.value);
			rec_str(&v, 9997, S("more"));
			row_put(
			    t, records[i], key_str(&key), buf_str(&v), ROW_PUT);
		}
	}
	assert_int_equal(ticket_get(t, &b.a, 1, &k), 1);
	assert_true(str_eq(k.queue, S("support")));
	assert_int_equal(article_get(t, &b.a, 1, 1, &r), 1);
	assert_true(str_eq(r.text, S("Hello")));
	box_commit(t);
	box_check(&b);
	box_fini(&b);
}

static void
look(struct txn *t)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	read_rows(t, &a);
	read_lists(t, &a);
	write_rows(t, &a);
}

/* Every row of every table, cut at each length and with each byte changed. */
static void
damaged_rows_crash_nothing(void **state)
{
	struct box b;

	(void)state;
	box_init(&b);
	furnish(b.s);
	for (enum table table = 0; table < TABLE_COUNT; table++) {
		AUTO(iter_end) struct iter it = ITER_INIT;
		struct txn *look_in = box_read(&b);
		unsigned rows = 0;
		int got;

		for (got = iter_ge(&it, look_in, table, str_n(NULL, 0));
		     got > 0 && rows < 2; got = iter_next(&it), rows++) {
			struct key key = {0};
			struct str old = arena_dup(&b.a, it.value);

			key_bytes(&key, it.key);
			for (size_t i = 0; i < old.n; i += 1 + old.n / 40) {
				struct str v = arena_dup(&b.a, old);
				struct txn *t = box_write(&b);

				row_put(t, table, key_str(&key),
				    str_sub(old, 0, i), ROW_PUT);
				look(t);
				txn_abort(&t);
				for (int bit = 0; bit < 8; bit += 3) {
					((char *)(uintptr_t)v.p)[i] =
					    (char)(old.p[i] ^ 1 << bit);
					t = box_write(&b);
					row_put(t, table, key_str(&key), v,
					    ROW_PUT);
					look(t);
					txn_abort(&t);
				}
			}
		}
		iter_end(&it);
		box_commit(look_in);
	}
	box_check(&b);
	box_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fates),
	    cmocka_unit_test(ledger_in_order),
	    cmocka_unit_test(folders),
	    cmocka_unit_test(message_ids),
	    cmocka_unit_test(people_and_counters),
	    cmocka_unit_test(whole_article),
	    cmocka_unit_test(unknown_tags_are_skipped),
	    cmocka_unit_test(damaged_rows_crash_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

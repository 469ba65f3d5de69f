/*
 * Rows of the store, damaged at will: one byte names the table, the next which of its rows (from 0xf0 on: a key of as many bytes as
 * the following byte says), the rest is its value. Everything is then read, put and folded, and given up.
 */
#include "../store/furnish.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store *store;
static char dir[] = "/tmp/helpd-fuzz-rows.XXXXXX";

static void
close_store(void)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	store_close(store);
	unlink(arena_printf(&a, "%s/data.mdb", dir).p);
	unlink(arena_printf(&a, "%s/lock.mdb", dir).p);
	rmdir(dir);
}

static void
open_store(void)
{
	struct store_options o = {.create = true};

	must(mkdtemp(dir) != NULL);
	must(store_open(&store, dir, &o, NULL) == 0);
	furnish(store);
	atexit(close_store);
}

static void
choose_key(struct txn *t, enum table table, struct str *in, struct key *k)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	unsigned which = (unsigned char)in->p[0];
	int r;

	k->n = 0;
	*in = str_from(*in, 1);
	if (which >= 0xf0) {
		size_t n = in->n ? (unsigned char)in->p[0] : 0;

		*in = str_from(*in, 1);
		key_bytes(k, str_sub(*in, 0, n));
		*in = str_from(*in, n);
		return;
	}
	r = iter_ge(&it, t, table, str_n(NULL, 0));
	while (r > 0 && which-- > 0)
		r = iter_next(&it);
	if (r > 0)
		key_bytes(k, it.key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	enum table table;
	struct key k;
	struct txn *t;

	if (size < 2 || size > 100000)
		return 0;
	if (!store)
		open_store();
	must(txn_write(store, &t, NULL) == 0);
	table = (enum table)(data[0] % TABLE_COUNT);
	in = str_from(in, 1);
	choose_key(t, table, &in, &k);
	if (k.n)
		row_put(t, table, key_str(&k), in, ROW_PUT);
	read_rows(t, &a);
	read_lists(t, &a);
	write_rows(t, &a);
	txn_abort(&t);
	return 0;
}

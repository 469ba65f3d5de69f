/*
 * What is sealed, damaged at will. The first byte says what: 0 to 3 the words of an article, a ticket, an outbox row, or a mail's frame, which are sealed as the
 * store would, so that they open; 4 to 7 the same rows, with the bytes behind put over them from a place on that the next two say; 8 the vault's file itself.
 * Everything is then read, put, moved to another key and given up.
 */
#include "store/reseal.h"
#include "store/sealed.h"
#include "../store/furnish.h"
#include "base/file.h"

#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char master[SEAL_KEY_SIZE] = "fuzz";
static struct store *store;
static char dir[] = "/tmp/helpd-fuzz-sealed.XXXXXX";
static char file[80], other[80];

static void
close_store(void)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	store_close(store);
	unlink(arena_printf(&a, "%s/data.mdb", dir).p);
	unlink(arena_printf(&a, "%s/lock.mdb", dir).p);
	unlink(file);
	unlink(other);
	rmdir(dir);
}

static void
open_store(void)
{
	struct store_options o = {.create = true};
	struct vault *v;

	must(mkdtemp(dir) != NULL);
	snprintf(file, sizeof file, "%s/vault", dir);
	snprintf(other, sizeof other, "%s/other", dir);
	must(store_open(&store, dir, &o, NULL) == 0);
	must(vault_create(file, master, NULL) == 0);
	must(vault_open(&v, file, master, NULL) == 0);
	must(store_use_vault(store, v, true, NULL) == 0);
	furnish(store);
	atexit(close_store);
}

static struct key
row_of(unsigned what)
{
	return what == 0 ? key_of_ticket_seq(1, 1) : key_of_u64(1);
}

static const struct {
	enum table table;
	char kind;
	uint32_t key, sealed; /* tags */
} rows[] = {
    {T_ARTICLE, 'a', 24, 25},
    {T_TICKET, 't', 28, 29},
    {T_OUTBOX, 'o', 17, 18},
    {T_BLOB, 'b', 0, 0},
};

/* As the store would have written it. */
static void
put_sealed(struct txn *t, unsigned what, struct str in)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct key row = row_of(what), head = {0};
	size_t at;

	if (rows[what].key) {
		rec_u64(&b, rows[what].key, VAULT_FIRST);
		rec_u64(&b, 1, 1); /* direction, status, state */
		at = sealed_begin(&b, rows[what].sealed);
		buf_put(&b, in);
		sealed_end(t, &b, at, VAULT_FIRST, rows[what].kind, &row);
	} else {
		key_bytes(&head, S("SEAL"));
		key_uint(&head, VAULT_FIRST, 8);
		buf_put(&b, key_str(&head));
		buf_fill(&b, 0, SEAL_NONCE_SIZE);
		buf_put(&b, in);
		sealed_bytes(t, &b, head.n, VAULT_FIRST, 'b', &row);
	}
	kv_put(t, rows[what].table, key_str(&row), buf_str(&b), ROW_PUT);
}

static void
put_over(struct txn *t, unsigned what, struct str in)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct key row = row_of(what);
	uint64_t at;

	if (!key_read_uint(&in, 2, &at) ||
	    kv_get(t, rows[what].table, key_str(&row), 0, &b) <= 0)
		return;
	at %= b.n + 1;
	if (at + in.n > b.n)
		buf_fill(&b, 0, (size_t)at + in.n - b.n);
	if (in.n)
		memcpy(b.p + at, in.p, in.n);
	kv_put(t, rows[what].table, key_str(&row), buf_str(&b), ROW_PUT);
}

static void
read_vault(struct str in)
{
	unsigned char key[SEAL_KEY_SIZE];
	struct vault_counts n;
	struct vault *v;
	uint64_t id;

	/* Not synced: file_replace() would wait for the disk. */
	FILE *f = fopen(other, "w");

	must(f && fwrite(in.n ? in.p : "", 1, in.n, f) == in.n);
	must(fclose(f) == 0);
	if (vault_open(&v, other, master, NULL) < 0)
		return;
	for (id = 0; id < 8; id++)
		vault_key(v, id, key);
	vault_count(v, &n, NULL);
	vault_add(v, 0, &id, NULL);
	vault_close(v);
}

static void
move_all(struct txn *t)
{
	AUTO(buf_fini) struct buf place = BUF_INIT;
	struct reseal_counts n;
	uint64_t done = 0;
	int more = 1;

	reseal_count(t, &n);
	while (more > 0)
		more = reseal_move(t, VAULT_FIRST, &place, 2, &done);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	struct txn *t;

	if (size < 1 || size > 100000)
		return 0;
	if (!store)
		open_store();
	in = str_from(in, 1);
	if (data[0] > 7) {
		read_vault(in);
		return 0;
	}
	must(txn_write(store, &t, NULL) == 0);
	if (data[0] < 4)
		put_sealed(t, data[0], in);
	else
		put_over(t, data[0] - 4u, in);
	read_rows(t, &a);
	move_all(t);
	read_lists(t, &a);
	write_rows(t, &a);
	txn_abort(&t);
	return 0;
}

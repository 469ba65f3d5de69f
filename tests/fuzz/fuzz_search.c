/* A query of `helpd search`, over a small store: any words; tickets come newest first, each once, and only such as there are. */
#include "../store/furnish.h"
#include "desk/search.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store *store;
static char dir[] = "/tmp/helpd-fuzz-search.XXXXXX";

static void
close_store(void)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	store_close(store);
	unlink(arena_printf(&a, "%s/data.mdb", dir).p);
	unlink(arena_printf(&a, "%s/lock.mdb", dir).p);
	rmdir(dir);
}

static bool
on_found(void *ctx, const struct ticket *k)
{
	uint64_t *last = ctx;

	must(k->id >= 1 && k->id <= 2 && k->id < *last);
	*last = k->id;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_options o = {.create = true};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	uint64_t last = UINT64_MAX;
	struct err err = ERR_INIT;
	struct txn *t;

	if (size > 4096)
		return 0;
	if (!store) {
		must(mkdtemp(dir) != NULL);
		must(store_open(&store, dir, &o, NULL) == 0);
		furnish(store);
		atexit(close_store);
	}
	must(txn_read(store, &t, NULL) == 0);
	if (search_tickets(t, &a, str_n((const char *)data, size), 0, on_found,
		&last, &err) < 0)
		must(err.code == ERR_INVAL && err.msg[0]);
	must(txn_error(t, NULL) == 0);
	txn_abort(&t);
	return 0;
}

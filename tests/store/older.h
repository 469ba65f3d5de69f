/* What older stores look like. */
#ifndef TESTS_STORE_OLDER_H
#define TESTS_STORE_OLDER_H

#include "box.h"
#include "store/outbox.h"
#include "store/outbox_private.h"

/* The index of the outbox as schema 3 and earlier had it; rows: the last id. */
static inline void
without_lanes(struct txn *t, struct arena *a, uint64_t rows)
{
	for (uint64_t id = 1; id <= rows; id++) {
		struct outbox o;
		struct key k;

		if (outbox_get(t, a, id, &o) <= 0)
			continue;
		if (!outbox_index_key(&o, true, &k))
			continue;
		row_del(t, T_OUTBOX_INDEX, key_str(&k));
		assert_true(outbox_index_key(&o, false, &k));
		row_put(t, T_OUTBOX_INDEX, key_str(&k), S(""), ROW_PUT);
	}
}

#endif

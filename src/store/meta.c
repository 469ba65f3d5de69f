#include "store/txn_private.h"

int
meta_get(struct txn *t, struct arena *a, struct str name, struct str *value)
{
	struct str v;
	int r = row_get(t, T_META, name, &v);

	if (r > 0)
		*value = arena_dup(a, v);
	return r;
}

void
meta_put(struct txn *t, struct str name, struct str value)
{
	row_put(t, T_META, name, value, ROW_PUT);
}

uint64_t
meta_next(struct txn *t, struct str name)
{
	struct key k = {0};
	struct str v;
	uint64_t n = 0;
	int r;

	key_bytes(&k, S("next:"));
	key_text(&k, name);
	r = row_get(t, T_META, key_str(&k), &v);
	if (r > 0 && (v.n != sizeof n))
		r = row_corrupt(t, T_META, key_str(&k));
	if (r < 0)
		return 0;
	if (r > 0)
		memcpy(&n, v.p, sizeof n);
	n++;
	row_put(
	    t, T_META, key_str(&k), str_n((const char *)&n, sizeof n), ROW_PUT);
	return n;
}

#include "desk/undo.h"

int
undo_find(struct txn *t, struct arena *a, const struct ticket *k,
    const struct actor *who, uint32_t *event, struct str *words,
    struct err *err)
{
	(void)t;
	(void)a;
	(void)k;
	(void)who;
	(void)err;
	*event = 0;
	*words = str_n(NULL, 0);
	return 0;
}

int
undo_change(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct actor *who, uint32_t event, int64_t now, struct err *err)
{
	(void)d;
	(void)t;
	(void)a;
	(void)k;
	(void)who;
	(void)event;
	(void)now;
	return err_set(err, ERR_INVAL, "nothing can be undone yet");
}

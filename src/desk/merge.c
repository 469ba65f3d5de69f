#include "desk/merge.h"

int
merge_tickets(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct ticket *from, const struct actor *who, int64_t now, struct err *err)
{
	(void)d, (void)t, (void)a, (void)k, (void)from, (void)who, (void)now;
	return err_set(err, ERR_PERM, "merging is not there yet");
}

int
merge_sources(struct txn *t, struct arena *a, const struct ticket *k,
    uint64_t **ids, size_t *n, struct err *err)
{
	(void)t, (void)a, (void)k, (void)err;
	*ids = NULL;
	*n = 0;
	return 0;
}

int
merge_split(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    uint32_t seq, const struct actor *who, int64_t now, struct ticket *out,
    struct err *err)
{
	(void)d, (void)t, (void)a, (void)k, (void)seq, (void)who, (void)now;
	(void)out;
	return err_set(err, ERR_PERM, "splitting is not there yet");
}

int
merge_child(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *parent, const struct child *c, const struct actor *who,
    int64_t now, struct ticket *out, struct err *err)
{
	(void)d, (void)t, (void)a, (void)parent, (void)c, (void)who, (void)now;
	(void)out;
	return err_set(err, ERR_PERM, "sub-tickets are not there yet");
}

uint64_t
merge_parent(const struct ticket *k)
{
	for (size_t i = 0; i < k->nlinks; i++)
		if (k->links[i].kind == LINK_PARENT)
			return k->links[i].ticket;
	return 0;
}

int
merge_open_children(struct txn *t, struct arena *a, const struct ticket *k,
    uint64_t **ids, size_t *n, struct err *err)
{
	(void)t, (void)a, (void)k, (void)err;
	*ids = NULL;
	*n = 0;
	return 0;
}

int
merge_child_done(struct desk *d, struct txn *t, struct arena *a,
    const struct ticket *child, const struct actor *who, int64_t now,
    struct err *err)
{
	(void)d, (void)t, (void)a, (void)child, (void)who, (void)now, (void)err;
	return 0;
}

int
merge_link(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    uint64_t other, const struct actor *who, int64_t now, struct err *err)
{
	(void)d, (void)t, (void)a, (void)k, (void)other, (void)who, (void)now;
	return err_set(err, ERR_PERM, "linking is not there yet");
}

int
merge_unlink(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    uint64_t other, const struct actor *who, int64_t now, struct err *err)
{
	(void)d, (void)t, (void)a, (void)k, (void)other, (void)who, (void)now;
	return err_set(err, ERR_PERM, "unlinking is not there yet");
}

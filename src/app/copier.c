#include "app/copier.h"
#include "app/imap_account.h"
#include "base/fault.h"
#include "base/mem.h"

#include <pthread.h>

struct copier {
	const struct mailbox *m;
	struct imap *imap;
	pthread_mutex_t lock;
	struct imap *open;      /* for imap_interrupt(); under lock */
	_Atomic bool cancelled; /* the same */
};

void
copier_new(struct copier **out, const struct mailbox *m)
{
	struct copier *c = mem_new(sizeof *c);

	c->m = m;
	pthread_mutex_init(&c->lock, NULL);
	*out = c;
}

static void
opening(void *ctx, struct imap *imap)
{
	struct copier *c = ctx;

	pthread_mutex_lock(&c->lock);
	c->open = imap;
	if (imap && c->cancelled)
		imap_interrupt(imap);
	pthread_mutex_unlock(&c->lock);
}

static int
ready(struct copier *c, struct err *err)
{
	return c->imap ? 0
		       : imap_account_open(
			     c->m, &c->cancelled, opening, c, &c->imap, err);
}

void
copier_rest(struct copier *c)
{
	opening(c, NULL);
	imap_close(&c->imap);
}

/* Is the mail there? A folder that is missing, or that we may not read, shows
 * none. */
static int
look(struct copier *c, struct str message_id, bool *there, struct err *err)
{
	struct imap_mailbox box;

	*there = false;
	if (imap_select(c->imap, c->m->copy, &box, err) < 0)
		return err->code != ERR_TEMP && imap_is_good(c->imap) ? 0 : -1;
	return imap_find(c->imap, message_id, there, err);
}

/* What the server said no to, or did not live to answer. */
static void
failed(struct copier *c, struct arena *a, enum sent lost, struct sent_to *to,
    const struct err *err)
{
	to->result = imap_is_good(c->imap) ? SENT_LATER : lost;
	to->reply = arena_dup(a, str_c(err->msg));
	if (!imap_is_good(c->imap))
		copier_rest(c);
}

int
copier_put(struct copier *c, struct arena *a, struct str message_id, bool again,
    struct str bytes, struct sent_to *to, struct err *err)
{
	bool there = false;
	struct err e = ERR_INIT;

	if (ready(c, err) < 0) {
		to->result = SENT_LATER;
		to->reply = arena_dup(a, str_c(err->msg));
		return -1;
	}
	if (again && look(c, message_id, &there, &e) < 0) {
		failed(c, a, SENT_LATER, to, &e);
		return 0;
	}
	if (!there && imap_append(c->imap, c->m->copy, bytes, true, &e) < 0) {
		failed(c, a, SENT_UNKNOWN, to, &e);
		return 0;
	}
	fault_point("copy-after");
	to->result = SENT_OK;
	to->reply = there ? S("it was there already") : S("taken");
	return 0;
}

void
copier_cancel(struct copier *c)
{
	pthread_mutex_lock(&c->lock);
	c->cancelled = true;
	if (c->open)
		imap_interrupt(c->open);
	pthread_mutex_unlock(&c->lock);
}

void
copier_free(struct copier **pc)
{
	if (!*pc)
		return;
	copier_rest(*pc);
	pthread_mutex_destroy(&(*pc)->lock);
	mem_free(*pc);
	*pc = NULL;
}

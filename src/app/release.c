#include "app/release.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/due.h"
#include "store/blob.h"

enum {
	RAW_MAX = 1 << 30
};

static void
done(struct item *it, const struct err *failed)
{
	const struct outcome *o = &it->outcome;
	unsigned long long id = it->retried;

	if (failed)
		log_error("release", "quarantine=%llu %s", id, failed->msg);
	else if (o->fate == FATE_QUARANTINE)
		log_warning("release",
		    "quarantine=%llu confirmed, and still not to be taken", id);
	else
		log_info("release",
		    "quarantine=%llu ticket=%llu article=%u confirmed by %.*s",
		    id, (unsigned long long)o->ticket, o->seq,
		    STR_ARG(it->confirmed));
	item_free(it);
}

/* The mail and what came with it: 1, 0, -1. */
static int
fetch(struct store *s, uint64_t id, struct item **out, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct source_key key;
	struct intake in = {0};
	struct quarantined q;
	struct item *it;
	int r;

	if (txn_read(s, &t, err) < 0)
		return -1;
	r = quarantine_get(t, &a, id, &q);
	if (r <= 0)
		return r < 0 ? txn_error(t, err) : 0;
	key = (struct source_key){source_number(t, q.source), q.key};
	it = item_new(key);
	if (intake_decode(&it->own, q.intake, &in, err) < 0 ||
	    blob_get(t, q.blob, RAW_MAX, &it->raw) <= 0) {
		item_free(it);
		return txn_error(t, err) < 0
			   ? -1
			   : err_set(err, ERR_CORRUPT,
				 "mail %llu of the quarantine cannot be read",
				 (unsigned long long)id);
	}
	it->size = q.size;
	it->queue = in.mailbox_queue;
	if (in.channel.n)
		it->channel = in.channel;
	it->envelope_sender = in.envelope_sender;
	it->envelope_recipient = in.envelope_recipient;
	it->oversize = in.oversize;
	it->begin_old = in.begin_old;
	it->retried = id;
	it->confirmed = in.confirmed;
	it->done = done;
	*out = it;
	return 1;
}

/* --- a timer without its mail ------------------------------------------ */

struct forget {
	struct job job;
	uint64_t id;
};

struct search {
	struct arena *a;
	struct str data;
	struct timer found;
	bool any;
};

static bool
is_release(void *ctx, const struct timer *m)
{
	struct search *s = ctx;

	if (m->kind != DUE_RELEASE || !str_eq(m->data, s->data))
		return true;
	s->found = *m;
	s->any = true;
	return false;
}

static int
forget_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	const struct forget *f = (const struct forget *)j;
	struct search s = {.a = a};

	(void)d;
	(void)now;
	s.data = arena_printf(a, "%llu", (unsigned long long)f->id);
	if (timer_each(t, a, is_release, &s) < 0)
		return txn_error(t, err);
	if (s.any)
		timer_del(t, &s.found);
	return txn_error(t, err);
}

static void
forget_done(struct job *j, const struct err *failed)
{
	struct forget *f = (struct forget *)j;

	if (failed)
		log_error("release", "quarantine=%llu %s",
		    (unsigned long long)f->id, failed->msg);
	mem_free(f);
}

int
release_push(
    struct store *s, struct pipeline *p, uint64_t quarantine, struct err *err)
{
	struct item *it = NULL;
	int r = fetch(s, quarantine, &it, err);

	if (r > 0) {
		pipeline_push(p, it);
	} else if (r == 0) {
		struct forget *f = mem_new(sizeof *f);

		f->job.run = forget_run;
		f->job.done = forget_done;
		f->id = quarantine;
		writer_submit(pipeline_writer(p), &f->job);
	}
	return MIN(r, 0);
}

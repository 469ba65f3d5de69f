#include "app/status.h"
#include "app/json.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/due.h"
#include "store/outbox.h"
#include "store/ticket.h"

#include <unistd.h>

static void
add_feed(void *ctx, const struct feed_status *s)
{
	json_t *o = json_object();

	json_put_str(o, "name", s->name);
	json_put_str(o, "state", str_c(s->state));
	json_put_time(o, "last_ok", s->last_ok);
	json_put_time(o, "next_try", s->next_try);
	json_object_set_new(o, "taken", json_integer((json_int_t)s->taken));
	json_put_str_or_null(o, "error", str_c(s->error));
	json_array_append_new(ctx, o);
}

static void
add_sender(void *ctx, const struct sender_status *s)
{
	json_t *o = json_object();

	json_put_str(o, "name", s->name);
	json_object_set_new(o, "sent", json_integer((json_int_t)s->sent));
	json_object_set_new(o, "refused", json_integer((json_int_t)s->refused));
	json_object_set_new(
	    o, "deferred", json_integer((json_int_t)s->deferred));
	json_put_time(o, "last_ok", s->last_ok);
	json_put_time(o, "next_try", s->next_try);
	json_put_str_or_null(o, "error", str_c(s->error));
	json_array_append_new(ctx, o);
}

/* How many wait, and what is next. */
static json_t *
timers_json(struct txn *t)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	json_t *o = json_object();
	struct timer first = {.due = CLOCK_NONE};
	uint64_t n = 0;

	if (t)
		due_count(t, &a, &n, &first);
	json_object_set_new(o, "waiting", json_integer((json_int_t)n));
	json_put_time(o, "next", first.due);
	json_put_str_or_null(o, "kind",
	    n ? str_c(due_name((enum due_kind)first.kind)) : str_n(NULL, 0));
	return o;
}

void
status_json(const struct status_sources *s, struct buf *out)
{
	json_t *o = json_object(), *boxes = json_array(),
	       *transports = json_array();
	struct writer_state w;
	AUTO(txn_abort) struct txn *t = NULL;
	uint64_t used = 0, size = 0;
	struct err err = ERR_INIT;

	writer_state(s->writer, &w);
	json_put_str(o, "version", S(PACKAGE_VERSION));
	json_object_set_new(o, "pid", json_integer(getpid()));
	json_put_time(o, "started", s->started);
	json_put_time(o, "now", clock_now());
	if (s->feeds)
		feeds_status(s->feeds, add_feed, boxes);
	if (s->senders)
		senders_status(s->senders, add_sender, transports);
	json_object_set_new(o, "mailboxes", boxes);
	json_object_set_new(o, "transports", transports);
	json_object_set_new(
	    o, "intake", json_integer((json_int_t)pipeline_depth(s->pipeline)));
	json_object_set_new(
	    o, "writer_queue", json_integer((json_int_t)w.queued));
	json_object_set_new(o, "commits", json_integer((json_int_t)w.commits));
	json_object_set_new(o, "store_full", json_boolean(w.full));
	store_usage(s->store, &used, &size);
	json_object_set_new(o, "store_used", json_integer((json_int_t)used));
	json_object_set_new(o, "store_size", json_integer((json_int_t)size));
	if (txn_read(s->store, &t, &err) == 0) {
		json_t *ob = json_object(), *tk = json_object();

		for (int st = OUTBOX_QUEUED; st < OUTBOX_STATE_COUNT; st++) {
			uint64_t n = 0;

			outbox_count(t, (enum outbox_state)st, &n);
			json_object_set_new(ob,
			    outbox_state_name((enum outbox_state)st),
			    json_integer((json_int_t)n));
		}
		for (int st = STATUS_NEW; st < STATUS_COUNT; st++) {
			uint64_t n = 0;

			ticket_count(t, (enum status)st, &n);
			json_object_set_new(tk, status_name((enum status)st),
			    json_integer((json_int_t)n));
		}
		json_object_set_new(o, "outbox", ob);
		json_object_set_new(o, "tickets", tk);
	}
	json_object_set_new(o, "timers", timers_json(t));
	json_line(out, o);
}

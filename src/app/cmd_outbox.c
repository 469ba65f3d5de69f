/* outbox: what waits to be sent, what failed, what is held. */
#include "app/listing.h"
#include "app/session.h"
#include "app/ticket_json.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/delivery.h"
#include "desk/outbound.h"
#include "store/blob.h"
#include "store/outbox.h"

#include <stdio.h>
#include <sysexits.h>

static json_t *
row_json(const struct outbox *o)
{
	json_t *j = json_object(), *v = json_array();

	json_object_set_new(j, "id", json_integer((json_int_t)o->id));
	json_object_set_new(j, "ticket", json_integer((json_int_t)o->ticket));
	json_object_set_new(j, "seq", json_integer(o->seq));
	json_put_str(j, "kind", o->kind);
	json_put_str(j, "state", str_c(outbox_state_name(o->state)));
	json_put_str(j, "sender", o->sender);
	json_put_str(j, "subject", o->subject);
	json_put_str(j, "message_id", o->message_id);
	json_put_time(j, "created", o->created);
	json_put_time(
	    j, "next", o->state == OUTBOX_QUEUED ? o->next : CLOCK_NONE);
	json_object_set_new(j, "attempts", json_integer(o->attempts));
	json_object_set_new(j, "ambiguous", json_integer(o->ambiguous));
	json_put_str_or_null(j, "last", o->last);
	for (size_t i = 0; i < o->nrecipients; i++) {
		json_t *r = json_object();

		json_put_str(r, "address", o->recipients[i].addr);
		json_put_str(r, "state",
		    str_c(outbox_state_name(o->recipients[i].state)));
		json_put_str_or_null(r, "reply", o->recipients[i].reply);
		json_array_append_new(v, r);
	}
	json_object_set_new(j, "recipients", v);
	return j;
}

static bool
add(void *ctx, const struct outbox *o)
{
	struct listing *l = ctx;
	struct table_row *r = listing_row(l);

	if (!r) {
		json_print(row_json(o));
		return true;
	}
	r->cell[0] = arena_printf(&l->a, "%llu", (unsigned long long)o->id);
	r->cell[1] = str_c(outbox_state_name(o->state));
	r->colour[1] = o->state == OUTBOX_FAILED ? COLOUR_RED
		       : o->state == OUTBOX_HELD ? COLOUR_YELLOW
						 : COLOUR_NONE;
	r->cell[2] = arena_dup(&l->a, o->kind);
	r->cell[3] =
	    arena_printf(&l->a, "#%llu", (unsigned long long)o->ticket);
	r->cell[4] = time_ago(&l->a, o->created, l->now);
	r->cell[5] =
	    o->state == OUTBOX_QUEUED ? time_text(&l->a, o->next) : S("-");
	r->cell[6] = arena_printf(&l->a, "%u", o->attempts);
	r->cell[7] =
	    o->nrecipients ? arena_dup(&l->a, o->recipients[0].addr) : S("-");
	if (o->nrecipients > 1)
		r->cell[7] = arena_printf(&l->a, "%.*s +%zu",
		    STR_ARG(r->cell[7]), o->nrecipients - 1);
	r->cell[8] = arena_dup(&l->a, o->last.n ? o->last : o->subject);
	return true;
}

static int
list(struct verb_context *c, struct session *s)
{
	static const char *const heads[] = {">ID", "STATE", "KIND", "TICKET",
	    "AGE", "NEXT", ">TRIES", "TO", "LAST", NULL};
	struct listing l;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	int status = EX_OK;

	listing_init(&l, c, heads);
	if (txn_read(s->store, &t, &err) < 0 ||
	    (outbox_each(t, &a, OUTBOX_NONE, add, &l) < 0 &&
		txn_error(t, &err) < 0))
		status = verb_err(c, &err);
	listing_end(&l, "nothing waits");
	return status;
}

static int
show(struct verb_context *c, struct session *s, uint64_t id)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf bytes = BUF_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	struct outbox o;

	if (txn_read(s->store, &t, &err) < 0)
		return verb_err(c, &err);
	if (outbox_get(t, &a, id, &o) != 1)
		return txn_error(t, &err) < 0
			   ? verb_err(c, &err)
			   : verb_fail(c, EX_NOINPUT,
				 "the outbox has no row %llu",
				 (unsigned long long)id);
	if (c->json) {
		json_print(row_json(&o));
		return EX_OK;
	}
	if (blob_get(t, o.blob, (size_t)1 << 30, &bytes) != 1)
		return verb_fail(c, EX_SOFTWARE, "its bytes are missing");
	fwrite(buf_cstr(&bytes), 1, bytes.n, stdout);
	return EX_OK;
}

struct ids {
	char **v;
	int n;
	bool drop;
};

/* An answer that waits for its agent's word is let go as he would do it. */
static int
release(struct session *s, struct txn *t, struct arena *a, uint64_t id,
    const struct actor *who, int64_t now, struct err *err)
{
	struct outbox row;
	struct ticket k;

	if (outbox_get(t, a, id, &row) != 1 || row.state != OUTBOX_HELD ||
	    !str_eq(row.kind, S("answer")) ||
	    ticket_get(t, a, row.ticket, &k) != 1)
		return txn_error(t, err) < 0
			   ? -1
			   : delivery_retry(t, a, id, now, err);
	if (outbound_release(&s->desk, t, a, &k, id, who, now, err) < 0)
		return -1;
	ticket_put(t, &k);
	return txn_error(t, err);
}

static int
change(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct ids *l = ctx;
	struct actor who = {session_actor(a), S("helpd outbox")};

	for (int i = 0; i < l->n; i++) {
		uint64_t id;
		int r;

		if (!str_u64(str_c(l->v[i]), &id))
			return err_set(
			    err, ERR_INVAL, "\"%s\" is no number", l->v[i]);
		r = l->drop ? delivery_drop(&s->desk, t, a, id, &who, now, err)
			    : release(s, t, a, id, &who, now, err);
		if (r < 0)
			return err_in(err, "row %llu", (unsigned long long)id);
	}
	return 0;
}

int
cmd_outbox(struct verb_context *c, int argc, char **argv)
{
	struct session s;
	const char *what = argc > 1 ? argv[1] : "list";
	bool retry = strcmp(what, "retry") == 0 || strcmp(what, "release") == 0;
	bool drop = strcmp(what, "drop") == 0;
	struct ids ids = {argv + 2, argc - 2, drop};
	uint64_t id = 0;
	int status;

	if (strcmp(what, "list") == 0 ? argc > 2
	    : strcmp(what, "show") == 0
		? argc != 3 || !str_u64(str_c(argv[2]), &id)
		: (!retry && !drop) || argc < 3)
		return verb_usage(c);
	status = session_open(&s, c,
	    retry || drop ? SESSION_STORE | SESSION_DESK : SESSION_STORE);
	if (status == EX_OK)
		status = retry || drop ? session_write(&s, c, change, &ids)
			 : id          ? show(c, &s, id)
				       : list(c, &s);
	session_close(&s);
	return status;
}

/*
 * quarantine: mails that could not be parsed, and those that bear an agent's name without the proof; kept whole. Each can be looked at, tried again (after
 * an upgrade), or released: then it becomes an ordinary article without any authority, by its header alone where it cannot be parsed, with the whole mail behind it.
 */
#include "app/jail.h"
#include "app/listing.h"
#include "app/session.h"
#include "app/ticket_json.h"
#include "base/must.h"
#include "store/blob.h"
#include "store/ledger.h"

#include <stdio.h>
#include <sysexits.h>

enum {
	RAW_MAX = 1 << 30
};

static json_t *
row_json(const struct quarantined *q)
{
	json_t *o = json_object();
	AUTO(buf_fini) struct buf hex = BUF_INIT;

	buf_hex(&hex, str_n((const char *)q->sha256, SHA256_SIZE));
	json_object_set_new(o, "id", json_integer((json_int_t)q->id));
	json_put_str(o, "source", q->source);
	json_put_str(o, "reason", q->reason);
	json_put_time(o, "time", q->at);
	json_object_set_new(o, "size", json_integer((json_int_t)q->size));
	json_put_str(o, "sha256", buf_str(&hex));
	return o;
}

static bool
add(void *ctx, const struct quarantined *q)
{
	struct listing *l = ctx;
	struct table_row *r = listing_row(l);

	if (!r) {
		json_print(row_json(q));
		return true;
	}
	r->cell[0] = arena_printf(&l->a, "%llu", (unsigned long long)q->id);
	r->cell[1] = time_ago(&l->a, q->at, l->now);
	r->cell[2] = arena_printf(&l->a, "%llu", (unsigned long long)q->size);
	r->cell[3] = arena_dup(&l->a, q->source);
	r->cell[4] = arena_dup(&l->a, q->reason);
	return true;
}

static int
list(struct verb_context *c, struct session *s)
{
	static const char *const heads[] = {
	    ">ID", "AGE", ">SIZE", "SOURCE", "REASON", NULL};
	struct listing l;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	int status = EX_OK;

	listing_init(&l, c, heads);
	if (txn_read(s->store, &t, &err) < 0 ||
	    (quarantine_each(t, &a, add, &l) < 0 && txn_error(t, &err) < 0))
		status = verb_err(c, &err);
	listing_end(&l, "nothing is in quarantine");
	return status;
}

/* The row and its raw mail, in a read transaction of their own. */
static int
fetch(struct verb_context *c, struct session *s, uint64_t id, struct arena *a,
    struct quarantined *q, struct buf *raw)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	int r;

	if (txn_read(s->store, &t, &err) < 0)
		return verb_err(c, &err);
	r = quarantine_get(t, a, id, q);
	if (r == 1)
		r = blob_get(t, q->blob, RAW_MAX, raw);
	if (r == 1)
		return EX_OK;
	if (r < 0 && txn_error(t, &err) < 0)
		return verb_err(c, &err);
	return verb_fail(c, EX_NOINPUT, "the quarantine has no mail %llu",
	    (unsigned long long)id);
}

struct again {
	struct quarantined q;
	struct message message;
	struct buf packed;
	unsigned char content[SHA256_SIZE];
	bool release;
	struct outcome outcome;
};

static int
ingest_again(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct again *g = ctx;
	struct intake in = {
	    .source = {source_number(t, g->q.source), g->q.key},
	    .channel = S("mail"),
	    .begin_old = true,
	    .size = g->q.size,
	    .packed = buf_str(&g->packed),
	    .message = &g->message,
	    .retried = g->q.id,
	    .released = g->release,
	};

	memcpy(in.sha256, g->q.sha256, sizeof in.sha256);
	memcpy(in.content, g->content, sizeof in.content);
	if (intake_decode(a, g->q.intake, &in, err) < 0)
		return -1;
	return ingest(&s->desk, t, a, &in, now, &g->outcome, err);
}

/* The header, and a text that says what happened: enough to parse, whatever the body is. */
static struct str
header_only(struct arena *a, struct str raw, struct str reason)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str rest = str_sub(raw, 0, 65536), line;
	bool wanted = false;

	while (str_line(&rest, &line) && line.n) {
		static const char *const keep[] = {
		    "from:", "to:", "cc:", "subject:", "date:", "message-id:",
		    "in-reply-to:", "references:", "reply-to:", "return-path:",
		    "auto-submitted:", "precedence:"};

		if (!ch_is_wsp(line.p[0])) {
			wanted = false;
			for (size_t i = 0; i < ARRAY_LEN(keep); i++)
				if (str_istarts(line, str_c(keep[i])))
					wanted = true;
		}
		if (wanted) {
			buf_put(&b, line);
			buf_putc(&b, '\n');
		}
	}
	buf_printf(&b,
	    "\nThis mail could not be read (%.*s). It was released from the "
	    "quarantine by its header; helpd show --raw gives it whole.\n",
	    STR_ARG(reason));
	return arena_dup(a, buf_str(&b));
}

static int
parse_again(struct verb_context *c, struct jail *jail, struct session *s,
    const char *number, bool release)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct again g = {0};
	struct jailed j = {0};
	struct err err = ERR_INIT;
	uint64_t id;
	int status;

	if (!str_u64(str_c(number), &id))
		return verb_fail(c, EX_USAGE, "\"%s\" is no number", number);
	status = fetch(c, s, id, &a, &g.q, &raw);
	if (status != EX_OK)
		return status;
	g.release = release;
	j.raw = buf_str(&raw);
	if (jail_parse(jail, &a, &j, 1, &err) < 0)
		return verb_err(c, &err);
	if (release && j.refused) {
		j = (struct jailed){0};
		j.raw = header_only(&a, buf_str(&raw), g.q.reason);
		if (jail_parse(jail, &a, &j, 1, &err) < 0)
			return verb_err(c, &err);
	}
	if (j.refused)
		return verb_fail(c, EX_DATAERR,
		    "mail %llu still cannot be read: %.*s",
		    (unsigned long long)id, STR_ARG(j.why));
	if (message_decode(&a, j.record, &g.message, &err) < 0)
		return verb_err(c, &err);
	message_content_hash(buf_str(&raw), g.content);
	blob_pack(buf_str(&raw), &g.packed);
	status = session_write(s, c, ingest_again, &g);
	buf_fini(&g.packed);
	if (status == EX_OK && g.outcome.fate == FATE_QUARANTINE)
		status = verb_fail(c, EX_DATAERR,
		    "mail %llu stays where it is: it bears an agent's name "
		    "or token without the proof; release makes an ordinary "
		    "article of it",
		    (unsigned long long)id);
	else if (status == EX_OK && c->json)
		printf("{\"id\":%llu,\"ticket\":%llu}\n",
		    (unsigned long long)id,
		    (unsigned long long)g.outcome.ticket);
	else if (status == EX_OK)
		printf("mail %llu is in ticket #%llu\n", (unsigned long long)id,
		    (unsigned long long)g.outcome.ticket);
	return status;
}

static int
show(struct verb_context *c, struct session *s, const char *number)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf raw = BUF_INIT;
	struct quarantined q;
	uint64_t id;
	int status;

	if (!str_u64(str_c(number), &id))
		return verb_usage(c);
	status = fetch(c, s, id, &a, &q, &raw);
	if (status == EX_OK && c->json)
		json_print(row_json(&q));
	else if (status == EX_OK)
		fwrite(buf_cstr(&raw), 1, raw.n, stdout);
	return status;
}

int
cmd_quarantine(struct verb_context *c, int argc, char **argv)
{
	struct session s;
	struct jail *jail = NULL;
	struct jail_options jo = {.workers = 1};
	struct err err = ERR_INIT;
	const char *what = argc > 1 ? argv[1] : "list";
	bool release = strcmp(what, "release") == 0;
	bool again = release || strcmp(what, "retry") == 0;
	bool one = strcmp(what, "show") == 0;
	int status;

	if (strcmp(what, "list") == 0 ? argc > 2
	    : one                     ? argc != 3
				      : !again || argc < 3)
		return verb_usage(c);
	status = session_open(&s, c, again ? SESSION_CONFIG : SESSION_STORE);
	/* The jail is forked before the store is mapped, and not by root. */
	if (status == EX_OK && again)
		status = session_own(&s, c);
	if (status == EX_OK && again && jail_open(&jail, &jo, &err) < 0)
		status = verb_err(c, &err);
	if (status == EX_OK && again)
		status =
		    session_open_store(&s, c, SESSION_STORE | SESSION_DESK);
	if (status == EX_OK && one)
		status = show(c, &s, argv[2]);
	else if (status == EX_OK && !again)
		status = list(c, &s);
	for (int i = 2; i < argc && again && status == EX_OK; i++)
		status = parse_again(c, jail, &s, argv[i], release);
	session_close(&s);
	jail_close(&jail);
	return status;
}

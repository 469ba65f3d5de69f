/*
 * What an agent writes in answer to a notice, on its whole way: read, judged, carried out, told; then the invariants hold. The first byte: & 3 who writes,
 * 4 without the token, 8 HTML, 16 the customer writes instead, 32 a second mail of anna's with the same words follows, 64 no results of the mail system.
 */
#include "../desk/agent_fixture.h"
#include "desk/settle.h"
#include "desk/verify.h"
#include "mail/parse.h"
#include "store/blob.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *state; /* a struct agents */
static struct str notice_to, notice_id, notice_subject;

static void
close_desk(void)
{
	agents_teardown(&state);
}

/* Two customers' tickets, and the notice that anna got of the first. */
static void
open_desk(void)
{
	struct fixture *f;
	struct message *x;

	must(agents_setup(&state) == 0);
	atexit(close_desk);
	f = state;
	customer(f, NOW);
	x = sent(f, "notice", ANNA);
	must(x && x->reply_to.n);
	notice_to = x->reply_to.v[0].addr;
	notice_id = x->message_id;
	notice_subject = x->subject;
	customer(f, NOW);
}

static struct str
compose(struct arena *a, uint8_t how, unsigned number, struct str body)
{
	static const char *const agents[] = {
	    ANNA, BEN, "carla@acme.example", "lena@acme.example"};
	bool ann = how & 16, token = !(how & 4);

	return arena_printf(a,
	    "%sFrom: %s\nTo: <%.*s>\nSubject: Re: %.*s\n"
	    "Date: 5 Jan 2026 10:00:00 +0000\nMessage-ID: <m%u@x.example>\n"
	    "In-Reply-To: <%.*s>\nMIME-Version: 1.0\n"
	    "Content-Type: text/%s; charset=utf-8\n\n%.*s\n",
	    how & 64 ? "" : "Authentication-Results: " PASS "\n",
	    ann          ? ANN
	    : number > 1 ? ANNA
			 : agents[how & 3],
	    STR_ARG(token && !ann ? notice_to : S("support@acme.example")),
	    STR_ARG(notice_subject), number,
	    STR_ARG(token ? notice_id : S("other@x.example")),
	    how & 8 ? "html" : "plain", STR_ARG(body));
}

static void
come_in(struct fixture *f, struct txn *t, struct arena *a, struct str raw,
    unsigned number)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct message m;
	struct err err = ERR_INIT;
	struct outcome out;
	struct intake in = {
	    .source = {f->source, arena_printf(a, "fuzz %u", number)},
	    .channel = S("mail"),
	    .size = raw.n,
	    .message = &m,
	};

	if (message_parse(a, raw, NULL, &m, &err) < 0)
		return;
	in.files = arena_array(a, struct str, m.attachments.n + 1);
	sha256(raw, in.sha256);
	message_content_hash(raw, in.content);
	blob_pack(raw, &packed);
	in.packed = buf_str(&packed);
	if (ingest(&f->desk, t, a, &in, LATER + number, &out, &err) < 0 ||
	    desk_settle(&f->desk, t, a, LATER + number, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		abort();
	}
}

static void
print_problem(void *ctx, struct str where, struct str what)
{
	(void)ctx;
	fprintf(stderr, "%.*s: %.*s\n", STR_ARG(where), STR_ARG(what));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct verify_counts counts;
	struct err err = ERR_INIT;
	struct txn *t = NULL;
	struct fixture *f;
	struct str body;

	if (size < 1 || size > 8192)
		return 0;
	if (!state)
		open_desk();
	f = state;
	body = str_n((const char *)data + 1, size - 1);
	must(txn_write(f->store, &t, &err) == 0);
	come_in(f, t, &a, compose(&a, data[0], 1, body), 1);
	if (data[0] & 32)
		come_in(f, t, &a, compose(&a, 0, 2, body), 2);
	term_batch_put(t, f->desk.terms);
	must(txn_error(t, &err) == 0);
	must(desk_verify(t, &f->settings, print_problem, NULL, NULL, &counts,
		 &err) == 0);
	txn_abort(&t);
	return 0;
}

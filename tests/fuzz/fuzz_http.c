/*
 * Answers to a webhook, whatever they are, over the real path: net/http.c and libcurl. The first byte says whether redirects into private networks are
 * followed; a redirect is answered with the next part (tests/fuzz/liar.h). Posted twice, as a hook does.
 */
#include "liar.h"
#include "base/utf8.h"
#include "net/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the admin reads in a list and a log: one clean line. */
static void
check(enum posted result, struct str reply)
{
	must(result <= POSTED_UNKNOWN);
	must(reply.n <= HTTP_REPLY_MAX && utf8_valid(reply));
	for (size_t i = 0; i < reply.n; i++)
		must((unsigned char)reply.p[i] >= ' ' && reply.p[i] != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_options o = {
	    .url = S("http://127.0.0.1:1080/hook"), .timeout_s = 10};
	struct http_header header = {"X-Helpd-Event", S("status")};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf heard = BUF_INIT;
	struct str in = str_n((const char *)data, size);
	struct http *h;
	struct err err = ERR_INIT;
	enum posted result;
	struct str reply;

	if (size < 1 || size > 65536)
		return 0;
	o.allow_private = data[0] & 1;
	must(http_new(&o, &h, &err) == 0);
	liar_begin(str_from(in, 1));
	for (int i = 0; i < 2; i++) {
		http_post(h, &a, S("application/json"), &header, 1,
		    S("{\"ticket\":1}"), &result, &reply);
		check(result, reply);
	}
	http_free(&h);
	liar_end(&heard);
	/* Nothing but posts of ours, wherever they were sent to. */
	must(!heard.n || str_starts(buf_str(&heard), S("POST /")));
	/* The input as an address, too. */
	in = str_from(in, 1);
	if (http_check_url(in, &err) == 0) {
		reply = http_where(in);
		must(reply.n <= in.n && str_has(reply, S("://")));
		must(str_chr(str_from(reply, 8), '/', 0) < 0);
	}
	return 0;
}

/*
 * A mail server's words, whatever they are, over the real path: net/smtp.c and libcurl (tests/fuzz/liar.h). Two mails over one handle, the
 * second over the kept connection or a new one. The first byte: 1 with a login, 2 a third recipient that cannot be written, 4 a probe first.
 */
#include "liar.h"
#include "base/utf8.h"
#include "net/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAIL S("Subject: x\r\n\r\nOne line.\r\n.a dot\r\n")

static void
check_words(struct str s)
{
	must(utf8_valid(s));
	for (size_t i = 0; i < s.n; i++)
		must((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f);
}

/* How many recipients were said to have it. */
static size_t
send_one(struct smtp *s, struct arena *a, size_t n)
{
	struct sent_to to[] = {{.addr = S("a@x.example")},
	    {.addr = S("b@x.example")}, {.addr = S("no address")}};
	struct err err = ERR_INIT;
	size_t ok = 0;
	int r = smtp_send(s, a, S("me@x.example"), to, n, MAIL, &err);

	for (size_t i = 0; i < n; i++) {
		must(to[i].result <= SENT_UNKNOWN);
		must(r == 0 || i == 2 || to[i].result == SENT_LATER);
		must(i < 2 || to[i].result == SENT_REFUSED);
		check_words(to[i].reply);
		ok += to[i].result == SENT_OK;
	}
	must(r == 0 || err.msg[0]);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_server server = {.host = S("127.0.0.1"),
	    .security = SMTP_PLAINTEXT,
	    .helo = S("helpd.example"),
	    .timeout_s = 10};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf heard = BUF_INIT;
	struct smtp *s;
	struct err err = ERR_INIT;
	size_t ok = 0, dots = 0;
	ptrdiff_t at = 0;

	if (size < 1 || size > 65536)
		return 0;
	if (data[0] & 1) {
		server.user = S("helpd");
		server.secret = S("correct horse");
	}
	must(smtp_new(&server, &s, &err) == 0);
	liar_begin(str_n((const char *)data + 1, size - 1));
	if ((data[0] & 4) && smtp_probe(s, &err) < 0)
		must(!str_has(str_c(err.msg), server.secret) ||
		     !server.secret.n);
	for (int i = 0; i < 2; i++)
		ok += send_one(s, &a, data[0] & 2 ? 3 : 2) > 0;
	smtp_free(&s);
	liar_end(&heard);
	/* None is called sent whose end did not leave; none leaves half. */
	while ((at = str_find(buf_str(&heard),
		    S("Subject: x\r\n\r\nOne line.\r\n..a dot\r\n.\r\n"),
		    (size_t)at)) >= 0) {
		dots++;
		at++;
	}
	must(ok <= dots);
	return 0;
}

/* What follows from a conversation for each of two recipients, told as libcurl tells it. */
#include "net/smtp_talk.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct {
	const char *name;
	/* '>' sent, '<' received, '=' data written; one a line */
	const char *talk;
	enum sent a, b;
	const char *reply; /* of the first, or NULL */
} rows[] = {
    {"all well",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<250 "
	"ok\n>DATA\n<354 go\n=data\n<250 2.0.0 taken\n",
	SENT_OK, SENT_OK, "250 2.0.0 taken"},
    {"lost after MAIL", ">MAIL FROM:<>\n<250 ok\n", SENT_LATER, SENT_LATER,
	"lost"},
    {"lost at MAIL", ">MAIL FROM:<>\n", SENT_LATER, SENT_LATER, "lost"},
    {"lost after RCPT", ">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n",
	SENT_LATER, SENT_LATER, "lost"},
    {"lost after RCPTs",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<550 no\n>RCPT TO:<b>\n<250 "
	"ok\n",
	SENT_REFUSED, SENT_LATER, "550 no"},
    {"DATA without 354",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<250 "
	"ok\n>DATA\n<250 what\n",
	SENT_LATER, SENT_LATER, "lost"},
    {"DATA refused",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<450 "
	"later\n>DATA\n<554 no\n",
	SENT_REFUSED, SENT_LATER, "554 no"},
    {"lost in the data",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<250 "
	"ok\n>DATA\n<354 go\n=da",
	SENT_LATER, SENT_LATER, "lost"},
    {"accepted before the data",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<550 "
	"no\n>DATA\n<354 go\n<250 taken\n",
	SENT_LATER, SENT_REFUSED, "lost"},
    {"refused before the data",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<250 "
	"ok\n>DATA\n<354 go\n<554 changed my mind\n",
	SENT_REFUSED, SENT_REFUSED, "554 changed my mind"},
    {"lost after the data",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<550 "
	"no\n>DATA\n<354 go\n=data\n",
	SENT_UNKNOWN, SENT_REFUSED, "lost"},
    {"half a reply after the data",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<550 "
	"no\n>DATA\n<354 go\n=data\n<250-2.0.0 ta\n",
	SENT_UNKNOWN, SENT_REFUSED, "lost"},
    {"the reply to QUIT is no verdict",
	">MAIL FROM:<>\n<552 large\n>QUIT\n<221 bye\n", SENT_REFUSED,
	SENT_REFUSED, "552 large"},
    {"several lines",
	">MAIL FROM:<>\n<550-5.7.1 first\n<550-5.7.1 second\n<550 5.7.1 "
	"third\n",
	SENT_REFUSED, SENT_REFUSED, "550 5.7.1 first 5.7.1 second 5.7.1 third"},
    {"refused after the data",
	">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<250 ok\n>RCPT TO:<b>\n<250 "
	"ok\n>DATA\n<354 go\n=data\n<550 spam\n>QUIT\n<221 bye\n",
	SENT_REFUSED, SENT_REFUSED, "550 spam"},
    {"no blank behind the code", ">MAIL FROM:<>\n<550\xc3\xa9 no\n",
	SENT_REFUSED, SENT_REFUSED, "550 \xef\xbf\xbd no"},
    {"a code and nothing else", ">MAIL FROM:<>\n<550\n", SENT_REFUSED,
	SENT_REFUSED, "550"},
    {"421 at RCPT", ">MAIL FROM:<>\n<250 ok\n>RCPT TO:<a>\n<421 closing\n",
	SENT_LATER, SENT_LATER, "421 closing"},
};

static void
play(struct talk *t, const char *script)
{
	struct str rest = str_c(script), line;

	while (str_cut(&rest, '\n', &line)) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		char bytes[16];

		if (!line.n)
			continue;
		buf_put(&b, str_from(line, 1));
		if (line.p[0] == '=') {
			(void)smtp_on_read(bytes, 1, sizeof(bytes), t);
			smtp_on_talk(NULL, CURLINFO_DATA_OUT, b.p, b.n, t);
			continue;
		}
		buf_puts(&b, "\r\n");
		smtp_on_talk(NULL,
		    line.p[0] == '>' ? CURLINFO_HEADER_OUT : CURLINFO_HEADER_IN,
		    b.p, b.n, t);
	}
}

static void
each_ending(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct sent_to to[2] = {{.addr = S("a")}, {.addr = S("b")}};
		struct sent_to *rcpt[2] = {&to[0], &to[1]};
		int codes[2] = {0, 0};
		struct talk t = {.a = &a,
		    .rcpt = rcpt,
		    .rcpt_code = codes,
		    .nrcpt = 2,
		    .bytes = S("data")};

		print_message("%s\n", rows[i].name);
		play(&t, rows[i].talk);
		smtp_settle(&t, S("lost"));
		assert_int_equal(to[0].result, rows[i].a);
		assert_int_equal(to[1].result, rows[i].b);
		assert_string_equal(arena_cstr(&a, to[0].reply), rows[i].reply);
		smtp_talk_fini(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_ending)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

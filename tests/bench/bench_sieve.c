/*
 * How long 1,000 rules take for one mail: 400 on addresses, 300 on header fields, 200 on the body, 100 regular expressions on the
 * subject, none of which matches but the last; over a mail of about 4 kB of prose.
 *
 *   bench_sieve [runs]
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/must.h"
#include "desk/sieve.h"

static const char *const words[] = {"printer", "invoice", "account", "password",
    "delivery", "refund", "contract", "router", "the", "and", "order", "please",
    "number", "yesterday", "problem", "screen", "again", "support", "customer",
    "window", "office", "message", "attached"};

static uint64_t seed = 42;

static const char *
word(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return words[(seed >> 33) % ARRAY_LEN(words)];
}

static void
rules(struct buf *b)
{
	buf_puts(b, "require [\"vnd.helpd\", \"body\", \"regex\", "
		    "\"variables\"];\n");
	for (int i = 0; i < 400; i++)
		buf_printf(b, "if address :%s \"%s\" \"%s\" { tag \"a%d\"; }\n",
		    i % 4 == 3 ? "domain" : "is", i % 3 ? "from" : "to",
		    i % 4 == 3
			? (i % 8 == 3 ? "partner.example" : "vip.example")
			: "someone.else@customers.example",
		    i);
	for (int i = 0; i < 300; i++)
		buf_printf(b,
		    "if header :%s \"%s\" \"%s %s%d\" { tag \"h%d\"; }\n",
		    i % 2 ? "contains" : "is",
		    i % 3 == 0   ? "subject"
		    : i % 3 == 1 ? "x-mailer"
				 : "list-id",
		    word(), word(), i, i);
	for (int i = 0; i < 200; i++)
		buf_printf(b,
		    "if body :contains \"%s %s %s\" { tag \"b%d\"; }\n", word(),
		    word(), word(), i);
	for (int i = 0; i < 100; i++)
		buf_printf(b,
		    i % 4
			? "if header :regex \"subject\" \"%s[ -]([0-9]{4,})\" "
			  "{ field \"order\" \"${1}\"; }\n"
			: "if header :regex \"subject\" \"^(re|aw|fwd?): "
			  "*%s [a-z]+$\" { tag \"r\"; }\n",
		    word());
}

static void
mail(struct arena *a, struct message *m)
{
	struct buf text = BUF_INIT;
	static struct header h[20];
	static struct address from = {
	    {"A Customer", 10}, {"a.customer@customers.example", 28}};
	static struct address to = {{"", 0}, {"support@acme.example", 20}};

	*m = (struct message){.from = {&from, 1}, .to = {&to, 1}};
	m->subject = S("Re: problem with the invoice of last week, again");
	for (size_t i = 0; i < ARRAY_LEN(h); i++)
		h[i] = (struct header){arena_printf(a, "X-Field-%zu", i),
		    arena_printf(a, "value %zu", i)};
	h[3] = (struct header){S("Subject"), m->subject};
	h[4] = (struct header){S("X-Mailer"), S("Some Mailer 1.2.3")};
	h[5] = (struct header){
	    S("From"), S("A Customer <a.customer@customers.example>")};
	m->headers = h;
	m->nheaders = ARRAY_LEN(h);
	while (text.n < 4000) {
		buf_puts(&text, word());
		buf_puts(&text, text.n % 70 < 8 ? "\n" : " ");
	}
	m->text = arena_dup(a, buf_str(&text));
	buf_fini(&text);
}

int
main(int argc, char **argv)
{
	struct arena a = ARENA_INIT, run = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct complaints bad = {0};
	struct sieve *s = NULL;
	struct sieve_mail view;
	struct sieve_context c = {.now = 0};
	struct sieve_result r;
	struct message m;
	uint64_t n = 2000;
	int64_t t, best = INT64_MAX;
	size_t actions = 0;

	if (argc > 1 && (!str_u64(str_c(argv[1]), &n) || !n))
		return 64;
	rules(&b);
	t = clock_mono();
	if (sieve_compile(NULL, "bench", buf_str(&b), &a, &s, &bad) < 0) {
		struct buf out = BUF_INIT;

		complaints_print(&out, &bad);
		fputs(buf_cstr(&out), stderr);
		return 1;
	}
	printf("compiled in %lld ms\n", (long long)(clock_mono() - t));
	mail(&a, &m);
	for (int round = 0; round < 5; round++) {
		t = clock_mono();
		for (uint64_t i = 0; i < n; i++) {
			arena_reset(&run);
			sieve_mail_of_message(&run, &m, 5000, &view);
			c.mail = &view;
			must(sieve_run(s, &c, &run, &r) == 0);
			actions = r.nactions;
		}
		t = clock_mono() - t;
		if (t < best)
			best = t;
	}
	printf("1000 rules: %.4f ms a mail (best of 5 times %llu; %zu actions, "
	       "body %zu bytes)\n",
	    (double)best / (double)n, (unsigned long long)n, actions, m.text.n);
	sieve_free(&s);
	buf_fini(&b);
	arena_fini(&run);
	arena_fini(&a);
	return 0;
}

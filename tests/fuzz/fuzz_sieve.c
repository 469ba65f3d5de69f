/* A script, a NUL byte, a mail: compiled and run, it ends within its bounds, whatever it says. Without a mail a fixed one. */
#include "base/must.h"
#include "desk/sieve.h"
#include "mail/charset.h"
#include "mail/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str script;

/* Every script can include itself and one other. */
static int
include(void *ctx, struct arena *a, bool global, struct str name,
    struct str *text, const char **file)
{
	(void)ctx;
	(void)a;
	*file = "included";
	*text = global ? script : S("keep;");
	return name.n > 20 ? -1 : name.n > 10 ? 0 : 1;
}

static bool
values(void *ctx, struct arena *a, enum sieve_kind kind, struct str name,
    struct strs *out)
{
	(void)ctx;
	(void)kind;
	strs_add(a, out, name);
	strs_add(a, out, S("yes"));
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct sieve_options o = {.include = include, .implicit_helpd = true};
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct sieve *s = NULL;
	struct sieve_mail mail;
	struct sieve_context c = {.mail = &mail, .values = values};
	struct sieve_result r;
	struct str all = {(const char *)data, size}, raw;
	struct buf out = BUF_INIT;
	ptrdiff_t nul = str_chr(all, '\0', 0);

	if (!ready) {
		charset_init();
		html_init();
		ready = true;
	}
	if (size > 8192)
		return 0;
	script = nul < 0 ? all : str_sub(all, 0, (size_t)nul);
	raw = nul < 0
		  ? S("From: \"A B\" <a+b@c.example>, d@e.example\n"
		      "To: x@y.example\nSubject: [x] Re: some 1234 words\n"
		      "Date: Tue, 30 Jun 2009 22:15:03 +0200\n"
		      "MIME-Version: 1.0\n"
		      "Content-Type: multipart/mixed; boundary=b\n\n"
		      "pro\n--b\n\ntext one\n--b\nContent-Type: text/html\n\n"
		      "<b>two</b>\n--b--\n")
		  : str_from(all, (size_t)nul + 1);
	c.from = S("a+b@c.example");
	c.to = S("x@y.example");
	if (sieve_compile(&o, "fuzz", script, &a, &s, &bad) < 0)
		must(bad.errors > 0 && s == NULL);
	complaints_print(&out, &bad);
	if (s && sieve_mail_of_raw(&a, raw, &mail, NULL) == 0) {
		if (sieve_run(s, &c, &a, &r) < 0)
			must(r.nerrors > 0 && r.nactions == 1 && r.keep);
		must(r.steps < SIEVE_STEPS_MAX * UINT64_C(8));
	}
	buf_fini(&out);
	sieve_free(&s);
	arena_fini(&a);
	return 0;
}

/* Forwards: what is found lies in the text, is well-formed where the text is, and reads the same through the record. */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/forward.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct arena *a, struct message *m)
{
	const struct forwarded *x = m->forwarded;
	struct message again;
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	must(x->text.from <= x->text.to && x->text.to <= m->text.n);
	must(!x->sure || x->from.addr.n);
	must(x->from.addr.n <= ADDRESS_MAX);
	must(forward_words(a, m).n <= m->text.n);
	if (utf8_valid(m->text) && !str_has(m->text, str_n("", 1))) {
		message_encode(m, &b);
		must(message_decode(a, buf_str(&b), &again, &err) == 0);
		must(again.forwarded && again.forwarded->sure == x->sure);
		must(str_eq(again.forwarded->from.addr, x->from.addr));
	}
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str subjects[] = {
	    S("Fwd: x"), S("Re: x"), S("x"), S("\u8f6c\u53d1\uff1ax")};
	struct arena a = ARENA_INIT;
	struct message m = {.date = CLOCK_NONE};

	if (size == 0)
		return 0;
	m.subject = subjects[data[0] % ARRAY_LEN(subjects)];
	m.text = str_n((const char *)data, size);
	m.forwarded = forward_read(&a, &m, m.text.n, NULL);
	if (m.forwarded)
		check(&a, &m);
	arena_fini(&a);
	return 0;
}

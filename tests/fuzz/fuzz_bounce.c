/* A mail that may be a bounce, cut at 0x1e into subject, sender, type, text, report and returned mail. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/automatic.h"
#include "mail/bounce.h"
#include "mail/bounce_reason.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf clean = BUF_INIT;
	struct str rest, v[7] = {0};
	struct address from = {0};
	struct header h[2];
	struct message m;
	struct bounce_source s;
	struct bounce *b;

	/* message_parse() gives nothing else. */
	utf8_put_clean(&clean, str_n((const char *)data, size));
	rest = buf_str(&clean);
	for (size_t i = 0; i < ARRAY_LEN(v) && str_cut(&rest, '\x1e', &v[i]);
	     i++)
		;
	from.addr = v[1];
	h[0] = (struct header){S("X-Failed-Recipients"), v[6]};
	h[1] = (struct header){v[6], v[0]};
	m = (struct message){.from = {&from, 1},
	    .subject = v[0],
	    .text = v[3],
	    .headers = v[6].n % 2 ? h : h + 1,
	    .nheaders = 1,
	    .has_return_path = size % 2};
	s = (struct bounce_source){.message = &m,
	    .content_type = v[2],
	    .report = v[4],
	    .report_type = v[2],
	    .original = v[5]};
	b = bounce_detect(&a, &s);
	for (size_t i = 0; b && i < b->n; i++) {
		const struct bounced *x = &b->v[i];

		must(utf8_valid(x->address) && utf8_valid(x->reason));
		must(x->reason.n > 0 && x->reason.n <= 500);
		must(!memchr(x->reason.p, '\n', x->reason.n));
		must(!x->status.n || status_valid(x->status));
	}
	m.bounce = b;
	automatic_detect(&a, &m, v[2]);
	must(!m.is_list || m.automatic.n);
	arena_fini(&a);
	return 0;
}

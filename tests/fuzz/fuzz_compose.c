/* Any values at all: what is composed is clean on the wire, and has the fields that were asked for and no others. */
#include "base/must.h"
#include "mail/compose.h"
#include "mail/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
wire_check(struct str s)
{
	size_t line = 0;

	for (size_t i = 0; i < s.n; i++) {
		must(s.p[i] && (unsigned char)s.p[i] < 0x80);
		must(s.p[i] != '\r' || (i + 1 < s.n && s.p[i + 1] == '\n'));
		must(s.p[i] != '\n' || (i > 0 && s.p[i - 1] == '\r'));
		must(i - line <= 999);
		if (s.p[i] == '\n')
			line = i + 1;
	}
}

/* Lines of the header that begin a field. */
static void
header_check(struct str s, size_t most)
{
	struct str line, rest;
	size_t n = 0;

	rest = str_sub(s, 0, (size_t)str_find(s, S("\r\n\r\n"), 0) + 2);
	while (rest.n && str_line(&rest, &line)) {
		must(line.n > 0);
		n += !ch_is_wsp(line.p[0]);
		must(!str_istarts(line, S("Bcc")));
	}
	must(n <= most);
}

/* The input is cut at 0x1e into the values. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size}, v[8] = {0};
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct compose_attachment file;
	struct address to[2];
	struct header extra;
	struct compose c;
	struct strs tags = {&v[0], 1};

	for (size_t i = 0; i < ARRAY_LEN(v) && str_cut(&rest, '\x1e', &v[i]);
	     i++)
		;
	file = (struct compose_attachment){v[3], v[4], v[5], v[6]};
	to[0] = (struct address){v[1], S("a@b.example")};
	to[1] = (struct address){v[2], size % 2 ? v[7] : S("c@d.example")};
	extra = (struct header){S("X-Extra"), v[2]};
	c = (struct compose){.from = {v[0], S("me@x.example")},
	    .to = {to, 2},
	    .subject = v[1],
	    .message_id = S("id@x.example"),
	    .in_reply_to = v[6],
	    .references = {v, ARRAY_LEN(v)},
	    .text = v[5],
	    .html = v[4],
	    .attachments = &file,
	    .nattachments = 1,
	    .extra = &extra,
	    .nextra = 1,
	    .boundary_seed = v[3]};
	if (compose_message(&c, &out, NULL) == 0) {
		wire_check(buf_str(&out));
		header_check(buf_str(&out), 12);
	} else {
		must(out.n == 0);
	}
	must(subject_base(&a, v[1], &tags).n <= v[1].n);
	subject_ticket(v[1], &tags);
	buf_fini(&out);
	arena_fini(&a);
	return 0;
}

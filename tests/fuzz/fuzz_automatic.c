/* A header, as fields a line each: did a machine write it? The first line is the top level's type, the second the Return-Path. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/automatic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FIELDS_MAX = 64
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf clean = BUF_INIT;
	struct header h[FIELDS_MAX];
	struct address from = {0}, sender = {0};
	struct message m = {.from = {&from, 1}, .sender = {&sender, 1}};
	struct message again;
	struct str rest, line, type = {0}, name;

	/* message_parse() gives nothing else. */
	utf8_put_clean(&clean, str_n((const char *)data, size));
	rest = buf_str(&clean);
	str_cut(&rest, '\n', &type);
	m.has_return_path = str_cut(&rest, '\n', &m.return_path);
	m.headers = h;
	while (m.nheaders < FIELDS_MAX && rest.n &&
	       str_cut(&rest, '\n', &line) && str_cut(&line, ':', &name)) {
		h[m.nheaders++] = (struct header){name, str_trim(line)};
		if (str_ieq(name, S("From")))
			from.addr = str_trim(line);
		else if (str_ieq(name, S("Sender")))
			sender.addr = str_trim(line);
		else if (str_ieq(name, S("Subject")))
			m.subject = str_trim(line);
	}
	automatic_detect(&a, &m, type);
	must(!m.is_list || m.automatic.n);
	must(utf8_valid(m.automatic) && utf8_valid(m.list_address));
	/* One field more never makes a machine's mail a person's. */
	if (m.automatic.n && !m.is_list && m.nheaders < FIELDS_MAX) {
		again = m;
		h[again.nheaders++] = (struct header){S("List-Id"), S("<a.b>")};
		automatic_detect(&a, &again, type);
		must(again.automatic.n && !again.is_list);
	}
	arena_fini(&a);
	return 0;
}

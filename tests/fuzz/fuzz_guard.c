/* The tree of parts under small limits: never deeper, never more parts, every body inside the mail or decoded from it. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct parse_limits small = {.message_bytes = 1 << 20,
	    .header_bytes = 2000,
	    .nesting = 5,
	    .parts = 20};
	struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	struct strs warnings = {0};
	struct err err = ERR_INIT;
	struct guard g;
	struct mime m;

	if (guard_open(&g, in, &small, &err) == 0 &&
	    mime_parse(&a, in, &g, &warnings, &m) == 0) {
		must(m.n >= 1 && m.n <= 20);
		for (size_t i = 0; i < m.n; i++) {
			must(m.v[i]->depth <= 5 && m.v[i]->next > i &&
			     m.v[i]->next <= m.n);
			must(m.v[i]->kind == PART_MULTIPART ||
			     m.v[i]->number.n > 0);
			must(utf8_valid(part_name(m.v[i])) &&
			     utf8_valid(m.v[i]->type));
			part_content(&a, m.v[i]);
		}
	} else {
		must(err.code == ERR_PERM && err.msg[0]);
	}
	arena_fini(&a);
	return 0;
}

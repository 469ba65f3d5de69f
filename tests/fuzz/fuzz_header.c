/* Fields, their text and their parameters: inside the input, well-formed UTF-8, one line. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_line(struct str s)
{
	must(s.n <= HEADER_VALUE_MAX && utf8_valid(s));
	for (size_t i = 0; i < s.n; i++)
		must((unsigned char)s.p[i] >= ' ');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	struct fields f;
	struct params p;

	must(fields_scan(&a, in, &f) <= size);
	for (size_t i = 0; i < f.n && i < 100; i++) {
		must(f.v[i].name.n > 0 && f.v[i].name.p >= in.p);
		must(f.v[i].raw.p + f.v[i].raw.n <= in.p + in.n);
		check_line(header_text(&a, f.v[i].raw, S("")));
	}
	check_line(header_decode(&a, in, S("iso-8859-1")));
	params_parse(&a, in, &p);
	must(utf8_valid(p.value));
	for (size_t i = 0; i < p.n; i++)
		check_line(p.v[i].value);
	arena_fini(&a);
	return 0;
}

/* The one grammar: any bytes; every complaint has a place inside them. */
#include "base/must.h"
#include "base/syntax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct buf out = BUF_INIT;
	struct script s;
	unsigned lines = 1;
	int r =
	    syntax_parse(&a, "f", str_n((const char *)data, size), &s, &bad);

	must((r == 0) == (bad.errors == 0));
	syntax_plain(&a, &s, &bad);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (size_t i = 0; i < bad.n; i++)
		must(bad.v[i].at.line >= 1 && bad.v[i].at.line <= lines &&
		     bad.v[i].at.column >= 1 && bad.v[i].at.column <= size + 1);
	complaints_sort(&bad);
	complaints_print(&out, &bad);
	must(!out.n || !memchr(out.p, '\0', out.n));
	buf_fini(&out);
	arena_fini(&a);
	return 0;
}

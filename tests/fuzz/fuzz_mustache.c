/* A template, rendered with itself as its partial in both escapings: bounded, and what it prints is what it was given. */
#include "base/must.h"
#include "desk/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mustache *
itself(void *ctx, struct str name)
{
	return str_eq(name, S("none")) ? NULL : ctx;
}

static void
one(struct str text, enum mustache_escape escape)
{
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct mustache *m;
	struct buf out = buf_max(1 << 16);

	/* What could be read of a bad template must be safe to render too. */
	mustache_compile(&a, "fuzz", text, escape, &m, &bad);
	mustache_render(m, value_sample(&a), itself, m, &out, NULL);
	must(out.n <= 1 << 16);
	buf_fini(&out);
	arena_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};

	if (size > 4096)
		return 0;
	one(text, MUSTACHE_TEXT);
	one(text, MUSTACHE_HTML);
	return 0;
}

#include "base/arena.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

enum {
	FIRST = 4096,
	LARGEST = 120 << 10 /* below what malloc maps by itself (app/main.c) */
};

void
arena_fini(struct arena *a)
{
	while (a->block) {
		struct arena_block *next = a->block->next;

		mem_free(a->block);
		a->block = next;
	}
	*a = ARENA_INIT;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *keep = a->block;

	if (!keep)
		return;
	if (keep->size > LARGEST) {
		arena_fini(a);
		return;
	}
	a->block = keep->next;
	arena_fini(a);
	keep->next = NULL;
	a->block = keep;
	a->at = keep->bytes;
	a->end = keep->bytes + keep->size;
}

static void
add_block(struct arena *a, size_t need)
{
	size_t size = a->block ? a->block->size * 2 : FIRST, total;
	struct arena_block *b;

	if (size > LARGEST)
		size = LARGEST;
	if (size < need)
		size = need;
	if (__builtin_add_overflow(sizeof *b, size, &total))
		mem_out();
	b = mem_grow(NULL, total);
	b->next = a->block;
	b->size = size;
	a->block = b;
	a->at = b->bytes;
	a->end = b->bytes + size;
}

char *
arena_bytes(struct arena *a, size_t n)
{
	char *p;

	if (!a->at || (size_t)(a->end - a->at) < n)
		add_block(a, n);
	p = a->at;
	a->at += n;
	return p;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	size_t skew = a->at ? (size_t)((uintptr_t)a->at & (align - 1)) : 0;
	size_t pad = skew ? align - skew : 0;
	char *p;

	if (!a->at || (size_t)(a->end - a->at) < pad ||
	    (size_t)(a->end - a->at) - pad < size) {
		add_block(a, size);
		pad = 0;
	}
	p = a->at + pad;
	a->at = p + size;
	memset(p, 0, size);
	return p;
}

void *
arena_alloc_n(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_out();
	return arena_alloc(a, bytes);
}

struct str
arena_dup(struct arena *a, struct str s)
{
	return str_n(arena_cstr(a, s), s.n);
}

char *
arena_cstr(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	p = arena_bytes(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return str_n(p, (size_t)n);
}

struct str
arena_lower(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_lower(p[i]);
	return str_n(p, s.n);
}

void
strs_add(struct arena *a, struct strs *l, struct str s)
{
	/* Full at every power of two from 4 on. */
	if (l->n == 0 || (l->n >= 4 && (l->n & (l->n - 1)) == 0)) {
		struct str *v =
		    arena_array(a, struct str, l->n < 4 ? 4 : l->n * 2);

		if (l->n)
			memcpy(v, l->v, l->n * sizeof *v);
		l->v = v;
	}
	l->v[l->n++] = s;
}

bool
strs_has(const struct strs *l, struct str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

bool
strs_ihas(const struct strs *l, struct str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_ieq(l->v[i], s))
			return true;
	return false;
}

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
mem_out(void)
{
	static const char msg[] =
	    "fatal base out of memory: ending; the store is consistent\n";

	if (write(2, msg, sizeof msg - 1) < 0)
		abort();
	_exit(71);
}

void *
mem_new(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		mem_out();
	return p;
}

void *
mem_grow(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		mem_out();
	return p;
}

void *
mem_fit(void *p, size_t *cap, size_t need, size_t size)
{
	size_t n = *cap ? *cap : 8, bytes;

	if (p && need <= *cap)
		return p;
	while (n < need)
		if (__builtin_mul_overflow(n, 2u, &n))
			mem_out();
	if (__builtin_mul_overflow(n, size, &bytes))
		mem_out();
	p = mem_grow(p, bytes);
	*cap = n;
	return p;
}

char *
mem_strdup(const char *s)
{
	char *p = strdup(s);

	if (!p)
		mem_out();
	return p;
}

void
mem_free(void *p)
{
	free(p);
}

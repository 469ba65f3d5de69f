/* guard_page: bytes that end exactly where unmapped memory begins, so that a parser that reads one too far dies in the test. */
#ifndef TESTS_GUARD_PAGE_H
#define TESTS_GUARD_PAGE_H

#include <sys/mman.h>
#include <unistd.h>

#include "base/must.h"
#include "base/str.h"

struct guarded {
	char *map;
	size_t size;
	struct str s;
};

static inline struct guarded
guard_page(struct str s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (s.n + page - 1) / page * page;
	struct guarded g = {.size = room + page};

	g.map = mmap(NULL, g.size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(g.map != MAP_FAILED);
	must(mprotect(g.map + room, page, PROT_NONE) == 0);
	g.s = str_n(g.map + room - s.n, s.n);
	if (s.n)
		memcpy(g.map + room - s.n, s.p, s.n);
	return g;
}

static inline void
guard_page_free(struct guarded *g)
{
	munmap(g->map, g->size);
}

#endif

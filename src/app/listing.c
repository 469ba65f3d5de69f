#include "app/listing.h"
#include "base/clock.h"
#include "base/must.h"

#include <stdio.h>

void
listing_init(
    struct listing *l, struct verb_context *c, const char *const *headings)
{
	*l = (struct listing){.c = c, .now = clock_now()};
	table_init(&l->table, &l->a, c->colour, headings);
}

struct table_row *
listing_row(struct listing *l)
{
	l->n++;
	return l->c->json ? NULL : table_row(&l->table);
}

void
listing_end(struct listing *l, const char *none)
{
	if (!l->c->json && l->n)
		table_print(&l->table);
	else if (!l->c->json && none && l->c->colour)
		puts(none);
	arena_fini(&l->a);
}

/*
 * listing: what a verb finds, many of a kind: a table for people, or a JSON object a line as each is found.
 *
 *     struct listing l;
 *     listing_init(&l, c, heads);
 *     … for each:  struct table_row *r = listing_row(&l);
 *                  if (!r) { json_print(…); continue; }
 *                  r->cell[0] = arena_printf(&l.a, …);
 *     listing_end(&l, "nothing waits");
 */
#ifndef APP_LISTING_H
#define APP_LISTING_H

#include "app/table.h"
#include "app/verb.h"

struct listing {
	struct verb_context *c;
	struct arena a; /* of the cells */
	struct table table;
	int64_t now;    /* for time_ago() */
	size_t n;       /* how many so far */
};

/* headings: as for table_init(). Stays where it is until listing_end(). */
void listing_init(struct listing *l, struct verb_context *c, const char *const *headings);
/* One more: the row to fill, with cells in l->a; NULL where JSON is wanted, which the caller prints. */
struct table_row *listing_row(struct listing *l);
/* Prints the table; `none` (NULL: nothing) where there is no row and a person looks at it. Frees what the listing holds, but n stays. */
void listing_end(struct listing *l, const char *none);

#endif

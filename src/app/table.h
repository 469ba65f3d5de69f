/*
 * table: rows for people. Columns are as wide as what they hold; on a terminal the last one is cut to fit, and headings and words are
 * coloured. Not on a terminal: the same, uncut and without colour.
 */
#ifndef APP_TABLE_H
#define APP_TABLE_H

#include "base/arena.h"
#include "base/buf.h"

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_DIM, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_BLUE };

enum { TABLE_COLUMNS = 10 };
struct table {
	struct arena *a;
	size_t columns;
	const char *heading[TABLE_COLUMNS];
	bool right[TABLE_COLUMNS]; /* numbers */
	struct table_row *rows;
	size_t n, cap;
	bool colour;
};
struct table_row {
	struct str cell[TABLE_COLUMNS];
	enum colour colour[TABLE_COLUMNS];
};
/* headings: NULL-terminated; a leading '>' aligns right. */
void table_init(struct table *t, struct arena *a, bool colour, const char *const *headings);
/* A row to fill; cells are borrowed. */
struct table_row *table_row(struct table *t);
void table_print(const struct table *t);

/* s for a terminal: control characters away, coloured when colour is on. */
void paint(struct buf *b, bool colour, enum colour c, struct str s);
enum colour colour_of_status(struct str status);
enum colour colour_of_priority(struct str priority);
/* "3 min", "2 h", "5 d": how long ago. */
struct str time_ago(struct arena *a, int64_t t, int64_t now);
struct str time_text(struct arena *a, int64_t t); /* RFC 3339, "-" for none */

/* "helpd: verify: 12,000 tickets" rewritten in place on a terminal's standard error; nothing elsewhere. */
void progress(const char *what, uint64_t n);
void progress_end(void);

#endif

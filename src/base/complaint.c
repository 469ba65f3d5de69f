/* What was found wrong with a file: see base/syntax.h. */
#include "base/syntax.h"
#include "base/must.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

static void __attribute__((format(printf, 5, 0)))
add(struct arena *a, struct complaints *bad, struct place at, bool warning,
    const char *fmt, va_list ap)
{
	struct buf msg = buf_max(2000);

	if (!warning)
		bad->errors++;
	if (bad->n >= (bad->max ? bad->max : 100)) {
		bad->dropped++;
		return;
	}
	if (bad->n == bad->cap) {
		size_t cap = bad->cap ? bad->cap * 2 : 8;
		struct complaint *v = arena_array(a, struct complaint, cap);

		if (bad->n)
			memcpy(v, bad->v, bad->n * sizeof *v);
		bad->v = v;
		bad->cap = cap;
	}
	buf_vprintf(&msg, fmt, ap);
	bad->v[bad->n++] = (struct complaint){
	    .at = at, .warning = warning, .msg = arena_dup(a, buf_str(&msg))};
	buf_fini(&msg);
}

void
complain(struct arena *a, struct complaints *bad, struct place at,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(a, bad, at, false, fmt, ap);
	va_end(ap);
}

void
complain_warning(struct arena *a, struct complaints *bad, struct place at,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(a, bad, at, true, fmt, ap);
	va_end(ap);
}

static void
put_clean(struct buf *out, struct str s)
{
	while (s.n) {
		uint32_t c;
		size_t n = utf8_next(s, &c);

		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			buf_printf(out, "\\x%02x", (unsigned char)s.p[0]);
			n = 1;
		} else {
			buf_put(out, str_sub(s, 0, n));
		}
		s = str_from(s, n);
	}
}

void
complaints_print(struct buf *out, const struct complaints *bad)
{
	for (size_t i = 0; i < bad->n; i++) {
		const struct complaint *c = &bad->v[i];

		put_clean(out, str_c(c->at.file));
		if (c->at.line)
			buf_printf(out, ":%u:%u", c->at.line, c->at.column);
		buf_puts(out, c->warning ? ": warning: " : ": error: ");
		put_clean(out, c->msg);
		buf_putc(out, '\n');
	}
	if (bad->dropped)
		buf_printf(out, "and %zu more\n", bad->dropped);
}

/* Errors on the line of one that explains them all. */
static void
leave_out(struct complaints *bad)
{
	size_t n = 0;

	for (size_t i = 0; i < bad->n; i++) {
		const struct complaint *x = &bad->v[i];
		bool follows = false;

		for (size_t j = 0; j < bad->n && !x->warning; j++)
			follows |= j != i && bad->v[j].whole_line &&
				   !x->whole_line &&
				   bad->v[j].at.line == x->at.line &&
				   strcmp(bad->v[j].at.file, x->at.file) == 0;
		bad->v[i].drop = follows;
	}
	for (size_t i = 0; i < bad->n; i++) {
		if (bad->v[i].drop)
			bad->errors--;
		else
			bad->v[n++] = bad->v[i];
	}
	bad->n = n;
}

/* Insertion: at most a hundred, and nearly in order. */
void
complaints_sort(struct complaints *bad)
{
	size_t *rank;
	struct arena a = ARENA_INIT;

	leave_out(bad);
	if (bad->n < 2)
		return;
	rank = arena_array(&a, size_t, bad->n);
	for (size_t i = 0; i < bad->n; i++) {
		size_t j = 0;

		while (strcmp(bad->v[j].at.file, bad->v[i].at.file) != 0)
			j++;
		rank[i] = j;
	}
	for (size_t i = 1; i < bad->n; i++) {
		struct complaint x = bad->v[i];
		size_t r = rank[i], j = i;

		for (; j > 0; j--) {
			const struct place *p = &bad->v[j - 1].at;

			if (rank[j - 1] != r       ? rank[j - 1] < r
			    : p->line != x.at.line ? p->line < x.at.line
						   : p->column <= x.at.column)
				break;
			bad->v[j] = bad->v[j - 1];
			rank[j] = rank[j - 1];
		}
		bad->v[j] = x;
		rank[j] = r;
	}
	arena_fini(&a);
}

struct str
syntax_nearest(struct str s, const struct str *names, size_t n)
{
	unsigned best = s.n <= 3 ? 1 : s.n <= 6 ? 2 : 3;
	struct str found = {NULL, 0};

	if (s.n < 2)
		return found;
	for (size_t i = 0; i < n; i++) {
		unsigned d = str_distance(s, names[i], best);

		/* Half of the letters at least must be right. */
		if (d <= best && d * 2 <= names[i].n &&
		    (d < best || !found.n)) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

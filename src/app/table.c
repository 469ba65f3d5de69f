#include "app/table.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

void
table_init(
    struct table *t, struct arena *a, bool colour, const char *const *headings)
{
	*t = (struct table){.a = a, .colour = colour};
	for (; headings[t->columns]; t->columns++) {
		const char *h = headings[t->columns];

		must(t->columns < TABLE_COLUMNS);
		t->right[t->columns] = *h == '>';
		t->heading[t->columns] = *h == '>' ? h + 1 : h;
	}
}

struct table_row *
table_row(struct table *t)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 32;
		struct table_row *v = arena_array(t->a, struct table_row, cap);

		if (t->n)
			memcpy(v, t->rows, t->n * sizeof *v);
		t->rows = v;
		t->cap = cap;
	}
	t->rows[t->n] = (struct table_row){0};
	return &t->rows[t->n++];
}

static const char *const codes[] = {
    [COLOUR_NONE] = "",
    [COLOUR_BOLD] = "\033[1m",
    [COLOUR_DIM] = "\033[2m",
    [COLOUR_RED] = "\033[31m",
    [COLOUR_GREEN] = "\033[32m",
    [COLOUR_YELLOW] = "\033[33m",
    [COLOUR_BLUE] = "\033[34m",
};

/* What a mail says must not drive the terminal. */
static void
put_plain(struct buf *b, struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		uint32_t c = 0;
		size_t n = utf8_next(str_from(s, i), &c);

		if (n == 0) {
			buf_puts(b, "?");
			i++;
			continue;
		}
		if (c == '\n' || c == '\t')
			buf_putc(b, ' ');
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0) ||
			 (c >= 0x202a && c <= 0x202e) ||
			 (c >= 0x2066 && c <= 0x2069))
			buf_puts(b, "\xef\xbf\xbd");
		else
			buf_put(b, str_sub(s, i, i + n));
		i += n;
	}
}

void
paint(struct buf *b, bool colour, enum colour c, struct str s)
{
	bool on = colour && c != COLOUR_NONE;

	if (on)
		buf_puts(b, codes[c]);
	put_plain(b, s);
	if (on)
		buf_puts(b, "\033[0m");
}

static size_t
terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20)
		return w.ws_col;
	return 0;
}

/* The longest beginning that takes at most `width` columns. */
static struct str
fit(struct str s, size_t width)
{
	size_t at = 0, used = 0;

	while (at < s.n) {
		uint32_t c;
		size_t n = utf8_next(str_from(s, at), &c), w;

		if (n == 0)
			n = 1;
		w = utf8_width(str_sub(s, at, at + n));
		if (used + w > width)
			break;
		used += w;
		at += n;
	}
	return str_sub(s, 0, at);
}

static void
put_cell(const struct table *t, struct buf *b, size_t col, size_t width,
    size_t room, struct str s, enum colour c)
{
	bool last = col + 1 == t->columns;
	size_t w;

	if (last && room)
		s = fit(s, room);
	w = utf8_width(s);
	if (t->right[col] && w < width)
		buf_fill(b, ' ', width - w);
	paint(b, t->colour, c, s);
	if (!t->right[col] && !last && w < width)
		buf_fill(b, ' ', width - w);
	buf_puts(b, last ? "\n" : "  ");
}

void
table_print(const struct table *t)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	size_t width[TABLE_COLUMNS] = {0}, used = 0, room = 0;
	size_t terminal = t->colour ? terminal_width() : 0;

	for (size_t c = 0; c < t->columns; c++) {
		width[c] = strlen(t->heading[c]);
		for (size_t r = 0; r < t->n; r++)
			width[c] =
			    MAX(width[c], utf8_width(t->rows[r].cell[c]));
		if (c + 1 < t->columns)
			used += width[c] + 2;
	}
	if (terminal)
		room = terminal > used + 10 ? terminal - used : 10;
	for (size_t c = 0; c < t->columns; c++)
		put_cell(t, &b, c, width[c], room, str_c(t->heading[c]),
		    COLOUR_BOLD);
	for (size_t r = 0; r < t->n; r++)
		for (size_t c = 0; c < t->columns; c++)
			put_cell(t, &b, c, width[c], room, t->rows[r].cell[c],
			    t->rows[r].colour[c]);
	fwrite(buf_cstr(&b), 1, b.n, stdout);
}

enum colour
colour_of_status(struct str s)
{
	if (str_eq(s, S("new")))
		return COLOUR_GREEN;
	if (str_eq(s, S("open")))
		return COLOUR_BLUE;
	if (str_eq(s, S("pending")) || str_eq(s, S("hold")))
		return COLOUR_YELLOW;
	return COLOUR_DIM;
}

enum colour
colour_of_priority(struct str priority)
{
	if (str_eq(priority, S("urgent")))
		return COLOUR_RED;
	if (str_eq(priority, S("high")))
		return COLOUR_YELLOW;
	return COLOUR_NONE;
}

struct str
time_ago(struct arena *a, int64_t t, int64_t now)
{
	int64_t d = now - t;

	if (t == CLOCK_NONE)
		return S("-");
	if (d < 0)
		d = 0;
	if (d < CLOCK_MINUTE)
		return arena_printf(a, "%lld s", (long long)(d / CLOCK_SECOND));
	if (d < CLOCK_HOUR)
		return arena_printf(
		    a, "%lld min", (long long)(d / CLOCK_MINUTE));
	if (d < 2 * CLOCK_DAY)
		return arena_printf(a, "%lld h", (long long)(d / CLOCK_HOUR));
	return arena_printf(a, "%lld d", (long long)(d / CLOCK_DAY));
}

struct str
time_text(struct arena *a, int64_t t)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (t == CLOCK_NONE)
		return S("-");
	clock_rfc3339(&b, t);
	return arena_dup(a, buf_str(&b));
}

void
progress(const char *what, uint64_t n)
{
	static int64_t last;
	int64_t now = clock_mono();

	if (!isatty(STDERR_FILENO) || now - last < 200)
		return;
	last = now;
	fprintf(stderr, "\r\033[K%s %llu", what, (unsigned long long)n);
	fflush(stderr);
}

void
progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

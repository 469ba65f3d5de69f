/*
 * The table, and reading commands from a text.
 *
 *	#take
 *	＃标签 ＋refund          full-width signs are what Chinese keyboards give
 *	#分配anna               a Chinese name ends where Chinese ends
 *
 *	Dear Ann, …             the first other line ends the block
 */
#include "desk/command_private.h"
#include "base/must.h"
#include "base/syntax.h"
#include "base/utf8.h"
#include "mail/command_line.h"

#define X_ROW_COMMAND(id, name, zh, args, level, flags, en, zhelp) \
	[CMD_##id##_] = {name, zh, args, LEVEL_##level, flags, en, zhelp},
const struct command_row command_table[COMMAND_COUNT] = {
    COMMANDS(X_ROW_COMMAND)};

enum {
	NAME_MAX_BYTES = 40,
	HELP_AT = 22
};

static bool
is_cjk(uint32_t c)
{
	return c >= 0x3400 && c <= 0x9fff;
}

/* Blanks and signs of the scripts that have their own. */
static bool
is_sign(uint32_t c)
{
	return c < 0xc0 || (c >= 0x2000 && c <= 0x206f) ||
	       (c >= 0x3000 && c <= 0x303f) || (c >= 0xff00 && c <= 0xff0f) ||
	       (c >= 0xff1a && c <= 0xff20);
}

/* A name in Chinese ends where something else begins: "#分配anna". */
static struct str
name_of(struct str s)
{
	uint32_t c;
	size_t i = 0, n = utf8_next(s, &c);
	bool wide = is_cjk(c);

	for (; n; i += n, n = utf8_next(str_from(s, i), &c)) {
		bool more = c >= 0x80
				? !is_sign(c)
				: ch_is_alnum((char)c) || c == '-' || c == '_';

		if (wide ? !is_cjk(c) : !more)
			break;
	}
	return str_sub(s, 0, i);
}

static const struct command_row *
row_of(struct str name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (str_ieq(name, str_c(command_table[i].name)) ||
		    str_eq(name, str_c(command_table[i].zh)))
			return &command_table[i];
	return NULL;
}

static struct str
nearest(struct str name)
{
	struct str names[2 * COMMAND_COUNT];
	size_t n = 0;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		names[n++] = str_c(command_table[i].name);
		names[n++] = str_c(command_table[i].zh);
	}
	return name.n <= NAME_MAX_BYTES ? syntax_nearest(name, names, n)
					: str_n(NULL, 0);
}

/* A colon behind the name is what people write who think of headers. */
static struct command_line
read_line(struct arena *a, struct str line, struct str rest)
{
	struct command_line c = {.line = line};
	struct str name = name_of(rest);

	rest = str_from(rest, name.n);
	if (str_starts(rest, S(":")))
		rest = str_from(rest, 1);
	else if (str_starts(rest, S("\xef\xbc\x9a")))
		rest = str_from(rest, 3);
	c.args = command_line_trim(rest);
	name = command_plain(a, name);
	c.row = row_of(name);
	if (c.row)
		c.id = (enum command_id)(c.row - command_table);
	else
		c.near = nearest(name);
	return c;
}

void
command_read(struct arena *a, struct str text, struct command_block *out)
{
	struct str line, rest;
	struct command_line c;
	size_t cap = 0;

	*out = (struct command_block){0};
	while (command_line_next(&text, &line, &rest)) {
		c = read_line(a, line, rest);
		if (out->n == COMMANDS_MAX) {
			out->too_many = true;
			continue;
		}
		if (out->n == cap) {
			struct command_line *v;

			cap = cap ? 2 * cap : 8;
			v = arena_array(a, struct command_line, cap);
			for (size_t i = 0; i < out->n; i++)
				v[i] = out->v[i];
			out->v = v;
		}
		out->v[out->n++] = c;
		out->note |= c.row && c.id == CMD_NOTE_;
	}
	out->text = str_rtrim(text);
}

/* In one line where it fits into 76 columns, else in two. */
struct str
command_help(struct arena *a, const struct transcript *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	bool zh = str_starts(x->language, S("zh"));

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_row *r = &command_table[i];
		const char *help = zh ? r->help_zh : r->help_en;
		struct str head = arena_printf(a, "#%s%s%s%s%s",
		    zh ? r->zh : r->name, zh ? " #" : "", zh ? r->name : "",
		    r->args[0] ? " " : "", r->args);
		size_t w = utf8_width(head);

		buf_put(&b, head);
		if (w < HELP_AT && HELP_AT + utf8_width(str_c(help)) <= 76)
			buf_fill(&b, ' ', HELP_AT - w);
		else
			buf_puts(&b, "\n    ");
		buf_puts(&b, help);
		buf_putc(&b, '\n');
	}
	return arena_dup(a, buf_str(&b));
}

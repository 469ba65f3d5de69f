/*
 * The table, and reading commands from a text.
 *
 *	#take
 *	＃标签 ＋refund          full-width signs are what Chinese keyboards give
 *	                        the first blank or other line ends the block
 *	Dear Ann, …
 */
#include "desk/command.h"
#include "base/must.h"
#include "base/syntax.h"
#include "base/utf8.h"

#define X_ROW_COMMAND(id, name, zh, args, level, flags, en, zhelp) \
	[CMD_##id##_] = {name, zh, args, LEVEL_##level, flags, en, zhelp},
const struct command_row command_table[COMMAND_COUNT] = {
    COMMANDS(X_ROW_COMMAND)};

enum {
	NAME_MAX_BYTES = 40
};
#define WIDE_HASH S("\xef\xbc\x83") /* U+FF03 */

/* The line without its sign, or an empty str. Behind the sign stands a
 * letter: "#1042" and "# heading" are text. */
static struct str
behind_sign(struct str line)
{
	uint32_t c;

	if (str_starts(line, S("#")))
		line = str_from(line, 1);
	else if (str_starts(line, WIDE_HASH))
		line = str_from(line, WIDE_HASH.n);
	else
		return str_n(NULL, 0);
	if (!line.n || !utf8_next(line, &c))
		return str_n(NULL, 0);
	if (c < 0x80 ? !ch_is_alpha((char)c) : !(c >= 0x3400 && c <= 0x9fff))
		return str_n(NULL, 0);
	return line;
}

static bool
is_cjk(uint32_t c)
{
	return c >= 0x3400 && c <= 0x9fff;
}

/* Blanks that mail clients put where people type one. */
static size_t
blank_at(struct str s)
{
	static const struct str odd[] = {{"\xc2\xa0", 2}, {"\xe3\x80\x80", 3},
	    {"\xe2\x80\x8b", 3}, {"\xef\xbb\xbf", 3}};

	if (s.n && ch_is_space(s.p[0]))
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		if (str_starts(s, odd[i]))
			return odd[i].n;
	return 0;
}

static struct str
trim_wide(struct str s)
{
	size_t n;

	while ((n = blank_at(s)) > 0)
		s = str_from(s, n);
	for (;;) {
		s = str_rtrim(s);
		if (s.n >= 2 && blank_at(str_from(s, s.n - 2)) == 2)
			s.n -= 2;
		else if (s.n >= 3 && blank_at(str_from(s, s.n - 3)) == 3)
			s.n -= 3;
		else
			return s;
	}
}

/* A name in Chinese ends where something else begins: "#分配anna". */
static struct str
name_of(struct str s)
{
	uint32_t c;
	size_t i = 0, n = utf8_next(s, &c);
	bool wide = is_cjk(c);

	for (; n; i += n, n = utf8_next(str_from(s, i), &c))
		if (wide ? !is_cjk(c)
			 : !(c >= 0x80 ? is_cjk(c) || c > 0xbf
				       : ch_is_alnum((char)c) || c == '-' ||
					     c == '_'))
			break;
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

static bool
read_line(struct str line, struct command_line *out)
{
	struct str rest = behind_sign(trim_wide(line)), name;

	if (!rest.n)
		return false;
	*out = (struct command_line){.line = trim_wide(line)};
	name = name_of(rest);
	rest = str_from(rest, name.n);
	if (str_starts(rest, S(":")))
		rest = str_from(rest, 1);
	else if (str_starts(rest, S("\xef\xbc\x9a")))
		rest = str_from(rest, 3);
	out->args = trim_wide(rest);
	out->row = row_of(name);
	if (out->row)
		out->id = (enum command_id)(out->row - command_table);
	else
		out->near = nearest(name);
	return true;
}

/*
 * Outlook and Exchange make a paragraph, and so a blank line, of every line
 * that was typed. A command below one is a command if it is known, or nearly
 * so; "#include" there is text.
 */
void
command_read(struct arena *a, struct str text, struct command_block *out)
{
	struct str rest = text, line, below = text;
	struct command_line c;
	size_t cap = 0;
	bool blank = false;

	*out = (struct command_block){0};
	while (str_line(&rest, &line)) {
		if (!trim_wide(line).n) {
			blank = true;
			continue;
		}
		if (!read_line(line, &c))
			break;
		if (blank && out->n && !c.row && !c.near.n)
			break;
		blank = false;
		below = rest;
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
	/* Blank lines at both ends go, the first line's indent stays. */
	for (rest = below; str_line(&rest, &line) && !trim_wide(line).n;)
		below = rest;
	out->text = str_rtrim(below);
}

struct str
command_help(struct arena *a, const struct transcript *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	bool zh = str_starts(x->language, S("zh"));

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_row *r = &command_table[i];
		struct str head = arena_printf(a, "#%s%s%s", zh ? r->zh : r->name,
		    r->args[0] ? " " : "", r->args);
		size_t w = utf8_width(head);

		if (zh) {
			head = arena_printf(a, "%.*s (#%s)", STR_ARG(head),
			    r->name);
			w = utf8_width(head);
		}
		buf_put(&b, head);
		if (w < 30)
			buf_fill(&b, ' ', 30 - w);
		else {
			buf_putc(&b, '\n');
			buf_fill(&b, ' ', 30);
		}
		buf_puts(&b, zh ? r->help_zh : r->help_en);
		buf_putc(&b, '\n');
	}
	return arena_dup(a, buf_str(&b));
}

/*
 *   #close
 *   ＃tag +refund
 *
 *   Dear Ann, it is on its way.     the block ended at the line above
 */
#include "mail/command_line.h"

#include "base/utf8.h"

/* Blanks, and what is not seen: html_to_text() and phones leave both. */
static bool
is_blank(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 ||
	       c == 0xad || c == 0x1680 || (c >= 0x2000 && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202f) || (c >= 0x205f && c <= 0x2069) ||
	       c == 0x3000 || c == 0xfeff;
}

/* Where the last character of s begins. */
static size_t
last_char(struct str s)
{
	size_t i = s.n - 1;

	while (i > 0 && s.n - i < 4 && ((unsigned char)s.p[i] & 0xc0) == 0x80)
		i--;
	return i;
}

struct str
command_line_trim(struct str line)
{
	struct str s = line;
	uint32_t c;
	size_t n;

	while ((n = utf8_next(s, &c)) && is_blank(c))
		s = str_from(s, n);
	while (s.n) {
		size_t at = last_char(s);

		if (utf8_next(str_from(s, at), &c) != s.n - at || !is_blank(c))
			break;
		s.n = at;
	}
	return s;
}

bool
command_line_is(struct str line, struct str *rest)
{
	struct str s = command_line_trim(line);
	uint32_t c;
	size_t n = utf8_next(s, &c);

	if (!n || (c != '#' && c != 0xff03 && c != 0xfe5f))
		return false;
	s = str_from(s, n);
	if (!utf8_next(s, &c) ||
	    (c < 0x80 ? !ch_is_alpha((char)c) : c < 0x3400 || c > 0x9fff))
		return false;
	if (rest)
		*rest = s;
	return true;
}

bool
command_line_next(struct str *text, struct str *line, struct str *rest)
{
	struct str at = *text, one;

	while (str_line(&at, &one)) {
		if (command_line_is(one, rest)) {
			if (line)
				*line = command_line_trim(one);
			*text = at;
			return true;
		}
		if (command_line_trim(one).n)
			return false;
		/* Blank lines below the block belong to no one. */
		*text = at;
	}
	return false;
}

/*
 * A line as the phrases of reply_words.h are written: lower case, ASCII dashes and quotes, one blank between words. So "*Von:*" and
 * "Von :" with a no-break space meet "von:".
 */
#include "mail/reply_line.h"

#include <unicode/uchar.h>

#include "base/must.h"
#include "base/utf8.h"

/* What a character becomes: itself in lower case, an ASCII relation, or 0 for nothing at all. */
static uint32_t
fold_char(uint32_t c)
{
	if (c == '\t' || c == 0xa0 || (c >= 0x2000 && c <= 0x200a) ||
	    c == 0x202f || c == 0x3000)
		return ' ';
	if (c == '*' || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) ||
	    c == 0xfeff)
		return 0;
	if (c >= 0x2010 && c <= 0x2015)
		return '-';
	if (c == 0x2018 || c == 0x2019)
		return '\'';
	if (c == 0x201c || c == 0x201d || c == 0x201e)
		return '"';
	if (c == 0xff1a || c == 0xfe55)
		return ':';
	if (c == 0xff1c)
		return '<';
	if (c == 0xff1e)
		return '>';
	if (c < 0x80)
		return (uint32_t)(unsigned char)ch_lower((char)c);
	if (c >= 0x2e80)
		return c;
	return (uint32_t)u_tolower((UChar32)c);
}

static size_t
put_char(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (char)(0xe0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | c >> 18);
	p[1] = (char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/*
 * Copies what is folded byte by byte, which is most of most mails, to p, up to p[max]; returns how much of line that is. A blank
 * counts where none stands before it.
 */
static size_t
fold_plain(char *p, size_t max, bool first, struct str line)
{
	size_t i = 0, most = MIN(max, line.n);

	for (; i < most; i++) {
		char c = line.p[i];

		if (c == ' ' ? (i ? p[i - 1] == ' ' : first)
			     : c < ' ' || c >= 0x7f || c == '*')
			break;
		p[i] = ch_lower(c);
	}
	return i;
}

void
reply_fold(struct folded *f, struct str line)
{
	size_t n;

	if (f->n && f->n < REPLY_LINE_MAX)
		f->p[f->n++] = ' ';
	for (size_t i = 0; i < line.n; i += n) {
		uint32_t c;

		if (f->n >= REPLY_LINE_MAX) {
			f->cut = true;
			break;
		}
		n = fold_plain(f->p + f->n, REPLY_LINE_MAX - f->n,
		    f->n == 0 || f->p[f->n - 1] == ' ', str_from(line, i));
		f->n += n;
		if (n)
			continue;
		n = utf8_next(str_from(line, i), &c);
		if (n == 0) {
			n = 1;
			continue;
		}
		c = fold_char(c);
		if (c == 0 ||
		    (c == ' ' && (f->n == 0 || f->p[f->n - 1] == ' ')))
			continue;
		f->n += put_char(f->p + f->n, c);
	}
	while (f->n && f->p[f->n - 1] == ' ')
		f->n--;
}

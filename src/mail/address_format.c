/* Addresses back into a header's syntax. Apart from reading, because nothing of it sees hostile bytes as syntax. */
#include "mail/address.h"
#include "base/must.h"
#include "base/utf8.h"

/* 45 bytes are 60 in base64: with "=?UTF-8?B?" and "?=" within the 75 of RFC 2047 §2. */
enum {
	WORD_BYTES = 45
};

static bool
is_atom_char(char c)
{
	return ch_is_alnum(c) || memchr("!#$%&'*+-/=?^_`{|}~ ", c, 20);
}

static void
put_words(struct buf *b, struct str s)
{
	for (bool first = true; s.n; first = false) {
		struct str part = utf8_clip(s, WORD_BYTES);

		if (!part.n) /* not UTF-8; take the byte */
			part = str_sub(s, 0, 1);
		buf_puts(b, first ? "=?UTF-8?B?" : " =?UTF-8?B?");
		buf_base64(b, part);
		buf_puts(b, "?=");
		s = str_from(s, part.n);
	}
}

static void
put_name(struct buf *b, struct str name)
{
	AUTO(buf_fini) struct buf clean = BUF_INIT;
	bool atoms = true, encode = str_has(name, S("=?"));
	struct str s;

	/* A line break, NUL or other control character never gets in: it is a blank here. */
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		buf_putc(&clean, c < ' ' || c == 0x7f ? ' ' : name.p[i]);
	}
	s = str_trim(buf_str(&clean));
	for (size_t i = 0; i < s.n; i++) {
		encode |= (unsigned char)s.p[i] >= 0x80;
		atoms &= is_atom_char(s.p[i]);
	}
	if (encode)
		put_words(b, s);
	else if (atoms)
		buf_put(b, s);
	else
		buf_quoted(b, s);
}

void
address_format(struct buf *b, const struct address *x)
{
	bool named = str_trim(x->name).n > 0;

	if (named)
		put_name(b, x->name);
	if (!x->addr.n)
		return;
	if (named)
		buf_puts(b, " <");
	for (size_t i = 0; i < x->addr.n; i++) {
		unsigned char c = (unsigned char)x->addr.p[i];

		if (c >= ' ' && c != 0x7f)
			buf_putc(b, x->addr.p[i]);
	}
	if (named)
		buf_putc(b, '>');
}

void
addresses_format(struct buf *b, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_puts(b, ", ");
		address_format(b, &l->v[i]);
	}
}

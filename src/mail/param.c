/*
 * Parameters of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2231), as found:
 *
 *   attachment; filename=This is a test.txt        blanks without quotes
 *   text/plain charset=us-ascii                    no semicolon
 *   attachment; filename="a "quoted" name.pdf"     quotes inside quotes
 *   attachment; filename*0*=utf-8''%E2%82; filename*1*=%AC.txt     a character split over two pieces
 *   attachment; filename="=?utf-8?Q?=E2=82=AC.txt?="               RFC 2047, where it must not be
 */
#include "mail/header.h"
#include "mail/charset.h"
#include "base/must.h"
#include "base/utf8.h"

enum {
	PARAMS_MAX = 200,
	PIECES_MAX = 100,
	PARAM_VALUE_MAX = 4096
};

/* name*3*="…": one piece as it came. */
struct piece {
	struct str name; /* without the marks */
	unsigned number;
	bool numbered; /* name*N */
	bool extended; /* name*, name*N*: percent-encoded */
	struct str value;
};

/* ---- reading ---- */

static size_t
skip_blank(struct str s, size_t i)
{
	while (i < s.n && (ch_is_space(s.p[i]) || s.p[i] == ';'))
		i++;
	return i;
}

static bool
is_name_char(char c)
{
	return ch_is_alnum(c) || c == '-' || c == '*';
}

/* Is the quote at i the one that closes? It is when a semicolon, the end or another parameter follows. */
static bool
closes(struct str s, size_t i)
{
	size_t word;

	for (i++; i < s.n && ch_is_space(s.p[i]); i++)
		;
	if (i >= s.n || s.p[i] == ';' || s.p[i] == ',' || s.p[i] == '(')
		return true;
	for (word = i; i < s.n && is_name_char(s.p[i]); i++)
		;
	return i > word && i < s.n && s.p[i] == '=';
}

static struct str
quoted(struct arena *a, struct str s, size_t *at)
{
	size_t i = *at + 1, n = 0;
	char *out = arena_bytes(a, s.n - *at);

	for (; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"' && closes(s, i))
			break;
		if (c == '\\' && i + 1 < s.n &&
		    (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
			c = s.p[++i];
		out[n++] = c;
	}
	*at = i < s.n ? i + 1 : i;
	return str_n(out, n);
}

/* name.txt" */
static struct str
without_lone_quote(struct str s)
{
	return s.n && str_chr(s, '"', 0) == (ptrdiff_t)s.n - 1
		   ? str_sub(s, 0, s.n - 1)
		   : s;
}

/* Up to the semicolon; a blank ends it too where "name=" of another parameter follows. */
static struct str
unquoted(struct str s, size_t *at)
{
	size_t i = *at, from = i;

	for (; i < s.n && s.p[i] != ';'; i++) {
		size_t k = i;

		if (!ch_is_space(s.p[i]))
			continue;
		while (k < s.n && ch_is_space(s.p[k]))
			k++;
		for (i = k; k < s.n && (ch_is_alnum(s.p[k]) || s.p[k] == '-' ||
					   s.p[k] == '*');
		     k++)
			;
		if (k > i && k < s.n && s.p[k] == '=' &&
		    !(k + 1 < s.n && s.p[k + 1] == '?')) {
			*at = i;
			return str_trim(str_sub(s, from, i));
		}
		if (i >= s.n)
			break;
		i--;
	}
	*at = i;
	return without_lone_quote(str_trim(str_sub(s, from, i)));
}

/* "name", "name*", "name*2", "name*2*" */
static void
split_name(struct str name, struct piece *p)
{
	ptrdiff_t star;
	uint64_t number;

	p->extended = name.n > 1 && name.p[name.n - 1] == '*';
	name.n -= p->extended;
	star = str_rchr(name, '*');
	if (star > 0 && str_u64(str_from(name, (size_t)star + 1), &number) &&
	    number < PIECES_MAX) {
		p->numbered = true;
		p->number = (unsigned)number;
		name.n = (size_t)star;
	}
	p->name = name;
}

static bool
next_piece(struct arena *a, struct str s, size_t *at, struct piece *p)
{
	size_t i = skip_blank(s, *at), from = i;

	*p = (struct piece){0};
	while (i < s.n && s.p[i] != '=' && s.p[i] != ';')
		i++;
	if (from >= s.n)
		return false;
	split_name(str_trim(str_sub(s, from, i)), p);
	if (i < s.n && s.p[i] == '=') {
		i++;
		while (i < s.n && ch_is_space(s.p[i]))
			i++;
		if (i < s.n && s.p[i] == '"')
			p->value = quoted(a, s, &i);
		else
			p->value = unquoted(s, &i);
	}
	*at = i;
	return true;
}

/* ---- decoding ---- */

static void
put_percent(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		int hi = i + 2 < s.n ? ch_hex(s.p[i + 1]) : -1;
		int lo = i + 2 < s.n ? ch_hex(s.p[i + 2]) : -1;

		if (s.p[i] == '%' && i + 2 < s.n && hi >= 0 && lo >= 0) {
			buf_putc(b, (char)(hi << 4 | lo));
			i += 2;
		} else {
			buf_putc(b, s.p[i]);
		}
	}
}

/* charset'language'text: the charset, and *s moved to the text. */
static struct str
take_charset(struct str *s)
{
	ptrdiff_t one = str_chr(*s, '\'', 0), two;
	struct str charset = {NULL, 0};

	if (one < 0)
		return charset;
	two = str_chr(*s, '\'', (size_t)one + 1);
	if (two < 0)
		return charset;
	charset = str_sub(*s, 0, (size_t)one);
	*s = str_from(*s, (size_t)two + 1);
	return charset;
}

/* All pieces of one name, joined before the charset is applied: a character may be split over two. */
static struct str
join(struct arena *a, const struct piece *p, size_t n, struct str name,
    bool numbered)
{
	AUTO(buf_fini) struct buf b = buf_max(PARAM_VALUE_MAX * 4);
	struct str charset = {NULL, 0};
	struct charset_text t;
	bool extended = false, first = true;

	for (unsigned number = 0; number < PIECES_MAX; number++) {
		const struct piece *found = NULL;
		struct str v;

		for (size_t i = 0; i < n && !found; i++)
			if (p[i].numbered == numbered &&
			    (p[i].extended || numbered) &&
			    p[i].number == number && str_ieq(p[i].name, name))
				found = &p[i];
		/* Some count from 1. */
		if (!found && number > 0)
			break;
		if (!found)
			continue;
		v = found->value;
		if (first && found->extended)
			charset = take_charset(&v);
		first = false;
		extended |= found->extended;
		if (found->extended)
			put_percent(&b, v);
		else
			buf_put(&b, v);
	}
	if (!extended)
		return header_text(a, buf_str(&b), charset);
	charset_decode(a, charset, buf_str(&b), &t);
	return header_text(a, t.text, S("utf-8"));
}

static bool
seen(const struct params *out, struct str name)
{
	for (size_t i = 0; i < out->n; i++)
		if (str_ieq(out->v[i].name, name))
			return true;
	return false;
}

/* filename="UTF-8''%E2%82%AC.txt": the star was forgotten. */
static bool
is_extended_value(struct str v)
{
	ptrdiff_t one = str_chr(v, '\'', 0), two;

	if (one <= 0 || str_chr(v, '%', 0) < one ||
	    (!str_istarts(v, S("utf-8")) && !str_istarts(v, S("iso-8859-")) &&
		!str_istarts(v, S("windows-125"))))
		return false;
	two = str_chr(v, '\'', (size_t)one + 1);
	return two > 0 && two - one <= 6;
}

/* RFC 2231's forms win over the plain one that stands beside them for old readers. */
static struct str
value_of(struct arena *a, const struct piece *p, size_t n, size_t which)
{
	struct str name = p[which].name;
	const struct piece *plain = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!str_ieq(p[i].name, name))
			continue;
		if (p[i].numbered)
			return join(a, p, n, name, true);
		if (p[i].extended)
			return join(a, p, n, name, false);
		if (!plain)
			plain = &p[i];
	}
	if (plain && is_extended_value(plain->value)) {
		struct piece x = *plain;

		x.extended = true;
		return join(a, &x, 1, name, false);
	}
	return header_text(a, plain ? plain->value : (struct str){NULL, 0},
	    (struct str){NULL, 0});
}

/* The first word before any parameter: "text/plain", without blanks and comments, in lower case. */
static struct str
main_value(struct arena *a, struct str s, size_t *at)
{
	char *out = arena_bytes(a, s.n + 1);
	size_t i = 0, n = 0, depth = 0;
	bool slash = false, blank = false;

	for (; i < s.n && (s.p[i] != ';' || depth); i++) {
		char c = s.p[i];

		if (c == '(') {
			depth++;
		} else if (c == ')' && depth) {
			depth--;
		} else if (depth || c == '"') {
			continue;
		} else if (ch_is_space(c)) {
			blank = n > 0;
		} else if (c == '=' || c == ',' ||
			   (blank && c != '/' && (!n || out[n - 1] != '/'))) {
			break; /* the semicolon was forgotten */
		} else {
			if (c == '/' && slash)
				break;
			slash |= c == '/';
			blank = false;
			out[n++] = ch_lower(c);
		}
	}
	if (i < s.n && s.p[i] == '=') {
		/* No value at all, straight to the parameters. */
		i = 0;
		n = 0;
	}
	while (i < s.n && s.p[i] == ',')
		i++;
	*at = i;
	return str_n(out, n);
}

void
params_parse(struct arena *a, struct str raw, struct params *out)
{
	struct piece p[PARAMS_MAX];
	size_t n = 0, at = 0;

	*out = (struct params){0};
	raw = str_trim(str_sub(raw, 0, HEADER_VALUE_MAX * 4));
	out->value = main_value(a, raw, &at);
	if (out->value.n && (!charset_is_utf8(out->value) ||
				memchr(out->value.p, '\0', out->value.n)))
		out->value = (struct str){NULL, 0};
	while (n < PARAMS_MAX && next_piece(a, raw, &at, &p[n]))
		n += p[n].name.n > 0;
	if (n)
		out->v = arena_array(a, struct param, n);
	for (size_t i = 0; i < n; i++)
		if (!seen(out, p[i].name)) {
			out->v[out->n].value =
			    utf8_clip(value_of(a, p, n, i), PARAM_VALUE_MAX);
			out->v[out->n++].name = arena_lower(a, p[i].name);
		}
}

struct str
params_get(const struct params *p, struct str name)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->v[i].name, name))
			return p->v[i].value;
	return (struct str){NULL, 0};
}

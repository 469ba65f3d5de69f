/*
 * One pass over the list cuts it into entries at the commas outside quotes, comments and angle brackets; an entry is then a
 * phrase, an address in brackets or bare, and comments. What real mail adds to RFC 5322:
 *
 *   John Q. Public <a@b>        dots and 8-bit bytes in a phrase
 *   "a@b" <c@d>, 'a@b' <a@b>    an address as the name
 *   a@b; c@d                    semicolons for commas
 *   "never closed <a@b>         quotes and brackets left open
 *   =?utf-8?q?Name_<a@b>?=      all of it encoded
 */
#include "mail/address.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "base/must.h"
#include "base/utf8.h"

#include <unicode/ucasemap.h>

enum {
	NAME_MAX_BYTES = 1000,
	WORD_MAX = 500,
	LABEL_MAX = 40
};

/* Closing characters that are known to be missing in the rest are not searched for again: hostile lists stay linear. */
struct reader {
	struct arena *arena;
	struct addresses *out;
	size_t cap, unreadable;
	struct str s;
	size_t quote_gone, paren_gone,
	    angle_gone; /* from this offset on there is none; SIZE_MAX: not known */
};

/* ---- skipping ---- */

/* From the quote at i to behind its partner; a quote without one is a plain character. */
static size_t
skip_quoted(struct reader *r, size_t i)
{
	struct str s = r->s;

	if (i >= r->quote_gone)
		return i + 1;
	for (size_t k = i + 1; k < s.n; k++) {
		if (s.p[k] == '\\')
			k++;
		else if (s.p[k] == '"')
			return k + 1;
	}
	r->quote_gone = i;
	return i + 1;
}

static size_t
skip_comment(struct reader *r, size_t i)
{
	struct str s = r->s;
	size_t depth = 0;

	if (i >= r->paren_gone)
		return i + 1;
	for (size_t k = i; k < s.n; k++) {
		if (s.p[k] == '\\')
			k++;
		else if (s.p[k] == '(')
			depth++;
		else if (s.p[k] == ')' && --depth == 0)
			return k + 1;
	}
	r->paren_gone = i;
	return i + 1;
}

/* From "<" to behind ">"; an open one ends at the comma. */
static size_t
skip_angle(struct reader *r, size_t i)
{
	struct str s = r->s;

	if (i >= r->angle_gone)
		return i + 1;
	for (size_t k = i + 1; k < s.n; k++) {
		if (s.p[k] == '>')
			return k + 1;
		if (s.p[k] == '"') {
			k = skip_quoted(r, k) - 1;
			continue;
		}
		if (s.p[k] == '<')
			return i + 1;
	}
	r->angle_gone = i;
	return i + 1;
}

/*
 * From "=?" to behind "?=" of an encoded word, in which some leave commas: =?iso-8859-1?Q?Doe,=20J?=. 0 when it is none. RFC 2047 ends words
 * at 75 characters; who does not is followed for a while.
 */
static size_t
skip_word(const struct reader *r, size_t i)
{
	struct str s = str_sub(r->s, i, i + WORD_MAX);
	ptrdiff_t how = str_chr(s, '?', 2), end, again;

	if (!str_starts(s, S("=?")) || how < 3 || how > LABEL_MAX ||
	    (size_t)how + 2 >= s.n || s.p[how + 2] != '?' ||
	    !memchr("qQbB", s.p[how + 1], 4))
		return 0;
	end = str_find(s, S("?="), (size_t)how + 3);
	again = str_find(s, S("=?"), (size_t)how + 3);
	/* One that is not closed must not swallow the next. */
	if (end < 0 || (again >= 0 && again < end && again + 1 != end))
		return 0;
	/* Nor half of an address behind it. */
	s = str_sub(s, 0, (size_t)end);
	if (str_chr(s, '<', 0) >= 0 && str_rchr(s, '>') < str_rchr(s, '<'))
		return 0;
	return i + (size_t)end + 2;
}

/* ---- one entry ---- */

/* A phrase as a name: quotes and backslashes off, encoded words decoded, blanks folded. */
static struct str
clean_name(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = buf_max(NAME_MAX_BYTES * 8);
	struct str t;
	char *out;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			buf_putc(&b, s.p[++i]);
		else if (s.p[i] != '"')
			buf_putc(&b, s.p[i]);
	}
	t = str_trim(header_decode(a, buf_str(&b), (struct str){NULL, 0}));
	if (t.n >= 2 && t.p[0] == '"' && t.p[t.n - 1] == '"')
		t = str_trim(str_sub(t, 1, t.n - 1));
	out = arena_bytes(a, t.n);
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] != ' ' || (n && out[n - 1] != ' '))
			out[n++] = t.p[i];
	return utf8_clip(str_n(out, n), NAME_MAX_BYTES);
}

/* What is allowed in an address: no blanks, brackets, commas or control characters. UTF-8 is (RFC 6532). */
static bool
is_addr_char(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f &&
	       !memchr("<>(),;:\\\"", c, 9);
}

/* Does a quoted local part need its quotes? */
static bool
is_dot_atom(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_addr_char(s.p[i]) || s.p[i] == '@')
			return false;
	return s.n && s.p[0] != '.' && s.p[s.n - 1] != '.' &&
	       !str_has(s, S(".."));
}

/*
 * Comments and blanks out, quotes kept: into the arena. Blanks may stand around "." and "@" only, unless loose ("<jdoe @ example . com>"
 * is one address, "John jdoe@example.com" is not): empty then.
 */
static struct str
squeeze(struct arena *a, struct str s, bool loose)
{
	char *out = arena_bytes(a, s.n);
	size_t n = 0, depth = 0;
	bool in_quotes = false, blank = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (in_quotes) {
			out[n++] = c;
			if (c == '\\' && i + 1 < s.n)
				out[n++] = s.p[++i];
			else if (c == '"')
				in_quotes = false;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' && depth) {
			depth--;
		} else if (!depth && ch_is_space(c)) {
			blank = n > 0;
		} else if (!depth) {
			if (blank && !loose && c != '.' && c != '@' &&
			    out[n - 1] != '.' && out[n - 1] != '@')
				return (struct str){NULL, 0};
			blank = false;
			in_quotes = c == '"';
			out[n++] = c;
		}
	}
	return str_n(out, n);
}

static bool
good_domain(struct str d)
{
	if (!d.n)
		return false;
	if (d.p[0] == '[') {
		for (size_t i = 0; i < d.n; i++)
			if (d.p[i] != ':' &&
			    (!is_addr_char(d.p[i]) || d.p[i] == '@'))
				return false;
		return d.n > 2 && d.p[d.n - 1] == ']';
	}
	for (size_t i = 0; i < d.n; i++)
		if (!is_addr_char(d.p[i]) || d.p[i] == '@' || d.p[i] == '\'' ||
		    d.p[i] == '[' || d.p[i] == ']')
			return false;
	return d.p[0] != '.';
}

static bool
good_local(struct str l)
{
	if (l.n >= 2 && l.p[0] == '"' && l.p[l.n - 1] == '"') {
		for (size_t i = 1; i + 1 < l.n; i++) {
			if ((unsigned char)l.p[i] < ' ' || l.p[i] == 0x7f ||
			    l.p[i] == '"')
				return false;
			if (l.p[i] == '\\' &&
			    (++i + 1 >= l.n || (unsigned char)l.p[i] < ' ' ||
				l.p[i] == 0x7f))
				return false;
		}
		return l.n > 2;
	}
	for (size_t i = 0; i < l.n; i++)
		if (!is_addr_char(l.p[i]) || l.p[i] == '@')
			return false;
	return l.n > 0;
}

/* local@domain as it is kept; false when s is none. */
static bool
read_addr(struct arena *a, struct str s, bool loose, struct str *addr)
{
	struct str local, domain;
	ptrdiff_t at, colon;
	char *out;
	size_t n;

	s = squeeze(a, s, loose);
	while (s.n && s.p[0] == '<')
		s = str_from(s, 1);
	while (s.n && (s.p[s.n - 1] == '>' || s.p[s.n - 1] == '.' ||
			  s.p[s.n - 1] == ','))
		s.n--;
	/* "<@relay,@relay2:user@host>", RFC 5322 §4.4 */
	if (s.n && s.p[0] == '@' && (colon = str_chr(s, ':', 0)) > 0)
		s = str_from(s, (size_t)colon + 1);
	if (str_istarts(s, S("mailto:")))
		s = str_from(s, 7);
	while (s.n >= 2 && s.p[0] == '\'' && s.p[s.n - 1] == '\'')
		s = str_sub(s, 1, s.n - 1);
	while (s.n && s.p[s.n - 1] == '.')
		s.n--;
	at = str_rchr(s, '@');
	if (at <= 0 || s.n > ADDRESS_MAX)
		return false;
	if (!charset_is_utf8(s))
		return false;
	local = str_sub(s, 0, (size_t)at);
	domain = str_from(s, (size_t)at + 1);
	if (!good_local(local) || !good_domain(domain))
		return false;
	if (local.p[0] == '"' && !memchr(local.p, '\\', local.n) &&
	    is_dot_atom(str_sub(local, 1, local.n - 1)))
		local = str_sub(local, 1, local.n - 1);
	out = arena_bytes(a, local.n + 1 + domain.n + 1);
	memcpy(out, local.p, local.n);
	n = local.n;
	out[n++] = '@';
	for (size_t i = 0; i < domain.n; i++)
		out[n++] = ch_lower(domain.p[i]);
	out[n] = '\0';
	*addr = str_n(out, n);
	return true;
}

static void
add(struct reader *r, struct str name, struct str addr)
{
	struct addresses *l = r->out;

	if (l->n == ADDRESSES_MAX)
		return;
	if (l->n == r->cap) {
		struct address *v;

		r->cap = r->cap ? r->cap * 2 : 2;
		v = arena_array(r->arena, struct address, r->cap);
		if (l->n)
			memcpy(v, l->v, l->n * sizeof *v);
		l->v = v;
	}
	l->v[l->n++] = (struct address){name, addr};
}

/* The last word of s with an "@" in it, for "Big Bug bb@bug.com"; what stands around it is the name. */
static bool
bare_addr(struct arena *a, struct str s, struct str *addr, struct str *name)
{
	struct str word, rest;
	ptrdiff_t at = str_rchr(s, '@');
	size_t from, to;

	if (at < 0)
		return false;
	from = to = (size_t)at;
	while (from && !ch_is_space(s.p[from - 1]) && s.p[from - 1] != ')')
		from--;
	while (to < s.n && !ch_is_space(s.p[to]) && s.p[to] != '(')
		to++;
	word = str_sub(s, from, to);
	if (!read_addr(a, word, false, addr))
		return false;
	rest = str_trim(str_sub(s, 0, from));
	if (!rest.n)
		rest = str_trim(str_from(s, to));
	*name = clean_name(a, rest);
	return true;
}

/* "a@b c@d": nothing but addresses, the commas forgotten. */
static bool
several(struct reader *r, struct str s)
{
	struct str rest = s, word, addr;

	while (str_word(&rest, &word))
		if (!read_addr(r->arena, word, false, &addr))
			return false;
	rest = s;
	while (str_word(&rest, &word))
		if (read_addr(r->arena, word, false, &addr))
			add(r, (struct str){NULL, 0}, addr);
	return true;
}

/* An entry without brackets: the address, with a name in a comment perhaps. */
static void
entry_bare(struct reader *r, struct str s, struct str comment)
{
	struct arena *a = r->arena;
	struct str addr, name = {NULL, 0};

	if (read_addr(a, s, false, &addr)) {
		add(r, clean_name(a, comment), addr);
	} else if (several(r, s)) {
		return;
	} else if (bare_addr(a, s, &addr, &name)) {
		add(r, name.n ? name : clean_name(a, comment), addr);
	} else if (s.p[0] == '(' && comment.p + comment.n + 1 == s.p + s.n) {
		/* Nothing but a comment: nobody, or who is not named. */
		r->unreadable++;
		if (!r->out->n)
			add(r, clean_name(a, comment), (struct str){NULL, 0});
	} else {
		r->unreadable++;
		add(r, clean_name(a, s), (struct str){NULL, 0});
	}
}

struct entry {
	size_t from;
	bool at;                     /* an "@" was seen */
	size_t angle, angle_end;     /* the last <…>; angle_end 0: none */
	size_t comment, comment_end; /* the last (…), without the parentheses */
};

static size_t read_list(struct reader *r, unsigned depth);

/* Whole entries are encoded by some: =?utf-8?q?"A"_<a@b>?=. Decoded and read again, once. */
static bool
encoded_entry(struct reader *r, struct str s, unsigned depth)
{
	struct reader again = {.arena = r->arena,
	    .out = r->out,
	    .cap = r->cap,
	    .quote_gone = SIZE_MAX,
	    .paren_gone = SIZE_MAX,
	    .angle_gone = SIZE_MAX};

	if (depth || !str_has(s, S("=?")))
		return false;
	again.s = header_text(r->arena, s, (struct str){NULL, 0});
	if (str_chr(again.s, '@', 0) < 0)
		return false;
	read_list(&again, 1);
	r->cap = again.cap;
	r->unreadable += again.unreadable;
	return true;
}

static void
finish(struct reader *r, const struct entry *e, size_t to, unsigned depth)
{
	struct arena *a = r->arena;
	struct str whole = str_trim(str_sub(r->s, e->from, to)), addr, name;
	struct str comment = str_sub(r->s, e->comment, e->comment_end);

	if (!whole.n)
		return;
	if (!e->angle_end) {
		if ((str_chr(whole, '@', 0) >= 0 &&
			!(str_chr(whole, '<', 0) >= 0 &&
			    str_starts(whole, S("=?")) &&
			    str_ends(whole, S("?=")))) ||
		    !encoded_entry(r, whole, depth))
			entry_bare(r, whole, comment);
		return;
	}
	name = str_trim(str_sub(r->s, e->from, e->angle));
	while (name.n && name.p[name.n - 1] == '<') /* "<<a@b>>" */
		name = str_rtrim(str_sub(name, 0, name.n - 1));
	if (!read_addr(a, str_sub(r->s, e->angle, e->angle_end), true, &addr)) {
		/* "a@b <>" and the like. "<>" alone is nobody. */
		if (bare_addr(a, name, &addr, &name)) {
			add(r, name, addr);
		} else if (!encoded_entry(r, whole, depth)) {
			if (!name.n && e->angle_end - e->angle <= 2)
				return;
			r->unreadable++;
			/* "Mail Delivery Subsystem <>" */
			if (name.n && e->angle_end - e->angle <= 2)
				whole = name;
			add(r, clean_name(a, whole), (struct str){NULL, 0});
		}
		return;
	}
	/* The name stands before, in a comment, or behind. */
	if (e->comment_end && e->comment < e->angle && e->comment > e->from)
		name = str_trim(str_sub(r->s, e->from, e->comment - 1));
	if (!name.n)
		name = comment;
	if (!name.n)
		name = str_ltrim(str_sub(r->s, e->angle_end, to));
	while (name.n && name.p[0] == '>')
		name = str_ltrim(str_from(name, 1));
	add(r, clean_name(a, name), addr);
}

static size_t
read_list(struct reader *r, unsigned depth)
{
	struct str s = r->s;
	struct entry e = {0};
	size_t i = 0;
	bool in_group = false;

	while (i < s.n) {
		char c = s.p[i];
		size_t next = i + 1;

		if (c == '"') {
			next = skip_quoted(r, i);
		} else if (c == '(') {
			next = skip_comment(r, i);
			if (next > i + 1) {
				e.comment = i + 1;
				e.comment_end = next - 1;
			}
		} else if (c == '<') {
			/* "A <a@b> B <c@d>": the comma was forgotten. */
			if (e.angle_end &&
			    str_chr(str_sub(s, e.angle, e.angle_end), '@', 0) >=
				0 &&
			    str_trim(str_sub(s, e.angle_end, i)).n) {
				size_t end = e.angle_end;

				finish(r, &e, end, depth);
				e = (struct entry){.from = end};
			}
			next = skip_angle(r, i);
			/* Left open: as far as it is an address. */
			if (next == i + 1)
				while (next < s.n && s.p[next] != ',' &&
				       s.p[next] != '<' && s.p[next] != ';')
					next++;
			e.angle = i;
			e.angle_end = next;
		} else if (c == ':' && !e.angle_end && !in_group && !e.at &&
			   !str_iends(str_sub(s, e.from, i), S("mailto"))) {
			/* "Friends:": a group; its name is dropped. */
			in_group = true;
			e = (struct entry){.from = next};
		} else if (c == '=' && skip_word(r, i)) {
			next = skip_word(r, i);
		} else if (c == '@') {
			e.at = true;
		} else if (c == ',' || c == ';') {
			finish(r, &e, i, depth);
			in_group = in_group && c != ';';
			e = (struct entry){.from = next};
		}
		i = next;
	}
	finish(r, &e, s.n, depth);
	return r->unreadable;
}

size_t
addresses_parse(struct arena *a, struct str value, struct addresses *out)
{
	struct reader r = {.arena = a,
	    .out = out,
	    .s = str_trim(value),
	    .quote_gone = SIZE_MAX,
	    .paren_gone = SIZE_MAX,
	    .angle_gone = SIZE_MAX};

	*out = (struct addresses){0};
	return read_list(&r, 0);
}

bool
address_parse_one(struct arena *a, struct str s, struct address *out)
{
	*out = (struct address){0};
	if (s.n > ADDRESS_MAX || squeeze(a, s, true).n != s.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '<' || s.p[i] == '>' || s.p[i] == ',')
			return false;
	/* read_addr() forgives a dot at the end; a configuration should not. */
	return s.n && s.p[s.n - 1] != '.' && read_addr(a, s, false, &out->addr);
}

/* ---- comparing ---- */

struct str
address_local(struct str addr)
{
	ptrdiff_t at = str_rchr(addr, '@');

	return at < 0 ? addr : str_sub(addr, 0, (size_t)at);
}

struct str
address_domain(struct str addr)
{
	ptrdiff_t at = str_rchr(addr, '@');

	return at < 0 ? (struct str){NULL, 0} : str_from(addr, (size_t)at + 1);
}

bool
address_eq(struct str a, struct str b)
{
	return a.n && str_ieq(a, b);
}

bool
address_among(const struct strs *l, struct str addr)
{
	for (size_t i = 0; i < l->n; i++)
		if (address_eq(l->v[i], addr))
			return true;
	return false;
}

bool
addresses_has(const struct addresses *l, struct str addr)
{
	for (size_t i = 0; i < l->n; i++)
		if (address_eq(l->v[i].addr, addr))
			return true;
	return false;
}

struct str
address_key(struct arena *a, struct str addr)
{
	UErrorCode e = U_ZERO_ERROR;
	UCaseMap *map;
	char *out;
	int32_t n;

	if (charset_ascii_run(addr, 0) == addr.n || addr.n > ADDRESS_MAX)
		return arena_lower(a, addr);
	map = ucasemap_open("", 0, &e);
	if (U_FAILURE(e))
		return arena_lower(a, addr);
	/* Folding makes a string at most three times as long. */
	out = arena_bytes(a, addr.n * 3 + 1);
	n = ucasemap_utf8FoldCase(
	    map, out, (int32_t)(addr.n * 3 + 1), addr.p, (int32_t)addr.n, &e);
	ucasemap_close(map);
	return U_SUCCESS(e) ? str_n(out, (size_t)n) : arena_lower(a, addr);
}

bool
address_detail(
    struct arena *a, struct str addr, struct str *base, struct str *detail)
{
	struct str local = address_local(addr);
	ptrdiff_t plus = str_chr(local, '+', 0);

	if (plus <= 0 || local.n == addr.n)
		return false;
	*detail = str_from(local, (size_t)plus + 1);
	*base = arena_printf(a, "%.*s@%.*s",
	    STR_ARG(str_sub(local, 0, (size_t)plus)),
	    STR_ARG(address_domain(addr)));
	return true;
}

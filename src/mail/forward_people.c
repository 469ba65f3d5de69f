/*
 *   Ann Cole [mailto:ann@customer.example]
 *   Ann Cole <ann@customer.example<mailto:ann@customer.example>>
 *   "Ann Cole"<ann@customer.example>;
 *
 * So no grammar is followed: what looks like an address is one, and what stands before the first is the name.
 */
#include "mail/forward_people.h"

#include "base/utf8.h"

enum {
	NAME_BYTES = 200,
	PERSON_BYTES = 4000
};

static bool
local_char(char c)
{
	return ch_is_alnum(c) || (unsigned char)c >= 0x80 ||
	       (c && strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

static bool
domain_char(char c)
{
	return ch_is_alnum(c) || c == '-' || c == '.' ||
	       (unsigned char)c >= 0x80;
}

/* The next address at or after *at: [*at, *to); false: none. */
static bool
next_address(
    struct arena *a, struct str s, size_t *at, size_t *to, struct address *out)
{
	ptrdiff_t sign = (ptrdiff_t)*at - 1;
	size_t least = *at;

	while ((sign = str_chr(s, '@', (size_t)(sign + 1))) >= 0) {
		size_t i = (size_t)sign, k = (size_t)sign + 1;
		struct str one;

		while (i > least && local_char(s.p[i - 1]))
			i--;
		while (k < s.n && domain_char(s.p[k]))
			k++;
		while (k > (size_t)sign &&
		       (s.p[k - 1] == '.' || s.p[k - 1] == '-'))
			k--;
		/* 'a@b.example' in quotes; some leave the "mailto:" */
		while (i < (size_t)sign && s.p[i] == '\'')
			i++;
		one = str_sub(s, i, k);
		if (k - i <= ADDRESS_MAX && address_parse_one(a, one, out)) {
			*at = i;
			*to = k;
			return true;
		}
		least = (size_t)sign + 1;
	}
	return false;
}

/* What stands before the address: without quotes, brackets, "mailto:". */
static struct str
clean_name(struct arena *a, struct str s)
{
	static const char marks[] = "\"'<[(*;,:";

	s = str_trim(s);
	if (str_iends(s, S("mailto:")))
		s.n -= 7;
	for (;;) {
		s = str_trim(s);
		if (s.n && strchr(marks, s.p[s.n - 1]))
			s.n--;
		else if (s.n && (strchr(marks, s.p[0]) || s.p[0] == '>'))
			s = str_from(s, 1);
		else
			break;
	}
	s = utf8_clip(s, NAME_BYTES);
	return arena_dup(a, s);
}

unsigned
forward_person(struct arena *a, struct str s, struct address *out)
{
	struct address x;
	size_t at = 0, to = 0, first = s.n;
	unsigned n = 0;

	*out = (struct address){.name = S("")};
	for (unsigned tries = 0; tries < 20; tries++, at = to) {
		if (!next_address(a, s, &at, &to, &x))
			break;
		if (n == 0) {
			out->addr = arena_dup(a, x.addr);
			first = at;
			n = 1;
		} else if (!address_eq(out->addr, x.addr)) {
			n = 2;
		}
	}
	out->name = clean_name(a, str_sub(s, 0, first));
	/* "(a@b.example) Anna", "a@b.example (Anna)" are not worth a guess. */
	return n;
}

static void
add_person(struct arena *a, struct addresses *l, struct str s)
{
	struct address x;

	if (l->n >= ADDRESSES_MAX || str_trim(s).n == 0)
		return;
	forward_person(a, str_sub(s, 0, PERSON_BYTES), &x);
	if (!x.addr.n && !x.name.n)
		return;
	if (l->n == 0 || (l->n & (l->n - 1)) == 0) {
		struct address *v =
		    arena_array(a, struct address, l->n ? l->n * 2 : 1);

		if (l->n)
			memcpy(v, l->v, l->n * sizeof *v);
		l->v = v;
	}
	l->v[l->n++] = x;
}

void
forward_people(struct arena *a, struct str s, struct addresses *l)
{
	bool semicolons = str_chr(s, ';', 0) >= 0, address = false;
	bool any = str_chr(s, '@', 0) >= 0, quoted = false;
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		address |= s.p[i] == '@';
		if (s.p[i] == ';' || (s.p[i] == ',' && !semicolons && !quoted &&
					 (address || !any))) {
			add_person(a, l, str_sub(s, from, i));
			from = i + 1;
			address = quoted = false;
		}
	}
	add_person(a, l, str_from(s, from));
}

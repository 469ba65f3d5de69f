/*
 *   Dear Ms Berg, your order A-77 (#1042) goes to ann@x.example on 2026-03-01.
 *   Dear Ms [name], your order [order] ([number]) goes to [address] on 2026-03-01.
 *
 * Rather a word too many than one too few: a person reads the draft.
 */
#include "desk/kb_clean.h"
#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/address.h"

enum {
	WORDS_MAX = 400,
	DIGITS_MANY = 5, /* in one piece */
	DIGITS_PHONE = 7 /* with signs between */
};

/* What is looked for and what it becomes. */
struct swap {
	struct str what, by;
	bool exact; /* as written, ASCII case too */
};

struct clean {
	struct arena *a;
	const struct settings *s;
	struct swap swaps[WORDS_MAX];
	size_t n;
};

static void
want(struct clean *c, struct str what, struct str by, bool exact)
{
	what = str_trim(what);
	if (what.n < 2 || c->n == WORDS_MAX)
		return;
	c->swaps[c->n++] = (struct swap){what, by, exact};
}

/* The name whole, and each of its words as it is written. */
static void
want_name(struct clean *c, struct str name)
{
	struct str rest = name, word;

	want(c, name, S("[name]"), false);
	while (str_word(&rest, &word)) {
		while (word.n && str_chr(S(",;.\"'()"), word.p[0], 0) >= 0)
			word = str_from(word, 1);
		while (word.n &&
		       str_chr(S(",;.\"'()"), word.p[word.n - 1], 0) >= 0)
			word.n--;
		if (word.n >= 3)
			want(c, word, S("[name]"), true);
	}
}

static int
longest_first(const void *a, const void *b)
{
	const struct swap *x = a, *y = b;

	if (x->what.n != y->what.n)
		return x->what.n > y->what.n ? -1 : 1;
	return str_cmp(x->what, y->what);
}

static void
gather(struct clean *c, const struct ticket *k)
{
	want_name(c, k->requester.name);
	for (size_t i = 0; i < k->nparticipants; i++)
		if (k->participants[i].role != ROLE_PROPOSED)
			want_name(c, k->participants[i].address.name);
	for (size_t i = 0; i < k->nfields; i++)
		if (k->fields[i].value.n >= 3)
			want(c, k->fields[i].value,
			    arena_printf(
				c->a, "[%.*s]", STR_ARG(k->fields[i].name)),
			    false);
	if (c->n)
		qsort(c->swaps, c->n, sizeof *c->swaps, longest_first);
}

/* Letters and digits of any script that puts blanks between words; Han goes on
 * without. */
static bool
in_word(char ch)
{
	return ch_is_alnum(ch);
}

static size_t
match_swap(const struct clean *c, struct str text, size_t at, struct str *by)
{
	for (size_t i = 0; i < c->n; i++) {
		struct str what = c->swaps[i].what;
		struct str here = str_sub(text, at, at + what.n);
		size_t end = at + what.n;

		if (c->swaps[i].exact ? !str_eq(here, what)
				      : !str_ieq(here, what))
			continue;
		if ((at > 0 && in_word(what.p[0]) && in_word(text.p[at - 1])) ||
		    (end < text.n && in_word(what.p[what.n - 1]) &&
			in_word(text.p[end])))
			continue;
		*by = c->swaps[i].by;
		return what.n;
	}
	return 0;
}

static bool
in_address(char ch)
{
	return ch_is_alnum(ch) || (unsigned char)ch >= 0x80 ||
	       str_chr(S("!#$%&'*+-/=?^_`{|}~.@"), ch, 0) >= 0;
}

/* A word with an @: 0 when it is none, or one of our own. */
static size_t
match_address(const struct clean *c, struct str text, size_t at)
{
	struct address x;
	size_t end = at;

	if (at > 0 && in_address(text.p[at - 1]))
		return 0;
	while (end < text.n && in_address(text.p[end]))
		end++;
	while (end > at && !ch_is_alnum(text.p[end - 1]) &&
	       (unsigned char)text.p[end - 1] < 0x80)
		end--;
	if (str_chr(str_sub(text, at, end), '@', 0) < 1 ||
	    !address_parse_one(c->a, str_sub(text, at, end), &x) ||
	    settings_is_own(c->s, x.addr))
		return 0;
	return end - at;
}

/* 2026-03-01: no secret, and often the point. */
static bool
is_date(struct str s)
{
	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (i != 4 && i != 7 && !ch_is_digit(s.p[i]))
			return false;
	return true;
}

/* "#1042", "[Acme #1042]"'s inside, 123456, +49 (30) 123-456. */
static size_t
match_number(struct str text, size_t at)
{
	size_t i = at, end = at, digits = 0, run = 0, longest = 0;
	bool sign = text.p[at] == '#' || text.p[at] == '+';

	if (!sign && !ch_is_digit(text.p[at]))
		return 0;
	if (at > 0 && (in_word(text.p[at - 1]) || text.p[at - 1] == '.'))
		return 0;
	for (i += sign; i < text.n; i++) {
		if (ch_is_digit(text.p[i])) {
			digits++;
			run++;
			longest = MAX(longest, run);
			end = i + 1;
		} else if (str_chr(S(" -/()"), text.p[i], 0) >= 0 &&
			   text.p[at] != '#' && i - end < 2) {
			run = 0;
		} else
			break;
	}
	if (!digits || (end < text.n && in_word(text.p[end])) ||
	    is_date(str_sub(text, at, end)))
		return 0;
	if (text.p[at] == '#' || longest >= DIGITS_MANY ||
	    digits >= DIGITS_PHONE)
		return end - at;
	return 0;
}

struct str
kb_clean(struct arena *a, const struct settings *s, const struct ticket *k,
    struct str text)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct clean *c = arena_new(a, struct clean);

	c->a = a;
	c->s = s;
	gather(c, k);
	for (size_t at = 0; at < text.n;) {
		struct str by = S("[address]");
		size_t n = match_address(c, text, at);

		if (!n)
			n = match_swap(c, text, at, &by);
		if (!n) {
			by = S("[number]");
			n = match_number(text, at);
		}
		if (n)
			buf_put(&b, by);
		else
			buf_putc(&b, text.p[at]);
		at += n ? n : 1;
	}
	return arena_dup(a, buf_str(&b));
}

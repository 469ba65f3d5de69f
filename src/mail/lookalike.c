/*
 * The tables of confusables map each character to a prototype, "m" to "rn" and
 * "0" to "O" among them, so that equal results are what looks equal. They are
 * read once; from then on nothing is written there, and threads may share them.
 */
#include "mail/lookalike.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/address.h"

#include <pthread.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

enum {
	INPUT_MAX = 1000,
	GROWTH = 8, /* of a prototype, at most, and then some */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static USpoofChecker *checker;
static const UNormalizer2 *folder;
static UIDNA *domains;

static void
open_tables(void)
{
	UErrorCode e = U_ZERO_ERROR;

	checker = uspoof_open(&e);
	folder = unorm2_getNFKCCasefoldInstance(&e);
	domains = uidna_openUTS46(UIDNA_DEFAULT, &e);
	if (U_FAILURE(e)) {
		uspoof_close(checker);
		checker = NULL;
	}
}

struct str
lookalike_form(struct arena *a, struct str s)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar *in, *folded, *form;
	int32_t n, max;
	char *out;

	pthread_once(&once, open_tables);
	s = utf8_clip(s, INPUT_MAX);
	if (!checker || !s.n || !utf8_valid(s))
		return str_n(NULL, 0);
	max = (int32_t)s.n * GROWTH + 64;
	in = arena_array(a, UChar, (size_t)max);
	folded = arena_array(a, UChar, (size_t)max);
	form = arena_array(a, UChar, (size_t)max);
	u_strFromUTF8(in, max, &n, s.p, (int32_t)s.n, &e);
	n = unorm2_normalize(folder, in, n, folded, max, &e);
	n = uspoof_getSkeleton(checker, 0, folded, n, form, max, &e);
	/* Prototypes may be capitals: "0" is like "O". */
	n = u_strFoldCase(in, max, form, n, U_FOLD_CASE_DEFAULT, &e);
	if (U_FAILURE(e))
		return str_n(NULL, 0);
	out = arena_bytes(a, (size_t)n * 3 + 1);
	u_strToUTF8(out, n * 3 + 1, &n, in, n, &e);
	return U_FAILURE(e) ? str_n(NULL, 0) : str_n(out, (size_t)n);
}

/* With its domain as a mail client shows it: "xn--cme-7cd.example" decoded. */
static struct str
as_shown(struct arena *a, struct str addr)
{
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UErrorCode e = U_ZERO_ERROR;
	struct str domain = address_domain(addr);
	int32_t n, max = (int32_t)MIN(domain.n, (size_t)INPUT_MAX) * 3 + 1;
	char *out;

	pthread_once(&once, open_tables);
	if (!checker || domain.n > INPUT_MAX || !str_ihas(domain, S("xn--")))
		return addr;
	out = arena_bytes(a, (size_t)max);
	n = uidna_nameToUnicodeUTF8(
	    domains, domain.p, (int32_t)domain.n, out, max, &info, &e);
	if (U_FAILURE(e) || n < 0 || n > max)
		return addr;
	return arena_printf(
	    a, "%.*s@%.*s", STR_ARG(address_local(addr)), (int)n, out);
}

/* The next character, with those as one that look alike within ASCII, and more. */
static char
next_rough(struct str *s)
{
	char c = ch_lower(s->p[0]);
	bool rn = c == 'r' && s->n > 1 && ch_lower(s->p[1]) == 'n';

	*s = str_from(*s, rn ? 2 : 1);
	if (rn)
		return 'm';
	if (c == '1' || c == 'i' || c == '|')
		return 'l';
	return c == '0' ? 'o' : c;
}

/* Most pairs differ plainly, and there are as many as agents for each mail. */
static bool
may_be_alike(struct str a, struct str b)
{
	if (!utf8_is_ascii(a) || !utf8_is_ascii(b))
		return true;
	while (a.n && b.n)
		if (next_rough(&a) != next_rough(&b))
			return false;
	return !a.n && !b.n;
}

bool
lookalike_address(struct arena *a, struct str addr, struct str real)
{
	struct str form;

	if (!addr.n || !real.n || address_eq(addr, real))
		return false;
	addr = as_shown(a, addr);
	if (!may_be_alike(addr, real))
		return false;
	form = lookalike_form(a, addr);
	return form.n && str_eq(form, lookalike_form(a, real));
}

bool
lookalike_domain(struct arena *a, struct str addr, struct str domain)
{
	struct str own = address_domain(as_shown(a, addr));

	return may_be_alike(own, domain) &&
	       str_eq(lookalike_form(a, own), lookalike_form(a, domain));
}

static bool
is_word(struct str s, ptrdiff_t at)
{
	return at >= 0 && (size_t)at < s.n &&
	       (ch_is_alnum(s.p[at]) || (unsigned char)s.p[at] >= 0x80 ||
		   s.p[at] == '-' || s.p[at] == '_');
}

bool
lookalike_shows(struct arena *a, struct str name_form, struct str real)
{
	struct str form;
	ptrdiff_t at = -1;

	if (str_chr(name_form, '@', 0) < 0)
		return false;
	form = lookalike_form(a, real);
	while (
	    form.n && (at = str_find(name_form, form, (size_t)(at + 1))) >= 0)
		if (!is_word(name_form, at - 1) &&
		    !is_word(name_form, at + (ptrdiff_t)form.n))
			return true;
	return false;
}

/*
 * The tables of confusables map each character to a prototype, "m" to "rn" and
 * "0" to "O" among them, so that equal results are what looks equal. They are
 * read once; from then on nothing is written there, and threads may share them.
 */
#include "mail/lookalike.h"
#include "base/utf8.h"
#include "mail/address.h"

#include <pthread.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

enum {
	INPUT_MAX = 1000,
	UNITS_MAX = 8 * INPUT_MAX,
	ASCII_NEAR = 3 /* edits: "m" for "rn" is two */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static USpoofChecker *checker;
static const UNormalizer2 *folder;

static void
open_tables(void)
{
	UErrorCode e = U_ZERO_ERROR;

	checker = uspoof_open(&e);
	folder = unorm2_getNFKCCasefoldInstance(&e);
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
	int32_t n;
	char *out;

	pthread_once(&once, open_tables);
	s = utf8_clip(s, INPUT_MAX);
	if (!checker || !s.n || !utf8_valid(s))
		return str_n(NULL, 0);
	in = arena_array(a, UChar, UNITS_MAX);
	folded = arena_array(a, UChar, UNITS_MAX);
	form = arena_array(a, UChar, UNITS_MAX);
	u_strFromUTF8(in, UNITS_MAX, &n, s.p, (int32_t)s.n, &e);
	n = unorm2_normalize(folder, in, n, folded, UNITS_MAX, &e);
	n = uspoof_getSkeleton(checker, 0, folded, n, form, UNITS_MAX, &e);
	/* Prototypes may be capitals: "0" is like "O". */
	n = u_strFoldCase(in, UNITS_MAX, form, n, U_FOLD_CASE_DEFAULT, &e);
	if (U_FAILURE(e))
		return str_n(NULL, 0);
	out = arena_bytes(a, (size_t)n * 3 + 1);
	u_strToUTF8(out, n * 3 + 1, &n, in, n, &e);
	return U_FAILURE(e) ? str_n(NULL, 0) : str_n(out, (size_t)n);
}

bool
lookalike_address(struct arena *a, struct str addr, struct str real)
{
	struct str form;

	if (!addr.n || !real.n || address_eq(addr, real))
		return false;
	if (utf8_is_ascii(addr) && utf8_is_ascii(real) &&
	    str_distance(addr, real, ASCII_NEAR) > ASCII_NEAR)
		return false;
	form = lookalike_form(a, addr);
	return form.n && str_eq(form, lookalike_form(a, real));
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

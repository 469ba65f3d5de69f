#include "mail/terms_fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"

enum {
	UNITS = 256
}; /* of UTF-16, that a word may take on the way */

bool
fold_is_dense(uint32_t c)
{
	if (c < 0x0e00)
		return false;
	return c <= 0x0eff ||                                 /* Thai, Lao */
	       (c >= 0x1000 && c <= 0x109f) ||                /* Myanmar */
	       (c >= 0x1100 && c <= 0x11ff) ||                /* Hangul jamo */
	       (c >= 0x1780 && c <= 0x17ff) ||                /* Khmer */
	       (c >= 0x2e80 && c <= 0x2fdf) ||                /* radicals */
	       (c >= 0x3005 && c <= 0x3007) ||                /* 々, 〇 */
	       (c >= 0x3041 && c <= 0x30ff && c != 0x30fb) || /* Kana */
	       (c >= 0x3105 && c <= 0x318f) || (c >= 0x31f0 && c <= 0x31ff) ||
	       (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) ||
	       (c >= 0xac00 && c <= 0xd7ff) || /* Hangul */
	       (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xff66 && c <= 0xffdc) || /* half-width */
	       (c >= 0x20000 && c <= 0x3ffff);
}

bool
fold_is_word(uint32_t c)
{
	const uint32_t mask = U_GC_L_MASK | U_GC_ND_MASK | U_GC_M_MASK;

	if (c < 0x80)
		return ch_is_alnum((char)c);
	if (fold_is_dense(c))
		return false;
	return (U_GET_GC_MASK((UChar32)c) & mask) != 0 || c == 0xad ||
	       c == 0x200c || c == 0x200d;
}

/* Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels. */
static bool
is_accent(UChar c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x591 && c <= 0x5c7) ||
	       (c >= 0x64b && c <= 0x65f) || c == 0x670;
}

static int32_t
folded(struct str s, UChar *units)
{
	static const UNormalizer2 *folder;
	UErrorCode e = U_ZERO_ERROR;
	UChar raw[UNITS];
	int32_t n = 0;

	if (s.n > UNITS)
		return 0;
	if (!folder)
		folder = unorm2_getNFKCCasefoldInstance(&e);
	u_strFromUTF8(raw, UNITS, &n, s.p, (int32_t)s.n, &e);
	n = unorm2_normalize(folder, raw, n, units, UNITS, &e);
	return U_SUCCESS(e) ? n : 0;
}

static int32_t
unaccented(const UChar *units, int32_t n, UChar *out)
{
	static const UNormalizer2 *splitter, *joiner;
	UErrorCode e = U_ZERO_ERROR;
	UChar split[UNITS];
	int32_t m, k = 0;

	if (!splitter) {
		splitter = unorm2_getNFDInstance(&e);
		joiner = unorm2_getNFCInstance(&e);
	}
	m = unorm2_normalize(splitter, units, n, split, UNITS, &e);
	if (U_FAILURE(e))
		return 0;
	for (int32_t i = 0; i < m; i++)
		if (!is_accent(split[i]))
			split[k++] = split[i];
	if (k == m || k == 0)
		return 0;
	m = unorm2_normalize(joiner, split, k, out, UNITS, &e);
	return U_SUCCESS(e) ? m : 0;
}

static size_t
narrowed(const UChar *units, int32_t n, char *out, size_t max)
{
	UErrorCode e = U_ZERO_ERROR;
	int32_t len = 0;

	u_strToUTF8(out, (int32_t)max, &len, units, n, &e);
	return U_SUCCESS(e) ? (size_t)len : 0;
}

size_t
fold_word(struct str word, char *out, size_t max, char *bare, size_t *nbare)
{
	UChar units[UNITS], without[UNITS];
	int32_t n = folded(word, units), m;

	*nbare = 0;
	if (n == 0)
		return 0;
	m = unaccented(units, n, without);
	if (m)
		*nbare = narrowed(without, m, bare, max);
	return narrowed(units, n, out, max);
}

struct str
fold_dense(struct arena *a, struct str s)
{
	UErrorCode e = U_ZERO_ERROR;
	const UNormalizer2 *folder;
	UChar *raw, *units;
	char *out;
	int32_t n = 0, len = 0, max = (int32_t)s.n;
	bool odd = false;

	for (size_t i = 0, k; i < s.n && !odd; i += k) {
		uint32_t c;

		k = utf8_next(str_from(s, i), &c);
		if (k == 0)
			return s;
		odd = (c >= 0x1100 && c <= 0x11ff) || c == 0x3099 ||
		      c == 0x309a || (c >= 0x3131 && c <= 0x318e) ||
		      (c >= 0x2e80 && c <= 0x2fdf) ||
		      (c >= 0xf900 && c <= 0xfaff) || c >= 0xff66;
	}
	if (!odd)
		return s;
	folder = unorm2_getNFKCCasefoldInstance(&e);
	raw = arena_array(a, UChar, s.n);
	units = arena_array(a, UChar, s.n);
	out = arena_bytes(a, s.n * 3);
	u_strFromUTF8(raw, max, &n, s.p, max, &e);
	n = unorm2_normalize(folder, raw, n, units, max, &e);
	u_strToUTF8(out, max * 3, &len, units, n, &e);
	return U_SUCCESS(e) ? str_n(out, (size_t)len) : s;
}

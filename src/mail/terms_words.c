/*
 * The words of a text in their order, for what learns from neighbours. Simpler
 * than the terms of a search: no joined forms, and a script without spaces
 * gives its characters one by one, so neighbours are the pairs.
 */
#include "base/utf8.h"
#include "mail/terms.h"
#include "mail/terms_fold.h"

enum {
	LONGEST = 40 /* bytes; what is longer is no word */
};

static bool
ascii_word(char c)
{
	return ch_is_alnum(c);
}

/* The word at i, folded, to out; its end. */
static size_t
take_word(struct arena *a, struct str s, size_t i, struct strs *out)
{
	char low[TERM_MAX], bare[TERM_MAX];
	size_t from = i, n, nbare = 0;
	bool plain = true;
	uint32_t c;

	while (i < s.n) {
		if (ascii_word(s.p[i])) {
			i++;
			continue;
		}
		n = utf8_next(str_from(s, i), &c);
		if ((unsigned char)s.p[i] < 0x80 || !n || !fold_is_word(c))
			break;
		plain = false;
		i += n;
	}
	if (i - from > LONGEST)
		return i;
	if (plain) {
		for (n = 0; n < i - from; n++)
			low[n] = ch_lower(s.p[from + n]);
	} else {
		n = fold_word(str_sub(s, from, i), low, TERM_MAX, bare, &nbare);
		if (nbare) {
			memcpy(low, bare, nbare);
			n = nbare;
		}
	}
	if (n)
		strs_add(a, out, arena_dup(a, str_n(low, n)));
	return i;
}

struct strs
terms_words(struct arena *a, struct str text, size_t max)
{
	struct strs out = {0};
	size_t i = 0, n;
	uint32_t c;

	while (i < text.n && out.n < max) {
		if (ascii_word(text.p[i])) {
			i = take_word(a, text, i, &out);
			continue;
		}
		n = utf8_next(str_from(text, i), &c);
		if ((unsigned char)text.p[i] >= 0x80 && n && fold_is_word(c)) {
			i = take_word(a, text, i, &out);
			continue;
		}
		if (n && fold_is_dense(c))
			strs_add(a, &out, str_sub(text, i, i + n));
		i += n ? n : 1;
	}
	return out;
}

/*
 * Is a text no more than thanks? Known phrases are taken out, longest first; what is left must be next to nothing (a name,
 * a stray word) and none of the words that begin an objection. When in doubt the answer is no: then the
 * ticket opens again and somebody looks.
 */
#include "mail/reply.h"

#include "base/must.h"
#include "mail/reply_line.h"

enum {
	THANKS_MAX = 400,
	STRAY_WORDS = 2,
	STRAY_CJK = 3
};

struct thanks {
	bool said;
	unsigned stray, stray_cjk;
};

/* The bytes of the character at i. */
static size_t
char_at(struct str s, size_t i)
{
	unsigned char c = (unsigned char)s.p[i];

	return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool
is_cjk(struct str s, size_t i)
{
	unsigned char c = (unsigned char)s.p[i];

	return c >= 0xe3 && c <= 0xed;
}

/* General punctuation, CJK punctuation and full-width forms, emoji: nothing said. */
static bool
is_mark(struct str s, size_t i)
{
	unsigned char c = (unsigned char)s.p[i],
		      d = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;

	if (c < 0x80)
		return !ch_is_alnum(s.p[i]);
	return (c == 0xe2 && d <= 0xaf) || (c == 0xe3 && d == 0x80) ||
	       (c == 0xef && d >= 0xb8) || c >= 0xf0 || (c == 0xc2);
}

static size_t
word_length(struct str s, size_t i)
{
	size_t n = i;

	while (n < s.n && !is_mark(s, n) && (n == i || !is_cjk(s, n)))
		n += char_at(s, n);
	while (n < s.n && s.p[n] == '\'' && n + 1 < s.n &&
	       ch_is_alpha(s.p[n + 1])) {
		n++;
		while (n < s.n && ch_is_alnum(s.p[n]))
			n++;
	}
	return MIN(n, s.n) - i;
}

/* The longest phrase of a list at i that ends with a word there. */
static size_t
phrase_at(struct phrases *list, struct str s, size_t i)
{
	struct str rest = str_from(s, i);
	struct strs l = phrases_of(list, (unsigned char)s.p[i]);
	size_t best = 0;

	for (size_t k = 0; k < l.n; k++) {
		struct str w = l.v[k];

		if (w.n <= best || !str_starts(rest, w))
			continue;
		if (w.n < rest.n && !is_mark(rest, w.n) && !is_cjk(rest, 0))
			continue;
		best = w.n;
	}
	return best;
}

static bool
doubtful(struct str rest)
{
	for (size_t i = 0; i < rest.n;) {
		if (is_mark(rest, i)) {
			i += char_at(rest, i);
			continue;
		}
		if (phrase_at(&reply_doubts, rest, i))
			return true;
		i += is_cjk(rest, i) ? 3 : word_length(rest, i);
	}
	return false;
}

/* A greeting and the few words of a name behind it, up to the end of the line. */
static struct str
without_greeting(struct str text)
{
	struct str rest = text, line, word, words;
	struct folded f = {.n = 0};
	size_t n = 0;

	if (!str_line(&rest, &line))
		return text;
	reply_fold(&f, line);
	words = folded_str(&f);
	if (!phrase_at(&reply_greetings, words, 0) || f.n > 80)
		return text;
	while (str_word(&words, &word))
		n++;
	return n <= 5 && f.n &&
		       (f.p[f.n - 1] == ',' || f.p[f.n - 1] == '!' || n <= 3) &&
		       !phrases_in(&reply_thanks, folded_str(&f))
		   ? rest
		   : text;
}

static bool
is_question(struct str s)
{
	return str_has(s, S("?")) || str_has(s, S("\uff1f")) ||
	       str_has(s, S("\u061f")) || str_has(s, S("\u55ce")) ||
	       str_has(s, S("\u5417"));
}

/* Takes the words of s apart; false when it says something else. */
static bool
read_words(struct thanks *t, struct str s)
{
	size_t i = 0, n, fine;

	while (i < s.n) {
		if (is_mark(s, i)) {
			i += char_at(s, i);
			continue;
		}
		if (ch_is_digit(s.p[i]))
			return false;
		n = phrase_at(&reply_thanks, s, i);
		fine = phrase_at(&reply_fine, s, i);
		if (n && n >= fine) {
			t->said = true;
			i += n;
			continue;
		}
		if (t->said && phrase_at(&reply_closings, s, i))
			return !doubtful(str_from(s, i)) && s.n - i < 120;
		n = phrase_at(&reply_filler, s, i);
		if (MAX(n, fine)) {
			i += MAX(n, fine);
			continue;
		}
		if (phrase_at(&reply_doubts, s, i))
			return false;
		n = is_cjk(s, i) ? 3 : word_length(s, i);
		if (is_cjk(s, i))
			t->stray_cjk++;
		else
			t->stray++;
		i += n ? n : 1;
	}
	return true;
}

bool
reply_is_thanks(struct str new_text)
{
	struct thanks t = {.said = false};
	struct str text = str_trim(new_text), line;
	struct folded f = {.n = 0};

	if (text.n == 0 || text.n > THANKS_MAX || is_question(text))
		return false;
	text = without_greeting(text);
	while (str_line(&text, &line))
		reply_fold(&f, line);
	if (f.cut || !read_words(&t, folded_str(&f)))
		return false;
	return t.said && t.stray <= STRAY_WORDS && t.stray_cjk <= STRAY_CJK;
}

/*
 * Three steps, the cheap ones first. The script settles Chinese, Japanese, Korean, Greek and the like. Within the Latin and
 * Cyrillic alphabets the small words vote ("und", "und", "nicht": German), which takes a few microseconds and is right
 * nearly always, also for two lines, where statistics of letters have too little to go by. Libexttextcat, which costs a
 * tenth of a millisecond, is asked only when the vote is not clear.
 */
#include "mail/language.h"

#include <textcat.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/language_words.h"

enum {
	SAMPLE = 2000,      /* bytes looked at, at most */
	LETTERS = 500,      /* letters that are enough */
	MODEL_SAMPLE = 300, /* bytes for libexttextcat */
	MODEL_LETTERS = 25, /* fewer are not worth asking about */
	SLOTS = 8192,
	WORD = 24, /* bytes of the longest small word */
	LANGUAGES = 40,
};

/* Which languages use a word or a letter. */
struct entry {
	char word[WORD];
	uint8_t len;
	uint64_t languages;
};
static struct entry *table;
/*
 * Of each slot: 0 when it is free, else a byte of its word's hash. Few words are in the table, and these bytes stay at
 * hand, which the table does not.
 */
static unsigned char marks[SLOTS];
static void *models;

/* Bits: 1 simplified, 2 traditional; from U+4E00 on. */
static unsigned char han[0x9fff - 0x4e00 + 1];

static uint64_t
hash_of(struct str w)
{
	uint64_t h = 0;

	for (size_t i = 0; i < w.n; i++)
		h = (h ^ (unsigned char)w.p[i]) * 0x9e3779b97f4a7c15u;
	return h >> 40;
}

static unsigned char
mark_of(uint64_t hash)
{
	return (unsigned char)(hash / SLOTS | 1);
}

/* Where the word is, or would be. */
static size_t
slot_of(struct str w, uint64_t hash)
{
	size_t at = hash % SLOTS;

	while (
	    marks[at] && (marks[at] != mark_of(hash) ||
			     !str_eq(str_n(table[at].word, table[at].len), w)))
		at = (at + 1) % SLOTS;
	return at;
}

/* NULL: it is none of the small words. */
static const struct entry *
look_up(struct str w)
{
	size_t at;

	if (w.n == 0 || w.n > WORD)
		return NULL;
	at = slot_of(w, hash_of(w));
	return marks[at] ? &table[at] : NULL;
}

static void
learn(struct str w, size_t language)
{
	uint64_t hash = hash_of(w);
	size_t at = slot_of(w, hash);
	struct entry *e = &table[at];

	must(w.n > 0 && w.n <= WORD);
	memcpy(e->word, w.p, w.n);
	e->len = (uint8_t)w.n;
	e->languages |= UINT64_C(1) << language;
	marks[at] = mark_of(hash);
}

static void
learn_han(const char *chars, unsigned char bit)
{
	struct str s = str_c(chars);
	uint32_t c;
	size_t n;

	for (; (n = utf8_next(s, &c)) != 0; s = str_from(s, n))
		if (c >= 0x4e00 && c <= 0x9fff)
			han[c - 0x4e00] |= bit;
}

static void
learn_all(void)
{
	static struct entry entries[SLOTS];

	table = entries;
	must(language_words_n <= LANGUAGES);
	for (size_t l = 0; l < language_words_n; l++) {
		struct str words = str_c(language_words[l].words), w;
		struct str letters = str_c(language_words[l].letters);
		uint32_t c;
		size_t n;

		while (str_word(&words, &w))
			learn(w, l);
		for (; (n = utf8_next(letters, &c)) != 0;
		     letters = str_from(letters, n))
			if (n > 1)
				learn(str_sub(letters, 0, n), l);
	}
	learn_han(language_simplified, 1);
	learn_han(language_traditional, 2);
}

/* Libexttextcat wants a file that lists its models: one in memory, with those languages that have one here. */
int
language_init(const char *directory, struct err *err)
{
	AUTO_FD fd = memfd_create("language-models", MFD_CLOEXEC);
	char list[2000], path[40], prefix[500];
	int n = 0;

	if (models)
		return 0;
	learn_all();
	if (fd < 0)
		return err_sys(err, ERR_PERM, "memfd_create");
	for (size_t i = 0; i < language_words_n; i++)
		if (language_words[i].model)
			n += snprintf(list + n, sizeof list - (size_t)n,
			    "%s.lm %s\n", language_words[i].model,
			    language_words[i].model);
	if (fd_write_all(fd, str_n(list, (size_t)n), err))
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	snprintf(prefix, sizeof prefix, "%s/",
	    directory ? directory : LANGUAGE_MODELS);
	models = special_textcat_Init(path, prefix);
	if (!models)
		return err_set(err, ERR_PERM,
		    "cannot read the language models of libexttextcat in %s",
		    prefix);
	return 0;
}

/* --- scripts --- */

enum script {
	NONE,
	LATIN,
	CYRILLIC,
	HAN,
	KANA,
	HANGUL,
	GREEK,
	ARABIC,
	HEBREW,
	THAI,
	DEVANAGARI,
	BENGALI,
	TAMIL,
	TELUGU,
	GEORGIAN,
	ARMENIAN,
	KHMER,
	LAO,
	MYANMAR,
	AMHARIC,
	NSCRIPTS
};

static enum script
script_of(uint32_t c)
{
	static const struct {
		uint32_t from, to;
		enum script script;
	} ranges[] = {
	    {0xc0, 0x24f, LATIN},
	    {0x370, 0x3ff, GREEK},
	    {0x400, 0x52f, CYRILLIC},
	    {0x531, 0x58f, ARMENIAN},
	    {0x5d0, 0x5ea, HEBREW},
	    {0x620, 0x6d3, ARABIC},
	    {0x900, 0x97f, DEVANAGARI},
	    {0x980, 0x9ff, BENGALI},
	    {0xb80, 0xbff, TAMIL},
	    {0xc00, 0xc7f, TELUGU},
	    {0xe01, 0xe4e, THAI},
	    {0xe80, 0xeff, LAO},
	    {0x1000, 0x109f, MYANMAR},
	    {0x10a0, 0x10ff, GEORGIAN},
	    {0x1100, 0x11ff, HANGUL},
	    {0x1200, 0x137f, AMHARIC},
	    {0x1780, 0x17dd, KHMER},
	    {0x1e00, 0x1eff, LATIN},
	    {0x1f00, 0x1fff, GREEK},
	    {0x3041, 0x30fa, KANA},
	    {0x3400, 0x4dbf, HAN},
	    {0x4e00, 0x9fff, HAN},
	    {0xac00, 0xd7a3, HANGUL},
	    {0xff66, 0xff9d, KANA},
	};

	if (c < 0x80)
		return ch_is_alpha((char)c) ? LATIN : NONE;
	for (size_t i = 0; i < ARRAY_LEN(ranges) && c >= ranges[i].from; i++)
		if (c <= ranges[i].to)
			return c == 0xd7 || c == 0xf7 ? NONE : ranges[i].script;
	return NONE;
}

struct count {
	size_t script[NSCRIPTS];
	size_t simplified, traditional, persian, urdu;
	size_t
	    score[LANGUAGES]; /* in 1/12 of a word that only one language has */
	size_t words;         /* that were known */
};

static void
vote(struct count *k, uint64_t languages, size_t weight)
{
	size_t sharing = (size_t)__builtin_popcountll(languages);

	if (!sharing)
		return;
	for (uint64_t l = languages; l; l &= l - 1)
		k->score[__builtin_ctzll(l)] += weight / sharing;
}

static void
vote_word(struct count *k, struct str w)
{
	const struct entry *e = look_up(w);

	if (!e)
		return;
	k->words++;
	vote(k, e->languages, 48);
}

static void
count_char(struct count *k, uint32_t c, enum script s)
{
	k->script[s]++;
	if (s == HAN && c >= 0x4e00 && c <= 0x9fff) {
		unsigned char bits = han[c - 0x4e00];

		k->simplified += bits == 1;
		k->traditional += bits == 2;
	} else if (s == ARABIC) {
		k->persian += c == 0x67e || c == 0x686 || c == 0x698 ||
			      c == 0x6af || c == 0x6a9 || c == 0x6cc;
		k->urdu += c == 0x679 || c == 0x688 || c == 0x6d2 ||
			   c == 0x6ba || c == 0x6c1 || c == 0x6be;
	}
}

/* A character in lower case as UTF-8, as far as the alphabets of the vote go. */
static size_t
lower(struct str s, size_t n, char *out)
{
	memcpy(out, s.p, n);
	if (n == 1) {
		out[0] = ch_lower(out[0]);
	} else if (n == 2) {
		unsigned char a = (unsigned char)out[0],
			      b = (unsigned char)out[1];

		if (a == 0xc3 && b >= 0x80 && b <= 0x9e && b != 0x97)
			out[1] = (char)(b + 0x20);
		else if (a == 0xc4 && b < 0xb8 && b != 0xb0)
			out[1] = (char)(b | 1); /* U+0100 to U+0137 */
		else if ((a == 0xc4 && b >= 0xb9 && b < 0xbf) ||
			 (a == 0xc5 && (b < 0x88 || b >= 0xb9) && b < 0xbf))
			out[1] = (char)(b + (b & 1)); /* the odd are capitals */
		else if (a == 0xc5 && b >= 0x8a && b < 0xb8)
			out[1] = (char)(b | 1);
		else if (a == 0xd0 && b >= 0x90 && b <= 0x9f)
			out[1] = (char)(b + 0x20);
		else if (a == 0xd0 && b >= 0xa0 && b <= 0xaf) {
			out[0] = (char)0xd1;
			out[1] = (char)(b - 0x20);
		} else if (a == 0xd0 && b >= 0x80 && b <= 0x8f) {
			out[0] = (char)0xd1;
			out[1] = (char)(b + 0x10);
		}
	}
	return n;
}

/* A word with '@' or "//" in it, or in angle brackets, belongs to no language. */
static size_t
skip_address(struct str s, size_t i)
{
	size_t end = i;
	bool address = false;

	for (; end < s.n && !ch_is_space(s.p[end]) && end - i < 300; end++)
		if (s.p[end] == '@' ||
		    (s.p[end] == '/' && end > i && s.p[end - 1] == '/'))
			address = true;
	return address ? end : i;
}

static void
count(struct count *k, struct str s)
{
	char word[WORD + 4];
	size_t len = 0, letters = 0, n, skipped = 0;
	bool long_word = false;

	for (size_t i = 0; i < s.n; i += n) {
		uint32_t c = 0;
		enum script script;

		if ((i == 0 || ch_is_space(s.p[i - 1])) && i >= skipped)
			skipped = skip_address(s, i);
		n = utf8_next(str_from(s, i), &c);
		if (n == 0 || i < skipped) {
			n = n ? n : 1;
			len = 0;
			continue;
		}
		script = script_of(c);
		if (script == NONE && c != '\'' && c != 0x2019) {
			if (len && !long_word)
				vote_word(k, str_n(word, len));
			len = 0;
			long_word = false;
			if (letters >= LETTERS)
				return;
			continue;
		}
		if (script == NONE) {
			if (len && len < WORD)
				word[len++] = '\'';
			continue;
		}
		letters++;
		count_char(k, c, script);
		if (len + n > WORD) {
			long_word = true;
			continue;
		}
		len += lower(str_from(s, i), n, word + len);
		if (n == 2 || (n == 3 && script == LATIN)) {
			const struct entry *e =
			    look_up(str_n(word + len - n, n));

			if (e)
				vote(k, e->languages, 12);
		}
	}
	if (len && !long_word)
		vote_word(k, str_n(word, len));
}

/* --- deciding --- */

static struct str
ask_models(struct str sample)
{
	const char *answer, *end;

	if (!models)
		return S("");
	answer = textcat_Classify(
	    models, sample.p, MIN(sample.n, (size_t)MODEL_SAMPLE));
	if (answer[0] != '[' || !(end = strchr(answer, ']')))
		return S("");
	for (size_t i = 0; i < language_words_n; i++)
		if (language_words[i].model &&
		    str_eq(str_c(language_words[i].model),
			str_n(answer + 1, (size_t)(end - answer - 1))))
			return end[1] ? S("") : language_words[i].tag;
	return S("");
}

static struct str
by_vote(const struct count *k, struct str sample, size_t letters)
{
	size_t best = 0, second = 0, at = 0;
	struct str answer;

	for (size_t l = 0; l < language_words_n; l++) {
		if (k->score[l] > best) {
			second = best;
			best = k->score[l];
			at = l;
		} else if (k->score[l] > second) {
			second = k->score[l];
		}
	}
	/* One whole word of its own, and clearly ahead. */
	if (best >= 48 && best * 4 >= second * 5)
		return language_words[at].tag;
	if (k->script[CYRILLIC] > k->script[LATIN])
		return best > second || letters >= 40 ? language_words[at].tag
						      : S("");
	answer = letters >= MODEL_LETTERS ? ask_models(sample) : S("");
	if (answer.n == 0 && best > second && best >= 40)
		return language_words[at].tag;
	return answer;
}

static struct str
by_script(enum script s, const struct count *k)
{
	switch (s) {
	case HAN:
		return k->traditional > k->simplified ? S("zh-TW") : S("zh-CN");
	case KANA:
		return S("ja");
	case HANGUL:
		return S("ko");
	case GREEK:
		return S("el");
	case ARABIC:
		if (k->urdu * 20 > k->script[ARABIC])
			return S("ur");
		return k->persian * 20 > k->script[ARABIC] ? S("fa") : S("ar");
	case HEBREW:
		return S("he");
	case THAI:
		return S("th");
	case DEVANAGARI:
		return S("hi");
	case BENGALI:
		return S("bn");
	case TAMIL:
		return S("ta");
	case TELUGU:
		return S("te");
	case GEORGIAN:
		return S("ka");
	case ARMENIAN:
		return S("hy");
	case KHMER:
		return S("km");
	case LAO:
		return S("lo");
	case MYANMAR:
		return S("my");
	case AMHARIC:
		return S("am");
	default:
		return S("");
	}
}

struct str
language_guess(struct str text)
{
	struct count k = {.words = 0};
	struct str sample = utf8_clip(text, SAMPLE);
	enum script top = LATIN;
	size_t east;

	if (!table)
		learn_all();
	count(&k, sample);
	/* A character of these is worth several letters. */
	east = k.script[HAN] + k.script[KANA] + k.script[HANGUL];
	for (enum script s = CYRILLIC; s < NSCRIPTS; s++)
		if (s != HAN && s != KANA && s != HANGUL &&
		    k.script[s] > k.script[top])
			top = s;
	if (east >= 2 && east * 3 > k.script[top]) {
		if (k.script[HANGUL] * 2 > k.script[HAN] + k.script[KANA])
			return S("ko");
		if (k.script[KANA] * 10 > k.script[HAN])
			return S("ja");
		return by_script(HAN, &k);
	}
	if (top == LATIN || top == CYRILLIC)
		return by_vote(&k, sample, k.script[top]);
	return k.script[top] >= 3 ? by_script(top, &k) : S("");
}

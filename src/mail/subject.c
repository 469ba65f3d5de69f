#include "mail/subject.h"
#include "base/must.h"
#include "base/utf8.h"

#include <unicode/uchar.h>

enum {
	NUMBER_DIGITS = 16
};
static const uint64_t number_max = UINT64_C(1) << 53;

/*
 * What clients put in front, by language, as they are once folded to lower
 * case. A word stands here when some client writes it; single letters only
 * where a large one does (Outlook in Italian: "R:", "I:").
 */
static const char *const prefixes[] = {
    "re", "fw", "fwd",                                         /* everyone */
    "aw", "antw", "antwort", "wg", "weitergeleitet",           /* German */
    "antwoord", "doorst", "doorgestuurd",                      /* Dutch */
    "sv", "vs", "vb", "vl", "vid", "svar", "videresendt",      /* Nordic */
    "ré", "rép", "réf", "réponse", "tr", "trans", "transféré", /* French */
    "rif", "r", "i", "inoltra",                                /* Italian */
    "rv", "reenv", "resp", "res", "enc",
    "encaminhado",                                  /* Spanish, Portuguese */
    "odp", "pd", "preposlané", "fwd", "přeposláno", /* Polish, Czech */
    "ynt", "yan", "İlt", "ilt", "ilet",             /* Turkish */
    "vá", "továbbítás",                             /* Hungarian */
    "atb", "ats", "pers", "ats", "vs", "edasi",     /* Baltic */
    "bls", "bal", "trs",                            /* Indonesian, Malay */
    "odg", "prosl",                                 /* Croatian, Serbian */
    "απ", "σχετ", "πρθ",                            /* Greek */
    "отв", "ответ", "на", "пересл", "вп", "нa",     /* Russian, Ukrainian */
    "תשובה", "השב", "הועבר",                        /* Hebrew */
    "رد", "إعادة توجيه",                            /* Arabic */
    "回复", "回覆", "答复", "答覆", "回信", "转发", "轉寄", "轉發",
    "转寄",                                        /* Chinese */
    "返信", "転送",                                /* Japanese */
    "회신", "답장", "전달",                        /* Korean */
    "ha", "trả lời", "chuyển tiếp", "ตอบ", "ส่งต่อ", /* Others */
};

/* Those of them that say "forwarded"; the others are answers. */
static const char *const forwards[] = {
    "fw",
    "fwd",
    "wg",
    "weitergeleitet",
    "doorst",
    "doorgestuurd",
    "vb",
    "vl",
    "vid",
    "videresendt",
    "tr",
    "trans",
    "transféré",
    "i",
    "inoltra",
    "rv",
    "reenv",
    "enc",
    "encaminhado",
    "pd",
    "preposlané",
    "přeposláno",
    "yan",
    "İlt",
    "ilt",
    "ilet",
    "továbbítás",
    "pers",
    "edasi",
    "trs",
    "prosl",
    "πρθ",
    "пересл",
    "вп",
    "הועבר",
    "إعادة توجيه",
    "转发",
    "轉寄",
    "轉發",
    "转寄",
    "転送",
    "전달",
    "chuyển tiếp",
    "ส่งต่อ",
};

/* Is c, from any keyboard, the ASCII character or its full-width form? */
static bool
is_or_wide(uint32_t c, char ascii)
{
	return c == (unsigned char)ascii ||
	       c == (unsigned char)ascii - 0x21u + 0xff01u;
}

static bool
is_blank(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 ||
	       c == 0x3000 || c == 0x200b || c == 0xfeff ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x200e ||
	       c == 0x200f || (c >= 0x202a && c <= 0x202e);
}

static struct str
skip_blank(struct str s)
{
	uint32_t c;
	size_t k;

	while ((k = utf8_next(s, &c)) && is_blank(c))
		s = str_from(s, k);
	return s;
}

/* Moves *s behind c (or its full-width form) when it stands there. */
static bool
take(struct str *s, char ascii)
{
	uint32_t c;
	size_t k = utf8_next(*s, &c);

	if (!k || !is_or_wide(c, ascii))
		return false;
	*s = str_from(*s, k);
	return true;
}

static uint32_t
fold(uint32_t c)
{
	return c < 0x80 ? (uint32_t)(unsigned char)ch_lower((char)c)
			: (uint32_t)u_foldCase((UChar32)c, U_FOLD_CASE_DEFAULT);
}

/* Moves *s behind word when it begins with it, case ignored; a blank in word
 * stands for any run of blanks, or none. */
static bool
take_word(struct str *s, struct str word)
{
	struct str rest = *s;
	uint32_t a, b;
	size_t k, m;

	while ((m = utf8_next(word, &b))) {
		word = str_from(word, m);
		if (is_blank(b)) {
			rest = skip_blank(rest);
			continue;
		}
		k = utf8_next(rest, &a);
		if (!k || (a != b && fold(a) != fold(b)))
			return false;
		rest = str_from(rest, k);
	}
	if (word.n)
		return false;
	*s = rest;
	return true;
}

static bool
take_digits(struct str *s)
{
	size_t n = 0;

	while (n < s->n && n < 4 && ch_is_digit(s->p[n]))
		n++;
	*s = str_from(*s, n);
	return n > 0;
}

/* "[2]", "(2)", "^2", "*2", "2": how often, by clients that count. */
static void
skip_count(struct str *s)
{
	struct str rest = *s;
	bool square = take(&rest, '['), round = !square && take(&rest, '(');

	if (!square && !round && !take(&rest, '^'))
		take(&rest, '*');
	if (!take_digits(&rest) || (square && !take(&rest, ']')) ||
	    (round && !take(&rest, ')')))
		return;
	*s = rest;
}

static bool
skip_one_of(struct str *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str rest = *s;

		if (!take_word(&rest, str_c(words[i])))
			continue;
		skip_count(&rest);
		rest = skip_blank(rest);
		if (!take(&rest, ':'))
			continue;
		*s = rest;
		return true;
	}
	return false;
}

static bool
skip_prefix(struct str *s)
{
	return skip_one_of(s, prefixes, ARRAY_LEN(prefixes));
}

/* "[Tag #N]" at the start of *s: moves behind it. */
static bool
take_ticket(struct str *s, struct str tag, uint64_t *number)
{
	struct str rest = *s;
	uint64_t n = 0;
	size_t digits = 0;

	if (!tag.n || !take(&rest, '['))
		return false;
	rest = skip_blank(rest);
	if (!take_word(&rest, tag))
		return false;
	rest = skip_blank(rest);
	if (!take(&rest, '#'))
		return false;
	rest = skip_blank(rest);
	for (; digits < rest.n && ch_is_digit(rest.p[digits]); digits++)
		if (digits < NUMBER_DIGITS)
			n = n * 10 + (uint64_t)(rest.p[digits] - '0');
	if (digits == 0 || digits > NUMBER_DIGITS)
		return false;
	rest = skip_blank(str_from(rest, digits));
	if (!take(&rest, ']') || n == 0 || n > number_max)
		return false;
	*number = n;
	*s = rest;
	return true;
}

static bool
take_any_ticket(struct str *s, const struct strs *tags, uint64_t *number)
{
	for (size_t i = 0; i < tags->n; i++)
		if (take_ticket(s, tags->v[i], number))
			return true;
	return false;
}

uint64_t
subject_ticket(struct str subject, const struct strs *tags)
{
	uint64_t number;

	while (subject.n) {
		uint32_t c;
		size_t k = utf8_next(subject, &c);

		if (k && is_or_wide(c, '[')) {
			struct str at = subject;

			if (take_any_ticket(&at, tags, &number))
				return number;
		}
		subject = str_from(subject, k ? k : 1);
	}
	return 0;
}

/* Runs of white space as one space, none at the ends. */
static struct str
fold_blanks(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	bool gap = false;

	while (s.n) {
		uint32_t c = 0;
		size_t k = utf8_next(s, &c);

		if (k == 1 && c != 0x7f && (ch_is_space((char)c) || c < 0x20)) {
			gap = true;
		} else {
			if (gap && b.n)
				buf_putc(&b, ' ');
			gap = false;
			buf_put(&b, str_sub(s, 0, k ? k : 1));
		}
		s = str_from(s, k ? k : 1);
	}
	return arena_dup(a, buf_str(&b));
}

struct str
subject_base(struct arena *a, struct str subject, const struct strs *tags)
{
	uint64_t number;

	do
		subject = skip_blank(subject);
	while (
	    take_any_ticket(&subject, tags, &number) || skip_prefix(&subject));
	return fold_blanks(a, subject);
}

enum subject_prefix
subject_prefix(struct str subject, const struct strs *tags)
{
	uint64_t number;

	do
		subject = skip_blank(subject);
	while (take_any_ticket(&subject, tags, &number));
	if (skip_one_of(&subject, forwards, ARRAY_LEN(forwards)))
		return SUBJECT_FORWARD;
	return skip_prefix(&subject) ? SUBJECT_REPLY : SUBJECT_PLAIN;
}

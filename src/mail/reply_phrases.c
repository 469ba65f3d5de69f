/*
 * Lists of phrases, asked many times a mail: sorted by first byte when first asked for. Two threads may both make an index;
 * one of them is kept.
 */
#include "base/arena.h"
#include "base/mem.h"
#include "mail/reply_words.h"

struct phrase_index {
	size_t start[257]; /* of v, by first byte */
	struct str v[];
};

static struct phrase_index *
make(const char *words)
{
	struct str rest = str_c(words), w;
	struct phrase_index *x;
	size_t n = 0, at[256];

	while (str_cut(&rest, '|', &w))
		n++;
	x = mem_new(sizeof *x + n * sizeof x->v[0]);
	for (rest = str_c(words); str_cut(&rest, '|', &w);)
		if (w.n)
			x->start[(unsigned char)w.p[0] + 1]++;
	for (size_t c = 0; c < 256; c++) {
		x->start[c + 1] += x->start[c];
		at[c] = x->start[c];
	}
	for (rest = str_c(words); str_cut(&rest, '|', &w);)
		if (w.n)
			x->v[at[(unsigned char)w.p[0]]++] = w;
	return x;
}

static struct phrase_index *
indexed(struct phrases *list)
{
	struct phrase_index *x, *none = NULL;

	x = __atomic_load_n(&list->index, __ATOMIC_ACQUIRE);
	if (x)
		return x;
	x = make(list->words);
	if (__atomic_compare_exchange_n(&list->index, &none, x, false,
		__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return x;
	mem_free(x);
	return none;
}

struct strs
phrases_of(struct phrases *list, unsigned char c)
{
	struct phrase_index *x = indexed(list);

	return (struct strs){x->v + x->start[c], x->start[c + 1] - x->start[c]};
}

struct strs
phrases_all(struct phrases *list)
{
	struct phrase_index *x = indexed(list);

	return (struct strs){x->v, x->start[256]};
}

static bool
ends_word(struct str s, size_t i)
{
	return i >= s.n ||
	       (!ch_is_alnum(s.p[i]) && (unsigned char)s.p[i] < 0x80);
}

/* Written without spaces: any place is the edge of a word. */
static bool
is_dense(char c)
{
	return (unsigned char)c >= 0xe0;
}

bool
phrases_have(struct phrases *list, struct str s)
{
	struct strs l;

	if (s.n == 0)
		return false;
	l = phrases_of(list, (unsigned char)s.p[0]);
	return strs_has(&l, s);
}

size_t
phrases_begin(struct phrases *list, struct str s)
{
	struct strs l;
	size_t best = 0;

	if (s.n == 0)
		return 0;
	l = phrases_of(list, (unsigned char)s.p[0]);
	for (size_t i = 0; i < l.n; i++) {
		struct str w = l.v[i];

		if (w.n > best && str_starts(s, w) &&
		    (!ch_is_alnum(w.p[w.n - 1]) || w.n == s.n ||
			!ch_is_alnum(s.p[w.n])))
			best = w.n;
	}
	return best;
}

bool
phrases_end(struct phrases *list, struct str s)
{
	struct strs l = phrases_all(list);

	for (size_t i = 0; i < l.n; i++) {
		struct str w = l.v[i];

		if (str_ends(s, w) && (w.n == s.n || is_dense(w.p[0]) ||
					  ends_word(s, s.n - w.n - 1)))
			return true;
	}
	return false;
}

bool
phrases_in(struct phrases *list, struct str s)
{
	struct strs l = phrases_all(list);

	for (size_t i = 0; i < l.n; i++) {
		ptrdiff_t at = str_find(s, l.v[i], 0);

		if (at < 0)
			continue;
		if (is_dense(l.v[i].p[0]) ||
		    ((at == 0 || ends_word(s, (size_t)at - 1)) &&
			ends_word(s, (size_t)at + l.v[i].n)))
			return true;
	}
	return false;
}

bool
phrases_within(struct phrases *list, struct str s)
{
	struct strs l = phrases_all(list);

	for (size_t i = 0; i < l.n; i++)
		if (str_find(s, l.v[i], 0) >= 0)
			return true;
	return false;
}

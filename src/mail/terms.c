/*
 * A text is cut where neither a word goes on nor a joiner stands between two words:
 *
 *   Mail to John.Doe@mail.example.com about order A-1042!
 *     words    mail to john doe mail example com about order a 1042
 *     pairs    john.doe doe@mail mail.example example.com a-1042
 *     wholes   john.doe@mail.example.com john.doe mail.example.com
 *
 * A query is cut the same way and asks for pairs where there are some, else for words: whatever run of whole words of the text
 * somebody asks for, every pair and word of it is among the text's, which would not be so if a query asked for wholes
 * ("doe@mail" is none). Wholes serve exact look-ups. Scripts written without spaces give overlapping
 * pairs of characters, for the same reason.
 */
#include "mail/terms.h"

#include "base/utf8.h"
#include "mail/terms_fold.h"

enum {
	ASCII_MAX = 40, /* longer ones are no words */
	DIGITS_MAX = 20,
	GARBAGE_MIN = 60,  /* bytes of a line of base64 */
	GARBAGE_WORD = 12, /* it begins with a word at least so long */
	DENSE_MAX = 4096, /* bytes of a run of dense characters taken at once */
};

struct slot {
	uint32_t hash, at; /* at: the place in the list + 1; 0: free */
};

struct terms {
	struct arena *a;
	struct str *list;
	struct slot *slot;
	size_t n, cap, nslot;
	uint64_t seed;
	bool query;
};

/* What a byte is to the cutter. */
enum {
	OUT,
	WORD,
	JOIN,
	HIGH
};

static unsigned char class[256];

static void
classes_init(void)
{
	static const char joiners[] = "@.-_+'";

	if (class['a'] == WORD)
		return;
	for (unsigned c = 0x80; c < 0x100; c++)
		class[c] = HIGH;
	for (unsigned c = 0; c < 0x80; c++)
		if (ch_is_alnum((char)c))
			class[c] = WORD;
	for (const char *j = joiners; *j; j++)
		class[(unsigned char)*j] = JOIN;
}

struct terms *
terms_new(struct arena *a)
{
	struct terms *t = arena_new(a, struct terms);

	classes_init();
	t->a = a;
	t->nslot = 512;
	t->slot = arena_array(a, struct slot, t->nslot);
	t->cap = 256;
	t->list = arena_array(a, struct str, t->cap);
	/* Where the arena lies differs from run to run: nobody can prepare collisions. */
	t->seed = (uint64_t)(uintptr_t)t * 0x9e3779b97f4a7c15u;
	return t;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* The 1 to 8 bytes at p as a number. */
static uint64_t
load(const char *p, size_t n)
{
	uint32_t lo, hi;

	if (n >= 4) {
		memcpy(&lo, p, 4);
		memcpy(&hi, p + n - 4, 4);
		return (uint64_t)hi << 32 | lo;
	}
	return (uint64_t)(unsigned char)p[0] << 16 |
	       (uint64_t)(unsigned char)p[n / 2] << 8 | (unsigned char)p[n - 1];
}

static uint32_t
hash(const struct terms *t, struct str s)
{
	uint64_t h = t->seed ^ s.n;
	size_t i = 0;

	for (; s.n - i > 8; i += 8)
		h = mix(h ^ load(s.p + i, 8), 0xa0761d6478bd642fu);
	h = mix(h ^ load(s.p + i, s.n - i), 0xe7037ed1a0b428dbu);
	return (uint32_t)(h ^ h >> 32);
}

static void
grow(struct terms *t)
{
	struct str *list = arena_array(t->a, struct str, t->cap * 2);
	struct slot *slot = arena_array(t->a, struct slot, t->nslot * 2);
	size_t mask = t->nslot * 2 - 1;

	memcpy(list, t->list, t->n * sizeof *list);
	for (size_t i = 0; i < t->nslot; i++) {
		size_t at = t->slot[i].hash & mask;

		if (!t->slot[i].at)
			continue;
		while (slot[at].at)
			at = (at + 1) & mask;
		slot[at] = t->slot[i];
	}
	t->list = list;
	t->slot = slot;
	t->cap *= 2;
	t->nslot *= 2;
}

static void
add(struct terms *t, struct str s)
{
	size_t at, mask = t->nslot - 1;
	uint32_t h;

	if (s.n == 0 || s.n > TERM_MAX || t->n >= TERMS_MAX)
		return;
	h = hash(t, s);
	for (at = h & mask; t->slot[at].at; at = (at + 1) & mask)
		if (t->slot[at].hash == h &&
		    str_eq(t->list[t->slot[at].at - 1], s))
			return;
	if (t->n == t->cap) {
		grow(t);
		add(t, s);
		return;
	}
	t->list[t->n++] = arena_dup(t->a, s);
	t->slot[at] = (struct slot){h, (uint32_t)t->n};
}

/* Two pieces with a joiner between, when that is no longer than a term. */
static bool
add_pair(struct terms *t, struct str l, char joiner, struct str r, bool star)
{
	char both[TERM_MAX];
	size_t n = l.n + 1 + r.n;

	if (l.n == 0 || r.n == 0 || n + star > TERM_MAX)
		return false;
	memcpy(both, l.p, l.n);
	both[l.n] = joiner;
	memcpy(both + l.n + 1, r.p, r.n);
	if (star)
		both[n++] = '*';
	add(t, str_n(both, n));
	return true;
}

/* --- a run of words with joiners between --- */

struct part {
	char out[TERM_MAX], without[TERM_MAX];
	struct str word,
	    bare; /* empty: not kept; bare: without accents, where that differs */
	bool asked; /* a pair of the query holds it */
};

struct run {
	struct part part[2]; /* the one at hand and the one before */
	size_t n;            /* parts so far */
	char whole[TERM_MAX];
	size_t len, at; /* of whole; where '@' stands in it, if has_at */
	bool too_long, has_at;
};

static bool
all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_digit(s.p[i]))
			return false;
	return true;
}

static void
read_part(struct part *p, struct str raw, bool ascii)
{
	size_t n;

	p->word = p->bare = S("");
	p->asked = false;
	if (!ascii) {
		p->word.n = fold_word(raw, p->out, TERM_MAX, p->without, &n);
		p->word.p = p->out;
		p->bare = str_n(p->without, n);
		return;
	}
	if (raw.n > ASCII_MAX || (raw.n > DIGITS_MAX && all_digits(raw)))
		return;
	for (size_t i = 0; i < raw.n; i++)
		p->out[i] = ch_lower(raw.p[i]);
	p->word = str_n(p->out, raw.n);
}

static void
whole_put(struct run *r, struct str s)
{
	if (r->len + s.n > TERM_MAX) {
		r->too_long = true;
		return;
	}
	memcpy(r->whole + r->len, s.p, s.n);
	r->len += s.n;
}

static void
run_join(struct terms *t, struct run *r, struct part *p, char joiner, bool star)
{
	struct part *prev = &r->part[r->n % 2 == 0];

	if (t->query) {
		if (add_pair(t, prev->word, joiner, p->word, star))
			prev->asked = p->asked = true;
		if (!prev->asked)
			add(t, prev->word);
		return;
	}
	add_pair(t, prev->word, joiner, p->word, false);
	if (prev->bare.n || p->bare.n)
		add_pair(t, prev->bare.n ? prev->bare : prev->word, joiner,
		    p->bare.n ? p->bare : p->word, false);
	if (joiner == '@') {
		r->at = r->len;
		r->has_at = true;
	}
	if (p->word.n == 0)
		r->too_long = true;
	whole_put(r, str_n(&joiner, 1));
}

/* The next part; joiner stands before it, unless it is the first; star: '*' stands behind it. */
static void
run_part(struct terms *t, struct run *r, struct str raw, bool ascii,
    char joiner, bool star)
{
	struct part *p = &r->part[r->n % 2];

	read_part(p, raw, ascii);
	if (!t->query) {
		add(t, p->word);
		add(t, p->bare);
	}
	if (r->n)
		run_join(t, r, p, joiner, star);
	if (!t->query)
		whole_put(r, p->word);
	r->n++;
}

static void
run_end(struct terms *t, struct run *r, bool star)
{
	struct part *p = &r->part[(r->n - 1) % 2];

	if (t->query) {
		if (p->asked || p->word.n == 0)
			return;
		if (star && p->word.n < TERM_MAX)
			add(t, arena_printf(t->a, "%.*s*", STR_ARG(p->word)));
		else
			add(t, p->word);
		return;
	}
	if (r->n < 3 || r->too_long)
		return;
	add(t, str_n(r->whole, r->len));
	if (r->has_at) {
		add(t, str_n(r->whole, r->at));
		add(t, str_n(r->whole + r->at + 1, r->len - r->at - 1));
	}
}

/* --- cutting --- */

static size_t
word_end(struct str s, size_t i, bool *ascii)
{
	uint32_t c;
	size_t n;

	*ascii = true;
	for (;;) {
		while (i < s.n && class[(unsigned char)s.p[i]] == WORD)
			i++;
		if (i >= s.n || class[(unsigned char)s.p[i]] != HIGH)
			return i;
		n = utf8_next(str_from(s, i), &c);
		if (n == 0 || !fold_is_word(c))
			return i;
		*ascii = false;
		i += n;
	}
}

static bool
begins_word(struct str s, size_t i)
{
	uint32_t c;

	if (i >= s.n)
		return false;
	if (class[(unsigned char)s.p[i]] != HIGH)
		return class[(unsigned char)s.p[i]] == WORD;
	return utf8_next(str_from(s, i), &c) && fold_is_word(c);
}

/* The joiner at i, when a word follows it; 0 when there is none. *n: its bytes. */
static char
joiner_at(struct str s, size_t i, size_t *n)
{
	char j;

	if (i >= s.n)
		return 0;
	j = s.p[i];
	*n = 1;
	if (class[(unsigned char)j] == HIGH) {
		*n = 3;
		if (str_starts(str_from(s, i), S("\u2019")))
			j = '\'';
		else if (str_starts(str_from(s, i), S("\u2010")) ||
			 str_starts(str_from(s, i), S("\u2011")))
			j = '-';
		else
			return 0;
	} else if (class[(unsigned char)j] != JOIN) {
		return 0;
	}
	return begins_word(s, i + *n) ? j : 0;
}

/* The end of a line of base64 that begins at i; i itself when there is none. */
static size_t
garbage_end(struct str s, size_t i)
{
	size_t at = i;
	bool upper = false, lower = false, digit = false;

	for (; at < s.n; at++) {
		char c = s.p[at];

		if (ch_is_digit(c))
			digit = true;
		else if (c >= 'A' && c <= 'Z')
			upper = true;
		else if (c >= 'a' && c <= 'z')
			lower = true;
		else if (c != '+' && c != '/' && c != '=')
			break;
	}
	if (at - i < GARBAGE_MIN || !upper || !lower || !digit)
		return i;
	return at < s.n && !ch_is_space(s.p[at]) ? i : at;
}

/* A word of ASCII alone, by far the commonest: its end, or i when the run is something else. */
static size_t
add_plain(struct terms *t, struct str s, size_t i)
{
	char low[ASCII_MAX];
	size_t n = 0;
	bool letters = false;

	for (; i + n < s.n && n < ASCII_MAX &&
	       class[(unsigned char)s.p[i + n]] == WORD;
	     n++) {
		low[n] = ch_lower(s.p[i + n]);
		letters |= low[n] > '9';
	}
	if (n >= GARBAGE_WORD || (!letters && n > DIGITS_MAX))
		return i;
	if (i + n < s.n &&
	    (class[(unsigned char)s.p[i + n]] != OUT || s.p[i + n] == '*')) {
		char after = s.p[i + n];

		/* A full stop or comma at the end of a word joins nothing. */
		if (class[(unsigned char)after] != JOIN ||
		    (i + n + 1 < s.n &&
			class[(unsigned char)s.p[i + n + 1]] != OUT &&
			class[(unsigned char)s.p[i + n + 1]] != JOIN))
			return i;
	}
	add(t, str_n(low, n));
	return i + n;
}

static size_t
add_run(struct terms *t, struct str s, size_t i)
{
	struct run r;
	size_t end, n = 0;
	char joiner = 0;
	bool ascii, star;

	r.n = r.len = r.at = 0;
	r.too_long = r.has_at = false;
	do {
		end = word_end(s, i, &ascii);
		if (r.n == 0 && end - i >= GARBAGE_WORD &&
		    (i == 0 || ch_is_space(s.p[i - 1]))) {
			size_t g = garbage_end(s, i);

			if (g > i)
				return g;
		}
		star = t->query && end < s.n && s.p[end] == '*';
		run_part(t, &r, str_sub(s, i, end), ascii, joiner, star);
		joiner = joiner_at(s, end, &n);
		i = end + n;
	} while (joiner && t->n < TERMS_MAX);
	run_end(t, &r, star);
	return end;
}

static void
add_dense_run(struct terms *t, struct str s)
{
	size_t prev = 0, prev_n = 0, n, count = 0;
	uint32_t c;

	s = fold_dense(t->a, s);
	for (size_t i = 0; i < s.n; i += n, count++) {
		n = utf8_next(str_from(s, i), &c);
		if (n == 0)
			return;
		if (count)
			add(t, str_n(s.p + prev, prev_n + n));
		prev = i;
		prev_n = n;
	}
	if (count != 1)
		return;
	/* Of a longer run there are pairs only: ask for any that begins with it. */
	if (t->query)
		add(t, arena_printf(t->a, "%.*s*", STR_ARG(s)));
	else
		add(t, s);
}

/* The dense run at i, in pieces that share a character; its end, or i when there is none. */
static size_t
add_dense(struct terms *t, struct str s, size_t i)
{
	size_t from = i, last = i, n;
	uint32_t c;

	while (i < s.n && t->n < TERMS_MAX) {
		n = utf8_next(str_from(s, i), &c);
		if (n == 0 || !fold_is_dense(c))
			break;
		if (i - from >= DENSE_MAX) {
			add_dense_run(t, str_sub(s, from, i));
			from = last;
		}
		last = i;
		i += n;
	}
	if (i > from)
		add_dense_run(t, str_sub(s, from, i));
	return i;
}

void
terms_add(struct terms *t, struct str text)
{
	size_t i = 0, end;
	uint32_t c;

	while (i < text.n && t->n < TERMS_MAX) {
		switch (class[(unsigned char)text.p[i]]) {
		case WORD:
			end = add_plain(t, text, i);
			i = end > i ? end : add_run(t, text, i);
			break;
		case HIGH:
			end = utf8_next(str_from(text, i), &c);
			if (end && fold_is_word(c))
				i = add_run(t, text, i);
			else if (end && fold_is_dense(c))
				i = add_dense(t, text, i);
			else
				i += end ? end : 1;
			break;
		default:
			i++;
		}
	}
}

struct strs
terms_list(const struct terms *t)
{
	return (struct strs){t->list, t->n};
}

struct strs
terms_query(struct arena *a, struct str query)
{
	struct terms *t = terms_new(a);

	t->query = true;
	terms_add(t, query);
	return terms_list(t);
}

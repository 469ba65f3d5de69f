/*
 * Comparators (RFC 4790) and match types (RFC 5228 §2.7, 5231). The same keys
 * are looked for in the same few texts again and again, so a text remembers
 * its folded form and which three bytes in a row occur in it: most keys are
 * refused by one look at that.
 */
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "desk/sieve/engine.h"

struct str
sieve_fold(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_lower(s.p[i]);
	p[s.n] = '\0';
	return str_n(p, s.n);
}

/* RFC 5051 asks for title case and decomposition; simple case folding after NFKD is what it comes to for mail. */
struct str
sieve_unicode_fold(struct arena *a, struct str s)
{
	struct buf b = BUF_INIT;
	struct str out;

	while (s.n) {
		uint32_t c = 0;
		size_t n = utf8_next(s, &c);

		if (n)
			utf8_put(&b,
			    (uint32_t)u_foldCase((UChar32)u_totitle((UChar32)c),
				U_FOLD_CASE_DEFAULT));
		else
			buf_putc(&b, s.p[0]);
		s = str_from(s, n ? n : 1);
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

/* --- looking for a key ------------------------------------------------- */

/*
 * Hundreds of rules look for as many strings in one body. So one pass over it
 * notes where each three bytes in a row stand (by their hash, as chains); a key
 * then is compared only where its rarest three do, which is mostly nowhere. A
 * very long text gets a table of which occur at all, and is searched.
 */
enum {
	GRAMS_FROM = 64,              /* shorter texts are searched at once */
	CHAINS_TO = MESSAGE_TEXT_MAX, /* longer ones have no chains */
	BUCKETS_MAX = 1 << 20
};

struct sieve_bucket {
	uint32_t head, count; /* the last place + 1 */
};
struct sieve_grams {
	struct sieve_bucket *v;
	uint32_t mask;
	uint32_t *prev; /* by place: the one before it + 1; NULL: no chains */
};

static inline uint32_t
gram(const char *p)
{
	uint32_t v = (uint32_t)(unsigned char)p[0] |
		     (uint32_t)(unsigned char)p[1] << 8 |
		     (uint32_t)(unsigned char)p[2] << 16;

	return v * UINT32_C(2654435761) >> 8;
}

static void
note_grams(struct sieve_run *r, struct sieve_text *t, struct str s)
{
	struct sieve_grams *g = arena_new(r->a, struct sieve_grams);
	uint32_t n = 1 << 10;

	while (n < s.n && n < BUCKETS_MAX)
		n <<= 1;
	g->v = arena_array(r->a, struct sieve_bucket, n);
	g->mask = n - 1;
	if (s.n <= CHAINS_TO)
		g->prev = arena_array(r->a, uint32_t, s.n);
	for (size_t i = 0; i + 2 < s.n; i++) {
		struct sieve_bucket *b = &g->v[gram(s.p + i) & g->mask];

		if (g->prev)
			g->prev[i] = b->head;
		b->head = (uint32_t)i + 1;
		b->count++;
	}
	t->grams = g;
	r->work += s.n;
}

static bool
find_in(struct sieve_run *r, struct str s, struct str needle)
{
	if (!needle.n)
		return true;
	if (s.n < needle.n)
		return false;
	r->work += s.n / 8;
	return memmem(s.p, s.n, needle.p, needle.n) != NULL;
}

static bool
find_by_grams(struct sieve_run *r, const struct sieve_grams *g, struct str s,
    struct str needle)
{
	size_t at = 0;
	const struct sieve_bucket *best = NULL;

	for (size_t i = 0; i + 2 < needle.n && i < 64; i++) {
		const struct sieve_bucket *b =
		    &g->v[gram(needle.p + i) & g->mask];

		if (!b->count)
			return false;
		if (!best || b->count < best->count) {
			best = b;
			at = i;
		}
	}
	/* A chain as long as the text is worse than searching it. */
	if (!best || !g->prev || best->count > s.n / 8)
		return find_in(r, s, needle);
	r->work += best->count;
	for (uint32_t k = best->head; k; k = g->prev[k - 1]) {
		size_t from = k - 1;

		if (from >= at && needle.n <= s.n - (from - at) &&
		    memcmp(s.p + (from - at), needle.p, needle.n) == 0)
			return true;
	}
	return false;
}

/* needle: folded. */
bool
sieve_find(struct sieve_run *r, struct sieve_text *t, struct str needle)
{
	if (needle.n > t->s.n)
		return false;
	if (!t->folded.p)
		t->folded = sieve_fold(r->a, t->s);
	if (t->s.n < GRAMS_FROM || needle.n < 3)
		return find_in(r, t->folded, needle);
	if (!t->grams)
		note_grams(r, t, t->folded);
	return find_by_grams(r, t->grams, t->folded, needle);
}

/* --- :matches ---------------------------------------------------------- */

struct wild {
	struct sieve_run *r;
	struct str s;        /* compared */
	struct str original; /* captured from, where it is as long */
	struct str caught[33];
	unsigned ncaught;
};

static size_t
char_len(struct str s, size_t at)
{
	uint32_t c;
	size_t n = utf8_next(str_from(s, at), &c);

	return n ? n : 1;
}

static void
capture(struct wild *w, size_t from, size_t to)
{
	if (w->ncaught < ARRAY_LEN(w->caught))
		w->caught[w->ncaught++] = str_sub(w->original, from, to);
}

/* A run of the pattern without '*' at s[at…). Its end, or SIZE_MAX; '?' are captured. */
static size_t
segment_at(struct wild *w, struct str seg, size_t at)
{
	for (size_t i = 0; i < seg.n; i++) {
		char c = seg.p[i];

		if (c == '?') {
			size_t n;

			if (at >= w->s.n)
				return SIZE_MAX;
			n = char_len(w->s, at);
			capture(w, at, at + n);
			at += n;
			continue;
		}
		if (c == '\\' && i + 1 < seg.n)
			c = seg.p[++i];
		if (at >= w->s.n || w->s.p[at] != c)
			return SIZE_MAX;
		at++;
	}
	return at;
}

static struct str
next_segment(struct str *pattern)
{
	size_t i = 0;
	struct str seg;

	while (i < pattern->n && pattern->p[i] != '*')
		i += pattern->p[i] == '\\' && i + 1 < pattern->n ? 2 : 1;
	seg = str_sub(*pattern, 0, i);
	*pattern = str_from(*pattern, i);
	return seg;
}

/* Each '*' takes as little as it can; the last one what is left (RFC 5229 §3.2). */
static bool
match_wild(struct wild *w, struct str pattern)
{
	struct str seg = next_segment(&pattern);
	size_t at = segment_at(w, seg, 0);

	if (at == SIZE_MAX)
		return false;
	while (pattern.n) {
		unsigned mark;
		size_t from = at, to, end = SIZE_MAX;
		bool last;

		while (pattern.n && pattern.p[0] == '*') {
			pattern = str_from(pattern, 1);
			if (pattern.n && pattern.p[0] == '*')
				capture(w, from, from); /* "**": nothing */
		}
		mark = w->ncaught;
		seg = next_segment(&pattern);
		last = pattern.n == 0;
		if (last && !seg.n) {
			capture(w, from, w->s.n);
			return true;
		}
		for (to = from; to <= w->s.n; to++) {
			/* On to where it can begin. */
			if (seg.p[0] != '?' && seg.p[0] != '\\') {
				ptrdiff_t p = str_chr(w->s, seg.p[0], to);

				if (p < 0)
					return false;
				w->r->work += ((size_t)p - to) / 16;
				to = (size_t)p;
			}
			w->ncaught = mark;
			capture(w, from, to);
			w->r->work += 4 + seg.n;
			end = segment_at(w, seg, to);
			if (end != SIZE_MAX && (!last || end == w->s.n))
				break;
			end = SIZE_MAX;
			if (w->r->work > (uint64_t)SIEVE_STEPS_MAX * SIEVE_WORK)
				return false;
		}
		if (end == SIZE_MAX)
			return false;
		at = end;
	}
	return at == w->s.n;
}

static void
set_matched(
    struct sieve_run *r, struct str whole, const struct str *v, unsigned n)
{
	r->matched[0] = sieve_clip_variable(whole);
	for (unsigned i = 0; i < n && i < 32; i++)
		r->matched[i + 1] = sieve_clip_variable(v[i]);
	r->nmatched = MIN(n, 32U) + 1;
}

static bool
variables_on(const struct sieve_run *r)
{
	return !r->no_capture && (r->scope->exts >> EXT_VARIABLES & 1) != 0;
}

static bool
matches(struct sieve_run *r, struct sieve_text *t, struct str s,
    const struct sieve_key *k, struct str pattern)
{
	struct wild w = {.r = r, .s = s, .original = t->s};

	(void)k;
	if (w.original.n != s.n)
		w.original = s;
	if (!match_wild(&w, pattern))
		return false;
	if (variables_on(r))
		set_matched(r, t->s, w.caught, w.ncaught);
	return true;
}

/* --- comparing --------------------------------------------------------- */

/* i;ascii-numeric (RFC 4790 §9.1): leading digits; anything else is infinite. */
static struct str
digits_of(struct str s, bool *infinite)
{
	size_t i = 0;

	while (i < s.n && ch_is_digit(s.p[i]))
		i++;
	*infinite = i == 0;
	s = str_sub(s, 0, i);
	while (s.n > 1 && s.p[0] == '0')
		s = str_from(s, 1);
	return s;
}

static int
compare_numeric(struct str a, struct str b)
{
	bool ia, ib;

	a = digits_of(a, &ia);
	b = digits_of(b, &ib);
	if (ia || ib)
		return ia && ib ? 0 : ia ? 1 : -1;
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return str_cmp(a, b);
}

static int
compare(struct sieve_run *r, enum sieve_comparator c, struct sieve_text *t,
    const struct sieve_key *k)
{
	switch (c) {
	case COMPARE_NUMERIC:
		return compare_numeric(t->s, k->s);
	case COMPARE_OCTET:
		return str_cmp(t->s, k->s);
	case COMPARE_UNICODE:
		return str_cmp(sieve_unicode_fold(r->a, t->s), k->folded);
	case COMPARE_CASEMAP:
		break;
	}
	if (!t->folded.p)
		t->folded = sieve_fold(r->a, t->s);
	return str_cmp(t->folded, k->folded);
}

static bool
holds(enum sieve_relation rel, int c)
{
	switch (rel) {
	case REL_GT:
		return c > 0;
	case REL_GE:
		return c >= 0;
	case REL_LT:
		return c < 0;
	case REL_LE:
		return c <= 0;
	case REL_EQ:
		return c == 0;
	case REL_NE:
		break;
	}
	return c != 0;
}

static bool
is_equal(struct sieve_run *r, enum sieve_comparator c, struct sieve_text *t,
    const struct sieve_key *k)
{
	if (c == COMPARE_OCTET || c == COMPARE_CASEMAP) {
		if (t->s.n != k->s.n)
			return false;
		if (t->s.n && c == COMPARE_CASEMAP &&
		    ch_lower(t->s.p[t->s.n - 1]) != k->folded.p[k->s.n - 1])
			return false;
	}
	return compare(r, c, t, k) == 0;
}

static int
match_one(struct sieve_run *r, const struct sieve_node *n, struct sieve_text *t,
    const struct sieve_key *k)
{
	switch (n->match) {
	case MATCH_IS:
		return is_equal(r, n->comparator, t, k);
	case MATCH_VALUE:
	case MATCH_COUNT:
		return holds(n->relation, compare(r, n->comparator, t, k));
	case MATCH_CONTAINS:
		if (n->comparator == COMPARE_OCTET)
			return find_in(r, t->s, k->s);
		if (n->comparator == COMPARE_UNICODE)
			return find_in(
			    r, sieve_unicode_fold(r->a, t->s), k->folded);
		return sieve_find(r, t, k->folded);
	case MATCH_MATCHES:
		if (n->comparator == COMPARE_OCTET)
			return matches(r, t, t->s, k, k->s);
		if (n->comparator == COMPARE_UNICODE)
			return matches(
			    r, t, sieve_unicode_fold(r->a, t->s), k, k->folded);
		if (!t->folded.p)
			t->folded = sieve_fold(r->a, t->s);
		return matches(r, t, t->folded, k, k->folded);
	case MATCH_REGEX:
		return sieve_regex_find(r, k->re, t, n->at);
	}
	return 0;
}

bool
sieve_prepare_key(struct sieve *s, struct arena *a, const struct sieve_node *n,
    struct str text, struct sieve_key *out, struct err *err)
{
	*out = (struct sieve_key){.s = text};
	if (n->match == MATCH_REGEX) {
		out->re = sieve_regex_new(
		    s, a, text, n->comparator != COMPARE_OCTET, err);
		return out->re != NULL;
	}
	if (n->comparator == COMPARE_CASEMAP)
		out->folded = sieve_fold(a, text);
	else if (n->comparator == COMPARE_UNICODE)
		out->folded = sieve_unicode_fold(a, text);
	return true;
}

struct sieve_texts
sieve_texts_of(struct sieve_run *r, const struct strs *l)
{
	struct sieve_texts t = {
	    arena_array(r->a, struct sieve_text, l->n + 1), l->n};

	for (size_t i = 0; i < l->n; i++)
		t.v[i].s = l->v[i];
	return t;
}

static void
drop_keys(const struct sieve_key *k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (k[i].re)
			uregex_close(k[i].re->re);
}

/* Keys with variables, made for this once. */
static const struct sieve_key *
keys_now(struct sieve_run *r, const struct sieve_node *n,
    const struct sieve_value *v)
{
	struct sieve_key *k = arena_array(r->a, struct sieve_key, v->n + 1);

	for (size_t i = 0; i < v->n; i++) {
		struct err err = ERR_INIT;

		if (!sieve_prepare_key(r->s, r->a, n, sieve_expand(r, &v->v[i]),
			&k[i], &err)) {
			drop_keys(k, i);
			sieve_fail(r, v->v[i].at, "%s", err.msg);
			return NULL;
		}
		/* To compile an expression is a thousand times a step's work. */
		if (n->match == MATCH_REGEX)
			r->steps += 100;
	}
	return k;
}

int
sieve_match_texts(struct sieve_run *r, const struct sieve_node *n,
    struct sieve_texts t, const struct sieve_value *keys)
{
	const struct sieve_value *v = keys ? keys : &n->args[n->nargs - 1];
	const struct sieve_key *k =
	    v->literal && n->keys ? n->keys : keys_now(r, n, v);
	struct sieve_text count;
	int rc = 0;

	if (!k)
		return -1;
	if (n->match == MATCH_COUNT) {
		count =
		    (struct sieve_text){.s = arena_printf(r->a, "%zu", t.n)};
		t = (struct sieve_texts){&count, 1};
	}
	for (size_t i = 0; i < t.n && rc == 0; i++)
		for (size_t j = 0; j < v->n && rc == 0; j++)
			rc = match_one(r, n, &t.v[i], &k[j]);
	if (k != n->keys)
		drop_keys(k, v->n);
	return rc;
}

/*
 * Regular expressions (draft-ietf-sieve-regex: extended ones of POSIX), by
 * ICU's matcher, which has a limit on time and memory. Two things differ and
 * are translated: what stands in brackets, and what a backslash may do.
 *
 * The longest run of plain letters that every match must contain is looked for
 * first: most mails are done with then.
 */
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "desk/sieve/engine.h"

enum {
	PATTERN_MAX = 4096,
	SUBJECT_MAX = 64 << 10, /* bytes of a text that are looked at */
	TIME_LIMIT =
	    4, /* of ICU's units: about a millisecond each, "on the order of" */
	STACK_LIMIT = 1 << 20,
	TIMEOUT_WORK = 1 << 20 /* what running out of time counts */
};

/* "[…]" from s[i]; appended as ICU wants it. The offset behind it, or 0. */
static size_t
bracket(struct str s, size_t i, struct buf *out)
{
	bool first = true;

	buf_putc(out, '[');
	i++;
	if (i < s.n && s.p[i] == '^') {
		buf_putc(out, '^');
		i++;
	}
	for (; i < s.n; i++, first = false) {
		char c = s.p[i];

		if (c == ']' && !first) {
			buf_putc(out, ']');
			return i + 1;
		}
		if (c == '[' && i + 1 < s.n &&
		    (s.p[i + 1] == ':' || s.p[i + 1] == '.' ||
			s.p[i + 1] == '=')) {
			char end[3] = {s.p[i + 1], ']', '\0'};
			ptrdiff_t close = str_find(s, str_n(end, 2), i + 2);

			if (close < 0)
				return 0;
			if (s.p[i + 1] == ':')
				buf_put(out, str_sub(s, i, (size_t)close + 2));
			else
				buf_put(out, str_sub(s, i + 2, (size_t)close));
			i = (size_t)close + 1;
			continue;
		}
		if (strchr("[]&\\{}$~", c) ||
		    (c == '-' && (first || (i + 1 < s.n && s.p[i + 1] == ']'))))
			buf_putc(out, '\\');
		buf_putc(out, c);
	}
	return 0;
}

static bool
translate(struct str s, struct buf *out)
{
	unsigned open = 0;

	for (size_t i = 0; i < s.n;) {
		char c = s.p[i];

		if (c == '[') {
			i = bracket(s, i, out);
			if (!i)
				return false;
			continue;
		}
		if (c == '\\' && i + 1 < s.n) {
			char e = s.p[i + 1];

			/* GNU's word boundaries; \d and the like as everyone means them; the rest itself. */
			if (e == '<' || e == '>')
				buf_puts(out, "\\b");
			else if (strchr("bBwWsSdD", e) ||
				 (e >= '1' && e <= '9') || !ch_is_alnum(e)) {
				buf_putc(out, '\\');
				buf_putc(out, e);
			} else {
				buf_putc(out, e);
			}
			i += 2;
			continue;
		}
		/* "(?" is no group of POSIX. */
		if (c == '(' && i + 1 < s.n && s.p[i + 1] == '?')
			return false;
		if (c == '(')
			open++;
		else if (c == ')' && open == 0)
			buf_putc(out, '\\'); /* itself, without a '(' */
		else if (c == ')')
			open--;
		buf_putc(out, c);
		if (c == '{' && i + 1 < s.n && s.p[i + 1] == ',')
			buf_putc(out, '0');
		i++;
	}
	return true;
}

/* --- what every match contains ----------------------------------------- */

static bool
repeats(struct str s, size_t i)
{
	return i < s.n && (s.p[i] == '*' || s.p[i] == '?' || s.p[i] == '{');
}

static struct str
required(struct arena *a, struct str s)
{
	struct buf run = BUF_INIT, best = BUF_INIT;
	struct str out;
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool plain = true;

		if (c == '|' && depth == 0) {
			buf_reset(&run);
			buf_reset(&best);
			break;
		}
		if (c == '\\' && i + 1 < s.n) {
			c = s.p[++i];
			plain = !ch_is_alnum(c) && c != '<' && c != '>';
		} else if (c == '[') {
			struct buf skip = BUF_INIT;
			size_t end = bracket(s, i, &skip);

			buf_fini(&skip);
			plain = false;
			if (!end)
				break;
			i = end - 1;
		} else if (c == '(') {
			depth++;
			plain = false;
		} else if (c == ')') {
			depth--;
			plain = false;
		} else if (strchr("^$.*+?{}|", c)) {
			plain = false;
			if (c == '{')
				while (i + 1 < s.n && s.p[i] != '}')
					i++;
		}
		if (plain && depth == 0 && !repeats(s, i + 1) &&
		    (unsigned char)c < 0x80)
			buf_putc(&run, ch_lower(c));
		else
			plain = false;
		if (!plain || i + 1 == s.n) {
			if (run.n > best.n) {
				buf_reset(&best);
				buf_put(&best, buf_str(&run));
			}
			buf_reset(&run);
		}
		/* "ab+c": the b is there, but not before c. */
		if (plain && i + 1 < s.n && s.p[i + 1] == '+') {
			if (run.n > best.n) {
				buf_reset(&best);
				buf_put(&best, buf_str(&run));
			}
			buf_reset(&run);
		}
	}
	out = arena_dup(a, buf_str(&best));
	buf_fini(&run);
	buf_fini(&best);
	return out;
}

/* --- compiling and finding --------------------------------------------- */

static UChar *
to_wide(struct arena *a, struct str s, int32_t *n)
{
	UChar *w = arena_alloc_n(a, s.n + 1, sizeof *w);
	UErrorCode e = U_ZERO_ERROR;

	u_strFromUTF8WithSub(w, (int32_t)s.n + 1, n, s.n ? s.p : "",
	    (int32_t)s.n, 0xfffd, NULL, &e);
	if (U_FAILURE(e))
		*n = 0;
	return w;
}

struct sieve_regex *
sieve_regex_new(struct sieve *s, struct arena *a, struct str pattern, bool fold,
    struct err *err)
{
	struct buf b = BUF_INIT;
	struct arena scratch = ARENA_INIT;
	struct sieve_regex *r = NULL;
	UErrorCode e = U_ZERO_ERROR;
	UParseError where;
	URegularExpression *re = NULL;
	int32_t n = 0;

	if (pattern.n > PATTERN_MAX) {
		err_set(err, ERR_INVAL,
		    "the regular expression is longer than %d bytes",
		    PATTERN_MAX);
		return NULL;
	}
	if (translate(pattern, &b)) {
		UChar *w = to_wide(&scratch, buf_str(&b), &n);

		re = uregex_open(w, n,
		    UREGEX_DOTALL | (fold ? UREGEX_CASE_INSENSITIVE : 0),
		    &where, &e);
	}
	if (!re || U_FAILURE(e)) {
		err_set(err, ERR_INVAL,
		    "found \"%.*s\", expected a regular expression of POSIX "
		    "(extended)%s%s",
		    STR_ARG(utf8_clip(pattern, 60)), U_FAILURE(e) ? ": " : "",
		    U_FAILURE(e) ? u_errorName(e) : "");
		uregex_close(re);
	} else {
		r = arena_new(a, struct sieve_regex);
		r->re = re;
		uregex_setTimeLimit(re, TIME_LIMIT, &e);
		uregex_setStackLimit(re, STACK_LIMIT, &e);
		r->groups = uregex_groupCount(re, &e);
		r->needs = required(a, pattern);
		/* One that is made while running is its maker's to close. */
		if (a == &s->a) {
			r->next = s->regexes;
			s->regexes = r;
		}
	}
	buf_fini(&b);
	arena_fini(&scratch);
	return r;
}

/* UTF-16 [from, to) of the text, as UTF-8. */
static struct str
slice(struct sieve_run *r, const struct sieve_text *t, int32_t from, int32_t to)
{
	int32_t room = (to - from) * 3 + 1, n = 0;
	char *p;
	UErrorCode e = U_ZERO_ERROR;

	if (from < 0 || to <= from)
		return (struct str){"", 0};
	p = arena_bytes(r->a, (size_t)room);
	u_strToUTF8WithSub(
	    p, room, &n, t->wide + from, to - from, 0xfffd, NULL, &e);
	return U_FAILURE(e) ? (struct str){"", 0} : str_n(p, (size_t)n);
}

static void
keep_groups(struct sieve_run *r, const struct sieve_regex *re,
    const struct sieve_text *t)
{
	UErrorCode e = U_ZERO_ERROR;
	unsigned n = MIN((unsigned)re->groups, 32U) + 1;

	for (unsigned i = 0; i < n; i++)
		r->matched[i] = sieve_clip_variable(
		    slice(r, t, uregex_start(re->re, (int32_t)i, &e),
			uregex_end(re->re, (int32_t)i, &e)));
	r->nmatched = n;
}

bool
sieve_regex_find(struct sieve_run *r, struct sieve_regex *re,
    struct sieve_text *t, struct place at)
{
	UErrorCode e = U_ZERO_ERROR;
	UBool hit;

	if (re->needs.n && !sieve_find(r, t, re->needs))
		return false;
	if (!t->wide)
		t->wide = to_wide(r->a,
		    t->s.n > SUBJECT_MAX ? utf8_clip(t->s, SUBJECT_MAX) : t->s,
		    &t->nwide);
	r->work += 256 + (uint64_t)t->nwide * 8;
	uregex_setText(re->re, t->wide, t->nwide, &e);
	hit = uregex_find(re->re, 0, &e);
	if (U_FAILURE(e)) {
		/*
		 * No match, and told. Not an error of the whole run: else a
		 * mail that is made for it would switch off all rules.
		 */
		r->work += TIMEOUT_WORK;
		sieve_warn(r, at,
		    e == U_REGEX_TIME_OUT
			? "the regular expression took too long"
			: "the regular expression needs too much memory");
		return false;
	}
	if (hit && !r->no_capture && (r->scope->exts >> EXT_VARIABLES & 1))
		keep_groups(r, re, t);
	return hit;
}

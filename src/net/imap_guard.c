/*
 * A response is taken line by line. "* 12 FETCH (UID 5 BODY[]<0> {3}" CRLF is
 * the first line of one that goes on: three bytes of literal, then the rest of
 * the response in the next line. The bytes of a literal pass through untouched;
 * a line is copied to out, item by item, as far as it is understood.
 */
#include "net/imap_guard_items.h"
#include "base/must.h"
#include "base/utf8.h"

#include <string.h>

enum {
	LINE_MAX_BYTES = 64 * 1024,
	SEARCH_MAX_BYTES = 16 * 1024 * 1024
};

void
guard_init(struct guard *g, struct stream *s)
{
	*g = (struct guard){.s = s};
	g->line = buf_max(SEARCH_MAX_BYTES);
}

void
guard_fini(struct guard *g)
{
	buf_fini(&g->line);
	buf_fini(&g->out);
	buf_fini(&g->text);
	buf_fini(&g->code);
}

void
guard_begin(struct guard *g, unsigned tag, unsigned expect, size_t literal_max,
    uint64_t total)
{
	g->tag = tag;
	g->expect = expect;
	g->literal_max = literal_max;
	g->left = total;
	g->tagged = GUARD_NONE;
	buf_reset(&g->text);
	buf_reset(&g->code);
}

static int
spend(struct guard *g, uint64_t n)
{
	if (n > g->left)
		return stream_fail(g->s, ERR_TEMP,
		    "%s sent far more than was asked for", g->s->peer);
	g->left -= n;
	return 0;
}

/* --- status lines: OK, NO, BAD, PREAUTH, BYE --- */

static void
put_words(struct guard *g, const char *name, struct str words)
{
	struct str w;

	buf_puts(&g->out, name);
	while (str_word(&words, &w)) {
		struct str rest = w;

		guard_word(&rest);
		if (rest.n || w.n > 64)
			continue;
		buf_putc(&g->out, ' ');
		buf_put(&g->out, w);
	}
}

/* The codes that somebody here reads are written on; the rest is left out. */
static void
put_code(struct guard *g, struct str code, bool first)
{
	static const char *const numbers[] = {"UIDVALIDITY ", "UIDNEXT "};
	size_t start = g->out.n;
	struct str s = code;
	uint64_t n;

	/* With any other code in a greeting libetpan 1.9.4 follows NULL. */
	if (first && !str_istarts(s, S("CAPABILITY ")))
		return;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (guard_take(&s, numbers[i])) {
			if (guard_number(&s, UINT32_MAX, &n) && n && !s.n)
				buf_printf(&g->out, "[%s%llu] ", numbers[i],
				    (unsigned long long)n);
			return;
		}
	if (guard_take(&s, "HIGHESTMODSEQ ")) {
		if (guard_number(&s, UINT64_MAX, &n))
			g->modseq = n;
	} else if (guard_take(&s, "PERMANENTFLAGS ")) {
		buf_puts(&g->out, "[PERMANENTFLAGS ");
		if (guard_flags(g, &s))
			buf_puts(&g->out, "] ");
		else
			buf_cut(&g->out, start);
	} else if (guard_take(&s, "CAPABILITY ")) {
		buf_putc(&g->out, '[');
		put_words(g, "CAPABILITY", s);
		buf_puts(&g->out, "] ");
		if (str_ends(buf_str(&g->out), S("[CAPABILITY] ")))
			buf_cut(&g->out, start);
	} else if (str_ieq(s, S("READ-ONLY")) || str_ieq(s, S("READ-WRITE"))) {
		buf_printf(&g->out, "[%.*s] ", STR_ARG(s));
	}
}

/* Server's words for a person: one line, no controls, not too long. */
static void
put_text(struct buf *out, struct str text)
{
	buf_reset(out);
	utf8_put_clean(out, utf8_clip(text, 300));
	for (size_t i = 0; i < out->n; i++)
		if ((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f)
			out->p[i] = '?';
}

/* s stands behind the condition: "[CODE …] text". */
static void
status_rest(struct guard *g, struct str s, bool keep)
{
	bool first = g->expect & GUARD_GREETING;
	struct str code = {NULL, 0};

	s = str_ltrim(s);
	if (s.n && s.p[0] == '[') {
		ptrdiff_t end = str_chr(s, ']', 1);

		if (end > 0) {
			code = str_sub(s, 1, (size_t)end);
			s = str_trim(str_from(s, (size_t)end + 1));
		}
	}
	put_code(g, code, first);
	buf_puts(&g->out, "x");
	if (!keep)
		return;
	put_text(&g->text, s);
	buf_reset(&g->code);
	put_text(&g->code, code);
	for (size_t i = 0; i < g->code.n; i++)
		if (g->code.p[i] >= 'a' && g->code.p[i] <= 'z')
			g->code.p[i] = (char)(g->code.p[i] - 32);
}

static int
bye(struct guard *g, struct str text)
{
	put_text(&g->text, str_trim(text));
	if (g->expect & GUARD_BYE)
		return 0;
	return stream_fail(g->s, ERR_TEMP, "%s ended the connection: %s",
	    g->s->peer, g->text.n ? buf_cstr(&g->text) : "no reason given");
}

/* A condition at the front: "OK", "NO", "BAD" followed by a space or the end.
 */
static int
take_condition(struct str *s)
{
	static const struct {
		const char *name;
		int value;
	} all[] = {{"OK", GUARD_OK}, {"NO", GUARD_NO}, {"BAD", GUARD_BAD}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct str t = *s;

		if (guard_take(&t, all[i].name) && (!t.n || t.p[0] == ' ')) {
			*s = t;
			return all[i].value;
		}
	}
	return 0;
}

static const char *const conditions[] = {"", "OK", "NO", "BAD"};

static int
tagged_line(struct guard *g, struct str s)
{
	uint64_t tag;
	int c;

	if (!guard_number(&s, UINT32_MAX, &tag) || tag != g->tag ||
	    (g->expect & GUARD_GREETING) || !guard_take(&s, " ") ||
	    !(c = take_condition(&s)))
		return guard_garbage(g, "neither * nor + nor the tag");
	if (g->tagged != GUARD_NONE)
		return guard_garbage(g, "a second answer to one command");
	buf_printf(&g->out, "%llu %s ", (unsigned long long)tag, conditions[c]);
	g->tagged = c == GUARD_OK   ? GUARD_OK
		    : c == GUARD_NO ? GUARD_NO
				    : GUARD_BAD;
	status_rest(g, s, true);
	buf_puts(&g->out, "\r\n");
	return 0;
}

/* --- untagged responses --- */

/* "* 12 FETCH …", "* 12 EXISTS" … */
static int
numbered(struct guard *g, struct str s)
{
	uint64_t n;

	if (!guard_number(&s, UINT32_MAX, &n) || !guard_take(&s, " "))
		return guard_garbage(g, "a number alone");
	if (str_ieq(s, S("EXISTS"))) {
		g->exists = (uint32_t)n;
		g->news = true;
		buf_printf(&g->out, "* %llu EXISTS", (unsigned long long)n);
		return 0;
	}
	if (str_ieq(s, S("EXPUNGE"))) {
		if (g->exists)
			g->exists--;
		return 0;
	}
	if (!guard_take(&s, "FETCH (") || !(g->expect & GUARD_FETCH) ||
	    str_eq(s, S(")"))) {
		g->state = GUARD_DROPPING;
		return 0;
	}
	buf_printf(&g->out, "* %llu FETCH (", (unsigned long long)n);
	return guard_fetch(g, s, true);
}

/* "* SEARCH 1 2 3": written on as it is when it is only that. */
static int
search_line(struct guard *g, struct str s)
{
	struct str w;
	uint64_t n;

	buf_puts(&g->out, "* SEARCH");
	while (str_word(&s, &w)) {
		if (w.p[0] == '(')
			break; /* (MODSEQ n) */
		if (!str_u64(w, &n) || !n || n > UINT32_MAX)
			return guard_garbage(g, "in a SEARCH response");
		buf_putc(&g->out, ' ');
		buf_put(&g->out, w);
	}
	return 0;
}

static int
greeting(struct guard *g, struct str s)
{
	if (guard_take(&s, "BYE"))
		return bye(g, s);
	if (guard_take(&s, "PREAUTH")) {
		g->preauth = true;
		buf_puts(&g->out, "* PREAUTH ");
	} else if (take_condition(&s) == GUARD_OK) {
		buf_puts(&g->out, "* OK ");
	} else {
		return guard_garbage(g, "no IMAP greeting");
	}
	status_rest(g, s, true);
	g->expect &= ~(unsigned)GUARD_GREETING;
	return 0;
}

static int
untagged(struct guard *g, struct str s)
{
	int c;

	if (g->expect & GUARD_GREETING)
		return greeting(g, s);
	if (s.n && ch_is_digit(s.p[0]))
		return numbered(g, s);
	if ((c = take_condition(&s))) {
		buf_printf(&g->out, "* %s ", conditions[c]);
		status_rest(g, s, false);
		return 0;
	}
	if (guard_take(&s, "BYE"))
		return bye(g, s);
	if (guard_take(&s, "CAPABILITY ")) {
		put_words(g, "* CAPABILITY", s);
		return 0;
	}
	if ((g->expect & GUARD_SEARCH) &&
	    (guard_take(&s, "SEARCH ") || str_ieq(s, S("SEARCH"))))
		return search_line(g, str_ieq(s, S("SEARCH")) ? S("") : s);
	if ((g->expect & GUARD_LIST) && guard_take(&s, "LIST "))
		return guard_list(g, s);
	if (!s.n || !ch_is_alpha(s.p[0]))
		return guard_garbage(g, "after *");
	g->state = GUARD_DROPPING;
	return 0;
}

/* The end of a dropped response's line: does a literal follow? */
static int
dropping(struct guard *g, struct str s)
{
	ptrdiff_t at = str_rchr(s, '{');
	uint64_t n;

	g->state = GUARD_FIRST;
	if (at >= 0 && s.n && s.p[s.n - 1] == '}') {
		s = str_from(s, (size_t)at);
		if (guard_literal(g, MAX(g->literal_max, 65536), &s, &n)) {
			g->literal_left = n;
			g->state = GUARD_DROPPING;
		} else if (g->s->err.code != ERR_NONE) {
			return -1;
		}
	}
	return 0;
}

static int
list_end(struct guard *g, struct str s)
{
	g->state = GUARD_FIRST;
	return s.n ? guard_garbage(g, "after a LIST response") : 0;
}

/* One whole line, without its CRLF, into out as far as it may pass. */
static int
vet(struct guard *g, struct str s)
{
	size_t start = g->out.n;
	int r;

	if (memchr(s.n ? s.p : "", 0, s.n))
		return guard_garbage(g, "a NUL");
	switch (g->state) {
	case GUARD_DROPPING:
		return dropping(g, s);
	case GUARD_FETCHING:
		g->state = GUARD_FIRST;
		r = guard_fetch(g, s, false);
		break;
	case GUARD_LISTING:
		r = list_end(g, s);
		break;
	default:
		if (!guard_take(&s, "* "))
			return tagged_line(g, s);
		r = untagged(g, s);
		if (r == 0 && g->state == GUARD_DROPPING) {
			buf_cut(&g->out, start);
			return dropping(g, s);
		}
		if (r == 0 && g->out.n == start)
			return 0;
		break;
	}
	if (r == 0)
		buf_puts(&g->out, "\r\n");
	return r;
}

/* The next whole line into g->line, without its line break. */
static int
next_line(struct guard *g)
{
	struct stream *s = g->s;
	size_t max = g->expect & GUARD_SEARCH ? (size_t)SEARCH_MAX_BYTES
					      : (size_t)LINE_MAX_BYTES;

	for (;;) {
		const char *lf;
		size_t n;

		if (s->in_at == s->in_n && stream_fill(s) < 0)
			return -1;
		lf = memchr(s->in + s->in_at, '\n', s->in_n - s->in_at);
		n = lf ? (size_t)(lf - (s->in + s->in_at)) + 1
		       : s->in_n - s->in_at;
		if (spend(g, n) < 0)
			return -1;
		buf_put(&g->line, str_n(s->in + s->in_at, n));
		s->in_at += n;
		if (g->line.n > max || buf_failed(&g->line))
			return stream_fail(s, ERR_TEMP,
			    "%s sent a line longer than %zu bytes", s->peer,
			    max);
		if (!lf)
			continue;
		g->line.n--;
		if (g->line.n && g->line.p[g->line.n - 1] == '\r')
			g->line.n--;
		return 0;
	}
}

static int
skip_literal(struct guard *g)
{
	char dump[4096];

	while (g->literal_left) {
		ssize_t n = stream_read(
		    g->s, dump, (size_t)MIN(g->literal_left, sizeof(dump)));

		if (n < 0 || spend(g, (uint64_t)n) < 0)
			return -1;
		g->literal_left -= (uint64_t)n;
	}
	return 0;
}

/* Takes one line and vets it. */
static int
one_line(struct guard *g)
{
	int r;

	if (skip_literal(g) < 0 || next_line(g) < 0)
		return -1;
	r = vet(g, buf_str(&g->line));
	buf_reset(&g->line);
	if (g->line.cap > LINE_MAX_BYTES * 2) {
		buf_fini(&g->line);
		g->line = buf_max(SEARCH_MAX_BYTES);
	}
	return r;
}

ssize_t
guard_read(struct guard *g, char *to, size_t n)
{
	for (;;) {
		if (g->s->err.code != ERR_NONE || !n)
			return -1;
		if (g->out_at < g->out.n) {
			n = MIN(n, g->out.n - g->out_at);
			memcpy(to, g->out.p + g->out_at, n);
			g->out_at += n;
			return (ssize_t)n;
		}
		buf_reset(&g->out);
		g->out_at = 0;
		if (g->literal_left && g->state != GUARD_DROPPING) {
			ssize_t r = stream_read(
			    g->s, to, (size_t)MIN(g->literal_left, n));

			if (r < 0 || spend(g, (uint64_t)r) < 0)
				return -1;
			g->literal_left -= (uint64_t)r;
			return r;
		}
		/* After the tagged answer nothing more may be asked for. */
		if (g->tagged != GUARD_NONE) {
			stream_fail(g->s, ERR_TEMP,
			    "%s: the answer could not be understood",
			    g->s->peer);
			return -1;
		}
		if (one_line(g) < 0)
			return -1;
	}
}

/* The line that stream's buffer begins with, put together, is "+ …"? Called
 * between responses only. */
int
guard_continuation(struct guard *g, struct buf *text)
{
	for (;;) {
		struct str s;

		if (skip_literal(g) < 0 || next_line(g) < 0)
			return -1;
		s = buf_str(&g->line);
		if (g->state == GUARD_FIRST && s.n && s.p[0] == '+') {
			if (text) {
				buf_reset(text);
				buf_put(text, str_trim(str_from(s, 1)));
			}
			buf_reset(&g->line);
			return 1;
		}
		if (vet(g, s) < 0)
			return -1;
		buf_reset(&g->line);
		if (g->tagged != GUARD_NONE)
			return 0;
	}
}

int
guard_unasked(struct guard *g)
{
	/* A response that has begun is read to its end: the deadline is set. */
	while (g->s->in_at < g->s->in_n || g->literal_left ||
	       g->state != GUARD_FIRST)
		if (one_line(g) < 0)
			return -1;
	return 0;
}

/* The scanners of the guard, and the two responses with a structure: FETCH and LIST. What is understood is written to out, in the form that libetpan reads. */
#include "net/imap_guard_items.h"
#include "base/must.h"

int
guard_garbage(struct guard *g, const char *what)
{
	return stream_fail(g->s, ERR_TEMP,
	    "%s sent something that is no IMAP (%s)", g->s->peer, what);
}

/* --- small scanners over a line: each takes from the front or says no --- */

bool
guard_take(struct str *s, const char *word)
{
	struct str w = str_c(word);

	if (!str_istarts(*s, w))
		return false;
	*s = str_from(*s, w.n);
	return true;
}

bool
guard_number(struct str *s, uint64_t max, uint64_t *out)
{
	size_t n = 0;
	uint64_t v;

	while (n < s->n && n < 20 && ch_is_digit(s->p[n]))
		n++;
	if (!n || !str_u64(str_sub(*s, 0, n), &v) || v > max)
		return false;
	*s = str_from(*s, n);
	*out = v;
	return true;
}

static bool
is_word(char c)
{
	return ch_is_alnum(c) || memchr("$-_.=+/:&'#@!~", c, 14) != NULL;
}

struct str
guard_word(struct str *s)
{
	size_t n = 0;
	struct str w;

	while (n < s->n && is_word(s->p[n]))
		n++;
	w = str_sub(*s, 0, n);
	*s = str_from(*s, n);
	return w;
}

/* "(\Seen $label …)": written on with the flags that are plain words; others
 * are of no interest here and may not pass. */
bool
guard_flags(struct guard *g, struct str *s)
{
	ptrdiff_t end = str_chr(*s, ')', 0);
	struct str rest, f;
	bool first = true;

	if (end < 0 || s->p[0] != '(')
		return false;
	rest = str_sub(*s, 1, (size_t)end);
	*s = str_from(*s, (size_t)end + 1);
	buf_putc(&g->out, '(');
	while (str_word(&rest, &f)) {
		struct str w = f;

		guard_take(&w, "\\");
		if (!str_eq(f, S("\\*")) && (!guard_word(&w).n || w.n))
			continue;
		if (!first)
			buf_putc(&g->out, ' ');
		buf_put(&g->out, f);
		first = false;
	}
	buf_putc(&g->out, ')');
	return true;
}

/* A quoted string with both quotes. */
bool
guard_quoted(struct str *s, struct str *out)
{
	size_t n = 1;

	if (!s->n || s->p[0] != '"')
		return false;
	while (n < s->n && s->p[n] != '"')
		n += s->p[n] == '\\' ? 2 : 1;
	if (n >= s->n)
		return false;
	*out = str_sub(*s, 0, n + 1);
	*s = str_from(*s, n + 1);
	return true;
}

/* "{n}" at the end of the line: the response goes on after n bytes. */
bool
guard_literal(struct guard *g, size_t max, struct str *s, uint64_t *n)
{
	struct str t = *s;

	if (!guard_take(&t, "{") || !guard_number(&t, UINT32_MAX, n) ||
	    !guard_take(&t, "}") || t.n)
		return false;
	if (*n > max) {
		stream_fail(g->s, ERR_TEMP,
		    "%s announced %llu bytes where at most %zu were asked for",
		    g->s->peer, (unsigned long long)*n, max);
		return false;
	}
	*s = t;
	return true;
}

/* --- FETCH --- */

/* "17-Jul-1996 02:44:25 -0700", a leading space for a one-digit day. What is
 * not that becomes the epoch, which the reader takes for "unknown". */
static void
put_date(struct guard *g, struct str quoted)
{
	static const char shape[] = "\"dd-aaa-dddd dd:dd:dd sdddd\"";
	bool ok = quoted.n == sizeof(shape) - 1;

	for (size_t i = 0; ok && i < quoted.n; i++) {
		char c = quoted.p[i];

		if (shape[i] == 'd')
			ok = ch_is_digit(c) || (i == 1 && c == ' ');
		else if (shape[i] == 'a')
			ok = ch_is_alpha(c);
		else if (shape[i] == 's')
			ok = c == '+' || c == '-';
		else
			ok = c == shape[i];
	}
	if (ok)
		buf_put(&g->out, quoted);
	else
		buf_puts(&g->out, "\"01-Jan-1970 00:00:00 +0000\"");
}

/* After "BODY[": the section, an origin, and a string of any kind. */
static bool
take_body(struct guard *g, struct str *s)
{
	ptrdiff_t end = str_chr(*s, ']', 0);
	struct str section, q;
	uint64_t n;

	if (end < 0 || end > 20)
		return false;
	section = str_sub(*s, 0, (size_t)end);
	if (section.n && !str_ieq(section, S("HEADER")))
		return false;
	*s = str_from(*s, (size_t)end + 1);
	buf_printf(&g->out, "BODY[%.*s]", STR_ARG(section));
	if (guard_take(s, "<")) {
		if (!guard_number(s, UINT32_MAX, &n) || !guard_take(s, ">"))
			return false;
		buf_printf(&g->out, "<%llu>", (unsigned long long)n);
	}
	if (!guard_take(s, " "))
		return false;
	buf_putc(&g->out, ' ');
	if (guard_take(s, "NIL")) {
		buf_puts(&g->out, "NIL");
		return true;
	}
	if (guard_quoted(s, &q)) {
		buf_put(&g->out, q);
		return true;
	}
	if (!guard_literal(g, g->literal_max, s, &n))
		return false;
	buf_printf(&g->out, "{%llu}", (unsigned long long)n);
	g->literal_left = n;
	g->state = GUARD_FETCHING;
	return true;
}

static bool
take_item(struct guard *g, struct str *s)
{
	struct str q;
	uint64_t n;

	if (guard_take(s, "UID ")) {
		if (!guard_number(s, UINT32_MAX, &n) || !n)
			return false;
		buf_printf(&g->out, "UID %llu", (unsigned long long)n);
		return true;
	}
	if (guard_take(s, "RFC822.SIZE ")) {
		if (!guard_number(s, UINT64_MAX, &n))
			return false;
		buf_printf(&g->out, "RFC822.SIZE %llu",
		    (unsigned long long)MIN(n, (uint64_t)UINT32_MAX));
		return true;
	}
	if (guard_take(s, "FLAGS ")) {
		buf_puts(&g->out, "FLAGS ");
		return guard_flags(g, s);
	}
	if (guard_take(s, "INTERNALDATE ")) {
		if (!guard_quoted(s, &q))
			return false;
		buf_puts(&g->out, "INTERNALDATE ");
		put_date(g, q);
		return true;
	}
	if (guard_take(s, "BODY["))
		return take_body(g, s);
	return false;
}

/* MODSEQ comes unasked from servers once CONDSTORE is on. */
static bool
skip_modseq(struct str *s)
{
	uint64_t n;

	return guard_take(s, "MODSEQ (") && guard_number(s, UINT64_MAX, &n) &&
	       guard_take(s, ")");
}

/* Items up to the closing parenthesis, or up to a literal. */
int
guard_fetch(struct guard *g, struct str s, bool first)
{
	for (;;) {
		while (guard_take(&s, " "))
			;
		if (guard_take(&s, ")"))
			break;
		if (str_istarts(s, S("MODSEQ")) && skip_modseq(&s))
			continue;
		if (!first)
			buf_putc(&g->out, ' ');
		if (!take_item(g, &s))
			return guard_garbage(g, "in a FETCH response");
		first = false;
		if (g->literal_left || g->state == GUARD_FETCHING)
			return 0;
	}
	if (s.n)
		return guard_garbage(g, "after a FETCH response");
	buf_putc(&g->out, ')');
	return 0;
}

/* --- LIST: (\flags) "/" name --- */

int
guard_list(struct guard *g, struct str s)
{
	struct str q;
	uint64_t n;

	buf_puts(&g->out, "* LIST ");
	if (!guard_flags(g, &s) || !guard_take(&s, " "))
		return guard_garbage(g, "in a LIST response");
	buf_putc(&g->out, ' ');
	if (guard_take(&s, "NIL"))
		buf_puts(&g->out, "NIL");
	else if (guard_quoted(&s, &q) && q.n <= 4)
		buf_put(&g->out, q);
	else
		return guard_garbage(g, "in a LIST response");
	if (!guard_take(&s, " "))
		return guard_garbage(g, "in a LIST response");
	buf_putc(&g->out, ' ');
	if (guard_literal(g, g->literal_max, &s, &n)) {
		buf_printf(&g->out, "{%llu}", (unsigned long long)n);
		g->literal_left = n;
		g->state = GUARD_LISTING;
		return 0;
	}
	if (guard_quoted(&s, &q)) {
		buf_put(&g->out, q);
		return 0;
	}
	/* An atom; some servers leave brackets and the like unquoted. */
	buf_putc(&g->out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_putc(&g->out, '\\');
		buf_putc(&g->out, s.p[i]);
	}
	buf_putc(&g->out, '"');
	return s.n ? 0 : guard_garbage(g, "in a LIST response");
}

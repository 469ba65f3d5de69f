/*
 * The last look at an agent's words before they are a customer's mail.
 *
 * Quotes are taken off long before (mail/reply.h). But who answers between the
 * lines keeps what he quotes, and that may be the head of a notice:
 *
 *   > ##- Please write your answer above this line -##
 *   > ¦ Acme #1042 · new ticket
 *   > The printer is on fire.
 *   Someone is on the way.
 *
 * A signature that his client put in without a delimiter names his own address,
 * and a heading "On Monday, Acme <support+1042.TOKEN@…> wrote" his token. None
 * of it is for the customer.
 */
#include "base/must.h"
#include "desk/notice.h"
#include "desk/outgoing.h"
#include "desk/people.h"
#include "desk/token.h"
#include "mail/reply_marker.h"

/* A line without quote marks and blanks; *quoted: it had a mark. */
static struct str
unquote(struct str line, bool *quoted)
{
	*quoted = false;
	for (;;) {
		line = str_ltrim(line);
		if (line.n && (line.p[0] == '>' || line.p[0] == '|')) {
			*quoted = true;
			line = str_from(line, 1);
		} else if (str_starts(line, S("\xef\xbc\x9e"))) { /* ＞ */
			*quoted = true;
			line = str_from(line, 3);
		} else if (str_starts(line, S("\xc2\xa0"))) {
			line = str_from(line, 2);
		} else
			return str_rtrim(line);
	}
}

/* A notice without quote marks about it: its first line is there as it was
 * written. */
static bool
has_plain_notice(struct str text)
{
	struct str rest = text, line;
	bool quoted;

	while (str_line(&rest, &line)) {
		line = unquote(line, &quoted);
		if (!quoted && reply_marker_of(line) != MARKER_NONE)
			return true;
	}
	return false;
}

/* Appends the text without the lines of a notice. */
static void
put_lines(struct buf *out, struct str text)
{
	bool plain = has_plain_notice(text), quoted;
	struct str rest = text, line, inner;

	while (str_line(&rest, &line)) {
		inner = unquote(line, &quoted);
		if ((quoted || plain) &&
		    (str_starts(inner, S(NOTICE_BAR)) ||
			reply_marker_of(inner) != MARKER_NONE))
			continue;
		buf_put(out, line);
		buf_putc(out, '\n');
	}
	if (out->n && !(text.n && text.p[text.n - 1] == '\n'))
		buf_cut(out, out->n - 1);
}

/* --- tokens ------------------------------------------------------------ */

static bool
is_base32(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7') ||
	       (c >= 'A' && c <= 'Z');
}

static bool
in_local_part(char c)
{
	return ch_is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '+' ||
	       c == '=';
}

/* Does a token of ours end at `at`, where an "@" stands? */
static bool
token_before(struct str s, size_t at)
{
	if (at < TOKEN_CHARS + 1 || s.p[at - TOKEN_CHARS - 1] != '.')
		return false;
	for (size_t i = at - TOKEN_CHARS; i < at; i++)
		if (!is_base32(s.p[i]))
			return false;
	return true;
}

/* Appends s, and "support@" for "support+1042.nonce.TOKEN@", "helpd@" for a
 * Message-ID. */
static void
put_without_tokens(struct buf *out, struct str s)
{
	size_t done = 0;

	for (size_t i = 0; i < s.n; i++) {
		size_t from = i, keep;

		if (s.p[i] != '@' || !token_before(s, i))
			continue;
		while (from > done && in_local_part(s.p[from - 1]))
			from--;
		for (keep = from; keep < i && s.p[keep] != '+'; keep++)
			;
		if (keep == i)
			for (keep = from; keep < i && s.p[keep] != '.'; keep++)
				;
		buf_put(out, str_sub(s, done, keep));
		done = i;
	}
	buf_put(out, str_from(s, done));
}

/* --- addresses --------------------------------------------------------- */

/* Does addr stand at `at`, and not as a part of a longer one? */
static bool
address_at(struct str s, size_t at, struct str addr)
{
	size_t end = at + addr.n;

	if (at && in_local_part(s.p[at - 1]))
		return false;
	if (end < s.n && (ch_is_alnum(s.p[end]) || s.p[end] == '-'))
		return false;
	return !(end + 1 < s.n && s.p[end] == '.' && ch_is_alnum(s.p[end + 1]));
}

/* Appends s with `instead` for addr. */
static void
put_instead(struct buf *out, struct str s, struct str addr, struct str instead)
{
	size_t done = 0;
	ptrdiff_t at = -1;

	while (addr.n && (at = str_ifind(s, addr, (size_t)(at + 1))) >= 0) {
		if ((size_t)at < done || !address_at(s, (size_t)at, addr))
			continue;
		buf_put(out, str_sub(s, done, (size_t)at));
		buf_put(out, instead);
		done = (size_t)at + addr.n;
	}
	buf_put(out, str_from(s, done));
}

static struct str
without_addresses(struct arena *a, const struct settings *s,
    const struct ticket *k, struct str text)
{
	const struct queue *q = settings_queue(s, k->queue);
	struct str own = q ? q->address.addr : s->address.addr;

	for (size_t i = 0; i < s->desk_addresses.n; i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct str addr = s->desk_addresses.v[i];

		/* Who takes part himself is known to the others. */
		if (people_takes_part(k, addr) || str_ifind(text, addr, 0) < 0)
			continue;
		put_instead(&b, text, addr, own);
		text = arena_dup(a, buf_str(&b));
	}
	return text;
}

struct str
guard_text(struct arena *a, const struct settings *s, const struct ticket *k,
    struct str text)
{
	AUTO(buf_fini) struct buf lines = BUF_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	put_lines(&lines, text);
	put_without_tokens(&b, buf_str(&lines));
	return without_addresses(a, s, k, arena_dup(a, buf_str(&b)));
}

struct str
guard_html(struct arena *a, const struct settings *s, const struct ticket *k,
    struct str html)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (str_has(html, S(NOTICE_BAR)) || str_has(html, S("##-")))
		return str_n(NULL, 0);
	put_without_tokens(&b, html);
	return without_addresses(a, s, k, arena_dup(a, buf_str(&b)));
}

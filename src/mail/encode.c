#include "mail/encode.h"
#include "base/must.h"
#include "base/utf8.h"

enum {
	LINE = 76,
	WORD = 75,
	PLAIN_MAX = 900
};

static bool
ch_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool
ch_is_atext(char c)
{
	return ch_is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static size_t
field_column(const struct field *f)
{
	return f->out->n - f->line;
}

static void
field_fold(struct field *f)
{
	buf_puts(f->out, "\r\n");
	f->line = f->out->n;
}

void
field_begin(struct field *f, struct buf *out, struct str name)
{
	*f = (struct field){.out = out, .line = out->n, .empty = true};
	buf_put(out, name);
	buf_putc(out, ':');
}

void
field_end(struct field *f)
{
	buf_puts(f->out, "\r\n");
}

/*
 * A token goes on the line when it fits, else on the next one. Never straight
 * after the colon: a first line with nothing on it is lawful and breaks
 * readers.
 */
void
field_token(struct field *f, struct str token)
{
	if (!f->empty && field_column(f) + 1 + token.n > LINE)
		field_fold(f);
	buf_putc(f->out, ' ');
	buf_put(f->out, token);
	f->empty = false;
}

/* Controls, and what Unicode calls line and paragraph separators. */
static bool
breaks_line(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	       c == 0x2029;
}

/* One line of well-formed UTF-8: controls are spaces, ends are trimmed. Copies
 * only where it must. */
static struct str
clean_line(struct buf *copy, struct str s)
{
	bool dirty = false;

	for (size_t i = 0; i < s.n && !dirty; i++)
		dirty = ch_is_control(s.p[i]) || (unsigned char)s.p[i] >= 0x80;
	if (!dirty)
		return str_trim(s);
	while (s.n) {
		uint32_t c = 0;
		size_t k = utf8_next(s, &c);

		utf8_put(copy, !k ? 0xfffd : breaks_line(c) ? ' ' : c);
		s = str_from(s, k ? k : 1);
	}
	return str_trim(buf_str(copy));
}

/* Can stand in an encoded word of any place as itself (RFC 2047 §5 (3)). */
static bool
q_is_plain(char c)
{
	return ch_is_alnum(c) || (c && strchr("!*+-/", c));
}

static size_t
q_cost(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += q_is_plain(s.p[i]) || s.p[i] == ' ' ? 1 : 3;
	return n;
}

static void
q_put(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			buf_putc(b, '_');
		else if (q_is_plain(s.p[i]))
			buf_putc(b, s.p[i]);
		else
			buf_printf(b, "=%02X", (unsigned char)s.p[i]);
	}
}

static size_t
word_cost(struct str s, bool q)
{
	return q ? q_cost(s) : (s.n + 2) / 3 * 4;
}

/* The longest prefix of whole characters whose encoding takes at most room. */
static struct str
word_fit(struct str s, size_t room, bool q)
{
	size_t n = 0;

	while (n < s.n) {
		uint32_t c;
		size_t k = utf8_next(str_from(s, n), &c);

		k = k ? k : 1;
		if (word_cost(str_sub(s, 0, n + k), q) > room)
			break;
		n += k;
	}
	return str_sub(s, 0, n);
}

/* Encoded words, as many as needed; readers drop the white space between them.
 */
static void
field_encoded(struct field *f, struct str s)
{
	const size_t frame = sizeof "=?UTF-8?B?"
				    "?=" -
			     1;
	bool q = word_cost(s, true) <= word_cost(s, false);

	while (s.n) {
		size_t used = field_column(f) + 1 + frame;
		struct str part = {0};

		if (used < LINE)
			part = word_fit(s, LINE - used, q);
		/* Rather a fresh line than a crumb at the end of this one. */
		if (part.n < s.n && part.n < 12 && !f->empty) {
			field_fold(f);
			part = word_fit(s, WORD - frame, q);
		} else if (!part.n) {
			part = word_fit(s, WORD - frame, q);
		}
		must(part.n > 0);
		buf_puts(f->out, q ? " =?UTF-8?Q?" : " =?UTF-8?B?");
		if (q)
			q_put(f->out, part);
		else
			buf_base64(f->out, part);
		buf_puts(f->out, "?=");
		f->empty = false;
		s = str_from(s, part.n);
	}
}

/* Would a reader take this ASCII for something else, or can it not be folded?
 */
static bool
word_is_risky(struct str w)
{
	return w.n == 0 || w.n > PLAIN_MAX || !utf8_is_ascii(w) ||
	       str_has(w, S("=?"));
}

/*
 * Plain words, then one run of encoded words from the first to the last word
 * that needs it, then plain words.
 * "[Acme #1042]" in front of a Chinese subject stays readable in any log. A run
 * of spaces is encoded with the words at both its ends: relays shrink them.
 */
void
field_text(struct field *f, struct str value)
{
	AUTO(buf_fini) struct buf copy = BUF_INIT;
	struct str s = clean_line(&copy, value), rest = s, word;
	size_t first = s.n, last = 0, before = 0;
	bool pull = false;

	while (s.n && str_cut(&rest, ' ', &word)) {
		size_t at = (size_t)(word.p - s.p);

		if (pull || word_is_risky(word)) {
			size_t from = word.n == 0 ? before : at;

			first = MIN(first, from);
			last = at + word.n;
		}
		pull = word.n == 0;
		before = pull ? before : at;
	}
	rest = str_trim(str_sub(s, 0, first));
	while (rest.n && str_cut(&rest, ' ', &word))
		field_token(f, word);
	if (first >= last)
		return;
	field_encoded(f, str_sub(s, first, last));
	rest = str_trim(str_from(s, last));
	while (rest.n && str_cut(&rest, ' ', &word))
		field_token(f, word);
}

void
encode_field(struct buf *out, struct str name, struct str value)
{
	struct field f;

	field_begin(&f, out, name);
	field_text(&f, value);
	field_end(&f);
}

/* Words of atext with one space between: needs no quotes. */
static bool
is_atoms(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_atext(s.p[i]) &&
		    (s.p[i] != ' ' || s.p[i + 1] == ' '))
			return false;
	return true;
}

void
field_mailbox(struct field *f, const struct address *x, const char *after)
{
	AUTO(buf_fini) struct buf copy = BUF_INIT;
	AUTO(buf_fini) struct buf token = BUF_INIT;
	struct str name = clean_line(&copy, x->name), word;
	bool ascii = utf8_is_ascii(name) && !str_has(name, S("=?"));

	if (ascii && name.n <= PLAIN_MAX && is_atoms(name)) {
		struct str rest = name;

		while (rest.n && str_cut(&rest, ' ', &word))
			field_token(f, word);
	} else if (ascii && name.n <= LINE - 16) {
		buf_quoted(&token, name);
		field_token(f, buf_str(&token));
	} else {
		field_encoded(f, name);
	}
	buf_reset(&token);
	if (name.n)
		buf_putc(&token, '<');
	buf_put(&token, x->addr);
	if (name.n)
		buf_putc(&token, '>');
	buf_puts(&token, after);
	field_token(f, buf_str(&token));
}

static bool
is_attribute_char(char c)
{
	return ch_is_alnum(c) || (c && strchr("!#$&+-.^_`|~", c));
}

/* Percent-encoded into pieces of at most 50 columns, none of which cuts a
 * character. */
static void
field_param_2231(struct field *f, const char *key, struct str s)
{
	AUTO(buf_fini) struct buf token = BUF_INIT;
	AUTO(buf_fini) struct buf pct = BUF_INIT;
	bool whole = false;

	for (unsigned piece = 0; s.n || piece == 0; piece++) {
		buf_reset(&pct);
		while (s.n && pct.n < 50 - 12) {
			uint32_t c;
			size_t k = utf8_next(s, &c);

			k = k ? k : 1;
			for (size_t i = 0; i < k; i++) {
				if (is_attribute_char(s.p[i]))
					buf_putc(&pct, s.p[i]);
				else
					buf_printf(&pct, "%%%02X",
					    (unsigned char)s.p[i]);
			}
			s = str_from(s, k);
		}
		whole = piece == 0 && !s.n;
		buf_reset(&token);
		buf_puts(&token, key);
		if (!whole)
			buf_printf(&token, "*%u", piece);
		buf_printf(&token, "*=%s%s", piece == 0 ? "UTF-8''" : "",
		    buf_cstr(&pct));
		buf_putc(f->out, ';');
		field_token(f, buf_str(&token));
	}
}

void
field_param(struct field *f, const char *key, struct str value)
{
	AUTO(buf_fini) struct buf copy = BUF_INIT;
	AUTO(buf_fini) struct buf token = BUF_INIT;
	struct str s = clean_line(&copy, value);

	if (!utf8_is_ascii(s) || s.n > LINE - 20) {
		field_param_2231(f, key, s);
		return;
	}
	buf_puts(&token, key);
	buf_putc(&token, '=');
	buf_quoted(&token, s);
	buf_putc(f->out, ';');
	field_token(f, buf_str(&token));
}

void
field_param_2047(struct field *f, const char *key, struct str value)
{
	AUTO(buf_fini) struct buf copy = BUF_INIT;
	AUTO(buf_fini) struct buf token = BUF_INIT;
	struct str s = clean_line(&copy, value);

	if (utf8_is_ascii(s)) {
		field_param(f, key, s);
		return;
	}
	buf_putc(f->out, ';');
	for (bool start = true; s.n; start = false) {
		struct str part = word_fit(s, 44, false);

		must(part.n > 0);
		s = str_from(s, part.n);
		buf_reset(&token);
		if (start)
			buf_printf(&token, "%s=\"", key);
		buf_puts(&token, "=?UTF-8?B?");
		buf_base64(&token, part);
		buf_puts(&token, s.n ? "?=" : "?=\"");
		field_token(f, buf_str(&token));
	}
}

/* The end of a local part: the offset of its '@', or 0. */
static size_t
local_end(struct str s)
{
	size_t i = 0;

	if (s.n && s.p[0] == '"') {
		for (i = 1; i < s.n && s.p[i] != '"'; i++) {
			if (s.p[i] == '\\')
				i++;
			if (i >= s.n || ch_is_control(s.p[i]) ||
			    (unsigned char)s.p[i] >= 0x80)
				return 0;
		}
		i++;
	} else {
		while (i < s.n && (ch_is_atext(s.p[i]) || s.p[i] == '.'))
			i++;
	}
	return i < s.n && s.p[i] == '@' ? i : 0;
}

bool
address_sendable(struct str addr)
{
	size_t at = addr.n <= ADDRESS_MAX ? local_end(addr) : 0;
	struct str domain = str_from(addr, at + 1);
	bool literal =
	    domain.n > 2 && domain.p[0] == '[' && domain.p[domain.n - 1] == ']';

	if (at == 0 || domain.n == 0)
		return false;
	if (literal)
		domain = str_sub(domain, 1, domain.n - 1);
	for (size_t i = 0; i < domain.n; i++)
		if (!ch_is_alnum(domain.p[i]) && domain.p[i] != '-' &&
		    domain.p[i] != '.' && domain.p[i] != '_' &&
		    !(literal && domain.p[i] == ':'))
			return false;
	return true;
}

bool
message_id_sendable(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] >= 0x7f || id.p[i] == '<' ||
		    id.p[i] == '>')
			return false;
	return id.n > 0 && id.n <= PLAIN_MAX;
}

struct str
encode_clean_text(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	bool same = str_ends(s, S("\n")) && !memchr(s.p, '\r', s.n) &&
		    !memchr(s.p, '\0', s.n) && utf8_valid(s);
	struct str line;

	if (same)
		return s;
	while (str_line(&s, &line)) {
		utf8_put_clean(&b, line);
		buf_putc(&b, '\n');
	}
	return arena_dup(a, buf_str(&b));
}

const char *
encoding_name(enum encoding e)
{
	static const char *const names[] = {
	    "7bit", "quoted-printable", "base64"};

	return names[e];
}

enum encoding
encode_choose(struct str text, struct str avoid)
{
	size_t foreign = 0, equals = 0, lines = 0, longest = 0, qp, base64;
	bool hazard = false;
	struct str line;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		lines += c == '\n';
		equals += c == '=';
		foreign += (unsigned char)c >= 0x7f ||
			   (ch_is_control(c) && c != '\n' && c != '\t');
	}
	for (struct str rest = text; rest.n && str_cut(&rest, '\n', &line);) {
		longest = MAX(longest, line.n);
		hazard = hazard || str_starts(line, S("From ")) ||
			 (avoid.n && str_starts(line, S("--")) &&
			     str_starts(str_from(line, 2), avoid));
	}
	if (!foreign && !hazard && longest <= 78)
		return ENCODING_7BIT;
	qp = text.n + lines + 2 * (foreign + equals);
	qp += qp / 75 * 3;
	base64 = (text.n + lines + 2) / 3 * 4;
	base64 += base64 / 76 * 2;
	return qp <= base64 ? ENCODING_QP : ENCODING_BASE64;
}

/* One line without its end; soft breaks keep it within 76 columns, and no
 * character is cut by one. */
static void
qp_line(struct buf *out, struct str line)
{
	size_t column = 0;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		bool end = i + 1 == line.n;
		bool plain = (c >= '!' && c <= '~' && c != '=') ||
			     (ch_is_wsp(c) && !end);
		size_t cost;

		/* What mbox writers quote, and a dot alone on its line. */
		if (column == 0 &&
		    (c == '.' || (c == 'F' && str_starts(str_from(line, i),
						  S("From ")))))
			plain = false;
		cost = plain ? 1 : 3;
		/* A lead byte takes the rest of its character along. */
		if ((unsigned char)c >= 0xc0)
			cost = (unsigned char)c >= 0xf0   ? 12
			       : (unsigned char)c >= 0xe0 ? 9
							  : 6;
		if (column + cost > (end ? LINE : LINE - 1)) {
			buf_puts(out, "=\r\n");
			column = 0;
		}
		if (plain)
			buf_putc(out, c);
		else
			buf_printf(out, "=%02X", (unsigned char)c);
		column += plain ? 1 : 3;
	}
}

void
encode_text(struct buf *out, struct str text, enum encoding e)
{
	AUTO(buf_fini) struct buf crlf = BUF_INIT;
	struct buf *to = e == ENCODING_BASE64 ? &crlf : out;
	struct str line;

	while (text.n && str_cut(&text, '\n', &line)) {
		if (e == ENCODING_QP)
			qp_line(to, line);
		else
			buf_put(to, line);
		buf_puts(to, "\r\n");
	}
	if (e == ENCODING_BASE64)
		encode_bytes(out, buf_str(&crlf));
}

void
encode_bytes(struct buf *out, struct str bytes)
{
	while (bytes.n) {
		buf_base64(out, str_sub(bytes, 0, 57));
		buf_puts(out, "\r\n");
		bytes = str_from(bytes, 57);
	}
}

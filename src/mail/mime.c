/*
 * Why the structure is ours and not libetpan's mailmime_parse(): the limits (nesting, parts, header bytes) have to be known
 * before a library sees a byte, and who counts parts has found them. In libetpan 1.9.4, moreover, an empty part makes its whole multipart
 * vanish, a boundary with a quote in it is written past its buffer, nesting is recursion without end, and a header it cannot
 * parse hides the parts below. tests/mail/test_mime.c holds its tree against this one where mails are proper.
 *
 * One level at a time: the body of a multipart is cut at its boundary lines, then each piece is a part. The guard pays for every byte
 * scanned, so nesting cannot be used to make that quadratic.
 */
#include "mail/mime.h"
#include "mail/charset.h"
#include "mail/smime.h"
#include "base/must.h"

enum {
	WARNINGS_MAX = 50,
	BOUNDARY_MAX = 4096,
	SAME_BYTES =
	    2000, /* of a header, in which a boundary is looked for again */
	ENCODED_MAX = 16 << 20
};

static void
warn(struct mime *m, struct str what)
{
	if (m->warnings && m->warnings->n < WARNINGS_MAX &&
	    !strs_has(m->warnings, what))
		strs_add(m->arena, m->warnings, what);
}

/* ---- the header of a part ---- */

static bool
is_type(struct str s)
{
	ptrdiff_t slash = str_chr(s, '/', 0);

	if (slash <= 0 || (size_t)slash + 1 == s.n || s.n > 127)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

/* Up to the first character that no type can have: "text/plain>" is text/plain. */
static struct str
clean_type(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_alnum(s.p[i]) && !memchr("/!#$&^_.+-", s.p[i], 10))
			return str_sub(s, 0, i);
	return s;
}

/* The Content-Type, or what stands for it: RFC 2045 §5.2 wants text/plain for the absent and the senseless. */
static void
read_type(struct mime *m, struct part *p, struct str fallback)
{
	struct str raw = fields_get(&p->fields, S("Content-Type"));

	p->type = fallback;
	if (!raw.p)
		return;
	params_parse(m->arena, raw, &p->type_params);
	p->type_params.value = clean_type(p->type_params.value);
	if (is_type(p->type_params.value)) {
		p->type = p->type_params.value;
		p->type_given = true;
	} else if (str_starts(p->type_params.value, S("multipart"))) {
		p->type = S("multipart/mixed");
		p->type_given = true;
	} else if (str_eq(p->type_params.value, S("html"))) {
		p->type = S("text/html");
		p->type_given = true;
	} else if (params_get(&p->type_params, S("boundary")).n) {
		p->type = S("multipart/mixed");
	} else {
		p->type = S("text/plain");
	}
}

static struct str
without_angles(struct arena *a, struct str raw)
{
	struct str s = header_text(a, raw, S("utf-8"));

	if (s.n && s.p[0] == '<')
		s = str_from(s, 1);
	if (s.n && s.p[s.n - 1] == '>')
		s.n--;
	return str_trim(s);
}

static void
read_header(struct mime *m, struct part *p, struct str fallback)
{
	struct str raw;

	read_type(m, p, fallback);
	raw = fields_get(&p->fields, S("Content-Disposition"));
	if (raw.p)
		params_parse(m->arena, raw, &p->disposition);
	raw = fields_get(&p->fields, S("Content-Transfer-Encoding"));
	p->transfer = transfer_parse(raw);
	raw = fields_get(&p->fields, S("Content-ID"));
	if (raw.p)
		p->content_id = without_angles(m->arena, raw);
	if (str_starts(p->type, S("multipart/")))
		p->kind = PART_MULTIPART;
	else if (str_eq(p->type, S("message/rfc822")) ||
		 str_eq(p->type, S("message/global")) ||
		 str_eq(p->type, S("message/news")))
		p->kind = PART_MESSAGE;
}

/* ---- cutting ---- */

enum mark {
	MARK_NONE,
	MARK_OPEN,
	MARK_CLOSE
};

/* Is this line (without its LF) the boundary? RFC 2046 §5.1.1 allows blanks behind; longer ones belong to somebody else. */
static enum mark
boundary_line(const char *p, size_t n, struct str boundary)
{
	enum mark mark = MARK_OPEN;
	size_t i = 2 + boundary.n;

	if (n < i || p[0] != '-' || p[1] != '-' ||
	    memcmp(p + 2, boundary.p, boundary.n) != 0)
		return MARK_NONE;
	if (n - i >= 2 && p[i] == '-' && p[i + 1] == '-') {
		mark = MARK_CLOSE;
		i += 2;
	}
	while (i < n && (ch_is_wsp(p[i]) || p[i] == '\r'))
		i++;
	/* Some relays glue the line behind the last boundary to it. */
	return i == n || mark == MARK_CLOSE ? mark : MARK_NONE;
}

/* The pieces between the boundary lines of a body. */
struct cuts {
	struct str *v;
	size_t n, cap;
	bool closed;
};

static void
add_cut(struct arena *a, struct cuts *c, const char *from, const char *to)
{
	if (c->n == c->cap) {
		struct str *v;

		c->cap = c->cap ? c->cap * 2 : 4;
		v = arena_array(a, struct str, c->cap);
		if (c->n)
			memcpy(v, c->v, c->n * sizeof *v);
		c->v = v;
	}
	/* The line end before a boundary belongs to it. */
	if (to > from && to[-1] == '\n')
		to--;
	if (to > from && to[-1] == '\r')
		to--;
	c->v[c->n++] = str_n(from, (size_t)(to - from));
}

/* "boundary=B" or "boundary="B"" in a header, to the letter: "B2" is another. */
static bool
names_boundary(struct str head, struct str boundary)
{
	ptrdiff_t found = 0;

	while ((found = str_find(head, boundary, (size_t)found)) >= 0) {
		struct str before = str_rtrim(str_sub(head, 0, (size_t)found));
		size_t end = (size_t)found + boundary.n;
		bool quote = before.n && before.p[before.n - 1] == '"';

		before.n -= quote;
		before = str_rtrim(before);
		if (str_iends(before, S("=")) &&
		    str_iends(str_rtrim(str_sub(before, 0, before.n - 1)),
			S("boundary")) &&
		    (end == head.n || head.p[end] == '"' ||
			head.p[end] == ';' || ch_is_space(head.p[end])))
			return true;
		found++;
	}
	return false;
}

/* Does the header at p open a multipart that took the boundary of the one around it? */
static bool
opens_same(const char *p, const char *end, struct str boundary)
{
	struct str head = str_n(p, MIN((size_t)(end - p), (size_t)SAME_BYTES));
	struct str rest = head, line;

	while (rest.n && str_cut(&rest, '\n', &line))
		if (!str_trim(line).n ||
		    boundary_line(line.p, line.n, boundary)) {
			head.n = (size_t)(line.p - p);
			break;
		}
	return str_ifind(head, S("multipart/"), 0) >= 0 &&
	       names_boundary(head, boundary);
}

/* same: multiparts inside have this boundary too; their boundary lines belong to them. */
static void
cut(struct arena *a, struct str body, struct str boundary, size_t max,
    bool same, struct cuts *c)
{
	const char *p = body.p, *end, *from = NULL;
	size_t inside = 0;

	*c = (struct cuts){0};
	if (!body.n)
		return;
	end = p + body.n;
	while (p < end && c->n <= max) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *next = nl ? nl + 1 : end;
		enum mark mark = MARK_NONE;

		if (*p == '-')
			mark = boundary_line(
			    p, (size_t)((nl ? nl : end) - p), boundary);
		if (mark == MARK_CLOSE && inside) {
			inside--;
			mark = MARK_NONE;
		} else if (mark == MARK_OPEN && same) {
			bool deeper = opens_same(next, end, boundary);

			if (inside)
				mark = MARK_NONE;
			inside += deeper;
		}
		if (mark != MARK_NONE) {
			if (from)
				add_cut(a, c, from, p);
			from = next;
		}
		if (mark == MARK_CLOSE && c->n) {
			c->closed = true;
			return;
		}
		p = next;
	}
	if (from && from < end)
		add_cut(a, c, from, end);
}

/* Is there a part of which its own boundary has left nothing but the header? */
static bool
any_same(const struct cuts *c, struct str boundary)
{
	for (size_t i = 0; i + 1 < c->n; i++)
		if (c->v[i].n < SAME_BYTES && str_has(c->v[i], boundary) &&
		    opens_same(c->v[i].p, c->v[i].p + c->v[i].n, boundary))
			return true;
	return false;
}

/*
 * The boundary that is really used, when the announced one is not there: the first line that begins with "--" and is followed by a field
 * of a part.
 */
static struct str
find_boundary(struct str body)
{
	struct str rest = body, line;

	while (rest.n && str_cut(&rest, '\n', &line)) {
		struct str after = rest, next;

		line = str_rtrim(line);
		if (line.n < 3 || !str_starts(line, S("--")) ||
		    line.n > BOUNDARY_MAX || !str_cut(&after, '\n', &next))
			continue;
		if (str_istarts(next, S("content-")) && field_name(next))
			return str_from(line, 2);
	}
	return (struct str){NULL, 0};
}

/* ---- the tree ---- */

static struct part *
add_part(struct mime *m, const struct part *parent, struct str number)
{
	struct part *p = arena_new(m->arena, struct part);

	/* Full at every power of two from 4 on. */
	if (m->n == 0 || (m->n >= 4 && (m->n & (m->n - 1)) == 0)) {
		struct part **v = arena_array(
		    m->arena, struct part *, m->n < 4 ? 4 : m->n * 2);

		if (m->n)
			memcpy(v, m->v, m->n * sizeof(struct part *));
		m->v = v;
	}
	m->v[m->n++] = p;
	p->parent = parent;
	p->depth = parent ? parent->depth + 1 : 0;
	p->embedded =
	    parent && (parent->embedded || parent->kind == PART_MESSAGE);
	p->number = number;
	return p;
}

static int read_part(struct mime *m, const struct part *parent, struct str raw,
    struct str number, struct str fallback);

static int
find_cuts(struct mime *m, struct part *p, struct cuts *c)
{
	struct str boundary = params_get(&p->type_params, S("boundary"));
	size_t max = m->guard->limits.parts;

	if (guard_scan(m->guard, p->body.n))
		return -1;
	if (boundary.n && boundary.n <= BOUNDARY_MAX)
		cut(m->arena, p->body, boundary, max, false, c);
	if (any_same(c, boundary)) {
		warn(m, S("a multipart has the boundary of the one around it"));
		if (guard_scan(m->guard, p->body.n))
			return -1;
		cut(m->arena, p->body, boundary, max, true, c);
	}
	if (!c->n && p->transfer != TRANSFER_IDENTITY && boundary.n &&
	    boundary.n <= BOUNDARY_MAX) {
		/* RFC 2045 §6.4 forbids to encode a multipart; it is done. */
		struct str plain = part_content(m->arena, p);

		cut(m->arena, plain, boundary, max, false, c);
		if (c->n)
			warn(m, S("a multipart is encoded as a whole"));
	}
	if (!c->n) {
		if (guard_scan(m->guard, p->body.n))
			return -1;
		boundary = find_boundary(p->body);
		if (boundary.n) {
			cut(m->arena, p->body, boundary, max, false, c);
			warn(m, S("the boundary of a multipart is not the one "
				  "announced"));
		}
	}
	if (c->n && !c->closed)
		warn(m, S("the last boundary of a multipart is missing"));
	return 0;
}

static int
read_children(struct mime *m, struct part *p)
{
	struct cuts c = {0};
	struct str fallback = str_eq(p->type, S("multipart/digest"))
				  ? S("message/rfc822")
				  : S("text/plain");

	if (find_cuts(m, p, &c))
		return -1;
	if (!c.n) {
		/* Nothing of a multipart but the name: what is there is text. */
		if (str_trim(p->body).n)
			warn(m, S("a multipart without any part"));
		p->kind = PART_LEAF;
		p->type = S("text/plain");
		if (!p->number.n)
			p->number = S("1");
		return 0;
	}
	for (size_t i = 0; i < c.n; i++) {
		struct str number = p->number.n
					? arena_printf(m->arena, "%.*s.%zu",
					      STR_ARG(p->number), i + 1)
					: arena_printf(m->arena, "%zu", i + 1);

		if (read_part(m, p, c.v[i], number, fallback))
			return -1;
	}
	return 0;
}

/* The mail in a message/rfc822 is the one child of that part. */
static int
read_embedded(struct mime *m, struct part *p)
{
	struct str raw = p->body;

	if (!str_trim(raw).n)
		return 0;
	/* RFC 2046 §5.2.1 forbids to encode it; it is done. */
	if (p->transfer != TRANSFER_IDENTITY) {
		if (raw.n > ENCODED_MAX)
			return 0;
		raw = part_content(m->arena, p);
	}
	if (guard_scan(m->guard, raw.n))
		return -1;
	return read_part(m, p, raw, p->number, S("text/plain"));
}

/* S/MIME signed-data: the entity inside is its one child, and the part itself only a wrapping like a multipart's. */
static int
read_opaque(struct mime *m, struct part *p)
{
	struct str raw = smime_part_open(m, p);

	if (!str_trim(raw).n)
		return 0;
	if (guard_scan(m->guard, raw.n))
		return -1;
	p->kind = PART_MULTIPART;
	return read_part(
	    m, p, raw, p->number.n ? p->number : S("1"), S("text/plain"));
}

static int
read_part(struct mime *m, const struct part *parent, struct str raw,
    struct str number, struct str fallback)
{
	struct part *p = add_part(m, parent, number);
	size_t at = m->n - 1, body;

	p->raw = raw;
	body = fields_scan(m->arena, raw, &p->fields);
	if (guard_part(m->guard, p->depth, body))
		return -1;
	if (p->fields.junk)
		warn(m, S("lines in a header that are no fields"));
	p->body = str_from(raw, body);
	read_header(m, p, fallback);
	if (p->kind == PART_MULTIPART && read_children(m, p))
		return -1;
	if (smime_part_is_opaque(p) && read_opaque(m, p))
		return -1;
	if (p->kind != PART_MULTIPART &&
	    (!parent || parent->kind == PART_MESSAGE))
		p->number =
		    number.n ? arena_printf(m->arena, "%.*s.1", STR_ARG(number))
			     : S("1");
	if (p->kind == PART_MESSAGE && read_embedded(m, p))
		return -1;
	m->v[at]->next = m->n;
	return 0;
}

int
mime_parse(struct arena *a, struct str raw, struct guard *g,
    struct strs *warnings, struct mime *out)
{
	*out = (struct mime){.arena = a, .guard = g, .warnings = warnings};
	return read_part(
	    out, NULL, raw, (struct str){NULL, 0}, S("text/plain"));
}

/* ---- content ---- */

/* Blanks inside, or many characters that base64 has not? A stray one is only damage. */
static bool
is_prose(struct str line)
{
	size_t n = MIN(line.n, (size_t)200), odd = 0, blanks = 0;

	for (size_t i = 0; i < n; i++) {
		char c = line.p[i];

		blanks += ch_is_wsp(c);
		odd += !ch_is_alnum(c) && c != '+' && c != '/' && c != '=';
	}
	return odd * 4 > n || (blanks > 1 && odd > 1);
}

/* Is a body that claims base64 none at all? Its first lines tell. */
static bool
is_not_base64(struct str body)
{
	struct str rest = body, line;
	unsigned lines = 0, odd = 0;

	while (lines < 4 && rest.n && str_cut(&rest, '\n', &line)) {
		line = str_trim(line);
		if (!line.n)
			continue;
		lines++;
		odd += is_prose(line);
	}
	return lines && odd * 2 > lines;
}

static enum transfer
real_transfer(const struct part *p)
{
	if (p->transfer == TRANSFER_BASE64 && is_not_base64(p->body))
		return TRANSFER_IDENTITY;
	return p->transfer;
}

struct str
part_content(struct arena *a, const struct part *p)
{
	enum transfer t = real_transfer(p);
	char *out;

	if (t == TRANSFER_IDENTITY)
		return p->body;
	out = arena_bytes(a, transfer_room(t, p->body.n));
	return str_n(out, transfer_decode(t, p->body, out));
}

void
part_decode(const struct part *p, struct buf *out)
{
	enum transfer t = real_transfer(p);
	char *at = buf_reserve(out, transfer_room(t, p->body.n));

	if (at)
		buf_commit(out, transfer_decode(t, p->body, at));
}

struct str
part_name(const struct part *p)
{
	struct str name = params_get(&p->disposition, S("filename"));

	if (!name.n)
		name = params_get(&p->type_params, S("name"));
	/* The wrong parameter in the wrong field. */
	return name.n ? name : params_get(&p->disposition, S("name"));
}

bool
part_is_attachment(const struct part *p)
{
	if (p->kind == PART_MULTIPART)
		return false;
	if (str_eq(p->disposition.value, S("attachment")) || part_name(p).n)
		return true;
	return !str_eq(p->type, S("text/plain")) &&
	       !str_eq(p->type, S("text/html"));
}

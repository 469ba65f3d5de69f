#include "mail/flowed.h"
#include "base/buf.h"

/* A line taken apart, RFC 3676 §4. */
struct flowed_line {
	size_t depth;    /* of quoting */
	struct str text; /* without quote marks and stuffing */
	bool soft;       /* goes on in the next line */
};

static struct flowed_line
read_line(struct str s)
{
	struct flowed_line l = {0};

	while (l.depth < s.n && s.p[l.depth] == '>')
		l.depth++;
	s = str_from(s, l.depth);
	if (s.n && s.p[0] == ' ')
		s = str_from(s, 1);
	l.text = s;
	/* §4.3: the signature mark is never soft. */
	l.soft = s.n && s.p[s.n - 1] == ' ' && !str_eq(s, S("-- "));
	return l;
}

struct str
flowed_unwrap(struct arena *a, struct str text, bool delsp)
{
	/* Quote marks gain one blank a line at most. */
	struct str rest = text, line;
	char *out, *o;
	size_t depth = 0, lines = 1;
	bool joining = false;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	out = o = arena_bytes(a, text.n + 2 * lines);
	while (rest.n && str_cut(&rest, '\n', &line)) {
		struct flowed_line l = read_line(line);
		bool more = rest.p && rest.n;

		/* A soft line followed by another depth was not to be continued (§4.5). */
		if (joining && (l.depth != depth || str_eq(l.text, S("-- ")))) {
			*o++ = '\n';
			joining = false;
		}
		if (!joining && l.depth) {
			memset(o, '>', l.depth);
			o += l.depth;
			*o++ = ' ';
		}
		if (l.soft && delsp)
			l.text.n--;
		if (l.text.n)
			memcpy(o, l.text.p, l.text.n);
		o += l.text.n;
		joining = l.soft && more;
		depth = l.depth;
		if (!joining && rest.p)
			*o++ = '\n';
	}
	return str_n(out, (size_t)(o - out));
}

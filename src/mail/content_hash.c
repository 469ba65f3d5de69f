/*
 * The same mail comes with LF from a Maildir and with CRLF from IMAP, through one server or three. So: line ends are made CRLF on the
 * way into the digest, and the fields that servers put on top are left out. A mail of CRLF lines goes in as it lies there; one
 * of LF lines through a buffer of a few pages.
 */
#include "mail/message.h"
#include "base/must.h"

enum {
	CHUNK = 16 << 10
};

/* Gathers lines, so that the digest is not called for each. */
struct gather {
	struct sha256 *h;
	size_t n;
	char bytes[CHUNK];
};

static void
drain(struct gather *g)
{
	sha256_add(g->h, str_n(g->bytes, g->n));
	g->n = 0;
}

static void
put(struct gather *g, struct str s)
{
	if (s.n > CHUNK - g->n)
		drain(g);
	if (s.n > CHUNK) {
		sha256_add(g->h, s);
		return;
	}
	if (s.n)
		memcpy(g->bytes + g->n, s.p, s.n);
	g->n += s.n;
}

/* A line with its end, as it is; the end written is CRLF. */
static void
put_line(struct gather *g, struct str line)
{
	bool lf = line.n && line.p[line.n - 1] == '\n';

	if (lf && line.n > 1 && line.p[line.n - 2] == '\r') {
		put(g, line);
		return;
	}
	line.n -= lf;
	put(g, line);
	if (lf)
		put(g, S("\r\n"));
}

static bool
take(struct str *rest, struct str *line)
{
	const char *nl;

	if (!rest->n)
		return false;
	nl = memchr(rest->p, '\n', rest->n);
	*line = str_sub(*rest, 0, nl ? (size_t)(nl - rest->p) + 1 : rest->n);
	*rest = str_from(*rest, line->n);
	return true;
}

static bool
is_left_out(struct str line)
{
	static const struct str names[] = {{"return-path:", 12},
	    {"received:", 9}, {"delivered-to:", 13}, {"x-original-to:", 14},
	    {"authentication-results:", 23}};

	if (str_istarts(line, S("arc-")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_istarts(line, names[i]))
			return true;
	return false;
}

void
message_content_hash(struct str raw, unsigned char out[SHA256_SIZE])
{
	struct gather g = {.n = 0};
	struct str rest = raw, line;
	bool skip = false;

	g.h = sha256_new();
	if (str_starts(rest, S("From ")))
		take(&rest, &line);
	while (take(&rest, &line)) {
		if (line.p[0] == '\n' ||
		    (line.p[0] == '\r' && line.n > 1 && line.p[1] == '\n')) {
			put_line(&g, line);
			break;
		}
		if (!ch_is_wsp(line.p[0]))
			skip = is_left_out(line);
		if (!skip)
			put_line(&g, line);
	}
	while (take(&rest, &line))
		put_line(&g, line);
	drain(&g);
	sha256_done(g.h, out);
}

/*
 * HTML through an allow-list: what is not listed does not come out, so a new attack has to be made of old, harmless
 * parts. The output is written anew from the parser's calls, every value quoted and escaped; nothing of the
 * input's own markup survives.
 *
 * No style attribute passes (CSS can fetch, cover the page and hide), nor any class or id (they could meet the
 * style of the page around).
 */
#include "mail/html.h"

#include "base/must.h"
#include "mail/html_walk.h"

struct html_safe {
	struct buf out;
	size_t depth, dropped; /* the depth at which dropping began; 0: none */
};

bool
html_safe_tag(enum html_tag tag)
{
	switch (tag) {
	case HTML_A:
	case HTML_B:
	case HTML_BLOCKQUOTE:
	case HTML_BR:
	case HTML_CODE:
	case HTML_DD:
	case HTML_DIV:
	case HTML_DL:
	case HTML_DT:
	case HTML_EM:
	case HTML_H1:
	case HTML_HR:
	case HTML_I:
	case HTML_IMG:
	case HTML_LI:
	case HTML_OL:
	case HTML_P:
	case HTML_PRE:
	case HTML_S:
	case HTML_SPAN:
	case HTML_STRONG:
	case HTML_SUB:
	case HTML_SUP:
	case HTML_TABLE:
	case HTML_TD:
	case HTML_TH:
	case HTML_TR:
	case HTML_U:
	case HTML_UL:
		return true;
	default:
		return false;
	}
}

bool
html_safe_is_void(enum html_tag tag)
{
	return tag == HTML_BR || tag == HTML_HR || tag == HTML_IMG;
}

static void
put_escaped(struct buf *b, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *e;

		switch (s.p[i]) {
		case '<':
			e = "&lt;";
			break;
		case '>':
			e = "&gt;";
			break;
		case '&':
			e = "&amp;";
			break;
		case '"':
			e = "&quot;";
			break;
		case '\'':
			e = "&#39;";
			break;
		case '`':
			e = "&#96;";
			break;
		default:
			continue;
		}
		buf_put(b, str_sub(s, from, i));
		buf_puts(b, e);
		from = i + 1;
	}
	buf_put(b, str_from(s, from));
}

static void
put_attribute(struct buf *b, const char *name, struct str value)
{
	buf_putc(b, ' ');
	buf_puts(b, name);
	buf_puts(b, "=\"");
	put_escaped(b, value);
	buf_putc(b, '"');
}

/*
 * Is it one of the schemes? Browsers drop control characters and blanks inside a scheme ("java\tscript:"), so a
 * URL with any of them before its end is none of ours.
 */
static bool
url_scheme(struct str url, const struct str *schemes, size_t n)
{
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
			return false;
	for (size_t i = 0; i < n; i++)
		if (str_istarts(url, schemes[i]))
			return true;
	return false;
}

static bool
is_number(struct str s)
{
	uint64_t n;

	if (str_ends(s, S("%")))
		s.n--;
	return s.n <= 4 && str_u64(s, &n);
}

static void
put_number(struct html_safe *t, const char **atts, const char *name)
{
	struct str v = html_attribute(atts, name);

	if (is_number(v))
		put_attribute(&t->out, name, v);
}

static void
put_attributes(struct html_safe *t, enum html_tag tag, const char **atts)
{
	static const struct str links[] = {
	    S("http:"), S("https:"), S("mailto:"), S("tel:")};
	static const struct str images[] = {S("cid:")};
	struct str v;

	switch (tag) {
	case HTML_A:
		v = str_trim(html_attribute(atts, "href"));
		if (url_scheme(v, links, ARRAY_LEN(links))) {
			put_attribute(&t->out, "href", v);
			put_attribute(
			    &t->out, "rel", S("noopener noreferrer nofollow"));
		}
		break;
	case HTML_IMG:
		v = str_trim(html_attribute(atts, "src"));
		if (url_scheme(v, images, ARRAY_LEN(images)))
			put_attribute(&t->out, "src", v);
		v = html_attribute(atts, "alt");
		if (v.n)
			put_attribute(&t->out, "alt", v);
		put_number(t, atts, "width");
		put_number(t, atts, "height");
		break;
	case HTML_TD:
	case HTML_TH:
		put_number(t, atts, "colspan");
		put_number(t, atts, "rowspan");
		break;
	case HTML_OL:
		put_number(t, atts, "start");
		break;
	default:
		break;
	}
	v = html_attribute(atts, "title");
	if (v.n)
		put_attribute(&t->out, "title", v);
	v = html_attribute(atts, "dir");
	if (str_ieq(v, S("rtl")) || str_ieq(v, S("ltr")))
		put_attribute(&t->out, "dir", v);
}

static void
on_open(void *ctx, enum html_tag tag, const char *name, const char **atts)
{
	struct html_safe *t = ctx;

	t->depth++;
	if (t->dropped)
		return;
	if (tag == HTML_DROP) {
		t->dropped = t->depth;
		return;
	}
	if (!html_safe_tag(tag))
		return;
	buf_putc(&t->out, '<');
	buf_puts(&t->out, name);
	put_attributes(t, tag, atts);
	buf_putc(&t->out, '>');
}

static void
on_text(void *ctx, struct str s)
{
	struct html_safe *t = ctx;

	if (!t->dropped)
		put_escaped(&t->out, s);
}

static void
on_close(void *ctx, enum html_tag tag, const char *name)
{
	struct html_safe *t = ctx;

	must(t->depth > 0);
	if (t->dropped == t->depth) {
		t->dropped = 0;
	} else if (!t->dropped && html_safe_tag(tag) &&
		   !html_safe_is_void(tag)) {
		buf_puts(&t->out, "</");
		buf_puts(&t->out, name);
		buf_putc(&t->out, '>');
	}
	t->depth--;
}

struct html_safe *
html_safe_new(struct arena *a, struct html_walker *w)
{
	struct html_safe *t = arena_new(a, struct html_safe);

	t->out = buf_max(HTML_TEXT_MAX);
	*w = (struct html_walker){t, on_open, on_text, on_close};
	return t;
}

struct str
html_safe_text(const struct html_safe *t)
{
	return buf_str(&t->out);
}

void
html_safe_free(struct html_safe *t)
{
	buf_fini(&t->out);
}

int
html_sanitise(
    struct arena *a, struct str html, struct str *safe, struct err *err)
{
	struct html_walker w;
	struct html_safe *t = html_safe_new(a, &w);
	int r = html_walk(html, &w, err);

	if (r == 0 && buf_failed(&t->out))
		r = err_set(err, ERR_PERM, "HTML: too long");
	if (r == 0)
		*safe = arena_dup(a, html_safe_text(t));
	html_safe_free(t);
	return r;
}

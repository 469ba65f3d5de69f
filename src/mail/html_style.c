/*
 * As much of CSS as tells whether something is seen at all. Bulk mail opens with a line for the list of mails that must not be
 * seen in the mail; it is hidden by its own style, or by a class:
 *
 *   <style>.preheader { display: none !important }</style> … <span class="preheader">Do not miss …</span>
 *
 * What stands inside of "@media" is about some screens only and does not count.
 */
#include "mail/html_style.h"

#include "base/must.h"
#include "mail/html_walk.h"

enum {
	STYLE_MAX = 64 << 10, /* bytes of style sheets that are read */
};

/* The value of a CSS property in a style attribute, lower case not assured; empty when it is absent. */
struct str
html_css(struct str style, struct str property)
{
	struct str part;

	while (str_cut(&style, ';', &part)) {
		struct str name;

		if (!str_cut(&part, ':', &name) || !part.p)
			continue;
		if (str_ieq(str_trim(name), property))
			return str_trim(part);
	}
	return S("");
}

/* "0", "0px", "0.0pt"; not "" and not "0.5em". */
bool
html_css_zero(struct str v)
{
	bool digit = false;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] >= '1' && v.p[i] <= '9')
			return false;
		digit |= v.p[i] == '0';
	}
	return digit;
}

static bool
is_transparent(struct str opacity)
{
	return opacity.n && html_css_zero(opacity);
}

/* Does the style take the element out of sight? Preheaders of bulk mail and text for filters, mostly. */
bool
html_style_hides(struct str style)
{
	if (str_istarts(html_css(style, S("display")), S("none")) ||
	    str_istarts(html_css(style, S("visibility")), S("hidden")) ||
	    str_istarts(html_css(style, S("mso-hide")), S("all")) ||
	    is_transparent(html_css(style, S("opacity"))))
		return true;
	return str_istarts(html_css(style, S("overflow")), S("hidden")) &&
	       (html_css_zero(html_css(style, S("max-height"))) ||
		   html_css_zero(html_css(style, S("height"))));
}

bool
html_has_class(struct str s, struct str word)
{
	struct str w;

	while (str_word(&s, &w)) {
		if (str_istarts(w, S("x_"))) /* Outlook on the web adds it */
			w = str_from(w, 2);
		if (str_ieq(w, word))
			return true;
	}
	return false;
}

bool
html_has_attribute(const char **atts, const char *name)
{
	for (; atts && atts[0]; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return true;
	return false;
}

/* --- what clients mark --- */

/* Containers of quoted mail that are not a <blockquote>: Yahoo, GMX and web.de, NetEase, Foxmail. */
bool
html_is_quote(struct str class, struct str id, struct str name)
{
	static const struct str ids[] = {
	    S("isReplyContent"),
	    S("ntes-pcmac-quote"),
	    S("yahoo_quoted"),
	};

	if (str_ieq(name, S("quote")) ||
	    html_has_class(class, S("yahoo_quoted")) ||
	    html_has_class(class, S("ntes-mailmaster-quote")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (str_istarts(id, ids[i]))
			return true;
	return false;
}

bool
html_is_signature(struct str class, struct str id)
{
	return html_has_class(class, S("gmail_signature")) ||
	       html_has_class(class, S("moz-signature")) ||
	       html_has_class(class, S("protonmail_signature_block-user")) ||
	       str_ieq(id, S("Signature")) || str_ieq(id, S("x_Signature")) ||
	       str_ieq(id, S("AppleMailSignature"));
}

/* A picture to make room, or to be told that the mail is read: no wider or no higher than a pixel. */
bool
html_is_spacer(const char **atts)
{
	struct str width = html_attribute(atts, "width");
	struct str height = html_attribute(atts, "height");

	return html_css_zero(width) || html_css_zero(height) ||
	       str_eq(width, S("1")) || str_eq(height, S("1"));
}

/* --- style sheets --- */

/* ".name" or "tag.name", nothing else: the name. */
static struct str
lone_class(struct str selector)
{
	size_t i = 0;

	selector = str_trim(selector);
	while (i < selector.n && ch_is_alnum(selector.p[i]))
		i++;
	if (i >= selector.n || selector.p[i] != '.')
		return S("");
	selector = str_from(selector, i + 1);
	for (i = 0; i < selector.n; i++)
		if (!ch_is_alnum(selector.p[i]) && selector.p[i] != '-' &&
		    selector.p[i] != '_')
			return S("");
	return selector;
}

static void
read_rule(struct str selectors, struct str body, struct html_hidden *out)
{
	struct str one;

	if (!str_istarts(html_css(body, S("display")), S("none")) &&
	    !str_istarts(html_css(body, S("visibility")), S("hidden")))
		return;
	while (str_cut(&selectors, ',', &one)) {
		one = lone_class(one);
		if (one.n && out->n < HTML_HIDDEN_MAX)
			out->v[out->n++] = one;
	}
}

/* Behind the brace that closes the block which begins at i. */
static size_t
block_end(struct str s, size_t i)
{
	size_t depth = 0;

	for (; i < s.n; i++) {
		if (s.p[i] == '{')
			depth++;
		else if (s.p[i] == '}' && (depth == 0 || --depth == 0))
			return i + 1;
	}
	return s.n;
}

static void
read_sheet(struct str s, struct html_hidden *out)
{
	size_t i = 0;

	while (i < s.n) {
		ptrdiff_t open = str_chr(s, '{', i), end;
		struct str selectors;

		if (open < 0)
			return;
		selectors = str_trim(str_sub(s, i, (size_t)open));
		/* Behind a comment, or a rule without a block. */
		while ((end = str_find(selectors, S("*/"), 0)) >= 0)
			selectors = str_from(selectors, (size_t)end + 2);
		while ((end = str_chr(selectors, ';', 0)) >= 0)
			selectors = str_from(selectors, (size_t)end + 1);
		if (str_starts(selectors, S("<!--")))
			selectors = str_from(selectors, 4);
		i = block_end(s, (size_t)open);
		if (!str_starts(str_ltrim(selectors), S("@")))
			read_rule(selectors,
			    str_sub(s, (size_t)open + 1, i ? i - 1 : 0), out);
	}
}

void
html_hidden_classes(struct str html, struct html_hidden *out)
{
	ptrdiff_t at = 0, from, end;
	size_t left = STYLE_MAX;

	out->n = 0;
	while (left && (at = str_ifind(html, S("<style"), (size_t)at)) >= 0) {
		from = str_chr(html, '>', (size_t)at);
		if (from < 0)
			return;
		end = str_ifind(html, S("</style"), (size_t)from);
		if (end < 0)
			end = (ptrdiff_t)html.n;
		end = MIN(end, from + 1 + (ptrdiff_t)left);
		left -= (size_t)(end - from - 1);
		read_sheet(str_sub(html, (size_t)from + 1, (size_t)end), out);
		at = end;
	}
}

bool
html_class_hides(const struct html_hidden *hidden, struct str class)
{
	for (size_t i = 0; class.n && i < hidden->n; i++)
		if (html_has_class(class, hidden->v[i]))
			return true;
	return false;
}

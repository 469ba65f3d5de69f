/*
 * The one place that knows libxml2. Its HTML parser is fed through its old callback interface, without a tree: the
 * tree would cost three times the parsing and we only ever read it once.
 *
 * Caps come first, in a scan of our own: the parser compares every attribute with all before it in the same tag, and every
 * stray closing tag with all open elements, so 100,000 attributes or 200,000 nested elements would take minutes.
 */
#include "mail/html.h"

#include <libxml/HTMLparser.h>
#include <libxml/xmlerror.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "mail/html_walk.h"

enum {
	CONDITION_MAX = 200, /* bytes of "<![if …]>" */
};

struct walk {
	const struct html_walker *w;
	htmlParserCtxtPtr ctxt;
	size_t depth, tags;
	const char *why; /* a cap was passed */
};

/* Sorted by name. */
static const struct known {
	const char *name;
	enum html_tag tag;
} known[] = {
    {"a", HTML_A},
    {"abbr", HTML_INLINE},
    {"address", HTML_BLOCK},
    {"applet", HTML_DROP},
    {"article", HTML_SECTIONS},
    {"aside", HTML_SECTIONS},
    {"audio", HTML_DROP},
    {"b", HTML_B},
    {"base", HTML_VOID},
    {"big", HTML_INLINE},
    {"blockquote", HTML_BLOCKQUOTE},
    {"br", HTML_BR},
    {"caption", HTML_BLOCK},
    {"center", HTML_CENTER},
    {"cite", HTML_INLINE},
    {"code", HTML_CODE},
    {"dd", HTML_DD},
    {"del", HTML_S},
    {"details", HTML_SECTIONS},
    {"dfn", HTML_INLINE},
    {"dir", HTML_UL},
    {"div", HTML_DIV},
    {"dl", HTML_DL},
    {"dt", HTML_DT},
    {"em", HTML_EM},
    {"embed", HTML_DROP},
    {"fieldset", HTML_SECTIONS},
    {"figcaption", HTML_SECTIONS},
    {"figure", HTML_SECTIONS},
    {"font", HTML_FONT},
    {"footer", HTML_SECTIONS},
    {"form", HTML_SECTIONS},
    {"frame", HTML_DROP},
    {"frameset", HTML_DROP},
    {"h1", HTML_H1},
    {"h2", HTML_H1},
    {"h3", HTML_H1},
    {"h4", HTML_H1},
    {"h5", HTML_H1},
    {"h6", HTML_H1},
    {"head", HTML_DROP},
    {"header", HTML_SECTIONS},
    {"hr", HTML_HR},
    {"i", HTML_I},
    {"iframe", HTML_DROP},
    {"img", HTML_IMG},
    {"input", HTML_VOID},
    {"ins", HTML_U},
    {"kbd", HTML_CODE},
    {"li", HTML_LI},
    {"link", HTML_VOID},
    {"main", HTML_SECTIONS},
    {"map", HTML_DROP},
    {"mark", HTML_INLINE},
    {"math", HTML_DROP},
    {"menu", HTML_UL},
    {"meta", HTML_VOID},
    {"nav", HTML_SECTIONS},
    {"noframes", HTML_DROP},
    {"object", HTML_DROP},
    {"ol", HTML_OL},
    {"p", HTML_P},
    {"pre", HTML_PRE},
    {"q", HTML_INLINE},
    {"s", HTML_S},
    {"samp", HTML_CODE},
    {"script", HTML_DROP},
    {"section", HTML_SECTIONS},
    {"select", HTML_DROP},
    {"small", HTML_INLINE},
    {"span", HTML_SPAN},
    {"strike", HTML_S},
    {"strong", HTML_STRONG},
    {"style", HTML_DROP},
    {"sub", HTML_SUB},
    {"summary", HTML_SECTIONS},
    {"sup", HTML_SUP},
    {"svg", HTML_DROP},
    {"table", HTML_TABLE},
    {"tbody", HTML_BLOCK},
    {"td", HTML_TD},
    {"template", HTML_DROP},
    {"textarea", HTML_DROP},
    {"tfoot", HTML_BLOCK},
    {"th", HTML_TH},
    {"thead", HTML_BLOCK},
    {"title", HTML_DROP},
    {"tr", HTML_TR},
    {"tt", HTML_CODE},
    {"u", HTML_U},
    {"ul", HTML_UL},
    {"var", HTML_INLINE},
    {"video", HTML_DROP},
    {"xml", HTML_DROP},
};

/* Where the names of one first letter begin in known[]; made by html_init(). */
static unsigned char first[27];

static enum html_tag
tag_of(const char *name)
{
	unsigned l = (unsigned)(name[0] - 'a');

	if (l >= 26)
		return HTML_OTHER;
	for (unsigned i = first[l]; i < first[l + 1]; i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].tag;
	return HTML_OTHER;
}

static void
ignore_error(void *ctx, xmlErrorPtr e)
{
	(void)ctx;
	(void)e;
}

void
html_init(void)
{
	unsigned at = 0;

	for (unsigned l = 0; l < 26; l++) {
		while (at < ARRAY_LEN(known) &&
		       known[at].name[0] < (char)('a' + (int)l))
			at++;
		first[l] = (unsigned char)at;
	}
	first[26] = ARRAY_LEN(known);
	xmlInitParser();
	xmlSetStructuredErrorFunc(NULL, ignore_error);
}

struct str
html_attribute(const char **attributes, const char *name)
{
	for (; attributes && attributes[0]; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return str_c(attributes[1]);
	return S("");
}

static void
stop(struct walk *k, const char *why)
{
	if (!k->why)
		k->why = why;
	xmlStopParser(k->ctxt);
}

static void
on_open(void *ctx, const xmlChar *name, const xmlChar **atts)
{
	struct walk *k = ctx;

	if (k->why)
		return;
	if (++k->depth > HTML_DEPTH_MAX) {
		stop(k, "nested too deeply");
		return;
	}
	k->w->open(k->w->ctx, tag_of((const char *)name), (const char *)name,
	    (const char **)atts);
}

static void
on_close(void *ctx, const xmlChar *name)
{
	struct walk *k = ctx;

	if (k->why)
		return;
	must(k->depth > 0);
	k->depth--;
	k->w->close(k->w->ctx, tag_of((const char *)name), (const char *)name);
}

static void
on_text(void *ctx, const xmlChar *p, int n)
{
	struct walk *k = ctx;

	if (!k->why && n > 0)
		k->w->text(k->w->ctx, str_n((const char *)p, (size_t)n));
}

/* The end of the tag that begins at i ('<' and a letter), its attributes counted as libxml2 reads them. */
static size_t
scan_tag(struct str h, size_t i, size_t *attributes)
{
	while (i < h.n && h.p[i] != '>' && !ch_is_space(h.p[i]))
		i++;
	*attributes = 0;
	while (i < h.n && h.p[i] != '>') {
		if (ch_is_space(h.p[i]) || h.p[i] == '/') {
			i++;
			continue;
		}
		++*attributes;
		while (i < h.n && h.p[i] != '>' && h.p[i] != '=' &&
		       !ch_is_space(h.p[i]))
			i++;
		while (i < h.n && ch_is_space(h.p[i]))
			i++;
		if (i >= h.n || h.p[i] != '=')
			continue;
		for (i++; i < h.n && ch_is_space(h.p[i]); i++)
			;
		if (i < h.n && (h.p[i] == '"' || h.p[i] == '\'')) {
			ptrdiff_t q = str_chr(h, h.p[i], i + 1);

			i = q < 0 ? h.n : (size_t)q + 1;
			continue;
		}
		while (i < h.n && h.p[i] != '>' && !ch_is_space(h.p[i]))
			i++;
	}
	return i;
}

/* What is wrong with the size of things in h, or NULL. */
static const char *
scan(struct str h)
{
	size_t tags = 0, attributes;
	ptrdiff_t at = 0;

	while ((at = str_chr(h, '<', (size_t)at)) >= 0) {
		size_t i = (size_t)at + 1;

		if (i < h.n && h.p[i] == '/')
			i++;
		if (i >= h.n)
			break;
		if (!ch_is_alpha(h.p[i]) && h.p[i] != '!' && h.p[i] != '?') {
			at++;
			continue;
		}
		if (++tags > HTML_TAGS_MAX)
			return "too many tags";
		if (!ch_is_alpha(h.p[i])) {
			at++;
			continue;
		}
		at = (ptrdiff_t)scan_tag(h, i, &attributes);
		if (attributes > HTML_ATTRIBUTES_MAX)
			return "too many attributes";
	}
	return NULL;
}

/*
 * Word's and Outlook's conditions for all others, "<![if !supportLists]>" and "<![endif]>": libxml2 takes them for text. Blanks in
 * their place, not where they stand in comments. NULL: there are none.
 */
static char *
without_conditions(struct str h)
{
	ptrdiff_t at, end;
	char *copy;

	if (str_find(h, S("<!["), 0) < 0 && str_find(h, S("[endif]"), 0) < 0)
		return NULL;
	copy = mem_new(h.n);
	memcpy(copy, h.p, h.n);
	at = 0;
	while ((at = str_find(h, S("<!"), (size_t)at)) >= 0) {
		struct str rest = str_from(h, (size_t)at);

		if (str_starts(rest, S("<!--"))) {
			end = str_find(h, S("-->"), (size_t)at + 4);
			at = end < 0 ? (ptrdiff_t)h.n : end;
			continue;
		}
		/* Not far: there may be a hundred thousand of them. */
		end = str_istarts(rest, S("<![CDATA["))
			  ? 8
			  : str_chr(str_sub(rest, 0, CONDITION_MAX), '>', 0);
		if (end > 0 && str_starts(str_ltrim(str_from(rest, 2)), S("[")))
			memset(copy + at, ' ', (size_t)end + 1);
		at += 2;
	}
	return copy;
}

static void
parse(struct walk *k, struct str html)
{
	const int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
			    HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
			    HTML_PARSE_NODEFDTD | HTML_PARSE_IGNORE_ENC |
			    HTML_PARSE_COMPACT;
	htmlDocPtr doc;

	doc = htmlCtxtReadMemory(
	    k->ctxt, html.p, (int)html.n, NULL, "UTF-8", options);
	if (doc)
		xmlFreeDoc(doc);
}

int
html_walk(struct str html, const struct html_walker *w, struct err *err)
{
	struct walk k = {.w = w};
	char *copy;
	htmlSAXHandler sax = {
	    .startElement = on_open,
	    .endElement = on_close,
	    .characters = on_text,
	    .ignorableWhitespace = on_text,
	};

	k.why = scan(html);
	if (!k.why && html.n > INT32_MAX / 2)
		k.why = "too long";
	if (!k.why && html.n) {
		k.ctxt = htmlNewParserCtxt();
		must(k.ctxt != NULL);
		*k.ctxt->sax = sax;
		k.ctxt->userData = &k;
		copy = without_conditions(html);
		parse(&k, copy ? str_n(copy, html.n) : html);
		htmlFreeParserCtxt(k.ctxt);
		mem_free(copy);
	}
	if (k.why)
		return err_set(err, ERR_PERM, "HTML: %s", k.why);
	return 0;
}

struct str
html_bare_text(struct arena *a, struct str html)
{
	struct buf out = buf_max(HTML_TEXT_MAX);
	struct str text;
	bool space = false;

	for (size_t i = 0; i < html.n; i++) {
		char c = html.p[i];

		if (c == '<') {
			ptrdiff_t end = str_chr(html, '>', i);

			if (end < 0)
				break;
			i = (size_t)end;
			space = true;
		} else if (ch_is_space(c)) {
			space = true;
		} else {
			if (space && out.n)
				buf_putc(&out, out.n % 1000 > 900 ? '\n' : ' ');
			space = false;
			buf_putc(&out, c);
		}
	}
	text = arena_dup(a, buf_str(&out));
	buf_fini(&out);
	return text;
}

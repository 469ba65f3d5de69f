/*
 * HTML to text. White space is pending until something visible comes, so that the line breaks that a dozen nested
 * blocks ask for become one, and no line ends in a blank:
 *
 *   <div>Hello<br></div><div><br></div><ul><li>a</ul>     Hello
 *
 *                                                         - a
 *
 * What a client encloses as quoted gets "> " in front, as in a plain text mail, so that one reader of quotes
 * (mail/reply.c) serves both. Headings of quotes ("On … wrote:", Outlook's From/Sent/To/Subject) stay text.
 */
#include "mail/html.h"

#include "base/must.h"
#include "base/utf8.h"
#include "mail/html_style.h"
#include "mail/html_walk.h"

enum {
	QUOTE_MAX = 20,
	LIST_MAX = 10,
	ROW_MAX = 500
};

/* What an open element changed. */
struct frame {
	bool hidden, pre, tiny, quote, ordered, is_list;
	bool
	    cell; /* <td>, <th>, <li>: a paragraph right in it needs no blank lines around */
	bool row;
	bool spaced;   /* a paragraph with a blank line below */
	unsigned item; /* the number of the next <li> */
	size_t at;     /* of <a> and <tr>: where its text began */
	struct str href;
};

struct html_text {
	struct arena *a;
	struct buf out;
	struct frame *frame; /* of the open elements, outermost first */
	size_t depth,
	    hidden; /* hidden: the depth at which hiding began, 0 when it is not */
	unsigned quotes, lists;
	unsigned
	    blank_quotes; /* the prefix of blank lines: of the least quoted place around them */
	unsigned
	    newlines; /* wanted before the next thing visible; 2: a blank line */
	bool space;   /* so is a blank */
	bool tab;     /* or a tab: the next cell of a row */
	bool blank_line; /* the paragraph held a no-break space only */
	bool line_has_text;
	bool
	    bare; /* it begins with text: libxml2 puts a paragraph around that */
	struct html_hidden hidden_classes;
	bool keeps_lines; /* it is plain text under a wrong label */
	bool marker; /* the mark of a list item was written and nothing since */
	size_t first; /* of the last call: where what it made visible begins */
	bool placed;
};

static struct frame *
top(struct html_text *t)
{
	return &t->frame[t->depth];
}

static void
begin_line(struct html_text *t, unsigned quotes)
{
	for (unsigned i = 0; i < MIN(quotes, QUOTE_MAX); i++)
		buf_puts(&t->out, "> ");
}

static void
end_line(struct html_text *t)
{
	while (t->out.n && t->out.p[t->out.n - 1] == ' ')
		buf_cut(&t->out, t->out.n - 1);
	buf_putc(&t->out, '\n');
}

/* Something visible follows: give out the white space that was asked for. */
static void
settle(struct html_text *t)
{
	if (t->out.n == 0) {
		begin_line(t, t->quotes);
	} else if (t->newlines) {
		for (unsigned i = 0; i < t->newlines; i++) {
			if (i)
				begin_line(t, MIN(t->blank_quotes, t->quotes));
			end_line(t);
		}
		begin_line(t, t->quotes);
	} else if (t->tab) {
		buf_putc(&t->out, '\t');
	} else if (t->space && t->line_has_text) {
		buf_putc(&t->out, ' ');
	}
	t->newlines = 0;
	t->space = t->tab = t->blank_line = t->marker = false;
	t->line_has_text = true;
	if (!t->placed)
		t->first = t->out.n;
	t->placed = true;
}

static void
want_newlines(struct html_text *t, unsigned n)
{
	if (t->out.n == 0 || t->marker || t->tab)
		return;
	if (t->newlines == 0)
		t->blank_quotes = t->quotes;
	t->newlines = MAX(t->newlines, n);
	t->space = t->tab = false;
	t->line_has_text = false;
}

static void
break_line(struct html_text *t)
{
	if (t->out.n == 0)
		return;
	if (t->newlines == 0)
		t->blank_quotes = t->quotes;
	t->newlines = MIN(t->newlines + 1, 2);
	t->space = t->tab = false;
	t->line_has_text = false;
}

static void
put(struct html_text *t, struct str s)
{
	settle(t);
	buf_put(&t->out, s);
}

/* The length of what is never seen at s: zero-width and directional characters, soft hyphens. */
static size_t
invisible(struct str s)
{
	uint32_t c;
	size_t n;

	if ((unsigned char)s.p[0] < 0xc2)
		return 0;
	n = utf8_next(s, &c);
	if (n &&
	    (c == 0xad || c == 0x34f || c == 0x61c || c == 0xfeff ||
		(c >= 0x200b && c <= 0x200f && c != 0x200c && c != 0x200d) ||
		(c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2064) ||
		(c >= 0x2066 && c <= 0x2069)))
		return n;
	return 0;
}

/* The length of a blank that is not ASCII: no-break, en, em, thin, figure, narrow, ideographic; joiners between blanks. */
static size_t
wide_blank(struct html_text *t, struct str s)
{
	uint32_t c;
	size_t n;

	if ((unsigned char)s.p[0] < 0xc2)
		return 0;
	n = utf8_next(s, &c);
	if (!n)
		return 0;
	if (c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
	    c == 0x205f || c == 0x3000)
		return n;
	if ((c == 0x200c || c == 0x200d) && (t->space || !t->line_has_text))
		return n;
	return 0;
}

static void
put_pre(struct html_text *t, struct str s)
{
	struct str line;
	bool first = true;

	while (str_cut(&s, '\n', &line)) {
		if (!first) {
			break_line(t);
		}
		first = false;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n)
			put(t, line);
	}
}

static void
put_text(struct html_text *t, struct str s)
{
	size_t i = 0, from, n;

	while (i < s.n) {
		if (ch_is_space(s.p[i])) {
			t->space = true;
			i++;
			continue;
		}
		n = wide_blank(t, str_from(s, i));
		if (n) {
			t->space = t->blank_line = true;
			i += n;
			continue;
		}
		n = invisible(str_from(s, i));
		if (n) {
			i += n;
			continue;
		}
		for (from = i++; i < s.n && !ch_is_space(s.p[i]); i++)
			if ((unsigned char)s.p[i] >= 0xc2 &&
			    (wide_blank(t, str_from(s, i)) ||
				invisible(str_from(s, i))))
				break;
		put(t, str_sub(s, from, i));
	}
}

static void
put_lines(struct html_text *t, struct str s)
{
	struct str line;

	for (bool first = true; str_cut(&s, '\n', &line); first = false) {
		if (!first)
			break_line(t);
		put_text(t, line);
	}
}

static void
on_text(void *ctx, struct str s)
{
	struct html_text *t = ctx;

	if (t->hidden || top(t)->tiny)
		return;
	if (top(t)->pre)
		put_pre(t, s);
	else if (t->keeps_lines)
		put_lines(t, s);
	else
		put_text(t, s);
}

static void
read_style(struct str style, struct frame *f)
{
	struct str size;

	if (str_ihas(style, S("none")) || str_ihas(style, S("hid")) ||
	    str_ihas(style, S("opacity")))
		f->hidden = html_style_hides(style);
	if (str_ihas(style, S("font-size"))) {
		size = html_css(style, S("font-size"));
		if (size.n)
			f->tiny = html_css_zero(size);
	}
	if (str_ihas(style, S("white-space"))) {
		size = html_css(style, S("white-space"));
		if (str_istarts(size, S("pre")) &&
		    !str_istarts(size, S("pre-line")))
			f->pre = true;
	}
}

static void
open_item(struct html_text *t)
{
	struct frame *list = NULL;
	char number[16];
	int n;

	want_newlines(t, 1);
	for (size_t d = t->depth; d > 0 && !list; d--)
		if (t->frame[d].is_list)
			list = &t->frame[d];
	settle(t);
	buf_fill(&t->out, ' ', 2 * (MIN(MAX(t->lists, 1), LIST_MAX) - 1));
	if (list && list->ordered) {
		n = snprintf(number, sizeof number, "%u. ", list->item++);
		buf_put(&t->out, str_n(number, (size_t)n));
	} else {
		buf_puts(&t->out, "- ");
	}
	t->line_has_text = false; /* no blank before the text */
	t->marker = true;
}

/* Cells of a row that was one line so far stay on it, also when paragraphs are in them, as Outlook writes tables. */
static void
open_cell(struct html_text *t)
{
	const struct frame *f = &t->frame[t->depth - 1];
	struct str row;

	t->space = false;
	if (!f->row || t->out.n <= f->at || t->out.n - f->at > ROW_MAX)
		return;
	row = str_from(buf_str(&t->out), f->at);
	/* The line breaks before its first word are in it. */
	while (row.n && (ch_is_space(row.p[0]) || row.p[0] == '>'))
		row = str_from(row, 1);
	if (row.n == 0 || str_chr(row, '\n', 0) >= 0)
		return;
	t->newlines = 0;
	t->tab = true;
}

static void
open_image(struct html_text *t, const char **atts)
{
	struct str alt = str_trim(html_attribute(atts, "alt"));

	if (alt.n == 0 || alt.n > 200 || html_is_spacer(atts))
		return;
	t->space = true;
	put_text(t, alt);
	t->space = true;
}

static void
open_link(struct html_text *t, struct frame *f, const char **atts)
{
	struct str href = str_trim(html_attribute(atts, "href"));

	if (str_istarts(href, S("http:")) || str_istarts(href, S("https:")) ||
	    str_istarts(href, S("ftp:")) || str_istarts(href, S("mailto:")) ||
	    str_istarts(href, S("tel:"))) {
		f->href = arena_dup(t->a, href);
		f->at = t->out.n;
	}
}

/* Does the text of a link already say where it leads? */
static bool
says(struct str text, struct str href)
{
	struct str bare;
	ptrdiff_t colon, query;

	text = str_trim(text);
	colon = str_chr(href, ':', 0);
	bare = str_from(href, (size_t)colon + 1);
	if (str_starts(bare, S("//")))
		bare = str_from(bare, 2);
	else if ((query = str_chr(bare, '?', 0)) >= 0)
		bare = str_sub(bare, 0, (size_t)query);
	while (bare.n && bare.p[bare.n - 1] == '/')
		bare.n--;
	while (text.n && text.p[text.n - 1] == '/')
		text.n--;
	return bare.n == 0 || str_iends(text, bare) ||
	       (str_istarts(bare, S("www.")) &&
		   str_ieq(text, str_from(bare, 4)));
}

static void
close_link(struct html_text *t, struct frame *f)
{
	struct str text;

	if (!f->href.n || t->out.n <= f->at)
		return;
	text = str_from(buf_str(&t->out), f->at);
	if (says(text, f->href))
		return;
	if (t->newlines == 0)
		t->space = true;
	else /* the link held a block: still on its line */
		t->newlines = 0, t->space = t->line_has_text = true;
	settle(t);
	buf_putc(&t->out, '<');
	for (size_t i = 0; i < f->href.n; i++)
		if ((unsigned char)f->href.p[i] > ' ')
			buf_putc(&t->out, f->href.p[i]);
	buf_putc(&t->out, '>');
	t->space = false;
}

static void
open_block(
    struct html_text *t, enum html_tag tag, struct frame *f, const char **atts)
{
	struct str class = html_attribute(atts, "class");
	struct str id = html_attribute(atts, "id");
	struct str name = html_attribute(atts, "name");

	f->spaced = tag == HTML_P && !str_istarts(class, S("Mso")) &&
		    !t->frame[t->depth - 1].cell && !t->bare;
	t->bare = false;
	want_newlines(t, f->spaced ? 2 : 1);
	t->blank_line = false;
	if (tag == HTML_DIV && (class.n || id.n || name.n)) {
		if (html_is_quote(class, id, name)) {
			f->quote = true;
			t->quotes++;
		} else if (html_is_signature(class, id)) {
			t->newlines = t->out.n ? 1 : 0;
			put(t, S("-- "));
			want_newlines(t, 1);
		}
	}
}

static void
open_list(
    struct html_text *t, enum html_tag tag, struct frame *f, const char **atts)
{
	uint64_t start;

	want_newlines(t, t->lists ? 1 : 2);
	t->lists++;
	f->is_list = true;
	f->ordered = tag == HTML_OL;
	f->item = 1;
	if (str_u64(html_attribute(atts, "start"), &start) && start < 100000)
		f->item = (unsigned)start;
}

static void
open_tag(
    struct html_text *t, enum html_tag tag, struct frame *f, const char **atts)
{
	switch (tag) {
	case HTML_BR:
		break_line(t);
		break;
	case HTML_HR:
		want_newlines(t, 1);
		put(t, S("________________________________"));
		want_newlines(t, 1);
		break;
	case HTML_H1:
	case HTML_DL:
		want_newlines(t, 2);
		break;
	case HTML_P:
	case HTML_DIV:
		open_block(t, tag, f, atts);
		break;
	case HTML_PRE:
		want_newlines(t, 2);
		f->pre = true;
		break;
	case HTML_BLOCKQUOTE:
		want_newlines(t, 1);
		f->quote = true;
		t->quotes++;
		break;
	case HTML_OL:
	case HTML_UL:
		open_list(t, tag, f, atts);
		break;
	case HTML_LI:
		open_item(t);
		f->cell = true;
		break;
	case HTML_TD:
	case HTML_TH:
		open_cell(t);
		f->cell = true;
		break;
	case HTML_TR:
		t->tab = false;
		want_newlines(t, 1);
		f->row = true;
		f->at = t->out.n;
		break;
	case HTML_IMG:
		open_image(t, atts);
		break;
	case HTML_A:
		open_link(t, f, atts);
		break;
	case HTML_TABLE:
	case HTML_CENTER:
	case HTML_BLOCK:
	case HTML_SECTIONS:
	case HTML_DD:
	case HTML_DT:
		want_newlines(t, 1);
		break;
	default:
		break;
	}
}

static void
on_open(void *ctx, enum html_tag tag, const char *name, const char **atts)
{
	struct html_text *t = ctx;
	struct frame *outer = top(t), *f = &t->frame[++t->depth];
	struct str style;

	(void)name;
	must(t->depth <= HTML_DEPTH_MAX);
	*f = (struct frame){.pre = outer->pre, .tiny = outer->tiny};
	if (t->hidden)
		return;
	style = html_attribute(atts, "style");
	if (style.n)
		read_style(style, f);
	if (t->hidden_classes.n)
		f->hidden |= html_class_hides(
		    &t->hidden_classes, html_attribute(atts, "class"));
	f->hidden |= html_has_attribute(atts, "hidden");
	if (tag == HTML_DROP || f->hidden) {
		t->hidden = t->depth;
		return;
	}
	open_tag(t, tag, f, atts);
}

static void
close_tag(struct html_text *t, enum html_tag tag, struct frame *f)
{
	switch (tag) {
	case HTML_P:
	case HTML_DIV:
		/* Outlook writes a blank line as <p class=MsoNormal>&nbsp;</p>. */
		want_newlines(
		    t, f->spaced || (t->newlines && t->blank_line) ? 2 : 1);
		t->blank_line = false;
		break;
	case HTML_H1:
	case HTML_PRE:
	case HTML_DL:
		want_newlines(t, 2);
		break;
	case HTML_OL:
	case HTML_UL:
		t->lists--;
		want_newlines(t, t->lists ? 1 : 2);
		break;
	case HTML_A:
		close_link(t, f);
		break;
	case HTML_TD:
	case HTML_TH:
		t->space = false;
		break;
	case HTML_LI:
		t->marker = false;
		want_newlines(t, 1);
		break;
	case HTML_TR:
		t->tab = false;
		want_newlines(t, 1);
		break;
	case HTML_BLOCKQUOTE:
	case HTML_TABLE:
	case HTML_CENTER:
	case HTML_BLOCK:
	case HTML_SECTIONS:
	case HTML_DD:
	case HTML_DT:
		want_newlines(t, 1);
		break;
	default:
		break;
	}
}

static void
on_close(void *ctx, enum html_tag tag, const char *name)
{
	struct html_text *t = ctx;
	struct frame *f = top(t);

	(void)name;
	must(t->depth > 0);
	if (t->hidden == 0)
		close_tag(t, tag, f);
	else if (t->hidden == t->depth)
		t->hidden = 0;
	if (f->quote) {
		t->quotes--;
		t->blank_quotes = MIN(t->blank_quotes, t->quotes);
	}
	t->depth--;
}

/* Labelled HTML, but no tag in it: some programs send plain text so, and mean its line breaks. */
static bool
has_no_tag(struct str html)
{
	ptrdiff_t at = -1;

	while ((at = str_chr(html, '<', (size_t)(at + 1))) >= 0) {
		char c = str_from(html, (size_t)at + 1).n ? html.p[at + 1] : 0;

		if (ch_is_alpha(c) || c == '/' || c == '!' || c == '?')
			return false;
	}
	return true;
}

struct html_text *
html_text_new(struct arena *a, struct str html, struct html_walker *w)
{
	struct html_text *t = arena_new(a, struct html_text);

	*t = (struct html_text){.a = a, .out = buf_max(HTML_TEXT_MAX)};
	t->bare = !str_starts(str_ltrim(html), S("<"));
	t->frame = arena_array(a, struct frame, HTML_DEPTH_MAX + 1);
	html_hidden_classes(html, &t->hidden_classes);
	t->keeps_lines = t->bare && has_no_tag(html);
	*w = (struct html_walker){t, on_open, on_text, on_close};
	return t;
}

struct html_place
html_text_place(struct html_text *t)
{
	struct html_place p = {
	    t->out.n, t->out.n, t->hidden || top(t)->tiny || t->keeps_lines};

	if (t->placed)
		p.from = t->first;
	t->placed = false;
	return p;
}

bool
html_text_finish(struct html_text *t, struct str *text)
{
	bool ok = !buf_failed(&t->out);

	if (ok) {
		if (t->out.n)
			end_line(t);
		*text = arena_dup(t->a, buf_str(&t->out));
	}
	buf_fini(&t->out);
	return ok;
}

int
html_to_text(
    struct arena *a, struct str html, struct str *text, struct err *err)
{
	struct html_walker w;
	struct html_text *t = html_text_new(a, html, &w);
	struct str all = {NULL, 0};
	int r = html_walk(html, &w, err);
	bool ok = html_text_finish(t, &all);

	if (r == 0 && !ok)
		r = err_set(err, ERR_PERM, "HTML: its text is too long");
	if (r == 0)
		*text = all;
	return r;
}

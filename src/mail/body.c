/*
 * The rules, in the order in which they matter:
 *
 *   - a part with a file name, or with Content-Disposition: attachment, or that is neither text/plain nor text/html, is an attachment;
 *   - the other text parts are the text, in their order; of multipart/alternative the plain one, if it says anything;
 *   - an HTML part without a plain alternative counts as text too, converted: a list's footer must not hide the mail above it;
 *   - when all that is blank: an invitation, a named text part that is shown inline, the body inside a winmail.dat, the words of a
 *     delivery report;
 *   - a mail inside the mail is an attachment, and so are its attachments; its text follows the outer one, as most clients show it.
 */
#include "mail/body.h"
#include "mail/calendar.h"
#include "mail/charset.h"
#include "mail/flowed.h"
#include "mail/html.h"
#include "mail/tnef.h"
#include "base/must.h"
#include "base/utf8.h"

enum {
	NAME_BYTES = 1000,
	TYPE_BYTES = 200,
	CONTENT_MAX = 4 * MESSAGE_TEXT_MAX,
	WARNINGS_MAX = 100,
	CIDS_MAX = 1000
};

/* A run of text in the order of the mail; HTML is converted only if it is needed. */
struct segment {
	struct str s;
	bool is_html;
	bool covered;  /* there is a plain alternative */
	bool embedded; /* of a mail inside the mail */
};

struct gather {
	struct body *b;
	struct segment *v;
	size_t n, cap;
	struct str calendar, inline_text, tnef_text, tnef_html;
	struct buf scratch;
};

static void __attribute__((format(printf, 2, 3)))
warn(struct gather *g, const char *fmt, ...)
{
	struct strs *l = g->b->warnings;
	AUTO(buf_fini) struct buf b = buf_max(1000), clean = BUF_INIT;
	va_list ap;

	if (l->n >= WARNINGS_MAX)
		return;
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	utf8_put_clean(&clean, buf_str(&b));
	if (clean.n && !strs_has(l, buf_str(&clean)))
		strs_add(
		    g->b->arena, l, arena_dup(g->b->arena, buf_str(&clean)));
}

/* ---- attachments ---- */

static struct attachment *
new_attachment(struct gather *g)
{
	struct attachments *l = &g->b->attachments;

	if (l->n == MESSAGE_ATTACHMENTS_MAX) {
		warn(g, "more than %d attachments; the rest is not listed",
		    MESSAGE_ATTACHMENTS_MAX);
		return NULL;
	}
	if (l->n == 0 || (l->n & (l->n - 1)) == 0) {
		struct attachment *v = arena_array(
		    g->b->arena, struct attachment, l->n ? l->n * 2 : 1);

		if (l->n)
			memcpy(v, l->v, l->n * sizeof *v);
		l->v = v;
	}
	return &l->v[l->n++];
}

/* content: decoded. name, type and id are UTF-8. */
static void
add_attachment(struct gather *g, struct str name, struct str type,
    struct str id, struct str part, struct str content, bool is_inline)
{
	struct attachment *x = new_attachment(g);
	struct body *b = g->b;

	if (!x)
		return;
	if (b->wanted) {
		if (b->attachments.n - 1 == b->wanted_index) {
			buf_put(b->wanted, content);
			b->found = true;
		}
		return;
	}
	x->name = utf8_clip(name, NAME_BYTES);
	x->type = utf8_clip(type, TYPE_BYTES);
	x->content_id = utf8_clip(id, NAME_BYTES);
	x->part = part;
	x->size = content.n;
	x->is_inline = is_inline;
	sha256(content, x->sha256);
}

static void
read_tnef(struct gather *g, const struct part *p, struct str content)
{
	struct arena *a = g->b->arena;
	struct tnef t;

	tnef_read(a, content, &t);
	if (t.damaged)
		warn(g, "winmail.dat could not be read to its end");
	for (size_t i = 0; i < t.n; i++)
		add_attachment(g, t.v[i].name,
		    t.v[i].type.n ? t.v[i].type : S("application/octet-stream"),
		    t.v[i].content_id,
		    arena_printf(a, "%.*s/%zu", STR_ARG(p->number), i + 1),
		    t.v[i].content, t.v[i].content_id.n > 0);
	if (!g->tnef_text.n)
		g->tnef_text = arena_dup(a, t.text);
	if (!g->tnef_html.n)
		g->tnef_html = arena_dup(a, t.html);
}

/* Text without line-end and charset trouble, for the helpers that read a part's bytes as text. */
static struct str
clean_text(struct gather *g, struct str label, struct str bytes)
{
	struct charset_text t;

	charset_decode(g->b->arena, label, str_sub(bytes, 0, CONTENT_MAX), &t);
	/* The bytes may stand in the scratch buffer, which the next part takes. */
	return arena_dup(g->b->arena, charset_lines(g->b->arena, t.text));
}

static void
note_kind(struct gather *g, const struct part *p)
{
	if (str_has(p->type, S("pkcs7-mime")))
		warn(
		    g, "S/MIME content (%.*s) is not opened", STR_ARG(p->type));
	else if (str_eq(p->type, S("application/pgp-encrypted")))
		warn(g, "OpenPGP-encrypted content is not opened");
	else if (str_eq(p->type, S("message/partial")))
		warn(g, "message/partial: a piece of a larger mail");
	else if (str_eq(p->type, S("message/external-body")))
		warn(g, "message/external-body: content kept elsewhere, "
			"not fetched");
}

static void
read_attachment(struct gather *g, const struct part *p)
{
	struct body *b = g->b;
	struct str content = p->body, name = part_name(p);
	bool is_inline = str_eq(p->disposition.value, S("inline"));

	if (p->transfer != TRANSFER_IDENTITY) {
		buf_reset(&g->scratch);
		part_decode(p, &g->scratch);
		content = buf_str(&g->scratch);
	}
	add_attachment(
	    g, name, p->type, p->content_id, p->number, content, is_inline);
	note_kind(g, p);
	if (str_eq(p->type, S("application/ms-tnef")) ||
	    str_eq(p->type, S("application/vnd.ms-tnef")) || tnef_is(content))
		read_tnef(g, p, content);
	if (b->wanted)
		return;
	if (str_eq(p->type, S("text/calendar")) && !g->calendar.n)
		g->calendar = clean_text(
		    g, params_get(&p->type_params, S("charset")), content);
	if (!g->inline_text.n && str_eq(p->type, S("text/plain")) &&
	    !str_eq(p->disposition.value, S("attachment")))
		g->inline_text = clean_text(
		    g, params_get(&p->type_params, S("charset")), content);
}

/* ---- reports ---- */

/* The machine-readable half of a report is neither text nor attachment. */
static bool
is_report(const struct part *p)
{
	return str_eq(p->type, S("message/delivery-status")) ||
	       str_eq(p->type, S("message/global-delivery-status")) ||
	       str_eq(p->type, S("message/feedback-report")) ||
	       str_eq(p->type, S("message/disposition-notification"));
}

static bool
is_header_copy(const struct part *p)
{
	return str_eq(p->type, S("text/rfc822-headers")) ||
	       str_eq(p->type, S("message/rfc822-headers")) ||
	       str_eq(p->type, S("message/global-headers"));
}

/* Another form of what stands beside it, for readers of another kind: nothing of its own. */
static bool
is_other_form(const struct part *p)
{
	return p->parent && !part_name(p).n && !p->disposition.value.n &&
	       str_eq(p->parent->type, S("multipart/alternative")) &&
	       (str_eq(p->type, S("text/enriched")) ||
		   str_eq(p->type, S("text/richtext")) ||
		   str_eq(p->type, S("text/x-amp-html")) ||
		   str_eq(p->type, S("text/watch-html")));
}

static void
read_report(struct gather *g, const struct part *p)
{
	struct body *b = g->b;

	if (p->embedded)
		return;
	if (b->report.n)
		/* Some send one part a recipient. */
		b->report = arena_printf(b->arena, "%.*s\n\n%.*s",
		    STR_ARG(b->report),
		    STR_ARG(
			clean_text(g, S("utf-8"), part_content(b->arena, p))));
	else
		b->report =
		    clean_text(g, S("utf-8"), part_content(b->arena, p));
	b->report_type = p->type;
}

static void
note_original(struct gather *g, const struct part *p)
{
	if (!g->b->original.n && !p->embedded &&
	    (p->kind == PART_MESSAGE || is_header_copy(p)))
		g->b->original = part_content(g->b->arena, p);
}

/* ---- text ---- */

static void
add_segment(struct gather *g, struct segment x)
{
	if (g->n == g->cap) {
		struct segment *v;

		g->cap = g->cap ? g->cap * 2 : 4;
		v = arena_array(g->b->arena, struct segment, g->cap);
		if (g->n)
			memcpy(v, g->v, g->n * sizeof *v);
		g->v = v;
	}
	g->v[g->n++] = x;
}

/* The charset that an HTML document names itself, for parts without a label: <meta charset=…> or the older form. */
static struct str
html_charset(struct str html)
{
	struct str head = str_sub(html, 0, 2048);
	ptrdiff_t at = str_ifind(head, S("charset="), 0);
	size_t to;

	if (at < 0)
		return (struct str){NULL, 0};
	head = str_from(head, (size_t)at + 8);
	if (head.n && (head.p[0] == '"' || head.p[0] == '\''))
		head = str_from(head, 1);
	for (to = 0; to < head.n && to < 40; to++)
		if (!ch_is_alnum(head.p[to]) && !memchr("-_.:", head.p[to], 4))
			break;
	return str_sub(head, 0, to);
}

/* Files inside a text, as uuencode wrote them before MIME: listed, and cut out of it. */
static struct str
take_uuencoded(struct gather *g, const struct part *p, struct str text)
{
	AUTO(buf_fini) struct buf kept = BUF_INIT;
	struct arena *a = g->b->arena;
	struct uu_block u;
	size_t at = 0, n = 0;

	while (uu_find(text, at, &u)) {
		struct str name = header_text(a, u.name, (struct str){NULL, 0});

		buf_reset(&g->scratch);
		buf_reserve(&g->scratch, transfer_room(TRANSFER_UU, u.data.n));
		buf_commit(&g->scratch,
		    transfer_decode(TRANSFER_UU, u.data, g->scratch.p));
		add_attachment(g, name, S("application/octet-stream"),
		    (struct str){NULL, 0},
		    arena_printf(a, "%.*s/%zu", STR_ARG(p->number), ++n),
		    buf_str(&g->scratch), false);
		buf_put(&kept, str_sub(text, at, u.from));
		at = u.to;
	}
	if (!n)
		return text;
	buf_put(&kept, str_from(text, at));
	return arena_dup(a, buf_str(&kept));
}

static void
read_text(struct gather *g, const struct part *p, bool covered)
{
	struct body *b = g->b;
	struct str label = params_get(&p->type_params, S("charset")), content;
	bool is_html = str_eq(p->type, S("text/html"));
	struct charset_text t;

	if (b->wanted && (is_html || !str_has(p->body, S("begin "))))
		return;
	content = str_sub(part_content(b->arena, p), 0, CONTENT_MAX);
	if (is_html && !label.n)
		label = html_charset(content);
	charset_decode(b->arena, label, content, &t);
	if (t.unknown)
		warn(g,
		    "charset %.*s is not known, read as "
		    "%.*s",
		    STR_ARG(utf8_clip(label, 60)), STR_ARG(t.charset));
	else if (t.guessed && label.n)
		warn(g, "charset %.*s is wrong, read as %.*s",
		    STR_ARG(utf8_clip(label, 60)), STR_ARG(t.charset));
	t.text = charset_lines(b->arena, t.text);
	if (!is_html) {
		if (str_ieq(
			params_get(&p->type_params, S("format")), S("flowed")))
			t.text = flowed_unwrap(b->arena, t.text,
			    str_ieq(params_get(&p->type_params, S("delsp")),
				S("yes")));
		t.text = take_uuencoded(g, p, t.text);
	}
	if (!b->charset.n ||
	    (!is_html && g->n && g->v[0].is_html && !p->embedded))
		b->charset = t.charset;
	add_segment(g, (struct segment){t.text, is_html, covered, p->embedded});
}

/* ---- the walk ---- */

static bool
is_body_text(const struct part *p)
{
	if (p->kind != PART_LEAF || (!str_eq(p->type, S("text/plain")) &&
					!str_eq(p->type, S("text/html"))))
		return false;
	/* A mail of one part may give its text a name. */
	if (!p->parent || p->parent->kind == PART_MESSAGE)
		return !str_eq(p->disposition.value, S("attachment"));
	return !part_is_attachment(p);
}

/* Is there plain text below the alternative at index i? */
static bool
has_plain(const struct mime *m, size_t i)
{
	for (size_t k = i + 1; k < m->v[i]->next; k++)
		if (is_body_text(m->v[k]) &&
		    str_eq(m->v[k]->type, S("text/plain")) &&
		    !str_is_blank(m->v[k]->body))
			return true;
	return false;
}

static void
walk(struct gather *g)
{
	const struct mime *m = g->b->mime;
	size_t covered_until = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct part *p = m->v[i];

		if (p->kind == PART_MULTIPART) {
			if (str_eq(p->type, S("multipart/"
					      "alternative")) &&
			    i >= covered_until && has_plain(m, i))
				covered_until = p->next;
			if (str_eq(p->type, S("multipart/signed")) &&
			    str_istarts(
				params_get(&p->type_params, S("protocol")),
				S("application/pgp")))
				warn(g, "OpenPGP signatures are not checked");
			continue;
		}
		note_original(g, p);
		if (is_report(p))
			read_report(g, p);
		else if ((is_header_copy(p) && !part_name(p).n) ||
			 is_other_form(p))
			continue;
		else if (is_body_text(p))
			read_text(g, p, i < covered_until);
		else
			read_attachment(g, p);
	}
}

/* ---- putting it together ---- */

static struct str
html_as_text(struct gather *g, struct str html)
{
	struct str text = {NULL, 0};
	struct err err = ERR_INIT;

	if (html_to_text(g->b->arena, html, &text, &err) == 0)
		return text;
	warn(g, "HTML: %s; only the words were taken", err.msg);
	return html_bare_text(g->b->arena, html);
}

static void
join_html(struct gather *g)
{
	AUTO(buf_fini)
	struct buf b = buf_max(MESSAGE_TEXT_MAX * 2);
	struct str only = {NULL, 0};
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].is_html && !g->v[i].embedded) {
			only = g->v[i].s;
			n++;
		}
	if (n <= 1) {
		g->b->html = utf8_clip(only, MESSAGE_TEXT_MAX);
		return;
	}
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].is_html && !g->v[i].embedded)
			buf_put(&b, g->v[i].s);
	g->b->html =
	    utf8_clip(arena_dup(g->b->arena, buf_str(&b)), MESSAGE_TEXT_MAX);
}

/* all: HTML that has a plain alternative too, for when that was blank. */
static struct str
join_text(struct gather *g, bool embedded, bool all)
{
	AUTO(buf_fini)
	struct buf b = buf_max(MESSAGE_TEXT_MAX * 2);
	struct str only = {NULL, 0};
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct segment *x = &g->v[i];
		struct str s = x->s;

		if (x->embedded != embedded ||
		    (x->is_html && x->covered && !all))
			continue;
		if (g->n > 1 && str_is_blank(s))
			continue;
		if (x->is_html)
			s = html_as_text(g, s);
		if (n++ == 0) {
			only = s;
			continue;
		}
		if (n == 2)
			buf_put(&b, only);
		if (b.n && b.p[b.n - 1] != '\n')
			buf_putc(&b, '\n');
		buf_put(&b, s);
	}
	return n < 2 ? only : arena_dup(g->b->arena, buf_str(&b));
}

/* The text of the mails inside goes behind. */
static void
add_embedded(struct gather *g)
{
	struct body *b = g->b;
	struct str more = join_text(g, true, false);

	b->own = b->text.n;
	if (str_is_blank(more) || b->text.n >= MESSAGE_TEXT_MAX)
		return;
	if (!b->text.n || str_is_blank(b->text)) {
		b->text = utf8_clip(more, MESSAGE_TEXT_MAX);
		b->own = b->text.n;
		return;
	}
	more = utf8_clip(more, MESSAGE_TEXT_MAX - 1 - b->text.n);
	b->text = arena_printf(b->arena, "%.*s%s%.*s", STR_ARG(b->text),
	    b->text.p[b->text.n - 1] == '\n' ? "" : "\n", STR_ARG(more));
}

static void
find_text(struct gather *g)
{
	struct body *b = g->b;

	b->text = join_text(g, false, false);
	if (str_is_blank(b->text) && b->html.n)
		b->text = join_text(g, false, true);
	if (str_is_blank(b->text) && g->calendar.n)
		b->text = calendar_text(b->arena, g->calendar);
	if (str_is_blank(b->text) && g->inline_text.n)
		b->text = g->inline_text;
	if (str_is_blank(b->text) && g->tnef_text.n)
		b->text = g->tnef_text;
	if (!b->html.n && g->tnef_html.n)
		b->html = utf8_clip(g->tnef_html, MESSAGE_TEXT_MAX);
	if (str_is_blank(b->text) && g->tnef_html.n)
		b->text = html_as_text(g, b->html);
	if (str_is_blank(b->text) && b->report.n)
		b->text = b->report;
	if (b->text.n > MESSAGE_TEXT_MAX) {
		warn(g,
		    "only the first %d MiB of the text "
		    "are kept",
		    MESSAGE_TEXT_MAX >> 20);
		b->text = utf8_clip(b->text, MESSAGE_TEXT_MAX);
	}
	add_embedded(g);
}

/* Which attachments the HTML shows: every "cid:" in it, looked for once. */
static void
mark_inline(struct body *b)
{
	struct strs cids = {0};
	size_t at = 0;
	ptrdiff_t found;
	bool any = false;

	for (size_t i = 0; i < b->attachments.n; i++)
		any |= b->attachments.v[i].content_id.n > 0;
	while (any && cids.n < CIDS_MAX &&
	       (found = str_ifind(b->html, S("cid:"), at)) >= 0) {
		size_t from = (size_t)found + 4, to = from;

		while (to < b->html.n && to - from < 300 &&
		       !ch_is_space(b->html.p[to]) &&
		       !memchr("\"'<>)", b->html.p[to], 5))
			to++;
		if (!strs_has(&cids, str_sub(b->html, from, to)))
			strs_add(b->arena, &cids, str_sub(b->html, from, to));
		at = to;
	}
	for (size_t i = 0; i < b->attachments.n; i++) {
		struct attachment *x = &b->attachments.v[i];

		if (x->content_id.n && strs_has(&cids, x->content_id))
			x->is_inline = true;
	}
}

void
body_read(struct body *b)
{
	struct gather g = {.b = b};

	walk(&g);
	if (!b->wanted) {
		join_html(&g);
		find_text(&g);
		mark_inline(b);
	}
	buf_fini(&g.scratch);
}
